// SPDX-License-Identifier: ISC
// Items and JSON: see out.h.
#include "prog/vouch/out-item.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#define ESCAPED_MAX (4u * 1024 * 1024)
#define DEL_ESCAPED "\\u007F"

struct vouch_item *vouch_item_begin(int json, struct vouch_cells *cells) {
    struct vouch_item *item = calloc(1, sizeof *item);
    if (item == NULL) {
        return NULL;
    }
    item->cells = cells;
    item->json = json ? json_object() : NULL;
    if (json && item->json == NULL) {
        free(item);
        return NULL;
    }
    return item;
}

struct vouch_item *vouch_item_new(const char *schema) {
    struct vouch_item *item = vouch_item_begin(1, NULL);
    vouch_item_word(item, "schema", schema);
    return item;
}

void vouch_item_free(struct vouch_item *item) {
    if (item != NULL) {
        vouch_item_free(item->child);
        json_decref(item->json);
        free(item);
    }
}

// Hands `take_value` over to the item; NULL says that it could not be made.
static void put_json(struct vouch_item *item, const char *key, json_t *take_value) {
    assert(json_object_get(item->json, key) == NULL);
    if (json_object_set_new(item->json, key, take_value) != 0 && item->err == 0) {
        item->err = VOUCH_ERR_NO_MEMORY;
    }
}

// `added`: comes after what the cell holds already, as an item of a list.
static void put_cell(struct vouch_item *item, const char *key, const char *text, int added) {
    for (size_t i = 0; i < item->cells->count; i++) {
        char **cell = &item->cells->texts[i];
        if (strcmp(item->cells->columns[i]->key, key) != 0) {
            continue;
        }
        char *joined = NULL;
        const char *before = added && *cell != NULL ? *cell : "";
        if (asprintf(&joined, "%s%s%s", before, before[0] != '\0' ? "," : "", text) < 0) {
            item->err = VOUCH_ERR_NO_MEMORY;
            return;
        }
        free(*cell);
        *cell = joined;
    }
}

static char *escape(struct vouch_bytes text) {
    struct vouch_buf out;
    size_t len;
    vouch_buf_init(&out, ESCAPED_MAX);
    vouch_str_escape(text, &out);
    vouch_buf_put(&out, (struct vouch_bytes){(const uint8_t *)"", 1});
    char *escaped = (char *)vouch_buf_take(&out, &len);
    vouch_buf_done(&out);
    return escaped;
}

// JSON's own escaping if it is UTF-8, else the one that terminals get.
static json_t *json_text(struct vouch_bytes text) {
    json_t *value = json_stringn(text.len > 0 ? (const char *)text.ptr : "", text.len);
    if (value == NULL) {
        vouch_autofree char *escaped = escape(text);
        value = escaped != NULL ? json_string(escaped) : NULL;
    }
    return value;
}

static void put_text(struct vouch_item *item, const char *key, struct vouch_bytes text, int added) {
    vouch_autofree char *escaped = escape(text);
    if (escaped == NULL) {
        item->err = VOUCH_ERR_NO_MEMORY;
        return;
    }
    put_cell(item, key, escaped, added);
}

void vouch_item_text(struct vouch_item *item, const char *key, struct vouch_bytes text) {
    if (item != NULL && item->json != NULL) {
        put_json(item, key, json_text(text));
    }
    if (item != NULL && item->cells != NULL) {
        put_text(item, key, text, 0);
    }
}

void vouch_item_word(struct vouch_item *item, const char *key, const char *word) {
    vouch_item_text(item, key, vouch_bytes_of(word));
}

static int has_control(const char *text) {
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            return 1;
        }
    }
    return 0;
}

void vouch_item_path(struct vouch_item *item, const char *key, const char *path) {
    if (item == NULL || item->cells == NULL || !item->cells->raw_paths || has_control(path)) {
        vouch_item_word(item, key, path);
    } else {
        put_cell(item, key, path, 0);
    }
}

void vouch_print_path(const struct vouch_term *term, const char *path) {
    if (!term->out_tty && !has_control(path)) {
        (void)printf("%s\n", path);
        return;
    }
    vouch_autofree char *escaped = escape(vouch_bytes_of(path));
    (void)printf("%s\n", escaped != NULL ? escaped : "");
}

int vouch_item_is_whole(const struct vouch_item *item) {
    return item != NULL && item->json != NULL;
}

