// SPDX-License-Identifier: ISC
// Kills: the signer is a process of its own, killed at a random moment under load, again and again. What
// any asker was ever given is in the ledger as it was given; no serial comes twice; every life but the
// first begins an epoch; and the ledger can be proven. VOUCH_LONG makes it many more kills.
#include "signer/test-fixture.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cert-view.h"

#define ASKERS 8
#define GRANTS_MAX (1u << 20)

struct granted {
    uint64_t serial;
    uint64_t hash; // of the certificate
};

static struct granted *grants;
static _Atomic size_t grant_count;

static uint64_t hash_of(struct vouch_bytes bytes) {
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < bytes.len; i++) {
        hash = (hash ^ bytes.ptr[i]) * UINT64_C(1099511628211);
    }
    return hash;
}

struct asker {
    const struct fixture *fixture;
    int fd;
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
        if (vouch_signer_sign(signer, &ask, FIXTURE_DEADLINE, &grant, NULL) != VOUCH_OK) {
            break;
        }
        if (grant.outcome != VOUCH_SIGNER_DONE) {
            continue;
        }
        size_t at = grant_count++;
        if (at < GRANTS_MAX) {
            grants[at] = (struct granted){grant.serial, hash_of(grant.cert)};
        }
    }
    vouch_signer_close(signer);
    return NULL;
}

static void serve_until_killed(const struct fixture *fixture, const int *fds) {
    const struct vouch_signer_open what = {
        .keys_dir = fixture->keys_dir,
        .ledger_dir = fixture->ledger_dir,
        .unlock = vouch_bytes_of("0123456789abcdef0123456789abcdef"),
        .ledger_wait_ms = 10000,
    };
    struct vouch_signer_engine *engine = NULL;
    struct vouch_fault fault = {0};
    if (vouch_signer_open(&what, &engine, &fault) != VOUCH_OK) {
        (void)fprintf(stderr, "%s\n", fault.text);
        _exit(3);
    }
    (void)!vouch_signer_serve(engine, fds, ASKERS, -1, NULL);
    _exit(4);
}

// Waits until this life has given something, so that on a slow machine as well it is killed at work.
static void wait_for_grant(size_t before) {
    uint64_t deadline_ns = FIXTURE_DEADLINE;
    while (grant_count == before && vouch_time_monotonic_ns() < deadline_ns) {
        (void)usleep(500);
    }
}

// A life that ends `life_us` after its start, or after its first grant.
static void live_and_die(const struct fixture *fixture, unsigned life_us, int waits) {
    size_t before = grant_count;
    struct asker askers[ASKERS];
    int answering[ASKERS], status = 0;
    for (size_t i = 0; i < ASKERS; i++) {
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        askers[i] = (struct asker){.fixture = fixture, .fd = pair[0]};
        answering[i] = pair[1];
    }
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        for (size_t i = 0; i < ASKERS; i++) {
            close(askers[i].fd);
        }
        serve_until_killed(fixture, answering);
    }
    for (size_t i = 0; i < ASKERS; i++) {
        close(answering[i]);
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_until_it_dies, &askers[i]), 0);
    }
    if (waits) {
        wait_for_grant(before);
    }
    (void)usleep(life_us);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    for (size_t i = 0; i < ASKERS; i++) {
        assert_int_equal(pthread_join(askers[i].thread, NULL), 0);
    }
}

static int compare(const void *a, const void *b) {
    const struct granted *x = a, *y = b;
    return (x->serial > y->serial) - (x->serial < y->serial);
}

struct walk {
    size_t found, certs;
    uint64_t last;
};

static void check_record(void *context, const struct vouch_record *record) {
    struct walk *walk = context;
    struct vouch_cert_view cert = {0};
    if (record->kind != VOUCH_RECORD_CERT) {
        return;
    }
    assert_int_equal(vouch_cert_view_read(record->cert, &cert, NULL), VOUCH_OK);
    // The next one of the epoch, or the first one of a later epoch.
    assert_true(cert.serial == walk->last + 1 ||
                (vouch_epoch_of(cert.serial) > vouch_epoch_of(walk->last) &&
                 (cert.serial & VOUCH_EPOCH_COUNTER_MAX) == 1));
    const struct granted wanted = {cert.serial, 0};
    const struct granted *found = bsearch(&wanted, grants, grant_count, sizeof *grants, compare);
    if (found != NULL) {
        assert_true(found->hash == hash_of(record->cert));
        walk->found++;
    }
    walk->last = cert.serial;
    walk->certs++;
}

static void a_kill_at_any_moment_loses_nothing_that_was_given(void **state) {
    struct fixture *fixture = *state;
    unsigned kills = getenv("VOUCH_LONG") != NULL ? 2000 : 30;
    uint64_t seed = vouch_time_monotonic_ns();
    struct walk walk = {0};
    grants = calloc(GRANTS_MAX, sizeof *grants);
    assert_non_null(grants);
    for (unsigned i = 0; i < kills; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        live_and_die(fixture, (unsigned)(seed >> 40) % 40000, i % 4 != 0);
    }
    assert_true(grant_count < GRANTS_MAX);
    qsort(grants, grant_count, sizeof *grants, compare);
    for (size_t i = 1; i < grant_count; i++) {
        assert_true(grants[i].serial > grants[i - 1].serial);
    }
    fixture_open(fixture); // repairs
    fixture_stop(fixture);
    fixture_records(fixture, check_record, &walk);
    print_message("# %u kills, %zu given, %zu recorded\n", kills, (size_t)grant_count, walk.certs);
    assert_int_equal(walk.found, grant_count);
    assert_true(grant_count > 0);
    assert_proven(fixture);
    free(grants);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_kill_at_any_moment_loses_nothing_that_was_given,
                                        fixture_begin, fixture_end),
    };
    return cmocka_run_group_tests_name("signer/crash", tests, NULL, NULL);
}
