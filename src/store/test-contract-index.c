// SPDX-License-Identifier: ISC
// The contract: indexing the ledger, and finding certificates and events.
#include "store/test-contract.h"

static const struct vouch_store_page first_page = {0};

// --- statements

static void every_statement_is_understood(void **state) {
    (void)state;
    const struct vouch_value nothing[VOUCH_DRIVER_COLUMNS_MAX] = {0};
    struct vouch_driver_db *db = NULL;
    const struct vouch_driver_open what = {
        .where = test_at.where, .access = VOUCH_DRIVER_READ, .wait_ms = 1000};
    test_ok(test_driver->open(&what, &db, &fault));
    for (int i = 0; i < VOUCH_SQL_COUNT; i++) {
        assert_true(vouch_statements[i].columns <= VOUCH_DRIVER_COLUMNS_MAX);
        test_ok(test_driver->query(db, (enum vouch_statement)i, nothing, &fault));
        test_driver->end(db, (enum vouch_statement)i);
    }
    test_driver->close(db);
}

static void a_reader_cannot_write(void **state) {
    (void)state;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    assert_int_equal(vouch_store_epoch_set(test_reader, 1, &outcome, NULL), VOUCH_ERR_ARGUMENT);
    assert_int_equal(outcome, VOUCH_STORE_ABSENT);
}

// --- the database about itself

