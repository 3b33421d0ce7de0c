// SPDX-License-Identifier: ISC
// Searching events, certificates among them.
#include "store/audit.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "store/walk.h"
#include "vouch/wire.h"

#define COUNTED_MAX 1000               // records of a word, when the rarest of several is chosen
#define DETAILS_MAX (2u * 1024 * 1024) // of a certificate: above 256 principals and five texts

// A row: an event, or a certificate as one.
struct found {
    struct vouch_store_event event;
    int is_cert;
    uint64_t serial;
    struct vouch_bytes key; // SHA-256
    struct vouch_bytes principals, role, request, source, policy;
};

static int read_found(const struct vouch_store *store, enum vouch_statement statement,
                      const struct vouch_value *values, struct found *ret_found,
                      struct vouch_fault *fault) {
    struct vouch_row row;
    struct found found = {0};
    vouch_row_init(&row, statement, values);
    found.event.number = vouch_row_u64(&row);
    found.event.time_ms = vouch_row_u64(&row);
    found.event.type = vouch_row_bytes(&row);
    found.event.actor = vouch_row_bytes(&row);
    found.event.object = vouch_row_bytes(&row);
    found.event.details = vouch_row_bytes(&row);
    found.serial = vouch_serial_read(vouch_row_integer(&row));
    found.key = vouch_row_bytes(&row);
    found.principals = vouch_row_bytes(&row);
    found.role = vouch_row_bytes(&row);
    found.request = vouch_row_bytes(&row);
    found.source = vouch_row_bytes(&row);
    found.policy = vouch_row_bytes(&row);
    found.is_cert = found.key.len > 0;
    if (row.err != VOUCH_OK || (found.is_cert && found.key.len != VOUCH_STORE_HASH_LEN)) {
        return vouch_store_row_bad(store, "events: a row", fault);
    }
    *ret_found = found;
    return VOUCH_OK;
}

static int has_prefix(struct vouch_bytes text, struct vouch_bytes prefix) {
    return text.len >= prefix.len && memcmp(text.ptr, prefix.ptr, prefix.len) == 0;
}

// "cert." of "cert.*"; ptr NULL for a type that is no pattern.
static struct vouch_bytes type_prefix(struct vouch_bytes type) {
    int is_pattern = type.len > 2 && memcmp(type.ptr + type.len - 2, ".*", 2) == 0;
    return is_pattern ? (struct vouch_bytes){type.ptr, type.len - 1} : (struct vouch_bytes){0};
}

static int type_fits(struct vouch_bytes wanted, struct vouch_bytes type) {
    struct vouch_bytes prefix = type_prefix(wanted);
    return prefix.ptr != NULL ? has_prefix(type, prefix) : vouch_wanted(wanted, type);
}

static int is_in_principals(struct vouch_bytes word, struct vouch_bytes list) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, list);
    while (vouch_reader_left(&reader) > 0) {
        if (vouch_word_begins(word, vouch_read_string(&reader, "principal"))) {
            return 1;
        }
    }
    return 0;
}

static int is_in_request(struct vouch_bytes word, struct vouch_bytes request) {
    struct vouch_bytes rest = vouch_words_request(request);
    while (rest.len > 0) {
        if (vouch_bytes_equal(word, vouch_str_cut(&rest, ' '))) {
            return 1;
        }
    }
    return 0;
}

static int is_whole_of_cert(struct vouch_bytes word, const struct found *found) {
    uint8_t digest[VOUCH_STORE_HASH_LEN];
    uint64_t serial = 0;
    return (vouch_str_to_u64(word, &serial) == VOUCH_OK && serial == found->serial) ||
           is_in_request(word, found->request) ||
           (vouch_word_fingerprint(word, digest) &&
            memcmp(digest, found->key.ptr, sizeof digest) == 0);
}

static int word_fits(struct vouch_bytes word, const struct found *found) {
    const struct vouch_store_event *event = &found->event;
    if (vouch_word_begins(word, event->type) || vouch_word_begins(word, event->actor) ||
        vouch_word_begins(word, event->object)) {
        return 1;
    }
    if (found->is_cert) {
        return vouch_word_begins(word, found->role) || vouch_word_begins(word, found->source) ||
               is_in_principals(word, found->principals) || is_whole_of_cert(word, found);
    }
    struct vouch_bytes details = event->details, value;
    while (vouch_words_detail(&details, &value)) {
        if (vouch_word_begins(word, value)) {
            return 1;
        }
    }
    return 0;
}

// What is asked for, with its words apart.
struct wanted {
    const struct vouch_store_event_filter *filter;
    struct vouch_words words;
};

static int fits(const struct found *found, const struct wanted *wanted) {
    const struct vouch_store_event_filter *filter = wanted->filter;
    const struct vouch_store_event *event = &found->event;
    int is_fit = type_fits(filter->type, event->type) &&
                 vouch_wanted(filter->actor, event->actor) &&
                 vouch_wanted(filter->object, event->object) && event->time_ms >= filter->from_ms &&
                 (filter->until_ms == 0 || event->time_ms < filter->until_ms);
    for (size_t i = 0; is_fit && i < wanted->words.count; i++) {
        is_fit = word_fits(wanted->words.rows[i], found);
    }
    return is_fit;
}

