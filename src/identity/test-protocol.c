// SPDX-License-Identifier: ISC
// Tests of identity/protocol.h: what comes over a lane is whole and consistent, or is not taken.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "identity/protocol.h"

#define BODY_MAX 16384

static const struct vouch_identity_ask good_ask = {
    .method = VOUCH_METHOD_TOTP,
    .user = {(const uint8_t *)"7f3a90", 6},
    .name = {(const uint8_t *)"alice", 5},
    .issuer = {(const uint8_t *)"Example", 7},
    .stored = {(const uint8_t *)"stored", 6},
    .last_step = 12345,
    .time_s = 1790000000,
    .given = {(const uint8_t *)"123456", 6},
    .origin = {(const uint8_t *)"https://ca.example.com", 22},
    .challenge = {(const uint8_t *)"challenge", 9},
};

static const struct vouch_identity_answer accepted = {
    .verdict = VOUCH_IDENTITY_ACCEPTED,
    .stored = {(const uint8_t *)"to be stored", 12},
    .shown = {(const uint8_t *)"to be shown", 11},
    .step = 12346,
    .left = 9,
};

static const struct vouch_identity_answer refused = {
    .refusal = {.code = "V-1880", .field = "code", .why = "the code is wrong"},
};

static void carries_an_ask(void **state) {
    (void)state;
    uint8_t memory[BODY_MAX];
    struct vouch_buf out;
    struct vouch_identity_ask ask;
    vouch_buf_init_fixed(&out, memory, sizeof memory);
    vouch_identity_ask_write(&good_ask, &out);
    assert_int_equal(vouch_identity_ask_read(vouch_buf_bytes(&out), &ask, NULL), VOUCH_OK);
    assert_int_equal(ask.method, good_ask.method);
    assert_int_equal(ask.last_step, good_ask.last_step);
    assert_int_equal(ask.time_s, good_ask.time_s);
    assert_true(vouch_bytes_equal(ask.user, good_ask.user));
    assert_true(vouch_bytes_equal(ask.name, good_ask.name));
    assert_true(vouch_bytes_equal(ask.issuer, good_ask.issuer));
    assert_true(vouch_bytes_equal(ask.stored, good_ask.stored));
    assert_true(vouch_bytes_equal(ask.given, good_ask.given));
    assert_true(vouch_bytes_equal(ask.origin, good_ask.origin));
    assert_true(vouch_bytes_equal(ask.challenge, good_ask.challenge));
}

static void refuses_each_proper_prefix_and_each_leftover_of_an_ask(void **state) {
    (void)state;
    uint8_t memory[BODY_MAX];
    struct vouch_buf out;
    struct vouch_identity_ask ask = {.last_step = 1};
    vouch_buf_init_fixed(&out, memory, sizeof memory);
    vouch_identity_ask_write(&good_ask, &out);
    for (size_t len = 0; len < out.len; len++) {
        assert_int_not_equal(vouch_identity_ask_read((struct vouch_bytes){memory, len}, &ask, NULL),
                             VOUCH_OK);
    }
    assert_int_equal(vouch_identity_ask_read((struct vouch_bytes){memory, out.len + 1}, &ask, NULL),
                     VOUCH_ERR_TRAILING);
    assert_int_equal(ask.last_step, 1);
}

static void takes_no_ask_outside_its_bounds(void **state) {
    (void)state;
    static uint8_t bytes[16384];
    uint8_t memory[BODY_MAX];
    struct vouch_buf out;
    for (unsigned i = 0; i < 10; i++) {
        struct vouch_identity_ask ask = good_ask, read;
        struct vouch_bytes *const fields[] = {&ask.user,  &ask.name,   &ask.issuer,   &ask.stored,
                                              &ask.given, &ask.origin, &ask.challenge};
        static const size_t bounds[] = {64, 256, 64, 2048, 8192, 300, 64};
        static const int methods[] = {0, 5, 77};
        struct vouch_where where = {0};
        if (i < 7) {
            *fields[i] = (struct vouch_bytes){bytes, bounds[i]};
            vouch_buf_init_fixed(&out, memory, sizeof memory);
            vouch_identity_ask_write(&ask, &out);
            assert_int_equal(vouch_identity_ask_read(vouch_buf_bytes(&out), &read, NULL), VOUCH_OK);
            fields[i]->len++;
        } else {
            ask.method = (enum vouch_identity_method)methods[i - 7];
        }
        vouch_buf_init_fixed(&out, memory, sizeof memory);
        vouch_identity_ask_write(&ask, &out);
        assert_int_not_equal(vouch_identity_ask_read(vouch_buf_bytes(&out), &read, &where),
                             VOUCH_OK);
        assert_non_null(where.field);
    }
}

