// SPDX-License-Identifier: ISC
// Deciding within a profile, as tables: every field left out, empty or hostile (gauntlet C4), one bad
// name at every place (C18), the last second (C17), patterns, options.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "authority/decide.h"

#define TEXTS_MAX 70

// Texts parted by blanks; 64 lists may be in use at a time.
static struct vouch_text_list list(const char *texts) {
    static struct vouch_bytes room[64][TEXTS_MAX];
    static size_t next;
    struct vouch_bytes *items = room[next++ % 64];
    size_t count = 0;
    while (texts != NULL && *texts != '\0') {
        size_t len = strcspn(texts, " ");
        assert_true(count < TEXTS_MAX);
        items[count++] = (struct vouch_bytes){(const uint8_t *)texts, len};
        texts += len + (texts[len] == ' ' ? 1 : 0);
    }
    return (struct vouch_text_list){items, count};
}

static struct vouch_profile_row profile(const char *principals, const char *options) {
    return (struct vouch_profile_row){.name = vouch_bytes_of("deploy"),
                                      .type = VOUCH_CERT_USER,
                                      .principals = list(principals),
                                      .options = list(options),
                                      .ttl_max_s = 3600};
}

static struct vouch_wish wish(const char *principals) {
    return (struct vouch_wish){.type = VOUCH_CERT_USER, .principals = list(principals)};
}

static struct vouch_decision decide(const struct vouch_profile_row *within,
                                    const struct vouch_wish *wanted, struct vouch_arena *arena) {
    const struct vouch_bounds bounds = {
        .profile = within, .asker = vouch_bytes_of("ci"), .ttl_max_s = 86400};
    struct vouch_decision decision = {0};
    assert_int_equal(vouch_decide(&bounds, wanted, arena, &decision), VOUCH_OK);
    if (decision.reply.verdict != VOUCH_VERDICT_DONE) {
        assert_true(decision.reply.code[0] == 'V' && decision.reply.why[0] != '\0');
        assert_int_equal(decision.principals.count, 0);
        assert_int_equal(decision.ttl_s, 0);
    }
    return decision;
}

static void expect(const struct vouch_profile_row *within, const struct vouch_wish *wanted,
                   enum vouch_verdict verdict, const char *field) {
    struct vouch_arena arena = {0};
    struct vouch_decision decision = decide(within, wanted, &arena);
    if (decision.reply.verdict != verdict || strcmp(decision.reply.field, field) != 0) {
        fail_msg("verdict %d, field %s (%s), not %d, %s", decision.reply.verdict,
                 decision.reply.field, decision.reply.why, verdict, field);
    }
    vouch_arena_done(&arena);
}

static const struct {
    const char *pattern, *name;
    int fits;
} pattern_rows[] = {
    {"alice", "alice", 1},
    {"alice", "alic", 0},
    {"alice", "alicee", 0},
    {"", "", 1},
    {"", "a", 0},
    {"*", "", 1},
    {"*", "anything", 1},
    {"a*", "a", 1},
    {"a*", "b", 0},
    {"*-prod", "web-prod", 1},
    {"*-prod", "web-prodx", 0},
    {"*-prod", "-prod-prod", 1},
    {"a*b*c", "axxbyyc", 1},
    {"a*b*c", "axxcyyb", 0},
    {"a?c", "abc", 1},
    {"a?c", "ac", 0},
    {"a?c", "abbc", 0},
    {"??", "ab", 1},
    {"**", "ab", 1},
    {"*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0},
    {"Alice", "alice", 0},
    {"a.c", "abc", 0},
    {"*", "a,root", 0},
    {"*", "a root", 0},
    {"*", "a*", 0},
    {"?", "*", 0},
    {"?", "?", 0},
    {"*", "a\nb", 0},
    {"*x", "\x01x", 0},
    {"web*", "web\xc3\xa9", 0},
};

static void patterns_fit_as_written(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof pattern_rows / sizeof pattern_rows[0]; i++) {
        int fits = vouch_pattern_fits(vouch_bytes_of(pattern_rows[i].pattern),
                                      vouch_bytes_of(pattern_rows[i].name));
        if (fits != pattern_rows[i].fits) {
            fail_msg("%s on %s gives %d", pattern_rows[i].pattern, pattern_rows[i].name, fits);
        }
    }
}

