// SPDX-License-Identifier: ISC
// What the policy means for people: who somebody is, which hosts they reach, who reaches a host.
//
// What is shown is copied: the policy is given back before the answer is read.
#include <inttypes.h>
#include <stdio.h>

#include "authority/access.h"
#include "authority/issue.h"
#include "base/str.h"
#include "base/time.h"
#include "policy/explain.h"

#define ROLES_MAX 1000       // of one person
#define NAMES_MAX 1024       // logins, and roles, on one host
#define PATHS_MAX 1000       // that who_can gives
#define PAGE_DEFAULT 100     // hosts
#define LOOKED_AT_MAX 20000u // hosts for one page

// --- what the asks about the policy share

int vouch_who_is_reader(const struct vouch_who *who) {
    return (who->scopes & (VOUCH_MAY_ADMIN | VOUCH_MAY_AUDIT)) != 0;
}

static int refuse_reading(struct vouch_local *authority, const struct vouch_caller *caller,
                          const struct vouch_who *who, struct vouch_reply *reply,
                          struct vouch_fault *fault) {
    vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_scope, "token",
                    "%.*s has neither the scope %s nor %s", VOUCH_REPLY_TEXT(who->name),
                    VOUCH_SCOPE_ADMIN, VOUCH_SCOPE_AUDIT_READ);
    return vouch_refusal_note(authority, caller, who, (struct vouch_bytes){0}, reply, fault);
}

int vouch_identify_reader(struct vouch_local *authority, const struct vouch_caller *caller,
                          struct vouch_who *ret_who, struct vouch_reply *ret_reply,
                          struct vouch_fault *fault) {
    int err = vouch_identify(authority, caller, VOUCH_MAY_NOTHING, ret_who, ret_reply, fault);
    if (err == VOUCH_OK && ret_reply->verdict == VOUCH_VERDICT_DONE &&
        !vouch_who_is_reader(ret_who)) {
        err = refuse_reading(authority, caller, ret_who, ret_reply, fault);
    }
    return err;
}

int vouch_identify_about(struct vouch_local *authority, const struct vouch_caller *caller,
                         struct vouch_bytes user, struct vouch_who *ret_who,
                         struct vouch_bytes *ret_user, struct vouch_reply *ret_reply,
                         struct vouch_fault *fault) {
    int err = vouch_identify(authority, caller, VOUCH_MAY_NOTHING, ret_who, ret_reply, fault);
    if (err != VOUCH_OK || ret_reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    struct vouch_bytes about = user.len > 0 ? user : ret_who->user;
    if (about.len == 0) {
        vouch_reply_set(ret_reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "user",
                        "user must be given by a caller that is no user");
    } else if (!vouch_bytes_equal(about, ret_who->user) && !vouch_who_is_reader(ret_who)) {
        err = refuse_reading(authority, caller, ret_who, ret_reply, fault);
    }
    *ret_user = about;
    return err;
}

void vouch_reply_no_policy(struct vouch_reply *reply) {
    vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_policy_none, NULL,
                    "no policy was applied yet");
}

int vouch_texts_keep(struct vouch_arena *arena, const struct vouch_bytes *items, size_t count,
                     size_t max, struct vouch_text_list *ret_list) {
    size_t kept = count > max ? max : count;
    struct vouch_bytes *copies = vouch_arena_alloc(arena, (kept + 1) * sizeof *copies);
    int err = copies != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    for (size_t i = 0; err == VOUCH_OK && i < kept; i++) {
        err = vouch_arena_copy(arena, items[i], &copies[i]);
    }
    if (err == VOUCH_OK) {
        *ret_list = (struct vouch_text_list){copies, kept};
    }
    return err;
}

// --- who somebody is

