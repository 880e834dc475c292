"""The values of a patient over time: what each exam measured, and what may be joined into a curve.

Here live the values of every report as a chart gets them, kept by the instance they were read from,
the rule which of them are one series, and the curves of a patient. Whose a value is stands nowhere
here: it follows from the decision on its exam at the moment somebody asks. Words for people, Flask,
percentiles and judgements must not live here.
"""

from gdtbridge.trends.model import Curve, CurvePoint, EarlierExam, ExamTrends, ReportValue
from gdtbridge.trends.series import report_values
from gdtbridge.trends.trends import PatientTrends

__all__ = [
    "Curve",
    "CurvePoint",
    "EarlierExam",
    "ExamTrends",
    "PatientTrends",
    "ReportValue",
    "report_values",
]
