// SPDX-License-Identifier: ISC
// vouch key show, vouch key new.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/command.h"
#include "prog/vouch/key-pair.h"
#include "prog/vouch/load.h"
#include "prog/vouch/new-key.h"
#include "prog/vouch/out.h"

// vouch key show

static const struct vouch_column columns[] = {
    {"type", "TYPE", 0},       {"bits", "BITS", 0},         {"sha256", "SHA256", 0},
    {"comment", "COMMENT", 0}, {"weakness", "WEAKNESS", 0}, {"md5", "MD5", 1},
    {"file", "FILE", 1},       {"line", "LINE", 1},         {0},
};

static const struct vouch_list_spec show_list = {
    .schema = "vouch.key/1",
    .member = "keys",
    .columns = columns,
};

// Where a key stands in the files.
struct place {
    const char *path;
    unsigned long line;
    const char *comment;
};

static void add_row(struct vouch_list *list, const struct vouch_key *key, const char *type,
                    const struct place *place) {
    char sha256[VOUCH_FINGERPRINT_MAX], md5[VOUCH_FINGERPRINT_MAX];
    const char *weakness = vouch_key_weakness(key);
    struct vouch_item *row = vouch_list_row(list);
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, sha256);
    vouch_key_fingerprint(key, VOUCH_HASH_MD5, md5);
    vouch_item_word(row, "type", type);
    vouch_item_count(row, "bits", vouch_key_bits(key));
    vouch_item_word(row, "sha256", sha256);
    vouch_item_word(row, "md5", md5);
    vouch_item_word(row, "comment", place->comment);
    if (weakness != NULL) {
        vouch_item_word(row, "weakness", weakness);
    }
    if (vouch_key_application(key).len > 0) {
        vouch_item_text(row, "application", vouch_key_application(key));
    }
    vouch_item_path(row, "file", place->path);
    vouch_item_count(row, "line", place->line);
}

struct shown {
    struct vouch_key_list keys;
    struct vouch_cert_list certs;
};

static void add_rows(struct vouch_list *list, const char *path, const struct shown *shown) {
    for (size_t i = 0; i < shown->keys.count; i++) {
        const struct vouch_loaded_key *key = &shown->keys.keys[i];
        const struct place place = {path, key->line, key->comment};
        add_row(list, key->key, vouch_key_type_name(vouch_key_type(key->key)), &place);
    }
    for (size_t i = 0; i < shown->certs.count; i++) {
        const struct vouch_loaded_cert *cert = &shown->certs.certs[i];
        const struct place place = {path, cert->line, cert->comment};
        enum vouch_key_type type = vouch_key_type(cert->cert->key);
        add_row(list, cert->cert->key, vouch_key_type_cert_name(type), &place);
    }
}

// All files are read before anything is printed, so that a failure leaves no half of a list.
static int run_show(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    const size_t count = cli->args.operand_count;
    vouch_autofree struct shown *shown = calloc(count, sizeof *shown);
    struct vouch_list *list = NULL;
    if (shown == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
    }
    int err = 0;
    for (size_t i = 0; err == 0 && i < count; i++) {
        err = vouch_load_either(cli->args.operands[i], &shown[i].keys, &shown[i].certs, fault);
    }
    if (err == 0) {
        err = vouch_list_open(&show_list, &cli->args, &cli->term, &list, fault);
    }
    for (size_t i = 0; i < count; i++) {
        if (err == 0) {
            add_rows(list, cli->args.operands[i], &shown[i]);
        }
        vouch_key_list_done(&shown[i].keys);
        vouch_cert_list_done(&shown[i].certs);
    }
    *ret_exit = VOUCH_EXIT_OK;
    return err == 0 ? vouch_list_close(list, fault) : err;
}

static const char *const show_examples[] = {
    "vouch key show ~/.ssh/id_ed25519.pub",
    "vouch key show -o wide /etc/ssh/*.pub",
    "ssh-add -L | vouch key show -",
    NULL,
};

const struct vouch_command vouch_cmd_key_show = {
    .noun = "key",
    .verb = "show",
    .summary = "type, size, fingerprints and weaknesses of public keys",
    .operands = "FILE...",
    .operands_min = 1,
    .operands_max = 100000,
    .notes = "Of a certificate, the key that it certifies is shown.",
    .examples = show_examples,
    .shape = VOUCH_SHAPE_LIST,
    .run = run_show,
};

// vouch key new

#define RSA_BITS_MIN 2048

struct pair {
    const char *path;
    char *public_path;
    const char *comment;
    struct vouch_secret passphrase;
    struct vouch_private_key *key;
};

static void pair_done(struct pair *pair) {
    free(pair->public_path);
    vouch_secret_done(&pair->passphrase);
    vouch_private_key_free(pair->key);
}

