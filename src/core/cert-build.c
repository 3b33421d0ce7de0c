// SPDX-License-Identifier: ISC
// Building certificates: one encoder, the CA's signature by a callback, and a check of what came back.
#include "core/key.h"
#include "vouch/cert.h"

static void write_options(struct vouch_buf *out, const struct vouch_cert_option *options,
                          size_t count) {
    size_t mark = vouch_write_string_begin(out);
    for (size_t i = 0; i < count; i++) {
        vouch_write_string(out, options[i].name);
        vouch_write_string(out, options[i].data);
    }
    vouch_write_string_end(out, mark);
}

static void write_principals(struct vouch_buf *out, const struct vouch_cert_spec *spec) {
    size_t mark = vouch_write_string_begin(out);
    for (size_t i = 0; i < spec->principal_count; i++) {
        vouch_write_string(out, spec->principals[i]);
    }
    vouch_write_string_end(out, mark);
}

// The key's fields without its type name.
static struct vouch_bytes public_fields(const struct vouch_key *key) {
    size_t skip = 4 + strlen(key->impl->name);
    return (struct vouch_bytes){key->blob.ptr + skip, key->blob.len - skip};
}

static void write_tbs(struct vouch_buf *out, const struct vouch_cert_spec *spec,
                      const struct vouch_key *ca, const uint8_t *nonce) {
    vouch_write_text(out, spec->key->impl->cert_name);
    vouch_write_string(out, (struct vouch_bytes){nonce, VOUCH_CERT_NONCE_LEN});
    vouch_buf_put(out, public_fields(spec->key));
    vouch_write_u64(out, spec->serial);
    vouch_write_u32(out, (uint32_t)spec->type);
    vouch_write_string(out, spec->key_id);
    write_principals(out, spec);
    vouch_write_u64(out, spec->valid_after);
    vouch_write_u64(out, spec->valid_before);
    write_options(out, spec->critical, spec->critical_count);
    write_options(out, spec->extensions, spec->extension_count);
    vouch_write_text(out, ""); // reserved
    vouch_write_string(out, ca->blob);
}

static int fail(struct vouch_where *ret_where, int err, const char *field, const char *reason) {
    if (ret_where != NULL) {
        *ret_where = (struct vouch_where){0, field, reason};
    }
    return err;
}

// What any certificate must have, or no reader would take it.
static int check_format(const struct vouch_cert_spec *spec, struct vouch_where *ret_where) {
    if (spec->type != VOUCH_CERT_USER && spec->type != VOUCH_CERT_HOST) {
        return fail(ret_where, VOUCH_ERR_ARGUMENT, "type", "is neither user nor host");
    }
    if (spec->key == NULL) {
        return fail(ret_where, VOUCH_ERR_ARGUMENT, "public key", "is missing");
    }
    if (spec->principal_count > VOUCH_CERT_PRINCIPALS_MAX) {
        return fail(ret_where, VOUCH_ERR_LIMIT, "principals", "are more than 256");
    }
    return VOUCH_OK;
}

static int check_rules(const struct vouch_cert_spec *spec, const struct vouch_cert_ca *ca,
                       struct vouch_where *ret_where) {
    int err = check_format(spec, ret_where);
    if (err != VOUCH_OK || ca->rules == VOUCH_CERT_RULES_OPENSSH) {
        return err;
    }
    const char *why = vouch_key_ca_weakness(ca->key);
    if (why != NULL) {
        return fail(ret_where, VOUCH_ERR_ARGUMENT, "CA key", why);
    }
    if (vouch_key_equal(spec->key, ca->key)) {
        return fail(ret_where, VOUCH_ERR_ARGUMENT, "public key", "is the CA's own key");
    }
    return vouch_cert_spec_check(spec, ret_where);
}

static int sign_and_verify(const struct vouch_cert_ca *ca, struct vouch_bytes tbs,
                           struct vouch_buf *signature, struct vouch_where *ret_where) {
    int err = ca->sign(ca->context, tbs, signature);
    if (err == VOUCH_OK && signature->err != VOUCH_OK) {
        err = signature->err;
    }
    if (err != VOUCH_OK) {
        return fail(ret_where, err, "signature", "was not made by the CA key's holder");
    }
    // A faulty signature may not only be useless: of RSA and ECDSA keys it can give the key away.
    if (vouch_key_verify(ca->key, vouch_buf_bytes(signature), tbs) != VOUCH_OK) {
        return fail(ret_where, VOUCH_ERR_SIGNATURE, "signature",
                    "that the CA key's holder made does not verify");
    }
    return VOUCH_OK;
}

int vouch_cert_build(const struct vouch_cert_spec *spec, const struct vouch_cert_ca *ca,
                     const uint8_t nonce[static VOUCH_CERT_NONCE_LEN], struct vouch_buf *out,
                     struct vouch_where *ret_where) {
    int err = check_rules(spec, ca, ret_where);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_buf tbs, signature;
    vouch_buf_init(&tbs, VOUCH_CERT_BLOB_MAX);
    vouch_buf_init(&signature, VOUCH_SIGNATURE_MAX);
    write_tbs(&tbs, spec, ca->key, nonce);
    if (tbs.err != VOUCH_OK) {
        err = fail(ret_where, tbs.err, "certificate", "is larger than 256 KiB");
    } else {
        err = sign_and_verify(ca, vouch_buf_bytes(&tbs), &signature, ret_where);
    }
    if (err == VOUCH_OK) {
        size_t from = out->len;
        vouch_buf_put(out, vouch_buf_bytes(&tbs));
        vouch_write_string(out, vouch_buf_bytes(&signature));
        err = out->err;
        out->len = err == VOUCH_OK ? out->len : from;
    }
    vouch_buf_done(&tbs);
    vouch_buf_done(&signature);
    return err;
}
