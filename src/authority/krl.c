// SPDX-License-Identifier: ISC
// The revocation list of each CA: made from the index, published by the signer, kept in a file.
//
// A list is made anew only if it differs from the one that is out, or if that one is of an older epoch;
// its version then rises. The file holds list and envelope as two strings of RFC 4251, so that a rename
// replaces both.
#include <inttypes.h>
#include <stdio.h>

#include "authority/entry.h"
#include "authority/office.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "core/krl-canary.h"
#include "store/audit.h"
#include "vouch/krl.h"

#define LIST_MAX (128u * 1024 * 1024)
#define FILE_MAX (LIST_MAX + 128u * 1024)
#define PAGE 1000
#define PATH_LEN 4096

static const char *use_of(size_t ca) {
    return ca == 0 ? "user" : "host";
}

static void path_of(const struct vouch_office *office, size_t ca, char *ret_path) {
    (void)snprintf(ret_path, PATH_LEN, "%s/krl-%s", office->krl_dir, use_of(ca));
}

static int failed(size_t ca, int err, const char *what, struct vouch_fault *fault) {
    return vouch_fault_set(fault, err, &vouch_fault_publish, "revocation list %s: %s: %s",
                           use_of(ca), what, vouch_err_text(err));
}

// --- making

static uint64_t serial_of(struct vouch_bytes value) {
    uint64_t serial = 0;
    for (size_t i = 0; i < value.len; i++) {
        serial = serial << 8 | value.ptr[i];
    }
    return serial;
}

static int add(struct vouch_krl *krl, const struct vouch_key *ca,
               const struct vouch_store_revocation *row) {
    uint64_t serial = 0;
    switch (row->kind) {
    case VOUCH_STORE_REVOKE_SERIAL:
        serial = serial_of(row->value);
        return vouch_krl_add_serials(krl, ca, serial, serial);
    case VOUCH_STORE_REVOKE_KEY_ID:
        return vouch_krl_add_key_id(krl, ca, row->value);
    case VOUCH_STORE_REVOKE_KEY:
    case VOUCH_STORE_REVOKE_CA:
        return vouch_krl_add_hash(krl, VOUCH_HASH_SHA256, row->value);
    case VOUCH_STORE_REVOKE_NONE:
        break;
    }
    return VOUCH_ERR_CORRUPT;
}

struct list {
    struct vouch_local *authority;
    size_t ca;
    struct vouch_office_cas cas; // of both
    uint64_t now_s;
    struct vouch_krl *krl;
};

static int is_of_list(const struct list *list, const struct vouch_office_ca *ca) {
    return vouch_ca_index(ca->use) == list->ca;
}

// To the section of one key; with NULL, to that of each key.
static int add_row(const struct list *list, const struct vouch_office_ca *only,
                   const struct vouch_store_revocation *row, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < list->cas.count; i++) {
        const struct vouch_office_ca *ca = &list->cas.rows[i];
        if (is_of_list(list, ca) && (only == NULL || only == ca)) {
            err = add(list->krl, ca->key, row);
        }
    }
    return err != VOUCH_OK ? failed(list->ca, err, "an entry", fault) : VOUCH_OK;
}

// Adds what is revoked of one CA key, or (with NULL) of any, page by page.
static int add_all(const struct list *list, const struct vouch_office_ca *only,
                   struct vouch_fault *fault) {
    static const uint8_t any[VOUCH_STORE_HASH_LEN] = {0};
    const uint8_t *ca_hash = only != NULL ? only->hash : any;
    char cursor[VOUCH_STORE_CURSOR_MAX] = "";
    struct vouch_pool *pool = &list->authority->office->slow;
    int err = VOUCH_OK;
    do {
        struct vouch_store_revocations page = {0};
        const struct vouch_store_page what = {.limit = PAGE, .cursor = vouch_bytes_of(cursor)};
        struct vouch_store *store = vouch_pool_take(pool);
        err = vouch_store_revocations_list(store, ca_hash, list->now_s, &what, &page, fault);
        vouch_pool_give(pool, store);
        for (size_t i = 0; err == VOUCH_OK && i < page.count; i++) {
            err = add_row(list, only, &page.rows[i], fault);
        }
        memcpy(cursor, page.next, sizeof cursor);
        vouch_store_revocations_done(&page);
    } while (err == VOUCH_OK && cursor[0] != '\0');
    return err;
}

