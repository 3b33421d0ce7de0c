// SPDX-License-Identifier: ISC
// A list of machines: see host-list.h.
#include "prog/vouch/host-list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define COLUMNS_MAX 16
#define LINE_BLOB_MAX (64u * 1024)
#define FINGERPRINT_PREFIX "SHA256:"
#define FINGERPRINT_LEN 50

enum column { COLUMN_NAME = 0, COLUMN_FINGERPRINT, COLUMN_ZONE, COLUMN_LABELS, COLUMN_OTHER };

struct reader {
    const char *name;
    unsigned long line;
    struct vouch_host_list *list;
    enum column columns[COLUMNS_MAX];
    size_t column_count;
};

void vouch_host_list_done(struct vouch_host_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->rows[i].name);
        free(list->rows[i].zone);
        free(list->rows[i].labels);
    }
    free(list->rows);
    *list = (struct vouch_host_list){0};
}

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

static int bad_line(const struct reader *reader, const char *what, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_input, "%s: line %lu: %s",
                           reader->name, reader->line, what);
}

static struct vouch_host_list_row *row_named(const struct vouch_host_list *list,
                                             struct vouch_bytes name) {
    for (size_t i = list->count; i > 0; i--) {
        if (vouch_bytes_equal(vouch_bytes_of(list->rows[i - 1].name), name)) {
            return &list->rows[i - 1];
        }
    }
    return NULL;
}

static int add_row(const struct reader *reader, struct vouch_bytes name,
                   struct vouch_host_list_row **ret_row, struct vouch_fault *fault) {
    struct vouch_host_list *list = reader->list;
    if (list->count == VOUCH_HOST_LIST_MAX) {
        return bad_line(reader, "more machines than one list may have", fault);
    }
    if ((list->count & (list->count - 1)) == 0) {
        size_t room = list->count > 0 ? 2 * list->count : 1;
        struct vouch_host_list_row *rows = realloc(list->rows, room * sizeof *rows);
        if (rows == NULL) {
            return no_memory(fault);
        }
        list->rows = rows;
    }
    struct vouch_host_list_row *row = &list->rows[list->count];
    *row = (struct vouch_host_list_row){.name = vouch_str_copy(name)};
    if (row->name == NULL) {
        return no_memory(fault);
    }
    list->count++;
    *ret_row = row;
    return 0;
}

// CSV

static int read_head(struct reader *reader, struct vouch_bytes line, struct vouch_fault *fault) {
    static const char *const names[] = {"name", "fingerprint", "zone", "labels"};
    unsigned seen = 0;
    while (line.ptr != NULL && reader->column_count < COLUMNS_MAX) {
        struct vouch_bytes word = vouch_str_trim(vouch_str_cut(&line, ','));
        enum column found = COLUMN_OTHER;
        for (size_t i = 0; i < COLUMN_OTHER; i++) {
            if (vouch_bytes_equal(word, vouch_bytes_of(names[i]))) {
                found = (enum column)i;
            }
        }
        if (found != COLUMN_OTHER && (seen & (1u << found)) != 0) {
            return bad_line(reader, "a column is named twice", fault);
        }
        seen |= 1u << found;
        reader->columns[reader->column_count++] = found;
    }
    if ((seen & 1u << COLUMN_NAME) == 0 || (seen & 1u << COLUMN_FINGERPRINT) == 0 ||
        line.ptr != NULL) {
        (void)bad_line(reader, "does not name the columns", fault);
        return vouch_fault_next(fault, "begin with a line such as: name,fingerprint,zone,labels");
    }
    return 0;
}

static int copy_field(struct vouch_bytes field, char **ret_text, struct vouch_fault *fault) {
    if (field.len == 0) {
        return 0;
    }
    *ret_text = vouch_str_copy(field);
    for (char *c = *ret_text; c != NULL && *c != '\0'; c++) {
        *c = *c == ' ' ? ',' : *c;
    }
    return *ret_text != NULL ? 0 : no_memory(fault);
}

