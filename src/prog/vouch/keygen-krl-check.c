// SPDX-License-Identifier: ISC
// `vouch keygen -Q`: what a revocation list holds, and whether keys are revoked by it.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/keygen-load.h"
#include "vouch/krl.h"

static void krl_free(struct vouch_krl **krl) {
    vouch_krl_free(*krl);
}

#define autokrl VOUCH_CLEANUP(krl_free)
#define autobuf VOUCH_CLEANUP(vouch_buf_done)

int vouch_keygen_krl_load(const char *path, struct vouch_buf *blob, struct vouch_krl **ret_krl) {
    struct vouch_fault fault;
    struct vouch_where where;
    // A file named "-" is a file here.
    if (vouch_io_read(strcmp(path, "-") == 0 ? "./-" : path, VOUCH_KRL_MAX, blob, &fault) !=
        VOUCH_OK) {
        return vouch_keygen_fail("Unable to load KRL %s: %s", path, strerror(errno));
    }
    if (!vouch_krl_is(vouch_buf_bytes(blob))) {
        return vouch_keygen_fail("Invalid KRL file %s: KRL file has invalid magic number", path);
    }
    int err = vouch_krl_parse(vouch_buf_bytes(blob), ret_krl, &where);
    return err == VOUCH_OK
               ? VOUCH_OK
               : vouch_keygen_fail("Invalid KRL file %s: %s", path,
                                   err == VOUCH_ERR_NO_MEMORY ? vouch_keygen_why(err, NULL)
                                                              : "invalid format");
}

// One pass over the list prints one kind of entry, since the order of the text is another.
struct pass {
    enum vouch_krl_entry_kind kind;
    enum vouch_krl_entry_kind and_kind;
    struct vouch_bytes ca; // of the entry before
    size_t printed;
};

static void print_hex(const char *before, struct vouch_bytes digest) {
    struct vouch_buf hex;
    vouch_buf_init(&hex, 2 * VOUCH_HASH_MAX);
    vouch_str_hex(digest, &hex);
    (void)printf("%s%.*s\n", before, (int)hex.len, (const char *)hex.ptr);
    vouch_buf_done(&hex);
}

// A key, or a certificate, which OpenSSH takes in either place though it then matches nothing.
struct named_key {
    struct vouch_key *key;
    struct vouch_cert *cert;
    const char *name;
    char fingerprint[VOUCH_FINGERPRINT_MAX];
};

static void named_key_done(struct named_key *named) {
    vouch_key_free(named->key);
    vouch_cert_free(named->cert);
}

#define autonamed VOUCH_CLEANUP(named_key_done)

static int name_key(struct vouch_bytes blob, struct named_key *named) {
    struct vouch_where where;
    int err = vouch_key_parse(blob, &named->key, &where);
    if (err == VOUCH_OK) {
        named->name = vouch_key_type_name(vouch_key_type(named->key));
        vouch_key_fingerprint(named->key, VOUCH_HASH_SHA256, named->fingerprint);
        return VOUCH_OK;
    }
    if (vouch_cert_parse(blob, &named->cert, &where) != VOUCH_OK) {
        vouch_keygen_say("krl_dump: parse KRL key: %s", vouch_keygen_explain(blob, err));
        return err;
    }
    named->name = vouch_key_type_cert_name(vouch_key_type(named->cert->key));
    vouch_key_fingerprint(named->cert->key, VOUCH_HASH_SHA256, named->fingerprint);
    return VOUCH_OK;
}

static void print_key(struct vouch_bytes blob) {
    autonamed struct named_key named = {0};
    if (name_key(blob, &named) == VOUCH_OK) {
        (void)printf("hash: %s # %s\n", named.fingerprint, named.name);
    }
}

static void print_ca(struct vouch_bytes blob) {
    autonamed struct named_key named = {0};
    if (blob.len == 0) {
        (void)printf("\n# Wildcard CA\n");
    } else if (name_key(blob, &named) == VOUCH_OK) {
        (void)printf("\n# CA key %s %s\n", named.name, named.fingerprint);
    }
}

// A heading wherever the CA changes.
static void print_heading(struct pass *pass, const struct vouch_krl_entry *entry) {
    if (pass->printed > 0 && vouch_bytes_equal(pass->ca, entry->ca)) {
        return;
    }
    pass->ca = entry->ca;
    print_ca(entry->ca);
}

