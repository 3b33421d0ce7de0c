// SPDX-License-Identifier: ISC
// Listing certificates: the filter with the best index leads, the others are judged row by row.
#include "store/certs.h"

#include "store/coverage.h"
#include "store/walk.h"

static struct vouch_bytes hash_bytes(const uint8_t *hash) {
    return (struct vouch_bytes){hash, hash != NULL ? VOUCH_STORE_HASH_LEN : 0};
}

// A row as the statement gives it, all borrowed.
struct found {
    struct vouch_store_cert cert;
    struct vouch_bytes principals;
    int64_t ca; // its number
};

static int read_found(const struct vouch_store *store, enum vouch_statement statement,
                      const struct vouch_value *values, struct found *ret_found,
                      struct vouch_fault *fault) {
    struct vouch_row row;
    struct found found = {0};
    struct vouch_store_cert *cert = &found.cert;
    vouch_row_init(&row, statement, values);
    cert->number = vouch_row_u64(&row);
    cert->time_ms = vouch_row_u64(&row);
    cert->serial = vouch_serial_read(vouch_row_integer(&row));
    vouch_row_hash(&row, cert->ca);
    cert->type = vouch_row_integer(&row) == VOUCH_CERT_USER ? VOUCH_CERT_USER : VOUCH_CERT_HOST;
    cert->key_id = vouch_row_bytes(&row);
    vouch_row_hash(&row, cert->key);
    found.principals = vouch_row_bytes(&row);
    cert->valid_after = vouch_row_u64(&row);
    cert->valid_before = vouch_row_u64(&row);
    cert->actor = vouch_row_bytes(&row);
    cert->role = vouch_row_bytes(&row);
    cert->request = vouch_row_bytes(&row);
    cert->source = vouch_row_bytes(&row);
    cert->policy = vouch_row_bytes(&row);
    found.ca = vouch_row_integer(&row);
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "certs: a row", fault);
    }
    *ret_found = found;
    return VOUCH_OK;
}

static int names_fit(const struct found *found, const struct vouch_store_cert_filter *filter) {
    const struct vouch_store_cert *cert = &found->cert;
    return (filter->serial == NULL || *filter->serial == cert->serial) &&
           vouch_wanted(hash_bytes(filter->key), hash_bytes(cert->key)) &&
           vouch_wanted(hash_bytes(filter->ca), hash_bytes(cert->ca)) &&
           vouch_wanted(filter->key_id, cert->key_id) && vouch_wanted(filter->actor, cert->actor) &&
           (filter->principal.ptr == NULL || vouch_list_has(found->principals, filter->principal));
}

static int times_fit(const struct vouch_store_cert *cert,
                     const struct vouch_store_cert_filter *filter) {
    uint64_t at_s = filter->valid_at_s;
    return cert->time_ms >= filter->from_ms &&
           (filter->until_ms == 0 || cert->time_ms < filter->until_ms) &&
           (at_s == 0 || (cert->valid_after <= at_s && at_s < cert->valid_before));
}

static int fits(const struct found *found, const struct vouch_store_cert_filter *filter) {
    return (filter->type == VOUCH_CERT_NONE || filter->type == found->cert.type) &&
           names_fit(found, filter) && times_fit(&found->cert, filter);
}

// --- what revokes it