// A role's logins as this person has them.
static int put_logins(struct vouch_arena *arena, const struct vouch_policy_user *user,
                      const struct vouch_policy_names *logins, struct vouch_text_list *ret_list) {
    struct vouch_bytes own[VOUCH_POLICY_PRINCIPALS_MAX];
    size_t count =
        logins->count > VOUCH_POLICY_PRINCIPALS_MAX ? VOUCH_POLICY_PRINCIPALS_MAX : logins->count;
    for (size_t i = 0; i < count; i++) {
        int is_own = vouch_bytes_equal(logins->items[i], vouch_bytes_of(VOUCH_POLICY_OWN_LOGIN));
        own[i] = is_own ? user->login : logins->items[i];
    }
    return vouch_texts_keep(arena, own, count, count, ret_list);
}

static int put_role(struct vouch_arena *arena, const struct vouch_policy *policy,
                    const struct vouch_policy_path *path, struct vouch_role_view *row) {
    const struct vouch_policy_role *role = vouch_policy_role_named(policy, path->role);
    const struct vouch_policy_user *user = vouch_policy_user_named(policy, path->user);
    if (role == NULL || user == NULL) {
        return VOUCH_ERR_NOT_FOUND;
    }
    *row = (struct vouch_role_view){.ttl_s = role->max_ttl_s,
                                    .approvals = role->approval_count,
                                    .needs_reason = role->reason == VOUCH_POLICY_REQUIRED,
                                    .factor_age_s = role->second_factor_age_s,
                                    .break_glass = role->break_glass == VOUCH_POLICY_BREAKS_GLASS};
    const struct {
        struct vouch_bytes from;
        struct vouch_bytes *to;
    } texts[] = {{role->zone, &row->zone}, {role->name, &row->role}, {path->group, &row->group}};
    int err = put_logins(arena, user, &role->logins, &row->logins);
    for (size_t i = 0; err == VOUCH_OK && i < sizeof texts / sizeof texts[0]; i++) {
        err = vouch_arena_copy(arena, texts[i].from, texts[i].to);
    }
    return err;
}

static int put_roles(struct vouch_arena *arena, const struct vouch_policy *policy,
                     const struct vouch_policy_paths *roles, struct vouch_answer_me *answer) {
    size_t count = roles->count > ROLES_MAX ? ROLES_MAX : roles->count;
    struct vouch_role_view *rows = vouch_arena_alloc(arena, (count + 1) * sizeof *rows);
    int err = rows != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    for (size_t i = 0; err == VOUCH_OK && i < count; i++) {
        err = put_role(arena, policy, &roles->items[i], &rows[i]);
    }
    answer->roles = rows;
    answer->role_count = count;
    return err;
}

static int has_role_in(const struct vouch_answer_me *answer, struct vouch_bytes zone) {
    for (size_t i = 0; i < answer->role_count; i++) {
        if (vouch_bytes_equal(answer->roles[i].zone, zone)) {
            return 1;
        }
    }
    return 0;
}

static int put_zones(struct vouch_arena *arena, const struct vouch_policy *policy,
                     struct vouch_answer_me *answer) {
    const struct vouch_policy_content *content = vouch_policy_holds(policy);
    struct vouch_zone_view *rows =
        vouch_arena_alloc(arena, (content->zone_count + 1) * sizeof *rows);
    int err = rows != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    size_t count = 0;
    for (size_t i = 0; err == VOUCH_OK && i < content->zone_count; i++) {
        const struct vouch_policy_zone *zone = &content->zones[i];
        if (!has_role_in(answer, zone->name)) {
            continue;
        }
        err = vouch_arena_copy(arena, zone->name, &rows[count].name);
        if (err == VOUCH_OK) {
            err = vouch_texts_keep(arena, zone->patterns.items, zone->patterns.count,
                                   VOUCH_POLICY_PATTERNS_MAX, &rows[count].patterns);
        }
        count++;
    }
    answer->zones = rows;
    answer->zone_count = count;
    return err;
}

