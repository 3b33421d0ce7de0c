// SPDX-License-Identifier: ISC
// What vouch doctor looks at on this machine: ssh, its configuration, the zones' folders, the agent.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "client/agent.h"
#include "prog/vouch/checkup.h"
#include "prog/vouch/home.h"
#include "prog/vouch/load.h"
#include "prog/vouch/run-program.h"
#include "prog/vouch/ssh-config.h"
#include "prog/vouch/trust.h"
#include "prog/vouch/zone-login.h"

#define AGENT_KEYS_MAX 5 // sshd ends a connection after six tries by default
#define CONFIG_MAX (1024u * 1024)
#define OLDEST_MAJOR 7 // the first ssh that signs with RSA certificates by SHA-2 is 7.8
#define OLDEST_MINOR 8

// ssh

static void judge_version(struct vouch_checkup *checkup, const char *text) {
    int major = 0, minor = 0;
    char shown[80];
    const char *begin = strstr(text, "OpenSSH_");
    (void)snprintf(shown, sizeof shown, "%.*s", (int)strcspn(text, ",\r\n"), text);
    if (begin == NULL || sscanf(begin, "OpenSSH_%d.%d", &major, &minor) != 2) {
        vouch_checkup_add(checkup, "ssh", VOUCH_CHECKUP_WARN,
                          "certificates are found by OpenSSH's ssh; others have to be told of them",
                          "ssh is %s", shown);
    } else if (major < OLDEST_MAJOR || (major == OLDEST_MAJOR && minor < OLDEST_MINOR)) {
        vouch_checkup_add(checkup, "ssh", VOUCH_CHECKUP_FAIL, "install OpenSSH 7.8 or later",
                          "ssh is %s, which is too old", shown);
    } else {
        vouch_checkup_add(checkup, "ssh", VOUCH_CHECKUP_OK, NULL, "ssh is %s", shown);
    }
}

static void look_at_program(struct vouch_checkup *checkup) {
    static const char *const argv[] = {"ssh", "-V", NULL};
    struct vouch_fault fault = {0};
    char text[1024];
    struct vouch_buf out;
    int status = 0;
    vouch_buf_init_fixed(&out, text, sizeof text - 1);
    if (vouch_run_program(argv, VOUCH_RUN_BOTH, &out, &status, &fault) != 0) {
        vouch_checkup_add_fault(checkup, "ssh", VOUCH_CHECKUP_FAIL, &fault);
        return;
    }
    text[out.len] = '\0';
    judge_version(checkup, text);
}

void vouch_doctor_ssh(struct vouch_checkup *checkup) {
    enum vouch_ssh_include state = VOUCH_SSH_NOT_INCLUDED;
    struct vouch_fault fault = {0};
    look_at_program(checkup);
    if (vouch_ssh_include_look(&state, &fault) != 0) {
        vouch_checkup_add_fault(checkup, "include", VOUCH_CHECKUP_FAIL, &fault);
    } else if (state == VOUCH_SSH_INCLUDED) {
        vouch_checkup_add(checkup, "include", VOUCH_CHECKUP_OK, NULL,
                          "~/.ssh/config includes what vouch writes, in front of all blocks");
    } else {
        vouch_checkup_add(checkup, "include", VOUCH_CHECKUP_FAIL, "vouch setup ssh",
                          "~/.ssh/config does not include what vouch writes: ssh does not see it");
    }
}

// Zones

struct zones {
    struct vouch_checkup *checkup;
    const struct vouch_settings *settings;
    struct vouch_buf config; // ~/.ssh/vouch/config; empty: there is none
    size_t count;
};

static void check_mode(const struct zones *zones, const struct vouch_zone_dir *dir,
                       const char *name, unsigned wanted) {
    char path[PATH_MAX];
    struct vouch_fault fault = {0};
    struct stat status;
    int err = 0;
    (void)snprintf(path, sizeof path, "%s", dir->path);
    if (name != NULL) {
        err = vouch_zone_dir_file(dir, name, path, &fault);
    }
    if (err != 0 || lstat(path, &status) != 0) {
        vouch_checkup_add(zones->checkup, "files", VOUCH_CHECKUP_FAIL, "vouch login",
                          "%s: is missing", path);
    } else if (status.st_uid != getuid()) {
        vouch_checkup_add(zones->checkup, "files", VOUCH_CHECKUP_FAIL,
                          "remove it and run: vouch login", "%s: belongs to somebody else", path);
    } else if ((status.st_mode & 077) != 0) {
        char next[PATH_MAX + 32];
        (void)snprintf(next, sizeof next, "chmod %o %s", wanted, path);
        vouch_checkup_add(zones->checkup, "files", VOUCH_CHECKUP_FAIL, next,
                          "%s: is open to other users, and ssh takes no such key", path);
    }
}

