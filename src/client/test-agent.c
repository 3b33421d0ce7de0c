// SPDX-License-Identifier: ISC
// Tests of client/agent.h: on the system's ssh-agent, as ssh-add sees it, and on agents that lie, cut
// their answers, or are silent.
#include "client/agent.h"

#include "core/test-agent-keys.h"
#include "core/test-ssh-agent.h"

static struct test_agent real;
static struct vouch_agent at_real;

static int begin(void **state) {
    // Whoever is asked to confirm says no.
    assert_int_equal(setenv("SSH_ASKPASS", "/bin/false", 1), 0);
    assert_int_equal(setenv("SSH_ASKPASS_REQUIRE", "force", 1), 0);
    test_agent_begin(&real);
    at_real = (struct vouch_agent){.socket_path = real.at.path};
    return make_keys(state);
}

static int end(void **state) {
    test_agent_end(&real);
    return free_keys(state);
}

// --- the system's agent

// Nonzero if a line of what ssh-add prints holds `text`.
static int ssh_add_shows(const char *option, const char *text) {
    char command[200];
    (void)snprintf(command, sizeof command, "SSH_AUTH_SOCK='%s' ssh-add %s 2>&1", real.at.path,
                   option);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    static char line[1 << 16];
    int is_shown = 0;
    while (fgets(line, sizeof line, out) != NULL) {
        is_shown |= strstr(line, text) != NULL;
    }
    assert_true(pclose(out) >= 0);
    return is_shown;
}

static int ssh_add_shows_line(struct vouch_bytes blob, size_t kind) {
    struct vouch_buf line;
    vouch_buf_init(&line, VOUCH_AGENT_MESSAGE_MAX);
    if (vouch_bytes_equal(blob, certs[kind]->blob)) {
        vouch_cert_print(blob, "tester", &line);
    } else {
        vouch_key_print(public_of(kind), "tester", &line);
    }
    vouch_buf_put_text(&line, "\n");
    uint8_t *end = vouch_buf_extend(&line, 1);
    assert_non_null(end);
    *end = '\0';
    int is_shown = ssh_add_shows("-L", (const char *)line.ptr);
    vouch_buf_done(&line);
    return is_shown;
}

static int ssh_add_shows_fingerprint(size_t kind, const char *label) {
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    char text[VOUCH_FINGERPRINT_MAX + 64];
    vouch_key_fingerprint(public_of(kind), VOUCH_HASH_SHA256, fingerprint);
    (void)snprintf(text, sizeof text, "%s tester (%s%s)", fingerprint,
                   vouch_key_type_label(key_kinds[kind].type), label);
    return ssh_add_shows("-l", text);
}

static int agent_holds(struct vouch_bytes blob) {
    struct vouch_agent_listing listing = {0};
    assert_int_equal(vouch_agent_list(&at_real, &listing, NULL), VOUCH_OK);
    int is_held = vouch_agent_listing_has(&listing, blob);
    vouch_agent_listing_done(&listing);
    return is_held;
}

static void assert_signs(size_t kind, const struct vouch_cert *cert, const char *algorithm) {
    const struct vouch_agent_sign what = {.key = public_of(kind),
                                          .cert = cert,
                                          .algorithm = algorithm,
                                          .data = vouch_bytes_of("data")};
    struct vouch_buf signature;
    vouch_buf_init(&signature, VOUCH_SIGNATURE_MAX);
    assert_int_equal(vouch_agent_sign(&at_real, &what, &signature, NULL), VOUCH_OK);
    assert_int_equal(vouch_key_verify(what.key, vouch_buf_bytes(&signature), what.data), VOUCH_OK);
    const char *wanted = algorithm != NULL ? algorithm
                         : kind == 1       ? "rsa-sha2-512"
                                           : vouch_key_type_name(key_kinds[kind].type);
    assert_true(vouch_bytes_equal(vouch_signature_algorithm(vouch_buf_bytes(&signature)),
                                  vouch_bytes_of(wanted)));
    vouch_buf_done(&signature);
}

static void adds_signs_with_and_removes_each_type_of_key(void **state) {
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        struct vouch_bytes blob = vouch_key_blob(public_of(i));
        const struct vouch_agent_add what = {
            .key = keys[i], .comment = "tester", .lifetime_s = VOUCH_AGENT_UNTIL_REMOVED};
        assert_int_equal(vouch_agent_add(&at_real, &what, NULL), VOUCH_OK);
        assert_true(ssh_add_shows_fingerprint(i, ""));
        assert_true(ssh_add_shows_line(blob, i));
        assert_signs(i, NULL, NULL);
        assert_int_equal(vouch_agent_remove(&at_real, blob, NULL), VOUCH_OK);
        assert_false(agent_holds(blob));
        assert_true(ssh_add_shows("-l", "The agent has no identities."));
    }
}

