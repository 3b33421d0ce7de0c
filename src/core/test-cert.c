// SPDX-License-Identifier: ISC
// Certificates: building, reading, the careful rules, the verdict.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdio.h>

#include "core/key-signer.h"
#include "core/key.h"
#include "vouch/cert.h"
#include "vouch/krl.h"

#define NOW 1795344338
#define HOUR 3600

static struct vouch_private_key *ca, *other_ca, *subject;
static const uint8_t nonce[VOUCH_CERT_NONCE_LEN] = {1, 2, 3};

static int make_keys(void **state) {
    (void)state;
    return vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &ca) != VOUCH_OK ||
           vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &other_ca) != VOUCH_OK ||
           vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &subject) != VOUCH_OK;
}

static int free_keys(void **state) {
    (void)state;
    vouch_private_key_free(ca);
    vouch_private_key_free(other_ca);
    vouch_private_key_free(subject);
    return 0;
}

static int sign_wrongly(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    int err = vouch_private_key_sign(context, NULL, tbs, signature);
    signature->ptr[signature->len - 1] ^= 1;
    return err;
}

static int sign_not_at_all(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    (void)context, (void)tbs, (void)signature;
    return VOUCH_OK;
}

static int sign_refuses(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    (void)context, (void)tbs, (void)signature;
    return VOUCH_ERR_REFUSED;
}

#define BYTES(literal)                                                                             \
    { (const uint8_t *)(literal), sizeof(literal) - 1 }

static const struct vouch_bytes principals[] = {BYTES("alice"), BYTES("role:dev")};
static const struct vouch_cert_option force_command = {BYTES("force-command"),
                                                       BYTES("\0\0\0\4true")};
static const struct vouch_cert_option permit_pty = {BYTES("permit-pty"), BYTES("")};

static struct vouch_cert_spec good_spec(void) {
    return (struct vouch_cert_spec){
        .type = VOUCH_CERT_USER,
        .key = vouch_private_key_public(subject),
        .serial = 7,
        .key_id = vouch_bytes_of("alice@example.com"),
        .principals = principals,
        .principal_count = 2,
        .valid_after = NOW - 60,
        .valid_before = NOW + HOUR,
        .critical = &force_command,
        .critical_count = 1,
        .extensions = &permit_pty,
        .extension_count = 1,
    };
}

static int build_by(const struct vouch_cert_spec *spec, vouch_sign_fn *sign,
                    enum vouch_cert_rules rules, struct vouch_buf *out, struct vouch_where *where) {
    struct vouch_cert_ca by = {vouch_private_key_public(ca), sign, ca, rules};
    return vouch_cert_build(spec, &by, nonce, out, where);
}

static int build(const struct vouch_cert_spec *spec, struct vouch_buf *out,
                 struct vouch_where *where) {
    return build_by(spec, vouch_key_signs, VOUCH_CERT_RULES_CAREFUL, out, where);
}

static struct vouch_cert *make(const struct vouch_cert_spec *spec, enum vouch_cert_rules rules) {
    struct vouch_buf blob;
    vouch_buf_init(&blob, VOUCH_CERT_BLOB_MAX);
    struct vouch_cert *cert = NULL;
    assert_int_equal(build_by(spec, vouch_key_signs, rules, &blob, NULL), VOUCH_OK);
    assert_int_equal(vouch_cert_parse(vouch_buf_bytes(&blob), &cert, NULL), VOUCH_OK);
    vouch_buf_done(&blob);
    return cert;
}

static void reads_what_it_built(void **state) {
    (void)state;
    struct vouch_cert_spec spec = good_spec();
    struct vouch_cert *cert = make(&spec, VOUCH_CERT_RULES_CAREFUL);
    assert_int_equal(cert->type, VOUCH_CERT_USER);
    assert_int_equal(cert->serial, 7);
    assert_true(vouch_key_equal(cert->key, spec.key));
    assert_true(vouch_key_equal(cert->ca, vouch_private_key_public(ca)));
    assert_true(vouch_bytes_equal(cert->key_id, spec.key_id));
    assert_int_equal(cert->principal_count, 2);
    assert_true(vouch_bytes_equal(cert->principals[1], principals[1]));
    assert_int_equal(cert->valid_after, spec.valid_after);
    assert_int_equal(cert->valid_before, spec.valid_before);
    struct vouch_bytes command;
    assert_int_equal(cert->critical_count, 1);
    assert_int_equal(vouch_cert_option_value(&cert->critical[0], &command), VOUCH_OK);
    assert_true(vouch_bytes_equal(command, vouch_bytes_of("true")));
    assert_int_equal(cert->extension_count, 1);
    assert_true(vouch_bytes_equal(cert->extensions[0].name, permit_pty.name));
    assert_int_equal(cert->nonce.len, VOUCH_CERT_NONCE_LEN);
    vouch_cert_free(cert);
}

