// SPDX-License-Identifier: ISC
// The failure sweep: the n-th allocation, of memory, of locked memory or of a hash's blocks, fails, for
// every n. Nobody is signed in by it, no refusal is made of it, and what comes after works.
//
// Below are the stand-ins for the calls of libsodium, which only this program has.
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "base/test-failing.h"
#include "identity/test-fixture.h"
#include "identity/test-passkey-device.h"
#include "identity/totp.h"

#define GOOD "violin tractor seven oysters"
#define NOW UINT64_C(1790000000)

void *__real_sodium_malloc(size_t len);
void *__wrap_sodium_malloc(size_t len);
int __real_crypto_pwhash(unsigned char *out, unsigned long long out_len, const char *password,
                         unsigned long long len, const unsigned char *salt,
                         unsigned long long passes, size_t memory, int algorithm);
int __wrap_crypto_pwhash(unsigned char *out, unsigned long long out_len, const char *password,
                         unsigned long long len, const unsigned char *salt,
                         unsigned long long passes, size_t memory, int algorithm);

void *__wrap_sodium_malloc(size_t len) {
    return failing_now(FAIL_MEMORY) ? NULL : __real_sodium_malloc(len);
}

int __wrap_crypto_pwhash(unsigned char *out, unsigned long long out_len, const char *password,
                         unsigned long long len, const unsigned char *salt,
                         unsigned long long passes, size_t memory, int algorithm) {
    return failing_now(FAIL_MEMORY)
               ? -1
               : __real_crypto_pwhash(out, out_len, password, len, salt, passes, memory, algorithm);
}

// One thing to do, and what it must come to when nothing fails.
struct task {
    struct vouch_identity_ask ask;
    int is_check;
    enum vouch_identity_verdict wanted;
    uint8_t stored[VOUCH_IDENTITY_STORED_MAX];
};

// Opens all anew, does the task, closes all. Returns the code; the verdict is written whatever it is.
static int run(const struct task *task, enum vouch_identity_verdict *ret_verdict,
               struct vouch_fault *fault) {
    uint8_t key[VOUCH_IDENTITY_KEY_LEN];
    struct vouch_identity_engine *engine = NULL;
    struct vouch_identity *identity = NULL;
    struct vouch_identity_answer answer = {0};
    const struct vouch_identity_open what = {.key = {key, sizeof key},
                                             .cost = {.memory_kib = 16, .passes = 1}};
    fixture_key(1, key);
    int err = vouch_identity_open(&what, &engine, fault);
    if (err == VOUCH_OK) {
        err = vouch_identity_attach(engine, &identity, fault);
    }
    if (err == VOUCH_OK) {
        err = task->is_check
                  ? vouch_identity_check(identity, &task->ask, fixture_deadline(), &answer, fault)
                  : vouch_identity_make(identity, &task->ask, fixture_deadline(), &answer, fault);
    }
    *ret_verdict = answer.verdict;
    vouch_identity_close(identity);
    vouch_identity_engine_close(engine);
    return err;
}

// Returns how many calls could fail.
static long sweep(const struct task *task) {
    enum vouch_identity_verdict verdict;
    struct vouch_fault fault = {0};
    failing_arm_once(FAIL_MEMORY, 0);
    assert_int_equal(run(task, &verdict, &fault), VOUCH_OK);
    assert_int_equal(verdict, task->wanted);
    long calls = failing_seen(FAIL_MEMORY);
    for (long nth = 1; nth <= calls; nth++) {
        failing_arm_once(FAIL_MEMORY, nth);
        fault = (struct vouch_fault){0};
        int err = run(task, &verdict, &fault);
        failing_disarm();
        if (err == VOUCH_OK) { // it went without what was missing
            assert_int_equal(verdict, task->wanted);
        } else {
            assert_int_equal(err, VOUCH_ERR_NO_MEMORY);
            assert_ptr_equal(fault.kind, &vouch_fault_memory);
            assert_int_equal(verdict, VOUCH_IDENTITY_REFUSED);
        }
    }
    return calls;
}

static void keep_made(struct fixture *fixture, struct task *task) {
    assert_int_equal(fixture_make(fixture, &task->ask), VOUCH_IDENTITY_ACCEPTED);
    task->ask.stored = fixture_keep(fixture, task->stored);
    task->is_check = 1;
}

