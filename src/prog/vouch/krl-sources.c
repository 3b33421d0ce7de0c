// SPDX-License-Identifier: ISC
// What `vouch krl build` revokes: see krl-sources.h.
#include "prog/vouch/krl-sources.h"

#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/key.h"
#include "core/krl.h"
#include "prog/vouch/load.h"

#define LIST_FILE_MAX (512u * 1024 * 1024)
#define SERIAL_LEN 8
#define HASH_LEN 32

#define autobuf __attribute__((cleanup(vouch_buf_done)))

struct sources {
    const struct vouch_args *args;
    const struct vouch_krl_spec *spec;
    struct vouch_krl *krl;
};

int vouch_krl_add_failed(struct vouch_fault *fault, int err, const char *what) {
    const struct vouch_fault_kind *kind =
        err == VOUCH_ERR_NO_MEMORY ? &vouch_fault_memory : &vouch_fault_input;
    return vouch_fault_set(fault, err, kind, "%s: cannot be revoked: %s", what,
                           vouch_err_text(err));
}

static int need_ca(const struct sources *sources, const char *option, struct vouch_fault *fault) {
    if (sources->spec->scope != VOUCH_KRL_SPEC_NO_CA) {
        return 0;
    }
    vouch_usage(fault,
                "--%s: --ca is missing: serials and key IDs mean something under one CA only",
                option);
    return vouch_fault_next(fault, "add --ca FILE.pub, or --ca none for certificates of any CA");
}

// Calls `add` with each value of a repeated option.
static int for_each(struct sources *sources, const char *option,
                    int (*add)(struct sources *, const char *, struct vouch_fault *),
                    struct vouch_fault *fault) {
    size_t cursor = 0;
    const char *value;
    int err = 0;
    while (err == 0 && (value = vouch_args_next(sources->args, option, &cursor)) != NULL) {
        err = add(sources, value, fault);
    }
    return err;
}

static int bad_serial(struct vouch_fault *fault, const char *value, const char *why) {
    vouch_usage(fault, "--serial: \"%s\" %s", value, why);
    return vouch_fault_next(fault, "write --serial 4711 or --serial 100-199");
}

static int add_serial(struct sources *sources, const char *value, struct vouch_fault *fault) {
    uint64_t first = 0, last = 0;
    struct vouch_bytes rest = vouch_bytes_of(value);
    struct vouch_bytes low = vouch_str_cut(&rest, '-');
    int err = need_ca(sources, "serial", fault);
    if (err != 0) {
        return err;
    }
    if (vouch_str_to_u64(low, &first) != 0 ||
        (rest.ptr != NULL && vouch_str_to_u64(rest, &last) != 0)) {
        return bad_serial(fault, value, "is neither a number nor a range of numbers");
    }
    last = rest.ptr != NULL ? last : first;
    if (first == 0) {
        return bad_serial(fault, value,
                          "holds 0, which stands for no number and cannot be revoked");
    }
    if (last < first) {
        return bad_serial(fault, value, "ends before it begins");
    }
    err = vouch_krl_add_serials(sources->krl, sources->spec->ca, first, last);
    return err != 0 ? vouch_krl_add_failed(fault, err, value) : 0;
}

static int has_control(struct vouch_bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7f) {
            return 1;
        }
    }
    return 0;
}

static int add_key_id(struct sources *sources, const char *value, struct vouch_fault *fault) {
    struct vouch_bytes key_id = vouch_bytes_of(value);
    int err = need_ca(sources, "key-id", fault);
    if (err != 0) {
        return err;
    }
    if (key_id.len == 0 || has_control(key_id)) {
        return vouch_usage(fault, "--key-id: is empty or holds a control character");
    }
    err = vouch_krl_add_key_id(sources->krl, sources->spec->ca, key_id);
    return err != 0 ? vouch_krl_add_failed(fault, err, "--key-id") : 0;
}

static int add_keys(struct sources *sources, const char *path, struct vouch_fault *fault) {
    struct vouch_key_list keys = {0};
    struct vouch_cert_list certs = {0};
    int err = vouch_load_either(path, &keys, &certs, fault);
    for (size_t i = 0; err == 0 && i < keys.count + certs.count; i++) {
        const struct vouch_key *key =
            i < keys.count ? keys.keys[i].key : certs.certs[i - keys.count].cert->key;
        int add_err = vouch_krl_add_key(sources->krl, key);
        err = add_err != 0 ? vouch_krl_add_failed(fault, add_err, path) : 0;
    }
    vouch_key_list_done(&keys);
    vouch_cert_list_done(&certs);
    return err;
}

static int add_certs(struct sources *sources, const char *path, struct vouch_fault *fault) {
    struct vouch_cert_list certs = {0};
    int err = vouch_load_certs(path, &certs, fault);
    for (size_t i = 0; err == 0 && i < certs.count; i++) {
        int add_err = vouch_krl_add_cert(sources->krl, certs.certs[i].cert);
        err = add_err != 0 ? vouch_krl_add_failed(fault, add_err, path) : 0;
    }
    vouch_cert_list_done(&certs);
    return err;
}

