// SPDX-License-Identifier: ISC
// vouch ca init, vouch ca show: making a CA, and what one holds.
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/command.h"
#include "prog/vouch/ledger-dir.h"
#include "prog/vouch/load.h"
#include "prog/vouch/new-key.h"
#include "prog/vouch/out.h"
#include "signer/ca.h"

#define RSA_CA_BITS_MIN 3072

// vouch ca init

struct init {
    const struct vouch_cli *cli;
    struct vouch_ca_new what;
    char name[VOUCH_ORIGIN_MAX + 1];
    struct vouch_key *user_key, *host_key; // of agents
    struct vouch_secret passphrase;
    enum vouch_form form;
};

static void init_done(struct init *init) {
    vouch_key_free(init->user_key);
    vouch_key_free(init->host_key);
    vouch_secret_done(&init->passphrase);
}

// MACHINE/FOLDER, unless --name says something better.
static int choose_name(struct init *init, struct vouch_fault *fault) {
    char host[128] = "localhost";
    const char *name = vouch_args_value(&init->cli->args, "name");
    vouch_autofree char *dir = strdup(init->what.dir);
    if (dir == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
    }
    (void)gethostname(host, sizeof host - 1);
    int len = name != NULL ? snprintf(init->name, sizeof init->name, "%s", name)
                           : snprintf(init->name, sizeof init->name, "%s/%s", host, basename(dir));
    init->what.name = init->name;
    if (len < (int)sizeof init->name && vouch_origin_is(vouch_bytes_of(init->name))) {
        return 0;
    }
    vouch_usage(fault, "--name: \"%s\" is not 1 to %d printable characters without blank or +",
                name != NULL ? name : init->name, VOUCH_ORIGIN_MAX);
    return vouch_fault_next(fault, "add --name, such as --name ca.example.com");
}

static int read_agent_key(const struct vouch_args *args, const char *option,
                          struct vouch_key **ret_key, struct vouch_fault *fault) {
    const char *path = vouch_args_value(args, option);
    return path != NULL ? vouch_load_key(path, ret_key, NULL, fault) : 0;
}

static int read_options(struct init *init, struct vouch_fault *fault) {
    const struct vouch_args *args = &init->cli->args;
    init->what.dir = args->operands[0];
    int err = vouch_form_of_item(args, &init->form, fault);
    if (err == 0) {
        err = choose_name(init, fault);
    }
    if (err == 0) {
        err = vouch_new_key_type(args, RSA_CA_BITS_MIN, &init->what.type, &init->what.bits, fault);
    }
    if (err == 0) {
        err = read_agent_key(args, "user-ca", &init->user_key, fault);
    }
    if (err == 0) {
        err = read_agent_key(args, "host-ca", &init->host_key, fault);
    }
    init->what.user_key = init->user_key;
    init->what.host_key = init->host_key;
    return err;
}

// Before a person types a passphrase twice for nothing.
static int check_dir(const char *dir, struct vouch_fault *fault) {
    if (!vouch_ca_is(dir)) {
        return 0;
    }
    vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_exists, "%s: holds a CA already", dir);
    return vouch_fault_next(fault, "vouch ca show %s shows it; choose another folder for a new one",
                            dir);
}

// Keys in agents need no passphrase here; the checkpoint key alone can sign no certificate.
static int read_passphrase(struct init *init, struct vouch_fault *fault) {
    char what[400];
    const struct vouch_args *args = &init->cli->args;
    if (init->user_key != NULL && init->host_key != NULL &&
        vouch_args_value(args, "passphrase-file") == NULL) {
        return 0;
    }
    (void)snprintf(what, sizeof what, "the keys of the CA %s", init->what.dir);
    int err = vouch_new_key_passphrase(init->cli, what, &init->passphrase, fault);
    init->what.passphrase = vouch_secret_bytes(&init->passphrase);
    return err;
}

static const char *protection(const struct init *init, const struct vouch_key *elsewhere) {
    if (elsewhere != NULL) {
        return "held elsewhere";
    }
    return init->passphrase.len > 0 ? "encrypted" : "not encrypted";
}

