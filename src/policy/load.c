// SPDX-License-Identifier: ISC
// Policy files, read by libyaml: the only file that calls it.
//
// A file becomes a small tree with the line of every key and value, held to depth and kind as it grows:
// no aliases, anchors or tags, no key twice. Then tables say which keys a zone, user, group, role and
// host has. Whether the values will do is for vouch_policy_new().
#include "policy/load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#define DEPTH_MAX 6u
#define TEXT_MAX 4000u
#define KEYS_MAX 20u // of one thing

enum section { ZONES = 0, USERS, GROUPS, ROLES, HOSTS, SECTIONS };

struct things {
    char *items;
    size_t count;
    size_t cap;
};

struct vouch_policy_draft {
    struct vouch_arena arena; // of texts and lists
    struct things things[SECTIONS];
    struct vouch_policy_content content;
};

int vouch_policy_draft_new(struct vouch_policy_draft **ret_draft, struct vouch_fault *fault) {
    struct vouch_policy_draft *draft = calloc(1, sizeof *draft);
    if (draft == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "policy: there is no memory for it");
    }
    *ret_draft = draft;
    return VOUCH_OK;
}

void vouch_policy_draft_free(struct vouch_policy_draft *draft) {
    if (draft != NULL) {
        for (size_t i = 0; i < SECTIONS; i++) {
            free(draft->things[i].items);
        }
        vouch_arena_done(&draft->arena);
        free(draft);
    }
}

const struct vouch_policy_content *vouch_policy_draft_content(struct vouch_policy_draft *draft) {
    const struct things *things = draft->things;
    draft->content = (struct vouch_policy_content){
        .zones = (const void *)things[ZONES].items,
        .zone_count = things[ZONES].count,
        .users = (const void *)things[USERS].items,
        .user_count = things[USERS].count,
        .groups = (const void *)things[GROUPS].items,
        .group_count = things[GROUPS].count,
        .roles = (const void *)things[ROLES].items,
        .role_count = things[ROLES].count,
        .hosts = (const void *)things[HOSTS].items,
        .host_count = things[HOSTS].count,
    };
    return &draft->content;
}

// ----- the tree -----

enum node_kind { SCALAR = 0, SEQUENCE, MAPPING };

struct node {
    enum node_kind kind;
    size_t line;
    struct vouch_bytes text; // of a scalar, with a NUL behind it
    struct vouch_bytes key;  // in a mapping
    size_t key_line;
    struct node *first;
    struct node *next;
    size_t count; // of those in it
};

struct reading {
    struct vouch_policy_draft *draft;
    const char *file; // of the draft's arena
    struct vouch_fault *fault;
    struct vouch_arena tree;
    yaml_parser_t parser;
    const char *path; // for messages: "roles.dba.", or "" at the top
};

__attribute__((format(printf, 4, 5))) static int wrong(const struct reading *reading, size_t line,
                                                       const char *key, const char *format, ...) {
    char what[300];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    size_t path_len = strlen(reading->path);
    int bare = key[0] == '\0'; // then the path stands without its last dot
    return vouch_fault_set(reading->fault, VOUCH_ERR_FORMAT, &vouch_fault_input,
                           "%.150s:%zu: %.*s%.80s%s%s", reading->file, line,
                           (int)(bare && path_len > 0 ? path_len - 1 : path_len), reading->path,
                           key, bare && path_len == 0 ? "" : ": ", what);
}

static int no_memory(const struct reading *reading) {
    return vouch_fault_set(reading->fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                           "%s: there is no memory for all that it holds", reading->file);
}

static int next_event(struct reading *reading, yaml_event_t *event) {
    yaml_parser_t *parser = &reading->parser;
    if (yaml_parser_parse(parser, event)) {
        return VOUCH_OK;
    }
    if (parser->error == YAML_MEMORY_ERROR) {
        return no_memory(reading);
    }
    return wrong(reading, parser->problem_mark.line + 1, "", "is not YAML: %s%s%s",
                 parser->context != NULL ? parser->context : "",
                 parser->context != NULL ? ", " : "",
                 parser->problem != NULL ? parser->problem : "cannot be read");
}

