// SPDX-License-Identifier: ISC
// The times of a certificate as `-V` gives them.
//
//   +T                  from a minute or two ago until T from now
//   FROM:TO             FROM: -T +T always 0xHEX DATE      TO: -T +T forever 0xHEX DATE
//   T                   numbers with units s m h d w, added up: 90, 8h, 1w2d
//   DATE                YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, local; with Z or UTC behind: UTC
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/keygen.h"

static long unit_s(int letter) {
    switch (tolower(letter)) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return 86400;
    case 'w':
        return 604800;
    default:
        return 0;
    }
}

// Seconds, or -1. Blanks and a plus sign before each number pass, since strtol() lets them pass in
// ssh-keygen too.
static int64_t read_duration(const char *text) {
    int64_t total = 0;
    if (*text == '\0') {
        return -1;
    }
    while (*text != '\0') {
        char *end = NULL;
        long value = strtol(text, &end, 10);
        long unit = *end == '\0' ? 1 : unit_s((unsigned char)*end);
        if (end == text || value < 0 || unit == 0 || value > INT_MAX / unit ||
            total > INT_MAX - value * unit) {
            return -1;
        }
        total += value * unit;
        text = *end == '\0' ? end : end + 1;
    }
    return total;
}

// The length of the digits of a date, once its mark of UTC is taken off.
static size_t date_len(const char *text, int *ret_utc) {
    size_t len = strlen(text);
    *ret_utc = 1;
    if (len > 1 && strcasecmp(text + len - 1, "Z") == 0) {
        return len - 1;
    }
    if (len > 3 && strcasecmp(text + len - 3, "UTC") == 0) {
        return len - 3;
    }
    *ret_utc = 0;
    return len;
}

// strptime() takes numbers that stand next to each other in its own ways, so they are set apart.
static int read_date(const char *text, uint64_t *ret_time_s) {
    int utc = 0;
    char apart[32];
    const char *form = "%Y-%m-%dT%H:%M:%S";
    switch (date_len(text, &utc)) {
    case 8:
        (void)snprintf(apart, sizeof apart, "%.4s-%.2s-%.2sT00:00:00", text, text + 4, text + 6);
        break;
    case 12:
        (void)snprintf(apart, sizeof apart, "%.4s-%.2s-%.2sT%.2s:%.2s:00", text, text + 4, text + 6,
                       text + 8, text + 10);
        break;
    case 14:
        (void)snprintf(apart, sizeof apart, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s", text, text + 4,
                       text + 6, text + 8, text + 10, text + 12);
        break;
    default:
        return VOUCH_ERR_FORMAT;
    }
    struct tm parts = {0};
    const char *end = strptime(apart, form, &parts);
    if (end == NULL || *end != '\0') {
        return VOUCH_ERR_FORMAT;
    }
    time_t time = utc ? timegm(&parts) : mktime(&parts);
    if (time < 0) {
        return VOUCH_ERR_FORMAT;
    }
    *ret_time_s = (uint64_t)time;
    return VOUCH_OK;
}

static int read_relative(const char *text, uint64_t now, uint64_t *ret_time_s) {
    int64_t seconds = read_duration(text + 1);
    if (seconds < 0) {
        return vouch_keygen_fail("Invalid relative certificate time %s", text);
    }
    if (*text == '-' && (uint64_t)seconds > now) {
        return vouch_keygen_fail("Certificate time %s cannot be represented", text);
    }
    *ret_time_s = *text == '-' ? now - (uint64_t)seconds : now + (uint64_t)seconds;
    return VOUCH_OK;
}

static int read_hex(const char *text, uint64_t *ret_time_s) {
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 16);
    if (*end != '\0') {
        return vouch_keygen_fail("Invalid certificate time: not a number");
    }
    if (errno == ERANGE) {
        return vouch_keygen_fail("parse_hex_u64: Invalid certificate time: %s", strerror(errno));
    }
    *ret_time_s = value;
    return VOUCH_OK;
}

// One end of an interval: `name` is "from" or "to", `open` the word for no limit and what it means.
static int read_end(const char *text, const char *name, uint64_t now, uint64_t *ret_time_s) {
    const char *open = *name == 'f' ? "always" : "forever";
    if (*text == '-' || *text == '+') {
        return read_relative(text, now, ret_time_s);
    }
    if (strcmp(text, open) == 0) {
        *ret_time_s = *name == 'f' ? 0 : VOUCH_CERT_FOREVER;
        return VOUCH_OK;
    }
    if (strncmp(text, "0x", 2) == 0) {
        return read_hex(text, ret_time_s);
    }
    if (read_date(text, ret_time_s) != VOUCH_OK) {
        return vouch_keygen_fail("Invalid %s time \"%s\"", name, text);
    }
    return VOUCH_OK;
}

static int read_interval(const char *text, uint64_t now, struct vouch_keygen *args) {
    const char *colon = strchr(text, ':');
    if (colon == NULL || colon == text || colon[1] == '\0') {
        return vouch_keygen_fail("Invalid certificate life specification %s", text);
    }
    vouch_autofree char *from =
        vouch_str_copy((struct vouch_bytes){(const uint8_t *)text, (size_t)(colon - text)});
    if (from == NULL) {
        return vouch_keygen_fail("%s", vouch_keygen_why(VOUCH_ERR_NO_MEMORY, NULL));
    }
    int status = read_end(from, "from", now, &args->valid_after);
    if (status == VOUCH_OK) {
        status = read_end(colon + 1, "to", now, &args->valid_before);
    }
    if (status == VOUCH_OK && args->valid_before <= args->valid_after) {
        return vouch_keygen_fail("Empty certificate validity interval");
    }
    return status;
}

int vouch_keygen_validity_parse(const char *text, uint64_t now, struct vouch_keygen *args) {
    if (*text != '+' || strchr(text, ':') != NULL) {
        return read_interval(text, now, args);
    }
    int64_t seconds = read_duration(text + 1);
    if (seconds < 0) {
        return vouch_keygen_fail("Invalid relative certificate life %s", text);
    }
    // Begun a minute early and on a full minute, for hosts whose clock is behind.
    args->valid_after = (now - 59) / 60 * 60;
    args->valid_before = now + (uint64_t)seconds;
    return VOUCH_OK;
}