static int add_hash_of_file(struct sources *sources, const char *path, struct vouch_fault *fault) {
    uint8_t digest[VOUCH_HASH_MAX];
    struct vouch_key *key = NULL;
    int err = vouch_load_key(path, &key, NULL, fault);
    if (err != 0) {
        return err;
    }
    size_t len = vouch_hash_bytes(VOUCH_HASH_SHA256, vouch_key_blob(key), digest);
    vouch_key_free(key);
    err = len == 0 ? VOUCH_ERR_CRYPTO
                   : vouch_krl_add_hash(sources->krl, VOUCH_HASH_SHA256,
                                        (struct vouch_bytes){digest, len});
    return err != 0 ? vouch_krl_add_failed(fault, err, path) : 0;
}

// A fingerprint, as ssh-keygen -l and sshd's log show it; anything else is a file.
static int add_sha256(struct sources *sources, const char *value, struct vouch_fault *fault) {
    vouch_autofree char *line = NULL;
    struct vouch_krl_spec_error error;
    if (strncmp(value, "SHA256:", 7) != 0) {
        return add_hash_of_file(sources, value, fault);
    }
    if (asprintf(&line, "hash: %s", value) < 0) {
        return vouch_krl_add_failed(fault, VOUCH_ERR_NO_MEMORY, value);
    }
    int err = vouch_krl_spec_read(vouch_bytes_of(line), sources->spec, sources->krl, &error);
    if (err != 0) {
        return vouch_usage(fault, "--sha256: \"%s\" is not the fingerprint of a key", value);
    }
    return 0;
}

static const char *const problem_texts[] = {
    [VOUCH_KRL_SPEC_FINE] = "",
    [VOUCH_KRL_SPEC_SERIAL] = "is not a serial number",
    [VOUCH_KRL_SPEC_SERIAL_RANGE] = "is a range of serials that ends before it begins",
    [VOUCH_KRL_SPEC_SERIAL_TOO_BIG] = "is larger than a serial can be",
    [VOUCH_KRL_SPEC_SERIAL_ZERO] = "is serial 0, which cannot be revoked",
    [VOUCH_KRL_SPEC_SERIAL_NO_CA] = "is a serial, and --ca is missing",
    [VOUCH_KRL_SPEC_ID_NO_CA] = "is a key ID, and --ca is missing",
    [VOUCH_KRL_SPEC_HASH_NAME] = "is a hash that does not begin with SHA256:",
    [VOUCH_KRL_SPEC_HASH] = "is not the base64 of a SHA-256 hash",
    [VOUCH_KRL_SPEC_KEY] = "is neither a keyword with a value nor a public key",
    [VOUCH_KRL_SPEC_CONTROL] = "holds a control character (a CR at the end of the line?)",
    [VOUCH_KRL_SPEC_FAILED] = "cannot be revoked",
};

static int spec_fault(const char *path, const struct vouch_krl_spec_error *error,
                      struct vouch_fault *fault) {
    char shown[100];
    if (error->err == VOUCH_ERR_NO_MEMORY) {
        return vouch_krl_add_failed(fault, error->err, path);
    }
    vouch_fault_set(fault, error->err, &vouch_fault_input, "%s:%lu: \"%.*s\" %s", path, error->line,
                    (int)(error->text.len < sizeof shown ? error->text.len : sizeof shown),
                    error->text.len > 0 ? (const char *)error->text.ptr : "",
                    problem_texts[error->problem]);
    if (error->problem == VOUCH_KRL_SPEC_SERIAL_NO_CA ||
        error->problem == VOUCH_KRL_SPEC_ID_NO_CA) {
        return vouch_fault_next(fault,
                                "add --ca FILE.pub, or --ca none for certificates of any CA");
    }
    return error->err;
}

static int read_list_file(const char *path, struct vouch_buf *ret_text, struct vouch_fault *fault) {
    vouch_buf_init(ret_text, LIST_FILE_MAX + 65536u);
    return vouch_io_read(path, LIST_FILE_MAX, ret_text, fault);
}

static int add_spec(struct sources *sources, const char *path, struct vouch_fault *fault) {
    autobuf struct vouch_buf text;
    struct vouch_krl_spec_error error;
    int err = read_list_file(path, &text, fault);
    if (err != 0) {
        return err;
    }
    err = vouch_krl_spec_read(vouch_buf_bytes(&text), sources->spec, sources->krl, &error);
    return err != 0 ? spec_fault(path, &error, fault) : 0;
}

static int odd_length(const char *path, size_t len, size_t unit, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_input,
                           "%s: its %zu bytes are no multiple of %zu, the length of one entry",
                           path, len, unit);
}