static int copy_scalar(struct reading *reading, const yaml_event_t *event, size_t line,
                       struct vouch_bytes *ret_text) {
    size_t len = event->data.scalar.length;
    if (len > TEXT_MAX) {
        return wrong(reading, line, "", "a value is longer than %u characters", TEXT_MAX);
    }
    if (memchr(event->data.scalar.value, 0, len) != NULL) {
        return wrong(reading, line, "", "a value holds a NUL byte");
    }
    uint8_t *copy = vouch_arena_alloc(&reading->draft->arena, len + 1);
    if (copy == NULL) {
        return no_memory(reading);
    }
    memcpy(copy, event->data.scalar.value, len);
    *ret_text = (struct vouch_bytes){copy, len};
    return VOUCH_OK;
}

// Features of YAML that make a file say other than it looks.
static int check_plain(const struct reading *reading, const yaml_event_t *event, size_t line) {
    const yaml_char_t *anchor = NULL, *tag = NULL;
    switch ((int)event->type) {
    case YAML_ALIAS_EVENT:
        return wrong(reading, line, "", "an alias (*NAME) is not allowed: write the value itself");
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
        break;
    default:
        return wrong(reading, line, "", "a value is missing");
    }
    return anchor != NULL || tag != NULL
               ? wrong(reading, line, "", "an anchor (&NAME) or tag (!NAME) is not allowed")
               : VOUCH_OK;
}

static int read_node(struct reading *reading, const yaml_event_t *event, unsigned depth,
                     struct node **ret_node);

static int read_item(struct reading *reading, unsigned depth, struct node **ret_node,
                     int *ret_end) {
    yaml_event_t event;
    int err = next_event(reading, &event);
    if (err != VOUCH_OK) {
        return err;
    }
    *ret_end = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
    err = *ret_end ? VOUCH_OK : read_node(reading, &event, depth, ret_node);
    yaml_event_delete(&event);
    return err;
}

static int read_sequence(struct reading *reading, struct node *node, unsigned depth) {
    struct node **tail = &node->first;
    int end = 0;
    int err = read_item(reading, depth, tail, &end);
    while (err == VOUCH_OK && !end) {
        tail = &(*tail)->next;
        node->count++;
        err = read_item(reading, depth, tail, &end);
    }
    return err;
}

static int check_new_key(const struct reading *reading, const struct node *node,
                         const struct node *key) {
    if (key->kind != SCALAR) {
        return wrong(reading, key->line, "", "a key must be a plain word");
    }
    if (node->count >= 64) {
        return wrong(reading, key->line, "", "there are too many keys in one place");
    }
    for (const struct node *old = node->first; old != NULL; old = old->next) {
        if (vouch_bytes_equal(old->key, key->text)) {
            return wrong(reading, key->line, (const char *)key->text.ptr,
                         "is given twice, first in line %zu", old->key_line);
        }
    }
    return VOUCH_OK;
}

static int read_mapping(struct reading *reading, struct node *node, unsigned depth) {
    struct node **tail = &node->first;
    struct node *key = NULL, *value = NULL;
    int end = 0;
    int err = read_item(reading, depth, &key, &end);
    while (err == VOUCH_OK && !end) {
        err = check_new_key(reading, node, key);
        err = err == VOUCH_OK ? read_item(reading, depth, &value, &end) : err;
        if (err != VOUCH_OK || end) {
            break;
        }
        value->key = key->text;
        value->key_line = key->line;
        *tail = value;
        tail = &value->next;
        node->count++;
        err = read_item(reading, depth, &key, &end);
    }
    return err;
}

static int read_node(struct reading *reading, const yaml_event_t *event, unsigned depth,
                     struct node **ret_node) {
    size_t line = event->start_mark.line + 1;
    int err = check_plain(reading, event, line);
    if (err != VOUCH_OK) {
        return err;
    }
    struct node *node = vouch_arena_alloc(&reading->tree, sizeof *node);
    if (node == NULL) {
        return no_memory(reading);
    }
    node->line = line;
    if (event->type == YAML_SCALAR_EVENT) {
        err = copy_scalar(reading, event, line, &node->text);
    } else if (depth == 0) {
        err = wrong(reading, line, "", "lists and groups are nested too deeply");
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        node->kind = SEQUENCE;
        err = read_sequence(reading, node, depth - 1);
    } else {
        node->kind = MAPPING;
        err = read_mapping(reading, node, depth - 1);
    }
    if (err == VOUCH_OK) {
        *ret_node = node;
    }
    return err;
}

