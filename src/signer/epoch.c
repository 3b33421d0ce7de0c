// SPDX-License-Identifier: ISC
// Choosing the epoch, and the state file.
#include "signer/epoch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"
#include "ledger/ledger.h"
#include "signer/ca-folder.h"

#define STATE_HEAD "vouch-signer-state/2"
#define STATE_HEAD_BEFORE "vouch-signer-state/1" // without the last line
#define STATE_MAX 4096

// One line of the file each, in this order.
static const struct {
    const char *name;
    size_t offset;
} fields[] = {
    {"epoch", offsetof(struct vouch_epoch_state, epoch)},
    {"serial", offsetof(struct vouch_epoch_state, serial)},
    {"size", offsetof(struct vouch_epoch_state, size)},
    {"time", offsetof(struct vouch_epoch_state, time_ms)},
    {"records", offsetof(struct vouch_epoch_state, records_file)},
    {"krl-user", offsetof(struct vouch_epoch_state, krl_version[0])},
    {"krl-host", offsetof(struct vouch_epoch_state, krl_version[1])},
    {"trust", offsetof(struct vouch_epoch_state, trust_version)},
};
#define FIELD_COUNT (sizeof fields / sizeof fields[0])

static int bad_state(const char *path, const char *field, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_signer_state,
                           "%s: %s is not what it must be", path, field);
}

static int parse_field(struct vouch_bytes line, size_t at, struct vouch_epoch_state *state) {
    struct vouch_bytes rest = line;
    struct vouch_bytes name = vouch_str_cut(&rest, ' ');
    if (rest.ptr == NULL || !vouch_bytes_equal(name, vouch_bytes_of(fields[at].name))) {
        return VOUCH_ERR_FORMAT;
    }
    uint64_t value = 0;
    int err = vouch_str_to_u64(rest, &value);
    memcpy((char *)state + fields[at].offset, &value, sizeof value);
    return err;
}

static int parse_state(const char *path, struct vouch_bytes text,
                       struct vouch_epoch_state *ret_state, struct vouch_fault *fault) {
    struct vouch_epoch_state state = {0};
    struct vouch_bytes rest = text;
    struct vouch_bytes head = vouch_str_cut(&rest, '\n');
    int is_before = vouch_bytes_equal(head, vouch_bytes_of(STATE_HEAD_BEFORE));
    if (!is_before && !vouch_bytes_equal(head, vouch_bytes_of(STATE_HEAD))) {
        return bad_state(path, "its first line", fault);
    }
    for (size_t i = 0; i < FIELD_COUNT - (size_t)is_before; i++) {
        if (rest.ptr == NULL || parse_field(vouch_str_cut(&rest, '\n'), i, &state) != VOUCH_OK) {
            return bad_state(path, fields[i].name, fault);
        }
    }
    if (rest.ptr == NULL || rest.len != 0) {
        return bad_state(path, "its end", fault);
    }
    if (state.epoch == 0 || state.epoch > VOUCH_EPOCH_MAX) {
        return bad_state(path, "epoch", fault);
    }
    *ret_state = state;
    return VOUCH_OK;
}

int vouch_epoch_state_read(const char *path, struct vouch_epoch_state *ret_state, int *ret_found,
                           struct vouch_fault *fault) {
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        *ret_found = 0;
        return VOUCH_OK;
    }
    struct vouch_buf text;
    vouch_buf_init(&text, STATE_MAX * 2);
    int err = vouch_io_read(path, STATE_MAX, &text, fault);
    if (err == VOUCH_OK) {
        err = parse_state(path, vouch_buf_bytes(&text), ret_state, fault);
    }
    vouch_buf_done(&text);
    *ret_found = err == VOUCH_OK ? 1 : *ret_found;
    return err;
}

int vouch_epoch_state_write(const char *path, const struct vouch_epoch_state *state,
                            struct vouch_fault *fault) {
    struct vouch_buf text;
    vouch_buf_init(&text, STATE_MAX);
    vouch_buf_put_text(&text, STATE_HEAD "\n");
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        uint64_t value = 0;
        char line[64];
        memcpy(&value, (const char *)state + fields[i].offset, sizeof value);
        (void)snprintf(line, sizeof line, "%s %" PRIu64 "\n", fields[i].name, value);
        vouch_buf_put_text(&text, line);
    }
    const struct vouch_io_file file = {path, 0600, VOUCH_IO_REPLACE};
    int err = text.err != VOUCH_OK
                  ? vouch_fault_set(fault, text.err, &vouch_fault_memory, "%s: no memory", path)
                  : vouch_io_write(&file, vouch_buf_bytes(&text), fault);
    vouch_buf_done(&text);
    return err;
}

