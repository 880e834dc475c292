"""Which object goes where, and when: a table, and laws."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.errors import SettingsError
from gdtbridge.forward import ForwardFacts, ForwardRule, HourWindow
from gdtbridge.settings import ForwardSettings, load_settings

US = "1.2.840.10008.5.1.4.1.1.6.1"
FACTS = ForwardFacts("VOLUSON1", "GDTBRIDGE", "US", US)


def rule(**table: Any) -> ForwardRule:
    """Return the rule of a table ``[[forward]]``."""
    return ForwardRule.of(ForwardSettings.model_validate({"to": "PACS", **table}), "PACS", "US0")


@pytest.mark.parametrize(
    ("table", "fits"),
    [
        ({}, True),
        ({"devices": ["voluson1 ", "X"]}, True),
        ({"devices": "LOGIQ"}, False),
        ({"modalities": "SR, us"}, True),
        ({"modalities": ["SR"]}, False),
        ({"sop_classes": "Ultrasound Image Storage"}, True),
        ({"sop_classes": "UltrasoundImageStorage"}, True),
        ({"sop_classes": [US]}, True),
        ({"sop_classes": "Ultrasound Multi-frame Image Storage"}, False),
        ({"called": "gdtbridge"}, True),
        ({"called": "OTHER"}, False),
        ({"devices": "VOLUSON1", "modalities": "SR"}, False),
        ({"devices": "VOLUSON1", "modalities": "US", "called": "GDTBRIDGE"}, True),
    ],
)
def test_every_condition_that_is_named_must_hold(table: dict[str, Any], *, fits: bool) -> None:
    """A rule fits an object that fulfils all of its conditions, and no other."""
    assert rule(**table).fits(FACTS) is fits


WORDS = st.frozensets(st.sampled_from(["a", "b", "c"]), max_size=2)


@given(st.tuples(WORDS, WORDS, WORDS, WORDS), st.tuples(*[st.sampled_from("abc")] * 4))
def test_a_rule_fits_exactly_what_none_of_its_conditions_excludes(
    wanted: tuple[frozenset[str], ...], said: tuple[str, ...]
) -> None:
    """Order, number and emptiness of conditions change nothing of that."""
    device, called, modality, sop_class = wanted
    one = ForwardRule(
        to="PACS", device=device, called=called, modality=modality, sop_class=sop_class
    )
    excluded = [w for w, s in zip(wanted, said, strict=True) if w and s not in w]
    assert one.fits(ForwardFacts(*said)) is not bool(excluded)


@pytest.mark.parametrize(
    ("window", "inside", "outside"),
    [
        ("18:00-06:00", ["18:00", "23:59", "00:00", "05:59"], ["06:00", "12:00", "17:59"]),
        ("08:00-12:30", ["08:00", "12:29"], ["07:59", "12:30", "00:00"]),
        ("00:00-00:00", ["00:00", "12:00"], []),
    ],
)
def test_hours_may_go_past_midnight(window: str, inside: list[str], outside: list[str]) -> None:
    """A window has its begin, not its end, and may begin in the evening."""
    one = HourWindow.of(window)
    assert all(one.contains(time.fromisoformat(text)) for text in inside)
    assert not any(one.contains(time.fromisoformat(text)) for text in outside)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[[forward]]\nto = "NOBODY"\n', "forward (NOBODY)"),
        ('[[forward]]\nto = "PACS"\nhours = "6-18"\n', "forward.0.hours"),
        ('[[forward]]\nto = "PACS"\nsop_classes = "Ultrasonic"\n', "Ultrasonic"),
    ],
)
def test_a_rule_that_cannot_work_stops_the_start(tmp_path: Any, text: str, named: str) -> None:
    """Whoever is no peer, is no hour and is no SOP class is named."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text('[[peer]]\naet = "PACS"\nhost = "127.0.0.1"\n' + text)
    with pytest.raises(SettingsError) as refused:
        load_settings(file)
    assert named in str(refused.value)
