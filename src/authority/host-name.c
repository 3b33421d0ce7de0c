// SPDX-License-Identifier: ISC
// Names of hosts, in the one spelling that certificates and clients compare byte by byte.
#include "authority/host-name.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/host-wildcard.h"
#include "policy/rule.h"

#define NAME_MAX_LEN 195 // with "host:" before it, a key ID
#define LABEL_MAX_LEN 63

// --- how they are written

static int is_letter(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static const char *label_fault(struct vouch_bytes label) {
    if (label.len == 0) {
        return "has an empty label: a dot too many";
    }
    if (label.len > LABEL_MAX_LEN) {
        return "has a label of more than 63 characters";
    }
    for (size_t i = 0; i < label.len; i++) {
        if (!is_letter(label.ptr[i]) && label.ptr[i] != '-') {
            return "may have only a-z, 0-9, hyphens and dots";
        }
    }
    return is_letter(label.ptr[0]) && is_letter(label.ptr[label.len - 1])
               ? NULL
               : "has a label that begins or ends with a hyphen";
}

static int is_number(struct vouch_bytes label) {
    size_t digits = 0;
    while (digits < label.len && label.ptr[digits] >= '0' && label.ptr[digits] <= '9') {
        digits++;
    }
    return digits == label.len;
}

// What ends in a number is an address to some readers, in forms that others do not know.
const char *vouch_host_name_fault(struct vouch_bytes name) {
    struct vouch_bytes rest = name;
    struct vouch_bytes label = {0};
    if (name.len == 0) {
        return "is empty";
    }
    if (name.len > NAME_MAX_LEN) {
        return "is longer than 195 characters";
    }
    if (memchr(name.ptr, '*', name.len) != NULL || memchr(name.ptr, '?', name.len) != NULL) {
        return "stands for many hosts: a host has one name";
    }
    while (rest.ptr != NULL) {
        label = vouch_str_cut(&rest, '.');
        const char *why = label_fault(label);
        if (why != NULL) {
            return why;
        }
    }
    return is_number(label) ? "ends in a number: an address is an alias, not a name" : NULL;
}

static int is_address(struct vouch_bytes text) {
    char given[INET6_ADDRSTRLEN] = "", canonical[INET6_ADDRSTRLEN];
    uint8_t address[sizeof(struct in6_addr)];
    if (text.len == 0 || text.len >= sizeof given) {
        return 0;
    }
    memcpy(given, text.ptr, text.len);
    int family = strchr(given, ':') != NULL ? AF_INET6 : AF_INET;
    return strlen(given) == text.len && inet_pton(family, given, address) == 1 &&
           inet_ntop(family, address, canonical, sizeof canonical) != NULL &&
           strcmp(given, canonical) == 0;
}

const char *vouch_host_alias_fault(struct vouch_bytes alias) {
    if (is_address(alias) || vouch_host_is_wildcard(alias)) {
        return NULL;
    }
    return alias.len > 0 && memchr(alias.ptr, '*', alias.len) != NULL
               ? "stands for many hosts, and is not * and a dot before a domain of two labels or "
                 "more"
               : vouch_host_name_fault(alias);
}

struct vouch_bytes vouch_host_short_name(struct vouch_bytes name) {
    struct vouch_bytes rest = name;
    struct vouch_bytes first = vouch_str_cut(&rest, '.');
    return rest.ptr != NULL ? first : (struct vouch_bytes){0};
}

// --- zones

// A star is tried as the shortest run first, and made longer where the rest does not fit. The star of a
// wildcard stands for names of any length, so no question mark covers it; a pattern that fits the wildcard
// then fits all that it stands for.
int vouch_host_fits(struct vouch_bytes pattern, struct vouch_bytes name) {
    size_t at = 0, in = 0, star = SIZE_MAX, from = 0;
    while (in < name.len) {
        if (at < pattern.len && pattern.ptr[at] == '*') {
            star = at++;
            from = in;
        } else if (at < pattern.len && ((pattern.ptr[at] == '?' && name.ptr[in] != '*') ||
                                        pattern.ptr[at] == name.ptr[in])) {
            at++;
            in++;
        } else if (star != SIZE_MAX) {
            at = star + 1;
            in = ++from;
        } else {
            return 0;
        }
    }
    while (at < pattern.len && pattern.ptr[at] == '*') {
        at++;
    }
    return at == pattern.len;
}

int vouch_host_zone_has(const struct vouch_policy_zone *zone, struct vouch_bytes name) {
    for (size_t i = 0; i < zone->patterns.count; i++) {
        if (vouch_host_fits(zone->patterns.items[i], name)) {
            return 1;
        }
    }
    return 0;
}

const struct vouch_policy_zone *vouch_host_only_zone(const struct vouch_policy_content *content,
                                                     struct vouch_bytes name) {
    const struct vouch_policy_zone *only = NULL;
    for (size_t i = 0; i < content->zone_count; i++) {
        if (!vouch_host_zone_has(&content->zones[i], name)) {
            continue;
        }
        if (only != NULL) {
            return NULL;
        }
        only = &content->zones[i];
    }
    return only;
}

// Zones and hosts begin with their name.
static int compare_names(const void *name, const void *thing) {
    return vouch_bytes_compare(*(const struct vouch_bytes *)name,
                               *(const struct vouch_bytes *)thing);
}

const struct vouch_policy_zone *vouch_host_zone_named(const struct vouch_policy_content *content,
                                                      struct vouch_bytes name) {
    return content->zone_count == 0 ? NULL
                                    : bsearch(&name, content->zones, content->zone_count,
                                              sizeof content->zones[0], compare_names);
}

const struct vouch_policy_host *vouch_host_named(const struct vouch_policy_content *content,
                                                 struct vouch_bytes name) {
    return content->host_count == 0 ? NULL
                                    : bsearch(&name, content->hosts, content->host_count,
                                              sizeof content->hosts[0], compare_names);
}

// --- labels

struct vouch_bytes vouch_host_label_key(struct vouch_bytes label) {
    struct vouch_bytes rest = label;
    return vouch_str_cut(&rest, '=');
}

const char *vouch_host_labels_fault(const struct vouch_bytes *labels, size_t count,
                                    struct vouch_bytes *ret_label) {
    if (count > VOUCH_POLICY_LABELS_MAX) {
        *ret_label = labels[VOUCH_POLICY_LABELS_MAX];
        return "is one label too many: a host has at most 32";
    }
    for (size_t i = 0; i < count; i++) {
        *ret_label = labels[i];
        const char *why = vouch_policy_label_fault(labels[i]);
        for (size_t k = 0; why == NULL && k < i; k++) {
            int is_same =
                vouch_bytes_equal(vouch_host_label_key(labels[i]), vouch_host_label_key(labels[k]));
            why = is_same ? "has the key of another label" : NULL;
        }
        if (why != NULL) {
            return why;
        }
    }
    return NULL;
}
