// SPDX-License-Identifier: ISC
// Where the secret comes from that the server's keys are encrypted under.
#pragma once

#include "base/fault.h"
#include "base/secret.h"

#define VOUCH_PASSPHRASE_MAX 1024

// The first line of a file, which must be closed to others; "-" is standard input.
VOUCH_MUST_USE int vouch_passphrase_read(const char *path, struct vouch_secret *ret_secret,
                                         struct vouch_fault *fault);

// The first line of a credential of the service manager.
VOUCH_MUST_USE int vouch_passphrase_credential(const char *name, struct vouch_secret *ret_secret,
                                               struct vouch_fault *fault);

// Asks on the terminal, echo off. VOUCH_ERR_PASSPHRASE without one.
VOUCH_MUST_USE int vouch_passphrase_ask(const char *question, struct vouch_secret *ret_secret,
                                        struct vouch_fault *fault);
