// SPDX-License-Identifier: ISC
// The manifest of an export: its lines, both ways. See export-manifest.h.
#include "core/export-manifest.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"
#include "base/time.h"
#include "core/key.h"
#include "vouch/sshsig.h"

#define YEAR_9999_MS UINT64_C(253402300800000)
#define SPLIT "\n" VOUCH_EXPORT_HEAD "\n"

const char *vouch_export_format_text(enum vouch_export_format format) {
    switch (format) {
    case VOUCH_EXPORT_JSONL:
        return "jsonl";
    case VOUCH_EXPORT_CSV:
        return "csv";
    case VOUCH_EXPORT_NONE:
        break;
    }
    return NULL;
}

// --- judging

static int is_line(struct vouch_bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7f) {
            return 0;
        }
    }
    return text.len <= VOUCH_EXPORT_TEXT_MAX;
}

const char *vouch_export_wrong(const struct vouch_export_statement *statement,
                               const char **ret_why) {
    static const char no_line[] = "is longer than 1024 bytes or holds a control character";
    const struct vouch_export_query *query = &statement->query;
    const struct {
        const char *field, *why;
        int is_broken;
    } rules[] = {
        {"format", "is neither jsonl nor csv", vouch_export_format_text(query->format) == NULL},
        {"words", no_line, !is_line(query->words)},
        {"type", no_line, !is_line(query->type)},
        {"actor", no_line, !is_line(query->actor)},
        {"object", no_line, !is_line(query->object)},
        {"from", "is beyond the year 9999", query->from_ms >= YEAR_9999_MS},
        {"until", "is beyond the year 9999", query->until_ms >= YEAR_9999_MS},
        {"records", "are more than were searched", statement->records > statement->searched},
        {"length", "is less than a byte a record", statement->length < statement->records},
        {"size", "is less than was searched", statement->size < statement->searched},
        {"asker", "is empty", statement->asker.len == 0},
        {"asker", no_line, !is_line(statement->asker)},
        {"ledger", "is empty", statement->ledger.len == 0},
        {"ledger", no_line, !is_line(statement->ledger)},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].is_broken) {
            *ret_why = rules[i].why;
            return rules[i].field;
        }
    }
    return NULL;
}

// --- writing

static void put_line(struct vouch_buf *out, const char *name, struct vouch_bytes value) {
    vouch_buf_put_text(out, name);
    vouch_buf_put_text(out, " ");
    vouch_buf_put(out, value);
    vouch_buf_put_text(out, "\n");
}

static void put_wanted(struct vouch_buf *out, const char *name, struct vouch_bytes value) {
    if (value.len > 0) {
        put_line(out, name, value);
    }
}

static void put_number(struct vouch_buf *out, const char *name, uint64_t value) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    put_line(out, name, vouch_bytes_of(text));
}

// "2026-11-22T10:45:38.120Z"
static void put_moment(struct vouch_buf *out, const char *name, uint64_t time_ms) {
    char whole[VOUCH_TIME_TEXT_MAX], text[VOUCH_TIME_TEXT_MAX + 8];
    if (time_ms > 0) {
        vouch_time_utc(time_ms / 1000, whole);
        (void)snprintf(text, sizeof text, "%.19s.%03uZ", whole, (unsigned)(time_ms % 1000));
        put_line(out, name, vouch_bytes_of(text));
    }
}

static void put_time(struct vouch_buf *out, const char *name, uint64_t time_s) {
    char text[VOUCH_TIME_TEXT_MAX];
    vouch_time_utc(time_s, text);
    put_line(out, name, vouch_bytes_of(text));
}

void vouch_export_write(const struct vouch_export_statement *statement, struct vouch_buf *out) {
    const struct vouch_export_query *query = &statement->query;
    vouch_buf_put_text(out, VOUCH_EXPORT_HEAD "\n");
    put_line(out, "ledger", statement->ledger);
    put_line(out, "format", vouch_bytes_of(vouch_export_format_text(query->format)));
    put_wanted(out, "words", query->words);
    put_wanted(out, "type", query->type);
    put_wanted(out, "actor", query->actor);
    put_wanted(out, "object", query->object);
    put_moment(out, "from", query->from_ms);
    put_moment(out, "until", query->until_ms);
    put_number(out, "searched", statement->searched);
    put_number(out, "records", statement->records);
    put_number(out, "length", statement->length);
    vouch_buf_put_text(out, "sha256 ");
    vouch_str_hex((struct vouch_bytes){statement->sha256, sizeof statement->sha256}, out);
    vouch_buf_put_text(out, "\n");
    put_line(out, "asker", statement->asker);
    put_number(out, "size", statement->size);
    vouch_buf_put_text(out, "root ");
    vouch_str_base64((struct vouch_bytes){statement->root, sizeof statement->root}, '=', out);
    vouch_buf_put_text(out, "\n");
    put_time(out, "time", statement->time_s);
}

