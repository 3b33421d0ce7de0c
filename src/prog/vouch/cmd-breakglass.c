// SPDX-License-Identifier: ISC
// vouch breakglass seal, sheet: what is made before an emergency and put away: a certificate for a key that
// a security key holds, and the sheet that says what to do when the server is gone.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/body.h"
#include "prog/vouch/cert-out.h"
#include "prog/vouch/granted.h"
#include "prog/vouch/load.h"
#include "prog/vouch/once.h"
#include "prog/vouch/query.h"
#include "prog/vouch/sign-in.h"
#include "prog/vouch/trust.h"

#define KEY_LINE_MAX 32768
#define SEALS "/v1/seals"

// vouch breakglass seal

struct seal {
    struct vouch_key *key;
    char *comment;
    char *path; // where it goes
    char *body;
    uint64_t ttl_s;
};

static void seal_done(struct seal *seal) {
    vouch_key_free(seal->key);
    free(seal->comment);
    free(seal->path);
    free(seal->body);
}

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

static int make_body(const struct vouch_args *args, struct seal *seal, struct vouch_fault *fault) {
    struct vouch_body body;
    struct vouch_buf line;
    vouch_buf_init(&line, KEY_LINE_MAX);
    vouch_key_print(seal->key, NULL, &line);
    vouch_buf_put(&line, (struct vouch_bytes){(const uint8_t *)"", 1});
    if (line.err != 0) {
        vouch_buf_done(&line);
        return no_memory(fault);
    }
    vouch_body_init(&body);
    vouch_body_text(&body, "user", vouch_args_value(args, "user"));
    vouch_body_text(&body, "role", vouch_args_value(args, "role"));
    vouch_body_text(&body, "public_key", (const char *)line.ptr);
    vouch_body_text(&body, "reason", vouch_args_value(args, "reason"));
    vouch_body_number(&body, "ttl_s", seal->ttl_s);
    int err = vouch_body_end(&body, &seal->body, fault);
    vouch_body_done(&body);
    vouch_buf_done(&line);
    return err;
}

static int read_seal(const struct vouch_args *args, struct seal *seal, struct vouch_fault *fault) {
    const char *ttl = vouch_args_value(args, "ttl"), *out = vouch_args_value(args, "out");
    if (vouch_duration_parse(vouch_bytes_of(ttl), &seal->ttl_s) != 0 || seal->ttl_s == 0) {
        vouch_usage(fault, "--ttl: \"%s\" is not a duration", ttl);
        return vouch_fault_next(fault, "write --ttl 90d");
    }
    int err = vouch_load_key(args->operands[0], &seal->key, &seal->comment, fault);
    if (err != 0) {
        return err;
    }
    seal->path = out != NULL ? strdup(out) : vouch_cert_out_path(args->operands[0]);
    if (seal->path == NULL) {
        return no_memory(fault);
    }
    err = vouch_cert_out_check(args, seal->path, fault);
    return err == 0 ? make_body(args, seal, fault) : err;
}

// Logins and options are the policy's to choose; for whom, for which key and until when are not.
static int take(struct vouch_reach *reach, const struct seal *seal, const json_t *answer,
                struct vouch_fault *fault) {
    const struct vouch_args *args = &reach->cli->args;
    const struct vouch_key *ca = NULL;
    struct vouch_cert *cert = NULL;
    int err =
        vouch_granted_read(vouch_answer_text(answer, "certificate"),
                           vouch_answer_u64(answer, "serial"), args->operands[0], &cert, fault);
    if (err == 0) {
        err = vouch_trust_issuer(reach, cert, &ca, fault);
    }
    if (err == 0) {
        struct vouch_granted_wish wish = vouch_granted_same(cert, ca, vouch_time_now_s());
        wish.type = VOUCH_CERT_USER;
        wish.key = seal->key;
        wish.key_id = vouch_bytes_of(vouch_args_value(args, "user"));
        wish.ttl_s = seal->ttl_s;
        err = vouch_granted_check(cert, &wish, args->operands[0], fault);
    }
    if (err == 0) {
        const struct vouch_cert_out out = {cert, seal->comment, seal->path,
                                           vouch_args_count(args, "force") > 0};
        err = vouch_cert_out_write(reach->cli, &out, fault);
    }
    vouch_cert_free(cert);
    return err;
}

