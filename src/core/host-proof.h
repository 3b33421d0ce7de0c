// SPDX-License-Identifier: ISC
// Proof that a machine has its host keys: what each of them signs when the machine enrols or renews.
//
// The text names the purpose, the CA, the host, the moment, the machine and every key of the request, so
// that a proof is of no use for anything else; it is signed as an SSHSIG in a namespace of its own. The
// caller judges the moment, and whether the keys are those of the host. doc/hosts.md.
#pragma once

#include "vouch/sshsig.h"

#define VOUCH_HOST_PROOF_NAMESPACE "vouch-host"
#define VOUCH_HOST_PROOF_KEYS_MAX 8
#define VOUCH_HOST_PROOF_NAME_MAX 253 // bytes of the host's name, and of the CA's
#define VOUCH_HOST_PROOF_MACHINE_LEN 32
#define VOUCH_HOST_PROOF_TEXT_MAX 2048

enum vouch_host_proof_purpose {
    VOUCH_HOST_PROOF_NONE = 0,
    VOUCH_HOST_PROOF_ENROL,
    VOUCH_HOST_PROOF_RENEW,
};

// What a proof says. Everything is borrowed.
struct vouch_host_proof {
    enum vouch_host_proof_purpose purpose;
    struct vouch_bytes ca;   // the CA's name
    struct vouch_bytes name; // the host's
    uint64_t time_s;
    uint8_t machine[VOUCH_HOST_PROOF_MACHINE_LEN]; // SHA-256 of what tells machines apart
    const struct vouch_key *key;                   // that signs; one of `with`
    const struct vouch_key *const *with;           // every key of the request, in its order
    size_t with_count;
};

// Appends the text that is signed. VOUCH_ERR_ARGUMENT, with the field in *ret_where (which may be NULL):
// a name that is empty, too long or not printable ASCII without blanks (the CA's may have blanks), no
// purpose, no key or too many, a key twice, or a `key` that is not among them.
VOUCH_MUST_USE int vouch_host_proof_text(const struct vouch_host_proof *proof,
                                         struct vouch_buf *out, struct vouch_where *ret_where);

// Appends the armoured proof, signed by `sign`, which has the private half of proof->key.
VOUCH_MUST_USE int vouch_host_proof_make(const struct vouch_host_proof *proof, vouch_sign_fn *sign,
                                         void *context, struct vouch_buf *armoured,
                                         struct vouch_where *ret_where);

// 0 only if `armoured` is a SHA-512 SSHSIG by the plain key proof->key over exactly this text.
// VOUCH_ERR_SIGNATURE: it is by that key and does not verify; VOUCH_ERR_MISMATCH: another key, a
// certificate, another hash or another namespace; VOUCH_ERR_ARGUMENT: as for the text; the codes of
// vouch_sshsig_verify() otherwise.
VOUCH_MUST_USE int vouch_host_proof_check(const struct vouch_host_proof *proof,
                                          struct vouch_bytes armoured,
                                          struct vouch_where *ret_where);
