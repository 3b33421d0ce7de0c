// SPDX-License-Identifier: ISC
// Deciding within a profile: type, principals, time, key ID, options, each named when it does not fit.
#include "authority/decide.h"

#include <assert.h>

#include "authority/bounds.h"
#include "authority/reply.h"

static int is_star(struct vouch_bytes value) {
    return value.len == 1 && value.ptr[0] == '*';
}

static int same_option(const struct vouch_option_text *a, const struct vouch_option_text *b) {
    return vouch_bytes_equal(a->name, b->name) && a->has_value == b->has_value &&
           vouch_bytes_equal(a->value, b->value);
}

// --- deciding

struct work {
    const struct vouch_bounds *bounds;
    const struct vouch_wish *wish;
    struct vouch_arena *arena;
    struct vouch_decision *decision;
};

static int refuse(struct work *work, enum vouch_verdict verdict, const char *field,
                  const char *what, struct vouch_bytes value) {
    const struct vouch_fault_kind *kind =
        verdict == VOUCH_VERDICT_INVALID ? &vouch_fault_field : &vouch_fault_profile;
    if (verdict == VOUCH_VERDICT_INVALID) {
        vouch_reply_set(&work->decision->reply, verdict, kind, field, "%s: %.*s%s%s", field,
                        VOUCH_REPLY_TEXT(value), value.len > 0 ? " " : "", what);
    } else {
        struct vouch_bytes name = work->bounds->profile->name;
        vouch_reply_set(&work->decision->reply, verdict, kind, field, "%s: %.*s%s%s (profile %.*s)",
                        field, VOUCH_REPLY_TEXT(value), value.len > 0 ? " " : "", what,
                        VOUCH_REPLY_TEXT(name));
    }
    return 0;
}

static int refuse_plain(struct work *work, enum vouch_verdict verdict, const char *field,
                        const char *what) {
    return refuse(work, verdict, field, what, (struct vouch_bytes){0});
}

static int decide_type(struct work *work) {
    enum vouch_cert_type type = work->wish->type;
    if (type != VOUCH_CERT_USER && type != VOUCH_CERT_HOST) {
        return refuse_plain(work, VOUCH_VERDICT_INVALID, "type", "must be user or host");
    }
    if (work->bounds->profile != NULL && work->bounds->profile->type != type) {
        return refuse_plain(work, VOUCH_VERDICT_REFUSED, "type",
                            type == VOUCH_CERT_USER ? "may not be user" : "may not be host");
    }
    work->decision->type = type;
    return 1;
}

static int decide_key_id(struct work *work) {
    struct vouch_bytes key_id =
        work->wish->key_id.len > 0 ? work->wish->key_id : work->bounds->asker;
    if (key_id.len == 0 || key_id.len > VOUCH_CERT_KEY_ID_MAX) {
        return refuse_plain(work, VOUCH_VERDICT_INVALID, "key_id", "must have 1 to 200 characters");
    }
    for (size_t i = 0; i < key_id.len; i++) {
        uint8_t c = key_id.ptr[i];
        if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') {
            return refuse_plain(work, VOUCH_VERDICT_INVALID, "key_id",
                                "may hold only printable ASCII without \" and \\");
        }
    }
    work->decision->key_id = key_id;
    return 1;
}

static int fits_one(const struct vouch_text_list *patterns, struct vouch_bytes name) {
    for (size_t i = 0; i < patterns->count; i++) {
        if (vouch_pattern_fits(patterns->items[i], name)) {
            return 1;
        }
    }
    return 0;
}

static int decide_principals(struct work *work) {
    const struct vouch_text_list *names = &work->wish->principals;
    if (names->count == 0) {
        return refuse_plain(work, VOUCH_VERDICT_INVALID, "principals", "must name at least one");
    }
    if (names->count > VOUCH_ASK_LIST_MAX) {
        return refuse_plain(work, VOUCH_VERDICT_INVALID, "principals", "are more than 64");
    }
    for (size_t i = 0; i < names->count; i++) {
        struct vouch_bytes name = names->items[i];
        if (!vouch_principal_is(name)) {
            return refuse(work, VOUCH_VERDICT_INVALID, "principals", "is not a name", name);
        }
        if (vouch_texts_have(names, i, name)) {
            return refuse(work, VOUCH_VERDICT_INVALID, "principals", "is named twice", name);
        }
        if (work->bounds->profile != NULL && !fits_one(&work->bounds->profile->principals, name)) {
            return refuse(work, VOUCH_VERDICT_REFUSED, "principals", "is not allowed", name);
        }
    }
    work->decision->principals = *names;
    return 1;
}

