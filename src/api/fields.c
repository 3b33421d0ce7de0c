// SPDX-License-Identifier: ISC
// Members of a JSON body.
#include "api/fields.h"

#include <stdio.h>

#include "base/str.h"

#define WORDS_TEXT_MAX 256

static struct vouch_bytes bytes_of(const json_t *string) {
    return (struct vouch_bytes){(const uint8_t *)json_string_value(string),
                                json_string_length(string)};
}

// Words of a client in a message: as much as is needed to know them again.
#define SHOWN(name) (int)(strlen(name) > 64 ? 64 : strlen(name)), (name)

static int is_among(const char *name, const char *const *names) {
    for (size_t i = 0; names[i] != NULL; i++) {
        if (strcmp(name, names[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static void refuse_unknown(struct vouch_api_call *call, const char *name,
                           const char *const *names) {
    const char *near = vouch_str_nearest(name, names);
    char field[65];
    vouch_str_escape_to(vouch_bytes_of(name), field, sizeof field);
    if (near != NULL) {
        vouch_api_refuse_field(call, field, "%.*s is not a member of this object: is it %s?",
                               SHOWN(name), near);
    } else {
        vouch_api_refuse_field(call, field, "%.*s is not a member of this object", SHOWN(name));
    }
}

void vouch_api_members(struct vouch_api_call *call, const char *const *names) {
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(call->body, name, value) {
        if (!is_among(name, names)) {
            refuse_unknown(call, name, names);
        }
    }
}

int vouch_api_has(const struct vouch_api_call *call, const char *name) {
    return json_object_get(call->body, name) != NULL;
}

const json_t *vouch_api_member(struct vouch_api_call *call, const char *name,
                               enum vouch_api_need need) {
    const json_t *value = call->refused ? NULL : json_object_get(call->body, name);
    if (value == NULL && need == VOUCH_API_REQUIRED) {
        vouch_api_refuse_field(call, name, "%s is missing", name);
    }
    return value;
}

int vouch_api_has_control(struct vouch_bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        // C1 controls are U+0080 to U+009F, which UTF-8 writes as C2 80 to C2 9F.
        int c1 = c >= 0x80 && c < 0xa0 && i > 0 && text.ptr[i - 1] == 0xc2;
        if (c < 0x20 || c == 0x7f || c1) {
            return 1;
        }
    }
    return 0;
}

struct vouch_bytes vouch_api_check_text(struct vouch_api_call *call, const char *name,
                                        struct vouch_bytes text, size_t max) {
    if (text.len == 0) {
        vouch_api_refuse_field(call, name, "%s is empty: leave it out, or say something", name);
    } else if (text.len > max) {
        vouch_api_refuse_field(call, name, "%s has %zu bytes, and at most %zu are taken", name,
                               text.len, max);
    } else if (vouch_api_has_control(text)) {
        vouch_api_refuse_field(call, name, "%s holds a control character", name);
    }
    return call->refused ? (struct vouch_bytes){0} : text;
}

static struct vouch_bytes read_text(struct vouch_api_call *call, const char *name,
                                    const json_t *value, size_t max) {
    if (!json_is_string(value)) {
        vouch_api_refuse_field(call, name, "%s is not a string", name);
        return (struct vouch_bytes){0};
    }
    return vouch_api_check_text(call, name, bytes_of(value), max);
}

struct vouch_bytes vouch_api_text(struct vouch_api_call *call, const char *name,
                                  enum vouch_api_need need, size_t max) {
    const json_t *value = vouch_api_member(call, name, need);
    return value != NULL ? read_text(call, name, value, max) : (struct vouch_bytes){0};
}

struct vouch_bytes vouch_api_secret(struct vouch_api_call *call, const char *name,
                                    enum vouch_api_need need, size_t max) {
    const json_t *value = vouch_api_member(call, name, need);
    struct vouch_bytes secret = {0};
    if (value == NULL) {
        return secret;
    }
    if (!json_is_string(value)) {
        vouch_api_refuse_field(call, name, "%s is not a string", name);
        return secret;
    }
    secret = bytes_of(value);
    if (secret.len == 0 || secret.len > max) {
        vouch_api_refuse_field(call, name, "%s has %zu bytes, not 1 to %zu", name, secret.len, max);
    }
    return call->refused ? (struct vouch_bytes){0} : secret;
}

unsigned vouch_api_read_word(struct vouch_api_call *call, const char *name, struct vouch_bytes text,
                             const char *const *words) {
    char all[WORDS_TEXT_MAX] = "";
    size_t len = 0;
    for (unsigned i = 0; words[i] != NULL; i++) {
        if (vouch_bytes_equal(text, vouch_bytes_of(words[i]))) {
            return i + 1;
        }
        len +=
            (size_t)snprintf(all + len, sizeof all - len, "%s\"%s\"", i > 0 ? ", " : "", words[i]);
    }
    vouch_api_refuse_field(call, name, "%s is none of %s", name, all);
    return 0;
}

unsigned vouch_api_word(struct vouch_api_call *call, const char *name, enum vouch_api_need need,
                        const char *const *words) {
    struct vouch_bytes text = vouch_api_text(call, name, need, VOUCH_API_NAME_TEXT_MAX);
    return text.len > 0 ? vouch_api_read_word(call, name, text, words) : 0;
}

uint64_t vouch_api_flag(struct vouch_api_call *call, const char *name) {
    const json_t *value = vouch_api_member(call, name, VOUCH_API_OPTIONAL);
    if (value != NULL && !json_is_boolean(value)) {
        vouch_api_refuse_field(call, name, "%s is neither true nor false", name);
    }
    return !call->refused && json_is_true(value);
}

uint64_t vouch_api_number(struct vouch_api_call *call, const char *name, enum vouch_api_need need,
                          uint64_t max) {
    const json_t *value = vouch_api_member(call, name, need);
    if (value == NULL) {
        return 0;
    }
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value)) {
        vouch_api_refuse_field(call, name, "%s is not a whole number", name);
    } else if (number < 1 || (uint64_t)number > max) {
        vouch_api_refuse_field(call, name, "%s is not between 1 and %llu", name,
                               (unsigned long long)max);
    }
    return call->refused ? 0 : (uint64_t)number;
}

void vouch_api_texts(struct vouch_api_call *call, const char *name, enum vouch_api_need need,
                     size_t max, struct vouch_api_texts *ret_texts) {
    const json_t *array = vouch_api_member(call, name, need);
    ret_texts->count = 0;
    if (array == NULL) {
        return;
    }
    if (!json_is_array(array)) {
        vouch_api_refuse_field(call, name, "%s is not an array of strings", name);
        return;
    }
    size_t count = json_array_size(array);
    size_t least = need == VOUCH_API_REQUIRED ? 1 : 0;
    if (count < least || count > VOUCH_ASK_LIST_MAX) {
        vouch_api_refuse_field(call, name, "%s has %zu entries, not %zu to %d", name, count, least,
                               VOUCH_ASK_LIST_MAX);
        return;
    }
    for (size_t i = 0; i < count && !call->refused; i++) {
        ret_texts->items[i] = read_text(call, name, json_array_get(array, i), max);
    }
    ret_texts->count = call->refused ? 0 : count;
}

static int refuse_for_memory(struct vouch_api_call *call) {
    vouch_api_refuse(call, 503, &vouch_fault_memory, NULL, "memory is short");
    return VOUCH_ERR_NO_MEMORY;
}

// All that is decoded from a body together is no longer than it.
int vouch_api_scratch(struct vouch_api_call *call) {
    if (call->scratch.cap == 0 &&
        vouch_buf_extend(&call->scratch, call->request->body.len) != NULL) {
        vouch_buf_clear(&call->scratch);
    }
    return call->scratch.err == VOUCH_OK ? VOUCH_OK : refuse_for_memory(call);
}

void vouch_api_objects(struct vouch_api_call *call, const char *name, size_t max,
                       void (*read)(struct vouch_api_call *call, void *into, size_t place),
                       void *into) {
    const json_t *array = vouch_api_member(call, name, VOUCH_API_REQUIRED);
    json_t *whole = call->body;
    size_t count = json_array_size(array);
    if (array == NULL) {
        return;
    }
    if (!json_is_array(array) || count == 0 || count > max) {
        vouch_api_refuse_field(call, name, "%s is not an array of 1 to %zu objects", name, max);
    }
    for (size_t i = 0; i < count && !call->refused; i++) {
        call->body = json_array_get(array, i);
        if (json_is_object(call->body)) {
            (void)snprintf(call->within, sizeof call->within, "%s[%zu].", name, i);
            read(call, into, i);
            call->within[0] = '\0';
        } else {
            vouch_api_refuse_field(call, name, "%s holds something that is no object", name);
        }
    }
    call->body = whole;
}

static struct vouch_bytes join(struct vouch_api_call *call, const char *name,
                               struct vouch_bytes value) {
    size_t from = call->scratch.len;
    vouch_buf_put_text(&call->scratch, name);
    if (value.len > 0) {
        vouch_buf_put_text(&call->scratch, "=");
        vouch_buf_put(&call->scratch, value);
    }
    if (call->scratch.err != VOUCH_OK) {
        (void)refuse_for_memory(call);
        return (struct vouch_bytes){0};
    }
    return (struct vouch_bytes){call->scratch.ptr + from, call->scratch.len - from};
}

static struct vouch_bytes read_option(struct vouch_api_call *call, const char *name,
                                      const char *option, const json_t *value,
                                      enum vouch_api_values values) {
    struct vouch_bytes text = bytes_of(value);
    size_t len = strlen(option);
    if (len == 0 || len > VOUCH_API_NAME_TEXT_MAX || strchr(option, '=') != NULL ||
        vouch_api_has_control(vouch_bytes_of(option))) {
        vouch_api_refuse_field(call, name, "%s holds a name that no option has", name);
    } else if (!json_is_string(value)) {
        vouch_api_refuse_field(call, name, "%s: the value of %s is not a string", name, option);
    } else if (values == VOUCH_API_NO_VALUES && text.len > 0) {
        vouch_api_refuse_field(call, name, "%s: %s takes no value: write \"\"", name, option);
    } else if (text.len > VOUCH_API_OPTION_MAX || vouch_api_has_control(text)) {
        vouch_api_refuse_field(call, name,
                               "%s: the value of %s is over %d bytes or holds a control character",
                               name, option, VOUCH_API_OPTION_MAX);
    }
    return call->refused ? (struct vouch_bytes){0} : join(call, option, text);
}

void vouch_api_options(struct vouch_api_call *call, const char *name, enum vouch_api_values values,
                       struct vouch_api_texts *ret_texts) {
    const json_t *object = vouch_api_member(call, name, VOUCH_API_OPTIONAL);
    ret_texts->count = 0;
    if (object == NULL) {
        return;
    }
    size_t count = json_object_size(object);
    if (!json_is_object(object)) {
        vouch_api_refuse_field(call, name, "%s is not an object of names and texts", name);
    } else if (count == 0 || count > VOUCH_ASK_LIST_MAX) {
        // Nothing asked for and nothing said are not the same: who leaves it out gets the profile's.
        vouch_api_refuse_field(call, name, "%s has %zu members, not 1 to %d: leave it out", name,
                               count, VOUCH_ASK_LIST_MAX);
    } else {
        (void)vouch_api_scratch(call);
    }
    const char *option = NULL;
    const json_t *value = NULL;
    for (void *at = call->refused ? NULL : json_object_iter((json_t *)(uintptr_t)object);
         at != NULL && !call->refused;
         at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
        option = json_object_iter_key(at);
        value = json_object_iter_value(at);
        ret_texts->items[ret_texts->count++] = read_option(call, name, option, value, values);
    }
}

static enum vouch_cert_type read_cert_type(struct vouch_api_call *call, struct vouch_bytes text) {
    if (vouch_bytes_equal(text, vouch_bytes_of("user"))) {
        return VOUCH_CERT_USER;
    }
    if (vouch_bytes_equal(text, vouch_bytes_of("host"))) {
        return VOUCH_CERT_HOST;
    }
    vouch_api_refuse_field(call, "type", "type is neither \"user\" nor \"host\"");
    return VOUCH_CERT_NONE;
}

enum vouch_cert_type vouch_api_cert_type(struct vouch_api_call *call, enum vouch_api_need need) {
    struct vouch_bytes text = vouch_api_text(call, "type", need, VOUCH_API_NAME_TEXT_MAX);
    return text.len > 0 ? read_cert_type(call, text) : VOUCH_CERT_NONE;
}

enum vouch_cert_type vouch_api_query_cert_type(struct vouch_api_call *call) {
    struct vouch_bytes text = vouch_api_query_text(call, "type", VOUCH_API_NAME_TEXT_MAX);
    return text.len > 0 ? read_cert_type(call, text) : VOUCH_CERT_NONE;
}

uint64_t vouch_api_time_ms(struct vouch_api_call *call, const char *name,
                           enum vouch_api_need need) {
    struct vouch_bytes text = vouch_api_text(call, name, need, VOUCH_API_NAME_TEXT_MAX);
    uint64_t time_ms = 0;
    if (text.len > 0 && (vouch_api_read_time(text, &time_ms) != VOUCH_OK || time_ms == 0)) {
        vouch_api_refuse_field(call, name, "%s is not a time like 2026-11-22T10:45:38Z", name);
    }
    return call->refused ? 0 : time_ms;
}

uint64_t vouch_api_read_serial(struct vouch_bytes text) {
    uint64_t serial = 0;
    if (text.len == 0 || text.ptr[0] == '0' || vouch_str_to_u64(text, &serial) != VOUCH_OK) {
        return 0;
    }
    return serial;
}

uint64_t vouch_api_serial(struct vouch_api_call *call, const char *name) {
    struct vouch_bytes text = vouch_api_text(call, name, VOUCH_API_OPTIONAL, VOUCH_API_OPTION_MAX);
    uint64_t serial = vouch_api_read_serial(text);
    if (text.len > 0 && serial == 0) {
        vouch_api_refuse_field(call, name, "%s is not a decimal number in a string, from \"1\"",
                               name);
    }
    return serial;
}

struct vouch_bytes vouch_api_once(struct vouch_api_call *call) {
    static const char name[] = "Idempotency-Key";
    struct vouch_bytes once = call->request->headers[VOUCH_HTTP_IDEMPOTENCY_KEY];
    if (once.ptr == NULL || call->refused) {
        return (struct vouch_bytes){0};
    }
    once = vouch_api_check_text(call, name, once, VOUCH_API_ONCE_MAX);
    for (size_t i = 0; i < once.len; i++) {
        if (once.ptr[i] >= 0x7f) {
            vouch_api_refuse_field(call, name, "%s holds a character other than ASCII", name);
            return (struct vouch_bytes){0};
        }
    }
    return once;
}
