// SPDX-License-Identifier: ISC
// The office over its life: restarts, crashes between recording and indexing, databases that are locked,
// damaged, behind the ledger or ahead of it, idempotency keys at work, and many at a time.
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "authority/caller.h"
#include "authority/row.h"
#include "authority/test-lab.h"
#include "base/io.h"
#include "base/time.h"
#include "core/key.h"
#include "core/krl-canary.h"
#include "core/trust.h"
#include "ledger/verify.h"
#include "store/handle.h"

#define THREADS 8

static char secret[VOUCH_TOKEN_TEXT_MAX];

static void set_up(struct lab *lab) {
    lab_open(lab);
    lab_profile(lab, "deploy", "alice bob-*", "permit-pty", 3600);
    lab_new_token(lab, "ci", "deploy", "cert:issue cert:read", secret);
}

static void issue(struct lab *lab, const char *once, struct vouch_answer_cert *ret_answer) {
    const struct vouch_caller caller = lab_token(secret);
    struct vouch_ask_issue ask = lab_ask(lab);
    ask.once = vouch_bytes_of(once);
    test_ok(vouch_authority_issue(lab->admin, &caller, &ask, ret_answer, &fault));
}

static uint64_t issue_one(struct lab *lab, const char *once) {
    struct vouch_answer_cert answer;
    issue(lab, once, &answer);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer.row.serial;
}

static int is_indexed(struct lab *lab, uint64_t serial) {
    const struct vouch_caller caller = lab_token(secret);
    const struct vouch_ask_show ask = {.serial = serial};
    struct vouch_answer_cert answer;
    test_ok(vouch_authority_show(lab->admin, &caller, &ask, &answer, &fault));
    return answer.reply.verdict == VOUCH_VERDICT_DONE;
}

static uint64_t count_certs(struct lab *lab) {
    const struct vouch_caller caller = lab_token(secret);
    char cursor[VOUCH_ASK_CURSOR_MAX] = "";
    uint64_t count = 0;
    do {
        const struct vouch_ask_certs ask = {
            .page = {.limit = 200, .cursor = vouch_bytes_of(cursor)}};
        struct vouch_answer_certs answer;
        test_ok(vouch_authority_certs(lab->admin, &caller, &ask, &answer, &fault));
        lab_verdict(answer, VOUCH_VERDICT_DONE);
        count += answer.count;
        memset(cursor, 0, sizeof cursor);
        if (answer.next.len > 0) {
            memcpy(cursor, answer.next.ptr, answer.next.len);
        }
    } while (cursor[0] != '\0');
    return count;
}

static void a_restart_keeps_everything(void **state) {
    struct lab *lab = *state;
    set_up(lab);
    uint64_t first = issue_one(lab, NULL);
    lab_close(lab);
    lab_open(lab);
    uint64_t second = issue_one(lab, NULL);
    assert_true(second > first);
    lab_settle(lab);
    assert_true(is_indexed(lab, first) && is_indexed(lab, second));
}

static void an_idempotency_key_outlives_a_restart(void **state) {
    struct lab *lab = *state;
    struct vouch_answer_cert answer;
    set_up(lab);
    uint64_t first = issue_one(lab, "key");
    lab_close(lab);
    lab_open(lab);
    assert_int_equal(issue_one(lab, "key"), first);
    const struct vouch_caller caller = lab_token(secret);
    struct vouch_ask_issue other = lab_ask(lab);
    other.once = vouch_bytes_of("key");
    other.ttl_s = 77;
    test_ok(vouch_authority_issue(lab->admin, &caller, &other, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_CONFLICT);
}

static void unlink_database(const struct lab *lab) {
    static const char *const ends[] = {"", "-wal", "-shm"};
    char path[200];
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        (void)snprintf(path, sizeof path, "%s%s", lab->database, ends[i]);
        (void)unlink(path);
    }
}

