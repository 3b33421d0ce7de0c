// SPDX-License-Identifier: ISC
// `vouch keygen` without a letter that says otherwise: makes a key pair.
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/keygen-load.h"
#include "vouch/keyfile.h"

#define DEFAULT_TYPE "ed25519"
#define RSA_BITS 3072
#define RSA_BITS_MIN 1024
#define RSA_BITS_MAX 16384
#define ECDSA_BITS 256
#define COMMENT_MAX 1024
#define FILE_MAX_LEN 65536 // an RSA key of 16384 bits takes a sixth of it

static void private_key_done(struct vouch_private_key **key) {
    vouch_private_key_free(*key);
}

#define autoprivate VOUCH_CLEANUP(private_key_done)

static int is_ecdsa(enum vouch_key_type type) {
    return type == VOUCH_KEY_ECDSA_P256 || type == VOUCH_KEY_ECDSA_P384 ||
           type == VOUCH_KEY_ECDSA_P521;
}

// What is made.
struct plan {
    const char *name; // as typed
    enum vouch_key_type type;
    unsigned bits; // RSA only
};

static int plan_rsa(unsigned bits, struct plan *plan) {
    plan->bits = bits != 0 ? bits : RSA_BITS;
    if (plan->bits < RSA_BITS_MIN) {
        return vouch_keygen_fail("Invalid RSA key length: minimum is %d bits", RSA_BITS_MIN);
    }
    if (plan->bits > RSA_BITS_MAX) {
        return vouch_keygen_fail("Invalid RSA key length: maximum is %d bits", RSA_BITS_MAX);
    }
    return VOUCH_KEYGEN_GO_ON;
}

static int plan_ecdsa(unsigned bits, struct plan *plan) {
    switch (bits != 0 ? bits : ECDSA_BITS) {
    case 256:
        plan->type = VOUCH_KEY_ECDSA_P256;
        return VOUCH_KEYGEN_GO_ON;
    case 384:
        plan->type = VOUCH_KEY_ECDSA_P384;
        return VOUCH_KEYGEN_GO_ON;
    case 521:
        plan->type = VOUCH_KEY_ECDSA_P521;
        return VOUCH_KEYGEN_GO_ON;
    default:
        return vouch_keygen_fail(
            "Invalid ECDSA key length: valid lengths are 256, 384 or 521 bits");
    }
}

// Security keys need their hardware, DSA is gone from OpenSSH; and some forms of file are not ours.
static int is_for_system(const struct vouch_keygen *args, const struct plan *plan) {
    const char *format = args->value['m'];
    const char *cipher = args->value['Z'];
    int is_pem =
        format != NULL && (strcasecmp(format, "PEM") == 0 || strcasecmp(format, "PKCS8") == 0);
    if (cipher != NULL && strcmp(cipher, "aes256-ctr") != 0) {
        return 1;
    }
    if (plan->type == VOUCH_KEY_NONE) {
        return strcasecmp(plan->name, "dsa") == 0 || strcmp(plan->name, "ssh-dss") == 0;
    }
    return plan->type == VOUCH_KEY_SK_ED25519 || plan->type == VOUCH_KEY_SK_ECDSA_P256 ||
           (is_pem && plan->type != VOUCH_KEY_ED25519);
}

static void announce(const struct vouch_keygen *args, const struct plan *plan) {
    if (args->count['q'] == 0) {
        (void)printf("Generating public/private %s key pair.\n", plan->name);
        (void)fflush(stdout);
    }
}

static int make_plan(const struct vouch_keygen *args, struct plan *plan) {
    unsigned bits = 0;
    *plan = (struct plan){.name = args->value['t'] != NULL ? args->value['t'] : DEFAULT_TYPE};
    plan->type = vouch_keygen_type(plan->name, &bits);
    bits = args->bits != 0 ? args->bits : bits;
    if (is_for_system(args, plan)) {
        return vouch_keygen_hand_over(args, args->value['t'] != NULL ? NULL : DEFAULT_TYPE);
    }
    if (plan->type == VOUCH_KEY_RSA) {
        return plan_rsa(bits, plan);
    }
    if (is_ecdsa(plan->type)) {
        return plan_ecdsa(bits, plan);
    }
    if (vouch_key_type_from_cert_name(vouch_bytes_of(plan->name)) != VOUCH_KEY_NONE) {
        announce(args, plan);
        return vouch_keygen_fail("sshkey_generate failed");
    }
    return plan->type != VOUCH_KEY_NONE ? VOUCH_KEYGEN_GO_ON
                                        : vouch_keygen_fail("unknown key type %s", plan->name);
}

