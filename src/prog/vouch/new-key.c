// SPDX-License-Identifier: ISC
// What the commands that make keys have in common: see new-key.h.
#include "prog/vouch/new-key.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "prog/vouch/prompt.h"

#define RSA_BITS 3072
#define RSA_BITS_MAX 8192

int vouch_new_key_type(const struct vouch_args *args, unsigned rsa_min,
                       enum vouch_key_type *ret_type, unsigned *ret_bits,
                       struct vouch_fault *fault) {
    static const char *const words[] = {"ed25519",    "ecdsa-p256", "ecdsa-p384",
                                        "ecdsa-p521", "rsa",        NULL};
    static const enum vouch_key_type types[] = {VOUCH_KEY_ED25519, VOUCH_KEY_ECDSA_P256,
                                                VOUCH_KEY_ECDSA_P384, VOUCH_KEY_ECDSA_P521,
                                                VOUCH_KEY_RSA};
    const char *word = vouch_args_value(args, "type");
    const char *bits_text = vouch_args_value(args, "bits");
    int choice = word != NULL ? vouch_args_choice("type", word, words, fault) : 0;
    if (choice < 0) {
        return VOUCH_ERR_ARGUMENT;
    }
    uint64_t bits = types[choice] == VOUCH_KEY_RSA ? RSA_BITS : 0;
    if (bits_text != NULL && bits == 0) {
        vouch_usage(fault, "--bits: only RSA keys have a size to choose, not %s", words[choice]);
        return vouch_fault_next(fault, "leave --bits away");
    }
    int err = bits_text != NULL ? vouch_args_number("bits", bits_text, &bits, fault) : 0;
    if (err != 0) {
        return err;
    }
    if (bits != 0 && (bits < rsa_min || bits > RSA_BITS_MAX || bits % 8 != 0)) {
        return vouch_usage(fault, "--bits: %llu is not a multiple of 8 from %u to %u",
                           (unsigned long long)bits, rsa_min, RSA_BITS_MAX);
    }
    *ret_type = types[choice];
    *ret_bits = (unsigned)bits;
    return 0;
}

int vouch_new_key_passphrase(const struct vouch_cli *cli, const char *what,
                             struct vouch_secret *ret_passphrase, struct vouch_fault *fault) {
    struct vouch_prompt prompt;
    vouch_prompt_init(&prompt, cli);
    if (vouch_args_count(&cli->args, "no-passphrase") == 0) {
        return vouch_prompt_new_passphrase(&prompt, what, ret_passphrase, fault);
    }
    if (prompt.file != NULL) {
        vouch_usage(fault, "--passphrase-file and --no-passphrase exclude each other");
        return vouch_fault_next(fault, "leave one of them away");
    }
    *ret_passphrase = (struct vouch_secret){0};
    return 0;
}

void vouch_actor_name(char *ret_name, size_t ret_size) {
    char host[128] = "localhost";
    struct passwd entry, *found = NULL;
    char room[2048];
    (void)gethostname(host, sizeof host - 1);
    if (getpwuid_r(geteuid(), &entry, room, sizeof room, &found) == 0 && found != NULL) {
        (void)snprintf(ret_name, ret_size, "%s@%s", found->pw_name, host);
    } else {
        (void)snprintf(ret_name, ret_size, "uid:%u@%s", (unsigned)geteuid(), host);
    }
}
