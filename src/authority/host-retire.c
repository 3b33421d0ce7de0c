// SPDX-License-Identifier: ISC
// The end of a host: its names are free, its secrets void, its certificates revoked. What narrows is done
// before it is recorded; doing it again makes up for what was cut short.
#include <stdio.h>

#include "authority/fleet.h"
#include "authority/people.h"
#include "base/time.h"

#define WHY "host retired"
#define WHY_RENAMED "host renamed"
#define WHY_TOO_LATE "host retired or locked while it was signed"

static int end_row(struct vouch_local *authority, struct vouch_store_host *host,
                   enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    size_t taken = 0;
    vouch_lease_end(authority);
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_host_put(office->desk, host, ret_outcome, fault);
        if (err == VOUCH_OK && *ret_outcome == VOUCH_STORE_DONE) {
            err = vouch_store_host_secrets_end(office->desk, host->id, fault);
        }
        if (err == VOUCH_OK && *ret_outcome == VOUCH_STORE_DONE) {
            err =
                vouch_store_host_names(office->desk, host->id, NULL, 0, ret_outcome, &taken, fault);
        }
        err = vouch_store_work_end(office->desk, err, *ret_outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

// --- certificates

struct ending {
    struct vouch_bytes actor;
    const char *why;
    struct vouch_bytes key_id; // of those that end; empty: of any
};

static int ends(const struct ending *ending, const struct vouch_store_cert *cert) {
    return cert->revoked.by == VOUCH_STORE_REVOKE_NONE &&
           (ending->key_id.len == 0 || vouch_bytes_equal(cert->key_id, ending->key_id));
}

static int revoke_page(struct vouch_local *authority, const struct ending *ending,
                       const struct vouch_store_certs *page, uint64_t *revoked,
                       struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < page->count; i++) {
        if (ends(ending, &page->rows[i])) {
            err = vouch_revoke_cert(authority, ending->actor, &page->rows[i], ending->why, fault);
            *revoked += err == VOUCH_OK ? 1 : 0;
        }
    }
    return err;
}

// All that a key has and that are still valid, whatever name is in them.
static int revoke_of_key(struct vouch_local *authority, const struct ending *ending,
                         const struct vouch_store_host_key *key, uint64_t *revoked,
                         struct vouch_fault *fault) {
    struct vouch_pool *pool = &authority->office->slow;
    char cursor[VOUCH_STORE_CURSOR_MAX] = "";
    int has_more = 1;
    int err = VOUCH_OK;
    const struct vouch_store_cert_filter filter = {
        .key = key->hash, .type = VOUCH_CERT_HOST, .valid_at_s = vouch_time_now_s()};
    while (err == VOUCH_OK && has_more) {
        const struct vouch_store_page page = {.limit = VOUCH_STORE_PAGE_MAX,
                                              .cursor = vouch_bytes_of(cursor)};
        struct vouch_store_certs found = {0};
        struct vouch_store *store = vouch_pool_take(pool);
        err = vouch_store_certs_list(store, &filter, &page, &found, fault);
        vouch_pool_give(pool, store);
        if (err == VOUCH_OK) {
            memcpy(cursor, found.next, sizeof cursor);
            has_more = cursor[0] != '\0';
            err = revoke_page(authority, ending, &found, revoked, fault);
        }
        vouch_store_certs_done(&found);
    }
    return err;
}

static int revoke_all(struct vouch_local *authority, const struct ending *ending,
                      struct vouch_store_host *host, uint64_t *ret_revoked,
                      struct vouch_fault *fault) {
    int err = vouch_store_host_keys(vouch_lease(authority), &authority->arena, host, fault);
    vouch_lease_end(authority);
    if (err == VOUCH_OK) {
        err = vouch_index_now(authority, fault); // some may be of a moment ago
    }
    for (size_t i = 0; err == VOUCH_OK && i < host->key_count; i++) {
        err = revoke_of_key(authority, ending, &host->keys[i], ret_revoked, fault);
    }
    return err == VOUCH_OK && *ret_revoked > 0 ? vouch_revoke_publish(authority, fault) : err;
}

static int revoke_serial(struct vouch_local *authority, struct vouch_bytes actor, uint64_t serial,
                         uint64_t *revoked, struct vouch_fault *fault) {
    const struct vouch_store_cert_filter filter = {.serial = &serial, .type = VOUCH_CERT_HOST};
    const struct vouch_store_page page = {.limit = 1};
    const struct ending ending = {.actor = actor, .why = WHY_TOO_LATE};
    struct vouch_pool *pool = &authority->office->slow;
    struct vouch_store_certs found = {0};
    struct vouch_store *store = vouch_pool_take(pool);
    int err = vouch_store_certs_list(store, &filter, &page, &found, fault);
    vouch_pool_give(pool, store);
    if (err == VOUCH_OK) {
        err = revoke_page(authority, &ending, &found, revoked, fault);
    }
    vouch_store_certs_done(&found);
    return err;
}

int vouch_host_revoke(struct vouch_local *authority, struct vouch_bytes actor,
                      const struct vouch_host_cert *certs, size_t count,
                      struct vouch_fault *fault) {
    uint64_t revoked = 0;
    int err = vouch_index_now(authority, fault);
    for (size_t i = 0; err == VOUCH_OK && i < count; i++) {
        err = revoke_serial(authority, actor, certs[i].serial, &revoked, fault);
    }
    return err == VOUCH_OK && revoked > 0 ? vouch_revoke_publish(authority, fault) : err;
}

int vouch_host_retire(struct vouch_local *authority, const struct vouch_host_end *end,
                      const struct vouch_store_host *host, uint64_t *ret_revoked,
                      struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_store_host after = *host;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    const struct vouch_host_event event = {.type = VOUCH_EVENT_HOST_RETIRE,
                                           .actor = end->actor,
                                           .host = &after,
                                           .caller = end->caller,
                                           .reason = end->reason};
    after.state = VOUCH_STORE_HOST_RETIRED;
    after.why = end->reason;
    after.may_collect_s = after.until_s = 0;
    *ret_revoked = 0;
    pthread_mutex_lock(&authority->office->fleet_lock);
    int err = end_row(authority, &after, &outcome, fault);
    pthread_mutex_unlock(&authority->office->fleet_lock);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        vouch_reply_set(reply, VOUCH_VERDICT_BUSY, &vouch_fault_at_work, NULL,
                        "something else about this host is at work: ask again");
        return VOUCH_OK;
    }
    if (err == VOUCH_OK) {
        err = vouch_fleet_changed(authority, fault);
    }
    if (err == VOUCH_OK) {
        const struct ending ending = {.actor = end->actor, .why = WHY};
        err = revoke_all(authority, &ending, &after, ret_revoked, fault);
    }
    return err == VOUCH_OK ? vouch_host_note(authority, &event, fault) : err;
}

