// SPDX-License-Identifier: ISC
// The revocation lists of libvouch as a program, for tests/interop/krl-forms.py: one command a line on
// standard input, one line of answer each ("ok ...", "error ..."; walk: its entries, then "ok").
//
//   new                      an empty list takes the place of the last one
//   load PATH                a list is read from a file
//   header VERSION DATE [HEX]
//   serials CA FIRST LAST    CA: a key blob in base64, or * for any
//   id CA HEX
//   key BASE64 | sha1 HEX | sha256 HEX | cert BASE64
//   check BASE64             a key or certificate; the verdict's text
//   walk
//   write PATH
//
// Exit status: 0 at the end of the input, 2 if a command cannot be understood.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "vouch/krl.h"

#define LINE_MAX_LEN (1024 * 1024)
#define WORDS_MAX 4

#define autobuf VOUCH_CLEANUP(vouch_buf_done)

static struct vouch_krl *list;
static struct vouch_buf list_file; // what a list that was loaded lies in

static _Noreturn void stop(const char *what) {
    (void)fprintf(stderr, "krl-driver: %s\n", what);
    exit(2);
}

static void answer(int err) {
    if (err == VOUCH_OK) {
        puts("ok");
    } else {
        printf("error %s\n", vouch_err_text(err));
    }
}

static void decode(int (*decoder)(struct vouch_bytes, struct vouch_buf *), const char *word,
                   struct vouch_buf *bytes) {
    vouch_buf_init(bytes, LINE_MAX_LEN);
    if (decoder(vouch_bytes_of(word), bytes) != VOUCH_OK) {
        stop("a word is neither hexadecimal nor base64");
    }
}

static uint64_t number(const char *word) {
    uint64_t value = 0;
    if (vouch_str_to_u64(vouch_bytes_of(word), &value) != VOUCH_OK) {
        stop("a word is not a number");
    }
    return value;
}

static struct vouch_key *read_key(const char *word) {
    autobuf struct vouch_buf blob;
    decode(vouch_str_unbase64, word, &blob);
    struct vouch_key *key = NULL;
    if (vouch_key_parse(vouch_buf_bytes(&blob), &key, NULL) != VOUCH_OK) {
        stop("a word is not a key");
    }
    return key;
}

static struct vouch_key *read_ca(const char *word) {
    return strcmp(word, "*") == 0 ? NULL : read_key(word);
}

static void make_new(char *const *words) {
    (void)words;
    vouch_krl_free(list);
    list = vouch_krl_new();
    answer(list != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY);
}

static void load(char *const *words) {
    vouch_krl_free(list);
    list = NULL;
    vouch_buf_done(&list_file);
    vouch_buf_init(&list_file, VOUCH_KRL_MAX);
    struct vouch_fault fault = {0};
    if (vouch_io_read(words[1], VOUCH_KRL_MAX, &list_file, &fault) != VOUCH_OK) {
        stop(fault.text);
    }
    struct vouch_where where = {0};
    int err = vouch_krl_parse(vouch_buf_bytes(&list_file), &list, &where);
    if (err != VOUCH_OK) {
        printf("error %s: %s %s (byte %zu)\n", vouch_err_text(err), where.field,
               where.reason != NULL ? where.reason : "", where.offset);
        return;
    }
    struct vouch_krl_header header = vouch_krl_header(list);
    printf("ok %" PRIu64 " %" PRIu64 "\n", header.version, header.generated);
}

static void set_header(char *const *words) {
    autobuf struct vouch_buf comment = {0};
    if (words[3] != NULL) {
        decode(vouch_str_unhex, words[3], &comment);
        vouch_write_u8(&comment, 0);
    }
    vouch_krl_set_header(list, number(words[1]), number(words[2]),
                         words[3] != NULL ? (const char *)comment.ptr : NULL);
    answer(VOUCH_OK);
}

static void add_serials(char *const *words) {
    struct vouch_key *ca = read_ca(words[1]);
    answer(vouch_krl_add_serials(list, ca, number(words[2]), number(words[3])));
    vouch_key_free(ca);
}

static void add_id(char *const *words) {
    struct vouch_key *ca = read_ca(words[1]);
    autobuf struct vouch_buf id;
    decode(vouch_str_unhex, words[2], &id);
    answer(vouch_krl_add_key_id(list, ca, vouch_buf_bytes(&id)));
    vouch_key_free(ca);
}

static void add_key(char *const *words) {
    struct vouch_key *key = read_key(words[1]);
    answer(vouch_krl_add_key(list, key));
    vouch_key_free(key);
}

static void add_hash(char *const *words) {
    enum vouch_hash hash = strcmp(words[0], "sha1") == 0 ? VOUCH_HASH_SHA1 : VOUCH_HASH_SHA256;
    autobuf struct vouch_buf digest;
    decode(vouch_str_unhex, words[1], &digest);
    answer(vouch_krl_add_hash(list, hash, vouch_buf_bytes(&digest)));
}

