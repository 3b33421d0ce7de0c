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
KIND(signer_state, "V-1605", "the signer's state cannot be used",
     "The file signer/state does not say what it must, or cannot be written; without it nobody "
     "could tell an older copy of the ledger from the newest one.",
     "Check the disk and who owns the folder. If the file is damaged, remove it and start "
     "again: a new epoch of serials begins.");
KIND(ceiling, "V-1606", "outside the signer's ceiling",
     "The signer signs nothing beyond the limits of its own file ceiling.yaml, whatever else "
     "allows it.",
     "Ask for less; or let the administrator raise that limit in ceiling.yaml and restart the "
     "service.");
KIND(rate, "V-1607", "too many certificates in a second",
     "More certificates were asked for than rate.per_second of ceiling.yaml allows.",
     "Try again after a second. If the load is wanted, raise the limit and restart the service.");
KIND(epoch, "V-1608", "no serial number is left",
     "Serial numbers count up within an epoch, and a new epoch begins at a start; the last of "
     "one kind has been given.",
     "Restart the service to begin a new epoch; if it says so then as well, make a new CA.");
KIND(event, "V-1609", "the signer does not record that",
     "The event is of a type that only the signer or the ledger writes, breaks the format of "
     "records, or is a revocation list that is not newer than the last.",
     "Compare the versions of the service's programs; this is no error of the person who asked.");
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
KIND(caller, "V-1801", "token or session is missing or no good",
     "The request came without an API token or a session, with one that nobody knows, or with one "
     "that has ended, expired or was disabled.",
     "Sign in with vouch login, or give the whole secret of a good token; an administrator makes "
     "one with: vouch token new.");
KIND(scope, "V-1802", "the caller may not do this",
     "Token or session is good, but what was asked needs a scope that the token does not have, or "
     "a group that the user is not in.",
     "Use a token that has the scope (vouch token new makes one), or ask an administrator.");
KIND(profile, "V-1803", "outside of the profile",
     "What was asked for goes beyond what the profile of the token allows: its kind of "
     "certificate, names, options or longest time. Nothing was issued.",
     "Ask for less, or have an administrator change the profile.");
KIND(absent, "V-1804", "there is no such thing",
     "Nothing of that serial, name or path exists, or it is not for the one who asks.",
     "Check the spelling, and look at the listing.");
KIND(field, "V-1805", "a field of the request is wrong",
     "A field that the message names is missing, too long, or not of the form that it must have.",
     "Correct the field and ask again.");
KIND(taken, "V-1806", "the name is taken or in use",
     "Something of that name exists already, or something else still needs it.",
     "Choose another name, or first remove what needs it.");
KIND(once, "V-1807", "the idempotency key belongs to another request",
     "The same key came before with another request, so it is unknown which of the two is meant.",
     "Use a new key for a new request.");
KIND(at_work, "V-1808", "still at work, or too busy",
     "The same request is being worked on at this moment, or too many are.",
     "Wait a second and ask again in the same words.");
KIND(subject_key, "V-1809", "this key gets no certificate",
     "The key is one of the CA itself, or it was revoked.",
     "Make a new key and ask with that one.");
KIND(renewal, "V-1810", "the certificate cannot be renewed",
     "It was revoked, or it expired too long ago.", "Ask for a new certificate.");
KIND(publish, "V-1811", "the revocation list is not out yet",
     "A revocation is recorded, but the new list could not be made or published. It is tried again "
     "every second.",
     "Look in the log for the cause; nothing has to be revoked again.");
KIND(policy_none, "V-1812", "no policy holds yet",
     "Nobody gets access by roles before a policy was applied; none ever was.",
     "An administrator applies one: vouch policy apply FILE, on the server with --local "
     "DIR.");
KIND(policy_version, "V-1813", "another version of the policy holds",
     "The change was made from a version of the policy that does not hold any more, or from "
     "none.",
     "Get the policy anew, make the change again, and apply that.");
