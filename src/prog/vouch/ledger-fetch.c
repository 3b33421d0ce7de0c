// SPDX-License-Identifier: ISC
// A copy of a server's ledger: see ledger-fetch.h.
#include "prog/vouch/ledger-fetch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "ledger/folder.h"
#include "ledger/tile.h"

#define TRIES 8 // a ledger that grows replaces what is behind its right edge
#define PAUSE_NS 150000000
#define BUNDLE_MAX (256u * 65537)
#define INDEX_MAX (1024u * 1024 * 1024)
#define ROUTE "/v1/ledger/"

struct fetch {
    struct vouch_reach *reach;
    const char *dir;
    int dir_fd;
    int records_fd;
    struct vouch_buf index;            // of all bundles that were written
    uint64_t full;                     // bundles of 256 records that were written
    uint64_t bytes;                    // and their bytes
    uint64_t tiles[VOUCH_TREE_LEVELS]; // full hash tiles that were written, by level
    uint64_t size;                     // of the checkpoint that is being completed
    struct vouch_buf checkpoint;
    vouch_ledger_progress_fn *progress;
    void *progress_context;
};

static void fetch_done(struct fetch *fetch) {
    vouch_buf_done(&fetch->index);
    vouch_buf_done(&fetch->checkpoint);
    if (fetch->records_fd >= 0) {
        (void)close(fetch->records_fd);
    }
    if (fetch->dir_fd >= 0) {
        (void)close(fetch->dir_fd);
    }
}

static int write_fault(const struct fetch *fetch, int err, const char *name,
                       struct vouch_fault *fault) {
    vouch_fault_set(fault, err, &vouch_fault_write, "%s/%s: cannot write the copy of the ledger",
                    fetch->dir, name);
    return vouch_fault_next(fault, "make room, or set TMPDIR to a folder with more of it");
}

static int ask_part(struct fetch *fetch, const char *path, size_t max,
                    struct vouch_api_answer *ret_answer, struct vouch_fault *fault) {
    char route[sizeof ROUTE + VOUCH_TILE_PATH_MAX + 16];
    (void)snprintf(route, sizeof route, "%s%s", ROUTE, path);
    const struct vouch_api_ask ask = {.path = route, .answer_max = max};
    return vouch_api_ask(fetch->reach->api, &ask, ret_answer, fault);
}

static int put_file(struct fetch *fetch, const char *name, struct vouch_bytes content,
                    struct vouch_fault *fault) {
    int err = vouch_folder_put(fetch->dir_fd, name, content);
    return err == 0 ? 0 : write_fault(fetch, err, name, fault);
}

static int fetch_tile(struct fetch *fetch, const struct vouch_tile *tile,
                      struct vouch_fault *fault) {
    char path[VOUCH_TILE_PATH_MAX];
    struct vouch_api_answer answer = {0};
    vouch_tile_path(tile, path);
    int err =
        ask_part(fetch, path, VOUCH_TILE_WIDTH * sizeof(struct vouch_tree_hash), &answer, fault);
    if (err == 0) {
        err = put_file(fetch, path, vouch_buf_bytes(&answer.body), fault);
        vouch_buf_done(&answer.body);
    }
    return err;
}

// "tile/entries/N", in the same writing of N as the hash tiles' "tile/0/N".
static void bundle_path(uint64_t number, unsigned width, char *ret_path, size_t ret_size) {
    const struct vouch_tile tile = {0, number, width};
    char path[VOUCH_TILE_PATH_MAX];
    vouch_tile_path(&tile, path);
    (void)snprintf(ret_path, ret_size, "tile/entries/%s", path + strlen("tile/0/"));
}

