// SPDX-License-Identifier: ISC
// What the agent asks of the server, and what comes back. doc/api.md has the routes; client/api.h the
// transport.
//
// Nothing that comes from here is believed by itself: lists, bundles and certificates go to the root part,
// which proves them.
#pragma once

#include "base/arena.h"
#include "client/api.h"
#include "host/apply.h"
#include "prog/vouch-host/enrolled.h"

// Opens a way to the server that is remembered; with the secret, if one is given.
VOUCH_MUST_USE int vouch_contact_open(const struct vouch_enrolled *enrolled,
                                      struct vouch_bytes secret, struct vouch_api **ret_api,
                                      struct vouch_fault *fault);

// The name and the checkpoint key of the CA that answers there.
VOUCH_MUST_USE int vouch_contact_ca(struct vouch_api *api, struct vouch_enrolled *enrolled,
                                    struct vouch_fault *fault);

// Enrolling and renewing.
struct vouch_contact_wish {
    enum vouch_host_proof_purpose purpose;
    struct vouch_bytes token; // enrolling; empty: to be adopted
    uint64_t time_s;
    const struct vouch_apply_proofs *proofs;
    const char *sshd; // version; NULL: not known
};
struct vouch_contact_enrolment {
    enum vouch_enrolled_state state;
    struct vouch_bytes certs[VOUCH_APPLY_KEYS_MAX]; // blobs, in the arena
    size_t cert_count;
    struct vouch_text_list names; // in the arena
};

// Asks. ACTIVE: `enrolled` has name, zone and generation, *ret_secret is the new secret, and the rest is in
// *ret_enrolment. WAITING: nothing but the state.
VOUCH_MUST_USE int vouch_contact_enrol(struct vouch_api *api, const struct vouch_contact_wish *wish,
                                       struct vouch_enrolled *enrolled, struct vouch_arena *arena,
                                       struct vouch_contact_enrolment *ret_enrolment,
                                       struct vouch_secret *ret_secret, struct vouch_fault *fault);

// What the host has to install. `logins` is NULL if `have` is the version.
struct vouch_contact_state {
    uint64_t version, krl_version, trust_version;
    uint64_t by_login;
    uint64_t renew; // nonzero: ask for certificates now
    struct vouch_apply_login *logins;
    size_t login_count;
    int has_logins;
};
VOUCH_MUST_USE int vouch_contact_state(struct vouch_api *api, uint64_t have,
                                       struct vouch_arena *arena,
                                       struct vouch_contact_state *ret_state,
                                       struct vouch_fault *fault);

// Versions of what concerns the host.
struct vouch_contact_news {
    uint64_t state, krl, trust;
};
// Waits up to `wait_s` while the server has just these.
VOUCH_MUST_USE int vouch_contact_news(struct vouch_api *api, const struct vouch_contact_news *have,
                                      unsigned wait_s, struct vouch_contact_news *ret_news,
                                      struct vouch_fault *fault);

// Public texts, whole. The list comes with the envelope that speaks of it; both buffers are begun here and
// ended by the caller.
VOUCH_MUST_USE int vouch_contact_trust(struct vouch_api *api, struct vouch_buf *ret_bundle,
                                       struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_contact_krl(struct vouch_api *api, struct vouch_buf *ret_krl,
                                     struct vouch_buf *ret_envelope, struct vouch_fault *fault);

// How the host is.
struct vouch_contact_report {
    const struct vouch_apply_machine *machine;
    enum vouch_apply_health health;
    const char *const *problems;
    size_t problem_count;
    uint64_t time_s;
};
VOUCH_MUST_USE int vouch_contact_report(struct vouch_api *api,
                                        const struct vouch_contact_report *report,
                                        struct vouch_fault *fault);

// Hands over rows of sshd's log, the first ones if there are too many for one question; *ret_next is the
// number that the server expects next.
VOUCH_MUST_USE int vouch_contact_logins(struct vouch_api *api,
                                        const struct vouch_apply_logins *logins, uint64_t *ret_next,
                                        struct vouch_fault *fault);

// Says goodbye: the server retires the host.
VOUCH_MUST_USE int vouch_contact_leave(struct vouch_api *api, struct vouch_fault *fault);

// Nonzero if this "no" will not change by asking again: the secret is void, or the host is locked or
// retired.
int vouch_contact_is_final(const struct vouch_fault *fault);
