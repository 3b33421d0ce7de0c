// SPDX-License-Identifier: ISC
// How well a host is, in the words and exit codes of monitoring: what the root part found, and what the
// agent knows of its server. Pure.
#pragma once

#include "host/apply.h"
#include "prog/vouch-host/enrolled.h"

#define VOUCH_HEALTH_SILENT_S 900       // no answer from the server for so long: a warning
#define VOUCH_HEALTH_GONE_S (24 * 3600) // critical
#define VOUCH_HEALTH_CLOCK_WARN_MS 5000
#define VOUCH_HEALTH_CLOCK_BAD_MS 120000 // certificates are issued from two minutes ago on
#define VOUCH_HEALTH_ROWS_MAX 4

struct vouch_health_row {
    const char *name; // "enrolled", "contact", "clock"
    enum vouch_apply_health health;
    char text[400];
    const char *next; // NULL: nothing to do
};

// What the agent knows; returns how many rows.
size_t vouch_health_of(const struct vouch_enrolled *enrolled, uint64_t now_s,
                       struct vouch_health_row ret_rows[static VOUCH_HEALTH_ROWS_MAX]);

// The worse of two: critical, not known, warning, ok.
enum vouch_apply_health vouch_health_worse(enum vouch_apply_health a, enum vouch_apply_health b);

// "OK", "WARNING", "CRITICAL", "UNKNOWN"; and 0 to 3, as plug-ins of monitoring exit.
const char *vouch_health_word(enum vouch_apply_health health);
int vouch_health_exit(enum vouch_apply_health health);