// The one document of a file; *ret_root stays NULL if there is none. Any event beside it ends in a
// fault, whatever comes.
static int read_document(struct reading *reading, struct node **ret_root) {
    int done = 0, err = VOUCH_OK;
    while (err == VOUCH_OK && !done) {
        yaml_event_t event;
        err = next_event(reading, &event);
        if (err != VOUCH_OK) {
            return err;
        }
        size_t line = event.start_mark.line + 1;
        switch ((int)event.type) {
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
            break;
        case YAML_DOCUMENT_START_EVENT:
            err = *ret_root != NULL ? wrong(reading, line, "", "a second document begins here")
                                    : VOUCH_OK;
            break;
        case YAML_STREAM_END_EVENT:
            done = 1;
            break;
        default:
            err = read_node(reading, &event, DEPTH_MAX, ret_root);
            break;
        }
        yaml_event_delete(&event);
    }
    return err;
}

// ----- what the keys are -----

enum shape { TEXT = 0, LIST, LABELS, DURATION, COUNT, MOMENT, WORD, APPROVAL };

struct key_row {
    const char *key; // NULL behind the last
    enum shape shape;
    size_t at;
    const char *const *words; // of a WORD, by value, ended by NULL
};

static const char *const principal_words[] = {"role", "login", NULL};
static const char *const state_words[] = {"disabled", "enabled", NULL};
static const char *const need_words[] = {"optional", "required", NULL};
static const char *const glass_words[] = {"no", "yes", NULL};

#define ZONE(field) offsetof(struct vouch_policy_zone, field)
#define USER(field) offsetof(struct vouch_policy_user, field)
#define GROUP(field) offsetof(struct vouch_policy_group, field)
#define ROLE(field) offsetof(struct vouch_policy_role, field)
#define HOST(field) offsetof(struct vouch_policy_host, field)

static const struct key_row zone_keys[] = {
    {"name", TEXT, ZONE(name), NULL},
    {"patterns", LIST, ZONE(patterns), NULL},
    {"principals", WORD, ZONE(principals), principal_words},
    {"max_ttl", DURATION, ZONE(max_ttl_s), NULL},
    {0},
};

static const struct key_row user_keys[] = {
    {"name", TEXT, USER(name), NULL},
    {"login", TEXT, USER(login), NULL},
    {"state", WORD, USER(state), state_words},
    {"until", MOMENT, USER(until_s), NULL},
    {0},
};

static const struct key_row group_keys[] = {
    {"name", TEXT, GROUP(name), NULL},
    {"members", LIST, GROUP(members), NULL},
    {0},
};

static const struct key_row role_keys[] = {
    {"name", TEXT, ROLE(name), NULL},
    {"zone", TEXT, ROLE(zone), NULL},
    {"members", LIST, ROLE(members), NULL},
    {"hosts", LIST, ROLE(hosts), NULL},
    {"logins", LIST, ROLE(logins), NULL},
    {"max_ttl", DURATION, ROLE(max_ttl_s), NULL},
    {"extensions", LIST, ROLE(extensions), NULL},
    {"key_types", LIST, ROLE(key_types), NULL},
    {"source_address", LIST, ROLE(sources), NULL},
    {"force_command", TEXT, ROLE(force_command), NULL},
    {"verify", WORD, ROLE(verify), need_words},
    {"reason", WORD, ROLE(reason), need_words},
    {"second_factor", DURATION, ROLE(second_factor_age_s), NULL},
    {"approval", APPROVAL, 0, NULL},
    {"break_glass", WORD, ROLE(break_glass), glass_words},
    {"from", MOMENT, ROLE(from_s), NULL},
    {"until", MOMENT, ROLE(until_s), NULL},
    {0},
};

static const struct key_row approval_keys[] = {
    {"by", LIST, ROLE(by), NULL},
    {"count", COUNT, ROLE(approval_count), NULL},
    {0},
};

static const struct key_row host_keys[] = {
    {"name", TEXT, HOST(name), NULL},
    {"zone", TEXT, HOST(zone), NULL},
    {"labels", LABELS, HOST(labels), NULL},
    {0},
};

