// SPDX-License-Identifier: ISC
// The contract: revocation, idempotency, profiles, tokens, handles at the same time, and copies.
#include "store/test-contract.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "store/idempotency.h"
#include "store/profiles.h"
#include "store/tokens.h"

static const struct vouch_store_page first_page = {0};

// --- revocation

static struct vouch_store_certs find_serial(uint64_t serial) {
    struct vouch_store_certs certs = {0};
    test_ok(vouch_store_certs_list(test_reader,
                                   &(struct vouch_store_cert_filter){.serial = &serial},
                                   &first_page, &certs, &fault));
    assert_int_equal(certs.count, 1);
    return certs;
}

static void index_revocation(uint64_t number, const struct vouch_store_revocation *revocation) {
    const struct vouch_store_event event = {.number = number,
                                            .time_ms = TEST_TIME_MS + number * TEST_STEP_MS,
                                            .type = vouch_bytes_of("cert.revoke"),
                                            .actor = vouch_bytes_of("alice"),
                                            .object = vouch_bytes_of("thing")};
    const struct vouch_store_record record = {.event = &event, .revocation = revocation};
    const struct vouch_store_batch batch = {
        .origin = vouch_bytes_of(TEST_ORIGIN), .records = &record, .count = 1};
    test_ok(vouch_store_write_batch(test_writer, &batch, &fault));
}

static void check_revoked(uint64_t number, enum vouch_store_revocation_kind by) {
    struct vouch_store_certs certs = find_serial((UINT64_C(3) << 44) + number);
    assert_int_equal(certs.rows[0].revoked.by, by);
    if (by != VOUCH_STORE_REVOKE_NONE) {
        assert_true(vouch_bytes_equal(certs.rows[0].revoked.actor, vouch_bytes_of("alice")));
        assert_true(vouch_bytes_equal(certs.rows[0].revoked.reason, vouch_bytes_of("lost")));
    }
    vouch_store_certs_done(&certs);
}

static void check_key(const uint8_t *key, int wanted) {
    int is_revoked = !wanted;
    test_ok(vouch_store_key_is_revoked(test_reader, key, &is_revoked, &fault));
    assert_int_equal(is_revoked, wanted);
}

// A serial as the value of a revocation has it.
static void put_serial(uint64_t serial, uint8_t ret_bytes[static 8]) {
    for (size_t i = 0; i < 8; i++) {
        ret_bytes[i] = (uint8_t)(serial >> (56 - 8 * i));
    }
}

static void each_kind_of_revocation_hits_what_it_names(void **state) {
    (void)state;
    struct test_records *records = calloc(1, sizeof *records);
    uint8_t serial[8];
    assert_non_null(records);
    test_index(test_writer, 0, 100, 100);
    test_records_fill(records, 0, 100);
    put_serial(records->certs[1].serial, serial);
    struct vouch_store_revocation revocation = {.kind = VOUCH_STORE_REVOKE_SERIAL,
                                                .value = {serial, sizeof serial},
                                                .reason = vouch_bytes_of("lost")};
    memcpy(revocation.ca, records->certs[5].ca, sizeof revocation.ca);
    index_revocation(100, &revocation); // of the host CA, which gave another certificate
    check_revoked(1, VOUCH_STORE_REVOKE_NONE);
    memcpy(revocation.ca, records->certs[1].ca, sizeof revocation.ca);
    index_revocation(101, &revocation);
    check_revoked(1, VOUCH_STORE_REVOKE_SERIAL);
    check_revoked(2, VOUCH_STORE_REVOKE_NONE);
    memset(revocation.ca, 0, sizeof revocation.ca);
    revocation.kind = VOUCH_STORE_REVOKE_KEY;
    revocation.value = (struct vouch_bytes){records->certs[3].key, VOUCH_STORE_HASH_LEN};
    check_key(records->certs[3].key, 0);
    index_revocation(102, &revocation);
    check_key(records->certs[3].key, 1);
    check_key(records->certs[6].key, 0);
    check_revoked(3, VOUCH_STORE_REVOKE_KEY);
    check_revoked(4, VOUCH_STORE_REVOKE_NONE);
    revocation.kind = VOUCH_STORE_REVOKE_KEY_ID;
    revocation.value = records->certs[6].key_id;
    index_revocation(103, &revocation);
    check_revoked(6, VOUCH_STORE_REVOKE_KEY_ID);
    check_revoked(7, VOUCH_STORE_REVOKE_NONE);
    revocation.kind = VOUCH_STORE_REVOKE_CA;
    revocation.value = (struct vouch_bytes){records->certs[5].ca, VOUCH_STORE_HASH_LEN};
    index_revocation(104, &revocation);
    check_revoked(5, VOUCH_STORE_REVOKE_CA);
    check_revoked(7, VOUCH_STORE_REVOKE_NONE);
    check_revoked(1, VOUCH_STORE_REVOKE_SERIAL); // the oldest counts
    free(records);
}

