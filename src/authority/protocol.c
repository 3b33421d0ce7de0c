// SPDX-License-Identifier: ISC
// The fields of each ask and answer, with their bounds, and the frames that carry them. doc/frames.md.
#include "authority/protocol.h"

#include <assert.h>

#include "authority/fields.h"

#define ANSWER_MAX (15u * 1024 * 1024)
#define SECRET_ANSWER_MAX (32u * 1024)
#define ASK_MIN 24    // the empty fields of a caller
#define ANSWER_MIN 16 // and of a reply

#define SOURCE_MAX 256
#define REQUEST_MAX 128

static const struct vouch_field caller_fields[] = {
    F_ENUM(vouch_caller, way, "caller", VOUCH_CALLER_LOCAL),
    F_BYTES(vouch_caller, token, "token", VOUCH_TOKEN_TEXT_MAX),
    F_U64(vouch_caller, uid),
    F_BYTES(vouch_caller, source, "source", SOURCE_MAX),
    F_BYTES(vouch_caller, request, "request", REQUEST_MAX),
    F_END,
};
const struct vouch_fields vouch_caller_fields = {caller_fields, sizeof(struct vouch_caller)};

static const struct vouch_field failed_fields[] = {
    F_TEXT(vouch_failed, code),
    F_U64(vouch_failed, err),
    F_TEXT(vouch_failed, text),
    F_TEXT(vouch_failed, next),
    F_END,
};
const struct vouch_fields vouch_failed_fields = {failed_fields, sizeof(struct vouch_failed)};

static_assert(offsetof(struct vouch_answer_cert, reply) == 0 &&
                  offsetof(struct vouch_answer_public, reply) == 0 &&
                  offsetof(struct vouch_answer_status, reply) == 0,
              "the verdict stands first in every answer");

const struct vouch_op_row vouch_ops[VOUCH_OP_COUNT] = {
    [VOUCH_OP_issue] = {&vouch_ask_issue_fields, &vouch_answer_cert_fields},
    [VOUCH_OP_renew] = {&vouch_ask_renew_fields, &vouch_answer_cert_fields},
    [VOUCH_OP_show] = {&vouch_ask_show_fields, &vouch_answer_cert_fields},
    [VOUCH_OP_certs] = {&vouch_ask_certs_fields, &vouch_answer_certs_fields},
    [VOUCH_OP_revoke] = {&vouch_ask_revoke_fields, &vouch_answer_revoke_fields},
    [VOUCH_OP_revocations] = {&vouch_ask_revocations_fields, &vouch_answer_revocations_fields},
    [VOUCH_OP_public] = {&vouch_ask_public_fields, &vouch_answer_public_fields},
    [VOUCH_OP_tile] = {&vouch_ask_tile_fields, &vouch_answer_tile_fields},
    [VOUCH_OP_token_new] = {&vouch_ask_token_new_fields, &vouch_answer_token_fields},
    [VOUCH_OP_tokens] = {&vouch_ask_tokens_fields, &vouch_answer_tokens_fields},
    [VOUCH_OP_token_disable] = {&vouch_ask_name_fields, &vouch_answer_token_fields},
    [VOUCH_OP_profile_put] = {&vouch_profile_row_fields, &vouch_answer_profile_fields},
    [VOUCH_OP_profile_show] = {&vouch_ask_name_fields, &vouch_answer_profile_fields},
    [VOUCH_OP_profiles] = {&vouch_ask_page_fields, &vouch_answer_profiles_fields},
    [VOUCH_OP_profile_remove] = {&vouch_ask_name_fields, &vouch_answer_profile_fields},
    [VOUCH_OP_audit] = {&vouch_ask_audit_fields, &vouch_answer_audit_fields},
    [VOUCH_OP_status] = {&vouch_ask_page_fields, &vouch_answer_status_fields},
};

// Each ask brings a token, which is a secret.
#define ASK_RULE(name_, ask_type, answer_type)                                                     \
    {.type = VOUCH_OP_##name_,                                                                     \
     .content = VOUCH_FRAME_SECRET,                                                                \
     .body_min = ASK_MIN,                                                                          \
     .body_max = VOUCH_OP_ASK_MAX,                                                                 \
     .name = #name_},
static const struct vouch_frame_rule asks[] = {VOUCH_AUTHORITY_ASKS(ASK_RULE)};

#define ANSWER_RULE(name_, ask_type, answer_type)                                                  \
    {.type = VOUCH_OP_##name_,                                                                     \
     .content =                                                                                    \
         VOUCH_OP_##name_ == (int)VOUCH_OP_token_new ? VOUCH_FRAME_SECRET : VOUCH_FRAME_PLAIN,     \
     .body_min = ANSWER_MIN,                                                                       \
     .body_max = VOUCH_OP_##name_ == (int)VOUCH_OP_token_new ? SECRET_ANSWER_MAX : ANSWER_MAX,     \
     .name = #name_ " answer"},
static const struct vouch_frame_rule answers[] = {
    VOUCH_AUTHORITY_ASKS(ANSWER_RULE){
        .type = VOUCH_OP_FAILED, .body_min = 20, .body_max = 2048, .name = "failure"},
};

const struct vouch_frame_protocol vouch_authority_protocol = {
    .name = "authority",
    .asks = asks,
    .ask_count = sizeof asks / sizeof asks[0],
    .answers = answers,
    .answer_count = sizeof answers / sizeof answers[0],
};
