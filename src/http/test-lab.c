// SPDX-License-Identifier: ISC
// The laboratory: a transport over memory, and a site whose handlers run at once.
#include "http/test-lab.h"

#include <string.h>

#define INPUT_MAX (1 << 20)

unsigned lab_releases;

static int lab_echo(void *context, const struct vouch_http_request *request,
                    struct vouch_http_response *response) {
    (void)context;
    response->status = 200;
    response->content_type = "application/octet-stream";
    vouch_buf_put(&response->body, request->body);
    return VOUCH_OK;
}

static int lab_show(void *context, const struct vouch_http_request *request,
                    struct vouch_http_response *response) {
    (void)context;
    response->status = 200;
    response->content_type = "text/plain";
    memcpy(response->etag, "\"v1\"", 5);
    vouch_buf_put(&response->body, request->path);
    for (size_t i = 0; i < VOUCH_HTTP_CAPTURES_MAX; i++) {
        vouch_buf_put_text(&response->body, "|");
        vouch_buf_put(&response->body, request->captures[i]);
    }
    for (size_t i = 0; i < request->param_count; i++) {
        vouch_buf_put_text(&response->body, "&");
        vouch_buf_put(&response->body, request->params[i].name);
        vouch_buf_put_text(&response->body, "=");
        vouch_buf_put(&response->body, request->params[i].value);
    }
    return VOUCH_OK;
}

// All that the slices of a request point at.
static int lab_mirror(void *context, const struct vouch_http_request *request,
                      struct vouch_http_response *response) {
    (void)context;
    response->status = 200;
    response->content_type = "text/plain";
    vouch_buf_put(&response->body, request->path);
    vouch_buf_put(&response->body, request->captures[0]);
    vouch_buf_put(&response->body, vouch_http_query(request, "q"));
    vouch_buf_put(&response->body, request->headers[VOUCH_HTTP_USER_AGENT]);
    vouch_buf_put(&response->body, request->body);
    return VOUCH_OK;
}

static void lab_release(void *owner) {
    ++*(unsigned *)owner;
}

static int lab_share(void *context, const struct vouch_http_request *request,
                     struct vouch_http_response *response) {
    static const uint8_t shared[LAB_SHARED_LEN];
    (void)context;
    (void)request;
    response->status = 200;
    response->content_type = "application/octet-stream";
    response->shared =
        (struct vouch_http_shared){{shared, sizeof shared}, lab_release, &lab_releases};
    return VOUCH_OK;
}

static int lab_fail(void *context, const struct vouch_http_request *request,
                    struct vouch_http_response *response) {
    (void)context;
    (void)request;
    response->status = 200;
    vouch_buf_put_text(&response->body, "must not be seen");
    return VOUCH_ERR_IO;
}

static int lab_forget(void *context, const struct vouch_http_request *request,
                      struct vouch_http_response *response) {
    (void)context;
    (void)request;
    (void)response;
    return VOUCH_OK;
}

// Pieces "one", nothing, "three", and then the last; with ?fail the third is none.
static int lab_stream(void *context, const struct vouch_http_request *request,
                      struct vouch_http_response *response) {
    static const char *const pieces[] = {"one\n", "", "three\n", "last\n"};
    uint64_t piece = request->note;
    (void)context;
    response->status = 200;
    response->content_type = "text/event-stream";
    response->stream = 1;
    vouch_buf_put_text(&response->body, pieces[piece]);
    if (piece == 0) {
        response->hold = (struct vouch_http_hold){lab_release, &lab_releases};
    }
    if (piece < 3) {
        response->wait = (struct vouch_http_wait){.key = 5, .deadline_ns = 7, .note = piece + 1};
    }
    return piece == 2 && request->param_count > 0 ? VOUCH_ERR_IO : VOUCH_OK;
}

static const struct vouch_http_route lab_routes[] = {
    {VOUCH_HTTP_GET, "/stream", lab_stream, 0, 0, NULL},
    {VOUCH_HTTP_GET, "/", lab_show, 0, 0, NULL},
    {VOUCH_HTTP_GET, "/show", lab_show, 0, 0, NULL},
    {VOUCH_HTTP_GET, "/things/{a}/of/{b}", lab_show, 0, 0, NULL},
    {VOUCH_HTTP_POST, "/echo", lab_echo, 40000, 0, NULL},
    {VOUCH_HTTP_PUT, "/echo", lab_echo, 100, 0, NULL},
    {VOUCH_HTTP_POST, "/small", lab_echo, 10, 0, NULL},
    {VOUCH_HTTP_POST, "/mirror/{a}", lab_mirror, 40000, 0, NULL},
    {VOUCH_HTTP_POST, "/large", lab_show, 100000, 0, NULL},
    {VOUCH_HTTP_GET, "/shared", lab_share, 0, 0, NULL},
    {VOUCH_HTTP_GET, "/fail", lab_fail, 0, 0, NULL},
    {VOUCH_HTTP_GET, "/forget", lab_forget, 0, 0, NULL},
};

