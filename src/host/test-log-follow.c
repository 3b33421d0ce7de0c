// SPDX-License-Identifier: ISC
// Tests of following a log: heads of lines, numbers that last, files that are rotated or cut, a journal.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "host/log-entry.h"
#include "host/log-follow.h"

#define NOW UINT64_C(1795390000) // 2026-11-22T23:26:40Z
#define CA " CA ED25519 SHA256:AAAAtcv1nqGi/ZPJ9bJ0F2CbuRdaFYX1P5LXcrIJ01c"
#define LINE_LEN 400

// ----- heads

static int head(const char *text, struct vouch_log_line *ret_line) {
    return vouch_log_entry_syslog(vouch_bytes_of(text), NOW, ret_line);
}

static void reads_the_heads_of_syslog(void **state) {
    (void)state;
    (void)setenv("TZ", "UTC", 1);
    tzset();
    static const struct {
        const char *text;
        uint64_t time_ms, pid;
    } rows[] = {
        {"Nov 22 23:26:40 web1 sshd[123]: text: x", NOW * 1000, 123},
        {"Nov  2 23:26:40 web1 sshd-session[4194304]: text: x", (NOW - 20 * 86400) * 1000, 4194304},
        {"Dec 31 23:26:40 web1 sshd: text: x", (NOW - 326 * UINT64_C(86400)) * 1000, 0},
        {"2026-11-22T23:26:40.123456+00:00 web1 sshd[7]: text: x", NOW * 1000 + 123, 7},
        {"2026-11-23T00:26:40+01:00 web1 sshd[7]: text: x", NOW * 1000, 7},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_log_line line = {0};
        assert_true(head(rows[i].text, &line));
        assert_int_equal(line.time_ms, rows[i].time_ms);
        assert_int_equal(line.pid, rows[i].pid);
        assert_true(vouch_bytes_equal(line.text, vouch_bytes_of("text: x")));
        assert_true(vouch_log_entry_is_syslog(vouch_bytes_of(rows[i].text)));
    }
}

static void passes_over_heads_of_others(void **state) {
    (void)state;
    static const char *const rows[] = {"",
                                       "Accepted publickey for root",
                                       "Nov 22 23:26:40 web1 sudo[123]: text",
                                       "Nov 22 23:26:40 web1 sshdx[123]: text",
                                       "Nov 22 23:26:40 web1 sshd[1x]: text",
                                       "Nov 22 23:26:40 web1 kernel: sshd[123]: text",
                                       "Nox 22 23:26:40 web1 sshd[123]: text",
                                       "Nov 22 23:26:4x web1 sshd[123]: text",
                                       "2026-11-22T23:26:40.5x+00:00 web1 sshd[7]: text",
                                       "Nov 22 23:26:40 web1 sshd[123]"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_log_line line = {0};
        assert_false(head(rows[i], &line));
    }
}

#define ENTRY(uid, ident)                                                                          \
    "__CURSOR=s=ab;i=1\n__REALTIME_TIMESTAMP=1700000000123456\n_UID=" uid "\n_PID=77\n"            \
    "SYSLOG_IDENTIFIER=" ident "\nMESSAGE=hello\n\n"

static void reads_entries_of_the_journal(void **state) {
    (void)state;
    static const char text[] = ENTRY("0", "sshd-session") "next";
    struct vouch_log_journal entry = {0};
    size_t whole = sizeof text - 1 - 4;
    for (size_t len = 0; len < whole; len++) {
        assert_int_equal(
            vouch_log_entry_journal((struct vouch_bytes){(const uint8_t *)text, len}, &entry), 0);
    }
    assert_int_equal(vouch_log_entry_journal(vouch_bytes_of(text), &entry), whole);
    assert_true(entry.is_sshd);
    assert_int_equal(entry.line.pid, 77);
    assert_int_equal(entry.line.time_ms, 1700000000123);
    assert_true(vouch_bytes_equal(entry.line.text, vouch_bytes_of("hello")));
    assert_true(vouch_bytes_equal(entry.cursor, vouch_bytes_of("s=ab;i=1")));
}

static void believes_no_other_than_roots_sshd(void **state) {
    (void)state;
    static const char *const rows[] = {ENTRY("1000", "sshd"), ENTRY("0", "cron"),
                                       "SYSLOG_IDENTIFIER=sshd\nMESSAGE=x\n\n"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_log_journal entry = {.is_sshd = 1};
        assert_int_equal(vouch_log_entry_journal(vouch_bytes_of(rows[i]), &entry), strlen(rows[i]));
        assert_false(entry.is_sshd);
    }
}

