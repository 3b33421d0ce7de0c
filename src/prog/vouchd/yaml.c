// SPDX-License-Identifier: ISC
// YAML by libyaml (places, unknown keys) and libcyaml (values): the only file that calls either.
#include "prog/vouchd/yaml.h"

#include <cyaml/cyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/mem.h"
#include "base/str.h"

#define PATH_TEXT_MAX 128
#define DEPTH_MAX 3

static int wrong(const char *name, size_t line, const char *path, struct vouch_fault *fault,
                 const char *what) {
    const char *gap = path[0] != '\0' ? ": " : "";
    if (line == 0) {
        return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_config, "%s: %s%s%s", name,
                               path, gap, what);
    }
    return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_config, "%s:%zu: %s%s%s", name,
                           line, path, gap, what);
}

static size_t find_key(const struct vouch_yaml_form *form, const char *path) {
    size_t i = 0;
    while (i < form->key_count && strcmp(form->keys[i].path, path) != 0) {
        i++;
    }
    return i;
}

size_t vouch_yaml_line(const struct vouch_yaml *yaml, const char *path) {
    size_t at = find_key(yaml->form, path);
    return at < yaml->form->key_count ? yaml->places[at].line : 0;
}

int vouch_yaml_fault(const struct vouch_yaml *yaml, const char *path, struct vouch_fault *fault,
                     const char *format, ...) {
    char what[400];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return wrong(yaml->name, vouch_yaml_line(yaml, path), path, fault, what);
}

// ----- places: what libcyaml does not tell -----

struct walk {
    struct vouch_yaml *yaml;
    yaml_document_t *document;
    struct vouch_fault *fault;
};

// The names that may stand in the same group, for "did you mean".
static const char *nearest_of_group(const struct vouch_yaml_form *form, const char *prefix,
                                    const char *typed) {
    const char *names[VOUCH_YAML_KEYS_MAX + 1] = {0};
    size_t count = 0, prefix_len = strlen(prefix);
    for (size_t i = 0; i < form->key_count; i++) {
        const char *path = form->keys[i].path;
        if (strncmp(path, prefix, prefix_len) == 0 && strchr(path + prefix_len, '.') == NULL) {
            names[count++] = path + prefix_len;
        }
    }
    return vouch_str_nearest(typed, names);
}

static int unknown_key(const struct walk *walk, const char *prefix, const char *key, size_t line) {
    char shown[PATH_TEXT_MAX];
    (void)snprintf(shown, sizeof shown, "%s%s", prefix, key);
    const char *near = nearest_of_group(walk->yaml->form, prefix, key);
    int err = wrong(walk->yaml->name, line, shown, walk->fault, "there is no such key");
    return near != NULL ? vouch_fault_next(walk->fault, "Did you mean %s%s?", prefix, near) : err;
}

static int walk_mapping(const struct walk *walk, yaml_node_t *node, const char *prefix,
                        unsigned depth);

static int walk_pair(const struct walk *walk, const yaml_node_pair_t *pair, const char *prefix,
                     unsigned depth) {
    yaml_node_t *key = yaml_document_get_node(walk->document, pair->key);
    yaml_node_t *value = yaml_document_get_node(walk->document, pair->value);
    size_t line = key->start_mark.line + 1;
    if (key->type != YAML_SCALAR_NODE) {
        return wrong(walk->yaml->name, line, prefix, walk->fault, "a key must be a plain word");
    }
    const char *name = (const char *)key->data.scalar.value;
    char path[PATH_TEXT_MAX];
    int len = snprintf(path, sizeof path, "%s%s", prefix, name);
    size_t at = find_key(walk->yaml->form, path);
    if (at == walk->yaml->form->key_count || (size_t)len >= sizeof path ||
        strlen(name) != key->data.scalar.length) {
        return unknown_key(walk, prefix, name, line);
    }
    struct vouch_yaml_place *place = &walk->yaml->places[at];
    if (place->line != 0) {
        char what[64];
        (void)snprintf(what, sizeof what, "is given twice, first in line %zu", place->line);
        return wrong(walk->yaml->name, line, path, walk->fault, what);
    }
    *place = (struct vouch_yaml_place){line, key->start_mark.column + 1};
    if (value->type != YAML_MAPPING_NODE || depth + 1 >= DEPTH_MAX) {
        return VOUCH_OK; // libcyaml judges what it is
    }
    (void)snprintf(path + len, sizeof path - (size_t)len, ".");
    return walk_mapping(walk, value, path, depth + 1);
}

