// SPDX-License-Identifier: ISC
// Asking a person: see prompt.h.
#include "prog/vouch/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

// The last one, stopping the job, is ignored while a person types: it would leave echo off.
static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define SIGNAL_COUNT (sizeof signals / sizeof signals[0])

// The signal that came while a person was asked. A handler can reach nothing but a global.
static volatile sig_atomic_t caught;

static void note_signal(int number) {
    caught = number;
}

// What the signals did before, and which were held back.
struct signal_state {
    struct sigaction actions[SIGNAL_COUNT];
    sigset_t mask;
};

// From here on the signals come only while ppoll() waits: one that came just before a read would be
// noted, and then forgotten by a read that waits for ever.
static void catch_signals(struct signal_state *old) {
    struct sigaction action = {0}; // no SA_RESTART: the wait has to end
    sigset_t held;
    caught = 0;
    (void)sigemptyset(&held);
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        (void)sigaddset(&held, signals[i]);
        action.sa_handler = signals[i] == SIGTSTP ? SIG_IGN : note_signal;
        (void)sigaction(signals[i], &action, &old->actions[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &held, &old->mask);
}

// Puts everything back and lets the signal that came do what it does.
static void release_signals(const struct signal_state *old) {
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        (void)sigaction(signals[i], &old->actions[i], NULL);
    }
    (void)sigprocmask(SIG_SETMASK, &old->mask, NULL);
    if (caught != 0) {
        (void)raise(caught);
    }
}

static int no_terminal(struct vouch_fault *fault, const char *question) {
    return vouch_fault_set(fault, VOUCH_ERR_PASSPHRASE, &vouch_fault_passphrase,
                           "%s: there is no terminal to ask on", question);
}

// One line without its end. `room` is one byte larger than the longest passphrase.
static int read_line(int tty, const sigset_t *mask, uint8_t *room, size_t cap, size_t *ret_len) {
    struct pollfd wait = {.fd = tty, .events = POLLIN};
    if (ppoll(&wait, 1, NULL, mask) != 1 || caught != 0) {
        return VOUCH_ERR_IO;
    }
    ssize_t got = read(tty, room, cap);
    if (got < 0) {
        return VOUCH_ERR_IO;
    }
    size_t len = (size_t)got;
    if (len == cap && room[len - 1] != '\n') {
        (void)tcflush(tty, TCIFLUSH);
        return VOUCH_ERR_LIMIT;
    }
    while (len > 0 && (room[len - 1] == '\n' || room[len - 1] == '\r')) {
        len--;
    }
    *ret_len = len;
    return 0;
}

static int read_typed(int tty, enum vouch_prompt_echo echo, const char *question, uint8_t *room,
                      size_t cap, size_t *ret_len) {
    struct termios shown, hidden;
    struct signal_state old;
    if (tcgetattr(tty, &shown) != 0) {
        return VOUCH_ERR_IO;
    }
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    hidden.c_lflag |= ICANON | (echo == VOUCH_PROMPT_SHOWN ? ECHO : 0);
    catch_signals(&old);
    (void)tcsetattr(tty, TCSAFLUSH, &hidden);
    (void)dprintf(tty, "%s: ", question);
    int err = read_line(tty, &old.mask, room, cap, ret_len);
    (void)tcsetattr(tty, TCSAFLUSH, &shown);
    // Where the line was shown, its end was too.
    if (echo == VOUCH_PROMPT_HIDDEN || err != 0) {
        (void)dprintf(tty, "\n");
    }
    release_signals(&old);
    return err;
}

