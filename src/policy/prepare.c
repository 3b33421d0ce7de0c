// SPDX-License-Identifier: ISC
// From content to a prepared policy: every value is held to its rule, copied, and sorted by name. What
// the values mean to each other is for index.c.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "policy/prepared.h"
#include "policy/rule.h"

int vouch_policy_no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                           "policy: there is no memory for it");
}

static size_t line_of(const struct vouch_policy_spot *spot) {
    const struct vouch_policy_place *place = spot->place;
    for (size_t i = 0; i < place->key_count && spot->line == 0; i++) {
        if (strcmp(place->keys[i].key, spot->key) == 0) {
            return place->keys[i].line;
        }
    }
    return spot->line != 0 ? spot->line : place->line;
}

int vouch_policy_wrong(const struct vouch_policy_spot *spot, struct vouch_fault *fault,
                       const char *format, ...) {
    char what[256], where[200] = "";
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (spot->place->file != NULL) {
        (void)snprintf(where, sizeof where, "%.150s:%zu: ", spot->place->file, line_of(spot));
    }
    return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_input, "%s%s.%.*s%s%s: %s", where,
                           spot->kind, spot->name.len < 80 ? (int)spot->name.len : 80,
                           spot->name.len > 0 ? (const char *)spot->name.ptr : "",
                           spot->key[0] != '\0' ? "." : "", spot->key, what);
}

// ----- the kinds of things, and the rules of their values -----

typedef const char *fault_fn(struct vouch_bytes value);

enum presence { MUST = 0, MAY };

struct text_row {
    const char *key; // NULL behind the last row
    size_t at;
    enum presence presence;
    fault_fn *fault;
};

struct list_row {
    const char *key; // NULL behind the last row
    size_t at;
    size_t min;
    size_t max;
    fault_fn *fault;
};

#define TEXTS_MAX 3
#define LISTS_MAX 8

// Every thing begins with its name.
struct kind {
    const char *word;
    size_t items_at; // in the content
    size_t count_at;
    size_t max;
    size_t size; // of one thing
    size_t place_at;
    fault_fn *name_fault;
    struct text_row texts[TEXTS_MAX];
    struct list_row lists[LISTS_MAX];
    int (*numbers)(const void *thing, const struct vouch_policy_spot *spot,
                   struct vouch_fault *fault); // NULL: there are none
};

static int zone_numbers(const void *thing, const struct vouch_policy_spot *spot,
                        struct vouch_fault *fault);
static int user_numbers(const void *thing, const struct vouch_policy_spot *spot,
                        struct vouch_fault *fault);
static int role_numbers(const void *thing, const struct vouch_policy_spot *spot,
                        struct vouch_fault *fault);

#define ZONE(field) offsetof(struct vouch_policy_zone, field)
#define USER(field) offsetof(struct vouch_policy_user, field)
#define GROUP(field) offsetof(struct vouch_policy_group, field)
#define ROLE(field) offsetof(struct vouch_policy_role, field)
#define HOST(field) offsetof(struct vouch_policy_host, field)
#define LIST(field) offsetof(struct vouch_policy_content, field)