static void say_next(const struct vouch_term *term, const char *dir, int elsewhere) {
    vouch_say(term, "Next:");
    vouch_say(term,
              "  vouch sign user --ca %s%s --id YOU@EXAMPLE.COM --principals LOGIN "
              "~/.ssh/id_ed25519.pub",
              dir, elsewhere ? " --agent" : "");
    vouch_say(term,
              "  vouch ca trust %s --for sshd          on each host, for people's certificates",
              dir);
    vouch_say(term,
              "  vouch ca trust %s --for known_hosts --pattern '*.EXAMPLE.COM'"
              "   for hosts' certificates",
              dir);
}

static void key_line(const char *title, const struct vouch_key *key, const char *note) {
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, fingerprint);
    (void)printf("%s %s %s (%s)\n", title, vouch_key_type_label(vouch_key_type(key)), fingerprint,
                 note);
}

static void key_item(struct vouch_item *item, const char *use, const struct vouch_key *key,
                     const char *note) {
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    struct vouch_buf line;
    struct vouch_item *child = vouch_item_child(item, "keys");
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, fingerprint);
    vouch_buf_init(&line, 2 * VOUCH_KEY_BLOB_MAX);
    vouch_key_print(key, NULL, &line);
    vouch_item_word(child, "use", use);
    vouch_item_word(child, "type", vouch_key_type_name(vouch_key_type(key)));
    vouch_item_count(child, "bits", vouch_key_bits(key));
    vouch_item_word(child, "sha256", fingerprint);
    vouch_item_word(child, "protection", note);
    vouch_item_text(child, "public_key", vouch_buf_bytes(&line));
    vouch_buf_done(&line);
}

static int report_init(const struct init *init, struct vouch_fault *fault) {
    const struct vouch_term *term = &init->cli->term;
    struct vouch_key *user = NULL, *host = NULL;
    char dir[300];
    vouch_str_escape_to(vouch_bytes_of(init->what.dir), dir, sizeof dir);
    int err = vouch_ca_read_key(init->what.dir, VOUCH_CERT_USER, &user, fault);
    if (err == 0) {
        err = vouch_ca_read_key(init->what.dir, VOUCH_CERT_HOST, &host, fault);
    }
    if (err == 0) {
        vouch_say_mark(term, VOUCH_MARK_OK, "certificate authority \"%s\" in %s", init->name, dir);
    }
    if (err == 0 && init->form == VOUCH_FORM_TABLE) {
        key_line("user CA:", user, protection(init, init->user_key));
        key_line("host CA:", host, protection(init, init->host_key));
    } else if (err == 0) {
        struct vouch_item *item = vouch_item_new("vouch.ca/1");
        vouch_item_word(item, "path", init->what.dir);
        vouch_item_word(item, "name", init->name);
        key_item(item, "user", user, protection(init, init->user_key));
        key_item(item, "host", host, protection(init, init->host_key));
        err = vouch_item_print(item, init->form, fault);
        vouch_item_free(item);
    }
    if (err == 0) {
        say_next(term, dir, init->user_key != NULL);
    }
    vouch_key_free(user);
    vouch_key_free(host);
    return err;
}

static void say_plan(const struct init *init) {
    const struct vouch_term *term = &init->cli->term;
    char dir[300];
    vouch_str_escape_to(vouch_bytes_of(init->what.dir), dir, sizeof dir);
    vouch_say(term, "Would make the certificate authority \"%s\":", init->name);
    (void)printf("%s/%s\n", dir, init->user_key != NULL ? "user_ca.pub" : "user_ca, user_ca.pub");
    (void)printf("%s/%s\n", dir, init->host_key != NULL ? "host_ca.pub" : "host_ca, host_ca.pub");
    (void)printf("%s/checkpoint_key, checkpoint_key.pub\n%s/ledger/\n", dir, dir);
}

static int create(struct init *init, struct vouch_fault *fault) {
    char actor[256];
    vouch_actor_name(actor, sizeof actor);
    init->what.actor = actor;
    int err = read_passphrase(init, fault);
    if (err == 0) {
        err = vouch_ca_create(&init->what, fault);
    }
    return err == 0 ? report_init(init, fault) : err;
}

