// SPDX-License-Identifier: ISC
// Names with a wildcard: nobody gets one alone, nobody by a token, and none beyond the ceiling.
#include "authority/test-machine.h"

#include "authority/office.h"
#include "core/cert-view.h"
#include "store/hosts.h"

#define WEB9 "web9.prod.example.com"
#define STAR "*.web.prod.example.com"
#define OTHER "*.api.prod.example.com"

static struct vouch_signer_ceiling ceiling;

static int begin(void **state) {
    assert_int_equal(lab_begin(state), 0);
    struct lab *lab = *state;
    ceiling = vouch_signer_ceiling_default();
    assert_int_equal(vouch_host_domains_add(&ceiling.wildcards, vouch_bytes_of("prod.example.com")),
                     VOUCH_OK);
    lab->ceiling = &ceiling;
    lab_open(lab);
    company_apply(lab, company_policy, VOUCH_VERDICT_DONE);
    company_change(lab, "members: [root-of-all]", "members: [root-of-all, alice, bob]");
    return 0;
}

static void open_again(struct lab *lab, const struct vouch_signer_ceiling *with) {
    lab_close(lab);
    lab->ceiling = with;
    lab_open(lab);
}

static struct vouch_answer_fleet_row change_by(struct lab *lab, const char *who,
                                               const struct vouch_ask_fleet_change *ask,
                                               enum vouch_verdict wanted) {
    const struct vouch_caller caller = company_caller(lab, who, 10);
    struct vouch_answer_fleet_row answer;
    test_ok(vouch_authority_fleet_change(lab->admin, &caller, ask, &answer, &fault));
    lab_verdict(answer, wanted);
    return answer;
}

static struct vouch_ask_fleet_change ask_to_adopt(const struct machine *machine,
                                                  const char *wildcards) {
    return (struct vouch_ask_fleet_change){.name = vouch_bytes_of(machine->name),
                                           .verb = VOUCH_FLEET_ADOPT,
                                           .fingerprint =
                                               vouch_bytes_of(machine_fingerprint(machine)),
                                           .wildcards = lab_list(wildcards)};
}

static struct vouch_answer_fleet_row adopt(struct lab *lab, const char *who,
                                           const struct machine *machine, const char *wildcards,
                                           enum vouch_verdict wanted) {
    const struct vouch_ask_fleet_change ask = ask_to_adopt(machine, wildcards);
    return change_by(lab, who, &ask, wanted);
}

static struct vouch_answer_fleet_row do_to(struct lab *lab, const char *who, const char *name,
                                           enum vouch_fleet_verb verb, enum vouch_verdict wanted) {
    const struct vouch_ask_fleet_change ask = {.name = vouch_bytes_of(name), .verb = verb};
    return change_by(lab, who, &ask, wanted);
}

// The row's state and how many approved it.
static void assert_row(struct lab *lab, enum vouch_host_state state, uint64_t approvals) {
    const struct vouch_fleet_row row = machine_row(lab, WEB9);
    assert_int_equal(row.state, state);
    assert_int_equal(row.approvals, approvals);
    assert_int_equal(row.approvers.count, approvals);
}

static struct machine waiting(struct lab *lab, const char *aliases) {
    struct machine machine = machine_new(WEB9, 1);
    machine.aliases = aliases;
    assert_int_equal(machine_enrol(lab, &machine, "", VOUCH_VERDICT_DONE).state,
                     VOUCH_HOST_WAITING);
    return machine;
}

// Adopted by alice and bob, and with its certificates.
static struct machine enrolled(struct lab *lab, const char *aliases) {
    struct machine machine = waiting(lab, aliases);
    (void)adopt(lab, "alice", &machine, aliases, VOUCH_VERDICT_DONE);
    (void)adopt(lab, "bob", &machine, aliases, VOUCH_VERDICT_DONE);
    assert_int_equal(machine_enrol(lab, &machine, "", VOUCH_VERDICT_DONE).state, VOUCH_HOST_ACTIVE);
    return machine;
}

// Plain names alone, by a token.
static struct machine plain(struct lab *lab) {
    struct machine machine = machine_new(WEB9, 1);
    (void)machine_enrol(lab, &machine, machine_token(lab, WEB9, 0).secret, VOUCH_VERDICT_DONE);
    return machine;
}

