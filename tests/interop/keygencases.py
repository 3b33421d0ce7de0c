# SPDX-License-Identifier: ISC
"""The cases of keygen-diff.py: files to start from, and generators of command lines and contents.

Everything random comes from the generator that is passed in, so that a seed names a case.
"""

import base64
import os
import re

import craft
from signing import Signer, TokenSigner
from sshwire import Reader, mpint, string, u32, u64, write_line

# Private keys of the template: name -> arguments of ssh-keygen.
PRIVATE = {
    "ca_ed": ["-t", "ed25519"],
    "ca_rsa": ["-t", "rsa", "-b", "2048"],
    "ca_ec256": ["-t", "ecdsa", "-b", "256"],
    "ca_ec384": ["-t", "ecdsa", "-b", "384"],
    "ca_ec521": ["-t", "ecdsa", "-b", "521"],
    "ca_locked": ["-t", "ed25519", "-N", "open sesame", "-a", "1"],
    "ca_pem": ["-t", "rsa", "-b", "2048", "-m", "PEM"],
    "ca_pkcs8": ["-t", "ecdsa", "-b", "256", "-m", "PKCS8"],
    "ca_pemlocked": ["-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "open sesame"],
    "u_ed": ["-t", "ed25519", "-C", "a user's key"],
    "u_rsa": ["-t", "rsa", "-b", "1024"],
    "u_ec256": ["-t", "ecdsa", "-b", "256", "-C", ""],
    "u_ec384": ["-t", "ecdsa", "-b", "384"],
    "u_ec521": ["-t", "ecdsa", "-b", "521"],
    "alone": ["-t", "ed25519", "-C", "no public file"],
    "alonelocked": ["-t", "ed25519", "-N", "open sesame", "-a", "1"],
    "alonepem": ["-t", "rsa", "-b", "1024", "-m", "PEM"],
}
PRIVATE_FILES = list(PRIVATE)
CAS = [n for n in PRIVATE if n.startswith("ca_")]
READY_CERTS = ["u_ed-ready-cert.pub", "u_ed-host-cert.pub", "u_rsa-ready-cert.pub"]
KEPT = [*READY_CERTS, "blocked-cert.pub"]  # of the template, not made by a case
SUBJECTS = [
    "u_ed.pub", "u_rsa.pub", "u_ec256.pub", "u_ec384.pub", "u_ec521.pub", "sk_ed.pub", "sk_ec.pub",
    "u_ed", "alone", "alonelocked", "plain.txt", "two.names.pub", "nocomment.pub", "second.pub",
    "crlf.pub", "blank.pub", "noend.pub",
]
CHECKED = [
    "u_ed.pub", "u_rsa.pub", "u_ec256.pub", "u_ec384.pub", "u_ec521.pub", "ca_ed.pub", "ca_rsa.pub",
    "sk_ed.pub", "sk_ec.pub", *READY_CERTS,
]


def make_template(lab):
    """A folder with keys, certificates and odd files; both programs get a copy."""
    folder = lab.folder("template")
    for name, words in PRIVATE.items():
        more = [] if "-N" in words else ["-N", ""]
        comment = [] if "-C" in words else ["-C", name]
        path = os.path.join(folder, name)
        lab.must("ssh-keygen", "-q", *words, *more, *comment, "-f", path)
    for name in ("alone", "alonelocked", "alonepem"):
        os.unlink(os.path.join(folder, name + ".pub"))
    # OpenSSH makes none any more since 9.8.
    lab.run("ssh-keygen", "-q", "-t", "dsa", "-N", "", "-f", os.path.join(folder, "u_dsa"))
    write_public_files(folder)
    write_ready_certs(lab, folder)
    lab.must("ssh-keygen", "-q", "-k", "-f", "list0", "u_ed.pub", cwd=folder)
    write(folder, "garbage", b"not a key at all\n", 0o600)
    write(folder, "empty", b"", 0o600)
    write(folder, "open", read(folder, "ca_ed"), 0o644)
    os.mkdir(os.path.join(folder, "sub"))
    write(folder, "sub/key.pub", read(folder, "u_ed.pub"))
    os.mkdir(os.path.join(folder, "blocked-cert.pub"))
    write(folder, "blocked.pub", read(folder, "u_ed.pub"))
    return folder


def write_public_files(folder):
    line = read(folder, "u_ed.pub")
    kind, body, _ = line.split(b" ", 2)
    write(folder, "plain.txt", line)
    write(folder, "two.names.pub", line)
    write(folder, "nocomment.pub", kind + b" " + body + b"\n")
    write(folder, "second.pub", b"# a comment\n\nnonsense here\n" + line + read(folder, "u_rsa.pub"))
    write(folder, "crlf.pub", line.replace(b"\n", b"\r\n"))
    write(folder, "blank.pub", b" \t" + line)
    write(folder, "noend.pub", line.rstrip(b"\n"))
    write_line(os.path.join(folder, "sk_ed.pub"), TokenSigner("sk-ssh-ed25519@openssh.com", b"1" * 32).blob, "t")
    token = TokenSigner("sk-ecdsa-sha2-nistp256@openssh.com", b"2" * 32)
    write_line(os.path.join(folder, "sk_ec.pub"), token.blob, "token")


def write_ready_certs(lab, folder):
    lab.must("ssh-keygen", "-q", "-s", "ca_ed", "-I", "ready", "-z", "77", "-n", "a,b", "u_ed.pub",
             "u_rsa.pub", cwd=folder)
    os.rename(folder + "/u_ed-cert.pub", folder + "/u_ed-ready-cert.pub")
    os.rename(folder + "/u_rsa-cert.pub", folder + "/u_rsa-ready-cert.pub")
    lab.must("ssh-keygen", "-q", "-s", "ca_rsa", "-h", "-I", "host key", "u_ed.pub", cwd=folder)
    os.rename(folder + "/u_ed-cert.pub", folder + "/u_ed-host-cert.pub")


def write(folder, name, content, mode=0o644):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, mode)