// Each user list revokes the canary, so that hosts can see that a list does what it is for.
static int add_canary(struct list *list, struct vouch_fault *fault) {
    struct vouch_bytes name = vouch_bytes_of(list->authority->office->origin);
    int err = list->ca == 0 ? vouch_krl_canary_add(list->krl, name) : VOUCH_OK;
    return err != VOUCH_OK ? failed(list->ca, err, "the canary", fault) : VOUCH_OK;
}

static int gather(struct list *list, struct vouch_fault *fault) {
    list->krl = vouch_krl_new();
    if (list->krl == NULL) {
        return vouch_no_memory(fault);
    }
    int err = add_canary(list, fault);
    for (size_t i = 0; err == VOUCH_OK && i < list->cas.count; i++) {
        if (is_of_list(list, &list->cas.rows[i])) {
            err = add_all(list, &list->cas.rows[i], fault);
        }
    }
    return err == VOUCH_OK ? add_all(list, NULL, fault) : err;
}

static int write_list(const struct list *list, uint64_t version, uint64_t generated_s,
                      struct vouch_buf *out, struct vouch_fault *fault) {
    vouch_buf_clear(out);
    vouch_krl_set_header(list->krl, version, generated_s, list->authority->office->origin);
    int err = vouch_krl_write(list->krl, out);
    return err != VOUCH_OK ? failed(list->ca, err, "it cannot be written", fault) : VOUCH_OK;
}

// --- versions

// The version that the ledger knows to be published: the database's own note may be of an older copy.
static int version_in_ledger(struct vouch_local *authority, size_t ca, uint64_t *ret_version,
                             struct vouch_fault *fault) {
    const struct vouch_store_event_filter filter = {.type = vouch_bytes_of("krl.publish"),
                                                    .object = vouch_bytes_of(use_of(ca))};
    const struct vouch_store_page page = {.limit = 1};
    struct vouch_store_events events = {0};
    struct vouch_pool *pool = &authority->office->slow;
    struct vouch_store *store = vouch_pool_take(pool);
    int err = vouch_store_audit_list(store, &filter, &page, &events, fault);
    vouch_pool_give(pool, store);
    if (err == VOUCH_OK && events.count > 0) {
        const struct vouch_record record = {.kind = VOUCH_RECORD_EVENT,
                                            .details = events.rows[0].details};
        struct vouch_bytes version;
        (void)(vouch_record_detail(&record, "version", &version) &&
               vouch_str_to_u64(version, ret_version) == VOUCH_OK);
    }
    vouch_store_events_done(&events);
    return err;
}

// Below this is what another life of this ledger may have published: doc/krl.md, "Versions".
static uint64_t version_floor(struct vouch_office *office) {
    return (uint64_t)atomic_load(&office->epoch) << VOUCH_KRL_EPOCH_SHIFT;
}

// The newest version that the database has noted for any key of the use.
static int version_noted(const struct list *list, uint64_t *ret_version,
                         struct vouch_fault *fault) {
    struct vouch_pool *pool = &list->authority->office->slow;
    struct vouch_store *store = vouch_pool_take(pool);
    uint64_t version = 0;
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < list->cas.count; i++) {
        struct vouch_store_krl newest = {0};
        enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
        if (is_of_list(list, &list->cas.rows[i])) {
            err = vouch_store_krl_newest(store, list->cas.rows[i].hash, &outcome, &newest, fault);
            version = newest.version > version ? newest.version : version;
        }
    }
    vouch_pool_give(pool, store);
    *ret_version = version;
    return err;
}

static int next_version(const struct list *list, uint64_t *ret_version, struct vouch_fault *fault) {
    struct vouch_office *office = list->authority->office;
    uint64_t noted = 0;
    uint64_t published = 0;
    int err = version_noted(list, &noted, fault);
    if (err == VOUCH_OK) {
        err = version_in_ledger(list->authority, list->ca, &published, fault);
    }
    if (err == VOUCH_OK) {
        uint64_t last = noted > published ? noted : published;
        last = office->krls[list->ca].version > last ? office->krls[list->ca].version : last;
        *ret_version = last + 1 > version_floor(office) ? last + 1 : version_floor(office);
    }
    return err;
}

// --- publishing

// Takes over the bytes: list, then envelope.
static void set_public(struct vouch_office *office, size_t ca, const struct vouch_office_krl *krl) {
    pthread_mutex_lock(&office->public_lock);
    uint8_t *old = office->krls[ca].bytes;
    office->krls[ca] = *krl;
    pthread_cond_broadcast(&office->news);
    pthread_mutex_unlock(&office->public_lock);
    free(old);
}

