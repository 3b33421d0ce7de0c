// SPDX-License-Identifier: ISC
// Words: finding records by the beginnings of what stands in them. Private to src/store.
//
// A dictionary (table words) leads from the beginning of a word to the terms (terms.h) of the values that it
// stands in. A word of a value begins with it, and after each character that is neither letter nor digit, and
// goes to the value's end: "bob@db1.example.com" has "bob@db1.example.com", "db1.example.com" and so on. Small
// and large letters of ASCII are the same. Serials, fingerprints and requests are found whole: there are as
// many of them as certificates.
#pragma once

#include "store/audit.h"
#include "store/terms.h"

#define VOUCH_WORDS_VALUE_MAX 1024 // bytes of a value that are looked at
#define VOUCH_WORDS_STARTS_MAX 64  // words of a value
#define VOUCH_WORD_KEPT_MAX 48     // bytes of a word in the dictionary
#define VOUCH_WORD_TERMS_MAX 18    // terms that one word may stand for, to be searched by them

struct vouch_words {
    struct vouch_bytes rows[VOUCH_STORE_WORDS_MAX]; // borrowed
    size_t count;
};

// Splits at blanks. VOUCH_ERR_LIMIT for more words, or longer ones, than store/audit.h takes.
VOUCH_MUST_USE int vouch_words_split(struct vouch_bytes text, struct vouch_words *ret_words);

// Nonzero if a word of the value begins with `word`, which is not empty.
int vouch_word_begins(struct vouch_bytes word, struct vouch_bytes value);

// The value of the next pair of an event's details, and steps behind it; 0 at the end. Details that are no
// pairs are one value.
int vouch_words_detail(struct vouch_bytes *details, struct vouch_bytes *ret_value);

// What a certificate's request is found by, word by word and each whole: its ID, and its session. What makes
// asking twice harmless comes behind it, and is in the ledger.
struct vouch_bytes vouch_words_request(struct vouch_bytes request);

// Nonzero for "SHA256:" and 43 characters of base64, which it turns into 32 bytes.
int vouch_word_fingerprint(struct vouch_bytes word,
                           uint8_t ret_digest[static VOUCH_STORE_HASH_LEN]);

// What one word leads to.
struct vouch_word_lead {
    int64_t terms[VOUCH_WORD_TERMS_MAX];
    size_t count; // 0: no value that is in the dictionary has it
    int is_wide;  // it stands for more values than there is room for
    struct vouch_value
        serial; // of a certificate, as it is kept, if the word could be one; else NULL
};
VOUCH_MUST_USE int vouch_word_look(struct vouch_store *store, struct vouch_bytes word,
                                   struct vouch_word_lead *ret_lead, struct vouch_fault *fault);

// Within the transaction of a batch: puts the words of a value into the dictionary, unless it is there.
VOUCH_MUST_USE int vouch_words_add(struct vouch_store *store, int64_t term,
                                   struct vouch_bytes value, struct vouch_fault *fault);
