// SPDX-License-Identifier: ISC
// The driver for SQLite: a file in WAL mode, or memory for tests.
//
// The only file that knows the library. The ledger is the truth and this is its index, so a power cut
// may take the last commits (synchronous=NORMAL) unless a transaction asks for more (FULL).
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/mem.h"
#include "store/driver.h"

#define APPLICATION_ID 0x56636866 // "Vchf": tells our files from other programs' databases
#define MESSAGE_MAX 256
#define BACKUP_PAGES 2048 // copied between two looks at whether others wait

struct vouch_driver_db {
    sqlite3 *db;
    char *where; // for messages
    enum vouch_driver_access access;
    int is_wal;                              // and not in memory, nor a backup
    enum vouch_driver_durability durability; // as it is set now
    sqlite3_stmt *prepared[VOUCH_SQL_COUNT];
};

// --- faults

struct mapping {
    int code; // primary result code
    int err;
    const struct vouch_fault_kind *kind;
    const char *text; // NULL: what SQLite says
};

static const struct mapping mappings[] = {
    {SQLITE_BUSY, VOUCH_ERR_TIMEOUT, &vouch_fault_store_busy, "another process is writing to it"},
    {SQLITE_LOCKED, VOUCH_ERR_TIMEOUT, &vouch_fault_store_busy, "another thread is writing to it"},
    {SQLITE_CORRUPT, VOUCH_ERR_CORRUPT, &vouch_fault_store_bad, NULL},
    {SQLITE_NOTADB, VOUCH_ERR_CORRUPT, &vouch_fault_store_bad, NULL},
    {SQLITE_CONSTRAINT, VOUCH_ERR_CORRUPT, &vouch_fault_store_bad, NULL},
    {SQLITE_MISMATCH, VOUCH_ERR_CORRUPT, &vouch_fault_store_bad, NULL},
    {SQLITE_FULL, VOUCH_ERR_IO, &vouch_fault_store_io, "the disk is full"},
    {SQLITE_READONLY, VOUCH_ERR_IO, &vouch_fault_store_io, "it is read-only for this user"},
    {SQLITE_CANTOPEN, VOUCH_ERR_IO, &vouch_fault_store_io, NULL},
    {SQLITE_PERM, VOUCH_ERR_IO, &vouch_fault_store_io, NULL},
    {SQLITE_IOERR, VOUCH_ERR_IO, &vouch_fault_store_io, NULL},
    {SQLITE_PROTOCOL, VOUCH_ERR_TIMEOUT, &vouch_fault_store_busy, NULL},
    {SQLITE_NOMEM, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, NULL},
    {SQLITE_TOOBIG, VOUCH_ERR_LIMIT, &vouch_fault_spec, NULL},
};

static const struct mapping *mapping_of(int code) {
    static const struct mapping unknown = {0, VOUCH_ERR_CORRUPT, &vouch_fault_internal, NULL};
    for (size_t i = 0; i < sizeof mappings / sizeof mappings[0]; i++) {
        if (mappings[i].code == (code & 0xff)) {
            return &mappings[i];
        }
    }
    return &unknown;
}

static int fail(sqlite3 *db, const char *where, int code, struct vouch_fault *fault) {
    const struct mapping *mapping = mapping_of(code);
    const char *text = mapping->text;
    char system[MESSAGE_MAX] = "";
    if (text == NULL) {
        text = db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(code);
    }
    int number = db != NULL ? sqlite3_system_errno(db) : 0;
    if (mapping->kind == &vouch_fault_store_io && number != 0) {
        (void)snprintf(system, sizeof system, " (%s)", strerror(number));
    }
    return vouch_fault_set(fault, mapping->err, mapping->kind, "database %s: %s%s", where, text,
                           system);
}

static int fail_at(const struct vouch_driver_db *db, int code, struct vouch_fault *fault) {
    return fail(db->db, db->where, code, fault);
}

static int ended(const struct vouch_driver_db *db, int code, struct vouch_fault *fault) {
    return code == SQLITE_OK || code == SQLITE_DONE ? VOUCH_OK : fail_at(db, code, fault);
}

// --- opening

static void close_db(struct vouch_driver_db *db) {
    if (db == NULL) {
        return;
    }
    for (size_t i = 0; i < VOUCH_SQL_COUNT; i++) {
        sqlite3_finalize(db->prepared[i]);
    }
    sqlite3_close(db->db);
    free(db->where);
    free(db);
}

