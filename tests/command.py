"""The command line, run in this process or in one of its own."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from unittest import mock

from eventstudy import cli
from tests.conftest import ROOT

PATIENCE = 900  # seconds; a command that hangs ends, a slow machine does not


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


def eventstudy(*arguments, cwd=ROOT, **environment):
    """Run the command here, from its entry point on, so that its libraries are imported once."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.chdir(cwd))
        stack.enter_context(mock.patch.dict(os.environ, environment))
        stack.enter_context(mock.patch.object(sys, "argv", ["eventstudy", *map(str, arguments)]))
        stack.enter_context(mock.patch.object(sys, "stdin", io.StringIO()))
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
    return Done(code, out.getvalue(), err.getvalue())


def process(*arguments, cwd=ROOT, **environment):
    """Run the command in its own process, as a shell would."""
    return subprocess.run(
        [sys.executable, "-m", "eventstudy", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environment},
        check=False,
    )
