// SPDX-License-Identifier: ISC
// Bodies of questions in JSON, made from the options of a command.
#pragma once

#include "prog/vouch/args.h"

struct json_t;

// One body while it is made. What is no text in UTF-8 sticks, and shows at the end.
struct vouch_body {
    struct json_t *json;
    int bad;
};

// Begins an empty object; vouch_body_done() ends it, also after a failure.
void vouch_body_init(struct vouch_body *body);
void vouch_body_done(struct vouch_body *body);

// Sets a member; where `text` is NULL, or the number 0, nothing is said of it.
void vouch_body_text(struct vouch_body *body, const char *member, const char *text);
void vouch_body_number(struct vouch_body *body, const char *member, uint64_t number);

// The values of an option that may be repeated, each also a list with commas; nothing without any.
void vouch_body_list(struct vouch_body *body, const char *member, const struct vouch_args *args,
                     const char *option);

// The same of KEY=VALUE, as an object. A key that is named twice, or no KEY=VALUE, is a usage fault.
VOUCH_MUST_USE int vouch_body_labels(struct vouch_body *body, const char *member,
                                     const struct vouch_args *args, const char *option,
                                     struct vouch_fault *fault);

// A duration in seconds, from an option such as --ttl 30d.
VOUCH_MUST_USE int vouch_body_span(struct vouch_body *body, const char *member,
                                   const struct vouch_args *args, const char *option,
                                   struct vouch_fault *fault);

// The body as text, freed by the caller.
VOUCH_MUST_USE int vouch_body_end(const struct vouch_body *body, char **ret_text,
                                  struct vouch_fault *fault);
