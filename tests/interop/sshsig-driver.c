// SPDX-License-Identifier: ISC
// The SSHSIG functions of libvouch as a program, for tests/interop/sshsig.py.
//
//   sshsig-driver sign KEY NAMESPACE sha512|sha256 [CERT.pub]   < message   > signature
//   sshsig-driver verify NAMESPACE SIGNATURE                    < message   > who signed
//
// Exit status: 0 done or verified, 1 does not verify, 2 anything else.
#include <stdio.h>
#include <stdlib.h>

#include "base/io.h"
#include "base/mem.h"
#include "vouch/keyfile.h"
#include "vouch/sshsig.h"

#define MESSAGE_MAX (16 * 1024 * 1024)

#define autobuf VOUCH_CLEANUP(vouch_buf_done)

static _Noreturn void stop(int status, const char *what, const char *why) {
    (void)fprintf(stderr, "sshsig-driver: %s: %s\n", what, why);
    exit(status);
}

static void read_file(const char *path, size_t max, struct vouch_buf *content) {
    struct vouch_fault fault = {0};
    vouch_buf_init(content, max);
    if (vouch_io_read(path, max, content, &fault) != VOUCH_OK) {
        stop(2, "input", fault.text);
    }
}

static struct vouch_private_key *read_key(const char *path) {
    autobuf struct vouch_buf file;
    read_file(path, VOUCH_KEYFILE_MAX, &file);
    struct vouch_private_key *key = NULL;
    struct vouch_where where = {0};
    int err =
        vouch_keyfile_parse(vouch_buf_bytes(&file), (struct vouch_bytes){0}, &key, NULL, &where);
    if (err != VOUCH_OK) {
        stop(2, path, vouch_err_text(err));
    }
    return key;
}

static void read_cert(const char *path, struct vouch_buf *blob) {
    autobuf struct vouch_buf file;
    read_file(path, VOUCH_CERT_BLOB_MAX, &file);
    vouch_buf_init(blob, VOUCH_CERT_BLOB_MAX);
    int err = vouch_key_line_decode(vouch_buf_bytes(&file), blob, NULL, NULL);
    if (err != VOUCH_OK) {
        stop(2, path, vouch_err_text(err));
    }
}

static int sign_with(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    return vouch_private_key_sign(context, NULL, tbs, signature);
}

static int sign(char *const *words, size_t count) {
    autobuf struct vouch_buf message;
    autobuf struct vouch_buf cert = {0};
    autobuf struct vouch_buf armoured;
    vouch_buf_init(&armoured, VOUCH_SSHSIG_MAX);
    read_file("-", MESSAGE_MAX, &message);
    struct vouch_private_key *key = read_key(words[0]);
    struct vouch_bytes public_blob = vouch_key_blob(vouch_private_key_public(key));
    if (count == 4) {
        read_cert(words[3], &cert);
        public_blob = vouch_buf_bytes(&cert);
    }
    int is_sha256 = strcmp(words[2], "sha256") == 0;
    const struct vouch_sshsig_signer signer = {.public_blob = public_blob,
                                               .sign = sign_with,
                                               .context = key,
                                               .hash = is_sha256 ? VOUCH_HASH_SHA256
                                                                 : VOUCH_HASH_SHA512};
    int err = vouch_sshsig_sign(&signer, words[1], vouch_buf_bytes(&message), &armoured);
    vouch_private_key_free(key);
    if (err != VOUCH_OK) {
        stop(2, "sign", vouch_err_text(err));
    }
    return fwrite(armoured.ptr, 1, armoured.len, stdout) == armoured.len ? 0 : 2;
}

static int verify(char *const *words) {
    autobuf struct vouch_buf message;
    autobuf struct vouch_buf armoured;
    read_file("-", MESSAGE_MAX, &message);
    read_file(words[1], MESSAGE_MAX, &armoured);
    struct vouch_sshsig_by by = {0};
    struct vouch_where where = {0};
    int err = vouch_sshsig_verify(vouch_buf_bytes(&armoured), words[0], vouch_buf_bytes(&message),
                                  &by, &where);
    if (err != VOUCH_OK) {
        int is_no = err == VOUCH_ERR_SIGNATURE || err == VOUCH_ERR_MISMATCH;
        stop(is_no ? 1 : 2, where.field != NULL ? where.field : "signature",
             where.reason != NULL ? where.reason : vouch_err_text(err));
    }
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    vouch_key_fingerprint(by.cert != NULL ? by.cert->key : by.key, VOUCH_HASH_SHA256, fingerprint);
    (void)printf("%s %s %s\n", by.cert != NULL ? "cert" : "key",
                 by.hash == VOUCH_HASH_SHA256 ? "sha256" : "sha512", fingerprint);
    vouch_sshsig_by_done(&by);
    return 0;
}

int main(int argc, char **argv) {
    if ((argc == 5 || argc == 6) && strcmp(argv[1], "sign") == 0) {
        return sign(argv + 2, (size_t)argc - 2);
    }
    if (argc == 4 && strcmp(argv[1], "verify") == 0) {
        return verify(argv + 2);
    }
    stop(2, "usage", "sign KEY NAMESPACE sha512|sha256 [CERT.pub] | verify NAMESPACE SIGNATURE");
}
