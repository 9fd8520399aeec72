import hashlib
import io
import zipfile

import numpy as np
import pytest

from recnotes.data import DownloadError, movielens, movielens_100k

# The official format, by hand: three users, four movies with the odd titles of the real file.
DATA = "2\t4\t5\t880000002\n1\t1\t3\t880000001\n3\t2\t1\t880000003\n2\t3\t4\t880000000\n"
FLAGS = {1: (3, 4, 5), 2: (5, 8), 3: (0,), 4: (3, 4)}
TITLES = {
    1: "Toy Story (1995)",
    2: "Á köldum klaka (Cold Fever) (1994)",
    3: "unknown",
    4: "Land III (1995) (V)",
}
DATES = {1: "01-Jan-1995", 2: "08-Mar-1996", 3: "", 4: "01-Jan-1995"}
ITEM = "".join(
    f"{i}|{TITLES[i]}|{DATES[i]}||url|" + "|".join(str(int(g in FLAGS[i])) for g in range(19)) + "\n"
    for i in TITLES
)
USER = "1|24|M|technician|85711\n2|53|F|other|94043\n3|23|M|writer|V3N4P\n"
# The same rows as RecBole's files have them, misspelling included.
INTER = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n" + DATA
ATOMIC_ITEM = (
    "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
    "1\tToy Story\t1995\tAnimation Children's Comedy\n"
    "2\tÁ köldum klaka (Cold Fever)\t1994\tComedy Drama\n"
    "3\tunkonwn\tunkonwn\tunknown\n"
    "4\tLand III (1995)\tV\tAnimation Children's\n"
)
ATOMIC_USER = "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n" + USER.replace(
    "|", "\t"
)


