// SPDX-License-Identifier: ISC
// The parts of test-fixture.h.
#include "store/test-fixture.h"

#include <dirent.h>

#define EVENT_EVERY 16

void test_place_begin(struct test_place *place, const struct vouch_driver *driver) {
    static unsigned made;
    *place = (struct test_place){.driver = driver};
    if (driver == &vouch_driver_sqlite_memory) {
        (void)snprintf(place->where, sizeof place->where, "test-%u", made++);
        return;
    }
    const char *base = getenv("TMPDIR");
    (void)snprintf(place->folder, sizeof place->folder, "%s/vouch-store-XXXXXX",
                   base != NULL && strlen(base) < 40 ? base : "/tmp");
    assert_non_null(mkdtemp(place->folder));
    (void)snprintf(place->where, sizeof place->where, "%s/index.db", place->folder);
}

void test_place_end(struct test_place *place) {
    if (place->folder[0] == '\0') {
        return;
    }
    DIR *folder = opendir(place->folder);
    assert_non_null(folder);
    const struct dirent *entry = NULL;
    while ((entry = readdir(folder)) != NULL) {
        (void)unlinkat(dirfd(folder), entry->d_name, 0);
    }
    closedir(folder);
    assert_int_equal(rmdir(place->folder), 0);
}

struct vouch_store *test_open(const struct test_place *place, enum vouch_store_access access) {
    const struct vouch_store_open what = {
        .driver = place->driver, .where = place->where, .access = access, .wait_ms = 5000};
    struct vouch_store *store = NULL;
    test_ok(vouch_store_open(&what, &store, &fault));
    return store;
}

const struct vouch_driver *test_driver = &vouch_driver_sqlite;
struct test_place test_at;
struct vouch_store *test_writer;
struct vouch_store *test_reader;

int test_begin(void **state) {
    (void)state;
    test_place_begin(&test_at, test_driver);
    test_writer = test_open(&test_at, VOUCH_STORE_WRITE);
    test_reader = test_open(&test_at, VOUCH_STORE_READ);
    return 0;
}

int test_end(void **state) {
    (void)state;
    vouch_store_close(test_reader);
    vouch_store_close(test_writer);
    test_place_end(&test_at);
    return 0;
}

int test_is_event(uint64_t number) {
    return number % EVENT_EVERY == 0;
}

// Well mixed, so that keys are as random as hashes are.
static uint64_t mix(uint64_t value) {
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static void fill_hash(uint64_t seed, uint8_t ret_hash[static VOUCH_STORE_HASH_LEN]) {
    for (size_t i = 0; i < VOUCH_STORE_HASH_LEN; i += sizeof seed) {
        uint64_t word = mix(seed * 4 + i / sizeof seed + UINT64_C(0x9e3779b97f4a7c15));
        memcpy(ret_hash + i, &word, sizeof word);
    }
}

void test_key(uint64_t number, uint8_t ret_hash[static VOUCH_STORE_HASH_LEN]) {
    fill_hash(number, ret_hash);
}

void test_ca(unsigned which, uint8_t ret_hash[static VOUCH_STORE_HASH_LEN]) {
    fill_hash(UINT64_MAX - which, ret_hash);
}

static struct vouch_bytes text(char *room, const char *before, uint64_t number, const char *after) {
    (void)snprintf(room, 32, "%s%" PRIu64 "%s", before, number, after);
    return vouch_bytes_of(room);
}

static void fill_cert(struct test_records *records, size_t at, uint64_t number) {
    struct vouch_store_cert *cert = &records->certs[at];
    char(*texts)[32] = records->texts[at];
    uint64_t who = mix(number) % 50000;
    unsigned is_host = number % 5 == 0;
    *cert = (struct vouch_store_cert){
        .number = number,
        .time_ms = TEST_TIME_MS + number * TEST_STEP_MS,
        .serial = (UINT64_C(3) << 44) + number,
        .type = is_host ? VOUCH_CERT_HOST : VOUCH_CERT_USER,
        .key_id = text(texts[0], "user-", who, "@example.com"),
        .principals = records->principals[at],
        .principal_count = is_host ? 1 : 2,
        .valid_after = TEST_TIME_MS / 1000,
        .valid_before = TEST_TIME_MS / 1000 + number * TEST_STEP_MS / 1000 + TEST_TTL_S,
        .actor = text(texts[1], "token:ci-", who % 20, ""),
        .role = vouch_bytes_of("developers"),
        .request = text(texts[2], "req-", mix(number + 7), ""),
        .source = vouch_bytes_of("192.0.2.17"),
        .policy = vouch_bytes_of("p-1"),
    };
    records->principals[at][0] = cert->key_id;
    records->principals[at][1] = vouch_bytes_of(who % 4 == 0 ? "root" : "deploy");
    test_ca(is_host, cert->ca);
    test_key(number, cert->key);
    records->rows[at] = (struct vouch_store_record){.cert = cert};
}

static void fill_event(struct test_records *records, size_t at, uint64_t number) {
    char(*texts)[32] = records->texts[at];
    records->events[at] = (struct vouch_store_event){
        .number = number,
        .time_ms = TEST_TIME_MS + number * TEST_STEP_MS,
        .type = vouch_bytes_of(number % 32 == 0 ? "auth.ok" : "cert.deny"),
        .actor = text(texts[0], "token:ci-", number / 16 % 20, ""),
        .object = text(texts[1], "host-", mix(number) % 1000, ".example.com"),
        .details = vouch_bytes_of("{\"reason\":\"outside of the profile\"}"),
    };
    records->rows[at] = (struct vouch_store_record){.event = &records->events[at]};
}

void test_records_fill(struct test_records *records, uint64_t first, size_t count) {
    assert_true(count <= VOUCH_STORE_BATCH_MAX);
    for (size_t i = 0; i < count; i++) {
        if (test_is_event(first + i)) {
            fill_event(records, i, first + i);
        } else {
            fill_cert(records, i, first + i);
        }
    }
    records->batch = (struct vouch_store_batch){
        .origin = vouch_bytes_of(TEST_ORIGIN), .records = records->rows, .count = count};
}

void test_index(struct vouch_store *store, uint64_t first, uint64_t count, size_t size) {
    struct test_records *records = calloc(1, sizeof *records);
    assert_non_null(records);
    for (uint64_t done = 0; done < count; done += size) {
        size_t now = count - done < size ? (size_t)(count - done) : size;
        test_records_fill(records, first + done, now);
        test_ok(vouch_store_write_batch(store, &records->batch, &fault));
    }
    free(records);
}

uint64_t test_position(struct vouch_store *store) {
    struct vouch_arena arena = {0};
    struct vouch_store_meta meta = {0};
    test_ok(vouch_store_meta(store, &arena, &meta, &fault));
    vouch_arena_done(&arena);
    return meta.position;
}

uint64_t test_count(struct vouch_store *store, const struct vouch_store_cert_filter *filter,
                    size_t limit) {
    char cursor[VOUCH_STORE_CURSOR_MAX] = "";
    uint64_t count = 0;
    uint64_t last = UINT64_MAX;
    do {
        struct vouch_store_certs certs = {0};
        const struct vouch_store_page page = {.limit = limit, .cursor = vouch_bytes_of(cursor)};
        test_ok(vouch_store_certs_list(store, filter, &page, &certs, &fault));
        for (size_t i = 0; i < certs.count; i++) {
            assert_true(certs.rows[i].number < last);
            last = certs.rows[i].number;
        }
        count += certs.count;
        memcpy(cursor, certs.next, sizeof cursor);
        vouch_store_certs_done(&certs);
    } while (cursor[0] != '\0');
    return count;
}
