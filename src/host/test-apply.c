// SPDX-License-Identifier: ISC
// Tests of the root part on a machine with a real sshd: installing, applying, confirming, leaving, and
// that everything is put back when anything is not as it must be.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "host/test-lab.h"

#define SOON (vouch_time_monotonic_ns() + UINT64_C(60000000000))

static const struct vouch_apply_none nothing;
static const struct vouch_apply_leave leaving = {VOUCH_APPLY_DO};

static void expect_ok(int err, const struct vouch_fault *fault) {
    if (err != VOUCH_OK) {
        print_error("%s\n", fault->text);
    }
    assert_int_equal(err, VOUCH_OK);
}

static struct lab *ready_lab(int include) {
    struct lab *lab = lab_new(include);
    struct vouch_fault fault = {0};
    lab_start_sshd(lab);
    lab_open(lab);
    expect_ok(lab_install(lab, &fault), &fault);
    return lab;
}

static void apply_now(struct lab *lab) {
    struct vouch_apply_done done;
    struct vouch_fault fault = {0};
    expect_ok(lab_apply(lab, 0, &done, &fault), &fault);
}

static int has(const struct lab *lab, const char *path, const char *words) {
    char *text = lab_read(lab, path);
    int found = text != NULL && strstr(text, words) != NULL;
    free(text);
    return found;
}

static enum vouch_apply_state state_of(struct lab *lab) {
    struct vouch_apply_machine machine;
    struct vouch_fault fault = {0};
    expect_ok(vouch_apply_describe(lab->apply, &nothing, SOON, &machine, &fault), &fault);
    return machine.state;
}

static void sshd_shows_its_certificate_once_applied(void **state) {
    (void)state;
    struct lab *lab = ready_lab(1);
    assert_false(lab_shows_cert(lab));
    assert_int_equal(state_of(lab), VOUCH_APPLY_ABSENT);
    apply_now(lab);
    assert_true(lab_shows_cert(lab));
    assert_int_equal(state_of(lab), VOUCH_APPLY_APPLIED);
    assert_true(has(lab, "etc/ssh/sshd_config.d/50-vouch.conf", "RevokedKeys"));
    assert_true(has(lab, "etc/ssh/vouch/principals/root", "role:admin  # role admin\n"));
    assert_true(has(lab, "etc/ssh/vouch/user_ca.pub", "ssh-ed25519 "));
    lab_free(lab);
}

static void a_second_time_changes_nothing(void **state) {
    (void)state;
    struct lab *lab = ready_lab(1);
    struct vouch_apply_done done;
    struct vouch_fault fault = {0};
    apply_now(lab);
    char *before = lab_picture(lab, "etc");
    expect_ok(lab_install(lab, &fault), &fault);
    expect_ok(lab_apply(lab, 0, &done, &fault), &fault);
    char *after = lab_picture(lab, "etc");
    assert_int_equal(done.file_count, 0);
    assert_string_equal(before, after);
    free(before);
    free(after);
    lab_free(lab);
}

static void renewed_certificates_are_shown(void **state) {
    (void)state;
    struct lab *lab = ready_lab(1);
    struct vouch_apply_machine machine;
    struct vouch_fault fault = {0};
    apply_now(lab);
    lab_make(lab, 2);
    expect_ok(lab_install(lab, &fault), &fault);
    expect_ok(vouch_apply_describe(lab->apply, &nothing, SOON, &machine, &fault), &fault);
    assert_int_equal(machine.key_count, LAB_KEYS);
    assert_int_equal(machine.keys[0].serial, 200);
    assert_int_equal(machine.krl_version, 2);
    assert_true(lab_shows_cert(lab));
    lab_free(lab);
}

static uint64_t list_version(struct lab *lab) {
    struct vouch_apply_machine machine;
    struct vouch_fault fault = {0};
    expect_ok(vouch_apply_describe(lab->apply, &nothing, SOON, &machine, &fault), &fault);
    return machine.krl_version;
}

