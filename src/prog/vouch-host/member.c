// SPDX-License-Identifier: ISC
// Steps of a member of the fleet: see member.h.
#include "prog/vouch-host/member.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouch-host/pace.h"

#define ROOT_NS (UINT64_C(120) * 1000000000)
#define PROBLEMS_MAX 32

uint64_t vouch_member_deadline(void) {
    return vouch_time_monotonic_ns() + ROOT_NS;
}

int vouch_member_open(const char *root, struct vouch_member *ret_member, pid_t *ret_other,
                      struct vouch_fault *fault) {
    struct vouch_member member = {0};
    int err = vouch_station_open(root, VOUCH_STATION_ALONE, &member.station, ret_other, fault);
    if (err != 0) {
        return err;
    }
    err = vouch_enrolled_read(member.station.folder, &member.enrolled, fault);
    if (err == 0 && member.enrolled.state != VOUCH_ENROLLED_WAITING) {
        err = vouch_enrolled_secret_read(member.station.folder, &member.secret, fault);
    }
    if (err == 0) {
        err = vouch_contact_open(&member.enrolled, vouch_secret_bytes(&member.secret), &member.api,
                                 fault);
    }
    if (err != 0) {
        vouch_member_close(&member);
        return err;
    }
    *ret_member = member;
    return 0;
}

void vouch_member_close(struct vouch_member *member) {
    vouch_api_close(member->api);
    vouch_secret_done(&member->secret);
    vouch_enrolled_done(&member->enrolled);
    vouch_station_close(&member->station);
    *member = (struct vouch_member){.station = {.folder = -1, .lock = -1}};
}

// Once the CA that signed is on its way out, the certificate is worth renewing: the rotation waits for it.
static void note_outgoing(struct vouch_member *member, const struct vouch_apply_machine *machine,
                          uint64_t random) {
    size_t outgoing = 0;
    for (size_t i = 0; i < machine->key_count; i++) {
        outgoing += machine->keys[i].is_outgoing != 0;
    }
    if (outgoing == 0) {
        member->outgoing_since_s = 0;
        return;
    }
    if (member->outgoing_since_s == 0) {
        member->outgoing_since_s = vouch_time_now_s();
    }
    uint64_t at =
        vouch_pace_soon_at_s(member->outgoing_since_s, member->enrolled.renewed_s, random);
    member->renew_at_s =
        at < member->renew_at_s || member->renew_at_s == 0 ? at : member->renew_at_s;
}

// The earliest end decides, and by how much the host spreads is its own: the same at each start.
static void note_machine(struct vouch_member *member, const struct vouch_apply_machine *machine) {
    uint64_t random = 0;
    member->installed = (struct vouch_contact_news){
        .state = machine->state_version,
        .krl = machine->krl_version,
        .trust = machine->trust_version,
    };
    memcpy(&random, machine->machine, sizeof random);
    member->renew_at_s = 0;
    for (size_t i = 0; i < machine->key_count; i++) {
        const struct vouch_apply_key *key = &machine->keys[i];
        uint64_t at = vouch_pace_renew_at_s(key->valid_after_s, key->valid_before_s, random);
        if (at != 0 && (member->renew_at_s == 0 || at < member->renew_at_s)) {
            member->renew_at_s = at;
        }
    }
    note_outgoing(member, machine, random);
}

int vouch_member_describe(struct vouch_member *member, struct vouch_apply_machine *ret_machine,
                          struct vouch_fault *fault) {
    const struct vouch_apply_none none = {0};
    int err = vouch_apply_describe(member->station.apply, &none, vouch_member_deadline(),
                                   ret_machine, fault);
    if (err == 0) {
        note_machine(member, ret_machine);
    }
    return err;
}

static void tell(const struct vouch_member_listener *listener,
                 const struct vouch_apply_done *done) {
    for (size_t i = 0; listener != NULL && i < done->steps.count; i++) {
        listener->step(listener->context, done->steps.items[i]);
    }
}

// What every install says of whose it is.
static struct vouch_apply_install begin_install(const struct vouch_member *member) {
    return (struct vouch_apply_install){
        .ca = vouch_bytes_of(member->enrolled.ca_name),
        .checkpoint = vouch_key_blob(member->enrolled.checkpoint_key),
        .name = vouch_bytes_of(member->enrolled.name),
    };
}

