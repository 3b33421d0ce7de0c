// SPDX-License-Identifier: ISC
// Gauntlet: a hundred thousand certificates of one CA, or a million with VOUCH_LONG in the environment.
// Rows C22 C23: no nonce twice, no serial twice, none left out, each one in the ledger.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "signer/ca.h"

#define BATCH 1000

static size_t total;
static uint8_t (*nonces)[VOUCH_CERT_NONCE_LEN];
static uint64_t *serials;
static char folder[] = "/tmp/vouch-batches-XXXXXX";

static struct vouch_issue make_issue(const struct vouch_key *key, uint64_t now) {
    static const struct vouch_bytes principals[] = {{(const uint8_t *)"alice", 5}};
    return (struct vouch_issue){
        .spec = {.type = VOUCH_CERT_USER,
                 .key = key,
                 .key_id = vouch_bytes_of("alice"),
                 .principals = principals,
                 .principal_count = 1,
                 .valid_after = now - 60,
                 .valid_before = now + 3600},
        .actor = vouch_bytes_of("gauntlet"),
    };
}

static void keep(const struct vouch_issued *issued, size_t at) {
    struct vouch_cert *cert = NULL;
    assert_int_equal(vouch_cert_parse(vouch_buf_bytes(&issued->cert), &cert, NULL), VOUCH_OK);
    assert_true(cert->serial == issued->serial);
    assert_int_equal(cert->nonce.len, VOUCH_CERT_NONCE_LEN);
    memcpy(nonces[at], cert->nonce.ptr, VOUCH_CERT_NONCE_LEN);
    serials[at] = cert->serial;
    vouch_cert_free(cert);
}

static void issue_all(struct vouch_ca *ca, const struct vouch_key *key) {
    static struct vouch_issue issues[BATCH];
    static struct vouch_issued issued[BATCH];
    for (size_t done = 0; done < total; done += BATCH) {
        for (size_t i = 0; i < BATCH; i++) {
            issues[i] = make_issue(key, (uint64_t)time(NULL));
        }
        struct vouch_fault fault = {0};
        int err = vouch_ca_issue(ca, issues, BATCH, issued, NULL, &fault);
        if (err != VOUCH_OK) {
            fail_msg("batch at %zu: %s", done, fault.text);
        }
        for (size_t i = 0; i < BATCH; i++) {
            keep(&issued[i], done + i);
            vouch_buf_done(&issued[i].cert);
        }
    }
}

static int make_certificates(void **state) {
    (void)state;
    total = getenv("VOUCH_LONG") != NULL ? 1000000 : 100000;
    nonces = calloc(total, sizeof *nonces);
    serials = calloc(total, sizeof *serials);
    assert_non_null(nonces);
    assert_non_null(serials);
    assert_non_null(mkdtemp(folder));
    struct vouch_fault fault = {0};
    const struct vouch_ca_new what = {
        .dir = folder, .name = "gauntlet", .type = VOUCH_KEY_ED25519, .actor = "gauntlet"};
    if (vouch_ca_create(&what, &fault) != VOUCH_OK) {
        (void)fprintf(stderr, "%s\n", fault.text);
        return -1;
    }
    const struct vouch_ca_open open = {.dir = folder, .type = VOUCH_CERT_USER};
    struct vouch_ca *ca = NULL;
    struct vouch_private_key *subject = NULL;
    assert_int_equal(vouch_ca_open(&open, &ca, &fault), VOUCH_OK);
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &subject), VOUCH_OK);
    issue_all(ca, vouch_private_key_public(subject));
    vouch_private_key_free(subject);
    vouch_ca_close(ca);
    return 0;
}

static int remove_certificates(void **state) {
    (void)state;
    free(nonces);
    free(serials);
    char command[64];
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static int compare_nonces(const void *a, const void *b) {
    return memcmp(a, b, VOUCH_CERT_NONCE_LEN);
}

static void C22_no_nonce_comes_twice(void **state) {
    (void)state;
    qsort(nonces, total, sizeof *nonces, compare_nonces);
    for (size_t i = 1; i < total; i++) {
        // The first eight bytes already: of a million, two alike would come once in 10^7 runs.
        assert_true(memcmp(nonces[i - 1], nonces[i], 8) != 0);
    }
}

static void C22_every_bit_of_the_nonces_is_set_in_half_of_them(void **state) {
    (void)state;
    for (size_t bit = 0; bit < VOUCH_CERT_NONCE_LEN * 8; bit++) {
        size_t set = 0;
        for (size_t i = 0; i < total; i++) {
            set += nonces[i][bit / 8] >> bit % 8 & 1;
        }
        // Within 2 % of half: 6 standard deviations and more.
        assert_true(set > total / 2 - total / 50 && set < total / 2 + total / 50);
    }
}

static void C23_serials_go_up_by_one_and_none_is_zero(void **state) {
    (void)state;
    assert_true(serials[0] > 0);
    for (size_t i = 1; i < total; i++) {
        assert_true(serials[i] == serials[i - 1] + 1);
    }
}

static void C23_a_ca_opened_again_goes_on_behind_the_last_serial(void **state) {
    (void)state;
    const struct vouch_ca_open open = {.dir = folder, .type = VOUCH_CERT_HOST};
    struct vouch_fault fault = {0};
    struct vouch_ca *ca = NULL;
    struct vouch_private_key *subject = NULL;
    struct vouch_issued issued = {0};
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &subject), VOUCH_OK);
    struct vouch_issue issue = make_issue(vouch_private_key_public(subject), (uint64_t)time(NULL));
    issue.spec.type = VOUCH_CERT_HOST;
    // Also when it is the other key of the same CA: one ledger, one count.
    assert_int_equal(vouch_ca_open(&open, &ca, &fault), VOUCH_OK);
    assert_int_equal(vouch_ca_issue(ca, &issue, 1, &issued, NULL, &fault), VOUCH_OK);
    assert_true(issued.serial == serials[total - 1] + 1);
    vouch_buf_done(&issued.cert);
    vouch_ca_close(ca);
    vouch_private_key_free(subject);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(C23_serials_go_up_by_one_and_none_is_zero),
        cmocka_unit_test(C23_a_ca_opened_again_goes_on_behind_the_last_serial),
        cmocka_unit_test(C22_no_nonce_comes_twice),
        cmocka_unit_test(C22_every_bit_of_the_nonces_is_set_in_half_of_them),
    };
    return cmocka_run_group_tests_name("gauntlet/batches", tests, make_certificates,
                                       remove_certificates);
}
