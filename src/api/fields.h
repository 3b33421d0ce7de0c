// SPDX-License-Identifier: ISC
// Reads the members of a JSON body and the parameters of a query, strictly: nothing unknown, nothing
// empty, nothing too long, no null. Private to src/api.
//
// The first refusal sticks in the call, and every later read gives zero, so that a reader reads straight
// through and asks call->refused once. Texts live as long as the body.
#pragma once

#include "api/call.h"
#include "vouch/cert.h"

// Most bytes of each kind of text.
#define VOUCH_API_NAME_TEXT_MAX 64
#define VOUCH_API_PRINCIPAL_MAX 256
#define VOUCH_API_OPTION_MAX 4000 // with its name it stays below 4096, the bound of texts below
#define VOUCH_API_REASON_MAX 512
#define VOUCH_API_KEY_TEXT_MAX 16384
#define VOUCH_API_ONCE_MAX 128
#define VOUCH_API_TTL_MAX_S (100ULL * 365 * 86400)

enum vouch_api_need { VOUCH_API_OPTIONAL = 0, VOUCH_API_REQUIRED };

// Texts of a list, and the list over them.
struct vouch_api_texts {
    struct vouch_bytes items[VOUCH_ASK_LIST_MAX];
    size_t count;
};

static inline struct vouch_text_list vouch_api_list_of(const struct vouch_api_texts *texts) {
    return (struct vouch_text_list){texts->items, texts->count};
}

// Refuses members that are not among `names` (ended by NULL), with the nearest of them.
void vouch_api_members(struct vouch_api_call *call, const char *const *names);

// The member, or NULL if it is absent or the call refused already.
const json_t *vouch_api_member(struct vouch_api_call *call, const char *name,
                               enum vouch_api_need need);

// Refuses what is empty, too long or holds a control character; else gives it back.
struct vouch_bytes vouch_api_check_text(struct vouch_api_call *call, const char *name,
                                        struct vouch_bytes text, size_t max);

// Prepares room for decoded bytes, which do not move in it; refuses if there is none.
int vouch_api_scratch(struct vouch_api_call *call);

// Nonzero if the member is there.
int vouch_api_has(const struct vouch_api_call *call, const char *name);

// A text of 1 to `max` bytes without control characters; empty if it is absent.
struct vouch_bytes vouch_api_text(struct vouch_api_call *call, const char *name,
                                  enum vouch_api_need need, size_t max);

// A password, code or secret of 1 to `max` bytes, whatever they are: they are judged elsewhere, and never
// shown.
struct vouch_bytes vouch_api_secret(struct vouch_api_call *call, const char *name,
                                    enum vouch_api_need need, size_t max);

// The place of a text among `words` (ended by NULL), from 1; 0 if it is absent.
unsigned vouch_api_word(struct vouch_api_call *call, const char *name, enum vouch_api_need need,
                        const char *const *words);

// 1 for true; 0 for false, and if it is absent.
uint64_t vouch_api_flag(struct vouch_api_call *call, const char *name);

// A whole number from 1 to `max`; 0 if it is absent.
uint64_t vouch_api_number(struct vouch_api_call *call, const char *name, enum vouch_api_need need,
                          uint64_t max);

// An array of up to VOUCH_ASK_LIST_MAX texts; a required one has at least one.
void vouch_api_texts(struct vouch_api_call *call, const char *name, enum vouch_api_need need,
                     size_t max, struct vouch_api_texts *ret_texts);

// An array of 1 to `max` objects, each read by `read` with it in the place of call->body.
void vouch_api_objects(struct vouch_api_call *call, const char *name, size_t max,
                       void (*read)(struct vouch_api_call *call, void *into, size_t place),
                       void *into);

// An object of options as "NAME", or "NAME=VALUE" where the value is not empty.
enum vouch_api_values { VOUCH_API_NO_VALUES = 0, VOUCH_API_VALUES };
void vouch_api_options(struct vouch_api_call *call, const char *name, enum vouch_api_values values,
                       struct vouch_api_texts *ret_texts);

// "user" or "host".
enum vouch_cert_type vouch_api_cert_type(struct vouch_api_call *call, enum vouch_api_need need);