def read(folder, name):
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


def unbase64(text):
    return base64.b64decode(text, validate=True)


def chance(rng, share):
    return rng.random() < share


# --- Signing

TEXTS = [
    "id", "", "a b", "éà", "quote\"d", "back\\slash", "tab\tbed", "line\nfeed", "bell\a", "esc\x1b[1m",
    "del\x7f", "%s%n", "comma,ed", "x" * 300, "x" * 990, "\\" * 700, "日本" * 200,
]
NAMES = ["root", "alice", "a b", "host.example.com", "*", "é", "x" * 70, "a\\b", "-n", "\x01"]
PERMISSIONS = ["x11-forwarding", "agent-forwarding", "port-forwarding", "pty", "user-rc"]
ADDRESSES = [
    "10.0.0.1", "10.0.0.0/8", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.1", "0", "::1", "fe80::/10",
    "::1/129", "2001:db8::/32", "300.1.1.1", "10.0.0.*", "host", "", "010.0.0.1", "::ffff:1.2.3.4",
    "1.2.3.4/08", "1.2.3.4/a", " 1.2.3.4", "a" * 60, "1.2.3.4/99999999999999999999", "0.0.0.0/0", "fe",
]
GOOD_ADDRESSES = ["10.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32", "192.0.2.0/24", "0.0.0.0/0"]


def principals(rng):
    style = rng.random()
    if style < 0.03:
        return ",".join(f"p{n}" for n in range(rng.choice([256, 257, 300])))
    if style < 0.1:
        return rng.choice(["", ",", "a,", ",a", "a,,b"])
    return ",".join(rng.choice(NAMES) for _ in range(rng.randint(1, 5)))


def option(rng):
    style = rng.random()
    if style < 0.5:
        word = rng.choice(["permit-", "no-"]) + rng.choice(PERMISSIONS)
        return rng.choice([str.lower, str.upper, str.title])(word)
    if style < 0.6:
        return rng.choice(["clear", "CLEAR", "no-touch-required", "touch-required", "verify-required",
                           "no-verify-required"])
    if style < 0.7:
        command = rng.choice(["", "/bin/true", "a=b", "echo é", "a b", "c"])
        return rng.choice(["force-command=", "Force-Command="]) + command
    if style < 0.8:
        count = rng.choice([1, 1, 2, 3])
        pool = ADDRESSES if chance(rng, 0.4) else GOOD_ADDRESSES
        return "source-address=" + ",".join(rng.choice(pool) for _ in range(count))
    if style < 0.985:
        name = rng.choice(["x@y", "permit-pty", "force-command", "", "é", "login@example.com"])
        value = rng.choice(["", "=", "=v", "=a=b", "=" + "v" * 300, "=é"])
        return rng.choice(["extension:", "critical:", "Critical:"]) + name + value
    return rng.choice(["nonsense", "", "pty", "force-command", "source-address", "permit-pty=1"])


SERIALS = ["0", "1", "+1", "18446744073709551615", "+18446744073709551615", "18446744073709551616",
           "0x10", "-1", "++1", "", "+", " 1", "1 ", "007", "1e3"]
