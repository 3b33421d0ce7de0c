// SPDX-License-Identifier: ISC
// The double of the authority: manifests of exports.
#include "api/test-double.h"

ASKED(export, struct vouch_ask_export, struct vouch_answer_export) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_AUDIT_READ, "export", &ret_answer->reply, &err)) {
        test_double_note(" format=%d words=%.*s type=%.*s searched=%llu records=%llu length=%llu",
                         (int)ask->query.format, SHOWN(ask->query.words), SHOWN(ask->query.type),
                         (unsigned long long)ask->searched, (unsigned long long)ask->records,
                         (unsigned long long)ask->length);
        test_double_note(" sha256=");
        for (size_t i = 0; i < ask->sha256.len; i++) {
            test_double_note("%02x", ask->sha256.ptr[i]);
        }
        ret_answer->manifest = vouch_bytes_of(VOUCH_EXPORT_HEAD "\nwhat a signer signs\n");
        ret_answer->record = 6;
    }
    return test_double_leave(err, fault);
}
