// SPDX-License-Identifier: ISC
// vouchd.yaml: its keys, their defaults, and what a value must be.
#include "prog/vouchd/config.h"

#include <arpa/inet.h>
#include <cyaml/cyaml.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"
#include "ledger/checkpoint.h"
#include "prog/vouchd/setting.h"

// The file as it stands, in texts.
struct raw_pair {
    char *certificate;
    char *key;
};
struct raw_signer {
    char *unlock;
    char *credential;
    char *keys;
    char *agent_socket;
};
struct raw_identity {
    char *memory;
    char *passes;
    char *at_once;
    char *waiting;
};
struct raw_hosts {
    char *ttl;
};
struct raw_sessions {
    char *idle;
    char *longest;
};
struct raw_users {
    char *web;
    char *authority;
    char *signer;
    char *identity;
};
struct raw_log {
    char *level;
    char *format;
};
struct raw {
    char *name;
    char **listen;
    unsigned listen_count;
    char *url;
    char *lanes;
    struct raw_pair tls;
    char **trusted_proxies;
    unsigned trusted_proxies_count;
    char *purpose;
    char *metrics;
    char *sandbox;
    struct raw_signer signer;
    struct raw_identity identity;
    struct raw_sessions sessions;
    struct raw_hosts hosts;
    struct raw_users users;
    struct raw_log log;
};

#define DAY_S UINT64_C(86400)

#define OPTIONAL (CYAML_FLAG_OPTIONAL | CYAML_FLAG_POINTER)
#define TEXT(type, member)                                                                         \
    CYAML_FIELD_STRING_PTR(#member, OPTIONAL, type, member, 0, VOUCH_YAML_ITEM_TEXT_MAX)
#define GROUP(type, member)                                                                        \
    CYAML_FIELD_MAPPING(#member, CYAML_FLAG_OPTIONAL, type, member, member##_fields)
#define LIST(type, member)                                                                         \
    CYAML_FIELD_SEQUENCE(#member, OPTIONAL, type, member, &item, 0, VOUCH_YAML_ITEMS_MAX)

static const cyaml_schema_value_t item = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, VOUCH_YAML_ITEM_TEXT_MAX)};
static const cyaml_schema_field_t tls_fields[] = {TEXT(struct raw_pair, certificate),
                                                  TEXT(struct raw_pair, key), CYAML_FIELD_END};
static const cyaml_schema_field_t signer_fields[] = {
    TEXT(struct raw_signer, unlock), TEXT(struct raw_signer, credential),
    TEXT(struct raw_signer, keys), TEXT(struct raw_signer, agent_socket), CYAML_FIELD_END};
static const cyaml_schema_field_t identity_fields[] = {
    TEXT(struct raw_identity, memory), TEXT(struct raw_identity, passes),
    TEXT(struct raw_identity, at_once), TEXT(struct raw_identity, waiting), CYAML_FIELD_END};
static const cyaml_schema_field_t hosts_fields[] = {TEXT(struct raw_hosts, ttl), CYAML_FIELD_END};
static const cyaml_schema_field_t sessions_fields[] = {
    TEXT(struct raw_sessions, idle), TEXT(struct raw_sessions, longest), CYAML_FIELD_END};
static const cyaml_schema_field_t users_fields[] = {
    TEXT(struct raw_users, web), TEXT(struct raw_users, authority), TEXT(struct raw_users, signer),
    TEXT(struct raw_users, identity), CYAML_FIELD_END};
static const cyaml_schema_field_t log_fields[] = {TEXT(struct raw_log, level),
                                                  TEXT(struct raw_log, format), CYAML_FIELD_END};
static const cyaml_schema_field_t fields[] = {
    TEXT(struct raw, name),    LIST(struct raw, listen),    TEXT(struct raw, url),
    TEXT(struct raw, lanes),   GROUP(struct raw, tls),      LIST(struct raw, trusted_proxies),
    TEXT(struct raw, purpose), TEXT(struct raw, metrics),   TEXT(struct raw, sandbox),
    GROUP(struct raw, signer), GROUP(struct raw, identity), GROUP(struct raw, sessions),
    GROUP(struct raw, hosts),  GROUP(struct raw, users),    GROUP(struct raw, log),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw, fields)};

// ----- what a value must be -----