static void a_garbled_list_counts_as_none_and_is_replaced(void **state) {
    (void)state;
    struct lab *lab = ready_lab(1);
    struct vouch_fault fault = {0};
    assert_int_equal(list_version(lab), 1);
    lab_write(lab, "etc/ssh/vouch/revoked.krl", "<html>502 Bad Gateway</html>\n");
    assert_int_equal(list_version(lab), 0);
    expect_ok(lab_install(lab, &fault), &fault);
    assert_int_equal(list_version(lab), 1);
    lab_free(lab);
}

static void leaving_restores_every_byte(void **state) {
    (void)state;
    for (int include = 0; include < 2; include++) {
        struct lab *lab = lab_new(include);
        struct vouch_apply_done done;
        struct vouch_fault fault = {0};
        char *before = lab_picture(lab, "etc");
        lab_start_sshd(lab);
        lab_open(lab);
        expect_ok(lab_install(lab, &fault), &fault);
        apply_now(lab);
        assert_true(lab_shows_cert(lab));
        expect_ok(vouch_apply_leave(lab->apply, &leaving, SOON, &done, &fault), &fault);
        char *after = lab_picture(lab, "etc");
        assert_string_equal(before, after);
        assert_false(lab_shows_cert(lab));
        free(before);
        free(after);
        lab_free(lab);
    }
}

static void leaving_keeps_what_others_changed_since(void **state) {
    (void)state;
    struct lab *lab = ready_lab(0);
    struct vouch_apply_done done;
    struct vouch_fault fault = {0};
    char *before = lab_read(lab, "etc/ssh/sshd_config");
    apply_now(lab);
    assert_true(has(lab, "etc/ssh/sshd_config", "# >>> vouch-host"));
    char *now = lab_read(lab, "etc/ssh/sshd_config");
    char more[8192], expected[8192];
    (void)snprintf(more, sizeof more, "%sMaxAuthTries 3\n", now);
    (void)snprintf(expected, sizeof expected, "%sMaxAuthTries 3\n", before);
    lab_write(lab, "etc/ssh/sshd_config", more);
    expect_ok(vouch_apply_leave(lab->apply, &leaving, SOON, &done, &fault), &fault);
    char *after = lab_read(lab, "etc/ssh/sshd_config");
    assert_string_equal(after, expected);
    free(before);
    free(now);
    free(after);
    lab_free(lab);
}

// Waits until the change is gone; it may take as long as it was given, and then some.
static int is_put_back(const struct lab *lab) {
    static const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
    for (int i = 0; i < 300; i++) {
        char *text = lab_read(lab, "etc/ssh/sshd_config.d/50-vouch.conf");
        int is_gone = text == NULL;
        free(text);
        if (is_gone) {
            return 1;
        }
        (void)nanosleep(&pause, NULL);
    }
    return 0;
}

static void what_nobody_confirms_is_put_back(void **state) {
    (void)state;
    struct lab *lab = ready_lab(1);
    struct vouch_apply_done done;
    struct vouch_fault fault = {0};
    expect_ok(lab_apply(lab, 2, &done, &fault), &fault);
    assert_true(done.confirm_until_s > 0);
    assert_int_equal(state_of(lab), VOUCH_APPLY_UNCONFIRMED);
    assert_true(lab_shows_cert(lab));
    // The root part dies with its agent; the watcher does not.
    vouch_apply_close(lab->apply);
    lab->apply = NULL;
    assert_true(is_put_back(lab));
    lab_open(lab);
    assert_int_equal(state_of(lab), VOUCH_APPLY_ABSENT);
    assert_false(lab_shows_cert(lab));
    lab_free(lab);
}

static void what_is_confirmed_stays(void **state) {
    (void)state;
    struct lab *lab = ready_lab(1);
    struct vouch_apply_done done;
    struct vouch_fault fault = {0};
    static const struct timespec pause = {.tv_sec = 3};
    expect_ok(lab_apply(lab, 2, &done, &fault), &fault);
    expect_ok(vouch_apply_confirm(lab->apply, &nothing, SOON, &done, &fault), &fault);
    (void)nanosleep(&pause, NULL);
    assert_int_equal(state_of(lab), VOUCH_APPLY_APPLIED);
    assert_true(lab_shows_cert(lab));
    assert_int_equal(vouch_apply_confirm(lab->apply, &nothing, SOON, &done, &fault),
                     VOUCH_ERR_NOT_FOUND);
    assert_string_equal(fault.kind->code, "V-1917");
    lab_free(lab);
}

