// SPDX-License-Identifier: ISC
// Passphrases from files, credentials and people.
#include "prog/vouchd/passphrase.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "ipc/notify.h"

static int first_line(const char *what, struct vouch_secret *take_secret,
                      struct vouch_secret *ret_secret, struct vouch_fault *fault) {
    const uint8_t *end =
        take_secret->len > 0 ? memchr(take_secret->ptr, '\n', take_secret->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - take_secret->ptr) : take_secret->len;
    while (len > 0 && take_secret->ptr[len - 1] == '\r') {
        len--;
    }
    if (len == 0) {
        vouch_secret_done(take_secret);
        return vouch_fault_set(fault, VOUCH_ERR_PASSPHRASE, &vouch_fault_passphrase,
                               "%s: its first line is empty", what);
    }
    take_secret->len = len;
    *ret_secret = *take_secret;
    return VOUCH_OK;
}

int vouch_passphrase_read(const char *path, struct vouch_secret *ret_secret,
                          struct vouch_fault *fault) {
    struct vouch_secret secret = {0};
    int err = vouch_io_read_secret(path, VOUCH_PASSPHRASE_MAX, VOUCH_IO_PRIVATE, &secret, fault);
    return err == VOUCH_OK ? first_line(path, &secret, ret_secret, fault) : err;
}

int vouch_passphrase_credential(const char *name, struct vouch_secret *ret_secret,
                                struct vouch_fault *fault) {
    struct vouch_secret secret = {0};
    int err = vouch_notify_credential(name, VOUCH_PASSPHRASE_MAX, &secret, fault);
    return err == VOUCH_OK ? first_line(name, &secret, ret_secret, fault) : err;
}

static int no_answer(const char *question, const char *why, struct vouch_fault *fault) {
    (void)vouch_fault_set(fault, VOUCH_ERR_PASSPHRASE, &vouch_fault_passphrase, "%s: %s", question,
                          why);
    return vouch_fault_next(fault, "Add --passphrase-file FILE.");
}

// Reads a line while signals that would leave the echo off are held back.
static ssize_t read_hidden(int tty, const char *question, uint8_t *room, size_t size) {
    struct termios shown, hidden;
    sigset_t held, old;
    if (tcgetattr(tty, &shown) != 0) {
        return -1;
    }
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ISIG);
    hidden.c_lflag |= ICANON;
    sigfillset(&held);
    (void)sigprocmask(SIG_BLOCK, &held, &old);
    (void)tcsetattr(tty, TCSAFLUSH, &hidden);
    (void)dprintf(tty, "%s: ", question);
    ssize_t got = read(tty, room, size);
    (void)tcsetattr(tty, TCSAFLUSH, &shown);
    (void)dprintf(tty, "\n");
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    return got;
}

int vouch_passphrase_ask(const char *question, struct vouch_secret *ret_secret,
                         struct vouch_fault *fault) {
    vouch_autoclose int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0) {
        return no_answer(question, "there is no terminal to ask on", fault);
    }
    struct vouch_secret secret = {0};
    if (vouch_secret_new(VOUCH_PASSPHRASE_MAX, &secret) != VOUCH_OK) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "no locked memory for a passphrase");
    }
    ssize_t got = read_hidden(tty, question, secret.ptr, secret.len);
    if (got <= 1 || secret.ptr[got - 1] != '\n') {
        vouch_secret_done(&secret);
        return no_answer(question, "none was typed, or it is too long", fault);
    }
    secret.len = (size_t)got - 1;
    *ret_secret = secret;
    return VOUCH_OK;
}