// ~/.ssh is made on the way, as people expect of their first key.
static void make_ssh_folder(const struct vouch_keygen *args, const char *path) {
    const struct passwd *who = getpwuid(getuid());
    char folder[PATH_MAX];
    struct stat st;
    if (who == NULL || snprintf(folder, sizeof folder, "%s/.ssh", who->pw_dir) >= PATH_MAX) {
        return;
    }
    size_t len = strlen(folder);
    if (strncmp(path, folder, len) != 0 || path[len] != '/' || stat(folder, &st) == 0) {
        return;
    }
    if (errno != ENOENT) {
        vouch_keygen_say("Could not stat %s: %s", folder, strerror(errno));
    } else if (mkdir(folder, 0700) != 0) {
        vouch_keygen_say("Could not create directory '%.200s' (%s).", folder, strerror(errno));
    } else if (args->count['q'] == 0) {
        vouch_keygen_say("Created directory '%s'.", folder);
    }
}

static int may_overwrite(const char *path) {
    struct stat st;
    char answer[3];
    if (stat(path, &st) != 0) {
        return 1;
    }
    (void)printf("%s already exists.\nOverwrite (y/n)? ", path);
    (void)fflush(stdout);
    return fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

static int take_text(const char *text, struct vouch_secret *ret_secret) {
    size_t len = strlen(text);
    int err = vouch_secret_new(len, ret_secret);
    if (err == VOUCH_OK && len > 0) {
        memcpy(ret_secret->ptr, text, len);
    }
    return err;
}

static int ask_twice(const char *question, struct vouch_secret *ret_passphrase) {
    for (;;) {
        vouch_autosecret struct vouch_secret first = {0};
        vouch_autosecret struct vouch_secret again = {0};
        int err = vouch_keygen_ask(question, &first);
        if (err == VOUCH_OK) {
            err = vouch_keygen_ask("Enter same passphrase again", &again);
        }
        if (err != VOUCH_OK) {
            return err;
        }
        if (first.len == again.len && vouch_secret_equal(first.ptr, again.ptr, first.len)) {
            *ret_passphrase = first;
            first = (struct vouch_secret){0};
            return VOUCH_OK;
        }
        (void)printf("Passphrases do not match.  Try again.\n");
    }
}

static int choose_passphrase(const struct vouch_keygen *args, const char *path,
                             struct vouch_secret *ret_passphrase) {
    const char *given = args->value['P'] != NULL ? args->value['P'] : args->value['N'];
    if (given != NULL) {
        return take_text(given, ret_passphrase);
    }
    char *question = NULL;
    if (asprintf(&question, "Enter passphrase for \"%s\" (empty for no passphrase)", path) < 0) {
        return VOUCH_ERR_NO_MEMORY;
    }
    int err = ask_twice(question, ret_passphrase);
    free(question);
    return err;
}

static void choose_comment(const struct vouch_keygen *args, char out[static COMMENT_MAX]) {
    char host[256] = "";
    const struct passwd *who = getpwuid(getuid());
    if (args->value['C'] != NULL) {
        (void)snprintf(out, COMMENT_MAX, "%s", args->value['C']);
        return;
    }
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(out, COMMENT_MAX, "%.256s@%.255s", who != NULL ? who->pw_name : "", host);
}

static int save_private(const struct vouch_keygen *args, const struct vouch_private_key *key,
                        const char *path, const char *comment) {
    vouch_autosecret struct vouch_secret passphrase = {0};
    vouch_autosecret struct vouch_secret room = {0};
    int err = choose_passphrase(args, path, &passphrase);
    if (err == VOUCH_OK) {
        err = vouch_secret_new(FILE_MAX_LEN, &room);
    }
    if (err == VOUCH_OK) {
        struct vouch_buf file;
        struct vouch_keyfile_options options = {.passphrase = vouch_secret_bytes(&passphrase),
                                                .rounds = args->rounds,
                                                .comment = comment};
        vouch_random(options.random, sizeof options.random);
        vouch_buf_init_fixed(&file, room.ptr, room.len);
        err = vouch_keyfile_write(key, &options, &file);
        if (err == VOUCH_OK) {
            const struct vouch_keygen_target target = {path, 0600, VOUCH_KEYGEN_SYNCED};
            err = vouch_keygen_write(&target, vouch_buf_bytes(&file));
        }
        vouch_wipe(&options, sizeof options);
    }
    if (err != VOUCH_OK) {
        vouch_keygen_say("Saving key \"%s\" failed: %s", path, vouch_keygen_why(err, NULL));
        return 1;
    }
    return 0;
}

static int save_public(const struct vouch_key *key, const char *path, const char *comment) {
    struct vouch_buf line;
    vouch_buf_init(&line, 2 * VOUCH_KEY_BLOB_MAX);
    vouch_key_print(key, NULL, &line);
    vouch_buf_put_text(&line, " ");
    vouch_buf_put_text(&line, comment);
    vouch_buf_put_text(&line, "\n");
    int err = line.err;
    if (err == VOUCH_OK) {
        const struct vouch_keygen_target target = {path, 0644, VOUCH_KEYGEN_SYNCED};
        err = vouch_keygen_write(&target, vouch_buf_bytes(&line));
    }
    int status = err == VOUCH_OK ? 0
                                 : vouch_keygen_fail("Unable to save public key to %s: %s", path,
                                                     vouch_keygen_why(err, NULL));
    vouch_buf_done(&line);
    return status;
}

static void describe(const struct vouch_keygen *args, const struct vouch_key *key, const char *path,
                     const char *comment) {
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    struct vouch_buf picture;
    vouch_buf_init(&picture, 1024);
    vouch_key_fingerprint(key, args->hash, fingerprint);
    vouch_keygen_picture(key, vouch_key_type_label(vouch_key_type(key)), args->hash, &picture);
    (void)printf("Your public key has been saved in %s\nThe key fingerprint is:\n%s %s\n"
                 "The key's randomart image is:\n%.*s\n",
                 path, fingerprint, comment, (int)picture.len, (const char *)picture.ptr);
    vouch_buf_done(&picture);
}

static int save(const struct vouch_keygen *args, const struct vouch_private_key *key,
                const char *path) {
    const struct vouch_key *public_key = vouch_private_key_public(key);
    char comment[COMMENT_MAX];
    vouch_autofree char *public_path = NULL;
    if (asprintf(&public_path, "%s.pub", path) < 0) {
        public_path = NULL;
        return VOUCH_KEYGEN_FAILED;
    }
    choose_comment(args, comment);
    int status = save_private(args, key, path, comment);
    if (status != 0) {
        return status;
    }
    if (args->count['q'] == 0) {
        (void)printf("Your identification has been saved in %s\n", path);
    }
    status = save_public(public_key, public_path, comment);
    if (status == 0 && args->count['q'] == 0) {
        describe(args, public_key, public_path, comment);
    }
    return status;
}

int vouch_keygen_generate(const struct vouch_keygen *args) {
    autoprivate struct vouch_private_key *key = NULL;
    vouch_autofree char *path = NULL;
    struct plan plan;
    int status = make_plan(args, &plan);
    if (status != VOUCH_KEYGEN_GO_ON) {
        return status;
    }
    vouch_secret_harden_process();
    announce(args, &plan);
    if (vouch_private_key_generate(plan.type, plan.bits, &key) != VOUCH_OK) {
        return vouch_keygen_fail("sshkey_generate failed");
    }
    status = vouch_keygen_file(args, "Enter file in which to save the key", &path);
    if (status != VOUCH_KEYGEN_GO_ON) {
        return status;
    }
    make_ssh_folder(args, path);
    return may_overwrite(path) ? save(args, key, path) : 1;
}
