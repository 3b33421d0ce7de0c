// SPDX-License-Identifier: ISC
// The inventory in one small answer: counts by zone and label, who needs somebody, and the filters that say the
// same as the counts.
#include "authority/test-company.h"

#include <inttypes.h>

#include "authority/fleet.h"
#include "base/time.h"
#include "store/host-reports.h"
#include "store/hosts.h"

#define FAR_S (45u * 86400)

static struct vouch_store *writer(const struct lab *lab) {
    const struct vouch_store_open what = {
        .where = lab->database, .access = VOUCH_STORE_WRITE, .wait_ms = 5000};
    struct vouch_store *store = NULL;
    test_ok(vouch_store_open(&what, &store, &fault));
    return store;
}

// A host as the inventory has it. `health` NULL: it never reported.
struct given {
    const char *name, *zone, *label, *health;
    enum vouch_store_host_state state;
    uint64_t age_s;       // of its report
    uint64_t ends_s;      // how long its certificate is still good; 0: it has none
    uint64_t krl_version; // that it has
    const char *problem;
};

static void add(struct vouch_store *store, const struct given *given, unsigned number) {
    const uint64_t now_s = vouch_time_now_s();
    const struct vouch_bytes labels[] = {vouch_bytes_of(given->label)};
    const struct vouch_bytes problems[] = {
        vouch_bytes_of(given->problem != NULL ? given->problem : "")};
    struct vouch_store_host_key key = {.type = vouch_bytes_of("ssh-ed25519"),
                                       .serial = given->ends_s > 0 ? number + 1 : 0,
                                       .valid_before_s =
                                           given->ends_s > 0 ? now_s + given->ends_s : 0};
    uint64_t id = 0;
    memcpy(key.hash, &number, sizeof number);
    const struct vouch_store_host host = {
        .state = given->state,
        .name = vouch_bytes_of(given->name),
        .zone = vouch_bytes_of(given->zone),
        .labels = labels,
        .label_count = given->label[0] != '\0' ? 1 : 0,
        .why = vouch_bytes_of(given->state == VOUCH_STORE_HOST_LOCKED ? "noticed twice" : ""),
        .until_s = given->state == VOUCH_STORE_HOST_WAITING ? now_s + 3600 : 0,
        .keys = &key,
        .key_count = 1};
    test_ok(vouch_store_host_add(store, &host, &id, &fault));
    if (given->health == NULL) {
        return;
    }
    const struct vouch_store_host_report report = {.host = id,
                                                   .time_s = now_s - given->age_s,
                                                   .krl_version = given->krl_version,
                                                   .health = vouch_bytes_of(given->health),
                                                   .problems = problems,
                                                   .problem_count = given->problem != NULL};
    test_ok(vouch_store_host_report_put(store, &report, &fault));
}

static void add_all(const struct lab *lab, const struct given *given, size_t count) {
    struct vouch_store *store = writer(lab);
    test_ok(vouch_store_work_begin(store, VOUCH_STORE_LATER, &fault));
    for (size_t i = 0; i < count; i++) {
        add(store, &given[i], (unsigned)i);
    }
    test_ok(vouch_store_work_end(store, VOUCH_OK, VOUCH_STORE_DONE, &fault));
    vouch_store_close(store);
}

#define LIST (UINT64_C(1) << 60) // newer than any list of the lab

static const struct given town[] = {
    {"web1.prod.example.com", "prod", "tier=web", "ok", VOUCH_STORE_HOST_ACTIVE, 5, FAR_S, LIST,
     NULL},
    {"web2.prod.example.com", "prod", "tier=web", "warning", VOUCH_STORE_HOST_ACTIVE, 5, FAR_S,
     LIST, "the clock is 12 s ahead"},
    {"web3.prod.example.com", "prod", "tier=web", "ok", VOUCH_STORE_HOST_ACTIVE, 1000, FAR_S, LIST,
     NULL},
    {"db1.prod.example.com", "prod", "tier=db", "critical", VOUCH_STORE_HOST_ACTIVE, 5, FAR_S, LIST,
     "sshd does not read the list"},
    {"db2.prod.example.com", "prod", "tier=db", "ok", VOUCH_STORE_HOST_ACTIVE, 5, 4 * 86400, LIST,
     NULL},
    {"db3.prod.example.com", "prod", "tier=db", NULL, VOUCH_STORE_HOST_ACTIVE, 0, FAR_S, 0, NULL},
    {"b1.lab.example.com", "lab", "", "ok", VOUCH_STORE_HOST_LOCKED, 5, FAR_S, LIST, NULL},
    {"b2.lab.example.com", "lab", "", "ok", VOUCH_STORE_HOST_ACTIVE, 5, FAR_S, 1, NULL},
    {"new.prod.example.com", "", "", NULL, VOUCH_STORE_HOST_WAITING, 0, 0, 0, NULL},
    {"old.prod.example.com", "prod", "tier=web", "critical", VOUCH_STORE_HOST_RETIRED, 5, FAR_S,
     LIST, NULL},
};
#define TOWN (sizeof town / sizeof town[0])

