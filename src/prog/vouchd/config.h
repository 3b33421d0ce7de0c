// SPDX-License-Identifier: ISC
// The configuration of a server: DIR/vouchd.yaml with every default filled in, and DIR/ceiling.yaml.
//
// Reading judges everything that the file alone can tell; whether a port is free or a key fits is seen
// by who uses it. vouchd.yaml(5) describes both files.
#pragma once

#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>

#include "http/address.h"
#include "signer/limits.h"

#define VOUCH_CONFIG_FILE "vouchd.yaml"
#define VOUCH_CEILING_FILE "ceiling.yaml"
#define VOUCH_CONFIG_LISTEN_MAX 7 // with one more socket for each in one message
#define VOUCH_CONFIG_PROXIES_MAX 32
#define VOUCH_CONFIG_LANES_MAX 60 // and two more lanes for the authority's own asks
#define VOUCH_CONFIG_TEXT_MAX 256
#define VOUCH_CONFIG_USERS 4
#define VOUCH_CONFIG_ADDRESS_MAX 64

struct vouch_config_address {
    char text[VOUCH_CONFIG_ADDRESS_MAX]; // as in the file
    struct sockaddr_storage address;
    socklen_t len;
};

enum vouch_config_unlock {
    VOUCH_UNLOCK_KEY_FILE = 0, // signer/unlock, which only the signer's user can read
    VOUCH_UNLOCK_PASSPHRASE,   // asked for at the start
    VOUCH_UNLOCK_CREDENTIAL,   // given by the service manager
};
// What a server is for. A demonstration answers questions and changes nothing.
enum vouch_config_purpose { VOUCH_PURPOSE_SERVICE = 0, VOUCH_PURPOSE_DEMONSTRATION };
enum vouch_config_keys { VOUCH_KEYS_FILE = 0, VOUCH_KEYS_AGENT };
enum vouch_config_metrics { VOUCH_METRICS_TOKEN = 0, VOUCH_METRICS_PUBLIC };
enum vouch_config_sandbox { VOUCH_SANDBOXES_REQUIRED = 0, VOUCH_SANDBOXES_OPTIONAL };
enum vouch_log_level { VOUCH_LOG_ERROR = 0, VOUCH_LOG_WARN, VOUCH_LOG_INFO, VOUCH_LOG_DEBUG };
enum vouch_log_format { VOUCH_LOG_TEXT = 0, VOUCH_LOG_JSON };

struct vouch_config {
    char name[VOUCH_CONFIG_TEXT_MAX];
    struct vouch_config_address listen[VOUCH_CONFIG_LISTEN_MAX];
    size_t listen_count;
    char url[VOUCH_CONFIG_TEXT_MAX]; // as people reach it: "https://HOST:PORT"; empty: by `listen`
    uint64_t lanes;
    char tls_certificate[PATH_MAX]; // with the folder of the server, like every path here
    char tls_key[PATH_MAX];
    struct vouch_http_prefix proxies[VOUCH_CONFIG_PROXIES_MAX];
    size_t proxy_count;
    enum vouch_config_purpose purpose;
    enum vouch_config_metrics metrics;
    enum vouch_config_sandbox sandbox;
    enum vouch_config_unlock unlock;
    char credential[VOUCH_CONFIG_TEXT_MAX];
    enum vouch_config_keys keys;
    char agent_socket[PATH_MAX];
    uint64_t password_memory_kib; // of one hash of a password
    uint64_t password_passes;
    uint64_t password_at_once; // hashes that are made at the same time
    uint64_t password_waiting; // sign-ins that wait for their turn
    uint64_t session_idle_s;
    uint64_t session_longest_s;
    uint64_t host_ttl_s;                                   // of certificates of enrolled hosts
    char users[VOUCH_CONFIG_USERS][VOUCH_CONFIG_TEXT_MAX]; // web, authority, signer, identity
    enum vouch_log_level log_level;
    enum vouch_log_format log_format;
};

// Reads the text of a configuration; `name` is its path for messages, `dir` what relative paths begin
// with. The fault says "FILE:LINE: KEY: what is wrong". If `explain` is not NULL, every key is written
// there with its effective value and where it comes from.
VOUCH_MUST_USE int vouch_config_parse(const char *dir, const char *name, struct vouch_bytes text,
                                      struct vouch_config *ret_config, FILE *explain,
                                      struct vouch_fault *fault);

// The same for a ceiling.
VOUCH_MUST_USE int vouch_ceiling_parse(const char *name, struct vouch_bytes text,
                                       struct vouch_signer_ceiling *ret_ceiling, FILE *explain,
                                       struct vouch_fault *fault);

// The folder that a role works in, which is the server's.
#define VOUCH_SERVER_HERE "."

// DIR/NAME, or NAME in VOUCH_SERVER_HERE. VOUCH_ERR_LIMIT with the fault set if it is too long.
VOUCH_MUST_USE int vouch_server_path(const char *dir, const char *name,
                                     char ret_path[static PATH_MAX], struct vouch_fault *fault);

// Appends the text of a file of settings (at most VOUCH_YAML_MAX) to `out`, which the caller ends. It must
// be closed to writing by all but root and this user, or the fault says so.
VOUCH_MUST_USE int vouch_settings_read(const char *path, struct vouch_buf *out,
                                       struct vouch_fault *fault);