static void assert_certified(const struct vouch_answer_enrol *answer, const char *names) {
    struct vouch_bytes room[VOUCH_HOST_NAMES_MAX];
    assert_true(company_is(answer->names, names));
    for (size_t i = 0; i < answer->cert_count; i++) {
        struct vouch_cert_view view = {0};
        size_t count = 0;
        assert_int_equal(vouch_cert_view_read(answer->certs[i].cert, &view, NULL), VOUCH_OK);
        struct vouch_bytes rest = view.principals;
        while (rest.len > 0 && count < VOUCH_HOST_NAMES_MAX) {
            const size_t len = (size_t)rest.ptr[2] << 8 | rest.ptr[3];
            room[count++] = (struct vouch_bytes){rest.ptr + 4, len};
            rest = (struct vouch_bytes){rest.ptr + 4 + len, rest.len - 4 - len};
        }
        assert_true(company_is((struct vouch_text_list){room, count}, names));
    }
}

// Changes a row behind everybody's back.
static void age(struct lab *lab, uint64_t until_s) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store *desk = lab->office->desk;
    struct vouch_store_host host = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    const uint64_t id = machine_row(lab, WEB9).id;
    pthread_mutex_lock(&lab->office->desk_lock);
    test_ok(vouch_store_host_by_id(desk, id, &arena, &outcome, &host, &fault));
    if (host.state == VOUCH_STORE_HOST_WAITING) {
        host.until_s = until_s;
    } else {
        host.wish_until_s = until_s;
    }
    test_ok(vouch_store_work_begin(desk, VOUCH_STORE_LATER, &fault));
    test_ok(vouch_store_host_put(desk, &host, &outcome, &fault));
    test_ok(vouch_store_work_end(desk, VOUCH_OK, outcome, &fault));
    pthread_mutex_unlock(&lab->office->desk_lock);
    assert_int_equal(outcome, VOUCH_STORE_DONE);
}

// --- two people

static void two_people_adopt_a_wildcard(void **state) {
    struct lab *lab = *state;
    struct machine machine = waiting(lab, "www.prod.example.com " STAR);
    assert_int_equal(machine_row(lab, WEB9).needed, 2);
    const struct vouch_fleet_row one = adopt(lab, "alice", &machine, STAR, VOUCH_VERDICT_DONE).row;
    assert_int_equal(one.state, VOUCH_HOST_WAITING);
    assert_true(company_is(one.approvers, "user:alice"));
    assert_true(vouch_bytes_equal(one.why, vouch_bytes_of("1 of 2 approvals, by alice: " STAR)));
    assert_true(one.adopt_until_s > vouch_time_now_s() + 86000);
    assert_int_equal(company_events(lab, "host.approve", WEB9), 1);
    assert_int_equal(company_events(lab, "host.adopt", WEB9), 0);
    assert_int_equal(machine_enrol(lab, &machine, "", VOUCH_VERDICT_DONE).state,
                     VOUCH_HOST_WAITING);
    assert_row(lab, VOUCH_HOST_WAITING, 1); // asking for the same again changes nothing
    const struct vouch_fleet_row two = adopt(lab, "bob", &machine, STAR, VOUCH_VERDICT_DONE).row;
    assert_int_equal(two.state, VOUCH_HOST_ACTIVE);
    assert_int_equal(two.adopt_until_s, 0);
    assert_true(vouch_bytes_equal(two.token, vouch_bytes_of("adopted:alice+bob")));
    assert_true(company_is(two.approvers, "user:alice user:bob"));
    assert_int_equal(company_events(lab, "host.adopt", WEB9), 1);
    const struct vouch_answer_enrol answer = machine_enrol(lab, &machine, "", VOUCH_VERDICT_DONE);
    assert_certified(&answer, WEB9 " web9 www.prod.example.com " STAR);
    machine_free(&machine);
}

static void one_person_is_not_two(void **state) {
    struct lab *lab = *state;
    struct machine machine = waiting(lab, STAR);
    for (int i = 0; i < 3; i++) {
        const enum vouch_verdict wanted = i == 0 ? VOUCH_VERDICT_DONE : VOUCH_VERDICT_CONFLICT;
        const struct vouch_answer_fleet_row row = adopt(lab, "alice", &machine, STAR, wanted);
        company_code(row, i == 0 ? "" : "V-1942");
        assert_row(lab, VOUCH_HOST_WAITING, 1);
    }
    machine_free(&machine);
}

