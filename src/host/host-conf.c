// SPDX-License-Identifier: ISC
// Reading /etc/vouch/host.conf.
#include "host/host-conf.h"

#include <stddef.h>
#include <stdio.h>

#include "base/str.h"

#define WORD(name)                                                                                 \
    { #name, offsetof(struct vouch_host_conf, name) }
static const struct {
    const char *word;
    size_t offset;
} words[] = {WORD(sshd), WORD(sshd_config), WORD(pid_file), WORD(address),
             WORD(port), WORD(log),         WORD(service),  WORD(walls)};

static char *place_of(struct vouch_host_conf *conf, struct vouch_bytes word) {
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (vouch_bytes_equal(word, vouch_bytes_of(words[i].word))) {
            return (char *)conf + words[i].offset;
        }
    }
    return NULL;
}

// Printable, and no option of the program that gets it.
static int is_value(struct vouch_bytes value) {
    if (value.len == 0 || value.len >= VOUCH_HOST_CONF_VALUE_MAX || value.ptr[0] == '-') {
        return 0;
    }
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < ' ' || value.ptr[i] > '~') {
            return 0;
        }
    }
    return 1;
}

static const char *read_line(struct vouch_bytes line, struct vouch_host_conf *conf) {
    size_t len = 0;
    line = vouch_str_trim(line);
    if (line.len == 0 || line.ptr[0] == '#') {
        return NULL;
    }
    while (len < line.len && line.ptr[len] != ' ' && line.ptr[len] != '\t') {
        len++;
    }
    char *place = place_of(conf, (struct vouch_bytes){line.ptr, len});
    struct vouch_bytes value = vouch_str_trim((struct vouch_bytes){line.ptr + len, line.len - len});
    if (place == NULL) {
        return "is no word of this file";
    }
    if (place[0] != '\0') {
        return "is there twice";
    }
    if (!is_value(value)) {
        return "has no value, or one that it cannot have";
    }
    memcpy(place, value.ptr, value.len);
    return NULL;
}

static void drop_slash(char *path) {
    size_t lead = strspn(path, "/");
    memmove(path, path + lead, strlen(path + lead) + 1);
}

int vouch_host_conf_parse(struct vouch_bytes text, struct vouch_host_conf *ret_conf,
                          struct vouch_fault *fault) {
    struct vouch_host_conf conf = {0};
    struct vouch_bytes rest = text;
    for (unsigned number = 1; rest.ptr != NULL; number++) {
        const char *wrong = read_line(vouch_str_cut(&rest, '\n'), &conf);
        if (wrong != NULL) {
            return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_host_conf,
                                   "/%s: line %u: %s", VOUCH_HOST_CONF_PATH, number, wrong);
        }
    }
    if (conf.walls[0] != '\0' && strcmp(conf.walls, "yes") != 0 && strcmp(conf.walls, "no") != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_host_conf,
                               "/%s: walls: is neither yes nor no", VOUCH_HOST_CONF_PATH);
    }
    if (conf.sshd[0] == '\0') {
        (void)snprintf(conf.sshd, sizeof conf.sshd, "sshd");
    }
    if (conf.sshd_config[0] == '\0') {
        (void)snprintf(conf.sshd_config, sizeof conf.sshd_config, "etc/ssh/sshd_config");
    }
    drop_slash(conf.sshd_config);
    drop_slash(conf.pid_file);
    *ret_conf = conf;
    return VOUCH_OK;
}
