// SPDX-License-Identifier: ISC
// A certificate as a person reads it, in the order of ssh-keygen -L, and as an item for programs.
#pragma once

#include "prog/vouch/out.h"
#include "vouch/cert.h"

// Prints the certificate on standard output. `now_s` is for the time left. A serial of 0 in what is
// only planned (PLANNED) is said to come later.
enum vouch_cert_stage { VOUCH_CERT_STAGE_ISSUED = 0, VOUCH_CERT_STAGE_PLANNED };
void vouch_cert_text(const struct vouch_cert *cert, enum vouch_cert_stage stage,
                     const struct vouch_term *term, uint64_t now_s);

// Sets the members of vouch.cert/1.
void vouch_cert_item(const struct vouch_cert *cert, uint64_t now_s, struct vouch_item *item);

// "from 2026-11-22T10:45:38 to …", or with forever and always as ssh-keygen says it.
#define VOUCH_VALIDITY_TEXT_MAX 120
void vouch_cert_validity_text(const struct vouch_cert *cert, const struct vouch_term *term,
                              char ret_text[static VOUCH_VALIDITY_TEXT_MAX]);
