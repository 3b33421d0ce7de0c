// SPDX-License-Identifier: ISC
// For tests: an enrolled host as the service meets it, which reports and sends logins.
#pragma once

#include "authority/fleet.h"
#include "authority/test-company.h"

#define WEB3 "web3.prod.example.com"
#define BENCH2 "bench2.lab.example.com"

// A host that was enrolled, as the inventory has it; how one enrols is for the tests of that.
struct vouch_caller reporter_enrol(struct lab *lab, const char *name, const char *zone,
                                   const char *label);

// Fails unless the two are the same.
void reporter_text(struct vouch_bytes text, const char *wanted);

// A report of a host that has everything; sending one says what came of it.
struct vouch_ask_host_report reporter_report(struct lab *lab);
enum vouch_verdict reporter_send_report(struct lab *lab, const struct vouch_caller *caller,
                                        const struct vouch_ask_host_report *ask);

// A certificate that a person gets, and what sshd logs of a login with it.
struct vouch_cert_row reporter_cert(struct lab *lab, const char *who, uint64_t ttl_s);
struct vouch_login_row reporter_login(struct lab *lab, const struct vouch_cert_row *cert);

// Hands over logins, which must be taken; the number that is expected next.
uint64_t reporter_send_logins(struct lab *lab, const struct vouch_caller *caller, uint64_t first,
                              struct vouch_login_row *rows, size_t count);

// "SHA256:..." of a hash, good until it was called another sixteen times.
struct vouch_bytes reporter_fingerprint(const uint8_t hash[static 32]);

// Revokes a certificate of a person.
void reporter_revoke(struct lab *lab, uint64_t serial);
