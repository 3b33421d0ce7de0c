// SPDX-License-Identifier: ISC
// vouch ca trust: the exact lines that make sshd, ssh or PuTTY trust a CA.
//
// Standard output is what goes into the file; where that file is, is said on standard error.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/command.h"
#include "prog/vouch/load.h"
#include "prog/vouch/out.h"
#include "prog/vouch/trust.h"
#include "signer/ca.h"

#define TEXT_MAX (256u * 1024)

struct trust {
    const struct vouch_cli *cli;
    const char *dir; // NULL: the CA is a server's
    struct vouch_reach reach;
    struct vouch_trust keys; // those of the use that is meant count; of a folder: one
    enum vouch_cert_type use;
    char *comment;
    char name[256];         // of the CA, from the comment of its key
    struct vouch_buf names; // the patterns, as the target joins them
};

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

static int ask_server(struct trust *trust, struct vouch_fault *fault) {
    int err = vouch_reach_open(trust->cli, &trust->reach, fault);
    if (err == 0) {
        err = vouch_trust_fetch(&trust->reach, &trust->keys, fault);
    }
    if (err != 0) {
        return err;
    }
    (void)snprintf(trust->name, sizeof trust->name, "%s", trust->keys.name);
    return asprintf(&trust->comment, "%s %s", trust->name,
                    trust->use == VOUCH_CERT_USER ? "user_ca" : "host_ca") < 0
               ? no_memory(fault)
               : 0;
}

static int load_ca_key(struct trust *trust, enum vouch_cert_type type, struct vouch_fault *fault) {
    vouch_autofree char *path = NULL;
    struct vouch_key *key = NULL;
    trust->use = type;
    if (trust->dir == NULL) {
        return ask_server(trust, fault);
    }
    // First as the CA reads it, for its words where the folder is none.
    int err = vouch_ca_read_key(trust->dir, type, &key, fault);
    vouch_key_free(key);
    if (err != 0) {
        return err;
    }
    const char *file = type == VOUCH_CERT_USER ? "user_ca.pub" : "host_ca.pub";
    if (asprintf(&path, "%s/%s", trust->dir, file) < 0) {
        path = NULL;
        return no_memory(fault);
    }
    key = NULL;
    err = vouch_load_key(path, &key, &trust->comment, fault);
    if (err == 0) {
        trust->keys.keys[trust->keys.key_count++] =
            (struct vouch_trust_key){type, VOUCH_TRUST_ACTIVE, key};
        // The comment is "NAME user_ca".
        (void)snprintf(trust->name, sizeof trust->name, "%.*s", (int)strcspn(trust->comment, " "),
                       trust->comment);
    }
    return err;
}

static int need_pattern(const struct trust *trust, struct vouch_fault *fault) {
    if (vouch_args_count(&trust->cli->args, "pattern") > 0) {
        return 0;
    }
    vouch_usage(fault, "ca trust: --pattern is missing: for which hosts is this CA to count?");
    return vouch_fault_next(fault,
                            "add --pattern '*.example.com'; a * alone would let it speak for "
                            "every host there is");
}

static int has_only(struct vouch_bytes text, const char *also) {
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        int plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && (c == 0 || strchr(also, c) == NULL)) {
            return 0;
        }
    }
    return text.len > 0;
}

static int bad_pattern(struct vouch_bytes pattern, struct vouch_fault *fault) {
    vouch_usage(fault, "--pattern: \"%.*s\" is not a pattern of host names", (int)pattern.len,
                pattern.len > 0 ? (const char *)pattern.ptr : "");
    return vouch_fault_next(fault, "write names with * and ?, such as '*.example.com' or web1");
}

// All patterns, each with only letters, digits and `also`, with `between` in between.
static int join_patterns(struct trust *trust, const char *also, const char *between,
                         struct vouch_fault *fault) {
    size_t cursor = 0;
    const char *value;
    while ((value = vouch_args_next(&trust->cli->args, "pattern", &cursor)) != NULL) {
        struct vouch_bytes rest = vouch_bytes_of(value);
        while (rest.ptr != NULL) {
            struct vouch_bytes pattern = vouch_str_cut(&rest, ',');
            if (!has_only(pattern, also)) {
                return bad_pattern(pattern, fault);
            }
            if (vouch_bytes_equal(pattern, vouch_bytes_of("*"))) {
                vouch_say_mark(&trust->cli->term, VOUCH_MARK_WARN,
                               "the pattern * lets this CA speak for every host there is");
            }
            vouch_buf_put_text(&trust->names, trust->names.len > 0 ? between : "");
            vouch_buf_put(&trust->names, pattern);
        }
    }
    return trust->names.err != 0 ? no_memory(fault) : 0;
}

