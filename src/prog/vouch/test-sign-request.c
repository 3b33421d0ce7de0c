// SPDX-License-Identifier: ISC
// Tests of what `vouch sign` makes of its options.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "prog/vouch/command.h"
#include "prog/vouch/sign-request.h"

#define NOW UINT64_C(1795346738)
#define WORDS_MAX 24

// Parses "sign user --id alice --principals alice WORDS… k.pub" and reads the request.
static int read_request(const struct vouch_command *command, const char *const *words,
                        struct vouch_sign_request *request, struct vouch_fault *fault) {
    static char copies[WORDS_MAX][100];
    static char *argv[WORDS_MAX + 1];
    static const char *const begin[] = {"vouch", "sign", "user", "--id", "alice", NULL};
    struct vouch_args args = {0};
    int argc = 0;
    for (size_t i = 0; begin[i] != NULL; i++) {
        (void)snprintf(copies[argc++], sizeof copies[0], "%s", begin[i]);
    }
    for (size_t i = 0; words[i] != NULL; i++) {
        (void)snprintf(copies[argc++], sizeof copies[0], "%s", words[i]);
    }
    (void)snprintf(copies[argc++], sizeof copies[0], "k.pub");
    for (int i = 0; i < argc; i++) {
        argv[i] = copies[i];
    }
    argv[argc] = NULL;
    assert_int_equal(vouch_args_parse(command, argc, argv, 3, &args, fault), 0);
    enum vouch_cert_type type = command == &vouch_cmd_sign_host ? VOUCH_CERT_HOST : VOUCH_CERT_USER;
    int err = vouch_sign_request_read(&args, type, NOW, request, fault);
    vouch_args_done(&args);
    return err;
}

#define USER(request, fault, ...)                                                                  \
    read_request(&vouch_cmd_sign_user, (const char *const[]){"--principals", __VA_ARGS__, NULL},   \
                 (request), (fault))
#define HOST(request, fault, ...)                                                                  \
    read_request(&vouch_cmd_sign_host, (const char *const[]){"--principals", __VA_ARGS__, NULL},   \
                 (request), (fault))

static int holds(const struct vouch_cert_option *options, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (vouch_bytes_equal(options[i].name, vouch_bytes_of(name))) {
            return 1;
        }
    }
    return 0;
}

static void the_defaults_are_careful(void **state) {
    (void)state;
    struct vouch_sign_request request;
    struct vouch_fault fault;
    assert_int_equal(USER(&request, &fault, "alice"), 0);
    assert_true(request.validity.after == NOW - 60);
    assert_true(request.validity.before == NOW + 8 * 3600);
    assert_int_equal(request.critical_count, 0);
    assert_int_equal(request.extension_count, 1);
    assert_true(holds(request.extensions, 1, "permit-pty"));
    vouch_sign_request_done(&request);
    assert_int_equal(HOST(&request, &fault, "web1"), 0);
    assert_true(request.validity.before == NOW + UINT64_C(30) * 86400);
    assert_int_equal(request.critical_count + request.extension_count, 0);
    vouch_sign_request_done(&request);
}

static void principals_come_from_commas_and_repeats(void **state) {
    (void)state;
    struct vouch_sign_request request;
    struct vouch_fault fault;
    assert_int_equal(USER(&request, &fault, "a,b", "--principals", "c", "--principals", "d,,e"), 0);
    static const char *const names[] = {"a", "b", "c", "d", "", "e"};
    assert_int_equal(request.principal_count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_true(vouch_bytes_equal(request.principals[i], vouch_bytes_of(names[i])));
    }
    vouch_sign_request_done(&request);
}

static void extensions_are_sorted_and_take_both_spellings(void **state) {
    (void)state;
    static const char *const names[] = {"permit-X11-forwarding", "permit-agent-forwarding",
                                        "permit-port-forwarding", "permit-pty", "permit-user-rc"};
    struct vouch_sign_request request;
    struct vouch_fault fault;
    assert_int_equal(USER(&request, &fault, "a", "--permit", "user-rc", "--permit",
                          "permit-x11-forwarding", "--permit", "port-forwarding", "--permit",
                          "AGENT-forwarding", "--permit", "pty"),
                     0);
    assert_int_equal(request.extension_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_true(vouch_bytes_equal(request.extensions[i].name, vouch_bytes_of(names[i])));
        assert_int_equal(request.extensions[i].data.len, 0);
    }
    vouch_sign_request_done(&request);
}

