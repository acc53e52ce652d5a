"""Checks of the commands that the engine makes out of a declaration, in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys

from .check import Check
from .subject import Subject

# one process for all of them: starting Python and torch takes longer than what they do
_RUN = """
import contextlib, io, json, sys
from paragone_cli.main import main
results = []
for arguments in json.loads(sys.stdin.read()):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    results.append([code, out.getvalue(), err.getvalue()])
print(json.dumps(results))
"""


def commands_work(subject: Subject) -> str | None:
    name = subject.modality
    commands = {
        "help": [name, "--help"],
        "train help": [name, "train", "--help"],
        "dry run": [name, "train", *subject.arguments, "--out", str(subject.path("dry")), "--dry-run", "--json"],
        "print-config": [name, "train", *subject.arguments, "--print-config"],
        "json": [name, "--run", str(subject.run), "-n", "2", "--seed", "1", "--out", str(subject.path("json")), "--overwrite", "--json"],
    }
    done = subprocess.run([sys.executable, "-c", _RUN], input=json.dumps(list(commands.values())), capture_output=True, text=True)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["no word"])[-1]
    for (what, arguments), (code, out, err) in zip(commands.items(), json.loads(done.stdout.splitlines()[-1]), strict=True):
        if code:
            return f"`create {' '.join(arguments)}` ended with {code}: {err.strip()}"
        if what in ("dry run", "json"):
            json.loads(out)
    return None


CHECKS = (
    Check(
        "commands_work",
        "help, dry run, --print-config and --json end with exit code 0, and what should be JSON is",
        "the settings dataclasses and summaries in {module}",
        commands_work,
        each_preset=False,
    ),
)
