// SPDX-License-Identifier: ISC
// vouch krl show, vouch krl check: what a revocation list holds, and whom it hits.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/command.h"
#include "prog/vouch/load.h"
#include "prog/vouch/out.h"

// vouch krl show

static const struct vouch_column show_columns[] = {
    {"kind", "KIND", 0},
    {"ca", "CA", 0},
    {"value", "VALUE", 0},
    {0},
};

static const struct vouch_list_spec show_list = {
    .schema = "vouch.krl/1",
    .member = "entries",
    .columns = show_columns,
};

#define KIND_COUNT 5

struct show {
    struct vouch_list *list;
    char ca[VOUCH_FINGERPRINT_MAX + 32]; // of `ca_blob`, which runs of entries share
    struct vouch_bytes ca_blob;
    size_t counts[KIND_COUNT];
};

static const char *kind_word(enum vouch_krl_entry_kind kind) {
    switch (kind) {
    case VOUCH_KRL_ENTRY_SERIALS:
        return "serial";
    case VOUCH_KRL_ENTRY_KEY_ID:
        return "key-id";
    case VOUCH_KRL_ENTRY_KEY:
        return "key";
    case VOUCH_KRL_ENTRY_SHA1:
        return "sha1";
    case VOUCH_KRL_ENTRY_SHA256:
        return "sha256";
    }
    return "unknown";
}

// "ED25519 SHA256:…"; sshd compares CA keys as bytes, so one that cannot be read is shown as such.
static void name_key(struct vouch_bytes blob, char *ret_text, size_t ret_size) {
    struct vouch_key *key = NULL;
    struct vouch_where where;
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    if (vouch_key_parse(blob, &key, &where) != 0) {
        (void)snprintf(ret_text, ret_size, "(not a key)");
        return;
    }
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, fingerprint);
    (void)snprintf(ret_text, ret_size, "%s %s", vouch_key_type_label(vouch_key_type(key)),
                   fingerprint);
    vouch_key_free(key);
}

static const char *ca_name(struct show *show, const struct vouch_krl_entry *entry) {
    if (entry->kind != VOUCH_KRL_ENTRY_SERIALS && entry->kind != VOUCH_KRL_ENTRY_KEY_ID) {
        return "";
    }
    if (entry->ca.len == 0) {
        return "any";
    }
    if (!vouch_bytes_equal(entry->ca, show->ca_blob)) {
        show->ca_blob = entry->ca;
        name_key(entry->ca, show->ca, sizeof show->ca);
    }
    return show->ca;
}

// SHA-256 as in fingerprints, SHA-1 in hexadecimal as ssh-keygen prints it.
static void hash_text(const struct vouch_krl_entry *entry, char *ret_text, size_t ret_size) {
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, ret_text, ret_size - 1);
    if (entry->kind == VOUCH_KRL_ENTRY_SHA256) {
        vouch_buf_put_text(&text, "SHA256:");
        vouch_str_base64(entry->data, 0, &text);
    } else {
        vouch_buf_put_text(&text, "SHA1:");
        vouch_str_hex(entry->data, &text);
    }
    ret_text[text.len] = '\0';
}

static void entry_value(struct vouch_item *row, const struct vouch_krl_entry *entry) {
    char text[VOUCH_FINGERPRINT_MAX + 32];
    switch (entry->kind) {
    case VOUCH_KRL_ENTRY_SERIALS:
        if (entry->first == entry->last) {
            (void)snprintf(text, sizeof text, "%llu", (unsigned long long)entry->first);
        } else {
            (void)snprintf(text, sizeof text, "%llu-%llu", (unsigned long long)entry->first,
                           (unsigned long long)entry->last);
        }
        break;
    case VOUCH_KRL_ENTRY_KEY_ID:
        vouch_item_text(row, "value", entry->data);
        return;
    case VOUCH_KRL_ENTRY_KEY:
        name_key(entry->data, text, sizeof text);
        break;
    case VOUCH_KRL_ENTRY_SHA1:
    case VOUCH_KRL_ENTRY_SHA256:
        hash_text(entry, text, sizeof text);
        break;
    }
    vouch_item_word(row, "value", text);
}

static int show_entry(void *context, const struct vouch_krl_entry *entry) {
    struct show *show = context;
    struct vouch_item *row = vouch_list_row(show->list);
    const char *ca = ca_name(show, entry);
    vouch_item_word(row, "kind", kind_word(entry->kind));
    if (ca[0] != '\0') {
        vouch_item_word(row, "ca", ca);
    }
    entry_value(row, entry);
    show->counts[entry->kind]++;
    return 0;
}

static int show_krl(const struct vouch_cli *cli, struct vouch_krl *krl, struct vouch_fault *fault) {
    struct show show = {0};
    struct vouch_krl_header header = vouch_krl_header(krl);
    char generated[40], comment[300];
    int err = vouch_list_open(&show_list, &cli->args, &cli->term, &show.list, fault);
    if (err != 0) {
        return err;
    }
    struct vouch_item *head = vouch_list_head(show.list);
    vouch_item_u64(head, "version", header.version);
    vouch_item_time(head, "generated", header.generated);
    vouch_item_text(head, "comment", header.comment);
    vouch_term_time(&cli->term, header.generated, generated, sizeof generated);
    vouch_str_escape_to(header.comment, comment, sizeof comment);
    vouch_say(&cli->term, "version %llu, generated %s%s%s", (unsigned long long)header.version,
              generated, comment[0] != '\0' ? ", " : "", comment);
    err = vouch_krl_walk(krl, show_entry, &show);
    if (err != 0) {
        vouch_list_free(show.list);
        return vouch_fault_set(fault, err, &vouch_fault_krl_format, "%s: %s", cli->args.operands[0],
                               vouch_err_text(err));
    }
    err = vouch_list_close(show.list, fault);
    size_t total = 0;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        total += show.counts[i];
    }
    vouch_say(&cli->term, "%zu entr%s", total,
              total == 1   ? "y"
              : total == 0 ? "ies: nothing is revoked"
                           : "ies");
    return err;
}

