// SPDX-License-Identifier: ISC
// A failure as a person meets it: what happened, why, and what to do next, with a stable code.
//
// core answers with codes and a place; the layers above turn them into faults, by value, in their last
// parameter. A fault is reported once, at the top.
#pragma once

#include "vouch/buf.h"

// One row of the catalogue of faults (vouch-errors(7)).
struct vouch_fault_kind {
    const char *code;  // "V-1204": never reused
    const char *title; // a few words
    const char *cause; // what it means, a sentence or two
    const char *fix;   // what to do
};

struct vouch_fault {
    int err;                             // the vouch_err behind it
    const struct vouch_fault_kind *kind; // never NULL once set
    char text[512];                      // one line: object, field, cause; printable
    char next[256];                      // what to type next; may be empty: the kind's fix
};

// The kinds of faults. Each is a row in fault.c and a paragraph in vouch-errors(7).
extern const struct vouch_fault_kind vouch_fault_memory;      // V-1001
extern const struct vouch_fault_kind vouch_fault_read;        // V-1101 cannot read a file
extern const struct vouch_fault_kind vouch_fault_write;       // V-1102 cannot write a file
extern const struct vouch_fault_kind vouch_fault_exists;      // V-1103 will not overwrite
extern const struct vouch_fault_kind vouch_fault_mode;        // V-1104 key file open to others
extern const struct vouch_fault_kind vouch_fault_size;        // V-1105 file too large
extern const struct vouch_fault_kind vouch_fault_key_format;  // V-1201 not a public key
extern const struct vouch_fault_kind vouch_fault_key_file;    // V-1202 not a private key
extern const struct vouch_fault_kind vouch_fault_passphrase;  // V-1203 passphrase missing or wrong
extern const struct vouch_fault_kind vouch_fault_cert_format; // V-1204 not a certificate
extern const struct vouch_fault_kind vouch_fault_krl_format;  // V-1205 not a KRL
extern const struct vouch_fault_kind vouch_fault_key_weak;    // V-1206 key too weak
extern const struct vouch_fault_kind vouch_fault_spec;        // V-1301 a rule of issuing is broken
extern const struct vouch_fault_kind vouch_fault_ca_dir;      // V-1302 not a CA directory
extern const struct vouch_fault_kind vouch_fault_ca_key;      // V-1303 CA key does not fit its use
extern const struct vouch_fault_kind vouch_fault_serial;      // V-1304 serial was used before
extern const struct vouch_fault_kind vouch_fault_sign;        // V-1305 the key holder did not sign
extern const struct vouch_fault_kind vouch_fault_clock;       // V-1306 the clock went backwards
extern const struct vouch_fault_kind vouch_fault_agent; // V-1401 ssh-agent unreachable or refused
extern const struct vouch_fault_kind vouch_fault_ledger_busy; // V-1501 ledger in use
extern const struct vouch_fault_kind vouch_fault_ledger_bad;  // V-1502 ledger damaged or altered
extern const struct vouch_fault_kind vouch_fault_ledger_io;   // V-1503 ledger cannot be written
extern const struct vouch_fault_kind vouch_fault_peer;        // V-1601 a role did not answer
extern const struct vouch_fault_kind vouch_fault_role;        // V-1602 a role did not start or died
extern const struct vouch_fault_kind vouch_fault_sandbox;     // V-1603 no sandbox
extern const struct vouch_fault_kind vouch_fault_user;        // V-1604 a role's user will not do
extern const struct vouch_fault_kind
    vouch_fault_signer_state;                             // V-1605 the signer's state file is bad