void vouch_item_u64(struct vouch_item *item, const char *key, uint64_t number) {
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    vouch_item_word(item, key, text);
}

void vouch_item_count(struct vouch_item *item, const char *key, size_t count) {
    char text[24];
    (void)snprintf(text, sizeof text, "%zu", count);
    if (item != NULL && item->json != NULL) {
        put_json(item, key, json_integer((json_int_t)count));
    }
    if (item != NULL && item->cells != NULL) {
        put_cell(item, key, text, 0);
    }
}

void vouch_item_time(struct vouch_item *item, const char *key, uint64_t time_s) {
    char text[VOUCH_TIME_TEXT_MAX];
    vouch_time_utc(time_s, text);
    if (item != NULL && item->json != NULL) {
        put_json(item, key, json_string(text));
    }
    if (item != NULL && item->cells != NULL) {
        if (item->cells->term != NULL) {
            vouch_term_time(item->cells->term, time_s, text, sizeof text);
        }
        put_cell(item, key, text, 0);
    }
}

void vouch_item_yes_no(struct vouch_item *item, const char *key, int yes) {
    if (item != NULL && item->json != NULL) {
        put_json(item, key, json_boolean(yes));
    }
    if (item != NULL && item->cells != NULL) {
        put_cell(item, key, yes ? "yes" : "no", 0);
    }
}

// The JSON list `key` of an item, made when it is first asked for; NULL when memory is short.
static json_t *list_of(struct vouch_item *item, const char *key) {
    json_t *list = json_object_get(item->json, key);
    if (list == NULL) {
        put_json(item, key, json_array());
        list = json_object_get(item->json, key);
    }
    return list;
}

void vouch_item_append(struct vouch_item *item, const char *key, const struct vouch_bytes *text) {
    if (item != NULL && item->json != NULL) {
        json_t *list = list_of(item, key);
        if (text != NULL && json_array_append_new(list, json_text(*text)) != 0) {
            item->err = VOUCH_ERR_NO_MEMORY;
        }
    }
    if (item != NULL && item->cells != NULL && text != NULL) {
        put_text(item, key, *text, 1);
    }
}

struct vouch_item *vouch_item_child(struct vouch_item *item, const char *key) {
    if (item == NULL || item->json == NULL) {
        return NULL;
    }
    struct vouch_item *child = vouch_item_begin(1, NULL);
    if (child == NULL || json_array_append(list_of(item, key), child->json) != 0) {
        item->err = VOUCH_ERR_NO_MEMORY;
        vouch_item_free(child);
        return NULL;
    }
    if (item->child != NULL && item->child->err != 0) {
        item->err = item->child->err;
    }
    vouch_item_free(item->child);
    item->child = child;
    return child;
}

// Members that hold a moment: what is text from a user must not be taken for one.
static int is_moment(const char *key) {
    static const char *const keys[] = {
        "at",        "issued",       "time",    "valid_after",   "created", "expires",
        "last_used", "valid_before", "updated", "disabled",      "until",   "generated",
        "seen",      "reported",     "renewed", "krl_generated", "since",   "valid_until"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i], key) == 0) {
            return 1;
        }
    }
    return 0;
}

// To the second: a server tells more.
static int parse_moment(const char *text, uint64_t *ret_time_s) {
    char whole[VOUCH_TIME_TEXT_MAX];
    size_t len = strcspn(text, ".");
    size_t fraction = text[len] == '.' ? 1 + strspn(text + len + 1, "0123456789") : 0;
    (void)snprintf(whole, sizeof whole, "%.*s%s", (int)len, text, text + len + fraction);
    return vouch_time_parse(vouch_bytes_of(whole), ret_time_s);
}

static void put_scalar(struct vouch_buf *out, const char *key, const json_t *value,
                       const struct vouch_term *term) {
    char text[VOUCH_TIME_TEXT_MAX];
    const char *string = json_string_value(value);
    uint64_t time_s = 0;
    if (string != NULL && term != NULL && is_moment(key) && parse_moment(string, &time_s) == 0) {
        vouch_term_time(term, time_s, text, sizeof text);
        vouch_buf_put_text(out, text);
    } else if (string != NULL) {
        vouch_str_escape((struct vouch_bytes){(const uint8_t *)string, json_string_length(value)},
                         out);
    } else if (json_is_integer(value)) {
        (void)snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
        vouch_buf_put_text(out, text);
    } else if (json_is_boolean(value)) {
        vouch_buf_put_text(out, json_is_true(value) ? "yes" : "no");
    }
}

