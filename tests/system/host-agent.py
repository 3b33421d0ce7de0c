#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""vouch-host on one machine: enrols at a real vouchd, keeps a real sshd as the server wants it, and leaves it
as it was. Everything on the loopback, below a folder of its own.
"""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from lab import Lab, find_program, free_port, stop, wait_for
from people import App
from service import Service, find_vouchd
from sshd import CLIENT, USER, client_version, make_run_folder
from sshwire import read_cert_file
from tap import Tap, expect, expect_equal, skip_all

HOST = "web1.lab.example.com"
POLICY = """\
zones:
  - {name: lab, patterns: ['*.lab.example.com', '127.*']}
users:
  - {name: ada}
groups:
  - {name: engineering, members: [ada]}
roles:
  - {name: dev, zone: lab, members: [group:engineering], hosts: [tier=web], logins: [%s], max_ttl: 8h}
"""
SSHD = """\
Include {root}/etc/ssh/sshd_config.d/*.conf
Port {port}
ListenAddress 127.0.0.1
PidFile {root}/run/sshd.pid
HostKey {root}/etc/ssh/ssh_host_ed25519_key
HostKey {root}/etc/ssh/ssh_host_ecdsa_key
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile none
KexAlgorithms curve25519-sha256
"""


def find_vouch_host():
    """The program: VOUCH_HOST, or beside VOUCH in the build tree; None if there is none."""
    tree = os.path.dirname(os.path.dirname(os.path.abspath(os.environ["VOUCH"])))
    path = os.environ.get("VOUCH_HOST") or os.path.join(tree, "vouch-host", "vouch-host")
    return path if os.access(path, os.X_OK) else None


def tree_of(folder):
    """Path -> mode and content of every file below."""
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = (os.stat(path).st_mode, file.read())
    return found


class Machine:
    """A folder that stands for a machine, its sshd, and its agent."""

    def __init__(self, lab, program):
        self.lab, self.program = lab, program
        self.root = lab.fresh("machine-")
        self.port, self.agent, self.sshd = free_port(), None, None
        os.chmod(lab.path, 0o711)
        for place in ("etc/ssh/sshd_config.d", "etc/vouch", "var/lib", "run"):
            os.makedirs(os.path.join(self.root, place))
        for kind in ("ed25519", "ecdsa"):
            path = self.path("etc/ssh", f"ssh_host_{kind}_key")
            lab.must("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", path)
        self.configure()
        self.put("etc/machine-id", os.urandom(16).hex() + "\n")

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def put(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def configure(self):
        self.put("etc/ssh/sshd_config", SSHD.format(root=self.root, port=self.port))
        self.put("etc/vouch/host.conf", "log file /run/sshd.log\n"
                 f"pid_file /run/sshd.pid\naddress 127.0.0.1\nport {self.port}\n")

    def move_sshd(self, port):
        self.port, heard = port, len(self.log())
        self.configure()
        os.kill(int(read_bytes(self.path("run/sshd.pid"))), signal.SIGHUP)
        wait_for(lambda: f"port {port}" in self.log()[heard:], "sshd to listen there")

    def start_sshd(self):
        make_run_folder()
        self.sshd = self.lab.start(
            find_program("sshd"), "-D", "-f", self.path("etc/ssh/sshd_config"), "-E",
            self.path("run/sshd.log"), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: "listening" in self.log(), "sshd to listen")

    def log(self):
        with contextlib.suppress(FileNotFoundError):
            with open(self.path("run/sshd.log"), encoding="utf-8", errors="replace") as file:
                return file.read()
        return ""

    def run(self, *words, **more):
        return self.lab.run(self.program, *words, "--root", self.root, **more)

    def must(self, *words, **more):
        done = self.run(*words, **more)
        expect_equal(done.status, 0, f"exit\n{done}")
        return done

    def start_agent(self, **more):
        with open(self.path("run/agent.log"), "ab") as log:
            self.agent = self.lab.start("env", *(f"{name}={value}" for name, value in more.items()),
                                        self.program, "run", "--root", self.root,
                                        stdout=log, stderr=log)

    def status(self):
        return json.loads(self.must("status", "-o", "json").out)

    def principals(self):
        with contextlib.suppress(FileNotFoundError):
            with open(self.path("etc/ssh/vouch/principals", USER), encoding="utf-8") as file:
                lines = [line.split("#")[0].strip() for line in file]
                return [line for line in lines if line]
        return []

    def login(self, key, cert, known_hosts):
        config = self.lab.write("ssh-config", CLIENT.format(user=USER, known_hosts=known_hosts))
        return self.lab.run(
            "ssh", "-F", config, "-p", self.port, "-i", key, "-o", f"CertificateFile={cert}",
            "-o", f"HostKeyAlias={HOST}", "127.0.0.1", "echo in", timeout=60)


class Bench:
    def __init__(self, lab, vouchd, program):
        self.lab = lab
        self.service = Service(lab.fresh("ca-"), vouchd, lab.vouch_path, lab.env)
        lab.stack.callback(self.service.kill)
        self.service.init()
        self.service.start()
        self.apply_policy(POLICY % USER)
        self.service.new_profile("all")
        self.token = self.service.new_token("all")
        self.url = f"https://127.0.0.1:{self.service.port}"
        self.machine = Machine(lab, program)
        self.machine.start_sshd()

    def apply_policy(self, text):
        held = self.service.local("GET", "/v1/policy").headers.get("etag", '"0"')
        answer = self.service.local("PUT", "/v1/policy", text.encode(),
                                    {"Content-Type": "application/yaml", "If-Match": held})
        expect(answer.status in (200, 201), answer)

    def host_token(self, **fields):
        body = {"match": HOST, "zone": "lab", "labels": {"tier": "web"}, **fields}
        return self.service.must_local("POST", "/v1/host-tokens", body).json()["secret"]

    def fleet(self, name=HOST):
        return self.service.must_local("GET", f"/v1/fleet/{name}").json()

    def certificate(self, principal):
        """A key with a certificate for one principal: the paths, and the serial."""
        key = self.lab.key("ed25519")
        with open(key + ".pub", encoding="ascii") as file:
            body = {"type": "user", "key_id": "ada", "principals": [principal], "ttl_s": 600,
                    "public_key": file.read().strip()}
        answer = self.service.ask("POST", "/v1/certs", body, self.token)
        expect_equal(answer.status, 201, str(answer))
        return key, self.lab.write(os.path.basename(key) + "-cert.pub",
                                   answer.json()["certificate"] + "\n"), answer.json()["serial"]

    def known_hosts(self):
        with open(self.service.ca_file("host"), encoding="ascii") as file:
            return self.lab.write("known_hosts", "@cert-authority *.lab.example.com " + file.read())

    def enrol(self, *words, **more):
        return self.machine.run("enrol", f"{self.url}#{self.service.pin}", "--name", HOST, *words,
                                timeout=180, **more)


def test_usage(tap, bench):
    with tap.row("commands that need an enrolled host say that it is none"):
        for words in (["status"], ["sync"], ["renew"], ["run"], ["leave", "--yes"]):
            done = bench.machine.run(*words)
            expect(done.status == 3 and "V-1930" in done.err, done)
        done = bench.machine.run("check")
        expect(done.status == 3 and done.out.startswith("UNKNOWN "), done)
    with tap.row("a token is not taken from the command line, nor one of another kind"):
        done = bench.enrol("--token", "vouchh_x")
        expect(done.status == 2, done)
        done = bench.enrol("--token-file", "-", stdin=bench.token)
        expect(done.status != 0 and "V-1863" in done.err, done)
    with tap.row("a server with another key is not asked for anything"):
        done = bench.machine.run("enrol", bench.url, "--pin", "sha256:" + "A" * 43, "--name", HOST,
                                 "--no-wait")
        expect(done.status != 0 and "V-1862" in done.err, done)


def test_enrol(tap, bench):
    machine = bench.machine
    bench.before = tree_of(machine.path("etc/ssh"))
    with tap.row("a dry run changes nothing and uses no token"):
        done = bench.enrol("--dry-run")
        expect(done.status == 0 and "50-vouch.conf" in done.err, done)
        expect_equal(tree_of(machine.path("etc/ssh")), bench.before, "files")
    with tap.row("one command enrols: certificates, trust, revocations, logins, sshd's configuration"):
        done = bench.enrol("--token-file", "-", "--alias", "127.0.0.1", stdin=bench.host_token())
        expect_equal(done.status, 0, f"exit\n{done}\n{machine.log()[-2000:]}")
        expect("50-vouch.conf" in done.err and "vouch-host leave" in done.err, done)
        expect_equal(bench.fleet()["state"], "active")
    with tap.row("sshd shows a certificate that the host CA signed, for the name and the alias"):
        shown = bench.lab.must("ssh-keyscan", "-c", "-p", machine.port, "127.0.0.1").out
        path = bench.lab.write("shown-cert.pub", shown.split(" ", 1)[1])
        text = bench.lab.must("ssh-keygen", "-L", "-f", path).out
        expect(HOST in text and "127.0.0.1" in text, text)
    with tap.row("the principals file is the role's, and a certificate of the role gets in"):
        expect_equal(len(machine.principals()), 1, "principals")
        key, cert, _ = bench.certificate(machine.principals()[0])
        login = machine.login(key, cert, bench.known_hosts())
        expect(login.status == 0 and login.out == "in\n", login, machine.log()[-2000:])
        key, cert, _ = bench.certificate("somebody")
        expect(machine.login(key, cert, bench.known_hosts()).status == 255, "let in")
    with tap.row("status and check say that all is well"):
        status = machine.status()
        expect_equal((status["state"], status["name"]), ("active", HOST))
        done = machine.run("check")
        expect(done.status in (0, 1), done)
    with tap.row("the secret is the agent's alone"):
        for name in ("agent.json", "secret"):
            found = os.stat(machine.path("var/lib/vouch-host/agent", name))
            expect_equal(found.st_mode & 0o777, 0o600, name)
            expect(os.getuid() != 0 or found.st_uid != 0, name + " is root's")
    with tap.row("enrolling again brings up to date and uses no token"):
        done = bench.enrol()
        expect(done.status == 0 and "enrolled already" in done.err, done)
    with tap.row("another server is refused while this one holds"):
        done = machine.run("enrol", "https://127.0.0.1:1", "--name", HOST)
        expect(done.status == 8 and "V-1936" in done.err, done)


def test_run(tap, bench):
    machine = bench.machine
    machine.start_agent()
    with tap.row("the part that talks to the network is in its sandbox, and has no rights"):
        time.sleep(2)
        status = state_of(machine.agent.pid)
        expect_equal((status["Seccomp"], status["NoNewPrivs"]), ("2", "1"))
        expect_equal(status["CapEff"], "0" * 16)
    with tap.row("what serves in the root part is in its walls"):
        inner = wait_for(lambda: child_of(root_part(machine)), "the process that serves")
        status = state_of(inner)
        expect_equal((status["Seccomp"], status["NoNewPrivs"]), ("2", "1"))
        expect(os.path.basename(os.readlink(f"/proc/{inner}/exe")) == "vouch-host-apply", "another program")
    with tap.row("what is revoked is refused within seconds"):
        times = []
        for _ in range(3):
            key, cert, serial = bench.certificate(machine.principals()[0])
            expect(machine.login(key, cert, bench.known_hosts()).status == 0, machine.log()[-2000:])
            before = machine.status()["krl_version"]
            begun = time.monotonic()
            answer = bench.service.ask("POST", "/v1/revocations",
                                       {"serial": serial, "reason": "test"}, bench.token)
            expect(answer.status in (200, 201), answer)
            wait_for(lambda b=before: krl_stamp(machine) != b and installed(machine, b),
                     "the list to be installed", 20)
            times.append(time.monotonic() - begun)
            expect(machine.login(key, cert, bench.known_hosts()).status == 255, "let in")
        print("# from the revocation to its list: " + " ".join(f"{t:.2f} s" for t in times))
        expect(min(times) < 5, times)
    with tap.row("a change of the policy changes who may log in"):
        bench.apply_policy((POLICY % USER).replace("tier=web", "tier=db"))
        wait_for(lambda: not machine.principals(), "the login to be closed", 20)
        bench.apply_policy(POLICY % USER)
        wait_for(machine.principals, "the login to be open again", 20)
    with tap.row("renewing while the agent runs gives new certificates, and no copy is suspected"):
        before = {key.get("serial") for key in machine.status()["keys"]}
        machine.must("renew")
        wait_for(lambda: not before & {k.get("serial") for k in machine.status()["keys"]},
                 "new certificates", 30)
        time.sleep(2)
        expect_equal(bench.fleet()["state"], "active")
        expect(machine.agent.poll() is None, "the agent ended")
    with tap.row("logins that sshd's log tells of are at the server"):
        key, cert, serial = bench.certificate(machine.principals()[0])
        expect(machine.login(key, cert, bench.known_hosts()).status == 0, "not let in")
        wait_for(lambda: any(row.get("serial") == serial for row in logins(bench)),
                 "the login at the server", 30)
    with tap.row("a server that is away and comes back is asked again"):
        bench.service.kill()
        wait_for(lambda: machine.run("check").status == 1, "check to warn", 60)
        bench.service.start()
        wait_for(lambda: "failure" not in machine.status(), "all to be well", 60)
    with tap.row("without its root part the agent ends, and says why"):
        machine.agent.send_signal(signal.SIGTERM)
        expect_equal(machine.agent.wait(60), 0, "exit after SIGTERM")
        machine.start_agent()
        wait_for(lambda: root_part(machine), "the root part", 30)
        os.kill(root_part(machine), signal.SIGKILL)
        expect_equal(machine.agent.wait(60), 9, "exit")


def heard(manager, count, seconds=60):
    """The next messages to the service manager."""
    manager.settimeout(seconds)
    return [manager.recv(4096).decode() for _ in range(count)]


def test_manager(tap, bench):
    machine = bench.machine
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        name = f"vouch-host-test-{os.getpid()}"
        manager.bind("\0" + name)
        with tap.row("the service manager is told that the agent is ready, what it does, and that it lives"):
            machine.start_agent(NOTIFY_SOCKET="@" + name, WATCHDOG_USEC="3000000")
            found = heard(manager, 1)
            while not (any(text.startswith("READY=1\n") for text in found)
                       and sum("WATCHDOG=1" in text for text in found) > 3
                       and any("STATUS=as the server wants it" in text for text in found)):
                expect(len(found) < 100, found)
                found += heard(manager, 1)
        with tap.row("an agent that hangs says nothing more, and the manager would end it"):
            machine.agent.send_signal(signal.SIGSTOP)
            with contextlib.suppress(BlockingIOError):
                manager.setblocking(False)
                while manager.recv(4096):
                    pass
            time.sleep(3)
            try:
                expect(not manager.recv(4096), "it says that it lives")
            except BlockingIOError:
                pass
            machine.agent.send_signal(signal.SIGCONT)
        with tap.row("and told that it stops"):
            machine.agent.send_signal(signal.SIGTERM)
            expect_equal(machine.agent.wait(60), 0, "exit after SIGTERM")
            manager.setblocking(False)
            found = []
            with contextlib.suppress(BlockingIOError):
                while True:
                    found.append(manager.recv(4096).decode())
            expect(any("STOPPING=1" in text for text in found), found)


def test_walls(tap, bench):
    machine = bench.machine
    machine.start_agent()
    outer = wait_for(lambda: root_part(machine), "the root part", 30)
    inner = wait_for(lambda: child_of(outer), "the process that serves", 30)
    wait_for(lambda: state_of(inner)["Seccomp"] == "2", "its walls", 30)
    with tap.row("an sshd that moves to another port while the agent runs is followed there, by other walls"):
        before, port = read_bytes(cert_path(machine)), machine.port
        machine.move_sshd(free_port())
        machine.must("renew")
        wait_for(lambda: read_bytes(cert_path(machine)) != before and "failure" not in machine.status(),
                 "another certificate", 60)
        expect_equal(root_part(machine), outer, "the root part")
        expect(child_of(outer) != inner, "it is in the walls of before")
        key, cert, _ = bench.certificate(machine.principals()[0])
        expect(machine.login(key, cert, bench.known_hosts()).status == 0, machine.log()[-2000:])
        stop(machine.agent)
        machine.move_sshd(port)


def cert_path(machine):
    return machine.path("etc/ssh/ssh_host_ed25519_key-cert.pub")


def test_guard(tap, bench):
    machine = bench.machine
    installed_files = tree_of(machine.path("etc/ssh"))
    machine.start_agent()
    for name in ("vouch/user_ca.pub", "vouch/revoked.krl", f"vouch/principals/{USER}",
                 "ssh_host_ed25519_key-cert.pub"):
        path = machine.path("etc/ssh", name)
        with open(path, "rb") as file:
            content = file.read()
        for harm in ("changed", "removed"):
            with tap.row(f"{name} that was {harm} is put back within seconds"):
                if harm == "changed":
                    machine.put("etc/ssh/" + name, "somebody was here\n")
                else:
                    os.unlink(path)
                wait_for(lambda p=path, c=content: read_bytes(p) == c, "it to be back", 20)
    with tap.row("principals that somebody added are gone within seconds, and a login works"):
        stranger = machine.path("etc/ssh/vouch/principals/daemon")
        machine.put("etc/ssh/vouch/principals/daemon", "anybody\n")
        wait_for(lambda: not os.path.exists(stranger), "it to go", 20)
        key, cert, _ = bench.certificate(machine.principals()[0])
        expect(machine.login(key, cert, bench.known_hosts()).status == 0, machine.log()[-2000:])
        now = tree_of(machine.path("etc/ssh"))
        expect_equal(sorted(now), sorted(installed_files), "files")
    stop(machine.agent)
    with tap.row("a certificate that is not ours is replaced by renewing"):
        foreign = bench.lab.key("ed25519")
        bench.lab.must("ssh-keygen", "-q", "-s", foreign, "-I", "other", "-h", "-n", HOST, "-z", "77",
                       "-V", "-1m:+1h", machine.path("etc/ssh/ssh_host_ed25519_key.pub"))
        expect("CRITICAL" in machine.run("check").out, "check says nothing")
        machine.must("renew")
        text = bench.lab.must("ssh-keygen", "-L", "-f", cert_path(machine)).out
        expect("host:" + HOST in text and "Serial: 77" not in text, text)
        shown = bench.lab.must("ssh-keyscan", "-c", "-p", machine.port, "127.0.0.1").out
        expect(shown.split()[2] == read_bytes(cert_path(machine)).decode().split()[1] or
               len(shown.split("\n")) > 2, shown)


def test_clock(tap, bench):
    machine, module = bench.machine, sys.argv[1]
    words = ["env", f"LD_PRELOAD={module}", "FAKE_CLOCK=900",
             f"ASAN_OPTIONS={os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0", machine.program]
    with tap.row("a clock that is wrong is critical, and told of by how much"):
        done = bench.lab.run(*words, "sync", "--root", machine.root)
        expect_equal(done.status, 0, done)
        done = machine.run("check")
        off = re.search(r"the clock is (\d+)\.\d s ahead", done.out)
        expect(done.status == 2 and off and 880 <= int(off.group(1)) <= 920, done)
    with tap.row("nothing is proven for another time than the machine's"):
        done = bench.lab.run(*words, "renew", "--root", machine.root)
        expect(done.status != 0 and "away from this machine's clock" in done.err, done)
    with tap.row("a clock that was set right is well again"):
        machine.must("sync")
        done = machine.run("check")
        expect("the clock is" not in done.out and done.status in (0, 1), done)


def read_bytes(path):
    with contextlib.suppress(FileNotFoundError):
        with open(path, "rb") as file:
            return file.read()
    return None


def krl_stamp(machine):
    with contextlib.suppress(FileNotFoundError):
        return os.stat(machine.path("etc/ssh/vouch/revoked.krl")).st_ino
    return None


def installed(machine, before):
    return machine.status()["krl_version"] != before


def logins(bench):
    return bench.service.must_local("GET", "/v1/logins").json()["items"]


def root_part(machine):
    path = f"/proc/{machine.agent.pid}/task/{machine.agent.pid}/children"
    with contextlib.suppress(OSError):
        with open(path, encoding="ascii") as file:
            for word in file.read().split():
                with open(f"/proc/{word}/cmdline", "rb") as command:
                    if b"vouch-host-apply" in command.read():
                        return int(word)
    return None


def state_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return {name: value.strip() for name, value in (line.split(":", 1) for line in file)}


def child_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        found = file.read().split()
    return int(found[0]) if found else None


def test_barred(tap, bench):
    machine = bench.machine
    with tap.row("a host that is locked says so, keeps its files, and does not ask again and again"):
        bench.service.must_local("POST", f"/v1/fleet/{HOST}/lock", {"reason": "looked at"})
        kept = tree_of(machine.path("etc/ssh"))
        done = machine.run("run", timeout=120)
        expect(done.status == 5 and "V-1933" in done.err, done)
        now = tree_of(machine.path("etc/ssh"))
        expect_equal(sorted(now), sorted(kept), "files")
        done = machine.run("check")
        expect(done.status == 2 and done.out.startswith("CRITICAL"), done)


def test_leave(tap, bench):
    machine = bench.machine
    with tap.row("a dry run of leaving shows each file, and changes nothing"):
        kept = tree_of(machine.path("etc/ssh"))
        done = machine.must("leave", "--dry-run")
        for name in ("50-vouch.conf", "user_ca.pub", "revoked.krl", "-cert.pub"):
            expect(name in done.err, done)
        expect_equal(sorted(tree_of(machine.path("etc/ssh"))), sorted(kept), "files")
        expect(bench.fleet()["state"] != "retired", "it left")
    with tap.row("leaving restores every byte of /etc/ssh"):
        machine.must("leave", "--yes", timeout=120)
        now = tree_of(machine.path("etc/ssh"))
        expect_equal(sorted(now), sorted(bench.before), "files")
        for name, content in bench.before.items():
            expect(now[name] == content, name)
        expect_equal(machine.run("status").status, 3, "exit of status")


def test_adopt(tap, bench):
    machine = Machine(bench.lab, bench.machine.program)
    name = "web2.lab.example.com"
    words = ["enrol", f"{bench.url}#{bench.service.pin}", "--name", name, "--no-wait"]
    machine.start_sshd()
    with tap.row("without a token a host waits to be adopted, by its fingerprint"):
        done = machine.run(*words)
        expect(done.status == 6 and "V-1932" in done.err, done)
        found = re.search(r"vouch host adopt (\S+) --fingerprint (SHA256:\S+)", done.err)
        expect(found and found.group(1) == name, done)
        expect_equal(bench.fleet(name)["state"], "waiting")
        body = {"fingerprint": found.group(2), "zone": "lab", "labels": {"tier": "web"}}
        bench.service.must_local("POST", f"/v1/fleet/{name}/adopt", body)
        done = machine.run(*words, timeout=180)
        expect_equal(done.status, 0, f"exit\n{done}")
        expect_equal(bench.fleet(name)["state"], "active")
    stop(machine.sshd)


WILD, STAR = "web3.lab.example.com", "*.lab.example.com"


def sign_in_new(bench, name):
    """Somebody with a password and an app, by a link of the owner's: the session's secret."""
    service, password = bench.service, f"{name} and four words more"
    link = service.must_local("POST", f"/v1/accounts/{name}/link", {}).json()["secret"]
    app = App(service.ask("POST", "/v1/setup/begin", {"link": link, "password": password}).json()["uri"])
    expect_equal(service.ask("POST", "/v1/setup/finish", {"link": link, "code": app.code()}).status, 200)
    answer = service.ask("POST", "/v1/sessions",
                         {"user": name, "password": password, "factor": "totp", "code": app.code()})
    expect_equal(answer.status, 201, str(answer))
    return answer.json()["secret"]


def set_wildcards(bench, domains):
    """As root does: in the signer's ceiling, which is read at the start."""
    path = bench.service.join("ceiling.yaml")
    bench.service.stop()
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"wildcards: .*", f"wildcards: [{domains}]", file.read())
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    bench.service.start()


def names_of(machine):
    cert = read_cert_file(machine.path("etc/ssh/ssh_host_ed25519_key-cert.pub"))
    return sorted(name.decode() for name in cert["principals"])


def test_wildcard(tap, bench):
    lab, service, machine = bench.lab, bench.service, Machine(bench.lab, bench.machine.program)
    own = ("--local", service.folder)
    words = ["enrol", f"{bench.url}#{service.pin}", "--name", WILD, "--alias", STAR, "--no-wait"]
    adopt = ["host", "adopt", WILD, "--wildcard", STAR, "--fingerprint"]
    machine.start_sshd()
    secret = bench.host_token(match="web3*", uses=2)
    with tap.row("a wildcard is refused as long as root did not put its domain into the ceiling"):
        done = machine.run(*words, "--token-file", "-", stdin=secret)
        expect("V-1941" in done.err and "host.wildcards" in done.err, done)
    bench.apply_policy(POLICY.replace("[ada]}\n", "[ada]}\n  - {name: vouch-admins, members: [ada, bob, cleo]}\n", 1)
                       .replace("  - {name: ada}\n", "  - {name: ada}\n  - {name: bob}\n  - {name: cleo}\n") % USER)
    set_wildcards(bench, "lab.example.com")
    sessions = {name: lab.write(f"session-{name}", sign_in_new(bench, name) + "\n") for name in ("ada", "bob")}

    def as_(name, *more):
        os.chmod(sessions[name], 0o600)
        return lab.vouch(*more, "--server", bench.url, "--pin", service.pin, "--token-file", sessions[name])

    with tap.row("with a token too it waits for two people, and says which ssh has use for it"):
        done = machine.run(*words, "--token-file", "-", stdin=secret)
        expect(done.status == 6 and "Two administrators" in done.err and "10.3" in done.err, done)
        found = re.search(r"vouch host adopt (\S+) --fingerprint (SHA256:\S+) --wildcard '(\S+)'", done.err)
        expect(found and (found.group(1), found.group(3)) == (WILD, STAR), done)
        adopt.append(found.group(2))
        host = bench.fleet(WILD)
        expect_equal((host["state"], host["needed"], host["approvals"]), ("waiting", 2, 0))
    with tap.row("who owns the server is nobody here, and who adopts names what they adopt"):
        done = lab.vouch(*adopt, *own)
        expect(done.status == 5 and "V-1942" in done.err, done)
        done = as_("ada", *adopt[:3], *adopt[5:])
        expect(done.status == 8 and "V-1943" in done.err and STAR in done.err, done)
    with tap.row("the first of two changes nothing, and is shown in words and in JSON"):
        done = as_("ada", *adopt)
        expect(done.status == 6 and f"1 of 2 approvals, by ada: {STAR}; another" in done.err, done)
        done = as_("ada", *adopt)
        expect(done.status == 8 and "V-1942" in done.err, done)
        for verb in (["show", WILD], ["ls", "--state", "waiting"]):
            done = lab.vouch("host", *verb, *own)
            expect("1 of 2 approvals, by ada" in done.out, done)
        host = json.loads(lab.vouch("host", "show", WILD, "-o", "json", *own).out)
        expect_equal((host["approvals"], host["needed"], host["approvers"]), (1, 2, ["user:ada"]))
        done = machine.run(*words, "--token-file", "-", stdin=secret)
        expect(done.status == 6, done)
    with tap.row("the second lets it in, and its certificates have the name"):
        done = as_("bob", *adopt)
        expect(done.status == 0 and "adopted" in done.err, done)
        done = machine.run(*words, "--token-file", "-", stdin=secret, timeout=180)
        expect_equal(done.status, 0, f"exit\n{done}")
        expect_equal(names_of(machine), sorted([STAR, WILD, "web3"]))
        expect_equal(bench.fleet(WILD)["token"], "adopted:ada+bob")
        kinds = [event["type"] for event in service.must_local("GET", f"/v1/audit?object={WILD}").json()["items"]]
        expect(kinds.count("host.approve") == 1 and kinds.count("host.adopt") == 1, kinds)
    with tap.row("ssh takes the name for a pattern from 10.3 on, and the plain name always"):
        known = bench.known_hosts()
        for alias, good in ((WILD, True), ("any.lab.example.com", client_version(lab) >= (10, 3))):
            config = lab.write("ssh-config", CLIENT.format(user=USER, known_hosts=known))
            done = lab.run("ssh", "-F", config, "-p", machine.port, "-o", f"HostKeyAlias={alias}",
                           "-o", "PreferredAuthentications=none", "127.0.0.1", "true", timeout=60)
            expect_equal("Permission denied" in done.err, good, f"{alias}: {done}")
            expect_equal("name is not a listed principal" in done.err, not good, f"{alias}: {done}")
    with tap.row("when the ceiling comes down a renewal goes on without the name, and the inventory says so"):
        set_wildcards(bench, "")
        machine.must("renew", timeout=120)
        expect_equal(names_of(machine), sorted([WILD, "web3"]))
        done = lab.vouch("host", "show", WILD, *own)
        expect(f"without {STAR}" in done.out, done)
    stop(machine.sshd)


def main():
    vouchd, program = find_vouchd(), find_vouch_host()
    if vouchd is None or program is None:
        skip_all("vouchd or vouch-host is not built")
    if os.getuid() != 0:
        skip_all("vouch-host works as root")
    tap = Tap()
    with Lab("ssh-keygen", "sshd", "ssh", "ssh-keyscan") as lab:
        bench = Bench(lab, vouchd, program)
        for test in (test_usage, test_enrol, test_run, test_manager, test_walls, test_guard, test_clock, test_barred,
                     test_leave, test_adopt, test_wildcard):
            test(tap, bench)
            if tap.failed:
                break  # what comes later builds on it
    tap.done()


main()
