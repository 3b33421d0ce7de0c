// SPDX-License-Identifier: ISC
// Lines of a log without their heads: see log-entry.h.
#include "host/log-entry.h"

#include <stdlib.h>
#include <time.h>

#include "base/str.h"
#include "base/time.h"

#define DAY_S 86400
#define CURSOR_MAX 250

static int is_sshd(struct vouch_bytes ident) {
    static const char *const names[] = {"sshd", "sshd-session", "sshd-auth"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (vouch_bytes_equal(ident, vouch_bytes_of(names[i]))) {
            return 1;
        }
    }
    return 0;
}

// ----- syslog

static int digits(const uint8_t *at, size_t count, int *ret_number) {
    int number = 0;
    for (size_t i = 0; i < count; i++) {
        if ((at[i] < '0' || at[i] > '9') && !(i == 0 && count == 2 && at[i] == ' ')) {
            return 0;
        }
        number = at[i] == ' ' ? 0 : number * 10 + (at[i] - '0');
    }
    *ret_number = number;
    return 1;
}

// "Nov  2 23:41:42 ", 16 bytes; the time is local, its year the one that brings it nearest to now.
static int take_old_time(struct vouch_bytes *line, uint64_t now_s, uint64_t *ret_ms) {
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm tm = {0};
    struct tm today = {0};
    time_t now = (time_t)now_s;
    const uint8_t *at = line->ptr;
    if (line->len < 16 || at[3] != ' ' || at[6] != ' ' || at[9] != ':' || at[12] != ':' ||
        at[15] != ' ' || !digits(at + 4, 2, &tm.tm_mday) || !digits(at + 7, 2, &tm.tm_hour) ||
        !digits(at + 10, 2, &tm.tm_min) || !digits(at + 13, 2, &tm.tm_sec)) {
        return 0;
    }
    while (tm.tm_mon < 12 && memcmp(months + (ptrdiff_t)3 * tm.tm_mon, at, 3) != 0) {
        tm.tm_mon++;
    }
    if (tm.tm_mon == 12 || localtime_r(&now, &today) == NULL) {
        return 0;
    }
    tm.tm_year = today.tm_year;
    tm.tm_isdst = -1;
    struct tm earlier = tm;
    earlier.tm_year--;
    time_t found = mktime(&tm);
    found = found > now + DAY_S ? mktime(&earlier) : found;
    *ret_ms = found > 0 ? (uint64_t)found * 1000 : 0;
    *line = (struct vouch_bytes){line->ptr + 16, line->len - 16};
    return 1;
}

// "2026-11-22T23:41:42.123456+00:00 "
static int take_new_time(struct vouch_bytes *line, uint64_t *ret_ms) {
    struct vouch_bytes rest = *line;
    struct vouch_bytes text = vouch_str_cut(&rest, ' ');
    char plain[VOUCH_TIME_TEXT_MAX];
    uint64_t seconds = 0;
    uint64_t fraction = 0;
    size_t len = 19;
    size_t unit = 100;
    if (rest.ptr == NULL || text.len < 20 || text.len >= sizeof plain || text.ptr[10] != 'T') {
        return 0;
    }
    size_t at = len;
    if (text.ptr[at] == '.') {
        for (at++; at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9'; at++) {
            fraction += unit * (size_t)(text.ptr[at] - '0');
            unit /= 10;
        }
    }
    memcpy(plain, text.ptr, len);
    memcpy(plain + len, text.ptr + at, text.len - at);
    len += text.len - at;
    if (vouch_time_parse((struct vouch_bytes){(const uint8_t *)plain, len}, &seconds) != VOUCH_OK) {
        return 0;
    }
    *ret_ms = seconds * 1000 + fraction;
    *line = rest;
    return 1;
}

// "HOST PROGRAM[PID]: " or "HOST PROGRAM: "
static int take_program(struct vouch_bytes *line, struct vouch_bytes *ret_ident,
                        uint64_t *ret_pid) {
    struct vouch_bytes rest = *line;
    (void)vouch_str_cut(&rest, ' ');
    if (rest.ptr == NULL) {
        return 0;
    }
    struct vouch_bytes tag = vouch_str_cut(&rest, ' ');
    if (rest.ptr == NULL || tag.len < 2 || tag.ptr[tag.len - 1] != ':') {
        return 0;
    }
    tag.len--;
    *ret_ident = tag;
    *ret_pid = 0;
    if (tag.ptr[tag.len - 1] == ']') {
        tag.len--;
        *ret_ident = vouch_str_cut(&tag, '[');
        if (tag.ptr == NULL || vouch_str_to_u64(tag, ret_pid) != VOUCH_OK) {
            return 0;
        }
    }
    *line = rest;
    return 1;
}

