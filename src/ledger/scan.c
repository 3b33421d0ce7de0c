// SPDX-License-Identifier: ISC
// Walking over the entries of a records file.
#include "ledger/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define WINDOW_LEN (256 * 1024)
#define LENGTH_LEN 2

int vouch_scan_init(struct vouch_scan *scan, int fd, uint64_t offset) {
    *scan = (struct vouch_scan){.fd = fd, .offset = offset, .window_offset = offset};
    scan->window = malloc(WINDOW_LEN);
    return scan->window != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
}

void vouch_scan_done(struct vouch_scan *scan) {
    if (scan == NULL) {
        return;
    }
    free(scan->window);
    *scan = (struct vouch_scan){.fd = -1};
}

void vouch_scan_seek(struct vouch_scan *scan, uint64_t offset) {
    scan->offset = offset;
    scan->window_offset = offset;
    scan->window_len = 0;
    scan->at_end = 0;
}

// Bytes of the window from the scan's offset on.
static size_t available(const struct vouch_scan *scan) {
    return scan->window_len - (size_t)(scan->offset - scan->window_offset);
}

static int refill(struct vouch_scan *scan) {
    size_t keep = available(scan);
    memmove(scan->window, scan->window + scan->window_len - keep, keep);
    scan->window_offset = scan->offset;
    scan->window_len = keep;
    while (scan->window_len < WINDOW_LEN && !scan->at_end) {
        ssize_t got =
            pread(scan->fd, scan->window + scan->window_len, WINDOW_LEN - scan->window_len,
                  (off_t)(scan->window_offset + scan->window_len));
        if (got < 0 && errno != EINTR) {
            return VOUCH_ERR_IO;
        }
        scan->at_end = got == 0;
        scan->window_len += got > 0 ? (size_t)got : 0;
    }
    return VOUCH_OK;
}

// Makes `len` bytes available, if the file has them.
static int need(struct vouch_scan *scan, size_t len) {
    return available(scan) >= len || scan->at_end ? VOUCH_OK : refill(scan);
}

static enum vouch_scan_outcome look(const struct vouch_scan *scan, struct vouch_bytes *ret_entry) {
    const uint8_t *at = scan->window + (scan->offset - scan->window_offset);
    size_t left = available(scan);
    size_t len = left >= LENGTH_LEN ? (size_t)at[0] << 8 | at[1] : 0;
    if (left < LENGTH_LEN) {
        return left == 0 || at[0] == 0 ? VOUCH_SCAN_END : VOUCH_SCAN_TORN;
    }
    if (len == 0) {
        return VOUCH_SCAN_END;
    }
    if (left - LENGTH_LEN < len) {
        return VOUCH_SCAN_TORN;
    }
    *ret_entry = (struct vouch_bytes){at + LENGTH_LEN, len};
    return VOUCH_SCAN_ENTRY;
}

int vouch_scan_next(struct vouch_scan *scan, enum vouch_scan_outcome *ret_outcome,
                    struct vouch_bytes *ret_entry) {
    int err = need(scan, LENGTH_LEN + UINT16_MAX);
    if (err != VOUCH_OK) {
        return err;
    }
    enum vouch_scan_outcome outcome = look(scan, ret_entry);
    if (outcome == VOUCH_SCAN_ENTRY) {
        scan->offset += LENGTH_LEN + ret_entry->len;
    } else {
        vouch_scan_seek(scan, scan->offset); // what is read ahead may be out of date next time
    }
    *ret_outcome = outcome;
    return VOUCH_OK;
}

int vouch_scan_tail(int fd, uint64_t offset, uint64_t *ret_end) {
    uint8_t block[16384];
    uint64_t end = offset;
    for (uint64_t at = offset;;) {
        // Holes are zeros that need not be read: a file may have been made as long as one likes.
        off_t data = lseek(fd, (off_t)at, SEEK_DATA);
        if (data < 0 && errno == ENXIO) {
            break;
        }
        at = data > 0 ? (uint64_t)data : at;
        ssize_t got = pread(fd, block, sizeof block, (off_t)at);
        if (got < 0 && errno != EINTR) {
            return VOUCH_ERR_IO;
        }
        if (got == 0) {
            break;
        }
        for (ssize_t i = 0; i < got; i++) {
            end = block[i] != 0 ? at + (uint64_t)i + 1 : end;
        }
        at += got > 0 ? (uint64_t)got : 0;
    }
    *ret_end = end;
    return VOUCH_OK;
}
