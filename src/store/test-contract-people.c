// SPDX-License-Identifier: ISC
// The contract: accounts and what is kept for them, tries, sessions, links, and work that is all or none.
#include "store/test-contract.h"

#include "store/links.h"
#include "store/passkeys.h"
#include "store/sessions.h"
#include "store/tries.h"

#define NOW_S UINT64_C(1800000000)

static const struct vouch_store_page first_page = {0};

static struct vouch_bytes text(const char *of) {
    return vouch_bytes_of(of);
}

static void begin(void) {
    test_ok(vouch_store_work_begin(test_writer, VOUCH_STORE_DURABLY, &fault));
}

static void keep(void) {
    test_ok(vouch_store_work_end(test_writer, VOUCH_OK, VOUCH_STORE_DONE, &fault));
}

static void secret_of(uint64_t number, uint8_t ret_secret[static VOUCH_STORE_HASH_LEN]) {
    test_key(number, ret_secret);
}

// --- accounts

static struct vouch_store_account find_account(const char *name, int wanted) {
    struct vouch_arena arena = {0};
    struct vouch_store_account account = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    test_ok(vouch_store_account_find(test_reader, text(name), &arena, &outcome, &account, &fault));
    assert_int_equal(outcome, wanted ? VOUCH_STORE_DONE : VOUCH_STORE_ABSENT);
    vouch_arena_done(&arena);
    account.name = (struct vouch_bytes){0};
    return account;
}

static uint64_t add_account(const char *name) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    begin();
    test_ok(vouch_store_account_add(test_writer, text(name), NOW_S, &outcome, &fault));
    keep();
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    return find_account(name, 1).id;
}

static void remove_account(uint64_t id, enum vouch_store_outcome wanted) {
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    begin();
    test_ok(vouch_store_account_remove(test_writer, id, &outcome, &fault));
    keep();
    assert_int_equal(outcome, wanted);
}

static void an_accounts_number_is_never_given_again(void **state) {
    (void)state;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint64_t alice = add_account("alice"), bob = add_account("bob");
    assert_true(bob > alice);
    begin();
    test_ok(vouch_store_account_add(test_writer, text("bob"), NOW_S, &outcome, &fault));
    keep();
    assert_int_equal(outcome, VOUCH_STORE_TAKEN);
    remove_account(bob, VOUCH_STORE_DONE);
    (void)find_account("bob", 0);
    remove_account(bob, VOUCH_STORE_ABSENT);
    assert_true(add_account("bob") > bob);
    assert_int_equal(find_account("alice", 1).id, alice);
}

static void a_name_has_its_bounds(void **state) {
    (void)state;
    static const char name[VOUCH_STORE_USER_MAX + 2] = "a";
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    begin();
    assert_int_not_equal(vouch_store_account_add(test_writer, text(""), NOW_S, &outcome, NULL),
                         VOUCH_OK);
    const struct vouch_bytes most = {(const uint8_t *)name, VOUCH_STORE_USER_MAX};
    test_ok(vouch_store_account_add(test_writer, most, NOW_S, &outcome, &fault));
    const struct vouch_bytes more = {(const uint8_t *)name, VOUCH_STORE_USER_MAX + 1};
    assert_int_not_equal(vouch_store_account_add(test_writer, more, NOW_S, &outcome, NULL),
                         VOUCH_OK);
    keep();
}

// --- what is kept

static enum vouch_store_outcome put(uint64_t account, enum vouch_store_method method,
                                    const char *stored, uint64_t step) {
    const struct vouch_store_credential credential = {text(stored), step, 7};
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    begin();
    test_ok(
        vouch_store_credential_put(test_writer, account, method, &credential, &outcome, &fault));
    keep();
    return outcome;
}

static enum vouch_store_outcome take(uint64_t account, enum vouch_store_method method,
                                     const char *was, const char *next, uint64_t step) {
    const struct vouch_store_credential credential = {text(next), step, 6};
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    begin();
    test_ok(vouch_store_credential_take(test_writer, account, method, text(was), &credential,
                                        &outcome, &fault));
    keep();
    return outcome;
}

