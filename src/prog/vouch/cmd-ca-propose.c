// SPDX-License-Identifier: ISC
// vouch ca propose, proposals, confirm, withdraw: what cannot be undone about a CA key, by two administrators.
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/body.h"
#include "prog/vouch/ca-rotation.h"
#include "prog/vouch/confirm.h"
#include "prog/vouch/query.h"
#include "prog/vouch/sign-in.h"

#define PATH "/v1/ca/proposals"
#define SCHEMA "vouch.ca-proposal/1"
#define PATH_TEXT_MAX 128
#define QUESTION_MAX 1600

static const struct vouch_column lines[] = {
    {"id", "ID", 0},
    {"state", "State", 0},
    {"act", "Act", 0},
    {"use", "CA", 0},
    {"fingerprint", "Key", 0},
    {"reason", "Reason", 0},
    {"without", "Without", 0},
    {"now", "Now", 0},
    {"proposer", "Proposed by", 0},
    {"source", "From", 0},
    {"made", "Made", 0},
    {"ends", "Ends", 0},
    {"decider", "Decided by", 0},
    {"decided", "Decided", 0},
    {"record", "Record", 0},
    {0},
};

// vouch ca propose

static int make_proposal(const struct vouch_cli *cli, char **ret_text, struct vouch_fault *fault) {
    static const char *const acts[] = {"destroy", "revoke", NULL};
    const char *act = cli->args.operands[0];
    struct vouch_body body;
    if (strcmp(act, acts[0]) != 0 && strcmp(act, acts[1]) != 0) {
        vouch_usage(fault, "\"%s\" is neither destroy nor revoke", act);
        return vouch_fault_next(fault,
                                "say what is to be done with the CA key: destroy, or revoke");
    }
    vouch_body_init(&body);
    vouch_body_text(&body, "act", act);
    vouch_body_text(&body, "fingerprint", vouch_args_value(&cli->args, "fingerprint"));
    vouch_body_text(&body, "reason", vouch_args_value(&cli->args, "reason"));
    vouch_body_list(&body, "without", &cli->args, "without");
    if (vouch_args_count(&cli->args, "now") > 0) {
        body.bad |= json_object_set_new(body.json, "now", json_true()) != 0;
    }
    int err = vouch_body_end(&body, ret_text, fault);
    vouch_body_done(&body);
    return err;
}

