// SPDX-License-Identifier: ISC
// A host enrols: with a token, which is used up by it; or without, and then it waits for an administrator
// who compares fingerprints. Asking again with the same keys costs nothing, so an answer may get lost.
#include "authority/enrol.h"

#include <inttypes.h>
#include <stdio.h>

#include "authority/host-wish.h"
#include "authority/issue.h"
#include "authority/people.h"
#include "base/time.h"
#include "core/cidr.h"
#include "core/host-proof.h"

#define AGAIN_S 600        // how long a token that is used up gives the same host its answer again
#define WAIT_S 86400       // in the queue
#define WAIT_SOURCE_MAX 10 // from one address, or IPv6 network of 64 bits
#define WAIT_ALL_MAX 1000
#define WAIT_RETRY_S 600

// --- 1: what is asked

static int judge_words(const struct vouch_ask_enrol *ask, struct vouch_reply *reply) {
    struct vouch_bytes wrong = {0};
    const char *name = vouch_host_name_fault(ask->name);
    const char *labels = vouch_host_labels_fault(ask->labels.items, ask->labels.count, &wrong);
    if (name != NULL) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_host_name, "name",
                        "name: %.*s %s", VOUCH_REPLY_TEXT(ask->name), name);
    } else if (labels != NULL) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "labels",
                        "labels: %.*s %s", VOUCH_REPLY_TEXT(wrong), labels);
    }
    return name == NULL && labels == NULL &&
           vouch_enrol_words_are_good(ask->agent, ask->sshd, reply);
}

static int judge(const struct vouch_ask_enrol *ask, struct vouch_reply *reply) {
    if (ask->aliases.count > VOUCH_HOST_NAMES_MAX - 2) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "aliases",
                        "aliases must be at most %d", VOUCH_HOST_NAMES_MAX - 2);
        return 0;
    }
    for (size_t i = 0; i < ask->aliases.count; i++) {
        const char *why = vouch_host_alias_fault(ask->aliases.items[i]);
        if (why != NULL) {
            vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_host_name, "aliases",
                            "aliases: %.*s %s", VOUCH_REPLY_TEXT(ask->aliases.items[i]), why);
            return 0;
        }
    }
    return judge_words(ask, reply);
}

// --- 2: the token

static void bad_token(struct vouch_reply *reply, const char *why) {
    vouch_reply_set(reply, VOUCH_VERDICT_UNKNOWN, &vouch_fault_host_token, "token", "%s", why);
}

static int is_near(const struct vouch_store_host_token *token, struct vouch_bytes source) {
    for (size_t i = 0; i < token->network_count; i++) {
        if (vouch_cidr_list_has(token->networks[i], source)) {
            return 1;
        }
    }
    return token->network_count == 0;
}

// Only what begins as a host token is looked up as one, and only among these.
static int find_token(struct vouch_local *authority, const struct vouch_ask_enrol *ask,
                      struct vouch_enrolment *enrolment, struct vouch_reply *reply,
                      struct vouch_fault *fault) {
    const struct vouch_bytes prefix = vouch_bytes_of(VOUCH_HOST_TOKEN_PREFIX);
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    struct vouch_store_host_token token = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    if (ask->token.len == 0) {
        return VOUCH_OK;
    }
    int err = vouch_hash_of(authority, ask->token, hash, fault);
    if (err == VOUCH_OK && ask->token.len > prefix.len &&
        memcmp(ask->token.ptr, prefix.ptr, prefix.len) == 0) {
        err = vouch_store_host_token_by_secret(vouch_lease(authority), hash, &authority->arena,
                                               &outcome, &token, fault);
    }
    vouch_lease_end(authority);
    if (err != VOUCH_OK) {
        return err;
    }
    if (outcome != VOUCH_STORE_DONE) {
        bad_token(reply, "this is no host token, or it was removed");
    } else if (token.expires_s <= enrolment->now_s) {
        bad_token(reply, "the host token has expired");
    } else if (!is_near(&token, enrolment->caller->source)) {
        bad_token(reply, "the host token is not for the network that this comes from");
    } else {
        enrolment->token = token;
    }
    return VOUCH_OK;
}

static int token_fits(const struct vouch_enrolment *enrolment, struct vouch_bytes name) {
    return enrolment->token.id != 0 && vouch_host_fits(enrolment->token.match, name);
}

// --- 3: the row

