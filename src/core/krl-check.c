// SPDX-License-Identifier: ISC
// Key revocation lists: judging keys and certificates, in the order in which OpenSSH does.
//
// A parsed list is searched where it lies, from end to end: that costs no memory, and a million entries
// take a few milliseconds. If it can no longer be read (its bytes were changed since) nothing is good.
#include "core/key.h"
#include "core/krl.h"

enum found { FOUND_BROKEN = -1, FOUND_NO = 0, FOUND_YES = 1 };

// The first bytes differ nearly always, which saves the call.
static int is_same(struct vouch_bytes a, struct vouch_bytes b) {
    return a.len == b.len &&
           (a.len == 0 || (a.ptr[0] == b.ptr[0] && memcmp(a.ptr, b.ptr, a.len) == 0));
}

static enum found find_in_texts(struct vouch_bytes body, struct vouch_bytes wanted) {
    const uint8_t *at = body.ptr;
    size_t left = body.len;
    while (left >= 4) {
        struct vouch_bytes text = vouch_krl_text(at);
        if (text.len > left - 4) {
            return FOUND_BROKEN;
        }
        if (is_same(text, wanted)) {
            return FOUND_YES;
        }
        at += 4 + text.len;
        left -= 4 + text.len;
    }
    return left == 0 ? FOUND_NO : FOUND_BROKEN;
}

// Whether any section of `type` holds `wanted`.
static enum found find_in_parts(const struct vouch_krl *krl, unsigned type,
                                struct vouch_bytes wanted) {
    enum found found = FOUND_NO;
    for (size_t i = 0; i < krl->part_count && found == FOUND_NO; i++) {
        if (krl->parts[i].type == type) {
            found = find_in_texts(krl->parts[i].body, wanted);
        }
    }
    return found;
}

static enum found find_text(const struct vouch_krl *krl, unsigned type,
                            const struct vouch_krl_set *set, struct vouch_bytes wanted) {
    if (krl->blob.len > 0) {
        return find_in_parts(krl, type, wanted);
    }
    return vouch_krl_set_has_text(set, wanted) ? FOUND_YES : FOUND_NO;
}

static int holds_type(const struct vouch_krl *krl, unsigned type, const struct vouch_krl_set *set) {
    for (size_t i = 0; i < krl->part_count; i++) {
        if (krl->parts[i].type == type) {
            return 1;
        }
    }
    return set->count > 0;
}

// A hash is only made where the list has any of its kind.
static enum found find_hash(const struct vouch_krl *krl, enum vouch_hash hash,
                            struct vouch_bytes blob) {
    int is_sha1 = hash == VOUCH_HASH_SHA1;
    unsigned type = is_sha1 ? VOUCH_KRL_FINGERPRINT_SHA1 : VOUCH_KRL_FINGERPRINT_SHA256;
    const struct vouch_krl_set *set = is_sha1 ? &krl->sha1s : &krl->sha256s;
    if (!holds_type(krl, type, set)) {
        return FOUND_NO;
    }
    uint8_t digest[VOUCH_HASH_MAX];
    size_t len = vouch_hash_bytes(hash, blob, digest);
    if (len == 0) {
        return FOUND_BROKEN;
    }
    return find_text(krl, type, set, (struct vouch_bytes){digest, len});
}

// The verdict of one search: `revoked` if it found something, GOOD if the next search is to say.
static enum vouch_krl_verdict verdict_of(enum found found, enum vouch_krl_verdict revoked) {
    if (found == FOUND_YES) {
        return revoked;
    }
    return found == FOUND_NO ? VOUCH_KRL_GOOD : VOUCH_KRL_UNKNOWN;
}

enum vouch_krl_verdict vouch_krl_check_key(const struct vouch_krl *krl,
                                           const struct vouch_key *key) {
    struct vouch_bytes blob = vouch_key_blob(key);
    enum vouch_krl_verdict verdict =
        verdict_of(find_hash(krl, VOUCH_HASH_SHA1, blob), VOUCH_KRL_REVOKED_SHA1);
    if (verdict == VOUCH_KRL_GOOD) {
        verdict = verdict_of(find_hash(krl, VOUCH_HASH_SHA256, blob), VOUCH_KRL_REVOKED_SHA256);
    }
    if (verdict == VOUCH_KRL_GOOD) {
        verdict = verdict_of(find_text(krl, VOUCH_KRL_EXPLICIT_KEY, &krl->keys, blob),
                             VOUCH_KRL_REVOKED_KEY);
    }
    return verdict;
}

