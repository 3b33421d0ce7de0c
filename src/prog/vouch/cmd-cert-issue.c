// SPDX-License-Identifier: ISC
// vouch cert issue: a certificate from the server, held to what was asked for before it is written.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/cert-out.h"
#include "prog/vouch/cert-text.h"
#include "prog/vouch/issue-wish.h"
#include "prog/vouch/load.h"
#include "prog/vouch/once.h"
#include "prog/vouch/query.h"
#include "prog/vouch/trust.h"

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

// What a grant is held to, and where it goes.
struct grant {
    const struct vouch_granted_wish *wish;
    const char *name;
    const char *comment;
    const char *out;
    int replace;
};

static int take_grant(struct vouch_reach *reach, const struct grant *grant, const json_t *answer,
                      struct vouch_fault *fault) {
    struct vouch_cert *cert = NULL;
    int err = vouch_granted_read(vouch_answer_text(answer, "certificate"),
                                 vouch_answer_u64(answer, "serial"), grant->name, &cert, fault);
    struct vouch_granted_wish wish = *grant->wish;
    if (err == 0) {
        err = vouch_trust_issuer(reach, cert, &wish.ca, fault);
    }
    if (err == 0) {
        err = vouch_granted_check(cert, &wish, grant->name, fault);
    }
    if (err == 0) {
        const struct vouch_cert_out out = {cert, grant->comment, grant->out, grant->replace};
        err = vouch_cert_out_write(reach->cli, &out, fault);
    }
    vouch_cert_free(cert);
    return err;
}

static int ask_grant(struct vouch_reach *reach, const char *path, const char *body,
                     const struct grant *grant, struct vouch_fault *fault) {
    char once[VOUCH_ONCE_MAX];
    json_t *answer = NULL;
    vouch_once_make(once);
    const struct vouch_api_ask ask = {
        .method = VOUCH_API_POST, .path = path, .body = body, .once = once};
    int err = vouch_api_ask_json(reach->api, &ask, "vouch.cert/1", &answer, fault);
    if (err == 0) {
        err = take_grant(reach, grant, answer, fault);
    }
    json_decref(answer);
    return err;
}

static const struct vouch_key *ca_of(const struct vouch_reach *reach, enum vouch_cert_type type) {
    return type == VOUCH_CERT_HOST ? reach->settings.host_ca : reach->settings.user_ca;
}

// vouch cert issue

static int issue(struct vouch_reach *reach, struct vouch_issue_wish *wish,
                 struct vouch_fault *fault) {
    vouch_autofree char *body = vouch_issue_wish_json(wish);
    if (body == NULL) {
        return no_memory(fault);
    }
    if (vouch_args_count(&reach->cli->args, "dry-run") > 0) {
        vouch_say(&reach->cli->term, "would ask %s for this, and write %s; nothing was asked",
                  vouch_api_name(reach->api), wish->out);
        (void)printf("%s\n", body);
        return 0;
    }
    int err = vouch_reach_keys(reach, fault);
    if (err != 0) {
        return err;
    }
    wish->wish.ca = ca_of(reach, wish->wish.type);
    const struct grant grant = {
        .wish = &wish->wish,
        .name = wish->path,
        .comment = wish->comment,
        .out = wish->out,
        .replace = vouch_args_count(&reach->cli->args, "force") > 0,
    };
    return ask_grant(reach, "/v1/certs", body, &grant, fault);
}

static int run_issue(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    struct vouch_issue_wish wish;
    int err = vouch_issue_wish_read(cli, &wish, fault);
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = issue(&reach, &wish, fault);
    }
    vouch_reach_done(&reach);
    vouch_issue_wish_done(&wish);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option issue_options[] = {
    {"principals", 0, VOUCH_OPTION_MANY, VOUCH_OPTION_REQUIRED, "P[,P...]",
     "the logins, roles or host names that it is good for"},
    {"id", 0, VOUCH_OPTION_ONE, 0, "KEYID", "the key ID (default: the server makes one)"},
    {"ttl", 0, VOUCH_OPTION_ONE, 0, "SPAN",
     "how long, such as 8h (default: all the profile allows)"},
    {"option", 0, VOUCH_OPTION_MANY, 0, "NAME[=VALUE]",
     "a critical option or extension, such as permit-pty or force-command=id"},
    {"out", 0, VOUCH_OPTION_ONE, 0, "FILE", "where it goes (default: KEY-cert.pub); - for stdout"},
    {"force", 0, VOUCH_OPTION_FLAG, 0, NULL, "replace a certificate that is there already"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "show what would be asked for; ask nothing"},
    VOUCH_REACH_OPTIONS,
};

static const char *const issue_examples[] = {
    "vouch cert issue user --principals alice --ttl 8h id_ed25519.pub",
    "vouch cert issue host --principals web1.example.com ssh_host_ed25519_key.pub",
    NULL,
};

const struct vouch_command vouch_cmd_cert_issue = {
    .noun = "cert",
    .verb = "issue",
    .summary = "get a certificate from the server",
    .operands = "user|host KEY.pub",
    .operands_min = 2,
    .operands_max = 2,
    .options = issue_options,
    .notes =
        "What the server grants is written only if it is exactly what was asked for: key, type, "
        "principals, key ID, time, options, and the signature of the CA that was noted down by "
        "vouch server set. Without --option the extensions are those of the profile.",
    .examples = issue_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_issue,
    .failed = vouch_reach_failed,
};