static int take_fields(const struct reader *reader, const struct vouch_bytes *fields,
                       struct vouch_fault *fault) {
    struct vouch_host_list_row *row = NULL;
    struct vouch_bytes fingerprint = fields[COLUMN_FINGERPRINT];
    if (fields[COLUMN_NAME].len == 0) {
        return bad_line(reader, "there is no name", fault);
    }
    if (row_named(reader->list, fields[COLUMN_NAME]) != NULL) {
        return bad_line(reader, "the name stands in an earlier line too", fault);
    }
    if (fingerprint.len != FINGERPRINT_LEN ||
        memcmp(fingerprint.ptr, FINGERPRINT_PREFIX, strlen(FINGERPRINT_PREFIX)) != 0) {
        return bad_line(reader, "the fingerprint is none of SHA256:...", fault);
    }
    int err = add_row(reader, fields[COLUMN_NAME], &row, fault);
    if (err == 0) {
        (void)snprintf(row->fingerprints[0], sizeof row->fingerprints[0], "%.*s",
                       (int)fingerprint.len, (const char *)fingerprint.ptr);
        row->fingerprint_count = 1;
        err = copy_field(fields[COLUMN_ZONE], &row->zone, fault);
    }
    return err == 0 ? copy_field(fields[COLUMN_LABELS], &row->labels, fault) : err;
}

static int read_csv(struct reader *reader, struct vouch_bytes line, struct vouch_fault *fault) {
    struct vouch_bytes fields[COLUMN_OTHER + 1] = {{0}};
    size_t at = 0;
    if (reader->column_count == 0) {
        return read_head(reader, line, fault);
    }
    if (memchr(line.ptr, '"', line.len) != NULL) {
        return bad_line(reader, "quotes have no meaning here, and no field needs them", fault);
    }
    for (; line.ptr != NULL && at < reader->column_count; at++) {
        fields[reader->columns[at]] = vouch_str_trim(vouch_str_cut(&line, ','));
    }
    if (line.ptr != NULL || at != reader->column_count) {
        return bad_line(reader, "has not as many fields as the first line", fault);
    }
    return take_fields(reader, fields, fault);
}

// What ssh-keyscan prints

// "[web1.example.com]:2222" stands for the name in it.
static struct vouch_bytes plain_name(struct vouch_bytes name) {
    const uint8_t *end = name.len > 0 ? memchr(name.ptr, ']', name.len) : NULL;
    if (end != NULL && name.ptr[0] == '[') {
        return (struct vouch_bytes){name.ptr + 1, (size_t)(end - name.ptr) - 1};
    }
    return name;
}

static int take_key(const struct reader *reader, struct vouch_host_list_row *row,
                    const struct vouch_key *key, struct vouch_fault *fault) {
    if (row->fingerprint_count == VOUCH_HOST_LIST_KEYS_MAX) {
        return bad_line(reader, "one name has more keys than a machine may", fault);
    }
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, row->fingerprints[row->fingerprint_count++]);
    return 0;
}

static int read_scan(struct reader *reader, struct vouch_bytes line, struct vouch_fault *fault) {
    struct vouch_buf blob;
    struct vouch_where where;
    struct vouch_bytes comment, rest = line;
    struct vouch_host_list_row *row = NULL;
    struct vouch_key *key = NULL;
    struct vouch_bytes names = vouch_str_cut(&rest, ' ');
    struct vouch_bytes name = plain_name(vouch_str_cut(&names, ','));
    if (name.len == 0 || rest.ptr == NULL || name.ptr[0] == '|' || name.ptr[0] == '@') {
        (void)bad_line(reader, "is not NAME TYPE BASE64", fault);
        return vouch_fault_next(fault, "give what ssh-keyscan prints, with names not hashed");
    }
    vouch_buf_init(&blob, LINE_BLOB_MAX);
    int err = vouch_key_line_decode(rest, &blob, &comment, &where);
    if (err == 0) {
        err = vouch_key_parse(vouch_buf_bytes(&blob), &key, &where);
    }
    vouch_buf_done(&blob);
    if (err != 0) {
        return bad_line(reader, "its key is none", fault);
    }
    row = row_named(reader->list, name);
    err = row == NULL ? add_row(reader, name, &row, fault) : 0;
    if (err == 0) {
        err = take_key(reader, row, key, fault);
    }
    vouch_key_free(key);
    return err;
}

int vouch_host_list_read(struct vouch_bytes text, enum vouch_host_list_form form, const char *name,
                         struct vouch_host_list *ret_list, struct vouch_fault *fault) {
    struct reader reader = {.name = name, .list = ret_list};
    int err = 0;
    *ret_list = (struct vouch_host_list){0};
    while (err == 0 && text.ptr != NULL) {
        struct vouch_bytes line = vouch_str_trim(vouch_str_cut(&text, '\n'));
        reader.line++;
        if (line.len > 0 && line.ptr[0] != '#') {
            err = form == VOUCH_HOST_LIST_CSV ? read_csv(&reader, line, fault)
                                              : read_scan(&reader, line, fault);
        }
    }
    if (err == 0 && ret_list->count == 0) {
        err = vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_input,
                              "%s: there is no machine in it", name);
    }
    return err;
}
