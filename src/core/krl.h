// SPDX-License-Identifier: ISC
// Inside of key revocation lists, for the krl-*.c files: the two forms that a list has in memory.
//
// As parsed, a list is the caller's blob and a short table of its sections, checked once and searched
// where they lie. Once it is added to, walked or written it is owned: sets of sorted records, and the
// blob copied. It turns from the first form into the second, never back.
#pragma once

#include "vouch/krl.h"

#define VOUCH_KRL_MAGIC_LEN 8
#define VOUCH_KRL_FORMAT 1

// OpenSSH's limit on the mpint of a bitmap (SSHBUF_MAX_BIGNUM), and ours when writing, in bits.
#define VOUCH_KRL_BITMAP_BYTES_READ 2048
#define VOUCH_KRL_BITMAP_BITS_WRITTEN 15999

// OpenSSH reads no file over 128 MiB (SSHBUF_SIZE_MAX).
#define VOUCH_KRL_WRITE_MAX (128u * 1024 * 1024)

#define VOUCH_KRL_SECTIONS_MAX 65536
#define VOUCH_KRL_RECORDS_MAX (1u << 24)

// Types of sections and, from 0x20, of what is inside a section on certificates.
enum vouch_krl_section {
    VOUCH_KRL_CERTIFICATES = 1,
    VOUCH_KRL_EXPLICIT_KEY = 2,
    VOUCH_KRL_FINGERPRINT_SHA1 = 3,
    VOUCH_KRL_SIGNATURE = 4,
    VOUCH_KRL_FINGERPRINT_SHA256 = 5,
    VOUCH_KRL_EXTENSION = 255,

    VOUCH_KRL_SERIAL_LIST = 0x20,
    VOUCH_KRL_SERIAL_RANGE = 0x21,
    VOUCH_KRL_SERIAL_BITMAP = 0x22,
    VOUCH_KRL_KEY_ID = 0x23,
    VOUCH_KRL_CERT_EXTENSION = 0x39,
};

// A section as it stands in the blob. `ca` is the CA's blob in canonical form (for a certificate in a
// CA's place: as it stands), empty for any CA; `body` is the rest of the section's data.
struct vouch_krl_part {
    unsigned type;
    struct vouch_bytes ca;
    struct vouch_bytes body;
};

// A run of serials, or a text: a string as on the wire, its length before it. The key is the run's
// first serial, or the text's first eight bytes as a big-endian number, filled up with zeros.
struct vouch_krl_record {
    uint64_t key;
    union {
        uint64_t last;
        const uint8_t *text;
    };
};

enum vouch_krl_set_kind { VOUCH_KRL_RUNS = 0, VOUCH_KRL_TEXTS };

struct vouch_krl_set {
    struct vouch_krl_record *records;
    size_t count;
    size_t capacity;
    enum vouch_krl_set_kind kind;
    int unsorted; // nonzero: neither in order nor free of repeats and overlaps
};

struct vouch_krl_ca {
    struct vouch_bytes blob; // empty: any CA
    struct vouch_krl_set serials;
    struct vouch_krl_set ids;
};

// A block of bytes that stay where they are until the list is freed.
struct vouch_krl_block {
    struct vouch_krl_block *next;
    size_t used;
    size_t size;
    uint8_t bytes[];
};

struct vouch_krl {
    struct vouch_krl_header header;
    char comment[VOUCH_KRL_COMMENT_MAX];

    struct vouch_bytes blob; // of the parsed form; empty in the owned form
    struct vouch_krl_part *parts;
    size_t part_count;
    size_t part_capacity;

    struct vouch_krl_ca **cas; // sorted by blob, so that "any CA" is first
    size_t ca_count;
    size_t ca_capacity;
    struct vouch_krl_ca *last_ca; // the one that was added to last, or NULL
    struct vouch_krl_set keys;
    struct vouch_krl_set sha1s;
    struct vouch_krl_set sha256s;

    struct vouch_krl_block *blocks;
    size_t block_bytes;
};

// Room for `len` bytes that live as long as the list; NULL when memory is short or the list holds
// VOUCH_KRL_MAX bytes already.
uint8_t *vouch_krl_room(struct vouch_krl *krl, size_t len);

// Makes room at once for `count` key IDs of `bytes` bytes together that will be added next. A hint:
// what does not fit is found out when it is added.
void vouch_krl_expect_key_ids(struct vouch_krl *krl, const struct vouch_key *ca, size_t count,
                              size_t bytes);

