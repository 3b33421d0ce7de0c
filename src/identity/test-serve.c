// SPDX-License-Identifier: ISC
// Tests of identity/serve.h: several lanes, hostile ones among them, and how serving ends.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "identity/protocol.h"
#include "identity/test-fixture.h"
#include "identity/test-passkey-device.h"
#include "ipc/sandbox.h"

#define LANES 4
#define GOOD "violin tractor seven oysters"

struct service {
    struct vouch_identity_engine *engine;
    pthread_t thread;
    int asking[LANES]; // the askers' ends
    int answering[LANES];
    int signal_fd;
    int err;
    struct vouch_fault fault;
};

static void *serve(void *context) {
    struct service *service = context;
    service->err = vouch_identity_serve(service->engine, service->answering, LANES,
                                        service->signal_fd, &service->fault);
    return NULL;
}

static void begin(struct service *service) {
    uint8_t key[VOUCH_IDENTITY_KEY_LEN];
    sigset_t set;
    const struct vouch_identity_open what = {.key = {key, sizeof key},
                                             .cost = {.memory_kib = 8192, .passes = 2}};
    fixture_key(1, key);
    *service = (struct service){.signal_fd = -1};
    assert_int_equal(vouch_identity_open(&what, &service->engine, NULL), VOUCH_OK);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
    service->signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
    assert_true(service->signal_fd >= 0);
    for (unsigned i = 0; i < LANES; i++) {
        int fds[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        service->asking[i] = fds[0];
        service->answering[i] = fds[1];
    }
    assert_int_equal(pthread_create(&service->thread, NULL, serve, service), 0);
}

static void end(struct service *service) {
    assert_int_equal(pthread_join(service->thread, NULL), 0);
    close(service->signal_fd);
    vouch_identity_engine_close(service->engine);
}

static struct vouch_identity *connect_to(struct service *service, unsigned lane) {
    struct vouch_identity *identity = NULL;
    assert_int_equal(vouch_identity_connect(service->asking[lane], &identity, NULL), VOUCH_OK);
    return identity;
}

static void assert_works(struct vouch_identity *identity) {
    struct vouch_identity_answer answer;
    const struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_PASSWORD, GOOD);
    assert_int_equal(vouch_identity_make(identity, &ask, fixture_deadline(), &answer, NULL),
                     VOUCH_OK);
    assert_int_equal(answer.verdict, VOUCH_IDENTITY_ACCEPTED);
}

static void ends_when_every_asker_has_hung_up(void **state) {
    (void)state;
    struct service service;
    begin(&service);
    for (unsigned i = 0; i < LANES; i++) {
        struct vouch_identity *identity = connect_to(&service, i);
        assert_works(identity);
        vouch_identity_close(identity);
    }
    end(&service);
    assert_int_equal(service.err, VOUCH_OK);
}

static void ends_only_the_lane_that_breaks_the_rules(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } attacks[] = {
        {"\0\0\0\x28\0\x09\0\0", 8},     // a type that is none
        {"\xff\xff\xff\xff\0\1\0\0", 8}, // a length beyond its rule
        {"\0\0\0\x28\0\2\0\0"            // a body whose method is none
         "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
         48},
    };
    struct service service;
    char byte = 0;
    begin(&service);
    struct vouch_identity *good = connect_to(&service, 0);
    for (unsigned i = 0; i < 3; i++) {
        int fd = service.asking[i + 1];
        assert_int_equal(send(fd, attacks[i].bytes, attacks[i].len, MSG_NOSIGNAL),
                         (ssize_t)attacks[i].len);
        assert_true(recv(fd, &byte, 1, 0) <= 0); // closed, nothing said
        assert_works(good);
        close(fd);
    }
    vouch_identity_close(good);
    end(&service);
    assert_int_not_equal(service.err, VOUCH_OK);
    assert_string_equal(service.fault.kind->code, "V-1601");
}

struct asker {
    struct vouch_identity *identity;
    pthread_t thread;
    struct vouch_identity_answer answer;
    int err;
};

