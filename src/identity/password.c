// SPDX-License-Identifier: ISC
// Passwords: argon2id of libsodium in a bounded pool, kept as the strings that libargon2 and libsodium
// write too.
//
// The string is read here and the hash computed anew, rather than asking libsodium whether it fits:
// there a wrong password and a failure have the same answer. For a user who is not there a hash of the
// same cost is made in vain.
#include "identity/password.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#include "base/str.h"
#include "identity/method.h"

#define SALT_LEN crypto_pwhash_SALTBYTES
#define HASH_LEN 32
#define MEMORY_KIB_MAX (256u * 1024) // of what is stored, too
#define PASSES_MAX 10

struct kept {
    uint64_t memory_kib;
    uint64_t passes;
    uint8_t salt[SALT_LEN];
    uint8_t hash[HASH_LEN];
};

// "m=65536": the number behind `mark`.
static int read_number(struct vouch_bytes *rest, const char *mark, uint64_t max, uint64_t *ret) {
    struct vouch_bytes part = vouch_str_cut(rest, ',');
    if (part.len < 3 || memcmp(part.ptr, mark, 2) != 0 || part.ptr[2] == '0') {
        return VOUCH_ERR_FORMAT;
    }
    int err = vouch_str_to_u64((struct vouch_bytes){part.ptr + 2, part.len - 2}, ret);
    return err == VOUCH_OK && *ret > max ? VOUCH_ERR_LIMIT : err;
}

static int read_costs(struct vouch_bytes text, struct kept *ret) {
    uint64_t lanes = 0;
    int err = read_number(&text, "m=", MEMORY_KIB_MAX, &ret->memory_kib);
    if (err == VOUCH_OK && text.ptr != NULL) {
        err = read_number(&text, "t=", PASSES_MAX, &ret->passes);
    }
    if (err == VOUCH_OK && text.ptr != NULL) {
        err = read_number(&text, "p=", 1, &lanes);
    }
    if (err == VOUCH_OK && (lanes != 1 || text.ptr != NULL || ret->memory_kib < 8)) {
        err = VOUCH_ERR_FORMAT;
    }
    return err;
}

// Base64 without its padding, of exactly `len` bytes.
static int read_base64(struct vouch_bytes text, uint8_t *out, size_t len) {
    uint8_t padded[48], decoded[36];
    struct vouch_buf whole, buf;
    vouch_buf_init_fixed(&whole, padded, sizeof padded);
    vouch_buf_init_fixed(&buf, decoded, sizeof decoded);
    vouch_buf_put(&whole, text);
    while (whole.err == VOUCH_OK && whole.len % 4 != 0) {
        vouch_buf_put_text(&whole, "=");
    }
    if (whole.err != VOUCH_OK || vouch_str_unbase64(vouch_buf_bytes(&whole), &buf) != VOUCH_OK ||
        buf.len != len || memchr(text.ptr, '=', text.len) != NULL) {
        return VOUCH_ERR_FORMAT;
    }
    memcpy(out, decoded, len);
    return VOUCH_OK;
}

// "$argon2id$v=19$m=65536,t=2,p=1$SALT$HASH"
static int read_kept(struct vouch_bytes text, struct kept *ret, struct vouch_fault *fault) {
    static const char *const heads[] = {"", "argon2id", "v=19"};
    struct kept kept = {0};
    int is_good = 1;
    for (size_t i = 0; i < 3 && is_good; i++) {
        struct vouch_bytes part = vouch_str_cut(&text, '$');
        is_good = text.ptr != NULL && vouch_bytes_equal(part, vouch_bytes_of(heads[i]));
    }
    is_good = is_good && read_costs(vouch_str_cut(&text, '$'), &kept) == VOUCH_OK;
    is_good = is_good && text.ptr != NULL &&
              read_base64(vouch_str_cut(&text, '$'), kept.salt, SALT_LEN) == VOUCH_OK;
    is_good = is_good && text.ptr != NULL && read_base64(text, kept.hash, HASH_LEN) == VOUCH_OK;
    if (!is_good) {
        return vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_stored,
                               "identity: the password's hash of the user is damaged, or of "
                               "another kind than argon2id");
    }
    *ret = kept;
    return VOUCH_OK;
}

static void write_kept(const struct kept *kept, struct vouch_buf *out) {
    char head[64];
    (void)snprintf(head, sizeof head, "$argon2id$v=19$m=%" PRIu64 ",t=%" PRIu64 ",p=1$",
                   kept->memory_kib, kept->passes);
    vouch_buf_put_text(out, head);
    vouch_str_base64((struct vouch_bytes){kept->salt, SALT_LEN}, 0, out);
    vouch_buf_put_text(out, "$");
    vouch_str_base64((struct vouch_bytes){kept->hash, HASH_LEN}, 0, out);
}

