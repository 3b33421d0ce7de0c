// SPDX-License-Identifier: ISC
// Names, patterns, options, and profiles, which are made of them.
#include "authority/bounds.h"

#include "authority/reply.h"

#define NAME_MAX_LEN 64
#define PRINCIPAL_MAX 255
#define OPTIONS_BYTES_MAX 16384 // of a profile, so that its event fits a record

// --- names and patterns

static int is_alnum(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// What a principal may hold: the rules of issuing are narrower still.
static int is_name_byte(uint8_t c) {
    return is_alnum(c) || (c != 0 && strchr("_.@:+-", c) != NULL);
}

int vouch_name_is(struct vouch_bytes name) {
    if (name.len == 0 || name.len > NAME_MAX_LEN || name.ptr[0] == '.' || name.ptr[0] == '-') {
        return 0;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!is_alnum(name.ptr[i]) && (name.ptr[i] == 0 || strchr("._-", name.ptr[i]) == NULL)) {
            return 0;
        }
    }
    return 1;
}

int vouch_principal_is(struct vouch_bytes name) {
    if (name.len == 0 || name.len > PRINCIPAL_MAX || name.ptr[0] == '-') {
        return 0;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!is_name_byte(name.ptr[i])) {
            return 0;
        }
    }
    return 1;
}

// Of several stars only the last one ever needs to take more, so there is one place to go back to.
int vouch_pattern_fits(struct vouch_bytes pattern, struct vouch_bytes name) {
    size_t p = 0;
    size_t n = 0;
    size_t star = SIZE_MAX;
    size_t star_n = 0;
    while (n < name.len) {
        int is_any = p < pattern.len && pattern.ptr[p] == '?' && is_name_byte(name.ptr[n]);
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            star_n = n;
        } else if (p < pattern.len &&
                   (is_any || (pattern.ptr[p] != '?' && pattern.ptr[p] == name.ptr[n]))) {
            p++;
            n++;
        } else if (star != SIZE_MAX && is_name_byte(name.ptr[star_n])) {
            p = star + 1;
            n = ++star_n;
        } else {
            return 0;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*') {
        p++;
    }
    return p == pattern.len;
}

// --- options as text

struct vouch_option_text vouch_option_split(struct vouch_bytes text) {
    const uint8_t *mark = text.len > 0 ? memchr(text.ptr, '=', text.len) : NULL;
    if (mark == NULL) {
        return (struct vouch_option_text){.name = text};
    }
    size_t at = (size_t)(mark - text.ptr);
    return (struct vouch_option_text){{text.ptr, at}, {text.ptr + at + 1, text.len - at - 1}, 1};
}

const char *vouch_option_fault(const struct vouch_option_text *option,
                               enum vouch_cert_section section) {
    const struct vouch_cert_option_kind *kind = vouch_cert_option_kind_of(option->name);
    if (kind == NULL || kind->section != section) {
        return "is not an option that sshd knows there";
    }
    if (kind->has_value && (!option->has_value || option->value.len == 0)) {
        return "needs a value";
    }
    return !kind->has_value && option->has_value ? "takes no value" : NULL;
}

int vouch_texts_have(const struct vouch_text_list *list, size_t before, struct vouch_bytes text) {
    for (size_t i = 0; i < before; i++) {
        if (vouch_bytes_equal(list->items[i], text)) {
            return 1;
        }
    }
    return 0;
}

// --- what the signer refuses

