// SPDX-License-Identifier: ISC
// Checkpoints as C2SP signed notes (doc/ledger.md, "Checkpoint").
#include "ledger/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"

#define KEY_LEN 32
#define SIGNATURE_LEN 64
#define ID_LEN 4
#define TYPE_ED25519 0x01
#define SIGNATURE_LINES_MAX 100

// An em dash and a space begin each signature line.
static const char dash[] = "\xe2\x80\x94 ";

static int fail(struct vouch_where *ret_where, int err, const char *field, const char *reason) {
    if (ret_where != NULL) {
        *ret_where = (struct vouch_where){.field = field, .reason = reason};
    }
    return err;
}

int vouch_origin_is(struct vouch_bytes origin) {
    for (size_t i = 0; i < origin.len; i++) {
        if (origin.ptr[i] <= ' ' || origin.ptr[i] > '~' || origin.ptr[i] == '+') {
            return 0;
        }
    }
    return origin.len > 0 && origin.len <= VOUCH_ORIGIN_MAX;
}

// The 32 bytes of a plain Ed25519 key.
static int key_point(const struct vouch_key *key, struct vouch_bytes *ret_point) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, vouch_key_blob(key));
    (void)vouch_read_string(&reader, "key type");
    struct vouch_bytes point = vouch_read_string(&reader, "point");
    if (vouch_key_type(key) != VOUCH_KEY_ED25519 || vouch_reader_end(&reader, NULL) != VOUCH_OK ||
        point.len != KEY_LEN) {
        return VOUCH_ERR_UNSUPPORTED;
    }
    *ret_point = point;
    return VOUCH_OK;
}

static int key_from_point(struct vouch_bytes point, struct vouch_key **ret_key) {
    uint8_t memory[64];
    struct vouch_buf blob;
    vouch_buf_init_fixed(&blob, memory, sizeof memory);
    vouch_write_text(&blob, vouch_key_type_name(VOUCH_KEY_ED25519));
    vouch_write_string(&blob, point);
    return blob.err != VOUCH_OK ? blob.err : vouch_key_parse(vouch_buf_bytes(&blob), ret_key, NULL);
}

// The key ID of a signed note: the first bytes of SHA-256(name || LF || type || key).
static int key_id(struct vouch_bytes name, struct vouch_bytes point,
                  uint8_t ret_id[static ID_LEN]) {
    uint8_t memory[VOUCH_ORIGIN_MAX + 2 + KEY_LEN];
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, memory, sizeof memory);
    vouch_buf_put(&text, name);
    vouch_buf_put_text(&text, "\n");
    vouch_write_u8(&text, TYPE_ED25519);
    vouch_buf_put(&text, point);
    struct vouch_hasher *hasher = vouch_hasher_new();
    if (hasher == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    struct vouch_tree_hash hash;
    vouch_hasher_plain(hasher, vouch_buf_bytes(&text), &hash);
    int err = text.err != VOUCH_OK ? text.err : vouch_hasher_error(hasher);
    vouch_hasher_free(hasher);
    if (err == VOUCH_OK) {
        memcpy(ret_id, hash.bytes, ID_LEN);
    }
    return err;
}

int vouch_verifier_init(struct vouch_verifier *verifier, struct vouch_bytes origin,
                        const struct vouch_key *key) {
    struct vouch_verifier made = {{0}, {0}, NULL};
    struct vouch_bytes point;
    if (!vouch_origin_is(origin)) {
        return VOUCH_ERR_ARGUMENT;
    }
    memcpy(made.name, origin.ptr, origin.len);
    int err = key_point(key, &point);
    if (err == VOUCH_OK) {
        err = key_id(origin, point, made.id);
    }
    if (err == VOUCH_OK) {
        made.key = vouch_key_copy(key);
        err = made.key != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    }
    if (err == VOUCH_OK) {
        *verifier = made;
    }
    return err;
}

// Decodes the last part of a vkey: a type byte and the key.
static int parse_vkey_key(struct vouch_bytes text, struct vouch_key **ret_key) {
    uint8_t memory[1 + KEY_LEN];
    struct vouch_buf data;
    vouch_buf_init_fixed(&data, memory, sizeof memory);
    if (vouch_str_unbase64(text, &data) != VOUCH_OK || data.len != sizeof memory) {
        return VOUCH_ERR_FORMAT;
    }
    if (memory[0] != TYPE_ED25519) {
        return VOUCH_ERR_UNSUPPORTED;
    }
    return key_from_point((struct vouch_bytes){memory + 1, KEY_LEN}, ret_key);
}

