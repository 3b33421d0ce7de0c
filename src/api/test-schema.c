// SPDX-License-Identifier: ISC
// Holds values to JSON Schema: types, members, bounds, choices.
#include "api/test-schema.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check {
    const json_t *doc;
    char place[256];
    char *why;
};

json_t *test_schema_load(void) {
    char path[512];
    const char *source = getenv("VOUCH_SRC");
    (void)snprintf(path, sizeof path, "%s/doc/openapi.json", source != NULL ? source : ".");
    json_error_t error;
    json_t *doc = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (doc == NULL) {
        (void)fprintf(stderr, "%s: %s\n", path, error.text);
    }
    return doc;
}

const json_t *test_schema_operation(const json_t *doc, const char *method, const char *path) {
    char lower[16] = "";
    for (size_t i = 0; method[i] != '\0' && i < sizeof lower - 1; i++) {
        lower[i] = (char)(method[i] | 0x20);
    }
    return json_object_get(json_object_get(json_object_get(doc, "paths"), path), lower);
}

const json_t *test_schema_resolve(const json_t *doc, const json_t *schema) {
    static const char prefix[] = "#/components/schemas/";
    const char *target = json_string_value(json_object_get(schema, "$ref"));
    if (target == NULL) {
        return schema;
    }
    const json_t *all = json_object_get(json_object_get(doc, "components"), "schemas");
    return json_object_get(all, target + sizeof prefix - 1);
}

static int wrong(struct check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static int wrong(struct check *check, const char *format, ...) {
    char text[128];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)snprintf(check->why, TEST_WHY_MAX, "%s: %s", check->place, text);
    return -1;
}

static int is_of_type(const json_t *value, const char *type) {
    static const struct {
        const char *name;
        int type;
    } types[] = {{"object", JSON_OBJECT},   {"array", JSON_ARRAY}, {"string", JSON_STRING},
                 {"integer", JSON_INTEGER}, {"null", JSON_NULL},   {"boolean", JSON_TRUE}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].name, type) == 0) {
            int is = (int)json_typeof(value);
            return is == types[i].type || (types[i].type == JSON_TRUE && is == JSON_FALSE);
        }
    }
    return 0;
}

static int check_value(struct check *check, const json_t *schema, const json_t *value);

// Goes one step down and comes back.
static int check_below(struct check *check, const char *step, const json_t *schema,
                       const json_t *value) {
    size_t len = strlen(check->place);
    (void)snprintf(check->place + len, sizeof check->place - len, "/%s", step);
    int bad = check_value(check, schema, value);
    if (!bad) {
        check->place[len] = '\0';
    }
    return bad;
}

static int check_object(struct check *check, const json_t *schema, const json_t *object) {
    const json_t *properties = json_object_get(schema, "properties");
    const json_t *more = json_object_get(schema, "additionalProperties");
    size_t index = 0;
    json_t *name = NULL;
    json_array_foreach(json_object_get(schema, "required"), index, name) {
        if (json_object_get(object, json_string_value(name)) == NULL) {
            return wrong(check, "%s is missing", json_string_value(name));
        }
    }
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        const json_t *property = json_object_get(properties, key);
        property = property == NULL && json_is_object(more) ? more : property;
        if (property == NULL && json_is_false(more)) {
            return wrong(check, "%s is not described", key);
        }
        if (property != NULL && check_below(check, key, property, value)) {
            return -1;
        }
    }
    return 0;
}

static int check_array(struct check *check, const json_t *schema, const json_t *array) {
    const json_t *items = json_object_get(schema, "items");
    size_t index = 0;
    json_t *value = NULL;
    json_array_foreach(array, index, value) {
        char step[24];
        (void)snprintf(step, sizeof step, "%zu", index);
        if (check_below(check, step, items, value)) {
            return -1;
        }
    }
    return 0;
}

// Patterns are few and simple: what a character may be is enough of them here.
static int check_string(struct check *check, const json_t *schema, const json_t *value) {
    const char *text = json_string_value(value);
    const char *pattern = json_string_value(json_object_get(schema, "pattern"));
    if (pattern == NULL) {
        return 0;
    }
    if (pattern[1] == '(' || pattern[1] == '[') { // digits first
        int good = text[0] >= '0' && text[0] <= '9';
        return good ? 0 : wrong(check, "\"%.40s\" does not begin with a digit", text);
    }
    size_t fixed = strcspn(pattern + 1, "[");
    int good = strncmp(text, pattern + 1, fixed) == 0 && strlen(text) > fixed;
    return good ? 0 : wrong(check, "\"%.40s\" does not begin as it must", text);
}

static int check_choice(struct check *check, const json_t *schema, const json_t *value) {
    size_t index = 0;
    json_t *choice = NULL;
    json_t *choices = json_object_get(schema, "anyOf");
    json_array_foreach(choices, index, choice) {
        struct check trial = *check;
        if (check_value(&trial, choice, value) == 0) {
            return 0;
        }
    }
    if (choices != NULL) {
        return wrong(check, "fits none of the choices");
    }
    const json_t *only = json_object_get(schema, "const");
    if (only != NULL && !json_equal((json_t *)(uintptr_t)only, (json_t *)(uintptr_t)value)) {
        return wrong(check, "is not %s", json_string_value(only));
    }
    json_array_foreach(json_object_get(schema, "enum"), index, choice) {
        if (json_equal(choice, (json_t *)(uintptr_t)value)) {
            return 0;
        }
    }
    return json_object_get(schema, "enum") == NULL ? 0 : wrong(check, "is none of the words");
}

static int check_value(struct check *check, const json_t *schema, const json_t *value) {
    schema = test_schema_resolve(check->doc, schema);
    if (schema == NULL) {
        return wrong(check, "has no schema");
    }
    const char *type = json_string_value(json_object_get(schema, "type"));
    if (type != NULL && !is_of_type(value, type)) {
        return wrong(check, "is not a %s", type);
    }
    int bad = check_choice(check, schema, value);
    if (!bad && json_is_object(value)) {
        bad = check_object(check, schema, value);
    } else if (!bad && json_is_array(value)) {
        bad = check_array(check, schema, value);
    } else if (!bad && json_is_string(value)) {
        bad = check_string(check, schema, value);
    }
    return bad;
}

int test_schema_check(const json_t *doc, const json_t *schema, const json_t *value,
                      char ret_why[TEST_WHY_MAX]) {
    struct check check = {.doc = doc, .why = ret_why};
    return check_value(&check, schema, value);
}
