// SPDX-License-Identifier: ISC
// A place in a log: see log-place.h.
//
// The file is text: "vouch-log/1", "next NUMBER", and one of "journal CURSOR", "file INODE OFFSET HEAD" with
// the head in hexadecimal, and "start".
#include "host/log-place.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"

#define TEXT_MAX 1024
#define ROOM (128 * 1024) // what a file of unknown length is read with

static int is_line(struct vouch_bytes line, const char *name, struct vouch_bytes *ret_value) {
    struct vouch_bytes word = vouch_str_cut(&line, ' ');
    *ret_value = line.ptr != NULL ? line : (struct vouch_bytes){0};
    return vouch_bytes_equal(word, vouch_bytes_of(name));
}

static int read_file_place(struct vouch_bytes text, struct vouch_log_place *place) {
    struct vouch_buf head;
    vouch_buf_init_fixed(&head, place->head, sizeof place->head);
    int err = vouch_str_to_u64(vouch_str_cut(&text, ' '), &place->inode);
    if (err == VOUCH_OK) {
        err = vouch_str_to_u64(vouch_str_cut(&text, ' '), &place->offset);
    }
    if (err == VOUCH_OK && text.len > 0) {
        err = vouch_str_unhex(text, &head);
    }
    place->head_len = head.len;
    return err;
}

static int read_journal_place(struct vouch_bytes text, struct vouch_log_place *place) {
    if (text.len == 0 || text.len >= sizeof place->cursor) {
        return VOUCH_ERR_FORMAT;
    }
    memcpy(place->cursor, text.ptr, text.len);
    place->cursor[text.len] = '\0';
    return VOUCH_OK;
}

static int parse(struct vouch_bytes text, struct vouch_log_place *place, uint64_t *ret_next) {
    struct vouch_bytes value = {0};
    if (!vouch_bytes_equal(vouch_str_cut(&text, '\n'), vouch_bytes_of("vouch-log/1")) ||
        !is_line(vouch_str_cut(&text, '\n'), "next", &value) ||
        vouch_str_to_u64(value, ret_next) != VOUCH_OK || *ret_next == 0) {
        return VOUCH_ERR_FORMAT;
    }
    struct vouch_bytes line = vouch_str_cut(&text, '\n');
    if (text.len > 0) {
        return VOUCH_ERR_TRAILING;
    }
    if (is_line(line, "journal", &value)) {
        return read_journal_place(value, place);
    }
    if (is_line(line, "file", &value)) {
        return read_file_place(value, place);
    }
    return is_line(line, "start", &value) ? VOUCH_OK : VOUCH_ERR_FORMAT;
}

int vouch_log_place_load(const char *path, struct vouch_log_place *place, uint64_t *next,
                         struct vouch_fault *fault) {
    struct vouch_buf text;
    struct vouch_log_place found = {0};
    uint64_t number = 0;
    if (access(path, F_OK) != 0) {
        return VOUCH_OK;
    }
    vouch_buf_init(&text, ROOM);
    int err = vouch_io_read(path, TEXT_MAX, &text, fault);
    if (err == VOUCH_OK) {
        err = parse(vouch_buf_bytes(&text), &found, &number);
        if (err != VOUCH_OK) {
            (void)vouch_fault_set(fault, err, &vouch_fault_login_log, "%s is damaged", path);
            (void)vouch_fault_next(fault, "remove it: then the log is followed from its end");
        }
    }
    vouch_buf_done(&text);
    if (err == VOUCH_OK) {
        *place = found;
        *next = number;
    }
    return err;
}

int vouch_log_place_keep(const char *path, const struct vouch_log_place *place, uint64_t next,
                         struct vouch_fault *fault) {
    char line[TEXT_MAX];
    struct vouch_buf text;
    vouch_buf_init(&text, TEXT_MAX);
    (void)snprintf(line, sizeof line, "vouch-log/1\nnext %" PRIu64 "\n", next);
    vouch_buf_put_text(&text, line);
    if (place->cursor[0] != '\0') {
        (void)snprintf(line, sizeof line, "journal %s\n", place->cursor);
        vouch_buf_put_text(&text, line);
    } else if (place->inode != 0) {
        (void)snprintf(line, sizeof line, "file %" PRIu64 " %" PRIu64 " ", place->inode,
                       place->offset);
        vouch_buf_put_text(&text, line);
        vouch_str_hex((struct vouch_bytes){place->head, place->head_len}, &text);
        vouch_buf_put_text(&text, "\n");
    } else {
        vouch_buf_put_text(&text, "start\n");
    }
    const struct vouch_io_file file = {.path = path, .mode = 0600, .existing = VOUCH_IO_REPLACE};
    int err = text.err != VOUCH_OK
                  ? vouch_fault_set(fault, text.err, &vouch_fault_memory, "out of memory")
                  : vouch_io_write(&file, vouch_buf_bytes(&text), fault);
    vouch_buf_done(&text);
    return err;
}
