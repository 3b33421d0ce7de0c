// SPDX-License-Identifier: ISC
// Lanes and the queue behind them: many askers at once, askers that misbehave, stopping under load.
#include "signer/test-fixture.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/cert-view.h"
#include "signer/frames.h"

#define ASKERS 16
#define ASKS 40

struct asker {
    struct fixture *fixture;
    unsigned lane;
    int is_over; // the lane was hung up
    unsigned granted;
    uint64_t serials[4 * ASKS];
    pthread_t thread;
};

static struct vouch_signer *connect_lane(struct fixture *fixture, unsigned lane) {
    struct vouch_signer *signer = NULL;
    assert_int_equal(vouch_signer_connect(fixture->lanes[lane], &signer, NULL), VOUCH_OK);
    fixture->lanes[lane] = -1;
    return signer;
}

// Asks until it has enough or the lane is hung up. (cmocka's assertions are for the main thread.)
static void *ask_many(void *context) {
    struct asker *asker = context;
    struct vouch_signer *signer = NULL;
    if (vouch_signer_connect(asker->fixture->lanes[asker->lane], &signer, NULL) != VOUCH_OK) {
        abort();
    }
    for (unsigned i = 0; i < 4 * ASKS && asker->granted < ASKS && !asker->is_over; i++) {
        const struct vouch_signer_ask ask = fixture_ask(asker->fixture);
        const struct vouch_signer_event event = fixture_event();
        struct vouch_signer_grant grant = {0};
        struct vouch_signer_noted noted = {0};
        if (i % 4 == 3) {
            asker->is_over = vouch_signer_note(signer, &event, FIXTURE_DEADLINE, &noted, NULL) != 0;
            continue;
        }
        asker->is_over = vouch_signer_sign(signer, &ask, FIXTURE_DEADLINE, &grant, NULL) != 0;
        if (!asker->is_over && grant.outcome == VOUCH_SIGNER_DONE) {
            asker->serials[asker->granted++] = grant.serial;
        }
    }
    vouch_signer_close(signer);
    return NULL;
}

static void start_askers(struct fixture *fixture, struct asker *askers) {
    for (unsigned i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){.fixture = fixture, .lane = i};
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_many, &askers[i]), 0);
    }
}

static void join_askers(struct fixture *fixture, struct asker *askers) {
    for (unsigned i = 0; i < ASKERS; i++) {
        assert_int_equal(pthread_join(askers[i].thread, NULL), 0);
        fixture->lanes[i] = -1;
    }
}

// What the ledger holds: every serial follows the one before it.
struct walk {
    uint64_t serials[ASKERS * ASKS + 1];
    size_t count;
    uint64_t last;
};

static void walk_record(void *context, const struct vouch_record *record) {
    struct walk *walk = context;
    struct vouch_cert_view cert = {0};
    if (record->kind != VOUCH_RECORD_CERT) {
        return;
    }
    assert_int_equal(vouch_cert_view_read(record->cert, &cert, NULL), VOUCH_OK);
    assert_true(walk->last == 0 || cert.serial == walk->last + 1);
    assert_true(walk->count < ASKERS * ASKS);
    walk->last = cert.serial;
    walk->serials[walk->count++] = cert.serial;
}

static void records_each_granted_certificate_in_the_order_of_serials(void **state) {
    struct fixture *fixture = *state;
    static struct asker askers[ASKERS];
    static struct walk walk;
    unsigned granted = 0;
    walk = (struct walk){0};
    fixture_open(fixture);
    fixture_serve(fixture, ASKERS);
    start_askers(fixture, askers);
    join_askers(fixture, askers);
    fixture_serve_end(fixture);
    fixture_records(fixture, walk_record, &walk);
    for (unsigned i = 0; i < ASKERS; i++) {
        assert_false(askers[i].is_over);
        granted += askers[i].granted;
        for (unsigned k = 1; k < askers[i].granted; k++) {
            assert_true(askers[i].serials[k] > askers[i].serials[k - 1]);
        }
    }
    assert_int_equal(granted, ASKERS * ASKS);
    assert_int_equal(walk.count, granted);
    assert_true((walk.serials[0] & VOUCH_EPOCH_COUNTER_MAX) == 1);
    assert_proven(fixture);
}

static void covers_records_by_a_checkpoint_within_a_second(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer_state about = {0};
    struct vouch_signer_ask ask = fixture_ask(fixture);
    struct vouch_signer_grant grant = {0};
    fixture_open(fixture);
    fixture_serve(fixture, 1);
    struct vouch_signer *signer = connect_lane(fixture, 0);
    uint64_t deadline_ns = vouch_time_monotonic_ns() + UINT64_C(10000000000);
    assert_int_equal(vouch_signer_sign(signer, &ask, FIXTURE_DEADLINE, &grant, NULL), VOUCH_OK);
    uint64_t start_ns = vouch_time_monotonic_ns();
    do {
        (void)usleep(5000);
        assert_int_equal(vouch_signer_state(signer, FIXTURE_DEADLINE, &about, NULL), VOUCH_OK);
    } while (about.checkpoint_size <= grant.number && vouch_time_monotonic_ns() < deadline_ns);
    assert_true(vouch_time_monotonic_ns() - start_ns < UINT64_C(1000000000));
    vouch_signer_close(signer);
    fixture_serve_end(fixture);
}

