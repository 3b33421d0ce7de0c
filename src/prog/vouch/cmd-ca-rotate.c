// SPDX-License-Identifier: ISC
// vouch ca rotate status, plan, start, advance, back: a CA key is replaced without locking anybody out.
//
// Each step shows first where the rotation stands, and says so to the server, so that nothing is done if
// somebody else was faster.
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "prog/vouch/answer.h"
#include "prog/vouch/body.h"
#include "prog/vouch/ca-rotation.h"
#include "prog/vouch/confirm.h"
#include "prog/vouch/load.h"
#include "prog/vouch/sign-in.h"

#define STEP_WAIT_MS 100000 // a large RSA key is made meanwhile, or an index comes after
#define KEY_LINE_MAX 32768

static int read_use(const struct vouch_cli *cli, const char **ret_use, struct vouch_fault *fault) {
    const char *use = cli->args.operand_count > 0 ? cli->args.operands[0] : NULL;
    if (use != NULL && strcmp(use, "user") != 0 && strcmp(use, "host") != 0) {
        vouch_usage(fault, "\"%s\" is neither user nor host", use);
        return vouch_fault_next(fault, "say which CA: user, which signs for people, or host");
    }
    *ret_use = use;
    return 0;
}

static int print_json(const json_t *answer, const char *schema, enum vouch_form form,
                      struct vouch_fault *fault) {
    struct vouch_item *item = vouch_item_new(schema);
    vouch_answer_item(item, answer);
    int err = vouch_item_print(item, form, fault);
    vouch_item_free(item);
    return err;
}

// --- looking

static void print_sessions(const json_t *answer) {
    (void)printf("Clients: %lld of %lld sessions showed these keys\n",
                 (long long)json_integer_value(json_object_get(answer, "sessions_current")),
                 (long long)json_integer_value(json_object_get(answer, "sessions")));
}

static void print_text(const struct vouch_cli *cli, const json_t *answer) {
    const json_t *items = json_object_get(answer, "items");
    for (size_t i = 0; i < json_array_size(items); i++) {
        vouch_ca_rotation_say(cli, json_array_get(items, i), VOUCH_CA_ROTATION_OUT);
    }
    print_sessions(answer);
}

// What is still to come, from where it stands.
static void print_plan(const json_t *item) {
    static const struct {
        const char *phase; // at the end of which it is made
        const char *step;
        const char *waits;
    } plan[] = {
        {"steady", "create", "at once: vouch ca rotate start"},
        {"distribute", "switch", "when every host that reports trusts the new key: seconds"},
        {"drain", "remove",
         "when nothing by the old key is valid any more, or each host has its new certificate"},
        {"removed", "destroy", "when every host that reports has dropped the old key"},
    };
    const char *phase = vouch_answer_text(item, "phase");
    size_t from = 0;
    while (from < sizeof plan / sizeof plan[0] && phase != NULL &&
           strcmp(plan[from].phase, phase) != 0) {
        from++;
    }
    (void)printf("Steps to come:\n");
    for (size_t i = from; i < sizeof plan / sizeof plan[0]; i++) {
        const struct vouch_ca_step *step = vouch_ca_step_of(plan[i].step);
        (void)printf("  %zu. %-8s %s\n              %s\n", i - from + 1, plan[i].step,
                     step != NULL ? step->means : "", plan[i].waits);
    }
}

static int look(const struct vouch_cli *cli, json_t **ret_answer, enum vouch_form *ret_form,
                struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    const char *use = NULL;
    int err = read_use(cli, &use, fault);
    if (err == 0) {
        err = vouch_form_of_item(&cli->args, ret_form, fault);
    }
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = vouch_ca_rotation_get(&reach, use, ret_answer, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

static int run_look(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    enum vouch_form form = VOUCH_FORM_TABLE;
    json_t *answer = NULL;
    *ret_exit = VOUCH_EXIT_OK;
    int err = look(cli, &answer, &form, fault);
    if (err == 0 && form != VOUCH_FORM_TABLE) {
        err = print_json(answer, "vouch.rotation/1", form, fault);
    } else if (err == 0) {
        print_text(cli, answer);
        if (strcmp(cli->command->verb, "rotate plan") == 0) {
            print_plan(json_array_get(json_object_get(answer, "items"), 0));
        }
    }
    json_decref(answer);
    return err;
}

// --- making a step

// What a word of the command means in a phase; NULL: nothing.
static const char *step_name(const char *move, const json_t *item) {
    static const char *const steps[][3] = {
        {"start", "steady", "create"},
        {"back", "distribute", "drop"},
        {"back", "drain", "back"},
        {"back", "removed", "restore"},
    };
    const char *phase = vouch_answer_text(item, "phase");
    if (strcmp(move, "advance") == 0) {
        return vouch_answer_text(item, "next");
    }
    for (size_t i = 0; phase != NULL && i < sizeof steps / sizeof steps[0]; i++) {
        if (strcmp(steps[i][0], move) == 0 && strcmp(steps[i][1], phase) == 0) {
            return steps[i][2];
        }
    }
    return NULL;
}

static int destroys(const char *step) {
    return step != NULL && (strcmp(step, "drop") == 0 || strcmp(step, "destroy") == 0);
}

// The key beside the active one.
static const char *other_fingerprint(const json_t *item) {
    const json_t *keys = json_object_get(item, "keys");
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const json_t *key = json_array_get(keys, i);
        const char *state = vouch_answer_text(key, "state");
        if (state != NULL && strcmp(state, "active") != 0) {
            return vouch_answer_text(key, "fingerprint");
        }
    }
    return NULL;
}

static int check_fingerprint(const struct vouch_cli *cli, const char *step, const json_t *item,
                             struct vouch_fault *fault) {
    const char *fingerprint = other_fingerprint(item);
    if (!destroys(step) || fingerprint == NULL ||
        vouch_args_value(&cli->args, "fingerprint") != NULL) {
        return 0;
    }
    (void)vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_rotation_key,
                          "this destroys the key %.80s, which has to be named", fingerprint);
    return vouch_fault_next(fault, "add --fingerprint %.80s", fingerprint);
}