const char *vouch_wish_field(struct vouch_bytes signer_field) {
    static const struct {
        const char *signer, *asker;
    } names[] = {
        {"type", "type"},
        {"public key", "public_key"},
        {"key ID", "key_id"},
        {"principals", "principals"},
        {"validity", "ttl_s"},
        {"critical options", "critical_options"},
        {"extensions", "extensions"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (vouch_bytes_equal(signer_field, vouch_bytes_of(names[i].signer))) {
            return names[i].asker;
        }
    }
    const struct vouch_cert_option_kind *kind = vouch_cert_option_kind_of(signer_field);
    if (kind == NULL) {
        return "";
    }
    return kind->section == VOUCH_CERT_SECTION_CRITICAL ? "critical_options" : "extensions";
}

// --- profiles

static int is_pattern(struct vouch_bytes pattern) {
    if (pattern.len == 0 || pattern.len > PRINCIPAL_MAX || pattern.ptr[0] == '-') {
        return 0;
    }
    for (size_t i = 0; i < pattern.len; i++) {
        uint8_t c = pattern.ptr[i];
        if (!is_name_byte(c) && c != '*' && c != '?') {
            return 0;
        }
    }
    return 1;
}

static const char *profile_option_fault(const struct vouch_profile_row *profile, size_t at) {
    struct vouch_option_text option = vouch_option_split(profile->options.items[at]);
    const struct vouch_cert_option_kind *kind = vouch_cert_option_kind_of(option.name);
    if (kind == NULL) {
        return "is not an option that sshd knows";
    }
    if (vouch_texts_have(&profile->options, at, profile->options.items[at])) {
        return "is named twice";
    }
    return vouch_option_fault(&option, kind->section);
}

static void invalid(struct vouch_reply *reply, const char *field, const char *what,
                    struct vouch_bytes value) {
    vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, field, "%s: %.*s%s%s", field,
                    VOUCH_REPLY_TEXT(value), value.len > 0 ? " " : "", what);
}

static int judge_patterns(const struct vouch_profile_row *profile, struct vouch_reply *reply) {
    const struct vouch_text_list *list = &profile->principals;
    for (size_t i = 0; i < list->count; i++) {
        if (!is_pattern(list->items[i])) {
            invalid(reply, "principals", "is neither a name nor a pattern", list->items[i]);
            return 0;
        }
    }
    if (list->count == 0) {
        invalid(reply, "principals", "must hold at least one", (struct vouch_bytes){0});
    }
    return list->count > 0;
}

static int judge_options(const struct vouch_profile_row *profile, struct vouch_reply *reply) {
    const struct vouch_text_list *list = &profile->options;
    size_t len = 0;
    for (size_t i = 0; i < list->count; i++) {
        len += list->items[i].len;
        const char *why = profile_option_fault(profile, i);
        if (why != NULL) {
            invalid(reply, "options", why, list->items[i]);
            return 0;
        }
    }
    if (list->count > VOUCH_ASK_LIST_MAX || len > OPTIONS_BYTES_MAX) {
        invalid(reply, "options", "are more than 64, or 16 KiB", (struct vouch_bytes){0});
        return 0;
    }
    if (profile->type == VOUCH_CERT_HOST && list->count > 0) {
        invalid(reply, "options", "are not for hosts", (struct vouch_bytes){0});
        return 0;
    }
    return 1;
}

void vouch_profile_judge(const struct vouch_profile_row *profile, struct vouch_reply *ret_reply) {
    struct vouch_bytes none = {0};
    if (!vouch_name_is(profile->name)) {
        invalid(ret_reply, "name",
                "must be 1 to 64 of a-z A-Z 0-9 . _ - and begin with a letter, "
                "digit or _",
                none);
    } else if (profile->type != VOUCH_CERT_USER && profile->type != VOUCH_CERT_HOST) {
        invalid(ret_reply, "type", "must be user or host", none);
    } else if (profile->ttl_max_s == 0 || profile->ttl_max_s > VOUCH_PROFILE_TTL_MAX_S) {
        invalid(ret_reply, "ttl_max_s", "must be 1 second to 10 years", none);
    } else if (profile->principals.count > VOUCH_ASK_LIST_MAX) {
        invalid(ret_reply, "principals", "are more than 64", none);
    } else if (judge_patterns(profile, ret_reply) && judge_options(profile, ret_reply)) {
        vouch_reply_done(ret_reply);
    }
}
