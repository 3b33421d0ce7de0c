// SPDX-License-Identifier: ISC
// A small CA with a ledger in a temporary folder.
#include "ledger/test-fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/key.h"
#include "ledger/folder.h"

#define CONTENT_MAX (64u * 1024 * 1024)

static void key_from(uint8_t fill, struct vouch_private_key **ret_key) {
    uint8_t seed[32];
    memset(seed, fill, sizeof seed);
    assert_int_equal(vouch_private_key_from_seed(seed, ret_key), VOUCH_OK);
}

int fixture_begin_bare(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(fixture->root, sizeof fixture->root, "%s/vouch-ledger-XXXXXX", base);
    assert_non_null(mkdtemp(fixture->root));
    (void)snprintf(fixture->dir, sizeof fixture->dir, "%s/ledger", fixture->root);
    key_from(1, &fixture->checkpoint_key);
    key_from(2, &fixture->user_ca);
    key_from(3, &fixture->host_ca);
    key_from(4, &fixture->subject);
    fixture->time_ms = FIXTURE_TIME_MS;
    *state = fixture;
    return 0;
}

int fixture_end(void **state) {
    struct fixture *fixture = *state;
    assert_int_equal(vouch_folder_remove(AT_FDCWD, fixture->root), VOUCH_OK);
    vouch_private_key_free(fixture->checkpoint_key);
    vouch_private_key_free(fixture->user_ca);
    vouch_private_key_free(fixture->host_ca);
    vouch_private_key_free(fixture->subject);
    free(fixture);
    return 0;
}

static void copy_file(int from_fd, int to_fd, const char *name) {
    struct vouch_buf content;
    vouch_buf_init(&content, CONTENT_MAX);
    assert_int_equal(vouch_folder_read(from_fd, name, CONTENT_MAX, &content), VOUCH_OK);
    assert_int_equal(vouch_folder_put(to_fd, name, vouch_buf_bytes(&content)), VOUCH_OK);
    vouch_buf_done(&content);
}

static void copy_inside(int from_fd, int to_fd) {
    DIR *folder = fdopendir(from_fd);
    const struct dirent *entry = NULL;
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_type == DT_REG) {
            copy_file(from_fd, to_fd, entry->d_name);
        } else if (entry->d_name[0] != '.') {
            assert_int_equal(mkdirat(to_fd, entry->d_name, 0700), 0);
            int below = openat(to_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            copy_inside(openat(from_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), below);
            close(below);
        }
    }
    closedir(folder);
}

void copy_folder(const char *from, const char *to) {
    int to_fd = -1;
    int from_fd = -1;
    assert_int_equal(vouch_folder_remove(AT_FDCWD, to), VOUCH_OK);
    assert_int_equal(mkdir(to, 0700), 0);
    assert_int_equal(vouch_folder_open(from, &from_fd), VOUCH_OK);
    assert_int_equal(vouch_folder_open(to, &to_fd), VOUCH_OK);
    copy_inside(from_fd, to_fd);
    close(to_fd);
}

static struct vouch_record ca_key_new(struct fixture *fixture, const char *use,
                                      const struct vouch_private_key *key,
                                      struct vouch_buf *details) {
    struct vouch_buf line;
    vouch_buf_init(&line, 1024);
    vouch_buf_init(details, 2048);
    vouch_key_print(vouch_private_key_public(key), NULL, &line);
    vouch_record_detail_put(details, "use", vouch_bytes_of(use));
    vouch_record_detail_put(details, "key", vouch_buf_bytes(&line));
    vouch_buf_done(&line);
    struct vouch_record record = fixture_event(fixture, VOUCH_EVENT_CA_KEY_NEW);
    record.object = vouch_bytes_of(use);
    record.details = vouch_buf_bytes(details);
    return record;
}

void fixture_create(struct fixture *fixture) {
    struct vouch_fault fault = {0};
    struct vouch_buf details[2];
    struct vouch_record records[2];
    records[0] = ca_key_new(fixture, "user", fixture->user_ca, &details[0]);
    records[1] = ca_key_new(fixture, "host", fixture->host_ca, &details[1]);
    struct vouch_ledger_new what = {
        .dir = fixture->dir,
        .origin = FIXTURE_ORIGIN,
        .checkpoint_key = fixture->checkpoint_key,
        .actor = vouch_bytes_of("root@test"),
        .records = records,
        .count = 2,
    };
    // Record 0 has the time of now; so must the others.
    records[0].time_ms = 0;
    records[1].time_ms = 0;
    fixture->time_ms = 0;
    assert_int_equal(vouch_ledger_create(&what, &fault), VOUCH_OK);
    vouch_buf_done(&details[0]);
    vouch_buf_done(&details[1]);
}