static uint64_t read_be64(const uint8_t *bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < SERIAL_LEN; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

static int add_binary_serials(struct sources *sources, const char *path,
                              struct vouch_fault *fault) {
    autobuf struct vouch_buf text;
    int err = need_ca(sources, "binary-serials", fault);
    vouch_buf_init(&text, 0);
    if (err == 0) {
        err = read_list_file(path, &text, fault);
    }
    if (err != 0) {
        return err;
    }
    if (text.len % SERIAL_LEN != 0) {
        return odd_length(path, text.len, SERIAL_LEN, fault);
    }
    size_t count = text.len / SERIAL_LEN;
    vouch_autofree uint64_t *serials = calloc(count + 1, sizeof *serials);
    if (serials == NULL) {
        return vouch_krl_add_failed(fault, VOUCH_ERR_NO_MEMORY, path);
    }
    for (size_t i = 0; i < count; i++) {
        serials[i] = read_be64(text.ptr + i * SERIAL_LEN);
        if (serials[i] == 0) {
            return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_input,
                                   "%s: entry %zu is serial 0, which cannot be revoked", path, i);
        }
    }
    err = vouch_krl_add_serial_list(sources->krl, sources->spec->ca, serials, count);
    return err != 0 ? vouch_krl_add_failed(fault, err, path) : 0;
}

static int add_binary_hashes(struct sources *sources, const char *path, struct vouch_fault *fault) {
    autobuf struct vouch_buf text;
    int err = read_list_file(path, &text, fault);
    if (err != 0) {
        return err;
    }
    if (text.len % HASH_LEN != 0) {
        return odd_length(path, text.len, HASH_LEN, fault);
    }
    for (size_t i = 0; err == 0 && i < text.len; i += HASH_LEN) {
        err = vouch_krl_add_hash(sources->krl, VOUCH_HASH_SHA256,
                                 (struct vouch_bytes){text.ptr + i, HASH_LEN});
    }
    return err != 0 ? vouch_krl_add_failed(fault, err, path) : 0;
}

// What one look at a whole file of lines tells, many times faster than a look at each line.
struct survey {
    size_t lines; // ends of them
    int controls; // nonzero: control characters that end no line
};

static struct survey survey_lines(struct vouch_bytes text) {
    struct survey survey = {0};
    while (text.len > 0) {
        // So few that their number fits into a byte, for the sake of vector instructions.
        size_t len = text.len < UINT8_MAX ? text.len : UINT8_MAX;
        uint8_t ends = 0;
        uint8_t controls = 0;
        for (size_t i = 0; i < len; i++) {
            uint8_t c = text.ptr[i];
            ends = (uint8_t)(ends + (c == '\n'));
            controls |= (uint8_t)((c < 0x20 && c != '\n') || c == 0x7f);
        }
        survey.lines += ends;
        survey.controls |= controls;
        text = (struct vouch_bytes){text.ptr + len, text.len - len};
    }
    return survey;
}

static int add_key_id_lines(struct sources *sources, const char *path, struct vouch_bytes rest,
                            struct vouch_fault *fault) {
    struct survey survey = survey_lines(rest);
    vouch_krl_expect_key_ids(sources->krl, sources->spec->ca, survey.lines + 1, rest.len);
    for (unsigned long line = 1; rest.ptr != NULL; line++) {
        struct vouch_bytes key_id = vouch_str_cut(&rest, '\n');
        if (survey.controls && has_control(key_id)) {
            return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_input,
                                   "%s:%lu: a key ID with a control character (a CR at the end?)",
                                   path, line);
        }
        int err =
            key_id.len > 0 ? vouch_krl_add_key_id(sources->krl, sources->spec->ca, key_id) : 0;
        if (err != 0) {
            return vouch_krl_add_failed(fault, err, path);
        }
    }
    return 0;
}

static int add_key_ids(struct sources *sources, const char *path, struct vouch_fault *fault) {
    autobuf struct vouch_buf text;
    int err = need_ca(sources, "key-ids", fault);
    vouch_buf_init(&text, 0);
    if (err == 0) {
        err = read_list_file(path, &text, fault);
    }
    return err == 0 ? add_key_id_lines(sources, path, vouch_buf_bytes(&text), fault) : err;
}

// Every option that adds something, with what adds it.
static const struct {
    const char *option;
    int (*add)(struct sources *, const char *, struct vouch_fault *);
} adders[] = {
    {"serial", add_serial},
    {"key-id", add_key_id},
    {"key", add_keys},
    {"cert", add_certs},
    {"sha256", add_sha256},
    {"from", add_spec},
    {"binary-serials", add_binary_serials},
    {"binary-hashes", add_binary_hashes},
    {"key-ids", add_key_ids},
};

int vouch_krl_sources_add(const struct vouch_args *args, const struct vouch_krl_spec *spec,
                          struct vouch_krl *krl, struct vouch_fault *fault) {
    struct sources all = {.args = args, .spec = spec, .krl = krl};
    int err = 0;
    for (size_t i = 0; err == 0 && i < sizeof adders / sizeof adders[0]; i++) {
        err = for_each(&all, adders[i].option, adders[i].add, fault);
    }
    return err;
}
