// SPDX-License-Identifier: ISC
// /v1/backups: what came of a backup, told by the commands on the server's machine. How the backups stand is in
// /v1/status.
#include "api/fields.h"
#include "api/resources.h"

#define BYTES_MAX (UINT64_C(1) << 50)

static struct vouch_ask_backup_note read_note(struct vouch_api_call *call) {
    static const char *const members[] = {"result",  "path",  "origin", "time",
                                          "records", "bytes", "why",    NULL};
    static const char *const results[] = {"made", "whole", "broken", NULL};
    struct vouch_ask_backup_note ask = {0};
    vouch_api_members(call, members);
    ask.result =
        (enum vouch_backup_result)vouch_api_word(call, "result", VOUCH_API_REQUIRED, results);
    ask.path = vouch_api_text(call, "path", VOUCH_API_REQUIRED, VOUCH_BACKUP_PATH_MAX);
    ask.origin = vouch_api_text(call, "origin", VOUCH_API_OPTIONAL, VOUCH_API_PRINCIPAL_MAX);
    ask.made_s = vouch_api_time_ms(call, "time", VOUCH_API_OPTIONAL) / 1000;
    ask.records = vouch_api_serial(call, "records");
    ask.bytes = vouch_api_number(call, "bytes", VOUCH_API_OPTIONAL, BYTES_MAX);
    ask.why = vouch_api_text(call, "why", VOUCH_API_OPTIONAL, VOUCH_BACKUP_WHY_MAX);
    return ask;
}

int vouch_api_backup_note(struct vouch_api_call *call) {
    const struct vouch_ask_backup_note ask = read_note(call);
    struct vouch_answer_backup_note answer = {0};
    if (call->refused) {
        return VOUCH_OK;
    }
    int err =
        vouch_authority_backup_note(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 201, "vouch.new-backup/1");
    vouch_json_id(&call->json, "record", answer.number);
    return vouch_api_answer_end(call);
}