static void one_input_gives_one_byte_string(void **state) {
    (void)state;
    struct vouch_cert_spec spec = good_spec();
    struct vouch_buf one, two;
    vouch_buf_init(&one, VOUCH_CERT_BLOB_MAX);
    vouch_buf_init(&two, VOUCH_CERT_BLOB_MAX);
    assert_int_equal(build(&spec, &one, NULL), VOUCH_OK);
    assert_int_equal(build(&spec, &two, NULL), VOUCH_OK);
    assert_true(vouch_bytes_equal(vouch_buf_bytes(&one), vouch_buf_bytes(&two)));
    vouch_buf_done(&one);
    vouch_buf_done(&two);
}

static void refuses_each_proper_prefix_and_each_flipped_bit(void **state) {
    (void)state;
    struct vouch_cert_spec spec = good_spec();
    struct vouch_buf blob;
    vouch_buf_init(&blob, VOUCH_CERT_BLOB_MAX);
    assert_int_equal(build(&spec, &blob, NULL), VOUCH_OK);
    struct vouch_cert *cert = NULL;
    for (size_t len = 0; len < blob.len; len++) {
        assert_true(vouch_cert_parse((struct vouch_bytes){blob.ptr, len}, &cert, NULL) < 0);
    }
    for (size_t bit = 0; bit < blob.len * 8; bit++) {
        blob.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(vouch_cert_parse(vouch_buf_bytes(&blob), &cert, NULL) < 0);
        blob.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    vouch_write_u8(&blob, 0);
    assert_int_equal(vouch_cert_parse(vouch_buf_bytes(&blob), &cert, NULL), VOUCH_ERR_TRAILING);
    vouch_buf_done(&blob);
}

static void a_wrong_signature_is_never_released(void **state) {
    (void)state;
    struct vouch_cert_spec spec = good_spec();
    static const struct {
        vouch_sign_fn *sign;
        int err;
    } rows[] = {{sign_wrongly, VOUCH_ERR_SIGNATURE},
                {sign_not_at_all, VOUCH_ERR_SIGNATURE},
                {sign_refuses, VOUCH_ERR_REFUSED}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_buf blob;
        vouch_buf_init(&blob, VOUCH_CERT_BLOB_MAX);
        vouch_buf_put_text(&blob, "kept");
        assert_int_equal(build_by(&spec, rows[i].sign, VOUCH_CERT_RULES_CAREFUL, &blob, NULL),
                         rows[i].err);
        assert_int_equal(blob.len, 4);
        vouch_buf_done(&blob);
    }
}

static void expect_refusal(const struct vouch_cert_spec *spec, const char *field) {
    struct vouch_buf blob;
    vouch_buf_init(&blob, VOUCH_CERT_BLOB_MAX);
    struct vouch_where where = {0};
    assert_int_equal(build(spec, &blob, &where), VOUCH_ERR_ARGUMENT);
    assert_string_equal(where.field, field);
    assert_non_null(where.reason);
    assert_int_equal(blob.len, 0);
    vouch_buf_done(&blob);
}

static void expect_principal(enum vouch_cert_type type, struct vouch_bytes name, int allowed) {
    struct vouch_cert_spec spec = good_spec();
    spec.type = type;
    spec.principals = &name;
    spec.principal_count = 1;
    if (type == VOUCH_CERT_HOST) {
        spec.critical_count = spec.extension_count = 0;
    }
    struct vouch_where where;
    assert_int_equal(vouch_cert_spec_check(&spec, &where) == VOUCH_OK, allowed);
}

// Every byte in every place of a short name: no separator, wildcard, quote or control gets through.
static void principals_hold_only_allowed_characters(void **state) {
    (void)state;
    for (int c = 0; c < 256; c++) {
        for (size_t place = 0; place < 3; place++) {
            uint8_t name[3] = {'a', 'b', 'c'};
            name[place] = (uint8_t)c;
            int user = c != 0 && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                        "0123456789_.@:+-",
                                        c) != NULL;
            int host = c != 0 && strchr("abcdefghijklmnopqrstuvwxyz0123456789_.-", c) != NULL;
            user = user && !(place == 0 && c == '-');
            host = host && !(place == 0 && (c == '-' || c == '.')) && !(place == 2 && c == '.');
            expect_principal(VOUCH_CERT_USER, (struct vouch_bytes){name, 3}, user);
            expect_principal(VOUCH_CERT_HOST, (struct vouch_bytes){name, 3}, host);
        }
    }
}

