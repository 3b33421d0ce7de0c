// SPDX-License-Identifier: ISC
// Fuzz target: a record that decodes must encode to the same bytes, and its parts must be readable.
//
// The first byte says whether the rest is given a check that fits, without which hardly anything would
// get past it.
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/cert-view.h"
#include "ledger/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct vouch_hasher *hasher;

static void read_parts(const struct vouch_record *record) {
    struct vouch_bytes rest = record->details;
    struct vouch_bytes name;
    struct vouch_bytes value;
    struct vouch_cert_view cert;
    while (vouch_record_detail_next(&rest, &name, &value)) {
        struct vouch_bytes first;
        // What is listed is also found by its name.
        uint8_t text[VOUCH_RECORD_TYPE_MAX + 1] = {0};
        memcpy(text, name.ptr, name.len);
        assert(vouch_record_detail(record, (const char *)text, &first));
    }
    assert(rest.len == 0);
    if (record->kind == VOUCH_RECORD_CERT) {
        assert(vouch_cert_view_read(record->cert, &cert, NULL) == VOUCH_OK);
    }
}

static void try_entry(struct vouch_bytes entry) {
    struct vouch_record record;
    struct vouch_where where = {0};
    struct vouch_buf again;
    int err = vouch_record_decode(entry, hasher, &record, &where);
    if (err != VOUCH_OK) {
        assert(where.field != NULL);
        return;
    }
    read_parts(&record);
    vouch_buf_init(&again, VOUCH_RECORD_MAX);
    assert(vouch_record_encode(&record, hasher, &again, NULL) == VOUCH_OK);
    assert(vouch_bytes_equal(vouch_buf_bytes(&again), entry));
    vouch_buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    struct vouch_buf entry;
    struct vouch_tree_hash hash;
    if (hasher == NULL) {
        hasher = vouch_hasher_new();
        assert(hasher != NULL);
    }
    if (len == 0) {
        return 0;
    }
    vouch_buf_init(&entry, 1 << 20);
    vouch_buf_put(&entry, (struct vouch_bytes){data + 1, len - 1});
    if ((data[0] & 1) != 0) {
        vouch_hasher_plain(hasher, vouch_buf_bytes(&entry), &hash);
        vouch_buf_put(&entry, (struct vouch_bytes){hash.bytes, VOUCH_RECORD_CHECK_LEN});
    }
    if (entry.err == VOUCH_OK) {
        try_entry(vouch_buf_bytes(&entry));
    }
    vouch_buf_done(&entry);
    return 0;
}
