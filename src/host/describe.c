// SPDX-License-Identifier: ISC
// What this machine is, and the proofs that it has its host keys.
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"
#include "core/key-signer.h"
#include "core/key.h"
#include "host/match.h"
#include "host/tell.h"
#include "vouch/keyfile.h"

#define UUID_PATH "/sys/class/dmi/id/product_uuid"
#define PROVE_WITHIN_S 600
#define SETTINGS_MAX 64
#define KEY_FILE_MAX (256u * 1024)

// --- which machine

static void put_id(struct vouch_buf *out, const struct vouch_work *work, const char *path) {
    struct vouch_buf file;
    vouch_buf_init(&file, 4096);
    if (vouch_root_read(work->root, path, 4096, &file, NULL, NULL) == VOUCH_OK) {
        vouch_buf_put(out, vouch_str_trim(vouch_buf_bytes(&file)));
    }
    vouch_buf_put_text(out, "\n");
    vouch_buf_done(&file);
}

static void put_uuid(struct vouch_buf *out) {
    struct vouch_buf file;
    vouch_buf_init(&file, 8192);
    if (vouch_io_read(UUID_PATH, 4096, &file, NULL) == VOUCH_OK) {
        vouch_buf_put(out, vouch_str_trim(vouch_buf_bytes(&file)));
    }
    vouch_buf_put_text(out, "\n");
    vouch_buf_done(&file);
}

void vouch_tell_machine_id(const struct vouch_work *work,
                           uint8_t ret_id[static VOUCH_HOST_PROOF_MACHINE_LEN]) {
    uint8_t digest[VOUCH_HASH_MAX] = {0};
    struct vouch_buf text;
    vouch_buf_init(&text, 16384);
    vouch_buf_put_text(&text, "vouch-machine/1\n");
    put_id(&text, work, "etc/machine-id");
    put_uuid(&text);
    (void)vouch_hash_bytes(VOUCH_HASH_SHA256, vouch_buf_bytes(&text), digest);
    memcpy(ret_id, digest, VOUCH_HOST_PROOF_MACHINE_LEN);
    vouch_buf_done(&text);
}

// --- describe

static struct vouch_bytes copy_bytes(struct vouch_work *work, struct vouch_bytes bytes) {
    struct vouch_bytes copy = {0};
    return vouch_arena_copy(work->arena, bytes, &copy) == VOUCH_OK ? copy : (struct vouch_bytes){0};
}

static struct vouch_bytes fingerprint_of(struct vouch_work *work, const struct vouch_key *key) {
    char text[VOUCH_FINGERPRINT_MAX];
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, text);
    return copy_bytes(work, vouch_bytes_of(text));
}

static int is_outgoing(const struct vouch_work *work, const struct vouch_cert *cert) {
    return work->trust.key_count > 0 &&
           vouch_trust_of(&work->trust, VOUCH_CERT_HOST, cert->ca) != VOUCH_TRUST_ACTIVE;
}

static int tell_keys(struct vouch_work *work, struct vouch_apply_machine *machine) {
    struct vouch_apply_key *rows =
        vouch_arena_alloc(work->arena, VOUCH_APPLY_KEYS_MAX * sizeof *rows);
    if (rows == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < work->key_count; i++) {
        struct vouch_cert *cert = vouch_work_cert(work, &work->keys[i]);
        rows[i].key = copy_bytes(work, vouch_key_blob(work->keys[i].key));
        rows[i].fingerprint = fingerprint_of(work, work->keys[i].key);
        if (cert != NULL) {
            rows[i].cert = copy_bytes(work, cert->blob);
            rows[i].serial = cert->serial;
            rows[i].valid_after_s = cert->valid_after;
            rows[i].valid_before_s = cert->valid_before;
            rows[i].is_outgoing = is_outgoing(work, cert) != 0;
        }
        vouch_cert_free(cert);
    }
    machine->keys = rows;
    machine->key_count = work->key_count;
    return VOUCH_OK;
}

