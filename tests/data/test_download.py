import hashlib
import http.server
import os
import signal
import subprocess
import sys
import threading
import time
import types
import zipfile

import pytest

from recnotes.data.download import (
    ChecksumError,
    DownloadError,
    cache_folder,
    download,
    find_local,
    pip_download,
    read_members,
)

CONTENT = bytes(range(256)) * 4096  # 1 MiB
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT; a path says how badly."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        wanted = self.headers.get("Range")
        server.asked.append(wanted)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        content = server.content
        if self.path == "/missing":
            self.send_error(404, "Not Found")
            return
        if self.path == "/416" or (start >= len(content) and wanted):
            self.send_error(416)
            return
        ranges = "norange" not in self.path
        body = content[start:] if ranges else content
        self.send_response(206 if wanted and ranges else 200)
        if wanted and ranges:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if "cut" in self.path and len(server.asked) < server.good_from:
            body = body[:300_000]
        step = 65536
        for i in range(0, len(body), step):
            if "slow" in self.path and i >= 4 * step:
                self.wfile.flush()
                server.stop.wait(20)
            if server.stop.is_set():
                return
            self.wfile.write(body[i : i + step])
        self.close_connection = True

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        running.handle_error = lambda *args: None  # A client that was killed is part of the test.
        running.content, running.asked, running.good_from = CONTENT, [], 0
        running.stop = threading.Event()
        running.url = f"http://127.0.0.1:{running.server_address[1]}"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.stop.set()
        running.shutdown()
        thread.join()


def names(folder):
    return sorted(p.name for p in folder.iterdir() if not p.name.endswith(".lock"))


def test_downloads_quietly(server, tmp_path, capsys):
    path = download(server.url + "/file.bin", tmp_path / "a" / "file.bin", DIGEST)
    assert path.read_bytes() == CONTENT
    assert names(tmp_path / "a") == ["file.bin"]
    assert capsys.readouterr() == ("", "")
    download(server.url + "/file.bin", path, DIGEST)
    assert len(server.asked) == 1  # It is there and right: nobody is asked again.


def test_progress_on_a_terminal(server, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    download(server.url + "/file.bin", tmp_path / "file.bin", DIGEST)
    shown = capsys.readouterr().err
    assert "file.bin" in shown and "100 %" in shown and shown.endswith("\n")
    assert shown.count("\r") <= 101


def test_wrong_file_in_place_is_replaced(server, tmp_path):
    (tmp_path / "file.bin").write_bytes(b"old")
    assert download(server.url + "/file.bin", tmp_path / "file.bin", DIGEST).read_bytes() == CONTENT


def test_killed_half_way_then_resumed(server, tmp_path):
    target = tmp_path / "file.bin"
    arguments = (server.url + "/slow", str(target), DIGEST)
    code = f"from recnotes.data.download import download; download(*{arguments!r})"
    child = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"no_proxy": "127.0.0.1"})
    part = tmp_path / "file.bin.part"
    deadline = time.monotonic() + 20
    while not (part.exists() and part.stat().st_size >= 131072) and time.monotonic() < deadline:
        time.sleep(0.02)
    child.kill()
    assert child.wait() == -signal.SIGKILL
    assert names(tmp_path) == ["file.bin.part"]  # Nothing that looks whole.
    got = part.stat().st_size
    assert 0 < got < len(CONTENT)
    download(server.url + "/file.bin", target, DIGEST)
    assert server.asked == [None, f"bytes={got}-"]
    assert target.read_bytes() == CONTENT
    assert names(tmp_path) == ["file.bin"]


FETCH = """
from functools import partial
from recnotes import cli
from recnotes.data import catalog
from recnotes.data.source import RemoteFile, Source
source = Source("planted", "Planted", (RemoteFile("file.bin", {url!r}, {digest!r}),), "terms", "somebody")
catalog.find = lambda name: catalog.Entry(name, source.title, source.fetch, source.license, source.citation)
raise SystemExit(cli.main(["data", "fetch", "planted"]))
"""


