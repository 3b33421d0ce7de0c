// SPDX-License-Identifier: ISC
// Inside of contact.h: members of JSON objects, read and written.
#pragma once

#include "base/arena.h"
#include "host/apply.h"

struct json_t;

// Each returns nonzero if memory was short. A number stands as a string, and 0 not at all.
int vouch_contact_put_bytes(struct json_t *object, const char *name, struct vouch_bytes text);
int vouch_contact_put_number(struct json_t *object, const char *name, uint64_t number);
int vouch_contact_put_time(struct json_t *object, const char *name, uint64_t time_ms);
int vouch_contact_put_texts(struct json_t *object, const char *name,
                            const struct vouch_text_list *texts); // nothing if there are none

// A number that stands as a string, or as a number. VOUCH_ERR_FORMAT.
VOUCH_MUST_USE int vouch_contact_take_number(const struct json_t *object, const char *name,
                                             uint64_t *ret_number);

// Texts, copied into the arena. VOUCH_ERR_FORMAT, _NO_MEMORY.
VOUCH_MUST_USE int vouch_contact_take_text(const struct json_t *value, struct vouch_arena *arena,
                                           struct vouch_bytes *ret_text);
VOUCH_MUST_USE int vouch_contact_take_texts(const struct json_t *object, const char *name,
                                            struct vouch_arena *arena,
                                            struct vouch_text_list *ret_texts);

// Frees an object with one secret member, which is wiped: jansson keeps it in the common heap. Takes NULL.
void vouch_contact_forget(struct json_t *object, const char *secret);
