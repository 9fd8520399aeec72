import numpy as np
import pytest

from recnotes.data.download import DownloadError
from recnotes.data.movielens_1m_files import movielens_1m, movielens_1m_sequences, parse
from tests.data.public import load

USERS = "1::F::1::10::48067\n2::M::56::16::70072\n"
MOVIES = "1::Toy Story (1995)::Animation|Comedy\n7::Sabrina (1995)::Romance\n"


def test_parse_by_hand():
    data = parse("1::7::5::978300760\n2::1::3::978302109\n", USERS, MOVIES)
    assert data.user_id.tolist() == [1, 2] and data.item_id.tolist() == [2, 1]
    assert data.rating.tolist() == [5, 3] and data.timestamp.tolist() == [978300760, 978302109]
    assert (data.num_users, data.num_items) == (2, 2) and data.movie_id.tolist() == [0, 1, 7]
    assert data.gender[1:].tolist() == ["F", "M"] and data.age.tolist() == [0, 1, 56]
    assert data.title[2] == "Sabrina (1995)" and data.genres[1] == ("Animation", "Comedy")


@pytest.mark.parametrize("movie", [2, 9])
def test_rating_of_a_movie_that_is_not_there(movie):
    with pytest.raises(DownloadError, match=r"a rating names a movie"):
        parse(f"1::{movie}::5::1\n", USERS, MOVIES)


def test_users_must_count_from_one():
    with pytest.raises(DownloadError, match="users must run from 1"):
        parse("", "2::M::56::16::70072\n", MOVIES)


def test_official_file():
    data = load(movielens_1m)
    assert (len(data.rating), data.num_users, data.num_items) == (1_000_209, 6_040, 3_883)


def test_sequences():
    data = load(movielens_1m_sequences)
    assert (len(data.train), int(data.train.lengths.sum()), data.num_items) == (6_040, 987_019, 3_416)
    assert len(data.validation) == len(data.validation_target) == 512 and len(data.test_target) == 6_040
    for history, user in zip(data.validation, data.validation_user, strict=True):
        np.testing.assert_array_equal(history[:-1], data.train[user])
