// SPDX-License-Identifier: ISC
// The contract of signer.h, held against both of its bodies: built once with the one that owns the keys
// and once with the one that asks over a lane (test-body-local.c, test-body-remote.c).
#include "signer/test-body.h"

#include <string.h>

#include "base/str.h"
#include "core/trust.h"
#include "vouch/sshsig.h"

static void grants_a_certificate_that_is_recorded_and_verifies(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer *signer = body_begin(fixture);
    struct vouch_signer_ask ask = fixture_ask(fixture);
    struct vouch_signer_grant grant = {0};
    struct vouch_fault fault = {0};
    assert_int_equal(vouch_signer_sign(signer, &ask, FIXTURE_DEADLINE, &grant, &fault), VOUCH_OK);
    assert_int_equal(grant.outcome, VOUCH_SIGNER_DONE);
    struct vouch_cert *cert = NULL;
    assert_int_equal(vouch_cert_parse(grant.cert, &cert, NULL), VOUCH_OK);
    assert_int_equal(cert->serial, grant.serial);
    assert_true(vouch_key_equal(cert->key, ask.spec.key));
    assert_int_equal(cert->valid_before, ask.spec.valid_before);
    assert_int_equal(cert->principal_count, 1);
    assert_true(vouch_bytes_equal(cert->extensions[0].name, vouch_bytes_of("permit-pty")));
    assert_int_equal(fixture_count(fixture, NULL), 1);
    assert_true(grant.time_ms > UINT64_C(1700000000000));
    vouch_cert_free(cert);
    body_end(fixture, signer);
    assert_proven(fixture);
}

static void gives_serials_without_a_gap_to_both_cas(void **state) {
    struct fixture *fixture = *state;
    static const struct vouch_bytes host = {(const uint8_t *)"web1.example.com", 16};
    struct vouch_signer *signer = body_begin(fixture);
    struct vouch_signer_ask ask = fixture_ask(fixture);
    struct vouch_signer_grant grant = {0};
    uint64_t last = 0;
    for (unsigned i = 0; i < 6; i++) {
        ask.spec.type = i % 2 == 0 ? VOUCH_CERT_USER : VOUCH_CERT_HOST;
        ask.spec.principals = i % 2 == 0 ? fixture_ask(fixture).spec.principals : &host;
        ask.spec.extension_count = i % 2 == 0 ? 1 : 0;
        assert_int_equal(vouch_signer_sign(signer, &ask, FIXTURE_DEADLINE, &grant, NULL), VOUCH_OK);
        assert_int_equal(grant.outcome, VOUCH_SIGNER_DONE);
        assert_true(i == 0 || grant.serial == last + 1);
        last = grant.serial;
    }
    body_end(fixture, signer);
    assert_proven(fixture);
}

static void refuses_with_code_field_and_reason(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer *signer = body_begin(fixture);
    struct vouch_signer_ask ask = fixture_ask(fixture);
    struct vouch_signer_grant grant = {.outcome = VOUCH_SIGNER_DONE};
    ask.spec.principal_count = 0;
    assert_int_equal(vouch_signer_sign(signer, &ask, FIXTURE_DEADLINE, &grant, NULL), VOUCH_OK);
    assert_int_equal(grant.outcome, VOUCH_SIGNER_REFUSED);
    assert_string_equal(grant.refusal.code, "V-1301");
    assert_string_equal(grant.refusal.field, "principals");
    assert_non_null(strstr(grant.refusal.why, "empty"));
    assert_int_equal(grant.cert.len, 0);
    ask = fixture_ask(fixture);
    ask.spec.valid_before += UINT64_C(30) * 86400;
    assert_int_equal(vouch_signer_sign(signer, &ask, FIXTURE_DEADLINE, &grant, NULL), VOUCH_OK);
    assert_string_equal(grant.refusal.code, "V-1606");
    assert_int_equal(fixture_count(fixture, NULL), 0);
    body_end(fixture, signer);
}

