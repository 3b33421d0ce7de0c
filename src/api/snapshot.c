// SPDX-License-Identifier: ISC
// Snapshots of the public files. What did not change is shared with the snapshot before, so that a
// checkpoint each second does not copy the lists.
#include "api/snapshot.h"

#include <stdlib.h>

#include "base/mem.h"
#include "vouch/key.h"

#define KEY_LINE_MAX 32768

struct vouch_api_blob *vouch_api_blob_new(struct vouch_bytes bytes) {
    struct vouch_api_blob *blob = malloc(sizeof *blob + bytes.len);
    if (blob == NULL) {
        return NULL;
    }
    atomic_init(&blob->holders, 1);
    blob->len = bytes.len;
    if (bytes.len > 0) {
        memcpy(blob->bytes, bytes.ptr, bytes.len);
    }
    return blob;
}

struct vouch_api_blob *vouch_api_blob_hold(struct vouch_api_blob *blob) {
    if (blob != NULL) {
        atomic_fetch_add(&blob->holders, 1);
    }
    return blob;
}

void vouch_api_blob_drop(void *blob) {
    struct vouch_api_blob *held = blob;
    if (held != NULL && atomic_fetch_sub(&held->holders, 1) == 1) {
        free(held);
    }
}

struct vouch_api_snapshot *vouch_api_snapshot_hold(struct vouch_api_snapshot *snapshot) {
    if (snapshot != NULL) {
        atomic_fetch_add(&snapshot->holders, 1);
    }
    return snapshot;
}

void vouch_api_snapshot_drop(struct vouch_api_snapshot *snapshot) {
    if (snapshot == NULL || atomic_fetch_sub(&snapshot->holders, 1) != 1) {
        return;
    }
    for (size_t i = 0; i < VOUCH_API_FILE_COUNT; i++) {
        vouch_api_blob_drop(snapshot->files[i]);
    }
    free(snapshot);
}

static void drop_at_end(struct vouch_api_snapshot **snapshot) {
    vouch_api_snapshot_drop(*snapshot);
}
static void key_free_at_end(struct vouch_key **key) {
    vouch_key_free(*key);
}

// Puts a file in the place of the one before.
static int replace(struct vouch_api_snapshot *snapshot, enum vouch_api_file file,
                   struct vouch_bytes bytes) {
    struct vouch_api_blob *blob = vouch_api_blob_new(bytes);
    if (blob == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    vouch_api_blob_drop(snapshot->files[file]);
    snapshot->files[file] = blob;
    return VOUCH_OK;
}

static int take_key(struct vouch_api_snapshot *snapshot, enum vouch_api_file file,
                    struct vouch_bytes key_blob) {
    VOUCH_CLEANUP(key_free_at_end) struct vouch_key *key = NULL;
    struct vouch_buf line;
    int err = vouch_key_parse(key_blob, &key, NULL);
    if (err != VOUCH_OK) {
        return err == VOUCH_ERR_NO_MEMORY ? err : VOUCH_ERR_FORMAT;
    }
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, snapshot->fingerprints[file]);
    vouch_buf_init(&line, KEY_LINE_MAX);
    vouch_key_print(key, NULL, &line);
    vouch_buf_put_text(&line, "\n");
    err = line.err;
    if (err == VOUCH_OK) {
        err = replace(snapshot, file, vouch_buf_bytes(&line));
    }
    vouch_buf_done(&line);
    return err;
}

static int take_keys(struct vouch_api_snapshot *snapshot,
                     const struct vouch_answer_public *answer) {
    const struct vouch_bytes keys[VOUCH_API_KEY_COUNT] = {
        [VOUCH_API_USER_CA] = answer->user_ca,
        [VOUCH_API_HOST_CA] = answer->host_ca,
        [VOUCH_API_CHECKPOINT_KEY] = answer->checkpoint_key,
    };
    int err = VOUCH_OK;
    for (unsigned i = 0; err == VOUCH_OK && i < VOUCH_API_KEY_COUNT; i++) {
        if (keys[i].len > 0) {
            err = take_key(snapshot, i, keys[i]);
        }
    }
    return err;
}

static int take_krl(struct vouch_api_snapshot *snapshot, unsigned use,
                    const struct vouch_public_krl *krl) {
    if (krl->version == 0) {
        return VOUCH_OK;
    }
    int err = replace(snapshot, VOUCH_API_USER_KRL + use, krl->krl);
    if (err == VOUCH_OK) {
        err = replace(snapshot, VOUCH_API_USER_ENVELOPE + use, krl->envelope);
    }
    snapshot->krl_versions[use] = krl->version;
    snapshot->krl_generated_s[use] = krl->generated_s;
    return err;
}

static int take_answer(struct vouch_api_snapshot *snapshot,
                       const struct vouch_answer_public *answer) {
    int err = take_keys(snapshot, answer);
    for (unsigned use = 0; err == VOUCH_OK && use < 2; use++) {
        err = take_krl(snapshot, use, &answer->krls[use]);
    }
    if (err == VOUCH_OK && answer->checkpoint.len > 0) {
        err = replace(snapshot, VOUCH_API_CHECKPOINT, answer->checkpoint);
        snapshot->checkpoint_size = answer->checkpoint_size;
    }
    if (err == VOUCH_OK && answer->trust.len > 0) {
        err = replace(snapshot, VOUCH_API_TRUST, answer->trust);
        snapshot->trust_version = answer->trust_version;
    }
    if (answer->fleet_seq != 0) {
        snapshot->fleet_seq = answer->fleet_seq;
    }
    if (answer->name.len > 0 && answer->name.len < sizeof snapshot->name) {
        memcpy(snapshot->name, answer->name.ptr, answer->name.len);
        snapshot->name[answer->name.len] = '\0';
    }
    return err;
}

int vouch_api_snapshot_next(const struct vouch_api_snapshot *before,
                            const struct vouch_answer_public *answer,
                            struct vouch_api_snapshot **ret_snapshot) {
    VOUCH_CLEANUP(drop_at_end) struct vouch_api_snapshot *next = calloc(1, sizeof *next);
    if (next == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    if (before != NULL) {
        memcpy(next->name, before->name, sizeof next->name);
        memcpy(next->fingerprints, before->fingerprints, sizeof next->fingerprints);
        memcpy(next->krl_versions, before->krl_versions, sizeof next->krl_versions);
        memcpy(next->krl_generated_s, before->krl_generated_s, sizeof next->krl_generated_s);
        next->checkpoint_size = before->checkpoint_size;
        next->trust_version = before->trust_version;
        next->fleet_seq = before->fleet_seq;
        for (size_t i = 0; i < VOUCH_API_FILE_COUNT; i++) {
            next->files[i] = vouch_api_blob_hold(before->files[i]);
        }
    }
    atomic_init(&next->holders, 1);
    int err = take_answer(next, answer);
    if (err == VOUCH_OK) {
        *ret_snapshot = vouch_steal(next);
    }
    return err;
}
