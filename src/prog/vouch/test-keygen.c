// SPDX-License-Identifier: ISC
// The parts of `vouch keygen` that need no file and no other program: -V, -O, -t, pictures, words.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "prog/vouch/keygen-load.h"

#define NOW UINT64_C(1700000000)

static void use_zone(const char *zone) {
    assert_int_equal(setenv("TZ", zone, 1), 0);
    tzset();
}

static int parse(const char *text, struct vouch_keygen *args) {
    *args = (struct vouch_keygen){.valid_before = VOUCH_CERT_FOREVER};
    return vouch_keygen_validity_parse(text, NOW, args);
}

static void reads_each_form_of_validity(void **state) {
    static const struct {
        const char *text;
        uint64_t from;
        uint64_t to;
    } rows[] = {
        {"+0", (NOW - 59) / 60 * 60, NOW},
        {"+1w2d3h4m5s", (NOW - 59) / 60 * 60, NOW + 604800 + 172800 + 10800 + 240 + 5},
        {"+90", (NOW - 59) / 60 * 60, NOW + 90},
        {"-5m:+1H", NOW - 300, NOW + 3600},
        {"always:forever", 0, VOUCH_CERT_FOREVER},
        {"0x10:0xFFFFFFFFFFFFFFFE", 16, UINT64_MAX - 1},
        {"19700102:197001030000Z", 86400, 172800},
        {"19700101000001z:19700101000002UTC", 1, 2},
        {"20240230Z:20240302Z", 1709251200, 1709337600}, // 30 February is 1 March
        {"+0:+2147483647s", NOW, NOW + 2147483647},
    };
    (void)state;
    use_zone("UTC");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_keygen args;
        assert_int_equal(parse(rows[i].text, &args), 0);
        assert_int_equal(args.valid_after, rows[i].from);
        assert_int_equal(args.valid_before, rows[i].to);
    }
}

static void reads_dates_in_the_local_zone_unless_marked(void **state) {
    struct vouch_keygen args;
    (void)state;
    use_zone("XYZ-3:30");
    assert_int_equal(parse("197001020000:19700102Z", &args), 0);
    assert_int_equal(args.valid_after, 86400 - 12600);
    assert_int_equal(args.valid_before, 86400);
    use_zone("UTC");
}

static void refuses_what_is_no_validity(void **state) {
    static const char *const texts[] = {
        "",
        "+",
        "-",
        "-1h",
        "1h",
        ":",
        "+1h:",
        ":+1h",
        "now:+1h",
        "+1.5",
        "+1y",
        "+2147483648",
        "+1h-1s",
        "forever:+1",
        "always:always",
        "0x:0x5",
        "0x1g:0x5",
        "0x5:0x10000000000000000",
        "2024:2025",
        "20241301:20250101",
        "20240101:20230101",
        "+5:+5",
        "19691231Z:20300101Z",
        "-2000000000:+1",
        "+99999999999999999999",
        "20240101ZZ:forever",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct vouch_keygen args;
        assert_int_equal(parse(texts[i], &args), VOUCH_KEYGEN_FAILED);
    }
}

static void says_validity_in_four_ways(void **state) {
    char text[VOUCH_KEYGEN_VALIDITY_MAX];
    (void)state;
    use_zone("UTC");
    vouch_keygen_validity_text(0, VOUCH_CERT_FOREVER, text);
    assert_string_equal(text, "forever");
    vouch_keygen_validity_text(0, 60, text);
    assert_string_equal(text, "before 1970-01-01T00:01:00");
    vouch_keygen_validity_text(60, VOUCH_CERT_FOREVER, text);
    assert_string_equal(text, "after 1970-01-01T00:01:00");
    vouch_keygen_validity_text(60, UINT64_MAX - 1, text);
    assert_string_equal(text, "from 1970-01-01T00:01:00 to UNKNOWN-TIME");
}

