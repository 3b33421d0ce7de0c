// SPDX-License-Identifier: ISC
// Host names with a wildcard, such as "*.web.example.com": which there may be, and below which domains.
//
// A wildcard stands for hosts that nobody named, so whoever lets one into a certificate has a list of the
// domains below which it may be; an empty list allows none. ssh takes such a name for a pattern from
// OpenSSH 10.3 on, where the star stands for dots too; before that it compares byte by byte.
#pragma once

#include "vouch/cert.h"

#define VOUCH_HOST_WILDCARD_MAX 195 // bytes of one
#define VOUCH_HOST_DOMAINS_MAX 16

// Nonzero for "*." and at least two labels of a-z, 0-9 and hyphens, the last of which is no number. Pure
// of every other star and question mark.
int vouch_host_is_wildcard(struct vouch_bytes name);

// Domains below which a wildcard may be: "web.example.com" is for "*.web.example.com" and
// "*.eu.web.example.com". The zero value allows none.
struct vouch_host_domains {
    size_t count;
    char items[VOUCH_HOST_DOMAINS_MAX][VOUCH_HOST_WILDCARD_MAX + 1];
};

// VOUCH_ERR_FORMAT for what is no domain of two labels or more, VOUCH_ERR_LIMIT if there are too many.
VOUCH_MUST_USE int vouch_host_domains_add(struct vouch_host_domains *domains,
                                          struct vouch_bytes domain);

// Nonzero if the name is a wildcard, and below one of them.
int vouch_host_domains_allow(const struct vouch_host_domains *domains, struct vouch_bytes name);

// As vouch_cert_spec_check(), but a host certificate may have wildcards: for who judged each of them.
VOUCH_MUST_USE int vouch_cert_spec_check_wildcards(const struct vouch_cert_spec *spec,
                                                   struct vouch_where *ret_where);