static int id_from_hex(struct vouch_bytes text, uint8_t ret_id[static ID_LEN]) {
    struct vouch_buf id;
    vouch_buf_init_fixed(&id, ret_id, ID_LEN);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] >= 'A' && text.ptr[i] <= 'F') {
            return VOUCH_ERR_FORMAT; // one text for one key
        }
    }
    return vouch_str_unhex(text, &id) == VOUCH_OK && id.len == ID_LEN ? VOUCH_OK : VOUCH_ERR_FORMAT;
}

int vouch_verifier_parse(struct vouch_verifier *verifier, struct vouch_bytes vkey) {
    struct vouch_bytes rest = vkey;
    struct vouch_bytes name = vouch_str_cut(&rest, '+');
    struct vouch_bytes hash =
        rest.ptr != NULL ? vouch_str_cut(&rest, '+') : (struct vouch_bytes){0};
    struct vouch_key *key = NULL;
    uint8_t id[ID_LEN];
    if (rest.ptr == NULL || !vouch_origin_is(name) || id_from_hex(hash, id) != VOUCH_OK) {
        return VOUCH_ERR_FORMAT;
    }
    int err = parse_vkey_key(rest, &key);
    struct vouch_verifier made = {{0}, {0}, NULL};
    if (err == VOUCH_OK) {
        err = vouch_verifier_init(&made, name, key);
    }
    vouch_key_free(key);
    if (err == VOUCH_OK && memcmp(id, made.id, ID_LEN) != 0) {
        vouch_verifier_done(&made);
        err = VOUCH_ERR_MISMATCH;
    }
    if (err == VOUCH_OK) {
        *verifier = made;
    }
    return err;
}

void vouch_verifier_print(const struct vouch_verifier *verifier, struct vouch_buf *out) {
    uint8_t memory[1 + KEY_LEN] = {TYPE_ED25519};
    struct vouch_bytes point;
    if (key_point(verifier->key, &point) != VOUCH_OK) {
        out->err = out->err != VOUCH_OK ? out->err : VOUCH_ERR_UNSUPPORTED;
        return;
    }
    memcpy(memory + 1, point.ptr, KEY_LEN);
    vouch_buf_put_text(out, verifier->name);
    vouch_buf_put_text(out, "+");
    vouch_str_hex((struct vouch_bytes){verifier->id, ID_LEN}, out);
    vouch_buf_put_text(out, "+");
    vouch_str_base64((struct vouch_bytes){memory, sizeof memory}, '=', out);
}

void vouch_verifier_done(struct vouch_verifier *verifier) {
    if (verifier == NULL) {
        return;
    }
    vouch_key_free(verifier->key);
    *verifier = (struct vouch_verifier){{0}, {0}, NULL};
}

// The text that is signed: three lines.
static void print_text(const struct vouch_checkpoint *checkpoint, struct vouch_buf *out) {
    char size[24];
    (void)snprintf(size, sizeof size, "\n%" PRIu64 "\n", checkpoint->size);
    vouch_buf_put(out, checkpoint->origin);
    vouch_buf_put_text(out, size);
    vouch_str_base64((struct vouch_bytes){checkpoint->root.bytes, VOUCH_TREE_HASH_LEN}, '=', out);
    vouch_buf_put_text(out, "\n");
}

// SSH signature blobs are string algorithm, string body; a note has the body alone.
static int sign_raw(const struct vouch_private_key *key, struct vouch_bytes text,
                    uint8_t ret_raw[static SIGNATURE_LEN]) {
    uint8_t memory[256];
    struct vouch_buf blob;
    vouch_buf_init_fixed(&blob, memory, sizeof memory);
    int err = vouch_private_key_sign(key, NULL, text, &blob);
    if (err == VOUCH_OK) {
        err = vouch_key_verify(vouch_private_key_public(key), vouch_buf_bytes(&blob), text);
    }
    struct vouch_reader reader;
    vouch_reader_init(&reader, vouch_buf_bytes(&blob));
    (void)vouch_read_string(&reader, "algorithm");
    struct vouch_bytes raw = vouch_read_string(&reader, "signature");
    if (err == VOUCH_OK) {
        err = vouch_reader_end(&reader, NULL);
    }
    if (err != VOUCH_OK || raw.len != SIGNATURE_LEN) {
        return err != VOUCH_OK ? err : VOUCH_ERR_CRYPTO;
    }
    memcpy(ret_raw, raw.ptr, SIGNATURE_LEN);
    return VOUCH_OK;
}

