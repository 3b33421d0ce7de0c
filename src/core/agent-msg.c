// SPDX-License-Identifier: ISC
// The ssh-agent messages of RFC 9987 that a certificate authority and its clients need.
#include "core/agent-msg.h"

#include <stdlib.h>

#include "base/mem.h"
#include "core/key.h"

// RFC 9987 section 5.1, and section 5.3 for the flags.
enum {
    AGENT_FAILURE = 5,
    AGENT_SUCCESS = 6,
    REQUEST_IDENTITIES = 11,
    IDENTITIES_ANSWER = 12,
    SIGN_REQUEST = 13,
    SIGN_RESPONSE = 14,
    ADD_IDENTITY = 17,
    REMOVE_IDENTITY = 18,
    REMOVE_ALL_IDENTITIES = 19,
    ADD_ID_CONSTRAINED = 25,

    CONSTRAIN_LIFETIME = 1,
    CONSTRAIN_CONFIRM = 2,
};

// Bytes that the private fields of any key take at most: six numbers of the longest RSA key.
#define PRIVATE_MAX (6 * (VOUCH_RSA_BYTES_MAX + 8) + 1024)

struct algorithm {
    const char *name;
    uint32_t flags;
};

// RSA alone has more than one algorithm; the first is the default. Without a flag it is SHA-1.
static const struct algorithm rsa_algorithms[] = {
    {"rsa-sha2-512", 4},
    {"rsa-sha2-256", 2},
    {"ssh-rsa", 0},
};

static int fail(struct vouch_where *ret_where, int err, const char *field, const char *reason) {
    if (ret_where != NULL) {
        *ret_where = (struct vouch_where){.field = field, .reason = reason};
    }
    return err;
}

static int choose_algorithm(const struct vouch_agent_sign *what, struct algorithm *ret_algorithm,
                            struct vouch_where *ret_where) {
    const struct algorithm own = {what->key->impl->name, 0};
    int is_rsa = what->key->impl->type == VOUCH_KEY_RSA;
    const struct algorithm *rows = is_rsa ? rsa_algorithms : &own;
    size_t count = is_rsa ? sizeof rsa_algorithms / sizeof rsa_algorithms[0] : 1;
    for (size_t i = 0; i < count; i++) {
        if (what->algorithm == NULL || strcmp(what->algorithm, rows[i].name) == 0) {
            *ret_algorithm = rows[i];
            return VOUCH_OK;
        }
    }
    return fail(ret_where, VOUCH_ERR_UNSUPPORTED, "signature algorithm",
                "is not one of this type of key");
}

// What the agent knows the key by: the certificate if there is one, which must be the key's.
static int identity_blob(const struct vouch_key *key, const struct vouch_cert *cert,
                         struct vouch_bytes *ret_blob, struct vouch_where *ret_where) {
    if (cert == NULL) {
        *ret_blob = key->blob;
        return VOUCH_OK;
    }
    if (!vouch_key_equal(cert->key, key)) {
        return fail(ret_where, VOUCH_ERR_MISMATCH, "certificate", "is of another key");
    }
    *ret_blob = cert->blob;
    return VOUCH_OK;
}

struct vouch_bytes vouch_agent_msg_list(void) {
    static const uint8_t question[] = {REQUEST_IDENTITIES};
    return (struct vouch_bytes){question, sizeof question};
}

struct vouch_bytes vouch_agent_msg_remove_all(void) {
    static const uint8_t question[] = {REMOVE_ALL_IDENTITIES};
    return (struct vouch_bytes){question, sizeof question};
}

void vouch_agent_msg_write_remove(struct vouch_bytes blob, struct vouch_buf *out) {
    vouch_write_u8(out, REMOVE_IDENTITY);
    vouch_write_string(out, blob);
}