// Nor does the token make it a host by itself; its zone and labels are proposed.
static void who_made_the_token_does_not_adopt(void **state) {
    struct lab *lab = *state;
    const struct machine_token token = machine_token(lab, "*.prod.example.com", 5);
    struct machine machine = machine_new(WEB9, 1);
    machine.aliases = STAR;
    assert_int_equal(machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE).state,
                     VOUCH_HOST_WAITING);
    const struct vouch_fleet_row row = machine_row(lab, WEB9);
    assert_true(vouch_bytes_equal(row.asker, vouch_bytes_of("user:root-of-all")));
    assert_true(company_is(row.labels, "tier=web"));
    company_code(adopt(lab, "root-of-all", &machine, STAR, VOUCH_VERDICT_REFUSED), "V-1942");
    // Without the token it is still he who asked.
    machine.aliases = STAR " " OTHER;
    (void)machine_enrol(lab, &machine, "", VOUCH_VERDICT_DONE);
    company_code(adopt(lab, "root-of-all", &machine, STAR " " OTHER, VOUCH_VERDICT_REFUSED),
                 "V-1942");
    assert_row(lab, VOUCH_HOST_WAITING, 0);
    (void)adopt(lab, "alice", &machine, STAR " " OTHER, VOUCH_VERDICT_DONE);
    company_code(adopt(lab, "root-of-all", &machine, STAR " " OTHER, VOUCH_VERDICT_REFUSED),
                 "V-1942");
    (void)adopt(lab, "bob", &machine, STAR " " OTHER, VOUCH_VERDICT_DONE);
    const struct vouch_answer_enrol answer =
        machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_DONE);
    assert_certified(&answer, WEB9 " web9 " STAR " " OTHER);
    machine_free(&machine);
}

static void programs_and_the_local_socket_are_nobody(void **state) {
    struct lab *lab = *state;
    char admin[VOUCH_TOKEN_TEXT_MAX];
    struct machine machine = waiting(lab, STAR);
    lab_new_token(lab, "admin", NULL, "admin", admin);
    const struct vouch_caller callers[] = {lab_local(), lab_token(admin)};
    const struct vouch_ask_fleet_change ask = ask_to_adopt(&machine, STAR);
    for (size_t i = 0; i < 2; i++) {
        struct vouch_answer_fleet_row answer;
        test_ok(vouch_authority_fleet_change(lab->admin, &callers[i], &ask, &answer, &fault));
        lab_verdict(answer, VOUCH_VERDICT_REFUSED);
        company_code(answer, "V-1942");
    }
    assert_row(lab, VOUCH_HOST_WAITING, 0);
    machine_free(&machine);
}

static void who_is_no_administrator_any_more_does_not_count(void **state) {
    struct lab *lab = *state;
    struct machine machine = waiting(lab, STAR);
    (void)adopt(lab, "alice", &machine, STAR, VOUCH_VERDICT_DONE);
    company_change(lab, "members: [root-of-all]", "members: [root-of-all, bob]");
    const struct vouch_fleet_row row = adopt(lab, "bob", &machine, STAR, VOUCH_VERDICT_DONE).row;
    assert_int_equal(row.state, VOUCH_HOST_WAITING);
    assert_true(company_is(row.approvers, "user:bob"));
    (void)adopt(lab, "root-of-all", &machine, STAR, VOUCH_VERDICT_DONE);
    assert_row(lab, VOUCH_HOST_ACTIVE, 2);
    machine_free(&machine);
}

// --- of one thing

