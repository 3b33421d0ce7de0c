// SPDX-License-Identifier: ISC
// Fuzzes a whole connection over memory: whatever comes, and however it is cut, the same answers go
// out, each of them whole.
#include <stdlib.h>

#include "http/test-lab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";

static void require(int holds) {
    if (!holds) {
        abort();
    }
}

// Whether the client is asked for a body depends on what has come by then, so it does not count.
static void without_interim(struct vouch_buf *out) {
    size_t kept = 0;
    size_t at = 0;
    while (at < out->len) {
        if (out->len - at >= sizeof interim - 1 &&
            memcmp(out->ptr + at, interim, sizeof interim - 1) == 0) {
            at += sizeof interim - 1;
        } else {
            out->ptr[kept++] = out->ptr[at++];
        }
    }
    out->len = kept;
}

static void converse(struct lab *lab, struct vouch_bytes bytes, size_t step) {
    require(lab_init(lab, NULL, 0) == VOUCH_OK);
    lab->write_max = step;
    lab_send(lab, bytes, step, 1);
    // Nothing may be left over: neither a request nobody answers nor an answer nobody sends.
    require(lab->conn.phase == VOUCH_HTTP_GONE && lab->pending == NULL);
    require(lab->out.len == 0 || (lab->out.len > 9 && memcmp(lab->out.ptr, "HTTP/1.1 ", 9) == 0));
    without_interim(&lab->out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct lab whole;
    struct lab cut;
    if (size < 1 || size > 65536) {
        return 0;
    }
    size_t step = 1 + data[0] % 64;
    struct vouch_bytes bytes = {data + 1, size - 1};
    converse(&whole, bytes, 0);
    converse(&cut, bytes, step);
    require(whole.handlers_ran == cut.handlers_ran);
    require(whole.out.len == cut.out.len);
    require(whole.out.len == 0 || memcmp(whole.out.ptr, cut.out.ptr, whole.out.len) == 0);
    lab_done(&whole);
    lab_done(&cut);
    return 0;
}