// What a thing is before its keys are read.
static const struct vouch_policy_zone new_zone = {.principals = VOUCH_POLICY_BY_ROLE};
static const struct vouch_policy_user new_user = {.state = VOUCH_POLICY_USER_ENABLED};
static const struct vouch_policy_group new_group = {.members = {0}};
static const struct vouch_policy_role new_role = {.reason = VOUCH_POLICY_OPTIONAL};
static const struct vouch_policy_host new_host = {.labels = {0}};

struct section_row {
    const char *word;
    const struct key_row *keys;
    const void *fresh;
    size_t size;
    size_t place_at;
};

static const struct section_row sections[SECTIONS] = {
    [ZONES] = {"zones", zone_keys, &new_zone, sizeof new_zone, ZONE(place)},
    [USERS] = {"users", user_keys, &new_user, sizeof new_user, USER(place)},
    [GROUPS] = {"groups", group_keys, &new_group, sizeof new_group, GROUP(place)},
    [ROLES] = {"roles", role_keys, &new_role, sizeof new_role, ROLE(place)},
    [HOSTS] = {"hosts", host_keys, &new_host, sizeof new_host, HOST(place)},
};

// ----- values -----

static int mistyped(const struct reading *reading, const struct node *node,
                    const struct key_row *keys) {
    const char *names[KEYS_MAX + 1] = {0};
    for (size_t i = 0; keys[i].key != NULL; i++) {
        names[i] = keys[i].key;
    }
    const char *key = (const char *)node->key.ptr;
    int err = wrong(reading, node->key_line, key, "there is no such key");
    const char *near = vouch_str_nearest(key, names);
    if (near != NULL && reading->fault != NULL) {
        (void)vouch_fault_next(reading->fault, "Did you mean %s?", near);
    }
    return err;
}

static int as_duration(const struct reading *reading, const struct node *node, void *to) {
    uint64_t value;
    if (vouch_duration_parse(node->text, &value) != VOUCH_OK) {
        return wrong(reading, node->line, (const char *)node->key.ptr,
                     "\"%.60s\" is not a length of time, such as 8h, 30m or 1h30m",
                     (const char *)node->text.ptr);
    }
    memcpy(to, &value, sizeof value);
    return VOUCH_OK;
}

static int as_count(const struct reading *reading, const struct node *node, void *to) {
    uint64_t value;
    if (vouch_str_to_u64(node->text, &value) != VOUCH_OK) {
        return wrong(reading, node->line, (const char *)node->key.ptr, "\"%.60s\" is not a number",
                     (const char *)node->text.ptr);
    }
    memcpy(to, &value, sizeof value);
    return VOUCH_OK;
}

// Only UTC: any other would read differently on another machine.
static int as_moment(const struct reading *reading, const struct node *node, void *to) {
    uint64_t value;
    struct vouch_bytes text = node->text;
    if (text.len != strlen("2026-11-22T10:45:38Z") || text.ptr[text.len - 1] != 'Z' ||
        text.ptr[10] != 'T' || vouch_time_parse(text, &value) != VOUCH_OK || value == 0) {
        return wrong(reading, node->line, (const char *)node->key.ptr,
                     "\"%.60s\" is not a time as 2026-11-22T10:45:38Z is", (const char *)text.ptr);
    }
    memcpy(to, &value, sizeof value);
    return VOUCH_OK;
}

static int as_word(const struct reading *reading, const struct node *node,
                   const struct key_row *row, void *to) {
    for (unsigned i = 0; row->words[i] != NULL; i++) {
        if (vouch_bytes_equal(node->text, vouch_bytes_of(row->words[i]))) {
            memcpy(to, &i, sizeof i);
            return VOUCH_OK;
        }
    }
    return wrong(reading, node->line, row->key, "\"%.60s\" is neither \"%s\" nor \"%s\"",
                 (const char *)node->text.ptr, row->words[0], row->words[1]);
}

static int join_label(struct reading *reading, const struct node *label,
                      struct vouch_bytes *ret_text) {
    size_t len = label->key.len + 1 + label->text.len;
    uint8_t *text = vouch_arena_alloc(&reading->draft->arena, len + 1);
    if (text == NULL) {
        return no_memory(reading);
    }
    memcpy(text, label->key.ptr, label->key.len);
    text[label->key.len] = '=';
    memcpy(text + label->key.len + 1, label->text.ptr, label->text.len);
    *ret_text = (struct vouch_bytes){text, len};
    return VOUCH_OK;
}

