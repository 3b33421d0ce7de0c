// SPDX-License-Identifier: ISC
// Rotations in a process of its own: in the signer's sandbox, with keys of each type; while others have
// certificates signed; and killed at any moment. What was signed is by the key that was active at its
// record, which the ledger's proof holds against every certificate.
#include "signer/test-steps.h"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/sandbox.h"

#define ASKERS 3
#define LANES (ASKERS + 1)

struct asker {
    const struct fixture *fixture;
    int fd;
    size_t granted, refused;
    uint64_t longest_ns; // from asking to the answer
    pthread_t thread;
};

static void *ask_until_it_dies(void *context) {
    struct asker *asker = context;
    struct vouch_signer *signer = NULL;
    if (vouch_signer_connect(asker->fd, &signer, NULL) != VOUCH_OK) {
        abort();
    }
    for (;;) {
        const struct vouch_signer_ask ask = fixture_ask(asker->fixture);
        struct vouch_signer_grant grant = {0};
        uint64_t before_ns = vouch_time_monotonic_ns();
        if (vouch_signer_sign(signer, &ask, FIXTURE_DEADLINE, &grant, NULL) != VOUCH_OK) {
            break;
        }
        uint64_t took_ns = vouch_time_monotonic_ns() - before_ns;
        asker->longest_ns = took_ns > asker->longest_ns ? took_ns : asker->longest_ns;
        asker->granted += grant.outcome == VOUCH_SIGNER_DONE;
        asker->refused += grant.outcome != VOUCH_SIGNER_DONE;
    }
    vouch_signer_close(signer);
    return NULL;
}

struct life {
    pid_t pid;
    struct asker askers[ASKERS];
    struct vouch_signer *signer;
};

static void serve(const struct fixture *fixture, const int *fds, unsigned count) {
    const struct vouch_signer_open what = {
        .keys_dir = fixture->keys_dir,
        .ledger_dir = fixture->ledger_dir,
        .unlock = vouch_bytes_of("0123456789abcdef0123456789abcdef"),
        .rounds = 1,
        .ledger_wait_ms = 10000,
    };
    const char *const writable[] = {fixture->keys_dir, fixture->ledger_dir};
    const struct vouch_sandbox sandbox = {.profile = VOUCH_SANDBOX_SIGNER,
                                          .writable = {writable, 2}};
    struct vouch_sandbox_report report;
    struct vouch_signer_engine *engine = NULL;
    struct vouch_fault fault = {0};
    if (vouch_signer_open(&what, &engine, &fault) != VOUCH_OK ||
        vouch_sandbox_enter(&sandbox, &report, &fault) != VOUCH_OK ||
        vouch_signer_serve(engine, fds, count, -1, &fault) != VOUCH_OK) {
        (void)fprintf(stderr, "# %s\n", fault.text);
        _exit(3);
    }
    _exit(0);
}

// The signer's process, and `askers` who ask without end.
static void begin_life(struct life *life, const struct fixture *fixture, unsigned askers) {
    int asking[LANES], answering[LANES];
    *life = (struct life){0};
    for (size_t i = 0; i <= askers; i++) {
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        asking[i] = pair[0];
        answering[i] = pair[1];
    }
    life->pid = fork();
    assert_true(life->pid >= 0);
    if (life->pid == 0) {
        for (size_t i = 0; i <= askers; i++) {
            close(asking[i]);
        }
        serve(fixture, answering, askers + 1);
    }
    for (size_t i = 0; i <= askers; i++) {
        close(answering[i]);
    }
    assert_int_equal(vouch_signer_connect(asking[askers], &life->signer, NULL), VOUCH_OK);
    for (size_t i = 0; i < askers; i++) {
        life->askers[i] = (struct asker){.fixture = fixture, .fd = asking[i]};
        assert_int_equal(
            pthread_create(&life->askers[i].thread, NULL, ask_until_it_dies, &life->askers[i]), 0);
    }
}

// Waits for its end, and for the askers'. Returns its status.
static int end_life(struct life *life, unsigned askers) {
    int status = 0;
    vouch_signer_close(life->signer);
    assert_int_equal(waitpid(life->pid, &status, 0), life->pid);
    for (size_t i = 0; i < askers; i++) {
        assert_int_equal(pthread_join(life->askers[i].thread, NULL), 0);
    }
    return status;
}

static void goes_round_in_the_sandbox_with_each_type_of_key(void **state) {
    (void)state;
    static const struct {
        enum vouch_key_type type;
        unsigned bits;
    } keys[] = {{VOUCH_KEY_ED25519, 0}, {VOUCH_KEY_ECDSA_P384, 0}, {VOUCH_KEY_RSA, 3072}};
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        struct life life;
        void *own = NULL;
        assert_int_equal(fixture_begin_with(&own, keys[k].type, keys[k].bits), 0);
        struct fixture *fixture = own;
        begin_life(&life, fixture, 0);
        for (size_t i = 0; i < STEPS_ROUND; i++) {
            steps_do(life.signer, VOUCH_CERT_USER, steps_round[i]);
            steps_sign(fixture, life.signer);
        }
        struct vouch_key *active = NULL;
        assert_int_equal(vouch_key_parse(steps_state(life.signer).user_ca, &active, NULL),
                         VOUCH_OK);
        assert_int_equal(vouch_key_type(active), keys[k].type);
        assert_true(keys[k].bits == 0 || vouch_key_bits(active) == keys[k].bits);
        vouch_key_free(active);
        assert_int_equal(end_life(&life, 0), 0);
        assert_int_equal(fixture_count(fixture, "signer.stop"), 1);
        assert_proven(fixture);
        assert_int_equal(fixture_end(&own), 0);
    }
}