ALGORITHMS = ["rsa-sha2-256", "rsa-sha2-512", "ssh-rsa", "rsa", "RSA", "ed25519", "ssh-ed25519", "ecdsa",
              "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "dsa", "nonsense",
              "ssh-ed25519-cert-v01@openssh.com", "rsa-sha2-512-cert-v01@openssh.com", "ED25519",
              "Ecdsa", "sk-ssh-ed25519@openssh.com"]


def zone(rng):
    return {"TZ": rng.choice(["UTC", "UTC", "Europe/Berlin", "America/St_Johns", "XYZ-3:30", ":bad"])}


def choose_ca(rng):
    """The words of -s, and what is typed when a passphrase is asked for."""
    if chance(rng, 0.05):
        return ["-s", rng.choice(["missing", "garbage", "empty", "open", "u_ed.pub", ".", "sub"])], b""
    name = rng.choice(CAS)
    if "locked" not in name:
        return ["-s", name, *(["-P", "unneeded"] if chance(rng, 0.05) else [])], b""
    style = rng.random()
    if style < 0.5:
        return ["-s", name, "-P", "open sesame"], b""
    if style < 0.6:
        return ["-s", name, "-P", rng.choice(["wrong", ""])], b""
    return ["-s", name], rng.choice([b"open sesame\n", b"open sesame", b"wrong\n", b"", b"\n"])


def subjects(rng):
    if chance(rng, 0.02):
        return []
    # Each file once, or the second certificate would overwrite the first.
    found = rng.sample(SUBJECTS, rng.choice([1, 1, 1, 2, 3]))
    if chance(rng, 0.1):
        odd = ["missing", "garbage", "empty", "alonepem", "blocked.pub", "sub/key.pub", ".", "",
               "u_ed-ready-cert.pub"]
        found.insert(rng.randint(0, len(found)), rng.choice(odd))
    return found


def signing(rng):
    """(words, environment, standard input) of one ssh-keygen -s."""
    words, stdin = choose_ca(rng)
    if chance(rng, 0.98):
        words += ["-I", rng.choice(TEXTS) if chance(rng, 0.4) else "id"]
    if chance(rng, 0.7):
        words += ["-n", principals(rng)]
    if chance(rng, 0.3):
        words += ["-h"]
    if chance(rng, 0.4):
        good = ["+52w", "-1h:+1d", "20260101:20270101Z", "always:forever", "0x5:forever"]
        words += ["-V", interval(rng) if chance(rng, 0.2) else rng.choice(good)]
    if chance(rng, 0.4):
        words += ["-z", rng.choice(SERIALS if chance(rng, 0.2) else SERIALS[:5])]
    if chance(rng, 0.25):
        fitting = {"ca_ed": ALGORITHMS[6:7], "ca_rsa": ALGORITHMS[:3], "ca_pem": ALGORITHMS[:3]}
        words += ["-t", rng.choice(fitting.get(words[1], ALGORITHMS))]
    if chance(rng, 0.1):
        words += rng.choice([["-q"], ["-E", "md5"], ["-o"], ["-u"], ["-C", "no use"], ["-N", "x"]])
    for _ in range(rng.choice([0, 0, 1, 1, 2, 3, 5])):
        words += ["-O", option(rng)]
    return [*words, *subjects(rng)], zone(rng), stdin


# --- -V

UNITS = ["", "s", "S", "m", "M", "h", "H", "d", "D", "w", "W"]
BAD_UNITS = ["y", "x", "ms", ".5h", "é", " "]


def duration(rng):
    parts = []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        number = rng.choice([0, 1, 5, 59, 60, 3600, 52, rng.randint(0, 10**6)])
        if chance(rng, 0.05):
            number = rng.choice([2**31 - 1, 2**31, 2**32, 2**63, 10**25, -1, -0])
        unit = rng.choice(BAD_UNITS) if chance(rng, 0.05) else rng.choice(UNITS)
        sign = rng.choice(["+", "-", " ", "\t"]) if chance(rng, 0.05) else ""
        parts.append(f"{sign}{number}{unit}")
    return "".join(parts) if chance(rng, 0.97) else ""


