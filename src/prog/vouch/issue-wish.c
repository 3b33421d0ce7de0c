// SPDX-License-Identifier: ISC
// What `vouch cert issue` asks for: see issue-wish.h.
#include "prog/vouch/issue-wish.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/time.h"
#include "core/cert-options.h"
#include "prog/vouch/cert-out.h"
#include "prog/vouch/load.h"
#include "vouch/wire.h"

#define VALUE_MAX (64u * 1024)
#define LINE_MAX_BYTES (64u * 1024)

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

void vouch_issue_wish_done(struct vouch_issue_wish *wish) {
    if (wish != NULL) {
        vouch_key_free(wish->key);
        free(wish->comment);
        free(wish->out);
        free(wish->principals);
        for (size_t i = 0; i < VOUCH_ISSUE_OPTIONS_MAX; i++) {
            vouch_buf_done(&wish->values[i]);
        }
    }
}

static int read_type(const struct vouch_args *args, struct vouch_issue_wish *wish,
                     struct vouch_fault *fault) {
    static const char *const words[] = {"user", "host", NULL};
    const char *word = args->operands[0];
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(word, words[i]) == 0) {
            wish->wish.type = i == 0 ? VOUCH_CERT_USER : VOUCH_CERT_HOST;
            return 0;
        }
    }
    vouch_usage(fault, "cert issue: \"%s\" is neither user nor host", word);
    return vouch_fault_next(fault, "write vouch cert issue user KEY.pub, or host KEY.pub");
}

static int read_principals(const struct vouch_args *args, struct vouch_issue_wish *wish,
                           struct vouch_fault *fault) {
    size_t cursor = 0, room = 1;
    const char *value;
    while ((value = vouch_args_next(args, "principals", &cursor)) != NULL) {
        for (room++; *value != '\0'; value++) {
            room += *value == ',';
        }
    }
    wish->principals = calloc(room, sizeof *wish->principals);
    if (wish->principals == NULL) {
        return no_memory(fault);
    }
    cursor = 0;
    while ((value = vouch_args_next(args, "principals", &cursor)) != NULL) {
        struct vouch_bytes rest = vouch_bytes_of(value);
        while (rest.ptr != NULL) {
            wish->principals[wish->wish.principal_count++] = vouch_str_cut(&rest, ',');
        }
    }
    wish->wish.principals = wish->principals;
    return 0;
}

static int unknown_option(struct vouch_bytes name, struct vouch_fault *fault) {
    const char *names[VOUCH_ISSUE_OPTIONS_MAX + 1] = {NULL};
    char text[80];
    vouch_str_escape_to(name, text, sizeof text);
    for (size_t i = 0; i < VOUCH_ISSUE_OPTIONS_MAX && vouch_cert_option_kinds[i].name != NULL;
         i++) {
        names[i] = vouch_cert_option_kinds[i].name;
    }
    return vouch_args_choice("option", text, names, fault) < 0 ? VOUCH_ERR_ARGUMENT : 0;
}

// NAME, or NAME=VALUE for the options that have one.
static int add_option(const char *text, struct vouch_issue_wish *wish, struct vouch_fault *fault) {
    struct vouch_bytes value = vouch_bytes_of(text);
    struct vouch_bytes name = vouch_str_cut(&value, '=');
    const struct vouch_cert_option_kind *kind = vouch_cert_option_kind_of(name);
    struct vouch_granted_wish *asked = &wish->wish;
    if (kind == NULL) {
        return unknown_option(name, fault);
    }
    if (kind->has_value != (value.ptr != NULL)) {
        return vouch_usage(fault, "--option %s: %s", kind->name,
                           kind->has_value ? "needs a value: NAME=VALUE" : "takes no value");
    }
    if (asked->critical_count + asked->extension_count == VOUCH_ISSUE_OPTIONS_MAX) {
        return vouch_usage(fault, "--option: more than %d options", VOUCH_ISSUE_OPTIONS_MAX);
    }
    struct vouch_cert_option option = {.name = vouch_bytes_of(kind->name)};
    if (kind->section == VOUCH_CERT_SECTION_EXTENSION) {
        wish->extensions[asked->extension_count++] = option;
        return 0;
    }
    struct vouch_buf *data = &wish->values[asked->critical_count];
    vouch_buf_init(data, VALUE_MAX);
    if (kind->has_value) {
        size_t mark = vouch_write_string_begin(data);
        vouch_buf_put(data, value);
        vouch_write_string_end(data, mark);
    }
    option.data = vouch_buf_bytes(data);
    wish->critical[asked->critical_count++] = option;
    return data->err == 0 ? 0
                          : vouch_usage(fault, "--option %s: the value is too long", kind->name);
}

static int compare_options(const void *a, const void *b) {
    const struct vouch_cert_option *first = a, *second = b;
    return vouch_bytes_compare(first->name, second->name);
}

static int read_options(const struct vouch_args *args, struct vouch_issue_wish *wish,
                        struct vouch_fault *fault) {
    size_t cursor = 0;
    const char *text;
    while ((text = vouch_args_next(args, "option", &cursor)) != NULL) {
        int err = add_option(text, wish, fault);
        if (err != 0) {
            return err;
        }
    }
    struct vouch_granted_wish *asked = &wish->wish;
    qsort(wish->critical, asked->critical_count, sizeof wish->critical[0], compare_options);
    qsort(wish->extensions, asked->extension_count, sizeof wish->extensions[0], compare_options);
    asked->critical = wish->critical;
    asked->extensions = wish->extensions;
    asked->any_extensions = asked->extension_count == 0;
    return 0;
}