static const struct kind kinds[] = {
    {"zones",
     LIST(zones),
     LIST(zone_count),
     VOUCH_POLICY_ZONES_MAX,
     sizeof(struct vouch_policy_zone),
     ZONE(place),
     vouch_policy_name_fault,
     {{0}},
     {{"patterns", ZONE(patterns), 1, VOUCH_POLICY_PATTERNS_MAX, vouch_policy_pattern_fault}},
     zone_numbers},
    {"users",
     LIST(users),
     LIST(user_count),
     VOUCH_POLICY_USERS_MAX,
     sizeof(struct vouch_policy_user),
     USER(place),
     vouch_policy_user_fault,
     {{"login", USER(login), MAY, vouch_policy_login_fault}},
     {{0}},
     user_numbers},
    {"groups",
     LIST(groups),
     LIST(group_count),
     VOUCH_POLICY_GROUPS_MAX,
     sizeof(struct vouch_policy_group),
     GROUP(place),
     vouch_policy_name_fault,
     {{0}},
     {{"members", GROUP(members), 0, VOUCH_POLICY_MEMBERS_MAX, vouch_policy_user_fault}},
     NULL},
    {"roles",
     LIST(roles),
     LIST(role_count),
     VOUCH_POLICY_ROLES_MAX,
     sizeof(struct vouch_policy_role),
     ROLE(place),
     vouch_policy_name_fault,
     {{"zone", ROLE(zone), MUST, vouch_policy_name_fault},
      {"force_command", ROLE(force_command), MAY, vouch_policy_command_fault}},
     {{"members", ROLE(members), 0, VOUCH_POLICY_MEMBERS_MAX, vouch_policy_member_fault},
      {"hosts", ROLE(hosts), 1, VOUCH_POLICY_LABELS_MAX, vouch_policy_selector_fault},
      {"logins", ROLE(logins), 1, VOUCH_POLICY_PRINCIPALS_MAX, vouch_policy_role_login_fault},
      {"extensions", ROLE(extensions), 0, 16, vouch_policy_extension_fault},
      {"key_types", ROLE(key_types), 0, 16, vouch_policy_key_type_fault},
      {"source_address", ROLE(sources), 0, VOUCH_POLICY_SOURCES_MAX, vouch_policy_source_fault},
      {"approval", ROLE(by), 0, VOUCH_POLICY_MEMBERS_MAX, vouch_policy_member_fault}},
     role_numbers},
    {"hosts",
     LIST(hosts),
     LIST(host_count),
     VOUCH_POLICY_HOSTS_MAX,
     sizeof(struct vouch_policy_host),
     HOST(place),
     vouch_policy_host_fault,
     {{"zone", HOST(zone), MUST, vouch_policy_name_fault}},
     {{"labels", HOST(labels), 0, VOUCH_POLICY_LABELS_MAX, vouch_policy_label_fault}},
     NULL},
};

#define KINDS (sizeof kinds / sizeof kinds[0])

static struct vouch_policy_spot with_key(const struct vouch_policy_spot *spot, const char *key) {
    struct vouch_policy_spot result = *spot;
    result.key = key;
    return result;
}

static int check_ttl(uint64_t ttl_s, const struct vouch_policy_spot *spot,
                     struct vouch_fault *fault) {
    const struct vouch_policy_spot at = with_key(spot, "max_ttl");
    return ttl_s <= VOUCH_POLICY_TTL_MAX_S
               ? VOUCH_OK
               : vouch_policy_wrong(&at, fault, "is longer than 366 days");
}

static int check_time(uint64_t time_s, const char *key, const struct vouch_policy_spot *spot,
                      struct vouch_fault *fault) {
    const struct vouch_policy_spot at = with_key(spot, key);
    return time_s <= VOUCH_POLICY_TIME_MAX_S
               ? VOUCH_OK
               : vouch_policy_wrong(&at, fault, "is later than the year 9999");
}

static int zone_numbers(const void *thing, const struct vouch_policy_spot *spot,
                        struct vouch_fault *fault) {
    const struct vouch_policy_zone *zone = thing;
    return check_ttl(zone->max_ttl_s, spot, fault);
}

static int user_numbers(const void *thing, const struct vouch_policy_spot *spot,
                        struct vouch_fault *fault) {
    const struct vouch_policy_user *user = thing;
    return check_time(user->until_s, "until", spot, fault);
}

static int check_approval(const struct vouch_policy_role *role,
                          const struct vouch_policy_spot *spot, struct vouch_fault *fault) {
    const struct vouch_policy_spot at = with_key(spot, "approval");
    if (role->approval_count > VOUCH_POLICY_APPROVALS_MAX) {
        return vouch_policy_wrong(&at, fault, "asks for more than %u approvals",
                                  VOUCH_POLICY_APPROVALS_MAX);
    }
    if (role->approval_count > 0 && role->by.count == 0) {
        return vouch_policy_wrong(&at, fault, "does not say by whom");
    }
    return role->approval_count == 0 && role->by.count > 0
               ? vouch_policy_wrong(&at, fault, "names who approves, but a count of 0")
               : VOUCH_OK;
}

