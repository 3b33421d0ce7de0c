// SPDX-License-Identifier: ISC
// Key types that are not ours, but may be the system's: what touches such a key is handed over whole.
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "prog/vouch/keygen-load.h"
#include "vouch/keyfile.h"

#define LOOK_MAX 65536 // bytes of a file that are looked through

// As they stand in files, with what surrounds them.
static const char *const words[] = {
    "ssh-dss ",
    "ssh-dss-cert-v01@openssh.com ",
    "ssh-mldsa44-ed25519@openssh.com ",
    "ssh-mldsa44-ed25519-cert-v01@openssh.com ",
    "-----BEGIN DSA PRIVATE KEY-----",
};

static int names_foreign(struct vouch_bytes text) {
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (memmem(text.ptr, text.len, words[i], strlen(words[i])) != NULL) {
            return 1;
        }
    }
    return 0;
}

// A private key file in OpenSSH's own format names its type inside.
static int is_foreign_private(struct vouch_bytes text) {
    static const char mark[] = "-----BEGIN OPENSSH PRIVATE KEY-----";
    struct vouch_key *key = NULL;
    struct vouch_where where;
    if (memmem(text.ptr, text.len, mark, sizeof mark - 1) == NULL) {
        return 0;
    }
    int err = vouch_keyfile_parse_public(text, &key, &where);
    vouch_key_free(key);
    return err == VOUCH_ERR_UNSUPPORTED;
}

// Pipes are left alone: what is read from one is gone.
static int look(const char *path) {
    struct stat st;
    vouch_autofclose FILE *file = NULL;
    vouch_autosecret struct vouch_secret text = {0};
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
        file = fopen(path, "re");
    }
    if (file == NULL || vouch_secret_new(LOOK_MAX, &text) != VOUCH_OK) {
        return 0;
    }
    // No buffer of the library's own: this may be a private key.
    (void)setvbuf(file, NULL, _IONBF, 0);
    text.len = fread(text.ptr, 1, LOOK_MAX, file);
    return names_foreign(vouch_secret_bytes(&text)) ||
           is_foreign_private(vouch_secret_bytes(&text));
}

int vouch_keygen_is_foreign(const char *path) {
    char *beside = NULL;
    if (look(path)) {
        return 1;
    }
    if (asprintf(&beside, "%s.pub", path) < 0) {
        return 0;
    }
    int foreign = look(beside);
    free(beside);
    return foreign;
}
