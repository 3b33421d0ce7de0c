// SPDX-License-Identifier: ISC
// The bounded buffer of vouch/buf.h.
#include "vouch/buf.h"

#include <stdlib.h>

#include "base/mem.h"

int vouch_bytes_equal(struct vouch_bytes a, struct vouch_bytes b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

int vouch_bytes_compare(struct vouch_bytes a, struct vouch_bytes b) {
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.ptr, b.ptr, common);
    if (order != 0) {
        return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

void vouch_buf_init(struct vouch_buf *buf, size_t max) {
    *buf = (struct vouch_buf){.max = max};
}

void vouch_buf_init_fixed(struct vouch_buf *buf, void *memory, size_t cap) {
    *buf = (struct vouch_buf){.ptr = memory, .cap = cap, .max = cap, .fixed = 1};
}

void vouch_buf_done(struct vouch_buf *buf) {
    if (buf == NULL) {
        return;
    }
    if (!buf->fixed) {
        free(buf->ptr);
    }
    *buf = (struct vouch_buf){0};
}

void vouch_buf_clear(struct vouch_buf *buf) {
    buf->len = 0;
    buf->err = VOUCH_OK;
}

static int grow(struct vouch_buf *buf, size_t need) {
    if (need > buf->max || buf->fixed) {
        return VOUCH_ERR_LIMIT;
    }
    size_t cap = buf->cap < 64 ? 64 : buf->cap;
    while (cap < need) {
        cap = cap > buf->max / 2 ? buf->max : cap * 2;
    }
    uint8_t *ptr = realloc(buf->ptr, cap);
    if (ptr == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    vouch_mem_expect_filling(ptr, cap);
    buf->ptr = ptr;
    buf->cap = cap;
    return VOUCH_OK;
}

uint8_t *vouch_buf_extend(struct vouch_buf *buf, size_t len) {
    if (buf->err != VOUCH_OK) {
        return NULL;
    }
    size_t need = 0;
    if (__builtin_add_overflow(buf->len, len, &need)) {
        buf->err = VOUCH_ERR_LIMIT;
        return NULL;
    }
    if (need > buf->cap || buf->ptr == NULL) {
        buf->err = grow(buf, need);
        if (buf->err != VOUCH_OK) {
            return NULL;
        }
    }
    uint8_t *room = buf->ptr + buf->len;
    buf->len = need;
    return room;
}

void vouch_buf_put(struct vouch_buf *buf, struct vouch_bytes bytes) {
    uint8_t *room = vouch_buf_extend(buf, bytes.len);
    if (room != NULL && bytes.len > 0) {
        memcpy(room, bytes.ptr, bytes.len);
    }
}

void vouch_buf_put_text(struct vouch_buf *buf, const char *text) {
    vouch_buf_put(buf, vouch_bytes_of(text));
}

uint8_t *vouch_buf_take(struct vouch_buf *buf, size_t *ret_len) {
    if (buf->err != VOUCH_OK || buf->fixed || buf->ptr == NULL) {
        return NULL;
    }
    uint8_t *ptr = buf->ptr;
    *ret_len = buf->len;
    *buf = (struct vouch_buf){0};
    return ptr;
}
