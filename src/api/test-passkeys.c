// SPDX-License-Identifier: ISC
// Tests of passkeys over HTTP: the JSON that browsers are given, and the parts of what they send.
#include "api/test-fixture.h"

#define LINK "\"link\":\"" TEST_LINK "\""
#define ID "\"id\":\"SUQ\",\"rawId\":\"SUQ\",\"type\":\"public-key\""
#define ANSWERED                                                                                   \
    "\"challenge_id\":\"q-1\",\"credential\":{" ID ",\"response\":{\"clientDataJSON\":\"Y2Q\","    \
    "\"authenticatorData\":\"YWQ\",\"signature\":\"c2c\",\"userHandle\":\"dTEy\"},"                \
    "\"clientExtensionResults\":{},\"authenticatorAttachment\":\"platform\"}"
#define MADE                                                                                       \
    "\"challenge_id\":\"q-1\",\"name\":\"my phone\",\"credential\":{" ID                           \
    ",\"response\":{\"clientDataJSON\":\"Y2Q\",\"attestationObject\":\"YXQ\","                     \
    "\"transports\":[\"usb\"],\"publicKey\":\"eA\",\"publicKeyAlgorithm\":-7,"                     \
    "\"authenticatorData\":\"eA\"},\"clientExtensionResults\":{}}"
#define GIVEN_NOTE " question=q-1 id=ID client=cd data=ad signature=sg handle=u12"
#define NEW_NOTE " question=q-1 id=ID client=cd attestation=at name=my phone"

static unsigned ask(const char *method, const char *path, const char *body) {
    return test_send_as(TEST_SESSION, method, path, body);
}

static const json_t *option(const char *name) {
    const json_t *options = json_object_get(answer.json, "options");
    assert_non_null(options);
    return json_object_get(options, name);
}