static int install(struct vouch_member *member, const struct vouch_apply_install *what,
                   const struct vouch_member_listener *listener, struct vouch_fault *fault) {
    struct vouch_apply_done done = {0};
    int err =
        vouch_apply_install(member->station.apply, what, vouch_member_deadline(), &done, fault);
    if (err == 0) {
        tell(listener, &done);
    }
    return err;
}

// Renewing

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

// Durable first: a secret that was used and then forgotten could not be used again.
static int take_secret(struct vouch_member *member, struct vouch_secret *take_secret,
                       struct vouch_fault *fault) {
    int err =
        vouch_enrolled_secret_write(member->station.folder, vouch_secret_bytes(take_secret), fault);
    if (err == 0) {
        err = vouch_api_set_token(member->api, vouch_secret_bytes(take_secret), fault);
    }
    if (err == 0) {
        vouch_secret_done(&member->secret);
        member->secret = *take_secret;
        *take_secret = (struct vouch_secret){0};
        member->enrolled.renewed_s = vouch_time_now_s();
        err = vouch_enrolled_write(member->station.folder, &member->enrolled, fault);
    }
    return err;
}

static int install_certs(struct vouch_member *member,
                         const struct vouch_contact_enrolment *enrolment,
                         const struct vouch_member_listener *listener, struct vouch_fault *fault) {
    struct vouch_apply_cert certs[VOUCH_APPLY_KEYS_MAX] = {0};
    struct vouch_apply_install what = begin_install(member);
    for (size_t i = 0; i < enrolment->cert_count; i++) {
        certs[i].cert = enrolment->certs[i];
    }
    what.certs = certs;
    what.cert_count = enrolment->cert_count;
    return install(member, &what, listener, fault);
}

int vouch_member_renew(struct vouch_member *member, const struct vouch_member_listener *listener,
                       struct vouch_fault *fault) {
    vouch_autoarena struct vouch_arena arena = {0};
    vouch_autosecret struct vouch_secret secret = {0};
    struct vouch_contact_enrolment enrolment = {0};
    struct vouch_apply_proofs proofs = {0};
    const struct vouch_apply_prove prove = {
        .purpose = VOUCH_HOST_PROOF_RENEW,
        .ca = vouch_bytes_of(member->enrolled.ca_name),
        .name = vouch_bytes_of(member->enrolled.name),
        .time_s = vouch_time_now_s(),
    };
    struct vouch_contact_wish wish = {
        .purpose = VOUCH_HOST_PROOF_RENEW, .time_s = prove.time_s, .proofs = &proofs};
    int err =
        vouch_apply_prove(member->station.apply, &prove, vouch_member_deadline(), &proofs, fault);
    if (err == 0) {
        err = vouch_contact_enrol(member->api, &wish, &member->enrolled, &arena, &enrolment,
                                  &secret, fault);
    }
    if (err == 0) {
        err = take_secret(member, &secret, fault);
    }
    return err == 0 ? install_certs(member, &enrolment, listener, fault) : err;
}

// The server's own "no", as against that of the root part.
static int hear(struct vouch_member *member, int err, const struct vouch_fault *fault) {
    if (err != 0 && fault != NULL && vouch_contact_is_final(fault)) {
        member->is_barred = 1;
    }
    return err;
}

// Syncing

static int sync_krl(struct vouch_member *member, const struct vouch_member_listener *listener,
                    struct vouch_fault *fault) {
    struct vouch_buf krl = {0}, envelope = {0};
    struct vouch_apply_install what = begin_install(member);
    int err = vouch_contact_krl(member->api, &krl, &envelope, fault);
    if (err == 0) {
        what.krl = vouch_buf_bytes(&krl);
        what.krl_envelope = vouch_buf_bytes(&envelope);
        err = install(member, &what, listener, fault);
    }
    vouch_buf_done(&krl);
    vouch_buf_done(&envelope);
    return err;
}

static int sync_trust(struct vouch_member *member, const struct vouch_member_listener *listener,
                      struct vouch_fault *fault) {
    struct vouch_buf bundle = {0};
    struct vouch_apply_install what = begin_install(member);
    int err = vouch_contact_trust(member->api, &bundle, fault);
    if (err == 0) {
        what.trust = vouch_buf_bytes(&bundle);
        err = install(member, &what, listener, fault);
    }
    vouch_buf_done(&bundle);
    return err;
}

