// SPDX-License-Identifier: ISC
// Questions to a server made from the options of a command.
#pragma once

#include "prog/vouch/answer.h"

enum vouch_query_kind {
    VOUCH_QUERY_TEXT = 0,
    VOUCH_QUERY_NUMBER, // a decimal number of 64 bits
    VOUCH_QUERY_MOMENT, // as --at of vouch cert check; sent as RFC 3339
};

struct vouch_query_part {
    const char *option;
    const char *name; // in the query
    enum vouch_query_kind kind;
};

// Appends what the options say to a path.
VOUCH_MUST_USE int vouch_query_put(const struct vouch_args *args,
                                   const struct vouch_query_part *parts, struct vouch_buf *path,
                                   struct vouch_fault *fault);

// What a command lists: its row in the table of commands names one, and vouch_query_list() runs it.
struct vouch_query_listing {
    const char *path;
    const struct vouch_query_part
        *parts; // options that narrow it down, ended by a NULL; NULL: none
    struct vouch_list_spec spec;
};

// Opens the way to the server, asks for cli->command->listing page by page, and prints it.
VOUCH_MUST_USE int vouch_query_list(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                                    struct vouch_fault *fault);

// The options of a listing that has none of its own.
extern const struct vouch_option vouch_query_list_options[];

// All of a command that asks for one object and prints it. `ask` has everything but the path, which is
// `path` and, if it is not NULL, `segment` behind it.
struct vouch_query_object {
    struct vouch_api_ask ask;
    const char *path;
    const char *segment;
    const char *schema;
    const struct vouch_column *lines;
};
VOUCH_MUST_USE int vouch_query_object(struct vouch_reach *reach,
                                      const struct vouch_query_object *what,
                                      struct vouch_fault *fault);

// The same without printing; the caller frees *ret_json with json_decref().
VOUCH_MUST_USE int vouch_query_json(struct vouch_reach *reach,
                                    const struct vouch_query_object *what, struct json_t **ret_json,
                                    struct vouch_fault *fault);