static void check_kept(uint64_t account, enum vouch_store_method method, const char *stored,
                       uint64_t step, uint64_t left) {
    struct vouch_arena arena = {0};
    struct vouch_store_credentials kept;
    test_ok(vouch_store_credentials(test_reader, account, &arena, &kept, &fault));
    assert_true(vouch_bytes_equal(kept.of[method].stored, text(stored)));
    assert_int_equal(kept.of[method].step, step);
    assert_int_equal(kept.of[method].left, left);
    vouch_arena_done(&arena);
}

// doc/identity.md: a code counts only when its step is later, and what was kept is still the same.
static void a_code_is_taken_once_and_only_upwards(void **state) {
    (void)state;
    uint64_t id = add_account("alice");
    check_kept(id, VOUCH_STORE_TOTP, "", 0, 0);
    assert_int_equal(put(id, VOUCH_STORE_TOTP, "sealed", 100), VOUCH_STORE_DONE);
    assert_int_equal(take(id, VOUCH_STORE_TOTP, "sealed", "sealed", 100), VOUCH_STORE_ABSENT);
    assert_int_equal(take(id, VOUCH_STORE_TOTP, "sealed", "sealed", 99), VOUCH_STORE_ABSENT);
    assert_int_equal(take(id, VOUCH_STORE_TOTP, "other", "sealed", 101), VOUCH_STORE_ABSENT);
    assert_int_equal(take(id + 1, VOUCH_STORE_TOTP, "sealed", "sealed", 101), VOUCH_STORE_ABSENT);
    check_kept(id, VOUCH_STORE_TOTP, "sealed", 100, 7);
    assert_int_equal(take(id, VOUCH_STORE_TOTP, "sealed", "sealed", 101), VOUCH_STORE_DONE);
    assert_int_equal(take(id, VOUCH_STORE_TOTP, "sealed", "sealed", 101), VOUCH_STORE_ABSENT);
    check_kept(id, VOUCH_STORE_TOTP, "sealed", 101, 6);
}

static void what_is_taken_must_be_what_was_kept(void **state) {
    (void)state;
    uint64_t id = add_account("alice");
    assert_int_equal(put(id, VOUCH_STORE_RECOVERY, "ten", 0), VOUCH_STORE_DONE);
    assert_int_equal(take(id, VOUCH_STORE_RECOVERY, "ten", "nine", 0), VOUCH_STORE_DONE);
    assert_int_equal(take(id, VOUCH_STORE_RECOVERY, "ten", "nine", 0), VOUCH_STORE_ABSENT);
    assert_int_equal(take(id, VOUCH_STORE_PASSWORD, "ten", "nine", 0), VOUCH_STORE_ABSENT);
    check_kept(id, VOUCH_STORE_RECOVERY, "nine", 0, 6);
    assert_int_equal(put(id + 1, VOUCH_STORE_PASSWORD, "hash", 0), VOUCH_STORE_ABSENT);
}

static void work_that_was_not_done_leaves_nothing(void **state) {
    (void)state;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    begin();
    test_ok(vouch_store_account_add(test_writer, text("alice"), NOW_S, &outcome, &fault));
    test_ok(vouch_store_work_end(test_writer, VOUCH_OK, VOUCH_STORE_ABSENT, &fault));
    (void)find_account("alice", 0);
    begin();
    test_ok(vouch_store_account_add(test_writer, text("alice"), NOW_S, &outcome, &fault));
    assert_int_equal(vouch_store_work_end(test_writer, VOUCH_ERR_TIMEOUT, VOUCH_STORE_DONE, NULL),
                     VOUCH_ERR_TIMEOUT);
    (void)find_account("alice", 0);
    assert_true(add_account("alice") > 0); // and the next work is not in the way of it
    struct vouch_fault why = {0};
    assert_int_not_equal(vouch_store_work_begin(test_reader, VOUCH_STORE_LATER, &why), VOUCH_OK);
}

