// SPDX-License-Identifier: ISC
// Principals files: written from validated names only, and read back as sshd reads them.
#include "host/principals.h"

#include "base/str.h"

#define LOGIN_MAX 64
#define NAME_MAX_LEN 128
#define FILE_MAX (256u * 1024)

static int is_alnum(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static int is_word(struct vouch_bytes text, const char *others, size_t max) {
    if (text.len == 0 || text.len > max) {
        return 0;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!is_alnum(text.ptr[i]) &&
            (text.ptr[i] == '\0' || strchr(others, text.ptr[i]) == NULL)) {
            return 0;
        }
    }
    return 1;
}

int vouch_principals_login_is(struct vouch_bytes login) {
    return is_word(login, "._-", LOGIN_MAX) && login.ptr[0] != '-' && login.ptr[0] != '.';
}

int vouch_principals_name_is(struct vouch_bytes principal) {
    return is_word(principal, "._-@:+", NAME_MAX_LEN) && principal.ptr[0] != '-';
}

int vouch_principals_read(struct vouch_bytes file, struct vouch_arena *arena,
                          struct vouch_text_list *ret_names) {
    size_t lines = 1, count = 0;
    for (size_t i = 0; i < file.len; i++) {
        lines += file.ptr[i] == '\n';
    }
    struct vouch_bytes *names = vouch_arena_alloc(arena, lines * sizeof *names);
    if (names == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    while (file.ptr != NULL) {
        struct vouch_bytes line = vouch_str_cut(&file, '\n');
        struct vouch_bytes name = vouch_str_trim(vouch_str_cut(&line, '#'));
        for (size_t i = 0; i < name.len; i++) {
            if (name.ptr[i] == ' ' || name.ptr[i] == '\t') {
                return VOUCH_ERR_FORMAT;
            }
        }
        if (name.len > 0) {
            names[count++] = name;
        }
    }
    *ret_names = (struct vouch_text_list){names, count};
    return VOUCH_OK;
}

static int misread(struct vouch_bytes name, const char *what, struct vouch_fault *fault) {
    char shown[128];
    vouch_str_escape_to(name, shown, sizeof shown);
    return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_host_names,
                           "%s '%s': holds a character that sshd would misread, or is there twice",
                           what, shown);
}

static int is_repeated(const struct vouch_apply_login *login, size_t index) {
    for (size_t i = 0; i < index; i++) {
        if (vouch_bytes_equal(login->principals[i].principal, login->principals[index].principal)) {
            return 1;
        }
    }
    return 0;
}

// The reason stands behind #, on one line, whatever it holds.
static void put_line(const struct vouch_apply_principal *row, struct vouch_buf *out) {
    vouch_buf_put(out, row->principal);
    if (row->why.len > 0) {
        vouch_buf_put_text(out, "  # ");
        vouch_str_escape(row->why, out);
    }
    vouch_buf_put_text(out, "\n");
}

// What sshd takes from the file is what was meant.
static int reads_back(const struct vouch_apply_login *login, struct vouch_bytes file) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_text_list names = {0};
    if (vouch_principals_read(file, &arena, &names) != VOUCH_OK ||
        names.count != login->principal_count) {
        return 0;
    }
    for (size_t i = 0; i < names.count; i++) {
        if (!vouch_bytes_equal(names.items[i], login->principals[i].principal)) {
            return 0;
        }
    }
    return 1;
}

int vouch_principals_build(const struct vouch_apply_login *login, struct vouch_buf *out,
                           struct vouch_fault *fault) {
    struct vouch_buf file;
    if (!vouch_principals_login_is(login->login)) {
        return misread(login->login, "login", fault);
    }
    vouch_buf_init(&file, FILE_MAX);
    vouch_buf_put_text(&file, "# written by vouch-host; changes are lost\n");
    for (size_t i = 0; i < login->principal_count; i++) {
        if (!vouch_principals_name_is(login->principals[i].principal) || is_repeated(login, i)) {
            vouch_buf_done(&file);
            return misread(login->principals[i].principal, "principal", fault);
        }
        put_line(&login->principals[i], &file);
    }
    int err = file.err;
    if (err != VOUCH_OK) {
        err = vouch_fault_set(fault, err, &vouch_fault_host_names,
                              "login '%.*s': its principals take more than %u bytes",
                              (int)login->login.len, (const char *)login->login.ptr, FILE_MAX);
    } else if (!reads_back(login, vouch_buf_bytes(&file))) {
        err = misread(login->login, "the file of login", fault);
    } else {
        vouch_buf_put(out, vouch_buf_bytes(&file));
        err = out->err;
    }
    vouch_buf_done(&file);
    return err;
}
