// SPDX-License-Identifier: ISC
// vouch cert show, vouch cert check: what a certificate says, and whether it would be accepted.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/cert-text.h"
#include "prog/vouch/cmd-cert-fetch.h"
#include "prog/vouch/command.h"
#include "prog/vouch/load.h"
#include "prog/vouch/out.h"
#include "prog/vouch/reach.h"
#include "prog/vouch/validity.h"

static const char *shown_name(const char *path) {
    return strcmp(path, "-") == 0 ? "(stdin)" : path;
}

// vouch cert show

static int show_json(const struct vouch_cli *cli, const struct vouch_cert_list *list,
                     enum vouch_form form, struct vouch_fault *fault) {
    if (form == VOUCH_FORM_JSON && list->count > 1) {
        vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_usage,
                        "%s: holds %zu certificates, and -o json prints one", cli->args.operands[0],
                        list->count);
        return vouch_fault_next(fault, "use -o jsonl, which prints one a line");
    }
    int err = 0;
    for (size_t i = 0; err == 0 && i < list->count; i++) {
        struct vouch_item *item = vouch_item_new("vouch.cert/1");
        vouch_cert_item(list->certs[i].cert, vouch_time_now_s(), item);
        vouch_item_word(item, "comment", list->certs[i].comment);
        err = vouch_item_print(item, form, fault);
        vouch_item_free(item);
    }
    return err;
}

static void show_text(const struct vouch_cli *cli, const struct vouch_cert_list *list) {
    char name[300];
    vouch_str_escape_to(vouch_bytes_of(shown_name(cli->args.operands[0])), name, sizeof name);
    for (size_t i = 0; i < list->count; i++) {
        if (list->count > 1) {
            (void)printf("%s%s:%lu:\n", i > 0 ? "\n" : "", name, list->certs[i].line);
        }
        vouch_cert_text(list->certs[i].cert, VOUCH_CERT_STAGE_ISSUED, &cli->term,
                        vouch_time_now_s());
    }
}

static int run_show(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    enum vouch_form form;
    struct vouch_cert_list list = {0};
    *ret_exit = VOUCH_EXIT_OK;
    if (vouch_cert_fetch_is(cli->args.operands[0])) {
        return vouch_cert_fetch_show(cli, fault);
    }
    int err = vouch_form_of_item(&cli->args, &form, fault);
    if (err == 0) {
        err = vouch_load_certs(cli->args.operands[0], &list, fault);
    }
    if (err == 0 && form == VOUCH_FORM_TABLE) {
        show_text(cli, &list);
    } else if (err == 0) {
        err = show_json(cli, &list, form, fault);
    }
    vouch_cert_list_done(&list);
    return err;
}

static const struct vouch_option show_options[] = {
    {"line", 0, VOUCH_OPTION_FLAG, 0, NULL,
     "of a SERIAL: print the certificate itself, as in a -cert.pub file"},
    VOUCH_REACH_OPTIONS,
};

static const char *const show_examples[] = {
    "vouch cert show id_ed25519-cert.pub",
    "vouch cert show --line 4711 > id_ed25519-cert.pub",
    "ssh-add -L | grep cert-v01 | vouch cert show -",
    "vouch cert show -o json id_ed25519-cert.pub | jq -r .valid_before",
    NULL,
};

const struct vouch_command vouch_cmd_cert_show = {
    .noun = "cert",
    .verb = "show",
    .summary = "what a certificate says, how long it lasts, and what looks wrong with it",
    .operands = "FILE|SERIAL",
    .operands_min = 1,
    .operands_max = 1,
    .options = show_options,
    .notes =
        "FILE holds one certificate a line, as a -cert.pub file does; - is standard input. For a "
        "SERIAL the server is asked, which also knows who got it, and whether it was revoked. The "
        "order is that of ssh-keygen -L. Lines that begin with ! name what sshd or ssh will "
        "refuse, and what has another effect than it seems to.",
    .examples = show_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_show,
    .failed = vouch_reach_failed,
};

// vouch cert check

struct check {
    const struct vouch_cli *cli;
    struct vouch_cert_list certs;
    struct vouch_key_list cas;
    const struct vouch_key **ca_keys;
    struct vouch_loaded_krl krl;
    struct vouch_cert_expect expect;
};

