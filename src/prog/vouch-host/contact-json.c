// SPDX-License-Identifier: ISC
// Members of JSON objects: see contact-json.h.
#include "prog/vouch-host/contact-json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "base/str.h"
#include "base/time.h"

#define TEXTS_MAX 4096

// What is not UTF-8, as a line of a log may be, is told with its bytes escaped.
static json_t *text_of(struct vouch_bytes text) {
    json_t *value = json_stringn((const char *)text.ptr, text.len);
    struct vouch_buf escaped;
    if (value != NULL) {
        return value;
    }
    vouch_buf_init(&escaped, 4 * text.len + 1);
    vouch_str_escape(text, &escaped);
    value = escaped.err == 0 ? json_stringn((const char *)escaped.ptr, escaped.len) : NULL;
    vouch_buf_done(&escaped);
    return value;
}

int vouch_contact_put_bytes(json_t *object, const char *name, struct vouch_bytes text) {
    return json_object_set_new(object, name, text_of(text));
}

int vouch_contact_put_number(json_t *object, const char *name, uint64_t number) {
    char text[24];
    if (number == 0) {
        return 0;
    }
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    return json_object_set_new(object, name, json_string(text));
}

int vouch_contact_put_time(json_t *object, const char *name, uint64_t time_ms) {
    char text[VOUCH_TIME_TEXT_MAX], with_ms[VOUCH_TIME_TEXT_MAX + 8];
    vouch_time_utc(time_ms / 1000, text);
    text[strcspn(text, "Z")] = '\0';
    (void)snprintf(with_ms, sizeof with_ms, "%s.%03uZ", text, (unsigned)(time_ms % 1000));
    if (time_ms % 1000 == 0) {
        (void)snprintf(with_ms, sizeof with_ms, "%sZ", text);
    }
    return json_object_set_new(object, name, json_string(with_ms));
}

int vouch_contact_put_texts(json_t *object, const char *name, const struct vouch_text_list *texts) {
    if (texts->count == 0) {
        return 0;
    }
    json_t *array = json_array();
    int bad = 0;
    for (size_t i = 0; i < texts->count; i++) {
        bad |= json_array_append_new(
            array, json_stringn((const char *)texts->items[i].ptr, texts->items[i].len));
    }
    return json_object_set_new(object, name, array) | bad;
}

int vouch_contact_take_number(const json_t *object, const char *name, uint64_t *ret_number) {
    const json_t *value = json_object_get(object, name);
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        *ret_number = (uint64_t)json_integer_value(value);
        return 0;
    }
    const char *text = json_string_value(value);
    return text != NULL && vouch_str_to_u64(vouch_bytes_of(text), ret_number) == 0
               ? 0
               : VOUCH_ERR_FORMAT;
}

int vouch_contact_take_text(const json_t *value, struct vouch_arena *arena,
                            struct vouch_bytes *ret_text) {
    if (!json_is_string(value)) {
        return VOUCH_ERR_FORMAT;
    }
    const struct vouch_bytes text = {(const uint8_t *)json_string_value(value),
                                     json_string_length(value)};
    return vouch_arena_copy(arena, text, ret_text);
}

int vouch_contact_take_texts(const json_t *object, const char *name, struct vouch_arena *arena,
                             struct vouch_text_list *ret_texts) {
    const json_t *array = json_object_get(object, name);
    size_t count = json_array_size(array);
    if (!json_is_array(array) || count > TEXTS_MAX) {
        return VOUCH_ERR_FORMAT;
    }
    struct vouch_bytes *items = vouch_arena_alloc(arena, (count + 1) * sizeof *items);
    if (items == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        int err = vouch_contact_take_text(json_array_get(array, i), arena, &items[i]);
        if (err != 0) {
            return err;
        }
    }
    *ret_texts = (struct vouch_text_list){items, count};
    return 0;
}

void vouch_contact_forget(json_t *object, const char *secret) {
    json_t *value = json_object_get(object, secret);
    if (json_is_string(value)) {
        vouch_wipe((void *)(uintptr_t)json_string_value(value), json_string_length(value));
    }
    json_decref(object);
}