static void adds_signs_with_and_removes_each_type_of_certificate(void **state) {
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        const struct vouch_agent_add what = {
            .key = keys[i], .cert = certs[i], .comment = "tester", .lifetime_s = 600};
        assert_int_equal(vouch_agent_add(&at_real, &what, NULL), VOUCH_OK);
        assert_true(ssh_add_shows_fingerprint(i, "-CERT"));
        assert_true(ssh_add_shows_line(certs[i]->blob, i));
        assert_signs(i, certs[i], NULL);
        assert_int_equal(vouch_agent_remove(&at_real, certs[i]->blob, NULL), VOUCH_OK);
        assert_false(agent_holds(certs[i]->blob));
    }
}

static void holds_a_key_beside_its_certificate(void **state) {
    (void)state;
    struct vouch_agent_add what = {.key = keys[0], .cert = certs[0], .lifetime_s = 600};
    assert_int_equal(vouch_agent_add(&at_real, &what, NULL), VOUCH_OK);
    what.cert = NULL;
    assert_int_equal(vouch_agent_add(&at_real, &what, NULL), VOUCH_OK);
    assert_int_equal(vouch_agent_remove(&at_real, certs[0]->blob, NULL), VOUCH_OK);
    assert_true(agent_holds(vouch_key_blob(public_of(0))));
    assert_int_equal(vouch_agent_remove_all(&at_real, NULL), VOUCH_OK);
    assert_false(agent_holds(vouch_key_blob(public_of(0))));
}

static void signs_by_rsa_with_either_sha2(void **state) {
    (void)state;
    const struct vouch_agent_add what = {.key = keys[1], .cert = certs[1], .lifetime_s = 600};
    assert_int_equal(vouch_agent_add(&at_real, &what, NULL), VOUCH_OK);
    assert_signs(1, certs[1], "rsa-sha2-256");
    assert_signs(1, certs[1], "rsa-sha2-512");
    assert_int_equal(vouch_agent_remove_all(&at_real, NULL), VOUCH_OK);
}

static void a_key_is_gone_when_its_lifetime_ends(void **state) {
    (void)state;
    const struct vouch_agent_add what = {.key = keys[0], .cert = certs[0], .lifetime_s = 1};
    assert_int_equal(vouch_agent_add(&at_real, &what, NULL), VOUCH_OK);
    uint64_t deadline_ns = vouch_time_monotonic_ns() + 10 * SECOND_NS;
    while (agent_holds(certs[0]->blob)) {
        assert_true(vouch_time_monotonic_ns() < deadline_ns);
        (void)usleep(50000);
    }
}

static void a_person_who_does_not_confirm_is_a_refusal(void **state) {
    (void)state;
    const struct vouch_agent_add add = {.key = keys[0], .lifetime_s = 600, .confirm = 1};
    assert_int_equal(vouch_agent_add(&at_real, &add, NULL), VOUCH_OK);
    const struct vouch_agent_sign sign = {.key = public_of(0), .data = vouch_bytes_of("data")};
    struct vouch_buf signature;
    struct vouch_fault fault = {0};
    vouch_buf_init(&signature, VOUCH_SIGNATURE_MAX);
    assert_int_equal(vouch_agent_sign(&at_real, &sign, &signature, &fault), VOUCH_ERR_REFUSED);
    assert_int_equal(signature.len, 0);
    assert_non_null(strstr(fault.text, "request was refused"));
    assert_non_null(strstr(fault.text, real.at.path));
    assert_non_null(strstr(fault.next, "ssh-add"));
    vouch_buf_done(&signature);
    assert_int_equal(vouch_agent_remove_all(&at_real, NULL), VOUCH_OK);
}

static void a_key_that_is_not_held_is_refused(void **state) {
    (void)state;
    struct vouch_fault fault = {0};
    struct vouch_bytes blob = vouch_key_blob(public_of(0));
    assert_int_equal(vouch_agent_remove(&at_real, blob, &fault), VOUCH_ERR_REFUSED);
    assert_non_null(strstr(fault.text, "request was refused"));
    const struct vouch_agent_sign sign = {.key = public_of(0), .data = vouch_bytes_of("data")};
    struct vouch_buf signature;
    vouch_buf_init(&signature, VOUCH_SIGNATURE_MAX);
    assert_int_equal(vouch_agent_sign(&at_real, &sign, &signature, &fault), VOUCH_ERR_REFUSED);
    vouch_buf_done(&signature);
}

// --- no agent, and agents by script

