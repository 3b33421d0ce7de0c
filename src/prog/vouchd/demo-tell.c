// SPDX-License-Identifier: ISC
// The moments of a story, one function for each kind: what is recorded of it, in the words of the part of
// the server that would have done it.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "authority/entry.h"
#include "authority/login-row.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouchd/demo-state.h"

#define DETAILS_MAX 4096
#define BACKDATE_S 60u
#define HOST_TTL_S (30u * 86400u)
#define SERVICE "authority"

// ----- records

// An event under way: its details are written here, and become the batch's.
struct telling {
    struct vouch_demo_story *story;
    uint64_t time_ms;
    uint8_t memory[DETAILS_MAX];
    struct vouch_buf details;
};

static void begin(struct vouch_demo_story *story, uint64_t time_ms, struct telling *telling) {
    telling->story = story;
    telling->time_ms = time_ms;
    vouch_buf_init_fixed(&telling->details, telling->memory, sizeof telling->memory);
}

static void put(struct telling *telling, const char *name, struct vouch_bytes value) {
    if (value.len > 0) {
        vouch_record_detail_put(&telling->details, name, value);
    }
}

static void put_number(struct telling *telling, const char *name, uint64_t number) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    put(telling, name, vouch_bytes_of(text));
}

static struct vouch_bytes new_request(struct vouch_demo_story *story) {
    return vouch_demo_text(story, "%016" PRIx64, vouch_demo_next(&story->random));
}

static void end(struct telling *telling, const char *type, struct vouch_bytes actor,
                struct vouch_bytes object) {
    struct vouch_demo_entry *entry = vouch_demo_entry(telling->story);
    struct vouch_demo_story *story = telling->story;
    story->err = story->err == VOUCH_OK ? telling->details.err : story->err;
    entry->record = (struct vouch_record){
        .kind = VOUCH_RECORD_EVENT,
        .time_ms = telling->time_ms,
        .actor = actor,
        .type = vouch_bytes_of(type),
        .object = object,
        .details = vouch_demo_copy(story, vouch_buf_bytes(&telling->details))};
}

static struct vouch_bytes name_of(const struct vouch_demo_story *story, size_t user) {
    return vouch_bytes_of(story->tale.company->users[user].name);
}

static struct vouch_bytes source_of(const struct vouch_demo_story *story, size_t user) {
    return vouch_bytes_of(story->tale.company->users[user].source);
}

static void put_caller(struct telling *telling, struct vouch_bytes source) {
    put(telling, "request", new_request(telling->story));
    put(telling, "source", source);
}

// ----- the policy

static void tell_policy(struct vouch_demo_story *story, const struct vouch_demo_moment *moment) {
    struct vouch_demo_applied *applied = &story->applied[moment->who - 1];
    struct telling telling;
    uint8_t memory[65];
    struct vouch_buf hex;
    begin(story, moment->time_ms, &telling);
    vouch_buf_init_fixed(&hex, memory, sizeof memory);
    vouch_str_hex((struct vouch_bytes){applied->hash, sizeof applied->hash}, &hex);
    put(&telling, "sha256", vouch_buf_bytes(&hex));
    put_number(&telling, "zones", VOUCH_DEMO_ZONES);
    put_number(&telling, "users", story->tale.company->user_count);
    applied->number = vouch_demo_mint_size(story->tale.mint) + story->entry_count;
    end(&telling, "policy.apply", vouch_demo_user_actor(story, VOUCH_DEMO_ADMIN),
        vouch_demo_text(story, "%u", moment->who));
    story->version = moment->who;
}

// ----- hosts

static void put_host(struct telling *telling, size_t at) {
    const struct vouch_demo_host *host = &telling->story->tale.company->hosts[at];
    put_number(telling, "host", at + 1);
    put(telling, "zone", vouch_bytes_of(vouch_demo_zones[host->zone]));
    put(telling, "by", vouch_bytes_of("host-token:1"));
    for (size_t i = 0; i < 3; i++) {
        put(telling, "label", vouch_bytes_of(host->labels[i]));
    }
    put_caller(telling, vouch_bytes_of(host->source));
}