// Computes the hash of `kept`'s salt and costs. The caller has a place in the pool.
static int compute(struct vouch_identity_engine *engine, const struct kept *kept,
                   struct vouch_bytes password, uint8_t ret_hash[static HASH_LEN],
                   struct vouch_fault *fault) {
    int err =
        crypto_pwhash(ret_hash, HASH_LEN, (const char *)password.ptr, password.len, kept->salt,
                      kept->passes, (size_t)kept->memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13);
    if (err != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "identity: no %" PRIu64 " KiB of memory for a password's hash",
                               kept->memory_kib);
    }
    vouch_pool_count(&engine->pool, kept->memory_kib * kept->passes);
    return VOUCH_OK;
}

static struct kept current(const struct vouch_identity_engine *engine) {
    return (struct kept){.memory_kib = engine->cost.memory_kib, .passes = engine->cost.passes};
}

void vouch_password_make_decoy(struct vouch_identity_engine *engine) {
    struct kept decoy = current(engine);
    struct vouch_buf out;
    vouch_random(decoy.salt, sizeof decoy.salt);
    vouch_random(decoy.hash, sizeof decoy.hash);
    memset(engine->decoy, 0, sizeof engine->decoy);
    vouch_buf_init_fixed(&out, engine->decoy, sizeof engine->decoy - 1);
    write_kept(&decoy, &out);
    assert(out.err == VOUCH_OK);
}

static int hash_anew(struct vouch_identity_engine *engine, struct vouch_bytes password,
                     struct vouch_buf *out, struct vouch_fault *fault) {
    struct kept fresh = current(engine);
    vouch_random(fresh.salt, sizeof fresh.salt);
    int err = compute(engine, &fresh, password, fresh.hash, fault);
    if (err == VOUCH_OK) {
        write_kept(&fresh, out);
    }
    return err;
}

static int take_place(struct vouch_identity_engine *engine, uint64_t deadline_ns,
                      struct vouch_identity_reply *reply) {
    if (vouch_pool_begin(&engine->pool, deadline_ns) == VOUCH_POOL_TAKEN) {
        return 1;
    }
    vouch_identity_refuse(reply, &vouch_fault_sign_in_busy, "",
                          "too many people are signing in at this moment");
    reply->answer.verdict = VOUCH_IDENTITY_BUSY;
    return 0;
}

static int make(struct vouch_identity_engine *engine, const struct vouch_identity_ask *ask,
                uint64_t deadline_ns, struct vouch_identity_reply *reply,
                struct vouch_fault *fault) {
    const char *why = vouch_password_objection(ask->given, ask->name);
    if (why != NULL) {
        vouch_identity_refuse(reply, &vouch_fault_password_rule, "password", why);
        return VOUCH_OK;
    }
    if (!take_place(engine, deadline_ns, reply)) {
        return VOUCH_OK;
    }
    int err = hash_anew(engine, ask->given, &reply->stored, fault);
    vouch_pool_end(&engine->pool);
    if (err == VOUCH_OK) {
        reply->answer.verdict = VOUCH_IDENTITY_ACCEPTED;
    }
    return err;
}

// In a place of the pool.
static int compare(struct vouch_identity_engine *engine, const struct vouch_identity_ask *ask,
                   const struct kept *kept, struct vouch_identity_reply *reply,
                   struct vouch_fault *fault) {
    uint8_t hash[HASH_LEN];
    int err = compute(engine, kept, ask->given, hash, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    int is_right = vouch_secret_equal(hash, kept->hash, HASH_LEN);
    vouch_wipe(hash, sizeof hash);
    if (!is_right || ask->stored.len == 0) {
        vouch_identity_refuse_sign_in(reply);
        return VOUCH_OK;
    }
    reply->answer.verdict = VOUCH_IDENTITY_ACCEPTED;
    const struct kept wanted = current(engine);
    if (kept->memory_kib < wanted.memory_kib || kept->passes < wanted.passes) {
        // A failure leaves the old hash, which is still right; the next sign-in tries again.
        struct vouch_fault unwanted;
        if (hash_anew(engine, ask->given, &reply->stored, &unwanted) != VOUCH_OK) {
            vouch_buf_clear(&reply->stored);
        }
    }
    return VOUCH_OK;
}

static int check(struct vouch_identity_engine *engine, const struct vouch_identity_ask *ask,
                 uint64_t deadline_ns, struct vouch_identity_reply *reply,
                 struct vouch_fault *fault) {
    struct kept kept;
    if (!vouch_password_is_text(ask->given)) {
        vouch_identity_refuse_sign_in(reply);
        return VOUCH_OK;
    }
    int err =
        read_kept(ask->stored.len > 0 ? ask->stored : vouch_bytes_of(engine->decoy), &kept, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (!take_place(engine, deadline_ns, reply)) {
        return VOUCH_OK;
    }
    err = compare(engine, ask, &kept, reply, fault);
    vouch_pool_end(&engine->pool);
    return err;
}

const struct vouch_method vouch_method_password = {
    .name = "password", .make = make, .check = check};
