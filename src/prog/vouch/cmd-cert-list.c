// SPDX-License-Identifier: ISC
// vouch cert ls, vouch cert revoke, vouch krl revocations: what the server issued, and takes back.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/load.h"
#include "prog/vouch/query.h"

// vouch cert ls

static const struct vouch_column cert_columns[] = {
    {"serial", "SERIAL", 0},
    {"type", "TYPE", 0},
    {"key_id", "KEY-ID", 0},
    {"principals", "PRINCIPALS", 0},
    {"valid_before", "VALID-BEFORE", 0},
    {"revoked", "REVOKED", 0},
    {"actor", "ACTOR", 1},
    {"role", "ROLE", 1},
    {"source", "SOURCE", 1},
    {"issued", "ISSUED", 1},
    {"valid_after", "VALID-AFTER", 1},
    {"fingerprint", "KEY", 1},
    {"ca", "CA", 1},
    {"record", "RECORD", 1},
    {0},
};

static const struct vouch_query_part cert_parts[] = {
    {"serial", "serial", VOUCH_QUERY_NUMBER},     {"fingerprint", "fingerprint", VOUCH_QUERY_TEXT},
    {"key-id", "key_id", VOUCH_QUERY_TEXT},       {"principal", "principal", VOUCH_QUERY_TEXT},
    {"actor", "actor", VOUCH_QUERY_TEXT},         {"type", "type", VOUCH_QUERY_TEXT},
    {"from", "from", VOUCH_QUERY_MOMENT},         {"until", "until", VOUCH_QUERY_MOMENT},
    {"valid-at", "valid_at", VOUCH_QUERY_MOMENT}, {0},
};

static const struct vouch_query_listing certs = {
    .path = "/v1/certs",
    .parts = cert_parts,
    .spec = {.schema = "vouch.certs/1", .member = "items", .columns = cert_columns},
};

static int run_ls(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                  struct vouch_fault *fault) {
    static const char *const types[] = {"user", "host", NULL};
    const char *type = vouch_args_value(&cli->args, "type");
    if (type != NULL && vouch_args_choice("type", type, types, fault) < 0) {
        return VOUCH_ERR_ARGUMENT;
    }
    return vouch_query_list(cli, ret_exit, fault);
}

static const struct vouch_option ls_options[] = {
    {"serial", 0, VOUCH_OPTION_ONE, 0, "N", "only the one with this serial"},
    {"fingerprint", 0, VOUCH_OPTION_ONE, 0, "SHA256:...", "only those for this key"},
    {"key-id", 0, VOUCH_OPTION_ONE, 0, "ID", "only those with this key ID"},
    {"principal", 0, VOUCH_OPTION_ONE, 0, "P", "only those that list this principal"},
    {"actor", 0, VOUCH_OPTION_ONE, 0, "ACTOR", "only those that this one asked for"},
    {"type", 0, VOUCH_OPTION_ONE, 0, "TYPE", "user or host"},
    {"from", 0, VOUCH_OPTION_ONE, 0, "TIME", "issued not before: RFC 3339, or -1d"},
    {"until", 0, VOUCH_OPTION_ONE, 0, "TIME", "issued before this moment"},
    {"valid-at", 0, VOUCH_OPTION_ONE, 0, "TIME", "valid then, such as now"},
    VOUCH_ANSWER_LIMIT_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const ls_examples[] = {
    "vouch cert ls --valid-at now",
    "vouch cert ls --principal root --from -7d -o json",
    NULL,
};

const struct vouch_command vouch_cmd_cert_ls = {
    .noun = "cert",
    .verb = "ls",
    .summary = "the certificates that the server issued",
    .operands = "",
    .options = ls_options,
    .examples = ls_examples,
    .shape = VOUCH_SHAPE_LIST,
    .listing = &certs,
    .run = run_ls,
    .failed = vouch_reach_failed,
};

// vouch cert revoke

static int put_text(json_t *body, const char *member, const char *text) {
    return json_object_set_new(body, member, json_string(text)) == 0 ? 0 : VOUCH_ERR_NO_MEMORY;
}

static int put_key(json_t *body, const char *path, struct vouch_fault *fault) {
    struct vouch_key *key = NULL;
    struct vouch_buf line;
    int err = vouch_load_key(path, &key, NULL, fault);
    if (err != 0) {
        return err;
    }
    vouch_buf_init(&line, 65536);
    vouch_key_print(key, NULL, &line);
    vouch_buf_put(&line, (struct vouch_bytes){(const uint8_t *)"", 1});
    err = line.err == 0 ? put_text(body, "public_key", (const char *)line.ptr) : line.err;
    vouch_buf_done(&line);
    vouch_key_free(key);
    return err == 0 ? 0 : vouch_fault_set(fault, err, &vouch_fault_memory, "out of memory");
}

// --ca takes a fingerprint or the file of a public key; the API takes the fingerprint.
static int put_ca(json_t *body, const char *text, struct vouch_fault *fault) {
    struct vouch_key *key = NULL;
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    if (strncmp(text, "SHA256:", 7) == 0) {
        return put_text(body, "ca", text);
    }
    int err = vouch_load_key(text, &key, NULL, fault);
    if (err == 0) {
        vouch_key_fingerprint(key, VOUCH_HASH_SHA256, fingerprint);
        err = put_text(body, "ca", fingerprint);
    }
    vouch_key_free(key);
    return err;
}

static const char *const targets[][2] = {
    {"serial", "serial"},           {"key-id", "key_id"}, {"key", NULL},
    {"fingerprint", "fingerprint"}, {"ca", NULL},
};

static int put_target(const struct vouch_args *args, json_t *body, struct vouch_fault *fault) {
    const char *value = NULL, *option = NULL, *member = NULL;
    size_t count = 0;
    uint64_t serial = 0;
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        if (vouch_args_value(args, targets[i][0]) != NULL) {
            value = vouch_args_value(args, targets[i][0]);
            option = targets[i][0];
            member = targets[i][1];
            count++;
        }
    }
    if (count != 1) {
        vouch_usage(fault, "cert revoke: exactly one of --serial, --key-id, --key, --fingerprint "
                           "and --ca says what");
        return vouch_fault_next(fault, "for example: vouch cert revoke --serial 4711 --reason "
                                       "\"laptop lost\"");
    }
    if (strcmp(option, "key") == 0) {
        return put_key(body, value, fault);
    }
    if (strcmp(option, "ca") == 0) {
        return put_ca(body, value, fault);
    }
    int err =
        strcmp(option, "serial") == 0 ? vouch_args_number("serial", value, &serial, fault) : 0;
    return err == 0 ? put_text(body, member, value) : err;
}

