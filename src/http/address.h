// SPDX-License-Identifier: ISC
// Network addresses as the server counts and trusts them: IPv6, with IPv4 mapped into it.
#pragma once

#include <sys/socket.h>

#include "vouch/buf.h"

struct vouch_http_address {
    uint8_t bytes[16]; // all zero: none, such as the peer of a UNIX socket
};

// A run of addresses that share their first `bits` bits.
struct vouch_http_prefix {
    struct vouch_http_address address;
    unsigned bits; // of 128; an IPv4 prefix of n bits has 96 + n
};

#define VOUCH_HTTP_ADDRESS_TEXT_MAX 46

// The address of a socket's peer; all zero for a family other than IPv4 and IPv6.
struct vouch_http_address vouch_http_address_of(const struct sockaddr *from);

// Reads "192.0.2.7" or "2001:db8::7". VOUCH_ERR_FORMAT.
VOUCH_MUST_USE int vouch_http_address_parse(struct vouch_bytes text,
                                            struct vouch_http_address *ret_address);

// Writes an address as a person writes it: IPv4 without its mapping.
void vouch_http_address_text(const struct vouch_http_address *address,
                             char ret_text[static VOUCH_HTTP_ADDRESS_TEXT_MAX]);

// Reads "10.0.0.0/8", "2001:db8::/32", or an address, which stands for itself alone. Bits behind the
// prefix must be zero. VOUCH_ERR_FORMAT.
VOUCH_MUST_USE int vouch_http_prefix_parse(struct vouch_bytes text,
                                           struct vouch_http_prefix *ret_prefix);

// Nonzero if the prefix holds the address.
int vouch_http_prefix_holds(const struct vouch_http_prefix *prefix,
                            const struct vouch_http_address *address);
