// SPDX-License-Identifier: ISC
// Gauntlet: what may stand in a certificate. Rows C1 C2 C11 C14 C15 C17 C18 C23 C24 C25.
//
// Each test is named after the row of the catalogue of other systems' failures that it answers.
#include "gauntlet/issuer.h"

#include <stdio.h>
#include <string.h>

#include "core/cert-options.h"

static struct issuer issuer;

static int begin(void **state) {
    (void)state;
    issuer_init(&issuer, VOUCH_KEY_ED25519);
    return 0;
}

static int end(void **state) {
    (void)state;
    issuer_done(&issuer);
    return 0;
}

// A small generator, seeded, so that a failure can be seen again.
static uint64_t next_random(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static struct vouch_bytes one_of(uint64_t *seed, const char *const *words, size_t count) {
    return vouch_bytes_of(words[next_random(seed) % count]);
}

static const char *const names[] = {
    "alice",    "root",    "",  "a,b", "*",  " ", "role:dev", "-x", "a\tb", "host.example.com",
    "10.0.0.1", "alice\n", "b", "c",   "..", "A"};
static const char *const key_ids[] = {"alice", "", "v1:alice", "a\"b", "\033[2J", "x"};
static const char *const option_names[] = {
    "permit-pty",     "force-command",         "",
    "source-address", "permit-X11-forwarding", "unknown@example.com"};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define RANDOM_SPECS 1000000

struct random_spec {
    struct vouch_bytes principals[4];
    struct vouch_cert_option critical[2], extensions[2];
    struct vouch_cert_spec spec;
};

static void fill_options(uint64_t *seed, struct vouch_cert_option *options, size_t count) {
    for (size_t i = 0; i < count; i++) {
        options[i].name = one_of(seed, option_names, COUNT(option_names));
        options[i].data =
            (struct vouch_bytes){(const uint8_t *)"\0\0\0\1x", next_random(seed) % 2 * 5};
    }
}

static void fill(uint64_t *seed, struct random_spec *random) {
    *random = (struct random_spec){.spec = issuer_spec(&issuer)};
    struct vouch_cert_spec *spec = &random->spec;
    spec->type = (enum vouch_cert_type)(next_random(seed) % 4);
    spec->serial = next_random(seed) % 3;
    spec->key_id = one_of(seed, key_ids, COUNT(key_ids));
    spec->principal_count = next_random(seed) % 5;
    for (size_t i = 0; i < spec->principal_count; i++) {
        random->principals[i] = one_of(seed, names, COUNT(names));
    }
    spec->principals = random->principals;
    spec->valid_after = next_random(seed) % 3 == 0 ? 0 : ISSUER_NOW;
    spec->valid_before =
        next_random(seed) % 3 == 0 ? UINT64_MAX : ISSUER_NOW + next_random(seed) % 9;
    spec->critical_count = next_random(seed) % 3;
    spec->extension_count = next_random(seed) % 3;
    fill_options(seed, random->critical, spec->critical_count);
    fill_options(seed, random->extensions, spec->extension_count);
    spec->critical = random->critical;
    spec->extensions = random->extensions;
}

// Reads a certificate back and holds it to the request, field by field.
static void assert_is_what_was_asked(const struct vouch_cert_spec *spec) {
    struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_CERT_BLOB_MAX);
    assert_int_equal(issuer_build(&issuer, spec, issuer_sign, &out), VOUCH_OK);
    struct vouch_cert *cert = NULL;
    assert_int_equal(vouch_cert_parse(vouch_buf_bytes(&out), &cert, NULL), VOUCH_OK);
    assert_int_equal(cert->type, spec->type);
    assert_true(cert->serial == spec->serial && cert->serial != 0);
    assert_true(vouch_bytes_equal(cert->key_id, spec->key_id));
    assert_true(cert->principal_count > 0);
    assert_int_equal(cert->principal_count, spec->principal_count);
    for (size_t i = 0; i < cert->principal_count; i++) {
        assert_true(cert->principals[i].len > 0);
        assert_true(vouch_bytes_equal(cert->principals[i], spec->principals[i]));
    }
    assert_true(cert->valid_after == spec->valid_after);
    assert_true(cert->valid_before == spec->valid_before);
    assert_int_equal(cert->critical_count, spec->critical_count);
    assert_int_equal(cert->extension_count, spec->extension_count);
    vouch_cert_free(cert);
    vouch_buf_done(&out);
}