extern const struct vouch_fault_kind vouch_fault_ceiling; // V-1606 beyond the signer's ceiling
extern const struct vouch_fault_kind vouch_fault_rate;    // V-1607 too many at once
extern const struct vouch_fault_kind vouch_fault_epoch;   // V-1608 no serial is left
extern const struct vouch_fault_kind vouch_fault_event;   // V-1609 not for askers to record
extern const struct vouch_fault_kind vouch_fault_store_busy;   // V-1701 database in use
extern const struct vouch_fault_kind vouch_fault_store_bad;    // V-1702 database damaged
extern const struct vouch_fault_kind vouch_fault_store_io;     // V-1703 database cannot be written
extern const struct vouch_fault_kind vouch_fault_store_schema; // V-1704 database of another version
extern const struct vouch_fault_kind vouch_fault_caller;       // V-1801 no token, or no good one
extern const struct vouch_fault_kind vouch_fault_scope;        // V-1802 the caller may not do this
extern const struct vouch_fault_kind vouch_fault_profile;      // V-1803 outside of the profile
extern const struct vouch_fault_kind vouch_fault_absent;       // V-1804 there is no such thing
extern const struct vouch_fault_kind vouch_fault_field; // V-1805 a field of the request is wrong
extern const struct vouch_fault_kind vouch_fault_taken; // V-1806 the name is taken or in use
extern const struct vouch_fault_kind vouch_fault_once;  // V-1807 idempotency key of another request
extern const struct vouch_fault_kind vouch_fault_at_work;     // V-1808 at work, or too busy
extern const struct vouch_fault_kind vouch_fault_subject_key; // V-1809 a CA's key, or a revoked one
extern const struct vouch_fault_kind vouch_fault_renewal;     // V-1810 cannot be renewed any more
extern const struct vouch_fault_kind vouch_fault_publish;     // V-1811 revocation list is not out
extern const struct vouch_fault_kind vouch_fault_policy_none; // V-1812 none was ever applied
extern const struct vouch_fault_kind vouch_fault_policy_version; // V-1813 made from another version
extern const struct vouch_fault_kind vouch_fault_policy_refuses; // V-1814 outside of the policy
extern const struct vouch_fault_kind vouch_fault_approval;       // V-1815 approvals are missing
extern const struct vouch_fault_kind
    vouch_fault_request_state;                             // V-1816 it is decided, expired or taken
extern const struct vouch_fault_kind vouch_fault_approver; // V-1817 not one of those who approve
extern const struct vouch_fault_kind
    vouch_fault_request_other; // V-1818 the policy gives something else now
extern const struct vouch_fault_kind vouch_fault_lock_out; // V-1819 the last administrator would go
extern const struct vouch_fault_kind vouch_fault_api_json; // V-1820 not one JSON object
extern const struct vouch_fault_kind vouch_fault_api_media;        // V-1821 a body of another kind
extern const struct vouch_fault_kind vouch_fault_api_path;         // V-1822 no such path
extern const struct vouch_fault_kind vouch_fault_api_method;       // V-1823 another method
extern const struct vouch_fault_kind vouch_fault_api_large;        // V-1824 a bound
extern const struct vouch_fault_kind vouch_fault_api_unready;      // V-1825 not ready
extern const struct vouch_fault_kind vouch_fault_api_http;         // V-1826 a rule of HTTP
extern const struct vouch_fault_kind vouch_fault_api_failed;       // V-1827 a failure
extern const struct vouch_fault_kind vouch_fault_host_token;       // V-1830 a host's token
extern const struct vouch_fault_kind vouch_fault_host_proof;       // V-1831 a proof of a host key
extern const struct vouch_fault_kind vouch_fault_host_name;        // V-1832 a name of a host
extern const struct vouch_fault_kind vouch_fault_host_taken;       // V-1833 a host that is there
extern const struct vouch_fault_kind vouch_fault_host_locked;      // V-1834 a locked host
extern const struct vouch_fault_kind vouch_fault_host_queue;       // V-1835 a full queue
extern const struct vouch_fault_kind vouch_fault_host_stage;       // V-1836 the state of a host
extern const struct vouch_fault_kind vouch_fault_host_fingerprint; // V-1837 a fingerprint
extern const struct vouch_fault_kind vouch_fault_host_renewal;     // V-1838 a renewal
extern const struct vouch_fault_kind vouch_fault_host_zone;        // V-1839 a zone
extern const struct vouch_fault_kind vouch_fault_config;     // V-1840 the configuration is wrong
extern const struct vouch_fault_kind vouch_fault_listen;     // V-1841 cannot listen
extern const struct vouch_fault_kind vouch_fault_server_dir; // V-1842 not a server's folder
extern const struct vouch_fault_kind vouch_fault_no_answer;  // V-1843 the server does not answer
extern const struct vouch_fault_kind vouch_fault_server_unknown;     // V-1860 no server was named
extern const struct vouch_fault_kind vouch_fault_server_unreachable; // V-1861 no answer from it
extern const struct vouch_fault_kind
    vouch_fault_server_unproven;                               // V-1862 not the one that was meant
