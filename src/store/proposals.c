// SPDX-License-Identifier: ISC
// Keeping proposals.
#include "store/proposals.h"

#include "store/handle.h"

#define CURSOR 'w'

// A list of texts, as long as it may be.
#define LIST_MAX (VOUCH_STORE_LIST_MAX * (VOUCH_STORE_TEXT_MAX + 4))

static const char *judge(const struct vouch_store_proposal *proposal) {
    const struct vouch_bytes texts[] = {proposal->proposer, proposal->reason, proposal->source,
                                        proposal->decider};
    const uint64_t numbers[] = {proposal->id,     proposal->revision,  proposal->made_s,
                                proposal->ends_s, proposal->decided_s, proposal->is_hurried};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].len > VOUCH_STORE_TEXT_MAX) {
            return "a proposal has a text that is too long";
        }
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (numbers[i] >= INT64_MAX) {
            return "a proposal needs numbers below 2^63";
        }
    }
    if (!vouch_list_fits(proposal->without.items, proposal->without.count)) {
        return "a proposal has too many hosts, or one whose name is too long";
    }
    if (proposal->state < VOUCH_STORE_PROPOSAL_OPEN ||
        proposal->state > VOUCH_STORE_PROPOSAL_VOID || proposal->act < VOUCH_STORE_ACT_DESTROY ||
        proposal->act > VOUCH_STORE_ACT_REVOKE || proposal->proposer.len == 0) {
        return "a proposal needs a state, an act and somebody who made it";
    }
    return NULL;
}

// --- making and changing

static int add(struct vouch_store *store, const struct vouch_store_proposal *proposal,
               struct vouch_bytes without, int64_t *ret_id, struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_integer(proposal->state),
        vouch_value_integer(proposal->act),
        vouch_value_bytes((struct vouch_bytes){proposal->key, sizeof proposal->key}),
        vouch_value_bytes((struct vouch_bytes){proposal->about, sizeof proposal->about}),
        vouch_value_bytes(proposal->proposer),
        vouch_value_bytes(proposal->reason),
        vouch_value_bytes(proposal->source),
        vouch_value_bytes(without),
        vouch_value_integer((int64_t)proposal->is_hurried),
        vouch_value_integer((int64_t)proposal->made_s),
        vouch_value_integer((int64_t)proposal->ends_s),
        vouch_value_bytes(proposal->decider),
        vouch_value_integer((int64_t)proposal->decided_s),
    };
    int found = 0;
    int err = vouch_store_begin(store, VOUCH_DRIVER_NOW, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = store->driver->run(store->db, VOUCH_SQL_PROPOSAL_ADD, args, NULL, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_ask(store, VOUCH_SQL_PROPOSAL_NEWEST, NULL, &found, ret_id, fault);
    }
    return vouch_store_end(store, err, fault);
}

int vouch_store_proposal_add(struct vouch_store *store, const struct vouch_store_proposal *proposal,
                             uint64_t *ret_id, struct vouch_fault *fault) {
    const char *reason = judge(proposal);
    struct vouch_buf without;
    int64_t id = 0;
    if (reason != NULL) {
        return vouch_store_misuse(store, reason, fault);
    }
    vouch_buf_init(&without, LIST_MAX);
    vouch_list_put(&without, proposal->without.items, proposal->without.count);
    int err = without.err != VOUCH_OK ? vouch_store_no_memory(store, fault)
                                      : add(store, proposal, vouch_buf_bytes(&without), &id, fault);
    vouch_buf_done(&without);
    if (err == VOUCH_OK) {
        *ret_id = (uint64_t)id;
    }
    return err;
}

int vouch_store_proposal_change(struct vouch_store *store,
                                const struct vouch_store_proposal *proposal,
                                enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_integer((int64_t)proposal->id),
        vouch_value_integer((int64_t)proposal->revision),
        vouch_value_integer(proposal->state),
        vouch_value_bytes(proposal->decider),
        vouch_value_integer((int64_t)proposal->decided_s),
    };
    const char *reason = judge(proposal);
    uint64_t changed = 0;
    if (reason != NULL) {
        return vouch_store_misuse(store, reason, fault);
    }
    int err = vouch_store_change(store, VOUCH_DRIVER_NOW, VOUCH_SQL_PROPOSAL_CHANGE, args, &changed,
                                 fault);
    if (err == VOUCH_OK) {
        *ret_outcome = changed == 1 ? VOUCH_STORE_DONE : VOUCH_STORE_ABSENT;
    }
    return err;
}

// --- reading

