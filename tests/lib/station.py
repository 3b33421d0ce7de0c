# SPDX-License-Identifier: ISC
"""vouch-host in a folder of its own, where a test decides how its root part is started.

vouch-host starts the vouch-host-apply that lies beside it, with an environment of its own, so that nothing
of the test reaches it otherwise.
"""

import os
import shutil


class Station:
    """`before` is what the shell does first; then it starts `{program}`."""

    def __init__(self, lab, program, before):
        self.folder = lab.folder("sbin")
        os.chmod(lab.path, 0o711)
        os.chmod(self.folder, 0o755)
        self.program = shutil.copy(program, self.folder)
        parts = os.path.dirname(os.path.dirname(os.path.abspath(program)))
        self.root_part = shutil.copy(os.path.join(parts, "vouch-host-apply", "vouch-host-apply"),
                                     os.path.join(self.folder, "root-part"))
        text = before.format(folder=self.folder, program=self.root_part)
        script = lab.write("sbin/vouch-host-apply", f'#!/bin/sh\n{text}\nexec {self.root_part} "$@"\n')
        os.chmod(script, 0o755)
