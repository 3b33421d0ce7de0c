// SPDX-License-Identifier: ISC
// Meeting a server: see meet.h.
#include "prog/vouch/meet.h"

#include <stdlib.h>
#include <string.h>

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

// A file that is named now has to be found later, from another folder.
static int absolute(const char *path, char **ret_path, struct vouch_fault *fault) {
    if (path == NULL) {
        return 0;
    }
    *ret_path = realpath(path, NULL);
    return *ret_path != NULL ? 0
                             : vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_read,
                                               "%s: cannot read: no such file", path);
}

static int copy(const char *text, char **ret_text, struct vouch_fault *fault) {
    if (text == NULL) {
        return 0;
    }
    *ret_text = strdup(text);
    return *ret_text != NULL ? 0 : no_memory(fault);
}

static int take(const struct vouch_meet *meet, struct vouch_settings *settings,
                struct vouch_fault *fault) {
    int err = copy(meet->url, &settings->url, fault);
    if (err == 0) {
        err = copy(meet->pin, &settings->pin, fault);
    }
    if (err == 0) {
        err = absolute(meet->ca_file, &settings->ca_file, fault);
    }
    return err == 0 ? absolute(meet->token_file, &settings->token_file, fault) : err;
}

int vouch_meet(const struct vouch_meet *meet, struct vouch_reach *reach,
               struct vouch_fault *fault) {
    struct vouch_settings *settings = &reach->settings;
    int err = take(meet, settings, fault);
    const struct vouch_api_server server = {
        .url = settings->url,
        .pin = settings->pin,
        .ca_file = settings->ca_file,
        .token_file = settings->token_file,
    };
    if (err == 0) {
        err = vouch_api_open(&server, &reach->api, fault);
    }
    return err == 0 ? vouch_reach_keys(reach, fault) : err;
}

int vouch_meet_save(struct vouch_reach *reach, struct vouch_fault *fault) {
    char path[PATH_MAX];
    const struct vouch_cli *cli = reach->cli;
    if (vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "nothing was written: --dry-run");
        return 0;
    }
    int err = vouch_settings_path(path, fault);
    if (err == 0) {
        err = vouch_settings_write(&reach->settings, fault);
    }
    if (err == 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK,
                       "noted down in %s; later commands ask this server", path);
    }
    return err;
}
