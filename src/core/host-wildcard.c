// SPDX-License-Identifier: ISC
// Host names with a wildcard: their form, and the list of domains below which they may be.
#include "core/host-wildcard.h"

#include <string.h>

#include "base/str.h"

#define LABEL_MAX 63
#define LABELS_MIN 2 // "*.com" would stand for half the world

static int is_letter(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static int is_label(struct vouch_bytes label) {
    if (label.len == 0 || label.len > LABEL_MAX || !is_letter(label.ptr[0]) ||
        !is_letter(label.ptr[label.len - 1])) {
        return 0;
    }
    for (size_t i = 0; i < label.len; i++) {
        if (!is_letter(label.ptr[i]) && label.ptr[i] != '-') {
            return 0;
        }
    }
    return 1;
}

static int is_number(struct vouch_bytes label) {
    for (size_t i = 0; i < label.len; i++) {
        if (label.ptr[i] < '0' || label.ptr[i] > '9') {
            return 0;
        }
    }
    return 1;
}

// What ends in a number is a part of an address to some readers.
static int is_domain(struct vouch_bytes domain) {
    struct vouch_bytes rest = domain, label = {0};
    size_t labels = 0;
    while (rest.ptr != NULL) {
        label = vouch_str_cut(&rest, '.');
        if (!is_label(label)) {
            return 0;
        }
        labels++;
    }
    return labels >= LABELS_MIN && !is_number(label);
}

int vouch_host_is_wildcard(struct vouch_bytes name) {
    return name.len > 2 && name.len <= VOUCH_HOST_WILDCARD_MAX && name.ptr[0] == '*' &&
           name.ptr[1] == '.' && is_domain((struct vouch_bytes){name.ptr + 2, name.len - 2});
}

int vouch_host_domains_add(struct vouch_host_domains *domains, struct vouch_bytes domain) {
    // With the star it is a name, and has to fit as one.
    if (domain.len > VOUCH_HOST_WILDCARD_MAX - 2 || !is_domain(domain)) {
        return VOUCH_ERR_FORMAT;
    }
    if (domains->count >= VOUCH_HOST_DOMAINS_MAX) {
        return VOUCH_ERR_LIMIT;
    }
    memcpy(domains->items[domains->count], domain.ptr, domain.len);
    domains->items[domains->count][domain.len] = '\0';
    domains->count++;
    return VOUCH_OK;
}

// The dot before the domain belongs to the match: "*.notexample.com" is not below "example.com".
static int is_below(struct vouch_bytes name, const char *domain) {
    size_t len = strlen(domain);
    return len > 0 && name.len > len && name.ptr[name.len - len - 1] == '.' &&
           memcmp(name.ptr + (name.len - len), domain, len) == 0;
}

int vouch_host_domains_allow(const struct vouch_host_domains *domains, struct vouch_bytes name) {
    if (!vouch_host_is_wildcard(name)) {
        return 0;
    }
    for (size_t i = 0; i < domains->count; i++) {
        if (is_below(name, domains->items[i])) {
            return 1;
        }
    }
    return 0;
}