static int read_name(const struct vouch_setting_text *text, struct vouch_fault *fault) {
    if (text->text[0] == '\0') {
        (void)vouch_setting_fault(text, fault, "is missing");
        return vouch_fault_next(fault, "Give the name that vouchd init was given: name: NAME");
    }
    if (!vouch_origin_is(vouch_bytes_of(text->text))) {
        return vouch_setting_fault(text, fault,
                                   "\"%s\" must be 1 to 200 printable characters, no blank, no +",
                                   text->text);
    }
    return vouch_setting_word(text, fault);
}

// An address as it is typed: no path, which the API would not be found below.
static int read_url(const struct vouch_setting_text *text, struct vouch_fault *fault) {
    static const char scheme[] = "https://";
    const char *host = text->text + sizeof scheme - 1;
    if (text->text[0] != '\0' && (strncmp(text->text, scheme, sizeof scheme - 1) != 0 ||
                                  *host == '\0' || strpbrk(host, "/?#@\\") != NULL)) {
        return vouch_setting_fault(text, fault,
                                   "\"%s\" must be https://HOST or https://HOST:PORT, and no more",
                                   text->text);
    }
    return vouch_setting_word(text, fault);
}

static int read_port(const char *text, uint16_t *ret_port) {
    uint64_t port = 0;
    int err = vouch_str_to_u64(vouch_bytes_of(text), &port);
    if (err != VOUCH_OK || port > UINT16_MAX) {
        return VOUCH_ERR_FORMAT;
    }
    *ret_port = (uint16_t)port;
    return VOUCH_OK;
}

// "127.0.0.1:8443", "[::1]:8443", "*:8443".
static int parse_address(const char *text, struct vouch_config_address *ret_address) {
    struct vouch_config_address address = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address.address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address.address;
    const char *colon = strrchr(text, ':');
    uint16_t port = 0;
    if (colon == NULL || strlen(text) >= sizeof address.text ||
        read_port(colon + 1, &port) != VOUCH_OK) {
        return VOUCH_ERR_FORMAT;
    }
    memcpy(address.text, text, strlen(text) + 1);
    char host[VOUCH_CONFIG_ADDRESS_MAX];
    (void)snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
    size_t len = strlen(host);
    if (strcmp(host, "*") == 0) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        address.len = sizeof *v6;
    } else if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = '\0';
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        address.len = sizeof *v6;
        if (inet_pton(AF_INET6, host + 1, &v6->sin6_addr) != 1) {
            return VOUCH_ERR_FORMAT;
        }
    } else {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address.len = sizeof *v4;
        if (inet_pton(AF_INET, host, &v4->sin_addr) != 1) {
            return VOUCH_ERR_FORMAT;
        }
    }
    *ret_address = address;
    return VOUCH_OK;
}

static int read_listen(const struct vouch_setting_text *text, struct vouch_fault *fault) {
    struct vouch_config *config = text->into;
    if (config->listen_count == VOUCH_CONFIG_LISTEN_MAX) {
        return vouch_setting_fault(text, fault, "has more than %d addresses",
                                   VOUCH_CONFIG_LISTEN_MAX);
    }
    if (parse_address(text->text, &config->listen[config->listen_count]) != VOUCH_OK) {
        return vouch_setting_fault(
            text, fault, "\"%s\" must be ADDRESS:PORT, such as 127.0.0.1:8443, [::1]:8443 or *:443",
            text->text);
    }
    config->listen_count++;
    return VOUCH_OK;
}

static int read_proxy(const struct vouch_setting_text *text, struct vouch_fault *fault) {
    struct vouch_config *config = text->into;
    if (vouch_http_prefix_parse(vouch_bytes_of(text->text),
                                &config->proxies[config->proxy_count]) != VOUCH_OK) {
        return vouch_setting_fault(
            text, fault, "\"%s\" must be an address or a network, such as 10.0.0.0/8", text->text);
    }
    config->proxy_count++;
    return VOUCH_OK;
}

static const char *const purpose_words[] = {"service", "demonstration", NULL};
static const char *const metrics_words[] = {"token", "public", NULL};
static const char *const sandbox_words[] = {"required", "optional", NULL};
static const char *const unlock_words[] = {"key-file", "passphrase", "credential", NULL};
static const char *const keys_words[] = {"file", "agent", NULL};
static const char *const level_words[] = {"error", "warn", "info", "debug", NULL};
static const char *const format_words[] = {"text", "json", NULL};

