// SPDX-License-Identifier: ISC
// Manifests of exports: who asks is found out here, what was written out is said by the process that wrote it.
#include "authority/issue.h"

static int is_hash_bad(const struct vouch_ask_export *ask, struct vouch_reply *reply) {
    if (ask->sha256.len == 32) {
        return 0;
    }
    vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "sha256",
                    "sha256 must have 32 bytes");
    return 1;
}

int vouch_local_export(struct vouch_local *authority, const struct vouch_caller *caller,
                       const struct vouch_ask_export *ask, struct vouch_answer_export *ret_answer,
                       struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_signer_published published = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify(authority, caller, VOUCH_MAY_AUDIT, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE || is_hash_bad(ask, reply)) {
        return err;
    }
    struct vouch_signer_export what = {.query = ask->query,
                                       .searched = ask->searched,
                                       .records = ask->records,
                                       .length = ask->length,
                                       .actor = who.actor};
    memcpy(what.sha256, ask->sha256.ptr, sizeof what.sha256);
    err = vouch_seat_export(authority, &what, &published, fault);
    if (err == VOUCH_OK && published.outcome != VOUCH_SIGNER_DONE) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, published.refusal.field,
                        "%s %s", published.refusal.field, published.refusal.why);
    } else if (err == VOUCH_OK) {
        ret_answer->manifest = published.envelope;
        ret_answer->record = published.number;
    }
    return err;
}