static int put_key(const struct vouch_cli *cli, struct vouch_body *body,
                   struct vouch_fault *fault) {
    const char *path = vouch_args_value(&cli->args, "key");
    struct vouch_key *key = NULL;
    struct vouch_buf line;
    if (path == NULL) {
        return 0;
    }
    int err = vouch_load_key(path, &key, NULL, fault);
    if (err == 0) {
        vouch_buf_init(&line, KEY_LINE_MAX);
        vouch_key_print(key, NULL, &line);
        vouch_buf_put_text(&line, "");
        body->bad |= line.err != VOUCH_OK ||
                     json_object_set_new(body->json, "public_key",
                                         json_stringn((const char *)line.ptr, line.len)) != 0;
        vouch_buf_done(&line);
    }
    vouch_key_free(key);
    return err;
}

static int make_body(const struct vouch_cli *cli, const char *move, const json_t *item,
                     char **ret_text, struct vouch_fault *fault) {
    struct vouch_body body;
    vouch_body_init(&body);
    vouch_body_text(&body, "use", vouch_answer_text(item, "use"));
    vouch_body_text(&body, "verb", move);
    vouch_body_text(&body, "phase", vouch_answer_text(item, "phase"));
    vouch_body_list(&body, "without", &cli->args, "without");
    vouch_body_text(&body, "fingerprint", vouch_args_value(&cli->args, "fingerprint"));
    if (vouch_args_count(&cli->args, "now") > 0) {
        body.bad |= json_object_set_new(body.json, "now", json_true()) != 0;
    }
    int err = put_key(cli, &body, fault);
    if (err == 0) {
        err = vouch_body_end(&body, ret_text, fault);
    }
    vouch_body_done(&body);
    return err;
}

// Shows where it stands and what the step means; where there is no such step the server says why.
static int may(const struct vouch_cli *cli, const char *step, const json_t *item,
               enum vouch_consent *ret_consent, struct vouch_fault *fault) {
    const struct vouch_ca_step *known = vouch_ca_step_of(step);
    vouch_ca_rotation_say(cli, item, VOUCH_CA_ROTATION_ERR);
    if (known == NULL) {
        *ret_consent = VOUCH_CONSENT_YES;
        return 0;
    }
    vouch_say(&cli->term, "%s: %s.", known->name, known->means);
    return vouch_confirm(cli, "Go on?", ret_consent, fault);
}

static int report(const struct vouch_cli *cli, const json_t *answer, struct vouch_fault *fault) {
    const struct vouch_ca_step *step = vouch_ca_step_of(vouch_answer_text(answer, "step"));
    enum vouch_form form = VOUCH_FORM_TABLE;
    vouch_say_mark(&cli->term, VOUCH_MARK_OK, "%s", step != NULL ? step->done : "done");
    int err = vouch_form_of_item(&cli->args, &form, fault);
    if (err != 0) {
        return err;
    }
    if (form != VOUCH_FORM_TABLE) {
        return print_json(answer, "vouch.rotation-step/1", form, fault);
    }
    vouch_ca_rotation_say(cli, answer, VOUCH_CA_ROTATION_OUT);
    return 0;
}

static int make_step(struct vouch_reach *reach, const char *move, const json_t *item,
                     struct vouch_fault *fault) {
    const struct vouch_cli *cli = reach->cli;
    const char *step = step_name(move, item);
    enum vouch_consent consent = VOUCH_CONSENT_NO;
    vouch_autofree char *body = NULL;
    json_t *answer = NULL;
    int err = check_fingerprint(cli, step, item, fault);
    if (err == 0) {
        err = make_body(cli, move, item, &body, fault);
    }
    if (err == 0) {
        err = may(cli, step, item, &consent, fault);
    }
    if (err != 0 || consent != VOUCH_CONSENT_YES) {
        return err;
    }
    const struct vouch_api_ask ask = {
        .method = VOUCH_API_POST, .path = VOUCH_CA_ROTATION_PATH, .body = body};
    if (vouch_args_value(&cli->args, "timeout") == NULL) {
        vouch_api_set_timeout(reach->api, STEP_WAIT_MS);
    }
    err = vouch_api_ask_json(reach->api, &ask, "vouch.rotation-step/1", &answer, fault);
    if (err == 0) {
        err = report(cli, answer, fault);
    }
    json_decref(answer);
    return err;
}