static void names_of_hosts_are_canonical(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int allowed;
    } rows[] = {
        {"web1.example.com", 1},
        {"web1", 1},
        {"10.0.0.1", 1},
        {"2001:db8::1", 1},
        {"2001:DB8::1", 0},
        {"2001:db8:0::1", 0},
        {"[2001:db8::1]", 0},
        {"web1.example.com.", 0},
        {"*.example.com", 0},
        {"web?", 0},
        {"WEB1", 0},
        {"a..b", 0},
        {"web1:22", 0},
        {"xn--mnchen-3ya.de", 1},
        {"m\xc3\xbcnchen.de", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect_principal(VOUCH_CERT_HOST, vouch_bytes_of(rows[i].name), rows[i].allowed);
    }
}

static void one_bad_principal_among_many_is_found_at_each_place(void **state) {
    (void)state;
    struct vouch_bytes many[VOUCH_CERT_PRINCIPALS_MAX + 1];
    char names[VOUCH_CERT_PRINCIPALS_MAX + 1][8];
    for (size_t i = 0; i <= VOUCH_CERT_PRINCIPALS_MAX; i++) {
        (void)snprintf(names[i], sizeof names[i], "user%zu", i);
        many[i] = vouch_bytes_of(names[i]);
    }
    struct vouch_cert_spec spec = good_spec();
    spec.principals = many;
    spec.principal_count = VOUCH_CERT_PRINCIPALS_MAX;
    assert_int_equal(vouch_cert_spec_check(&spec, NULL), VOUCH_OK);
    for (size_t i = 0; i < VOUCH_CERT_PRINCIPALS_MAX; i++) {
        struct vouch_bytes kept = many[i];
        many[i] = vouch_bytes_of("a,root");
        expect_refusal(&spec, "principals");
        many[i] = many[(i + 1) % VOUCH_CERT_PRINCIPALS_MAX]; // a repeat
        expect_refusal(&spec, "principals");
        many[i] = kept;
    }
    spec.principal_count = VOUCH_CERT_PRINCIPALS_MAX + 1;
    struct vouch_buf blob;
    vouch_buf_init(&blob, VOUCH_CERT_BLOB_MAX);
    assert_int_equal(build(&spec, &blob, NULL), VOUCH_ERR_LIMIT);
    vouch_buf_done(&blob);
}

static void refuses_what_is_dangerous_naming_the_field(void **state) {
    (void)state;
    struct vouch_cert_spec spec = good_spec();
    spec.principal_count = 0;
    expect_refusal(&spec, "principals");
    spec = good_spec();
    spec.serial = 0;
    expect_refusal(&spec, "serial");
    spec = good_spec();
    spec.type = VOUCH_CERT_NONE;
    expect_refusal(&spec, "type");
    spec = good_spec();
    spec.key = vouch_private_key_public(ca);
    expect_refusal(&spec, "public key");
    spec = good_spec();
    spec.type = VOUCH_CERT_HOST;
    expect_refusal(&spec, "principals"); // role:dev is no host
}

