// SPDX-License-Identifier: ISC
// Tests of http/address.h and http/peers.h.
#include "http/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/peers.h"

static struct vouch_http_address address_of(const char *text) {
    struct vouch_http_address address = {0};
    assert_int_equal(vouch_http_address_parse(vouch_bytes_of(text), &address), VOUCH_OK);
    return address;
}

static void reads_and_writes_addresses(void **state) {
    (void)state;
    static const char *const good[] = {"0.0.0.0", "192.0.2.7", "::1", "2001:db8::7", "::"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char text[VOUCH_HTTP_ADDRESS_TEXT_MAX];
        struct vouch_http_address address = address_of(good[i]);
        vouch_http_address_text(&address, text);
        assert_string_equal(text, good[i]);
    }
}

static void refuses_what_is_no_address(void **state) {
    (void)state;
    static const char *const bad[] = {"",         "1.2.3", "1.2.3.4.5",  "256.1.1.1", "a",
                                      "1.2.3.4 ", "::1::", "1.2.3.4:80", "fe80::1%lo"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct vouch_http_address address;
        assert_int_equal(vouch_http_address_parse(vouch_bytes_of(bad[i]), &address),
                         VOUCH_ERR_FORMAT);
    }
}

static void holds_what_a_prefix_holds(void **state) {
    (void)state;
    static const struct {
        const char *prefix;
        const char *address;
        int holds;
    } cases[] = {
        {"10.0.0.0/8", "10.255.1.2", 1},
        {"10.0.0.0/8", "11.0.0.0", 0},
        {"10.0.0.0/8", "::a00:1", 0},
        {"0.0.0.0/0", "203.0.113.1", 1},
        {"0.0.0.0/0", "2001:db8::1", 0},
        {"192.0.2.128/25", "192.0.2.129", 1},
        {"192.0.2.128/25", "192.0.2.127", 0},
        {"192.0.2.1", "192.0.2.1", 1},
        {"192.0.2.1", "192.0.2.2", 0},
        {"2001:db8::/33", "2001:db8:7fff::1", 1},
        {"2001:db8::/33", "2001:db8:8000::1", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct vouch_http_prefix prefix;
        struct vouch_http_address address = address_of(cases[i].address);
        assert_int_equal(vouch_http_prefix_parse(vouch_bytes_of(cases[i].prefix), &prefix),
                         VOUCH_OK);
        assert_int_equal(vouch_http_prefix_holds(&prefix, &address), cases[i].holds);
    }
}

static void refuses_what_is_no_prefix(void **state) {
    (void)state;
    static const char *const bad[] = {"10.0.0.0/33", "10.0.0.0/",  "10.0.0.0/-1", "10.0.0.1/8",
                                      "::/129",      "2001::1/64", "/8",          "10.0.0.0/8/8"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct vouch_http_prefix prefix;
        assert_int_equal(vouch_http_prefix_parse(vouch_bytes_of(bad[i]), &prefix),
                         VOUCH_ERR_FORMAT);
    }
}

static void counts_connections_of_each_address(void **state) {
    (void)state;
    struct vouch_http_peers *peers = vouch_http_peers_new(100, 2);
    struct vouch_http_address one = address_of("192.0.2.1");
    struct vouch_http_address two = address_of("192.0.2.2");
    assert_true(vouch_http_peers_enter(peers, &one));
    assert_true(vouch_http_peers_enter(peers, &one));
    assert_false(vouch_http_peers_enter(peers, &one));
    assert_true(vouch_http_peers_enter(peers, &two));
    vouch_http_peers_leave(peers, &one);
    assert_true(vouch_http_peers_enter(peers, &one));
    assert_false(vouch_http_peers_enter(peers, &one));
    vouch_http_peers_free(peers);
}

static void counts_ipv6_by_its_64_first_bits(void **state) {
    (void)state;
    struct vouch_http_peers *peers = vouch_http_peers_new(100, 1);
    struct vouch_http_address one = address_of("2001:db8:0:1::1");
    struct vouch_http_address same = address_of("2001:db8:0:1:ffff::2");
    struct vouch_http_address other = address_of("2001:db8:0:2::1");
    assert_true(vouch_http_peers_enter(peers, &one));
    assert_false(vouch_http_peers_enter(peers, &same));
    assert_true(vouch_http_peers_enter(peers, &other));
    vouch_http_peers_free(peers);
}

// A full table, emptied and filled in another order, against a plain list of counts.
static void counts_the_same_as_a_plain_list(void **state) {
    (void)state;
    enum { ADDRESSES = 40 };
    struct vouch_http_peers *peers = vouch_http_peers_new(64, 3);
    unsigned counts[ADDRESSES] = {0};
    unsigned total = 0;
    uint32_t seed = 1;
    for (unsigned i = 0; i < 200000; i++) {
        seed = seed * 1664525 + 1013904223;
        unsigned who = (seed >> 16) % ADDRESSES;
        char text[32];
        snprintf(text, sizeof text, "10.0.0.%u", who);
        struct vouch_http_address address = address_of(text);
        if ((seed >> 8) % 2 == 0 && total < 64) {
            int stays = vouch_http_peers_enter(peers, &address);
            assert_int_equal(stays, counts[who] < 3);
            counts[who] += stays != 0;
            total += stays != 0;
        } else if (counts[who] > 0) {
            vouch_http_peers_leave(peers, &address);
            counts[who]--;
            total--;
        }
    }
    vouch_http_peers_free(peers);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes_addresses),
        cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(holds_what_a_prefix_holds),
        cmocka_unit_test(refuses_what_is_no_prefix),
        cmocka_unit_test(counts_connections_of_each_address),
        cmocka_unit_test(counts_ipv6_by_its_64_first_bits),
        cmocka_unit_test(counts_the_same_as_a_plain_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
