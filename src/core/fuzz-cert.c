// SPDX-License-Identifier: ISC
// Fuzz target: certificates as read from outside, and certificates built from arbitrary fields.
//
// A mutated certificate dies at its signature, so the second half signs what the fuzzer makes up: that
// reaches the rules and the verdict, and proves that they agree.
#include <stdlib.h>

#include "core/cert-view.h"
#include "core/key-signer.h"
#include "core/key.h"
#include "vouch/cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW 1795344338
#define LIST_MAX 6

static struct vouch_private_key *ca, *subject;

static size_t read_list(struct vouch_reader *reader, struct vouch_bytes *list) {
    size_t count = vouch_read_u8(reader, "count") % (LIST_MAX + 1);
    for (size_t i = 0; i < count; i++) {
        list[i] = vouch_read_bytes(reader, vouch_read_u8(reader, "length"), "item");
    }
    return count;
}

static size_t read_options(struct vouch_reader *reader, struct vouch_cert_option *options) {
    struct vouch_bytes names[LIST_MAX], data[LIST_MAX];
    size_t count = read_list(reader, names);
    size_t data_count = read_list(reader, data);
    for (size_t i = 0; i < count; i++) {
        options[i] = (struct vouch_cert_option){names[i],
                                                i < data_count ? data[i] : (struct vouch_bytes){0}};
    }
    return count;
}

// What the careful rules let through, a reader must accept for each of its principals.
static void check_agreement(const struct vouch_cert_spec *spec, const struct vouch_cert *cert) {
    const struct vouch_key *cas[] = {vouch_private_key_public(ca)};
    int careful = vouch_cert_spec_check(spec, NULL) == VOUCH_OK;
    for (size_t i = 0; i < cert->principal_count; i++) {
        struct vouch_cert_expect expect = {.type = spec->type,
                                           .now = spec->valid_after,
                                           .cas = cas,
                                           .ca_count = 1,
                                           .name = cert->principals[i],
                                           .host_wildcards = 1};
        struct vouch_cert_result result;
        vouch_cert_check(cert, &expect, &result);
        if (careful && result.verdict != VOUCH_CERT_ACCEPTED) {
            abort();
        }
    }
    if (careful && (cert->principal_count == 0 || cert->serial == 0)) {
        abort();
    }
}

// The reader that does not verify must read the same.
static void check_view(const struct vouch_cert *cert) {
    struct vouch_cert_view view;
    if (vouch_cert_view_read(cert->blob, &view, NULL) != VOUCH_OK || view.serial != cert->serial ||
        view.type != cert->type || view.valid_before != cert->valid_before ||
        !vouch_bytes_equal(view.ca, vouch_key_blob(cert->ca))) {
        abort();
    }
}

static void build_and_read(const struct vouch_cert_spec *spec) {
    static const uint8_t nonce[VOUCH_CERT_NONCE_LEN];
    struct vouch_cert_ca by = {vouch_private_key_public(ca), vouch_key_signs, ca,
                               VOUCH_CERT_RULES_OPENSSH};
    struct vouch_buf blob;
    vouch_buf_init(&blob, VOUCH_CERT_BLOB_MAX);
    struct vouch_cert *cert = NULL;
    if (vouch_cert_build(spec, &by, nonce, &blob, NULL) == VOUCH_OK &&
        vouch_cert_parse(vouch_buf_bytes(&blob), &cert, NULL) == VOUCH_OK) {
        struct vouch_bytes key_id = spec->key_id;
        key_id.len -= key_id.len > 0 && key_id.ptr[key_id.len - 1] == 0; // a reader drops it
        if (!vouch_bytes_equal(cert->key_id, key_id) ||
            cert->principal_count != spec->principal_count || cert->serial != spec->serial) {
            abort();
        }
        check_agreement(spec, cert);
        check_view(cert);
        vouch_cert_free(cert);
    }
    vouch_buf_done(&blob);
}

static void make_keys(void) {
    if (ca == NULL && (vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &ca) != VOUCH_OK ||
                       vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &subject) != VOUCH_OK)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    make_keys();
    struct vouch_bytes input = {data, size};
    struct vouch_cert *cert = NULL;
    if (vouch_cert_parse(input, &cert, NULL) == VOUCH_OK) {
        vouch_cert_free(cert);
    }
    struct vouch_reader reader;
    vouch_reader_init(&reader, input);
    struct vouch_bytes principals[LIST_MAX];
    struct vouch_cert_option critical[LIST_MAX], extensions[LIST_MAX];
    struct vouch_cert_spec spec = {.key = vouch_private_key_public(subject)};
    spec.type = (enum vouch_cert_type)(vouch_read_u8(&reader, "type") % 3);
    spec.serial = vouch_read_u8(&reader, "serial");
    spec.valid_after = NOW;
    spec.valid_before = NOW + vouch_read_u8(&reader, "life");
    spec.key_id = vouch_read_bytes(&reader, vouch_read_u8(&reader, "length"), "key id");
    spec.principal_count = read_list(&reader, principals);
    spec.principals = principals;
    spec.critical_count = read_options(&reader, critical);
    spec.critical = critical;
    spec.extension_count = read_options(&reader, extensions);
    spec.extensions = extensions;
    build_and_read(&spec);
    return 0;
}
