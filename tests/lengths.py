#!/usr/bin/env python3
"""Checks the length of lines and of files with code. Part of `make check`."""

import pathlib
import subprocess
import sys

LINE = 120
FILE = 400
ENDPOINT = 60
# A longer file gives its reason in its first lines, after these words.
REASON = "Over 400 lines: "
# Files that others or programs have written.
EXEMPT = {"Cargo.lock", "LICENSE-APACHE", "LICENSE-MIT", "CHANGELOG.md"}
TEXT = {".rs", ".py", ".js", ".css", ".md", ".toml", ".yaml", ".yml", ".sh", ""}


def code_lines(path, lines):
    """The number of lines of code. Unit tests at the end of a file do not count."""
    if path.suffix == ".rs" and "#[cfg(test)]" in lines:
        return lines.index("#[cfg(test)]")
    return len(lines)


def faults(path):
    """The lines that are too long, and the file if it is too long."""
    lines = path.read_text().splitlines()
    # A table's row in Markdown cannot be broken, nor an inline table in TOML.
    may_be_long = {".md": "|", ".toml": "  { "}.get(path.suffix)
    for number, line in enumerate(lines, 1):
        if len(line) > LINE and not (may_be_long and line.startswith(may_be_long)):
            yield f"{path}:{number}: a line of {len(line)} characters; at most {LINE}"
    if path.suffix not in {".rs", ".py", ".js", ".css"}:
        return
    length = code_lines(path, lines)
    most = ENDPOINT if path.parts[0] == "functions" else FILE
    if length > most and not any(REASON in line for line in lines[:12]):
        yield f"{path}: {length} lines; at most {most}, or a reason in the first lines"


def main():
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True).stdout
    files = [pathlib.Path(name) for name in listed.split("\0") if name]
    files = [file for file in files if file.name not in EXEMPT and file.suffix in TEXT and file.is_file()]
    found = [fault for file in files for fault in faults(file)]
    if found or len(files) < 100:
        sys.exit("\n".join(found) or "error: hardly a file was looked at")


main()