KIND(policy_refuses, "V-1814", "the policy does not allow this",
     "By the policy that holds, this person does not get what was asked for. The message "
     "gives the reasons; nothing was issued.",
     "Ask for what vouch ls shows, or have an administrator change the policy.");
KIND(approval, "V-1815", "others have to approve",
     "All else is allowed, but a role asks for the approval of others first.",
     "Ask for it with: vouch request ROLE --reason TEXT.");
KIND(request_state, "V-1816", "the request is past this",
     "The request was approved, denied, cancelled or taken before, or has expired.",
     "Look at it with vouch request show, and make a new request if one is needed.");
KIND(approver, "V-1817", "not yours to decide",
     "A request is decided by those whom the policy names for one of its roles, each once, "
     "and never by the one who asks.",
     "Ask one of those whom vouch request show names.");
KIND(request_other, "V-1818", "not what was approved",
     "The policy was changed since, so that it no longer gives exactly what was approved: "
     "other names, options or times.",
     "Make a new request.");
KIND(lock_out, "V-1819", "nobody would be an administrator",
     "With this policy no active user would be left in the group vouch-admins.",
     "Leave one there, or apply it on the server itself, with --local DIR.");
KIND(api_json, "V-1820", "the request is not JSON",
     "The body is not one JSON object, is nested too deeply, or names a member twice.",
     "Send one JSON object as doc/api.md and /v1/openapi.json describe it.");
KIND(api_media, "V-1821", "the body is of another kind",
     "The API takes JSON, and a policy as YAML; the request says that its body is something else, "
     "or nothing about it.",
     "Send the header Content-Type: application/json, with a policy application/yaml.");
KIND(api_path, "V-1822", "nothing is at this path",
     "The API has no such path; paths are exact, with their case and without a slash at the end.",
     "Look the path up in /v1/openapi.json.");
KIND(api_method, "V-1823", "the path does not take this method",
     "Something is at this path, but it cannot be asked for with this method.",
     "Use one of the methods that the Allow header of the answer names.");
KIND(api_large, "V-1824", "the request is too large",
     "The body, the headers or the address of the request are over their bounds, which "
     "doc/http.md lists.",
     "Send less; a request to the API is rarely over a few kilobytes.");
KIND(api_unready, "V-1825", "the service is not ready",
     "It has just started and has not read its ledger yet, or a part of it does not answer.",
     "Wait a moment and ask again; if it lasts, look in the log of the server.");
KIND(api_http, "V-1826", "the request is not HTTP as it must be",
     "The request breaks a rule of HTTP that keeps it from being read in two ways, took too "
     "long, or is of another version.",
     "Use an ordinary HTTP client; doc/http.md lists what is refused.");
KIND(api_failed, "V-1827", "the server could not do this",
     "A part of the service failed while the request was worked on. If it asked for a "
     "certificate, it may have been issued.",
     "Ask again with the same Idempotency-Key; the cause is in the log of the server.");
KIND(host_token, "V-1830", "no host token, or not a good one",
     "The token is unknown, expired, used up, or not for the network that the host asks "
     "from. API tokens, sessions and links enrol no hosts.",
     "Make another: vouch host token new; vouch host token ls shows those there are.");
KIND(host_proof, "V-1831", "a host key was not proven",
     "A signature by the host's own key is missing, is by another key or of another "
     "moment, or says something else than the request.",
     "Set the host's clock right and enrol again with vouch-host, which makes the proofs.");
KIND(host_name, "V-1832", "not a name for this host",
     "A name or alias is not written canonically, fits none of the patterns of the host's "
     "zone, stands for many hosts, or is an alias that nobody granted.",
     "Write names in lower case without a dot at the end; vouch zone show ZONE shows the "
     "patterns. A token grants the aliases that it fits.");
KIND(host_taken, "V-1833", "the name or key belongs to another host",
     "Another host, enrolled or written in the policy, has this name, alias or key.",
     "Look with vouch host show NAME; if that machine is gone, retire it with vouch host "
     "retire NAME.");
