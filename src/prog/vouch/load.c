// SPDX-License-Identifier: ISC
// Files of keys, certificates and lists: see load.h.
#include "prog/vouch/load.h"

#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"

#define KEYS_FILE_MAX (64u * 1024 * 1024)
#define BLOB_MAX (512u * 1024)

// What a line turned out to be.
enum line_kind { LINE_NOTHING = 0, LINE_KEY, LINE_CERT };

struct line {
    enum line_kind kind;
    unsigned long number;
    struct vouch_bytes text;
    struct vouch_bytes blob;
    struct vouch_bytes comment;
};

struct file {
    const char *path;
    const char *name; // as shown
    struct vouch_buf text;
    struct vouch_buf blob; // of the line that was read last
    struct vouch_bytes rest;
    unsigned long line;
};

static void file_done(struct file *file) {
    vouch_buf_done(&file->text);
    vouch_buf_done(&file->blob);
}

#define autofile __attribute__((cleanup(file_done)))

static int no_memory(struct vouch_fault *fault, const char *name) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "%s: out of memory",
                           name);
}

static int contains(struct vouch_bytes text, const char *word) {
    return text.ptr != NULL && memmem(text.ptr, text.len, word, strlen(word)) != NULL;
}

static int is_private(struct vouch_bytes text) {
    return (contains(text, "-----BEGIN") && contains(text, "PRIVATE KEY-----")) ||
           contains(text, "PuTTY-User-Key-File-");
}

// What people hand over in place of a line of OpenSSH's.
static int refuse_other_forms(const struct file *file, const char *wanted,
                              struct vouch_fault *fault) {
    struct vouch_bytes text = vouch_buf_bytes(&file->text);
    if (is_private(text)) {
        vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_key_format,
                        "%s: is a private key, where %s belongs", file->name, wanted);
        return vouch_fault_next(fault, "give the public half, %s.pub, and never hand out this file",
                                file->name);
    }
    if (contains(text, "BEGIN SSH2 PUBLIC KEY")) {
        vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_key_format,
                        "%s: is a public key in RFC 4716 form, not OpenSSH's", file->name);
        return vouch_fault_next(fault, "ssh-keygen -i -f %s > converted.pub", file->name);
    }
    return 0;
}

static int file_open(const char *path, const char *wanted, struct file *ret_file,
                     struct vouch_fault *fault) {
    *ret_file = (struct file){.path = path, .name = strcmp(path, "-") == 0 ? "stdin" : path};
    vouch_buf_init(&ret_file->text, KEYS_FILE_MAX + 65536);
    vouch_buf_init(&ret_file->blob, BLOB_MAX);
    int err = vouch_io_read(path, KEYS_FILE_MAX, &ret_file->text, fault);
    if (err != 0) {
        return err;
    }
    ret_file->rest = vouch_buf_bytes(&ret_file->text);
    return refuse_other_forms(ret_file, wanted, fault);
}

static int bad_line(const struct file *file, int err, const struct vouch_fault_kind *kind,
                    const struct vouch_where *where, struct vouch_fault *fault) {
    char object[512];
    (void)snprintf(object, sizeof object, "%s:%lu", file->name, file->line);
    return vouch_fault_where(fault, err, kind, object, where);
}

// The next line that says something; kind LINE_NOTHING at the end of the file.
static int next_line(struct file *file, const struct vouch_fault_kind *kind, struct line *ret_line,
                     struct vouch_fault *fault) {
    struct vouch_where where = {0};
    *ret_line = (struct line){0};
    while (file->rest.ptr != NULL) {
        struct vouch_bytes text = vouch_str_trim(vouch_str_cut(&file->rest, '\n'));
        file->line++;
        if (text.len == 0 || text.ptr[0] == '#') {
            continue;
        }
        vouch_buf_clear(&file->blob);
        int err = vouch_key_line_decode(text, &file->blob, &ret_line->comment, &where);
        if (err != 0) {
            return bad_line(file, err, kind, &where, fault);
        }
        ret_line->number = file->line;
        ret_line->text = text;
        ret_line->blob = vouch_buf_bytes(&file->blob);
        struct vouch_bytes type = vouch_signature_algorithm(ret_line->blob);
        ret_line->kind =
            vouch_key_type_from_cert_name(type) != VOUCH_KEY_NONE ? LINE_CERT : LINE_KEY;
        return 0;
    }
    return 0;
}

