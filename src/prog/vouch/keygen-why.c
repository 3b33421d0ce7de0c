// SPDX-License-Identifier: ISC
// Why a key or certificate is not one, in OpenSSH's words.
//
// core says at which field it stopped and why; OpenSSH says what it came upon first, reading in its own
// order. This reads in that order, only after core has refused, and finds the words: it accepts nothing.
#include <errno.h>

#include "prog/vouch/keygen-load.h"

#define TOO_LARGE (0x8000000 - 4) // OpenSSH's bound on a string
#define POINT_MAX 133             // of P-521

static const char invalid[] = "invalid format";

// A zero byte at the very end does not count for OpenSSH.
static int has_zero(struct vouch_bytes text) {
    return text.len > 1 && memchr(text.ptr, '\0', text.len - 1) != NULL;
}

// Words for a string that cannot be read, NULL if *ret_string is one.
static const char *read_string(struct vouch_reader *reader, struct vouch_bytes *ret_string) {
    uint32_t len = vouch_read_u32(reader, "length");
    if (reader->err == VOUCH_OK && len > TOO_LARGE) {
        return "string is too large";
    }
    *ret_string = vouch_read_bytes(reader, len, "string");
    return reader->err != VOUCH_OK ? "incomplete message" : NULL;
}

static const char *judge_mpints(struct vouch_reader *reader) {
    (void)vouch_read_mpint(reader, VOUCH_KEY_BLOB_MAX, "number");
    (void)vouch_read_mpint(reader, VOUCH_KEY_BLOB_MAX, "number");
    return reader->err != VOUCH_OK ? invalid : NULL;
}

static const char *judge_ed25519(struct vouch_reader *reader) {
    struct vouch_bytes point = {0};
    const char *words = read_string(reader, &point);
    return words == NULL && point.len != 32 ? invalid : words;
}

static const char *curve_of(enum vouch_key_type type) {
    switch (type) {
    case VOUCH_KEY_ECDSA_P384:
        return "nistp384";
    case VOUCH_KEY_ECDSA_P521:
        return "nistp521";
    case VOUCH_KEY_NONE:
    case VOUCH_KEY_RSA:
    case VOUCH_KEY_ECDSA_P256:
    case VOUCH_KEY_ED25519:
    case VOUCH_KEY_SK_ED25519:
    case VOUCH_KEY_SK_ECDSA_P256:
        break;
    }
    return "nistp256";
}

static const char *judge_ecdsa(struct vouch_reader *reader, enum vouch_key_type type) {
    struct vouch_bytes curve = {0};
    struct vouch_bytes point = {0};
    const char *words = read_string(reader, &curve);
    if (words != NULL || has_zero(curve)) {
        return words != NULL ? words : invalid;
    }
    if (curve.len > 0 && curve.ptr[curve.len - 1] == '\0') {
        curve.len--;
    }
    if (!vouch_bytes_equal(curve, vouch_bytes_of(curve_of(type)))) {
        return "elliptic curve does not match";
    }
    words = read_string(reader, &point);
    if (words != NULL) {
        return words;
    }
    return point.len == 0 || point.len > POINT_MAX ? "elliptic curve point is too large" : NULL;
}

static const char *judge_fields(struct vouch_reader *reader, enum vouch_key_type type) {
    switch (type) {
    case VOUCH_KEY_RSA:
        return judge_mpints(reader);
    case VOUCH_KEY_ED25519:
    case VOUCH_KEY_SK_ED25519:
        return judge_ed25519(reader);
    case VOUCH_KEY_ECDSA_P256:
    case VOUCH_KEY_ECDSA_P384:
    case VOUCH_KEY_ECDSA_P521:
    case VOUCH_KEY_SK_ECDSA_P256:
        return judge_ecdsa(reader, type);
    case VOUCH_KEY_NONE:
        break;
    }
    return "unknown or unsupported key type";
}

static int is_security_key(enum vouch_key_type type) {
    return type == VOUCH_KEY_SK_ED25519 || type == VOUCH_KEY_SK_ECDSA_P256;
}