static void certify_host(struct vouch_demo_story *story, uint64_t time_ms, size_t at,
                         const char *evidence) {
    const struct vouch_demo_host *host = &story->tale.company->hosts[at];
    struct vouch_demo_machine *machine = &story->machines[at];
    struct vouch_demo_entry *entry = vouch_demo_entry(story);
    struct vouch_bytes *name = vouch_arena_alloc(&story->batch, sizeof *name);
    if (name == NULL) {
        story->err = VOUCH_ERR_NO_MEMORY;
        story->entry_count--;
        return;
    }
    *name = vouch_bytes_of(host->name);
    machine->serial = vouch_demo_mint_serial(story->tale.mint);
    machine->valid_before_s = time_ms / 1000 + HOST_TTL_S;
    const struct vouch_bytes actor = vouch_demo_host_actor(story, at);
    entry->record =
        (struct vouch_record){.kind = VOUCH_RECORD_CERT,
                              .time_ms = time_ms,
                              .actor = actor,
                              .evidence = vouch_bytes_of(evidence),
                              .request = new_request(story),
                              .source = vouch_bytes_of(host->source),
                              .policy = vouch_demo_text(story, "policy %u", story->version)};
    entry->spec = (struct vouch_cert_spec){.type = VOUCH_CERT_HOST,
                                           .key = machine->key,
                                           .serial = machine->serial,
                                           .key_id = actor,
                                           .principals = name,
                                           .principal_count = 1,
                                           .valid_after = time_ms / 1000 - BACKDATE_S,
                                           .valid_before = machine->valid_before_s};
}

static void tell_enrol(struct vouch_demo_story *story, const struct vouch_demo_moment *moment) {
    struct telling telling;
    begin(story, moment->time_ms, &telling);
    put_host(&telling, moment->who);
    end(&telling, "host.enrol", vouch_demo_host_actor(story, moment->who),
        vouch_bytes_of(story->tale.company->hosts[moment->who].name));
    certify_host(story, moment->time_ms, moment->who, "host-token:1");
}

static void tell_renew(struct vouch_demo_story *story, const struct vouch_demo_moment *moment) {
    certify_host(story, moment->time_ms, moment->who, "host-secret");
}

static void tell_wait(struct vouch_demo_story *story, const struct vouch_demo_moment *moment) {
    struct telling telling;
    begin(story, moment->time_ms, &telling);
    put_caller(&telling, vouch_bytes_of(story->tale.company->hosts[moment->who].source));
    end(&telling, "host.wait", vouch_bytes_of(SERVICE),
        vouch_bytes_of(story->tale.company->hosts[moment->who].name));
}

// ----- revocations

static void revoke(struct vouch_demo_story *story, uint64_t time_ms, uint64_t serial,
                   const struct vouch_store_revocation *like) {
    struct telling telling;
    uint8_t value[8];
    struct vouch_store_revocation revocation = *like;
    for (size_t i = 0; i < sizeof value; i++) {
        value[i] = (uint8_t)(serial >> (56 - 8 * i));
    }
    revocation.kind = VOUCH_STORE_REVOKE_SERIAL;
    revocation.value = (struct vouch_bytes){value, sizeof value};
    begin(story, time_ms, &telling);
    vouch_entry_revocation_put(&revocation, &telling.details);
    end(&telling, "cert.revoke", vouch_demo_user_actor(story, VOUCH_DEMO_ADMIN),
        vouch_demo_text(story, "%" PRIu64, serial));
}

static void tell_retire(struct vouch_demo_story *story, const struct vouch_demo_moment *moment) {
    struct telling telling;
    const struct vouch_demo_machine *machine = &story->machines[moment->who];
    struct vouch_store_revocation revocation = {.reason = vouch_bytes_of("the host was retired"),
                                                .until_s = machine->valid_before_s};
    begin(story, moment->time_ms, &telling);
    put_host(&telling, moment->who);
    put(&telling, "reason", vouch_bytes_of("taken out of service"));
    end(&telling, "host.retire", vouch_demo_user_actor(story, VOUCH_DEMO_ADMIN),
        vouch_bytes_of(story->tale.company->hosts[moment->who].name));
    memcpy(revocation.ca, story->host_ca, sizeof revocation.ca);
    if (machine->serial != 0) {
        revoke(story, moment->time_ms, machine->serial, &revocation);
    }
}