void vouch_key_list_done(struct vouch_key_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        vouch_key_free(list->keys[i].key);
        free(list->keys[i].comment);
    }
    free(list->keys);
    *list = (struct vouch_key_list){0};
}

void vouch_cert_list_done(struct vouch_cert_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        vouch_cert_free(list->certs[i].cert);
        free(list->certs[i].comment);
    }
    free(list->certs);
    *list = (struct vouch_cert_list){0};
}

static int add_key(const struct file *file, const struct line *line, struct vouch_key_list *list,
                   struct vouch_fault *fault) {
    struct vouch_where where = {0};
    struct vouch_loaded_key *grown = reallocarray(list->keys, list->count + 1, sizeof *list->keys);
    if (grown == NULL) {
        return no_memory(fault, file->name);
    }
    list->keys = grown;
    struct vouch_loaded_key *entry = &grown[list->count];
    *entry = (struct vouch_loaded_key){.line = line->number};
    int err = vouch_key_parse(line->blob, &entry->key, &where);
    if (err != 0) {
        return bad_line(file, err, &vouch_fault_key_format, &where, fault);
    }
    entry->comment = vouch_str_copy(line->comment);
    list->count++;
    return entry->comment != NULL ? 0 : no_memory(fault, file->name);
}

static int add_cert(const struct file *file, const struct line *line, struct vouch_cert_list *list,
                    struct vouch_fault *fault) {
    struct vouch_where where = {0};
    struct vouch_loaded_cert *grown =
        reallocarray(list->certs, list->count + 1, sizeof *list->certs);
    if (grown == NULL) {
        return no_memory(fault, file->name);
    }
    list->certs = grown;
    struct vouch_loaded_cert *entry = &grown[list->count];
    *entry = (struct vouch_loaded_cert){.line = line->number};
    int err = vouch_cert_parse(line->blob, &entry->cert, &where);
    if (err != 0) {
        return bad_line(file, err, &vouch_fault_cert_format, &where, fault);
    }
    entry->comment = vouch_str_copy(line->comment);
    list->count++;
    return entry->comment != NULL ? 0 : no_memory(fault, file->name);
}

static int nothing_in(const struct file *file, const struct vouch_fault_kind *kind,
                      const char *wanted, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_FORMAT, kind, "%s: holds no line with %s", file->name,
                           wanted);
}

int vouch_load_keys(const char *path, struct vouch_key_list *list, struct vouch_fault *fault) {
    autofile struct file file;
    struct line line;
    size_t before = list->count;
    int err = file_open(path, "a public key", &file, fault);
    while (err == 0 && (err = next_line(&file, &vouch_fault_key_format, &line, fault)) == 0 &&
           line.kind != LINE_NOTHING) {
        if (line.kind == LINE_CERT) {
            vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_key_format,
                            "%s:%lu: is a certificate, where a public key belongs", file.name,
                            line.number);
            return vouch_fault_next(fault, "give the key's own .pub file, without -cert");
        }
        err = add_key(&file, &line, list, fault);
    }
    if (err == 0 && list->count == before) {
        return nothing_in(&file, &vouch_fault_key_format, "a public key", fault);
    }
    return err;
}

int vouch_load_key(const char *path, struct vouch_key **ret_key, char **ret_comment,
                   struct vouch_fault *fault) {
    struct vouch_key_list list = {0};
    int err = vouch_load_keys(path, &list, fault);
    if (err == 0 && list.count > 1) {
        vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_key_format,
                        "%s: holds %zu public keys, where one belongs", path, list.count);
        err = vouch_fault_next(fault, "put each key into a file of its own");
    }
    if (err == 0) {
        *ret_key = vouch_steal(list.keys[0].key);
        if (ret_comment != NULL) {
            *ret_comment = vouch_steal(list.keys[0].comment);
        }
    }
    vouch_key_list_done(&list);
    return err;
}

