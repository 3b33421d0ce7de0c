// SPDX-License-Identifier: ISC
// For tests: a machine below a folder of its own, with host keys and a real sshd on loopback, and an
// authority that makes bundles, lists and certificates for it.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "host/apply.h"
#include "vouch/keyfile.h"

#define LAB_CA "ca.example.com/1f3a"
#define LAB_HOST "web1.example.com"
#define LAB_KEYS 2

struct lab {
    char root[64];
    unsigned port;
    pid_t sshd; // 0: not running
    struct vouch_private_key *checkpoint, *user_ca, *host_ca;
    struct vouch_private_key *host_keys[LAB_KEYS];
    struct vouch_apply *apply;
    // For the next install; owned.
    struct vouch_buf trust, krl, envelope, certs[LAB_KEYS];
};

// A machine without sshd; `include` nonzero: its configuration begins with the usual Include.
struct lab *lab_new(int include);
void lab_free(struct lab *lab);

// Starts the real sshd on it, and waits until it listens.
void lab_start_sshd(struct lab *lab);

// Opens the root part on it, as after a start.
void lab_open(struct lab *lab);

// Makes a bundle, a list and certificates of these versions.
void lab_make(struct lab *lab, uint64_t version);

// Installs what was made, with one login "root" of the principal "role:admin".
int lab_install(struct lab *lab, struct vouch_fault *fault);

// Applies sshd's configuration.
int lab_apply(struct lab *lab, uint64_t confirm_within_s, struct vouch_apply_done *ret_done,
              struct vouch_fault *fault);

// Files below the root. Reading: malloc'd, NUL-terminated; NULL if there is none.
void lab_write(const struct lab *lab, const char *path, const char *text);
char *lab_read(const struct lab *lab, const char *path);

// All of a folder below the root as text: names, modes, contents. malloc'd.
char *lab_picture(const struct lab *lab, const char *path);

// Nonzero if sshd shows a host certificate to who connects.
int lab_shows_cert(const struct lab *lab);