static void copy_file(const char *from, const char *to) {
    struct vouch_buf content;
    const struct vouch_io_file file = {.path = to, .mode = 0600, .existing = VOUCH_IO_REPLACE};
    vouch_buf_init(&content, 64u << 20);
    test_ok(vouch_io_read(from, 64u << 20, &content, &fault));
    test_ok(vouch_io_write(&file, vouch_buf_bytes(&content), &fault));
    vouch_buf_done(&content);
}

// The index is that of before, as after a crash between recording and indexing, or a backup put back.
static void a_database_behind_the_ledger_catches_up(void **state) {
    struct lab *lab = *state;
    char copy[160];
    set_up(lab);
    uint64_t first = issue_one(lab, "key");
    lab_settle(lab);
    (void)snprintf(copy, sizeof copy, "%s.copy", lab->database);
    test_ok(vouch_store_backup(lab->office->desk, copy, &fault));
    uint64_t second = issue_one(lab, "key-2");
    uint64_t third = issue_one(lab, NULL);
    lab_close(lab);
    unlink_database(lab);
    copy_file(copy, lab->database);
    lab_open(lab);
    assert_true(is_indexed(lab, first) && is_indexed(lab, second) && is_indexed(lab, third));
    // The keys were in the records.
    assert_int_equal(issue_one(lab, "key-2"), second);
    assert_int_equal(count_certs(lab), 3);
}

// A certificate that was recorded and never indexed: the process was killed in between.
static void what_was_only_recorded_is_indexed_at_the_start(void **state) {
    struct lab *lab = *state;
    struct vouch_signer *signer = NULL;
    struct vouch_signer_grant grant;
    set_up(lab);
    lab_close_office(lab);
    const struct vouch_bytes name = vouch_bytes_of("alice");
    const struct vouch_signer_ask ask = {.spec = {.type = VOUCH_CERT_USER,
                                                  .key = vouch_private_key_public(lab->subject),
                                                  .key_id = vouch_bytes_of("lost"),
                                                  .principals = &name,
                                                  .principal_count = 1,
                                                  .valid_after = vouch_time_now_s(),
                                                  .valid_before = vouch_time_now_s() + 600},
                                         .actor = vouch_bytes_of("token:ci"),
                                         .evidence = vouch_bytes_of("api-token"),
                                         .role = vouch_bytes_of("deploy"),
                                         .request = vouch_bytes_of("req-9"),
                                         .source = vouch_bytes_of("192.0.2.1"),
                                         .policy = vouch_bytes_of("profile deploy@1")};
    test_ok(vouch_signer_attach(lab->engine, &signer, &fault));
    test_ok(vouch_signer_sign(signer, &ask, vouch_time_monotonic_ns() + UINT64_C(5000000000),
                              &grant, &fault));
    assert_int_equal(grant.outcome, VOUCH_SIGNER_DONE);
    uint64_t serial = grant.serial;
    vouch_signer_close(signer);
    lab_open(lab);
    assert_true(is_indexed(lab, serial));
}

static void a_database_that_is_gone_is_made_again(void **state) {
    struct lab *lab = *state;
    set_up(lab);
    uint64_t serial = issue_one(lab, NULL);
    lab_close(lab);
    unlink_database(lab);
    lab_open(lab);
    // Tokens were only there, so a new one asks.
    lab_profile(lab, "deploy", "alice", "permit-pty", 3600);
    lab_new_token(lab, "ci", "deploy", "cert:issue cert:read", secret);
    assert_true(is_indexed(lab, serial));
}

// An older copy of the ledger was put back: the index knows more than the truth does, and is begun anew.
static void a_database_ahead_of_the_ledger_is_indexed_again(void **state) {
    struct lab *lab = *state;
    char command[1024];
    set_up(lab);
    uint64_t first = issue_one(lab, NULL);
    lab_close(lab);
    (void)snprintf(command, sizeof command, "cp -a %s %s.old", lab->ledger_dir, lab->ledger_dir);
    assert_int_equal(system(command), 0);
    lab_open(lab);
    uint64_t lost = issue_one(lab, NULL);
    lab_settle(lab);
    assert_true(is_indexed(lab, lost));
    lab_close(lab);
    (void)snprintf(command, sizeof command, "rm -rf %s && mv %s.old %s", lab->ledger_dir,
                   lab->ledger_dir, lab->ledger_dir);
    assert_int_equal(system(command), 0);
    lab_open(lab);
    lab_settle(lab);
    assert_true(is_indexed(lab, first));
    assert_false(is_indexed(lab, lost));
    assert_int_equal(count_certs(lab), 1);
    assert_true(issue_one(lab, NULL) > lost);
}

