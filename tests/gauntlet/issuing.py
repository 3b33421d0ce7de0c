#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Gauntlet: what the command line may and may not have signed.

Rows C1 C2 C4 C8 C9 C10 C11 C12 C13 C14 C15 C17 C18 C20 C21 C22 C23 C24 C25. After each refusal there
is no certificate and nothing new in the ledger; after each success the certificate is read back by a decoder
of the tests' own and is exactly what was asked for.
"""

import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import model
import sshwire
from craft import HOST, craft, value
from lab import Issuer, Lab
from signing import Signer
from sshd import USER, Sshd, expect_in, expect_out
from tap import Tap, expect, expect_equal

USAGE = 2


class Desk(Issuer):
    """A CA, a key, and a look at what became of a request."""

    def size(self):
        """Bytes of the ledger's records without the room kept ahead."""
        with open(self.ca + "/ledger/records", "rb") as file:
            return len(file.read().rstrip(b"\0"))

    def ask(self, *options, kind="user", keys=None, **more):
        """One request; options replace the usual ones of the same name."""
        usual = {"--id": "alice", "--principals": "alice" if kind == "user" else "host"}
        words = [w for name, v in usual.items() if name not in options for w in (name, v)]
        publics = keys if keys is not None else [self.key + ".pub"]
        if os.path.exists(self.cert):
            os.unlink(self.cert)
        return self.lab.vouch("sign", kind, "--ca", self.ca, *words, *options, *publics, **more)

    def refuses(self, *options, status=None, word=None, **more):
        """No certificate, no record, one clear message that says what to do."""
        before = self.size()
        done = self.ask(*options, **more)
        expect(done.status != 0, "it was signed", done)
        expect(status is None or done.status == status, f"the status is not {status}", done)
        expect("[V-" in done.err, "no code", done)
        expect(done.err.count("[V-") == 1, "more than one error", done)
        expect(word is None or word in done.err, f"no word of {word}", done)
        expect(done.out == "", "something on stdout", done)
        expect(not os.path.exists(self.cert), "a certificate appeared", done)
        expect_equal(self.size(), before, "bytes of the ledger")
        return done

    def signs(self, *options, **more):
        done = self.ask(*options, **more)
        expect(done.status == 0, done)
        return self.read()


def principals(desk, tap):
    with tap.row("C1_no_way_of_asking_gives_an_empty_principal_list"):
        for text in ("", ",", ",,", "a,", ",a", "a,,b", " ", "\t"):
            desk.refuses("--principals", text)
            desk.refuses("--principals", text, kind="host")
        desk.refuses("--principals", "a", "--principals", "")
    with tap.row("C1_principals_left_out_is_a_usage_error"):
        done = desk.lab.vouch("sign", "user", "--ca", desk.ca, "--id", "x", desk.key + ".pub")
        expect(done.status == USAGE and "--principals" in done.err, done)
    with tap.row("C1_a_certificate_for_nobody_is_refused_by_our_check_in_every_use"):
        ca = desk.lab.key("ed25519")
        blob = sshwire.read_line(desk.key + ".pub")[1]
        for kind, number in (("user", 1), ("host", HOST)):
            path = desk.lab.fresh("nobody-") + "-cert.pub"
            cert = craft(blob, Signer.load(ca), principals=[], type=number, extensions=[])
            sshwire.write_line(path, cert)
            verdict = model.judge(desk.lab, path, ca + ".pub", kind=kind)
            expect_equal(verdict.reasons, ["no-principals"])
            anyone = desk.lab.vouch("cert", "check", path, "--ca", ca + ".pub")
            expect(anyone.status == 1, "accepted when no name was asked for", anyone)
    with tap.row("C2_a_principal_is_one_name_of_harmless_characters"):
        for text in (
            "root alice", "*", "?", "al*", "-alice", "..", "a..b", "alice#", "!root", '"root"',
            "ro\\ot", "root\n", "alice\tbob", "\x1b[2J", "r\u00f6ot", "a" * 300,
        ):
            desk.refuses("--principals", text, status=1, word="principals")
    with tap.row("C18_one_bad_principal_among_256_is_found_at_each_end_and_within"):
        names = [f"user{n}" for n in range(256)]
        for place in (0, 1, 127, 254, 255):
            bad = names[:place] + ["a b"] + names[place + 1 :]
            desk.refuses("--principals", ",".join(bad))
        desk.refuses("--principals", ",".join(names[:255] + [names[0]]))
    with tap.row("C24_256_principals_are_signed_and_read_by_ssh_keygen_257_are_refused"):
        cert = desk.signs("--principals", ",".join(names))
        expect_equal(cert["principals"], [n.encode() for n in names])
        listed = desk.lab.must("ssh-keygen", "-L", "-f", desk.cert).out
        expect("user255" in listed, listed)
        desk.refuses("--principals", ",".join([*names, "one-more"]))


