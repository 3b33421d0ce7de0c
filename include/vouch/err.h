// SPDX-License-Identifier: ISC
// Error codes of libvouch, and the place in an input where one arose.
//
// A negative code means "failed": the work could not be done. It never means "no": refused, expired
// and revoked are outcomes, held by verdict types whose zero value refuses.
#pragma once

#include <stddef.h>

#define VOUCH_API __attribute__((visibility("default")))
#define VOUCH_MUST_USE __attribute__((warn_unused_result))

enum vouch_err {
    VOUCH_OK = 0,
    VOUCH_ERR_NO_MEMORY = -1,   // an allocation failed
    VOUCH_ERR_TRUNCATED = -2,   // the input ends inside a field
    VOUCH_ERR_TRAILING = -3,    // bytes are left over after the last field
    VOUCH_ERR_FORMAT = -4,      // the input breaks its format
    VOUCH_ERR_UNSUPPORTED = -5, // a type, version or algorithm that is not known here
    VOUCH_ERR_LIMIT = -6,       // a count or size over its bound
    VOUCH_ERR_ARGUMENT = -7,    // a value that the caller gave breaks a rule
    VOUCH_ERR_SIGNATURE = -8,   // a signature does not verify
    VOUCH_ERR_KEY_LENGTH = -9,  // a key of a size that is not allowed
    VOUCH_ERR_CERT_TYPE = -10,  // a certificate that is neither for a user nor for a host
    VOUCH_ERR_CERT_CA = -11,    // the signature key of a certificate is not a plain key
    VOUCH_ERR_PASSPHRASE = -12, // the passphrase is missing or wrong
    VOUCH_ERR_MISMATCH = -13,   // two things that must belong together do not
    VOUCH_ERR_CRYPTO = -14,     // the cryptographic library failed
    VOUCH_ERR_IO = -15,         // the system refused a read, write, sync or connection (see errno)
    VOUCH_ERR_NOT_FOUND = -16,  // the named object does not exist
    VOUCH_ERR_EXISTS = -17,     // the named object exists already
    VOUCH_ERR_PERMISSION = -18, // access that is not allowed, or a mode that is too open
    VOUCH_ERR_TIMEOUT = -19,    // a deadline passed
    VOUCH_ERR_REFUSED = -20,    // a peer (an agent, a signer) answered that it will not do it
    VOUCH_ERR_CORRUPT = -21,    // stored data does not prove what it must
};

// Where and why an input failed. Both strings are constants that live for ever.
struct vouch_where {
    size_t offset;      // byte offset into the input that was given
    const char *field;  // the field's name in the format, such as "valid principals"
    const char *reason; // what is wrong with it, or NULL when the code says all
};

// A short English text for a code, such as "incorrect signature". Never NULL, never freed.
VOUCH_API const char *vouch_err_text(int err);
