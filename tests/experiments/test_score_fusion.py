"""Score fusion: the split, lists and objectives by hand, every form on a planted log, and who chooses."""

from types import SimpleNamespace

import numpy as np
import pytest

from experiments import fusing, store
from experiments.cards import movie_scores, score_fusion

USERS, MOVIES, HELD = 30, 60, 4
SETTINGS = {**score_fusion.SETTINGS, "held_out": HELD, "list": 30}


def planted(garbage=()):
    """Twenty ratings a user, time running backwards; what users in ``garbage`` do last is drawn anew."""
    rng, other = np.random.default_rng(0), np.random.default_rng(1)
    likes = 1 / np.arange(1, MOVIES + 1)
    rows = []
    for user in range(USERS):
        items = rng.choice(MOVIES, 20, replace=False, p=likes / likes.sum())
        ratings = rng.integers(1, 6, 20)
        if user in garbage:
            unseen = np.setdiff1d(np.arange(MOVIES), items[:-HELD])
            items[-HELD:] = other.choice(unseen, HELD, replace=False)
            ratings[-HELD:] = other.integers(1, 6, HELD)
        rows += [
            (user + 1, item + 1, rating, place)
            for place, (item, rating) in enumerate(zip(items, ratings, strict=True))
        ]
    user, item, rating, time = np.array(rows[::-1]).T
    log = SimpleNamespace(user_id=user, item_id=item, rating=rating, timestamp=time)
    return SimpleNamespace(ratings=log, num_users=USERS, num_items=MOVIES)


@pytest.fixture(autouse=True)
def log(monkeypatch):
    monkeypatch.setattr(movie_scores, "movielens_100k", planted)


def test_the_last_rows_are_held_out_and_the_head_holds_half_of_the_others():
    data, log = movie_scores.read(HELD), planted().ratings
    last = log.timestamp >= 20 - HELD
    expected = np.zeros((USERS, MOVIES), bool)
    expected[log.user_id[last] - 1, log.item_id[last] - 1] = True
    np.testing.assert_array_equal(data.watched, expected)
    assert not (data.watched & data.seen).any() and data.seen.sum() == USERS * (20 - HELD)
    assert (data.liked <= data.watched).all() and (data.tail <= data.liked).all()
    assert data.liked.sum() == (last & (log.rating >= 4)).sum()
    counts = np.sort(data.seen.sum(axis=0))[::-1]
    num_head = int(np.searchsorted(np.cumsum(counts), counts.sum() / 2)) + 1
    head = np.argsort(-data.seen.sum(axis=0), kind="stable")[:num_head]
    assert not data.tail[:, head].any()
    np.testing.assert_array_equal(
        data.tail.sum(axis=0) + 0, np.where(np.isin(range(MOVIES), head), 0, data.liked.sum(0))
    )
    assert data.novelty[head].max() <= np.delete(data.novelty, head).min()


def test_lists_and_objectives_by_hand(monkeypatch):
    monkeypatch.setattr(fusing, "SHOWN", 2)
    scores = np.array([[[0.9], [0.8], [0.7], [0.6]]])  # one user, four movies
    seen = np.array([[True, False, False, False]])
    liked = np.array([[False, False, True, True]])
    tail = np.array([[False, False, True, False]])
    users = fusing.lists(scores, seen, (liked, tail), 2)  # movies 1 and 2; movie 3 is missed
    assert users.scores[0, :, 0].tolist() == [0.8, 0.7]
    assert users.relevant[0].tolist() == [[False, True, True]]
    second = 1 / np.log2(3)
    both = fusing.reached(lambda s, _: s[:, 0], np.zeros(1), users)
    assert both == pytest.approx((second / (1 + second), second))
    assert fusing.reached(lambda s, _: -s[:, 0], np.zeros(1), users) == pytest.approx((1 / (1 + second), 1))
    with pytest.raises(ValueError, match="length must be from 2 to 3, received 4"):
        fusing.lists(scores, seen, (liked, tail), 4)


def test_every_form_has_one_budget():
    assert set(score_fusion.NAMES) == set(fusing.PLANS)
    sizes = {name: len(plan.candidates) for name, plan in fusing.PLANS.items()}
    assert sizes.pop("watch") == 1
    assert set(sizes.values()) == {score_fusion.SETTINGS["candidates"]} == {136}


@pytest.mark.parametrize("form", sorted(fusing.PLANS))
def test_forms_agree_with_watch_where_nothing_else_counts(form):
    rng = np.random.default_rng(0)
    scores = rng.uniform(0.1, 0.9, (20, 3))
    scores[:, 1] = 0.5  # for the price-weighted form, which cannot leave P(like) out
    plan = fusing.PLANS[form]
    alone = {"price": [0.0], "cascade": [200, 200, 200]}.get(form, [1.0, 0.0, 0.0])
    found = [np.allclose(candidate, alone) for candidate in plan.candidates]
    assert sum(found) == 1
    fused = plan.fuse(plan.normalize(scores), plan.candidates[found.index(True)])
    assert np.argsort(-fused).tolist() == np.argsort(-scores[:, 0]).tolist()


