// SPDX-License-Identifier: ISC
// One state of the public files: immutable, shared, and freed by whoever lets go of it last. Private to
// src/api.
#pragma once

#include <stdatomic.h>

#include "api/public.h"

// A file's bytes. Many requests send the same ones at once.
struct vouch_api_blob {
    _Atomic unsigned holders;
    size_t len;
    uint8_t bytes[];
};

enum vouch_api_file {
    VOUCH_API_USER_CA = 0, // a line "TYPE BASE64", as are the next two
    VOUCH_API_HOST_CA,
    VOUCH_API_CHECKPOINT_KEY,
    VOUCH_API_USER_KRL,
    VOUCH_API_HOST_KRL,
    VOUCH_API_USER_ENVELOPE,
    VOUCH_API_HOST_ENVELOPE,
    VOUCH_API_CHECKPOINT,
    VOUCH_API_TRUST,
    VOUCH_API_FILE_COUNT
};

#define VOUCH_API_KEY_COUNT 3
#define VOUCH_API_NAME_MAX 256

struct vouch_api_snapshot {
    _Atomic unsigned holders;
    char name[VOUCH_API_NAME_MAX]; // the ledger's origin
    char fingerprints[VOUCH_API_KEY_COUNT][VOUCH_FINGERPRINT_MAX];
    struct vouch_api_blob *files[VOUCH_API_FILE_COUNT]; // NULL: not there yet
    uint64_t krl_versions[2];                           // user, host
    uint64_t krl_generated_s[2];
    uint64_t checkpoint_size;
    uint64_t trust_version;
    uint64_t fleet_seq; // of what hosts are to install; see struct vouch_answer_public
};

// Copies bytes; NULL when memory is short.
struct vouch_api_blob *vouch_api_blob_new(struct vouch_bytes bytes);
struct vouch_api_blob *vouch_api_blob_hold(struct vouch_api_blob *blob);
// Lets go of a blob; takes NULL. Of the type that vouch_http_shared wants.
void vouch_api_blob_drop(void *blob);

// The state after `before` (NULL: none) and the authority's answer, held once. Also says which lists
// differ. VOUCH_ERR_FORMAT for keys that are none.
VOUCH_MUST_USE int vouch_api_snapshot_next(const struct vouch_api_snapshot *before,
                                           const struct vouch_answer_public *answer,
                                           struct vouch_api_snapshot **ret_snapshot);
struct vouch_api_snapshot *vouch_api_snapshot_hold(struct vouch_api_snapshot *snapshot);
// Lets go of a snapshot; takes NULL.
void vouch_api_snapshot_drop(struct vouch_api_snapshot *snapshot);

// What the authority counted when it last answered, a quarter of a second ago; zeros before that.
struct vouch_public_counts vouch_api_public_counts(struct vouch_api_public *files);

// The latest, held for the caller; NULL if there is none yet.
struct vouch_api_snapshot *vouch_api_public_hold(struct vouch_api_public *files);

// What a request for a list waits on until there is another: 0 is the user CA's, 1 the host CA's.
uint64_t vouch_api_krl_wait_key(unsigned use);
// And one for the trust bundle.
uint64_t vouch_api_trust_wait_key(void);
// And what hosts wait on: for the user CA's list, the bundle and the fleet together.
uint64_t vouch_api_news_wait_key(void);
// And what streams of events wait on: for the ledger, which wakes them once a second at most.
uint64_t vouch_api_live_wait_key(void);
