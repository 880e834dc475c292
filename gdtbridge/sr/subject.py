"""Whose a value is: the patient's, or that of the child she expects (PS3.16 TID 1006, 1008, 5000).

In a report about a pregnancy a value is the fetus's unless it stands in a maternal section or at a
maternal site, or measures what only the mother has; ``subject.tsv`` says which these are. Of
several statements the one nearest to the value counts. A value nobody can place is the fetus's: it
is never told as the mother's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from typing import Final

from gdtbridge.sr.codes import Concept, is_anatomy, normal
from gdtbridge.sr.content import ContentReader, NumFinding, Pregnancy
from gdtbridge.sr.context import ModifierContext
from gdtbridge.sr.model import Code, Subject
from gdtbridge.tsv import table

UNNUMBERED_FETUS: Final = Code("", "", "ohne Nummer")
"""The child of a report that has no need to tell it from another."""

ANATOMIC_IDENTIFIER: Final[Concept] = ("DCM", "112050")
"""Tells structures of one kind apart; beside a fetal vessel it is the fetus (EchoNous)."""

_WORD: Final = r"(?:fetus|foetus|fötus|embryo|twin|baby|child|zwilling|kind|drilling|triplet)"
_MARK: Final = r"#?\s*([A-Za-z]|\d{1,2}|I{1,3}|IV|V)"
_NAMED: Final = re.compile(
    rf"{_WORD}(?:\s*(?:id|no|nr|number|nummer))?[\s.:#_-]*(?:{_MARK})", re.IGNORECASE
)
_MARKED: Final = re.compile(_MARK)
_MODIFIER: Final = re.compile(
    rf"{_WORD}[\s_-]*(?:id|no\.?|nr\.?|number|nummer|name|identifier|index|label)?", re.IGNORECASE
)


class _Says(StrEnum):
    """What a row of the table says."""

    PREGNANCY = "pregnancy"
    POSSIBLE = "possible"
    FETUS = "fetus"
    MOTHER = "mother"
    PELVIS = "pelvis"
    NEUTRAL = "neutral"


class _Kind(StrEnum):
    """What a row of the table is about."""

    TITLE = "title"
    TEMPLATE = "template"
    SECTION = "section"
    SITE = "site"
    CONCEPT = "concept"
    PLAIN = "plain"


@lru_cache(maxsize=1)
def _codes() -> Mapping[tuple[str, str], _Says]:
    """Return what the table says of codes, by kind and code."""
    return {
        (what, code): _Says(says)
        for what, says, code, _, _ in table("sr/subject.tsv")
        if not what.startswith("word-")
    }


@lru_cache(maxsize=1)
def _words() -> Mapping[str, tuple[tuple[re.Pattern[str], _Says], ...]]:
    """Return what the table says of words, by kind."""
    found: dict[str, list[tuple[re.Pattern[str], _Says]]] = {}
    for what, says, word, _, _ in table("sr/subject.tsv"):
        if what.startswith("word-"):
            begin = re.escape(word.removesuffix("*")) + (r"\w*" if word.endswith("*") else "")
            pattern = re.compile(rf"\b{begin}\b", re.IGNORECASE)
            found.setdefault(what.removeprefix("word-"), []).append((pattern, _Says(says)))
    return {kind: tuple(rows) for kind, rows in found.items()}


@lru_cache(maxsize=2048)
def _said(kind: _Kind, code: Code) -> _Says | None:
    """Return what the table says of a title, container, site or concept; the code before words."""
    if (known := _codes().get((kind, ":".join(normal(code))))) is not None:
        return known
    rows = _words().get(kind, ())
    return next((says for pattern, says in rows if pattern.search(code.meaning)), None)


def _subject(says: _Says | None) -> Subject | None:
    """Return whose that is, None where nothing is said."""
    if says is _Says.MOTHER:
        return Subject.PATIENT
    return Subject.FETUS if says in {_Says.FETUS, _Says.PREGNANCY} else None


def begin(content: ContentReader) -> None:
    """Note what title and template say of the whole report."""
    _note(content, _said(_Kind.TITLE, content.name(content.root)))
    _note(content, _codes().get((_Kind.TEMPLATE, content.template or "")))


def _note(content: ContentReader, says: _Says | None) -> None:
    """Note what something says of the whole report."""
    if says is _Says.PREGNANCY:
        content.pregnancy = Pregnancy.SHOWN
    elif says is _Says.POSSIBLE:
        content.pregnancy = max(content.pregnancy, Pregnancy.POSSIBLE)


def below_container(
    content: ContentReader, context: ModifierContext, name: Code, site: Code | None
) -> ModifierContext:
    """Return the context with whose the values below a container are, by name and own ``site``.

    A fetal section makes the report one about a pregnancy.
    """
    if name.text:
        _note(content, _said(_Kind.SECTION, name))
    if not name.text:
        return _at_site(context, site, None)
    if is_anatomy(name) and (site is None or _said(_Kind.SITE, name) is not None):
        site = name
    return _at_site(context, site, _said(_Kind.SECTION, name))


def at_finding(outer: ModifierContext, context: ModifierContext) -> ModifierContext:
    """Return the context with whose the numbers of a finding are that is not in the outer one.

    A finding that is but an organ is the site.
    """
    if context.site is not None and context.site != outer.site:
        return context.about(_subject(_said(_Kind.SITE, context.site)))
    if len(context.findings) <= len(outer.findings):
        return context
    return context.about(_subject(_said(_Kind.SITE, context.findings[-1].concept)))


def at_number(
    content: ContentReader, context: ModifierContext, name: Code, site: Code | None
) -> ModifierContext:
    """Return the context with whose a value is, by what it measures and by its own ``site``."""
    says = _said(_Kind.CONCEPT, name)
    if says is _Says.PREGNANCY and not content.never_pregnant:
        content.pregnancy = Pregnancy.SHOWN
    stated = _subject(says)
    return context.about(stated) if stated is not None else _at_site(context, site, None)


def _at_site(
    context: ModifierContext, site: Code | None, otherwise: _Says | None
) -> ModifierContext:
    """Return the context with whose the values at a ``site`` are; None is no site of their own.

    Where the new site says nothing, what an outer one said is forgotten, and the section counts.
    """
    says = _said(_Kind.SITE, site) if site is not None else None
    stated = _subject(says) or _subject(otherwise)
    if stated is not None or site is None or says is _Says.NEUTRAL or context.site is None:
        return context.about(stated)
    if _subject(_said(_Kind.SITE, context.site)) is not context.subject:
        return context
    section = _said(_Kind.SECTION, context.section) if context.section is not None else None
    return replace(context, subject=_subject(section))


def stated(
    content: ContentReader,
    context: ModifierContext,
    subject: Subject | None,
    subject_id: Code | None = None,
) -> ModifierContext:
    """Return the context with what an item says itself: its subject's class or name."""
    if subject is Subject.FETUS:
        content.pregnancy = Pregnancy.SHOWN
    return context.about(subject, subject_id)