// Somebody's newest certificate that still holds; NULL if they have none.
static struct vouch_demo_hold *held(struct vouch_demo_story *story, size_t user, uint64_t time_s,
                                    unsigned *ret_zone) {
    for (unsigned zone = 0; zone < VOUCH_DEMO_ZONES; zone++) {
        struct vouch_demo_hold *hold = &story->people[user].holds[zone];
        if (hold->serial != 0 && hold->valid_before_s > time_s) {
            *ret_zone = zone;
            return hold;
        }
    }
    return NULL;
}

// The next user, from one on, who has one.
static struct vouch_demo_hold *held_near(struct vouch_demo_story *story, uint64_t time_s,
                                         size_t *user, unsigned *ret_zone) {
    struct vouch_demo_hold *hold = NULL;
    for (size_t i = 0; i < 64 && hold == NULL; i++) {
        size_t next = (*user + i) % story->tale.company->user_count;
        hold = held(story, next, time_s, ret_zone);
        *user = hold != NULL ? next : *user;
    }
    return hold;
}

static void tell_sign_in(struct vouch_demo_story *story, const struct vouch_demo_moment *moment);

static void tell_revoke(struct vouch_demo_story *story, const struct vouch_demo_moment *moment) {
    static const char *const reasons[] = {"laptop lost", "key left on a shared machine",
                                          "certificate no longer needed", "incident review"};
    size_t user = moment->who;
    unsigned zone = 0;
    struct vouch_demo_hold *hold = held_near(story, moment->time_ms / 1000, &user, &zone);
    if (hold == NULL) {
        tell_sign_in(story, moment);
        return;
    }
    struct vouch_store_revocation revocation = {
        .reason = vouch_bytes_of(reasons[vouch_demo_below(&story->random, 4)]),
        .until_s = hold->valid_before_s};
    memcpy(revocation.ca, story->ca, sizeof revocation.ca);
    revoke(story, moment->time_ms, hold->serial, &revocation);
    *hold = (struct vouch_demo_hold){0};
}

// ----- people

static void certify_user(struct vouch_demo_story *story, uint64_t time_ms, size_t user,
                         const struct vouch_policy_grant *grant, struct vouch_bytes role,
                         struct vouch_bytes policy, struct vouch_demo_hold *hold) {
    struct vouch_demo_person *person = &story->people[user];
    struct vouch_demo_entry *entry = vouch_demo_entry(story);
    uint64_t serial = vouch_demo_mint_serial(story->tale.mint);
    *hold =
        (struct vouch_demo_hold){.serial = serial, .valid_before_s = time_ms / 1000 + grant->ttl_s};
    entry->record = (struct vouch_record){
        .kind = VOUCH_RECORD_CERT,
        .time_ms = time_ms,
        .actor = vouch_demo_user_actor(story, user),
        .evidence = vouch_bytes_of(user % 10 < 8 ? "session:passkey" : "session:password+totp"),
        .role = role,
        .request = new_request(story),
        .source = source_of(story, user),
        .policy = policy};
    entry->spec = (struct vouch_cert_spec){.type = VOUCH_CERT_USER,
                                           .key = person->key,
                                           .serial = serial,
                                           .key_id = name_of(story, user),
                                           .principals = grant->principals,
                                           .principal_count = grant->principal_count,
                                           .valid_after = time_ms / 1000 - BACKDATE_S,
                                           .valid_before = hold->valid_before_s,
                                           .critical = grant->critical,
                                           .critical_count = grant->critical_count,
                                           .extensions = grant->extensions,
                                           .extension_count = grant->extension_count};
}

static void tell_refused(struct vouch_demo_story *story, const struct vouch_demo_moment *moment);

static void tell_access(struct vouch_demo_story *story, const struct vouch_demo_moment *moment) {
    const struct vouch_demo_grant *grant = &story->people[moment->who].grants[moment->what];
    struct vouch_demo_hold *hold = &story->people[moment->who].holds[moment->what];
    if (grant->grant.principal_count == 0) {
        tell_refused(story, moment);
        return;
    }
    certify_user(story, moment->time_ms, moment->who, &grant->grant, vouch_bytes_of(grant->roles),
                 vouch_demo_text(story, "policy %u", story->version), hold);
    hold->role_bits = grant->role_bits;
}

