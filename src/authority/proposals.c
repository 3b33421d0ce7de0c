// SPDX-License-Identifier: ISC
// What cannot be undone about a CA key: proposed by one administrator, confirmed by another, and then done.
//
// It is recorded before the row changes, and the row changes before anything is done. So a crash in between
// leaves a proposal that was used up for nothing, and never an act that nobody can find.
#include <inttypes.h>

#include "authority/access.h"
#include "authority/issue.h"
#include "authority/people.h"
#include "authority/proposal.h"
#include "authority/rotation.h"
#include "authority/row.h"
#include "base/time.h"
#include "policy/rule.h"

// Everything that deciding about one needs. From reading to doing, office.rotation_lock is held.
struct deciding {
    const struct vouch_who *who;
    struct vouch_store_proposal *proposal;
    struct vouch_office_cas cas;
    struct vouch_proposal_view view;
    enum vouch_proposal_state state;
};

// --- who

// No token and no socket: two people are wanted. A "no" needs no second factor.
static int identify(struct vouch_local *authority, const struct vouch_caller *caller,
                    struct vouch_who *who, struct vouch_reply *reply, struct vouch_fault *fault) {
    int err = vouch_identify(authority, caller, VOUCH_MAY_ADMIN, who, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE && who->user.len == 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_ca_other_person, "",
                        "two administrators who sign in decide this");
    }
    return err;
}

// --- storing

static int find(struct vouch_local *authority, uint64_t id, struct vouch_store_proposal *proposal,
                struct vouch_reply *reply, struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    int err = vouch_store_proposal_find(store, id, &authority->arena, &outcome, proposal, fault);
    vouch_pool_give(&authority->office->slow, store);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_absent, "id",
                        "there is no proposal with this number");
    }
    return err;
}

static int find_open(struct vouch_local *authority, const struct vouch_store_proposal *wanted,
                     int *ret_found, struct vouch_store_proposal *ret_open,
                     struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    int err = vouch_store_proposal_open(store, wanted->act, wanted->key, &authority->arena,
                                        &outcome, ret_open, fault);
    vouch_pool_give(&authority->office->slow, store);
    *ret_found = err == VOUCH_OK && outcome == VOUCH_STORE_DONE;
    return err;
}

static int add(struct vouch_local *authority, struct vouch_store_proposal *proposal,
               struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_proposal_add(office->desk, proposal, &proposal->id, fault);
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

static void not_open(const struct deciding *deciding, struct vouch_reply *reply) {
    static const char *const words[] = {[VOUCH_PROPOSAL_NONE] = "is not known",
                                        [VOUCH_PROPOSAL_OPEN] = "was changed at the same time",
                                        [VOUCH_PROPOSAL_DONE] = "was confirmed and done already",
                                        [VOUCH_PROPOSAL_WITHDRAWN] = "was withdrawn",
                                        [VOUCH_PROPOSAL_VOID] = "is void: key or proposer changed",
                                        [VOUCH_PROPOSAL_EXPIRED] =
                                            "was not confirmed within a day"};
    vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_ca_proposal_state, "id",
                    "proposal %" PRIu64 " %s", deciding->proposal->id, words[deciding->state]);
}

// Somebody else may have been faster: then the reply says so.
static int settle(struct vouch_local *authority, struct deciding *deciding,
                  enum vouch_store_proposal_state state, struct vouch_reply *reply,
                  struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_store_proposal *proposal = deciding->proposal;
    proposal->state = state;
    proposal->decider = deciding->who->user;
    proposal->decided_s = deciding->view.now_s;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_proposal_change(office->desk, proposal, &outcome, fault);
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        deciding->state = VOUCH_PROPOSAL_OPEN;
        not_open(deciding, reply);
    }
    return err;
}

// --- whether it can be done

// Destroying is a step of the key's rotation, by whichever name it goes there.
static enum vouch_rotation_move move_of(const struct vouch_office_ca *key) {
    if (key->state == VOUCH_CA_KEY_REMOVED) {
        return VOUCH_ROTATION_ADVANCE;
    }
    return key->state == VOUCH_CA_KEY_NEXT && key->has_signed ? VOUCH_ROTATION_BACK
                                                              : VOUCH_ROTATION_STAY;
}

