// SPDX-License-Identifier: ISC
// Telling a story: who may have what, batch by batch through the plan, and what is left of it in the end.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority/access.h"
#include "authority/protocol.h"
#include "ledger/hash.h"
#include "policy/explain.h"
#include "policy/load.h"
#include "prog/vouchd/demo-state.h"
#include "store/work.h"

#define DAY_S 86400u
#define APPROVED_S 3600u
#define REQUEST_S 86400u

// ----- memory of a batch

static int short_of_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                           "demo: no memory for the story");
}

struct vouch_bytes vouch_demo_copy(struct vouch_demo_story *story, struct vouch_bytes bytes) {
    struct vouch_bytes copy = {0};
    int err = vouch_arena_copy(&story->batch, bytes, &copy);
    story->err = story->err == VOUCH_OK ? err : story->err;
    return copy;
}

struct vouch_bytes vouch_demo_text(struct vouch_demo_story *story, const char *format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return vouch_demo_copy(story, vouch_bytes_of(text));
}

struct vouch_bytes vouch_demo_user_actor(struct vouch_demo_story *story, size_t user) {
    return vouch_demo_text(story, "user:%s", story->tale.company->users[user].name);
}

struct vouch_bytes vouch_demo_host_actor(struct vouch_demo_story *story, size_t host) {
    return vouch_demo_text(story, "host:%s", story->tale.company->hosts[host].name);
}

int vouch_demo_hash(const struct vouch_demo_story *story, struct vouch_bytes bytes,
                    uint8_t ret_hash[static VOUCH_STORE_HASH_LEN]) {
    struct vouch_tree_hash hash;
    vouch_hasher_plain(story->hasher, bytes, &hash);
    memcpy(ret_hash, hash.bytes, sizeof hash.bytes);
    return vouch_hasher_error(story->hasher);
}

struct vouch_demo_entry *vouch_demo_entry(struct vouch_demo_story *story) {
    struct vouch_demo_entry *entry = &story->entries[story->entry_count++];
    *entry = (struct vouch_demo_entry){0};
    return entry;
}

// ----- who may have what

int vouch_demo_decide(struct vouch_demo_story *story, size_t user,
                      const struct vouch_policy_names *roles, struct vouch_bytes reason,
                      struct vouch_arena *arena, struct vouch_policy_decision *ret_decision) {
    const struct vouch_demo_user *who = &story->tale.company->users[user];
    const struct vouch_policy_role *first =
        vouch_policy_role_named(story->tale.policy, roles->items[0]);
    const struct vouch_policy_ask ask = {.user = vouch_bytes_of(who->name),
                                         .zone = first->zone,
                                         .roles = roles->items,
                                         .role_count = roles->count,
                                         .key_type = VOUCH_KEY_ED25519,
                                         .now_s = story->tale.company->what.now_s,
                                         .second_factor_at_s = story->tale.company->what.now_s,
                                         .address = vouch_bytes_of(who->source),
                                         .reason = reason};
    return vouch_policy_decide(story->tale.policy, &ask, arena, ret_decision);
}

static unsigned role_bit(struct vouch_bytes name) {
    size_t i = 0;
    while (i < VOUCH_DEMO_ROLES &&
           !vouch_bytes_equal(name, vouch_bytes_of(vouch_demo_roles[i].name))) {
        i++;
    }
    return i < VOUCH_DEMO_ROLES ? 1u << i : 0;
}

static void keep_roles(struct vouch_demo_grant *grant, const struct vouch_policy_names *roles) {
    size_t len = 0;
    for (size_t i = 0; i < roles->count; i++) {
        grant->role_bits |= role_bit(roles->items[i]);
        int more =
            snprintf(grant->roles + len, sizeof grant->roles - len, "%s%.*s", i > 0 ? "," : "",
                     (int)roles->items[i].len, (const char *)roles->items[i].ptr);
        len += more > 0 && len + (size_t)more < sizeof grant->roles ? (size_t)more : 0;
    }
}

