// SPDX-License-Identifier: ISC
// Taking an approval back: the session that was begun by it ends, and what was got in that session is revoked.
// May be done again after any failure.
#include "authority/device.h"
#include "authority/issue.h"
#include "base/time.h"

#define WHY "sign-in taken back"

// The state and the session change together, so that a client that is about to take its session either has it,
// and loses it here, or gets none.
static int end_session(struct vouch_local *authority, const uint8_t *code,
                       struct vouch_store_device *ret_device, enum vouch_store_outcome *ret_undone,
                       struct vouch_fault *fault) {
    struct vouch_store *desk = authority->office->desk;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint64_t count = 0;
    int err =
        vouch_store_device_by_code(desk, code, &authority->arena, &outcome, ret_device, fault);
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE) {
        err = vouch_store_device_undo(desk, ret_device->id, ret_undone, fault);
    }
    return err == VOUCH_OK && *ret_undone == VOUCH_STORE_DONE && ret_device->session != 0
               ? vouch_store_session_end(desk, ret_device->session, &count, fault)
               : err;
}

static int undo(struct vouch_local *authority, const uint8_t *code,
                struct vouch_store_device *ret_device, enum vouch_store_outcome *ret_undone,
                struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = end_session(authority, code, ret_device, ret_undone, fault);
        err = vouch_store_work_end(office->desk, err, VOUCH_STORE_DONE, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

static int revoke(struct vouch_local *authority, const struct vouch_who *who, uint64_t session,
                  uint64_t *ret_count, struct vouch_fault *fault) {
    const struct vouch_revoke_all what = {.by = who->actor,
                                          .of = who->actor,
                                          .session = session,
                                          .now_s = vouch_time_now_s(),
                                          .reason = WHY};
    int err = vouch_index_now(authority, fault); // one may have been issued a moment ago
    if (err == VOUCH_OK) {
        err = vouch_revoke_all(authority, &what, ret_count, fault);
    }
    return err == VOUCH_OK && *ret_count > 0 ? vouch_revoke_publish(authority, fault) : err;
}

int vouch_device_undo(struct vouch_local *authority, const struct vouch_caller *caller,
                      const struct vouch_who *who, const uint8_t code[static VOUCH_STORE_HASH_LEN],
                      struct vouch_device_row *row, struct vouch_reply *reply,
                      struct vouch_fault *fault) {
    struct vouch_store_device device = {0};
    enum vouch_store_outcome undone = VOUCH_STORE_ABSENT;
    vouch_lease_end(authority);
    int err = undo(authority, code, &device, &undone, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (undone != VOUCH_STORE_DONE && device.state != VOUCH_STORE_DEVICE_UNDONE) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_device_decided, "code",
                        "this sign-in was never approved, so there is nothing to take back");
        return VOUCH_OK;
    }
    device.user = who->user;
    err = vouch_device_note(authority, caller, who->actor, VOUCH_EVENT_DEVICE_UNDO, &device, fault);
    return err == VOUCH_OK && device.session != 0
               ? revoke(authority, who, device.session, &row->revoked, fault)
               : err;
}
