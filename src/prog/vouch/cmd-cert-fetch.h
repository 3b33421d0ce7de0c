// SPDX-License-Identifier: ISC
// vouch cert show with a serial in place of a file: what the server knows about that certificate.
#pragma once

#include "prog/vouch/command.h"

// Nonzero if the operand is a serial: a number that no file is called.
int vouch_cert_fetch_is(const char *operand);

// Asks for it and shows it, or with --line prints the certificate itself.
VOUCH_MUST_USE int vouch_cert_fetch_show(const struct vouch_cli *cli, struct vouch_fault *fault);
