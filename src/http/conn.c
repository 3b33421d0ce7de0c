// SPDX-License-Identifier: ISC
// The life of one connection, one function for each of its phases.
#include "http/conn.h"

#include <stdatomic.h>

#include "base/mem.h"
#include "base/time.h"

#define FIRST_READ 1024
#define SPARE_MAX 64
#define ANSWERS_PER_RUN 32        // then other connections have their turn
#define WRITE_STRIDE (256 * 1024) // bytes for which the write deadline is given anew
#define LINGER_NS 2000000000ULL   // how long a peer may take to close
#define LINGER_MAX (1024 * 1024)  // and how much it may still send
#define LAST_ASK_NS 250000000ULL  // for a first request that comes while the server stops

static void count(_Atomic uint64_t *counter, uint64_t more) {
    atomic_fetch_add_explicit(counter, more, memory_order_relaxed);
}

struct vouch_http_exchange *vouch_http_home_take(struct vouch_http_home *home) {
    struct vouch_http_exchange *x = home->spare;
    if (x == NULL) {
        x = vouch_http_exchange_new(home->site);
        if (x == NULL) {
            return NULL;
        }
        x->home = home;
    } else {
        home->spare = x->next;
        home->spare_count--;
    }
    x->next = NULL;
    return x;
}

void vouch_http_home_give(struct vouch_http_home *home, struct vouch_http_exchange *x) {
    if (home->spare_count >= SPARE_MAX) {
        vouch_http_exchange_free(x);
        return;
    }
    x->in.len = 0;
    vouch_http_exchange_next(x);
    x->conn = NULL;
    x->next = home->spare;
    home->spare = x;
    home->spare_count++;
}

void vouch_http_home_done(struct vouch_http_home *home) {
    while (home->spare != NULL) {
        struct vouch_http_exchange *x = home->spare;
        home->spare = x->next;
        vouch_http_exchange_free(x);
    }
}

static const struct vouch_http_deadlines *deadlines(const struct vouch_http_conn *conn) {
    return &conn->home->site->config.deadlines;
}

static void enter(struct vouch_http_conn *conn, enum vouch_http_phase phase, uint64_t within_ns) {
    conn->phase = phase;
    conn->deadline_ns = within_ns != 0 ? conn->home->now_ns + within_ns : 0;
}

void vouch_http_conn_begin(struct vouch_http_conn *conn, struct vouch_http_home *home) {
    conn->home = home;
    enter(conn, VOUCH_HTTP_SHAKING, deadlines(conn)->handshake_ns);
}

void vouch_http_conn_done(struct vouch_http_conn *conn) {
    conn->transport.kind->end(conn->transport.state);
    if (conn->x == NULL) {
        return;
    }
    if (conn->lent) {
        conn->x->conn = NULL; // comes home by itself
    } else {
        vouch_http_home_give(conn->home, conn->x);
    }
    conn->x = NULL;
}

static int shake(struct vouch_http_conn *conn) {
    ssize_t result = conn->transport.kind->handshake(conn->transport.state);
    if (result == VOUCH_HTTP_AGAIN) {
        return 0;
    }
    if (result <= 0) {
        count(&conn->home->tally->handshakes_failed, 1);
        enter(conn, VOUCH_HTTP_GONE, 0);
        return 0;
    }
    if (vouch_http_tls_resumed(&conn->transport)) {
        count(&conn->home->tally->resumed, 1);
    }
    enter(conn, VOUCH_HTTP_READING, conn->home->stopping ? LAST_ASK_NS : deadlines(conn)->idle_ns);
    return 1;
}

static void hex(uint64_t number, size_t digits, char *text) {
    while (digits > 0) {
        text[--digits] = "0123456789abcdef"[number & 15];
        number >>= 4;
    }
}

// The first byte of a request is there: the clock runs, and it has a name.
static void begin_request(struct vouch_http_conn *conn) {
    struct vouch_http_exchange *x = conn->x;
    struct vouch_http_home *home = conn->home;
    uint64_t number = home->id_count++;
    hex(home->id_base + (number >> 32), 16, x->request.id);
    hex(number & UINT32_MAX, 8, x->request.id + 16);
    x->request.peer = conn->peer;
    x->request.client = conn->peer;
    x->request.user = conn->user;
    x->begun_ns = x->request.begun_ns = home->now_ns;
    x->conn = conn;
    conn->body_timed = 0;
    conn->asked = 1;
    enter(conn, VOUCH_HTTP_READING, deadlines(conn)->header_ns);
}