static int run_propose(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                       struct vouch_fault *fault) {
    vouch_autofree char *body = NULL;
    struct vouch_reach reach = {0};
    *ret_exit = VOUCH_EXIT_OK;
    int err = make_proposal(cli, &body, fault);
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    const struct vouch_query_object what = {.ask = {.method = VOUCH_API_POST, .body = body},
                                            .path = PATH,
                                            .schema = SCHEMA,
                                            .lines = lines};
    if (err == 0) {
        err = vouch_query_object(&reach, &what, fault);
    }
    if (err == 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK,
                       "proposed; nothing is done before another administrator confirms it");
    }
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option propose_options[] = {
    {"fingerprint", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "SHA256:...", "the CA key"},
    {"reason", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "TEXT", "why, for the ledger"},
    {"without", 0, VOUCH_OPTION_MANY, 0, "HOST",
     "destroy: leave this host behind; it has to enrol anew"},
    {"now", 0, VOUCH_OPTION_FLAG, 0, NULL,
     "destroy: though certificates by it count yet; they are worth nothing then"},
    VOUCH_SIGN_IN_CODE_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const propose_examples[] = {
    "vouch ca propose destroy --fingerprint SHA256:9QxT... --reason \"the rotation of May\"",
    "vouch ca propose revoke --fingerprint SHA256:9QxT... --reason \"the machine was stolen\"",
    NULL,
};

const struct vouch_command vouch_cmd_ca_propose = {
    .noun = "ca",
    .verb = "propose",
    .summary = "propose to destroy or revoke a CA key, which another administrator confirms",
    .operands = "destroy|revoke",
    .operands_min = 1,
    .operands_max = 1,
    .options = propose_options,
    .notes = "Open for a day. It is void as soon as the key changes its state.",
    .examples = propose_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_propose,
    .failed = vouch_reach_failed,
};

// vouch ca proposals

static const struct vouch_column columns[] = {
    {"id", "ID", 0},           {"state", "STATE", 0},     {"act", "ACT", 0},
    {"use", "CA", 0},          {"fingerprint", "KEY", 0}, {"proposer", "PROPOSED-BY", 0},
    {"reason", "REASON", 0},   {"ends", "ENDS", 0},       {"made", "MADE", 1},
    {"source", "FROM", 1},     {"without", "WITHOUT", 1}, {"now", "NOW", 1},
    {"decider", "DECIDER", 1}, {"decided", "DECIDED", 1}, {0},
};

static const struct vouch_query_part parts[] = {{"state", "state", VOUCH_QUERY_TEXT}, {0}};

static const struct vouch_query_listing listing = {
    .path = PATH,
    .parts = parts,
    .spec = {.schema = "vouch.ca-proposals/1", .member = "items", .columns = columns},
};

static int run_list(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    static const char *const states[] = {"open", "done", "withdrawn", "void", "expired", NULL};
    const char *state = vouch_args_value(&cli->args, "state");
    return state != NULL && vouch_args_choice("state", state, states, fault) < 0
               ? VOUCH_ERR_ARGUMENT
               : vouch_query_list(cli, ret_exit, fault);
}

static const struct vouch_option list_options[] = {
    {"state", 0, VOUCH_OPTION_ONE, 0, "STATE", "only open, done, withdrawn, void or expired"},
    VOUCH_ANSWER_LIMIT_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const list_examples[] = {"vouch ca proposals --state open", NULL};

const struct vouch_command vouch_cmd_ca_proposals = {
    .noun = "ca",
    .verb = "proposals",
    .summary = "what administrators proposed about CA keys, the newest first",
    .operands = "",
    .options = list_options,
    .notes = "For administrators and auditors.",
    .examples = list_examples,
    .shape = VOUCH_SHAPE_LIST,
    .listing = &listing,
    .run = run_list,
    .failed = vouch_reach_failed,
};

// vouch ca confirm, withdraw

static int check_id(const struct vouch_cli *cli, struct vouch_fault *fault) {
    const char *id = cli->args.operands[0];
    uint64_t number = 0;
    if (vouch_str_to_u64(vouch_bytes_of(id), &number) == 0 && number != 0) {
        return 0;
    }
    vouch_usage(fault, "proposal: \"%s\" is not the number of a proposal", id);
    return vouch_fault_next(fault, "vouch ca proposals --state open shows them");
}

static int decide(struct vouch_reach *reach, const char *verb, const char *body, const char *done,
                  struct vouch_fault *fault) {
    const struct vouch_cli *cli = reach->cli;
    char path[PATH_TEXT_MAX];
    (void)snprintf(path, sizeof path, PATH "/%.20s/%s", cli->args.operands[0], verb);
    const struct vouch_query_object what = {.ask = {.method = VOUCH_API_POST, .body = body},
                                            .path = path,
                                            .schema = SCHEMA,
                                            .lines = lines};
    if (vouch_args_value(&cli->args, "timeout") == NULL) {
        vouch_api_set_timeout(reach->api, VOUCH_CA_STEP_WAIT_MS);
    }
    int err = vouch_query_object(reach, &what, fault);
    if (err == 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK, "%s", done);
    }
    return err;
}

// What is confirmed is shown before; the fingerprint is what the person compared themselves.
static int ask_consent(const struct vouch_cli *cli, const json_t *proposal,
                       enum vouch_consent *ret_consent, struct vouch_fault *fault) {
    const char *act = vouch_answer_text(proposal, "act");
    const char *use = vouch_answer_text(proposal, "use");
    char question[QUESTION_MAX], who[160], why[1200];
    vouch_str_escape_to(vouch_bytes_of(vouch_answer_text(proposal, "proposer")), who, sizeof who);
    vouch_str_escape_to(vouch_bytes_of(vouch_answer_text(proposal, "reason")), why, sizeof why);
    (void)snprintf(question, sizeof question,
                   "%.10s the %.5s CA key %.60s, as %s proposed (%s)? It cannot be undone.",
                   act != NULL ? act : "change", use != NULL ? use : "old",
                   vouch_args_value(&cli->args, "fingerprint"), who, why);
    return vouch_confirm(cli, question, ret_consent, fault);
}

static int make_confirmation(const struct vouch_cli *cli, const json_t *proposal, char **ret_text,
                             struct vouch_fault *fault) {
    struct vouch_body body;
    vouch_body_init(&body);
    vouch_body_text(&body, "act", vouch_answer_text(proposal, "act"));
    vouch_body_text(&body, "fingerprint", vouch_args_value(&cli->args, "fingerprint"));
    vouch_body_text(&body, "reason", vouch_answer_text(proposal, "reason"));
    int err = vouch_body_end(&body, ret_text, fault);
    vouch_body_done(&body);
    return err;
}

static int confirm(struct vouch_reach *reach, enum vouch_consent *ret_consent,
                   struct vouch_fault *fault) {
    const struct vouch_cli *cli = reach->cli;
    const struct vouch_query_object what = {
        .path = PATH, .segment = cli->args.operands[0], .schema = SCHEMA};
    vouch_autofree char *body = NULL;
    json_t *proposal = NULL;
    int err = vouch_query_json(reach, &what, &proposal, fault);
    if (err == 0) {
        err = make_confirmation(cli, proposal, &body, fault);
    }
    if (err == 0) {
        err = ask_consent(cli, proposal, ret_consent, fault);
    }
    json_decref(proposal);
    return err == 0 && *ret_consent == VOUCH_CONSENT_YES
               ? decide(reach, "confirm", body, "confirmed, and done", fault)
               : err;
}

static int run_confirm(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                       struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    enum vouch_consent consent = VOUCH_CONSENT_NO;
    int err = check_id(cli, fault);
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = confirm(&reach, &consent, fault);
    }
    *ret_exit = consent == VOUCH_CONSENT_YES ? VOUCH_EXIT_OK : VOUCH_EXIT_NO;
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option confirm_options[] = {
    {"fingerprint", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "SHA256:...",
     "the CA key, as you know it: not copied from the proposal"},
    VOUCH_SIGN_IN_CODE_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const confirm_examples[] = {"vouch ca confirm 3 --fingerprint SHA256:9QxT...",
                                               NULL};

const struct vouch_command vouch_cmd_ca_confirm = {
    .noun = "ca",
    .verb = "confirm",
    .summary = "confirm what another administrator proposed about a CA key; then it is done",
    .operands = "ID",
    .operands_min = 1,
    .operands_max = 1,
    .options = confirm_options,
    .notes = "It is shown before, and a yes asked for, unless with --yes. The second factor has to "
             "be of the last five minutes: a code is asked for where it is not.",
    .examples = confirm_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_confirm,
    .failed = vouch_reach_failed,
};

static int run_withdraw(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                        struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    *ret_exit = VOUCH_EXIT_OK;
    int err = check_id(cli, fault);
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = decide(&reach, "withdraw", "{}", "withdrawn; nothing was done", fault);
    }
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option withdraw_options[] = {VOUCH_REACH_OPTIONS};

static const char *const withdraw_examples[] = {"vouch ca withdraw 3", NULL};

const struct vouch_command vouch_cmd_ca_withdraw = {
    .noun = "ca",
    .verb = "withdraw",
    .summary = "withdraw a proposal about a CA key, yours or another administrator's",
    .operands = "ID",
    .operands_min = 1,
    .operands_max = 1,
    .options = withdraw_options,
    .examples = withdraw_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_withdraw,
    .failed = vouch_reach_failed,
};