static int is_printable(const char *text) {
    while (*text >= 0x20 && *text < 0x7f) {
        text++;
    }
    return *text == '\0';
}

// Behind those for everybody, as "match KEYWORD VALUE if CRITERIA"; returns how many there are then.
static size_t tell_matches(struct vouch_work *work, struct vouch_bytes *items, size_t count) {
    struct vouch_matches matches;
    vouch_match_scan(work, &matches);
    for (size_t i = 0; i < matches.count && count < SETTINGS_MAX; i++) {
        const struct vouch_match_found *found = &matches.rows[i];
        char line[512];
        int len = snprintf(line, sizeof line, "match %s %s if %s", (const char *)found->keyword.ptr,
                           (const char *)found->value.ptr, (const char *)found->criteria.ptr);
        if (len > 0 && len < (int)sizeof line && is_printable(line)) {
            items[count++] = copy_bytes(work, vouch_bytes_of(line));
        }
    }
    return count;
}

// The settings that decide about logins; the rest is nobody's business.
static int tell_settings(struct vouch_work *work, struct vouch_apply_machine *machine) {
    static const char *const words[] = {"trustedusercakeys",
                                        "authorizedprincipalsfile",
                                        "authorizedprincipalscommand",
                                        "revokedkeys",
                                        "hostcertificate",
                                        "hostkey",
                                        "casignaturealgorithms",
                                        "pubkeyacceptedalgorithms",
                                        "pubkeyauthentication",
                                        "permitrootlogin",
                                        "authorizedkeysfile",
                                        "authorizedkeyscommand",
                                        "passwordauthentication",
                                        "kbdinteractiveauthentication",
                                        "authenticationmethods",
                                        "loglevel",
                                        "port",
                                        "allowusers",
                                        "denyusers",
                                        "allowgroups",
                                        "denygroups",
                                        "requiredrsasize",
                                        "strictmodes"};
    struct vouch_bytes *items = vouch_arena_alloc(work->arena, SETTINGS_MAX * sizeof *items);
    size_t count = 0;
    if (items == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < work->settings.count; i++) {
        struct vouch_bytes line = work->settings.items[i];
        for (size_t j = 0; j < sizeof words / sizeof words[0] && count < SETTINGS_MAX; j++) {
            size_t len = strlen(words[j]);
            if (line.len > len && line.len <= VOUCH_CODEC_TEXT_MAX && line.ptr[len] == ' ' &&
                strncasecmp((const char *)line.ptr, words[j], len) == 0) {
                items[count++] = line;
            }
        }
    }
    machine->settings = (struct vouch_text_list){items, tell_matches(work, items, count)};
    return VOUCH_OK;
}

static int tell_cas(struct vouch_work *work, struct vouch_apply_machine *machine) {
    const struct vouch_key *cas[VOUCH_TRUST_KEYS_MAX];
    size_t count = vouch_work_cas(work, VOUCH_CERT_USER, cas);
    struct vouch_bytes *items = vouch_arena_alloc(work->arena, (count + 1) * sizeof *items);
    if (items == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        items[i] = fingerprint_of(work, cas[i]);
    }
    machine->ca_keys = (struct vouch_text_list){items, count};
    return VOUCH_OK;
}

static void tell_state(struct vouch_work *work, struct vouch_apply_machine *machine) {
    const struct vouch_held *held = &work->held;
    struct vouch_pending pending;
    machine->ca = held->ca;
    machine->checkpoint = held->checkpoint;
    machine->host_name = held->name;
    machine->trust_version = held->trust_version;
    // One that is lost or garbled refuses everybody: the network part fetches it as if there were none.
    if (vouch_tell_list_is_whole(work)) {
        machine->krl_version = held->krl_version;
        machine->krl_generated_s = held->krl_generated_s;
    }
    machine->state_version = held->state_version;
    machine->by_login = held->by_login;
    machine->state = held->applied != 0 ? VOUCH_APPLY_APPLIED : VOUCH_APPLY_ABSENT;
    if (vouch_pending_load(work->root, work->arena, &pending, NULL) == VOUCH_OK) {
        machine->state = VOUCH_APPLY_UNCONFIRMED;
        machine->confirm_until_s = pending.until_s;
    }
}

