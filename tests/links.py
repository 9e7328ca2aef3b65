#!/usr/bin/env python3
"""Checks that every relative link in Markdown leads to an existing file, and its anchor to a heading of that file. Part
of `make check`; `links.py FOLDER` checks another folder."""

import pathlib
import re
import subprocess
import sys

# `[text](target)`, `![text](target)`, `[text](<target> "title")`; and definitions, `[name]: target`.
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
DEFINITION = re.compile(r"^ {0,3}\[[^\]^]+\]:\s*<?([^\s>]+)>?", re.MULTILINE)
HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$", re.MULTILINE)
FENCE = re.compile(r"^ {0,3}(```+|~~~+).*?^ {0,3}\1`*\s*$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)


def files(folder):
    """The Markdown files that Git tracks or would track."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.md"]
    listed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := folder / name).is_file()]


def prose(path):
    """The text of a file without code, which contains neither links nor headings."""
    return FENCE.sub("", path.read_text())


def anchors(path):
    """The anchors of a file's headings, as GitHub makes them."""
    found = set()
    for heading in HEADING.findall(prose(path)):
        text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
        slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        number = 0
        while (anchor := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(anchor)
    return found


def broken(folder, path):
    """The broken relative links of a file, each with the reason."""
    text = CODE.sub("``", prose(path))
    for target in LINK.findall(text) + DEFINITION.findall(text):
        if re.match(r"[a-z][a-z0-9+.-]*:|//", target, re.IGNORECASE):
            continue
        name, _, anchor = target.partition("#")
        to = (path.parent / name if name else path).resolve()
        if name.startswith("/") or not to.is_relative_to(folder):
            yield target, "leads out of the project"
        elif not to.exists():
            yield target, "no such file"
        elif anchor and to.suffix != ".md":
            yield target, "only Markdown has anchors that can be checked"
        elif anchor and anchor not in anchors(to):
            yield target, f"no such heading in {to.relative_to(folder)}"


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    checked = files(folder)
    found = [(path, *reasons) for path in checked for reasons in broken(folder, path)]
    for path, target, reason in found:
        print(f"{path.relative_to(folder)}: {target}: {reason}", file=sys.stderr)
    if found or not checked:
        sys.exit(f"error: {len(found)} links of {len(checked)} Markdown files lead nowhere")
    print(f"links: those of {len(checked)} Markdown files lead somewhere")


if __name__ == "__main__":
    main()