// A certificate, or NULL if the blob is something else.
static struct vouch_cert *read_cert(struct vouch_bytes blob) {
    struct vouch_cert *cert = NULL;
    return vouch_cert_parse(blob, &cert, NULL) == VOUCH_OK ? cert : NULL;
}

static void add_cert(char *const *words) {
    autobuf struct vouch_buf blob;
    decode(vouch_str_unbase64, words[1], &blob);
    struct vouch_cert *cert = read_cert(vouch_buf_bytes(&blob));
    if (cert == NULL) {
        stop("a word is not a certificate");
    }
    answer(vouch_krl_add_cert(list, cert));
    vouch_cert_free(cert);
}

static void check(char *const *words) {
    autobuf struct vouch_buf blob;
    decode(vouch_str_unbase64, words[1], &blob);
    struct vouch_cert *cert = read_cert(vouch_buf_bytes(&blob));
    if (cert != NULL) {
        printf("ok %s\n", vouch_krl_verdict_text(vouch_krl_check_cert(list, cert)));
        vouch_cert_free(cert);
        return;
    }
    struct vouch_key *key = read_key(words[1]);
    printf("ok %s\n", vouch_krl_verdict_text(vouch_krl_check_key(list, key)));
    vouch_key_free(key);
}

static void print_hex(struct vouch_bytes bytes) {
    fputs(bytes.len == 0 ? " -" : " ", stdout);
    for (size_t i = 0; i < bytes.len; i++) {
        printf("%02x", bytes.ptr[i]);
    }
}

static int print_entry(void *context, const struct vouch_krl_entry *entry) {
    (void)context;
    static const char *const kinds[] = {[VOUCH_KRL_ENTRY_SERIALS] = "serials",
                                        [VOUCH_KRL_ENTRY_KEY_ID] = "id",
                                        [VOUCH_KRL_ENTRY_KEY] = "key",
                                        [VOUCH_KRL_ENTRY_SHA1] = "sha1",
                                        [VOUCH_KRL_ENTRY_SHA256] = "sha256"};
    fputs(kinds[entry->kind], stdout);
    print_hex(entry->ca);
    if (entry->kind == VOUCH_KRL_ENTRY_SERIALS) {
        printf(" %" PRIu64 " %" PRIu64 "\n", entry->first, entry->last);
        return 0;
    }
    print_hex(entry->data);
    putchar('\n');
    return 0;
}

static void walk(char *const *words) {
    (void)words;
    answer(vouch_krl_walk(list, print_entry, NULL));
}

static void write_list(char *const *words) {
    autobuf struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_KRL_MAX);
    int err = vouch_krl_write(list, &out);
    if (err != VOUCH_OK) {
        answer(err);
        return;
    }
    struct vouch_io_file file = {.path = words[1], .mode = 0600, .existing = VOUCH_IO_REPLACE};
    struct vouch_fault fault = {0};
    if (vouch_io_write(&file, vouch_buf_bytes(&out), &fault) != VOUCH_OK) {
        stop(fault.text);
    }
    printf("ok %zu\n", out.len);
}

static const struct command {
    const char *name;
    size_t words; // at least, its name among them
    void (*run)(char *const *words);
} commands[] = {
    {"new", 1, make_new},        {"load", 2, load},       {"header", 3, set_header},
    {"serials", 4, add_serials}, {"id", 3, add_id},       {"key", 2, add_key},
    {"sha1", 2, add_hash},       {"sha256", 2, add_hash}, {"cert", 2, add_cert},
    {"check", 2, check},         {"walk", 1, walk},       {"write", 2, write_list},
};

static void run_line(char *line) {
    char *words[WORDS_MAX + 1] = {NULL};
    size_t count = 0;
    char *rest = line;
    char *word = NULL;
    while (count < WORDS_MAX && (word = strsep(&rest, " ")) != NULL) {
        words[count++] = word;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        int first = strcmp(commands[i].name, "new") == 0 || strcmp(commands[i].name, "load") == 0;
        if (strcmp(words[0], commands[i].name) != 0 || count < commands[i].words) {
            continue;
        }
        if (list == NULL && !first) {
            puts("error there is no list");
        } else {
            commands[i].run(words);
        }
        return;
    }
    stop("no such command");
}

int main(void) {
    vouch_autofree char *line = NULL;
    size_t size = 0;
    ssize_t len = 0;
    while ((len = getline(&line, &size, stdin)) > 0) {
        line[line[len - 1] == '\n' ? len - 1 : len] = 0;
        run_line(line);
    }
    vouch_krl_free(list);
    vouch_buf_done(&list_file);
    return ferror(stdin) || fflush(stdout) != 0 ? 2 : 0;
}