static void *ask(void *context) {
    struct asker *asker = context;
    const struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_PASSWORD, GOOD);
    asker->err =
        vouch_identity_make(asker->identity, &ask, fixture_deadline(), &asker->answer, NULL);
    return NULL;
}

static void finishes_what_is_under_way_when_told_to_stop(void **state) {
    (void)state;
    struct service service;
    struct asker asker = {0};
    struct vouch_identity_load load = {0};
    begin(&service);
    asker.identity = connect_to(&service, 0);
    assert_int_equal(pthread_create(&asker.thread, NULL, ask, &asker), 0);
    do { // until the hash is being made
        vouch_identity_load(service.engine, &load);
    } while (load.at_once_peak == 0);
    assert_int_equal(kill(getpid(), SIGHUP), 0); // read and passed over
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    assert_int_equal(pthread_join(asker.thread, NULL), 0);
    assert_int_equal(asker.err, VOUCH_OK);
    assert_int_equal(asker.answer.verdict, VOUCH_IDENTITY_ACCEPTED);
    end(&service);
    assert_int_equal(service.err, VOUCH_OK);
    // From now on it is a failure to ask, at once, and no answer.
    const struct vouch_identity_ask again = fixture_ask(VOUCH_METHOD_PASSWORD, GOOD);
    struct vouch_fault fault = {0};
    assert_true(
        vouch_identity_make(asker.identity, &again, fixture_deadline(), &asker.answer, &fault) < 0);
    assert_string_equal(fault.kind->code, "V-1601");
    assert_int_equal(asker.answer.verdict, VOUCH_IDENTITY_REFUSED);
    vouch_identity_close(asker.identity);
    for (unsigned i = 1; i < LANES; i++) {
        close(service.asking[i]);
    }
}

static void drops_an_answer_that_came_too_late(void **state) {
    (void)state;
    struct service service;
    struct vouch_identity_answer answer;
    struct vouch_fault fault = {0};
    begin(&service);
    struct vouch_identity *identity = connect_to(&service, 0);
    const struct vouch_identity_ask right = fixture_ask(VOUCH_METHOD_PASSWORD, GOOD);
    const struct vouch_identity_ask wrong = fixture_ask(VOUCH_METHOD_PASSWORD, "password1234");
    assert_int_equal(
        vouch_identity_make(identity, &right, vouch_time_monotonic_ns(), &answer, &fault),
        VOUCH_ERR_TIMEOUT);
    assert_int_equal(answer.verdict, VOUCH_IDENTITY_REFUSED);
    assert_int_equal(vouch_identity_make(identity, &wrong, fixture_deadline(), &answer, &fault),
                     VOUCH_OK);
    assert_int_equal(answer.verdict, VOUCH_IDENTITY_REFUSED);
    assert_string_equal(answer.refusal.code, "V-1881");
    vouch_identity_close(identity);
    for (unsigned i = 1; i < LANES; i++) {
        close(service.asking[i]);
    }
    end(&service);
    assert_int_equal(service.err, VOUCH_OK);
}

// An answer of another type than the question, or of a peer that lies, is a failure.
static void believes_no_answer_out_of_turn(void **state) {
    (void)state;
    int fds[2];
    struct vouch_identity *identity = NULL;
    struct vouch_identity_answer answer;
    struct vouch_lane lane;
    struct vouch_fault fault = {0};
    const struct vouch_identity_answer yes = {.verdict = VOUCH_IDENTITY_ACCEPTED};
    const struct vouch_identity_ask question = fixture_ask(VOUCH_METHOD_PASSWORD, GOOD);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(vouch_identity_connect(fds[0], &identity, NULL), VOUCH_OK);
    // The answer lies there before the question is asked.
    uint8_t frame[VOUCH_FRAME_HEADER_LEN + 64] = {0};
    struct vouch_buf out;
    vouch_buf_init_fixed(&out, frame, sizeof frame);
    vouch_write_u32(&out, 40);
    vouch_write_u32(&out, (uint32_t)VOUCH_IDENTITY_MAKE << 16);
    vouch_identity_answer_write(&yes, &out);
    assert_int_equal(out.len, VOUCH_FRAME_HEADER_LEN + 40);
    assert_int_equal(send(fds[1], frame, out.len, 0), (ssize_t)out.len);
    assert_int_equal(vouch_identity_check(identity, &question, fixture_deadline(), &answer, &fault),
                     VOUCH_ERR_FORMAT);
    assert_string_equal(fault.kind->code, "V-1601");
    assert_int_equal(answer.verdict, VOUCH_IDENTITY_REFUSED);
    vouch_lane_init(&lane, fds[1], &vouch_identity_protocol, VOUCH_LANE_ANSWERS);
    vouch_lane_done(&lane);
    vouch_identity_close(identity);
}

