// SPDX-License-Identifier: ISC
// Accounts: what the service keeps for a user of the policy, and their passwords and second factors as
// identity wants them kept (doc/identity.md). What is stored is not understood here.
#pragma once

#include "store/work.h"

#define VOUCH_STORE_USER_MAX 128         // bytes of a user's name
#define VOUCH_STORE_CREDENTIAL_MAX 1024  // bytes of what is stored of one method
#define VOUCH_STORE_ACCOUNTS_MAX 100000u // as many users as a policy may have

// Numbers as in the database.
enum vouch_store_method {
    VOUCH_STORE_METHOD_NONE = 0,
    VOUCH_STORE_PASSWORD,
    VOUCH_STORE_TOTP,
    VOUCH_STORE_RECOVERY,
    VOUCH_STORE_METHODS
};

struct vouch_store_account {
    uint64_t id; // given by the store, never given again
    struct vouch_bytes name;
    uint64_t created_s;
    uint64_t signed_in_s; // last; 0: never
    uint64_t has_password, has_totp, recovery_left, sessions, passkeys;
};

// What is kept of one method. Nothing stored: the user does not have it.
struct vouch_store_credential {
    struct vouch_bytes stored;
    uint64_t step; // TOTP: the last that was accepted
    uint64_t left; // recovery codes
};
struct vouch_store_credentials {
    struct vouch_store_credential of[VOUCH_STORE_METHODS];
};

// Finds an account by its user's name. Slices point into `arena`.
VOUCH_MUST_USE int vouch_store_account_find(struct vouch_store *store, struct vouch_bytes name,
                                            struct vouch_arena *arena,
                                            enum vouch_store_outcome *ret_outcome,
                                            struct vouch_store_account *ret_account,
                                            struct vouch_fault *fault);

// What is kept for an account; nothing for one that is not there.
VOUCH_MUST_USE int vouch_store_credentials(struct vouch_store *store, uint64_t account,
                                           struct vouch_arena *arena,
                                           struct vouch_store_credentials *ret_credentials,
                                           struct vouch_fault *fault);

struct vouch_store_accounts {
    struct vouch_arena arena;
    struct vouch_store_account *rows;
    size_t count;
    char next[VOUCH_STORE_CURSOR_MAX]; // empty: this is the last page
};

// Lists accounts, the oldest first.
VOUCH_MUST_USE int vouch_store_accounts_list(struct vouch_store *store,
                                             const struct vouch_store_page *page,
                                             struct vouch_store_accounts *ret_accounts,
                                             struct vouch_fault *fault);
// All of them by name, with nothing but ID and name.
VOUCH_MUST_USE int vouch_store_accounts_names(struct vouch_store *store,
                                              struct vouch_store_accounts *ret_accounts,
                                              struct vouch_fault *fault);
void vouch_store_accounts_done(struct vouch_store_accounts *accounts);

// How many have something that only identity's key opens: a TOTP secret or recovery codes.
VOUCH_MUST_USE int vouch_store_accounts_sealed(struct vouch_store *store, uint64_t *ret_count,
                                               struct vouch_fault *fault);

// ----- changes: between vouch_store_work_begin() and _end()

// Adds an account. TAKEN: there is one of that name.
VOUCH_MUST_USE int vouch_store_account_add(struct vouch_store *store, struct vouch_bytes name,
                                           uint64_t now_s, enum vouch_store_outcome *ret_outcome,
                                           struct vouch_fault *fault);

// Removes an account with all that is kept for it, sessions, passkeys and links included, but not its tries.
// ABSENT: there is none.
VOUCH_MUST_USE int vouch_store_account_remove(struct vouch_store *store, uint64_t account,
                                              enum vouch_store_outcome *ret_outcome,
                                              struct vouch_fault *fault);

// Notes a sign-in.
VOUCH_MUST_USE int vouch_store_account_signed_in(struct vouch_store *store, uint64_t account,
                                                 uint64_t now_s, struct vouch_fault *fault);

// Keeps this, whatever was kept before. ABSENT: there is no such account.
VOUCH_MUST_USE int vouch_store_credential_put(struct vouch_store *store, uint64_t account,
                                              enum vouch_store_method method,
                                              const struct vouch_store_credential *credential,
                                              enum vouch_store_outcome *ret_outcome,
                                              struct vouch_fault *fault);

// Forgets password, second factor and codes.
VOUCH_MUST_USE int vouch_store_credentials_remove(struct vouch_store *store, uint64_t account,
                                                  struct vouch_fault *fault);

// Keeps `next` if still `stored` is what was kept when identity was asked and, for TOTP, if its step is
// later than the one that is kept. Else ABSENT: somebody used the same code at the same time.
VOUCH_MUST_USE int vouch_store_credential_take(struct vouch_store *store, uint64_t account,
                                               enum vouch_store_method method,
                                               struct vouch_bytes stored,
                                               const struct vouch_store_credential *next,
                                               enum vouch_store_outcome *ret_outcome,
                                               struct vouch_fault *fault);