static int list_has(struct vouch_bytes list, uint64_t serial) {
    // Compared as they stand, rather than each turned round.
    uint64_t wanted = __builtin_bswap64(serial);
    for (size_t at = 0; at + 8 <= list.len; at += 8) {
        uint64_t entry = 0;
        memcpy(&entry, list.ptr + at, sizeof entry);
        if (entry == wanted) {
            return 1;
        }
    }
    return 0;
}

static int range_has(struct vouch_bytes range, uint64_t serial) {
    return range.len == 16 && vouch_krl_u64(range.ptr) <= serial &&
           serial <= vouch_krl_u64(range.ptr + 8);
}

static int bitmap_has(struct vouch_bytes piece, uint64_t serial) {
    // Most bitmaps are too far away, which their first serial and their length tell.
    uint64_t first = piece.len >= 8 ? vouch_krl_u64(piece.ptr) : UINT64_MAX;
    if (serial < first || (serial - first) / 8 >= piece.len) {
        return 0;
    }
    struct vouch_reader reader;
    vouch_reader_init(&reader, piece);
    struct vouch_krl_bitmap bitmap;
    vouch_krl_bitmap_read(&reader, &bitmap);
    size_t len = vouch_krl_bitmap_len(&bitmap);
    return serial - first < len && vouch_krl_bitmap_has(&bitmap, serial - bitmap.first);
}

static int has_serial(unsigned type, struct vouch_bytes piece, uint64_t serial) {
    switch (type) {
    case VOUCH_KRL_SERIAL_LIST:
        return list_has(piece, serial);
    case VOUCH_KRL_SERIAL_RANGE:
        return range_has(piece, serial);
    case VOUCH_KRL_SERIAL_BITMAP:
        return bitmap_has(piece, serial);
    default: // an extension
        return 0;
    }
}

static enum found find_key_id(struct vouch_bytes piece, struct vouch_bytes key_id) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, piece);
    while (vouch_reader_left(&reader) > 0) {
        struct vouch_bytes entry = vouch_krl_cstring(vouch_read_string(&reader, "key ID"));
        if (reader.err == VOUCH_OK && vouch_bytes_equal(entry, key_id)) {
            return FOUND_YES;
        }
    }
    return reader.err == VOUCH_OK ? FOUND_NO : FOUND_BROKEN;
}

static enum vouch_krl_verdict search_piece(unsigned type, struct vouch_bytes piece,
                                           const struct vouch_cert *cert) {
    if (type == VOUCH_KRL_KEY_ID) {
        return verdict_of(find_key_id(piece, cert->key_id), VOUCH_KRL_REVOKED_KEY_ID);
    }
    int listed = cert->serial != 0 && has_serial(type, piece, cert->serial);
    return listed ? VOUCH_KRL_REVOKED_SERIAL : VOUCH_KRL_GOOD;
}

// What a section on certificates says of one. A key ID that is found ends the search, as it comes
// before serials; a serial that is found does not.
static enum vouch_krl_verdict search_part(const struct vouch_krl_part *part,
                                          const struct vouch_cert *cert) {
    struct vouch_reader body;
    vouch_reader_init(&body, part->body);
    enum vouch_krl_verdict verdict = VOUCH_KRL_GOOD;
    unsigned type = 0;
    struct vouch_bytes piece = {0};
    while (vouch_krl_piece_next(&body, &type, &piece)) {
        enum vouch_krl_verdict here = search_piece(type, piece, cert);
        if (here == VOUCH_KRL_REVOKED_KEY_ID || here == VOUCH_KRL_UNKNOWN) {
            return here;
        }
        verdict = here == VOUCH_KRL_REVOKED_SERIAL ? here : verdict;
    }
    return body.err == VOUCH_OK ? verdict : VOUCH_KRL_UNKNOWN;
}

