"""Who may come in: accounts of people, their sessions, one-time links, tokens of programs.

And whoever has a link that shows one study. Secrets are kept as hashes only. What must not live
here: HTTP, and which call needs which right.
"""

from gdtbridge.accounts.access import Access
from gdtbridge.accounts.errors import AccountError, SignInBusy, SignInRefused, TooManyTries
from gdtbridge.accounts.model import (
    SCOPES,
    AccessToken,
    Account,
    LinkPurpose,
    NewToken,
    OpenLink,
    Role,
    SignedIn,
)
from gdtbridge.accounts.study_link import NewStudyLink, SharedStudy, StudyLink

__all__ = [
    "SCOPES",
    "Access",
    "AccessToken",
    "Account",
    "AccountError",
    "LinkPurpose",
    "NewStudyLink",
    "NewToken",
    "OpenLink",
    "Role",
    "SharedStudy",
    "SignInBusy",
    "SignInRefused",
    "SignedIn",
    "StudyLink",
    "TooManyTries",
]
