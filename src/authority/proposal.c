// SPDX-License-Identifier: ISC
// What a proposal about a CA key is about, whether it still stands, and what is recorded of it.
#include "authority/proposal.h"

#include <inttypes.h>
#include <stdio.h>

#include "authority/people.h"
#include "base/str.h"
#include "base/time.h"
#include "core/key.h"

#define ABOUT_BYTES_MAX (1024 * 1024)
#define DETAILS_MAX 65535
#define OBJECT_MAX 64

// --- replies

void vouch_reply_takes_two(struct vouch_reply *reply) {
    vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_ca_two, "",
                    "one administrator proposes this, and another one confirms it");
}

void vouch_reply_alone(struct vouch_reply *reply) {
    vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_ca_alone, "alone",
                    "alone is for whoever is root on the server's machine");
}

// --- what it is about

const struct vouch_office_ca *vouch_proposal_key(const struct vouch_office_cas *cas,
                                                 const uint8_t hash[static VOUCH_STORE_HASH_LEN]) {
    for (size_t i = 0; i < cas->count; i++) {
        if (memcmp(cas->rows[i].hash, hash, VOUCH_STORE_HASH_LEN) == 0) {
            return &cas->rows[i];
        }
    }
    return NULL;
}

static void put_about(struct vouch_buf *out, const struct vouch_store_proposal *proposal,
                      const struct vouch_office_cas *cas, const struct vouch_office_ca *key) {
    vouch_write_text(out, "vouch-ca-proposal/1");
    vouch_write_u8(out, (uint8_t)proposal->act);
    vouch_write_string(out, (struct vouch_bytes){key->hash, sizeof key->hash});
    vouch_write_u8(out, (uint8_t)key->state);
    vouch_write_u64(out, key->since_ms);
    vouch_write_u8(out, (uint8_t)vouch_cas_phase(cas, vouch_ca_index(key->use)));
    vouch_write_string(out, proposal->reason);
    size_t mark = vouch_write_string_begin(out);
    for (size_t i = 0; i < proposal->without.count; i++) {
        vouch_write_string(out, proposal->without.items[i]);
    }
    vouch_write_string_end(out, mark);
    vouch_write_u8(out, proposal->is_hurried != 0);
}

int vouch_proposal_about(const struct vouch_store_proposal *proposal,
                         const struct vouch_office_cas *cas,
                         uint8_t ret_about[static VOUCH_STORE_HASH_LEN],
                         struct vouch_fault *fault) {
    const struct vouch_office_ca *key = vouch_proposal_key(cas, proposal->key);
    uint8_t hash[VOUCH_HASH_MAX];
    struct vouch_buf out;
    if (key == NULL) {
        memset(ret_about, 0, VOUCH_STORE_HASH_LEN);
        return VOUCH_OK;
    }
    vouch_buf_init(&out, ABOUT_BYTES_MAX);
    put_about(&out, proposal, cas, key);
    int is_whole = out.err == VOUCH_OK && vouch_hash_bytes(VOUCH_HASH_SHA256, vouch_buf_bytes(&out),
                                                           hash) == VOUCH_STORE_HASH_LEN;
    vouch_buf_done(&out);
    if (!is_whole) {
        return vouch_no_memory(fault);
    }
    memcpy(ret_about, hash, VOUCH_STORE_HASH_LEN);
    return VOUCH_OK;
}

// --- whether it stands

