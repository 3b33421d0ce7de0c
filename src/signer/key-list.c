// SPDX-License-Identifier: ISC
// The list of CA keys, and its file.
#include "signer/key-list.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "signer/ca-folder.h"

#define HEAD "vouch-keys/1\n"
#define TEXT_MAX 8192
#define MADE "made" // a row whose key no record knows of yet
#define HASH_HEX 64

#define autobuf VOUCH_CLEANUP(vouch_buf_done)

void vouch_key_list_done(struct vouch_key_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        vouch_key_free(list->rows[i].key);
    }
    *list = (struct vouch_key_list){0};
}

int vouch_key_list_copy(const struct vouch_key_list *from, struct vouch_key_list *ret_list) {
    struct vouch_key_list copy = *from;
    int err = VOUCH_OK;
    for (size_t i = 0; i < copy.count; i++) {
        copy.rows[i].key = from->rows[i].key != NULL ? vouch_key_copy(from->rows[i].key) : NULL;
        if (from->rows[i].key != NULL && copy.rows[i].key == NULL) {
            err = VOUCH_ERR_NO_MEMORY;
        }
    }
    if (err != VOUCH_OK) {
        vouch_key_list_done(&copy);
        return err;
    }
    *ret_list = copy;
    return VOUCH_OK;
}

struct vouch_listed_key *vouch_key_list_find(struct vouch_key_list *list, const char *fingerprint) {
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->rows[i].fingerprint, fingerprint) == 0) {
            return &list->rows[i];
        }
    }
    return NULL;
}

const struct vouch_listed_key *vouch_key_list_active(const struct vouch_key_list *list,
                                                     enum vouch_cert_type use) {
    for (size_t i = 0; i < list->count; i++) {
        if (list->rows[i].use == use && list->rows[i].state == VOUCH_CA_KEY_ACTIVE) {
            return &list->rows[i];
        }
    }
    return NULL;
}

static int is_other(enum vouch_ca_key_state state) {
    return state == VOUCH_CA_KEY_NEXT || state == VOUCH_CA_KEY_OLD || state == VOUCH_CA_KEY_REMOVED;
}

const struct vouch_listed_key *vouch_key_list_other(const struct vouch_key_list *list,
                                                    enum vouch_cert_type use) {
    for (size_t i = 0; i < list->count; i++) {
        if (list->rows[i].use == use && is_other(list->rows[i].state)) {
            return &list->rows[i];
        }
    }
    return NULL;
}

void vouch_key_list_rotation(const struct vouch_key_list *list,
                             struct vouch_rotation *ret_rotation) {
    *ret_rotation = (struct vouch_rotation){0};
    for (size_t i = 0; i < 2; i++) {
        enum vouch_cert_type type = i == 0 ? VOUCH_CERT_USER : VOUCH_CERT_HOST;
        struct vouch_rotation_use *use = &ret_rotation->uses[i];
        const struct vouch_listed_key *active = vouch_key_list_active(list, type);
        const struct vouch_listed_key *other = vouch_key_list_other(list, type);
        if (active != NULL) {
            (void)snprintf(use->active, sizeof use->active, "%s", active->fingerprint);
        }
        if (other != NULL) {
            (void)snprintf(use->other, sizeof use->other, "%s", other->fingerprint);
            use->other_state = other->state;
        }
    }
}

// --- changing

// The first 8 hexadecimal digits of the hash in a fingerprint, of which base64 has 6 bits a sign.
static int short_hash(const char *fingerprint, char ret_text[static 9]) {
    struct vouch_bytes rest = vouch_bytes_of(fingerprint);
    uint8_t memory[8];
    struct vouch_buf hash, hex;
    (void)vouch_str_cut(&rest, ':');
    vouch_buf_init_fixed(&hash, memory, sizeof memory);
    vouch_buf_init_fixed(&hex, ret_text, 8);
    if (rest.ptr == NULL || rest.len < 8 ||
        vouch_str_unbase64((struct vouch_bytes){rest.ptr, 8}, &hash) != VOUCH_OK || hash.len < 4) {
        return VOUCH_ERR_FORMAT;
    }
    vouch_str_hex((struct vouch_bytes){memory, 4}, &hex);
    ret_text[8] = '\0';
    return hex.err;
}

int vouch_key_list_add(struct vouch_key_list *list, enum vouch_cert_type use,
                       const char *fingerprint, int is_first, struct vouch_listed_key **ret_row) {
    char hash[9] = "";
    if (list->count >= VOUCH_KEY_LIST_MAX) {
        return VOUCH_ERR_LIMIT;
    }
    int err = is_first ? VOUCH_OK : short_hash(fingerprint, hash);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_listed_key *row = &list->rows[list->count++];
    *row = (struct vouch_listed_key){.use = use};
    (void)snprintf(row->file, sizeof row->file, "%s%s%s", vouch_ca_key_file(use),
                   is_first ? "" : "-", hash);
    (void)snprintf(row->fingerprint, sizeof row->fingerprint, "%s", fingerprint);
    *ret_row = row;
    return VOUCH_OK;
}

