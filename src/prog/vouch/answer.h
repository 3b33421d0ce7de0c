// SPDX-License-Identifier: ISC
// What a server answered, in the forms of out.h: objects and pages of them, member by member.
//
// Members that this program does not know are in JSON output all the same, so that a newer server loses
// nothing on the way.
#pragma once

#include "prog/vouch/out.h"
#include "prog/vouch/reach.h"

struct json_t;

// How many rows a list shows at most. For the table of options.
#define VOUCH_ANSWER_LIMIT_OPTION                                                                  \
    { "limit", 0, VOUCH_OPTION_ONE, 0, "N", "show at most so many (default: 100); 0: all" }

// Asks for a list page by page and prints it. `path` has its query; the rows are the member "items".
VOUCH_MUST_USE int vouch_answer_list(struct vouch_reach *reach, const char *path,
                                     const struct vouch_list_spec *spec, struct vouch_fault *fault);

// The same for those rows alone for which `keep` is nonzero; NULL keeps all.
typedef int vouch_answer_keep_fn(const struct json_t *row);
VOUCH_MUST_USE int vouch_answer_list_kept(struct vouch_reach *reach, const char *path,
                                          const struct vouch_list_spec *spec,
                                          vouch_answer_keep_fn *keep, struct vouch_fault *fault);

// Prints one object: as JSON where -o asks for it, else a line for each of `lines` that it has (key:
// the member, title: what it is called), ended by a NULL key.
VOUCH_MUST_USE int vouch_answer_object(const struct vouch_cli *cli, const struct json_t *object,
                                       const struct vouch_column *lines, struct vouch_fault *fault);

// Puts all members but "schema" into an item.
void vouch_answer_item(struct vouch_item *item, const struct json_t *object);

// A member that is a text; NULL if there is none.
const char *vouch_answer_text(const struct json_t *object, const char *member);

// A serial or other 64-bit number, which JSON has as a string; 0 if there is none.
uint64_t vouch_answer_u64(const struct json_t *object, const char *member);
