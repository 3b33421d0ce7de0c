// SPDX-License-Identifier: ISC
// Fuzzes the reader of revocation lists; what is read must also be written, read again as the same, and
// judge alike in all its forms.
#include <stdlib.h>

#include "core/krl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// An assertion that no build leaves out.
static void require(int holds) {
    if (!holds) {
        abort();
    }
}

// The base point of Curve25519, which is a key as good as any.
static struct vouch_key *make_key(void) {
    static const uint8_t blob[] =
        "\0\0\0\x0bssh-ed25519\0\0\0\x20"
        "\x58\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66"
        "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66";
    struct vouch_key *key = NULL;
    require(vouch_key_parse((struct vouch_bytes){blob, sizeof blob - 1}, &key, NULL) == VOUCH_OK);
    return key;
}

// The verdicts on some certificates, as one number.
static uint64_t judge(const struct vouch_krl *krl, struct vouch_key *key) {
    static const uint64_t serials[] = {0, 1, 5, 0x100, 0x10003, UINT64_MAX};
    uint64_t verdicts = (uint64_t)vouch_krl_check_key(krl, key);
    for (size_t i = 0; i < sizeof serials / sizeof serials[0]; i++) {
        struct vouch_cert cert = {
            .key = key, .ca = key, .serial = serials[i], .key_id = vouch_bytes_of("me")};
        verdicts = verdicts * 11 + (uint64_t)vouch_krl_check_cert(krl, &cert);
    }
    return verdicts;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct vouch_key *key;
    key = key != NULL ? key : make_key();
    struct vouch_krl *krl = NULL;
    struct vouch_where where = {0};
    if (vouch_krl_parse((struct vouch_bytes){data, size}, &krl, &where) != VOUCH_OK) {
        require(where.field != NULL && where.offset <= size);
        return 0;
    }
    uint64_t verdicts = judge(krl, key);
    struct vouch_buf first;
    struct vouch_buf second;
    vouch_buf_init(&first, VOUCH_KRL_MAX);
    vouch_buf_init(&second, VOUCH_KRL_MAX);
    struct vouch_krl *again = NULL;
    require(vouch_krl_write(krl, &first) == VOUCH_OK);
    require(judge(krl, key) == verdicts);
    require(vouch_krl_parse(vouch_buf_bytes(&first), &again, NULL) == VOUCH_OK);
    require(judge(again, key) == verdicts);
    require(vouch_krl_write(again, &second) == VOUCH_OK);
    require(vouch_bytes_equal(vouch_buf_bytes(&first), vouch_buf_bytes(&second)));
    vouch_krl_free(again);
    vouch_buf_done(&first);
    vouch_buf_done(&second);
    vouch_krl_free(krl);
    return 0;
}
