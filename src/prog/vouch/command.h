// SPDX-License-Identifier: ISC
// The commands: what each is called, takes and does. One table, from which parsing, help, completions
// and the checks of the manual are made.
#pragma once

#include "prog/vouch/args.h"
#include "prog/vouch/term.h"

// Exit codes, as in vouch(1). "No" is 1; what failed is never 1 in a command that answers a question.
enum vouch_exit {
    VOUCH_EXIT_OK = 0,
    VOUCH_EXIT_NO = 1,
    VOUCH_EXIT_USAGE = 2,
    VOUCH_EXIT_NOT_FOUND = 3,
    VOUCH_EXIT_TOKEN = 4,       // the server wants a valid token
    VOUCH_EXIT_REFUSED = 5,     // the server says no
    VOUCH_EXIT_WAITING = 6,     // for the approval of others
    VOUCH_EXIT_UNREACHABLE = 7, // the server does not answer
    VOUCH_EXIT_CONFLICT = 8,
    VOUCH_EXIT_LOCAL = 9,
    VOUCH_EXIT_ERROR = 255, // of vouch cert check --expires-in only
};

// Which forms of output a command has (-o).
enum vouch_shape {
    VOUCH_SHAPE_TEXT = 0, // lines to install or to read: no -o
    VOUCH_SHAPE_ITEM,     // table json jsonl
    VOUCH_SHAPE_LIST,     // table wide json jsonl csv name
};

// What the exit code means when the work could not be done.
enum vouch_manner {
    VOUCH_MANNER_DOES = 0, // 1: it failed
    VOUCH_MANNER_ASKS,     // 1 is the answer "no"; a failure is 2 or more
};

// One run.
struct vouch_cli {
    const struct vouch_command *command;
    struct vouch_args args;
    struct vouch_term term;
};

// Whether the list of all commands has it.
enum vouch_command_shown { VOUCH_COMMAND_SHOWN = 0, VOUCH_COMMAND_INNER };

struct vouch_query_listing;

struct vouch_command {
    const char *noun;
    const char *verb; // may be of two words: "token new"; NULL: the noun alone is the command
    const char *summary;
    const char *operands; // as shown in the usage line, such as "KEY.pub..."
    size_t operands_min;
    size_t operands_max;
    const struct vouch_option *options; // its own, ended by a NULL name; NULL: none
    const char *notes;                  // shown under the options; may be NULL
    const char *const *examples;        // ended by NULL
    enum vouch_shape shape;
    enum vouch_manner manner;
    enum vouch_command_shown shown;
    const struct vouch_query_listing
        *listing; // of a command that lists what a server has; else NULL
    // Returns 0 with the exit code, or a negative code with the fault set.
    int (*run)(const struct vouch_cli *cli, enum vouch_exit *ret_exit, struct vouch_fault *fault);
    // The exit code of a failure, where it is not that of every command; NULL otherwise.
    enum vouch_exit (*failed)(const struct vouch_cli *cli, const struct vouch_fault *fault);
    const char *letters; // options that are letters alone and in no table; NULL: none
};

// The program that has the commands.
struct vouch_program {
    const char *name;            // "vouch"
    const char *title;           // what it is, in half a sentence
    const char *const *examples; // ended by NULL
};
extern const struct vouch_program vouch_program;

// Runs the command that argv names and reports its one failure; returns the exit code.
VOUCH_MUST_USE int vouch_program_main(int argc, char **argv);

// What a program does before it looks at anything: descriptors 0 to 2 are open, and the environment names
// no code to load.
void vouch_program_begin(void);

// All commands in the order of the help, ended by NULL.
extern const struct vouch_command *const vouch_commands[];

// One set for each noun.
extern const struct vouch_command vouch_cmd_ca_init, vouch_cmd_ca_show, vouch_cmd_ca_trust;
extern const struct vouch_command vouch_cmd_ca_rotate_plan, vouch_cmd_ca_rotate_start,
    vouch_cmd_ca_rotate_advance, vouch_cmd_ca_rotate_back, vouch_cmd_ca_rotate_status;
extern const struct vouch_command vouch_cmd_sign_user, vouch_cmd_sign_host;
extern const struct vouch_command vouch_cmd_cert_show, vouch_cmd_cert_check;
extern const struct vouch_command vouch_cmd_cert_issue, vouch_cmd_cert_renew, vouch_cmd_cert_ls;
extern const struct vouch_command vouch_cmd_cert_revoke;
extern const struct vouch_command vouch_cmd_krl_build, vouch_cmd_krl_show, vouch_cmd_krl_check;
extern const struct vouch_command vouch_cmd_krl_fetch, vouch_cmd_krl_revocations;
extern const struct vouch_command vouch_cmd_key_show, vouch_cmd_key_new;
extern const struct vouch_command vouch_cmd_ledger_show, vouch_cmd_ledger_verify;
extern const struct vouch_command vouch_cmd_server_set, vouch_cmd_server_show,
    vouch_cmd_server_unset;