void vouch_key_list_drop(struct vouch_key_list *list, struct vouch_listed_key *row) {
    size_t at = (size_t)(row - list->rows);
    vouch_key_free(row->key);
    list->count--;
    memmove(row, row + 1, (list->count - at) * sizeof *row);
    list->rows[list->count] = (struct vouch_listed_key){0};
}

static void enter(struct vouch_listed_key *row, enum vouch_ca_key_state state, uint64_t time_ms) {
    row->since_ms = row->state == state ? row->since_ms : time_ms;
    row->state = state;
    row->has_signed |= state == VOUCH_CA_KEY_ACTIVE;
}

int vouch_key_list_change(struct vouch_key_list *list, const struct vouch_rotation_change *change,
                          uint64_t time_ms) {
    enum vouch_cert_type use = change->use == 0 ? VOUCH_CERT_USER : VOUCH_CERT_HOST;
    struct vouch_listed_key *other = vouch_key_list_find(list, change->fingerprint);
    int err = VOUCH_OK;
    if (other == NULL) {
        err = vouch_key_list_add(list, use, change->fingerprint, change->step == NULL, &other);
    } else if (other->use != use) {
        err = VOUCH_ERR_MISMATCH;
    }
    if (err != VOUCH_OK) {
        return err;
    }
    const struct vouch_listed_key *active = vouch_key_list_active(list, use);
    if (active != NULL && change->step != NULL) {
        enter(&list->rows[active - list->rows], change->step->active, time_ms);
    }
    enter(other, change->step != NULL ? change->step->other : VOUCH_CA_KEY_ACTIVE, time_ms);
    return VOUCH_OK;
}

// --- the file

static const char *state_text(enum vouch_ca_key_state state) {
    return state == VOUCH_CA_KEY_NONE ? MADE : vouch_ca_key_state_text(state);
}

static void put_row(struct vouch_buf *out, const struct vouch_listed_key *row) {
    char line[VOUCH_FINGERPRINT_MAX + 128];
    (void)snprintf(line, sizeof line, "key %s %s %s %s %" PRIu64 " %" PRIu64 "\n",
                   vouch_ca_use(row->use), state_text(row->state), row->file, row->fingerprint,
                   row->since_ms, row->has_signed);
    vouch_buf_put_text(out, line);
}