static void serves_nobody_at_all(void **state) {
    (void)state;
    struct fixture fixture = {0};
    uint8_t key[VOUCH_IDENTITY_KEY_LEN];
    const struct vouch_identity_open what = {.key = {key, sizeof key}};
    fixture_key(1, key);
    assert_int_equal(vouch_identity_open(&what, &fixture.engine, NULL), VOUCH_OK);
    assert_int_equal(vouch_identity_serve(fixture.engine, NULL, 0, -1, &fixture.fault), VOUCH_OK);
    vouch_identity_engine_close(fixture.engine);
    vouch_identity_engine_close(NULL);
    vouch_identity_close(NULL);
}

// What the child of the next test is; it answers until its asker hangs up.
static void serve_in_sandbox(int fd) {
    uint8_t key[VOUCH_IDENTITY_KEY_LEN];
    struct vouch_identity_engine *engine = NULL;
    struct vouch_fault fault = {0};
    struct vouch_sandbox_report report;
    const struct vouch_identity_open what = {.key = {key, sizeof key}};
    const struct vouch_sandbox sandbox = {.profile = VOUCH_SANDBOX_IDENTITY};
    fixture_key(1, key);
    int err = vouch_identity_open(&what, &engine, &fault);
    if (err == VOUCH_OK) {
        err = vouch_sandbox_enter(&sandbox, &report, &fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_identity_serve(engine, &fd, 1, -1, &fault);
    }
    if (err != VOUCH_OK) {
        (void)fprintf(stderr, "# %s\n", fault.text);
    }
    _exit(err == VOUCH_OK ? 0 : 1);
}

// A passkey of one kind, registered and asked.
static void ask_passkey(struct vouch_identity *identity, int32_t algorithm) {
    static const uint8_t challenge[VOUCH_PASSKEY_CHALLENGE_LEN] = {1};
    static struct device_said said;
    static uint8_t room[VOUCH_IDENTITY_GIVEN_MAX], memory[VOUCH_IDENTITY_STORED_MAX];
    const struct device_told told = {.challenge = {challenge, sizeof challenge}};
    struct vouch_identity_ask ask = fixture_ask(VOUCH_METHOD_PASSKEY, NULL);
    struct vouch_identity_answer answer;
    struct device device;
    struct vouch_buf given;
    vouch_buf_init_fixed(&given, room, sizeof room);
    device_begin(&device, algorithm, "7f3a90");
    ask.origin = vouch_bytes_of(DEVICE_ORIGIN);
    ask.challenge = told.challenge;
    device_make(&device, &told, &said);
    ask.given = device_made_bytes(&said, &given);
    assert_int_equal(vouch_identity_make(identity, &ask, fixture_deadline(), &answer, NULL),
                     VOUCH_OK);
    assert_int_equal(answer.verdict, VOUCH_IDENTITY_ACCEPTED);
    memcpy(memory, answer.stored.ptr, answer.stored.len);
    ask.stored = (struct vouch_bytes){memory, answer.stored.len};
    device_answer(&device, &told, &said);
    ask.given = device_shown_bytes(&said, &given);
    assert_int_equal(vouch_identity_check(identity, &ask, fixture_deadline(), &answer, NULL),
                     VOUCH_OK);
    assert_int_equal(answer.verdict, VOUCH_IDENTITY_ACCEPTED);
    device_end(&device);
}

// Threads, the pool, and hashes of the size that they have in earnest.
static void works_within_the_sandbox_of_its_role(void **state) {
    (void)state;
    int fds[2], status = 0;
    struct vouch_identity *identity = NULL;
    struct vouch_identity_answer answer;
    uint8_t memory[VOUCH_IDENTITY_STORED_MAX];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(fds[0]);
        serve_in_sandbox(fds[1]);
    }
    close(fds[1]);
    assert_int_equal(vouch_identity_connect(fds[0], &identity, NULL), VOUCH_OK);
    for (int method = VOUCH_METHOD_PASSWORD; method <= VOUCH_METHOD_RECOVERY; method++) {
        struct vouch_identity_ask ask = fixture_ask((enum vouch_identity_method)method, GOOD);
        assert_int_equal(vouch_identity_make(identity, &ask, fixture_deadline(), &answer, NULL),
                         VOUCH_OK);
        assert_int_equal(answer.verdict, VOUCH_IDENTITY_ACCEPTED);
        memcpy(memory, answer.stored.ptr, answer.stored.len);
        ask.stored = (struct vouch_bytes){memory, answer.stored.len};
        assert_int_equal(vouch_identity_check(identity, &ask, fixture_deadline(), &answer, NULL),
                         VOUCH_OK);
        assert_int_equal(answer.verdict, method == VOUCH_METHOD_PASSWORD ? VOUCH_IDENTITY_ACCEPTED
                                                                         : VOUCH_IDENTITY_REFUSED);
    }
    for (size_t i = 0; i < VOUCH_PASSKEY_ALGORITHMS; i++) {
        ask_passkey(identity, vouch_passkey_algorithms[i]);
    }
    vouch_identity_close(identity);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void opens_only_with_a_key_and_costs_that_are_good(void **state) {
    (void)state;
    uint8_t key[40];
    struct vouch_identity_engine *engine = NULL;
    struct vouch_fault fault = {0};
    fixture_key(1, key);
    for (size_t len = 0; len <= 40; len++) {
        const struct vouch_identity_open what = {.key = {key, len}};
        if (len != VOUCH_IDENTITY_KEY_LEN) {
            assert_int_equal(vouch_identity_open(&what, &engine, &fault), VOUCH_ERR_KEY_LENGTH);
            assert_string_equal(fault.kind->code, "V-1885");
        }
    }
    static const struct vouch_identity_cost bad[] = {{.memory_kib = 7},
                                                     {.memory_kib = 262145},
                                                     {.passes = 11},
                                                     {.at_once = 65},
                                                     {.waiting = 4097}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct vouch_identity_open what = {{key, VOUCH_IDENTITY_KEY_LEN}, bad[i]};
        assert_int_equal(vouch_identity_open(&what, &engine, &fault), VOUCH_ERR_LIMIT);
        assert_string_equal(fault.kind->code, "V-1805");
    }
    memset(key, 0, sizeof key);
    const struct vouch_identity_open zeros = {.key = {key, VOUCH_IDENTITY_KEY_LEN}};
    assert_int_equal(vouch_identity_open(&zeros, &engine, &fault), VOUCH_ERR_ARGUMENT);
    assert_string_equal(fault.kind->code, "V-1885");
    assert_null(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_when_every_asker_has_hung_up),
        cmocka_unit_test(ends_only_the_lane_that_breaks_the_rules),
        cmocka_unit_test(finishes_what_is_under_way_when_told_to_stop),
        cmocka_unit_test(drops_an_answer_that_came_too_late),
        cmocka_unit_test(believes_no_answer_out_of_turn),
        cmocka_unit_test(serves_nobody_at_all),
        cmocka_unit_test(works_within_the_sandbox_of_its_role),
        cmocka_unit_test(opens_only_with_a_key_and_costs_that_are_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
