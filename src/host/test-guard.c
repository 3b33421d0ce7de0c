// SPDX-License-Identifier: ISC
// Tests of the guard over installed files, on a machine with a real sshd, and of what leaving would do.
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "host/test-lab.h"

#define SOON (vouch_time_monotonic_ns() + UINT64_C(60000000000))
#define CA "etc/ssh/vouch/user_ca.pub"
#define KRL "etc/ssh/vouch/revoked.krl"
#define LOGIN "etc/ssh/vouch/principals/root"
#define CERT "etc/ssh/ssh_host_ed25519_key-cert.pub"

static const struct vouch_apply_none nothing;

static void expect_ok(int err, const struct vouch_fault *fault) {
    if (err != VOUCH_OK) {
        print_error("%s\n", fault->text);
    }
    assert_int_equal(err, VOUCH_OK);
}

static size_t guard(struct lab *lab) {
    struct vouch_apply_done done;
    struct vouch_fault fault = {0};
    expect_ok(vouch_apply_guard(lab->apply, &nothing, SOON, &done, &fault), &fault);
    return done.file_count;
}

// Until the guard has nothing left to do.
static void settle(struct lab *lab) {
    for (int i = 0; i < 5 && guard(lab) != 0; i++) {
    }
    assert_int_equal(guard(lab), 0);
}

static struct lab *applied_lab(void) {
    struct lab *lab = lab_new(1);
    struct vouch_apply_done done;
    struct vouch_fault fault = {0};
    lab_start_sshd(lab);
    lab_open(lab);
    expect_ok(lab_install(lab, &fault), &fault);
    expect_ok(lab_apply(lab, 0, &done, &fault), &fault);
    settle(lab);
    return lab;
}

static void remove_file(const struct lab *lab, const char *path) {
    char real[256];
    (void)snprintf(real, sizeof real, "%s/%s", lab->root, path);
    assert_int_equal(unlink(real), 0);
}

static void expect_picture(const struct lab *lab, const char *before) {
    char *after = lab_picture(lab, "etc/ssh");
    assert_string_equal(after, before);
    free(after);
}

static void puts_back_what_was_changed_or_removed(void **state) {
    (void)state;
    static const char *const paths[] = {CA, KRL, LOGIN, CERT};
    struct lab *lab = applied_lab();
    char *before = lab_picture(lab, "etc/ssh");
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        lab_write(lab, paths[i], "somebody was here\n");
        assert_int_equal(guard(lab), 1);
        expect_picture(lab, before);
        settle(lab);
        remove_file(lab, paths[i]);
        assert_int_equal(guard(lab), 1);
        expect_picture(lab, before);
        settle(lab);
    }
    free(before);
    lab_free(lab);
}

static void puts_all_back_at_the_first_look_of_another_life(void **state) {
    (void)state;
    struct lab *lab = applied_lab();
    char *before = lab_picture(lab, "etc/ssh");
    remove_file(lab, KRL);
    lab_write(lab, LOGIN, "anybody\n");
    lab_open(lab);
    assert_int_equal(guard(lab), 2);
    expect_picture(lab, before);
    free(before);
    lab_free(lab);
}

static void takes_out_principals_that_nobody_installed(void **state) {
    (void)state;
    struct lab *lab = applied_lab();
    char *before = lab_picture(lab, "etc/ssh");
    lab_write(lab, "etc/ssh/vouch/principals/daemon", "anybody\n");
    assert_int_equal(guard(lab), 1);
    expect_picture(lab, before);
    free(before);
    lab_free(lab);
}

static void does_not_let_others_write_to_it(void **state) {
    (void)state;
    struct lab *lab = applied_lab();
    char *before = lab_picture(lab, "etc/ssh");
    char real[256];
    (void)snprintf(real, sizeof real, "%s/%s", lab->root, LOGIN);
    assert_int_equal(chmod(real, 0666), 0);
    assert_int_equal(guard(lab), 1);
    expect_picture(lab, before);
    free(before);
    lab_free(lab);
}

static void keeps_what_was_installed_since(void **state) {
    (void)state;
    struct lab *lab = applied_lab();
    struct vouch_fault fault = {0};
    lab_make(lab, 2);
    expect_ok(lab_install(lab, &fault), &fault);
    char *before = lab_picture(lab, "etc/ssh");
    settle(lab);
    expect_picture(lab, before);
    free(before);
    lab_free(lab);
}