// A whole CA ends every login by its certificates at once.
static int check_severity(const struct vouch_args *args, struct vouch_fault *fault) {
    if (vouch_args_value(args, "ca") == NULL || vouch_args_count(args, "yes") > 0 ||
        vouch_args_count(args, "dry-run") > 0) {
        return 0;
    }
    vouch_usage(fault, "--ca %s: revokes every certificate of that CA, for ever",
                vouch_args_value(args, "ca"));
    return vouch_fault_next(fault, "add --yes if that is what you mean; --dry-run shows it first");
}

static const struct vouch_column revocation_lines[] = {
    {"record", "Record", 0}, {"kind", "Kind", 0},        {"value", "Value", 0},
    {"reason", "Reason", 0}, {"actor", "Actor", 0},      {"at", "At", 0},
    {"until", "Until", 0},   {"krl", "KRL versions", 0}, {0},
};

static int ask_revoke(const struct vouch_cli *cli, const char *body, struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    const struct vouch_query_object what = {
        .ask = {.method = VOUCH_API_POST, .body = body},
        .path = "/v1/revocations",
        .schema = "vouch.revocation/1",
        .lines = revocation_lines,
    };
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = vouch_query_object(&reach, &what, fault);
    }
    if (err == 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK,
                       "revoked; the new lists are out, and hosts have them when they fetch them");
    }
    vouch_reach_done(&reach);
    return err;
}

static int run_revoke(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                      struct vouch_fault *fault) {
    json_t *body = json_object();
    *ret_exit = VOUCH_EXIT_OK;
    int err = put_target(&cli->args, body, fault);
    if (err == 0) {
        err = check_severity(&cli->args, fault);
    }
    if (err == 0) {
        err = put_text(body, "reason", vouch_args_value(&cli->args, "reason"));
        if (err != 0) {
            vouch_usage(fault, "--reason: is not text in UTF-8");
        }
    }
    vouch_autofree char *text =
        err == 0 ? json_dumps(body, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    json_decref(body);
    if (err != 0 || text == NULL) {
        return err != 0 ? err
                        : vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                                          "out of memory");
    }
    if (vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "would ask for this; nothing was asked");
        (void)printf("%s\n", text);
        return 0;
    }
    return ask_revoke(cli, text, fault);
}

static const struct vouch_option revoke_options[] = {
    {"serial", 0, VOUCH_OPTION_ONE, 0, "N", "the certificate with this serial"},
    {"key-id", 0, VOUCH_OPTION_ONE, 0, "ID", "every certificate with this key ID"},
    {"key", 0, VOUCH_OPTION_ONE, 0, "FILE.pub", "this key, and every certificate for it"},
    {"fingerprint", 0, VOUCH_OPTION_ONE, 0, "SHA256:...", "the key with this fingerprint likewise"},
    {"ca", 0, VOUCH_OPTION_ONE, 0, "CA", "a whole CA, by FILE.pub or SHA256:...; needs --yes"},
    {"reason", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "TEXT", "why, for the ledger"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "show what would be asked for; ask nothing"},
    VOUCH_REACH_OPTIONS,
};

static const char *const revoke_examples[] = {
    "vouch cert revoke --serial 4711 --reason \"laptop lost\"",
    "vouch cert revoke --key id_ed25519.pub --reason \"key was copied\"",
    NULL,
};

const struct vouch_command vouch_cmd_cert_revoke = {
    .noun = "cert",
    .verb = "revoke",
    .summary = "take back a certificate, a key, a key ID or a CA; the lists are out when this ends",
    .operands = "",
    .options = revoke_options,
    .examples = revoke_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_revoke,
    .failed = vouch_reach_failed,
};

// vouch krl revocations

static const struct vouch_column revocation_columns[] = {
    {"record", "RECORD", 0}, {"at", "AT", 0},       {"kind", "KIND", 0},   {"value", "VALUE", 0},
    {"reason", "REASON", 0}, {"actor", "ACTOR", 1}, {"until", "UNTIL", 1}, {0},
};

static const struct vouch_query_listing revocations = {
    .path = "/v1/revocations",
    .spec = {.schema = "vouch.revocations/1", .member = "items", .columns = revocation_columns},
};

static const char *const revocations_examples[] = {"vouch krl revocations --limit 20", NULL};

const struct vouch_command vouch_cmd_krl_revocations = {
    .noun = "krl",
    .verb = "revocations",
    .summary = "what the server has revoked, why, and who did it",
    .operands = "",
    .options = vouch_query_list_options,
    .examples = revocations_examples,
    .shape = VOUCH_SHAPE_LIST,
    .listing = &revocations,
    .run = vouch_query_list,
    .failed = vouch_reach_failed,
};
