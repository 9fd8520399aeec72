"""Serve a built site as GitHub Pages does: under a sub-path, compressed, 404.html for what is not there.

    python tools/pages_server.py SITE [--base /recnotes/] [--port 8001]

The tests and the size report look at the site through it.
"""

from __future__ import annotations

import argparse
import gzip
import mimetypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMPRESSED = ("text/", "application/json", "application/xml", "application/javascript", "image/svg+xml")


@lru_cache(maxsize=4096)
def compressed(path: Path, mtime: float) -> bytes:
    """A file's content as it goes over the wire."""
    return gzip.compress(path.read_bytes(), compresslevel=6, mtime=0)


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD as Pages does: index.html of a folder, a redirect to its slash, 404.html."""

    site: Path
    base: str
    protocol_version = "HTTP/1.1"

    def find(self, path: str) -> Path | None:
        """The file a path stands for."""
        if not path.startswith(self.base):
            return None
        target = (self.site / path.removeprefix(self.base)).resolve()
        if not target.is_relative_to(self.site):
            return None
        if target.is_dir():
            target = target / "index.html"
        return target if target.is_file() else None

    def do_GET(self) -> None:  # noqa: N802
        """Answer with the file, a redirect or the 404 page."""
        path = unquote(urlsplit(self.path).path)
        file = self.find(path)
        if file and file.name == "index.html" and not path.endswith(("/", "index.html")):
            self.send_response(301)
            self.send_header("Location", path + "/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        status = 200 if file else 404
        file = file or self.site / "404.html"
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        zipped = kind.startswith(COMPRESSED) and "gzip" in self.headers.get("Accept-Encoding", "")
        body = compressed(file, file.stat().st_mtime) if zipped else file.read_bytes()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if kind.startswith(COMPRESSED) else kind)
        if zipped:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, format: str, *arguments: object) -> None:
        """Stay quiet."""


@contextmanager
def serving(site: Path, base: str = "/recnotes/", port: int = 0) -> Iterator[str]:
    """Serve the site on this machine while the block runs; gives the address of its home page."""
    handler = type("SiteHandler", (Handler,), {"site": site.resolve(), "base": base})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{base}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("site", type=Path)
    parser.add_argument("--base", default="/recnotes/")
    parser.add_argument("--port", type=int, default=8001)
    options = parser.parse_args()
    with serving(options.site, options.base, options.port) as address:
        print(address, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
