// SPDX-License-Identifier: ISC
// The contract: tokens that enrol hosts, hosts, their names, keys and secrets.
#include "store/test-contract.h"

#include "store/host-tokens.h"
#include "store/hosts.h"

#define NOW_S UINT64_C(1800000000)

static struct vouch_bytes text(const char *of) {
    return vouch_bytes_of(of);
}

static void begin(void) {
    test_ok(vouch_store_work_begin(test_writer, VOUCH_STORE_DURABLY, &fault));
}

static void keep(void) {
    test_ok(vouch_store_work_end(test_writer, VOUCH_OK, VOUCH_STORE_DONE, &fault));
}

// --- tokens

static const struct vouch_bytes token_labels[] = {{(const uint8_t *)"tier=web", 8},
                                                  {(const uint8_t *)"rack=4", 6}};

static struct vouch_store_host_token a_token(uint64_t uses) {
    return (struct vouch_store_host_token){.match = text("web*"),
                                           .zone = text("prod"),
                                           .labels = token_labels,
                                           .label_count = 2,
                                           .networks = token_labels,
                                           .network_count = 1,
                                           .uses = uses,
                                           .actor = text("user:alice"),
                                           .created_s = NOW_S,
                                           .expires_s = NOW_S + 60};
}

static enum vouch_store_outcome add_token(uint64_t secret, uint64_t uses) {
    const struct vouch_store_host_token token = a_token(uses);
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    test_key(secret, hash);
    begin();
    test_ok(vouch_store_host_token_add(test_writer, &token, hash, &outcome, &fault));
    keep();
    return outcome;
}

// The token with that secret, without its texts; ID 0 if there is none.
static struct vouch_store_host_token find_token(uint64_t secret) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_host_token token = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    test_key(secret, hash);
    test_ok(vouch_store_host_token_by_secret(test_reader, hash, &arena, &outcome, &token, &fault));
    assert_int_equal(outcome, token.id != 0 ? VOUCH_STORE_DONE : VOUCH_STORE_ABSENT);
    if (token.id != 0) {
        assert_true(vouch_bytes_equal(token.match, text("web*")));
        assert_int_equal(token.label_count, 2);
        assert_true(vouch_bytes_equal(token.labels[1], text("rack=4")));
        assert_int_equal(token.network_count, 1);
    }
    return token;
}

static enum vouch_store_outcome take_token(uint64_t id, uint64_t now_s) {
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    begin();
    test_ok(vouch_store_host_token_take(test_writer, id, now_s, &outcome, &fault));
    keep();
    return outcome;
}

static void a_host_token_is_taken_as_often_as_it_says(void **state) {
    (void)state;
    assert_int_equal(add_token(1, 2), VOUCH_STORE_DONE);
    assert_int_equal(add_token(1, 2), VOUCH_STORE_TAKEN);
    const uint64_t id = find_token(1).id;
    assert_int_equal(find_token(2).id, 0);
    assert_int_equal(take_token(id, NOW_S + 60), VOUCH_STORE_ABSENT); // it has expired then
    assert_int_equal(take_token(id + 1, NOW_S), VOUCH_STORE_ABSENT);
    assert_int_equal(take_token(id, NOW_S), VOUCH_STORE_DONE);
    assert_int_equal(take_token(id, NOW_S + 59), VOUCH_STORE_DONE);
    assert_int_equal(take_token(id, NOW_S), VOUCH_STORE_ABSENT);
    assert_int_equal(find_token(1).uses_left, 0);
    assert_int_equal(find_token(1).uses, 2);
}

static void host_tokens_have_their_bounds(void **state) {
    (void)state;
    uint8_t hash[VOUCH_STORE_HASH_LEN] = {0};
    static const char name[255] = "a";
    for (int i = 0; i < 7; i++) {
        struct vouch_store_host_token token = a_token(1);
        enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
        token.uses = i == 0 ? 0 : i == 1 ? VOUCH_STORE_HOST_TOKEN_USES_MAX + 1 : token.uses;
        token.expires_s = i == 2 ? 0 : i == 3 ? UINT64_MAX : token.expires_s;
        token.match = i == 4 ? text("") : token.match;
        token.match = i == 5 ? (struct vouch_bytes){(const uint8_t *)name, 254} : token.match;
        token.zone = i == 6 ? text("") : token.zone;
        begin();
        assert_int_not_equal(vouch_store_host_token_add(test_writer, &token, hash, &outcome, NULL),
                             VOUCH_OK);
        keep();
    }
}

