// SPDX-License-Identifier: ISC
// `vouch keygen -k`: makes a revocation list, or adds to one, from ssh-keygen's text form.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/keygen-load.h"
#include "prog/vouch/krl-spec.h"

#define SPEC_MAX (1024u * 1024 * 1024) // bytes of one text

static void krl_free(struct vouch_krl **krl) {
    vouch_krl_free(*krl);
}

#define autokrl VOUCH_CLEANUP(krl_free)
#define autobuf VOUCH_CLEANUP(vouch_buf_done)

static int no_memory(void) {
    return vouch_keygen_fail("%s", vouch_keygen_why(VOUCH_ERR_NO_MEMORY, NULL));
}

// Nonzero if `text` is base64, with or without its padding.
static int is_base64(struct vouch_bytes text) {
    autobuf struct vouch_buf padded;
    autobuf struct vouch_buf decoded;
    vouch_buf_init(&padded, text.len + 4);
    vouch_buf_init(&decoded, text.len + 4);
    vouch_buf_put(&padded, text);
    while (padded.err == VOUCH_OK && padded.len % 4 != 0) {
        vouch_buf_put_text(&padded, "=");
    }
    return vouch_str_unbase64(vouch_buf_bytes(&padded), &decoded) == VOUCH_OK;
}

static int bad_hash(const struct vouch_krl_spec_error *error, const char *file) {
    size_t name_len = strlen("SHA256:");
    struct vouch_bytes digest = {error->text.ptr + name_len, error->text.len - name_len};
    return is_base64(digest)
               ? vouch_keygen_fail("update_krl_from_file: revoke key failed: invalid format")
               : vouch_keygen_fail("%s:%lu: decode hash failed: invalid format", file, error->line);
}

// The words for the key that a line holds are found by reading it as ssh-keygen does.
static int bad_key(const struct vouch_krl_spec_error *error, const char *path) {
    vouch_autopublic struct vouch_keygen_public_key unused = {0};
    struct vouch_where where = error->where;
    vouch_autofree char *text = vouch_str_copy(error->text);
    if (text == NULL) {
        return no_memory();
    }
    const char *at = text;
    int err = vouch_keygen_read_line(&at, &unused, &where);
    return vouch_keygen_fail("%s:%lu: invalid key: %s", path, error->line,
                             err != VOUCH_OK ? vouch_keygen_why(err, &where)
                                             : vouch_keygen_why(error->err, &error->where));
}

static int bad_serial(const struct vouch_krl_spec_error *error, const char *path) {
    if (error->problem == VOUCH_KRL_SPEC_SERIAL_RANGE) {
        return vouch_keygen_fail("%s:%lu: invalid serial range %llu:%llu", path, error->line,
                                 (unsigned long long)error->first, (unsigned long long)error->last);
    }
    return vouch_keygen_fail("%s:%lu: invalid serial \"%.*s\"", path, error->line,
                             (int)error->text.len, (const char *)error->text.ptr);
}

// Where neither the line nor what stands in it is named.
static const char *const bare_words[] = {
    [VOUCH_KRL_SPEC_SERIAL_ZERO] = "update_krl_from_file: revoke serial failed",
    [VOUCH_KRL_SPEC_SERIAL_NO_CA] =
        "revoking certificates by serial number requires specification of a CA key",
    [VOUCH_KRL_SPEC_ID_NO_CA] =
        "revoking certificates by key ID requires specification of a CA key",
};
#define BARE_COUNT (sizeof bare_words / sizeof bare_words[0])

// ssh-keygen's words for what is wrong with a line. `path` names what is read, `file` the argument:
// the two differ for standard input, and messages use now the one and now the other.
static int refuse_line(const struct vouch_krl_spec_error *error, const char *path,
                       const char *file) {
    enum vouch_krl_spec_problem problem = error->problem;
    if ((size_t)problem < BARE_COUNT && bare_words[problem] != NULL) {
        return vouch_keygen_fail("%s", bare_words[problem]);
    }
    if (problem == VOUCH_KRL_SPEC_SERIAL || problem == VOUCH_KRL_SPEC_SERIAL_RANGE) {
        return bad_serial(error, path);
    }
    if (problem == VOUCH_KRL_SPEC_SERIAL_TOO_BIG) {
        return vouch_keygen_fail("%s:%lu: serial out of range", path, error->line);
    }
    if (problem == VOUCH_KRL_SPEC_HASH_NAME) {
        return vouch_keygen_fail("%s:%lu: unsupported hash algorithm", file, error->line);
    }
    if (problem == VOUCH_KRL_SPEC_HASH) {
        return bad_hash(error, file);
    }
    return problem == VOUCH_KRL_SPEC_KEY
               ? bad_key(error, path)
               : vouch_keygen_fail("%s:%lu: %s", path, error->line, vouch_err_text(error->err));
}

