// SPDX-License-Identifier: ISC
// Changes of a policy by the words of a command line: users, groups, roles and zones added, edited and
// removed. One table says what each kind of thing has and which option sets it.
//
// It knows no server and no file: content goes in and content comes out, which vouch_policy_new() judges.
#pragma once

#include "base/arena.h"
#include "policy/policy.h"
#include "prog/vouch/command.h"
#include "prog/vouch/out.h"

// How a field is written in an option, in a structure and in an answer.
enum vouch_field_shape {
    VOUCH_FIELD_TEXT = 0,
    VOUCH_FIELD_LIST,     // given many times, or joined by commas
    VOUCH_FIELD_DURATION, // seconds
    VOUCH_FIELD_COUNT,
    VOUCH_FIELD_MOMENT,
    VOUCH_FIELD_WORD, // an enumeration; `words` in the order of its values
    VOUCH_FIELD_FLAG, // an enumeration of two; the option has no value
};

struct vouch_field {
    const char *key;    // in answers: "max_ttl_s"
    const char *option; // "ttl"; NULL: no option sets it
    enum vouch_field_shape shape;
    size_t at; // in the structure
    const char *const *words;
};

struct vouch_kind {
    const char *noun;      // "role": as in commands
    const char *list;      // "roles": as in policy files
    const char *member;    // option that --add and --remove mean; NULL: they must name one
    const char *reference; // what stands before its name in members of roles; NULL: nothing
    const struct vouch_field *keys; // ended by a NULL key
    size_t items_at, count_at;      // in struct vouch_policy_content
    size_t size;                    // of one; it begins with its name
    size_t place_at;
};

// The kind of that noun; NULL if there is none.
const struct vouch_kind *vouch_kind_named(const char *noun);

// The number of things of the kind; the thing at a place; the one of that name, or NULL.
size_t vouch_kind_count(const struct vouch_kind *kind, const struct vouch_policy_content *content);
const void *vouch_kind_at(const struct vouch_kind *kind, const struct vouch_policy_content *content,
                          size_t place);
const void *vouch_kind_find(const struct vouch_kind *kind,
                            const struct vouch_policy_content *content, struct vouch_bytes name);

// Sets a member of the item for each field of the thing, "name" first.
void vouch_kind_item(const struct vouch_kind *kind, const void *thing, struct vouch_item *item);

enum vouch_amend_verb {
    VOUCH_AMEND_ADD = 0,
    VOUCH_AMEND_EDIT,
    VOUCH_AMEND_REMOVE,  // also out of the groups and roles that name it
    VOUCH_AMEND_DISABLE, // users
    VOUCH_AMEND_ENABLE,
};

// What is to be changed. Borrowed, also by the content that comes of it.
struct vouch_amend {
    const struct vouch_kind *kind;
    enum vouch_amend_verb verb;
    const char *name;
    const struct vouch_args
        *args;      // options of the table; also --add, --remove, --unset, and --group
    uint64_t now_s; // for moments such as +30d
};

// Makes the change. *content is in and out: its arrays are replaced by copies in the arena. Codes:
// VOUCH_ERR_EXISTS and _NOT_FOUND by name, VOUCH_ERR_ARGUMENT (a usage fault) for options.
VOUCH_MUST_USE int vouch_amend(const struct vouch_amend *amend, struct vouch_arena *arena,
                               struct vouch_policy_content *content, struct vouch_fault *fault);