int vouch_load_either(const char *path, struct vouch_key_list *keys, struct vouch_cert_list *certs,
                      struct vouch_fault *fault) {
    autofile struct file file;
    struct line line;
    size_t before = keys->count + certs->count;
    int err = file_open(path, "a public key or certificate", &file, fault);
    while (err == 0 && (err = next_line(&file, &vouch_fault_key_format, &line, fault)) == 0 &&
           line.kind != LINE_NOTHING) {
        err = line.kind == LINE_CERT ? add_cert(&file, &line, certs, fault)
                                     : add_key(&file, &line, keys, fault);
    }
    if (err == 0 && keys->count + certs->count == before) {
        return nothing_in(&file, &vouch_fault_key_format, "a public key or certificate", fault);
    }
    return err;
}

int vouch_load_certs(const char *path, struct vouch_cert_list *list, struct vouch_fault *fault) {
    autofile struct file file;
    struct line line;
    size_t before = list->count;
    int err = file_open(path, "a certificate", &file, fault);
    while (err == 0 && (err = next_line(&file, &vouch_fault_cert_format, &line, fault)) == 0 &&
           line.kind != LINE_NOTHING) {
        if (line.kind == LINE_KEY) {
            vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_cert_format,
                            "%s:%lu: is a plain public key, where a certificate belongs", file.name,
                            line.number);
            return vouch_fault_next(fault, "give the file that ends in -cert.pub");
        }
        err = add_cert(&file, &line, list, fault);
    }
    if (err == 0 && list->count == before) {
        return nothing_in(&file, &vouch_fault_cert_format, "a certificate", fault);
    }
    return err;
}

void vouch_loaded_krl_done(struct vouch_loaded_krl *loaded) {
    vouch_krl_free(loaded->krl);
    vouch_buf_done(&loaded->blob);
    *loaded = (struct vouch_loaded_krl){0};
}

// sshd takes a file without a KRL's magic for a list of keys; a certificate there revokes its key.
static int read_key_list(const char *path, struct vouch_krl *krl, struct vouch_fault *fault) {
    struct vouch_key_list keys = {0};
    struct vouch_cert_list certs = {0};
    int err = vouch_load_either(path, &keys, &certs, fault);
    for (size_t i = 0; err == 0 && i < keys.count; i++) {
        err = vouch_krl_add_key(krl, keys.keys[i].key) != 0 ? no_memory(fault, path) : 0;
    }
    for (size_t i = 0; err == 0 && i < certs.count; i++) {
        err = vouch_krl_add_key(krl, certs.certs[i].cert->key) != 0 ? no_memory(fault, path) : 0;
    }
    vouch_key_list_done(&keys);
    vouch_cert_list_done(&certs);
    return err;
}

static int parse_krl(const char *path, enum vouch_krl_file which, struct vouch_loaded_krl *loaded,
                     struct vouch_fault *fault) {
    struct vouch_where where = {0};
    struct vouch_bytes blob = vouch_buf_bytes(&loaded->blob);
    if (vouch_krl_is(blob) || which == VOUCH_KRL_FILE_KRL_ONLY || strcmp(path, "-") == 0) {
        int err = vouch_krl_parse(blob, &loaded->krl, &where);
        return err == 0 ? 0 : vouch_fault_where(fault, err, &vouch_fault_krl_format, path, &where);
    }
    loaded->krl = vouch_krl_new();
    if (loaded->krl == NULL) {
        return no_memory(fault, path);
    }
    int err = read_key_list(path, loaded->krl, fault);
    if (err != 0 && fault->kind == &vouch_fault_key_format) {
        fault->kind = &vouch_fault_krl_format;
    }
    return err;
}

int vouch_load_krl(const char *path, enum vouch_krl_file which, struct vouch_loaded_krl *ret_loaded,
                   struct vouch_fault *fault) {
    struct vouch_loaded_krl loaded = {0};
    vouch_buf_init(&loaded.blob, VOUCH_KRL_MAX + 65536u);
    int err = vouch_io_read(path, VOUCH_KRL_MAX, &loaded.blob, fault);
    if (err == 0) {
        err = parse_krl(path, which, &loaded, fault);
    }
    if (err != 0) {
        vouch_loaded_krl_done(&loaded);
        return err;
    }
    *ret_loaded = loaded;
    return 0;
}
