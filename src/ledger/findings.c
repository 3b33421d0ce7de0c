// SPDX-License-Identifier: ISC
// Collecting what a verification finds.
#include "ledger/findings.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"

// Doubles the room for rows; NULL when there is enough of them or no memory.
static struct vouch_finding *new_row(struct vouch_findings *findings) {
    size_t count = findings->count;
    if (count >= VOUCH_FINDINGS_MAX) {
        return NULL;
    }
    if ((count & (count - 1)) == 0) {
        size_t room = count == 0 ? 1 : 2 * count;
        struct vouch_finding *rows = realloc(findings->rows, room * sizeof *rows);
        if (rows == NULL) {
            return NULL;
        }
        findings->rows = rows;
    }
    findings->count++;
    return &findings->rows[count];
}

void vouch_findings_add(struct vouch_findings *findings, enum vouch_finding_kind kind,
                        const char *where, const char *format, ...) {
    findings->total++;
    struct vouch_finding *row = new_row(findings);
    if (row == NULL) {
        return;
    }
    char text[sizeof row->what];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    row->kind = kind;
    vouch_str_escape_to(vouch_bytes_of(where), row->where, sizeof row->where);
    vouch_str_escape_to(vouch_bytes_of(text), row->what, sizeof row->what);
}

void vouch_findings_move(struct vouch_findings *to, struct vouch_findings *from) {
    for (size_t i = 0; i < from->count; i++) {
        struct vouch_finding *row = new_row(to);
        if (row != NULL) {
            *row = from->rows[i];
        }
    }
    to->total += from->total;
    vouch_findings_done(from);
}

void vouch_findings_done(struct vouch_findings *findings) {
    free(findings->rows);
    *findings = (struct vouch_findings){NULL, 0, 0};
}

int vouch_is_failure(int err) {
    return err == VOUCH_ERR_NO_MEMORY || err == VOUCH_ERR_CRYPTO;
}

const char *vouch_where_number(char text[static VOUCH_WHERE_MAX], const char *what,
                               uint64_t number) {
    (void)snprintf(text, VOUCH_WHERE_MAX, "%s %" PRIu64, what, number);
    return text;
}

void vouch_ledger_report_done(struct vouch_ledger_report *report) {
    if (report != NULL) {
        vouch_findings_done(&report->findings);
        *report = (struct vouch_ledger_report){.verdict = VOUCH_LEDGER_NOT_PROVEN};
    }
}

const char *vouch_finding_text(enum vouch_finding_kind kind) {
    static const char *const texts[VOUCH_FINDING_KINDS] = {
        [VOUCH_FINDING_NONE] = "none",
        [VOUCH_FINDING_FOLDER] = "folder",
        [VOUCH_FINDING_KEY] = "key",
        [VOUCH_FINDING_CHECKPOINT] = "checkpoint",
        [VOUCH_FINDING_CONSISTENCY] = "consistency",
        [VOUCH_FINDING_FRAME] = "frame",
        [VOUCH_FINDING_RECORD] = "record",
        [VOUCH_FINDING_UNCOVERED] = "uncovered",
        [VOUCH_FINDING_CERT] = "certificate",
        [VOUCH_FINDING_SERIAL] = "serial",
        [VOUCH_FINDING_INDEX] = "index",
        [VOUCH_FINDING_TILE] = "tile",
        [VOUCH_FINDING_INCLUSION] = "inclusion",
        [VOUCH_FINDING_LOGIN] = "login",
    };
    return kind >= 0 && kind < VOUCH_FINDING_KINDS ? texts[kind] : "unknown";
}
