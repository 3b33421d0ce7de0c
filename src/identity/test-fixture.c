// SPDX-License-Identifier: ISC
// What the tests of identity share.
#include "identity/test-fixture.h"

void fixture_key(uint8_t first, uint8_t ret_key[static VOUCH_IDENTITY_KEY_LEN]) {
    for (unsigned i = 0; i < VOUCH_IDENTITY_KEY_LEN; i++) {
        ret_key[i] = (uint8_t)(i * 37 + 11);
    }
    ret_key[0] = first;
}

void fixture_begin(struct fixture *fixture, const struct vouch_identity_cost *cost) {
    uint8_t key[VOUCH_IDENTITY_KEY_LEN];
    struct vouch_identity_open what = {.key = {key, sizeof key}};
    *fixture = (struct fixture){0};
    fixture_key(1, key);
    if (cost != NULL) {
        what.cost = *cost;
    }
    what.cost.memory_kib = what.cost.memory_kib != 0 ? what.cost.memory_kib : 8;
    what.cost.passes = what.cost.passes != 0 ? what.cost.passes : 1;
    assert_int_equal(vouch_identity_open(&what, &fixture->engine, &fixture->fault), VOUCH_OK);
    fixture_attach(fixture);
}

void fixture_end(struct fixture *fixture) {
    fixture_detach(fixture);
    vouch_identity_engine_close(fixture->engine);
}

uint64_t fixture_deadline(void) {
    return vouch_time_monotonic_ns() + UINT64_C(60000000000);
}

struct vouch_identity_ask fixture_ask(enum vouch_identity_method method, const char *given) {
    return (struct vouch_identity_ask){
        .method = method,
        .user = vouch_bytes_of("7f3a90"),
        .name = vouch_bytes_of("alice"),
        .issuer = vouch_bytes_of("Example"),
        .given = vouch_bytes_of(given),
    };
}

enum vouch_identity_verdict fixture_make(struct fixture *fixture,
                                         const struct vouch_identity_ask *ask) {
    int err = vouch_identity_make(fixture->identity, ask, fixture_deadline(), &fixture->answer,
                                  &fixture->fault);
    if (err != VOUCH_OK) {
        fail_msg("make failed: %s", fixture->fault.text);
    }
    return fixture->answer.verdict;
}

enum vouch_identity_verdict fixture_check(struct fixture *fixture,
                                          const struct vouch_identity_ask *ask) {
    int err = vouch_identity_check(fixture->identity, ask, fixture_deadline(), &fixture->answer,
                                   &fixture->fault);
    if (err != VOUCH_OK) {
        fail_msg("check failed: %s", fixture->fault.text);
    }
    return fixture->answer.verdict;
}

struct vouch_bytes fixture_keep(const struct fixture *fixture, uint8_t *memory) {
    struct vouch_bytes stored = fixture->answer.stored;
    assert_true(stored.len > 0 && stored.len <= VOUCH_IDENTITY_STORED_MAX);
    memcpy(memory, stored.ptr, stored.len);
    return (struct vouch_bytes){memory, stored.len};
}
