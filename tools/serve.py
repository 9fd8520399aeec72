"""Serve the site while it is being written: `make serve`, or `python tools/serve.py` where there is no make.

    python tools/serve.py [--port 8000] [--only zh|en]

MkDocs serves and reloads; this adds what it does not say: that the port is busy (before building, not after),
where the site is once it is ready, and which labs have notebooks older than they. No notebook is executed.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
LANGUAGES = {"zh": "", "en": "en/"}
CONVERSIONS = ROOT / ".cache" / "recnotes"


def is_allowed(port: int) -> bool:
    """Whether this user may listen on the port: those below 1024 are often kept for the administrator."""
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except PermissionError:
            return False
        except OSError:
            pass
    return True


def is_free(port: int) -> bool:
    """Whether nothing listens on the port."""
    with socket.socket() as probe:
        if os.name == "posix":  # elsewhere the option means that two may listen
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def addresses(port: int, only: str) -> str:
    """Where the languages served are."""
    served = {only: LANGUAGES[only]} if only else LANGUAGES
    return "   ".join(f"{name} http://{HOST}:{port}/{path}" for name, path in served.items())


def announce(port: int, only: str, started: float) -> None:
    """Say where the site is as soon as it answers: MkDocs listens when its first build is done."""
    while True:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                break
        time.sleep(0.2)
    print(f"Ready after {time.monotonic() - started:.0f} s: {addresses(port, only)}", flush=True)


def convert_english(environment: dict[str, str]) -> None:
    """On the first start, convert the English pages on the second core while MkDocs builds the Chinese ones.

    MkDocs then finds the conversions (overrides/hooks/cache.py); the site built here is thrown away.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", f"{folder}/site"]
        alone = {**environment, "RECNOTES_ONLY": "en"}
        subprocess.run(command, cwd=ROOT, env=alone, check=False, capture_output=True)


def modified() -> dict[Path, float]:
    """The labs and when each was last changed."""
    return {path: path.stat().st_mtime for path in sorted((ROOT / "docs").glob("**/lab.py"))}


def report_stale_labs(labs: list[Path]) -> None:
    """Name those of these labs whose notebooks are older than they, one a line."""
    subprocess.run([sys.executable, ROOT / "tools" / "labs.py", "--stale", *labs], check=False)


def watch_labs() -> None:
    """Look at all labs once and then at each when it changes."""
    before: dict[Path, float] = {}
    while True:
        now = modified()
        if changed := [path for path in now if now[path] != before.get(path)]:
            report_stale_labs(changed)
        before = now
        time.sleep(2)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--port", default="8000")
    parser.add_argument("--only", default="", help="zh or en; both where it is empty")
    options = parser.parse_args(arguments)
    if options.only not in ("", *LANGUAGES):
        print(f"ONLY must be zh or en, received {options.only!r}.", file=sys.stderr)
        return 2
    if not options.port.isascii() or not options.port.isdigit() or not 0 < int(options.port) < 65536:
        print(f"PORT must be a number from 1 to 65535, received {options.port!r}.", file=sys.stderr)
        return 2
    port = int(options.port)
    if not is_allowed(port):
        print(f"You may not listen on port {port}: run `make serve PORT=8000`.", file=sys.stderr)
        return 1
    if not is_free(port):
        other = next((p for p in range(port + 1, 65536) if is_free(p)), port)
        print(f"Port {port} is busy: stop what uses it, or run `make serve PORT={other}`.", file=sys.stderr)
        return 1

    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "RECNOTES_ONLY": options.only}
    environment["RECNOTES_SITE_URL"] = f"http://{HOST}:{port}/"
    started = time.monotonic()
    print(f"Building; the site will be at {addresses(port, options.only)} (Ctrl-C stops it)", flush=True)
    if not options.only and not CONVERSIONS.is_dir():
        threading.Thread(target=convert_english, args=(environment,), daemon=True).start()
    server = subprocess.Popen(
        [sys.executable, "-m", "mkdocs", "serve", "--dev-addr", f"{HOST}:{port}"], cwd=ROOT, env=environment
    )
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    threading.Thread(target=announce, args=(port, options.only, started), daemon=True).start()
    threading.Thread(target=watch_labs, daemon=True).start()
    while True:
        try:
            return max(server.wait(), 0)
        except KeyboardInterrupt:
            continue  # the server was told, too, and ends by itself


if __name__ == "__main__":
    sys.exit(main())
