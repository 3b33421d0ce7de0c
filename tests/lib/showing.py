# SPDX-License-Identifier: ISC
"""A demonstration under test: vouchd demo as a process, what it prints, and asking it."""

import contextlib
import http.client
import os
import re
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))

from people import App
from service import ask, free_port
from tap import Failure


class Showing:
    """Use as a context manager: ends what runs. `folder` None: it takes a temporary one."""

    def __init__(self, vouchd, log, folder=None, words=("demo",)):
        self.vouchd, self.folder, self.words = vouchd, folder, list(words)
        self.log_path, self.port = log, free_port()
        self.process, self.took_s, self.password, self.apps = None, 0, None, {}

    def __enter__(self):
        return self

    def __exit__(self, *what):
        if self.process is not None:
            self.end()

    def said(self):
        with contextlib.suppress(FileNotFoundError):
            with open(self.log_path, encoding="utf-8", errors="backslashreplace") as file:
                return file.read()
        return ""

    def start(self, *more, seconds=120, env=None):
        words = [self.vouchd, *self.words, *([self.folder] if self.folder else []), "--listen",
                 f"127.0.0.1:{self.port}", *map(str, more)]
        begun = time.monotonic()
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env)
        while "code now:" not in self.said():
            if self.process.poll() is not None:
                raise Failure(f"{' '.join(words)}: exit {self.process.returncode}\n{self.said()}")
            if time.monotonic() > begun + seconds:
                raise Failure(f"it is not up after {seconds} s:\n{self.said()}")
            time.sleep(0.02)
        self.took_s = time.monotonic() - begun
        self.read(self.said())
        return self

    def read(self, said):
        self.folder = re.search(r"changes nothing, in (\S+)\.\n", said).group(1)
        self.password = re.search(r"password  (\S+)\n", said).group(1)
        for uri in re.findall(r"otpauth://totp/\S+", said):
            self.apps.setdefault(re.search(r":(\w+)\?", uri).group(1), App(uri))  # no code twice

    def end(self, seconds=30):
        """As Ctrl-C does; the exit status."""
        process, self.process = self.process, None
        process.send_signal(2)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise Failure(f"it did not end within {seconds} s:\n{self.said()}") from error

    # Asking

    def connection(self):
        context = ssl.create_default_context(cafile=os.path.join(self.folder, "tls", "cert.pem"))
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=60)

    def ask(self, method, path, body=None, token=None, headers=None):
        more = {**(headers or {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        with contextlib.closing(self.connection()) as connection:
            return ask(connection, method, path, body, more)

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def sign_in(self, name="admin"):
        """The secret of a session."""
        wish = {"user": name, "password": self.password, "factor": "totp", "code": self.apps[name].code()}
        answer = self.ask("POST", "/v1/sessions", wish)
        if answer.status != 201:
            raise Failure(f"signing in as {name}: {answer}")
        return answer.json()["secret"]

    def every(self, path, token, most=100):
        """The items of a list, page by page."""
        items, cursor = [], ""
        for _ in range(most):
            page = self.get(path + cursor, token=token).json()
            items += page["items"]
            if not page["next"]:
                return items
            cursor = ("&" if "?" in path else "?") + "cursor=" + page["next"]
        raise Failure(f"{path}: more than {most} pages")
