// SPDX-License-Identifier: ISC
// The rules that single values of a policy must meet, for the files of this module.
//
// Each answers why a text will not do, as a constant that reads well after its key, or NULL if it is
// good. Texts are compared byte by byte: what these rules let through has one spelling only.
#pragma once

#include "core/cidr.h"
#include "policy/policy.h"

// [a-z0-9_] first, then also . - (64 bytes): zones, groups, roles. No two dots in a row.
const char *vouch_policy_name_fault(struct vouch_bytes name);

// A person, such as alice@example.com: as above with @ and + (128 bytes).
const char *vouch_policy_user_fault(struct vouch_bytes name);

// [a-z_][a-z0-9_.@-]{0,63}, no two dots in a row: a login, which may become a principal.
const char *vouch_policy_login_fault(struct vouch_bytes login);

// A login, or the word that stands for the person's own.
const char *vouch_policy_role_login_fault(struct vouch_bytes login);

// "user:NAME" or "group:NAME".
const char *vouch_policy_member_fault(struct vouch_bytes member);

// A host's name or address, lower case.
const char *vouch_policy_host_fault(struct vouch_bytes name);

// "KEY=VALUE" of a host; and what a role may write: also "all", "KEY=*" and "name=HOST".
const char *vouch_policy_label_fault(struct vouch_bytes label);
const char *vouch_policy_selector_fault(struct vouch_bytes selector);

// A pattern of host names; never one that means every host there is.
const char *vouch_policy_pattern_fault(struct vouch_bytes pattern);

// An extension that sshd knows.
const char *vouch_policy_extension_fault(struct vouch_bytes name);

// The name of a type of key, as keys begin with it.
const char *vouch_policy_key_type_fault(struct vouch_bytes name);

// One canonical network that is not everywhere.
const char *vouch_policy_source_fault(struct vouch_bytes source);

// Printable ASCII, 1 to 1000 bytes.
const char *vouch_policy_command_fault(struct vouch_bytes command);

// A person's words: 1 to 1000 bytes, no control characters, UTF-8.
const char *vouch_policy_reason_fault(struct vouch_bytes reason);

// Nonzero for logins of the system and its services (root, daemon, systemd-network, ...): they are
// granted by being written in a role, never by being somebody's own.
int vouch_policy_login_is_reserved(struct vouch_bytes login);

// The bit of an extension in a set of them; 0 if there is no such extension. The second gives names
// back, sorted: NULL behind the last.
uint32_t vouch_policy_extension_bit(struct vouch_bytes name);
const char *vouch_policy_extension_name(size_t at, uint32_t *ret_bit);

// Nonzero if every address of `inner` lies in `outer`.
int vouch_policy_network_has(const struct vouch_cidr *outer, const struct vouch_cidr *inner);

// Cuts "user:NAME": the word before the mark and the rest behind it, which is empty without a mark.
struct vouch_bytes vouch_policy_before(struct vouch_bytes text, char mark,
                                       struct vouch_bytes *ret_after);
