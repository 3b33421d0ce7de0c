// SPDX-License-Identifier: ISC
// Changes of a policy by the words of a command line: see policy-edit.h.
#include "prog/vouch/policy-edit.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/validity.h"

#define ZONE(field) offsetof(struct vouch_policy_zone, field)
#define USER(field) offsetof(struct vouch_policy_user, field)
#define GROUP(field) offsetof(struct vouch_policy_group, field)
#define ROLE(field) offsetof(struct vouch_policy_role, field)
#define LIST(field) offsetof(struct vouch_policy_content, field)

#define EXTENSION_USUAL "permit-pty"

static const char *const principal_words[] = {"role", "login", NULL};
static const char *const state_words[] = {"disabled", "enabled", NULL};

static const struct vouch_field zone_fields[] = {
    {"name", NULL, VOUCH_FIELD_TEXT, ZONE(name), NULL},
    {"patterns", "pattern", VOUCH_FIELD_LIST, ZONE(patterns), NULL},
    {"principals", "principals", VOUCH_FIELD_WORD, ZONE(principals), principal_words},
    {"max_ttl_s", "ttl", VOUCH_FIELD_DURATION, ZONE(max_ttl_s), NULL},
    {0},
};

static const struct vouch_field user_fields[] = {
    {"name", NULL, VOUCH_FIELD_TEXT, USER(name), NULL},
    {"login", "login", VOUCH_FIELD_TEXT, USER(login), NULL},
    {"state", NULL, VOUCH_FIELD_WORD, USER(state), state_words},
    {"until", "until", VOUCH_FIELD_MOMENT, USER(until_s), NULL},
    {0},
};

static const struct vouch_field group_fields[] = {
    {"name", NULL, VOUCH_FIELD_TEXT, GROUP(name), NULL},
    {"members", "member", VOUCH_FIELD_LIST, GROUP(members), NULL},
    {0},
};

static const struct vouch_field role_fields[] = {
    {"name", NULL, VOUCH_FIELD_TEXT, ROLE(name), NULL},
    {"zone", "zone", VOUCH_FIELD_TEXT, ROLE(zone), NULL},
    {"members", "member", VOUCH_FIELD_LIST, ROLE(members), NULL},
    {"hosts", "host", VOUCH_FIELD_LIST, ROLE(hosts), NULL},
    {"logins", "login", VOUCH_FIELD_LIST, ROLE(logins), NULL},
    {"max_ttl_s", "ttl", VOUCH_FIELD_DURATION, ROLE(max_ttl_s), NULL},
    {"extensions", "extension", VOUCH_FIELD_LIST, ROLE(extensions), NULL},
    {"key_types", "key-type", VOUCH_FIELD_LIST, ROLE(key_types), NULL},
    {"source_address", "source", VOUCH_FIELD_LIST, ROLE(sources), NULL},
    {"force_command", "force-command", VOUCH_FIELD_TEXT, ROLE(force_command), NULL},
    {"verify_required", "verify-required", VOUCH_FIELD_FLAG, ROLE(verify), NULL},
    {"reason_required", "reason-required", VOUCH_FIELD_FLAG, ROLE(reason), NULL},
    {"second_factor_s", "second-factor", VOUCH_FIELD_DURATION, ROLE(second_factor_age_s), NULL},
    {"approve_by", "approve-by", VOUCH_FIELD_LIST, ROLE(by), NULL},
    {"approvals", "approvals", VOUCH_FIELD_COUNT, ROLE(approval_count), NULL},
    {"break_glass", "break-glass", VOUCH_FIELD_FLAG, ROLE(break_glass), NULL},
    {"from", "from", VOUCH_FIELD_MOMENT, ROLE(from_s), NULL},
    {"until", "until", VOUCH_FIELD_MOMENT, ROLE(until_s), NULL},
    {0},
};

static const struct vouch_kind kinds[] = {
    {"zone", "zones", NULL, NULL, zone_fields, LIST(zones), LIST(zone_count),
     sizeof(struct vouch_policy_zone), ZONE(place)},
    {"user", "users", NULL, "user:", user_fields, LIST(users), LIST(user_count),
     sizeof(struct vouch_policy_user), USER(place)},
    {"group", "groups", "member", "group:", group_fields, LIST(groups), LIST(group_count),
     sizeof(struct vouch_policy_group), GROUP(place)},
    {"role", "roles", NULL, NULL, role_fields, LIST(roles), LIST(role_count),
     sizeof(struct vouch_policy_role), ROLE(place)},
};