static void key_ids_are_printable_and_short(void **state) {
    (void)state;
    char long_id[VOUCH_CERT_KEY_ID_MAX + 2];
    memset(long_id, 'x', sizeof long_id);
    struct vouch_cert_spec spec = good_spec();
    spec.key_id = (struct vouch_bytes){(uint8_t *)long_id, VOUCH_CERT_KEY_ID_MAX};
    assert_int_equal(vouch_cert_spec_check(&spec, NULL), VOUCH_OK);
    spec.key_id.len++;
    expect_refusal(&spec, "key ID");
    spec.key_id.len = 0;
    expect_refusal(&spec, "key ID");
    for (int c = 0; c < 256; c++) {
        uint8_t byte = (uint8_t)c;
        spec.key_id = (struct vouch_bytes){&byte, 1};
        int allowed = c >= 0x20 && c <= 0x7e && c != '"' && c != '\\';
        assert_int_equal(vouch_cert_spec_check(&spec, NULL) == VOUCH_OK, allowed);
    }
}

static void validity_is_bounded_to_the_second(void **state) {
    (void)state;
    static const struct {
        uint64_t after, before;
        int allowed;
    } rows[] = {
        {NOW, NOW + 1, 1},           {NOW, NOW, 0},
        {NOW + 1, NOW, 0},           {0, NOW, 0},
        {NOW, UINT64_MAX, 0},        {NOW, (uint64_t)INT64_MAX + 1, 0},
        {NOW, INT64_MAX, 1},         {2147483647, 2147483648, 1},
        {4294967295, 4294967296, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_cert_spec spec = good_spec();
        spec.valid_after = rows[i].after;
        spec.valid_before = rows[i].before;
        assert_int_equal(vouch_cert_spec_check(&spec, NULL) == VOUCH_OK, rows[i].allowed);
    }
}

static void expect_options(const struct vouch_cert_option *critical, size_t critical_count,
                           const struct vouch_cert_option *extensions, size_t extension_count,
                           const char *field) {
    struct vouch_cert_spec spec = good_spec();
    spec.critical = critical;
    spec.critical_count = critical_count;
    spec.extensions = extensions;
    spec.extension_count = extension_count;
    struct vouch_where where = {0};
    int err = vouch_cert_spec_check(&spec, &where);
    if (field == NULL) {
        assert_int_equal(err, VOUCH_OK);
        return;
    }
    assert_int_equal(err, VOUCH_ERR_ARGUMENT);
    assert_string_equal(where.field, field);
}

static void options_are_known_sorted_single_and_whole(void **state) {
    (void)state;
    const struct vouch_cert_option x11 = {BYTES("permit-X11-forwarding"), BYTES("")};
    const struct vouch_cert_option unsorted[] = {permit_pty, x11};
    const struct vouch_cert_option sorted[] = {x11, permit_pty};
    const struct vouch_cert_option twice[] = {permit_pty, permit_pty};
    const struct vouch_cert_option unknown = {BYTES("foo@example.com"), BYTES("")};
    const struct vouch_cert_option flag_with_data = {BYTES("permit-pty"), BYTES("x")};
    const struct vouch_cert_option bare = {BYTES("force-command"), BYTES("true")};
    const struct vouch_cert_option empty = {BYTES("force-command"), BYTES("\0\0\0\0")};
    const struct vouch_cert_option two_lines = {BYTES("force-command"), BYTES("\0\0\0\3a\nb")};
    const struct vouch_cert_option verify = {BYTES("verify-required"), BYTES("")};
    expect_options(NULL, 0, sorted, 2, NULL);
    expect_options(NULL, 0, unsorted, 2, "extensions");
    expect_options(NULL, 0, twice, 2, "extensions");
    expect_options(NULL, 0, &unknown, 1, "extensions");
    expect_options(NULL, 0, &force_command, 1, "extensions");
    expect_options(&permit_pty, 1, NULL, 0, "critical options");
    expect_options(&unknown, 1, NULL, 0, "critical options");
    expect_options(NULL, 0, &flag_with_data, 1, "permit-pty");
    expect_options(&bare, 1, NULL, 0, "force-command");
    expect_options(&empty, 1, NULL, 0, "force-command");
    expect_options(&two_lines, 1, NULL, 0, "force-command");
    expect_options(&verify, 1, NULL, 0, "verify-required");
}

static void host_certificates_take_no_options(void **state) {
    (void)state;
    static const struct vouch_bytes host = BYTES("web1");
    struct vouch_cert_spec spec = good_spec();
    spec.type = VOUCH_CERT_HOST;
    spec.principals = &host;
    spec.principal_count = 1;
    expect_refusal(&spec, "critical options");
    spec.critical_count = 0;
    expect_refusal(&spec, "extensions");
    spec.extension_count = 0;
    assert_int_equal(vouch_cert_spec_check(&spec, NULL), VOUCH_OK);
}

static void source_addresses_really_restrict(void **state) {
    (void)state;
    static const struct {
        const char *list;
        int allowed;
    } rows[] = {
        {"10.0.0.0/8", 1},
        {"10.0.0.1", 1},
        {"10.0.0.1/32,2001:db8::/32", 1},
        {"10.0.0.1/8", 0},
        {"0.0.0.0/0", 0},
        {"::/0", 0},
        {"", 0},
        {"10.0.0.0/8,", 0},
        {",10.0.0.0/8", 0},
        {"10.*", 0},
        {"host", 0},
        {"10.0.0.0/33", 0},
        {"10.0.0.0 /8", 0},
        {"!10.0.0.0/8", 0},
        {"::ffff:10.0.0.1", 0},
        {"300.1.1.1", 0},
        {"10.0.0.0/", 0},
        {"10.0.0.0/8/8", 0},
        {"fe80::1%eth0", 0},
        {"010.0.0.1", 0},
        {"127.1", 0},
        {"2001:DB8::/32", 0},
        {"10.0.0.0/08", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_buf data;
        vouch_buf_init(&data, 200);
        vouch_write_text(&data, rows[i].list);
        struct vouch_cert_option option = {BYTES("source-address"), {data.ptr, data.len}};
        expect_options(&option, 1, NULL, 0, rows[i].allowed ? NULL : "source-address");
        vouch_buf_done(&data);
    }
}

static const struct vouch_key *trusted(void) {
    return vouch_private_key_public(ca);
}

static struct vouch_cert_expect good_expectation(const struct vouch_key *const *cas) {
    return (struct vouch_cert_expect){
        .type = VOUCH_CERT_USER,
        .now = NOW,
        .cas = cas,
        .ca_count = 1,
        .name = vouch_bytes_of("alice"),
    };
}

static void a_good_certificate_is_accepted_and_zero_refuses(void **state) {
    (void)state;
    struct vouch_cert_spec spec = good_spec();
    struct vouch_cert *cert = make(&spec, VOUCH_CERT_RULES_CAREFUL);
    const struct vouch_key *cas[] = {trusted()};
    struct vouch_cert_expect expect = good_expectation(cas);
    struct vouch_cert_result result = {0};
    assert_int_equal(result.verdict, VOUCH_CERT_REFUSED);
    vouch_cert_check(cert, &expect, &result);
    assert_int_equal(result.verdict, VOUCH_CERT_ACCEPTED);
    assert_int_equal(result.reason_count, 0);
    vouch_cert_free(cert);
}

static void expect_reason(const struct vouch_cert *cert, const struct vouch_cert_expect *expect,
                          enum vouch_cert_reason_code code, const char *value) {
    struct vouch_cert_result result;
    vouch_cert_check(cert, expect, &result);
    assert_int_equal(result.verdict, VOUCH_CERT_REFUSED);
    assert_int_equal(result.reason_count, 1);
    assert_int_equal(result.reasons[0].code, code);
    if (value != NULL) {
        assert_string_equal(result.reasons[0].value, value);
    }
}

static void each_reason_is_found_alone(void **state) {
    (void)state;
    struct vouch_cert_spec spec = good_spec();
    struct vouch_cert *cert = make(&spec, VOUCH_CERT_RULES_CAREFUL);
    const struct vouch_key *cas[] = {trusted()};
    const struct vouch_key *others[] = {vouch_private_key_public(other_ca)};
    struct vouch_cert_expect expect = good_expectation(cas);
    expect.now = spec.valid_before;
    expect_reason(cert, &expect, VOUCH_CERT_REASON_EXPIRED, "1795347938");
    expect.now = spec.valid_after - 1;
    expect_reason(cert, &expect, VOUCH_CERT_REASON_NOT_YET_VALID, "1795344278");
    expect = good_expectation(cas);
    expect.name = vouch_bytes_of("root");
    expect_reason(cert, &expect, VOUCH_CERT_REASON_PRINCIPAL, "root");
    expect.name = vouch_bytes_of("alic");
    expect_reason(cert, &expect, VOUCH_CERT_REASON_PRINCIPAL, "alic");
    expect = good_expectation(others);
    expect_reason(cert, &expect, VOUCH_CERT_REASON_CA, NULL);
    expect.ca_count = 0;
    expect_reason(cert, &expect, VOUCH_CERT_REASON_CA, NULL);
    vouch_cert_free(cert);
}

static void all_reasons_are_given_not_only_the_first(void **state) {
    (void)state;
    struct vouch_cert_spec spec = good_spec();
    struct vouch_cert *cert = make(&spec, VOUCH_CERT_RULES_CAREFUL);
    const struct vouch_key *others[] = {vouch_private_key_public(other_ca)};
    struct vouch_cert_expect expect = good_expectation(others);
    expect.type = VOUCH_CERT_HOST;
    expect.name = vouch_bytes_of("web1");
    expect.now = spec.valid_before + 5;
    struct vouch_cert_result result;
    vouch_cert_check(cert, &expect, &result);
    static const enum vouch_cert_reason_code codes[] = {
        VOUCH_CERT_REASON_TYPE, VOUCH_CERT_REASON_CA, VOUCH_CERT_REASON_EXPIRED,
        VOUCH_CERT_REASON_PRINCIPAL, VOUCH_CERT_REASON_CRITICAL};
    assert_int_equal(result.reason_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(result.reasons[i].code, codes[i]);
    }
    vouch_cert_free(cert);
}

static void empty_principals_are_never_good_for_anyone(void **state) {
    (void)state;
    struct vouch_cert_spec spec = good_spec();
    spec.principal_count = 0;
    struct vouch_cert *cert = make(&spec, VOUCH_CERT_RULES_OPENSSH);
    const struct vouch_key *cas[] = {trusted()};
    struct vouch_cert_expect expect = good_expectation(cas);
    expect_reason(cert, &expect, VOUCH_CERT_REASON_NO_PRINCIPALS, NULL);
    expect.name = (struct vouch_bytes){0};
    expect_reason(cert, &expect, VOUCH_CERT_REASON_NO_PRINCIPALS, NULL);
    vouch_cert_free(cert);
}

static void wildcards_count_for_hosts_and_only_when_asked(void **state) {
    (void)state;
    static const struct {
        const char *pattern;
        const char *name;
        int matches;
    } rows[] = {
        {"*.example.com", "web1.example.com", 1},
        {"*.example.com", "example.com", 0},
        {"web?", "web1", 1},
        {"web?", "web", 0},
        {"*", "anything", 1},
        {"w*b*1", "wxxbyy1", 1},
        {"w*b*1", "wxxbyy2", 0},
        {"!web1", "web1", 0},
        {"**a", "ba", 1},
        {"web**", "web", 1},
    };
    const struct vouch_key *cas[] = {trusted()};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_bytes pattern = vouch_bytes_of(rows[i].pattern);
        struct vouch_cert_spec spec = good_spec();
        spec.type = VOUCH_CERT_HOST;
        spec.principals = &pattern;
        spec.principal_count = 1;
        spec.critical_count = spec.extension_count = 0;
        struct vouch_cert *cert = make(&spec, VOUCH_CERT_RULES_OPENSSH);
        struct vouch_cert_expect expect = good_expectation(cas);
        expect.type = VOUCH_CERT_HOST;
        expect.name = vouch_bytes_of(rows[i].name);
        struct vouch_cert_result result;
        vouch_cert_check(cert, &expect, &result);
        assert_int_equal(result.verdict, VOUCH_CERT_REFUSED);
        expect.host_wildcards = 1;
        vouch_cert_check(cert, &expect, &result);
        assert_int_equal(result.verdict == VOUCH_CERT_ACCEPTED, rows[i].matches);
        vouch_cert_free(cert);
    }
}

static const struct {
    struct vouch_cert_option options[2];
    size_t count;
    enum vouch_cert_reason_code code;
} critical_rows[] = {
    {{{BYTES("force-command"), BYTES("\0\0\0\4true")}}, 1, VOUCH_CERT_REASON_NONE},
    {{{BYTES("foo@example.com"), BYTES("")}}, 1, VOUCH_CERT_REASON_CRITICAL},
    {{{BYTES("permit-pty"), BYTES("")}}, 1, VOUCH_CERT_REASON_CRITICAL},
    {{{BYTES("force-command"), BYTES("true")}}, 1, VOUCH_CERT_REASON_OPTION},
    {{{BYTES("force-command"), BYTES("\0\0\0\1a")}, {BYTES("force-command"), BYTES("\0\0\0\1b")}},
     2,
     VOUCH_CERT_REASON_OPTION},
    {{{BYTES("verify-required"), BYTES("x")}}, 1, VOUCH_CERT_REASON_OPTION},
    {{{BYTES("source-address"), BYTES("\0\0\0\4"
                                      "10.*")}},
     1,
     VOUCH_CERT_REASON_OPTION},
    {{{BYTES("source-address"), BYTES("\0\0\0\x0b"
                                      "10.0.0.0/33")}},
     1,
     VOUCH_CERT_REASON_OPTION},
    {{{BYTES("source-address"), BYTES("\0\0\0\x0c"
                                      "012.1.2.3/32")}},
     1,
     VOUCH_CERT_REASON_NONE},
    {{{BYTES("source-address"), BYTES("\0\0\0\x0a"
                                      "10.0.0.0/8")}},
     1,
     VOUCH_CERT_REASON_NONE},
    {{{BYTES("source-address"), BYTES("\0\0\0\x0a"
                                      "11.0.0.0/8")}},
     1,
     VOUCH_CERT_REASON_SOURCE},
};

static void critical_options_are_judged_as_sshd_does(void **state) {
    (void)state;
    const struct vouch_key *cas[] = {trusted()};
    for (size_t i = 0; i < sizeof critical_rows / sizeof critical_rows[0]; i++) {
        struct vouch_cert_spec spec = good_spec();
        spec.critical = critical_rows[i].options;
        spec.critical_count = critical_rows[i].count;
        struct vouch_cert *cert = make(&spec, VOUCH_CERT_RULES_OPENSSH);
        struct vouch_cert_expect expect = good_expectation(cas);
        expect.address = vouch_bytes_of("10.1.2.3");
        if (critical_rows[i].code != VOUCH_CERT_REASON_NONE) {
            expect_reason(cert, &expect, critical_rows[i].code, NULL);
        } else {
            struct vouch_cert_result result;
            vouch_cert_check(cert, &expect, &result);
            assert_int_equal(result.verdict, VOUCH_CERT_ACCEPTED);
        }
        vouch_cert_free(cert);
    }
}

static void broken_extensions_are_a_reason_and_unknown_ones_are_none(void **state) {
    (void)state;
    static const struct {
        struct vouch_cert_option option;
        const char *broken; // NULL: it is none of ours, or whole
    } rows[] = {
        {{BYTES("permit-pty"), BYTES("")}, NULL},
        {{BYTES("permit-pty"), BYTES("x")}, "permit-pty"},
        {{BYTES("foo@example.com"), BYTES("x")}, NULL},
        {{BYTES("force-command"), BYTES("x")}, NULL}, // critical or nothing
    };
    const struct vouch_key *cas[] = {trusted()};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_cert_spec spec = good_spec();
        spec.extensions = &rows[i].option;
        struct vouch_cert *cert = make(&spec, VOUCH_CERT_RULES_OPENSSH);
        struct vouch_cert_expect expect = good_expectation(cas);
        struct vouch_cert_result result;
        if (rows[i].broken != NULL) {
            expect_reason(cert, &expect, VOUCH_CERT_REASON_OPTION, rows[i].broken);
        } else {
            vouch_cert_check(cert, &expect, &result);
            assert_int_equal(result.verdict, VOUCH_CERT_ACCEPTED);
        }
        vouch_cert_free(cert);
    }
}