// The names of a list, in its order, with a mark between them.
static void assert_names(const struct vouch_cert_option *options, size_t count, const char *names) {
    struct vouch_buf found;
    vouch_buf_init(&found, 1024);
    for (size_t i = 0; i < count; i++) {
        vouch_buf_put(&found, options[i].name);
        vouch_buf_put_text(&found, " ");
    }
    assert_int_equal(found.len, strlen(names));
    assert_true(vouch_bytes_equal(vouch_buf_bytes(&found), vouch_bytes_of(names)));
    vouch_buf_done(&found);
}

static void check_limits(const char **options, size_t count, unsigned char host,
                         const char *critical, const char *extensions) {
    struct vouch_keygen args = {.options = options, .option_count = count};
    struct vouch_keygen_limits limits;
    args.count['h'] = host;
    assert_int_equal(vouch_keygen_limits_parse(&args, &limits), 0);
    assert_names(limits.critical, limits.critical_count, critical);
    assert_names(limits.extensions, limits.extension_count, extensions);
    vouch_keygen_limits_done(&limits);
}

static void gives_people_five_permissions_and_machines_none(void **state) {
    (void)state;
    check_limits(NULL, 0, 0, "",
                 "permit-X11-forwarding permit-agent-forwarding permit-port-forwarding permit-pty "
                 "permit-user-rc ");
    check_limits(NULL, 0, 1, "", "");
}

static void reads_options_in_their_order_and_sorts_them_by_name(void **state) {
    const char *options[] = {"no-touch-required",   "clear",          "PERMIT-PTY",
                             "extension:zz@x=1",    "critical:aa@x",  "source-address=10.0.0.0/8",
                             "force-command=a=b,c", "verify-required"};
    (void)state;
    check_limits(options, 8, 0, "aa@x force-command source-address verify-required ",
                 "permit-pty zz@x ");
}

static void wraps_a_value_once_and_a_flag_not_at_all(void **state) {
    const char *options[] = {"clear", "force-command=a=b", "extension:e=", "extension:f"};
    struct vouch_keygen args = {.options = options, .option_count = 4};
    struct vouch_keygen_limits limits;
    struct vouch_bytes value;
    (void)state;
    assert_int_equal(vouch_keygen_limits_parse(&args, &limits), 0);
    assert_int_equal(vouch_cert_option_value(&limits.critical[0], &value), 0);
    assert_true(vouch_bytes_equal(value, vouch_bytes_of("a=b")));
    assert_int_equal(vouch_cert_option_value(&limits.extensions[0], &value), 0);
    assert_int_equal(value.len, 0);
    assert_int_equal(limits.extensions[1].data.len, 0);
    vouch_keygen_limits_done(&limits);
}

static void refuses_options_that_are_none(void **state) {
    static const char *const texts[] = {
        "",
        "pty",
        "permit-pty=1",
        "force-command",
        "force-command=",
        "source-address=",
        "source-address=10.0.0.1/8",
        "source-address=10.0.0.0/33",
        "source-address=10.0.0.1,",
        "source-address=10.0.0.*",
        "source-address=::1/129",
        "source-address=host",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct vouch_keygen args = {.options = (const char *[]){texts[i]}, .option_count = 1};
        struct vouch_keygen_limits limits;
        assert_int_equal(vouch_keygen_limits_parse(&args, &limits), VOUCH_KEYGEN_FAILED);
    }
}

