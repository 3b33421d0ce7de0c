// SPDX-License-Identifier: ISC
// vouch logout: ends the session, and removes what ssh could still use.
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/mem.h"
#include "client/agent.h"
#include "prog/vouch/answer.h"
#include "prog/vouch/load.h"
#include "prog/vouch/ssh-config.h"
#include "prog/vouch/zone-dir.h"

// At the server. Who cannot reach it is signed out here all the same.
static void end_session(const struct vouch_cli *cli) {
    struct vouch_reach reach = {0};
    struct vouch_fault why = {0};
    json_t *ended = NULL;
    int all = vouch_args_count(&cli->args, "all") > 0;
    const struct vouch_api_ask ask = {
        .method = VOUCH_API_DELETE,
        .path = all ? "/v1/sessions" : "/v1/session",
    };
    int err = vouch_reach_open(cli, &reach, &why);
    if (err == 0 && reach.by != VOUCH_BY_SESSION) {
        vouch_say(&cli->term, "nobody is signed in here");
        vouch_reach_done(&reach);
        return;
    }
    if (err == 0) {
        err = vouch_api_ask_json(reach.api, &ask, "vouch.ended/1", &ended, &why);
    }
    if (err == 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK, "signed out of %s (%lld ended)",
                       vouch_api_name(reach.api),
                       (long long)json_integer_value(json_object_get(ended, "count")));
    } else if (err != VOUCH_ERR_PASSPHRASE && why.kind != &vouch_fault_server_unknown) {
        vouch_say_mark(&cli->term, VOUCH_MARK_WARN,
                       "%s  [%s]: signed out here; at the server the session lasts until it ends "
                       "by itself",
                       why.text, why.kind->code);
    }
    json_decref(ended);
    vouch_reach_done(&reach);
}

static int is_of(struct vouch_bytes blob, const struct vouch_key *key) {
    struct vouch_cert *cert = NULL;
    struct vouch_where where;
    int is = vouch_bytes_equal(blob, vouch_key_blob(key));
    if (!is && vouch_cert_parse(blob, &cert, &where) == 0) {
        is = vouch_key_equal(cert->key, key);
    }
    vouch_cert_free(cert);
    return is;
}

// The zone's key and all its certificates, also those before the last renewal. An agent without them, or
// none, is fine.
static void leave_agent(const struct vouch_zone_dir *dir) {
    vouch_autolisting struct vouch_agent_listing listing = {0};
    const struct vouch_agent agent = {.socket_path = getenv("SSH_AUTH_SOCK")};
    struct vouch_fault unused;
    struct vouch_key *key = NULL;
    char path[PATH_MAX];
    if (agent.socket_path == NULL || agent.socket_path[0] == '\0' ||
        vouch_zone_dir_file(dir, "id.pub", path, &unused) != 0 ||
        vouch_load_key(path, &key, NULL, &unused) != 0) {
        return;
    }
    if (vouch_agent_list(&agent, &listing, &unused) == 0) {
        for (size_t i = 0; i < listing.count; i++) {
            if (is_of(listing.keys[i].blob, key)) {
                (void)!vouch_agent_remove(&agent, listing.keys[i].blob, &unused);
            }
        }
    }
    vouch_key_free(key);
}

static int leave_zone(void *context, const struct vouch_zone_dir *dir, struct vouch_fault *fault) {
    size_t *count = context;
    leave_agent(dir);
    ++*count;
    return vouch_zone_dir_remove(dir, fault);
}

static int run_logout(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                      struct vouch_fault *fault) {
    size_t count = 0;
    *ret_exit = VOUCH_EXIT_OK;
    end_session(cli);
    int err = vouch_session_forget(fault);
    if (err == 0) {
        err = vouch_zone_each(leave_zone, &count, fault);
    }
    if (err == 0 && count > 0) {
        err = vouch_ssh_config_write(fault);
        vouch_say_mark(&cli->term, VOUCH_MARK_OK, "removed keys and certificates of %zu zone%s",
                       count, count == 1 ? "" : "s");
    }
    return err;
}

static const struct vouch_option options[] = {
    {"all", 0, VOUCH_OPTION_FLAG, 0, NULL, "end your sessions on other machines as well"},
    {"timeout", 0, VOUCH_OPTION_ONE, 0, "SPAN", "how long to wait for the server (default: 10s)"},
    {0},
};

static const char *const examples[] = {"vouch logout", "vouch logout --all", NULL};

const struct vouch_command vouch_cmd_logout = {
    .noun = "logout",
    .summary = "end the session; remove its keys and certificates, also from ssh-agent",
    .operands = "",
    .options = options,
    .notes = "ssh connections that are open stay open. Where the server cannot be reached, "
             "everything here is removed all the same.",
    .examples = examples,
    .run = run_logout,
    .failed = vouch_reach_failed,
};