static void a_star_takes_no_byte_but_those_of_names(void **state) {
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t at = 0; at < 3; at++) {
            uint8_t name[] = "abc";
            name[at] = (uint8_t)byte;
            int is_name = byte != 0 && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                              "0123456789_.@:+-",
                                              (int)byte) != NULL;
            const struct vouch_bytes text = {name, 3};
            assert_int_equal(vouch_pattern_fits(vouch_bytes_of("*"), text), is_name);
            assert_int_equal(vouch_pattern_fits(vouch_bytes_of("???"), text), is_name);
            assert_int_equal(vouch_pattern_fits(vouch_bytes_of("*?*"), text), is_name);
        }
    }
}

// Longer than any name may be.
static const char *long_text(void) {
    static char text[600];
    memset(text, 'a', sizeof text - 1);
    return text;
}

static void C4_a_type_left_out_or_not_the_profiles(void **state) {
    (void)state;
    const struct vouch_profile_row within = profile("alice bob-*", "permit-pty");
    struct vouch_wish w = wish("alice");
    w.type = VOUCH_CERT_NONE;
    expect(&within, &w, VOUCH_VERDICT_INVALID, "type");
    w.type = VOUCH_CERT_HOST;
    expect(&within, &w, VOUCH_VERDICT_REFUSED, "type");
}

static void C4_principals_left_out_empty_or_hostile(void **state) {
    (void)state;
    const struct vouch_profile_row within = profile("alice bob-*", "permit-pty");
    const uint8_t nul[] = {'a', 0, 'b'};
    const struct vouch_bytes with_nul = {nul, sizeof nul}, none = {0};
    const struct vouch_text_list nul_list = {&with_nul, 1}, none_list = {&none, 1};
    struct vouch_wish w = wish(NULL);
    expect(&within, &w, VOUCH_VERDICT_INVALID, "principals");
    w.principals = none_list;
    expect(&within, &w, VOUCH_VERDICT_INVALID, "principals");
    w.principals = nul_list;
    expect(&within, &w, VOUCH_VERDICT_INVALID, "principals");
    static const char *const hostile[] = {"alice,root", "-alice", "*",    "bob-*", "bob-\n",
                                          "{{x}}",      "a/b",    "a\\b", "a\"b",  "a'b",
                                          "a#b",        "$(id)",  "a;b",  "a\x7f", "a\xff"};
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        w = wish(hostile[i]);
        expect(&within, &w, VOUCH_VERDICT_INVALID, "principals");
    }
    w = wish("alice alice");
    expect(&within, &w, VOUCH_VERDICT_INVALID, "principals");
    w = wish(long_text());
    expect(&within, &w, VOUCH_VERDICT_INVALID, "principals");
    w = wish("root");
    expect(&within, &w, VOUCH_VERDICT_REFUSED, "principals");
}

static void C4_a_key_id_that_is_hostile(void **state) {
    (void)state;
    const struct vouch_profile_row within = profile("alice bob-*", "permit-pty");
    struct vouch_wish w = wish("alice");
    static const char *const key_ids[] = {"a\nb", "a\"b", "a\\b", "a\x01", "\x7f", "\xc3\xa9"};
    for (size_t i = 0; i < sizeof key_ids / sizeof key_ids[0]; i++) {
        w.key_id = vouch_bytes_of(key_ids[i]);
        expect(&within, &w, VOUCH_VERDICT_INVALID, "key_id");
    }
    w.key_id = vouch_bytes_of(long_text());
    expect(&within, &w, VOUCH_VERDICT_INVALID, "key_id");
}