static void tell_refused(struct vouch_demo_story *story, const struct vouch_demo_moment *moment) {
    static const char *const zones[] = {"prod", "staging", "lab"};
    struct telling telling;
    begin(story, moment->time_ms, &telling);
    put(&telling, "code", vouch_bytes_of(vouch_fault_policy_refuses.code));
    put(&telling, "why",
        vouch_demo_text(story, "%s has no role in zone %s that needs neither approval nor reason",
                        story->tale.company->users[moment->who].name, zones[moment->what]));
    put_caller(&telling, source_of(story, moment->who));
    end(&telling, "cert.refuse", vouch_demo_user_actor(story, moment->who),
        name_of(story, moment->who));
}

static void tell_sign_in(struct vouch_demo_story *story, const struct vouch_demo_moment *moment) {
    struct telling telling;
    struct vouch_demo_person *person = &story->people[moment->who];
    person->session = ++story->sessions;
    begin(story, moment->time_ms, &telling);
    put_number(&telling, "session", person->session);
    put(&telling, "methods", vouch_bytes_of(moment->who % 10 < 8 ? "passkey" : "password+totp"));
    put_caller(&telling, source_of(story, moment->who));
    end(&telling, "session.begin", vouch_demo_user_actor(story, moment->who),
        name_of(story, moment->who));
}

static void tell_sign_out(struct vouch_demo_story *story, const struct vouch_demo_moment *moment) {
    struct telling telling;
    struct vouch_demo_person *person = &story->people[moment->who];
    if (person->session == 0) {
        tell_sign_in(story, moment);
        return;
    }
    begin(story, moment->time_ms, &telling);
    put_number(&telling, "session", person->session);
    put_caller(&telling, source_of(story, moment->who));
    end(&telling, "session.end", vouch_demo_user_actor(story, moment->who),
        name_of(story, moment->who));
    person->session = 0;
}

static void tell_stranger(struct vouch_demo_story *story, const struct vouch_demo_moment *moment) {
    static const char *const names[] = {"root", "admin",  "test",   "oracle", "postgres",
                                        "git",  "ubuntu", "backup", "deploy", "support"};
    struct telling telling;
    begin(story, moment->time_ms, &telling);
    put(&telling, "code", vouch_bytes_of(vouch_fault_sign_in.code));
    put(&telling, "why", vouch_bytes_of("the name, the password or the code is wrong"));
    put_caller(&telling, vouch_demo_text(story, "203.0.113.%u", moment->who % 254 + 1));
    end(&telling, "session.refuse", vouch_bytes_of(SERVICE),
        moment->who % 4 == 0 ? name_of(story, moment->who)
                             : vouch_bytes_of(names[vouch_demo_below(&story->random, 10)]));
}

// ----- requests

static const char *const wishes[] = {
    "INC-4711: replication lag on the orders cluster", "vacuum of the billing database",
    "CHG-202: minor upgrade, agreed for tonight",      "INC-4802: disk is full, logs must go",
    "restore of one table from the snapshot",          "kernel parameter for the load test",
};

static struct vouch_bytes wish_of(size_t request) {
    return vouch_bytes_of(wishes[request % (sizeof wishes / sizeof wishes[0])]);
}

