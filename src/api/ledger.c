// SPDX-License-Identifier: ISC
// /v1/ledger: the ledger as its verifiers read it over the network (doc/ledger.md): checkpoint, hash
// tiles, and entry bundles for those who may read what was issued.
#include "api/fields.h"
#include "api/resources.h"
#include "api/snapshot.h"
#include "base/mem.h"
#include "base/str.h"

#define CHECKPOINT_CACHE "public, no-cache"
#define FULL_TILE_CACHE "public, max-age=31536000, immutable"
#define PATH_MAX_LEN 128 // longer than the name of any tile
#define PATH_PREFIX "/v1/ledger/"
#define PARTIAL_TILE_CACHE "public, max-age=60" // a wider one takes its place

static void drop_at_end(struct vouch_api_snapshot **snapshot) {
    vouch_api_snapshot_drop(*snapshot);
}

int vouch_api_ledger_checkpoint(struct vouch_api_call *call) {
    VOUCH_CLEANUP(drop_at_end)
    struct vouch_api_snapshot *snapshot = vouch_api_snapshot_of(call);
    return snapshot != NULL
               ? vouch_api_file_answer(call, snapshot, VOUCH_API_CHECKPOINT, CHECKPOINT_CACHE)
               : VOUCH_OK;
}

// Nothing but what the names of tiles are made of may become a part of a file's name.
static int is_tile_path(struct vouch_bytes path) {
    if (path.len > PATH_MAX_LEN) {
        return 0;
    }
    for (size_t i = 0; i < path.len; i++) {
        uint8_t c = path.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '/' && c != '.') {
            return 0;
        }
    }
    return 1;
}

static const char *cache_of(const struct vouch_api_call *call, struct vouch_bytes path) {
    if (call->caller.way != VOUCH_CALLER_UNKNOWN) {
        return NULL; // what only some may read is kept by nobody in between
    }
    return memchr(path.ptr, '.', path.len) == NULL ? FULL_TILE_CACHE : PARTIAL_TILE_CACHE;
}

int vouch_api_ledger_tile(struct vouch_api_call *call) {
    struct vouch_bytes path = call->request->path;
    if (!vouch_str_take(&path, PATH_PREFIX) || !is_tile_path(path)) {
        vouch_api_refuse_absent(call, "tile");
        return VOUCH_OK;
    }
    const struct vouch_ask_tile ask = {.path = path};
    struct vouch_answer_tile answer = {0};
    int err = vouch_authority_tile(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    call->response->status = 200;
    call->response->content_type = "application/octet-stream";
    call->response->cache_control = cache_of(call, path);
    vouch_buf_put(&call->response->body, answer.bytes);
    return call->response->body.err;
}
