// SPDX-License-Identifier: ISC
// The contract: versions of the policy, and requests.
#include "store/test-contract.h"

#include "store/policies.h"
#include "store/requests.h"

static struct vouch_bytes text(const char *text) {
    return vouch_bytes_of(text);
}

// --- the policy

static struct vouch_store_policy make_policy(uint64_t version, struct vouch_bytes content) {
    struct vouch_store_policy policy = {.version = version,
                                        .time_s = 1800000000 + version,
                                        .number = 40 + version,
                                        .actor = text("user:alice"),
                                        .text = content};
    memset(policy.hash, (int)version, sizeof policy.hash);
    return policy;
}

static enum vouch_store_outcome add_policy(uint64_t version) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    const struct vouch_store_policy policy = make_policy(version, text("users: []"));
    test_ok(vouch_store_policy_add(test_writer, &policy, &outcome, &fault));
    return outcome;
}

static void find_policy(uint64_t version, uint64_t wanted) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_policy found = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    test_ok(vouch_store_policy_find(test_reader, version, &arena, &outcome, &found, &fault));
    assert_int_equal(outcome, wanted == 0 ? VOUCH_STORE_ABSENT : VOUCH_STORE_DONE);
    assert_int_equal(found.version, wanted);
    if (wanted > 0) {
        const struct vouch_store_policy put = make_policy(wanted, text("users: []"));
        assert_int_equal(found.time_s, put.time_s);
        assert_int_equal(found.number, put.number);
        assert_memory_equal(found.hash, put.hash, sizeof put.hash);
        assert_true(vouch_bytes_equal(found.actor, put.actor));
        assert_true(vouch_bytes_equal(found.text, put.text));
    }
}

static void versions_of_the_policy_follow_each_other(void **state) {
    (void)state;
    find_policy(0, 0);
    assert_int_equal(add_policy(2), VOUCH_STORE_TAKEN); // there is no first
    assert_int_equal(add_policy(1), VOUCH_STORE_DONE);
    assert_int_equal(add_policy(1), VOUCH_STORE_TAKEN);
    assert_int_equal(add_policy(3), VOUCH_STORE_TAKEN);
    assert_int_equal(add_policy(2), VOUCH_STORE_DONE);
    find_policy(0, 2);
    find_policy(1, 1);
    find_policy(2, 2);
    find_policy(3, 0);
    find_policy(UINT64_MAX, 0);
}

static void the_longest_policy_is_kept_and_a_longer_one_is_not(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    uint8_t *content = malloc(VOUCH_STORE_POLICY_MAX + 1);
    assert_non_null(content);
    memset(content, '#', VOUCH_STORE_POLICY_MAX + 1);
    struct vouch_store_policy policy =
        make_policy(1, (struct vouch_bytes){content, VOUCH_STORE_POLICY_MAX + 1});
    struct vouch_store_policy found = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_fault why = {0};
    assert_int_equal(vouch_store_policy_add(test_writer, &policy, &outcome, &why),
                     VOUCH_ERR_ARGUMENT);
    policy.text.len--;
    test_ok(vouch_store_policy_add(test_writer, &policy, &outcome, &fault));
    test_ok(vouch_store_policy_find(test_reader, 0, &arena, &outcome, &found, &fault));
    assert_true(vouch_bytes_equal(found.text, policy.text));
    free(content);
}

static void versions_are_listed_page_by_page_newest_first(void **state) {
    (void)state;
    char cursor[VOUCH_STORE_CURSOR_MAX] = "";
    uint64_t next = 25;
    for (uint64_t version = 1; version <= 25; version++) {
        assert_int_equal(add_policy(version), VOUCH_STORE_DONE);
    }
    do {
        struct vouch_store_policies list = {0};
        const struct vouch_store_page page = {.limit = 10, .cursor = vouch_bytes_of(cursor)};
        test_ok(vouch_store_policies_list(test_reader, &page, &list, &fault));
        for (size_t i = 0; i < list.count; i++) {
            assert_int_equal(list.rows[i].version, next--);
            assert_int_equal(list.rows[i].text.len, 0);
        }
        memcpy(cursor, list.next, sizeof cursor);
        vouch_store_policies_done(&list);
    } while (cursor[0] != '\0');
    assert_int_equal(next, 0);
    struct vouch_store_policies list = {0};
    struct vouch_fault why = {0};
    const struct vouch_store_page other = {.cursor = text("q12")}; // of requests
    assert_int_equal(vouch_store_policies_list(test_reader, &other, &list, &why), VOUCH_ERR_FORMAT);
}

// --- requests

static const struct vouch_bytes roles[] = {{(const uint8_t *)"dba", 3},
                                           {(const uint8_t *)"ops", 3}};
static const struct vouch_bytes approvers[] = {{(const uint8_t *)"bob", 3}};

