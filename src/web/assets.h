// SPDX-License-Identifier: ISC
// The built web application as the build put it into the program (embed-assets). Private to src/web.
#pragma once

#include "api/packed.h"
#include "http/http.h"

// A path and what is there. Pages have captures ("/certs/{serial}") and all show the same document.
struct vouch_web_asset {
    const char *path;
    struct vouch_packed content;
    const char *content_type;
    const char *etag;
    const char *cache_control; // NULL: kept, but asked about each time
    const char *links;         // a header of its own, with CRLF; or empty
};

extern const struct vouch_web_asset vouch_web_assets[];
extern const size_t vouch_web_asset_count;
