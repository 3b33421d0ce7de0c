// SPDX-License-Identifier: ISC
// What the tests of routes share: the API on a server that each of them has for itself, and the answer
// that it got last.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/test-client.h"

extern struct test_api test;
extern struct test_answer answer;

// A test's set-up and end. Callers have tokens, metrics included; with test_begin_local() the server
// listens on a UNIX socket, with test_begin_public() it shows metrics to everybody.
int test_begin(void **state);
int test_begin_local(void **state);
int test_begin_public(void **state);
int test_end(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_begin, test_end)
#define TEST_LOCAL(name) cmocka_unit_test_setup_teardown(name, test_begin_local, test_end)
#define TEST_PUBLIC(name) cmocka_unit_test_setup_teardown(name, test_begin_public, test_end)

// Asks `test`; what comes takes the place of `answer`. Gives the status.
unsigned test_send(const struct test_ask *ask);

// The same by a method and path, with a secret (may be NULL) and a body of JSON (may be NULL).
unsigned test_send_as(const char *token, const char *method, const char *path, const char *body);

// Fails the test unless the authority's last ask holds the text.
void test_assert_asked(const char *part);

// Fails the test unless the status is 422, about that field.
void test_assert_field(unsigned status, const char *field);

// Members of the answer: a whole number (0 if it is none), and a text of one of its items.
int64_t test_number(const char *name);
const json_t *test_item(size_t place);
const char *test_item_text(size_t place, const char *name);
int test_is_null(const char *name);
