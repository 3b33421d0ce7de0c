// SPDX-License-Identifier: ISC
// X.509 by OpenSSL: the only file of this program that calls it.
#include "prog/vouchd/tls-pair.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"

#define PEM_MAX (64 * 1024)
#define NAMES_MAX 1024
#define DAY_S 86400L
#define DAYS 3650L
#define COMMON_NAME_MAX 64 // X.520, ub-common-name

static void free_cert(X509 **cert) {
    X509_free(*cert);
}
static void free_key(EVP_PKEY **key) {
    EVP_PKEY_free(*key);
}
static void free_bio(BIO **bio) {
    BIO_free(*bio);
}

static int fail(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_internal,
                           "TLS certificate: libcrypto cannot work on it");
}

static int is_host_name(const char *name) {
    size_t len = strlen(name);
    if (len == 0 || len > 253 || name[0] == '.' || name[0] == '-') {
        return 0;
    }
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)name[i]) && name[i] != '.' && name[i] != '-') {
            return 0;
        }
    }
    return 1;
}

static int add_extension(X509 *cert, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    int added = extension != NULL && X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
    return added;
}

static void list_names(const char *name, const char *const *addresses, char *out, size_t size) {
    int len = snprintf(out, size, "%s%s%sDNS:localhost,IP:127.0.0.1,IP:::1",
                       is_host_name(name) ? "DNS:" : "", is_host_name(name) ? name : "",
                       is_host_name(name) ? "," : "");
    for (size_t i = 0; addresses[i] != NULL && (size_t)len < size; i++) {
        if (strcmp(addresses[i], "127.0.0.1") == 0 || strcmp(addresses[i], "::1") == 0) {
            continue;
        }
        int more = snprintf(out + len, size - (size_t)len, ",IP:%s", addresses[i]);
        len += more > 0 ? more : 0;
    }
}

static int add_extensions(X509 *cert, const char *names) {
    return add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(cert, NID_key_usage, "critical,digitalSignature") &&
           add_extension(cert, NID_ext_key_usage, "serverAuth") &&
           add_extension(cert, NID_subject_key_identifier, "hash") &&
           add_extension(cert, NID_subject_alt_name, names);
}

static int set_serial(X509 *cert) {
    uint64_t serial = 0;
    vouch_random(&serial, sizeof serial);
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1);
}

static int set_subject(X509 *cert, const char *name) {
    X509_NAME *subject = X509_get_subject_name(cert);
    int len = strlen(name) > COMMON_NAME_MAX ? COMMON_NAME_MAX : (int)strlen(name);
    return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_ASC,
                                      (const unsigned char *)name, len, -1, 0) &&
           X509_set_issuer_name(cert, subject);
}

static int set_validity(X509 *cert, uint64_t now_s) {
    return ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)now_s - 3600) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)now_s + DAYS * DAY_S) != NULL;
}

static int copy_out(BIO *bio, struct vouch_buf *out) {
    char *text = NULL;
    long len = BIO_get_mem_data(bio, &text);
    if (len <= 0) {
        return VOUCH_ERR_NO_MEMORY;
    }
    vouch_buf_put(out, (struct vouch_bytes){(const uint8_t *)text, (size_t)len});
    return out->err;
}

// "sha256:" and the base64url of the hash of the SubjectPublicKeyInfo, as RFC 7469 has it.
static int make_pin(X509 *cert, char *ret_pin) {
    unsigned char hash[32];
    unsigned len = 0;
    unsigned char *der = NULL;
    int der_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    int hashed = der_len > 0 && EVP_Digest(der, (size_t)der_len, hash, &len, EVP_sha256(), NULL);
    OPENSSL_free(der);
    struct vouch_buf text;
    vouch_buf_init(&text, VOUCH_PIN_TEXT_MAX);
    vouch_str_base64((struct vouch_bytes){hash, sizeof hash}, 0, &text);
    if (!hashed || text.err != VOUCH_OK || text.len + 8 > VOUCH_PIN_TEXT_MAX) {
        vouch_buf_done(&text);
        return VOUCH_ERR_NO_MEMORY;
    }
    (void)snprintf(ret_pin, VOUCH_PIN_TEXT_MAX, "sha256:%.*s", (int)text.len,
                   (const char *)text.ptr);
    for (char *at = ret_pin; *at != '\0'; at++) {
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
    }
    vouch_buf_done(&text);
    return VOUCH_OK;
}

static int encode(X509 *cert, EVP_PKEY *key, struct vouch_tls_pair *pair) {
    BIO *cert_bio VOUCH_CLEANUP(free_bio) = BIO_new(BIO_s_mem());
    BIO *key_bio VOUCH_CLEANUP(free_bio) = BIO_new(BIO_s_secmem());
    if (cert_bio == NULL || key_bio == NULL || !PEM_write_bio_X509(cert_bio, cert) ||
        !PEM_write_bio_PKCS8PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL)) {
        return VOUCH_ERR_NO_MEMORY;
    }
    int err = copy_out(cert_bio, &pair->cert_pem);
    return err == VOUCH_OK ? copy_out(key_bio, &pair->key_pem) : err;
}

