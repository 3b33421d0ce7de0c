// SPDX-License-Identifier: ISC
// Public keys and certificates from text, as all of OpenSSH reads them: leniently, line by line.
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/keygen-load.h"
#include "vouch/keyfile.h"

// A type as the first word of a line names it. Names of signature algorithms stand for their key.
struct named_type {
    enum vouch_key_type type;
    int is_cert;
};

static const struct {
    const char *name;
    struct named_type type;
} algorithms[] = {
    {"rsa-sha2-256", {VOUCH_KEY_RSA, 0}},
    {"rsa-sha2-512", {VOUCH_KEY_RSA, 0}},
    {"rsa-sha2-256-cert-v01@openssh.com", {VOUCH_KEY_RSA, 1}},
    {"rsa-sha2-512-cert-v01@openssh.com", {VOUCH_KEY_RSA, 1}},
    {"webauthn-sk-ecdsa-sha2-nistp256@openssh.com", {VOUCH_KEY_SK_ECDSA_P256, 0}},
};

static struct named_type type_of_name(struct vouch_bytes name) {
    struct named_type type = {vouch_key_type_from_name(name), 0};
    if (type.type == VOUCH_KEY_NONE) {
        type = (struct named_type){vouch_key_type_from_cert_name(name), 1};
    }
    for (size_t i = 0; type.type == VOUCH_KEY_NONE && i < sizeof algorithms / sizeof algorithms[0];
         i++) {
        if (vouch_bytes_equal(name, vouch_bytes_of(algorithms[i].name))) {
            type = algorithms[i].type;
        }
    }
    return type;
}

static int is_ecdsa(enum vouch_key_type type) {
    return type == VOUCH_KEY_ECDSA_P256 || type == VOUCH_KEY_ECDSA_P384 ||
           type == VOUCH_KEY_ECDSA_P521;
}

static unsigned curve_bits(enum vouch_key_type type) {
    switch (type) {
    case VOUCH_KEY_ECDSA_P256:
        return 256;
    case VOUCH_KEY_ECDSA_P384:
        return 384;
    case VOUCH_KEY_ECDSA_P521:
        return 521;
    case VOUCH_KEY_NONE:
    case VOUCH_KEY_RSA:
    case VOUCH_KEY_ED25519:
    case VOUCH_KEY_SK_ED25519:
    case VOUCH_KEY_SK_ECDSA_P256:
        break;
    }
    return 0;
}

enum vouch_key_type vouch_keygen_type(const char *name, unsigned *ret_bits) {
    for (enum vouch_key_type type = VOUCH_KEY_RSA; type <= VOUCH_KEY_SK_ECDSA_P256; type++) {
        if (strcasecmp(name, vouch_key_type_label(type)) == 0) {
            *ret_bits = 0;
            return type;
        }
    }
    struct named_type found = type_of_name(vouch_bytes_of(name));
    if (found.is_cert) {
        return VOUCH_KEY_NONE;
    }
    *ret_bits = curve_bits(found.type);
    return found.type;
}

static int said(struct vouch_where *ret_where, int err, const char *words) {
    *ret_where = (struct vouch_where){0, vouch_keygen_words, words};
    return err;
}

// OpenSSH skips blanks of every kind inside base64, as a line end that was left on.
static int decode(const char *word, size_t len, struct vouch_buf *blob) {
    vouch_autofree uint8_t *kept = malloc(len + 1);
    size_t count = 0;
    if (kept == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < len; i++) {
        if (!isspace((unsigned char)word[i])) {
            kept[count++] = (uint8_t)word[i];
        }
    }
    return vouch_str_unbase64((struct vouch_bytes){kept, count}, blob);
}

static int parse(struct vouch_bytes blob, struct vouch_keygen_public_key *public_key,
                 struct vouch_where *ret_where) {
    struct vouch_reader reader;
    struct vouch_where where;
    vouch_reader_init(&reader, blob);
    struct vouch_bytes name = vouch_read_text(&reader, "key type");
    int err;
    if (vouch_key_type_from_cert_name(name) != VOUCH_KEY_NONE) {
        err = vouch_cert_parse(blob, &public_key->cert, &where);
        public_key->key = err == VOUCH_OK ? public_key->cert->key : NULL;
    } else {
        err = vouch_key_parse(blob, &public_key->plain, &where);
        public_key->key = public_key->plain;
    }
    return err == VOUCH_OK ? err : said(ret_where, err, vouch_keygen_explain(blob, err));
}

static void complete(struct vouch_keygen_public_key *public_key) {
    const char *label = vouch_key_type_label(vouch_key_type(public_key->key));
    (void)snprintf(public_key->label, sizeof public_key->label, "%s%s", label,
                   public_key->cert != NULL ? "-CERT" : "");
}

// The word before the key must say what the key is.
static int compare_types(struct named_type named, const struct vouch_keygen_public_key *found,
                         struct vouch_where *ret_where) {
    enum vouch_key_type type = vouch_key_type(found->key);
    if (named.is_cert == (found->cert != NULL)) {
        if (named.type == type) {
            return VOUCH_OK;
        }
        if (is_ecdsa(named.type) && is_ecdsa(type)) {
            return said(ret_where, VOUCH_ERR_MISMATCH, "elliptic curve does not match");
        }
    }
    return said(ret_where, VOUCH_ERR_MISMATCH, "key type does not match");
}

