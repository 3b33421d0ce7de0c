// SPDX-License-Identifier: ISC
// Issues a user certificate with libvouch and prints it.
//
//   cc example.c -o example $(pkg-config --cflags --libs vouch)
#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <vouch/cert.h>

static int sign(void *ca, struct vouch_bytes tbs, struct vouch_buf *signature) {
    return vouch_private_key_sign(ca, NULL, tbs, signature);
}

int main(void) {
    struct vouch_private_key *ca = NULL, *user = NULL;
    uint8_t nonce[VOUCH_CERT_NONCE_LEN];
    if (vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &ca) != VOUCH_OK ||
        vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &user) != VOUCH_OK ||
        getrandom(nonce, sizeof nonce, 0) != (ssize_t)sizeof nonce) {
        return 1;
    }
    uint64_t now = (uint64_t)time(NULL);
    struct vouch_bytes alice = vouch_bytes_of("alice");
    struct vouch_cert_spec spec = {.type = VOUCH_CERT_USER,
                                   .serial = 1,
                                   .key_id = alice,
                                   .key = vouch_private_key_public(user),
                                   .principals = &alice,
                                   .principal_count = 1,
                                   .valid_after = now - 60,
                                   .valid_before = now + 8 * 3600};
    struct vouch_cert_ca by = {.key = vouch_private_key_public(ca), .sign = sign, .context = ca};
    struct vouch_buf cert, line;
    struct vouch_where where = {0};
    vouch_buf_init(&cert, VOUCH_CERT_BLOB_MAX);
    vouch_buf_init(&line, 2 * VOUCH_CERT_BLOB_MAX);
    int err = vouch_cert_build(&spec, &by, nonce, &cert, &where);
    if (err != VOUCH_OK) {
        fprintf(stderr, "example: %s %s\n", where.field, where.reason);
        return 1;
    }
    vouch_cert_print(vouch_buf_bytes(&cert), "alice@example.com", &line);
    printf("%.*s\n", (int)line.len, (const char *)line.ptr);
    vouch_buf_done(&cert);
    vouch_buf_done(&line);
    vouch_private_key_free(ca);
    vouch_private_key_free(user);
    return 0;
}
