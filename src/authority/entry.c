// SPDX-License-Identifier: ISC
// Records of the ledger, read for the index: certificates with the request that made them, events, and
// among them revocations.
#include "authority/entry.h"

#include <inttypes.h>
#include <stdio.h>

#include "authority/row.h"
#include "base/str.h"

static const struct {
    enum vouch_store_revocation_kind kind;
    const char *word;
} kinds[] = {{VOUCH_STORE_REVOKE_SERIAL, "serial"},
             {VOUCH_STORE_REVOKE_KEY_ID, "key-id"},
             {VOUCH_STORE_REVOKE_KEY, "key"},
             {VOUCH_STORE_REVOKE_CA, "ca"}};

const char *vouch_entry_kind_word(enum vouch_store_revocation_kind kind) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind == kind) {
            return kinds[i].word;
        }
    }
    return "";
}

// --- the request: "ID session=NUMBER once=HEX body=HEX until=SECONDS", the session and the rest if there are any

static int take_hash(struct vouch_bytes word, const char *name, uint8_t *ret_hash) {
    struct vouch_buf hash;
    if (!vouch_str_take(&word, name) || word.len != (size_t)2 * VOUCH_STORE_HASH_LEN) {
        return 0;
    }
    vouch_buf_init_fixed(&hash, ret_hash, VOUCH_STORE_HASH_LEN);
    return vouch_str_unhex(word, &hash) == VOUCH_OK;
}

static int take_until(struct vouch_bytes word, uint64_t *ret_until_s) {
    return vouch_str_take(&word, "until=") && vouch_str_to_u64(word, ret_until_s) == VOUCH_OK;
}

// Nonzero if the request had an idempotency key.
static int read_once(struct vouch_bytes request, struct vouch_store_once *ret_once) {
    struct vouch_bytes rest = request;
    (void)vouch_str_cut(&rest, ' ');
    struct vouch_bytes session = rest;
    if (vouch_str_take(&session, "session=")) {
        (void)vouch_str_cut(&rest, ' ');
    }
    struct vouch_bytes words[3] = {{0}};
    for (size_t i = 0; i < 3 && rest.ptr != NULL; i++) {
        words[i] = vouch_str_cut(&rest, ' ');
    }
    return rest.ptr == NULL && take_hash(words[0], "once=", ret_once->key) &&
           take_hash(words[1], "body=", ret_once->request) &&
           take_until(words[2], &ret_once->expires_s);
}

// --- certificates

static int hash_key(struct vouch_local *authority, const struct vouch_cert_view *view,
                    uint8_t *ret_hash, struct vouch_fault *fault) {
    struct vouch_buf key;
    vouch_buf_init(&key, VOUCH_RECORD_MAX);
    vouch_cert_view_key(view, &key);
    int err = key.err != VOUCH_OK
                  ? vouch_no_memory(fault)
                  : vouch_hash_of(authority, vouch_buf_bytes(&key), ret_hash, fault);
    vouch_buf_done(&key);
    return err;
}

static int bad_record(const struct vouch_record *record, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_ledger_bad,
                           "ledger: record %" PRIu64 " holds a certificate that cannot be indexed",
                           record->number);
}

static int make_cert(struct vouch_local *authority, struct vouch_arena *arena,
                     const struct vouch_record *record, struct vouch_store_record *ret_entry,
                     struct vouch_fault *fault) {
    struct vouch_store_cert *cert = vouch_arena_alloc(arena, sizeof *cert);
    struct vouch_store_once *once = vouch_arena_alloc(arena, sizeof *once);
    struct vouch_cert_view view;
    struct vouch_text_list principals;
    if (cert == NULL || once == NULL) {
        return vouch_no_memory(fault);
    }
    if (vouch_own_cert_read(record->cert, &view) != VOUCH_OK ||
        vouch_strings_read(view.principals, VOUCH_CERT_PRINCIPALS_MAX, arena, &principals) !=
            VOUCH_OK) {
        return bad_record(record, fault);
    }
    *cert = (struct vouch_store_cert){.number = record->number,
                                      .time_ms = record->time_ms,
                                      .serial = view.serial,
                                      .type = view.type,
                                      .key_id = view.key_id,
                                      .principals = principals.items,
                                      .principal_count = principals.count,
                                      .valid_after = view.valid_after,
                                      .valid_before = view.valid_before,
                                      .actor = record->actor,
                                      .role = record->role,
                                      .request = record->request,
                                      .source = record->source,
                                      .policy = record->policy};
    int err = vouch_cas_hash(authority, view.ca, cert->ca, fault);
    if (err == VOUCH_OK) {
        err = hash_key(authority, &view, cert->key, fault);
    }
    *ret_entry = (struct vouch_store_record){
        .cert = cert, .once = read_once(record->request, once) ? once : NULL};
    return err;
}

// --- revocations