static void refuses_each_of_its_own_keys_as_a_subject(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer *signer = body_begin(fixture);
    struct vouch_signer_state about = {0};
    assert_int_equal(vouch_signer_state(signer, FIXTURE_DEADLINE, &about, NULL), VOUCH_OK);
    struct vouch_key *keys[3] = {0};
    assert_int_equal(vouch_key_parse(about.user_ca, &keys[0], NULL), VOUCH_OK);
    assert_int_equal(vouch_key_parse(about.host_ca, &keys[1], NULL), VOUCH_OK);
    assert_int_equal(vouch_key_parse(about.checkpoint_key, &keys[2], NULL), VOUCH_OK);
    for (size_t i = 0; i < 3; i++) {
        struct vouch_signer_ask ask = fixture_ask(fixture);
        struct vouch_signer_grant grant = {0};
        ask.spec.key = keys[i];
        assert_int_equal(vouch_signer_sign(signer, &ask, FIXTURE_DEADLINE, &grant, NULL), VOUCH_OK);
        assert_int_equal(grant.outcome, VOUCH_SIGNER_REFUSED);
        assert_string_equal(grant.refusal.field, "public key");
        vouch_key_free(keys[i]);
    }
    body_end(fixture, signer);
}

static void notes_an_event_as_it_was_given(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer *signer = body_begin(fixture);
    const struct vouch_signer_event event = fixture_event();
    struct vouch_signer_noted noted = {0};
    assert_int_equal(vouch_signer_note(signer, &event, FIXTURE_DEADLINE, &noted, NULL), VOUCH_OK);
    assert_int_equal(noted.outcome, VOUCH_SIGNER_DONE);
    assert_true(noted.number > 0 && noted.time_ms > 0);
    char reason[256] = "";
    fixture_detail(fixture, "cert.revoke", "reason", reason);
    assert_string_equal(reason, "lost");
    body_end(fixture, signer);
    assert_proven(fixture);
}

static void refuses_events_that_only_the_signer_writes(void **state) {
    struct fixture *fixture = *state;
    static const char *const types[] = {"ledger.new", "ca.key.new", "signer.stop", "krl.publish",
                                        "Signer",     "",           "a b"};
    struct vouch_signer *signer = body_begin(fixture);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct vouch_signer_event event = fixture_event();
        struct vouch_signer_noted noted = {.outcome = VOUCH_SIGNER_DONE};
        event.type = vouch_bytes_of(types[i]);
        assert_int_equal(vouch_signer_note(signer, &event, FIXTURE_DEADLINE, &noted, NULL),
                         VOUCH_OK);
        assert_int_equal(noted.outcome, VOUCH_SIGNER_REFUSED);
        assert_string_equal(noted.refusal.code, "V-1609");
        assert_string_equal(noted.refusal.field, "type");
    }
    body_end(fixture, signer);
}

static void signs_a_statement_about_a_list_with_the_checkpoint_key(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer *signer = body_begin(fixture);
    const struct vouch_signer_krl krl = fixture_krl(7);
    struct vouch_signer_published published = {0};
    struct vouch_signer_state about = {0};
    struct vouch_fault fault = {0};
    if (vouch_signer_publish(signer, &krl, FIXTURE_DEADLINE, &published, &fault) != VOUCH_OK) {
        fail_msg("%s", fault.text);
    }
    assert_int_equal(published.outcome, VOUCH_SIGNER_DONE);
    char *text = vouch_str_copy(published.envelope);
    char *armour = strstr(text, "\n\n-----BEGIN SSH SIGNATURE-----\n");
    assert_non_null(armour);
    const struct vouch_bytes statement = {(const uint8_t *)text, (size_t)(armour + 1 - text)};
    struct vouch_sshsig_by by = {0};
    assert_int_equal(
        vouch_sshsig_verify(vouch_bytes_of(armour + 2), "vouch-krl", statement, &by, NULL),
        VOUCH_OK);
    assert_int_equal(by.hash, VOUCH_HASH_SHA512);
    assert_int_equal(strncmp(text, "vouch-krl/1\nca SHA256:", 22), 0);
    assert_non_null(strstr(text, "\nuse user\nversion 7\nlength 44\nsha256 010203000000"));
    assert_int_equal(vouch_signer_state(signer, FIXTURE_DEADLINE, &about, NULL), VOUCH_OK);
    assert_true(vouch_bytes_equal(vouch_key_blob(by.key), about.checkpoint_key));
    vouch_sshsig_by_done(&by);
    free(text);
    assert_int_equal(fixture_count(fixture, "krl.publish"), 1);
    body_end(fixture, signer);
}

