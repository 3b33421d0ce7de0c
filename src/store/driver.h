// SPDX-License-Identifier: ISC
// What a database must do for the store: one table of functions, one file for each database.
//
// A driver runs statements, which are constants (statement.h); binds integers and bytes, the only two
// types; and reads them back. It knows nothing of certificates. A handle belongs to one thread. Every
// wait ends within wait_ms. Every failure is a fault: V-1701 busy, V-1702 damaged, V-1703 the disk or
// the rights, V-1704 the schema.
#pragma once

#include "base/fault.h"
#include "store/statement.h"

enum vouch_value_type { VOUCH_VALUE_NULL = 0, VOUCH_VALUE_INTEGER, VOUCH_VALUE_BYTES };

// A parameter, or a column of a row. Bytes are borrowed: a parameter's must live until the statement
// ends, a column's until the next call on the statement.
struct vouch_value {
    enum vouch_value_type type;
    int64_t integer;
    struct vouch_bytes bytes;
};

// A number as a parameter.
static inline struct vouch_value vouch_value_integer(int64_t integer) {
    return (struct vouch_value){.type = VOUCH_VALUE_INTEGER, .integer = integer};
}

// Bytes as a parameter; an empty slice is zero bytes, not NULL.
static inline struct vouch_value vouch_value_bytes(struct vouch_bytes bytes) {
    return (struct vouch_value){.type = VOUCH_VALUE_BYTES, .bytes = bytes};
}

// The most columns of a row.
#define VOUCH_DRIVER_COLUMNS_MAX 32

enum vouch_driver_access { VOUCH_DRIVER_READ = 0, VOUCH_DRIVER_WRITE };

struct vouch_driver_open {
    const char *where;               // a path, or whatever names a database to this driver
    enum vouch_driver_access access; // WRITE makes a database that is not there
    unsigned wait_ms;                // for other writers
};

// What a commit promises. A LATER one may be lost by a power cut (never by a crash of the program), in
// order: what is kept is always a state that once was. A NOW one is on the disk, and all before it.
enum vouch_driver_durability { VOUCH_DRIVER_NOW = 0, VOUCH_DRIVER_LATER };

// One numbered step from an earlier schema to the next, as many statements.
struct vouch_schema {
    int64_t version;
    const char *sql;
};
extern const struct vouch_schema vouch_schemas[]; // [0] makes version 1 from nothing
extern const int64_t vouch_schema_newest;

struct vouch_driver_db; // each driver has its own

struct vouch_driver {
    const char *name;

    // Opens a handle; close takes NULL. `open` refuses what is not a database of ours.
    int (*open)(const struct vouch_driver_open *what, struct vouch_driver_db **ret_db,
                struct vouch_fault *fault);
    void (*close)(struct vouch_driver_db *db);

    // The schema's version, 0 for an empty database.
    int (*version)(struct vouch_driver_db *db, int64_t *ret_version, struct vouch_fault *fault);
    // Applies one step in one durable transaction, unless another process has just done so.
    int (*migrate)(struct vouch_driver_db *db, const struct vouch_schema *schema,
                   struct vouch_fault *fault);

    // A transaction for writing. A failed statement leaves it to be rolled back; rollback cannot fail
    // and does nothing when there is none.
    int (*begin)(struct vouch_driver_db *db, enum vouch_driver_durability durability,
                 struct vouch_fault *fault);
    int (*commit)(struct vouch_driver_db *db, struct vouch_fault *fault);
    void (*rollback)(struct vouch_driver_db *db);

    // Runs a statement that gives no rows. `args`: as many as the statement has parameters.
    int (*run)(struct vouch_driver_db *db, enum vouch_statement statement,
               const struct vouch_value *args, uint64_t *ret_changed, struct vouch_fault *fault);
    // Begins a statement that gives rows; next gives one (as many values as it has columns) or none;
    // end always follows. One run of a statement at a time.
    int (*query)(struct vouch_driver_db *db, enum vouch_statement statement,
                 const struct vouch_value *args, struct vouch_fault *fault);
    int (*next)(struct vouch_driver_db *db, enum vouch_statement statement, int *ret_found,
                struct vouch_value *ret_row, struct vouch_fault *fault);
    void (*end)(struct vouch_driver_db *db, enum vouch_statement statement);

    // Reads the whole database and gives V-1702 if its structure is broken anywhere.
    int (*check)(struct vouch_driver_db *db, struct vouch_fault *fault);
    // Writes a whole, checked copy of one moment to a new file, durably, while others go on writing.
    int (*backup)(struct vouch_driver_db *db, const char *path, struct vouch_fault *fault);
};

extern const struct vouch_driver vouch_driver_sqlite; // a file, in WAL mode
extern const struct vouch_driver
    vouch_driver_sqlite_memory; // of this process, gone with its last handle
