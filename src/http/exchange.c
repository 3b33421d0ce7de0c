// SPDX-License-Identifier: ISC
// Follows a request from its first byte to the handler.
#include "http/exchange.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"

// Buffers over this are given back after a request, so that one large request does not cost for ever.
#define KEEP_MAX 16384

struct vouch_http_exchange *vouch_http_exchange_new(const struct vouch_http_site *site) {
    struct vouch_http_exchange *x = calloc(1, sizeof *x);
    if (x == NULL) {
        return NULL;
    }
    const struct vouch_http_limits *limits = &site->config.limits;
    x->site = site;
    // One byte more than any request has, so that there is always room to read.
    vouch_buf_init(&x->in, limits->header_max + limits->body_max + 1);
    vouch_buf_init(&x->text, limits->header_max);
    vouch_buf_init(&x->out, limits->response_max + 65536);
    vouch_buf_init(&x->response.body, limits->response_max);
    vouch_buf_init(&x->response.fields, 16384);
    return x;
}

static void release_large(struct vouch_http_exchange *x) {
    if (x->large) {
        atomic_fetch_sub(&x->site->large->count, 1);
        x->large = 0;
    }
}

static void release(struct vouch_http_shared *shared) {
    if (shared->release != NULL) {
        shared->release(shared->owner);
    }
    *shared = (struct vouch_http_shared){0};
}

static void let_go(struct vouch_http_hold *hold) {
    if (hold->release != NULL) {
        hold->release(hold->owner);
    }
    *hold = (struct vouch_http_hold){0};
}

void vouch_http_exchange_free(struct vouch_http_exchange *x) {
    if (x == NULL) {
        return;
    }
    let_go(&x->response.hold);
    release(&x->response.shared);
    release_large(x);
    vouch_buf_done(&x->in);
    vouch_buf_done(&x->text);
    vouch_buf_done(&x->out);
    vouch_buf_done(&x->response.body);
    vouch_buf_done(&x->response.fields);
    free(x);
}

static void forget(struct vouch_buf *buf) {
    size_t max = buf->max;
    if (buf->cap > KEEP_MAX) {
        vouch_buf_done(buf);
        vouch_buf_init(buf, max);
    }
    vouch_buf_clear(buf);
}

void vouch_http_exchange_reset(struct vouch_http_exchange *x) {
    struct vouch_http_response *response = &x->response;
    release(&response->shared);
    forget(&response->body);
    forget(&response->fields);
    response->status = 0;
    response->content_type = NULL;
    response->cache_control = NULL;
    response->etag[0] = 0;
    response->wait = (struct vouch_http_wait){0};
    response->stream = 0;
    x->packed = 0;
}

int vouch_http_exchange_begun(const struct vouch_http_exchange *x) {
    return x->in.len > 0;
}

static size_t whole_len(const struct vouch_http_exchange *x) {
    return x->head_len + (size_t)x->head.content_length;
}

void vouch_http_exchange_next(struct vouch_http_exchange *x) {
    size_t used = whole_len(x) < x->in.len ? whole_len(x) : x->in.len;
    size_t left = x->in.len - used;
    if (left > 0) {
        memmove(x->in.ptr, x->in.ptr + used, left);
    }
    x->in.len = left;
    if (left == 0) {
        forget(&x->in);
    }
    vouch_http_exchange_reset(x);
    let_go(&x->response.hold);
    release_large(x);
    forget(&x->out);
    vouch_buf_clear(&x->text);
    x->request = (struct vouch_http_request){0};
    x->head = (struct vouch_http_head){0};
    x->rest = (struct vouch_bytes){0};
    x->file = NULL;
    x->scanned = x->head_len = 0;
    x->closing = x->continued = x->status = x->streaming = 0;
    x->pieces_len = 0;
    x->begun_ns = 0;
}

static int is_trusted(const struct vouch_http_config *config,
                      const struct vouch_http_address *address) {
    for (size_t i = 0; i < config->proxy_count; i++) {
        if (vouch_http_prefix_holds(&config->proxies[i], address)) {
            return 1;
        }
    }
    return 0;
}

