"""*Untersuchungen*, *Patient* and *Untersuchung*: what is here, found and looked at."""

from gdtbridge.web.pages.exams.curves import CurvePages
from gdtbridge.web.pages.exams.exam import ExamPage
from gdtbridge.web.pages.exams.handing_out import HandingOutPages
from gdtbridge.web.pages.exams.listing import ListPages
from gdtbridge.web.pages.exams.sending import SendingPages
from gdtbridge.web.pages.exams.study_links import StudyLinkPages
from gdtbridge.web.pages.exams.suggestions import Suggestions

__all__ = [
    "CurvePages",
    "ExamPage",
    "HandingOutPages",
    "ListPages",
    "SendingPages",
    "StudyLinkPages",
    "Suggestions",
]
