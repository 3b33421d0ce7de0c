// SPDX-License-Identifier: ISC
// A server's signer in a temporary folder.
#include "signer/test-fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char unlock[] = "0123456789abcdef0123456789abcdef";

int fixture_begin(void **state) {
    return fixture_begin_with(state, VOUCH_KEY_ED25519, 0);
}

int fixture_begin_with(void **state, enum vouch_key_type type, unsigned bits) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    (void)snprintf(fixture->root, sizeof fixture->root, "/tmp/vouch-signer-XXXXXX");
    assert_non_null(mkdtemp(fixture->root));
    (void)snprintf(fixture->keys_dir, sizeof fixture->keys_dir, "%s/signer", fixture->root);
    (void)snprintf(fixture->ledger_dir, sizeof fixture->ledger_dir, "%s/ledger", fixture->root);
    const struct vouch_ca_new what = {.dir = fixture->keys_dir,
                                      .ledger_dir = fixture->ledger_dir,
                                      .name = "ca.example.com",
                                      .type = type,
                                      .bits = bits,
                                      .passphrase = vouch_bytes_of(unlock),
                                      .rounds = 1,
                                      .actor = "tester"};
    struct vouch_fault fault = {0};
    if (vouch_ca_create(&what, &fault) != VOUCH_OK) {
        print_message("# %s\n", fault.text);
        return -1;
    }
    fixture->signal_fd = -1;
    *state = fixture;
    return vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &fixture->subject);
}