int vouch_proposal_state_of(const struct vouch_store_proposal *proposal,
                            const struct vouch_proposal_view *view,
                            enum vouch_proposal_state *ret_state, struct vouch_fault *fault) {
    uint8_t about[VOUCH_STORE_HASH_LEN];
    if (proposal->state != VOUCH_STORE_PROPOSAL_OPEN) {
        *ret_state = (enum vouch_proposal_state)proposal->state;
        return VOUCH_OK;
    }
    int err = vouch_proposal_about(proposal, view->cas, about, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (view->now_s >= proposal->ends_s) {
        *ret_state = VOUCH_PROPOSAL_EXPIRED;
    } else if (memcmp(about, proposal->about, sizeof about) != 0 ||
               !vouch_user_is_admin(view->policy, proposal->proposer, view->now_s)) {
        *ret_state = VOUCH_PROPOSAL_VOID;
    } else {
        *ret_state = VOUCH_PROPOSAL_OPEN;
    }
    return VOUCH_OK;
}

int vouch_proposal_row_of(const struct vouch_store_proposal *proposal,
                          const struct vouch_proposal_view *view,
                          struct vouch_proposal_row *ret_row, struct vouch_fault *fault) {
    const struct vouch_office_ca *key = vouch_proposal_key(view->cas, proposal->key);
    struct vouch_proposal_row row = {
        .id = proposal->id,
        .act = (enum vouch_proposal_act)proposal->act,
        .use = key != NULL ? key->use : VOUCH_CERT_NONE,
        .proposer = proposal->proposer,
        .reason = proposal->reason,
        .source = proposal->source,
        .without = {proposal->without.items, proposal->without.count},
        .is_hurried = proposal->is_hurried,
        .made_s = proposal->made_s,
        .ends_s = proposal->ends_s,
        .decider = proposal->decider,
        .decided_s = proposal->decided_s,
    };
    memcpy(row.key, proposal->key, sizeof row.key);
    int err = vouch_proposal_state_of(proposal, view, &row.state, fault);
    if (err == VOUCH_OK) {
        *ret_row = row;
    }
    return err;
}

// --- records

static int note(struct vouch_local *authority, struct vouch_bytes actor, const char *type,
                const uint8_t *key, struct vouch_buf *take_details, struct vouch_fault *fault) {
    uint8_t room[OBJECT_MAX];
    struct vouch_buf object;
    vouch_buf_init_fixed(&object, room, sizeof room);
    vouch_buf_put_text(&object, "SHA256:");
    vouch_str_base64((struct vouch_bytes){key, VOUCH_STORE_HASH_LEN}, 0, &object);
    return vouch_people_note(authority, actor, type, vouch_buf_bytes(&object), take_details, fault);
}

static const char *act_text(enum vouch_proposal_act act) {
    return act == VOUCH_PROPOSAL_DESTROY ? "destroy" : "revoke";
}

static void put_without(struct vouch_buf *details, const struct vouch_store_proposal *proposal) {
    struct vouch_buf text;
    vouch_buf_init(&text, DETAILS_MAX);
    for (size_t i = 0; i < proposal->without.count; i++) {
        vouch_buf_put_text(&text, i > 0 ? " " : "");
        vouch_buf_put(&text, proposal->without.items[i]);
    }
    vouch_record_detail_put(details, "without", vouch_buf_bytes(&text));
    details->err = details->err == VOUCH_OK ? text.err : details->err;
    vouch_buf_done(&text);
}

int vouch_proposal_note(struct vouch_local *authority, const struct vouch_who *who,
                        const char *type, const struct vouch_store_proposal *proposal,
                        struct vouch_fault *fault) {
    struct vouch_buf details;
    char number[24], ends[VOUCH_TIME_TEXT_MAX];
    vouch_buf_init(&details, DETAILS_MAX);
    if (proposal->id != 0) {
        (void)snprintf(number, sizeof number, "%" PRIu64, proposal->id);
        vouch_record_detail_put(&details, "proposal", vouch_bytes_of(number));
    }
    vouch_record_detail_put(&details, "act",
                            vouch_bytes_of(act_text((enum vouch_proposal_act)proposal->act)));
    vouch_record_detail_put(&details, "proposer", proposal->proposer);
    vouch_record_detail_put(&details, "reason", proposal->reason);
    if (proposal->without.count > 0) {
        put_without(&details, proposal);
    }
    vouch_record_detail_put(&details, "now",
                            vouch_bytes_of(proposal->is_hurried != 0 ? "yes" : "no"));
    vouch_time_utc(proposal->ends_s, ends);
    vouch_record_detail_put(&details, "ends", vouch_bytes_of(ends));
    vouch_record_detail_put(&details, "evidence", who->evidence);
    return note(authority, who->actor, type, proposal->key, &details, fault);
}

int vouch_proposal_note_alone(struct vouch_local *authority, const struct vouch_who *who,
                              enum vouch_proposal_act act,
                              const uint8_t key[static VOUCH_STORE_HASH_LEN],
                              struct vouch_fault *fault) {
    struct vouch_buf details;
    vouch_buf_init(&details, DETAILS_MAX);
    vouch_record_detail_put(&details, "act", vouch_bytes_of(act_text(act)));
    vouch_record_detail_put(&details, "evidence", who->evidence);
    return note(authority, who->actor, VOUCH_EVENT_PROPOSAL_ALONE, key, &details, fault);
}
