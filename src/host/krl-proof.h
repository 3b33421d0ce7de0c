// SPDX-License-Identifier: ISC
// Whether a revocation list may take the place of the one that sshd has.
//
// sshd takes an empty or cut file for a list that revokes nothing, and a garbled or missing one for a
// reason to let nobody in; it keeps no version. So everything is proven before a list comes near it:
// who made it, that it is not older than what was there, that it can be read, and what it does.
#pragma once

#include "core/krl-envelope.h"

// What a host knows. Borrowed.
struct vouch_krl_proof {
    const struct vouch_key *checkpoint_key; // pinned at enrolment
    const struct vouch_key *const *cas;     // keys that sshd trusts for users: each has to be named
    size_t ca_count;
    struct vouch_bytes ca_name;   // for the canaries
    struct vouch_bytes installed; // the list that sshd has now; empty: none, or it is damaged
    uint64_t installed_version;   // the newest that was ever installed; 0: none
    uint64_t now_s;
    uint64_t age_max_s; // since the envelope was signed; 0: any
};

// 0 only if the list may be installed, as far as can be known without another program. The envelope's
// faults are V-1868, those of the list itself V-1205, the rest V-1920. Pure.
VOUCH_MUST_USE int vouch_krl_prove(const struct vouch_krl_proof *proof, struct vouch_bytes list,
                                   struct vouch_bytes envelope,
                                   struct vouch_krl_statement *ret_statement,
                                   struct vouch_fault *fault);

// What the machine's own ssh-keygen -Q says of both canaries. The zero value is no word for the list.
enum vouch_krl_second {
    VOUCH_KRL_SECOND_NONE = 0,
    VOUCH_KRL_SECOND_DOUBTS, // it says other than is due, or cannot read the list; V-1920 in `fault`
    VOUCH_KRL_SECOND_ABSENT, // there is no ssh-keygen: what vouch_krl_prove() said stands alone
    VOUCH_KRL_SECOND_AGREES,
};

// Asks `program`, such as VOUCH_KRL_KEYGEN. The list and the keys lie in memory and touch no disk.
#define VOUCH_KRL_KEYGEN "/usr/bin/ssh-keygen"
VOUCH_MUST_USE int vouch_krl_prove_second(const char *program, struct vouch_bytes list,
                                          struct vouch_bytes ca_name, uint64_t deadline_ns,
                                          enum vouch_krl_second *ret_second,
                                          struct vouch_fault *fault);