// What an emergency must not wait for, and what it must not do without.
static int check_break_glass(const struct vouch_policy_role *role,
                             const struct vouch_policy_spot *spot, struct vouch_fault *fault) {
    const struct {
        const char *key;
        int is_wrong;
        const char *why;
    } rules[] = {
        {"max_ttl", role->max_ttl_s > VOUCH_POLICY_BREAK_GLASS_TTL_MAX_S,
         "is longer than 1h, which is the longest with break_glass: yes"},
        {"reason", role->reason != VOUCH_POLICY_REQUIRED, "must be required with break_glass: yes"},
        {"second_factor",
         role->second_factor_age_s == 0 ||
             role->second_factor_age_s > VOUCH_POLICY_BREAK_GLASS_FACTOR_MAX_S,
         "must be 5m or less with break_glass: yes"},
        {"approval", role->approval_count > 0 || role->by.count > 0,
         "must not be there with break_glass: yes: nobody waits in an emergency"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const struct vouch_policy_spot at = with_key(spot, rules[i].key);
        if (role->break_glass == VOUCH_POLICY_BREAKS_GLASS && rules[i].is_wrong) {
            return vouch_policy_wrong(&at, fault, "%s", rules[i].why);
        }
    }
    return VOUCH_OK;
}

static int role_numbers(const void *thing, const struct vouch_policy_spot *spot,
                        struct vouch_fault *fault) {
    const struct vouch_policy_role *role = thing;
    const struct vouch_policy_spot ttl = with_key(spot, "max_ttl");
    const struct vouch_policy_spot until = with_key(spot, "until");
    if (role->max_ttl_s == 0) {
        return vouch_policy_wrong(&ttl, fault, "is missing or 0: say how long, such as 8h");
    }
    int err = check_ttl(role->max_ttl_s, spot, fault);
    err = err == VOUCH_OK ? check_time(role->from_s, "from", spot, fault) : err;
    err = err == VOUCH_OK ? check_time(role->until_s, "until", spot, fault) : err;
    if (err == VOUCH_OK && role->until_s != 0 && role->until_s <= role->from_s) {
        err = vouch_policy_wrong(&until, fault, "is not later than \"from\"");
    }
    err = err == VOUCH_OK ? check_approval(role, spot, fault) : err;
    return err == VOUCH_OK ? check_break_glass(role, spot, fault) : err;
}

// ----- copying -----

struct making {
    struct vouch_policy *policy;
    const struct kind *kind;
    struct vouch_fault *fault;
};

// With a NUL behind it, for messages that look for the nearest name.
static int copy_text(struct vouch_arena *arena, struct vouch_bytes *text) {
    uint8_t *copy = vouch_arena_alloc(arena, text->len + 1);
    if (copy == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    if (text->len > 0) {
        memcpy(copy, text->ptr, text->len);
    }
    text->ptr = copy;
    return VOUCH_OK;
}

static int check_text(const struct making *making, const struct text_row *row,
                      struct vouch_bytes text, const struct vouch_policy_spot *spot) {
    const char *why = text.len == 0 && row->presence == MAY ? NULL : row->fault(text);
    const struct vouch_policy_spot at = with_key(spot, row->key);
    return why == NULL ? VOUCH_OK : vouch_policy_wrong(&at, making->fault, "%s", why);
}

static int compare_texts(const void *a, const void *b) {
    return vouch_bytes_compare(*(const struct vouch_bytes *)a, *(const struct vouch_bytes *)b);
}

static size_t line_at(const struct vouch_policy_names *names, size_t at) {
    return names->lines != NULL ? names->lines[at] : 0;
}

static int check_repeats(const struct making *making, const struct vouch_policy_names *names,
                         const struct vouch_policy_spot *spot) {
    vouch_autofree struct vouch_bytes *sorted = calloc(names->count + 1, sizeof *sorted);
    if (sorted == NULL) {
        return vouch_policy_no_memory(making->fault);
    }
    if (names->count > 0) {
        memcpy(sorted, names->items, names->count * sizeof *sorted);
    }
    qsort(sorted, names->count, sizeof *sorted, compare_texts);
    size_t twice = 1;
    while (twice < names->count && !vouch_bytes_equal(sorted[twice - 1], sorted[twice])) {
        twice++;
    }
    if (twice >= names->count) {
        return VOUCH_OK;
    }
    struct vouch_policy_spot at = *spot;
    for (size_t i = 0; i < names->count; i++) {
        at.line = vouch_bytes_equal(names->items[i], sorted[twice]) ? line_at(names, i) : at.line;
    }
    return vouch_policy_wrong(&at, making->fault, "\"%.*s\" is named twice", (int)sorted[twice].len,
                              (const char *)sorted[twice].ptr);
}

static int check_list(const struct making *making, const struct list_row *row,
                      const struct vouch_policy_names *names,
                      const struct vouch_policy_spot *spot) {
    struct vouch_policy_spot at = with_key(spot, row->key);
    if (names->count < row->min) {
        return vouch_policy_wrong(&at, making->fault, "is missing or empty");
    }
    if (names->count > row->max) {
        return vouch_policy_wrong(&at, making->fault, "has more than %zu entries", row->max);
    }
    for (size_t i = 0; i < names->count; i++) {
        struct vouch_bytes item = names->items[i];
        const char *why = row->fault(item);
        if (why != NULL) {
            at.line = line_at(names, i);
            return vouch_policy_wrong(&at, making->fault, "\"%.*s\" %s",
                                      item.len < 80 ? (int)item.len : 80,
                                      item.len > 0 ? (const char *)item.ptr : "", why);
        }
    }
    return check_repeats(making, names, &at);
}

static int copy_list(const struct making *making, struct vouch_policy_names *names) {
    struct vouch_arena *arena = &making->policy->arena;
    struct vouch_bytes *items = vouch_arena_alloc(arena, (names->count + 1) * sizeof *items);
    if (items == NULL) {
        return vouch_policy_no_memory(making->fault);
    }
    for (size_t i = 0; i < names->count; i++) {
        items[i] = names->items[i];
        if (copy_text(arena, &items[i]) != VOUCH_OK) {
            return vouch_policy_no_memory(making->fault);
        }
    }
    names->items = items;
    return VOUCH_OK;
}

static void *field(void *thing, size_t at) {
    return (char *)thing + at;
}

// Holds one thing to the rules, and makes all it borrows its own. Lines and place stay borrowed until
// the end.
static int make_thing(const struct making *making, void *thing) {
    const struct kind *kind = making->kind;
    struct vouch_bytes *name = thing;
    const struct vouch_policy_spot spot = {field(thing, kind->place_at), kind->word, *name, "", 0};
    const char *why = kind->name_fault(*name);
    if (why != NULL) {
        return vouch_policy_wrong(&spot, making->fault, "the name %s", why);
    }
    int err = copy_text(&making->policy->arena, name) == VOUCH_OK
                  ? VOUCH_OK
                  : vouch_policy_no_memory(making->fault);
    for (const struct text_row *row = kind->texts; row->key != NULL && err == VOUCH_OK; row++) {
        struct vouch_bytes *text = field(thing, row->at);
        err = check_text(making, row, *text, &spot);
        if (err == VOUCH_OK && copy_text(&making->policy->arena, text) != VOUCH_OK) {
            err = vouch_policy_no_memory(making->fault);
        }
    }
    for (const struct list_row *row = kind->lists; row->key != NULL && err == VOUCH_OK; row++) {
        struct vouch_policy_names *names = field(thing, row->at);
        err = check_list(making, row, names, &spot);
        err = err == VOUCH_OK ? copy_list(making, names) : err;
    }
    return err == VOUCH_OK && kind->numbers != NULL ? kind->numbers(thing, &spot, making->fault)
                                                    : err;
}

static int find_repeated_name(const struct making *making, char *things, size_t count) {
    const struct kind *kind = making->kind;
    for (size_t i = 1; i < count; i++) {
        char *a = things + (i - 1) * kind->size, *b = a + kind->size;
        const struct vouch_bytes *name = (void *)b;
        if (!vouch_bytes_equal(*(const struct vouch_bytes *)(void *)a, *name)) {
            continue;
        }
        const struct vouch_policy_place *first = field(a, kind->place_at);
        const struct vouch_policy_place *second = field(b, kind->place_at);
        int swap = first->file != NULL && second->file != NULL &&
                   strcmp(first->file, second->file) == 0 && first->line > second->line;
        const struct vouch_policy_place *earlier = swap ? second : first;
        const struct vouch_policy_spot spot = {swap ? first : second, kind->word, *name, "", 0};
        return earlier->file != NULL
                   ? vouch_policy_wrong(&spot, making->fault, "is there twice, first in %.80s:%zu",
                                        earlier->file, earlier->line)
                   : vouch_policy_wrong(&spot, making->fault, "is there twice");
    }
    return VOUCH_OK;
}

static int make_kind(const struct making *making, const struct vouch_policy_content *content) {
    const struct kind *kind = making->kind;
    const char *from = (const char *)content;
    size_t count;
    const void *given;
    memcpy(&count, from + kind->count_at, sizeof count);
    memcpy(&given, from + kind->items_at, sizeof given);
    if (count > kind->max) {
        return vouch_fault_set(making->fault, VOUCH_ERR_LIMIT, &vouch_fault_input,
                               "policy: %s: there are more than %zu", kind->word, kind->max);
    }
    char *things = vouch_arena_alloc(&making->policy->arena, (count + 1) * kind->size);
    if (things == NULL) {
        return vouch_policy_no_memory(making->fault);
    }
    if (count > 0) {
        memcpy(things, given, count * kind->size);
    }
    int err = VOUCH_OK;
    for (size_t i = 0; i < count && err == VOUCH_OK; i++) {
        err = make_thing(making, things + i * kind->size);
    }
    qsort(things, count, kind->size, compare_texts);
    char *to = (char *)&making->policy->content;
    memcpy(to + kind->items_at, &things, sizeof things);
    memcpy(to + kind->count_at, &count, sizeof count);
    return err == VOUCH_OK ? find_repeated_name(making, things, count) : err;
}

// What was borrowed for messages ends here.
static void forget_places(struct vouch_policy *policy) {
    for (size_t k = 0; k < KINDS; k++) {
        const struct kind *kind = &kinds[k];
        char *content = (char *)&policy->content;
        size_t count;
        char *things;
        memcpy(&count, content + kind->count_at, sizeof count);
        memcpy(&things, content + kind->items_at, sizeof things);
        for (size_t i = 0; i < count; i++) {
            char *thing = things + i * kind->size;
            *(struct vouch_policy_place *)field(thing, kind->place_at) =
                (struct vouch_policy_place){0};
            for (const struct list_row *row = kind->lists; row->key != NULL; row++) {
                struct vouch_policy_names *names = field(thing, row->at);
                names->lines = NULL;
            }
        }
    }
}

int vouch_policy_new(const struct vouch_policy_content *content, struct vouch_policy **ret_policy,
                     struct vouch_fault *fault) {
    vouch_autopolicy struct vouch_policy *policy = calloc(1, sizeof *policy);
    if (policy == NULL) {
        return vouch_policy_no_memory(fault);
    }
    int err = VOUCH_OK;
    for (size_t k = 0; k < KINDS && err == VOUCH_OK; k++) {
        const struct making making = {policy, &kinds[k], fault};
        err = make_kind(&making, content);
    }
    err = err == VOUCH_OK ? vouch_policy_index(policy, fault) : err;
    if (err == VOUCH_OK) {
        forget_places(policy);
        *ret_policy = vouch_steal(policy);
    }
    return err;
}

void vouch_policy_free(struct vouch_policy *policy) {
    if (policy != NULL) {
        vouch_arena_done(&policy->arena);
        free(policy);
    }
}

const struct vouch_policy_content *vouch_policy_holds(const struct vouch_policy *policy) {
    return &policy->content;
}