// A certificate of our own is what a renewal goes by, whatever lies in its place.
static void renews_by_its_own_certificate(void **state) {
    (void)state;
    struct lab *lab = applied_lab();
    const struct vouch_apply_prove ask = {VOUCH_HOST_PROOF_RENEW, vouch_bytes_of(LAB_CA),
                                          vouch_bytes_of(LAB_HOST), vouch_time_now_s()};
    struct vouch_apply_proofs proofs;
    struct vouch_fault fault = {0};
    lab_write(lab, CERT, "no certificate\n");
    expect_ok(vouch_apply_prove(lab->apply, &ask, SOON, &proofs, &fault), &fault);
    assert_int_equal(proofs.count, LAB_KEYS);
    for (size_t i = 0; i < LAB_KEYS; i++) {
        assert_int_equal(proofs.rows[i].serial, 100 + i);
    }
    lab_free(lab);
}

// --- what holds for some only

static const struct vouch_apply_checked *find_match(const struct vouch_apply_checks *checks,
                                                    const char *words) {
    for (size_t i = 0; i < checks->count; i++) {
        const struct vouch_apply_checked *row = &checks->rows[i];
        if (vouch_bytes_equal(row->name, vouch_bytes_of("match")) && row->text.ptr != NULL &&
            memmem(row->text.ptr, row->text.len, words, strlen(words)) != NULL) {
            return row;
        }
    }
    return NULL;
}

static struct vouch_apply_checks check(struct lab *lab) {
    struct vouch_apply_checks checks;
    struct vouch_fault fault = {0};
    expect_ok(vouch_apply_check(lab->apply, &nothing, SOON, &checks, &fault), &fault);
    return checks;
}

static void names_what_a_match_block_sets(void **state) {
    (void)state;
    struct lab *lab = applied_lab();
    char *config = lab_read(lab, "etc/ssh/sshd_config"), *more = NULL;
    struct vouch_apply_checks checks = check(lab);
    assert_null(find_match(&checks, ""));
    lab_write(lab, "etc/ssh/sshd_config.d/70-more.conf",
              "Match user daemon\n\tRevokedKeys=none\n\tX11Forwarding no\n");
    assert_true(asprintf(&more,
                         "%s\n# Match User root\nMatch Address 10.0.0.0/8,!10.1.0.0/16\n"
                         "  PubkeyAuthentication yes\n  AuthenticationMethods \"publickey\"\n",
                         config) > 0);
    lab_write(lab, "etc/ssh/sshd_config", more);
    checks = check(lab);
    const struct vouch_apply_checked *row =
        find_match(&checks, "70-more.conf line 2: Match user daemon sets revokedkeys to 'none'");
    assert_non_null(row);
    assert_int_equal(row->health, VOUCH_APPLY_CRITICAL);
    row = find_match(&checks, "Match Address 10.0.0.0/8,!10.1.0.0/16 sets authenticationmethods");
    assert_non_null(row);
    assert_int_equal(row->health, VOUCH_APPLY_WARNING);
    assert_null(find_match(&checks, "pubkeyauthentication"));
    assert_null(find_match(&checks, "x11"));
    assert_null(find_match(&checks, "Match User root"));
    free(more);
    free(config);
    lab_free(lab);
}

static void what_a_match_block_says_as_we_do_overrides_nothing(void **state) {
    (void)state;
    struct lab *lab = applied_lab();
    char *text = NULL;
    assert_true(asprintf(&text, "Match User a*\n RevokedKeys %s/" KRL "\n", lab->root) > 0);
    lab_write(lab, "etc/ssh/sshd_config.d/70-more.conf", text);
    struct vouch_apply_checks checks = check(lab);
    assert_null(find_match(&checks, ""));
    free(text);
    lab_free(lab);
}

static int tells_setting(struct lab *lab, const char *wanted) {
    struct vouch_apply_machine machine;
    struct vouch_fault fault = {0};
    expect_ok(vouch_apply_describe(lab->apply, &nothing, SOON, &machine, &fault), &fault);
    for (size_t i = 0; i < machine.settings.count; i++) {
        if (vouch_bytes_equal(machine.settings.items[i], vouch_bytes_of(wanted))) {
            return 1;
        }
    }
    return 0;
}

