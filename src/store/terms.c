// SPDX-License-Identifier: ISC
// Making terms from the rows and writing them, sorted, so that those of one page come together.
#include "store/words.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "vouch/wire.h"

struct term {
    int64_t segment;
    int64_t term;
    int64_t number;
};

// A value whose words go into the dictionary.
struct value {
    int64_t term;
    size_t at; // in `texts`
    size_t len;
};

struct terms {
    struct term *rows;
    size_t count;
    size_t room;
    struct value *values;
    size_t value_count;
    size_t value_room;
    struct vouch_buf texts;
};

#define TEXTS_MAX (256u * 1024 * 1024) // of a segment

static uint64_t mix(uint64_t value) {
    value = (value ^ (value >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    value = (value ^ (value >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return value ^ (value >> 33);
}

int64_t vouch_term(enum vouch_term_kind kind, struct vouch_bytes value) {
    uint64_t hash = mix((uint64_t)kind + UINT64_C(0x9e3779b97f4a7c15) * value.len);
    for (size_t at = 0; at < value.len; at += sizeof hash) {
        uint64_t word = 0;
        for (size_t i = at; i < value.len && i < at + sizeof hash; i++) {
            word = word << 8 | value.ptr[i];
        }
        hash = mix(hash ^ word) + word;
    }
    return (int64_t)hash;
}

static int add(struct terms *terms, int64_t number, int64_t term) {
    if (terms->count == terms->room) {
        size_t room = terms->room == 0 ? 4096 : terms->room * 2;
        struct term *rows = reallocarray(terms->rows, room, sizeof *rows);
        if (rows == NULL) {
            return VOUCH_ERR_NO_MEMORY;
        }
        terms->rows = rows;
        terms->room = room;
    }
    terms->rows[terms->count++] = (struct term){
        .segment = number >> VOUCH_TERMS_SEGMENT_BITS, .term = term, .number = number};
    return VOUCH_OK;
}

static int keep_value(struct terms *terms, int64_t term, struct vouch_bytes value) {
    if (terms->value_count == terms->value_room) {
        size_t room = terms->value_room == 0 ? 4096 : terms->value_room * 2;
        struct value *values = reallocarray(terms->values, room, sizeof *values);
        if (values == NULL) {
            return VOUCH_ERR_NO_MEMORY;
        }
        terms->values = values;
        terms->value_room = room;
    }
    size_t len = value.len < VOUCH_WORDS_VALUE_MAX ? value.len : VOUCH_WORDS_VALUE_MAX;
    terms->values[terms->value_count++] = (struct value){term, terms->texts.len, len};
    vouch_buf_put(&terms->texts, (struct vouch_bytes){value.ptr, len});
    return terms->texts.err;
}

// A value with its term, and for the dictionary.
static int add_value(struct terms *terms, int64_t number, enum vouch_term_kind kind,
                     struct vouch_bytes value) {
    int64_t term = vouch_term(kind, value);
    int err = add(terms, number, term);
    return err == VOUCH_OK && value.len > 0 ? keep_value(terms, term, value) : err;
}

static int add_principals(struct terms *terms, int64_t number, struct vouch_bytes list) {
    struct vouch_reader reader;
    int err = VOUCH_OK;
    vouch_reader_init(&reader, list);
    while (err == VOUCH_OK && vouch_reader_left(&reader) > 0) {
        struct vouch_bytes principal = vouch_read_string(&reader, "principal");
        err = add_value(terms, number, VOUCH_TERM_PRINCIPAL, principal);
    }
    return err != VOUCH_OK ? err : vouch_reader_end(&reader, NULL);
}

static int add_details(struct terms *terms, int64_t number, struct vouch_bytes details) {
    struct vouch_bytes value;
    int err = VOUCH_OK;
    while (err == VOUCH_OK && vouch_words_detail(&details, &value)) {
        err = value.len > 0 ? add_value(terms, number, VOUCH_TERM_TEXT, value) : VOUCH_OK;
    }
    return err;
}

// How a column is found: by its kind of term; and by its words as well, or only whole; or as a request is.
struct column {
    enum vouch_term_kind kind;
    enum { WHOLE = 0, WORDS, REQUEST } by;
    int may_be_empty; // then it has no term
};

static const struct column cert_columns[] = {
    {VOUCH_TERM_KEY, WHOLE, 0},  {VOUCH_TERM_OBJECT, WORDS, 0}, {VOUCH_TERM_ACTOR, WORDS, 0},
    {VOUCH_TERM_TEXT, WORDS, 1}, {VOUCH_TERM_TEXT, WORDS, 1},   {VOUCH_TERM_TEXT, REQUEST, 1},
};
static const struct column event_columns[] = {
    {VOUCH_TERM_TYPE, WORDS, 0},
    {VOUCH_TERM_ACTOR, WORDS, 0},
    {VOUCH_TERM_OBJECT, WORDS, 0},
};

static int add_request(struct terms *terms, int64_t number, struct vouch_bytes request) {
    struct vouch_bytes rest = vouch_words_request(request);
    int err = VOUCH_OK;
    while (err == VOUCH_OK && rest.len > 0) {
        err = add(terms, number, vouch_term(VOUCH_TERM_TEXT, vouch_str_cut(&rest, ' ')));
    }
    return err;
}

static int add_column(struct terms *terms, int64_t number, const struct column *column,
                      struct vouch_bytes value) {
    switch (column->by) {
    case WORDS:
        return add_value(terms, number, column->kind, value);
    case REQUEST:
        return add_request(terms, number, value);
    case WHOLE:
        break;
    }
    return add(terms, number, vouch_term(column->kind, value));
}

static int add_row(struct terms *terms, enum vouch_statement statement,
                   const struct vouch_value *values) {
    int is_cert = statement == VOUCH_SQL_TERMS_OF_CERTS;
    const struct column *columns = is_cert ? cert_columns : event_columns;
    size_t count = is_cert ? sizeof cert_columns / sizeof cert_columns[0]
                           : sizeof event_columns / sizeof event_columns[0];
    struct vouch_row row;
    vouch_row_init(&row, statement, values);
    int64_t number = vouch_row_integer(&row);
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < count; i++) {
        struct vouch_bytes value = vouch_row_bytes(&row);
        if (value.len == 0 && columns[i].may_be_empty) {
            continue;
        }
        err = add_column(terms, number, &columns[i], value);
    }
    struct vouch_bytes list = vouch_row_bytes(&row);
    if (err == VOUCH_OK) {
        err = is_cert ? add_principals(terms, number, list) : add_details(terms, number, list);
    }
    return err == VOUCH_OK ? row.err : err;
}

static int collect(struct vouch_store *store, enum vouch_statement statement, int64_t first,
                   int64_t before, struct terms *terms, struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer(first), vouch_value_integer(before)};
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    int found = 1;
    int err = store->driver->query(store->db, statement, args, fault);
    while (err == VOUCH_OK && found) {
        err = store->driver->next(store->db, statement, &found, values, fault);
        int made = err == VOUCH_OK && found ? add_row(terms, statement, values) : VOUCH_OK;
        if (made != VOUCH_OK) {
            err = made == VOUCH_ERR_NO_MEMORY ? vouch_store_no_memory(store, fault)
                                              : vouch_store_row_bad(store, "a row", fault);
        }
    }
    store->driver->end(store->db, statement);
    return err;
}

static int compare(const void *left, const void *right) {
    const struct term *a = left;
    const struct term *b = right;
    if (a->segment != b->segment) {
        return a->segment < b->segment ? -1 : 1;
    }
    if (a->term != b->term) {
        return a->term < b->term ? -1 : 1;
    }
    return a->number < b->number ? -1 : a->number > b->number;
}

static int write_sorted(struct vouch_store *store, struct terms *terms, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    if (terms->count > 0) {
        qsort(terms->rows, terms->count, sizeof terms->rows[0], compare);
    }
    for (size_t i = 0; err == VOUCH_OK && i < terms->count; i++) {
        const struct vouch_value args[] = {vouch_value_integer(terms->rows[i].segment),
                                           vouch_value_integer(terms->rows[i].term),
                                           vouch_value_integer(terms->rows[i].number)};
        err = store->driver->run(store->db, VOUCH_SQL_TERM_ADD, args, NULL, fault);
    }
    return err;
}

static int compare_values(const void *left, const void *right) {
    const struct value *a = left;
    const struct value *b = right;
    return a->term < b->term ? -1 : a->term > b->term;
}

static int write_words(struct vouch_store *store, struct terms *terms, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    if (terms->value_count > 0) {
        qsort(terms->values, terms->value_count, sizeof terms->values[0], compare_values);
    }
    for (size_t i = 0; err == VOUCH_OK && i < terms->value_count; i++) {
        const struct value *value = &terms->values[i];
        if (i == 0 || value->term != terms->values[i - 1].term) {
            const struct vouch_bytes text = {terms->texts.ptr + value->at, value->len};
            err = vouch_words_add(store, value->term, text, fault);
        }
    }
    return err;
}

static int write_between(struct vouch_store *store, int64_t first, int64_t before,
                         struct vouch_fault *fault) {
    struct terms terms = {0};
    vouch_buf_init(&terms.texts, TEXTS_MAX);
    int err = collect(store, VOUCH_SQL_TERMS_OF_CERTS, first, before, &terms, fault);
    if (err == VOUCH_OK) {
        err = collect(store, VOUCH_SQL_TERMS_OF_EVENTS, first, before, &terms, fault);
    }
    if (err == VOUCH_OK) {
        err = write_sorted(store, &terms, fault);
    }
    if (err == VOUCH_OK) {
        err = write_words(store, &terms, fault);
    }
    free(terms.rows);
    free(terms.values);
    vouch_buf_done(&terms.texts);
    const struct vouch_value arg = vouch_value_integer(before);
    return err == VOUCH_OK ? store->driver->run(store->db, VOUCH_SQL_META_TERMED, &arg, NULL, fault)
                           : err;
}

int vouch_terms_write(struct vouch_store *store, struct vouch_fault *fault) {
    int64_t position = 0;
    int64_t termed = 0;
    int err = vouch_store_places(store, &position, &termed, fault);
    if (err != VOUCH_OK || position - termed < VOUCH_TERMS_BEHIND_MAX) {
        return err;
    }
    int64_t most = termed + (INT64_C(1) << VOUCH_TERMS_SEGMENT_BITS);
    return write_between(store, termed, position < most ? position : most, fault);
}
