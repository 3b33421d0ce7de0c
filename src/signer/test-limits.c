// SPDX-License-Identifier: ISC
// The ceiling: each bound at -1, 0 and +1, the alphabets byte by byte, the options, the keys, the rate.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/cert-options.h"
#include "signer/limits.h"

#define NOW_S UINT64_C(1795344338)
#define SECOND_NS UINT64_C(1000000000)

static struct vouch_private_key *subject;
static struct vouch_signer_ceiling ceiling;
static struct vouch_signer_refusal refusal;

static int begin(void **state) {
    (void)state;
    ceiling = vouch_signer_ceiling_default();
    refusal = (struct vouch_signer_refusal){0};
    return vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &subject);
}

static int end(void **state) {
    (void)state;
    vouch_private_key_free(subject);
    return 0;
}

static struct vouch_signer_ask good_ask(void) {
    static const struct vouch_bytes principals[] = {{(const uint8_t *)"alice", 5}};
    return (struct vouch_signer_ask){.spec = {.type = VOUCH_CERT_USER,
                                              .key = vouch_private_key_public(subject),
                                              .key_id = vouch_bytes_of("alice@example.com"),
                                              .principals = principals,
                                              .principal_count = 1,
                                              .valid_after = NOW_S,
                                              .valid_before = NOW_S + 3600},
                                     .actor = vouch_bytes_of("token:test")};
}

static struct vouch_signer_ask good_host_ask(void) {
    static const struct vouch_bytes principals[] = {{(const uint8_t *)"web1.example.com", 16}};
    struct vouch_signer_ask ask = good_ask();
    ask.spec.type = VOUCH_CERT_HOST;
    ask.spec.principals = principals;
    return ask;
}

static void assert_allowed(const struct vouch_signer_ask *ask) {
    if (vouch_signer_ask_check(&ceiling, ask, NOW_S, &refusal) != VOUCH_SIGNER_DONE) {
        fail_msg("%s: %s", refusal.field, refusal.why);
    }
}

static void assert_refused(const struct vouch_signer_ask *ask, const char *code,
                           const char *field) {
    refusal = (struct vouch_signer_refusal){0};
    assert_int_equal(vouch_signer_ask_check(&ceiling, ask, NOW_S, &refusal), VOUCH_SIGNER_REFUSED);
    assert_string_equal(refusal.code, code);
    assert_string_equal(refusal.field, field);
    assert_true(refusal.why[0] != '\0');
}

static void allows_what_is_inside(void **state) {
    (void)state;
    struct vouch_signer_ask ask = good_ask();
    assert_allowed(&ask);
    ask = good_host_ask();
    assert_allowed(&ask);
    ask.spec.serial = 17; // is not looked at
    assert_allowed(&ask);
}

static void refuses_types_that_are_none(void **state) {
    (void)state;
    static const uint32_t types[] = {0, 3, 4, 255, 256, 65537, UINT32_MAX};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct vouch_signer_ask ask = good_ask();
        ask.spec.type = (enum vouch_cert_type)types[i];
        assert_refused(&ask, "V-1301", "type");
    }
    struct vouch_signer_ask ask = good_ask();
    ask.spec.key = NULL;
    assert_refused(&ask, "V-1301", "public key");
}

static void bounds_the_end_of_validity_to_the_second(void **state) {
    (void)state;
    struct vouch_signer_ask asks[] = {good_ask(), good_host_ask()};
    const uint64_t longest[] = {86400, 90 * 86400};
    for (size_t i = 0; i < 2; i++) {
        struct vouch_signer_ask *ask = &asks[i];
        ask->spec.valid_before = NOW_S + longest[i] - 1;
        assert_allowed(ask);
        ask->spec.valid_before = NOW_S + longest[i];
        assert_allowed(ask);
        ask->spec.valid_before = NOW_S + longest[i] + 1;
        assert_refused(ask, "V-1606", "validity");
        ask->spec.valid_before = UINT64_MAX;
        assert_refused(ask, "V-1606", "validity");
        ask->spec.valid_before = NOW_S;
        assert_refused(ask, "V-1606", "validity");
        ask->spec.valid_before = 0;
        assert_refused(ask, "V-1606", "validity");
    }
}

