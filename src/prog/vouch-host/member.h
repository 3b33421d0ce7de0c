// SPDX-License-Identifier: ISC
// This machine as a member of the fleet: what the commands and the daemon do, each in one step.
//
// A step asks the server, hands what came to the root part, and notes down what holds. It may be cut off
// anywhere and done again.
#pragma once

#include "client/api.h"
#include "prog/vouch-host/contact.h"
#include "prog/vouch-host/station.h"

struct vouch_member {
    struct vouch_station station;
    struct vouch_enrolled enrolled;
    struct vouch_secret secret;
    struct vouch_api *api;
    struct vouch_contact_news installed; // versions that are in force here
    uint64_t renew_at_s;                 // 0: not known
    uint64_t outgoing_since_s;           // a certificate's CA was first seen not to sign; 0: all do
    uint64_t next_login;                 // number that the server expects; 0: not known
    int is_barred;                       // nonzero: the server said a "no" that will stay one
};

// Opens the station, reads what is remembered and opens the way to the server with the secret.
// VOUCH_ERR_NOT_FOUND (V-1930): not enrolled. VOUCH_ERR_EXISTS (V-1938) with *ret_other.
VOUCH_MUST_USE int vouch_member_open(const char *root, struct vouch_member *ret_member,
                                     pid_t *ret_other, struct vouch_fault *fault);
void vouch_member_close(struct vouch_member *member);

// The machine as the root part finds it; notes down the versions. Good until the root part is next asked.
VOUCH_MUST_USE int vouch_member_describe(struct vouch_member *member,
                                         struct vouch_apply_machine *ret_machine,
                                         struct vouch_fault *fault);

// Tells what a step did, a line each; NULL: nobody is told.
struct vouch_member_listener {
    void (*step)(void *context, struct vouch_bytes line);
    void *context;
};

// Has the certificates renewed and installs them; the new secret is noted down before it is used.
VOUCH_MUST_USE int vouch_member_renew(struct vouch_member *member,
                                      const struct vouch_member_listener *listener,
                                      struct vouch_fault *fault);

// What a sync found.
struct vouch_member_synced {
    unsigned installed; // how many of state, list and bundle were newer
    uint64_t renew;     // nonzero: the server wants the certificates renewed
};

// Installs what is newer on the server. The list of revocations comes first, and does not wait for the
// rest: it is public, and a state that cannot be had is no reason to let somebody in.
VOUCH_MUST_USE int vouch_member_sync(struct vouch_member *member,
                                     const struct vouch_member_listener *listener,
                                     struct vouch_member_synced *ret_synced,
                                     struct vouch_fault *fault);

// Has the root part put back what others changed of the files of sshd; *ret_count is how many.
VOUCH_MUST_USE int vouch_member_guard(struct vouch_member *member,
                                      const struct vouch_member_listener *listener,
                                      size_t *ret_count, struct vouch_fault *fault);

// Tells the server how this host is. *ret_health may be NULL.
VOUCH_MUST_USE int vouch_member_report(struct vouch_member *member,
                                       enum vouch_apply_health *ret_health,
                                       struct vouch_fault *fault);

// Hands over logins that the server does not have; *ret_count is how many. Call again until it is 0.
VOUCH_MUST_USE int vouch_member_logins(struct vouch_member *member, size_t *ret_count,
                                       struct vouch_fault *fault);

// Notes down how a step ended: `fault` NULL for well. With is_barred the member is barred from now on.
VOUCH_MUST_USE int vouch_member_note(struct vouch_member *member, const struct vouch_fault *fault,
                                     struct vouch_fault *ret_fault);

// When an ask of the root part has to be answered, for work that may reload sshd.
uint64_t vouch_member_deadline(void);
