// SPDX-License-Identifier: ISC
// Writing the verdict on an ask.
#include "authority/reply.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"

void vouch_reply_set(struct vouch_reply *reply, enum vouch_verdict verdict,
                     const struct vouch_fault_kind *kind, const char *field, const char *format,
                     ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    *reply = (struct vouch_reply){.verdict = verdict};
    (void)snprintf(reply->code, sizeof reply->code, "%s", kind->code);
    (void)snprintf(reply->field, sizeof reply->field, "%s", field != NULL ? field : "");
    vouch_str_escape_to(vouch_bytes_of(text), reply->why, sizeof reply->why);
}

void vouch_reply_done(struct vouch_reply *reply) {
    *reply = (struct vouch_reply){.verdict = VOUCH_VERDICT_DONE};
}
