// SPDX-License-Identifier: ISC
// A table of settings: for each key of a file how its text is read, into what, and what holds without it.
#pragma once

#include <stdio.h>

#include "prog/vouchd/yaml.h"

struct vouch_setting;

// One text that is being read.
struct vouch_setting_text {
    const struct vouch_yaml *yaml;
    const struct vouch_setting *setting;
    const char *dir;  // what relative paths begin with
    const char *text; // never NULL
    void *into;       // the field, or for a list the struct
};

// Fills in the field. On an error the fault is set by vouch_setting_fault().
typedef int vouch_setting_reader(const struct vouch_setting_text *text, struct vouch_fault *fault);

struct vouch_setting {
    const char *path;
    enum vouch_yaml_kind kind;
    size_t raw; // offset in the raw struct: char *, or char ** and then unsigned
    const char
        *otherwise; // the text that holds without the key; for lists, items with blanks between
    vouch_setting_reader *read;
    size_t into; // offset in the struct that is filled in
    uint64_t min, max;
    const char *const *words; // for choices, ended by NULL; the number is the place in it
};

// The keys of a table, for a struct vouch_yaml_form; the array has room for `count`.
void vouch_setting_keys(const struct vouch_setting *settings, size_t count,
                        struct vouch_yaml_key *ret_keys);

struct vouch_setting_job {
    const struct vouch_yaml *yaml;
    const char *dir;
    const struct vouch_setting *settings;
    size_t count;
    void *into;
    FILE *explain; // NULL, or where each key is written with its value and origin
};

// Reads all settings of a file. `into` is filled in also in part on an error.
VOUCH_MUST_USE int vouch_settings_apply(const struct vouch_setting_job *job,
                                        struct vouch_fault *fault);

// "FILE:LINE: KEY: what is wrong".
int vouch_setting_fault(const struct vouch_setting_text *text, struct vouch_fault *fault,
                        const char *format, ...) __attribute__((format(printf, 3, 4)));

// Into uint64_t, within min and max: a number; a span of time as seconds; a size such as 64MiB as KiB.
vouch_setting_reader vouch_setting_number;
vouch_setting_reader vouch_setting_span;
vouch_setting_reader vouch_setting_size;
// One of the words, as their number, into an enum of unsigned size.
vouch_setting_reader vouch_setting_choice;
// Printable text without blanks, of at most `max` bytes (that array must be one larger); may be empty.
vouch_setting_reader vouch_setting_word;
// A path, into char[PATH_MAX]; a relative one is below the folder of the server.
vouch_setting_reader vouch_setting_path;
