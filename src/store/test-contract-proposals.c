// SPDX-License-Identifier: ISC
// The contract: what two administrators decide about a CA key.
#include "store/test-contract.h"

#include "store/proposals.h"

static struct vouch_bytes text(const char *text) {
    return vouch_bytes_of(text);
}

static struct vouch_store_proposal make_proposal(enum vouch_store_proposal_act act, uint8_t key) {
    static const struct vouch_bytes hosts[] = {{(const uint8_t *)"web1", 4},
                                               {(const uint8_t *)"db4.example.com", 15}};
    struct vouch_store_proposal proposal = {.act = act,
                                            .proposer = text("alice"),
                                            .reason = text("the rotation of 2026"),
                                            .source = text("192.0.2.7"),
                                            .without = {hosts, 2},
                                            .is_hurried = 1,
                                            .made_s = 4000,
                                            .ends_s = 90400,
                                            .state = VOUCH_STORE_PROPOSAL_OPEN};
    memset(proposal.key, key, sizeof proposal.key);
    memset(proposal.about, 5, sizeof proposal.about);
    return proposal;
}

static uint64_t add(const struct vouch_store_proposal *proposal) {
    uint64_t id = 0;
    test_ok(vouch_store_proposal_add(test_writer, proposal, &id, &fault));
    assert_true(id > 0);
    return id;
}