static const struct vouch_http_file lab_files[] = {
    {.path = "/app.js",
     .content = {(const uint8_t *)"let x;\n", 7},
     .content_type = "text/javascript",
     .etag = "\"f1\"",
     .headers = "X-Own: yes\r\n"},
    {.path = "/packed/{any}",
     .content = {(const uint8_t *)"plain text\n", 11},
     .gzip = {(const uint8_t *)"packed", 6},
     .content_type = "text/plain",
     .etag = "\"p1\""},
};

static ssize_t lab_handshake(void *state) {
    (void)state;
    return 1;
}

static ssize_t lab_read(void *state, void *into, size_t len) {
    struct lab *lab = state;
    size_t left = lab->in_len - lab->in_at;
    if (left == 0) {
        return lab->in_ended ? VOUCH_HTTP_END : VOUCH_HTTP_AGAIN;
    }
    size_t count = left < len ? left : len;
    memcpy(into, lab->in + lab->in_at, count);
    lab->in_at += count;
    return (ssize_t)count;
}

static ssize_t lab_write(void *state, const void *from, size_t len) {
    struct lab *lab = state;
    size_t count = lab->write_max != 0 && len > lab->write_max ? lab->write_max : len;
    if (lab->write_quota != 0 && lab->out.len + count > lab->write_quota) {
        count = lab->write_quota - lab->out.len;
    }
    if (count == 0) {
        return VOUCH_HTTP_AGAIN;
    }
    vouch_buf_put(&lab->out, (struct vouch_bytes){from, count});
    return (ssize_t)count;
}

static void lab_finish(void *state) {
    ((struct lab *)state)->finished = 1;
}

static void lab_end(void *state) {
    (void)state;
}

static int lab_dispatch(struct vouch_http_home *home, struct vouch_http_exchange *x) {
    struct lab *lab = (struct lab *)home;
    if (lab->queue_full) {
        return 1;
    }
    lab->pending = x;
    return 0;
}

static void lab_park(struct vouch_http_home *home, struct vouch_http_conn *conn) {
    ((struct lab *)home)->parked++;
    conn->phase = VOUCH_HTTP_WAITING;
    conn->deadline_ns = conn->x->response.wait.deadline_ns;
}

int lab_init(struct lab *lab, const struct vouch_http_prefix *proxies, size_t proxy_count) {
    static const struct vouch_http_transport_kind kind = {.handshake = lab_handshake,
                                                          .read = lab_read,
                                                          .write = lab_write,
                                                          .finish = lab_finish,
                                                          .discard = lab_read,
                                                          .end = lab_end};
    const struct vouch_http_config config = {.routes = lab_routes,
                                             .route_count =
                                                 sizeof lab_routes / sizeof lab_routes[0],
                                             .files = lab_files,
                                             .file_count = sizeof lab_files / sizeof lab_files[0],
                                             .proxies = proxies,
                                             .proxy_count = proxy_count,
                                             .limits = {.header_max = 2048, .body_max = 100000}};
    *lab = (struct lab){.home.site = &lab->site,
                        .home.tally = &lab->tally,
                        .home.dispatch = lab_dispatch,
                        .home.park = lab_park,
                        .home.now_ns = 1000000000};
    vouch_http_date_set(&lab->home.date, 1795356541);
    vouch_buf_init(&lab->out, 4 * INPUT_MAX);
    lab->conn.transport = (struct vouch_http_transport){&kind, lab};
    vouch_http_conn_begin(&lab->conn, &lab->home);
    return vouch_http_site_init(&lab->site, &config, NULL);
}

void lab_done(struct lab *lab) {
    if (lab->pending != NULL) {
        lab->conn.lent = 0; // the worker that never was gives it back
    }
    vouch_http_conn_done(&lab->conn);
    vouch_http_home_done(&lab->home);
    vouch_http_site_done(&lab->site);
    vouch_buf_done(&lab->out);
}

void lab_work(struct lab *lab) {
    struct vouch_http_exchange *x = lab->pending;
    lab->pending = NULL;
    lab->handlers_ran++;
    int err = x->request.route->handler(NULL, &x->request, &x->response);
    vouch_http_exchange_answer(x, err, &lab->home.date);
    vouch_http_conn_answered(&lab->conn);
}

void lab_wake(struct lab *lab, enum vouch_http_turn turn) {
    struct vouch_http_exchange *x = lab->conn.x;
    x->request.turn = turn;
    x->request.note = x->response.wait.note;
    vouch_http_exchange_reset(x);
    lab->conn.phase = VOUCH_HTTP_WORKING;
    lab->pending = x;
    lab_run(lab);
}

void lab_run(struct lab *lab) {
    for (;;) {
        int more = vouch_http_conn_run(&lab->conn);
        if (lab->pending != NULL && !lab->hold) {
            lab_work(lab);
        } else if (!more) {
            return;
        }
    }
}

void lab_send(struct lab *lab, struct vouch_bytes bytes, size_t step, unsigned end) {
    lab->in = bytes.ptr;
    lab->in_at = lab->in_len = 0;
    while (lab->in_len < bytes.len) {
        size_t left = bytes.len - lab->in_len;
        lab->in_len += step != 0 && step < left ? step : left;
        lab_run(lab);
    }
    lab->in_ended = end;
    lab_run(lab);
}