struct destroying {
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    struct vouch_ask_rotate ask;
    struct vouch_rotation_asked step;
};

static void make_step(const struct deciding *deciding, const struct vouch_office_ca *key,
                      struct destroying *destroying) {
    const struct vouch_store_proposal *proposal = deciding->proposal;
    vouch_key_fingerprint(key->key, VOUCH_HASH_SHA256, destroying->fingerprint);
    destroying->ask =
        (struct vouch_ask_rotate){.use = key->use,
                                  .move = move_of(key),
                                  .without = {proposal->without.items, proposal->without.count},
                                  .is_hurried = proposal->is_hurried,
                                  .fingerprint = vouch_bytes_of(destroying->fingerprint)};
    destroying->step = (struct vouch_rotation_asked){
        .ask = &destroying->ask, .who = *deciding->who, .use = vouch_ca_index(key->use)};
}

static int judge(struct vouch_local *authority, struct deciding *deciding,
                 struct destroying *destroying, struct vouch_reply *reply,
                 struct vouch_fault *fault) {
    const struct vouch_office_ca *key = vouch_proposal_key(&deciding->cas, deciding->proposal->key);
    if (key == NULL) {
        vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_absent, "fingerprint",
                        "this is none of the CA keys here");
        return VOUCH_OK;
    }
    if (deciding->proposal->act != VOUCH_STORE_ACT_DESTROY) {
        return VOUCH_OK;
    }
    make_step(deciding, key, destroying);
    if (destroying->ask.move == VOUCH_ROTATION_STAY) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_rotation_phase, "fingerprint",
                        "two people destroy a key that has signed, once its rotation removed it or "
                        "took it back");
        return VOUCH_OK;
    }
    // The signer would refuse that, after the proposal was used up.
    if (destroying->ask.move == VOUCH_ROTATION_BACK && !deciding->proposal->is_hurried) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_rotation_certs, "now",
                        "the key has signed: what it signed is worth nothing at once");
        return VOUCH_OK;
    }
    return vouch_rotation_asked_judge(authority, &destroying->step, reply, fault);
}

// --- proposing

static int ask_is_good(const struct vouch_ask_propose *ask, struct vouch_reply *reply) {
    const char *why = ask->reason.len > 0 ? vouch_policy_reason_fault(ask->reason) : "is missing";
    if (ask->act == VOUCH_PROPOSAL_ACT_NONE) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "act",
                        "act must be destroy or revoke");
    } else if (ask->key.len != VOUCH_STORE_HASH_LEN) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "fingerprint",
                        "fingerprint must be the SHA-256 fingerprint of the CA key");
    } else if (why != NULL) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "reason", "reason %s",
                        why);
    } else if (ask->act != VOUCH_PROPOSAL_DESTROY && (ask->without.count > 0 || ask->is_hurried)) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "without",
                        "without and now are for destroying a key");
    }
    return reply->verdict == VOUCH_VERDICT_DONE;
}

static int judge_new(struct vouch_local *authority, struct deciding *deciding,
                     struct vouch_reply *reply, struct vouch_fault *fault) {
    struct destroying destroying;
    struct vouch_store_proposal open;
    enum vouch_proposal_state state = VOUCH_PROPOSAL_NONE;
    int is_found = 0;
    int err = find_open(authority, deciding->proposal, &is_found, &open, fault);
    if (err == VOUCH_OK && is_found) {
        err = vouch_proposal_state_of(&open, &deciding->view, &state, fault);
    }
    if (err == VOUCH_OK && state == VOUCH_PROPOSAL_OPEN) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_ca_proposal_state, "act",
                        "proposal %" PRIu64 " of %.*s for this is open already", open.id,
                        VOUCH_REPLY_TEXT(open.proposer));
    }
    return err == VOUCH_OK && state != VOUCH_PROPOSAL_OPEN
               ? judge(authority, deciding, &destroying, reply, fault)
               : err;
}

