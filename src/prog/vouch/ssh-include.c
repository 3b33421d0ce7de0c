// SPDX-License-Identifier: ISC
// The one line of ~/.ssh/config: see ssh-config.h.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "prog/vouch/home.h"
#include "prog/vouch/ssh-config.h"

#define FILE_MAX (16u * 1024 * 1024)
#define LINE_MAX_BYTES (PATH_MAX + 32)
#define NOTE_MAX 64

// ~/.ssh/config as it is.
struct file {
    char path[PATH_MAX]; // where its bytes lie: of a symbolic link, the target
    unsigned mode;
    int is_there;
    struct vouch_buf text;
};

static void file_done(struct file *file) {
    vouch_buf_done(&file->text);
}

#define autofile VOUCH_CLEANUP(file_done)

static int resolve(struct file *file, struct vouch_fault *fault) {
    struct stat status;
    char shown[PATH_MAX];
    int err = vouch_home_path(&vouch_home_ssh, "/config", shown, fault);
    if (err != 0) {
        return err;
    }
    (void)snprintf(file->path, sizeof file->path, "%s", shown);
    file->mode = 0600;
    if (lstat(shown, &status) != 0) {
        return 0;
    }
    // Who keeps the file elsewhere and links to it keeps the link.
    vouch_autofree char *target = realpath(shown, NULL);
    if (target == NULL || stat(target, &status) != 0 || !S_ISREG(status.st_mode)) {
        return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_ssh_files,
                               "%s: is not a plain file", shown);
    }
    (void)snprintf(file->path, sizeof file->path, "%s", target);
    file->mode = status.st_mode & 07777;
    file->is_there = 1;
    return 0;
}

static int file_read(struct file *file, struct vouch_fault *fault) {
    *file = (struct file){.is_there = 0};
    vouch_buf_init(&file->text, FILE_MAX);
    int err = resolve(file, fault);
    return err == 0 && file->is_there ? vouch_io_read(file->path, FILE_MAX, &file->text, fault)
                                      : err;
}

static int file_write(const struct file *file, struct vouch_bytes text, struct vouch_fault *fault) {
    const struct vouch_io_file what = {
        .path = file->path, .mode = file->mode, .existing = VOUCH_IO_REPLACE};
    return vouch_io_write(&what, text, fault);
}

int vouch_ssh_include_line(struct vouch_buf *out, struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_home_path(&vouch_home_ssh, "/vouch/config", path, fault);
    vouch_buf_put_text(out, "Include ");
    return err == 0 ? vouch_ssh_path(path, out, fault) : err;
}

// Finding it

// Where a line begins and ends, with its end.
struct place {
    size_t from, to;
    int counts; // nonzero: no block begins before it
};

static int begins_block(struct vouch_bytes line) {
    char word[8] = "";
    while (line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t')) {
        line.ptr++;
        line.len--;
    }
    for (size_t i = 0; i + 1 < sizeof word && i < line.len && strchr(" \t=", line.ptr[i]) == NULL;
         i++) {
        word[i] = (char)line.ptr[i];
    }
    return strcasecmp(word, "host") == 0 || strcasecmp(word, "match") == 0;
}

static int find(struct vouch_bytes text, struct vouch_bytes wanted, struct place *ret_place) {
    struct place place = {.counts = 1};
    while (place.from < text.len) {
        const uint8_t *end = memchr(text.ptr + place.from, '\n', text.len - place.from);
        size_t stop = end != NULL ? (size_t)(end - text.ptr) : text.len;
        struct vouch_bytes line = {text.ptr + place.from, stop - place.from};
        place.to = end != NULL ? stop + 1 : stop;
        if (vouch_bytes_equal(line, wanted)) {
            *ret_place = place;
            return 1;
        }
        place.counts = place.counts && !begins_block(line);
        place.from = place.to;
    }
    return 0;
}

int vouch_ssh_include_look(enum vouch_ssh_include *ret_state, struct vouch_fault *fault) {
    autofile struct file file;
    char text[LINE_MAX_BYTES];
    struct vouch_buf line;
    struct place place = {0};
    vouch_buf_init_fixed(&line, text, sizeof text);
    int err = file_read(&file, fault);
    if (err == 0) {
        err = vouch_ssh_include_line(&line, fault);
    }
    if (err == 0) {
        int found = find(vouch_buf_bytes(&file.text), vouch_buf_bytes(&line), &place);
        *ret_state = found && place.counts ? VOUCH_SSH_INCLUDED : VOUCH_SSH_NOT_INCLUDED;
    }
    return err;
}

// What was made, for the undoing: lines "folder" and "file"; no note where both were there.

static int note_path(char ret_path[static PATH_MAX], struct vouch_fault *fault) {
    return vouch_home_path(&vouch_home_state, "/vouch/ssh-made", ret_path, fault);
}