static enum vouch_krl_verdict search_parts(const struct vouch_krl *krl, struct vouch_bytes ca,
                                           const struct vouch_cert *cert) {
    enum vouch_krl_verdict verdict = VOUCH_KRL_GOOD;
    for (size_t i = 0; i < krl->part_count; i++) {
        const struct vouch_krl_part *part = &krl->parts[i];
        if (part->type != VOUCH_KRL_CERTIFICATES || !vouch_bytes_equal(part->ca, ca)) {
            continue;
        }
        enum vouch_krl_verdict here = search_part(part, cert);
        if (here == VOUCH_KRL_UNKNOWN || here == VOUCH_KRL_REVOKED_KEY_ID) {
            return here;
        }
        verdict = here == VOUCH_KRL_REVOKED_SERIAL ? here : verdict;
    }
    return verdict;
}

static enum vouch_krl_verdict search_ca(const struct vouch_krl *krl, struct vouch_bytes ca,
                                        const struct vouch_cert *cert) {
    if (krl->blob.len > 0) {
        return search_parts(krl, ca, cert);
    }
    size_t place = 0;
    if (!vouch_krl_ca_find(krl, ca, &place)) {
        return VOUCH_KRL_GOOD;
    }
    if (vouch_krl_set_has_text(&krl->cas[place]->ids, cert->key_id)) {
        return VOUCH_KRL_REVOKED_KEY_ID;
    }
    int listed =
        cert->serial != 0 && vouch_krl_set_has_serial(&krl->cas[place]->serials, cert->serial);
    return listed ? VOUCH_KRL_REVOKED_SERIAL : VOUCH_KRL_GOOD;
}

// A verdict on a CA's key, as one on what it signed.
static enum vouch_krl_verdict verdict_by_ca(enum vouch_krl_verdict verdict) {
    switch ((int)verdict) {
    case VOUCH_KRL_REVOKED_KEY:
        return VOUCH_KRL_REVOKED_CA_KEY;
    case VOUCH_KRL_REVOKED_SHA1:
        return VOUCH_KRL_REVOKED_CA_SHA1;
    case VOUCH_KRL_REVOKED_SHA256:
        return VOUCH_KRL_REVOKED_CA_SHA256;
    default:
        return verdict;
    }
}

enum vouch_krl_verdict vouch_krl_check_cert(const struct vouch_krl *krl,
                                            const struct vouch_cert *cert) {
    enum vouch_krl_verdict verdict = vouch_krl_check_key(krl, cert->key);
    if (verdict == VOUCH_KRL_GOOD) {
        verdict = search_ca(krl, vouch_key_blob(cert->ca), cert);
    }
    if (verdict == VOUCH_KRL_GOOD) {
        verdict = search_ca(krl, (struct vouch_bytes){0}, cert);
    }
    if (verdict == VOUCH_KRL_GOOD) {
        verdict = verdict_by_ca(vouch_krl_check_key(krl, cert->ca));
    }
    return verdict;
}

const char *vouch_krl_verdict_text(enum vouch_krl_verdict verdict) {
    static const char *const texts[] = {
        [VOUCH_KRL_UNKNOWN] = "not judged",
        [VOUCH_KRL_GOOD] = "not revoked",
        [VOUCH_KRL_REVOKED_SERIAL] = "serial",
        [VOUCH_KRL_REVOKED_KEY_ID] = "key ID",
        [VOUCH_KRL_REVOKED_KEY] = "key",
        [VOUCH_KRL_REVOKED_SHA1] = "SHA1 hash of the key",
        [VOUCH_KRL_REVOKED_SHA256] = "SHA256 hash of the key",
        [VOUCH_KRL_REVOKED_CA_KEY] = "key of the CA",
        [VOUCH_KRL_REVOKED_CA_SHA1] = "SHA1 hash of the CA's key",
        [VOUCH_KRL_REVOKED_CA_SHA256] = "SHA256 hash of the CA's key",
    };
    size_t at = (size_t)verdict;
    return at < sizeof texts / sizeof texts[0] ? texts[at] : texts[VOUCH_KRL_UNKNOWN];
}