static void reads_a_message_that_is_no_text(void **state) {
    (void)state;
    static const char text[] = "MESSAGE\n\x03\0\0\0\0\0\0\0a\nb\n_PID=5\n\n";
    static const char huge[] = "MESSAGE\n\xff\xff\xff\xff\xff\0\0\0a";
    static const char wrong[] = "MESSAGE\n\x01\0\0\0\0\0\0\0ab\n\n";
    struct vouch_log_journal entry = {0};
    assert_int_equal(vouch_log_entry_journal(
                         (struct vouch_bytes){(const uint8_t *)text, sizeof text - 1}, &entry),
                     sizeof text - 1);
    assert_true(vouch_bytes_equal(entry.line.text, vouch_bytes_of("a\nb")));
    assert_int_equal(vouch_log_entry_journal(
                         (struct vouch_bytes){(const uint8_t *)huge, sizeof huge - 1}, &entry),
                     SIZE_MAX);
    assert_int_equal(vouch_log_entry_journal(
                         (struct vouch_bytes){(const uint8_t *)wrong, sizeof wrong - 1}, &entry),
                     SIZE_MAX);
}

// ----- following

struct lab {
    char dir[64], log[96], rotated[96], position[96], program[96];
    struct vouch_log_follow *follow;
    const struct vouch_login_seen *rows;
    size_t count;
    uint64_t first;
};

static void open_follow(struct lab *lab, enum vouch_log_source_kind kind) {
    const struct vouch_log_source source = {
        .kind = kind, .path = lab->log, .program = lab->program, .position = lab->position};
    struct vouch_fault fault;
    assert_int_equal(vouch_log_follow_open(&source, &lab->follow, &fault), 0);
}

static void reopen(struct lab *lab, enum vouch_log_source_kind kind) {
    vouch_log_follow_close(lab->follow);
    open_follow(lab, kind);
}

static void read_on(struct lab *lab, uint64_t next) {
    struct vouch_fault fault;
    int err =
        vouch_log_follow_read(lab->follow, next, 100, &lab->rows, &lab->count, &lab->first, &fault);
    if (err != 0) {
        fail_msg("%s", fault.text);
    }
}

static void put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
}

static void put_login(const char *path, const char *login) {
    char line[LINE_LEN];
    (void)snprintf(line, sizeof line,
                   "Nov 22 23:26:40 web1 sshd[9]: Accepted publickey for %s from 10.0.0.9 port 5 "
                   "ssh2: ED25519-CERT SHA256:kfrRtcv1nqGi/ZPJ9bJ0F2CbuRdaFYX1P5LXcrIJ01c ID a "
                   "(serial 7)" CA "\n",
                   login);
    put(path, line);
}

static int set_up(void **state) {
    static struct lab lab;
    lab = (struct lab){.dir = "/tmp/vouch-follow-XXXXXX"};
    if (mkdtemp(lab.dir) == NULL) {
        return -1;
    }
    (void)snprintf(lab.log, sizeof lab.log, "%s/auth.log", lab.dir);
    (void)snprintf(lab.rotated, sizeof lab.rotated, "%s/auth.log.1", lab.dir);
    (void)snprintf(lab.position, sizeof lab.position, "%s/position", lab.dir);
    (void)snprintf(lab.program, sizeof lab.program, "%s/journalctl", lab.dir);
    *state = &lab;
    return 0;
}

static int tear_down(void **state) {
    struct lab *lab = *state;
    char args[96];
    vouch_log_follow_close(lab->follow);
    (void)snprintf(args, sizeof args, "%s/args", lab->dir);
    const char *const paths[] = {lab->log, lab->rotated, lab->position, lab->program, args};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        (void)unlink(paths[i]);
    }
    return rmdir(lab->dir);
}

static void begins_at_the_end_and_numbers_what_comes(void **state) {
    struct lab *lab = *state;
    put_login(lab->log, "before");
    open_follow(lab, VOUCH_LOG_SOURCE_FILE);
    read_on(lab, 0);
    assert_int_equal(lab->count, 0);
    put_login(lab->log, "alice");
    put(lab->log, "Nov 22 23:26:40 web1 sudo[9]: Accepted publickey for mallory\n");
    put_login(lab->log, "bob");
    read_on(lab, 0);
    assert_int_equal(lab->count, 2);
    assert_int_equal(lab->first, 1);
    assert_string_equal(lab->rows[0].login, "alice");
    assert_string_equal(lab->rows[1].login, "bob");
    read_on(lab, 0); // not taken over: the same again
    assert_int_equal(lab->count, 2);
    read_on(lab, 2);
    assert_int_equal(lab->count, 1);
    assert_int_equal(lab->first, 2);
    assert_string_equal(lab->rows[0].login, "bob");
}