static void bounds_the_beginning_of_validity(void **state) {
    (void)state;
    struct vouch_signer_ask ask = good_ask();
    ask.spec.valid_after = NOW_S - VOUCH_CEILING_BACKDATE_S;
    assert_allowed(&ask);
    ask.spec.valid_after--;
    assert_refused(&ask, "V-1606", "validity");
    ask.spec.valid_after = 0;
    assert_refused(&ask, "V-1606", "validity");
    ask.spec.valid_after = NOW_S + 3599; // not yet, but within what may be
    assert_allowed(&ask);
    ask.spec.valid_after = NOW_S + 3600;
    assert_refused(&ask, "V-1301", "validity");
}

static void bounds_the_number_of_principals(void **state) {
    (void)state;
    struct vouch_bytes names[VOUCH_CERT_PRINCIPALS_MAX];
    char texts[VOUCH_CERT_PRINCIPALS_MAX][8];
    for (size_t i = 0; i < VOUCH_CERT_PRINCIPALS_MAX; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "u%zu", i);
        names[i] = vouch_bytes_of(texts[i]);
    }
    struct vouch_signer_ask asks[] = {good_ask(), good_host_ask()};
    for (size_t i = 0; i < 2; i++) {
        asks[i].spec.principals = names;
        for (size_t count = 15; count <= 17; count++) {
            asks[i].spec.principal_count = count;
            if (count <= 16) {
                assert_allowed(&asks[i]);
            } else {
                assert_refused(&asks[i], "V-1606", "principals");
            }
        }
        asks[i].spec.principal_count = 0;
        assert_refused(&asks[i], "V-1301", "principals");
    }
}

static int is_user_letter(int c, size_t position) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != 0 && strchr("_.@:+", c) != NULL) || (c == '-' && position > 0);
}

// The last letter of the host's name may not be a dot, nor the first.
static int is_host_letter(int c, size_t position, size_t last) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           (c == '-' && position > 0) || (c == '.' && position > 0 && position < last);
}

static void sweeps_the_alphabet_of_principals_by_position(void **state) {
    (void)state;
    for (size_t position = 0; position < 5; position++) {
        for (int c = 0; c < 256; c++) {
            uint8_t name[] = {'a', 'b', 'c', 'd', 'e'};
            const struct vouch_bytes principal = {name, sizeof name};
            struct vouch_signer_ask user = good_ask(), host = good_host_ask();
            name[position] = (uint8_t)c;
            user.spec.principals = host.spec.principals = &principal;
            if (is_user_letter(c, position)) {
                assert_allowed(&user);
            } else {
                assert_refused(&user, "V-1301", "principals");
            }
            if (is_host_letter(c, position, 4)) {
                assert_allowed(&host);
            } else {
                assert_refused(&host, "V-1301", "principals");
            }
        }
    }
}

static void refuses_one_bad_principal_at_each_place(void **state) {
    (void)state;
    static const char *const good[] = {"a", "b", "c", "d", "e", "f"};
    for (size_t at = 0; at < 6; at++) {
        struct vouch_bytes names[6];
        for (size_t i = 0; i < 6; i++) {
            names[i] = vouch_bytes_of(i == at ? "root,admin" : good[i]);
        }
        struct vouch_signer_ask ask = good_ask();
        ask.spec.principals = names;
        ask.spec.principal_count = 6;
        assert_refused(&ask, "V-1301", "principals");
    }
}