static struct vouch_bytes host_name(struct vouch_work *work) {
    char name[256] = "";
    return gethostname(name, sizeof name - 1) == 0 ? copy_bytes(work, vouch_bytes_of(name))
                                                   : (struct vouch_bytes){0};
}

int vouch_tell_machine(struct vouch_work *work, struct vouch_apply_machine *ret_machine,
                       struct vouch_fault *fault) {
    struct vouch_apply_machine machine = {0};
    struct vouch_fault said = {0};
    vouch_tell_machine_id(work, machine.machine);
    machine.name = host_name(work);
    if (vouch_work_ask_sshd(work, &said) != VOUCH_OK) {
        vouch_work_problem(work, "%s", said.text);
    }
    if (vouch_sshd_version(&work->sshd, work->arena, &machine.sshd, &said) != VOUCH_OK) {
        vouch_work_problem(work, "%s", said.text);
    }
    int err = tell_keys(work, &machine);
    err = err == VOUCH_OK ? tell_settings(work, &machine) : err;
    err = err == VOUCH_OK ? tell_cas(work, &machine) : err;
    if (err != VOUCH_OK) {
        return vouch_fault_set(fault, err, &vouch_fault_memory, "no memory to describe the host");
    }
    if (work->key_count == 0 && work->problem_count == 0) {
        vouch_work_problem(work, "sshd's configuration names no host key that is here");
    }
    tell_state(work, &machine);
    machine.problems = (struct vouch_text_list){work->problems, work->problem_count};
    *ret_machine = machine;
    return VOUCH_OK;
}

// --- prove