static int run(const char *const *args) {
    pid_t pid = fork();
    if (pid == 0) {
        (void)execvp(args[0], (char *const *)(uintptr_t)args);
        _exit(127);
    }
    int status = -1;
    return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

int fixture_end(void **state) {
    struct fixture *fixture = *state;
    if (fixture->is_serving) {
        return -1; // a test failed midway: its threads still use all of this
    }
    vouch_signer_engine_close(fixture->engine);
    vouch_private_key_free(fixture->subject);
    const char *const remove[] = {"rm", "-rf", fixture->root, NULL};
    int status = run(remove);
    free(fixture);
    return status;
}

void fixture_copy(const char *from, const char *to) {
    const char *const remove[] = {"rm", "-rf", to, NULL};
    const char *const copy[] = {"cp", "-a", from, to, NULL};
    assert_int_equal(run(remove), 0);
    assert_int_equal(run(copy), 0);
}

static struct vouch_signer_open opening(const struct fixture *fixture,
                                        const struct vouch_signer_ceiling *ceiling) {
    return (struct vouch_signer_open){.keys_dir = fixture->keys_dir,
                                      .ledger_dir = fixture->ledger_dir,
                                      .unlock = vouch_bytes_of(unlock),
                                      .rounds = 1,
                                      .ceiling = ceiling};
}

void fixture_open_with(struct fixture *fixture, const struct vouch_signer_ceiling *ceiling) {
    const struct vouch_signer_open what = opening(fixture, ceiling);
    struct vouch_fault fault = {0};
    if (vouch_signer_open(&what, &fixture->engine, &fault) != VOUCH_OK) {
        fail_msg("%s", fault.text);
    }
}

void fixture_open_agent(struct fixture *fixture, const char *agent_socket) {
    struct vouch_signer_open what = opening(fixture, NULL);
    struct vouch_fault fault = {0};
    what.agent_socket = agent_socket;
    if (vouch_signer_open(&what, &fixture->engine, &fault) != VOUCH_OK) {
        fail_msg("%s", fault.text);
    }
}

static int give_unlock(void *context, const char *path, struct vouch_secret *ret_passphrase,
                       struct vouch_fault *fault) {
    (void)context, (void)path, (void)fault;
    int err = vouch_secret_new(sizeof unlock - 1, ret_passphrase);
    if (err == VOUCH_OK) {
        memcpy(ret_passphrase->ptr, unlock, sizeof unlock - 1);
    }
    return err;
}

struct vouch_private_key *fixture_key(const struct fixture *fixture, const char *name) {
    const struct vouch_passphrase_source source = {give_unlock, NULL};
    struct vouch_private_key *key = NULL;
    assert_int_equal(vouch_private_key_load(fixture_path(fixture, name), &source, &key, NULL),
                     VOUCH_OK);
    return key;
}

struct vouch_signer_ceiling fixture_ceiling(void) {
    struct vouch_signer_ceiling ceiling = vouch_signer_ceiling_default();
    assert_int_equal(vouch_host_domains_add(&ceiling.wildcards, vouch_bytes_of("web.example.com")),
                     VOUCH_OK);
    return ceiling;
}

void fixture_open(struct fixture *fixture) {
    fixture_open_with(fixture, NULL);
}

void fixture_open_fails(struct fixture *fixture, const char *code) {
    const struct vouch_signer_open what = opening(fixture, NULL);
    struct vouch_fault fault = {0};
    assert_true(vouch_signer_open(&what, &fixture->engine, &fault) < 0);
    assert_null(fixture->engine);
    assert_non_null(fault.kind);
    assert_string_equal(fault.kind->code, code);
}

void fixture_stop(struct fixture *fixture) {
    struct vouch_fault fault = {0};
    if (vouch_signer_stop(fixture->engine, &fault) != VOUCH_OK) {
        fail_msg("%s", fault.text);
    }
    fixture_crash(fixture);
}

void fixture_crash(struct fixture *fixture) {
    vouch_signer_engine_close(fixture->engine);
    fixture->engine = NULL;
}

struct serving {
    struct fixture *fixture;
    int fds[FIXTURE_LANES_MAX];
};

static void *serve(void *context) {
    struct serving *serving = context;
    struct fixture *fixture = serving->fixture;
    struct vouch_fault fault = {0};
    fixture->serve_err = vouch_signer_serve(fixture->engine, serving->fds, fixture->lane_count,
                                            fixture->signal_fd, &fault);
    free(serving);
    return NULL;
}

void fixture_serve(struct fixture *fixture, unsigned count) {
    struct serving *serving = calloc(1, sizeof *serving);
    assert_non_null(serving);
    assert_true(count <= FIXTURE_LANES_MAX);
    serving->fixture = fixture;
    fixture->lane_count = count;
    for (unsigned i = 0; i < count; i++) {
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        fixture->lanes[i] = pair[0];
        serving->fds[i] = pair[1];
    }
    assert_int_equal(pthread_create(&fixture->server, NULL, serve, serving), 0);
    fixture->is_serving = 1;
}

void fixture_serve_end(struct fixture *fixture) {
    for (unsigned i = 0; i < fixture->lane_count; i++) {
        if (fixture->lanes[i] >= 0) {
            close(fixture->lanes[i]);
        }
    }
    assert_int_equal(pthread_join(fixture->server, NULL), 0);
    fixture->is_serving = 0;
    assert_int_equal(fixture->serve_err, VOUCH_OK);
    fixture_crash(fixture);
}

struct vouch_signer_ask fixture_ask(const struct fixture *fixture) {
    static const struct vouch_bytes principals[] = {{(const uint8_t *)"alice", 5}};
    static const struct vouch_cert_option pty = {{(const uint8_t *)"permit-pty", 10}, {0}};
    uint64_t now_s = vouch_time_now_s();
    return (struct vouch_signer_ask){.spec = {.type = VOUCH_CERT_USER,
                                              .key = vouch_private_key_public(fixture->subject),
                                              .key_id = vouch_bytes_of("alice@example.com"),
                                              .principals = principals,
                                              .principal_count = 1,
                                              .valid_after = now_s - 60,
                                              .valid_before = now_s + 3600,
                                              .extensions = &pty,
                                              .extension_count = 1},
                                     .actor = vouch_bytes_of("token:test"),
                                     .evidence = vouch_bytes_of("api-token"),
                                     .role = vouch_bytes_of("dev"),
                                     .request = vouch_bytes_of("0123456789abcdef"),
                                     .source = vouch_bytes_of("192.0.2.7"),
                                     .policy = vouch_bytes_of("profile dev@1795344338")};
}

struct vouch_signer_event fixture_event(void) {
    static const uint8_t details[] = "\0\0\0\6reason\0\0\0\4lost";
    return (struct vouch_signer_event){.actor = vouch_bytes_of("token:test"),
                                       .type = vouch_bytes_of("cert.revoke"),
                                       .object = vouch_bytes_of("serial 17"),
                                       .details = {details, sizeof details - 1}};
}

struct vouch_signer_krl fixture_krl(uint64_t version) {
    return (struct vouch_signer_krl){.ca = VOUCH_CERT_USER,
                                     .version = version,
                                     .length = 44,
                                     .sha256 = {1, 2, 3},
                                     .actor = vouch_bytes_of("token:test")};
}

void fixture_records(const struct fixture *fixture, fixture_record_fn *each, void *context) {
    struct vouch_ledger_reader *reader = NULL;
    struct vouch_record record;
    int found = 1;
    assert_int_equal(vouch_ledger_reader_open(fixture->ledger_dir, 0, &reader, NULL), VOUCH_OK);
    while (found) {
        assert_int_equal(vouch_ledger_reader_next(reader, &record, &found, NULL), VOUCH_OK);
        if (found) {
            each(context, &record);
        }
    }
    vouch_ledger_reader_close(reader);
}

struct counting {
    const char *type;
    const char *detail;
    char value[256];
    uint64_t count;
};

static void count_record(void *context, const struct vouch_record *record) {
    struct counting *counting = context;
    if (counting->type == NULL ? record->kind != VOUCH_RECORD_CERT
                               : !vouch_record_is_event(record, counting->type)) {
        return;
    }
    struct vouch_bytes value = {0};
    counting->count++;
    if (counting->detail != NULL && vouch_record_detail(record, counting->detail, &value)) {
        (void)snprintf(counting->value, sizeof counting->value, "%.*s", (int)value.len,
                       (const char *)value.ptr);
    }
}

uint64_t fixture_count(const struct fixture *fixture, const char *type) {
    struct counting counting = {.type = type};
    fixture_records(fixture, count_record, &counting);
    return counting.count;
}

void fixture_detail(const struct fixture *fixture, const char *type, const char *name,
                    char ret_value[static 256]) {
    struct counting counting = {.type = type, .detail = name};
    fixture_records(fixture, count_record, &counting);
    memcpy(ret_value, counting.value, sizeof counting.value);
}

void assert_proven(const struct fixture *fixture) {
    const struct vouch_ledger_verify what = {.dir = fixture->ledger_dir, .settle_ms = 2000};
    struct vouch_ledger_report report = {0};
    struct vouch_fault fault = {0};
    if (vouch_ledger_verify(&what, &report, &fault) != VOUCH_OK) {
        fail_msg("%s", fault.text);
    }
    if (report.verdict != VOUCH_LEDGER_PROVEN) {
        fail_msg("%s: %s", report.findings.rows[0].where, report.findings.rows[0].what);
    }
    vouch_ledger_report_done(&report);
}

const char *fixture_path(const struct fixture *fixture, const char *name) {
    static char path[160];
    (void)snprintf(path, sizeof path, "%s/%s", fixture->keys_dir, name);
    return path;
}