KIND(host_locked, "V-1834", "the host is locked",
     "Its identity was seen twice, on another machine or with a secret that had been "
     "replaced, or an administrator locked it.",
     "Find out which machine is the right one; then vouch host adopt NAME --fingerprint "
     "SHA256:... lets it in again.");
KIND(host_queue, "V-1835", "too many hosts wait to be adopted",
     "Hosts without a token wait for an administrator, so many from one address and so "
     "many in all.",
     "Adopt or refuse those that wait (vouch host ls --state waiting), or enrol with a "
     "token.");
KIND(host_stage, "V-1836", "the host is not in a state for this",
     "Only a host that waits can be refused, only one that waits or is locked can be "
     "adopted, and so on.",
     "vouch host show NAME says in which state it is.");
KIND(host_fingerprint, "V-1837", "the fingerprint is none of the host's",
     "The fingerprint that was given is not that of a key which the host has proven: it "
     "may be another machine that uses the name.",
     "Read it on the host itself with ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub and "
     "give that.");
KIND(host_renewal, "V-1838", "the host's certificate does not renew",
     "A key of the host has no certificate of its own that is in time, or ended less than "
     "7 days ago, and is not revoked.",
     "Enrol the host anew: vouch-host enrol, with a token of vouch host token new.");
KIND(host_zone, "V-1839", "no zone for this host",
     "The policy has no zone of that name, or no zone was named and the host's name fits "
     "none, or several.",
     "Name a zone of the policy; vouch zone ls shows them.");
KIND(config, "V-1840", "the configuration is wrong",
     "A file of settings is not YAML, or a key in it is unknown or its value will not do.",
     "Correct the line that the message names; vouchd check-config DIR then shows what holds.");
KIND(listen, "V-1841", "cannot listen",
     "The address is not this machine's, another program has the port, or the port needs root.",
     "Choose another address with listen in vouchd.yaml, or stop the program that has it.");
KIND(
    server_dir, "V-1842", "not a server's folder",
    "The folder holds no server that vouchd init made, or a part of it is missing or open to users "
    "who must not change it.",
    "Name the folder of a server, or make one with: vouchd init DIR --name NAME.");
KIND(no_answer, "V-1843", "the server does not answer",
     "No vouchd runs on this folder, it is starting, or this user may not speak to it.",
     "Start it with: vouchd run DIR. Only root, or the user who runs it, may ask.");
KIND(server_unknown, "V-1860", "no server is named",
     "The command asks a server, and neither an option nor the settings say which.",
     "vouch server set URL --pin sha256:... --token-file FILE; or give --server URL or --local "
     "DIR.");
KIND(server_unreachable, "V-1861", "the server does not answer",
     "No connection came about, or it broke, or the answer took too long.",
     "Check the address, the network, and on the server: vouchd status. Then run it again.");
KIND(server_unproven, "V-1862", "not the server that was meant",
     "The server did not prove by its TLS key that it is the one that was pinned or vouched for. "
     "Nothing was sent to it.",
     "Compare the pin with what vouchd init printed; if the server has a new key: vouch server set "
     "URL --pin sha256:...");
KIND(
    server_token, "V-1863", "no valid token",
    "The server wants to know who asks, and the token is missing, unknown, expired or disabled.",
    "Give --token-file FILE with a token that the server's administrator made by vouch token new.");
KIND(server_refused, "V-1864", "the server refused",
     "The server knows who asks, and does not allow it.",
     "Ask the administrator of the server for a token with the scope or profile that the message "
     "names.");
KIND(server_answer, "V-1865", "an answer that makes no sense",
     "What came back is not what a Vouchsafe server answers.",
     "Check that the URL is that of a Vouchsafe server and not of something in front of it.");
