#!/usr/bin/env python3
"""Builds the functions for arm64 with the tools that SAM uses, and sends each of them its event. `make arm64`.

On x86_64 they run under QEMU. If the toolchain lacks the target, the standard library is compiled from Debian's
rust-src, which must be of the compiler's own version; nothing is installed by rustup. What is missing is said, and no
failure, except that with CI set the programs that .ci/run installs must be there. With the argument `build`, it only
builds, in a folder of its own, so that something else can go on meanwhile."""

import hashlib
import os
import pathlib
import platform
import shutil
import stat
import subprocess
import sys
import urllib.error
import urllib.request

PROJECT = pathlib.Path(__file__).resolve().parent.parent
TARGET = "aarch64-unknown-linux-gnu"
POOL = "http://deb.debian.org/debian/pool/main/r/rustc/"
# For each version of Rust: Debian's package of its sources, and the SHA-256. For another version, add a row.
RUST_SRC = {
    "1.95.0": (
        "rust-src_1.95.0+dfsg1-2~bpo13+1_all.deb",
        "7b76db5b880a77f9e52975d2baa6209d2f76d2c9c2789515c3088cb960e2c83b",
    ),
}
TOOLS = PROJECT / ".tools" / "arm64"
CARGO_TARGET = PROJECT / os.environ.get("CARGO_TARGET_DIR", "target")
BUILT = CARGO_TARGET / "arm64"
# The C library that the functions use under QEMU.
LIBRARIES = pathlib.Path("/usr/aarch64-linux-gnu")
TESTS = ["events::each_functions_event_gets_the_expected_status", "workers::each_workers_event_is_answered"]


def say(what):
    print(f"arm64: {what}", flush=True)


def skip(why):
    """Ends without a failure, in a way that nobody overlooks."""
    line = "#" * 100
    say(f"\n{line}\nARM64 IS NOT CHECKED: {why}\n{line}")
    sys.exit(0)


def run(*command, **environment):
    subprocess.run(command, check=True, cwd=PROJECT, env={**os.environ, **environment})


def output(*command):
    return subprocess.run(command, check=True, cwd=PROJECT, capture_output=True, text=True).stdout.strip()


def has_target(rustc):
    folder = pathlib.Path(output(rustc, "--print", "target-libdir", "--target", TARGET))
    return any(folder.glob("libstd-*.rlib"))


def download_sources(version, folder):
    """The standard library's sources."""
    if version not in RUST_SRC:
        skip(f"tests/arm64.py knows no rust-src for Rust {version}, and the toolchain lacks {TARGET}")
    package, expected = RUST_SRC[version]
    say(f"downloading {package}")
    try:
        with urllib.request.urlopen(POOL + package, timeout=60) as answer:
            content = answer.read()
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        skip(f"Debian no longer has {package}, and the toolchain lacks {TARGET}")
    except (urllib.error.URLError, TimeoutError) as error:
        skip(f"Debian cannot be reached ({error}), and the toolchain lacks {TARGET}")
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        sys.exit(f"error: {package} has the SHA-256 {found}, and should have {expected}")
    archive = folder / package
    archive.write_bytes(content)
    # The rest of the package is the compiler.
    tree = f"./usr/src/rustc-{version}"
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE) as unpacking:
        extract = ["tar", "--extract", "--directory", folder, "--strip-components", "4", f"{tree}/library"]
        subprocess.run(extract, stdin=unpacking.stdout, check=True)
    archive.unlink()
    return folder / "library"


def write_program(path, command):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def make_sysroot(version, root):
    """Makes a sysroot that has the target, out of the toolchain's files and the standard library's sources. The
    toolchain itself is left as it is."""
    shutil.rmtree(root, ignore_errors=True)
    toolchain = pathlib.Path(output("rustc", "--print", "sysroot"))
    rustlib = root / "lib" / "rustlib"
    (rustlib / "src" / "rust").mkdir(parents=True)
    for entry in (toolchain / "lib" / "rustlib").iterdir():
        if entry.name not in ("src", TARGET):
            (rustlib / entry.name).symlink_to(entry)
    library = download_sources(version, root)
    (rustlib / "src" / "rust" / "library").symlink_to(library)
    rustc = root / "bin" / "rustc"
    write_program(rustc, f'exec "{toolchain}/bin/rustc" --sysroot "{root}" "$@"')

    say("compiling the standard library")
    empty = root / "empty"
    (empty / "src").mkdir(parents=True)
    (empty / "src" / "lib.rs").write_text("#![no_std]\n")
    (empty / "Cargo.toml").write_text(
        '[package]\nname = "empty"\nedition = "2024"\n[workspace]\n[profile.release]\nopt-level = 0\n'
    )
    # Only here does the compiler take what is unstable.
    run(
        *("cargo", "build", "--quiet", "--release", "--target", TARGET, "-Z", "build-std=std,panic_unwind"),
        *("--manifest-path", empty / "Cargo.toml", "--target-dir", empty / "target"),
        RUSTC=str(rustc),
        RUSTC_BOOTSTRAP="1",
    )
    libraries = rustlib / TARGET / "lib"
    libraries.mkdir(parents=True)
    for built in (empty / "target" / TARGET / "release" / "deps").glob("*.rlib"):
        if not built.name.startswith("libempty-"):
            shutil.move(built, libraries)
    shutil.rmtree(empty)
    return rustc