static int walk_mapping(const struct walk *walk, yaml_node_t *node, const char *prefix,
                        unsigned depth) {
    int err = VOUCH_OK;
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top && err == VOUCH_OK; pair++) {
        err = walk_pair(walk, pair, prefix, depth);
    }
    return err;
}

static int syntax_fault(const struct vouch_yaml *yaml, const yaml_parser_t *parser,
                        struct vouch_fault *fault) {
    char what[256];
    (void)snprintf(what, sizeof what, "is not YAML: %s%s%s",
                   parser->context != NULL ? parser->context : "",
                   parser->context != NULL ? ", " : "",
                   parser->problem != NULL ? parser->problem : "out of memory");
    return wrong(yaml->name, parser->problem_mark.line + 1, "", fault, what);
}

static int check_one_document(const struct vouch_yaml *yaml, yaml_parser_t *parser,
                              struct vouch_fault *fault) {
    yaml_document_t second;
    if (!yaml_parser_load(parser, &second)) {
        return syntax_fault(yaml, parser, fault);
    }
    const yaml_node_t *root = yaml_document_get_root_node(&second);
    size_t line = root != NULL ? root->start_mark.line + 1 : 0;
    yaml_document_delete(&second);
    return root == NULL ? VOUCH_OK : wrong(yaml->name, line, "", fault, "a second document begins");
}

static int find_places(struct vouch_yaml *yaml, yaml_parser_t *parser, struct vouch_fault *fault) {
    yaml_document_t document;
    if (!yaml_parser_load(parser, &document)) {
        return syntax_fault(yaml, parser, fault);
    }
    yaml_node_t *root = yaml_document_get_root_node(&document);
    const struct walk walk = {yaml, &document, fault};
    int err = VOUCH_OK;
    if (root != NULL && root->type != YAML_MAPPING_NODE) {
        err = wrong(yaml->name, root->start_mark.line + 1, "", fault,
                    "must be lines of the form KEY: VALUE");
    } else if (root != NULL) {
        err = walk_mapping(&walk, root, "", 0);
    }
    yaml_document_delete(&document);
    return err == VOUCH_OK && root != NULL ? check_one_document(yaml, parser, fault) : err;
}

// ----- values -----

// What libcyaml says while it fails: the keys from the inside out.
struct complaint {
    char path[PATH_TEXT_MAX];
    size_t line;
};

static void note_field(struct complaint *complaint, const char *field, size_t line) {
    char path[2 * PATH_TEXT_MAX];
    size_t len = strcspn(field, "'");
    (void)snprintf(path, sizeof path, "%.*s%s%s", (int)(len < PATH_TEXT_MAX / 2 ? len : 0), field,
                   complaint->path[0] != '\0' ? "." : "", complaint->path);
    path[PATH_TEXT_MAX - 1] = '\0'; // no key of ours is so long
    memcpy(complaint->path, path, PATH_TEXT_MAX);
    complaint->line = complaint->line != 0 ? complaint->line : line;
}

__attribute__((format(printf, 3, 0))) static void listen_to(cyaml_log_t level, void *context,
                                                            const char *format, va_list args) {
    static const char field[] = "in mapping field '";
    char text[512];
    (void)level;
    (void)vsnprintf(text, sizeof text, format, args);
    const char *at = strstr(text, field);
    const char *line = strstr(text, "(line: ");
    if (at != NULL && line != NULL) {
        note_field(context, at + sizeof field - 1, (size_t)strtoul(line + 7, NULL, 10));
    }
}