#define KINDS (sizeof kinds / sizeof kinds[0])

// Kinds and their things

const struct vouch_kind *vouch_kind_named(const char *noun) {
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(kinds[i].noun, noun) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

size_t vouch_kind_count(const struct vouch_kind *kind, const struct vouch_policy_content *content) {
    size_t count;
    memcpy(&count, (const char *)content + kind->count_at, sizeof count);
    return count;
}

static const char *items_of(const struct vouch_kind *kind,
                            const struct vouch_policy_content *content) {
    const void *items;
    memcpy(&items, (const char *)content + kind->items_at, sizeof items);
    return items;
}

const void *vouch_kind_at(const struct vouch_kind *kind, const struct vouch_policy_content *content,
                          size_t place) {
    return items_of(kind, content) + place * kind->size;
}

static struct vouch_bytes name_of(const void *thing) {
    return *(const struct vouch_bytes *)thing;
}

static size_t place_of(const struct vouch_kind *kind, const struct vouch_policy_content *content,
                       struct vouch_bytes name) {
    size_t count = vouch_kind_count(kind, content), place = 0;
    while (place < count &&
           !vouch_bytes_equal(name_of(vouch_kind_at(kind, content, place)), name)) {
        place++;
    }
    return place;
}

const void *vouch_kind_find(const struct vouch_kind *kind,
                            const struct vouch_policy_content *content, struct vouch_bytes name) {
    size_t place = place_of(kind, content, name);
    return place < vouch_kind_count(kind, content) ? vouch_kind_at(kind, content, place) : NULL;
}

static void put_list(struct vouch_item *item, const char *key,
                     const struct vouch_policy_names *names) {
    vouch_item_append(item, key, NULL);
    for (size_t i = 0; i < names->count; i++) {
        vouch_item_append(item, key, &names->items[i]);
    }
}

static unsigned word_at(const void *at) {
    unsigned value;
    memcpy(&value, at, sizeof value);
    return value;
}

static void put_number(struct vouch_item *item, const struct vouch_field *field, uint64_t number) {
    if (field->shape == VOUCH_FIELD_MOMENT) {
        if (number != 0) {
            vouch_item_time(item, field->key, number);
        }
    } else {
        vouch_item_count(item, field->key, (size_t)number);
    }
}

static void put_field(struct vouch_item *item, const struct vouch_field *field, const void *at) {
    switch (field->shape) {
    case VOUCH_FIELD_TEXT:
        vouch_item_text(item, field->key, *(const struct vouch_bytes *)at);
        break;
    case VOUCH_FIELD_LIST:
        put_list(item, field->key, at);
        break;
    case VOUCH_FIELD_WORD:
        vouch_item_word(item, field->key, field->words[word_at(at)]);
        break;
    case VOUCH_FIELD_FLAG:
        vouch_item_yes_no(item, field->key, word_at(at) != 0);
        break;
    case VOUCH_FIELD_DURATION:
    case VOUCH_FIELD_COUNT:
    case VOUCH_FIELD_MOMENT:
        put_number(item, field, *(const uint64_t *)at);
        break;
    }
}

void vouch_kind_item(const struct vouch_kind *kind, const void *thing, struct vouch_item *item) {
    for (const struct vouch_field *field = kind->keys; field->key != NULL; field++) {
        put_field(item, field, (const char *)thing + field->at);
    }
}

// The list that was changed last, which has room: a thousand names put into one are one list, not a
// thousand.
struct room {
    struct vouch_bytes *items;
    size_t cap;
};

// A change while it is made.
struct change {
    const struct vouch_amend *amend;
    struct vouch_arena *arena;
    struct vouch_policy_content *content;
    struct room *room;
    struct vouch_fault *fault;
};

static int no_memory(const struct change *change) {
    return vouch_fault_set(change->fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                           "policy: there is no memory for it");
}

static int absent(const struct change *change, const struct vouch_kind *kind, const char *name) {
    vouch_fault_set(change->fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_absent,
                    "there is no %s %s in the policy", kind->noun, name);
    return vouch_fault_next(change->fault, "vouch %s ls shows all", kind->noun);
}

// A copy of all things of a kind, with room for one more, that the content has from now on.
static char *copy_items(const struct change *change, const struct vouch_kind *kind) {
    size_t count = vouch_kind_count(kind, change->content);
    char *copy = vouch_arena_alloc(change->arena, (count + 1) * kind->size);
    if (copy != NULL) {
        if (count > 0) {
            memcpy(copy, items_of(kind, change->content), count * kind->size);
        }
        const void *items = copy;
        memcpy((char *)change->content + kind->items_at, &items, sizeof items);
    }
    return copy;
}

static void set_count(const struct change *change, const struct vouch_kind *kind, size_t count) {
    memcpy((char *)change->content + kind->count_at, &count, sizeof count);
}

// What is changed stands in no file any more.
static void forget_place(const struct vouch_kind *kind, char *thing) {
    memset(thing + kind->place_at, 0, sizeof(struct vouch_policy_place));
}

// Lists

static int list_has(const struct vouch_policy_names *names, struct vouch_bytes name) {
    size_t i = 0;
    while (i < names->count && !vouch_bytes_equal(names->items[i], name)) {
        i++;
    }
    return i < names->count;
}

// A copy of the list that has room for more, if it is not that already.
static struct vouch_bytes *own_list(const struct change *change,
                                    const struct vouch_policy_names *names) {
    struct room *room = change->room;
    if (room->items != NULL && names->items == room->items && names->count < room->cap) {
        return room->items;
    }
    size_t cap = 2 * names->count + 8;
    struct vouch_bytes *items = vouch_arena_alloc(change->arena, cap * sizeof *items);
    if (items != NULL) {
        if (names->count > 0) {
            memcpy(items, names->items, names->count * sizeof *items);
        }
        *room = (struct room){items, cap};
    }
    return items;
}

static int list_grow(const struct change *change, struct vouch_policy_names *names,
                     struct vouch_bytes name) {
    struct vouch_bytes *items = own_list(change, names);
    if (items == NULL) {
        return no_memory(change);
    }
    items[names->count] = name;
    *names = (struct vouch_policy_names){.items = items, .count = names->count + 1};
    return 0;
}

static int list_drop(const struct change *change, struct vouch_policy_names *names,
                     struct vouch_bytes name) {
    struct vouch_bytes *items = own_list(change, names);
    size_t kept = 0;
    if (items == NULL) {
        return no_memory(change);
    }
    for (size_t i = 0; i < names->count; i++) {
        if (!vouch_bytes_equal(items[i], name)) {
            items[kept++] = items[i];
        }
    }
    *names = (struct vouch_policy_names){.items = items, .count = kept};
    return 0;
}

// All of a list from an option.
static int list_read(const struct change *change, const char *option,
                     struct vouch_policy_names *names) {
    size_t cursor = 0;
    const char *value;
    int err = 0;
    *names = (struct vouch_policy_names){0};
    while (err == 0 && (value = vouch_args_next(change->amend->args, option, &cursor)) != NULL) {
        struct vouch_bytes rest = vouch_bytes_of(value);
        while (err == 0 && rest.ptr != NULL) {
            err = list_grow(change, names, vouch_str_cut(&rest, ','));
        }
    }
    return err;
}

// Values

static int read_duration(const struct change *change, const char *option, const char *value,
                         uint64_t *at) {
    if (vouch_duration_parse(vouch_bytes_of(value), at) != 0) {
        vouch_usage(change->fault, "--%s: \"%s\" is not a duration", option, value);
        return vouch_fault_next(change->fault, "write --%s 8h", option);
    }
    return 0;
}

static int read_moment(const struct change *change, const char *option, const char *value,
                       uint64_t *at) {
    if (vouch_moment_parse(vouch_bytes_of(value), change->amend->now_s, at) != 0) {
        vouch_usage(change->fault, "--%s: \"%s\" is not a moment", option, value);
        return vouch_fault_next(change->fault, "write --%s 2027-01-31T12:00:00Z or --%s +30d",
                                option, option);
    }
    return 0;
}

static int read_word(const struct change *change, const struct vouch_field *field,
                     const char *value, void *at) {
    int choice = vouch_args_choice(field->option, value, field->words, change->fault);
    unsigned word = (unsigned)choice;
    if (choice < 0) {
        return VOUCH_ERR_ARGUMENT;
    }
    memcpy(at, &word, sizeof word);
    return 0;
}

static int set_field(const struct change *change, const struct vouch_field *field, void *at) {
    static const unsigned yes = 1;
    const char *value = vouch_args_value(change->amend->args, field->option);
    switch (field->shape) {
    case VOUCH_FIELD_TEXT:
        *(struct vouch_bytes *)at = vouch_bytes_of(value);
        break;
    case VOUCH_FIELD_LIST:
        return list_read(change, field->option, at);
    case VOUCH_FIELD_DURATION:
        return read_duration(change, field->option, value, at);
    case VOUCH_FIELD_COUNT:
        return vouch_args_number(field->option, value, at, change->fault);
    case VOUCH_FIELD_MOMENT:
        return read_moment(change, field->option, value, at);
    case VOUCH_FIELD_WORD:
        return read_word(change, field, value, at);
    case VOUCH_FIELD_FLAG:
        memcpy(at, &yes, sizeof yes);
        break;
    }
    return 0;
}

static int set_fields(const struct change *change, char *thing) {
    int err = 0;
    for (const struct vouch_field *field = change->amend->kind->keys; field->key != NULL; field++) {
        if (err == 0 && field->option != NULL &&
            vouch_args_count(change->amend->args, field->option) > 0) {
            err = set_field(change, field, thing + field->at);
        }
    }
    return err;
}

// The size of what a field has, to be made zero: not given.
static size_t size_of(const struct vouch_field *field) {
    switch (field->shape) {
    case VOUCH_FIELD_TEXT:
        return sizeof(struct vouch_bytes);
    case VOUCH_FIELD_LIST:
        return sizeof(struct vouch_policy_names);
    case VOUCH_FIELD_DURATION:
    case VOUCH_FIELD_COUNT:
    case VOUCH_FIELD_MOMENT:
        return sizeof(uint64_t);
    case VOUCH_FIELD_WORD:
    case VOUCH_FIELD_FLAG:
        break;
    }
    return sizeof(unsigned);
}

enum wanted { ANY_FIELD = 0, LISTS_ONLY };

// The field that an option sets; unknown names are a usage fault of `by`.
static const struct vouch_field *field_named(const struct change *change, struct vouch_bytes name,
                                             const char *by, enum wanted wanted) {
    char all[256] = "";
    for (const struct vouch_field *field = change->amend->kind->keys; field->key != NULL; field++) {
        size_t end = strlen(all);
        if (field->option == NULL || (wanted == LISTS_ONLY && field->shape != VOUCH_FIELD_LIST)) {
            continue;
        }
        if (vouch_bytes_equal(vouch_bytes_of(field->option), name)) {
            return field;
        }
        (void)snprintf(all + end, sizeof all - end, "%s%s", end > 0 ? ", " : "", field->option);
    }
    vouch_usage(change->fault, "--%s: \"%.*s\" is not one of: %s", by,
                name.len < 60 ? (int)name.len : 60, (const char *)name.ptr, all);
    return NULL;
}

// --add login=deploy, or --add alice where the kind has but one list.
static const struct vouch_field *list_of(const struct change *change, const char *by,
                                         struct vouch_bytes *value) {
    const struct vouch_kind *kind = change->amend->kind;
    struct vouch_bytes rest = *value;
    struct vouch_bytes name = vouch_str_cut(&rest, '=');
    if (kind->member != NULL) {
        return field_named(change, vouch_bytes_of(kind->member), by, LISTS_ONLY);
    }
    if (rest.ptr == NULL) {
        vouch_usage(change->fault, "--%s: \"%.*s\" does not say to what", by,
                    value->len < 60 ? (int)value->len : 60, (const char *)value->ptr);
        (void)vouch_fault_next(change->fault, "write --%s OPTION=VALUE, such as --%s login=app", by,
                               by);
        return NULL;
    }
    *value = rest;
    return field_named(change, name, by, LISTS_ONLY);
}

static int add_one(const struct change *change, struct vouch_bytes value, char *thing) {
    const struct vouch_field *field = list_of(change, "add", &value);
    struct vouch_policy_names *names =
        field != NULL ? (struct vouch_policy_names *)(void *)(thing + field->at) : NULL;
    if (names == NULL) {
        return VOUCH_ERR_ARGUMENT;
    }
    return list_has(names, value) ? 0 : list_grow(change, names, value);
}

// What is not there cannot be removed: a name that was mistyped must not look done.
static int remove_one(const struct change *change, struct vouch_bytes value, char *thing) {
    const struct vouch_field *field = list_of(change, "remove", &value);
    struct vouch_policy_names *names =
        field != NULL ? (struct vouch_policy_names *)(void *)(thing + field->at) : NULL;
    if (names == NULL) {
        return VOUCH_ERR_ARGUMENT;
    }
    if (!list_has(names, value)) {
        vouch_fault_set(change->fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_absent,
                        "%s.%s: \"%.*s\" is not in its %s", change->amend->kind->list,
                        change->amend->name, value.len < 60 ? (int)value.len : 60,
                        (const char *)value.ptr, field->key);
        return vouch_fault_next(change->fault, "vouch %s show %s shows them",
                                change->amend->kind->noun, change->amend->name);
    }
    return list_drop(change, names, value);
}

static int unset_one(const struct change *change, struct vouch_bytes option, char *thing) {
    const struct vouch_field *field = field_named(change, option, "unset", ANY_FIELD);
    if (field == NULL) {
        return VOUCH_ERR_ARGUMENT;
    }
    memset(thing + field->at, 0, size_of(field));
    return 0;
}

typedef int value_fn(const struct change *change, struct vouch_bytes value, char *thing);

static int each_value(const struct change *change, const char *option, value_fn *each,
                      char *thing) {
    size_t cursor = 0;
    const char *value;
    int err = 0;
    while (err == 0 && (value = vouch_args_next(change->amend->args, option, &cursor)) != NULL) {
        struct vouch_bytes rest = vouch_bytes_of(value);
        while (err == 0 && rest.ptr != NULL) {
            err = each(change, vouch_str_cut(&rest, ','), thing);
        }
    }
    return err;
}

// What follows from what was given: who approves means that somebody has to; an emergency is told why,
// and proven by a second factor of these minutes.
static void complete(const struct change *change, void *thing) {
    struct vouch_policy_role *role = thing;
    if (strcmp(change->amend->kind->noun, "role") == 0) {
        if (role->by.count > 0 && role->approval_count == 0) {
            role->approval_count = 1;
        }
        if (role->by.count == 0 && vouch_args_count(change->amend->args, "unset") > 0) {
            role->approval_count = 0;
        }
        if (vouch_args_count(change->amend->args, "break-glass") > 0) {
            role->reason = VOUCH_POLICY_REQUIRED;
            role->second_factor_age_s = role->second_factor_age_s == 0
                                            ? VOUCH_POLICY_BREAK_GLASS_FACTOR_MAX_S
                                            : role->second_factor_age_s;
        }
    }
}

static int change_thing(const struct change *change, char *thing) {
    int err = each_value(change, "unset", unset_one, thing);
    if (err == 0) {
        err = set_fields(change, thing);
    }
    if (err == 0) {
        err = each_value(change, "add", add_one, thing);
    }
    if (err == 0) {
        err = each_value(change, "remove", remove_one, thing);
    }
    complete(change, thing);
    return err;
}

// Groups that a user is put into

static int join_group(const struct change *change, struct vouch_bytes group, char *unused) {
    const struct vouch_kind *kind = vouch_kind_named("group");
    size_t place = place_of(kind, change->content, group);
    struct vouch_policy_group *groups;
    char name[80];
    (void)unused;
    if (place == vouch_kind_count(kind, change->content)) {
        vouch_str_escape_to(group, name, sizeof name);
        (void)absent(change, kind, name);
        return vouch_fault_next(change->fault, "make it first: vouch group add %s", name);
    }
    groups = (struct vouch_policy_group *)(void *)copy_items(change, kind);
    if (groups == NULL) {
        return no_memory(change);
    }
    forget_place(kind, (char *)&groups[place]);
    return list_has(&groups[place].members, vouch_bytes_of(change->amend->name))
               ? 0
               : list_grow(change, &groups[place].members, vouch_bytes_of(change->amend->name));
}

// The verbs

// What a thing is before its options are read.
static int make_fresh(const struct change *change, char *thing) {
    const struct vouch_amend *amend = change->amend;
    int err = 0;
    memset(thing, 0, amend->kind->size);
    *(struct vouch_bytes *)(void *)thing = vouch_bytes_of(amend->name);
    if (strcmp(amend->kind->noun, "user") == 0) {
        ((struct vouch_policy_user *)(void *)thing)->state = VOUCH_POLICY_USER_ENABLED;
    } else if (strcmp(amend->kind->noun, "role") == 0) {
        err = list_grow(change, &((struct vouch_policy_role *)(void *)thing)->extensions,
                        vouch_bytes_of(EXTENSION_USUAL));
    }
    return err;
}

static int add_thing(const struct change *change, char *items) {
    const struct vouch_kind *kind = change->amend->kind;
    size_t count = vouch_kind_count(kind, change->content);
    char *thing = items + count * kind->size;
    if (vouch_kind_find(kind, change->content, vouch_bytes_of(change->amend->name)) != NULL) {
        vouch_fault_set(change->fault, VOUCH_ERR_EXISTS, &vouch_fault_exists,
                        "the %s %s is in the policy already", kind->noun, change->amend->name);
        return vouch_fault_next(change->fault, "change it with: vouch %s edit %s", kind->noun,
                                change->amend->name);
    }
    int err = make_fresh(change, thing);
    if (err == 0) {
        err = change_thing(change, thing);
    }
    set_count(change, kind, count + 1);
    return err == 0 ? each_value(change, "group", join_group, NULL) : err;
}

// A name that is gone out of the lists that named it.
static int drop_references(const struct change *change) {
    const struct vouch_kind *groups = vouch_kind_named("group"), *roles = vouch_kind_named("role");
    const struct vouch_kind *kind = change->amend->kind;
    struct vouch_bytes name = vouch_bytes_of(change->amend->name);
    char text[200];
    int err = 0, is_user = strcmp(kind->noun, "user") == 0;
    if (kind->reference == NULL) {
        return 0;
    }
    (void)snprintf(text, sizeof text, "%s%s", kind->reference, change->amend->name);
    struct vouch_policy_group *group = (void *)copy_items(change, groups);
    struct vouch_policy_role *role = (void *)copy_items(change, roles);
    if (group == NULL || role == NULL) {
        return no_memory(change);
    }
    for (size_t i = 0; is_user && err == 0 && i < change->content->group_count; i++) {
        err = list_has(&group[i].members, name) ? list_drop(change, &group[i].members, name) : 0;
    }
    for (size_t i = 0; err == 0 && i < change->content->role_count; i++) {
        struct vouch_policy_names *lists[] = {&role[i].members, &role[i].by};
        for (size_t k = 0; err == 0 && k < 2; k++) {
            int named = list_has(lists[k], vouch_bytes_of(text));
            err = named ? list_drop(change, lists[k], vouch_bytes_of(text)) : 0;
        }
    }
    return err;
}

static int remove_thing(const struct change *change, char *items, size_t place) {
    const struct vouch_kind *kind = change->amend->kind;
    size_t count = vouch_kind_count(kind, change->content);
    char *thing = items + place * kind->size;
    memmove(thing, thing + kind->size, (count - place - 1) * kind->size);
    set_count(change, kind, count - 1);
    return drop_references(change);
}

int vouch_amend(const struct vouch_amend *amend, struct vouch_arena *arena,
                struct vouch_policy_content *content, struct vouch_fault *fault) {
    struct room room = {0};
    const struct change change = {amend, arena, content, &room, fault};
    const struct vouch_kind *kind = amend->kind;
    size_t place = place_of(kind, content, vouch_bytes_of(amend->name));
    int is_there = place < vouch_kind_count(kind, content);
    if (amend->verb != VOUCH_AMEND_ADD && !is_there) {
        return absent(&change, kind, amend->name);
    }
    char *items = copy_items(&change, kind);
    if (items == NULL) {
        return no_memory(&change);
    }
    char *thing = items + place * kind->size;
    switch (amend->verb) {
    case VOUCH_AMEND_ADD:
        return add_thing(&change, items);
    case VOUCH_AMEND_REMOVE:
        return remove_thing(&change, items, place);
    case VOUCH_AMEND_DISABLE:
        ((struct vouch_policy_user *)(void *)thing)->state = VOUCH_POLICY_USER_DISABLED;
        break;
    case VOUCH_AMEND_ENABLE:
        ((struct vouch_policy_user *)(void *)thing)->state = VOUCH_POLICY_USER_ENABLED;
        break;
    case VOUCH_AMEND_EDIT:
        break;
    }
    forget_place(kind, thing);
    return change_thing(&change, thing);
}