KIND(server_failed, "V-1866", "the server could not do it",
     "The server understood, and something in its way kept it from doing it.",
     "Try again soon; the server's log says what was in the way.");
KIND(not_asked, "V-1867", "a certificate that was not asked for",
     "The server gave a certificate that is not exactly what was asked for. It was not written.",
     "Do not use this server until it is known why; vouch cert show SERIAL shows what it gave.");
KIND(krl_unproven, "V-1868", "a revocation list that proves nothing",
     "The list, or the statement that vouches for it, is not the newest by the key that was noted "
     "down. What was there before is kept.",
     "Fetch it again, from the server itself; if the server has new keys: vouch server set.");
KIND(backup, "V-1869", "a backup is not whole",
     "A file of the backup is missing, altered or not in its list, or does not prove what it must.",
     "Use another backup; make a new one with vouch backup new DIR --out BACKUP.");
KIND(server_runs, "V-1870", "the server has to be stopped",
     "The service is running on this folder.",
     "Stop it first, for example: systemctl stop vouchd.");
KIND(signed_out, "V-1871", "not signed in",
     "The command needs a person's session, and there is none here, or it has ended: sessions end "
     "when they are not used for some hours, after some days, and when the account is disabled.",
     "vouch login; for a server that is not set yet: vouch login URL --pin sha256:...");
KIND(no_access, "V-1872", "no role gives what was asked for",
     "The policy gives this person no role in that zone, or none that needs no approval and no "
     "reason.",
     "vouch status shows your roles. Name one with --role and --reason, or ask for it: vouch "
     "request ROLE --reason TEXT.");
KIND(ssh_files, "V-1873", "a file of ssh is not as it was left",
     "What vouch setup or vouch login would change is not a plain file, holds what cannot be "
     "written there, or is not as it was recorded.",
     "Look at the file that the message names, correct it by hand, and run the command again.");
KIND(
    setup_link, "V-1874", "not a setup link",
    "A link is https://HOST:PORT/setup/vouchl_... with a pin behind a #, or the part vouchl_... "
    "alone. It works once, and for a limited time.",
    "Copy the whole line, in quotes; or ask an administrator for a new one: vouch user link NAME.");
KIND(git_setup, "V-1875", "git could not be set up",
     "The program git is not there, did not take the setting, or has settings of its own that "
     "would be lost.",
     "Do what the message says; vouch setup git --dry-run shows what would be set.");
KIND(
    hook_wait, "V-1876", "renewed a moment ago without success",
    "A renewal failed a moment ago, or another one is under way and did not end in time. So that a "
    "server in trouble is not asked by every connection, the next attempt is half a minute later.",
    "Wait half a minute; or run vouch renew, which tries at once and says why it fails.");
KIND(sign_in, "V-1880", "not signed in",
     "The name, the password or the code is wrong. Which of them is not said, so that nobody "
     "can find out who has an account.",
     "Try again. A code of an app is good once, and needs a clock that is right; lost it? Use "
     "a recovery code.");
KIND(password_rule, "V-1881", "a password that is too easy",
     "The new password is too short or too easy to guess, or is no text.",
     "Take four or more words that have nothing to do with each other, or what a password "
     "manager makes.");
KIND(tries, "V-1882", "too many tries",
     "Too many wrong passwords or codes were given for this account or from this address.",
     "Wait as long as the message says. Beginning anew, or elsewhere, does not shorten it.");
KIND(sign_in_busy, "V-1883", "too many people are signing in",
     "As many passwords are being checked as the memory that is set aside for it allows.",
     "Try again in a few seconds. Who is signed in already is not affected.");
KIND(stored, "V-1884", "what is kept about a user cannot be used",
     "The database holds a password hash, a sealed secret or a count that is damaged, belongs "
     "to another user, or was sealed under another key.",
     "Restore database and identity's key from the same backup, or let the user set it up "
     "again.");