// The roles that are had by asking, as the authority finds them.
static int find_grant(struct vouch_demo_story *story, size_t user, unsigned zone) {
    struct vouch_demo_grant *grant = &story->people[user].grants[zone];
    const struct vouch_policy_view view = {story->tale.policy, story->tale.company->what.now_s,
                                           &story->lasting};
    struct vouch_policy_paths paths = {0};
    struct vouch_policy_decision decision = {0};
    struct vouch_bytes items[VOUCH_DEMO_ROLES];
    struct vouch_policy_names roles = {.items = items};
    int err = vouch_policy_roles_of(&view, vouch_bytes_of(story->tale.company->users[user].name),
                                    vouch_bytes_of(vouch_demo_zones[zone]), NULL, &paths);
    for (size_t i = 0; err == VOUCH_OK && i < paths.count; i++) {
        const struct vouch_policy_role *role =
            vouch_policy_role_named(story->tale.policy, paths.items[i].role);
        if (paths.items[i].how == VOUCH_POLICY_STANDING && roles.count < VOUCH_DEMO_ROLES &&
            role->reason == VOUCH_POLICY_OPTIONAL) {
            items[roles.count++] = role->name;
        }
    }
    if (err != VOUCH_OK || roles.count == 0) {
        return err;
    }
    keep_roles(grant, &roles);
    err =
        vouch_demo_decide(story, user, &roles, (struct vouch_bytes){0}, &story->lasting, &decision);
    grant->grant = decision.grant;
    return err;
}

static int meet_people(struct vouch_demo_story *story) {
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < story->tale.company->user_count; i++) {
        struct vouch_private_key *pair = NULL;
        struct vouch_demo_person *person = &story->people[i];
        err = vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &pair);
        if (err == VOUCH_OK) {
            person->key = vouch_key_copy(vouch_private_key_public(pair));
            err = person->key != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
        }
        vouch_private_key_free(pair);
        if (err == VOUCH_OK) {
            vouch_key_fingerprint(person->key, VOUCH_HASH_SHA256, person->fingerprint);
        }
        for (unsigned zone = 0; err == VOUCH_OK && zone < VOUCH_DEMO_ZONES; zone++) {
            err = find_grant(story, i, zone);
        }
    }
    return err;
}

static int meet_machines(struct vouch_demo_story *story) {
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < story->tale.company->host_count; i++) {
        struct vouch_private_key *pair = NULL;
        err = vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &pair);
        if (err == VOUCH_OK) {
            story->machines[i].key = vouch_key_copy(vouch_private_key_public(pair));
            err = story->machines[i].key != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
        }
        vouch_private_key_free(pair);
        if (err == VOUCH_OK) {
            err = vouch_demo_hash(story, vouch_key_blob(story->machines[i].key),
                                  story->machines[i].hash);
        }
    }
    return err;
}

// ----- the policies

static int write_policy(struct vouch_demo_story *story, unsigned version,
                        struct vouch_fault *fault) {
    struct vouch_demo_applied *applied = &story->applied[version - 1];
    struct vouch_policy *policy = NULL;
    struct vouch_buf text;
    int err = vouch_demo_policy_read(story->tale.company, version, &policy, fault);
    vouch_buf_init(&text, VOUCH_POLICY_TEXT_MAX);
    if (err == VOUCH_OK) {
        vouch_policy_write(policy, &text);
        if (text.err != VOUCH_OK ||
            vouch_arena_copy(&story->lasting, vouch_buf_bytes(&text), &applied->text) != VOUCH_OK) {
            err = short_of_memory(fault);
        }
    }
    if (err == VOUCH_OK) {
        err = vouch_demo_hash(story, applied->text, applied->hash) == VOUCH_OK
                  ? VOUCH_OK
                  : short_of_memory(fault);
    }
    vouch_policy_free(policy);
    vouch_buf_done(&text);
    return err;
}

const struct vouch_demo_applied *vouch_demo_story_policy(const struct vouch_demo_story *story,
                                                         unsigned version) {
    return &story->applied[version - 1];
}

// ----- telling

static int keep_logins(struct vouch_demo_story *story, struct vouch_fault *fault) {
    struct vouch_store *store = story->tale.store;
    if (story->login_count == 0) {
        return VOUCH_OK;
    }
    int err = vouch_store_work_begin(store, VOUCH_STORE_LATER, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    for (size_t i = 0; err == VOUCH_OK && i < story->login_count; i++) {
        err = vouch_store_login_add(store, &story->logins[i], fault);
    }
    return vouch_store_work_end(store, err, VOUCH_STORE_DONE, fault);
}

static int put_batch(struct vouch_demo_story *story, uint64_t done, struct vouch_fault *fault) {
    int err = story->err != VOUCH_OK ? short_of_memory(fault) : VOUCH_OK;
    if (err == VOUCH_OK) {
        err = vouch_demo_mint_put(story->tale.mint, story->entries, story->entry_count, fault);
    }
    if (err == VOUCH_OK) {
        err = keep_logins(story, fault);
    }
    if (err == VOUCH_OK) {
        story->tale.progress(story->tale.progress_context, done, story->tale.plan->count);
    }
    story->entry_count = 0;
    story->login_count = 0;
    vouch_arena_clear(&story->batch);
    return err;
}

static int tell_all(struct vouch_demo_story *story, struct vouch_fault *fault) {
    const struct vouch_demo_plan *plan = story->tale.plan;
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < plan->count; i++) {
        vouch_demo_tell(story, &plan->moments[i]);
        if (story->entry_count + VOUCH_DEMO_ENTRIES_MAX > VOUCH_DEMO_BATCH) {
            err = put_batch(story, i, fault);
        }
    }
    return err == VOUCH_OK ? put_batch(story, plan->count, fault) : err;
}