static int pragma(const struct vouch_driver_db *db, const char *sql, struct vouch_fault *fault) {
    return ended(db, sqlite3_exec(db->db, sql, NULL, NULL, NULL), fault);
}

// The one number that a pragma gives.
static int ask(const struct vouch_driver_db *db, const char *sql, int64_t *ret_value,
               struct vouch_fault *fault) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
    }
    int64_t value = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    int err = code == SQLITE_ROW ? VOUCH_OK : fail_at(db, code, fault);
    sqlite3_finalize(statement);
    if (err == VOUCH_OK) {
        *ret_value = value;
    }
    return err;
}

static int harden(const struct vouch_driver_db *db, struct vouch_fault *fault) {
    static const struct {
        int option;
        int value;
    } options[] = {{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
                   {SQLITE_DBCONFIG_DEFENSIVE, 1},
                   {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                   {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
                   {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
                   {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
                   {SQLITE_DBCONFIG_DQS_DML, 0},
                   {SQLITE_DBCONFIG_DQS_DDL, 0}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        int now = !options[i].value;
        int code = sqlite3_db_config(db->db, options[i].option, options[i].value, &now);
        if (code != SQLITE_OK || now != options[i].value) {
            return vouch_fault_set(fault, VOUCH_ERR_UNSUPPORTED, &vouch_fault_internal,
                                   "database %s: this SQLite cannot set its option %d", db->where,
                                   options[i].option);
        }
    }
    return pragma(db,
                  "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; "
                  "PRAGMA mmap_size = 0; PRAGMA secure_delete = ON; PRAGMA synchronous = FULL;",
                  fault);
}

// Whose database it is. An empty one is anybody's.
static int check_owner(const struct vouch_driver_db *db, struct vouch_fault *fault) {
    int64_t application = 0;
    int64_t tables = 0;
    int err = ask(db, "PRAGMA application_id", &application, fault);
    if (err == VOUCH_OK) {
        err = ask(db, "SELECT count(*) FROM sqlite_schema", &tables, fault);
    }
    if (err == VOUCH_OK && application != APPLICATION_ID && (application != 0 || tables != 0)) {
        err = vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_store_bad,
                              "database %s: it belongs to another program", db->where);
    }
    return err;
}

// WAL lets readers read while one writes. Its files stay when the last handle closes, since a
// sandboxed process may not be able to make them again.
static int set_journal(const struct vouch_driver_db *db, struct vouch_fault *fault) {
    int on = 1;
    (void)sqlite3_file_control(db->db, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
    int err = pragma(db, "PRAGMA journal_mode = WAL", fault);
    if (err != VOUCH_OK) {
        return err;
    }
    return pragma(db,
                  "PRAGMA wal_autocheckpoint = 1000; PRAGMA journal_size_limit = 67108864; "
                  "PRAGMA cache_size = -4096;",
                  fault);
}

static int set_up(const struct vouch_driver_db *db, struct vouch_fault *fault) {
    int err = harden(db, fault);
    if (err == VOUCH_OK) {
        err = check_owner(db, fault);
    }
    if (err == VOUCH_OK && db->access == VOUCH_DRIVER_WRITE && db->is_wal) {
        err = set_journal(db, fault);
    }
    return err == VOUCH_OK && db->access == VOUCH_DRIVER_READ
               ? pragma(db, "PRAGMA query_only = ON; PRAGMA cache_size = -2048;", fault)
               : err;
}

// A path is used as it stands. SQLite would make it absolute, and then fail in a process whose user may
// not pass all the folders above the one it works in.
static int keep_path(sqlite3_vfs *vfs, const char *path, int size, char *ret_path) {
    struct stat status;
    (void)vfs;
    if (snprintf(ret_path, (size_t)size, "%s", path) >= size) {
        return SQLITE_CANTOPEN;
    }
    // What SQLITE_OPEN_NOFOLLOW looks at.
    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode) ? SQLITE_OK_SYMLINK : SQLITE_OK;
}

static void configure(void) {
    // Counting its memory would take a lock of the whole process at each allocation.
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    static sqlite3_vfs files;
    const sqlite3_vfs *usual = sqlite3_initialize() == SQLITE_OK ? sqlite3_vfs_find(NULL) : NULL;
    if (usual != NULL) {
        files = *usual;
        files.zName = "vouch";
        files.pNext = NULL;
        files.xFullPathname = keep_path;
        (void)sqlite3_vfs_register(&files, 1);
    }
}

// SQLite would make the file with the umask's mode, and its other files take the mode from it.
static int make_file(const char *path, struct vouch_fault *fault) {
    vouch_autoclose int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno != EEXIST) {
        return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_store_io,
                               "database %s: cannot be made: %s", path, strerror(errno));
    }
    return VOUCH_OK;
}

enum form { FORM_WAL = 0, FORM_MEMORY, FORM_COPY };

static int open_as(const struct vouch_driver_open *what, const char *name, enum form form,
                   struct vouch_driver_db **ret_db, struct vouch_fault *fault) {
    struct vouch_driver_db *db = calloc(1, sizeof *db);
    if (db == NULL || (db->where = strdup(what->where)) == NULL) {
        close_db(db);
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "database %s: no memory to open it", what->where);
    }
    db->access = what->access;
    db->is_wal = form == FORM_WAL;
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, configure);
    int flags = form == FORM_MEMORY ? SQLITE_OPEN_URI | SQLITE_OPEN_CREATE : SQLITE_OPEN_NOFOLLOW;
    flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(name, &db->db, flags, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_busy_timeout(db->db, (int)what->wait_ms);
    }
    int err = code == SQLITE_OK ? set_up(db, fault) : fail_at(db, code, fault);
    if (err != VOUCH_OK) {
        close_db(db);
        return err;
    }
    *ret_db = db;
    return VOUCH_OK;
}

