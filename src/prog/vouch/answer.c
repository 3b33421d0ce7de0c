// SPDX-License-Identifier: ISC
// What a server answered: see answer.h.
#include "prog/vouch/answer.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/out-item.h"

#define PATH_TEXT_MAX 4096
#define PAGE 200
#define LIMIT_DEFAULT 100
#define TEXT_SHOWN_MAX 2000

const char *vouch_answer_text(const struct json_t *object, const char *member) {
    return json_string_value(json_object_get(object, member));
}

uint64_t vouch_answer_u64(const struct json_t *object, const char *member) {
    uint64_t number = 0;
    const char *text = vouch_answer_text(object, member);
    return text != NULL && vouch_str_to_u64(vouch_bytes_of(text), &number) == 0 ? number : 0;
}

void vouch_answer_item(struct vouch_item *item, const struct json_t *object) {
    const char *key;
    json_t *value;
    // Jansson's walk takes no const object, though it changes nothing.
    json_t *walked = (json_t *)(uintptr_t)object;
    json_object_foreach(walked, key, value) {
        if (strcmp(key, "schema") != 0) {
            vouch_item_json(item, key, value);
        }
    }
}

// Lists

struct pages {
    struct vouch_reach *reach;
    const char *path;
    const struct vouch_list_spec *spec;
    vouch_answer_keep_fn *keep;
    uint64_t limit; // rows still wanted
    int all;
    struct vouch_list *list;
    char *cursor; // owned; NULL: the first page, or the last one was had
};

static int read_limit(struct pages *pages, struct vouch_fault *fault) {
    const char *text = vouch_args_value(&pages->reach->cli->args, "limit");
    pages->limit = LIMIT_DEFAULT;
    int err = text != NULL ? vouch_args_number("limit", text, &pages->limit, fault) : 0;
    pages->all = pages->limit == 0;
    return err;
}

static int ask_page(const struct pages *pages, json_t **ret_page, struct vouch_fault *fault) {
    char text[PATH_TEXT_MAX], number[24];
    struct vouch_buf path;
    uint64_t count = pages->all || pages->limit > PAGE ? PAGE : pages->limit;
    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)count);
    vouch_buf_init_fixed(&path, text, sizeof text - 1);
    vouch_buf_put_text(&path, pages->path);
    vouch_api_query(&path, "limit", number);
    vouch_api_query(&path, "cursor", pages->cursor);
    if (path.err != 0) {
        return vouch_usage(fault, "the question is longer than a server takes");
    }
    text[path.len] = '\0';
    const struct vouch_api_ask ask = {.path = text};
    return vouch_api_ask_json(pages->reach->api, &ask, pages->spec->schema, ret_page, fault);
}

static int take_page(struct pages *pages, const json_t *page, struct vouch_fault *fault) {
    const json_t *items = json_object_get(page, "items");
    const char *next = vouch_answer_text(page, "next");
    if (!json_is_array(items)) {
        return vouch_api_bad_answer(pages->reach->api, fault, "%s: there are no items in it",
                                    pages->path);
    }
    size_t count = json_array_size(items);
    for (size_t i = 0; i < count && (pages->all || pages->limit > 0); i++) {
        const json_t *row = json_array_get(items, i);
        if (pages->keep != NULL && !pages->keep(row)) {
            continue;
        }
        vouch_answer_item(vouch_list_row(pages->list), row);
        pages->limit -= !pages->all;
    }
    // A cursor that does not move would be asked for without end.
    int stuck = next != NULL && pages->cursor != NULL && strcmp(next, pages->cursor) == 0;
    free(pages->cursor);
    pages->cursor = next != NULL ? strdup(next) : NULL;
    return stuck ? vouch_api_bad_answer(pages->reach->api, fault,
                                        "%s: a page names itself as the next one", pages->path)
                 : 0;
}

static int walk(struct pages *pages, struct vouch_fault *fault) {
    int err = 0;
    do {
        json_t *page = NULL;
        err = ask_page(pages, &page, fault);
        if (err == 0) {
            err = take_page(pages, page, fault);
        }
        json_decref(page);
    } while (err == 0 && pages->cursor != NULL && (pages->all || pages->limit > 0));
    return err;
}

int vouch_answer_list(struct vouch_reach *reach, const char *path,
                      const struct vouch_list_spec *spec, struct vouch_fault *fault) {
    return vouch_answer_list_kept(reach, path, spec, NULL, fault);
}

int vouch_answer_list_kept(struct vouch_reach *reach, const char *path,
                           const struct vouch_list_spec *spec, vouch_answer_keep_fn *keep,
                           struct vouch_fault *fault) {
    const struct vouch_cli *cli = reach->cli;
    struct pages pages = {.reach = reach, .path = path, .spec = spec, .keep = keep};
    int err = read_limit(&pages, fault);
    if (err == 0) {
        err = vouch_list_open(spec, &cli->args, &cli->term, &pages.list, fault);
    }
    if (err == 0) {
        err = walk(&pages, fault);
    }
    if (err == 0) {
        err = vouch_list_close(vouch_steal(pages.list), fault);
    }
    if (err == 0 && pages.cursor != NULL) {
        vouch_say(&cli->term, "there are more: --limit 0 shows all");
    }
    vouch_list_free(pages.list);
    free(pages.cursor);
    return err;
}

// One object

static int print_json(const struct json_t *object, enum vouch_form form,
                      struct vouch_fault *fault) {
    const char *schema = vouch_answer_text(object, "schema");
    struct vouch_item *item = vouch_item_new(schema != NULL ? schema : "");
    vouch_answer_item(item, object);
    int err = vouch_item_print(item, form, fault);
    vouch_item_free(item);
    return err;
}

int vouch_answer_object(const struct vouch_cli *cli, const struct json_t *object,
                        const struct vouch_column *lines, struct vouch_fault *fault) {
    enum vouch_form form = VOUCH_FORM_TABLE;
    int err = vouch_form_of_item(&cli->args, &form, fault);
    if (err != 0 || form != VOUCH_FORM_TABLE) {
        return err != 0 ? err : print_json(object, form, fault);
    }
    for (const struct vouch_column *line = lines; line->key != NULL; line++) {
        vouch_autofree char *text =
            vouch_item_json_text(line->key, json_object_get(object, line->key), &cli->term);
        if (text != NULL && text[0] != '\0') {
            (void)printf("%s: %s\n", line->title, text);
        }
    }
    return 0;
}
