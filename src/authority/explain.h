// SPDX-License-Identifier: ISC
// Why a login would work or not: what is gathered, and the checks on it. Private to src/authority.
//
// The names of the checks are stable words, which doc/hosts.md explains.
#pragma once

#include "authority/access.h"
#include "authority/fleet.h"
#include "authority/request-logins.h"
#include "authority/trusted.h"
#include "policy/explain.h"
#include "store/certs.h"
#include "store/host-reports.h"

#define VOUCH_EXPLAIN_CHECKS_MAX 64

struct vouch_explaining {
    struct vouch_local *authority;
    const struct vouch_caller *caller;
    const struct vouch_ask_explain *ask;
    const struct vouch_who *who;
    struct vouch_arena *arena; // of the answer
    uint64_t now_s;
    struct vouch_bytes user;

    const struct vouch_policy *policy;     // in force; held; NULL: none
    const struct vouch_policy_host *place; // of the host in it; NULL: it has none
    struct vouch_bytes host;               // its name
    int is_enrolled;
    struct vouch_store_host row; // if it is
    int has_report;
    struct vouch_store_host_report report;
    struct vouch_policy_names accepts; // principals that the host accepts for the login

    struct vouch_trust trust; // the CA keys of this service
    struct vouch_cert *cert;  // that would be shown; NULL: none
    int is_indexed;           // the ledger's index has it
    int is_revoked;
    uint64_t revoked_s;

    struct vouch_check_row rows[VOUCH_EXPLAIN_CHECKS_MAX];
    size_t count;
    int err; // of the first row that could not be added
};

// Adds a row. `next` may be empty: what to do, as the person would type it.
void vouch_explain_add(struct vouch_explaining *explaining, const char *name,
                       enum vouch_check_state state, const char *next, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

// The time by the host's clock.
uint64_t vouch_explain_host_time(const struct vouch_explaining *explaining);

// The first value of a setting of the host's sshd ("KEY VALUE", as `sshd -T` says); empty: not reported.
struct vouch_bytes vouch_explain_setting(const struct vouch_explaining *explaining,
                                         const char *key);

// The checks, in sshd's order: of the person, of the host, of the certificate there.
VOUCH_MUST_USE int vouch_explain_person(struct vouch_explaining *explaining,
                                        struct vouch_fault *fault);
void vouch_explain_host(struct vouch_explaining *explaining);
void vouch_explain_cert(struct vouch_explaining *explaining);

// The certificate that is asked about, or the one that serves best of those that the person has.
VOUCH_MUST_USE int vouch_explain_choose(struct vouch_explaining *explaining,
                                        struct vouch_fault *fault);
// Nonzero if one of the certificate's principals is accepted for the login.
int vouch_explain_opens(const struct vouch_bytes *principals, size_t count,
                        const struct vouch_policy_names *accepts);
