// SPDX-License-Identifier: ISC
// What the root part does: one call for each ask that changes something, on a struct vouch_work that
// was begun. Private to src/host.
//
// Every step may be done again after a kill at any moment. What takes part in the configuration of sshd
// is a change: saved, noted as pending, done, tried, and kept or put back.
#pragma once

#include "host/work.h"

// Proves and installs what the ask holds; on a failure what came before the failing part stays.
VOUCH_MUST_USE int vouch_act_install(struct vouch_work *work, const struct vouch_apply_install *ask,
                                     struct vouch_fault *fault);

// Makes sshd's configuration ours, or (SHOW) notes what would change. *ret_confirm_until_s: 0 if it holds
// at once.
VOUCH_MUST_USE int vouch_act_apply(struct vouch_work *work, const struct vouch_apply_change *ask,
                                   uint64_t *ret_confirm_until_s, struct vouch_fault *fault);

// Keeps the change that waits. V-1917: none does.
VOUCH_MUST_USE int vouch_act_confirm(struct vouch_work *work, struct vouch_fault *fault);

// Puts the change that waits back at once. V-1917: none does.
VOUCH_MUST_USE int vouch_act_put_back(struct vouch_work *work, struct vouch_fault *fault);

// Restores what was there before the first change of all, and forgets the authority; or (SHOW) notes what
// would change.
VOUCH_MUST_USE int vouch_act_leave(struct vouch_work *work, enum vouch_apply_what what,
                                   struct vouch_fault *fault);

// Puts back each file of ours that others changed or removed, and takes out the principals of logins that
// others added. sshd is reloaded only if a certificate was put back.
VOUCH_MUST_USE int vouch_act_guard(struct vouch_work *work, struct vouch_fault *fault);

// Puts back a change that was interrupted, or whose time to be confirmed is over.
VOUCH_MUST_USE int vouch_act_mend(struct vouch_work *work, struct vouch_fault *fault);

// At a start: the same, and a change that waits to be confirmed is watched over again.
VOUCH_MUST_USE int vouch_act_recover(struct vouch_work *work, struct vouch_fault *fault);

// ----- changes (change.c)

// Saves what the paths are now, and notes that a change is under way. V-1916: another one waits.
VOUCH_MUST_USE int vouch_change_begin(struct vouch_work *work, const char *const *paths,
                                      size_t count, struct vouch_fault *fault);

// Keeps it; or keeps it until then, unless it is confirmed, which a process of its own watches over.
VOUCH_MUST_USE int vouch_change_keep(struct vouch_work *work, struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_change_keep_until(struct vouch_work *work, uint64_t until_s,
                                           struct vouch_fault *fault);

// Puts everything back and has sshd read it again; an sshd that cannot be reached is a step, no failure.
VOUCH_MUST_USE int vouch_change_back(struct vouch_work *work, struct vouch_fault *fault);

// ----- sshd (settle.c)

// Has sshd read its configuration, and waits until it shows one of the installed certificates.
VOUCH_MUST_USE int vouch_settle(struct vouch_work *work, struct vouch_fault *fault);

// The same after `wanted` certificates were replaced by others in the same place: sshd reads them anew for
// each connection up to OpenSSH 9.7, and whoever comes while it reloads finds nobody there.
VOUCH_MUST_USE int vouch_settle_certs(struct vouch_work *work, size_t wanted,
                                      struct vouch_fault *fault);

// Has sshd read its configuration, and waits until it answers.
VOUCH_MUST_USE int vouch_settle_any(struct vouch_work *work, struct vouch_fault *fault);
