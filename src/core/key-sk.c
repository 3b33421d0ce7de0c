// SPDX-License-Identifier: ISC
// Security keys: sk-ssh-ed25519@openssh.com and sk-ecdsa-sha2-nistp256@openssh.com (PROTOCOL.u2f).
//
// They can be subjects of certificates and their signatures are checked; making one needs hardware.
#include <stdlib.h>

#include "base/secret.h"
#include "base/str.h"
#include "core/key-point.h"
#include "core/key.h"

#define DIGEST_LEN 32
#define CLIENT_DATA_MAX 65536
#define WEBAUTHN "webauthn-sk-ecdsa-sha2-nistp256@openssh.com"

typedef int verify_bytes_fn(const struct vouch_key *key, struct vouch_bytes signature,
                            struct vouch_bytes message);

struct sk_signature {
    struct vouch_bytes bytes;
    uint8_t flags;
    uint32_t counter;
    struct vouch_bytes origin; // webauthn only, like the next two
    struct vouch_bytes client_data;
    struct vouch_bytes extensions;
};

static void read_application(struct vouch_reader *reader, struct vouch_key *key) {
    key->application = vouch_read_text(reader, "security key application");
}

static void read_public_ed25519(struct vouch_reader *reader, struct vouch_key *key) {
    vouch_ed25519_read_point(reader, key);
    read_application(reader, key);
}

static void read_public_ecdsa(struct vouch_reader *reader, struct vouch_key *key) {
    vouch_ecdsa_read_point(reader, key);
    read_application(reader, key);
}

static void put_digest(struct vouch_buf *out, struct vouch_bytes message) {
    uint8_t digest[VOUCH_HASH_MAX];
    size_t len = vouch_hash_bytes(VOUCH_HASH_SHA256, message, digest);
    if (len != DIGEST_LEN) {
        out->err = VOUCH_ERR_CRYPTO;
        return;
    }
    vouch_buf_put(out, (struct vouch_bytes){digest, len});
}

// What the security key signed: SHA256(application), flags, counter, extensions, SHA256(message).
static int verify_signed(const struct vouch_key *key, const struct sk_signature *signature,
                         struct vouch_bytes message, verify_bytes_fn *verify_bytes) {
    struct vouch_buf signed_data;
    vouch_buf_init(&signed_data, VOUCH_SIGNATURE_MAX);
    put_digest(&signed_data, key->application);
    vouch_write_u8(&signed_data, signature->flags);
    vouch_write_u32(&signed_data, signature->counter);
    vouch_buf_put(&signed_data, signature->extensions);
    put_digest(&signed_data, message);
    int err = signed_data.err;
    if (err == VOUCH_OK) {
        err = verify_bytes(key, signature->bytes, vouch_buf_bytes(&signed_data));
    }
    vouch_buf_done(&signed_data);
    return err;
}

static void read_signature(struct vouch_reader *reader, struct sk_signature *signature) {
    signature->bytes = vouch_read_string(reader, "security key signature");
    signature->flags = vouch_read_u8(reader, "security key flags");
    signature->counter = vouch_read_u32(reader, "security key counter");
}

// A signature of the key's own algorithm.
static int verify_own(const struct vouch_key *key, struct vouch_bytes algorithm,
                      struct vouch_reader *reader, struct vouch_bytes message,
                      verify_bytes_fn *verify_bytes) {
    if (!vouch_bytes_equal(algorithm, vouch_bytes_of(key->impl->name))) {
        return VOUCH_ERR_UNSUPPORTED;
    }
    struct sk_signature signature = {0};
    read_signature(reader, &signature);
    int err = vouch_reader_end(reader, NULL);
    return err != VOUCH_OK ? err : verify_signed(key, &signature, message, verify_bytes);
}

static int verify_ed25519(const struct vouch_key *key, struct vouch_bytes algorithm,
                          struct vouch_reader *reader, struct vouch_bytes message) {
    return verify_own(key, algorithm, reader, message, vouch_ed25519_verify_bytes);
}

static void put_base64url(struct vouch_buf *out, struct vouch_bytes message) {
    size_t from = out->len;
    vouch_str_base64(message, 0, out);
    for (size_t i = from; out->err == VOUCH_OK && i < out->len; i++) {
        out->ptr[i] = out->ptr[i] == '+' ? '-' : out->ptr[i] == '/' ? '_' : out->ptr[i];
    }
}

