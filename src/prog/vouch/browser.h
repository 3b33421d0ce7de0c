// SPDX-License-Identifier: ISC
// Browsers, from a terminal: whether there is one here, opening an address in it, and the port of this machine to
// which it comes back (RFC 8252, 7.3).
#pragma once

#include <stdint.h>

#include "base/fault.h"

// Nonzero if a browser that is opened here is one that the person at the terminal sees: a display or $BROWSER,
// and neither a session over SSH nor a container.
int vouch_browser_is_here(void);

// Opens an https address with $BROWSER or xdg-open, which is not waited for. VOUCH_ERR_NOT_FOUND (V-1961): there
// is neither; the address is for the person to open then.
VOUCH_MUST_USE int vouch_browser_open(const char *address, struct vouch_fault *fault);

// A port of 127.0.0.1 that hears one thing: GET /done?code=CODE&state=MARK with the mark that was agreed.
struct vouch_loopback {
    int fd; // -1: none
    uint16_t port;
};
// V-2027 if there is none to be had. Ends; takes one that never began.
VOUCH_MUST_USE int vouch_loopback_open(struct vouch_loopback *ret_loopback,
                                       struct vouch_fault *fault);
void vouch_loopback_close(struct vouch_loopback *loopback);

#define VOUCH_LOOPBACK_CODE_MAX 64

// Waits so long for the browser. Returns the connection, which the caller answers and closes, with its code;
// -1: it did not come. Whatever else comes is turned away.
int vouch_loopback_await(const struct vouch_loopback *loopback, const char *mark, uint64_t wait_ms,
                         char ret_code[static VOUCH_LOOPBACK_CODE_MAX + 1]);
// Sends the browser on to `address`; NULL: tells it to look at the terminal.
void vouch_loopback_answer(int connection, const char *address);