def test_fetch_command_killed_half_way_then_resumed(server, tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "RECNOTES_DATA"}
    environment |= {"no_proxy": "127.0.0.1", "RECNOTES_CACHE": str(tmp_path)}

    def command(address):
        return [sys.executable, "-c", FETCH.format(url=server.url + address, digest=DIGEST)]

    child = subprocess.Popen(command("/slow"), env=environment)
    part = tmp_path / "planted" / "file.bin.part"
    deadline = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size >= 131072) and time.monotonic() < deadline:
        time.sleep(0.02)
    child.kill()
    assert child.wait() == -signal.SIGKILL
    assert names(part.parent) == ["file.bin.part"]
    got = part.stat().st_size
    again = subprocess.run(command("/file"), env=environment, capture_output=True, text=True)
    assert again.returncode == 0 and "Planted is there and was read." in again.stdout
    assert "terms" in again.stderr and server.asked == [None, f"bytes={got}-"]
    assert (part.parent / "file.bin").read_bytes() == CONTENT


def test_broken_connections_are_taken_up_again(server, tmp_path):
    server.good_from = 3
    assert download(server.url + "/cut", tmp_path / "f", DIGEST).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=300000-", "bytes=600000-"]


def test_connection_that_keeps_breaking(server, tmp_path):
    server.good_from = 100
    with pytest.raises(DownloadError, match="/cut: .*"):
        download(server.url + "/cut", tmp_path / "f", DIGEST, attempts=2)
    assert names(tmp_path) == ["f.part"]
    assert (tmp_path / "f.part").stat().st_size == 600_000


def test_server_without_ranges_starts_over(server, tmp_path):
    (tmp_path / "f.part").write_bytes(CONTENT[:1000])
    assert download(server.url + "/norange", tmp_path / "f", DIGEST).read_bytes() == CONTENT
    assert server.asked == ["bytes=1000-"]


def test_part_that_is_already_whole(server, tmp_path):
    (tmp_path / "f.part").write_bytes(CONTENT)
    assert download(server.url + "/file", tmp_path / "f", DIGEST).read_bytes() == CONTENT


def test_part_of_another_version_starts_over_once(server, tmp_path):
    (tmp_path / "f.part").write_bytes(b"x" * 1000)
    assert download(server.url + "/file", tmp_path / "f", DIGEST).read_bytes() == CONTENT
    assert server.asked == ["bytes=1000-", None]


def test_part_longer_than_the_file(server, tmp_path):
    (tmp_path / "f.part").write_bytes(b"x" * (len(CONTENT) + 5))
    assert download(server.url + "/file", tmp_path / "f", DIGEST).read_bytes() == CONTENT


def test_corrupt_bytes_leave_nothing(server, tmp_path):
    server.content = CONTENT[:-1] + b"?"
    got = hashlib.sha256(server.content).hexdigest()
    with pytest.raises(ChecksumError) as error:
        download(server.url + "/file", tmp_path / "f", DIGEST)
    assert str(error.value) == f"{server.url}/file: SHA-256 is {got}, expected {DIGEST}"
    assert names(tmp_path) == []


def test_http_error_is_named(server, tmp_path):
    with pytest.raises(DownloadError, match="/missing: HTTP 404 Not Found"):
        download(server.url + "/missing", tmp_path / "f", DIGEST)
    assert names(tmp_path) == []


def test_closed_port_fails_at_once(server, tmp_path):
    server.stop.set()
    began = time.monotonic()
    with pytest.raises(DownloadError, match="http://127.0.0.1:9/f: .*refused"):
        download("http://127.0.0.1:9/f", tmp_path / "f", DIGEST)
    assert time.monotonic() - began < 3
    assert names(tmp_path) == []


def test_silent_host_fails_after_the_timeout(server, tmp_path):
    began = time.monotonic()
    with pytest.raises(DownloadError, match="timed out"):
        download(server.url + "/slow", tmp_path / "f", DIGEST, timeout=0.3, attempts=1)
    assert time.monotonic() - began < 5


