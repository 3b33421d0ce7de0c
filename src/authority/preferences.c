// SPDX-License-Identifier: ISC
// How somebody who is signed in wants their pages. What it says is the pages' own matter: it is kept as it is.
#include "store/preferences.h"
#include "authority/caller.h"
#include "authority/issue.h"

static int keep(struct vouch_office *office, uint64_t account, struct vouch_bytes value,
                struct vouch_fault *fault) {
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_LATER, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_preferences_put(office->desk, account, value, fault);
        err = vouch_store_work_end(office->desk, err, VOUCH_STORE_DONE, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

int vouch_local_preferences(struct vouch_local *authority, const struct vouch_caller *caller,
                            const struct vouch_ask_preferences *ask,
                            struct vouch_answer_preferences *ret_answer,
                            struct vouch_fault *fault) {
    struct vouch_who who = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_come_with_session(authority, caller, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (ask->value.len > 0) {
        ret_answer->value = ask->value;
        return keep(authority->office, who.account_id, ask->value, fault);
    }
    err = vouch_store_preferences_find(vouch_lease(authority), who.account_id, &authority->arena,
                                       &ret_answer->value, fault);
    vouch_lease_end(authority);
    return err;
}