static void whoever_adopts_says_which_names(void **state) {
    struct lab *lab = *state;
    struct machine machine = waiting(lab, STAR " " OTHER " www.prod.example.com");
    static const char *const wrong[] = {NULL, STAR, STAR " *.x.prod.example.com",
                                        STAR " " OTHER " *.x.prod.example.com",
                                        STAR " " OTHER " www.prod.example.com"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        company_code(adopt(lab, "alice", &machine, wrong[i], VOUCH_VERDICT_CONFLICT), "V-1943");
    }
    assert_row(lab, VOUCH_HOST_WAITING, 0);
    assert_int_equal(company_events(lab, "host.approve", WEB9), 0);
    (void)adopt(lab, "alice", &machine, OTHER " " STAR, VOUCH_VERDICT_DONE);
    machine_free(&machine);
    struct machine bare = machine_new("web8.prod.example.com", 2);
    (void)machine_enrol(lab, &bare, "", VOUCH_VERDICT_DONE);
    company_code(adopt(lab, "alice", &bare, STAR, VOUCH_VERDICT_CONFLICT), "V-1943");
    (void)adopt(lab, "alice", &bare, NULL, VOUCH_VERDICT_DONE);
    machine_free(&bare);
}

static void other_names_void_the_first_approval(void **state) {
    struct lab *lab = *state;
    struct machine machine = waiting(lab, STAR);
    (void)adopt(lab, "alice", &machine, STAR, VOUCH_VERDICT_DONE);
    const uint64_t until_s = machine_row(lab, WEB9).adopt_until_s;
    machine.aliases = STAR " www.prod.example.com"; // a plain one too is another thing
    (void)machine_enrol(lab, &machine, "", VOUCH_VERDICT_DONE);
    assert_row(lab, VOUCH_HOST_WAITING, 0);
    assert_int_equal(machine_row(lab, WEB9).adopt_until_s, until_s);
    assert_int_equal(company_events(lab, "host.wait", WEB9), 2);
    (void)adopt(lab, "bob", &machine, STAR, VOUCH_VERDICT_DONE);
    assert_row(lab, VOUCH_HOST_WAITING, 1);
    machine.aliases = OTHER;
    (void)machine_enrol(lab, &machine, "", VOUCH_VERDICT_DONE);
    company_code(adopt(lab, "alice", &machine, STAR, VOUCH_VERDICT_CONFLICT), "V-1943");
    (void)adopt(lab, "alice", &machine, OTHER, VOUCH_VERDICT_DONE);
    assert_row(lab, VOUCH_HOST_WAITING, 1);
    (void)adopt(lab, "bob", &machine, OTHER, VOUCH_VERDICT_DONE);
    assert_row(lab, VOUCH_HOST_ACTIVE, 2);
    machine_free(&machine);
}

static void another_zone_or_label_is_another_thing(void **state) {
    struct lab *lab = *state;
    struct machine machine = waiting(lab, STAR);
    struct vouch_ask_fleet_change ask = ask_to_adopt(&machine, STAR);
    (void)change_by(lab, "alice", &ask, VOUCH_VERDICT_DONE);
    ask.labels = lab_list("tier=web");
    const struct vouch_fleet_row row = change_by(lab, "bob", &ask, VOUCH_VERDICT_DONE).row;
    assert_true(company_is(row.approvers, "user:bob"));
    const struct vouch_ask_fleet_change edit = {
        .name = vouch_bytes_of(WEB9), .verb = VOUCH_FLEET_EDIT, .labels = lab_list("tier=db")};
    (void)change_by(lab, "root-of-all", &edit, VOUCH_VERDICT_DONE);
    assert_row(lab, VOUCH_HOST_WAITING, 0);
    ask.labels = (struct vouch_text_list){0};
    (void)change_by(lab, "alice", &ask, VOUCH_VERDICT_DONE);
    (void)change_by(lab, "bob", &ask, VOUCH_VERDICT_DONE);
    assert_row(lab, VOUCH_HOST_ACTIVE, 2);
    assert_true(company_is(machine_row(lab, WEB9).labels, "tier=db"));
    machine_free(&machine);
}

static void what_waited_too_long_is_not_adopted(void **state) {
    struct lab *lab = *state;
    struct machine machine = waiting(lab, STAR);
    (void)adopt(lab, "alice", &machine, STAR, VOUCH_VERDICT_DONE);
    age(lab, vouch_time_now_s() - 1);
    company_code(adopt(lab, "bob", &machine, STAR, VOUCH_VERDICT_CONFLICT), "V-1836");
    assert_int_equal(machine_row(lab, WEB9).state, VOUCH_HOST_WAITING);
    machine_free(&machine);
}

