// SPDX-License-Identifier: ISC
// A login in each zone: see login-zones.h.
#include "prog/vouch/login-zones.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "client/agent.h"
#include "prog/vouch/answer.h"
#include "prog/vouch/key-pair.h"
#include "prog/vouch/trust.h"

#define NAMES_MAX 400
#define HOSTS_LISTED_MAX 200 // programs that complete names look each of them up
#define FILE_MAX (1024u * 1024)

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

static int is_text(const json_t *object, const char *member, const char *text) {
    const char *found = vouch_answer_text(object, member);
    return found != NULL && strcmp(found, text) == 0;
}

// Choosing

static int is_named(const struct vouch_args *args, const char *role) {
    size_t cursor = 0;
    const char *name;
    while ((name = vouch_args_next(args, "role", &cursor)) != NULL) {
        if (strcmp(name, role) == 0) {
            return 1;
        }
    }
    return 0;
}

static int64_t number(const json_t *object, const char *member) {
    return (int64_t)json_integer_value(json_object_get(object, member));
}

// Without --role: all that are given without an approval, and without a reason unless there is one.
static int is_wanted(const json_t *role, const struct vouch_login_wish *wish) {
    const char *name = vouch_answer_text(role, "role");
    if (name == NULL) {
        return 0;
    }
    if (vouch_args_count(wish->args, "role") > 0) {
        return is_named(wish->args, name);
    }
    return number(role, "approvals") == 0 && !json_is_true(json_object_get(role, "needs_reason"));
}

static size_t count_roles(const json_t *me, const char *zone, const struct vouch_login_wish *wish) {
    const json_t *roles = json_object_get(me, "roles");
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(roles); i++) {
        const json_t *role = json_array_get(roles, i);
        count += is_text(role, "zone", zone) && is_wanted(role, wish);
    }
    return count;
}

// Roles that were not named are not noted: the renewal gets those that there are by then.
static json_t *named_roles(const json_t *me, const char *zone,
                           const struct vouch_login_wish *wish) {
    const json_t *roles = json_object_get(me, "roles");
    json_t *names = json_array();
    for (size_t i = 0; i < json_array_size(roles); i++) {
        const json_t *role = json_array_get(roles, i);
        if (is_text(role, "zone", zone) && is_wanted(role, wish)) {
            (void)json_array_append(names, json_object_get(role, "role"));
        }
    }
    return names;
}

static json_t *make_login(const json_t *me, const json_t *zone,
                          const struct vouch_login_wish *wish) {
    const char *name = vouch_answer_text(zone, "name");
    json_t *login = json_object();
    int bad = json_object_set_new(login, "schema", json_string(VOUCH_ZONE_LOGIN_SCHEMA)) != 0 ||
              json_object_set_new(login, "zone", json_string(name)) != 0 ||
              json_object_set(login, "patterns", json_object_get(zone, "patterns")) != 0;
    if (vouch_args_count(wish->args, "role") > 0) {
        bad |= json_object_set_new(login, "roles", named_roles(me, name, wish)) != 0;
    }
    if (wish->ttl_s != 0) {
        bad |= json_object_set_new(login, "ttl_s", json_integer((json_int_t)wish->ttl_s)) != 0;
    }
    if (wish->reason != NULL) {
        bad |= json_object_set_new(login, "reason", json_string(wish->reason)) != 0;
    }
    if (wish->key != NULL) {
        bad |= json_object_set_new(login, "key", json_string(wish->key)) != 0;
    }
    if (bad) {
        json_decref(login);
        return NULL;
    }
    return login;
}

// The first role that would be there for a request or a reason.
static const json_t *first_other(const json_t *me, const char *zone) {
    const json_t *roles = json_object_get(me, "roles");
    for (size_t i = 0; i < json_array_size(roles); i++) {
        const json_t *role = json_array_get(roles, i);
        if (zone == NULL || is_text(role, "zone", zone)) {
            return role;
        }
    }
    return NULL;
}

static int nothing(const json_t *me, const struct vouch_login_wish *wish,
                   struct vouch_fault *fault) {
    char user[200], in[120] = "";
    size_t cursor = 0;
    const char *named = vouch_args_next(wish->args, "role", &cursor);
    const char *name = vouch_answer_text(me, "user");
    const json_t *other = first_other(me, wish->zone);
    vouch_str_escape_to(vouch_bytes_of(name), user, sizeof user);
    if (wish->zone != NULL) {
        (void)snprintf(in, sizeof in, " in zone %.90s", wish->zone);
    }
    if (named != NULL) {
        vouch_fault_set(fault, VOUCH_ERR_REFUSED, &vouch_fault_no_access, "%s has no role \"%s\"%s",
                        user, named, in);
        return vouch_fault_next(fault, "vouch status shows your roles");
    }
    vouch_fault_set(fault, VOUCH_ERR_REFUSED, &vouch_fault_no_access, "%s has no role%s%s", user,
                    in, other != NULL ? " that is given without an approval or a reason" : "");
    if (other == NULL) {
        return vouch_fault_next(fault, "ask an administrator for a role");
    }
    const char *role = vouch_answer_text(other, "role");
    return number(other, "approvals") > 0
               ? vouch_fault_next(fault, "vouch request %s --reason \"...\"", role)
               : vouch_fault_next(fault, "vouch login --role %s --reason \"...\"", role);
}

