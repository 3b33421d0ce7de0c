// SPDX-License-Identifier: ISC
// What `vouch user`, `group`, `role` and `zone` have in common: see policy-verbs.h.
#include "prog/vouch/policy-verbs.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "prog/vouch/confirm.h"
#include "prog/vouch/out-item.h"

// What each verb of a command is, and how it is asked about.
enum consent { NO_QUESTION = 0, YES_OR_NO, THE_NAME };

static const struct verb {
    const char *word;
    const char *done;
    enum vouch_amend_verb verb;
} verbs[] = {
    {"add", "added", VOUCH_AMEND_ADD},         {"edit", "changed", VOUCH_AMEND_EDIT},
    {"rm", "removed", VOUCH_AMEND_REMOVE},     {"disable", "disabled", VOUCH_AMEND_DISABLE},
    {"enable", "enabled", VOUCH_AMEND_ENABLE},
};

static const struct verb *verb_of(const struct vouch_cli *cli) {
    size_t i = 0;
    while (i + 1 < sizeof verbs / sizeof verbs[0] &&
           strcmp(verbs[i].word, cli->command->verb) != 0) {
        i++;
    }
    return &verbs[i];
}

// Lists

static int list_all(const struct vouch_cli *cli, const struct vouch_policy_content *content,
                    struct vouch_fault *fault) {
    const struct vouch_kind *kind = vouch_kind_named(cli->command->noun);
    struct vouch_list *list = NULL;
    size_t count = vouch_kind_count(kind, content);
    int err = vouch_list_open(&cli->command->listing->spec, &cli->args, &cli->term, &list, fault);
    if (err != 0) {
        return err;
    }
    for (size_t i = 0; i < count; i++) {
        vouch_kind_item(kind, vouch_kind_at(kind, content, i), vouch_list_row(list));
    }
    return vouch_list_close(list, fault);
}

int vouch_verb_ls(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                  struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    struct vouch_remote_policy now = {0};
    *ret_exit = VOUCH_EXIT_OK;
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = vouch_remote_policy_get(&reach, NULL, &now, fault);
    }
    if (err == 0) {
        err = list_all(cli, vouch_policy_holds(now.policy), fault);
    }
    vouch_remote_policy_done(&now);
    vouch_reach_done(&reach);
    return err;
}

// One

int vouch_verb_json(const struct vouch_cli *cli, const struct vouch_policy_content *content,
                    struct json_t **ret_json, struct vouch_fault *fault) {
    const struct vouch_kind *kind = vouch_kind_named(cli->command->noun);
    const char *name = cli->args.operands[0];
    const void *thing = vouch_kind_find(kind, content, vouch_bytes_of(name));
    char schema[40];
    if (thing == NULL) {
        vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_absent,
                        "there is no %s %s in the policy", kind->noun, name);
        return vouch_fault_next(fault, "vouch %s ls shows all", kind->noun);
    }
    (void)snprintf(schema, sizeof schema, "vouch.%s/1", kind->noun);
    struct vouch_item *item = vouch_item_new(schema);
    vouch_kind_item(kind, thing, item);
    vouch_autofree char *text = item != NULL ? vouch_item_dump(item) : NULL;
    vouch_item_free(item);
    json_t *json = text != NULL ? json_loads(text, 0, NULL) : NULL;
    if (json == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
    }
    *ret_json = json;
    return 0;
}

int vouch_verb_show(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    struct vouch_remote_policy now = {0};
    json_t *json = NULL;
    *ret_exit = VOUCH_EXIT_OK;
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = vouch_remote_policy_get(&reach, NULL, &now, fault);
    }
    if (err == 0) {
        err = vouch_verb_json(cli, vouch_policy_holds(now.policy), &json, fault);
    }
    if (err == 0) {
        err = vouch_answer_object(cli, json, cli->command->listing->spec.columns, fault);
    }
    json_decref(json);
    vouch_remote_policy_done(&now);
    vouch_reach_done(&reach);
    return err;
}

// Changes

static enum consent consent_of(const struct vouch_amend *amend) {
    const char *noun = amend->kind->noun;
    if (amend->verb == VOUCH_AMEND_DISABLE) {
        return YES_OR_NO;
    }
    if (amend->verb != VOUCH_AMEND_REMOVE) {
        return NO_QUESTION;
    }
    return strcmp(noun, "user") == 0 || strcmp(noun, "zone") == 0 ? THE_NAME : YES_OR_NO;
}

