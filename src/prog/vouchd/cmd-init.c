// SPDX-License-Identifier: ISC
// vouchd init: makes the folder of a server, and says what was made and what comes next.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"
#include "ipc/notify.h"
#include "prog/vouchd/command.h"
#include "prog/vouchd/passphrase.h"
#include "prog/vouchd/server-dir.h"

#define RSA_BITS 3072

static int choose_type(const char *word, struct vouch_server_new *what, struct vouch_fault *fault) {
    static const char *const words[] = {"ed25519",    "ecdsa-p256", "ecdsa-p384",
                                        "ecdsa-p521", "rsa",        NULL};
    static const enum vouch_key_type types[] = {VOUCH_KEY_ED25519, VOUCH_KEY_ECDSA_P256,
                                                VOUCH_KEY_ECDSA_P384, VOUCH_KEY_ECDSA_P521,
                                                VOUCH_KEY_RSA};
    size_t i = 0;
    while (word != NULL && words[i] != NULL && strcmp(words[i], word) != 0) {
        i++;
    }
    if (words[i] != NULL) {
        what->key_type = types[i];
        what->key_bits = types[i] == VOUCH_KEY_RSA ? RSA_BITS : 0;
        return VOUCH_OK;
    }
    (void)vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_usage,
                          "init: --key-type \"%s\" must be ed25519, ecdsa-p256, ecdsa-p384, "
                          "ecdsa-p521 or rsa",
                          word);
    const char *near = vouch_str_nearest(word, words);
    return near != NULL ? vouch_fault_next(fault, "Did you mean --key-type %s?", near)
                        : vouch_fault_next(fault, "Without --key-type it is ed25519.");
}

// "WEB,AUTHORITY,SIGNER,IDENTITY" into as many texts in `room`.
static int choose_users(const char *text, char room[VOUCH_CONFIG_USERS][VOUCH_CONFIG_TEXT_MAX],
                        struct vouch_server_new *what, struct vouch_fault *fault) {
    struct vouch_bytes rest = vouch_bytes_of(text);
    size_t count = 0, given = 0;
    while (text != NULL && rest.ptr != NULL && count <= VOUCH_CONFIG_USERS) {
        struct vouch_bytes part = vouch_str_cut(&rest, ',');
        if (count < VOUCH_CONFIG_USERS && part.len > 0 && part.len < VOUCH_CONFIG_TEXT_MAX) {
            memcpy(room[count], part.ptr, part.len);
            room[count][part.len] = '\0';
            what->users[count] = room[count];
            given++;
        }
        count++;
    }
    if (text == NULL || (count == VOUCH_CONFIG_USERS && given == count)) {
        return VOUCH_OK;
    }
    (void)vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_usage,
                          "init: --users \"%s\" must be four users: WEB,AUTHORITY,SIGNER,IDENTITY",
                          text);
    return vouch_fault_next(fault,
                            "Each is NAME, UID or UID:GID; authority and signer share a group.");
}

static int choose_unlock(const struct vouch_options *options, struct vouch_server_new *what,
                         struct vouch_secret *passphrase, struct vouch_fault *fault) {
    const char *file = vouch_option_value(options, "passphrase-file");
    what->credential = vouch_option_value(options, "credential");
    if (what->credential != NULL) {
        what->unlock = VOUCH_UNLOCK_CREDENTIAL;
    } else if (file != NULL) {
        what->unlock = VOUCH_UNLOCK_PASSPHRASE;
    }
    int err = VOUCH_OK;
    if (file != NULL) {
        err = vouch_passphrase_read(file, passphrase, fault);
    } else if (what->credential != NULL) {
        err = vouch_passphrase_credential(what->credential, passphrase, fault);
    }
    what->passphrase = vouch_secret_bytes(passphrase);
    return err;
}