// sshd itself gives up on it, and is asked for nothing more here.
static void a_file_that_includes_itself_ends(void **state) {
    (void)state;
    struct lab *lab = applied_lab();
    char *text = NULL;
    assert_true(
        asprintf(&text,
                 "Match User a*\n RevokedKeys none\nInclude %s/etc/ssh/sshd_config.d/*.conf\n",
                 lab->root) > 0);
    lab_write(lab, "etc/ssh/sshd_config.d/70-more.conf", text);
    assert_true(tells_setting(lab, "match revokedkeys none if User a*"));
    free(text);
    lab_free(lab);
}

static void tells_the_server_of_it(void **state) {
    (void)state;
    struct lab *lab = applied_lab();
    lab_write(lab, "etc/ssh/sshd_config.d/70-more.conf",
              "Match User bob\nTrustedUserCAKeys none\n");
    assert_true(tells_setting(lab, "match trustedusercakeys none if User bob"));
    lab_free(lab);
}

// --- leaving

static void shows_what_leaving_would_do_and_does_nothing(void **state) {
    (void)state;
    const struct vouch_apply_leave show = {VOUCH_APPLY_SHOW}, leave = {VOUCH_APPLY_DO};
    struct lab *lab = applied_lab();
    struct vouch_apply_done done;
    struct vouch_fault fault = {0};
    char *before = lab_picture(lab, "etc/ssh");
    expect_ok(vouch_apply_leave(lab->apply, &show, SOON, &done, &fault), &fault);
    size_t shown = done.file_count;
    assert_true(shown >= 5);
    for (size_t i = 0; i < shown; i++) {
        assert_true(done.files[i].is_removed);
    }
    expect_picture(lab, before);
    settle(lab);
    expect_picture(lab, before);
    expect_ok(vouch_apply_leave(lab->apply, &leave, SOON, &done, &fault), &fault);
    expect_ok(vouch_apply_leave(lab->apply, &show, SOON, &done, &fault), &fault);
    assert_int_equal(done.file_count, 0);
    free(before);
    lab_free(lab);
}

static void shows_that_only_its_block_would_go(void **state) {
    (void)state;
    const struct vouch_apply_leave show = {VOUCH_APPLY_SHOW};
    struct lab *lab = lab_new(0);
    struct vouch_apply_done done;
    struct vouch_fault fault = {0};
    lab_start_sshd(lab);
    lab_open(lab);
    expect_ok(lab_install(lab, &fault), &fault);
    expect_ok(lab_apply(lab, 0, &done, &fault), &fault);
    char *config = lab_read(lab, "etc/ssh/sshd_config");
    char *more = NULL;
    assert_true(asprintf(&more, "%sMaxAuthTries 4\n", config) > 0);
    lab_write(lab, "etc/ssh/sshd_config", more);
    expect_ok(vouch_apply_leave(lab->apply, &show, SOON, &done, &fault), &fault);
    size_t found = 0;
    for (size_t i = 0; i < done.file_count; i++) {
        struct vouch_bytes after = done.files[i].after;
        if (after.ptr != NULL && after.len > 0) {
            found++;
            assert_non_null(memmem(after.ptr, after.len, "MaxAuthTries 4", 14));
            assert_null(memmem(after.ptr, after.len, "RevokedKeys", 11));
        }
    }
    assert_int_equal(found, 1);
    free(more);
    free(config);
    lab_free(lab);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_back_what_was_changed_or_removed),
        cmocka_unit_test(puts_all_back_at_the_first_look_of_another_life),
        cmocka_unit_test(takes_out_principals_that_nobody_installed),
        cmocka_unit_test(does_not_let_others_write_to_it),
        cmocka_unit_test(keeps_what_was_installed_since),
        cmocka_unit_test(renews_by_its_own_certificate),
        cmocka_unit_test(names_what_a_match_block_sets),
        cmocka_unit_test(what_a_match_block_says_as_we_do_overrides_nothing),
        cmocka_unit_test(a_file_that_includes_itself_ends),
        cmocka_unit_test(tells_the_server_of_it),
        cmocka_unit_test(shows_what_leaving_would_do_and_does_nothing),
        cmocka_unit_test(shows_that_only_its_block_would_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
