// SPDX-License-Identifier: ISC
// The recovery sheet: what somebody needs who stands before a server that is gone, as plain text to be
// printed and put in the safe. It has no secret.
#include <stdio.h>

#include "authority/issue.h"
#include "base/time.h"

#define SHEET_MAX 65536
#define LINE_MAX 512
#define TEXT_MAX 400

static void put_line(struct vouch_buf *out, const char *name, const char *text) {
    char line[LINE_MAX + TEXT_MAX];
    (void)snprintf(line, sizeof line, "  %-22s %s\n", name, text);
    vouch_buf_put_text(out, line);
}

static void put_key(struct vouch_buf *out, const char *name, const struct vouch_key *key) {
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    char text[TEXT_MAX];
    const char *type = vouch_key_type_name(vouch_key_type(key));
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, fingerprint);
    (void)snprintf(text, sizeof text, "%s %s", fingerprint, type != NULL ? type : "");
    put_line(out, name, text);
}

// Keys that sign nothing any more are not what somebody compares with.
static void put_cas(struct vouch_buf *out, struct vouch_office *office) {
    static const char *const names[2][2] = {{"user CA", "user CA, the other"},
                                            {"host CA", "host CA, the other"}};
    struct vouch_office_cas cas;
    vouch_cas_now(office, &cas);
    for (size_t use = 0; use < 2; use++) {
        const struct vouch_office_ca *other = vouch_cas_other(&cas, use);
        put_key(out, names[use][0], vouch_cas_active(&cas, use)->key);
        if (other != NULL) {
            put_key(out, names[use][1], other->key);
        }
    }
}

// The commands are those of vouch(1) and vouchd(8); tests/system/break-glass.py runs them.
static const char steps[] =
    "\n1  Is it the server, or the way to it?\n"
    "     vouch doctor                            from where you are\n"
    "     vouchd status DIR                       on the server's machine, as root\n"
    "     vouchd run DIR                          starts it, where no service manager does\n"
    "\n2  The server runs, but nobody can sign in: on its machine, as root, without a network\n"
    "     vouch --local DIR policy export         the policy\n"
    "     vouch --local DIR user link NAME        a link with which somebody sets up their account "
    "anew\n"
    "     vouch --local DIR cert issue --principals PRINCIPAL --ttl 1h user KEY.pub\n"
    "                                             a certificate; it is recorded like any other\n"
    "     vouch --local DIR cert revoke --serial N --reason TEXT\n"
    "\n3  The server does not start, or its disk is damaged\n"
    "     vouch ledger verify DIR/ledger          is the ledger whole?\n"
    "     vouch backup verify BACKUP              is the backup whole?\n"
    "     vouch backup restore BACKUP NEWDIR      a folder that does not exist yet\n"
    "     vouchd run NEWDIR                       what was revoked after the backup, revoke anew\n"
    "\n4  There is no server, and a host must be entered now\n"
    "     ssh -i KEY -o CertificateFile=KEY-cert.pub LOGIN@HOST\n"
    "                                             a sealed certificate, with its security key\n"
    "     ssh -i KEY LOGIN@HOST                   the one sk- key that each host keeps for one "
    "login\n"
    "\n5  Afterwards\n"
    "     vouch review ls                         what was had in the emergency\n"
    "     vouch review done ID --note TEXT        by somebody who had no part in it\n"
    "\nThe last backup was made on ______________ and lies ______________________________\n"
    "The passphrase of the CA keys, if there is one, lies ______________________________\n"
    "The sealed certificates and their security keys lie _______________________________\n"
    "The last drill was on ______________ by __________________________________________\n";

static void put_sheet(struct vouch_buf *out, struct vouch_office *office) {
    char when[VOUCH_TIME_TEXT_MAX];
    vouch_time_utc(vouch_time_now_s(), when);
    vouch_buf_put_text(out, "RECOVERY SHEET\n\n");
    put_line(out, "certificate authority", office->origin);
    put_line(out, "server",
             office->address != NULL && office->address[0] != '\0' ? office->address
                                                                   : "(no address is configured)");
    put_line(out, "made", when);
    vouch_buf_put_text(out, "\nFINGERPRINTS\n\n");
    put_cas(out, office);
    put_key(out, "ledger's checkpoints", office->checkpoint_key);
    vouch_buf_put_text(out, "\nSTEPS (DIR is the server's folder)\n");
    vouch_buf_put_text(out, steps);
}

int vouch_local_sheet(struct vouch_local *authority, const struct vouch_caller *caller,
                      const struct vouch_ask_page *ask, struct vouch_answer_sheet *ret_answer,
                      struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_buf sheet;
    (void)ask;
    int err = vouch_identify_reader(authority, caller, &who, &ret_answer->reply, fault);
    if (err != VOUCH_OK || ret_answer->reply.verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    vouch_buf_init(&sheet, SHEET_MAX);
    put_sheet(&sheet, authority->office);
    err = sheet.err;
    if (err == VOUCH_OK) {
        err = vouch_arena_copy(&authority->arena, vouch_buf_bytes(&sheet), &ret_answer->text);
    }
    vouch_buf_done(&sheet);
    return err == VOUCH_OK ? VOUCH_OK : vouch_no_memory(fault);
}
