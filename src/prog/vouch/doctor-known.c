// SPDX-License-Identifier: ISC
// What vouch doctor finds in ~/.ssh/known_hosts about a host that shows a certificate: lines that speak
// against it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "prog/vouch/checkup.h"
#include "prog/vouch/home.h"
#include "prog/vouch/run-program.h"

#define NAME_MAX_LEN 300

// The key of a line "[@MARKER] NAMES TYPE BASE64 ..."; NULL: it has none. *ret_is_revoked: what it says of it.
static struct vouch_key *read_line(struct vouch_bytes line, int *ret_is_revoked) {
    struct vouch_key *key = NULL;
    struct vouch_bytes comment;
    struct vouch_buf blob;
    *ret_is_revoked = line.len > 9 && memcmp(line.ptr, "@revoked ", 9) == 0;
    if (line.len > 0 && line.ptr[0] == '@') {
        (void)vouch_str_cut(&line, ' ');
    }
    (void)vouch_str_cut(&line, ' ');
    vouch_buf_init(&blob, VOUCH_KEY_BLOB_MAX);
    if (line.ptr != NULL && vouch_key_line_decode(line, &blob, &comment, NULL) == 0 &&
        vouch_key_parse(vouch_buf_bytes(&blob), &key, NULL) != 0) {
        key = NULL;
    }
    vouch_buf_done(&blob);
    return key;
}

enum finding { NOTHING = 0, OTHER_KEY, REVOKED_KEY, REVOKED_CA };

static enum finding judge(const struct vouch_key *key, int is_revoked,
                          const struct vouch_cert *cert) {
    if (vouch_key_equal(key, cert->ca)) {
        return is_revoked ? REVOKED_CA : NOTHING;
    }
    if (vouch_key_equal(key, cert->key)) {
        return is_revoked ? REVOKED_KEY : NOTHING;
    }
    return !is_revoked && vouch_key_type(key) == vouch_key_type(cert->key) ? OTHER_KEY : NOTHING;
}

static void say(struct vouch_checkup *checkup, const char *name, enum finding finding) {
    char next[NAME_MAX_LEN + 40];
    (void)snprintf(next, sizeof next, "ssh-keygen -R %s", name);
    if (finding == OTHER_KEY) {
        vouch_checkup_add(checkup, "known_hosts", VOUCH_CHECKUP_WARN, next,
                          "~/.ssh/known_hosts has another key for %s: ssh warns of it when the "
                          "host shows no certificate",
                          name);
    } else if (finding != NOTHING) {
        vouch_checkup_add(checkup, "known_hosts", VOUCH_CHECKUP_FAIL,
                          "take the @revoked line out of ~/.ssh/known_hosts, if it is wrong",
                          "~/.ssh/known_hosts says that the %s of %s is revoked",
                          finding == REVOKED_CA ? "CA" : "key", name);
    }
}

static void judge_line(struct vouch_checkup *checkup, const char *name,
                       const struct vouch_shown_certs *certs, struct vouch_bytes line) {
    int is_revoked = 0;
    enum finding worst = NOTHING;
    struct vouch_key *key = read_line(line, &is_revoked);
    const int is_ca = line.len > 0 && line.ptr[0] == '@' && !is_revoked;
    for (size_t i = 0; key != NULL && !is_ca && i < certs->count; i++) {
        enum finding found = judge(key, is_revoked, certs->rows[i]);
        worst = found > worst ? found : worst;
    }
    say(checkup, name, worst);
    vouch_key_free(key);
}

void vouch_doctor_known_hosts(struct vouch_checkup *checkup, const char *host, const char *port,
                              const struct vouch_shown_certs *certs) {
    char path[PATH_MAX], name[NAME_MAX_LEN];
    struct vouch_fault fault = {0};
    struct vouch_buf out;
    int status = 0;
    int has_port = strcmp(port, "22") != 0;
    (void)snprintf(name, sizeof name, "%s%s%s%s", has_port ? "[" : "", host, has_port ? "]:" : "",
                   has_port ? port : "");
    // "-F" takes what follows as the name, whatever it begins with.
    const char *const argv[] = {"ssh-keygen", "-f", path, "-F", name, NULL};
    vouch_buf_init(&out, VOUCH_RUN_OUT_MAX);
    if (vouch_home_path(&vouch_home_ssh, "/known_hosts", path, &fault) == 0 &&
        vouch_run_program(argv, VOUCH_RUN_STDOUT, &out, &status, &fault) == 0 && status == 0) {
        struct vouch_bytes rest = vouch_buf_bytes(&out);
        while (rest.ptr != NULL) {
            struct vouch_bytes line = vouch_str_trim(vouch_str_cut(&rest, '\n'));
            if (line.len > 0 && line.ptr[0] != '#') {
                judge_line(checkup, name, certs, line);
            }
        }
    }
    vouch_buf_done(&out);
}