// By the ceiling V-1606, by the careful rules V-1301.
static void a_host_has_a_wildcard_only_below_a_domain_of_the_list(void **state) {
    (void)state;
    static const struct {
        const char *name, *code; // NULL: allowed
    } rows[] = {
        {"*.web.example.com", NULL},
        {"*.eu.web.example.com", NULL},
        {"*.example.com", "V-1606"},
        {"*.theweb.example.com", "V-1606"},
        {"*.web.example.com.net", "V-1606"},
        {"*", "V-1301"},
        {"*.com", "V-1301"},
        {"w*.web.example.com", "V-1301"},
        {"*.*.web.example.com", "V-1301"},
        {"?.web.example.com", "V-1301"},
        {"!*.web.example.com", "V-1301"},
        {"*.web.example.com,a.b", "V-1301"},
        {"*.WEB.example.com", "V-1301"},
        {"*..web.example.com", "V-1301"},
        {"*.web.example.com.", "V-1301"},
    };
    assert_int_equal(ceiling.wildcards.count, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct vouch_bytes names[] = {vouch_bytes_of("web1.web.example.com"),
                                            vouch_bytes_of(rows[i].name)};
        struct vouch_signer_ask host = good_host_ask(), user = good_ask();
        host.spec.principals = user.spec.principals = names;
        host.spec.principal_count = user.spec.principal_count = 2;
        ceiling.wildcards = (struct vouch_host_domains){0};
        assert_refused(&host, rows[i].code != NULL ? rows[i].code : "V-1606", "principals");
        assert_int_equal(
            vouch_host_domains_add(&ceiling.wildcards, vouch_bytes_of("web.example.com")),
            VOUCH_OK);
        assert_refused(&user, "V-1301", "principals");
        if (rows[i].code == NULL) {
            assert_allowed(&host);
        } else {
            assert_refused(&host, rows[i].code, "principals");
        }
    }
}

static void allows_only_the_options_of_its_list(void **state) {
    (void)state;
    static const uint8_t command[] = "\0\0\0\4true", address[] = "\0\0\0\x0a"
                                                                 "10.0.0.0/8";
    for (size_t i = 0; vouch_cert_option_kinds[i].name != NULL; i++) {
        const struct vouch_cert_option_kind *kind = &vouch_cert_option_kinds[i];
        struct vouch_cert_option option = {.name = vouch_bytes_of(kind->name)};
        if (kind->has_value) {
            option.data = strcmp(kind->name, "force-command") == 0
                              ? (struct vouch_bytes){command, 8}
                              : (struct vouch_bytes){address, 14};
        }
        struct vouch_signer_ask ask = good_ask();
        int is_critical = kind->section == VOUCH_CERT_SECTION_CRITICAL;
        ask.spec.critical = ask.spec.extensions = &option;
        ask.spec.critical_count = is_critical ? 1 : 0;
        ask.spec.extension_count = is_critical ? 0 : 1;
        ceiling.user.options = vouch_ceiling_option_bit(option.name);
        assert_true(ceiling.user.options != 0);
        if (strcmp(kind->name, "verify-required") != 0) { // that one is for security keys
            assert_allowed(&ask);
        }
        ceiling.user.options = ~ceiling.user.options;
        const char *field = is_critical ? "critical options" : "extensions";
        assert_refused(&ask, "V-1606", field);
        ask.spec.type = VOUCH_CERT_HOST;
        assert_refused(&ask, "V-1606", field);
    }
}

static void refuses_options_that_nobody_knows(void **state) {
    (void)state;
    static const char *const names[] = {"", "permit-pt", "permit-ptyy", "Permit-pty",
                                        "permit-pty\n"};
    ceiling.user.options = UINT32_MAX; // even a ceiling that is none
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct vouch_cert_option option = {.name = vouch_bytes_of(names[i])};
        struct vouch_signer_ask ask = good_ask();
        ask.spec.extensions = &option;
        ask.spec.extension_count = 1;
        assert_refused(&ask, "V-1606", "extensions");
    }
}

static void does_not_allow_no_touch_required_by_default(void **state) {
    (void)state;
    const struct vouch_cert_option option = {.name = vouch_bytes_of("no-touch-required")};
    struct vouch_signer_ask ask = good_ask();
    ask.spec.extensions = &option;
    ask.spec.extension_count = 1;
    assert_refused(&ask, "V-1606", "extensions");
}

static void bounds_the_number_and_size_of_options(void **state) {
    (void)state;
    struct vouch_cert_option many[17];
    static uint8_t large[33 * 1024];
    struct vouch_signer_ask ask = good_ask();
    for (size_t i = 0; i < 17; i++) {
        many[i] = (struct vouch_cert_option){.name = vouch_bytes_of("permit-pty")};
    }
    ask.spec.extensions = many;
    ask.spec.extension_count = 17;
    assert_refused(&ask, "V-1606", "extensions");
    ask = good_ask();
    ask.spec.critical = many;
    ask.spec.critical_count = 17;
    assert_refused(&ask, "V-1606", "critical options");
    const struct vouch_cert_option command = {.name = vouch_bytes_of("force-command"),
                                              .data = {large, sizeof large}};
    ask = good_ask();
    ask.spec.critical = &command;
    ask.spec.critical_count = 1;
    assert_refused(&ask, "V-1606", "options");
}

