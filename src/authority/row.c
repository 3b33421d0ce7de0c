// SPDX-License-Identifier: ISC
// Turning rows and records into each other.
#include "authority/row.h"

#include <inttypes.h>
#include <stdio.h>

struct vouch_profile_row vouch_profile_row_of(const struct vouch_store_profile *profile) {
    return (struct vouch_profile_row){
        .name = profile->name,
        .type = profile->type,
        .principals = {profile->principals, profile->principal_count},
        .options = {profile->options, profile->option_count},
        .ttl_max_s = profile->max_ttl_s,
        .updated_s = profile->updated_s,
        .actor = profile->actor,
    };
}

struct vouch_token_row vouch_token_row_of(const struct vouch_store_token *token) {
    return (struct vouch_token_row){
        .name = token->name,
        .scopes = {token->scopes, token->scope_count},
        .profile = token->profile,
        .actor = token->actor,
        .created_s = token->created_s,
        .expires_s = token->expires_s,
        .last_used_s = token->last_used_s,
        .disabled_s = token->disabled_s,
    };
}

struct vouch_cert_row vouch_cert_row_of(const struct vouch_store_cert *cert) {
    struct vouch_cert_row row = {
        .serial = cert->serial,
        .number = cert->number,
        .time_ms = cert->time_ms,
        .type = cert->type,
        .key_id = cert->key_id,
        .principals = {cert->principals, cert->principal_count},
        .valid_after = cert->valid_after,
        .valid_before = cert->valid_before,
        .actor = cert->actor,
        .role = cert->role,
        .source = cert->source,
        .revoked_ms = cert->revoked.time_ms,
        .revoked_by = cert->revoked.actor,
        .revoked_reason = cert->revoked.reason,
    };
    memcpy(row.key, cert->key, sizeof row.key);
    memcpy(row.ca, cert->ca, sizeof row.ca);
    return row;
}

struct vouch_revocation_row vouch_revocation_row_of(
    const struct vouch_store_revocation *revocation) {
    struct vouch_revocation_row row = {
        .number = revocation->number,
        .time_ms = revocation->time_ms,
        .kind = (enum vouch_revoke_kind)revocation->kind,
        .value = revocation->value,
        .reason = revocation->reason,
        .actor = revocation->actor,
        .until_s = revocation->until_s,
    };
    memcpy(row.ca, revocation->ca, sizeof row.ca);
    return row;
}

// --- certificates

int vouch_own_cert_read(struct vouch_bytes blob, struct vouch_cert_view *ret_view) {
    struct vouch_cert_view view;
    int err = vouch_cert_view_read(blob, &view, NULL);
    if (err == VOUCH_OK && view.type == VOUCH_CERT_NONE) {
        err = VOUCH_ERR_CERT_TYPE;
    }
    if (err == VOUCH_OK) {
        *ret_view = view;
    }
    return err;
}

static size_t count_strings(struct vouch_bytes list) {
    struct vouch_reader reader;
    size_t count = 0;
    vouch_reader_init(&reader, list);
    while (reader.err == VOUCH_OK && vouch_reader_left(&reader) > 0) {
        (void)vouch_read_string(&reader, "list");
        count++;
    }
    return reader.err == VOUCH_OK ? count : SIZE_MAX;
}

int vouch_strings_read(struct vouch_bytes list, size_t max, struct vouch_arena *arena,
                       struct vouch_text_list *ret_list) {
    size_t count = count_strings(list);
    if (count == SIZE_MAX || count > max) {
        return count == SIZE_MAX ? VOUCH_ERR_FORMAT : VOUCH_ERR_LIMIT;
    }
    struct vouch_bytes *items = vouch_arena_alloc(arena, (count + 1) * sizeof *items);
    if (items == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    struct vouch_reader reader;
    vouch_reader_init(&reader, list);
    for (size_t i = 0; i < count; i++) {
        items[i] = vouch_read_string(&reader, "list");
    }
    *ret_list = (struct vouch_text_list){items, count};
    return VOUCH_OK;
}

// --- records

int vouch_record_keep(struct vouch_arena *arena, struct vouch_record *record) {
    struct vouch_bytes *parts[] = {
        &record->actor,  &record->cert,   &record->evidence, &record->role,   &record->request,
        &record->source, &record->policy, &record->type,     &record->object, &record->details};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (vouch_arena_copy(arena, *parts[i], parts[i]) != VOUCH_OK) {
            return VOUCH_ERR_NO_MEMORY;
        }
    }
    return VOUCH_OK;
}

int vouch_record_fetch(struct vouch_local *authority, uint64_t number,
                       struct vouch_record *ret_record, struct vouch_fault *fault) {
    struct vouch_ledger_reader *reader = NULL;
    struct vouch_record record = {0};
    int is_found = 0;
    const char *dir = authority->office->ledger_dir;
    int err = vouch_ledger_reader_open(dir, number, &reader, fault);
    if (err == VOUCH_OK) {
        err = vouch_ledger_reader_next(reader, &record, &is_found, fault);
    }
    if (err == VOUCH_OK && (!is_found || record.number != number)) {
        err = vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_ledger_bad,
                              "ledger %s: record %" PRIu64 " is not there", dir, number);
    }
    if (err == VOUCH_OK && vouch_record_keep(&authority->arena, &record) != VOUCH_OK) {
        err = vouch_no_memory(fault);
    }
    vouch_ledger_reader_close(reader);
    if (err == VOUCH_OK) {
        *ret_record = record;
    }
    return err;
}