KIND(identity_key, "V-1885", "identity's key cannot be used",
     "The key that seals the second factors is missing, or is not 32 random bytes.",
     "Restore it from a backup: without it every user has to set up the second factor again.");
KIND(factor_old, "V-1886", "a code is needed",
     "What changes who may do what, and approving, needs a second factor that was given in the "
     "last five minutes.",
     "Give a code of your authenticator app when you are asked, and try again.");
KIND(sign_ins, "V-1887", "too many sign-ins at once",
     "Half of the service's workers are busy with passwords and codes; the others are kept for who "
     "is signed in.",
     "Try again in a second.");
KIND(link, "V-1888", "the link is no good",
     "A link sets an account up once, and only for a while; a newer one takes its place.",
     "Ask an administrator for a new one: vouch user link NAME.");
KIND(factor_kind, "V-1889", "not by a recovery code",
     "A recovery code lets somebody in who lost their authenticator app, but it neither approves "
     "nor administers.",
     "Sign in with a code of the app, or ask another administrator for a new link to set one up.");
KIND(account, "V-1890", "there is no such user",
     "Nobody of this name is in the policy and may sign in now: accounts follow the policy.",
     "Look at vouch user ls; vouch user add NAME adds somebody.");
KIND(no_identity, "V-1891", "nobody can sign in here",
     "This service runs without its identity role, which checks passwords and codes.",
     "Look at the server's log and configuration: vouchd status.");
KIND(
    host_state, "V-1894", "a host has too many logins",
    "The policy gives one host more logins than its state may hold, so the host keeps what it has.",
    "Narrow the roles that mean the host: vouch access who-can LOGIN@HOST, vouch role ls.");
KIND(usage, "V-1901", "wrong use of a command",
     "An option or argument is missing, unknown or not of the form it must have.",
     "See vouch help and the examples there.");
KIND(input, "V-1902", "a list or specification is wrong",
     "A line of the input does not have the form that it must have.",
     "Correct the line that the message names.");
KIND(host_ask, "V-1903", "vouch-host's root part was asked wrongly",
     "A question to the root part of vouch-host holds something that it may not hold.",
     "Install the same version of vouch-host and vouch-host-apply.");
KIND(host_trust, "V-1904", "a trust bundle proves nothing",
     "The list of CA keys is not signed by the checkpoint key that this host pinned when it "
     "enrolled, is of another CA, or is older than the one installed. Nothing was changed.",
     "If the CA was set up anew on purpose: vouch-host leave, then enrol again.");
KIND(host_cert, "V-1905", "a host certificate will not do",
     "A certificate is not of a key of this host, not by a CA key of the trust bundle, does not "
     "name the host, or is not in time. Nothing was changed.",
     "Renew it: vouch-host renew. If it stays so, compare the clocks of host and server.");
KIND(host_names, "V-1906", "a login or principal that sshd would misread",
     "A name for a principals file holds characters that sshd would take for options, comments or "
     "other names. Nothing was changed.",
     "Correct the name in the policy that the message tells of.");
KIND(host_keys, "V-1907", "no host key can be used",
     "sshd's configuration names no host key whose private half can be read here without a "
     "passphrase.",
     "Make them with ssh-keygen -A, or name them in sshd_config with HostKey.");
KIND(host_config, "V-1908", "sshd is configured by somebody else",
     "A setting that vouch-host needs is made elsewhere in sshd's configuration already. Nothing "
     "was changed.",
     "Remove the setting that the message names, or move it behind ours, and apply again.");
KIND(host_test, "V-1909", "sshd refuses its configuration",
     "sshd -t finds a fault in the configuration. What was changed was put back.",
     "Run sshd -t and correct what it says; then apply again.");
KIND(host_effect, "V-1910", "a setting of ours does not hold",
     "The configuration is in place, but sshd -T shows that sshd would use another value. What was "
     "changed was put back.",
     "Look which file sets it first: sshd uses the first value that it meets.");
