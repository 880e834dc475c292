"""A form that is sent twice does its work once."""

from __future__ import annotations

import threading

from flask import Response

from gdtbridge.web.pages.submissions import KEPT_SECONDS, MOST_KEPT, Submissions


def test_a_second_time_gets_the_first_answer() -> None:
    """Even where both come at once."""
    done: list[int] = []
    sent = Submissions()
    barrier = threading.Barrier(4)
    answers: list[Response] = []

    def send() -> None:
        barrier.wait(60)
        answers.append(sent.once("key", act))

    def act() -> Response:
        done.append(1)
        return Response(status=303)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert (len(done), len(answers)) == (1, 4)
    assert len({id(one) for one in answers}) == 1


def test_what_has_to_be_corrected_can_be_sent_again() -> None:
    """A form with a message beside a field was not done."""
    sent = Submissions()
    assert sent.once("key", lambda: Response(status=422)).status_code == 422
    assert sent.once("key", lambda: Response(status=303)).status_code == 303


def test_other_content_is_another_submission() -> None:
    """A form that comes back from the browser's memory may say something else."""
    said, done = ["Müller", "Müller", "Schmidt", "Müller"], list[str]()
    sent = Submissions(content=lambda: said[0])

    def act() -> Response:
        done.append(said[0])
        return Response(status=303)

    while said:
        sent.once("key", act)
        said.pop(0)
    assert done == ["Müller", "Schmidt"]


def test_what_is_old_is_forgotten() -> None:
    """There is a limit to what is kept, in time and in number."""
    now = 0.0
    sent = Submissions(lambda: now)
    for number in range(MOST_KEPT + 10):
        sent.once(str(number), lambda: Response(status=303))
    assert len(sent._known) == MOST_KEPT
    now = KEPT_SECONDS + 1
    sent.once("new", lambda: Response(status=303))
    assert list(sent._known) == ["new"]
