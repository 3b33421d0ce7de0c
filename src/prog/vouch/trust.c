// SPDX-License-Identifier: ISC
// The server's CA keys: see trust.h.
#include "prog/vouch/trust.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "prog/vouch/home.h"

#define PATH "/v1/trust"

#define autobuf VOUCH_CLEANUP(vouch_buf_done)
#define autotrust VOUCH_CLEANUP(vouch_trust_done)

static int kept_path(char ret_path[static PATH_MAX], struct vouch_fault *fault) {
    return vouch_home_path(&vouch_home_config, "/vouch/trust", ret_path, fault);
}

// The bundle that was proven last; 0 if there is none, or it is another server's.
static int read_kept(const struct vouch_trust_known *known, struct vouch_trust *ret_trust) {
    char path[PATH_MAX];
    struct vouch_fault unused;
    vouch_autosecret struct vouch_secret text = {0}; // nobody else may have written it
    return kept_path(path, &unused) == 0 &&
           vouch_io_read_secret(path, VOUCH_TRUST_MAX, VOUCH_IO_PRIVATE, &text, &unused) == 0 &&
           vouch_trust_verify(vouch_secret_bytes(&text), known, ret_trust, NULL) == 0;
}

static uint64_t kept_version(const struct vouch_trust_known *known) {
    autotrust struct vouch_trust trust = {0};
    return read_kept(known, &trust) ? trust.version : 0;
}

static int keep(struct vouch_bytes bundle, struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = kept_path(path, fault);
    if (err == 0) {
        err = vouch_home_make_folders(path, fault);
    }
    const struct vouch_io_file file = {.path = path, .mode = 0600, .existing = VOUCH_IO_REPLACE};
    return err == 0 ? vouch_io_write(&file, bundle, fault) : err;
}

int vouch_trust_forget(struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = kept_path(path, fault);
    if (err != 0 || unlink(path) == 0 || errno == ENOENT) {
        return err;
    }
    return vouch_io_write_fault(path, fault);
}

// The two keys that were noted down, as if a bundle said so.
static int from_settings(const struct vouch_settings *settings, struct vouch_trust *ret_trust,
                         struct vouch_fault *fault) {
    autotrust struct vouch_trust trust = {0};
    const struct vouch_key *keys[] = {settings->user_ca, settings->host_ca};
    for (size_t i = 0; i < 2; i++) {
        if (keys[i] == NULL) {
            continue;
        }
        struct vouch_key *key = vouch_key_copy(keys[i]);
        if (key == NULL) {
            return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                                   "out of memory");
        }
        trust.keys[trust.key_count++] = (struct vouch_trust_key){
            i == 0 ? VOUCH_CERT_USER : VOUCH_CERT_HOST, VOUCH_TRUST_ACTIVE, key};
    }
    (void)snprintf(trust.name, sizeof trust.name, "%s",
                   settings->name != NULL ? settings->name : "");
    *ret_trust = trust;
    trust = (struct vouch_trust){0};
    return 0;
}

int vouch_trust_here(const struct vouch_settings *settings, struct vouch_trust *ret_trust,
                     struct vouch_fault *fault) {
    const struct vouch_trust_known known = {.checkpoint_key = settings->checkpoint_key,
                                            .name = settings->name};
    autotrust struct vouch_trust trust = {0};
    if (settings->checkpoint_key == NULL || settings->name == NULL || !read_kept(&known, &trust)) {
        return from_settings(settings, ret_trust, fault);
    }
    *ret_trust = trust;
    trust = (struct vouch_trust){0};
    return 0;
}

static int unproven(const struct vouch_reach *reach, int err, const struct vouch_where *where,
                    struct vouch_fault *fault) {
    return vouch_fault_set(fault, err, &vouch_fault_trust_unproven, "%s: its trust bundle: %s %s",
                           vouch_api_name(reach->api), where->field != NULL ? where->field : "it",
                           where->reason != NULL ? where->reason : vouch_err_text(err));
}

// Notes the active keys down in place of those before. A bundle that was proven has one of each use.
static int adopt(struct vouch_reach *reach, const struct vouch_trust *trust,
                 struct vouch_fault *fault) {
    const struct {
        enum vouch_cert_type use;
        struct vouch_key **noted;
    } keys[] = {{VOUCH_CERT_USER, &reach->settings.user_ca},
                {VOUCH_CERT_HOST, &reach->settings.host_ca}};
    int changed = 0;
    for (size_t i = 0; i < 2; i++) {
        const struct vouch_key *active = vouch_trust_active(trust, keys[i].use);
        if (vouch_key_equal(active, *keys[i].noted)) {
            continue;
        }
        struct vouch_key *copy = vouch_key_copy(active);
        if (copy == NULL) {
            return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                                   "out of memory");
        }
        vouch_key_free(*keys[i].noted);
        *keys[i].noted = copy;
        changed = 1;
    }
    if (changed) {
        vouch_say_detail(&reach->cli->term, "%s has new CA keys, which are noted down",
                         vouch_api_name(reach->api));
    }
    return changed ? vouch_settings_write(&reach->settings, fault) : 0;
}

