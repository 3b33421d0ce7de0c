// SPDX-License-Identifier: ISC
// The text that a host key signs when its machine enrols or renews, and the check of it.
#include "core/host-proof.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"

static int fail(struct vouch_where *ret_where, int err, const char *field, const char *reason) {
    if (ret_where != NULL) {
        *ret_where = (struct vouch_where){0, field, reason};
    }
    return err;
}

static int is_line(struct vouch_bytes text, uint8_t lowest) {
    if (text.len == 0 || text.len > VOUCH_HOST_PROOF_NAME_MAX) {
        return 0;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < lowest || text.ptr[i] > '~') {
            return 0;
        }
    }
    return 1;
}

static int check_keys(const struct vouch_host_proof *proof, struct vouch_where *ret_where) {
    size_t own = 0;
    if (proof->key == NULL || proof->with_count == 0 ||
        proof->with_count > VOUCH_HOST_PROOF_KEYS_MAX) {
        return fail(ret_where, VOUCH_ERR_ARGUMENT, "keys", "there must be 1 to 8 of them");
    }
    for (size_t i = 0; i < proof->with_count; i++) {
        own += vouch_key_equal(proof->with[i], proof->key) ? 1 : 0;
        for (size_t j = 0; j < i; j++) {
            if (vouch_key_equal(proof->with[i], proof->with[j])) {
                return fail(ret_where, VOUCH_ERR_ARGUMENT, "keys", "one of them is there twice");
            }
        }
    }
    return own == 1
               ? VOUCH_OK
               : fail(ret_where, VOUCH_ERR_ARGUMENT, "key", "is not among those named with it");
}

static int check_fields(const struct vouch_host_proof *proof, struct vouch_where *ret_where) {
    if (proof->purpose != VOUCH_HOST_PROOF_ENROL && proof->purpose != VOUCH_HOST_PROOF_RENEW) {
        return fail(ret_where, VOUCH_ERR_ARGUMENT, "purpose", "is neither enrol nor renew");
    }
    if (!is_line(proof->ca, ' ')) {
        return fail(ret_where, VOUCH_ERR_ARGUMENT, "ca",
                    "is not 1 to 253 printable ASCII characters");
    }
    if (!is_line(proof->name, '!')) {
        return fail(ret_where, VOUCH_ERR_ARGUMENT, "name",
                    "is not 1 to 253 printable ASCII characters without blanks");
    }
    return check_keys(proof, ret_where);
}

static void put_line(struct vouch_buf *out, const char *word, struct vouch_bytes value) {
    vouch_buf_put_text(out, word);
    vouch_buf_put_text(out, " ");
    vouch_buf_put(out, value);
    vouch_buf_put_text(out, "\n");
}

static void put_key(struct vouch_buf *out, const char *word, const struct vouch_key *key) {
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, fingerprint);
    put_line(out, word, vouch_bytes_of(fingerprint));
}

static void put_text(const struct vouch_host_proof *proof, struct vouch_buf *out) {
    const char *purpose = proof->purpose == VOUCH_HOST_PROOF_RENEW ? "renew" : "enrol";
    char time[24];
    (void)snprintf(time, sizeof time, "%" PRIu64, proof->time_s);
    vouch_buf_put_text(out, "vouch-host-proof/1\n");
    put_line(out, "purpose", vouch_bytes_of(purpose));
    put_line(out, "ca", proof->ca);
    put_line(out, "name", proof->name);
    put_line(out, "time", vouch_bytes_of(time));
    vouch_buf_put_text(out, "machine ");
    vouch_str_hex((struct vouch_bytes){proof->machine, sizeof proof->machine}, out);
    vouch_buf_put_text(out, "\n");
    put_key(out, "key", proof->key);
    for (size_t i = 0; i < proof->with_count; i++) {
        put_key(out, "with", proof->with[i]);
    }
}

int vouch_host_proof_text(const struct vouch_host_proof *proof, struct vouch_buf *out,
                          struct vouch_where *ret_where) {
    int err = check_fields(proof, ret_where);
    if (err != VOUCH_OK) {
        return err;
    }
    put_text(proof, out);
    return out->err == VOUCH_OK ? VOUCH_OK : fail(ret_where, out->err, "proof", NULL);
}

int vouch_host_proof_make(const struct vouch_host_proof *proof, vouch_sign_fn *sign, void *context,
                          struct vouch_buf *armoured, struct vouch_where *ret_where) {
    uint8_t room[VOUCH_HOST_PROOF_TEXT_MAX];
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, room, sizeof room);
    int err = vouch_host_proof_text(proof, &text, ret_where);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_sshsig_signer signer = {.public_blob = vouch_key_blob(proof->key),
                                         .sign = sign,
                                         .context = context,
                                         .hash = VOUCH_HASH_SHA512};
    err = vouch_sshsig_sign(&signer, VOUCH_HOST_PROOF_NAMESPACE, vouch_buf_bytes(&text), armoured);
    return err == VOUCH_OK ? VOUCH_OK : fail(ret_where, err, "proof", NULL);
}

static int check_by(const struct vouch_host_proof *proof, const struct vouch_sshsig_by *by,
                    struct vouch_where *ret_where) {
    if (by->key == NULL || !vouch_key_equal(by->key, proof->key)) {
        return fail(ret_where, VOUCH_ERR_MISMATCH, "proof", "is by another key");
    }
    if (by->hash != VOUCH_HASH_SHA512) {
        return fail(ret_where, VOUCH_ERR_MISMATCH, "proof", "is not made with SHA-512");
    }
    return VOUCH_OK;
}

int vouch_host_proof_check(const struct vouch_host_proof *proof, struct vouch_bytes armoured,
                           struct vouch_where *ret_where) {
    uint8_t room[VOUCH_HOST_PROOF_TEXT_MAX];
    struct vouch_buf text;
    struct vouch_sshsig_by by = {0};
    vouch_buf_init_fixed(&text, room, sizeof room);
    int err = vouch_host_proof_text(proof, &text, ret_where);
    if (err == VOUCH_OK) {
        err = vouch_sshsig_verify(armoured, VOUCH_HOST_PROOF_NAMESPACE, vouch_buf_bytes(&text), &by,
                                  ret_where);
    }
    if (err == VOUCH_OK) {
        err = check_by(proof, &by, ret_where);
    }
    vouch_sshsig_by_done(&by);
    return err;
}
