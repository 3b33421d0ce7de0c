// SPDX-License-Identifier: ISC
// vouch policy export, check, diff, apply, log: who gets what, as files that can be kept and compared.
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/str.h"
#include "prog/vouch/confirm.h"
#include "prog/vouch/policy-files.h"
#include "prog/vouch/policy-remote.h"
#include "prog/vouch/query.h"
#include "prog/vouch/sign-in.h"

// vouch policy export

static int write_out(const struct vouch_cli *cli, const struct vouch_remote_policy *policy,
                     struct vouch_fault *fault) {
    const char *out = vouch_args_value(&cli->args, "out");
    const struct vouch_io_file file = {
        .path = out != NULL ? out : "-",
        .mode = 0644,
        .existing = vouch_args_count(&cli->args, "force") > 0 ? VOUCH_IO_REPLACE : VOUCH_IO_KEEP,
    };
    int err = vouch_io_write(&file, vouch_buf_bytes(&policy->text), fault);
    if (err == 0 && out != NULL) {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK, "%s: version %s of the policy", out,
                       policy->version);
    }
    return err;
}

static int run_export(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                      struct vouch_fault *fault) {
    const char *version = vouch_args_value(&cli->args, "version");
    struct vouch_reach reach = {0};
    struct vouch_remote_policy policy = {0};
    uint64_t number = 0;
    *ret_exit = VOUCH_EXIT_OK;
    int err = version != NULL ? vouch_args_number("version", version, &number, fault) : 0;
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = vouch_remote_policy_text(&reach, version, &policy, fault);
    }
    if (err == 0 && strcmp(policy.version, "0") == 0) {
        vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_policy_none,
                        "no policy was applied yet");
        err = vouch_fault_next(fault, "vouch policy apply FILE applies one");
    }
    if (err == 0) {
        err = write_out(cli, &policy, fault);
    }
    vouch_remote_policy_done(&policy);
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option export_options[] = {
    {"out", 0, VOUCH_OPTION_ONE, 0, "FILE", "write it there, not to standard output"},
    {"force", 0, VOUCH_OPTION_FLAG, 0, NULL, "overwrite that file"},
    {"version", 0, VOUCH_OPTION_ONE, 0, "N",
     "an earlier one: vouch policy log (default: the one that holds)"},
    VOUCH_REACH_OPTIONS,
};

static const char *const export_examples[] = {
    "vouch policy export --out policy.yaml",
    "vouch policy export --version 12 | vouch policy apply -",
    NULL,
};

const struct vouch_command vouch_cmd_policy_export = {
    .noun = "policy",
    .verb = "export",
    .summary = "the policy as a file: zones, users, groups, roles, hosts",
    .operands = "",
    .options = export_options,
    .examples = export_examples,
    .run = run_export,
    .failed = vouch_reach_failed,
};

// vouch policy check

static int run_check(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    vouch_autopolicy struct vouch_policy *policy = NULL;
    *ret_exit = VOUCH_EXIT_OK;
    int err = vouch_policy_files_read(cli->args.operands, cli->args.operand_count, &policy, fault);
    if (err == 0) {
        const struct vouch_policy_content *holds = vouch_policy_holds(policy);
        vouch_say_mark(&cli->term, VOUCH_MARK_OK,
                       "a policy: zones %zu, users %zu, groups %zu, roles %zu, hosts %zu",
                       holds->zone_count, holds->user_count, holds->group_count, holds->role_count,
                       holds->host_count);
    }
    return err;
}

// A policy that is wrong is the answer "no".
static enum vouch_exit check_failed(const struct vouch_cli *cli, const struct vouch_fault *fault) {
    return fault->err == VOUCH_ERR_FORMAT && fault->kind == &vouch_fault_input
               ? VOUCH_EXIT_NO
               : vouch_command_usual_exit(cli->command, fault);
}

static const char *const check_examples[] = {"vouch policy check policy.yaml",
                                             "vouch policy check policy/", NULL};

const struct vouch_command vouch_cmd_policy_check = {
    .noun = "policy",
    .verb = "check",
    .summary = "whether files are a policy; asks no server",
    .operands = "FILE...",
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .notes = "Several files are read as one policy; of a folder, all files *.yaml. Exit status 1: "
             "it is wrong, and the message says in which line.",
    .examples = check_examples,
    .manner = VOUCH_MANNER_ASKS,
    .run = run_check,
    .failed = check_failed,
};

// vouch policy diff

static int compare(struct vouch_reach *reach, json_t **ret_diff, struct vouch_fault *fault) {
    const struct vouch_cli *cli = reach->cli;
    vouch_autopolicy struct vouch_policy *policy = NULL;
    int err = vouch_policy_files_read(cli->args.operands, cli->args.operand_count, &policy, fault);
    if (err == 0) {
        err = vouch_reach_open(cli, reach, fault);
    }
    return err == 0 ? vouch_remote_policy_send(reach, policy, NULL, ret_diff, fault) : err;
}

