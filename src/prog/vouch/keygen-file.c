// SPDX-License-Identifier: ISC
// Private key files, and the files that `vouch keygen` writes.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/keygen-load.h"
#include "vouch/keyfile.h"

// A file named "-" is a file here; base/io.h takes the name for a standard stream.
static const char *plain_name(const char *path) {
    return strcmp(path, "-") == 0 ? "./-" : path;
}

static int load_failed(const char *path, int err) {
    return vouch_keygen_fail("Load key \"%s\": %s", path,
                             err == VOUCH_ERR_PERMISSION ? "bad permissions"
                                                         : vouch_keygen_why(err, NULL));
}

static int refuse_open_mode(const char *path, unsigned mode) {
    vouch_keygen_say("@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@");
    vouch_keygen_say("@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @");
    vouch_keygen_say("@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@");
    vouch_keygen_say("Permissions 0%3.3o for '%s' are too open.", mode, path);
    vouch_keygen_say("It is required that your private key files are NOT accessible by others.");
    vouch_keygen_say("This private key will be ignored.");
    return VOUCH_ERR_PERMISSION;
}

// Only the owner is told to close a file: others could not.
static int check_closed(const char *path) {
    struct stat st;
    if (access(path, R_OK) != 0 || stat(path, &st) != 0) {
        return VOUCH_ERR_IO;
    }
    return st.st_uid == getuid() && (st.st_mode & 077) != 0
               ? refuse_open_mode(path, st.st_mode & 0777)
               : VOUCH_OK;
}

static int read_closed(const char *path, struct vouch_secret *ret_file) {
    struct vouch_fault fault;
    int err = check_closed(path);
    if (err != VOUCH_OK) {
        return err;
    }
    err = vouch_io_read_secret(plain_name(path), VOUCH_KEYFILE_MAX, VOUCH_IO_ANY, ret_file, &fault);
    return err == VOUCH_OK || err == VOUCH_ERR_LIMIT || err == VOUCH_ERR_NO_MEMORY ? err
                                                                                   : VOUCH_ERR_IO;
}

int vouch_keygen_check_private(const char *path) {
    int err = check_closed(path);
    return err == VOUCH_OK ? VOUCH_OK : load_failed(path, err);
}

static int is_openssh_format(struct vouch_bytes file) {
    static const char mark[] = "BEGIN OPENSSH PRIVATE KEY";
    return memmem(file.ptr, file.len, mark, sizeof mark - 1) != NULL;
}

// Parses with a passphrase that may be empty. Only OpenSSH's own format has a comment.
static int parse(struct vouch_bytes file, struct vouch_bytes passphrase,
                 struct vouch_private_key **ret_key, char **ret_comment) {
    struct vouch_where where;
    char *comment = NULL;
    int err = vouch_keyfile_parse(file, passphrase, ret_key, &comment, &where);
    if (err != VOUCH_OK) {
        // What is not in its own format OpenSSH gives to libcrypto, whose refusal it reports.
        int is_format = err == VOUCH_ERR_FORMAT || err == VOUCH_ERR_TRUNCATED ||
                        err == VOUCH_ERR_TRAILING || err == VOUCH_ERR_UNSUPPORTED;
        return is_format || (err == VOUCH_ERR_LIMIT && !is_openssh_format(file)) ? VOUCH_ERR_CRYPTO
                                                                                 : err;
    }
    if (!is_openssh_format(file)) {
        free(vouch_steal(comment));
    }
    *ret_comment = comment;
    return VOUCH_OK;
}

int vouch_keygen_ask_for(const struct vouch_keygen *args, const char *path,
                         struct vouch_secret *ret_passphrase) {
    const char *given = args->value['P'];
    if (given != NULL) {
        int err = vouch_secret_new(strlen(given), ret_passphrase);
        if (err == VOUCH_OK) {
            memcpy(ret_passphrase->ptr, given, strlen(given));
        }
        return err;
    }
    char *question = NULL;
    if (asprintf(&question, "Enter passphrase for \"%s\"", path) < 0) {
        return VOUCH_ERR_NO_MEMORY;
    }
    int err = vouch_keygen_ask(question, ret_passphrase);
    free(question);
    return err;
}

int vouch_keygen_read_private(const struct vouch_keygen *args, const char *path,
                              struct vouch_private_key **ret_key, char **ret_comment) {
    vouch_autosecret struct vouch_secret file = {0};
    vouch_autosecret struct vouch_secret passphrase = {0};
    vouch_secret_harden_process();
    int err = read_closed(path, &file);
    if (err == VOUCH_OK) {
        err = parse(vouch_secret_bytes(&file), (struct vouch_bytes){0}, ret_key, ret_comment);
    }
    if (err == VOUCH_ERR_PASSPHRASE) {
        err = vouch_keygen_ask_for(args, path, &passphrase);
        if (err == VOUCH_OK) {
            err = parse(vouch_secret_bytes(&file), vouch_secret_bytes(&passphrase), ret_key,
                        ret_comment);
        }
    }
    return err == VOUCH_OK ? VOUCH_OK : load_failed(path, err);
}

