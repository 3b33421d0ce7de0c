// SPDX-License-Identifier: ISC
// Names and certificates of hosts: which names a host may have, and a certificate for each of its keys.
#include <inttypes.h>
#include <stdio.h>

#include "authority/fleet.h"
#include "authority/issue.h"
#include "base/time.h"

// --- names

static void taken(struct vouch_reply *reply, struct vouch_bytes name, struct vouch_bytes by) {
    vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_host_taken, "aliases",
                    "%.*s is a name of the host %.*s", VOUCH_REPLY_TEXT(name),
                    VOUCH_REPLY_TEXT(by));
}

// Whose name it is, if another host's: enrolled, or named in the policy.
static int find_owner(struct vouch_local *authority, const struct vouch_host_naming *naming,
                      struct vouch_bytes name, struct vouch_bytes *ret_owner,
                      struct vouch_fault *fault) {
    struct vouch_store_host host;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = vouch_store_host_by_any_name(vouch_lease(authority), name, &authority->arena,
                                           &outcome, &host, fault);
    *ret_owner = (struct vouch_bytes){0};
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE && host.id != naming->id) {
        *ret_owner = host.name;
    } else if (err == VOUCH_OK && !vouch_bytes_equal(name, naming->name) &&
               vouch_host_named(naming->content, name) != NULL) {
        *ret_owner = name;
    }
    return err;
}

static int has(const struct vouch_bytes *items, size_t count, struct vouch_bytes name) {
    for (size_t i = 0; i < count; i++) {
        if (vouch_bytes_equal(items[i], name)) {
            return 1;
        }
    }
    return 0;
}

static int judge(const struct vouch_host_naming *naming, struct vouch_bytes name, const char *field,
                 const char *why, struct vouch_reply *reply) {
    if (why == NULL && !vouch_host_zone_has(naming->zone, name)) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_host_name, field,
                        "%s: %.*s fits none of the patterns of zone %.*s", field,
                        VOUCH_REPLY_TEXT(name), VOUCH_REPLY_TEXT(naming->zone->name));
        return 0;
    }
    if (why != NULL) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_host_name, field, "%s: %.*s %s",
                        field, VOUCH_REPLY_TEXT(name), why);
    }
    return why == NULL;
}

const char *vouch_host_wildcard_fault(const struct vouch_office *office,
                                      const struct vouch_policy_zone *zone,
                                      struct vouch_bytes name) {
    if (!vouch_host_domains_allow(&office->wildcards, name)) {
        return "is below no domain of host.wildcards in the signer's ceiling.yaml";
    }
    return zone != NULL && !vouch_host_zone_has(zone, name)
               ? "stands for names that fit none of the patterns of the host's zone"
               : NULL;
}

static int judge_wildcard(const struct vouch_local *authority,
                          const struct vouch_host_naming *naming, struct vouch_bytes name,
                          struct vouch_reply *reply) {
    const char *why = vouch_host_wildcard_fault(authority->office, naming->zone, name);
    if (why != NULL && naming->wildcards == VOUCH_HOST_WILDCARDS_WANTED) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_host_wildcard, "aliases",
                        "aliases: %.*s %s", VOUCH_REPLY_TEXT(name), why);
    }
    return why == NULL;
}

static int alias_is_good(const struct vouch_local *authority,
                         const struct vouch_host_naming *naming, struct vouch_bytes alias,
                         struct vouch_reply *reply) {
    return vouch_host_is_wildcard(alias)
               ? judge_wildcard(authority, naming, alias, reply)
               : judge(naming, alias, "aliases", vouch_host_alias_fault(alias), reply);
}

