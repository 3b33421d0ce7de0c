// SPDX-License-Identifier: ISC
// What a CA key has signed that still counts. What revokes its certificates is read once and sorted, and
// each certificate is held against that; where there is more of it than is kept in memory, the database is
// asked for each.
#include "store/coverage.h"

#include "store/handle.h"

#define MARKS_MAX (UINT64_C(1) << 18)
#define MARKS_FIRST 64

// One revocation that can hit a certificate of the key.
struct mark {
    int64_t kind;
    struct vouch_bytes value;
};

// Sorted by kind and value.
struct marks {
    struct vouch_arena arena;
    struct mark *rows;
    size_t count, room;
    int is_cut; // there are more
};

struct signed_cert {
    uint64_t serial;
    struct vouch_bytes key_id, key;
    uint64_t end_s;
    int64_t ca; // its number
};

static int compare(const struct mark *a, const struct mark *b) {
    return a->kind != b->kind ? (a->kind < b->kind ? -1 : 1)
                              : vouch_bytes_compare(a->value, b->value);
}

static int has_mark(const struct marks *marks, int64_t kind, struct vouch_bytes value) {
    const struct mark wanted = {kind, value};
    size_t from = 0, until = marks->count;
    while (from < until) {
        size_t middle = from + (until - from) / 2;
        int order = compare(&wanted, &marks->rows[middle]);
        if (order == 0) {
            return 1;
        }
        if (order < 0) {
            until = middle;
        } else {
            from = middle + 1;
        }
    }
    return 0;
}

// --- what revokes

static int make_room(struct marks *marks) {
    if (marks->count < marks->room) {
        return VOUCH_OK;
    }
    size_t room = marks->room == 0 ? MARKS_FIRST : marks->room * 2;
    struct mark *rows = vouch_arena_alloc(&marks->arena, room * sizeof *rows);
    if (rows == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    if (marks->count > 0) {
        memcpy(rows, marks->rows, marks->count * sizeof *rows);
    }
    marks->rows = rows;
    marks->room = room;
    return VOUCH_OK;
}

static int add_mark(const struct vouch_store *store, const struct vouch_value *values,
                    struct marks *marks, struct vouch_fault *fault) {
    struct vouch_row row;
    struct mark mark;
    vouch_row_init(&row, VOUCH_SQL_REVOCATION_MARKS, values);
    mark.kind = vouch_row_integer(&row);
    mark.value = vouch_row_bytes(&row);
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "revocations: a row", fault);
    }
    if (marks->count == MARKS_MAX) {
        marks->is_cut = 1;
        return VOUCH_OK;
    }
    if (make_room(marks) != VOUCH_OK ||
        vouch_arena_copy(&marks->arena, mark.value, &mark.value) != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    marks->rows[marks->count++] = mark;
    return VOUCH_OK;
}

static int read_marks(struct vouch_store *store, const uint8_t *ca, int64_t now_s,
                      struct marks *marks, struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_bytes((struct vouch_bytes){ca, VOUCH_STORE_HASH_LEN}),
        vouch_value_integer(now_s), vouch_value_integer((int64_t)MARKS_MAX + 1)};
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    int is_row = 1;
    int err = store->driver->query(store->db, VOUCH_SQL_REVOCATION_MARKS, args, fault);
    while (err == VOUCH_OK && is_row) {
        err = store->driver->next(store->db, VOUCH_SQL_REVOCATION_MARKS, &is_row, values, fault);
        if (err == VOUCH_OK && is_row) {
            err = add_mark(store, values, marks, fault);
        }
    }
    store->driver->end(store->db, VOUCH_SQL_REVOCATION_MARKS);
    return err;
}

// --- what is signed

static int read_signed(const struct vouch_store *store, const struct vouch_value *values,
                       struct signed_cert *ret_cert, struct vouch_fault *fault) {
    struct vouch_row row;
    struct signed_cert cert;
    vouch_row_init(&row, VOUCH_SQL_CERTS_UNEXPIRED, values);
    cert.serial = vouch_serial_read(vouch_row_integer(&row));
    cert.key_id = vouch_row_bytes(&row);
    cert.key = vouch_row_bytes(&row);
    cert.end_s = vouch_row_u64(&row);
    cert.ca = vouch_row_integer(&row);
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "certs: a row", fault);
    }
    *ret_cert = cert;
    return VOUCH_OK;
}

