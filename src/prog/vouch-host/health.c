// SPDX-License-Identifier: ISC
// How well a host is: see health.h.
#include "prog/vouch-host/health.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"

// From the best to the worst; what is out of range counts as not known.
static const struct {
    enum vouch_apply_health health;
    const char *word;
    int exit_code;
} rows[] = {
    {VOUCH_APPLY_OK, "OK", 0},
    {VOUCH_APPLY_WARNING, "WARNING", 1},
    {VOUCH_APPLY_UNKNOWN, "UNKNOWN", 3},
    {VOUCH_APPLY_CRITICAL, "CRITICAL", 2},
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])
#define UNKNOWN_ROW 2

static size_t place(enum vouch_apply_health health) {
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].health == health) {
            return i;
        }
    }
    return UNKNOWN_ROW;
}

enum vouch_apply_health vouch_health_worse(enum vouch_apply_health a, enum vouch_apply_health b) {
    size_t first = place(a), second = place(b);
    return rows[first > second ? first : second].health;
}

const char *vouch_health_word(enum vouch_apply_health health) {
    return rows[place(health)].word;
}

int vouch_health_exit(enum vouch_apply_health health) {
    return rows[place(health)].exit_code;
}

static void judge_state(const struct vouch_enrolled *enrolled, struct vouch_health_row *row) {
    *row = (struct vouch_health_row){.name = "enrolled", .health = VOUCH_APPLY_UNKNOWN};
    switch (enrolled->state) {
    case VOUCH_ENROLLED_ACTIVE:
        row->health = VOUCH_APPLY_OK;
        (void)snprintf(row->text, sizeof row->text, "%s in zone %s of %s", enrolled->name,
                       enrolled->zone != NULL ? enrolled->zone : "-", enrolled->ca_name);
        return;
    case VOUCH_ENROLLED_WAITING:
        row->health = VOUCH_APPLY_WARNING;
        row->next = "vouch-host enrol, once an administrator adopted it";
        (void)snprintf(row->text, sizeof row->text, "%s waits to be adopted", enrolled->name);
        return;
    case VOUCH_ENROLLED_BARRED:
        row->health = VOUCH_APPLY_CRITICAL;
        row->next = "ask an administrator; then vouch-host enrol anew";
        (void)snprintf(row->text, sizeof row->text, "the server wants no more of %s: %s",
                       enrolled->name, enrolled->why != NULL ? enrolled->why : "no reason");
        return;
    case VOUCH_ENROLLED_NONE:
        break;
    }
    (void)snprintf(row->text, sizeof row->text, "not enrolled");
}

static void judge_contact(const struct vouch_enrolled *enrolled, uint64_t now_s,
                          struct vouch_health_row *row) {
    char age[VOUCH_TIME_TEXT_MAX];
    uint64_t silent_s = now_s > enrolled->contact_s ? now_s - enrolled->contact_s : 0;
    *row = (struct vouch_health_row){.name = "contact", .health = VOUCH_APPLY_OK};
    vouch_duration_text(silent_s, age);
    if (silent_s >= VOUCH_HEALTH_GONE_S) {
        row->health = VOUCH_APPLY_CRITICAL;
    } else if (silent_s >= VOUCH_HEALTH_SILENT_S || enrolled->failing_since_s != 0) {
        row->health = VOUCH_APPLY_WARNING;
    }
    if (enrolled->contact_s == 0) {
        row->health = VOUCH_APPLY_WARNING;
        (void)snprintf(row->text, sizeof row->text, "the server has not answered yet");
    } else {
        (void)snprintf(row->text, sizeof row->text, "the server answered %s ago", age);
    }
    if (row->health != VOUCH_APPLY_OK) {
        row->next = "systemctl status vouch-host";
    }
    if (enrolled->failing_since_s == 0) {
        return;
    }
    vouch_duration_text(now_s > enrolled->failing_since_s ? now_s - enrolled->failing_since_s : 0,
                        age);
    (void)snprintf(row->text, sizeof row->text, "failing for %s: %.240s [%.16s]", age,
                   enrolled->failure != NULL ? enrolled->failure : "not known",
                   enrolled->failure_code != NULL ? enrolled->failure_code : "V-1930");
}

static void judge_clock(const struct vouch_enrolled *enrolled, struct vouch_health_row *row) {
    int64_t off_ms = enrolled->clock_ms < 0 ? -enrolled->clock_ms : enrolled->clock_ms;
    *row = (struct vouch_health_row){.name = "clock", .health = VOUCH_APPLY_OK};
    if (off_ms >= VOUCH_HEALTH_CLOCK_BAD_MS) {
        row->health = VOUCH_APPLY_CRITICAL;
    } else if (off_ms >= VOUCH_HEALTH_CLOCK_WARN_MS) {
        row->health = VOUCH_APPLY_WARNING;
    }
    if (row->health != VOUCH_APPLY_OK) {
        row->next = "set the clock: timedatectl set-ntp true";
    }
    (void)snprintf(row->text, sizeof row->text, "the clock is %lld.%lld s %s the server's",
                   (long long)(off_ms / 1000), (long long)(off_ms % 1000 / 100),
                   enrolled->clock_ms < 0 ? "behind" : "ahead of");
}

size_t vouch_health_of(const struct vouch_enrolled *enrolled, uint64_t now_s,
                       struct vouch_health_row ret_rows[static VOUCH_HEALTH_ROWS_MAX]) {
    judge_state(enrolled, &ret_rows[0]);
    if (enrolled->state != VOUCH_ENROLLED_ACTIVE) {
        return 1;
    }
    judge_contact(enrolled, now_s, &ret_rows[1]);
    judge_clock(enrolled, &ret_rows[2]);
    return 3;
}
