// SPDX-License-Identifier: ISC
// Reading certificates: the fields, their limits, and the CA's signature.
#include <stdlib.h>

#include "core/key.h"
#include "vouch/cert.h"

#define OPTIONS_MAX 1024

void vouch_cert_free(struct vouch_cert *cert) {
    if (cert == NULL) {
        return;
    }
    vouch_key_free(cert->key);
    vouch_key_free(cert->ca);
    free(cert->principals);
    free(cert->critical);
    free(cert->extensions);
    free((void *)(uintptr_t)cert->blob.ptr);
    free(cert);
}

static void count_principals(struct vouch_reader *reader, struct vouch_bytes packed,
                             size_t *ret_count) {
    struct vouch_reader names;
    vouch_reader_init(&names, packed);
    size_t count = 0;
    while (vouch_reader_left(&names) > 0) {
        (void)vouch_read_text(&names, "valid principals");
        count++;
    }
    if (names.err != VOUCH_OK) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, "valid principals", names.where.reason);
    } else if (count > VOUCH_CERT_PRINCIPALS_MAX) {
        vouch_reader_fail(reader, VOUCH_ERR_LIMIT, "valid principals", "are more than 256");
    }
    *ret_count = count;
}

static void read_principals(struct vouch_reader *reader, struct vouch_cert *cert) {
    struct vouch_bytes packed = vouch_read_string(reader, "valid principals");
    size_t count = 0;
    count_principals(reader, packed, &count);
    if (reader->err != VOUCH_OK || count == 0) {
        return;
    }
    cert->principals = calloc(count, sizeof *cert->principals);
    if (cert->principals == NULL) {
        vouch_reader_fail(reader, VOUCH_ERR_NO_MEMORY, "valid principals", NULL);
        return;
    }
    cert->principal_count = count;
    struct vouch_reader names;
    vouch_reader_init(&names, packed);
    for (size_t i = 0; i < count; i++) {
        cert->principals[i] = vouch_read_text(&names, "valid principals");
    }
}

static size_t count_options(struct vouch_reader *reader, struct vouch_bytes packed,
                            const char *field) {
    struct vouch_reader pairs;
    vouch_reader_init(&pairs, packed);
    size_t count = 0;
    while (vouch_reader_left(&pairs) > 0) {
        (void)vouch_read_string(&pairs, field);
        (void)vouch_read_string(&pairs, field);
        count++;
    }
    if (pairs.err != VOUCH_OK) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, field, "are not pairs of name and data");
    } else if (count > OPTIONS_MAX) {
        vouch_reader_fail(reader, VOUCH_ERR_LIMIT, field, "are more than 1024");
    }
    return count;
}

static struct vouch_cert_option *read_options(struct vouch_reader *reader, const char *field,
                                              size_t *ret_count) {
    struct vouch_bytes packed = vouch_read_string(reader, field);
    size_t count = count_options(reader, packed, field);
    if (reader->err != VOUCH_OK || count == 0) {
        return NULL;
    }
    struct vouch_cert_option *options = calloc(count, sizeof *options);
    if (options == NULL) {
        vouch_reader_fail(reader, VOUCH_ERR_NO_MEMORY, field, NULL);
        return NULL;
    }
    struct vouch_reader pairs;
    vouch_reader_init(&pairs, packed);
    for (size_t i = 0; i < count; i++) {
        options[i].name = vouch_read_string(&pairs, field);
        options[i].data = vouch_read_string(&pairs, field);
    }
    *ret_count = count;
    return options;
}

static void read_type(struct vouch_reader *reader, struct vouch_cert *cert) {
    const uint8_t *at = reader->pos;
    uint32_t type = vouch_read_u32(reader, "certificate type");
    if (reader->err == VOUCH_OK && type != VOUCH_CERT_USER && type != VOUCH_CERT_HOST) {
        reader->pos = at;
        vouch_reader_fail(reader, VOUCH_ERR_CERT_TYPE, "certificate type",
                          "is neither user (1) nor host (2)");
        return;
    }
    cert->type = (enum vouch_cert_type)type;
}

