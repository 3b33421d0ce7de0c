// SPDX-License-Identifier: ISC
// The answer to the ask "scan": the keys of all accounts, from scan.h.
#include "host/scan.h"
#include "host/tell.h"

struct gathering {
    struct vouch_work *work;
    struct vouch_apply_scanned *rows; // room for VOUCH_APPLY_SCAN_MAX
    size_t count;
    int err;
};

static int copy(struct gathering *gathering, const char *text, struct vouch_bytes *ret_copy) {
    return vouch_arena_copy(gathering->work->arena, vouch_bytes_of(text), ret_copy);
}

static int take_row(void *context, const struct vouch_scan_row *row) {
    struct gathering *gathering = context;
    struct vouch_apply_scanned *taken = &gathering->rows[gathering->count];
    const struct {
        const char *text;
        struct vouch_bytes *place;
    } texts[] = {{row->account, &taken->account}, {row->path, &taken->path},
                 {row->type, &taken->type},       {row->fingerprint, &taken->fingerprint},
                 {row->comment, &taken->comment}, {row->options, &taken->options}};
    if (gathering->count == VOUCH_APPLY_SCAN_MAX) {
        vouch_work_problem(gathering->work, "there are more than %d keys: the rest is left out",
                           VOUCH_APPLY_SCAN_MAX);
        return 1;
    }
    for (size_t i = 0; gathering->err == VOUCH_OK && i < sizeof texts / sizeof texts[0]; i++) {
        gathering->err = copy(gathering, texts[i].text, texts[i].place);
    }
    taken->line = row->line;
    taken->is_ca = row->is_ca != 0;
    taken->used_s = row->used_s;
    gathering->count++;
    return gathering->err != VOUCH_OK;
}

static int take_problem(void *context, const char *text) {
    struct gathering *gathering = context;
    vouch_work_problem(gathering->work, "%s", text);
    return 0;
}

int vouch_tell_scan(struct vouch_work *work, const struct vouch_login_used *used,
                    struct vouch_apply_scan *ret_scan, struct vouch_fault *fault) {
    struct gathering gathering = {.work = work};
    int err = vouch_work_ask_sshd(work, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    gathering.rows = vouch_arena_alloc(work->arena, VOUCH_APPLY_SCAN_MAX * sizeof *gathering.rows);
    const struct vouch_scan scan = {.root =
                                        work->root->prefix[0] != '\0' ? work->root->prefix : "/",
                                    .settings = work->settings.items,
                                    .setting_count = work->settings.count,
                                    .used = used,
                                    .row = take_row,
                                    .problem = take_problem,
                                    .context = &gathering};
    gathering.err = gathering.rows == NULL ? VOUCH_ERR_NO_MEMORY : VOUCH_OK;
    if (gathering.err == VOUCH_OK) {
        err = vouch_scan_accounts(&scan, fault);
    }
    if (err == VOUCH_OK && gathering.err != VOUCH_OK) {
        err = vouch_fault_set(fault, gathering.err, &vouch_fault_memory,
                              "no memory for the keys of the accounts");
    }
    if (err == VOUCH_OK) {
        ret_scan->rows = gathering.rows;
        ret_scan->count = gathering.count;
    }
    return err;
}