// --- a name that it had

// Only the row: what is still to be revoked is looked up by the name before.
static int forget_name(struct vouch_local *authority, struct vouch_store_host *host,
                       struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    host->former = (struct vouch_bytes){0};
    vouch_lease_end(authority);
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_host_put(office->desk, host, &outcome, fault);
        err = vouch_store_work_end(office->desk, err, outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

int vouch_host_former_end(struct vouch_local *authority, const struct vouch_store_host *host,
                          struct vouch_fault *fault) {
    char id[VOUCH_CERT_KEY_ID_MAX + 1];
    struct vouch_store_host after = *host;
    struct vouch_bytes actor = {0};
    uint64_t revoked = 0;
    if (host->former.len == 0 || host->renew != 0) {
        return VOUCH_OK;
    }
    int err = vouch_host_actor(authority, host->name, &actor, fault);
    (void)snprintf(id, sizeof id, "host:%.*s", VOUCH_REPLY_TEXT(host->former));
    const struct ending ending = {actor, WHY_RENAMED, vouch_bytes_of(id)};
    err = err == VOUCH_OK ? revoke_all(authority, &ending, &after, &revoked, fault) : err;
    pthread_mutex_lock(&authority->office->fleet_lock);
    err = err == VOUCH_OK ? forget_name(authority, &after, fault) : err;
    pthread_mutex_unlock(&authority->office->fleet_lock);
    return err;
}
