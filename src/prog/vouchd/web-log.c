// SPDX-License-Identifier: ISC
// The access log. It is written by a thread of its own: the threads that call this must not wait.
#include "prog/vouchd/web-log.h"

#include <string.h>

#include "api/api.h"
#include "prog/vouchd/log.h"

#define LINE_MAX_BYTES 1024

void vouch_web_record(void *context, const struct vouch_http_record *record) {
    (void)context;
    if (!vouch_log_wants(VOUCH_LOG_INFO)) {
        return;
    }
    char room[LINE_MAX_BYTES];
    struct vouch_buf line;
    vouch_buf_init_fixed(&line, room, sizeof room - 1);
    vouch_api_access_line(record, &line);
    room[line.len] = '\0';
    vouch_log_event_later(VOUCH_LOG_INFO, room, NULL, 0);
}

void vouch_web_report(void *context, const struct vouch_http_request *request,
                      const struct vouch_fault *fault) {
    (void)context;
    const struct vouch_log_field fields[] = {
        {.name = "code", .text = vouch_bytes_of(fault->kind != NULL ? fault->kind->code : "")},
        {.name = "request", .text = vouch_bytes_of(request->id)},
    };
    vouch_log_event_later(VOUCH_LOG_ERROR, fault->text, fields, 2);
}
