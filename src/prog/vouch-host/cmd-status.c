// SPDX-License-Identifier: ISC
// vouch-host status: what this host is, what is installed, and how well it is.
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/time.h"
#include "prog/vouch-host/commands.h"
#include "prog/vouch-host/health.h"
#include "prog/vouch/out.h"

static const char *const states[] = {
    [VOUCH_ENROLLED_NONE] = "not enrolled",
    [VOUCH_ENROLLED_WAITING] = "waiting to be adopted",
    [VOUCH_ENROLLED_ACTIVE] = "active",
    [VOUCH_ENROLLED_BARRED] = "barred by the server",
};
static const char *const applied[] = {
    [VOUCH_APPLY_ABSENT] = "not in sshd's configuration",
    [VOUCH_APPLY_UNCONFIRMED] = "in sshd's configuration, to be confirmed",
    [VOUCH_APPLY_APPLIED] = "in sshd's configuration",
};

struct status {
    const struct vouch_cli *cli;
    const struct vouch_enrolled *enrolled;
    const struct vouch_apply_machine *machine;
};

static void put_list(struct vouch_item *item, const char *key, const struct vouch_text_list *list) {
    vouch_item_append(item, key, NULL);
    for (size_t i = 0; i < list->count; i++) {
        vouch_item_append(item, key, &list->items[i]);
    }
}

static void put_keys(struct vouch_item *item, const struct vouch_apply_machine *machine) {
    for (size_t i = 0; i < machine->key_count; i++) {
        const struct vouch_apply_key *key = &machine->keys[i];
        struct vouch_item *child = vouch_item_child(item, "keys");
        vouch_item_text(child, "fingerprint", key->fingerprint);
        if (key->serial != 0) {
            vouch_item_u64(child, "serial", key->serial);
            vouch_item_time(child, "valid_after", key->valid_after_s);
            vouch_item_time(child, "valid_before", key->valid_before_s);
        }
    }
}

static int print_json(const struct status *status, enum vouch_form form,
                      struct vouch_fault *fault) {
    const struct vouch_enrolled *enrolled = status->enrolled;
    const struct vouch_apply_machine *machine = status->machine;
    struct vouch_item *item = vouch_item_new("vouch.host-status/1");
    vouch_item_word(item, "name", enrolled->name);
    vouch_item_word(item, "state", states[enrolled->state]);
    if (enrolled->zone != NULL) {
        vouch_item_word(item, "zone", enrolled->zone);
    }
    vouch_item_word(item, "server", enrolled->url);
    vouch_item_word(item, "ca", enrolled->ca_name);
    if (enrolled->contact_s != 0) {
        vouch_item_time(item, "contact", enrolled->contact_s);
    }
    if (enrolled->failure != NULL) {
        vouch_item_word(item, "failure", enrolled->failure);
        vouch_item_time(item, "failing_since", enrolled->failing_since_s);
    }
    vouch_item_u64(item, "generation", enrolled->generation);
    vouch_item_u64(item, "krl_version", machine->krl_version);
    vouch_item_u64(item, "trust_version", machine->trust_version);
    vouch_item_u64(item, "state_version", machine->state_version);
    vouch_item_word(item, "sshd", applied[machine->state]);
    put_list(item, "ca_keys", &machine->ca_keys);
    put_list(item, "problems", &machine->problems);
    put_keys(item, machine);
    int err = vouch_item_print(item, form, fault);
    vouch_item_free(item);
    return err;
}

static void line(const struct status *status, const char *title, const char *text) {
    (void)printf("%s%-13s%s%s\n", vouch_term_bold(&status->cli->term), title,
                 vouch_term_plain(&status->cli->term), text);
}

static void print_keys(const struct status *status) {
    char text[300], when[VOUCH_TIME_TEXT_MAX];
    for (size_t i = 0; i < status->machine->key_count; i++) {
        const struct vouch_apply_key *key = &status->machine->keys[i];
        vouch_term_time(&status->cli->term, key->valid_before_s, when, sizeof when);
        (void)snprintf(text, sizeof text, "%.*s  %s%s", (int)key->fingerprint.len,
                       (const char *)key->fingerprint.ptr,
                       key->serial != 0 ? "certified until " : "no certificate",
                       key->serial != 0 ? when : "");
        line(status, "Host key", text);
    }
}

