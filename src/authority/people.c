// SPDX-License-Identifier: ISC
// What the files about people share: events, and secrets that are shown once.
#include "authority/people.h"

#include "base/str.h"
#include "base/time.h"

#define SECRET_BYTES 32

// --- events

int vouch_people_note(struct vouch_local *authority, struct vouch_bytes actor, const char *type,
                      struct vouch_bytes object, struct vouch_buf *take_details,
                      struct vouch_fault *fault) {
    struct vouch_signer_noted noted;
    const struct vouch_signer_event event = {.actor = actor,
                                             .type = vouch_bytes_of(type),
                                             .object = object,
                                             .details = vouch_buf_bytes(take_details)};
    int err = take_details->err != VOUCH_OK ? vouch_no_memory(fault)
                                            : vouch_seat_note(authority, &event, &noted, fault);
    vouch_buf_done(take_details);
    return err;
}

int vouch_people_actor(struct vouch_local *authority, struct vouch_bytes name,
                       struct vouch_bytes *ret_actor, struct vouch_fault *fault) {
    static const char before[] = "user:";
    size_t len = sizeof before - 1;
    uint8_t *text = vouch_arena_alloc(&authority->arena, len + name.len + 1);
    if (text == NULL) {
        return vouch_no_memory(fault);
    }
    memcpy(text, before, len);
    if (name.len > 0) {
        memcpy(text + len, name.ptr, name.len);
    }
    *ret_actor = (struct vouch_bytes){text, len + name.len};
    return VOUCH_OK;
}

// --- secrets that are shown

int vouch_shown_keep(struct vouch_local *authority, struct vouch_bytes secret,
                     struct vouch_bytes *ret_copy, struct vouch_fault *fault) {
    struct vouch_secret copy = {0};
    if (vouch_secret_new(secret.len > 0 ? secret.len : 1, &copy) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    if (secret.len > 0) {
        memcpy(copy.ptr, secret.ptr, secret.len);
    }
    vouch_secret_done(&authority->shown);
    authority->shown = copy;
    *ret_copy = (struct vouch_bytes){copy.ptr, secret.len};
    return VOUCH_OK;
}

// "vouchs_" and 43 characters of base64url.
static void write_secret(const char *prefix, struct vouch_buf *out) {
    uint8_t random[SECRET_BYTES];
    vouch_random(random, sizeof random);
    vouch_buf_put_text(out, prefix);
    vouch_str_base64((struct vouch_bytes){random, sizeof random}, 0, out);
    for (size_t i = 0; i < out->len; i++) {
        out->ptr[i] = out->ptr[i] == '+' ? '-' : out->ptr[i];
        out->ptr[i] = out->ptr[i] == '/' ? '_' : out->ptr[i];
    }
    vouch_wipe(random, sizeof random);
}

int vouch_shown_new(struct vouch_local *authority, const char *prefix,
                    struct vouch_bytes *ret_secret, uint8_t ret_hash[static VOUCH_STORE_HASH_LEN],
                    struct vouch_fault *fault) {
    uint8_t room[VOUCH_TOKEN_TEXT_MAX];
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, room, sizeof room);
    write_secret(prefix, &text);
    int err = text.err != VOUCH_OK
                  ? vouch_no_memory(fault)
                  : vouch_shown_keep(authority, vouch_buf_bytes(&text), ret_secret, fault);
    vouch_wipe(room, sizeof room);
    return err == VOUCH_OK ? vouch_hash_of(authority, *ret_secret, ret_hash, fault) : err;
}
