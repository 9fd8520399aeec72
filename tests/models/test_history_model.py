import numpy as np
import pytest

from recnotes.models import HistoryModel
from recnotes.registry import find, model_names

NAMES = [name for name in model_names() if issubclass(find(name).load(), HistoryModel)]


def test_all_models_of_histories_have_the_base():
    assert NAMES == [n for n in model_names() if find(n).family in ("sequence", "retrieval")]


@pytest.mark.parametrize("name", NAMES)
def test_what_followed_must_be_there_and_weights_must_not(name):
    entry = find(name)
    model = entry.build()
    x = entry.training()[1]["x"]
    model.compile("sgd")
    wanted = rf"inputs must be a dict with 'history' and '{entry.follows}', received <class 'dict'>"
    with pytest.raises(ValueError, match=wanted):
        model.fit({"history": x["history"]}, verbose=0)
    with pytest.raises(ValueError, match="inputs must be a dict .*, received <class 'NoneType'>"):
        model.compute_loss()
    ones = np.ones(len(x["history"]))  # without a y Keras hands no weights on
    with pytest.raises(ValueError, match="sample_weight must be None, received"):
        model.fit(x, ones, sample_weight=ones, verbose=0)
    assert model.evaluate(x, verbose=0) > 0
    assert type(model).from_config(model.get_config()).get_config() == model.get_config()
