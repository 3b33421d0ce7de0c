// SPDX-License-Identifier: ISC
// Asking before what is hard to undo: yes or no; or the name of what is lost, typed out.
#pragma once

#include "prog/vouch/command.h"

enum vouch_consent { VOUCH_CONSENT_NO = 0, VOUCH_CONSENT_YES };

// "QUESTION (y/N)" on the terminal; yes with --yes. Where nobody can be asked: a usage fault that
// names --yes. After a "no" it is said that nothing was changed.
VOUCH_MUST_USE int vouch_confirm(const struct vouch_cli *cli, const char *question,
                                 enum vouch_consent *ret_consent, struct vouch_fault *fault);

// The name has to be typed, or given with --confirm, which the command has; --yes does not do.
VOUCH_MUST_USE int vouch_confirm_name(const struct vouch_cli *cli, const char *question,
                                      const char *name, enum vouch_consent *ret_consent,
                                      struct vouch_fault *fault);
