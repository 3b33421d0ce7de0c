// SPDX-License-Identifier: ISC
// Backups of this server: what came of them is told on its own machine, and recorded in the ledger, so that
// everybody who looks after the service sees how old the newest is. Nothing else is kept of them.
#include "authority/backup.h"

#include <inttypes.h>
#include <stdio.h>

#include "authority/issue.h"
#include "base/str.h"
#include "base/time.h"
#include "store/audit.h"

#define DETAILS_MAX 4096

// --- telling

static void invalid(struct vouch_reply *reply, const char *field, const char *why) {
    vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, field, "%s %s", field, why);
}

static uint64_t ledger_size(struct vouch_office *office) {
    pthread_mutex_lock(&office->lock);
    uint64_t size = office->wanted;
    pthread_mutex_unlock(&office->lock);
    return size;
}

// A good backup of something else is no backup of this server.
static int is_ours(struct vouch_office *office, const struct vouch_ask_backup_note *ask,
                   struct vouch_reply *reply) {
    if (ask->result == VOUCH_BACKUP_WHOLE &&
        !vouch_bytes_equal(ask->origin, vouch_bytes_of(office->origin))) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_backup_other, "origin",
                        "the backup is of %.*s, and this server is %s",
                        VOUCH_REPLY_TEXT(ask->origin), office->origin);
        return 0;
    }
    if (ask->records > ledger_size(office)) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_backup_other, "records",
                        "the backup has %" PRIu64 " records, more than this server's ledger",
                        ask->records);
        return 0;
    }
    return 1;
}

static int judge(struct vouch_office *office, const struct vouch_who *who,
                 const struct vouch_ask_backup_note *ask, struct vouch_reply *reply) {
    int is_good = ask->result == VOUCH_BACKUP_MADE || ask->result == VOUCH_BACKUP_WHOLE;
    if (!who->is_local) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_backup_place, NULL,
                        "what came of a backup is told over the socket on the server's machine");
    } else if (ask->result == VOUCH_BACKUP_UNSAID) {
        invalid(reply, "result", "must be made, whole or broken");
    } else if (ask->path.len == 0) {
        invalid(reply, "path", "must say where the backup lies");
    } else if (is_good && (ask->made_s == 0 || ask->made_s > vouch_time_now_s())) {
        invalid(reply, "time", "must be when the backup was made, and not later than now");
    } else {
        return is_ours(office, ask, reply);
    }
    return 0;
}

static void put_number(struct vouch_buf *details, const char *name, uint64_t number) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    vouch_record_detail_put(details, name, vouch_bytes_of(text));
}

static const char *event_of(enum vouch_backup_result result) {
    switch (result) {
    case VOUCH_BACKUP_MADE:
        return VOUCH_EVENT_BACKUP_MADE;
    case VOUCH_BACKUP_WHOLE:
        return VOUCH_EVENT_BACKUP_VERIFIED;
    case VOUCH_BACKUP_BROKEN:
        return VOUCH_EVENT_BACKUP_BROKEN;
    case VOUCH_BACKUP_UNSAID:
        break;
    }
    return "";
}

static void put_details(const struct vouch_ask_backup_note *ask, struct vouch_buf *details) {
    char made[VOUCH_TIME_TEXT_MAX];
    if (ask->made_s != 0) {
        vouch_time_utc(ask->made_s, made);
        vouch_record_detail_put(details, "made", vouch_bytes_of(made));
        put_number(details, "records", ask->records);
        put_number(details, "bytes", ask->bytes);
    }
    if (ask->why.len > 0) {
        vouch_record_detail_put(details, "why", ask->why);
    }
}