static int say_by(struct vouch_local *authority, struct vouch_enrolment *enrolment,
                  struct vouch_fault *fault) {
    char by[40];
    (void)snprintf(by, sizeof by, "host-token:%" PRIu64, enrolment->token.id);
    enrolment->host.token = enrolment->token.id;
    return vouch_arena_copy(&authority->arena, vouch_bytes_of(by), &enrolment->host.by) == VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

static int has_key_of(const struct vouch_bytes *labels, size_t count, struct vouch_bytes label) {
    const struct vouch_bytes key = vouch_host_label_key(label);
    for (size_t i = 0; i < count; i++) {
        if (vouch_bytes_equal(vouch_host_label_key(labels[i]), key)) {
            return 1;
        }
    }
    return 0;
}

// The token's labels, and those that the host wishes beside them.
static int merge_labels(struct vouch_local *authority, const struct vouch_ask_enrol *ask,
                        struct vouch_enrolment *enrolment, struct vouch_reply *reply,
                        struct vouch_fault *fault) {
    const struct vouch_store_host_token *token = &enrolment->token;
    struct vouch_bytes wrong = {0};
    size_t count = token->label_count;
    struct vouch_bytes *labels =
        vouch_arena_alloc(&authority->arena, (count + ask->labels.count + 1) * sizeof *labels);
    if (labels == NULL) {
        return vouch_no_memory(fault);
    }
    if (count > 0) {
        memcpy(labels, token->labels, count * sizeof *labels);
    }
    for (size_t i = 0; i < ask->labels.count; i++) {
        if (!has_key_of(token->labels, token->label_count, ask->labels.items[i])) {
            labels[count++] = ask->labels.items[i];
        }
    }
    if (vouch_host_labels_fault(labels, count, &wrong) != NULL) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "labels",
                        "labels: with those of the token they are more than a host has");
    }
    enrolment->host.labels = labels;
    enrolment->host.label_count = count;
    return VOUCH_OK;
}

// What the request says of the host, whatever becomes of it.
static void fill_host(const struct vouch_ask_enrol *ask, struct vouch_enrolment *enrolment) {
    struct vouch_store_host *host = &enrolment->host;
    host->name = ask->name;
    host->aliases = ask->aliases.items;
    host->alias_count = ask->aliases.count;
    host->agent = ask->agent;
    host->sshd = ask->sshd;
    host->source = enrolment->caller->source;
    host->seen_s = enrolment->now_s;
    host->keys = enrolment->keys.rows;
    host->key_count = enrolment->keys.count;
    memcpy(host->machine, ask->machine.ptr, sizeof host->machine);
    memcpy(host->keyset, enrolment->keys.keyset, sizeof host->keyset);
}

static int note(struct vouch_local *authority, const struct vouch_enrolment *enrolment,
                const char *type, const char *why, struct vouch_fault *fault) {
    struct vouch_host_event event = {.type = type,
                                     .host = &enrolment->host,
                                     .caller = enrolment->caller,
                                     .reason = vouch_bytes_of(why)};
    int err = vouch_host_actor(authority, enrolment->host.name, &event.actor, fault);
    return err == VOUCH_OK ? vouch_host_note(authority, &event, fault) : err;
}

static int keep_noted(struct vouch_local *authority, struct vouch_enrolment *enrolment,
                      const char *why, struct vouch_reply *reply, struct vouch_fault *fault) {
    int err = vouch_enrol_names(authority, enrolment, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    err = note(authority, enrolment, VOUCH_EVENT_HOST_ENROL, why, fault);
    return err == VOUCH_OK ? vouch_enrol_keep(authority, enrolment, reply, fault) : err;
}

// With a token: no event for one that has no use left.
static int enrol_new(struct vouch_local *authority, const struct vouch_ask_enrol *ask,
                     struct vouch_enrolment *enrolment, struct vouch_reply *reply,
                     struct vouch_fault *fault) {
    struct vouch_store_host *host = &enrolment->host;
    if (enrolment->token.uses_left == 0) {
        bad_token(reply, "the host token has been used up");
        return VOUCH_OK;
    }
    if (!vouch_enrol_aliases_are_good(enrolment, ask->name, &ask->aliases, reply)) {
        return VOUCH_OK;
    }
    vouch_host_wish_end(host);
    fill_host(ask, enrolment);
    host->state = VOUCH_STORE_HOST_ACTIVE;
    host->zone = enrolment->token.zone;
    host->created_s = host->renewed_s = enrolment->now_s;
    host->until_s = 0;
    enrolment->use = VOUCH_ENROL_USE_TOKEN;
    int err = say_by(authority, enrolment, fault);
    if (err == VOUCH_OK) {
        err = merge_labels(authority, ask, enrolment, reply, fault);
    }
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE
               ? keep_noted(authority, enrolment, "", reply, fault)
               : err;
}

// --- 4: one that is there already

static void conflict(struct vouch_reply *reply, const struct vouch_store_host *host,
                     const char *why) {
    vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_host_taken, "name", "%s %.*s", why,
                    VOUCH_REPLY_TEXT(host->name));
}