def date(rng):
    year = rng.choice([1969, 1970, 1999, 2024, 2025, 2026, 2027, 2038, 2106, 9999, 0])
    text = f"{year:04d}{rng.randint(0, 13):02d}{rng.randint(0, 32):02d}"
    if chance(rng, 0.5):
        text += f"{rng.randint(0, 24):02d}{rng.randint(0, 60):02d}"
        if chance(rng, 0.5):
            text += f"{rng.randint(0, 62):02d}"
    text += rng.choice(["", "", "", "Z", "z", "UTC", "utc", "Utc", "GMT"])
    if chance(rng, 0.1):
        at = rng.randint(0, len(text))
        text = text[:at] + rng.choice(["", " ", "-", "x", "0"]) + text[at + rng.randint(0, 1) :]
    return text


def moment(rng, word):
    style = rng.random()
    if style < 0.35:
        return rng.choice("+-") + duration(rng)
    if style < 0.7:
        return date(rng)
    if style < 0.85:
        # No calendar beyond 2^55 seconds: 9.2 then prints memory that it never set.
        number = rng.choice([0, 1, 2**31, 2**40, 2**55, 2**64 - 1, 2**64, rng.randint(0, 2**50)])
        text = rng.choice(["0x%x", "0x%X", "0x%020x"]) % number
        return text + rng.choice(["", "", "", "", " ", "g", "-"])
    return rng.choice([word, word, "always", "forever", "now", "0x", "0X5", "", "ALWAYS", "Forever"])


def interval(rng):
    style = rng.random()
    if style < 0.3:
        return "+" + duration(rng)
    if style < 0.34:
        return rng.choice(["", ":", "-1h", "+", "-", "1h", "always", "a:b:c", ":+1h", "+1h:"])
    return moment(rng, "always") + ":" + moment(rng, "forever")


def validity(rng):
    """(words, environment) of a signing that is about -V alone."""
    return ["-s", "ca_ed", "-I", "x", "-n", "a", "-V", interval(rng), "u_ed.pub"], zone(rng)


def mentions_now(words):
    """Whether the outcome depends on the clock's second."""
    return "-V" in words or "-k" in words or "-u" in words


# --- -L

NAME_POOL = [b"permit-pty", b"permit-X11-forwarding", b"force-command", b"source-address", b"x@y", b"",
             b"verify-required", b"no-touch-required", b"nul\0name", b"\xff\xfe", b"esc\x1b"]
DATA_POOL = [b"", string(b""), string(b"/bin/true"), b"raw", b"\0\0", u32(5) + b"abc", string(b"a\0b"),
             string(b"v") + b"more", u32(0x08000000) + b"x", b"\xff" * 8, u32(2**31)]


def some_options(rng):
    count = rng.choice([0, 0, 1, 2, 4])
    return [(rng.choice(NAME_POOL), rng.choice(DATA_POOL)) for _ in range(count)]


def crafted(rng, folder):
    """A certificate with fields of any kind and a true signature."""
    ca = Signer.load(os.path.join(folder, rng.choice(["ca_ed", "ca_ed", "ca_ec256", "ca_rsa"])))
    subject = rng.choice(["u_ed.pub", "u_rsa.pub", "u_ec256.pub", "sk_ed.pub", "sk_ec.pub"])
    key = unbase64(read(folder, subject).split(b" ")[1])
    fields = {"critical": some_options(rng), "extensions": some_options(rng)}
    if chance(rng, 0.3):
        fields["key_id"] = rng.choice([t.encode() for t in TEXTS] + [b"n\0l", b"nul\0", b"two\0\0", b"\xff"])
    if chance(rng, 0.3):
        fields["principals"] = [rng.choice([n.encode() for n in NAMES] + [b"", b"n\0l"])
                                for _ in range(rng.randint(0, 4))]
    if chance(rng, 0.1):
        fields["principals"] = [b"p%d" % n for n in range(rng.choice([256, 257]))]
    if chance(rng, 0.3):
        fields["after"], fields["before"] = sorted(rng.choice([0, 1, 2**31, 2**40, 2**55])
                                                   for _ in range(2))
    if chance(rng, 0.1):
        fields["before"] = 2**64 - 1
    if chance(rng, 0.15):
        fields["type"] = rng.choice([0, 1, 2, 3, 2**32 - 1])
    if chance(rng, 0.15):
        fields["nonce"] = rng.choice([b"", b"n", b"n" * 500])
    if chance(rng, 0.1):
        fields["reserved"] = b"reserved"
    if chance(rng, 0.1):
        fields["serial"] = rng.choice([0, 2**64 - 1])
    if chance(rng, 0.1):
        fields["ca_blob"] = rng.choice([b"", unbase64(read(folder, "u_ed-ready-cert.pub").split(b" ")[1]),
                                        string("ssh-dss") + mpint(7), ca.blob + b"x"])
    if chance(rng, 0.15):
        fields["signature"] = rng.choice([
            b"x", string("ssh-ed25519"), string("ssh-ed25519") + string(b"s" * 65),
            string("ssh-ed25519") + string(b"s" * 63), string("rsa-sha2-512") + string(b"s" * 400),
            string("ssh-rsa") + string(b""), string("ssh-ed25519") + string(b"s" * 64) + b"x",
            string("ecdsa-sha2-nistp256") + string(mpint(1) + mpint(1)),
            string("ecdsa-sha2-nistp256") + string(mpint(1) + mpint(1) + b"x"),
            string("nonsense") + string(b"x"), string("a\0b") + string(b"x")])
    if chance(rng, 0.1):
        fields["tail"] = b"tail"
    return craft.craft(key, ca, **fields)