struct vouch_private_key *vouch_keygen_peek_private(const char *path, char **ret_comment) {
    vouch_autosecret struct vouch_secret file = {0};
    struct vouch_private_key *key = NULL;
    vouch_secret_harden_process();
    if (read_closed(path, &file) != VOUCH_OK ||
        parse(vouch_secret_bytes(&file), (struct vouch_bytes){0}, &key, ret_comment) != VOUCH_OK) {
        return NULL;
    }
    return key;
}

int vouch_keygen_is_security_key(const char *path) {
    vouch_autosecret struct vouch_secret file = {0};
    struct vouch_fault fault;
    struct vouch_where where;
    struct vouch_key *key = NULL;
    if (vouch_io_read_secret(plain_name(path), VOUCH_KEYFILE_MAX, VOUCH_IO_ANY, &file, &fault) !=
            VOUCH_OK ||
        vouch_keyfile_parse_public(vouch_secret_bytes(&file), &key, &where) != VOUCH_OK) {
        return 0;
    }
    enum vouch_key_type type = vouch_key_type(key);
    vouch_key_free(key);
    return type == VOUCH_KEY_SK_ED25519 || type == VOUCH_KEY_SK_ECDSA_P256;
}

// Devices and pipes are written to; they are not replaced.
static int write_in_place(const char *path, struct vouch_bytes content) {
    vouch_autoclose int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? VOUCH_ERR_IO : vouch_io_write_all(fd, content);
}

static unsigned mode_under_umask(unsigned mode) {
    mode_t mask = umask(0);
    (void)umask(mask);
    return mode & ~(unsigned)mask;
}

static int write_temporary(int fd, unsigned mode, struct vouch_bytes content) {
    if (fchmod(fd, (mode_t)mode) != 0) {
        return VOUCH_ERR_IO;
    }
    return vouch_io_write_all(fd, content);
}

static int write_unsynced(const struct vouch_io_file *file, struct vouch_bytes content) {
    char temporary[PATH_MAX];
    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", file->path) >= (int)sizeof temporary) {
        errno = ENAMETOOLONG;
        return VOUCH_ERR_IO;
    }
    vouch_autoclose int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        return VOUCH_ERR_IO;
    }
    if (write_temporary(fd, file->mode, content) != VOUCH_OK ||
        rename(temporary, file->path) != 0) {
        int why = errno;
        (void)unlink(temporary);
        errno = why;
        return VOUCH_ERR_IO;
    }
    return VOUCH_OK;
}

int vouch_keygen_write(const struct vouch_keygen_target *target, struct vouch_bytes content) {
    struct vouch_fault fault;
    struct stat st;
    struct vouch_io_file file = {plain_name(target->path), mode_under_umask(target->mode),
                                 VOUCH_IO_REPLACE};
    vouch_autofree char *real = NULL;
    if (stat(target->path, &st) == 0) {
        if (S_ISDIR(st.st_mode)) {
            errno = EISDIR;
            return VOUCH_ERR_IO;
        }
        if (!S_ISREG(st.st_mode)) {
            return write_in_place(target->path, content);
        }
        // A link stays a link. Only a mode that is open by design is kept: a private key's is not.
        real = realpath(target->path, NULL);
        if (real == NULL) {
            return VOUCH_ERR_IO;
        }
        file.path = real;
        file.mode = (target->mode & 077) != 0 ? st.st_mode & 07777 : target->mode;
    }
    if (target->keeping == VOUCH_KEYGEN_UNSYNCED) {
        return write_unsynced(&file, content);
    }
    return vouch_io_write(&file, content, &fault) == VOUCH_OK ? VOUCH_OK : VOUCH_ERR_IO;
}

// The home folder of the user named at `name`, or of our own if the name is empty.
static const char *home_of(const char *name, size_t len) {
    char user[256];
    if (len == 0) {
        const struct passwd *own = getpwuid(getuid());
        if (own == NULL) {
            vouch_keygen_say("tilde_expand: No such uid %ld", (long)getuid());
        }
        return own != NULL ? own->pw_dir : NULL;
    }
    (void)snprintf(user, sizeof user, "%.*s", (int)len, name);
    const struct passwd *other = getpwnam(user);
    if (other == NULL) {
        vouch_keygen_say("tilde_expand: No such user %s", user);
    }
    return other != NULL ? other->pw_dir : NULL;
}

char *vouch_keygen_expand(const char *path) {
    char *expanded = NULL;
    const char *home = "";
    const char *rest = path;
    if (path[0] == '~') {
        size_t len = strcspn(path + 1, "/");
        home = home_of(path + 1, len < 255 ? len : 255);
        rest = path + 1 + len;
    }
    if (home != NULL && asprintf(&expanded, "%s%s", home, rest) < 0) {
        vouch_keygen_say("%s", vouch_keygen_why(VOUCH_ERR_NO_MEMORY, NULL));
        return NULL;
    }
    return expanded;
}