// Who gives the approvals: the one of the plan, and others of the same group.
static int find_approvers(struct vouch_demo_story *story, const struct vouch_demo_request *request,
                          struct vouch_arena *arena, struct vouch_demo_asked *asked) {
    const struct vouch_demo_company *company = story->tale.company;
    struct vouch_bytes *names = vouch_arena_alloc(arena, (asked->needed + 1) * sizeof *names);
    size_t count = 0;
    if (names == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    names[count++] = name_of(story, request->approver);
    for (size_t i = 0; i < company->user_count && count < asked->needed; i++) {
        if (i != request->approver && i != request->user &&
            vouch_demo_in_group(company, vouch_demo_roles[request->role].by, i)) {
            names[count++] = name_of(story, i);
        }
    }
    asked->needed = count < asked->needed ? count : asked->needed;
    asked->approvers = names;
    return VOUCH_OK;
}

int vouch_demo_ask(struct vouch_demo_story *story, size_t at, struct vouch_arena *arena,
                   struct vouch_demo_asked *ret_asked) {
    const struct vouch_demo_request *request = &story->tale.plan->requests[at];
    const struct vouch_demo_role *role = &vouch_demo_roles[request->role];
    struct vouch_policy_decision decision = {0};
    struct vouch_demo_asked asked = {.zone = vouch_bytes_of(vouch_demo_zones[role->zone]),
                                     .reason = wish_of(at)};
    struct vouch_bytes *name = vouch_arena_alloc(arena, sizeof *name);
    if (name == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    *name = vouch_bytes_of(role->name);
    asked.roles = name;
    const struct vouch_policy_names roles = {.items = name, .count = 1};
    int err = vouch_demo_decide(story, request->user, &roles, asked.reason, arena, &decision);
    asked.proposal = decision.proposal;
    for (size_t i = 0; i < decision.awaited_count; i++) {
        asked.needed += decision.awaited[i].missing;
    }
    err = err == VOUCH_OK ? find_approvers(story, request, arena, &asked) : err;
    if (err == VOUCH_OK) {
        *ret_asked = asked;
    }
    return err;
}

static void put_request(struct telling *telling, size_t at, const struct vouch_demo_asked *asked) {
    const struct vouch_demo_request *request = &telling->story->tale.plan->requests[at];
    put(telling, "user", name_of(telling->story, request->user));
    put(telling, "zone", asked->zone);
    put(telling, "role", asked->roles[0]);
    for (size_t i = 0; i < asked->proposal.principal_count; i++) {
        put(telling, "principal", asked->proposal.principals[i]);
    }
    put_number(telling, "ttl", asked->proposal.ttl_s);
    put(telling, "key", vouch_bytes_of(telling->story->people[request->user].fingerprint));
    put(telling, "reason", asked->reason);
    put(telling, "source", source_of(telling->story, request->user));
}

static void tell_request(struct vouch_demo_story *story, const struct vouch_demo_moment *moment,
                         const char *type, size_t actor) {
    struct telling telling;
    struct vouch_demo_asked asked;
    int err = vouch_demo_ask(story, moment->who, &story->batch, &asked);
    if (err != VOUCH_OK) {
        story->err = err;
        return;
    }
    begin(story, moment->time_ms, &telling);
    put_request(&telling, moment->who, &asked);
    for (size_t i = 0; strcmp(type, "request.approve") == 0 && i < asked.needed; i++) {
        put(&telling, "approver", asked.approvers[i]);
    }
    end(&telling, type, vouch_demo_user_actor(story, actor),
        vouch_demo_text(story, "%u", moment->who + 1));
}

static void tell_ask(struct vouch_demo_story *story, const struct vouch_demo_moment *moment) {
    tell_request(story, moment, "request.new", story->tale.plan->requests[moment->who].user);
}

static void tell_decide(struct vouch_demo_story *story, const struct vouch_demo_moment *moment) {
    const struct vouch_demo_request *request = &story->tale.plan->requests[moment->who];
    int is_own = request->end == VOUCH_DEMO_CANCELLED;
    const char *type = request->end == VOUCH_DEMO_DENIED ? "request.deny"
                       : is_own                          ? "request.cancel"
                                                         : "request.approve";
    tell_request(story, moment, type, is_own ? request->user : request->approver);
}

static void tell_take(struct vouch_demo_story *story, const struct vouch_demo_moment *moment) {
    const struct vouch_demo_request *request = &story->tale.plan->requests[moment->who];
    struct vouch_demo_hold hold;
    struct vouch_demo_asked asked;
    int err = vouch_demo_ask(story, moment->who, &story->batch, &asked);
    if (err != VOUCH_OK || asked.proposal.principal_count == 0) {
        story->err = err;
        return;
    }
    certify_user(story, moment->time_ms, request->user, &asked.proposal, asked.roles[0],
                 vouch_demo_text(story, "policy %u request %u", story->version, moment->who + 1),
                 &hold);
    story->request_serials[moment->who] = hold.serial;
}

// ----- logins

// A host that some role of the certificate reaches, and the login there.
static size_t find_host(struct vouch_demo_story *story, const struct vouch_demo_hold *hold,
                        uint64_t time_ms, const struct vouch_demo_role **ret_role) {
    const struct vouch_demo_company *company = story->tale.company;
    for (unsigned tries = 0; tries < 400; tries++) {
        size_t role = vouch_demo_below(&story->random, VOUCH_DEMO_ROLES);
        size_t at = vouch_demo_below(&story->random, company->host_count);
        const struct vouch_demo_host *host = &company->hosts[at];
        const struct vouch_demo_role *fits = &vouch_demo_roles[role];
        if ((hold->role_bits >> role & 1) != 0 && fits->zone == host->zone &&
            (fits->tiers >> host->tier & 1) != 0 && (fits->sites >> host->site & 1) != 0 &&
            host->mood < VOUCH_DEMO_LOCKED && host->enrolled_s * 1000 < time_ms) {
            *ret_role = fits;
            return at;
        }
    }
    return company->host_count;
}

static void put_login(struct vouch_demo_story *story, size_t at,
                      const struct vouch_store_login *login) {
    struct vouch_demo_machine *machine = &story->machines[at];
    struct telling telling;
    uint8_t memory[2][2048], hash[VOUCH_STORE_HASH_LEN];
    struct vouch_buf batch, hex;
    vouch_buf_init_fixed(&batch, memory[0], sizeof memory[0]);
    vouch_buf_init_fixed(&hex, memory[1], sizeof memory[1]);
    vouch_login_put(&batch, login);
    int err =
        batch.err != VOUCH_OK ? batch.err : vouch_demo_hash(story, vouch_buf_bytes(&batch), hash);
    vouch_str_hex((struct vouch_bytes){hash, sizeof hash}, &hex);
    begin(story, login->time_ms, &telling);
    machine->next_login += machine->next_login == 0;
    put_number(&telling, "first", machine->next_login++);
    put_number(&telling, "count", 1);
    put(&telling, "sha256", vouch_buf_bytes(&hex));
    story->err = story->err == VOUCH_OK ? err : story->err;
    end(&telling, "host.logins", vouch_demo_host_actor(story, at), login->host);
    story->logins[story->login_count++] = *login;
}

static struct vouch_store_login accepted(struct vouch_demo_story *story, uint64_t time_ms,
                                         size_t user, size_t at, uint64_t serial,
                                         struct vouch_bytes login) {
    const struct vouch_demo_person *person = &story->people[user];
    const char *name = story->tale.company->users[user].name;
    const char *source = story->tale.company->users[user].source;
    return (struct vouch_store_login){
        .time_ms = time_ms,
        .host = vouch_bytes_of(story->tale.company->hosts[at].name),
        .outcome = VOUCH_STORE_LOGIN_ACCEPTED,
        .login = login,
        .user = name_of(story, user),
        .key_id = name_of(story, user),
        .serial = serial,
        .source = source_of(story, user),
        .method = vouch_bytes_of("publickey"),
        .fingerprint = vouch_bytes_of(person->fingerprint),
        .ca = vouch_bytes_of(story->ca_fingerprint),
        .line = vouch_demo_text(story,
                                "Accepted publickey for %.*s from %s port %u ssh2: ED25519-CERT %s "
                                "ID %s (serial %" PRIu64 ") CA ED25519 %s",
                                (int)login.len, (const char *)login.ptr, source,
                                40000 + (unsigned)vouch_demo_below(&story->random, 20000),
                                person->fingerprint, name, serial, story->ca_fingerprint)};
}

static void tell_knock(struct vouch_demo_story *story, const struct vouch_demo_moment *moment) {
    size_t at = moment->who % (story->tale.company->host_count / 2);
    const struct vouch_bytes login = vouch_bytes_of(moment->who % 2 == 0 ? "root" : "admin");
    const struct vouch_bytes source = vouch_demo_text(story, "203.0.113.%u", moment->who % 254 + 1);
    const struct vouch_store_login row = {
        .time_ms = moment->time_ms,
        .host = vouch_bytes_of(story->tale.company->hosts[at].name),
        .outcome = VOUCH_STORE_LOGIN_REFUSED,
        .login = login,
        .source = source,
        .method = vouch_bytes_of("publickey"),
        .reason = vouch_bytes_of("no certificate"),
        .line = vouch_demo_text(story, "Failed publickey for %.*s from %.*s port 50022 ssh2",
                                (int)login.len, (const char *)login.ptr, (int)source.len,
                                (const char *)source.ptr)};
    put_login(story, at, &row);
}

static void tell_login(struct vouch_demo_story *story, const struct vouch_demo_moment *moment) {
    size_t user = moment->who;
    unsigned zone = 0;
    const struct vouch_demo_role *role = NULL;
    const struct vouch_demo_hold *hold = held_near(story, moment->time_ms / 1000, &user, &zone);
    size_t at = hold != NULL ? find_host(story, hold, moment->time_ms, &role)
                             : story->tale.company->host_count;
    if (at == story->tale.company->host_count || vouch_demo_permille(&story->random, 30)) {
        tell_knock(story, moment);
        return;
    }
    int is_own = role->login[0] == '\0' ||
                 (strstr(role->rest, "$user") != NULL && vouch_demo_permille(&story->random, 700));
    const struct vouch_store_login row =
        accepted(story, moment->time_ms, user, at, hold->serial,
                 is_own ? name_of(story, user) : vouch_bytes_of(role->login));
    put_login(story, at, &row);
}

// A certificate that the ledger does not know: somebody else holds a key like the CA's, or a record is
// missing.
static void tell_alarm(struct vouch_demo_story *story, const struct vouch_demo_moment *moment) {
    size_t at = moment->who % (story->tale.company->host_count / 2);
    char when[VOUCH_TIME_TEXT_MAX];
    struct telling telling;
    struct vouch_store_login row =
        accepted(story, moment->time_ms, moment->who, at, vouch_demo_next(&story->random) >> 24,
                 vouch_bytes_of("root"));
    row.user = (struct vouch_bytes){0};
    row.alarm = vouch_bytes_of("unknown-serial");
    put_login(story, at, &row);
    vouch_time_utc(moment->time_ms / 1000, when);
    begin(story, moment->time_ms, &telling);
    put(&telling, "alarm", row.alarm);
    put(&telling, "time", vouch_bytes_of(when));
    put(&telling, "login", row.login);
    put(&telling, "key_id", row.key_id);
    put_number(&telling, "serial", row.serial);
    put(&telling, "fingerprint", row.fingerprint);
    put(&telling, "source", row.source);
    end(&telling, "login.alarm", vouch_demo_host_actor(story, at), row.host);
}

void vouch_demo_tell(struct vouch_demo_story *story, const struct vouch_demo_moment *moment) {
    static void (*const tellers[VOUCH_DEMO_KINDS])(struct vouch_demo_story *,
                                                   const struct vouch_demo_moment *) = {
        [VOUCH_DEMO_POLICY] = tell_policy,     [VOUCH_DEMO_ENROL] = tell_enrol,
        [VOUCH_DEMO_RENEW] = tell_renew,       [VOUCH_DEMO_RETIRE] = tell_retire,
        [VOUCH_DEMO_WAIT] = tell_wait,         [VOUCH_DEMO_ACCESS] = tell_access,
        [VOUCH_DEMO_SIGN_IN] = tell_sign_in,   [VOUCH_DEMO_SIGN_OUT] = tell_sign_out,
        [VOUCH_DEMO_REFUSED] = tell_refused,   [VOUCH_DEMO_LOGIN] = tell_login,
        [VOUCH_DEMO_ALARM] = tell_alarm,       [VOUCH_DEMO_REVOKE] = tell_revoke,
        [VOUCH_DEMO_STRANGER] = tell_stranger, [VOUCH_DEMO_ASK] = tell_ask,
        [VOUCH_DEMO_DECIDE] = tell_decide,     [VOUCH_DEMO_TAKE] = tell_take};
    tellers[moment->kind](story, moment);
}