// The same, and the ledger has grown past the place where the two part.
static void an_index_of_another_past_is_noticed(void **state) {
    struct lab *lab = *state;
    char command[1024];
    set_up(lab);
    lab_close(lab);
    (void)snprintf(command, sizeof command, "cp -a %s %s.old && cp -a %s %s.old", lab->ledger_dir,
                   lab->ledger_dir, lab->db_dir, lab->db_dir);
    assert_int_equal(system(command), 0);
    lab_open(lab);
    uint64_t lost = issue_one(lab, NULL);
    lab_close(lab);
    // The older ledger goes on with an older database; then the newer database comes back.
    (void)snprintf(command, sizeof command,
                   "rm -rf %s && mv %s.old %s && mv %s %s.new && mv %s.old %s", lab->ledger_dir,
                   lab->ledger_dir, lab->ledger_dir, lab->db_dir, lab->db_dir, lab->db_dir,
                   lab->db_dir);
    assert_int_equal(system(command), 0);
    lab_open(lab);
    uint64_t kept = 0;
    for (size_t i = 0; i < 20; i++) {
        kept = issue_one(lab, NULL);
    }
    lab_close(lab);
    (void)snprintf(command, sizeof command, "rm -rf %s && mv %s.new %s", lab->db_dir, lab->db_dir,
                   lab->db_dir);
    assert_int_equal(system(command), 0);
    lab_open(lab);
    assert_true(is_indexed(lab, kept));
    assert_false(is_indexed(lab, lost));
}

static void a_damaged_database_is_refused_with_its_code(void **state) {
    struct lab *lab = *state;
    set_up(lab);
    (void)issue_one(lab, NULL);
    lab_close(lab);
    unlink_database(lab);
    const struct vouch_io_file file = {
        .path = lab->database, .mode = 0600, .existing = VOUCH_IO_REPLACE};
    test_ok(
        vouch_io_write(&file, vouch_bytes_of("this is no database, and never was one"), &fault));
    lab_open_fails(lab, "V-1702");
}

static void a_ledger_that_is_not_there_is_refused(void **state) {
    struct lab *lab = *state;
    lab_open_signer(lab);
    (void)snprintf(lab->ledger_dir, sizeof lab->ledger_dir, "/nonexistent");
    lab_open_fails(lab, "V-1101");
}

// Somebody else holds the database's lock: certificates go on, the index follows when it can.
static void a_locked_database_holds_back_no_certificate(void **state) {
    struct lab *lab = *state;
    set_up(lab);
    lab_settle(lab);
    struct vouch_store *other = NULL;
    const struct vouch_store_open what = {
        .where = lab->database, .access = VOUCH_STORE_WRITE, .wait_ms = 100};
    test_ok(vouch_store_open(&what, &other, &fault));
    test_ok(vouch_store_begin(other, VOUCH_DRIVER_NOW, &fault));
    uint64_t serial = issue_one(lab, "key-1");
    assert_int_equal(issue_one(lab, "key-1"), serial);
    assert_false(is_indexed(lab, serial));
    test_ok(vouch_store_end(other, VOUCH_OK, &fault));
    lab_settle(lab);
    assert_true(is_indexed(lab, serial));
    vouch_store_close(other);
}

