// SPDX-License-Identifier: ISC
// Reading CBOR: every item begins with a head, which is a kind and a number.
#include "identity/cbor.h"

enum kind {
    KIND_UNSIGNED = 0,
    KIND_NEGATIVE,
    KIND_BYTES,
    KIND_TEXT,
    KIND_ARRAY,
    KIND_MAP,
    KIND_TAG,
    KIND_SIMPLE,
};

struct head {
    enum kind kind;
    uint64_t number;
};

static void fail(struct vouch_cbor *cbor) {
    cbor->err = VOUCH_ERR_FORMAT;
    cbor->rest = (struct vouch_bytes){0};
}

static struct vouch_bytes take(struct vouch_cbor *cbor, uint64_t len) {
    if (len > cbor->rest.len) {
        fail(cbor);
        return (struct vouch_bytes){0};
    }
    struct vouch_bytes taken = {cbor->rest.ptr, (size_t)len};
    if (len > 0) {
        cbor->rest.ptr += len;
        cbor->rest.len -= (size_t)len;
    }
    return taken;
}

// The number behind a first byte: in its low bits, or in 1, 2, 4 or 8 bytes, where fewer would not do.
static uint64_t read_number(struct vouch_cbor *cbor, unsigned low) {
    static const uint64_t least[] = {24, UINT8_MAX + 1, UINT16_MAX + 1, UINT64_C(1) << 32};
    uint64_t number = 0;
    if (low < 24) {
        return low;
    }
    if (low > 27) {
        fail(cbor);
        return 0;
    }
    struct vouch_bytes digits = take(cbor, UINT64_C(1) << (low - 24));
    for (size_t i = 0; i < digits.len; i++) {
        number = number << 8 | digits.ptr[i];
    }
    if (number < least[low - 24]) {
        fail(cbor);
    }
    return cbor->err == VOUCH_OK ? number : 0;
}

static struct head read_head(struct vouch_cbor *cbor) {
    struct vouch_bytes first = take(cbor, 1);
    if (first.len == 0) {
        fail(cbor);
        return (struct head){KIND_SIMPLE, 0};
    }
    return (struct head){(enum kind)(first.ptr[0] >> 5), read_number(cbor, first.ptr[0] & 31)};
}

// A head of that kind, or an error.
static uint64_t expect(struct vouch_cbor *cbor, enum kind kind) {
    struct head head = read_head(cbor);
    if (head.kind != kind) {
        fail(cbor);
    }
    return cbor->err == VOUCH_OK ? head.number : 0;
}

size_t vouch_cbor_map(struct vouch_cbor *cbor) {
    uint64_t pairs = expect(cbor, KIND_MAP);
    if (pairs > cbor->rest.len / 2) { // each has two bytes at least
        fail(cbor);
    }
    return cbor->err == VOUCH_OK ? (size_t)pairs : 0;
}

int64_t vouch_cbor_integer(struct vouch_cbor *cbor) {
    struct head head = read_head(cbor);
    if ((head.kind != KIND_UNSIGNED && head.kind != KIND_NEGATIVE) || head.number > INT64_MAX) {
        fail(cbor);
    }
    if (cbor->err != VOUCH_OK) {
        return 0;
    }
    return head.kind == KIND_UNSIGNED ? (int64_t)head.number : -1 - (int64_t)head.number;
}

struct vouch_bytes vouch_cbor_bytes(struct vouch_cbor *cbor) {
    return take(cbor, expect(cbor, KIND_BYTES));
}

struct vouch_bytes vouch_cbor_text(struct vouch_cbor *cbor) {
    return take(cbor, expect(cbor, KIND_TEXT));
}

// How many items are in one that begins with this head.
static uint64_t count_inside(struct vouch_cbor *cbor, const struct head *head) {
    switch (head->kind) {
    case KIND_ARRAY:
        return head->number;
    case KIND_MAP:
        if (head->number > cbor->rest.len) {
            fail(cbor);
            return 0;
        }
        return 2 * head->number;
    case KIND_BYTES:
    case KIND_TEXT:
        (void)take(cbor, head->number);
        return 0;
    case KIND_SIMPLE:
        if (head->number < 20 || head->number > 22) { // false, true, null
            fail(cbor);
        }
        return 0;
    case KIND_TAG:
        fail(cbor);
        return 0;
    case KIND_UNSIGNED:
    case KIND_NEGATIVE:
        break;
    }
    return 0;
}

struct vouch_bytes vouch_cbor_skip(struct vouch_cbor *cbor) {
    const struct vouch_bytes from = cbor->rest;
    uint64_t left[VOUCH_CBOR_DEPTH_MAX + 1] = {1}; // items to come on each level
    size_t depth = 0;
    while (cbor->err == VOUCH_OK && (depth > 0 || left[0] > 0)) {
        if (left[depth] == 0) {
            depth--;
            continue;
        }
        left[depth]--;
        struct head head = read_head(cbor);
        uint64_t inside = count_inside(cbor, &head);
        if (inside > cbor->rest.len || (inside > 0 && depth == VOUCH_CBOR_DEPTH_MAX)) {
            fail(cbor);
        } else if (inside > 0) {
            left[++depth] = inside;
        }
    }
    return cbor->err == VOUCH_OK ? (struct vouch_bytes){from.ptr, from.len - cbor->rest.len}
                                 : (struct vouch_bytes){0};
}

int vouch_cbor_end(const struct vouch_cbor *cbor) {
    if (cbor->err != VOUCH_OK) {
        return cbor->err;
    }
    return cbor->rest.len == 0 ? VOUCH_OK : VOUCH_ERR_TRAILING;
}