static int print_key_id(const struct vouch_krl_entry *entry) {
    vouch_autofree char *id = vouch_str_copy(entry->data);
    if (id == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    (void)printf("id: ");
    vouch_keygen_print_safe(id, "");
    (void)putchar('\n');
    return VOUCH_OK;
}

static int print_entry(void *context, const struct vouch_krl_entry *entry) {
    struct pass *pass = context;
    if (entry->kind != pass->kind && entry->kind != pass->and_kind) {
        return VOUCH_OK;
    }
    int status = VOUCH_OK;
    switch (entry->kind) {
    case VOUCH_KRL_ENTRY_KEY:
        print_key(entry->data);
        break;
    case VOUCH_KRL_ENTRY_SHA256:
        print_hex("hash: SHA256:", entry->data);
        break;
    case VOUCH_KRL_ENTRY_SHA1:
        print_hex("# hash SHA1:", entry->data);
        break;
    case VOUCH_KRL_ENTRY_SERIALS:
        print_heading(pass, entry);
        if (entry->first == entry->last) {
            (void)printf("serial: %llu\n", (unsigned long long)entry->first);
        } else {
            (void)printf("serial: %llu-%llu\n", (unsigned long long)entry->first,
                         (unsigned long long)entry->last);
        }
        break;
    case VOUCH_KRL_ENTRY_KEY_ID:
        print_heading(pass, entry);
        status = print_key_id(entry);
        break;
    }
    pass->printed++;
    return status;
}

static int print_header(struct vouch_krl *krl) {
    struct vouch_krl_header header = vouch_krl_header(krl);
    time_t time = (time_t)header.generated;
    struct tm parts;
    char generated[64];
    if (header.generated > INT64_MAX || localtime_r(&time, &parts) == NULL ||
        strftime(generated, sizeof generated, "%Y%m%dT%H%M%S", &parts) == 0) {
        (void)snprintf(generated, sizeof generated, "<error>");
    }
    (void)printf("# KRL version %llu\n# Generated at %s\n", (unsigned long long)header.version,
                 generated);
    if (header.comment.len > 0) {
        vouch_autofree char *comment = vouch_str_copy(header.comment);
        if (comment == NULL) {
            return VOUCH_ERR_NO_MEMORY;
        }
        (void)printf("# Comment: ");
        vouch_keygen_print_safe(comment, "");
        (void)putchar('\n');
    }
    (void)putchar('\n');
    return VOUCH_OK;
}

static int print_list(struct vouch_krl *krl) {
    struct pass passes[] = {
        {VOUCH_KRL_ENTRY_KEY, VOUCH_KRL_ENTRY_KEY, {0}, 0},
        {VOUCH_KRL_ENTRY_SHA256, VOUCH_KRL_ENTRY_SHA256, {0}, 0},
        {VOUCH_KRL_ENTRY_SHA1, VOUCH_KRL_ENTRY_SHA1, {0}, 0},
        {VOUCH_KRL_ENTRY_SERIALS, VOUCH_KRL_ENTRY_KEY_ID, {0}, 0},
    };
    int err = print_header(krl);
    for (size_t i = 0; err == VOUCH_OK && i < sizeof passes / sizeof passes[0]; i++) {
        err = vouch_krl_walk(krl, print_entry, &passes[i]);
    }
    return err == VOUCH_OK ? VOUCH_OK : vouch_keygen_fail("%s", vouch_keygen_why(err, NULL));
}

// 0, 1 if it is revoked, or VOUCH_KEYGEN_FAILED.
static int check_file(const struct vouch_krl *krl, const char *path) {
    vouch_autopublic struct vouch_keygen_public_key public_key = {0};
    int err = vouch_keygen_read_public(path, &public_key);
    if (err != VOUCH_OK) {
        return vouch_keygen_fail("Cannot load public key %s: %s", path,
                                 vouch_keygen_why(err, NULL));
    }
    enum vouch_krl_verdict verdict = public_key.cert != NULL
                                         ? vouch_krl_check_cert(krl, public_key.cert)
                                         : vouch_krl_check_key(krl, public_key.key);
    int is_good = verdict == VOUCH_KRL_GOOD;
    const char *comment = public_key.comment != NULL ? public_key.comment : "";
    int has_comment = comment[0] != '\0';
    (void)printf("%s%s", path, has_comment ? " (" : "");
    vouch_keygen_print(comment);
    (void)printf("%s: %s\n", has_comment ? ")" : "", is_good ? "ok" : "REVOKED");
    return is_good ? 0 : 1;
}

int vouch_keygen_krl_check(const struct vouch_keygen *args) {
    const char *path = args->value['f'];
    autobuf struct vouch_buf blob;
    autokrl struct vouch_krl *krl = NULL;
    vouch_buf_init(&blob, VOUCH_KRL_MAX + 1);
    if (path == NULL || *path == '\0') {
        return vouch_keygen_fail("KRL checking requires an input file");
    }
    int status = vouch_keygen_krl_load(path, &blob, &krl);
    if (status == VOUCH_OK && args->count['l'] > 0) {
        status = print_list(krl);
    }
    for (int i = 0; status != VOUCH_KEYGEN_FAILED && i < args->file_count; i++) {
        int verdict = check_file(krl, args->files[i]);
        status = verdict != 0 ? verdict : status;
    }
    return status;
}
