// SPDX-License-Identifier: ISC
// Policy files, written: the keys in one order, lists as they are, only what is not the default.
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "base/time.h"
#include "policy/load.h"

#define SHORT_LIST 8u // items that stand in one line

static const char plain_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                    "_./@=:+-";

// Words that other readers of YAML take for something else than text.
static int is_special_word(struct vouch_bytes text) {
    static const char *const words[] = {"y",   "n",    "yes",   "no",   "on",
                                        "off", "true", "false", "null", NULL};
    int special = 0;
    for (size_t i = 0; words[i] != NULL && !special; i++) {
        special = text.len == strlen(words[i]) &&
                  strncasecmp((const char *)text.ptr, words[i], text.len) == 0;
    }
    return special;
}

static int is_plain(struct vouch_bytes text) {
    uint8_t first = text.len > 0 ? text.ptr[0] : 0;
    int plain = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '$';
    for (size_t i = 1; i < text.len && plain; i++) {
        plain = text.ptr[i] != 0 && strchr(plain_letters, text.ptr[i]) != NULL;
    }
    return plain && text.ptr[text.len - 1] != ':' && !is_special_word(text);
}

static void put_value(struct vouch_buf *out, struct vouch_bytes text) {
    if (is_plain(text)) {
        vouch_buf_put(out, text);
        return;
    }
    vouch_buf_put_text(out, "'");
    for (size_t i = 0; i < text.len; i++) {
        vouch_buf_put(out, (struct vouch_bytes){text.ptr + i, 1});
        if (text.ptr[i] == '\'') {
            vouch_buf_put_text(out, "'");
        }
    }
    vouch_buf_put_text(out, "'");
}

static void put_key(struct vouch_buf *out, const char *key) {
    vouch_buf_put_text(out, "    ");
    vouch_buf_put_text(out, key);
    vouch_buf_put_text(out, ":");
}

static void put_text(struct vouch_buf *out, const char *key, struct vouch_bytes text) {
    if (text.len > 0) {
        put_key(out, key);
        vouch_buf_put_text(out, " ");
        put_value(out, text);
        vouch_buf_put_text(out, "\n");
    }
}

// The names behind their key: in one line, or in a line each.
static void put_items(struct vouch_buf *out, const struct vouch_policy_names *names,
                      const char *indent) {
    int is_long = names->count > SHORT_LIST;
    vouch_buf_put_text(out, is_long ? "\n" : " [");
    for (size_t i = 0; i < names->count; i++) {
        vouch_buf_put_text(out, is_long ? indent : i > 0 ? ", " : "");
        vouch_buf_put_text(out, is_long ? "- " : "");
        put_value(out, names->items[i]);
        vouch_buf_put_text(out, is_long ? "\n" : "");
    }
    vouch_buf_put_text(out, is_long ? "" : "]\n");
}

static void put_list(struct vouch_buf *out, const char *key,
                     const struct vouch_policy_names *names) {
    if (names->count > 0) {
        put_key(out, key);
        put_items(out, names, "      ");
    }
}

