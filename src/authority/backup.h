// SPDX-License-Identifier: ISC
// What the ledger has of backups of this server. Private to src/authority.
#pragma once

#include "authority/office.h"

#define VOUCH_EVENT_BACKUP_MADE "backup.made"
#define VOUCH_EVENT_BACKUP_VERIFIED "backup.verified"
#define VOUCH_EVENT_BACKUP_BROKEN "backup.broken"

// How the backups stand at a time, by the events that the index has.
VOUCH_MUST_USE int vouch_backups_find(struct vouch_office *office, uint64_t now_s,
                                      struct vouch_backups *ret_backups, struct vouch_fault *fault);
