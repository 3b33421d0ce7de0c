// SPDX-License-Identifier: ISC
// Tests of what the root part installs and what it refuses, over its lane; of links in its way, and of
// being killed at each sync.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "host/serve.h"
#include "host/test-lab.h"

#define SOON (vouch_time_monotonic_ns() + UINT64_C(60000000000))

static const struct vouch_apply_none nothing;
static const struct vouch_apply_leave leaving = {VOUCH_APPLY_DO};

int __real_fsync(int fd);
int __wrap_fsync(int fd);
static int syncs_left = -1; // before the process dies; negative: it lives

int __wrap_fsync(int fd) {
    if (syncs_left == 0) {
        _exit(9);
    }
    syncs_left -= syncs_left > 0 ? 1 : 0;
    return __real_fsync(fd);
}

static struct lab *open_lab(void) {
    struct lab *lab = lab_new(1);
    lab_open(lab);
    return lab;
}

static void install(struct lab *lab) {
    struct vouch_fault fault = {0};
    int err = lab_install(lab, &fault);
    if (err != VOUCH_OK) {
        print_error("%s\n", fault.text);
    }
    assert_int_equal(err, VOUCH_OK);
}

static void expect_refused(struct lab *lab, const char *code) {
    struct vouch_fault fault = {0};
    char *before = lab_picture(lab, "etc/ssh");
    assert_int_not_equal(lab_install(lab, &fault), VOUCH_OK);
    if (strcmp(fault.kind->code, code) != 0) {
        print_error("%s\n", fault.text);
    }
    assert_string_equal(fault.kind->code, code);
    char *after = lab_picture(lab, "etc/ssh");
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void swap(struct vouch_private_key **a, struct vouch_private_key **b) {
    struct vouch_private_key *c = *a;
    *a = *b;
    *b = c;
}

static void refuses_a_bundle_of_another_authority(void **state) {
    (void)state;
    struct lab *lab = open_lab(), *other = lab_new(1);
    install(lab);
    // The same names, another checkpoint key.
    swap(&lab->checkpoint, &other->checkpoint);
    lab_make(lab, 2);
    expect_refused(lab, "V-1904");
    swap(&lab->checkpoint, &other->checkpoint);
    lab_free(other);
    lab_free(lab);
}

static void refuses_what_is_older_than_what_it_has(void **state) {
    (void)state;
    struct lab *lab = open_lab();
    lab_make(lab, 5);
    install(lab);
    lab_make(lab, 4);
    expect_refused(lab, "V-1904");
    lab_free(lab);
}

static void refuses_a_certificate_of_another_ca(void **state) {
    (void)state;
    struct lab *lab = open_lab(), *other = lab_new(1);
    install(lab);
    struct vouch_buf mine = lab->certs[0];
    swap(&lab->host_keys[0], &other->host_keys[0]);
    lab_make(other, 2); // of our key, by the other's CA
    swap(&lab->host_keys[0], &other->host_keys[0]);
    lab->certs[0] = other->certs[0];
    expect_refused(lab, "V-1905");
    lab->certs[0] = mine;
    lab_free(other);
    lab_free(lab);
}

static void refuses_a_certificate_of_another_key(void **state) {
    (void)state;
    struct lab *lab = open_lab(), *other = lab_new(1);
    install(lab);
    struct vouch_buf mine = lab->certs[0];
    swap(&lab->host_ca, &other->host_ca);
    lab_make(other, 2); // by our CA, of the other's key
    swap(&lab->host_ca, &other->host_ca);
    lab->certs[0] = other->certs[0];
    expect_refused(lab, "V-1905");
    lab->certs[0] = mine;
    lab_free(other);
    lab_free(lab);
}

static void refuses_a_damaged_list(void **state) {
    (void)state;
    struct lab *lab = open_lab();
    install(lab);
    lab_make(lab, 2);
    lab->krl.len -= 1;
    struct vouch_fault fault = {0};
    char *before = lab_read(lab, "etc/ssh/vouch/revoked.krl");
    assert_int_not_equal(lab_install(lab, &fault), VOUCH_OK);
    char *after = lab_read(lab, "etc/ssh/vouch/revoked.krl");
    assert_string_equal(before, after);
    free(before);
    free(after);
    lab->krl.len += 1;
    lab_free(lab);
}

// Gauntlet H6: what lies behind a link is never touched.
static void follows_no_symbolic_link(void **state) {
    (void)state;
    static const char *const paths[] = {"etc/ssh/vouch", "etc/ssh/vouch/principals"};
    for (size_t i = 0; i < 2; i++) {
        struct lab *lab = open_lab();
        struct vouch_fault fault = {0};
        char elsewhere[256], path[256];
        (void)snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", lab->root);
        (void)snprintf(path, sizeof path, "%s/etc/ssh/vouch", lab->root);
        assert_int_equal(mkdir(elsewhere, 0755), 0);
        if (i == 1) {
            assert_int_equal(mkdir(path, 0755), 0);
        }
        (void)snprintf(path, sizeof path, "%s/%s", lab->root, paths[i]);
        assert_int_equal(symlink(elsewhere, path), 0);
        assert_int_not_equal(lab_install(lab, &fault), VOUCH_OK);
        assert_string_equal(fault.kind->code, "V-1913");
        char *found = lab_picture(lab, "elsewhere");
        assert_string_equal(found, "");
        free(found);
        lab_free(lab);
    }
}

// Installs in a process that dies at its n-th sync; nonzero if it lived.
static int install_until(struct lab *lab, int syncs) {
    int how = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct vouch_fault fault = {0};
        syncs_left = syncs;
        _exit(lab_install(lab, &fault) == VOUCH_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_true(WIFEXITED(how) && (WEXITSTATUS(how) == 0 || WEXITSTATUS(how) == 9));
    return WEXITSTATUS(how) == 0;
}

static void goes_on_after_a_kill_at_each_sync(void **state) {
    (void)state;
    struct lab *lab = open_lab();
    struct vouch_apply_done done;
    struct vouch_fault fault = {0};
    char *before = lab_picture(lab, "etc");
    int lived = 0, n = 0;
    while (!lived) {
        lived = install_until(lab, n++);
        lab_open(lab);
        if (!lived) {
            install(lab);
        }
        assert_int_equal(vouch_apply_leave(lab->apply, &leaving, SOON, &done, &fault), VOUCH_OK);
        char *after = lab_picture(lab, "etc");
        assert_string_equal(before, after);
        free(after);
    }
    assert_true(n > 20);
    free(before);
    lab_free(lab);
}

// --- over the lane

static void asks_and_answers_go_over_the_lane(void **state) {
    (void)state;
    struct lab *lab = open_lab();
    struct vouch_apply *work = lab->apply;
    struct vouch_fault fault = {0};
    int ends[2], how = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(ends[0]);
        _exit(vouch_apply_serve(ends[1], work, NULL) == VOUCH_OK ? 0 : 1);
    }
    (void)close(ends[1]);
    vouch_apply_close(work);
    assert_int_equal(vouch_apply_connect(ends[0], &lab->apply, &fault), VOUCH_OK);
    install(lab);

    struct vouch_apply_machine machine;
    assert_int_equal(vouch_apply_describe(lab->apply, &nothing, SOON, &machine, &fault), VOUCH_OK);
    assert_int_equal(machine.key_count, LAB_KEYS);
    assert_int_equal(machine.krl_version, 1);
    assert_true(vouch_bytes_equal(machine.ca, vouch_bytes_of(LAB_CA)));

    const struct vouch_apply_prove ask = {VOUCH_HOST_PROOF_RENEW, vouch_bytes_of(LAB_CA),
                                          vouch_bytes_of(LAB_HOST), vouch_time_now_s()};
    struct vouch_apply_proofs proofs;
    const struct vouch_key *with[LAB_KEYS];
    assert_int_equal(vouch_apply_prove(lab->apply, &ask, SOON, &proofs, &fault), VOUCH_OK);
    assert_int_equal(proofs.count, LAB_KEYS);
    for (size_t i = 0; i < LAB_KEYS; i++) {
        with[i] = vouch_private_key_public(lab->host_keys[i]);
    }
    for (size_t i = 0; i < LAB_KEYS; i++) {
        struct vouch_host_proof proof = {ask.purpose, ask.ca,  ask.name, ask.time_s,
                                         {0},         with[i], with,     LAB_KEYS};
        memcpy(proof.machine, proofs.machine, sizeof proof.machine);
        assert_int_equal(vouch_host_proof_check(&proof, proofs.rows[i].proof, NULL), VOUCH_OK);
        assert_int_equal(proofs.rows[i].serial, 100 + i);
    }
    struct vouch_apply_done done;
    assert_int_equal(vouch_apply_confirm(lab->apply, &nothing, SOON, &done, &fault),
                     VOUCH_ERR_NOT_FOUND);
    assert_string_equal(fault.kind->code, "V-1917");
    vouch_apply_close(lab->apply);
    lab->apply = NULL;
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    lab_free(lab);
}

static void proves_nothing_for_another_time_or_authority(void **state) {
    (void)state;
    struct lab *lab = open_lab();
    struct vouch_apply_proofs proofs;
    struct vouch_fault fault = {0};
    struct vouch_apply_prove ask = {VOUCH_HOST_PROOF_ENROL, vouch_bytes_of(LAB_CA),
                                    vouch_bytes_of(LAB_HOST), vouch_time_now_s() + 700};
    install(lab);
    assert_int_equal(vouch_apply_prove(lab->apply, &ask, SOON, &proofs, &fault),
                     VOUCH_ERR_ARGUMENT);
    ask.time_s = vouch_time_now_s();
    ask.ca = vouch_bytes_of("other.example.com");
    assert_int_equal(vouch_apply_prove(lab->apply, &ask, SOON, &proofs, &fault),
                     VOUCH_ERR_MISMATCH);
    lab_free(lab);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_bundle_of_another_authority),
        cmocka_unit_test(refuses_what_is_older_than_what_it_has),
        cmocka_unit_test(refuses_a_certificate_of_another_ca),
        cmocka_unit_test(refuses_a_certificate_of_another_key),
        cmocka_unit_test(refuses_a_damaged_list),
        cmocka_unit_test(follows_no_symbolic_link),
        cmocka_unit_test(goes_on_after_a_kill_at_each_sync),
        cmocka_unit_test(asks_and_answers_go_over_the_lane),
        cmocka_unit_test(proves_nothing_for_another_time_or_authority),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
