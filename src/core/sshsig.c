// SPDX-License-Identifier: ISC
// SSHSIG (OpenSSH's PROTOCOL.sshsig): the signature blob, what it signs, and its armour.
#include "vouch/sshsig.h"

#include "base/mem.h"
#include "base/str.h"
#include "core/key.h"

#define MAGIC "SSHSIG"
#define VERSION 1
#define ARMOUR_BEGIN "-----BEGIN SSH SIGNATURE-----"
#define ARMOUR_END "-----END SSH SIGNATURE-----"
#define ARMOUR_COLUMNS 70

#define autobuf VOUCH_CLEANUP(vouch_buf_done)
#define autoby VOUCH_CLEANUP(vouch_sshsig_by_done)

// The fields of a signature blob, as slices of it.
struct parts {
    struct vouch_bytes public_blob;
    struct vouch_bytes name_space;
    struct vouch_bytes reserved;
    struct vouch_bytes hash_name;
    struct vouch_bytes signature;
};

static int fail(struct vouch_where *ret_where, int err, const char *field, const char *reason) {
    if (ret_where != NULL) {
        *ret_where = (struct vouch_where){.field = field, .reason = reason};
    }
    return err;
}

void vouch_sshsig_by_done(struct vouch_sshsig_by *by) {
    if (by == NULL) {
        return;
    }
    vouch_key_free(by->key);
    vouch_cert_free(by->cert);
    *by = (struct vouch_sshsig_by){0};
}

// The two hashes of the format; others are unknown to it.
static const char *hash_name_of(enum vouch_hash hash) {
    if (hash == VOUCH_HASH_SHA512) {
        return "sha512";
    }
    return hash == VOUCH_HASH_SHA256 ? "sha256" : NULL;
}

static int hash_from_name(struct vouch_bytes name, enum vouch_hash *ret_hash) {
    static const enum vouch_hash known[] = {VOUCH_HASH_SHA512, VOUCH_HASH_SHA256};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (vouch_bytes_equal(name, vouch_bytes_of(hash_name_of(known[i])))) {
            *ret_hash = known[i];
            return VOUCH_OK;
        }
    }
    return VOUCH_ERR_UNSUPPORTED;
}

// Reads who signed from the public key field: a certificate, whose own signature is verified on the
// way, or a plain key.
static int read_signer(struct vouch_bytes blob, struct vouch_sshsig_by *by,
                       struct vouch_where *ret_where) {
    struct vouch_bytes name = vouch_signature_algorithm(blob);
    if (vouch_key_type_from_cert_name(name) != VOUCH_KEY_NONE) {
        return vouch_cert_parse(blob, &by->cert, ret_where);
    }
    return vouch_key_parse(blob, &by->key, ret_where);
}

static const struct vouch_key *signer_key(const struct vouch_sshsig_by *by) {
    return by->cert != NULL ? by->cert->key : by->key;
}

// SHA-1, which RSA keys would still verify, has no place in this format.
static int verify_bytes(const struct vouch_key *key, struct vouch_bytes signature,
                        struct vouch_bytes signed_data, struct vouch_where *ret_where) {
    if (vouch_bytes_equal(vouch_signature_algorithm(signature), vouch_bytes_of("ssh-rsa"))) {
        return fail(ret_where, VOUCH_ERR_UNSUPPORTED, "signature",
                    "is by RSA with SHA-1, not with SHA-2");
    }
    int err = vouch_key_verify(key, signature, signed_data);
    if (err != VOUCH_OK) {
        return fail(ret_where, err, "signature", "does not verify");
    }
    return VOUCH_OK;
}

// What is signed: the blob's fields without the key, and the hash in place of the message.
static int write_signed_data(const struct parts *parts, enum vouch_hash hash,
                             struct vouch_bytes message, struct vouch_buf *out) {
    uint8_t digest[VOUCH_HASH_MAX];
    size_t digest_len = vouch_hash_bytes(hash, message, digest);
    if (digest_len == 0) {
        return VOUCH_ERR_CRYPTO;
    }
    vouch_buf_put_text(out, MAGIC);
    vouch_write_string(out, parts->name_space);
    vouch_write_string(out, parts->reserved);
    vouch_write_string(out, parts->hash_name);
    vouch_write_string(out, (struct vouch_bytes){digest, digest_len});
    return out->err;
}

