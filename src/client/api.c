// SPDX-License-Identifier: ISC
// The server's API over libcurl: see api.h.
#include "client/api.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "client/api-fault.h"
#include "client/api-pin.h"
#include "client/curl.h"

#define URL_MAX 4096
#define TOKEN_MAX 128
#define ATTEMPTS 4
#define PAUSE_MS 150      // before the second attempt; doubled before each later one
#define PAUSE_MAX_MS 5000 // also where the server asks for more
#define CONNECT_TIMEOUT_MS 10000

struct vouch_api {
    const struct vouch_curl *lib;
    CURL *curl;
    char name[300]; // of the server, in messages
    char *base;     // "https://HOST:PORT", or "http://localhost" on a socket
    char pin[VOUCH_API_PIN_MAX];
    struct vouch_secret header; // "Authorization: Bearer …" with its NUL; empty: no token
    uint64_t timeout_ms;
    vouch_api_no_fn *on_no; // NULL: nobody is told
    void *on_no_context;
    const atomic_int *stop; // NULL: nothing stops it
    int has_clock;
    int64_t ahead_ms;
    CURLcode set_code; // the first failure to set an option
    char detail[CURL_ERROR_SIZE];
};

// One ask while it is under way.
struct transfer {
    struct vouch_api *api;
    const struct vouch_api_ask *ask;
    struct vouch_api_answer answer;
    struct curl_slist *headers;
    uint64_t deadline_ns;
    int overflow;
    uint64_t retry_after_ms;
};

// The first option that libcurl does not take sticks: asking without one of them could be asking anybody.
static void note(struct vouch_api *api, CURLcode code) {
    if (api->set_code == CURLE_OK) {
        api->set_code = code;
    }
}
#define SET(api, option, value) note(api, (api)->lib->easy_setopt((api)->curl, option, value))

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

const char *vouch_api_name(const struct vouch_api *api) {
    return api->name;
}

void vouch_api_close(struct vouch_api *api) {
    if (api != NULL) {
        if (api->curl != NULL) {
            api->lib->easy_cleanup(api->curl);
        }
        free(api->base);
        vouch_secret_done(&api->header);
        free(api);
    }
}

static int is_token_char(uint8_t c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '-';
}

// One line of the characters that a token has: nothing else gets into the header.
static int check_token(const char *path, struct vouch_bytes token, struct vouch_fault *fault) {
    int good = token.len > 7 && token.len <= TOKEN_MAX &&
               (memcmp(token.ptr, "vouch_", 6) == 0 || memcmp(token.ptr, "vouchs_", 7) == 0 ||
                memcmp(token.ptr, "vouchm_", 7) == 0);
    for (size_t i = 0; good && i < token.len; i++) {
        good = is_token_char(token.ptr[i]);
    }
    if (good) {
        return 0;
    }
    vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_server_token, "%s: holds no token", path);
    return vouch_fault_next(fault,
                            "give the file that holds the line vouch_... of vouch token new");
}

static int put_token(struct vouch_api *api, const char *path, struct vouch_bytes token,
                     struct vouch_fault *fault) {
    static const char begin[] = "Authorization: Bearer ";
    struct vouch_secret header = {0};
    int err = check_token(path, token, fault);
    if (err == 0 && vouch_secret_new(sizeof begin + token.len, &header) != 0) {
        err = no_memory(fault);
    }
    if (err == 0) {
        memcpy(header.ptr, begin, sizeof begin - 1);
        memcpy(header.ptr + sizeof begin - 1, token.ptr, token.len);
        vouch_secret_done(&api->header);
        api->header = header;
    }
    return err;
}

static int read_token(struct vouch_api *api, const char *path, struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret file = {0};
    int err = vouch_io_read_secret(path, TOKEN_MAX + 2, VOUCH_IO_PRIVATE, &file, fault);
    return err == 0 ? put_token(api, path, vouch_str_trim(vouch_secret_bytes(&file)), fault) : err;
}