#define RAW(member) .raw = offsetof(struct raw, member)
#define INTO(member) .into = offsetof(struct vouch_config, member)
#define CHOICE(path_, raw_, otherwise_, into_, words_)                                             \
    {                                                                                              \
        .path = (path_), RAW(raw_), .otherwise = (otherwise_), .read = vouch_setting_choice,       \
        INTO(into_), .words = (words_)                                                             \
    }
#define WORD(path_, raw_, otherwise_, into_)                                                       \
    {                                                                                              \
        .path = (path_), RAW(raw_), .otherwise = (otherwise_), .read = vouch_setting_word,         \
        INTO(into_), .max = VOUCH_CONFIG_TEXT_MAX - 1                                              \
    }
#define FILE_PATH(path_, raw_, otherwise_, into_, min_)                                            \
    {                                                                                              \
        .path = (path_), RAW(raw_), .otherwise = (otherwise_), .read = vouch_setting_path,         \
        INTO(into_), .min = (min_)                                                                 \
    }

#define AMOUNT(reader_, path_, raw_, otherwise_, into_, min_, max_)                                \
    {                                                                                              \
        .path = (path_), RAW(raw_), .otherwise = (otherwise_), .read = (reader_), INTO(into_),     \
        .min = (min_), .max = (max_)                                                               \
    }
#define NUMBER(path_, raw_, otherwise_, into_, min_, max_)                                         \
    AMOUNT(vouch_setting_number, path_, raw_, otherwise_, into_, min_, max_)
#define SPAN(path_, raw_, otherwise_, into_, min_, max_)                                           \
    AMOUNT(vouch_setting_span, path_, raw_, otherwise_, into_, min_, max_)
#define SIZE(path_, raw_, otherwise_, into_, min_, max_)                                           \
    AMOUNT(vouch_setting_size, path_, raw_, otherwise_, into_, min_, max_)

static const struct vouch_setting settings[] = {
    {.path = "name",
     RAW(name),
     .otherwise = "",
     .read = read_name,
     INTO(name),
     .max = VOUCH_CONFIG_TEXT_MAX - 1},
    {.path = "listen",
     .kind = VOUCH_YAML_LIST,
     RAW(listen),
     .otherwise = "127.0.0.1:8443",
     .read = read_listen},
    {.path = "url",
     RAW(url),
     .otherwise = "",
     .read = read_url,
     INTO(url),
     .max = VOUCH_CONFIG_TEXT_MAX - 1},
    NUMBER("lanes", lanes, "32", lanes, 1, VOUCH_CONFIG_LANES_MAX),
    {.path = "tls", .kind = VOUCH_YAML_GROUP},
    FILE_PATH("tls.certificate", tls.certificate, "tls/cert.pem", tls_certificate, 1),
    FILE_PATH("tls.key", tls.key, "tls/key.pem", tls_key, 1),
    {.path = "trusted_proxies",
     .kind = VOUCH_YAML_LIST,
     RAW(trusted_proxies),
     .otherwise = "",
     .read = read_proxy},
    CHOICE("purpose", purpose, "service", purpose, purpose_words),
    CHOICE("metrics", metrics, "token", metrics, metrics_words),
    CHOICE("sandbox", sandbox, "required", sandbox, sandbox_words),
    {.path = "signer", .kind = VOUCH_YAML_GROUP},
    CHOICE("signer.unlock", signer.unlock, "key-file", unlock, unlock_words),
    WORD("signer.credential", signer.credential, "", credential),
    CHOICE("signer.keys", signer.keys, "file", keys, keys_words),
    FILE_PATH("signer.agent_socket", signer.agent_socket, "", agent_socket, 0),
    {.path = "identity", .kind = VOUCH_YAML_GROUP},
    SIZE("identity.memory", identity.memory, "64MiB", password_memory_kib, 8 * 1024, 256 * 1024),
    NUMBER("identity.passes", identity.passes, "2", password_passes, 1, 10),
    NUMBER("identity.at_once", identity.at_once, "2", password_at_once, 1, 16),
    NUMBER("identity.waiting", identity.waiting, "64", password_waiting, 1, 4096),
    {.path = "sessions", .kind = VOUCH_YAML_GROUP},
    SPAN("sessions.idle", sessions.idle, "12h", session_idle_s, 60, 30 * DAY_S),
    SPAN("sessions.longest", sessions.longest, "7d", session_longest_s, 60, 90 * DAY_S),
    {.path = "hosts", .kind = VOUCH_YAML_GROUP},
    SPAN("hosts.ttl", hosts.ttl, "30d", host_ttl_s, 3600, 400 * DAY_S),
    {.path = "users", .kind = VOUCH_YAML_GROUP},
    WORD("users.web", users.web, "64001:64001", users[0]),
    WORD("users.authority", users.authority, "64002:64010", users[1]),
    WORD("users.signer", users.signer, "64003:64010", users[2]),
    WORD("users.identity", users.identity, "64004:64004", users[3]),
    {.path = "log", .kind = VOUCH_YAML_GROUP},
    CHOICE("log.level", log.level, "info", log_level, level_words),
    CHOICE("log.format", log.format, "text", log_format, format_words),
};