static int ask_revoked(struct vouch_store *store, const uint8_t *ca, const struct signed_cert *cert,
                       struct vouch_bytes serial, int *ret_is, struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_bytes(serial),
        vouch_value_bytes(cert->key_id),
        vouch_value_bytes(cert->key),
        vouch_value_bytes((struct vouch_bytes){ca, VOUCH_STORE_HASH_LEN}),
        vouch_value_integer(cert->ca),
    };
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    int err = vouch_store_first(store, VOUCH_SQL_REVOCATION_OF, args, ret_is, values, fault);
    store->driver->end(store->db, VOUCH_SQL_REVOCATION_OF);
    return err;
}

static int is_revoked(struct vouch_store *store, const uint8_t *ca, const struct marks *marks,
                      const struct signed_cert *cert, int *ret_is, struct vouch_fault *fault) {
    uint8_t bytes[sizeof(uint64_t)];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(cert->serial >> (56 - 8 * i));
    }
    const struct vouch_bytes serial = {bytes, sizeof bytes};
    *ret_is = has_mark(marks, VOUCH_STORE_REVOKE_SERIAL, serial) ||
              has_mark(marks, VOUCH_STORE_REVOKE_KEY_ID, cert->key_id) ||
              has_mark(marks, VOUCH_STORE_REVOKE_KEY, cert->key);
    return *ret_is || !marks->is_cut ? VOUCH_OK
                                     : ask_revoked(store, ca, cert, serial, ret_is, fault);
}

static int add_live(struct vouch_store *store, const uint8_t *ca, const struct marks *marks,
                    const struct vouch_value *values, struct vouch_store_ca_use *use,
                    struct vouch_fault *fault) {
    struct signed_cert cert;
    int is_hit = 0;
    int err = read_signed(store, values, &cert, fault);
    if (err == VOUCH_OK) {
        err = is_revoked(store, ca, marks, &cert, &is_hit, fault);
    }
    if (err == VOUCH_OK && !is_hit) {
        use->live++;
        use->live_end_s = cert.end_s > use->live_end_s ? cert.end_s : use->live_end_s;
    }
    return err;
}

static int count_live(struct vouch_store *store, const uint8_t *ca, const struct marks *marks,
                      const struct vouch_value *args, struct vouch_store_ca_use *use,
                      struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    int is_row = 1;
    int err = store->driver->query(store->db, VOUCH_SQL_CERTS_UNEXPIRED, args, fault);
    while (err == VOUCH_OK && is_row) {
        err = store->driver->next(store->db, VOUCH_SQL_CERTS_UNEXPIRED, &is_row, values, fault);
        if (err == VOUCH_OK && is_row) {
            err = add_live(store, ca, marks, values, use, fault);
        }
    }
    store->driver->end(store->db, VOUCH_SQL_CERTS_UNEXPIRED);
    return err;
}

int vouch_store_ca_use(struct vouch_store *store, const uint8_t ca[static VOUCH_STORE_HASH_LEN],
                       uint64_t now_s, struct vouch_store_ca_use *ret_use,
                       struct vouch_fault *fault) {
    const struct vouch_bytes hash = {ca, VOUCH_STORE_HASH_LEN};
    const struct vouch_value args[] = {
        vouch_value_bytes(hash),
        vouch_value_integer(now_s > INT64_MAX ? INT64_MAX : (int64_t)now_s)};
    struct vouch_store_ca_use use = {0};
    struct marks marks = {0};
    int64_t count = 0;
    int is_row = 0;
    int err = vouch_store_ask(store, VOUCH_SQL_CERTS_SIGNED, args, &is_row, &count, fault);
    use.signed_count = err == VOUCH_OK && is_row ? (uint64_t)count : 0;
    if (err == VOUCH_OK && count > 0) {
        err = read_marks(store, ca, args[1].integer, &marks, fault);
    }
    // Of a key that is revoked itself, nothing counts.
    if (err == VOUCH_OK && count > 0 && !has_mark(&marks, VOUCH_STORE_REVOKE_CA, hash)) {
        err = count_live(store, ca, &marks, args, &use, fault);
    }
    vouch_arena_done(&marks.arena);
    if (err == VOUCH_OK) {
        *ret_use = use;
    }
    return err;
}