def is_plain_section(name: Code) -> bool:
    """Return whether a private container is called what a fetal section of the standard is."""
    rows = _words().get(_Kind.PLAIN, ())
    return any(pattern.fullmatch(name.meaning.strip()) for pattern, _ in rows)


def names_fetus(name: Code) -> bool:
    """Return whether a modifier's concept says in words that its value is the fetus's name."""
    return _MODIFIER.fullmatch(name.text) is not None


def settle(content: ContentReader) -> None:
    """Give every finding and statement its subject, once all of the report was seen.

    The mother's values lose a Fetus ID that stands further out. The fetus's get the name that
    stands elsewhere than in a Fetus ID, or `UNNUMBERED_FETUS` where nothing they measure says that
    they are not the mother's.
    """
    if content.pregnancy is Pregnancy.NONE:
        return
    known: dict[tuple[ModifierContext, Code], tuple[ModifierContext, Subject]] = {}
    for at, finding in enumerate(content.findings):
        key = (finding.context, finding.name)
        if key not in known:
            known[key] = _settled(content, finding)
        context, subject = known[key]
        content.findings[at] = replace(finding, context=context, subject=subject)
    for at, said in enumerate(content.statements):
        content.statements[at] = replace(said, context=_settled_words(said.context))


def _settled(content: ContentReader, finding: NumFinding) -> tuple[ModifierContext, Subject]:
    context = finding.context
    if context.subject is Subject.PATIENT or _is_of_pelvis(content, context):
        return replace(context, fetus=None, subject_id=None), Subject.PATIENT
    if context.fetus is None:
        context = _named_elsewhere(context)
    if context.fetus is None and not _says_fetus(finding):
        context = replace(context, fetus=UNNUMBERED_FETUS)
    return context, Subject.FETUS


def _settled_words(context: ModifierContext) -> ModifierContext:
    """Return what holds for a statement: a date or comment without a fetus's name needs none."""
    if context.subject is Subject.PATIENT:
        return replace(context, fetus=None, subject_id=None)
    return _named_elsewhere(context) if context.fetus is None else context


def _is_of_pelvis(content: ContentReader, context: ModifierContext) -> bool:
    """Return whether a value nobody stated the subject of is hers, as no child is shown."""
    if content.pregnancy is Pregnancy.SHOWN or context.subject is not None:
        return False
    return context.site is not None and _said(_Kind.SITE, context.site) is _Says.PELVIS


def _named_elsewhere(context: ModifierContext) -> ModifierContext:
    """Return the context with the fetus that is named by another modifier, if any is."""
    if context.subject_id is not None:
        return replace(context, fetus=context.subject_id)
    for name, value in context.further:
        if normal(name) == ANATOMIC_IDENTIFIER and is_mark(value.text):
            rest = tuple(pair for pair in context.further if pair != (name, value))
            return replace(context, fetus=value, further=rest)
    if context.label is not None and _NAMED.fullmatch(context.label.text):
        return replace(context, fetus=context.label, label=None)
    if context.tracking is not None and _NAMED.fullmatch(context.tracking.text):
        return replace(context, fetus=context.tracking, tracking=None, tracking_uid=None)
    for container in reversed(context.containers):
        if _NAMED.fullmatch(container.text):
            rest_of = tuple(one for one in context.containers if one != container)
            return replace(context, fetus=Code("", "", container.text), containers=rest_of)
    return context


def is_mark(text: str) -> bool:
    """Return whether a text is a letter or number, with or without a word for fetus before it."""
    return bool(_MARKED.fullmatch(text.strip()) or _NAMED.fullmatch(text.strip()))


def _says_fetus(finding: NumFinding) -> bool:
    """Return whether concept, site or a private container say that this is no value of hers."""
    context = finding.context
    site = context.site
    return (
        _subject(_said(_Kind.CONCEPT, finding.name)) is Subject.FETUS
        or (site is not None and _subject(_said(_Kind.SITE, site)) is Subject.FETUS)
        or any(_said(_Kind.SECTION, one) is _Says.PREGNANCY for one in context.containers)
    )


def mark(fetus: str) -> str:
    """Return the letter or number of a fetus without the word (``Fetus A`` is ``A``).

    A text that has none of them stays, and so do the letters of a code.
    """
    text = " ".join(fetus.split())
    found = _NAMED.fullmatch(text) or _MARKED.fullmatch(text)
    return found[1].upper() if found else text