static void put_back_ends_a_change_at_once(void **state) {
    (void)state;
    struct lab *lab = ready_lab(1);
    struct vouch_apply_done done;
    struct vouch_fault fault = {0};
    expect_ok(lab_apply(lab, 30, &done, &fault), &fault);
    expect_ok(vouch_apply_put_back(lab->apply, &nothing, SOON, &done, &fault), &fault);
    assert_int_equal(state_of(lab), VOUCH_APPLY_ABSENT);
    assert_false(lab_shows_cert(lab));
    lab_free(lab);
}

// Applies, which fails with this code; sshd's configuration is byte for byte what it was.
static void expect_put_back(struct lab *lab, const char *code) {
    struct vouch_apply_done done;
    struct vouch_fault fault = {0};
    char *before = lab_picture(lab, "etc/ssh");
    assert_int_not_equal(lab_apply(lab, 0, &done, &fault), VOUCH_OK);
    if (strcmp(fault.kind->code, code) != 0) {
        print_error("%s\n", fault.text);
    }
    assert_string_equal(fault.kind->code, code);
    char *after = lab_picture(lab, "etc/ssh");
    assert_string_equal(before, after);
    assert_int_equal(state_of(lab), VOUCH_APPLY_ABSENT);
    free(before);
    free(after);
}

static void refuses_where_somebody_else_set_a_ca(void **state) {
    (void)state;
    static const char *const lines[] = {"TrustedUserCAKeys /etc/ssh/other.pub\n",
                                        "RevokedKeys /etc/ssh/other.krl\n",
                                        "AuthorizedPrincipalsFile /etc/ssh/other/%u\n"};
    struct lab *lab = ready_lab(1);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        lab_write(lab, "etc/ssh/sshd_config.d/60-other.conf", lines[i]);
        expect_put_back(lab, "V-1908");
    }
    lab_free(lab);
}

static void refuses_to_replace_a_file_that_is_not_its_own(void **state) {
    (void)state;
    struct lab *lab = ready_lab(1);
    lab_write(lab, "etc/ssh/sshd_config.d/50-vouch.conf", "MaxAuthTries 4\n");
    expect_put_back(lab, "V-1908");
    lab_free(lab);
}

static void puts_back_what_sshd_does_not_accept(void **state) {
    (void)state;
    struct lab *lab = ready_lab(1);
    char path[256];
    // Takes its configuration until ours is in it.
    lab_write(
        lab, "sshd",
        "#!/bin/sh\n"
        "if [ \"$1\" = -t ] && grep -q vouch \"$(dirname \"$3\")\"/sshd_config.d/*.conf; then\n"
        "echo 'line 1: Bad configuration option'; exit 255; fi\n"
        "exec /usr/sbin/sshd \"$@\"\n");
    (void)snprintf(path, sizeof path, "%s/sshd", lab->root);
    assert_int_equal(chmod(path, 0755), 0);
    char conf[512];
    (void)snprintf(conf, sizeof conf, "sshd %s\nlog none\n", path);
    lab_write(lab, "etc/vouch/host.conf", conf);
    expect_put_back(lab, "V-1909");
    lab_free(lab);
}

static void puts_back_what_does_not_show_a_certificate(void **state) {
    (void)state;
    struct lab *lab = ready_lab(1), *other = lab_new(1);
    char conf[128];
    // Another sshd answers where ours is looked for.
    lab_start_sshd(other);
    (void)snprintf(conf, sizeof conf, "port %u\nlog none\n", other->port);
    lab_write(lab, "etc/vouch/host.conf", conf);
    expect_put_back(lab, "V-1912");
    lab_free(other);
    lab_free(lab);
}