// The last address of X-Forwarded-For that is not a trusted proxy's own, if a trusted proxy sent it.
// What a stranger sent is not even looked at.
static struct vouch_http_address find_client(const struct vouch_http_exchange *x) {
    const struct vouch_http_config *config = &x->site->config;
    struct vouch_http_address client = x->request.peer;
    struct vouch_bytes list = x->head.headers[VOUCH_HTTP_X_FORWARDED_FOR];
    while (list.len > 0 && is_trusted(config, &client)) {
        size_t start = list.len;
        while (start > 0 && list.ptr[start - 1] != ',') {
            start--;
        }
        struct vouch_bytes last = {list.ptr + start, list.len - start};
        if (vouch_http_address_parse(vouch_str_trim(last), &client) != VOUCH_OK) {
            break;
        }
        list.len = start > 0 ? start - 1 : 0;
    }
    return client;
}

static int read_target(struct vouch_http_exchange *x, struct vouch_http_match *ret_match,
                       struct vouch_http_refusal *refusal) {
    struct vouch_http_target target;
    vouch_buf_clear(&x->text);
    uint8_t *text = vouch_buf_extend(&x->text, x->head.target.len);
    if (text == NULL) {
        return vouch_http_refuse(refusal, 503, "memory is short");
    }
    int err = vouch_http_target_parse(x->head.target, text, &target, refusal);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_http_request *request = &x->request;
    request->path = target.path;
    memcpy(request->params, target.params, target.param_count * sizeof target.params[0]);
    request->param_count = target.param_count;
    vouch_http_site_find(x->site, x->head.method, &target, ret_match);
    memcpy(request->captures, ret_match->captures, sizeof request->captures);
    request->route = ret_match->route;
    return VOUCH_OK;
}

// Makes the slices of the request out of a whole head.
static int read_head(struct vouch_http_exchange *x, struct vouch_http_match *ret_match,
                     struct vouch_http_refusal *refusal) {
    struct vouch_bytes bytes = {x->in.ptr, x->scanned};
    int err = vouch_http_head_parse(bytes, &x->head, refusal);
    if (err != VOUCH_OK) {
        return err;
    }
    x->read_at = x->in.ptr;
    x->head_len = x->scanned;
    x->closing = !x->head.keep_alive;
    x->request.method = x->head.method;
    memcpy(x->request.headers, x->head.headers, sizeof x->request.headers);
    x->request.client = find_client(x);
    return read_target(x, ret_match, refusal);
}

void vouch_http_exchange_retry(struct vouch_http_exchange *x) {
    char seconds[16];
    (void)snprintf(seconds, sizeof seconds, "%u", x->site->config.limits.retry_after_s);
    // Memory may be short for even this; the client then does without.
    (void)!vouch_http_set(&x->response, VOUCH_HTTP_SET_RETRY_AFTER, vouch_bytes_of(seconds));
}

static enum vouch_http_step refuse_and_close(struct vouch_http_exchange *x, unsigned status,
                                             const char *reason, struct vouch_http_date *date) {
    x->closing = 1;
    vouch_http_exchange_refuse(x, status, reason, date);
    return VOUCH_HTTP_STEP_ANSWER;
}

static void allow(struct vouch_http_exchange *x, unsigned methods) {
    vouch_buf_put_text(&x->response.fields, "Allow: ");
    for (unsigned i = 0; i < VOUCH_HTTP_METHOD_COUNT; i++) {
        if (methods >> i & 1) {
            vouch_buf_put_text(&x->response.fields, vouch_http_method_text(i));
            vouch_buf_put_text(&x->response.fields, methods >> (i + 1) != 0 ? ", " : "\r\n");
        }
    }
}

static enum vouch_http_step answer_missing(struct vouch_http_exchange *x, unsigned allowed,
                                           struct vouch_http_date *date) {
    x->closing |= x->head.content_length > 0; // its body is not worth waiting for
    if (allowed != 0) {
        allow(x, allowed);
        vouch_http_exchange_refuse(x, 405, "this path does not take the method", date);
    } else {
        vouch_http_exchange_refuse(x, 404, "there is nothing at this path", date);
    }
    return VOUCH_HTTP_STEP_ANSWER;
}

// Two forms of a file are two versions to whoever keeps them (RFC 9110 8.8.3.3).
static void pack(struct vouch_http_exchange *x, const struct vouch_http_file *file) {
    struct vouch_http_response *response = &x->response;
    if (file->gzip.len == 0) {
        return;
    }
    vouch_buf_put_text(&response->fields, "Vary: Accept-Encoding\r\n");
    if (vouch_http_takes_gzip(x->request.headers[VOUCH_HTTP_ACCEPT_ENCODING])) {
        x->packed = 1;
        response->shared.bytes = file->gzip;
        (void)snprintf(response->etag, sizeof response->etag, "%.*s" VOUCH_HTTP_GZIP_MARK "\"",
                       (int)strlen(file->etag) - 1, file->etag);
    }
}