static int verify_raw(const struct vouch_key *key, struct vouch_bytes raw,
                      struct vouch_bytes text) {
    uint8_t memory[128];
    struct vouch_buf blob;
    vouch_buf_init_fixed(&blob, memory, sizeof memory);
    vouch_write_text(&blob, vouch_key_type_name(VOUCH_KEY_ED25519));
    vouch_write_string(&blob, raw);
    return blob.err != VOUCH_OK ? blob.err : vouch_key_verify(key, vouch_buf_bytes(&blob), text);
}

int vouch_checkpoint_sign(const struct vouch_checkpoint *checkpoint,
                          const struct vouch_verifier *verifier,
                          const struct vouch_private_key *key, struct vouch_buf *out) {
    if (!vouch_key_equal(verifier->key, vouch_private_key_public(key)) ||
        !vouch_bytes_equal(checkpoint->origin, vouch_bytes_of(verifier->name))) {
        return VOUCH_ERR_MISMATCH;
    }
    uint8_t memory[ID_LEN + SIGNATURE_LEN];
    size_t start = out->len;
    print_text(checkpoint, out);
    if (out->err != VOUCH_OK) {
        return out->err;
    }
    memcpy(memory, verifier->id, ID_LEN);
    int err =
        sign_raw(key, (struct vouch_bytes){out->ptr + start, out->len - start}, memory + ID_LEN);
    if (err != VOUCH_OK) {
        out->len = start;
        return err;
    }
    vouch_buf_put_text(out, "\n");
    vouch_buf_put_text(out, dash);
    vouch_buf_put_text(out, verifier->name);
    vouch_buf_put_text(out, " ");
    vouch_str_base64((struct vouch_bytes){memory, sizeof memory}, '=', out);
    vouch_buf_put_text(out, "\n");
    return out->err;
}

// A size without sign and without superfluous zeros: one text for one number.
static int parse_size(struct vouch_bytes text, uint64_t *ret_size) {
    if (text.len > 1 && text.ptr[0] == '0') {
        return VOUCH_ERR_FORMAT;
    }
    return vouch_str_to_u64(text, ret_size);
}

static int parse_root(struct vouch_bytes text, struct vouch_tree_hash *ret_root) {
    struct vouch_tree_hash hash;
    struct vouch_buf root;
    vouch_buf_init_fixed(&root, hash.bytes, sizeof hash.bytes);
    if (vouch_str_unbase64(text, &root) != VOUCH_OK || root.len != sizeof hash.bytes) {
        return VOUCH_ERR_FORMAT;
    }
    *ret_root = hash;
    return VOUCH_OK;
}

// Takes one line, line end included, off the text. Returns 0 if there is none.
static int take_line(struct vouch_bytes *text, struct vouch_bytes *ret_line) {
    const uint8_t *end = text->len > 0 ? memchr(text->ptr, '\n', text->len) : NULL;
    if (end == NULL) {
        return 0;
    }
    size_t len = (size_t)(end - text->ptr);
    *ret_line = (struct vouch_bytes){text->ptr, len};
    *text = (struct vouch_bytes){end + 1, text->len - len - 1};
    return 1;
}

// The first three lines of a note; *ret_rest is what follows them.
static int parse_text(struct vouch_bytes note, struct vouch_checkpoint *ret_checkpoint,
                      struct vouch_bytes *ret_rest, struct vouch_where *ret_where) {
    struct vouch_checkpoint checkpoint = {{0}, 0, {{0}}};
    struct vouch_bytes rest = note;
    struct vouch_bytes line;
    if (note.len > VOUCH_CHECKPOINT_MAX) {
        return fail(ret_where, VOUCH_ERR_LIMIT, "checkpoint", "is over 64 KiB");
    }
    if (!take_line(&rest, &checkpoint.origin) || !vouch_origin_is(checkpoint.origin)) {
        return fail(ret_where, VOUCH_ERR_FORMAT, "origin", "is not a name on a line of its own");
    }
    if (!take_line(&rest, &line) || parse_size(line, &checkpoint.size) != VOUCH_OK) {
        return fail(ret_where, VOUCH_ERR_FORMAT, "size", "is not a decimal number");
    }
    if (!take_line(&rest, &line) || parse_root(line, &checkpoint.root) != VOUCH_OK) {
        return fail(ret_where, VOUCH_ERR_FORMAT, "root", "is not the base64 of 32 bytes");
    }
    *ret_checkpoint = checkpoint;
    *ret_rest = rest;
    return VOUCH_OK;
}

int vouch_checkpoint_parse(struct vouch_bytes note, struct vouch_checkpoint *ret_checkpoint,
                           struct vouch_where *ret_where) {
    struct vouch_bytes rest;
    return parse_text(note, ret_checkpoint, &rest, ret_where);
}

// One signature line, judged: whether it is this verifier's, and then whether it verifies.
enum line_outcome { LINE_BROKEN = 0, LINE_OF_OTHER, LINE_BAD, LINE_FAILED, LINE_GOOD };

