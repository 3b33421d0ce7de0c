// SPDX-License-Identifier: ISC
// How far the rotation of a CA key has come: what its gates are asked with, and what is shown of it.
#include "authority/rotation.h"

#include "authority/access.h"
#include "authority/issue.h"
#include "authority/people.h"
#include "base/str.h"
#include "base/time.h"
#include "core/key.h"
#include "store/audit.h"

#define EVENTS_PAGE 200

// --- gathering

static int read_version(const struct vouch_store_event *event, uint64_t *ret_version) {
    const struct vouch_record record = {.kind = VOUCH_RECORD_EVENT, .details = event->details};
    struct vouch_bytes version;
    return vouch_record_detail(&record, "version", &version) &&
           vouch_str_to_u64(version, ret_version) == VOUCH_OK;
}

// The first bundle that was published after a key came into its state: whoever has that one or a newer
// one knows of it. Bundles are published at each start too, so there may be many.
static int first_bundle(struct vouch_local *authority, uint64_t since_ms, uint64_t *ret_version,
                        struct vouch_fault *fault) {
    const struct vouch_store_event_filter filter = {.type = vouch_bytes_of("trust.publish"),
                                                    .from_ms = since_ms};
    char cursor[VOUCH_STORE_CURSOR_MAX] = "";
    struct vouch_pool *pool = &authority->office->slow;
    uint64_t first = UINT64_MAX;
    int err = VOUCH_OK;
    do {
        struct vouch_store_events page = {0};
        const struct vouch_store_page what = {.limit = EVENTS_PAGE,
                                              .cursor = vouch_bytes_of(cursor)};
        struct vouch_store *store = vouch_pool_take(pool);
        err = vouch_store_audit_list(store, &filter, &what, &page, fault);
        vouch_pool_give(pool, store);
        for (size_t i = 0; err == VOUCH_OK && i < page.count; i++) {
            uint64_t version = UINT64_MAX;
            if (read_version(&page.rows[i], &version) && version < first) {
                first = version;
            }
        }
        memcpy(cursor, page.next, sizeof cursor);
        vouch_store_events_done(&page);
    } while (err == VOUCH_OK && cursor[0] != '\0');
    if (err == VOUCH_OK) {
        *ret_version = first;
    }
    return err;
}

static uint64_t trust_version(struct vouch_office *office) {
    pthread_mutex_lock(&office->public_lock);
    uint64_t version = office->trust_version;
    pthread_mutex_unlock(&office->public_lock);
    return version;
}

static int find_needs(struct vouch_local *authority, const struct vouch_office_ca *other,
                      struct vouch_rotation_gate *gate, struct vouch_fault *fault) {
    if (gate->step != VOUCH_ROTATE_SWITCH && gate->step != VOUCH_ROTATE_DESTROY) {
        return VOUCH_OK;
    }
    int err = first_bundle(authority, other->since_ms, &gate->needs, fault);
    if (err == VOUCH_OK && gate->needs == UINT64_MAX) {
        gate->needs = trust_version(authority->office); // no host can have a newer one
    }
    return err;
}