static int write_blob(const struct parts *parts, struct vouch_buf *out) {
    vouch_buf_put_text(out, MAGIC);
    vouch_write_u32(out, VERSION);
    vouch_write_string(out, parts->public_blob);
    vouch_write_string(out, parts->name_space);
    vouch_write_string(out, parts->reserved);
    vouch_write_string(out, parts->hash_name);
    vouch_write_string(out, parts->signature);
    return out->err;
}

static int write_armour(struct vouch_bytes blob, struct vouch_buf *out) {
    autobuf struct vouch_buf text;
    vouch_buf_init(&text, VOUCH_SSHSIG_MAX);
    vouch_str_base64(blob, '=', &text);
    if (text.err != VOUCH_OK) {
        return text.err;
    }
    vouch_buf_put_text(out, ARMOUR_BEGIN "\n");
    for (size_t at = 0; at < text.len; at += ARMOUR_COLUMNS) {
        size_t left = text.len - at;
        size_t len = left < ARMOUR_COLUMNS ? left : ARMOUR_COLUMNS;
        vouch_buf_put(out, (struct vouch_bytes){text.ptr + at, len});
        vouch_buf_put_text(out, "\n");
    }
    vouch_buf_put_text(out, ARMOUR_END "\n");
    return out->err;
}

// Signs, and verifies before anything is released: the callback may be an agent or a token.
static int sign_parts(const struct vouch_sshsig_signer *signer, struct vouch_bytes signed_data,
                      struct vouch_buf *signature) {
    autoby struct vouch_sshsig_by by = {0};
    int err = read_signer(signer->public_blob, &by, NULL);
    if (err == VOUCH_OK) {
        err = signer->sign(signer->context, signed_data, signature);
    }
    if (err == VOUCH_OK) {
        err = signature->err;
    }
    return err == VOUCH_OK
               ? verify_bytes(signer_key(&by), vouch_buf_bytes(signature), signed_data, NULL)
               : err;
}

int vouch_sshsig_sign(const struct vouch_sshsig_signer *signer, const char *name_space,
                      struct vouch_bytes message, struct vouch_buf *armoured) {
    const char *hash_name = hash_name_of(signer->hash);
    if (name_space == NULL || name_space[0] == '\0' || hash_name == NULL) {
        return VOUCH_ERR_ARGUMENT;
    }
    struct parts parts = {.public_blob = signer->public_blob,
                          .name_space = vouch_bytes_of(name_space),
                          .hash_name = vouch_bytes_of(hash_name)};
    autobuf struct vouch_buf signed_data;
    autobuf struct vouch_buf signature;
    autobuf struct vouch_buf blob;
    vouch_buf_init(&signed_data, VOUCH_SSHSIG_MAX);
    vouch_buf_init(&signature, VOUCH_SIGNATURE_MAX);
    vouch_buf_init(&blob, VOUCH_SSHSIG_MAX);
    int err = write_signed_data(&parts, signer->hash, message, &signed_data);
    if (err == VOUCH_OK) {
        err = sign_parts(signer, vouch_buf_bytes(&signed_data), &signature);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    parts.signature = vouch_buf_bytes(&signature);
    err = write_blob(&parts, &blob);
    size_t before = armoured->len;
    if (err == VOUCH_OK) {
        err = write_armour(vouch_buf_bytes(&blob), armoured);
    }
    if (err != VOUCH_OK) {
        armoured->len = before;
    }
    return err;
}

// The next line, without its LF or CR LF.
static struct vouch_bytes take_line(struct vouch_bytes *rest) {
    struct vouch_bytes line = vouch_str_cut(rest, '\n');
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

static int is_line(struct vouch_bytes line, const char *text) {
    return vouch_bytes_equal(line, vouch_bytes_of(text));
}

// Takes the armour off: begin line, lines of base64, end line, and nothing else but one line end.
static int read_armour(struct vouch_bytes armoured, struct vouch_buf *blob,
                       struct vouch_where *ret_where) {
    if (armoured.len > VOUCH_SSHSIG_MAX) {
        return fail(ret_where, VOUCH_ERR_LIMIT, "signature", "is longer than 512 KiB");
    }
    struct vouch_bytes rest = armoured;
    if (armoured.len == 0 || !is_line(take_line(&rest), ARMOUR_BEGIN)) {
        return fail(ret_where, VOUCH_ERR_FORMAT, "signature", "does not begin with " ARMOUR_BEGIN);
    }
    autobuf struct vouch_buf text;
    vouch_buf_init(&text, VOUCH_SSHSIG_MAX);
    struct vouch_bytes line = {0};
    while (rest.ptr != NULL && !is_line(line = take_line(&rest), ARMOUR_END)) {
        vouch_buf_put(&text, line);
    }
    if (!is_line(line, ARMOUR_END)) {
        return fail(ret_where, VOUCH_ERR_TRUNCATED, "signature", "does not end with " ARMOUR_END);
    }
    if (rest.ptr != NULL && rest.len > 0) {
        return fail(ret_where, VOUCH_ERR_TRAILING, "signature", "goes on after " ARMOUR_END);
    }
    int err = text.err != VOUCH_OK ? text.err : vouch_str_unbase64(vouch_buf_bytes(&text), blob);
    if (err == VOUCH_OK) {
        err = blob->err;
    }
    return err == VOUCH_OK ? VOUCH_OK
                           : fail(ret_where, err, "signature", "is not base64 inside its armour");
}

static int read_blob(struct vouch_bytes blob, struct parts *ret_parts,
                     struct vouch_where *ret_where) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, blob);
    struct vouch_bytes magic = vouch_read_bytes(&reader, strlen(MAGIC), "magic");
    if (!vouch_bytes_equal(magic, vouch_bytes_of(MAGIC))) {
        vouch_reader_fail(&reader, VOUCH_ERR_FORMAT, "magic", "is not " MAGIC);
    }
    if (vouch_read_u32(&reader, "version") != VERSION) {
        vouch_reader_fail(&reader, VOUCH_ERR_UNSUPPORTED, "version", "is not 1");
    }
    struct parts parts = {0};
    parts.public_blob = vouch_read_string(&reader, "public key");
    parts.name_space = vouch_read_string(&reader, "namespace");
    parts.reserved = vouch_read_string(&reader, "reserved");
    parts.hash_name = vouch_read_string(&reader, "hash algorithm");
    parts.signature = vouch_read_string(&reader, "signature");
    int err = vouch_reader_end(&reader, ret_where);
    if (err == VOUCH_OK) {
        *ret_parts = parts;
    }
    return err;
}