static int as_list(struct reading *reading, const struct node *node, const struct key_row *row,
                   void *to) {
    struct vouch_arena *arena = &reading->draft->arena;
    struct vouch_bytes *items = vouch_arena_alloc(arena, (node->count + 1) * sizeof *items);
    uint32_t *lines = vouch_arena_alloc(arena, (node->count + 1) * sizeof *lines);
    if (items == NULL || lines == NULL) {
        return no_memory(reading);
    }
    size_t at = 0;
    int err = VOUCH_OK;
    for (const struct node *item = node->first; item != NULL && err == VOUCH_OK;
         item = item->next) {
        if (item->kind != SCALAR) {
            return wrong(reading, item->line, row->key, "holds something that is not one value");
        }
        items[at] = item->text;
        lines[at] = (uint32_t)item->line;
        err = row->shape == LABELS ? join_label(reading, item, &items[at]) : VOUCH_OK;
        at++;
    }
    const struct vouch_policy_names names = {items, lines, node->count};
    memcpy(to, &names, sizeof names);
    return err;
}

static int read_keys(struct reading *reading, const struct node *node, const struct key_row *keys,
                     char *thing);

static int as_approval(struct reading *reading, const struct node *node, char *role) {
    static const uint64_t one = 1;
    char path[256];
    const char *outer = reading->path;
    (void)snprintf(path, sizeof path, "%sapproval.", outer);
    // Whoever names approvers and no count means one of them.
    memcpy(role + ROLE(approval_count), &one, sizeof one);
    reading->path = path;
    int err = read_keys(reading, node, approval_keys, role);
    reading->path = outer;
    return err;
}

// What a value of each shape must be.
static const struct {
    enum node_kind kind;
    const char *otherwise;
} forms[] = {
    [TEXT] = {SCALAR, "must be one value"},
    [LIST] = {SEQUENCE, "must be a list, such as [A, B]"},
    [LABELS] = {MAPPING, "must be a group of KEY: VALUE"},
    [DURATION] = {SCALAR, "must be a length of time, such as 8h"},
    [COUNT] = {SCALAR, "must be a number"},
    [MOMENT] = {SCALAR, "must be a time, such as 2026-11-22T10:45:38Z"},
    [WORD] = {SCALAR, "must be one word"},
    [APPROVAL] = {MAPPING, "must be a group of keys: by, count"},
};

static int read_value(struct reading *reading, const struct node *node, const struct key_row *row,
                      char *thing) {
    void *to = thing + row->at;
    if (node->kind != forms[row->shape].kind) {
        return wrong(reading, node->line, row->key, "%s", forms[row->shape].otherwise);
    }
    switch (row->shape) {
    case TEXT:
        if (node->text.len == 0) {
            return wrong(reading, node->line, row->key, "is empty");
        }
        memcpy(to, &node->text, sizeof node->text);
        return VOUCH_OK;
    case DURATION:
        return as_duration(reading, node, to);
    case COUNT:
        return as_count(reading, node, to);
    case MOMENT:
        return as_moment(reading, node, to);
    case WORD:
        return as_word(reading, node, row, to);
    case APPROVAL:
        return as_approval(reading, node, thing);
    case LIST:
    case LABELS:
        break;
    }
    return as_list(reading, node, row, to);
}

static int read_keys(struct reading *reading, const struct node *node, const struct key_row *keys,
                     char *thing) {
    int err = VOUCH_OK;
    for (const struct node *value = node->first; value != NULL && err == VOUCH_OK;
         value = value->next) {
        const struct key_row *row = keys;
        while (row->key != NULL && !vouch_bytes_equal(value->key, vouch_bytes_of(row->key))) {
            row++;
        }
        err = row->key == NULL ? mistyped(reading, value, keys)
                               : read_value(reading, value, row, thing);
    }
    return err;
}

// ----- things -----

static int note_place(struct reading *reading, const struct node *node,
                      const struct section_row *section, char *thing) {
    struct vouch_policy_key_line *lines =
        vouch_arena_alloc(&reading->draft->arena, (node->count + 1) * sizeof *lines);
    if (lines == NULL) {
        return no_memory(reading);
    }
    size_t count = 0;
    for (const struct node *value = node->first; value != NULL; value = value->next) {
        lines[count++] = (struct vouch_policy_key_line){(const char *)value->key.ptr, value->line};
    }
    const struct vouch_policy_place place = {reading->file, node->line, lines, count};
    memcpy(thing + section->place_at, &place, sizeof place);
    return VOUCH_OK;
}

