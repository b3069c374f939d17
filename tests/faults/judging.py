"""What the database holds afterwards, compared with what the clients were told."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.faults.load import Ledger
from tests.faults.node import Node

# No job may be stuck longer (the words: two minutes).
LONGEST = 120.0


@dataclass
class Verdict:
    """lost, half: what is wrong, in words. longest: seconds from the hand-in to the processing that finished it.

    interruptions: counted against submissions, in all and against the one that has most; refused: for too many of them.
    """

    acknowledged: int = 0
    checks: int = 0
    lost: list[str] = field(default_factory=list)
    half: list[str] = field(default_factory=list)
    longest: float = 0.0
    interruptions: tuple[int, int] = (0, 0)
    refused: int = 0

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.lost and not self.half and not self.refused and self.longest <= LONGEST


def idle(node: Node) -> bool:
    """Whether every submission is finished."""
    ((waiting,),) = node.ask("SELECT count(*) FROM intake_submission WHERE state IN ('received', 'processing')")
    return waiting == 0


def judge(node: Node, told: Ledger) -> Verdict:
    """Everything acknowledged is there, whole, once; nothing is half there."""
    verdict = Verdict(acknowledged=len(told.submitted), checks=len(told.checked))
    _submissions(node, told, verdict)
    _interruptions(node, verdict)
    _rows(node, told, verdict)
    _checks(node, told, verdict)
    said = node.run("-m", "gongxin", "ledger", "verify", check=False)
    if "全部相符" not in said:
        verdict.half.append(f"ledger: {said}")
    return verdict


def _submissions(node: Node, told: Ledger, verdict: Verdict) -> None:
    rows = node.ask(
        "SELECT s.id::text, s.state, s.fault_code, s.rows_in, s.accepted, s.unchanged, s.rejected, s.revised, "
        "coalesce(r.held, 0), extract(epoch FROM s.completed_at - s.received_at) FROM intake_submission s "
        "LEFT JOIN (SELECT submission_id, count(*) AS held FROM records_record GROUP BY 1) r ON r.submission_id = s.id"
    )
    known = {row[0] for row in rows}
    verdict.lost += [f"submission {one}" for one in told.submitted if one not in known]
    for one, state, fault, rows_in, accepted, unchanged, rejected, revised, held, waited in rows:
        sent = len(told.submitted[one]) if one in told.submitted else rows_in
        whole = (rows_in, accepted, unchanged, rejected, revised, held) == (sent, sent, 0, 0, 0, sent)
        if state != "completed" or not whole:
            verdict.half.append(f"submission {one}: {state} {fault} {rows_in} in, {accepted} accepted, {held} held")
        verdict.longest = max(verdict.longest, float(waited or 0))


def _interruptions(node: Node, verdict: Verdict) -> None:
    """None is enough for a refusal: what the tests break off is not the file's doing."""
    ((in_all, most, verdict.refused),) = node.ask(
        "SELECT coalesce(sum(interruptions), 0), coalesce(max(interruptions), 0), "
        "count(*) FILTER (WHERE fault_code = 'E118') FROM intake_submission"
    )
    verdict.interruptions = (int(in_all), int(most))


def _rows(node: Node, told: Ledger, verdict: Verdict) -> None:
    """Each row of an acknowledged file once; rows of an unanswered one all or none."""
    held: dict[str, int] = {}
    for number, count in node.ask("SELECT document_no, count(*) FROM records_record GROUP BY 1"):
        held[number] = count
    for numbers in told.submitted.values():
        verdict.lost += [f"row {number}: {held.get(number, 0)}" for number in numbers if held.get(number) != 1]
    for key, numbers in told.unanswered.items():
        if len({held.get(number, 0) for number in numbers}) > 1:
            verdict.half.append(f"unanswered {key}")


def _checks(node: Node, told: Ledger, verdict: Verdict) -> None:
    """Each acknowledged check is on record with its leaf; no check without one."""
    rows = node.ask(
        "SELECT l.id::text, f.seq IS NOT NULL AND b.seq IS NOT NULL FROM enquiries_look l "
        "LEFT JOIN enquiries_lookleaf f ON f.subject = l.id LEFT JOIN ledger_leaf b ON b.seq = f.seq"
    )
    known = dict(rows)
    verdict.lost += [f"check {one}" for one in told.checked if one not in known]
    verdict.half += [f"check {one} without a leaf" for one, leaf in known.items() if not leaf]
