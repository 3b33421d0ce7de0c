// SPDX-License-Identifier: ISC
// Words of values: where they begin, and the dictionary of them.
#include "store/words.h"

#include "base/str.h"
#include "vouch/wire.h"

static int is_letter(uint8_t c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static uint8_t lower(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static struct vouch_bytes looked_at(struct vouch_bytes value) {
    return (struct vouch_bytes){
        value.ptr, value.len < VOUCH_WORDS_VALUE_MAX ? value.len : VOUCH_WORDS_VALUE_MAX};
}

// The next place from `at` on where a word begins; the value's length if there is none.
static size_t next_start(struct vouch_bytes value, size_t at) {
    while (at > 0 && at < value.len &&
           (!is_letter(value.ptr[at]) || is_letter(value.ptr[at - 1]))) {
        at++;
    }
    return at;
}

int vouch_words_split(struct vouch_bytes text, struct vouch_words *ret_words) {
    struct vouch_words words = {0};
    while (text.len > 0) {
        struct vouch_bytes word = vouch_str_cut(&text, ' ');
        if (word.len == 0) {
            continue;
        }
        if (word.len > VOUCH_STORE_WORD_LEN_MAX || words.count == VOUCH_STORE_WORDS_MAX) {
            return VOUCH_ERR_LIMIT;
        }
        words.rows[words.count++] = word;
    }
    *ret_words = words;
    return VOUCH_OK;
}

static int begins_at(struct vouch_bytes word, struct vouch_bytes value, size_t at) {
    size_t i = 0;
    while (i < word.len && at + i < value.len && lower(word.ptr[i]) == lower(value.ptr[at + i])) {
        i++;
    }
    return i == word.len;
}

int vouch_word_begins(struct vouch_bytes word, struct vouch_bytes value) {
    struct vouch_bytes within = looked_at(value);
    size_t at = 0;
    for (size_t i = 0; i < VOUCH_WORDS_STARTS_MAX && at < within.len; i++) {
        if (begins_at(word, value, at)) {
            return 1;
        }
        at = next_start(within, at + 1);
    }
    return 0;
}

int vouch_words_detail(struct vouch_bytes *details, struct vouch_bytes *ret_value) {
    struct vouch_reader reader;
    if (details->len == 0) {
        return 0;
    }
    vouch_reader_init(&reader, *details);
    (void)vouch_read_string(&reader, "name");
    struct vouch_bytes value = vouch_read_string(&reader, "value");
    if (reader.err != VOUCH_OK) {
        *ret_value = *details;
        *details = (struct vouch_bytes){0};
        return 1;
    }
    *ret_value = value;
    *details = (struct vouch_bytes){reader.pos, vouch_reader_left(&reader)};
    return 1;
}

struct vouch_bytes vouch_words_request(struct vouch_bytes request) {
    static const char mark[] = " once=";
    const uint8_t *end =
        request.len > 0 ? memmem(request.ptr, request.len, mark, sizeof mark - 1) : NULL;
    return end != NULL ? (struct vouch_bytes){request.ptr, (size_t)(end - request.ptr)} : request;
}

// Begins with the whole value: one that is there has its other words there as well.
int vouch_words_add(struct vouch_store *store, int64_t term, struct vouch_bytes value,
                    struct vouch_fault *fault) {
    struct vouch_bytes within = looked_at(value);
    uint64_t changed = 1;
    size_t at = 0;
    int err = VOUCH_OK;
    for (size_t i = 0; i < VOUCH_WORDS_STARTS_MAX && at < within.len && changed; i++) {
        uint8_t kept[VOUCH_WORD_KEPT_MAX];
        size_t len = 0;
        while (len < sizeof kept && at + len < value.len) {
            kept[len] = lower(value.ptr[at + len]);
            len++;
        }
        const struct vouch_value args[] = {vouch_value_bytes((struct vouch_bytes){kept, len}),
                                           vouch_value_integer(term)};
        err = store->driver->run(store->db, VOUCH_SQL_WORD_ADD, args, i == 0 ? &changed : NULL,
                                 fault);
        if (err != VOUCH_OK) {
            return err;
        }
        at = next_start(within, at + 1);
    }
    return err;
}

// What the word could be when it is no beginning of anything: a request, a fingerprint, a serial.
static void look_whole(struct vouch_bytes word, struct vouch_word_lead *lead) {
    uint8_t digest[VOUCH_STORE_HASH_LEN];
    uint64_t serial = 0;
    lead->terms[lead->count++] = vouch_term(VOUCH_TERM_TEXT, word);
    if (vouch_word_fingerprint(word, digest)) {
        const struct vouch_bytes key = {digest, sizeof digest};
        lead->terms[lead->count++] = vouch_term(VOUCH_TERM_KEY, key);
    }
    if (vouch_str_to_u64(word, &serial) == VOUCH_OK) {
        lead->serial = vouch_value_integer(vouch_serial_kept(serial));
    }
}

int vouch_word_fingerprint(struct vouch_bytes word,
                           uint8_t ret_digest[static VOUCH_STORE_HASH_LEN]) {
    static const char head[] = "SHA256:";
    const size_t head_len = sizeof head - 1;
    char padded[45];
    struct vouch_buf digest;
    if (word.len != head_len + 43 || memcmp(word.ptr, head, head_len) != 0) {
        return 0;
    }
    memcpy(padded, word.ptr + head_len, 43);
    padded[43] = '=';
    padded[44] = '\0';
    vouch_buf_init_fixed(&digest, ret_digest, VOUCH_STORE_HASH_LEN);
    return vouch_str_unbase64(vouch_bytes_of(padded), &digest) == VOUCH_OK &&
           digest.len == VOUCH_STORE_HASH_LEN;
}

// The dictionary between a beginning and the first word that has it no more.
int vouch_word_look(struct vouch_store *store, struct vouch_bytes word,
                    struct vouch_word_lead *ret_lead, struct vouch_fault *fault) {
    uint8_t from[VOUCH_WORD_KEPT_MAX], until[VOUCH_WORD_KEPT_MAX];
    struct vouch_word_lead lead = {0};
    size_t len = word.len < sizeof from ? word.len : sizeof from;
    for (size_t i = 0; i < len; i++) {
        from[i] = until[i] = lower(word.ptr[i]);
    }
    until[len - 1]++; // bytes of 255 are in no text; one that ends so finds nothing here
    look_whole(word, &lead);
    const struct vouch_value args[] = {
        vouch_value_bytes((struct vouch_bytes){from, len}),
        vouch_value_bytes((struct vouch_bytes){until, len}),
        vouch_value_integer((int64_t)(VOUCH_WORD_TERMS_MAX - lead.count + 1))};
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    int found = 1;
    int err = store->driver->query(store->db, VOUCH_SQL_WORDS_FROM, args, fault);
    while (err == VOUCH_OK && found && !lead.is_wide) {
        err = store->driver->next(store->db, VOUCH_SQL_WORDS_FROM, &found, values, fault);
        if (err == VOUCH_OK && found) {
            lead.is_wide = lead.count == VOUCH_WORD_TERMS_MAX;
            if (!lead.is_wide) {
                lead.terms[lead.count++] = values[0].integer;
            }
        }
    }
    store->driver->end(store->db, VOUCH_SQL_WORDS_FROM);
    if (err == VOUCH_OK) {
        *ret_lead = lead;
    }
    return err;
}
