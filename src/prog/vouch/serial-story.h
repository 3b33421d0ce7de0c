// SPDX-License-Identifier: ISC
// All that is known of one certificate, in the order of time: when it was given, every login with it, and
// when it was revoked. Joined from the ledger's index and from what hosts report.
#pragma once

#include "prog/vouch/answer.h"

// Prints it as rows of `spec`, which has the columns of events. VOUCH_ERR_NOT_FOUND where no such
// certificate was given: that hosts saw one all the same is said, and is an alarm.
VOUCH_MUST_USE int vouch_serial_story(struct vouch_reach *reach, const char *serial,
                                      const struct vouch_list_spec *spec,
                                      struct vouch_fault *fault);
