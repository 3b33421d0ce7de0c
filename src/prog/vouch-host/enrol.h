// SPDX-License-Identifier: ISC
// Enrolling, step by step: each says what it did, and may be done again after it was cut off.
#pragma once

#include "prog/vouch-host/commands.h"

struct vouch_enrol {
    const struct vouch_cli *cli;
    struct vouch_member member;
    struct vouch_secret token; // empty: to be adopted
    struct vouch_arena arena;
    struct vouch_contact_enrolment enrolment;
    char fingerprint[VOUCH_FINGERPRINT_MAX]; // of a key of the request, for who adopts
    char sshd[128];
    int is_settled; // nonzero: the server knows already who may log in here
};

void vouch_enrol_done(struct vouch_enrol *enrol);

// From the command line: server, pin, names, labels, token. Reads the token while this process is still
// root's. A usage fault names the option.
VOUCH_MUST_USE int vouch_enrol_read(const struct vouch_cli *cli, struct vouch_enrol *enrol,
                                    struct vouch_fault *fault);

// Opens the station; takes over what an earlier run left, or refuses (V-1936) if that was about something
// else. *ret_is_done: this host is enrolled already, and has what enrolling gave it.
VOUCH_MUST_USE int vouch_enrol_open(struct vouch_enrol *enrol, int *ret_is_done,
                                    struct vouch_fault *fault);

// Learns the machine's name and the CA's keys, and says so.
VOUCH_MUST_USE int vouch_enrol_meet(struct vouch_enrol *enrol, struct vouch_fault *fault);

// Proves the host keys and asks; ACTIVE or WAITING is noted down before anything else.
VOUCH_MUST_USE int vouch_enrol_ask(struct vouch_enrol *enrol, struct vouch_fault *fault);

// Fetches everything and has it installed, the certificates too if they came now.
VOUCH_MUST_USE int vouch_enrol_install(struct vouch_enrol *enrol, struct vouch_fault *fault);

// The server looks at who may log in where once a moment, so a new host may have been told: nobody yet. Asks
// again a few times.
VOUCH_MUST_USE int vouch_enrol_settle(struct vouch_enrol *enrol, struct vouch_fault *fault);
