// SPDX-License-Identifier: ISC
// vouch cert show SERIAL: see cmd-cert-fetch.h.
#include "prog/vouch/cmd-cert-fetch.h"

#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/cert-text.h"
#include "prog/vouch/granted.h"
#include "prog/vouch/query.h"

int vouch_cert_fetch_is(const char *operand) {
    uint64_t serial = 0;
    return vouch_str_to_u64(vouch_bytes_of(operand), &serial) == 0 && access(operand, F_OK) != 0;
}

// What stands beside a certificate in the server's index, and not in it.
static const struct vouch_column lines[] = {
    {"record", "Record", 0},
    {"issued", "Issued", 0},
    {"actor", "Issued to", 0},
    {"role", "Under role", 0},
    {"source", "From", 0},
    {"revoked", "REVOKED", 0},
    {0},
};

static int show(const struct vouch_cli *cli, const json_t *answer, struct vouch_fault *fault) {
    struct vouch_cert *cert = NULL;
    const char *text = vouch_answer_text(answer, "certificate");
    enum vouch_form form = VOUCH_FORM_TABLE;
    int err = vouch_form_of_item(&cli->args, &form, fault);
    if (err == 0) {
        err = vouch_granted_read(text, vouch_answer_u64(answer, "serial"), cli->args.operands[0],
                                 &cert, fault);
    }
    if (err == 0 && vouch_args_count(&cli->args, "line") > 0) {
        struct vouch_buf line;
        vouch_buf_init(&line, 1024 * 1024);
        vouch_cert_print(cert->blob, NULL, &line);
        (void)fwrite(line.ptr, 1, line.len, stdout);
        (void)fputc('\n', stdout);
        vouch_buf_done(&line);
    } else if (err == 0) {
        if (form == VOUCH_FORM_TABLE) {
            vouch_cert_text(cert, VOUCH_CERT_STAGE_ISSUED, &cli->term, vouch_time_now_s());
        }
        err = vouch_answer_object(cli, answer, lines, fault);
    }
    vouch_cert_free(cert);
    return err;
}

int vouch_cert_fetch_show(const struct vouch_cli *cli, struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    json_t *answer = NULL;
    const struct vouch_query_object what = {
        .path = "/v1/certs",
        .segment = cli->args.operands[0],
        .schema = "vouch.cert/1",
    };
    int err = vouch_reach_open(cli, &reach, fault);
    if (err == 0) {
        err = vouch_query_json(&reach, &what, &answer, fault);
    }
    if (err == 0) {
        err = show(cli, answer, fault);
    }
    json_decref(answer);
    vouch_reach_done(&reach);
    return err;
}