static enum vouch_http_step answer_file(struct vouch_http_exchange *x,
                                        const struct vouch_http_file *file,
                                        struct vouch_http_date *date) {
    struct vouch_http_response *response = &x->response;
    x->closing |= x->head.content_length > 0;
    response->status = 200;
    response->content_type = file->content_type;
    response->cache_control = file->cache_control != NULL ? file->cache_control : "no-cache";
    response->shared.bytes = file->content;
    (void)snprintf(response->etag, sizeof response->etag, "%s", file->etag);
    x->file = file;
    pack(x, file);
    vouch_http_exchange_answer(x, VOUCH_OK, date);
    return VOUCH_HTTP_STEP_ANSWER;
}

// Bodies are taken before anybody is known, so only a few large ones at once: whoever sends more of them
// than that fills nobody's memory.
static int take_large(struct vouch_http_exchange *x) {
    if (atomic_fetch_add(&x->site->large->count, 1) >= x->site->config.limits.large_max) {
        atomic_fetch_sub(&x->site->large->count, 1);
        return VOUCH_ERR_LIMIT;
    }
    x->large = 1;
    return VOUCH_OK;
}

// Returns MORE if the request may go on.
static enum vouch_http_step begin(struct vouch_http_exchange *x, struct vouch_http_date *date) {
    struct vouch_http_refusal refusal = {400, "the request cannot be read"};
    struct vouch_http_match match = {0};
    if (read_head(x, &match, &refusal) != VOUCH_OK) {
        return refuse_and_close(x, refusal.status, refusal.reason, date);
    }
    if (match.file != NULL) {
        return answer_file(x, match.file, date);
    }
    if (match.route == NULL) {
        return answer_missing(x, match.allowed, date);
    }
    if (x->head.content_length > match.route->body_max) {
        return refuse_and_close(x, 413, "the body is larger than this path takes", date);
    }
    if (x->head.content_length > VOUCH_HTTP_LARGE_BODY && take_large(x) != VOUCH_OK) {
        vouch_http_exchange_retry(x);
        return refuse_and_close(x, 503, "too many large requests are being read just now", date);
    }
    return VOUCH_HTTP_STEP_MORE;
}

static enum vouch_http_step look_for_head(struct vouch_http_exchange *x,
                                          struct vouch_http_date *date) {
    size_t max = x->site->config.limits.header_max;
    struct vouch_bytes seen = {x->in.ptr, x->in.len < max ? x->in.len : max};
    enum vouch_http_scan scan = vouch_http_head_scan(seen, &x->scanned);
    if (scan == VOUCH_HTTP_SCAN_BAD) {
        return refuse_and_close(x, 400, "the head is not lines of text that end with CR LF", date);
    }
    if (scan == VOUCH_HTTP_SCAN_MORE && x->scanned == max) {
        return refuse_and_close(x, 431, "the headers are too large", date);
    }
    return scan == VOUCH_HTTP_SCAN_WHOLE ? begin(x, date) : VOUCH_HTTP_STEP_MORE;
}

enum vouch_http_step vouch_http_exchange_advance(struct vouch_http_exchange *x,
                                                 struct vouch_http_date *date) {
    if (x->head_len == 0) {
        enum vouch_http_step step = look_for_head(x, date);
        if (step != VOUCH_HTTP_STEP_MORE || x->head_len == 0) {
            return step;
        }
    }
    if (x->in.len < whole_len(x)) {
        // Only a client that has sent nothing of the body yet waits to be asked for it.
        int ask = x->head.expects_continue && !x->continued && x->in.len == x->head_len;
        x->continued = 1;
        return ask ? VOUCH_HTTP_STEP_CONTINUE : VOUCH_HTTP_STEP_MORE;
    }
    struct vouch_http_match match = {0};
    struct vouch_http_refusal refusal = {0};
    if (x->read_at != x->in.ptr && read_head(x, &match, &refusal) != VOUCH_OK) {
        return refuse_and_close(x, refusal.status, refusal.reason, date);
    }
    x->request.body = (struct vouch_bytes){x->in.ptr + x->head_len, (size_t)x->head.content_length};
    return VOUCH_HTTP_STEP_WORK;
}