def compiler():
    """A compiler that has the target."""
    if has_target("rustc"):
        return shutil.which("rustc")
    details = output("rustc", "--version", "--verbose")
    version = next(line.split()[1] for line in details.splitlines() if line.startswith("release:"))
    if not shutil.which("dpkg-deb"):
        skip(f"the toolchain lacks {TARGET}, and without dpkg-deb its standard library cannot be made")
    # Made again if the compiler, its place or the sources change.
    key = repr((details, output("rustc", "--print", "sysroot"), RUST_SRC.get(version), str(TOOLS)))
    made_for = TOOLS / "made-for"
    rustc = TOOLS / "bin" / "rustc"
    if not made_for.is_file() or made_for.read_text() != key or not has_target(rustc):
        make_sysroot(version, TOOLS)
        # Cargo does not notice that this is another standard library than the one that these were built with.
        shutil.rmtree(BUILT / "target", ignore_errors=True)
        made_for.write_text(key)
    return str(rustc)


def build(rustc):
    """Builds all functions, unoptimised. Returns the binaries."""
    say("building the functions")
    # cargo-lambda asks rustup for the targets, and lets it install one that is not listed. This one lists ours, and
    # refuses the rest.
    rustup = BUILT / "rustup"
    write_program(rustup, f'[ "$*" = "target list --installed" ] && echo {TARGET}')
    shutil.rmtree(BUILT / "lambda", ignore_errors=True)
    run(
        *("cargo", "lambda", "build", "--quiet", "--arm64", "--package", "functions"),
        *("--lambda-dir", BUILT / "lambda"),
        RUSTC=rustc,
        RUSTUP=str(rustup),
        CARGO_TARGET_DIR=str(BUILT / "target"),
        CARGO_PROFILE_DEV_DEBUG="none",
        CARGO_INCREMENTAL="0",
    )
    binaries = sorted((BUILT / "lambda").glob("*/bootstrap"))
    for binary in binaries:
        # The ELF header: the magic number, and 183 for the machine.
        header = binary.read_bytes()[:20]
        assert header[:4] == b"\x7fELF" and header[18:] == b"\xb7\0", f"{binary} is not for arm64"
    assert binaries, "nothing was built"
    say(f"{len(binaries)} functions")
    return binaries


def emulator():
    """What a binary is started with."""
    if platform.machine() == "aarch64":
        return ""
    qemu = shutil.which("qemu-aarch64-static")
    if qemu and (LIBRARIES / "lib" / "libc.so.6").exists():
        return f"{qemu} -L {LIBRARIES}"
    missing = "the functions were built, but running them takes Debian's qemu-user-static and libc6-arm64-cross"
    if os.environ.get("CI"):
        sys.exit(f"error: {missing}")
    skip(missing)


def main():
    binaries = build(compiler())
    if sys.argv[1:] == ["build"]:
        return
    start = emulator()
    functions = BUILT / "functions"
    shutil.rmtree(functions, ignore_errors=True)
    for binary in binaries:
        write_program(functions / binary.parent.name, f'exec {start} "{binary}" "$@"')
    say("sending each function its event")
    command = ["cargo", "test", "--quiet", "--test", "api", "--", "--exact", *TESTS]
    environment = {**os.environ, "FUNCTIONS": str(functions)}
    test = subprocess.run(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True)
    print(test.stdout, flush=True)
    # If it gets another name, no test runs, and Cargo is content.
    if test.returncode or f"{len(TESTS)} passed" not in test.stdout:
        sys.exit(f"error: on arm64, {TESTS} failed or did not run")
    say("each function answered its event")


main()