static void hands_out_again_after_a_restart_what_was_not_taken_over(void **state) {
    struct lab *lab = *state;
    put(lab->log, "Nov 22 23:26:40 web1 sshd[9]: Server listening\n");
    open_follow(lab, VOUCH_LOG_SOURCE_FILE);
    read_on(lab, 0);
    put_login(lab->log, "alice");
    put_login(lab->log, "bob");
    read_on(lab, 0);
    read_on(lab, 2);
    put_login(lab->log, "carol");
    reopen(lab, VOUCH_LOG_SOURCE_FILE);
    read_on(lab, 0);
    assert_int_equal(lab->first, 2);
    assert_int_equal(lab->count, 2);
    assert_string_equal(lab->rows[0].login, "bob");
    assert_string_equal(lab->rows[1].login, "carol");
    read_on(lab, 4);
    reopen(lab, VOUCH_LOG_SOURCE_FILE);
    read_on(lab, 0);
    assert_int_equal(lab->count, 0);
    assert_int_equal(lab->first, 4);
}

static void counts_on_from_the_servers_number_if_its_own_is_lost(void **state) {
    struct lab *lab = *state;
    put(lab->log, "Nov 22 23:26:40 web1 sshd[9]: Server listening\n");
    open_follow(lab, VOUCH_LOG_SOURCE_FILE);
    read_on(lab, 500);
    put_login(lab->log, "alice");
    read_on(lab, 500);
    assert_int_equal(lab->first, 500);
    assert_int_equal(lab->count, 1);
}

static void follows_a_file_that_is_rotated(void **state) {
    struct lab *lab = *state;
    put(lab->log, "Nov 22 23:26:40 web1 sshd[9]: Server listening\n");
    open_follow(lab, VOUCH_LOG_SOURCE_FILE);
    read_on(lab, 0);
    put_login(lab->log, "alice");
    assert_int_equal(rename(lab->log, lab->rotated), 0);
    read_on(lab, 0); // there is none of that name for a moment
    assert_int_equal(lab->count, 1);
    put_login(lab->rotated, "bob");
    put_login(lab->log, "carol");
    read_on(lab, 0);
    assert_int_equal(lab->count, 3);
    assert_string_equal(lab->rows[1].login, "bob");
    assert_string_equal(lab->rows[2].login, "carol");
}

static void finds_its_place_in_a_file_that_was_rotated_while_it_was_away(void **state) {
    struct lab *lab = *state;
    put(lab->log, "Nov 22 23:26:40 web1 sshd[9]: Server listening\n");
    open_follow(lab, VOUCH_LOG_SOURCE_FILE);
    read_on(lab, 0);
    put_login(lab->log, "alice");
    read_on(lab, 0);
    read_on(lab, 2);
    put_login(lab->log, "bob");
    assert_int_equal(rename(lab->log, lab->rotated), 0);
    put_login(lab->log, "carol");
    reopen(lab, VOUCH_LOG_SOURCE_FILE);
    read_on(lab, 0);
    assert_int_equal(lab->first, 2);
    assert_int_equal(lab->count, 2);
    assert_string_equal(lab->rows[0].login, "bob");
    assert_string_equal(lab->rows[1].login, "carol");
}

static void follows_a_file_that_is_cut_even_if_it_grew_again(void **state) {
    struct lab *lab = *state;
    put(lab->log, "Nov 22 23:26:39 web1 sshd[9]: Server listening\n");
    open_follow(lab, VOUCH_LOG_SOURCE_FILE);
    read_on(lab, 0);
    put_login(lab->log, "alice");
    read_on(lab, 0);
    assert_int_equal(truncate(lab->log, 0), 0);
    put_login(lab->log, "bob");
    read_on(lab, 0);
    assert_int_equal(lab->count, 2);
    assert_int_equal(truncate(lab->log, 0), 0);
    put(lab->log, "Nov 22 23:27:00 web1 sshd[9]: another beginning\n");
    put_login(lab->log, "carol");
    put_login(lab->log, "dave");
    read_on(lab, 0);
    assert_int_equal(lab->count, 4);
    assert_string_equal(lab->rows[2].login, "carol");
    assert_string_equal(lab->rows[3].login, "dave");
}