static void put_detail(struct vouch_buf *out, const char *name, struct vouch_bytes value) {
    if (value.len > 0) {
        vouch_write_text(out, name);
        vouch_write_string(out, value);
    }
}

static void put_principals(struct vouch_buf *out, struct vouch_bytes list) {
    struct vouch_reader reader;
    const char *comma = "";
    vouch_write_text(out, "principals");
    size_t mark = vouch_write_string_begin(out);
    vouch_reader_init(&reader, list);
    while (vouch_reader_left(&reader) > 0) {
        vouch_buf_put_text(out, comma);
        vouch_buf_put(out, vouch_read_string(&reader, "principal"));
        comma = ",";
    }
    vouch_write_string_end(out, mark);
}

// What an event says in its details, a certificate says in columns.
static void put_cert_details(struct vouch_buf *out, const struct found *found) {
    char serial[24];
    uint8_t digest[64];
    struct vouch_buf text;
    (void)snprintf(serial, sizeof serial, "%" PRIu64, found->serial);
    vouch_buf_init_fixed(&text, digest, sizeof digest);
    vouch_buf_put_text(&text, "SHA256:");
    vouch_str_base64(found->key, 0, &text);
    put_detail(out, "serial", vouch_bytes_of(serial));
    put_detail(out, "fingerprint", vouch_buf_bytes(&text));
    put_principals(out, found->principals);
    put_detail(out, "role", found->role);
    put_detail(out, "request", vouch_words_request(found->request));
    put_detail(out, "source", found->source);
    put_detail(out, "policy", found->policy);
}

static int keep(const struct vouch_store *store, const struct found *found,
                struct vouch_buf *scratch, struct vouch_store_events *events,
                struct vouch_fault *fault) {
    struct vouch_store_event event = found->event;
    struct vouch_bytes *const texts[] = {&event.type, &event.actor, &event.object, &event.details};
    vouch_buf_clear(scratch);
    if (found->is_cert) {
        put_cert_details(scratch, found);
        event.details = vouch_buf_bytes(scratch);
    }
    int err = scratch->err;
    for (size_t i = 0; err == VOUCH_OK && i < sizeof texts / sizeof texts[0]; i++) {
        err = vouch_arena_copy(&events->arena, *texts[i], texts[i]);
    }
    if (err != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    events->rows[events->count++] = event;
    return VOUCH_OK;
}

// --- what leads

// How many records have a word, in the newest segment that has terms; `enough` if it is not worth counting
// further.
static int count_hits(struct vouch_store *store, const struct vouch_word_lead *lead, size_t enough,
                      size_t *ret_count, struct vouch_fault *fault) {
    int64_t position = 0, termed = 0;
    size_t count = 0;
    int err = vouch_store_places(store, &position, &termed, fault);
    int64_t segment = termed > 0 ? (termed - 1) >> VOUCH_TERMS_SEGMENT_BITS : 0;
    for (size_t i = 0; err == VOUCH_OK && i < lead->count && count < enough; i++) {
        const struct vouch_value args[] = {vouch_value_integer(segment),
                                           vouch_value_integer(lead->terms[i]),
                                           vouch_value_integer((int64_t)(enough - count))};
        int64_t some = 0;
        int found = 0;
        err = vouch_store_ask(store, VOUCH_SQL_TERM_COUNT, args, &found, &some, fault);
        count += found ? (size_t)some : 0;
    }
    if (err == VOUCH_OK) {
        *ret_count = count;
    }
    return err;
}

// No certificate has a term for what all of them are.
static int is_of_all_certs(struct vouch_bytes word) {
    return vouch_word_begins(word, vouch_bytes_of(VOUCH_STORE_EVENT_CERT));
}

// The word that the fewest records have leads, if there is one that does not stand for too many values.
static int choose_word(struct vouch_store *store, const struct vouch_words *words,
                       struct vouch_word_lead *best, struct vouch_walk_filter *walk,
                       struct vouch_fault *fault) {
    size_t fewest = SIZE_MAX;
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < words->count && fewest > 0; i++) {
        struct vouch_word_lead lead;
        size_t count = 0;
        if (is_of_all_certs(words->rows[i])) {
            continue;
        }
        err = vouch_word_look(store, words->rows[i], &lead, fault);
        if (err == VOUCH_OK && !lead.is_wide) {
            size_t enough = fewest < COUNTED_MAX ? fewest : COUNTED_MAX;
            err = count_hits(store, &lead, enough, &count, fault);
        }
        if (err == VOUCH_OK && !lead.is_wide && count < fewest) {
            fewest = count;
            *best = lead;
            walk->has_term = 1;
            walk->termed = VOUCH_SQL_AUDIT_BY_WORD;
            walk->terms = best->terms;
            walk->term_count = best->count;
            walk->key = best->serial;
        }
    }
    return err;
}

