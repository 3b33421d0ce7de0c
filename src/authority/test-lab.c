// SPDX-License-Identifier: ISC
// The parts of test-lab.h.
#include "authority/test-lab.h"

#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "authority/office.h"
#include "base/time.h"
#include "signer/ca.h"

static const char unlock[] = "0123456789abcdef0123456789abcdef";

int lab_begin(void **state) {
    struct lab *lab = calloc(1, sizeof *lab);
    assert_non_null(lab);
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(lab->root, sizeof lab->root, "%s/vouch-authority-XXXXXX", base);
    assert_non_null(mkdtemp(lab->root));
    (void)snprintf(lab->keys_dir, sizeof lab->keys_dir, "%s/signer", lab->root);
    (void)snprintf(lab->ledger_dir, sizeof lab->ledger_dir, "%s/ledger", lab->root);
    (void)snprintf(lab->db_dir, sizeof lab->db_dir, "%s/db", lab->root);
    (void)snprintf(lab->database, sizeof lab->database, "%s/vouch.db", lab->db_dir);
    assert_int_equal(mkdir(lab->db_dir, 0700), 0);
    const struct vouch_ca_new what = {.dir = lab->keys_dir,
                                      .ledger_dir = lab->ledger_dir,
                                      .name = LAB_ORIGIN,
                                      .type = VOUCH_KEY_ED25519,
                                      .passphrase = vouch_bytes_of(unlock),
                                      .rounds = 1,
                                      .actor = "tester"};
    test_ok(vouch_ca_create(&what, &fault));
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &lab->subject), VOUCH_OK);
    *state = lab;
    return 0;
}

int lab_end(void **state) {
    struct lab *lab = *state;
    if (lab->office != NULL || lab->engine != NULL) {
        lab_close(lab);
    }
    vouch_identity_engine_close(lab->identity);
    vouch_private_key_free(lab->subject);
    const char *const remove[] = {"rm", "-rf", lab->root, NULL};
    pid_t pid = fork();
    if (pid == 0) {
        (void)execvp(remove[0], (char *const *)(uintptr_t)remove);
        _exit(127);
    }
    int status = -1;
    (void)waitpid(pid, &status, 0);
    free(lab);
    return status;
}

void lab_open_signer(struct lab *lab) {
    const struct vouch_signer_open what = {.keys_dir = lab->keys_dir,
                                           .ledger_dir = lab->ledger_dir,
                                           .unlock = vouch_bytes_of(unlock),
                                           .ceiling = lab->ceiling};
    test_ok(vouch_signer_open(&what, &lab->engine, &fault));
}

void lab_open_identity(struct lab *lab, uint32_t at_once) {
    static const uint8_t key[VOUCH_IDENTITY_KEY_LEN] = {
        7, 1, 9, 3, 250, 6, 44, 8,  91, 10, 113, 12, 13, 141, 15, 16,
        2, 4, 6, 8, 100, 9, 11, 18, 19, 20, 21,  22, 23, 24,  25, 26};
    const struct vouch_identity_open what = {
        .key = {key, sizeof key},
        .cost = {.memory_kib = 8, .passes = 1, .at_once = at_once, .waiting = at_once}};
    test_ok(vouch_identity_open(&what, &lab->identity, &fault));
}

static void report(const struct vouch_fault *fault) {
    print_message("# office: %s\n", fault->text);
}

static int open_office(struct lab *lab, struct vouch_fault *why) {
    struct vouch_signer *signers[LAB_LANES_MAX + 2];
    struct vouch_identity *identities[LAB_LANES_MAX + 1];
    for (size_t i = 0; i < LAB_LANES_MAX + 2; i++) {
        test_ok(vouch_signer_attach(lab->engine, &signers[i], &fault));
    }
    for (size_t i = 0; lab->identity != NULL && i < LAB_LANES_MAX + 1; i++) {
        test_ok(vouch_identity_attach(lab->identity, &identities[i], &fault));
    }
    const struct vouch_office_open what = {.database = lab->database,
                                           .ledger_dir = lab->ledger_dir,
                                           .krl_dir = lab->db_dir,
                                           .take_signers = signers,
                                           .signer_count = LAB_LANES_MAX + 2,
                                           .take_identities = identities,
                                           .identity_count =
                                               lab->identity != NULL ? LAB_LANES_MAX + 1 : 0,
                                           .address = lab->address,
                                           .report = report};
    int err = vouch_office_open(&what, &lab->office, why);
    return err == VOUCH_OK ? vouch_office_begin(lab->office, why) : err;
}

void lab_open(struct lab *lab) {
    if (lab->engine == NULL) {
        lab_open_signer(lab);
    }
    test_ok(open_office(lab, &fault));
    test_ok(vouch_office_attach(lab->office, vouch_office_admin_seat(lab->office), &lab->admin,
                                &fault));
}

void lab_open_fails(struct lab *lab, const char *code) {
    struct vouch_fault fault = {0};
    if (lab->engine == NULL) {
        lab_open_signer(lab);
    }
    assert_true(open_office(lab, &fault) < 0);
    assert_non_null(fault.kind);
    assert_string_equal(fault.kind->code, code);
    vouch_office_close(lab->office);
    lab->office = NULL;
}

