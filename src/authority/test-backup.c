// SPDX-License-Identifier: ISC
// What is told of backups, and how they stand by that, on a clock that the test moves.
#include <string.h>

#include "authority/backup.h"
#include "authority/test-lab.h"
#include "base/time.h"
#include "ledger/ledger.h"

#define DAY_S 86400u

// The clock that the authority sees is ahead by so much.
static uint64_t ahead_s;
uint64_t __real_vouch_time_now_s(void);
uint64_t __wrap_vouch_time_now_s(void);
uint64_t __wrap_vouch_time_now_s(void) {
    return __real_vouch_time_now_s() + ahead_s;
}

static int begin(void **state) {
    ahead_s = 0;
    if (lab_begin(state) != 0) {
        return -1;
    }
    lab_open(*state);
    return 0;
}

static struct vouch_ask_backup_note news(enum vouch_backup_result result) {
    return (struct vouch_ask_backup_note){.result = result,
                                          .path = vouch_bytes_of("/backup/today"),
                                          .origin = vouch_bytes_of(LAB_ORIGIN),
                                          .made_s = vouch_time_now_s() - 60,
                                          .records = 1,
                                          .bytes = 5000};
}

static struct vouch_answer_backup_note note(struct lab *lab, const struct vouch_caller *caller,
                                            const struct vouch_ask_backup_note *ask) {
    struct vouch_answer_backup_note answer;
    test_ok(vouch_authority_backup_note(lab->admin, caller, ask, &answer, &fault));
    return answer;
}

static void tell(struct lab *lab, const struct vouch_ask_backup_note *ask) {
    const struct vouch_caller local = lab_local();
    const struct vouch_answer_backup_note answer = note(lab, &local, ask);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(answer.number > 0);
}

