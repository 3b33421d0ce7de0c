// SPDX-License-Identifier: ISC
// Tests of http/server.h that need no client: what it refuses to start with, and that it ends whatever
// state it is in. tests/gauntlet/http.py has the rest.
#include "http/server.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/time.h"

static struct vouch_http_server *server;
static struct vouch_fault fault;

static int begin(void **state) {
    (void)state;
    server = NULL;
    fault = (struct vouch_fault){0};
    return 0;
}

static void refuses_tls_without_a_certificate(void **state) {
    (void)state;
    const struct vouch_http_listener listener = {.fd = 0};
    const struct vouch_http_config config = {.listeners = &listener, .listener_count = 1};
    assert_int_equal(vouch_http_server_start(&config, &server, &fault), VOUCH_ERR_ARGUMENT);
    assert_non_null(strstr(fault.text, "TLS without a certificate"));
    assert_null(server);
}

static void refuses_a_descriptor_that_is_none(void **state) {
    (void)state;
    const struct vouch_http_listener listener = {.fd = 99999, .security = VOUCH_HTTP_PLAIN};
    const struct vouch_http_config config = {.listeners = &listener, .listener_count = 1};
    assert_int_equal(vouch_http_server_start(&config, &server, &fault), VOUCH_ERR_ARGUMENT);
    assert_non_null(strstr(fault.text, "descriptor 99999"));
    assert_null(server);
}

static void refuses_a_certificate_that_is_none(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "nonsense",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct vouch_http_identity identity = {.cert_pem = vouch_bytes_of(bad[i])};
        const struct vouch_http_config config = {.identity = &identity};
        assert_int_equal(vouch_http_server_start(&config, &server, &fault), VOUCH_ERR_FORMAT);
        assert_non_null(strstr(fault.text, "TLS identity: the certificate"));
        assert_null(server);
    }
}

static void ends_without_ever_having_served(void **state) {
    (void)state;
    const struct vouch_http_config config = {.io_threads = 3, .workers = 5};
    assert_int_equal(vouch_http_server_start(&config, &server, &fault), VOUCH_OK);
    struct vouch_http_counts counts;
    vouch_http_server_counts(server, &counts);
    assert_int_equal(counts.connections, 0);
    vouch_http_wake(server, 7);
    vouch_http_server_stop(server, vouch_time_monotonic_ns() + 60000000000);
    vouch_http_server_stop(server, 1);
    vouch_http_server_free(server);
}

static void takes_more_wakes_than_it_has_room_for(void **state) {
    (void)state;
    const struct vouch_http_config config = {.io_threads = 1, .workers = 1};
    assert_int_equal(vouch_http_server_start(&config, &server, &fault), VOUCH_OK);
    for (uint64_t key = 1; key < 10000; key++) {
        vouch_http_wake(server, key);
    }
    vouch_http_server_free(server);
}

static uint64_t cpu_ns(void) {
    struct timespec used;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used), 0);
    return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

// A listener that is none any more is always "readable": without a rest this takes a whole processor.
static void rests_when_a_listener_fails(void **state) {
    (void)state;
    const struct sockaddr_in anywhere = {.sin_family = AF_INET,
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&anywhere, sizeof anywhere), 0);
    assert_int_equal(listen(fd, 1), 0);
    const struct vouch_http_listener listener = {.fd = fd, .security = VOUCH_HTTP_PLAIN};
    const struct vouch_http_config config = {.listeners = &listener, .listener_count = 1};
    assert_int_equal(vouch_http_server_start(&config, &server, &fault), VOUCH_OK);
    assert_int_equal(shutdown(fd, SHUT_RDWR), 0);
    uint64_t before_ns = cpu_ns();
    const struct timespec while_it_rests = {.tv_nsec = 450000000};
    (void)nanosleep(&while_it_rests, NULL);
    uint64_t used_ns = cpu_ns() - before_ns;
    struct vouch_http_counts counts;
    vouch_http_server_counts(server, &counts);
    vouch_http_server_free(server);
    close(fd);
    assert_in_range(counts.rests, 1, 6);
    assert_in_range(used_ns, 0, 150000000);
}

static void frees_nothing(void **state) {
    (void)state;
    vouch_http_server_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(refuses_tls_without_a_certificate, begin),
        cmocka_unit_test_setup(refuses_a_descriptor_that_is_none, begin),
        cmocka_unit_test_setup(refuses_a_certificate_that_is_none, begin),
        cmocka_unit_test_setup(ends_without_ever_having_served, begin),
        cmocka_unit_test_setup(takes_more_wakes_than_it_has_room_for, begin),
        cmocka_unit_test_setup(rests_when_a_listener_fails, begin),
        cmocka_unit_test(frees_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
