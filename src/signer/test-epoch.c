// SPDX-License-Identifier: ISC
// Epochs: which one a start goes on in or begins, the state file, and that no copy of the folder that is
// put back ever gives a serial twice.
#include "signer/test-fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

#define NOW_MS UINT64_C(1795344338000)
#define UNITS ((NOW_MS / 1000 - VOUCH_EPOCH_FIRST_S) / VOUCH_EPOCH_UNIT_S)

static struct vouch_epoch_state some_state(void) {
    return (struct vouch_epoch_state){.epoch = 20000,
                                      .serial = UINT64_C(20000) << 44 | 500,
                                      .size = 600,
                                      .time_ms = NOW_MS - 5000,
                                      .records_file = 77};
}

// A ledger that a clean stop has left, and the state that goes with it.
static struct vouch_epoch_facts clean(const struct vouch_epoch_state *state) {
    return (struct vouch_epoch_facts){.state = state,
                                      .ledger_serial = state->serial,
                                      .ledger_size = state->size,
                                      .ledger_file = state->records_file,
                                      .ends_with_stop = 1,
                                      .now_ms = NOW_MS};
}

static struct vouch_epoch_choice decide(const struct vouch_epoch_facts *facts) {
    struct vouch_epoch_choice choice = {0};
    struct vouch_fault fault = {0};
    if (vouch_epoch_decide(facts, &choice, &fault) != VOUCH_OK) {
        fail_msg("%s", fault.text);
    }
    assert_int_equal(vouch_epoch_of(choice.serial), choice.epoch);
    return choice;
}

static void goes_on_after_a_clean_stop(void **state) {
    (void)state;
    const struct vouch_epoch_state old = some_state();
    const struct vouch_epoch_facts facts = clean(&old);
    struct vouch_epoch_choice choice = decide(&facts);
    assert_int_equal(choice.reason, VOUCH_EPOCH_GOES_ON);
    assert_int_equal(choice.epoch, old.epoch);
    assert_true(choice.serial == old.serial);
}

static void goes_on_in_an_epoch_that_gave_no_serial_yet(void **state) {
    (void)state;
    struct vouch_epoch_state old = some_state();
    old.serial = UINT64_C(19999) << 44 | 3;
    const struct vouch_epoch_facts facts = clean(&old);
    struct vouch_epoch_choice choice = decide(&facts);
    assert_int_equal(choice.reason, VOUCH_EPOCH_GOES_ON);
    assert_true(choice.serial == UINT64_C(20000) << 44);
}

static void begins_a_new_one_at_the_first_start(void **state) {
    (void)state;
    const struct vouch_epoch_facts facts = {.ledger_size = 3, .now_ms = NOW_MS};
    struct vouch_epoch_choice choice = decide(&facts);
    assert_int_equal(choice.reason, VOUCH_EPOCH_START);
    assert_int_equal(choice.epoch, UNITS + 1);
    assert_true(choice.serial == choice.epoch << 44);
}

static void begins_a_new_one_after_anything_but_a_clean_stop(void **state) {
    (void)state;
    const struct vouch_epoch_state old = some_state();
    struct vouch_epoch_facts all[4];
    for (size_t i = 0; i < 4; i++) {
        all[i] = clean(&old);
    }
    all[0].ends_with_stop = 0;
    all[1].ledger_size++; // something was recorded behind the stop
    all[2].ledger_serial++;
    all[3].ledger_serial += UINT64_C(1) << 44; // even an epoch that the state does not know of
    for (size_t i = 0; i < 4; i++) {
        struct vouch_epoch_choice choice = decide(&all[i]);
        assert_int_equal(choice.reason, VOUCH_EPOCH_UNCLEAN);
        assert_true(choice.epoch > old.epoch);
        assert_true(choice.epoch > vouch_epoch_of(all[i].ledger_serial));
        assert_true(choice.serial > all[i].ledger_serial);
    }
}