def damaged(rng, blob):
    style = rng.random()
    at = rng.randrange(len(blob))
    if style < 0.5:
        return blob[:at] + bytes([blob[at] ^ 1 << rng.randrange(8)]) + blob[at + 1 :]
    if style < 0.75:
        return blob[:at]
    if style < 0.9:
        return blob[:at] + rng.randbytes(rng.randint(1, 4)) + blob[at:]
    return blob[:at] + u32(rng.choice([0, 1, 2**27, 2**27 - 3, 2**31, 2**32 - 1])) + blob[at + 4 :]


def cert_line(rng, folder):
    """A line of a file of certificates: mostly one, whole or not."""
    style = rng.random()
    if style < 0.07:
        return rng.choice([b"", b"# note", b"nonsense", b"ssh-ed25519", b"ssh-ed25519 ", b" \t",
                           b"ssh-rsa AAAA", b"ssh-ed25519 !!!!", b"ssh-none AAAA comment", b"\r"])
    if style < 0.14:
        return read(folder, rng.choice(["u_ed.pub", "u_rsa.pub", "sk_ec.pub"])).rstrip(b"\n")
    if style < 0.55:
        blob = crafted(rng, folder)
    else:
        blob = unbase64(read(folder, rng.choice(READY_CERTS)).split(b" ")[1])
    if chance(rng, 0.45):
        blob = damaged(rng, blob)
    try:
        name = Reader(blob).string()
    except ValueError:
        name = b"ssh-ed25519-cert-v01@openssh.com"
    if chance(rng, 0.05) or re.search(rb"[\0\n\r]", name):
        name = rng.choice([b"ssh-ed25519-cert-v01@openssh.com", b"ssh-rsa-cert-v01@openssh.com",
                           b"rsa-sha2-512-cert-v01@openssh.com", b"ssh-ed25519", b"nonsense",
                           b"rsa-sha2-256-cert-v01@openssh.com", b"rsa-sha2-256",
                           b"ecdsa-sha2-nistp384-cert-v01@openssh.com"])
    elif chance(rng, 0.3) and name.startswith(b"ssh-rsa"):
        name = name.replace(b"ssh-rsa", b"rsa-sha2-256")
    text = base64.b64encode(blob)
    if chance(rng, 0.04):
        text = rng.choice([text[:-1], text + b"=", text[:9] + b"*" + text[9:], text.rstrip(b"=")])
    return rng.choice([b"", b"", b"", b" ", b"\t "]) + name + rng.choice([b" ", b" ", b"\t", b"  "]) + text \
        + rng.choice([b" comment", b"", b" a b", b"\r"])


def cert_file(rng, folder):
    lines = [cert_line(rng, folder) for _ in range(rng.choice([1, 1, 1, 3, 8]))]
    return b"\n".join(lines) + rng.choice([b"\n", b"\n", b"", b"\n\n"])


def showing(rng):
    style = rng.random()
    if style < 0.04:
        return ["-L", "-f", rng.choice(["missing", ".", "empty", "garbage", "u_ed"])]
    return ["-L", *hash_words(rng), "-f", "shown"]


def hash_words(rng):
    if chance(rng, 0.7):
        return []
    return ["-E", rng.choice(["md5", "MD5", "sha1", "sha256", "SHA384", "sha512", "nonsense", ""])]


# --- -l

