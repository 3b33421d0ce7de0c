// SPDX-License-Identifier: ISC
// Time: the clocks, RFC 3339, durations.
#include "base/time.h"

#include <stdio.h>
#include <time.h>

#define DURATION_MAX ((uint64_t)100 * 365 * 86400)

uint64_t vouch_time_now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t vouch_time_now_s(void) {
    return vouch_time_now_ms() / 1000;
}

uint64_t vouch_time_monotonic_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void print_unknown(char *text) {
    (void)snprintf(text, VOUCH_TIME_TEXT_MAX, "UNKNOWN-TIME"); // OpenSSH's word
}

void vouch_time_utc(uint64_t time_s, char ret_text[static VOUCH_TIME_TEXT_MAX]) {
    time_t seconds = (time_t)time_s;
    struct tm parts;
    if (time_s > INT64_MAX || gmtime_r(&seconds, &parts) == NULL ||
        strftime(ret_text, VOUCH_TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        print_unknown(ret_text);
    }
}

void vouch_time_local(uint64_t time_s, char ret_text[static VOUCH_TIME_TEXT_MAX]) {
    time_t seconds = (time_t)time_s;
    struct tm parts;
    if (time_s > INT64_MAX || localtime_r(&seconds, &parts) == NULL ||
        strftime(ret_text, VOUCH_TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &parts) == 0) {
        print_unknown(ret_text);
    }
}

// "Z", "+HH:MM" or "-HH:MM" to seconds east of UTC.
static int parse_zone(const char *text, long *ret_offset_s) {
    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0) {
        *ret_offset_s = 0;
        return VOUCH_OK;
    }
    char sign = '\0';
    unsigned hours = 0, minutes = 0;
    char rest = '\0';
    if (strlen(text) != 6 || sscanf(text, "%c%2u:%2u%c", &sign, &hours, &minutes, &rest) != 3 ||
        (sign != '+' && sign != '-') || hours > 23 || minutes > 59) {
        return VOUCH_ERR_FORMAT;
    }
    long offset = (long)hours * 3600 + (long)minutes * 60;
    *ret_offset_s = sign == '-' ? -offset : offset;
    return VOUCH_OK;
}

// mktime and timegm accept 30 February; a calendar does not.
static int same_day(const struct tm *asked, const struct tm *got) {
    return asked->tm_year == got->tm_year && asked->tm_mon == got->tm_mon &&
           asked->tm_mday == got->tm_mday;
}

static int to_seconds(struct tm *parts, const char *zone, uint64_t *ret_time_s) {
    struct tm asked = *parts;
    long offset_s = 0;
    time_t seconds = 0;
    if (zone[0] == '\0') {
        parts->tm_isdst = -1;
        seconds = mktime(parts);
    } else {
        if (parse_zone(zone, &offset_s) != VOUCH_OK) {
            return VOUCH_ERR_FORMAT;
        }
        seconds = timegm(parts);
    }
    if (!same_day(&asked, parts) || seconds - offset_s < 0) {
        return VOUCH_ERR_FORMAT;
    }
    *ret_time_s = (uint64_t)(seconds - offset_s);
    return VOUCH_OK;
}

int vouch_time_parse(struct vouch_bytes text, uint64_t *ret_time_s) {
    char copy[VOUCH_TIME_TEXT_MAX];
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.ptr, 0, text.len) != NULL) {
        return VOUCH_ERR_FORMAT;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    static const char *const formats[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
                                          "%Y-%m-%dT%H:%M", "%Y-%m-%d"};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct tm parts = {0};
        const char *rest = strptime(copy, formats[i], &parts);
        if (rest != NULL && to_seconds(&parts, rest, ret_time_s) == VOUCH_OK) {
            return VOUCH_OK;
        }
    }
    return VOUCH_ERR_FORMAT;
}

struct unit {
    char letter;
    uint64_t seconds;
};

static const struct unit units[] = {
    {'w', 604800}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1},
};

#define UNIT_COUNT (sizeof units / sizeof units[0])

static uint64_t seconds_of(uint8_t letter) {
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        if (letter == (uint8_t)units[i].letter) {
            return units[i].seconds;
        }
    }
    return 0;
}

int vouch_duration_parse(struct vouch_bytes text, uint64_t *ret_s) {
    uint64_t total = 0;
    size_t at = 0;
    while (at < text.len) {
        uint64_t count = 0;
        size_t from = at;
        while (at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9' &&
               count < DURATION_MAX) {
            count = count * 10 + (uint64_t)(text.ptr[at++] - '0');
        }
        uint64_t unit = at < text.len ? seconds_of(text.ptr[at]) : 1;
        if (at == from || unit == 0 || count > DURATION_MAX / unit) {
            return VOUCH_ERR_FORMAT;
        }
        at += at < text.len;
        total += count * unit;
        if (total > DURATION_MAX) {
            return VOUCH_ERR_LIMIT;
        }
    }
    if (total == 0) {
        return VOUCH_ERR_FORMAT;
    }
    *ret_s = total;
    return VOUCH_OK;
}

void vouch_duration_text(uint64_t seconds, char ret_text[static VOUCH_TIME_TEXT_MAX]) {
    // Weeks read badly ("5w 2d"): start with days.
    size_t first = 1;
    while (first + 1 < UNIT_COUNT && seconds < units[first].seconds) {
        first++;
    }
    uint64_t count = seconds / units[first].seconds;
    uint64_t rest = seconds % units[first].seconds;
    int at = snprintf(ret_text, VOUCH_TIME_TEXT_MAX, "%llu%c", (unsigned long long)count,
                      units[first].letter);
    if (first + 1 < UNIT_COUNT && rest >= units[first + 1].seconds) {
        (void)snprintf(ret_text + at, VOUCH_TIME_TEXT_MAX - (size_t)at, " %llu%c",
                       (unsigned long long)(rest / units[first + 1].seconds),
                       units[first + 1].letter);
    }
}