int fixture_begin(void **state) {
    (void)fixture_begin_bare(state);
    fixture_create(*state);
    return 0;
}

static int sign_with(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    return vouch_private_key_sign(context, NULL, tbs, signature);
}

void fixture_cert_by(const struct fixture *fixture, const struct vouch_private_key *ca,
                     enum vouch_cert_type type, uint64_t serial, const char *key_id,
                     struct vouch_buf *ret_blob) {
    struct vouch_bytes principal = vouch_bytes_of(type == VOUCH_CERT_USER ? "alice" : "h.example");
    struct vouch_cert_spec spec = {
        .type = type,
        .key = vouch_private_key_public(fixture->subject),
        .serial = serial,
        .key_id = vouch_bytes_of(key_id),
        .principals = &principal,
        .principal_count = 1,
        .valid_after = 1700000000,
        .valid_before = 1700086400,
    };
    struct vouch_cert_ca authority = {
        .key = vouch_private_key_public(ca),
        .sign = sign_with,
        .context = (void *)(uintptr_t)ca,
        .rules = VOUCH_CERT_RULES_OPENSSH,
    };
    uint8_t nonce[VOUCH_CERT_NONCE_LEN];
    memset(nonce, (int)(serial & 0xff), sizeof nonce);
    vouch_buf_init(ret_blob, VOUCH_CERT_BLOB_MAX);
    assert_int_equal(vouch_cert_build(&spec, &authority, nonce, ret_blob, NULL), VOUCH_OK);
}

void fixture_cert(const struct fixture *fixture, enum vouch_cert_type type, uint64_t serial,
                  const char *key_id, struct vouch_buf *ret_blob) {
    const struct vouch_private_key *ca =
        type == VOUCH_CERT_USER ? fixture->user_ca : fixture->host_ca;
    fixture_cert_by(fixture, ca, type, serial, key_id, ret_blob);
}

struct vouch_record fixture_record(struct fixture *fixture, struct vouch_bytes cert) {
    return (struct vouch_record){
        .kind = VOUCH_RECORD_CERT,
        .time_ms = fixture->time_ms,
        .actor = vouch_bytes_of("alice@laptop"),
        .cert = cert,
        .evidence = vouch_bytes_of("uid 1000"),
        .role = vouch_bytes_of("dev"),
        .request = vouch_bytes_of("r-1"),
        .source = vouch_bytes_of("192.0.2.7"),
        .policy = vouch_bytes_of("1"),
    };
}

struct vouch_record fixture_event(struct fixture *fixture, const char *type) {
    return (struct vouch_record){
        .kind = VOUCH_RECORD_EVENT,
        .time_ms = fixture->time_ms,
        .actor = vouch_bytes_of("root@test"),
        .type = vouch_bytes_of(type),
        .object = vouch_bytes_of("object"),
    };
}

struct vouch_ledger *fixture_open(const struct fixture *fixture) {
    struct vouch_ledger_open what = {.dir = fixture->dir, .wait_ms = 10000};
    struct vouch_ledger *ledger = NULL;
    struct vouch_fault fault = {0};
    int err = vouch_ledger_open(&what, &ledger, &fault);
    if (err != VOUCH_OK) {
        fail_msg("cannot open: %s", fault.text);
    }
    return ledger;
}

void fixture_issue(struct fixture *fixture, struct vouch_ledger *ledger, size_t count) {
    struct vouch_record *records = calloc(count, sizeof *records);
    struct vouch_buf *blobs = calloc(count, sizeof *blobs);
    struct vouch_fault fault = {0};
    assert_true(records != NULL && blobs != NULL);
    for (size_t i = 0; i < count; i++) {
        char key_id[32];
        uint64_t serial = vouch_ledger_last_serial(ledger) + 1 + i;
        (void)snprintf(key_id, sizeof key_id, "user-%" PRIu64, serial);
        fixture_cert(fixture, VOUCH_CERT_USER, serial, key_id, &blobs[i]);
        records[i] = fixture_record(fixture, vouch_buf_bytes(&blobs[i]));
    }
    if (vouch_ledger_append(ledger, records, count, &fault) != VOUCH_OK) {
        fail_msg("cannot append: %s", fault.text);
    }
    for (size_t i = 0; i < count; i++) {
        vouch_buf_done(&blobs[i]);
    }
    free(blobs);
    free(records);
}

void fixture_checkpoint(const struct fixture *fixture, struct vouch_ledger *ledger) {
    struct vouch_fault fault = {0};
    if (vouch_ledger_checkpoint(ledger, fixture->checkpoint_key, &fault) != VOUCH_OK) {
        fail_msg("no checkpoint: %s", fault.text);
    }
}