static int ask_once(const char *question, enum vouch_prompt_echo echo,
                    struct vouch_secret *ret_secret, struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret secret = {0};
    vouch_autoclose int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0) {
        return no_terminal(fault, question);
    }
    if (vouch_secret_new(VOUCH_PASSPHRASE_MAX + 1, &secret) != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "no locked memory for a passphrase");
    }
    size_t len = 0;
    int err = read_typed(tty, echo, question, secret.ptr, secret.len, &len);
    if (err == VOUCH_ERR_LIMIT) {
        return vouch_fault_set(fault, VOUCH_ERR_PASSPHRASE, &vouch_fault_passphrase,
                               "%s: longer than %d bytes", question, VOUCH_PASSPHRASE_MAX);
    }
    if (err != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_passphrase,
                               "%s: the terminal gave no answer", question);
    }
    *ret_secret = (struct vouch_secret){0};
    if (len > 0) {
        secret.len = len;
        *ret_secret = secret;
        secret = (struct vouch_secret){0};
    }
    return 0;
}

int vouch_prompt_secret(const char *question, struct vouch_secret *ret_secret,
                        struct vouch_fault *fault) {
    return ask_once(question, VOUCH_PROMPT_HIDDEN, ret_secret, fault);
}

void vouch_prompt_init(struct vouch_prompt *prompt, const struct vouch_cli *cli) {
    *prompt = (struct vouch_prompt){
        .file = vouch_args_value(&cli->args, "passphrase-file"),
        .may_ask = vouch_args_count(&cli->args, "no-input") == 0,
        .yes = vouch_args_count(&cli->args, "yes") > 0,
        .advice = "add --passphrase-file FILE",
    };
}

// The first line of the file.
static int read_file(const char *path, struct vouch_secret *ret_secret, struct vouch_fault *fault) {
    struct vouch_secret secret = {0};
    int err = vouch_io_read_secret(path, VOUCH_PASSPHRASE_MAX, VOUCH_IO_PRIVATE, &secret, fault);
    if (err != 0) {
        return err;
    }
    const uint8_t *end = secret.len > 0 ? memchr(secret.ptr, '\n', secret.len) : NULL;
    size_t len = end != NULL ? (size_t)(end - secret.ptr) : secret.len;
    while (len > 0 && secret.ptr[len - 1] == '\r') {
        len--;
    }
    if (len == 0) {
        vouch_secret_done(&secret);
        const char *shown = strcmp(path, "-") == 0 ? "standard input" : path;
        vouch_fault_set(fault, VOUCH_ERR_PASSPHRASE, &vouch_fault_passphrase,
                        "%s: its first line is empty", shown);
        return vouch_fault_next(fault, "the secret goes on the first line of %s", shown);
    }
    secret.len = len;
    *ret_secret = secret;
    return 0;
}

int vouch_prompt_passphrase(void *context, const char *path, struct vouch_secret *ret_passphrase,
                            struct vouch_fault *fault) {
    const struct vouch_prompt *prompt = context;
    char question[300];
    if (prompt->file != NULL) {
        return read_file(prompt->file, ret_passphrase, fault);
    }
    if (!prompt->may_ask) {
        vouch_fault_set(fault, VOUCH_ERR_PASSPHRASE, &vouch_fault_passphrase,
                        "%s: is encrypted, and --no-input forbids to ask for its passphrase", path);
        return vouch_fault_next(fault, "%s", prompt->advice);
    }
    (void)snprintf(question, sizeof question, "Passphrase of %s", path);
    int err = vouch_prompt_secret(question, ret_passphrase, fault);
    return err == VOUCH_ERR_PASSPHRASE ? vouch_fault_next(fault, "%s", prompt->advice) : err;
}

// Whether an empty passphrase is meant. 0, or an error.
static int confirm_empty(const struct vouch_prompt *prompt, const char *what,
                         struct vouch_fault *fault) {
    char answer[16] = "";
    if (prompt->yes) {
        return 0;
    }
    vouch_autoclose int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0) {
        return no_terminal(fault, what);
    }
    (void)dprintf(tty, "No passphrase: whoever can read the file has the key. Go on? (y/N) ");
    ssize_t got = read(tty, answer, sizeof answer - 1);
    if (got > 0 && (answer[0] == 'y' || answer[0] == 'Y')) {
        return 0;
    }
    vouch_fault_set(fault, VOUCH_ERR_PASSPHRASE, &vouch_fault_passphrase,
                    "%s: an empty passphrase was typed and not confirmed", what);
    return vouch_fault_next(fault, "run it again and type one, or add --no-passphrase");
}