// --- tries

static void check_tries(const char *who, const char *source, const char *wanted) {
    struct vouch_arena arena = {0};
    struct vouch_bytes state;
    const struct vouch_store_tries_key key = {text(who), text(source)};
    test_ok(vouch_store_tries_get(test_reader, &key, &arena, &state, &fault));
    assert_true(vouch_bytes_equal(state, text(wanted)));
    vouch_arena_done(&arena);
}

static void put_tries(const char *who, const char *source, const char *state, uint64_t until_s) {
    const struct vouch_store_tries_key key = {text(who), text(source)};
    begin();
    test_ok(vouch_store_tries_put(test_writer, &key, text(state), until_s, &fault));
    keep();
}

static void tries_are_kept_by_who_and_from_where(void **state) {
    (void)state;
    uint64_t removed = 0;
    put_tries("#1", "", "account", 0);
    put_tries("", "192.0.2.1", "source", NOW_S + 10);
    put_tries("#1", "192.0.2.1", "pair", NOW_S + 20);
    check_tries("#1", "", "account");
    check_tries("", "192.0.2.1", "source");
    check_tries("#1", "192.0.2.1", "pair");
    check_tries("#1", "192.0.2.2", "");
    put_tries("#1", "", "account again", 0);
    check_tries("#1", "", "account again");
    begin();
    test_ok(vouch_store_tries_prune(test_writer, NOW_S + 10, 100, &removed, &fault));
    keep();
    assert_int_equal(removed, 1);
    check_tries("", "192.0.2.1", "");
    check_tries("#1", "192.0.2.1", "pair");
    begin();
    test_ok(vouch_store_tries_forget(test_writer, text("#1"), &fault));
    keep();
    check_tries("#1", "", "");
    check_tries("#1", "192.0.2.1", "");
}

// --- sessions

static uint64_t add_session(uint64_t account, uint64_t number, uint64_t used_s) {
    uint8_t secret[VOUCH_STORE_HASH_LEN];
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    uint64_t id = 0;
    const struct vouch_store_session session = {.account = account,
                                                .methods = text("password+totp"),
                                                .source = text("192.0.2.1"),
                                                .created_s = NOW_S,
                                                .used_s = used_s,
                                                .factor_s = NOW_S,
                                                .idle_s = 3600,
                                                .ends_s = NOW_S + 86400};
    secret_of(number, secret);
    begin();
    test_ok(vouch_store_session_add(test_writer, &session, secret, &outcome, &id, &fault));
    keep();
    assert_int_equal(outcome, id != 0 ? VOUCH_STORE_DONE : VOUCH_STORE_ABSENT);
    return id;
}

// The arena is the caller's, for what the session points to.
static int find_session(uint64_t number, struct vouch_arena *arena,
                        struct vouch_store_session *ret_session) {
    uint8_t secret[VOUCH_STORE_HASH_LEN];
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    secret_of(number, secret);
    test_ok(
        vouch_store_session_by_secret(test_reader, secret, arena, &outcome, ret_session, &fault));
    return outcome == VOUCH_STORE_DONE;
}

static int is_session(uint64_t number) {
    struct vouch_arena arena = {0};
    struct vouch_store_session session;
    int is = find_session(number, &arena, &session);
    vouch_arena_done(&arena);
    return is;
}

static void a_session_is_found_with_its_user(void **state) {
    (void)state;
    struct vouch_arena arena = {0};
    struct vouch_store_session session = {0};
    uint64_t alice = add_account("alice");
    uint64_t id = add_session(alice, 1, NOW_S);
    assert_int_equal(add_session(alice + 5, 2, NOW_S), 0); // of nobody
    assert_true(find_session(1, &arena, &session));
    assert_int_equal(session.id, id);
    assert_int_equal(session.account, alice);
    assert_true(vouch_bytes_equal(session.user, text("alice")));
    assert_true(vouch_bytes_equal(session.methods, text("password+totp")));
    assert_int_equal(session.idle_s, 3600);
    assert_int_equal(session.ends_s, NOW_S + 86400);
    assert_false(is_session(2));
    assert_int_equal(find_account("alice", 1).sessions, 1);
    vouch_arena_done(&arena);
}