void fixture_grow(struct fixture *fixture, size_t count) {
    struct vouch_ledger *ledger = fixture_open(fixture);
    fixture_issue(fixture, ledger, count);
    fixture_checkpoint(fixture, ledger);
    vouch_ledger_close(ledger);
}

void fixture_verify_with(const struct fixture *fixture, struct vouch_ledger_verify what,
                         struct vouch_ledger_report *ret_report) {
    struct vouch_fault fault = {0};
    what.dir = fixture->dir;
    if (vouch_ledger_verify(&what, ret_report, &fault) != VOUCH_OK) {
        fail_msg("cannot verify: %s", fault.text);
    }
}

void fixture_verify(const struct fixture *fixture, struct vouch_ledger_report *ret_report) {
    fixture_verify_with(fixture, (struct vouch_ledger_verify){.threads = 1}, ret_report);
}

int has_finding(const struct vouch_ledger_report *report, enum vouch_finding_kind kind) {
    for (size_t i = 0; i < report->findings.count; i++) {
        if (report->findings.rows[i].kind == kind) {
            return 1;
        }
    }
    return 0;
}

static void print_findings(const struct vouch_ledger_report *report) {
    for (size_t i = 0; i < report->findings.count; i++) {
        const struct vouch_finding *row = &report->findings.rows[i];
        print_message("# %s: %s: %s\n", vouch_finding_text(row->kind), row->where, row->what);
    }
}

uint64_t read_all(struct vouch_ledger_reader *reader, uint64_t next) {
    uint64_t count = 0;
    for (;;) {
        struct vouch_fault fault = {0};
        struct vouch_record record;
        int found = -1;
        assert_int_equal(vouch_ledger_reader_next(reader, &record, &found, &fault), VOUCH_OK);
        if (!found) {
            return count;
        }
        assert_int_equal(record.number, next + count);
        count++;
    }
}

int proven(const struct fixture *fixture) {
    struct vouch_ledger_report report = {0};
    fixture_verify(fixture, &report);
    int is_proven = report.verdict == VOUCH_LEDGER_PROVEN;
    assert_true(is_proven == (report.findings.total == 0));
    vouch_ledger_report_done(&report);
    return is_proven;
}

void assert_proven(const struct fixture *fixture) {
    struct vouch_ledger_report report = {0};
    fixture_verify(fixture, &report);
    print_findings(&report);
    assert_int_equal(report.verdict, VOUCH_LEDGER_PROVEN);
    assert_int_equal(report.findings.total, 0);
    vouch_ledger_report_done(&report);
}

void assert_found(const struct fixture *fixture, enum vouch_finding_kind kind) {
    struct vouch_ledger_report report = {0};
    fixture_verify(fixture, &report);
    int found = has_finding(&report, kind);
    if (!found) {
        print_findings(&report);
    }
    assert_int_equal(report.verdict, VOUCH_LEDGER_NOT_PROVEN);
    assert_true(found);
    vouch_ledger_report_done(&report);
}

static void path_of(const struct fixture *fixture, const char *name, char *path, size_t size) {
    int len = snprintf(path, size, "%s/%s", fixture->dir, name);
    assert_true(len > 0 && (size_t)len < size);
}

void load_file(const struct fixture *fixture, const char *name, struct vouch_buf *ret_content) {
    char path[256];
    struct stat info;
    path_of(fixture, name, path, sizeof path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &info), 0);
    vouch_buf_init(ret_content, CONTENT_MAX);
    uint8_t *room = vouch_buf_extend(ret_content, (size_t)info.st_size);
    assert_non_null(room);
    assert_int_equal(read(fd, room, (size_t)info.st_size), info.st_size);
    close(fd);
}

void store_file(const struct fixture *fixture, const char *name, struct vouch_bytes content) {
    char path[256];
    path_of(fixture, name, path, sizeof path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    if (content.len > 0) {
        assert_int_equal(write(fd, content.ptr, content.len), content.len);
    }
    close(fd);
}

void remove_file(const struct fixture *fixture, const char *name) {
    char path[256];
    path_of(fixture, name, path, sizeof path);
    assert_int_equal(unlink(path), 0);
}

int file_exists(const struct fixture *fixture, const char *name) {
    char path[256];
    path_of(fixture, name, path, sizeof path);
    return access(path, F_OK) == 0;
}

size_t load_records(const struct fixture *fixture, struct vouch_buf *ret_content, size_t *offsets,
                    size_t max) {
    size_t at = 0;
    size_t count = 0;
    load_file(fixture, "records", ret_content);
    while (at + 2 <= ret_content->len) {
        size_t len = (size_t)ret_content->ptr[at] << 8 | ret_content->ptr[at + 1];
        if (len == 0) {
            break;
        }
        assert_true(count < max);
        offsets[count] = at;
        count++;
        at += 2 + len;
    }
    ret_content->len = at;
    return count;
}