// The very first time all comes at once: the root part takes nothing without the bundle and the list.
static int sync_first(struct vouch_member *member, const struct vouch_member_listener *listener,
                      struct vouch_fault *fault) {
    struct vouch_buf bundle = {0}, krl = {0}, envelope = {0};
    struct vouch_apply_install what = begin_install(member);
    int err = vouch_contact_trust(member->api, &bundle, fault);
    if (err == 0) {
        err = vouch_contact_krl(member->api, &krl, &envelope, fault);
    }
    if (err == 0) {
        what.trust = vouch_buf_bytes(&bundle);
        what.krl = vouch_buf_bytes(&krl);
        what.krl_envelope = vouch_buf_bytes(&envelope);
        err = install(member, &what, listener, fault);
    }
    vouch_buf_done(&bundle);
    vouch_buf_done(&krl);
    vouch_buf_done(&envelope);
    return err;
}

static int sync_state(struct vouch_member *member, const struct vouch_contact_state *state,
                      const struct vouch_member_listener *listener, struct vouch_fault *fault) {
    struct vouch_apply_install what = begin_install(member);
    what.state_version = state->version;
    what.by_login = state->by_login;
    what.logins = state->logins;
    what.login_count = state->login_count;
    return install(member, &what, listener, fault);
}

// What of the server's versions is not the one here. Versions only rise; that an older one is never taken
// is for the root part to see to.
static int sync_public(struct vouch_member *member, const struct vouch_contact_state *state,
                       const struct vouch_member_listener *listener,
                       struct vouch_member_synced *synced, struct vouch_fault *fault) {
    int err = 0;
    if (member->installed.trust == 0 || member->installed.krl == 0) {
        synced->installed += 2;
        return sync_first(member, listener, fault);
    }
    if (state->trust_version != member->installed.trust) {
        synced->installed++;
        err = sync_trust(member, listener, fault);
    }
    if (err == 0 && state->krl_version != member->installed.krl) {
        synced->installed++;
        err = sync_krl(member, listener, fault);
    }
    return err;
}

int vouch_member_sync(struct vouch_member *member, const struct vouch_member_listener *listener,
                      struct vouch_member_synced *ret_synced, struct vouch_fault *fault) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_contact_state state = {0};
    struct vouch_member_synced synced = {0};
    struct vouch_fault why = {0};
    struct vouch_apply_machine machine = {0};
    int no_state = vouch_contact_state(member->api, member->installed.state, &arena, &state, &why);
    if (no_state != 0 && fault != NULL) {
        *fault = why;
    }
    if (no_state != 0 && !vouch_contact_is_final(&why)) {
        return no_state;
    }
    if (hear(member, no_state, &why) != 0) {
        // A host that is barred still learns who is revoked.
        state.krl_version = state.trust_version = UINT64_MAX;
        (void)!sync_public(member, &state, listener, &synced, &why);
        return no_state;
    }
    int err = sync_public(member, &state, listener, &synced, fault);
    if (err == 0 && state.has_logins && state.version != member->installed.state) {
        synced.installed++;
        err = sync_state(member, &state, listener, fault);
    }
    if (err == 0 && synced.installed > 0) {
        err = vouch_member_describe(member, &machine, fault);
    }
    if (err == 0) {
        synced.renew = state.renew;
        *ret_synced = synced;
    }
    return err;
}

int vouch_member_guard(struct vouch_member *member, const struct vouch_member_listener *listener,
                       size_t *ret_count, struct vouch_fault *fault) {
    const struct vouch_apply_none none = {0};
    struct vouch_apply_done done = {0};
    int err =
        vouch_apply_guard(member->station.apply, &none, vouch_member_deadline(), &done, fault);
    if (err == 0) {
        tell(listener, &done);
        *ret_count = done.file_count;
    }
    return err;
}

// Reporting

struct problems {
    char *lines[PROBLEMS_MAX];
    size_t count;
};

static void problems_done(struct problems *problems) {
    for (size_t i = 0; i < problems->count; i++) {
        free(problems->lines[i]);
    }
}