static void a_revoked_certificate_is_refused_and_another_is_not(void **state) {
    (void)state;
    struct vouch_cert_spec spec = good_spec();
    const struct vouch_key *cas[] = {trusted()};
    for (uint64_t revoked = 6; revoked <= 8; revoked++) {
        struct vouch_cert *cert = make(&spec, VOUCH_CERT_RULES_CAREFUL);
        struct vouch_krl *krl = vouch_krl_new();
        assert_non_null(krl);
        assert_int_equal(vouch_krl_add_serials(krl, trusted(), revoked, revoked), VOUCH_OK);
        struct vouch_cert_expect expect = good_expectation(cas);
        struct vouch_cert_result result;
        expect.krl = krl;
        vouch_cert_check(cert, &expect, &result);
        if (revoked == spec.serial) {
            expect_reason(cert, &expect, VOUCH_CERT_REASON_REVOKED, NULL);
        } else {
            assert_int_equal(result.verdict, VOUCH_CERT_ACCEPTED);
        }
        vouch_krl_free(krl);
        vouch_cert_free(cert);
    }
}

static void a_certificate_of_the_other_type_says_which(void **state) {
    (void)state;
    static const enum vouch_cert_type types[] = {VOUCH_CERT_USER, VOUCH_CERT_HOST};
    static const char *const words[] = {"user", "host"};
    const struct vouch_key *cas[] = {trusted()};
    for (size_t i = 0; i < 2; i++) {
        struct vouch_cert_spec spec = good_spec();
        spec.type = types[i];
        spec.critical_count = spec.extension_count = 0;
        struct vouch_cert *cert = make(&spec, VOUCH_CERT_RULES_OPENSSH);
        struct vouch_cert_expect expect = good_expectation(cas);
        expect.type = types[1 - i];
        expect_reason(cert, &expect, VOUCH_CERT_REASON_TYPE, words[i]);
        vouch_cert_free(cert);
    }
    assert_string_equal(vouch_cert_reason_text(VOUCH_CERT_REASON_REVOKED), "revoked");
    assert_string_equal(vouch_cert_reason_text(VOUCH_CERT_REASONS_MAX), "unknown");
}

