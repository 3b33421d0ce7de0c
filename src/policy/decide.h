// SPDX-License-Identifier: ISC
// Who may have which certificate: one question, one decision, with every reason.
//
// Pure: the time, the address and all that is known of the person come with the question. What was left
// out of a question is never taken as granted: zero means none, never and unknown.
#pragma once

#include "base/arena.h"
#include "policy/policy.h"
#include "vouch/cert.h"

#define VOUCH_POLICY_ASK_ROLES_MAX 16u
#define VOUCH_POLICY_ASK_GROUPS_MAX 1024u
#define VOUCH_POLICY_ASK_APPROVALS_MAX 256u
#define VOUCH_POLICY_ASK_NAMES_MAX 64u // extensions, logins, networks

// Nonzero `chosen`: exactly these, maybe none. Zero: the person leaves it to the policy.
struct vouch_policy_choice {
    const struct vouch_bytes *items;
    size_t count;
    enum vouch_policy_chosen { VOUCH_POLICY_UNCHOSEN = 0, VOUCH_POLICY_CHOSEN } chosen;
};

// What is asked. All slices are borrowed.
struct vouch_policy_ask {
    struct vouch_bytes user;
    const struct vouch_bytes *groups; // that the identity's provider names, beside the policy's own
    size_t group_count;
    struct vouch_bytes zone;
    const struct vouch_bytes *roles; // at least one; see vouch_policy_roles_of()
    size_t role_count;
    enum vouch_key_type key_type;
    uint64_t now_s;
    uint64_t second_factor_at_s;         // when it was last given; 0: never
    struct vouch_bytes address;          // where the person is; empty: unknown
    struct vouch_bytes reason;           // in the person's words
    const struct vouch_bytes *approvers; // who approved this very request, each named once
    size_t approver_count;
    uint64_t ttl_s; // 0: as long as may be
    struct vouch_policy_choice extensions;
    struct vouch_policy_choice logins;  // only in a zone that issues plain logins
    struct vouch_policy_choice sources; // networks, within those of the roles
    struct vouch_bytes force_command;   // empty: the policy's
    enum vouch_policy_need verify;      // REQUIRED: even where the policy does not ask for it
};

enum vouch_policy_verdict {
    VOUCH_POLICY_REFUSED = 0,
    VOUCH_POLICY_PENDING, // approvals are missing, and nothing else
    VOUCH_POLICY_GRANTED,
};

