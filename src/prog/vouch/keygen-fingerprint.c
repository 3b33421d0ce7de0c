// SPDX-License-Identifier: ISC
// `vouch keygen -l` and `-y`: fingerprints of the keys in a file, and the public half of a private one.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "prog/vouch/keygen-load.h"

static void private_key_done(struct vouch_private_key **key) {
    vouch_private_key_free(*key);
}

#define autoprivate VOUCH_CLEANUP(private_key_done)

static void print_one(const struct vouch_keygen *args, const struct vouch_key *key,
                      const char *label, const char *comment) {
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    vouch_key_fingerprint(key, args->hash, fingerprint);
    (void)printf("%u %s ", vouch_key_bits(key), fingerprint);
    vouch_keygen_print_safe(comment != NULL ? comment : "no comment", "\t\n\r");
    (void)printf(" (%s)\n", label);
    if (args->count['v'] == 0) {
        return;
    }
    struct vouch_buf picture;
    vouch_buf_init(&picture, 1024);
    vouch_keygen_picture(key, label, args->hash, &picture);
    (void)printf("%.*s\n", (int)picture.len, (const char *)picture.ptr);
    vouch_buf_done(&picture);
}

// A private key file: its public half, with the comment that is inside unless .pub has one.
static int print_private(const struct vouch_keygen *args, const char *path) {
    vouch_autopublic struct vouch_keygen_public_key public_key = {0};
    autoprivate struct vouch_private_key *private_key = NULL;
    vouch_autofree char *comment = NULL;
    int found = vouch_keygen_read_public(path, &public_key) == VOUCH_OK;
    if (!found || public_key.comment == NULL) {
        private_key = vouch_keygen_peek_private(path, &comment);
    }
    if (found) {
        print_one(args, public_key.key, public_key.label,
                  public_key.comment != NULL ? public_key.comment : comment);
        return 0;
    }
    if (private_key == NULL) {
        return vouch_keygen_fail("%s is not a key file.", path);
    }
    const struct vouch_key *key = vouch_private_key_public(private_key);
    print_one(args, key, vouch_key_type_label(vouch_key_type(key)), comment);
    return 0;
}

// Past the first word, in which blanks may stand between quotes: a host, or options.
static char *skip_word(char *text) {
    int quoted = 0;
    for (; *text != '\0' && (quoted || (*text != ' ' && *text != '\t')); text++) {
        if (text[0] == '\\' && text[1] == '"') {
            text++;
        } else if (*text == '"') {
            quoted = !quoted;
        }
    }
    return text;
}

// Keys of protocol 1 begin with a number; such a line has no leading word to skip.
static int begins_with_number(const char *text) {
    char *end = NULL;
    long number = strtol(text, &end, 10);
    return (int)number != 0 && (*end == ' ' || *end == '\t');
}

// A key, or a key behind a host name or options, which then are the comment if there is no other.
// Nonzero if there was one.
static int print_line(const struct vouch_keygen *args, char *line) {
    vouch_autopublic struct vouch_keygen_public_key public_key = {0};
    struct vouch_where where;
    const char *comment = NULL;
    const char *at = line;
    int err = vouch_keygen_read_line(&at, &public_key, &where);
    if (err != VOUCH_OK && !begins_with_number(line)) {
        char *end = skip_word(line);
        if (*end == '\0') {
            return 0;
        }
        *end = '\0';
        comment = line;
        at = end + 1;
        err = vouch_keygen_read_line(&at, &public_key, &where);
    }
    if (err != VOUCH_OK) {
        return 0;
    }
    if (*at != '\0' && *at != '#') {
        comment = at;
    }
    print_one(args, public_key.key, public_key.label, comment);
    return 1;
}

static int print_lines(const struct vouch_keygen *args, const char *path, FILE *file) {
    vouch_autofree char *line = NULL;
    size_t size = 0;
    int found = 0;
    for (unsigned long number = 1; getline(&line, &size, file) != -1; number++) {
        line[strcspn(line, "\n")] = '\0';
        char *at = line + strspn(line, " \t");
        if (number == 1 && file != stdin && strstr(at, "PRIVATE KEY") != NULL) {
            return print_private(args, path);
        }
        if (*at != '#' && *at != '\0') {
            found |= print_line(args, at);
        }
    }
    return found ? 0 : vouch_keygen_fail("%s is not a public key file.", path);
}

int vouch_keygen_fingerprint(const struct vouch_keygen *args) {
    vouch_autofree char *path = NULL;
    int status = vouch_keygen_file(args, "Enter file in which the key is", &path);
    if (status != VOUCH_KEYGEN_GO_ON) {
        return status;
    }
    if (strcmp(path, "-") == 0) {
        return print_lines(args, "(stdin)", stdin);
    }
    vouch_autofclose FILE *file = fopen(path, "re");
    if (file == NULL) {
        return vouch_keygen_fail("%s: %s: %s", args->name, path, strerror(errno));
    }
    return print_lines(args, path, file);
}

int vouch_keygen_public(const struct vouch_keygen *args) {
    vouch_autofree char *path = NULL;
    vouch_autofree char *comment = NULL;
    autoprivate struct vouch_private_key *key = NULL;
    struct stat st;
    int status = vouch_keygen_file(args, "Enter file in which the key is", &path);
    if (status != VOUCH_KEYGEN_GO_ON) {
        return status;
    }
    if (stat(path, &st) != 0) {
        return vouch_keygen_fail("%s: %s", path, strerror(errno));
    }
    status = vouch_keygen_read_private(args, path, &key, &comment);
    if (status != VOUCH_OK) {
        return status;
    }
    struct vouch_buf line;
    vouch_buf_init(&line, VOUCH_CERT_BLOB_MAX);
    vouch_key_print(vouch_private_key_public(key), NULL, &line);
    (void)printf("%.*s", (int)line.len, (const char *)line.ptr);
    vouch_buf_done(&line);
    if (comment != NULL && *comment != '\0') {
        (void)putchar(' ');
        vouch_keygen_print(comment);
    }
    (void)putchar('\n');
    return 0;
}
