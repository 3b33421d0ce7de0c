// SPDX-License-Identifier: ISC
// How many connections each address has: a table of fixed size that all I/O threads share.
#pragma once

#include "http/address.h"

struct vouch_http_peers;

// For at most `connections_max` connections, `each_max` of one address. NULL when memory is short.
struct vouch_http_peers *vouch_http_peers_new(uint32_t connections_max, uint32_t each_max);
void vouch_http_peers_free(struct vouch_http_peers *peers);

// Counts a connection in: nonzero if it may stay. IPv6 addresses of one /64 count as one.
int vouch_http_peers_enter(struct vouch_http_peers *peers,
                           const struct vouch_http_address *address);

// Counts it out again; only for one that stayed.
void vouch_http_peers_leave(struct vouch_http_peers *peers,
                            const struct vouch_http_address *address);