static void C4_what_is_left_out_is_filled_in_from_the_profile(void **state) {
    (void)state;
    const struct vouch_profile_row within =
        profile("alice", "permit-pty source-address=10.0.0.0/8 permit-agent-forwarding");
    const struct vouch_wish w = wish("alice");
    struct vouch_arena arena = {0};
    struct vouch_decision d = decide(&within, &w, &arena);
    assert_int_equal(d.reply.verdict, VOUCH_VERDICT_DONE);
    assert_true(vouch_bytes_equal(d.key_id, vouch_bytes_of("ci")));
    assert_int_equal(d.ttl_s, 3600);
    assert_int_equal(d.extension_count, 2);
    assert_true(vouch_bytes_equal(d.extensions[0].name, vouch_bytes_of("permit-agent-forwarding")));
    assert_true(vouch_bytes_equal(d.extensions[1].name, vouch_bytes_of("permit-pty")));
    assert_int_equal(d.critical_count, 1);
    struct vouch_bytes value;
    assert_int_equal(vouch_cert_option_value(&d.critical[0], &value), VOUCH_OK);
    assert_true(vouch_bytes_equal(value, vouch_bytes_of("10.0.0.0/8")));
    vouch_arena_done(&arena);
}

static void C18_one_bad_name_at_every_place(void **state) {
    (void)state;
    const struct vouch_profile_row within = profile("u*", "");
    char names[VOUCH_ASK_LIST_MAX][8];
    struct vouch_bytes items[VOUCH_ASK_LIST_MAX];
    for (size_t count = 1; count <= VOUCH_ASK_LIST_MAX; count++) {
        for (size_t bad = 0; bad <= count; bad++) {
            for (size_t i = 0; i < count; i++) {
                (void)snprintf(names[i], sizeof names[i], "%c%zu", i == bad ? 'v' : 'u', i);
                items[i] = vouch_bytes_of(names[i]);
            }
            const struct vouch_wish w = {.type = VOUCH_CERT_USER, .principals = {items, count}};
            expect(&within, &w, bad == count ? VOUCH_VERDICT_DONE : VOUCH_VERDICT_REFUSED,
                   bad == count ? "" : "principals");
        }
    }
}

static void C18_one_bad_option_at_every_place(void **state) {
    (void)state;
    static const char *const all[] = {"no-touch-required",
                                      "permit-X11-forwarding",
                                      "permit-agent-forwarding",
                                      "permit-port-forwarding",
                                      "permit-pty",
                                      "permit-user-rc"};
    const size_t count = sizeof all / sizeof all[0];
    for (size_t bad = 0; bad <= count; bad++) {
        char allowed[256] = "", asked[256] = "";
        for (size_t i = 0; i < count; i++) {
            if (i != bad) {
                (void)snprintf(allowed + strlen(allowed), sizeof allowed - strlen(allowed), "%s%s",
                               allowed[0] != '\0' ? " " : "", all[i]);
            }
            (void)snprintf(asked + strlen(asked), sizeof asked - strlen(asked), "%s%s",
                           i > 0 ? " " : "", all[i]);
        }
        const struct vouch_profile_row within = profile("alice", allowed);
        struct vouch_wish w = wish("alice");
        w.extensions = list(asked);
        expect(&within, &w, bad == count ? VOUCH_VERDICT_DONE : VOUCH_VERDICT_REFUSED,
               bad == count ? "" : "extensions");
    }
}

