// SPDX-License-Identifier: ISC
// Keeping clients that wait to be let in, by the hashes of their secret and of their code.
#include "store/devices.h"

#include "store/handle.h"

#define MARK_MAX 64
#define METHODS_MAX 64

static int64_t kept(uint64_t number) {
    return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

static struct vouch_value hash_value(const uint8_t *hash) {
    return vouch_value_bytes((struct vouch_bytes){hash, VOUCH_STORE_HASH_LEN});
}

// --- reading

static int copy_texts(struct vouch_arena *arena, struct vouch_store_device *device) {
    struct vouch_bytes *const texts[] = {&device->mark,    &device->machine, &device->os,
                                         &device->version, &device->source,  &device->user,
                                         &device->methods, &device->back};
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < sizeof texts / sizeof texts[0]; i++) {
        err = vouch_arena_copy(arena, *texts[i], texts[i]);
    }
    return err;
}

static int read_device(const struct vouch_store *store, enum vouch_statement statement,
                       const struct vouch_value *values, struct vouch_arena *arena, void *ret_row,
                       struct vouch_fault *fault) {
    struct vouch_row row;
    struct vouch_store_device found = {0};
    vouch_row_init(&row, statement, values);
    found.id = vouch_row_u64(&row);
    vouch_row_hash(&row, found.challenge);
    found.port = vouch_row_u64(&row);
    found.mark = vouch_row_bytes(&row);
    found.machine = vouch_row_bytes(&row);
    found.os = vouch_row_bytes(&row);
    found.version = vouch_row_bytes(&row);
    found.source = vouch_row_bytes(&row);
    found.created_s = vouch_row_u64(&row);
    found.expires_s = vouch_row_u64(&row);
    uint64_t state = vouch_row_u64(&row);
    found.account = vouch_row_u64(&row);
    found.approver = vouch_row_u64(&row);
    found.user = vouch_row_bytes(&row);
    found.methods = vouch_row_bytes(&row);
    found.factor_s = vouch_row_u64(&row);
    found.back = vouch_row_bytes(&row);
    found.session = vouch_row_u64(&row);
    if (row.err != VOUCH_OK || state > VOUCH_STORE_DEVICE_UNDONE) {
        return vouch_store_row_bad(store, "devices: a row", fault);
    }
    found.state = (enum vouch_store_device_state)state;
    if (copy_texts(arena, &found) != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    *(struct vouch_store_device *)ret_row = found;
    return VOUCH_OK;
}

int vouch_store_device_by_secret(struct vouch_store *store,
                                 const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                                 struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome,
                                 struct vouch_store_device *ret_device, struct vouch_fault *fault) {
    const struct vouch_value arg = hash_value(secret);
    const struct vouch_one what = {VOUCH_SQL_DEVICE_BY_SECRET, &arg, read_device};
    return vouch_store_one(store, &what, arena, ret_outcome, ret_device, fault);
}

int vouch_store_device_by_code(struct vouch_store *store,
                               const uint8_t code[static VOUCH_STORE_HASH_LEN],
                               struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome,
                               struct vouch_store_device *ret_device, struct vouch_fault *fault) {
    const struct vouch_value arg = hash_value(code);
    const struct vouch_one what = {VOUCH_SQL_DEVICE_BY_CODE, &arg, read_device};
    return vouch_store_one(store, &what, arena, ret_outcome, ret_device, fault);
}

int vouch_store_devices_waiting(struct vouch_store *store, uint64_t now_s, uint64_t *ret_count,
                                struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_integer(kept(now_s));
    int found = 0;
    int64_t count = 0;
    int err = vouch_store_ask(store, VOUCH_SQL_DEVICES_WAITING, &arg, &found, &count, fault);
    if (err == VOUCH_OK) {
        *ret_count = (uint64_t)count;
    }
    return err;
}

// --- changing

static int fits(const struct vouch_store_device *device) {
    return device->machine.len <= VOUCH_STORE_DEVICE_TEXT_MAX &&
           device->os.len <= VOUCH_STORE_DEVICE_TEXT_MAX &&
           device->version.len <= VOUCH_STORE_DEVICE_TEXT_MAX && device->mark.len <= MARK_MAX &&
           device->source.len <= VOUCH_STORE_TEXT_MAX && device->port <= UINT16_MAX &&
           device->expires_s > 0 && device->expires_s <= INT64_MAX;
}

int vouch_store_device_add(struct vouch_store *store, const struct vouch_store_device *device,
                           const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                           const uint8_t code[static VOUCH_STORE_HASH_LEN],
                           enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    if (!fits(device)) {
        return vouch_store_misuse(store, "a device is outside its bounds, or never expires", fault);
    }
    const struct vouch_value args[] = {
        hash_value(secret),
        hash_value(code),
        hash_value(device->challenge),
        vouch_value_integer(kept(device->port)),
        vouch_value_bytes(device->mark),
        vouch_value_bytes(device->machine),
        vouch_value_bytes(device->os),
        vouch_value_bytes(device->version),
        vouch_value_bytes(device->source),
        vouch_value_integer(kept(device->created_s)),
        vouch_value_integer(kept(device->expires_s)),
    };
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = vouch_store_alter(store, VOUCH_SQL_DEVICE_ADD, args, &outcome, fault);
    if (err == VOUCH_OK) {
        *ret_outcome = outcome == VOUCH_STORE_DONE ? VOUCH_STORE_DONE : VOUCH_STORE_TAKEN;
    }
    return err;
}

int vouch_store_device_asked(struct vouch_store *store, uint64_t id, uint64_t now_ms,
                             uint64_t since_ms, enum vouch_store_outcome *ret_outcome,
                             struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer(kept(id)),
                                       vouch_value_integer(kept(now_ms)),
                                       vouch_value_integer(kept(since_ms))};
    return vouch_store_alter(store, VOUCH_SQL_DEVICE_ASKED, args, ret_outcome, fault);
}