void vouch_entry_revocation_put(const struct vouch_store_revocation *revocation,
                                struct vouch_buf *details) {
    static const uint8_t any[VOUCH_STORE_HASH_LEN] = {0};
    char until[24];
    struct vouch_buf hex;
    vouch_buf_init(&hex, 1024);
    vouch_record_detail_put(details, "kind",
                            vouch_bytes_of(vouch_entry_kind_word(revocation->kind)));
    if (revocation->kind == VOUCH_STORE_REVOKE_KEY_ID) {
        vouch_record_detail_put(details, "value", revocation->value);
    } else {
        vouch_str_hex(revocation->value, &hex);
        vouch_record_detail_put(details, "value", vouch_buf_bytes(&hex));
    }
    vouch_buf_clear(&hex);
    if (memcmp(revocation->ca, any, sizeof any) != 0) {
        vouch_str_hex((struct vouch_bytes){revocation->ca, sizeof revocation->ca}, &hex);
    }
    vouch_record_detail_put(details, "ca", vouch_buf_bytes(&hex));
    vouch_record_detail_put(details, "reason", revocation->reason);
    (void)snprintf(until, sizeof until, "%" PRIu64, revocation->until_s);
    vouch_record_detail_put(details, "until", vouch_bytes_of(until));
    if (hex.err != VOUCH_OK && details->err == VOUCH_OK) {
        details->err = hex.err;
    }
    vouch_buf_done(&hex);
}

static int take_kind(struct vouch_bytes word, enum vouch_store_revocation_kind *ret_kind) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (vouch_bytes_equal(word, vouch_bytes_of(kinds[i].word))) {
            *ret_kind = kinds[i].kind;
            return 1;
        }
    }
    return 0;
}

// The value of a revocation from its text; -1 if memory is short.
static int take_value(struct vouch_arena *arena, struct vouch_bytes text,
                      struct vouch_store_revocation *revocation) {
    size_t len = revocation->kind == VOUCH_STORE_REVOKE_SERIAL ? 8 : VOUCH_STORE_HASH_LEN;
    if (revocation->kind == VOUCH_STORE_REVOKE_KEY_ID) {
        revocation->value = text;
        return text.len > 0;
    }
    uint8_t *value = vouch_arena_alloc(arena, len);
    if (value == NULL) {
        return -1;
    }
    struct vouch_buf out;
    vouch_buf_init_fixed(&out, value, len);
    revocation->value = (struct vouch_bytes){value, len};
    return text.len == 2 * len && vouch_str_unhex(text, &out) == VOUCH_OK;
}

static int take_ca(struct vouch_bytes text, struct vouch_store_revocation *revocation) {
    struct vouch_buf out;
    vouch_buf_init_fixed(&out, revocation->ca, sizeof revocation->ca);
    int needs_one = revocation->kind == VOUCH_STORE_REVOKE_SERIAL;
    int may_have_one = revocation->kind != VOUCH_STORE_REVOKE_CA;
    if (text.len == 0) {
        return !needs_one;
    }
    return may_have_one && text.len == 2 * sizeof revocation->ca &&
           vouch_str_unhex(text, &out) == VOUCH_OK;
}

// 1 with the revocation; 0 if the event is none; -1 if memory is short.
static int read_revocation(struct vouch_arena *arena, const struct vouch_record *record,
                           struct vouch_store_revocation *revocation) {
    struct vouch_bytes kind, value, ca, until;
    if (!vouch_record_is_event(record, VOUCH_EVENT_REVOKE) ||
        !vouch_record_detail(record, "kind", &kind) ||
        !vouch_record_detail(record, "value", &value) || !vouch_record_detail(record, "ca", &ca) ||
        !vouch_record_detail(record, "reason", &revocation->reason) ||
        !vouch_record_detail(record, "until", &until)) {
        return 0;
    }
    if (!take_kind(kind, &revocation->kind) || !take_ca(ca, revocation) ||
        value.len > VOUCH_STORE_TEXT_MAX || revocation->reason.len > VOUCH_STORE_TEXT_MAX ||
        vouch_str_to_u64(until, &revocation->until_s) != VOUCH_OK) {
        return 0;
    }
    return take_value(arena, value, revocation);
}

static int make_event(struct vouch_arena *arena, const struct vouch_record *record,
                      struct vouch_store_record *ret_entry, struct vouch_fault *fault) {
    struct vouch_store_event *event = vouch_arena_alloc(arena, sizeof *event);
    struct vouch_store_revocation *revocation = vouch_arena_alloc(arena, sizeof *revocation);
    if (event == NULL || revocation == NULL) {
        return vouch_no_memory(fault);
    }
    *event = (struct vouch_store_event){.number = record->number,
                                        .time_ms = record->time_ms,
                                        .type = record->type,
                                        .actor = record->actor,
                                        .object = record->object,
                                        .details = record->details};
    int revokes = read_revocation(arena, record, revocation);
    *ret_entry =
        (struct vouch_store_record){.event = event, .revocation = revokes == 1 ? revocation : NULL};
    return revokes < 0 ? vouch_no_memory(fault) : VOUCH_OK;
}

int vouch_entry_make(struct vouch_local *authority, struct vouch_arena *arena,
                     const struct vouch_record *record, struct vouch_store_record *ret_entry,
                     struct vouch_fault *fault) {
    struct vouch_record kept = *record;
    if (vouch_record_keep(arena, &kept) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    return kept.kind == VOUCH_RECORD_CERT ? make_cert(authority, arena, &kept, ret_entry, fault)
                                          : make_event(arena, &kept, ret_entry, fault);
}