static int hang_up(struct vouch_http_conn *conn) {
    conn->transport.kind->finish(conn->transport.state);
    enter(conn, VOUCH_HTTP_GONE, 0);
    return 0;
}

static int write_next(struct vouch_http_conn *conn) {
    conn->sent = conn->sent_mark = 0;
    enter(conn, VOUCH_HTTP_WRITING, deadlines(conn)->write_ns);
    return 1;
}

static int dispatch(struct vouch_http_conn *conn) {
    struct vouch_http_exchange *x = conn->x;
    struct vouch_http_home *home = conn->home;
    enter(conn, VOUCH_HTTP_WORKING, 0);
    conn->lent = 1;
    if (home->dispatch(home, x) == 0) {
        return 0;
    }
    conn->lent = 0;
    count(&home->tally->overloads, 1);
    vouch_http_exchange_retry(x);
    vouch_http_exchange_refuse(x, 503, "the server has too much to do just now", &home->date);
    return write_next(conn);
}

static int consider(struct vouch_http_conn *conn) {
    static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct vouch_http_exchange *x = conn->x;
    conn->looked = x->in.len;
    enum vouch_http_step step = vouch_http_exchange_advance(x, &conn->home->date);
    if (x->head_len != 0 && !conn->body_timed) {
        conn->body_timed = 1;
        enter(conn, VOUCH_HTTP_READING, deadlines(conn)->body_ns);
    }
    switch (step) {
    case VOUCH_HTTP_STEP_MORE:
        return 1;
    case VOUCH_HTTP_STEP_CONTINUE:
        vouch_buf_put_text(&x->out, interim);
        return write_next(conn);
    case VOUCH_HTTP_STEP_WORK:
        return dispatch(conn);
    case VOUCH_HTTP_STEP_ANSWER:
        break;
    }
    return write_next(conn);
}

// How much to ask for: what the buffer has room for, or twice as much as it holds.
static size_t room(const struct vouch_buf *in) {
    size_t want = in->cap - in->len;
    if (want < 512) {
        want = in->cap > FIRST_READ ? in->cap : FIRST_READ;
    }
    return want < in->max - in->len ? want : in->max - in->len;
}

static int receive(struct vouch_http_conn *conn) {
    if (conn->x == NULL) {
        conn->x = vouch_http_home_take(conn->home);
        conn->looked = 0;
    }
    struct vouch_http_exchange *x = conn->x;
    size_t want = x != NULL ? room(&x->in) : 0;
    uint8_t *into = x != NULL ? vouch_buf_extend(&x->in, want) : NULL;
    if (into == NULL) {
        return hang_up(conn);
    }
    ssize_t got = conn->transport.kind->read(conn->transport.state, into, want);
    x->in.len -= got > 0 ? want - (size_t)got : want;
    if (got > 0) {
        count(&conn->home->tally->bytes_in, (uint64_t)got);
        if (x->begun_ns == 0) {
            begin_request(conn);
        }
        return 1;
    }
    if (got == VOUCH_HTTP_END) {
        return hang_up(conn); // half a request is none
    }
    if (got != VOUCH_HTTP_AGAIN) {
        enter(conn, VOUCH_HTTP_GONE, 0); // nothing more can be said over it
        return 0;
    }
    if (x->in.len == 0) {
        vouch_http_home_give(conn->home, vouch_steal(conn->x));
    }
    return 0;
}

static int listen_to(struct vouch_http_conn *conn) {
    return conn->x != NULL && conn->x->in.len > conn->looked ? consider(conn) : receive(conn);
}

static void record(const struct vouch_http_conn *conn) {
    const struct vouch_http_exchange *x = conn->x;
    const struct vouch_http_config *config = &conn->home->site->config;
    count(&conn->home->tally->answers[x->status / 100 % 6], 1);
    count(&conn->home->tally->bytes_out, conn->sent);
    if (config->record != NULL) {
        const struct vouch_http_record row = {.request = &x->request,
                                              .status = x->status,
                                              .bytes_out = x->pieces_len + conn->sent,
                                              .duration_ns =
                                                  vouch_time_monotonic_ns() - x->begun_ns};
        config->record(config->record_context, &row);
    }
}

// A piece is on its way, and the next comes when its handler is called again.
static int await_next_piece(struct vouch_http_conn *conn) {
    conn->x->pieces_len += conn->sent;
    count(&conn->home->tally->bytes_out, conn->sent);
    vouch_buf_clear(&conn->x->out);
    conn->home->park(conn->home, conn);
    return 0;
}

