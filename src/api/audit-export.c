// SPDX-License-Identifier: ISC
// /v1/audit/export: all events that fit a search, as JSON lines or CSV, with a signed manifest behind them.
//
// The answer is made in pieces, one after the other has left: page by page of the authority, so that neither a
// million records nor a slow reader takes memory. The hash is taken of the bytes as they are written. An answer
// that ends without a manifest broke off. doc/export.md.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/audit.h"
#include "api/fields.h"
#include "api/resources.h"
#include "base/time.h"
#include "core/digest.h"

#define EXPORTS_MAX 4 // at once
#define PAGE_ROWS 200
#define PIECE_PAGES 4
#define PIECE_BYTES (1024u * 1024) // then a piece is large enough
#define REPLACEMENT 0xfffdu
#define PAUSE_NS UINT64_C(100000000) // until the next piece, should nobody wake it

// What an export keeps between its pieces.
struct run {
    struct vouch_api *api;
    struct vouch_digest *digest;
    enum vouch_export_format format;
    char cursor[64]; // of the next page; empty: the first, or none is left
    int has_begun;
    int is_whole; // nothing is left but the manifest
    uint64_t searched, records, length;
};

static void end_run(void *owner) {
    struct run *run = owner;
    atomic_fetch_sub(&run->api->exports, 1);
    vouch_digest_free(run->digest);
    free(run);
}

// The run is the request's from here on, and ends with it.
static int begin(struct vouch_api_call *call, enum vouch_export_format format) {
    if (atomic_fetch_add(&call->api->exports, 1) >= EXPORTS_MAX) {
        atomic_fetch_sub(&call->api->exports, 1);
        vouch_api_refuse(call, 503, &vouch_fault_export_full, NULL,
                         "%d exports are being written already", EXPORTS_MAX);
        return VOUCH_OK;
    }
    struct run *run = calloc(1, sizeof *run);
    struct vouch_digest *digest = vouch_digest_new();
    if (run == NULL || digest == NULL) {
        atomic_fetch_sub(&call->api->exports, 1);
        vouch_digest_free(digest);
        free(run);
        return VOUCH_ERR_NO_MEMORY;
    }
    *run = (struct run){.api = call->api, .digest = digest, .format = format};
    call->response->hold = (struct vouch_http_hold){end_run, run};
    return VOUCH_OK;
}

// --- writing

// In quotes. What a spreadsheet would take for a formula is made text, and what could break a line is not
// written: JSON lines have all as it is.
static void put_cell(struct vouch_buf *out, struct vouch_bytes text) {
    vouch_buf_put_text(out, "\"");
    if (text.len > 0 && memchr("=+-@", text.ptr[0], 4) != NULL) {
        vouch_buf_put_text(out, "'");
    }
    while (text.len > 0) {
        const uint8_t *from = text.ptr;
        unsigned point = vouch_json_take_point(&text);
        if (point < 0x20 || point == 0x7f || point == REPLACEMENT) {
            vouch_buf_put_text(out, "\xef\xbf\xbd");
        } else {
            vouch_buf_put(out, (struct vouch_bytes){from, (size_t)(text.ptr - from)});
        }
        if (point == '"') {
            vouch_buf_put_text(out, "\"");
        }
    }
    vouch_buf_put_text(out, "\"");
}

static void put_details_cell(struct vouch_buf *out, struct vouch_bytes details) {
    struct vouch_buf text;
    vouch_buf_init(&text, VOUCH_API_DETAILS_MAX);
    struct vouch_json json = {.out = &text};
    vouch_api_details_put(&json, NULL, details);
    put_cell(out, vouch_buf_bytes(&text));
    out->err = text.err != VOUCH_OK ? text.err : out->err;
    vouch_buf_done(&text);
}

static void put_csv(struct vouch_buf *out, const struct vouch_event_row *row) {
    char number[24];
    struct vouch_json json = {.out = out};
    (void)snprintf(number, sizeof number, "%" PRIu64 ",", row->number);
    vouch_buf_put_text(out, number);
    vouch_json_time_ms(&json, NULL, row->time_ms);
    const struct vouch_bytes cells[] = {row->type, row->actor, row->object};
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        vouch_buf_put_text(out, ",");
        put_cell(out, cells[i]);
    }
    vouch_buf_put_text(out, ",");
    put_details_cell(out, row->details);
    vouch_buf_put_text(out, "\r\n");
}

static void put_row(struct vouch_buf *out, enum vouch_export_format format,
                    const struct vouch_event_row *row) {
    if (format == VOUCH_EXPORT_CSV) {
        put_csv(out, row);
        return;
    }
    struct vouch_json json = {.out = out};
    vouch_api_event_put(&json, row);
    vouch_buf_put_text(out, "\n");
}

// Counts and hashes what was put behind `from`.
static void count(struct run *run, const struct vouch_buf *out, size_t from) {
    const struct vouch_bytes piece = {out->ptr + from, out->len - from};
    if (out->err == VOUCH_OK && piece.len > 0) {
        run->length += piece.len;
        vouch_digest_put(run->digest, piece);
    }
}

static int keep_cursor(struct run *run, struct vouch_bytes next) {
    if (next.len >= sizeof run->cursor) {
        return VOUCH_ERR_LIMIT;
    }
    memcpy(run->cursor, next.ptr != NULL ? next.ptr : (const uint8_t *)"", next.len);
    run->cursor[next.len] = '\0';
    run->is_whole = next.len == 0;
    return VOUCH_OK;
}

