// SPDX-License-Identifier: ISC
// The store with many rows: what a row costs to index, and that every listing and search answers within
// 50 ms. 100,000 rows, or with VOUCH_LONG a million; VOUCH_STORE_ROWS=N sets another number. Time is
// the processor's, so that the verdict does not hang on what else the machine does.
#include "store/test-fixture.h"

#include <time.h>

#include "base/time.h"
#include "store/logins.h"
#include "store/tallies.h"

#define BATCH 64
#define ANSWER_MAX_MS 50
#define TIMES 20 // values of a search

static struct test_place place;
static struct vouch_store *store;
static uint64_t total;

static double since_ms(uint64_t start_ns) {
    return (double)(vouch_time_monotonic_ns() - start_ns) / 1e6;
}

// Of this thread: what a row costs whatever else the machine does.
static uint64_t cpu_ns(void) {
    struct timespec now = {0};
    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int begin(void **state) {
    (void)state;
    const char *rows = getenv("VOUCH_STORE_ROWS");
    total = getenv("VOUCH_LONG") != NULL ? 1000000 : 100000;
    total = rows != NULL ? strtoull(rows, NULL, 10) : total;
    test_place_begin(&place, &vouch_driver_sqlite);
    store = test_open(&place, VOUCH_STORE_WRITE);
    return 0;
}

static int end(void **state) {
    (void)state;
    vouch_store_close(store);
    test_place_end(&place);
    return 0;
}

// Prints the cost of a row for each tenth, so that growth shows.
static void indexes_at_a_steady_cost(void **state) {
    (void)state;
    struct test_records *records = calloc(1, sizeof *records);
    assert_non_null(records);
    uint64_t spent_ns = 0;
    double slowest_ms = 0;
    for (uint64_t first = 0; first < total; first += BATCH) {
        test_records_fill(records, first, BATCH);
        uint64_t start_ns = vouch_time_monotonic_ns();
        uint64_t start_cpu_ns = cpu_ns();
        test_ok(vouch_store_write_batch(store, &records->batch, &fault));
        spent_ns += cpu_ns() - start_cpu_ns;
        double one_ms = since_ms(start_ns);
        slowest_ms = one_ms > slowest_ms ? one_ms : slowest_ms;
        uint64_t tenth = total / 10 > BATCH ? total / 10 : BATCH;
        if ((first + BATCH) / tenth > first / tenth) {
            print_message("# %" PRIu64 " rows: %.1f us of CPU a row, slowest batch %.1f ms\n",
                          first + BATCH, (double)spent_ns / 1e3 / (double)tenth, slowest_ms);
            spent_ns = 0;
            slowest_ms = 0;
        }
    }
    free(records);
    assert_true(test_position(store) >= total);
}

// Of three times, from a handle that has nothing in memory: the fastest, which a busy machine spoils least.
static double search_ms(const struct vouch_store_cert_filter *filter) {
    double best_ms = 1e9;
    for (int i = 0; i < 3; i++) {
        struct vouch_store_certs certs = {0};
        struct vouch_store *reader = test_open(&place, VOUCH_STORE_READ);
        uint64_t start_ns = cpu_ns();
        test_ok(
            vouch_store_certs_list(reader, filter, &(struct vouch_store_page){0}, &certs, &fault));
        double one_ms = (double)(cpu_ns() - start_ns) / 1e6;
        best_ms = one_ms < best_ms ? one_ms : best_ms;
        vouch_store_certs_done(&certs);
        vouch_store_close(reader);
    }
    return best_ms;
}

// Runs one search for as many values; the slowest of them counts.
static void measure(const char *name, void (*set)(struct vouch_store_cert_filter *, uint64_t)) {
    double slowest_ms = 0;
    for (uint64_t i = 0; i < TIMES; i++) {
        struct vouch_store_cert_filter filter = {0};
        set(&filter, (total / TIMES * i) | 1);
        double one_ms = search_ms(&filter);
        slowest_ms = one_ms > slowest_ms ? one_ms : slowest_ms;
    }
    print_message("# %s: slowest %.2f ms\n", name, slowest_ms);
    assert_true(slowest_ms < ANSWER_MAX_MS);
}

static void set_nothing(struct vouch_store_cert_filter *filter, uint64_t number) {
    (void)filter;
    (void)number;
}

static void set_serial(struct vouch_store_cert_filter *filter, uint64_t number) {
    static uint64_t serial;
    serial = (UINT64_C(3) << 44) + number;
    filter->serial = &serial;
}

static void set_key(struct vouch_store_cert_filter *filter, uint64_t number) {
    static uint8_t key[VOUCH_STORE_HASH_LEN];
    test_key(number, key);
    filter->key = key;
}

static void set_key_id(struct vouch_store_cert_filter *filter, uint64_t number) {
    static char text[40];
    (void)snprintf(text, sizeof text, "user-%" PRIu64 "@example.com", number * 31 % 50000);
    filter->key_id = vouch_bytes_of(text);
}

static void set_principal(struct vouch_store_cert_filter *filter, uint64_t number) {
    filter->principal = vouch_bytes_of(number % 3 == 0 ? "root" : "deploy");
}

static void set_actor(struct vouch_store_cert_filter *filter, uint64_t number) {
    static char text[40];
    (void)snprintf(text, sizeof text, "token:ci-%" PRIu64, number % 20);
    filter->actor = vouch_bytes_of(text);
}

static void set_time(struct vouch_store_cert_filter *filter, uint64_t number) {
    filter->from_ms = TEST_TIME_MS + number * TEST_STEP_MS;
    filter->until_ms = filter->from_ms + 60000;
}

static void set_principal_then(struct vouch_store_cert_filter *filter, uint64_t number) {
    set_principal(filter, number);
    set_time(filter, number);
}

// No row has both, so that the scan goes as far as it may.
static void set_contradiction(struct vouch_store_cert_filter *filter, uint64_t number) {
    set_principal(filter, number);
    filter->type = VOUCH_CERT_HOST;
}

static void answers_every_search_in_time(void **state) {
    (void)state;
    measure("newest", set_nothing);
    measure("by serial", set_serial);
    measure("by key", set_key);
    measure("by key ID", set_key_id);
    measure("by principal", set_principal);
    measure("by actor", set_actor);
    measure("by time", set_time);
    measure("by principal and time", set_principal_then);
    measure("that fits nothing", set_contradiction);
}

static void measure_audit(const char *name, const struct vouch_store_event_filter *filter) {
    struct vouch_store_events events = {0};
    struct vouch_store *reader = test_open(&place, VOUCH_STORE_READ);
    uint64_t start_ns = cpu_ns();
    test_ok(vouch_store_audit_list(reader, filter, &(struct vouch_store_page){0}, &events, &fault));
    double one_ms = (double)(cpu_ns() - start_ns) / 1e6;
    print_message("# audit %s: %.2f ms\n", name, one_ms);
    assert_true(events.count > 0 || filter->type.ptr != NULL);
    assert_true(one_ms < ANSWER_MAX_MS);
    vouch_store_events_done(&events);
    vouch_store_close(reader);
}

static void answers_every_audit_search_in_time(void **state) {
    (void)state;
    struct vouch_bytes actor = vouch_bytes_of("token:ci-3");
    uint64_t middle_ms = TEST_TIME_MS + total / 2 * TEST_STEP_MS;
    measure_audit("newest", &(struct vouch_store_event_filter){0});
    measure_audit("by actor", &(struct vouch_store_event_filter){.actor = actor});
    measure_audit("by type",
                  &(struct vouch_store_event_filter){.type = vouch_bytes_of("cert.deny")});
    measure_audit("by object", &(struct vouch_store_event_filter){
                                   .object = vouch_bytes_of("user-77@example.com")});
    measure_audit("by time", &(struct vouch_store_event_filter){.from_ms = middle_ms,
                                                                .until_ms = middle_ms + 60000});
    measure_audit("by actor and type", &(struct vouch_store_event_filter){
                                           .actor = actor, .type = vouch_bytes_of("nothing")});
}

// --- logins

// As many as certificates: of a thousand hosts, ten thousand people and two logins.
static void add_logins(void) {
    char texts[3][40];
    for (uint64_t first = 0; first < total; first += 1000) {
        test_ok(vouch_store_work_begin(store, VOUCH_STORE_LATER, &fault));
        for (uint64_t i = first; i < first + 1000 && i < total; i++) {
            (void)snprintf(texts[0], sizeof texts[0], "host-%" PRIu64, i % 1000);
            (void)snprintf(texts[1], sizeof texts[1], "user-%" PRIu64, i * 7 % 10000);
            (void)snprintf(texts[2], sizeof texts[2], "SHA256:%" PRIu64, i);
            const struct vouch_store_login login = {
                .time_ms = TEST_TIME_MS + i * TEST_STEP_MS,
                .host = vouch_bytes_of(texts[0]),
                .outcome = i % 50 == 0 ? VOUCH_STORE_LOGIN_REFUSED : VOUCH_STORE_LOGIN_ACCEPTED,
                .login = vouch_bytes_of(i % 2 == 0 ? "app" : "root"),
                .user = vouch_bytes_of(texts[1]),
                .key_id = vouch_bytes_of(texts[1]),
                .serial = (UINT64_C(3) << 44) + i,
                .fingerprint = vouch_bytes_of(texts[2]),
                .alarm = vouch_bytes_of(i % 100000 == 99 ? "revoked" : "")};
            test_ok(vouch_store_login_add(store, &login, &fault));
        }
        test_ok(vouch_store_work_end(store, VOUCH_OK, VOUCH_STORE_DONE, &fault));
    }
}

static void measure_logins(const char *name, const struct vouch_store_login_filter *filter) {
    struct vouch_store_logins logins = {0};
    struct vouch_store *reader = test_open(&place, VOUCH_STORE_READ);
    uint64_t start_ns = cpu_ns();
    test_ok(
        vouch_store_logins_list(reader, filter, &(struct vouch_store_page){0}, &logins, &fault));
    double one_ms = (double)(cpu_ns() - start_ns) / 1e6;
    print_message("# logins %s: %zu in %.2f ms\n", name, logins.count, one_ms);
    assert_true(logins.count > 0);
    assert_true(one_ms < ANSWER_MAX_MS);
    vouch_store_logins_done(&logins);
    vouch_store_close(reader);
}

static void answers_every_search_for_logins_in_time(void **state) {
    (void)state;
    const uint64_t serial = (UINT64_C(3) << 44) + total / 2;
    const uint64_t middle_ms = TEST_TIME_MS + total / 2 * TEST_STEP_MS;
    const struct vouch_bytes host = vouch_bytes_of("host-77");
    add_logins();
    measure_logins("newest", &(struct vouch_store_login_filter){.from_ms = 0});
    measure_logins("by host", &(struct vouch_store_login_filter){.host = host});
    measure_logins("by user", &(struct vouch_store_login_filter){.user = vouch_bytes_of("user-7")});
    measure_logins("by key ID",
                   &(struct vouch_store_login_filter){.key_id = vouch_bytes_of("user-14")});
    measure_logins("by login", &(struct vouch_store_login_filter){.login = vouch_bytes_of("root")});
    measure_logins("by serial", &(struct vouch_store_login_filter){.serial = &serial});
    measure_logins("with alarm",
                   &(struct vouch_store_login_filter){.which = VOUCH_STORE_LOGINS_ALARMS});
    measure_logins("by time", &(struct vouch_store_login_filter){.from_ms = middle_ms,
                                                                 .until_ms = middle_ms + 60000});
    measure_logins("by login and time",
                   &(struct vouch_store_login_filter){.login = vouch_bytes_of("root"),
                                                      .from_ms = middle_ms,
                                                      .until_ms = middle_ms + 60000});
    measure_logins("refused",
                   &(struct vouch_store_login_filter){.outcome = VOUCH_STORE_LOGIN_REFUSED});
}

// Everything that an overview counts, over all of it: no count may look at each row.
static void answers_an_overview_in_time(void **state) {
    (void)state;
    const uint64_t first_hour = TEST_TIME_MS / 1000 / VOUCH_STORE_HOUR_S;
    const uint64_t last_s = (TEST_TIME_MS + total * TEST_STEP_MS) / 1000;
    for (uint64_t now_s = TEST_TIME_MS / 1000; now_s <= last_s;
         now_s += (last_s - TEST_TIME_MS / 1000) / 4 + 1) {
        vouch_autoarena struct vouch_arena arena = {0};
        const struct vouch_store_summary_ask ask = {.now_s = now_s, .silent_s = 900};
        struct vouch_store_summary summary = {0};
        const struct vouch_store_tally_row *rows = NULL;
        size_t count = 0;
        uint64_t refused = 0;
        struct vouch_store *reader = test_open(&place, VOUCH_STORE_READ);
        uint64_t start_ns = cpu_ns();
        test_ok(vouch_store_summary(reader, &ask, &summary, &fault));
        test_ok(vouch_store_tally_sum(reader, VOUCH_STORE_TALLY_LOGINS_REFUSED, first_hour,
                                      &refused, &fault));
        test_ok(vouch_store_tally_list(reader, VOUCH_STORE_TALLY_ISSUED, first_hour, 1, &arena,
                                       &rows, &count, &fault));
        struct vouch_store_ending ending[20];
        size_t ends = 0;
        test_ok(vouch_store_ending_list(reader, now_s, 20, &arena, ending, &ends, &fault));
        assert_int_equal(ends, 20);
        double one_ms = (double)(cpu_ns() - start_ns) / 1e6;
        print_message("# overview: %" PRIu64 " valid, %zu rows in %.2f ms\n", summary.valid, count,
                      one_ms);
        assert_true(summary.valid > 0 && count > 0);
        assert_int_equal(refused, (total + 49) / 50);
        assert_true(one_ms < ANSWER_MAX_MS);
        vouch_store_close(reader);
    }
}

static void opens_in_time_and_reads_whole(void **state) {
    (void)state;
    uint64_t start_ns = vouch_time_monotonic_ns();
    struct vouch_store *reader = test_open(&place, VOUCH_STORE_READ);
    double open_ms = since_ms(start_ns);
    assert_true(open_ms < ANSWER_MAX_MS);
    start_ns = vouch_time_monotonic_ns();
    test_ok(vouch_store_check(reader, &fault));
    print_message("# open %.2f ms, whole check %.0f ms\n", open_ms, since_ms(start_ns));
    vouch_store_close(reader);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(indexes_at_a_steady_cost),
        cmocka_unit_test(answers_every_search_in_time),
        cmocka_unit_test(answers_every_audit_search_in_time),
        cmocka_unit_test(answers_every_search_for_logins_in_time),
        cmocka_unit_test(answers_an_overview_in_time),
        cmocka_unit_test(opens_in_time_and_reads_whole),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
