// SPDX-License-Identifier: ISC
// A QR code as lines of text for a terminal.
#pragma once

#include "base/fault.h"

#define VOUCH_QR_TEXT_MAX 512           // bytes of what it says
#define VOUCH_QR_DRAWN_MAX (64u * 1024) // bytes of a drawing

// HALF: two rows in a line, of the half blocks of Unicode, with colours set so that it is dark on light
// on any terminal. ASCII: "##" for dark, a line for each row, for those that have neither.
enum vouch_qr_style { VOUCH_QR_HALF = 0, VOUCH_QR_ASCII };

// Appends the drawing, with the light border of 4 modules that readers need. VOUCH_ERR_LIMIT: the text
// is too long; VOUCH_ERR_ARGUMENT: it holds a NUL byte.
VOUCH_MUST_USE int vouch_qr_draw(struct vouch_bytes text, enum vouch_qr_style style,
                                 struct vouch_buf *out);
