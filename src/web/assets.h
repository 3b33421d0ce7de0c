// SPDX-License-Identifier: ISC
// The built web application as the build put it into the program (embed-assets). Private to src/web.
#pragma once

#include "http/http.h"

// A path and what is there. Pages have captures ("/certs/{serial}") and all show the same document.
struct vouch_web_asset {
    const char *path;
    struct vouch_bytes plain;
    struct vouch_bytes packed; // by gzip; empty where that is not shorter
    const char *content_type;
    const char *etag;
    const char *cache_control; // NULL: kept, but asked about each time
};

extern const struct vouch_web_asset vouch_web_assets[];
extern const size_t vouch_web_asset_count;
