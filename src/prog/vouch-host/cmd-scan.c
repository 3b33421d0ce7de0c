// SPDX-License-Identifier: ISC
// vouch-host scan: the keys in authorized_keys files, which certificates do not replace by themselves.
#include "prog/vouch-host/commands.h"
#include "prog/vouch/out.h"

static const struct vouch_column columns[] = {
    {"account", "ACCOUNT", 0}, {"type", "TYPE", 0},       {"fingerprint", "FINGERPRINT", 0},
    {"used", "USED", 0},       {"comment", "COMMENT", 0}, {"path", "PATH", 1},
    {"line", "LINE", 1},       {"options", "OPTIONS", 1}, {"is_ca", "CA", 1},
    {NULL, NULL, 0},
};

static const struct vouch_list_spec spec = {
    .schema = "vouch.scan/1", .member = "keys", .columns = columns};

static void put_row(struct vouch_item *row, const struct vouch_apply_scanned *scanned) {
    vouch_item_text(row, "account", scanned->account);
    vouch_item_text(row, "type", scanned->type);
    vouch_item_text(row, "fingerprint", scanned->fingerprint);
    if (scanned->used_s != 0) {
        vouch_item_time(row, "used", scanned->used_s);
    }
    vouch_item_text(row, "comment", scanned->comment);
    vouch_item_text(row, "path", scanned->path);
    vouch_item_u64(row, "line", scanned->line);
    vouch_item_text(row, "options", scanned->options);
    vouch_item_yes_no(row, "is_ca", scanned->is_ca != 0);
}

static int print(const struct vouch_cli *cli, const struct vouch_apply_scan *scan,
                 struct vouch_fault *fault) {
    struct vouch_list *list = NULL;
    int err = vouch_list_open(&spec, &cli->args, &cli->term, &list, fault);
    for (size_t i = 0; err == 0 && i < scan->count; i++) {
        put_row(vouch_list_row(list), &scan->rows[i]);
    }
    if (err == 0) {
        err = vouch_list_close(list, fault);
    }
    if (err == 0 && scan->count == 0) {
        vouch_say(&cli->term, "no account has a key in authorized_keys");
    }
    for (size_t i = 0; err == 0 && i < scan->problems.count; i++) {
        vouch_say_mark(&cli->term, VOUCH_MARK_WARN, "%.*s", (int)scan->problems.items[i].len,
                       (const char *)scan->problems.items[i].ptr);
    }
    return err;
}

static int run_scan(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    const struct vouch_apply_none none = {0};
    struct vouch_apply_scan scan = {0};
    struct vouch_station station = {.folder = -1, .lock = -1};
    int err = vouch_host_station(cli, VOUCH_STATION_SHARED, &station, fault);
    if (err == 0) {
        err = vouch_apply_scan(station.apply, &none, vouch_member_deadline(), &scan, fault);
    }
    if (err == 0) {
        err = print(cli, &scan, fault);
    }
    vouch_station_close(&station);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option options[] = {VOUCH_HOST_ROOT_OPTION, {0}};
static const char *const examples[] = {"vouch-host scan", "vouch-host scan -o csv", NULL};

const struct vouch_command vouch_host_cmd_scan = {
    .noun = "scan",
    .summary = "list the keys that let somebody in without a certificate, and their last use",
    .operands = "",
    .options = options,
    .examples = examples,
    .shape = VOUCH_SHAPE_LIST,
    .run = run_scan,
    .failed = vouch_host_failed,
};
