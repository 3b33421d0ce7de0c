// SPDX-License-Identifier: ISC
// Keys as text: fingerprints and the lines of .pub files.
#include <stdio.h>

#include "base/str.h"
#include "core/key.h"
#include "vouch/cert.h"

static void print_md5(const uint8_t *digest, size_t len, char *text) {
    int at = snprintf(text, VOUCH_FINGERPRINT_MAX, "MD5");
    for (size_t i = 0; i < len; i++) {
        at += snprintf(text + at, VOUCH_FINGERPRINT_MAX - (size_t)at, ":%02x", digest[i]);
    }
}

static const char *hash_label(enum vouch_hash hash) {
    switch (hash) {
    case VOUCH_HASH_SHA1:
        return "SHA1:";
    case VOUCH_HASH_SHA384:
        return "SHA384:";
    case VOUCH_HASH_SHA512:
        return "SHA512:";
    case VOUCH_HASH_SHA256:
    case VOUCH_HASH_MD5:
        break;
    }
    return "SHA256:";
}

void vouch_key_fingerprint(const struct vouch_key *key, enum vouch_hash hash,
                           char ret_text[static VOUCH_FINGERPRINT_MAX]) {
    uint8_t digest[VOUCH_HASH_MAX];
    size_t len = vouch_hash_bytes(hash, key->blob, digest);
    if (hash == VOUCH_HASH_MD5) {
        print_md5(digest, len, ret_text);
        return;
    }
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, ret_text, VOUCH_FINGERPRINT_MAX - 1);
    vouch_buf_put_text(&text, hash_label(hash));
    vouch_str_base64((struct vouch_bytes){digest, len}, 0, &text);
    ret_text[text.len] = '\0';
}

static void print_line(const char *type, struct vouch_bytes blob, const char *comment,
                       struct vouch_buf *out) {
    vouch_buf_put_text(out, type);
    vouch_buf_put_text(out, " ");
    vouch_str_base64(blob, '=', out);
    if (comment != NULL && comment[0] != '\0') {
        vouch_buf_put_text(out, " ");
        vouch_buf_put_text(out, comment);
    }
}

void vouch_key_print(const struct vouch_key *key, const char *comment, struct vouch_buf *out) {
    print_line(key->impl->name, key->blob, comment, out);
}

void vouch_cert_print(struct vouch_bytes blob, const char *comment, struct vouch_buf *out) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, blob);
    struct vouch_bytes name = vouch_read_string(&reader, "certificate type");
    const struct vouch_key_impl *impl = vouch_key_impl_of(vouch_key_type_from_cert_name(name));
    print_line(impl != NULL ? impl->cert_name : "unknown", blob, comment, out);
}

static int is_blank(uint8_t c) {
    return c == ' ' || c == '\t';
}

static struct vouch_bytes take_word(struct vouch_bytes *rest) {
    while (rest->len > 0 && is_blank(rest->ptr[0])) {
        rest->ptr++;
        rest->len--;
    }
    struct vouch_bytes word = {rest->ptr, 0};
    while (word.len < rest->len && !is_blank(rest->ptr[word.len])) {
        word.len++;
    }
    rest->ptr += word.len;
    rest->len -= word.len;
    return word;
}

static int fail(struct vouch_where *ret_where, int err, const char *field, const char *reason) {
    if (ret_where != NULL) {
        *ret_where = (struct vouch_where){0, field, reason};
    }
    return err;
}

// A line may name an algorithm that the key signs with in place of the key's type, as OpenSSH reads it.
static struct vouch_bytes type_of_algorithm(struct vouch_bytes name) {
    static const char *const types[][2] = {
        {"rsa-sha2-256", "ssh-rsa"},
        {"rsa-sha2-512", "ssh-rsa"},
        {"rsa-sha2-256-cert-v01@openssh.com", "ssh-rsa-cert-v01@openssh.com"},
        {"rsa-sha2-512-cert-v01@openssh.com", "ssh-rsa-cert-v01@openssh.com"},
        {"webauthn-sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (vouch_bytes_equal(name, vouch_bytes_of(types[i][0]))) {
            return vouch_bytes_of(types[i][1]);
        }
    }
    return name;
}

int vouch_key_line_decode(struct vouch_bytes line, struct vouch_buf *blob,
                          struct vouch_bytes *ret_comment, struct vouch_where *ret_where) {
    struct vouch_bytes rest = vouch_str_trim(line);
    struct vouch_bytes type = type_of_algorithm(take_word(&rest));
    if (vouch_key_type_from_name(type) == VOUCH_KEY_NONE &&
        vouch_key_type_from_cert_name(type) == VOUCH_KEY_NONE) {
        return fail(ret_where, VOUCH_ERR_UNSUPPORTED, "key type", "is not a known key type");
    }
    struct vouch_bytes base64 = take_word(&rest);
    size_t from = blob->len;
    int err = base64.len == 0 ? VOUCH_ERR_FORMAT : vouch_str_unbase64(base64, blob);
    if (err != VOUCH_OK) {
        return fail(ret_where, err, "base64", "is not the base64 of a key");
    }
    struct vouch_bytes inner =
        vouch_signature_algorithm((struct vouch_bytes){blob->ptr + from, blob->len - from});
    if (!vouch_bytes_equal(inner, type)) {
        return fail(ret_where, VOUCH_ERR_MISMATCH, "key type",
                    "differs between the line and the key inside");
    }
    if (ret_comment != NULL) {
        *ret_comment = vouch_str_trim(rest);
    }
    return VOUCH_OK;
}