// The bundle of a start, proven by the key that the signer names.
static uint64_t trust_version(struct fixture *fixture, struct vouch_signer *signer) {
    struct vouch_signer_state about = {0};
    struct vouch_key *checkpoint_key = NULL;
    struct vouch_trust trust = {0};
    char version[256] = "";
    assert_int_equal(vouch_signer_state(signer, FIXTURE_DEADLINE, &about, NULL), VOUCH_OK);
    assert_int_equal(vouch_key_parse(about.checkpoint_key, &checkpoint_key, NULL), VOUCH_OK);
    char *name = vouch_str_copy(about.origin);
    const struct vouch_trust_known known = {checkpoint_key, name, about.trust_version};
    assert_int_equal(vouch_trust_verify(about.trust, &known, &trust, NULL), VOUCH_OK);
    assert_int_equal(trust.key_count, 2);
    assert_true(vouch_bytes_equal(vouch_key_blob(vouch_trust_active(&trust, VOUCH_CERT_USER)),
                                  about.user_ca));
    assert_true(vouch_bytes_equal(vouch_key_blob(vouch_trust_active(&trust, VOUCH_CERT_HOST)),
                                  about.host_ca));
    assert_int_equal(trust.version, about.trust_version);
    assert_true(trust.version >> VOUCH_TRUST_EPOCH_SHIFT == about.epoch);
    fixture_detail(fixture, "trust.publish", "version", version);
    assert_true(strtoull(version, NULL, 10) == trust.version);
    vouch_trust_done(&trust);
    vouch_key_free(checkpoint_key);
    free(name);
    return about.trust_version;
}

static void publishes_a_higher_trust_bundle_at_each_start(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer *signer = body_begin(fixture);
    uint64_t first = trust_version(fixture, signer);
    assert_true(trust_version(fixture, signer) == first);
    assert_int_equal(fixture_count(fixture, "trust.publish"), 1);
    body_end(fixture, signer);
    signer = body_begin(fixture);
    assert_true(trust_version(fixture, signer) > first);
    assert_int_equal(fixture_count(fixture, "trust.publish"), 2);
    body_end(fixture, signer);
    assert_proven(fixture);
}

static void publishes_only_rising_versions_also_after_a_restart(void **state) {
    struct fixture *fixture = *state;
    static const struct {
        uint64_t version;
        enum vouch_signer_outcome outcome;
    } steps[] = {
        {3, VOUCH_SIGNER_DONE},    {3, VOUCH_SIGNER_REFUSED}, {2, VOUCH_SIGNER_REFUSED},
        {0, VOUCH_SIGNER_REFUSED}, {4, VOUCH_SIGNER_DONE},    {UINT64_MAX, VOUCH_SIGNER_REFUSED},
        {5, VOUCH_SIGNER_DONE},
    };
    struct vouch_signer *signer = body_begin(fixture);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (i == 3) {
            body_end(fixture, signer);
            signer = body_begin(fixture);
        }
        const struct vouch_signer_krl krl = fixture_krl(steps[i].version);
        struct vouch_signer_published published = {0};
        assert_int_equal(vouch_signer_publish(signer, &krl, FIXTURE_DEADLINE, &published, NULL),
                         VOUCH_OK);
        assert_int_equal(published.outcome, steps[i].outcome);
    }
    struct vouch_signer_krl host = fixture_krl(1); // each CA has its own count
    struct vouch_signer_published published = {0};
    host.ca = VOUCH_CERT_HOST;
    assert_int_equal(vouch_signer_publish(signer, &host, FIXTURE_DEADLINE, &published, NULL),
                     VOUCH_OK);
    assert_int_equal(published.outcome, VOUCH_SIGNER_DONE);
    body_end(fixture, signer);
}

