import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.card import CLOSE, TOLERANCES, Reference, relative_difference, verdict
from experiments.cards import MODULES, all_cards
from experiments.words import words

CHINESE = re.compile("[一-鿿]")
FIGURE = st.floats(0.05, 0.95)
SPREAD = st.floats(0, 0.05)


@given(FIGURE, FIGURE, SPREAD, SPREAD, st.sampled_from(["auc", "log_loss"]))
def test_known_spreads_decide(ours, theirs, mine, other, metric):
    reference = Reference(words("x"), {metric: theirs}, {metric: other})
    found = verdict(metric, ours, mine, reference)
    gap, allowed = abs(ours - theirs), 2 * math.sqrt(mine**2 + other**2)
    better = (ours < theirs) if metric == "log_loss" else (ours > theirs)
    if abs(gap - allowed) > 1e-9:
        expected = "reproduced" if gap < allowed else "above" if better else "not reproduced"
        assert found == expected
    swapped = verdict(metric, theirs, other, Reference(words("x"), {metric: ours}, {metric: mine}))
    assert (found == "reproduced") == (swapped == "reproduced")  # symmetric


@given(FIGURE, st.sampled_from([m for m in TOLERANCES if m != "rmse"]), st.one_of(st.none(), SPREAD))
def test_an_unknown_spread_takes_the_tolerance(theirs, metric, mine):
    reference, step = Reference(words("x"), {metric: theirs}), TOLERANCES[metric]
    within = "reproduced" if step <= CLOSE * theirs else "within tolerance"
    assert verdict(metric, theirs + step, mine, reference) == within  # the bound itself belongs to it
    assert verdict(metric, theirs + 1.01 * step, mine, reference) == "above"
    assert verdict(metric, theirs - 1.01 * step, mine, reference) == "not reproduced"


def test_a_tolerance_does_not_swallow_small_figures():
    popularity = Reference(words("x"), {"hr@10": 0.0152})
    assert verdict("hr@10", 0.0115, None, popularity) == "within tolerance"
    assert verdict("hr@10", 0.0245, None, popularity) == "within tolerance"
    assert verdict("hr@10", 0.0140, None, popularity) == "reproduced"
    assert verdict("hr@10", 0.0051, None, popularity) == "not reproduced"
    assert verdict("hr@10", 0.46, None, Reference(words("x"), {"hr@10": 0.4696})) == "reproduced"
    # A spread, and a tolerance that the source states, are of the figure itself.
    assert (
        verdict("hr@10", 0.0115, 0.002, Reference(words("x"), {"hr@10": 0.0152}, {"hr@10": 0.002}))
        == "reproduced"
    )
    assert verdict(
        "hr@10", 0.0115, None, Reference(words("x"), {"hr@10": 0.0152}, tolerance={"hr@10": 0.01})
    ) == ("reproduced")
    assert relative_difference("hr@10", 0.0076, popularity) == pytest.approx(-0.5)
    assert relative_difference("ndcg@10", 0.0076, popularity) is None


def test_the_sources_tolerance_comes_first():
    reference = Reference(words("x"), {"auc": 0.9}, tolerance={"auc": 0.01})
    assert verdict("auc", 0.909, None, reference) == "reproduced"
    assert (TOLERANCES["auc"], TOLERANCES["p@20"], TOLERANCES["hr@10"]) == (0.002, 0.005, 0.01)


def test_what_cannot_be_compared():
    assert (
        verdict("auc", 0.9, None, Reference(words("x"), {"auc": 0.9}, comparable=False)) == "not comparable"
    )
    assert verdict("auc", 0.9, None, Reference(words("x"), {"mse": 0.9})) == "not comparable"
    with pytest.raises(ValueError, match="ours must be finite"):
        verdict("auc", math.nan, None, Reference(words("x"), {"auc": 0.9}))
    with pytest.raises(ValueError, match="must have a tolerance"):
        verdict("mse", 0.9, None, Reference(words("x"), {"mse": 0.9}))


def test_every_card_is_whole():
    cards = all_cards()
    assert len({card.name for card in cards}) == len(cards)
    for card in cards:
        assert card.metrics and card.seeds >= 1, card.name
        for reference in card.references[:1]:
            verdict(card.metrics[0], 0.5, None, reference)  # a single seed must be decidable too


@pytest.mark.parametrize("card", all_cards(), ids=lambda card: card.name)
def test_every_word_of_a_card_stands_in_both_languages(card):
    texts = [
        card.protocol,
        card.tuning,
        *(r.source for r in card.references),
        *(r.note for r in card.references),
    ]
    for text in (card.model, *filter(None, texts)):
        assert set(text) == {"en", "zh"} and not CHINESE.search(text["en"]), text
    for text in filter(None, texts):
        assert CHINESE.search(text["zh"]), text


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_no_two_cards_of_a_page_have_one_name(module):
    for language in ("en", "zh"):
        names = [card.model[language] for card in module.CARDS]
        assert len(set(names)) == len(names)
