// SPDX-License-Identifier: ISC
// Reasons in words: one row each.
#include <stdio.h>

#include "base/str.h"
#include "base/time.h"
#include "policy/decide.h"

// What stands behind the text.
enum extra { PLAIN = 0, OBJECT, SECONDS, NUMBER, MOMENT };

struct row {
    const char *word;
    const char *text;
    enum extra extra;
};

static const struct row rows[VOUCH_POLICY_REASONS] = {
    [VOUCH_POLICY_REASON_NONE] = {"none", "nothing stands against it", PLAIN},
    [VOUCH_POLICY_REASON_ASK_LARGE] = {"ask-large", "too many are asked for at once:", OBJECT},
    [VOUCH_POLICY_REASON_CLOCK] = {"clock", "the time is not known", PLAIN},
    [VOUCH_POLICY_REASON_USER_UNKNOWN] = {"user-unknown", "there is no user", OBJECT},
    [VOUCH_POLICY_REASON_USER_DISABLED] = {"user-disabled", "disabled is user", OBJECT},
    [VOUCH_POLICY_REASON_USER_ENDED] = {"user-ended", "the time is over of user", OBJECT},
    [VOUCH_POLICY_REASON_GROUP_NAME] = {"group-name", "not a name of a group:", OBJECT},
    [VOUCH_POLICY_REASON_ZONE_UNKNOWN] = {"zone-unknown", "there is no zone", OBJECT},
    [VOUCH_POLICY_REASON_ROLE_MISSING] = {"role-missing", "no role was asked for", PLAIN},
    [VOUCH_POLICY_REASON_ROLE_UNKNOWN] = {"role-unknown", "there is no role", OBJECT},
    [VOUCH_POLICY_REASON_ROLE_REPEATED] = {"role-repeated", "asked for twice: role", OBJECT},
    [VOUCH_POLICY_REASON_ROLE_ZONE] = {"role-zone", "is not of zone", OBJECT},
    [VOUCH_POLICY_REASON_ROLE_LACKED] = {"role-lacked", "does not have as a member", OBJECT},
    [VOUCH_POLICY_REASON_ROLE_EARLY] = {"role-early", "counts only from", MOMENT},
    [VOUCH_POLICY_REASON_ROLE_ENDED] = {"role-ended", "ended at", MOMENT},
    [VOUCH_POLICY_REASON_WORDS_MISSING] = {"reason-missing", "requires a reason", PLAIN},
    [VOUCH_POLICY_REASON_WORDS_BAD] =
        {"reason-bad", "the reason is too long, or holds characters that are not text", PLAIN},
    [VOUCH_POLICY_REASON_ADDRESS_UNKNOWN] = {"address-unknown",
                                             "is only for some networks, and this is no address:",
                                             OBJECT},
    [VOUCH_POLICY_REASON_ADDRESS_OUTSIDE] = {"address-outside", "is not for the address", OBJECT},
    [VOUCH_POLICY_REASON_FACTOR_MISSING] = {"second-factor-missing", "no second factor was given",
                                            PLAIN},
    [VOUCH_POLICY_REASON_FACTOR_OLD] = {"second-factor-old",
                                        "wants a second factor that is not older than", SECONDS},
    [VOUCH_POLICY_REASON_FACTOR_FUTURE] = {"second-factor-future",
                                           "the second factor is of a later time than now", PLAIN},
    [VOUCH_POLICY_REASON_APPROVER_UNKNOWN] = {"approver-unknown", "nobody knows the approver",
                                              OBJECT},
    [VOUCH_POLICY_REASON_APPROVER_SELF] = {"approver-self",
                                           "nobody approves what they ask for themselves, not even",
                                           OBJECT},
    [VOUCH_POLICY_REASON_APPROVER_REPEATED] = {"approver-repeated", "counted twice is the approver",
                                               OBJECT},
    [VOUCH_POLICY_REASON_APPROVER_INACTIVE] = {"approver-inactive",
                                               "disabled or ended is the approver", OBJECT},
    [VOUCH_POLICY_REASON_APPROVER_LACKS] = {"approver-lacks", "may approve none of the roles: user",
                                            OBJECT},
    [VOUCH_POLICY_REASON_APPROVERS_FEW] =
        {"approvers-few", "cannot be approved: too few people could, and so many have to:", NUMBER},
    [VOUCH_POLICY_REASON_KEY_UNKNOWN] = {"key-unknown", "no key was given", PLAIN},
    [VOUCH_POLICY_REASON_KEY_TYPE] = {"key-type", "is not for keys of the type", OBJECT},
    [VOUCH_POLICY_REASON_KEY_VERIFY] = {"key-verify", "verify-required needs a security key (sk-)",
                                        PLAIN},
    [VOUCH_POLICY_REASON_OWN_LOGIN_NONE] = {"own-login-none",
                                            "grants people their own login, and the user has none",
                                            PLAIN},
    [VOUCH_POLICY_REASON_OWN_LOGIN_RESERVED] =
        {"own-login-reserved", "grants people their own login, which cannot be the system's",
         OBJECT},
    [VOUCH_POLICY_REASON_OWN_LOGIN_TAKEN] =
        {"own-login-taken",
         "grants people their own login, which cannot be one that a role grants by name:", OBJECT},
    [VOUCH_POLICY_REASON_LOGIN_FIXED] = {"login-fixed",
                                         "certificates name roles, not logins, in zone", OBJECT},
    [VOUCH_POLICY_REASON_LOGIN_LACKED] = {"login-lacked", "none of the roles grants the login",
                                          OBJECT},
    [VOUCH_POLICY_REASON_LOGIN_REPEATED] = {"login-repeated", "asked for twice: login", OBJECT},
    [VOUCH_POLICY_REASON_TTL_LONG] = {"ttl-long", "the longest time is", SECONDS},
    [VOUCH_POLICY_REASON_EXTENSION_UNKNOWN] = {"extension-unknown", "there is no extension",
                                               OBJECT},
    [VOUCH_POLICY_REASON_EXTENSION_LACKED] = {"extension-lacked", "does not allow the extension",
                                              OBJECT},
    [VOUCH_POLICY_REASON_EXTENSION_REPEATED] = {"extension-repeated", "asked for twice: extension",
                                                OBJECT},
    [VOUCH_POLICY_REASON_SOURCE_BAD] = {"source-bad",
                                        "not a network as certificates hold it:", OBJECT},
    [VOUCH_POLICY_REASON_SOURCE_OUTSIDE] = {"source-outside",
                                            "outside of what the roles allow is the network",
                                            OBJECT},
    [VOUCH_POLICY_REASON_SOURCE_NONE] = {"source-none",
                                         "the roles share no network: ask for them one by one",
                                         PLAIN},
    [VOUCH_POLICY_REASON_COMMAND_BAD] = {"command-bad",
                                         "not a command as certificates hold it:", OBJECT},
    [VOUCH_POLICY_REASON_COMMAND_OTHER] = {"command-other", "allows only the command", OBJECT},
    [VOUCH_POLICY_REASON_PRINCIPALS_NONE] =
        {"principals-none", "no principal is left, and a certificate without one is good for all",
         PLAIN},
    [VOUCH_POLICY_REASON_PRINCIPALS_MANY] = {"principals-many",
                                             "more principals than a certificate may have:",
                                             NUMBER},
};