// The browser's client data must begin with this message as challenge and the claimed origin.
static int check_client_data(const struct sk_signature *signature, struct vouch_bytes message) {
    if (signature->origin.len > 0 && memchr(signature->origin.ptr, '"', signature->origin.len)) {
        return VOUCH_ERR_SIGNATURE;
    }
    struct vouch_buf start;
    vouch_buf_init(&start, CLIENT_DATA_MAX);
    vouch_buf_put_text(&start, "{\"type\":\"webauthn.get\",\"challenge\":\"");
    put_base64url(&start, message);
    vouch_buf_put_text(&start, "\",\"origin\":\"");
    vouch_buf_put(&start, signature->origin);
    vouch_buf_put_text(&start, "\"");
    int fits = start.err == VOUCH_OK && signature->client_data.len >= start.len &&
               memcmp(signature->client_data.ptr, start.ptr, start.len) == 0;
    int err = start.err != VOUCH_OK ? start.err : fits ? VOUCH_OK : VOUCH_ERR_SIGNATURE;
    vouch_buf_done(&start);
    return err;
}

static int verify_webauthn(const struct vouch_key *key, struct vouch_reader *reader,
                           struct vouch_bytes message) {
    struct sk_signature signature = {0};
    read_signature(reader, &signature);
    signature.origin = vouch_read_text(reader, "webauthn origin");
    signature.client_data = vouch_read_string(reader, "webauthn client data");
    signature.extensions = vouch_read_string(reader, "webauthn extensions");
    int err = vouch_reader_end(reader, NULL);
    if (err == VOUCH_OK) {
        err = check_client_data(&signature, message);
    }
    return err != VOUCH_OK
               ? err
               : verify_signed(key, &signature, signature.client_data, vouch_ecdsa_verify_bytes);
}

static int verify_ecdsa(const struct vouch_key *key, struct vouch_bytes algorithm,
                        struct vouch_reader *reader, struct vouch_bytes message) {
    if (vouch_bytes_equal(algorithm, vouch_bytes_of(WEBAUTHN))) {
        return verify_webauthn(key, reader, message);
    }
    return verify_own(key, algorithm, reader, message, vouch_ecdsa_verify_bytes);
}

// The "private" half is a handle that only the security key can use: flags, then the handle.
static void read_private(struct vouch_reader *reader, struct vouch_private_key *key) {
    key->public_key = vouch_key_read(reader, key->impl);
    uint8_t flags = vouch_read_u8(reader, "security key flags");
    struct vouch_bytes handle = vouch_read_string(reader, "security key handle");
    (void)vouch_read_string(reader, "security key reserved");
    if (reader->err != VOUCH_OK) {
        return;
    }
    key->secret = vouch_secret_alloc(1 + handle.len);
    if (key->secret == NULL) {
        vouch_reader_fail(reader, VOUCH_ERR_NO_MEMORY, "security key handle", NULL);
        return;
    }
    key->secret[0] = flags;
    if (handle.len > 0) {
        memcpy(key->secret + 1, handle.ptr, handle.len);
    }
    key->secret_len = 1 + handle.len;
}

static int write_private(const struct vouch_private_key *key, enum vouch_key_layout layout,
                         struct vouch_buf *out) {
    const struct vouch_key *public_key = key->public_key;
    if (layout == VOUCH_KEY_LAYOUT_WHOLE && key->impl->curve != NULL) {
        vouch_write_text(out, key->impl->curve);
    }
    // With a certificate the agent wants the Ed25519 point again, but not the ECDSA one.
    if (layout == VOUCH_KEY_LAYOUT_WHOLE || key->impl->curve == NULL) {
        vouch_write_string(out, public_key->point);
    }
    vouch_write_string(out, public_key->application);
    vouch_write_u8(out, key->secret[0]);
    vouch_write_string(out, (struct vouch_bytes){key->secret + 1, key->secret_len - 1});
    vouch_write_text(out, "");
    return out->err;
}

const struct vouch_key_impl vouch_key_impl_sk_ed25519 = {
    .type = VOUCH_KEY_SK_ED25519,
    .name = "sk-ssh-ed25519@openssh.com",
    .label = "ED25519-SK",
    .cert_name = "sk-ssh-ed25519-cert-v01@openssh.com",
    .bits = 256,
    .public_strings = 2,
    .has_application = 1,
    .read_public = read_public_ed25519,
    .verify = verify_ed25519,
    .weakness = vouch_ed25519_weakness,
    .read_private = read_private,
    .write_private = write_private,
};

const struct vouch_key_impl vouch_key_impl_sk_ecdsa_p256 = {
    .type = VOUCH_KEY_SK_ECDSA_P256,
    .name = "sk-ecdsa-sha2-nistp256@openssh.com",
    .label = "ECDSA-SK",
    .cert_name = "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
    .bits = 256,
    .public_strings = 3,
    .group = "P-256",
    .curve = "nistp256",
    .hash = VOUCH_HASH_SHA256,
    .has_application = 1,
    .read_public = read_public_ecdsa,
    .load = vouch_ecdsa_load,
    .verify = verify_ecdsa,
    .weakness = vouch_ecdsa_weakness,
    .read_private = read_private,
    .write_private = write_private,
};
