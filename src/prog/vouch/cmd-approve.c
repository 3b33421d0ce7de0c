// SPDX-License-Identifier: ISC
// vouch approve, deny, request cancel: what ends the waiting of a request.
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "prog/vouch/answer.h"
#include "prog/vouch/confirm.h"
#include "prog/vouch/request-take.h"
#include "prog/vouch/sign-in.h"

struct decision {
    const char *verb;
    const char *question; // NULL: none
    const char *done;
};

// What is decided is shown before: an approval is for this very request.
static int ask_consent(struct vouch_reach *reach, const struct decision *decision,
                       enum vouch_consent *ret_consent, struct vouch_fault *fault) {
    const struct vouch_cli *cli = reach->cli;
    json_t *request = NULL;
    char question[600], who[160], what[160], why[200];
    *ret_consent = VOUCH_CONSENT_YES;
    if (decision->question == NULL || vouch_args_count(&cli->args, "yes") > 0) {
        return 0;
    }
    int err = vouch_request_get(reach, cli->args.operands[0], &request, fault);
    if (err == 0) {
        const json_t *role = json_array_get(json_object_get(request, "roles"), 0);
        const char *reason = vouch_answer_text(request, "reason");
        vouch_str_escape_to(vouch_bytes_of(vouch_answer_text(request, "user")), who, sizeof who);
        vouch_str_escape_to(vouch_bytes_of(json_string_value(role)), what, sizeof what);
        vouch_str_escape_to(vouch_bytes_of(reason), why, sizeof why);
        (void)snprintf(question, sizeof question, "%s role %s for %s (%s)?", decision->question,
                       what, who, reason != NULL ? why : "no reason");
        *ret_consent = VOUCH_CONSENT_NO;
        err = vouch_confirm(cli, question, ret_consent, fault);
    }
    json_decref(request);
    return err;
}

static void say_done(const struct vouch_cli *cli, const struct decision *decision,
                     const json_t *request) {
    json_int_t missing = json_integer_value(json_object_get(request, "missing"));
    const char *id = vouch_answer_text(request, "id");
    if (vouch_request_is_waiting(request) && missing > 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK, "request %s: %s; approvals still missing: %lld",
                       id, decision->done, (long long)missing);
    } else {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK, "request %s: %s", id, decision->done);
    }
}

static int put_out(const struct vouch_cli *cli, const json_t *request, struct vouch_fault *fault) {
    enum vouch_form form = VOUCH_FORM_TABLE;
    int err = vouch_form_of_item(&cli->args, &form, fault);
    return err != 0 || form == VOUCH_FORM_TABLE ? err : vouch_request_show(cli, request, fault);
}

static int decide(const struct vouch_cli *cli, const struct decision *decision,
                  enum vouch_exit *ret_exit, struct vouch_fault *fault) {
    const char *id = cli->args.operands[0];
    struct vouch_reach reach = {0};
    enum vouch_consent consent = VOUCH_CONSENT_NO;
    json_t *request = NULL;
    *ret_exit = VOUCH_EXIT_NO;
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = ask_consent(&reach, decision, &consent, fault);
    }
    if (err == 0 && consent == VOUCH_CONSENT_YES) {
        err = vouch_request_decide(&reach, id, decision->verb,
                                   vouch_args_value(&cli->args, "comment"), &request, fault);
    }
    if (err == 0 && request != NULL) {
        *ret_exit = VOUCH_EXIT_OK;
        say_done(cli, decision, request);
        err = put_out(cli, request, fault);
    }
    json_decref(request);
    vouch_reach_done(&reach);
    return err;
}

// vouch approve

static int run_approve(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                       struct vouch_fault *fault) {
    static const struct decision decision = {"approve", "Approve", "you approved it"};
    return decide(cli, &decision, ret_exit, fault);
}

static const struct vouch_option approve_options[] = {
    {"comment", 0, VOUCH_OPTION_ONE, 0, "TEXT", "words for the one who asks, and for the record"},
    VOUCH_SIGN_IN_CODE_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const approve_examples[] = {"vouch approve 12", NULL};

const struct vouch_command vouch_cmd_approve = {
    .noun = "approve",
    .summary = "approve a request of somebody else",
    .operands = "ID",
    .operands_min = 1,
    .operands_max = 1,
    .options = approve_options,
    .notes = "It is shown before, and a yes asked for, unless with --yes. The second factor has to "
             "be of the last five minutes: a code is asked for where it is not.",
    .examples = approve_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_approve,
    .failed = vouch_reach_failed,
};

// vouch deny

static int run_deny(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    static const struct decision decision = {"deny", NULL, "you denied it"};
    return decide(cli, &decision, ret_exit, fault);
}

static const struct vouch_option deny_options[] = {
    {"comment", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "TEXT",
     "why: words for the one who asks, and for the record"},
    VOUCH_SIGN_IN_CODE_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const deny_examples[] = {"vouch deny 12 --comment \"use the replica\"", NULL};

const struct vouch_command vouch_cmd_deny = {
    .noun = "deny",
    .summary = "deny a request of somebody else; one no is enough",
    .operands = "ID",
    .operands_min = 1,
    .operands_max = 1,
    .options = deny_options,
    .examples = deny_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_deny,
    .failed = vouch_reach_failed,
};

// vouch request cancel

static int run_cancel(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                      struct vouch_fault *fault) {
    static const struct decision decision = {"cancel", NULL, "cancelled"};
    return decide(cli, &decision, ret_exit, fault);
}

static const struct vouch_option cancel_options[] = {
    {"comment", 0, VOUCH_OPTION_ONE, 0, "TEXT", "words for the record"},
    VOUCH_REACH_OPTIONS,
};

static const char *const cancel_examples[] = {"vouch request cancel 12", NULL};

const struct vouch_command vouch_cmd_request_cancel = {
    .noun = "request",
    .verb = "cancel",
    .summary = "take back a request of yours",
    .operands = "ID",
    .operands_min = 1,
    .operands_max = 1,
    .options = cancel_options,
    .examples = cancel_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_cancel,
    .failed = vouch_reach_failed,
};