static int add_file(const struct vouch_keygen *args, const char *file,
                    const struct vouch_krl_spec *spec, struct vouch_krl *krl) {
    autobuf struct vouch_buf text;
    struct vouch_krl_spec_error error;
    struct vouch_fault fault;
    vouch_buf_init(&text, SPEC_MAX + 1);
    vouch_autofree char *path = vouch_keygen_expand(file);
    if (path == NULL) {
        return VOUCH_KEYGEN_FAILED;
    }
    const char *shown = strcmp(path, "-") == 0 ? "(standard input)" : path;
    int err = vouch_io_read(path, SPEC_MAX, &text, &fault);
    if (err != VOUCH_OK) {
        return vouch_keygen_fail("fopen %s: %s", path, strerror(errno));
    }
    if (args->count['q'] == 0) {
        (void)printf("Revoking from %s\n", shown);
    }
    err = vouch_krl_spec_read(vouch_buf_bytes(&text), spec, krl, &error);
    return err == VOUCH_OK ? VOUCH_OK : refuse_line(&error, shown, file);
}

static int add_files(const struct vouch_keygen *args, const struct vouch_krl_spec *spec,
                     struct vouch_krl *krl) {
    int status = VOUCH_OK;
    for (int i = 0; status == VOUCH_OK && i < args->file_count; i++) {
        status = add_file(args, args->files[i], spec, krl);
    }
    return status;
}

// What is not given anew stays as it was in the list that is added to, its date included.
static int set_header(const struct vouch_keygen *args, struct vouch_krl *krl) {
    struct vouch_krl_header header = vouch_krl_header(krl);
    vouch_autofree char *comment = vouch_str_copy(
        args->value['C'] != NULL ? vouch_bytes_of(args->value['C']) : header.comment);
    if (comment == NULL) {
        return no_memory();
    }
    vouch_krl_set_header(krl, args->serial != 0 ? args->serial : header.version,
                         args->count['u'] > 0 ? header.generated : vouch_time_now_s(), comment);
    return VOUCH_OK;
}

static int save(const char *path, struct vouch_krl *krl) {
    autobuf struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_KRL_MAX);
    if (vouch_krl_write(krl, &out) != VOUCH_OK) {
        return vouch_keygen_fail("Couldn't generate KRL");
    }
    const struct vouch_keygen_target target = {path, 0644, VOUCH_KEYGEN_SYNCED};
    return vouch_keygen_write(&target, vouch_buf_bytes(&out)) == VOUCH_OK
               ? VOUCH_OK
               : vouch_keygen_fail("write %s: %s", path, strerror(errno));
}

static int check_target(const struct vouch_keygen *args, const char *path) {
    struct stat st;
    if (path == NULL || *path == '\0') {
        return vouch_keygen_fail("KRL generation requires an output file");
    }
    if (stat(path, &st) == 0) {
        return VOUCH_OK;
    }
    if (errno != ENOENT) {
        return vouch_keygen_fail("Cannot access KRL \"%s\": %s", path, strerror(errno));
    }
    return args->count['u'] > 0 ? vouch_keygen_fail("KRL \"%s\" does not exist", path) : VOUCH_OK;
}

// The CA under which serials and key IDs are revoked: -s FILE, or -s none for any.
static int choose_ca(const struct vouch_keygen *args, struct vouch_keygen_public_key *ca,
                     struct vouch_krl_spec *spec) {
    const char *given = args->value['s'];
    if (given == NULL) {
        return VOUCH_OK;
    }
    if (strcasecmp(given, "none") == 0) {
        spec->scope = VOUCH_KRL_SPEC_ANY_CA;
        return VOUCH_OK;
    }
    vouch_autofree char *path = vouch_keygen_expand(given);
    if (path == NULL) {
        return VOUCH_KEYGEN_FAILED;
    }
    int err = vouch_keygen_read_public(path, ca);
    if (err != VOUCH_OK) {
        return vouch_keygen_fail("Cannot load CA public key %s: %s", path,
                                 vouch_keygen_why(err, NULL));
    }
    spec->scope = VOUCH_KRL_SPEC_ONE_CA;
    spec->ca = ca->key;
    return VOUCH_OK;
}

int vouch_keygen_krl_build(const struct vouch_keygen *args) {
    const char *path = args->value['f'];
    vouch_autopublic struct vouch_keygen_public_key ca = {0};
    autobuf struct vouch_buf old;
    autokrl struct vouch_krl *krl = NULL;
    struct vouch_krl_spec spec = {.rules = VOUCH_KRL_SPEC_OPENSSH};
    vouch_buf_init(&old, VOUCH_KRL_MAX + 1);
    int status = check_target(args, path);
    if (status == VOUCH_OK) {
        status = choose_ca(args, &ca, &spec);
    }
    if (status == VOUCH_OK && args->count['u'] > 0) {
        status = vouch_keygen_krl_load(path, &old, &krl);
    } else if (status == VOUCH_OK) {
        krl = vouch_krl_new();
        status = krl != NULL ? VOUCH_OK : no_memory();
    }
    if (status == VOUCH_OK) {
        status = set_header(args, krl);
    }
    if (status == VOUCH_OK) {
        status = add_files(args, &spec, krl);
    }
    return status == VOUCH_OK ? save(path, krl) : status;
}