static int read_revoked(const struct vouch_store *store, const struct vouch_value *values,
                        struct vouch_arena *arena, struct vouch_store_revoked *ret_revoked,
                        struct vouch_fault *fault) {
    struct vouch_row row;
    struct vouch_store_revoked revoked = {0};
    vouch_row_init(&row, VOUCH_SQL_REVOCATION_OF, values);
    (void)vouch_row_integer(&row);
    int64_t kind = vouch_row_integer(&row);
    revoked.number = vouch_row_u64(&row);
    revoked.time_ms = vouch_row_u64(&row);
    struct vouch_bytes actor = vouch_row_bytes(&row);
    struct vouch_bytes reason = vouch_row_bytes(&row);
    if (row.err != VOUCH_OK || kind < VOUCH_STORE_REVOKE_SERIAL || kind > VOUCH_STORE_REVOKE_CA) {
        return vouch_store_row_bad(store, "revocations: a row", fault);
    }
    revoked.by = (enum vouch_store_revocation_kind)kind;
    if (vouch_arena_copy(arena, actor, &revoked.actor) != VOUCH_OK ||
        vouch_arena_copy(arena, reason, &revoked.reason) != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    *ret_revoked = revoked;
    return VOUCH_OK;
}

static int find_revoked(struct vouch_store *store, const struct found *found,
                        struct vouch_arena *arena, struct vouch_store_revoked *ret_revoked,
                        struct vouch_fault *fault) {
    uint8_t serial[sizeof(uint64_t)];
    for (size_t i = 0; i < sizeof serial; i++) {
        serial[i] = (uint8_t)(found->cert.serial >> (56 - 8 * i));
    }
    const struct vouch_value args[] = {
        vouch_value_bytes((struct vouch_bytes){serial, sizeof serial}),
        vouch_value_bytes(found->cert.key_id),
        vouch_value_bytes(hash_bytes(found->cert.key)),
        vouch_value_bytes(hash_bytes(found->cert.ca)),
        vouch_value_integer(found->ca),
    };
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    int is_hit = 0;
    int err = store->driver->query(store->db, VOUCH_SQL_REVOCATION_OF, args, fault);
    if (err == VOUCH_OK) {
        err = store->driver->next(store->db, VOUCH_SQL_REVOCATION_OF, &is_hit, values, fault);
    }
    if (err == VOUCH_OK && is_hit) {
        err = read_revoked(store, values, arena, ret_revoked, fault);
    }
    store->driver->end(store->db, VOUCH_SQL_REVOCATION_OF);
    return err;
}

// --- the listing

static int keep(struct vouch_store *store, const struct found *found,
                struct vouch_store_certs *certs, struct vouch_fault *fault) {
    struct vouch_arena *arena = &certs->arena;
    struct vouch_store_cert cert = found->cert;
    struct vouch_bytes *const texts[] = {&cert.key_id,  &cert.actor,  &cert.role,
                                         &cert.request, &cert.source, &cert.policy};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (vouch_arena_copy(arena, *texts[i], texts[i]) != VOUCH_OK) {
            return vouch_store_no_memory(store, fault);
        }
    }
    int err = vouch_list_get(found->principals, arena, &cert.principals, &cert.principal_count);
    if (err != VOUCH_OK) {
        return err == VOUCH_ERR_NO_MEMORY ? vouch_store_no_memory(store, fault)
                                          : vouch_store_row_bad(store, "certs: principals", fault);
    }
    err = find_revoked(store, found, arena, &cert.revoked, fault);
    if (err == VOUCH_OK) {
        certs->rows[certs->count++] = cert;
    }
    return err;
}

// What leads the walk: the filter that leaves the fewest rows.
static void lead(const struct vouch_store_cert_filter *filter, struct vouch_walk_filter *walk) {
    const struct {
        struct vouch_bytes wanted;
        enum vouch_term_kind kind;
    } choices[] = {
        {hash_bytes(filter->key), VOUCH_TERM_KEY},
        {filter->key_id, VOUCH_TERM_OBJECT},
        {filter->principal, VOUCH_TERM_PRINCIPAL},
        {filter->actor, VOUCH_TERM_ACTOR},
    };
    if (filter->serial != NULL) {
        walk->whole = VOUCH_SQL_CERTS_BY_SERIAL;
        walk->key = vouch_value_integer(vouch_serial_kept(*filter->serial));
        return;
    }
    for (size_t i = 0; i < sizeof choices / sizeof choices[0] && !walk->has_term; i++) {
        walk->has_term = choices[i].wanted.ptr != NULL;
        walk->term = walk->has_term ? vouch_term(choices[i].kind, choices[i].wanted) : 0;
    }
}

// Goes over the rows until the page is full, enough were looked at, or there are no more.
static int fill(struct vouch_store *store, struct vouch_walk *walk,
                const struct vouch_store_cert_filter *filter, size_t limit,
                struct vouch_store_certs *certs, struct vouch_fault *fault) {
    for (;;) {
        struct found found;
        int is_row = 0;
        int err = vouch_walk_next(store, walk, &is_row, fault);
        if (err != VOUCH_OK) {
            return err;
        }
        if (walk->is_cut || (is_row && certs->count == limit)) {
            vouch_walk_cursor(walk, certs->next);
            return VOUCH_OK;
        }
        if (!is_row) {
            return VOUCH_OK;
        }
        err = read_found(store, walk->statement, walk->values, &found, fault);
        if (err == VOUCH_OK && fits(&found, filter)) {
            err = keep(store, &found, certs, fault);
        }
        if (err != VOUCH_OK) {
            return err;
        }
    }
}

