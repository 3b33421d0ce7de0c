// SPDX-License-Identifier: ISC
// Which server a command asks, and what is known about its keys: options, or the settings.
#pragma once

#include "client/api.h"
#include "prog/vouch/command.h"
#include "prog/vouch/session.h"
#include "prog/vouch/settings.h"

// The options of every command that asks a server. For the end of its table.
#define VOUCH_REACH_OPTIONS                                                                         \
    {"server", 0, VOUCH_OPTION_ONE, 0, "URL", "ask this server, not the one that is set"},          \
        {"pin", 0, VOUCH_OPTION_ONE, 0, "PIN", "its TLS key: sha256:... as vouchd init prints it"}, \
        {"ca-file", 0, VOUCH_OPTION_ONE, 0, "FILE", "CA certificates (PEM) that vouch for it"},     \
        {"token-file", 0, VOUCH_OPTION_ONE, 0, "FILE", "the file that holds the API token"},        \
        {"local", 0,     VOUCH_OPTION_ONE,                                                          \
         0,       "DIR", "the server on this machine: its folder or socket"},                       \
        {"timeout", 0, VOUCH_OPTION_ONE, 0, "SPAN", "how long to wait for it (default: 10s)"}, {    \
        0                                                                                           \
    }

// Whose word the keys are: nobody's yet; the server's own, over a connection that proved who it is; or
// what was noted down before.
enum vouch_reach_anchors {
    VOUCH_ANCHORS_NONE = 0,
    VOUCH_ANCHORS_SERVER,
    VOUCH_ANCHORS_NOTED,
};

// With what it is asked.
enum vouch_reach_by { VOUCH_BY_NOTHING = 0, VOUCH_BY_TOKEN, VOUCH_BY_SESSION, VOUCH_BY_SOCKET };

// Whether a person may be asked for a code.
enum vouch_reach_asking { VOUCH_MAY_ASK = 0, VOUCH_NEVER_ASK };

struct vouch_reach {
    const struct vouch_cli *cli;
    enum vouch_reach_asking asking;
    struct vouch_api *api;
    enum vouch_reach_by by;
    struct vouch_session session;   // of this server; empty unless `by` is VOUCH_BY_SESSION
    struct vouch_settings settings; // what was noted down; the keys also if fetched
    enum vouch_reach_anchors anchors;
    int local; // nonzero: over the socket on the server's machine
};

// Opens a way to the server: --local, or --server with the options beside it, or what is set. Settings
// for the same URL fill in what the options leave out. It is asked with --token-file, else with the
// session of `vouch login`, else with the token file that is set.
//
// Where the server wants a fresh second factor (V-1886), a code is asked for on the terminal, and the
// question is put once more; so *ret_reach must stay where it is until vouch_reach_done().
VOUCH_MUST_USE int vouch_reach_open(const struct vouch_cli *cli, struct vouch_reach *ret_reach,
                                    struct vouch_fault *fault);

// The same without any credential, for signing in.
VOUCH_MUST_USE int vouch_reach_open_stranger(const struct vouch_cli *cli,
                                             struct vouch_reach *ret_reach,
                                             struct vouch_fault *fault);

// Whether both are addresses of the same server.
int vouch_reach_same_url(const char *a, const char *b);
void vouch_reach_done(struct vouch_reach *reach);

// Sees to it that the keys are there: those noted down, or else fetched from the server.
VOUCH_MUST_USE int vouch_reach_keys(struct vouch_reach *reach, struct vouch_fault *fault);

// The exit code of a command that asks a server: 4 no good token, 5 refused, 7 not to be reached.
enum vouch_exit vouch_reach_failed(const struct vouch_cli *cli, const struct vouch_fault *fault);

// The path of the socket for --local DIR: DIR itself if it is one, or DIR/run/admin.sock.
VOUCH_MUST_USE int vouch_reach_socket(const char *dir, char ret_path[static PATH_MAX],
                                      struct vouch_fault *fault);