static void nobody_who_asks_meanwhile_is_refused_or_waits_for_long(void **state) {
    struct fixture *fixture = *state;
    struct life life;
    size_t granted = 0;
    begin_life(&life, fixture, ASKERS);
    for (unsigned round = 0; round < 3; round++) {
        for (size_t i = 0; i < STEPS_ROUND; i++) {
            steps_do(life.signer, VOUCH_CERT_USER, steps_round[i]);
            steps_sign(fixture, life.signer);
        }
    }
    assert_int_equal(kill(life.pid, SIGKILL), 0);
    (void)end_life(&life, ASKERS);
    for (size_t i = 0; i < ASKERS; i++) {
        assert_true(life.askers[i].granted > 0);
        assert_int_equal(life.askers[i].refused, 0);
        assert_true(life.askers[i].longest_ns < UINT64_C(5000000000));
        granted += life.askers[i].granted;
    }
    fixture_open(fixture); // repairs
    fixture_stop(fixture);
    print_message("# %zu certificates, %d steps\n", granted, 3 * STEPS_ROUND);
    assert_proven(fixture);
}

struct rotating {
    struct vouch_signer *signer;
    uint64_t done;
};

// Goes on from wherever it stands, until the signer is gone.
static void *rotate_until_it_dies(void *context) {
    struct rotating *rotating = context;
    int err = VOUCH_OK;
    while (err == VOUCH_OK) {
        struct vouch_signer_state state = {0};
        struct vouch_signer_rotated rotated = {0};
        char name[VOUCH_FINGERPRINT_MAX] = "";
        err = vouch_signer_state(rotating->signer, FIXTURE_DEADLINE, &state, NULL);
        enum vouch_cert_type use = rotating->done % 3 == 0 ? VOUCH_CERT_HOST : VOUCH_CERT_USER;
        struct vouch_signer_rotation ask =
            steps_ask(use, steps_next(vouch_signer_phase(&state, use)));
        for (size_t i = 0; i < state.ca_count && err == VOUCH_OK; i++) {
            struct vouch_key *key = NULL;
            if (state.cas[i].use == use && state.cas[i].state == VOUCH_CA_KEY_REMOVED &&
                vouch_key_parse(state.cas[i].key, &key, NULL) == VOUCH_OK) {
                vouch_key_fingerprint(key, VOUCH_HASH_SHA256, name);
                ask.fingerprint = vouch_bytes_of(name);
            }
            vouch_key_free(key);
        }
        err = err == VOUCH_OK
                  ? vouch_signer_rotate(rotating->signer, &ask, FIXTURE_DEADLINE, &rotated, NULL)
                  : err;
        rotating->done += err == VOUCH_OK && rotated.outcome == VOUCH_SIGNER_DONE;
    }
    return NULL;
}

static uint64_t count_steps(const struct fixture *fixture) {
    return fixture_count(fixture, "ca.key.new") + fixture_count(fixture, "ca.key.switch") +
           fixture_count(fixture, "ca.key.remove") + fixture_count(fixture, "ca.key.destroy");
}

static void a_kill_at_any_moment_leaves_keys_that_the_ledger_knows(void **state) {
    struct fixture *fixture = *state;
    unsigned kills = getenv("VOUCH_LONG") != NULL ? 1000 : 25;
    uint64_t seed = vouch_time_monotonic_ns(), done = 0;
    for (unsigned i = 0; i < kills; i++) {
        struct life life;
        pthread_t thread;
        begin_life(&life, fixture, ASKERS);
        (void)steps_state(life.signer); // it is up
        struct rotating rotating = {life.signer, 0};
        assert_int_equal(pthread_create(&thread, NULL, rotate_until_it_dies, &rotating), 0);
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        (void)usleep((unsigned)(seed >> 40) % 60000);
        assert_int_equal(kill(life.pid, SIGKILL), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_true(WIFSIGNALED(end_life(&life, ASKERS)));
        done += rotating.done;
        // No step that was answered is lost; one under way may have been done with each kill.
        assert_true(count_steps(fixture) >= 2 + done);
        assert_true(count_steps(fixture) <= 2 + done + i + 1);
    }
    struct life last;
    begin_life(&last, fixture, 0);
    assert_int_equal(steps_files(fixture), steps_state(last.signer).ca_count);
    steps_sign(fixture, last.signer);
    assert_int_equal(end_life(&last, 0), 0);
    print_message("# %u kills, %d steps answered\n", kills, (int)done);
    assert_true(done > 0);
    assert_proven(fixture);
}

#define WITH_CA(test) cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_round_in_the_sandbox_with_each_type_of_key),
        WITH_CA(nobody_who_asks_meanwhile_is_refused_or_waits_for_long),
        WITH_CA(a_kill_at_any_moment_leaves_keys_that_the_ledger_knows),
    };
    return cmocka_run_group_tests_name("signer/rotate-process", tests, NULL, NULL);
}