static void notices_what_was_put_back(void **state) {
    (void)state;
    const struct vouch_epoch_state old = some_state();
    struct vouch_epoch_facts all[4];
    for (size_t i = 0; i < 4; i++) {
        all[i] = clean(&old);
    }
    all[0].ledger_size--;   // an older ledger
    all[1].ledger_serial--; // another ledger
    all[2].ledger_file++;   // a copy of the files
    all[3].state = NULL;    // a ledger with serials, and no state
    for (size_t i = 0; i < 4; i++) {
        struct vouch_epoch_choice choice = decide(&all[i]);
        assert_int_equal(choice.reason, VOUCH_EPOCH_RESTORED);
        assert_true(choice.epoch > old.epoch + VOUCH_EPOCH_RESTORED_STEP);
    }
}

static void is_above_every_epoch_of_a_life_it_does_not_know(void **state) {
    (void)state;
    // A copy of everything at a clean stop, put back after the original went on and crashed.
    const struct vouch_epoch_state old = some_state();
    struct vouch_epoch_facts later = clean(&old);
    later.now_ms = old.time_ms + UINT64_C(1000) * VOUCH_EPOCH_UNIT_S - 1;
    assert_int_equal(decide(&later).reason, VOUCH_EPOCH_GOES_ON);
    later.now_ms++;
    struct vouch_epoch_choice choice = decide(&later);
    assert_int_equal(choice.reason, VOUCH_EPOCH_START);
    assert_true(choice.epoch > old.epoch);
    struct vouch_epoch_state ancient = some_state();
    ancient.epoch = 3;
    ancient.serial = UINT64_C(3) << 44 | 9;
    struct vouch_epoch_facts facts = clean(&ancient);
    facts.ends_with_stop = 0;
    assert_int_equal(decide(&facts).epoch, UNITS + 1);
}

static void does_not_go_on_when_the_stop_lies_in_the_future(void **state) {
    (void)state;
    struct vouch_epoch_state old = some_state();
    old.time_ms = NOW_MS + 5000;
    struct vouch_epoch_facts facts = clean(&old);
    assert_int_equal(decide(&facts).reason, VOUCH_EPOCH_GOES_ON); // a clock's tremor
    old.time_ms++;
    facts = clean(&old);
    assert_int_equal(decide(&facts).reason, VOUCH_EPOCH_START);
}

static void takes_a_clock_before_the_first_unit_for_zero(void **state) {
    (void)state;
    const struct vouch_epoch_facts facts = {.ledger_size = 3, .now_ms = 1000};
    assert_int_equal(decide(&facts).epoch, 1);
}

static void says_so_when_no_epoch_is_left(void **state) {
    (void)state;
    struct vouch_epoch_state old = some_state();
    old.epoch = VOUCH_EPOCH_MAX - 1;
    struct vouch_epoch_facts facts = clean(&old);
    facts.ends_with_stop = 0;
    assert_int_equal(decide(&facts).epoch, VOUCH_EPOCH_MAX);
    old.epoch = VOUCH_EPOCH_MAX;
    struct vouch_epoch_choice choice = {.epoch = 5};
    struct vouch_fault fault = {0};
    assert_int_equal(vouch_epoch_decide(&facts, &choice, &fault), VOUCH_ERR_LIMIT);
    assert_string_equal(fault.kind->code, "V-1608");
    assert_int_equal(choice.epoch, 5);
}

