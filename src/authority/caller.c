// SPDX-License-Identifier: ISC
// Identifying a caller: by the hash of a token, or by the way they came.
#include "authority/caller.h"

#include <inttypes.h>
#include <stdio.h>

#include "authority/people.h"
#include "authority/row.h"
#include "base/time.h"
#include "store/profiles.h"
#include "store/tokens.h"

#define NAME_ROOM 160

static const struct {
    const char *name;
    enum vouch_scope bit;
} scopes[] = {
    {VOUCH_SCOPE_CERT_ISSUE, VOUCH_MAY_ISSUE},   {VOUCH_SCOPE_CERT_READ, VOUCH_MAY_READ},
    {VOUCH_SCOPE_CERT_REVOKE, VOUCH_MAY_REVOKE}, {VOUCH_SCOPE_AUDIT_READ, VOUCH_MAY_AUDIT},
    {VOUCH_SCOPE_ADMIN, VOUCH_MAY_ADMIN},        {VOUCH_SCOPE_METRICS, VOUCH_MAY_METRICS},
};

enum vouch_scope vouch_scope_of(struct vouch_bytes name) {
    for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++) {
        if (vouch_bytes_equal(name, vouch_bytes_of(scopes[i].name))) {
            return scopes[i].bit;
        }
    }
    return VOUCH_MAY_NOTHING;
}

static const char *scope_name(enum vouch_scope bit) {
    for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++) {
        if (scopes[i].bit == bit) {
            return scopes[i].name;
        }
    }
    return "";
}

// A text in the arena: what the three parts make together.
static int make_text(struct vouch_local *authority, const char *before, struct vouch_bytes middle,
                     const char *after, struct vouch_bytes *ret_text) {
    char text[NAME_ROOM];
    int len = snprintf(text, sizeof text, "%s%.*s%s", before, (int)middle.len,
                       middle.len > 0 ? (const char *)middle.ptr : "", after);
    struct vouch_bytes whole = {(const uint8_t *)text,
                                len > 0 && (size_t)len < sizeof text ? (size_t)len : 0};
    return vouch_arena_copy(&authority->arena, whole, ret_text);
}

// The ID of a request and the address stand in the ledger and in logs, and the ID is followed there by
// what we write ourselves: so no blanks.
static int is_plain(struct vouch_bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= 0x20 || text.ptr[i] > 0x7e) {
            return 0;
        }
    }
    return 1;
}