static int read_ttl(const struct vouch_args *args, struct vouch_issue_wish *wish,
                    struct vouch_fault *fault) {
    const char *text = vouch_args_value(args, "ttl");
    if (text == NULL || vouch_duration_parse(vouch_bytes_of(text), &wish->wish.ttl_s) == 0) {
        return 0;
    }
    vouch_usage(fault, "--ttl: \"%s\" is not a duration", text);
    return vouch_fault_next(fault, "write --ttl 8h");
}

static int read_key(const struct vouch_cli *cli, struct vouch_issue_wish *wish,
                    struct vouch_fault *fault) {
    const char *out = vouch_args_value(&cli->args, "out");
    wish->path = cli->args.operands[1];
    if (strcmp(wish->path, "-") == 0 && out == NULL) {
        vouch_usage(fault, "the key comes from standard input, and --out FILE is missing");
        return vouch_fault_next(fault, "add --out FILE, or --out - for standard output");
    }
    int err = vouch_load_key(wish->path, &wish->key, &wish->comment, fault);
    if (err != 0) {
        return err;
    }
    wish->wish.key = wish->key;
    wish->out = out != NULL ? strdup(out) : vouch_cert_out_path(wish->path);
    return wish->out != NULL ? vouch_cert_out_check(&cli->args, wish->out, fault)
                             : no_memory(fault);
}

// What no server could grant is said before it is asked.
static int check_rules(const struct vouch_issue_wish *wish, struct vouch_fault *fault) {
    const struct vouch_granted_wish *asked = &wish->wish;
    struct vouch_where where = {0};
    const struct vouch_cert_spec spec = {
        .type = asked->type,
        .key = asked->key,
        .serial = 1,
        .key_id = asked->key_id.ptr != NULL ? asked->key_id : vouch_bytes_of("x"),
        .principals = asked->principals,
        .principal_count = asked->principal_count,
        .valid_after = 1,
        .valid_before = 2,
        .critical = asked->critical,
        .critical_count = asked->critical_count,
        .extensions = asked->extensions,
        .extension_count = asked->extension_count,
    };
    int err = vouch_cert_spec_check(&spec, &where);
    if (err == 0) {
        return 0;
    }
    int weak = where.field != NULL && strcmp(where.field, "public key") == 0;
    return vouch_fault_where(fault, err, weak ? &vouch_fault_key_weak : &vouch_fault_spec,
                             wish->path, &where);
}

int vouch_issue_wish_read(const struct vouch_cli *cli, struct vouch_issue_wish *wish,
                          struct vouch_fault *fault) {
    const struct vouch_args *args = &cli->args;
    *wish = (struct vouch_issue_wish){.wish = {.now_s = vouch_time_now_s()}};
    wish->wish.key_id = vouch_bytes_of(vouch_args_value(args, "id"));
    int err = read_type(args, wish, fault);
    if (err == 0) {
        err = read_principals(args, wish, fault);
    }
    if (err == 0) {
        err = read_options(args, wish, fault);
    }
    if (err == 0) {
        err = read_ttl(args, wish, fault);
    }
    if (err == 0) {
        err = read_key(cli, wish, fault);
    }
    return err == 0 ? check_rules(wish, fault) : err;
}

// As a question

static json_t *text_of(struct vouch_bytes text) {
    return json_stringn(text.len > 0 ? (const char *)text.ptr : "", text.len);
}

static json_t *options_of(const struct vouch_cert_option *options, size_t count) {
    json_t *object = json_object();
    for (size_t i = 0; object != NULL && i < count; i++) {
        struct vouch_bytes value = {0};
        // A flag has no data, and its value in JSON is the empty text.
        if (options[i].data.len > 0 && vouch_cert_option_value(&options[i], &value) != 0) {
            value = (struct vouch_bytes){0};
        }
        char name[80];
        vouch_str_escape_to(options[i].name, name, sizeof name);
        if (json_object_set_new(object, name, text_of(value)) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static json_t *key_of(const struct vouch_issue_wish *wish) {
    struct vouch_buf line;
    vouch_buf_init(&line, LINE_MAX_BYTES);
    vouch_key_print(wish->key, NULL, &line);
    json_t *text = line.err == 0 ? text_of(vouch_buf_bytes(&line)) : NULL;
    vouch_buf_done(&line);
    return text;
}

static json_t *principals_of(const struct vouch_granted_wish *wish) {
    json_t *list = json_array();
    for (size_t i = 0; list != NULL && i < wish->principal_count; i++) {
        if (json_array_append_new(list, text_of(wish->principals[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

char *vouch_issue_wish_json(const struct vouch_issue_wish *wish) {
    const struct vouch_granted_wish *asked = &wish->wish;
    json_t *json = json_object();
    int good =
        json_object_set_new(json, "type",
                            json_string(asked->type == VOUCH_CERT_HOST ? "host" : "user")) == 0 &&
        json_object_set_new(json, "public_key", key_of(wish)) == 0 &&
        json_object_set_new(json, "principals", principals_of(asked)) == 0;
    if (good && asked->key_id.ptr != NULL) {
        good = json_object_set_new(json, "key_id", text_of(asked->key_id)) == 0;
    }
    if (good && asked->ttl_s != 0) {
        good = json_object_set_new(json, "ttl_s", json_integer((json_int_t)asked->ttl_s)) == 0;
    }
    if (good && asked->critical_count > 0) {
        good = json_object_set_new(json, "critical_options",
                                   options_of(asked->critical, asked->critical_count)) == 0;
    }
    if (good && asked->extension_count > 0) {
        good = json_object_set_new(json, "extensions",
                                   options_of(asked->extensions, asked->extension_count)) == 0;
    }
    char *text = good ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    json_decref(json);
    return text;
}