static void C1_of_a_million_random_requests_none_gives_an_empty_principal_list(void **state) {
    (void)state;
    uint64_t seed = 0x9e3779b97f4a7c15u;
    size_t empty = 0, good = 0;
    for (size_t n = 0; n < RANDOM_SPECS; n++) {
        struct random_spec random;
        fill(&seed, &random);
        int err = vouch_cert_spec_check(&random.spec, NULL);
        int has_empty = random.spec.principal_count == 0;
        for (size_t i = 0; i < random.spec.principal_count; i++) {
            has_empty |= random.principals[i].len == 0;
        }
        assert_true(!has_empty || err == VOUCH_ERR_ARGUMENT);
        empty += (size_t)has_empty;
        good += err == VOUCH_OK;
        if (err == VOUCH_OK && good % 4 == 0) {
            assert_is_what_was_asked(&random.spec);
        }
    }
    // Both kinds came up, or nothing was tested.
    assert_true(empty > RANDOM_SPECS / 10 && good > 1000);
}

static void C1_the_builder_refuses_an_empty_list_whatever_the_type(void **state) {
    (void)state;
    struct vouch_cert_spec spec = issuer_spec(&issuer);
    spec.principal_count = 0;
    issuer_refuses(&issuer, &spec);
    spec.type = VOUCH_CERT_HOST;
    spec.extension_count = 0;
    issuer_refuses(&issuer, &spec);
    struct vouch_bytes empty = {0};
    spec.principals = &empty;
    spec.principal_count = 1;
    issuer_refuses(&issuer, &spec);
}

// 1 if the rules take `name`, of `type`, as the only principal.
static int takes(enum vouch_cert_type type, struct vouch_bytes name) {
    struct vouch_cert_spec spec = issuer_spec(&issuer);
    spec.type = type;
    spec.extension_count = type == VOUCH_CERT_USER;
    spec.principals = &name;
    spec.principal_count = 1;
    return vouch_cert_spec_check(&spec, NULL) == VOUCH_OK;
}

static int takes_text(enum vouch_cert_type type, const char *name) {
    return takes(type, vouch_bytes_of(name));
}

static void C2_each_byte_at_each_place_is_allowed_only_from_the_alphabet(void **state) {
    (void)state;
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@:+-";
    for (size_t place = 0; place < 8; place++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            uint8_t name[8];
            memcpy(name, "abcdefgh", sizeof name);
            name[place] = (uint8_t)byte;
            int is_letter = byte != 0 && strchr(allowed, (int)byte) != NULL;
            int wanted = is_letter && !(place == 0 && byte == '-');
            assert_int_equal(takes(VOUCH_CERT_USER, (struct vouch_bytes){name, sizeof name}),
                             wanted);
        }
    }
}

static void C2_names_that_mean_more_than_one_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "alice,root", ",",     "root,",    ",root",  "*",      "?",
        "alice root", "root#", "\"root\"", "ro\\ot", "!root",  "..",
        "a..b",       "-root", " root",    "root\t", "root\n", "r\xc3\xb6ot"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(takes_text(VOUCH_CERT_USER, bad[i]));
        assert_false(takes_text(VOUCH_CERT_HOST, bad[i]));
    }
    static const char *const good[] = {"alice", "root", "role:dev", "alice@example.com",
                                       "a.b-c_d+e"};
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(takes_text(VOUCH_CERT_USER, good[i]));
    }
}

static void C11_host_names_are_canonical_and_have_no_wildcard(void **state) {
    (void)state;
    static const char *const bad[] = {"*",
                                      "*.example.com",
                                      "web?.example.com",
                                      "Web.example.com",
                                      "host.",
                                      ".host",
                                      "host:22",
                                      "[host]:22",
                                      "h\xc3\xb6st",
                                      "host/24",
                                      "2001:DB8::1",
                                      "2001:db8:0::1",
                                      "fe80::1%lo",
                                      "a b",
                                      "!host",
                                      "host,other"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(takes_text(VOUCH_CERT_HOST, bad[i]));
    }
    static const char *const good[] = {"host", "web1.example.com", "xn--hst-sna.example.com",
                                       "192.0.2.1", "2001:db8::1"};
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(takes_text(VOUCH_CERT_HOST, good[i]));
    }
}