static void belongs_to_one_node(void **state) {
    (void)state;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_store_meta meta;
    struct vouch_arena arena = {0};
    test_ok(vouch_store_node_set(test_writer, vouch_bytes_of("node-1"), &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    test_ok(vouch_store_node_set(test_writer, vouch_bytes_of("node-2"), &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_TAKEN);
    test_ok(vouch_store_meta(test_reader, &arena, &meta, &fault));
    assert_true(vouch_bytes_equal(meta.node, vouch_bytes_of("node-1")));
    vouch_arena_done(&arena);
}

static void an_epoch_only_rises(void **state) {
    (void)state;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_store_meta meta;
    struct vouch_arena arena = {0};
    test_ok(vouch_store_epoch_set(test_writer, 7, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    test_ok(vouch_store_epoch_set(test_writer, 7, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_TAKEN);
    test_ok(vouch_store_epoch_set(test_writer, 6, &outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_TAKEN);
    test_ok(vouch_store_meta(test_reader, &arena, &meta, &fault));
    assert_int_equal(meta.epoch, 7);
    vouch_arena_done(&arena);
}

// --- batches

static void assert_same_cert(const struct vouch_store_cert *got,
                             const struct vouch_store_cert *put) {
    assert_int_equal(got->time_ms, put->time_ms);
    assert_true(got->serial == put->serial);
    assert_memory_equal(got->ca, put->ca, sizeof got->ca);
    assert_memory_equal(got->key, put->key, sizeof got->key);
    assert_int_equal(got->type, put->type);
    assert_true(vouch_bytes_equal(got->key_id, put->key_id));
    assert_int_equal(got->principal_count, put->principal_count);
    for (size_t p = 0; p < got->principal_count; p++) {
        assert_true(vouch_bytes_equal(got->principals[p], put->principals[p]));
    }
    assert_true(got->valid_after == put->valid_after);
    assert_true(got->valid_before == put->valid_before);
    assert_true(vouch_bytes_equal(got->actor, put->actor));
    assert_true(vouch_bytes_equal(got->role, put->role));
    assert_true(vouch_bytes_equal(got->request, put->request));
    assert_true(vouch_bytes_equal(got->source, put->source));
    assert_true(vouch_bytes_equal(got->policy, put->policy));
}

static void a_batch_is_found_whole(void **state) {
    (void)state;
    struct test_records *records = calloc(1, sizeof *records);
    struct vouch_store_certs certs = {0};
    assert_non_null(records);
    test_records_fill(records, 0, 40);
    // Values that do not fit into a signed number, and bytes that are no text.
    records->certs[39].serial = UINT64_MAX;
    records->certs[39].valid_before = VOUCH_CERT_FOREVER;
    records->certs[39].key_id = (struct vouch_bytes){(const uint8_t *)"\0\xff'\"", 4};
    test_ok(vouch_store_write_batch(test_writer, &records->batch, &fault));
    test_ok(vouch_store_certs_list(test_reader, &(struct vouch_store_cert_filter){0}, &first_page,
                                   &certs, &fault));
    assert_int_equal(certs.count, 37); // 0, 16 and 32 are events
    assert_int_equal(certs.next[0], '\0');
    uint64_t number = 39;
    for (size_t i = 0; i < certs.count; i++, number--) {
        number -= (uint64_t)test_is_event(number);
        const struct vouch_store_cert *got = &certs.rows[i];
        assert_int_equal(got->number, number);
        assert_same_cert(got, &records->certs[number]);
        assert_int_equal(got->revoked.by, VOUCH_STORE_REVOKE_NONE);
    }
    vouch_store_certs_done(&certs);
    free(records);
}

static void a_batch_may_be_given_again(void **state) {
    (void)state;
    struct vouch_store_cert_filter all = {0};
    test_index(test_writer, 0, 100, 100);
    test_index(test_writer, 0, 100, 100);
    test_index(test_writer, 50, 100, 100); // half of it is there
    assert_int_equal(test_position(test_reader), 150);
    assert_int_equal(test_count(test_reader, &all, 1000), 150 - 10);
}

static void a_gap_is_refused(void **state) {
    (void)state;
    struct test_records *records = calloc(1, sizeof *records);
    assert_non_null(records);
    test_index(test_writer, 0, 10, 10);
    test_records_fill(records, 11, 5);
    assert_int_equal(vouch_store_write_batch(test_writer, &records->batch, NULL),
                     VOUCH_ERR_ARGUMENT);
    test_records_fill(records, 10, 5);
    records->certs[3].number++;
    assert_int_equal(vouch_store_write_batch(test_writer, &records->batch, NULL),
                     VOUCH_ERR_ARGUMENT);
    assert_int_equal(test_position(test_reader), 10);
    free(records);
}

static void another_ledger_is_refused(void **state) {
    (void)state;
    struct test_records *records = calloc(1, sizeof *records);
    struct vouch_fault fault = {0};
    assert_non_null(records);
    test_index(test_writer, 0, 10, 10);
    test_records_fill(records, 10, 5);
    records->batch.origin = vouch_bytes_of("other.example.com");
    assert_int_equal(vouch_store_write_batch(test_writer, &records->batch, &fault),
                     VOUCH_ERR_MISMATCH);
    assert_ptr_equal(fault.kind, &vouch_fault_store_bad);
    assert_non_null(strstr(fault.text, "other.example.com"));
    assert_int_equal(test_position(test_reader), 10);
    free(records);
}

static void records_that_break_the_rules_are_refused(void **state) {
    (void)state;
    struct test_records *records = calloc(1, sizeof *records);
    assert_non_null(records);
    static const uint8_t long_text[VOUCH_STORE_TEXT_MAX + 1] = {0};
    for (int wrong = 0; wrong < 6; wrong++) {
        test_records_fill(records, 0, 3);
        struct vouch_store_cert *cert = &records->certs[2];
        switch (wrong) {
        case 0:
            cert->type = VOUCH_CERT_NONE;
            break;
        case 1:
            cert->actor = (struct vouch_bytes){long_text, sizeof long_text};
            break;
        case 2:
            records->rows[2].event = &records->events[0];
            break;
        case 3:
            records->rows[2].cert = NULL;
            break;
        case 4:
            records->batch.count = 0;
            break;
        default:
            records->batch.origin.len = 0;
        }
        assert_int_equal(vouch_store_write_batch(test_writer, &records->batch, NULL),
                         VOUCH_ERR_ARGUMENT);
        assert_int_equal(test_position(test_reader), 0);
    }
    free(records);
}

static void an_index_can_begin_anew(void **state) {
    (void)state;
    struct vouch_store_cert_filter all = {0};
    test_index(test_writer, 0, 3000, 1000);
    test_ok(vouch_store_index_reset(test_writer, &fault));
    assert_int_equal(test_position(test_reader), 0);
    assert_int_equal(test_count(test_reader, &all, 1000), 0);
    test_index(test_writer, 0, 64, 64);
    assert_int_equal(test_count(test_reader, &all, 1000), 60);
}

// --- finding certificates: rows far enough that some have terms, in two segments, and some have not

#define MANY 36000

static void check_search(const char *name, const struct vouch_store_cert_filter *filter,
                         uint64_t expected) {
    uint64_t by_few = test_count(test_reader, filter, expected < 1000 ? 7 : 97);
    uint64_t by_thousand = test_count(test_reader, filter, 1000);
    if (by_few != expected || by_thousand != expected) {
        fail_msg("%s: %" PRIu64 " and %" PRIu64 " rows, not %" PRIu64, name, by_few, by_thousand,
                 expected);
    }
}

// How many of the records fit: the same question, answered without an index.
static uint64_t count_plainly(const struct vouch_store_cert_filter *filter) {
    struct test_records *records = calloc(1, sizeof *records);
    uint64_t count = 0;
    assert_non_null(records);
    for (uint64_t number = 0; number < MANY; number++) {
        test_records_fill(records, number, 1);
        const struct vouch_store_cert *cert = records->rows[0].cert;
        if (cert == NULL) {
            continue;
        }
        int has_name = filter->principal.ptr == NULL;
        for (size_t i = 0; i < cert->principal_count; i++) {
            has_name |= vouch_bytes_equal(cert->principals[i], filter->principal);
        }
        count += has_name && (filter->type == VOUCH_CERT_NONE || filter->type == cert->type) &&
                 (filter->key_id.ptr == NULL || vouch_bytes_equal(cert->key_id, filter->key_id)) &&
                 (filter->actor.ptr == NULL || vouch_bytes_equal(cert->actor, filter->actor)) &&
                 (filter->ca == NULL || memcmp(cert->ca, filter->ca, sizeof cert->ca) == 0) &&
                 cert->time_ms >= filter->from_ms &&
                 (filter->until_ms == 0 || cert->time_ms < filter->until_ms) &&
                 (filter->valid_at_s == 0 || (cert->valid_after <= filter->valid_at_s &&
                                              filter->valid_at_s < cert->valid_before));
    }
    free(records);
    return count;
}

static void every_search_finds_all_and_nothing_else(void **state) {
    (void)state;
    uint8_t ca[VOUCH_STORE_HASH_LEN];
    struct test_records *records = calloc(1, sizeof *records);
    assert_non_null(records);
    test_ca(1, ca);
    test_index(test_writer, 0, MANY, 1000);
    test_records_fill(records, 33333, 1);
    struct vouch_bytes who = records->certs[0].key_id;
    uint64_t middle_ms = TEST_TIME_MS + MANY / 2 * TEST_STEP_MS;
    const struct vouch_store_cert_filter filters[] = {
        {0},
        {.key_id = who},
        {.principal = who},
        {.principal = vouch_bytes_of("root")},
        {.principal = vouch_bytes_of("root"), .type = VOUCH_CERT_HOST},
        {.actor = vouch_bytes_of("token:ci-3")},
        {.actor = vouch_bytes_of("token:ci-3"), .principal = who},
        {.actor = vouch_bytes_of("token:ci-3"), .type = VOUCH_CERT_HOST},
        {.ca = ca},
        {.from_ms = middle_ms},
        {.until_ms = middle_ms},
        {.from_ms = middle_ms - 12345, .until_ms = middle_ms + 6789},
        {.from_ms = middle_ms, .until_ms = middle_ms},
        {.from_ms = middle_ms + 5, .principal = vouch_bytes_of("deploy")},
        {.valid_at_s = TEST_TIME_MS / 1000 + TEST_TTL_S + 300},
        {.key_id = vouch_bytes_of("nobody")},
        {.key_id = vouch_bytes_of("")},
    };
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "filter %zu", i);
        check_search(name, &filters[i], count_plainly(&filters[i]));
    }
    free(records);
}

static void each_key_and_serial_is_found(void **state) {
    (void)state;
    test_index(test_writer, 0, MANY, 4096);
    for (uint64_t number = 1; number < MANY; number += 997) {
        uint8_t key[VOUCH_STORE_HASH_LEN];
        uint64_t serial = (UINT64_C(3) << 44) + number;
        test_key(number, key);
        check_search("key", &(struct vouch_store_cert_filter){.key = key}, !test_is_event(number));
        check_search("serial", &(struct vouch_store_cert_filter){.serial = &serial},
                     !test_is_event(number));
        key[31] ^= 1;
        check_search("another key", &(struct vouch_store_cert_filter){.key = key}, 0);
    }
}

static void a_page_looks_at_no_more_than_it_may(void **state) {
    (void)state;
    struct vouch_store_certs certs = {0};
    test_index(test_writer, 0, 3 * VOUCH_STORE_SCAN_MAX, 1000);
    const struct vouch_store_cert_filter nothing = {.type = VOUCH_CERT_USER,
                                                    .valid_at_s = UINT64_MAX};
    test_ok(vouch_store_certs_list(test_reader, &nothing, &first_page, &certs, &fault));
    assert_int_equal(certs.count, 0);
    assert_int_not_equal(certs.next[0], '\0');
    vouch_store_certs_done(&certs);
    assert_int_equal(test_count(test_reader, &nothing, 10), 0); // and the walk ends
}

static const char *const wrong_cursors[] = {"c",
                                            "a0000000000000010",
                                            "c00000000000000010",
                                            "c000000000000001G",
                                            "c00000000000000AB",
                                            "cffffffffffffffff",
                                            "c' OR 1=1 --",
                                            "c0000000000000010 "};

static void a_cursor_is_taken_as_it_was_given_or_not_at_all(void **state) {
    (void)state;
    struct vouch_store_certs certs = {0};
    struct vouch_store_events events = {0};
    test_index(test_writer, 0, 64, 64);
    const struct vouch_store_cert_filter all = {0};
    struct vouch_store_page page = {.limit = 10};
    test_ok(vouch_store_certs_list(test_reader, &all, &page, &certs, &fault));
    char good[VOUCH_STORE_CURSOR_MAX];
    memcpy(good, certs.next, sizeof good);
    vouch_store_certs_done(&certs);
    size_t len = strlen(good);
    for (size_t cut = 1; cut < len; cut++) {
        page.cursor = (struct vouch_bytes){(const uint8_t *)good, cut};
        assert_int_equal(vouch_store_certs_list(test_reader, &all, &page, &certs, NULL),
                         VOUCH_ERR_FORMAT);
    }
    for (size_t i = 0; i < sizeof wrong_cursors / sizeof wrong_cursors[0]; i++) {
        struct vouch_fault fault = {0};
        page.cursor = vouch_bytes_of(wrong_cursors[i]);
        assert_int_equal(vouch_store_certs_list(test_reader, &all, &page, &certs, &fault),
                         VOUCH_ERR_FORMAT);
        assert_ptr_equal(fault.kind, &vouch_fault_input);
    }
    page.cursor = vouch_bytes_of(good);
    assert_int_equal(vouch_store_audit_list(test_reader, &(struct vouch_store_event_filter){0},
                                            &page, &events, NULL),
                     VOUCH_ERR_FORMAT);
    // One that was altered but is whole leads elsewhere in the same listing, to nothing else.
    good[len - 1] = good[len - 1] == '0' ? '1' : '0';
    test_ok(vouch_store_certs_list(test_reader, &all, &page, &certs, &fault));
    assert_true(certs.count <= 10);
    vouch_store_certs_done(&certs);
}

// --- events

static uint64_t count_events(const struct vouch_store_event_filter *filter, size_t limit) {
    char cursor[VOUCH_STORE_CURSOR_MAX] = "";
    uint64_t count = 0;
    uint64_t last = UINT64_MAX;
    do {
        struct vouch_store_events events = {0};
        const struct vouch_store_page page = {.limit = limit, .cursor = vouch_bytes_of(cursor)};
        test_ok(vouch_store_audit_list(test_reader, filter, &page, &events, &fault));
        for (size_t i = 0; i < events.count; i++) {
            assert_true(events.rows[i].number < last);
            last = events.rows[i].number;
        }
        count += events.count;
        memcpy(cursor, events.next, sizeof cursor);
        vouch_store_events_done(&events);
    } while (cursor[0] != '\0');
    return count;
}

static void the_audit_has_events_and_certificates(void **state) {
    (void)state;
    struct vouch_store_events events = {0};
    struct test_records *records = calloc(1, sizeof *records);
    assert_non_null(records);
    test_index(test_writer, 0, 6400, 640);
    uint64_t first_ms = TEST_TIME_MS;
    struct vouch_store_event_filter all = {0};
    assert_int_equal(count_events(&all, 100), 6400);
    struct vouch_store_event_filter type = {.type = vouch_bytes_of("auth.ok")};
    assert_int_equal(count_events(&type, 100), 200);
    type.type = vouch_bytes_of("cert.deny");
    assert_int_equal(count_events(&type, 7), 200);
    type.type = vouch_bytes_of(VOUCH_STORE_EVENT_CERT);
    assert_int_equal(count_events(&type, 1000), 6000);
    type.until_ms = first_ms + 16 * TEST_STEP_MS;
    assert_int_equal(count_events(&type, 1000), 15);
    uint64_t sum = 0;
    for (unsigned i = 0; i < 20; i++) {
        char actor[32];
        (void)snprintf(actor, sizeof actor, "token:ci-%u", i);
        sum += count_events(&(struct vouch_store_event_filter){.actor = vouch_bytes_of(actor)}, 50);
    }
    assert_int_equal(sum, 6400);
    test_records_fill(records, 32, 1);
    struct vouch_store_event_filter object = {.object = records->events[0].object,
                                              .until_ms = first_ms + 33 * TEST_STEP_MS};
    test_ok(vouch_store_audit_list(test_reader, &object, &first_page, &events, &fault));
    assert_true(events.count >= 1);
    assert_int_equal(events.rows[0].number, 32);
    assert_true(vouch_bytes_equal(events.rows[0].details, records->events[0].details));
    assert_true(vouch_bytes_equal(events.rows[0].actor, records->events[0].actor));
    vouch_store_events_done(&events);
    free(records);
}

size_t test_contract_index(struct CMUnitTest *ret_tests) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_statement_is_understood, test_begin, test_end),
        cmocka_unit_test_setup_teardown(a_reader_cannot_write, test_begin, test_end),
        cmocka_unit_test_setup_teardown(belongs_to_one_node, test_begin, test_end),
        cmocka_unit_test_setup_teardown(an_epoch_only_rises, test_begin, test_end),
        cmocka_unit_test_setup_teardown(a_batch_is_found_whole, test_begin, test_end),
        cmocka_unit_test_setup_teardown(a_batch_may_be_given_again, test_begin, test_end),
        cmocka_unit_test_setup_teardown(a_gap_is_refused, test_begin, test_end),
        cmocka_unit_test_setup_teardown(another_ledger_is_refused, test_begin, test_end),
        cmocka_unit_test_setup_teardown(records_that_break_the_rules_are_refused, test_begin,
                                        test_end),
        cmocka_unit_test_setup_teardown(an_index_can_begin_anew, test_begin, test_end),
        cmocka_unit_test_setup_teardown(every_search_finds_all_and_nothing_else, test_begin,
                                        test_end),
        cmocka_unit_test_setup_teardown(each_key_and_serial_is_found, test_begin, test_end),
        cmocka_unit_test_setup_teardown(a_page_looks_at_no_more_than_it_may, test_begin, test_end),
        cmocka_unit_test_setup_teardown(a_cursor_is_taken_as_it_was_given_or_not_at_all, test_begin,
                                        test_end),
        cmocka_unit_test_setup_teardown(the_audit_has_events_and_certificates, test_begin,
                                        test_end),
    };
    memcpy(ret_tests, tests, sizeof tests);
    return sizeof tests / sizeof tests[0];
}
