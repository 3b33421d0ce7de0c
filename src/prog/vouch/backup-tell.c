// SPDX-License-Identifier: ISC
// Tells a server what came of a backup of it, so that its ledger and its pages know how old the newest is.
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "client/api.h"
#include "prog/vouch/backup.h"
#include "prog/vouch/body.h"
#include "prog/vouch/reach.h"

static int make_body(const struct vouch_backup_news *news, char **ret_text,
                     struct vouch_fault *fault) {
    const struct vouch_backup *backup = news->backup;
    char made[VOUCH_TIME_TEXT_MAX], records[24];
    vouch_autofree char *path = realpath(news->path, NULL);
    struct vouch_body body;
    vouch_body_init(&body);
    vouch_body_text(&body, "result", news->result);
    vouch_body_text(&body, "path", path != NULL ? path : news->path);
    if (backup != NULL) {
        vouch_time_utc(backup->time_s, made);
        (void)snprintf(records, sizeof records, "%" PRIu64, backup->records);
        vouch_body_text(&body, "time", made);
        vouch_body_text(&body, "records", records);
        vouch_body_number(&body, "bytes", backup->bytes);
        vouch_body_text(&body, "origin", backup->origin[0] != '\0' ? backup->origin : NULL);
    }
    vouch_body_text(&body, "why", news->why);
    int err = vouch_body_end(&body, ret_text, fault);
    vouch_body_done(&body);
    return err;
}

static int ask(const char *socket, const char *body, struct vouch_fault *fault) {
    const struct vouch_api_server server = {.socket = socket};
    const struct vouch_api_ask ask = {
        .method = VOUCH_API_POST, .path = "/v1/backups", .body = body};
    struct vouch_api *api = NULL;
    json_t *answer = NULL;
    int err = vouch_api_open(&server, &api, fault);
    if (err == 0) {
        err = vouch_api_ask_json(api, &ask, "vouch.new-backup/1", &answer, fault);
    }
    json_decref(answer);
    vouch_api_close(api);
    return err;
}

int vouch_backup_tell(const struct vouch_backup_news *news, struct vouch_fault *fault) {
    char socket[PATH_MAX];
    vouch_autofree char *body = NULL;
    int err = vouch_reach_socket(news->dir, socket, fault);
    if (err == 0) {
        err = make_body(news, &body, fault);
    }
    return err == 0 ? ask(socket, body, fault) : err;
}

void vouch_backup_tell_or_warn(const struct vouch_cli *cli, const struct vouch_backup_news *news) {
    struct vouch_fault why = {0};
    if (vouch_backup_tell(news, &why) == 0) {
        vouch_say_detail(&cli->term, "told the server, which recorded it in its ledger");
        return;
    }
    if (why.kind == &vouch_fault_server_unreachable) {
        vouch_say_mark(&cli->term, VOUCH_MARK_WARN, "no server runs on %s, so none has recorded it",
                       news->dir);
    } else {
        vouch_say_mark(&cli->term, VOUCH_MARK_WARN, "the server did not record it: %s  [%s]",
                       why.text, why.kind->code);
    }
    vouch_say(&cli->term, "  while the server runs: vouch backup verify %s --local %s", news->path,
              news->dir);
}
