// SPDX-License-Identifier: ISC
// IPv4 and IPv6 networks for source-address.
#include "core/cidr.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/str.h"

#define ENTRY_MAX 49 // OpenSSH: INET6_ADDRSTRLEN + "/128"

static int has_only(struct vouch_bytes text, const char *allowed) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == 0 || strchr(allowed, text.ptr[i]) == NULL) {
            return 0;
        }
    }
    return 1;
}

static int host_bits_set(const struct vouch_cidr *cidr) {
    for (size_t bit = cidr->mask_bits; bit < cidr->address_len * 8; bit++) {
        if ((cidr->address[bit / 8] >> (7 - bit % 8) & 1) != 0) {
            return 1;
        }
    }
    return 0;
}

static int parse_mask(struct vouch_bytes text, struct vouch_cidr *cidr) {
    uint64_t bits = cidr->address_len * 8;
    if (text.ptr != NULL && vouch_str_to_u64(text, &bits) != VOUCH_OK) {
        return VOUCH_ERR_FORMAT;
    }
    if (bits > cidr->address_len * 8) {
        return VOUCH_ERR_FORMAT;
    }
    cidr->mask_bits = (unsigned)bits;
    return host_bits_set(cidr) ? VOUCH_ERR_MISMATCH : VOUCH_OK;
}

int vouch_cidr_parse(struct vouch_bytes text, struct vouch_cidr *ret_cidr) {
    if (text.len == 0 || text.len > ENTRY_MAX || !has_only(text, "0123456789abcdefABCDEF.:/")) {
        return VOUCH_ERR_FORMAT;
    }
    struct vouch_bytes rest = text;
    struct vouch_bytes address = vouch_str_cut(&rest, '/');
    char copy[ENTRY_MAX + 1] = "";
    memcpy(copy, address.ptr, address.len);
    struct vouch_cidr cidr = {.address_len = 4};
    struct in_addr ipv4;
    if (address.len > 0 && inet_aton(copy, &ipv4) != 0) { // as getaddrinfo() does, which sshd asks
        memcpy(cidr.address, &ipv4, sizeof ipv4);
    } else if (inet_pton(AF_INET6, copy, cidr.address) == 1) {
        cidr.address_len = 16;
    } else {
        return VOUCH_ERR_FORMAT;
    }
    int err = parse_mask(rest, &cidr);
    if (err == VOUCH_OK) {
        *ret_cidr = cidr;
    }
    return err;
}

static int contains(const struct vouch_cidr *network, const struct vouch_cidr *address) {
    if (network->address_len != address->address_len) {
        return 0;
    }
    struct vouch_cidr masked = *address;
    masked.mask_bits = network->mask_bits;
    for (size_t bit = masked.mask_bits; bit < masked.address_len * 8; bit++) {
        masked.address[bit / 8] &= (uint8_t) ~(1u << (7 - bit % 8));
    }
    return memcmp(masked.address, network->address, network->address_len) == 0;
}

int vouch_cidr_list_is(struct vouch_bytes list) {
    struct vouch_bytes rest = list;
    while (rest.ptr != NULL) {
        struct vouch_cidr network;
        if (vouch_cidr_parse(vouch_str_cut(&rest, ','), &network) != VOUCH_OK) {
            return 0;
        }
    }
    return list.len > 0;
}

int vouch_cidr_list_has(struct vouch_bytes list, struct vouch_bytes address) {
    struct vouch_cidr client;
    if (!vouch_cidr_list_is(list) || vouch_cidr_parse(address, &client) != VOUCH_OK) {
        return 0;
    }
    int found = 0;
    struct vouch_bytes rest = list;
    while (rest.ptr != NULL) {
        struct vouch_cidr network;
        found |= vouch_cidr_parse(vouch_str_cut(&rest, ','), &network) == VOUCH_OK &&
                 contains(&network, &client);
    }
    return found;
}

// IPv4 in IPv6: sshd knows such a client by its IPv4 address, so the entry never matches.
static int is_mapped(const struct vouch_cidr *cidr) {
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    return cidr->address_len == 16 && memcmp(cidr->address, prefix, sizeof prefix) == 0;
}

// Nonzero if the entry is written as inet_ntop() and a plain number would.
static int is_canonical(struct vouch_bytes entry, const struct vouch_cidr *cidr) {
    char text[ENTRY_MAX + 8], bits[8];
    int family = cidr->address_len == 4 ? AF_INET : AF_INET6;
    if (inet_ntop(family, cidr->address, text, ENTRY_MAX) == NULL) {
        return 0;
    }
    if (memchr(entry.ptr, '/', entry.len) != NULL) {
        (void)snprintf(bits, sizeof bits, "/%u", cidr->mask_bits);
        memcpy(text + strlen(text), bits, strlen(bits) + 1);
    }
    return vouch_bytes_equal(entry, vouch_bytes_of(text));
}

static const char *entry_fault(struct vouch_bytes entry) {
    struct vouch_cidr cidr;
    switch (vouch_cidr_parse(entry, &cidr)) {
    case VOUCH_OK:
        break;
    case VOUCH_ERR_MISMATCH:
        return "has host bits set behind its mask (write 10.0.0.0/8, not 10.0.0.1/8)";
    default:
        return entry.len == 0 ? "has an empty entry"
                              : "has an entry that is not an address or CIDR";
    }
    if (is_mapped(&cidr)) {
        return "is an IPv4 address written as IPv6, which sshd never matches";
    }
    if (!is_canonical(entry, &cidr)) {
        return "has an entry that is not in its canonical form (10.0.0.0/8, 2001:db8::/32)";
    }
    return cidr.mask_bits == 0 ? "allows every address, so it restricts nothing" : NULL;
}

const char *vouch_cidr_list_fault(struct vouch_bytes list) {
    struct vouch_bytes rest = list;
    if (rest.len == 0) {
        return "is empty";
    }
    while (rest.ptr != NULL) {
        const char *why = entry_fault(vouch_str_cut(&rest, ','));
        if (why != NULL) {
            return why;
        }
    }
    return NULL;
}
