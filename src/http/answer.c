// SPDX-License-Identifier: ISC
// Writes answers: status line, headers, body.
#include "http/exchange.h"

#include <stdio.h>
#include <time.h>

#include "base/str.h"

// Up to here a body is copied behind its head, so that both leave in one TLS record.
#define COPY_MAX 14000

#define FIELD_VALUE_MAX 4096

static const char *const field_names[VOUCH_HTTP_FIELD_COUNT] = {
    [VOUCH_HTTP_SET_CONTENT_DISPOSITION] = "Content-Disposition: ",
    [VOUCH_HTTP_SET_LINK] = "Link: ",
    [VOUCH_HTTP_SET_LOCATION] = "Location: ",
    [VOUCH_HTTP_SET_PREFERENCE_APPLIED] = "Preference-Applied: ",
    [VOUCH_HTTP_SET_RETRY_AFTER] = "Retry-After: ",
    [VOUCH_HTTP_SET_SET_COOKIE] = "Set-Cookie: ",
    [VOUCH_HTTP_SET_WWW_AUTHENTICATE] = "WWW-Authenticate: ",
};

static const struct {
    unsigned status;
    const char *text;
} phrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

const char *vouch_http_status_text(unsigned status) {
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        if (phrases[i].status == status) {
            return phrases[i].text;
        }
    }
    return "Unknown";
}

void vouch_http_date_set(struct vouch_http_date *date, uint64_t time_s) {
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (date->time_s == time_s && date->text[0] != 0) {
        return;
    }
    time_t seconds = (time_t)time_s;
    struct tm tm = {0};
    gmtime_r(&seconds, &tm);
    char text[80]; // strftime() would speak the process's language
    snprintf(text, sizeof text, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * tm.tm_wday,
             tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
             tm.tm_sec);
    memcpy(date->text, text, VOUCH_HTTP_DATE_LEN);
    date->text[VOUCH_HTTP_DATE_LEN] = 0;
    date->time_s = time_s;
}

struct vouch_bytes vouch_http_query(const struct vouch_http_request *request, const char *name) {
    for (size_t i = 0; i < request->param_count; i++) {
        if (vouch_bytes_equal(request->params[i].name, vouch_bytes_of(name))) {
            return request->params[i].value;
        }
    }
    return (struct vouch_bytes){0};
}

int vouch_http_set(struct vouch_http_response *response, enum vouch_http_field field,
                   struct vouch_bytes value) {
    if ((unsigned)field >= VOUCH_HTTP_FIELD_COUNT || value.len > FIELD_VALUE_MAX) {
        return VOUCH_ERR_ARGUMENT;
    }
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < 0x20 || value.ptr[i] == 0x7f) {
            return VOUCH_ERR_ARGUMENT;
        }
    }
    vouch_buf_put_text(&response->fields, field_names[field]);
    vouch_buf_put(&response->fields, value);
    vouch_buf_put_text(&response->fields, "\r\n");
    return response->fields.err;
}

static void put_number(struct vouch_buf *out, uint64_t number) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    vouch_buf_put(out, (struct vouch_bytes){(const uint8_t *)digits + at, sizeof digits - at});
}

static void put_field(struct vouch_buf *out, const char *name, const char *value) {
    vouch_buf_put_text(out, name);
    vouch_buf_put_text(out, value);
    vouch_buf_put_text(out, "\r\n");
}

// Whether the client has this version already (RFC 9110 13.1.2: weak comparison).
static int has_version(struct vouch_bytes list, const char *etag) {
    struct vouch_bytes rest = list;
    while (rest.ptr != NULL) {
        struct vouch_bytes one = vouch_str_trim(vouch_str_cut(&rest, ','));
        if (one.len > 2 && memcmp(one.ptr, "W/", 2) == 0) {
            one = (struct vouch_bytes){one.ptr + 2, one.len - 2};
        }
        if (vouch_bytes_equal(one, vouch_bytes_of(etag)) ||
            vouch_bytes_equal(one, vouch_bytes_of("*"))) {
            return 1;
        }
    }
    return 0;
}

// Whether the response can be sent as it is.
static int is_usable(const struct vouch_http_response *response) {
    return response->status >= 200 && response->status <= 599 && response->body.err == VOUCH_OK &&
           response->fields.err == VOUCH_OK;
}

static void settle_status(struct vouch_http_exchange *x, int err) {
    struct vouch_http_response *response = &x->response;
    if (err != VOUCH_OK || !is_usable(response)) {
        vouch_http_exchange_reset(x);
        response->status = 500;
    }
    int reads = x->request.method == VOUCH_HTTP_GET || x->request.method == VOUCH_HTTP_HEAD;
    if (reads && response->status == 200 && response->etag[0] != 0 &&
        has_version(x->request.headers[VOUCH_HTTP_IF_NONE_MATCH], response->etag)) {
        response->status = 304;
    }
}

