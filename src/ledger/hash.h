// SPDX-License-Identifier: ISC
// SHA-256 as the ledger uses it: leaves and nodes of RFC 6962, and checks of records.
//
// A hasher keeps libcrypto's state from one hash to the next, which makes short inputs three times
// as fast. Its first failure sticks: hash as much as you like and ask vouch_hasher_error() before the
// results are used. One hasher belongs to one thread.
#pragma once

#include "vouch/buf.h"

#define VOUCH_TREE_HASH_LEN 32

struct vouch_tree_hash {
    uint8_t bytes[VOUCH_TREE_HASH_LEN];
};

struct vouch_hasher;

// NULL when memory is short or libcrypto has no SHA-256.
struct vouch_hasher *vouch_hasher_new(void);

// Frees; takes NULL.
void vouch_hasher_free(struct vouch_hasher *hasher);

// 0, or VOUCH_ERR_CRYPTO if any hash since vouch_hasher_new() failed.
VOUCH_MUST_USE int vouch_hasher_error(const struct vouch_hasher *hasher);

// SHA-256(data).
void vouch_hasher_plain(struct vouch_hasher *hasher, struct vouch_bytes data,
                        struct vouch_tree_hash *ret_hash);

// SHA-256(0x00 || entry), a leaf of RFC 6962 section 2.1.
void vouch_hasher_leaf(struct vouch_hasher *hasher, struct vouch_bytes entry,
                       struct vouch_tree_hash *ret_hash);

// SHA-256(0x01 || left || right), a node of RFC 6962 section 2.1. *ret_hash may be one of the two.
void vouch_hasher_node(struct vouch_hasher *hasher, const struct vouch_tree_hash *left,
                       const struct vouch_tree_hash *right, struct vouch_tree_hash *ret_hash);
