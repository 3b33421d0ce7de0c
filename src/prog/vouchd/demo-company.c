// SPDX-License-Identifier: ISC
// Making the company up: its people and machines.
#include "prog/vouchd/demo-company.h"

#include <stdio.h>
#include <stdlib.h>

#define DAY_S 86400u
#define WAITING 6u // hosts that ask to be adopted, at scale 1

const char *const vouch_demo_zones[VOUCH_DEMO_ZONES] = {"prod", "staging", "lab"};
const char *const vouch_demo_tiers[VOUCH_DEMO_TIERS] = {"web",   "app",   "db",      "cache",
                                                        "queue", "batch", "bastion", "ci"};
const char *const vouch_demo_sites[VOUCH_DEMO_SITES] = {"fra", "lon", "nyc", "sin"};

const char *const vouch_demo_visitor_names[VOUCH_DEMO_VISITORS] = {"admin", "auditor", "approver",
                                                                   "person"};

static const char *const first_names[] = {
    "ada",   "amir", "anna",   "ben",   "bruna", "carl",  "chloe", "daniel", "diya",  "elif",
    "emil",  "erik", "fatima", "felix", "greta", "hana",  "hugo",  "ines",   "ivan",  "jana",
    "jonas", "kai",  "kofi",   "lena",  "liam",  "lucia", "maja",  "marco",  "mina",  "nadia",
    "noah",  "olga", "omar",   "paula", "pia",   "ravi",  "rosa",  "samir",  "tessa", "yuki"};
static const char *const last_names[] = {
    "abel",   "bauer",  "berg",   "cohen",  "costa",  "diaz",   "dubois", "egan",   "falk",
    "ferrer", "gupta",  "haas",   "hansen", "ito",    "jansen", "kaya",   "keller", "khan",
    "kim",    "kowal",  "lang",   "larsen", "lopez",  "maier",  "mensah", "moreau", "nagy",
    "novak",  "okafor", "olsen",  "patel",  "petrov", "quist",  "reyes",  "rossi",  "sato",
    "sauer",  "silva",  "singh",  "sousa",  "tanaka", "thorn",  "torres", "ueda",   "varga",
    "vogel",  "weber",  "yilmaz", "young",  "zeller"};
static const char *const systems[] = {"debian-12", "debian-12", "ubuntu-24", "alpine-3"};

#define FIRST_COUNT (sizeof first_names / sizeof first_names[0])
#define LAST_COUNT (sizeof last_names / sizeof last_names[0])

static void make_user(size_t at, struct vouch_demo_random *random, struct vouch_demo_user *user) {
    if (at < VOUCH_DEMO_VISITORS) {
        (void)snprintf(user->name, sizeof user->name, "%s", vouch_demo_visitor_names[at]);
    } else {
        size_t first = at % FIRST_COUNT;
        (void)snprintf(user->name, sizeof user->name, "%s.%s", first_names[first],
                       last_names[(at / FIRST_COUNT + 3 * first) % LAST_COUNT]);
    }
    (void)snprintf(user->source, sizeof user->source, "10.%u.%u.%u",
                   40 + (unsigned)vouch_demo_below(random, 4), (unsigned)(at / 250) + 1,
                   (unsigned)(at % 250) + 1);
}

static enum vouch_demo_mood choose_mood(struct vouch_demo_random *random) {
    static const struct {
        uint64_t below;
        enum vouch_demo_mood mood;
    } moods[] = {{30, VOUCH_DEMO_BEHIND},  {45, VOUCH_DEMO_SILENT},   {55, VOUCH_DEMO_EXPIRING},
                 {67, VOUCH_DEMO_WARNS},   {71, VOUCH_DEMO_CRITICAL}, {73, VOUCH_DEMO_LOCKED},
                 {80, VOUCH_DEMO_RETIRED}, {1000, VOUCH_DEMO_WELL}};
    uint64_t drawn = vouch_demo_below(random, 1000);
    size_t i = 0;
    while (drawn >= moods[i].below) {
        i++;
    }
    return moods[i].mood;
}

