// SPDX-License-Identifier: ISC
// The host's reading of sshd's log, and its proof of a revocation list, as a program for
// tests/interop/login-log.py.
//
//   login-log-driver              the lines of one connection on standard input; one line of answer for each
//                                 login, fields parted by tabs: outcome, reason, login, source, method,
//                                 fingerprint, key ID, serial, CA
//   login-log-driver list OUT CA.pub SERIAL
//                                 makes a list that revokes a serial, as a server does, proves it as a host
//                                 does, and writes it
//
// Exit status: 0; 1 if the list was refused; 2 if something failed.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "core/key.h"
#include "core/krl-canary.h"
#include "host/krl-proof.h"
#include "host/login-join.h"
#include "vouch/sshsig.h"

#define NAME "ca.example.com"
#define VERSION 7
#define LIST_MAX 65536
#define TEN_SECONDS_NS UINT64_C(10000000000)

#define autobuf VOUCH_CLEANUP(vouch_buf_done)

static _Noreturn void stop(const char *what) {
    (void)fprintf(stderr, "login-log-driver: %s\n", what);
    exit(2);
}

static void must(int err) {
    if (err != VOUCH_OK) {
        stop(vouch_err_text(err));
    }
}

static void answer(const struct vouch_login_seen *seen) {
    printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%" PRIu64 "\t%s\n",
           seen->outcome == VOUCH_SEEN_ACCEPTED ? "accepted" : "refused", seen->reason, seen->login,
           seen->source, seen->method, seen->fingerprint, seen->key_id, seen->serial, seen->ca);
}

static int read_log(void) {
    char *text = NULL;
    size_t room = 0;
    struct vouch_login_join *join = vouch_login_join_new();
    if (join == NULL) {
        stop("out of memory");
    }
    for (ssize_t len = getline(&text, &room, stdin); len >= 0; len = getline(&text, &room, stdin)) {
        struct vouch_login_seen seen;
        const struct vouch_log_line line = {
            .time_ms = 1, .pid = 1, .text = vouch_str_trim(vouch_bytes_of(text))};
        if (vouch_login_join_line(join, &line, &seen)) {
            answer(&seen);
        }
    }
    free(text);
    vouch_login_join_free(join);
    return 0;
}

static int sign(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    return vouch_private_key_sign(context, NULL, tbs, signature);
}

static struct vouch_key *read_ca(const char *path) {
    struct vouch_key *key = NULL;
    struct vouch_bytes comment;
    autobuf struct vouch_buf text = {0}, blob = {0};
    vouch_buf_init(&text, LIST_MAX);
    vouch_buf_init(&blob, LIST_MAX);
    must(vouch_io_read(path, LIST_MAX, &text, NULL));
    must(vouch_key_line_decode(vouch_buf_bytes(&text), &blob, &comment, NULL));
    must(vouch_key_parse(vouch_buf_bytes(&blob), &key, NULL));
    return key;
}

static void make_list(const struct vouch_key *ca, uint64_t serial, struct vouch_buf *list) {
    struct vouch_krl *krl = vouch_krl_new();
    if (krl == NULL) {
        stop("out of memory");
    }
    must(vouch_krl_add_serials(krl, ca, serial, serial));
    must(vouch_krl_canary_add(krl, vouch_bytes_of(NAME)));
    vouch_krl_set_header(krl, VERSION, vouch_time_now_s(), NAME);
    must(vouch_krl_write(krl, list));
    vouch_krl_free(krl);
}

