// SPDX-License-Identifier: ISC
// The authority's own body: the office, which all threads of the process share, and the handles by which
// each of them asks it.
//
// In this order: open (files only, before the sandbox), begin (talks to the signer, indexes what the
// database lacks, publishes the first revocation lists), attach a handle for each thread, close all.
#pragma once

#include "authority/authority.h"
#include "identity/identity.h"
#include "signer/signer.h"

#define VOUCH_OFFICE_SEATS_MAX 66 // lanes to the signer: VOUCH_LANES_MAX and two

struct vouch_office;

struct vouch_office_open {
    const char *database;   // path of the database; made if it is not there
    const char *ledger_dir; // read only
    const char *krl_dir;    // the published lists are kept here
    // Asking ends of the signer, owned from here on, also if opening fails. One for each lane, and
    // behind them two: that of the office's own thread, and that of the admin socket.
    struct vouch_signer *const *take_signers;
    size_t signer_count; // at least 2
    // Asking ends of identity, owned in the same way: one for each lane, and the last that of the admin
    // socket. None: nobody can sign in.
    struct vouch_identity *const *take_identities;
    size_t identity_count;
    uint64_t session_idle_s; // a session ends when it was not used for so long; 0: 12 hours
    uint64_t session_max_s;  // and then in any case; 0: 7 days
    uint64_t host_ttl_s;     // of certificates of enrolled hosts; 0: 30 days
    const char *address;     // "https://HOST:PORT#PIN", for links; copied. NULL or "": not known
    // Is told of failures of the office's own thread, which nobody asked for; may be NULL.
    void (*report)(const struct vouch_fault *fault);
};

// Opens the database, the ledger's folder and the lists. Talks to nobody. V-1701 to V-1704 for the
// database, V-1101 for the ledger.
VOUCH_MUST_USE int vouch_office_open(const struct vouch_office_open *what,
                                     struct vouch_office **ret_office, struct vouch_fault *fault);

// Asks the signer who it is; indexes what the ledger has and the database lacks, all of it if the ledger
// is not the one that was indexed; publishes the lists that are missing or out of date; starts the
// thread that indexes.
VOUCH_MUST_USE int vouch_office_begin(struct vouch_office *office, struct vouch_fault *fault);

// Stops the office's thread, after it has indexed what there is, and frees. Every handle must be closed
// before. Takes NULL.
void vouch_office_close(struct vouch_office *office);

// A handle for one thread, to be closed by vouch_authority_close(). `seat`: which of the signers it asks,
// counted from 0; several handles may share one and then wait for each other.
VOUCH_MUST_USE int vouch_office_attach(struct vouch_office *office, size_t seat,
                                       struct vouch_authority **ret_authority,
                                       struct vouch_fault *fault);

// The seats behind the lanes.
size_t vouch_office_clerk_seat(const struct vouch_office *office);
size_t vouch_office_admin_seat(const struct vouch_office *office);