int vouch_api_set_token(struct vouch_api *api, struct vouch_bytes token,
                        struct vouch_fault *fault) {
    if (token.len > 0) {
        return put_token(api, api->name, token, fault);
    }
    vouch_secret_done(&api->header);
    return 0;
}

void vouch_api_set_timeout(struct vouch_api *api, uint64_t timeout_ms) {
    api->timeout_ms = timeout_ms;
}

// Called about once a second while an ask is under way; nonzero ends it.
static int look_at_stop(void *context, curl_off_t to_get, curl_off_t got, curl_off_t to_send,
                        curl_off_t sent) {
    const struct vouch_api *api = context;
    (void)to_get;
    (void)got;
    (void)to_send;
    (void)sent;
    return atomic_load(api->stop);
}

void vouch_api_set_stop(struct vouch_api *api, const atomic_int *stop) {
    api->stop = stop;
    SET(api, CURLOPT_NOPROGRESS, stop == NULL ? 1L : 0L);
    SET(api, CURLOPT_XFERINFOFUNCTION, stop == NULL ? NULL : look_at_stop);
    SET(api, CURLOPT_XFERINFODATA, api);
}

void vouch_api_on_no(struct vouch_api *api, vouch_api_no_fn *on_no, void *context) {
    api->on_no = on_no;
    api->on_no_context = context;
}

// "https://HOST[:PORT]" and nothing behind it but a slash.
static int check_url(const char *url, struct vouch_fault *fault) {
    static const char scheme[] = "https://";
    const char *host = url + sizeof scheme - 1;
    int good = strncmp(url, scheme, sizeof scheme - 1) == 0 && host[0] != '\0';
    for (const char *c = host; good && *c != '\0'; c++) {
        int end = *c == '/' && c[1] == '\0' && c != host;
        good = end || is_token_char((uint8_t)*c) || strchr(".:[]", *c) != NULL;
    }
    if (good && strlen(url) < 256) {
        return 0;
    }
    vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_usage,
                    "--server: \"%s\" is not the address of a server", url);
    return vouch_fault_next(fault, "write --server https://ca.example.com:8443");
}

static int set_address(struct vouch_api *api, const struct vouch_api_server *server,
                       struct vouch_fault *fault) {
    if (server->socket != NULL) {
        (void)snprintf(api->name, sizeof api->name, "%s", server->socket);
        api->base = strdup("http://localhost");
        return api->base != NULL ? 0 : no_memory(fault);
    }
    int err = check_url(server->url, fault);
    if (err != 0) {
        return err;
    }
    size_t len = strlen(server->url);
    api->base = strndup(server->url, server->url[len - 1] == '/' ? len - 1 : len);
    if (api->base == NULL) {
        return no_memory(fault);
    }
    (void)snprintf(api->name, sizeof api->name, "%s", api->base + strlen("https://"));
    return 0;
}