def test_two_at_once_fetch_once(server, tmp_path):
    threads = [
        threading.Thread(target=download, args=(server.url + "/f", tmp_path / "f", DIGEST)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert server.asked == [None]


def test_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("RECNOTES_CACHE", str(tmp_path / "c"))
    assert cache_folder() == tmp_path / "c"
    monkeypatch.delenv("RECNOTES_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_folder() == tmp_path / "x" / "recnotes"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder().parts[-3:] == ("Library", "Caches", "recnotes")
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "w"))
    assert cache_folder() == tmp_path / "w" / "recnotes"


def test_find_local(monkeypatch, tmp_path):
    files = {"a": hashlib.sha256(b"1").hexdigest(), "b": hashlib.sha256(b"2").hexdigest()}
    tried = []
    monkeypatch.delenv("RECNOTES_DATA", raising=False)
    assert find_local(files, tried) is None
    monkeypatch.setenv("RECNOTES_DATA", str(tmp_path / "nowhere"))
    assert find_local(files, tried) is None
    assert find_local(files, tried) is None
    assert tried == [f"RECNOTES_DATA={tmp_path / 'nowhere'}: not a folder"]
    tried.clear()
    monkeypatch.setenv("RECNOTES_DATA", str(tmp_path))
    (tmp_path / "a").write_bytes(b"1")
    assert find_local(files, tried) is None and tried == []
    (tmp_path / "b").write_bytes(b"?")
    assert find_local(files, tried) is None
    assert tried == [
        f"{tmp_path / 'b'}: SHA-256 is {hashlib.sha256(b'?').hexdigest()}, expected {files['b']}"
    ]
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a").write_bytes(b"1")
    (tmp_path / "sub" / "b").write_bytes(b"2")
    assert find_local(files, tried, "sub") == [tmp_path / "sub" / "a", tmp_path / "sub" / "b"]


def test_members_never_become_paths(tmp_path):
    archive = tmp_path / "in" / "evil.zip"
    archive.parent.mkdir()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("../../escaped.txt", "x")
        file.writestr("/tmp/absolute.txt", "y")
        file.writestr("fine", "z")
    assert read_members(archive, ["../../escaped.txt", "fine"]) == [b"x", b"z"]
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["evil.zip", "in"]
    with pytest.raises(DownloadError, match=r"evil\.zip: .*'absent'"):
        read_members(archive, ["absent"])
    archive.write_bytes(b"no zip")
    with pytest.raises(DownloadError, match="not a zip file"):
        read_members(archive, ["fine"])


class Pip:
    """Stands in for `python -m pip`: writes a wheel or fails."""

    def __init__(self, content=None, name="w-1-py3-none-any.whl"):
        self.content, self.name, self.command = content, name, None

    def __call__(self, command, **kwargs):
        self.command = command
        if self.content is None:
            return subprocess.CompletedProcess(command, 1, "", "noise\nERROR: No matching distribution\n")
        with open(os.path.join(command[command.index("--dest") + 1], self.name), "wb") as file:
            file.write(self.content)
        return subprocess.CompletedProcess(command, 0, "", "")


def test_pip_download(monkeypatch, tmp_path):
    pip = Pip(CONTENT)
    monkeypatch.setattr(subprocess, "run", pip)
    target = tmp_path / "c" / "w-1-py3-none-any.whl"
    assert pip_download("w==1", target, DIGEST).read_bytes() == CONTENT
    assert pip.command[:4] == [sys.executable, "-m", "pip", "download"]
    assert "--no-deps" in pip.command and pip.command[-1] == "w==1"
    assert names(tmp_path / "c") == [target.name]
    pip.content = None
    assert pip_download("w==1", target, DIGEST) == target  # Kept: pip is not asked again.


def test_pip_download_failures(monkeypatch, tmp_path):
    target = tmp_path / "w-1-py3-none-any.whl"
    for pip, error, message in [
        (Pip(), DownloadError, r"pip download --no-deps w==1: noise / ERROR: No matching distribution"),
        (
            Pip(b"other"),
            ChecksumError,
            f"SHA-256 is {hashlib.sha256(b'other').hexdigest()}, expected {DIGEST}",
        ),
        (Pip(CONTENT, "w-2.whl"), DownloadError, "instead of w-1-py3-none-any.whl"),
    ]:
        monkeypatch.setattr(subprocess, "run", pip)
        with pytest.raises(error, match=message):
            pip_download("w==1", target, DIGEST)
        assert names(tmp_path) == []


def test_a_range_error_without_a_range_is_told(server, tmp_path):
    with pytest.raises(DownloadError, match="HTTP 416 for a request without a range"):
        download(server.url + "/416", tmp_path / "f", DIGEST)
    assert names(tmp_path) == []


def test_the_lock_of_windows(server, tmp_path, monkeypatch):
    taken = []
    lock = types.SimpleNamespace(LK_LOCK=1, locking=lambda number, mode, size: taken.append((mode, size)))
    monkeypatch.setitem(sys.modules, "msvcrt", lock)
    monkeypatch.setattr(sys, "platform", "win32")
    assert download(server.url + "/file.bin", tmp_path / "f", DIGEST).read_bytes() == CONTENT
    assert taken == [(1, 1)]
