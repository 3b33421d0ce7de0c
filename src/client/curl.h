// SPDX-License-Identifier: ISC
// libcurl, loaded when a server is first asked.
//
// It brings some twenty libraries along, which cost as much time to load as signing takes, and some of
// which read the environment as they are loaded: nothing of that belongs beside a CA key.
#pragma once

#include <curl/curl.h>

#include "base/fault.h"

struct vouch_curl {
    __typeof__(curl_global_init) *global_init;
    __typeof__(curl_easy_init) *easy_init;
    __typeof__(curl_easy_cleanup) *easy_cleanup;
    __typeof__(curl_easy_setopt) *easy_setopt;
    __typeof__(curl_easy_perform) *easy_perform;
    __typeof__(curl_easy_getinfo) *easy_getinfo;
    __typeof__(curl_easy_header) *easy_header;
    __typeof__(curl_easy_strerror) *easy_strerror;
    __typeof__(curl_slist_append) *slist_append;
    __typeof__(curl_slist_free_all) *slist_free_all;
};

// The library, once for the process; V-1861 where it is not installed, or too old.
VOUCH_MUST_USE int vouch_curl_load(const struct vouch_curl **ret_curl, struct vouch_fault *fault);