int vouch_tls_pair_new(const char *name, const char *const *addresses, uint64_t now_s,
                       struct vouch_tls_pair *ret_pair, struct vouch_fault *fault) {
    char names[NAMES_MAX];
    list_names(name, addresses, names, sizeof names);
    X509 *cert VOUCH_CLEANUP(free_cert) = X509_new();
    EVP_PKEY *key VOUCH_CLEANUP(free_key) = EVP_EC_gen("P-256");
    if (cert == NULL || key == NULL || !X509_set_version(cert, X509_VERSION_3) ||
        !set_serial(cert) || !set_subject(cert, name) || !set_validity(cert, now_s) ||
        !X509_set_pubkey(cert, key) || !add_extensions(cert, names) ||
        X509_sign(cert, key, EVP_sha256()) <= 0) {
        return fail(fault);
    }
    struct vouch_tls_pair pair = {0};
    vouch_buf_init(&pair.cert_pem, PEM_MAX);
    vouch_buf_init(&pair.key_pem, PEM_MAX);
    if (encode(cert, key, &pair) != VOUCH_OK || make_pin(cert, pair.pin) != VOUCH_OK) {
        vouch_tls_pair_done(&pair);
        return fail(fault);
    }
    *ret_pair = pair;
    return VOUCH_OK;
}

void vouch_tls_pair_done(struct vouch_tls_pair *pair) {
    if (pair == NULL) {
        return;
    }
    if (pair->key_pem.ptr != NULL) {
        vouch_wipe(pair->key_pem.ptr, pair->key_pem.len);
    }
    vouch_buf_done(&pair->cert_pem);
    vouch_buf_done(&pair->key_pem);
}

static int refuse_password(char *buffer, int size, int writing, void *context) {
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return -1; // never asks a terminal
}

static int bad_file(const char *path, const char *why, struct vouch_fault *fault) {
    (void)vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_config, "%s: %s", path, why);
    return vouch_fault_next(fault, "Give tls.certificate and tls.key a PEM certificate chain, the "
                                   "server's own first, and its key without a passphrase.");
}

static int check_key(X509 *cert, const char *key_path, struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret text = {0};
    int err = vouch_io_read_secret(key_path, PEM_MAX, VOUCH_IO_ANY, &text, fault);
    if (err != VOUCH_OK) {
        // Its own user reads it; this one need not be able to.
        return access(key_path, F_OK) == 0 && access(key_path, R_OK) != 0 ? VOUCH_OK : err;
    }
    BIO *bio VOUCH_CLEANUP(free_bio) = BIO_new_mem_buf(text.ptr, (int)text.len);
    EVP_PKEY *key VOUCH_CLEANUP(free_key) =
        bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, refuse_password, NULL) : NULL;
    if (key == NULL) {
        return bad_file(key_path, "is no PEM private key, or has a passphrase", fault);
    }
    return X509_check_private_key(cert, key)
               ? VOUCH_OK
               : bad_file(key_path, "is not the key of the certificate", fault);
}

// The first certificate of a file, which the caller frees.
static int read_cert(const char *path, X509 **ret_cert, struct vouch_fault *fault) {
    struct vouch_buf text;
    vouch_buf_init(&text, PEM_MAX);
    int err = vouch_io_read(path, PEM_MAX, &text, fault);
    if (err == VOUCH_OK) {
        BIO *bio VOUCH_CLEANUP(free_bio) = BIO_new_mem_buf(text.ptr, (int)text.len);
        X509 *cert = bio != NULL ? PEM_read_bio_X509(bio, NULL, refuse_password, NULL) : NULL;
        err = cert != NULL ? VOUCH_OK : bad_file(path, "is no PEM certificate", fault);
        *ret_cert = cert;
    }
    vouch_buf_done(&text);
    return err;
}

int vouch_tls_pin(const char *cert_path, char ret_pin[static VOUCH_PIN_TEXT_MAX],
                  struct vouch_fault *fault) {
    X509 *cert VOUCH_CLEANUP(free_cert) = NULL;
    int err = read_cert(cert_path, &cert, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) != 0) {
        ret_pin[0] = '\0';
        return VOUCH_OK;
    }
    return make_pin(cert, ret_pin) == VOUCH_OK ? VOUCH_OK : fail(fault);
}

int vouch_tls_pair_check(const char *cert_path, const char *key_path, struct vouch_fault *fault) {
    X509 *cert VOUCH_CLEANUP(free_cert) = NULL;
    int err = read_cert(cert_path, &cert, fault);
    if (err != VOUCH_OK) {
        return access(cert_path, R_OK) != 0 && errno == EACCES ? VOUCH_OK : err;
    }
    return check_key(cert, key_path, fault);
}