static void a_request_at_work_is_not_begun_twice(void **state) {
    (void)state;
    struct vouch_once_table table;
    const struct vouch_once_key key = {.key = {1}, .body = {1}}, other = {.key = {1}, .body = {2}};
    enum vouch_once_state outcome = VOUCH_ONCE_OTHER;
    uint64_t number = 0;
    vouch_once_init(&table);
    assert_int_equal(vouch_once_begin(&table, &key, &outcome, &number), VOUCH_OK);
    assert_int_equal(outcome, VOUCH_ONCE_MINE);
    assert_int_equal(vouch_once_begin(&table, &key, &outcome, &number), VOUCH_OK);
    assert_int_equal(outcome, VOUCH_ONCE_AT_WORK);
    assert_int_equal(vouch_once_begin(&table, &other, &outcome, &number), VOUCH_OK);
    assert_int_equal(outcome, VOUCH_ONCE_OTHER);
    vouch_once_end(&table, &key, VOUCH_ONCE_RECORD, 42);
    assert_int_equal(vouch_once_begin(&table, &key, &outcome, &number), VOUCH_OK);
    assert_int_equal(outcome, VOUCH_ONCE_MADE);
    assert_int_equal(number, 42);
    vouch_once_indexed(&table, key.key);
    assert_int_equal(vouch_once_begin(&table, &other, &outcome, &number), VOUCH_OK);
    assert_int_equal(outcome, VOUCH_ONCE_MINE);
    vouch_once_end(&table, &other, VOUCH_ONCE_UNKNOWN, 0);
    assert_int_equal(vouch_once_begin(&table, &other, &outcome, &number), VOUCH_OK);
    assert_int_equal(outcome, VOUCH_ONCE_AT_WORK);
    vouch_once_done(&table);
}

static void a_full_table_says_so(void **state) {
    (void)state;
    static struct vouch_once_table table;
    vouch_once_init(&table);
    enum vouch_once_state outcome = VOUCH_ONCE_OTHER;
    uint64_t number = 0;
    for (size_t i = 0; i <= VOUCH_ONCE_ENTRIES_MAX; i++) {
        struct vouch_once_key key = {{0}, {0}};
        memcpy(key.key, &i, sizeof i);
        assert_int_equal(vouch_once_begin(&table, &key, &outcome, &number), VOUCH_OK);
        assert_int_equal(outcome,
                         i < VOUCH_ONCE_ENTRIES_MAX ? VOUCH_ONCE_MINE : VOUCH_ONCE_AT_WORK);
    }
    vouch_once_done(&table);
}

// --- a list whose publication was cut short is published at the next start

static void the_user_list_alone_revokes_the_canary(void **state) {
    struct lab *lab = *state;
    static const enum vouch_krl_canaries expected[] = {VOUCH_KRL_CANARIES_AS_DUE,
                                                       VOUCH_KRL_CANARIES_BAD_PASSES};
    set_up(lab);
    for (size_t i = 0; i < 2; i++) {
        const struct vouch_office_krl *published = &lab->office->krls[i];
        enum vouch_krl_canaries canaries = VOUCH_KRL_CANARIES_UNKNOWN;
        struct vouch_krl *krl = NULL;
        test_ok(vouch_krl_parse((struct vouch_bytes){published->bytes, published->krl_len}, &krl,
                                NULL));
        test_ok(vouch_krl_canary_judge(krl, vouch_bytes_of(lab->office->origin), &canaries));
        assert_int_equal(canaries, expected[i]);
        vouch_krl_free(krl);
    }
    lab_close(lab);
}

