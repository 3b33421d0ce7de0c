// SPDX-License-Identifier: ISC
// IPv4 and IPv6 networks as source-address lists hold them, with OpenSSH's rules.
#pragma once

#include "vouch/buf.h"

struct vouch_cidr {
    uint8_t address[16];
    size_t address_len; // 4 or 16
    unsigned mask_bits;
};

// One address or network: digits, hexadecimal, dots, colons, and /bits. Host bits must be 0. Addresses
// that stand for IPv4 in IPv6 (::ffff:10.0.0.1) are VOUCH_ERR_UNSUPPORTED: sshd never matches them.
VOUCH_MUST_USE int vouch_cidr_parse(struct vouch_bytes text, struct vouch_cidr *ret_cidr);

// Nonzero if `address` (as sshd logs it) lies in one of the comma-separated `list`; a broken list or
// address matches nothing.
int vouch_cidr_list_has(struct vouch_bytes list, struct vouch_bytes address);

// The first entry of the list that sshd would refuse or that restricts nothing ("0.0.0.0/0"), as a
// constant reason; NULL if the list is good.
const char *vouch_cidr_list_fault(struct vouch_bytes list);
