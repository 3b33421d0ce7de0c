// SPDX-License-Identifier: ISC
// A server and its client in one process, over loopback or a UNIX socket.
#include "api/test-client.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/routes.h"

static void log_line(struct test_api *test, const struct vouch_buf *line) {
    pthread_mutex_lock(&test->log_lock);
    vouch_buf_put(&test->log, vouch_buf_bytes(line));
    vouch_buf_put_text(&test->log, "\n");
    pthread_mutex_unlock(&test->log_lock);
}

static void record(void *context, const struct vouch_http_record *row) {
    struct vouch_buf line;
    vouch_buf_init(&line, 65536);
    vouch_api_access_line(row, &line);
    log_line(context, &line);
    vouch_buf_done(&line);
}

static void report(void *context, const struct vouch_http_request *request,
                   const struct vouch_fault *fault) {
    struct vouch_buf line;
    vouch_buf_init(&line, 65536);
    vouch_buf_put_text(&line, request->id);
    vouch_buf_put_text(&line, " ");
    vouch_buf_put_text(&line, fault->text);
    log_line(context, &line);
    vouch_buf_done(&line);
}

static int listen_tcp(struct test_api *test) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    test->port = ntohs(address.sin_port);
    return fd;
}

static socklen_t name_socket(const struct test_api *test, struct sockaddr_un *ret_address) {
    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    size_t len = strlen(test->socket + 1);
    memcpy(ret_address->sun_path + 1, test->socket + 1, len);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len);
}

static int listen_unix(struct test_api *test) {
    struct sockaddr_un address;
    (void)snprintf(test->socket + 1, sizeof test->socket - 1, "vouch-test-api-%d", (int)getpid());
    socklen_t len = name_socket(test, &address);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 64), 0);
    return fd;
}

void test_api_begin(struct test_api *test, enum vouch_caller_way way,
                    enum vouch_api_metrics metrics) {
    struct vouch_fault fault = {0};
    *test = (struct test_api){.tcp_fd = -1, .unix_fd = -1};
    pthread_mutex_init(&test->log_lock, NULL);
    vouch_buf_init(&test->log, 16 << 20);
    test->doc = test_schema_load();
    assert_non_null(test->doc);
    test_authority_begin();
    for (unsigned i = 0; i < TEST_WORKERS; i++) {
        test->authorities[i] = test_authority_handle();
    }
    assert_int_equal(vouch_api_public_start(test_authority_handle(), &test->files, &fault), 0);
    const struct vouch_api_config config = {.way = way,
                                            .changes = VOUCH_API_CHANGES_TAKEN,
                                            .authorities = test->authorities,
                                            .workers = TEST_WORKERS,
                                            .files = test->files,
                                            .metrics = metrics,
                                            .report = report,
                                            .report_context = test};
    assert_int_equal(vouch_api_new(&config, &test->api, &fault), 0);
    int local = way == VOUCH_CALLER_LOCAL;
    *(local ? &test->unix_fd : &test->tcp_fd) = local ? listen_unix(test) : listen_tcp(test);
    test->listener = (struct vouch_http_listener){.fd = local ? test->unix_fd : test->tcp_fd,
                                                  .security = VOUCH_HTTP_PLAIN};
    struct vouch_http_config http = {.listeners = &test->listener,
                                     .listener_count = 1,
                                     .record = record,
                                     .record_context = test};
    vouch_api_configure(test->api, &http);
    assert_int_equal(vouch_http_server_start(&http, &test->server, &fault), 0);
    vouch_api_attach(test->api, test->server);
    vouch_api_public_attach(test->files, test->server);
}

void test_api_end(struct test_api *test) {
    test_authority_silence(VOUCH_ERR_IO, VOUCH_VERDICT_REFUSED); // so that nobody waits for news
    vouch_api_public_attach(test->files, NULL);
    vouch_http_server_free(test->server);
    vouch_api_free(test->api);
    vouch_api_public_free(test->files);
    test_authority_end();
    json_decref(test->doc);
    vouch_buf_done(&test->log);
    pthread_mutex_destroy(&test->log_lock);
    close(test->tcp_fd >= 0 ? test->tcp_fd : test->unix_fd);
}