static int ask_seal(struct vouch_reach *reach, const struct seal *seal, struct vouch_fault *fault) {
    char once[VOUCH_ONCE_MAX];
    json_t *answer = NULL;
    int err = vouch_reach_keys(reach, fault);
    if (err != 0) {
        return err;
    }
    vouch_once_make(once);
    const struct vouch_api_ask ask = {
        .method = VOUCH_API_POST, .path = SEALS, .body = seal->body, .once = once};
    err = vouch_api_ask_json(reach->api, &ask, "vouch.cert/1", &answer, fault);
    if (err == 0) {
        err = take(reach, seal, answer, fault);
    }
    json_decref(answer);
    return err;
}

static int run_seal(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    struct seal seal = {0};
    *ret_exit = VOUCH_EXIT_OK;
    int err = read_seal(&cli->args, &seal, fault);
    if (err == 0 && vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "would ask for this, and write %s; nothing was asked", seal.path);
        (void)printf("%s\n", seal.body);
    } else if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
        err = err == 0 ? ask_seal(&reach, &seal, fault) : err;
    }
    vouch_reach_done(&reach);
    seal_done(&seal);
    return err;
}

static const struct vouch_option seal_options[] = {
    {"user", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "NAME", "who it is for"},
    {"role", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "ROLE", "a role for emergencies"},
    {"ttl", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "SPAN", "how long: 1d to 90d"},
    {"reason", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "TEXT",
     "where it will lie; it is kept in the ledger"},
    {"out", 0, VOUCH_OPTION_ONE, 0, "FILE", "where it goes (default: KEY-cert.pub); - for stdout"},
    {"force", 0, VOUCH_OPTION_FLAG, 0, NULL, "replace a certificate that is there already"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "show what would be asked for; ask nothing"},
    VOUCH_SIGN_IN_CODE_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const seal_examples[] = {
    "vouch breakglass seal --user alice@example.com --role emergency --ttl 90d "
    "--reason \"the safe in Bonn\" id_ed25519_sk.pub",
    NULL};

const struct vouch_command vouch_cmd_breakglass_seal = {
    .noun = "breakglass",
    .verb = "seal",
    .summary = "a certificate to be put away for an emergency",
    .operands = "KEY.pub",
    .operands_min = 1,
    .operands_max = 1,
    .options = seal_options,
    .notes =
        "For administrators, with a second factor of the last five minutes; the key has to be of "
        "a type that begins with sk-. A review of it is opened at once. The signer's ceiling "
        "allows 24 hours unless root raised user.ttl_max in ceiling.yaml.",
    .examples = seal_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_seal,
    .failed = vouch_reach_failed,
};

// vouch breakglass sheet

static int show_sheet(struct vouch_reach *reach, struct vouch_fault *fault) {
    static const struct vouch_column lines[] = {{"text", "Sheet", 0}, {0}};
    const struct vouch_query_object what = {.path = "/v1/recovery-sheet",
                                            .schema = "vouch.recovery-sheet/1"};
    enum vouch_form form = VOUCH_FORM_TABLE;
    json_t *sheet = NULL;
    int err = vouch_form_of_item(&reach->cli->args, &form, fault);
    if (err == 0) {
        err = vouch_query_json(reach, &what, &sheet, fault);
    }
    const char *text = vouch_answer_text(sheet, "text");
    if (err == 0 && text == NULL) {
        err = vouch_api_bad_answer(reach->api, fault, "/v1/recovery-sheet: it has no text");
    }
    if (err == 0 && form != VOUCH_FORM_TABLE) {
        err = vouch_answer_object(reach->cli, sheet, lines, fault);
    } else if (err == 0) {
        struct vouch_bytes rest = vouch_bytes_of(text);
        while (rest.ptr != NULL) {
            char line[1024];
            vouch_str_escape_to(vouch_str_cut(&rest, '\n'), line, sizeof line);
            (void)printf("%s%s", line, rest.ptr != NULL ? "\n" : "");
        }
    }
    json_decref(sheet);
    return err;
}

static int run_sheet(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    *ret_exit = VOUCH_EXIT_OK;
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = show_sheet(&reach, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option sheet_options[] = {VOUCH_REACH_OPTIONS};

static const char *const sheet_examples[] = {"vouch breakglass sheet | lpr",
                                             "vouch --local /var/lib/vouch breakglass sheet", NULL};

const struct vouch_command vouch_cmd_breakglass_sheet = {
    .noun = "breakglass",
    .verb = "sheet",
    .summary = "what to print and put in the safe: fingerprints, and what to do",
    .operands = "",
    .options = sheet_options,
    .notes = "For administrators and auditors. Nothing in it is secret.",
    .examples = sheet_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_sheet,
    .failed = vouch_reach_failed,
};