// Appends a bundle to the records, and its place to the index. `ret_len` is its bytes.
static int fetch_bundle(struct fetch *fetch, uint64_t number, unsigned width, uint64_t *ret_len,
                        struct vouch_fault *fault) {
    char path[VOUCH_TILE_PATH_MAX + 16];
    uint8_t offset[8];
    struct vouch_api_answer answer = {0};
    bundle_path(number, width, path, sizeof path);
    int err = ask_part(fetch, path, BUNDLE_MAX, &answer, fault);
    if (err != 0) {
        return err;
    }
    for (size_t i = 0; i < sizeof offset; i++) {
        offset[i] = (uint8_t)(fetch->bytes >> (56 - 8 * i));
    }
    vouch_buf_put(&fetch->index, (struct vouch_bytes){offset, sizeof offset});
    err = vouch_folder_write_at(fetch->records_fd, fetch->bytes, vouch_buf_bytes(&answer.body));
    *ret_len = answer.body.len;
    vouch_buf_done(&answer.body);
    if (err == 0 && fetch->index.err != 0) {
        return vouch_fault_set(fault, fetch->index.err, &vouch_fault_memory, "out of memory");
    }
    return err == 0 ? 0 : write_fault(fetch, err, VOUCH_LEDGER_RECORDS, fault);
}

// Full bundles and tiles never change: each is fetched once, however often the checkpoint moves on.
static int fetch_full(struct fetch *fetch, struct vouch_fault *fault) {
    int err = 0;
    uint64_t bundles = vouch_tree_full_tiles(fetch->size, 0);
    while (err == 0 && fetch->full < bundles) {
        uint64_t len = 0;
        err = fetch_bundle(fetch, fetch->full, VOUCH_TILE_WIDTH, &len, fault);
        fetch->full += err == 0;
        fetch->bytes += len;
        if (fetch->progress != NULL) {
            fetch->progress(fetch->progress_context, fetch->full * VOUCH_TILE_WIDTH, fetch->size);
        }
    }
    for (unsigned level = 0; err == 0 && level < VOUCH_TREE_LEVELS; level++) {
        while (err == 0 && fetch->tiles[level] < vouch_tree_full_tiles(fetch->size, level)) {
            const struct vouch_tile tile = {level, fetch->tiles[level], VOUCH_TILE_WIDTH};
            err = fetch_tile(fetch, &tile, fault);
            fetch->tiles[level] += err == 0;
        }
    }
    return err;
}

// The right edge, which a newer checkpoint replaces.
static int fetch_edge(struct fetch *fetch, struct vouch_fault *fault) {
    uint64_t len = 0;
    unsigned width = vouch_tree_partial_width(fetch->size, 0);
    fetch->index.len = (size_t)fetch->full * 8;
    int err = ftruncate(fetch->records_fd, (off_t)fetch->bytes) == 0
                  ? 0
                  : write_fault(fetch, VOUCH_ERR_IO, VOUCH_LEDGER_RECORDS, fault);
    if (err == 0 && width > 0) {
        err = fetch_bundle(fetch, fetch->full, width, &len, fault);
    }
    for (unsigned level = 0; err == 0 && level < VOUCH_TREE_LEVELS; level++) {
        const struct vouch_tile tile = {level, vouch_tree_full_tiles(fetch->size, level),
                                        vouch_tree_partial_width(fetch->size, level)};
        err = tile.width > 0 ? fetch_tile(fetch, &tile, fault) : 0;
    }
    return err;
}

static int fetch_checkpoint(struct fetch *fetch, struct vouch_fault *fault) {
    struct vouch_checkpoint checkpoint;
    struct vouch_where where = {0};
    struct vouch_api_answer answer = {0};
    int err = ask_part(fetch, VOUCH_LEDGER_CHECKPOINT, VOUCH_CHECKPOINT_MAX, &answer, fault);
    if (err != 0) {
        return err;
    }
    vouch_buf_done(&fetch->checkpoint);
    fetch->checkpoint = answer.body;
    err = vouch_checkpoint_parse(vouch_buf_bytes(&fetch->checkpoint), &checkpoint, &where);
    if (err != 0) {
        return vouch_api_bad_answer(fetch->reach->api, fault, "its checkpoint is none: %s %s",
                                    where.field != NULL ? where.field : "",
                                    where.reason != NULL ? where.reason : vouch_err_text(err));
    }
    if (checkpoint.size < fetch->size) {
        return vouch_api_bad_answer(
            fetch->reach->api, fault, "its checkpoint went back from %llu to %llu records",
            (unsigned long long)fetch->size, (unsigned long long)checkpoint.size);
    }
    fetch->size = checkpoint.size;
    return 0;
}