// A line "TYPE BASE64[ COMMENT]": the key's blob.
struct vouch_bytes vouch_api_public_key(struct vouch_api_call *call, enum vouch_api_need need);

// The same of a certificate, under any name.
struct vouch_bytes vouch_api_cert_line(struct vouch_api_call *call, const char *name);

// A time, RFC 3339 with a zone; 0 if it is absent.
uint64_t vouch_api_time_ms(struct vouch_api_call *call, const char *name, enum vouch_api_need need);

// `len` bytes as twice as many hexadecimal digits.
struct vouch_bytes vouch_api_hex(struct vouch_api_call *call, const char *name, size_t len);

// "SHA256:" and 43 characters of base64: 32 bytes; empty if it is absent.
struct vouch_bytes vouch_api_fingerprint(struct vouch_api_call *call, const char *name);

// A decimal number in a string, from 1; 0 if it is absent.
uint64_t vouch_api_serial(struct vouch_api_call *call, const char *name);

// The header Idempotency-Key; empty if it is absent.
struct vouch_bytes vouch_api_once(struct vouch_api_call *call);

// Parameters of the query, as the members above. Times are RFC 3339 with a zone.
struct vouch_bytes vouch_api_query_text(struct vouch_api_call *call, const char *name, size_t max);
uint64_t vouch_api_query_number(struct vouch_api_call *call, const char *name, uint64_t max);
uint64_t vouch_api_query_serial(struct vouch_api_call *call, const char *name);
uint64_t vouch_api_query_time_ms(struct vouch_api_call *call, const char *name);
enum vouch_cert_type vouch_api_query_cert_type(struct vouch_api_call *call);
// 32 bytes into `ret_digest`, which the returned slice is over.
struct vouch_bytes vouch_api_query_fingerprint(struct vouch_api_call *call, const char *name,
                                               uint8_t ret_digest[static 32]);

// An object within the body takes the body's place, until it is left.
struct vouch_api_place {
    json_t *body;
    char within[sizeof((struct vouch_api_call *)0)->within];
};
struct vouch_api_place vouch_api_enter(struct vouch_api_call *call, const char *name);
void vouch_api_leave(struct vouch_api_call *call, const struct vouch_api_place *place);

// At most `max` bytes as base64url (RFC 7515, without padding); empty if it is absent.
struct vouch_bytes vouch_api_base64url(struct vouch_api_call *call, const char *name,
                                       enum vouch_api_need need, size_t max);

// As vouch_api_word().
unsigned vouch_api_query_word(struct vouch_api_call *call, const char *name,
                              const char *const *words);

// limit and cursor.
struct vouch_ask_page vouch_api_query_page(struct vouch_api_call *call);

// A number as a segment of the path; 0, and 404, if it is none. `what`: "certificate".
uint64_t vouch_api_path_id(struct vouch_api_call *call, const char *what);

// A name as a segment of the path; 404 if it is too long to be one.
struct vouch_bytes vouch_api_path_name(struct vouch_api_call *call, const char *what, size_t max);

// The version in the header If-Match, "\"7\""; 0 stands for none. Refuses what is absent or anything else.
uint64_t vouch_api_if_match(struct vouch_api_call *call);

// Nonzero, and refused, if a text that is there is no fingerprint. It is left as it is.
int vouch_api_is_no_fingerprint(struct vouch_api_call *call, const char *name,
                                struct vouch_bytes text);
// Reads a time with a zone, in milliseconds. VOUCH_ERR_FORMAT.
VOUCH_MUST_USE int vouch_api_read_time(struct vouch_bytes text, uint64_t *ret_ms);
// Reads "SHA256:…" into 32 bytes. VOUCH_ERR_FORMAT.
VOUCH_MUST_USE int vouch_api_read_fingerprint(struct vouch_bytes text,
                                              uint8_t ret_digest[static 32]);
// Reads a decimal number from 1 without leading zeros; 0 if it is none.
uint64_t vouch_api_read_serial(struct vouch_bytes text);
// The place of a text among `words`, from 1; 0, and refused, if it is none of them.
unsigned vouch_api_read_word(struct vouch_api_call *call, const char *name, struct vouch_bytes text,
                             const char *const *words);
// Nonzero for a text with a control character in it.
int vouch_api_has_control(struct vouch_bytes text);