// The fields of a public key behind its name. NULL where nothing is wrong with their form.
static const char *judge_public(struct vouch_reader *reader, enum vouch_key_type type) {
    const char *words = judge_fields(reader, type);
    if (words == NULL && is_security_key(type)) {
        (void)vouch_read_string(reader, "application");
    }
    return words == NULL && reader->err != VOUCH_OK ? invalid : words;
}

// The key as such, once its fields have the right form: its size, and whether a point is on its curve.
static const char *judge_key(enum vouch_key_type type, struct vouch_bytes fields) {
    struct vouch_buf blob;
    struct vouch_key *key = NULL;
    struct vouch_where where;
    vouch_buf_init(&blob, VOUCH_CERT_BLOB_MAX);
    vouch_write_text(&blob, vouch_key_type_name(type));
    vouch_buf_put(&blob, fields);
    int err = blob.err;
    if (err == VOUCH_OK) {
        err = vouch_key_parse(vouch_buf_bytes(&blob), &key, &where);
    }
    vouch_key_free(key);
    vouch_buf_done(&blob);
    if (err == VOUCH_OK) {
        return NULL;
    }
    return err == VOUCH_ERR_KEY_LENGTH ? "Invalid key length" : invalid;
}

static int is_rsa_algorithm(struct vouch_bytes name) {
    return vouch_bytes_equal(name, vouch_bytes_of("ssh-rsa")) ||
           vouch_bytes_equal(name, vouch_bytes_of("rsa-sha2-256")) ||
           vouch_bytes_equal(name, vouch_bytes_of("rsa-sha2-512"));
}

static const char *judge_body(enum vouch_key_type type, const struct vouch_key *ca,
                              struct vouch_bytes body) {
    struct vouch_reader numbers;
    if (type == VOUCH_KEY_RSA) {
        return body.len > (vouch_key_bits(ca) + 7) / 8 ? "key bits do not match"
                                                       : "incorrect signature";
    }
    if (type == VOUCH_KEY_ED25519) {
        return body.len > 64 ? invalid : "incorrect signature";
    }
    vouch_reader_init(&numbers, body);
    if (judge_mpints(&numbers) != NULL) {
        return invalid;
    }
    return vouch_reader_left(&numbers) > 0 ? "unexpected bytes remain after decoding"
                                           : "incorrect signature";
}

static int is_algorithm_of(enum vouch_key_type type, struct vouch_bytes name) {
    return type == VOUCH_KEY_RSA
               ? is_rsa_algorithm(name)
               : vouch_bytes_equal(name, vouch_bytes_of(vouch_key_type_name(type)));
}

// Ed25519 reads both strings before it looks at the name, and says what is wrong with either; RSA looks
// at the name first.
static const char *judge_strings(enum vouch_key_type type, struct vouch_reader *reader,
                                 struct vouch_bytes *ret_body) {
    struct vouch_bytes name = {0};
    const char *words = read_string(reader, &name);
    int fits = is_algorithm_of(type, name);
    if (words == NULL && has_zero(name)) {
        words = invalid;
    }
    if (words == NULL && (fits || type != VOUCH_KEY_RSA)) {
        words = read_string(reader, ret_body);
    }
    if (words != NULL) {
        return type == VOUCH_KEY_ED25519 ? words : invalid;
    }
    return fits ? NULL : "key type does not match";
}

static const char *judge_signature(const struct vouch_key *ca, struct vouch_bytes signature) {
    enum vouch_key_type type = vouch_key_type(ca);
    struct vouch_bytes body = {0};
    struct vouch_reader reader;
    if (is_security_key(type)) {
        return "incorrect signature";
    }
    if (signature.len == 0) {
        return "invalid argument";
    }
    vouch_reader_init(&reader, signature);
    const char *words = judge_strings(type, &reader, &body);
    if (words != NULL) {
        return words;
    }
    return vouch_reader_left(&reader) > 0 ? "unexpected bytes remain after decoding"
                                          : judge_body(type, ca, body);
}

