// SPDX-License-Identifier: ISC
// Key revocation lists: making one and adding to it.
#include "core/krl.h"

#include <stdlib.h>

#include "base/mem.h"

#define BLOCK_SIZE_MIN 4096
#define BLOCK_SIZE_MAX (32 * 1024 * 1024)
#define TEXT_HEAD 4 // the length before a text

struct vouch_krl *vouch_krl_new(void) {
    struct vouch_krl *krl = calloc(1, sizeof *krl);
    if (krl != NULL) {
        krl->keys.kind = krl->sha1s.kind = krl->sha256s.kind = VOUCH_KRL_TEXTS;
    }
    return krl;
}

static void free_ca(struct vouch_krl_ca *ca) {
    vouch_krl_set_done(&ca->serials);
    vouch_krl_set_done(&ca->ids);
    free(ca);
}

void vouch_krl_free(struct vouch_krl *krl) {
    if (krl == NULL) {
        return;
    }
    for (size_t i = 0; i < krl->ca_count; i++) {
        free_ca(krl->cas[i]);
    }
    while (krl->blocks != NULL) {
        struct vouch_krl_block *block = krl->blocks;
        krl->blocks = block->next;
        free(block);
    }
    vouch_krl_set_done(&krl->keys);
    vouch_krl_set_done(&krl->sha1s);
    vouch_krl_set_done(&krl->sha256s);
    free(krl->cas);
    free(krl->parts);
    free(krl);
}

int vouch_krl_is(struct vouch_bytes blob) {
    static const uint8_t magic[VOUCH_KRL_MAGIC_LEN] = {'S', 'S', 'H', 'K', 'R', 'L', '\n', 0};
    return blob.len >= sizeof magic && memcmp(blob.ptr, magic, sizeof magic) == 0;
}

void vouch_krl_set_header(struct vouch_krl *krl, uint64_t version, uint64_t generated,
                          const char *comment) {
    krl->header.version = version;
    krl->header.generated = generated;
    if (comment != NULL) {
        size_t len = strnlen(comment, VOUCH_KRL_COMMENT_MAX);
        memcpy(krl->comment, comment, len);
        krl->header.comment = (struct vouch_bytes){(const uint8_t *)krl->comment, len};
    }
}

struct vouch_krl_header vouch_krl_header(const struct vouch_krl *krl) {
    return krl->header;
}