static int connect_to(const struct test_api *test) {
    if (test->unix_fd >= 0) {
        struct sockaddr_un address;
        socklen_t len = name_socket(test, &address);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&address, len), 0);
        return fd;
    }
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(test->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void put_request(const struct test_ask *ask, struct vouch_buf *out) {
    char length[64];
    vouch_buf_put_text(out, ask->method);
    vouch_buf_put_text(out, " ");
    vouch_buf_put_text(out, ask->path);
    vouch_buf_put_text(out, " HTTP/1.1\r\nHost: ca.example.com\r\nConnection: close\r\n");
    if (ask->token != NULL) {
        vouch_buf_put_text(out, "Authorization: Bearer ");
        vouch_buf_put_text(out, ask->token);
        vouch_buf_put_text(out, "\r\n");
    }
    const char *type = ask->type == NULL && ask->body != NULL ? "application/json" : ask->type;
    if (type != NULL && type[0] != '\0') {
        vouch_buf_put_text(out, "Content-Type: ");
        vouch_buf_put_text(out, type);
        vouch_buf_put_text(out, "\r\n");
    }
    vouch_buf_put_text(out, ask->headers != NULL ? ask->headers : "");
    size_t len = ask->body != NULL ? strlen(ask->body) : 0;
    (void)snprintf(length, sizeof length, "Content-Length: %zu\r\n\r\n", len);
    vouch_buf_put_text(out, ask->body != NULL ? length : "\r\n");
    vouch_buf_put_text(out, ask->body != NULL ? ask->body : "");
    assert_int_equal(out->err, VOUCH_OK);
}

static void exchange(struct test_api *test, const struct test_ask *ask, struct vouch_buf *in) {
    struct vouch_buf out;
    uint8_t room[4096];
    int fd = connect_to(test);
    vouch_buf_init(&out, 1 << 20);
    put_request(ask, &out);
    for (size_t at = 0; at < out.len;) {
        ssize_t sent = send(fd, out.ptr + at, out.len - at, MSG_NOSIGNAL);
        if (sent <= 0) {
            break; // refused before its end: the answer says why
        }
        at += (size_t)sent;
    }
    vouch_buf_done(&out);
    for (ssize_t got = 1; got > 0;) {
        got = recv(fd, room, sizeof room, 0);
        vouch_buf_put(in, (struct vouch_bytes){room, got > 0 ? (size_t)got : 0});
    }
    close(fd);
}

static void split(struct vouch_buf *in, struct test_answer *answer) {
    uint8_t *end = memmem(in->ptr, in->len, "\r\n\r\n", 4);
    assert_non_null(end);
    size_t head_len = (size_t)(end - in->ptr) + 2;
    answer->head = calloc(1, head_len + 1);
    memcpy(answer->head, in->ptr, head_len);
    assert_int_equal(sscanf(answer->head, "HTTP/1.1 %u ", &answer->status), 1);
    vouch_buf_init(&answer->body, 16 << 20);
    vouch_buf_put(&answer->body,
                  (struct vouch_bytes){in->ptr + head_len + 2, in->len - head_len - 2});
}

int test_has_header(const struct test_answer *answer, const char *line) {
    char whole[512];
    (void)snprintf(whole, sizeof whole, "\r\n%s\r\n", line);
    return strstr(answer->head, whole) != NULL;
}

// Whether a path of the description, with its braces, fits the one that was asked for.
static int path_fits(const char *pattern, const char *path) {
    while (*pattern != '\0' && *path != '\0' && *path != '?') {
        if (*pattern == '{') {
            pattern = strchr(pattern, '}') + 1;
            path += strcspn(path, "/?");
        } else if (*pattern++ != *path++) {
            return 0;
        }
    }
    return *pattern == '\0' && (*path == '\0' || *path == '?');
}

static const json_t *find_operation(const json_t *doc, const struct test_ask *ask) {
    const char *pattern = NULL;
    json_t *item = NULL;
    json_object_foreach(json_object_get(doc, "paths"), pattern, item) {
        const json_t *operation = test_schema_operation(doc, ask->method, pattern);
        if (operation != NULL && path_fits(pattern, ask->path)) {
            return operation;
        }
    }
    return NULL;
}

// What the description says of an answer with this status.
static const json_t *find_response(const json_t *operation, unsigned status) {
    char code[12];
    (void)snprintf(code, sizeof code, "%u", status);
    const json_t *responses = json_object_get(operation, "responses");
    const json_t *response = json_object_get(responses, code);
    return response != NULL ? response : json_object_get(responses, "default");
}

static void check_against_description(struct test_api *test, const struct test_ask *ask,
                                      const struct test_answer *answer) {
    char why[TEST_WHY_MAX] = "";
    int problem = answer->status >= 400;
    const char *type = problem ? "application/problem+json" : "application/json";
    const json_t *operation = find_operation(test->doc, ask);
    const json_t *schema = NULL;
    if (problem) {
        const json_t *components = json_object_get(test->doc, "components");
        schema = json_object_get(json_object_get(components, "schemas"), "problem");
    } else {
        assert_non_null(operation);
        const json_t *response = find_response(operation, answer->status);
        const json_t *content = json_object_get(json_object_get(response, "content"), type);
        schema = json_object_get(content, "schema");
    }
    if (answer->json == NULL) {
        assert_true(!problem);
        assert_null(schema); // what is described as JSON is JSON
        return;
    }
    assert_non_null(schema);
    if (test_schema_check(test->doc, schema, answer->json, why)) {
        fail_msg("%s %s: %u: %s", ask->method, ask->path, answer->status, why);
    }
}

static void parse(struct test_answer *answer) {
    int is_json = strstr(answer->head, "\r\nContent-Type: application/json\r\n") != NULL ||
                  strstr(answer->head, "\r\nContent-Type: application/problem+json\r\n") != NULL;
    if (is_json && answer->body.len > 0) {
        answer->json =
            json_loadb((char *)answer->body.ptr, answer->body.len, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(answer->json);
    }
}

void test_ask(struct test_api *test, const struct test_ask *ask, struct test_answer *ret_answer) {
    struct vouch_buf in;
    *ret_answer = (struct test_answer){0};
    vouch_buf_init(&in, 16 << 20);
    exchange(test, ask, &in);
    split(&in, ret_answer);
    vouch_buf_done(&in);
    parse(ret_answer);
    if (strcmp(ask->method, "HEAD") != 0 && ret_answer->status != 304) {
        check_against_description(test, ask, ret_answer);
    }
}

void test_answer_done(struct test_answer *answer) {
    free(answer->head);
    vouch_buf_done(&answer->body);
    json_decref(answer->json);
}

unsigned test_status(struct test_api *test, const struct test_ask *ask) {
    struct test_answer answer;
    test_ask(test, ask, &answer);
    unsigned status = answer.status;
    test_answer_done(&answer);
    return status;
}

const char *test_text(const struct test_answer *answer, const char *name) {
    const char *text = json_string_value(json_object_get(answer->json, name));
    return text != NULL ? text : "";
}
