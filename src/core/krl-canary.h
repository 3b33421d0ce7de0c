// SPDX-License-Identifier: ISC
// Canaries of revocation lists: two public keys that follow from a CA's name alone.
//
// Every list that an authority publishes for its user CA revokes the bad one; none ever revokes the good
// one. So who installs a list can ask what it does before sshd asks it: a list that
// revokes nothing, or everything, is found out. Whoever knows the name can make the private keys, so no
// host may ever trust one of them, and none does. Pure. See doc/krl.md.
#pragma once

#include "vouch/krl.h"

enum vouch_krl_canary {
    VOUCH_KRL_CANARY_BAD = 0, // every user list revokes it
    VOUCH_KRL_CANARY_GOOD,
};

// The key: Ed25519, from the SHA-256 of "vouch-canary/1 bad\n" (or good) and the name as seed. The caller
// frees it.
VOUCH_MUST_USE int vouch_krl_canary(struct vouch_bytes ca_name, enum vouch_krl_canary which,
                                    struct vouch_key **ret_key);

// Revokes the bad one in a list that is being made: in full, which OpenSSH before 7.9 reads as well.
VOUCH_MUST_USE int vouch_krl_canary_add(struct vouch_krl *krl, struct vouch_bytes ca_name);

// What a list says of both. The zero value is no word for the list.
enum vouch_krl_canaries {
    VOUCH_KRL_CANARIES_UNKNOWN = 0,
    VOUCH_KRL_CANARIES_BAD_PASSES,   // it does not revoke what every list revokes
    VOUCH_KRL_CANARIES_GOOD_REFUSED, // it revokes what none revokes
    VOUCH_KRL_CANARIES_AS_DUE,
};
VOUCH_MUST_USE int vouch_krl_canary_judge(const struct vouch_krl *krl, struct vouch_bytes ca_name,
                                          enum vouch_krl_canaries *ret_canaries);