// What leads the walk: the filter that leaves the fewest rows.
static int lead(struct vouch_store *store, const struct wanted *wanted,
                struct vouch_word_lead *word, struct vouch_walk_filter *walk,
                struct vouch_fault *fault) {
    const struct vouch_store_event_filter *filter = wanted->filter;
    struct vouch_bytes prefix = type_prefix(filter->type);
    const struct {
        struct vouch_bytes wanted;
        enum vouch_term_kind kind;
    } choices[] = {
        {filter->object, VOUCH_TERM_OBJECT},
        {filter->actor, VOUCH_TERM_ACTOR},
        {prefix.ptr == NULL ? filter->type : (struct vouch_bytes){0}, VOUCH_TERM_TYPE},
    };
    int err = choose_word(store, &wanted->words, word, walk, fault);
    if (err != VOUCH_OK || walk->has_term) {
        return err;
    }
    int is_certs = filter->object.ptr == NULL && filter->actor.ptr == NULL &&
                   vouch_bytes_equal(filter->type, vouch_bytes_of(VOUCH_STORE_EVENT_CERT));
    if (is_certs) { // nearly all records are: they have no term for it
        walk->whole = VOUCH_SQL_AUDIT_CERTS;
        return VOUCH_OK;
    }
    for (size_t i = 0; i < sizeof choices / sizeof choices[0] && !walk->has_term; i++) {
        walk->has_term = choices[i].wanted.ptr != NULL;
        walk->term = walk->has_term ? vouch_term(choices[i].kind, choices[i].wanted) : 0;
    }
    if (!walk->has_term && prefix.ptr != NULL) {
        const struct vouch_words as_word = {.rows = {prefix}, .count = 1};
        err = choose_word(store, &as_word, word, walk, fault);
    }
    return err;
}

static int fill(struct vouch_store *store, struct vouch_walk *walk, const struct wanted *wanted,
                size_t limit, struct vouch_store_events *events, struct vouch_fault *fault) {
    struct vouch_buf scratch;
    int err = VOUCH_OK;
    int goes_on = 1;
    vouch_buf_init(&scratch, DETAILS_MAX);
    while (err == VOUCH_OK && goes_on) {
        struct found found;
        int is_row = 0;
        err = vouch_walk_next(store, walk, &is_row, fault);
        if (err == VOUCH_OK && (walk->is_cut || (is_row && events->count == limit))) {
            vouch_walk_cursor(walk, events->next);
            goes_on = 0;
        } else if (err == VOUCH_OK && is_row) {
            err = read_found(store, walk->statement, walk->values, &found, fault);
            if (err == VOUCH_OK && fits(&found, wanted)) {
                err = keep(store, &found, &scratch, events, fault);
            }
        } else {
            goes_on = 0;
        }
    }
    vouch_buf_done(&scratch);
    return err;
}

static int list(struct vouch_store *store, const struct wanted *wanted,
                const struct vouch_store_page *page, struct vouch_store_events *events,
                struct vouch_fault *fault) {
    struct vouch_walk walk = {0};
    struct vouch_word_lead word = {0};
    struct vouch_walk_filter by = {.cursor_kind = "a",
                                   .whole = VOUCH_SQL_AUDIT_ALL,
                                   .termed = VOUCH_SQL_AUDIT_BY_TERM,
                                   .from_ms = wanted->filter->from_ms,
                                   .until_ms = wanted->filter->until_ms};
    size_t limit = vouch_page_limit(page);
    events->rows = vouch_arena_alloc(&events->arena, limit * sizeof *events->rows);
    if (events->rows == NULL) {
        return vouch_store_no_memory(store, fault);
    }
    int err = lead(store, wanted, &word, &by, fault);
    if (err == VOUCH_OK) {
        err = vouch_walk_begin(store, &by, page, &walk, fault);
        if (err == VOUCH_OK) {
            events->position = (uint64_t)walk.position;
            err = fill(store, &walk, wanted, limit, events, fault);
        }
        vouch_walk_end(store, &walk);
    }
    return err;
}

int vouch_store_audit_list(struct vouch_store *store, const struct vouch_store_event_filter *filter,
                           const struct vouch_store_page *page,
                           struct vouch_store_events *ret_events, struct vouch_fault *fault) {
    struct vouch_store_events events = {0};
    struct wanted wanted = {.filter = filter};
    if (vouch_words_split(filter->words, &wanted.words) != VOUCH_OK) {
        return vouch_store_misuse(store, "a search has more or longer words than it may", fault);
    }
    int err = list(store, &wanted, page, &events, fault);
    if (err != VOUCH_OK) {
        vouch_store_events_done(&events);
        return err;
    }
    *ret_events = events;
    return VOUCH_OK;
}

void vouch_store_events_done(struct vouch_store_events *events) {
    if (events != NULL) {
        vouch_arena_done(&events->arena);
        *events = (struct vouch_store_events){0};
    }
}