static int run_diff(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    struct vouch_reach reach = {.cli = cli};
    json_t *diff = NULL;
    int err = compare(&reach, &diff, fault);
    if (err == 0) {
        *ret_exit = vouch_policy_diff_is_empty(diff) ? VOUCH_EXIT_OK : VOUCH_EXIT_NO;
        err = vouch_policy_diff_show(cli, diff, fault);
    }
    json_decref(diff);
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option diff_options[] = {VOUCH_REACH_OPTIONS};

static const char *const diff_examples[] = {"vouch policy diff policy.yaml",
                                            "vouch policy diff policy/ -o json", NULL};

const struct vouch_command vouch_cmd_policy_diff = {
    .noun = "policy",
    .verb = "diff",
    .summary = "who would gain and who would lose what by a policy",
    .operands = "FILE...",
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .options = diff_options,
    .notes = "Exit status 0: there is no difference; 1: there is one.",
    .examples = diff_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .manner = VOUCH_MANNER_ASKS,
    .run = run_diff,
    .failed = vouch_reach_failed,
};

// vouch policy apply

static int check_expected(const struct vouch_cli *cli, const char *version,
                          struct vouch_fault *fault) {
    const char *expect = vouch_args_value(&cli->args, "expect");
    if (expect == NULL || strcmp(expect, version) == 0) {
        return 0;
    }
    vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_policy_version,
                    "--expect %s: version %s of the policy holds", expect, version);
    return vouch_fault_next(fault, "vouch policy diff shows what is different; then --expect %s",
                            version);
}

static int ask_consent(const struct vouch_cli *cli, const json_t *diff,
                       enum vouch_consent *ret_consent, struct vouch_fault *fault) {
    if (vouch_policy_diff_is_empty(diff)) {
        *ret_consent = VOUCH_CONSENT_YES;
        return 0;
    }
    vouch_policy_diff_print(cli, diff, VOUCH_DIFF_TALK);
    return vouch_confirm(cli, "Apply this policy?", ret_consent, fault);
}

static int say_applied(const struct vouch_cli *cli, const json_t *diff, struct vouch_fault *fault) {
    const char *version = vouch_answer_text(diff, "version");
    enum vouch_form form = VOUCH_FORM_TABLE;
    int err = vouch_form_of_item(&cli->args, &form, fault);
    if (vouch_policy_diff_is_empty(diff)) {
        vouch_say(&cli->term, "there is no difference: version %s holds", version);
    } else {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK, "version %s of the policy holds", version);
    }
    return err != 0 || form == VOUCH_FORM_TABLE ? err : vouch_policy_diff_show(cli, diff, fault);
}

// Between the question and the change another policy may come to hold: then V-1813, and not this one.
static int apply(struct vouch_reach *reach, const struct vouch_policy *policy,
                 enum vouch_exit *ret_exit, struct vouch_fault *fault) {
    const struct vouch_cli *cli = reach->cli;
    enum vouch_consent consent = VOUCH_CONSENT_NO;
    json_t *diff = NULL, *applied = NULL;
    int err = vouch_remote_policy_send(reach, policy, NULL, &diff, fault);
    const char *version = err == 0 ? vouch_answer_text(diff, "version") : NULL;
    if (err == 0 && version == NULL) {
        err = vouch_api_bad_answer(reach->api, fault, "/v1/policy/diff: it names no version");
    }
    if (err == 0) {
        err = check_expected(cli, version, fault);
    }
    if (err == 0 && vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "this would be; nothing was changed");
        err = vouch_policy_diff_show(cli, diff, fault);
    } else if (err == 0) {
        err = ask_consent(cli, diff, &consent, fault);
        *ret_exit = consent == VOUCH_CONSENT_YES ? VOUCH_EXIT_OK : VOUCH_EXIT_NO;
    }
    if (err == 0 && consent == VOUCH_CONSENT_YES) {
        err = vouch_remote_policy_send(reach, policy, version, &applied, fault);
    }
    if (applied != NULL) {
        err = say_applied(cli, applied, fault);
    }
    json_decref(diff);
    json_decref(applied);
    return err;
}

static int run_apply(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    vouch_autopolicy struct vouch_policy *policy = NULL;
    struct vouch_reach reach = {.cli = cli};
    *ret_exit = VOUCH_EXIT_OK;
    int err = vouch_policy_files_read(cli->args.operands, cli->args.operand_count, &policy, fault);
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = apply(&reach, policy, ret_exit, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option apply_options[] = {
    {"expect", 0, VOUCH_OPTION_ONE, 0, "VERSION", "only if this version still holds"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL,
     "show who would gain and lose what; change nothing"},
    VOUCH_SIGN_IN_CODE_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const apply_examples[] = {
    "vouch policy apply policy.yaml",
    "vouch policy apply policy/ --expect 12 --yes",
    NULL,
};

const struct vouch_command vouch_cmd_policy_apply = {
    .noun = "policy",
    .verb = "apply",
    .summary = "let a policy hold, in place of the one that does",
    .operands = "FILE...",
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .options = apply_options,
    .notes =
        "All of the policy is replaced: what the files leave out is removed. Several files are "
        "read as one; of a folder, all files *.yaml. Who loses an account loses its sessions, "
        "and its certificates are revoked.",
    .examples = apply_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_apply,
    .failed = vouch_reach_failed,
};

// vouch policy log

static const struct vouch_column columns[] = {
    {"version", "VERSION", 0}, {"time", "TIME", 0}, {"actor", "ACTOR", 0},
    {"record", "RECORD", 0},   {"hash", "HASH", 1}, {0},
};

static const struct vouch_query_listing listing = {
    .path = "/v1/policies",
    .spec = {.schema = "vouch.policies/1", .member = "items", .columns = columns},
};

static const char *const log_examples[] = {"vouch policy log", NULL};

const struct vouch_command vouch_cmd_policy_log = {
    .noun = "policy",
    .verb = "log",
    .summary = "the versions of the policy: when, by whom",
    .operands = "",
    .options = vouch_query_list_options,
    .examples = log_examples,
    .shape = VOUCH_SHAPE_LIST,
    .listing = &listing,
    .run = vouch_query_list,
    .failed = vouch_reach_failed,
};
