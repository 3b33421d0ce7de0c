// SPDX-License-Identifier: ISC
// Making terms from the rows and writing them, sorted, so that those of one page come together.
#include "store/terms.h"

#include <stdlib.h>

#include "base/mem.h"
#include "vouch/wire.h"

#define OF_EACH 3 // and for a certificate one for each principal

struct term {
    int64_t segment;
    int64_t term;
    int64_t number;
};

struct terms {
    struct term *rows;
    size_t count;
    size_t room;
};

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

static int add_principals(struct terms *terms, int64_t number, struct vouch_bytes list) {
    struct vouch_reader reader;
    int err = VOUCH_OK;
    vouch_reader_init(&reader, list);
    while (err == VOUCH_OK && vouch_reader_left(&reader) > 0) {
        struct vouch_bytes principal = vouch_read_string(&reader, "principal");
        err = add(terms, number, vouch_term(VOUCH_TERM_PRINCIPAL, principal));
    }
    return err != VOUCH_OK ? err : vouch_reader_end(&reader, NULL);
}

static int add_row(struct terms *terms, enum vouch_statement statement,
                   const struct vouch_value *values) {
    static const enum vouch_term_kind kinds[2][OF_EACH] = {
        {VOUCH_TERM_KEY, VOUCH_TERM_OBJECT, VOUCH_TERM_ACTOR},
        {VOUCH_TERM_TYPE, VOUCH_TERM_ACTOR, VOUCH_TERM_OBJECT},
    };
    int is_cert = statement == VOUCH_SQL_TERMS_OF_CERTS;
    struct vouch_row row;
    vouch_row_init(&row, statement, values);
    int64_t number = vouch_row_integer(&row);
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < OF_EACH; i++) {
        struct vouch_bytes value = vouch_row_bytes(&row);
        err = add(terms, number, vouch_term(kinds[!is_cert][i], value));
    }
    if (err == VOUCH_OK && is_cert) {
        err = add_principals(terms, number, vouch_row_bytes(&row));
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

int vouch_terms_write(struct vouch_store *store, struct vouch_fault *fault) {
    struct terms terms = {0};
    int64_t position = 0;
    int64_t termed = 0;
    int err = vouch_store_places(store, &position, &termed, fault);
    if (err != VOUCH_OK || position - termed < VOUCH_TERMS_BEHIND_MAX) {
        return err;
    }
    err = collect(store, VOUCH_SQL_TERMS_OF_CERTS, termed, position, &terms, fault);
    if (err == VOUCH_OK) {
        err = collect(store, VOUCH_SQL_TERMS_OF_EVENTS, termed, position, &terms, fault);
    }
    if (err == VOUCH_OK) {
        err = write_sorted(store, &terms, fault);
    }
    free(terms.rows);
    const struct vouch_value arg = vouch_value_integer(position);
    return err == VOUCH_OK ? store->driver->run(store->db, VOUCH_SQL_META_TERMED, &arg, NULL, fault)
                           : err;
}