static void put_value(struct vouch_buf *out, const char *key, const json_t *value,
                      const struct vouch_term *term) {
    size_t at;
    const char *name;
    json_t *part;
    if (json_is_array(value)) {
        json_array_foreach(value, at, part) {
            vouch_buf_put_text(out, at > 0 ? "," : "");
            put_scalar(out, key, part, term);
        }
    } else if (json_is_object(value)) {
        const char *before = "";
        json_object_foreach((json_t *)(uintptr_t)value, name, part) {
            vouch_buf_put_text(out, before);
            vouch_str_escape(vouch_bytes_of(name), out);
            vouch_buf_put_text(out, "=");
            put_scalar(out, name, part, term);
            before = " ";
        }
    } else {
        put_scalar(out, key, value, term);
    }
}

char *vouch_item_json_text(const char *key, const struct json_t *value,
                           const struct vouch_term *term) {
    struct vouch_buf out;
    size_t len;
    if (value == NULL || json_is_null(value)) {
        return NULL;
    }
    vouch_buf_init(&out, ESCAPED_MAX);
    put_value(&out, key, value, term);
    vouch_buf_put(&out, (struct vouch_bytes){(const uint8_t *)"", 1});
    char *text = (char *)vouch_buf_take(&out, &len);
    vouch_buf_done(&out);
    return text;
}

void vouch_item_json(struct vouch_item *item, const char *key, const struct json_t *value) {
    if (item != NULL && item->json != NULL) {
        // A copy, since the item may outlive the answer; Jansson's types know no const reference.
        put_json(item, key, json_deep_copy(value));
    }
    if (item != NULL && item->cells != NULL) {
        vouch_autofree char *text = vouch_item_json_text(key, value, item->cells->term);
        if (text != NULL) {
            put_cell(item, key, text, 0);
        }
    }
}

static int has_error(const struct vouch_item *item) {
    return item == NULL || item->err != 0 || (item->child != NULL && item->child->err != 0);
}

// JSON lets DEL stand as it is, and terminals act on it. It is found in strings only.
static char *escape_del(char *take_text) {
    size_t count = 0, at = 0;
    for (const char *c = take_text; *c != '\0'; c++) {
        count += *c == 0x7f;
    }
    if (count == 0) {
        return take_text;
    }
    char *escaped = calloc(strlen(take_text) + count * strlen(DEL_ESCAPED) + 1, 1);
    for (const char *c = take_text; escaped != NULL && *c != '\0'; c++) {
        if (*c == 0x7f) {
            memcpy(escaped + at, DEL_ESCAPED, strlen(DEL_ESCAPED));
            at += strlen(DEL_ESCAPED);
        } else {
            escaped[at++] = *c;
        }
    }
    free(take_text);
    return escaped;
}

static char *dump(const struct vouch_item *item, size_t layout) {
    char *text = has_error(item) ? NULL : json_dumps(item->json, layout | JSON_ENSURE_ASCII);
    return text != NULL ? escape_del(text) : NULL;
}

char *vouch_item_dump(const struct vouch_item *item) {
    return dump(item, JSON_COMPACT);
}

int vouch_item_print(const struct vouch_item *item, enum vouch_form form,
                     struct vouch_fault *fault) {
    vouch_autofree char *text = dump(item, form == VOUCH_FORM_JSON ? JSON_INDENT(2) : JSON_COMPACT);
    if (text == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "out of memory for the output");
    }
    // A failed write shows in ferror(), which main() looks at.
    (void)printf("%s\n", text);
    return 0;
}

int vouch_form_of_item(const struct vouch_args *args, enum vouch_form *ret_form,
                       struct vouch_fault *fault) {
    static const char *const words[] = {"table", "json", "jsonl", NULL};
    static const enum vouch_form forms[] = {VOUCH_FORM_TABLE, VOUCH_FORM_JSON, VOUCH_FORM_JSONL};
    const char *word = vouch_args_value(args, "output");
    int choice = word != NULL ? vouch_args_choice("output", word, words, fault) : 0;
    if (choice < 0) {
        return VOUCH_ERR_ARGUMENT;
    }
    *ret_form = forms[choice];
    return 0;
}
