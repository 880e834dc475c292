"""Hearts: GE Vivid, Mindray, Simplified Adult Echo, stress echo."""

from __future__ import annotations

from pydicom.dataset import Dataset

from tests.sr.builder import (
    CYCLE,
    DERIVATION,
    FINDINGS,
    FLOW,
    GROUP,
    LEFT_VENTRICLE,
    LVIDD,
    MEAN,
    METHOD,
    MODE,
    MODIFIER,
    SITE,
    TWO_D,
    code,
    container,
    dataset,
    empty_num,
    num,
    text,
)
from tests.sr.vendors.case import (
    EF,
    MITRAL,
    MITRAL_SCT,
    SCT_MODE,
    SCT_SITE,
    STAGE,
    Cases,
    chosen,
    one,
)

AUTO_EF = code(METHOD, "99GEMS|GEU-106-0210|2D Auto EF")


def heart(site: str, *items: Dataset) -> Dataset:
    """Return Findings of one site with a 2D group."""
    return container(FINDINGS, code(SITE, site), container(GROUP, code(MODE, TWO_D), *items))


def stage(which: str, value: str) -> Dataset:
    """Return a group of one stage of a stress echo."""
    return container(
        GROUP,
        code(MODE, TWO_D),
        code(STAGE, which, rel="HAS ACQ CONTEXT"),
        text("DCM|125203|Acquisition Protocol", "Dobutamine", rel=MODIFIER),
        num(EF, value, "%"),
    )


def flat(name: str, value: str, unit: str, label: str, *more: Dataset) -> Dataset:
    """Return a value of the Simplified Adult Echo report, which says everything on itself."""
    return num(name, value, unit, text("DCM|125309|Short Label", label, rel=MODIFIER), *more)


HEART: Cases = {
    "Vivid: a chosen value is written twice": (
        dataset(
            heart(
                LEFT_VENTRICLE,
                num(LVIDD, "4.21", "cm", code(DERIVATION, MEAN), chosen()),
                num(LVIDD, "4.21", "cm", code(DERIVATION, MEAN)),
            )
        ),
        [
            one(
                LVIDD,
                "4.21",
                "cm",
                site="Left Ventricle",
                mode="2D mode",
                derivation="Mean",
                selection="Mean value chosen",
            )
        ],
    ),
    "Vivid: segments override the site of the section": (
        dataset(
            heart(
                LEFT_VENTRICLE,
                num(
                    "99GEMS|GEU-106-0002|Peak Longitudinal Strain",
                    "-20.6",
                    "%",
                    code(SITE, "99GEMS|GEU-106-1000|basal anterior segment"),
                ),
                num(
                    "99GEMS|GEU-106-0002|Peak Longitudinal Strain",
                    "-20.6",
                    "%",
                    code(SITE, "99GEMS|GEU-106-1001|mid anterior segment"),
                ),
            )
        ),
        [
            one(
                "Peak Longitudinal Strain",
                "-20.6",
                "%",
                site="basal anterior segment",
                mode="2D mode",
            ),
            one(
                "Peak Longitudinal Strain",
                "-20.6",
                "%",
                site="mid anterior segment",
                mode="2D mode",
            ),
        ],
    ),
    "Vivid: flow and phase tell velocities apart": (
        dataset(
            heart(
                MITRAL,
                num(
                    "LN|11726-7|Peak Velocity",
                    "0.8",
                    "m/s",
                    code(FLOW, "SRT|R-42047|Antegrade Flow"),
                ),
                num(
                    "LN|11726-7|Peak Velocity",
                    "0.8",
                    "m/s",
                    code(FLOW, "SRT|R-42E61|Retrograde Flow"),
                ),
                num(
                    "LN|59133-9|Peak Tissue Velocity",
                    "0.09",
                    "m/s",
                    code(CYCLE, "SRT|F-32020|Systole"),
                ),
                num(
                    "LN|59133-9|Peak Tissue Velocity",
                    "0.09",
                    "m/s",
                    code(CYCLE, "SRT|F-32010|Diastole"),
                ),
            )
        ),
        [
            one(
                "Peak Velocity",
                "0.8",
                "m/s",
                site="Mitral Valve",
                mode="2D mode",
                flow="Antegrade Flow",
            ),
            one(
                "Peak Velocity",
                "0.8",
                "m/s",
                site="Mitral Valve",
                mode="2D mode",
                flow="Retrograde Flow",
            ),
            one(
                "Peak Tissue Velocity",
                "0.09",
                "m/s",
                site="Mitral Valve",
                mode="2D mode",
                phase="Systole",
            ),
            one(
                "Peak Tissue Velocity",
                "0.09",
                "m/s",
                site="Mitral Valve",
                mode="2D mode",
                phase="Diastole",
            ),
        ],
    ),
    "Mindray: today's codes": (
        dataset(
            container(
                "LN|59776-5|Findings",
                code(SCT_SITE, MITRAL_SCT),
                container(
                    GROUP,
                    code(SCT_MODE, "SCT|399064001|2D mode"),
                    num("LN|18035-6|Mitral Valve Diameter", "3.1", "cm"),
                ),
            )
        ),
        [one("Mitral Valve Diameter", "3.1", "cm", site="Mitral valve", mode="2D mode")],
    ),
    "stress echo: the stage is with the group": (
        dataset(
            container(
                FINDINGS,
                stage("DCM|109091|Cardiac Stress State", "55"),
                stage("DCM|109092|Reperfusion State", "55"),
            )
        ),
        [
            one(EF, "55", "%", mode="2D mode", stage="Cardiac Stress State", protocol="Dobutamine"),
            one(EF, "55", "%", mode="2D mode", stage="Reperfusion State", protocol="Dobutamine"),
        ],
    ),
    "Simplified Adult Echo: everything is on the value": (
        dataset(
            container(
                "DCM|125301|Pre-coordinated Measurements",
                flat(
                    "LN|79968-4|LVIDd",
                    "48",
                    "mm",
                    "LVIDD",
                    code(SCT_SITE, "SCT|87878005|Left ventricle"),
                ),
            ),
            container(
                "DCM|125303|Adhoc Measurements",
                flat(
                    "DCM|125304|Untrackable Measurement",
                    "5",
                    "mm",
                    "Vegetation",
                    code(SCT_SITE, MITRAL_SCT),
                ),
                flat(
                    "DCM|125304|Untrackable Measurement",
                    "5",
                    "mm",
                    "Thrombus",
                    code(SCT_SITE, MITRAL_SCT),
                ),
            ),
            template="5300",
        ),
        [
            one("LVIDd", "48", "mm", site="Left ventricle", label="LVIDD"),
            one("Untrackable Measurement", "5", "mm", site="Mitral valve", label="Vegetation"),
            one("Untrackable Measurement", "5", "mm", site="Mitral valve", label="Thrombus"),
        ],
    ),
    "a section without a mode": (
        dataset(container(FINDINGS, code(SITE, LEFT_VENTRICLE), num(EF, "60", "%"))),
        [one(EF, "60", "%", site="Left Ventricle")],
    ),
    "a value is missing and its neighbours are not": (
        dataset(
            heart(
                LEFT_VENTRICLE,
                num(LVIDD, "4.8", "cm"),
                empty_num("LN|18154-5|IVSd", "DCM|114006|Measurement failure"),
                num(EF, "60", "%"),
            )
        ),
        [
            one(LVIDD, "4.8", "cm", site="Left Ventricle", mode="2D mode"),
            one(EF, "60", "%", site="Left Ventricle", mode="2D mode"),
        ],
    ),
}