// An alias that is good is added; the host's own names, asked for once more, are no aliases.
static int add_alias(struct vouch_local *authority, const struct vouch_host_naming *naming,
                     struct vouch_bytes alias, struct vouch_bytes *items, size_t *count,
                     struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_bytes owner;
    if (has(items, *count, alias) ||
        vouch_bytes_equal(alias, vouch_host_short_name(naming->name)) ||
        !alias_is_good(authority, naming, alias, reply)) {
        return VOUCH_OK;
    }
    int may_leave_out =
        naming->wildcards == VOUCH_HOST_WILDCARDS_LEFT_OUT && vouch_host_is_wildcard(alias);
    int err = find_owner(authority, naming, alias, &owner, fault);
    if (err == VOUCH_OK && owner.len > 0 && may_leave_out) {
        return VOUCH_OK;
    }
    if (err == VOUCH_OK && owner.len > 0) {
        taken(reply, alias, owner);
    } else if (err == VOUCH_OK) {
        items[(*count)++] = alias;
    }
    return err;
}

static int add_short(struct vouch_local *authority, const struct vouch_host_naming *naming,
                     struct vouch_bytes *items, size_t *count, struct vouch_fault *fault) {
    const struct vouch_bytes name = vouch_host_short_name(naming->name);
    struct vouch_bytes owner = {0};
    int err = name.len > 0 ? find_owner(authority, naming, name, &owner, fault) : VOUCH_OK;
    if (err == VOUCH_OK && name.len > 0 && owner.len == 0) {
        items[(*count)++] = name;
    }
    return err;
}

int vouch_host_names(struct vouch_local *authority, const struct vouch_host_naming *naming,
                     struct vouch_text_list *ret_names, struct vouch_reply *reply,
                     struct vouch_fault *fault) {
    struct vouch_bytes owner;
    size_t count = 0;
    struct vouch_bytes *items =
        vouch_arena_alloc(&authority->arena, (naming->aliases.count + 2) * sizeof *items);
    if (items == NULL) {
        return vouch_no_memory(fault);
    }
    if (naming->aliases.count > VOUCH_HOST_NAMES_MAX - 2) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "aliases",
                        "aliases must be at most %d", VOUCH_HOST_NAMES_MAX - 2);
        return VOUCH_OK;
    }
    if (!judge(naming, naming->name, "name", vouch_host_name_fault(naming->name), reply)) {
        return VOUCH_OK;
    }
    int err = find_owner(authority, naming, naming->name, &owner, fault);
    if (err == VOUCH_OK && owner.len > 0) {
        taken(reply, naming->name, owner);
        return VOUCH_OK;
    }
    items[count++] = naming->name;
    err = err == VOUCH_OK ? add_short(authority, naming, items, &count, fault) : err;
    for (size_t i = 0; err == VOUCH_OK && i < naming->aliases.count; i++) {
        err = add_alias(authority, naming, naming->aliases.items[i], items, &count, reply, fault);
    }
    vouch_lease_end(authority);
    return err == VOUCH_OK &&
                   vouch_texts_keep(&authority->arena, items, count, count, ret_names) != VOUCH_OK
               ? vouch_no_memory(fault)
               : err;
}

// --- certificates