static void hangs_up_a_lane_whose_frames_make_no_sense(void **state) {
    struct fixture *fixture = *state;
    static const struct {
        const char *bytes;
        size_t len;
    } frames[] = {
        {"\0\0\0\0\0\0\0\0", 8},         // type 0
        {"\0\0\0\0\0\x15\0\0", 8},       // an answer's type
        {"\0\0\0\0\0\4\0\1", 8},         // flags
        {"\0\0\0\1\0\4\0\0x", 9},        // longer than a question for the state may be
        {"\xff\xff\xff\xff\0\1\0\0", 8}, // 4 GiB
        {"\0\0\0\x10\0\1\0\0", 8},       // a request to sign that is too short to be one
        {"\0\0\0\x10\0\2\0\0\0\0\0\1xxxxxxxxxxx", 24}, // an event of one string and rubbish
        {"\0\0\0\x40\0\1\0\0"
         "\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\2\0\0zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
         72}, // principals that are no list
    };
    enum { COUNT = sizeof frames / sizeof frames[0] };
    fixture_open(fixture);
    fixture_serve(fixture, COUNT + 1);
    for (unsigned i = 0; i < COUNT; i++) {
        char answer[64];
        assert_int_equal(send(fixture->lanes[i], frames[i].bytes, frames[i].len, MSG_NOSIGNAL),
                         frames[i].len);
        const struct timeval limit = {.tv_sec = 20};
        assert_int_equal(
            setsockopt(fixture->lanes[i], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
        assert_int_equal(recv(fixture->lanes[i], answer, sizeof answer, 0), 0);
    }
    struct vouch_signer *signer = connect_lane(fixture, COUNT); // the others are none the worse
    struct vouch_signer_ask ask = fixture_ask(fixture);
    struct vouch_signer_grant grant = {0};
    assert_int_equal(vouch_signer_sign(signer, &ask, FIXTURE_DEADLINE, &grant, NULL), VOUCH_OK);
    assert_int_equal(grant.outcome, VOUCH_SIGNER_DONE);
    vouch_signer_close(signer);
    fixture_serve_end(fixture);
    assert_int_equal(fixture_count(fixture, NULL), 1);
    assert_proven(fixture);
}

static void refuses_a_key_that_cannot_be_read(void **state) {
    struct fixture *fixture = *state;
    fixture_open(fixture);
    fixture_serve(fixture, 1);
    struct vouch_lane lane;
    vouch_lane_init(&lane, fixture->lanes[0], &vouch_signer_protocol, VOUCH_LANE_ASKS);
    fixture->lanes[0] = -1;
    struct vouch_signer_ask ask = fixture_ask(fixture);
    ask.spec.key = NULL; // written as an empty blob
    struct vouch_message answer = {0};
    struct vouch_signer_refusal refusal = {0};
    vouch_signer_write_ask(vouch_lane_begin(&lane), &ask);
    assert_int_equal(vouch_lane_ask(&lane, VOUCH_SIGNER_ASK_SIGN, FIXTURE_DEADLINE, &answer, NULL),
                     VOUCH_OK);
    assert_int_equal(answer.type, VOUCH_SIGNER_ANSWER_REFUSED);
    assert_int_equal(vouch_signer_read_refusal(answer.body, &refusal, NULL), VOUCH_OK);
    assert_string_equal(refusal.code, "V-1201");
    assert_string_equal(refusal.field, "public key");
    vouch_lane_done(&lane);
    fixture_serve_end(fixture);
}

// Sends requests and never reads an answer. Returns when the signer has hung up, or takes no more.
static void *flood(void *context) {
    int fd = *(const int *)context;
    static const uint8_t question[] = {0, 0, 0, 0, 0, VOUCH_SIGNER_ASK_STATE, 0, 0};
    struct timeval limit = {.tv_sec = 1};
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    while (send(fd, question, sizeof question, MSG_NOSIGNAL) == sizeof question) {
    }
    return NULL;
}

static void an_asker_that_does_not_read_holds_up_nobody_else(void **state) {
    struct fixture *fixture = *state;
    pthread_t flooding;
    fixture_open(fixture);
    fixture_serve(fixture, 2);
    struct vouch_signer *signer = connect_lane(fixture, 0);
    assert_int_equal(pthread_create(&flooding, NULL, flood, &fixture->lanes[1]), 0);
    for (unsigned i = 0; i < 50; i++) {
        struct vouch_signer_ask ask = fixture_ask(fixture);
        struct vouch_signer_grant grant = {0};
        uint64_t deadline_ns = vouch_time_monotonic_ns() + UINT64_C(4000000000);
        assert_int_equal(vouch_signer_sign(signer, &ask, deadline_ns, &grant, NULL), VOUCH_OK);
        assert_int_equal(grant.outcome, VOUCH_SIGNER_DONE);
    }
    assert_int_equal(pthread_join(flooding, NULL), 0);
    vouch_signer_close(signer);
    fixture_serve_end(fixture);
}

static void an_asker_that_dies_in_a_request_leaves_a_record_at_most(void **state) {
    struct fixture *fixture = *state;
    fixture_open(fixture);
    fixture_serve(fixture, 20);
    for (unsigned i = 0; i < 20; i++) {
        struct vouch_lane lane;
        vouch_lane_init(&lane, fixture->lanes[i], &vouch_signer_protocol, VOUCH_LANE_ASKS);
        fixture->lanes[i] = -1;
        const struct vouch_signer_ask ask = fixture_ask(fixture);
        vouch_signer_write_ask(vouch_lane_begin(&lane), &ask);
        assert_int_equal(vouch_lane_send(&lane, VOUCH_SIGNER_ASK_SIGN, FIXTURE_DEADLINE, NULL),
                         VOUCH_OK);
        vouch_lane_done(&lane);
    }
    fixture_serve_end(fixture);
    assert_int_equal(fixture_count(fixture, NULL), 20); // all had been asked for
    assert_proven(fixture);
}

static void stops_cleanly_on_sigterm_and_passes_over_sighup(void **state) {
    struct fixture *fixture = *state;
    static struct asker askers[ASKERS];
    static struct walk walk;
    sigset_t signals;
    walk = (struct walk){0};
    assert_int_equal(sigemptyset(&signals), 0);
    assert_int_equal(sigaddset(&signals, SIGTERM), 0);
    assert_int_equal(sigaddset(&signals, SIGHUP), 0);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &signals, NULL), 0);
    fixture->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
    assert_true(fixture->signal_fd >= 0);
    fixture_open(fixture);
    fixture_serve(fixture, ASKERS);
    start_askers(fixture, askers);
    assert_int_equal(kill(getpid(), SIGHUP), 0);
    (void)usleep(20000);
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    join_askers(fixture, askers);
    fixture_serve_end(fixture);
    close(fixture->signal_fd);
    fixture_records(fixture, walk_record, &walk);
    size_t granted = 0;
    for (unsigned i = 0; i < ASKERS; i++) {
        granted += askers[i].granted;
        for (unsigned k = 0; k < askers[i].granted; k++) {
            assert_true(askers[i].serials[k] >= walk.serials[0]);
            assert_true(askers[i].serials[k] <= walk.last);
        }
    }
    assert_true(granted <= walk.count);
    assert_int_equal(fixture_count(fixture, "signer.stop"), 1);
    assert_proven(fixture);
    fixture_open(fixture); // and goes on in the same epoch
    assert_int_equal(vouch_epoch_of(walk.last), fixture->engine->state.epoch);
    fixture_stop(fixture);
}

