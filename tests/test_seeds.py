from recnotes.seeds import child_seeds


def test_children_differ_and_repeat():
    assert child_seeds(7, 5) == child_seeds(7, 5)
    assert len(set(child_seeds(7, 5))) == 5 and not set(child_seeds(7, 5)) & set(child_seeds(8, 5))
    assert all(0 <= seed < 2**31 for seed in child_seeds(7, 100))
    assert child_seeds(None, 3) == [None, None, None]