int vouch_login_choose(const struct json_t *me, const struct vouch_login_wish *wish,
                       struct json_t **ret_logins, struct vouch_fault *fault) {
    const json_t *zones = json_object_get(me, "zones");
    json_t *logins = json_array();
    for (size_t i = 0; i < json_array_size(zones); i++) {
        const json_t *zone = json_array_get(zones, i);
        const char *name = vouch_answer_text(zone, "name");
        if (name == NULL || (wish->zone != NULL && strcmp(wish->zone, name) != 0) ||
            count_roles(me, name, wish) == 0) {
            continue;
        }
        if (json_array_append_new(logins, make_login(me, zone, wish)) != 0) {
            json_decref(logins);
            return no_memory(fault);
        }
    }
    if (json_array_size(logins) == 0) {
        json_decref(logins);
        return nothing(me, wish, fault);
    }
    *ret_logins = logins;
    return 0;
}

// The files of a zone

// One line for each key of the host CA.
static int write_known_hosts(const struct vouch_trust *trust, const struct vouch_zone_dir *dir,
                             const json_t *login, struct vouch_fault *fault) {
    struct vouch_buf text, before;
    vouch_buf_init(&text, FILE_MAX);
    vouch_buf_init(&before, FILE_MAX);
    vouch_buf_put_text(&before, "@cert-authority ");
    int err = vouch_zone_login_patterns(login, &before, fault);
    vouch_buf_put(&before, (struct vouch_bytes){(const uint8_t *)" ", 2}); // with its end
    if (err == 0 && before.err == 0) {
        vouch_trust_put_lines(trust, VOUCH_CERT_HOST, (const char *)before.ptr, dir->zone, &text);
    }
    if (err == 0) {
        err = text.err != 0 || before.err != 0
                  ? no_memory(fault)
                  : vouch_zone_dir_put(dir, "known_hosts", vouch_buf_bytes(&text), fault);
    }
    vouch_buf_done(&before);
    vouch_buf_done(&text);
    return err;
}

int vouch_login_known_hosts(struct vouch_reach *reach, const struct vouch_zone_dir *dir,
                            const struct json_t *login, struct vouch_fault *fault) {
    struct vouch_trust trust = {0};
    int err = vouch_trust_fetch(reach, &trust, fault);
    if (err == 0) {
        err = write_known_hosts(&trust, dir, login, fault);
        vouch_trust_done(&trust);
    }
    return err;
}

static int is_host_name(const char *text) {
    return text != NULL && text[0] != '\0' && text[0] != '-' &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-_:")] == '\0';
}

static void note_example(const json_t *host, char **ret_try) {
    const char *login = json_string_value(json_array_get(json_object_get(host, "logins"), 0));
    const char *name = vouch_answer_text(host, "host");
    if (*ret_try == NULL && login != NULL && is_host_name(name) &&
        asprintf(ret_try, "%s@%s", login, name) < 0) {
        *ret_try = NULL;
    }
}

// Names alone, for programs that complete them; nothing at all where there are too many.
static void put_hosts(const json_t *page, struct vouch_buf *text, char **ret_try) {
    const json_t *items = json_object_get(page, "items");
    size_t count = json_array_size(items);
    int more = vouch_answer_text(page, "next") != NULL;
    vouch_buf_put_text(text, "# Written by vouch: names for programs that complete them.\n");
    for (size_t i = 0; i < count; i++) {
        const json_t *host = json_array_get(items, i);
        const char *name = vouch_answer_text(host, "host");
        note_example(host, ret_try);
        if (!more && is_host_name(name) && json_array_size(json_object_get(host, "logins")) > 0) {
            vouch_buf_put_text(text, "Host ");
            vouch_buf_put_text(text, name);
            vouch_buf_put_text(text, "\n");
        }
    }
}

static int write_hosts(struct vouch_reach *reach, const struct vouch_zone_dir *dir, char **ret_try,
                       struct vouch_fault *fault) {
    char text[200], limit[16];
    struct vouch_buf path, hosts;
    json_t *page = NULL;
    (void)snprintf(limit, sizeof limit, "%d", HOSTS_LISTED_MAX);
    vouch_buf_init_fixed(&path, text, sizeof text - 1);
    vouch_buf_put_text(&path, "/v1/hosts");
    vouch_api_query(&path, "zone", dir->zone);
    vouch_api_query(&path, "limit", limit);
    text[path.len] = '\0';
    const struct vouch_api_ask ask = {.path = text};
    int err = vouch_api_ask_json(reach->api, &ask, "vouch.hosts/1", &page, fault);
    if (err != 0) {
        return err;
    }
    vouch_buf_init(&hosts, FILE_MAX);
    put_hosts(page, &hosts, ret_try);
    err = hosts.err != 0 ? no_memory(fault)
                         : vouch_zone_dir_put(dir, "hosts", vouch_buf_bytes(&hosts), fault);
    vouch_buf_done(&hosts);
    json_decref(page);
    return err;
}