extern const struct vouch_fault_kind vouch_fault_server_token; // V-1863 no token, or not a good one
extern const struct vouch_fault_kind vouch_fault_server_refused; // V-1864 the server says no
extern const struct vouch_fault_kind vouch_fault_server_answer;  // V-1865 not what a server answers
extern const struct vouch_fault_kind vouch_fault_server_failed;  // V-1866 the server could not
extern const struct vouch_fault_kind vouch_fault_not_asked; // V-1867 a certificate other than asked
extern const struct vouch_fault_kind vouch_fault_krl_unproven; // V-1868 a list that proves nothing
extern const struct vouch_fault_kind vouch_fault_backup;       // V-1869 a backup is not whole
extern const struct vouch_fault_kind vouch_fault_server_runs; // V-1870 the server has to be stopped
extern const struct vouch_fault_kind vouch_fault_signed_out;  // V-1871 not signed in
extern const struct vouch_fault_kind
    vouch_fault_no_access; // V-1872 no role gives what was asked for
extern const struct vouch_fault_kind
    vouch_fault_ssh_files; // V-1873 a file of ssh is not as it was left
extern const struct vouch_fault_kind vouch_fault_setup_link; // V-1874 not a setup link
extern const struct vouch_fault_kind vouch_fault_git_setup;  // V-1875 git could not be set up
extern const struct vouch_fault_kind
    vouch_fault_hook_wait; // V-1876 renewed a moment ago without success
extern const struct vouch_fault_kind vouch_fault_sign_in; // V-1880 name, password or code is wrong
extern const struct vouch_fault_kind
    vouch_fault_password_rule;                                 // V-1881 a password that is too easy
extern const struct vouch_fault_kind vouch_fault_tries;        // V-1882 too many tries
extern const struct vouch_fault_kind vouch_fault_sign_in_busy; // V-1883 no room to hash
extern const struct vouch_fault_kind vouch_fault_stored; // V-1884 kept for a user, and damaged
extern const struct vouch_fault_kind vouch_fault_identity_key; // V-1885 no key to seal with
extern const struct vouch_fault_kind vouch_fault_factor_old;   // V-1886 a code, please
extern const struct vouch_fault_kind vouch_fault_sign_ins;     // V-1887 too many at once
extern const struct vouch_fault_kind vouch_fault_link;         // V-1888 a link that is no good
extern const struct vouch_fault_kind vouch_fault_factor_kind;  // V-1889 not by a recovery code
extern const struct vouch_fault_kind vouch_fault_account;      // V-1890 no such user
extern const struct vouch_fault_kind vouch_fault_no_identity;  // V-1891 no role to ask
extern const struct vouch_fault_kind vouch_fault_host_state;   // V-1894 too much for one host
extern const struct vouch_fault_kind vouch_fault_usage;        // V-1901 wrong use of a command
extern const struct vouch_fault_kind vouch_fault_input; // V-1902 a text input (spec, list) is wrong
extern const struct vouch_fault_kind vouch_fault_host_ask; // V-1903 a question to the root part
extern const struct vouch_fault_kind
    vouch_fault_host_trust; // V-1904 a trust bundle that proves nothing
extern const struct vouch_fault_kind vouch_fault_host_cert; // V-1905 a certificate that is not ours
extern const struct vouch_fault_kind
    vouch_fault_host_names;                                 // V-1906 a name that sshd would misread
