// SPDX-License-Identifier: ISC
// The signer: the only holder of the CA keys and of the ledger's pen.
//
// Two bodies: the one that owns them (serve.c and the files it uses), and remote.c, which asks it over a
// lane. It takes typed requests and builds what is signed itself; nobody can hand it bytes to sign. Its
// ceiling (limits.h) holds whatever the asker says. What it grants is recorded durably before it answers.
#pragma once

#include "base/fault.h"
#include "core/host-wildcard.h"
#include "ipc/frame.h"
#include "ledger/rotation.h"
#include "vouch/cert.h"

struct vouch_signer;

// The lane's protocol: asked by the authority, answered by the signer. doc/frames.md.
extern const struct vouch_frame_protocol vouch_signer_protocol;

#define VOUCH_SIGNER_TEXT_MAX 1024            // bytes of each text about a request
#define VOUCH_SIGNER_DETAILS_MAX (32u * 1024) // of an event

// "No" is here and never a fault. The zero value refuses.
enum vouch_signer_outcome {
    VOUCH_SIGNER_REFUSED = 0, // outside the ceiling or against a rule of issuing: `why` says which
    VOUCH_SIGNER_DONE,
};

// Why not: what was wrong, and the words for it. Code is that of a fault's kind, such as "V-1301".
struct vouch_signer_refusal {
    char code[8];
    char field[64];
    char why[256];
};

// Which certificate, and what the ledger keeps about it. Everything is borrowed. spec.serial is 0: the
// signer numbers.
struct vouch_signer_ask {
    struct vouch_cert_spec spec;
    struct vouch_bytes actor;
    struct vouch_bytes evidence;
    struct vouch_bytes role;
    struct vouch_bytes request;
    struct vouch_bytes source;
    struct vouch_bytes policy;
};

struct vouch_signer_grant {
    enum vouch_signer_outcome outcome;
    struct vouch_signer_refusal refusal;
    uint64_t serial;
    uint64_t number;         // its record in the ledger
    uint64_t time_ms;        // of the record
    struct vouch_bytes cert; // the blob; borrowed until the signer is next asked
};

// An event for the ledger: see ledger/record.h. Types that the ledger or the signer write themselves
// ("ledger.", "ca.", "signer.", "krl.", "trust.") are refused.
struct vouch_signer_event {
    struct vouch_bytes actor;
    struct vouch_bytes type;
    struct vouch_bytes object;
    struct vouch_bytes details; // vouch_record_detail_put()
};

struct vouch_signer_noted {
    enum vouch_signer_outcome outcome;
    struct vouch_signer_refusal refusal;
    uint64_t number;
    uint64_t time_ms;
};

// A revocation list that is to be published: the signer signs a statement about it, in a namespace of
// its own (doc/krl.md), with the checkpoint key, never a CA key; and notes it as "krl.publish".
//
// A version's upper half is an epoch, so that a ledger that was put back never repeats one that another
// life of it published: at least `epoch << 32` is asked for, and nothing of a later epoch is signed.
#define VOUCH_KRL_EPOCH_SHIFT 32
struct vouch_signer_krl {
    enum vouch_cert_type ca;
    uint64_t version; // above the last one that was published for this CA
    uint64_t length;  // bytes of the list
    uint8_t sha256[32];
    struct vouch_bytes actor;
};

struct vouch_signer_published {
    enum vouch_signer_outcome outcome;
    struct vouch_signer_refusal refusal;
    uint64_t number;
    uint64_t time_ms;
    struct vouch_bytes envelope; // text: statement and armoured SSHSIG; borrowed like `cert`
};

// A step in the rotation of a CA key (ledger/rotation.h). The signer holds it to the phase of the use by
// itself, and to the name of the key where one is destroyed. It records the step and a trust bundle with
// it ("trust.publish"), and answers when both are durable: certificates that are recorded behind the step
// are by the key that is active after it.
struct vouch_signer_rotation {
    enum vouch_cert_type use;
    enum vouch_rotation_verb verb;
    struct vouch_bytes actor;
    struct vouch_bytes
        key; // CREATE, with CA keys in an agent: the blob of one that it holds; else empty
    struct vouch_bytes fingerprint; // DROP, DESTROY: SHA256:... of the key that goes
    uint32_t
        is_hurried; // DROP: also a key that has signed before, whose certificates count no more
};

struct vouch_signer_rotated {
    enum vouch_signer_outcome outcome;
    struct vouch_signer_refusal refusal;
    uint64_t number; // of the step's event
    uint64_t time_ms;
};

// A CA key that the signer has: all that are not destroyed.
#define VOUCH_SIGNER_KEYS_MAX 4 // an active one and one other for each use
struct vouch_signer_ca {
    enum vouch_cert_type use;
    enum vouch_ca_key_state state;
    struct vouch_bytes key; // blob
    uint64_t since_ms;      // time of the event that gave it this state
    uint32_t has_signed;    // it is active or has been
};

// What the signer says about itself. Slices are borrowed like `cert`.
struct vouch_signer_state {
    struct vouch_bytes origin;  // the ledger's name
    struct vouch_bytes user_ca; // public key blobs of the active ones
    struct vouch_bytes host_ca;
    struct vouch_bytes checkpoint_key;
    uint64_t epoch;
    uint64_t serial; // the last one given
    uint64_t size;   // records
    uint64_t checkpoint_size;
    uint64_t ttl_max_s[2];               // the ceiling's longest validity: user, host
    struct vouch_host_domains wildcards; // and below which domains it lets hosts have wildcards
    uint64_t trust_version;
    struct vouch_bytes trust;                          // the trust bundle: doc/trust.md
    struct vouch_signer_ca cas[VOUCH_SIGNER_KEYS_MAX]; // user CA keys first
    size_t ca_count;
};

// The phase in which a use is.
enum vouch_rotation_phase vouch_signer_phase(const struct vouch_signer_state *state,
                                             enum vouch_cert_type use);

// Asks. An error is a failure and says nothing about whether the request was granted: after a lost
// answer the ledger tells. deadline_ns: on the clock of vouch_time_monotonic_ns().
VOUCH_MUST_USE int vouch_signer_sign(struct vouch_signer *signer,
                                     const struct vouch_signer_ask *ask, uint64_t deadline_ns,
                                     struct vouch_signer_grant *ret_grant,
                                     struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_signer_note(struct vouch_signer *signer,
                                     const struct vouch_signer_event *event, uint64_t deadline_ns,
                                     struct vouch_signer_noted *ret_noted,
                                     struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_signer_publish(struct vouch_signer *signer,
                                        const struct vouch_signer_krl *krl, uint64_t deadline_ns,
                                        struct vouch_signer_published *ret_published,
                                        struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_signer_rotate(struct vouch_signer *signer,
                                       const struct vouch_signer_rotation *rotation,
                                       uint64_t deadline_ns,
                                       struct vouch_signer_rotated *ret_rotated,
                                       struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_signer_state(struct vouch_signer *signer, uint64_t deadline_ns,
                                      struct vouch_signer_state *ret_state,
                                      struct vouch_fault *fault);

// The asking end of a lane, which it owns from here on. A signer belongs to one thread.
VOUCH_MUST_USE int vouch_signer_connect(int take_fd, struct vouch_signer **ret_signer,
                                        struct vouch_fault *fault);
void vouch_signer_close(struct vouch_signer *signer);
