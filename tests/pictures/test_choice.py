"""What of an exam is attached."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdtbridge.pictures import (
    AttachmentCandidate,
    AttachmentChoice,
    KeyObjectReference,
    KeyObjects,
    choose,
    is_candidate,
)

CLASSES = {
    "still": "1.2.840.10008.5.1.4.1.1.6.1",
    "old still": "1.2.840.10008.5.1.4.1.1.6",
    "loop": "1.2.840.10008.5.1.4.1.1.3.1",
    "pdf": "1.2.840.10008.5.1.4.1.1.104.1",
    "report": "1.2.840.10008.5.1.4.1.1.88.33",
    "selection": "1.2.840.10008.5.1.4.1.1.88.59",
    "presentation": "1.2.840.10008.5.1.4.1.1.11.1",
    "raw": "1.2.840.10008.5.1.4.1.1.66",
    "private": "1.3.46.670589.2.5.1.1",
}


def exam(*kinds: str) -> list[AttachmentCandidate]:
    """Return candidates with the UIDs 0, 1, 2 …; ``loop*1`` is of a loop's class with one frame."""
    made = []
    for number, text in enumerate(kinds):
        kind, _, frames = text.partition("*")
        made.append(
            AttachmentCandidate(
                Path(f"{number}.dcm"),
                CLASSES[kind],
                str(number),
                int(frames) if frames else None,
            )
        )
    return made


def chosen(kinds: list[str], key: KeyObjects, most: int = 99) -> list[tuple[str, int | None]]:
    """Return UID and frame of each choice."""
    choices = choose(exam(*kinds), key, most).choices
    return [(one.candidate.sop_instance_uid, one.frame) for one in choices]


def named(*references: KeyObjectReference) -> KeyObjects:
    """Return a selection of these."""
    return KeyObjects(named=references)


@pytest.mark.parametrize(
    ("kinds", "key", "wanted"),
    [
        (["still", "old still", "still"], KeyObjects(), [("0", None), ("1", None), ("2", None)]),
        (["still", "pdf", "still"], KeyObjects(), [("1", None), ("0", None), ("2", None)]),
        (["loop", "still", "loop"], KeyObjects(), [("1", None)]),
        (["loop", "loop"], KeyObjects(), [("0", None), ("1", None)]),
        (["loop*1", "loop*30"], KeyObjects(), [("0", None)]),
        (["still*2", "still*1"], KeyObjects(), [("1", None)]),
        (["report", "selection", "presentation", "raw", "private"], KeyObjects(), []),
        (["still", "still"], named(KeyObjectReference("1")), [("1", None)]),
        (["still", "loop"], named(KeyObjectReference("1", (7, 3, 7))), [("1", 7), ("1", 3)]),
        (["still", "loop"], named(KeyObjectReference("1")), [("1", None)]),
        (["pdf", "still"], named(KeyObjectReference("1")), [("0", None), ("1", None)]),
        (
            ["pdf", "still", "still"],
            named(KeyObjectReference("0")),
            [("0", None), ("1", None), ("2", None)],
        ),
        (["still"], named(KeyObjectReference("of another exam")), [("0", None)]),
        (["still", "still"], KeyObjects(rejected=(KeyObjectReference("0"),)), [("1", None)]),
        (["pdf"], KeyObjects(rejected=(KeyObjectReference("0"),)), []),
        (
            ["still", "still"],
            KeyObjects(
                named=(KeyObjectReference("0"), KeyObjectReference("1")),
                rejected=(KeyObjectReference("0"),),
            ),
            [("1", None)],
        ),
        (
            ["loop"],
            KeyObjects(
                named=(KeyObjectReference("0", (1, 2)),), rejected=(KeyObjectReference("0", (1,)),)
            ),
            [("0", 2)],
        ),
    ],
)
def test_what_is_attached(
    kinds: list[str], key: KeyObjects, wanted: list[tuple[str, int | None]]
) -> None:
    """Documents always and first; key images; else stills; of loops alone one frame each."""
    assert chosen(kinds, key) == wanted


def test_instance_received_twice_is_attached_once() -> None:
    """The first of two candidates with one UID counts."""
    first, second = exam("still", "still")
    twin = AttachmentCandidate(second.path, second.sop_class_uid, first.sop_instance_uid)
    assert choose([first, twin], KeyObjects(), 9).choices == (AttachmentChoice(first),)


@pytest.mark.parametrize(
    ("most", "kept", "left_out"), [(0, 0, 4), (-1, 0, 4), (1, 1, 3), (4, 4, 0), (9, 4, 0)]
)
def test_what_is_left_out_is_counted(most: int, kept: int, left_out: int) -> None:
    """Documents stay the longest, and the caller can say how many files there are not."""
    selection = choose(exam("still", "still", "pdf", "still", "loop"), KeyObjects(), most)
    assert (len(selection.choices), selection.left_out) == (kept, left_out)
    if kept:
        assert selection.choices[0].candidate.sop_class_uid == CLASSES["pdf"]


@pytest.mark.parametrize("kind", CLASSES)
def test_candidates_are_documents_and_images(kind: str) -> None:
    """A caller can leave the rest of an exam aside."""
    assert is_candidate(CLASSES[kind]) is (kind in {"still", "old still", "loop", "pdf"})