static int load_private(const struct vouch_work *work, const struct vouch_host_key *key,
                        struct vouch_private_key **ret_key, struct vouch_fault *fault) {
    struct vouch_secret file = {0};
    struct vouch_where where = {0};
    char *comment = NULL;
    int err = vouch_root_read_secret(work->root, key->path, KEY_FILE_MAX, &file, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = vouch_keyfile_parse(vouch_secret_bytes(&file), (struct vouch_bytes){0}, ret_key, &comment,
                              &where);
    vouch_secret_done(&file);
    free(comment);
    return err == VOUCH_OK
               ? VOUCH_OK
               : vouch_fault_where(fault, err, &vouch_fault_host_keys, key->path, &where);
}

static int prove_one(struct vouch_work *work, const struct vouch_host_proof *proof,
                     const struct vouch_host_key *key, struct vouch_apply_proof *ret_row,
                     struct vouch_fault *fault) {
    struct vouch_private_key *private_key = NULL;
    struct vouch_where where = {0};
    struct vouch_buf armoured;
    int err = load_private(work, key, &private_key, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_buf_init(&armoured, VOUCH_SSHSIG_MAX);
    err = vouch_host_proof_make(proof, vouch_key_signs, private_key, &armoured, &where);
    vouch_private_key_free(private_key);
    if (err == VOUCH_OK) {
        struct vouch_cert *cert = vouch_work_own_cert(work, key);
        *ret_row = (struct vouch_apply_proof){.key = copy_bytes(work, vouch_key_blob(key->key)),
                                              .proof = copy_bytes(work, vouch_buf_bytes(&armoured)),
                                              .serial = cert != NULL ? cert->serial : 0};
        vouch_cert_free(cert);
    } else {
        err = vouch_fault_where(fault, err, &vouch_fault_host_keys, key->path, &where);
    }
    vouch_buf_done(&armoured);
    return err;
}

static int prove_all(struct vouch_work *work, struct vouch_host_proof *proof,
                     struct vouch_apply_proof *rows, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; i < work->key_count && err == VOUCH_OK; i++) {
        proof->key = work->keys[i].key;
        err = prove_one(work, proof, &work->keys[i], &rows[i], fault);
    }
    return err;
}

// What a renewal proves with: keys that have a certificate. One that came later is for enrolling anew, where
// somebody looks at it.
static int has_cert(struct vouch_work *work, const struct vouch_host_key *key) {
    struct vouch_cert *cert = vouch_work_own_cert(work, key);
    vouch_cert_free(cert);
    return cert != NULL;
}

// Keys that nobody should sign with are not offered.
static size_t choose_keys(struct vouch_work *work, enum vouch_host_proof_purpose purpose,
                          const struct vouch_key **ret_with) {
    size_t count = 0;
    for (size_t i = 0; i < work->key_count; i++) {
        const char *weakness = vouch_key_weakness(work->keys[i].key);
        struct vouch_host_key key = work->keys[i];
        if (weakness == NULL && purpose == VOUCH_HOST_PROOF_RENEW && !has_cert(work, &key)) {
            weakness = "it has no certificate yet";
        }
        if (weakness != NULL) {
            vouch_work_step(work, "%s: is left out: %s", key.path, weakness);
            vouch_key_free(key.key);
        } else {
            ret_with[count] = key.key;
            work->keys[count++] = key;
        }
    }
    work->key_count = count;
    return count;
}

static int check_time(const struct vouch_work *work, const struct vouch_apply_prove *ask,
                      struct vouch_fault *fault) {
    uint64_t far =
        ask->time_s > work->now_s ? ask->time_s - work->now_s : work->now_s - ask->time_s;
    return far <= PROVE_WITHIN_S ? VOUCH_OK
                                 : vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_host_ask,
                                                   "time: is %llu s away from this machine's clock",
                                                   (unsigned long long)far);
}

static int check_ca(const struct vouch_work *work, const struct vouch_apply_prove *ask,
                    struct vouch_fault *fault) {
    return work->held.ca.len == 0 || vouch_bytes_equal(work->held.ca, ask->ca)
               ? VOUCH_OK
               : vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_host_trust,
                                 "ca: this host belongs to '%.*s' already", (int)work->held.ca.len,
                                 (const char *)work->held.ca.ptr);
}

int vouch_tell_proofs(struct vouch_work *work, const struct vouch_apply_prove *ask,
                      struct vouch_apply_proofs *ret_proofs, struct vouch_fault *fault) {
    const struct vouch_key *with[VOUCH_APPLY_KEYS_MAX];
    struct vouch_host_proof proof = {.purpose = ask->purpose,
                                     .ca = ask->ca,
                                     .name = ask->name,
                                     .time_s = ask->time_s,
                                     .with = with};
    int err = check_time(work, ask, fault);
    err = err == VOUCH_OK ? check_ca(work, ask, fault) : err;
    err = err == VOUCH_OK ? vouch_work_ask_sshd(work, fault) : err;
    if (err != VOUCH_OK) {
        return err;
    }
    proof.with_count = choose_keys(work, ask->purpose, with);
    vouch_tell_machine_id(work, proof.machine);
    struct vouch_apply_proof *rows =
        vouch_arena_alloc(work->arena, VOUCH_APPLY_KEYS_MAX * sizeof *rows);
    if (proof.with_count == 0 || rows == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_host_keys,
                               "sshd's configuration names no host key that can be used");
    }
    err = prove_all(work, &proof, rows, fault);
    if (err == VOUCH_OK) {
        *ret_proofs = (struct vouch_apply_proofs){.rows = rows, .count = proof.with_count};
        memcpy(ret_proofs->machine, proof.machine, sizeof proof.machine);
    }
    return err;
}
