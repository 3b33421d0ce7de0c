// SPDX-License-Identifier: ISC
// Keeping tickets, by the hash of their secret.
#include "store/tickets.h"

#include "store/handle.h"

static int64_t kept(uint64_t number) {
    return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

static struct vouch_value hash_value(const uint8_t *hash) {
    return vouch_value_bytes((struct vouch_bytes){hash, VOUCH_STORE_HASH_LEN});
}

// --- reading

static int read_ticket(const struct vouch_store *store, enum vouch_statement statement,
                       const struct vouch_value *values, struct vouch_arena *arena, void *ret_row,
                       struct vouch_fault *fault) {
    struct vouch_row row;
    struct vouch_store_ticket found = {0};
    vouch_row_init(&row, statement, values);
    found.id = vouch_row_u64(&row);
    found.account = vouch_row_u64(&row);
    found.session = vouch_row_u64(&row);
    found.created_s = vouch_row_u64(&row);
    found.expires_s = vouch_row_u64(&row);
    struct vouch_bytes ask = vouch_row_bytes(&row);
    struct vouch_bytes granted = vouch_row_bytes(&row);
    uint64_t state = vouch_row_u64(&row);
    struct vouch_bytes source = vouch_row_bytes(&row);
    found.used_s = vouch_row_u64(&row);
    found.serial = vouch_serial_read(vouch_row_integer(&row));
    if (row.err != VOUCH_OK || state == VOUCH_STORE_TICKET_NONE ||
        state > VOUCH_STORE_TICKET_USED) {
        return vouch_store_row_bad(store, "tickets: a row", fault);
    }
    found.state = (enum vouch_store_ticket_state)state;
    if (vouch_arena_copy(arena, ask, &found.ask) != VOUCH_OK ||
        vouch_arena_copy(arena, granted, &found.granted) != VOUCH_OK ||
        vouch_arena_copy(arena, source, &found.source) != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    *(struct vouch_store_ticket *)ret_row = found;
    return VOUCH_OK;
}

int vouch_store_ticket_by_secret(struct vouch_store *store,
                                 const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                                 struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome,
                                 struct vouch_store_ticket *ret_ticket, struct vouch_fault *fault) {
    const struct vouch_value arg = hash_value(secret);
    const struct vouch_one what = {VOUCH_SQL_TICKET_BY_SECRET, &arg, read_ticket};
    return vouch_store_one(store, &what, arena, ret_outcome, ret_ticket, fault);
}

int vouch_store_ticket_by_id(struct vouch_store *store, uint64_t id, struct vouch_arena *arena,
                             enum vouch_store_outcome *ret_outcome,
                             struct vouch_store_ticket *ret_ticket, struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_integer(kept(id));
    const struct vouch_one what = {VOUCH_SQL_TICKET_BY_ID, &arg, read_ticket};
    return vouch_store_one(store, &what, arena, ret_outcome, ret_ticket, fault);
}

// --- changing

static int add(struct vouch_store *store, const struct vouch_store_ticket *ticket,
               const uint8_t *secret, enum vouch_store_outcome *ret_outcome,
               struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    const struct vouch_value args[] = {hash_value(secret),
                                       vouch_value_integer(kept(ticket->account)),
                                       vouch_value_integer(kept(ticket->session)),
                                       vouch_value_integer(kept(ticket->created_s)),
                                       vouch_value_integer(kept(ticket->expires_s)),
                                       vouch_value_bytes(ticket->ask),
                                       vouch_value_bytes(ticket->granted),
                                       vouch_value_integer(vouch_serial_kept(0))};
    int err = store->driver->run(store->db, VOUCH_SQL_TICKETS_REPLACE, args + 1, NULL, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_alter(store, VOUCH_SQL_TICKET_ADD, args, &outcome, fault);
    }
    if (err == VOUCH_OK) {
        *ret_outcome = outcome == VOUCH_STORE_DONE ? VOUCH_STORE_DONE : VOUCH_STORE_TAKEN;
    }
    return err;
}

int vouch_store_ticket_add(struct vouch_store *store, const struct vouch_store_ticket *ticket,
                           const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                           enum vouch_store_outcome *ret_outcome, uint64_t *ret_id,
                           struct vouch_fault *fault) {
    struct vouch_store_ticket added = {0};
    vouch_autoarena struct vouch_arena arena = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    if (ticket->expires_s == 0 || ticket->expires_s > INT64_MAX ||
        ticket->ask.len > VOUCH_STORE_TICKET_BYTES_MAX ||
        ticket->granted.len > VOUCH_STORE_TICKET_BYTES_MAX) {
        return vouch_store_misuse(store, "a ticket is outside its bounds, or never expires", fault);
    }
    int err = add(store, ticket, secret, &outcome, fault);
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE) {
        err = vouch_store_ticket_by_secret(store, secret, &arena, &outcome, &added, fault);
    }
    if (err == VOUCH_OK) {
        *ret_outcome = outcome;
        *ret_id = added.id;
    }
    return err;
}

int vouch_store_ticket_use(struct vouch_store *store, uint64_t id, uint64_t now_s,
                           struct vouch_bytes source, enum vouch_store_outcome *ret_outcome,
                           struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer(kept(id)), vouch_value_bytes(source),
                                       vouch_value_integer(kept(now_s))};
    if (source.len > VOUCH_STORE_TEXT_MAX) {
        return vouch_store_misuse(store, "where a ticket is used is no address", fault);
    }
    return vouch_store_alter(store, VOUCH_SQL_TICKET_USE, args, ret_outcome, fault);
}

int vouch_store_ticket_end(struct vouch_store *store, uint64_t id,
                           enum vouch_store_ticket_state state, uint64_t serial,
                           enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer(kept(id)), vouch_value_integer(state),
                                       vouch_value_integer(vouch_serial_kept(serial))};
    if (state != VOUCH_STORE_TICKET_WAITING && state != VOUCH_STORE_TICKET_USED) {
        return vouch_store_misuse(store, "a ticket waits or was used", fault);
    }
    return vouch_store_alter(store, VOUCH_SQL_TICKET_END, args, ret_outcome, fault);
}

int vouch_store_tickets_prune(struct vouch_store *store, uint64_t now_s, size_t limit,
                              uint64_t *removed, struct vouch_fault *fault) {
    uint64_t before_s = now_s > VOUCH_STORE_TICKET_KEPT_S ? now_s - VOUCH_STORE_TICKET_KEPT_S : 0;
    return vouch_store_prune(store, VOUCH_SQL_TICKETS_PRUNE, before_s, limit, removed, fault);
}