// A part that is gone when it is asked for means that the ledger grew on; a server may also fail just
// then. Begin at the new edge.
static int may_have_moved(int err, const struct vouch_fault *fault) {
    return err == VOUCH_ERR_NOT_FOUND ||
           (err == VOUCH_ERR_IO && fault->kind != &vouch_fault_server_unreachable &&
            fault->kind != &vouch_fault_write);
}

static int fetch_all(struct fetch *fetch, struct vouch_fault *fault) {
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    int err = VOUCH_ERR_NOT_FOUND;
    for (int tries = 0; tries < TRIES && may_have_moved(err, fault); tries++) {
        if (tries > 0) {
            (void)nanosleep(&pause, NULL);
        }
        err = fetch_checkpoint(fetch, fault);
        if (err == 0) {
            err = fetch_full(fetch, fault);
        }
        if (err == 0) {
            err = fetch_edge(fetch, fault);
        }
    }
    return err;
}

static int put_vkey(struct fetch *fetch, struct vouch_fault *fault) {
    struct vouch_verifier verifier = {0};
    struct vouch_buf text;
    const struct vouch_settings *settings = &fetch->reach->settings;
    int err =
        vouch_verifier_init(&verifier, vouch_bytes_of(settings->name), settings->checkpoint_key);
    if (err != 0) {
        return vouch_api_bad_answer(fetch->reach->api, fault,
                                    "its name or checkpoint key is none that a ledger has");
    }
    vouch_buf_init(&text, 4096);
    vouch_verifier_print(&verifier, &text);
    vouch_buf_put_text(&text, "\n");
    err = put_file(fetch, VOUCH_LEDGER_VKEY, vouch_buf_bytes(&text), fault);
    vouch_buf_done(&text);
    vouch_verifier_done(&verifier);
    return err;
}

static int put_rest(struct fetch *fetch, struct vouch_fault *fault) {
    int err = put_vkey(fetch, fault);
    if (err == 0) {
        err = put_file(fetch, VOUCH_LEDGER_INDEX, vouch_buf_bytes(&fetch->index), fault);
    }
    if (err == 0) {
        err = put_file(fetch, VOUCH_LEDGER_CHECKPOINT, vouch_buf_bytes(&fetch->checkpoint), fault);
    }
    return err == 0 ? put_file(fetch, VOUCH_LEDGER_LOCK, (struct vouch_bytes){0}, fault) : err;
}

int vouch_ledger_fetch(struct vouch_reach *reach, const char *dir,
                       vouch_ledger_progress_fn *progress, void *context,
                       struct vouch_fault *fault) {
    struct fetch fetch = {
        .reach = reach,
        .dir = dir,
        .dir_fd = -1,
        .records_fd = -1,
        .progress = progress,
        .progress_context = context,
    };
    vouch_buf_init(&fetch.index, INDEX_MAX);
    int err = vouch_reach_keys(reach, fault);
    if (err == 0 && vouch_folder_open(dir, &fetch.dir_fd) != 0) {
        err = write_fault(&fetch, VOUCH_ERR_IO, "", fault);
    }
    if (err == 0) {
        fetch.records_fd = openat(fetch.dir_fd, VOUCH_LEDGER_RECORDS,
                                  O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, VOUCH_LEDGER_FILE_MODE);
        err = fetch.records_fd >= 0
                  ? 0
                  : write_fault(&fetch, VOUCH_ERR_IO, VOUCH_LEDGER_RECORDS, fault);
    }
    if (err == 0) {
        err = fetch_all(&fetch, fault);
    }
    if (err == 0) {
        err = put_rest(&fetch, fault);
    }
    fetch_done(&fetch);
    return err;
}
