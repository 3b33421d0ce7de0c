// SPDX-License-Identifier: ISC
// vouch audit ls: the events that the server recorded beside the certificates.
#include <stdio.h>

#include "prog/vouch/answer.h"
#include "prog/vouch/query.h"

static const struct vouch_column columns[] = {
    {"record", "RECORD", 0},
    {"time", "TIME", 0},
    {"type", "TYPE", 0},
    {"actor", "ACTOR", 0},
    {"object", "OBJECT", 0},
    {"details", "DETAILS", 1},
    {0},
};

static const struct vouch_query_part parts[] = {
    {"type", "type", VOUCH_QUERY_TEXT},     {"actor", "actor", VOUCH_QUERY_TEXT},
    {"object", "object", VOUCH_QUERY_TEXT}, {"from", "from", VOUCH_QUERY_MOMENT},
    {"until", "until", VOUCH_QUERY_MOMENT}, {0},
};

static const struct vouch_query_listing listing = {
    .path = "/v1/audit",
    .parts = parts,
    .spec = {.schema = "vouch.events/1", .member = "items", .columns = columns},
};

static const struct vouch_option options[] = {
    {"type", 0, VOUCH_OPTION_ONE, 0, "TYPE", "only events of this type, such as token.new"},
    {"actor", 0, VOUCH_OPTION_ONE, 0, "ACTOR", "only those of this actor, such as token:deploy"},
    {"object", 0, VOUCH_OPTION_ONE, 0, "TEXT", "only those about this"},
    {"from", 0, VOUCH_OPTION_ONE, 0, "TIME", "not before: RFC 3339, or -1d"},
    {"until", 0, VOUCH_OPTION_ONE, 0, "TIME", "before this moment"},
    VOUCH_ANSWER_LIMIT_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const examples[] = {
    "vouch audit ls --from -1d",
    "vouch audit ls --type cert.revoke -o jsonl",
    NULL,
};

const struct vouch_command vouch_cmd_audit_ls = {
    .noun = "audit",
    .verb = "ls",
    .summary = "what happened on the server: tokens, profiles, revocations, refusals, starts",
    .operands = "",
    .options = options,
    .notes = "Certificates are listed by vouch cert ls; the proof is vouch ledger verify.",
    .examples = examples,
    .shape = VOUCH_SHAPE_LIST,
    .listing = &listing,
    .run = vouch_query_list,
    .failed = vouch_reach_failed,
};