static int may_change(const struct vouch_cli *cli, const struct vouch_amend *amend,
                      const struct json_t *diff, int *ret_go, struct vouch_fault *fault) {
    enum vouch_consent consent = VOUCH_CONSENT_NO;
    int is_user = strcmp(amend->kind->noun, "user") == 0;
    char question[300];
    const char *what = amend->verb == VOUCH_AMEND_REMOVE ? "Remove" : "Disable";
    vouch_policy_diff_print(cli, diff, VOUCH_DIFF_TALK);
    (void)snprintf(question, sizeof question, "%s the %s %.100s%s?", what, amend->kind->noun,
                   amend->name,
                   is_user ? ", end the sessions and revoke the certificates that are valid" : "");
    int err = consent_of(amend) == THE_NAME
                  ? vouch_confirm_name(cli, question, amend->name, &consent, fault)
                  : vouch_confirm(cli, question, &consent, fault);
    *ret_go = err == 0 && consent == VOUCH_CONSENT_YES;
    return err;
}

// A role without permit-pty logs in and gets no prompt.
static void warn_about_role(const struct vouch_cli *cli) {
    if (strcmp(cli->command->noun, "role") == 0 && strcmp(cli->command->verb, "add") == 0 &&
        vouch_args_count(&cli->args, "extension") == 0) {
        vouch_say(&cli->term, "its extension is permit-pty; others: --extension NAME");
    }
}

static void say_done(const struct vouch_cli *cli, const struct vouch_amend *amend,
                     const struct json_t *diff) {
    if (vouch_policy_diff_is_empty(diff)) {
        vouch_say(&cli->term, "the %s %s is like that already", amend->kind->noun, amend->name);
        return;
    }
    vouch_say_mark(&cli->term, VOUCH_MARK_OK, "%s the %s %s: version %s of the policy holds",
                   verb_of(cli)->done, amend->kind->noun, amend->name,
                   vouch_answer_text(diff, "version"));
    warn_about_role(cli);
}

int vouch_verb_change_by(struct vouch_reach *reach, int *ret_done, struct json_t **ret_diff,
                         struct vouch_fault *fault) {
    const struct vouch_cli *cli = reach->cli;
    const struct vouch_amend amend = {
        .kind = vouch_kind_named(cli->command->noun),
        .verb = verb_of(cli)->verb,
        .name = cli->args.operands[0],
        .args = &cli->args,
        .now_s = vouch_time_now_s(),
    };
    const struct vouch_remote_amend what = {
        .amend = &amend, .may = consent_of(&amend) == NO_QUESTION ? NULL : may_change};
    json_t *diff = NULL;
    int is_dry = vouch_args_count(&cli->args, "dry-run") > 0;
    int err = vouch_remote_policy_amend(reach, &what, &diff, fault);
    if (err == 0 && diff != NULL && !is_dry) {
        if (what.may == NULL) {
            vouch_policy_diff_print(cli, diff, VOUCH_DIFF_TALK);
        }
        say_done(cli, &amend, diff);
    } else if (err == 0 && is_dry) {
        vouch_say(&cli->term, "this would be; nothing was changed");
    }
    *ret_done = err == 0 && diff != NULL && !is_dry;
    *ret_diff = diff;
    return err;
}

// The difference is data where it was asked for: with -o, and with --dry-run.
static int show_diff(const struct vouch_cli *cli, int done, const json_t *diff,
                     struct vouch_fault *fault) {
    enum vouch_form form = VOUCH_FORM_TABLE;
    int err = vouch_form_of_item(&cli->args, &form, fault);
    if (err != 0 || diff == NULL || (done && form == VOUCH_FORM_TABLE)) {
        return err;
    }
    return vouch_policy_diff_show(cli, diff, fault);
}

int vouch_verb_change(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                      struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    json_t *diff = NULL;
    int done = 0;
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = vouch_verb_change_by(&reach, &done, &diff, fault);
    }
    if (err == 0) {
        err = show_diff(cli, done, diff, fault);
    }
    *ret_exit = diff != NULL ? VOUCH_EXIT_OK : VOUCH_EXIT_NO;
    json_decref(diff);
    vouch_reach_done(&reach);
    return err;
}