// One page of the authority. Nonzero in call->refused: it said no.
static int put_page(struct vouch_api_call *call, struct run *run) {
    struct vouch_ask_audit ask = vouch_api_audit_ask(call);
    struct vouch_answer_audit answer = {0};
    struct vouch_buf *out = &call->response->body;
    size_t from = out->len;
    ask.page = (struct vouch_ask_page){.limit = PAGE_ROWS, .cursor = vouch_bytes_of(run->cursor)};
    if (call->refused) {
        return VOUCH_OK;
    }
    int err = vouch_authority_audit(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    if (!run->has_begun) {
        run->has_begun = 1;
        run->searched = answer.searched;
        vouch_buf_put_text(out, run->format == VOUCH_EXPORT_CSV
                                    ? "record,time,type,actor,object,details\r\n"
                                    : "");
    }
    for (size_t i = 0; i < answer.count; i++) {
        put_row(out, run->format, &answer.rows[i]);
    }
    run->records += answer.count;
    count(run, out, from);
    return out->err != VOUCH_OK ? out->err : keep_cursor(run, answer.next);
}

static int put_manifest(struct vouch_api_call *call, struct run *run) {
    uint8_t hash[VOUCH_DIGEST_LEN];
    const struct vouch_ask_audit asked = vouch_api_audit_ask(call);
    struct vouch_answer_export answer = {0};
    vouch_digest_end(run->digest, hash);
    const struct vouch_ask_export ask = {.query = {.format = run->format,
                                                   .words = asked.words,
                                                   .type = asked.type,
                                                   .actor = asked.actor,
                                                   .object = asked.object,
                                                   .from_ms = asked.from_ms,
                                                   .until_ms = asked.until_ms},
                                         .searched = run->searched,
                                         .records = run->records,
                                         .length = run->length,
                                         .sha256 = {hash, sizeof hash}};
    int err = vouch_authority_export(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (vouch_api_is_done(call, err, &answer.reply)) {
        vouch_buf_put_text(&call->response->body, "\n");
        vouch_buf_put(&call->response->body, answer.manifest);
    }
    return VOUCH_OK;
}

// --- pieces

// The head of the answer is gone: what cannot go on ends where it is, and the manifest is missing.
static int end_short(struct vouch_api_call *call) {
    vouch_buf_clear(&call->response->body);
    call->response->wait = (struct vouch_http_wait){0};
    call->response->stream = 1;
    return VOUCH_OK;
}

static int give(struct vouch_api_call *call, struct run *run, int is_last) {
    struct vouch_http_response *response = call->response;
    int is_csv = run->format == VOUCH_EXPORT_CSV;
    response->status = 200;
    response->content_type = is_csv ? "text/csv; charset=utf-8" : "application/jsonl";
    response->stream = 1;
    if (is_last) {
        return VOUCH_OK;
    }
    uint64_t key = (uint64_t)(uintptr_t)run;
    struct vouch_http_server *server = atomic_load(&call->api->server);
    response->wait =
        (struct vouch_http_wait){.key = key, .deadline_ns = vouch_time_monotonic_ns() + PAUSE_NS};
    if (server != NULL) { // as soon as this piece has left
        vouch_http_wake(server, key);
    }
    return VOUCH_OK;
}

static int put_name(struct vouch_api_call *call, enum vouch_export_format format) {
    char value[64];
    (void)snprintf(value, sizeof value, "attachment; filename=\"audit.%s\"",
                   vouch_export_format_text(format));
    return vouch_http_set(call->response, VOUCH_HTTP_SET_CONTENT_DISPOSITION,
                          vouch_bytes_of(value));
}

static int put_piece(struct vouch_api_call *call, struct run *run) {
    int err = VOUCH_OK;
    int is_first = !run->has_begun;
    const struct vouch_buf *out = &call->response->body;
    // The first piece has something in it.
    for (unsigned i = 0; err == VOUCH_OK && !call->refused && !run->is_whole &&
                         (i < PIECE_PAGES || (is_first && out->len == 0)) && out->len < PIECE_BYTES;
         i++) {
        err = put_page(call, run);
    }
    int is_last = run->is_whole;
    if (err == VOUCH_OK && !call->refused && is_last) {
        err = put_manifest(call, run);
    }
    if ((err != VOUCH_OK || call->refused) && !is_first) {
        return end_short(call);
    }
    return err != VOUCH_OK || call->refused ? err : give(call, run, is_last);
}

// What the manifest cannot say is refused before the first byte.
static void check_texts(struct vouch_api_call *call) {
    static const char *const names[] = {"type", "actor", "object"};
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !call->refused; i++) {
        struct vouch_bytes text = vouch_http_query(call->request, names[i]);
        if (text.ptr != NULL && text.len > VOUCH_EXPORT_TEXT_MAX) {
            vouch_api_refuse_field(call, names[i], "%s has %zu bytes, and at most %d are taken",
                                   names[i], text.len, VOUCH_EXPORT_TEXT_MAX);
        }
    }
}

int vouch_api_audit_export(struct vouch_api_call *call) {
    static const char *const words[] = {"jsonl", "csv", NULL};
    unsigned given = vouch_api_query_word(call, "format", words);
    enum vouch_export_format format = given == 2 ? VOUCH_EXPORT_CSV : VOUCH_EXPORT_JSONL;
    (void)vouch_api_audit_ask(call);
    check_texts(call);
    int is_first = call->request->turn == VOUCH_HTTP_FIRST;
    int err = VOUCH_OK;
    if (!call->refused && is_first && call->api->config.changes != VOUCH_API_CHANGES_TAKEN) {
        vouch_api_refuse(call, 403, &vouch_fault_demonstration, NULL,
                         "this is a demonstration: an export would be recorded");
    }
    if (!call->refused && is_first) {
        err = begin(call, format);
    }
    if (!call->refused && err == VOUCH_OK && is_first) {
        err = put_name(call, format);
    }
    if (call->refused || err != VOUCH_OK) {
        return err;
    }
    return put_piece(call, call->response->hold.owner);
}
