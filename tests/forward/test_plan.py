"""What has to happen to copies: one table of cases, and the law that nothing is done twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.forward import CopyState, ForwardCopy, ForwardFacts, LeftIdentity
from gdtbridge.forward.plan import CopyPlan, DecidedObject, Fate, Mistake, plan_copies
from gdtbridge.retrieve.leaving import LeavingObject

ANNA, BERTA = LeftIdentity("1", "Anna", "19900101", "F", "A1"), LeftIdentity("2", "Berta")
ANNA_ORDERED = LeftIdentity("1", "Anna", "19900101", "F", "A2")
IDENTITIES = {1: ANNA, 2: BERTA, 3: ANNA_ORDERED}
OWN = ("settled", "1", "")
IDS = {identity: number for number, identity in IDENTITIES.items()}


def copy_of(number: int, state: CopyState, identity: int | None = None) -> ForwardCopy:
    """Return a copy, whose instance has the same number."""
    return ForwardCopy(number, 1, number, "PACS", state, identity, False, 0, "", 0.0, None, None)


def decided(number: int, identity: LeftIdentity) -> DecidedObject:
    """Return an object that is to leave as somebody's."""
    words = LeftIdentity.__dataclass_fields__
    values = {word: str(getattr(identity, word)) for word in words}
    leaving = LeavingObject(Path(), "1", str(number), "1", values, values, "", "")
    return DecidedObject(number, 1, 1, ForwardFacts("D", "C", "US", "1"), leaving, OWN)


def planned(
    known: Sequence[ForwardCopy],
    objects: Sequence[DecidedObject] = (),
    fate: Fate = Fate.UNDECIDED,
    *,
    wanted: bool = True,
) -> CopyPlan:
    """Return the plan where all that is not among ``objects`` has one fate."""
    return plan_copies(
        known, IDENTITIES, objects, {one.instance_id: fate for one in known}, lambda _: wanted
    )


def test_an_object_nobody_wants_gets_no_copy() -> None:
    """What no rule is for is not entered, what one is for is."""
    assert planned([], [decided(1, ANNA)]).enter == [1]
    assert planned([], [decided(1, ANNA)], wanted=False) == CopyPlan()


def test_another_patient_is_sent_anew_and_the_archive_has_a_wrong_copy() -> None:
    """A copy that left as somebody else's leaves again, and a person is told."""
    plan = planned([copy_of(1, CopyState.CONFIRMED, IDS[ANNA])], [decided(1, BERTA)])
    assert (plan.again, plan.mistakes) == ([1], [Mistake(ANNA, BERTA)])


def test_another_order_is_sent_anew_without_a_word() -> None:
    """Of the same patient the copy is right but for its number: it leaves again."""
    plan = planned([copy_of(1, CopyState.SENT, IDS[ANNA])], [decided(1, ANNA_ORDERED)])
    assert (plan.again, plan.mistakes) == ([1], [])


def test_a_copy_that_never_left_needs_nothing() -> None:
    """It leaves as whatever is decided when its turn comes."""
    assert planned([copy_of(1, CopyState.WAITING)], [decided(1, BERTA)]) == CopyPlan()


def test_what_may_have_arrived_is_taken_for_arrived() -> None:
    """A copy that waits, and may have left as somebody else's, is a wrong copy, too."""
    plan = planned([copy_of(1, CopyState.WAITING, IDS[ANNA])], [decided(1, BERTA)])
    assert plan.mistakes == [Mistake(ANNA, BERTA)]


def test_what_was_taken_back_is_nobodys() -> None:
    """A withdrawn result's copy is not sent any more; the archive has what nobody wants there."""
    plan = planned([copy_of(1, CopyState.SENT, IDS[ANNA])], fate=Fate.TAKEN_BACK)
    assert (plan.superseded, plan.mistakes) == ([1], [Mistake(ANNA, None)])


def test_what_is_held_stays_as_it_is() -> None:
    """While nobody has decided, nothing is said of a copy."""
    assert planned([copy_of(1, CopyState.SENT, IDS[ANNA])]) == CopyPlan()


def test_a_replaced_version_is_a_wrong_copy_for_its_own_patient() -> None:
    """Archives keep the first of a UID: a person is told that another version counts."""
    known = [copy_of(1, CopyState.SENT, IDS[ANNA])]
    plan = planned(known, [decided(2, ANNA)], Fate.REPLACED)
    assert (plan.enter, plan.superseded, plan.mistakes) == ([2], [1], [Mistake(ANNA, ANNA)])


@given(
    st.lists(
        st.tuples(st.sampled_from(CopyState), st.sampled_from([None, *IDENTITIES])), max_size=4
    ),
    st.dictionaries(st.integers(1, 5), st.sampled_from(list(IDS)), max_size=5),
    st.sampled_from(Fate),
)
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(
    copies: list[tuple[CopyState, int | None]], objects: dict[int, LeftIdentity], fate: Fate
) -> None:
    """Whatever is known: doing what the plan says and planning again gives an empty plan."""
    known = {n: copy_of(n, *of) for n, of in enumerate(copies, 1)}
    mine = [decided(number, identity) for number, identity in objects.items()]
    plan = planned([*known.values()], mine, fate)
    after = known | {n: copy_of(n, CopyState.WAITING) for n in (*plan.enter, *plan.again)}
    after |= {n: copy_of(n, CopyState.SUPERSEDED) for n in plan.superseded}
    assert planned([*after.values()], mine, fate) == CopyPlan()
    assert set(objects) <= {n for n, one in after.items() if one.state is not CopyState.SUPERSEDED}