static void check_pair(const struct zones *zones, const struct vouch_zone_dir *dir,
                       const struct vouch_cert *cert) {
    char path[PATH_MAX];
    struct vouch_fault fault = {0};
    struct vouch_key *key = NULL;
    struct vouch_trust trust = {0};
    int err = vouch_zone_dir_file(dir, "id.pub", path, &fault);
    if (err == 0) {
        err = vouch_load_key(path, &key, NULL, &fault);
    }
    if (err != 0) {
        vouch_checkup_add_fault(zones->checkup, "key", VOUCH_CHECKUP_FAIL, &fault);
    } else if (!vouch_key_equal(key, cert->key)) {
        vouch_checkup_add(zones->checkup, "key", VOUCH_CHECKUP_FAIL, "vouch login",
                          "zone %s: the certificate is for another key than the one beside it",
                          dir->zone);
    }
    if (vouch_trust_here(zones->settings, &trust, &fault) == 0 && trust.key_count > 0 &&
        !vouch_trust_state_counts(vouch_trust_of(&trust, VOUCH_CERT_USER, cert->ca))) {
        vouch_checkup_add(zones->checkup, "ca", VOUCH_CHECKUP_WARN, "vouch renew",
                          "zone %s: the certificate is by another CA key than the server's",
                          dir->zone);
    }
    vouch_trust_done(&trust);
    vouch_key_free(key);
}

static void check_cert(const struct zones *zones, const struct vouch_zone_dir *dir) {
    struct vouch_fault fault = {0};
    struct vouch_cert *cert = NULL;
    char left[VOUCH_TIME_TEXT_MAX];
    uint64_t now_s = vouch_time_now_s();
    int err = vouch_zone_dir_cert(dir, "id-cert.pub", &cert, &fault);
    if (err == VOUCH_ERR_NOT_FOUND) {
        vouch_checkup_add(zones->checkup, "certificate", VOUCH_CHECKUP_FAIL, "vouch login",
                          "zone %s: there is no certificate", dir->zone);
        return;
    }
    if (err != 0) {
        vouch_checkup_add_fault(zones->checkup, "certificate", VOUCH_CHECKUP_FAIL, &fault);
        return;
    }
    if (vouch_zone_login_freshness(cert, now_s) == VOUCH_ZONE_NONE) {
        vouch_checkup_add(zones->checkup, "certificate", VOUCH_CHECKUP_FAIL, "vouch login",
                          "zone %s: the certificate is not valid now", dir->zone);
    } else {
        vouch_duration_text(cert->valid_before - now_s, left);
        vouch_checkup_add(zones->checkup, "certificate", VOUCH_CHECKUP_OK, NULL,
                          "zone %s: certificate %llu is valid for %s", dir->zone,
                          (unsigned long long)cert->serial, left);
    }
    check_pair(zones, dir, cert);
    vouch_cert_free(cert);
}

static int check_zone(void *context, const struct vouch_zone_dir *dir, struct vouch_fault *fault) {
    struct zones *zones = context;
    char hook[128];
    (void)fault;
    zones->count++;
    check_mode(zones, dir, NULL, 0700);
    check_mode(zones, dir, "id", 0600);
    check_cert(zones, dir);
    int len = snprintf(hook, sizeof hook, "/%s/id-cert.pub", dir->zone);
    if (zones->config.len == 0 ||
        memmem(zones->config.ptr, zones->config.len, hook, (size_t)len) == NULL) {
        vouch_checkup_add(zones->checkup, "blocks", VOUCH_CHECKUP_FAIL, "vouch setup ssh",
                          "~/.ssh/vouch/config has no block for zone %s", dir->zone);
    }
    return 0;
}

void vouch_doctor_zones(struct vouch_checkup *checkup, const struct vouch_settings *settings) {
    struct zones zones = {.checkup = checkup, .settings = settings};
    struct vouch_fault fault = {0};
    char path[PATH_MAX];
    vouch_buf_init(&zones.config, CONFIG_MAX);
    if (vouch_home_path(&vouch_home_ssh, "/vouch/config", path, &fault) == 0 &&
        access(path, F_OK) == 0 && vouch_io_read(path, CONFIG_MAX, &zones.config, &fault) != 0) {
        vouch_checkup_add_fault(checkup, "blocks", VOUCH_CHECKUP_FAIL, &fault);
    }
    if (vouch_zone_each(check_zone, &zones, &fault) != 0) {
        vouch_checkup_add_fault(checkup, "files", VOUCH_CHECKUP_FAIL, &fault);
    } else if (zones.count == 0) {
        vouch_checkup_add(checkup, "certificate", VOUCH_CHECKUP_FAIL, "vouch login",
                          "there are no certificates of any zone here");
    }
    vouch_buf_done(&zones.config);
}

// The agent

void vouch_doctor_agent(struct vouch_checkup *checkup) {
    const struct vouch_agent agent = {.socket_path = getenv("SSH_AUTH_SOCK")};
    struct vouch_agent_listing listing = {0};
    struct vouch_fault fault = {0};
    if (agent.socket_path == NULL || agent.socket_path[0] == '\0') {
        vouch_checkup_add(checkup, "agent", VOUCH_CHECKUP_OK, NULL,
                          "there is no ssh-agent, and none is needed");
        return;
    }
    if (vouch_agent_list(&agent, &listing, &fault) != 0) {
        vouch_checkup_add_fault(checkup, "agent", VOUCH_CHECKUP_WARN, &fault);
        return;
    }
    if (listing.count > AGENT_KEYS_MAX) {
        vouch_checkup_add(checkup, "agent", VOUCH_CHECKUP_WARN,
                          "take out what you do not need: ssh-add -d, or set IdentitiesOnly yes",
                          "the agent has %zu keys: to hosts of no zone ssh offers all of them, and "
                          "sshd gives up after six",
                          listing.count);
    } else {
        vouch_checkup_add(checkup, "agent", VOUCH_CHECKUP_OK, NULL, "the agent has %zu keys",
                          listing.count);
    }
    vouch_agent_listing_done(&listing);
}
