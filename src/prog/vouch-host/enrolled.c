// SPDX-License-Identifier: ISC
// What the agent remembers: see enrolled.h.
#include "prog/vouch-host/enrolled.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"

#define FILE_MAX 65536
#define SECRET_MAX 128
#define SECRET_LEN (7 + 43)
#define SCHEMA "vouch.agent/1"

void vouch_enrolled_done(struct vouch_enrolled *enrolled) {
    if (enrolled == NULL) {
        return;
    }
    free(enrolled->url);
    free(enrolled->pin);
    free(enrolled->ca_file);
    free(enrolled->ca_name);
    vouch_key_free(enrolled->checkpoint_key);
    free(enrolled->why);
    free(enrolled->name);
    free(enrolled->zone);
    for (size_t i = 0; i < enrolled->alias_count; i++) {
        free(enrolled->aliases[i]);
    }
    for (size_t i = 0; i < enrolled->label_count; i++) {
        free(enrolled->labels[i]);
    }
    free(enrolled->failure);
    free(enrolled->failure_code);
    *enrolled = (struct vouch_enrolled){0};
}

int vouch_enrolled_set(char **text, const char *value) {
    char *copy = value != NULL ? strdup(value) : NULL;
    if (value != NULL && copy == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    free(*text);
    *text = copy;
    return 0;
}

void vouch_enrolled_failing(struct vouch_enrolled *enrolled, const struct vouch_fault *fault,
                            uint64_t now_s) {
    if (fault == NULL) {
        enrolled->failing_since_s = 0;
        (void)!vouch_enrolled_set(&enrolled->failure, NULL);
        (void)!vouch_enrolled_set(&enrolled->failure_code, NULL);
        return;
    }
    enrolled->failing_since_s = enrolled->failing_since_s != 0 ? enrolled->failing_since_s : now_s;
    // Without memory for the words, the moment alone says that something fails.
    (void)!vouch_enrolled_set(&enrolled->failure, fault->text);
    (void)!vouch_enrolled_set(&enrolled->failure_code, fault->kind->code);
}

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

// Members: the same table reads and writes.

static const char *const state_words[] = {
    [VOUCH_ENROLLED_WAITING] = "waiting",
    [VOUCH_ENROLLED_ACTIVE] = "active",
    [VOUCH_ENROLLED_BARRED] = "barred",
};

struct text_member {
    const char *name;
    char **text;
};
#define TEXTS(enrolled)                                                                            \
    {                                                                                              \
        {"url", &(enrolled)->url}, {"pin", &(enrolled)->pin}, {"ca_file", &(enrolled)->ca_file},   \
            {"ca_name", &(enrolled)->ca_name}, {"why", &(enrolled)->why},                          \
            {"name", &(enrolled)->name}, {"zone", &(enrolled)->zone},                              \
            {"failure", &(enrolled)->failure}, {"failure_code", &(enrolled)->failure_code},        \
    }

struct number_member {
    const char *name;
    uint64_t *number;
};
#define NUMBERS(enrolled)                                                                          \
    {                                                                                              \
        {"generation", &(enrolled)->generation}, {"enrolled", &(enrolled)->enrolled_s},            \
            {"renewed", &(enrolled)->renewed_s}, {"contact", &(enrolled)->contact_s},              \
            {"failing_since", &(enrolled)->failing_since_s},                                       \
    }
#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

// 64-bit numbers stand as strings, as everywhere.
static int take_number(const json_t *json, const char *name, uint64_t *ret_number) {
    const char *text = json_string_value(json_object_get(json, name));
    return text == NULL ? VOUCH_ERR_FORMAT : vouch_str_to_u64(vouch_bytes_of(text), ret_number);
}

static int take_list(const json_t *json, const char *name, char **list, size_t *ret_count) {
    const json_t *array = json_object_get(json, name);
    size_t count = json_array_size(array);
    if (!json_is_array(array) || count > VOUCH_ENROLLED_NAMES_MAX) {
        return VOUCH_ERR_FORMAT;
    }
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(array, i));
        if (text == NULL) {
            return VOUCH_ERR_FORMAT;
        }
        int err = vouch_enrolled_set(&list[i], text);
        if (err != 0) {
            return err;
        }
        *ret_count = i + 1;
    }
    return 0;
}

