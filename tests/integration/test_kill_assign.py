"""The service is killed between the click that assigns an exam and the file for its chart."""

from __future__ import annotations

import re
import threading
from collections import Counter
from pathlib import Path

import pytest
import requests

from gdtbridge.gdt.read.reader import read_records
from tests.tools.service import Service
from tests.tools.surgery import QUICK, Surgery, image, person
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.kill

WAITING = {
    "4711": person("4711", "Müller^Änne", "12.03.1958"),
    "4712": person("4712", "Weiß^Jo", "01.01.1970"),
}
EMERGENCY = person("", "NOTFALL")


def form_of(service: Service, exam: int, number: str) -> tuple[str, dict[str, str]]:
    """Return the address and the fields by which a page assigns an exam to a chart."""
    url = f"http://127.0.0.1:{service.ports['HTTP']}/klaeren/exam-{exam}"
    choices = re.findall(r'name="choice-1" value="([^"]+)"', requests.get(url, timeout=60).text)
    chosen = {"choice-1": next(one for one in choices if number in one)}
    shown = requests.post(f"{url}/folgen", data=chosen, timeout=60).text
    (mark,) = set(re.findall(r'name="mark" value="([^"]+)"', shown))
    return url, {**chosen, "mark": mark}


def is_held(service: Service, exam: int) -> bool:
    """Return whether an exam waits for a person."""
    held = f"SELECT id FROM claim WHERE state = 'held' AND exam_id = {exam}"
    return bool(service.rows(held))


def charts(service: Service) -> Counter[str]:
    """Count the records in the folder by the number of their chart."""
    found: Counter[str] = Counter()
    for path in service.gdt_out.glob("*.gdt"):
        found.update(record.patient.id for record in read_records(path.read_bytes()))
    return found


def test_every_click_is_one_record_in_its_chart(tmp_path: Path) -> None:
    """Killed as soon as it is answered, and while it is: what did not count is clicked again."""
    with Service(tmp_path, **QUICK) as service:
        surgery = Surgery(service)
        for exam, patient in enumerate(WAITING.values(), 1):
            surgery.order(patient)
            surgery.send(image(f"2.25.99{exam}", "1", EMERGENCY))
            wait_for(lambda exam=exam: is_held(service, exam), what="the held exam")  # type: ignore[misc]
        url, fields = form_of(service, 1, "4711")
        assert requests.post(url, fields, timeout=60, allow_redirects=False).status_code == 303
        service.kill()
        service.start()
        url, fields = form_of(service, 2, "4712")
        click = threading.Thread(target=_click, args=(url, fields))
        click.start()
        service.kill()
        click.join()
        service.start()
        if is_held(service, 2):
            requests.post(*form_of(service, 2, "4712"), timeout=60)
        wait_for(lambda: charts(service).total() == len(WAITING), what="the two records")
        surgery.settle()
        assert charts(service) == Counter(WAITING.keys())


def _click(url: str, fields: dict[str, str]) -> None:
    """Press the button; the answer may never come."""
    try:
        requests.post(url, fields, timeout=60, allow_redirects=False)
    except requests.ConnectionError:
        return