static int must_not_exist(const char *path, struct vouch_fault *fault) {
    struct stat status;
    if (lstat(path, &status) != 0) {
        return 0;
    }
    vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_exists, "%s: exists already", path);
    return vouch_fault_next(fault, "choose another name; a key is never overwritten");
}

static int make_pair(struct pair *pair, enum vouch_key_type type, unsigned bits,
                     struct vouch_fault *fault) {
    const struct vouch_key_pair files = {
        .path = pair->path,
        .public_path = pair->public_path,
        .comment = pair->comment,
        .passphrase = vouch_secret_bytes(&pair->passphrase),
        .type = type,
        .bits = bits,
    };
    return vouch_key_pair_make(&files, &pair->key, fault);
}

static int report(const struct vouch_cli *cli, const struct pair *pair, enum vouch_form form,
                  struct vouch_fault *fault) {
    char fingerprint[VOUCH_FINGERPRINT_MAX], path[300];
    const struct vouch_key *key = vouch_private_key_public(pair->key);
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, fingerprint);
    vouch_str_escape_to(vouch_bytes_of(pair->path), path, sizeof path);
    vouch_say_mark(&cli->term, VOUCH_MARK_OK, "%s and %s.pub: %s %s%s", path, path,
                   vouch_key_type_label(vouch_key_type(key)), fingerprint,
                   pair->passphrase.len > 0 ? " (encrypted)" : "");
    if (form == VOUCH_FORM_TABLE) {
        vouch_print_path(&cli->term, pair->path);
        return 0;
    }
    struct vouch_item *item = vouch_item_new("vouch.key-new/1");
    vouch_item_word(item, "path", pair->path);
    vouch_item_word(item, "public_path", pair->public_path);
    vouch_item_word(item, "type", vouch_key_type_name(vouch_key_type(key)));
    vouch_item_count(item, "bits", vouch_key_bits(key));
    vouch_item_word(item, "sha256", fingerprint);
    vouch_item_yes_no(item, "encrypted", pair->passphrase.len > 0);
    int err = vouch_item_print(item, form, fault);
    vouch_item_free(item);
    return err;
}

static int prepare(const struct vouch_cli *cli, struct pair *pair, struct vouch_fault *fault) {
    pair->path = cli->args.operands[0];
    if (asprintf(&pair->public_path, "%s.pub", pair->path) < 0) {
        pair->public_path = NULL;
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
    }
    int err = must_not_exist(pair->path, fault);
    if (err == 0) {
        err = must_not_exist(pair->public_path, fault);
    }
    return err == 0 ? vouch_new_key_passphrase(cli, pair->path, &pair->passphrase, fault) : err;
}

static int check_comment(const char *comment, struct vouch_fault *fault) {
    for (const char *c = comment; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            return vouch_usage(fault, "--comment: holds a control character");
        }
    }
    return strlen(comment) > 1000 ? vouch_usage(fault, "--comment: longer than 1000 bytes") : 0;
}

static int run_new(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                   struct vouch_fault *fault) {
    struct pair pair = {0};
    enum vouch_key_type type;
    enum vouch_form form;
    unsigned bits = 0;
    char actor[256];
    vouch_actor_name(actor, sizeof actor);
    pair.comment = vouch_args_value(&cli->args, "comment");
    pair.comment = pair.comment != NULL ? pair.comment : actor;
    int err = vouch_form_of_item(&cli->args, &form, fault);
    if (err == 0) {
        err = check_comment(pair.comment, fault);
    }
    if (err == 0) {
        err = vouch_new_key_type(&cli->args, RSA_BITS_MIN, &type, &bits, fault);
    }
    vouch_secret_harden_process();
    if (err == 0) {
        err = prepare(cli, &pair, fault);
    }
    if (err == 0) {
        err = make_pair(&pair, type, bits, fault);
    }
    if (err == 0) {
        err = report(cli, &pair, form, fault);
    }
    pair_done(&pair);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option new_options[] = {
    {"type", 0, VOUCH_OPTION_ONE, 0, "TYPE", VOUCH_NEW_KEY_TYPES},
    {"bits", 0, VOUCH_OPTION_ONE, 0, "N", "size of an RSA key (default: 3072)"},
    {"comment", 0, VOUCH_OPTION_ONE, 0, "TEXT", "comment (default: account@machine)"},
    {"passphrase-file", 0, VOUCH_OPTION_ONE, 0, "FILE",
     "its first line is the passphrase; - for standard input"},
    {"no-passphrase", 0, VOUCH_OPTION_FLAG, 0, NULL, "do not encrypt the key"},
    {0},
};

static const char *const new_examples[] = {
    "vouch key new id_ed25519",
    "vouch key new --type ecdsa-p256 --no-passphrase --comment ci ci_key",
    NULL,
};

const struct vouch_command vouch_cmd_key_new = {
    .noun = "key",
    .verb = "new",
    .summary = "make a key pair: FILE and FILE.pub",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .options = new_options,
    .examples = new_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_new,
};
