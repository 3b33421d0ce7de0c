// SPDX-License-Identifier: ISC
// Which keys opened which logins lately: see login-used.h.
#include "host/login-used.h"

static int is_of(const struct vouch_login_use *use, const char *login, const char *fingerprint) {
    return use->time_ms > 0 && strcmp(use->login, login) == 0 &&
           strcmp(use->fingerprint, fingerprint) == 0;
}

void vouch_login_used_note(struct vouch_login_used *used, const struct vouch_login_seen *seen) {
    struct vouch_login_use *place = &used->uses[0];
    if (seen->outcome != VOUCH_SEEN_ACCEPTED || seen->fingerprint[0] == '\0') {
        return;
    }
    for (size_t i = 0; i < VOUCH_LOGIN_USED_MAX; i++) {
        if (is_of(&used->uses[i], seen->login, seen->fingerprint)) {
            place = &used->uses[i];
            break;
        }
        if (used->uses[i].time_ms < place->time_ms) {
            place = &used->uses[i];
        }
    }
    place->time_ms = seen->time_ms;
    memcpy(place->login, seen->login, sizeof place->login);
    memcpy(place->fingerprint, seen->fingerprint, sizeof place->fingerprint);
}

uint64_t vouch_login_used_s(const struct vouch_login_used *used, const char *login,
                            const char *fingerprint) {
    for (size_t i = 0; used != NULL && i < VOUCH_LOGIN_USED_MAX; i++) {
        if (is_of(&used->uses[i], login, fingerprint)) {
            return used->uses[i].time_ms / 1000;
        }
    }
    return 0;
}