static int propose(struct vouch_local *authority, struct deciding *deciding,
                   struct vouch_answer_proposal *answer, struct vouch_fault *fault) {
    struct vouch_store_proposal *proposal = deciding->proposal;
    int err = judge_new(authority, deciding, &answer->reply, fault);
    if (err != VOUCH_OK || answer->reply.verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    err = vouch_proposal_about(proposal, &deciding->cas, proposal->about, fault);
    if (err == VOUCH_OK) {
        err = vouch_proposal_note(authority, deciding->who, VOUCH_EVENT_PROPOSAL_MAKE, proposal,
                                  fault);
    }
    if (err == VOUCH_OK) {
        err = add(authority, proposal, fault);
    }
    return err == VOUCH_OK ? vouch_proposal_row_of(proposal, &deciding->view, &answer->row, fault)
                           : err;
}

static struct vouch_store_proposal proposal_of(const struct vouch_who *who,
                                               const struct vouch_caller *caller,
                                               const struct vouch_ask_propose *ask) {
    const uint64_t now_s = vouch_time_now_s();
    struct vouch_store_proposal proposal = {.act = (enum vouch_store_proposal_act)ask->act,
                                            .proposer = who->user,
                                            .reason = ask->reason,
                                            .source = caller->source,
                                            .without = {ask->without.items, ask->without.count},
                                            .is_hurried = ask->is_hurried != 0,
                                            .made_s = now_s,
                                            .ends_s = now_s + VOUCH_PROPOSAL_S,
                                            .state = VOUCH_STORE_PROPOSAL_OPEN};
    memcpy(proposal.key, ask->key.ptr, sizeof proposal.key);
    return proposal;
}

// What the row of an answer points to outlives the ask.
static int keep(struct vouch_local *authority, struct vouch_proposal_row *row,
                struct vouch_fault *fault) {
    struct vouch_bytes *const texts[] = {&row->proposer, &row->reason, &row->source, &row->decider};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (vouch_arena_copy(&authority->arena, *texts[i], texts[i]) != VOUCH_OK) {
            return vouch_no_memory(fault);
        }
    }
    return vouch_texts_keep(&authority->arena, row->without.items, row->without.count,
                            VOUCH_ROTATION_WITHOUT_MAX, &row->without) == VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

static int begin(struct vouch_local *authority, struct deciding *deciding,
                 struct vouch_fault *fault) {
    uint64_t version = 0;
    vouch_lease_end(authority);
    int err = vouch_index_now(authority, fault);
    vouch_cas_now(authority->office, &deciding->cas);
    deciding->view = (struct vouch_proposal_view){.cas = &deciding->cas,
                                                  .policy = vouch_policy_hold(authority, &version),
                                                  .now_s = vouch_time_now_s()};
    return err;
}

int vouch_local_propose(struct vouch_local *authority, const struct vouch_caller *caller,
                        const struct vouch_ask_propose *ask,
                        struct vouch_answer_proposal *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = identify(authority, caller, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE || !ask_is_good(ask, reply) ||
        !vouch_fresh_factor(&who, vouch_time_now_s(), reply)) {
        return err;
    }
    struct vouch_store_proposal proposal = proposal_of(&who, caller, ask);
    struct deciding deciding = {.who = &who, .proposal = &proposal};
    pthread_mutex_lock(&authority->office->rotation_lock);
    err = begin(authority, &deciding, fault);
    if (err == VOUCH_OK) {
        err = propose(authority, &deciding, ret_answer, fault);
    }
    vouch_policy_release(authority, deciding.view.policy);
    pthread_mutex_unlock(&authority->office->rotation_lock);
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE
               ? keep(authority, &ret_answer->row, fault)
               : err;
}

// --- confirming

// By somebody else, who says what.
static int may_confirm(const struct deciding *deciding, const struct vouch_ask_proposal_decide *ask,
                       struct vouch_reply *reply) {
    const struct vouch_store_proposal *proposal = deciding->proposal;
    if (vouch_bytes_equal(deciding->who->user, proposal->proposer)) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_ca_other_person, "id",
                        "you have proposed it: another administrator confirms it");
    } else if ((unsigned)ask->act != (unsigned)proposal->act ||
               !vouch_bytes_equal(ask->key,
                                  (struct vouch_bytes){proposal->key, sizeof proposal->key})) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_ca_other_act, "fingerprint",
                        "proposal %" PRIu64 " is to do something else, or with another key",
                        proposal->id);
    } else if (!vouch_bytes_equal(ask->reason, proposal->reason)) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_ca_other_act, "reason",
                        "proposal %" PRIu64 " has another reason", proposal->id);
    } else {
        return vouch_fresh_factor(deciding->who, deciding->view.now_s, reply);
    }
    return 0;
}