static void put_duration(struct vouch_buf *out, const char *key, uint64_t seconds) {
    static const struct {
        uint64_t seconds;
        const char *unit;
    } units[] = {{24 * 3600, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};
    size_t unit = 0;
    while (seconds % units[unit].seconds != 0) {
        unit++;
    }
    char text[VOUCH_TIME_TEXT_MAX];
    (void)snprintf(text, sizeof text, "%" PRIu64 "%s", seconds / units[unit].seconds,
                   units[unit].unit);
    if (seconds > 0) {
        put_key(out, key);
        vouch_buf_put_text(out, " ");
        vouch_buf_put_text(out, text);
        vouch_buf_put_text(out, "\n");
    }
}

static void put_moment(struct vouch_buf *out, const char *key, uint64_t time_s) {
    char text[VOUCH_TIME_TEXT_MAX];
    vouch_time_utc(time_s, text);
    if (time_s > 0) {
        put_text(out, key, vouch_bytes_of(text));
    }
}

// A word that is not the default.
static void put_word(struct vouch_buf *out, const char *key, const char *word, int differs) {
    if (differs) {
        put_text(out, key, vouch_bytes_of(word));
    }
}

static void put_name(struct vouch_buf *out, struct vouch_bytes name) {
    vouch_buf_put_text(out, "  - name: ");
    put_value(out, name);
    vouch_buf_put_text(out, "\n");
}

static void put_section(struct vouch_buf *out, const char *word, size_t count) {
    if (count > 0) {
        vouch_buf_put_text(out, word);
        vouch_buf_put_text(out, ":\n");
    }
}

static void put_zone(struct vouch_buf *out, const struct vouch_policy_zone *zone) {
    put_name(out, zone->name);
    put_list(out, "patterns", &zone->patterns);
    put_word(out, "principals", "login", zone->principals == VOUCH_POLICY_BY_LOGIN);
    put_duration(out, "max_ttl", zone->max_ttl_s);
}

static void put_user(struct vouch_buf *out, const struct vouch_policy_user *user) {
    put_name(out, user->name);
    put_text(out, "login", user->login);
    put_word(out, "state", "disabled", user->state != VOUCH_POLICY_USER_ENABLED);
    put_moment(out, "until", user->until_s);
}

static void put_group(struct vouch_buf *out, const struct vouch_policy_group *group) {
    put_name(out, group->name);
    put_list(out, "members", &group->members);
}

static void put_approval(struct vouch_buf *out, const struct vouch_policy_role *role) {
    char count[64];
    if (role->by.count == 0) {
        return;
    }
    (void)snprintf(count, sizeof count, "      count: %" PRIu64 "\n", role->approval_count);
    put_key(out, "approval");
    vouch_buf_put_text(out, "\n      by:");
    put_items(out, &role->by, "        ");
    vouch_buf_put_text(out, count);
}

static void put_role(struct vouch_buf *out, const struct vouch_policy_role *role) {
    put_name(out, role->name);
    put_text(out, "zone", role->zone);
    put_list(out, "members", &role->members);
    put_list(out, "hosts", &role->hosts);
    put_list(out, "logins", &role->logins);
    put_duration(out, "max_ttl", role->max_ttl_s);
    put_list(out, "extensions", &role->extensions);
    put_list(out, "key_types", &role->key_types);
    put_list(out, "source_address", &role->sources);
    put_text(out, "force_command", role->force_command);
    put_word(out, "verify", "required", role->verify == VOUCH_POLICY_REQUIRED);
    put_word(out, "reason", "required", role->reason == VOUCH_POLICY_REQUIRED);
    put_duration(out, "second_factor", role->second_factor_age_s);
    put_approval(out, role);
    put_word(out, "break_glass", "yes", role->break_glass == VOUCH_POLICY_BREAKS_GLASS);
    put_moment(out, "from", role->from_s);
    put_moment(out, "until", role->until_s);
}

static void put_host(struct vouch_buf *out, const struct vouch_policy_host *host) {
    put_name(out, host->name);
    put_text(out, "zone", host->zone);
    if (host->labels.count == 0) {
        return;
    }
    put_key(out, "labels");
    vouch_buf_put_text(out, "\n");
    for (size_t i = 0; i < host->labels.count; i++) {
        struct vouch_bytes label = host->labels.items[i];
        const uint8_t *mark = memchr(label.ptr, '=', label.len);
        size_t key_len = (size_t)(mark - label.ptr);
        vouch_buf_put_text(out, "      ");
        put_value(out, (struct vouch_bytes){label.ptr, key_len});
        vouch_buf_put_text(out, ": ");
        put_value(out, (struct vouch_bytes){mark + 1, label.len - key_len - 1});
        vouch_buf_put_text(out, "\n");
    }
}

void vouch_policy_write(const struct vouch_policy *policy, struct vouch_buf *out) {
    const struct vouch_policy_content *content = vouch_policy_holds(policy);
    put_section(out, "zones", content->zone_count);
    for (size_t i = 0; i < content->zone_count; i++) {
        put_zone(out, &content->zones[i]);
    }
    put_section(out, "users", content->user_count);
    for (size_t i = 0; i < content->user_count; i++) {
        put_user(out, &content->users[i]);
    }
    put_section(out, "groups", content->group_count);
    for (size_t i = 0; i < content->group_count; i++) {
        put_group(out, &content->groups[i]);
    }
    put_section(out, "roles", content->role_count);
    for (size_t i = 0; i < content->role_count; i++) {
        put_role(out, &content->roles[i]);
    }
    put_section(out, "hosts", content->host_count);
    for (size_t i = 0; i < content->host_count; i++) {
        put_host(out, &content->hosts[i]);
    }
}