static void reads_back_what_it_wrote_and_nothing_else(void **state) {
    struct fixture *fixture = *state;
    const char *path = fixture_path(fixture, "state");
    const struct vouch_epoch_state wrote = {.epoch = 1,
                                            .serial = UINT64_MAX,
                                            .size = 3,
                                            .time_ms = 4,
                                            .krl_version = {6, UINT64_MAX},
                                            .trust_version = 7};
    struct vouch_epoch_state read = {0};
    int found = 0;
    assert_int_equal(vouch_epoch_state_write(path, &wrote, NULL), VOUCH_OK);
    assert_int_equal(vouch_epoch_state_read(path, &read, &found, NULL), VOUCH_OK);
    assert_int_equal(found, 1);
    assert_memory_equal(&read, &wrote, sizeof wrote);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);

    struct vouch_buf text;
    vouch_buf_init(&text, 4096);
    assert_int_equal(vouch_io_read(path, 4096, &text, NULL), VOUCH_OK);
    for (size_t len = 0; len < text.len; len++) {
        const struct vouch_io_file file = {path, 0600, VOUCH_IO_REPLACE};
        struct vouch_fault fault = {0};
        assert_int_equal(vouch_io_write(&file, (struct vouch_bytes){text.ptr, len}, NULL),
                         VOUCH_OK);
        assert_int_equal(vouch_epoch_state_read(path, &read, &found, &fault), VOUCH_ERR_FORMAT);
        assert_string_equal(fault.kind->code, "V-1605");
    }
    vouch_buf_done(&text);
    fixture_open_fails(fixture, "V-1605");
}

static void reads_a_file_of_before_there_were_bundles(void **state) {
    struct fixture *fixture = *state;
    static const char before[] = "vouch-signer-state/1\nepoch 9\nserial 8\nsize 7\ntime 6\n"
                                 "records 5\nkrl-user 4\nkrl-host 3\n";
    static const char mixed[] = "vouch-signer-state/1\nepoch 9\nserial 8\nsize 7\ntime 6\n"
                                "records 5\nkrl-user 4\nkrl-host 3\ntrust 2\n";
    const struct vouch_io_file file = {fixture_path(fixture, "state"), 0600, VOUCH_IO_REPLACE};
    struct vouch_epoch_state read = {0};
    int found = 0;
    assert_int_equal(vouch_io_write(&file, vouch_bytes_of(before), NULL), VOUCH_OK);
    assert_int_equal(vouch_epoch_state_read(file.path, &read, &found, NULL), VOUCH_OK);
    assert_int_equal(read.epoch, 9);
    assert_int_equal(read.krl_version[1], 3);
    assert_int_equal(read.trust_version, 0);
    assert_int_equal(vouch_io_write(&file, vouch_bytes_of(mixed), NULL), VOUCH_OK);
    assert_int_equal(vouch_epoch_state_read(file.path, &read, &found, NULL), VOUCH_ERR_FORMAT);
}

static uint64_t issue_one(struct fixture *fixture) {
    struct vouch_signer *signer = NULL;
    struct vouch_signer_ask ask = fixture_ask(fixture);
    struct vouch_signer_grant grant = {0};
    assert_int_equal(vouch_signer_attach(fixture->engine, &signer, NULL), VOUCH_OK);
    assert_int_equal(vouch_signer_sign(signer, &ask, 0, &grant, NULL), VOUCH_OK);
    assert_int_equal(grant.outcome, VOUCH_SIGNER_DONE);
    vouch_signer_close(signer);
    return grant.serial;
}

static void assert_reason(const struct fixture *fixture, const char *expected) {
    char reason[256] = "";
    fixture_detail(fixture, "signer.epoch", "reason", reason);
    assert_string_equal(reason, expected);
}

static void a_clean_restart_gives_the_next_serial(void **state) {
    struct fixture *fixture = *state;
    fixture_open(fixture);
    assert_reason(fixture, "start");
    uint64_t first = issue_one(fixture);
    assert_true((first & VOUCH_EPOCH_COUNTER_MAX) == 1);
    for (uint64_t i = 1; i <= 3; i++) {
        fixture_stop(fixture);
        assert_proven(fixture);
        fixture_open(fixture);
        assert_true(issue_one(fixture) == first + i);
    }
    fixture_stop(fixture);
    assert_int_equal(fixture_count(fixture, "signer.epoch"), 1);
    assert_int_equal(fixture_count(fixture, "signer.start"), 4);
    assert_int_equal(fixture_count(fixture, "signer.stop"), 4);
    assert_proven(fixture);
}