void vouch_login_say(const struct vouch_cli *cli, const char *zone, const char *roles,
                     const struct vouch_cert *cert) {
    char until[VOUCH_TIME_TEXT_MAX], left[VOUCH_TIME_TEXT_MAX], names[NAMES_MAX];
    uint64_t now_s = vouch_time_now_s(), before = cert->valid_before;
    vouch_term_time(&cli->term, before, until, sizeof until);
    vouch_duration_text(before > now_s ? before - now_s : 0, left);
    vouch_str_escape_to(vouch_bytes_of(roles), names, sizeof names);
    vouch_say_mark(&cli->term, VOUCH_MARK_OK, "certificate %llu for %s%s%s, until %s (%s)",
                   (unsigned long long)cert->serial, zone, names[0] != '\0' ? ": role " : "", names,
                   until, left);
}

int vouch_login_files(struct vouch_reach *reach, const struct vouch_zone_dir *dir,
                      const struct json_t *login, char **ret_try, struct vouch_fault *fault) {
    int err = vouch_login_known_hosts(reach, dir, login, fault);
    if (err == 0) {
        err = write_hosts(reach, dir, ret_try, fault);
    }
    return err == 0 ? vouch_zone_login_write(dir, login, fault) : err;
}

int vouch_login_zone(struct vouch_reach *reach, const struct json_t *login, char **ret_try,
                     struct vouch_fault *fault) {
    struct vouch_zone_dir dir;
    struct vouch_cert *cert = NULL;
    json_t *answer = NULL;
    char text[VOUCH_ZONE_PATTERNS_MAX];
    struct vouch_buf patterns;
    vouch_buf_init_fixed(&patterns, text, sizeof text);
    int err = vouch_zone_dir_of(vouch_answer_text(login, "zone"), &dir, fault);
    if (err == 0) {
        err = vouch_zone_login_patterns(login, &patterns, fault); // before anything is made
    }
    if (err == 0) {
        err = vouch_zone_dir_make(&dir, fault);
    }
    if (err == 0) {
        err = vouch_zone_login_get(reach, &dir, login, &cert, &answer, fault);
    }
    if (err == 0) {
        err = vouch_login_files(reach, &dir, login, ret_try, fault);
    }
    if (err == 0) {
        vouch_login_say(reach->cli, dir.zone, vouch_answer_text(answer, "role"), cert);
    }
    vouch_cert_free(cert);
    json_decref(answer);
    return err;
}

// The agent

static int add(const struct vouch_zone_dir *dir, const struct vouch_private_key *key,
               const struct vouch_cert *cert, struct vouch_fault *fault) {
    char comment[120];
    uint64_t now_s = vouch_time_now_s();
    uint64_t left_s = cert->valid_before > now_s ? cert->valid_before - now_s : 1;
    const struct vouch_agent agent = {.socket_path = getenv("SSH_AUTH_SOCK")};
    (void)snprintf(comment, sizeof comment, "vouch %s", dir->zone);
    struct vouch_agent_add what = {
        .key = key,
        .comment = comment,
        .lifetime_s = left_s < UINT32_MAX ? (uint32_t)left_s : UINT32_MAX - 1,
    };
    int err = vouch_agent_add(&agent, &what, fault);
    what.cert = cert;
    // The call looks afterwards whether the agent has it: some say yes to a certificate and forget it.
    return err == 0 ? vouch_agent_add(&agent, &what, fault) : err;
}

int vouch_login_agent(const struct vouch_cli *cli, const struct json_t *login,
                      struct vouch_fault *fault) {
    struct vouch_zone_dir dir;
    char path[PATH_MAX];
    struct vouch_private_key *key = NULL;
    struct vouch_cert *cert = NULL;
    if (json_object_get(login, "key") != NULL) {
        vouch_usage(fault, "--agent and --key exclude each other");
        return vouch_fault_next(fault, "add your own key with: ssh-add FILE");
    }
    int err = vouch_zone_dir_of(vouch_answer_text(login, "zone"), &dir, fault);
    if (err == 0) {
        err = vouch_zone_dir_file(&dir, "id", path, fault);
    }
    if (err == 0) {
        err = vouch_key_pair_read(path, &key, fault);
    }
    if (err == 0) {
        err = vouch_zone_dir_cert(&dir, "id-cert.pub", &cert, fault);
    }
    if (err == 0) {
        err = add(&dir, key, cert, fault);
    }
    if (err == 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK, "ssh-agent has key and certificate of %s",
                       dir.zone);
    }
    vouch_private_key_free(key);
    vouch_cert_free(cert);
    return err;
}
