# SPDX-License-Identifier: ISC
"""Machines of their own: each has a network, a name, and private /etc, /run, /var/log, /var/lib and homes,
on one bridge that nothing else sees. What runs in one finds everything where it lies on a real
machine. Processes are shared with the test, so that it can look at them and end them.

Needs root, and a kernel that makes namespaces: Machines() skips the whole script where it may not.
"""

import os
import pwd
import shutil
import signal
import subprocess

from lab import Done, decode, stop, wait_for
from tap import Failure, expect, skip_all

NET = "10.91.7"
ACCOUNTS = ("root", "daemon", "nobody", "sshd", "systemd-network", "messagebus")
HOME = pwd.getpwuid(0).pw_dir  # whose programs the tests run
PRIVATE = ("/etc", "/run", "/var/log", "/var/lib", "/home", HOME)
LIFE_S = "3600"  # of a machine that nobody ended

SSHD_CONFIG = """\
Include /etc/ssh/sshd_config.d/*.conf
PidFile /run/sshd.pid
UsePAM no
UseDNS no
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
PrintLastLog no
Subsystem sftp internal-sftp
"""


def inside(pid, *command):
    return ["nsenter", "-t", str(pid), "-m", "-u", "-n", "--", *[str(word) for word in command]]


class Machine:
    def __init__(self, net, name, number):
        self.net, self.name, self.number = net, name, number
        self.address = f"{NET}.{number}"
        self.folder = net.lab.folder("machine-" + name)
        self.sshd = None
        script = "\n".join(f"mount --bind {self.path(place)} {place}" for place in PRIVATE)
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "--uts", "--net", "--propagation", "private", "--", "sh", "-ec",
             f"{script}\nhostname {name}\nip link set lo up\necho up\nexec sleep {LIFE_S}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def path(self, place):
        """Where a file of the machine lies for the test."""
        first = next((p for p in PRIVATE if place == p or place.startswith(p + "/")), None)
        expect(first is not None, f"{place} is not private to a machine")
        return os.path.join(self.folder, first.strip("/").replace("/", "-")) + place[len(first):]

    def read(self, place):
        with open(self.path(place), encoding="utf-8", errors="backslashreplace") as file:
            return file.read()

    def write(self, place, content, mode=0o644):
        os.makedirs(os.path.dirname(self.path(place)), exist_ok=True)
        with open(self.path(place), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        os.chmod(self.path(place), mode)

    # Programs

    def run(self, *command, stdin="", timeout=120, env=None):
        words = [str(word) for word in command]
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        done = subprocess.run(inside(self.holder.pid, *words), input=data, capture_output=True,
                              timeout=timeout, env=env or self.net.env)
        return Done(words, done.returncode, decode(done.stdout), decode(done.stderr))

    def must(self, *command, **more):
        done = self.run(*command, **more)
        expect(done.status == 0, done)
        return done

    def start(self, *command, log=None, env=None):
        """Starts a program that is ended with the machines; `log` is a file of the machine."""
        where = open(self.path(log), "ab") if log else subprocess.DEVNULL
        process = subprocess.Popen(inside(self.holder.pid, *command), stdin=subprocess.DEVNULL,
                                   stdout=where, stderr=where, env=env or self.net.env)
        self.net.lab.stack.callback(stop, process)
        return process

    # sshd

    def start_sshd(self):
        """The system's sshd on port 22, logging to /var/log/auth.log; with a pid file."""
        self.sshd = self.start("/usr/sbin/sshd", "-D", "-E", "/var/log/auth.log")
        self.net.lab.stack.callback(self.stop_sshd)
        wait_for(lambda: self.answers() or self.sshd.poll() is not None, "sshd to answer")
        expect(self.sshd.poll() is None, f"sshd ended: {self.log()}")

    def answers(self):
        return self.run("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/22", timeout=5).status == 0

    def stop_sshd(self):
        """Ends the listening sshd, which may have started itself anew since."""
        try:
            os.kill(int(self.read("/run/sshd.pid")), signal.SIGTERM)
        except (OSError, ValueError):
            pass

    def log(self):
        return self.read("/var/log/auth.log")

    # The cable

    def cut(self):
        self.net.bridge_run("ip", "link", "set", f"v-{self.name}", "down")

    def join(self):
        self.net.bridge_run("ip", "link", "set", f"v-{self.name}", "up")


class Machines:
    """`names` become machines with the addresses NET.11, NET.12, ... and the names NAME and NAME.`domain`."""

    def __init__(self, lab, names, domain="lab.example.com", accounts=("alice", "app", "deploy")):
        self.lab, self.domain, self.accounts = lab, domain, accounts
        self.env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": HOME}
        self.env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        if os.getuid() != 0:
            skip_all("machines of their own need root")
        self.bridge = subprocess.Popen(
            ["unshare", "--net", "--", "sh", "-ec",
             f"ip link add br0 type bridge\nip link set br0 up\necho up\nexec sleep {LIFE_S}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        lab.stack.callback(stop, self.bridge)
        if self.bridge.stdout.readline() != "up\n":
            skip_all("this kernel makes no network namespaces with a bridge")
        hosts = "127.0.0.1 localhost\n" + "".join(
            f"{NET}.{11 + i} {name}.{domain} {name}\n" for i, name in enumerate(names))
        self.by_name = {}
        for i, name in enumerate(names):
            self._prepare(name, hosts)
            self.by_name[name] = machine = Machine(self, name, 11 + i)
            lab.stack.callback(stop, machine.holder)
            expect(machine.holder.stdout.readline() == "up\n", f"machine {name} did not start")
            self._plug_in(machine)

    def __getitem__(self, name):
        return self.by_name[name]

    def bridge_run(self, *command):
        done = subprocess.run(["nsenter", "-t", str(self.bridge.pid), "-n", "--", *command],
                              capture_output=True, text=True, timeout=20)
        if done.returncode != 0:
            raise Failure(f"{command}: {done.stderr}")

    def _plug_in(self, machine):
        self.bridge_run("ip", "link", "add", f"v-{machine.name}", "type", "veth", "peer", "name", "eth0",
                        "netns", str(machine.holder.pid))
        self.bridge_run("ip", "link", "set", f"v-{machine.name}", "master", "br0", "up")
        machine.must("ip", "address", "add", f"{machine.address}/24", "dev", "eth0")
        machine.must("ip", "link", "set", "eth0", "up")

    def _prepare(self, name, hosts):
        """The private folders, before the machine is made of them."""
        folder = self.lab.folder("machine-" + name)
        os.chmod(folder, 0o755)
        subprocess.run(["cp", "-a", "/etc", os.path.join(folder, "etc")], check=True, timeout=60)
        for place in PRIVATE[1:]:
            os.makedirs(os.path.join(folder, place.strip("/").replace("/", "-")), mode=0o755)
        os.chmod(os.path.join(folder, HOME.strip("/").replace("/", "-")), 0o700)
        os.mkdir(os.path.join(folder, "run", "sshd"), 0o755)
        etc = os.path.join(folder, "etc")
        self._accounts(etc, os.path.join(folder, "home"))
        for file, text in (("hosts", hosts), ("hostname", name + "\n"), ("resolv.conf", ""),
                           ("nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n")):
            path = os.path.join(etc, file)
            if os.path.lexists(path):
                os.unlink(path)
            with open(path, "w", encoding="ascii") as out:
                out.write(text)
        shutil.rmtree(os.path.join(etc, "ssh"), ignore_errors=True)
        os.makedirs(os.path.join(etc, "ssh", "sshd_config.d"), mode=0o755)
        with open(os.path.join(etc, "ssh", "sshd_config"), "w", encoding="ascii") as out:
            out.write(SSHD_CONFIG)
        for kind in ("ed25519", "ecdsa"):
            key = os.path.join(etc, "ssh", f"ssh_host_{kind}_key")
            subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", name, "-f", key], check=True)

    def _accounts(self, etc, home):
        def lines_of(file):
            with open(os.path.join("/etc", file), encoding="utf-8") as source:
                return [x for x in source.read().splitlines() if x.split(":")[0] in (*ACCOUNTS, "nogroup")]
        users, groups = lines_of("passwd"), lines_of("group")
        shadow = [f"{x.split(':')[0]}:*:19000:0:99999:7:::" for x in users]
        for number, name in enumerate(self.accounts, 20001):
            users.append(f"{name}:x:{number}:{number}:{name}:{os.path.join('/home', name)}:/bin/bash")
            groups.append(f"{name}:x:{number}:")
            shadow.append(f"{name}:*:19000:0:99999:7:::")  # no password, and not locked
            os.makedirs(os.path.join(home, name), mode=0o700)
            os.chown(os.path.join(home, name), number, number)
        for file, rows, mode in (("passwd", users, 0o644), ("group", groups, 0o644), ("shadow", shadow, 0o600)):
            path = os.path.join(etc, file)
            with open(path, "w", encoding="utf-8") as out:
                out.write("\n".join(rows) + "\n")
            os.chmod(path, mode)


def tree_of(folder):
    """Path -> (mode, owner, bytes or target) of everything below: to see that nothing differs."""
    found = {}
    for top, names, files in os.walk(folder):
        for name in names + files:
            path = os.path.join(top, name)
            st = os.lstat(path)
            what = None
            if os.path.islink(path):
                what = os.readlink(path)
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    what = file.read()
            found[os.path.relpath(path, folder)] = (st.st_mode, st.st_uid, st.st_gid, what)
    return found