static int keep_file(struct vouch_office *office, size_t ca, const struct vouch_office_krl *krl,
                     struct vouch_fault *fault) {
    char path[PATH_LEN];
    struct vouch_buf content;
    vouch_buf_init(&content, FILE_MAX);
    path_of(office, ca, path);
    vouch_write_string(&content, (struct vouch_bytes){krl->bytes, krl->krl_len});
    vouch_write_string(&content,
                       (struct vouch_bytes){krl->bytes + krl->krl_len, krl->envelope_len});
    const struct vouch_io_file file = {.path = path, .mode = 0600, .existing = VOUCH_IO_REPLACE};
    int err = content.err != VOUCH_OK ? vouch_no_memory(fault)
                                      : vouch_io_write(&file, vouch_buf_bytes(&content), fault);
    vouch_buf_done(&content);
    return err;
}

static int note_version(const struct list *list, const struct vouch_store_krl *krl,
                        struct vouch_fault *fault) {
    struct vouch_office *office = list->authority->office;
    const uint8_t *hash = vouch_cas_active(&list->cas, list->ca)->hash;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_krl_add(office->desk, hash, krl, &outcome, fault);
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

static int join(struct vouch_bytes list, struct vouch_bytes envelope,
                struct vouch_office_krl *krl) {
    krl->bytes = malloc(list.len + envelope.len + 1);
    if (krl->bytes == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    krl->krl_len = list.len;
    krl->envelope_len = envelope.len;
    memcpy(krl->bytes, list.ptr, list.len);
    memcpy(krl->bytes + list.len, envelope.ptr, envelope.len);
    return VOUCH_OK;
}

// The signer notes it, then it is public; the file and the database's note are for the next start.
static int publish(const struct list *list, const struct vouch_store_krl *version,
                   struct vouch_bytes bytes, struct vouch_fault *fault) {
    struct vouch_signer_published published = {0};
    struct vouch_signer_krl what = {.ca = list->ca == 0 ? VOUCH_CERT_USER : VOUCH_CERT_HOST,
                                    .version = version->version,
                                    .length = bytes.len,
                                    .actor = vouch_bytes_of("vouchd")};
    struct vouch_office_krl krl = {.version = version->version,
                                   .generated_s = version->generated_s};
    memcpy(what.sha256, version->hash, sizeof what.sha256);
    int err = vouch_seat_publish(list->authority, &what, &published, fault);
    if (err == VOUCH_OK && join(bytes, published.envelope, &krl) != VOUCH_OK) {
        err = vouch_no_memory(fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    err = keep_file(list->authority->office, list->ca, &krl, fault);
    set_public(list->authority->office, list->ca, &krl);
    int noted = note_version(list, version, err == VOUCH_OK ? fault : NULL);
    return err != VOUCH_OK ? err : noted;
}

static int count_cas(struct vouch_bytes envelope) {
    static const char line[] = "\nca ";
    int count = 0;
    const uint8_t *end = envelope.ptr + envelope.len;
    const uint8_t *at = envelope.ptr;
    while ((at = memmem(at, (size_t)(end - at), line, sizeof line - 1)) != NULL) {
        at += sizeof line - 1;
        count++;
    }
    return count;
}

// Whether the envelope that is out names the keys of the CA as they are now.
static int names_the_keys(const struct list *list, const struct vouch_office_krl *krl) {
    const struct vouch_bytes envelope = {krl->bytes + krl->krl_len, krl->envelope_len};
    int count = 0;
    for (size_t i = 0; i < list->cas.count; i++) {
        char fingerprint[VOUCH_FINGERPRINT_MAX], line[VOUCH_FINGERPRINT_MAX + 8];
        if (!is_of_list(list, &list->cas.rows[i])) {
            continue;
        }
        vouch_key_fingerprint(list->cas.rows[i].key, VOUCH_HASH_SHA256, fingerprint);
        int len = snprintf(line, sizeof line, "\nca %s\n", fingerprint);
        if (memmem(envelope.ptr, envelope.len, line, (size_t)len) == NULL) {
            return 0;
        }
        count++;
    }
    return count == count_cas(envelope);
}

static int is_young(const struct vouch_office_krl *krl, uint64_t now_s) {
    return now_s < krl->generated_s + VOUCH_KRL_STAYS_S;
}

int vouch_krl_is_due(const struct vouch_office *office, size_t ca) {
    return atomic_load(&office->krl_is_due[ca]) || !is_young(&office->krls[ca], vouch_time_now_s());
}

// Whether the list that is out can stay: it is not old, says the same, of the same keys, and under a
// version of this epoch.
static int can_stay(const struct list *list, const struct vouch_office_krl *krl,
                    struct vouch_bytes bytes) {
    return is_young(krl, list->now_s) && krl->version > 0 &&
           krl->version >= version_floor(list->authority->office) &&
           vouch_bytes_equal((struct vouch_bytes){krl->bytes, krl->krl_len}, bytes) &&
           names_the_keys(list, krl);
}

static int renew(struct list *list, struct vouch_buf *out, struct vouch_fault *fault) {
    struct vouch_office *office = list->authority->office;
    const struct vouch_office_krl *now = &office->krls[list->ca];
    struct vouch_store_krl version = {.generated_s = list->now_s};
    int err = gather(list, fault);
    if (err == VOUCH_OK) {
        err = write_list(list, now->version, now->generated_s, out, fault);
    }
    if (err != VOUCH_OK || can_stay(list, now, vouch_buf_bytes(out))) {
        return err;
    }
    err = next_version(list, &version.version, fault);
    if (err == VOUCH_OK) {
        err = write_list(list, version.version, version.generated_s, out, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_hash_of(list->authority, vouch_buf_bytes(out), version.hash, fault);
    }
    return err == VOUCH_OK ? publish(list, &version, vouch_buf_bytes(out), fault) : err;
}

int vouch_krl_renew(struct vouch_local *authority, size_t ca, struct vouch_fault *fault) {
    struct list list = {.authority = authority, .ca = ca, .now_s = vouch_time_now_s()};
    struct vouch_buf out;
    vouch_buf_init(&out, LIST_MAX);
    vouch_cas_now(authority->office, &list.cas);
    // Before the index is read: what comes later is due again.
    atomic_store(&authority->office->krl_is_due[ca], 0);
    int err = renew(&list, &out, fault);
    if (err != VOUCH_OK) {
        atomic_store(&authority->office->krl_is_due[ca], 1);
    }
    vouch_krl_free(list.krl);
    vouch_buf_done(&out);
    return err;
}

// --- from the file

// Whether the envelope speaks of this list: the signature was checked by whoever made it, and is
// checked by whoever uses it.
static int belongs(struct vouch_local *authority, struct vouch_bytes envelope,
                   struct vouch_bytes list, uint64_t version) {
    char line[200];
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    struct vouch_buf hex;
    if (vouch_hash_of(authority, list, hash, NULL) != VOUCH_OK) {
        return 0;
    }
    vouch_buf_init(&hex, 128);
    vouch_str_hex((struct vouch_bytes){hash, sizeof hash}, &hex);
    int len = snprintf(line, sizeof line, "\nversion %" PRIu64 "\nlength %zu\nsha256 %.*s\n",
                       version, list.len, (int)hex.len, (const char *)hex.ptr);
    vouch_buf_done(&hex);
    return len > 0 && memmem(envelope.ptr, envelope.len, line, (size_t)len) != NULL;
}

static void load(struct vouch_local *authority, size_t ca, struct vouch_bytes content) {
    struct vouch_reader reader;
    struct vouch_krl *krl = NULL;
    vouch_reader_init(&reader, content);
    struct vouch_bytes list = vouch_read_string(&reader, "list");
    struct vouch_bytes envelope = vouch_read_string(&reader, "envelope");
    if (vouch_reader_end(&reader, NULL) != VOUCH_OK ||
        vouch_krl_parse(list, &krl, NULL) != VOUCH_OK) {
        return;
    }
    struct vouch_krl_header header = vouch_krl_header(krl);
    struct vouch_office_krl loaded = {.version = header.version, .generated_s = header.generated};
    if (header.version > 0 && belongs(authority, envelope, list, header.version) &&
        join(list, envelope, &loaded) == VOUCH_OK) {
        set_public(authority->office, ca, &loaded);
    }
    vouch_krl_free(krl);
}

void vouch_krl_load(struct vouch_local *authority, size_t ca) {
    char path[PATH_LEN];
    struct vouch_buf content;
    vouch_buf_init(&content, FILE_MAX);
    path_of(authority->office, ca, path);
    if (vouch_io_read(path, FILE_MAX, &content, NULL) == VOUCH_OK) {
        load(authority, ca, vouch_buf_bytes(&content));
    }
    vouch_buf_done(&content);
}