static int run_step(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    const char *move = strrchr(cli->command->verb, ' ') + 1;
    struct vouch_reach reach = {0};
    const char *use = NULL;
    json_t *answer = NULL;
    *ret_exit = VOUCH_EXIT_OK;
    int err = read_use(cli, &use, fault);
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = vouch_ca_rotation_get(&reach, use, &answer, fault);
    }
    if (err == 0) {
        err = make_step(&reach, move, json_array_get(json_object_get(answer, "items"), 0), fault);
    }
    json_decref(answer);
    vouch_reach_done(&reach);
    return err;
}

// --- the table

#define LOOKS .shape = VOUCH_SHAPE_ITEM, .run = run_look, .failed = vouch_reach_failed
#define STEPS                                                                                      \
    .operands = "user|host", .operands_min = 1, .operands_max = 1, .shape = VOUCH_SHAPE_ITEM,      \
    .run = run_step, .failed = vouch_reach_failed
#define FINGERPRINT_OPTION                                                                         \
    { "fingerprint", 0, VOUCH_OPTION_ONE, 0, "SHA256:...", "the key that the step destroys" }

static const struct vouch_option look_options[] = {VOUCH_REACH_OPTIONS};
static const struct vouch_option start_options[] = {
    {"key", 0, VOUCH_OPTION_ONE, 0, "FILE.pub",
     "where CA keys are in an agent: which of its keys is the new one"},
    VOUCH_SIGN_IN_CODE_OPTION,
    VOUCH_REACH_OPTIONS,
};
static const struct vouch_option advance_options[] = {
    {"without", 0, VOUCH_OPTION_MANY, 0, "HOST", "leave this host behind; it has to enrol anew"},
    {"now", 0, VOUCH_OPTION_FLAG, 0, NULL,
     "do not wait for certificates by the old key: they are worth nothing at once"},
    FINGERPRINT_OPTION,
    VOUCH_SIGN_IN_CODE_OPTION,
    VOUCH_REACH_OPTIONS,
};
static const struct vouch_option back_options[] = {
    {"now", 0, VOUCH_OPTION_FLAG, 0, NULL,
     "destroy a key though it has signed: certificates by it are worth nothing"},
    FINGERPRINT_OPTION,
    VOUCH_SIGN_IN_CODE_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const status_examples[] = {
    "vouch ca rotate status",
    "vouch ca rotate status user -o json | jq -r '.items[0].phase'",
    NULL,
};
const struct vouch_command vouch_cmd_ca_rotate_status = {
    .noun = "ca",
    .verb = "rotate status",
    .summary = "which CA keys there are, and how far replacing one has come",
    .operands = "[user|host]",
    .operands_max = 1,
    .options = look_options,
    .examples = status_examples,
    LOOKS,
};

static const char *const plan_examples[] = {"vouch ca rotate plan user", NULL};
const struct vouch_command vouch_cmd_ca_rotate_plan = {
    .noun = "ca",
    .verb = "rotate plan",
    .summary = "what replacing a CA key would mean, step by step; changes nothing",
    .operands = "user|host",
    .operands_min = 1,
    .operands_max = 1,
    .options = look_options,
    .examples = plan_examples,
    LOOKS,
};

static const char *const start_examples[] = {
    "vouch ca rotate start user",
    "vouch ca rotate start host --local /var/lib/vouch --yes",
    NULL,
};
const struct vouch_command vouch_cmd_ca_rotate_start = {
    .noun = "ca",
    .verb = "rotate start",
    .summary = "make a new CA key, which is trusted at once and signs later",
    .options = start_options,
    .examples = start_examples,
    STEPS,
};

static const char *const advance_examples[] = {
    "vouch ca rotate advance user",
    "vouch ca rotate advance user --without web9.prod.example.com",
    "vouch ca rotate advance user --fingerprint SHA256:9QxT...",
    NULL,
};
const struct vouch_command vouch_cmd_ca_rotate_advance = {
    .noun = "ca",
    .verb = "rotate advance",
    .summary = "make the next step: switch to the new key, remove the old one, destroy it",
    .options = advance_options,
    .notes =
        "Nothing is done while somebody would be locked out: who, vouch ca rotate status says.",
    .examples = advance_examples,
    STEPS,
};

static const char *const back_examples[] = {"vouch ca rotate back user", NULL};
const struct vouch_command vouch_cmd_ca_rotate_back = {
    .noun = "ca",
    .verb = "rotate back",
    .summary = "undo the last step of a rotation; a key that is destroyed stays so",
    .options = back_options,
    .examples = back_examples,
    STEPS,
};
