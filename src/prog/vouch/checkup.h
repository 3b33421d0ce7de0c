// SPDX-License-Identifier: ISC
// What `vouch doctor` finds: one row for each thing it looked at, printed at the end or written to a report.
#pragma once

#include "prog/vouch/reach.h"
#include "vouch/cert.h"

struct json_t;

// The zero value is: nobody could look.
enum vouch_checkup_state {
    VOUCH_CHECKUP_UNKNOWN = 0,
    VOUCH_CHECKUP_FAIL,
    VOUCH_CHECKUP_WARN,
    VOUCH_CHECKUP_OK,
};

struct vouch_checkup {
    const struct vouch_cli *cli;
    struct json_t *rows;  // owned: objects with name, state, text, next
    struct json_t *names; // owned: texts that a report does not show
    size_t failed, warned;
    int err; // the first error
};

// Begins without rows; vouch_checkup_done() ends it.
void vouch_checkup_init(struct vouch_checkup *checkup, const struct vouch_cli *cli);
void vouch_checkup_done(struct vouch_checkup *checkup);

// Adds a row. `name` is a stable word; `next` is what to do, NULL where nothing is to do. What is not
// printable in the text is escaped.
void vouch_checkup_add(struct vouch_checkup *checkup, const char *name,
                       enum vouch_checkup_state state, const char *next, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

// The same for something that failed: its text and its next step are the fault's.
void vouch_checkup_add_fault(struct vouch_checkup *checkup, const char *name,
                             enum vouch_checkup_state state, const struct vouch_fault *fault);

// Prints all rows in the form that -o asks for (vouch.doctor/1).
VOUCH_MUST_USE int vouch_checkup_print(const struct vouch_checkup *checkup,
                                       struct vouch_fault *fault);

// A name that a report does not show: of a host, a server, a person. NULL is none.
void vouch_checkup_hide(struct vouch_checkup *checkup, const char *name);

// Writes them to a file as JSON to be passed on: home folder, user and the hidden names are replaced. No
// check puts a secret into a row in the first place.
VOUCH_MUST_USE int vouch_checkup_report(const struct vouch_checkup *checkup, const char *path,
                                        struct vouch_fault *fault);

// The checks of this machine; of the way to the server; of one host. Each in a file doctor-*.c.
void vouch_doctor_ssh(struct vouch_checkup *checkup);
void vouch_doctor_zones(struct vouch_checkup *checkup, const struct vouch_settings *settings);
void vouch_doctor_agent(struct vouch_checkup *checkup);
void vouch_doctor_server(struct vouch_checkup *checkup, struct vouch_reach *reach);
// What a host showed: one for each type of key.
#define VOUCH_SHOWN_CERTS_MAX 8
struct vouch_shown_certs {
    struct vouch_cert *rows[VOUCH_SHOWN_CERTS_MAX];
    size_t count;
};

// Lines of ~/.ssh/known_hosts that speak against a host which shows these certificates.
void vouch_doctor_known_hosts(struct vouch_checkup *checkup, const char *host, const char *port,
                              const struct vouch_shown_certs *certs);
void vouch_doctor_host(struct vouch_checkup *checkup, struct vouch_reach *reach, const char *host);
