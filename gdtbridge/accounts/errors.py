"""Why somebody does not get in, or an account is not made."""

from __future__ import annotations

from gdtbridge.errors import BridgeError


class AccountError(BridgeError):
    """Something about an account or a token is wrong in one named field.

    ``field`` is ``name``, ``shown_name``, ``role``, ``password``, ``scopes`` or ``link``;
    ``problem`` says what is wrong and what to do (German / English).
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field
        self.problem = problem


class SignInRefused(BridgeError):
    """Name or password is wrong; which of them is not said. ``left`` tries are left."""

    def __init__(self, left: int) -> None:
        super().__init__("Name oder Kennwort stimmt nicht. / Name or password is wrong.")
        self.left = left


class TooManyTries(BridgeError):
    """Too many wrong passwords; ``seconds`` to wait, and nothing was compared."""

    retriable = True

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.minutes = max(1, -int(-seconds // 60))
        german = "1 Minute" if self.minutes == 1 else f"{self.minutes} Minuten"
        english = "1 minute" if self.minutes == 1 else f"{self.minutes} minutes"
        super().__init__(
            f"Zu viele Versuche. Bitte {german} warten. / Too many tries. Please wait {english}."
        )


class SignInBusy(BridgeError):
    """More people sign in at this moment than passwords can be compared."""

    retriable = True

    def __init__(self) -> None:
        super().__init__(
            "Gerade melden sich viele an, bitte noch einmal versuchen. / Many are signing in at "
            "the moment, please try again."
        )