static void a_session_is_used_and_proves_a_code_again(void **state) {
    (void)state;
    struct vouch_arena arena = {0};
    struct vouch_store_session session = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint64_t id = add_session(add_account("alice"), 1, NOW_S);
    begin();
    test_ok(vouch_store_session_used(test_writer, id, NOW_S + 200, &fault));
    test_ok(vouch_store_session_used(test_writer, id, NOW_S + 60, &fault)); // never back
    test_ok(vouch_store_session_factor(test_writer, id, text("password+recovery"), NOW_S + 99,
                                       &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    test_ok(vouch_store_session_factor(test_writer, id + 1, text("password+totp"), NOW_S, &outcome,
                                       &fault));
    assert_int_equal(outcome, VOUCH_STORE_ABSENT);
    keep();
    assert_true(find_session(1, &arena, &session));
    assert_int_equal(session.used_s, (NOW_S + 200) / 60 * 60);
    assert_int_equal(session.factor_s, NOW_S + 99);
    assert_true(vouch_bytes_equal(session.methods, text("password+recovery")));
    vouch_arena_done(&arena);
}

static uint64_t prune_sessions(uint64_t now_s) {
    uint64_t removed = 0;
    begin();
    test_ok(vouch_store_sessions_prune(test_writer, now_s, 100, &removed, &fault));
    keep();
    return removed;
}

static void sessions_are_forgotten_when_they_have_ended(void **state) {
    (void)state;
    uint64_t alice = add_account("alice");
    (void)add_session(alice, 1, NOW_S);
    (void)add_session(alice, 2, NOW_S + 86000); // its end comes before an hour has passed
    assert_int_equal(prune_sessions(NOW_S + 3599), 0);
    assert_int_equal(prune_sessions(NOW_S + 3600), 1);
    assert_false(is_session(1));
    assert_int_equal(prune_sessions(NOW_S + 86399), 0);
    assert_int_equal(prune_sessions(NOW_S + 86400), 1);
    assert_false(is_session(2));
}

static void sessions_are_ended_alone_or_with_others(void **state) {
    (void)state;
    uint64_t alice = add_account("alice"), bob = add_account("bob");
    uint64_t ids[4], count = 9;
    for (uint64_t i = 0; i < 4; i++) {
        ids[i] = add_session(i < 3 ? alice : bob, i, NOW_S);
    }
    begin();
    test_ok(vouch_store_session_end(test_writer, ids[0], &count, &fault));
    assert_int_equal(count, 1);
    test_ok(vouch_store_session_end(test_writer, ids[0], &count, &fault));
    assert_int_equal(count, 0);
    test_ok(vouch_store_sessions_end(test_writer, alice, ids[1], &count, &fault));
    assert_int_equal(count, 1);
    keep();
    assert_false(is_session(0));
    assert_true(is_session(1));
    assert_false(is_session(2));
    assert_true(is_session(3));
    begin();
    test_ok(vouch_store_sessions_end(test_writer, alice, 0, &count, &fault));
    keep();
    assert_int_equal(count, 1);
    assert_true(is_session(3));
}

static void of_too_many_sessions_the_least_used_goes(void **state) {
    (void)state;
    uint64_t alice = add_account("alice");
    for (uint64_t i = 0; i < VOUCH_STORE_SESSIONS_MAX; i++) {
        (void)add_session(alice, i, NOW_S + (i == 7 ? 0 : 60 + i));
    }
    assert_true(is_session(7));
    (void)add_session(alice, 1000, NOW_S + 30);
    assert_false(is_session(7));
    assert_true(is_session(0) && is_session(1000));
    assert_int_equal(find_account("alice", 1).sessions, VOUCH_STORE_SESSIONS_MAX);
}

static void sessions_are_listed_page_by_page(void **state) {
    (void)state;
    uint64_t alice = add_account("alice"), bob = add_account("bob");
    char cursor[VOUCH_STORE_CURSOR_MAX] = "";
    uint64_t seen = 0, last = 0;
    for (uint64_t i = 0; i < 20; i++) {
        (void)add_session(i % 4 == 0 ? bob : alice, i, NOW_S);
    }
    do {
        const struct vouch_store_page page = {.limit = 4, .cursor = text(cursor)};
        struct vouch_store_sessions sessions = {0};
        test_ok(
            vouch_store_sessions_list(test_reader, text("alice"), NOW_S, &page, &sessions, &fault));
        for (size_t i = 0; i < sessions.count; i++) {
            assert_true(sessions.rows[i].id > last);
            assert_int_equal(sessions.rows[i].account, alice);
            last = sessions.rows[i].id;
            seen++;
        }
        memcpy(cursor, sessions.next, sizeof cursor);
        vouch_store_sessions_done(&sessions);
    } while (cursor[0] != '\0');
    assert_int_equal(seen, 15);
    struct vouch_store_sessions none = {0};
    test_ok(vouch_store_sessions_list(test_reader, text("alice"), NOW_S + 3600, &first_page, &none,
                                      &fault));
    assert_int_equal(none.count, 0);
    vouch_store_sessions_done(&none);
}

// --- links

static void put_link(uint64_t account, uint64_t number, enum vouch_store_outcome wanted) {
    uint8_t secret[VOUCH_STORE_HASH_LEN];
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    const struct vouch_store_link link = {
        .account = account, .actor = text("user:root"), .expires_s = NOW_S + 60};
    secret_of(number, secret);
    begin();
    test_ok(vouch_store_link_put(test_writer, &link, secret, &outcome, &fault));
    keep();
    assert_int_equal(outcome, wanted);
}

static enum vouch_store_outcome find_link(uint64_t number, const char *totp) {
    struct vouch_arena arena = {0};
    struct vouch_store_link link = {0};
    uint8_t secret[VOUCH_STORE_HASH_LEN];
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    secret_of(number, secret);
    test_ok(vouch_store_link_find(test_reader, secret, &arena, &outcome, &link, &fault));
    if (outcome == VOUCH_STORE_DONE) {
        assert_true(vouch_bytes_equal(link.user, text("alice")));
        assert_true(vouch_bytes_equal(link.actor, text("user:root")));
        assert_true(vouch_bytes_equal(link.totp, text(totp)));
        assert_int_equal(link.expires_s, NOW_S + 60);
    }
    vouch_arena_done(&arena);
    return outcome;
}

static void a_link_is_one_of_its_account_and_used_once(void **state) {
    (void)state;
    uint8_t secret[VOUCH_STORE_HASH_LEN];
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    uint64_t alice = add_account("alice");
    put_link(alice + 1, 1, VOUCH_STORE_ABSENT);
    put_link(alice, 1, VOUCH_STORE_DONE);
    assert_int_equal(find_link(1, ""), VOUCH_STORE_DONE);
    secret_of(1, secret);
    begin();
    test_ok(
        vouch_store_link_begin(test_writer, secret, text("hash"), text("one"), &outcome, &fault));
    keep();
    assert_int_equal(find_link(1, "one"), VOUCH_STORE_DONE);
    begin();
    test_ok(vouch_store_link_take(test_writer, secret, text("two"), &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_ABSENT); // begun anew meanwhile
    test_ok(vouch_store_link_take(test_writer, secret, text("one"), &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    test_ok(vouch_store_link_take(test_writer, secret, text("one"), &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_ABSENT);
    keep();
    put_link(alice, 2, VOUCH_STORE_DONE);
    put_link(alice, 3, VOUCH_STORE_DONE);
    assert_int_equal(find_link(2, ""), VOUCH_STORE_ABSENT);
    assert_int_equal(find_link(3, ""), VOUCH_STORE_DONE);
}

static void links_are_forgotten_when_they_have_expired(void **state) {
    (void)state;
    uint64_t removed = 0;
    put_link(add_account("alice"), 1, VOUCH_STORE_DONE);
    begin();
    test_ok(vouch_store_links_prune(test_writer, NOW_S + 59, 100, &removed, &fault));
    assert_int_equal(removed, 0);
    test_ok(vouch_store_links_prune(test_writer, NOW_S + 60, 100, &removed, &fault));
    assert_int_equal(removed, 1);
    keep();
    assert_int_equal(find_link(1, ""), VOUCH_STORE_ABSENT);
}

// --- all of it

// --- passkeys

static enum vouch_store_outcome add_passkey(uint64_t account, const char *credential) {
    const struct vouch_store_passkey passkey = {.account = account,
                                                .credential = text(credential),
                                                .algorithm = -257,
                                                .key = text("key"),
                                                .answers = UINT32_MAX,
                                                .backup = 3,
                                                .aaguid = {1, 2},
                                                .name = text("phone"),
                                                .created_s = NOW_S};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    begin();
    test_ok(vouch_store_passkey_add(test_writer, &passkey, &outcome, &fault));
    test_ok(vouch_store_work_end(test_writer, VOUCH_OK, outcome, &fault));
    return outcome;
}

static size_t count_passkeys(uint64_t account) {
    struct vouch_arena arena = {0};
    struct vouch_store_passkeys found;
    test_ok(vouch_store_passkeys_of(test_reader, account, &arena, &found, &fault));
    vouch_arena_done(&arena);
    return found.count;
}

// 0: there is none.
static uint64_t find_passkey(const char *credential, uint64_t account, uint64_t answers) {
    struct vouch_arena arena = {0};
    struct vouch_store_passkey found = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    test_ok(
        vouch_store_passkey_find(test_reader, text(credential), &arena, &outcome, &found, &fault));
    assert_int_equal(outcome, account != 0 ? VOUCH_STORE_DONE : VOUCH_STORE_ABSENT);
    if (account != 0) {
        assert_int_equal(found.account, account);
        assert_int_equal(found.answers, answers);
        assert_int_equal(found.algorithm, -257);
        assert_int_equal(found.aaguid[1], 2);
        assert_true(vouch_bytes_equal(found.key, text("key")));
        assert_true(vouch_bytes_equal(found.name, text("phone")));
        assert_true(vouch_bytes_equal(found.credential, text(credential)));
    }
    vouch_arena_done(&arena);
    return found.id;
}

static void a_passkey_is_kept_once_for_one_account(void **state) {
    (void)state;
    uint64_t alice = add_account("alice"), bob = add_account("bob");
    assert_int_equal(add_passkey(alice, "one"), VOUCH_STORE_DONE);
    uint64_t id = find_passkey("one", alice, UINT32_MAX);
    assert_int_equal(add_passkey(bob, "one"), VOUCH_STORE_TAKEN);
    assert_int_equal(add_passkey(alice, "one"), VOUCH_STORE_TAKEN);
    assert_int_equal(add_passkey(bob + 7, "two"), VOUCH_STORE_ABSENT);
    assert_int_equal(find_passkey("one", alice, UINT32_MAX), id);
    (void)find_passkey("two", 0, 0);
    assert_int_equal(count_passkeys(alice), 1);
    assert_int_equal(count_passkeys(bob), 0);
    assert_int_equal(find_account("alice", 1).passkeys, 1);
    assert_int_equal(find_account("bob", 1).passkeys, 0);
}

static void an_account_has_so_many_passkeys_and_no_more(void **state) {
    (void)state;
    uint64_t alice = add_account("alice"), bob = add_account("bob");
    char credential[16];
    for (unsigned i = 0; i < VOUCH_STORE_PASSKEYS_MAX; i++) {
        (void)snprintf(credential, sizeof credential, "c%u", i);
        assert_int_equal(add_passkey(alice, credential), VOUCH_STORE_DONE);
    }
    assert_int_equal(add_passkey(alice, "more"), VOUCH_STORE_TAKEN);
    assert_int_equal(add_passkey(bob, "more"), VOUCH_STORE_DONE);
    assert_int_equal(count_passkeys(alice), VOUCH_STORE_PASSKEYS_MAX);
    begin();
    test_ok(vouch_store_passkeys_remove(test_writer, alice, &fault));
    keep();
    assert_int_equal(count_passkeys(alice), 0);
    assert_int_equal(count_passkeys(bob), 1);
}

static enum vouch_store_outcome use_passkey(uint64_t id, uint64_t before, uint64_t answers) {
    const struct vouch_store_passkey_use use = {
        .before = before, .answers = answers, .backup = 1, .used_s = NOW_S + 1};
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    begin();
    test_ok(vouch_store_passkey_used(test_writer, id, &use, &outcome, &fault));
    keep();
    return outcome;
}

static void an_answer_of_a_passkey_is_noted_over_the_count_that_was_seen(void **state) {
    (void)state;
    uint64_t alice = add_account("alice");
    assert_int_equal(add_passkey(alice, "one"), VOUCH_STORE_DONE);
    uint64_t id = find_passkey("one", alice, UINT32_MAX);
    assert_int_equal(use_passkey(id, 7, 8), VOUCH_STORE_ABSENT);
    assert_int_equal(use_passkey(id, UINT32_MAX, 8), VOUCH_STORE_DONE);
    assert_int_equal(use_passkey(id, UINT32_MAX, 8), VOUCH_STORE_ABSENT);
    assert_int_equal(use_passkey(id + 1, 8, 9), VOUCH_STORE_ABSENT);
    (void)find_passkey("one", alice, 8);
}

static void a_passkey_is_removed_from_its_own_account(void **state) {
    (void)state;
    uint64_t alice = add_account("alice"), bob = add_account("bob");
    enum vouch_store_outcome outcome = VOUCH_STORE_TAKEN;
    assert_int_equal(add_passkey(alice, "one"), VOUCH_STORE_DONE);
    uint64_t id = find_passkey("one", alice, UINT32_MAX);
    begin();
    test_ok(vouch_store_passkey_remove(test_writer, bob, id, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_ABSENT);
    test_ok(vouch_store_passkey_remove(test_writer, alice, id, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    keep();
    (void)find_passkey("one", 0, 0);
    assert_int_equal(add_passkey(alice, "one"), VOUCH_STORE_DONE);
    assert_true(find_passkey("one", alice, UINT32_MAX) > id); // numbers are never given again
}

static void an_account_goes_with_all_that_is_its(void **state) {
    (void)state;
    uint64_t alice = add_account("alice"), bob = add_account("bob");
    assert_int_equal(put(alice, VOUCH_STORE_PASSWORD, "hash", 0), VOUCH_STORE_DONE);
    assert_int_equal(put(bob, VOUCH_STORE_PASSWORD, "other hash", 0), VOUCH_STORE_DONE);
    (void)add_session(alice, 1, NOW_S);
    (void)add_session(bob, 2, NOW_S);
    put_link(alice, 3, VOUCH_STORE_DONE);
    assert_int_equal(add_passkey(alice, "one"), VOUCH_STORE_DONE);
    assert_int_equal(add_passkey(bob, "two"), VOUCH_STORE_DONE);
    remove_account(alice, VOUCH_STORE_DONE);
    (void)find_passkey("one", 0, 0);
    (void)find_passkey("two", bob, UINT32_MAX);
    check_kept(alice, VOUCH_STORE_PASSWORD, "", 0, 0);
    check_kept(bob, VOUCH_STORE_PASSWORD, "other hash", 0, 7);
    assert_false(is_session(1));
    assert_true(is_session(2));
    assert_int_equal(find_link(3, ""), VOUCH_STORE_ABSENT);
}

static void accounts_are_listed_with_what_they_have(void **state) {
    (void)state;
    static const char *const names[] = {"carol", "alice", "bob"};
    struct vouch_store_accounts accounts = {0};
    uint64_t ids[3];
    for (size_t i = 0; i < 3; i++) {
        ids[i] = add_account(names[i]);
    }
    assert_int_equal(put(ids[1], VOUCH_STORE_PASSWORD, "hash", 0), VOUCH_STORE_DONE);
    assert_int_equal(put(ids[1], VOUCH_STORE_TOTP, "sealed", 1), VOUCH_STORE_DONE);
    assert_int_equal(put(ids[1], VOUCH_STORE_RECOVERY, "codes", 0), VOUCH_STORE_DONE);
    begin();
    test_ok(vouch_store_account_signed_in(test_writer, ids[1], NOW_S + 5, &fault));
    keep();
    const struct vouch_store_page page = {.limit = 2};
    test_ok(vouch_store_accounts_list(test_reader, &page, &accounts, &fault));
    assert_int_equal(accounts.count, 2);
    assert_true(accounts.next[0] != '\0');
    assert_int_equal(accounts.rows[0].has_password + accounts.rows[0].has_totp, 0);
    assert_int_equal(accounts.rows[1].has_password + accounts.rows[1].has_totp, 2);
    assert_int_equal(accounts.rows[1].recovery_left, 7);
    assert_int_equal(accounts.rows[1].signed_in_s, NOW_S + 5);
    const struct vouch_store_page rest = {.limit = 2, .cursor = text(accounts.next)};
    struct vouch_store_accounts last = {0};
    test_ok(vouch_store_accounts_list(test_reader, &rest, &last, &fault));
    assert_int_equal(last.count, 1);
    assert_true(vouch_bytes_equal(last.rows[0].name, text("bob")));
    vouch_store_accounts_done(&last);
    vouch_store_accounts_done(&accounts);
    test_ok(vouch_store_accounts_names(test_reader, &accounts, &fault));
    assert_int_equal(accounts.count, 3);
    assert_true(vouch_bytes_equal(accounts.rows[0].name, text("alice")));
    assert_int_equal(accounts.rows[2].id, ids[0]);
    vouch_store_accounts_done(&accounts);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_begin, test_end)

size_t test_contract_people(struct CMUnitTest *ret_tests) {
    const struct CMUnitTest tests[] = {
        TEST(an_accounts_number_is_never_given_again),
        TEST(a_name_has_its_bounds),
        TEST(a_code_is_taken_once_and_only_upwards),
        TEST(what_is_taken_must_be_what_was_kept),
        TEST(work_that_was_not_done_leaves_nothing),
        TEST(tries_are_kept_by_who_and_from_where),
        TEST(a_session_is_found_with_its_user),
        TEST(a_session_is_used_and_proves_a_code_again),
        TEST(sessions_are_forgotten_when_they_have_ended),
        TEST(sessions_are_ended_alone_or_with_others),
        TEST(of_too_many_sessions_the_least_used_goes),
        TEST(sessions_are_listed_page_by_page),
        TEST(a_link_is_one_of_its_account_and_used_once),
        TEST(links_are_forgotten_when_they_have_expired),
        TEST(a_passkey_is_kept_once_for_one_account),
        TEST(an_account_has_so_many_passkeys_and_no_more),
        TEST(an_answer_of_a_passkey_is_noted_over_the_count_that_was_seen),
        TEST(a_passkey_is_removed_from_its_own_account),
        TEST(an_account_goes_with_all_that_is_its),
        TEST(accounts_are_listed_with_what_they_have),
    };
    memcpy(ret_tests, tests, sizeof tests);
    return sizeof tests / sizeof tests[0];
}
