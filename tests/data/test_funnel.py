import numpy as np
import pytest

from recnotes.data.funnel import conversion_funnel


def test_rates_are_the_planted_ones():
    data = conversion_funnel(100000, 0.5)
    # Five standard errors of a mean of 100,000 coins are below 0.008.
    assert data.click.mean() == pytest.approx(data.ctr.mean(), abs=0.008)
    assert data.bought.mean() == pytest.approx((data.ctr * data.cvr).mean(), abs=0.008)
    assert set(np.unique(data.bought)) == {0, 1} and np.all(data.bought <= data.click)


@pytest.mark.parametrize(("cosine", "sign"), [(0.8, 1), (-0.8, -1)])
def test_the_cosine_decides_how_clicked_rows_differ(cosine, sign):
    data = conversion_funnel(20000, cosine)
    clicked = data.click == 1
    assert sign * (data.cvr[clicked].mean() - data.cvr[~clicked].mean()) > 0.1


def test_the_seed_decides_everything():
    one, same, other = (conversion_funnel(50, 0.5, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.bought, same.bought)
    assert np.any(one.x != other.x)


@pytest.mark.parametrize("bad", [{"num_examples": -1}, {"cosine": 2}, {"n": 1}, {"scale": 0}])
def test_bad_arguments(bad):
    with pytest.raises(ValueError, match="received"):
        conversion_funnel(**{"num_examples": 5, "cosine": 0.5, **bad})