static void allows_only_the_key_types_of_its_list(void **state) {
    (void)state;
    struct vouch_signer_ask ask = good_ask();
    ceiling.key_types = UINT32_C(1) << VOUCH_KEY_ED25519;
    assert_allowed(&ask);
    ceiling.key_types = ~ceiling.key_types;
    assert_refused(&ask, "V-1606", "public key");
}

static void bounds_the_bits_of_rsa_keys(void **state) {
    (void)state;
    static const struct {
        unsigned bits;
        uint64_t least;
        int good;
    } rows[] = {{2048, 2048, 1}, {2048, 2056, 0}, {2056, 2056, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_private_key *rsa = NULL;
        assert_int_equal(vouch_private_key_generate(VOUCH_KEY_RSA, rows[i].bits, &rsa), VOUCH_OK);
        struct vouch_signer_ask ask = good_ask();
        ask.spec.key = vouch_private_key_public(rsa);
        ceiling.rsa_bits_min = rows[i].least;
        if (rows[i].good) {
            assert_allowed(&ask);
        } else {
            assert_refused(&ask, "V-1606", "public key");
        }
        vouch_private_key_free(rsa);
    }
}

static void refuses_weak_keys_whatever_the_ceiling_says(void **state) {
    (void)state;
    static const uint8_t small_order[] = "\0\0\0\x0bssh-ed25519\0\0\0\x20"
                                         "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                         "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    struct vouch_key *weak = NULL;
    assert_int_equal(vouch_key_parse((struct vouch_bytes){small_order, 51}, &weak, NULL), VOUCH_OK);
    struct vouch_signer_ask ask = good_ask();
    ask.spec.key = weak;
    assert_refused(&ask, "V-1301", "public key");
    vouch_key_free(weak);
    struct vouch_private_key *rsa = NULL;
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_RSA, 1024, &rsa), VOUCH_OK);
    ask.spec.key = vouch_private_key_public(rsa);
    ceiling.rsa_bits_min = 0;
    assert_refused(&ask, "V-1301", "public key");
    vouch_private_key_free(rsa);
}

static void bounds_each_text_and_wants_an_actor(void **state) {
    (void)state;
    static const char *const names[] = {"actor", "evidence", "role", "request", "source", "policy"};
    uint8_t text[VOUCH_SIGNER_TEXT_MAX + 1];
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < 6; i++) {
        for (size_t len = VOUCH_SIGNER_TEXT_MAX - 1; len <= VOUCH_SIGNER_TEXT_MAX + 1; len++) {
            struct vouch_signer_ask ask = good_ask();
            struct vouch_bytes *const fields[] = {&ask.actor,   &ask.evidence, &ask.role,
                                                  &ask.request, &ask.source,   &ask.policy};
            *fields[i] = (struct vouch_bytes){text, len};
            if (len <= VOUCH_SIGNER_TEXT_MAX) {
                assert_allowed(&ask);
            } else {
                assert_refused(&ask, "V-1301", names[i]);
            }
        }
        for (int c = 0; c < 256; c++) {
            uint8_t one[] = {'a', (uint8_t)c, 'b'};
            struct vouch_signer_ask ask = good_ask();
            struct vouch_bytes *const fields[] = {&ask.actor,   &ask.evidence, &ask.role,
                                                  &ask.request, &ask.source,   &ask.policy};
            *fields[i] = (struct vouch_bytes){one, sizeof one};
            if (c >= 0x20 && c != 0x7f) {
                assert_allowed(&ask);
            } else {
                assert_refused(&ask, "V-1301", names[i]);
            }
        }
    }
    struct vouch_signer_ask ask = good_ask();
    ask.actor = (struct vouch_bytes){0};
    assert_refused(&ask, "V-1301", "actor");
}