static void refuses_beyond_the_rate(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer_ceiling ceiling = vouch_signer_ceiling_default();
    unsigned refused = 0;
    ceiling.rate_per_s = 5;
    fixture_open_with(fixture, &ceiling);
    fixture_serve(fixture, 1);
    struct vouch_signer *signer = connect_lane(fixture, 0);
    for (unsigned i = 0; i < 10; i++) {
        struct vouch_signer_ask ask = fixture_ask(fixture);
        struct vouch_signer_grant grant = {0};
        assert_int_equal(vouch_signer_sign(signer, &ask, FIXTURE_DEADLINE, &grant, NULL), VOUCH_OK);
        refused += grant.outcome != VOUCH_SIGNER_DONE;
        assert_true(grant.outcome == VOUCH_SIGNER_DONE ||
                    strcmp(grant.refusal.code, "V-1607") == 0);
    }
    assert_true(refused > 0 && refused <= 5);
    vouch_signer_close(signer);
    fixture_serve_end(fixture);
}

static void ends_when_every_asker_has_hung_up(void **state) {
    struct fixture *fixture = *state;
    fixture_open(fixture);
    fixture_serve(fixture, 3);
    fixture_serve_end(fixture);
    assert_int_equal(fixture_count(fixture, "signer.stop"), 1);
}

#define WITH_CA(test) cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_CA(records_each_granted_certificate_in_the_order_of_serials),
        WITH_CA(covers_records_by_a_checkpoint_within_a_second),
        WITH_CA(hangs_up_a_lane_whose_frames_make_no_sense),
        WITH_CA(refuses_a_key_that_cannot_be_read),
        WITH_CA(an_asker_that_does_not_read_holds_up_nobody_else),
        WITH_CA(an_asker_that_dies_in_a_request_leaves_a_record_at_most),
        WITH_CA(stops_cleanly_on_sigterm_and_passes_over_sighup),
        WITH_CA(refuses_beyond_the_rate),
        WITH_CA(ends_when_every_asker_has_hung_up),
    };
    return cmocka_run_group_tests_name("signer/serve", tests, NULL, NULL);
}