def test_validation_users_choose_and_the_front_is_theirs():
    rng = np.random.default_rng(0)

    def users():
        return fusing.Users(rng.random((20, 12, 3)), (rng.random((20, 12)) < 0.3, rng.random((20, 12)) < 0.2))

    validation, test = users(), users()
    plan = fusing.PLANS["z-score"]
    found = fusing.search(plan, validation, test)
    values, others = fusing.sweep(plan, validation), fusing.sweep(plan, test)
    assert found.chosen == values.mean(axis=1).argmax()
    np.testing.assert_array_equal(values[found.front], found.validation)
    np.testing.assert_array_equal(others[found.front], found.test)
    np.testing.assert_array_equal(others[found.chosen], found.reached)
    for value in values:
        assert ((found.validation >= value).all(axis=1)).any()
    assert fusing.hypervolume(others) >= fusing.hypervolume(found.test)


def test_hypervolume_counts_what_any_point_dominates():
    points = np.random.default_rng(0).random((6, 2))
    x = (np.arange(400) + 0.5) / 400
    inside = ((points[:, 0, None, None] > x[:, None]) & (points[:, 1, None, None] > x)).any(axis=0)
    assert fusing.hypervolume(points) == pytest.approx(inside.mean(), abs=0.01)


@pytest.mark.parametrize("form", ["watch", "cascade"])
def test_a_card_runs(form):
    trial = score_fusion.run(form, SETTINGS, 0, 1)
    assert set(score_fusion.CARDS[0].metrics) <= set(trial.metrics)
    assert 0 < trial.metrics["hypervolume"] < 3
    assert trial.metrics["chosen"] in [point["candidate"] for point in trial.points]


def chosen_with(monkeypatch, garbage):
    """Runs a card with garbage in some users' last rows: what was chosen, and the test metrics."""
    weights, fit = [], movie_scores.fit

    def spying(model, *arguments, **options):
        found = fit(model, *arguments, **options)
        weights.extend(weight.tobytes() for weight in model.get_weights())
        return found

    with monkeypatch.context() as patch:
        patch.setattr(movie_scores, "fit", spying)
        patch.setattr(movie_scores, "movielens_100k", lambda: planted(garbage))
        trial = score_fusion.run("z-score", SETTINGS, 0, 2)
    choices = ("candidate", "validation_liked", "validation_tail")
    chosen = {
        "curve": [{name: entry[name] for name in ("loss", "ndcg@10")} for entry in trial.curve],
        "epochs": (trial.epoch, trial.metrics.pop("like_epoch")),
        "candidate": trial.metrics.pop("chosen"),
        "front": [[point[name] for name in choices] for point in trial.points],
        "weights": weights,
    }
    return chosen, trial.metrics


def test_test_rows_never_reach_selection_and_validation_rows_do(monkeypatch):
    validation, test = np.array_split(np.random.default_rng(0).permutation(USERS), 2)
    (true, metrics), (garbled, others), (moved, _) = (
        chosen_with(monkeypatch, garbage) for garbage in ((), test, validation)
    )
    assert true["weights"]
    assert [name for name in true if garbled[name] != true[name]] == []
    assert others["liked_ndcg@10"] != metrics["liked_ndcg@10"]
    assert {"curve", "front"} <= {name for name in true if moved[name] != true[name]}


def measured(form, metric):
    """What the seeds on file reached, by seed."""
    path = store.RESULTS / f"fusion-{form}.json"
    if not path.exists():
        pytest.skip(f"nothing on file for {form}")
    return {run["seed"]: run["metrics"][metric] for run in store.read(path)["runs"]}


def smaller(form, other):
    """Whether one form's area is below another's in every seed that both have on file."""
    ours, theirs = measured(form, "hypervolume"), measured(other, "hypervolume")
    common = ours.keys() & theirs.keys()
    assert common
    return all(ours[seed] < theirs[seed] for seed in common)


def test_what_the_page_says_of_the_forms():
    fused = set(fusing.PLANS) - {"watch"}
    assert all(smaller("watch", form) for form in fused)
    areas = {form: np.mean(list(measured(form, "hypervolume").values())) for form in fused}
    assert min(areas, key=lambda form: areas[form]) == "rrf"
    assert smaller("weighted-sum", "z-score") and smaller("cascade", "z-score")
    steps = [15 * fusing.WEIGHTS[int(n)][2] for n in measured("weighted-sum", "chosen").values()]
    assert max(steps) == pytest.approx(1)
    spread = {form: np.std(list(measured(form, "hypervolume").values())) for form in fused}
    assert max(spread, key=lambda form: spread[form]) == "price"
    close = ("z-score", "min-max", "power", "borda", "chebyshev")
    means = [areas[form] for form in close]
    assert max(means) < 1.2 * min(means)
    gaps = {form: np.mean(list(measured(form, "gap").values())) for form in fusing.PLANS}
    assert min(gaps.values()) < gaps["z-score"] < max(gaps.values())
    assert {form for form in fused if gaps[form] < gaps["watch"]} == {"borda", "weighted-sum", "rrf"}
    assert gaps["weighted-sum"] < gaps["z-score"]
