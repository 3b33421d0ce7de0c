# SPDX-License-Identifier: ISC
"""A server of the API in Python, to test clients against: what a good server answers, and, where a test
says so, what a bad one would.

It keeps a CA made by `vouch ca init`, signs with `vouch sign`, and serves that CA's ledger. Over HTTPS on
the loopback and over a UNIX socket.
"""

import base64
import contextlib
import hashlib
import http.server
import json
import os
import socketserver
import ssl
import struct
import subprocess
import threading
import time
import urllib.parse

NOW = "%Y-%m-%dT%H:%M:%SZ"


def utc(seconds):
    return time.strftime(NOW, time.gmtime(seconds))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def address_string(self):
        return "local"

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (ConnectionError, ssl.SSLError, ValueError):
            self.close_connection = True

    def reply(self, status, body, kind="application/json", headers=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def problem(self, status, code, detail, field=None, headers=()):
        body = {"type": "urn:vouch:" + code, "title": "no", "status": status, "code": code,
                "detail": detail, "instance": "r1"}
        if field:
            body["field"] = field
        self.reply(status, body, "application/problem+json", headers)

    def answer(self):
        fake = self.server.fake
        size = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(size) if size else b""
        parts = urllib.parse.urlsplit(self.path)
        self.route, self.query = parts.path, dict(urllib.parse.parse_qsl(parts.query))
        with fake.lock:
            fake.seen.append((self.command, self.path, self.body, dict(self.headers)))
            override = fake.overrides.get(self.route)
            if override:
                override = override.pop(0) if isinstance(override, list) else override
        if override and override(self):
            return
        fake.route(self)

    do_GET = do_POST = do_PUT = do_DELETE = answer


class TlsServer(http.server.ThreadingHTTPServer):
    daemon_threads = True


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class FakeApi:
    """Start it with a Lab; `url`, `pin`, `token` and `socket` say how to reach it."""

    def __init__(self, lab):
        self.lab, self.lock = lab, threading.Lock()
        self.seen, self.overrides, self.once, self.keys = [], {}, {}, {}
        self.certs, self.tokens, self.profiles, self.revocations = [], {}, {}, []
        self.ca = self.first_ca = lab.fresh("server")
        lab.must_vouch("ca", "init", self.ca, "--no-passphrase", "--name", "ca.example.com")
        self.token = "vouch_" + base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
        self.krls = {"user": self.make_krl("user", 1), "host": self.make_krl("host", 1)}
        self.canary = " ".join(open(lab.key("ed25519") + ".pub").read().split()[:2])
        self.trust = self.make_trust(1)
        self._listen()

    def _listen(self):
        lab, self.cert = self.lab, self.lab.join("tls.pem")
        key = lab.join("tls.key")
        lab.must(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", key, "-out", self.cert, "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
        )
        pem = lab.must("openssl", "x509", "-in", self.cert, "-pubkey", "-noout").out
        der = base64.b64decode("".join(pem.splitlines()[1:-1]))
        digest = hashlib.sha256(der).digest()
        self.pin = "sha256:" + base64.urlsafe_b64encode(digest).decode().rstrip("=")
        self.pin_hex = "sha256:" + digest.hex()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, key)
        server = TlsServer(("127.0.0.1", 0), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        self.port = server.server_address[1]
        self.url = f"https://127.0.0.1:{self.port}"
        self.folder = lab.folder("fake")
        lab.folder("fake/run")
        self.socket = os.path.join(self.folder, "run", "admin.sock")
        local = UnixServer(self.socket, Handler)
        for one in (server, local):
            one.fake = self
            threading.Thread(target=one.serve_forever, daemon=True).start()
            lab.stack.callback(one.server_close)
            lab.stack.callback(one.shutdown)

    # What a server has

    def path(self, *parts):
        folder = self.first_ca if parts[0].startswith("checkpoint_key") else self.ca
        return os.path.join(folder, *parts)

    def read(self, *parts):
        with open(self.path(*parts), "rb") as file:
            return file.read()

    def line(self, name):
        return " ".join(self.read(name + ".pub").decode().split()[:2])

    def fingerprint(self, line):
        digest = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

    def make_krl(self, which, number, signed_by="checkpoint_key", more=(), **altered):
        """A list and its envelope; `altered` replaces lines of the statement."""
        out = self.lab.fresh("krl")
        words = [w for r in getattr(self, "revocations", []) if r["kind"] == "serial"
                 for w in ("--serial", r["value"])]
        ca = self.path(which + "_ca.pub")
        self.lab.must_vouch("krl", "build", "--out", out, "--version", number, "--ca", ca,
                            "--serial", "999999", *words, *more)
        with open(out, "rb") as file:
            krl = file.read()
        lines = {"ca": self.fingerprint(self.line(which + "_ca")), "use": which, "version": str(number),
                 "length": str(len(krl)), "sha256": hashlib.sha256(krl).hexdigest(),
                 "time": utc(time.time())}
        lines.update(altered)
        text = "vouch-krl/1\n" + "".join(f"{k} {v}\n" for k, v in lines.items())
        key = signed_by if os.path.isabs(signed_by) else self.path(signed_by)
        done = self.lab.must("ssh-keygen", "-q", "-Y", "sign", "-n", "vouch-krl", "-f", key, stdin=text)
        return number, krl, (text + "\n" + done.out).encode()

    def make_trust(self, version, more=(), signed_by="checkpoint_key", **altered):
        """A trust bundle; `more` are further (use, state, line), `altered` replaces lines of the statement."""
        keys = [("user", "active", self.line("user_ca")), ("host", "active", self.line("host_ca")), *more]
        keys.sort(key=lambda row: row[0] != "user")
        lines = {"name": "ca.example.com", "version": str(version), "time": utc(time.time()),
                 "canary": self.canary}
        lines.update(altered)
        text = "vouch-trust/1\n" + "".join(f"{k} {v}\n" for k, v in lines.items())
        text += "".join(f"key {' '.join(row)}\n" for row in keys)
        key = signed_by if os.path.isabs(signed_by) else self.path(signed_by)
        done = self.lab.must("ssh-keygen", "-q", "-Y", "sign", "-n", "vouch-trust", "-f", key, stdin=text)
        return text + "\n" + done.out

    @contextlib.contextmanager
    def rotated(self, version):
        """While it lasts both CAs have new keys, which the old checkpoint key vouches for in bundle `version`."""
        old = self.ca
        more = [(use, "old", self.line(use + "_ca")) for use in ("user", "host")]
        self.ca = self.lab.fresh("rotated")
        self.lab.must_vouch("ca", "init", self.ca, "--no-passphrase", "--name", "ca.example.com")
        self.trust = self.make_trust(version, more)
        try:
            yield
        finally:
            self.ca = old
            self.trust = self.make_trust(version + 1)

    def sign(self, ask, **changed):
        """What `ask` asks for, unless `changed` has something else."""
        ask = {**ask, **changed}
        words = ["sign", ask["type"], "--ca", self.ca, "--id", ask.get("key_id", "from-token"),
                 "--principals", ",".join(ask["principals"]), "--out", "-", "-q"]
        words += ["--valid", "-1m:+%ds" % ask.get("ttl_s", 3600)]
        if ask["type"] == "user":
            names = ask.get("extensions") or {"permit-pty": ""}
            words += [] if "permit-pty" in names else ["--no-permit", "pty"]
            for name in set(names) - {"permit-pty"}:
                words += ["--permit", name]
            for name, value in ask.get("critical_options", {}).items():
                words += ["--" + name, value] if value else ["--" + name]
        done = self.lab.must_vouch(*words, "-", stdin=ask["public_key"] + "\n")
        return " ".join(done.out.split()[:2])

    def describe(self, text):
        shown = json.loads(self.lab.must_vouch("cert", "show", "-o", "json", "-", stdin=text + "\n").out)
        record = {
            "schema": "vouch.cert/1", "serial": shown["serial"], "record": shown["serial"],
            "issued": utc(time.time()), "type": shown["type"], "key_id": shown["key_id"],
            "fingerprint": shown["key_fingerprint"], "principals": shown["principals"],
            "valid_after": shown["valid_after"], "valid_before": shown["valid_before"],
            "ca": shown["ca_fingerprint"], "actor": "token:test", "role": "test",
            "source": "127.0.0.1", "revoked": None, "certificate": text,
        }
        return record

    # Routes

    def allowed(self, handler):
        if isinstance(handler.server, UnixServer):
            return True
        given = handler.headers.get("Authorization")
        if given == "Bearer " + self.token:
            return True
        handler.problem(401, "V-1863", "this token is not known")
        return False

    def route(self, handler):
        path, command = handler.route, handler.command
        if command == "GET" and self.public(handler, path):
            return None
        if not self.allowed(handler):
            return None
        if path == "/v1/certs" and command == "POST":
            return self.issue(handler)
        if path == "/v1/certs":
            return self.page(handler, "vouch.certs/1", [
                {k: v for k, v in c.items() if k != "certificate"} for c in self.certs])
        if path.startswith("/v1/certs/"):
            return self.one_cert(handler, path.split("/"))
        if path == "/v1/revocations" and command == "POST":
            return self.revoke(handler)
        lists = {"/v1/revocations": ("vouch.revocations/1", self.revocations),
                 "/v1/tokens": ("vouch.tokens/1", list(self.tokens.values())),
                 "/v1/profiles": ("vouch.profiles/1", list(self.profiles.values())),
                 "/v1/audit": ("vouch.events/1", [
                     {"record": str(n), "time": utc(n), "type": "token.new", "actor": "local:uid:0",
                      "object": f"t{n}", "details": {"scopes": "admin"}} for n in range(450)])}
        if path in lists and command == "GET":
            return self.page(handler, *lists[path])
        if path == "/v1/tokens":
            ask = json.loads(handler.body)
            if ask["name"] in self.tokens:
                return handler.problem(409, "V-1864", f"there is a token {ask['name']}", "name")
            made = {"schema": "vouch.token/1", "name": ask["name"], "scopes": ask["scopes"],
                    "profile": ask.get("profile"), "created": utc(time.time()),
                    "expires": utc(time.time() + ask.get("ttl_s", 86400)), "actor": "local:uid:0",
                    "last_used": None, "disabled": None}
            self.tokens[ask["name"]] = made
            return handler.reply(201, {**made, "secret": self.token})
        if path.startswith(("/v1/tokens/", "/v1/profiles/")):
            return self.named(handler, path)
        return handler.problem(404, "V-1864", f"there is nothing at {path}")

    def named(self, handler, path):
        name = urllib.parse.unquote(path.split("/")[3])
        if handler.command == "PUT":
            self.profiles[name] = {"schema": "vouch.profile/1", "name": name, "updated": utc(time.time()),
                                   "actor": "local:uid:0", **json.loads(handler.body)}
            return handler.reply(200, self.profiles[name])
        table = self.tokens if path.startswith("/v1/tokens/") else self.profiles
        if name not in table:
            return handler.problem(404, "V-1864", f"there is no {name}")
        if handler.command == "DELETE":
            if table is self.tokens:
                table[name] = {**table[name], "disabled": utc(time.time())}
                return handler.reply(200, table[name])
            table.pop(name)
            return handler.reply(204, b"")
        return handler.reply(200, table[name])

    def page(self, handler, schema, rows):
        limit, at = int(handler.query.get("limit", 100)), int(handler.query.get("cursor", 0))
        end = at + limit
        more = str(end) if end < len(rows) else None
        handler.reply(200, {"schema": schema, "items": rows[at:end], "next": more})

    def issue(self, handler):
        ask, once = json.loads(handler.body), handler.headers.get("Idempotency-Key")
        if ask["principals"] == ["root"]:
            return handler.problem(403, "V-1864", "profile test has no principal root", "principals")
        if ask.get("ttl_s", 0) > 86400:
            return handler.problem(422, "V-1301", "longer than the profile allows: 86400", "ttl_s")
        with self.lock:
            made = self.once.get(once)
        if made is None:
            made = self.describe(self.sign(ask))
            self.keys[made["fingerprint"]] = ask["public_key"]
            with self.lock:
                self.once[once] = made
                self.certs.append(made)
        return handler.reply(201, made)

    def one_cert(self, handler, words):
        found = [c for c in self.certs if c["serial"] == words[3]]
        if not found:
            return handler.problem(404, "V-1864", f"there is no certificate {words[3]}")
        if words[4:] != ["renew"]:
            return handler.reply(200, found[0])
        made = self.renewed(found[0])
        self.certs.append(made)
        return handler.reply(201, made)

    def renewed(self, old, **changed):
        text = old["certificate"] + "\n"
        shown = json.loads(self.lab.must_vouch("cert", "show", "-o", "json", "-", stdin=text).out)
        line = self.keys[old["fingerprint"]]
        ask = {"type": shown["type"], "public_key": line, "key_id": shown["key_id"],
               "principals": shown["principals"],
               "extensions": {e["name"]: "" for e in shown["extensions"]},
               "critical_options": {c["name"]: c.get("value", "") for c in shown["critical_options"]}}
        return self.describe(self.sign(ask, **changed))

    def revoke(self, handler):
        ask = json.loads(handler.body)
        kind = next(k for k in ask if k != "reason")
        made = {"schema": "vouch.revocation/1", "record": "77", "kind": kind, "value": ask[kind],
                "reason": ask["reason"], "actor": "token:test", "at": utc(time.time()), "until": None}
        self.revocations.append(made)
        self.krls["user"] = self.make_krl("user", self.krls["user"][0] + 1)
        handler.reply(201, {**made, "krl": {"user": str(self.krls["user"][0]), "host": "1"}})

    def public(self, handler, path):
        if path == "/v1/ca":
            keys = {n: {"public_key": self.line(n), "fingerprint": self.fingerprint(self.line(n))}
                    for n in ("user_ca", "host_ca", "checkpoint_key")}
            handler.reply(200, {"schema": "vouch.ca/1", "name": "ca.example.com", **keys, "krls": {}})
        elif path == "/v1/trust":
            handler.reply(200, self.trust.encode(), "text/plain")
        elif path in ("/v1/krls/user", "/v1/krls/host"):
            self.krl(handler, path.rpartition("/")[2])
        elif path.endswith("/envelope"):
            handler.reply(200, self.krls[path.split("/")[3]][2], "text/plain")
        elif path == "/v1/ledger/checkpoint":
            handler.reply(200, self.read("ledger", "checkpoint"), "text/plain")
        elif path.startswith("/v1/ledger/tile/entries/"):
            return self.allowed(handler) and self.entries(handler, path) or True
        elif path.startswith("/v1/ledger/tile/"):
            self.file(handler, path.removeprefix("/v1/ledger/"))
        else:
            return False
        return True

    def krl(self, handler, use):
        end = time.monotonic() + float(handler.query.get("wait", 0))
        have = handler.headers.get("If-None-Match")
        while have == f'"{self.krls[use][0]}"' and time.monotonic() < end:
            time.sleep(0.02)
        version, krl, _ = self.krls[use]
        etag = [("ETag", f'"{version}"')]
        if have == f'"{version}"':
            handler.reply(304, b"", headers=etag)
        else:
            handler.reply(200, krl, "application/octet-stream", etag)

    def file(self, handler, path):
        try:
            handler.reply(200, self.read("ledger", path), "application/octet-stream")
        except OSError:
            handler.problem(404, "V-1864", f"there is no {path}")

    def entries(self, handler, path):
        """The bundle of 256 records, or of as many as its path says."""
        name, _, width = path.removeprefix("/v1/ledger/tile/entries/").partition(".p/")
        number = int(name.replace("x", "").replace("/", ""))
        records, at, found = self.read("ledger", "records"), 0, []
        while at + 2 <= len(records):
            length = struct.unpack_from(">H", records, at)[0]
            if length == 0:
                break
            found.append(records[at : at + 2 + length])
            at += 2 + length
        bundle = found[number * 256 : number * 256 + int(width or 256)]
        if len(bundle) < int(width or 256):
            return handler.problem(404, "V-1864", "it is not full yet")
        return handler.reply(200, b"".join(bundle), "application/octet-stream")