static const char *text_of(const json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

// --- questions

static void asks_strangers_and_sessions(void **state) {
    (void)state;
    assert_int_equal(test_send_as(NULL, "POST", "/v1/passkeys/challenge", "{}"), 200);
    test_assert_asked("passkey_question way=0");
    test_assert_asked(" purpose=1 user= request=0");
    assert_string_equal(test_text(&answer, "challenge_id"), "q-1");
    assert_string_equal(json_string_value(option("challenge")), "Y2hhbGxlbmdl");
    assert_string_equal(json_string_value(option("rpId")), "ca.example.com");
    assert_string_equal(json_string_value(option("userVerification")), "required");
    assert_int_equal(json_integer_value(option("timeout")), 300000);
    assert_int_equal(json_array_size(option("allowCredentials")), 2);
    assert_string_equal(text_of(json_array_get(option("allowCredentials"), 0), "id"), "-_8");
    assert_int_equal(test_send_as(NULL, "POST", "/v1/passkeys/challenge", "{\"user\":\"bob\"}"),
                     200);
    test_assert_asked(" purpose=1 user=bob request=0");
    assert_int_equal(ask("POST", "/v1/session/challenge", "{}"), 200);
    test_assert_asked(" purpose=2 user= request=0");
    assert_int_equal(ask("POST", "/v1/session/challenge", "{\"request\":\"21\"}"), 200);
    test_assert_asked(" purpose=2 user= request=21");
    test_assert_field(ask("POST", "/v1/session/challenge", "{\"request\":\"x\"}"), "request");
}

static void says_where_there_are_no_passkeys(void **state) {
    (void)state;
    test_authority_say(VOUCH_VERDICT_CONFLICT, "V-2004", "");
    assert_int_equal(test_send_as(NULL, "POST", "/v1/passkeys/challenge", "{}"), 409);
    assert_string_equal(test_text(&answer, "code"), "V-2004");
}

static void begins_with_what_a_browser_makes_one_by(void **state) {
    (void)state;
    assert_int_equal(ask("POST", "/v1/account/passkeys/begin", "{}"), 200);
    test_assert_asked(" purpose=3 user= request=0");
    assert_string_equal(text_of(option("rp"), "id"), "ca.example.com");
    assert_string_equal(text_of(option("rp"), "name"), "Example CA");
    assert_string_equal(text_of(option("user"), "id"), "dTEy");
    assert_string_equal(text_of(option("user"), "name"), "alice");
    assert_string_equal(json_string_value(option("attestation")), "none");
    const json_t *kinds = option("pubKeyCredParams");
    static const json_int_t wanted[] = {-8, -7, -257};
    assert_int_equal(json_array_size(kinds), 3);
    for (size_t i = 0; i < 3; i++) {
        const json_t *kind = json_object_get(json_array_get(kinds, i), "alg");
        assert_int_equal(json_integer_value(kind), wanted[i]);
    }
    assert_int_equal(json_array_size(option("excludeCredentials")), 2);
    const json_t *selection = option("authenticatorSelection");
    assert_string_equal(text_of(selection, "residentKey"), "required");
    assert_string_equal(text_of(selection, "userVerification"), "required");
    assert_int_equal(test_send_as(NULL, "POST", "/v1/account/passkeys/begin", "{}"), 401);
}

// --- answers

static void signs_in_by_a_passkey_alone(void **state) {
    (void)state;
    assert_int_equal(test_send_as(NULL, "POST", "/v1/sessions", "{\"passkey\":{" ANSWERED "}}"),
                     201);
    test_assert_asked(" user= password= factor=3 code=" GIVEN_NOTE);
    assert_string_equal(test_text(&answer, "secret"), TEST_SESSION);
    test_assert_field(test_send_as(NULL, "POST", "/v1/sessions",
                                   "{\"user\":\"alice\",\"passkey\":{" ANSWERED "}}"),
                      "user");
    test_authority_say(VOUCH_VERDICT_UNKNOWN, "V-2001", "credential");
    assert_int_equal(test_send_as(NULL, "POST", "/v1/sessions", "{\"passkey\":{" ANSWERED "}}"),
                     401);
    assert_string_equal(test_text(&answer, "code"), "V-2001");
    test_authority_say(VOUCH_VERDICT_CONFLICT, "V-2002", "challenge_id");
    assert_int_equal(test_send_as(NULL, "POST", "/v1/sessions", "{\"passkey\":{" ANSWERED "}}"),
                     409);
}

static void takes_a_passkey_that_names_no_user(void **state) {
    (void)state;
    static const char *const handles[] = {"", ",\"userHandle\":null"};
    for (size_t i = 0; i < 2; i++) {
        char body[512];
        (void)snprintf(body, sizeof body,
                       "{\"passkey\":{\"challenge_id\":\"q-1\",\"credential\":{" ID
                       ",\"response\":{\"clientDataJSON\":\"Y2Q\",\"authenticatorData\":\"YWQ\","
                       "\"signature\":\"c2c\"%s}}}}",
                       handles[i]);
        assert_int_equal(test_send_as(NULL, "POST", "/v1/sessions", body), 201);
        test_assert_asked(" signature=sg handle=");
    }
}

static void refuses_a_credential_with_two_ids(void **state) {
    (void)state;
    test_assert_field(
        test_send_as(NULL, "POST", "/v1/sessions",
                     "{\"passkey\":{\"challenge_id\":\"q-1\",\"credential\":{\"id\":\"SUQ\","
                     "\"rawId\":\"SUU\",\"type\":\"public-key\",\"response\":{"
                     "\"clientDataJSON\":\"Y2Q\",\"authenticatorData\":\"YWQ\","
                     "\"signature\":\"c2c\"}}}}"),
        "passkey.credential.rawId");
}

static void gives_a_session_its_factor_by_a_passkey(void **state) {
    (void)state;
    assert_int_equal(ask("POST", "/v1/session/factor", "{\"factor\":\"passkey\"," ANSWERED "}"),
                     200);
    test_assert_asked(" factor=3 code=" GIVEN_NOTE);
    test_assert_field(ask("POST", "/v1/session/factor", "{\"factor\":\"totp\"," ANSWERED "}"),
                      "factor");
    test_assert_field(
        ask("POST", "/v1/session/factor", "{\"factor\":\"passkey\",\"code\":\"123456\"}"),
        "credential");
}

static void takes_a_passkey_in_place_of_a_code(void **state) {
    (void)state;
    assert_int_equal(ask("POST", "/v1/account/password",
                         "{\"current\":\"a\",\"new\":\"b\",\"passkey\":{" ANSWERED "}}"),
                     200);
    test_assert_asked(" current=a new=b code=" GIVEN_NOTE);
    assert_int_equal(ask("POST", "/v1/account/recovery", "{\"passkey\":{" ANSWERED "}}"), 200);
    test_assert_asked(" code=" GIVEN_NOTE);
    test_assert_field(
        ask("POST", "/v1/account/recovery", "{\"code\":\"123456\",\"passkey\":{" ANSWERED "}}"),
        "code");
    test_assert_field(ask("POST", "/v1/account/recovery", "{}"), "code");
}

// --- those there are

static void registers_lists_and_removes(void **state) {
    (void)state;
    assert_int_equal(ask("POST", "/v1/account/passkeys", "{" MADE "}"), 201);
    test_assert_asked(NEW_NOTE);
    assert_string_equal(test_text(&answer, "id"), "5");
    assert_string_equal(test_text(&answer, "name"), "phone");
    assert_string_equal(test_text(&answer, "credential_id"), "AQID");
    assert_string_equal(test_text(&answer, "aaguid"), "abcd0000-0000-0000-0000-000000000000");
    assert_true(json_is_true(json_object_get(answer.json, "copied")));
    assert_true(json_is_null(json_object_get(answer.json, "used")));
    assert_int_equal(ask("GET", "/v1/account/passkeys", NULL), 200);
    const json_t *items = json_object_get(answer.json, "items");
    assert_int_equal(json_array_size(items), 2);
    assert_true(json_is_null(json_object_get(json_array_get(items, 1), "aaguid")));
    assert_true(json_is_false(json_object_get(json_array_get(items, 1), "may_be_copied")));
    assert_string_equal(test_text(&answer, "next"), "6");
    assert_int_equal(ask("GET", "/v1/account/passkeys?user=bob&limit=2&cursor=5", NULL), 200);
    test_assert_asked("passkeys way=3");
    test_assert_asked(" user=bob");
    assert_int_equal(ask("DELETE", "/v1/account/passkeys/5", NULL), 200);
    test_assert_asked(" id=5 user=");
    assert_int_equal(ask("DELETE", "/v1/account/passkeys/5?user=bob", NULL), 200);
    test_assert_asked(" id=5 user=bob");
    assert_int_equal(ask("DELETE", "/v1/account/passkeys/x", NULL), 404);
    test_authority_say(VOUCH_VERDICT_CONFLICT, "V-2005", "id");
    assert_int_equal(ask("DELETE", "/v1/account/passkeys/5", NULL), 409);
}

static void sets_an_account_up_by_a_passkey(void **state) {
    (void)state;
    assert_int_equal(test_send_as(NULL, "POST", "/v1/setup/begin",
                                  "{" LINK ",\"password\":\"four words and more\"}"),
                     200);
    const json_t *passkey = json_object_get(answer.json, "passkey");
    assert_string_equal(text_of(passkey, "challenge_id"), "q-1");
    const json_t *options = json_object_get(passkey, "options");
    assert_string_equal(text_of(json_object_get(options, "rp"), "id"), "ca.example.com");
    assert_int_equal(test_send_as(NULL, "POST", "/v1/setup/begin",
                                  "{" LINK ",\"password\":\"" TEST_NO_PASSKEYS "\"}"),
                     200);
    assert_true(json_is_null(json_object_get(answer.json, "passkey")));
    assert_int_equal(
        test_send_as(NULL, "POST", "/v1/setup/finish", "{" LINK ",\"passkey\":{" MADE "}}"), 200);
    test_assert_asked(" code=" NEW_NOTE);
    test_assert_field(test_send_as(NULL, "POST", "/v1/setup/finish",
                                   "{" LINK ",\"code\":\"123456\",\"passkey\":{" MADE "}}"),
                      "code");
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, test_begin, test_end)
    const struct CMUnitTest tests[] = {
        T(asks_strangers_and_sessions),
        T(says_where_there_are_no_passkeys),
        T(begins_with_what_a_browser_makes_one_by),
        T(signs_in_by_a_passkey_alone),
        T(takes_a_passkey_that_names_no_user),
        T(refuses_a_credential_with_two_ids),
        T(gives_a_session_its_factor_by_a_passkey),
        T(takes_a_passkey_in_place_of_a_code),
        T(registers_lists_and_removes),
        T(sets_an_account_up_by_a_passkey),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