static int come_local(struct vouch_local *authority, const struct vouch_caller *caller,
                      struct vouch_who *who, struct vouch_fault *fault) {
    char uid[24];
    (void)snprintf(uid, sizeof uid, "%" PRIu64, caller->uid);
    *who = (struct vouch_who){.is_local = 1,
                              .scopes = UINT32_MAX,
                              .evidence = vouch_bytes_of("local-socket"),
                              .role = vouch_bytes_of("local"),
                              .policy = vouch_bytes_of("local")};
    if (make_text(authority, "local:uid:", vouch_bytes_of(uid), "", &who->actor) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    who->name = who->actor;
    return VOUCH_OK;
}

static void unknown(struct vouch_reply *reply, const char *why) {
    vouch_reply_set(reply, VOUCH_VERDICT_UNKNOWN, &vouch_fault_caller, "token", "%s", why);
}

// Judges a token that was found.
static int token_is_good(const struct vouch_store_token *token, uint64_t now_s,
                         struct vouch_reply *reply) {
    char when[VOUCH_TIME_TEXT_MAX];
    int is_disabled = token->disabled_s != 0;
    if (!is_disabled && now_s < token->expires_s) {
        return 1;
    }
    vouch_time_utc(is_disabled ? token->disabled_s : token->expires_s, when);
    vouch_reply_set(reply, VOUCH_VERDICT_UNKNOWN, &vouch_fault_caller, "token",
                    "the token %.*s %s at %s", VOUCH_REPLY_TEXT(token->name),
                    is_disabled ? "was disabled" : "expired", when);
    return 0;
}

struct found {
    enum vouch_store_outcome token_outcome;
    struct vouch_store_token token;
    enum vouch_store_outcome profile_outcome;
    struct vouch_store_profile profile;
};

static int look_up(struct vouch_local *authority, const uint8_t *secret, struct found *found,
                   struct vouch_fault *fault) {
    struct vouch_store *store = vouch_lease(authority);
    int err = vouch_store_token_by_secret(store, secret, &authority->arena, &found->token_outcome,
                                          &found->token, fault);
    if (err == VOUCH_OK && found->token_outcome == VOUCH_STORE_DONE &&
        found->token.profile.len > 0) {
        err = vouch_store_profile_find(store, found->token.profile, &authority->arena,
                                       &found->profile_outcome, &found->profile, fault);
    }
    return err;
}

static int name_who(struct vouch_local *authority, const struct found *found,
                    struct vouch_who *who) {
    char updated[32];
    int err = make_text(authority, "token:", found->token.name, "", &who->actor);
    if (err != VOUCH_OK || found->profile_outcome != VOUCH_STORE_DONE) {
        return err;
    }
    struct vouch_profile_row *profile = vouch_arena_alloc(&authority->arena, sizeof *profile);
    if (profile == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    *profile = vouch_profile_row_of(&found->profile);
    who->profile = profile;
    who->role = profile->name;
    (void)snprintf(updated, sizeof updated, "@%" PRIu64, profile->updated_s);
    return make_text(authority, "profile ", profile->name, updated, &who->policy);
}

static int come_with_token(struct vouch_local *authority, const struct vouch_caller *caller,
                           struct vouch_who *who, struct vouch_reply *reply,
                           struct vouch_fault *fault) {
    uint8_t secret[VOUCH_STORE_HASH_LEN];
    struct found found = {0};
    uint64_t now_s = vouch_time_now_s();
    if (caller->token.len == 0) {
        unknown(reply, "no token was given");
        return VOUCH_OK;
    }
    int err = vouch_hash_of(authority, caller->token, secret, fault);
    if (err == VOUCH_OK) {
        err = look_up(authority, secret, &found, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    if (found.token_outcome != VOUCH_STORE_DONE) {
        unknown(reply, "no such token");
        return VOUCH_OK;
    }
    if (!token_is_good(&found.token, now_s, reply)) {
        return VOUCH_OK;
    }
    *who = (struct vouch_who){.name = found.token.name, .evidence = vouch_bytes_of("api-token")};
    for (size_t i = 0; i < found.token.scope_count; i++) {
        who->scopes |= vouch_scope_of(found.token.scopes[i]);
    }
    if (name_who(authority, &found, who) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    if (found.token.last_used_s + VOUCH_STORE_TOKEN_COARSE_S <= now_s) {
        vouch_clerk_token_used(authority->office, found.token.id);
    }
    vouch_reply_done(reply);
    return VOUCH_OK;
}

int vouch_caller_is_plain(const struct vouch_caller *caller, struct vouch_reply *reply) {
    if (is_plain(caller->request) && is_plain(caller->source)) {
        return 1;
    }
    vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "request",
                    "the ID of a request and its source must be printable without blanks");
    return 0;
}

static int come(struct vouch_local *authority, const struct vouch_caller *caller,
                struct vouch_who *who, struct vouch_reply *reply, struct vouch_fault *fault) {
    if (!vouch_caller_is_plain(caller, reply)) {
        return VOUCH_OK;
    }
    switch (caller->way) {
    case VOUCH_CALLER_LOCAL:
        vouch_reply_done(reply);
        return come_local(authority, caller, who, fault);
    case VOUCH_CALLER_TOKEN:
        return come_with_token(authority, caller, who, reply, fault);
    case VOUCH_CALLER_SESSION:
        return vouch_come_with_session(authority, caller, who, reply, fault);
    case VOUCH_CALLER_HOST:
        unknown(reply, "the secret of a host is for what the host asks about itself, and no more");
        return VOUCH_OK;
    case VOUCH_CALLER_UNKNOWN:
        break;
    }
    unknown(reply, "no token was given");
    return VOUCH_OK;
}

static void lacks(const struct vouch_who *who, enum vouch_scope scope, struct vouch_reply *reply) {
    if (who->user.len == 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_scope, "token",
                        "the token %.*s lacks the scope %s", VOUCH_REPLY_TEXT(who->name),
                        scope_name(scope));
    } else if (scope == VOUCH_MAY_ISSUE) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_scope, "token",
                        "people get certificates by their roles: run vouch login");
    } else {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_scope, "token",
                        "%.*s is in no group that may do this: it needs %s",
                        VOUCH_REPLY_TEXT(who->name), scope_name(scope));
    }
}

// Whether somebody signed in passes without the scope.
enum own { OWN_NOT = 0, OWN_PASSES };

static int identify(struct vouch_local *authority, const struct vouch_caller *caller,
                    enum vouch_scope scope, enum own own, struct vouch_who *ret_who,
                    struct vouch_reply *ret_reply, struct vouch_fault *fault) {
    struct vouch_who who = {0};
    struct vouch_reply reply = {0};
    unknown(&reply, "no token was given");
    int err = come(authority, caller, &who, &reply, fault);
    if (scope != VOUCH_MAY_ISSUE) {
        vouch_lease_end(authority); // issuing asks the database again at once; nobody else does
    }
    if (scope != VOUCH_MAY_ADMIN) {
        vouch_standing_end(authority); // whoever decides by the policy holds it themselves
    }
    if (err == VOUCH_OK && reply.verdict == VOUCH_VERDICT_DONE && !vouch_who_may(&who, scope) &&
        (own == OWN_NOT || who.user.len == 0)) {
        lacks(&who, scope, &reply);
        err = vouch_refusal_note(authority, caller, &who, (struct vouch_bytes){0}, &reply, fault);
    }
    if (err == VOUCH_OK) {
        *ret_who = who;
        *ret_reply = reply;
    }
    return err;
}

int vouch_identify(struct vouch_local *authority, const struct vouch_caller *caller,
                   enum vouch_scope scope, struct vouch_who *ret_who, struct vouch_reply *ret_reply,
                   struct vouch_fault *fault) {
    return identify(authority, caller, scope, OWN_NOT, ret_who, ret_reply, fault);
}

int vouch_identify_own(struct vouch_local *authority, const struct vouch_caller *caller,
                       enum vouch_scope scope, struct vouch_who *ret_who,
                       struct vouch_reply *ret_reply, struct vouch_fault *fault) {
    return identify(authority, caller, scope, OWN_PASSES, ret_who, ret_reply, fault);
}