// --- reading

struct lines {
    struct vouch_bytes rest;
    const char *wrong; // the first line that is; NULL: none
};

static void note_wrong(struct lines *lines, const char *name) {
    lines->wrong = lines->wrong != NULL ? lines->wrong : name;
}

// The value of the next line, if it is that one; else empty.
static struct vouch_bytes next_wanted(struct lines *lines, const char *name) {
    struct vouch_bytes after = lines->rest;
    if (!vouch_str_take(&after, name) || !vouch_str_take(&after, " ")) {
        return (struct vouch_bytes){0};
    }
    struct vouch_bytes value = vouch_str_cut(&after, '\n');
    lines->rest = after;
    return value;
}

static struct vouch_bytes next_text(struct lines *lines, const char *name) {
    struct vouch_bytes value = next_wanted(lines, name);
    if (value.len == 0) {
        note_wrong(lines, name);
    }
    return value;
}

static uint64_t next_number(struct lines *lines, const char *name) {
    uint64_t number = 0;
    if (vouch_str_to_u64(next_text(lines, name), &number) != 0) {
        note_wrong(lines, name);
    }
    return number;
}

// Seconds by the usual reader, without the fraction; that it was all of the line is seen when it is written again.
static uint64_t next_moment(struct lines *lines, const char *name) {
    char text[VOUCH_TIME_TEXT_MAX];
    uint64_t time_s = 0, fraction = 0;
    struct vouch_bytes value = next_wanted(lines, name);
    if (value.len == 0) {
        return 0;
    }
    if (value.len != 24) {
        note_wrong(lines, name);
        return 0;
    }
    (void)snprintf(text, sizeof text, "%.19sZ", (const char *)value.ptr);
    if (vouch_time_parse(vouch_bytes_of(text), &time_s) != 0 ||
        vouch_str_to_u64((struct vouch_bytes){value.ptr + 20, 3}, &fraction) != 0) {
        note_wrong(lines, name);
    }
    return time_s * 1000 + fraction;
}

static void next_hash(struct lines *lines, const char *name, uint8_t hash[static 32],
                      int (*decode)(struct vouch_bytes text, struct vouch_buf *out)) {
    struct vouch_buf decoded;
    vouch_buf_init_fixed(&decoded, hash, 32);
    if (decode(next_text(lines, name), &decoded) != 0 || decoded.len != 32) {
        note_wrong(lines, name);
    }
}

static enum vouch_export_format next_format(struct lines *lines) {
    struct vouch_bytes text = next_text(lines, "format");
    for (int format = VOUCH_EXPORT_JSONL; format <= VOUCH_EXPORT_CSV; format++) {
        const char *known = vouch_export_format_text((enum vouch_export_format)format);
        if (vouch_bytes_equal(text, vouch_bytes_of(known))) {
            return (enum vouch_export_format)format;
        }
    }
    note_wrong(lines, "format");
    return VOUCH_EXPORT_NONE;
}

// Nonzero if the statement, written again, gives the same bytes: then there is one way to read it.
static int is_canonical(const struct vouch_export_statement *found, struct vouch_bytes text) {
    struct vouch_buf again;
    vouch_buf_init(&again, VOUCH_EXPORT_MANIFEST_MAX);
    vouch_export_write(found, &again);
    int is_same = again.err == 0 && vouch_bytes_equal(vouch_buf_bytes(&again), text);
    vouch_buf_done(&again);
    return is_same;
}

