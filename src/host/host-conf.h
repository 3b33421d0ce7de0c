// SPDX-License-Identifier: ISC
// /etc/vouch/host.conf: where this machine keeps its sshd, for the few that keep it in another place.
//
// Lines of a word and a value; empty lines and lines that begin with # mean nothing. It belongs to root;
// nothing of it comes from the network.
#pragma once

#include "base/fault.h"

#define VOUCH_HOST_CONF_PATH "etc/vouch/host.conf"
#define VOUCH_HOST_CONF_VALUE_MAX 512

// Every value is text; "" where the file says nothing.
struct vouch_host_conf {
    char sshd[VOUCH_HOST_CONF_VALUE_MAX];        // program
    char sshd_config[VOUCH_HOST_CONF_VALUE_MAX]; // relative to the root
    char pid_file[VOUCH_HOST_CONF_VALUE_MAX];    // of the sshd that listens; relative to the root
    char address[VOUCH_HOST_CONF_VALUE_MAX];     // where it is asked for its certificate
    char port[VOUCH_HOST_CONF_VALUE_MAX];
    char log[VOUCH_HOST_CONF_VALUE_MAX];     // "journal", "file PATH", "none"
    char service[VOUCH_HOST_CONF_VALUE_MAX]; // systemd's name for it
    char walls[VOUCH_HOST_CONF_VALUE_MAX];   // "no": the root part goes without its sandbox
};

// Reads the file's text and fills in what it leaves out: sshd, sshd_config. V-1915 names the line.
VOUCH_MUST_USE int vouch_host_conf_parse(struct vouch_bytes text, struct vouch_host_conf *ret_conf,
                                         struct vouch_fault *fault);