static void survives_a_failed_allocation_with_passwords(void **state) {
    (void)state;
    struct fixture fixture;
    struct task task = {.ask = fixture_ask(VOUCH_METHOD_PASSWORD, GOOD),
                        .wanted = VOUCH_IDENTITY_ACCEPTED};
    assert_true(sweep(&task) >= 5); // engine, keys, desk, its memory, the hash
    fixture_begin(&fixture, &(struct vouch_identity_cost){.memory_kib = 16});
    keep_made(&fixture, &task);
    assert_true(sweep(&task) >= 5);
    task.ask.given = vouch_bytes_of("violin tractor seven lobsters");
    task.wanted = VOUCH_IDENTITY_REFUSED;
    assert_true(sweep(&task) >= 5);
    task.ask.stored.len = 0; // nobody
    assert_true(sweep(&task) >= 5);
    fixture_end(&fixture);
}

// A hash that cannot be made dearer is no reason to turn the person away.
static void accepts_though_the_new_hash_cannot_be_made(void **state) {
    (void)state;
    struct fixture fixture;
    struct task task = {.ask = fixture_ask(VOUCH_METHOD_PASSWORD, GOOD),
                        .wanted = VOUCH_IDENTITY_ACCEPTED};
    fixture_begin(&fixture, &(struct vouch_identity_cost){.memory_kib = 8});
    keep_made(&fixture, &task);
    fixture_end(&fixture);
    assert_true(sweep(&task) >= 6); // two hashes
    enum vouch_identity_verdict verdict;
    failing_arm_once(FAIL_MEMORY, 0);
    assert_int_equal(run(&task, &verdict, NULL), VOUCH_OK);
    failing_arm_once(FAIL_MEMORY, failing_seen(FAIL_MEMORY));
    assert_int_equal(run(&task, &verdict, NULL), VOUCH_OK);
    assert_int_equal(verdict, VOUCH_IDENTITY_ACCEPTED);
    failing_disarm();
}

static void survives_a_failed_allocation_with_codes(void **state) {
    (void)state;
    struct fixture fixture;
    struct task totp = {.ask = fixture_ask(VOUCH_METHOD_TOTP, "000000"),
                        .wanted = VOUCH_IDENTITY_ACCEPTED};
    struct task recovery = {.ask = fixture_ask(VOUCH_METHOD_RECOVERY, NULL),
                            .wanted = VOUCH_IDENTITY_ACCEPTED};
    assert_true(sweep(&totp) >= 4);
    assert_true(sweep(&recovery) >= 4);
    char code[20] = {0};
    fixture_begin(&fixture, NULL);
    keep_made(&fixture, &recovery);
    memcpy(code, fixture.answer.shown.ptr, 19);
    recovery.ask.given = vouch_bytes_of(code);
    assert_true(sweep(&recovery) >= 4);
    recovery.ask.given = vouch_bytes_of("aaaa-aaaa-aaaa-aaaa");
    recovery.wanted = VOUCH_IDENTITY_REFUSED;
    assert_true(sweep(&recovery) >= 4);
    fixture_end(&fixture);
}

static void survives_a_failed_allocation_with_passkeys(void **state) {
    (void)state;
    static const uint8_t challenge[VOUCH_PASSKEY_CHALLENGE_LEN] = {1};
    static struct device_said said;
    static uint8_t room[VOUCH_IDENTITY_GIVEN_MAX];
    const struct device_told told = {.challenge = {challenge, sizeof challenge}};
    struct vouch_buf given;
    struct fixture fixture;
    struct device device;
    struct task task = {.ask = fixture_ask(VOUCH_METHOD_PASSKEY, NULL),
                        .wanted = VOUCH_IDENTITY_ACCEPTED};
    vouch_buf_init_fixed(&given, room, sizeof room);
    device_begin(&device, VOUCH_COSE_ES256, "7f3a90");
    task.ask.origin = vouch_bytes_of(DEVICE_ORIGIN);
    task.ask.challenge = told.challenge;
    device_make(&device, &told, &said);
    task.ask.given = device_made_bytes(&said, &given);
    assert_true(sweep(&task) >= 8); // those of the others, and a tree of JSON
    fixture_begin(&fixture, NULL);
    keep_made(&fixture, &task);
    device_answer(&device, &told, &said);
    task.ask.given = device_shown_bytes(&said, &given);
    assert_true(sweep(&task) >= 8);
    said.signature_room[9] ^= 1;
    task.ask.given = device_shown_bytes(&said, &given);
    task.wanted = VOUCH_IDENTITY_REFUSED;
    assert_true(sweep(&task) >= 8);
    device_end(&device);
    fixture_end(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_a_failed_allocation_with_passwords),
        cmocka_unit_test(accepts_though_the_new_hash_cannot_be_made),
        cmocka_unit_test(survives_a_failed_allocation_with_codes),
        cmocka_unit_test(survives_a_failed_allocation_with_passkeys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
