// SPDX-License-Identifier: ISC
// Files of settings, in YAML: read by libcyaml into a struct of texts, strictly, with a place for every
// key, so that whatever is wrong with a value later is said with its line.
//
// One document, which is a mapping of at most three levels; no anchors, no key twice, no key that nobody
// knows. Values are texts and lists of texts: what they mean is for the caller to read.
#pragma once

#include "base/fault.h"

#define VOUCH_YAML_MAX (64 * 1024) // bytes of a file
#define VOUCH_YAML_KEYS_MAX 48
#define VOUCH_YAML_ITEMS_MAX 32       // of a list
#define VOUCH_YAML_ITEM_TEXT_MAX 4000 // bytes of a text

enum vouch_yaml_kind { VOUCH_YAML_TEXT = 0, VOUCH_YAML_LIST, VOUCH_YAML_GROUP };

// A key that a file may have: "tls.certificate". A group's row comes before those of its keys.
struct vouch_yaml_key {
    const char *path;
    enum vouch_yaml_kind kind;
};

// Where a key stands.
struct vouch_yaml_place {
    size_t line;   // from 1; 0: the key is not in the file
    size_t column; // from 1
};

struct cyaml_schema_value;

// A kind of file. Constant.
struct vouch_yaml_form {
    const struct cyaml_schema_value *schema; // a pointer to a mapping
    const struct vouch_yaml_key *keys;
    size_t key_count; // at most VOUCH_YAML_KEYS_MAX
};

struct vouch_yaml {
    const struct vouch_yaml_form *form;
    const char *name; // of the file, for messages; borrowed
    void *data;       // as the schema says; NULL for a file without a key
    struct vouch_yaml_place places[VOUCH_YAML_KEYS_MAX]; // by key
};

// Reads the text of a file. The fault says "NAME:LINE: KEY: what is wrong". The caller ends *ret_yaml.
VOUCH_MUST_USE int vouch_yaml_parse(const struct vouch_yaml_form *form, const char *name,
                                    struct vouch_bytes text, struct vouch_yaml *ret_yaml,
                                    struct vouch_fault *fault);
void vouch_yaml_done(struct vouch_yaml *yaml);

// The line of a key, or 0 if it is not in the file. The key must be one of the form's.
size_t vouch_yaml_line(const struct vouch_yaml *yaml, const char *path);

// "NAME:LINE: KEY: what is wrong", or without a line where the key is not given; returns an error.
int vouch_yaml_fault(const struct vouch_yaml *yaml, const char *path, struct vouch_fault *fault,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));