// The rules' answer to one critical option with this value, its inner length put before it.
static int takes_critical(const char *name, const char *value) {
    uint8_t data[32768];
    size_t len = strlen(value);
    assert_true(len + 4 <= sizeof data);
    data[0] = data[1] = 0;
    data[2] = (uint8_t)(len >> 8);
    data[3] = (uint8_t)len;
    memcpy(data + 4, value, len);
    struct vouch_cert_option option = {vouch_bytes_of(name), {data, len + 4}};
    struct vouch_cert_spec spec = issuer_spec(&issuer);
    spec.critical = &option;
    spec.critical_count = 1;
    return vouch_cert_spec_check(&spec, NULL) == VOUCH_OK;
}

static void C14_source_addresses_are_canonical_and_restrict(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "10.0.0.1/8",
                                      "0.0.0.0/0",
                                      "::/0",
                                      "10.0.0.0/8,0.0.0.0/0",
                                      "10.*",
                                      "localhost",
                                      "10.0.0.0/8, 10.1.0.0/16",
                                      "10.0.0.0/33",
                                      "10.0.0.0/-1",
                                      "10.0.0.0/08",
                                      "010.0.0.1",
                                      "10.0.0",
                                      "10.0.0.256",
                                      "2001:db8::1/32",
                                      "::1/129",
                                      "2001:DB8::/32",
                                      "fe80::1%lo",
                                      "10.0.0.0/8,",
                                      ",10.0.0.0/8",
                                      "!10.0.0.0/8",
                                      "10.0.0.0/8 ",
                                      "10.0.0.0/",
                                      "::ffff:10.0.0.1/104"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (takes_critical("source-address", bad[i])) {
            fail_msg("source-address %s was taken", bad[i]);
        }
    }
    static const char *const good[] = {"10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32", "::1/128",
                                       "10.0.0.0/8,192.0.2.7/32"};
    for (size_t i = 0; i < COUNT(good); i++) {
        if (!takes_critical("source-address", good[i])) {
            fail_msg("source-address %s was refused", good[i]);
        }
    }
}

static void C14_of_a_thousand_addresses_the_last_is_judged_too(void **state) {
    (void)state;
    char list[32000] = "";
    size_t len = 0;
    for (unsigned n = 0; n < 1000; n++) {
        int done = snprintf(list + len, sizeof list - len, "%s10.%u.%u.0/24", n ? "," : "", n / 256,
                            n % 256);
        len += (size_t)done;
    }
    assert_true(takes_critical("source-address", list));
    list[len - 4] = '1'; // the last one has host bits now
    assert_false(takes_critical("source-address", list));
}

static void C15_options_are_never_empty_never_repeated_always_sorted(void **state) {
    (void)state;
    assert_false(takes_critical("force-command", ""));
    assert_false(takes_critical("source-address", ""));
    assert_true(takes_critical("force-command", "true"));
    struct vouch_cert_option pty = {vouch_bytes_of("permit-pty"), {0}};
    struct vouch_cert_option user_rc = {vouch_bytes_of("permit-user-rc"), {0}};
    struct vouch_cert_option agent = {vouch_bytes_of("permit-agent-forwarding"), {0}};
    struct vouch_cert_option orders[][2] = {{pty, pty}, {user_rc, pty}, {pty, agent}};
    struct vouch_cert_spec spec = issuer_spec(&issuer);
    spec.extension_count = 2;
    for (size_t i = 0; i < COUNT(orders); i++) {
        spec.extensions = orders[i];
        issuer_refuses(&issuer, &spec);
    }
    struct vouch_cert_option sorted[2] = {agent, pty};
    spec.extensions = sorted;
    assert_is_what_was_asked(&spec);
}

// The verdict on a certificate for [after, before) at `now`.
static enum vouch_cert_verdict verdict_at(uint64_t after, uint64_t before, uint64_t now) {
    struct vouch_cert_spec spec = issuer_spec(&issuer);
    spec.valid_after = after;
    spec.valid_before = before;
    struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_CERT_BLOB_MAX);
    assert_int_equal(issuer_build(&issuer, &spec, issuer_sign, &out), VOUCH_OK);
    struct vouch_cert *cert = NULL;
    assert_int_equal(vouch_cert_parse(vouch_buf_bytes(&out), &cert, NULL), VOUCH_OK);
    const struct vouch_key *ca = vouch_private_key_public(issuer.ca);
    struct vouch_cert_expect expect = {.type = VOUCH_CERT_USER,
                                       .now = now,
                                       .cas = &ca,
                                       .ca_count = 1,
                                       .name = vouch_bytes_of("alice")};
    struct vouch_cert_result result;
    vouch_cert_check(cert, &expect, &result);
    vouch_cert_free(cert);
    vouch_buf_done(&out);
    return result.verdict;
}

