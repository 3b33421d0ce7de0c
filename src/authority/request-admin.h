// SPDX-License-Identifier: ISC
// Asks about tokens, profiles, the audit log and the state of the service. See request.h.
#pragma once

#include "authority/request.h"
#include "core/export-manifest.h"

struct vouch_token_row {
    struct vouch_bytes name;
    struct vouch_text_list scopes;
    struct vouch_bytes profile;
    struct vouch_bytes actor;
    uint64_t created_s, expires_s, last_used_s, disabled_s;
};
struct vouch_ask_token_new {
    struct vouch_bytes name;
    struct vouch_text_list scopes;
    struct vouch_bytes profile;
    uint64_t ttl_s; // 0: 30 days; at most 400 days
};
struct vouch_answer_token {
    struct vouch_reply reply;
    struct vouch_token_row row;
    struct vouch_bytes secret; // once, when it is new
};
struct vouch_ask_tokens {
    struct vouch_ask_page page;
};
struct vouch_answer_tokens {
    struct vouch_reply reply;
    struct vouch_token_row *rows;
    size_t count;
    struct vouch_bytes next;
};
struct vouch_ask_name {
    struct vouch_bytes name;
};

struct vouch_profile_row {
    struct vouch_bytes name;
    enum vouch_cert_type type;
    struct vouch_text_list principals; // names, and patterns with * and ?
    struct vouch_text_list options; // "permit-pty", "source-address=10.0.0.0/8", "force-command=*"
    uint64_t ttl_max_s;
    uint64_t updated_s;
    struct vouch_bytes actor;
};
struct vouch_answer_profile {
    struct vouch_reply reply;
    struct vouch_profile_row row;
};
struct vouch_answer_profiles {
    struct vouch_reply reply;
    struct vouch_profile_row *rows;
    size_t count;
    struct vouch_bytes next;
};

// What of the ledger is asked for: store/audit.h.
#define VOUCH_ASK_WORDS_MAX                                                                        \
    512 // bytes of all words; there are at most 16, of at most 128 bytes each
struct vouch_ask_audit {
    struct vouch_ask_page page;
    struct vouch_bytes words, type, actor, object;
    uint64_t from_ms, until_ms;
};
struct vouch_event_row {
    uint64_t number;
    uint64_t time_ms;
    struct vouch_bytes type, actor, object;
    struct vouch_bytes details; // (string name, string value)*
};
struct vouch_answer_audit {
    struct vouch_reply reply;
    struct vouch_event_row *rows;
    size_t count;
    struct vouch_bytes next;
    uint64_t
        searched; // records that are indexed: pages after the first have none beyond those of the first
};

// A manifest of what was written out of the pages of a vouch_ask_audit: doc/export.md. Who asks is put in by
// the authority, the state of the ledger by the signer.
struct vouch_ask_export {
    struct vouch_export_query query;
    uint64_t searched, records, length;
    struct vouch_bytes sha256; // 32 bytes
};
struct vouch_answer_export {
    struct vouch_reply reply;
    struct vouch_bytes manifest;
    uint64_t record; // of the event that says so
};

// What came of a backup of this server, told on its own machine by who made it or looked at it.
enum vouch_backup_result {
    VOUCH_BACKUP_UNSAID = 0,
    VOUCH_BACKUP_MADE,
    VOUCH_BACKUP_WHOLE,  // it was verified
    VOUCH_BACKUP_BROKEN, // it was verified, and is not whole
};
#define VOUCH_BACKUP_PATH_MAX 1024
#define VOUCH_BACKUP_WHY_MAX 512
struct vouch_ask_backup_note {
    enum vouch_backup_result result;
    struct vouch_bytes path;   // where it lies, for people
    struct vouch_bytes origin; // WHOLE: of its ledger
    uint64_t made_s;           // not BROKEN: when it was made
    uint64_t records, bytes;   // of its ledger; of all its files
    struct vouch_bytes why;    // BROKEN
};
struct vouch_answer_backup_note {
    struct vouch_reply reply;
    uint64_t number; // of the record
};

// Whether somebody should see to the backups: the first of these that is so.
enum vouch_backups_state {
    VOUCH_BACKUPS_NONE = 0, // none was recorded, ever
    VOUCH_BACKUPS_BROKEN,   // the last that was verified is not whole
    VOUCH_BACKUPS_OLD,      // the newest is older than VOUCH_BACKUP_OLD_S
    VOUCH_BACKUPS_UNPROVEN, // none was verified, ever
    VOUCH_BACKUPS_GOOD,
};
#define VOUCH_BACKUP_OLD_S (7u * 86400)
struct vouch_backups {
    enum vouch_backups_state state;
    uint64_t made_s, records, bytes; // of the newest
    uint64_t verified_s;             // when one was verified last, whatever came of it; 0: never
    uint64_t whole_s;                // when one was whole last; 0: never
};

struct vouch_answer_status {
    struct vouch_reply reply;
    uint64_t ledger_size, checkpoint_size, indexed; // records
    uint64_t epoch, serial;
    uint64_t issued, refused, revoked; // since the start
    uint64_t logins, alarms;           // that hosts reported since the start
    uint64_t reviews_open;             // emergencies that nobody has reviewed yet
    uint64_t ready;                    // 0: not yet, or no longer
    uint64_t disk_bytes, disk_free;    // where the ledger grows; 0 and 0: not known
    struct vouch_backups backups;
};
