// SPDX-License-Identifier: ISC
// A small reader of JSON Schema for tests: as much of it as doc/openapi.json uses.
#pragma once

#include <jansson.h>

#define TEST_WHY_MAX 512

// doc/openapi.json of the source tree. The caller lets go of it.
json_t *test_schema_load(void);

// What the description says of a route: its operation, or NULL. `method` in capitals.
const json_t *test_schema_operation(const json_t *doc, const char *method, const char *path);

// The schema behind "$ref", or the schema itself.
const json_t *test_schema_resolve(const json_t *doc, const json_t *schema);

// 0 if the value is as the schema says; else `ret_why` names the place and the rule.
int test_schema_check(const json_t *doc, const json_t *schema, const json_t *value,
                      char ret_why[TEST_WHY_MAX]);