// Notes a section of the parsed form.
VOUCH_MUST_USE int vouch_krl_part_add(struct vouch_krl *krl, const struct vouch_krl_part *part);

// The next piece inside a section on certificates; 0 at its end, or if it is broken.
int vouch_krl_piece_next(struct vouch_reader *body, unsigned *ret_type,
                         struct vouch_bytes *ret_piece);

// A piece of type VOUCH_KRL_SERIAL_BITMAP taken apart: bit 0 is the lowest bit of the last byte.
struct vouch_krl_bitmap {
    uint64_t first;
    struct vouch_bytes bits; // without leading zeros; empty: no serial
};
void vouch_krl_bitmap_read(struct vouch_reader *reader, struct vouch_krl_bitmap *ret_bitmap);
size_t vouch_krl_bitmap_len(const struct vouch_krl_bitmap *bitmap); // in bits
int vouch_krl_bitmap_has(const struct vouch_krl_bitmap *bitmap, size_t bit);

// A text without the one NUL that OpenSSH lets end a key ID and the comment.
struct vouch_bytes vouch_krl_cstring(struct vouch_bytes text);

// A number of four or eight bytes where it stands, most significant first.
static inline uint32_t vouch_krl_u32(const uint8_t *at) {
    uint32_t value = 0;
    memcpy(&value, at, sizeof value);
    return __builtin_bswap32(value);
}
static inline uint64_t vouch_krl_u64(const uint8_t *at) {
    uint64_t value = 0;
    memcpy(&value, at, sizeof value);
    return __builtin_bswap64(value);
}

// The bytes of a text that stands as on the wire; and the key under which it is sorted, from `depth`.
static inline struct vouch_bytes vouch_krl_text(const uint8_t *text) {
    return (struct vouch_bytes){text + 4, vouch_krl_u32(text)};
}

// Fetches the text that a walk over `count` records in order comes to after `at`: they lie anywhere.
static inline void vouch_krl_look_ahead(const struct vouch_krl_record *records, size_t count,
                                        size_t at) {
    if (count - at > 16) {
        __builtin_prefetch(records[at + 16].text);
    }
}
uint64_t vouch_krl_text_key(struct vouch_bytes text, size_t depth);

// Adds to a set; VOUCH_ERR_LIMIT over VOUCH_KRL_RECORDS_MAX. `text` must live as long as the set.
VOUCH_MUST_USE int vouch_krl_set_reserve(struct vouch_krl_set *set, size_t more);
VOUCH_MUST_USE int vouch_krl_set_add_run(struct vouch_krl_set *set, uint64_t first, uint64_t last);
VOUCH_MUST_USE int vouch_krl_set_add_text(struct vouch_krl_set *set, const uint8_t *text);

// Sorts a set, drops repeats, and joins runs that touch.
VOUCH_MUST_USE int vouch_krl_set_settle(struct vouch_krl_set *set);

// Only the sorting, which drops texts that are repeated; `scratch` has room for as many records.
VOUCH_MUST_USE int vouch_krl_sort(struct vouch_krl_set *set, struct vouch_krl_record *scratch);

// Nonzero if the set holds it, settled or not.
int vouch_krl_set_has_serial(const struct vouch_krl_set *set, uint64_t serial);
int vouch_krl_set_has_text(const struct vouch_krl_set *set, struct vouch_bytes text);

void vouch_krl_set_done(struct vouch_krl_set *set);

// The place of a CA among the list's, or where it would go; nonzero if it is there.
int vouch_krl_ca_find(const struct vouch_krl *krl, struct vouch_bytes blob, size_t *ret_place);

// Makes the CA's entry, made if there is none yet, krl->last_ca.
VOUCH_MUST_USE int vouch_krl_ca_choose(struct vouch_krl *krl, struct vouch_bytes blob);

// Turns the list into its owned form; and that with every set settled.
VOUCH_MUST_USE int vouch_krl_own(struct vouch_krl *krl);
VOUCH_MUST_USE int vouch_krl_settle(struct vouch_krl *krl);

// Appends the pieces that name the serials of a settled set, in the fewest bytes.
VOUCH_MUST_USE int vouch_krl_pack(const struct vouch_krl_set *serials, struct vouch_buf *out);