// What holds for every ask of this api.
static void set_security(struct vouch_api *api, const struct vouch_api_server *server) {
    if (server->socket != NULL) {
        SET(api, CURLOPT_UNIX_SOCKET_PATH, server->socket);
        SET(api, CURLOPT_PROTOCOLS_STR, "http");
        SET(api, CURLOPT_PROXY, "");
        return;
    }
    SET(api, CURLOPT_PROTOCOLS_STR, "https");
    SET(api, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (server->ca_file != NULL) {
        SET(api, CURLOPT_CAINFO, server->ca_file);
        SET(api, CURLOPT_CAPATH, NULL);
    }
    if (server->pin != NULL) {
        // The pin says more than any CA could: which key it is. With --ca-file both have to hold.
        SET(api, CURLOPT_PINNEDPUBLICKEY, api->pin);
        long judge = server->ca_file != NULL;
        SET(api, CURLOPT_SSL_VERIFYPEER, judge);
        SET(api, CURLOPT_SSL_VERIFYHOST, judge * 2);
    }
}

static int check_set(const struct vouch_api *api, struct vouch_fault *fault) {
    if (api->set_code == CURLE_OK) {
        return 0;
    }
    vouch_fault_set(fault, VOUCH_ERR_UNSUPPORTED, &vouch_fault_server_unreachable,
                    "%s: libcurl does not do what is needed: %s", api->name,
                    api->lib->easy_strerror(api->set_code));
    return vouch_fault_next(fault, "install libcurl 7.86 or later, with OpenSSL (libcurl4)");
}

static int set_up(struct vouch_api *api, const struct vouch_api_server *server,
                  struct vouch_fault *fault) {
    int err = set_address(api, server, fault);
    if (err == 0 && server->pin != NULL && server->socket == NULL) {
        err = vouch_api_pin_parse(server->pin, api->pin, fault);
    }
    if (err == 0 && server->token_file != NULL && server->socket == NULL) {
        err = read_token(api, server->token_file, fault);
    } else if (err == 0 && server->token.len > 0 && server->socket == NULL) {
        err = put_token(api, api->name, server->token, fault);
    }
    if (err != 0) {
        return err;
    }
    api->timeout_ms = server->timeout_ms != 0 ? server->timeout_ms : VOUCH_API_TIMEOUT_MS;
    err = vouch_curl_load(&api->lib, fault);
    if (err != 0) {
        return err;
    }
    api->curl = api->lib->easy_init();
    if (api->curl == NULL) {
        return no_memory(fault);
    }
    set_security(api, server);
    SET(api, CURLOPT_NOSIGNAL, 1L);
    SET(api, CURLOPT_ERRORBUFFER, api->detail);
    SET(api, CURLOPT_USERAGENT, "vouch/" VOUCH_VERSION);
    SET(api, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    return check_set(api, fault);
}

int vouch_api_open(const struct vouch_api_server *server, struct vouch_api **ret_api,
                   struct vouch_fault *fault) {
    struct vouch_api *api = calloc(1, sizeof *api);
    if (api == NULL) {
        return no_memory(fault);
    }
    int err = set_up(api, server, fault);
    if (err != 0) {
        vouch_api_close(api);
        return err;
    }
    *ret_api = api;
    return 0;
}

// Asking

static size_t take_body(char *data, size_t size, size_t count, void *context) {
    struct transfer *transfer = context;
    struct vouch_buf *body = &transfer->answer.body;
    vouch_buf_put(body, (struct vouch_bytes){(const uint8_t *)data, size * count});
    transfer->overflow = body->err != 0;
    return transfer->overflow ? 0 : size * count;
}

static void add_header(struct transfer *transfer, const char *line, int *err) {
    struct curl_slist *more = NULL;
    if (*err == 0) {
        more = transfer->api->lib->slist_append(transfer->headers, line);
    }
    if (more == NULL) {
        *err = VOUCH_ERR_NO_MEMORY;
        return;
    }
    transfer->headers = more;
}

static int make_headers(struct transfer *transfer) {
    char line[256];
    int err = 0;
    const struct vouch_api_ask *ask = transfer->ask;
    add_header(transfer, "Accept:", &err);
    add_header(transfer, "Expect:", &err);
    if (ask->body != NULL) {
        (void)snprintf(line, sizeof line, "Content-Type: %s",
                       ask->type != NULL ? ask->type : "application/json");
        add_header(transfer, line, &err);
    }
    if (ask->once != NULL) {
        (void)snprintf(line, sizeof line, "Idempotency-Key: %s", ask->once);
        add_header(transfer, line, &err);
    }
    if (ask->etag != NULL) {
        (void)snprintf(line, sizeof line, "If-None-Match: \"%s\"", ask->etag);
        add_header(transfer, line, &err);
    }
    if (ask->match != NULL) {
        (void)snprintf(line, sizeof line, "If-Match: \"%s\"", ask->match);
        add_header(transfer, line, &err);
    }
    if (transfer->api->header.len > 0) {
        add_header(transfer, (const char *)transfer->api->header.ptr, &err);
    }
    return err;
}

static void free_headers(struct transfer *transfer) {
    for (struct curl_slist *h = transfer->headers; h != NULL; h = h->next) {
        vouch_wipe(h->data, strlen(h->data)); // one of them holds the token
    }
    transfer->api->lib->slist_free_all(transfer->headers);
}

static void set_method(struct vouch_api *api, const struct vouch_api_ask *ask) {
    static const char *const words[] = {"GET", "POST", "PUT", "DELETE"};
    if (ask->method == VOUCH_API_GET) {
        SET(api, CURLOPT_HTTPGET, 1L);
        SET(api, CURLOPT_CUSTOMREQUEST, NULL);
        return;
    }
    const char *body = ask->body != NULL ? ask->body : "";
    SET(api, CURLOPT_POST, 1L);
    SET(api, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
    SET(api, CURLOPT_POSTFIELDS, body);
    SET(api, CURLOPT_CUSTOMREQUEST, words[ask->method]);
}

static uint64_t left_ms(const struct transfer *transfer) {
    uint64_t now = vouch_time_monotonic_ns();
    return transfer->deadline_ns > now ? (transfer->deadline_ns - now) / 1000000 : 0;
}

static int prepare(struct transfer *transfer, struct vouch_fault *fault) {
    struct vouch_api *api = transfer->api;
    char url[URL_MAX];
    int len = snprintf(url, sizeof url, "%s%s", api->base, transfer->ask->path);
    if (len < 0 || (size_t)len >= sizeof url) {
        return vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_usage,
                               "the question is longer than a server takes (%u bytes)", URL_MAX);
    }
    if (make_headers(transfer) != 0) {
        return no_memory(fault);
    }
    SET(api, CURLOPT_URL, url);
    set_method(api, transfer->ask);
    SET(api, CURLOPT_HTTPHEADER, transfer->headers);
    SET(api, CURLOPT_WRITEFUNCTION, take_body);
    SET(api, CURLOPT_WRITEDATA, transfer);
    return check_set(api, fault);
}

static void read_etag(struct transfer *transfer) {
    struct curl_header *header = NULL;
    if (transfer->api->lib->easy_header(transfer->api->curl, "ETag", 0, CURLH_HEADER, -1,
                                        &header) != CURLHE_OK) {
        return;
    }
    struct vouch_bytes text = vouch_str_trim(vouch_bytes_of(header->value));
    if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"' &&
        text.len - 2 < sizeof transfer->answer.etag) {
        memcpy(transfer->answer.etag, text.ptr + 1, text.len - 2);
    }
}

// Its clock stands still between two seconds: half of one is the best guess.
static void read_date(struct vouch_api *api) {
    struct curl_header *header = NULL;
    struct tm parts = {0};
    if (api->lib->easy_header(api->curl, "Date", 0, CURLH_HEADER, -1, &header) != CURLHE_OK) {
        return;
    }
    const char *end = strptime(header->value, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    time_t date_s = end != NULL && *end == '\0' ? timegm(&parts) : -1;
    if (date_s > 0) {
        api->has_clock = 1;
        api->ahead_ms = (int64_t)vouch_time_now_ms() - (int64_t)date_s * 1000 - 500;
    }
}

int vouch_api_clock(const struct vouch_api *api, int64_t *ret_ahead_ms) {
    if (!api->has_clock) {
        return VOUCH_ERR_NOT_FOUND;
    }
    *ret_ahead_ms = api->ahead_ms;
    return 0;
}

// One attempt: 0 with a status, or a code of libcurl.
static CURLcode attempt(struct transfer *transfer) {
    struct vouch_api *api = transfer->api;
    long status = 0;
    curl_off_t retry_after_s = 0;
    uint64_t ms = left_ms(transfer);
    if (ms == 0) {
        return CURLE_OPERATION_TIMEDOUT;
    }
    if (api->stop != NULL && atomic_load(api->stop)) {
        return CURLE_ABORTED_BY_CALLBACK;
    }
    vouch_buf_clear(&transfer->answer.body);
    transfer->answer.etag[0] = '\0';
    transfer->api->detail[0] = '\0';
    SET(api, CURLOPT_TIMEOUT_MS, (long)ms);
    SET(api, CURLOPT_CONNECTTIMEOUT_MS, (long)(ms < CONNECT_TIMEOUT_MS ? ms : CONNECT_TIMEOUT_MS));
    CURLcode code = api->lib->easy_perform(api->curl);
    if (code != CURLE_OK) {
        return code;
    }
    (void)api->lib->easy_getinfo(api->curl, CURLINFO_RESPONSE_CODE, &status);
    (void)api->lib->easy_getinfo(api->curl, CURLINFO_RETRY_AFTER, &retry_after_s);
    transfer->answer.status = status > 0 ? (unsigned)status : 0;
    transfer->retry_after_ms = retry_after_s > 0 ? (uint64_t)retry_after_s * 1000 : 0;
    read_etag(transfer);
    read_date(api);
    return CURLE_OK;
}

static int may_repeat(const struct vouch_api_ask *ask) {
    return ask->method == VOUCH_API_GET || ask->method == VOUCH_API_PUT || ask->once != NULL;
}

// Whether another attempt may do better, and does no harm.
static int is_worth_repeating(const struct transfer *transfer, CURLcode code) {
    if (!may_repeat(transfer->ask)) {
        return 0;
    }
    switch ((int)code) {
    case CURLE_OK:
        return transfer->answer.status == 503;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
        return 1;
    default:
        return 0;
    }
}

// Nonzero if there was time enough to wait.
static int pause_before(const struct transfer *transfer, unsigned number) {
    uint64_t ms = (uint64_t)PAUSE_MS << number;
    if (transfer->retry_after_ms > ms) {
        ms = transfer->retry_after_ms;
    }
    ms = ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS;
    if (ms >= left_ms(transfer)) {
        return 0;
    }
    struct timespec time = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&time, NULL);
    return 1;
}

static int is_good(const struct transfer *transfer) {
    unsigned status = transfer->answer.status;
    return (status >= 200 && status < 300) || (status == 304 && transfer->ask->etag != NULL);
}

static int perform(struct transfer *transfer, struct vouch_fault *fault) {
    struct vouch_api *api = transfer->api;
    int err = prepare(transfer, fault);
    if (err != 0) {
        return err;
    }
    CURLcode code = CURLE_OK;
    for (unsigned number = 0; number < ATTEMPTS; number++) {
        code = attempt(transfer);
        if (!is_worth_repeating(transfer, code) || number + 1 == ATTEMPTS ||
            !pause_before(transfer, number)) {
            break;
        }
    }
    if (code != CURLE_OK) {
        const char *detail = api->detail[0] != '\0' ? api->detail : api->lib->easy_strerror(code);
        const struct vouch_api_broken broken = {api->name, (int)code, detail, transfer->overflow,
                                                api->pin};
        return vouch_api_broken_fault(&broken, fault);
    }
    return is_good(transfer)
               ? 0
               : vouch_api_problem_fault(api->name, transfer->answer.status,
                                         vouch_buf_bytes(&transfer->answer.body), fault);
}

static int ask_once(struct vouch_api *api, const struct vouch_api_ask *ask,
                    struct vouch_api_answer *ret_answer, struct vouch_fault *fault) {
    struct transfer transfer = {.api = api, .ask = ask};
    transfer.deadline_ns =
        vouch_time_monotonic_ns() + (api->timeout_ms + ask->wait_ms) * UINT64_C(1000000);
    vouch_buf_init(&transfer.answer.body,
                   ask->answer_max != 0 ? ask->answer_max : VOUCH_API_JSON_MAX);
    int err = perform(&transfer, fault);
    SET(api, CURLOPT_HTTPHEADER, NULL);
    free_headers(&transfer);
    if (err != 0) {
        vouch_buf_done(&transfer.answer.body);
        return err;
    }
    *ret_answer = transfer.answer;
    return 0;
}

// What the server itself decided, as against connections that broke and answers that are none.
static int is_no(int err) {
    return err == VOUCH_ERR_PASSPHRASE || err == VOUCH_ERR_REFUSED;
}

int vouch_api_ask(struct vouch_api *api, const struct vouch_api_ask *ask,
                  struct vouch_api_answer *ret_answer, struct vouch_fault *fault) {
    vouch_api_no_fn *on_no = api->on_no;
    struct vouch_fault why = {0};
    int err = ask_once(api, ask, ret_answer, &why);
    if (is_no(err) && on_no != NULL) {
        api->on_no = NULL;
        if (on_no(api->on_no_context, &why)) {
            err = ask_once(api, ask, ret_answer, &why);
        }
        api->on_no = on_no;
    }
    if (err != 0 && fault != NULL) {
        *fault = why;
    }
    return err;
}

int vouch_api_bad_answer(const struct vouch_api *api, struct vouch_fault *fault, const char *format,
                         ...) {
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_server_answer, "%s: %s",
                           api->name, text);
}

