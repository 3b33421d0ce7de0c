// SPDX-License-Identifier: ISC
// Bodies of questions in JSON: see body.h.
#include "prog/vouch/body.h"

#include <jansson.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

void vouch_body_init(struct vouch_body *body) {
    *body = (struct vouch_body){.json = json_object()};
}

void vouch_body_done(struct vouch_body *body) {
    json_decref(body->json);
    body->json = NULL;
}

static void put(struct vouch_body *body, const char *member, json_t *take_value) {
    body->bad |= json_object_set_new(body->json, member, take_value) != 0;
}

void vouch_body_text(struct vouch_body *body, const char *member, const char *text) {
    if (text != NULL) {
        put(body, member, json_string(text));
    }
}

void vouch_body_number(struct vouch_body *body, const char *member, uint64_t number) {
    if (number > 0) {
        put(body, member, json_integer((json_int_t)number));
    }
}

void vouch_body_list(struct vouch_body *body, const char *member, const struct vouch_args *args,
                     const char *option) {
    size_t cursor = 0;
    const char *value;
    json_t *list = json_array();
    while ((value = vouch_args_next(args, option, &cursor)) != NULL) {
        struct vouch_bytes rest = vouch_bytes_of(value);
        while (rest.ptr != NULL) {
            struct vouch_bytes part = vouch_str_cut(&rest, ',');
            body->bad |=
                json_array_append_new(list, json_stringn((const char *)part.ptr, part.len)) != 0;
        }
    }
    if (json_array_size(list) > 0) {
        put(body, member, json_incref(list));
    }
    json_decref(list);
}

static int put_label(struct vouch_body *body, json_t *labels, struct vouch_bytes text,
                     const char *option, struct vouch_fault *fault) {
    struct vouch_bytes value = text;
    struct vouch_bytes key = vouch_str_cut(&value, '=');
    vouch_autofree char *name = vouch_str_copy(key);
    if (key.len == 0 || value.ptr == NULL || value.len == 0) {
        vouch_usage(fault, "--%s: \"%.*s\" is not KEY=VALUE", option, (int)text.len,
                    (const char *)text.ptr);
        return vouch_fault_next(fault, "write --%s tier=web", option);
    }
    if (name == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
    }
    if (json_object_get(labels, name) != NULL) {
        vouch_usage(fault, "--%s: %s is given twice", option, name);
        return vouch_fault_next(fault, "a host has one value of each label");
    }
    body->bad |=
        json_object_set_new(labels, name, json_stringn((const char *)value.ptr, value.len)) != 0;
    return 0;
}

int vouch_body_labels(struct vouch_body *body, const char *member, const struct vouch_args *args,
                      const char *option, struct vouch_fault *fault) {
    size_t cursor = 0;
    const char *value;
    int err = 0;
    json_t *labels = json_object();
    while (err == 0 && (value = vouch_args_next(args, option, &cursor)) != NULL) {
        struct vouch_bytes rest = vouch_bytes_of(value);
        while (err == 0 && rest.ptr != NULL) {
            err = put_label(body, labels, vouch_str_cut(&rest, ','), option, fault);
        }
    }
    if (json_object_size(labels) > 0) {
        put(body, member, json_incref(labels));
    }
    json_decref(labels);
    return err;
}

int vouch_body_span(struct vouch_body *body, const char *member, const struct vouch_args *args,
                    const char *option, struct vouch_fault *fault) {
    const char *text = vouch_args_value(args, option);
    uint64_t seconds = 0;
    if (text != NULL && vouch_duration_parse(vouch_bytes_of(text), &seconds) != 0) {
        vouch_usage(fault, "--%s: \"%s\" is not a duration", option, text);
        return vouch_fault_next(fault, "write --%s 1h", option);
    }
    vouch_body_number(body, member, seconds);
    return 0;
}

int vouch_body_end(const struct vouch_body *body, char **ret_text, struct vouch_fault *fault) {
    char *text = body->bad ? NULL : json_dumps(body->json, JSON_COMPACT | JSON_ENSURE_ASCII);
    if (text == NULL) {
        vouch_usage(fault, "what the options say is not text in UTF-8");
        return vouch_fault_next(fault, "names and texts are sent in UTF-8");
    }
    *ret_text = text;
    return 0;
}