// NULL, or the line that is wrong.
static const char *read_statement(struct vouch_bytes text, struct vouch_export_statement *found) {
    struct lines lines = {.rest = text};
    const char *why = NULL;
    if (!vouch_str_take(&lines.rest, VOUCH_EXPORT_HEAD "\n")) {
        return "its first line";
    }
    found->ledger = next_text(&lines, "ledger");
    found->query.format = next_format(&lines);
    found->query.words = next_wanted(&lines, "words");
    found->query.type = next_wanted(&lines, "type");
    found->query.actor = next_wanted(&lines, "actor");
    found->query.object = next_wanted(&lines, "object");
    found->query.from_ms = next_moment(&lines, "from");
    found->query.until_ms = next_moment(&lines, "until");
    found->searched = next_number(&lines, "searched");
    found->records = next_number(&lines, "records");
    found->length = next_number(&lines, "length");
    next_hash(&lines, "sha256", found->sha256, vouch_str_unhex);
    found->asker = next_text(&lines, "asker");
    found->size = next_number(&lines, "size");
    next_hash(&lines, "root", found->root, vouch_str_unbase64);
    if (vouch_time_parse(next_text(&lines, "time"), &found->time_s) != 0) {
        note_wrong(&lines, "time");
    }
    if (lines.wrong == NULL && lines.rest.len > 0) {
        note_wrong(&lines, "its last line");
    }
    if (lines.wrong == NULL) {
        lines.wrong = vouch_export_wrong(found, &why);
    }
    return lines.wrong == NULL && !is_canonical(found, text) ? "its form" : lines.wrong;
}

__attribute__((format(printf, 5, 6))) static int unproven(struct vouch_fault *fault, int err,
                                                          const struct vouch_fault_kind *kind,
                                                          const char *name, const char *format,
                                                          ...) {
    char text[300];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return vouch_fault_set(fault, err, kind, "%s: %s", name, text);
}

static int check_signature(struct vouch_bytes statement, struct vouch_bytes armoured,
                           const struct vouch_key *key, const char *name,
                           struct vouch_fault *fault) {
    struct vouch_sshsig_by by = {0};
    struct vouch_where where = {0};
    int err = vouch_sshsig_verify(armoured, VOUCH_EXPORT_NAMESPACE, statement, &by, &where);
    if (err == VOUCH_ERR_NO_MEMORY) {
        return vouch_fault_set(fault, err, &vouch_fault_memory, "out of memory");
    }
    if (err != 0) {
        return unproven(fault, VOUCH_ERR_SIGNATURE, &vouch_fault_export_manifest, name,
                        "its signature: %s",
                        where.reason != NULL ? where.reason : vouch_err_text(err));
    }
    if (by.key == NULL || !vouch_key_equal(by.key, key)) {
        err = unproven(fault, VOUCH_ERR_SIGNATURE, &vouch_fault_export_key, name,
                       "it is signed by another key than the ledger's checkpoint key");
    }
    vouch_sshsig_by_done(&by);
    return err;
}

int vouch_export_verify(struct vouch_bytes manifest, const struct vouch_key *key, const char *name,
                        struct vouch_export_statement *ret_statement, struct vouch_fault *fault) {
    struct vouch_export_statement found = {0};
    const uint8_t *blank = manifest.len > 0 && manifest.len <= VOUCH_EXPORT_MANIFEST_MAX
                               ? memmem(manifest.ptr, manifest.len, "\n\n", 2)
                               : NULL;
    if (blank == NULL) {
        return unproven(fault, VOUCH_ERR_FORMAT, &vouch_fault_export_manifest, name,
                        "it is no manifest");
    }
    struct vouch_bytes statement = {manifest.ptr, (size_t)(blank - manifest.ptr) + 1};
    struct vouch_bytes armoured = {blank + 2, manifest.len - statement.len - 1};
    int err = check_signature(statement, armoured, key, name, fault);
    if (err != 0) {
        return err;
    }
    const char *wrong = read_statement(statement, &found);
    if (wrong != NULL) {
        return unproven(fault, VOUCH_ERR_FORMAT, &vouch_fault_export_manifest, name, "%s is wrong",
                        wrong);
    }
    *ret_statement = found;
    return 0;
}

int vouch_export_split(struct vouch_bytes tail, size_t *ret_end, size_t *ret_begin) {
    const size_t len = sizeof SPLIT - 1;
    for (size_t at = tail.len >= len ? tail.len - len + 1 : 0; at > 0; at--) {
        size_t end = at - 1;
        int is_line = end == 0 || tail.ptr[end - 1] == '\n';
        if (is_line && memcmp(tail.ptr + end, SPLIT, len) == 0) {
            *ret_end = end;
            *ret_begin = end + 1;
            return 0;
        }
    }
    return VOUCH_ERR_NOT_FOUND;
}
