"""A quota's choice is even, repeatable, and only ever grows."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from evoke_core.corpus.listed import Listed
from evoke_core.corpus.quota import take

SEEDS = st.integers(-(2**63), 2**63)


@st.composite
def pictures(draw: st.DrawFn) -> list[Listed]:
    sizes = draw(
        st.dictionaries(
            st.none() | st.text(max_size=3), st.integers(1, 12), min_size=1, max_size=6
        )
    )
    return [
        Listed(f"{stratum}/{n}", "1", stratum=stratum)
        for stratum, size in sizes.items()
        for n in range(size)
    ]


def keys(chosen: list[Listed]) -> list[str]:
    return [one.source_key for one in chosen]


@given(pictures(), SEEDS, st.integers(1, 60), st.integers(1, 60))
def test_a_larger_quota_keeps_what_a_smaller_one_took(found, seed, one, other):
    few, many = sorted((one, other))

    assert keys(take(found, many, seed))[:few] == keys(take(found, few, seed))


@given(pictures(), SEEDS, st.integers(1, 60))
def test_as_many_are_taken_as_the_quota_and_the_collection_allow(found, seed, quota):
    chosen = keys(take(found, quota, seed))

    assert len(chosen) == min(quota, len(found))
    assert len(set(chosen)) == len(chosen)


@given(pictures(), SEEDS, st.integers(1, 60))
def test_strata_are_even_but_for_those_that_run_out(found, seed, quota):
    there = Counter(one.stratum for one in found)
    taken = Counter(one.stratum for one in take(found, quota, seed))

    most = max(taken.values())
    for stratum, count in there.items():
        assert taken[stratum] >= min(count, most - 1)


@given(pictures(), SEEDS, st.integers(1, 60), st.randoms())
def test_the_order_of_the_list_does_not_matter(found, seed, quota, random):
    mixed = list(found)
    random.shuffle(mixed)

    assert take(iter(mixed), quota, seed) == take(found, quota, seed)


@given(pictures(), SEEDS)
def test_no_quota_takes_all(found, seed):
    assert sorted(keys(take(found, None, seed))) == sorted(keys(found))


@given(pictures(), SEEDS, st.integers(1, 60))
def test_taking_from_what_was_taken_changes_nothing(found, seed, quota):
    chosen = take(found, quota, seed)

    assert take(chosen, quota, seed) == chosen


def test_a_choice_from_a_stream_is_that_from_the_whole():
    found = [Listed(f"{n:05}", "1", stratum=str(n % 7 * n % 5)) for n in range(20_000)]

    whole = take(found, None, 3)

    assert take(iter(found), 50, 3) == whole[:50]
    assert take(reversed(found), 500, 3) == whole[:500]


def test_another_seed_is_another_choice():
    found = [Listed(str(n), "1") for n in range(200)]

    assert set(keys(take(found, 20, 1))) != set(keys(take(found, 20, 2)))


def test_nothing_listed_is_nothing_taken():
    assert take([], 5, 0) == []
    assert take([], None, 0) == []