int vouch_api_ask_json(struct vouch_api *api, const struct vouch_api_ask *ask, const char *schema,
                       struct json_t **ret_json, struct vouch_fault *fault) {
    struct vouch_api_answer answer = {0};
    json_error_t error = {0};
    int err = vouch_api_ask(api, ask, &answer, fault);
    if (err != 0) {
        return err;
    }
    if (answer.status == 204) {
        vouch_buf_done(&answer.body);
        *ret_json = json_pack("{ss}", "schema", schema);
        return *ret_json != NULL ? 0 : no_memory(fault);
    }
    json_t *json = answer.body.len == 0 ? NULL
                                        : json_loadb((const char *)answer.body.ptr, answer.body.len,
                                                     JSON_REJECT_DUPLICATES, &error);
    vouch_buf_done(&answer.body);
    const char *found = json_string_value(json_object_get(json, "schema"));
    if (json == NULL) {
        return vouch_api_bad_answer(api, fault, "%s: the answer is not JSON", ask->path);
    }
    if (found == NULL || strcmp(found, schema) != 0) {
        err = vouch_api_bad_answer(api, fault, "%s: the answer is %s, not %s", ask->path,
                                   found != NULL ? found : "without a schema", schema);
        json_decref(json);
        return err;
    }
    *ret_json = json;
    return 0;
}

// Paths

static void put_encoded(struct vouch_buf *path, const char *text) {
    static const char digits[] = "0123456789ABCDEF";
    for (; *text != '\0'; text++) {
        uint8_t c = (uint8_t)*text;
        char code[4] = {(char)c, '\0', '\0', '\0'};
        if (!is_token_char(c) && c != '.' && c != '~') {
            code[0] = '%';
            code[1] = digits[c >> 4];
            code[2] = digits[c & 15];
        }
        vouch_buf_put_text(path, code);
    }
}

void vouch_api_query(struct vouch_buf *path, const char *name, const char *value) {
    if (value == NULL) {
        return;
    }
    int first = path->len == 0 || memchr(path->ptr, '?', path->len) == NULL;
    vouch_buf_put_text(path, first ? "?" : "&");
    vouch_buf_put_text(path, name);
    vouch_buf_put_text(path, "=");
    put_encoded(path, value);
}

void vouch_api_segment(struct vouch_buf *path, const char *text) {
    vouch_buf_put_text(path, "/");
    put_encoded(path, text);
}