def splitting(desk, tap):
    """CVE-2026-35414: one principal with a comma, before an sshd that lists both of its halves."""
    lab = desk.lab
    with tap.row("C2_a_comma_within_one_principal_is_never_signed_and_never_believed"):
        ca = lab.key("ed25519")
        blob = sshwire.read_line(desk.key + ".pub")[1]
        cert = lab.fresh("comma-") + "-cert.pub"
        joined = f"{USER},nobody"
        sshwire.write_line(cert, craft(blob, Signer.load(ca), principals=[joined]))
        sshd = Sshd(lab, f"TrustedUserCAKeys {ca}.pub")
        expect_out(sshd.login(key=desk.key, cert=cert))
        for name in (USER, "nobody"):
            verdict = model.judge(lab, cert, ca + ".pub", name=name)
            expect_equal(verdict.reasons, ["principal-not-listed"])
        # The command line splits it, as everybody expects: two names, neither with a comma.
        got = desk.signs("--principals", joined)["principals"]
        expect_equal(got, [USER.encode(), b"nobody"])


def defaults(desk, tap):
    """C4: what is left out, empty or said twice; the certificate itself is looked at."""
    with tap.row("C4_what_is_left_out_gets_the_careful_default"):
        cert = desk.signs()
        now = time.time()
        expect_equal(cert["principals"], [b"alice"])
        expect_equal((cert["critical"], cert["extensions"]), ([], [("permit-pty", b"")]))
        expect(now - 90 < cert["after"] <= now - 55, "not backdated by a minute", cert["after"])
        expect(abs(cert["before"] - now - 8 * 3600) < 10, "not 8 h", cert["before"])
        expect(cert["serial"] > 0 and cert["reserved"] == b"" and len(cert["nonce"]) == 32, cert)
        cert = desk.signs(kind="host")
        expect_equal((cert["critical"], cert["extensions"]), ([], []))
        expect(abs(cert["before"] - now - 30 * 86400) < 10, "not 30 d", cert["before"])
    with tap.row("C4_an_empty_value_is_refused_never_taken_for_none"):
        for option in ("--id", "--valid", "--force-command", "--source-address", "--permit"):
            desk.refuses(option, "")
    with tap.row("C4_a_value_given_twice_is_refused_or_the_last_one_counts"):
        twice = (
            ("--id", "one", "two", lambda c: c["key_id"] == b"two"),
            ("--valid", "9h", "1h", lambda c: c["before"] - c["after"] < 2 * 3600),
            ("--force-command", "id", "true", lambda c: c["critical"][0][1] == value("true")),
        )
        for option, first, last, holds in twice:
            done = desk.ask(option, first, option, last)
            if done.status == 0:
                cert = desk.read()
                expect(holds(cert), f"{option}: the first one counted", done)
    with tap.row("C12_the_certificate_is_exactly_what_was_asked"):
        cert = desk.signs(
            "--id", "v1:alice@example.com", "--principals", "alice,role:dev", "--principals", "bob",
            "--force-command", "/bin/true now", "--source-address", "10.0.0.0/8",
            "--source-address", "192.0.2.7/32", "--permit", "port-forwarding", "--no-permit", "pty",
            "--valid", "2026-11-22T10:00:00Z:2126-11-22T10:00:01Z",
        )
        expect_equal(cert["key_id"], b"v1:alice@example.com")
        expect_equal(cert["principals"], [b"alice", b"role:dev", b"bob"])
        expect_equal(cert["critical"], [
            ("force-command", value("/bin/true now")),
            ("source-address", value("10.0.0.0/8,192.0.2.7/32")),
        ])
        expect_equal(cert["extensions"], [("permit-port-forwarding", b"")])
        expect_equal((cert["after"], cert["before"]), (1795341600, 4951015201))
        expect_equal(cert["key"], sshwire.read_line(desk.key + ".pub")[1])
        expect_equal(cert["ca"], sshwire.read_line(desk.ca + "/user_ca.pub")[1])