static void C17_the_first_second_counts_and_the_last_does_not(void **state) {
    (void)state;
    static const uint64_t starts[] = {1,
                                      ISSUER_NOW,
                                      INT32_MAX - 1,
                                      INT32_MAX,
                                      (uint64_t)INT32_MAX + 1,
                                      UINT32_MAX - 1,
                                      UINT32_MAX,
                                      (uint64_t)UINT32_MAX + 1,
                                      4291747199u /* 2105 */};
    for (size_t i = 0; i < COUNT(starts); i++) {
        uint64_t after = starts[i], before = after + ISSUER_HOUR;
        assert_int_equal(verdict_at(after, before, after - 1), VOUCH_CERT_REFUSED);
        assert_int_equal(verdict_at(after, before, after), VOUCH_CERT_ACCEPTED);
        assert_int_equal(verdict_at(after, before, before - 1), VOUCH_CERT_ACCEPTED);
        assert_int_equal(verdict_at(after, before, before), VOUCH_CERT_REFUSED);
        assert_int_equal(verdict_at(after, before, UINT64_MAX), VOUCH_CERT_REFUSED);
    }
}

static void C17_no_validity_that_is_empty_reversed_or_for_ever(void **state) {
    (void)state;
    static const uint64_t bad[][2] = {
        {ISSUER_NOW, ISSUER_NOW}, {ISSUER_NOW, ISSUER_NOW - 1},
        {ISSUER_NOW, 0},          {0, 0},
        {ISSUER_NOW, UINT64_MAX}, {ISSUER_NOW, UINT64_MAX - 1},
        {UINT64_MAX, 0},          {ISSUER_NOW, (uint64_t)1 << 63},
        {0, UINT64_MAX},          {0, ISSUER_NOW},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct vouch_cert_spec spec = issuer_spec(&issuer);
        spec.valid_after = bad[i][0];
        spec.valid_before = bad[i][1];
        issuer_refuses(&issuer, &spec);
    }
}

static void C18_one_bad_principal_among_many_is_found_at_each_place(void **state) {
    (void)state;
    static char texts[VOUCH_CERT_PRINCIPALS_MAX][8];
    static struct vouch_bytes list[VOUCH_CERT_PRINCIPALS_MAX];
    for (size_t i = 0; i < COUNT(list); i++) {
        (void)snprintf(texts[i], sizeof texts[i], "user%zu", i);
        list[i] = vouch_bytes_of(texts[i]);
    }
    static const char *const bad[] = {"", "a,b", "-x"};
    for (size_t count = 3; count <= COUNT(list); count += count < 20 ? 1 : 59) {
        struct vouch_cert_spec spec = issuer_spec(&issuer);
        spec.principals = list;
        spec.principal_count = count;
        assert_int_equal(vouch_cert_spec_check(&spec, NULL), VOUCH_OK);
        for (size_t i = 0; i < count; i++) {
            for (size_t k = 0; k < COUNT(bad); k++) {
                list[i] = vouch_bytes_of(bad[k]);
                assert_int_equal(vouch_cert_spec_check(&spec, NULL), VOUCH_ERR_ARGUMENT);
            }
            list[i] = list[i == 0 ? 1 : 0]; // one that is there already
            assert_int_equal(vouch_cert_spec_check(&spec, NULL), VOUCH_ERR_ARGUMENT);
            list[i] = vouch_bytes_of(texts[i]);
        }
    }
}

static void C23_serial_zero_is_never_issued(void **state) {
    (void)state;
    struct vouch_cert_spec spec = issuer_spec(&issuer);
    spec.serial = 0;
    issuer_refuses(&issuer, &spec);
    spec.serial = UINT64_MAX;
    assert_is_what_was_asked(&spec);
}

