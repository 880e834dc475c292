"""Which instances and frames of an exam become files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gdtbridge.pictures.model import (
    AttachmentCandidate,
    AttachmentChoice,
    AttachmentSelection,
    KeyObjects,
)
from gdtbridge.pictures.sop_classes import LOOPS, is_document, is_image


def choose(
    candidates: Sequence[AttachmentCandidate], key: KeyObjects, most: int
) -> AttachmentSelection:
    """Return the attachments of an exam, at most ``most``, in the order received.

    Documents come first and always. Of the images: those, and those frames, that a Key Object
    Selection names; where none names any of these images, every still; where there are only loops,
    the frame that stands for each. What a Key Object Selection rejects is not attached.
    """
    rejected = {one.sop_instance_uid for one in key.rejected if not one.frames}
    kept = [one for one in _each_once(candidates) if one.sop_instance_uid not in rejected]
    documents = [AttachmentChoice(one) for one in kept if is_document(one.sop_class_uid)]
    images = [one for one in kept if is_image(one.sop_class_uid)]
    wanted = [*documents, *(_key_images(images, key) or _all_images(images))]
    most = max(most, 0)
    return AttachmentSelection(tuple(wanted[:most]), len(wanted[most:]))


def _each_once(candidates: Iterable[AttachmentCandidate]) -> Iterator[AttachmentCandidate]:
    """Yield the first candidate of every instance."""
    seen = set()
    for one in candidates:
        if one.sop_instance_uid not in seen:
            seen.add(one.sop_instance_uid)
            yield one


def _key_images(images: Sequence[AttachmentCandidate], key: KeyObjects) -> list[AttachmentChoice]:
    """Return the images and frames that Key Object Selections name, each frame once."""
    frames: dict[str, dict[int | None, None]] = {}
    for one in key.named:
        wanted = frames.setdefault(one.sop_instance_uid, {})
        wanted.update(dict.fromkeys(one.frames or (None,)))
    for one in key.rejected:
        for frame in one.frames:
            frames.get(one.sop_instance_uid, {}).pop(frame, None)
    return [
        AttachmentChoice(image, frame)
        for image in images
        for frame in frames.get(image.sop_instance_uid, ())
    ]


def _all_images(images: Sequence[AttachmentCandidate]) -> list[AttachmentChoice]:
    stills = [image for image in images if not _is_loop(image)]
    return [AttachmentChoice(image) for image in stills or images]


def _is_loop(image: AttachmentCandidate) -> bool:
    if image.frames is not None:
        return image.frames > 1
    return image.sop_class_uid in LOOPS
