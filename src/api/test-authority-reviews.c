// SPDX-License-Identifier: ISC
// The double of the authority: what it answers about emergencies.
#include <inttypes.h>

#include "api/test-authority.h"
#include "api/test-double.h"

#define TEXT(literal)                                                                              \
    { (const uint8_t *)(literal), sizeof(literal) - 1 }
#define NOW_S 1795000000

static void fill_review(struct vouch_review_row *row, uint64_t id) {
    *row = (struct vouch_review_row){.id = id,
                                     .state = VOUCH_REVIEW_OPEN,
                                     .kind = VOUCH_REVIEW_LOUD,
                                     .user = TEXT("alice"),
                                     .holder = TEXT("alice"),
                                     .role = TEXT("emergency"),
                                     .zone = TEXT("prod"),
                                     .reason = TEXT("the database is down"),
                                     .source = TEXT("127.0.0.1"),
                                     .key = {1, 2, 3},
                                     .opened_s = NOW_S,
                                     .ends_s = NOW_S + 3600};
}

ASKED(reviews, struct vouch_ask_reviews, struct vouch_answer_reviews) {
    static struct vouch_review_row rows[2];
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, VOUCH_SCOPE_AUDIT_READ, "reviews", &ret_answer->reply, &err)) {
        test_double_note_page(&ask->page);
        test_double_note(" state=%d kind=%d", (int)ask->state, (int)ask->kind);
        fill_review(&rows[0], 7);
        fill_review(&rows[1], 6);
        rows[1].state = VOUCH_REVIEW_DONE;
        rows[1].kind = VOUCH_REVIEW_SEALED;
        rows[1].is_drill = 1;
        rows[1].serial = 17592186044418;
        rows[1].uses = 2;
        rows[1].used_s = NOW_S + 60;
        rows[1].done_by = vouch_bytes_of("bob");
        rows[1].note = vouch_bytes_of("all of it was needed");
        rows[1].done_s = NOW_S + 90;
        ret_answer->rows = rows;
        ret_answer->count = 2;
        ret_answer->next = vouch_bytes_of("v6");
        ret_answer->open = 3;
        ret_answer->drill_s = NOW_S - 86400;
    }
    return test_double_leave(err, fault);
}

ASKED(review_decide, struct vouch_ask_review_decide, struct vouch_answer_review) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "review_decide", &ret_answer->reply, &err)) {
        test_double_note(" id=%" PRIu64 " verb=%d note=%.*s", ask->id, (int)ask->verb,
                         SHOWN(ask->note));
        fill_review(&ret_answer->row, ask->id);
        ret_answer->row.state = VOUCH_REVIEW_DONE;
        ret_answer->row.note = ask->note;
    }
    return test_double_leave(err, fault);
}

ASKED(seal, struct vouch_ask_seal, struct vouch_answer_cert) {
    int err = VOUCH_OK;
    (void)authority;
    if (test_double_enter(caller, "session", "seal", &ret_answer->reply, &err)) {
        test_double_note(" user=%.*s role=%.*s key=%zu ttl=%" PRIu64 " reason=%.*s once=%.*s",
                         SHOWN(ask->user), SHOWN(ask->role), ask->key.len, ask->ttl_s,
                         SHOWN(ask->reason), SHOWN(ask->once));
        ret_answer->row = (struct vouch_cert_row){.serial = 17592186044419,
                                                  .number = 5,
                                                  .time_ms = NOW_S * UINT64_C(1000),
                                                  .type = VOUCH_CERT_USER,
                                                  .key_id = TEXT("alice"),
                                                  .valid_after = NOW_S,
                                                  .valid_before = NOW_S + 86400,
                                                  .actor = TEXT("user:bob"),
                                                  .role = TEXT("emergency"),
                                                  .source = TEXT("127.0.0.1"),
                                                  .cert = TEXT("\0\0\0\1x")};
    }
    return test_double_leave(err, fault);
}

ASKED(sheet, struct vouch_ask_page, struct vouch_answer_sheet) {
    int err = VOUCH_OK;
    (void)authority;
    (void)ask;
    if (test_double_enter(caller, VOUCH_SCOPE_AUDIT_READ, "sheet", &ret_answer->reply, &err)) {
        ret_answer->text = vouch_bytes_of("RECOVERY SHEET\n");
    }
    return test_double_leave(err, fault);
}