// A version of a later epoch would stand in the way of the lists after a restore.
static void publishes_no_version_of_a_later_epoch(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer *signer = body_begin(fixture);
    struct vouch_signer_state about = {0};
    assert_int_equal(vouch_signer_state(signer, FIXTURE_DEADLINE, &about, NULL), VOUCH_OK);
    uint64_t next = (about.epoch + 1) << VOUCH_KRL_EPOCH_SHIFT;
    for (unsigned i = 0; i < 2; i++) {
        const struct vouch_signer_krl krl = fixture_krl(next - i);
        struct vouch_signer_published published = {0};
        assert_int_equal(vouch_signer_publish(signer, &krl, FIXTURE_DEADLINE, &published, NULL),
                         VOUCH_OK);
        assert_int_equal(published.outcome, i == 0 ? VOUCH_SIGNER_REFUSED : VOUCH_SIGNER_DONE);
        assert_string_equal(published.refusal.code, i == 0 ? "V-1609" : "");
    }
    body_end(fixture, signer);
}

static void tells_its_state(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer *signer = body_begin(fixture);
    struct vouch_signer_state before = {0}, after = {0};
    struct vouch_signer_ask ask = fixture_ask(fixture);
    struct vouch_signer_grant grant = {0};
    assert_int_equal(vouch_signer_state(signer, FIXTURE_DEADLINE, &before, NULL), VOUCH_OK);
    assert_true(vouch_bytes_equal(before.origin, vouch_bytes_of("ca.example.com")));
    assert_true(before.epoch > 0 && before.epoch <= VOUCH_EPOCH_MAX);
    assert_int_equal(before.ttl_max_s[0], 86400);
    assert_int_equal(before.ttl_max_s[1], 90 * 86400);
    assert_int_equal(before.wildcards.count, 1);
    assert_string_equal(before.wildcards.items[0], "web.example.com");
    uint64_t size = before.size, epoch = before.epoch;
    assert_int_equal(vouch_signer_sign(signer, &ask, FIXTURE_DEADLINE, &grant, NULL), VOUCH_OK);
    uint64_t serial = grant.serial;
    assert_int_equal(vouch_signer_state(signer, FIXTURE_DEADLINE, &after, NULL), VOUCH_OK);
    assert_int_equal(after.size, size + 1);
    assert_true(after.serial == serial && vouch_epoch_of(serial) == epoch);
    body_end(fixture, signer);
}

static void answers_again_after_a_refusal(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer *signer = body_begin(fixture);
    for (unsigned i = 0; i < 20; i++) {
        struct vouch_signer_ask ask = fixture_ask(fixture);
        struct vouch_signer_grant grant = {0};
        ask.spec.type = i % 2 == 0 ? VOUCH_CERT_NONE : VOUCH_CERT_USER;
        assert_int_equal(vouch_signer_sign(signer, &ask, FIXTURE_DEADLINE, &grant, NULL), VOUCH_OK);
        assert_int_equal(grant.outcome, i % 2 == 0 ? VOUCH_SIGNER_REFUSED : VOUCH_SIGNER_DONE);
    }
    body_end(fixture, signer);
    assert_int_equal(fixture_count(fixture, NULL), 10);
}

#define WITH_CA(test) cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_CA(grants_a_certificate_that_is_recorded_and_verifies),
        WITH_CA(gives_serials_without_a_gap_to_both_cas),
        WITH_CA(refuses_with_code_field_and_reason),
        WITH_CA(refuses_each_of_its_own_keys_as_a_subject),
        WITH_CA(notes_an_event_as_it_was_given),
        WITH_CA(refuses_events_that_only_the_signer_writes),
        WITH_CA(signs_a_statement_about_a_list_with_the_checkpoint_key),
        WITH_CA(publishes_only_rising_versions_also_after_a_restart),
        WITH_CA(publishes_a_higher_trust_bundle_at_each_start),
        WITH_CA(publishes_no_version_of_a_later_epoch),
        WITH_CA(tells_its_state),
        WITH_CA(answers_again_after_a_refusal),
    };
    return cmocka_run_group_tests_name(body_name, tests, NULL, NULL);
}