def key_line(rng, folder):
    style = rng.random()
    key = read(folder, rng.choice(CHECKED)).rstrip(b"\n")
    if style < 0.4:
        return key
    before = rng.choice([b"host.example.com", b"|1|hash|hash", b'command="a b" ', b"restrict,pty", b"1",
                         b'from="*.x",command="echo \\"q\\""', b"1024", b"12abc", b"@cert-authority *",
                         b'"unended', b"environment=\"A=b c\"", b"\xc3\xa9", b"#", b" ", b"-5"])
    if style < 0.7:
        return before + rng.choice([b" ", b"\t", b""]) + key
    if style < 0.8:
        return key.rsplit(b" ", 1)[0] + rng.choice([b"", b" #no", b" \xff\xfe", b" esc\x1b[0m", b" \t x",
                                                    b" \xc3\xa9", b"\r", b" cr\r"])
    return rng.choice([b"", b"# note", b"nonsense", before, b"ssh-ed25519 AAAA", key[:60]])


def commented_line(rng, folder):
    """A line that ends in a comment. 9.2 gives a key without one the comment of the line before it."""
    line = key_line(rng, folder)
    if line.startswith(b"#") or b" #" in line or not line.strip():
        return b"# note"
    return line + b" commented"


def key_file(rng, folder):
    lines = [key_line(rng, folder)]
    if chance(rng, 0.5):
        lines = [commented_line(rng, folder) for _ in range(rng.choice([2, 5]))]
    if chance(rng, 0.05):
        lines.insert(0, b"a PRIVATE KEY is not here")
    return b"\n".join(lines) + rng.choice([b"\n", b""])


# --- -y

def publishing(rng, folder):
    """(words, content of "private" or None, its mode, standard input)."""
    name = rng.choice(PRIVATE_FILES)
    if chance(rng, 0.4):
        words = ["-y", "-f", rng.choice([name, name, "missing", "garbage", "empty", "open", "u_ed.pub", "."])]
        content, mode = None, 0
    else:
        words, mode = ["-y", "-f", "private"], rng.choice([0o600, 0o600, 0o400, 0o640, 0o604, 0o666])
        content = read(folder, name)
        style = rng.random()
        if style < 0.25:
            content = content[: rng.randrange(len(content))]
        elif style < 0.35:
            content = content.replace(b"\n", b"\r\n")
        elif style < 0.45:
            content = b"\n" + content
    style = rng.random()
    if style < 0.4:
        words += ["-P", rng.choice(["open sesame", "wrong", ""])]
    return words, content, mode, rng.choice([b"open sesame\n", b"wrong\n", b""])


# --- -k

def serial_words(rng):
    number = rng.choice([0, 1, 2, 5, 77, 100, rng.randint(1, 10**6), 2**63, 2**64 - 1, 2**64])
    form = rng.choice(["%d", "%d", "%d", "0x%x", "0X%X", "0%o", "+%d", "-%d", " %d", "%d "])
    return form % number


def spec_line(rng, folder):
    style = rng.random()
    keyword = rng.choice([str.lower, str.lower, str.upper, str.title])
    if style < 0.3:
        first = rng.randint(1, 5000)
        text = rng.choice([serial_words(rng), str(first), f"{first}-{first + rng.randint(-1, 300)}",
                           serial_words(rng) + "-" + serial_words(rng)])
        if chance(rng, 0.03):
            text = rng.choice(["", "abc", "5-", "-5", "5-6-7", "0x", "5 6", "5--3", "0"])
        return (keyword("serial:") + rng.choice(["", " ", "\t "]) + text).encode()
    if style < 0.5:
        text = rng.choice([b"ready", b"host key", b"", b"a b", b"\xc3\xa9", b"x" * 300, b"tab\tbed", b"\x01"])
        return keyword("id:").encode() + rng.choice([b"", b" "]) + text
    if style < 0.58:
        digest = base64.b64encode(rng.randbytes(rng.choice([32, 32, 32, 20]))).rstrip(b"=")
        text = rng.choice([b"SHA256:" + digest, b"SHA256:" + digest, b"SHA256:!!!", b"MD5:00", b"", b"SHA256"])
        return b"hash: " + text
    if style < 0.9:
        line = read(folder, rng.choice(CHECKED)).rstrip(b"\n")
        return keyword(rng.choice(["key:", "sha1:", "sha256:", ""])).encode() + b" " + line
    return rng.choice([b"", b"# note", b"   ", b"\t# x", b"serial: 9 # why"] * 5 +
                      [b"nonsense", b"key:", b"key: ssh-ed25519 AAAA", b"ssh-ed25519", b"ssh-rsa AAAA x"])


