"""A file handed in again, to the byte, while nothing has changed: what becomes of it is known without judging it anew.

Judging is a function of the file, the rules, the civil day, the register, the departments and the records held. Where
the same department handed in the same bytes for the same item on the same day, the rules are the same, and the log has
no leaf since then of anything that could make a difference, every row ends as it ended, but that what became a record
then is unchanged now; warnings that are given to new and changed rows only are not given again. In every case of doubt
the file is judged like any other (docs/adr/0027).
"""

from __future__ import annotations

from collections import Counter
from pathlib import PurePath
from typing import Final

from django.db import connection
from django.db.models import Q

from gongxin import __version__
from gongxin.clock import CIVIL_TIME
from gongxin.intake.models import Submission, SubmissionState
from gongxin.intake.returns import RETURN_COLUMNS
from gongxin.ledger import selectors as log
from gongxin.policy.pack import Pack

# Warnings of new and changed rows only: codes out of use, reported late, another end of publicity.
_ABOUT_LOADED: Final = frozenset({"W207", "W501", "W502"})
# The register has grown by the file itself, and rows judged before that might be judged otherwise now.
_REGISTERED: Final = "W302"
# Loaded, and taken out again when the contradiction showed: warned of meanwhile.
_CONTRADICTED: Final = "E215"
# Events that no judgement rests on, by how their names begin. Those of submissions are looked at one by one.
_INDIFFERENT: Final = (
    "account.", "auditor.", "binding.", "consent.", "delivery.", "factor.", "following.", "key.", "look.", "mailbox.",
    "nodekey.", "password.", "person.", "proof.", "report.", "representation.", "session.", "signin.", "submission.",
    "substitute.", "training.", "witness.",
)  # fmt: skip
# Leaves that are looked through at most: reading the file again costs less than more of them.
_LEAVES: Final = 100_000
_CARRIED: Final = ("rows_in", "rejected", "rejections_by_code", "generation", "columns", "ignored_columns")

_ROWS: Final = """
    INSERT INTO intake_rejectedrow (submission_id, row_number, cells)
    SELECT %s, row_number, cells FROM intake_rejectedrow WHERE submission_id = %s"""
_FINDINGS: Final = """
    INSERT INTO intake_finding (submission_id, row_number, field, code, value, expected)
    SELECT %s, row_number, field, code, value, expected FROM intake_finding
    WHERE submission_id = %s AND code <> ALL(%s) ORDER BY id"""


def stamp(pack: Pack) -> str:
    """By which rules a file is judged now: packs and program."""
    return f"{pack.version} {__version__}"


def known(submission: Submission, *, rules: str) -> Submission | None:
    """The hand-in that this one repeats without any difference; None where it has to be judged.

    Call it while no other file of the item can be at work.
    """
    if submission.corrects_id is not None:
        return None
    same = Submission.objects.filter(
        item=submission.item,
        provider_id=submission.provider_id,
        file_sha256=submission.file_sha256,
        state=SubmissionState.COMPLETED,
        corrects=None,
        rules=rules,
        received=0,
        leaf__isnull=False,
    )
    earlier = same.order_by("-leaf").first()
    return earlier if earlier is not None and _is_alike(earlier, submission) and not _anything_since(earlier) else None


def carry_over(earlier: Submission, submission: Submission) -> dict[str, object]:
    """The rejected rows and findings of the earlier hand-in for this one too. Returns its columns of the outcome."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [submission.pk, earlier.pk])
        cursor.execute(_FINDINGS, [submission.pk, earlier.pk, list(_ABOUT_LOADED)])
    warnings = {code: n for code, n in earlier.warnings_by_code.items() if code not in _ABOUT_LOADED}
    carried = {name: getattr(earlier, name) for name in _CARRIED}
    unchanged = earlier.accepted + earlier.revised + earlier.unchanged
    return carried | {
        "accepted": 0,
        "revised": 0,
        "unchanged": unchanged,
        "received": 0,
        "warnings_by_code": warnings,
    }


def _is_alike(earlier: Submission, submission: Submission) -> bool:
    """Whether the two can only be judged alike, as far as they themselves tell."""
    days = [entry.received_at.astimezone(CIVIL_TIME).date() for entry in (earlier, submission)]
    kinds = [PurePath(entry.filename).suffix.lower() for entry in (earlier, submission)]
    found = Counter(earlier.warnings_by_code) + Counter(earlier.rejections_by_code)
    doubtful = _REGISTERED in found or (_CONTRADICTED in found and not _ABOUT_LOADED.isdisjoint(found))
    returned = not set(RETURN_COLUMNS).isdisjoint(earlier.columns)
    return days[0] == days[1] and kinds[0] == kinds[1] and not doubtful and not returned


def _anything_since(earlier: Submission) -> bool:
    """Whether anything has happened since the work over it began that could make a difference."""
    if earlier.leaf is None or log.size() - earlier.leaf > _LEAVES or log.happened(earlier.leaf, but=_INDIFFERENT):
        return True
    changing = Q(item=earlier.item) & (Q(accepted__gt=0) | Q(revised__gt=0)) | Q(warnings_by_code__has_key=_REGISTERED)
    ended = log.named_since(earlier.leaf, event="submission.completed", field="submission")
    return Submission.objects.exclude(pk=earlier.pk).filter(changing, pk__in=ended).exists()