static char *room_for(struct things *things, size_t size) {
    if (things->count == things->cap) {
        size_t cap = things->cap == 0 ? 16 : things->cap * 2;
        char *grown = reallocarray(things->items, cap, size);
        if (grown == NULL) {
            return NULL;
        }
        things->items = grown;
        things->cap = cap;
    }
    return things->items + things->count++ * size;
}

static const char *name_in(const struct node *node) {
    for (const struct node *value = node->first; value != NULL; value = value->next) {
        if (value->kind == SCALAR && vouch_bytes_equal(value->key, vouch_bytes_of("name"))) {
            return (const char *)value->text.ptr;
        }
    }
    return NULL;
}

static int read_thing(struct reading *reading, const struct node *node, enum section at) {
    const struct section_row *section = &sections[at];
    if (node->kind != MAPPING) {
        return wrong(reading, node->line, section->word, "each entry must be a group of keys");
    }
    const char *name = name_in(node);
    if (name == NULL) {
        return wrong(reading, node->line, section->word, "an entry has no name");
    }
    char *thing = room_for(&reading->draft->things[at], section->size);
    if (thing == NULL) {
        return no_memory(reading);
    }
    memcpy(thing, section->fresh, section->size);
    char path[128];
    (void)snprintf(path, sizeof path, "%s.%.80s.", section->word, name);
    reading->path = path;
    int err = note_place(reading, node, section, thing);
    err = err == VOUCH_OK ? read_keys(reading, node, section->keys, thing) : err;
    reading->path = "";
    return err;
}

static int read_section(struct reading *reading, const struct node *node) {
    struct key_row words[SECTIONS + 1] = {{0}}; // for "did you mean"
    for (size_t i = 0; i < SECTIONS; i++) {
        words[i].key = sections[i].word;
    }
    size_t at = 0;
    while (at < SECTIONS && !vouch_bytes_equal(node->key, vouch_bytes_of(sections[at].word))) {
        at++;
    }
    if (at == SECTIONS) {
        return mistyped(reading, node, words);
    }
    if (node->kind != SEQUENCE) {
        return wrong(reading, node->line, sections[at].word, "must be a list of entries (- name:)");
    }
    int err = VOUCH_OK;
    for (const struct node *item = node->first; item != NULL && err == VOUCH_OK;
         item = item->next) {
        err = read_thing(reading, item, (enum section)at);
    }
    return err;
}

static int read_all(struct reading *reading) {
    struct node *root = NULL;
    int err = read_document(reading, &root);
    if (err != VOUCH_OK || root == NULL) {
        return err;
    }
    if (root->kind != MAPPING) {
        return wrong(reading, root->line, "",
                     "must hold zones:, users:, groups:, roles: or hosts:");
    }
    for (const struct node *node = root->first; node != NULL && err == VOUCH_OK;
         node = node->next) {
        err = read_section(reading, node);
    }
    return err;
}

int vouch_policy_draft_read(struct vouch_policy_draft *draft, const char *name,
                            struct vouch_bytes text, struct vouch_fault *fault) {
    struct reading reading = {.draft = draft, .file = name, .fault = fault, .path = ""};
    if (text.len > VOUCH_POLICY_FILE_MAX) {
        return vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_size,
                               "%s: is larger than 16 MiB", name);
    }
    struct vouch_bytes own_name;
    if (vouch_arena_copy(&draft->arena,
                         (struct vouch_bytes){(const uint8_t *)name, strlen(name) + 1},
                         &own_name) != VOUCH_OK ||
        !yaml_parser_initialize(&reading.parser)) {
        return no_memory(&reading);
    }
    reading.file = (const char *)own_name.ptr;
    yaml_parser_set_encoding(&reading.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reading.parser, text.len > 0 ? text.ptr : (const uint8_t *)"",
                                 text.len);
    int err = read_all(&reading);
    yaml_parser_delete(&reading.parser);
    vouch_arena_done(&reading.tree);
    return err;
}