static int prepare(struct vouch_demo_story *story, struct vouch_fault *fault) {
    const struct vouch_key *user_ca = vouch_demo_mint_ca(story->tale.mint, VOUCH_CERT_USER);
    const struct vouch_key *host_ca = vouch_demo_mint_ca(story->tale.mint, VOUCH_CERT_HOST);
    vouch_key_fingerprint(user_ca, VOUCH_HASH_SHA256, story->ca_fingerprint);
    int err = vouch_demo_hash(story, vouch_key_blob(user_ca), story->ca);
    if (err == VOUCH_OK) {
        err = vouch_demo_hash(story, vouch_key_blob(host_ca), story->host_ca);
    }
    if (err == VOUCH_OK) {
        err = meet_people(story);
    }
    if (err == VOUCH_OK) {
        err = meet_machines(story);
    }
    err = err == VOUCH_OK ? VOUCH_OK : short_of_memory(fault);
    for (unsigned version = 1; version <= VOUCH_DEMO_POLICIES && err == VOUCH_OK; version++) {
        err = write_policy(story, version, fault);
    }
    return err;
}

static struct vouch_demo_story *alloc(const struct vouch_demo_tale *tale) {
    struct vouch_demo_story *story = calloc(1, sizeof *story);
    if (story == NULL) {
        return NULL;
    }
    story->tale = *tale;
    story->random.state = tale->company->what.seed ^ UINT64_C(0x73746f7279);
    story->hasher = vouch_hasher_new();
    story->people = calloc(tale->company->user_count, sizeof *story->people);
    story->machines = calloc(tale->company->host_count, sizeof *story->machines);
    story->request_serials = calloc(tale->plan->request_count, sizeof *story->request_serials);
    story->entries = calloc(VOUCH_DEMO_BATCH, sizeof *story->entries);
    story->logins = calloc(VOUCH_DEMO_BATCH, sizeof *story->logins);
    if (story->hasher == NULL || story->people == NULL || story->machines == NULL ||
        story->request_serials == NULL || story->entries == NULL || story->logins == NULL) {
        vouch_demo_story_free(story);
        return NULL;
    }
    return story;
}

int vouch_demo_story_new(const struct vouch_demo_tale *tale, struct vouch_demo_story **ret_story,
                         struct vouch_fault *fault) {
    struct vouch_demo_story *story = alloc(tale);
    if (story == NULL) {
        return short_of_memory(fault);
    }
    int err = prepare(story, fault);
    if (err == VOUCH_OK) {
        err = tell_all(story, fault);
    }
    if (err != VOUCH_OK) {
        vouch_demo_story_free(story);
        return err;
    }
    *ret_story = story;
    return VOUCH_OK;
}

void vouch_demo_story_free(struct vouch_demo_story *story) {
    if (story == NULL) {
        return;
    }
    for (size_t i = 0; story->people != NULL && i < story->tale.company->user_count; i++) {
        vouch_key_free(story->people[i].key);
    }
    for (size_t i = 0; story->machines != NULL && i < story->tale.company->host_count; i++) {
        vouch_key_free(story->machines[i].key);
    }
    vouch_hasher_free(story->hasher);
    vouch_arena_done(&story->lasting);
    vouch_arena_done(&story->batch);
    free(story->people);
    free(story->machines);
    free(story->request_serials);
    free(story->entries);
    free(story->logins);
    free(story);
}

// ----- what is left of it

void vouch_demo_story_host(const struct vouch_demo_story *story, size_t host,
                           struct vouch_store_host_key *ret_key, uint64_t *ret_next_login) {
    const struct vouch_demo_machine *machine = &story->machines[host];
    *ret_key = (struct vouch_store_host_key){.type = vouch_bytes_of("ssh-ed25519"),
                                             .serial = machine->serial,
                                             .valid_before_s = machine->valid_before_s};
    memcpy(ret_key->hash, machine->hash, sizeof ret_key->hash);
    *ret_next_login = machine->next_login;
}

