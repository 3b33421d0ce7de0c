// SPDX-License-Identifier: ISC
// /v1/ca and /v1/trust: the public keys, which everybody may have, from memory.
#include <stdio.h>

#include "api/fields.h"
#include "api/resources.h"
#include "api/snapshot.h"
#include "base/mem.h"
#include "base/time.h"

#define KEY_CACHE "public, max-age=300"
#define WAIT_MAX_S 30

static void drop_at_end(struct vouch_api_snapshot **snapshot) {
    vouch_api_snapshot_drop(*snapshot);
}

static void refuse_unready(struct vouch_api_call *call, const char *what) {
    vouch_api_refuse(call, 503, &vouch_fault_api_unready, NULL, "%s is not there yet", what);
}

struct vouch_api_snapshot *vouch_api_snapshot_of(struct vouch_api_call *call) {
    struct vouch_api_snapshot *snapshot = vouch_api_public_hold(call->api->config.files);
    if (snapshot == NULL) {
        refuse_unready(call, "what this server serves to everybody");
    }
    return snapshot;
}

// What tells one state of a file from another.
static void set_etag(struct vouch_api_call *call, const struct vouch_api_snapshot *snapshot,
                     unsigned file) {
    char *etag = call->response->etag;
    size_t size = sizeof call->response->etag;
    if (file < VOUCH_API_KEY_COUNT) {
        (void)snprintf(etag, size, "\"%.60s\"", snapshot->fingerprints[file]);
    } else if (file == VOUCH_API_CHECKPOINT) {
        (void)snprintf(etag, size, "\"%llu\"", (unsigned long long)snapshot->checkpoint_size);
    } else if (file == VOUCH_API_TRUST) {
        (void)snprintf(etag, size, "\"%llu\"", (unsigned long long)snapshot->trust_version);
    } else {
        unsigned use = file == VOUCH_API_HOST_KRL || file == VOUCH_API_HOST_ENVELOPE;
        (void)snprintf(etag, size, "\"%llu\"", (unsigned long long)snapshot->krl_versions[use]);
    }
}

int vouch_api_file_answer(struct vouch_api_call *call, const struct vouch_api_snapshot *snapshot,
                          unsigned file, const char *cache_control) {
    struct vouch_http_response *response = call->response;
    struct vouch_api_blob *blob = vouch_api_blob_hold(snapshot->files[file]);
    if (blob == NULL) {
        refuse_unready(call, "the file");
        return VOUCH_OK;
    }
    int is_list = file == VOUCH_API_USER_KRL || file == VOUCH_API_HOST_KRL;
    response->status = 200;
    response->content_type = is_list ? "application/octet-stream" : "text/plain; charset=utf-8";
    response->cache_control = cache_control;
    set_etag(call, snapshot, file);
    response->shared =
        (struct vouch_http_shared){{blob->bytes, blob->len}, vouch_api_blob_drop, blob};
    return VOUCH_OK;
}

// Nonzero if the client has the file that is about to be answered, and wants to wait for another.
static int waits(const struct vouch_api_call *call, uint64_t wait_s, uint64_t deadline_ns) {
    struct vouch_bytes have = call->request->headers[VOUCH_HTTP_IF_NONE_MATCH];
    return wait_s != 0 && call->request->turn != VOUCH_HTTP_EXPIRED &&
           vouch_bytes_equal(have, vouch_bytes_of(call->response->etag)) &&
           vouch_time_monotonic_ns() < deadline_ns;
}