static struct vouch_backups found(struct lab *lab) {
    const struct vouch_caller local = lab_local();
    const struct vouch_ask_page page = {0};
    struct vouch_answer_status answer;
    test_ok(vouch_authority_status(lab->admin, &local, &page, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(answer.disk_bytes >= answer.disk_free && answer.disk_bytes > 0);
    return answer.backups;
}

static void a_server_without_a_backup_says_so(void **state) {
    const struct vouch_backups backups = found(*state);
    assert_int_equal(backups.state, VOUCH_BACKUPS_NONE);
    assert_int_equal(backups.made_s, 0);
    assert_int_equal(backups.verified_s, 0);
}

static void a_backup_that_nobody_verified_is_unproven(void **state) {
    const struct vouch_ask_backup_note made = news(VOUCH_BACKUP_MADE);
    tell(*state, &made);
    const struct vouch_backups backups = found(*state);
    assert_int_equal(backups.state, VOUCH_BACKUPS_UNPROVEN);
    assert_int_equal(backups.made_s, made.made_s);
    assert_int_equal(backups.records, 1);
    assert_int_equal(backups.bytes, 5000);
    assert_int_equal(backups.whole_s, 0);
}

static void a_verified_backup_is_good_for_a_week(void **state) {
    const struct vouch_ask_backup_note made = news(VOUCH_BACKUP_MADE);
    const struct vouch_ask_backup_note whole = news(VOUCH_BACKUP_WHOLE);
    tell(*state, &made);
    tell(*state, &whole);
    struct vouch_backups backups = found(*state);
    assert_int_equal(backups.state, VOUCH_BACKUPS_GOOD);
    assert_true(backups.whole_s >= whole.made_s);
    assert_int_equal(backups.whole_s, backups.verified_s);
    ahead_s = 7 * DAY_S - 120;
    assert_int_equal(found(*state).state, VOUCH_BACKUPS_GOOD);
    ahead_s = 7 * DAY_S;
    assert_int_equal(found(*state).state, VOUCH_BACKUPS_OLD);
}

static void a_newer_backup_makes_up_for_an_old_one(void **state) {
    const struct vouch_ask_backup_note whole = news(VOUCH_BACKUP_WHOLE);
    tell(*state, &whole);
    ahead_s = 8 * DAY_S;
    assert_int_equal(found(*state).state, VOUCH_BACKUPS_OLD);
    const struct vouch_ask_backup_note made = news(VOUCH_BACKUP_MADE);
    tell(*state, &made);
    assert_int_equal(found(*state).state, VOUCH_BACKUPS_GOOD);
    assert_int_equal(found(*state).made_s, made.made_s);
}

// It was made while the server stood still, so nobody told of its making.
static void a_backup_that_is_only_verified_counts_from_when_it_was_made(void **state) {
    struct vouch_ask_backup_note whole = news(VOUCH_BACKUP_WHOLE);
    whole.made_s -= 2 * DAY_S;
    tell(*state, &whole);
    assert_int_equal(found(*state).state, VOUCH_BACKUPS_GOOD);
    assert_int_equal(found(*state).made_s, whole.made_s);
}

static void a_broken_backup_shows_until_one_is_whole(void **state) {
    const struct vouch_ask_backup_note whole = news(VOUCH_BACKUP_WHOLE);
    const struct vouch_ask_backup_note broken = {.result = VOUCH_BACKUP_BROKEN,
                                                 .path = vouch_bytes_of("/backup/today"),
                                                 .why = vouch_bytes_of("db/vouch.db: is missing")};
    tell(*state, &whole);
    tell(*state, &broken);
    const struct vouch_backups backups = found(*state);
    assert_int_equal(backups.state, VOUCH_BACKUPS_BROKEN);
    assert_true(backups.verified_s >= backups.whole_s && backups.whole_s > 0);
    tell(*state, &whole);
    assert_int_equal(found(*state).state, VOUCH_BACKUPS_GOOD);
}

static void what_was_told_outlives_a_restart(void **state) {
    struct lab *lab = *state;
    const struct vouch_ask_backup_note whole = news(VOUCH_BACKUP_WHOLE);
    tell(lab, &whole);
    lab_close(lab);
    lab_open(lab);
    assert_int_equal(found(lab).state, VOUCH_BACKUPS_GOOD);
    assert_int_equal(found(lab).made_s, whole.made_s);
}

static void is_in_the_ledger_with_who_told_it(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller local = lab_local();
    const struct vouch_ask_backup_note broken = {.result = VOUCH_BACKUP_BROKEN,
                                                 .path = vouch_bytes_of("/backup/today"),
                                                 .why = vouch_bytes_of("ledger: is cut")};
    const uint64_t number = note(lab, &local, &broken).number;
    struct vouch_ledger_reader *reader = NULL;
    struct vouch_record record;
    struct vouch_bytes why;
    int is_found = 0;
    test_ok(vouch_ledger_reader_open(lab->ledger_dir, number, &reader, &fault));
    test_ok(vouch_ledger_reader_next(reader, &record, &is_found, &fault));
    assert_true(is_found && vouch_record_is_event(&record, "backup.broken"));
    assert_true(vouch_bytes_equal(record.object, broken.path));
    assert_memory_equal(record.actor.ptr, "local:uid:", 10);
    assert_true(vouch_record_detail(&record, "why", &why));
    assert_true(vouch_bytes_equal(why, broken.why));
    vouch_ledger_reader_close(reader);
}

static void is_told_on_the_servers_machine_only(void **state) {
    struct lab *lab = *state;
    char secret[VOUCH_TOKEN_TEXT_MAX];
    const struct vouch_ask_backup_note whole = news(VOUCH_BACKUP_WHOLE);
    lab_new_token(lab, "root", NULL, "admin metrics", secret);
    const struct vouch_caller token = lab_token(secret);
    const struct vouch_answer_backup_note answer = note(lab, &token, &whole);
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    assert_string_equal(answer.reply.code, "V-2070");
    assert_int_equal(found(lab).state, VOUCH_BACKUPS_NONE);
}

static void refuses_what_is_no_backup_of_this_server(void **state) {
    struct vouch_ask_backup_note asks[6];
    static const struct {
        enum vouch_verdict verdict;
        const char *code, *field;
    } wanted[] = {
        {VOUCH_VERDICT_CONFLICT, "V-2071", "origin"}, {VOUCH_VERDICT_CONFLICT, "V-2071", "records"},
        {VOUCH_VERDICT_INVALID, "V-1805", "time"},    {VOUCH_VERDICT_INVALID, "V-1805", "time"},
        {VOUCH_VERDICT_INVALID, "V-1805", "path"},    {VOUCH_VERDICT_INVALID, "V-1805", "result"},
    };
    const struct vouch_caller local = lab_local();
    for (size_t i = 0; i < 6; i++) {
        asks[i] = news(VOUCH_BACKUP_WHOLE);
    }
    asks[0].origin = vouch_bytes_of("other.example.com");
    asks[1].records = 1000000;
    asks[2].made_s = 0;
    asks[3].made_s = vouch_time_now_s() + 3600;
    asks[4].path = vouch_bytes_of("");
    asks[5].result = VOUCH_BACKUP_UNSAID;
    for (size_t i = 0; i < 6; i++) {
        const struct vouch_answer_backup_note answer = note(*state, &local, &asks[i]);
        lab_verdict(answer, wanted[i].verdict);
        assert_string_equal(answer.reply.code, wanted[i].code);
        assert_string_equal(answer.reply.field, wanted[i].field);
    }
    assert_int_equal(found(*state).state, VOUCH_BACKUPS_NONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, lab_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_server_without_a_backup_says_so),
        TEST(a_backup_that_nobody_verified_is_unproven),
        TEST(a_verified_backup_is_good_for_a_week),
        TEST(a_newer_backup_makes_up_for_an_old_one),
        TEST(a_backup_that_is_only_verified_counts_from_when_it_was_made),
        TEST(a_broken_backup_shows_until_one_is_whole),
        TEST(what_was_told_outlives_a_restart),
        TEST(is_in_the_ledger_with_who_told_it),
        TEST(is_told_on_the_servers_machine_only),
        TEST(refuses_what_is_no_backup_of_this_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
