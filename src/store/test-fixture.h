// SPDX-License-Identifier: ISC
// What the store's tests share: a database in a folder of its own or in memory, and records that are a
// function of their number.
#pragma once

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/test-ok.h"
#include "store/batch.h"
#include "store/driver.h"

#define TEST_ORIGIN "ca.example.com/test"
#define TEST_TIME_MS UINT64_C(1800000000000)
#define TEST_STEP_MS 10 // from one record to the next
#define TEST_TTL_S 28800

// A place for a database, empty at first.
struct test_place {
    const struct vouch_driver *driver;
    char folder[64]; // empty for one in memory
    char where[96];
};

// Begins a place for that driver; in memory each has its own name.
void test_place_begin(struct test_place *place, const struct vouch_driver *driver);
// Ends it: its files are removed.
void test_place_end(struct test_place *place);

// Opens a handle, or fails the test with the fault's text.
struct vouch_store *test_open(const struct test_place *place, enum vouch_store_access access);

// What a test works on: a place on test_driver, with a handle to write and one to read. test_begin() and
// test_end() are a test's set-up and end.
extern const struct vouch_driver *test_driver;
extern struct test_place test_at;
extern struct vouch_store *test_writer;
extern struct vouch_store *test_reader;
int test_begin(void **state);
int test_end(void **state);

// Memory for records: test_records_fill() makes those from `first` on. Every 16th is an event, the
// others are certificates, 10 key IDs and 4 principals apart from one's own.
struct test_records {
    struct vouch_store_record rows[VOUCH_STORE_BATCH_MAX];
    struct vouch_store_cert certs[VOUCH_STORE_BATCH_MAX];
    struct vouch_store_event events[VOUCH_STORE_BATCH_MAX];
    struct vouch_bytes principals[VOUCH_STORE_BATCH_MAX][2];
    char texts[VOUCH_STORE_BATCH_MAX][3][32];
    struct vouch_store_batch batch;
};
// Fills in `count` records and the batch that holds them.
void test_records_fill(struct test_records *records, uint64_t first, size_t count);

// Nonzero if record `number` is an event.
int test_is_event(uint64_t number);
// The hash that record `number` has as its key; and that of CA 0 or 1.
void test_key(uint64_t number, uint8_t ret_hash[static VOUCH_STORE_HASH_LEN]);
void test_ca(unsigned which, uint8_t ret_hash[static VOUCH_STORE_HASH_LEN]);

// Indexes records first to first + count, in batches of `size`.
void test_index(struct vouch_store *store, uint64_t first, uint64_t count, size_t size);

// How many records the database says it has.
uint64_t test_position(struct vouch_store *store);
// How many certificates a whole walk through the listing gives.
uint64_t test_count(struct vouch_store *store, const struct vouch_store_cert_filter *filter,
                    size_t limit);
