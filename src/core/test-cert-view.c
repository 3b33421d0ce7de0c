// SPDX-License-Identifier: ISC
// Fields read without verifying: they must be what the verifying reader reads, and nothing else.
#include "core/cert-view.h"

#include "core/test-agent-keys.h"

static struct vouch_bytes packed_names(const struct vouch_cert *cert, struct vouch_buf *out) {
    vouch_buf_clear(out);
    for (size_t i = 0; i < cert->principal_count; i++) {
        vouch_write_string(out, cert->principals[i]);
    }
    return vouch_buf_bytes(out);
}

static void assert_same(const struct vouch_cert_view *view, const struct vouch_cert *cert) {
    struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_CERT_BLOB_MAX);
    assert_int_equal(view->key_type, vouch_key_type(cert->key));
    vouch_cert_view_key(view, &out);
    assert_true(vouch_bytes_equal(vouch_buf_bytes(&out), vouch_key_blob(cert->key)));
    assert_int_equal(view->serial, cert->serial);
    assert_int_equal(view->type, cert->type);
    assert_true(vouch_bytes_equal(view->key_id, cert->key_id));
    assert_true(vouch_bytes_equal(view->principals, packed_names(cert, &out)));
    assert_int_equal(view->valid_after, cert->valid_after);
    assert_int_equal(view->valid_before, cert->valid_before);
    assert_true(vouch_bytes_equal(view->ca, vouch_key_blob(cert->ca)));
    vouch_buf_done(&out);
}

static void assert_reads_as_verified(const struct vouch_cert *cert) {
    struct vouch_cert_view view = {0};
    assert_int_equal(vouch_cert_view_read(cert->blob, &view, NULL), VOUCH_OK);
    assert_same(&view, cert);
}

static void reads_each_type_of_key_as_the_verifying_reader_does(void **state) {
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        assert_reads_as_verified(certs[i]);
    }
}

static void reads_keys_with_an_application_as_the_verifying_reader_does(void **state) {
    (void)state;
    static const struct vouch_key_impl *const impls[] = {&vouch_key_impl_sk_ed25519,
                                                         &vouch_key_impl_sk_ecdsa_p256};
    const struct vouch_bytes points[] = {public_of(0)->point, public_of(2)->point};
    for (size_t i = 0; i < 2; i++) {
        struct vouch_key *key = NULL;
        assert_int_equal(
            vouch_key_from_fields(impls[i], points[i], vouch_bytes_of("ssh:vouch"), &key),
            VOUCH_OK);
        struct vouch_cert *cert = certify(key);
        assert_reads_as_verified(cert);
        vouch_cert_free(cert);
        vouch_key_free(key);
    }
}

// Fields written by hand, with a signature that nobody made.
static void write_cert(const char *name, uint32_t type, struct vouch_buf *out) {
    static const char *const fields[] = {"critical", "extensions", "reserved", "ca", "signature"};
    vouch_buf_clear(out);
    vouch_write_text(out, name);
    vouch_write_text(out, "nonce");
    vouch_write_text(out, "point");
    vouch_write_u64(out, 7);
    vouch_write_u32(out, type);
    vouch_write_text(out, "key id");
    vouch_write_text(out, "principals");
    vouch_write_u64(out, 1000);
    vouch_write_u64(out, 2000);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        vouch_write_text(out, fields[i]);
    }
}

#define NAME "ssh-ed25519-cert-v01@openssh.com"

static void gives_each_field_as_it_stands(void **state) {
    struct vouch_buf *blob = *state;
    struct vouch_cert_view view = {0};
    write_cert(NAME, 2, blob);
    assert_int_equal(vouch_cert_view_read(vouch_buf_bytes(blob), &view, NULL), VOUCH_OK);
    assert_int_equal(view.key_type, VOUCH_KEY_ED25519);
    assert_int_equal(view.serial, 7);
    assert_int_equal(view.type, VOUCH_CERT_HOST);
    assert_true(vouch_bytes_equal(view.key_id, vouch_bytes_of("key id")));
    assert_true(vouch_bytes_equal(view.principals, vouch_bytes_of("principals")));
    assert_int_equal(view.valid_after, 1000);
    assert_int_equal(view.valid_before, 2000);
    assert_true(vouch_bytes_equal(view.critical, vouch_bytes_of("critical")));
    assert_true(vouch_bytes_equal(view.extensions, vouch_bytes_of("extensions")));
    assert_true(vouch_bytes_equal(view.ca, vouch_bytes_of("ca")));
}

