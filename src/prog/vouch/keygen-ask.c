// SPDX-License-Identifier: ISC
// Asking: passphrases and file names, by the ways and in the order of ssh-keygen.
//
// A passphrase comes from SSH_ASKPASS where a display is there (or SSH_ASKPASS_REQUIRE says so) and
// standard input is no terminal; else from the terminal; else, for scripts, from standard input.
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/wait.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/keygen-load.h"
#include "prog/vouch/prompt.h"

#define ANSWER_MAX 1023

// One read a character, so that what follows the line stays for the next question.
static int read_char(int fd, char *ret_char) {
    ssize_t got;
    do {
        got = read(fd, ret_char, 1);
    } while (got < 0 && errno == EINTR);
    return got == 1;
}

// A line into locked memory. The end of the input ends it too; what is too long is cut.
static int read_answer(int fd, struct vouch_secret *ret_answer) {
    struct vouch_secret answer = {0};
    int err = vouch_secret_new(ANSWER_MAX, &answer);
    if (err != VOUCH_OK) {
        return err;
    }
    size_t len = 0;
    char c = '\0';
    while (read_char(fd, &c) && c != '\n' && c != '\r') {
        if (len < ANSWER_MAX) {
            answer.ptr[len++] = (uint8_t)c;
        }
    }
    answer.len = len;
    *ret_answer = answer;
    return VOUCH_OK;
}

static int is_set(const char *name) {
    const char *value = getenv(name);
    return value != NULL && *value != '\0';
}

enum askpass { ASKPASS_NEVER = 0, ASKPASS_WITHOUT_TERMINAL, ASKPASS_ALWAYS };

static enum askpass askpass_wish(void) {
    const char *require = getenv("SSH_ASKPASS_REQUIRE");
    int has_display = is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
    if (require != NULL && strcasecmp(require, "force") == 0) {
        return ASKPASS_ALWAYS;
    }
    if (!has_display || (require != NULL && strcasecmp(require, "never") == 0)) {
        return ASKPASS_NEVER;
    }
    return require != NULL && strcasecmp(require, "prefer") == 0 ? ASKPASS_ALWAYS
                                                                 : ASKPASS_WITHOUT_TERMINAL;
}

static const char *askpass_program(void) {
    const char *program = getenv("SSH_ASKPASS");
    return program != NULL && *program != '\0' ? program : "/usr/bin/ssh-askpass";
}

static int spawn(const char *program, const char *prompt, int out, pid_t *ret_child) {
    extern char **environ;
    char *const argv[] = {(char *)(uintptr_t)program, (char *)(uintptr_t)prompt, NULL};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return VOUCH_ERR_NO_MEMORY;
    }
    int err = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (err == 0) {
        err = posix_spawnp(ret_child, program, &actions, NULL, argv, environ);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    if (err != 0) {
        errno = err;
        return VOUCH_ERR_IO;
    }
    return VOUCH_OK;
}

// Runs the program that asks; its standard output is the answer, if it ends well.
static int ask_program(const char *prompt, struct vouch_secret *ret_answer) {
    const char *program = askpass_program();
    struct vouch_secret answer = {0};
    pid_t child = -1;
    int status = -1;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return VOUCH_ERR_IO;
    }
    vouch_autoclose int from = ends[0];
    int err = spawn(program, prompt, ends[1], &child);
    (void)close(ends[1]);
    if (err != VOUCH_OK) {
        vouch_keygen_say("ssh_askpass: exec(%s): %s", program, strerror(errno));
        return vouch_secret_new(0, ret_answer);
    }
    err = read_answer(from, &answer);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (err == VOUCH_OK && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
        answer.len = 0;
    }
    if (err == VOUCH_OK) {
        *ret_answer = answer;
    }
    return err;
}

static int has_terminal(void) {
    vouch_autoclose int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    return fd >= 0;
}

int vouch_keygen_ask(const char *question, struct vouch_secret *ret_passphrase) {
    enum askpass wish = askpass_wish();
    int use_program =
        wish == ASKPASS_ALWAYS || (wish == ASKPASS_WITHOUT_TERMINAL && !isatty(STDIN_FILENO));
    (void)fflush(stdout);
    if (!use_program && has_terminal()) {
        struct vouch_fault fault;
        return vouch_prompt_secret(question, ret_passphrase, &fault);
    }
    char *prompt = NULL;
    if (asprintf(&prompt, "%s: ", question) < 0) {
        return VOUCH_ERR_NO_MEMORY;
    }
    int err = VOUCH_OK;
    if (use_program) {
        err = ask_program(prompt, ret_passphrase);
    } else {
        err = vouch_io_write_all(STDERR_FILENO, vouch_bytes_of(prompt));
        err = err == VOUCH_OK ? read_answer(STDIN_FILENO, ret_passphrase) : err;
    }
    free(prompt);
    return err;
}

// The name of a key of this type in ~/.ssh, as ssh looks for it.
static const char *usual_name(const char *type_name) {
    static const struct {
        enum vouch_key_type type;
        const char *name;
    } names[] = {
        {VOUCH_KEY_RSA, "id_rsa"},
        {VOUCH_KEY_ECDSA_P256, "id_ecdsa"},
        {VOUCH_KEY_ECDSA_P384, "id_ecdsa"},
        {VOUCH_KEY_ECDSA_P521, "id_ecdsa"},
        {VOUCH_KEY_ED25519, "id_ed25519"},
        {VOUCH_KEY_SK_ED25519, "id_ed25519_sk"},
        {VOUCH_KEY_SK_ECDSA_P256, "id_ecdsa_sk"},
    };
    unsigned bits = 0;
    enum vouch_key_type type =
        type_name != NULL ? vouch_keygen_type(type_name, &bits) : VOUCH_KEY_ED25519;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].type == type) {
            return names[i].name;
        }
    }
    return NULL;
}

int vouch_keygen_file(const struct vouch_keygen *args, const char *question, char **ret_path) {
    if (args->value['f'] != NULL) {
        *ret_path = vouch_str_copy(vouch_bytes_of(args->value['f']));
        return *ret_path != NULL ? VOUCH_KEYGEN_GO_ON : VOUCH_KEYGEN_FAILED;
    }
    const struct passwd *who = getpwuid(getuid());
    const char *name = usual_name(args->value['t']);
    char *usual = NULL;
    if (who == NULL || name == NULL) {
        return who == NULL
                   ? vouch_keygen_fail("No user exists for uid %lu", (unsigned long)getuid())
                   : vouch_keygen_fail("bad key type");
    }
    if (asprintf(&usual, "%s/.ssh/%s", who->pw_dir, name) < 0) {
        return VOUCH_KEYGEN_FAILED;
    }
    char answer[1024];
    (void)printf("%s (%s): ", question, usual);
    (void)fflush(stdout);
    if (fgets(answer, sizeof answer, stdin) == NULL) {
        free(usual);
        return 1;
    }
    answer[strcspn(answer, "\n")] = '\0';
    if (answer[0] == '\0') {
        *ret_path = usual;
        return VOUCH_KEYGEN_GO_ON;
    }
    free(usual);
    *ret_path = vouch_str_copy(vouch_bytes_of(answer));
    return *ret_path != NULL ? VOUCH_KEYGEN_GO_ON : VOUCH_KEYGEN_FAILED;
}
