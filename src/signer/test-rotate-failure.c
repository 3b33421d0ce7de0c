// SPDX-License-Identifier: ISC
// The failure sweep of a rotation: the n-th write, sync, rename or allocation fails, for every n, and all
// after it, while a key is made, switched to, and the old one destroyed. The next start finds the keys
// where the ledger says that they are, and the rotation goes on from there to its end. VOUCH_LONG lets
// every allocation fail, and not only some.
#include "signer/test-steps.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/test-failing.h"

struct diary {
    size_t done; // steps that were answered
    int is_whole;
};

static struct diary *diary;

static void die(void *context, const struct vouch_fault *why) {
    (void)context, (void)why;
    _exit(7);
}

// A life with a rotation of a use. Where it fails it ends.
static void live(const struct fixture *fixture, enum vouch_cert_type use, enum failing_call call,
                 long nth) {
    const struct vouch_signer_open what = {
        .keys_dir = fixture->keys_dir,
        .ledger_dir = fixture->ledger_dir,
        .unlock = vouch_bytes_of("0123456789abcdef0123456789abcdef"),
        .rounds = 1,
        .die = die,
    };
    struct vouch_signer_engine *engine = NULL;
    struct vouch_signer *signer = NULL;
    int err = vouch_signer_open(&what, &engine, NULL);
    err = err == VOUCH_OK ? vouch_signer_attach(engine, &signer, NULL) : err;
    failing_arm(call, nth);
    for (size_t i = 0; i < STEPS_ROUND && err == VOUCH_OK; i++) {
        struct vouch_signer_rotated rotated = {0};
        struct vouch_signer_state state = {0};
        char name[VOUCH_FINGERPRINT_MAX] = "";
        struct vouch_signer_rotation ask = steps_ask(use, steps_round[i]);
        // No asserting: what fails here is what is tried.
        err = vouch_signer_state(signer, 0, &state, NULL);
        for (size_t k = 0; k < state.ca_count && steps_round[i] == VOUCH_ROTATE_DESTROY; k++) {
            struct vouch_key *key = NULL;
            if (state.cas[k].state == VOUCH_CA_KEY_REMOVED &&
                vouch_key_parse(state.cas[k].key, &key, NULL) == VOUCH_OK) {
                vouch_key_fingerprint(key, VOUCH_HASH_SHA256, name);
            }
            vouch_key_free(key);
        }
        ask.fingerprint = vouch_bytes_of(name);
        err = err == VOUCH_OK ? vouch_signer_rotate(signer, &ask, 0, &rotated, NULL) : err;
        diary->done += err == VOUCH_OK && rotated.outcome == VOUCH_SIGNER_DONE;
    }
    vouch_signer_close(signer);
    err = err == VOUCH_OK ? vouch_signer_stop(engine, NULL) : err;
    diary->is_whole = err == VOUCH_OK && diary->done == STEPS_ROUND;
    _exit(err == VOUCH_OK ? 0 : 4);
}

// The start behind it: at least what was answered has been done, and the rest can be.
static void go_on_to_the_end(struct fixture *fixture, enum vouch_cert_type use) {
    struct vouch_signer *signer = NULL;
    fixture_open(fixture);
    assert_int_equal(vouch_signer_attach(fixture->engine, &signer, NULL), VOUCH_OK);
    size_t left = 0;
    while (steps_phase(signer, use) != VOUCH_ROTATION_STEADY) {
        steps_sign(fixture, signer);
        steps_do(signer, use, steps_next(steps_phase(signer, use)));
        left++;
    }
    assert_true(left <= STEPS_ROUND - diary->done % STEPS_ROUND);
    steps_sign(fixture, signer);
    assert_int_equal(steps_files(fixture), 2);
    vouch_signer_close(signer);
    fixture_stop(fixture);
}

static int fail_once(struct fixture *fixture, enum failing_call call, long nth) {
    enum vouch_cert_type use = nth % 2 == 0 ? VOUCH_CERT_USER : VOUCH_CERT_HOST;
    int status = 0;
    *diary = (struct diary){0};
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        live(fixture, use, call, nth);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status)); // never a crash
    go_on_to_the_end(fixture, use);
    return diary->is_whole;
}

static void sweep(struct fixture *fixture, enum failing_call call) {
    long nth = 1, stride = getenv("VOUCH_LONG") != NULL ? 1 : 37;
    diary = mmap(NULL, sizeof *diary, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(diary, MAP_FAILED);
    while (!fail_once(fixture, call, nth)) {
        nth += call == FAIL_MEMORY && nth > 20 ? stride : 1;
        assert_true(nth < 5000);
    }
    assert_true(nth > STEPS_ROUND); // each step has some
    print_message("# up to call %ld\n", nth);
    assert_int_equal(munmap(diary, sizeof *diary), 0);
    assert_proven(fixture);
}

static void every_write_that_fails_is_made_good_at_the_next_start(void **state) {
    sweep(*state, FAIL_WRITE);
}

static void every_write_that_is_cut_short_is_made_good_at_the_next_start(void **state) {
    sweep(*state, FAIL_SHORT_WRITE);
}

static void every_sync_that_fails_is_made_good_at_the_next_start(void **state) {
    sweep(*state, FAIL_SYNC);
}

static void every_rename_that_fails_is_made_good_at_the_next_start(void **state) {
    sweep(*state, FAIL_RENAME);
}

static void every_allocation_that_fails_is_made_good_at_the_next_start(void **state) {
    sweep(*state, FAIL_MEMORY);
}

#define WITH_CA(test) cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_CA(every_write_that_fails_is_made_good_at_the_next_start),
        WITH_CA(every_write_that_is_cut_short_is_made_good_at_the_next_start),
        WITH_CA(every_sync_that_fails_is_made_good_at_the_next_start),
        WITH_CA(every_rename_that_fails_is_made_good_at_the_next_start),
        WITH_CA(every_allocation_that_fails_is_made_good_at_the_next_start),
    };
    return cmocka_run_group_tests_name("signer/rotate-failure", tests, NULL, NULL);
}