static void passes_over_a_line_without_end_and_waits_for_one_that_is_not_whole(void **state) {
    struct lab *lab = *state;
    static char long_line[200000];
    put(lab->log, "Nov 22 23:26:40 web1 sshd[9]: Server listening\n");
    open_follow(lab, VOUCH_LOG_SOURCE_FILE);
    read_on(lab, 0);
    memset(long_line, 'x', sizeof long_line - 2);
    put(lab->log, long_line);
    read_on(lab, 0);
    put(lab->log, "\n");
    put_login(lab->log, "alice");
    put(lab->log, "Nov 22 23:26:40 web1 sshd[9]: Invalid user b");
    read_on(lab, 0);
    assert_int_equal(lab->count, 1);
    put(lab->log, "ob from 10.0.0.9 port 7\n");
    read_on(lab, 0);
    assert_int_equal(lab->count, 2);
    assert_string_equal(lab->rows[1].login, "bob");
}

static void reads_no_further_than_what_may_wait(void **state) {
    struct lab *lab = *state;
    put(lab->log, "Nov 22 23:26:40 web1 sshd[9]: Server listening\n");
    open_follow(lab, VOUCH_LOG_SOURCE_FILE);
    read_on(lab, 0);
    for (int i = 0; i < VOUCH_LOG_ROWS_MAX + 50; i++) {
        char login[16];
        (void)snprintf(login, sizeof login, "u%d", i + 1);
        put_login(lab->log, login);
    }
    uint64_t next = 1;
    do {
        char login[16];
        read_on(lab, next);
        assert_int_equal(lab->first, next);
        assert_true(lab->count <= 100);
        (void)snprintf(login, sizeof login, "u%llu", (unsigned long long)next);
        assert_true(lab->count == 0 || strcmp(lab->rows[0].login, login) == 0);
        next += lab->count;
    } while (lab->count > 0);
    assert_int_equal(next, VOUCH_LOG_ROWS_MAX + 51);
}

static void takes_a_file_of_sshd_without_heads(void **state) {
    struct lab *lab = *state;
    put(lab->log, "Server listening on 127.0.0.1 port 22.\r\n");
    open_follow(lab, VOUCH_LOG_SOURCE_FILE);
    read_on(lab, 0);
    put(lab->log, "Certificate invalid: expired\r\nFailed publickey for root from 10.0.0.9 port 5 "
                  "ssh2: ED25519-CERT SHA256:kfrRtcv1nqGi/ZPJ9bJ0F2CbuRdaFYX1P5LXcrIJ01c ID a "
                  "(serial 7)" CA "\r\n");
    read_on(lab, 0);
    assert_int_equal(lab->count, 1);
    assert_string_equal(lab->rows[0].reason, "expired");
    assert_int_equal(lab->rows[0].serial, 7);
}

static void says_that_there_is_no_log_and_that_a_position_is_damaged(void **state) {
    struct lab *lab = *state;
    struct vouch_fault fault;
    open_follow(lab, VOUCH_LOG_SOURCE_FILE);
    assert_int_equal(
        vouch_log_follow_read(lab->follow, 0, 10, &lab->rows, &lab->count, &lab->first, &fault),
        VOUCH_ERR_NOT_FOUND);
    assert_ptr_equal(fault.kind, &vouch_fault_login_log);
    static const char *const damaged[] = {"",
                                          "vouch-log/1\n",
                                          "vouch-log/2\nnext 1\nstart\n",
                                          "vouch-log/1\nnext 0\nstart\n",
                                          "vouch-log/1\nnext 1\nfile 1\n",
                                          "vouch-log/1\nnext 1\nfile 1 2 abc\n",
                                          "vouch-log/1\nnext 1\njournal \n",
                                          "vouch-log/1\nnext 1\nstart\nmore\n"};
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        const struct vouch_log_source source = {
            .kind = VOUCH_LOG_SOURCE_FILE, .path = lab->log, .position = lab->position};
        struct vouch_log_follow *follow = NULL;
        (void)unlink(lab->position);
        put(lab->position, damaged[i]);
        assert_int_not_equal(vouch_log_follow_open(&source, &follow, &fault), 0);
        assert_ptr_equal(fault.kind, &vouch_fault_login_log);
        assert_null(follow);
    }
}

