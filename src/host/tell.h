// SPDX-License-Identifier: ISC
// What the root part tells of the machine and changes nothing for: describe, prove, check. Private to
// src/host.
#pragma once

#include "host/login-used.h"
#include "host/work.h"

// Describes machine, sshd and what is installed. An sshd that cannot be asked is a problem of the answer,
// no failure.
VOUCH_MUST_USE int vouch_tell_machine(struct vouch_work *work,
                                      struct vouch_apply_machine *ret_machine,
                                      struct vouch_fault *fault);

// Has each sound host key sign. V-1903: another time; V-1904: another CA than the pinned one; V-1907.
VOUCH_MUST_USE int vouch_tell_proofs(struct vouch_work *work, const struct vouch_apply_prove *ask,
                                     struct vouch_apply_proofs *ret_proofs,
                                     struct vouch_fault *fault);

// Whether what was installed is there and holds: a row for each thing.
VOUCH_MUST_USE int vouch_tell_health(struct vouch_work *work, struct vouch_apply_checks *ret_checks,
                                     struct vouch_fault *fault);

// Nonzero if sshd can read the revocation list, and it is of the version that was installed.
int vouch_tell_list_is_whole(const struct vouch_work *work);

// SHA-256 of what tells this machine from others: its machine ID and, where there is one, the UUID of
// its hardware, which a copied disk does not bring along.
void vouch_tell_machine_id(const struct vouch_work *work,
                           uint8_t ret_id[static VOUCH_HOST_PROOF_MACHINE_LEN]);

// Every key in the authorized_keys files of all accounts (scan-answer.c). What cannot be read becomes a
// problem of the work. `used` may be NULL.
VOUCH_MUST_USE int vouch_tell_scan(struct vouch_work *work, const struct vouch_login_used *used,
                                   struct vouch_apply_scan *ret_scan, struct vouch_fault *fault);