static const struct row *row_of(enum vouch_policy_reason_code code) {
    return &rows[(unsigned)code < VOUCH_POLICY_REASONS ? code : VOUCH_POLICY_REASON_NONE];
}

const char *vouch_policy_reason_word(enum vouch_policy_reason_code code) {
    return row_of(code)->word;
}

static void put_quoted(struct vouch_bytes text, struct vouch_buf *out) {
    struct vouch_bytes shown = {text.ptr, text.len < 160 ? text.len : 160};
    vouch_buf_put_text(out, "\"");
    vouch_str_escape(shown, out);
    vouch_buf_put_text(out, shown.len < text.len ? "...\"" : "\"");
}

void vouch_policy_reason_print(const struct vouch_policy_reason *reason, struct vouch_buf *out) {
    const struct row *row = row_of(reason->code);
    char number[VOUCH_TIME_TEXT_MAX] = "";
    if (reason->role.len > 0) {
        vouch_buf_put_text(out, "role ");
        put_quoted(reason->role, out);
        vouch_buf_put_text(out, reason->code == VOUCH_POLICY_REASON_TTL_LONG ||
                                        reason->code == VOUCH_POLICY_REASON_KEY_VERIFY
                                    ? ": "
                                    : " ");
    }
    vouch_buf_put_text(out, row->text);
    if (row->extra == PLAIN) {
        return;
    }
    vouch_buf_put_text(out, " ");
    if (row->extra == OBJECT) {
        put_quoted(reason->object, out);
    } else if (row->extra == SECONDS) {
        vouch_duration_text(reason->limit, number);
    } else if (row->extra == MOMENT) {
        vouch_time_utc(reason->limit, number);
    } else {
        (void)snprintf(number, sizeof number, "%llu", (unsigned long long)reason->limit);
    }
    vouch_buf_put_text(out, number);
}
