// SPDX-License-Identifier: ISC
// A certificate that is put away for an emergency: asked for by an administrator, for a user, by a role for
// emergencies, and for a key that only a security key can use.
//
// It is what the user would get by the role, for longer. The policy is asked as if the user asked; what it
// binds besides (zone, ends of role and user) and the signer's ceiling bind here too.
#include <inttypes.h>
#include <stdio.h>

#include "authority/issue.h"
#include "authority/review.h"
#include "base/str.h"
#include "base/time.h"
#include "core/key.h"

#define BODY_MAX (128u * 1024)

// --- what is asked

static void too_long(struct vouch_reply *reply, const char *what, struct vouch_bytes name,
                     uint64_t most_s) {
    char most[VOUCH_TIME_TEXT_MAX];
    vouch_duration_text(most_s, most);
    vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_seal_long, "ttl_s",
                    "%s%s%.*s allows %s", what, name.len > 0 ? " " : "", VOUCH_REPLY_TEXT(name),
                    most);
}

// What is left until an end; 0: there is no end.
static uint64_t left(uint64_t until_s, uint64_t now_s) {
    return until_s == 0 ? UINT64_MAX : until_s > now_s ? until_s - now_s : 0;
}

static uint64_t zone_max_s(const struct vouch_policy *policy, struct vouch_bytes zone) {
    const struct vouch_policy_content *content = vouch_policy_holds(policy);
    for (size_t i = 0; i < content->zone_count; i++) {
        if (vouch_bytes_equal(content->zones[i].name, zone) && content->zones[i].max_ttl_s != 0) {
            return content->zones[i].max_ttl_s;
        }
    }
    return UINT64_MAX;
}

static void judge_length(const struct vouch_office *office, const struct vouch_policy *policy,
                         const struct vouch_policy_role *role, const struct vouch_ask_seal *ask,
                         struct vouch_reply *reply) {
    const struct vouch_policy_user *user = vouch_policy_user_named(policy, ask->user);
    uint64_t now_s = vouch_time_now_s();
    const struct {
        const char *what;
        struct vouch_bytes name;
        uint64_t most_s;
    } bounds[] = {
        {"the line user.ttl_max of the signer's ceiling.yaml", {0}, office->ttl_max_s[0]},
        {"max_ttl of the zone", role->zone, zone_max_s(policy, role->zone)},
        {"the end of the role", role->name, left(role->until_s, now_s)},
        {"the end of the user", ask->user, left(user != NULL ? user->until_s : 0, now_s)},
    };
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        if (ask->ttl_s > bounds[i].most_s) {
            too_long(reply, bounds[i].what, bounds[i].name, bounds[i].most_s);
            return;
        }
    }
}

static int is_kept_key(struct vouch_bytes blob) {
    struct vouch_key *key = NULL;
    struct vouch_where where = {0};
    int is_kept = vouch_key_parse(blob, &key, &where) == VOUCH_OK &&
                  (vouch_key_type(key) == VOUCH_KEY_SK_ED25519 ||
                   vouch_key_type(key) == VOUCH_KEY_SK_ECDSA_P256);
    vouch_key_free(key);
    return is_kept;
}

// The role that it is by; NULL with the reply set.
static const struct vouch_policy_role *judge(const struct vouch_office *office,
                                             const struct vouch_policy *policy,
                                             const struct vouch_ask_seal *ask,
                                             struct vouch_reply *reply) {
    const struct vouch_policy_role *role = vouch_policy_role_named(policy, ask->role);
    if (ask->ttl_s < VOUCH_SEAL_TTL_MIN_S || ask->ttl_s > VOUCH_SEAL_TTL_MAX_S) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "ttl_s",
                        "ttl_s must be 1 to 90 days");
    } else if (role == NULL || role->break_glass != VOUCH_POLICY_BREAKS_GLASS) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_seal_role, "role",
                        "%.*s is no role that says break_glass: yes", VOUCH_REPLY_TEXT(ask->role));
    } else if (!is_kept_key(ask->key)) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_seal_key, "public_key",
                        "a sealed certificate is for a key of a type that begins with sk-");
    } else {
        judge_length(office, policy, role, ask, reply);
    }
    return reply->verdict == VOUCH_VERDICT_DONE ? role : NULL;
}

// --- having it signed

static int seal(struct vouch_local *authority, const struct vouch_caller *caller,
                struct vouch_access *access, const struct vouch_ask_seal *ask,
                struct vouch_answer_cert *ret_answer, struct vouch_fault *fault) {
    struct vouch_buf body;
    vouch_buf_init(&body, BODY_MAX);
    if (ask->once.len > 0) {
        vouch_write_text(&body, "seal");
        vouch_codec_write(vouch_ops[VOUCH_OP_seal].ask, ask, &body);
    }
    const struct vouch_job job = {.caller = caller,
                                  .who = access->who,
                                  .access = access,
                                  .key = ask->key,
                                  .once = ask->once,
                                  .body = vouch_buf_bytes(&body)};
    int err = body.err == VOUCH_OK ? vouch_issue(authority, &job, ret_answer, fault)
                                   : vouch_no_memory(fault);
    vouch_buf_done(&body);
    return err;
}

static int seal_by(struct vouch_local *authority, const struct vouch_caller *caller,
                   struct vouch_who *who, const struct vouch_ask_seal *ask,
                   struct vouch_answer_cert *ret_answer, struct vouch_fault *fault) {
    struct vouch_access access = {.who = who};
    struct vouch_reply *reply = &ret_answer->reply;
    int err = VOUCH_OK;
    access.policy = vouch_policy_hold(authority, &access.version);
    if (access.policy == NULL) {
        vouch_reply_no_policy(reply);
        return VOUCH_OK;
    }
    const struct vouch_policy_role *role = judge(authority->office, access.policy, ask, reply);
    if (role != NULL) {
        const struct vouch_ask_access asked = {
            .zone = role->zone, .roles = {&role->name, 1}, .key = ask->key, .reason = ask->reason};
        access.ask = &asked;
        access.glass = VOUCH_REVIEW_SEALED;
        access.holder = ask->user;
        access.seal_ttl_s = ask->ttl_s;
        err = seal(authority, caller, &access, ask, ret_answer, fault);
    } else {
        err = vouch_refusal_note(authority, caller, who, ask->user, reply, fault);
    }
    vouch_policy_release(authority, access.policy);
    return err;
}

int vouch_local_seal(struct vouch_local *authority, const struct vouch_caller *caller,
                     const struct vouch_ask_seal *ask, struct vouch_answer_cert *ret_answer,
                     struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify(authority, caller, VOUCH_MAY_ADMIN, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (who.user.len == 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_policy_refuses, "token",
                        "%.*s is no user: certificates are sealed by administrators who sign in",
                        VOUCH_REPLY_TEXT(who.name));
        return vouch_refusal_note(authority, caller, &who, ask->user, reply, fault);
    }
    if (!vouch_fresh_factor(&who, vouch_time_now_s(), reply)) {
        return VOUCH_OK;
    }
    return seal_by(authority, caller, &who, ask, ret_answer, fault);
}
