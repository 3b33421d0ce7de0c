// SPDX-License-Identifier: ISC
// vouch-host check: one line and an exit code for monitoring.
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/time.h"
#include "prog/vouch-host/commands.h"
#include "prog/vouch-host/health.h"
#include "prog/vouch/out.h"

// What is said first is what is worst.
struct verdict {
    enum vouch_apply_health health;
    char text[400];
    char next[256];
    unsigned others; // that are not well either
};

static void add(struct verdict *verdict, struct vouch_item *item,
                const struct vouch_apply_checked *row) {
    struct vouch_item *child = vouch_item_child(item, "checks");
    vouch_item_text(child, "name", row->name);
    vouch_item_word(child, "health", vouch_health_word(row->health));
    vouch_item_text(child, "text", row->text);
    if (row->next.len > 0) {
        vouch_item_text(child, "next", row->next);
    }
    if (row->health == VOUCH_APPLY_OK) {
        return;
    }
    if (vouch_health_worse(row->health, verdict->health) == verdict->health) {
        verdict->others++;
        return;
    }
    verdict->others += verdict->health != VOUCH_APPLY_OK;
    verdict->health = row->health;
    vouch_str_escape_to(row->text, verdict->text, sizeof verdict->text);
    vouch_str_escape_to(row->next, verdict->next, sizeof verdict->next);
}

static void add_own(struct verdict *verdict, struct vouch_item *item,
                    const struct vouch_enrolled *enrolled) {
    struct vouch_health_row rows[VOUCH_HEALTH_ROWS_MAX];
    size_t count = vouch_health_of(enrolled, vouch_time_now_s(), rows);
    for (size_t i = 0; i < count; i++) {
        const struct vouch_apply_checked row = {
            .name = vouch_bytes_of(rows[i].name),
            .health = rows[i].health,
            .text = vouch_bytes_of(rows[i].text),
            .next = vouch_bytes_of(rows[i].next),
        };
        add(verdict, item, &row);
    }
}

static int print(const struct vouch_cli *cli, struct verdict *verdict, struct vouch_item *item,
                 const struct vouch_enrolled *enrolled, struct vouch_fault *fault) {
    enum vouch_form form = VOUCH_FORM_TABLE;
    int err = vouch_form_of_item(&cli->args, &form, fault);
    vouch_item_word(item, "health", vouch_health_word(verdict->health));
    if (err != 0 || form != VOUCH_FORM_TABLE) {
        return err != 0 ? err : vouch_item_print(item, form, fault);
    }
    if (verdict->health == VOUCH_APPLY_OK) {
        (void)printf("OK %s in zone %s of %s\n", enrolled->name, enrolled->zone, enrolled->ca_name);
        return 0;
    }
    (void)printf("%s %s", vouch_health_word(verdict->health), verdict->text);
    if (verdict->others > 0) {
        (void)printf("; and %u more: vouch-host status", verdict->others);
    }
    (void)printf("%s%s\n", verdict->next[0] != '\0' ? "  -> " : "", verdict->next);
    return 0;
}

static int check(const struct vouch_cli *cli, struct vouch_station *station,
                 struct verdict *verdict, struct vouch_fault *fault) {
    const struct vouch_apply_none none = {0};
    struct vouch_apply_checks checks = {0};
    struct vouch_enrolled enrolled = {0};
    struct vouch_item *item = vouch_item_new("vouch.host-check/1");
    int err = vouch_enrolled_read(station->folder, &enrolled, fault);
    if (err == 0) {
        add_own(verdict, item, &enrolled);
        err = vouch_apply_check(station->apply, &none, vouch_member_deadline(), &checks, fault);
    }
    for (size_t i = 0; err == 0 && i < checks.count; i++) {
        add(verdict, item, &checks.rows[i]);
    }
    if (err == 0) {
        err = print(cli, verdict, item, &enrolled, fault);
    }
    vouch_item_free(item);
    vouch_enrolled_done(&enrolled);
    return err;
}

static int run_check(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    struct verdict verdict = {.health = VOUCH_APPLY_OK};
    struct vouch_station station = {.folder = -1, .lock = -1};
    int err = vouch_host_station(cli, VOUCH_STATION_SHARED, &station, fault);
    if (err == 0) {
        err = check(cli, &station, &verdict, fault);
    }
    vouch_station_close(&station);
    if (err != 0) {
        (void)printf("UNKNOWN %s [%s]\n", fault->text, fault->kind->code);
    }
    *ret_exit = (enum vouch_exit)vouch_health_exit(verdict.health);
    return err;
}

// Monitoring knows four codes; what could not be found out is the fourth.
static enum vouch_exit check_failed(const struct vouch_cli *cli, const struct vouch_fault *fault) {
    (void)cli;
    (void)fault;
    return (enum vouch_exit)vouch_health_exit(VOUCH_APPLY_UNKNOWN);
}

static const struct vouch_option options[] = {VOUCH_HOST_ROOT_OPTION, {0}};
static const char *const examples[] = {"vouch-host check", "vouch-host check -o json", NULL};

const struct vouch_command vouch_host_cmd_check = {
    .noun = "check",
    .summary = "one line for monitoring: OK, WARNING, CRITICAL or UNKNOWN, and exit 0 to 3",
    .operands = "",
    .options = options,
    .notes =
        "Looks at the host's certificates, the revocation list and the trusted CA keys, at sshd's "
        "settings as sshd itself reads them, at the clock, and at when the server last answered.",
    .examples = examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_check,
    .failed = check_failed,
};