static int prove(struct vouch_reach *reach, const struct vouch_trust_known *known,
                 struct vouch_bytes bundle, struct vouch_trust *ret_trust,
                 struct vouch_fault *fault) {
    struct vouch_where where = {0};
    autotrust struct vouch_trust trust = {0};
    int err = vouch_trust_verify(bundle, known, &trust, &where);
    if (err != 0) {
        return unproven(reach, err, &where, fault);
    }
    if (reach->anchors == VOUCH_ANCHORS_NOTED && trust.version != known->version) {
        err = keep(bundle, fault);
    }
    if (err == 0 && reach->anchors == VOUCH_ANCHORS_NOTED) {
        err = adopt(reach, &trust, fault);
    }
    if (err == 0) {
        *ret_trust = trust;
        trust = (struct vouch_trust){0};
    }
    return err;
}

int vouch_trust_fetch(struct vouch_reach *reach, struct vouch_trust *ret_trust,
                      struct vouch_fault *fault) {
    const struct vouch_api_ask ask = {.path = PATH, .answer_max = VOUCH_TRUST_MAX};
    struct vouch_api_answer answer = {0};
    int err = vouch_reach_keys(reach, fault);
    if (err != 0) {
        return err;
    }
    struct vouch_trust_known known = {.checkpoint_key = reach->settings.checkpoint_key,
                                      .name = reach->settings.name};
    known.version = reach->anchors == VOUCH_ANCHORS_NOTED ? kept_version(&known) : 0;
    err = vouch_api_ask(reach->api, &ask, &answer, fault);
    if (err == VOUCH_ERR_NOT_FOUND && known.version == 0) {
        return from_settings(&reach->settings, ret_trust, fault);
    }
    if (err == 0) {
        err = prove(reach, &known, vouch_buf_bytes(&answer.body), ret_trust, fault);
        vouch_buf_done(&answer.body);
    }
    return err;
}

uint64_t vouch_trust_kept(const struct vouch_reach *reach) {
    const struct vouch_trust_known known = {.checkpoint_key = reach->settings.checkpoint_key,
                                            .name = reach->settings.name};
    return reach->anchors == VOUCH_ANCHORS_NOTED ? kept_version(&known) : 0;
}

int vouch_trust_issuer(struct vouch_reach *reach, const struct vouch_cert *cert,
                       const struct vouch_key **ret_ca, struct vouch_fault *fault) {
    const struct vouch_settings *settings = &reach->settings;
    autotrust struct vouch_trust trust = {0};
    int is_user = cert->type == VOUCH_CERT_USER;
    if (vouch_key_equal(cert->ca, is_user ? settings->user_ca : settings->host_ca)) {
        *ret_ca = cert->ca;
        return 0;
    }
    int err = vouch_trust_fetch(reach, &trust, fault);
    if (err == 0) {
        int counts = vouch_trust_state_counts(vouch_trust_of(&trust, cert->type, cert->ca));
        const struct vouch_key *noted = is_user ? settings->user_ca : settings->host_ca;
        *ret_ca = counts ? cert->ca : noted;
    }
    return err;
}

size_t vouch_trust_counting(const struct vouch_trust *trust, enum vouch_cert_type use,
                            const struct vouch_key *ret_keys[static VOUCH_TRUST_KEYS_MAX]) {
    size_t count = 0;
    for (size_t i = 0; i < trust->key_count; i++) {
        if (trust->keys[i].use == use && vouch_trust_state_counts(trust->keys[i].state)) {
            ret_keys[count++] = trust->keys[i].key;
        }
    }
    return count;
}

void vouch_trust_put_lines(const struct vouch_trust *trust, enum vouch_cert_type use,
                           const char *before, const char *comment, struct vouch_buf *out) {
    for (size_t i = 0; i < trust->key_count; i++) {
        const struct vouch_trust_key *key = &trust->keys[i];
        if (key->use == use && vouch_trust_state_counts(key->state)) {
            vouch_buf_put_text(out, before);
            vouch_key_print(key->key, comment, out);
            vouch_buf_put_text(out, "\n");
        }
    }
}
