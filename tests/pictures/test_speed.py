"""How fast a loop is played: what the device says, as far as it makes sense."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from gdtbridge.pictures.speed import PlaybackSpeed, SpeedSource, playback_speed

Said = Mapping[str, Sequence[float]]


def speed(said: Said, pointer: str = "", frames: int = 4) -> PlaybackSpeed:
    """Return the speed of a loop of four frames."""
    return playback_speed(said, pointer, frames)


@pytest.mark.parametrize(
    ("said", "rate", "source"),
    [
        ({}, 25, "assumed"),
        ({"FrameTime": [40]}, 25, "frame-time"),
        ({"FrameTime": [34.99], "CineRate": [28]}, 28.58, "frame-time"),
        ({"FrameTime": [0], "CineRate": [28]}, 28, "cine-rate"),
        ({"FrameTime": [-40], "CineRate": [28]}, 28, "cine-rate"),
        ({"FrameTime": [float("nan")]}, 25, "assumed"),
        ({"FrameTime": [0.0001]}, 25, "assumed"),
        ({"FrameTime": [20_000]}, 25, "assumed"),
        ({"RecommendedDisplayFrameRate": [15], "CineRate": [28]}, 15, "recommended"),
        ({"CineRate": [0]}, 25, "assumed"),
        ({"FrameTimeVector": [0, 50, 50, 50], "FrameTime": [40]}, 20, "frame-time-vector"),
        ({"FrameTimeVector": [20, 60, 60, 60]}, 20, "frame-time-vector"),
        ({"FrameTimeVector": [0, 50, 50], "FrameTime": [40]}, 25, "frame-time"),
        ({"FrameTimeVector": [0, 0, 0, 0], "FrameTime": [40]}, 25, "frame-time"),
        ({"FrameTimeVector": [0, 50, -5, 50], "FrameTime": [40]}, 25, "frame-time"),
        ({"FrameTimeVector": [0, 50, 10_001, 50], "FrameTime": [40]}, 25, "frame-time"),
    ],
)
def test_the_first_that_makes_sense_counts(said: Said, rate: float, source: str) -> None:
    """Vector, time, recommended rate, cine rate; else 25, said to be assumed."""
    found = speed(said)
    assert found.rate == pytest.approx(rate, abs=0.01)
    assert (found.source, found.is_of_device) == (source, source != "assumed")


def test_what_is_pointed_to_comes_first() -> None:
    """Frame Increment Pointer says which of two a device means."""
    said: Said = {"FrameTimeVector": [0, 50, 50, 50], "FrameTime": [100]}
    assert speed(said, "FrameTime").source is SpeedSource.FRAME_TIME
    assert speed(said, "FrameTimeVector").source is SpeedSource.FRAME_TIME_VECTOR
    assert speed({"FrameTime": [100]}, "FrameTimeVector").rate == 10


def test_uneven_frames_have_their_own_times() -> None:
    """The last stands as long as the others in the mean, or as the first value says."""
    assert speed({"FrameTimeVector": [0, 10, 30, 20]}).starts == (0, 10, 40, 60, 80)
    assert speed({"FrameTimeVector": [5, 10, 30, 20]}).starts == (0, 10, 40, 60, 65)
    assert speed({"FrameTime": [40]}).starts == ()


@pytest.mark.parametrize(("wanted", "offered"), [(15, 15), (25, None), (27, None), (28, 28)])
def test_another_recommended_speed_is_offered(wanted: float, offered: float | None) -> None:
    """Where it is more than a tenth away."""
    said: Said = {"FrameTime": [40], "RecommendedDisplayFrameRate": [wanted]}
    assert speed(said).recommended == offered


@pytest.mark.parametrize(
    ("start", "stop", "played"),
    [(2, 3, (2, 3)), (1, 4, (1, 4)), (0, 3, (1, 4)), (3, 2, (1, 4)), (2, 9, (1, 4))],
)
def test_trims_bound_what_is_played(start: int, stop: int, played: tuple[int, int]) -> None:
    """Senseless ones bound nothing."""
    found = speed({"StartTrim": [start], "StopTrim": [stop]})
    assert (found.first, found.last) == played


def test_there_and_back() -> None:
    """Preferred Playback Sequencing."""
    assert speed({"PreferredPlaybackSequencing": [1]}).there_and_back
    assert not speed({"PreferredPlaybackSequencing": [0]}).there_and_back
