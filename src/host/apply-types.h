// SPDX-License-Identifier: ISC
// What the root part of vouch-host is asked and answers: one struct each. See host/apply.h.
#pragma once

#include "base/fault.h"
#include "core/host-proof.h"
#include "ipc/codec.h"

#define VOUCH_APPLY_KEYS_MAX VOUCH_HOST_PROOF_KEYS_MAX
#define VOUCH_APPLY_LOGINS_MAX 4096     // that have a principals file
#define VOUCH_APPLY_PRINCIPALS_MAX 1024 // of one login
#define VOUCH_APPLY_FOLLOW_MAX 200      // rows of one batch
#define VOUCH_APPLY_SCAN_MAX 10000
#define VOUCH_APPLY_TEXT_MAX 4096
#define VOUCH_APPLY_FILE_MAX (1024u * 1024) // bytes of a file that is shown

struct vouch_apply_none {
    uint64_t unused; // 0
};

// ----- describe

// A host key of the machine, and the certificate that is installed for it.
struct vouch_apply_key {
    struct vouch_bytes key;         // public key blob
    struct vouch_bytes fingerprint; // "SHA256:..."
    struct vouch_bytes cert;        // blob; empty: none
    uint64_t serial, valid_after_s, valid_before_s;
    uint64_t is_outgoing; // nonzero: by a CA key that does not sign, by the installed bundle
};

// Whether sshd's configuration is ours. Zero: it is not.
enum vouch_apply_state {
    VOUCH_APPLY_ABSENT = 0,
    VOUCH_APPLY_UNCONFIRMED, // until confirm_until_s, then it is put back
    VOUCH_APPLY_APPLIED,
};

struct vouch_apply_machine {
    struct vouch_bytes name; // as the machine calls itself; may lack its domain
    uint8_t machine[VOUCH_HOST_PROOF_MACHINE_LEN];
    struct vouch_bytes sshd; // version, "OpenSSH_9.2p1"; empty: not known
    struct vouch_apply_key *keys;
    size_t key_count;
    struct vouch_text_list settings; // of `sshd -T`: "KEY VALUE", those that decide about logins
    // What is installed; empty and 0: nothing.
    struct vouch_bytes ca;         // the CA's name
    struct vouch_bytes checkpoint; // blob of the key that is pinned
    struct vouch_bytes host_name;  // for which the certificates must hold
    uint64_t trust_version, krl_version, krl_generated_s, state_version;
    uint64_t by_login;              // nonzero: no principals files
    struct vouch_text_list ca_keys; // fingerprints that sshd trusts for users
    enum vouch_apply_state state;
    uint64_t confirm_until_s;
    struct vouch_text_list problems; // one line each
};

// ----- prove

struct vouch_apply_prove {
    enum vouch_host_proof_purpose purpose;
    struct vouch_bytes ca;   // the CA's name
    struct vouch_bytes name; // the host's
    uint64_t time_s;         // must be within 10 minutes of this machine's clock
};
struct vouch_apply_proof {
    struct vouch_bytes key;   // public key blob
    struct vouch_bytes proof; // armoured
    uint64_t serial;          // of its installed certificate; 0: none
};
struct vouch_apply_proofs {
    struct vouch_apply_proof *rows; // in the order of the proofs' `with`
    size_t count;
    uint8_t machine[VOUCH_HOST_PROOF_MACHINE_LEN];
};

// ----- install

struct vouch_apply_principal {
    struct vouch_bytes principal;
    struct vouch_bytes why; // becomes a comment
};
struct vouch_apply_login {
    struct vouch_bytes login;
    struct vouch_apply_principal *principals;
    size_t principal_count;
};
struct vouch_apply_cert {
    struct vouch_bytes cert; // blob
};

// What is empty stays as it is; the first install needs trust, list and envelope. The order of work is:
// bundle, list, principals, certificates.
struct vouch_apply_install {
    struct vouch_bytes ca; // the CA's name
    struct vouch_bytes
        checkpoint;           // blob: pinned by the first install, afterwards the same or empty
    struct vouch_bytes name;  // the host's
    struct vouch_bytes trust; // bundle
    struct vouch_bytes krl;   // of the user CA
    struct vouch_bytes krl_envelope;
    uint64_t state_version; // 0: no state comes, and logins are left alone
    uint64_t by_login;      // nonzero: there are no principals files
    struct vouch_apply_login *logins;
    size_t login_count;
    struct vouch_apply_cert *certs;
    size_t cert_count;
};

// ----- apply, and what others answer

enum vouch_apply_what { VOUCH_APPLY_SHOW = 0, VOUCH_APPLY_DO };
enum vouch_apply_log { VOUCH_APPLY_LOG_VERBOSE = 0, VOUCH_APPLY_LOG_KEEP }; // sshd's LogLevel
struct vouch_apply_change {
    enum vouch_apply_what what;
    enum vouch_apply_log log;
    uint64_t confirm_within_s; // 0: it holds at once; else undone unless confirmed, at most a day
};

struct vouch_apply_leave {
    enum vouch_apply_what what;
};

struct vouch_apply_file {
    struct vouch_bytes path;
    struct vouch_bytes before, after; // contents; both empty where they are not text
    uint64_t is_new, is_removed;
};
struct vouch_apply_done {
    struct vouch_apply_file *files; // that changed, or would
    size_t file_count;
    struct vouch_text_list steps; // what was done, a line each
    uint64_t confirm_until_s;     // 0: nothing waits to be confirmed
};

// ----- follow

// A login that sshd's log tells of; as host/login-log.h reads it.
struct vouch_apply_seen {
    uint64_t number; // counts on from 1, without gaps
    uint64_t time_ms;
    uint64_t accepted; // nonzero; 0: refused
    struct vouch_bytes login, source, method, key_id;
    uint64_t serial;
    struct vouch_bytes fingerprint, ca, reason, line;
};
struct vouch_apply_follow {
    uint64_t next; // the first number that the server does not have; 0: where it was left
};
struct vouch_apply_logins {
    struct vouch_apply_seen *rows; // the same ones again until a later `next` is asked for
    size_t count;
};

// ----- scan

// An entry of an authorized_keys file.
struct vouch_apply_scanned {
    struct vouch_bytes account, path;
    uint64_t line;
    struct vouch_bytes type, fingerprint, comment, options;
    uint64_t is_ca;  // nonzero: cert-authority
    uint64_t used_s; // last seen in the log; 0: not
};
struct vouch_apply_scan {
    struct vouch_apply_scanned *rows;
    size_t count;
    struct vouch_text_list problems; // files that could not be read
};

// ----- check

// Zero: not known.
enum vouch_apply_health {
    VOUCH_APPLY_UNKNOWN = 0,
    VOUCH_APPLY_CRITICAL,
    VOUCH_APPLY_WARNING,
    VOUCH_APPLY_OK,
};
struct vouch_apply_checked {
    struct vouch_bytes name; // a stable word: "config", "settings", "krl", "trust", "certificate"
    enum vouch_apply_health health;
    struct vouch_bytes text; // what was found
    struct vouch_bytes next; // what to do; may be empty
};
struct vouch_apply_checks {
    struct vouch_apply_checked *rows;
    size_t count;
};
