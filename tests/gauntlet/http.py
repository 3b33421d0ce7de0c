#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Gauntlet: what a stranger may do to the HTTPS server. Rows W1 W2 W6 W7 W10, deadlines, overload,
waiting, reload and clean stop.

The client is raw sockets, since no HTTP library would send what is sent here. The server is http-echo,
its path the one argument.
"""

import concurrent.futures
import contextlib
import json
import os
import resource
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import warnings

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from tap import Skip, Tap, expect, expect_equal

PROGRAM = sys.argv[1]
with open(PROGRAM, "rb") as program_file:
    PROGRAM_BYTES = program_file.read()
SANITIZED = b"__asan_init" in PROGRAM_BYTES or b"__tsan_init" in PROGRAM_BYTES
HOST = b"Host: a\r\n"


def get(path, *headers):
    lines = "".join(h + "\r\n" for h in headers)
    return f"GET {path} HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode("latin-1")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def __str__(self):
        return f"{self.status} {self.headers} {self.body[:200]!r}"


class Wire:
    """One connection."""

    def __init__(self, sock):
        self.sock, self.buffer = sock, b""

    def send(self, data):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.sock.sendall(data)  # a refusal may come before all was sent
        return self

    def more(self):
        try:
            data = self.sock.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return False
        self.buffer += data
        return bool(data)

    def answer(self, head=False):
        """The next answer; None if the connection ends before one begins."""
        while b"\r\n\r\n" not in self.buffer:
            if not self.more():
                expect(not self.buffer, "half an answer", self.buffer)
                return None
        top, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = top.decode("latin-1").split("\r\n")
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:])}
        status = int(lines[0].split(" ")[1])
        length = 0 if head or status in (100, 204, 304) else int(headers["content-length"])
        while len(self.buffer) < length:
            expect(self.more(), "the answer's body is cut", lines)
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return Answer(status, headers, body)

    def ended(self, within=5.0):
        """Whether the server ends the connection, without another word."""
        self.sock.settimeout(within)
        try:
            return not self.more() and not self.buffer
        except TimeoutError:
            return False

    def close(self):
        self.sock.close()


class Server:
    """http-echo, as a context manager."""

    def __init__(self, place, **settings):
        self.place = place
        words = [f"{name}={value}" for name, value in settings.items()]
        self.process = subprocess.Popen(
            [PROGRAM, place.cert, place.key, *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.tls_port, self.plain_port = map(int, self.process.stdout.readline().split())

    def __enter__(self):
        return self

    def __exit__(self, kind, *what):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        if kind is None:
            expect_equal(status, 0, "http-echo's exit status")

    def tell(self, line):
        self.process.stdin.write(line + "\n")

    def ask(self, line):
        self.tell(line)
        return self.process.stdout.readline().strip()

    def counts(self):
        return json.loads(self.ask("counts"))

    def wait_count(self, name, value, within=10.0):
        end = time.monotonic() + within
        while self.counts()[name] != value:
            expect(time.monotonic() < end, f"{name} never became {value}", self.counts())
            time.sleep(0.02)

    @contextlib.contextmanager
    def paused(self):
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)
        yield
        self.process.send_signal(signal.SIGCONT)

    def rss_kb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(next(line for line in file if line.startswith("VmRSS:")).split()[1])

    def plain(self, timeout=20.0):
        return Wire(socket.create_connection(("127.0.0.1", self.plain_port), timeout))

    def tls(self, context=None, session=None, timeout=20.0):
        context = context or self.place.trust()
        sock = socket.create_connection(("127.0.0.1", self.tls_port), timeout)
        return Wire(context.wrap_socket(sock, server_hostname="localhost", session=session))


class Place:
    """A folder with two certificates."""

    def __init__(self, path):
        self.path = path
        self.cert, self.key = self.make("one")
        self.other_cert, self.other_key = self.make("two")

    def make(self, name):
        cert, key = f"{self.path}/{name}.pem", f"{self.path}/{name}.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-keyout", key, "-out", cert, "-days", "30", "-subj", f"/CN={name}",
             "-addext", "subjectAltName=DNS:localhost"],
            check=True, capture_output=True)
        return cert, key

    def trust(self, *certs):
        context = ssl.create_default_context()
        for cert in certs or (self.cert, self.other_cert):
            context.load_verify_locations(cert)
        return context


# What each malformed request is answered with. None but the last byte of the table is ever repaired.
NEXT = get("/hello")
MALFORMED = {
    "two_lengths": (400, b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"),
    "same_length_twice": (400, b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
    "length_with_plus": (400, b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: +5\r\n\r\nabcde"),
    "length_in_hex": (400, b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 0x5\r\n\r\nabcde"),
    "length_list": (400, b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 3, 3\r\n\r\nabc"),
    "length_of_2_64": (413, b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 18446744073709551616\r\n\r\n"),
    "chunked_and_length": (400, b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "chunked": (501, b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\n0\r\n\r\n"),
    "chunked_in_1_0": (400, b"POST /echo HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "chunk_of_2_64": (501, b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n"),
    "xchunked": (501, b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: xchunked\r\n\r\n"),
    "blank_before_colon": (400, b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
    "folded_line": (400, b"GET /hello HTTP/1.1\r\n" + HOST + b"A: b\r\n c\r\n\r\n"),
    "bare_lf": (400, b"GET /hello HTTP/1.1\nHost: a\n\n"),
    "bare_lf_in_headers": (400, b"GET /hello HTTP/1.1\r\nHost: a\n\r\n"),
    "bare_cr": (400, b"GET /hello HTTP/1.1\r\n" + HOST + b"A: b\rGET /hello HTTP/1.1\r\n\r\n"),
    "nul_in_value": (400, b"GET /hello HTTP/1.1\r\n" + HOST + b"A: b\0c\r\n\r\n"),
    "nul_in_path": (400, b"GET /hel\0lo HTTP/1.1\r\n" + HOST + b"\r\n"),
    "two_hosts": (400, b"GET /hello HTTP/1.1\r\n" + HOST + b"Host: b\r\n\r\n"),
    "no_host": (400, b"GET /hello HTTP/1.1\r\n\r\n"),
    "two_blanks": (400, b"GET  /hello HTTP/1.1\r\n" + HOST + b"\r\n"),
    "absolute_target": (400, b"GET http://a/hello HTTP/1.1\r\n" + HOST + b"\r\n"),
    "empty_line_first": (400, b"\r\nGET /hello HTTP/1.1\r\n" + HOST + b"\r\n"),
    "connect": (501, b"CONNECT a:1 HTTP/1.1\r\n" + HOST + b"\r\n"),
    "http_2_preface": (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "http_0_9": (400, b"GET /hello\r\n\r\n"),
}


def malformed(tap, place):
    with Server(place) as server:
        for name, (status, request) in MALFORMED.items():
            with tap.row(f"W1_{name}_is_refused_with_{status}_and_nothing_behind_it_is_read"):
                for open_wire in (server.plain, server.tls):
                    wire = open_wire().send(request + NEXT)
                    answer = wire.answer()
                    expect(answer is not None, "no answer")
                    expect_equal(answer.status, status)
                    expect_equal(answer.headers["connection"], "close")
                    expect(wire.ended(), "the connection goes on", wire.buffer)
                    wire.close()
        with tap.row("W1_a_body_that_looks_like_a_request_is_a_body"):
            inner = get("/fail")
            wire = server.plain().send(
                b"POST /echo HTTP/1.1\r\n" + HOST
                + f"Content-Length: {len(inner)}\r\n\r\n".encode() + inner + NEXT)
            expect_equal(wire.answer().body, inner)
            expect_equal(wire.answer().body, b"hello\n")
        with tap.row("W1_http_1_0_is_answered_once_and_closed"):
            wire = server.plain().send(b"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + NEXT)
            expect_equal(wire.answer().status, 200)
            expect(wire.ended(), "the connection goes on")
        with tap.row("who_sends_no_more_is_answered_and_the_connection_closed"):
            wire = server.plain().send(NEXT)
            expect_equal(wire.answer().body, b"hello\n")
            with server.paused():  # so that it learns of both at once
                wire.send(NEXT)
                wire.sock.shutdown(socket.SHUT_WR)
            expect_equal(wire.answer().body, b"hello\n")
            expect(wire.ended(2), "the connection is kept for nobody")
        with tap.row("W1_every_request_is_answered_the_same_in_two_pieces"):
            request = b"PUT /items/x%20y/parts/z?q=1 HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n\r\nabc"
            wire = server.plain()
            for cut in range(1, len(request)):
                wire.send(request[:cut])
                time.sleep(0.001)
                expect_equal(wire.send(request[cut:]).answer().body, b"x y|z|1\n", f"cut at {cut}")


PATHS = {
    "/hello": 200, "/%68ello": 200, "/hello?x=1": 200,
    "/hello/": 404, "/Hello": 404, "/HELLO": 404, "/hello%20": 404, "/hello.": 404,
    "//hello": 400, "/./hello": 400, "/a/../hello": 400, "/%2e/hello": 400, "/a/%2e%2e/hello": 400,
    "/a/.%2E/hello": 400, "/%2fhello": 400, "/a%2f..%2fhello": 400, "/a%5c..%5chello": 400,
    "/hello%00": 400, "/hello%00.js": 400, "/hello;x=1": 400, "/hello%3bx": 400, "/%252e%252e/hello": 400,
    "/hello%0d%0aX:y": 400, "/hello%c0%ae": 400, "/hello%": 400, "/hello#x": 400, "hello": 400, "*": 400,
}


def paths(tap, place):
    with Server(place) as server, tap.row("W7_there_is_one_spelling_of_each_path"):
        for path, status in PATHS.items():
            wire = server.plain().send(get(path))
            expect_equal(wire.answer().status, status, path)
            wire.close()


def forwarded(tap, place):
    header = "X-Forwarded-For: 6.6.6.6, 203.0.113.9"
    with Server(place) as server, tap.row("W6_a_strangers_forwarded_header_is_not_believed"):
        expect_equal(server.plain().send(get("/who", header)).answer().body[:19], b"127.0.0.1 127.0.0.1")
    with Server(place, proxy="127.0.0.1") as server, tap.row("W6_a_trusted_proxys_word_is_taken"):
        expect_equal(
            server.plain().send(get("/who", header)).answer().body[:21], b"127.0.0.1 203.0.113.9")


def bounds(tap, place):
    with Server(place) as server:
        with tap.row("W2_a_body_over_its_limit_is_refused_before_it_comes"):
            wire = server.tls().send(
                b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 65537\r\n\r\n")
            expect_equal(wire.answer().status, 413)
            expect(wire.ended(), "the connection goes on")
        with tap.row("W2_the_refusal_reaches_a_client_that_has_sent_it_all_the_same"):
            wire = server.plain()
            wire.send(b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 400000\r\n\r\n")
            for _ in range(40):  # what a reset would end with an error
                wire.sock.sendall(bytes(10000))
                time.sleep(0.005)
            answer = wire.answer()
            expect(answer is not None and answer.status == 413, "the refusal was lost", answer)
            expect_equal(wire.sock.recv(1), b"", "an orderly end, not a reset")
        with tap.row("W2_a_body_of_exactly_its_limit_is_taken"):
            body = os.urandom(65536)
            wire = server.tls().send(
                b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 65536\r\n\r\n" + body)
            expect_equal(wire.answer().body, body)
        with tap.row("W2_headers_over_16_KiB_are_refused"):
            wire = server.plain().send(get("/hello", "A: " + "x" * 16384))
            expect_equal(wire.answer().status, 431)
        with tap.row("W10_a_65th_header_a_17th_parameter_and_a_4097th_byte_are_refused"):
            many = [f"A{i}: b" for i in range(64)]
            expect_equal(server.plain().send(get("/hello", *many)).answer().status, 431)
            expect_equal(server.plain().send(get("/hello", *many[1:])).answer().status, 200)
            query = "&".join(f"a{i}" for i in range(17))
            expect_equal(server.plain().send(get("/hello?" + query)).answer().status, 400)
            expect_equal(server.plain().send(get("/" + "x" * 4096)).answer().status, 414)
    with Server(place, each=5) as server, tap.row("W2_one_address_has_no_more_than_its_share"):
        wires = [server.plain().send(get("/hello")) for _ in range(5)]
        for wire in wires:
            expect_equal(wire.answer().status, 200)
        expect(server.plain().ended(), "a sixth connection is taken")
        expect_equal(server.counts()["refused"], 1)
        wires.pop().close()
        server.wait_count("connections", 4)
        expect_equal(server.plain().send(get("/hello")).answer().status, 200)


def slow_loris(tap, place):
    def wave(server, count):
        wires = [server.plain().send(b"GET /hello HTTP/1.1\r\nHo") for _ in range(count)]
        for wire in wires:
            wire.send(b"s")
        server.wait_count("connections", count)
        begun = time.monotonic()
        expect_equal(server.tls().send(get("/hello")).answer().status, 200)
        expect(time.monotonic() - begun < 2, "others wait while 2,000 are slow")
        full = server.rss_kb()
        for wire in wires:
            answer = wire.answer()
            expect(answer is not None and answer.status == 408, "not told that it was too slow", answer)
            wire.close()
        server.wait_count("connections", 0)
        return full

    with Server(place, header=2500, conns=3000) as server:
        with tap.row("W2_2000_slow_connections_cost_little_and_stop_nobody"):
            before = server.rss_kb()
            first = wave(server, 2000)
            second = wave(server, 2000)
            if not SANITIZED:
                expect(first - before < 2000 * 12, f"{before} kB, then {first} kB")
                expect(second - first < 2000, f"grew from {first} kB to {second} kB")


def deadlines(tap, place):
    def ends_in(wire, low, high, status=None):
        begun = time.monotonic()
        answer = wire.answer()
        expect_equal(answer and answer.status, status)
        took = time.monotonic() - begun
        expect(low <= took <= high, f"ended after {took:.2f} s, not {low} to {high}")

    # The limits are far apart, so that it shows which of them ended the connection.
    settings = {"handshake": 400, "header": 800, "body": 1200, "idle": 1600, "write": 1000}
    with Server(place, **settings) as server:
        with tap.row("a_handshake_has_its_deadline"):
            sock = socket.create_connection(("127.0.0.1", server.tls_port), 20)
            ends_in(Wire(sock).send(b"\x16\x03\x01"), 0.3, 0.79)
        with tap.row("headers_have_theirs_however_they_drip"):
            wire = server.plain().send(b"GET ")
            drip = threading.Thread(
                target=lambda: [(time.sleep(0.1), wire.send(b"/")) for _ in range(6)])
            drip.start()
            ends_in(wire, 0.7, 1.19, 408)
            drip.join()
        with tap.row("a_body_has_its_own"):
            wire = server.plain().send(
                b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n\r\nab")
            ends_in(wire, 1.1, 1.59, 408)
        with tap.row("an_idle_connection_is_closed_without_a_word"):
            wire = server.tls().send(get("/hello"))
            expect_equal(wire.answer().status, 200)
            ends_in(wire, 1.5, 2.2)
        with tap.row("who_does_not_read_is_dropped"):
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect(("127.0.0.1", server.plain_port))
            Wire(sock).send(get("/big") * 4)
            server.wait_count("connections", 1)
            server.wait_count("connections", 0, 4)
            expect(server.counts()["released"] >= 1, "shared bytes are not given back")
        with tap.row("every_deadline_was_counted"):
            expect_equal(server.counts()["timeouts"], 5)


def overload(tap, place):
    with Server(place, workers=1, queue=2) as server, tap.row("a_full_queue_answers_503_at_once"):
        first = server.plain().send(get("/slow/800"))
        server.wait_count("working", 1)
        queued = [server.plain().send(get("/slow/1")) for _ in range(2)]
        server.wait_count("queued", 2)
        wire = server.tls()
        begun = time.monotonic()
        answer = wire.send(get("/hello")).answer()
        expect(time.monotonic() - begun < 0.5, "the refusal waited")
        expect_equal((answer.status, answer.headers["retry-after"]), (503, "1"))
        for other in (first, *queued):
            expect_equal(other.answer().status, 200)
        expect_equal(wire.send(get("/hello")).answer().status, 200)
        expect_equal(server.counts()["overloads"], 1)
    with Server(place, workers=1, queue=16) as server, tap.row("L8_what_may_fill_an_eighth_of_the_queue_fills_no_more"):
        first = server.plain().send(get("/slow/800"))
        server.wait_count("working", 1)
        few = [server.plain().send(get("/few/1")) for _ in range(2)]
        server.wait_count("queued", 2)
        for _ in range(10):
            expect_equal(server.plain().send(get("/few/1")).answer().status, 503)
        others = [server.plain().send(get("/slow/1")) for _ in range(14)]
        server.wait_count("queued", 16)
        for other in (first, *few, *others):
            expect_equal(other.answer().status, 200)
        expect_equal(server.counts()["overloads"], 10)


def waiting(tap, place):
    count = 1000
    with Server(place, workers=2, conns=3000, idle=60000, io=2) as server:
        context = place.trust()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            warm = server.tls(context).send(get("/hello"))
            expect_equal(warm.answer().status, 200)
            before = server.rss_kb()
            wires = list(pool.map(
                lambda _: server.tls(context).send(get("/wait/1?than=0")), range(count)))
        with tap.row("1000_waiting_requests_hold_no_worker"):
            server.wait_count("waiting", count)
            expect_equal(server.counts()["working"], 0)
            expect_equal(warm.send(get("/hello")).answer().status, 200)
        with tap.row("a_waiting_request_costs_less_than_20_kB"):
            each = (server.rss_kb() - before) / count
            if SANITIZED:
                raise Skip("built with sanitizers")
            expect(each < 20, f"{each:.1f} kB")
        with tap.row("who_leaves_is_forgotten"):
            for wire in wires[:10]:
                wire.close()
            server.wait_count("waiting", count - 10)
        with tap.row("one_wake_answers_all_that_wait_and_no_others"):
            other = server.plain().send(get("/wait/2?than=0&ms=15000"))
            server.wait_count("waiting", count - 10 + 1)
            warm.send(b"POST /wake/1 HTTP/1.1\r\n" + HOST + b"\r\n")
            expect_equal(warm.answer().body, b"woke 1\n")
            for wire in wires[10:]:
                expect_equal(wire.answer().body, b"version 1\n")
            server.wait_count("waiting", 1)
            other.close()
        with tap.row("a_wait_ends_at_its_deadline"):
            begun = time.monotonic()
            expect_equal(
                server.plain().send(get("/wait/3?than=0&ms=300")).answer().body, b"version 0\n")
            expect(0.25 < time.monotonic() - begun < 2, "not at its deadline")
        with tap.row("no_wake_is_lost_between_looking_and_waiting"):
            waker = server.plain()
            waiter = server.plain(5)
            for version in range(20):
                pause = 100 if version < 3 else version % 4
                waiter.send(get(f"/wait/4?than={version}&pause={pause}"))
                if pause == 100:
                    server.wait_count("working", 1)
                waker.send(b"POST /wake/4 HTTP/1.1\r\n" + HOST + b"\r\n")
                expect_equal(waker.answer().status, 200)
                expect_equal(waiter.answer().body, f"version {version + 1}\n".encode())


def line_of(wire):
    """The next line of a stream whose head was read; None at its end."""
    while b"\n" not in wire.buffer:
        if not wire.more():
            return None
    line, wire.buffer = wire.buffer.split(b"\n", 1)
    return line


def begin_stream(wire):
    while b"\r\n\r\n" not in wire.buffer:
        expect(wire.more(), "no answer")
    head, wire.buffer = wire.buffer.split(b"\r\n\r\n", 1)
    expect(head.startswith(b"HTTP/1.1 200 ") and b"content-length" not in head.lower(), head)
    return wire


def streams(tap, place):
    count = 500
    with Server(place, workers=2, conns=3000, idle=60000, io=2) as server:
        context = place.trust()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            warm = server.tls(context).send(get("/hello"))
            expect_equal(warm.answer().status, 200)
            before = server.rss_kb()
            wires = list(pool.map(
                lambda _: begin_stream(server.tls(context).send(get("/stream/5"))), range(count)))
        with tap.row("500_streams_say_their_first_word_and_hold_no_worker"):
            expect_equal({line_of(wire) for wire in wires}, {b"version 0"})
            server.wait_count("waiting", count)
            expect_equal(server.counts()["working"], 0)
        with tap.row("a_waiting_stream_costs_less_than_20_kB"):
            each = (server.rss_kb() - before) / count
            if SANITIZED:
                raise Skip("built with sanitizers")
            expect(each < 20, f"{each:.1f} kB")
        with tap.row("one_wake_is_told_on_every_stream_and_all_go_on"):
            for version in (1, 2):
                warm.send(b"POST /wake/5 HTTP/1.1\r\n" + HOST + b"\r\n")
                expect_equal(warm.answer().status, 200)
                expect_equal({line_of(wire) for wire in wires}, {f"version {version}".encode()})
                server.wait_count("waiting", count)
        with tap.row("what_a_stream_holds_is_given_back_when_its_client_leaves"):
            released = server.counts()["released"]
            for wire in wires[:100]:
                wire.close()
            server.wait_count("waiting", count - 100)
            server.wait_count("released", released + 100)


def tls(tap, place):
    with Server(place) as server:
        with tap.row("tickets_shorten_the_second_handshake"):
            context = place.trust()
            wire = server.tls(context)
            expect_equal(wire.send(get("/hello")).answer().status, 200)
            again = server.tls(context, wire.sock.session)
            expect(again.sock.session_reused, "a full handshake")
            expect_equal(again.send(get("/hello")).answer().status, 200)
            expect_equal(server.counts()["resumed"], 1)
        with tap.row("what_is_spoken_is_agreed_on"):
            context = place.trust()
            context.set_alpn_protocols(["h2", "http/1.1"])
            expect_equal(server.tls(context).sock.selected_alpn_protocol(), "http/1.1")
            context = place.trust()
            context.set_alpn_protocols(["h2"])
            try:
                server.tls(context)
                expect(False, "a client that speaks only HTTP/2 was taken")
            except ssl.SSLError:
                pass
        with tap.row("TLS_1_2_is_spoken_and_older_is_not"):
            context = place.trust()
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            wire = server.tls(context).send(get("/hello"))
            expect_equal((wire.answer().status, wire.sock.version()), (200, "TLSv1.2"))
            context = place.trust()
            context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = ssl.TLSVersion.TLSv1_1
            try:
                server.tls(context)
                expect(False, "TLS 1.1 was taken")
            except ssl.SSLError:
                pass


def reloading(tap, place):
    with Server(place, io=2) as server:
        stop, done, failures = threading.Event(), [0] * 3, []

        def load(index):
            context = place.trust()
            while not stop.is_set():
                try:
                    wire = server.tls(context)
                    for _ in range(3):
                        expect_equal(wire.send(get("/hello")).answer().status, 200)
                    wire.close()
                    done[index] += 1
                except Exception as error:  # whatever it is, it is what is looked for
                    failures.append(repr(error))

        threads = [threading.Thread(target=load, args=(i,)) for i in range(3)]
        for thread in threads:
            thread.start()
        old = server.tls(place.trust(place.cert))
        with tap.row("a_new_certificate_is_taken_under_load_and_nobody_notices"):
            for i in range(20):
                pair = (place.other_cert, place.other_key) if i % 2 == 0 else (place.cert, place.key)
                expect_equal(server.ask("reload " + " ".join(pair)), "reloaded")
                expect_equal(server.tls(place.trust(pair[0])).send(get("/hello")).answer().status, 200)
            expect_equal(old.send(get("/hello")).answer().status, 200)
        with tap.row("a_certificate_that_does_not_fit_changes_nothing"):
            for cert, key in ((place.cert, place.other_key), (place.key, place.key), (os.devnull, place.key)):
                said = server.ask(f"reload {cert} {key}")
                expect(said.startswith("TLS identity: "), said)
            expect_equal(server.tls(place.trust(place.cert)).send(get("/hello")).answer().status, 200)
        stop.set()
        for thread in threads:
            thread.join()
        with tap.row("no_connection_failed_meanwhile"):
            expect_equal(failures, [])
            expect(sum(done) > 20, f"only {done} connections")


def stopping(tap, place):
    with Server(place, workers=40, io=2) as server:
        with tap.row("a_clean_stop_loses_no_answer"):
            idle = server.tls()
            expect_equal(idle.send(get("/hello")).answer().status, 200)
            half = server.plain().send(b"GET /hello HTTP/1.1\r\nHo")
            waits = [server.plain().send(get("/wait/1?than=0")) for _ in range(20)]
            wires = [server.tls() for _ in range(40)]
            for wire in wires:
                wire.send(get("/slow/2000"))
            server.wait_count("working", 40)
            server.wait_count("waiting", 20)
            begun = time.monotonic()
            server.tell("stop 10000")
            for wire in waits:
                expect_equal(wire.answer().body, b"version 0\n")
            expect(idle.ended(), "an idle connection stays open")
            half.send(b"st: a\r\n\r\n")
            expect_equal(half.answer().status, 200)
            for wire in wires:
                answer = wire.answer()
                expect(answer is not None, "an answer was lost")
                expect_equal((answer.status, answer.headers["connection"]), (200, "close"))
                wire.close()
            for wire in (idle, half, *waits):
                wire.close()
            expect_equal(server.process.wait(10), 0)
            expect(time.monotonic() - begun < 8, "it took too long")
    with Server(place, workers=2) as server, tap.row("a_stop_has_its_deadline"):
        wire = server.plain().send(get("/slow/1500"))
        server.wait_count("working", 1)
        begun = time.monotonic()
        server.tell("stop 200")
        expect(wire.answer() is None, "answered after the deadline")
        expect(time.monotonic() - begun < 1.2, "the connection outlived the deadline")
        expect_equal(server.process.wait(10), 0)


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="vouch-") as path:
        place = Place(path)
        for part in (malformed, paths, forwarded, bounds, deadlines, overload, tls, stopping,
                     reloading, waiting, streams, slow_loris):
            part(tap, place)
    tap.done()


if __name__ == "__main__":
    main()