static void other_names_may_be_asked_for_sixty_times_an_hour(void **state) {
    struct lab *lab = *state;
    struct machine machine = waiting(lab, STAR);
    for (int i = 0; i < 61; i++) {
        machine.aliases = i % 2 == 0 ? OTHER : STAR;
        const struct vouch_answer_enrol answer =
            machine_enrol(lab, &machine, "", i < 60 ? VOUCH_VERDICT_DONE : VOUCH_VERDICT_BUSY);
        company_code(answer, i < 60 ? "" : "V-1940");
    }
    assert_int_equal(company_events(lab, "host.wait", WEB9), 61);
    machine_free(&machine);
}

// --- none beyond the ceiling and the zone

static void only_what_is_a_wildcard_may_be_asked_for(void **state) {
    struct lab *lab = *state;
    static const char *const wrong[] = {"*",
                                        "*.com",
                                        "web*.prod.example.com",
                                        "*.*.prod.example.com",
                                        "?.prod.example.com",
                                        "!*.prod.example.com",
                                        "*.prod.example.com,*.lab.example.com",
                                        "*.Prod.example.com",
                                        "*.192.0.2"};
    struct machine machine = machine_new(WEB9, 1);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        machine.aliases = wrong[i];
        company_code(machine_enrol(lab, &machine, "", VOUCH_VERDICT_INVALID), "V-1832");
    }
    machine.name = STAR;
    machine.aliases = NULL;
    company_code(machine_enrol(lab, &machine, "", VOUCH_VERDICT_INVALID), "V-1832");
    machine_free(&machine);
}

static void the_ceiling_and_the_zone_have_the_last_word(void **state) {
    struct lab *lab = *state;
    struct machine machine = machine_new(WEB9, 1);
    machine.aliases = "*.lab.example.com"; // below no domain of the ceiling
    company_code(machine_enrol(lab, &machine, "", VOUCH_VERDICT_REFUSED), "V-1941");
    machine.aliases = "*.example.com";
    company_code(machine_enrol(lab, &machine, "", VOUCH_VERDICT_REFUSED), "V-1941");
    company_change(lab, "'*.prod.example.com'", "'?.prod.example.com', 'web*.prod.example.com'");
    machine.aliases = "*.prod.example.com"; // which the question mark does not cover
    company_code(machine_enrol(lab, &machine, "", VOUCH_VERDICT_REFUSED), "V-1941");
    open_again(lab, NULL);
    machine.aliases = STAR;
    company_code(machine_enrol(lab, &machine, "", VOUCH_VERDICT_REFUSED), "V-1941");
    const struct machine_token token = machine_token(lab, WEB9, 1);
    company_code(machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_REFUSED), "V-1941");
    machine_free(&machine);
}

static void a_ceiling_that_came_down_meanwhile_stops_the_second(void **state) {
    struct lab *lab = *state;
    struct machine machine = waiting(lab, STAR);
    (void)adopt(lab, "alice", &machine, STAR, VOUCH_VERDICT_DONE);
    open_again(lab, NULL);
    company_code(adopt(lab, "bob", &machine, STAR, VOUCH_VERDICT_REFUSED), "V-1941");
    assert_row(lab, VOUCH_HOST_WAITING, 1);
    machine_free(&machine);
}

// A host that loses a wildcard keeps its certificates.
static void a_renewal_leaves_out_what_may_not_be_any_more(void **state) {
    struct lab *lab = *state;
    struct machine machine = enrolled(lab, STAR);
    struct vouch_answer_enrol answer =
        machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    assert_certified(&answer, WEB9 " web9 " STAR);
    open_again(lab, NULL);
    answer = machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    assert_certified(&answer, WEB9 " web9");
    assert_int_equal(machine_row(lab, WEB9).problems.count, 1);
    open_again(lab, &ceiling);
    answer = machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    assert_certified(&answer, WEB9 " web9 " STAR);
    assert_int_equal(machine_row(lab, WEB9).problems.count, 0);
    company_change(lab, "'*.prod.example.com'", "'" WEB9 "'");
    answer = machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    assert_certified(&answer, WEB9 " web9");
    machine_free(&machine);
}