def verifiers(desk, tap):
    lab = desk.lab
    ca, key = lab.key("ed25519"), lab.key("ed25519")
    blob = sshwire.read_line(key + ".pub")[1]

    def write(**fields):
        path = lab.fresh("crafted-") + "-cert.pub"
        return sshwire.write_line(path, craft(blob, Signer.load(ca), **fields))

    with tap.row("C8_a_good_certificate_by_another_ca_is_refused"):
        other = lab.key("ed25519")
        cert = write(principals=["alice"])
        for trusted, accepted in ((ca, True), (other, False), (key, False)):
            verdict = model.judge(lab, cert, trusted + ".pub", name="alice")
            expect_equal(verdict.accepted, accepted, trusted)
        both = model.judge(lab, cert, [other + ".pub", ca + ".pub"], name="alice")
        expect(both.accepted, both)
    with tap.row("C8_without_a_ca_there_is_no_verdict"):
        done = lab.vouch("cert", "check", cert)
        expect(done.status > 1 and "--ca" in done.err, done)
        empty = lab.write("empty.pub", "# no key here\n")
        done = lab.vouch("cert", "check", cert, "--ca", empty)
        expect(done.status > 0, "accepted by nobody", done)
    with tap.row("C9_a_host_certificate_is_judged_by_type_name_time_and_options"):
        now = int(time.time())
        host = {"type": HOST, "principals": ["host"], "extensions": []}
        rows = (
            ({}, []),
            ({"type": 1}, ["wrong-type"]),
            ({"principals": ["other"]}, ["principal-not-listed"]),
            ({"after": now - 20, "before": now - 10}, ["expired"]),
            ({"critical": [("x@example.com", b"")]}, ["unsupported-critical-option"]),
            (
                {"type": 1, "principals": ["other"], "after": now - 20, "before": now - 10},
                ["wrong-type", "expired", "principal-not-listed"],
            ),
        )
        for changes, reasons in rows:
            path = write(**{**host, **changes})
            verdict = model.judge(lab, path, ca + ".pub", kind="host")
            expect_equal(verdict.reasons, reasons, str(changes))


def one_use(desk, tap):
    """C10: a CA key is for users or for hosts, never for both."""
    lab = desk.lab
    with tap.row("C10_the_two_keys_of_a_ca_are_different_and_each_signs_its_own"):
        keys = [sshwire.read_line(f"{desk.ca}/{use}_ca.pub")[1] for use in ("user", "host")]
        expect(keys[0] != keys[1], "one key for both")
        expect_equal(desk.signs()["ca"], keys[0])
        expect_equal(desk.signs(kind="host")["ca"], keys[1])
    with tap.row("C10_a_ca_is_not_made_of_one_key_for_both"):
        pub = lab.key("ed25519") + ".pub"
        path = lab.fresh("ca-")
        done = lab.vouch("ca", "init", path, "--user-ca", pub, "--host-ca", pub, "--no-passphrase")
        expect(done.status != 0 and "[V-" in done.err, done)
        expect(not os.path.exists(path), "something of it was left")
    with tap.row("C10_keygen_does_not_sign_for_the_other_use_with_a_key_of_a_ca_folder"):
        before = desk.size()
        for use, more in (("user_ca", ("-h", "-n", "host")), ("host_ca", ("-n", USER))):
            if os.path.exists(desk.cert):
                os.unlink(desk.cert)
            words = ("-s", f"{desk.ca}/{use}", "-I", "cross", "-V", "+1h", *more)
            done = lab.vouch("keygen", *words, desk.key + ".pub")
            expect(done.status != 0 and not os.path.exists(desk.cert), done)
        expect_equal(desk.size(), before, "bytes of the ledger")
    with tap.row("C10_sshd_does_not_take_the_host_cas_signature_for_a_user"):
        sshd = Sshd(lab, f"TrustedUserCAKeys {desk.ca}/user_ca.pub")
        blob = sshwire.read_line(desk.key + ".pub")[1]
        path = lab.fresh("cross-") + "-cert.pub"
        for use, check in (("user_ca", expect_in), ("host_ca", expect_out)):
            signer = Signer.load(f"{desk.ca}/{use}")
            sshwire.write_line(path, craft(blob, signer, principals=[USER]))
            login = sshd.login(key=desk.key, cert=path)
            check(login)
            verdict = model.judge(lab, path, desk.ca + "/user_ca.pub")
            expect_equal(verdict.accepted, use == "user_ca")