static int decide_ttl(struct work *work) {
    const struct vouch_profile_row *profile = work->bounds->profile;
    uint64_t most = profile != NULL ? profile->ttl_max_s : work->bounds->ttl_max_s;
    uint64_t ttl_s = work->wish->ttl_s > 0 ? work->wish->ttl_s : most;
    if (profile != NULL && ttl_s > most) {
        return refuse_plain(work, VOUCH_VERDICT_REFUSED, "ttl_s", "is longer than allowed");
    }
    if (ttl_s == 0) {
        return refuse_plain(work, VOUCH_VERDICT_INVALID, "ttl_s", "must be given");
    }
    work->decision->ttl_s = ttl_s;
    return 1;
}

// Whether the profile allows an option with this value. Without a profile every known one is.
static int allows(const struct work *work, const struct vouch_option_text *wanted) {
    const struct vouch_profile_row *profile = work->bounds->profile;
    if (profile == NULL) {
        return 1;
    }
    for (size_t i = 0; i < profile->options.count; i++) {
        struct vouch_option_text allowed = vouch_option_split(profile->options.items[i]);
        if (same_option(&allowed, wanted) ||
            (allowed.has_value && wanted->has_value && is_star(allowed.value) &&
             vouch_bytes_equal(allowed.name, wanted->name))) {
            return 1;
        }
    }
    return 0;
}

struct options {
    struct vouch_cert_option *items;
    size_t count;
    size_t room;
};

static int options_have(const struct options *options, struct vouch_bytes name) {
    for (size_t i = 0; i < options->count; i++) {
        if (vouch_bytes_equal(options->items[i].name, name)) {
            return 1;
        }
    }
    return 0;
}

// Adds one in its place in the order of names. 0 if memory is short.
static int options_add(struct work *work, struct options *options,
                       const struct vouch_option_text *option) {
    struct vouch_bytes data = {0};
    assert(options->count < options->room);
    if (option->has_value) {
        uint8_t *bytes = vouch_arena_alloc(work->arena, option->value.len + 4);
        if (bytes == NULL) {
            return 0;
        }
        struct vouch_buf out;
        vouch_buf_init_fixed(&out, bytes, option->value.len + 4);
        vouch_write_string(&out, option->value);
        data = vouch_buf_bytes(&out);
    }
    size_t at = options->count++;
    while (at > 0 && vouch_bytes_compare(options->items[at - 1].name, option->name) > 0) {
        options->items[at] = options->items[at - 1];
        at--;
    }
    options->items[at] = (struct vouch_cert_option){option->name, data};
    return 1;
}

static const char *field_of(enum vouch_cert_section section) {
    return section == VOUCH_CERT_SECTION_CRITICAL ? "critical_options" : "extensions";
}

// Those that were asked for. 0 with the reply set; -1 if memory is short.
static int take_options(struct work *work, const struct vouch_text_list *list,
                        enum vouch_cert_section section, struct options *options) {
    for (size_t i = 0; i < list->count; i++) {
        struct vouch_option_text option = vouch_option_split(list->items[i]);
        const char *why = vouch_option_fault(&option, section);
        why = why == NULL && options_have(options, option.name) ? "is given twice" : why;
        if (why != NULL) {
            return refuse(work, VOUCH_VERDICT_INVALID, field_of(section), why, option.name);
        }
        if (!allows(work, &option)) {
            return refuse(work, VOUCH_VERDICT_REFUSED, field_of(section), "is not allowed",
                          list->items[i]);
        }
        if (!options_add(work, options, &option)) {
            return -1;
        }
    }
    return 1;
}

