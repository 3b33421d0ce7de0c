// SPDX-License-Identifier: ISC
// Key revocation lists: turning a parsed list into an owned one, which can be added to.
//
// The blob is copied once and the texts of the new list lie in the copy. All of it was checked when the
// list was parsed; what breaks here all the same was changed by the caller meanwhile.
#include "core/krl.h"

static int load_list(struct vouch_krl_set *set, struct vouch_reader *piece) {
    int err = vouch_krl_set_reserve(set, vouch_reader_left(piece) / 8);
    while (vouch_reader_left(piece) > 0 && err == VOUCH_OK) {
        uint64_t serial = vouch_read_u64(piece, "serial list");
        err = vouch_krl_set_add_run(set, serial, serial);
    }
    return err;
}

static int load_range(struct vouch_krl_set *set, struct vouch_reader *piece) {
    uint64_t first = vouch_read_u64(piece, "serial range");
    uint64_t last = vouch_read_u64(piece, "serial range");
    return vouch_krl_set_add_run(set, first, last);
}

static int load_bitmap(struct vouch_krl_set *set, struct vouch_reader *piece) {
    struct vouch_krl_bitmap bitmap;
    vouch_krl_bitmap_read(piece, &bitmap);
    size_t len = vouch_krl_bitmap_len(&bitmap);
    int err = VOUCH_OK;
    for (size_t bit = 0; bit < len && err == VOUCH_OK; bit++) {
        if (vouch_krl_bitmap_has(&bitmap, bit)) {
            err = vouch_krl_set_add_run(set, bitmap.first + bit, bitmap.first + bit);
        }
    }
    return err;
}

// The length of a text on the wire, changed where it stands; `text` lies in the list's own copy.
static void shorten(const uint8_t *text, size_t len) {
    uint8_t *at = (uint8_t *)(uintptr_t)text;
    for (size_t i = 0; i < 4; i++) {
        at[i] = (uint8_t)(len >> (24 - 8 * i));
    }
}

static int load_texts(struct vouch_krl_set *set, struct vouch_reader *body) {
    int err = VOUCH_OK;
    while (vouch_reader_left(body) > 0 && err == VOUCH_OK) {
        const uint8_t *text = body->pos;
        (void)vouch_read_string(body, "text");
        err = body->err != VOUCH_OK ? body->err : vouch_krl_set_add_text(set, text);
    }
    return err;
}

static int load_key_ids(struct vouch_krl_set *set, struct vouch_reader *piece) {
    int err = VOUCH_OK;
    while (vouch_reader_left(piece) > 0 && err == VOUCH_OK) {
        const uint8_t *text = piece->pos;
        struct vouch_bytes id = vouch_krl_cstring(vouch_read_string(piece, "key ID"));
        if (piece->err == VOUCH_OK) {
            shorten(text, id.len);
            err = vouch_krl_set_add_text(set, text);
        }
    }
    return err;
}

static int load_piece(struct vouch_krl_ca *ca, unsigned type, struct vouch_reader *piece) {
    switch (type) {
    case VOUCH_KRL_SERIAL_LIST:
        return load_list(&ca->serials, piece);
    case VOUCH_KRL_SERIAL_RANGE:
        return load_range(&ca->serials, piece);
    case VOUCH_KRL_SERIAL_BITMAP:
        return load_bitmap(&ca->serials, piece);
    case VOUCH_KRL_KEY_ID:
        return load_key_ids(&ca->ids, piece);
    default: // an extension
        return VOUCH_OK;
    }
}

static int load_certificates(struct vouch_krl *krl, const struct vouch_krl_part *part) {
    struct vouch_reader body;
    vouch_reader_init(&body, part->body);
    int err = vouch_krl_ca_choose(krl, part->ca);
    unsigned type = 0;
    struct vouch_bytes bytes = {0};
    while (err == VOUCH_OK && vouch_krl_piece_next(&body, &type, &bytes)) {
        struct vouch_reader piece;
        vouch_reader_init(&piece, bytes);
        err = load_piece(krl->last_ca, type, &piece);
        err = err != VOUCH_OK ? err : piece.err;
    }
    return err != VOUCH_OK ? err : body.err;
}

static int load_part(struct vouch_krl *krl, const struct vouch_krl_part *part) {
    struct vouch_reader body;
    vouch_reader_init(&body, part->body);
    switch (part->type) {
    case VOUCH_KRL_CERTIFICATES:
        return load_certificates(krl, part);
    case VOUCH_KRL_EXPLICIT_KEY:
        return load_texts(&krl->keys, &body);
    case VOUCH_KRL_FINGERPRINT_SHA1:
        return load_texts(&krl->sha1s, &body);
    default:
        return load_texts(&krl->sha256s, &body);
    }
}

// Moves a slice of `from` to where the same bytes are in `to`; other slices stay.
static struct vouch_bytes rebase(struct vouch_bytes slice, struct vouch_bytes from,
                                 const uint8_t *to) {
    uintptr_t at = (uintptr_t)slice.ptr;
    uintptr_t start = (uintptr_t)from.ptr;
    if (at >= start && at - start <= from.len) {
        slice.ptr = to + (at - start);
    }
    return slice;
}

static int load(const struct vouch_krl *parsed, struct vouch_krl *owned) {
    uint8_t *copy = vouch_krl_room(owned, parsed->blob.len);
    if (copy == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    memcpy(copy, parsed->blob.ptr, parsed->blob.len);
    memcpy(owned->comment, parsed->comment, sizeof owned->comment);
    owned->header = parsed->header;
    owned->header.comment = rebase(parsed->header.comment, parsed->blob, copy);
    int err = VOUCH_OK;
    for (size_t i = 0; i < parsed->part_count && err == VOUCH_OK; i++) {
        struct vouch_krl_part part = parsed->parts[i];
        part.body = rebase(part.body, parsed->blob, copy);
        err = load_part(owned, &part);
    }
    return err;
}

int vouch_krl_own(struct vouch_krl *krl) {
    if (krl->blob.len == 0) {
        return VOUCH_OK;
    }
    struct vouch_krl *owned = vouch_krl_new();
    if (owned == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    int err = load(krl, owned);
    if (err == VOUCH_OK) {
        struct vouch_krl parsed = *krl;
        *krl = *owned;
        *owned = parsed;
    }
    vouch_krl_free(owned);
    return err;
}

int vouch_krl_settle(struct vouch_krl *krl) {
    int err = vouch_krl_own(krl);
    for (size_t i = 0; i < krl->ca_count && err == VOUCH_OK; i++) {
        err = vouch_krl_set_settle(&krl->cas[i]->serials);
        err = err != VOUCH_OK ? err : vouch_krl_set_settle(&krl->cas[i]->ids);
    }
    struct vouch_krl_set *rest[] = {&krl->keys, &krl->sha1s, &krl->sha256s};
    for (size_t i = 0; i < sizeof rest / sizeof rest[0] && err == VOUCH_OK; i++) {
        err = vouch_krl_set_settle(rest[i]);
    }
    return err;
}
