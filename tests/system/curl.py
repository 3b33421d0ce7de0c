#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A certificate by one curl: the command as the page shows it, run by a real shell with a real curl, and a real
login with what it wrote. And what it does not do: twice, for a page, with a private key, to another server.
"""

import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from api import krl_of, refused
from lab import Lab
from people import Town, policy, yaml
from service import find_vouchd
from sshd import USER, Sshd, expect_in
from tap import Tap, expect, expect_equal, skip_all
from web import Browser

REFUSED_BY_HTTP, NOT_THAT_KEY, NOT_TRUSTED = 22, 90, 60  # exit statuses of curl


class Machine:
    """A machine without a client: a home with a key in it, and a shell."""

    def __init__(self, lab):
        self.lab = lab
        self.home = lab.folder("machine")
        os.mkdir(os.path.join(self.home, ".ssh"), 0o700)
        self.key = os.path.join(self.home, ".ssh", "id_ed25519")
        self.cert = self.key + "-cert.pub"
        lab.must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "tablet", "-f", self.key)

    def sh(self, command):
        return subprocess.run(["sh", "-c", command], env={"PATH": os.environ["PATH"], "HOME": self.home},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)

    def post(self, ticket, *words, key=".pub", pin=None):
        """curl without -f and -o: its status, the server's, and what that said."""
        more = " ".join(words)
        done = self.sh(f"curl -sS -k --pinnedpubkey '{pin or ticket['pin']}' '{ticket['url']}' "
                       f"--data-binary \"@$HOME/.ssh/id_ed25519{key}\" {more} -w '\\n%{{http_code}}'")
        text, _, status = done.stdout.rpartition("\n")
        return done.returncode, int(status or 0), text


def command(ticket):
    """As src/web/app/pages/guides.ts makes it."""
    pin = f" -k --pinnedpubkey '{ticket['pin']}'" if ticket["pin"] else ""
    return (f"curl -fsS{pin} '{ticket['url']}' \\\n"
            '  --data-binary "@$HOME/.ssh/id_ed25519.pub" -o "$HOME/.ssh/id_ed25519-cert.pub"')


def make(town, browser, **fields):
    answer = browser.ask("POST", "/v1/tickets", {"zone": "lab", "roles": ["dev"], "ttl_s": 3600, **fields})
    expect_equal(answer.status, 201, str(answer))
    town.keep("ticket", answer.json()["url"].rpartition("/")[2])
    return answer.json()


def look(browser, ticket):
    answer = browser.ask("GET", f"/v1/tickets/{ticket['id']}")
    expect_equal(answer.status, 200, str(answer))
    return answer.json()


def getting(tap, town, carl, machine):
    lab = town.lab
    with tap.row("the link says what it gives, and that curl must see the server's own key"):
        ticket = make(town, carl)
        expect_equal((ticket["roles"], ticket["principals"], ticket["ttl_s"]), (["dev"], ["role:dev"], 3600))
        expect(ticket["pin"].startswith("sha256//") and len(ticket["pin"]) == 52, ticket["pin"])
        expect_equal(look(carl, ticket)["state"], "waiting")
    with tap.row("the page's command writes the certificate beside the key"):
        done = machine.sh(command(ticket))
        expect_equal((done.returncode, done.stdout, done.stderr), (0, "", ""), str(done))
        shown = lab.must("ssh-keygen", "-L", "-f", machine.cert).out
        expect("role:dev" in shown and 'Key ID: "carl"' in shown, shown)
    with tap.row("a real ssh logs in with it"):
        settings = f"TrustedUserCAKeys {lab.write('user_ca.pub', town.service.get('/v1/ca/user.pub').body)}\n"
        settings += f"AuthorizedPrincipalsFile {lab.path}/principals-%u\nRevokedKeys {lab.join('revoked')}"
        lab.write(f"principals-{USER}", "role:dev\n")
        lab.write("revoked", krl_of(town)[0].body)
        expect_in(Sshd(lab, settings).login(key=machine.key, cert=machine.cert))
    with tap.row("the page hears that it was used, where, and for which certificate"):
        found = look(carl, ticket)
        expect_equal((found["state"], found["source"]), ("used", "127.0.0.1"))
        answer = carl.ask("GET", f"/v1/certs/{found['serial']}")
        with open(machine.cert, encoding="ascii") as file:
            expect_equal(answer.json()["certificate"].split()[1], file.read().split()[1])
    with tap.row("the ledger says who, by what, and in which session"):
        record = [one for one in town.service.ledger().records() if one.kind == 1][-1]
        expect_equal((record.actor, record.evidence, record.role), (b"user:carl", b"link:password+totp", b"dev"))
        expect(b" session=" in record.request and b" link " in record.policy, str(record.policy))