def archive(folder, item=ITEM):
    """Return a zip in the official layout, with a member that would escape if it were extracted."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("ml-100k/u.data", DATA)
        file.writestr("ml-100k/u.item", item.encode("latin-1"))
        file.writestr("ml-100k/u.user", USER)
        file.writestr("../../escaped", "x")
    path = folder / "ml-100k.zip"
    path.write_bytes(buffer.getvalue())
    return hashlib.sha256(buffer.getvalue()).hexdigest()


@pytest.fixture
def folders(monkeypatch, tmp_path):
    """Empty cache and data folders, and no way out."""
    data, cache = tmp_path / "data", tmp_path / "cache"
    data.mkdir()
    monkeypatch.setenv("RECNOTES_DATA", str(data))
    monkeypatch.setenv("RECNOTES_CACHE", str(cache))

    def refuse(source, *args):
        raise DownloadError(f"{source}: out of reach")

    monkeypatch.setattr(movielens.files, "download", refuse)
    monkeypatch.setattr(movielens.files, "pip_download", refuse)
    return data, cache


def same(a, b):
    for part in ("ratings", "users", "items"):
        ours, theirs = vars(getattr(a, part)), vars(getattr(b, part))
        assert ours.keys() == theirs.keys()
        for name, value in ours.items():
            if isinstance(value, np.ndarray):
                assert value.dtype == theirs[name].dtype, name
                np.testing.assert_array_equal(value, theirs[name], err_msg=name)
            else:
                assert value == theirs[name], name


def test_official_zip(folders, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(movielens, "ZIP_SHA256", archive(folders[0]))
    data = movielens_100k()
    assert (len(data.ratings), data.num_users, data.num_items) == (4, 3, 4)
    np.testing.assert_array_equal(data.ratings.user_id, [2, 1, 3, 2])  # The official order is kept.
    np.testing.assert_array_equal(data.ratings.item_id, [4, 1, 2, 3])
    np.testing.assert_array_equal(data.ratings.rating, [5.0, 3.0, 1.0, 4.0])
    np.testing.assert_array_equal(data.ratings.timestamp, 880000000 + np.array([2, 1, 3, 0]))
    assert data.ratings.user_id.dtype == data.ratings.item_id.dtype == np.int32
    assert data.ratings.timestamp.dtype == np.int64 and data.ratings.rating.dtype == np.float32
    np.testing.assert_array_equal(data.users.age, [0, 24, 53, 23])
    assert [data.users.gender_names[g] for g in data.users.gender] == ["", "M", "F", "M"]
    assert [data.users.occupation_names[o] for o in data.users.occupation] == [
        "",
        "technician",
        "other",
        "writer",
    ]
    assert list(data.users.zip_code) == ["", "85711", "94043", "V3N4P"]
    assert list(data.items.title) == ["", "Toy Story", "Á köldum klaka (Cold Fever)", "unknown", "Land III"]
    np.testing.assert_array_equal(data.items.year, [0, 1995, 1994, 0, 1995])
    assert data.items.genre_lists[:2] == ((), ("Animation", "Children's", "Comedy"))
    np.testing.assert_array_equal(data.items.genre_ids[1:3], [[4, 5, 6], [6, 9, 0]])
    assert data.items.genres.shape == (5, 19)
    for ids, hot in zip(data.items.genre_ids, data.items.genres, strict=True):
        np.testing.assert_array_equal(np.flatnonzero(hot) + 1, ids[ids > 0])
    assert data.source == str(folders[0] / "ml-100k.zip")
    assert "no redistribution" in data.license and "10.1145/2827872" in data.citation
    assert not list(tmp_path.rglob("escaped"))
    assert capsys.readouterr() == ("", "")  # Nothing was fetched, so there is nothing to say.
    with pytest.raises(ValueError, match="read-only"):
        data.ratings.rating[0] = 1.0


def test_wheels_form_is_the_same():
    official = movielens.parse_official("a", DATA.encode(), ITEM.encode("latin-1"), USER.encode())
    atomic = movielens.parse_atomic("b", INTER.encode(), ATOMIC_ITEM.encode(), ATOMIC_USER.encode())
    same(official, atomic)


@pytest.mark.parametrize("subfolder", ["", "ml-100k"])
def test_single_files(folders, monkeypatch, subfolder):
    place = folders[0] / subfolder
    place.mkdir(exist_ok=True)
    contents = {"ml-100k.inter": INTER, "ml-100k.item": ATOMIC_ITEM, "ml-100k.user": ATOMIC_USER}
    for name, text in contents.items():
        (place / name).write_bytes(text.encode())
    digests = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in contents.items()}
    monkeypatch.setattr(movielens, "WHEEL_FILES", digests)
    first = movielens_100k()
    assert first.source == str(place)
    contents = {"u.data": DATA.encode(), "u.item": ITEM.encode("latin-1"), "u.user": USER.encode()}
    for name, content in contents.items():
        (place / name).write_bytes(content)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    monkeypatch.setattr(movielens, "ZIP_FILES", digests)
    same(first, movielens_100k())


def test_falls_back_to_the_wheel_and_stays_there(folders, monkeypatch, capsys):
    target = folders[1] / "ml-100k" / movielens.WHEEL_NAME
    fetched = []

    def fetch(requirement, path, expected):
        fetched.append(requirement)
        path.parent.mkdir(parents=True)
        with zipfile.ZipFile(path, "w") as file:
            for name, text in zip(movielens.WHEEL_FILES, (INTER, ATOMIC_ITEM, ATOMIC_USER), strict=True):
                file.writestr(movielens.WHEEL_FOLDER + name, text)
        monkeypatch.setattr(movielens, "WHEEL_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())

    monkeypatch.setattr(movielens.files, "pip_download", fetch)
    first = movielens_100k()
    said = capsys.readouterr().err
    assert movielens.LICENSE in said and movielens.CITATION in said and str(target) in said
    second = movielens_100k()
    same(first, second)
    assert second.source == str(target)
    assert capsys.readouterr() == ("", "")  # Once is enough.
    assert fetched == ["recbole==1.2.1"]
    third = target.rename(folders[0] / target.name)
    same(first, movielens_100k())  # The wheel among the files one already has.
    assert movielens_100k().source == str(third)


def test_error_says_what_was_tried(folders):
    data, cache = folders
    (data / "ml-100k.zip").write_bytes(b"broken")
    with pytest.raises(DownloadError) as error:
        movielens_100k()
    text = str(error.value)
    got = hashlib.sha256(b"broken").hexdigest()
    for part in (
        f"{data / 'ml-100k.zip'}: SHA-256 is {got}, expected {movielens.ZIP_SHA256}",
        "https://files.grouplens.org/datasets/movielens/ml-100k.zip: out of reach",
        "recbole==1.2.1: out of reach",
        f"put it into {data} and set RECNOTES_DATA to that folder",
        f"put it at {cache / 'ml-100k' / 'ml-100k.zip'}",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("item", "user", "data", "message"),
    [
        (ITEM.replace("2|Á", "9|Á"), USER, DATA, "item ids must run from 1 without a gap"),
        (ITEM, USER, DATA + "4\t1\t1\t1\n", r"user ids of ratings must lie in 1\.\.3"),
        (ITEM, USER, DATA + "1\t0\t1\t1\n", r"item ids of ratings must lie in 1\.\.4"),
        (ITEM, USER + "4|9\n", DATA, "each row must have 5 columns, received '4|9'".replace("|", r"\|")),
    ],
)
def test_unexpected_contents(item, user, data, message):
    with pytest.raises(DownloadError, match=message):
        movielens.parse_official("a", data.encode(), item.encode("latin-1"), user.encode())


@pytest.fixture(scope="module")
def real():
    """The real data from wherever it can be had."""
    try:
        return movielens_100k()
    except DownloadError as error:
        pytest.skip(f"MovieLens-100K needs the network or RECNOTES_DATA: {error}")


def test_real_data(real):
    assert (len(real.ratings), real.num_users, real.num_items) == (100_000, 943, 1682)
    assert real.ratings.rating.mean() == pytest.approx(3.52986)
    assert np.bincount(real.ratings.user_id)[1:].min() == 20
    np.testing.assert_array_equal(real.items.genres.sum(0)[[0, 1, 8, 18]], [2, 251, 725, 27])
    assert real.items.genre_ids.shape == (1683, 6)
    assert len(real.users.occupation_names) == 22
    assert real.items.title[[1, 267, 1633]].tolist() == [
        "Toy Story",
        "unknown",
        "Á köldum klaka (Cold Fever)",
    ]
    assert np.flatnonzero(real.items.year[1:] == 0).tolist() == [266]


def test_wheel_holds_the_official_rows(real):
    """Bytes of the wheel, put into the official form, have the official files' SHA-256."""
    if not real.source.endswith(".whl"):
        pytest.skip("the data come from another source than the wheel")
    names = [movielens.WHEEL_FOLDER + name for name in ("ml-100k.inter", "ml-100k.user")]
    ratings, users = (
        content.split(b"\n", 1)[1] for content in movielens.files.read_members(real.source, names)
    )
    assert hashlib.sha256(ratings).hexdigest() == movielens.ZIP_FILES["u.data"]
    assert hashlib.sha256(users.replace(b"\t", b"|")).hexdigest() == movielens.ZIP_FILES["u.user"]