static void read_ca(struct vouch_reader *reader, struct vouch_cert *cert) {
    const uint8_t *at = reader->pos;
    struct vouch_bytes blob = vouch_read_string(reader, "signature key");
    if (reader->err != VOUCH_OK) {
        return;
    }
    int err = vouch_key_parse(blob, &cert->ca, NULL);
    if (err != VOUCH_OK) {
        reader->pos = at;
        // A certificate as signing key would make a chain, which SSH does not have.
        vouch_reader_fail(reader, err == VOUCH_ERR_NO_MEMORY ? err : VOUCH_ERR_CERT_CA,
                          "signature key", "is not a plain public key of a known type");
    }
}

static void read_signature(struct vouch_reader *reader, struct vouch_cert *cert) {
    cert->tbs = (struct vouch_bytes){reader->start, (size_t)(reader->pos - reader->start)};
    const uint8_t *at = reader->pos;
    cert->signature = vouch_read_string(reader, "signature");
    if (reader->err != VOUCH_OK || vouch_reader_left(reader) > 0) {
        return; // left-over bytes are the end's to refuse
    }
    int err = vouch_key_verify(cert->ca, cert->signature, cert->tbs);
    if (err != VOUCH_OK) {
        reader->pos = at;
        vouch_reader_fail(reader, err == VOUCH_ERR_NO_MEMORY ? err : VOUCH_ERR_SIGNATURE,
                          "signature", "is not the CA's over this certificate");
    }
}

static void read_fields(struct vouch_reader *reader, struct vouch_cert *cert) {
    struct vouch_bytes name = vouch_read_string(reader, "certificate type name");
    const struct vouch_key_impl *impl = vouch_key_impl_of(vouch_key_type_from_cert_name(name));
    if (reader->err == VOUCH_OK && impl == NULL) {
        vouch_reader_fail(reader, VOUCH_ERR_UNSUPPORTED, "certificate type name",
                          "is not a known certificate type");
    }
    cert->nonce = vouch_read_string(reader, "nonce");
    if (reader->err != VOUCH_OK) {
        return;
    }
    cert->key = vouch_key_read(reader, impl);
    cert->serial = vouch_read_u64(reader, "serial");
    read_type(reader, cert);
    cert->key_id = vouch_read_text(reader, "key id");
    read_principals(reader, cert);
    cert->valid_after = vouch_read_u64(reader, "valid after");
    cert->valid_before = vouch_read_u64(reader, "valid before");
    cert->critical = read_options(reader, "critical options", &cert->critical_count);
    cert->extensions = read_options(reader, "extensions", &cert->extension_count);
    cert->reserved = vouch_read_string(reader, "reserved");
    read_ca(reader, cert);
    if (reader->err == VOUCH_OK) {
        read_signature(reader, cert);
    }
}

int vouch_cert_parse(struct vouch_bytes blob, struct vouch_cert **ret_cert,
                     struct vouch_where *ret_where) {
    struct vouch_cert *cert = calloc(1, sizeof *cert);
    uint8_t *own = malloc(blob.len > 0 ? blob.len : 1);
    if (cert == NULL || own == NULL) {
        free(cert);
        free(own);
        return VOUCH_ERR_NO_MEMORY;
    }
    if (blob.len > 0) {
        memcpy(own, blob.ptr, blob.len);
    }
    cert->blob = (struct vouch_bytes){own, blob.len};
    struct vouch_reader reader;
    vouch_reader_init(&reader, cert->blob);
    if (blob.len > VOUCH_CERT_BLOB_MAX) {
        vouch_reader_fail(&reader, VOUCH_ERR_LIMIT, "certificate", "is larger than 256 KiB");
    } else {
        read_fields(&reader, cert);
    }
    int err = vouch_reader_end(&reader, ret_where);
    if (err != VOUCH_OK) {
        vouch_cert_free(cert);
        return err;
    }
    *ret_cert = cert;
    return VOUCH_OK;
}

int vouch_cert_option_value(const struct vouch_cert_option *option, struct vouch_bytes *ret_value) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, option->data);
    struct vouch_bytes value = vouch_read_string(&reader, "option value");
    if (vouch_reader_end(&reader, NULL) != VOUCH_OK) {
        return VOUCH_ERR_FORMAT;
    }
    *ret_value = value;
    return VOUCH_OK;
}
