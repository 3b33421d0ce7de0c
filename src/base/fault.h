// SPDX-License-Identifier: ISC
// A failure as a person meets it: what happened, why, and what to do next, with a stable code.
//
// core answers with codes and a place; the layers above turn them into faults, by value, in their last
// parameter. A fault is reported once, at the top.
#pragma once

#include "vouch/buf.h"

// One row of the catalogue of faults (vouch-errors(7)).
struct vouch_fault_kind {
    const char *code;  // "V-1204": never reused
    const char *title; // a few words
    const char *cause; // what it means, a sentence or two
    const char *fix;   // what to do
};

struct vouch_fault {
    int err;                             // the vouch_err behind it
    const struct vouch_fault_kind *kind; // never NULL once set
    char text[512];                      // one line: object, field, cause; printable
    char next[256];                      // what to type next; may be empty: the kind's fix
};

// The kinds, by name: vouch_fault_memory and so on.
#define VOUCH_FAULT_KIND(name, code_, title_, cause_, fix_)                                        \
    extern const struct vouch_fault_kind vouch_fault_##name;
#include "base/fault-kinds.def"
#undef VOUCH_FAULT_KIND

// All kinds, in the order of their codes, ended by NULL.
extern const struct vouch_fault_kind *const vouch_fault_kinds[];

// The kind with that code, or NULL.
const struct vouch_fault_kind *vouch_fault_kind_of(struct vouch_bytes code);

// Fills in a fault and returns `err`, so that a caller can write: return vouch_fault_set(...). `fault`
// may be NULL. Unprintable characters in the result are escaped.
int vouch_fault_set(struct vouch_fault *fault, int err, const struct vouch_fault_kind *kind,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

// Sets what to do next, in place of the kind's fix; returns fault->err, or VOUCH_ERR_ARGUMENT when nobody
// wants the fault: a failure stays one.
int vouch_fault_next(struct vouch_fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// From a code and a place of core: "OBJECT: FIELD REASON (byte OFFSET)".
int vouch_fault_where(struct vouch_fault *fault, int err, const struct vouch_fault_kind *kind,
                      const char *object, const struct vouch_where *where);