int vouch_log_entry_syslog(struct vouch_bytes line, uint64_t now_s,
                           struct vouch_log_line *ret_line) {
    struct vouch_log_line found = {0};
    struct vouch_bytes ident = {0};
    if ((!take_old_time(&line, now_s, &found.time_ms) && !take_new_time(&line, &found.time_ms)) ||
        !take_program(&line, &ident, &found.pid) || !is_sshd(ident)) {
        return 0;
    }
    found.text = line;
    *ret_line = found;
    return 1;
}

int vouch_log_entry_is_syslog(struct vouch_bytes line) {
    uint64_t time_ms = 0;
    uint64_t pid = 0;
    struct vouch_bytes ident = {0};
    return (take_old_time(&line, 0, &time_ms) || take_new_time(&line, &time_ms)) &&
           take_program(&line, &ident, &pid);
}

// ----- journal

struct field {
    struct vouch_bytes name, value;
};

// "NAME=VALUE\n", or "NAME\n", the value's length in 8 bytes, least first, the value, "\n". As
// vouch_log_entry_journal(); 1 with an empty name: the empty line at the end.
static size_t take_field(struct vouch_bytes bytes, struct field *ret_field) {
    const uint8_t *end = bytes.len > 0 ? memchr(bytes.ptr, '\n', bytes.len) : NULL;
    if (end == NULL) {
        return 0;
    }
    size_t line_len = (size_t)(end - bytes.ptr);
    const uint8_t *equals = memchr(bytes.ptr, '=', line_len);
    if (line_len == 0 || equals != NULL) {
        size_t name_len = equals != NULL ? (size_t)(equals - bytes.ptr) : 0;
        size_t skipped = equals != NULL ? name_len + 1 : 0;
        *ret_field =
            (struct field){{bytes.ptr, name_len}, {bytes.ptr + skipped, line_len - skipped}};
        return line_len + 1;
    }
    uint64_t len = 0;
    if (bytes.len - line_len - 1 < 8) {
        return 0;
    }
    for (size_t i = 0; i < 8; i++) {
        len |= (uint64_t)end[1 + i] << 8 * i;
    }
    if (len > bytes.len) {
        return len > UINT32_MAX ? SIZE_MAX : 0;
    }
    size_t whole = line_len + 1 + 8 + (size_t)len + 1;
    if (whole > bytes.len) {
        return 0;
    }
    *ret_field = (struct field){{bytes.ptr, line_len}, {end + 9, (size_t)len}};
    return bytes.ptr[whole - 1] == '\n' ? whole : SIZE_MAX;
}

// It becomes an argument of a program, and part of a line of a file.
static int is_cursor(struct vouch_bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '=' || c == ';')) {
            return 0;
        }
    }
    return text.len > 0 && text.len <= CURSOR_MAX;
}

static void note(const struct field *field, struct vouch_log_journal *entry, int *is_root) {
    uint64_t number = 0;
    if (vouch_bytes_equal(field->name, vouch_bytes_of("MESSAGE"))) {
        entry->line.text = field->value;
    } else if (vouch_bytes_equal(field->name, vouch_bytes_of("__CURSOR"))) {
        entry->cursor = is_cursor(field->value) ? field->value : (struct vouch_bytes){0};
    } else if (vouch_bytes_equal(field->name, vouch_bytes_of("SYSLOG_IDENTIFIER"))) {
        entry->is_sshd = is_sshd(field->value);
    } else if (vouch_bytes_equal(field->name, vouch_bytes_of("_UID"))) {
        // The journal's own word: any program can call itself sshd.
        *is_root = vouch_bytes_equal(field->value, vouch_bytes_of("0"));
    } else if (vouch_bytes_equal(field->name, vouch_bytes_of("_PID"))) {
        entry->line.pid = vouch_str_to_u64(field->value, &number) == VOUCH_OK ? number : 0;
    } else if (vouch_bytes_equal(field->name, vouch_bytes_of("__REALTIME_TIMESTAMP"))) {
        entry->line.time_ms =
            vouch_str_to_u64(field->value, &number) == VOUCH_OK ? number / 1000 : 0;
    }
}

size_t vouch_log_entry_journal(struct vouch_bytes bytes, struct vouch_log_journal *ret_entry) {
    struct vouch_log_journal entry = {0};
    int is_root = 0;
    size_t used = 0;
    for (;;) {
        struct field field = {0};
        size_t len = take_field((struct vouch_bytes){bytes.ptr + used, bytes.len - used}, &field);
        if (len == 0 || len == SIZE_MAX) {
            return len;
        }
        used += len;
        if (field.name.len == 0) {
            entry.is_sshd &= is_root;
            *ret_entry = entry;
            return used;
        }
        note(&field, &entry, &is_root);
    }
}