extern const struct vouch_fault_kind vouch_fault_host_keys; // V-1907 no host key
extern const struct vouch_fault_kind vouch_fault_host_config; // V-1908 a setting of somebody else
extern const struct vouch_fault_kind vouch_fault_host_test;   // V-1909 sshd -t says no
extern const struct vouch_fault_kind vouch_fault_host_effect; // V-1910 a setting that does not hold
extern const struct vouch_fault_kind vouch_fault_host_reload; // V-1911 sshd did not reload
extern const struct vouch_fault_kind vouch_fault_host_self;   // V-1912 no certificate is shown
extern const struct vouch_fault_kind vouch_fault_host_file;   // V-1913 a file that cannot be used
extern const struct vouch_fault_kind vouch_fault_host_saved;  // V-1914 a saved copy is damaged
extern const struct vouch_fault_kind vouch_fault_host_conf;   // V-1915 host.conf is wrong
extern const struct vouch_fault_kind
    vouch_fault_host_pending; // V-1916 a change waits to be confirmed
extern const struct vouch_fault_kind vouch_fault_host_nothing; // V-1917 nothing to confirm or use
extern const struct vouch_fault_kind vouch_fault_krl_refused;  // V-1920 a list that will not do
extern const struct vouch_fault_kind vouch_fault_login_log;    // V-1921 sshd's log cannot be read
extern const struct vouch_fault_kind vouch_fault_scan;         // V-1922 a file of authorized keys
extern const struct vouch_fault_kind vouch_fault_child; // V-1923 a program did not do its work
extern const struct vouch_fault_kind vouch_fault_not_enrolled; // V-1930 not enrolled
extern const struct vouch_fault_kind
    vouch_fault_agent_file; // V-1931 the agent's own file is damaged
extern const struct vouch_fault_kind
    vouch_fault_adoption; // V-1932 an administrator has to adopt it
extern const struct vouch_fault_kind vouch_fault_host_barred; // V-1933 locked, retired or forgotten
extern const struct vouch_fault_kind vouch_fault_host_root;   // V-1934 the root part did not answer
extern const struct vouch_fault_kind
    vouch_fault_host_start; // V-1935 not started as root, or no folder
extern const struct vouch_fault_kind vouch_fault_host_enrolled; // V-1936 enrolled already
extern const struct vouch_fault_kind vouch_fault_host_install; // V-1937 a step of installing failed
extern const struct vouch_fault_kind vouch_fault_host_busy;    // V-1938 another one works already
extern const struct vouch_fault_kind vouch_fault_fleet_key; // V-1960 not the machine that was meant
extern const struct vouch_fault_kind vouch_fault_program;   // V-1961 another program does not run
extern const struct vouch_fault_kind vouch_fault_trust_make; // V-1970 no trust bundle can be made
extern const struct vouch_fault_kind vouch_fault_trust_unproven; // V-1971 a bundle proves nothing
extern const struct vouch_fault_kind vouch_fault_internal;       // V-1999 a bug

// All kinds, in the order of their codes, ended by NULL.
extern const struct vouch_fault_kind *const vouch_fault_kinds[];

// The kind with that code, or NULL.
const struct vouch_fault_kind *vouch_fault_kind_of(struct vouch_bytes code);

// Fills in a fault and returns `err`, so that a caller can write: return vouch_fault_set(...). `fault`
// may be NULL. Unprintable characters in the result are escaped.
int vouch_fault_set(struct vouch_fault *fault, int err, const struct vouch_fault_kind *kind,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

// Sets what to do next, in place of the kind's fix; returns fault->err, or VOUCH_ERR_ARGUMENT when nobody
// wants the fault: a failure stays one.
int vouch_fault_next(struct vouch_fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// From a code and a place of core: "OBJECT: FIELD REASON (byte OFFSET)".
int vouch_fault_where(struct vouch_fault *fault, int err, const struct vouch_fault_kind *kind,
                      const char *object, const struct vouch_where *where);
