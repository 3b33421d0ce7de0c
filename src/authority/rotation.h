// SPDX-License-Identifier: ISC
// Whether a CA key may go on to its next state: the gates, as a pure function, and what they are asked
// with. Private to src/authority.
//
// The signer holds the order of the steps; here is what it cannot know: who would be locked out.
#pragma once

#include "authority/caller.h"
#include "store/coverage.h"

#define VOUCH_ROTATION_SILENT_S (UINT64_C(30) * 86400) // a host without a report is not waited for

// What stands around one use.
struct vouch_rotation_gate {
    enum vouch_cert_type use;
    enum vouch_rotation_verb step; // SWITCH, REMOVE, DESTROY: what advancing is; NONE
    uint64_t needs;                // SWITCH, DESTROY: the trust bundle that hosts need
    const struct vouch_store_host_trust
        *hosts;                      // all active ones, with certificates by other keys than
    size_t host_count;               // the active one
    struct vouch_store_ca_use going; // the certificates of the key that goes
    uint64_t now_s;
};

// What whoever asks takes upon themselves.
struct vouch_rotation_waiver {
    struct vouch_text_list without;
    int is_hurried;
};

struct vouch_rotation_coverage {
    uint64_t reporting, covered, silent, blocking;
    uint64_t until_s; // when the last certificate that is waited for ends
};

// Counts the hosts. Of those that stand in the way, and then of silent ones, the first `max` are
// rows[0..*ret_count - 1]; they borrow from the gate.
struct vouch_rotation_coverage vouch_rotation_count(const struct vouch_rotation_gate *gate,
                                                    const struct vouch_rotation_waiver *waiver,
                                                    struct vouch_ca_rotation_host *rows, size_t max,
                                                    size_t *ret_count);

// Nonzero if the step may be made; else the reply says what is in its way.
int vouch_rotation_judge(const struct vouch_rotation_gate *gate,
                         const struct vouch_rotation_waiver *waiver, struct vouch_reply *reply);

// The step by which a use leaves a phase forwards, and backwards; NONE if there is none.
enum vouch_rotation_verb vouch_rotation_forward(enum vouch_rotation_phase phase);
enum vouch_rotation_verb vouch_rotation_backward(enum vouch_rotation_phase phase);

// Gathers what the gate of a use needs; hosts in the handle's arena. The index must be current.
VOUCH_MUST_USE int vouch_rotation_gather(struct vouch_local *authority,
                                         const struct vouch_office_cas *cas, size_t use,
                                         struct vouch_rotation_gate *ret_gate,
                                         struct vouch_fault *fault);

// How a use stands, for an answer.
VOUCH_MUST_USE int vouch_rotation_show(struct vouch_local *authority,
                                       const struct vouch_office_cas *cas, size_t use,
                                       struct vouch_ca_rotation *ret_use,
                                       struct vouch_fault *fault);