static size_t count_revocations(const uint8_t *ca, uint64_t live_at_s, size_t limit) {
    char cursor[VOUCH_STORE_CURSOR_MAX] = "";
    size_t count = 0;
    do {
        struct vouch_store_revocations list = {0};
        const struct vouch_store_page page = {.limit = limit, .cursor = vouch_bytes_of(cursor)};
        test_ok(vouch_store_revocations_list(test_reader, ca, live_at_s, &page, &list, &fault));
        count += list.count;
        memcpy(cursor, list.next, sizeof cursor);
        vouch_store_revocations_done(&list);
    } while (cursor[0] != '\0');
    return count;
}

static void revocations_are_listed_until_their_time(void **state) {
    (void)state;
    uint8_t cas[2][VOUCH_STORE_HASH_LEN];
    test_ca(0, cas[0]);
    test_ca(1, cas[1]);
    for (uint64_t i = 0; i < 25; i++) {
        uint8_t serial[8] = {0, 0, 0, 0, 0, 0, 0, (uint8_t)(i % 20 + 1)}; // five come twice
        struct vouch_store_revocation revocation = {.kind = VOUCH_STORE_REVOKE_SERIAL,
                                                    .value = {serial, sizeof serial},
                                                    .until_s = i % 2 == 0 ? 1000 + i : 0};
        memcpy(revocation.ca, cas[i % 4 == 0], sizeof revocation.ca);
        index_revocation(i, &revocation);
    }
    assert_int_equal(count_revocations(NULL, 0, 3), 20);
    assert_int_equal(count_revocations(cas[0], 0, 4), 15);
    assert_int_equal(count_revocations(cas[1], 0, 100), 5);
    assert_int_equal(count_revocations(NULL, 1010, 100), 10 + 4); // until 1012 to 1018
    assert_int_equal(count_revocations(NULL, UINT64_MAX, 100), 10);
    test_ca(2, cas[0]);
    assert_int_equal(count_revocations(cas[0], 0, 100), 0);
    test_ok(vouch_store_index_reset(test_writer, &fault));
    assert_int_equal(count_revocations(NULL, 0, 100), 20); // they stay
}