static struct vouch_store_request make_request(const char *user, uint64_t expires_s) {
    struct vouch_store_request request = {.user = text(user),
                                          .zone = text("prod"),
                                          .created_s = 1000,
                                          .ttl_s = 3600,
                                          .roles = {roles, 2},
                                          .principals = {roles, 1},
                                          .reason = text("index repair"),
                                          .source = text("192.0.2.7"),
                                          .ask = text("what was asked"),
                                          .approved = text("what would be granted"),
                                          .state = VOUCH_STORE_REQUEST_WAITING,
                                          .expires_s = expires_s,
                                          .missing = 2};
    memset(request.key, 7, sizeof request.key);
    return request;
}

static uint64_t add_request(const char *user, uint64_t expires_s) {
    const struct vouch_store_request request = make_request(user, expires_s);
    uint64_t id = 0;
    test_ok(vouch_store_request_add(test_writer, &request, &id, &fault));
    assert_int_not_equal(id, 0);
    return id;
}

static struct vouch_store_request find_request(uint64_t id, struct vouch_arena *arena) {
    struct vouch_store_request found = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    test_ok(vouch_store_request_find(test_reader, id, arena, &outcome, &found, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    return found;
}

static enum vouch_store_outcome change(const struct vouch_store_request *request) {
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    test_ok(vouch_store_request_change(test_writer, request, &outcome, &fault));
    return outcome;
}

static void a_request_is_kept_whole(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_store_request put = make_request("alice", 5000);
    const struct vouch_store_request got = find_request(add_request("alice", 5000), &arena);
    assert_true(vouch_bytes_equal(got.user, put.user));
    assert_true(vouch_bytes_equal(got.zone, put.zone));
    assert_int_equal(got.created_s, put.created_s);
    assert_int_equal(got.expires_s, put.expires_s);
    assert_int_equal(got.ttl_s, put.ttl_s);
    assert_memory_equal(got.key, put.key, sizeof put.key);
    assert_int_equal(got.roles.count, 2);
    assert_true(vouch_bytes_equal(got.roles.items[1], roles[1]));
    assert_int_equal(got.principals.count, 1);
    assert_int_equal(got.approvers.count, 0);
    assert_true(vouch_bytes_equal(got.reason, put.reason));
    assert_true(vouch_bytes_equal(got.source, put.source));
    assert_true(vouch_bytes_equal(got.ask, put.ask));
    assert_true(vouch_bytes_equal(got.approved, put.approved));
    assert_int_equal(got.state, VOUCH_STORE_REQUEST_WAITING);
    assert_int_equal(got.missing, 2);
    assert_int_equal(got.revision, 0);
    assert_true(got.serial == 0);
}

// Of two changes made from one revision, one holds.
static void of_two_changes_from_one_revision_one_holds(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    uint64_t id = add_request("alice", 5000);
    struct vouch_store_request first = find_request(id, &arena);
    struct vouch_store_request second = first;
    first.state = VOUCH_STORE_REQUEST_TAKEN;
    first.serial = (UINT64_C(3) << 44) + 9;
    first.approvers = (struct vouch_store_texts){approvers, 1};
    first.missing = 0;
    first.expires_s = 6000;
    first.comment = text("go on");
    second.state = VOUCH_STORE_REQUEST_DENIED;
    second.decided_by = text("carol");
    assert_int_equal(change(&first), VOUCH_STORE_DONE);
    assert_int_equal(change(&second), VOUCH_STORE_ABSENT);
    assert_int_equal(change(&first), VOUCH_STORE_ABSENT); // nor the same once more
    const struct vouch_store_request now = find_request(id, &arena);
    assert_int_equal(now.state, VOUCH_STORE_REQUEST_TAKEN);
    assert_true(now.serial == first.serial);
    assert_int_equal(now.revision, 1);
    assert_int_equal(now.approvers.count, 1);
    assert_int_equal(now.expires_s, 6000);
    assert_int_equal(now.decided_by.len, 0);
    assert_true(vouch_bytes_equal(now.comment, first.comment));
    second.id = id + 1;
    second.revision = 0;
    assert_int_equal(change(&second), VOUCH_STORE_ABSENT); // there is none
}

static void a_request_needs_a_state_and_texts_within_their_bounds(void **state) {
    (void)state;
    struct vouch_fault why = {0};
    uint64_t id = 0;
    struct vouch_store_request request = make_request("alice", 5000);
    request.state = VOUCH_STORE_REQUEST_NONE;
    assert_int_equal(vouch_store_request_add(test_writer, &request, &id, &why), VOUCH_ERR_ARGUMENT);
    request = make_request("alice", 5000);
    request.ask.len = VOUCH_STORE_REQUEST_BYTES_MAX + 1;
    assert_int_equal(vouch_store_request_add(test_writer, &request, &id, &why), VOUCH_ERR_ARGUMENT);
    request = make_request("alice", UINT64_MAX);
    assert_int_equal(vouch_store_request_add(test_writer, &request, &id, &why), VOUCH_ERR_ARGUMENT);
    assert_int_equal(id, 0);
}

static void expire(uint64_t now_s, uint64_t forget_s) {
    test_ok(vouch_store_requests_expire(test_writer, now_s, forget_s, 100, &fault));
}

static void requests_expire_and_are_forgotten(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    uint64_t early = add_request("alice", 5000);
    uint64_t late = add_request("alice", 6000);
    uint64_t denied = add_request("alice", 5000);
    struct vouch_store_request request = find_request(denied, &arena);
    request.state = VOUCH_STORE_REQUEST_DENIED;
    assert_int_equal(change(&request), VOUCH_STORE_DONE);
    expire(4999, 0);
    assert_int_equal(find_request(early, &arena).state, VOUCH_STORE_REQUEST_WAITING);
    request = find_request(early, &arena);
    expire(5000, 0);
    assert_int_equal(find_request(early, &arena).state, VOUCH_STORE_REQUEST_EXPIRED);
    assert_int_equal(find_request(late, &arena).state, VOUCH_STORE_REQUEST_WAITING);
    assert_int_equal(find_request(denied, &arena).state, VOUCH_STORE_REQUEST_DENIED);
    request.state = VOUCH_STORE_REQUEST_APPROVED;
    assert_int_equal(change(&request), VOUCH_STORE_ABSENT); // it was seen before it expired
    expire(9000, 5000);
    enum vouch_store_outcome outcome = VOUCH_STORE_DONE;
    test_ok(vouch_store_request_find(test_reader, early, &arena, &outcome, &request, &fault));
    assert_int_equal(outcome, VOUCH_STORE_ABSENT);
    assert_int_equal(find_request(late, &arena).state, VOUCH_STORE_REQUEST_EXPIRED);
    assert_true(add_request("alice", 9999) > late); // no number is given again
}

static size_t count_requests(const struct vouch_store_request_filter *filter, size_t limit) {
    char cursor[VOUCH_STORE_CURSOR_MAX] = "";
    uint64_t before = UINT64_MAX;
    size_t count = 0;
    do {
        struct vouch_store_requests list = {0};
        const struct vouch_store_page page = {.limit = limit, .cursor = vouch_bytes_of(cursor)};
        test_ok(vouch_store_requests_list(test_reader, filter, &page, &list, &fault));
        for (size_t i = 0; i < list.count; i++) {
            assert_true(list.rows[i].id < before);
            assert_int_equal(list.rows[i].ask.len, 0);
            assert_true(filter->user.ptr == NULL ||
                        vouch_bytes_equal(filter->user, list.rows[i].user));
            assert_true(filter->state == VOUCH_STORE_REQUEST_NONE ||
                        filter->state == list.rows[i].state);
            before = list.rows[i].id;
        }
        count += list.count;
        memcpy(cursor, list.next, sizeof cursor);
        vouch_store_requests_done(&list);
    } while (cursor[0] != '\0');
    return count;
}

static void requests_are_listed_by_user_and_state(void **state) {
    (void)state;
    for (unsigned i = 0; i < 30; i++) {
        vouch_autoarena struct vouch_arena arena = {0};
        uint64_t id = add_request(i % 3 == 0 ? "alice" : "bob", 5000);
        struct vouch_store_request request = find_request(id, &arena);
        request.state = i % 2 == 0 ? VOUCH_STORE_REQUEST_WAITING : VOUCH_STORE_REQUEST_APPROVED;
        assert_int_equal(change(&request), VOUCH_STORE_DONE);
    }
    const struct {
        struct vouch_store_request_filter filter;
        size_t count;
    } rows[] = {
        {{.state = VOUCH_STORE_REQUEST_NONE}, 30},
        {{.user = text("alice")}, 10},
        {{.user = text("bob")}, 20},
        {{.user = text("carol")}, 0},
        {{.state = VOUCH_STORE_REQUEST_WAITING}, 15},
        {{.state = VOUCH_STORE_REQUEST_DENIED}, 0},
        {{.user = text("alice"), .state = VOUCH_STORE_REQUEST_APPROVED}, 5},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(count_requests(&rows[i].filter, 1000), rows[i].count);
        assert_int_equal(count_requests(&rows[i].filter, 4), rows[i].count);
    }
}

size_t test_contract_access(struct CMUnitTest *ret_tests) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(versions_of_the_policy_follow_each_other, test_begin,
                                        test_end),
        cmocka_unit_test_setup_teardown(the_longest_policy_is_kept_and_a_longer_one_is_not,
                                        test_begin, test_end),
        cmocka_unit_test_setup_teardown(versions_are_listed_page_by_page_newest_first, test_begin,
                                        test_end),
        cmocka_unit_test_setup_teardown(a_request_is_kept_whole, test_begin, test_end),
        cmocka_unit_test_setup_teardown(of_two_changes_from_one_revision_one_holds, test_begin,
                                        test_end),
        cmocka_unit_test_setup_teardown(a_request_needs_a_state_and_texts_within_their_bounds,
                                        test_begin, test_end),
        cmocka_unit_test_setup_teardown(requests_expire_and_are_forgotten, test_begin, test_end),
        cmocka_unit_test_setup_teardown(requests_are_listed_by_user_and_state, test_begin,
                                        test_end),
    };
    memcpy(ret_tests, tests, sizeof tests);
    return sizeof tests / sizeof tests[0];
}
