"""``docs/reference/dicomweb.md`` and ``ups.md`` name every call."""

from __future__ import annotations

import re
from pathlib import Path

from gdtbridge.web.dicomweb.place import ROOT
from tests.dicomweb.conftest import Services


def test_every_address_is_documented(services: Services, project: Path) -> None:
    """As it is, or as what comes behind a study, a series or an instance."""
    folder = project / "docs" / "reference"
    text = "".join((folder / name).read_text("utf-8") for name in ("dicomweb.md", "ups.md"))
    ends = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix(ROOT))
        for rule in services.client.application.url_map.iter_rules()
        if rule.rule.startswith(ROOT)
    }
    told = {one.removeprefix("…") for one in re.findall(r"`(?:[A-Z]+ )?(…?/[^` ]*)`", text)}
    below = {f"/studies/{{study}}{one}" for one in told}
    below |= {f"/studies/{{study}}/series/{{series}}{one}" for one in told}
    below |= {f"/studies/{{study}}/series/{{series}}/instances/{{instance}}{one}" for one in told}
    below |= {f"/workitems/{{uid}}{one}" for one in told}
    assert ends - told - below == set()
    assert "`/wado`" in text
    assert ends
