// SPDX-License-Identifier: ISC
// Reading what was typed after a command.
#include "prog/vouchd/command.h"

#include <string.h>

#include "base/str.h"

const struct vouch_command *const vouch_commands[] = {
    &vouch_cmd_init,   &vouch_cmd_run,  &vouch_cmd_check_config,
    &vouch_cmd_status, &vouch_cmd_demo, NULL,
};

static size_t find(const struct vouch_option *known, const char *name, size_t len) {
    size_t i = 0;
    while (known[i].name != NULL &&
           (strlen(known[i].name) != len || strncmp(known[i].name, name, len) != 0)) {
        i++;
    }
    return i;
}

const char *vouch_option_value(const struct vouch_options *options, const char *name) {
    size_t at = find(options->known, name, strlen(name));
    return options->known[at].name != NULL ? options->values[at] : NULL;
}

static int unknown(const struct vouch_command *command, const char *typed,
                   struct vouch_fault *fault) {
    const char *names[VOUCH_OPTIONS_MAX + 2] = {0};
    char bare[64];
    size_t count = 0;
    for (; command->options[count].name != NULL && count < VOUCH_OPTIONS_MAX; count++) {
        names[count] = command->options[count].name;
    }
    names[count] = "help";
    (void)vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_usage,
                          "%s: there is no option %s", command->name, typed);
    size_t dashes = strspn(typed, "-"), len = strcspn(typed + dashes, "=");
    len = len < sizeof bare ? len : sizeof bare - 1;
    memcpy(bare, typed + dashes, len);
    bare[len] = '\0';
    const char *near = vouch_str_nearest(bare, names);
    return near != NULL ? vouch_fault_next(fault, "Did you mean --%s?", near)
                        : vouch_fault_next(fault, "vouchd %s --help lists them.", command->name);
}

static int take_value(const struct vouch_command *command, char *const *argv, int *at,
                      struct vouch_options *options, struct vouch_fault *fault) {
    const char *name = argv[*at] + 2;
    const char *equals = strchr(name, '=');
    size_t index =
        find(command->options, name, equals != NULL ? (size_t)(equals - name) : strlen(name));
    if (command->options[index].name == NULL) {
        return unknown(command, argv[*at], fault);
    }
    const struct vouch_option *option = &command->options[index];
    const char *value = equals != NULL ? equals + 1 : argv[*at + 1];
    *at += equals == NULL;
    if (value == NULL || value[0] == '\0') {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_usage,
                               "%s: --%s needs %s behind it", command->name, option->name,
                               option->value);
    }
    if (options->values[index] != NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_usage,
                               "%s: --%s is given twice", command->name, option->name);
    }
    options->values[index] = value;
    return VOUCH_OK;
}

static int take_dir(const struct vouch_command *command, const char *word,
                    struct vouch_options *options, struct vouch_fault *fault) {
    if (options->dir != NULL || word[0] == '\0') {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_usage,
                               "%s: takes one folder, and \"%s\" is one too many", command->name,
                               word);
    }
    options->dir = word;
    return VOUCH_OK;
}

int vouch_options_parse(const struct vouch_command *command, int argc, char *const *argv, int from,
                        struct vouch_options *ret_options, struct vouch_fault *fault) {
    struct vouch_options options = {.known = command->options};
    int err = VOUCH_OK, only_words = 0;
    for (int at = from; at < argc && err == VOUCH_OK; at++) {
        const char *word = argv[at];
        if (!only_words && strcmp(word, "--") == 0) {
            only_words = 1;
        } else if (!only_words && strncmp(word, "--", 2) == 0) {
            err = take_value(command, argv, &at, &options, fault);
        } else if (!only_words && word[0] == '-' && word[1] != '\0') {
            err = unknown(command, word, fault);
        } else {
            err = take_dir(command, word, &options, fault);
        }
    }
    if (err == VOUCH_OK && options.dir == NULL && command->dir == VOUCH_DIR_NEEDED) {
        (void)vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_usage,
                              "%s: the folder of the server is missing", command->name);
        err = vouch_fault_next(fault, "Type: vouchd %s DIR", command->name);
    }
    if (err == VOUCH_OK) {
        *ret_options = options;
    }
    return err;
}