static cyaml_config_t configure(struct complaint *complaint) {
    return (cyaml_config_t){.log_fn = listen_to,
                            .log_ctx = complaint,
                            .log_level = CYAML_LOG_ERROR,
                            .mem_fn = cyaml_mem,
                            .flags = CYAML_CFG_NO_ALIAS};
}

static const char *expected(enum vouch_yaml_kind kind) {
    static const char *const words[] = {
        [VOUCH_YAML_TEXT] = "must be one value",
        [VOUCH_YAML_LIST] = "must be a list of values, such as [A, B]",
        [VOUCH_YAML_GROUP] = "must be a group of keys",
    };
    return words[kind];
}

static int value_fault(const struct vouch_yaml *yaml, cyaml_err_t err,
                       const struct complaint *complaint, struct vouch_fault *fault) {
    size_t at = find_key(yaml->form, complaint->path);
    int known = at < yaml->form->key_count;
    size_t line = known ? yaml->places[at].line : complaint->line;
    switch ((int)err) {
    case CYAML_ERR_OOM:
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "%s: no memory",
                               yaml->name);
    case CYAML_ERR_ALIAS:
        return wrong(yaml->name, line, complaint->path, fault,
                     "an alias (*NAME) is not allowed; write the value itself");
    case CYAML_ERR_SEQUENCE_ENTRIES_MAX:
        return wrong(yaml->name, line, complaint->path, fault, "has too many entries");
    case CYAML_ERR_STRING_LENGTH_MAX:
        return wrong(yaml->name, line, complaint->path, fault, "is too long");
    case CYAML_ERR_INVALID_VALUE:
        return wrong(yaml->name, line, complaint->path, fault,
                     known ? expected(yaml->form->keys[at].kind) : "is not of the right kind");
    default:
        return wrong(yaml->name, line, complaint->path, fault, cyaml_strerror(err));
    }
}

static int load_values(struct vouch_yaml *yaml, struct vouch_bytes text,
                       struct vouch_fault *fault) {
    struct complaint complaint = {0};
    const cyaml_config_t config = configure(&complaint);
    cyaml_data_t *data = NULL;
    cyaml_err_t err = cyaml_load_data(text.ptr, text.len, &config, yaml->form->schema, &data, NULL);
    if (err != CYAML_OK) {
        return value_fault(yaml, err, &complaint, fault);
    }
    yaml->data = data;
    return VOUCH_OK;
}

int vouch_yaml_parse(const struct vouch_yaml_form *form, const char *name, struct vouch_bytes text,
                     struct vouch_yaml *ret_yaml, struct vouch_fault *fault) {
    struct vouch_yaml yaml = {.form = form, .name = name};
    text.ptr = text.len > 0 ? text.ptr : (const uint8_t *)""; // neither library takes NULL
    // A NUL would end a value where nobody sees it.
    if (memchr(text.ptr, '\0', text.len) != NULL) {
        return wrong(name, 0, "", fault, "holds a NUL byte");
    }
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "%s: no memory",
                               name);
    }
    yaml_parser_set_input_string(&parser, text.ptr, text.len);
    int err = find_places(&yaml, &parser, fault);
    yaml_parser_delete(&parser);
    if (err == VOUCH_OK) {
        err = load_values(&yaml, text, fault);
    }
    if (err == VOUCH_OK) {
        *ret_yaml = yaml;
    }
    return err;
}

void vouch_yaml_done(struct vouch_yaml *yaml) {
    if (yaml != NULL && yaml->data != NULL) {
        struct complaint complaint = {0};
        const cyaml_config_t config = configure(&complaint);
        (void)cyaml_free(&config, yaml->form->schema, yaml->data, 0);
        yaml->data = NULL;
    }
}
