// SPDX-License-Identifier: ISC
// What the API and the HTTP server have to say, for the log.
#pragma once

#include "http/server.h"

// A line for each answer; for vouch_http_config.record.
void vouch_web_record(void *context, const struct vouch_http_record *record);

// A failure while answering; for vouch_api_config.report.
void vouch_web_report(void *context, const struct vouch_http_request *request,
                      const struct vouch_fault *fault);
