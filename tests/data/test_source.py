import hashlib
import http.server
import threading

import pytest

from recnotes.data.download import DownloadError
from recnotes.data.files import checksum
from recnotes.data.source import RemoteFile, Source, on_github

CONTENT = b"1 3 4\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
BLOB = hashlib.sha1(b"blob 6\0" + CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def folders(monkeypatch, tmp_path):
    monkeypatch.setenv("RECNOTES_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("RECNOTES_DATA", raising=False)


@pytest.fixture
def served(monkeypatch):
    """Serves CONTENT at every address and counts the requests."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.count += 1
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT)

        def log_message(self, *args):
            pass

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.count = 0
        running.url = f"http://127.0.0.1:{running.server_address[1]}/a.txt"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def source(url, digest=SHA256):
    return Source("some", "Some data", (RemoteFile("a.txt", url, digest),), "for research", "Somebody 2020")


@pytest.mark.parametrize("digest", [SHA256, BLOB])
def test_fetches_once_and_shows_the_terms_once(served, tmp_path, capsys, digest):
    (path,) = source(served.url, digest).fetch()
    assert path == tmp_path / "cache" / "some" / "a.txt" and path.read_bytes() == CONTENT
    shown = capsys.readouterr().err
    assert "for research" in shown and "Somebody 2020" in shown and str(path) in shown
    assert source(served.url, digest).fetch() == [path]
    assert served.count == 1 and capsys.readouterr().err == ""


def test_your_own_files_come_first(tmp_path, monkeypatch):
    monkeypatch.setenv("RECNOTES_DATA", str(tmp_path))
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "a.txt").write_bytes(CONTENT)
    assert source("http://127.0.0.1:1/a.txt").fetch() == [tmp_path / "some" / "a.txt"]


def test_damaged_cache_is_fetched_again(served, tmp_path):
    path = tmp_path / "cache" / "some" / "a.txt"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half")
    assert source(served.url).fetch() == [path] and path.read_bytes() == CONTENT


def test_error_says_what_was_tried_and_where_to_put_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("RECNOTES_DATA", str(tmp_path))
    (tmp_path / "a.txt").write_bytes(b"other")
    url = "http://127.0.0.1:1/a.txt"
    with pytest.raises(DownloadError) as error:
        source(url).fetch()
    said = str(error.value)
    assert said.startswith("Some data: a.txt could not be had. Tried:\n")
    assert f"{tmp_path / 'a.txt'}: SHA-256 is {hashlib.sha256(b'other').hexdigest()}" in said
    assert f"fetch {url} (SHA-256 {SHA256})" in said and str(tmp_path / "cache" / "some" / "a.txt") in said
    assert not (tmp_path / "cache" / "some" / "a.txt").exists()


def test_wrong_bytes_leave_nothing(served, tmp_path):
    with pytest.raises(DownloadError, match="git blob SHA-1"):
        source(served.url, 40 * "0").fetch()
    assert not list((tmp_path / "cache" / "some").glob("a.txt*[!k]"))  # only the lock is left


def test_checksum_of_another_length():
    with pytest.raises(ValueError, match="like must have 64 or 40 digits, received '12'"):
        checksum(__file__, "12")


def test_github_address():
    file = on_github("a/b", "c0ffee", "x/y.txt", 64 * "1", "z.txt")
    assert file == RemoteFile("z.txt", "https://raw.githubusercontent.com/a/b/c0ffee/x/y.txt", 64 * "1")
