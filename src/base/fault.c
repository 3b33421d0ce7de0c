// SPDX-License-Identifier: ISC
// The catalogue of faults, and filling one in.
#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"

#define KIND(name, code_, title_, cause_, fix_)                                                    \
    const struct vouch_fault_kind vouch_fault_##name = {                                           \
        .code = (code_), .title = (title_), .cause = (cause_), .fix = (fix_)}

KIND(memory, "V-1001", "out of memory",
     "The system gave no more memory, or the input asked for more than its limit allows.",
     "Close other programs, or give the process more memory, and run the command again.");
KIND(read, "V-1101", "cannot read a file",
     "The file does not exist, or this user may not read it, or the disk failed.",
     "Check the path and the permissions that the message names.");
KIND(write, "V-1102", "cannot write a file",
     "The folder does not exist, is not writable, or the disk is full. Nothing was left behind.",
     "Make room or choose another folder, then run the command again.");
KIND(exists, "V-1103", "will not overwrite",
     "The file to be written exists already and may matter.",
     "Choose another name, or add --force where the command offers it.");
KIND(mode, "V-1104", "a secret file is open to others",
     "A private key or passphrase file can be read by other users of this machine.",
     "Close it with: chmod 600 FILE. If others may have read it, make a new key.");
KIND(size, "V-1105", "a file is too large", "The file is larger than anything of its kind can be.",
     "Check that the path names the file that you meant.");
KIND(
    key_format, "V-1201", "not a public key",
    "The text is not an OpenSSH public key of a type that is known here.",
    "Give the .pub file that ssh-keygen made. Types: ssh-ed25519, ecdsa-sha2-nistp256, -384, -521, "
    "ssh-rsa, and the sk- types.");
KIND(key_file, "V-1202", "not a private key",
     "The file is not a private key in OpenSSH or PEM format, or it is damaged.",
     "Give the private key file, without .pub; restore it from a backup if it is damaged.");
KIND(passphrase, "V-1203", "passphrase missing or wrong",
     "The key file is encrypted, and no passphrase or a wrong one was given.",
     "Run the command on a terminal to be asked for it, or give --passphrase-file FILE.");
KIND(cert_format, "V-1204", "not a certificate",
     "The text is not an OpenSSH certificate, or it was changed: its signature does not verify.",
     "Give the -cert.pub file; have the certificate issued again if it is damaged.");
KIND(krl_format, "V-1205", "not a revocation list",
     "The file is not a KRL that OpenSSH would read. On a host, sshd would refuse every key with "
     "it.",
     "Build it again with vouch krl build; never edit or cut a KRL.");
KIND(key_weak, "V-1206", "a key is too weak",
     "The key can be broken or was made by a broken generator, so no certificate is issued for it.",
     "Make a new one: vouch key new FILE, or ssh-keygen -t ed25519.");
KIND(spec, "V-1301", "a certificate that must not be issued",
     "What was asked for breaks a rule that keeps certificates safe; vouch(1) has them all.",
     "Change the field that the message names.");
KIND(ca_dir, "V-1302", "not a CA folder",
     "The folder does not hold a certificate authority, or only a part of one.",
     "Make one with: vouch ca init DIR; or give the folder that holds user_ca.pub and ledger/.");
KIND(ca_key, "V-1303", "a CA key does not fit",
     "The key is not the one of this CA, or may not be a CA's key.",
     "Use the user CA for user certificates and the host CA for host certificates.");
KIND(serial, "V-1304", "a serial number was used before",
     "The ledger holds a certificate with this serial. No serial is given twice.",
     "Leave out -z to be given the next serial.");
KIND(sign, "V-1305", "the CA did not sign",
     "The holder of the CA key failed, or gave a signature that does not verify. Nothing was "
     "issued.",
     "Try again; if it happens twice, take the key out of use and look at its hardware.");
KIND(clock, "V-1306", "the clock went backwards",
     "The system's clock is behind the last record of the ledger, so validity would be wrong.",
     "Set the clock (timedatectl, chronyc makestep) and run the command again.");
KIND(agent, "V-1401", "ssh-agent did not help",
     "The agent cannot be reached, does not hold the key, or refused.",
     "Check SSH_AUTH_SOCK, and add the key with: ssh-add FILE.");
KIND(ledger_busy, "V-1501", "the ledger is in use",
     "Another process is writing to this ledger and did not finish in time.",
     "Wait for it and run the command again.");
KIND(ledger_bad, "V-1502", "the ledger is damaged or was altered",
     "The files of the ledger do not prove what its checkpoint says. Nothing is issued on top of "
     "it.",
     "Keep a copy as it is, run vouch ledger verify DIR, and restore from a backup.");
KIND(ledger_io, "V-1503", "the ledger cannot be written",
     "A record could not be made durable, so nothing was issued.",
     "Check the disk (full? read-only? failing?), then run the command again.");
KIND(peer, "V-1601", "a part of the service did not answer",
     "One of the service's own processes hung up, was too slow, or sent what it may not send.",
     "Look in the log for what that process said last. The service restarts by itself.");
