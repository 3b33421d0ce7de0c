// SPDX-License-Identifier: ISC
// Reads and writes private key files by libvouch, for keyfile.py to compare with ssh-keygen.
//
// usage: keyfile-driver read FILE PASSPHRASE                          prints the public key's line
//        keyfile-driver public FILE                                   the same without the comment
//        keyfile-driver write FILE PASSPHRASE NEW ROUNDS COMMENT      prints the file anew
//        keyfile-driver new TYPE NEW ROUNDS COMMENT                   prints the file of a new key
// Exit status: 0 done, 1 the file is refused, 2 anything else. Passphrases on a command line are for
// tests only.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vouch/keyfile.h"

#define FILE_MAX (VOUCH_KEYFILE_MAX + 1)

static struct vouch_bytes read_file(const char *path) {
    static uint8_t text[FILE_MAX];
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        perror(path);
        exit(2);
    }
    size_t len = fread(text, 1, sizeof text, stream);
    (void)fclose(stream);
    return (struct vouch_bytes){text, len};
}

static int refuse(int err, const struct vouch_where *where) {
    (void)fprintf(stderr, "%s: %s %s (byte %zu)\n", vouch_err_text(err), where->field,
                  where->reason != NULL ? where->reason : "", where->offset);
    return 1;
}

static int print_key(const struct vouch_key *key, const char *comment) {
    struct vouch_buf line;
    vouch_buf_init(&line, VOUCH_KEYFILE_MAX * 2);
    vouch_key_print(key, comment, &line);
    int status = line.err != VOUCH_OK ? 2 : 0;
    (void)fwrite(line.ptr, 1, line.len, stdout);
    (void)putchar('\n');
    vouch_buf_done(&line);
    return status;
}

static int print_file(const struct vouch_private_key *key, const char *const *words) {
    struct vouch_keyfile_options options = {
        .passphrase = vouch_bytes_of(words[0]),
        .rounds = (uint32_t)strtoul(words[1], NULL, 10),
        .comment = words[2],
    };
    FILE *source = fopen("/dev/urandom", "rb");
    if (source == NULL || fread(options.random, sizeof options.random, 1, source) != 1) {
        perror("/dev/urandom");
        exit(2);
    }
    (void)fclose(source);
    struct vouch_buf file;
    vouch_buf_init(&file, VOUCH_KEYFILE_MAX);
    int err = vouch_keyfile_write(key, &options, &file);
    if (err == VOUCH_OK) {
        (void)fwrite(file.ptr, 1, file.len, stdout);
    } else {
        (void)fprintf(stderr, "%s\n", vouch_err_text(err));
    }
    vouch_buf_done(&file);
    return err == VOUCH_OK ? 0 : 2;
}

// `words` empty: print the key's line; else write it anew with them.
static int read_private(const char *path, const char *passphrase, const char *const *words) {
    struct vouch_private_key *key = NULL;
    char *comment = NULL;
    struct vouch_where where = {0};
    int err =
        vouch_keyfile_parse(read_file(path), vouch_bytes_of(passphrase), &key, &comment, &where);
    if (err != VOUCH_OK) {
        return refuse(err, &where);
    }
    int status =
        words != NULL ? print_file(key, words) : print_key(vouch_private_key_public(key), comment);
    vouch_private_key_free(key);
    free(comment);
    return status;
}

static int read_public(const char *path) {
    struct vouch_key *key = NULL;
    struct vouch_where where = {0};
    int err = vouch_keyfile_parse_public(read_file(path), &key, &where);
    if (err != VOUCH_OK) {
        return refuse(err, &where);
    }
    int status = print_key(key, NULL);
    vouch_key_free(key);
    return status;
}

static int make(const char *type, const char *const *words) {
    struct vouch_private_key *key = NULL;
    int err = vouch_private_key_generate(vouch_key_type_from_name(vouch_bytes_of(type)), 0, &key);
    if (err != VOUCH_OK) {
        (void)fprintf(stderr, "%s: %s\n", type, vouch_err_text(err));
        return 2;
    }
    int status = print_file(key, words);
    vouch_private_key_free(key);
    return status;
}

int main(int argc, char **argv) {
    const char *verb = argc > 1 ? argv[1] : "";
    const char *const *words = (const char *const *)argv;
    if (strcmp(verb, "read") == 0 && argc == 4) {
        return read_private(argv[2], argv[3], NULL);
    }
    if (strcmp(verb, "public") == 0 && argc == 3) {
        return read_public(argv[2]);
    }
    if (strcmp(verb, "write") == 0 && argc == 7) {
        return read_private(argv[2], argv[3], words + 4);
    }
    if (strcmp(verb, "new") == 0 && argc == 6) {
        return make(argv[2], words + 3);
    }
    (void)fputs("usage: see the head of keyfile-driver.c\n", stderr);
    return 2;
}
