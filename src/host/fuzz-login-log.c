// SPDX-License-Identifier: ISC
// Fuzzes the reading of sshd's log: lines of a few connections, one byte before each saying which. Whatever
// they hold, what is handed on is printable, has an outcome, and a refusal has its reason.
#include <stdlib.h>

#include "host/login-join.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// An assertion that no build leaves out.
static void require(int holds) {
    if (!holds) {
        abort();
    }
}

static void check_text(const char *text, size_t max) {
    size_t len = strnlen(text, max);
    require(len < max);
    for (size_t i = 0; i < len; i++) {
        require(text[i] >= 0x20 && text[i] < 0x7f);
    }
}

static void check(const struct vouch_login_seen *seen) {
    require(seen->outcome != VOUCH_SEEN_NONE);
    require(seen->reason != NULL);
    require((seen->outcome == VOUCH_SEEN_REFUSED) == (seen->reason[0] != '\0'));
    check_text(seen->login, sizeof seen->login);
    check_text(seen->source, sizeof seen->source);
    check_text(seen->method, sizeof seen->method);
    check_text(seen->fingerprint, sizeof seen->fingerprint);
    check_text(seen->key_id, sizeof seen->key_id);
    check_text(seen->ca, sizeof seen->ca);
    check_text(seen->line, sizeof seen->line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vouch_login_join *join = vouch_login_join_new();
    require(join != NULL);
    while (size > 1) {
        const uint8_t *end = memchr(data + 1, '\n', size - 1);
        size_t len = end != NULL ? (size_t)(end - data) - 1 : size - 1;
        const struct vouch_log_line line = {.time_ms = 1, .pid = data[0], .text = {data + 1, len}};
        struct vouch_login_seen seen;
        if (vouch_login_join_line(join, &line, &seen)) {
            check(&seen);
        }
        size_t used = len + 1 + (end != NULL);
        data += used;
        size -= used;
    }
    vouch_login_join_free(join);
    return 0;
}