static int print_keys(const struct trust *trust, const char *before, struct vouch_fault *fault) {
    struct vouch_buf lines;
    vouch_buf_init(&lines, TEXT_MAX);
    vouch_trust_put_lines(&trust->keys, trust->use, before, trust->comment, &lines);
    int err = lines.err != 0 ? no_memory(fault) : 0;
    if (err == 0) {
        (void)fwrite(lines.ptr, 1, lines.len, stdout);
    }
    vouch_buf_done(&lines);
    return err;
}

static int trust_sshd(struct trust *trust, struct vouch_fault *fault) {
    const struct vouch_term *term = &trust->cli->term;
    if (vouch_args_count(&trust->cli->args, "pattern") > 0) {
        return vouch_usage(fault, "--pattern: is for known_hosts and PuTTY, not for sshd");
    }
    int err = load_ca_key(trust, VOUCH_CERT_USER, fault);
    if (err == 0) {
        vouch_say(term, "Put this line into /etc/ssh/user_ca.pub on each host, and into its "
                        "sshd_config:");
        vouch_say(term, "  TrustedUserCAKeys /etc/ssh/user_ca.pub");
        err = print_keys(trust, "", fault);
    }
    return err;
}

static int trust_known_hosts(struct trust *trust, struct vouch_fault *fault) {
    vouch_autofree char *before = NULL;
    int err = need_pattern(trust, fault);
    if (err == 0) {
        err = join_patterns(trust, "*?.-_:[]!", ",", fault);
    }
    if (err == 0) {
        err = load_ca_key(trust, VOUCH_CERT_HOST, fault);
    }
    if (err == 0 && asprintf(&before, "@cert-authority %.*s ", (int)trust->names.len,
                             (const char *)trust->names.ptr) < 0) {
        before = NULL;
        err = no_memory(fault);
    }
    if (err == 0) {
        vouch_say(
            &trust->cli->term,
            "Put this line into ~/.ssh/known_hosts, or /etc/ssh/ssh_known_hosts for everyone:");
        err = print_keys(trust, before, fault);
    }
    return err;
}

// PuTTY's own escaping, in files and in the registry alike.
static void put_percent(struct vouch_bytes text, struct vouch_buf *out) {
    for (size_t i = 0; i < text.len; i++) {
        struct vouch_bytes one = {text.ptr + i, 1};
        char code[8];
        if (has_only(one, "-_.")) {
            vouch_buf_put(out, one);
        } else {
            (void)snprintf(code, sizeof code, "%%%02X", text.ptr[i]);
            vouch_buf_put_text(out, code);
        }
    }
}

struct putty {
    struct vouch_buf key;      // base64
    struct vouch_buf validity; // escaped
    struct vouch_buf record;   // the escaped name
};

static void putty_init(const struct trust *trust, struct putty *putty) {
    vouch_buf_init(&putty->key, TEXT_MAX);
    vouch_buf_init(&putty->validity, TEXT_MAX);
    vouch_buf_init(&putty->record, TEXT_MAX);
    vouch_str_base64(vouch_key_blob(vouch_trust_active(&trust->keys, VOUCH_CERT_HOST)), '=',
                     &putty->key);
    put_percent(vouch_buf_bytes(&trust->names), &putty->validity);
    put_percent(vouch_bytes_of(trust->name[0] != '\0' ? trust->name : "vouch"), &putty->record);
    struct vouch_buf *all[] = {&putty->key, &putty->validity, &putty->record};
    for (size_t i = 0; i < 3; i++) {
        vouch_buf_put(all[i], (struct vouch_bytes){(const uint8_t *)"", 1});
    }
}

static void putty_done(struct putty *putty) {
    vouch_buf_done(&putty->key);
    vouch_buf_done(&putty->validity);
    vouch_buf_done(&putty->record);
}

static void print_putty_file(const struct trust *trust, const struct putty *putty) {
    vouch_say(&trust->cli->term, "Save this as ~/.putty/sshhostcas/%s (for Windows: --format reg):",
              (const char *)putty->record.ptr);
    (void)printf("PublicKey=%s\nValidity=%s\nPermitRSASHA1=0\nPermitRSASHA256=1\n"
                 "PermitRSASHA512=1\n",
                 (const char *)putty->key.ptr, (const char *)putty->validity.ptr);
}

