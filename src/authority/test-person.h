// SPDX-License-Identifier: ISC
// People in a lab: users of a small policy who set their accounts up, sign in and have sessions.
#pragma once

#include "authority/test-lab.h"
#include "identity/totp.h"
#include "store/accounts.h"

#define PASSWORD "violet-tractor-84-monsoon"
#define OTHER_PASSWORD "granite.lantern.57.wharf"
#define PERSON_POLICY                                                                              \
    "zones:\n  - {name: prod, patterns: ['*.prod.example.com'], principals: login}\n"              \
    "users:\n  - {name: alice}\n  - {name: bob}\n  - {name: eve}\n"                                \
    "groups:\n  - {name: vouch-admins, members: [alice]}\n"                                        \
    "  - {name: vouch-auditors, members: [eve]}\n"                                                 \
    "roles:\n  - {name: dev, zone: prod, members: ['user:alice', 'user:bob'], hosts: [all], "      \
    "logins: ['$user'], max_ttl: 8h, extensions: [permit-pty]}\n"
#define PERSON_POLICY_BOB_DISABLED                                                                 \
    "zones:\n  - {name: prod, patterns: ['*.prod.example.com'], principals: login}\n"              \
    "users:\n  - {name: alice}\n  - {name: bob, state: disabled}\n  - {name: eve}\n"               \
    "groups:\n  - {name: vouch-admins, members: [alice]}\n"                                        \
    "  - {name: vouch-auditors, members: [eve]}\n"                                                 \
    "roles:\n  - {name: dev, zone: prod, members: ['user:alice', 'user:bob'], hosts: [all], "      \
    "logins: ['$user'], max_ttl: 8h, extensions: [permit-pty]}\n"
#define PERSON_POLICY_BOB_GONE                                                                     \
    "zones:\n  - {name: prod, patterns: ['*.prod.example.com'], principals: login}\n"              \
    "users:\n  - {name: alice}\n  - {name: eve}\n"                                                 \
    "groups:\n  - {name: vouch-admins, members: [alice]}\n"                                        \
    "  - {name: vouch-auditors, members: [eve]}\n"                                                 \
    "roles:\n  - {name: dev, zone: prod, members: ['user:alice'], hosts: [all], "                  \
    "logins: ['$user'], max_ttl: 8h, extensions: [permit-pty]}\n"

// Somebody who has set up their account.
struct person {
    const char *name;
    uint8_t secret[VOUCH_TOTP_SECRET_LEN];
    char codes[16][32];
    size_t code_count;
    char session[VOUCH_TOKEN_TEXT_MAX];
    uint64_t session_id;
};

struct sign_in {
    const char *user, *password, *code, *source;
    enum vouch_factor factor;
};

#define TRY(user_, password_, code_)                                                               \
    { .user = user_, .password = password_, .code = code_ }
#define TRY_FROM(user_, password_, code_, source_)                                                 \
    { .user = user_, .password = password_, .code = code_, .source = source_ }
#define RECOVERY(user_, code_, source_)                                                            \
    {                                                                                              \
        .user = user_, .password = PASSWORD, .code = code_, .source = source_,                     \
        .factor = VOUCH_FACTOR_RECOVERY                                                            \
    }

// Applies a policy over the one that holds; the version that holds then.
uint64_t person_policy(struct lab *lab, const char *text);
// lab_begin() with identity, an open office and the policy PERSON_POLICY. For cmocka's setup.
int person_lab_begin(void **state);
// A second writer of the same database, to put it into states that take days to come about.
struct vouch_store *person_store(const struct lab *lab);
uint64_t person_account(struct vouch_store *store, const char *name);
// As if thirty seconds had passed: the code of this step is good again.
void person_step_passes(const struct lab *lab, const char *name);
// Somebody who has not said who they are.
struct vouch_caller person_unknown(const char *source);
// The code of the step that is `steps` from now.
const char *person_code(const struct person *person, int64_t steps);
// The secret in what an app reads.
void person_read_uri(struct vouch_bytes uri, uint8_t ret_secret[static VOUCH_TOTP_SECRET_LEN]);
// A new link's secret, and the two steps of using it.
void person_link(struct lab *lab, const char *name, char *ret_secret);
struct vouch_answer_account_begin person_link_begin(struct lab *lab, const char *link,
                                                    const char *password);
struct vouch_answer_codes person_link_finish(struct lab *lab, const char *link, const char *code);
void person_keep_codes(struct person *person, const struct vouch_text_list *codes);
// Makes a link for a user and sets their account up by it.
struct person person_set_up(struct lab *lab, const char *name);
// Signs in, or tries to.
struct vouch_answer_session person_try(struct vouch_authority *authority,
                                       const struct sign_in *try);
void person_keep_session(struct person *person, const struct vouch_answer_session *answer);
// Signs a user in who has set up their account; the session is in there.
void person_enter(struct lab *lab, struct person *person);
// Somebody with that session.
struct vouch_caller person_caller(const struct person *person);
// What the service says about a session: DONE while it is good.
enum vouch_verdict person_verdict(struct lab *lab, const struct person *person);
struct vouch_account_row person_row(struct lab *lab, const char *name);
// A session of `name` that began, was used and proved its code so many seconds ago.
void person_session(const struct lab *lab, struct person *person, uint64_t created_ago,
                    uint64_t used_ago, uint64_t factor_ago);