static int take_checkpoint_key(const json_t *json, struct vouch_enrolled *enrolled) {
    const char *line = json_string_value(json_object_get(json, "checkpoint_key"));
    struct vouch_buf blob;
    struct vouch_bytes comment;
    if (line == NULL) {
        return VOUCH_ERR_FORMAT;
    }
    vouch_buf_init(&blob, VOUCH_KEY_BLOB_MAX);
    int err = vouch_key_line_decode(vouch_bytes_of(line), &blob, &comment, NULL);
    if (err == 0) {
        err = vouch_key_parse(vouch_buf_bytes(&blob), &enrolled->checkpoint_key, NULL);
    }
    vouch_buf_done(&blob);
    return err;
}

static int take_state(const json_t *json, enum vouch_enrolled_state *ret_state) {
    const char *word = json_string_value(json_object_get(json, "state"));
    for (size_t i = VOUCH_ENROLLED_WAITING; word != NULL && i < COUNT(state_words); i++) {
        if (strcmp(word, state_words[i]) == 0) {
            *ret_state = (enum vouch_enrolled_state)i;
            return 0;
        }
    }
    return VOUCH_ERR_FORMAT;
}

static int take_texts(const json_t *json, struct vouch_enrolled *enrolled) {
    const struct text_member texts[] = TEXTS(enrolled);
    for (size_t i = 0; i < COUNT(texts); i++) {
        const json_t *value = json_object_get(json, texts[i].name);
        if (value != NULL && !json_is_string(value)) {
            return VOUCH_ERR_FORMAT;
        }
        if (vouch_enrolled_set(texts[i].text, json_string_value(value)) != 0) {
            return VOUCH_ERR_NO_MEMORY;
        }
    }
    int whole = enrolled->url != NULL && enrolled->ca_name != NULL && enrolled->name != NULL;
    return whole ? 0 : VOUCH_ERR_FORMAT;
}

static int take(const json_t *json, struct vouch_enrolled *enrolled) {
    const char *schema = json_string_value(json_object_get(json, "schema"));
    const json_t *clock = json_object_get(json, "clock_ms");
    int err = schema != NULL && strcmp(schema, SCHEMA) == 0 && json_is_integer(clock)
                  ? take_texts(json, enrolled)
                  : VOUCH_ERR_FORMAT;
    const struct number_member numbers[] = NUMBERS(enrolled);
    for (size_t i = 0; err == 0 && i < COUNT(numbers); i++) {
        err = take_number(json, numbers[i].name, numbers[i].number);
    }
    if (err == 0) {
        enrolled->clock_ms = json_integer_value(clock);
        err = take_state(json, &enrolled->state);
    }
    if (err == 0) {
        err = take_checkpoint_key(json, enrolled);
    }
    if (err == 0) {
        err = take_list(json, "aliases", enrolled->aliases, &enrolled->alias_count);
    }
    return err == 0 ? take_list(json, "labels", enrolled->labels, &enrolled->label_count) : err;
}

static int not_enrolled(struct vouch_fault *fault) {
    vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_not_enrolled,
                    "this host is not enrolled");
    (void)vouch_fault_next(fault, "vouch-host enrol https://SERVER --token-file FILE");
    return VOUCH_ERR_NOT_FOUND;
}

// The file of the agent's folder, opened as itself and nothing that somebody put in its place.
static int open_file(int folder, const char *name, struct vouch_fault *fault) {
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        int err = errno == ENOENT ? VOUCH_ERR_NOT_FOUND : VOUCH_ERR_IO;
        vouch_fault_set(fault, err, &vouch_fault_read, "%s of the agent: cannot read, %s", name,
                        strerror(errno));
        return -1;
    }
    return fd;
}