static void a_lost_list_is_published_again(void **state) {
    struct lab *lab = *state;
    char path[160];
    set_up(lab);
    const struct vouch_caller local = lab_local();
    const struct vouch_ask_revoke ask = {.kind = VOUCH_REVOKE_KEY_ID,
                                         .value = vouch_bytes_of("mallory"),
                                         .reason = vouch_bytes_of("left")};
    struct vouch_answer_revoke answer;
    test_ok(vouch_authority_revoke(lab->admin, &local, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    uint64_t first = atomic_load(&lab->office->epoch) << VOUCH_KRL_EPOCH_SHIFT;
    assert_int_equal(answer.krl_versions[0], first + 1);
    lab_close(lab);
    lab_open(lab);
    assert_int_equal(lab->office->krls[0].version, first + 1); // from its file
    lab_close(lab);
    (void)snprintf(path, sizeof path, "%s/krl-user", lab->db_dir);
    assert_int_equal(unlink(path), 0);
    lab_open(lab);
    assert_int_equal(lab->office->krls[0].version, first + 2);
    assert_int_equal(lab->office->krls[1].version, first + 1);
    lab_close(lab);
    // A damaged file is no list either, and the database's note of versions may be gone with it.
    const struct vouch_io_file file = {.path = path, .mode = 0600, .existing = VOUCH_IO_REPLACE};
    test_ok(vouch_io_write(&file, vouch_bytes_of("nonsense"), &fault));
    unlink_database(lab);
    lab_open(lab);
    assert_int_equal(lab->office->krls[0].version, first + 3);
}

static void revoke_key_id(struct lab *lab, const char *key_id) {
    const struct vouch_caller local = lab_local();
    const struct vouch_ask_revoke ask = {.kind = VOUCH_REVOKE_KEY_ID,
                                         .value = vouch_bytes_of(key_id),
                                         .reason = vouch_bytes_of("left")};
    struct vouch_answer_revoke answer;
    test_ok(vouch_authority_revoke(lab->admin, &local, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
}

// Hosts hold the list of a later past and refuse any that is not newer, so the same list must come again.
static void after_a_restore_lists_are_newer_than_all_before(void **state) {
    struct lab *lab = *state;
    char command[1024];
    uint64_t lost[2];
    set_up(lab);
    lab_close(lab);
    (void)snprintf(command, sizeof command, "cp -a %s %s-old", lab->root, lab->root);
    assert_int_equal(system(command), 0);
    lab_open(lab);
    for (size_t i = 0; i < 3; i++) {
        revoke_key_id(lab, i == 0 ? "mallory" : i == 1 ? "trudy" : "eve");
    }
    lost[0] = lab->office->krls[0].version;
    lost[1] = lab->office->krls[1].version;
    lab_close(lab);
    (void)snprintf(command, sizeof command, "rm -rf %s && mv %s-old %s", lab->root, lab->root,
                   lab->root);
    assert_int_equal(system(command), 0);
    lab_open(lab);
    assert_true(lab->office->krls[0].version > lost[0]);
    assert_true(lab->office->krls[1].version > lost[1]);
    uint64_t kept = lab->office->krls[0].version;
    revoke_key_id(lab, "mallory");
    assert_int_equal(lab->office->krls[0].version, kept + 1);
    lab_close(lab);
    lab_open(lab);
    assert_int_equal(lab->office->krls[0].version, kept + 1); // once an epoch is enough
}

// --- tiles that are replaced while they are looked for

static uint64_t covered_size(struct lab *lab, uint64_t at_least) {
    uint64_t size = 0;
    for (size_t i = 0; size < at_least; i++) {
        const struct timespec moment = {.tv_nsec = 20000000};
        assert_true(i < 500);
        (void)nanosleep(&moment, NULL);
        pthread_mutex_lock(&lab->office->public_lock);
        size = lab->office->checkpoint_size;
        pthread_mutex_unlock(&lab->office->public_lock);
    }
    return size;
}

static void a_tile_that_was_just_replaced_is_served(void **state) {
    struct lab *lab = *state;
    struct vouch_answer_tile answer;
    set_up(lab);
    uint64_t before = covered_size(lab, 4);
    (void)issue_one(lab, NULL);
    uint64_t now = covered_size(lab, before + 1);
    const struct vouch_caller nobody = {0};
    const struct vouch_ask_tile ask = {.path = vouch_bytes_of("tile/0/000.p/2")};
    pthread_mutex_lock(&lab->office->public_lock);
    lab->office->checkpoint_size = before; // as it was a moment ago
    pthread_mutex_unlock(&lab->office->public_lock);
    test_ok(vouch_authority_tile(lab->admin, &nobody, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.bytes.len, 64);
    assert_true(covered_size(lab, before) >= now);
}

// --- what the signer has to say

static void what_the_signer_refuses_is_named_as_the_asker_does(void **state) {
    struct lab *lab = *state;
    struct vouch_answer_cert answer;
    set_up(lab);
    lab_profile(lab, "deploy", "alice", "source-address=*", 3600);
    struct vouch_ask_issue ask = lab_ask(lab);
    ask.critical = lab_list("source-address=0.0.0.0/0");
    const struct vouch_caller caller = lab_token(secret);
    test_ok(vouch_authority_issue(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_INVALID);
    assert_string_equal(answer.reply.field, "critical_options");
    assert_string_equal(answer.reply.code, "V-1301");
    assert_int_equal(strncmp(answer.reply.why, "source-address allows every address", 35), 0);
}

// --- many at a time

struct crowd {
    struct lab *lab;
    size_t lane;
    size_t count;
    uint64_t serial;
};

static void *crowd_run(void *context) {
    struct crowd *crowd = context;
    const struct vouch_caller caller = lab_token(secret);
    const struct vouch_ask_issue ask = {
        .type = VOUCH_CERT_USER,
        .key = vouch_key_blob(vouch_private_key_public(crowd->lab->subject)),
        .principals = {(const struct vouch_bytes[]){{(const uint8_t *)"alice", 5}}, 1}};
    uint64_t last = 0;
    for (size_t i = 0; i < crowd->count; i++) {
        struct vouch_answer_cert answer;
        struct vouch_fault fault = {0};
        int err =
            vouch_authority_issue(crowd->lab->remotes[crowd->lane], &caller, &ask, &answer, &fault);
        if (err != VOUCH_OK || answer.reply.verdict != VOUCH_VERDICT_DONE ||
            answer.row.serial <= last) {
            print_message("# %s %s\n", fault.text, answer.reply.why);
            return NULL;
        }
        last = answer.row.serial;
    }
    return crowd;
}

// 4,000 in the ordinary run, 100,000 with VOUCH_LONG.
static void many_issue_at_the_same_time(void **state) {
    struct lab *lab = *state;
    size_t each = (getenv("VOUCH_LONG") != NULL ? 100000u : 4000u) / THREADS;
    struct crowd crowd[THREADS];
    pthread_t threads[THREADS];
    set_up(lab);
    lab_serve(lab, THREADS);
    uint64_t start_ns = vouch_time_monotonic_ns();
    for (size_t i = 0; i < THREADS; i++) {
        crowd[i] = (struct crowd){.lab = lab, .lane = i, .count = each};
        assert_int_equal(pthread_create(&threads[i], NULL, crowd_run, &crowd[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_non_null(result);
    }
    uint64_t took_ns = vouch_time_monotonic_ns() - start_ns;
    print_message("# %zu certificates, %.0f a second\n", each * THREADS,
                  (double)(each * THREADS) * 1e9 / (double)took_ns);
    lab_settle(lab);
    assert_int_equal(count_certs(lab), each * THREADS);
    lab_close(lab);
    const struct vouch_ledger_verify what = {.dir = lab->ledger_dir};
    struct vouch_ledger_report report = {0};
    test_ok(vouch_ledger_verify(&what, &report, &fault));
    assert_int_equal(report.verdict, VOUCH_LEDGER_PROVEN);
    vouch_ledger_report_done(&report);
}

// The same request from all lanes at once: one certificate, whoever is told to wait may ask again.
static void *same_request_run(void *context) {
    struct crowd *crowd = context;
    const struct vouch_caller caller = lab_token(secret);
    const struct vouch_ask_issue ask = {
        .type = VOUCH_CERT_USER,
        .key = vouch_key_blob(vouch_private_key_public(crowd->lab->subject)),
        .principals = {(const struct vouch_bytes[]){{(const uint8_t *)"alice", 5}}, 1},
        .once = vouch_bytes_of("all-at-once")};
    for (size_t i = 0; i < 10000; i++) {
        struct vouch_answer_cert answer;
        if (vouch_authority_issue(crowd->lab->remotes[crowd->lane], &caller, &ask, &answer, NULL) !=
                VOUCH_OK ||
            (answer.reply.verdict != VOUCH_VERDICT_DONE &&
             answer.reply.verdict != VOUCH_VERDICT_BUSY)) {
            return NULL;
        }
        if (answer.reply.verdict == VOUCH_VERDICT_DONE) {
            crowd->serial = answer.row.serial;
            return crowd;
        }
    }
    return NULL;
}

static void the_same_request_at_the_same_time_is_one(void **state) {
    struct lab *lab = *state;
    struct crowd crowd[THREADS];
    pthread_t threads[THREADS];
    set_up(lab);
    lab_serve(lab, THREADS);
    for (size_t i = 0; i < THREADS; i++) {
        crowd[i] = (struct crowd){.lab = lab, .lane = i};
        assert_int_equal(pthread_create(&threads[i], NULL, same_request_run, &crowd[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_non_null(result);
        assert_int_equal(crowd[i].serial, crowd[0].serial);
    }
    lab_settle(lab);
    assert_int_equal(count_certs(lab), 1);
}

// The version of the bundle that the office has from its signer, proven by the checkpoint key.
static uint64_t trust_version(struct lab *lab) {
    const struct vouch_caller nobody = {0};
    struct vouch_ask_public ask = {0};
    struct vouch_answer_public answer;
    struct vouch_trust trust = {0};
    struct vouch_key *checkpoint_key = NULL;
    test_ok(vouch_authority_public(lab->admin, &nobody, &ask, &answer, &fault));
    assert_int_equal(vouch_key_parse(answer.checkpoint_key, &checkpoint_key, NULL), VOUCH_OK);
    const struct vouch_trust_known known = {checkpoint_key, LAB_ORIGIN, answer.trust_version};
    assert_int_equal(vouch_trust_verify(answer.trust, &known, &trust, NULL), VOUCH_OK);
    assert_true(trust.version == answer.trust_version);
    assert_true(vouch_bytes_equal(vouch_key_blob(vouch_trust_active(&trust, VOUCH_CERT_USER)),
                                  answer.user_ca));
    vouch_trust_done(&trust);
    vouch_key_free(checkpoint_key);
    ask.trust_version = known.version;
    test_ok(vouch_authority_public(lab->admin, &nobody, &ask, &answer, &fault));
    assert_int_equal(answer.trust.len, 0); // who has it does not get it again
    return answer.trust_version;
}

static void gives_the_signers_trust_bundle_and_a_higher_one_after_a_restart(void **state) {
    struct lab *lab = *state;
    set_up(lab);
    uint64_t first = trust_version(lab);
    lab_close(lab);
    lab_open(lab);
    assert_true(trust_version(lab) > first);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, lab_begin, lab_end)
    const struct CMUnitTest tests[] = {
        TEST(a_restart_keeps_everything),
        TEST(an_idempotency_key_outlives_a_restart),
        TEST(a_database_behind_the_ledger_catches_up),
        TEST(what_was_only_recorded_is_indexed_at_the_start),
        TEST(a_database_that_is_gone_is_made_again),
        TEST(a_database_ahead_of_the_ledger_is_indexed_again),
        TEST(an_index_of_another_past_is_noticed),
        TEST(a_damaged_database_is_refused_with_its_code),
        TEST(a_ledger_that_is_not_there_is_refused),
        TEST(a_locked_database_holds_back_no_certificate),
        cmocka_unit_test(a_request_at_work_is_not_begun_twice),
        cmocka_unit_test(a_full_table_says_so),
        TEST(the_user_list_alone_revokes_the_canary),
        TEST(a_lost_list_is_published_again),
        TEST(after_a_restore_lists_are_newer_than_all_before),
        TEST(gives_the_signers_trust_bundle_and_a_higher_one_after_a_restart),
        TEST(a_tile_that_was_just_replaced_is_served),
        TEST(what_the_signer_refuses_is_named_as_the_asker_does),
        TEST(the_same_request_at_the_same_time_is_one),
        TEST(many_issue_at_the_same_time),
    };
    return cmocka_run_group_tests_name("office", tests, NULL, NULL);
}