static int run_init(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    struct init init = {.cli = cli};
    int err = read_options(&init, fault);
    if (err == 0) {
        err = check_dir(init.what.dir, fault);
    }
    if (err == 0 && vouch_args_count(&cli->args, "dry-run") > 0) {
        say_plan(&init);
    } else if (err == 0) {
        vouch_secret_harden_process();
        err = create(&init, fault);
    }
    init_done(&init);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option init_options[] = {
    {"name", 0, VOUCH_OPTION_ONE, 0, "NAME",
     "name of the CA, which its ledger bears for ever (default: MACHINE/FOLDER)"},
    {"type", 0, VOUCH_OPTION_ONE, 0, "TYPE", VOUCH_NEW_KEY_TYPES},
    {"bits", 0, VOUCH_OPTION_ONE, 0, "N", "size of RSA keys, 3072 to 8192 (default: 3072)"},
    {"passphrase-file", 0, VOUCH_OPTION_ONE, 0, "FILE",
     "its first line is the passphrase of the keys; - for standard input"},
    {"no-passphrase", 0, VOUCH_OPTION_FLAG, 0, NULL,
     "do not encrypt the keys; keep the disk and its backups closed"},
    {"user-ca", 0, VOUCH_OPTION_ONE, 0, "FILE.pub", "the user CA key is this one, in an agent"},
    {"host-ca", 0, VOUCH_OPTION_ONE, 0, "FILE.pub", "the host CA key is this one, in an agent"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "show what would be made; make nothing"},
    {0},
};

static const char *const init_examples[] = {
    "vouch ca init ca",
    "vouch ca init /var/lib/vouch/ca --name ca.example.com --passphrase-file /run/secrets/ca",
    "vouch ca init ca --user-ca user_ca.pub --host-ca host_ca.pub",
    NULL,
};

const struct vouch_command vouch_cmd_ca_init = {
    .noun = "ca",
    .verb = "init",
    .summary =
        "make a certificate authority: a user CA key, a host CA key and a ledger in a folder",
    .operands = "DIR",
    .operands_min = 1,
    .operands_max = 1,
    .options = init_options,
    .notes = "On a terminal the passphrase is asked for, twice. DIR must not exist or be empty; if "
             "anything fails, nothing is left of it.",
    .examples = init_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_init,
};

// vouch ca show

struct show {
    const struct vouch_cli *cli;
    const char *dir;
    struct vouch_key *user, *host;
    char origin[VOUCH_ORIGIN_MAX + 1];
    uint64_t size; // of the checkpoint
    char root[64]; // base64
    uint64_t records;
    uint64_t last_serial;
    uint64_t last_time_s;
};

static int read_checkpoint(struct show *show, const char *ledger, struct vouch_fault *fault) {
    char path[PATH_MAX];
    struct vouch_buf note, text;
    struct vouch_checkpoint checkpoint;
    struct vouch_where where = {0};
    if (snprintf(path, sizeof path, "%s/checkpoint", ledger) >= (int)sizeof path) {
        return vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_ca_dir,
                               "%s: the path is too long", ledger);
    }
    vouch_buf_init(&note, VOUCH_CHECKPOINT_MAX + 65536);
    int err = vouch_io_read(path, VOUCH_CHECKPOINT_MAX, &note, fault);
    if (err == 0) {
        err = vouch_checkpoint_parse(vouch_buf_bytes(&note), &checkpoint, &where);
        if (err != 0) {
            err = vouch_fault_where(fault, err, &vouch_fault_ledger_bad, path, &where);
        }
    }
    if (err == 0) {
        show->size = checkpoint.size;
        vouch_str_escape_to(checkpoint.origin, show->origin, sizeof show->origin);
        vouch_buf_init_fixed(&text, show->root, sizeof show->root - 1);
        vouch_str_base64((struct vouch_bytes){checkpoint.root.bytes, sizeof checkpoint.root.bytes},
                         '=', &text);
    }
    vouch_buf_done(&note);
    return err;
}

