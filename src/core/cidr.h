// SPDX-License-Identifier: ISC
// IPv4 and IPv6 networks as source-address lists hold them: what sshd reads, and what we issue.
#pragma once

#include "vouch/buf.h"

struct vouch_cidr {
    uint8_t address[16];
    size_t address_len; // 4 or 16
    unsigned mask_bits;
};

// One address or network as sshd reads it, short and octal IPv4 forms included. Host bits must be 0
// (VOUCH_ERR_MISMATCH).
VOUCH_MUST_USE int vouch_cidr_parse(struct vouch_bytes text, struct vouch_cidr *ret_cidr);

// Nonzero if sshd can read the whole list; a list that it cannot read refuses everyone.
int vouch_cidr_list_is(struct vouch_bytes list);

// Nonzero if `address` (as sshd logs it) lies in one of the comma-separated `list`; a broken list or
// address matches nothing.
int vouch_cidr_list_has(struct vouch_bytes list, struct vouch_bytes address);

// Why a list must not be issued, as a constant: sshd would refuse an entry, or read it differently than
// it looks ("010.0.0.1"), or it restricts nothing ("0.0.0.0/0"). NULL if the list is good.
const char *vouch_cidr_list_fault(struct vouch_bytes list);
