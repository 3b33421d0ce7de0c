# SPDX-License-Identifier: ISC
"""`vouch cert check` beside what sshd and ssh really did.

Every row that logs in asks the model first. The two have to agree, and where sshd refuses, one of the
model's reasons has to be the one in sshd's log.
"""

import json
import re

from sshd import USER
from tap import expect

# The model's reason -> what sshd 9.2 to 10.x writes when it refuses for that reason.
USER_LOG = {
    "wrong-type": r"Certificate invalid: not a user certificate",
    "unknown-ca": r"Failed publickey for .* CA ",
    "disallowed-algorithm": r"certificate signature algorithm \S+: signature algorithm not supported",
    "not-yet-valid": r"Certificate invalid: not yet valid",
    "expired": r"Certificate invalid: expired",
    "no-principals": r"Certificate (lacks principal list|does not contain an authorized principal)",
    "principal-not-listed": r"Certificate (invalid: name is not a listed principal"
    r"|does not contain an authorized principal)",
    "unsupported-critical-option": r'Certificate critical option ".*" is not supported',
    "broken-option": r"Certificate (option \".*\" corrupt|has multiple)"
    r"|Certificate source-address contents invalid|Unable to parse \".*\" section|Invalid certificate options",
    "source-address": r"not from a permitted source address",
    "revoked": r"revoked by file",
    "weak-key": r"refusing RSA-CERT key: Invalid key length",
}
# The same for ssh's words about a host certificate.
HOST_WORDS = {
    "wrong-type": r"Certificate invalid: not a host certificate",
    "unknown-ca": r"No \S+ host key is known for|Host key verification failed",
    "disallowed-algorithm": r"Certificate signed with disallowed algorithm",
    "not-yet-valid": r"Certificate invalid: not yet valid",
    "expired": r"Certificate invalid: expired",
    "no-principals": r"Certificate lacks principal list",
    "principal-not-listed": r"Certificate invalid: name is not a listed principal",
    "unsupported-critical-option": r"Certificate contains unsupported critical options",
    "revoked": r"revoked",
}


class Verdict:
    """What `vouch cert check` says: `accepted`, and the reasons it gives."""

    def __init__(self, done):
        self.done = done
        expect(done.status in (0, 1), "cert check gave no verdict", done)
        self.accepted = done.status == 0
        answer = json.loads(done.out)
        self.reasons = [reason["reason"] for reason in answer["reasons"]]
        self.rows = answer["reasons"]
        expect(self.accepted == (not self.reasons), "status and reasons differ", done)

    def __str__(self):
        return str(self.done)


def judge(lab, cert, ca, **asked):
    """Asks the model. ca: a file or several; asked: name, kind, krl, address, at."""
    cas = ca if isinstance(ca, (list, tuple)) else [ca]
    kind = asked.get("kind", "user")
    name = asked.get("name", USER if kind == "user" else "host")
    words = ["cert", "check", cert, "-o", "json", "--type", kind]
    for file in cas:
        words += ["--ca", file]
    words += ["--principal" if kind == "user" else "--host", name]
    if kind == "user":
        words += ["--address", asked.get("address", "127.0.0.1")]
    for option in ("krl", "at"):
        if asked.get(option):
            words += ["--" + option, asked[option]]
    return Verdict(lab.vouch(*words))


def agree(login, verdict, reasons=None):
    """sshd's deed equals the model's word; `reasons`: exactly what the model has to give."""
    done = login.status == 0
    expect(done == verdict.accepted, "the model and sshd differ", verdict, login)
    if reasons is not None:
        expect(verdict.reasons == reasons, f"reasons other than {reasons}", verdict)
    if not verdict.accepted:
        _find(USER_LOG, verdict, login.log, login)


def agree_host(login, verdict, reasons=None):
    """The same for a host certificate, by ssh's words."""
    done = login.status == 0
    expect(done == verdict.accepted, "the model and ssh differ", verdict, login)
    if reasons is not None:
        expect(verdict.reasons == reasons, f"reasons other than {reasons}", verdict)
    if not verdict.accepted:
        _find(HOST_WORDS, verdict, login.err, login)


def _find(patterns, verdict, text, login):
    known = [patterns[r] for r in verdict.reasons if r in patterns]
    expect(any(re.search(p, text) for p in known), "none of the reasons was met", verdict, login)