#define BLANKS " \t"

int vouch_keygen_read_line(const char **text, struct vouch_keygen_public_key *ret_public_key,
                           struct vouch_where *ret_where) {
    *ret_where = (struct vouch_where){0};
    size_t type_len = strcspn(*text, BLANKS);
    struct named_type named = type_of_name((struct vouch_bytes){(const uint8_t *)*text, type_len});
    const char *word = *text + type_len + strspn(*text + type_len, BLANKS);
    size_t word_len = strcspn(word, BLANKS);
    if (named.type == VOUCH_KEY_NONE || word_len == 0) {
        return VOUCH_ERR_FORMAT;
    }
    struct vouch_keygen_public_key found = {0};
    struct vouch_buf blob;
    vouch_buf_init(&blob, VOUCH_CERT_BLOB_MAX);
    int err = decode(word, word_len, &blob);
    if (err == VOUCH_OK) {
        err = parse(vouch_buf_bytes(&blob), &found, ret_where);
    }
    vouch_buf_done(&blob);
    if (err == VOUCH_OK) {
        err = compare_types(named, &found, ret_where);
    }
    if (err != VOUCH_OK) {
        vouch_keygen_public_key_done(&found);
        return err;
    }
    complete(&found);
    *ret_public_key = found;
    *text = word + word_len + strspn(word + word_len, BLANKS);
    return VOUCH_OK;
}

void vouch_keygen_public_key_done(struct vouch_keygen_public_key *public_key) {
    vouch_key_free(public_key->plain);
    vouch_cert_free(public_key->cert);
    free(public_key->comment);
    *public_key = (struct vouch_keygen_public_key){0};
}

// One line of a file of keys. The comment is what follows the key, or else the file's name.
static int try_line(const char *line, const char *path,
                    struct vouch_keygen_public_key *ret_public_key) {
    struct vouch_where where;
    const char *at = line + strspn(line, BLANKS);
    if (*at == '\0' || vouch_keygen_read_line(&at, ret_public_key, &where) != VOUCH_OK) {
        return VOUCH_ERR_FORMAT;
    }
    size_t len = strcspn(at, "\r\n");
    ret_public_key->comment = vouch_str_copy(
        len > 0 ? (struct vouch_bytes){(const uint8_t *)at, len} : vouch_bytes_of(path));
    if (ret_public_key->comment == NULL) {
        vouch_keygen_public_key_done(ret_public_key);
        return VOUCH_ERR_NO_MEMORY;
    }
    return VOUCH_OK;
}

static int try_file(const char *path, struct vouch_keygen_public_key *ret_public_key) {
    vouch_autofclose FILE *file = fopen(path, "re");
    vouch_autofree char *line = NULL;
    size_t size = 0;
    if (file == NULL) {
        return VOUCH_ERR_NOT_FOUND;
    }
    while (getline(&line, &size, file) != -1) {
        if (strncmp(line, "-----BEGIN", 10) == 0) {
            break;
        }
        if (strchr("#\n", *line) == NULL && try_line(line, path, ret_public_key) == VOUCH_OK) {
            return VOUCH_OK;
        }
    }
    return VOUCH_ERR_FORMAT;
}

static int try_beside(const char *path, struct vouch_keygen_public_key *ret_public_key) {
    char *beside = NULL;
    if (asprintf(&beside, "%s.pub", path) < 0) {
        return VOUCH_ERR_NO_MEMORY;
    }
    int err = try_file(beside, ret_public_key);
    free(beside);
    return err;
}

// The part of a private key file that is never encrypted; it holds no comment.
static int try_private(const char *path, struct vouch_keygen_public_key *ret_public_key) {
    vouch_autosecret struct vouch_secret file = {0};
    struct vouch_fault fault;
    struct vouch_where where;
    struct vouch_key *key = NULL;
    int err = vouch_io_read_secret(path, VOUCH_KEYFILE_MAX, VOUCH_IO_ANY, &file, &fault);
    if (err == VOUCH_OK) {
        err = vouch_keyfile_parse_public(vouch_secret_bytes(&file), &key, &where);
    }
    if (err == VOUCH_OK) {
        *ret_public_key = (struct vouch_keygen_public_key){.key = key, .plain = key};
        complete(ret_public_key);
    }
    return err;
}

int vouch_keygen_read_public(const char *path, struct vouch_keygen_public_key *ret_public_key) {
    if (try_file(path, ret_public_key) == VOUCH_OK ||
        try_beside(path, ret_public_key) == VOUCH_OK ||
        try_private(path, ret_public_key) == VOUCH_OK) {
        return VOUCH_OK;
    }
    // Whatever was wrong with each of the three, ssh-keygen says only that there is no key.
    errno = ENOENT;
    return VOUCH_ERR_NOT_FOUND;
}