static int check_wait(const struct vouch_driver_open *what, struct vouch_fault *fault) {
    if (what->where == NULL || what->where[0] == '\0' || what->wait_ms > INT_MAX) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_internal,
                               "database: it has no name, or the wait is too long");
    }
    return VOUCH_OK;
}

static int open_file(const struct vouch_driver_open *what, struct vouch_driver_db **ret_db,
                     struct vouch_fault *fault) {
    int err = check_wait(what, fault);
    if (err == VOUCH_OK && what->access == VOUCH_DRIVER_WRITE) {
        err = make_file(what->where, fault);
    }
    // A reader needs the right to write too: it takes part in the locks of the WAL.
    return err != VOUCH_OK ? err : open_as(what, what->where, FORM_WAL, ret_db, fault);
}

static int open_memory(const struct vouch_driver_open *what, struct vouch_driver_db **ret_db,
                       struct vouch_fault *fault) {
    char name[MESSAGE_MAX];
    int err = check_wait(what, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    (void)snprintf(name, sizeof name, "file:/%s?vfs=memdb", what->where);
    return open_as(what, name, FORM_MEMORY, ret_db, fault);
}

// --- transactions and schema

static int begin(struct vouch_driver_db *db, enum vouch_driver_durability durability,
                 struct vouch_fault *fault) {
    if (durability != db->durability) {
        int err = pragma(db,
                         durability == VOUCH_DRIVER_LATER ? "PRAGMA synchronous = NORMAL"
                                                          : "PRAGMA synchronous = FULL",
                         fault);
        if (err != VOUCH_OK) {
            return err;
        }
        db->durability = durability;
    }
    return pragma(db, "BEGIN IMMEDIATE", fault);
}

static int commit(struct vouch_driver_db *db, struct vouch_fault *fault) {
    return pragma(db, "COMMIT", fault);
}

static void rollback(struct vouch_driver_db *db) {
    // Some failures have ended the transaction already.
    if (!sqlite3_get_autocommit(db->db)) {
        (void)sqlite3_exec(db->db, "ROLLBACK", NULL, NULL, NULL);
    }
}

static int version(struct vouch_driver_db *db, int64_t *ret_version, struct vouch_fault *fault) {
    return ask(db, "PRAGMA user_version", ret_version, fault);
}

static int apply(struct vouch_driver_db *db, const struct vouch_schema *schema,
                 struct vouch_fault *fault) {
    int64_t now = 0;
    char mark[MESSAGE_MAX];
    int err = version(db, &now, fault);
    if (err != VOUCH_OK || now >= schema->version) {
        return err;
    }
    err = pragma(db, schema->sql, fault);
    if (err == VOUCH_OK) {
        // A pragma takes no parameters; both are numbers of the program's own.
        (void)snprintf(mark, sizeof mark,
                       "PRAGMA user_version = %" PRId64 "; PRAGMA application_id = %d",
                       schema->version, APPLICATION_ID);
        err = pragma(db, mark, fault);
    }
    return err;
}

static int migrate(struct vouch_driver_db *db, const struct vouch_schema *schema,
                   struct vouch_fault *fault) {
    int err = begin(db, VOUCH_DRIVER_NOW, fault);
    if (err == VOUCH_OK) {
        err = apply(db, schema, fault);
    }
    if (err == VOUCH_OK) {
        err = commit(db, fault);
    }
    if (err != VOUCH_OK) {
        rollback(db);
    }
    return err;
}

// --- statements

// An empty slice may have no address, but a NULL pointer would bind NULL.
static int bind_bytes(sqlite3_stmt *statement, int at, struct vouch_bytes bytes) {
    return bytes.len == 0 ? sqlite3_bind_zeroblob(statement, at, 0)
                          : sqlite3_bind_blob64(statement, at, bytes.ptr, bytes.len, SQLITE_STATIC);
}

static int bind(sqlite3_stmt *statement, const struct vouch_value *args, size_t count) {
    int code = SQLITE_OK;
    for (size_t i = 0; i < count && code == SQLITE_OK; i++) {
        int at = (int)i + 1;
        switch (args[i].type) {
        case VOUCH_VALUE_INTEGER:
            code = sqlite3_bind_int64(statement, at, args[i].integer);
            break;
        case VOUCH_VALUE_BYTES:
            code = bind_bytes(statement, at, args[i].bytes);
            break;
        case VOUCH_VALUE_NULL:
            code = sqlite3_bind_null(statement, at);
            break;
        }
    }
    return code;
}

static int prepare(struct vouch_driver_db *db, enum vouch_statement statement,
                   struct vouch_fault *fault) {
    const struct vouch_statement_row *row = &vouch_statements[statement];
    if (db->prepared[statement] != NULL) {
        return VOUCH_OK;
    }
    int code = sqlite3_prepare_v3(db->db, row->sql, -1, SQLITE_PREPARE_PERSISTENT,
                                  &db->prepared[statement], NULL);
    if (code == SQLITE_ERROR) { // no such table, column or function
        return vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_store_bad,
                               "database %s: its tables are not those of its version: %s",
                               db->where, sqlite3_errmsg(db->db));
    }
    if (code != SQLITE_OK) {
        return fail_at(db, code, fault);
    }
    if ((size_t)sqlite3_bind_parameter_count(db->prepared[statement]) != row->params ||
        (size_t)sqlite3_column_count(db->prepared[statement]) != row->columns) {
        return vouch_fault_set(
            fault, VOUCH_ERR_ARGUMENT, &vouch_fault_internal,
            "database: statement %d has other parameters or columns than its row", (int)statement);
    }
    return VOUCH_OK;
}

