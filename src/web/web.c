// SPDX-License-Identifier: ISC
// Puts the built web application into the table of files.
//
// The program holds each file compressed alone, which is what browsers ask for. For a client that takes no
// gzip they are inflated once, at the start.
#include "web/web.h"

#include <stdlib.h>

#include "web/assets.h"

struct vouch_web {
    uint8_t *plain; // all of them, one after the other
    char *headers;  // of files that have a header of their own: each ended by a zero
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

// Rows of one document stand together and share its bytes.
static int is_same(const struct vouch_web_asset *asset) {
    return asset != vouch_web_assets && asset[-1].content.gzip.ptr == asset->content.gzip.ptr;
}

static size_t headers_len(const struct vouch_web_asset *asset) {
    return asset->links[0] != '\0' ? sizeof page_headers + strlen(asset->links) : 0;
}

static int unpack(const struct vouch_web_asset *asset, uint8_t **at, struct vouch_bytes *ret_plain,
                  struct vouch_fault *fault) {
    int err = vouch_packed_open(&asset->content, *at);
    if (err != VOUCH_OK) {
        return vouch_fault_set(fault, err, &vouch_fault_internal,
                               "web application: %s as the build packed it does not unpack: %s",
                               asset->path, vouch_err_text(err));
    }
    *ret_plain = (struct vouch_bytes){*at, asset->content.plain_len};
    *at += asset->content.plain_len;
    return VOUCH_OK;
}

static const char *join_headers(const struct vouch_web_asset *asset, char **at) {
    size_t len = headers_len(asset);
    if (len == 0) {
        return page_headers;
    }
    char *joined = *at;
    memcpy(joined, page_headers, sizeof page_headers - 1);
    memcpy(joined + sizeof page_headers - 1, asset->links, len - (sizeof page_headers - 1));
    *at += len;
    return joined;
}

static int fill(struct vouch_web *web, struct vouch_fault *fault) {
    uint8_t *plain_at = web->plain;
    char *headers_at = web->headers;
    struct vouch_bytes plain = {0};
    for (size_t i = 0; i < vouch_web_asset_count; i++) {
        const struct vouch_web_asset *asset = &vouch_web_assets[i];
        int err = is_same(asset) ? VOUCH_OK : unpack(asset, &plain_at, &plain, fault);
        if (err != VOUCH_OK) {
            return err;
        }
        web->files[web->count++] = (struct vouch_http_file){
            .path = asset->path,
            .content = plain,
            .gzip = asset->content.gzip,
            .content_type = asset->content_type,
            .etag = asset->etag,
            .cache_control = asset->cache_control,
            .headers = join_headers(asset, &headers_at),
        };
    }
    return VOUCH_OK;
}

// With room for all that it will hold; NULL when memory is short.
static struct vouch_web *make(size_t file_count) {
    size_t plain_len = 0, joined_len = 0;
    for (size_t i = 0; i < vouch_web_asset_count; i++) {
        const struct vouch_web_asset *asset = &vouch_web_assets[i];
        plain_len += is_same(asset) ? 0 : asset->content.plain_len;
        joined_len += headers_len(asset);
    }
    struct vouch_web *web = calloc(1, sizeof *web + file_count * sizeof web->files[0]);
    if (web == NULL) {
        return NULL;
    }
    web->plain = malloc(plain_len + 1);
    web->headers = malloc(joined_len + 1);
    if (web->plain == NULL || web->headers == NULL) {
        vouch_web_free(web);
        return NULL;
    }
    return web;
}

int vouch_web_configure(struct vouch_http_config *http, struct vouch_web **ret_web,
                        struct vouch_fault *fault) {
    size_t count = http->file_count + vouch_web_asset_count;
    struct vouch_web *web = make(count);
    if (web == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "no memory for the %zu files of the web application", count);
    }
    for (size_t i = 0; i < http->file_count; i++) {
        web->files[web->count++] = http->files[i];
    }
    int err = fill(web, fault);
    if (err != VOUCH_OK) {
        vouch_web_free(web);
        return err;
    }
    http->files = web->files;
    http->file_count = web->count;
    *ret_web = web;
    return VOUCH_OK;
}

void vouch_web_free(struct vouch_web *web) {
    if (web != NULL) {
        free(web->plain);
        free(web->headers);
        free(web);
    }
}