// vouch cert renew

struct renewal {
    struct vouch_cert_list list;
    struct vouch_cert *fetched; // where a serial was given
    const struct vouch_cert *old;
    const char *comment;
    const char *out;
};

static void renewal_done(struct renewal *renewal) {
    vouch_cert_list_done(&renewal->list);
    vouch_cert_free(renewal->fetched);
}

static int fetch_old(struct vouch_reach *reach, uint64_t serial, struct renewal *renewal,
                     struct vouch_fault *fault) {
    char path[64];
    json_t *answer = NULL;
    (void)snprintf(path, sizeof path, "/v1/certs/%llu", (unsigned long long)serial);
    const struct vouch_api_ask ask = {.path = path};
    int err = vouch_api_ask_json(reach->api, &ask, "vouch.cert/1", &answer, fault);
    if (err == 0) {
        err = vouch_granted_read(vouch_answer_text(answer, "certificate"), serial,
                                 reach->cli->args.operands[0], &renewal->fetched, fault);
        renewal->old = renewal->fetched;
    } else if (err == VOUCH_ERR_REFUSED) {
        vouch_fault_next(fault, "give the certificate's file in place of its serial");
    }
    json_decref(answer);
    return err;
}

static int read_old(struct vouch_reach *reach, struct renewal *renewal, struct vouch_fault *fault) {
    const struct vouch_args *args = &reach->cli->args;
    const char *operand = args->operands[0];
    uint64_t serial = 0;
    renewal->out = vouch_args_value(args, "out");
    if (vouch_str_to_u64(vouch_bytes_of(operand), &serial) == 0) {
        if (renewal->out == NULL) {
            vouch_usage(fault, "cert renew %s: --out FILE is missing", operand);
            return vouch_fault_next(fault, "say where it goes, or give the certificate's file");
        }
        int err = vouch_cert_out_check(args, renewal->out, fault);
        return err == 0 ? fetch_old(reach, serial, renewal, fault) : err;
    }
    int err = vouch_load_certs(operand, &renewal->list, fault);
    if (err == 0 && renewal->list.count > 1) {
        return vouch_usage(fault, "%s: holds %zu certificates, and one is renewed at a time",
                           operand, renewal->list.count);
    }
    if (err == 0) {
        renewal->old = renewal->list.certs[0].cert;
        renewal->comment = renewal->list.certs[0].comment;
    }
    if (err == 0 && renewal->out != NULL) {
        return vouch_cert_out_check(args, renewal->out, fault);
    }
    renewal->out = renewal->out != NULL ? renewal->out : operand;
    return err;
}

static int renew(struct vouch_reach *reach, struct renewal *renewal, struct vouch_fault *fault) {
    char path[64];
    const struct vouch_cli *cli = reach->cli;
    int err = read_old(reach, renewal, fault);
    if (err != 0) {
        return err;
    }
    if (vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "would renew serial %llu and write %s; nothing was asked",
                  (unsigned long long)renewal->old->serial, renewal->out);
        vouch_cert_text(renewal->old, VOUCH_CERT_STAGE_ISSUED, &cli->term, vouch_time_now_s());
        return 0;
    }
    err = vouch_reach_keys(reach, fault);
    if (err != 0) {
        return err;
    }
    const struct vouch_granted_wish wish =
        vouch_granted_same(renewal->old, ca_of(reach, renewal->old->type), vouch_time_now_s());
    const struct grant grant = {
        .wish = &wish,
        .name = cli->args.operands[0],
        .comment = renewal->comment,
        .out = renewal->out,
        .replace = 1,
    };
    (void)snprintf(path, sizeof path, "/v1/certs/%llu/renew",
                   (unsigned long long)renewal->old->serial);
    return ask_grant(reach, path, "{}", &grant, fault);
}

static int run_renew(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    struct renewal renewal = {0};
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = renew(&reach, &renewal, fault);
    }
    renewal_done(&renewal);
    vouch_reach_done(&reach);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option renew_options[] = {
    {"out", 0, VOUCH_OPTION_ONE, 0, "FILE", "where it goes (default: in place of the old one)"},
    {"force", 0, VOUCH_OPTION_FLAG, 0, NULL, "replace what is at --out already"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "show what would be renewed; ask nothing"},
    VOUCH_REACH_OPTIONS,
};

static const char *const renew_examples[] = {
    "vouch cert renew id_ed25519-cert.pub",
    "vouch cert check --expires-in 34% id-cert.pub && vouch cert renew id-cert.pub",
    NULL,
};

const struct vouch_command vouch_cmd_cert_renew = {
    .noun = "cert",
    .verb = "renew",
    .summary = "a fresh certificate for the same key, with the same contents",
    .operands = "FILE-cert.pub|SERIAL",
    .operands_min = 1,
    .operands_max = 1,
    .options = renew_options,
    .notes =
        "The new certificate has to say exactly what the old one says, but for serial and time, "
        "and takes its place by rename.",
    .examples = renew_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_renew,
    .failed = vouch_reach_failed,
};
