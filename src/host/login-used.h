// SPDX-License-Identifier: ISC
// Which keys opened which logins lately, as far as sshd's log was read since this process began.
#pragma once

#include "host/login-join.h"

#define VOUCH_LOGIN_USED_MAX 1024 // the one that was used longest ago makes room

struct vouch_login_use {
    uint64_t time_ms; // 0: nothing
    char login[128];
    char fingerprint[128];
};

struct vouch_login_used {
    struct vouch_login_use uses[VOUCH_LOGIN_USED_MAX];
};

// Notes a login that was accepted by a key; others are passed over.
void vouch_login_used_note(struct vouch_login_used *used, const struct vouch_login_seen *seen);

// When the key ("SHA256:...") last opened that login, in seconds; 0: not known. `used` may be NULL.
uint64_t vouch_login_used_s(const struct vouch_login_used *used, const char *login,
                            const char *fingerprint);