static struct vouch_answer_fleet_summary summary(struct lab *lab,
                                                 const struct vouch_ask_fleet_summary *ask) {
    const struct vouch_caller caller = company_caller(lab, "eve", 86000);
    struct vouch_answer_fleet_summary answer = {0};
    test_ok(vouch_authority_fleet_summary(lab->admin, &caller, ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer;
}

static void assert_group(const struct vouch_fleet_group *group, const char *name, uint64_t hosts,
                         uint64_t ok) {
    assert_true(vouch_bytes_equal(group->name, vouch_bytes_of(name)));
    assert_int_equal(group->counts.hosts, hosts);
    assert_int_equal(group->counts.ok, ok);
}

static void hosts_are_counted_by_zone(void **state) {
    struct lab *lab = *state;
    const struct vouch_ask_fleet_summary ask = {.label = {0}};
    assert_int_equal(summary(lab, &ask).counts.hosts, 0);
    add_all(lab, town, TOWN);
    const struct vouch_answer_fleet_summary answer = summary(lab, &ask);
    assert_int_equal(answer.counts.hosts, 9); // without the one that is retired
    assert_int_equal(answer.counts.critical, 1);
    assert_int_equal(answer.counts.silent, 2);
    assert_int_equal(answer.counts.attention, 1);
    assert_int_equal(answer.counts.locked, 1);
    assert_int_equal(answer.counts.waiting, 1);
    assert_int_equal(answer.counts.behind, 1);
    assert_int_equal(answer.counts.ok, 2);
    assert_int_equal(answer.group_count, 3);
    assert_group(&answer.groups[0], "", 1, 0);
    assert_group(&answer.groups[1], "lab", 2, 0);
    assert_group(&answer.groups[2], "prod", 6, 2);
    assert_int_equal(answer.groups[2].each_count, 6); // few enough to be named, the worst first
    assert_true(
        vouch_bytes_equal(answer.groups[2].each[0].host, vouch_bytes_of("db1.prod.example.com")));
    assert_int_equal(answer.groups[2].each[0].condition, VOUCH_CONDITION_CRITICAL);
    assert_int_equal(answer.groups[2].each[5].condition, VOUCH_CONDITION_OK);
    assert_int_equal(answer.label_count, 1);
    assert_true(vouch_bytes_equal(answer.labels[0].key, vouch_bytes_of("tier")));
    assert_int_equal(answer.labels[0].hosts, 6);
    assert_int_equal(answer.groups_left, 0);
}

static void hosts_are_counted_by_a_label(void **state) {
    struct lab *lab = *state;
    add_all(lab, town, TOWN);
    struct vouch_ask_fleet_summary ask = {.label = vouch_bytes_of("tier")};
    struct vouch_answer_fleet_summary answer = summary(lab, &ask);
    assert_int_equal(answer.group_count, 3);
    assert_group(&answer.groups[0], "", 3, 0);
    assert_group(&answer.groups[1], "db", 3, 1);
    assert_group(&answer.groups[2], "web", 3, 1);
    ask.what.zone = vouch_bytes_of("prod");
    ask.what.condition = VOUCH_CONDITION_SILENT;
    answer = summary(lab, &ask);
    assert_int_equal(answer.counts.hosts, 2);
    assert_int_equal(answer.counts.silent, 2);
    assert_group(&answer.groups[0], "db", 1, 0);
    assert_group(&answer.groups[1], "web", 1, 0);
    ask = (struct vouch_ask_fleet_summary){.label = vouch_bytes_of("rack")};
    answer = summary(lab, &ask);
    assert_int_equal(answer.group_count, 1);
    assert_group(&answer.groups[0], "", 9, 2);
}

static void who_needs_somebody_comes_worst_first_with_the_reason(void **state) {
    struct lab *lab = *state;
    static const struct {
        const char *host;
        enum vouch_host_condition condition;
        const char *problem, *why;
        int is_ending;
    } wanted[] = {
        {"db1.prod.example.com", VOUCH_CONDITION_CRITICAL, "sshd does not read the list", "", 0},
        {"b1.lab.example.com", VOUCH_CONDITION_LOCKED, NULL, "noticed twice", 0},
        {"db2.prod.example.com", VOUCH_CONDITION_OK, NULL, "", 1},
        {"db3.prod.example.com", VOUCH_CONDITION_SILENT, NULL, "", 0},
        {"web3.prod.example.com", VOUCH_CONDITION_SILENT, NULL, "", 0},
        {"web2.prod.example.com", VOUCH_CONDITION_ATTENTION, "the clock is 12 s ahead", "", 0},
        {"b2.lab.example.com", VOUCH_CONDITION_BEHIND, NULL, "", 0},
        {"new.prod.example.com", VOUCH_CONDITION_WAITING, NULL, NULL, 0},
    };
    add_all(lab, town, TOWN);
    const struct vouch_ask_fleet_summary ask = {.label = {0}};
    const struct vouch_answer_fleet_summary answer = summary(lab, &ask);
    assert_int_equal(answer.needing, sizeof wanted / sizeof wanted[0]);
    assert_int_equal(answer.need_count, sizeof wanted / sizeof wanted[0]);
    for (size_t i = 0; i < answer.need_count; i++) {
        const struct vouch_fleet_need *need = &answer.needs[i];
        assert_true(vouch_bytes_equal(need->host, vouch_bytes_of(wanted[i].host)));
        assert_int_equal(need->condition, wanted[i].condition);
        assert_int_equal(need->end_s != 0, wanted[i].is_ending);
        assert_true(wanted[i].why == NULL ||
                    vouch_bytes_equal(need->why, vouch_bytes_of(wanted[i].why)));
        assert_int_equal(need->problems.count, wanted[i].problem != NULL);
        assert_true(wanted[i].problem == NULL ||
                    vouch_bytes_equal(need->problems.items[0], vouch_bytes_of(wanted[i].problem)));
    }
}

static size_t count_listed(struct lab *lab, const struct vouch_ask_fleet *ask) {
    const struct vouch_caller caller = company_caller(lab, "eve", 86000);
    struct vouch_answer_fleet answer;
    test_ok(vouch_authority_fleet(lab->admin, &caller, ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    for (size_t i = 0; i < answer.count; i++) {
        assert_true(ask->condition == VOUCH_CONDITION_NONE ||
                    answer.rows[i].condition == ask->condition);
    }
    return answer.count;
}

// What a count says, the list with that filter has; and each row says of itself what the filter said.
static void the_filter_finds_what_is_counted(void **state) {
    struct lab *lab = *state;
    static const struct {
        enum vouch_host_condition condition;
        const char *zone, *labels;
        size_t count;
    } rows[] = {
        {VOUCH_CONDITION_CRITICAL, "", "", 1},
        {VOUCH_CONDITION_LOCKED, "", "", 1},
        {VOUCH_CONDITION_SILENT, "", "", 2},
        {VOUCH_CONDITION_ATTENTION, "", "", 1},
        {VOUCH_CONDITION_BEHIND, "", "", 1},
        {VOUCH_CONDITION_WAITING, "", "", 1},
        {VOUCH_CONDITION_OK, "", "", 2},
        {VOUCH_CONDITION_OK, "lab", "", 0},
        {VOUCH_CONDITION_SILENT, "", "tier=db", 1},
        {VOUCH_CONDITION_NONE, "", "!tier", 3},
        {VOUCH_CONDITION_NONE, "prod", "!tier", 0},
        {VOUCH_CONDITION_NONE, "", "!rack", 9},
        {VOUCH_CONDITION_NONE, "", "tier=*", 6},
    };
    add_all(lab, town, TOWN);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct vouch_ask_fleet ask = {.condition = rows[i].condition,
                                            .zone = vouch_bytes_of(rows[i].zone),
                                            .labels = lab_list(rows[i].labels)};
        const struct vouch_ask_fleet_summary all = {.what = ask};
        assert_int_equal(count_listed(lab, &ask), rows[i].count);
        assert_int_equal(summary(lab, &all).counts.hosts, rows[i].count);
    }
}

static void nobody_but_a_reader_is_told(void **state) {
    struct lab *lab = *state;
    const struct vouch_ask_fleet_summary ask = {.label = {0}};
    const struct vouch_caller mallory = company_caller(lab, "mallory", 10);
    struct vouch_answer_fleet_summary answer;
    add_all(lab, town, TOWN);
    test_ok(vouch_authority_fleet_summary(lab->admin, &mallory, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    assert_int_equal(answer.group_count + answer.need_count + answer.counts.hosts, 0);
}

// Five thousand hosts: as many as may be are told, the rest is counted.
static void a_large_fleet_is_told_in_little(void **state) {
    struct lab *lab = *state;
    enum { HOSTS = 5000, RACKS = 100 };
    static char names[HOSTS][48], labels[HOSTS][16];
    static struct given hosts[HOSTS];
    for (size_t i = 0; i < HOSTS; i++) {
        const size_t rack = i % (RACKS + 25) % RACKS; // the first 25 have twice as many
        (void)snprintf(names[i], sizeof names[i], "h%04zu.prod.example.com", i);
        (void)snprintf(labels[i], sizeof labels[i], "rack=%03zu", rack);
        hosts[i] = (struct given){.name = names[i],
                                  .zone = "prod",
                                  .label = labels[i],
                                  .health = i % 10 == 0 ? "critical" : "ok",
                                  .state = VOUCH_STORE_HOST_ACTIVE,
                                  .age_s = 5,
                                  .ends_s = FAR_S,
                                  .krl_version = LIST};
    }
    add_all(lab, hosts, HOSTS);
    const struct vouch_ask_fleet_summary ask = {.label = vouch_bytes_of("rack")};
    const uint64_t from_ns = vouch_time_monotonic_ns();
    const struct vouch_answer_fleet_summary answer = summary(lab, &ask);
    print_message("# 5,000 hosts: %" PRIu64 " us\n", (vouch_time_monotonic_ns() - from_ns) / 1000);
    assert_int_equal(answer.counts.hosts, HOSTS);
    assert_int_equal(answer.counts.critical, HOSTS / 10);
    assert_int_equal(answer.needing, HOSTS / 10);
    assert_int_equal(answer.need_count, VOUCH_FLEET_NEEDS_MAX);
    assert_int_equal(answer.group_count, VOUCH_FLEET_GROUPS_MAX);
    assert_int_equal(answer.groups_left, RACKS - VOUCH_FLEET_GROUPS_MAX);
    uint64_t told = answer.left.hosts;
    for (size_t i = 0; i < answer.group_count; i++) {
        told += answer.groups[i].counts.hosts;
        assert_true(i == 0 ||
                    vouch_bytes_compare(answer.groups[i - 1].name, answer.groups[i].name) < 0);
        assert_int_equal(answer.groups[i].counts.hosts, i < 25 ? 80 : 40);
        assert_int_equal(answer.groups[i].each_count, 0);
    }
    assert_int_equal(told, HOSTS);
}

#define SUMMARY_TEST(name) cmocka_unit_test_setup_teardown(name, company_begin, company_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        SUMMARY_TEST(hosts_are_counted_by_zone),
        SUMMARY_TEST(hosts_are_counted_by_a_label),
        SUMMARY_TEST(who_needs_somebody_comes_worst_first_with_the_reason),
        SUMMARY_TEST(the_filter_finds_what_is_counted),
        SUMMARY_TEST(nobody_but_a_reader_is_told),
        SUMMARY_TEST(a_large_fleet_is_told_in_little),
    };
    return cmocka_run_group_tests_name("fleet-summary", tests, NULL, NULL);
}