#define SETTING_COUNT (sizeof settings / sizeof settings[0])

// What no key alone can tell.
static int check_together(const struct vouch_yaml *yaml, const struct vouch_config *config,
                          struct vouch_fault *fault) {
    if (config->unlock == VOUCH_UNLOCK_CREDENTIAL && config->credential[0] == '\0') {
        return vouch_yaml_fault(yaml, "signer.credential", fault,
                                "is missing, and signer.unlock is credential");
    }
    if (config->keys == VOUCH_KEYS_AGENT && config->agent_socket[0] == '\0') {
        return vouch_yaml_fault(yaml, "signer.agent_socket", fault,
                                "is missing, and signer.keys is agent");
    }
    if (config->listen_count == 0) {
        return vouch_yaml_fault(yaml, "listen", fault, "is empty");
    }
    if (config->session_idle_s > config->session_longest_s) {
        return vouch_yaml_fault(yaml, "sessions.idle", fault, "is longer than sessions.longest");
    }
    return VOUCH_OK;
}

int vouch_config_parse(const char *dir, const char *name, struct vouch_bytes text,
                       struct vouch_config *ret_config, FILE *explain, struct vouch_fault *fault) {
    struct vouch_yaml_key keys[SETTING_COUNT];
    vouch_setting_keys(settings, SETTING_COUNT, keys);
    const struct vouch_yaml_form form = {&schema, keys, SETTING_COUNT};
    struct vouch_yaml yaml;
    int err = vouch_yaml_parse(&form, name, text, &yaml, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    memset(ret_config, 0, sizeof *ret_config);
    const struct vouch_setting_job job = {&yaml, dir, settings, SETTING_COUNT, ret_config, explain};
    err = vouch_settings_apply(&job, fault);
    if (err == VOUCH_OK) {
        err = check_together(&yaml, ret_config, fault);
    }
    vouch_yaml_done(&yaml);
    return err;
}

int vouch_server_path(const char *dir, const char *name, char ret_path[static PATH_MAX],
                      struct vouch_fault *fault) {
    int is_here = strcmp(dir, VOUCH_SERVER_HERE) == 0;
    int len = snprintf(ret_path, PATH_MAX, "%s%s%s", is_here ? "" : dir, is_here ? "" : "/", name);
    return len > 0 && len < PATH_MAX ? VOUCH_OK
                                     : vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_usage,
                                                       "%s: the path is too long", dir);
}

int vouch_settings_read(const char *path, struct vouch_buf *out, struct vouch_fault *fault) {
    struct stat meta;
    if (stat(path, &meta) != 0) {
        return vouch_fault_set(fault, errno == ENOENT ? VOUCH_ERR_NOT_FOUND : VOUCH_ERR_IO,
                               &vouch_fault_server_dir, "%s: %s", path, strerrordesc_np(errno));
    }
    if ((meta.st_uid != 0 && meta.st_uid != geteuid()) ||
        (meta.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        (void)vouch_fault_set(fault, VOUCH_ERR_PERMISSION, &vouch_fault_server_dir,
                              "%s: belongs to, or can be written by, another user", path);
        return vouch_fault_next(fault, "Close it with: chown root %s; chmod 644 %s", path, path);
    }
    return vouch_io_read(path, VOUCH_YAML_MAX, out, fault);
}