static int destroy(struct vouch_local *authority, struct destroying *destroying,
                   struct vouch_answer_proposal *answer, struct vouch_fault *fault) {
    struct vouch_answer_rotate rotated = {0};
    vouch_reply_done(&rotated.reply);
    int err = vouch_rotation_asked_make(authority, &destroying->step, &rotated, fault);
    answer->reply = rotated.reply;
    answer->number = rotated.number;
    return err;
}

static int revoke(struct vouch_local *authority, const struct deciding *deciding,
                  struct vouch_answer_proposal *answer, struct vouch_fault *fault) {
    struct vouch_answer_revoke revoked = {0};
    int err = vouch_revoke_ca(authority, deciding->who, deciding->proposal->key,
                              deciding->proposal->reason, &revoked, fault);
    answer->reply = revoked.reply;
    answer->number = revoked.row.number;
    memcpy(answer->krl_versions, revoked.krl_versions, sizeof answer->krl_versions);
    return err;
}

static int confirm(struct vouch_local *authority, struct deciding *deciding,
                   const struct vouch_ask_proposal_decide *ask,
                   struct vouch_answer_proposal *answer, struct vouch_fault *fault) {
    struct destroying destroying;
    struct vouch_reply *reply = &answer->reply;
    if (!may_confirm(deciding, ask, reply)) {
        return VOUCH_OK;
    }
    int err = judge(authority, deciding, &destroying, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    err = vouch_proposal_note(authority, deciding->who, VOUCH_EVENT_PROPOSAL_CONFIRM,
                              deciding->proposal, fault);
    if (err == VOUCH_OK) {
        err = settle(authority, deciding, VOUCH_STORE_PROPOSAL_DONE, reply, fault);
    }
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    return deciding->proposal->act == VOUCH_STORE_ACT_DESTROY
               ? destroy(authority, &destroying, answer, fault)
               : revoke(authority, deciding, answer, fault);
}

// --- withdrawing

static int withdraw(struct vouch_local *authority, struct deciding *deciding,
                    struct vouch_answer_proposal *answer, struct vouch_fault *fault) {
    int err = vouch_proposal_note(authority, deciding->who, VOUCH_EVENT_PROPOSAL_WITHDRAW,
                                  deciding->proposal, fault);
    return err == VOUCH_OK
               ? settle(authority, deciding, VOUCH_STORE_PROPOSAL_WITHDRAWN, &answer->reply, fault)
               : err;
}

// --- any of these

// What is void stays so, whatever becomes of the key or of who proposed it.
static int bury(struct vouch_local *authority, struct deciding *deciding, struct vouch_reply *reply,
                struct vouch_fault *fault) {
    struct vouch_reply unused = *reply;
    return deciding->state == VOUCH_PROPOSAL_VOID &&
                   deciding->proposal->state == VOUCH_STORE_PROPOSAL_OPEN
               ? settle(authority, deciding, VOUCH_STORE_PROPOSAL_VOID, &unused, fault)
               : VOUCH_OK;
}

static int decide(struct vouch_local *authority, struct deciding *deciding,
                  const struct vouch_ask_proposal_decide *ask, struct vouch_answer_proposal *answer,
                  struct vouch_fault *fault) {
    struct vouch_reply *reply = &answer->reply;
    int err = find(authority, ask->id, deciding->proposal, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    err = vouch_proposal_state_of(deciding->proposal, &deciding->view, &deciding->state, fault);
    if (err == VOUCH_OK && ask->verb != VOUCH_PROPOSAL_LOOK &&
        deciding->state != VOUCH_PROPOSAL_OPEN) {
        not_open(deciding, reply);
        return bury(authority, deciding, reply, fault);
    }
    if (err == VOUCH_OK && ask->verb == VOUCH_PROPOSAL_CONFIRM) {
        err = confirm(authority, deciding, ask, answer, fault);
    } else if (err == VOUCH_OK && ask->verb == VOUCH_PROPOSAL_WITHDRAW) {
        err = withdraw(authority, deciding, answer, fault);
    }
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE
               ? vouch_proposal_row_of(deciding->proposal, &deciding->view, &answer->row, fault)
               : err;
}

int vouch_local_proposal_decide(struct vouch_local *authority, const struct vouch_caller *caller,
                                const struct vouch_ask_proposal_decide *ask,
                                struct vouch_answer_proposal *ret_answer,
                                struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_store_proposal proposal = {0};
    struct deciding deciding = {.who = &who, .proposal = &proposal};
    struct vouch_reply *reply = &ret_answer->reply;
    int err = ask->verb == VOUCH_PROPOSAL_LOOK
                  ? vouch_identify_reader(authority, caller, &who, reply, fault)
                  : identify(authority, caller, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    pthread_mutex_lock(&authority->office->rotation_lock);
    err = begin(authority, &deciding, fault);
    if (err == VOUCH_OK) {
        err = decide(authority, &deciding, ask, ret_answer, fault);
    }
    vouch_policy_release(authority, deciding.view.policy);
    pthread_mutex_unlock(&authority->office->rotation_lock);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_REFUSED) {
        err = vouch_refusal_note(authority, caller, &who, vouch_bytes_of("ca"), reply, fault);
    }
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE
               ? keep(authority, &ret_answer->row, fault)
               : err;
}

// --- listing

static int put_rows(struct vouch_local *authority, const struct vouch_ask_proposals *ask,
                    struct vouch_store_proposals *page, struct vouch_answer_proposals *answer,
                    struct vouch_fault *fault) {
    struct vouch_office_cas cas;
    uint64_t version = 0;
    int err = VOUCH_OK;
    vouch_arena_adopt(authority, &page->arena);
    answer->rows = vouch_arena_alloc(&authority->arena, (page->count + 1) * sizeof *answer->rows);
    if (answer->rows == NULL || vouch_arena_copy(&authority->arena, vouch_bytes_of(page->next),
                                                 &answer->next) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    vouch_cas_now(authority->office, &cas);
    const struct vouch_proposal_view view = {
        .cas = &cas, .policy = vouch_policy_hold(authority, &version), .now_s = vouch_time_now_s()};
    for (size_t i = 0; err == VOUCH_OK && i < page->count; i++) {
        struct vouch_proposal_row *row = &answer->rows[answer->count];
        err = vouch_proposal_row_of(&page->rows[i], &view, row, fault);
        answer->count +=
            err == VOUCH_OK && (ask->state == VOUCH_PROPOSAL_NONE || ask->state == row->state);
    }
    vouch_policy_release(authority, view.policy);
    return err;
}

// Those that are over in one of the ways that are not written down are open ones in the store.
static enum vouch_store_proposal_state stored(enum vouch_proposal_state state) {
    switch (state) {
    case VOUCH_PROPOSAL_NONE:
    case VOUCH_PROPOSAL_VOID:
        return VOUCH_STORE_PROPOSAL_NONE;
    case VOUCH_PROPOSAL_OPEN:
    case VOUCH_PROPOSAL_EXPIRED:
        return VOUCH_STORE_PROPOSAL_OPEN;
    case VOUCH_PROPOSAL_DONE:
        return VOUCH_STORE_PROPOSAL_DONE;
    case VOUCH_PROPOSAL_WITHDRAWN:
        return VOUCH_STORE_PROPOSAL_WITHDRAWN;
    }
    return VOUCH_STORE_PROPOSAL_NONE;
}

int vouch_local_proposals(struct vouch_local *authority, const struct vouch_caller *caller,
                          const struct vouch_ask_proposals *ask,
                          struct vouch_answer_proposals *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_store_proposals found = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify_reader(authority, caller, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    const struct vouch_store_page page = vouch_page_of(&ask->page);
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    err = vouch_store_proposals_list(store, stored(ask->state), &page, &found, fault);
    vouch_pool_give(&authority->office->slow, store);
    if (err != VOUCH_OK) {
        vouch_store_proposals_done(&found);
        return vouch_cursor_is_bad(err, reply, fault) ? VOUCH_OK : err;
    }
    err = put_rows(authority, ask, &found, ret_answer, fault);
    vouch_store_proposals_done(&found);
    return err;
}