static int keep(const struct vouch_store *store, struct vouch_bytes without,
                struct vouch_arena *arena, struct vouch_store_proposal *found,
                struct vouch_fault *fault) {
    struct vouch_bytes *const texts[] = {&found->proposer, &found->reason, &found->source,
                                         &found->decider};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (vouch_arena_copy(arena, *texts[i], texts[i]) != VOUCH_OK) {
            return vouch_store_no_memory(store, fault);
        }
    }
    int err = vouch_list_get(without, arena, &found->without.items, &found->without.count);
    if (err != VOUCH_OK) {
        return err == VOUCH_ERR_NO_MEMORY ? vouch_store_no_memory(store, fault)
                                          : vouch_store_row_bad(store, "proposals: without", fault);
    }
    return VOUCH_OK;
}

static int read_proposal(const struct vouch_store *store, enum vouch_statement statement,
                         const struct vouch_value *values, struct vouch_arena *arena, void *ret_row,
                         struct vouch_fault *fault) {
    struct vouch_row row;
    struct vouch_store_proposal found = {0};
    vouch_row_init(&row, statement, values);
    found.id = vouch_row_u64(&row);
    found.revision = vouch_row_u64(&row);
    int64_t state = vouch_row_integer(&row);
    int64_t act = vouch_row_integer(&row);
    vouch_row_hash(&row, found.key);
    vouch_row_hash(&row, found.about);
    found.proposer = vouch_row_bytes(&row);
    found.reason = vouch_row_bytes(&row);
    found.source = vouch_row_bytes(&row);
    struct vouch_bytes without = vouch_row_bytes(&row);
    found.is_hurried = vouch_row_u64(&row);
    found.made_s = vouch_row_u64(&row);
    found.ends_s = vouch_row_u64(&row);
    found.decider = vouch_row_bytes(&row);
    found.decided_s = vouch_row_u64(&row);
    found.state = (enum vouch_store_proposal_state)state;
    found.act = (enum vouch_store_proposal_act)act;
    if (row.err != VOUCH_OK || judge(&found) != NULL) {
        return vouch_store_row_bad(store, "proposals: a row", fault);
    }
    int err = keep(store, without, arena, &found, fault);
    if (err == VOUCH_OK) {
        *(struct vouch_store_proposal *)ret_row = found;
    }
    return err;
}

int vouch_store_proposal_find(struct vouch_store *store, uint64_t id, struct vouch_arena *arena,
                              enum vouch_store_outcome *ret_outcome,
                              struct vouch_store_proposal *ret_proposal,
                              struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_integer(id > INT64_MAX ? 0 : (int64_t)id);
    const struct vouch_one what = {
        .statement = VOUCH_SQL_PROPOSAL_FIND, .args = &arg, .read = read_proposal};
    return vouch_store_one(store, &what, arena, ret_outcome, ret_proposal, fault);
}

int vouch_store_proposal_open(struct vouch_store *store, enum vouch_store_proposal_act act,
                              const uint8_t key[static VOUCH_STORE_HASH_LEN],
                              struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome,
                              struct vouch_store_proposal *ret_proposal,
                              struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_integer(act),
        vouch_value_bytes((struct vouch_bytes){key, VOUCH_STORE_HASH_LEN})};
    const struct vouch_one what = {
        .statement = VOUCH_SQL_PROPOSAL_OPEN, .args = args, .read = read_proposal};
    return vouch_store_one(store, &what, arena, ret_outcome, ret_proposal, fault);
}

int vouch_store_proposals_list(struct vouch_store *store, enum vouch_store_proposal_state state,
                               const struct vouch_store_page *page,
                               struct vouch_store_proposals *ret_proposals,
                               struct vouch_fault *fault) {
    struct vouch_value args[] = {{0}, {0}, vouch_value_integer(state)};
    struct vouch_numbered_page list = {0};
    const struct vouch_numbered what = {.statement = VOUCH_SQL_PROPOSALS_LIST,
                                        .args = args,
                                        .after = 0,
                                        .start = INT64_MAX,
                                        .page = page,
                                        .cursor = CURSOR,
                                        .size = sizeof(struct vouch_store_proposal),
                                        .at = offsetof(struct vouch_store_proposal, id),
                                        .read = read_proposal};
    int err = vouch_numbered_list(store, &what, &list, fault);
    if (err == VOUCH_OK) {
        *ret_proposals = (struct vouch_store_proposals){
            .arena = list.arena, .rows = list.rows, .count = list.count};
        memcpy(ret_proposals->next, list.next, sizeof list.next);
    }
    return err;
}

void vouch_store_proposals_done(struct vouch_store_proposals *proposals) {
    if (proposals != NULL) {
        vouch_arena_done(&proposals->arena);
        *proposals = (struct vouch_store_proposals){0};
    }
}