static int read_file(int folder, const char *name, size_t max, struct vouch_buf *out,
                     struct vouch_fault *fault) {
    vouch_autoclose int fd = open_file(folder, name, fault);
    if (fd < 0) {
        return fault->err;
    }
    for (;;) {
        uint8_t block[4096];
        ssize_t got = read(fd, block, sizeof block);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 || out->len + (size_t)got > max) {
            vouch_wipe(block, sizeof block);
            return vouch_fault_set(fault, got < 0 ? VOUCH_ERR_IO : VOUCH_ERR_LIMIT,
                                   got < 0 ? &vouch_fault_read : &vouch_fault_size,
                                   "%s of the agent: cannot be read whole", name);
        }
        vouch_buf_put(out, (struct vouch_bytes){block, (size_t)got});
        vouch_wipe(block, sizeof block);
        if (got == 0 || out->err != 0) {
            return out->err == 0 ? 0 : no_memory(fault);
        }
    }
}

int vouch_enrolled_read(int folder, struct vouch_enrolled *ret_enrolled,
                        struct vouch_fault *fault) {
    struct vouch_enrolled enrolled = {0};
    struct vouch_fault why = {0};
    struct vouch_buf text;
    vouch_buf_init(&text, FILE_MAX);
    int err = read_file(folder, VOUCH_ENROLLED_FILE, FILE_MAX, &text, &why);
    if (err != 0) {
        vouch_buf_done(&text);
        if (fault != NULL) {
            *fault = why;
        }
        return err == VOUCH_ERR_NOT_FOUND ? not_enrolled(fault) : err;
    }
    json_t *json = text.len == 0
                       ? NULL
                       : json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    err = take(json, &enrolled);
    json_decref(json);
    vouch_buf_done(&text);
    if (err != 0) {
        vouch_enrolled_done(&enrolled);
        return err == VOUCH_ERR_NO_MEMORY
                   ? no_memory(fault)
                   : vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_agent_file,
                                     "%s is not what this program wrote", VOUCH_ENROLLED_FILE);
    }
    *ret_enrolled = enrolled;
    return 0;
}

// Writing

static int put_text(json_t *json, const char *name, const char *text) {
    return text == NULL ? 0 : json_object_set_new(json, name, json_string(text));
}

static int put_number(json_t *json, const char *name, uint64_t number) {
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    return json_object_set_new(json, name, json_string(text));
}

static int put_list(json_t *json, const char *name, char *const *list, size_t count) {
    json_t *array = json_array();
    int bad = 0;
    for (size_t i = 0; i < count; i++) {
        bad |= json_array_append_new(array, json_string(list[i]));
    }
    return json_object_set_new(json, name, array) | bad;
}

static int put_checkpoint_key(json_t *json, const struct vouch_key *key) {
    struct vouch_buf line;
    vouch_buf_init(&line, 2 * VOUCH_KEY_BLOB_MAX);
    vouch_key_print(key, NULL, &line);
    int bad =
        line.err != 0 || json_object_set_new(json, "checkpoint_key",
                                             json_stringn((const char *)line.ptr, line.len)) != 0;
    vouch_buf_done(&line);
    return bad;
}

// NULL when memory is short.
static char *print(const struct vouch_enrolled *enrolled) {
    struct vouch_enrolled copy = *enrolled; // the table wants places to write to
    const struct text_member texts[] = TEXTS(&copy);
    const struct number_member numbers[] = NUMBERS(&copy);
    json_t *json = json_object();
    int bad = put_text(json, "schema", SCHEMA);
    bad |= put_text(json, "state", state_words[enrolled->state]);
    for (size_t i = 0; i < COUNT(texts); i++) {
        bad |= put_text(json, texts[i].name, *texts[i].text);
    }
    for (size_t i = 0; i < COUNT(numbers); i++) {
        bad |= put_number(json, numbers[i].name, *numbers[i].number);
    }
    bad |= json_object_set_new(json, "clock_ms", json_integer(enrolled->clock_ms));
    bad |= put_checkpoint_key(json, enrolled->checkpoint_key);
    bad |= put_list(json, "aliases", enrolled->aliases, enrolled->alias_count);
    bad |= put_list(json, "labels", enrolled->labels, enrolled->label_count);
    char *text = bad == 0 ? json_dumps(json, JSON_INDENT(2) | JSON_ENSURE_ASCII) : NULL;
    json_decref(json);
    return text;
}

