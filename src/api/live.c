// SPDX-License-Identifier: ISC
// /v1/live: a stream of events (HTML, 9.2) that tells pages that the ledger grew, so that they ask again when
// there is something new instead of every few seconds. It tells how long the ledger is and nothing else.
//
// The session is judged by the authority at the beginning and with each heartbeat, so a stream outlives its
// session by no more than that. Between these a stream is a request that waits: no thread, no authority.
#include "api/live.h"

#include <stdio.h>

#include "api/fields.h"
#include "api/resources.h"
#include "api/snapshot.h"
#include "base/mem.h"
#include "base/time.h"
#include "core/key.h"

#define SECOND_NS 1000000000ULL
#define LIFE_MAX_S 600
#define HEARTBEAT_NS (20 * SECOND_NS)

// What a stream keeps between its pieces.
struct stream {
    struct vouch_api_live *live;
    uint64_t session;
    uint64_t size;      // of the ledger, as it was told last
    uint64_t judged_ns; // when the authority last knew the session
};

void vouch_api_live_init(struct vouch_api_live *live) {
    pthread_mutex_init(&live->lock, NULL);
}

void vouch_api_live_done(struct vouch_api_live *live) {
    pthread_mutex_destroy(&live->lock);
}

enum vouch_api_live_room vouch_api_live_enter(struct vouch_api_live *live, uint64_t session) {
    enum vouch_api_live_room room = VOUCH_API_LIVE_FULL;
    unsigned own = 0;
    pthread_mutex_lock(&live->lock);
    for (unsigned i = 0; i < live->count; i++) {
        own += live->sessions[i] == session;
    }
    if (own >= VOUCH_API_LIVE_SESSION_MAX) {
        room = VOUCH_API_LIVE_SESSION_FULL;
    } else if (live->count < VOUCH_API_LIVE_MAX) {
        live->sessions[live->count++] = session;
        room = VOUCH_API_LIVE_TAKEN;
    }
    pthread_mutex_unlock(&live->lock);
    return room;
}

void vouch_api_live_leave(struct vouch_api_live *live, uint64_t session) {
    pthread_mutex_lock(&live->lock);
    unsigned i = 0;
    while (i < live->count && live->sessions[i] != session) {
        i++;
    }
    if (i < live->count) {
        live->sessions[i] = live->sessions[--live->count];
    }
    pthread_mutex_unlock(&live->lock);
}

static void drop_at_end(struct vouch_api_snapshot **snapshot) {
    vouch_api_snapshot_drop(*snapshot);
}

static void leave(void *owner) {
    struct stream *stream = owner;
    vouch_api_live_leave(stream->live, stream->session);
    free(stream);
}

// Which session it is, without keeping what could be used.
static uint64_t digest_of(struct vouch_bytes secret) {
    uint8_t digest[VOUCH_HASH_MAX] = {0};
    uint64_t number = 0;
    (void)vouch_hash_bytes(VOUCH_HASH_SHA256, secret, digest);
    memcpy(&number, digest, sizeof number);
    return number;
}

// Whether the authority knows the session still. Otherwise the call is refused.
static int is_known(struct vouch_api_call *call) {
    const struct vouch_ask_page ask = {0};
    struct vouch_answer_session answer = {0};
    int err =
        vouch_authority_session_show(call->authority, &call->caller, &ask, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply);
}

static int refuse_room(struct vouch_api_call *call, enum vouch_api_live_room room) {
    if (room == VOUCH_API_LIVE_FULL) {
        vouch_api_refuse(call, 503, &vouch_fault_live_full, NULL,
                         "%u streams of events are open already", VOUCH_API_LIVE_MAX);
    } else {
        vouch_api_refuse(call, 429, &vouch_fault_live_session, NULL,
                         "this session has %u streams of events open already",
                         VOUCH_API_LIVE_SESSION_MAX);
    }
    return VOUCH_OK;
}

// The stream is the request's from here on, and ends with it.
static int begin(struct vouch_api_call *call) {
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    *stream = (struct stream){.live = &call->api->live,
                              .session = digest_of(call->caller.token),
                              .judged_ns = vouch_time_monotonic_ns()};
    enum vouch_api_live_room room = vouch_api_live_enter(stream->live, stream->session);
    if (room != VOUCH_API_LIVE_TAKEN) {
        free(stream);
        return refuse_room(call, room);
    }
    call->response->hold = (struct vouch_http_hold){leave, stream};
    return VOUCH_OK;
}

static void put_event(struct vouch_api_call *call, struct stream *stream, uint64_t size) {
    struct vouch_buf *body = &call->response->body;
    if (stream->size == 0) {
        vouch_buf_put_text(body,
                           "retry: 5000\n\n"); // how long a browser rests before it comes again
    }
    if (stream->size != size) {
        char event[64];
        (void)snprintf(event, sizeof event, "event: ledger\ndata: {\"size\":%llu}\n\n",
                       (unsigned long long)size);
        vouch_buf_put_text(body, event);
        stream->size = size;
    }
}

// A session that ended ends its stream: the head of the answer was sent, so nothing is said any more.
static int end_quietly(struct vouch_api_call *call) {
    vouch_buf_clear(&call->response->body);
    call->response->stream = 1;
    return VOUCH_OK;
}

static int go_on(struct vouch_api_call *call, uint64_t end_ns) {
    struct stream *stream = call->response->hold.owner;
    uint64_t now_ns = vouch_time_monotonic_ns();
    if (call->request->turn != VOUCH_HTTP_FIRST && now_ns - stream->judged_ns >= HEARTBEAT_NS) {
        if (!is_known(call)) {
            return end_quietly(call);
        }
        stream->judged_ns = now_ns;
        vouch_buf_put_text(&call->response->body, ": alive\n\n");
    }
    VOUCH_CLEANUP(drop_at_end)
    struct vouch_api_snapshot *snapshot = vouch_api_public_hold(call->api->config.files);
    put_event(call, stream, snapshot != NULL ? snapshot->checkpoint_size : 0);
    struct vouch_http_response *response = call->response;
    response->status = 200;
    response->content_type = "text/event-stream";
    response->stream = 1;
    uint64_t next_ns = stream->judged_ns + HEARTBEAT_NS;
    if (now_ns < end_ns) {
        response->wait = (struct vouch_http_wait){
            .key = vouch_api_live_wait_key(), .deadline_ns = next_ns < end_ns ? next_ns : end_ns};
    }
    return VOUCH_OK;
}

// None is told how it stands, and no more.
static uint64_t read_life(struct vouch_api_call *call) {
    struct vouch_bytes given = vouch_http_query(call->request, "for");
    if (given.ptr == NULL) {
        return LIFE_MAX_S;
    }
    int none = vouch_bytes_equal(given, vouch_bytes_of("0"));
    return none ? 0 : vouch_api_query_number(call, "for", LIFE_MAX_S);
}

int vouch_api_live_follow(struct vouch_api_call *call) {
    uint64_t life_s = read_life(call);
    if (call->refused || (call->request->turn == VOUCH_HTTP_FIRST && !is_known(call))) {
        return VOUCH_OK;
    }
    int err = call->request->turn == VOUCH_HTTP_FIRST ? begin(call) : VOUCH_OK;
    if (err != VOUCH_OK || call->refused) {
        return err;
    }
    return go_on(call, call->request->begun_ns + life_s * SECOND_NS);
}