int vouch_agent_msg_write_sign(const struct vouch_agent_sign *what, struct vouch_buf *out,
                               struct vouch_where *ret_where) {
    struct algorithm algorithm = {0};
    struct vouch_bytes blob = {0};
    int err = choose_algorithm(what, &algorithm, ret_where);
    if (err == VOUCH_OK) {
        err = identity_blob(what->key, what->cert, &blob, ret_where);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_write_u8(out, SIGN_REQUEST);
    vouch_write_string(out, blob);
    vouch_write_string(out, what->data);
    vouch_write_u32(out, algorithm.flags);
    return out->err == VOUCH_OK ? VOUCH_OK : fail(ret_where, out->err, "data to be signed", NULL);
}

// The key as the agent stores it. With a certificate: its type, the certificate, and of the private
// fields those that the certificate does not say already.
static int write_identity(const struct vouch_agent_add *what, struct vouch_buf *out) {
    if (what->cert == NULL) {
        return vouch_private_key_write(what->key, out);
    }
    const struct vouch_key_impl *impl = what->key->public_key->impl;
    vouch_write_string(out, vouch_signature_algorithm(what->cert->blob));
    vouch_write_string(out, what->cert->blob);
    return impl->write_private != NULL ? impl->write_private(what->key, VOUCH_KEY_LAYOUT_CERT, out)
                                       : VOUCH_ERR_UNSUPPORTED;
}

static int write_add(const struct vouch_agent_add *what, struct vouch_buf *out) {
    int is_limited = what->lifetime_s != VOUCH_AGENT_UNTIL_REMOVED;
    vouch_write_u8(out, is_limited || what->confirm ? ADD_ID_CONSTRAINED : ADD_IDENTITY);
    int err = write_identity(what, out);
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_write_text(out, what->comment != NULL ? what->comment : "");
    if (is_limited) {
        vouch_write_u8(out, CONSTRAIN_LIFETIME);
        vouch_write_u32(out, what->lifetime_s);
    }
    if (what->confirm) {
        vouch_write_u8(out, CONSTRAIN_CONFIRM);
    }
    return out->err;
}

int vouch_agent_msg_write_add(const struct vouch_agent_add *what, struct vouch_secret *ret_message,
                              struct vouch_where *ret_where) {
    if (what->lifetime_s == 0) {
        return fail(ret_where, VOUCH_ERR_ARGUMENT, "lifetime", "is 0: it would end at once");
    }
    struct vouch_bytes blob = {0};
    int err = identity_blob(what->key->public_key, what->cert, &blob, ret_where);
    if (err != VOUCH_OK) {
        return err;
    }
    size_t comment_len = what->comment != NULL ? strlen(what->comment) : 0;
    if (blob.len > VOUCH_AGENT_MESSAGE_MAX || comment_len > VOUCH_AGENT_MESSAGE_MAX) {
        return fail(ret_where, VOUCH_ERR_LIMIT, "key", "is too long for an agent");
    }
    vouch_autosecret struct vouch_secret memory = {0};
    err = vouch_secret_new(blob.len + comment_len + PRIVATE_MAX, &memory);
    if (err != VOUCH_OK) {
        return fail(ret_where, err, "key", NULL);
    }
    struct vouch_buf message;
    vouch_buf_init_fixed(&message, memory.ptr, memory.len);
    err = write_add(what, &message);
    if (err == VOUCH_OK && message.len > VOUCH_AGENT_MESSAGE_MAX) {
        err = VOUCH_ERR_LIMIT;
    }
    if (err != VOUCH_OK) {
        return fail(ret_where, err, "key", "cannot be written for an agent");
    }
    *ret_message = (struct vouch_secret){memory.ptr, message.len};
    memory = (struct vouch_secret){0};
    return VOUCH_OK;
}

// Begins an answer of type `wanted`. A refusal is one byte; anything after it is not a refusal.
static void begin_answer(struct vouch_reader *reader, struct vouch_bytes answer, uint8_t wanted) {
    vouch_reader_init(reader, answer);
    if (answer.len > VOUCH_AGENT_MESSAGE_MAX) {
        vouch_reader_fail(reader, VOUCH_ERR_LIMIT, "answer", "is longer than any may be");
    }
    uint8_t type = vouch_read_u8(reader, "answer");
    if (type == AGENT_FAILURE && vouch_reader_left(reader) == 0) {
        vouch_reader_fail(reader, VOUCH_ERR_REFUSED, "request", "was refused");
    } else if (type != wanted) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, "answer", "is not one to this question");
    }
}

