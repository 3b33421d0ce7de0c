// SPDX-License-Identifier: ISC
// People: what a change of the policy means for their accounts, events about them, and secrets that are
// shown once. Private to src/authority.
#pragma once

#include "authority/caller.h"
#include "policy/policy.h"
#include "store/accounts.h"
#include "store/certs.h"

#define VOUCH_EVENT_SESSION_BEGIN "session.begin"
#define VOUCH_EVENT_SESSION_END "session.end"
#define VOUCH_EVENT_DEVICE_ASK "device.ask"
#define VOUCH_EVENT_DEVICE_APPROVE "device.approve"
#define VOUCH_EVENT_DEVICE_DENY "device.deny"
#define VOUCH_EVENT_DEVICE_UNDO "device.undo"
#define VOUCH_EVENT_ACCOUNT_LINK "account.link"
#define VOUCH_EVENT_ACCOUNT_SETUP "account.setup"
#define VOUCH_EVENT_ACCOUNT_PASSWORD "account.password"
#define VOUCH_EVENT_ACCOUNT_RECOVERY "account.recovery"
#define VOUCH_EVENT_ACCOUNT_PASSKEY "account.passkey"
#define VOUCH_EVENT_ACCOUNT_PASSKEY_REMOVE "account.passkey_remove"
#define VOUCH_EVENT_ACCOUNT_PASSKEY_CLONE "account.passkey_clone"

// Makes accounts, sessions and certificates follow a policy that was applied and that nobody decides by
// an earlier one any more: makes an account for each new user, removes those of users who are gone, ends
// the sessions of whoever is not active, and revokes their certificates that are still valid. `before`
// is one that they follow already, or NULL: not known. May be called again after any failure.
VOUCH_MUST_USE int vouch_accounts_follow(struct vouch_local *authority,
                                         const struct vouch_policy *before,
                                         const struct vouch_policy *after, struct vouch_bytes actor,
                                         struct vouch_fault *fault);

// Revokes one certificate by its serial: recorded, but not public before vouch_revoke_publish().
VOUCH_MUST_USE int vouch_revoke_cert(struct vouch_local *authority, struct vouch_bytes actor,
                                     const struct vouch_store_cert *cert, const char *reason,
                                     struct vouch_fault *fault);
// Revokes what is still valid of what the index knows, in the same way; *ret_count says how many.
struct vouch_revoke_all {
    struct vouch_bytes by;         // who revokes: an actor
    struct vouch_bytes of;         // whose: an actor
    uint64_t session;              // only what was got in this one; 0: all
    struct vouch_bytes sealed_for; // instead: what was sealed for this person, by whomever
    uint64_t now_s;
    const char *reason;
};
VOUCH_MUST_USE int vouch_revoke_all(struct vouch_local *authority,
                                    const struct vouch_revoke_all *what, uint64_t *ret_count,
                                    struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_revoke_publish(struct vouch_local *authority, struct vouch_fault *fault);
// Waits until all that is recorded is indexed.
VOUCH_MUST_USE int vouch_index_now(struct vouch_local *authority, struct vouch_fault *fault);

// Records an event about a user. `details` is ended here.
VOUCH_MUST_USE int vouch_people_note(struct vouch_local *authority, struct vouch_bytes actor,
                                     const char *type, struct vouch_bytes object,
                                     struct vouch_buf *take_details, struct vouch_fault *fault);
// "user:NAME", in the handle's arena.
VOUCH_MUST_USE int vouch_people_actor(struct vouch_local *authority, struct vouch_bytes name,
                                      struct vouch_bytes *ret_actor, struct vouch_fault *fault);

// For asks that nobody has to be known for: INVALID if source or request could not stand in the ledger.
int vouch_caller_is_plain(const struct vouch_caller *caller, struct vouch_reply *reply);

// A new secret, `prefix` and 43 characters, and its SHA-256; it lies in memory that is wiped before the
// handle is next asked.
VOUCH_MUST_USE int vouch_shown_new(struct vouch_local *authority, const char *prefix,
                                   struct vouch_bytes *ret_secret,
                                   uint8_t ret_hash[static VOUCH_STORE_HASH_LEN],
                                   struct vouch_fault *fault);
// A copy in such memory, of one thing at a time.
VOUCH_MUST_USE int vouch_shown_keep(struct vouch_local *authority, struct vouch_bytes secret,
                                    struct vouch_bytes *ret_copy, struct vouch_fault *fault);