static int verify_parts(const struct parts *parts, struct vouch_bytes message,
                        struct vouch_sshsig_by *by, struct vouch_where *ret_where) {
    int err = hash_from_name(parts->hash_name, &by->hash);
    if (err != VOUCH_OK) {
        return fail(ret_where, err, "hash algorithm", "is neither sha512 nor sha256");
    }
    err = read_signer(parts->public_blob, by, ret_where);
    if (err != VOUCH_OK) {
        return err;
    }
    autobuf struct vouch_buf signed_data;
    vouch_buf_init(&signed_data, VOUCH_SSHSIG_MAX);
    err = write_signed_data(parts, by->hash, message, &signed_data);
    if (err != VOUCH_OK) {
        return fail(ret_where, err, "message", NULL);
    }
    return verify_bytes(signer_key(by), parts->signature, vouch_buf_bytes(&signed_data), ret_where);
}

// A place inside the decoded blob would mean nothing to someone who holds the armoured text.
static int at_start(int err, struct vouch_where *ret_where) {
    if (err != VOUCH_OK && ret_where != NULL) {
        ret_where->offset = 0;
    }
    return err;
}

int vouch_sshsig_verify(struct vouch_bytes armoured, const char *name_space,
                        struct vouch_bytes message, struct vouch_sshsig_by *ret_by,
                        struct vouch_where *ret_where) {
    if (name_space == NULL || name_space[0] == '\0') {
        return fail(ret_where, VOUCH_ERR_ARGUMENT, "namespace", "is empty");
    }
    autobuf struct vouch_buf blob;
    vouch_buf_init(&blob, VOUCH_SSHSIG_MAX);
    struct parts parts = {0};
    int err = read_armour(armoured, &blob, ret_where);
    if (err == VOUCH_OK) {
        err = read_blob(vouch_buf_bytes(&blob), &parts, ret_where);
    }
    if (err != VOUCH_OK) {
        return at_start(err, ret_where);
    }
    if (!vouch_bytes_equal(parts.name_space, vouch_bytes_of(name_space))) {
        return fail(ret_where, VOUCH_ERR_MISMATCH, "namespace", "is not the one that was expected");
    }
    autoby struct vouch_sshsig_by by = {0};
    err = verify_parts(&parts, message, &by, ret_where);
    if (err != VOUCH_OK) {
        return at_start(err, ret_where);
    }
    *ret_by = by;
    by = (struct vouch_sshsig_by){0};
    return VOUCH_OK;
}