static void check_done(struct check *check) {
    vouch_cert_list_done(&check->certs);
    vouch_key_list_done(&check->cas);
    free(check->ca_keys);
    vouch_loaded_krl_done(&check->krl);
}

static int read_cas(struct check *check, struct vouch_fault *fault) {
    size_t cursor = 0;
    const char *path;
    int err = 0;
    while (err == 0 && (path = vouch_args_next(&check->cli->args, "ca", &cursor)) != NULL) {
        err = vouch_load_keys(path, &check->cas, fault);
    }
    check->ca_keys = calloc(check->cas.count + 1, sizeof *check->ca_keys);
    if (err == 0 && check->ca_keys == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
    }
    for (size_t i = 0; err == 0 && i < check->cas.count; i++) {
        check->ca_keys[i] = check->cas.keys[i].key;
    }
    check->expect.cas = check->ca_keys;
    check->expect.ca_count = check->cas.count;
    return err;
}

// --host and --principal say which type is meant; --type says it outright.
static int read_type(struct check *check, struct vouch_fault *fault) {
    static const char *const words[] = {"user", "host", NULL};
    const struct vouch_args *args = &check->cli->args;
    const char *type = vouch_args_value(args, "type");
    const char *principal = vouch_args_value(args, "principal");
    const char *host = vouch_args_value(args, "host");
    enum vouch_cert_type asked = host != NULL ? VOUCH_CERT_HOST : VOUCH_CERT_USER;
    if (type != NULL) {
        int choice = vouch_args_choice("type", type, words, fault);
        if (choice < 0) {
            return VOUCH_ERR_ARGUMENT;
        }
        asked = choice == 1 ? VOUCH_CERT_HOST : VOUCH_CERT_USER;
    } else if (host == NULL && principal == NULL) {
        asked = check->certs.certs[0].cert->type;
    }
    int clash = (host != NULL && (principal != NULL || asked == VOUCH_CERT_USER)) ||
                (principal != NULL && asked == VOUCH_CERT_HOST);
    if (clash) {
        vouch_usage(fault, "--host is for host certificates and --principal for users'");
        return vouch_fault_next(fault, "give one of them, and the --type that fits it or none");
    }
    check->expect.type = asked;
    check->expect.name = vouch_bytes_of(host != NULL ? host : principal);
    return 0;
}

static int read_time(struct check *check, struct vouch_fault *fault) {
    const char *at = vouch_args_value(&check->cli->args, "at");
    check->expect.now = vouch_time_now_s();
    if (at == NULL ||
        vouch_moment_parse(vouch_bytes_of(at), check->expect.now, &check->expect.now) == 0) {
        return 0;
    }
    vouch_usage(fault, "--at: \"%s\" is not a moment", at);
    return vouch_fault_next(fault, "write --at 2026-11-22T10:45:38Z or --at +1h");
}

static int read_check(struct check *check, struct vouch_fault *fault) {
    const struct vouch_args *args = &check->cli->args;
    const char *krl = vouch_args_value(args, "krl");
    int err = vouch_load_certs(args->operands[0], &check->certs, fault);
    if (err == 0 && check->certs.count > 1) {
        err = vouch_usage(fault, "%s: holds %zu certificates, and one is checked at a time",
                          args->operands[0], check->certs.count);
    }
    if (err == 0) {
        err = read_type(check, fault);
    }
    if (err == 0) {
        err = read_time(check, fault);
    }
    if (err == 0) {
        err = read_cas(check, fault);
    }
    if (err == 0 && krl != NULL) {
        err = vouch_load_krl(krl, VOUCH_KRL_FILE_ANY, &check->krl, fault);
        check->expect.krl = check->krl.krl;
    }
    check->expect.address = vouch_bytes_of(vouch_args_value(args, "address"));
    check->expect.host_wildcards = vouch_args_count(args, "wildcards") > 0;
    return err;
}

// The value of a reason; moments as moments.
static void reason_value(const struct check *check, const struct vouch_cert *cert,
                         const struct vouch_cert_reason *reason, char *ret_text, size_t ret_size) {
    if (reason->code == VOUCH_CERT_REASON_EXPIRED) {
        vouch_term_time(&check->cli->term, cert->valid_before, ret_text, ret_size);
    } else if (reason->code == VOUCH_CERT_REASON_NOT_YET_VALID) {
        vouch_term_time(&check->cli->term, cert->valid_after, ret_text, ret_size);
    } else {
        (void)snprintf(ret_text, ret_size, "%s", reason->value);
    }
}