static enum line_outcome judge_line(struct vouch_bytes line, const struct vouch_verifier *verifier,
                                    struct vouch_bytes text) {
    uint8_t memory[4096]; // witnesses may use longer signatures than ours
    struct vouch_buf data;
    vouch_buf_init_fixed(&data, memory, sizeof memory);
    size_t dash_len = sizeof dash - 1;
    if (line.len < dash_len || memcmp(line.ptr, dash, dash_len) != 0) {
        return LINE_BROKEN;
    }
    struct vouch_bytes rest = {line.ptr + dash_len, line.len - dash_len};
    struct vouch_bytes name = vouch_str_cut(&rest, ' ');
    if (name.len == 0 || rest.ptr == NULL || vouch_str_unbase64(rest, &data) != VOUCH_OK ||
        data.len <= ID_LEN) {
        return LINE_BROKEN;
    }
    if (!vouch_bytes_equal(name, vouch_bytes_of(verifier->name)) ||
        memcmp(memory, verifier->id, ID_LEN) != 0) {
        return LINE_OF_OTHER;
    }
    struct vouch_bytes raw = {memory + ID_LEN, data.len - ID_LEN};
    int err = raw.len == SIGNATURE_LEN ? verify_raw(verifier->key, raw, text) : VOUCH_ERR_SIGNATURE;
    if (err == VOUCH_OK) {
        return LINE_GOOD;
    }
    return err == VOUCH_ERR_SIGNATURE ? LINE_BAD : LINE_FAILED;
}

// A note's signature lines: any number of others', at least one of this verifier's, and none of this
// verifier's that is bad. Our own form has just the one.
static int judge_lines(struct vouch_bytes lines, struct vouch_bytes text,
                       const struct vouch_verifier *verifier, enum vouch_checkpoint_form form,
                       struct vouch_where *ret_where) {
    struct vouch_bytes line;
    size_t good = 0;
    size_t count = 0;
    for (; take_line(&lines, &line); count++) {
        enum line_outcome outcome = judge_line(line, verifier, text);
        if (outcome == LINE_BROKEN || count >= SIGNATURE_LINES_MAX) {
            return fail(ret_where, VOUCH_ERR_FORMAT, "signature", "is not a signature line");
        }
        if (outcome == LINE_FAILED) {
            return fail(ret_where, VOUCH_ERR_CRYPTO, "signature", "could not be verified");
        }
        if (outcome == LINE_BAD) {
            return fail(ret_where, VOUCH_ERR_SIGNATURE, "signature", "does not verify");
        }
        good += outcome == LINE_GOOD;
    }
    if (lines.len > 0) {
        return fail(ret_where, VOUCH_ERR_FORMAT, "signature", "does not end its line");
    }
    if (good == 0) {
        return fail(ret_where, VOUCH_ERR_SIGNATURE, "signature", "of the expected key is missing");
    }
    if (form == VOUCH_CHECKPOINT_OWN && count != 1) {
        return fail(ret_where, VOUCH_ERR_FORMAT, "signature", "is not the only one");
    }
    return VOUCH_OK;
}

int vouch_checkpoint_verify(struct vouch_bytes note, const struct vouch_verifier *verifier,
                            enum vouch_checkpoint_form form,
                            struct vouch_checkpoint *ret_checkpoint,
                            struct vouch_where *ret_where) {
    struct vouch_checkpoint checkpoint;
    struct vouch_bytes rest;
    struct vouch_bytes line = {0};
    int err = parse_text(note, &checkpoint, &rest, ret_where);
    if (err != VOUCH_OK) {
        return err;
    }
    // Extension lines, up to the empty line that ends the text.
    while (take_line(&rest, &line) && line.len > 0) {
        if (form == VOUCH_CHECKPOINT_OWN) {
            return fail(ret_where, VOUCH_ERR_FORMAT, "text", "has more than three lines");
        }
    }
    if (line.ptr == NULL || line.len > 0) {
        return fail(ret_where, VOUCH_ERR_FORMAT, "text", "is not followed by an empty line");
    }
    struct vouch_bytes text = {note.ptr, (size_t)(line.ptr - note.ptr)};
    err = judge_lines(rest, text, verifier, form, ret_where);
    if (err != VOUCH_OK) {
        return err;
    }
    if (!vouch_bytes_equal(checkpoint.origin, vouch_bytes_of(verifier->name))) {
        return fail(ret_where, VOUCH_ERR_MISMATCH, "origin", "is not this ledger's");
    }
    *ret_checkpoint = checkpoint;
    return VOUCH_OK;
}