static int run_show(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    struct vouch_loaded_krl loaded = {0};
    int err = vouch_load_krl(cli->args.operands[0], VOUCH_KRL_FILE_KRL_ONLY, &loaded, fault);
    if (err == 0) {
        err = show_krl(cli, loaded.krl, fault);
    }
    vouch_loaded_krl_done(&loaded);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const char *const show_examples[] = {
    "vouch krl show revoked.krl",
    "vouch krl show -o json revoked.krl | jq -r '.version'",
    NULL,
};

const struct vouch_command vouch_cmd_krl_show = {
    .noun = "krl",
    .verb = "show",
    .summary = "what a revocation list holds",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .examples = show_examples,
    .shape = VOUCH_SHAPE_LIST,
    .run = run_show,
};

// vouch krl check

static const struct vouch_column check_columns[] = {
    {"file", "FILE", 0}, {"verdict", "VERDICT", 0}, {"by", "BY", 0},
    {"line", "LINE", 1}, {"kind", "KIND", 1},       {0},
};

static const struct vouch_list_spec check_list = {
    .schema = "vouch.krl-check/1",
    .member = "keys",
    .columns = check_columns,
};

struct verdicts {
    struct vouch_list *list;
    size_t revoked;
    size_t checked;
};

static void add_verdict(struct verdicts *verdicts, const char *path, unsigned long line,
                        const char *kind, enum vouch_krl_verdict verdict) {
    int good = verdict == VOUCH_KRL_GOOD;
    struct vouch_item *row = vouch_list_row(verdicts->list);
    vouch_item_path(row, "file", path);
    vouch_item_count(row, "line", line);
    vouch_item_word(row, "kind", kind);
    vouch_item_word(row, "verdict", good ? "good" : "revoked");
    if (!good) {
        vouch_item_word(row, "by", vouch_krl_verdict_text(verdict));
    }
    verdicts->revoked += !good;
    verdicts->checked++;
}

static int check_file(const struct vouch_krl *krl, const char *path, struct verdicts *verdicts,
                      struct vouch_fault *fault) {
    struct vouch_key_list keys = {0};
    struct vouch_cert_list certs = {0};
    int err = vouch_load_either(path, &keys, &certs, fault);
    for (size_t i = 0; err == 0 && i < keys.count; i++) {
        add_verdict(verdicts, path, keys.keys[i].line, "key",
                    vouch_krl_check_key(krl, keys.keys[i].key));
    }
    for (size_t i = 0; err == 0 && i < certs.count; i++) {
        add_verdict(verdicts, path, certs.certs[i].line, "certificate",
                    vouch_krl_check_cert(krl, certs.certs[i].cert));
    }
    vouch_key_list_done(&keys);
    vouch_cert_list_done(&certs);
    return err;
}

static int check_files(const struct vouch_cli *cli, const struct vouch_krl *krl,
                       struct verdicts *verdicts, struct vouch_fault *fault) {
    int err = vouch_list_open(&check_list, &cli->args, &cli->term, &verdicts->list, fault);
    for (size_t i = 1; err == 0 && i < cli->args.operand_count; i++) {
        err = check_file(krl, cli->args.operands[i], verdicts, fault);
    }
    if (err != 0) {
        vouch_list_free(verdicts->list);
        return err;
    }
    err = vouch_list_close(verdicts->list, fault);
    vouch_say_mark(&cli->term, verdicts->revoked > 0 ? VOUCH_MARK_FAIL : VOUCH_MARK_OK,
                   "%zu of %zu revoked", verdicts->revoked, verdicts->checked);
    return err;
}

static int run_check(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    struct vouch_loaded_krl loaded = {0};
    struct verdicts verdicts = {0};
    int err = vouch_load_krl(cli->args.operands[0], VOUCH_KRL_FILE_ANY, &loaded, fault);
    if (err == 0) {
        err = check_files(cli, loaded.krl, &verdicts, fault);
    }
    vouch_loaded_krl_done(&loaded);
    *ret_exit = verdicts.checked > 0 && verdicts.revoked == 0 ? VOUCH_EXIT_OK : VOUCH_EXIT_NO;
    return err;
}

static const char *const check_examples[] = {
    "vouch krl check revoked.krl id_ed25519-cert.pub",
    "vouch krl check /etc/ssh/revoked.krl *.pub || echo some are revoked",
    NULL,
};

const struct vouch_command vouch_cmd_krl_check = {
    .noun = "krl",
    .verb = "check",
    .summary = "whether keys and certificates are revoked, and by which part of the list",
    .operands = "FILE KEY-OR-CERT...",
    .operands_min = 2,
    .operands_max = 100000,
    .notes =
        "FILE is a KRL, or a list of public keys as sshd also takes it. Exit status: 0 none is "
        "revoked, 1 at least one is, 2 or more if it could not be judged.",
    .examples = check_examples,
    .shape = VOUCH_SHAPE_LIST,
    .manner = VOUCH_MANNER_ASKS,
    .run = run_check,
};
