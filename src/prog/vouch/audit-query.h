// SPDX-License-Identifier: ISC
// What the commands that search the audit log have in common: their filters, and the words of their operands.
#pragma once

#include "prog/vouch/query.h"

// Room for the path of such a question, with its NUL.
#define VOUCH_AUDIT_PATH_MAX 4096

// For the beginning of a table of options.
#define VOUCH_AUDIT_FILTER_OPTIONS                                                                 \
    {"type", 0,      VOUCH_OPTION_ONE,                                                             \
     0,      "TYPE", "only events of this type, such as session.begin, or cert.*"},                \
        {"user", 0, VOUCH_OPTION_ONE, 0, "NAME", "only what this user did"},                       \
        {"actor", 0, VOUCH_OPTION_ONE, 0, "ACTOR", "only those of this actor"}, {                  \
        "object", 0, VOUCH_OPTION_ONE, 0, "TEXT", "only those about this"                          \
    }

// The moments, which not every search has.
#define VOUCH_AUDIT_TIME_OPTIONS                                                                   \
    {"since", 0, VOUCH_OPTION_ONE, 0, "TIME", "not before: RFC 3339, or -1d"}, {                   \
        "until", 0, VOUCH_OPTION_ONE, 0, "TIME", "before this moment"                              \
    }

// Appends a path with the filters that were given, and the operands as words; `text` is the room of `path`.
VOUCH_MUST_USE int vouch_audit_path(const struct vouch_cli *cli, const char *from,
                                    char text[static VOUCH_AUDIT_PATH_MAX], struct vouch_buf *path,
                                    struct vouch_fault *fault);
