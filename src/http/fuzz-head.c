// SPDX-License-Identifier: ISC
// Fuzzes the reader of heads and targets: it finds the same end however the bytes come, never reads
// beyond it, and what it lets through holds what the rest of the server relies on.
#include <stdlib.h>

#include "http/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds) {
    if (!holds) {
        abort();
    }
}

static void check_text(struct vouch_bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        require(text.ptr[i] >= 0x20 && text.ptr[i] != 0x7f);
    }
}

static void check_target(struct vouch_bytes raw) {
    uint8_t *room = malloc(raw.len);
    struct vouch_http_target target;
    struct vouch_http_refusal refusal = {0};
    if (vouch_http_target_parse(raw, room, &target, &refusal) != VOUCH_OK) {
        require(refusal.status >= 400 && refusal.reason != NULL);
        free(room);
        return;
    }
    check_text(target.path);
    require(target.path.len > 0 && target.path.ptr[0] == '/');
    for (size_t i = 0; i < target.segment_count; i++) {
        struct vouch_bytes segment = target.segments[i];
        check_text(segment);
        require(segment.len > 0 && memchr(segment.ptr, '/', segment.len) == NULL);
        require(memchr(segment.ptr, '%', segment.len) == NULL);
        require(!vouch_bytes_equal(segment, vouch_bytes_of("..")));
        require(!vouch_bytes_equal(segment, vouch_bytes_of(".")));
    }
    for (size_t i = 0; i < target.param_count; i++) {
        check_text(target.params[i].name);
        check_text(target.params[i].value);
    }
    free(room);
}

static size_t scan_bytewise(const uint8_t *data, size_t size, enum vouch_http_scan *ret_scan) {
    size_t scanned = 0;
    *ret_scan = VOUCH_HTTP_SCAN_MORE;
    for (size_t len = 0; len <= size && *ret_scan == VOUCH_HTTP_SCAN_MORE; len++) {
        *ret_scan = vouch_http_head_scan((struct vouch_bytes){data, len}, &scanned);
    }
    return scanned;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t scanned = 0;
    enum vouch_http_scan bytewise;
    enum vouch_http_scan scan = vouch_http_head_scan((struct vouch_bytes){data, size}, &scanned);
    size_t end = scan_bytewise(data, size, &bytewise);
    require(scan == bytewise && (scan != VOUCH_HTTP_SCAN_WHOLE || scanned == end));
    check_target((struct vouch_bytes){data, size});
    if (scan != VOUCH_HTTP_SCAN_WHOLE) {
        return 0;
    }
    uint8_t *copy = malloc(scanned); // so that reading beyond the end is seen
    memcpy(copy, data, scanned);
    struct vouch_http_head head;
    struct vouch_http_refusal refusal = {0};
    if (vouch_http_head_parse((struct vouch_bytes){copy, scanned}, &head, &refusal) != VOUCH_OK) {
        require(refusal.status >= 400 && refusal.reason != NULL);
    } else {
        require(head.headers[VOUCH_HTTP_TRANSFER_ENCODING].ptr == NULL);
        require(head.minor == 0 || head.headers[VOUCH_HTTP_HOST].len > 0);
        require(head.minor == 1 || !head.keep_alive);
        check_target(head.target);
        require(vouch_http_takes_gzip(head.headers[VOUCH_HTTP_ACCEPT_ENCODING]) <= 1);
    }
    free(copy);
    return 0;
}