def hosts(desk, tap):
    with tap.row("C11_host_names_are_exact_lower_case_and_without_port_or_dot"):
        for name in (
            "*", "*.example.com", "web?", "Web1", "host.", ".host", "host:22", "[host]:22", "-host",
            "2001:DB8::1", "h\u00f6st", "host/24",
        ):
            desk.refuses("--principals", name, kind="host", word="principals")
        names = "web1,web1.example.com,192.0.2.1,2001:db8::1"
        cert = desk.signs("--principals", names, kind="host")
        expect_equal(b",".join(cert["principals"]), names.encode())
    with tap.row("C25_host_certificates_have_no_options_and_no_way_to_ask_for_them"):
        for words in (
            ("--permit", "pty"), ("--force-command", "x"), ("--source-address", "10.0.0.0/8"),
            ("--verify-required",),
        ):
            desk.refuses(*words, kind="host", status=USAGE)


def options(desk, tap):
    with tap.row("C14_source_addresses_that_restrict_nothing_or_mean_another_are_refused"):
        for text in (
            "10.0.0.1/8", "0.0.0.0/0", "::/0", "10.0.0.0/8,::/0", "::ffff:10.0.0.1", "localhost",
            "10.*", "10.0.0.0/8,", "10.0.0.0/8 ,11.0.0.0/8", "10.0.0.0/33", "010.0.0.1", "10.1",
        ):
            desk.refuses("--source-address", text, status=1, word="source-address")
    with tap.row("C14_the_address_with_host_bits_is_answered_with_the_network_to_write"):
        done = desk.refuses("--source-address", "10.0.0.1/8")
        expect("10.0.0.0/8" in done.err, done)
    with tap.row("C15_an_empty_command_or_address_list_is_refused"):
        desk.refuses("--force-command", "")
        desk.refuses("--source-address", "")
    with tap.row("C15_options_stand_in_order_and_once_whatever_the_order_of_asking"):
        words = ("user-rc", "pty", "agent-forwarding", "X11-forwarding", "pty", "agent-forwarding")
        cert = desk.signs(*(w for name in words for w in ("--permit", name)))
        names = [name for name, _ in cert["extensions"]]
        expect_equal(names, sorted(set(names)))
        expect_equal(len(names), 4)
    with tap.row("C25_an_unknown_permission_is_refused_with_the_nearest_one"):
        done = desk.refuses("--permit", "prot-forwarding", status=USAGE)
        expect("port-forwarding" in done.err, done)
        for name in ("everything", "force-command", "login@github.com=x", "permit-"):
            desk.refuses("--permit", name, status=USAGE)
    with tap.row("C25_verify_required_is_refused_where_it_would_promise_nothing"):
        desk.refuses("--verify-required", status=1, word="verify-required")
    with tap.row("C25_no_touch_required_is_never_there_unless_asked_for_by_name"):
        cert = desk.signs("--permit", "pty", "--permit", "user-rc")
        expect("no-touch-required" not in dict(cert["extensions"]), cert["extensions"])


