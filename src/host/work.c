// SPDX-License-Identifier: ISC
// The machine and the notes of one ask.
#include "host/work.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>

#include "base/mem.h"
#include "base/time.h"
#include "vouch/krl.h"

#define LOCK_PATH VOUCH_SAVED_FOLDER "/lock"
#define CONF_MAX 65536
#define TRIES 3000 // of 10 ms

// --- beginning

static int take_lock(const struct vouch_root *root, int *ret_fd, struct vouch_fault *fault) {
    static const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    vouch_autoclose int fd =
        openat(root->fd, LOCK_PATH, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    for (int i = 0; fd >= 0 && i < TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            *ret_fd = fd;
            fd = -1;
            return VOUCH_OK;
        }
        if (errno != EWOULDBLOCK && errno != EINTR) {
            break;
        }
        (void)nanosleep(&pause, NULL);
    }
    return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_host_file, "%s/%s: cannot lock it: %s",
                           root->prefix, LOCK_PATH, strerror(errno));
}

static int load_conf(struct vouch_work *work, struct vouch_fault *fault) {
    struct vouch_bytes text = {0};
    int err = vouch_work_read(work, VOUCH_HOST_CONF_PATH, CONF_MAX, &text, fault);
    if (err == VOUCH_ERR_NOT_FOUND) {
        err = VOUCH_OK;
    }
    return err == VOUCH_OK ? vouch_host_conf_parse(text, &work->conf, fault) : err;
}