enum vouch_policy_reason_code {
    VOUCH_POLICY_REASON_NONE = 0,
    VOUCH_POLICY_REASON_ASK_LARGE, // a list over its bound; object: which
    VOUCH_POLICY_REASON_CLOCK,     // no time, or one out of bounds
    VOUCH_POLICY_REASON_USER_UNKNOWN,
    VOUCH_POLICY_REASON_USER_DISABLED,
    VOUCH_POLICY_REASON_USER_ENDED,
    VOUCH_POLICY_REASON_GROUP_NAME, // a group whose name is no name
    VOUCH_POLICY_REASON_ZONE_UNKNOWN,
    VOUCH_POLICY_REASON_ROLE_MISSING, // none was asked for
    VOUCH_POLICY_REASON_ROLE_UNKNOWN,
    VOUCH_POLICY_REASON_ROLE_REPEATED,
    VOUCH_POLICY_REASON_ROLE_ZONE, // a role of another zone
    VOUCH_POLICY_REASON_ROLE_LACKED,
    VOUCH_POLICY_REASON_ROLE_EARLY,
    VOUCH_POLICY_REASON_ROLE_ENDED,
    VOUCH_POLICY_REASON_WORDS_MISSING, // a reason is required
    VOUCH_POLICY_REASON_WORDS_BAD,
    VOUCH_POLICY_REASON_ADDRESS_UNKNOWN,
    VOUCH_POLICY_REASON_ADDRESS_OUTSIDE,
    VOUCH_POLICY_REASON_FACTOR_MISSING,
    VOUCH_POLICY_REASON_FACTOR_OLD,    // limit: seconds
    VOUCH_POLICY_REASON_FACTOR_FUTURE, // given later than now
    VOUCH_POLICY_REASON_APPROVER_UNKNOWN,
    VOUCH_POLICY_REASON_APPROVER_SELF,
    VOUCH_POLICY_REASON_APPROVER_REPEATED,
    VOUCH_POLICY_REASON_APPROVER_INACTIVE, // disabled or ended
    VOUCH_POLICY_REASON_APPROVER_LACKS,    // approves none of the roles
    VOUCH_POLICY_REASON_APPROVERS_FEW,     // fewer people could approve than must; limit: must
    VOUCH_POLICY_REASON_KEY_UNKNOWN,
    VOUCH_POLICY_REASON_KEY_TYPE,
    VOUCH_POLICY_REASON_KEY_VERIFY, // a check that only a security key can make
    VOUCH_POLICY_REASON_OWN_LOGIN_NONE,
    VOUCH_POLICY_REASON_OWN_LOGIN_RESERVED,
    VOUCH_POLICY_REASON_OWN_LOGIN_TAKEN, // a role grants it by name; object: the login
    VOUCH_POLICY_REASON_LOGIN_FIXED,     // logins cannot be chosen in this zone
    VOUCH_POLICY_REASON_LOGIN_LACKED,
    VOUCH_POLICY_REASON_LOGIN_REPEATED,
    VOUCH_POLICY_REASON_TTL_LONG, // limit: the longest
    VOUCH_POLICY_REASON_EXTENSION_UNKNOWN,
    VOUCH_POLICY_REASON_EXTENSION_LACKED,
    VOUCH_POLICY_REASON_EXTENSION_REPEATED,
    VOUCH_POLICY_REASON_SOURCE_BAD,
    VOUCH_POLICY_REASON_SOURCE_OUTSIDE,
    VOUCH_POLICY_REASON_SOURCE_NONE, // no network that all roles allow
    VOUCH_POLICY_REASON_COMMAND_BAD,
    VOUCH_POLICY_REASON_COMMAND_OTHER, // a role's forced command is another
    VOUCH_POLICY_REASON_PRINCIPALS_NONE,
    VOUCH_POLICY_REASON_PRINCIPALS_MANY, // limit: the most
    VOUCH_POLICY_REASONS,
};

// Borrowed from the question and the policy.
struct vouch_policy_reason {
    enum vouch_policy_reason_code code;
    struct vouch_bytes role;   // that says so; empty: none in particular
    struct vouch_bytes object; // what is wrong; may be empty
    uint64_t limit;            // as the code says
};

// What to issue, to the letter. Options are as in a certificate: sorted, with their data.
struct vouch_policy_grant {
    const struct vouch_bytes *principals;
    size_t principal_count;
    uint64_t ttl_s;
    const struct vouch_cert_option *critical;
    size_t critical_count;
    const struct vouch_cert_option *extensions;
    size_t extension_count;
};

struct vouch_policy_awaited {
    struct vouch_bytes role;
    uint64_t missing;                    // approvals
    const struct vouch_policy_names *by; // who may give them
};

struct vouch_policy_decision {
    enum vouch_policy_verdict verdict;
    const struct vouch_policy_reason *reasons; // REFUSED: at least one, unless it never was decided
    size_t reason_count;
    struct vouch_policy_grant grant;            // empty unless GRANTED
    struct vouch_policy_grant proposal;         // PENDING: what approvers are asked to approve
    const struct vouch_policy_awaited *awaited; // PENDING
    size_t awaited_count;
};

// Decides. Everything in *ret_decision is of the arena, the policy and the question. The only failure is
// VOUCH_ERR_NO_MEMORY, which leaves *ret_decision as it was.
VOUCH_MUST_USE int vouch_policy_decide(const struct vouch_policy *policy,
                                       const struct vouch_policy_ask *ask,
                                       struct vouch_arena *arena,
                                       struct vouch_policy_decision *ret_decision);

// Nonzero if a certificate is for exactly what was granted at `now_s`: no name, second or right more,
// and none less. `spec` is what is about to be signed; its beginning may lie back for slow clocks.
#define VOUCH_POLICY_BACKDATE_MAX_S 300u
int vouch_policy_grant_is(const struct vouch_policy_grant *grant,
                          const struct vouch_cert_spec *spec, uint64_t now_s);

// A stable lower-case word for a reason, such as "ttl-long"; and one line for a person, appended, which
// is printable.
const char *vouch_policy_reason_word(enum vouch_policy_reason_code code);
void vouch_policy_reason_print(const struct vouch_policy_reason *reason, struct vouch_buf *out);