def stages(desk, tap):
    """C13: two certificates, one after the other; what either one restricts holds for the session."""
    lab = desk.lab
    lines = f"TrustedUserCAKeys {desk.ca}/user_ca.pub\nAuthenticationMethods publickey,publickey"
    sshd = Sshd(lab, lines)
    forced = ("--force-command", "echo forced")
    elsewhere = ("--source-address", "10.0.0.0/8")

    def login(*restrictions):
        """One key and certificate for each set of options, offered in this order."""
        keys = []
        for options in restrictions:
            keys.append(lab.key("ed25519"))
            words = ("--ca", desk.ca, "--id", "stage", "--principals", USER, *options)
            lab.must_vouch("sign", "user", *words, keys[-1] + ".pub")
        return sshd.login("echo asked", key=keys, cert=[key + "-cert.pub" for key in keys])

    with tap.row("C13_with_two_certificates_the_force_command_of_the_first_still_holds"):
        done = login(forced, ())
        expect(done.status == 0 and done.out == "forced\n", done)
    with tap.row("C13_with_two_certificates_the_force_command_of_the_second_holds_too"):
        done = login((), forced)
        expect(done.status == 0 and done.out == "forced\n", done)
    with tap.row("C13_with_two_certificates_the_source_address_of_either_one_holds"):
        for restrictions in ((elsewhere, ()), ((), elsewhere)):
            done = login(*restrictions)
            expect(done.status == 255 and "asked" not in done.out, done)
            expect("not from a permitted source address" in done.log, done)


def times(desk, tap):
    with tap.row("C17_an_hour_is_3600_seconds_and_the_last_second_does_not_count"):
        cert = desk.signs("--valid", "1h")
        ahead = cert["before"] - (cert["after"] + 60)
        expect_equal(ahead, 3600, "seconds ahead of the backdated minute")
        rows = (
            (cert["after"] - 1, ["not-yet-valid"]),
            (cert["after"], []),
            (cert["before"] - 1, []),
            (cert["before"], ["expired"]),
        )
        for moment, reasons in rows:
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
            verdict = model.judge(desk.lab, desk.cert, desk.ca + "/user_ca.pub", name="alice", at=at)
            expect_equal(verdict.reasons, reasons, at)
    with tap.row("C17_times_over_2038_and_2106_are_written_whole"):
        for year, wanted in ((2037, 2114380800), (2039, 2177452800), (2107, 4323283200)):
            cert = desk.signs("--valid", f"2026-11-22T10:00:00Z:{year}-01-01T00:00:00Z")
            expect_equal(cert["before"], wanted, str(year))
            listed = desk.lab.must("ssh-keygen", "-L", "-f", desk.cert).out
            expect(f"to {year}-01-01T00:00:00" in listed, listed)
    with tap.row("C17_no_validity_that_is_empty_reversed_for_ever_or_not_a_number"):
        for text in (
            "0", "0s", "0h", "-1h", "forever", "always:forever", "1h:", ":1h", "h", "1", "9" * 40,
            "18446744073709551615s", "1e9s", "2026-11-22T10:00:00Z:2026-11-22T10:00:00Z",
            "2026-11-22T10:00:01Z:2026-11-22T10:00:00Z", "+1h:+1h", "tomorrow",
            "0x0:0xffffffffffffffff",
        ):
            # A bare number is seconds in some programs and days in others.
            if text == "1":
                continue
            desk.refuses("--valid", text)


def weak_keys(desk, tap):
    lab = desk.lab
    weak = lab.fresh("rsa1024-")
    lab.must("ssh-keygen", "-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", weak)
    n = sshwire.Reader(sshwire.key_fields(sshwire.read_line(lab.key("rsa2048") + ".pub")[1])[1])
    n.mpint()
    modulus = n.mpint()

    def rsa(e, n):
        return sshwire.string("ssh-rsa") + sshwire.mpint(e) + sshwire.mpint(n)

    keys = (
        ("an RSA key of 1024 bits", sshwire.read_line(weak + ".pub")[1]),
        ("an RSA exponent of 3", rsa(3, modulus)),
        ("an even RSA modulus", rsa(65537, modulus & ~1)),
        ("an RSA modulus that is a square", rsa(65537, (2**1023 + 1155) ** 2)),
        ("an Ed25519 point of low order", sshwire.string("ssh-ed25519") + sshwire.string(bytes(32))),
        ("an Ed25519 key too short", sshwire.string("ssh-ed25519") + sshwire.string(b"x" * 31)),
        ("a point off the curve", sshwire.string("ecdsa-sha2-nistp256")
            + sshwire.string("nistp256") + sshwire.string(b"\4" + b"\1" * 64)),
    )
    for name, blob in keys:
        with tap.row(f"C20_{name.replace(' ', '_')}_gets_no_certificate"):
            path = sshwire.write_line(lab.fresh("weak-") + ".pub", blob)
            desk.refuses(keys=[path])
            desk.refuses(keys=[path], kind="host")
            # One bad key stops the whole batch: nothing is signed, nothing is recorded.
            desk.refuses(keys=[desk.key + ".pub", path])
    with tap.row("C21_no_key_of_the_ca_gets_a_certificate"):
        for name in ("user_ca.pub", "host_ca.pub", "checkpoint_key.pub"):
            for kind in ("user", "host"):
                desk.refuses(keys=[f"{desk.ca}/{name}"], kind=kind)
                expect(not os.path.exists(f"{desk.ca}/{name[:-4]}-cert.pub"), name)
    with tap.row("C21_a_certificate_is_not_certified_again"):
        desk.signs()
        copy = lab.fresh("again-") + ".pub"
        os.rename(desk.cert, copy)
        desk.refuses(keys=[copy])


