// SPDX-License-Identifier: ISC
// Puts the built web application into the table of files.
#include "web/web.h"

#include <stdlib.h>

#include "web/assets.h"

struct vouch_web {
    size_t count;
    struct vouch_http_file files[];
};

// Nothing is loaded from or sent to anybody but this server, nothing frames the pages, and no text becomes
// code: no script, style or event handler that stands in the document itself runs.
static const char page_headers[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; require-trusted-types-for 'script'\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: accelerometer=(), camera=(), display-capture=(), geolocation=(), "
    "gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=(), "
    "publickey-credentials-create=(self), publickey-credentials-get=(self)\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Strict-Transport-Security: max-age=31536000\r\n"
    "X-Content-Type-Options: nosniff\r\n";

int vouch_web_configure(struct vouch_http_config *http, struct vouch_web **ret_web,
                        struct vouch_fault *fault) {
    size_t count = http->file_count + vouch_web_asset_count;
    struct vouch_web *web = calloc(1, sizeof *web + count * sizeof web->files[0]);
    if (web == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "no memory for the %zu files of the web application", count);
    }
    for (size_t i = 0; i < http->file_count; i++) {
        web->files[web->count++] = http->files[i];
    }
    for (size_t i = 0; i < vouch_web_asset_count; i++) {
        const struct vouch_web_asset *asset = &vouch_web_assets[i];
        web->files[web->count++] = (struct vouch_http_file){
            .path = asset->path,
            .content = asset->plain,
            .gzip = asset->packed,
            .content_type = asset->content_type,
            .etag = asset->etag,
            .cache_control = asset->cache_control,
            .headers = page_headers,
        };
    }
    http->files = web->files;
    http->file_count = web->count;
    *ret_web = web;
    return VOUCH_OK;
}

void vouch_web_free(struct vouch_web *web) {
    free(web);
}