// As the authority keeps what was asked and what the policy makes of it.
static int put_question(struct vouch_demo_story *story, const struct vouch_demo_request *request,
                        struct vouch_store_request *row,
                        const struct vouch_policy_grant *proposal) {
    struct vouch_buf ask, approved;
    const struct vouch_ask_access question = {.zone = row->zone,
                                              .roles = {row->roles.items, row->roles.count},
                                              .key =
                                                  vouch_key_blob(story->people[request->user].key),
                                              .ttl_s = proposal->ttl_s,
                                              .reason = row->reason,
                                              .pending = VOUCH_PENDING_REFUSE};
    vouch_buf_init(&ask, VOUCH_STORE_REQUEST_BYTES_MAX);
    vouch_buf_init(&approved, VOUCH_STORE_REQUEST_BYTES_MAX);
    vouch_codec_write(vouch_ops[VOUCH_OP_access].ask, &question, &ask);
    vouch_request_put_grant(proposal, &approved);
    int err = ask.err != VOUCH_OK ? ask.err : approved.err;
    if (err == VOUCH_OK) {
        err = vouch_arena_copy(&story->lasting, vouch_buf_bytes(&ask), &row->ask);
    }
    if (err == VOUCH_OK) {
        err = vouch_arena_copy(&story->lasting, vouch_buf_bytes(&approved), &row->approved);
    }
    vouch_buf_done(&ask);
    vouch_buf_done(&approved);
    return err;
}

static void put_outcome(struct vouch_demo_story *story, size_t at,
                        struct vouch_store_request *row) {
    static const enum vouch_store_request_state states[] = {
        [VOUCH_DEMO_TAKEN] = VOUCH_STORE_REQUEST_TAKEN,
        [VOUCH_DEMO_DENIED] = VOUCH_STORE_REQUEST_DENIED,
        [VOUCH_DEMO_CANCELLED] = VOUCH_STORE_REQUEST_CANCELLED,
        [VOUCH_DEMO_EXPIRED] = VOUCH_STORE_REQUEST_EXPIRED,
        [VOUCH_DEMO_OPEN] = VOUCH_STORE_REQUEST_WAITING,
        [VOUCH_DEMO_APPROVED] = VOUCH_STORE_REQUEST_APPROVED};
    const struct vouch_demo_request *request = &story->tale.plan->requests[at];
    const struct vouch_demo_user *users = story->tale.company->users;
    row->state = states[request->end];
    row->revision = 1;
    row->revision += request->decided_ms != 0 ? 1 : 0;
    row->revision += request->taken_ms != 0 ? 1 : 0;
    row->serial = story->request_serials[at];
    row->expires_s = row->created_s + REQUEST_S;
    if (request->end == VOUCH_DEMO_TAKEN || request->end == VOUCH_DEMO_APPROVED) {
        row->missing = 0;
        row->expires_s = request->decided_ms / 1000 + APPROVED_S;
    } else if (request->end == VOUCH_DEMO_DENIED || request->end == VOUCH_DEMO_CANCELLED) {
        int denied = request->end == VOUCH_DEMO_DENIED;
        row->decided_by = vouch_bytes_of(users[denied ? request->approver : request->user].name);
        row->comment = vouch_bytes_of(denied ? "Please use the replica for this." : "");
    }
}

int vouch_demo_story_request(struct vouch_demo_story *story, size_t at,
                             struct vouch_store_request *ret_request, struct vouch_fault *fault) {
    const struct vouch_demo_request *request = &story->tale.plan->requests[at];
    const struct vouch_demo_user *user = &story->tale.company->users[request->user];
    struct vouch_demo_asked asked;
    int err = vouch_demo_ask(story, at, &story->lasting, &asked);
    struct vouch_store_request row = {
        .user = vouch_bytes_of(user->name),
        .zone = asked.zone,
        .created_s = request->asked_ms / 1000,
        .ttl_s = asked.proposal.ttl_s,
        .roles = {asked.roles, 1},
        .principals = {asked.proposal.principals, asked.proposal.principal_count},
        .reason = asked.reason,
        .source = vouch_bytes_of(user->source),
        .missing = asked.needed};
    if (err == VOUCH_OK) {
        err = vouch_demo_hash(story, vouch_key_blob(story->people[request->user].key), row.key);
    }
    if (err == VOUCH_OK) {
        put_outcome(story, at, &row);
        row.approvers =
            (struct vouch_store_texts){asked.approvers, row.missing == 0 ? asked.needed : 0};
        err = put_question(story, request, &row, &asked.proposal);
    }
    *ret_request = row;
    return err == VOUCH_OK ? VOUCH_OK : short_of_memory(fault);
}