static void print_putty_reg(const struct trust *trust, const struct putty *putty) {
    vouch_say(&trust->cli->term, "Save this as vouch.reg and open it on Windows:");
    (void)printf("Windows Registry Editor Version 5.00\r\n\r\n"
                 "[HKEY_CURRENT_USER\\Software\\SimonTatham\\PuTTY\\SshHostCAs\\%s]\r\n"
                 "\"PublicKey\"=\"%s\"\r\n\"Validity\"=\"%s\"\r\n"
                 "\"PermitRSASHA1\"=dword:00000000\r\n\"PermitRSASHA256\"=dword:00000001\r\n"
                 "\"PermitRSASHA512\"=dword:00000001\r\n",
                 (const char *)putty->record.ptr, (const char *)putty->key.ptr,
                 (const char *)putty->validity.ptr);
}

static int trust_putty(struct trust *trust, struct vouch_fault *fault) {
    static const char *const formats[] = {"file", "reg", NULL};
    const char *format = vouch_args_value(&trust->cli->args, "format");
    int choice = format != NULL ? vouch_args_choice("format", format, formats, fault) : 0;
    if (choice < 0) {
        return VOUCH_ERR_ARGUMENT;
    }
    int err = need_pattern(trust, fault);
    if (err == 0) {
        err = join_patterns(trust, "*?.-_:", " || ", fault);
    }
    if (err == 0) {
        err = load_ca_key(trust, VOUCH_CERT_HOST, fault);
    }
    if (err != 0) {
        return err;
    }
    struct putty putty;
    putty_init(trust, &putty);
    if (putty.key.err != 0 || putty.validity.err != 0 || putty.record.err != 0) {
        err = no_memory(fault);
    } else if (choice == 1) {
        print_putty_reg(trust, &putty);
    } else {
        print_putty_file(trust, &putty);
    }
    putty_done(&putty);
    return err;
}

static int run_trust(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    static const char *const words[] = {"sshd", "known_hosts", "putty", NULL};
    static int (*const targets[])(struct trust *, struct vouch_fault *) = {
        trust_sshd, trust_known_hosts, trust_putty};
    struct trust trust = {.cli = cli,
                          .dir = cli->args.operand_count > 0 ? cli->args.operands[0] : NULL};
    int choice = vouch_args_choice("for", vouch_args_value(&cli->args, "for"), words, fault);
    if (choice < 0) {
        return VOUCH_ERR_ARGUMENT;
    }
    if (choice != 2 && vouch_args_value(&cli->args, "format") != NULL) {
        return vouch_usage(fault, "--format: is for --for putty only");
    }
    vouch_buf_init(&trust.names, TEXT_MAX);
    int err = targets[choice](&trust, fault);
    vouch_trust_done(&trust.keys);
    free(trust.comment);
    vouch_buf_done(&trust.names);
    vouch_reach_done(&trust.reach);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option options[] = {
    {"for", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "WHAT", "sshd, known_hosts or putty"},
    {"pattern", 0, VOUCH_OPTION_MANY, 0, "P[,P...]",
     "for which hosts the host CA counts (known_hosts and putty)"},
    {"format", 0, VOUCH_OPTION_ONE, 0, "FORMAT",
     "for putty: file (default), or reg for Windows' registry"},
    VOUCH_REACH_OPTIONS,
};

static const char *const examples[] = {
    "vouch ca trust ca --for sshd > /etc/ssh/user_ca.pub",
    "vouch ca trust ca --for known_hosts --pattern '*.example.com' >> ~/.ssh/known_hosts",
    "vouch ca trust --for sshd --local /var/lib/vouch > /etc/ssh/user_ca.pub",
    "vouch ca trust ca --for putty --pattern '*.example.com' --format reg > vouch.reg",
    NULL,
};

const struct vouch_command vouch_cmd_ca_trust = {
    .noun = "ca",
    .verb = "trust",
    .summary = "the exact lines that make sshd, ssh or PuTTY trust a CA",
    .operands = "[DIR]",
    .operands_min = 0,
    .operands_max = 1,
    .options = options,
    .notes =
        "DIR is the folder of a CA; without it the server is asked. Standard output is what goes "
        "into the file, and nothing else.",
    .examples = examples,
    .run = run_trust,
    .failed = vouch_reach_failed,
};
