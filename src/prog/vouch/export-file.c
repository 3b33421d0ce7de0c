// SPDX-License-Identifier: ISC
// Reading a file of records once, whatever its size.
#include "prog/vouch/export-file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/digest.h"

#define CHUNK 65536

struct count {
    uint64_t length;
    uint64_t lines;
    int is_ended; // its last byte ends a line, or there is none
    uint8_t hash[VOUCH_DIGEST_LEN];
};

char *vouch_export_manifest_path(const char *file) {
    char *path = NULL;
    return asprintf(&path, "%s.manifest", file) < 0 ? NULL : path;
}

static void add(struct count *count, struct vouch_digest *digest, const uint8_t *bytes,
                size_t len) {
    for (size_t i = 0; i < len; i++) {
        count->lines += bytes[i] == '\n';
    }
    count->length += len;
    count->is_ended = bytes[len - 1] == '\n';
    vouch_digest_put(digest, (struct vouch_bytes){bytes, len});
}

static int read_all(int fd, struct vouch_digest *digest, struct count *count) {
    uint8_t bytes[CHUNK];
    for (;;) {
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got == 0) {
            return 0;
        }
        if (got > 0) {
            add(count, digest, bytes, (size_t)got);
        } else if (errno != EINTR) {
            return VOUCH_ERR_IO;
        }
    }
}

static int changed(const char *name, const char *what, uint64_t is, uint64_t was,
                   struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_export_changed,
                           "%s: it has %" PRIu64 " %s, and had %" PRIu64 " when it was exported",
                           name, is, what, was);
}

static int compare(const struct count *count, const struct vouch_export_statement *statement,
                   const char *name, struct vouch_fault *fault) {
    // A table has a line of names before its records.
    uint64_t records = statement->query.format == VOUCH_EXPORT_CSV && count->lines > 0
                           ? count->lines - 1
                           : count->lines;
    if (records != statement->records || !count->is_ended) {
        return changed(name, "records", records, statement->records, fault);
    }
    if (count->length != statement->length) {
        return changed(name, "bytes", count->length, statement->length, fault);
    }
    if (memcmp(count->hash, statement->sha256, sizeof count->hash) != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_export_changed,
                               "%s: its SHA-256 is not the one of the manifest", name);
    }
    return 0;
}

int vouch_export_check_file(int fd, const struct vouch_export_statement *statement,
                            const char *name, struct vouch_fault *fault) {
    struct count count = {.is_ended = 1};
    struct vouch_digest *digest = vouch_digest_new();
    if (digest == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
    }
    int err = lseek(fd, 0, SEEK_SET) == 0 ? read_all(fd, digest, &count) : VOUCH_ERR_IO;
    vouch_digest_end(digest, count.hash);
    vouch_digest_free(digest);
    if (err != 0) {
        return vouch_fault_set(fault, err, &vouch_fault_read, "%s: cannot be read: %s", name,
                               strerror(errno));
    }
    return compare(&count, statement, name, fault);
}
