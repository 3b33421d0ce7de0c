// SPDX-License-Identifier: ISC
// The steps that enrolling and renewing share: names by the policy, one transaction, certificates.
#include "authority/enrol.h"
#include "authority/people.h"
#include "base/time.h"
#include "core/host-wildcard.h"

#define WORDS_MAX 128

void vouch_enrolment_begin(struct vouch_local *authority, struct vouch_enrolment *enrolment,
                           struct vouch_reply *reply) {
    enrolment->now_s = vouch_time_now_s();
    enrolment->policy = vouch_policy_hold(authority, &enrolment->version);
    const struct vouch_policy *document = vouch_policy_document(authority, enrolment->policy);
    if (document == NULL) {
        vouch_reply_no_policy(reply);
        return;
    }
    enrolment->content = vouch_policy_holds(document);
    vouch_reply_done(reply);
}

void vouch_enrolment_end(struct vouch_local *authority, struct vouch_enrolment *enrolment) {
    vouch_policy_release(authority, enrolment->policy);
    vouch_host_keys_done(&enrolment->keys);
}

static int is_printable(struct vouch_bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e) {
            return 0;
        }
    }
    return text.len <= WORDS_MAX;
}

int vouch_enrol_words_are_good(struct vouch_bytes agent, struct vouch_bytes sshd,
                               struct vouch_reply *reply) {
    const char *field = !is_printable(agent) ? "agent" : "sshd";
    if (is_printable(agent) && is_printable(sshd)) {
        return 1;
    }
    vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, field,
                    "%s must be at most 128 printable characters", field);
    return 0;
}

static int may_have(const struct vouch_enrolment *enrolment, struct vouch_bytes name,
                    struct vouch_bytes alias) {
    const struct vouch_store_host_token *token = &enrolment->token;
    const struct vouch_store_host *host = &enrolment->host;
    // What a machine asks for while it waits is nothing that it had.
    const size_t had = host->state == VOUCH_STORE_HOST_ACTIVE ? host->alias_count : 0;
    for (size_t i = 0; i < had; i++) {
        if (vouch_bytes_equal(host->aliases[i], alias)) {
            return 1;
        }
    }
    return vouch_bytes_equal(alias, name) || vouch_bytes_equal(alias, host->name) ||
           vouch_bytes_equal(alias, vouch_host_short_name(name)) ||
           vouch_bytes_equal(alias, enrolment->caller->source) ||
           (token->id != 0 && vouch_host_fits(token->match, alias));
}

int vouch_enrol_aliases_are_good(const struct vouch_enrolment *enrolment, struct vouch_bytes name,
                                 const struct vouch_text_list *aliases, struct vouch_reply *reply) {
    for (size_t i = 0; i < aliases->count; i++) {
        if (!vouch_host_is_wildcard(aliases->items[i]) &&
            !may_have(enrolment, name, aliases->items[i])) {
            vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_host_name, "aliases",
                            "aliases: nobody said that this host may be %.*s",
                            VOUCH_REPLY_TEXT(aliases->items[i]));
            return 0;
        }
    }
    return 1;
}

int vouch_enrol_names(struct vouch_local *authority, struct vouch_enrolment *enrolment,
                      struct vouch_reply *reply, struct vouch_fault *fault) {
    const struct vouch_store_host *host = &enrolment->host;
    const struct vouch_host_naming naming = {
        .id = host->id,
        .name = host->name,
        .aliases = {host->aliases, host->alias_count},
        .zone = vouch_host_zone_named(enrolment->content, host->zone),
        .content = enrolment->content,
        .wildcards = enrolment->wildcards};
    if (naming.zone == NULL) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_host_zone, "zone",
                        "the policy has no zone %.*s any more", VOUCH_REPLY_TEXT(host->zone));
        return VOUCH_OK;
    }
    return vouch_host_names(authority, &naming, &enrolment->names, reply, fault);
}

// --- keeping

static int put_row(struct vouch_store *desk, struct vouch_store_host *host,
                   enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    if (host->id != 0) {
        return vouch_store_host_put(desk, host, ret_outcome, fault);
    }
    *ret_outcome = VOUCH_STORE_DONE;
    return vouch_store_host_add(desk, host, &host->id, fault);
}

static void raced(struct vouch_reply *reply) {
    vouch_reply_set(reply, VOUCH_VERDICT_BUSY, &vouch_fault_at_work, NULL,
                    "something else about this host is at work: ask again");
}

static void used_up(struct vouch_reply *reply) {
    vouch_reply_set(reply, VOUCH_VERDICT_UNKNOWN, &vouch_fault_host_token, "token",
                    "the host token has been used up, or ended a moment ago");
}

static int write_all(struct vouch_store *desk, struct vouch_enrolment *enrolment,
                     const uint8_t *hash, enum vouch_store_outcome *ret_outcome,
                     struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_store_host *host = &enrolment->host;
    const struct vouch_text_list *names = &enrolment->names;
    size_t taken = 0;
    int err = VOUCH_OK;
    *ret_outcome = VOUCH_STORE_DONE;
    if (enrolment->use == VOUCH_ENROL_USE_TOKEN) {
        used_up(reply);
        err = vouch_store_host_token_take(desk, enrolment->token.id, enrolment->now_s, ret_outcome,
                                          fault);
    }
    if (err == VOUCH_OK && *ret_outcome == VOUCH_STORE_DONE) {
        raced(reply);
        err = put_row(desk, host, ret_outcome, fault);
    }
    if (err == VOUCH_OK && *ret_outcome == VOUCH_STORE_DONE) {
        err = vouch_store_host_names(desk, host->id, names->items, names->count, ret_outcome,
                                     &taken, fault);
    }
    if (err == VOUCH_OK && *ret_outcome == VOUCH_STORE_DONE) {
        struct vouch_store_host_secret secret = {
            .host = host->id, .generation = host->generation, .used = host->used_generation};
        memcpy(secret.secret, hash, sizeof secret.secret);
        err = vouch_store_host_secret_add(desk, &secret, ret_outcome, fault);
    }
    return err;
}

int vouch_enrol_keep(struct vouch_local *authority, struct vouch_enrolment *enrolment,
                     struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    enrolment->host.generation++;
    int err = vouch_shown_new(authority, VOUCH_HOST_SECRET_PREFIX, &enrolment->secret, hash, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_lease_end(authority);
    pthread_mutex_lock(&office->desk_lock);
    err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = write_all(office->desk, enrolment, hash, &outcome, reply, fault);
        err = vouch_store_work_end(office->desk, err, outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE) {
        vouch_reply_done(reply);
    }
    return err;
}

int vouch_enrol_answer(struct vouch_local *authority, const struct vouch_enrolment *enrolment,
                       struct vouch_answer_enrol *ret_answer, struct vouch_fault *fault) {
    const struct vouch_host_certs certs = {.caller = enrolment->caller,
                                           .host = &enrolment->host,
                                           .keys = &enrolment->keys,
                                           .names = enrolment->names,
                                           .evidence = enrolment->evidence,
                                           .policy = enrolment->version};
    int err = vouch_fleet_changed(authority, fault);
    if (err == VOUCH_OK) {
        err = vouch_host_certify(authority, &certs, ret_answer, fault);
    }
    ret_answer->secret = enrolment->secret;
    return err == VOUCH_OK && vouch_arena_copy(&authority->arena, ret_answer->name,
                                               &ret_answer->name) != VOUCH_OK
               ? vouch_no_memory(fault)
               : err;
}
