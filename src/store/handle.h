// SPDX-License-Identifier: ISC
// A handle from the inside, and what the files of the store share: running statements, reading rows,
// cursors. Private to src/store.
#pragma once

#include "store/driver.h"
#include "store/store.h"

#define VOUCH_STORE_CA_CACHE 16

struct vouch_store {
    const struct vouch_driver *driver;
    struct vouch_driver_db *db;
    enum vouch_store_access access;
    char *where;
    // The numbers of CAs met last, as they are in committed rows.
    struct {
        uint8_t hash[VOUCH_STORE_HASH_LEN];
        int64_t id;
    } cas[VOUCH_STORE_CA_CACHE];
    size_t ca_count;
    size_t ca_oldest;
};

// Row `what` of the database is not what this program writes: V-1702.
int vouch_store_row_bad(const struct vouch_store *store, const char *what,
                        struct vouch_fault *fault);
// The caller's `what` breaks the rules of the header: VOUCH_ERR_ARGUMENT, V-1999.
int vouch_store_misuse(const struct vouch_store *store, const char *what,
                       struct vouch_fault *fault);
// VOUCH_ERR_NO_MEMORY, V-1001.
int vouch_store_no_memory(const struct vouch_store *store, struct vouch_fault *fault);

// A transaction for writing; ending it commits if `err` is 0 and rolls back otherwise, and gives `err`
// or what went wrong with the commit.
VOUCH_MUST_USE int vouch_store_begin(struct vouch_store *store,
                                     enum vouch_driver_durability durability,
                                     struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_store_end(struct vouch_store *store, int err, struct vouch_fault *fault);

// One statement in a transaction of its own. `ret_changed` may be NULL.
VOUCH_MUST_USE int vouch_store_change(struct vouch_store *store,
                                      enum vouch_driver_durability durability,
                                      enum vouch_statement statement,
                                      const struct vouch_value *args, uint64_t *ret_changed,
                                      struct vouch_fault *fault);

// One number from a statement that gives at most one row of one: *ret_found is 1 or 0.
VOUCH_MUST_USE int vouch_store_ask(struct vouch_store *store, enum vouch_statement statement,
                                   const struct vouch_value *args, int *ret_found,
                                   int64_t *ret_value, struct vouch_fault *fault);

// The first row of a statement into ret_values (VOUCH_DRIVER_COLUMNS_MAX of them), if there is one. The
// driver's `end` follows in any case, once it was read.
VOUCH_MUST_USE int vouch_store_first(struct vouch_store *store, enum vouch_statement statement,
                                     const struct vouch_value *args, int *ret_found,
                                     struct vouch_value *ret_values, struct vouch_fault *fault);

// Makes a row of what a statement gave, with what it points to in the arena. V-1702 if it cannot be one.
typedef int vouch_row_reader(const struct vouch_store *store, enum vouch_statement statement,
                             const struct vouch_value *values, struct vouch_arena *arena,
                             void *ret_row, struct vouch_fault *fault);

// The first row of a statement, read: DONE, or ABSENT if there is none.
struct vouch_one {
    enum vouch_statement statement;
    const struct vouch_value *args;
    vouch_row_reader *read;
};
VOUCH_MUST_USE int vouch_store_one(struct vouch_store *store, const struct vouch_one *what,
                                   struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome,
                                   void *ret_row, struct vouch_fault *fault);

// A statement in the transaction that has begun: DONE if it changed something, else ABSENT.
VOUCH_MUST_USE int vouch_store_alter(struct vouch_store *store, enum vouch_statement statement,
                                     const struct vouch_value *args,
                                     enum vouch_store_outcome *ret_outcome,
                                     struct vouch_fault *fault);

// A statement that removes what has ended by ?1, at most ?2 rows, in the transaction that has begun.
VOUCH_MUST_USE int vouch_store_prune(struct vouch_store *store, enum vouch_statement statement,
                                     uint64_t now_s, size_t limit, uint64_t *removed,
                                     struct vouch_fault *fault);

// How many records are indexed, and how many of these have their terms (terms.h).
VOUCH_MUST_USE int vouch_store_places(struct vouch_store *store, int64_t *ret_position,
                                      int64_t *ret_termed, struct vouch_fault *fault);

// The number of a CA by its hash. With MAKE it is made if it is not there (inside a transaction).
enum vouch_store_ca { VOUCH_STORE_CA_FIND = 0, VOUCH_STORE_CA_MAKE };
VOUCH_MUST_USE int vouch_store_ca(struct vouch_store *store, const uint8_t *hash,
                                  enum vouch_store_ca how, int *ret_found, int64_t *ret_id,
                                  struct vouch_fault *fault);

// Reads the columns of a row in their order. The first error sticks. Slices are borrowed.
struct vouch_row {
    const struct vouch_value *next;
    const struct vouch_value *end;
    int err;
};
// Begins at the first column of a row that `statement` gave.
void vouch_row_init(struct vouch_row *row, enum vouch_statement statement,
                    const struct vouch_value *values);
int64_t vouch_row_integer(struct vouch_row *row);
uint64_t vouch_row_u64(struct vouch_row *row); // kept as the same 64 bits
struct vouch_bytes vouch_row_bytes(struct vouch_row *row);
void vouch_row_hash(struct vouch_row *row, uint8_t ret_hash[static VOUCH_STORE_HASH_LEN]);

// A serial as it is kept: the order of the integers is the order of the unsigned numbers.
static inline int64_t vouch_serial_kept(uint64_t serial) {
    return (int64_t)(serial ^ (UINT64_C(1) << 63));
}
static inline uint64_t vouch_serial_read(int64_t kept) {
    return (uint64_t)kept ^ (UINT64_C(1) << 63);
}

// Lists of texts as they are kept: string*. Encoding appends; decoding copies into the arena.
void vouch_list_put(struct vouch_buf *out, const struct vouch_bytes *items, size_t count);
VOUCH_MUST_USE int vouch_list_get(struct vouch_bytes list, struct vouch_arena *arena,
                                  const struct vouch_bytes **ret_items, size_t *ret_count);
// Nonzero if the list has that item. A broken list has none.
int vouch_list_has(struct vouch_bytes list, struct vouch_bytes item);

// Nonzero if the list and each text in it is within the bounds of store.h.
int vouch_list_fits(const struct vouch_bytes *items, size_t count);

// How many rows a page may have.
size_t vouch_page_limit(const struct vouch_store_page *page);

// A cursor is the kind of listing and a number; reading one takes only what writing gives.
// *ret_number is `start` for an empty cursor. V-1902 for any other text.
void vouch_cursor_write(char kind, uint64_t number, char ret_text[static VOUCH_STORE_CURSOR_MAX]);
VOUCH_MUST_USE int vouch_cursor_read(const struct vouch_store_page *page, char kind, uint64_t start,
                                     uint64_t *ret_number, struct vouch_fault *fault);

// A page of a listing whose rows have numbers, in the order of which they come.
struct vouch_numbered {
    enum vouch_statement statement;
    // args[after] is the number that the page's cursor names, or `start`; args[after + 1] one row more than
    // the page may have. Both are filled in here.
    struct vouch_value *args;
    size_t after;
    uint64_t start;
    const struct vouch_store_page *page;
    char cursor; // kind
    size_t size; // of a row as it is given
    size_t at;   // of its number, a uint64_t
    vouch_row_reader *read;
};
struct vouch_numbered_page {
    struct vouch_arena arena; // of the rows and all that they point to
    void *rows;
    size_t count;
    char next[VOUCH_STORE_CURSOR_MAX];
};
VOUCH_MUST_USE int vouch_numbered_list(struct vouch_store *store, const struct vouch_numbered *what,
                                       struct vouch_numbered_page *ret_page,
                                       struct vouch_fault *fault);

// Nonzero if `value` is what `wanted` asks for; a NULL ptr asks for nothing.
static inline int vouch_wanted(struct vouch_bytes wanted, struct vouch_bytes value) {
    return wanted.ptr == NULL || vouch_bytes_equal(wanted, value);
}
