"""A frame to a file that every workstation and every browser shows.

An 8-bit JPEG of the device stays the JPEG it is: its compressed samples are copied, so nothing gets
worse, and only the metadata around them is replaced. Everything else is compressed here, without
thinning out colours, so that thin coloured text stays readable.
"""

from __future__ import annotations

import io
from typing import Final

from PIL import Image

from gdtbridge.dataset import jpeg
from gdtbridge.dataset.jpeg import JpegCodestream, JpegColours
from gdtbridge.pictures.frames import chosen_frame, span_of
from gdtbridge.pictures.looking import (
    AS_STORED,
    WHOLE,
    FrameLook,
    FrameSpan,
    PictureForm,
    ShownFrame,
)
from gdtbridge.pictures.model import AttachmentLimit
from gdtbridge.pictures.opened_object import OpenedObject
from gdtbridge.pictures.overlays import has_overlays
from gdtbridge.pictures.painting import (
    GreyEnds,
    aspect,
    colours_of,
    jpeg_of,
    painted,
    painted_jpeg,
    shows_as_it_is,
)

MAX_PICTURE: Final = 10 * 1024 * 1024
"""Bytes of a picture."""

QUALITIES: Final = (92, 80, 60)
"""The first whose picture is not too big counts."""

JPEG, PNG = "image/jpeg", "image/png"


def render_picture(source: OpenedObject, frame: int | None) -> bytes:
    """Return a frame, counted from 1, as JPEG; None picks the frame (`chosen_frame`).

    The device's own is decoded once, to see that it is whole. One of red, green and blue is
    compressed anew: old viewers show such a file in wrong colours.
    """
    span = span_of(source, chosen_frame(source.dataset, frame))
    stream = jpeg_of(source, span)
    if stream is None:
        return compressed(painted(source, span))
    colours = colours_of(stream, source.dataset)
    image = painted_jpeg(source, span, stream, colours)
    own = _own(source, stream, colours, AS_STORED)
    if own is None or colours is JpegColours.RED_GREEN_BLUE:
        return compressed(image)
    return own


def shown_frame(
    source: OpenedObject,
    span: FrameSpan,
    look: FrameLook,
    *,
    is_loop: bool,
    ends: GreyEnds | None = None,
) -> ShownFrame:
    """Return a frame as a browser shows it; raise anything for one that cannot be.

    The device's own JPEG is handed on without being decoded where it is what shall be shown.
    """
    stream = jpeg_of(source, span)
    if stream is None:
        image = painted(source, span, look, ends)
    else:
        colours = colours_of(stream, source.dataset)
        own = _own(source, stream, colours, look)
        if own is not None:
            size = stream.columns, stream.rows
            return ShownFrame(span.number, JPEG, own, *size, is_own=True)
        image = painted_jpeg(source, span, stream, colours, look)
    form = look.form
    if form is PictureForm.BEST:
        form = PictureForm.JPEG if is_loop else PictureForm.PNG
    if form is PictureForm.PNG and (data := _png(image)) is not None:
        return ShownFrame(span.number, PNG, data, *image.size, is_own=False)
    data = compressed(image, optimize=not is_loop, best=look.quality)
    return ShownFrame(span.number, JPEG, data, *image.size, is_own=False)


def _own(
    source: OpenedObject, stream: JpegCodestream, colours: JpegColours | None, look: FrameLook
) -> bytes | None:
    """Return the device's JPEG without metadata; None where colours or shape must change."""
    dataset, size = source.dataset, (stream.columns, stream.rows)
    stays = (
        stream.process == jpeg.BASELINE
        and look.form is not PictureForm.PNG
        and size == (dataset.get("Columns"), dataset.get("Rows"))
        and not look.quality
        and look.region == WHOLE
        and look.size(*size) == size
        and aspect(dataset) == (1, 1)
        and not has_overlays(source)
    )
    if colours is None:
        stays = stays and look.window is None and shows_as_it_is(dataset)
    if not stays:
        return None
    clean = stream.clean(colours or JpegColours.LUMA_CHROMA)
    return clean if len(clean) <= MAX_PICTURE else None


def compressed(image: Image.Image, *, optimize: bool = True, best: int = 0) -> bytes:
    """Return an image as JPEG of at most `MAX_PICTURE` bytes; raise `AttachmentLimit`.

    ``best`` is the quality where that is small enough, instead of the first of `QUALITIES`.
    """
    qualities = (best, *(one for one in QUALITIES if one < best)) if best else QUALITIES
    for quality in qualities:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality, subsampling=0, optimize=optimize)
        if file.tell() <= MAX_PICTURE:
            return file.getvalue()
    raise AttachmentLimit("Das Bild ist zu groß. / The picture is too large.")


def _png(image: Image.Image) -> bytes | None:
    """Return an image as PNG; None where that is too big."""
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue() if file.tell() <= MAX_PICTURE else None