static int put_check(struct vouch_buf *out) {
    struct vouch_tree_hash hash;
    struct vouch_hasher *hasher = vouch_hasher_new();
    if (hasher == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    vouch_hasher_plain(hasher, vouch_buf_bytes(out), &hash);
    int err = vouch_hasher_error(hasher);
    vouch_hasher_free(hasher);
    vouch_buf_put_text(out, "check ");
    vouch_str_hex((struct vouch_bytes){hash.bytes, sizeof hash.bytes}, out);
    vouch_buf_put_text(out, "\n");
    return err == VOUCH_OK ? out->err : err;
}

static int print(const struct vouch_key_list *list, struct vouch_buf *out) {
    char line[64];
    (void)snprintf(line, sizeof line, "ledger %" PRIu64 "\n", list->ledger_size);
    vouch_buf_put_text(out, HEAD);
    vouch_buf_put_text(out, line);
    for (size_t i = 0; i < list->count; i++) {
        put_row(out, &list->rows[i]);
    }
    return put_check(out);
}

int vouch_key_list_write(const char *path, const struct vouch_key_list *list,
                         struct vouch_fault *fault) {
    autobuf struct vouch_buf text;
    vouch_buf_init(&text, TEXT_MAX);
    int err = print(list, &text);
    if (err != VOUCH_OK) {
        return vouch_fault_set(fault, err, &vouch_fault_memory, "%s: %s", path,
                               vouch_err_text(err));
    }
    const struct vouch_io_file file = {path, 0600, VOUCH_IO_REPLACE};
    return vouch_io_write(&file, vouch_buf_bytes(&text), fault);
}

static int take_text(struct vouch_bytes text, char *out, size_t out_size) {
    if (text.len == 0 || text.len >= out_size || memchr(text.ptr, 0, text.len) != NULL) {
        return VOUCH_ERR_FORMAT;
    }
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return VOUCH_OK;
}

// Its name is one that vouch_key_list_add() gives: nothing else is ever opened or destroyed.
static int take_file(struct vouch_bytes text, struct vouch_listed_key *row) {
    char hash[9];
    int err = take_text(text, row->file, sizeof row->file);
    const char *usual = vouch_ca_key_file(row->use);
    size_t len = strlen(usual);
    if (err != VOUCH_OK || strcmp(row->file, usual) == 0) {
        return err;
    }
    err = short_hash(row->fingerprint, hash);
    return err == VOUCH_OK && strncmp(row->file, usual, len) == 0 && row->file[len] == '-' &&
                   strcmp(row->file + len + 1, hash) == 0
               ? VOUCH_OK
               : VOUCH_ERR_FORMAT;
}

static int take_state(struct vouch_bytes text, struct vouch_listed_key *row) {
    row->state = vouch_ca_key_state_of(text);
    return row->state != VOUCH_CA_KEY_NONE || vouch_bytes_equal(text, vouch_bytes_of(MADE))
               ? VOUCH_OK
               : VOUCH_ERR_FORMAT;
}

static int parse_row(struct vouch_bytes line, struct vouch_listed_key *row) {
    struct vouch_bytes rest = line, words[7];
    for (size_t i = 0; i < 7; i++) {
        if (rest.ptr == NULL) {
            return VOUCH_ERR_FORMAT;
        }
        words[i] = vouch_str_cut(&rest, ' ');
    }
    row->use =
        vouch_bytes_equal(words[1], vouch_bytes_of("host")) ? VOUCH_CERT_HOST : VOUCH_CERT_USER;
    int err = rest.ptr == NULL && vouch_bytes_equal(words[0], vouch_bytes_of("key"))
                  ? take_state(words[2], row)
                  : VOUCH_ERR_FORMAT;
    if (err == VOUCH_OK) {
        err = take_text(words[4], row->fingerprint, sizeof row->fingerprint);
    }
    if (err == VOUCH_OK) {
        err = take_file(words[3], row);
    }
    if (err == VOUCH_OK) {
        err = vouch_str_to_u64(words[5], &row->since_ms);
    }
    if (err == VOUCH_OK) {
        err = vouch_str_to_u64(words[6], &row->has_signed);
    }
    return err == VOUCH_OK && row->has_signed > 1 ? VOUCH_ERR_FORMAT : err;
}

static int parse_ledger(struct vouch_bytes line, uint64_t *ret_size) {
    struct vouch_bytes rest = line;
    struct vouch_bytes name = vouch_str_cut(&rest, ' ');
    return rest.ptr != NULL && vouch_bytes_equal(name, vouch_bytes_of("ledger"))
               ? vouch_str_to_u64(rest, ret_size)
               : VOUCH_ERR_FORMAT;
}

// Lines between the head and the check.
static int parse_lines(struct vouch_bytes lines, struct vouch_key_list *list) {
    struct vouch_bytes rest = lines;
    int err = parse_ledger(vouch_str_cut(&rest, '\n'), &list->ledger_size);
    while (err == VOUCH_OK && rest.ptr != NULL && rest.len > 0) {
        if (list->count >= VOUCH_KEY_LIST_MAX) {
            return VOUCH_ERR_LIMIT;
        }
        err = parse_row(vouch_str_cut(&rest, '\n'), &list->rows[list->count]);
        list->count += err == VOUCH_OK;
    }
    return err;
}

static int parse(struct vouch_bytes text, struct vouch_key_list *list) {
    const size_t head = sizeof HEAD - 1, tail = sizeof "check \n" - 1 + HASH_HEX;
    autobuf struct vouch_buf again;
    if (text.len < head + tail || memcmp(text.ptr, HEAD, head) != 0) {
        return VOUCH_ERR_FORMAT;
    }
    int err = parse_lines((struct vouch_bytes){text.ptr + head, text.len - head - tail}, list);
    if (err != VOUCH_OK) {
        return err;
    }
    // One list has one text, and its check is in it.
    vouch_buf_init(&again, TEXT_MAX);
    err = print(list, &again);
    return err != VOUCH_OK || vouch_bytes_equal(vouch_buf_bytes(&again), text) ? err
                                                                               : VOUCH_ERR_CORRUPT;
}

// States that can stand side by side: one active key of each use and one other at most, no key twice.
static int holds_together(struct vouch_key_list *list) {
    size_t active[2] = {0}, other[2] = {0};
    for (size_t i = 0; i < list->count; i++) {
        const struct vouch_listed_key *row = &list->rows[i];
        size_t use = row->use == VOUCH_CERT_HOST ? 1 : 0;
        active[use] += row->state == VOUCH_CA_KEY_ACTIVE;
        other[use] += (size_t)is_other(row->state);
        if (vouch_key_list_find(list, row->fingerprint) != row) {
            return 0;
        }
    }
    return active[0] == 1 && active[1] == 1 && other[0] <= 1 && other[1] <= 1;
}

int vouch_key_list_read(const char *path, struct vouch_key_list *ret_list, int *ret_found,
                        struct vouch_fault *fault) {
    struct vouch_key_list list = {0};
    autobuf struct vouch_buf text;
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        *ret_found = 0;
        return VOUCH_OK;
    }
    vouch_buf_init(&text, TEXT_MAX * 2);
    int err = vouch_io_read(path, TEXT_MAX, &text, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = parse(vouch_buf_bytes(&text), &list);
    if (err == VOUCH_OK && !holds_together(&list)) {
        err = VOUCH_ERR_MISMATCH;
    }
    if (err != VOUCH_OK) {
        (void)vouch_fault_set(fault, err, &vouch_fault_ca_keys, "%s: is damaged", path);
        return vouch_fault_next(fault,
                                "Move it away; the next start makes it anew from the ledger.");
    }
    *ret_list = list;
    *ret_found = 1;
    return VOUCH_OK;
}
