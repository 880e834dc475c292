"""When, and which of several: earlier findings, repeats, what the device chose."""

from __future__ import annotations

from tests.sr.builder import PROPERTY, SELECTION, code, container, num
from tests.sr.members.parts import (
    BIOMETRY,
    BIOMETRY_GROUP,
    CONTEXT,
    EF,
    HC,
    ICA,
    KIDNEY,
    LENGTH,
    LVIDD,
    PSV,
    SIDE,
    VASCULAR_TITLE,
    Member,
    biometry,
    date,
    echo,
    lv,
    observed,
    obstetric,
    section,
    titled,
    told,
)

LEFT = "SCT|7771000|Left"
TODAY = biometry(num(HC, "262", "mm"))
ONLY_TODAY = (told("262", "mm", "HC", never=r"Wiederholung|\(2\)"),)


MOMENTS = {
    "previous findings: LN 18834-2": Member(
        obstetric(container("LN|18834-2|Previous Findings", biometry(num(HC, "180", "mm"))), TODAY),
        ONLY_TODAY,
    ),
    "previous finding: DCM 121069": Member(
        obstetric(container("DCM|121069|Previous Finding", num(HC, "180", "mm")), TODAY), ONLY_TODAY
    ),
    "previous findings behind today's": Member(
        obstetric(TODAY, container("DCM|121068|Previous Findings", biometry(num(HC, "180", "mm")))),
        ONLY_TODAY,
    ),
    "prior exam in words": Member(
        obstetric(
            container("99MINDRAY|PRE|Previous Exam 2023-12-15", biometry(num(HC, "180", "mm"))),
            TODAY,
        ),
        ONLY_TODAY,
    ),
    "Voruntersuchung, in German": Member(
        obstetric(container("99ESAOTE|VU|Voruntersuchung", biometry(num(HC, "180", "mm"))), TODAY),
        ONLY_TODAY,
    ),
    "observed on another day": Member(
        obstetric(
            biometry(
                observed(num(HC, "180", "mm"), "20231215101500"),
                observed(num(HC, "262", "mm"), "20240115101500"),
            )
        ),
        ONLY_TODAY,
    ),
    "the container was observed on another day": Member(
        obstetric(observed(biometry(num(HC, "180", "mm")), "20231215101500"), TODAY), ONLY_TODAY
    ),
    "study date of a container is another day": Member(
        obstetric(
            container(
                BIOMETRY,
                date("DCM|111060|Study Date", "20231215", rel=CONTEXT),
                container(BIOMETRY_GROUP, num(HC, "180", "mm")),
            ),
            TODAY,
        ),
        ONLY_TODAY,
    ),
    "an exam past midnight is one exam": Member(
        echo(
            lv(
                observed(num(LVIDD, "48", "mm"), "20240115235500"),
                observed(num(EF, "58", "%"), "20240116001000"),
            ),
            StudyDate="20240115",
            StudyTime="234500",
            ContentDate="20240116",
            ContentTime="001500",
        ),
        (told("48", "mm", "LVIDD"), told("58", "%", "LVEF")),
    ),
    "echo: earlier EF beside today's": Member(
        echo(
            container("DCM|121068|Previous Findings", lv(num(EF, "45", "%"))),
            lv(num(EF, "58", "%")),
        ),
        (told("58", "%", "LVEF", never="45"),),
    ),
    "only earlier findings": Member(
        echo(container("DCM|121068|Previous Findings", lv(num(EF, "45", "%")))), ()
    ),
    "newest first in the tree": Member(
        echo(
            lv(
                observed(num(LVIDD, "50", "mm"), "20240115101500"),
                observed(num(LVIDD, "47", "mm"), "20240115101000"),
                observed(num(LVIDD, "49", "mm"), "20240115100500"),
            )
        ),
        (
            told("50", "mm", "LVIDD", notes="3 von 3"),
            told("47", "mm", "!LVIDD", notes="2 von 3"),
            told("49", "mm", "!LVIDD", notes="1 von 3"),
        ),
    ),
    "the device chose the oldest": Member(
        echo(
            lv(
                observed(
                    num(
                        LVIDD,
                        "51",
                        "mm",
                        code(SELECTION, "DCM|121410|User chosen value", rel=PROPERTY),
                    ),
                    "20240115100000",
                ),
                observed(num(LVIDD, "47", "mm"), "20240115101000"),
            )
        ),
        (told("51", "mm", "LVIDD"),),
    ),
    "vessel three times, greatest first": Member(
        titled(
            VASCULAR_TITLE,
            *(
                section(ICA, code(SIDE, LEFT), num(PSV, value, "cm/s"))
                for value in ("310", "92", "305")
            ),
            template="5100",
        ),
        (
            told("310", "cm/s", "!ICAPSV0L", notes="1 von 3"),
            told("92", "cm/s", "!ICAPSV0L", notes="2 von 3"),
            told("305", "cm/s", "ICAPSV0L", notes="3 von 3"),
            # the maximum is told besides
            told("310", "cm/s", "!ICAPSV0L", name="Maximum|maximal"),
        ),
    ),
    "kidney twice: no maximum besides": Member(
        titled(
            VASCULAR_TITLE,
            *(
                section(KIDNEY, code(SIDE, LEFT), num(LENGTH, value, "mm"))
                for value in ("112", "108")
            ),
            template="5100",
        ),
        (
            told("112", "mm", "!RENL0L", notes="1 von 2"),
            told("108", "mm", "RENL0L", notes="2 von 2"),
        ),
    ),
    "two means of two groups of one beat each: the last": Member(
        echo(lv(num(EF, "55", "%")), lv(num(EF, "61", "%"))),
        (told("55", "%", "!LVEF", notes="1 von 2"), told("61", "%", "LVEF", notes="2 von 2")),
    ),
}