static void the_terminal_can_be_taken_away(void **state) {
    (void)state;
    struct vouch_sign_request request;
    struct vouch_fault fault;
    assert_int_equal(USER(&request, &fault, "a", "--no-permit", "permit-pty"), 0);
    assert_int_equal(request.extension_count, 0);
    vouch_sign_request_done(&request);
    assert_int_equal(USER(&request, &fault, "a", "--permit", "pty", "--no-permit", "pty"),
                     VOUCH_ERR_ARGUMENT);
    assert_non_null(strstr(fault.text, "both name permit-pty"));
}

static void an_unknown_permission_is_named_with_the_nearest(void **state) {
    (void)state;
    struct vouch_sign_request request;
    struct vouch_fault fault;
    assert_int_equal(USER(&request, &fault, "a", "--permit", "prot-forwarding"),
                     VOUCH_ERR_ARGUMENT);
    assert_non_null(strstr(fault.next, "--permit port-forwarding"));
    assert_int_equal(USER(&request, &fault, "a", "--permit", "force-command"), VOUCH_ERR_ARGUMENT);
    assert_int_equal(USER(&request, &fault, "a", "--no-permit", ""), VOUCH_ERR_ARGUMENT);
}

static void values_are_wrapped_once_more_and_sorted(void **state) {
    (void)state;
    struct vouch_sign_request request;
    struct vouch_fault fault;
    struct vouch_bytes value;
    assert_int_equal(USER(&request, &fault, "a", "--verify-required", "--source-address",
                          "10.0.0.0/8", "--source-address", "192.0.2.1,2001:db8::/32",
                          "--force-command", "/bin/true"),
                     0);
    assert_int_equal(request.critical_count, 3);
    assert_true(vouch_bytes_equal(request.critical[0].name, vouch_bytes_of("force-command")));
    assert_int_equal(vouch_cert_option_value(&request.critical[0], &value), 0);
    assert_true(vouch_bytes_equal(value, vouch_bytes_of("/bin/true")));
    assert_true(vouch_bytes_equal(request.critical[1].name, vouch_bytes_of("source-address")));
    assert_int_equal(vouch_cert_option_value(&request.critical[1], &value), 0);
    assert_true(vouch_bytes_equal(value, vouch_bytes_of("10.0.0.0/8,192.0.2.1,2001:db8::/32")));
    assert_true(vouch_bytes_equal(request.critical[2].name, vouch_bytes_of("verify-required")));
    assert_int_equal(request.critical[2].data.len, 0);
    vouch_sign_request_done(&request);
}

static void the_rules_name_the_option_to_change(void **state) {
    (void)state;
    struct vouch_private_key *pair = NULL;
    struct vouch_sign_request request;
    struct vouch_fault fault;
    static const struct {
        const char *option, *value, *next;
    } rows[] = {
        {"--principals", "a b", "--principals"},
        {"--principals", "root,", "--principals"},
        {"--principals", "*", "--principals"},
        {"--force-command", "", "--force-command"},
        {"--source-address", "0.0.0.0/0", "--source-address"},
        {"--source-address", "10.0.0.1/8", "--source-address"},
    };
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &pair), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(USER(&request, &fault, "a", rows[i].option, rows[i].value), 0);
        assert_int_not_equal(
            vouch_sign_request_check(&request, vouch_private_key_public(pair), "k.pub", &fault), 0);
        assert_ptr_equal(fault.kind, &vouch_fault_spec);
        assert_non_null(strstr(fault.text, "k.pub: "));
        assert_non_null(strstr(fault.next, rows[i].next));
        vouch_sign_request_done(&request);
    }
    vouch_private_key_free(pair);
}

static void a_weak_key_is_named_as_such(void **state) {
    (void)state;
    struct vouch_private_key *pair = NULL;
    struct vouch_sign_request request;
    struct vouch_fault fault;
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_RSA, 1024, &pair), 0);
    assert_int_equal(USER(&request, &fault, "a"), 0);
    assert_int_not_equal(
        vouch_sign_request_check(&request, vouch_private_key_public(pair), "weak.pub", &fault), 0);
    assert_ptr_equal(fault.kind, &vouch_fault_key_weak);
    vouch_sign_request_done(&request);
    vouch_private_key_free(pair);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_careful),
        cmocka_unit_test(principals_come_from_commas_and_repeats),
        cmocka_unit_test(extensions_are_sorted_and_take_both_spellings),
        cmocka_unit_test(the_terminal_can_be_taken_away),
        cmocka_unit_test(an_unknown_permission_is_named_with_the_nearest),
        cmocka_unit_test(values_are_wrapped_once_more_and_sorted),
        cmocka_unit_test(the_rules_name_the_option_to_change),
        cmocka_unit_test(a_weak_key_is_named_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
