"""The words of *Zu klären*: evidence, candidates, and what would happen, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from gdtbridge.clarifying import Candidate, CandidateSource, ClarifyingPart, ClarifyingView
from gdtbridge.clarifying.acting import Foreseen, NumberDoubt
from gdtbridge.clarifying.model import CellValue, DecidedExam, EvidenceField
from gdtbridge.dataset.values import to_date
from gdtbridge.gdt.errors import GdtDateError
from gdtbridge.gdt.read.record import Record
from gdtbridge.gdt.tables.dates import read_date
from gdtbridge.gdt.write.results import Revision
from gdtbridge.orders.model import Order
from gdtbridge.people import Patient
from gdtbridge.results.consequences import ChartConsequence, Consequences, OrderOutcome
from gdtbridge.web.pages.formats import Formats
from gdtbridge.web.pages.texts import Texts

_STUDY = {
    Revision.FIRST: "study",
    Revision.SUPPLEMENT: "supplement",
    Revision.CORRECTION: "correction",
}


@dataclass(frozen=True, slots=True)
class ClarifyWords:
    """Tells evidence, candidates and consequences in one language."""

    texts: Texts
    formats: Formats

    def sentences(self, foreseen: Foreseen, view: ClarifyingView | None = None) -> list[Markup]:
        """Return what happens, the charts first."""
        return list(self._sentences(foreseen.consequences, view))

    def _sentences(self, said: Consequences, view: ClarifyingView | None) -> Iterator[Markup]:
        for one in said.taken_back:
            kind = "recalled" if one.recalled else "retracted" if one.told else "not_sent"
            yield self.texts.rich(f"clarify.then.{kind}", number=one.number)
        for chart in said.charts:
            yield self._chart(chart, view)
        if not said.charts and not said.taken_back:
            yield self.texts.rich("clarify.then.nothing")
        if len({one.patient.id for one in said.charts}) > 1:
            yield self.texts.rich("clarify.then.apart")
        for unused in said.unused:
            yield self._unused(unused)
        for order in said.orders:
            yield self._order(order.order, order.outcome)
        for held in said.held:
            if view is None:
                yield self.texts.rich("clarify.then.waits")
                continue
            yield self.texts.rich(
                "clarify.then.held",
                part=held.person,
                reason=self.formats.reason(held.reason),
            )
        for remark in dict.fromkeys(one for chart in said.charts for one in chart.remarks):
            yield self.texts.rich("clarify.then.remark", remark=remark)

    def _chart(self, one: ChartConsequence, view: ClarifyingView | None) -> Markup:
        what = ", ".join(self._amounts(one))
        told = self.texts.rich("clarify.then.chart", chart=self.chart(one.patient), what=what)
        if view is not None and view.parts[0].orders and one.order is not None:
            told += " " + self.texts.rich("clarify.then.for_order", order=self.order(one.order))
        if view is not None and (len(view.parts) > 1 or view.parts[0].orders):
            told += self._pictures(one, view)
        kept = one.images - one.pictures
        if kept > 0:
            which = "kept_more" if one.pictures else "kept"
            told += " " + self.texts.rich(f"clarify.then.{which}", n=kept)
        return told

    def _amounts(self, one: ChartConsequence) -> Iterator[str]:
        if one.study is not None:
            yield self.texts(f"clarify.then.{_STUDY[one.study]}")
        for name in ("values", "statements", "pictures"):
            count: int = getattr(one, name)
            if count:
                yield self.texts(f"clarify.then.{name}", n=count)
        if one.reports and not one.values and not one.statements:
            yield self.texts("clarify.then.notice")

    def _pictures(self, one: ChartConsequence, view: ClarifyingView) -> Markup:
        """Return which of the exam's pictures they are, where there are several parts."""
        numbers = sorted(
            item.number
            for part in view.parts
            for item in part.objects
            if item.id in one.instances and item.number
        )
        if not numbers:
            return Markup()
        return " " + self.texts.rich("clarify.then.numbers", numbers=self.in_runs(numbers))

    def chart(self, patient: Patient) -> str:
        """Return ``4711, Müller, Sabine, *12.03.1958``, as far as it is said."""
        born = self.formats.born(patient) if patient.birth_date else ""
        return ", ".join(one for one in (patient.id, patient.listed_name, born) if one)

    def order(self, order: Order) -> str:
        """Return what an order is called: what is to be done, and its number."""
        return " · ".join(one for one in (order.procedure, order.accession_number) if one)

    def _unused(self, patient: Patient) -> Markup:
        born = self.formats.born(patient) if patient.birth_date else ""
        named = ", ".join(one for one in (patient.listed_name, born) if one)
        if not named:
            return self.texts.rich("clarify.then.number_unused", number=patient.id)
        return self.texts.rich("clarify.then.unused", name=named)

    def _order(self, order: Order, outcome: OrderOutcome) -> Markup:
        return self.texts.rich(
            f"clarify.then.order_{outcome.value.replace('-', '_')}",
            number=order.accession_number,
            name=order.patient.listed_name or order.patient.id,
        )

    def doubt(self, one: NumberDoubt) -> str:
        """Return that a number is another person's than the objects name."""
        if not one.known:
            return self.texts("clarify.doubt_alone", number=one.number, sent=one.sent)
        known = "; ".join(one.known)
        return self.texts("clarify.doubt", number=one.number, sent=one.sent, known=known)

    # ------------------------------------------------------------------ who it may be

    def person(self, patient: Patient) -> str:
        """Return ``Müller, Sabine · *12.03.1958 · Nr. 4711``, as far as it is said."""
        number = self.texts("patient.number", number=patient.id) if patient.id else ""
        said = (patient.listed_name, self.formats.born(patient), number)
        return " · ".join(one for one in said if one)

    def people(self, patients: Iterable[Patient]) -> str:
        """Return names and numbers in one line; of several: ``941 Erste, 942 Zweite``."""
        every = list(patients)
        if len(every) == 1:
            number = self.texts("patient.number", number=every[0].id) if every[0].id else ""
            return " · ".join(one for one in (every[0].listed_name, number) if one)
        said = (f"{one.id} {one.family_name}".strip() for one in every)
        return ", ".join(one or self.texts("patient.no_name") for one in said)

    def charts(self, patients: Iterable[Patient]) -> str:
        """Return the charts of patients, for a sentence."""
        return "; ".join(map(self.chart, patients)) or self.texts("clarify.none")

    def why(self, one: Candidate) -> str:
        """Return why somebody is a candidate, and the order that is meant."""
        sources = [source for source in CandidateSource if source in one.sources]
        if CandidateSource.AT_DEVICE in sources and CandidateSource.OPEN_ORDER in sources:
            sources.remove(CandidateSource.OPEN_ORDER)
        said = [self.texts(f"clarify.why.{source}") for source in sources]
        order = one.order
        if order is None and CandidateSource.ORDER in sources:
            said = [self.texts("clarify.why.each_order")]
        if order is not None:
            said.append(self.texts("clarify.why.ordered", number=order.accession_number))
            said += [order.procedure] if order.procedure else []
            said += [self.formats.moment(order.scheduled)] if order.scheduled else []
        return ", ".join(said)

    def cell(self, field: EvidenceField, value: CellValue) -> str:
        """Return what a source says in a row."""
        if isinstance(value, tuple):
            began, ended = (self.formats.clock(one) for one in value)
            if began == ended:
                return began
            return self.texts("clarify.from_to", first=began, last=ended)
        if isinstance(value, date):
            return self.formats.day(value)
        if field is EvidenceField.SEX:
            return self.texts(f"sex.{value}")
        return value

    def decided(self, one: DecidedExam) -> str:
        """Return who did what with an exam, and when."""
        return self.texts(
            f"clarify.did.{one.event.what}",
            who=one.event.who,
            when=self.formats.clock(one.event.at),
            number=one.number or self.texts("clarify.none"),
        )

    # ------------------------------------------------------------------ parts

    def told_day(self, part: ClarifyingPart) -> str:
        """Return the study date as the device says it."""
        return self.formats.day(to_date(part.exam.study_date))

    def movable(self, part: ClarifyingPart) -> Iterator[tuple[int, str]]:
        """Yield the claims of a part that can be moved into another, and what they are.

        What the device says the same of belongs together; of one claim nothing can be parted.
        """
        claims = dict.fromkeys(one.claim_id for one in part.objects)
        for claim in claims if len(claims) > 1 else ():
            own = [one for one in part.objects if one.claim_id == claim]
            yield claim, ", ".join(self.texts(f"clarify.kinds.{o.kind}", n=o.number) for o in own)

    def burned_in(self, foreseen: Foreseen, view: ClarifyingView) -> list[str]:
        """Return the names the pictures themselves may still show although nothing else does."""
        if not any(part.images for part in view.parts):
            return []
        unused = foreseen.consequences.unused
        return list(dict.fromkeys(one.family_name for one in unused if one.family_name))

    def shown(self, record: Record) -> list[str]:
        """Return what a record has that is seen in a chart: its day, what the test is called."""
        names = [value for name in ("8411", "6220") for value in record.all(name)]
        return [*map(self._day, record.all("6200")), *names][:4]

    def _day(self, text: str) -> str:
        try:
            return self.formats.day(read_date(text))
        except GdtDateError:
            return text

    def asks(
        self,
        key: str,
        call: str = "folgen",
        form: str = "#clarify-form",
        trigger: str = "change",
    ) -> Markup:
        """Return the attributes by which a choice has its consequences shown."""
        return Markup(
            'hx-post="/klaeren/{}/{}" hx-trigger="{}" hx-include="{}" hx-sync="{}:replace"'
            ' hx-target="#clarify-shown" hx-select="#clarify-then" hx-swap="innerHTML"'
        ).format(key, call, trigger, form, form)

    def in_runs(self, numbers: list[int]) -> str:
        """Return ascending numbers with a dash for those between: 1 to 4, 6."""
        runs: list[list[int]] = []
        for number in numbers:
            if runs and runs[-1][-1] == number - 1:
                runs[-1].append(number)
            else:
                runs.append([number])
        return ", ".join(
            self.texts("clarify.from_to", first=run[0], last=run[-1]) if run[1:] else str(run[0])
            for run in runs
        )