// --- hosts that are enrolled

static struct vouch_answer_fleet_row edit(struct lab *lab, const char *who, const char *wildcards,
                                          const char *without, enum vouch_verdict wanted) {
    const struct vouch_ask_fleet_change ask = {.name = vouch_bytes_of(WEB9),
                                               .verb = VOUCH_FLEET_EDIT,
                                               .wildcards = lab_list(wildcards),
                                               .without_wildcards = lab_list(without)};
    return change_by(lab, who, &ask, wanted);
}

static void an_enrolled_host_gets_one_from_three_people(void **state) {
    struct lab *lab = *state;
    struct machine machine = plain(lab);
    const struct vouch_fleet_row row = edit(lab, "root-of-all", STAR, NULL, VOUCH_VERDICT_DONE).row;
    assert_true(company_is(row.wished, STAR));
    assert_true(vouch_bytes_equal(row.why, vouch_bytes_of("0 of 2 approvals: " STAR)));
    struct vouch_answer_enrol answer =
        machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    assert_certified(&answer, WEB9 " web9");
    company_code(adopt(lab, "root-of-all", &machine, STAR, VOUCH_VERDICT_REFUSED), "V-1942");
    (void)adopt(lab, "alice", &machine, STAR, VOUCH_VERDICT_DONE);
    company_code(adopt(lab, "alice", &machine, STAR, VOUCH_VERDICT_CONFLICT), "V-1942");
    answer = machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    assert_certified(&answer, WEB9 " web9");
    assert_row(lab, VOUCH_HOST_ACTIVE, 1);
    (void)adopt(lab, "bob", &machine, STAR, VOUCH_VERDICT_DONE);
    answer = machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    assert_certified(&answer, WEB9 " web9 " STAR);
    assert_int_equal(machine_row(lab, WEB9).wished.count, 0);
    // It is taken away by one, and the machine cannot ask for it again.
    (void)edit(lab, "alice", NULL, STAR, VOUCH_VERDICT_DONE);
    machine.aliases = STAR;
    answer = machine_renew(lab, &machine, MACHINE_KEEP, VOUCH_VERDICT_DONE);
    assert_certified(&answer, WEB9 " web9");
    machine_free(&machine);
}

static void a_wish_of_an_enrolled_host_ends(void **state) {
    struct lab *lab = *state;
    struct machine machine = plain(lab);
    (void)edit(lab, "root-of-all", STAR, NULL, VOUCH_VERDICT_DONE);
    (void)adopt(lab, "alice", &machine, STAR, VOUCH_VERDICT_DONE);
    age(lab, vouch_time_now_s() - 1);
    company_code(adopt(lab, "bob", &machine, STAR, VOUCH_VERDICT_CONFLICT), "V-1836");
    (void)edit(lab, "root-of-all", STAR, NULL, VOUCH_VERDICT_DONE);
    assert_row(lab, VOUCH_HOST_ACTIVE, 0);
    (void)adopt(lab, "alice", &machine, STAR, VOUCH_VERDICT_DONE);
    (void)edit(lab, "bob", OTHER, NULL, VOUCH_VERDICT_DONE); // another wish, by somebody else
    assert_row(lab, VOUCH_HOST_ACTIVE, 0);
    company_code(adopt(lab, "bob", &machine, OTHER, VOUCH_VERDICT_REFUSED), "V-1942");
    (void)do_to(lab, "alice", WEB9, VOUCH_FLEET_REFUSE, VOUCH_VERDICT_DONE);
    company_code(adopt(lab, "alice", &machine, OTHER, VOUCH_VERDICT_CONFLICT), "V-1836");
    machine_free(&machine);
}

static void each_wrong_wish_is_named(void **state) {
    struct lab *lab = *state;
    struct machine machine = enrolled(lab, STAR);
    static const struct {
        const char *wildcards, *without;
        enum vouch_verdict verdict;
    } rows[] = {
        {"*", NULL, VOUCH_VERDICT_INVALID},
        {"www.prod.example.com", NULL, VOUCH_VERDICT_INVALID},
        {STAR, NULL, VOUCH_VERDICT_INVALID}, // it has that
        {OTHER " " OTHER, NULL, VOUCH_VERDICT_INVALID},
        {"*.lab.example.com", NULL, VOUCH_VERDICT_REFUSED},
        {NULL, OTHER, VOUCH_VERDICT_INVALID},
        {NULL, WEB9, VOUCH_VERDICT_INVALID},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        company_code(edit(lab, "alice", rows[i].wildcards, rows[i].without, rows[i].verdict),
                     "V-1941");
    }
    machine_free(&machine);
}

