// SPDX-License-Identifier: ISC
// vouch server set, show, unset: which server is asked, and what is noted down about it.
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/answer.h"
#include "prog/vouch/meet.h"
#include "prog/vouch/trust.h"

static void item_key(struct vouch_item *item, const char *member, const struct vouch_key *key) {
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, fingerprint);
    vouch_item_word(item, member, fingerprint);
}

static void print_line(const char *what, const char *value) {
    char shown[600];
    vouch_str_escape_to(vouch_bytes_of(value), shown, sizeof shown);
    (void)printf("%-15s %s\n", what, shown);
}

static void print_key(const char *what, const struct vouch_key *key) {
    char fingerprint[VOUCH_FINGERPRINT_MAX], text[VOUCH_FINGERPRINT_MAX + 32];
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, fingerprint);
    (void)snprintf(text, sizeof text, "%s %s", vouch_key_type_label(vouch_key_type(key)),
                   fingerprint);
    print_line(what, text);
}

static const char *token_word(const struct vouch_settings *settings) {
    return settings->token_file != NULL ? settings->token_file : "(none)";
}

static const char *trust_word(const struct vouch_settings *settings) {
    if (settings->pin != NULL) {
        return settings->pin;
    }
    return settings->ca_file != NULL ? settings->ca_file : "(the system's CA certificates)";
}

static int print_settings(const struct vouch_cli *cli, const struct vouch_settings *settings,
                          const char *url, struct vouch_fault *fault) {
    enum vouch_form form = VOUCH_FORM_TABLE;
    int err = vouch_form_of_item(&cli->args, &form, fault);
    if (err != 0) {
        return err;
    }
    if (form == VOUCH_FORM_TABLE) {
        print_line("Server:", url);
        print_line("Trusted by:", trust_word(settings));
        print_line("Token file:", token_word(settings));
        print_line("CA name:", settings->name);
        print_key("User CA:", settings->user_ca);
        print_key("Host CA:", settings->host_ca);
        print_key("Checkpoint key:", settings->checkpoint_key);
        return 0;
    }
    struct vouch_item *item = vouch_item_new("vouch.server/1");
    vouch_item_word(item, "url", url);
    vouch_item_word(item, "pin", settings->pin != NULL ? settings->pin : "");
    vouch_item_word(item, "ca_file", settings->ca_file != NULL ? settings->ca_file : "");
    vouch_item_word(item, "token_file", settings->token_file != NULL ? settings->token_file : "");
    vouch_item_word(item, "name", settings->name);
    item_key(item, "user_ca", settings->user_ca);
    item_key(item, "host_ca", settings->host_ca);
    item_key(item, "checkpoint_key", settings->checkpoint_key);
    err = vouch_item_print(item, form, fault);
    vouch_item_free(item);
    return err;
}

// vouch server set

// A token that the server does not know is said now and not at the first use. That it may not list
// certificates is no harm.
static int try_token(struct vouch_reach *reach, struct vouch_fault *fault) {
    const struct vouch_api_ask ask = {.path = "/v1/certs?limit=1"};
    struct vouch_api_answer answer = {0};
    if (reach->settings.token_file == NULL) {
        return 0;
    }
    int err = vouch_api_ask(reach->api, &ask, &answer, fault);
    if (err == 0) {
        vouch_buf_done(&answer.body);
    }
    return err == VOUCH_ERR_REFUSED ? 0 : err;
}