static void says_that_no_agent_is_known(void **state) {
    (void)state;
    static const char *const paths[] = {NULL, ""};
    for (size_t i = 0; i < 2; i++) {
        const struct vouch_agent nowhere = {.socket_path = paths[i]};
        struct vouch_fault fault = {0};
        assert_int_equal(vouch_agent_remove_all(&nowhere, &fault), VOUCH_ERR_NOT_FOUND);
        assert_non_null(strstr(fault.text, "SSH_AUTH_SOCK is not set"));
    }
}

static void says_that_nobody_listens(void **state) {
    (void)state;
    const struct vouch_agent nobody = {.socket_path = "/nonexistent/agent"};
    struct vouch_agent_listing listing = {0};
    struct vouch_fault fault = {0};
    assert_int_equal(vouch_agent_list(&nobody, &listing, &fault), VOUCH_ERR_NOT_FOUND);
    assert_string_equal(fault.text, "ssh-agent at /nonexistent/agent: there is no such socket");
}

static const struct test_reply broken_replies[] = {
    {"", 0, 0},
    {"\0\0", 2, 0},
    {"\0\0\0\5\x0c\0\0", 7, 0},
    {"\xff\xff\xff\xff\x0c", 5, 1},
    {"\0\4\0\1\x0c", 5, 1},
    {"\0\0\0\0", 4, 0},
    {"\0\0\0\1\5", 5, 0},
    {"\0\0\0\1\6", 5, 0},
    {"\0\0\0\5\x0c\0\0\0\1", 9, 0},
    {"\0\0\0\6\x0c\0\0\0\0\0", 10, 0},
};

// What each of them must be called.
static const struct {
    int err;
    const char *text;
} broken_wanted[] = {
    {VOUCH_ERR_TRUNCATED, "hung up"},
    {VOUCH_ERR_TRUNCATED, "hung up"},
    {VOUCH_ERR_TRUNCATED, "hung up"},
    {VOUCH_ERR_LIMIT, "longer than any may be"},
    {VOUCH_ERR_LIMIT, "longer than any may be"},
    {VOUCH_ERR_TRUNCATED, "answer ends too early"},
    {VOUCH_ERR_REFUSED, "request was refused"},
    {VOUCH_ERR_FORMAT, "is not one to this question"},
    {VOUCH_ERR_TRUNCATED, "key ends too early"},
    {VOUCH_ERR_TRAILING, "left over"},
};

static void names_what_is_wrong_with_a_broken_answer(void **state) {
    (void)state;
    enum { COUNT = sizeof broken_replies / sizeof broken_replies[0] };
    struct test_script script;
    test_script_begin(&script, broken_replies, COUNT);
    const struct vouch_agent agent = {.socket_path = script.at.path};
    for (size_t i = 0; i < COUNT; i++) {
        struct vouch_agent_listing listing = {0};
        struct vouch_fault fault = {0};
        assert_int_equal(vouch_agent_list(&agent, &listing, &fault), broken_wanted[i].err);
        assert_null(listing.keys);
        assert_non_null(strstr(fault.text, broken_wanted[i].text));
        assert_non_null(strstr(fault.text, script.at.path));
    }
    test_script_end(&script);
}

static void gives_up_on_a_silent_agent_at_its_deadline(void **state) {
    (void)state;
    static const struct test_reply replies[] = {{"", 0, 1}, {"\0\0\0\1", 4, 1}};
    struct test_script script;
    test_script_begin(&script, replies, 2);
    const struct vouch_agent agent = {.socket_path = script.at.path, .timeout_ns = SECOND_NS / 20};
    for (size_t i = 0; i < 2; i++) {
        struct vouch_fault fault = {0};
        uint64_t from_ns = vouch_time_monotonic_ns();
        assert_int_equal(vouch_agent_remove_all(&agent, &fault), VOUCH_ERR_TIMEOUT);
        uint64_t waited_ns = vouch_time_monotonic_ns() - from_ns;
        assert_true(waited_ns >= agent.timeout_ns && waited_ns < 8 * SECOND_NS);
        assert_non_null(strstr(fault.text, "did not answer in time"));
    }
    test_script_end(&script);
}

static void does_not_believe_an_agent_that_it_added_a_key(void **state) {
    (void)state;
    static const struct test_reply replies[] = {
        {"\0\0\0\1\6", 5, 0},
        {"\0\0\0\x11\x0c\0\0\0\1\0\0\0\4else\0\0\0\0", 21, 0},
    };
    struct test_script script;
    test_script_begin(&script, replies, 2);
    const struct vouch_agent agent = {.socket_path = script.at.path};
    const struct vouch_agent_add what = {.key = keys[0], .cert = certs[0], .lifetime_s = 60};
    struct vouch_fault fault = {0};
    assert_int_equal(vouch_agent_add(&agent, &what, &fault), VOUCH_ERR_MISMATCH);
    assert_non_null(strstr(fault.text, "said that it added the key, but does not list it"));
    test_script_end(&script);
}

