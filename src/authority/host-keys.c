// SPDX-License-Identifier: ISC
// Keys of hosts: taken from a request, proven, and held to who has them already.
#include "authority/fleet.h"
#include "authority/issue.h"
#include "base/time.h"
#include "core/host-proof.h"

#define CLOCK_S 600 // how far the clock of a host may be off

void vouch_host_keys_done(struct vouch_host_keys *keys) {
    for (size_t i = 0; i < keys->count; i++) {
        vouch_key_free(keys->keys[i]);
    }
    *keys = (struct vouch_host_keys){0};
}

static void bad_key(struct vouch_reply *reply, size_t at, const char *why) {
    vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_key_format, "public_key",
                    "keys: key %zu: %s", at + 1, why);
}

// Host keys lie in files of sshd: the types that ask a person for a touch are none.
static int judge(struct vouch_local *authority, const struct vouch_key *key, size_t at,
                 struct vouch_store_host_key *row, struct vouch_reply *reply,
                 struct vouch_fault *fault) {
    enum vouch_key_type type = vouch_key_type(key);
    const char *weakness = vouch_key_weakness(key);
    row->type = vouch_bytes_of(vouch_key_type_name(type));
    if (type == VOUCH_KEY_SK_ED25519 || type == VOUCH_KEY_SK_ECDSA_P256) {
        bad_key(reply, at, "a key of a security key cannot be that of a host");
        return VOUCH_OK;
    }
    if (weakness != NULL) {
        bad_key(reply, at, weakness);
        return VOUCH_OK;
    }
    return vouch_subject_key_judge(authority, key, row->hash, reply, fault);
}

static int take_one(struct vouch_local *authority, const struct vouch_host_key_row *row,
                    struct vouch_host_keys *keys, struct vouch_reply *reply,
                    struct vouch_fault *fault) {
    struct vouch_where where = {0};
    size_t at = keys->count;
    int err = vouch_key_parse(row->key, &keys->keys[at], &where);
    if (err != VOUCH_OK) {
        bad_key(reply, at, where.reason != NULL ? where.reason : vouch_err_text(err));
        return err == VOUCH_ERR_NO_MEMORY ? vouch_no_memory(fault) : VOUCH_OK;
    }
    keys->count++;
    for (size_t i = 0; i < at; i++) {
        if (vouch_key_equal(keys->keys[i], keys->keys[at])) {
            bad_key(reply, at, "is there twice");
            return VOUCH_OK;
        }
    }
    return judge(authority, keys->keys[at], at, &keys->rows[at], reply, fault);
}

static int hash_set(struct vouch_local *authority, struct vouch_host_keys *keys,
                    struct vouch_fault *fault) {
    uint8_t hashes[VOUCH_HOST_KEYS_MAX * VOUCH_STORE_HASH_LEN];
    for (size_t i = 0; i < keys->count; i++) {
        memcpy(hashes + i * VOUCH_STORE_HASH_LEN, keys->rows[i].hash, VOUCH_STORE_HASH_LEN);
    }
    const struct vouch_bytes all = {hashes, keys->count * VOUCH_STORE_HASH_LEN};
    return vouch_hash_of(authority, all, keys->keyset, fault);
}

int vouch_host_keys_take(struct vouch_local *authority, const struct vouch_host_key_row *rows,
                         size_t count, struct vouch_host_keys *ret_keys, struct vouch_reply *reply,
                         struct vouch_fault *fault) {
    int err = VOUCH_OK;
    *ret_keys = (struct vouch_host_keys){0};
    if (count == 0 || count > VOUCH_HOST_KEYS_MAX) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "keys",
                        "keys must be 1 to %d", VOUCH_HOST_KEYS_MAX);
        return VOUCH_OK;
    }
    vouch_reply_done(reply);
    for (size_t i = 0; err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE && i < count; i++) {
        err = take_one(authority, &rows[i], ret_keys, reply, fault);
    }
    vouch_lease_end(authority);
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE
               ? hash_set(authority, ret_keys, fault)
               : err;
}

// --- proofs

static int is_now(uint64_t time_s, struct vouch_reply *reply) {
    uint64_t now_s = vouch_time_now_s();
    uint64_t off_s = time_s > now_s ? time_s - now_s : now_s - time_s;
    if (off_s <= CLOCK_S) {
        return 1;
    }
    vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_host_proof, "time",
                    "time: the host's clock is more than 10 minutes %s ours: set it right",
                    time_s > now_s ? "ahead of" : "behind");
    return 0;
}

int vouch_host_keys_prove(struct vouch_local *authority, const struct vouch_host_keys *keys,
                          const struct vouch_host_claim *claim, struct vouch_reply *reply,
                          struct vouch_fault *fault) {
    const struct vouch_key *with[VOUCH_HOST_KEYS_MAX];
    struct vouch_host_proof proof = {.purpose = (enum vouch_host_proof_purpose)claim->purpose,
                                     .ca = vouch_bytes_of(authority->office->origin),
                                     .name = claim->name,
                                     .time_s = claim->time_s,
                                     .with = with,
                                     .with_count = keys->count};
    if (claim->machine.len != sizeof proof.machine) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "machine",
                        "machine must be a SHA-256");
        return VOUCH_OK;
    }
    if (!is_now(claim->time_s, reply)) {
        return VOUCH_OK;
    }
    memcpy(proof.machine, claim->machine.ptr, sizeof proof.machine);
    for (size_t i = 0; i < keys->count; i++) {
        with[i] = keys->keys[i];
    }
    for (size_t i = 0; i < keys->count; i++) {
        struct vouch_where where = {0};
        proof.key = keys->keys[i];
        int err = vouch_host_proof_check(&proof, claim->rows[i].proof, &where);
        if (err == VOUCH_ERR_NO_MEMORY) {
            return vouch_no_memory(fault);
        }
        if (err != VOUCH_OK) {
            vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_host_proof, "proof",
                            "keys: the proof of key %zu does not hold: %s", i + 1,
                            where.reason != NULL ? where.reason : vouch_err_text(err));
            return VOUCH_OK;
        }
    }
    return VOUCH_OK;
}

// --- whose they are

int vouch_host_keys_free(struct vouch_local *authority, const struct vouch_host_keys *keys,
                         uint64_t id, struct vouch_reply *reply, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < keys->count; i++) {
        struct vouch_store_host host;
        enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
        err = vouch_store_host_by_key(vouch_lease(authority), keys->rows[i].hash, &authority->arena,
                                      &outcome, &host, fault);
        if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE && host.id != id) {
            vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_host_taken, "keys",
                            "key %zu is that of the host %.*s already", i + 1,
                            VOUCH_REPLY_TEXT(host.name));
            break;
        }
    }
    vouch_lease_end(authority);
    return err;
}