static void finds_each_bound_of_a_ceiling_that_is_broken(void **state) {
    (void)state;
    const char *why = NULL;
    assert_null(vouch_signer_ceiling_fault(&ceiling, &why));
    static const struct {
        size_t offset;
        uint64_t least, most;
        const char *field;
    } rows[] = {
        {offsetof(struct vouch_signer_ceiling, user.ttl_max_s), VOUCH_CEILING_TTL_MIN_S,
         VOUCH_CEILING_TTL_MAX_S, "user.ttl_max"},
        {offsetof(struct vouch_signer_ceiling, host.ttl_max_s), VOUCH_CEILING_TTL_MIN_S,
         VOUCH_CEILING_TTL_MAX_S, "host.ttl_max"},
        {offsetof(struct vouch_signer_ceiling, user.principals_max), 1, 256, "user.principals_max"},
        {offsetof(struct vouch_signer_ceiling, host.principals_max), 1, 256, "host.principals_max"},
        {offsetof(struct vouch_signer_ceiling, rate_per_s), 0, 1000000, "rate.per_second"},
        {offsetof(struct vouch_signer_ceiling, rsa_bits_min), 2048, 8192, "keys.rsa_min_bits"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint64_t values[] = {rows[i].least - 1, rows[i].least, rows[i].most,
                                   rows[i].most + 1};
        for (size_t k = 0; k < 4; k++) {
            struct vouch_signer_ceiling broken = ceiling;
            memcpy((char *)&broken + rows[i].offset, &values[k], sizeof values[k]);
            const char *field = vouch_signer_ceiling_fault(&broken, &why);
            int is_good = k == 1 || k == 2;
            assert_true(is_good ? field == NULL : strcmp(field, rows[i].field) == 0);
        }
    }
}

static void finds_options_and_key_types_that_no_ceiling_has(void **state) {
    (void)state;
    const char *why = NULL;
    struct vouch_signer_ceiling broken = ceiling;
    broken.host.options = 1;
    assert_string_equal(vouch_signer_ceiling_fault(&broken, &why), "host.options");
    broken = ceiling;
    broken.user.options = UINT32_MAX;
    assert_string_equal(vouch_signer_ceiling_fault(&broken, &why), "user.options");
    broken = ceiling;
    broken.key_types = 0;
    assert_string_equal(vouch_signer_ceiling_fault(&broken, &why), "keys.types");
    broken.key_types = 1; // VOUCH_KEY_NONE
    assert_string_equal(vouch_signer_ceiling_fault(&broken, &why), "keys.types");
}

static void lets_through_as_many_as_the_rate_allows(void **state) {
    (void)state;
    struct vouch_signer_rate rate;
    unsigned taken = 0;
    vouch_signer_rate_init(&rate, 10, 5);
    while (vouch_signer_rate_take(&rate, 5, &refusal) == VOUCH_SIGNER_DONE) {
        taken++;
    }
    assert_int_equal(taken, 10);
    assert_string_equal(refusal.code, "V-1607");
    assert_int_equal(vouch_signer_rate_take(&rate, 5 + SECOND_NS / 10 - 1, &refusal),
                     VOUCH_SIGNER_REFUSED);
    assert_int_equal(vouch_signer_rate_take(&rate, 5 + SECOND_NS / 10, &refusal),
                     VOUCH_SIGNER_DONE);
    // A long rest does not save up more than a second's worth; time that goes back gives nothing.
    taken = 0;
    while (vouch_signer_rate_take(&rate, 100 * SECOND_NS, &refusal) == VOUCH_SIGNER_DONE) {
        taken++;
    }
    assert_int_equal(taken, 10);
    assert_int_equal(vouch_signer_rate_take(&rate, SECOND_NS, &refusal), VOUCH_SIGNER_REFUSED);
    assert_int_equal(vouch_signer_rate_take(&rate, UINT64_MAX, &refusal), VOUCH_SIGNER_DONE);
}

static void has_no_rate_when_it_is_zero(void **state) {
    (void)state;
    struct vouch_signer_rate rate;
    vouch_signer_rate_init(&rate, 0, 0);
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(vouch_signer_rate_take(&rate, 0, &refusal), VOUCH_SIGNER_DONE);
    }
}

static struct vouch_signer_event good_event(void) {
    return (struct vouch_signer_event){.actor = vouch_bytes_of("token:test"),
                                       .type = vouch_bytes_of("cert.revoke")};
}