static void add_problem(struct problems *problems, struct vouch_bytes text) {
    if (problems->count < PROBLEMS_MAX && text.len > 0) {
        problems->lines[problems->count] = vouch_str_copy(text);
        problems->count += problems->lines[problems->count] != NULL;
    }
}

// The worst of all rows, and the words of those that are not well.
static enum vouch_apply_health judge(const struct vouch_apply_checks *checks,
                                     struct problems *problems) {
    enum vouch_apply_health worst = VOUCH_APPLY_OK;
    for (size_t i = 0; i < checks->count; i++) {
        const struct vouch_apply_checked *row = &checks->rows[i];
        if (row->health == VOUCH_APPLY_OK) {
            continue;
        }
        add_problem(problems, row->text);
        // Not to know is worse than a warning, and better than to know the worst.
        if (row->health == VOUCH_APPLY_CRITICAL || worst == VOUCH_APPLY_OK ||
            (row->health == VOUCH_APPLY_UNKNOWN && worst == VOUCH_APPLY_WARNING)) {
            worst = row->health;
        }
    }
    return worst;
}

int vouch_member_report(struct vouch_member *member, enum vouch_apply_health *ret_health,
                        struct vouch_fault *fault) {
    const struct vouch_apply_none none = {0};
    struct vouch_apply_checks checks = {0};
    struct vouch_apply_machine machine = {0};
    struct problems problems = {0};
    int err =
        vouch_apply_check(member->station.apply, &none, vouch_member_deadline(), &checks, fault);
    enum vouch_apply_health health = err == 0 ? judge(&checks, &problems) : VOUCH_APPLY_UNKNOWN;
    if (err == 0) {
        err = vouch_member_describe(member, &machine, fault);
    }
    if (err == 0) {
        const struct vouch_contact_report report = {
            .machine = &machine,
            .health = health,
            .problems = (const char *const *)problems.lines,
            .problem_count = problems.count,
            .time_s = vouch_time_now_s(),
        };
        err = hear(member, vouch_contact_report(member->api, &report, fault), fault);
    }
    problems_done(&problems);
    if (err == 0 && ret_health != NULL) {
        *ret_health = health;
    }
    return err;
}

// A row that the server does not take must not hold back those behind it for ever: what is refused as a
// batch is handed over one by one, and what is refused alone is left out.
static int hand_over(struct vouch_member *member, struct vouch_apply_logins *logins,
                     struct vouch_fault *fault) {
    uint64_t next = logins->rows[0].number + 1;
    int err = vouch_contact_logins(member->api, logins, &member->next_login, fault);
    if (err == VOUCH_ERR_ARGUMENT && logins->count > 1) {
        logins->count = 1;
        err = vouch_contact_logins(member->api, logins, &member->next_login, fault);
    }
    if (err == VOUCH_ERR_ARGUMENT) {
        member->next_login = next;
        err = 0;
    }
    return hear(member, err, fault);
}

int vouch_member_logins(struct vouch_member *member, size_t *ret_count, struct vouch_fault *fault) {
    const struct vouch_apply_follow follow = {.next = member->next_login};
    struct vouch_apply_logins logins = {0};
    int err =
        vouch_apply_follow(member->station.apply, &follow, vouch_member_deadline(), &logins, fault);
    size_t count = logins.count;
    if (err == 0 && count > 0) {
        err = hand_over(member, &logins, fault);
    }
    if (err == 0) {
        *ret_count = count;
    }
    return err;
}

int vouch_member_note(struct vouch_member *member, const struct vouch_fault *fault,
                      struct vouch_fault *ret_fault) {
    struct vouch_enrolled *enrolled = &member->enrolled;
    uint64_t now = vouch_time_now_s();
    (void)!vouch_api_clock(member->api, &enrolled->clock_ms);
    if (fault == NULL) {
        enrolled->contact_s = now;
        enrolled->state = VOUCH_ENROLLED_ACTIVE;
    } else if (member->is_barred) {
        enrolled->state = VOUCH_ENROLLED_BARRED;
        if (vouch_enrolled_set(&enrolled->why, fault->text) != 0) {
            return no_memory(ret_fault);
        }
    }
    vouch_enrolled_failing(enrolled, fault, now);
    return vouch_enrolled_write(member->station.folder, enrolled, ret_fault);
}
