"""From a received object to what the practice software gets, and what people decide of it."""

from __future__ import annotations

from dataclasses import dataclass

from gdtbridge.core.stores import Stores
from gdtbridge.durable import SteadyClock
from gdtbridge.exams.completion import CompletionRule, DueSignal
from gdtbridge.exams.dates import DateRule
from gdtbridge.exams.decision import DecisionMaker
from gdtbridge.exams.held import HeldExams
from gdtbridge.exams.patient_numbers import NumberRule
from gdtbridge.exams.renumbering import PatientRenumbering
from gdtbridge.forward.book import ForwardBook
from gdtbridge.orders.book import OrderBook
from gdtbridge.results.corrections import ResultCorrections
from gdtbridge.results.gathering import ExamGatherer
from gdtbridge.results.rehearsal import Rehearsal
from gdtbridge.results.reporting import ResultReporter
from gdtbridge.results.retracting import Retractor
from gdtbridge.results.routing import Routing
from gdtbridge.results.settling import ExamSettler
from gdtbridge.settings import Settings
from gdtbridge.trends.keeping import ValueKeeper


@dataclass(frozen=True, slots=True)
class ExamParts:
    """What becomes of exams, wired."""

    completion: CompletionRule
    maker: DecisionMaker
    values: ValueKeeper
    reporting: ResultReporter
    held: HeldExams
    renumbering: PatientRenumbering
    corrections: ResultCorrections
    rehearsal: Rehearsal


def exam_parts(
    settings: Settings,
    routing: Routing,
    stores: Stores,
    book: OrderBook,
    forward: ForwardBook,
    due: DueSignal,
    clock: SteadyClock,
) -> ExamParts:
    """Return who decides whose exams are, reports them, and takes back what was wrong."""
    database, archive, outbox = stores.database, stores.archive, stores.outbox
    worklist, completion = stores.worklist, CompletionRule(settings.exam)
    maker = DecisionMaker(
        settings.exam, NumberRule(settings.exam.patient_id_pattern), DateRule(settings.exam)
    )
    values = ValueKeeper(routing.catalogue)
    gatherer = ExamGatherer(
        routing, database, archive, worklist, stores.openers, (maker, completion), values, clock
    )
    settler = ExamSettler(archive, outbox, values, forward.settled if forward.targets else None)
    held = HeldExams(database, archive, outbox, worklist, maker, due, clock)
    retractor = Retractor(outbox, routing, gatherer, clock)
    return ExamParts(
        completion,
        maker,
        values,
        ResultReporter(database, outbox, gatherer, settler, completion, clock),
        held,
        PatientRenumbering(database, book, held, due, clock, forward.moved),
        ResultCorrections(database, archive, outbox, retractor, held, due, clock),
        Rehearsal(database, archive, worklist, gatherer, settler, clock),
    )