// The answer is on its way: on to the next request, or to the end.
static int conclude(struct vouch_http_conn *conn) {
    struct vouch_http_exchange *x = conn->x;
    if (x->status == 0) { // that was 100 Continue
        vouch_buf_clear(&x->out);
        enter(conn, VOUCH_HTTP_READING, deadlines(conn)->body_ns);
        return 1;
    }
    if (x->streaming && x->response.wait.key != 0) {
        return await_next_piece(conn);
    }
    record(conn);
    if (x->closing || conn->home->stopping) {
        vouch_http_home_give(conn->home, vouch_steal(conn->x));
        conn->transport.kind->finish(conn->transport.state);
        enter(conn, VOUCH_HTTP_LINGERING, LINGER_NS);
        return 1;
    }
    vouch_http_exchange_next(x);
    conn->looked = 0;
    enter(conn, VOUCH_HTTP_READING, deadlines(conn)->idle_ns);
    if (x->in.len > 0) {
        begin_request(conn);
    } else {
        vouch_http_home_give(conn->home, vouch_steal(conn->x));
    }
    return 1;
}

static int speak(struct vouch_http_conn *conn) {
    struct vouch_http_exchange *x = conn->x;
    while (conn->sent < x->out.len + x->rest.len) {
        int in_head = conn->sent < x->out.len;
        const uint8_t *from =
            in_head ? x->out.ptr + conn->sent : x->rest.ptr + (conn->sent - x->out.len);
        size_t len = x->out.len + (in_head ? 0 : x->rest.len) - conn->sent;
        ssize_t put = conn->transport.kind->write(conn->transport.state, from, len);
        if (put == VOUCH_HTTP_AGAIN) {
            return 0;
        }
        if (put <= 0) {
            enter(conn, VOUCH_HTTP_GONE, 0);
            return 0;
        }
        conn->sent += (size_t)put;
        if (conn->sent - conn->sent_mark >= WRITE_STRIDE) {
            conn->sent_mark = conn->sent;
            enter(conn, VOUCH_HTTP_WRITING, deadlines(conn)->write_ns);
        }
    }
    return conclude(conn);
}

static int linger(struct vouch_http_conn *conn) {
    uint8_t scratch[4096];
    ssize_t got = conn->transport.kind->discard(conn->transport.state, scratch, sizeof scratch);
    if (got == VOUCH_HTTP_AGAIN) {
        return 0;
    }
    conn->discarded += got > 0 ? (size_t)got : 0;
    if (got <= 0 || conn->discarded > LINGER_MAX) {
        enter(conn, VOUCH_HTTP_GONE, 0);
    }
    return 1;
}

int vouch_http_conn_run(struct vouch_http_conn *conn) {
    static int (*const phases[])(struct vouch_http_conn *) = {
        [VOUCH_HTTP_SHAKING] = shake,
        [VOUCH_HTTP_READING] = listen_to,
        [VOUCH_HTTP_WRITING] = speak,
        [VOUCH_HTTP_LINGERING] = linger,
    };
    unsigned turns = 0;
    for (;;) {
        enum vouch_http_phase before = conn->phase;
        if (before == VOUCH_HTTP_GONE || before == VOUCH_HTTP_WORKING ||
            before == VOUCH_HTTP_WAITING || !phases[before](conn)) {
            return 0;
        }
        turns += before == VOUCH_HTTP_WRITING;
        if (turns == ANSWERS_PER_RUN) {
            return 1;
        }
    }
}

void vouch_http_conn_answered(struct vouch_http_conn *conn) {
    conn->lent = 0;
    (void)write_next(conn);
}

void vouch_http_conn_expire(struct vouch_http_conn *conn) {
    count(&conn->home->tally->timeouts, 1);
    if (conn->phase == VOUCH_HTTP_READING && conn->x != NULL) {
        conn->x->closing = 1;
        vouch_buf_clear(&conn->x->out);
        vouch_http_exchange_refuse(conn->x, 408, "the request took too long to arrive",
                                   &conn->home->date);
        (void)write_next(conn);
    } else if (conn->phase == VOUCH_HTTP_READING) {
        hang_up(conn);
    } else {
        enter(conn, VOUCH_HTTP_GONE, 0);
    }
}

void vouch_http_conn_stop(struct vouch_http_conn *conn) {
    if (conn->phase != VOUCH_HTTP_READING) {
        return; // it ends with its answer
    }
    // What has arrived but was not read yet is in flight too.
    (void)vouch_http_conn_run(conn);
    if (conn->phase != VOUCH_HTTP_READING || conn->x != NULL) {
        return;
    }
    if (conn->asked) {
        hang_up(conn);
    } else {
        enter(conn, VOUCH_HTTP_READING, LAST_ASK_NS);
    }
}