// The bundle is proven anew each time: nothing rests on who could write the file.
static int load_trust(struct vouch_work *work, struct vouch_fault *fault) {
    struct vouch_bytes bundle = {0};
    struct vouch_key *pin = NULL;
    struct vouch_where where = {0};
    if (work->held.trust_version == 0) {
        return VOUCH_OK;
    }
    int err = vouch_work_read(work, VOUCH_HELD_TRUST, VOUCH_TRUST_MAX, &bundle, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = vouch_key_parse(work->held.checkpoint, &pin, &where);
    const struct vouch_trust_known known = {.checkpoint_key = pin,
                                            .version = work->held.trust_version};
    err = err == VOUCH_OK ? vouch_trust_verify(bundle, &known, &work->trust, &where) : err;
    vouch_key_free(pin);
    return err == VOUCH_OK ? VOUCH_OK
                           : vouch_fault_where(fault, VOUCH_ERR_CORRUPT, &vouch_fault_host_saved,
                                               VOUCH_HELD_TRUST, &where);
}

int vouch_work_begin(const struct vouch_root *root, struct vouch_arena *arena,
                     struct vouch_work *ret_work, struct vouch_fault *fault) {
    struct vouch_work work = {.root = root, .arena = arena, .lock_fd = -1};
    int err = vouch_saved_begin(root, fault);
    err = err == VOUCH_OK ? take_lock(root, &work.lock_fd, fault) : err;
    err = err == VOUCH_OK ? load_conf(&work, fault) : err;
    err = err == VOUCH_OK ? vouch_held_load(root, arena, &work.held, fault) : err;
    err = err == VOUCH_OK ? load_trust(&work, fault) : err;
    work.now_s = vouch_time_now_s();
    *ret_work = work;
    ret_work->sshd = (struct vouch_sshd){root, &ret_work->conf};
    if (err != VOUCH_OK) {
        vouch_work_end(ret_work);
    }
    return err;
}

void vouch_work_end(struct vouch_work *work) {
    for (size_t i = 0; i < work->key_count; i++) {
        vouch_key_free(work->keys[i].key);
    }
    vouch_trust_done(&work->trust);
    vouch_close_at_end(&work->lock_fd);
    *work = (struct vouch_work){.lock_fd = -1};
}

// --- notes

static void note_line(struct vouch_work *work, struct vouch_bytes *lines, size_t *count,
                      const char *format, va_list arguments) __attribute__((format(printf, 4, 0)));

static void note_line(struct vouch_work *work, struct vouch_bytes *lines, size_t *count,
                      const char *format, va_list arguments) {
    char line[512];
    (void)vsnprintf(line, sizeof line, format, arguments);
    const char *copy =
        *count < VOUCH_WORK_LINES_MAX ? vouch_work_copy(work, vouch_bytes_of(line)) : NULL;
    if (copy != NULL) {
        lines[(*count)++] = vouch_bytes_of(copy);
    }
}

void vouch_work_step(struct vouch_work *work, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    note_line(work, work->steps, &work->step_count, format, arguments);
    va_end(arguments);
}

void vouch_work_problem(struct vouch_work *work, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    note_line(work, work->problems, &work->problem_count, format, arguments);
    va_end(arguments);
}

const char *vouch_work_copy(struct vouch_work *work, struct vouch_bytes text) {
    char *copy = vouch_arena_alloc(work->arena, text.len + 1);
    if (copy != NULL && text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    return copy;
}

// Text is shown, all else only named.
static struct vouch_bytes shown(struct vouch_work *work, const struct vouch_bytes *content) {
    struct vouch_bytes copy = {0};
    if (content == NULL || content->len > VOUCH_APPLY_FILE_MAX / 4 ||
        (content->len > 0 && memchr(content->ptr, 0, content->len) != NULL) ||
        vouch_arena_copy(work->arena, *content, &copy) != VOUCH_OK) {
        return (struct vouch_bytes){0};
    }
    return copy;
}

static int make_room(struct vouch_work *work) {
    if (work->file_count < work->file_room) {
        return 1;
    }
    size_t room = work->file_room * 2 + 16;
    struct vouch_apply_file *files = vouch_arena_alloc(work->arena, room * sizeof *files);
    if (files == NULL) {
        return 0;
    }
    if (work->file_count > 0) {
        memcpy(files, work->files, work->file_count * sizeof *files);
    }
    work->files = files;
    work->file_room = room;
    return 1;
}

void vouch_work_note(struct vouch_work *work, const char *path, const struct vouch_bytes *before,
                     const struct vouch_bytes *after) {
    char real[PATH_MAX];
    if (!make_room(work) || vouch_root_path(work->root, path, real, NULL) != VOUCH_OK) {
        return;
    }
    work->files[work->file_count++] = (struct vouch_apply_file){
        .path = vouch_bytes_of(vouch_work_copy(work, vouch_bytes_of(real))),
        .before = shown(work, before),
        .after = shown(work, after),
        .is_new = before == NULL,
        .is_removed = after == NULL,
    };
}

// --- files

int vouch_work_read(struct vouch_work *work, const char *path, size_t max,
                    struct vouch_bytes *ret_content, struct vouch_fault *fault) {
    struct vouch_buf file;
    vouch_buf_init(&file, max);
    int err = vouch_root_read(work->root, path, max, &file, NULL, fault);
    if (err == VOUCH_OK &&
        vouch_arena_copy(work->arena, vouch_buf_bytes(&file), ret_content) != VOUCH_OK) {
        err = vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                              "%s: no memory to read it", path);
    }
    vouch_buf_done(&file);
    return err;
}

// The old file, which is freed by the caller; 0 if there is none.
static int read_old(const struct vouch_work *work, const char *path, struct vouch_buf *old,
                    struct vouch_root_meta *ret_meta, int *ret_is_there,
                    struct vouch_fault *fault) {
    int err = vouch_root_read(work->root, path, VOUCH_KRL_MAX, old, ret_meta, fault);
    *ret_is_there = err == VOUCH_OK;
    return err == VOUCH_ERR_NOT_FOUND ? VOUCH_OK : err;
}

int vouch_work_put(struct vouch_work *work, const char *path, struct vouch_bytes content,
                   struct vouch_fault *fault) {
    struct vouch_root_meta meta = {.mode = 0644};
    struct vouch_buf old;
    int is_there = 0;
    vouch_buf_init(&old, VOUCH_KRL_MAX);
    int err = read_old(work, path, &old, &meta, &is_there, fault);
    struct vouch_bytes before = vouch_buf_bytes(&old);
    if (err == VOUCH_OK && (!is_there || !vouch_bytes_equal(before, content))) {
        err = vouch_saved_keep(work->root, VOUCH_SAVED_ORIGIN, path, fault);
        // The owner stays; the time is that of the change.
        meta.mtime_s = is_there ? (int64_t)vouch_time_now_s() : 0;
        meta.mtime_ns = 0;
        err = err == VOUCH_OK ? vouch_root_write(work->root, path, content, &meta, fault) : err;
        if (err == VOUCH_OK) {
            vouch_work_note(work, path, is_there ? &before : NULL, &content);
        }
    }
    vouch_buf_done(&old);
    return err;
}

int vouch_work_put_guarded(struct vouch_work *work, const char *path, struct vouch_bytes content,
                           struct vouch_fault *fault) {
    // One that is larger than a record can be is not guarded: it is fetched anew when it is lost.
    int err = content.len <= VOUCH_SAVED_CONTENT_MAX
                  ? vouch_saved_put(work->root, VOUCH_SAVED_KEPT, path, content, fault)
                  : vouch_saved_forget(work->root, VOUCH_SAVED_KEPT, path, fault);
    return err == VOUCH_OK ? vouch_work_put(work, path, content, fault) : err;
}

int vouch_work_folders(struct vouch_work *work, struct vouch_fault *fault) {
    int err = vouch_saved_folder(work->root, "etc/ssh/vouch", 0755, fault);
    return err == VOUCH_OK ? vouch_saved_folder(work->root, VOUCH_WORK_PRINCIPALS, 0755, fault)
                           : err;
}

int vouch_work_drop(struct vouch_work *work, const char *path, struct vouch_fault *fault) {
    struct vouch_buf old;
    int is_there = 0;
    vouch_buf_init(&old, VOUCH_KRL_MAX);
    int err = read_old(work, path, &old, NULL, &is_there, fault);
    struct vouch_bytes before = vouch_buf_bytes(&old);
    if (err == VOUCH_OK && is_there) {
        err = vouch_saved_keep(work->root, VOUCH_SAVED_ORIGIN, path, fault);
        err = err == VOUCH_OK ? vouch_root_remove(work->root, path, fault) : err;
        if (err == VOUCH_OK) {
            vouch_work_note(work, path, &before, NULL);
        }
    }
    vouch_buf_done(&old);
    return err;
}

// --- keys and certificates

// The public half, from the file beside the private one.
static struct vouch_key *read_public(struct vouch_work *work, const char *path) {
    char beside[PATH_MAX];
    struct vouch_buf file, blob;
    struct vouch_bytes comment = {0};
    struct vouch_key *key = NULL;
    if (snprintf(beside, sizeof beside, "%s.pub", path) >= (int)sizeof beside) {
        return NULL;
    }
    vouch_buf_init(&file, 65536);
    vouch_buf_init(&blob, VOUCH_KEY_BLOB_MAX);
    if (vouch_root_read(work->root, beside, 65536, &file, NULL, NULL) == VOUCH_OK &&
        vouch_key_line_decode(vouch_buf_bytes(&file), &blob, &comment, NULL) == VOUCH_OK &&
        vouch_key_parse(vouch_buf_bytes(&blob), &key, NULL) != VOUCH_OK) {
        key = NULL;
    }
    vouch_buf_done(&blob);
    vouch_buf_done(&file);
    return key;
}

static int add_key(struct vouch_work *work, struct vouch_bytes setting) {
    char beside[PATH_MAX];
    const char *path = vouch_root_within(work->root, (const char *)setting.ptr);
    struct vouch_key *key = path != NULL ? read_public(work, path) : NULL;
    if (key == NULL) {
        return VOUCH_OK; // sshd names keys that this machine does not have
    }
    (void)snprintf(beside, sizeof beside, "%s-cert.pub", path);
    struct vouch_host_key row = {.path = vouch_work_copy(work, vouch_bytes_of(path)),
                                 .cert_path = vouch_work_copy(work, vouch_bytes_of(beside)),
                                 .key = key};
    if (row.path == NULL || row.cert_path == NULL) {
        vouch_key_free(key);
        return VOUCH_ERR_NO_MEMORY;
    }
    work->keys[work->key_count++] = row;
    return VOUCH_OK;
}

int vouch_work_ask_sshd(struct vouch_work *work, struct vouch_fault *fault) {
    int err = vouch_sshd_settings(&work->sshd, work->arena, &work->settings, fault);
    for (size_t i = 0; err == VOUCH_OK && work->key_count < VOUCH_APPLY_KEYS_MAX; i++) {
        struct vouch_bytes setting = vouch_sshd_setting(&work->settings, "hostkey", i);
        if (setting.len == 0) {
            break;
        }
        err = add_key(work, setting);
    }
    return err;
}

struct vouch_cert *vouch_work_cert_of(struct vouch_bytes line) {
    struct vouch_buf blob;
    struct vouch_bytes comment = {0};
    struct vouch_cert *cert = NULL;
    vouch_buf_init(&blob, VOUCH_CERT_BLOB_MAX);
    if (vouch_key_line_decode(line, &blob, &comment, NULL) != VOUCH_OK ||
        vouch_cert_parse(vouch_buf_bytes(&blob), &cert, NULL) != VOUCH_OK) {
        cert = NULL;
    }
    vouch_buf_done(&blob);
    return cert;
}

struct vouch_cert *vouch_work_cert(struct vouch_work *work, const struct vouch_host_key *key) {
    struct vouch_buf file;
    struct vouch_cert *cert = NULL;
    vouch_buf_init(&file, VOUCH_CERT_BLOB_MAX * 2);
    if (vouch_root_read(work->root, key->cert_path, VOUCH_CERT_BLOB_MAX * 2, &file, NULL, NULL) ==
        VOUCH_OK) {
        cert = vouch_work_cert_of(vouch_buf_bytes(&file));
    }
    vouch_buf_done(&file);
    return cert;
}

struct vouch_cert *vouch_work_own_cert(struct vouch_work *work, const struct vouch_host_key *key) {
    struct vouch_saved saved = {0};
    struct vouch_cert *cert = NULL;
    if (vouch_saved_find(work->root, VOUCH_SAVED_KEPT, key->cert_path, work->arena, &saved, NULL) ==
        VOUCH_OK) {
        cert = vouch_work_cert_of(saved.content);
    }
    return cert != NULL ? cert : vouch_work_cert(work, key);
}

size_t vouch_work_cas(const struct vouch_work *work, enum vouch_cert_type use,
                      const struct vouch_key *ret_cas[static VOUCH_TRUST_KEYS_MAX]) {
    size_t count = 0;
    for (size_t i = 0; i < work->trust.key_count; i++) {
        const struct vouch_trust_key *row = &work->trust.keys[i];
        if (row->use == use && vouch_trust_state_counts(row->state)) {
            ret_cas[count++] = row->key;
        }
    }
    return count;
}

int vouch_work_accepts(const struct vouch_work *work, const struct vouch_cert *cert,
                       struct vouch_bytes name, const char **ret_reason) {
    const struct vouch_key *cas[VOUCH_TRUST_KEYS_MAX];
    struct vouch_cert_result result;
    const struct vouch_cert_expect expect = {
        .type = VOUCH_CERT_HOST,
        .now = work->now_s,
        .cas = cas,
        .ca_count = vouch_work_cas(work, VOUCH_CERT_HOST, cas),
        .name = name,
        .host_wildcards = 1,
    };
    vouch_cert_check(cert, &expect, &result);
    *ret_reason = result.reason_count > 0 ? vouch_cert_reason_text(result.reasons[0].code)
                                          : "it is not accepted";
    return result.verdict == VOUCH_CERT_ACCEPTED;
}