// Adds a word to the note.
static int note_add(const char *word, struct vouch_fault *fault) {
    char path[PATH_MAX], text[NOTE_MAX];
    struct vouch_buf note;
    struct vouch_fault unused;
    int err = note_path(path, fault);
    if (err != 0) {
        return err;
    }
    vouch_buf_init_fixed(&note, text, sizeof text - 1);
    (void)!vouch_io_read(path, sizeof text / 2, &note, &unused);
    vouch_buf_put_text(&note, word);
    vouch_buf_put_text(&note, "\n");
    const struct vouch_io_file file = {.path = path, .mode = 0600, .existing = VOUCH_IO_REPLACE};
    err = vouch_home_make_folders(path, fault);
    return err == 0 ? vouch_io_write(&file, vouch_buf_bytes(&note), fault) : err;
}

// The note, and no more of it afterwards; "" where there is none.
static int note_take(char ret_text[static NOTE_MAX], struct vouch_fault *fault) {
    char path[PATH_MAX];
    struct vouch_buf text;
    int err = note_path(path, fault);
    vouch_buf_init_fixed(&text, ret_text, NOTE_MAX - 1);
    if (err == 0) {
        err = vouch_io_read(path, NOTE_MAX / 2, &text, fault);
    }
    ret_text[text.len] = '\0';
    if (err == 0) {
        (void)unlink(path);
    }
    return err == VOUCH_ERR_NOT_FOUND ? 0 : err;
}

int vouch_ssh_folder_make(struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_home_path(&vouch_home_ssh, "", path, fault);
    if (err != 0 || access(path, F_OK) == 0) {
        return err;
    }
    err = note_add("folder", fault);
    if (err == 0) {
        err = vouch_home_make_folders(path, fault);
    }
    if (err == 0 && mkdir(path, 0700) != 0 && errno != EEXIST) {
        err = vouch_io_write_fault(path, fault);
    }
    return err;
}

// Putting in and taking out

static int put_in_front(const struct file *file, struct vouch_bytes line,
                        struct vouch_fault *fault) {
    struct vouch_buf text;
    vouch_buf_init(&text, FILE_MAX + LINE_MAX_BYTES);
    vouch_buf_put(&text, line);
    vouch_buf_put_text(&text, "\n");
    vouch_buf_put(&text, vouch_buf_bytes(&file->text));
    int err = text.err != 0 ? vouch_fault_set(fault, text.err, &vouch_fault_memory, "out of memory")
                            : file_write(file, vouch_buf_bytes(&text), fault);
    vouch_buf_done(&text);
    return err;
}

int vouch_ssh_include_add(struct vouch_fault *fault) {
    autofile struct file file;
    char text[LINE_MAX_BYTES];
    struct vouch_buf line;
    enum vouch_ssh_include state = VOUCH_SSH_NOT_INCLUDED;
    vouch_buf_init_fixed(&line, text, sizeof text);
    int err = file_read(&file, fault);
    if (err == 0) {
        err = vouch_ssh_include_look(&state, fault);
    }
    if (err != 0 || state == VOUCH_SSH_INCLUDED) {
        return err;
    }
    err = vouch_ssh_include_line(&line, fault);
    if (err == 0 && !file.is_there) {
        err = note_add("file", fault);
    }
    if (err == 0) {
        err = vouch_ssh_folder_make(fault);
    }
    return err == 0 ? put_in_front(&file, vouch_buf_bytes(&line), fault) : err;
}

static int take_out(struct file *file, const struct place *place, const char *note,
                    struct vouch_fault *fault) {
    struct vouch_buf *text = &file->text;
    memmove(text->ptr + place->from, text->ptr + place->to, text->len - place->to);
    text->len -= place->to - place->from;
    if (text->len == 0 && strstr(note, "file") != NULL) {
        return unlink(file->path) == 0 ? 0 : vouch_io_write_fault(file->path, fault);
    }
    return file_write(file, vouch_buf_bytes(text), fault);
}

int vouch_ssh_include_remove(struct vouch_fault *fault) {
    autofile struct file file;
    char text[LINE_MAX_BYTES], note[NOTE_MAX] = "", folder[PATH_MAX];
    struct vouch_buf line;
    struct place place = {0};
    vouch_buf_init_fixed(&line, text, sizeof text);
    int err = file_read(&file, fault);
    if (err == 0) {
        err = vouch_ssh_include_line(&line, fault);
    }
    if (err == 0) {
        err = note_take(note, fault);
    }
    if (err == 0 && find(vouch_buf_bytes(&file.text), vouch_buf_bytes(&line), &place)) {
        err = take_out(&file, &place, note, fault);
    }
    if (err == 0 && strstr(note, "folder") != NULL &&
        vouch_home_path(&vouch_home_ssh, "", folder, fault) == 0) {
        (void)rmdir(folder); // only if nothing else is in it
    }
    return err;
}
