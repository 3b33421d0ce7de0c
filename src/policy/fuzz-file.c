// SPDX-License-Identifier: ISC
// Fuzz target: a policy file of any content is read without harm; what is taken is written, read again
// and is the same; and no question to it is granted without a principal.
#include <assert.h>
#include <stdint.h>

#include "policy/decide.h"
#include "policy/explain.h"
#include "policy/load.h"

#define NOW 1795344338u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// NULL: refused.
static struct vouch_policy *read_policy(struct vouch_bytes text) {
    vouch_autodraft struct vouch_policy_draft *draft = NULL;
    struct vouch_policy *policy = NULL;
    struct vouch_fault fault = {0};
    if (vouch_policy_draft_new(&draft, &fault) != VOUCH_OK ||
        vouch_policy_draft_read(draft, "fuzz.yaml", text, &fault) != VOUCH_OK ||
        vouch_policy_new(vouch_policy_draft_content(draft), &policy, &fault) != VOUCH_OK) {
        assert(fault.kind != NULL && fault.text[0] != '\0');
        return NULL;
    }
    return policy;
}

static void ask_all(const struct vouch_policy *policy) {
    const struct vouch_policy_content *content = vouch_policy_holds(policy);
    for (size_t u = 0; u < content->user_count && u < 8; u++) {
        for (size_t r = 0; r < content->role_count && r < 8; r++) {
            vouch_autoarena struct vouch_arena arena = {0};
            const struct vouch_policy_ask ask = {
                .user = content->users[u].name,
                .zone = content->roles[r].zone,
                .roles = &content->roles[r].name,
                .role_count = 1,
                .key_type = VOUCH_KEY_SK_ED25519,
                .now_s = NOW,
                .second_factor_at_s = NOW,
                .address = vouch_bytes_of("10.1.2.3"),
                .reason = vouch_bytes_of("because"),
            };
            struct vouch_policy_decision decision = {0};
            assert(vouch_policy_decide(policy, &ask, &arena, &decision) == VOUCH_OK);
            assert((decision.verdict == VOUCH_POLICY_REFUSED) == (decision.reason_count > 0));
            assert((decision.verdict == VOUCH_POLICY_GRANTED) ==
                   (decision.grant.principal_count > 0));
            assert(decision.grant.ttl_s <= content->roles[r].max_ttl_s);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    vouch_autopolicy struct vouch_policy *policy = read_policy((struct vouch_bytes){data, len});
    if (policy == NULL) {
        return 0;
    }
    struct vouch_buf text;
    vouch_buf_init(&text, VOUCH_POLICY_FILE_MAX);
    vouch_policy_write(policy, &text);
    assert(text.err == VOUCH_OK);
    vouch_autopolicy struct vouch_policy *again = read_policy(vouch_buf_bytes(&text));
    vouch_buf_done(&text);
    assert(again != NULL);
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_view view = {policy, NOW, &arena};
    struct vouch_policy_diff diff = {0};
    assert(vouch_policy_compare(&view, again, &diff) == VOUCH_OK);
    assert(diff.change_count == 0 && diff.edit_count == 0);
    ask_all(policy);
    return 0;
}