static void host_tokens_are_listed_removed_and_forgotten(void **state) {
    (void)state;
    struct vouch_store_host_tokens page = {0};
    const struct vouch_store_page first = {.limit = 2};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint64_t removed = 0;
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(add_token(i, 1), VOUCH_STORE_DONE);
    }
    test_ok(vouch_store_host_tokens_list(test_reader, &first, &page, &fault));
    assert_int_equal(page.count, 2);
    const struct vouch_store_page next = {.limit = 2, .cursor = text(page.next)};
    struct vouch_store_host_tokens rest = {0};
    test_ok(vouch_store_host_tokens_list(test_reader, &next, &rest, &fault));
    assert_int_equal(rest.count, 1);
    assert_true(rest.next[0] == '\0');
    begin();
    test_ok(vouch_store_host_token_remove(test_writer, page.rows[0].id, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    test_ok(vouch_store_host_token_remove(test_writer, page.rows[0].id, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_ABSENT);
    test_ok(vouch_store_host_tokens_prune(test_writer, NOW_S + 59, 10, &removed, &fault));
    assert_int_equal(removed, 0);
    test_ok(vouch_store_host_tokens_prune(test_writer, NOW_S + 60, 1, &removed, &fault));
    assert_int_equal(removed, 1);
    keep();
    vouch_store_host_tokens_done(&page);
    vouch_store_host_tokens_done(&rest);
}

// --- hosts

static struct vouch_store_host_key keys[2];

// The host of that name; its keys are those of `number` and the next.
static struct vouch_store_host a_host(const char *name, enum vouch_store_host_state state,
                                      uint64_t number) {
    for (size_t i = 0; i < 2; i++) {
        keys[i] = (struct vouch_store_host_key){.type = text("ssh-ed25519")};
        test_key(number + i, keys[i].hash);
    }
    struct vouch_store_host host = {.state = state,
                                    .name = text(name),
                                    .zone = text("prod"),
                                    .labels = token_labels,
                                    .label_count = 2,
                                    .aliases = token_labels,
                                    .alias_count = 1,
                                    .why = text("because"),
                                    .by = text("host-token:7"),
                                    .token = 7,
                                    .generation = 1,
                                    .needed = 1,
                                    .source = text("192.0.2.1"),
                                    .created_s = NOW_S,
                                    .seen_s = NOW_S,
                                    .until_s = state == VOUCH_STORE_HOST_WAITING ? NOW_S + 60 : 0,
                                    .keys = keys,
                                    .key_count = 2};
    test_key(number + 100, host.machine);
    test_key(number + 200, host.keyset);
    return host;
}

static uint64_t add_host(const char *name, enum vouch_store_host_state state, uint64_t number) {
    const struct vouch_store_host host = a_host(name, state, number);
    uint64_t id = 0;
    begin();
    test_ok(vouch_store_host_add(test_writer, &host, &id, &fault));
    keep();
    return id;
}

static enum vouch_store_outcome name_host(uint64_t id, const struct vouch_bytes *names,
                                          size_t count, size_t *ret_taken) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    begin();
    test_ok(vouch_store_host_names(test_writer, id, names, count, &outcome, ret_taken, &fault));
    test_ok(vouch_store_work_end(test_writer, VOUCH_OK, outcome, &fault));
    return outcome;
}

static void a_host_is_kept_with_all_that_it_has(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_host host = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    const struct vouch_store_host wanted = a_host("web1", VOUCH_STORE_HOST_ACTIVE, 1);
    const uint64_t id = add_host("web1", VOUCH_STORE_HOST_ACTIVE, 1);
    test_ok(vouch_store_host_by_id(test_reader, id, &arena, &outcome, &host, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    assert_true(vouch_bytes_equal(host.name, text("web1")));
    assert_int_equal(host.label_count, 2);
    assert_true(vouch_bytes_equal(host.aliases[0], text("tier=web")));
    assert_true(vouch_bytes_equal(host.by, text("host-token:7")));
    assert_memory_equal(host.machine, wanted.machine, sizeof host.machine);
    assert_memory_equal(host.keyset, wanted.keyset, sizeof host.keyset);
    assert_int_equal(host.generation, 1);
    assert_int_equal(host.used_generation, 0);
    test_ok(vouch_store_host_keys(test_reader, &arena, &host, &fault));
    assert_int_equal(host.key_count, 2);
    assert_memory_equal(host.keys[1].hash, wanted.keys[1].hash, VOUCH_STORE_HASH_LEN);
    assert_int_equal(host.keys[1].serial, 0);
    struct vouch_store_host_key key = host.keys[1];
    key.serial = UINT64_MAX;
    key.valid_before_s = NOW_S + 9;
    begin();
    test_ok(vouch_store_host_cert(test_writer, id, &key, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    test_ok(vouch_store_host_cert(test_writer, id + 1, &key, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_ABSENT);
    keep();
    test_ok(vouch_store_host_keys(test_reader, &arena, &host, &fault));
    assert_int_equal(host.keys[1].serial, UINT64_MAX);
    test_ok(vouch_store_host_by_key(test_reader, key.hash, &arena, &outcome, &host, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    assert_int_equal(host.id, id);
}

static void a_wish_for_names_is_kept_with_who_approved_what(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    static const struct vouch_bytes people[] = {{(const uint8_t *)"user:alice", 10}};
    const struct vouch_bytes names[] = {text("*.web.example.com"), text("*.b.example.com")};
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    struct vouch_store_host host = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    const uint64_t id = add_host("web1", VOUCH_STORE_HOST_ACTIVE, 1);
    test_ok(vouch_store_host_by_id(test_reader, id, &arena, &outcome, &host, &fault));
    assert_int_equal(host.wished_count + host.asker.len + host.approved.len, 0);
    assert_int_equal(host.wish_until_s + host.approved_s, 0);
    test_key(7, hash);
    host.wished = names;
    host.wished_count = 2;
    host.wish_until_s = NOW_S + 60;
    host.asker = text("token:ci");
    host.approvers = people;
    host.approver_count = 1;
    host.needed = 2;
    host.approved = (struct vouch_bytes){hash, sizeof hash};
    host.approved_s = NOW_S;
    begin();
    test_ok(vouch_store_host_put(test_writer, &host, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    keep();
    test_ok(vouch_store_host_by_id(test_reader, id, &arena, &outcome, &host, &fault));
    assert_int_equal(host.wished_count, 2);
    assert_true(vouch_bytes_equal(host.wished[1], names[1]));
    assert_true(vouch_bytes_equal(host.asker, text("token:ci")));
    assert_true(vouch_bytes_equal(host.approvers[0], people[0]));
    assert_int_equal(host.approved.len, sizeof hash);
    assert_memory_equal(host.approved.ptr, hash, sizeof hash);
    assert_int_equal(host.wish_until_s, NOW_S + 60);
    assert_int_equal(host.approved_s, NOW_S);
    assert_int_equal(host.needed, 2);
    host.approved.len = 31;
    begin();
    assert_int_not_equal(vouch_store_host_put(test_writer, &host, &outcome, NULL), VOUCH_OK);
    keep();
}

static void a_host_is_changed_by_who_saw_it_last(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_host host = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    const uint64_t id = add_host("web1", VOUCH_STORE_HOST_ACTIVE, 1);
    test_ok(vouch_store_host_by_id(test_reader, id, &arena, &outcome, &host, &fault));
    host.state = VOUCH_STORE_HOST_LOCKED;
    host.name = text("web2");
    begin();
    test_ok(vouch_store_host_put(test_writer, &host, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    test_ok(vouch_store_host_put(test_writer, &host, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_ABSENT);
    keep();
    test_ok(vouch_store_host_by_id(test_reader, id, &arena, &outcome, &host, &fault));
    assert_int_equal(host.state, VOUCH_STORE_HOST_LOCKED);
    assert_int_equal(host.revision, 1);
    assert_true(vouch_bytes_equal(host.name, text("web2")));
}

static void no_name_belongs_to_two_hosts(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_bytes one[] = {text("web1"), text("www")};
    const struct vouch_bytes two[] = {text("web2"), text("www"), text("api")};
    struct vouch_store_host host = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    size_t taken = 0;
    const uint64_t first = add_host("web1", VOUCH_STORE_HOST_ACTIVE, 1);
    const uint64_t second = add_host("web2", VOUCH_STORE_HOST_ACTIVE, 10);
    assert_int_equal(name_host(first, one, 2, &taken), VOUCH_STORE_DONE);
    assert_int_equal(name_host(first, one, 2, &taken), VOUCH_STORE_DONE); // its own
    assert_int_equal(name_host(second, two, 3, &taken), VOUCH_STORE_TAKEN);
    assert_int_equal(taken, 1);
    test_ok(
        vouch_store_host_by_any_name(test_reader, text("web2"), &arena, &outcome, &host, &fault));
    assert_int_equal(outcome, VOUCH_STORE_ABSENT); // nothing of it was left
    test_ok(
        vouch_store_host_by_any_name(test_reader, text("www"), &arena, &outcome, &host, &fault));
    assert_int_equal(host.id, first);
    test_ok(vouch_store_host_by_name(test_reader, text("www"), &arena, &outcome, &host, &fault));
    assert_int_equal(outcome, VOUCH_STORE_ABSENT); // an alias is no name
    assert_int_equal(name_host(first, NULL, 0, &taken), VOUCH_STORE_DONE);
    assert_int_equal(name_host(second, two, 3, &taken), VOUCH_STORE_DONE);
}

static uint64_t host_of_secret(uint64_t secret, uint64_t *ret_generation) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_host host = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    test_key(secret, hash);
    test_ok(vouch_store_host_by_secret(test_reader, hash, &arena, &outcome, &host, ret_generation,
                                       &fault));
    return outcome == VOUCH_STORE_DONE ? host.id : 0;
}

static void give_secret(uint64_t id, uint64_t generation, uint64_t used) {
    struct vouch_store_host_secret secret = {.host = id, .generation = generation, .used = used};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    test_key(generation, secret.secret);
    begin();
    test_ok(vouch_store_host_secret_add(test_writer, &secret, &outcome, &fault));
    keep();
    assert_int_equal(outcome, VOUCH_STORE_DONE);
}

static void secrets_are_known_by_their_generation(void **state) {
    (void)state;
    uint64_t generation = 0;
    const uint64_t id = add_host("web1", VOUCH_STORE_HOST_ACTIVE, 1);
    give_secret(id, 1, 0);
    give_secret(id, 2, 1);
    give_secret(id, 3, 1); // the second never came
    assert_int_equal(host_of_secret(1, &generation), id);
    assert_int_equal(generation, 1);
    assert_int_equal(host_of_secret(2, &generation), 0);
    assert_int_equal(host_of_secret(3, &generation), id);
    for (uint64_t i = 4; i <= 40; i++) {
        give_secret(id, i, i - 1);
    }
    assert_int_equal(host_of_secret(40 - VOUCH_STORE_HOST_SECRETS_MAX - 1, &generation), 0);
    assert_int_equal(host_of_secret(40 - VOUCH_STORE_HOST_SECRETS_MAX, &generation), id);
    begin();
    test_ok(vouch_store_host_secrets_end(test_writer, id, &fault));
    keep();
    assert_int_equal(host_of_secret(40, &generation), 0);
}

static void a_generation_that_came_only_goes_up(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_host host = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    const uint64_t id = add_host("web1", VOUCH_STORE_HOST_ACTIVE, 1);
    begin();
    test_ok(vouch_store_host_used(test_writer, id, 5, &fault));
    test_ok(vouch_store_host_used(test_writer, id, 4, &fault));
    test_ok(vouch_store_host_seen(test_writer, id, NOW_S + 125, text("192.0.2.9"), &fault));
    test_ok(vouch_store_host_seen(test_writer, id, NOW_S + 60, text("192.0.2.8"), &fault));
    keep();
    test_ok(vouch_store_host_by_id(test_reader, id, &arena, &outcome, &host, &fault));
    assert_int_equal(host.used_generation, 5);
    assert_int_equal(host.seen_s, NOW_S + 120); // to the minute
    assert_true(vouch_bytes_equal(host.source, text("192.0.2.9")));
}

static void hosts_that_wait_are_counted_and_forgotten(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_host host = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint64_t of_source = 9, in_all = 9, removed = 0;
    uint8_t keyset[VOUCH_STORE_HASH_LEN];
    const uint64_t waits = add_host("web1", VOUCH_STORE_HOST_WAITING, 1);
    const uint64_t active = add_host("web2", VOUCH_STORE_HOST_ACTIVE, 10);
    (void)add_host("web1", VOUCH_STORE_HOST_WAITING, 20);
    test_ok(vouch_store_hosts_waiting(test_reader, text("192.0.2.1"), NOW_S, &of_source, &in_all,
                                      &fault));
    assert_int_equal(of_source, 2);
    assert_int_equal(in_all, 2);
    test_ok(vouch_store_hosts_waiting(test_reader, text("192.0.2.2"), NOW_S + 60, &of_source,
                                      &in_all, &fault));
    assert_int_equal(of_source + in_all, 0);
    test_key(201, keyset);
    test_ok(vouch_store_host_in_state(test_reader, text("web1"), VOUCH_STORE_HOST_WAITING, keyset,
                                      &arena, &outcome, &host, &fault));
    assert_int_equal(host.id, waits);
    begin();
    test_ok(vouch_store_host_forget(test_writer, active, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_ABSENT);
    test_ok(vouch_store_host_forget(test_writer, waits, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    test_ok(vouch_store_hosts_prune(test_writer, NOW_S + 59, 10, &removed, &fault));
    assert_int_equal(removed, 0);
    test_ok(vouch_store_hosts_prune(test_writer, NOW_S + 60, 10, &removed, &fault));
    assert_int_equal(removed, 1);
    keep();
    test_ok(vouch_store_host_by_id(test_reader, active, &arena, &outcome, &host, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
}

static void hosts_are_listed_by_name(void **state) {
    (void)state;
    static const char *const names[] = {"c", "a", "b", "a"};
    struct vouch_store_hosts page = {0};
    const struct vouch_store_host_filter all = {0};
    const struct vouch_store_host_filter retired = {.state = VOUCH_STORE_HOST_RETIRED};
    const struct vouch_store_page first = {.limit = 2};
    for (uint64_t i = 0; i < 4; i++) {
        (void)add_host(names[i], i == 3 ? VOUCH_STORE_HOST_RETIRED : VOUCH_STORE_HOST_ACTIVE,
                       10 * i);
    }
    test_ok(vouch_store_hosts_list(test_reader, &all, &first, &page, &fault));
    assert_int_equal(page.count, 2);
    assert_true(vouch_bytes_equal(page.rows[1].name, text("b")));
    assert_int_equal(page.rows[1].key_count, 2);
    const struct vouch_store_page next = {.limit = 2, .cursor = text(page.next)};
    struct vouch_store_hosts rest = {0};
    test_ok(vouch_store_hosts_list(test_reader, &all, &next, &rest, &fault));
    assert_int_equal(rest.count, 1);
    assert_true(rest.next[0] == '\0');
    vouch_store_hosts_done(&rest);
    test_ok(vouch_store_hosts_list(test_reader, &retired, &first, &rest, &fault));
    assert_int_equal(rest.count, 1);
    vouch_store_hosts_done(&rest);
    test_ok(vouch_store_hosts_active(test_reader, &rest, &fault));
    assert_int_equal(rest.count, 3);
    assert_true(vouch_bytes_equal(rest.rows[0].name, text("a")));
    vouch_store_hosts_done(&rest);
    vouch_store_hosts_done(&page);
}

static void hosts_have_their_bounds(void **state) {
    (void)state;
    static const char name[VOUCH_STORE_HOST_NAME_MAX + 2] = "a";
    for (int i = 0; i < 6; i++) {
        struct vouch_store_host host = a_host("web1", VOUCH_STORE_HOST_ACTIVE, 1);
        uint64_t id = 0;
        host.state = i == 0 ? VOUCH_STORE_HOST_NONE : host.state;
        host.name = i == 1 ? text("") : host.name;
        host.name.ptr = i == 2 ? (const uint8_t *)name : host.name.ptr;
        host.name.len = i == 2 ? VOUCH_STORE_HOST_NAME_MAX + 1 : host.name.len;
        host.key_count = i == 3 ? 0 : i == 4 ? VOUCH_STORE_HOST_KEYS_MAX + 1 : host.key_count;
        host.until_s = i == 5 ? NOW_S : host.until_s;
        begin();
        assert_int_not_equal(vouch_store_host_add(test_writer, &host, &id, NULL), VOUCH_OK);
        keep();
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_begin, test_end)

size_t test_contract_hosts(struct CMUnitTest *ret_tests) {
    const struct CMUnitTest tests[] = {
        TEST(a_host_token_is_taken_as_often_as_it_says),
        TEST(host_tokens_have_their_bounds),
        TEST(host_tokens_are_listed_removed_and_forgotten),
        TEST(a_host_is_kept_with_all_that_it_has),
        TEST(a_wish_for_names_is_kept_with_who_approved_what),
        TEST(a_host_is_changed_by_who_saw_it_last),
        TEST(no_name_belongs_to_two_hosts),
        TEST(secrets_are_known_by_their_generation),
        TEST(a_generation_that_came_only_goes_up),
        TEST(hosts_that_wait_are_counted_and_forgotten),
        TEST(hosts_are_listed_by_name),
        TEST(hosts_have_their_bounds),
    };
    memcpy(ret_tests, tests, sizeof tests);
    return sizeof tests / sizeof tests[0];
}