static void C24_counts_and_sizes_are_bounded(void **state) {
    (void)state;
    static char texts[VOUCH_CERT_PRINCIPALS_MAX + 1][8];
    static struct vouch_bytes list[VOUCH_CERT_PRINCIPALS_MAX + 1];
    for (size_t i = 0; i < COUNT(list); i++) {
        (void)snprintf(texts[i], sizeof texts[i], "u%zu", i);
        list[i] = vouch_bytes_of(texts[i]);
    }
    struct vouch_cert_spec spec = issuer_spec(&issuer);
    spec.principals = list;
    spec.principal_count = VOUCH_CERT_PRINCIPALS_MAX;
    assert_is_what_was_asked(&spec);
    spec.principal_count = VOUCH_CERT_PRINCIPALS_MAX + 1;
    struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_CERT_BLOB_MAX);
    assert_true(issuer_build(&issuer, &spec, issuer_sign, &out) < 0);
    assert_int_equal(out.len, 0);
    vouch_buf_done(&out);
    static char key_id[VOUCH_CERT_KEY_ID_MAX + 2];
    memset(key_id, 'k', VOUCH_CERT_KEY_ID_MAX);
    spec = issuer_spec(&issuer);
    spec.key_id = vouch_bytes_of(key_id);
    assert_is_what_was_asked(&spec);
    key_id[VOUCH_CERT_KEY_ID_MAX] = 'k';
    spec.key_id = vouch_bytes_of(key_id);
    issuer_refuses(&issuer, &spec);
}

static void C25_only_known_options_each_in_its_own_section(void **state) {
    (void)state;
    static const char *const unknown[] = {
        "permit-everything", "nothing@example.com",   "",      "PERMIT-PTY",
        "permit-pty ",       "permit-x11-forwarding", "no-pty"};
    for (size_t i = 0; i < COUNT(unknown); i++) {
        struct vouch_cert_option option = {vouch_bytes_of(unknown[i]), {0}};
        struct vouch_cert_spec spec = issuer_spec(&issuer);
        spec.extensions = &option;
        issuer_refuses(&issuer, &spec);
        spec = issuer_spec(&issuer);
        spec.critical = &option;
        spec.critical_count = 1;
        issuer_refuses(&issuer, &spec);
    }
    for (const struct vouch_cert_option_kind *kind = vouch_cert_option_kinds; kind->name; kind++) {
        struct vouch_cert_option option = {vouch_bytes_of(kind->name), {0}};
        struct vouch_cert_spec spec = issuer_spec(&issuer);
        if (kind->section == VOUCH_CERT_SECTION_CRITICAL) {
            spec.extensions = &option; // where sshd would ignore it
        } else {
            spec.critical = &option; // where sshd would refuse it
            spec.critical_count = 1;
        }
        issuer_refuses(&issuer, &spec);
        spec = issuer_spec(&issuer);
        spec.type = VOUCH_CERT_HOST;
        spec.extensions = &option;
        issuer_refuses(&issuer, &spec);
    }
}

static void C25_presence_options_only_on_keys_that_have_presence(void **state) {
    (void)state;
    struct vouch_cert_option verify = {vouch_bytes_of("verify-required"), {0}};
    struct vouch_cert_spec spec = issuer_spec(&issuer);
    spec.critical = &verify;
    spec.critical_count = 1;
    issuer_refuses(&issuer, &spec);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(C1_of_a_million_random_requests_none_gives_an_empty_principal_list),
        cmocka_unit_test(C1_the_builder_refuses_an_empty_list_whatever_the_type),
        cmocka_unit_test(C2_each_byte_at_each_place_is_allowed_only_from_the_alphabet),
        cmocka_unit_test(C2_names_that_mean_more_than_one_are_refused),
        cmocka_unit_test(C11_host_names_are_canonical_and_have_no_wildcard),
        cmocka_unit_test(C14_source_addresses_are_canonical_and_restrict),
        cmocka_unit_test(C14_of_a_thousand_addresses_the_last_is_judged_too),
        cmocka_unit_test(C15_options_are_never_empty_never_repeated_always_sorted),
        cmocka_unit_test(C17_the_first_second_counts_and_the_last_does_not),
        cmocka_unit_test(C17_no_validity_that_is_empty_reversed_or_for_ever),
        cmocka_unit_test(C18_one_bad_principal_among_many_is_found_at_each_place),
        cmocka_unit_test(C23_serial_zero_is_never_issued),
        cmocka_unit_test(C24_counts_and_sizes_are_bounded),
        cmocka_unit_test(C25_only_known_options_each_in_its_own_section),
        cmocka_unit_test(C25_presence_options_only_on_keys_that_have_presence),
    };
    return cmocka_run_group_tests_name("gauntlet/rules", tests, begin, end);
}
