// SPDX-License-Identifier: ISC
// The root part's own notes, as structs in files.
#include "host/held.h"

#include <stddef.h>

#define HELD_PATH VOUCH_SAVED_FOLDER "/held"
#define PENDING_PATH VOUCH_SAVED_FOLDER "/pending"
#define NOTE_MAX (64u * 1024)

static const struct vouch_field held_fields[] = {
    F_BYTES(vouch_held, ca, "ca", 255),
    F_BYTES(vouch_held, checkpoint, "checkpoint", VOUCH_KEY_BLOB_MAX),
    F_BYTES(vouch_held, name, "name", 255),
    F_U64(vouch_held, trust_version),
    F_U64(vouch_held, krl_version),
    F_U64(vouch_held, krl_generated_s),
    F_U64(vouch_held, state_version),
    F_U64(vouch_held, by_login),
    F_U64(vouch_held, applied),
    F_ENUM(vouch_held, log, "log", VOUCH_APPLY_LOG_KEEP),
    F_END,
};
static const struct vouch_fields held_table = {held_fields, sizeof(struct vouch_held)};

static const struct vouch_field pending_fields[] = {
    F_U64(vouch_pending, until_s),
    F_U64(vouch_pending, number),
    F_U64(vouch_pending, was_applied),
    F_ENUM(vouch_pending, was_log, "log", VOUCH_APPLY_LOG_KEEP),
    F_BYTES(vouch_pending, boot, "boot", 128),
    F_END,
};
static const struct vouch_fields pending_table = {pending_fields, sizeof(struct vouch_pending)};

static int load(const struct vouch_root *root, const char *path, const struct vouch_fields *fields,
                struct vouch_arena *arena, void *ret_object, struct vouch_fault *fault) {
    struct vouch_buf file;
    struct vouch_bytes copy = {0};
    struct vouch_reader reader;
    vouch_buf_init(&file, NOTE_MAX);
    int err = vouch_root_read(root, path, NOTE_MAX, &file, NULL, fault);
    if (err == VOUCH_OK) {
        err = vouch_arena_copy(arena, vouch_buf_bytes(&file), &copy);
        vouch_reader_init(&reader, copy);
        vouch_codec_read(fields, &reader, arena, ret_object);
        err = err == VOUCH_OK ? vouch_reader_end(&reader, NULL) : err;
        err = err == VOUCH_OK ? VOUCH_OK
                              : vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_host_saved,
                                                "%s/%s: is damaged", root->prefix, path);
    }
    vouch_buf_done(&file);
    return err;
}

static int store(const struct vouch_root *root, const char *path, const struct vouch_fields *fields,
                 const void *object, struct vouch_fault *fault) {
    const struct vouch_root_meta meta = {.mode = 0600};
    struct vouch_buf out;
    vouch_buf_init(&out, NOTE_MAX);
    vouch_codec_write(fields, object, &out);
    int err = out.err == VOUCH_OK
                  ? vouch_root_write(root, path, vouch_buf_bytes(&out), &meta, fault)
                  : vouch_fault_set(fault, out.err, &vouch_fault_host_saved,
                                    "%s/%s: what is to be noted does not fit", root->prefix, path);
    vouch_buf_done(&out);
    return err;
}

int vouch_held_load(const struct vouch_root *root, struct vouch_arena *arena,
                    struct vouch_held *ret_held, struct vouch_fault *fault) {
    struct vouch_held held = {0};
    int err = load(root, HELD_PATH, &held_table, arena, &held, fault);
    if (err == VOUCH_OK || err == VOUCH_ERR_NOT_FOUND) {
        *ret_held = held;
        return VOUCH_OK;
    }
    return err;
}

int vouch_held_store(const struct vouch_root *root, const struct vouch_held *held,
                     struct vouch_fault *fault) {
    return store(root, HELD_PATH, &held_table, held, fault);
}

int vouch_pending_load(const struct vouch_root *root, struct vouch_arena *arena,
                       struct vouch_pending *ret_pending, struct vouch_fault *fault) {
    return load(root, PENDING_PATH, &pending_table, arena, ret_pending, fault);
}

int vouch_pending_store(const struct vouch_root *root, const struct vouch_pending *pending,
                        struct vouch_fault *fault) {
    return store(root, PENDING_PATH, &pending_table, pending, fault);
}

int vouch_pending_drop(const struct vouch_root *root, struct vouch_fault *fault) {
    return vouch_root_remove(root, PENDING_PATH, fault);
}