static const struct vouch_column reason_columns[] = {
    {"reason", "REASON", 0},
    {"field", "FIELD", 0},
    {"value", "VALUE", 0},
    {0},
};

static const struct vouch_list_spec reason_list = {
    .schema = "vouch.check/1",
    .member = "reasons",
    .columns = reason_columns,
};

static int print_verdict(const struct check *check, const struct vouch_cert_result *result,
                         struct vouch_fault *fault) {
    const struct vouch_cert *cert = check->certs.certs[0].cert;
    int accepted = result->verdict == VOUCH_CERT_ACCEPTED;
    struct vouch_list *list = NULL;
    int err = vouch_list_open(&reason_list, &check->cli->args, &check->cli->term, &list, fault);
    if (err != 0) {
        return err;
    }
    struct vouch_item *head = vouch_list_head(list);
    vouch_item_word(head, "file", check->cli->args.operands[0]);
    vouch_item_word(head, "verdict", accepted ? "accepted" : "refused");
    vouch_item_text(head, "key_id", cert->key_id);
    vouch_item_u64(head, "serial", cert->serial);
    vouch_item_time(head, "checked_at", check->expect.now);
    for (size_t i = 0; i < result->reason_count; i++) {
        char value[300];
        struct vouch_item *row = vouch_list_row(list);
        reason_value(check, cert, &result->reasons[i], value, sizeof value);
        vouch_item_word(row, "reason", vouch_cert_reason_text(result->reasons[i].code));
        vouch_item_word(row, "field", result->reasons[i].field);
        vouch_item_word(row, "value", value);
    }
    return vouch_list_close(list, fault);
}

static void say_verdict(const struct check *check, const struct vouch_cert_result *result) {
    char name[300];
    vouch_str_escape_to(vouch_bytes_of(shown_name(check->cli->args.operands[0])), name,
                        sizeof name);
    if (result->verdict == VOUCH_CERT_ACCEPTED) {
        vouch_say_mark(&check->cli->term, VOUCH_MARK_OK, "%s: accepted%s", name,
                       check->expect.name.len > 0 ? "" : ", for whichever name it lists");
    } else {
        vouch_say_mark(&check->cli->term, VOUCH_MARK_FAIL, "%s: refused, %zu reason%s", name,
                       result->reason_count, result->reason_count == 1 ? "" : "s");
    }
}

static int judge(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                 struct vouch_fault *fault) {
    struct check check = {.cli = cli};
    struct vouch_cert_result result = {0};
    int err = read_check(&check, fault);
    if (err == 0) {
        vouch_cert_check(check.certs.certs[0].cert, &check.expect, &result);
        say_verdict(&check, &result);
        err = print_verdict(&check, &result, fault);
    }
    check_done(&check);
    *ret_exit = result.verdict == VOUCH_CERT_ACCEPTED ? VOUCH_EXIT_OK : VOUCH_EXIT_NO;
    return err;
}

// "1h", or "34%" of the whole lifetime. 0 with the seconds that must be left.
static int parse_window(const char *text, const struct vouch_cert *cert, uint64_t *ret_left_s,
                        struct vouch_fault *fault) {
    size_t len = strlen(text);
    uint64_t percent = 0;
    struct vouch_bytes digits = {(const uint8_t *)text, len > 0 ? len - 1 : 0};
    if (len > 1 && text[len - 1] == '%' && vouch_str_to_u64(digits, &percent) == 0 &&
        percent <= 100) {
        uint64_t whole = cert->valid_before - cert->valid_after;
        *ret_left_s = whole / 100 * percent + whole % 100 * percent / 100;
        return 0;
    }
    if (vouch_duration_parse(vouch_bytes_of(text), ret_left_s) == 0) {
        return 0;
    }
    vouch_usage(fault, "--expires-in: \"%s\" is neither a duration nor a percentage", text);
    return vouch_fault_next(fault, "write --expires-in 1h, or --expires-in 34%%");
}