static void C17_the_last_second(void **state) {
    (void)state;
    const struct vouch_profile_row within = profile("alice", "");
    static const struct {
        uint64_t ttl_s;
        enum vouch_verdict verdict;
        uint64_t given_s;
    } rows[] = {{0, VOUCH_VERDICT_DONE, 3600},
                {1, VOUCH_VERDICT_DONE, 1},
                {3599, VOUCH_VERDICT_DONE, 3599},
                {3600, VOUCH_VERDICT_DONE, 3600},
                {3601, VOUCH_VERDICT_REFUSED, 0},
                {UINT64_C(1) << 31, VOUCH_VERDICT_REFUSED, 0},
                {UINT64_C(1) << 32, VOUCH_VERDICT_REFUSED, 0},
                {(UINT64_C(1) << 32) + 1, VOUCH_VERDICT_REFUSED, 0},
                {UINT64_C(1) << 63, VOUCH_VERDICT_REFUSED, 0},
                {UINT64_MAX, VOUCH_VERDICT_REFUSED, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_arena arena = {0};
        struct vouch_wish w = wish("alice");
        w.ttl_s = rows[i].ttl_s;
        struct vouch_decision d = decide(&within, &w, &arena);
        assert_int_equal(d.reply.verdict, rows[i].verdict);
        assert_int_equal(d.ttl_s, rows[i].given_s);
        vouch_arena_done(&arena);
    }
}

static void options_are_those_of_the_profile(void **state) {
    (void)state;
    static const struct {
        const char *allowed, *critical, *extensions;
        enum vouch_verdict verdict;
        const char *field;
    } rows[] = {
        {"permit-pty", "", "permit-pty", VOUCH_VERDICT_DONE, ""},
        {"permit-pty", "", "permit-user-rc", VOUCH_VERDICT_REFUSED, "extensions"},
        {"permit-pty", "", "permit-pty permit-pty", VOUCH_VERDICT_INVALID, "extensions"},
        {"permit-pty", "", "permit-pty=x", VOUCH_VERDICT_INVALID, "extensions"},
        {"permit-pty", "permit-pty", "", VOUCH_VERDICT_INVALID, "critical_options"},
        {"permit-pty", "", "no-such", VOUCH_VERDICT_INVALID, "extensions"},
        {"", "force-command=/bin/sh", "", VOUCH_VERDICT_REFUSED, "critical_options"},
        {"force-command=*", "force-command=/bin/sh", "", VOUCH_VERDICT_DONE, ""},
        {"force-command=*", "force-command=", "", VOUCH_VERDICT_INVALID, "critical_options"},
        {"force-command=*", "force-command", "", VOUCH_VERDICT_INVALID, "critical_options"},
        {"force-command=*", "", "", VOUCH_VERDICT_DONE, ""},
        {"force-command=/a", "force-command=/a", "", VOUCH_VERDICT_DONE, ""},
        {"force-command=/a", "force-command=/b", "", VOUCH_VERDICT_REFUSED, "critical_options"},
        {"force-command=/a", "", "force-command=/a", VOUCH_VERDICT_INVALID, "extensions"},
        {"force-command=/a force-command=/b", "", "", VOUCH_VERDICT_REFUSED, "critical_options"},
        {"force-command=/a force-command=/b", "force-command=/b", "", VOUCH_VERDICT_DONE, ""},
        {"force-command=/a", "force-command=/a force-command=/a", "", VOUCH_VERDICT_INVALID,
         "critical_options"},
        {"source-address=10.0.0.0/8", "source-address=0.0.0.0/0", "", VOUCH_VERDICT_REFUSED,
         "critical_options"},
        {"verify-required", "", "", VOUCH_VERDICT_DONE, ""},
        {"", "verify-required", "", VOUCH_VERDICT_REFUSED, "critical_options"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct vouch_profile_row within = profile("alice", rows[i].allowed);
        struct vouch_wish w = wish("alice");
        w.critical = list(rows[i].critical);
        w.extensions = list(rows[i].extensions);
        expect(&within, &w, rows[i].verdict, rows[i].field);
    }
}

// Whatever is left out, a restriction of the profile is in the certificate.
static void a_restriction_is_never_left_out(void **state) {
    (void)state;
    const struct vouch_profile_row within =
        profile("alice", "verify-required force-command=/a source-address=10.0.0.0/8 permit-pty");
    static const char *const asked[] = {"", "force-command=/a", "verify-required",
                                        "source-address=10.0.0.0/8 verify-required"};
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        struct vouch_arena arena = {0};
        struct vouch_wish w = wish("alice");
        w.critical = list(asked[i]);
        w.extensions_are = VOUCH_WISH_EXACT;
        struct vouch_decision d = decide(&within, &w, &arena);
        assert_int_equal(d.reply.verdict, VOUCH_VERDICT_DONE);
        assert_int_equal(d.critical_count, 3);
        assert_true(vouch_bytes_equal(d.critical[0].name, vouch_bytes_of("force-command")));
        assert_true(vouch_bytes_equal(d.critical[1].name, vouch_bytes_of("source-address")));
        assert_true(vouch_bytes_equal(d.critical[2].name, vouch_bytes_of("verify-required")));
        assert_int_equal(d.extension_count, 0);
        vouch_arena_done(&arena);
    }
}

static void hosts_have_no_options(void **state) {
    (void)state;
    struct vouch_profile_row within = profile("*.example.com", "");
    within.type = VOUCH_CERT_HOST;
    struct vouch_wish w = wish("db.example.com");
    w.type = VOUCH_CERT_HOST;
    expect(&within, &w, VOUCH_VERDICT_DONE, "");
    w.extensions = list("permit-pty");
    expect(&within, &w, VOUCH_VERDICT_INVALID, "extensions");
    w.extensions = list("");
    w.critical = list("force-command=/a");
    expect(&within, &w, VOUCH_VERDICT_INVALID, "critical_options");
}

static void without_a_profile_the_rest_still_holds(void **state) {
    (void)state;
    struct vouch_wish w = wish("root");
    expect(NULL, &w, VOUCH_VERDICT_DONE, "");
    w = wish("");
    expect(NULL, &w, VOUCH_VERDICT_INVALID, "principals");
    w = wish("a,b");
    expect(NULL, &w, VOUCH_VERDICT_INVALID, "principals");
    w = wish("root");
    w.extensions = list("nonsense");
    expect(NULL, &w, VOUCH_VERDICT_INVALID, "extensions");
}

static void profiles_are_judged_field_by_field(void **state) {
    (void)state;
    const struct vouch_profile_row good = profile("alice", "permit-pty force-command=*");
    struct vouch_reply reply = {0};
    vouch_profile_judge(&good, &reply);
    assert_int_equal(reply.verdict, VOUCH_VERDICT_DONE);
    struct vouch_profile_row rows[] = {good, good, good, good, good, good, good, good, good};
    rows[0].name = vouch_bytes_of("a b");
    rows[1].type = VOUCH_CERT_NONE;
    rows[2].ttl_max_s = 0;
    rows[3].principals = list("");
    rows[4].principals = list("a,b");
    rows[5].options = list("nonsense");
    rows[6].options = list("permit-pty permit-pty");
    rows[7].options = list("force-command");
    rows[8].type = VOUCH_CERT_HOST;
    static const char *const fields[] = {"name",       "type",       "ttl_max_s",
                                         "principals", "principals", "options",
                                         "options",    "options",    "options"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vouch_profile_judge(&rows[i], &reply);
        assert_int_equal(reply.verdict, VOUCH_VERDICT_INVALID);
        assert_string_equal(reply.field, fields[i]);
    }
}

// Each field that the signer or the rules of issuing name, beside the asker's.
static void a_field_of_the_signer_is_one_of_the_asker(void **state) {
    (void)state;
    static const char *const pairs[][2] = {
        {"type", "type"},
        {"public key", "public_key"},
        {"key ID", "key_id"},
        {"principals", "principals"},
        {"validity", "ttl_s"},
        {"critical options", "critical_options"},
        {"force-command", "critical_options"},
        {"source-address", "critical_options"},
        {"verify-required", "critical_options"},
        {"extensions", "extensions"},
        {"permit-pty", "extensions"},
        {"no-touch-required", "extensions"},
        {"serial", ""},
        {"actor", ""},
        {"options", ""},
        {"public ke", ""},
        {"public key\n", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        assert_string_equal(vouch_wish_field(vouch_bytes_of(pairs[i][0])), pairs[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_fit_as_written),
        cmocka_unit_test(a_star_takes_no_byte_but_those_of_names),
        cmocka_unit_test(C4_a_type_left_out_or_not_the_profiles),
        cmocka_unit_test(C4_principals_left_out_empty_or_hostile),
        cmocka_unit_test(C4_a_key_id_that_is_hostile),
        cmocka_unit_test(C4_what_is_left_out_is_filled_in_from_the_profile),
        cmocka_unit_test(C18_one_bad_name_at_every_place),
        cmocka_unit_test(C18_one_bad_option_at_every_place),
        cmocka_unit_test(C17_the_last_second),
        cmocka_unit_test(options_are_those_of_the_profile),
        cmocka_unit_test(a_restriction_is_never_left_out),
        cmocka_unit_test(hosts_have_no_options),
        cmocka_unit_test(without_a_profile_the_rest_still_holds),
        cmocka_unit_test(profiles_are_judged_field_by_field),
        cmocka_unit_test(a_field_of_the_signer_is_one_of_the_asker),
    };
    return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