static void a_locked_host_with_a_wildcard_needs_two_again(void **state) {
    struct lab *lab = *state;
    struct machine machine = enrolled(lab, STAR);
    (void)do_to(lab, "root-of-all", WEB9, VOUCH_FLEET_LOCK, VOUCH_VERDICT_DONE);
    assert_row(lab, VOUCH_HOST_LOCKED, 0);
    (void)adopt(lab, "alice", &machine, STAR, VOUCH_VERDICT_DONE);
    assert_row(lab, VOUCH_HOST_LOCKED, 1);
    age(lab, vouch_time_now_s() - 1);
    (void)adopt(lab, "bob", &machine, STAR, VOUCH_VERDICT_DONE);
    assert_int_equal(machine_row(lab, WEB9).state, VOUCH_HOST_LOCKED);
    (void)adopt(lab, "alice", &machine, STAR, VOUCH_VERDICT_DONE);
    assert_row(lab, VOUCH_HOST_ACTIVE, 2);
    machine_free(&machine);
}

// --- what is no wildcard stays as it was

static void what_a_machine_asks_for_while_it_waits_is_nothing_that_it_had(void **state) {
    struct lab *lab = *state;
    struct machine machine = waiting(lab, "www.prod.example.com");
    const struct machine_token token = machine_token(lab, WEB9, 1);
    company_code(machine_enrol(lab, &machine, token.secret, VOUCH_VERDICT_INVALID), "V-1832");
    machine.aliases = "mail.prod.example.com"; // what waits stays, for whoever looks at it
    (void)machine_enrol(lab, &machine, "", VOUCH_VERDICT_DONE);
    assert_true(company_is(machine_row(lab, WEB9).aliases, "www.prod.example.com"));
    machine_free(&machine);
}

static void no_two_hosts_have_one_wildcard(void **state) {
    struct lab *lab = *state;
    struct machine machine = enrolled(lab, STAR);
    struct machine other = machine_new("web8.prod.example.com", 2);
    other.aliases = STAR;
    company_code(machine_enrol(lab, &other, "", VOUCH_VERDICT_CONFLICT), "V-1833");
    machine_free(&other);
    machine_free(&machine);
}

#define WISH_TEST(name) cmocka_unit_test_setup_teardown(name, begin, company_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WISH_TEST(two_people_adopt_a_wildcard),
        WISH_TEST(one_person_is_not_two),
        WISH_TEST(who_made_the_token_does_not_adopt),
        WISH_TEST(programs_and_the_local_socket_are_nobody),
        WISH_TEST(who_is_no_administrator_any_more_does_not_count),
        WISH_TEST(whoever_adopts_says_which_names),
        WISH_TEST(other_names_void_the_first_approval),
        WISH_TEST(another_zone_or_label_is_another_thing),
        WISH_TEST(what_waited_too_long_is_not_adopted),
        WISH_TEST(other_names_may_be_asked_for_sixty_times_an_hour),
        WISH_TEST(only_what_is_a_wildcard_may_be_asked_for),
        WISH_TEST(the_ceiling_and_the_zone_have_the_last_word),
        WISH_TEST(a_ceiling_that_came_down_meanwhile_stops_the_second),
        WISH_TEST(a_renewal_leaves_out_what_may_not_be_any_more),
        WISH_TEST(an_enrolled_host_gets_one_from_three_people),
        WISH_TEST(a_wish_of_an_enrolled_host_ends),
        WISH_TEST(each_wrong_wish_is_named),
        WISH_TEST(a_locked_host_with_a_wildcard_needs_two_again),
        WISH_TEST(what_a_machine_asks_for_while_it_waits_is_nothing_that_it_had),
        WISH_TEST(no_two_hosts_have_one_wildcard),
    };
    return cmocka_run_group_tests_name("host-wish", tests, NULL, NULL);
}