static int write_fault(const char *name, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_write,
                           "%s of the agent: cannot write, %s", name, strerror(errno));
}

static int fill(int folder, const char *fresh, struct vouch_bytes content) {
    vouch_autoclose int fd =
        openat(folder, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || fchmod(fd, 0600) != 0) {
        return VOUCH_ERR_IO;
    }
    int err = vouch_io_write_all(fd, content);
    return err == 0 && fsync(fd) != 0 ? VOUCH_ERR_IO : err;
}

static int write_file(int folder, const char *name, struct vouch_bytes content,
                      struct vouch_fault *fault) {
    char fresh[64];
    (void)snprintf(fresh, sizeof fresh, "%s.new", name);
    if (fill(folder, fresh, content) != 0 || renameat(folder, fresh, folder, name) != 0 ||
        fsync(folder) != 0) {
        int err = write_fault(name, fault);
        (void)unlinkat(folder, fresh, 0);
        return err;
    }
    return 0;
}

int vouch_enrolled_write(int folder, const struct vouch_enrolled *enrolled,
                         struct vouch_fault *fault) {
    vouch_autofree char *text = print(enrolled);
    if (text == NULL) {
        return no_memory(fault);
    }
    return write_file(folder, VOUCH_ENROLLED_FILE, vouch_bytes_of(text), fault);
}

// The secret

static int is_secret(struct vouch_bytes text) {
    int good = text.len == SECRET_LEN && memcmp(text.ptr, "vouchm_", 7) == 0;
    for (size_t i = 7; good && i < text.len; i++) {
        uint8_t c = text.ptr[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    }
    return good;
}

static int bad_secret(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_agent_file,
                           "%s is not the secret of a host", VOUCH_ENROLLED_SECRET);
}

int vouch_enrolled_secret_read(int folder, struct vouch_secret *ret_secret,
                               struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret memory = {0};
    struct vouch_secret secret = {0};
    struct vouch_buf text;
    struct vouch_fault why = {0};
    if (vouch_secret_new(SECRET_MAX, &memory) != 0) {
        return no_memory(fault);
    }
    vouch_buf_init_fixed(&text, memory.ptr, memory.len);
    int err = read_file(folder, VOUCH_ENROLLED_SECRET, SECRET_MAX, &text, &why);
    if (err != 0) {
        if (fault != NULL) {
            *fault = why;
        }
        return err;
    }
    struct vouch_bytes line = vouch_str_trim(vouch_buf_bytes(&text));
    if (!is_secret(line)) {
        return bad_secret(fault);
    }
    if (vouch_secret_new(line.len, &secret) != 0) {
        return no_memory(fault);
    }
    memcpy(secret.ptr, line.ptr, line.len);
    *ret_secret = secret;
    return 0;
}

int vouch_enrolled_secret_write(int folder, struct vouch_bytes secret, struct vouch_fault *fault) {
    return is_secret(secret) ? write_file(folder, VOUCH_ENROLLED_SECRET, secret, fault)
                             : bad_secret(fault);
}

int vouch_enrolled_forget(int folder, struct vouch_fault *fault) {
    // The secret first: what is left without it can do nothing.
    static const char *const names[] = {VOUCH_ENROLLED_SECRET, VOUCH_ENROLLED_FILE};
    for (size_t i = 0; i < COUNT(names); i++) {
        if (unlinkat(folder, names[i], 0) != 0 && errno != ENOENT) {
            return write_fault(names[i], fault);
        }
    }
    return fsync(folder) == 0 ? 0 : write_fault("the folder", fault);
}