int vouch_local_backup_note(struct vouch_local *authority, const struct vouch_caller *caller,
                            const struct vouch_ask_backup_note *ask,
                            struct vouch_answer_backup_note *ret_answer,
                            struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_buf details;
    struct vouch_signer_noted noted = {0};
    int err = vouch_identify(authority, caller, VOUCH_MAY_ADMIN, &who, &ret_answer->reply, fault);
    if (err != VOUCH_OK || ret_answer->reply.verdict != VOUCH_VERDICT_DONE ||
        !judge(authority->office, &who, ask, &ret_answer->reply)) {
        return err;
    }
    vouch_buf_init(&details, DETAILS_MAX);
    put_details(ask, &details);
    const struct vouch_signer_event event = {.actor = who.actor,
                                             .type = vouch_bytes_of(event_of(ask->result)),
                                             .object = ask->path,
                                             .details = vouch_buf_bytes(&details)};
    err = details.err != VOUCH_OK ? vouch_no_memory(fault)
                                  : vouch_seat_note(authority, &event, &noted, fault);
    vouch_buf_done(&details);
    if (err == VOUCH_OK) {
        ret_answer->number = noted.number;
        err = vouch_clerk_wait(authority->office, noted.number + 1, fault);
    }
    return err;
}

// --- how they stand

// The newest event of a type; number 0: there is none.
struct told {
    uint64_t number;
    uint64_t time_s;
    uint64_t made_s, records, bytes;
};

static uint64_t number_of(const struct vouch_record *record, const char *name) {
    struct vouch_bytes text;
    uint64_t number = 0;
    return vouch_record_detail(record, name, &text) && vouch_str_to_u64(text, &number) == VOUCH_OK
               ? number
               : 0;
}

static struct told read_event(const struct vouch_store_event *event) {
    const struct vouch_record record = {.kind = VOUCH_RECORD_EVENT, .details = event->details};
    struct vouch_bytes made;
    struct told told = {.number = event->number,
                        .time_s = event->time_ms / 1000,
                        .records = number_of(&record, "records"),
                        .bytes = number_of(&record, "bytes")};
    if (vouch_record_detail(&record, "made", &made) &&
        vouch_time_parse(made, &told.made_s) != VOUCH_OK) {
        told.made_s = 0;
    }
    return told;
}

static int look(struct vouch_store *store, const char *type, struct told *ret_told,
                struct vouch_fault *fault) {
    const struct vouch_store_event_filter filter = {.type = vouch_bytes_of(type)};
    const struct vouch_store_page page = {.limit = 1};
    struct vouch_store_events events = {0};
    int err = vouch_store_audit_list(store, &filter, &page, &events, fault);
    if (err == VOUCH_OK && events.count > 0) {
        *ret_told = read_event(&events.rows[0]);
    }
    vouch_store_events_done(&events);
    return err;
}

// What was made is as good as what was found whole: a backup of a server that stood still is told only then.
static struct vouch_backups sum_up(const struct told *made, const struct told *whole,
                                   const struct told *broken, uint64_t now_s) {
    const struct told *newest = whole->made_s > made->made_s ? whole : made;
    struct vouch_backups backups = {.state = VOUCH_BACKUPS_GOOD,
                                    .made_s = newest->made_s,
                                    .records = newest->records,
                                    .bytes = newest->bytes,
                                    .verified_s = whole->time_s,
                                    .whole_s = whole->time_s};
    if (broken->number > whole->number) {
        backups.verified_s = broken->time_s;
        backups.state = VOUCH_BACKUPS_BROKEN;
    } else if (backups.made_s == 0) {
        backups.state = VOUCH_BACKUPS_NONE;
    } else if (now_s > backups.made_s && now_s - backups.made_s > VOUCH_BACKUP_OLD_S) {
        backups.state = VOUCH_BACKUPS_OLD;
    } else if (whole->number == 0) {
        backups.state = VOUCH_BACKUPS_UNPROVEN;
    }
    return backups;
}

int vouch_backups_find(struct vouch_office *office, uint64_t now_s,
                       struct vouch_backups *ret_backups, struct vouch_fault *fault) {
    struct told made = {0}, whole = {0}, broken = {0};
    struct vouch_store *store = vouch_pool_take(&office->slow);
    int err = look(store, VOUCH_EVENT_BACKUP_MADE, &made, fault);
    if (err == VOUCH_OK) {
        err = look(store, VOUCH_EVENT_BACKUP_VERIFIED, &whole, fault);
    }
    if (err == VOUCH_OK) {
        err = look(store, VOUCH_EVENT_BACKUP_BROKEN, &broken, fault);
    }
    vouch_pool_give(&office->slow, store);
    if (err == VOUCH_OK) {
        *ret_backups = sum_up(&made, &whole, &broken, now_s);
    }
    return err;
}
