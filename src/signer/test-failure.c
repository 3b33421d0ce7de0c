// SPDX-License-Identifier: ISC
// The failure sweep: the n-th write, sync, rename or allocation fails, for every n, and all after it.
// Whatever was released is in the ledger; a signer whose ledger cannot be written ends at once with
// V-1503; and the next start finds a ledger that can be proven.
#include "signer/test-fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/test-failing.h"
#include "core/cert-view.h"

#define ASKS 6

// What the process that fails leaves behind, in memory that it shares with the test.
struct diary {
    uint64_t serials[2 * ASKS];
    size_t released;
    char died_of[8];
    int is_done;
};

static struct diary *diary;

static void write_diary(void *context, const struct vouch_fault *why) {
    (void)context;
    (void)snprintf(diary->died_of, sizeof diary->died_of, "%s", why->kind->code);
    _exit(7);
}

static struct vouch_signer_open opening(const struct fixture *fixture) {
    return (struct vouch_signer_open){
        .keys_dir = fixture->keys_dir,
        .ledger_dir = fixture->ledger_dir,
        .unlock = vouch_bytes_of("0123456789abcdef0123456789abcdef"),
        .die = write_diary,
    };
}

// The life of a signer: opens, issues and notes, publishes, stops. Where it fails it ends.
static void live(const struct fixture *fixture, enum failing_call call, long nth) {
    const struct vouch_signer_open what = opening(fixture);
    struct vouch_signer_engine *engine = NULL;
    struct vouch_signer *signer = NULL;
    const struct vouch_signer_krl krl = fixture_krl(vouch_time_now_ms());
    const struct vouch_signer_event event = fixture_event();
    struct vouch_signer_published published = {0};
    struct vouch_signer_noted noted = {0};
    failing_arm(call, nth);
    if (vouch_signer_open(&what, &engine, NULL) != VOUCH_OK ||
        vouch_signer_attach(engine, &signer, NULL) != VOUCH_OK) {
        _exit(3);
    }
    for (unsigned i = 0; i < ASKS; i++) {
        const struct vouch_signer_ask ask = fixture_ask(fixture);
        struct vouch_signer_grant grant = {0};
        int err = vouch_signer_sign(signer, &ask, 0, &grant, NULL);
        if (err == VOUCH_OK && grant.outcome == VOUCH_SIGNER_DONE) {
            diary->serials[diary->released++] = grant.serial;
        }
    }
    int err = vouch_signer_note(signer, &event, 0, &noted, NULL);
    err = err == VOUCH_OK ? vouch_signer_publish(signer, &krl, 0, &published, NULL) : err;
    vouch_signer_close(signer);
    err = err == VOUCH_OK ? vouch_signer_stop(engine, NULL) : err;
    diary->is_done = err == VOUCH_OK;
    _exit(err == VOUCH_OK ? 0 : 4);
}

struct search {
    uint64_t found;
};

static void look_for(void *context, const struct vouch_record *record) {
    struct search *search = context;
    struct vouch_cert_view cert = {0};
    if (record->kind != VOUCH_RECORD_CERT) {
        return;
    }
    assert_int_equal(vouch_cert_view_read(record->cert, &cert, NULL), VOUCH_OK);
    for (size_t i = 0; i < diary->released; i++) {
        search->found += diary->serials[i] == cert.serial;
    }
}

// One life in which call number `nth` fails. Returns nonzero if it lived through to its end.
static int fail_once(struct fixture *fixture, enum failing_call call, long nth, unsigned *deaths) {
    struct search search = {0};
    int status = 0;
    *diary = (struct diary){0};
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        live(fixture, call, nth);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status)); // never a crash
    if (WEXITSTATUS(status) == 7) {
        assert_true(strcmp(diary->died_of, "V-1503") == 0 || call == FAIL_MEMORY);
        (*deaths)++;
    }
    fixture_open(fixture); // repairs
    fixture_records(fixture, look_for, &search);
    assert_int_equal(search.found, diary->released);
    fixture_stop(fixture);
    assert_proven(fixture);
    return diary->is_done;
}

static void sweep(struct fixture *fixture, enum failing_call call) {
    unsigned deaths = 0;
    long nth = 1;
    fixture_open(fixture);
    fixture_stop(fixture);
    diary = mmap(NULL, sizeof *diary, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(diary, MAP_FAILED);
    while (!fail_once(fixture, call, nth, &deaths)) {
        nth += call == FAIL_MEMORY && nth > 40 ? 7 : 1;
        assert_true(nth < 5000);
    }
    assert_true(nth > 3);
    assert_true(deaths > 0);
    assert_int_equal(munmap(diary, sizeof *diary), 0);
}

static void every_write_that_fails_stops_it_for_good(void **state) {
    sweep(*state, FAIL_WRITE);
}

static void every_write_that_is_cut_short_by_a_full_disk_stops_it_for_good(void **state) {
    sweep(*state, FAIL_SHORT_WRITE);
}

static void every_sync_that_fails_stops_it_for_good(void **state) {
    sweep(*state, FAIL_SYNC);
}

static void every_rename_that_fails_stops_it_for_good(void **state) {
    struct fixture *fixture = *state;
    unsigned deaths = 0;
    fixture_open(fixture);
    fixture_stop(fixture);
    diary = mmap(NULL, sizeof *diary, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(diary, MAP_FAILED);
    // A life has few: of the state, of each checkpoint.
    for (long nth = 1; nth <= 6; nth++) {
        (void)fail_once(fixture, FAIL_RENAME, nth, &deaths);
    }
    assert_int_equal(munmap(diary, sizeof *diary), 0);
}

static void every_allocation_that_fails_grants_nothing_unrecorded(void **state) {
    sweep(*state, FAIL_MEMORY);
}

#define WITH_CA(test) cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_CA(every_write_that_fails_stops_it_for_good),
        WITH_CA(every_write_that_is_cut_short_by_a_full_disk_stops_it_for_good),
        WITH_CA(every_sync_that_fails_stops_it_for_good),
        WITH_CA(every_rename_that_fails_stops_it_for_good),
        WITH_CA(every_allocation_that_fails_grants_nothing_unrecorded),
    };
    return cmocka_run_group_tests_name("signer/failure", tests, NULL, NULL);
}