static void a_type_that_is_neither_is_none(void **state) {
    static const uint32_t types[] = {0, 3, 257, 0x80000001, UINT32_MAX};
    struct vouch_buf *blob = *state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct vouch_cert_view view = {.type = VOUCH_CERT_USER};
        write_cert(NAME, types[i], blob);
        assert_int_equal(vouch_cert_view_read(vouch_buf_bytes(blob), &view, NULL), VOUCH_OK);
        assert_int_equal(view.type, VOUCH_CERT_NONE);
    }
}

static void refuses_names_of_no_certificate_type(void **state) {
    static const char *const names[] = {"", "ssh-ed25519", NAME "x",
                                        "ssh-dss-cert-v01@openssh.com"};
    struct vouch_buf *blob = *state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct vouch_cert_view view;
        struct vouch_where where = {0};
        write_cert(names[i], 1, blob);
        assert_int_equal(vouch_cert_view_read(vouch_buf_bytes(blob), &view, &where),
                         VOUCH_ERR_FORMAT);
        assert_string_equal(where.field, "cert");
        assert_string_equal(where.reason, "is not of a known certificate type");
    }
}

static void refuses_each_proper_prefix_and_leftover(void **state) {
    struct vouch_buf *blob = *state;
    write_cert(NAME, 1, blob);
    const struct vouch_cert_view before = {.serial = 99};
    struct vouch_cert_view view = before;
    for (size_t len = 0; len < blob->len; len++) {
        struct vouch_where where = {0};
        assert_true(vouch_cert_view_read((struct vouch_bytes){blob->ptr, len}, &view, &where) < 0);
        assert_non_null(where.field);
    }
    vouch_write_u8(blob, 0);
    assert_int_equal(vouch_cert_view_read(vouch_buf_bytes(blob), &view, NULL), VOUCH_ERR_TRAILING);
    assert_memory_equal(&view, &before, sizeof view); // written only on success
}

// A flipped bit may well read: nothing is verified. What reads lies within the bytes.
static void each_flipped_bit_reads_within_the_bytes_or_is_refused(void **state) {
    struct vouch_buf *blob = *state;
    write_cert(NAME, 1, blob);
    for (size_t bit = 0; bit < blob->len * 8; bit++) {
        struct vouch_cert_view view;
        blob->ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (vouch_cert_view_read(vouch_buf_bytes(blob), &view, NULL) == VOUCH_OK) {
            assert_int_equal(view.key_type, VOUCH_KEY_ED25519);
            assert_true(view.key_fields.ptr > blob->ptr);
            assert_true(view.ca.ptr + view.ca.len < blob->ptr + blob->len);
        }
        blob->ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static int begin(void **state) {
    static struct vouch_buf blob;
    vouch_buf_init(&blob, VOUCH_CERT_BLOB_MAX);
    *state = &blob;
    return 0;
}

static int end(void **state) {
    vouch_buf_done(*state);
    return 0;
}

#define WITH_BUFFER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_type_of_key_as_the_verifying_reader_does),
        cmocka_unit_test(reads_keys_with_an_application_as_the_verifying_reader_does),
        WITH_BUFFER(gives_each_field_as_it_stands),
        WITH_BUFFER(a_type_that_is_neither_is_none),
        WITH_BUFFER(refuses_names_of_no_certificate_type),
        WITH_BUFFER(refuses_each_proper_prefix_and_leftover),
        WITH_BUFFER(each_flipped_bit_reads_within_the_bytes_or_is_refused),
    };
    return cmocka_run_group_tests_name("core/cert-view", tests, make_keys, free_keys);
}