static int not_a_cert(uint64_t number, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_ledger_bad,
                           "ledger: record %" PRIu64 " holds no certificate that can be read",
                           number);
}

int vouch_cert_row_of_record(struct vouch_local *authority, const struct vouch_record *record,
                             struct vouch_cert_row *ret_row, struct vouch_fault *fault) {
    struct vouch_cert_view view;
    struct vouch_buf key;
    struct vouch_cert_row row = {.number = record->number,
                                 .time_ms = record->time_ms,
                                 .actor = record->actor,
                                 .role = record->role,
                                 .source = record->source,
                                 .cert = record->cert};
    if (record->kind != VOUCH_RECORD_CERT || vouch_own_cert_read(record->cert, &view) != VOUCH_OK ||
        vouch_strings_read(view.principals, VOUCH_CERT_PRINCIPALS_MAX, &authority->arena,
                           &row.principals) != VOUCH_OK) {
        return not_a_cert(record->number, fault);
    }
    row.serial = view.serial;
    row.type = view.type;
    row.key_id = view.key_id;
    row.valid_after = view.valid_after;
    row.valid_before = view.valid_before;
    vouch_buf_init(&key, VOUCH_KEY_BLOB_MAX);
    vouch_cert_view_key(&view, &key);
    int err = key.err != VOUCH_OK ? vouch_no_memory(fault)
                                  : vouch_hash_of(authority, vouch_buf_bytes(&key), row.key, fault);
    vouch_buf_done(&key);
    if (err == VOUCH_OK) {
        err = vouch_hash_of(authority, view.ca, row.ca, fault);
    }
    if (err == VOUCH_OK) {
        *ret_row = row;
    }
    return err;
}

// --- finding

static int keep_list(struct vouch_arena *arena, struct vouch_text_list *list) {
    struct vouch_bytes *items = vouch_arena_alloc(arena, (list->count + 1) * sizeof *items);
    for (size_t i = 0; items != NULL && i < list->count; i++) {
        if (vouch_arena_copy(arena, list->items[i], &items[i]) != VOUCH_OK) {
            return VOUCH_ERR_NO_MEMORY;
        }
    }
    list->items = items;
    return items != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
}

static int keep_row(struct vouch_arena *arena, struct vouch_cert_row *row) {
    struct vouch_bytes *parts[] = {&row->key_id, &row->actor,      &row->role,
                                   &row->source, &row->revoked_by, &row->revoked_reason};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (vouch_arena_copy(arena, *parts[i], parts[i]) != VOUCH_OK) {
            return VOUCH_ERR_NO_MEMORY;
        }
    }
    return keep_list(arena, &row->principals);
}

int vouch_cert_find(struct vouch_local *authority, uint64_t serial, int *ret_found,
                    struct vouch_cert_row *ret_row, struct vouch_fault *fault) {
    const struct vouch_store_cert_filter filter = {.serial = &serial};
    const struct vouch_store_page page = {.limit = 1};
    struct vouch_store_certs certs = {0};
    struct vouch_pool *pool = &authority->office->slow;
    struct vouch_store *store = vouch_pool_take(pool);
    int err = vouch_store_certs_list(store, &filter, &page, &certs, fault);
    vouch_pool_give(pool, store);
    if (err != VOUCH_OK) {
        return err;
    }
    int is_found = certs.count > 0;
    if (is_found) {
        struct vouch_cert_row row = vouch_cert_row_of(&certs.rows[0]);
        err = keep_row(&authority->arena, &row) == VOUCH_OK ? VOUCH_OK : vouch_no_memory(fault);
        *ret_row = row;
    }
    vouch_store_certs_done(&certs);
    if (err == VOUCH_OK) {
        *ret_found = is_found;
    }
    return err;
}

int vouch_cert_row_fill(struct vouch_local *authority, struct vouch_cert_row *row,
                        struct vouch_fault *fault) {
    struct vouch_record record;
    struct vouch_cert_view view;
    int err = vouch_record_fetch(authority, row->number, &record, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (record.kind != VOUCH_RECORD_CERT || vouch_own_cert_read(record.cert, &view) != VOUCH_OK ||
        view.serial != row->serial) {
        return not_a_cert(row->number, fault);
    }
    row->cert = record.cert;
    return VOUCH_OK;
}

void vouch_arena_adopt(struct vouch_local *authority, struct vouch_arena *take_arena) {
    vouch_arena_done(&authority->arena);
    authority->arena = *take_arena;
    *take_arena = (struct vouch_arena){0};
}

struct vouch_store_page vouch_page_of(const struct vouch_ask_page *page) {
    size_t limit = page->limit > VOUCH_ASK_PAGE_MAX ? VOUCH_ASK_PAGE_MAX : (size_t)page->limit;
    return (struct vouch_store_page){.limit = limit, .cursor = page->cursor};
}

int vouch_cursor_is_bad(int err, struct vouch_reply *reply, const struct vouch_fault *fault) {
    if (err != VOUCH_ERR_FORMAT || fault->kind != &vouch_fault_input) {
        return 0;
    }
    vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "cursor",
                    "the cursor is not one of this listing");
    return 1;
}