static int sign(struct vouch_local *authority, const struct vouch_host_certs *certs, size_t at,
                const struct vouch_signer_ask *like, struct vouch_store_host_key *row,
                struct vouch_host_cert *cert, struct vouch_reply *reply,
                struct vouch_fault *fault) {
    struct vouch_signer_grant grant = {0};
    struct vouch_signer_ask ask = *like;
    ask.spec.key = certs->keys->keys[at];
    int err = vouch_seat_sign(authority, &ask, &grant, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (grant.outcome != VOUCH_SIGNER_DONE) {
        vouch_reply_signer(&grant.refusal, reply);
        return VOUCH_OK;
    }
    atomic_fetch_add(&authority->office->issued, 1);
    atomic_store(&authority->office->serial, grant.serial);
    *row = certs->keys->rows[at];
    row->serial = grant.serial;
    row->valid_before_s = ask.spec.valid_before;
    *cert = (struct vouch_host_cert){grant.cert, grant.serial, ask.spec.valid_before};
    return VOUCH_OK;
}

static int keep_serials(struct vouch_local *authority, uint64_t id,
                        const struct vouch_store_host_key *rows, size_t count,
                        struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_LATER, fault);
    if (err == VOUCH_OK) {
        for (size_t i = 0; err == VOUCH_OK && i < count; i++) {
            err = vouch_store_host_cert(office->desk, id, &rows[i], &outcome, fault);
        }
        err = vouch_store_work_end(office->desk, err, VOUCH_STORE_DONE, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

// Retiring revokes what was recorded when it looked; what is signed after that is for here.
static int revoke_if_gone(struct vouch_local *authority, const struct vouch_host_certs *certs,
                          struct vouch_bytes actor, size_t count, struct vouch_answer_enrol *answer,
                          struct vouch_fault *fault) {
    struct vouch_store_host now = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    vouch_lease_end(authority);
    int err = vouch_store_host_by_id(vouch_lease(authority), certs->host->id, &authority->arena,
                                     &outcome, &now, fault);
    vouch_lease_end(authority);
    if (err != VOUCH_OK || (outcome == VOUCH_STORE_DONE && now.state == VOUCH_STORE_HOST_ACTIVE)) {
        return err;
    }
    vouch_reply_set(&answer->reply, VOUCH_VERDICT_REFUSED, &vouch_fault_host_locked, "host",
                    "the host %.*s was locked or retired while its certificates were signed",
                    VOUCH_REPLY_TEXT(certs->host->name));
    return vouch_host_revoke(authority, actor, answer->certs, count, fault);
}

static int sign_all(struct vouch_local *authority, const struct vouch_host_certs *certs,
                    const struct vouch_signer_ask *like, struct vouch_answer_enrol *answer,
                    struct vouch_fault *fault) {
    struct vouch_store_host_key rows[VOUCH_HOST_KEYS_MAX];
    const size_t count = certs->keys->count;
    int err = VOUCH_OK;
    answer->certs = vouch_arena_alloc(&authority->arena, (count + 1) * sizeof *answer->certs);
    if (answer->certs == NULL) {
        return vouch_no_memory(fault);
    }
    vouch_reply_done(&answer->reply);
    for (size_t i = 0; i < count; i++) {
        err = sign(authority, certs, i, like, &rows[i], &answer->certs[i], &answer->reply, fault);
        if (err != VOUCH_OK || answer->reply.verdict != VOUCH_VERDICT_DONE) {
            return err;
        }
    }
    err = revoke_if_gone(authority, certs, like->actor, count, answer, fault);
    if (err != VOUCH_OK || answer->reply.verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    answer->cert_count = count;
    return keep_serials(authority, certs->host->id, rows, count, fault);
}

int vouch_host_certify(struct vouch_local *authority, const struct vouch_host_certs *certs,
                       struct vouch_answer_enrol *ret_answer, struct vouch_fault *fault) {
    const struct vouch_office *office = authority->office;
    const struct vouch_store_host *host = certs->host;
    const uint64_t most_s = office->ttl_max_s[1];
    const uint64_t ttl_s = office->host_ttl_s < most_s ? office->host_ttl_s : most_s;
    const uint64_t now_s = vouch_time_now_s();
    char policy[32];
    struct vouch_bytes actor;
    (void)snprintf(policy, sizeof policy, "policy %" PRIu64, certs->policy);
    int err = vouch_host_actor(authority, host->name, &actor, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    const struct vouch_signer_ask like = {.spec = {.type = VOUCH_CERT_HOST,
                                                   .key_id = actor,
                                                   .principals = certs->names.items,
                                                   .principal_count = certs->names.count,
                                                   .valid_after = now_s - VOUCH_BACKDATE_S,
                                                   .valid_before = now_s + ttl_s},
                                          .actor = actor,
                                          .evidence = certs->evidence,
                                          .request = certs->caller->request,
                                          .source = certs->caller->source,
                                          .policy = vouch_bytes_of(policy)};
    err = sign_all(authority, certs, &like, ret_answer, fault);
    ret_answer->state = VOUCH_HOST_ACTIVE;
    ret_answer->id = host->id;
    ret_answer->name = host->name;
    ret_answer->zone = host->zone;
    ret_answer->names = certs->names;
    ret_answer->generation = host->generation;
    return err;
}