static void say_unlock(const struct vouch_server_new *what) {
    switch (what->unlock) {
    case VOUCH_UNLOCK_KEY_FILE:
        (void)printf("The keys are encrypted; %s/%s opens them: keep both, apart.\n", what->dir,
                     VOUCH_SERVER_UNLOCK);
        break;
    case VOUCH_UNLOCK_PASSPHRASE:
        (void)printf(
            "The keys are encrypted; the server asks for the passphrase when it starts.\n");
        break;
    case VOUCH_UNLOCK_CREDENTIAL:
        (void)printf("The keys are encrypted; the server takes the credential %s from its service "
                     "manager.\n",
                     what->credential);
        break;
    }
}

static void say_made(const struct vouch_server_new *what, const struct vouch_server_made *made) {
    (void)printf("Made the server %s in %s.\n", what->name, what->dir);
    (void)printf("  user CA         %s\n  host CA         %s\n  checkpoint key  %s\n",
                 made->fingerprints[0], made->fingerprints[1], made->fingerprints[2]);
    (void)printf("  TLS pin         %s\n", made->pin);
    say_unlock(what);
    if (made->separates && what->users[0] == NULL) {
        (void)printf("Its parts run as the users 64001 to 64004, which need no account; users in "
                     "vouchd.yaml "
                     "changes that.\n");
    } else if (!made->separates) {
        (void)printf(
            "Its parts all run as this user, which is for trials; as root each gets a user "
            "of its own.\n");
    }
    (void)printf("Next: vouchd run %s\n", what->dir);
}

static int run(const struct vouch_options *options, enum vouch_exit *ret_exit,
               struct vouch_fault *fault) {
    struct vouch_server_new what = {.dir = options->dir,
                                    .name = vouch_option_value(options, "name"),
                                    .listen = vouch_option_value(options, "listen")};
    what.listen = what.listen != NULL ? what.listen : "127.0.0.1:8443";
    if (what.name == NULL) {
        (void)vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_usage,
                              "init: --name is missing");
        return vouch_fault_next(fault, "Type: vouchd init %s --name ca.example.com", options->dir);
    }
    char users[VOUCH_CONFIG_USERS][VOUCH_CONFIG_TEXT_MAX];
    vouch_autosecret struct vouch_secret passphrase = {0};
    const char *type = vouch_option_value(options, "key-type");
    int err = choose_type(type != NULL ? type : "ed25519", &what, fault);
    if (err == VOUCH_OK) {
        err = choose_users(vouch_option_value(options, "users"), users, &what, fault);
    }
    if (err == VOUCH_OK) {
        err = choose_unlock(options, &what, &passphrase, fault);
    }
    struct vouch_server_made made = {0};
    if (err == VOUCH_OK) {
        err = vouch_server_create(&what, &made, fault);
    }
    if (err == VOUCH_OK) {
        say_made(&what, &made);
        *ret_exit = VOUCH_EXIT_OK;
    }
    return err;
}

static const struct vouch_option options[] = {
    {"name", "NAME", "the server's name, such as ca.example.com; fixed for good"},
    {"listen", "ADDR:PORT,...", "where it listens (default: 127.0.0.1:8443)"},
    {"key-type", "TYPE", "ed25519 (default), ecdsa-p256, ecdsa-p384, ecdsa-p521 or rsa"},
    {"passphrase-file", "FILE", "encrypt the keys under the first line of FILE"},
    {"credential", "NAME", "encrypt them under a credential of the service manager"},
    {"users", "WEB,...", "users of web, authority, signer and identity, where root starts it"},
    {0},
};
static const char *const examples[] = {
    "vouchd init /var/lib/vouchd --name ca.example.com",
    "vouchd init /var/lib/vouchd --name ca.example.com --listen 192.0.2.7:443,[2001:db8::7]:443",
    "vouchd init trial --name trial --passphrase-file secret.txt",
    NULL,
};

const struct vouch_command vouch_cmd_init = {
    .name = "init",
    .summary = "Make the folder of a server: settings, keys, ledger, database, certificate.",
    .options = options,
    .examples = examples,
    .run = run,
};