void lab_close_office(struct lab *lab) {
    if (lab->lane_count > 0) {
        lab_serve_end(lab);
    }
    vouch_authority_close(lab->admin);
    vouch_office_close(lab->office);
    lab->admin = NULL;
    lab->office = NULL;
}

void lab_close(struct lab *lab) {
    lab_close_office(lab);
    test_ok(vouch_signer_stop(lab->engine, &fault));
    vouch_signer_engine_close(lab->engine);
    lab->engine = NULL;
}

static void *serve(void *context) {
    struct lab *lab = context;
    struct vouch_fault fault = {0};
    const struct vouch_authority_serve what = {.office = lab->office,
                                               .take_lanes = lab->lanes,
                                               .lane_count = lab->lane_count,
                                               .signal_fd = lab->signal_fd};
    lab->serve_err = vouch_authority_serve(&what, &fault);
    return NULL;
}

void lab_serve(struct lab *lab, size_t count) {
    assert_true(count <= LAB_LANES_MAX);
    lab->lane_count = count;
    for (size_t i = 0; i < count; i++) {
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        lab->lanes[i] = pair[1];
        test_ok(vouch_authority_connect(pair[0], &lab->remotes[i], &fault));
    }
    lab->signal_fd = eventfd(0, EFD_CLOEXEC);
    assert_true(lab->signal_fd >= 0);
    assert_int_equal(pthread_create(&lab->server, NULL, serve, lab), 0);
}

void lab_serve_end(struct lab *lab) {
    const uint64_t one = 1;
    assert_int_equal(write(lab->signal_fd, &one, sizeof one), sizeof one);
    assert_int_equal(pthread_join(lab->server, NULL), 0);
    assert_int_equal(lab->serve_err, VOUCH_OK);
    for (size_t i = 0; i < lab->lane_count; i++) {
        vouch_authority_close(lab->remotes[i]);
    }
    close(lab->signal_fd);
    lab->lane_count = 0;
}

struct vouch_caller lab_local(void) {
    return (struct vouch_caller){.way = VOUCH_CALLER_LOCAL,
                                 .uid = 1000,
                                 .source = vouch_bytes_of("local"),
                                 .request = vouch_bytes_of("req-local")};
}

struct vouch_caller lab_token(const char *secret) {
    return (struct vouch_caller){.way = VOUCH_CALLER_TOKEN,
                                 .token = vouch_bytes_of(secret),
                                 .source = vouch_bytes_of("192.0.2.17"),
                                 .request = vouch_bytes_of("req-1")};
}

struct vouch_caller lab_session(struct vouch_bytes secret) {
    return (struct vouch_caller){.way = VOUCH_CALLER_SESSION,
                                 .token = secret,
                                 .source = vouch_bytes_of("192.0.2.18"),
                                 .request = vouch_bytes_of("req-2")};
}

struct vouch_text_list lab_list(const char *texts) {
    static struct vouch_bytes room[8][VOUCH_ASK_LIST_MAX];
    static size_t next;
    struct vouch_bytes *items = room[next++ % 8];
    size_t count = 0;
    while (texts != NULL && *texts != '\0') {
        size_t len = strcspn(texts, " ");
        assert_true(count < VOUCH_ASK_LIST_MAX);
        items[count++] = (struct vouch_bytes){(const uint8_t *)texts, len};
        texts += len + (texts[len] == ' ' ? 1 : 0);
    }
    return (struct vouch_text_list){items, count};
}

void lab_profile(struct lab *lab, const char *name, const char *principals, const char *options,
                 uint64_t ttl_max_s) {
    const struct vouch_caller caller = lab_local();
    const struct vouch_profile_row row = {.name = vouch_bytes_of(name),
                                          .type = VOUCH_CERT_USER,
                                          .principals = lab_list(principals),
                                          .options = lab_list(options),
                                          .ttl_max_s = ttl_max_s};
    struct vouch_answer_profile answer;
    test_ok(vouch_authority_profile_put(lab->admin, &caller, &row, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
}

void lab_new_token(struct lab *lab, const char *name, const char *profile, const char *scopes,
                   char ret_secret[static VOUCH_TOKEN_TEXT_MAX]) {
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_token_new ask = {.name = vouch_bytes_of(name),
                                            .scopes = lab_list(scopes),
                                            .profile = vouch_bytes_of(profile)};
    struct vouch_answer_token answer;
    test_ok(vouch_authority_token_new(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(answer.secret.len < VOUCH_TOKEN_TEXT_MAX);
    memcpy(ret_secret, answer.secret.ptr, answer.secret.len);
    ret_secret[answer.secret.len] = '\0';
}

struct vouch_ask_issue lab_ask(const struct lab *lab) {
    return (struct vouch_ask_issue){.type = VOUCH_CERT_USER,
                                    .key = vouch_key_blob(vouch_private_key_public(lab->subject)),
                                    .principals = lab_list("alice")};
}

void lab_settle(struct lab *lab) {
    pthread_mutex_lock(&lab->office->lock);
    uint64_t wanted = lab->office->wanted;
    pthread_mutex_unlock(&lab->office->lock);
    test_ok(vouch_clerk_wait(lab->office, wanted, &fault));
}
