// SPDX-License-Identifier: ISC
// A host on its way into the inventory, and the steps that enrolling and renewing share. Private to
// src/authority.
#pragma once

#include "authority/access.h"
#include "authority/fleet.h"

struct vouch_enrolment {
    const struct vouch_caller *caller;
    struct vouch_host_keys keys;
    struct vouch_store_host_token token; // ID 0: none was given
    enum { VOUCH_ENROL_KEEP_TOKEN = 0, VOUCH_ENROL_USE_TOKEN } use;
    const struct vouch_policy *policy; // held
    uint64_t version;
    const struct vouch_policy_content *content; // of its document
    struct vouch_store_host host;               // as it is, or is to be; ID 0: it is new
    enum vouch_host_wildcards wildcards;        // of an enrolled host: those that may not be go
    struct vouch_text_list names;               // of its certificates
    struct vouch_bytes evidence;
    struct vouch_bytes secret;
    uint64_t now_s;
};

// Holds the policy that zones and names are judged by; a reply if there is none. The end follows in any
// case, and frees the keys too.
void vouch_enrolment_begin(struct vouch_local *authority, struct vouch_enrolment *enrolment,
                           struct vouch_reply *reply);
void vouch_enrolment_end(struct vouch_local *authority, struct vouch_enrolment *enrolment);

// What a host says of itself: 0 with the reply set, if it will not do.
int vouch_enrol_words_are_good(struct vouch_bytes agent, struct vouch_bytes sshd,
                               struct vouch_reply *reply);

// Whether the host may have each alias that it asks for: that the token is for as well, that it had before
// (`host`, as it is), that its name brings along, or that is the address it asks from. A reply if not.
// Wildcards are not looked at: an enrolled host has those that two people gave it (vouch_host_aliases_of()),
// and another one waits for them.
int vouch_enrol_aliases_are_good(const struct vouch_enrolment *enrolment, struct vouch_bytes name,
                                 const struct vouch_text_list *aliases, struct vouch_reply *reply);

// The names that the host may have, by its row; it must have a zone of the policy.
VOUCH_MUST_USE int vouch_enrol_names(struct vouch_local *authority,
                                     struct vouch_enrolment *enrolment, struct vouch_reply *reply,
                                     struct vouch_fault *fault);

// Writes the row with its names and a new secret; takes a use of the token, where that is to be. All or
// nothing: what came in between is a reply. fleet_lock is taken.
VOUCH_MUST_USE int vouch_enrol_keep(struct vouch_local *authority,
                                    struct vouch_enrolment *enrolment, struct vouch_reply *reply,
                                    struct vouch_fault *fault);

// Has the certificates signed, and answers.
VOUCH_MUST_USE int vouch_enrol_answer(struct vouch_local *authority,
                                      const struct vouch_enrolment *enrolment,
                                      struct vouch_answer_enrol *ret_answer,
                                      struct vouch_fault *fault);