static void sweeps_the_alphabet_of_event_types(void **state) {
    (void)state;
    for (int c = 0; c < 256; c++) {
        uint8_t name[] = {'a', (uint8_t)c};
        struct vouch_signer_event event = good_event();
        event.type = (struct vouch_bytes){name, sizeof name};
        int good =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
        assert_int_equal(vouch_signer_event_check(&event, &refusal),
                         good ? VOUCH_SIGNER_DONE : VOUCH_SIGNER_REFUSED);
    }
}

static void bounds_events(void **state) {
    (void)state;
    static uint8_t text[64 * 1024];
    static const uint8_t torn[] = {0, 0, 0, 1, 'a', 0, 0, 0, 9, 'b'};
    static const uint8_t unnamed[] = {0, 0, 0, 0, 0, 0, 0, 0};
    memset(text, 'a', sizeof text);
    struct vouch_signer_event events[6];
    for (size_t i = 0; i < 6; i++) {
        events[i] = good_event();
    }
    events[0].actor.len = 0;
    events[1].actor = (struct vouch_bytes){text, VOUCH_SIGNER_TEXT_MAX + 1};
    events[2].object = (struct vouch_bytes){text, VOUCH_SIGNER_TEXT_MAX + 1};
    events[3].details = (struct vouch_bytes){text, sizeof text};
    events[4].details = (struct vouch_bytes){torn, sizeof torn};
    events[5].details = (struct vouch_bytes){unnamed, sizeof unnamed};
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(vouch_signer_event_check(&events[i], &refusal), VOUCH_SIGNER_REFUSED);
        assert_string_equal(refusal.code, "V-1609");
    }
    struct vouch_signer_event event = good_event();
    event.type = (struct vouch_bytes){text, 64};
    event.object = (struct vouch_bytes){text, VOUCH_SIGNER_TEXT_MAX};
    assert_int_equal(vouch_signer_event_check(&event, &refusal), VOUCH_SIGNER_DONE);
    event.type.len = 65;
    assert_int_equal(vouch_signer_event_check(&event, &refusal), VOUCH_SIGNER_REFUSED);
}

static void refusals_are_printable_and_fit(void **state) {
    (void)state;
    char long_text[1000];
    memset(long_text, '\x1b', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    assert_int_equal(
        vouch_signer_refuse(&refusal, &vouch_fault_ceiling, long_text, "%s", long_text),
        VOUCH_SIGNER_REFUSED);
    assert_true(strlen(refusal.why) < sizeof refusal.why);
    assert_true(strlen(refusal.field) < sizeof refusal.field);
    assert_null(strchr(refusal.why, '\x1b'));
    assert_null(strchr(refusal.field, '\x1b'));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(allows_what_is_inside),
        TEST(refuses_types_that_are_none),
        TEST(bounds_the_end_of_validity_to_the_second),
        TEST(bounds_the_beginning_of_validity),
        TEST(bounds_the_number_of_principals),
        TEST(sweeps_the_alphabet_of_principals_by_position),
        TEST(refuses_one_bad_principal_at_each_place),
        TEST(a_host_has_a_wildcard_only_below_a_domain_of_the_list),
        TEST(allows_only_the_options_of_its_list),
        TEST(refuses_options_that_nobody_knows),
        TEST(does_not_allow_no_touch_required_by_default),
        TEST(bounds_the_number_and_size_of_options),
        TEST(allows_only_the_key_types_of_its_list),
        TEST(bounds_the_bits_of_rsa_keys),
        TEST(refuses_weak_keys_whatever_the_ceiling_says),
        TEST(bounds_each_text_and_wants_an_actor),
        TEST(finds_each_bound_of_a_ceiling_that_is_broken),
        TEST(finds_options_and_key_types_that_no_ceiling_has),
        TEST(lets_through_as_many_as_the_rate_allows),
        TEST(has_no_rate_when_it_is_zero),
        TEST(sweeps_the_alphabet_of_event_types),
        TEST(bounds_events),
        TEST(refusals_are_printable_and_fit),
    };
    return cmocka_run_group_tests_name("signer/limits", tests, NULL, NULL);
}
