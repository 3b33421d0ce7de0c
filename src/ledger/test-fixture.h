// SPDX-License-Identifier: ISC
// A small CA with a ledger in a temporary folder, for the tests of this module.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger/ledger.h"
#include "ledger/verify.h"
#include "vouch/cert.h"

#define FIXTURE_ORIGIN "ca.example.com/ledger"
#define FIXTURE_TIME_MS 1700000000000

struct fixture {
    char root[64]; // temporary folder
    char dir[96];  // the ledger in it
    struct vouch_private_key *checkpoint_key;
    struct vouch_private_key *user_ca;
    struct vouch_private_key *host_ca;
    struct vouch_private_key *subject;
    uint64_t time_ms; // of the next record
};

// Makes the keys (always the same ones) and the folder, and a ledger of three records: ledger.new and
// two ca.key.new. For cmocka's setup and teardown.
int fixture_begin(void **state);
int fixture_end(void **state);

// Like it, without the ledger.
int fixture_begin_bare(void **state);
void fixture_create(struct fixture *fixture);

// A user or host certificate; freed by the caller's vouch_buf_done().
void fixture_cert(const struct fixture *fixture, enum vouch_cert_type type, uint64_t serial,
                  const char *key_id, struct vouch_buf *ret_blob);
// Signed by any key.
void fixture_cert_by(const struct fixture *fixture, const struct vouch_private_key *ca,
                     enum vouch_cert_type type, uint64_t serial, const char *key_id,
                     struct vouch_buf *ret_blob);

// A record around a certificate's blob, which must outlive it; and an event.
struct vouch_record fixture_record(struct fixture *fixture, struct vouch_bytes cert);
struct vouch_record fixture_event(struct fixture *fixture, const char *type);

// Opens the ledger, or fails the test; the caller closes it.
struct vouch_ledger *fixture_open(const struct fixture *fixture);

// Appends `count` user certificates with the next serials in one batch; the key IDs are "user-SERIAL".
void fixture_issue(struct fixture *fixture, struct vouch_ledger *ledger, size_t count);
void fixture_checkpoint(const struct fixture *fixture, struct vouch_ledger *ledger);

// Opens, issues, signs a checkpoint, closes.
void fixture_grow(struct fixture *fixture, size_t count);

// Verifies at rest; the caller ends the report.
void fixture_verify(const struct fixture *fixture, struct vouch_ledger_report *ret_report);
void fixture_verify_with(const struct fixture *fixture, struct vouch_ledger_verify what,
                         struct vouch_ledger_report *ret_report);

// Reads to the end, whose records must follow each other from `next` on; returns how many came.
uint64_t read_all(struct vouch_ledger_reader *reader, uint64_t next);

// Verifies; nonzero if proven, which must go with no finding at all.
int proven(const struct fixture *fixture);

// Proven, without any finding.
void assert_proven(const struct fixture *fixture);
// Not proven, and a finding of that kind among the others.
void assert_found(const struct fixture *fixture, enum vouch_finding_kind kind);
int has_finding(const struct vouch_ledger_report *report, enum vouch_finding_kind kind);

// Whole files of the ledger's folder.
void load_file(const struct fixture *fixture, const char *name, struct vouch_buf *ret_content);
void store_file(const struct fixture *fixture, const char *name, struct vouch_bytes content);
void remove_file(const struct fixture *fixture, const char *name);
int file_exists(const struct fixture *fixture, const char *name);

// The records file without the zeros behind the last record; offsets[i] is where record i's length
// stands. Returns how many there are.
size_t load_records(const struct fixture *fixture, struct vouch_buf *ret_content, size_t *offsets,
                    size_t max);

// Copies the whole folder to another place below the root, and back.
void copy_folder(const char *from, const char *to);