static void a_crash_begins_an_epoch(void **state) {
    struct fixture *fixture = *state;
    fixture_open(fixture);
    uint64_t first = issue_one(fixture);
    fixture_crash(fixture);
    fixture_open(fixture);
    assert_reason(fixture, "unclean");
    assert_true(vouch_epoch_of(issue_one(fixture)) > vouch_epoch_of(first));
    fixture_stop(fixture);
    assert_proven(fixture);
}

static void a_crash_right_behind_the_start_begins_an_epoch(void **state) {
    struct fixture *fixture = *state;
    fixture_open(fixture);
    fixture_stop(fixture);
    fixture_open(fixture);
    fixture_crash(fixture);
    fixture_open(fixture);
    assert_reason(fixture, "unclean");
    fixture_stop(fixture);
    assert_proven(fixture);
}

// The epoch is recorded and the process ends before the state is written: the next is yet another.
static void an_epoch_that_only_the_ledger_knows_is_not_begun_again(void **state) {
    struct fixture *fixture = *state;
    char state_file[160], copy[170], first[256] = "", second[256] = "";
    (void)snprintf(state_file, sizeof state_file, "%s", fixture_path(fixture, "state"));
    (void)snprintf(copy, sizeof copy, "%s.copy", state_file);
    fixture_open(fixture);
    fixture_crash(fixture);
    fixture_copy(state_file, copy);
    fixture_open(fixture);
    fixture_detail(fixture, "signer.epoch", "epoch", first);
    fixture_crash(fixture);
    fixture_copy(copy, state_file);
    fixture_open(fixture);
    assert_reason(fixture, "unclean");
    fixture_detail(fixture, "signer.epoch", "epoch", second);
    assert_string_not_equal(first, second);
    assert_true(strtoull(second, NULL, 10) > strtoull(first, NULL, 10));
    fixture_stop(fixture);
    assert_proven(fixture);
}

static void an_older_ledger_begins_an_epoch_above_all(void **state) {
    struct fixture *fixture = *state;
    char copy[128];
    (void)snprintf(copy, sizeof copy, "%s/copy", fixture->root);
    fixture_open(fixture);
    (void)issue_one(fixture);
    fixture_stop(fixture);
    fixture_copy(fixture->ledger_dir, copy);
    fixture_open(fixture);
    uint64_t lost = issue_one(fixture);
    fixture_stop(fixture);
    fixture_copy(copy, fixture->ledger_dir);
    fixture_open(fixture);
    assert_reason(fixture, "restored");
    assert_true(vouch_epoch_of(issue_one(fixture)) > vouch_epoch_of(lost));
    fixture_stop(fixture);
    assert_proven(fixture);
}

static void a_copy_of_everything_begins_an_epoch(void **state) {
    struct fixture *fixture = *state;
    char keys[128], ledger[128];
    (void)snprintf(keys, sizeof keys, "%s/keys-copy", fixture->root);
    (void)snprintf(ledger, sizeof ledger, "%s/ledger-copy", fixture->root);
    fixture_open(fixture);
    (void)issue_one(fixture);
    fixture_stop(fixture);
    fixture_copy(fixture->ledger_dir, ledger);
    fixture_copy(fixture->keys_dir, keys);
    fixture_open(fixture);
    uint64_t lost = issue_one(fixture);
    fixture_crash(fixture);
    fixture_copy(ledger, fixture->ledger_dir);
    fixture_copy(keys, fixture->keys_dir);
    fixture_open(fixture);
    assert_reason(fixture, "restored");
    assert_true(issue_one(fixture) != lost);
    fixture_stop(fixture);
}