KIND(host_reload, "V-1911", "sshd could not be reloaded",
     "sshd was not found running, or did not answer after it was told to read its configuration "
     "again.",
     "Look at sshd's log; where sshd is in an unusual place, name it in /etc/vouch/host.conf.");
KIND(host_self, "V-1912", "sshd does not show its certificate",
     "After the reload sshd was connected to from this machine, and did not present a certificate "
     "that clients would trust. What was changed was put back.",
     "Look at sshd's log for the host certificate; address and port can be set in "
     "/etc/vouch/host.conf.");
KIND(host_file, "V-1913", "a file on the host cannot be used",
     "A file is missing, cannot be read or written, or is reached through a symbolic link, which "
     "the root part never follows. The old files are as they were.",
     "Look at the path in the message: its disk, its mode, and whether it is a link.");
KIND(host_saved, "V-1914", "what was saved cannot be read",
     "A saved copy or a note of the root part is damaged, so that it does not know what was there "
     "before.",
     "Restore the folder /var/lib/vouch-host/apply from a backup, or enrol again with another "
     "--root.");
KIND(host_conf, "V-1915", "/etc/vouch/host.conf is wrong",
     "A line of the file is not a known word and its value.",
     "Correct the line that the message names; vouch-host(8) lists the words.");
KIND(host_pending, "V-1916", "a change waits to be confirmed",
     "sshd's configuration was changed for a time, and nobody has confirmed it yet.",
     "vouch-host confirm keeps it; or wait until it is put back.");
KIND(host_nothing, "V-1917", "there is nothing to do this with",
     "What was asked for needs something that is not there: a change to confirm, or an installed "
     "bundle.",
     "Look with vouch-host status, then enrol or apply first.");
KIND(krl_refused, "V-1920", "a revocation list that must not be installed",
     "It is older than the one that is there, leaves out a CA that the host trusts, or "
     "does not do what every list has to do. The one that is there stays.",
     "Nothing, if the next list is good; if each one is refused, look at vouch krl "
     "status and at the server's log.");
KIND(login_log, "V-1921", "sshd's log cannot be followed",
     "The journal or the file of the log cannot be read, or where it was left is not "
     "known. Logins are not reported; they work.",
     "Name the log in /etc/vouch/host.conf: log journal, or log file PATH.");
KIND(scan, "V-1922", "the accounts cannot be looked through",
     "A file of authorized keys, or the list of accounts, could not be read.",
     "Look at the file that the message names; the others were read.");
KIND(child, "V-1923", "a program did not do its work",
     "A program of the system that was started could not be, or was not done in time.",
     "Check that the program is there and runs by hand, and that the machine is not "
     "overloaded.");
KIND(not_enrolled, "V-1930", "the host is not enrolled",
     "This machine has no agreement with a server yet, or it was given up with "
     "vouch-host leave.",
     "Make a token (vouch host token new) and enrol: vouch-host enrol https://SERVER "
     "--token-file FILE.");
KIND(agent_file, "V-1931", "a file of the host's agent is damaged",
     "What the agent keeps in /var/lib/vouch-host is not what it wrote. Nothing was "
     "changed.",
     "Restore the folder from a backup, or enrol anew: vouch-host enrol.");
KIND(adoption, "V-1932", "the host waits to be adopted",
     "The server does not know this host by a token. An administrator compares a "
     "fingerprint of its keys and adopts it.",
     "Give the fingerprint to an administrator, for vouch host adopt, and run "
     "vouch-host enrol again.");
KIND(host_barred, "V-1933", "the server wants no more of this host",
     "The host was locked, since two machines showed the same identity, or was "
     "retired, or its secret was replaced. Its files stay as they are; nothing of it "
     "is renewed.",
     "Ask an administrator: vouch host show NAME. Enrol anew once that is settled: "
     "vouch-host enrol.");
KIND(host_root, "V-1934", "the root part of the agent does not answer",
     "vouch-host-apply, which alone writes the files of sshd, did not start, or ended.",
     "Look at what it said on standard error, and at the journal of "
     "vouch-host.service.");