def revoking(rng, folder):
    """(text of "spec", words, standard input) of one ssh-keygen -k."""
    lines = [spec_line(rng, folder) for _ in range(rng.choice([1, 2, 5, 12]))]
    spec = b"\n".join(lines) + rng.choice([b"\n", b""])
    words = [rng.choice(["-k", "-k", "-ku"]), "-f", "list"]
    if chance(rng, 0.85):
        words += ["-s", rng.choice(["ca_ed.pub", "ca_ed", "ca_rsa.pub", "none", "NONE", "ca_ec384.pub"])]
        if chance(rng, 0.03):
            words[-1] = "missing"
    if chance(rng, 0.2):
        words += ["-z", rng.choice(["7", "0", "18446744073709551615"])]
    if chance(rng, 0.2):
        words += ["-C", rng.choice(["a list", "é", "esc\x1b", ""])]
    if chance(rng, 0.2):
        words += ["-q"]
    style = rng.random()
    stdin = spec if style < 0.1 else b""
    files = ["-"] if style < 0.1 else ["spec"]
    if style > 0.9:
        files += rng.choice([["u_ec521.pub"], ["missing"], ["u_ed-ready-cert.pub"], []])
    return spec, [*words, *files], stdin


# --- One by one

COMPLAINTS = [
    ["-?"], ["-s"], ["-f"], ["--nonsense"], ["-W"], ["-s", "ca_ed"], ["-l", "u_ed.pub"], ["-L", "x"],
    ["-p", "-c"], ["-l", "-R", "x"], ["-l", "-H"], ["-Q"], ["-k"], ["-k", "-f", ""], ["-s", "ca_ed", "u_ed.pub"],
    ["-E", "nonsense"], ["-b", "x"], ["-b", "0"], ["-b", "4294967296"], ["-b", "-5"], ["-b", ""],
    ["-b", " 5x"], ["-a", "0"], ["-a", "x"], ["-a", "2147483648"], ["-m", "nonsense"], ["-Z", "nonsense"],
    ["-M", "nonsense"], ["-z", "x", "-V", "y"], ["-V", "y", "-z", "x"], ["-f", "x" * 4096], ["-l", "-f", "missing"],
    ["-Q", "-f", "missing"], ["-Q", "-f", "garbage"], ["-Q", "-f", "."], ["-ku", "-f", "missing"],
    ["-ku", "-f", "garbage"], ["-k", "-f", "."], ["-k", "-f", "missing/list"], ["-k", "-f", "u_ed.pub/list"],
    ["-k", "-f", "list", "-s", "missing"], ["-k", "-f", "list", "missing"],
    ["-t", "nonsense", "-f", "n", "-N", ""], ["-t", "", "-f", "n", "-N", ""],
    ["-t", "rsa", "-b", "1023", "-f", "n", "-N", ""], ["-t", "rsa", "-b", "16385", "-f", "n", "-N", ""],
    ["-t", "ecdsa", "-b", "255", "-f", "n", "-N", ""], ["-t", "ecdsa", "-b", "3072", "-f", "n", "-N", ""],
    ["-t", "ssh-ed25519-cert-v01@openssh.com", "-f", "n", "-N", ""],
    ["-t", "ed25519", "-f", "missing/n", "-N", ""], ["-q", "-t", "ed25519", "-f", "u_ed.pub/n", "-N", ""],
    ["-t", "ed25519", "-N", ""], ["-l"], ["-L"], ["-y"], ["-t", "nonsense", "-l"], ["-t", "ecdsa", "-y"],
    ["-Y", "nonsense"], ["-Q", "-f", "list", "u_ed.pub"], ["-s", "~nosuchuser/ca", "-I", "x", "u_ed.pub"],
    ["-y", "-f", "missing"], ["-y", "-f", "sub"], ["-k", "-f", "-", "-s", "none"], ["-Q", "-l", "-f", "-"],
]

FOREIGN = [
    ["-s", "ca_ed", "-I", "x", "-n", "a", "u_ed.pub", "u_dsa.pub"],
    ["-s", "u_dsa", "-I", "x", "-n", "a", "u_ed.pub"],
    ["-l", "-f", "u_dsa"], ["-y", "-f", "u_dsa"], ["-L", "-f", "u_dsa.pub"], ["-Q", "-f", "list", "u_dsa.pub"],
    ["-k", "-f", "list", "u_dsa.pub"],
]