static void a_lists_version_only_rises(void **state) {
    (void)state;
    uint8_t ca[VOUCH_STORE_HASH_LEN];
    enum vouch_store_outcome outcome = VOUCH_STORE_DONE;
    struct vouch_store_krl krl = {.version = 5, .generated_s = 99, .entries = 3};
    struct vouch_store_krl newest = {0};
    test_ca(0, ca);
    test_ok(vouch_store_krl_newest(test_reader, ca, &outcome, &newest, &fault));
    assert_int_equal(outcome, VOUCH_STORE_ABSENT);
    test_ok(vouch_store_krl_add(test_writer, ca, &krl, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    test_ok(vouch_store_krl_add(test_writer, ca, &krl, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_TAKEN);
    krl.version = 4;
    test_ok(vouch_store_krl_add(test_writer, ca, &krl, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_TAKEN);
    krl.version = 6;
    krl.hash[0] = 1;
    test_ok(vouch_store_krl_add(test_writer, ca, &krl, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    test_ok(vouch_store_krl_newest(test_reader, ca, &outcome, &newest, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    assert_memory_equal(&newest, &krl, sizeof krl);
}

// --- idempotency

static void a_request_finds_what_it_made(void **state) {
    (void)state;
    struct test_records *records = calloc(1, sizeof *records);
    struct vouch_store_once_result *result = calloc(1, sizeof *result);
    struct vouch_store_once once = {.key = {1}, .request = {2}, .expires_s = 500};
    uint64_t removed = 0;
    assert_non_null(records);
    assert_non_null(result);
    test_records_fill(records, 0, 10);
    records->rows[3].once = &once;
    records->rows[7].once = &once;
    test_ok(vouch_store_write_batch(test_writer, &records->batch, &fault));
    test_ok(vouch_store_once_find(test_reader, &once, 499, result, &fault));
    assert_int_equal(result->match, VOUCH_STORE_ONCE_SAME);
    assert_int_equal(result->count, 2);
    assert_int_equal(result->numbers[0], 3);
    assert_int_equal(result->numbers[1], 7);
    struct vouch_store_once other = once;
    other.request[31] = 1;
    test_ok(vouch_store_once_find(test_reader, &other, 499, result, &fault));
    assert_int_equal(result->match, VOUCH_STORE_ONCE_OTHER);
    other.key[31] = 1;
    test_ok(vouch_store_once_find(test_reader, &other, 499, result, &fault));
    assert_int_equal(result->match, VOUCH_STORE_ONCE_NEW);
    test_ok(vouch_store_once_find(test_reader, &once, 500, result, &fault));
    assert_int_equal(result->match, VOUCH_STORE_ONCE_NEW);
    test_ok(vouch_store_once_prune(test_writer, 499, 100, &removed, &fault));
    assert_int_equal(removed, 0);
    test_ok(vouch_store_once_prune(test_writer, 500, 1, &removed, &fault));
    assert_int_equal(removed, 1);
    test_ok(vouch_store_once_prune(test_writer, 500, 100, &removed, &fault));
    assert_int_equal(removed, 1);
    free(result);
    free(records);
}

// --- profiles and tokens

static struct vouch_store_profile a_profile(const char *name) {
    static const struct vouch_bytes principals[] = {{(const uint8_t *)"deploy", 6},
                                                    {(const uint8_t *)"web-*", 5}};
    static const struct vouch_bytes options[] = {{(const uint8_t *)"permit-pty", 10}};
    return (struct vouch_store_profile){.name = vouch_bytes_of(name),
                                        .type = VOUCH_CERT_USER,
                                        .principals = principals,
                                        .principal_count = 2,
                                        .options = options,
                                        .option_count = 1,
                                        .max_ttl_s = 3600,
                                        .updated_s = 12,
                                        .actor = vouch_bytes_of("root")};
}

static struct vouch_store_token a_token(const char *name, const char *profile) {
    static const struct vouch_bytes scopes[] = {{(const uint8_t *)"cert.issue", 10},
                                                {(const uint8_t *)"cert.read", 9}};
    return (struct vouch_store_token){.name = vouch_bytes_of(name),
                                      .scopes = scopes,
                                      .scope_count = 2,
                                      .profile = vouch_bytes_of(profile),
                                      .actor = vouch_bytes_of("root"),
                                      .created_s = 10,
                                      .expires_s = 1000};
}

static void a_profile_is_kept_replaced_and_removed(void **state) {
    (void)state;
    struct vouch_arena arena = {0};
    struct vouch_store_profile found = {0};
    struct vouch_store_profiles list = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_DONE;
    struct vouch_store_profile profile = a_profile("ci");
    test_ok(vouch_store_profile_find(test_reader, profile.name, &arena, &outcome, &found, &fault));
    assert_int_equal(outcome, VOUCH_STORE_ABSENT);
    test_ok(vouch_store_profile_put(test_writer, &profile, &fault));
    profile.max_ttl_s = 60;
    profile.option_count = 0;
    test_ok(vouch_store_profile_put(test_writer, &profile, &fault));
    struct vouch_store_profile second = a_profile("admin");
    test_ok(vouch_store_profile_put(test_writer, &second, &fault));
    test_ok(vouch_store_profile_find(test_reader, profile.name, &arena, &outcome, &found, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    assert_int_equal(found.max_ttl_s, 60);
    assert_int_equal(found.option_count, 0);
    assert_int_equal(found.principal_count, 2);
    assert_true(vouch_bytes_equal(found.principals[1], vouch_bytes_of("web-*")));
    test_ok(vouch_store_profiles_list(test_reader, (struct vouch_bytes){0}, 1, &list, &fault));
    assert_int_equal(list.count, 1);
    assert_true(vouch_bytes_equal(list.rows[0].name, vouch_bytes_of("admin")));
    vouch_store_profiles_done(&list);
    test_ok(vouch_store_profiles_list(test_reader, vouch_bytes_of("admin"), 10, &list, &fault));
    assert_int_equal(list.count, 1);
    assert_true(vouch_bytes_equal(list.rows[0].name, vouch_bytes_of("ci")));
    vouch_store_profiles_done(&list);
    test_ok(vouch_store_profile_remove(test_writer, profile.name, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    test_ok(vouch_store_profile_remove(test_writer, profile.name, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_ABSENT);
    profile.max_ttl_s = 0;
    assert_int_equal(vouch_store_profile_put(test_writer, &profile, NULL), VOUCH_ERR_ARGUMENT);
    vouch_arena_done(&arena);
}

static void a_token_is_found_by_its_whole_secret_only(void **state) {
    (void)state;
    struct vouch_arena arena = {0};
    struct vouch_store_token found = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint8_t secret[VOUCH_STORE_HASH_LEN];
    struct vouch_store_token token = a_token("ci", "");
    test_key(1, secret);
    test_ok(vouch_store_token_add(test_writer, &token, secret, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    for (size_t bit = 0; bit < 8 * sizeof secret; bit++) {
        secret[bit / 8] ^= (uint8_t)(1u << bit % 8);
        test_ok(vouch_store_token_by_secret(test_reader, secret, &arena, &outcome, &found, &fault));
        assert_int_equal(outcome, VOUCH_STORE_ABSENT);
        secret[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    test_ok(vouch_store_token_by_secret(test_reader, secret, &arena, &outcome, &found, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    assert_true(vouch_bytes_equal(found.name, token.name));
    assert_int_equal(found.scope_count, 2);
    assert_true(vouch_bytes_equal(found.scopes[1], vouch_bytes_of("cert.read")));
    assert_int_equal(found.profile.len, 0);
    assert_int_equal(found.expires_s, 1000);
    assert_int_equal(found.disabled_s, 0);
    vouch_arena_done(&arena);
}

static void names_and_secrets_of_tokens_are_their_own(void **state) {
    (void)state;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint8_t secrets[2][VOUCH_STORE_HASH_LEN];
    test_key(1, secrets[0]);
    test_key(2, secrets[1]);
    struct vouch_store_token token = a_token("ci", "");
    test_ok(vouch_store_token_add(test_writer, &token, secrets[0], &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    test_ok(vouch_store_token_add(test_writer, &token, secrets[1], &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_TAKEN);
    token.name = vouch_bytes_of("other");
    test_ok(vouch_store_token_add(test_writer, &token, secrets[0], &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_TAKEN);
    token.expires_s = 0;
    assert_int_equal(vouch_store_token_add(test_writer, &token, secrets[1], &outcome, NULL),
                     VOUCH_ERR_ARGUMENT);
}

static void a_profile_in_use_stays(void **state) {
    (void)state;
    enum vouch_store_outcome outcome = VOUCH_STORE_DONE;
    uint8_t secret[VOUCH_STORE_HASH_LEN];
    test_key(1, secret);
    struct vouch_store_token token = a_token("ci", "web");
    test_ok(vouch_store_token_add(test_writer, &token, secret, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_ABSENT); // no such profile
    struct vouch_store_profile profile = a_profile("web");
    test_ok(vouch_store_profile_put(test_writer, &profile, &fault));
    test_ok(vouch_store_token_add(test_writer, &token, secret, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    test_ok(vouch_store_profile_remove(test_writer, profile.name, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_IN_USE);
}

static void a_token_is_used_and_disabled(void **state) {
    (void)state;
    struct vouch_arena arena = {0};
    struct vouch_store_token found = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint8_t secret[VOUCH_STORE_HASH_LEN];
    struct vouch_store_token token = a_token("ci", "");
    test_key(1, secret);
    test_ok(vouch_store_token_add(test_writer, &token, secret, &outcome, &fault));
    test_ok(vouch_store_token_by_name(test_reader, token.name, &arena, &outcome, &found, &fault));
    assert_int_equal(found.last_used_s, 0);
    test_ok(vouch_store_token_used(test_writer, found.id, 7300, &fault));
    test_ok(vouch_store_token_used(test_writer, found.id, 3700,
                                   &fault)); // an older one changes nothing
    test_ok(vouch_store_token_by_name(test_reader, token.name, &arena, &outcome, &found, &fault));
    assert_int_equal(found.last_used_s, 7200);
    test_ok(vouch_store_token_disable(test_writer, token.name, 8000, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    test_ok(vouch_store_token_disable(test_writer, token.name, 9000, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_ABSENT);
    test_ok(vouch_store_token_by_name(test_reader, token.name, &arena, &outcome, &found, &fault));
    assert_int_equal(found.disabled_s, 8000);
    vouch_arena_done(&arena);
}

static void tokens_are_listed_page_by_page(void **state) {
    (void)state;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    char cursor[VOUCH_STORE_CURSOR_MAX] = "";
    size_t count = 0;
    uint64_t last = 0;
    for (uint64_t i = 0; i < 23; i++) {
        uint8_t secret[VOUCH_STORE_HASH_LEN];
        char name[16];
        (void)snprintf(name, sizeof name, "t%" PRIu64, i);
        struct vouch_store_token token = a_token(name, "");
        test_key(i, secret);
        test_ok(vouch_store_token_add(test_writer, &token, secret, &outcome, &fault));
    }
    do {
        struct vouch_store_tokens list = {0};
        const struct vouch_store_page page = {.limit = 5, .cursor = vouch_bytes_of(cursor)};
        test_ok(vouch_store_tokens_list(test_reader, &page, &list, &fault));
        for (size_t i = 0; i < list.count; i++) {
            assert_true(list.rows[i].id > last);
            last = list.rows[i].id;
        }
        count += list.count;
        memcpy(cursor, list.next, sizeof cursor);
        vouch_store_tokens_done(&list);
    } while (cursor[0] != '\0');
    assert_int_equal(count, 23);
}

// --- at the same time

static atomic_int is_done;

static void *read_meanwhile(void *context) {
    uint64_t *rounds = context;
    struct vouch_store *own = test_open(&test_at, VOUCH_STORE_READ);
    uint64_t last = 0;
    while (!atomic_load(&is_done) || *rounds == 0) {
        // All or nothing of a batch, and never less than before.
        uint64_t position = test_position(own);
        struct vouch_store_certs certs = {0};
        test_ok(vouch_store_certs_list(own, &(struct vouch_store_cert_filter){0}, &first_page,
                                       &certs, &fault));
        assert_true(position >= last && position % 50 == 0);
        assert_true(position == 0 || certs.rows[0].number >= position - 2);
        last = position;
        vouch_store_certs_done(&certs);
        (*rounds)++;
    }
    vouch_store_close(own);
    return NULL;
}

static void readers_read_while_one_writes(void **state) {
    (void)state;
    pthread_t threads[3];
    uint64_t rounds[3] = {0};
    atomic_store(&is_done, 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, read_meanwhile, &rounds[i]), 0);
    }
    test_index(test_writer, 0, 5000, 50);
    atomic_store(&is_done, 1);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(rounds[i] > 0);
    }
    assert_int_equal(test_position(test_reader), 5000);
}

static void a_second_writer_waits_and_then_is_told(void **state) {
    (void)state;
    struct vouch_driver_db *other = NULL;
    const struct vouch_driver_open what = {.where = test_at.where, .access = VOUCH_DRIVER_WRITE};
    const struct vouch_store_open mine = {
        .driver = test_driver, .where = test_at.where, .access = VOUCH_STORE_WRITE, .wait_ms = 30};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_store *waiting = NULL;
    struct vouch_fault why = {0};
    test_ok(test_driver->open(&what, &other, &fault));
    test_ok(vouch_store_open(&mine, &waiting, &fault));
    test_ok(test_driver->begin(other, VOUCH_DRIVER_LATER, &fault));
    int err = vouch_store_epoch_set(waiting, 3, &outcome, &why);
    assert_int_equal(err, VOUCH_ERR_TIMEOUT);
    assert_ptr_equal(why.kind, &vouch_fault_store_busy);
    assert_non_null(strstr(why.text, test_at.where));
    test_driver->rollback(other);
    test_ok(vouch_store_epoch_set(waiting, 3, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    test_driver->close(other);
    vouch_store_close(waiting);
}

// --- copies

static void a_backup_is_whole_and_private(void **state) {
    (void)state;
    char path[128];
    struct stat info;
    struct test_place copy;
    test_place_begin(&copy, &vouch_driver_sqlite);
    test_index(test_writer, 0, 5000, 100);
    (void)snprintf(path, sizeof path, "%s/copy.db", copy.folder);
    test_ok(vouch_store_backup(test_reader, path, &fault));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    test_index(test_writer, 5000, 100, 100); // it does not get these
    struct vouch_fault why = {0};
    assert_int_equal(vouch_store_backup(test_reader, path, &why), VOUCH_ERR_EXISTS);
    assert_ptr_equal(why.kind, &vouch_fault_exists);
    (void)snprintf(copy.where, sizeof copy.where, "%s/copy.db", copy.folder);
    struct vouch_store *restored = test_open(&copy, VOUCH_STORE_WRITE);
    test_ok(vouch_store_check(restored, &fault));
    assert_int_equal(test_position(restored), 5000);
    test_index(restored, 5000, 100, 100); // what the ledger has more
    assert_int_equal(test_position(restored), 5100);
    vouch_store_close(restored);
    test_place_end(&copy);
}

size_t test_contract_state(struct CMUnitTest *ret_tests) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_kind_of_revocation_hits_what_it_names, test_begin,
                                        test_end),
        cmocka_unit_test_setup_teardown(revocations_are_listed_until_their_time, test_begin,
                                        test_end),
        cmocka_unit_test_setup_teardown(a_lists_version_only_rises, test_begin, test_end),
        cmocka_unit_test_setup_teardown(a_request_finds_what_it_made, test_begin, test_end),
        cmocka_unit_test_setup_teardown(a_profile_is_kept_replaced_and_removed, test_begin,
                                        test_end),
        cmocka_unit_test_setup_teardown(a_token_is_found_by_its_whole_secret_only, test_begin,
                                        test_end),
        cmocka_unit_test_setup_teardown(names_and_secrets_of_tokens_are_their_own, test_begin,
                                        test_end),
        cmocka_unit_test_setup_teardown(a_profile_in_use_stays, test_begin, test_end),
        cmocka_unit_test_setup_teardown(a_token_is_used_and_disabled, test_begin, test_end),
        cmocka_unit_test_setup_teardown(tokens_are_listed_page_by_page, test_begin, test_end),
        cmocka_unit_test_setup_teardown(readers_read_while_one_writes, test_begin, test_end),
        cmocka_unit_test_setup_teardown(a_second_writer_waits_and_then_is_told, test_begin,
                                        test_end),
        cmocka_unit_test_setup_teardown(a_backup_is_whole_and_private, test_begin, test_end),
    };
    memcpy(ret_tests, tests, sizeof tests);
    return sizeof tests / sizeof tests[0];
}