int vouch_store_certs_list(struct vouch_store *store, const struct vouch_store_cert_filter *filter,
                           const struct vouch_store_page *page, struct vouch_store_certs *ret_certs,
                           struct vouch_fault *fault) {
    struct vouch_store_certs certs = {0};
    struct vouch_walk walk;
    struct vouch_walk_filter by = {.cursor_kind = "c",
                                   .whole = VOUCH_SQL_CERTS_ALL,
                                   .termed = VOUCH_SQL_CERTS_BY_TERM,
                                   .from_ms = filter->from_ms,
                                   .until_ms = filter->until_ms};
    size_t limit = vouch_page_limit(page);
    lead(filter, &by);
    certs.rows = vouch_arena_alloc(&certs.arena, limit * sizeof *certs.rows);
    if (certs.rows == NULL) {
        return vouch_store_no_memory(store, fault);
    }
    int err = vouch_walk_begin(store, &by, page, &walk, fault);
    if (err == VOUCH_OK) {
        err = fill(store, &walk, filter, limit, &certs, fault);
    }
    vouch_walk_end(store, &walk);
    if (err != VOUCH_OK) {
        vouch_store_certs_done(&certs);
        return err;
    }
    *ret_certs = certs;
    return VOUCH_OK;
}

void vouch_store_certs_done(struct vouch_store_certs *certs) {
    if (certs != NULL) {
        vouch_arena_done(&certs->arena);
        *certs = (struct vouch_store_certs){0};
    }
}

// --- what a CA key has signed

static int count_signed(struct vouch_store *store, const struct vouch_value *ca,
                        uint64_t *ret_count, struct vouch_fault *fault) {
    int is_row = 0;
    int64_t count = 0;
    int err = vouch_store_ask(store, VOUCH_SQL_CERTS_SIGNED, ca, &is_row, &count, fault);
    *ret_count = err == VOUCH_OK && is_row ? (uint64_t)count : 0;
    return err;
}

static int add_live(struct vouch_store *store, const struct vouch_value *values,
                    struct vouch_store_ca_use *use, struct vouch_fault *fault) {
    struct found found;
    struct vouch_store_revoked revoked = {0};
    vouch_autoarena struct vouch_arena arena = {0};
    int err = read_found(store, VOUCH_SQL_CERTS_UNEXPIRED, values, &found, fault);
    if (err == VOUCH_OK) {
        err = find_revoked(store, &found, &arena, &revoked, fault);
    }
    if (err == VOUCH_OK && revoked.by == VOUCH_STORE_REVOKE_NONE) {
        uint64_t end_s = found.cert.valid_before;
        use->live++;
        use->live_end_s = end_s > use->live_end_s ? end_s : use->live_end_s;
    }
    return err;
}

int vouch_store_ca_use(struct vouch_store *store, const uint8_t ca[static VOUCH_STORE_HASH_LEN],
                       uint64_t now_s, struct vouch_store_ca_use *ret_use,
                       struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_bytes(hash_bytes(ca)),
        vouch_value_integer(now_s > INT64_MAX ? INT64_MAX : (int64_t)now_s)};
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    struct vouch_store_ca_use use = {0};
    int is_row = 1;
    int err = count_signed(store, args, &use.signed_count, fault);
    if (err == VOUCH_OK) {
        err = store->driver->query(store->db, VOUCH_SQL_CERTS_UNEXPIRED, args, fault);
    }
    while (err == VOUCH_OK && is_row) {
        err = store->driver->next(store->db, VOUCH_SQL_CERTS_UNEXPIRED, &is_row, values, fault);
        if (err == VOUCH_OK && is_row) {
            err = add_live(store, values, &use, fault);
        }
    }
    store->driver->end(store->db, VOUCH_SQL_CERTS_UNEXPIRED);
    if (err == VOUCH_OK) {
        *ret_use = use;
    }
    return err;
}