// By what right a host that is enrolled gets its answer again; nonzero if by any.
static int may_again(struct vouch_enrolment *enrolment, struct vouch_bytes name) {
    const struct vouch_store_host *host = &enrolment->host;
    if (host->may_collect_s > enrolment->now_s) {
        return 1;
    }
    if (!token_fits(enrolment, name) || !vouch_bytes_equal(enrolment->token.zone, host->zone)) {
        return 0;
    }
    if (enrolment->token.id == host->token && enrolment->now_s - host->created_s <= AGAIN_S) {
        return 1;
    }
    enrolment->use = VOUCH_ENROL_USE_TOKEN;
    return enrolment->token.uses_left > 0;
}

static int enrol_again(struct vouch_local *authority, const struct vouch_ask_enrol *ask,
                       struct vouch_enrolment *enrolment, struct vouch_reply *reply,
                       struct vouch_fault *fault) {
    struct vouch_store_host *host = &enrolment->host;
    if (memcmp(host->keyset, enrolment->keys.keyset, sizeof host->keyset) != 0) {
        conflict(reply, host, "another machine is enrolled as");
        return VOUCH_OK;
    }
    if (!may_again(enrolment, ask->name)) {
        conflict(reply, host, "it needs a host token with a use left to enrol again as");
        return VOUCH_OK;
    }
    if (!vouch_enrol_aliases_are_good(enrolment, ask->name, &ask->aliases, reply)) {
        return VOUCH_OK;
    }
    struct vouch_text_list aliases;
    int err = vouch_host_aliases_of(authority, host, &ask->aliases, &aliases, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    fill_host(ask, enrolment);
    enrolment->wildcards = VOUCH_HOST_WILDCARDS_LEFT_OUT;
    host->aliases = aliases.items;
    host->alias_count = aliases.count;
    host->renewed_s = enrolment->now_s;
    host->renew = 0;
    if (enrolment->use == VOUCH_ENROL_USE_TOKEN) {
        err = say_by(authority, enrolment, fault);
    }
    return err == VOUCH_OK ? keep_noted(authority, enrolment, "again", reply, fault) : err;
}

// --- 5: the queue

struct network {
    struct vouch_cidr address;
    uint64_t now_s;
};

static int waits_there(const struct vouch_store_host *host, const void *context) {
    const struct network *network = context;
    struct vouch_cidr address;
    return host->until_s > network->now_s && vouch_cidr_parse(host->source, &address) == VOUCH_OK &&
           address.address_len == 16 && memcmp(address.address, network->address.address, 8) == 0;
}

// A network of 64 bits is one source: whoever has one address of it has them all.
static int count_network(struct vouch_local *authority, const struct vouch_enrolment *enrolment,
                         uint64_t *of_source, struct vouch_fault *fault) {
    struct network network = {.now_s = enrolment->now_s};
    const struct vouch_store_host_filter filter = {
        .state = VOUCH_STORE_HOST_WAITING, .fits = waits_there, .context = &network};
    const struct vouch_store_page page = {.limit = WAIT_SOURCE_MAX};
    struct vouch_store_hosts found = {0};
    if (vouch_cidr_parse(enrolment->caller->source, &network.address) != VOUCH_OK ||
        network.address.address_len != 16) {
        return VOUCH_OK;
    }
    int err = vouch_store_hosts_list(vouch_lease(authority), &filter, &page, &found, fault);
    vouch_lease_end(authority);
    *of_source = err == VOUCH_OK ? found.count : *of_source;
    vouch_store_hosts_done(&found);
    return err;
}

static int has_room(struct vouch_local *authority, const struct vouch_enrolment *enrolment,
                    struct vouch_reply *reply, struct vouch_fault *fault) {
    uint64_t of_source = 0, in_all = 0;
    int err = vouch_store_hosts_waiting(vouch_lease(authority), enrolment->caller->source,
                                        enrolment->now_s, &of_source, &in_all, fault);
    vouch_lease_end(authority);
    if (err == VOUCH_OK && in_all < WAIT_ALL_MAX) {
        err = count_network(authority, enrolment, &of_source, fault);
    }
    if (err == VOUCH_OK && (of_source >= WAIT_SOURCE_MAX || in_all >= WAIT_ALL_MAX)) {
        vouch_reply_set(reply, VOUCH_VERDICT_BUSY, &vouch_fault_host_queue, NULL,
                        "%s wait to be adopted already",
                        in_all >= WAIT_ALL_MAX ? "1,000 hosts" : "10 hosts of this address");
        reply->retry_after_s = WAIT_RETRY_S;
    }
    return err;
}

// Adds the row, or writes it anew for a machine that asks for other names.
static int put_waiting(struct vouch_local *authority, struct vouch_enrolment *enrolment,
                       struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    struct vouch_store_host *host = &enrolment->host;
    enum vouch_store_outcome outcome = VOUCH_STORE_DONE;
    vouch_lease_end(authority);
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = host->id == 0 ? vouch_store_host_add(office->desk, host, &host->id, fault)
                            : vouch_store_host_put(office->desk, host, &outcome, fault);
        err = vouch_store_work_end(office->desk, err, outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        vouch_reply_set(reply, VOUCH_VERDICT_BUSY, &vouch_fault_at_work, NULL,
                        "something else about this host is at work: ask again");
    }
    return err;
}

// Whoever made a token that was shown asked for what it brings along.
static int say_asker(struct vouch_local *authority, struct vouch_enrolment *enrolment,
                     struct vouch_fault *fault) {
    struct vouch_bytes actor = enrolment->token.actor;
    if (enrolment->token.id == 0) {
        return VOUCH_OK;
    }
    return vouch_arena_copy(&authority->arena, actor, &enrolment->host.asker) == VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

static int is_below_the_ceiling(const struct vouch_local *authority,
                                const struct vouch_ask_enrol *ask, struct vouch_reply *reply) {
    for (size_t i = 0; i < ask->aliases.count; i++) {
        const struct vouch_bytes name = ask->aliases.items[i];
        const char *why = vouch_host_is_wildcard(name)
                              ? vouch_host_wildcard_fault(authority->office, NULL, name)
                              : NULL;
        if (why != NULL) {
            vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_host_wildcard, "aliases",
                            "aliases: %.*s %s", VOUCH_REPLY_TEXT(name), why);
            return 0;
        }
    }
    return 1;
}

// The zone is that of the token, or guessed for whoever adopts it, who may say another.
static int fill_waiting(struct vouch_local *authority, const struct vouch_ask_enrol *ask,
                        struct vouch_enrolment *enrolment, struct vouch_reply *reply,
                        struct vouch_fault *fault) {
    const struct vouch_policy_zone *zone = vouch_host_only_zone(enrolment->content, ask->name);
    struct vouch_store_host *host = &enrolment->host;
    fill_host(ask, enrolment);
    host->zone = zone != NULL ? zone->name : (struct vouch_bytes){0};
    host->labels = ask->labels.items;
    host->label_count = ask->labels.count;
    int err = say_asker(authority, enrolment, fault);
    if (err == VOUCH_OK && token_fits(enrolment, ask->name)) {
        host->zone = enrolment->token.zone;
        err = merge_labels(authority, ask, enrolment, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE && host->zone.len > 0) {
        err = vouch_enrol_names(authority, enrolment, reply, fault);
    }
    return err;
}

static int has_wildcard(const struct vouch_ask_enrol *ask) {
    return vouch_host_has_wildcard(ask->aliases.items, ask->aliases.count);
}

static int wait_anew(struct vouch_local *authority, const struct vouch_ask_enrol *ask,
                     struct vouch_enrolment *enrolment, const char *why, struct vouch_reply *reply,
                     struct vouch_fault *fault) {
    struct vouch_store_host *host = &enrolment->host;
    host->needed = has_wildcard(ask) ? VOUCH_HOST_APPROVALS : 1;
    int err = fill_waiting(authority, ask, enrolment, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = put_waiting(authority, enrolment, reply, fault);
    }
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE
               ? note(authority, enrolment, VOUCH_EVENT_HOST_WAIT, why, fault)
               : err;
}

static int asks_for_the_same(const struct vouch_ask_enrol *ask,
                             const struct vouch_store_host *host) {
    if (ask->aliases.count != host->alias_count) {
        return 0;
    }
    for (size_t i = 0; i < host->alias_count; i++) {
        if (!vouch_bytes_equal(ask->aliases.items[i], host->aliases[i])) {
            return 0;
        }
    }
    return 1;
}

// Other names than those that somebody may be looking at. Where wildcards are among them each is named by
// whoever adopts it, and what was approved is void; where there are none, what waits stays as it was.
static int ask_for_others(struct vouch_local *authority, const struct vouch_ask_enrol *ask,
                          struct vouch_enrolment *enrolment, struct vouch_reply *reply,
                          struct vouch_fault *fault) {
    struct vouch_store_host *host = &enrolment->host;
    uint64_t wait_s = 0;
    if (!has_wildcard(ask) && !vouch_host_has_wildcard(host->aliases, host->alias_count)) {
        return VOUCH_OK;
    }
    if (vouch_host_budget_take(authority->office->host_budget, host->id, VOUCH_HOST_RENEWALS, 1,
                               enrolment->now_s, &wait_s) != 1) {
        vouch_reply_set(reply, VOUCH_VERDICT_BUSY, &vouch_fault_host_budget, NULL,
                        "%.*s asked for other names too often in this hour",
                        VOUCH_REPLY_TEXT(host->name));
        reply->retry_after_s = wait_s;
        return VOUCH_OK;
    }
    vouch_host_approvals_end(host);
    return wait_anew(authority, ask, enrolment, "it asks for other names", reply, fault);
}

static int wait_for_adoption(struct vouch_local *authority, const struct vouch_ask_enrol *ask,
                             struct vouch_enrolment *enrolment, struct vouch_reply *reply,
                             struct vouch_fault *fault) {
    struct vouch_store_host *host = &enrolment->host;
    if (host->id != 0 && asks_for_the_same(ask, host)) {
        return VOUCH_OK; // it waits already
    }
    if (!is_below_the_ceiling(authority, ask, reply)) {
        return VOUCH_OK;
    }
    if (host->id != 0) {
        return ask_for_others(authority, ask, enrolment, reply, fault);
    }
    int err = has_room(authority, enrolment, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    host->state = VOUCH_STORE_HOST_WAITING;
    host->created_s = enrolment->now_s;
    host->until_s = enrolment->now_s + WAIT_S;
    return wait_anew(authority, ask, enrolment,
                     has_wildcard(ask) ? "a wildcard, which two people adopt"
                                       : "no token for this name",
                     reply, fault);
}

// --- top to bottom

// The one that has the name, or the same machine's request that waits; its state says what was found.
static int find_host(struct vouch_local *authority, const struct vouch_ask_enrol *ask,
                     struct vouch_enrolment *enrolment, struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_store_host *host = &enrolment->host;
    struct vouch_store *store = vouch_lease(authority);
    int err =
        vouch_store_host_by_any_name(store, ask->name, &authority->arena, &outcome, host, fault);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        err = vouch_store_host_in_state(store, ask->name, VOUCH_STORE_HOST_WAITING,
                                        enrolment->keys.keyset, &authority->arena, &outcome, host,
                                        fault);
    }
    vouch_lease_end(authority);
    return err;
}

// Nonzero if the same keys came from another machine.
static int is_copy(const struct vouch_ask_enrol *ask, const struct vouch_enrolment *enrolment) {
    const struct vouch_store_host *host = &enrolment->host;
    return host->state == VOUCH_STORE_HOST_ACTIVE &&
           memcmp(host->keyset, enrolment->keys.keyset, sizeof host->keyset) == 0 &&
           memcmp(host->machine, ask->machine.ptr, sizeof host->machine) != 0;
}

static int decide(struct vouch_local *authority, const struct vouch_ask_enrol *ask,
                  struct vouch_enrolment *enrolment, struct vouch_reply *reply,
                  struct vouch_fault *fault) {
    const struct vouch_store_host *host = &enrolment->host;
    if (host->id != 0 && !vouch_bytes_equal(host->name, ask->name)) {
        conflict(reply, host, "the name is an alias of");
        return VOUCH_OK;
    }
    if (host->state == VOUCH_STORE_HOST_LOCKED) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_host_locked, "name",
                        "the host %.*s is locked: an administrator has to look at it",
                        VOUCH_REPLY_TEXT(host->name));
        return VOUCH_OK;
    }
    int err = vouch_host_keys_free(authority, &enrolment->keys, host->id, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (host->state == VOUCH_STORE_HOST_ACTIVE) {
        return enrol_again(authority, ask, enrolment, reply, fault);
    }
    return token_fits(enrolment, ask->name) && !has_wildcard(ask)
               ? enrol_new(authority, ask, enrolment, reply, fault)
               : wait_for_adoption(authority, ask, enrolment, reply, fault);
}

static int enrol(struct vouch_local *authority, const struct vouch_ask_enrol *ask,
                 struct vouch_enrolment *enrolment, struct vouch_reply *reply,
                 struct vouch_fault *fault) {
    pthread_mutex_t *lock = &authority->office->fleet_lock;
    pthread_mutex_lock(lock);
    int err = find_host(authority, ask, enrolment, fault);
    int copies = err == VOUCH_OK && is_copy(ask, enrolment);
    if (err == VOUCH_OK && !copies) {
        err = decide(authority, ask, enrolment, reply, fault);
    }
    pthread_mutex_unlock(lock);
    return copies ? vouch_host_lock_copy(authority, enrolment->caller, enrolment->host.id,
                                         "its keys came from another machine", reply, fault)
                  : err;
}

static int say_evidence(struct vouch_local *authority, struct vouch_enrolment *enrolment,
                        struct vouch_fault *fault) {
    char text[256];
    (void)snprintf(text, sizeof text, "%.*s+host-key", VOUCH_REPLY_TEXT(enrolment->host.by));
    return vouch_arena_copy(&authority->arena, vouch_bytes_of(text), &enrolment->evidence) ==
                   VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

static int answer(struct vouch_local *authority, struct vouch_enrolment *enrolment,
                  struct vouch_answer_enrol *ret_answer, struct vouch_fault *fault) {
    if (enrolment->host.state == VOUCH_STORE_HOST_WAITING) {
        ret_answer->state = VOUCH_HOST_WAITING;
        return VOUCH_OK;
    }
    int err = say_evidence(authority, enrolment, fault);
    return err == VOUCH_OK ? vouch_enrol_answer(authority, enrolment, ret_answer, fault) : err;
}

// The token comes before the proofs: a stranger without one pays for each of them with a place in the
// queue, of which there are few.
static int prove(struct vouch_local *authority, const struct vouch_ask_enrol *ask,
                 struct vouch_enrolment *enrolment, struct vouch_reply *reply,
                 struct vouch_fault *fault) {
    const struct vouch_host_claim claim = {.purpose = VOUCH_HOST_PROOF_ENROL,
                                           .name = ask->name,
                                           .time_s = ask->time_s,
                                           .machine = ask->machine,
                                           .rows = ask->keys};
    int err = find_token(authority, ask, enrolment, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = vouch_host_keys_take(authority, ask->keys, ask->key_count, &enrolment->keys, reply,
                                   fault);
    }
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE
               ? vouch_host_keys_prove(authority, &enrolment->keys, &claim, reply, fault)
               : err;
}

// Whoever tries names or tokens leaves a trace; what cannot be read, or has to wait, does not.
static int is_refused(const struct vouch_reply *reply) {
    return reply->verdict == VOUCH_VERDICT_UNKNOWN || reply->verdict == VOUCH_VERDICT_REFUSED ||
           reply->verdict == VOUCH_VERDICT_CONFLICT;
}

int vouch_local_enrol(struct vouch_local *authority, const struct vouch_caller *caller,
                      const struct vouch_ask_enrol *ask, struct vouch_answer_enrol *ret_answer,
                      struct vouch_fault *fault) {
    struct vouch_enrolment enrolment = {.caller = caller};
    struct vouch_reply *reply = &ret_answer->reply;
    if (!vouch_caller_is_plain(caller, reply) || !judge(ask, reply)) {
        return VOUCH_OK;
    }
    vouch_enrolment_begin(authority, &enrolment, reply);
    int err = VOUCH_OK;
    if (reply->verdict == VOUCH_VERDICT_DONE) {
        err = prove(authority, ask, &enrolment, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = enrol(authority, ask, &enrolment, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = answer(authority, &enrolment, ret_answer, fault);
    }
    vouch_enrolment_end(authority, &enrolment);
    return err == VOUCH_OK && is_refused(reply)
               ? vouch_refusal_host(authority, caller, ask->name, reply, fault)
               : err;
}
