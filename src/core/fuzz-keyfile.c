// SPDX-License-Identifier: ISC
// Fuzzes the reader of private key files. An input is a file, or what its base64 says; whatever is
// accepted must come back from our own writer.
#include <stdlib.h>

#include "core/keyfile.h"

#define ROUNDS_MAX 2 // a real file's would leave no time for anything else

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_key(struct vouch_private_key *key, char *comment) {
    struct vouch_keyfile_options options = {.comment = comment};
    struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_KEYFILE_MAX);
    int err = vouch_keyfile_write(key, &options, &out);
    if (err == VOUCH_OK) {
        struct vouch_private_key *again = NULL;
        if (vouch_keyfile_parse(vouch_buf_bytes(&out), (struct vouch_bytes){0}, &again, NULL,
                                NULL) != VOUCH_OK ||
            !vouch_key_equal(vouch_private_key_public(key), vouch_private_key_public(again))) {
            abort();
        }
        vouch_private_key_free(again);
    } else if (strlen(comment) < 65536 && err != VOUCH_ERR_LIMIT) {
        abort();
    }
    vouch_buf_done(&out);
}

static void check_file(struct vouch_bytes file, const char *passphrase) {
    struct vouch_private_key *key = NULL;
    struct vouch_where where = {0};
    char *comment = NULL;
    int err = vouch_keyfile_parse(file, vouch_bytes_of(passphrase), &key, &comment, &where);
    if (err == VOUCH_OK) {
        check_key(key, comment);
    } else if (err > 0 || key != NULL || comment != NULL || where.field == NULL ||
               where.offset > file.len) {
        abort();
    }
    vouch_private_key_free(key);
    free(comment);
}

// Whether a key is derived for this input in no time.
static int is_quick(struct vouch_bytes blob) {
    struct vouch_keyfile_header header = {0};
    struct vouch_where where = {0};
    if (vouch_keyfile_header_read(blob, &header, &where) != VOUCH_OK) {
        return 0;
    }
    struct vouch_reader reader;
    vouch_reader_init(&reader, header.kdf_options);
    (void)vouch_read_string(&reader, "salt");
    return vouch_read_u32(&reader, "rounds") <= ROUNDS_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vouch_bytes input = {data, size};
    check_file(input, "");
    struct vouch_key *key = NULL;
    if (vouch_keyfile_parse_public(input, &key, NULL) == VOUCH_OK) {
        vouch_key_free(key);
    }
    // The old encryption of PEM derives its key with one MD5.
    if (size > 0 && memmem(data, size, "Proc-Type", 9) != NULL) {
        check_file(input, "pass");
    }
    if (size > 14 && memcmp(data, VOUCH_KEYFILE_MAGIC, 14) == 0) {
        struct vouch_buf file;
        vouch_buf_init(&file, 2 * VOUCH_KEYFILE_MAX);
        if (vouch_keyfile_armour(input, &file) == VOUCH_OK) {
            check_file(vouch_buf_bytes(&file), is_quick(input) ? "pass" : "");
        }
        vouch_buf_done(&file);
    }
    return 0;
}