static struct vouch_store_proposal find(uint64_t id, struct vouch_arena *arena) {
    struct vouch_store_proposal found = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    test_ok(vouch_store_proposal_find(test_reader, id, arena, &outcome, &found, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    assert_int_equal(found.id, id);
    return found;
}

// The open one of an act and a key; 0: there is none.
static uint64_t open_of(enum vouch_store_proposal_act act, uint8_t key) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_proposal found = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    memset(hash, key, sizeof hash);
    test_ok(vouch_store_proposal_open(test_reader, act, hash, &arena, &outcome, &found, &fault));
    assert_true(outcome == VOUCH_STORE_DONE || outcome == VOUCH_STORE_ABSENT);
    return outcome == VOUCH_STORE_DONE ? found.id : 0;
}

static enum vouch_store_outcome change(const struct vouch_store_proposal *proposal) {
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    test_ok(vouch_store_proposal_change(test_writer, proposal, &outcome, &fault));
    return outcome;
}

static void a_proposal_is_kept_whole(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_store_proposal put = make_proposal(VOUCH_STORE_ACT_DESTROY, 7);
    const struct vouch_store_proposal got = find(add(&put), &arena);
    assert_int_equal(got.revision, 0);
    assert_int_equal(got.state, VOUCH_STORE_PROPOSAL_OPEN);
    assert_int_equal(got.act, VOUCH_STORE_ACT_DESTROY);
    assert_memory_equal(got.key, put.key, sizeof put.key);
    assert_memory_equal(got.about, put.about, sizeof put.about);
    assert_true(vouch_bytes_equal(got.proposer, put.proposer));
    assert_true(vouch_bytes_equal(got.reason, put.reason));
    assert_true(vouch_bytes_equal(got.source, put.source));
    assert_int_equal(got.without.count, 2);
    assert_true(vouch_bytes_equal(got.without.items[1], text("db4.example.com")));
    assert_int_equal(got.is_hurried, 1);
    assert_int_equal(got.made_s, 4000);
    assert_int_equal(got.ends_s, 90400);
    assert_int_equal(got.decider.len, 0);
    assert_int_equal(got.decided_s, 0);
}

static void of_two_changes_at_once_one_comes_too_late(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_store_proposal put = make_proposal(VOUCH_STORE_ACT_REVOKE, 7);
    const uint64_t id = add(&put);
    struct vouch_store_proposal mine = find(id, &arena), theirs = find(id, &arena);
    mine.state = VOUCH_STORE_PROPOSAL_DONE;
    mine.decider = text("bob");
    mine.decided_s = 5000;
    theirs.state = VOUCH_STORE_PROPOSAL_WITHDRAWN;
    assert_int_equal(change(&mine), VOUCH_STORE_DONE);
    assert_int_equal(change(&theirs), VOUCH_STORE_ABSENT);
    assert_int_equal(change(&mine), VOUCH_STORE_ABSENT); // nor twice
    const struct vouch_store_proposal got = find(id, &arena);
    assert_int_equal(got.state, VOUCH_STORE_PROPOSAL_DONE);
    assert_int_equal(got.revision, 1);
    assert_true(vouch_bytes_equal(got.decider, text("bob")));
    assert_int_equal(got.decided_s, 5000);
}

static void the_open_one_of_a_key_is_found(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_proposal put = make_proposal(VOUCH_STORE_ACT_DESTROY, 7);
    assert_int_equal(open_of(VOUCH_STORE_ACT_DESTROY, 7), 0);
    const uint64_t first = add(&put);
    assert_int_equal(open_of(VOUCH_STORE_ACT_DESTROY, 7), first);
    assert_int_equal(open_of(VOUCH_STORE_ACT_REVOKE, 7), 0);
    assert_int_equal(open_of(VOUCH_STORE_ACT_DESTROY, 8), 0);
    const uint64_t second = add(&put);
    assert_int_equal(open_of(VOUCH_STORE_ACT_DESTROY, 7), second);
    put = find(second, &arena);
    put.state = VOUCH_STORE_PROPOSAL_VOID;
    assert_int_equal(change(&put), VOUCH_STORE_DONE);
    assert_int_equal(open_of(VOUCH_STORE_ACT_DESTROY, 7), first);
}

static void they_are_listed_newest_first(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_proposals found = {0};
    uint64_t ids[3];
    for (uint8_t i = 0; i < 3; i++) {
        const struct vouch_store_proposal put = make_proposal(VOUCH_STORE_ACT_REVOKE, i);
        ids[i] = add(&put);
    }
    struct vouch_store_page page = {.limit = 2};
    test_ok(
        vouch_store_proposals_list(test_reader, VOUCH_STORE_PROPOSAL_NONE, &page, &found, &fault));
    assert_int_equal(found.count, 2);
    assert_int_equal(found.rows[0].id, ids[2]);
    char next[VOUCH_STORE_CURSOR_MAX];
    memcpy(next, found.next, sizeof next);
    vouch_store_proposals_done(&found);
    page.cursor = vouch_bytes_of(next);
    test_ok(
        vouch_store_proposals_list(test_reader, VOUCH_STORE_PROPOSAL_NONE, &page, &found, &fault));
    assert_int_equal(found.count, 1);
    assert_int_equal(found.rows[0].id, ids[0]);
    assert_string_equal(found.next, "");
    vouch_store_proposals_done(&found);
    struct vouch_store_proposal put = find(ids[1], &arena);
    put.state = VOUCH_STORE_PROPOSAL_WITHDRAWN;
    assert_int_equal(change(&put), VOUCH_STORE_DONE);
    page = (struct vouch_store_page){0};
    test_ok(
        vouch_store_proposals_list(test_reader, VOUCH_STORE_PROPOSAL_OPEN, &page, &found, &fault));
    assert_int_equal(found.count, 2);
    vouch_store_proposals_done(&found);
    test_ok(vouch_store_proposals_list(test_reader, VOUCH_STORE_PROPOSAL_WITHDRAWN, &page, &found,
                                       &fault));
    assert_int_equal(found.count, 1);
    assert_int_equal(found.rows[0].id, ids[1]);
    vouch_store_proposals_done(&found);
}

static void refuses_what_is_no_proposal(void **state) {
    (void)state;
    uint64_t id = 0;
    struct vouch_store_proposal bad[4];
    for (size_t i = 0; i < 4; i++) {
        bad[i] = make_proposal(VOUCH_STORE_ACT_DESTROY, 7);
    }
    bad[0].act = VOUCH_STORE_ACT_NONE;
    bad[1].state = VOUCH_STORE_PROPOSAL_NONE;
    bad[2].proposer = (struct vouch_bytes){0};
    bad[3].ends_s = UINT64_MAX;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(vouch_store_proposal_add(test_writer, &bad[i], &id, NULL),
                         VOUCH_ERR_ARGUMENT);
    }
    assert_int_equal(open_of(VOUCH_STORE_ACT_DESTROY, 7), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_begin, test_end)

size_t test_contract_proposals(struct CMUnitTest *ret_tests) {
    const struct CMUnitTest tests[] = {
        TEST(a_proposal_is_kept_whole),       TEST(of_two_changes_at_once_one_comes_too_late),
        TEST(the_open_one_of_a_key_is_found), TEST(they_are_listed_newest_first),
        TEST(refuses_what_is_no_proposal),
    };
    memcpy(ret_tests, tests, sizeof tests);
    return sizeof tests / sizeof tests[0];
}