static const char *judge_pairs(struct vouch_bytes packed) {
    struct vouch_reader pairs;
    vouch_reader_init(&pairs, packed);
    while (vouch_reader_left(&pairs) > 0) {
        (void)vouch_read_string(&pairs, "name");
        (void)vouch_read_string(&pairs, "data");
    }
    return pairs.err != VOUCH_OK ? invalid : NULL;
}

static const char *judge_names(struct vouch_bytes packed) {
    struct vouch_reader names;
    size_t count = 0;
    vouch_reader_init(&names, packed);
    while (vouch_reader_left(&names) > 0) {
        if (has_zero(vouch_read_string(&names, "name"))) {
            return invalid;
        }
        count++;
    }
    return names.err != VOUCH_OK || count > VOUCH_CERT_PRINCIPALS_MAX ? invalid : NULL;
}

// What must hold before the CA's key is looked at.
static const char *judge_lists(struct vouch_bytes principals, struct vouch_bytes critical,
                               struct vouch_bytes extensions) {
    const char *words = judge_names(principals);
    words = words == NULL ? judge_pairs(critical) : words;
    return words == NULL ? judge_pairs(extensions) : words;
}

// With a good signature, what is wrong must be what follows it.
static const char *judge_ca(struct vouch_bytes blob, struct vouch_bytes signature,
                            struct vouch_bytes tbs) {
    struct vouch_key *ca = NULL;
    struct vouch_where where;
    if (vouch_key_parse(blob, &ca, &where) != VOUCH_OK) {
        return "invalid certificate signing key";
    }
    const char *words =
        vouch_key_verify(ca, signature, tbs) == VOUCH_OK ? invalid : judge_signature(ca, signature);
    vouch_key_free(ca);
    return words;
}

// A certificate from behind its public key.
static const char *judge_cert(struct vouch_reader *reader) {
    (void)vouch_read_u64(reader, "serial");
    uint32_t type = vouch_read_u32(reader, "type");
    struct vouch_bytes key_id = vouch_read_string(reader, "key id");
    struct vouch_bytes principals = vouch_read_string(reader, "principals");
    (void)vouch_read_u64(reader, "valid after");
    (void)vouch_read_u64(reader, "valid before");
    struct vouch_bytes critical = vouch_read_string(reader, "critical options");
    struct vouch_bytes extensions = vouch_read_string(reader, "extensions");
    (void)vouch_read_string(reader, "reserved");
    struct vouch_bytes ca = vouch_read_string(reader, "signature key");
    struct vouch_bytes tbs = {reader->start, (size_t)(reader->pos - reader->start)};
    struct vouch_bytes signature = vouch_read_string(reader, "signature");
    if (reader->err != VOUCH_OK || has_zero(key_id)) {
        return invalid;
    }
    if (type != VOUCH_CERT_USER && type != VOUCH_CERT_HOST) {
        return "unknown/unsupported certificate type";
    }
    const char *words = judge_lists(principals, critical, extensions);
    return words == NULL ? judge_ca(ca, signature, tbs) : words;
}

const char *vouch_keygen_explain(struct vouch_bytes blob, int err) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, blob);
    struct vouch_bytes name = vouch_read_string(&reader, "key type");
    enum vouch_key_type type = vouch_key_type_from_cert_name(name);
    int is_cert = type != VOUCH_KEY_NONE;
    if (reader.err != VOUCH_OK || has_zero(name) || err == VOUCH_ERR_NO_MEMORY) {
        return err == VOUCH_ERR_NO_MEMORY ? vouch_keygen_why(err, NULL) : invalid;
    }
    if (is_cert) {
        (void)vouch_read_string(&reader, "nonce");
    } else {
        type = vouch_key_type_from_name(name);
    }
    if (reader.err != VOUCH_OK) {
        return invalid;
    }
    const uint8_t *fields = reader.pos;
    const char *words = judge_public(&reader, type);
    if (words == NULL) {
        words = judge_key(type, (struct vouch_bytes){fields, (size_t)(reader.pos - fields)});
    }
    if (words != NULL) {
        return words;
    }
    return is_cert ? judge_cert(&reader) : invalid;
}
