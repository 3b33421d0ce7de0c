// SPDX-License-Identifier: ISC
// From when to when: see validity.h.
#include "prog/vouch/validity.h"

#include <stdio.h>
#include <strings.h>

#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/args.h"

static int is_word(struct vouch_bytes text, const char *word) {
    return text.len == strlen(word) && strncasecmp((const char *)text.ptr, word, text.len) == 0;
}

// "+8h" and "-5m".
static int parse_relative(struct vouch_bytes text, uint64_t now_s, uint64_t *ret_time_s) {
    uint64_t distance = 0;
    struct vouch_bytes rest = {text.ptr + 1, text.len - 1};
    if (vouch_duration_parse(rest, &distance) != 0) {
        return VOUCH_ERR_FORMAT;
    }
    if (text.ptr[0] == '-') {
        *ret_time_s = distance < now_s ? now_s - distance : 0;
    } else {
        *ret_time_s = now_s + distance;
    }
    return 0;
}

static size_t digits_at_start(struct vouch_bytes text) {
    size_t count = 0;
    while (count < text.len && text.ptr[count] >= '0' && text.ptr[count] <= '9') {
        count++;
    }
    return count;
}

// ssh-keygen's YYYYMMDD, YYYYMMDDHHMM and YYYYMMDDHHMMSS, with Z or UTC behind, as RFC 3339.
static int parse_compact(struct vouch_bytes text, uint64_t *ret_time_s) {
    char spelt[VOUCH_TIME_TEXT_MAX];
    size_t digits = digits_at_start(text);
    struct vouch_bytes zone = {text.ptr + digits, text.len - digits};
    int utc = is_word(zone, "Z") || is_word(zone, "UTC");
    if ((digits != 8 && digits != 12 && digits != 14) || (zone.len > 0 && !utc)) {
        return VOUCH_ERR_FORMAT;
    }
    const char *d = (const char *)text.ptr;
    int len = snprintf(spelt, sizeof spelt, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s%s", d, d + 4, d + 6,
                       digits > 8 ? d + 8 : "00", digits > 8 ? d + 10 : "00",
                       digits > 12 ? d + 12 : "00", utc ? "Z" : "");
    return vouch_time_parse((struct vouch_bytes){(const uint8_t *)spelt, (size_t)len}, ret_time_s);
}

int vouch_moment_parse(struct vouch_bytes text, uint64_t now_s, uint64_t *ret_time_s) {
    if (text.len == 0) {
        return VOUCH_ERR_FORMAT;
    }
    if (is_word(text, "now")) {
        *ret_time_s = now_s;
        return 0;
    }
    if (text.ptr[0] == '+' || text.ptr[0] == '-') {
        return parse_relative(text, now_s, ret_time_s);
    }
    if (digits_at_start(text) >= 8) {
        return parse_compact(text, ret_time_s);
    }
    return vouch_time_parse(text, ret_time_s);
}

static int not_understood(const char *text, struct vouch_fault *fault) {
    vouch_usage(fault, "--valid: \"%s\" is neither a duration nor FROM:TO", text);
    return vouch_fault_next(fault, "write --valid 8h, --valid -5m:+1h or "
                                   "--valid 2026-11-22T08:00:00Z:2026-11-23T08:00:00Z");
}

// A moment of RFC 3339 holds colons itself: the cut is where both sides are moments. Two such places
// are never guessed between.
static int parse_pair(const char *text, uint64_t now_s, struct vouch_validity *ret_validity,
                      struct vouch_fault *fault) {
    size_t found = 0;
    for (const char *colon = strchr(text, ':'); colon != NULL; colon = strchr(colon + 1, ':')) {
        struct vouch_validity validity;
        struct vouch_bytes from = {(const uint8_t *)text, (size_t)(colon - text)};
        struct vouch_bytes to = vouch_bytes_of(colon + 1);
        if (vouch_moment_parse(from, now_s, &validity.after) == 0 &&
            vouch_moment_parse(to, now_s, &validity.before) == 0) {
            *ret_validity = validity;
            found++;
        }
    }
    if (found > 1) {
        vouch_usage(fault, "--valid: \"%s\" can be read in more than one way", text);
        return vouch_fault_next(fault, "write both moments with seconds and Z");
    }
    return found == 1 ? 0 : not_understood(text, fault);
}

static int names_eternity(const char *text) {
    return strcasestr(text, "forever") != NULL || strcasestr(text, "always") != NULL;
}

int vouch_validity_parse(const char *text, uint64_t now_s, struct vouch_validity *ret_validity,
                         struct vouch_fault *fault) {
    struct vouch_validity validity;
    uint64_t duration = 0;
    const char *plain = text[0] == '+' ? text + 1 : text;
    // "8" may be hours to one and seconds to another, and "20261122" a day: neither is guessed.
    int is_bare = strspn(text, "0123456789") == strlen(text);
    if (names_eternity(text)) {
        vouch_usage(fault, "--valid: \"%s\": a certificate without an end is not issued", text);
        return vouch_fault_next(fault, "name an end, such as --valid 30d; renewing is cheap");
    }
    if (!is_bare && vouch_duration_parse(vouch_bytes_of(plain), &duration) == 0) {
        validity.after = now_s - VOUCH_VALIDITY_BACKDATE_S;
        validity.before = now_s + duration;
    } else {
        int err = parse_pair(text, now_s, &validity, fault);
        if (err != 0) {
            return err;
        }
    }
    if (validity.before <= validity.after) {
        vouch_usage(fault, "--valid: \"%s\" ends before it begins", text);
        return vouch_fault_next(fault, "write FROM:TO with the earlier moment first");
    }
    *ret_validity = validity;
    return 0;
}
