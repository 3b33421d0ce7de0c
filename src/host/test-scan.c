// SPDX-License-Identifier: ISC
// Tests of looking through authorized_keys files: lines with and without options, sshd's patterns, and
// what a user may put in the way.
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
#include <unistd.h>

#include "base/str.h"
#include "host/scan.h"

#define BLOB "AAAAC3NzaC1lZDI1NTE5AAAAIFhmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZm"
#define KEY "ssh-ed25519 " BLOB
#define FP "SHA256:m/ejOXkI0ofKT+bW34mhHdSH63xu9c+QU7djuKirDXM"

static void reads_a_line_of_each_form(void **state) {
    (void)state;
    static const struct {
        const char *line, *options, *comment;
        int is_ca;
    } rows[] = {
        {KEY, "", "", 0},
        {KEY " alice@laptop", "", "alice@laptop", 0},
        {"  " KEY " a  b\r", "", "a  b", 0},
        {"no-pty,from=\"10.0.0.0/8\" " KEY " x", "no-pty,from=\"10.0.0.0/8\"", "x", 0},
        {"command=\"echo \\\"a b\\\" , cert-authority\" " KEY,
         "command=\"echo \\\\\"a b\\\\\" , cert-authority\"", "", 0},
        {"cert-authority " KEY, "cert-authority", "", 1},
        {"restrict,CERT-Authority,principals=\"a,b\" " KEY,
         "restrict,CERT-Authority,principals=\"a,b\"", "", 1},
        {"principals=\"cert-authority\" " KEY, "principals=\"cert-authority\"", "", 0},
        {KEY " esc\x1b[31m", "", "esc\\x1b[31m", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_scan_row row = {0};
        int is_odd = 1;
        assert_true(vouch_scan_line(vouch_bytes_of(rows[i].line), &row, &is_odd));
        assert_false(is_odd);
        assert_string_equal(row.type, "ssh-ed25519");
        assert_string_equal(row.fingerprint, FP);
        assert_string_equal(row.options, rows[i].options);
        assert_string_equal(row.comment, rows[i].comment);
        assert_int_equal(row.is_ca != 0, rows[i].is_ca);
    }
}

static void tells_what_is_no_key_from_what_is_meant_to_be_none(void **state) {
    (void)state;
    static const struct {
        const char *line;
        int is_odd;
    } rows[] = {{"", 0},
                {"   \t", 0},
                {"# " KEY, 0},
                {"ssh-ed25519 AAAA", 1},
                {"root:*:19000:0:99999:7:::", 1},
                {"no-pty", 1},
                {"command=\"unclosed " KEY, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_scan_row row = {0};
        int is_odd = 0;
        assert_false(vouch_scan_line(vouch_bytes_of(rows[i].line), &row, &is_odd));
        assert_int_equal(is_odd != 0, rows[i].is_odd);
    }
}

// ----- accounts

struct lab {
    char root[64];
    char rows[32][512]; // "ACCOUNT PATH LINE COMMENT USED"
    size_t row_count;
    char problems[32][256];
    size_t problem_count;
    size_t stop_after;
};

static int take_row(void *context, const struct vouch_scan_row *row) {
    struct lab *lab = context;
    (void)snprintf(lab->rows[lab->row_count++], 512, "%s %s %d %s %d", row->account, row->path,
                   (int)row->line, row->comment, (int)row->used_s);
    return lab->row_count == lab->stop_after;
}

static int take_problem(void *context, const char *text) {
    struct lab *lab = context;
    (void)snprintf(lab->problems[lab->problem_count++], 256, "%s", text);
    return 0;
}

static void put(const struct lab *lab, const char *name, const char *text) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", lab->root, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state) {
    static struct lab lab;
    static const char *const folders[] = {
        "etc",        "people",          "people/alice", "people/alice/.ssh",
        "people/bob", "people/bob/.ssh", "keys"};
    lab = (struct lab){.root = "/tmp/vouch-scan-XXXXXX"};
    if (mkdtemp(lab.root) == NULL) {
        return -1;
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s/%s", lab.root, folders[i]);
        if (mkdir(path, 0700) != 0) {
            return -1;
        }
    }
    put(&lab, "etc/passwd",
        "alice:x:1000:1000::/people/alice:/bin/sh\n"
        "bob:x:1001:1001::/people/bob:/bin/sh\n"
        "gone:x:1002:1002::/people/gone:/bin/sh\n");
    *state = &lab;
    return 0;
}

static int tear_down(void **state) {
    struct lab *lab = *state;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", lab->root);
    return system(command);
}

static int scan(struct lab *lab, const char *settings, const struct vouch_login_used *used) {
    struct vouch_bytes lines[8];
    struct vouch_bytes rest = vouch_bytes_of(settings);
    size_t count = 0;
    while (rest.ptr != NULL && rest.len > 0) {
        lines[count++] = vouch_str_cut(&rest, '\n');
    }
    const struct vouch_scan what = {.root = lab->root,
                                    .settings = lines,
                                    .setting_count = count,
                                    .used = used,
                                    .row = take_row,
                                    .problem = take_problem,
                                    .context = lab};
    struct vouch_fault fault;
    return vouch_scan_accounts(&what, &fault);
}

static void finds_the_files_of_sshds_patterns(void **state) {
    struct lab *lab = *state;
    put(lab, "people/alice/.ssh/authorized_keys", "# mine\n" KEY " one\n\nno-pty " KEY " two\n");
    put(lab, "people/bob/.ssh/authorized_keys2", KEY " three");
    put(lab, "keys/bob-1001%", KEY " four\n");
    assert_int_equal(scan(lab,
                          "port 22\nauthorizedkeysfile .ssh/authorized_keys "
                          "%h/.ssh/authorized_keys2 /keys/%u-%U%%\nauthorizedkeyscommand none\n",
                          NULL),
                     0);
    assert_int_equal(lab->row_count, 4);
    assert_string_equal(lab->rows[0], "alice /people/alice/.ssh/authorized_keys 2 one 0");
    assert_string_equal(lab->rows[1], "alice /people/alice/.ssh/authorized_keys 4 two 0");
    assert_string_equal(lab->rows[2], "bob /people/bob/.ssh/authorized_keys2 1 three 0");
    assert_string_equal(lab->rows[3], "bob /keys/bob-1001% 1 four 0");
    assert_int_equal(lab->problem_count, 0);
}

static void says_when_a_key_was_used_last(void **state) {
    struct lab *lab = *state;
    static struct vouch_login_used used;
    struct vouch_login_seen seen = {.outcome = VOUCH_SEEN_ACCEPTED,
                                    .time_ms = 1700000001000,
                                    .reason = "",
                                    .login = "alice",
                                    .fingerprint = FP};
    memset(&used, 0, sizeof used);
    vouch_login_used_note(&used, &seen);
    seen.time_ms += 5000;
    vouch_login_used_note(&used, &seen);
    seen.time_ms += 5000;
    seen.outcome = VOUCH_SEEN_REFUSED;
    vouch_login_used_note(&used, &seen);
    put(lab, "people/alice/.ssh/authorized_keys", KEY " one\n");
    put(lab, "people/bob/.ssh/authorized_keys", KEY " one\n");
    assert_int_equal(scan(lab, "authorizedkeysfile .ssh/authorized_keys\n", &used), 0);
    assert_int_equal(lab->row_count, 2);
    assert_string_equal(lab->rows[0], "alice /people/alice/.ssh/authorized_keys 1 one 1700000006");
    assert_string_equal(lab->rows[1], "bob /people/bob/.ssh/authorized_keys 1 one 0");
}

static void follows_no_link_waits_for_no_pipe_and_quotes_no_file(void **state) {
    struct lab *lab = *state;
    char path[256];
    put(lab, "etc/shadow", "root:secret:1::\n");
    (void)snprintf(path, sizeof path, "%s/people/alice/.ssh/authorized_keys", lab->root);
    assert_int_equal(symlink("/etc/shadow", path), 0);
    (void)snprintf(path, sizeof path, "%s/people/bob/.ssh/authorized_keys", lab->root);
    assert_int_equal(mkfifo(path, 0600), 0);
    put(lab, "people/bob/.ssh/authorized_keys2", "root:secret:1::\n");
    assert_int_equal(
        scan(lab, "authorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2\n", NULL), 0);
    assert_int_equal(lab->row_count, 0);
    assert_int_equal(lab->problem_count, 3);
    assert_string_equal(
        lab->problems[0],
        "/people/alice/.ssh/authorized_keys: cannot be looked through: it is a link");
    assert_non_null(strstr(lab->problems[1], "/people/bob/.ssh/authorized_keys: cannot be looked"));
    assert_string_equal(lab->problems[2], "/people/bob/.ssh/authorized_keys2: 1 lines are no keys");
}

static void tells_of_a_program_that_names_keys(void **state) {
    struct lab *lab = *state;
    assert_int_equal(scan(lab, "authorizedkeysfile none\nauthorizedkeyscommand /usr/bin/x\n", NULL),
                     0);
    assert_int_equal(lab->problem_count, 1);
    assert_non_null(strstr(lab->problems[0], "AuthorizedKeysCommand"));
}

static void ends_when_it_is_told_to_and_needs_a_list_of_accounts(void **state) {
    struct lab *lab = *state;
    put(lab, "people/alice/.ssh/authorized_keys", KEY "\n" KEY "\n" KEY "\n");
    put(lab, "people/bob/.ssh/authorized_keys", KEY "\n");
    lab->stop_after = 2;
    assert_int_equal(scan(lab, "authorizedkeysfile .ssh/authorized_keys\n", NULL), 0);
    assert_int_equal(lab->row_count, 2);
    put(lab, "etc/passwd", "");
    assert_int_equal(scan(lab, "authorizedkeysfile .ssh/authorized_keys\n", NULL),
                     VOUCH_ERR_NOT_FOUND);
}

#define SCANS(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_line_of_each_form),
        cmocka_unit_test(tells_what_is_no_key_from_what_is_meant_to_be_none),
        SCANS(finds_the_files_of_sshds_patterns),
        SCANS(says_when_a_key_was_used_last),
        SCANS(follows_no_link_waits_for_no_pipe_and_quotes_no_file),
        SCANS(tells_of_a_program_that_names_keys),
        SCANS(ends_when_it_is_told_to_and_needs_a_list_of_accounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