// A new block that `len` bytes fit into, each block larger than the one before.
static int add_block(struct vouch_krl *krl, size_t len) {
    size_t size = krl->blocks != NULL ? krl->blocks->size * 2 : BLOCK_SIZE_MIN;
    size = size > BLOCK_SIZE_MAX ? BLOCK_SIZE_MAX : size;
    size = size < len ? len : size;
    struct vouch_krl_block *block = malloc(sizeof *block + size);
    if (block == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    vouch_mem_expect_filling(block, sizeof *block + size);
    *block = (struct vouch_krl_block){.next = krl->blocks, .size = size};
    krl->blocks = block;
    return VOUCH_OK;
}

// Sees to it that `len` bytes fit into the newest block.
static int make_room(struct vouch_krl *krl, size_t len) {
    if (len > VOUCH_KRL_MAX - krl->block_bytes) {
        return VOUCH_ERR_LIMIT;
    }
    int full = krl->blocks == NULL || krl->blocks->size - krl->blocks->used < len;
    return full ? add_block(krl, len) : VOUCH_OK;
}

uint8_t *vouch_krl_room(struct vouch_krl *krl, size_t len) {
    if (make_room(krl, len) != VOUCH_OK) {
        return NULL;
    }
    uint8_t *room = krl->blocks->bytes + krl->blocks->used;
    krl->blocks->used += len;
    krl->block_bytes += len;
    return room;
}

int vouch_krl_part_add(struct vouch_krl *krl, const struct vouch_krl_part *part) {
    if (krl->part_count == krl->part_capacity) {
        size_t capacity = krl->part_capacity == 0 ? 8 : krl->part_capacity * 2;
        if (capacity > VOUCH_KRL_SECTIONS_MAX) {
            return VOUCH_ERR_LIMIT;
        }
        struct vouch_krl_part *parts = realloc(krl->parts, capacity * sizeof *parts);
        if (parts == NULL) {
            return VOUCH_ERR_NO_MEMORY;
        }
        krl->parts = parts;
        krl->part_capacity = capacity;
    }
    krl->parts[krl->part_count++] = *part;
    return VOUCH_OK;
}

int vouch_krl_ca_find(const struct vouch_krl *krl, struct vouch_bytes blob, size_t *ret_place) {
    size_t low = 0;
    size_t high = krl->ca_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = vouch_bytes_compare(krl->cas[middle]->blob, blob);
        if (order == 0) {
            *ret_place = middle;
            return 1;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    *ret_place = low;
    return 0;
}

// A copy of `bytes` that lives as long as the list, with `head` bytes of room before it.
static uint8_t *keep(struct vouch_krl *krl, struct vouch_bytes bytes, size_t head) {
    uint8_t *room = vouch_krl_room(krl, head + bytes.len);
    if (room != NULL && bytes.len > 0) {
        memcpy(room + head, bytes.ptr, bytes.len);
    }
    return room;
}

static int grow_cas(struct vouch_krl *krl) {
    if (krl->ca_count < krl->ca_capacity) {
        return VOUCH_OK;
    }
    size_t capacity = krl->ca_capacity == 0 ? 4 : krl->ca_capacity * 2;
    if (capacity > VOUCH_KRL_SECTIONS_MAX) {
        return VOUCH_ERR_LIMIT;
    }
    struct vouch_krl_ca **cas = realloc(krl->cas, capacity * sizeof(struct vouch_krl_ca *));
    if (cas == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    krl->cas = cas;
    krl->ca_capacity = capacity;
    return VOUCH_OK;
}

static int insert_ca(struct vouch_krl *krl, struct vouch_bytes blob, size_t place) {
    int err = grow_cas(krl);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_krl_ca *ca = calloc(1, sizeof *ca);
    const uint8_t *copy = keep(krl, blob, 0);
    if (ca == NULL || copy == NULL) {
        free(ca);
        return VOUCH_ERR_NO_MEMORY;
    }
    ca->blob = (struct vouch_bytes){copy, blob.len};
    ca->ids.kind = VOUCH_KRL_TEXTS;
    memmove(krl->cas + place + 1, krl->cas + place,
            (krl->ca_count - place) * sizeof(struct vouch_krl_ca *));
    krl->cas[place] = ca;
    krl->ca_count++;
    return VOUCH_OK;
}

int vouch_krl_ca_choose(struct vouch_krl *krl, struct vouch_bytes blob) {
    if (krl->last_ca != NULL && vouch_bytes_equal(krl->last_ca->blob, blob)) {
        return VOUCH_OK;
    }
    size_t place = 0;
    if (!vouch_krl_ca_find(krl, blob, &place)) {
        int err = insert_ca(krl, blob, place);
        if (err != VOUCH_OK) {
            return err;
        }
    }
    krl->last_ca = krl->cas[place];
    return VOUCH_OK;
}

static int open_ca(struct vouch_krl *krl, const struct vouch_key *ca) {
    int err = vouch_krl_own(krl);
    if (err != VOUCH_OK) {
        return err;
    }
    return vouch_krl_ca_choose(krl, ca != NULL ? vouch_key_blob(ca) : (struct vouch_bytes){0});
}

// Adds a copy of `bytes`, as a text on the wire.
static int add_copy(struct vouch_krl *krl, struct vouch_krl_set *set, struct vouch_bytes bytes) {
    if (bytes.len > VOUCH_KRL_MAX) {
        return VOUCH_ERR_LIMIT;
    }
    uint8_t *text = keep(krl, bytes, TEXT_HEAD);
    if (text == NULL) {
        return krl->block_bytes + bytes.len + TEXT_HEAD > VOUCH_KRL_MAX ? VOUCH_ERR_LIMIT
                                                                        : VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < TEXT_HEAD; i++) {
        text[i] = (uint8_t)(bytes.len >> (24 - 8 * i));
    }
    return vouch_krl_set_add_text(set, text);
}

int vouch_krl_add_serials(struct vouch_krl *krl, const struct vouch_key *ca, uint64_t first,
                          uint64_t last) {
    if (first == 0 || last < first) {
        return VOUCH_ERR_ARGUMENT;
    }
    int err = open_ca(krl, ca);
    return err != VOUCH_OK ? err : vouch_krl_set_add_run(&krl->last_ca->serials, first, last);
}

int vouch_krl_add_serial_list(struct vouch_krl *krl, const struct vouch_key *ca,
                              const uint64_t *serials, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (serials[i] == 0) {
            return VOUCH_ERR_ARGUMENT;
        }
    }
    int err = open_ca(krl, ca);
    if (err == VOUCH_OK) {
        err = vouch_krl_set_reserve(&krl->last_ca->serials, count);
    }
    for (size_t i = 0; i < count && err == VOUCH_OK; i++) {
        err = vouch_krl_set_add_run(&krl->last_ca->serials, serials[i], serials[i]);
    }
    return err;
}

int vouch_krl_add_key_id(struct vouch_krl *krl, const struct vouch_key *ca,
                         struct vouch_bytes key_id) {
    if (key_id.len > 0 && memchr(key_id.ptr, 0, key_id.len) != NULL) {
        return VOUCH_ERR_ARGUMENT;
    }
    int err = open_ca(krl, ca);
    return err != VOUCH_OK ? err : add_copy(krl, &krl->last_ca->ids, key_id);
}

void vouch_krl_expect_key_ids(struct vouch_krl *krl, const struct vouch_key *ca, size_t count,
                              size_t bytes) {
    if (count <= VOUCH_KRL_RECORDS_MAX && bytes <= VOUCH_KRL_MAX && open_ca(krl, ca) == VOUCH_OK &&
        vouch_krl_set_reserve(&krl->last_ca->ids, count) == VOUCH_OK) {
        (void)make_room(krl, count * TEXT_HEAD + bytes);
    }
}

int vouch_krl_add_key(struct vouch_krl *krl, const struct vouch_key *key) {
    int err = vouch_krl_own(krl);
    return err != VOUCH_OK ? err : add_copy(krl, &krl->keys, vouch_key_blob(key));
}

int vouch_krl_add_hash(struct vouch_krl *krl, enum vouch_hash hash, struct vouch_bytes digest) {
    if (hash != VOUCH_HASH_SHA256 && hash != VOUCH_HASH_SHA1) {
        return VOUCH_ERR_UNSUPPORTED;
    }
    if (digest.len != (hash == VOUCH_HASH_SHA256 ? 32 : 20)) {
        return VOUCH_ERR_ARGUMENT;
    }
    int err = vouch_krl_own(krl);
    if (err != VOUCH_OK) {
        return err;
    }
    return add_copy(krl, hash == VOUCH_HASH_SHA256 ? &krl->sha256s : &krl->sha1s, digest);
}

int vouch_krl_add_cert(struct vouch_krl *krl, const struct vouch_cert *cert) {
    if (cert->serial != 0) {
        return vouch_krl_add_serials(krl, cert->ca, cert->serial, cert->serial);
    }
    return vouch_krl_add_key_id(krl, cert->ca, cert->key_id);
}