KIND(
    role, "V-1602", "a part of the service does not run",
    "One of the service's own processes did not start, did not get ready in time, or ended. All of "
    "them are restarted together.",
    "Correct what the message names; it is tried again, less and less often, without end.");
KIND(sandbox, "V-1603", "the sandbox cannot be set up",
     "The kernel lacks Landlock or seccomp, or a path that the role needs is not there. Without a "
     "sandbox the role does not start.",
     "Boot a kernel from 5.13 on with Landlock and seccomp, or allow running without in the "
     "configuration.");
KIND(user, "V-1604", "a user for a part of the service is missing",
     "Each process of the service runs as a user of its own, and this one does not exist or is "
     "root.",
     "Make it with: useradd --system NAME; or give numbers as UID:GID; or start as an ordinary "
     "user.");
KIND(store_busy, "V-1701", "the database is in use",
     "Another process or thread was writing to the database and did not finish in time.",
     "Wait for it and try again; see that only one service uses the database.");
KIND(store_bad, "V-1702", "the database is damaged or not the right one",
     "The database holds what this program does not write, or belongs to another ledger or another "
     "program. What was issued is in the ledger and is not lost.",
     "Stop the service, keep a copy of the file, and put back a backup: it is completed from the "
     "ledger.");
KIND(store_io, "V-1703", "the database cannot be read or written",
     "The file or its folder is missing, not writable, or the disk is full or failing.",
     "Check the disk and the rights that the message names, then start again.");
KIND(store_schema, "V-1704", "the database is of another version",
     "The database was written by a newer program, or has not been brought up to date by this one.",
     "Use the newest program that has run on it; if it is older than this one, start the service "
     "once.");
KIND(usage, "V-1901", "wrong use of a command",
     "An option or argument is missing, unknown or not of the form it must have.",
     "See vouch help and the examples there.");
KIND(input, "V-1902", "a list or specification is wrong",
     "A line of the input does not have the form that it must have.",
     "Correct the line that the message names.");
KIND(internal, "V-1999", "a bug", "Something happened that must not. Nothing was issued.",
     "Please report it with the command and the message.");

const struct vouch_fault_kind *const vouch_fault_kinds[] = {
    &vouch_fault_memory,     &vouch_fault_read,
    &vouch_fault_write,      &vouch_fault_exists,
    &vouch_fault_mode,       &vouch_fault_size,
    &vouch_fault_key_format, &vouch_fault_key_file,
    &vouch_fault_passphrase, &vouch_fault_cert_format,
    &vouch_fault_krl_format, &vouch_fault_key_weak,
    &vouch_fault_spec,       &vouch_fault_ca_dir,
    &vouch_fault_ca_key,     &vouch_fault_serial,
    &vouch_fault_sign,       &vouch_fault_clock,
    &vouch_fault_agent,      &vouch_fault_ledger_busy,
    &vouch_fault_ledger_bad, &vouch_fault_ledger_io,
    &vouch_fault_peer,       &vouch_fault_role,
    &vouch_fault_sandbox,    &vouch_fault_user,
    &vouch_fault_store_busy, &vouch_fault_store_bad,
    &vouch_fault_store_io,   &vouch_fault_store_schema,
    &vouch_fault_usage,      &vouch_fault_input,
    &vouch_fault_internal,   NULL,
};

__attribute__((format(printf, 3, 0))) static void format_escaped(char *out, size_t out_size,
                                                                 const char *format, va_list args) {
    char raw[1024];
    (void)vsnprintf(raw, sizeof raw, format, args);
    vouch_str_escape_to(vouch_bytes_of(raw), out, out_size);
}

int vouch_fault_set(struct vouch_fault *fault, int err, const struct vouch_fault_kind *kind,
                    const char *format, ...) {
    if (fault == NULL) {
        return err;
    }
    fault->err = err;
    fault->kind = kind;
    fault->next[0] = '\0';
    va_list args;
    va_start(args, format);
    format_escaped(fault->text, sizeof fault->text, format, args);
    va_end(args);
    return err;
}

int vouch_fault_next(struct vouch_fault *fault, const char *format, ...) {
    if (fault == NULL) {
        return VOUCH_ERR_ARGUMENT; // never success: callers return what this returns
    }
    va_list args;
    va_start(args, format);
    format_escaped(fault->next, sizeof fault->next, format, args);
    va_end(args);
    return fault->err;
}

int vouch_fault_where(struct vouch_fault *fault, int err, const struct vouch_fault_kind *kind,
                      const char *object, const struct vouch_where *where) {
    if (where == NULL || where->field == NULL) {
        return vouch_fault_set(fault, err, kind, "%s: %s", object, vouch_err_text(err));
    }
    const char *reason = where->reason != NULL ? where->reason : vouch_err_text(err);
    if (where->offset == 0) {
        return vouch_fault_set(fault, err, kind, "%s: %s %s", object, where->field, reason);
    }
    return vouch_fault_set(fault, err, kind, "%s: %s %s (at byte %zu)", object, where->field,
                           reason, where->offset);
}
