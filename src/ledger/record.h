// SPDX-License-Identifier: ISC
// One record of the ledger: an issued certificate or another event, and its one encoding.
//
// Format: doc/ledger.md. Pure: no file, no clock. Slices of a decoded record point into its entry.
#pragma once

#include "ledger/hash.h"
#include "vouch/wire.h"

#define VOUCH_RECORD_VERSION 1
#define VOUCH_RECORD_MAX 65535     // bytes of an entry: its length is a uint16
#define VOUCH_RECORD_TEXT_MAX 4096 // bytes of actor, role, source, policy, object
#define VOUCH_RECORD_TYPE_MAX 64
#define VOUCH_RECORD_CHECK_LEN 8

// Events that the ledger itself knows. `key` details are "TYPE BASE64" without a comment.
#define VOUCH_EVENT_LEDGER_NEW "ledger.new" // record 0; object: the origin; details: key
#define VOUCH_EVENT_LEDGER_CUT "ledger.cut" // a torn write was cut off; details: bytes, sha256
#define VOUCH_EVENT_CA_KEY_NEW "ca.key.new" // details: use ("user" or "host"), key
// The steps of a rotation (rotation.h). Details: use; fingerprint (SHA256:...) of the key beside the one
// that signs; active, the fingerprint of the key that signs from here on.
#define VOUCH_EVENT_CA_KEY_SWITCH "ca.key.switch"
#define VOUCH_EVENT_CA_KEY_BACK "ca.key.back"
#define VOUCH_EVENT_CA_KEY_REMOVE "ca.key.remove"
#define VOUCH_EVENT_CA_KEY_RESTORE "ca.key.restore"
#define VOUCH_EVENT_CA_KEY_DESTROY "ca.key.destroy"

enum vouch_record_kind {
    VOUCH_RECORD_NONE = 0,
    VOUCH_RECORD_CERT = 1,
    VOUCH_RECORD_EVENT = 2,
};

struct vouch_record {
    enum vouch_record_kind kind;
    uint64_t number;  // its place in the ledger, from 0
    uint64_t time_ms; // milliseconds since 1970 UTC
    struct vouch_bytes actor;

    // VOUCH_RECORD_CERT: the whole certificate blob, and how it came about
    struct vouch_bytes cert;
    struct vouch_bytes evidence;
    struct vouch_bytes role;
    struct vouch_bytes request;
    struct vouch_bytes source;
    struct vouch_bytes policy;

    // VOUCH_RECORD_EVENT: type is 1 to 64 of a-z 0-9 . - _; details: see below
    struct vouch_bytes type;
    struct vouch_bytes object;
    struct vouch_bytes details;

    uint64_t serial_high; // the highest serial given in this ledger, this record included
};

// Appends the encoding of a record, check included. VOUCH_ERR_ARGUMENT if a field breaks the format,
// VOUCH_ERR_LIMIT if it is too long; `out` is then left as it was.
VOUCH_MUST_USE int vouch_record_encode(const struct vouch_record *record,
                                       struct vouch_hasher *hasher, struct vouch_buf *out,
                                       struct vouch_where *ret_where);

// Reads an entry. Only the one encoding that vouch_record_encode() gives is taken. VOUCH_ERR_CORRUPT
// if the check does not fit the bytes (a torn or altered entry), whatever else is wrong with them.
VOUCH_MUST_USE int vouch_record_decode(struct vouch_bytes entry, struct vouch_hasher *hasher,
                                       struct vouch_record *ret_record,
                                       struct vouch_where *ret_where);

// Details are (string name, string value)*, names made like types.
void vouch_record_detail_put(struct vouch_buf *details, const char *name, struct vouch_bytes value);

// Takes the first pair off `*details`. Returns 1, or 0 when none is left (or what is left is broken:
// a decoded record's details never are).
int vouch_record_detail_next(struct vouch_bytes *details, struct vouch_bytes *ret_name,
                             struct vouch_bytes *ret_value);

// The value of the first detail of that name: 1, or 0 if there is none.
int vouch_record_detail(const struct vouch_record *record, const char *name,
                        struct vouch_bytes *ret_value);

// Nonzero if `record` is an event of that type.
int vouch_record_is_event(const struct vouch_record *record, const char *type);
