// SPDX-License-Identifier: ISC
// The texts of vouch/err.h.
#include "vouch/err.h"

static const char *const texts[] = {
    [-VOUCH_OK] = "no error",
    [-VOUCH_ERR_NO_MEMORY] = "out of memory",
    [-VOUCH_ERR_TRUNCATED] = "ends too early",
    [-VOUCH_ERR_TRAILING] = "has bytes left over at the end",
    [-VOUCH_ERR_FORMAT] = "invalid format",
    [-VOUCH_ERR_UNSUPPORTED] = "not supported",
    [-VOUCH_ERR_LIMIT] = "too large",
    [-VOUCH_ERR_ARGUMENT] = "not allowed",
    [-VOUCH_ERR_SIGNATURE] = "incorrect signature",
    [-VOUCH_ERR_KEY_LENGTH] = "invalid key length",
    [-VOUCH_ERR_CERT_TYPE] = "unknown certificate type",
    [-VOUCH_ERR_CERT_CA] = "invalid certificate signing key",
    [-VOUCH_ERR_PASSPHRASE] = "passphrase missing or wrong",
    [-VOUCH_ERR_MISMATCH] = "does not belong together",
    [-VOUCH_ERR_CRYPTO] = "the cryptographic library failed",
    [-VOUCH_ERR_IO] = "input or output failed",
    [-VOUCH_ERR_NOT_FOUND] = "not found",
    [-VOUCH_ERR_EXISTS] = "exists already",
    [-VOUCH_ERR_PERMISSION] = "permission denied",
    [-VOUCH_ERR_TIMEOUT] = "timed out",
    [-VOUCH_ERR_REFUSED] = "refused",
    [-VOUCH_ERR_CORRUPT] = "damaged",
};

const char *vouch_err_text(int err) {
    int last = (int)(sizeof texts / sizeof texts[0]) - 1;
    return err > 0 || err < -last ? "unknown error" : texts[-err];
}
