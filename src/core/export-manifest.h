// SPDX-License-Identifier: ISC
// The manifest of an export: a statement about records that somebody took out of the ledger, signed with the
// checkpoint key.
//
// Format: doc/export.md. The signer writes the statement out of these fields and out of nothing else; whoever
// has a file proves by it that it is the one that was given out. Pure: no file, no clock.
#pragma once

#include "base/fault.h"
#include "vouch/key.h"

#define VOUCH_EXPORT_NAMESPACE "vouch-export"
#define VOUCH_EXPORT_HEAD "vouch-export/1"
#define VOUCH_EXPORT_MANIFEST_MAX 16384 // bytes
#define VOUCH_EXPORT_TEXT_MAX 1024      // bytes of each text

// How the records are written. The zero value is none.
enum vouch_export_format {
    VOUCH_EXPORT_NONE = 0,
    VOUCH_EXPORT_JSONL, // an object a line
    VOUCH_EXPORT_CSV,   // RFC 4180: a line of names, then a line a record
};
// "jsonl" or "csv"; NULL for anything else.
const char *vouch_export_format_text(enum vouch_export_format format);

// What was asked for. What is empty or 0 was not.
struct vouch_export_query {
    enum vouch_export_format format;
    struct vouch_bytes words, type, actor, object;
    uint64_t from_ms, until_ms;
};

struct vouch_export_statement {
    struct vouch_bytes ledger; // its name
    struct vouch_export_query query;
    uint64_t searched; // records that there were: all below this number
    uint64_t records;  // that fit, and are in the file
    uint64_t length;   // bytes of the file
    uint8_t sha256[32];
    struct vouch_bytes asker;
    uint64_t size; // of the ledger, by a checkpoint that covers all that was searched
    uint8_t root[32];
    uint64_t time_s;
};

// What is wrong with a statement before it is signed: the field, and why; NULL: nothing. No field can hold
// a line break, so no statement can be taken for another.
const char *vouch_export_wrong(const struct vouch_export_statement *statement,
                               const char **ret_why);

// Appends the lines of a statement that nothing is wrong with.
void vouch_export_write(const struct vouch_export_statement *statement, struct vouch_buf *out);

// Verifies a manifest: form, the key's signature in the namespace, and that its lines are those that
// vouch_export_write() gives. `name` is how it is called in the fault (V-2055; V-2056 for another key).
// Texts point into the manifest.
VOUCH_MUST_USE int vouch_export_verify(struct vouch_bytes manifest, const struct vouch_key *key,
                                       const char *name,
                                       struct vouch_export_statement *ret_statement,
                                       struct vouch_fault *fault);

// Finds the manifest behind the records, in the last bytes of an answer: where the records end, and where
// the manifest begins, from the beginning of `tail`. VOUCH_ERR_NOT_FOUND if there is none.
VOUCH_MUST_USE int vouch_export_split(struct vouch_bytes tail, size_t *ret_end, size_t *ret_begin);