static void puts_back_where_no_sshd_runs(void **state) {
    (void)state;
    struct lab *lab = lab_new(1);
    struct vouch_fault fault = {0};
    lab_open(lab);
    expect_ok(lab_install(lab, &fault), &fault);
    expect_put_back(lab, "V-1911");
    lab_free(lab);
}

static void does_not_apply_before_all_is_installed(void **state) {
    (void)state;
    struct lab *lab = lab_new(1);
    lab_start_sshd(lab);
    lab_open(lab);
    expect_put_back(lab, "V-1917");
    lab_free(lab);
}

static void a_change_that_was_cut_off_is_put_back_at_the_next_start(void **state) {
    (void)state;
    struct lab *lab = ready_lab(1);
    struct vouch_apply_done done;
    struct vouch_fault fault = {0};
    char *before = lab_picture(lab, "etc/ssh");
    // A child applies for an hour and dies; then the machine boots: the note is of another boot.
    expect_ok(lab_apply(lab, 30, &done, &fault), &fault);
    char path[256];
    (void)snprintf(path, sizeof path, "%s/var/lib/vouch-host/apply/pending", lab->root);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, -4, SEEK_END), 0);
    assert_true(fputs("zzzz", file) >= 0);
    assert_int_equal(fclose(file), 0);
    lab_open(lab);
    char *after = lab_picture(lab, "etc/ssh");
    assert_string_equal(before, after);
    assert_int_equal(state_of(lab), VOUCH_APPLY_ABSENT);
    free(before);
    free(after);
    lab_free(lab);
}

static void a_start_removes_what_a_kill_left_beside_the_files(void **state) {
    (void)state;
    static const char *const left[] = {"etc/ssh/.vouch-new",
                                       "etc/ssh/vouch/.vouch-new",
                                       "etc/ssh/vouch/principals/.vouch-new",
                                       "etc/ssh/sshd_config.d/.vouch-new",
                                       "var/lib/vouch-host/apply/.vouch-new",
                                       "var/lib/vouch-host/apply/kept/.vouch-new",
                                       "var/lib/vouch-host/apply/undo/764b04fd"};
    struct lab *lab = ready_lab(1);
    apply_now(lab);
    char *etc = lab_picture(lab, "etc"), *own = lab_picture(lab, "var/lib/vouch-host/apply");
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        lab_write(lab, left[i], "half of");
    }
    lab_open(lab);
    char *etc_now = lab_picture(lab, "etc"),
         *own_now = lab_picture(lab, "var/lib/vouch-host/apply");
    assert_string_equal(etc_now, etc);
    assert_string_equal(own_now, own);
    free(etc);
    free(own);
    free(etc_now);
    free(own_now);
    lab_free(lab);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sshd_shows_its_certificate_once_applied),
        cmocka_unit_test(a_second_time_changes_nothing),
        cmocka_unit_test(renewed_certificates_are_shown),
        cmocka_unit_test(a_garbled_list_counts_as_none_and_is_replaced),
        cmocka_unit_test(leaving_restores_every_byte),
        cmocka_unit_test(leaving_keeps_what_others_changed_since),
        cmocka_unit_test(what_nobody_confirms_is_put_back),
        cmocka_unit_test(what_is_confirmed_stays),
        cmocka_unit_test(put_back_ends_a_change_at_once),
        cmocka_unit_test(refuses_where_somebody_else_set_a_ca),
        cmocka_unit_test(refuses_to_replace_a_file_that_is_not_its_own),
        cmocka_unit_test(puts_back_what_sshd_does_not_accept),
        cmocka_unit_test(puts_back_what_does_not_show_a_certificate),
        cmocka_unit_test(puts_back_where_no_sshd_runs),
        cmocka_unit_test(does_not_apply_before_all_is_installed),
        cmocka_unit_test(a_change_that_was_cut_off_is_put_back_at_the_next_start),
        cmocka_unit_test(a_start_removes_what_a_kill_left_beside_the_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