KIND(host_start, "V-1935", "the agent cannot begin",
     "vouch-host has to be started by root, gives that up, and needs its folder in "
     "/var/lib/vouch-host.",
     "Run it with sudo; install the package's sysusers and tmpfiles if the folder or "
     "the user is missing.");
KIND(host_enrolled, "V-1936", "the host is enrolled already",
     "This machine belongs to a server, and was told to enrol with another one, or "
     "under another name.",
     "Leave the first one: vouch-host leave; then enrol.");
KIND(host_install, "V-1937", "a step of installing failed",
     "The root part refused or could not do a step. What was there before is in force.",
     "Correct what the line with FAIL names, and run vouch-host sync.");
KIND(host_busy, "V-1938", "the host's agent is at work",
     "Another vouch-host, usually the one of vouch-host.service, works for this host. "
     "Two at once would look like two machines to the server.",
     "Stop it first: systemctl stop vouch-host; or wait until it has ended.");
KIND(fleet_key, "V-1960", "not the machine that was meant",
     "None of the host keys that the machine showed is the one that was compared.",
     "Look at it with vouch host show, and compare again on the machine itself: somebody else may "
     "wait "
     "under its name. Forget it with vouch host refuse.");
KIND(program, "V-1961", "a program of this machine does not run",
     "It is not installed, not on PATH, or it did not end in time.",
     "Install it (ssh and ssh-keyscan are in openssh-client), or see why it hangs by running it "
     "alone.");
KIND(trust_make, "V-1970", "the trust bundle cannot be made",
     "The list of CA keys, which hosts and clients verify before they trust a key, could not be "
     "put together or signed.",
     "Follow what the message says; nothing was changed.");
KIND(trust_unproven, "V-1971", "the list of trusted CA keys is not proven",
     "It is not signed by the checkpoint key that was noted down, is of another authority, or is "
     "older than the one in force. Nothing of it was taken over.",
     "Try again. If it stays so, compare the checkpoint key with the administrator on another "
     "way: somebody may stand between you and the server.");
KIND(internal, "V-1999", "a bug", "Something happened that must not. Nothing was issued.",
     "Please report it with the command and the message.");