static int run_set(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                   struct vouch_fault *fault) {
    struct vouch_reach reach = {.cli = cli};
    const struct vouch_meet server = {
        .url = cli->args.operands[0],
        .pin = vouch_args_value(&cli->args, "pin"),
        .ca_file = vouch_args_value(&cli->args, "ca-file"),
        .token_file = vouch_args_value(&cli->args, "token-file"),
    };
    int err = vouch_meet(&server, &reach, fault);
    if (err == 0) {
        err = try_token(&reach, fault);
    }
    if (err == 0) {
        err = print_settings(cli, &reach.settings, reach.settings.url, fault);
    }
    if (err == 0) {
        err = vouch_meet_save(&reach, fault);
    }
    vouch_reach_done(&reach);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option set_options[] = {
    {"pin", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_USUAL, "PIN",
     "its TLS key: sha256:... as vouchd init prints it"},
    {"ca-file", 0, VOUCH_OPTION_ONE, 0, "FILE", "CA certificates (PEM) that vouch for it"},
    {"token-file", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_USUAL, "FILE",
     "the file that holds the API token; only its path is noted down"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "show what would be noted down; write nothing"},
    {0},
};

static const char *const set_examples[] = {
    "vouch server set https://ca.example.com:8443 --pin sha256:... --token-file ~/.vouch-token",
    NULL,
};

const struct vouch_command vouch_cmd_server_set = {
    .noun = "server",
    .verb = "set",
    .summary = "which server later commands ask; notes down the keys of its CAs",
    .operands = "URL",
    .operands_min = 1,
    .operands_max = 1,
    .options = set_options,
    .notes = "Without --pin the server's TLS certificate has to be by a CA that this system (or "
             "--ca-file) trusts. Compare the fingerprints with what vouchd init printed: later "
             "certificates, revocation lists and checkpoints are held to these keys.",
    .examples = set_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_set,
    .failed = vouch_reach_failed,
};

// vouch server show

static int has_same_keys(const struct vouch_settings *a, const struct vouch_settings *b) {
    return strcmp(a->name, b->name) == 0 && vouch_key_equal(a->user_ca, b->user_ca) &&
           vouch_key_equal(a->host_ca, b->host_ca) &&
           vouch_key_equal(a->checkpoint_key, b->checkpoint_key);
}

// The keys as the server has them now, against those that were noted down. New CA keys are as good if the
// checkpoint key vouches for them.
static int compare_keys(struct vouch_reach *reach, struct vouch_fault *fault) {
    struct vouch_trust trust = {0};
    struct vouch_fault unproven;
    struct vouch_reach now = {.cli = reach->cli, .api = reach->api};
    int err = vouch_reach_keys(&now, fault);
    if (err == 0 && reach->anchors == VOUCH_ANCHORS_NONE) {
        reach->settings.name = vouch_steal(now.settings.name);
        reach->settings.user_ca = vouch_steal(now.settings.user_ca);
        reach->settings.host_ca = vouch_steal(now.settings.host_ca);
        reach->settings.checkpoint_key = vouch_steal(now.settings.checkpoint_key);
    } else if (err == 0) {
        int same = has_same_keys(&reach->settings, &now.settings) ||
                   (vouch_trust_fetch(reach, &trust, &unproven) == 0 &&
                    has_same_keys(&reach->settings, &now.settings));
        vouch_trust_done(&trust);
        vouch_say_mark(&reach->cli->term, same ? VOUCH_MARK_OK : VOUCH_MARK_FAIL, "%s",
                       same ? "the server has the keys that were noted down"
                            : "the server now has OTHER keys than were noted down");
        err = same ? 0 : VOUCH_ERR_MISMATCH;
        if (!same) {
            vouch_fault_set(fault, err, &vouch_fault_server_unproven,
                            "%s: its CA or checkpoint keys are not those that were noted down",
                            vouch_api_name(reach->api));
            vouch_fault_next(fault,
                             "ask its administrator; if it has new keys: vouch server set %s",
                             reach->settings.url);
        }
    }
    vouch_settings_done(&now.settings);
    return err;
}

static int run_show(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = compare_keys(&reach, fault);
    }
    if (err == 0) {
        const char *url = vouch_args_value(&cli->args, "server");
        url = url != NULL ? url : reach.settings.url;
        err = print_settings(cli, &reach.settings, url != NULL ? url : vouch_api_name(reach.api),
                             fault);
    }
    vouch_reach_done(&reach);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option show_options[] = {VOUCH_REACH_OPTIONS};

static const char *const show_examples[] = {"vouch server show",
                                            "vouch server show --local /var/lib/vouch", NULL};

const struct vouch_command vouch_cmd_server_show = {
    .noun = "server",
    .verb = "show",
    .summary = "which server is asked, and whether it still has the keys that were noted down",
    .operands = "",
    .options = show_options,
    .examples = show_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_show,
    .failed = vouch_reach_failed,
};

// vouch server unset

static int run_unset(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    char path[PATH_MAX];
    struct vouch_settings settings = {0};
    int err = vouch_settings_path(path, fault);
    *ret_exit = VOUCH_EXIT_OK;
    if (err == 0 && vouch_args_count(&cli->args, "dry-run") > 0) {
        err = vouch_settings_read(&settings, fault);
        if (err == 0) {
            vouch_say(&cli->term, "would forget %s, and remove %s", settings.url, path);
        }
        vouch_settings_done(&settings);
        return err;
    }
    if (err == 0) {
        err = vouch_settings_remove(fault);
    }
    if (err == 0) {
        err = vouch_trust_forget(fault);
    }
    if (err == 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK, "removed %s", path);
    }
    return err;
}

static const struct vouch_option unset_options[] = {
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "say what would be removed; remove nothing"},
    {0},
};

static const char *const unset_examples[] = {"vouch server unset", NULL};

const struct vouch_command vouch_cmd_server_unset = {
    .noun = "server",
    .verb = "unset",
    .summary = "forget the server, and what was noted down about it",
    .operands = "",
    .options = unset_options,
    .examples = unset_examples,
    .run = run_unset,
    .failed = vouch_reach_failed,
};
