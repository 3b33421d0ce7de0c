// SPDX-License-Identifier: ISC
// How long a revocation list stays, by a clock that the test moves.
#include <unistd.h>

#include "authority/office.h"
#include "authority/test-lab.h"
#include "base/time.h"

#define TRIES 100 // of 100 ms; the clerk looks once a second

// The clock that the authority sees is ahead by so much.
static uint64_t ahead_s;
uint64_t __real_vouch_time_now_s(void);
uint64_t __wrap_vouch_time_now_s(void);
uint64_t __wrap_vouch_time_now_s(void) {
    return __real_vouch_time_now_s() + ahead_s;
}

static int begin(void **state) {
    ahead_s = 0;
    if (lab_begin(state) != 0) {
        return -1;
    }
    lab_open(*state);
    return 0;
}

static uint64_t version_of(struct lab *lab, size_t ca) {
    const struct vouch_caller nobody = {0};
    const struct vouch_ask_public ask = {0};
    struct vouch_answer_public answer;
    test_ok(vouch_authority_public(lab->admin, &nobody, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer.krls[ca].version;
}

static void a_list_of_half_a_day_is_signed_anew(void **state) {
    struct lab *lab = *state;
    const uint64_t first[] = {version_of(lab, 0), version_of(lab, 1)};
    ahead_s = VOUCH_KRL_STAYS_S + 1;
    for (size_t ca = 0; ca < 2; ca++) {
        unsigned tries = 0;
        while (version_of(lab, ca) == first[ca] && tries++ < TRIES) {
            (void)usleep(100000);
        }
        assert_int_equal(version_of(lab, ca), first[ca] + 1);
    }
}

static void a_young_list_that_lacks_nothing_stays(void **state) {
    struct lab *lab = *state;
    const uint64_t first[] = {version_of(lab, 0), version_of(lab, 1)};
    ahead_s = VOUCH_KRL_STAYS_S - 60;
    (void)sleep(3);
    for (size_t ca = 0; ca < 2; ca++) {
        assert_int_equal(version_of(lab, ca), first[ca]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_list_of_half_a_day_is_signed_anew, begin, lab_end),
        cmocka_unit_test_setup_teardown(a_young_list_that_lacks_nothing_stays, begin, lab_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