// From the checkpoint on, which is close to the end.
static int read_end(struct show *show, const char *ledger, struct vouch_fault *fault) {
    struct vouch_ledger_reader *reader = NULL;
    struct vouch_record record;
    int found = 1;
    int err = vouch_ledger_reader_open(ledger, show->size > 0 ? show->size - 1 : 0, &reader, fault);
    while (err == 0 && found) {
        err = vouch_ledger_reader_next(reader, &record, &found, fault);
        if (err == 0 && found) {
            show->records = record.number + 1;
            show->last_serial = record.serial_high;
            show->last_time_s = record.time_ms / 1000;
        }
    }
    vouch_ledger_reader_close(reader);
    return err;
}

static int read_show(struct show *show, struct vouch_fault *fault) {
    char ledger[PATH_MAX];
    int err = vouch_ca_read_key(show->dir, VOUCH_CERT_USER, &show->user, fault);
    if (err == 0) {
        err = vouch_ca_read_key(show->dir, VOUCH_CERT_HOST, &show->host, fault);
    }
    if (err == 0) {
        err = vouch_ledger_dir(show->dir, ledger, fault);
    }
    if (err == 0) {
        err = read_checkpoint(show, ledger, fault);
    }
    return err == 0 ? read_end(show, ledger, fault) : err;
}

static const char *where_is(const struct show *show, const char *name) {
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", show->dir, name) >= (int)sizeof path) {
        return "unknown";
    }
    return access(path, F_OK) == 0 ? "in a file here" : "held elsewhere";
}

static void show_text(const struct show *show) {
    char when[40];
    vouch_term_time(&show->cli->term, show->last_time_s, when, sizeof when);
    (void)printf("Name: %s\n", show->origin);
    key_line("User CA:", show->user, where_is(show, "user_ca"));
    key_line("Host CA:", show->host, where_is(show, "host_ca"));
    (void)printf("Ledger: %llu records, the last of %s\n", (unsigned long long)show->records, when);
    (void)printf("Last serial: %llu\n", (unsigned long long)show->last_serial);
    (void)printf("Checkpoint: %llu records, root %s\n", (unsigned long long)show->size, show->root);
}

static int show_item(const struct show *show, enum vouch_form form, struct vouch_fault *fault) {
    struct vouch_item *item = vouch_item_new("vouch.ca/1");
    vouch_item_word(item, "path", show->dir);
    vouch_item_word(item, "name", show->origin);
    key_item(item, "user", show->user, where_is(show, "user_ca"));
    key_item(item, "host", show->host, where_is(show, "host_ca"));
    vouch_item_u64(item, "records", show->records);
    vouch_item_u64(item, "last_serial", show->last_serial);
    vouch_item_time(item, "last_time", show->last_time_s);
    vouch_item_u64(item, "checkpoint_size", show->size);
    vouch_item_word(item, "checkpoint_root", show->root);
    int err = vouch_item_print(item, form, fault);
    vouch_item_free(item);
    return err;
}

static int run_show(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    struct show show = {.cli = cli, .dir = cli->args.operands[0]};
    enum vouch_form form;
    int err = vouch_form_of_item(&cli->args, &form, fault);
    if (err == 0) {
        err = read_show(&show, fault);
    }
    if (err == 0 && form == VOUCH_FORM_TABLE) {
        show_text(&show);
    } else if (err == 0) {
        err = show_item(&show, form, fault);
    }
    vouch_key_free(show.user);
    vouch_key_free(show.host);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const char *const show_examples[] = {
    "vouch ca show ca",
    "vouch ca show ca -o json | jq -r '.keys[].sha256'",
    NULL,
};

const struct vouch_command vouch_cmd_ca_show = {
    .noun = "ca",
    .verb = "show",
    .summary = "the keys of a CA, and how far its ledger has come",
    .operands = "DIR",
    .operands_min = 1,
    .operands_max = 1,
    .notes = "It shows what is written there; vouch ledger verify proves it.",
    .examples = show_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_show,
};