static void does_not_believe_an_agent_that_it_removed_a_key(void **state) {
    (void)state;
    static const struct test_reply replies[] = {
        {"\0\0\0\1\6", 5, 0},
        {"\0\0\0\x11\x0c\0\0\0\1\0\0\0\4mine\0\0\0\0", 21, 0},
        {"\0\0\0\1\6", 5, 0},
        {"\0\0\0\x11\x0c\0\0\0\1\0\0\0\4mine\0\0\0\0", 21, 0},
    };
    struct test_script script;
    test_script_begin(&script, replies, 4);
    const struct vouch_agent agent = {.socket_path = script.at.path};
    struct vouch_fault fault = {0};
    assert_int_equal(vouch_agent_remove(&agent, vouch_bytes_of("mine"), &fault),
                     VOUCH_ERR_MISMATCH);
    assert_non_null(strstr(fault.text, "said that it removed the key, but lists it still"));
    assert_int_equal(vouch_agent_remove_all(&agent, &fault), VOUCH_ERR_MISMATCH);
    assert_non_null(strstr(fault.text, "said that it removed all keys, but lists 1 still"));
    test_script_end(&script);
}

static void does_not_believe_a_signature_that_does_not_verify(void **state) {
    (void)state;
    struct vouch_buf answer;
    vouch_buf_init(&answer, 1000);
    size_t outer = vouch_write_string_begin(&answer);
    vouch_write_u8(&answer, 14);
    size_t inner = vouch_write_string_begin(&answer);
    assert_int_equal(vouch_private_key_sign(ca_key, NULL, vouch_bytes_of("data"), &answer),
                     VOUCH_OK);
    vouch_write_string_end(&answer, inner);
    vouch_write_string_end(&answer, outer);
    const struct test_reply reply = {answer.ptr, answer.len, 0};
    struct test_script script;
    test_script_begin(&script, &reply, 1);
    const struct vouch_agent agent = {.socket_path = script.at.path};
    const struct vouch_agent_sign what = {.key = public_of(0), .data = vouch_bytes_of("data")};
    struct vouch_buf signature;
    struct vouch_fault fault = {0};
    vouch_buf_init(&signature, VOUCH_SIGNATURE_MAX);
    assert_int_equal(vouch_agent_sign(&agent, &what, &signature, &fault), VOUCH_ERR_SIGNATURE);
    assert_int_equal(signature.len, 0);
    assert_non_null(strstr(fault.text, "signature does not verify"));
    test_script_end(&script);
    vouch_buf_done(&signature);
    vouch_buf_done(&answer);
}

static void asks_nothing_when_the_question_is_wrong(void **state) {
    (void)state;
    struct test_script script;
    test_script_begin(&script, NULL, 0);
    const struct vouch_agent agent = {.socket_path = script.at.path};
    const struct vouch_agent_add add = {.key = keys[0], .cert = certs[1], .lifetime_s = 60};
    const struct vouch_agent_sign sign = {.key = public_of(0), .algorithm = "rsa-sha2-512"};
    struct vouch_buf signature;
    struct vouch_fault fault = {0};
    vouch_buf_init(&signature, VOUCH_SIGNATURE_MAX);
    assert_int_equal(vouch_agent_add(&agent, &add, &fault), VOUCH_ERR_MISMATCH);
    assert_non_null(strstr(fault.text, "certificate is of another key"));
    assert_int_equal(vouch_agent_sign(&agent, &sign, &signature, &fault), VOUCH_ERR_UNSUPPORTED);
    assert_non_null(strstr(fault.text, "signature algorithm is not one of this type of key"));
    vouch_buf_done(&signature);
    test_script_end(&script);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_signs_with_and_removes_each_type_of_key),
        cmocka_unit_test(adds_signs_with_and_removes_each_type_of_certificate),
        cmocka_unit_test(holds_a_key_beside_its_certificate),
        cmocka_unit_test(signs_by_rsa_with_either_sha2),
        cmocka_unit_test(a_key_is_gone_when_its_lifetime_ends),
        cmocka_unit_test(a_person_who_does_not_confirm_is_a_refusal),
        cmocka_unit_test(a_key_that_is_not_held_is_refused),
        cmocka_unit_test(says_that_no_agent_is_known),
        cmocka_unit_test(says_that_nobody_listens),
        cmocka_unit_test(names_what_is_wrong_with_a_broken_answer),
        cmocka_unit_test(gives_up_on_a_silent_agent_at_its_deadline),
        cmocka_unit_test(does_not_believe_an_agent_that_it_added_a_key),
        cmocka_unit_test(does_not_believe_an_agent_that_it_removed_a_key),
        cmocka_unit_test(does_not_believe_a_signature_that_does_not_verify),
        cmocka_unit_test(asks_nothing_when_the_question_is_wrong),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
