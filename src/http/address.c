// SPDX-License-Identifier: ISC
// Reads, writes and compares network addresses.
#include "http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "base/str.h"

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

struct vouch_http_address vouch_http_address_of(const struct sockaddr *from) {
    struct vouch_http_address address = {0};
    if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, from, sizeof v6);
        memcpy(address.bytes, &v6.sin6_addr, 16);
    } else if (from->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, from, sizeof v4);
        memcpy(address.bytes, mapped, sizeof mapped);
        memcpy(address.bytes + 12, &v4.sin_addr, 4);
    }
    return address;
}

int vouch_http_address_parse(struct vouch_bytes text, struct vouch_http_address *ret_address) {
    char copy[VOUCH_HTTP_ADDRESS_TEXT_MAX];
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.ptr, 0, text.len) != NULL) {
        return VOUCH_ERR_FORMAT;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    struct vouch_http_address address = {0};
    if (inet_pton(AF_INET6, copy, address.bytes) != 1) {
        memcpy(address.bytes, mapped, sizeof mapped);
        if (inet_pton(AF_INET, copy, address.bytes + 12) != 1) {
            return VOUCH_ERR_FORMAT;
        }
    }
    *ret_address = address;
    return VOUCH_OK;
}

static int is_v4(const struct vouch_http_address *address) {
    return memcmp(address->bytes, mapped, sizeof mapped) == 0;
}

void vouch_http_address_text(const struct vouch_http_address *address,
                             char ret_text[static VOUCH_HTTP_ADDRESS_TEXT_MAX]) {
    int v4 = is_v4(address);
    if (inet_ntop(v4 ? AF_INET : AF_INET6, address->bytes + (v4 ? 12 : 0), ret_text,
                  VOUCH_HTTP_ADDRESS_TEXT_MAX) == NULL) {
        ret_text[0] = 0;
    }
}

int vouch_http_prefix_holds(const struct vouch_http_prefix *prefix,
                            const struct vouch_http_address *address) {
    unsigned whole = prefix->bits / 8;
    unsigned rest = prefix->bits % 8;
    if (memcmp(prefix->address.bytes, address->bytes, whole) != 0) {
        return 0;
    }
    return rest == 0 || ((prefix->address.bytes[whole] ^ address->bytes[whole]) >> (8 - rest)) == 0;
}

static int has_bits_behind(const struct vouch_http_prefix *prefix) {
    for (unsigned bit = prefix->bits; bit < 128; bit++) {
        if (prefix->address.bytes[bit / 8] >> (7 - bit % 8) & 1) {
            return 1;
        }
    }
    return 0;
}

int vouch_http_prefix_parse(struct vouch_bytes text, struct vouch_http_prefix *ret_prefix) {
    struct vouch_bytes bits_text = text;
    struct vouch_bytes address_text = vouch_str_cut(&bits_text, '/');
    struct vouch_http_prefix prefix = {0};
    if (vouch_http_address_parse(address_text, &prefix.address) != VOUCH_OK) {
        return VOUCH_ERR_FORMAT;
    }
    uint64_t most = is_v4(&prefix.address) ? 32 : 128;
    uint64_t bits = most;
    if (bits_text.ptr != NULL && (vouch_str_to_u64(bits_text, &bits) != VOUCH_OK || bits > most)) {
        return VOUCH_ERR_FORMAT;
    }
    prefix.bits = (unsigned)(bits + 128 - most);
    if (has_bits_behind(&prefix)) {
        return VOUCH_ERR_FORMAT;
    }
    *ret_prefix = prefix;
    return VOUCH_OK;
}
