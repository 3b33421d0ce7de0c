// SPDX-License-Identifier: ISC
// vouchd check-config: both files of settings as the server would take them, with where each value comes
// from.
#include <string.h>

#include "prog/vouchd/command.h"
#include "prog/vouchd/config.h"
#include "prog/vouchd/seal-key.h"
#include "prog/vouchd/server-dir.h"
#include "prog/vouchd/yaml.h"

static int check_config(const char *dir, struct vouch_config *ret_config,
                        struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_server_path(dir, VOUCH_CONFIG_FILE, path, fault);
    struct vouch_buf text;
    vouch_buf_init(&text, VOUCH_YAML_MAX);
    if (err == VOUCH_OK) {
        err = vouch_settings_read(path, &text, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_config_parse(dir, path, vouch_buf_bytes(&text), ret_config, stdout, fault);
    }
    vouch_buf_done(&text);
    return err;
}

static int check_ceiling(const char *dir, struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_server_path(dir, VOUCH_CEILING_FILE, path, fault);
    struct vouch_buf text;
    struct vouch_signer_ceiling ceiling;
    vouch_buf_init(&text, VOUCH_YAML_MAX);
    if (err == VOUCH_OK) {
        err = vouch_settings_read(path, &text, fault);
    }
    (void)printf("\n");
    if (err == VOUCH_OK) {
        err = vouch_ceiling_parse(path, vouch_buf_bytes(&text), &ceiling, stdout, fault);
    }
    vouch_buf_done(&text);
    return err;
}

// One that is missing is no mistake of the settings: vouchd run makes it, or says who would miss it.
static int check_seal_key(const char *dir, struct vouch_fault *fault) {
    enum vouch_seal_key_state state = VOUCH_SEAL_KEY_MISSING;
    int err = vouch_seal_key_check(dir, &state, fault);
    if (err == VOUCH_OK && state == VOUCH_SEAL_KEY_MISSING) {
        (void)printf("\n%s/%s is missing; vouchd run makes it unless users have second factors\n",
                     dir, VOUCH_SERVER_SEAL_KEY);
    }
    return err;
}

static int run(const struct vouch_options *options, enum vouch_exit *ret_exit,
               struct vouch_fault *fault) {
    struct vouch_config config;
    int err = check_config(options->dir, &config, fault);
    if (err == VOUCH_OK) {
        err = check_ceiling(options->dir, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_server_check_name(options->dir, config.name, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_tls_pair_check(config.tls_certificate, config.tls_key, fault);
    }
    if (err == VOUCH_OK) {
        err = check_seal_key(options->dir, fault);
    }
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option options[] = {{0}};
static const char *const examples[] = {"vouchd check-config /var/lib/vouchd", NULL};

const struct vouch_command vouch_cmd_check_config = {
    .name = "check-config",
    .summary = "Read both files of settings and show what holds, and why.",
    .options = options,
    .examples = examples,
    .run = run,
};