int vouch_rotation_gather(struct vouch_local *authority, const struct vouch_office_cas *cas,
                          size_t use, struct vouch_rotation_gate *ret_gate,
                          struct vouch_fault *fault) {
    const struct vouch_office_ca *other = vouch_cas_other(cas, use);
    const struct vouch_office_ca *active = vouch_cas_active(cas, use);
    struct vouch_rotation_gate gate = {.use = use == 0 ? VOUCH_CERT_USER : VOUCH_CERT_HOST,
                                       .step = vouch_rotation_forward(vouch_cas_phase(cas, use)),
                                       .now_s = vouch_time_now_s()};
    int err = find_needs(authority, other, &gate, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    // Where there is one key, nobody asks which of two signed a host's certificate.
    const uint8_t *by = other != NULL ? active->hash : NULL;
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    err = vouch_store_hosts_trust(store, by, gate.now_s, &authority->arena, &gate.hosts,
                                  &gate.host_count, fault);
    if (err == VOUCH_OK && other != NULL) {
        err = vouch_store_ca_use(store, other->hash, gate.now_s, &gate.going, fault);
    }
    vouch_pool_give(&authority->office->slow, store);
    if (err == VOUCH_OK) {
        *ret_gate = gate;
    }
    return err;
}

// --- showing

static int put_key(struct vouch_local *authority, const struct vouch_office_ca *ca,
                   struct vouch_ca_rotation_key *row, struct vouch_fault *fault) {
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    struct vouch_store_ca_use use = {0};
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    int err = vouch_store_ca_use(store, ca->hash, vouch_time_now_s(), &use, fault);
    vouch_pool_give(&authority->office->slow, store);
    if (err != VOUCH_OK) {
        return err;
    }
    *row = (struct vouch_ca_rotation_key){
        .type = vouch_bytes_of(vouch_key_type_name(vouch_key_type(ca->key))),
        .state = ca->state,
        .since_ms = ca->since_ms,
        .signed_count = use.signed_count,
        .live = use.live,
        .live_end_s = use.live_end_s};
    vouch_key_fingerprint(ca->key, VOUCH_HASH_SHA256, fingerprint);
    return vouch_arena_copy(&authority->arena, vouch_bytes_of(fingerprint), &row->fingerprint) ==
                   VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

static int put_keys(struct vouch_local *authority, const struct vouch_office_cas *cas, size_t use,
                    struct vouch_ca_rotation *row, struct vouch_fault *fault) {
    row->keys = vouch_arena_alloc(&authority->arena, VOUCH_ROTATION_KEYS_MAX * sizeof row->keys[0]);
    int err = row->keys == NULL ? vouch_no_memory(fault) : VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < cas->count; i++) {
        if (vouch_ca_index(cas->rows[i].use) == use && row->key_count < VOUCH_ROTATION_KEYS_MAX) {
            err = put_key(authority, &cas->rows[i], &row->keys[row->key_count++], fault);
        }
    }
    return err;
}

static int put_gate(struct vouch_local *authority, const struct vouch_rotation_gate *gate,
                    struct vouch_ca_rotation *row, struct vouch_fault *fault) {
    const struct vouch_rotation_waiver nothing = {0};
    struct vouch_reply unused = {0};
    row->hosts =
        vouch_arena_alloc(&authority->arena, VOUCH_ROTATION_HOSTS_MAX * sizeof row->hosts[0]);
    if (row->hosts == NULL) {
        return vouch_no_memory(fault);
    }
    const struct vouch_rotation_coverage coverage = vouch_rotation_count(
        gate, &nothing, row->hosts, VOUCH_ROTATION_HOSTS_MAX, &row->host_count);
    row->next = gate->step;
    row->is_ready =
        gate->step != VOUCH_ROTATE_NONE && vouch_rotation_judge(gate, &nothing, &unused) ? 1 : 0;
    row->needs = gate->needs;
    row->active = gate->host_count;
    row->reporting = coverage.reporting;
    row->covered = coverage.covered;
    row->silent = coverage.silent;
    row->blocking = coverage.blocking;
    row->until_s = coverage.until_s;
    return VOUCH_OK;
}

int vouch_rotation_show(struct vouch_local *authority, const struct vouch_office_cas *cas,
                        size_t use, struct vouch_ca_rotation *ret_use, struct vouch_fault *fault) {
    struct vouch_rotation_gate gate = {0};
    struct vouch_ca_rotation row = {.use = use == 0 ? VOUCH_CERT_USER : VOUCH_CERT_HOST,
                                    .phase = vouch_cas_phase(cas, use)};
    int err = vouch_rotation_gather(authority, cas, use, &gate, fault);
    if (err == VOUCH_OK) {
        err = put_keys(authority, cas, use, &row, fault);
    }
    if (err == VOUCH_OK) {
        err = put_gate(authority, &gate, &row, fault);
    }
    if (err == VOUCH_OK) {
        *ret_use = row;
    }
    return err;
}

static int count_sessions(struct vouch_local *authority, struct vouch_answer_rotation *answer,
                          struct vouch_fault *fault) {
    struct vouch_store_session_use use = {0};
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    int err =
        vouch_store_sessions_trust(store, vouch_time_now_s(), answer->trust_version, &use, fault);
    vouch_pool_give(&authority->office->slow, store);
    answer->sessions = use.sessions;
    answer->sessions_current = use.current;
    return err;
}

int vouch_local_rotation(struct vouch_local *authority, const struct vouch_caller *caller,
                         const struct vouch_ask_rotation *ask,
                         struct vouch_answer_rotation *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_office_cas cas;
    int err = vouch_identify_reader(authority, caller, &who, &ret_answer->reply, fault);
    if (err != VOUCH_OK || ret_answer->reply.verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    ret_answer->rows = vouch_arena_alloc(&authority->arena, 2 * sizeof ret_answer->rows[0]);
    if (ret_answer->rows == NULL) {
        return vouch_no_memory(fault);
    }
    vouch_lease_end(authority);
    err = vouch_index_now(authority, fault);
    vouch_cas_now(authority->office, &cas);
    for (size_t use = 0; err == VOUCH_OK && use < 2; use++) {
        if (ask->use == VOUCH_CERT_NONE || vouch_ca_index(ask->use) == use) {
            err = vouch_rotation_show(authority, &cas, use, &ret_answer->rows[ret_answer->count++],
                                      fault);
        }
    }
    ret_answer->trust_version = trust_version(authority->office);
    return err == VOUCH_OK ? count_sessions(authority, ret_answer, fault) : err;
}