// Most of the fleet comes in the first three days, the rest over the time since.
static uint64_t enrolment_s(const struct vouch_demo_company *company, size_t at) {
    size_t early = company->host_count * 7 / 10, late = company->host_count - early;
    uint64_t whole_s = company->what.now_s - company->start_s;
    return company->start_s + 1800 +
           (at < early ? at * 3 * DAY_S / early
                       : 3 * DAY_S + (at - early) * (whole_s - 4 * DAY_S) / late);
}

static void make_host(const struct vouch_demo_company *company, size_t at,
                      struct vouch_demo_random *random, struct vouch_demo_host *host) {
    static const unsigned tiers[] = {0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 5, 6, 7};
    uint64_t drawn = vouch_demo_below(random, 10);
    host->zone = drawn < 7 ? 0 : drawn < 9 ? 1 : 2;
    host->tier = tiers[vouch_demo_below(random, sizeof tiers / sizeof tiers[0])];
    host->site = (unsigned)vouch_demo_below(random, VOUCH_DEMO_SITES);
    const char *tier = vouch_demo_tiers[host->tier], *site = vouch_demo_sites[host->site];
    (void)snprintf(host->name, sizeof host->name, "%s-%04zu.%s.%s.demo.example", tier, at + 1, site,
                   vouch_demo_zones[host->zone]);
    (void)snprintf(host->labels[0], sizeof host->labels[0], "tier=%s", tier);
    (void)snprintf(host->labels[1], sizeof host->labels[1], "site=%s", site);
    (void)snprintf(host->labels[2], sizeof host->labels[2], "os=%s",
                   systems[vouch_demo_below(random, sizeof systems / sizeof systems[0])]);
    (void)snprintf(host->source, sizeof host->source, "10.%u.%u.%u", 10 + host->site,
                   (unsigned)(at / 250) + 1, (unsigned)(at % 250) + 1);
    host->mood = choose_mood(random);
    host->enrolled_s = enrolment_s(company, at);
}

static size_t share_of(uint64_t whole, uint64_t scale, size_t least) {
    uint64_t part = whole / scale;
    return part < least ? least : (size_t)part;
}

static void fill(struct vouch_demo_company *company) {
    struct vouch_demo_random random = {company->what.seed};
    size_t waiting = share_of(WAITING, company->what.scale, 2);
    for (size_t i = 0; i < company->user_count; i++) {
        make_user(i, &random, &company->users[i]);
    }
    for (size_t i = 0; i < company->host_count; i++) {
        make_host(company, i, &random, &company->hosts[i]);
    }
    for (size_t i = company->host_count - waiting; i < company->host_count; i++) {
        company->hosts[i].mood = VOUCH_DEMO_WAITING;
        company->hosts[i].enrolled_s = company->what.now_s - 3600 * (company->host_count - i);
    }
}

int vouch_demo_company_new(const struct vouch_demo_what *what,
                           struct vouch_demo_company **ret_company, struct vouch_fault *fault) {
    struct vouch_demo_company *company = calloc(1, sizeof *company);
    if (company != NULL) {
        company->what = *what;
        company->start_s = what->now_s - VOUCH_DEMO_DAYS * DAY_S;
        company->user_count = share_of(VOUCH_DEMO_USERS, what->scale, 2 * VOUCH_DEMO_VISITORS);
        company->host_count = share_of(VOUCH_DEMO_HOSTS, what->scale, 20);
        company->event_count = share_of(VOUCH_DEMO_EVENTS, what->scale, 2000);
        company->users = calloc(company->user_count, sizeof *company->users);
        company->hosts = calloc(company->host_count, sizeof *company->hosts);
    }
    if (company == NULL || company->users == NULL || company->hosts == NULL) {
        vouch_demo_company_free(company);
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "demo: no memory for the company");
    }
    fill(company);
    *ret_company = company;
    return VOUCH_OK;
}

void vouch_demo_company_free(struct vouch_demo_company *company) {
    if (company != NULL) {
        free(company->users);
        free(company->hosts);
        vouch_arena_done(&company->arena);
        free(company);
    }
}