static void put_head(struct vouch_http_exchange *x, size_t body_len,
                     const struct vouch_http_date *date) {
    const struct vouch_http_response *response = &x->response;
    struct vouch_buf *out = &x->out;
    vouch_buf_put_text(out, "HTTP/1.1 ");
    put_number(out, response->status);
    vouch_buf_put_text(out, " ");
    put_field(out, vouch_http_status_text(response->status), "");
    put_field(out, "Date: ", date->text);
    put_field(out, "X-Request-Id: ", x->request.id);
    if (response->status != 204 && response->status != 304) {
        if (!response->stream) {
            vouch_buf_put_text(out, "Content-Length: ");
            put_number(out, body_len);
            vouch_buf_put_text(out, "\r\n");
        }
        if (response->content_type != NULL) {
            put_field(out, "Content-Type: ", response->content_type);
        }
        if (x->packed) {
            put_field(out, "Content-Encoding: ", "gzip");
        }
    }
    put_field(out, "Cache-Control: ",
              response->cache_control != NULL ? response->cache_control : "no-store");
    if (response->etag[0] != 0) {
        put_field(out, "ETag: ", response->etag);
    }
}

static void put_answer(struct vouch_http_exchange *x, const struct vouch_http_date *date) {
    const struct vouch_http_response *response = &x->response;
    struct vouch_buf *out = &x->out;
    struct vouch_bytes body = response->shared.bytes.ptr != NULL ? response->shared.bytes
                                                                 : vouch_buf_bytes(&response->body);
    vouch_buf_clear(out);
    put_head(x, body.len, date);
    vouch_buf_put(out, vouch_buf_bytes(&response->fields));
    // A file's own headers stand in place of the server's, or the two would add up to something else.
    int own = x->file != NULL && x->file->headers != NULL && response->status < 400;
    vouch_buf_put(out, own ? vouch_bytes_of(x->file->headers) : x->site->headers);
    vouch_buf_put_text(out, x->closing ? "Connection: close\r\n\r\n" : "\r\n");
    x->rest = (struct vouch_bytes){0};
    if (x->request.method == VOUCH_HTTP_HEAD || response->status == 204 ||
        response->status == 304) {
        return;
    }
    if (body.len <= COPY_MAX) {
        vouch_buf_put(out, body);
    } else {
        x->rest = body;
    }
}

static const char *describe_plainly(unsigned status, const char *reason, struct vouch_buf *body) {
    put_number(body, status);
    vouch_buf_put_text(body, " ");
    vouch_buf_put_text(body, vouch_http_status_text(status));
    vouch_buf_put_text(body, ": ");
    vouch_buf_put_text(body, reason);
    vouch_buf_put_text(body, "\n");
    return "text/plain; charset=utf-8";
}

static void describe(struct vouch_http_exchange *x, const char *reason) {
    struct vouch_http_response *response = &x->response;
    const struct vouch_http_config *config = &x->site->config;
    vouch_buf_clear(&response->body);
    response->content_type =
        config->describe != NULL
            ? config->describe(response->status, reason, &x->request, &response->body)
            : describe_plainly(response->status, reason, &response->body);
}

// One that cannot be made ends the answer where it is: nothing else can be said in it any more.
static void put_piece(struct vouch_http_exchange *x, int err) {
    struct vouch_http_response *response = &x->response;
    vouch_buf_clear(&x->out);
    x->rest = (struct vouch_bytes){0};
    if (err == VOUCH_OK && response->body.err == VOUCH_OK) {
        vouch_buf_put(&x->out, vouch_buf_bytes(&response->body));
    } else {
        response->wait.key = 0;
    }
    if (x->out.err != VOUCH_OK) {
        vouch_buf_clear(&x->out);
        response->wait.key = 0;
    }
}

// The first piece of a stream, unless there is none after all. Who asks for the head alone waits for nothing.
static void begin_stream(struct vouch_http_exchange *x) {
    struct vouch_http_response *response = &x->response;
    response->stream = response->stream && response->status == 200;
    if (!response->stream || x->request.method == VOUCH_HTTP_HEAD) {
        response->wait.key = 0;
    }
    x->streaming = response->stream;
    x->closing |= response->stream;
}

void vouch_http_exchange_answer(struct vouch_http_exchange *x, int err,
                                struct vouch_http_date *date) {
    if (x->streaming) {
        put_piece(x, err);
        return;
    }
    int failed = err != VOUCH_OK || x->response.status == 0;
    settle_status(x, err);
    begin_stream(x);
    if (x->response.status == 500 && (failed || x->response.body.len == 0)) {
        describe(x, "the server could not do this");
    }
    put_answer(x, date);
    if (x->out.err != VOUCH_OK) {
        // Not even the head fits: there is nothing to say it with.
        vouch_buf_clear(&x->out);
        x->rest = (struct vouch_bytes){0};
        x->closing = 1;
        x->response.wait.key = 0;
    }
    x->status = x->response.status;
}

void vouch_http_exchange_refuse(struct vouch_http_exchange *x, unsigned status, const char *reason,
                                struct vouch_http_date *date) {
    x->response.status = status;
    x->response.etag[0] = 0;
    describe(x, reason);
    put_answer(x, date);
    x->status = status;
}
