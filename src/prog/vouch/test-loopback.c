// SPDX-License-Identifier: ISC
// Tests of the port to which a browser comes back: one request is heard, whatever else is sent there.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/test-ok.h"
#include "prog/vouch/browser.h"

#define MARK "0123456789abcdef"
#define RIGHT "GET /done?code=vouchb_abc&state=" MARK " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

// Somebody who sends something to the port, and what they are answered.
struct caller {
    const struct vouch_loopback *loopback;
    const char *request;
    char answer[1024];
    pthread_t thread;
};

static void *call(void *context) {
    struct caller *caller = context;
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(caller->loopback->port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    size_t len = 0;
    ssize_t got = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
        send(fd, caller->request, strlen(caller->request), MSG_NOSIGNAL) >= 0) {
        (void)shutdown(fd, SHUT_WR);
        while (got > 0 && len < sizeof caller->answer - 1) {
            got = recv(fd, caller->answer + len, sizeof caller->answer - 1 - len, 0);
            len += got > 0 ? (size_t)got : 0;
        }
    }
    caller->answer[len] = '\0';
    (void)close(fd);
    return NULL;
}

static struct vouch_loopback open_port(void) {
    struct vouch_loopback loopback;
    test_ok(vouch_loopback_open(&loopback, &fault));
    assert_true(loopback.port != 0);
    return loopback;
}

static void begin(struct caller *caller, const struct vouch_loopback *loopback,
                  const char *request) {
    *caller = (struct caller){.loopback = loopback, .request = request};
    assert_int_equal(pthread_create(&caller->thread, NULL, call, caller), 0);
}

static void end(struct caller *caller) {
    assert_int_equal(pthread_join(caller->thread, NULL), 0);
}

static void a_browser_is_sent_on_to_the_page(void **state) {
    (void)state;
    struct caller caller;
    char code[VOUCH_LOOPBACK_CODE_MAX + 1];
    struct vouch_loopback loopback = open_port();
    begin(&caller, &loopback, RIGHT);
    int connection = vouch_loopback_await(&loopback, MARK, 20000, code);
    assert_true(connection >= 0);
    assert_string_equal(code, "vouchb_abc");
    vouch_loopback_answer(connection, "https://ca.example.com/device?code=BCDF-GHJK");
    end(&caller);
    assert_non_null(strstr(caller.answer, "HTTP/1.1 303 "));
    assert_non_null(
        strstr(caller.answer, "Location: https://ca.example.com/device?code=BCDF-GHJK\r\n"));
    assert_non_null(strstr(caller.answer, "Cache-Control: no-store\r\n"));
    assert_non_null(strstr(caller.answer, "Referrer-Policy: no-referrer\r\n"));
    vouch_loopback_close(&loopback);
}

static void a_failure_is_said_without_an_address(void **state) {
    (void)state;
    struct caller caller;
    char code[VOUCH_LOOPBACK_CODE_MAX + 1];
    struct vouch_loopback loopback = open_port();
    begin(&caller, &loopback, RIGHT);
    vouch_loopback_answer(vouch_loopback_await(&loopback, MARK, 20000, code), NULL);
    end(&caller);
    assert_non_null(strstr(caller.answer, "HTTP/1.1 200 "));
    assert_null(strstr(caller.answer, "Location"));
    vouch_loopback_close(&loopback);
}