def refusing(tap, town, bob, carl, machine):
    with tap.row("used once: the second time curl fails, and the file stays as it was"):
        ticket = make(town, carl)
        expect_equal(machine.sh(command(ticket)).returncode, 0)
        with open(machine.cert, "rb") as file:
            before = file.read()
        expect_equal(machine.sh(command(ticket)).returncode, REFUSED_BY_HTTP)
        with open(machine.cert, "rb") as file:
            expect_equal(file.read(), before)
        status, http, text = machine.post(ticket)
        expect_equal((status, http), (0, 404))
        expect(text.startswith("V-2065: ") and "used already" in text, text)
        expect_equal(text.count("\n"), 1, text)
    with tap.row("another server's key: curl sends nothing, though -k is given"):
        ticket = make(town, carl)
        other = "sha256//" + "A" * 43 + "="
        expect_equal(machine.post(ticket, pin=other)[0], NOT_THAT_KEY)
        done = machine.sh(command({**ticket, "pin": None}))
        expect_equal(done.returncode, NOT_TRUSTED, str(done))
        expect_equal(look(carl, ticket)["state"], "waiting")
    with tap.row("a private key is refused and named, and the link stays good"):
        status, http, text = machine.post(ticket, key="")
        expect_equal((status, http), (0, 422))
        expect(text.startswith("V-2067: ") and "private key" in text, text)
        with open(machine.key, encoding="ascii") as file:
            part = file.read().splitlines()[1]
        expect(part not in town.service.log(), "in the log")
        expect_equal(look(carl, ticket)["state"], "waiting")
    with tap.row("gauntlet W3: a page of a browser gets nothing by it, with whatever cookie"):
        for words in (("-H 'Origin: https://evil.example'",), ("-H 'Sec-Fetch-Site: same-origin'",),
                      ("-H 'Origin: null'", f"-b '__Host-vouch={carl.secret}'")):
            status, http, text = machine.post(ticket, *words)
            expect_equal((status, http, text[:8]), (0, 403, "V-2068: "), text)
    with tap.row("GET shows nothing, and a body that is too long is refused"):
        expect_equal(town.service.get("/s/" + ticket["url"].rpartition("/")[2]).status, 405)
        with open(os.path.join(machine.home, ".ssh", "id_ed25519.long"), "w", encoding="ascii") as file:
            file.write("ssh-ed25519 " + "A" * 30000)
        status, http, text = machine.post(ticket, key=".long")
        expect_equal((http, text[:8]), (413, "V-1824: "), text)
    with tap.row("and after all of that it is good, once"):
        expect_equal(machine.post(ticket)[:2], (0, 200))
    with tap.row("gauntlet W8: another's link is not there to be seen"):
        refused(bob.ask("GET", f"/v1/tickets/{ticket['id']}"), 404)
    with tap.row("no link for what needs approval, without a reason that is wanted, or for another's role"):
        wish = {"zone": "lab", "roles": ["dba"], "reason": "an incident"}
        answer = carl.ask("POST", "/v1/tickets", wish)
        refused(answer, 403)
        expect_equal(answer.json()["code"], "V-2069")
        expect("dba needs 1 approval" in answer.json()["detail"], str(answer))
        refused(carl.ask("POST", "/v1/tickets", {"zone": "lab", "roles": ["nosuch"]}), 403)


def ending(tap, town, carl, machine):
    with tap.row("another policy: the same or nothing"):
        ticket = make(town, carl)
        change(town, policy().replace("extensions: [permit-pty]", "extensions: [permit-pty, permit-port-forwarding]"))
        status, http, text = machine.post(ticket)
        expect_equal((status, http, text[:8]), (0, 409, "V-2066: "), text)
        change(town, policy())
        expect_equal(machine.post(ticket)[:2], (0, 200))
    with tap.row("whoever signs out leaves no link behind"):
        ticket = make(town, carl)
        expect_equal(carl.ask("DELETE", "/v1/session").status, 200)
        status, http, text = machine.post(ticket)
        expect_equal((status, http, text[:8]), (0, 404, "V-2065: "), text)
    with tap.row("gauntlet W11: no secret of a link is in the log"):
        log = town.service.log()
        expect("/s/voucht_***" in log, "no line of it")
        expect("voucht_" not in log.replace("voucht_***", ""), "in the log")


def change(town, text):
    version = town.service.local("GET", "/v1/policy").headers["etag"].strip('"')
    answer = town.service.local("PUT", "/v1/policy", text.encode(), yaml(int(version)))
    expect_equal(answer.status, 200, str(answer))


def set_up(town):
    answer = town.service.local("PUT", "/v1/policy", policy().encode(), yaml(0))
    expect_equal(answer.status, 200, str(answer))
    for name in ("bob", "carl"):
        made = town.service.must_local("POST", f"/v1/accounts/{name}/link", {}).json()
        town.set_up(getattr(town, name), town.keep("link", made["secret"]))


def main():
    vouchd = find_vouchd()
    if vouchd is None:
        skip_all("vouchd is not built")
    with Lab("ssh-keygen", "sshd", "curl") as lab:
        tap, town = Tap(), Town(lab, vouchd)
        with tap.row("the people are set up"):
            set_up(town)
        bob, carl = Browser(town, town.bob), Browser(town, town.carl)
        for one in (bob, carl):
            one.sign_in()
        machine = Machine(lab)
        for part, people in ((getting, (carl,)), (refusing, (bob, carl)), (ending, (carl,))):
            with tap.row(f"to the end of {part.__name__}"):
                part(tap, town, *people, machine)
        tap.done()


if __name__ == "__main__":
    main()