static int put_access(struct vouch_local *authority, const struct vouch_policy *policy,
                      struct vouch_bytes user, struct vouch_answer_me *answer,
                      struct vouch_fault *fault) {
    const struct vouch_policy_view view = {policy, vouch_time_now_s(), &authority->arena};
    struct vouch_policy_paths roles;
    int is_active = vouch_policy_has_active(policy, user, view.now_s);
    answer->is_admin =
        is_active && vouch_policy_group_has(policy, vouch_bytes_of(VOUCH_GROUP_ADMINS), user);
    answer->is_auditor =
        is_active && vouch_policy_group_has(policy, vouch_bytes_of(VOUCH_GROUP_AUDITORS), user);
    int err = vouch_policy_roles_of(&view, user, (struct vouch_bytes){0}, NULL, &roles);
    if (err == VOUCH_OK) {
        err = put_roles(view.arena, policy, &roles, answer);
    }
    if (err == VOUCH_OK) {
        err = put_zones(view.arena, policy, answer);
    }
    return err == VOUCH_OK ? VOUCH_OK : vouch_no_memory(fault);
}

static void absent_user(struct vouch_reply *reply, struct vouch_bytes user) {
    vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_absent, "user",
                    "there is no user %.*s in the policy", VOUCH_REPLY_TEXT(user));
}

int vouch_local_me(struct vouch_local *authority, const struct vouch_caller *caller,
                   const struct vouch_ask_me *ask, struct vouch_answer_me *ret_answer,
                   struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_bytes user = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify_about(authority, caller, ask->user, &who, &user, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    const struct vouch_policy *policy = vouch_policy_hold(authority, &ret_answer->policy);
    if (policy == NULL || vouch_policy_user_named(policy, user) == NULL) {
        absent_user(reply, user);
    } else {
        err = put_access(authority, policy, user, ret_answer, fault);
    }
    vouch_policy_release(authority, policy);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        int is_own = vouch_bytes_equal(user, who.user);
        uint64_t now_s = vouch_time_now_s();
        ret_answer->name = vouch_bytes_of(authority->office->origin);
        ret_answer->factor_s = is_own ? who.factor_s : 0;
        ret_answer->idle_s = is_own && who.session_idle_s > now_s ? who.session_idle_s - now_s : 0;
        ret_answer->ends_s = is_own ? who.session_ends_s : 0;
        err = vouch_arena_copy(&authority->arena, user, &ret_answer->user) == VOUCH_OK
                  ? VOUCH_OK
                  : vouch_no_memory(fault);
    }
    return err;
}

// --- hosts

// "VERSION.PLACE" of the policy's list of hosts.
static int read_cursor(struct vouch_bytes cursor, uint64_t version, uint64_t *ret_place) {
    struct vouch_bytes rest = cursor;
    struct vouch_bytes first = vouch_str_cut(&rest, '.');
    uint64_t of = 0;
    *ret_place = 0;
    return cursor.len == 0 || (rest.ptr != NULL && vouch_str_to_u64(first, &of) == VOUCH_OK &&
                               vouch_str_to_u64(rest, ret_place) == VOUCH_OK && of == version);
}

static int add_once(struct vouch_bytes *items, size_t *count, struct vouch_bytes text) {
    const struct vouch_text_list have = {items, *count};
    for (size_t i = 0; i < have.count; i++) {
        if (vouch_bytes_equal(have.items[i], text)) {
            return 0;
        }
    }
    if (*count < NAMES_MAX) {
        items[(*count)++] = text;
    }
    return 1;
}

static int has_text(const struct vouch_bytes *items, size_t count, struct vouch_bytes text) {
    for (size_t i = 0; i < count; i++) {
        if (vouch_bytes_equal(items[i], text)) {
            return 1;
        }
    }
    return 0;
}

// What ways to a host come to: logins and roles that stand, and roles that would give more for the asking:
// on approval, or in an emergency.
struct sums {
    struct vouch_bytes logins[NAMES_MAX], roles[NAMES_MAX], requests[NAMES_MAX];
    size_t login_count, role_count, request_count;
};