static void print_row(enum vouch_apply_health health, struct vouch_bytes text,
                      struct vouch_bytes next) {
    char shown[500], what[300];
    vouch_str_escape_to(text, shown, sizeof shown);
    vouch_str_escape_to(next, what, sizeof what);
    (void)printf("  %-9s%s%s%s\n", vouch_health_word(health), shown, what[0] != '\0' ? "  -> " : "",
                 what);
}

static void print_checks(const struct status *status, const struct vouch_apply_checks *checks) {
    struct vouch_health_row rows[VOUCH_HEALTH_ROWS_MAX];
    size_t count = vouch_health_of(status->enrolled, vouch_time_now_s(), rows);
    (void)printf("\n");
    for (size_t i = 0; i < count; i++) {
        print_row(rows[i].health, vouch_bytes_of(rows[i].text), vouch_bytes_of(rows[i].next));
    }
    for (size_t i = 0; i < checks->count; i++) {
        print_row(checks->rows[i].health, checks->rows[i].text, checks->rows[i].next);
    }
}

static void print_text(const struct status *status) {
    const struct vouch_enrolled *enrolled = status->enrolled;
    const struct vouch_apply_machine *machine = status->machine;
    char text[400];
    line(status, "Host", enrolled->name);
    (void)snprintf(text, sizeof text, "%s%s%.200s", states[enrolled->state],
                   enrolled->why != NULL ? ": " : "", enrolled->why != NULL ? enrolled->why : "");
    line(status, "State", text);
    (void)snprintf(text, sizeof text, "%.250s, CA %.100s", enrolled->url, enrolled->ca_name);
    line(status, "Server", text);
    (void)snprintf(text, sizeof text, "revocations %llu, CA keys %llu, logins %llu",
                   (unsigned long long)machine->krl_version,
                   (unsigned long long)machine->trust_version,
                   (unsigned long long)machine->state_version);
    line(status, "Versions", text);
    line(status, "Files", applied[machine->state]);
    print_keys(status);
}

static int show(struct status *status, struct vouch_station *station, struct vouch_fault *fault) {
    const struct vouch_apply_none none = {0};
    struct vouch_apply_checks checks = {0};
    struct vouch_apply_machine machine = {0};
    enum vouch_form form = VOUCH_FORM_TABLE;
    int err = vouch_form_of_item(&status->cli->args, &form, fault);
    status->machine = &machine;
    if (err == 0) {
        err = vouch_apply_describe(station->apply, &none, vouch_member_deadline(), &machine, fault);
    }
    if (err == 0 && form != VOUCH_FORM_TABLE) {
        return print_json(status, form, fault);
    }
    if (err != 0) {
        return err;
    }
    // The answer is good until the next question: what is printed first is printed before it.
    print_text(status);
    err = vouch_apply_check(station->apply, &none, vouch_member_deadline(), &checks, fault);
    if (err == 0) {
        print_checks(status, &checks);
    }
    return err;
}

static int run_status(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                      struct vouch_fault *fault) {
    struct vouch_station station = {.folder = -1, .lock = -1};
    struct vouch_enrolled enrolled = {0};
    struct status status = {.cli = cli, .enrolled = &enrolled};
    int err = vouch_host_station(cli, VOUCH_STATION_SHARED, &station, fault);
    if (err == 0) {
        err = vouch_enrolled_read(station.folder, &enrolled, fault);
    }
    if (err == 0) {
        err = show(&status, &station, fault);
    }
    vouch_enrolled_done(&enrolled);
    vouch_station_close(&station);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option options[] = {VOUCH_HOST_ROOT_OPTION, {0}};
static const char *const examples[] = {"vouch-host status", "vouch-host status -o json", NULL};

const struct vouch_command vouch_host_cmd_status = {
    .noun = "status",
    .summary = "what this host is to its server, what is installed, and how well it is",
    .operands = "",
    .options = options,
    .examples = examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_status,
    .failed = vouch_host_failed,
};