static void a_lost_state_begins_an_epoch(void **state) {
    struct fixture *fixture = *state;
    fixture_open(fixture);
    uint64_t first = issue_one(fixture);
    fixture_stop(fixture);
    assert_int_equal(unlink(fixture_path(fixture, "state")), 0);
    fixture_open(fixture);
    assert_reason(fixture, "restored");
    assert_true(vouch_epoch_of(issue_one(fixture)) > vouch_epoch_of(first));
    fixture_stop(fixture);
}

// In one process: whoever asks late is told, and does not wait for a pen that has gone.
static void answers_nothing_but_a_failure_after_it_has_stopped(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer *signer = NULL;
    struct vouch_signer *late = NULL;
    const struct vouch_signer_event event = fixture_event();
    const struct vouch_signer_krl krl = fixture_krl(1);
    struct vouch_signer_grant grant = {0};
    struct vouch_signer_noted noted = {0};
    struct vouch_signer_published published = {0};
    fixture_open(fixture);
    const struct vouch_signer_ask ask = fixture_ask(fixture);
    assert_int_equal(vouch_signer_attach(fixture->engine, &signer, NULL), VOUCH_OK);
    assert_int_equal(vouch_signer_stop(fixture->engine, NULL), VOUCH_OK);
    struct vouch_fault faults[4] = {0};
    const int errs[] = {
        vouch_signer_sign(signer, &ask, FIXTURE_DEADLINE, &grant, &faults[0]),
        vouch_signer_note(signer, &event, FIXTURE_DEADLINE, &noted, &faults[1]),
        vouch_signer_publish(signer, &krl, FIXTURE_DEADLINE, &published, &faults[2]),
        vouch_signer_attach(fixture->engine, &late, &faults[3]),
    };
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(errs[i], VOUCH_ERR_REFUSED);
        assert_string_equal(faults[i].kind->code, "V-1602");
    }
    assert_true(grant.outcome != VOUCH_SIGNER_DONE && noted.outcome != VOUCH_SIGNER_DONE &&
                published.outcome != VOUCH_SIGNER_DONE);
    vouch_signer_close(signer);
    fixture_crash(fixture); // it has stopped
    assert_int_equal(fixture_count(fixture, NULL), 0);
    assert_int_equal(fixture_count(fixture, "signer.stop"), 1);
    assert_proven(fixture);
}

#define WITH_CA(test) cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_on_after_a_clean_stop),
        cmocka_unit_test(goes_on_in_an_epoch_that_gave_no_serial_yet),
        cmocka_unit_test(begins_a_new_one_at_the_first_start),
        cmocka_unit_test(begins_a_new_one_after_anything_but_a_clean_stop),
        cmocka_unit_test(notices_what_was_put_back),
        cmocka_unit_test(is_above_every_epoch_of_a_life_it_does_not_know),
        cmocka_unit_test(does_not_go_on_when_the_stop_lies_in_the_future),
        cmocka_unit_test(takes_a_clock_before_the_first_unit_for_zero),
        cmocka_unit_test(says_so_when_no_epoch_is_left),
        WITH_CA(reads_back_what_it_wrote_and_nothing_else),
        WITH_CA(reads_a_file_of_before_there_were_bundles),
        WITH_CA(a_clean_restart_gives_the_next_serial),
        WITH_CA(a_crash_begins_an_epoch),
        WITH_CA(a_crash_right_behind_the_start_begins_an_epoch),
        WITH_CA(an_epoch_that_only_the_ledger_knows_is_not_begun_again),
        WITH_CA(an_older_ledger_begins_an_epoch_above_all),
        WITH_CA(a_copy_of_everything_begins_an_epoch),
        WITH_CA(a_lost_state_begins_an_epoch),
        WITH_CA(answers_nothing_but_a_failure_after_it_has_stopped),
    };
    return cmocka_run_group_tests_name("signer/epoch", tests, NULL, NULL);
}
