// SPDX-License-Identifier: ISC
// What listings share: reading rows, lists of texts, cursors, and the stretch of the ledger of a time.
#include "store/handle.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "vouch/wire.h"

// --- rows

void vouch_row_init(struct vouch_row *row, enum vouch_statement statement,
                    const struct vouch_value *values) {
    *row = (struct vouch_row){.next = values, .end = values + vouch_statements[statement].columns};
}

static const struct vouch_value *take(struct vouch_row *row, enum vouch_value_type type) {
    static const struct vouch_value nothing = {0};
    if (row->err != VOUCH_OK || row->next == row->end || row->next->type != type) {
        row->err = VOUCH_ERR_CORRUPT;
        return &nothing;
    }
    return row->next++;
}

int64_t vouch_row_integer(struct vouch_row *row) {
    return take(row, VOUCH_VALUE_INTEGER)->integer;
}

uint64_t vouch_row_u64(struct vouch_row *row) {
    return (uint64_t)vouch_row_integer(row);
}

struct vouch_bytes vouch_row_bytes(struct vouch_row *row) {
    return take(row, VOUCH_VALUE_BYTES)->bytes;
}

void vouch_row_hash(struct vouch_row *row, uint8_t ret_hash[static VOUCH_STORE_HASH_LEN]) {
    struct vouch_bytes bytes = vouch_row_bytes(row);
    if (row->err == VOUCH_OK && bytes.len == VOUCH_STORE_HASH_LEN) {
        memcpy(ret_hash, bytes.ptr, VOUCH_STORE_HASH_LEN);
    } else {
        row->err = VOUCH_ERR_CORRUPT;
    }
}

// --- lists of texts

void vouch_list_put(struct vouch_buf *out, const struct vouch_bytes *items, size_t count) {
    for (size_t i = 0; i < count; i++) {
        vouch_write_string(out, items[i]);
    }
}

int vouch_list_get(struct vouch_bytes list, struct vouch_arena *arena,
                   const struct vouch_bytes **ret_items, size_t *ret_count) {
    struct vouch_bytes copy;
    struct vouch_reader reader;
    size_t count = 0;
    if (vouch_arena_copy(arena, list, &copy) != VOUCH_OK) {
        return VOUCH_ERR_NO_MEMORY;
    }
    vouch_reader_init(&reader, copy);
    while (vouch_reader_left(&reader) > 0) {
        (void)vouch_read_string(&reader, "item");
        count++;
    }
    if (vouch_reader_end(&reader, NULL) != VOUCH_OK || count > VOUCH_STORE_LIST_MAX) {
        return VOUCH_ERR_CORRUPT;
    }
    struct vouch_bytes *items = vouch_arena_alloc(arena, count * sizeof *items);
    if (items == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    vouch_reader_init(&reader, copy);
    for (size_t i = 0; i < count; i++) {
        items[i] = vouch_read_string(&reader, "item");
    }
    *ret_items = items;
    *ret_count = count;
    return VOUCH_OK;
}

int vouch_list_has(struct vouch_bytes list, struct vouch_bytes item) {
    struct vouch_reader reader;
    int found = 0;
    vouch_reader_init(&reader, list);
    while (vouch_reader_left(&reader) > 0) {
        found |= vouch_bytes_equal(vouch_read_string(&reader, "item"), item);
    }
    return vouch_reader_end(&reader, NULL) == VOUCH_OK && found;
}

int vouch_list_fits(const struct vouch_bytes *items, size_t count) {
    int fits = count <= VOUCH_STORE_LIST_MAX;
    for (size_t i = 0; fits && i < count; i++) {
        fits = items[i].len <= VOUCH_STORE_TEXT_MAX;
    }
    return fits;
}

// --- pages

size_t vouch_page_limit(const struct vouch_store_page *page) {
    if (page->limit == 0) {
        return VOUCH_STORE_PAGE_DEFAULT;
    }
    return page->limit < VOUCH_STORE_PAGE_MAX ? page->limit : VOUCH_STORE_PAGE_MAX;
}

void vouch_cursor_write(char kind, uint64_t number, char ret_text[static VOUCH_STORE_CURSOR_MAX]) {
    (void)snprintf(ret_text, VOUCH_STORE_CURSOR_MAX, "%c%016" PRIx64, kind, number);
}

// The number that the digits are, if they are any; whether they are all there is judged afterwards.
static uint64_t read_digits(struct vouch_bytes digits) {
    uint8_t bytes[sizeof(uint64_t)];
    struct vouch_buf raw;
    uint64_t number = 0;
    vouch_buf_init_fixed(&raw, bytes, sizeof bytes);
    if (vouch_str_unhex(digits, &raw) != VOUCH_OK) {
        return UINT64_MAX;
    }
    for (size_t i = 0; i < raw.len; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

int vouch_cursor_read(const struct vouch_store_page *page, char kind, uint64_t start,
                      uint64_t *ret_number, struct vouch_fault *fault) {
    char again[VOUCH_STORE_CURSOR_MAX];
    if (page->cursor.len == 0) {
        *ret_number = start;
        return VOUCH_OK;
    }
    uint64_t number = read_digits((struct vouch_bytes){page->cursor.ptr + 1, page->cursor.len - 1});
    vouch_cursor_write(kind, number, again);
    if (!vouch_bytes_equal(vouch_bytes_of(again), page->cursor) || number > INT64_MAX) {
        return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_input,
                               "cursor: it is not one that this listing gave");
    }
    *ret_number = number;
    return VOUCH_OK;
}

// --- pages of numbered rows

static uint64_t number_of(const struct vouch_numbered *what, const uint8_t *row) {
    uint64_t number = 0;
    memcpy(&number, row + what->at, sizeof number);
    return number;
}

static int fill(struct vouch_store *store, const struct vouch_numbered *what, size_t limit,
                struct vouch_numbered_page *page, struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    uint8_t *row = page->rows;
    for (;; row += what->size) {
        int is_row = 0;
        int err = store->driver->next(store->db, what->statement, &is_row, values, fault);
        if (err != VOUCH_OK || !is_row) {
            return err;
        }
        if (page->count == limit) {
            vouch_cursor_write(what->cursor, number_of(what, row - what->size), page->next);
            return VOUCH_OK;
        }
        err = what->read(store, what->statement, values, &page->arena, row, fault);
        if (err != VOUCH_OK) {
            return err;
        }
        page->count++;
    }
}

int vouch_numbered_list(struct vouch_store *store, const struct vouch_numbered *what,
                        struct vouch_numbered_page *ret_page, struct vouch_fault *fault) {
    struct vouch_numbered_page page = {0};
    size_t limit = vouch_page_limit(what->page);
    uint64_t number = 0;
    int err = vouch_cursor_read(what->page, what->cursor, what->start, &number, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    what->args[what->after] = vouch_value_integer((int64_t)number);
    what->args[what->after + 1] = vouch_value_integer((int64_t)limit + 1);
    page.rows = vouch_arena_alloc(&page.arena, limit * what->size);
    if (page.rows == NULL) {
        return vouch_store_no_memory(store, fault);
    }
    err = store->driver->query(store->db, what->statement, what->args, fault);
    if (err == VOUCH_OK) {
        err = fill(store, what, limit, &page, fault);
    }
    store->driver->end(store->db, what->statement);
    if (err != VOUCH_OK) {
        vouch_arena_done(&page.arena);
        return err;
    }
    *ret_page = page;
    return VOUCH_OK;
}