static void make_envelope(const struct vouch_private_key *checkpoint, const struct vouch_key *ca,
                          struct vouch_bytes list, struct vouch_buf *envelope) {
    char line[VOUCH_FINGERPRINT_MAX + 256], fingerprint[VOUCH_FINGERPRINT_MAX];
    char time[VOUCH_TIME_TEXT_MAX];
    uint8_t hash[VOUCH_HASH_MAX];
    union {
        const struct vouch_private_key *constant;
        void *plain;
    } key = {checkpoint};
    vouch_key_fingerprint(ca, VOUCH_HASH_SHA256, fingerprint);
    (void)snprintf(line, sizeof line,
                   "vouch-krl/1\nca %s\nuse user\nversion %d\nlength %zu\nsha256 ", fingerprint,
                   VERSION, list.len);
    vouch_buf_put_text(envelope, line);
    (void)vouch_hash_bytes(VOUCH_HASH_SHA256, list, hash);
    vouch_str_hex((struct vouch_bytes){hash, 32}, envelope);
    vouch_time_utc(vouch_time_now_s(), time);
    (void)snprintf(line, sizeof line, "\ntime %s\n", time);
    vouch_buf_put_text(envelope, line);
    const struct vouch_sshsig_signer signer = {vouch_key_blob(vouch_private_key_public(checkpoint)),
                                               sign, key.plain, VOUCH_HASH_SHA512};
    autobuf struct vouch_buf signature = {0};
    vouch_buf_init(&signature, LIST_MAX);
    must(vouch_sshsig_sign(&signer, "vouch-krl", vouch_buf_bytes(envelope), &signature));
    vouch_buf_put_text(envelope, "\n");
    vouch_buf_put(envelope, vouch_buf_bytes(&signature));
    must(envelope->err);
}

static int prove(const struct vouch_key *checkpoint, const struct vouch_key *ca,
                 struct vouch_bytes list, struct vouch_bytes envelope) {
    struct vouch_krl_statement statement;
    enum vouch_krl_second second = VOUCH_KRL_SECOND_NONE;
    struct vouch_fault fault;
    const struct vouch_krl_proof proof = {.checkpoint_key = checkpoint,
                                          .cas = &ca,
                                          .ca_count = 1,
                                          .ca_name = vouch_bytes_of(NAME),
                                          .now_s = vouch_time_now_s()};
    int err = vouch_krl_prove(&proof, list, envelope, &statement, &fault);
    if (err == VOUCH_OK) {
        err = vouch_krl_prove_second(VOUCH_KRL_KEYGEN, list, proof.ca_name,
                                     vouch_time_monotonic_ns() + TEN_SECONDS_NS, &second, &fault);
    }
    if (err != VOUCH_OK || second != VOUCH_KRL_SECOND_AGREES) {
        (void)fprintf(stderr, "%s\n", fault.text);
        return 1;
    }
    return 0;
}

static int write_list(const char *path, const char *ca_path, const char *serial_text) {
    uint64_t serial = 0;
    struct vouch_private_key *checkpoint = NULL;
    autobuf struct vouch_buf list = {0}, envelope = {0};
    vouch_buf_init(&list, LIST_MAX);
    vouch_buf_init(&envelope, LIST_MAX);
    must(vouch_str_to_u64(vouch_bytes_of(serial_text), &serial));
    must(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &checkpoint));
    struct vouch_key *ca = read_ca(ca_path);
    make_list(ca, serial, &list);
    make_envelope(checkpoint, ca, vouch_buf_bytes(&list), &envelope);
    int status = prove(vouch_private_key_public(checkpoint), ca, vouch_buf_bytes(&list),
                       vouch_buf_bytes(&envelope));
    const struct vouch_io_file file = {.path = path, .mode = 0644, .existing = VOUCH_IO_REPLACE};
    if (status == 0) {
        must(vouch_io_write(&file, vouch_buf_bytes(&list), NULL));
    }
    vouch_key_free(ca);
    vouch_private_key_free(checkpoint);
    return status;
}

int main(int argc, char **argv) {
    if (argc == 1) {
        return read_log();
    }
    if (argc == 5 && strcmp(argv[1], "list") == 0) {
        return write_list(argv[2], argv[3], argv[4]);
    }
    stop("wrong arguments");
}
