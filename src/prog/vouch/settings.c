// SPDX-License-Identifier: ISC
// The settings of the client: see settings.h.
#include "prog/vouch/settings.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/home.h"

#define SETTINGS_MAX 65536
#define KEY_LINE_MAX 32768
#define SCHEMA "vouch.server/1"

void vouch_settings_done(struct vouch_settings *settings) {
    if (settings != NULL) {
        free(settings->url);
        free(settings->pin);
        free(settings->ca_file);
        free(settings->token_file);
        free(settings->name);
        vouch_key_free(settings->user_ca);
        vouch_key_free(settings->host_ca);
        vouch_key_free(settings->checkpoint_key);
        *settings = (struct vouch_settings){0};
    }
}

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

int vouch_settings_path(char ret_path[static PATH_MAX], struct vouch_fault *fault) {
    return vouch_home_path(&vouch_home_config, "/vouch/server.json", ret_path, fault);
}

// Reading

static int take_text(const json_t *json, const char *member, char **ret_text) {
    const char *text = json_string_value(json_object_get(json, member));
    if (text == NULL) {
        return 0;
    }
    *ret_text = strdup(text);
    return *ret_text != NULL ? 0 : VOUCH_ERR_NO_MEMORY;
}

static int take_key(const json_t *json, const char *member, struct vouch_key **ret_key) {
    const char *line =
        json_string_value(json_object_get(json_object_get(json, member), "public_key"));
    struct vouch_buf blob;
    struct vouch_bytes comment;
    struct vouch_where where;
    if (line == NULL) {
        return VOUCH_ERR_FORMAT;
    }
    vouch_buf_init(&blob, KEY_LINE_MAX);
    int err = vouch_key_line_decode(vouch_bytes_of(line), &blob, &comment, &where);
    if (err == 0) {
        err = vouch_key_parse(vouch_buf_bytes(&blob), ret_key, &where);
    }
    vouch_buf_done(&blob);
    return err;
}

int vouch_settings_keys(const struct json_t *json, struct vouch_settings *settings,
                        const char **ret_member) {
    struct {
        const char *member;
        struct vouch_key **key;
    } keys[] = {
        {"user_ca", &settings->user_ca},
        {"host_ca", &settings->host_ca},
        {"checkpoint_key", &settings->checkpoint_key},
    };
    *ret_member = "name";
    int err = take_text(json, "name", &settings->name);
    if (err != 0 || settings->name == NULL) {
        return err != 0 ? err : VOUCH_ERR_FORMAT;
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        *ret_member = keys[i].member;
        err = take_key(json, keys[i].member, keys[i].key);
        if (err != 0) {
            return err == VOUCH_ERR_NO_MEMORY ? err : VOUCH_ERR_FORMAT;
        }
    }
    return 0;
}

static int take_all(const json_t *json, struct vouch_settings *settings, const char **ret_member) {
    struct {
        const char *member;
        char **text;
    } texts[] = {
        {"url", &settings->url},
        {"pin", &settings->pin},
        {"ca_file", &settings->ca_file},
        {"token_file", &settings->token_file},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *ret_member = texts[i].member;
        int err = take_text(json, texts[i].member, texts[i].text);
        if (err != 0) {
            return err;
        }
    }
    *ret_member = "url";
    return settings->url != NULL ? vouch_settings_keys(json, settings, ret_member)
                                 : VOUCH_ERR_FORMAT;
}

static int parse(const char *path, struct vouch_bytes text, struct vouch_settings *settings,
                 struct vouch_fault *fault) {
    const char *member = "schema";
    json_t *json = text.len == 0
                       ? NULL
                       : json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    const char *schema = json_string_value(json_object_get(json, "schema"));
    int err = VOUCH_ERR_FORMAT;
    if (schema != NULL && strcmp(schema, SCHEMA) == 0) {
        err = take_all(json, settings, &member);
    }
    json_decref(json);
    if (err == 0 || err == VOUCH_ERR_NO_MEMORY) {
        return err == 0 ? 0 : no_memory(fault);
    }
    vouch_fault_set(fault, err, &vouch_fault_input, "%s: %s is missing or wrong", path, member);
    return vouch_fault_next(fault, "vouch server unset, and then vouch server set again");
}

int vouch_settings_read(struct vouch_settings *ret_settings, struct vouch_fault *fault) {
    char path[PATH_MAX];
    struct vouch_settings settings = {0};
    vouch_autosecret struct vouch_secret text = {0};
    int err = vouch_settings_path(path, fault);
    if (err != 0) {
        return err;
    }
    // No secret, but whom this user trusts: nobody else may have written it.
    err = vouch_io_read_secret(path, SETTINGS_MAX, VOUCH_IO_PRIVATE, &text, fault);
    if (err == 0) {
        err = parse(path, vouch_secret_bytes(&text), &settings, fault);
    }
    if (err != 0) {
        vouch_settings_done(&settings);
        return err;
    }
    *ret_settings = settings;
    return 0;
}

// Writing

static json_t *key_object(const struct vouch_key *key) {
    struct vouch_buf line;
    vouch_buf_init(&line, KEY_LINE_MAX);
    vouch_key_print(key, NULL, &line);
    json_t *object = line.err == 0 ? json_object() : NULL;
    json_t *text = object != NULL ? json_stringn((const char *)line.ptr, line.len) : NULL;
    vouch_buf_done(&line);
    if (text == NULL || json_object_set_new(object, "public_key", text) != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

// Nonzero if it was set, or there is nothing to set.
static int put_text(json_t *json, const char *member, const char *text) {
    return text == NULL || json_object_set_new(json, member, json_string(text)) == 0;
}

static char *print(const struct vouch_settings *settings) {
    json_t *json = json_object();
    int good =
        json != NULL && put_text(json, "schema", SCHEMA) && put_text(json, "url", settings->url) &&
        put_text(json, "pin", settings->pin) && put_text(json, "ca_file", settings->ca_file) &&
        put_text(json, "token_file", settings->token_file) &&
        put_text(json, "name", settings->name) &&
        json_object_set_new(json, "user_ca", key_object(settings->user_ca)) == 0 &&
        json_object_set_new(json, "host_ca", key_object(settings->host_ca)) == 0 &&
        json_object_set_new(json, "checkpoint_key", key_object(settings->checkpoint_key)) == 0;
    char *text = good ? json_dumps(json, JSON_INDENT(2) | JSON_ENSURE_ASCII) : NULL;
    json_decref(json);
    return text;
}

int vouch_settings_write(const struct vouch_settings *settings, struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_settings_path(path, fault);
    if (err == 0) {
        err = vouch_home_make_folders(path, fault);
    }
    if (err != 0) {
        return err;
    }
    vouch_autofree char *text = print(settings);
    vouch_autofree char *line = NULL;
    if (text == NULL || asprintf(&line, "%s\n", text) < 0) {
        line = NULL;
        return no_memory(fault);
    }
    const struct vouch_io_file file = {.path = path, .mode = 0600, .existing = VOUCH_IO_REPLACE};
    return vouch_io_write(&file, vouch_bytes_of(line), fault);
}

int vouch_settings_remove(struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_settings_path(path, fault);
    if (err != 0 || unlink(path) == 0) {
        return err;
    }
    if (errno == ENOENT) {
        vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_server_unknown,
                        "no server is set: there is no %s", path);
        return vouch_fault_next(fault, "nothing has to be done");
    }
    return vouch_io_write_fault(path, fault);
}