static int type_twice(const struct vouch_prompt *prompt, const char *what,
                      struct vouch_secret *ret_passphrase, struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret first = {0}, second = {0};
    char question[300];
    (void)snprintf(question, sizeof question, "New passphrase for %s", what);
    int err = vouch_prompt_secret(question, &first, fault);
    if (err == 0 && first.len == 0) {
        *ret_passphrase = (struct vouch_secret){0};
        return confirm_empty(prompt, what, fault);
    }
    if (err == 0) {
        err = vouch_prompt_secret("The same again", &second, fault);
    }
    if (err != 0) {
        return err;
    }
    if (first.len != second.len || !vouch_secret_equal(first.ptr, second.ptr, first.len)) {
        vouch_fault_set(fault, VOUCH_ERR_PASSPHRASE, &vouch_fault_passphrase,
                        "%s: the two passphrases differ", what);
        return vouch_fault_next(fault, "run it again; nothing was written");
    }
    *ret_passphrase = first;
    first = (struct vouch_secret){0};
    return 0;
}

int vouch_prompt_new_passphrase(const struct vouch_prompt *prompt, const char *what,
                                struct vouch_secret *ret_passphrase, struct vouch_fault *fault) {
    if (prompt->file != NULL) {
        return read_file(prompt->file, ret_passphrase, fault);
    }
    vouch_autoclose int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (!prompt->may_ask || tty < 0) {
        vouch_usage(fault, "%s: its passphrase is missing, and %s", what,
                    prompt->may_ask ? "there is no terminal to ask on"
                                    : "--no-input forbids to ask");
        return vouch_fault_next(fault, "add --passphrase-file FILE or --no-passphrase");
    }
    return type_twice(prompt, what, ret_passphrase, fault);
}

// Answers of a command

static int missing(const struct vouch_prompt_question *question, const char *why,
                   struct vouch_fault *fault) {
    vouch_usage(fault, "%s is missing, and %s", question->what, why);
    return question->option != NULL
               ? vouch_fault_next(fault, "add --%s %s", question->option, question->value)
               : vouch_fault_next(fault, "run it on a terminal");
}

static int copy_text(const char *text, struct vouch_secret *ret_answer, struct vouch_fault *fault) {
    size_t len = strlen(text);
    if (vouch_secret_new(len, ret_answer) != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "no locked memory for an answer");
    }
    memcpy(ret_answer->ptr, text, len);
    return 0;
}

int vouch_prompt_answer(const struct vouch_cli *cli, const struct vouch_prompt_question *question,
                        struct vouch_secret *ret_answer, struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret answer = {0};
    char words[300];
    const char *preset = question->preset;
    const char *file =
        question->option != NULL ? vouch_args_value(&cli->args, question->option) : NULL;
    if (file != NULL) {
        return read_file(file, ret_answer, fault);
    }
    if (vouch_args_count(&cli->args, "no-input") > 0) {
        return preset != NULL ? copy_text(preset, ret_answer, fault)
                              : missing(question, "--no-input forbids to ask", fault);
    }
    (void)snprintf(words, sizeof words, "%s%s%s%s", question->words, preset != NULL ? " [" : "",
                   preset != NULL ? preset : "", preset != NULL ? "]" : "");
    int err = ask_once(words, question->echo, &answer, fault);
    if (err == VOUCH_ERR_PASSPHRASE && answer.len == 0 && !vouch_prompt_has_terminal()) {
        return missing(question, "there is no terminal to ask on", fault);
    }
    if (err == 0 && answer.len == 0) {
        return preset != NULL ? copy_text(preset, ret_answer, fault)
                              : missing(question, "the answer was empty", fault);
    }
    if (err == 0) {
        *ret_answer = answer;
        answer = (struct vouch_secret){0};
    }
    return err;
}

int vouch_prompt_has_terminal(void) {
    vouch_autoclose int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    return tty >= 0;
}