extern const struct vouch_command vouch_cmd_token_new, vouch_cmd_token_ls, vouch_cmd_token_disable;
extern const struct vouch_command vouch_cmd_profile_put, vouch_cmd_profile_show,
    vouch_cmd_profile_ls;
extern const struct vouch_command vouch_cmd_profile_rm, vouch_cmd_audit_ls;
extern const struct vouch_command vouch_cmd_backup_new, vouch_cmd_backup_verify;
extern const struct vouch_command vouch_cmd_backup_restore;
extern const struct vouch_command vouch_cmd_login, vouch_cmd_logout, vouch_cmd_status, vouch_cmd_ls,
    vouch_cmd_renew, vouch_cmd_hook;
extern const struct vouch_command vouch_cmd_setup_account, vouch_cmd_setup_admin,
    vouch_cmd_setup_ssh;
extern const struct vouch_command vouch_cmd_setup_git, vouch_cmd_setup_completion;
extern const struct vouch_command vouch_cmd_passwd, vouch_cmd_recovery_new;
extern const struct vouch_command vouch_cmd_passkey_ls, vouch_cmd_passkey_rm;
extern const struct vouch_command vouch_cmd_policy_export, vouch_cmd_policy_check,
    vouch_cmd_policy_diff, vouch_cmd_policy_apply, vouch_cmd_policy_log;
extern const struct vouch_command vouch_cmd_zone_ls, vouch_cmd_zone_show, vouch_cmd_zone_add,
    vouch_cmd_zone_edit, vouch_cmd_zone_rm;
extern const struct vouch_command vouch_cmd_user_ls, vouch_cmd_user_show, vouch_cmd_user_add,
    vouch_cmd_user_edit, vouch_cmd_user_rm, vouch_cmd_user_disable, vouch_cmd_user_enable,
    vouch_cmd_user_link, vouch_cmd_user_sessions, vouch_cmd_user_sign_out;
extern const struct vouch_command vouch_cmd_group_ls, vouch_cmd_group_show, vouch_cmd_group_add,
    vouch_cmd_group_edit, vouch_cmd_group_rm;
extern const struct vouch_command vouch_cmd_role_ls, vouch_cmd_role_show, vouch_cmd_role_add,
    vouch_cmd_role_edit, vouch_cmd_role_rm, vouch_cmd_role_test;
extern const struct vouch_command vouch_cmd_access_who_can, vouch_cmd_access_can;
extern const struct vouch_command vouch_cmd_request, vouch_cmd_request_ls, vouch_cmd_request_show,
    vouch_cmd_request_cancel, vouch_cmd_request_wait, vouch_cmd_approve, vouch_cmd_deny;
extern const struct vouch_command vouch_cmd_breakglass_seal, vouch_cmd_breakglass_sheet,
    vouch_cmd_review_ls, vouch_cmd_review_show, vouch_cmd_review_done;
extern const struct vouch_command vouch_cmd_audit_search, vouch_cmd_audit_tail,
    vouch_cmd_audit_logins, vouch_cmd_explain, vouch_cmd_krl_status, vouch_cmd_access_matrix,
    vouch_cmd_access_diff, vouch_cmd_doctor;
extern const struct vouch_command vouch_cmd_host_token_new, vouch_cmd_host_token_ls,
    vouch_cmd_host_token_rm, vouch_cmd_host_ls, vouch_cmd_host_show, vouch_cmd_host_edit,
    vouch_cmd_host_adopt, vouch_cmd_host_refuse, vouch_cmd_host_lock, vouch_cmd_host_rename,
    vouch_cmd_host_retire;
extern const struct vouch_command vouch_cmd_keygen, vouch_cmd_help, vouch_cmd_version;

// The command of argv[1] (and the words behind it); *ret_words is how many words name it. Unknown words give
// VOUCH_ERR_ARGUMENT and a fault that names the nearest.
VOUCH_MUST_USE int vouch_command_find(int argc, char *const *argv,
                                      const struct vouch_command **ret_command, int *ret_words,
                                      struct vouch_fault *fault);

// Options about the server may stand before the command, as in vouch --local DIR token ls: puts those of
// argv behind the words that name the command, where options are looked for.
void vouch_command_lead(int argc, char **argv);

// Nonzero if some command begins with this noun.
int vouch_command_has_noun(const char *noun);

// The options that `shape` brings along with the ones that every command takes; ended by a NULL name.
const struct vouch_option *vouch_command_common(enum vouch_shape shape);

// "vouch sign user" or "vouch help".
void vouch_command_name(const struct vouch_command *command, char *ret_name, size_t ret_size);

// The exit code that a failure has by its kind; `command` may be NULL.
enum vouch_exit vouch_command_usual_exit(const struct vouch_command *command,
                                         const struct vouch_fault *fault);

// The exit code of this run's failure; cli->command may be NULL.
enum vouch_exit vouch_command_exit(const struct vouch_cli *cli, const struct vouch_fault *fault);