static void values_in_reasons_are_printable(void **state) {
    (void)state;
    struct vouch_cert_option hostile = {BYTES("\x1b[31mred\n"), BYTES("")};
    struct vouch_cert_spec spec = good_spec();
    spec.critical = &hostile;
    struct vouch_cert *cert = make(&spec, VOUCH_CERT_RULES_OPENSSH);
    const struct vouch_key *cas[] = {trusted()};
    struct vouch_cert_expect expect = good_expectation(cas);
    expect_reason(cert, &expect, VOUCH_CERT_REASON_CRITICAL, "\\x1b[31mred\\x0a");
    vouch_cert_free(cert);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_built),
        cmocka_unit_test(one_input_gives_one_byte_string),
        cmocka_unit_test(refuses_each_proper_prefix_and_each_flipped_bit),
        cmocka_unit_test(a_wrong_signature_is_never_released),
        cmocka_unit_test(principals_hold_only_allowed_characters),
        cmocka_unit_test(names_of_hosts_are_canonical),
        cmocka_unit_test(one_bad_principal_among_many_is_found_at_each_place),
        cmocka_unit_test(refuses_what_is_dangerous_naming_the_field),
        cmocka_unit_test(key_ids_are_printable_and_short),
        cmocka_unit_test(validity_is_bounded_to_the_second),
        cmocka_unit_test(options_are_known_sorted_single_and_whole),
        cmocka_unit_test(host_certificates_take_no_options),
        cmocka_unit_test(source_addresses_really_restrict),
        cmocka_unit_test(a_good_certificate_is_accepted_and_zero_refuses),
        cmocka_unit_test(each_reason_is_found_alone),
        cmocka_unit_test(all_reasons_are_given_not_only_the_first),
        cmocka_unit_test(empty_principals_are_never_good_for_anyone),
        cmocka_unit_test(wildcards_count_for_hosts_and_only_when_asked),
        cmocka_unit_test(critical_options_are_judged_as_sshd_does),
        cmocka_unit_test(broken_extensions_are_a_reason_and_unknown_ones_are_none),
        cmocka_unit_test(a_revoked_certificate_is_refused_and_another_is_not),
        cmocka_unit_test(a_certificate_of_the_other_type_says_which),
        cmocka_unit_test(values_in_reasons_are_printable),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