def numbers(desk, tap):
    lab = desk.lab
    with tap.row("C22_each_certificate_has_fresh_random_bytes_of_its_own"):
        folder = lab.folder("many")
        keys = []
        for n in range(200):
            path = f"{folder}/k{n}.pub"
            sshwire.write_line(path, Signer.ed25519(bytes([n]) * 32).blob)
            keys.append(path)
        words = ("--ca", desk.ca, "--id", "many", "--principals", "alice")
        lab.must_vouch("sign", "user", *words, *keys)
        certs = [sshwire.read_cert_file(k[:-4] + "-cert.pub") for k in keys]
        nonces = {cert["nonce"] for cert in certs}
        expect_equal(len(nonces), len(keys), "different nonces")
        ones = sum(bin(int.from_bytes(nonce, "big")).count("1") for nonce in nonces)
        expect(abs(ones - len(keys) * 128) < 1200, f"{ones} bits set of {len(keys) * 256}")
        serials = sorted(cert["serial"] for cert in certs)
        expect_equal(serials, list(range(serials[0], serials[0] + len(keys))), "serials")
    with tap.row("C23_eight_processes_at_once_never_give_a_serial_twice"):
        processes = []
        for n in range(8):
            folder = lab.folder(f"writer{n}")
            keys = []
            for k in range(10):
                path = f"{folder}/k{k}.pub"
                sshwire.write_line(path, Signer.ed25519(bytes([n, k]) * 16).blob)
                keys.append(path)
            words = [lab.vouch_path, "sign", "user", "--ca", desk.ca, "--id", f"w{n}"]
            processes.append((lab.start(*words, "--principals", "alice", "-q", *keys), keys))
        serials = []
        for process, keys in processes:
            expect_equal(process.wait(60), 0, "exit status")
            for key in keys:
                cert = sshwire.read_cert_file(key[:-4] + "-cert.pub")
                serials.append(cert["serial"])
        expect_equal(len(set(serials)), 80, "different serials")
        lab.must_vouch("ledger", "verify", desk.ca)
    with tap.row("C23_a_serial_asked_for_by_keygen_is_given_once"):
        words = ("-s", desk.ca + "/user_ca", "-I", "twice", "-n", USER, "-V", "+1h", "-z", "900000")
        lab.must_vouch("keygen", "-q", *words, desk.key + ".pub")
        os.unlink(desk.cert)
        before = desk.size()
        done = lab.vouch("keygen", "-q", *words, desk.key + ".pub")
        expect(done.status != 0 and not os.path.exists(desk.cert), done)
        expect_equal(desk.size(), before, "bytes of the ledger")
        cert = desk.signs()
        expect_equal(cert["serial"], 900001, "the next serial")
    with tap.row("C23_the_highest_serial_leaves_no_next_one_and_that_is_said"):
        other = Desk(lab)
        words = ("-s", other.ca + "/user_ca", "-I", "last", "-n", USER, "-V", "+1h", "-z", 2**64 - 1)
        lab.must_vouch("keygen", "-q", *words, other.key + ".pub")
        other.refuses(word="serial")


def main():
    with Lab("sshd", "ssh", "ssh-keygen") as lab:
        tap = Tap()
        desk = Desk(lab)
        for part in (
            principals, splitting, defaults, verifiers, one_use, hosts, options, stages, times,
            weak_keys, numbers,
        ):
            part(desk, tap)
        tap.done()


if __name__ == "__main__":
    main()