int vouch_api_file_await(struct vouch_api_call *call, unsigned file, uint64_t wait_key) {
    uint64_t wait_s = vouch_api_query_number(call, "wait", WAIT_MAX_S);
    VOUCH_CLEANUP(drop_at_end)
    struct vouch_api_snapshot *snapshot = vouch_api_snapshot_of(call);
    if (call->refused) {
        return VOUCH_OK;
    }
    int err = vouch_api_file_answer(call, snapshot, file, VOUCH_API_CHANGING_CACHE);
    uint64_t deadline_ns = call->request->begun_ns + wait_s * 1000000000;
    if (err == VOUCH_OK && waits(call, wait_s, deadline_ns)) {
        vouch_api_blob_drop(call->response->shared.owner); // an old file is not kept for who waits
        call->response->shared = (struct vouch_http_shared){0};
        call->response->wait =
            (struct vouch_http_wait){.key = wait_key, .deadline_ns = deadline_ns};
    }
    return err;
}

static int answer_key(struct vouch_api_call *call, enum vouch_api_file file) {
    VOUCH_CLEANUP(drop_at_end)
    struct vouch_api_snapshot *snapshot = vouch_api_snapshot_of(call);
    return snapshot != NULL ? vouch_api_file_answer(call, snapshot, file, KEY_CACHE) : VOUCH_OK;
}

int vouch_api_ca_user_key(struct vouch_api_call *call) {
    return answer_key(call, VOUCH_API_USER_CA);
}
int vouch_api_ca_host_key(struct vouch_api_call *call) {
    return answer_key(call, VOUCH_API_HOST_CA);
}
int vouch_api_ca_checkpoint_key(struct vouch_api_call *call) {
    return answer_key(call, VOUCH_API_CHECKPOINT_KEY);
}
int vouch_api_trust_show(struct vouch_api_call *call) {
    return vouch_api_file_await(call, VOUCH_API_TRUST, vouch_api_trust_wait_key());
}

static void put_key(struct vouch_json *json, const char *name,
                    const struct vouch_api_snapshot *snapshot, enum vouch_api_file file) {
    const struct vouch_api_blob *line = snapshot->files[file];
    struct vouch_bytes text = {0};
    if (line != NULL) {
        text = (struct vouch_bytes){line->bytes, line->len - 1}; // without the line's end
    }
    vouch_json_open(json, name, '{');
    vouch_json_text(json, "public_key", text);
    vouch_json_text(json, "fingerprint", vouch_bytes_of(snapshot->fingerprints[file]));
    vouch_json_close(json, '}');
}

static void put_krl(struct vouch_json *json, const char *name,
                    const struct vouch_api_snapshot *snapshot, unsigned use) {
    vouch_json_open(json, name, '{');
    vouch_json_id(json, "version", snapshot->krl_versions[use]);
    vouch_json_time_s(json, "generated", snapshot->krl_generated_s[use]);
    vouch_json_close(json, '}');
}

int vouch_api_ca_show(struct vouch_api_call *call) {
    VOUCH_CLEANUP(drop_at_end)
    struct vouch_api_snapshot *snapshot = vouch_api_snapshot_of(call);
    if (snapshot == NULL) {
        return VOUCH_OK;
    }
    struct vouch_json *json = &call->json;
    vouch_api_answer_begin(call, 200, "vouch.ca/1");
    call->response->cache_control = "public, no-cache";
    // The trust bundle is another one whenever a CA key is.
    (void)snprintf(call->response->etag, sizeof call->response->etag, "\"%llu-%llu-%llu\"",
                   (unsigned long long)snapshot->krl_versions[0],
                   (unsigned long long)snapshot->krl_versions[1],
                   (unsigned long long)snapshot->trust_version);
    vouch_json_text(json, "name", vouch_bytes_of(snapshot->name));
    put_key(json, "user_ca", snapshot, VOUCH_API_USER_CA);
    put_key(json, "host_ca", snapshot, VOUCH_API_HOST_CA);
    put_key(json, "checkpoint_key", snapshot, VOUCH_API_CHECKPOINT_KEY);
    vouch_json_open(json, "krls", '{');
    put_krl(json, "user", snapshot, 0);
    put_krl(json, "host", snapshot, 1);
    vouch_json_close(json, '}');
    return vouch_api_answer_end(call);
}
