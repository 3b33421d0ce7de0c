// SPDX-License-Identifier: ISC
// Reading the texts of a table of settings.
#include "prog/vouchd/setting.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

void vouch_setting_keys(const struct vouch_setting *settings, size_t count,
                        struct vouch_yaml_key *ret_keys) {
    for (size_t i = 0; i < count; i++) {
        ret_keys[i] = (struct vouch_yaml_key){settings[i].path, settings[i].kind};
    }
}

int vouch_setting_fault(const struct vouch_setting_text *text, struct vouch_fault *fault,
                        const char *format, ...) {
    char what[400];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return vouch_yaml_fault(text->yaml, text->setting->path, fault, "%s", what);
}

static int store_within(const struct vouch_setting_text *text, int err, uint64_t value) {
    const struct vouch_setting *setting = text->setting;
    if (err == VOUCH_OK && value >= setting->min && value <= setting->max) {
        memcpy(text->into, &value, sizeof value);
        return VOUCH_OK;
    }
    return VOUCH_ERR_LIMIT;
}

int vouch_setting_number(const struct vouch_setting_text *text, struct vouch_fault *fault) {
    uint64_t value = 0;
    int err = vouch_str_to_u64(vouch_bytes_of(text->text), &value);
    // In YAML 1.1 a leading zero makes it octal, which nobody means here.
    err = text->text[0] == '0' && text->text[1] != '\0' ? VOUCH_ERR_FORMAT : err;
    if (store_within(text, err, value) == VOUCH_OK) {
        return VOUCH_OK;
    }
    return vouch_setting_fault(text, fault, "\"%s\" must be a number from %llu to %llu", text->text,
                               (unsigned long long)text->setting->min,
                               (unsigned long long)text->setting->max);
}

int vouch_setting_span(const struct vouch_setting_text *text, struct vouch_fault *fault) {
    uint64_t value = 0;
    int err = vouch_duration_parse(vouch_bytes_of(text->text), &value);
    if (store_within(text, err, value) == VOUCH_OK) {
        return VOUCH_OK;
    }
    char least[VOUCH_TIME_TEXT_MAX], most[VOUCH_TIME_TEXT_MAX];
    vouch_duration_text(text->setting->min, least);
    vouch_duration_text(text->setting->max, most);
    return vouch_setting_fault(text, fault,
                               "\"%s\" must be a span such as 8h or 30d, from %s to %s", text->text,
                               least, most);
}

// "64MiB": the number of KiB.
static int parse_size(const char *text, uint64_t *ret_kib) {
    static const struct {
        const char *name;
        uint64_t kib;
    } units[] = {{"KiB", 1}, {"MiB", 1024}};
    size_t digits = strspn(text, "0123456789");
    const struct vouch_bytes number = {(const uint8_t *)text, digits};
    uint64_t value = 0;
    if (text[0] == '0' || vouch_str_to_u64(number, &value) != VOUCH_OK || value > UINT32_MAX) {
        return VOUCH_ERR_FORMAT;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(text + digits, units[i].name) == 0) {
            *ret_kib = value * units[i].kib;
            return VOUCH_OK;
        }
    }
    return VOUCH_ERR_FORMAT;
}

int vouch_setting_size(const struct vouch_setting_text *text, struct vouch_fault *fault) {
    uint64_t value = 0;
    int err = parse_size(text->text, &value);
    if (store_within(text, err, value) == VOUCH_OK) {
        return VOUCH_OK;
    }
    return vouch_setting_fault(
        text, fault, "\"%s\" must be a size such as 64MiB, from %lluKiB to %lluKiB", text->text,
        (unsigned long long)text->setting->min, (unsigned long long)text->setting->max);
}

static void list_words(const char *const *words, char *out, size_t size) {
    size_t len = 0;
    for (size_t i = 0; words[i] != NULL && len < size; i++) {
        const char *gap = i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ";
        int more = snprintf(out + len, size - len, "%s%s", gap, words[i]);
        len += more > 0 ? (size_t)more : 0;
    }
}

int vouch_setting_choice(const struct vouch_setting_text *text, struct vouch_fault *fault) {
    const char *const *words = text->setting->words;
    for (unsigned i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], text->text) == 0) {
            memcpy(text->into, &i, sizeof i);
            return VOUCH_OK;
        }
    }
    char all[200] = "";
    list_words(words, all, sizeof all);
    int err = vouch_setting_fault(text, fault, "\"%s\" must be %s", text->text, all);
    const char *near = vouch_str_nearest(text->text, words);
    return near != NULL ? vouch_fault_next(fault, "Did you mean %s: %s?", text->setting->path, near)
                        : err;
}