// A program in journalctl's place: notes its arguments, writes two entries, and goes on waiting.
static void make_journal(const struct lab *lab, const char *login) {
    char text[2048];
    (void)unlink(lab->program);
    (void)snprintf(
        text, sizeof text,
        "#!/bin/sh\necho \"$@\" > '%s/args'\n"
        "printf '__CURSOR=s=1;i=%s\\n__REALTIME_TIMESTAMP=1700000000123456\\n_UID=0\\n"
        "_PID=7\\nSYSLOG_IDENTIFIER=sshd\\nMESSAGE=Invalid user %s from 10.0.0.9 port 7\\n"
        "\\n'\nprintf '_UID=1000\\n_PID=8\\nSYSLOG_IDENTIFIER=sshd\\n"
        "MESSAGE=Invalid user forged from 10.0.0.9 port 7\\n\\n'\nexec sleep 600\n",
        lab->dir, login, login);
    put(lab->program, text);
    assert_int_equal(chmod(lab->program, 0700), 0);
}

static void wait_for_rows(struct lab *lab, uint64_t next) {
    const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    uint64_t end_ns = vouch_time_monotonic_ns() + UINT64_C(20000000000);
    do {
        (void)nanosleep(&pause, NULL);
        read_on(lab, next);
    } while (lab->count == 0 && vouch_time_monotonic_ns() < end_ns);
}

static void expect_arguments(const struct lab *lab, const char *word) {
    char path[96];
    char text[1024];
    (void)snprintf(path, sizeof path, "%s/args", lab->dir);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t len = read(fd, text, sizeof text - 1);
    assert_true(len > 0);
    text[len] = '\0';
    assert_int_equal(close(fd), 0);
    assert_non_null(strstr(text, word));
}

static void follows_the_journal_from_its_cursor(void **state) {
    struct lab *lab = *state;
    make_journal(lab, "alice");
    open_follow(lab, VOUCH_LOG_SOURCE_JOURNAL);
    wait_for_rows(lab, 0);
    assert_int_equal(lab->count, 1);
    assert_string_equal(lab->rows[0].login, "alice");
    assert_int_equal(lab->rows[0].time_ms, 1700000000123);
    expect_arguments(lab, "--lines=0 _UID=0 SYSLOG_IDENTIFIER=sshd ");
    read_on(lab, 2);
    assert_int_equal(lab->count, 0);
    vouch_log_follow_close(lab->follow);
    lab->follow = NULL;
    make_journal(lab, "bob");
    open_follow(lab, VOUCH_LOG_SOURCE_JOURNAL);
    wait_for_rows(lab, 0);
    assert_int_equal(lab->count, 1);
    assert_int_equal(lab->first, 2);
    assert_string_equal(lab->rows[0].login, "bob");
    expect_arguments(lab, "--after-cursor=s=1;i=alice");
}

static void no_log_is_followed_in_silence(void **state) {
    struct lab *lab = *state;
    open_follow(lab, VOUCH_LOG_SOURCE_NONE);
    read_on(lab, 0);
    assert_int_equal(lab->count, 0);
}

#define FOLLOWS(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_heads_of_syslog),
        cmocka_unit_test(passes_over_heads_of_others),
        cmocka_unit_test(reads_entries_of_the_journal),
        cmocka_unit_test(believes_no_other_than_roots_sshd),
        cmocka_unit_test(reads_a_message_that_is_no_text),
        FOLLOWS(begins_at_the_end_and_numbers_what_comes),
        FOLLOWS(hands_out_again_after_a_restart_what_was_not_taken_over),
        FOLLOWS(counts_on_from_the_servers_number_if_its_own_is_lost),
        FOLLOWS(follows_a_file_that_is_rotated),
        FOLLOWS(finds_its_place_in_a_file_that_was_rotated_while_it_was_away),
        FOLLOWS(follows_a_file_that_is_cut_even_if_it_grew_again),
        FOLLOWS(passes_over_a_line_without_end_and_waits_for_one_that_is_not_whole),
        FOLLOWS(reads_no_further_than_what_may_wait),
        FOLLOWS(takes_a_file_of_sshd_without_heads),
        FOLLOWS(says_that_there_is_no_log_and_that_a_position_is_damaged),
        FOLLOWS(follows_the_journal_from_its_cursor),
        FOLLOWS(no_log_is_followed_in_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
