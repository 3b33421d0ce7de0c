// SPDX-License-Identifier: ISC
// Fuzz target: an sshd log of any content is read without harm, and what is found lies inside it.
#include <assert.h>
#include <stdint.h>

#include "ledger/logins.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void assert_inside(struct vouch_bytes part, struct vouch_bytes whole) {
    assert(part.len == 0 ||
           (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    struct vouch_bytes log = {data, len};
    struct vouch_logins logins = {0};
    struct vouch_authorities none = {0};
    struct vouch_findings findings = {0};
    int err = vouch_logins_read(&logins, log, &findings);
    assert(err == VOUCH_OK || err == VOUCH_ERR_NO_MEMORY);
    for (size_t i = 0; i < logins.count; i++) {
        const struct vouch_login *row = &logins.rows[i];
        assert_inside(row->user, log);
        assert_inside(row->key_id, log);
        assert_inside(row->subject, log);
        assert_inside(row->ca, log);
        assert(i == 0 || logins.rows[i - 1].serial <= row->serial);
    }
    uint64_t unread = findings.total;
    vouch_logins_check(&logins, &none, &findings);
    assert(findings.total == unread + logins.count); // none is explained by an empty ledger
    vouch_findings_done(&findings);
    vouch_logins_done(&logins);
    return 0;
}