static int query(struct vouch_driver_db *db, enum vouch_statement statement,
                 const struct vouch_value *args, struct vouch_fault *fault) {
    int err = prepare(db, statement, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    return ended(db, bind(db->prepared[statement], args, vouch_statements[statement].params),
                 fault);
}

static void end(struct vouch_driver_db *db, enum vouch_statement statement) {
    if (db->prepared[statement] != NULL) {
        (void)sqlite3_reset(db->prepared[statement]);
        (void)sqlite3_clear_bindings(db->prepared[statement]);
    }
}

static int run(struct vouch_driver_db *db, enum vouch_statement statement,
               const struct vouch_value *args, uint64_t *ret_changed, struct vouch_fault *fault) {
    int err = query(db, statement, args, fault);
    if (err == VOUCH_OK) {
        err = ended(db, sqlite3_step(db->prepared[statement]), fault);
    }
    if (err == VOUCH_OK && ret_changed != NULL) {
        *ret_changed = (uint64_t)sqlite3_changes64(db->db);
    }
    end(db, statement);
    return err;
}

static struct vouch_value column(sqlite3_stmt *statement, int at) {
    switch (sqlite3_column_type(statement, at)) {
    case SQLITE_INTEGER:
        return vouch_value_integer(sqlite3_column_int64(statement, at));
    case SQLITE_BLOB: {
        const void *ptr = sqlite3_column_blob(statement, at);
        return vouch_value_bytes(
            (struct vouch_bytes){ptr, (size_t)sqlite3_column_bytes(statement, at)});
    }
    default:
        return (struct vouch_value){.type = VOUCH_VALUE_NULL};
    }
}

static int next(struct vouch_driver_db *db, enum vouch_statement statement, int *ret_found,
                struct vouch_value *ret_row, struct vouch_fault *fault) {
    int code = sqlite3_step(db->prepared[statement]);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        return fail_at(db, code, fault);
    }
    for (size_t i = 0; code == SQLITE_ROW && i < vouch_statements[statement].columns; i++) {
        ret_row[i] = column(db->prepared[statement], (int)i);
    }
    *ret_found = code == SQLITE_ROW;
    return VOUCH_OK;
}