static void sum_up(const struct vouch_policy_paths *paths, struct sums *sums) {
    sums->login_count = sums->role_count = sums->request_count = 0;
    for (size_t i = 0; i < paths->count; i++) {
        if (paths->items[i].how == VOUCH_POLICY_STANDING) {
            (void)add_once(sums->logins, &sums->login_count, paths->items[i].login);
            (void)add_once(sums->roles, &sums->role_count, paths->items[i].role);
        }
    }
    for (size_t i = 0; i < paths->count; i++) {
        if (paths->items[i].how != VOUCH_POLICY_STANDING &&
            !has_text(sums->logins, sums->login_count, paths->items[i].login)) {
            (void)add_once(sums->requests, &sums->request_count, paths->items[i].role);
        }
    }
}

struct looking {
    struct vouch_policy_view view;
    struct vouch_policy_paths roles; // of the person
    const struct vouch_ask_hosts *ask;
    struct sums *sums;
    struct vouch_arena scratch;
};

// A row if the person reaches the host; *ret_is_one 0 if not.
static int look_at(struct looking *looking, const struct vouch_policy_host *host,
                   struct vouch_host_view *row, int *ret_is_one) {
    const struct vouch_policy_view view = {looking->view.policy, looking->view.now_s,
                                           &looking->scratch};
    struct vouch_arena *arena = looking->view.arena;
    struct sums *sums = looking->sums;
    struct vouch_policy_paths paths = {0};
    *ret_is_one = 0;
    vouch_arena_clear(&looking->scratch);
    int err = vouch_policy_reach_host(&view, &looking->roles, host->name, &paths);
    if (err != VOUCH_OK || paths.count == 0) {
        return err;
    }
    sum_up(&paths, sums);
    *ret_is_one = 1;
    err = vouch_arena_copy(arena, host->name, &row->host);
    if (err == VOUCH_OK) {
        err = vouch_arena_copy(arena, host->zone, &row->zone);
    }
    if (err == VOUCH_OK) {
        err = vouch_texts_keep(arena, sums->logins, sums->login_count, NAMES_MAX, &row->logins);
    }
    if (err == VOUCH_OK) {
        err = vouch_texts_keep(arena, sums->roles, sums->role_count, NAMES_MAX, &row->roles);
    }
    return err == VOUCH_OK ? vouch_texts_keep(arena, sums->requests, sums->request_count, NAMES_MAX,
                                              &row->requests)
                           : err;
}

static int is_wanted(const struct vouch_ask_hosts *ask, const struct vouch_policy_host *host) {
    return (ask->zone.len == 0 || vouch_bytes_equal(ask->zone, host->zone)) &&
           (ask->host.len == 0 || vouch_pattern_fits(ask->host, host->name));
}

// From `place` on; *ret_place is where the next page begins, or 0 at the end.
static int look(struct looking *looking, uint64_t place, size_t limit,
                struct vouch_answer_hosts *answer, uint64_t *ret_place) {
    const struct vouch_policy_content *content = vouch_policy_holds(looking->view.policy);
    struct vouch_host_view *rows = vouch_arena_alloc(looking->view.arena, limit * sizeof *rows);
    int err = rows != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    uint64_t at = place;
    answer->rows = rows;
    while (err == VOUCH_OK && at < content->host_count && answer->count < limit &&
           at - place < LOOKED_AT_MAX) {
        const struct vouch_policy_host *host = &content->hosts[at++];
        int is_one = 0;
        if (is_wanted(looking->ask, host)) {
            err = look_at(looking, host, &rows[answer->count], &is_one);
        }
        answer->count += is_one ? 1 : 0;
    }
    *ret_place = at < content->host_count ? at : 0;
    return err;
}