// Any page can make a browser send something there, and any program of the machine can.
static void whatever_has_not_the_mark_is_turned_away(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "GET /done?code=vouchb_abc&state=0123456789abcdeX HTTP/1.1\r\n\r\n",
        "GET /done?code=vouchb_abc&state=0123456789abcde HTTP/1.1\r\n\r\n",
        "GET /done?code=vouchb_abc&state=" MARK "0 HTTP/1.1\r\n\r\n",
        "GET /done?code=vouchb_abc&state= HTTP/1.1\r\n\r\n",
        "GET /done?code=vouchb_abc HTTP/1.1\r\n\r\n",
        "GET /done?state=" MARK "&code=vouchb_abc HTTP/1.1\r\n\r\n",
        "GET /done?code=&state=" MARK " HTTP/1.1\r\n\r\n",
        "POST /done?code=vouchb_abc&state=" MARK " HTTP/1.1\r\n\r\n",
        "GET /other?code=vouchb_abc&state=" MARK " HTTP/1.1\r\n\r\n",
        "GET /done?code=vouchb_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "&state=" MARK " HTTP/1.1\r\n\r\n",
        "GET /done?code=vouchb_abc&state=" MARK " HTTP/1.1\r\n", // and no end
        "",
    };
    char code[VOUCH_LOOPBACK_CODE_MAX + 1] = "";
    struct vouch_loopback loopback = open_port();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct caller caller, right;
        begin(&caller, &loopback, wrong[i]);
        assert_int_equal(vouch_loopback_await(&loopback, MARK, 200, code), -1);
        end(&caller);
        assert_non_null(strstr(caller.answer, "HTTP/1.1 404 "));
        begin(&right, &loopback, RIGHT); // which is heard all the same
        int connection = vouch_loopback_await(&loopback, MARK, 20000, code);
        assert_true(connection >= 0);
        vouch_loopback_answer(connection, NULL);
        end(&right);
    }
    vouch_loopback_close(&loopback);
}

static void one_that_sends_without_end_is_left(void **state) {
    (void)state;
    static char much[20000];
    struct caller caller;
    char code[VOUCH_LOOPBACK_CODE_MAX + 1] = "";
    struct vouch_loopback loopback = open_port();
    memset(much, 'a', sizeof much - 1);
    begin(&caller, &loopback, much);
    assert_int_equal(vouch_loopback_await(&loopback, MARK, 200, code), -1);
    vouch_loopback_close(&loopback);
    end(&caller);
}

static void nobody_coming_ends_the_wait(void **state) {
    (void)state;
    char code[VOUCH_LOOPBACK_CODE_MAX + 1] = "";
    struct vouch_loopback loopback = open_port();
    assert_int_equal(vouch_loopback_await(&loopback, MARK, 20, code), -1);
    vouch_loopback_close(&loopback);
    assert_int_equal(loopback.fd, -1);
    vouch_loopback_close(&loopback); // and one that never began
}

static void only_a_screen_of_ones_own_has_a_browser(void **state) {
    (void)state;
    static const char *const all[] = {"SSH_CONNECTION", "SSH_TTY", "container",
                                      "BROWSER",        "DISPLAY", "WAYLAND_DISPLAY"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_equal(unsetenv(all[i]), 0);
    }
    assert_false(vouch_browser_is_here());
    // Inside a container nothing else counts.
    int outside = access("/.dockerenv", F_OK) != 0 && access("/run/.containerenv", F_OK) != 0;
    for (size_t i = 3; i < 6; i++) {
        assert_int_equal(setenv(all[i], ":0", 1), 0);
        assert_int_equal(vouch_browser_is_here(), outside);
        assert_int_equal(setenv("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22", 1), 0);
        assert_false(vouch_browser_is_here());
        assert_int_equal(unsetenv("SSH_CONNECTION"), 0);
        assert_int_equal(unsetenv(all[i]), 0);
    }
}

static void an_address_that_is_none_is_not_opened(void **state) {
    (void)state;
    static const char *const bad[] = {"http://ca.example.com/device",
                                      "--help",
                                      "",
                                      "https://ca.example.com/a b",
                                      "https://ca.example.com/$(id)",
                                      "https://ca.example.com/\n"};
    assert_int_equal(setenv("BROWSER", "/nonexistent/browser", 1), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(vouch_browser_open(bad[i], NULL), VOUCH_ERR_FORMAT);
    }
    assert_int_equal(vouch_browser_open("https://ca.example.com/device?code=BCDF-GHJK", NULL),
                     VOUCH_ERR_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_browser_is_sent_on_to_the_page),
        cmocka_unit_test(a_failure_is_said_without_an_address),
        cmocka_unit_test(whatever_has_not_the_mark_is_turned_away),
        cmocka_unit_test(one_that_sends_without_end_is_left),
        cmocka_unit_test(nobody_coming_ends_the_wait),
        cmocka_unit_test(only_a_screen_of_ones_own_has_a_browser),
        cmocka_unit_test(an_address_that_is_none_is_not_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