// --- checking and copying

static int check(struct vouch_driver_db *db, struct vouch_fault *fault) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db->db, "PRAGMA quick_check(1)", -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
    }
    const char *text = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    int err = VOUCH_OK;
    if (text == NULL) {
        err = fail_at(db, code == SQLITE_ROW ? SQLITE_NOMEM : code, fault);
    } else if (strcmp(text, "ok") != 0) {
        err = vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_store_bad, "database %s: %s",
                              db->where, text);
    }
    sqlite3_finalize(statement);
    return err;
}

// Copies what the read transaction of `db` sees, so that it is one moment however long it takes.
static int copy_pages(struct vouch_driver_db *db, struct vouch_driver_db *copy,
                      struct vouch_fault *fault) {
    sqlite3_backup *job = sqlite3_backup_init(copy->db, "main", db->db, "main");
    if (job == NULL) {
        return fail_at(copy, sqlite3_extended_errcode(copy->db), fault);
    }
    int code = SQLITE_OK;
    while (code == SQLITE_OK) {
        code = sqlite3_backup_step(job, BACKUP_PAGES);
    }
    int finish = sqlite3_backup_finish(job);
    return code == SQLITE_DONE ? ended(copy, finish, fault) : fail(NULL, copy->where, code, fault);
}

static int fill_copy(struct vouch_driver_db *db, struct vouch_driver_db *copy,
                     struct vouch_fault *fault) {
    int64_t tables = 0;
    int err = pragma(db, "BEGIN", fault);
    if (err == VOUCH_OK) {
        err = ask(db, "SELECT count(*) FROM sqlite_schema", &tables, fault);
    }
    if (err == VOUCH_OK) {
        err = copy_pages(db, copy, fault);
    }
    rollback(db);
    if (err == VOUCH_OK) {
        // One file, without a WAL beside it.
        err = pragma(copy, "PRAGMA journal_mode = DELETE", fault);
    }
    return err == VOUCH_OK ? check(copy, fault) : err;
}

static int publish(const char *part, const char *path, struct vouch_fault *fault) {
    vouch_autoclose int fd = open(part, O_RDWR | O_CLOEXEC);
    // A hard link, unlike a rename, refuses an existing file.
    if (fd < 0 || fsync(fd) != 0 || link(part, path) != 0) {
        int err = errno == EEXIST ? VOUCH_ERR_EXISTS : VOUCH_ERR_IO;
        return vouch_fault_set(fault, err,
                               err == VOUCH_ERR_EXISTS ? &vouch_fault_exists : &vouch_fault_write,
                               "backup %s: %s", path, strerror(errno));
    }
    int err = vouch_io_sync_folder(path);
    return err == VOUCH_OK ? VOUCH_OK
                           : vouch_fault_set(fault, err, &vouch_fault_write,
                                             "backup %s: its folder cannot be synced: %s", path,
                                             strerror(errno));
}

static int backup(struct vouch_driver_db *db, const char *path, struct vouch_fault *fault) {
    char part[PATH_MAX];
    struct vouch_driver_db *copy = NULL;
    int len = snprintf(part, sizeof part, "%s.part", path);
    if (len < 0 || (size_t)len >= sizeof part) {
        return vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_write,
                               "backup %s: the path is too long", path);
    }
    (void)unlink(part); // of a backup that was killed
    int err = make_file(part, fault);
    const struct vouch_driver_open what = {.where = part, .access = VOUCH_DRIVER_WRITE};
    if (err == VOUCH_OK) {
        err = open_as(&what, part, FORM_COPY, &copy, fault);
    }
    if (err == VOUCH_OK) {
        err = fill_copy(db, copy, fault);
    }
    close_db(copy);
    if (err == VOUCH_OK) {
        err = publish(part, path, fault);
    }
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char name[PATH_MAX + sizeof "-journal"];
        (void)snprintf(name, sizeof name, "%s%s", part, ends[i]);
        (void)unlink(name);
    }
    return err;
}

#define DRIVER(name_, open_)                                                                       \
    {                                                                                              \
        .name = (name_), .open = (open_), .close = close_db, .version = version,                   \
        .migrate = migrate, .begin = begin, .commit = commit, .rollback = rollback, .run = run,    \
        .query = query, .next = next, .end = end, .check = check, .backup = backup                 \
    }

const struct vouch_driver vouch_driver_sqlite = DRIVER("sqlite", open_file);
const struct vouch_driver vouch_driver_sqlite_memory = DRIVER("sqlite-memory", open_memory);