static int put_hosts(struct vouch_local *authority, struct looking *looking,
                     struct vouch_bytes user, uint64_t version, uint64_t place,
                     struct vouch_answer_hosts *answer, struct vouch_fault *fault) {
    char next[VOUCH_ASK_CURSOR_MAX];
    uint64_t next_place = 0;
    uint64_t limit = looking->ask->page.limit == 0 ? PAGE_DEFAULT : looking->ask->page.limit;
    limit = limit > VOUCH_ASK_PAGE_MAX ? VOUCH_ASK_PAGE_MAX : limit;
    looking->sums = vouch_arena_alloc(&authority->arena, sizeof *looking->sums);
    int err = looking->sums == NULL
                  ? VOUCH_ERR_NO_MEMORY
                  : vouch_policy_roles_of(&looking->view, user, looking->ask->zone, NULL,
                                          &looking->roles);
    if (err == VOUCH_OK) {
        err = look(looking, place, (size_t)limit, answer, &next_place);
    }
    if (err == VOUCH_OK && next_place > 0) {
        (void)snprintf(next, sizeof next, "%" PRIu64 ".%" PRIu64, version, next_place);
        err = vouch_arena_copy(&authority->arena, vouch_bytes_of(next), &answer->next);
    }
    vouch_arena_done(&looking->scratch);
    return err == VOUCH_OK ? VOUCH_OK : vouch_no_memory(fault);
}

int vouch_local_hosts(struct vouch_local *authority, const struct vouch_caller *caller,
                      const struct vouch_ask_hosts *ask, struct vouch_answer_hosts *ret_answer,
                      struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_bytes user = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    uint64_t version = 0;
    uint64_t place = 0;
    int err = vouch_identify_about(authority, caller, ask->user, &who, &user, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    const struct vouch_policy *policy = vouch_policy_hold(authority, &version);
    struct looking looking = {.view = {policy, vouch_time_now_s(), &authority->arena}, .ask = ask};
    if (policy == NULL || vouch_policy_user_named(policy, user) == NULL) {
        absent_user(reply, user);
    } else if (!read_cursor(ask->page.cursor, version, &place)) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "cursor",
                        "the cursor is not one of this listing, or the policy was changed since");
    } else {
        err = put_hosts(authority, &looking, user, version, place, ret_answer, fault);
    }
    vouch_policy_release(authority, policy);
    return err;
}

// --- who reaches a host

static int put_path(struct vouch_arena *arena, const struct vouch_policy_path *path,
                    struct vouch_path_view *row) {
    const struct {
        struct vouch_bytes from;
        struct vouch_bytes *to;
    } texts[] = {{path->user, &row->user}, {path->role, &row->role}, {path->group, &row->group}};
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < sizeof texts / sizeof texts[0]; i++) {
        err = vouch_arena_copy(arena, texts[i].from, texts[i].to);
    }
    row->how = vouch_bytes_of(vouch_policy_how_word(path->how));
    row->ttl_s = path->ttl_s;
    return err;
}

static int put_paths(struct vouch_arena *arena, const struct vouch_policy_paths *paths,
                     struct vouch_answer_who_can *answer) {
    size_t count = paths->count > PATHS_MAX ? PATHS_MAX : paths->count;
    struct vouch_path_view *rows = vouch_arena_alloc(arena, (count + 1) * sizeof *rows);
    int err = rows != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    for (size_t i = 0; err == VOUCH_OK && i < count; i++) {
        err = put_path(arena, &paths->items[i], &rows[i]);
    }
    answer->rows = rows;
    answer->count = count;
    answer->in_all = paths->count;
    return err;
}

int vouch_local_who_can(struct vouch_local *authority, const struct vouch_caller *caller,
                        const struct vouch_ask_who_can *ask,
                        struct vouch_answer_who_can *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_policy_paths paths = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    vouch_autoarena struct vouch_arena scratch = {0};
    uint64_t version = 0;
    int err = vouch_identify_reader(authority, caller, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    const struct vouch_policy *policy = vouch_policy_hold(authority, &version);
    const struct vouch_policy_view view = {policy, vouch_time_now_s(), &scratch};
    if (policy == NULL) {
        vouch_reply_no_policy(reply);
        return VOUCH_OK;
    }
    if (vouch_policy_who_can(&view, ask->login, ask->host, &paths) != VOUCH_OK ||
        put_paths(&authority->arena, &paths, ret_answer) != VOUCH_OK) {
        err = vouch_no_memory(fault);
    }
    vouch_policy_release(authority, policy);
    return err;
}