// Inodes are used again, times of birth hardly.
int vouch_epoch_records_file(const char *ledger_dir, uint64_t *ret_identity,
                             struct vouch_fault *fault) {
    char path[PATH_MAX];
    struct statx st = {0};
    int err = vouch_ca_path(ledger_dir, "records", "", path, fault);
    if (err == VOUCH_OK && statx(AT_FDCWD, path, 0, STATX_INO | STATX_BTIME, &st) != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_read, "%s: %s", path,
                               strerrordesc_np(errno));
    }
    uint64_t born_ns = (uint64_t)st.stx_btime.tv_sec * UINT64_C(1000000000) + st.stx_btime.tv_nsec;
    *ret_identity = st.stx_ino ^ born_ns;
    return err;
}

// Ledger and state speak of the same life of the same files, as far as they can tell.
static int belong_together(const struct vouch_epoch_facts *facts) {
    const struct vouch_epoch_state *state = facts->state;
    return state->size <= facts->ledger_size && state->serial <= facts->ledger_serial &&
           state->records_file == facts->ledger_file;
}

// A clean stop a short while ago. Not longer: if this is a copy of everything, put back, the later life
// of its original may have gone on in this epoch; but then it began a newer one after this while.
static int stopped_cleanly_just_now(const struct vouch_epoch_facts *facts) {
    const struct vouch_epoch_state *state = facts->state;
    uint64_t latest_ms = state->time_ms + UINT64_C(1000) * VOUCH_EPOCH_UNIT_S;
    return facts->now_ms + VOUCH_LEDGER_CLOCK_BACK_MS >= state->time_ms &&
           facts->now_ms < latest_ms;
}

static enum vouch_epoch_reason reason_of(const struct vouch_epoch_facts *facts) {
    const struct vouch_epoch_state *state = facts->state;
    if (state == NULL) {
        return vouch_epoch_of(facts->ledger_serial) == 0 && !facts->ends_with_stop
                   ? VOUCH_EPOCH_START
                   : VOUCH_EPOCH_RESTORED;
    }
    if (!belong_together(facts)) {
        return VOUCH_EPOCH_RESTORED;
    }
    if (!facts->ends_with_stop || state->size != facts->ledger_size ||
        state->serial != facts->ledger_serial) {
        return VOUCH_EPOCH_UNCLEAN;
    }
    return stopped_cleanly_just_now(facts) ? VOUCH_EPOCH_GOES_ON : VOUCH_EPOCH_START;
}

static uint64_t units_passed(uint64_t now_ms) {
    uint64_t now_s = now_ms / 1000;
    return now_s < VOUCH_EPOCH_FIRST_S ? 0 : (now_s - VOUCH_EPOCH_FIRST_S) / VOUCH_EPOCH_UNIT_S;
}

int vouch_epoch_decide(const struct vouch_epoch_facts *facts, struct vouch_epoch_choice *ret_choice,
                       struct vouch_fault *fault) {
    uint64_t epoch = vouch_epoch_of(facts->ledger_serial);
    epoch = facts->ledger_epoch > epoch ? facts->ledger_epoch : epoch;
    if (facts->state != NULL && facts->state->epoch > epoch) {
        epoch = facts->state->epoch;
    }
    enum vouch_epoch_reason reason = reason_of(facts);
    if (reason != VOUCH_EPOCH_GOES_ON) {
        uint64_t passed = units_passed(facts->now_ms);
        epoch = (passed > epoch ? passed : epoch) + 1;
    }
    // What this copy does not know of may have begun epochs within this very unit of time.
    if (reason == VOUCH_EPOCH_RESTORED) {
        epoch += VOUCH_EPOCH_RESTORED_STEP + facts->chance % VOUCH_EPOCH_RESTORED_STEP;
    }
    if (epoch > VOUCH_EPOCH_MAX) {
        return vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_epoch,
                               "epoch: %" PRIu64 " would be above the highest there is", epoch);
    }
    uint64_t base = epoch << VOUCH_EPOCH_COUNTER_BITS;
    *ret_choice = (struct vouch_epoch_choice){
        .reason = reason,
        .epoch = epoch,
        .serial = facts->ledger_serial > base ? facts->ledger_serial : base,
    };
    return VOUCH_OK;
}

const char *vouch_epoch_reason_text(enum vouch_epoch_reason reason) {
    static const char *const texts[] = {
        [VOUCH_EPOCH_START] = "start",
        [VOUCH_EPOCH_UNCLEAN] = "unclean",
        [VOUCH_EPOCH_RESTORED] = "restored",
        [VOUCH_EPOCH_GOES_ON] = "goes-on",
    };
    return texts[reason];
}
