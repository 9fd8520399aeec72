import pytest

from recnotes.cli import main
from recnotes.data import catalog


def test_every_entry_has_terms_and_a_citation():
    entries = catalog.entries()
    assert len({entry.name for entry in entries}) == len(entries) == 10
    for entry in entries:
        assert entry.license and "http" in entry.citation and callable(entry.load)


def test_unknown_name():
    with pytest.raises(ValueError, match=r"name must be one of \['amazon-beauty'.*received 'criteo'"):
        catalog.find("criteo")


def test_command_lists(capsys):
    assert main(["data", "list"]) == 0
    assert "frappe " in capsys.readouterr().out


def test_command_fetches(capsys, monkeypatch):
    called = []
    entry = catalog.Entry("frappe", "Frappe", lambda: called.append(1), "terms", "somebody")
    monkeypatch.setattr(catalog, "find", lambda name: entry)
    assert main(["data", "fetch", "frappe"]) == 0
    assert called and "terms" in capsys.readouterr().out


def test_command_says_why_not(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("RECNOTES_DATA", str(tmp_path))
    monkeypatch.setenv("RECNOTES_CACHE", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    with pytest.raises(SystemExit):
        main(["data", "fetch", "criteo"])
    assert "received 'criteo'" in capsys.readouterr().err
    assert main(["data", "fetch", "amazon-beauty"]) == 1
    assert "Beauty.txt could not be had" in capsys.readouterr().err
