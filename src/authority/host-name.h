// SPDX-License-Identifier: ISC
// Names of hosts: how they are written, and which of them a zone has. Private to src/authority; pure.
#pragma once

#include "policy/policy.h"

// Why a text is not the canonical name of a host, as a constant that follows it, or NULL: labels of a-z,
// 0-9 and hyphens, in lower case, at most 195 bytes, not an address.
const char *vouch_host_name_fault(struct vouch_bytes name);

// The same for an alias, which may be an address in its canonical form, or a wildcard
// (core/host-wildcard.h).
const char *vouch_host_alias_fault(struct vouch_bytes alias);

// The first label of a name; empty if the name is but one.
struct vouch_bytes vouch_host_short_name(struct vouch_bytes name);

// Nonzero if the name fits a pattern with * (any run) and ? (any one). A wildcard does if all names that it
// stands for do.
int vouch_host_fits(struct vouch_bytes pattern, struct vouch_bytes name);

// Nonzero if one of the zone's patterns fits the name.
int vouch_host_zone_has(const struct vouch_policy_zone *zone, struct vouch_bytes name);

// The only zone that has the name; NULL if none has it, or several.
const struct vouch_policy_zone *vouch_host_only_zone(const struct vouch_policy_content *content,
                                                     struct vouch_bytes name);

// The zone, or the host, of that name in a policy's content, whose lists are sorted; NULL.
const struct vouch_policy_zone *vouch_host_zone_named(const struct vouch_policy_content *content,
                                                      struct vouch_bytes name);
const struct vouch_policy_host *vouch_host_named(const struct vouch_policy_content *content,
                                                 struct vouch_bytes name);

// Why a list of labels ("KEY=VALUE") will not do, or NULL: too many, one that is none, a key twice.
// *ret_label is the one.
const char *vouch_host_labels_fault(const struct vouch_bytes *labels, size_t count,
                                    struct vouch_bytes *ret_label);
// The key of a label.
struct vouch_bytes vouch_host_label_key(struct vouch_bytes label);
