// SPDX-License-Identifier: ISC
// How people reach this server, as one-time links begin: "https://HOST:PORT#sha256:PIN".
#pragma once

#include "prog/vouchd/config.h"

#define VOUCH_ADDRESS_TEXT_MAX 512

// From `url` of the configuration; without it from the first address that is listened at, with the
// server's name where that is every address of the machine. The pin stands there if the certificate is
// one of its own making, which nobody could judge otherwise. "" if no certificate can be read.
void vouch_server_address(const struct vouch_config *config,
                          char ret_text[static VOUCH_ADDRESS_TEXT_MAX]);