int vouch_setting_word(const struct vouch_setting_text *text, struct vouch_fault *fault) {
    size_t len = strlen(text->text);
    if (len > text->setting->max) {
        return vouch_setting_fault(text, fault, "is longer than %llu characters",
                                   (unsigned long long)text->setting->max);
    }
    for (size_t i = 0; i < len; i++) {
        if (text->text[i] <= ' ' || text->text[i] > '~') {
            return vouch_setting_fault(text, fault, "\"%s\" must be printable ASCII without blanks",
                                       text->text);
        }
    }
    if (len < text->setting->min) {
        return vouch_setting_fault(text, fault, "is empty");
    }
    memcpy(text->into, text->text, len + 1);
    return VOUCH_OK;
}

int vouch_setting_path(const struct vouch_setting_text *text, struct vouch_fault *fault) {
    char path[PATH_MAX];
    int is_whole = text->text[0] == '/' || text->text[0] == '\0';
    int len = snprintf(path, sizeof path, "%s%s%s", is_whole ? "" : text->dir, is_whole ? "" : "/",
                       text->text);
    if (len < 0 || (size_t)len >= sizeof path) {
        return vouch_setting_fault(text, fault, "is a longer path than this system can have");
    }
    if ((size_t)len < text->setting->min) {
        return vouch_setting_fault(text, fault, "is empty");
    }
    memcpy(text->into, path, (size_t)len + 1);
    return VOUCH_OK;
}

// What a key holds by now: the texts of the file, or the default.
struct texts {
    const char *items[VOUCH_YAML_ITEMS_MAX];
    size_t count;
    char room[512]; // of the default's items
};

static void split_default(const char *otherwise, struct texts *texts) {
    (void)snprintf(texts->room, sizeof texts->room, "%s", otherwise);
    char *rest = NULL;
    for (char *item = strtok_r(texts->room, " ", &rest);
         item != NULL && texts->count < VOUCH_YAML_ITEMS_MAX; item = strtok_r(NULL, " ", &rest)) {
        texts->items[texts->count++] = item;
    }
}

static void find_list(const struct vouch_setting_job *job, const struct vouch_setting *setting,
                      struct texts *texts) {
    const char *raw = (const char *)job->yaml->data + setting->raw;
    if (vouch_yaml_line(job->yaml, setting->path) == 0) {
        split_default(setting->otherwise, texts);
        return;
    }
    char **items = NULL;
    unsigned count = 0;
    memcpy(&items, raw, sizeof items);
    memcpy(&count, raw + sizeof items, sizeof count);
    for (unsigned i = 0; i < count && i < VOUCH_YAML_ITEMS_MAX; i++) {
        texts->items[texts->count++] = items[i] != NULL ? items[i] : "";
    }
}

static void find_texts(const struct vouch_setting_job *job, const struct vouch_setting *setting,
                       struct texts *texts) {
    if (setting->kind == VOUCH_YAML_LIST) {
        find_list(job, setting, texts);
        return;
    }
    char *text = NULL;
    if (vouch_yaml_line(job->yaml, setting->path) != 0) {
        memcpy(&text, (const char *)job->yaml->data + setting->raw, sizeof text);
        text = text != NULL ? text : (char *)(uintptr_t) "";
    }
    texts->items[0] = text != NULL ? text : setting->otherwise;
    texts->count = 1;
}

static void explain(const struct vouch_setting_job *job, const struct vouch_setting *setting,
                    const struct texts *texts) {
    size_t line = vouch_yaml_line(job->yaml, setting->path);
    int is_list = setting->kind == VOUCH_YAML_LIST;
    (void)fprintf(job->explain, "%s: %s", setting->path, is_list ? "[" : "");
    for (size_t i = 0; i < texts->count; i++) {
        char shown[VOUCH_YAML_ITEM_TEXT_MAX];
        vouch_str_escape_to(vouch_bytes_of(texts->items[i]), shown, sizeof shown);
        (void)fprintf(job->explain, "%s%s", i > 0 ? ", " : "", shown);
    }
    (void)fprintf(job->explain, "%s", is_list ? "]" : "");
    if (line != 0) {
        (void)fprintf(job->explain, "  # %s:%zu\n", job->yaml->name, line);
    } else {
        (void)fprintf(job->explain, "  # default\n");
    }
}

static int apply_one(const struct vouch_setting_job *job, const struct vouch_setting *setting,
                     struct vouch_fault *fault) {
    struct texts texts = {0};
    find_texts(job, setting, &texts);
    struct vouch_setting_text text = {.yaml = job->yaml, .setting = setting, .dir = job->dir};
    text.into = (char *)job->into + (setting->kind == VOUCH_YAML_LIST ? 0 : setting->into);
    for (size_t i = 0; i < texts.count; i++) {
        text.text = texts.items[i];
        int err = setting->read(&text, fault);
        if (err != VOUCH_OK) {
            return err;
        }
    }
    if (job->explain != NULL) {
        explain(job, setting, &texts);
    }
    return VOUCH_OK;
}

int vouch_settings_apply(const struct vouch_setting_job *job, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; i < job->count && err == VOUCH_OK; i++) {
        if (job->settings[i].kind != VOUCH_YAML_GROUP) {
            err = apply_one(job, &job->settings[i], fault);
        }
    }
    return err;
}