// How many of the profile's entries have that name; one that any value fits counts as none.
static size_t entries_of(const struct vouch_profile_row *profile, struct vouch_bytes name) {
    size_t count = 0;
    for (size_t i = 0; i < profile->options.count; i++) {
        struct vouch_option_text entry = vouch_option_split(profile->options.items[i]);
        if (vouch_bytes_equal(entry.name, name)) {
            if (entry.has_value && is_star(entry.value)) {
                return 0;
            }
            count++;
        }
    }
    return count;
}

// Those that the profile puts into every certificate: restrictions that were not asked for, and, where
// no extensions were given, all extensions.
static int add_options(struct work *work, enum vouch_cert_section section,
                       struct options *options) {
    const struct vouch_profile_row *profile = work->bounds->profile;
    for (size_t i = 0; profile != NULL && i < profile->options.count; i++) {
        struct vouch_option_text entry = vouch_option_split(profile->options.items[i]);
        size_t choices = entries_of(profile, entry.name);
        if (vouch_option_fault(&entry, section) != NULL || options_have(options, entry.name) ||
            choices == 0) {
            continue;
        }
        if (section == VOUCH_CERT_SECTION_CRITICAL && choices > 1) {
            return refuse(work, VOUCH_VERDICT_REFUSED, field_of(section),
                          "must be given, with one of the allowed values", entry.name);
        }
        if (!options_add(work, options, &entry)) {
            return -1;
        }
    }
    return 1;
}

static int begin_options(struct work *work, size_t wanted, struct options *ret_options) {
    const struct vouch_profile_row *profile = work->bounds->profile;
    size_t room = wanted + (profile != NULL ? profile->options.count : 0);
    *ret_options = (struct options){.room = room};
    if (room > 0) {
        ret_options->items = vouch_arena_alloc(work->arena, room * sizeof *ret_options->items);
    }
    return room == 0 || ret_options->items != NULL ? 1 : -1;
}

static int decide_section(struct work *work, enum vouch_cert_section section) {
    const struct vouch_text_list *list =
        section == VOUCH_CERT_SECTION_CRITICAL ? &work->wish->critical : &work->wish->extensions;
    struct options options;
    int is_full = section == VOUCH_CERT_SECTION_EXTENSION &&
                  (list->count > 0 || work->wish->extensions_are == VOUCH_WISH_EXACT);
    if (work->decision->type == VOUCH_CERT_HOST) {
        return list->count == 0 ? 1
                                : refuse_plain(work, VOUCH_VERDICT_INVALID, field_of(section),
                                               "are not for hosts");
    }
    int goes_on = begin_options(work, list->count, &options);
    if (goes_on == 1) {
        goes_on = take_options(work, list, section, &options);
    }
    if (goes_on == 1 && !is_full) {
        goes_on = add_options(work, section, &options);
    }
    if (section == VOUCH_CERT_SECTION_CRITICAL) {
        work->decision->critical = options.items;
        work->decision->critical_count = options.count;
    } else {
        work->decision->extensions = options.items;
        work->decision->extension_count = options.count;
    }
    return goes_on;
}

static int decide_critical(struct work *work) {
    return decide_section(work, VOUCH_CERT_SECTION_CRITICAL);
}

static int decide_extensions(struct work *work) {
    return decide_section(work, VOUCH_CERT_SECTION_EXTENSION);
}

int vouch_decide(const struct vouch_bounds *bounds, const struct vouch_wish *wish,
                 struct vouch_arena *arena, struct vouch_decision *ret_decision) {
    static int (*const steps[])(struct work *) = {
        decide_type, decide_key_id,   decide_principals,
        decide_ttl,  decide_critical, decide_extensions,
    };
    struct vouch_decision decision = {0};
    struct work work = {bounds, wish, arena, &decision};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        int goes_on = steps[i](&work);
        if (goes_on < 0) {
            return VOUCH_ERR_NO_MEMORY;
        }
        if (goes_on == 0) {
            *ret_decision = (struct vouch_decision){.reply = decision.reply};
            return VOUCH_OK;
        }
    }
    vouch_reply_done(&decision.reply);
    *ret_decision = decision;
    return VOUCH_OK;
}
