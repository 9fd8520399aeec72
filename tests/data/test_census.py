import pytest

from recnotes.data.census import COLUMNS, NUMERIC, census_income, parse
from recnotes.data.download import DownloadError
from tests.data.public import load

ROW = (
    ["7"]
    + ["a", "0", "0", "b", "12", "c", "Never married"]
    + ["d"] * 8
    + ["1", "2", "3"]
    + ["e"] * 5
    + ["1700.5"]
    + ["f"] * 5
    + ["4"]
    + ["g"] * 8
    + ["52", "94", "50000+."]
)


def test_row_by_hand():
    data = parse(", ".join(ROW) + "\n")
    assert data.numeric.tolist() == [[7, 12, 1, 2, 3, 4, 52]]
    assert (data.income.tolist(), data.never_married.tolist()) == ([1], [1])
    assert data.instance_weight.tolist() == [1700.5]
    assert data.categorical.shape == (1, 33) and len(data.categorical_names) == len(data.categories) == 33
    assert "instance_weight" not in data.categorical_names and not set(NUMERIC) & set(data.categorical_names)


def test_ids_count_in_alphabetical_order():
    rows = [list(ROW), list(ROW)]
    rows[1][1], rows[1][-1] = "Aaa", "- 50000."
    data = parse("\n".join(", ".join(row) for row in rows))
    column = data.categorical_names.index("class_worker")
    assert data.categories[column] == ("Aaa", "a") and data.categorical[:, column].tolist() == [1, 0]
    assert data.income.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("row", "said"), [(ROW[1:], "rows must have 42 values"), ([*ROW[:-1], "rich"], r"received \['rich'\]")]
)
def test_bad_rows(row, said):
    with pytest.raises(DownloadError, match=said):
        parse(", ".join(row))


def test_bad_part():
    with pytest.raises(ValueError, match="part must be 'test' or 'train', received 'all'"):
        census_income("all")


def test_real_rows():
    data = load(census_income)
    assert len(data) == 99_762
    assert (int(data.income.sum()), int(data.never_married.sum())) == (6_186, 43_143)
    assert len(COLUMNS) == 42 and len(data.categories[data.categorical_names.index("marital_stat")]) == 7
    assert "Grandchild <18 ever marr not in subfamily" not in {v for names in data.categories for v in names}