int vouch_store_device_decide(struct vouch_store *store, const struct vouch_store_device *device,
                              enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    if ((device->state != VOUCH_STORE_DEVICE_APPROVED &&
         device->state != VOUCH_STORE_DEVICE_DENIED) ||
        device->methods.len > METHODS_MAX ||
        (device->back.len != 0 && device->back.len != VOUCH_STORE_HASH_LEN) || !fits(device)) {
        return vouch_store_misuse(store, "a decision about a device is outside its bounds", fault);
    }
    const struct vouch_value args[] = {
        vouch_value_integer(kept(device->id)),        vouch_value_integer(device->state),
        vouch_value_integer(kept(device->expires_s)), vouch_value_integer(kept(device->account)),
        vouch_value_integer(kept(device->approver)),  vouch_value_bytes(device->methods),
        vouch_value_integer(kept(device->factor_s)),  vouch_value_bytes(device->back)};
    return vouch_store_alter(store, VOUCH_SQL_DEVICE_DECIDE, args, ret_outcome, fault);
}

int vouch_store_device_take(struct vouch_store *store, uint64_t id, struct vouch_bytes back,
                            uint64_t session, enum vouch_store_outcome *ret_outcome,
                            struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer(kept(id)), vouch_value_bytes(back),
                                       vouch_value_integer(kept(session))};
    return vouch_store_alter(store, VOUCH_SQL_DEVICE_TAKE, args, ret_outcome, fault);
}

int vouch_store_device_undo(struct vouch_store *store, uint64_t id,
                            enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_integer(kept(id));
    return vouch_store_alter(store, VOUCH_SQL_DEVICE_UNDO, &arg, ret_outcome, fault);
}

int vouch_store_devices_prune(struct vouch_store *store, uint64_t now_s, size_t limit,
                              uint64_t *removed, struct vouch_fault *fault) {
    return vouch_store_prune(store, VOUCH_SQL_DEVICES_PRUNE, now_s, limit, removed, fault);
}
