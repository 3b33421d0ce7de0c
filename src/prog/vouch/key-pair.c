// SPDX-License-Identifier: ISC
// A new key pair: see key-pair.h.
#include "prog/vouch/key-pair.h"

#include <unistd.h>

#include "base/io.h"

#define KEY_TEXT_MAX (64u * 1024)

static int write_private(const struct vouch_key_pair *pair, const struct vouch_private_key *key,
                         struct vouch_fault *fault) {
    const struct vouch_io_file file = {.path = pair->path, .mode = 0600};
    struct vouch_keyfile_options options = {.passphrase = pair->passphrase,
                                            .comment = pair->comment};
    vouch_autosecret struct vouch_secret memory = {0};
    struct vouch_buf text;
    if (vouch_secret_new(KEY_TEXT_MAX, &memory) != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "%s: no locked memory", pair->path);
    }
    vouch_buf_init_fixed(&text, memory.ptr, memory.len);
    vouch_random(options.random, sizeof options.random);
    int err = vouch_keyfile_write(key, &options, &text);
    if (err != 0) {
        return vouch_fault_set(fault, err, &vouch_fault_internal, "%s: cannot be encoded: %s",
                               pair->path, vouch_err_text(err));
    }
    return vouch_io_write(&file, vouch_buf_bytes(&text), fault);
}

static int write_public(const struct vouch_key_pair *pair, const struct vouch_private_key *key,
                        struct vouch_fault *fault) {
    const struct vouch_io_file file = {.path = pair->public_path, .mode = 0644};
    struct vouch_buf line;
    vouch_buf_init(&line, KEY_TEXT_MAX);
    vouch_key_print(vouch_private_key_public(key), pair->comment, &line);
    vouch_buf_put_text(&line, "\n");
    int err = line.err != 0 ? vouch_fault_set(fault, line.err, &vouch_fault_memory,
                                              "%s: out of memory", pair->public_path)
                            : vouch_io_write(&file, vouch_buf_bytes(&line), fault);
    vouch_buf_done(&line);
    return err;
}

int vouch_key_pair_make(const struct vouch_key_pair *pair, struct vouch_private_key **ret_key,
                        struct vouch_fault *fault) {
    struct vouch_private_key *key = NULL;
    int err = vouch_private_key_generate(pair->type, pair->bits, &key);
    if (err != 0) {
        return vouch_fault_set(fault, err, &vouch_fault_internal, "%s: no key could be made: %s",
                               pair->path, vouch_err_text(err));
    }
    err = write_private(pair, key, fault);
    if (err == 0) {
        err = write_public(pair, key, fault);
        if (err != 0) {
            // Half a pair is worse than none: it looks as if it could be used.
            (void)unlink(pair->path);
        }
    }
    if (err != 0) {
        vouch_private_key_free(key);
        return err;
    }
    *ret_key = key;
    return 0;
}

int vouch_key_pair_read(const char *path, struct vouch_private_key **ret_key,
                        struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret file = {0};
    struct vouch_where where = {0};
    int err = vouch_io_read_secret(path, KEY_TEXT_MAX, VOUCH_IO_PRIVATE, &file, fault);
    if (err != 0) {
        return err;
    }
    err = vouch_keyfile_parse(vouch_secret_bytes(&file), (struct vouch_bytes){0}, ret_key, NULL,
                              &where);
    return err == 0 ? 0 : vouch_fault_where(fault, err, &vouch_fault_key_file, path, &where);
}