// Another question with its own answers: has it to be renewed? 0 yes, 1 no, as renewal scripts ask.
static int judge_renewal(const struct vouch_cli *cli, const char *window, enum vouch_exit *ret_exit,
                         struct vouch_fault *fault) {
    static const char *const others[] = {"ca",  "type",    "principal", "host",
                                         "krl", "address", "wildcards", NULL};
    struct vouch_cert_list list = {0};
    struct check time = {.cli = cli};
    uint64_t left_s = 0;
    for (size_t i = 0; others[i] != NULL; i++) {
        if (vouch_args_count(&cli->args, others[i]) > 0) {
            vouch_usage(fault, "--expires-in asks only for the time: --%s does not go with it",
                        others[i]);
            return vouch_fault_next(fault, "ask in two calls of vouch cert check");
        }
    }
    int err = read_time(&time, fault);
    if (err == 0) {
        err = vouch_load_certs(cli->args.operands[0], &list, fault);
    }
    if (err == 0) {
        err = parse_window(window, list.certs[0].cert, &left_s, fault);
    }
    if (err == 0) {
        const struct vouch_cert *cert = list.certs[0].cert;
        uint64_t now_s = time.expect.now;
        int due = cert->valid_before <= now_s || cert->valid_before - now_s <= left_s;
        vouch_say(&cli->term, "%s", due ? "renew it now" : "no need to renew it yet");
        *ret_exit = due ? VOUCH_EXIT_OK : VOUCH_EXIT_NO;
    }
    vouch_cert_list_done(&list);
    return err;
}

static int run_check(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    const char *window = vouch_args_value(&cli->args, "expires-in");
    if (window != NULL) {
        return judge_renewal(cli, window, ret_exit, fault);
    }
    if (vouch_args_count(&cli->args, "ca") == 0) {
        vouch_usage(fault, "cert check: --ca FILE is missing (the CA keys that are trusted)");
        return vouch_fault_next(fault, "for example: %s", cli->command->examples[0]);
    }
    return judge(cli, ret_exit, fault);
}

// A renewal script tells "there is no file yet" from "something is wrong".
static enum vouch_exit check_failed(const struct vouch_cli *cli, const struct vouch_fault *fault) {
    if (vouch_args_count(&cli->args, "expires-in") > 0) {
        return fault->err == VOUCH_ERR_NOT_FOUND ? VOUCH_EXIT_USAGE : VOUCH_EXIT_ERROR;
    }
    return vouch_command_usual_exit(cli->command, fault);
}

static const struct vouch_option check_options[] = {
    {"ca", 0, VOUCH_OPTION_MANY, VOUCH_OPTION_USUAL, "FILE", "public keys of the trusted CAs"},
    {"type", 0, VOUCH_OPTION_ONE, 0, "TYPE", "user or host (default: what is asked for below)"},
    {"principal", 0, VOUCH_OPTION_ONE, 0, "P", "it has to be good for this login"},
    {"host", 0, VOUCH_OPTION_ONE, 0, "NAME", "it has to be good for this host"},
    {"wildcards", 0, VOUCH_OPTION_FLAG, 0, NULL,
     "* and ? in host names count, as for OpenSSH 10.3 and later"},
    {"krl", 0, VOUCH_OPTION_ONE, 0, "FILE", "the revocation list, or list of revoked keys"},
    {"at", 0, VOUCH_OPTION_ONE, 0, "TIME", "judge as of then (default: now)"},
    {"address", 0, VOUCH_OPTION_ONE, 0, "A", "the client comes from this address"},
    {"expires-in", 0, VOUCH_OPTION_ONE, 0, "SPAN",
     "ask instead: does it end within 1h, or within 34% of its life? 0 renew now, 1 not yet"},
    {0},
};

static const char *const check_examples[] = {
    "vouch cert check --ca user_ca.pub --principal alice id_ed25519-cert.pub",
    "vouch cert check --ca host_ca.pub --host web1.example.com --krl revoked.krl host-cert.pub",
    "if vouch cert check --expires-in 1h id_ed25519-cert.pub; then renew; fi",
    NULL,
};

const struct vouch_command vouch_cmd_cert_check = {
    .noun = "cert",
    .verb = "check",
    .summary = "whether sshd or ssh would accept a certificate, with every reason if not",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .options = check_options,
    .notes = "Exit status: 0 accepted, 1 refused, 2 or more if it could not be judged. With "
             "--expires-in: 0 renew now, 1 not yet, 2 there is no such file, 255 it failed.",
    .examples = check_examples,
    .shape = VOUCH_SHAPE_LIST,
    .manner = VOUCH_MANNER_ASKS,
    .run = run_check,
    .failed = check_failed,
};