int vouch_agent_msg_read_done(struct vouch_bytes answer, struct vouch_where *ret_where) {
    struct vouch_reader reader;
    begin_answer(&reader, answer, AGENT_SUCCESS);
    return vouch_reader_end(&reader, ret_where);
}

static void read_keys(struct vouch_reader *reader, struct vouch_agent_listing *listing) {
    uint32_t count = vouch_read_u32(reader, "number of keys");
    if (count > VOUCH_AGENT_KEYS_MAX) {
        vouch_reader_fail(reader, VOUCH_ERR_LIMIT, "number of keys", "is over 2048");
    }
    if (reader->err != VOUCH_OK) {
        return;
    }
    listing->keys = calloc(count > 0 ? count : 1, sizeof *listing->keys);
    if (listing->keys == NULL) {
        vouch_reader_fail(reader, VOUCH_ERR_NO_MEMORY, "keys", NULL);
        return;
    }
    listing->count = count;
    for (size_t i = 0; i < count; i++) {
        listing->keys[i].blob = vouch_read_string(reader, "key");
        listing->keys[i].comment = vouch_read_text(reader, "comment");
    }
}

int vouch_agent_msg_read_list(struct vouch_bytes answer, struct vouch_agent_listing *ret_listing,
                              struct vouch_where *ret_where) {
    struct vouch_reader reader;
    begin_answer(&reader, answer, IDENTITIES_ANSWER);
    if (reader.err != VOUCH_OK) {
        return vouch_reader_end(&reader, ret_where);
    }
    vouch_autolisting struct vouch_agent_listing listing = {.memory = malloc(answer.len)};
    if (listing.memory == NULL) {
        return fail(ret_where, VOUCH_ERR_NO_MEMORY, "answer", NULL);
    }
    memcpy(listing.memory, answer.ptr, answer.len);
    begin_answer(&reader, (struct vouch_bytes){listing.memory, answer.len}, IDENTITIES_ANSWER);
    read_keys(&reader, &listing);
    int err = vouch_reader_end(&reader, ret_where);
    if (err == VOUCH_OK) {
        *ret_listing = listing;
        listing = (struct vouch_agent_listing){0};
    }
    return err;
}

int vouch_agent_msg_read_signature(struct vouch_bytes answer, const struct vouch_agent_sign *what,
                                   struct vouch_bytes *ret_signature,
                                   struct vouch_where *ret_where) {
    struct algorithm wanted = {0};
    int err = choose_algorithm(what, &wanted, ret_where);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_reader reader;
    begin_answer(&reader, answer, SIGN_RESPONSE);
    struct vouch_bytes signature = vouch_read_string(&reader, "signature");
    err = vouch_reader_end(&reader, ret_where);
    if (err != VOUCH_OK) {
        return err;
    }
    if (!vouch_bytes_equal(vouch_signature_algorithm(signature), vouch_bytes_of(wanted.name))) {
        return fail(ret_where, VOUCH_ERR_MISMATCH, "signature",
                    "is by another algorithm than was asked for");
    }
    err = vouch_key_verify(what->key, signature, what->data);
    if (err != VOUCH_OK) {
        return fail(ret_where, err, "signature", "does not verify with the key that was asked for");
    }
    *ret_signature = signature;
    return VOUCH_OK;
}

int vouch_agent_listing_has(const struct vouch_agent_listing *listing, struct vouch_bytes blob) {
    for (size_t i = 0; i < listing->count; i++) {
        if (vouch_bytes_equal(listing->keys[i].blob, blob)) {
            return 1;
        }
    }
    return 0;
}

void vouch_agent_listing_done(struct vouch_agent_listing *listing) {
    if (listing == NULL) {
        return;
    }
    free(listing->keys);
    free(listing->memory);
    *listing = (struct vouch_agent_listing){0};
}
