"""Which mutants count, and for what."""

import pytest

from tests.proof.mutants import Tally, _mutant, _without_spinners


@pytest.mark.parametrize(
    ("before", "after", "is_equivalent"),
    [
        ('return cast("Rows", found)', "return cast(None, found)", True),
        ('return cast("Rows", found)', 'return cast("Rows", None)', False),
        ("zip(one, other, strict=True)", "zip(one, other, strict=False)", True),
        ("zip(one, other, strict=True)", "zip(one, other, )", True),
        ("zip(one, other, strict=True)", "zip(one, strict=True)", False),
        ("json.dumps(told, indent=1)", "json.dumps(told, indent=2)", True),
        ("json.dumps(told, indent=1)", "json.dumps(None, indent=1)", False),
    ],
)
def test_what_no_test_could_tell_is_known_by_its_form(before, after, *, is_equivalent):
    difference = f"--- a.py\n+++ a.py\n@@ -1 +1 @@\n-    {before}\n+    {after}\n"
    found = _mutant("evoke_core/a.py", "evoke_core.a.x_told__mutmut_7", difference)

    assert (found.function, found.changed) == ("told", after)
    assert bool(found.reason) == is_equivalent


def test_a_method_is_named_with_its_class():
    found = _mutant("a.py", "a.xǁCapsǁ__init____mutmut_2", "-    a = 1\n+    a = 2\n")

    assert found.function == "Caps.__init__"


def test_equivalent_mutants_count_neither_way():
    lives, same = (
        _mutant("a.py", f"a.x_told__mutmut_{n}", f"-f(a, indent=1)\n+{after}\n")
        for n, after in enumerate(("f(b, indent=1)", "f(a, indent=2)"))
    )
    tally = Tally("a.py", 11, (lives, same))

    assert tally.missed == [lives]
    assert tally.share_killed == 0.9
    assert Tally("b.py", 1, (same,)).share_killed == 1


def test_what_failed_is_not_lost_among_turning_lines():
    told = "1 failed: test_a\n\r\u280b Running clean tests\r\u2819 Running\nFailed\n"

    assert _without_spinners(told).split() == ["1", "failed:", "test_a", "Failed"]