HANDED_OVER = [
    (["-F", "host", "-f", "u_ed.pub"], b""),
    (["-R", "host", "-f", "missing"], b""),
    (["-e", "-f", "u_rsa.pub", "-m", "PKCS8"], b""),
    (["-i", "-f", "u_rsa.pub"], b""),
    (["-B", "-f", "u_ed.pub"], b""),
    (["-l", "-B", "-f", "u_ed.pub"], b""),
    (["-r", "host", "-f", "u_ed.pub"], b""),
    (["-c", "-C", "new comment", "-f", "u_ed"], b""),
    (["-p", "-N", "new one", "-P", "", "-a", "1", "-f", "u_ed"], b""),
    (["-p", "-N", "new one", "-P", "wrong", "-f", "ca_locked"], b""),
    (["-Y", "check-novalidate", "-n", "file", "-s", "missing"], b""),
    (["-D", "/nonexistent.so"], b""),
    (["-D", "/nonexistent.so", "-s", "ca_ed.pub", "-I", "x", "u_ed.pub"], b""),
    (["-M", "screen"], b""),
    (["-t", "ed25519-sk", "-f", "n", "-N", "", "-w", "/nonexistent.so"], b""),
]

ASKPASS = """#!/bin/sh
printf '%s|' "$1" >>asked
[ -n "$ANSWER" ] && echo "$ANSWER"
exit "${ANSWER_STATUS:-0}"
"""
ASKED = [
    {"DISPLAY": ":0"}, {"DISPLAY": ""}, {"SSH_ASKPASS_REQUIRE": "force"},
    {"SSH_ASKPASS_REQUIRE": "prefer"}, {"SSH_ASKPASS_REQUIRE": "prefer", "DISPLAY": ":0"},
    {"SSH_ASKPASS_REQUIRE": "never", "DISPLAY": ":0"}, {"DISPLAY": ":0", "ANSWER": "wrong"},
    {"DISPLAY": ":0", "ANSWER": ""}, {"DISPLAY": ":0", "ANSWER_STATUS": "1"},
    {"DISPLAY": ":0", "SSH_ASKPASS": "/nonexistent"}, {"SSH_ASKPASS_REQUIRE": "nonsense"},
]

# What writes files, new ones and over old ones.
WRITES = [
    ["-s", "ca_ed", "-I", "x", "-n", "a", "u_rsa.pub"],
    ["-q", "-t", "ed25519", "-N", "", "-f", "new"],
    ["-q", "-k", "-f", "list", "-s", "ca_ed.pub", "u_ed.pub"],
    ["-q", "-ku", "-f", "list0", "-s", "ca_ed.pub", "u_rsa.pub"],
]

# What is typed on a terminal.
TYPED = [
    (["-y", "-f", "ca_locked"], [b"open sesame\n"]),
    (["-y", "-f", "ca_locked"], [b"sesame\n"]),
    (["-y", "-f", "ca_locked"], [b"\n"]),
    (["-q", "-t", "ed25519", "-f", "new"], [b"open sesame\n", b"close sesame\n", b"\n", b"\n"]),
    (["-q", "-t", "ed25519", "-f", "u_ed"], [b"y\n", b"open sesame\n", b"open sesame\n"]),
    (["-s", "ca_locked", "-I", "x", "-n", "a", "u_ed.pub"], [b"open sesame\n"]),
]

GENERATIONS = [
    (["-t", "ed25519", "-N", ""], 0o600),
    (["-t", "rsa", "-b", "1024", "-N", "", "-C", "a comment"], 0o600),
    (["-t", "rsa-sha2-256", "-b", "1024", "-N", "", "-q"], 0o600),
    (["-t", "ecdsa", "-N", ""], 0o600),
    (["-t", "ecdsa", "-b", "384", "-N", "", "-C", ""], 0o600),
    (["-t", "ecdsa-sha2-nistp521", "-N", "", "-C", "x" * 1100], 0o600),
    (["-t", "ED25519", "-b", "17", "-N", "", "-E", "md5"], 0o600),
    (["-t", "ed25519", "-N", "open sesame", "-a", "2", "-Z", "aes256-ctr", "-E", "sha512"], 0o600),
    (["-t", "ed25519", "-N", "open sesame", "-Z", "chacha20-poly1305@openssh.com", "-a", "1"], 0o600),
    (["-t", "rsa", "-b", "1024", "-N", "", "-m", "PEM"], 0o600),
    (["-t", "ecdsa", "-N", "long enough", "-m", "PKCS8"], 0o600),
    (["-t", "ecdsa", "-N", "abc", "-m", "PEM"], 0o600),
    (["-t", "ed25519", "-N", "", "-m", "PEM", "-E", "sha1"], 0o600),
    (["-N", ""], 0o600),
]


def hash_of(words):
    return ["-E", words[words.index("-E") + 1]] if "-E" in words else []