static void carries_answers(void **state) {
    (void)state;
    const struct vouch_identity_answer *const answers[] = {&accepted, &refused};
    for (size_t i = 0; i < 2; i++) {
        uint8_t memory[BODY_MAX];
        struct vouch_buf out;
        struct vouch_identity_answer answer;
        vouch_buf_init_fixed(&out, memory, sizeof memory);
        vouch_identity_answer_write(answers[i], &out);
        assert_int_equal(vouch_identity_answer_read(vouch_buf_bytes(&out), &answer, NULL),
                         VOUCH_OK);
        assert_int_equal(answer.verdict, answers[i]->verdict);
        assert_memory_equal(&answer.refusal, &answers[i]->refusal, sizeof answer.refusal);
        assert_true(vouch_bytes_equal(answer.stored, answers[i]->stored));
        assert_true(vouch_bytes_equal(answer.shown, answers[i]->shown));
        assert_int_equal(answer.step, answers[i]->step);
        assert_int_equal(answer.left, answers[i]->left);
    }
}

// Whatever bit is turned, "no" does not become "yes".
static void makes_no_yes_of_a_no(void **state) {
    (void)state;
    uint8_t memory[BODY_MAX];
    struct vouch_buf out;
    vouch_buf_init_fixed(&out, memory, sizeof memory);
    vouch_identity_answer_write(&refused, &out);
    for (size_t bit = 0; bit < out.len * 8; bit++) {
        struct vouch_identity_answer answer = {.left = 1};
        memory[bit / 8] ^= (uint8_t)(1u << bit % 8);
        int err = vouch_identity_answer_read(vouch_buf_bytes(&out), &answer, NULL);
        memory[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(answer.verdict, VOUCH_IDENTITY_ACCEPTED);
        assert_true(err == VOUCH_OK || answer.left == 1);
    }
    for (size_t len = 0; len < out.len; len++) {
        struct vouch_identity_answer answer;
        assert_int_not_equal(
            vouch_identity_answer_read((struct vouch_bytes){memory, len}, &answer, NULL), VOUCH_OK);
    }
}

static uint8_t too_much[4096];

// One thing that goes with no refusal, or with no acceptance.
static void contradict(struct vouch_identity_answer *answer, unsigned how) {
    switch (how) {
    case 0:
        answer->stored = accepted.stored;
        break;
    case 1:
        answer->shown = accepted.shown;
        break;
    case 2:
        answer->step = 1;
        break;
    case 3:
        answer->left = 1;
        break;
    case 4:
        answer->refusal.code[0] = '\0';
        break;
    case 5:
        answer->verdict = (enum vouch_identity_verdict)3;
        break;
    case 6:
        answer->refusal = refused.refusal;
        break;
    case 7:
        answer->stored = (struct vouch_bytes){too_much, VOUCH_IDENTITY_STORED_MAX + 1};
        break;
    default:
        answer->shown = (struct vouch_bytes){too_much, 2049};
        break;
    }
}

static void takes_no_answer_that_contradicts_itself(void **state) {
    (void)state;
    for (unsigned i = 0; i < 9; i++) {
        struct vouch_identity_answer answer = i < 6 ? refused : accepted, read;
        uint8_t memory[BODY_MAX];
        struct vouch_buf out;
        contradict(&answer, i);
        vouch_buf_init_fixed(&out, memory, sizeof memory);
        vouch_identity_answer_write(&answer, &out);
        assert_int_not_equal(vouch_identity_answer_read(vouch_buf_bytes(&out), &read, NULL),
                             VOUCH_OK);
    }
}

static void carries_failures_as_failures(void **state) {
    (void)state;
    uint8_t memory[BODY_MAX];
    struct vouch_buf out;
    struct vouch_fault failure = {0}, read = {0};
    vouch_fault_set(&failure, VOUCH_ERR_CORRUPT, &vouch_fault_stored, "what is wrong");
    (void)vouch_fault_next(&failure, "what to do");
    vouch_buf_init_fixed(&out, memory, sizeof memory);
    vouch_identity_failure_write(&failure, &out);
    assert_int_equal(vouch_identity_failure_read(vouch_buf_bytes(&out), &read), VOUCH_ERR_CORRUPT);
    assert_ptr_equal(read.kind, &vouch_fault_stored);
    assert_string_equal(read.text, "what is wrong");
    assert_string_equal(read.next, "what to do");
    for (size_t len = 0; len < out.len; len++) {
        read = (struct vouch_fault){0};
        assert_true(vouch_identity_failure_read((struct vouch_bytes){memory, len}, &read) < 0);
        assert_ptr_equal(read.kind, &vouch_fault_peer);
    }
    memset(memory, 0, 4); // "error 0"
    assert_true(vouch_identity_failure_read(vouch_buf_bytes(&out), &read) < 0);
    assert_true(vouch_identity_failure_read(vouch_buf_bytes(&out), NULL) < 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_an_ask),
        cmocka_unit_test(refuses_each_proper_prefix_and_each_leftover_of_an_ask),
        cmocka_unit_test(takes_no_ask_outside_its_bounds),
        cmocka_unit_test(carries_answers),
        cmocka_unit_test(makes_no_yes_of_a_no),
        cmocka_unit_test(takes_no_answer_that_contradicts_itself),
        cmocka_unit_test(carries_failures_as_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