static void knows_types_by_all_their_names(void **state) {
    static const struct {
        const char *name;
        enum vouch_key_type type;
        unsigned bits;
    } rows[] = {
        {"rsa", VOUCH_KEY_RSA, 0},
        {"Ed25519", VOUCH_KEY_ED25519, 0},
        {"ecdsa", VOUCH_KEY_ECDSA_P256, 0},
        {"ecdsa-sha2-nistp384", VOUCH_KEY_ECDSA_P384, 384},
        {"rsa-sha2-256", VOUCH_KEY_RSA, 0},
        {"ed25519-sk", VOUCH_KEY_SK_ED25519, 0},
        {"ssh-ed25519-cert-v01@openssh.com", VOUCH_KEY_NONE, 0},
        {"SSH-RSA", VOUCH_KEY_NONE, 0},
        {"", VOUCH_KEY_NONE, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned bits = 0;
        assert_int_equal(vouch_keygen_type(rows[i].name, &bits), rows[i].type);
        assert_int_equal(bits, rows[i].bits);
    }
}

// A key whose picture ssh-keygen 9.2 drew.
static const char key_line[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEirUOow9AGwBu/RPBsgf44dGqn5qSOtaaN0cisOvf9G user key";

static void draws_the_picture_that_people_know(void **state) {
    static const char picture[] = "+--[ED25519 256]--+\n"
                                  "|       o==Bo..  .|\n"
                                  "|      .+==o..o + |\n"
                                  "|        =*+ +o+ E|\n"
                                  "|       . Bo*... .|\n"
                                  "|      . S *oo . .|\n"
                                  "|       o .o=.  . |\n"
                                  "|          .=.o   |\n"
                                  "|          . B    |\n"
                                  "|          .+.o   |\n"
                                  "+----[SHA256]-----+";
    struct vouch_keygen_public_key key;
    struct vouch_where where;
    const char *at = key_line;
    struct vouch_buf drawn;
    (void)state;
    assert_int_equal(vouch_keygen_read_line(&at, &key, &where), 0);
    assert_string_equal(at, "user key");
    vouch_buf_init(&drawn, 1024);
    vouch_keygen_picture(key.key, key.label, VOUCH_HASH_SHA256, &drawn);
    assert_true(vouch_bytes_equal(vouch_buf_bytes(&drawn), vouch_bytes_of(picture)));
    vouch_buf_done(&drawn);
    vouch_keygen_public_key_done(&key);
}

static void refuses_each_proper_prefix_of_a_key_line(void **state) {
    size_t len = strlen(key_line) - strlen(" user key");
    (void)state;
    for (size_t i = 0; i < len; i++) {
        char *line = strndup(key_line, i);
        const char *at = line;
        struct vouch_keygen_public_key key = {0};
        struct vouch_where where;
        int err = vouch_keygen_read_line(&at, &key, &where);
        assert_true(err != 0);
        assert_non_null(vouch_keygen_why(err, &where));
        free(line);
    }
}

static void says_openssh_words_for_what_is_wrong_with_a_key(void **state) {
    static const struct {
        const char *line;
        const char *words;
    } rows[] = {
        {"nonsense AAAA", "invalid format"},
        {"ssh-ed25519 !!!!", "invalid format"},
        {"ssh-ed25519 AAAACG5vbnNlbnNl", "unknown or unsupported key type"},
        {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEVpcg==", "incomplete message"},
        {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5//////////8=", "string is too large"},
        {"ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIEirUOow9AGwBu/RPBsgf44dGqn5qSOtaaN0cisOvf9G",
         "key type does not match"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *at = rows[i].line;
        struct vouch_keygen_public_key key = {0};
        struct vouch_where where;
        int err = vouch_keygen_read_line(&at, &key, &where);
        assert_true(err != 0);
        assert_string_equal(vouch_keygen_why(err, &where), rows[i].words);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_form_of_validity),
        cmocka_unit_test(reads_dates_in_the_local_zone_unless_marked),
        cmocka_unit_test(refuses_what_is_no_validity),
        cmocka_unit_test(says_validity_in_four_ways),
        cmocka_unit_test(gives_people_five_permissions_and_machines_none),
        cmocka_unit_test(reads_options_in_their_order_and_sorts_them_by_name),
        cmocka_unit_test(wraps_a_value_once_and_a_flag_not_at_all),
        cmocka_unit_test(refuses_options_that_are_none),
        cmocka_unit_test(knows_types_by_all_their_names),
        cmocka_unit_test(draws_the_picture_that_people_know),
        cmocka_unit_test(refuses_each_proper_prefix_of_a_key_line),
        cmocka_unit_test(says_openssh_words_for_what_is_wrong_with_a_key),
    };
    return cmocka_run_group_tests_name("keygen", tests, NULL, NULL);
}