const struct vouch_fault_kind *const vouch_fault_kinds[] = {
    &vouch_fault_memory,
    &vouch_fault_read,
    &vouch_fault_write,
    &vouch_fault_exists,
    &vouch_fault_mode,
    &vouch_fault_size,
    &vouch_fault_key_format,
    &vouch_fault_key_file,
    &vouch_fault_passphrase,
    &vouch_fault_cert_format,
    &vouch_fault_krl_format,
    &vouch_fault_key_weak,
    &vouch_fault_spec,
    &vouch_fault_ca_dir,
    &vouch_fault_ca_key,
    &vouch_fault_serial,
    &vouch_fault_sign,
    &vouch_fault_clock,
    &vouch_fault_agent,
    &vouch_fault_ledger_busy,
    &vouch_fault_ledger_bad,
    &vouch_fault_ledger_io,
    &vouch_fault_peer,
    &vouch_fault_role,
    &vouch_fault_sandbox,
    &vouch_fault_user,
    &vouch_fault_signer_state,
    &vouch_fault_ceiling,
    &vouch_fault_rate,
    &vouch_fault_epoch,
    &vouch_fault_event,
    &vouch_fault_store_busy,
    &vouch_fault_store_bad,
    &vouch_fault_store_io,
    &vouch_fault_store_schema,
    &vouch_fault_caller,
    &vouch_fault_scope,
    &vouch_fault_profile,
    &vouch_fault_absent,
    &vouch_fault_field,
    &vouch_fault_taken,
    &vouch_fault_once,
    &vouch_fault_at_work,
    &vouch_fault_subject_key,
    &vouch_fault_renewal,
    &vouch_fault_publish,
    &vouch_fault_policy_none,
    &vouch_fault_policy_version,
    &vouch_fault_policy_refuses,
    &vouch_fault_approval,
    &vouch_fault_request_state,
    &vouch_fault_approver,
    &vouch_fault_request_other,
    &vouch_fault_lock_out,
    &vouch_fault_api_json,
    &vouch_fault_api_media,
    &vouch_fault_api_path,
    &vouch_fault_api_method,
    &vouch_fault_api_large,
    &vouch_fault_api_unready,
    &vouch_fault_api_http,
    &vouch_fault_api_failed,
    &vouch_fault_host_token,
    &vouch_fault_host_proof,
    &vouch_fault_host_name,
    &vouch_fault_host_taken,
    &vouch_fault_host_locked,
    &vouch_fault_host_queue,
    &vouch_fault_host_stage,
    &vouch_fault_host_fingerprint,
    &vouch_fault_host_renewal,
    &vouch_fault_host_zone,
    &vouch_fault_config,
    &vouch_fault_listen,
    &vouch_fault_server_dir,
    &vouch_fault_no_answer,
    &vouch_fault_server_unknown,
    &vouch_fault_server_unreachable,
    &vouch_fault_server_unproven,
    &vouch_fault_server_token,
    &vouch_fault_server_refused,
    &vouch_fault_server_answer,
    &vouch_fault_server_failed,
    &vouch_fault_not_asked,
    &vouch_fault_krl_unproven,
    &vouch_fault_backup,
    &vouch_fault_server_runs,
    &vouch_fault_signed_out,
    &vouch_fault_no_access,
    &vouch_fault_ssh_files,
    &vouch_fault_setup_link,
    &vouch_fault_git_setup,
    &vouch_fault_hook_wait,
    &vouch_fault_sign_in,
    &vouch_fault_password_rule,
    &vouch_fault_tries,
    &vouch_fault_sign_in_busy,
    &vouch_fault_stored,
    &vouch_fault_identity_key,
    &vouch_fault_factor_old,
    &vouch_fault_sign_ins,
    &vouch_fault_link,
    &vouch_fault_factor_kind,
    &vouch_fault_account,
    &vouch_fault_no_identity,
    &vouch_fault_host_state,
    &vouch_fault_usage,
    &vouch_fault_input,
    &vouch_fault_host_ask,
    &vouch_fault_host_trust,
    &vouch_fault_host_cert,
    &vouch_fault_host_names,
    &vouch_fault_host_keys,
    &vouch_fault_host_config,
    &vouch_fault_host_test,
    &vouch_fault_host_effect,
    &vouch_fault_host_reload,
    &vouch_fault_host_self,
    &vouch_fault_host_file,
    &vouch_fault_host_saved,
    &vouch_fault_host_conf,
    &vouch_fault_host_pending,
    &vouch_fault_host_nothing,
    &vouch_fault_krl_refused,
    &vouch_fault_login_log,
    &vouch_fault_scan,
    &vouch_fault_child,
    &vouch_fault_not_enrolled,
    &vouch_fault_agent_file,
    &vouch_fault_adoption,
    &vouch_fault_host_barred,
    &vouch_fault_host_root,
    &vouch_fault_host_start,
    &vouch_fault_host_enrolled,
    &vouch_fault_host_install,
    &vouch_fault_host_busy,
    &vouch_fault_fleet_key,
    &vouch_fault_program,
    &vouch_fault_trust_make,
    &vouch_fault_trust_unproven,
    &vouch_fault_internal,
    NULL,
};

const struct vouch_fault_kind *vouch_fault_kind_of(struct vouch_bytes code) {
    for (size_t i = 0; vouch_fault_kinds[i] != NULL; i++) {
        if (vouch_bytes_equal(code, vouch_bytes_of(vouch_fault_kinds[i]->code))) {
            return vouch_fault_kinds[i];
        }
    }
    return NULL;
}

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
