// SPDX-License-Identifier: ISC
// TLS 1.2 and 1.3 by OpenSSL: the only file that knows libssl.
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/socket.h>

#include "http/transport.h"

// A PEM file of a longer chain than this is not a certificate chain.
#define CHAIN_MAX 16

static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK";
static const unsigned char session_context[] = "vouchsafe";

// ----- sockets as OpenSSL sees them: with the socket's edge flags, and no SIGPIPE -----

static BIO_METHOD *socket_method;

static int give(int count, BIO *bio, int retry) {
    BIO_clear_retry_flags(bio);
    if (count == VOUCH_HTTP_AGAIN) {
        BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
    }
    return count > 0 ? count : count == VOUCH_HTTP_END ? 0 : -1;
}

static int bio_read(BIO *bio, char *into, int len) {
    ssize_t count = vouch_http_socket_read(BIO_get_data(bio), into, (size_t)len);
    return give((int)count, bio, BIO_FLAGS_READ);
}

static int bio_write(BIO *bio, const char *from, int len) {
    ssize_t count = vouch_http_socket_write(BIO_get_data(bio), from, (size_t)len);
    return give((int)count, bio, BIO_FLAGS_WRITE);
}

static long bio_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static void make_method(void) {
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "vouch socket");
    if (method != NULL && BIO_meth_set_read(method, bio_read) &&
        BIO_meth_set_write(method, bio_write) && BIO_meth_set_ctrl(method, bio_control)) {
        socket_method = method;
    }
}

// ----- certificate and key -----

static int refuse_password(char *buffer, int size, int writing, void *context) {
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return -1; // never asks a terminal
}

static int bad(struct vouch_fault *fault, int err, const char *text) {
    ERR_clear_error();
    vouch_fault_set(fault, err, &vouch_fault_input, "TLS identity: %s", text);
    vouch_fault_next(fault, "Give a PEM certificate chain, the server's own certificate first, and "
                            "its private key without a passphrase.");
    return err;
}

static int use_chain(SSL_CTX *context, struct vouch_bytes pem) {
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    int count = 0;
    int good = bio != NULL;
    while (good && count <= CHAIN_MAX) {
        X509 *cert = PEM_read_bio_X509(bio, NULL, refuse_password, NULL);
        if (cert == NULL) {
            break;
        }
        if (count == 0) {
            good = SSL_CTX_use_certificate(context, cert) == 1;
        } else {
            good = SSL_CTX_add1_chain_cert(context, cert) == 1;
        }
        X509_free(cert);
        count++;
    }
    // What ended the loop must be the end of the text, not a damaged certificate.
    good = good && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    BIO_free(bio);
    return good && count > 0 && count <= CHAIN_MAX;
}

static int use_key(SSL_CTX *context, struct vouch_bytes pem) {
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, refuse_password, NULL) : NULL;
    int good = key != NULL && SSL_CTX_use_PrivateKey(context, key) == 1;
    EVP_PKEY_free(key);
    BIO_free(bio);
    return good;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned in_len, void *context) {
    static const unsigned char spoken[] = "\x08http/1.1"; // "\x02h2" would stand before it
    (void)ssl;
    (void)context;
    unsigned char *chosen = NULL;
    int found = SSL_select_next_proto(&chosen, out_len, spoken, sizeof spoken - 1, in, in_len);
    *out = chosen;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int configure(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    // Tickets only: nothing is kept here for clients that may never come back.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, ciphers) == 1 &&
           SSL_CTX_set_num_tickets(context, 1) == 1 &&
           SSL_CTX_set_session_id_context(context, session_context, sizeof session_context - 1) ==
               1;
}

int vouch_http_tls_new(const struct vouch_http_identity *identity, struct vouch_http_tls **ret_tls,
                       struct vouch_fault *fault) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_method);
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL || socket_method == NULL || !configure(context)) {
        SSL_CTX_free(context);
        return bad(fault, VOUCH_ERR_CRYPTO, "OpenSSL cannot be set up");
    }
    int err = VOUCH_OK;
    if (identity->cert_pem.len > INT32_MAX || !use_chain(context, identity->cert_pem)) {
        err = bad(fault, VOUCH_ERR_FORMAT, "the certificate is not a PEM certificate chain");
    } else if (identity->key_pem.len > INT32_MAX || !use_key(context, identity->key_pem)) {
        err =
            bad(fault, VOUCH_ERR_FORMAT, "the key is no PEM private key, or not the certificate's");
    } else if (SSL_CTX_check_private_key(context) != 1) {
        err = bad(fault, VOUCH_ERR_MISMATCH, "the key is not the certificate's");
    }
    if (err != VOUCH_OK) {
        SSL_CTX_free(context);
        return err;
    }
    *ret_tls = (struct vouch_http_tls *)context;
    return VOUCH_OK;
}

void vouch_http_tls_free(struct vouch_http_tls *tls) {
    SSL_CTX_free((SSL_CTX *)tls);
}

// ----- one connection -----

static ssize_t judge(SSL *ssl, int result) {
    if (result > 0) {
        return result;
    }
    switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return VOUCH_HTTP_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return VOUCH_HTTP_END;
    default:
        ERR_clear_error();
        return VOUCH_HTTP_BROKEN;
    }
}

static ssize_t shake_hands(void *state) {
    ERR_clear_error();
    return judge(state, SSL_do_handshake(state));
}

static ssize_t read_tls(void *state, void *into, size_t len) {
    ERR_clear_error();
    return judge(state, SSL_read(state, into, len > INT32_MAX ? INT32_MAX : (int)len));
}

static ssize_t write_tls(void *state, const void *from, size_t len) {
    ERR_clear_error();
    return judge(state, SSL_write(state, from, len > INT32_MAX ? INT32_MAX : (int)len));
}

static struct vouch_http_socket *socket_of(SSL *ssl) {
    return BIO_get_data(SSL_get_wbio(ssl));
}

static void finish(void *state) {
    SSL *ssl = state;
    ERR_clear_error();
    if (SSL_is_init_finished(ssl)) {
        (void)SSL_shutdown(ssl);
        ERR_clear_error();
    }
    (void)shutdown(socket_of(ssl)->fd, SHUT_WR);
}

static ssize_t discard(void *state, void *scratch, size_t len) {
    return vouch_http_socket_read(socket_of(state), scratch, len);
}

static void end(void *state) {
    SSL_free(state);
}

int vouch_http_tls_begin(struct vouch_http_tls *tls, struct vouch_http_socket *socket,
                         struct vouch_http_transport *ret_transport) {
    static const struct vouch_http_transport_kind kind = {.handshake = shake_hands,
                                                          .read = read_tls,
                                                          .write = write_tls,
                                                          .finish = finish,
                                                          .discard = discard,
                                                          .end = end};
    SSL *ssl = SSL_new((SSL_CTX *)tls);
    BIO *bio = BIO_new(socket_method);
    if (ssl == NULL || bio == NULL) {
        SSL_free(ssl);
        BIO_free(bio);
        return VOUCH_ERR_NO_MEMORY;
    }
    BIO_set_data(bio, socket);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_accept_state(ssl);
    *ret_transport = (struct vouch_http_transport){&kind, ssl};
    return VOUCH_OK;
}

int vouch_http_tls_resumed(const struct vouch_http_transport *transport) {
    return transport->kind->handshake == shake_hands && SSL_session_reused(transport->state);
}
