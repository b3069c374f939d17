"""Finding the entries whose term of keeping is over, without opening one file after the other.

What a term counts from stands in the sealed decision. Beside the entry lies a blind index of item and month, made under
the node's key: those that may be due are found by the months there are, and only they are opened to be judged to the
day. Whoever has the database alone learns neither item nor month. An entry whose index is none of today's (it is new,
was corrected, or the pack counts from another day now) gets one by `derive`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef

from gongxin.persons import contents, keeping
from gongxin.persons.holding import OwnFile
from gongxin.persons.keeping import Kept
from gongxin.persons.models import TERM, Entry, File, Objection, Version
from gongxin.persons.personal_keys import PersonalKey
from gongxin.policy import packs
from gongxin.policy.retention import Retention
from gongxin.secrecy import blind, sealing
from gongxin.walls import acting

# Entries that are opened at once.
STRETCH: Final = 2_000

_STALE: Final = """
    SELECT id FROM persons_entry
    WHERE destroyed_on IS NULL AND (term_index IS NULL OR term_index <> ALL(%s)) AND id > %s ORDER BY id LIMIT %s
"""
_WRITE: Final = """
    UPDATE persons_entry SET term = made.term, term_index = made.term_index
    FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS made (id, term, term_index) WHERE persons_entry.id = made.id
"""
_NOBODY: Final = UUID(int=0)


def derive(day: date) -> int:
    """Give entries that have no index of today's rules theirs; how many. The node's own work: nothing is shown."""
    known, done, last = list(_known(day)), 0, _NOBODY
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_STALE, [known, last, STRETCH])
            stale = [row[0] for row in cursor.fetchall()]
        if not stale:
            return done
        done, last = done + _write(_of(stale, day)), stale[-1]


def due(rule: Retention, day: date, *, most: int, leaving: UUID | None = None) -> list[UUID]:
    """Ids of at most `most` entries whose term under the rule is over on `day`, with nothing under way about them.

    leaving: only of those in this proposal.
    """
    by = rule.ended_by(day)
    if by is None or rule.what != keeping.WHAT or not rule.in_force(day):
        return []
    running = Objection.objects.filter(entry=OuterRef("pk"), state=Objection.State.OPEN)
    found = Entry.objects.filter(destroyed_on=None, leaving=leaving).exclude(Exists(running))
    if leaving is None:
        found = found.filter(term_index__in=list(_indexes(rule, day, by)))
    made: list[UUID] = []
    # By id: the oldest entries first.
    ids = list(found.order_by("pk").values_list("pk", flat=True))
    for stretch in (ids[start : start + STRETCH] for start in range(0, len(ids), STRETCH)):
        held = _of(stretch, day)
        made += [entry for entry in stretch if (term := held[entry]) and term.rule.id == rule.id and term.is_over(day)]
        if len(made) >= most:
            break
    return made[:most]


def of_entry(own: OwnFile, version: Version, day: date) -> Kept | None:
    """The term of an entry by its last version."""
    body = contents.body_of(own, version)
    return contents.kept(body, day)


def _indexes(rule: Retention, day: date, by: date) -> Iterator[str]:
    """Every index that an entry may have whose term under the rule may be over."""
    for item in packs.current().items.values():
        if item.persons and keeping.rule_of(item.id, day) == rule:
            for text in keeping.texts(rule, item.id, by):
                yield from blind.blind_candidates(text, purpose=TERM)


def _known(day: date) -> Iterator[str]:
    """Every index there can be under the rules of `day`."""
    for item in packs.current().items.values():
        rule = keeping.rule_of(item.id, day) if item.persons else None
        if rule is not None:
            yield from blind.blind_many(
                [*keeping.texts(rule, item.id), keeping.text_of(rule, item.id, None)], purpose=TERM
            )


def _of(entries: Sequence[UUID], day: date) -> dict[UUID, Kept | None]:
    # Whoever asks is told how many are due, and nothing of what is opened for that.
    with acting.as_node():
        files = {file.pk: file for file in File.objects.filter(entries__in=entries).distinct()}
    opened = {key: OwnFile(file, PersonalKey(file.secret.reveal())) for key, file in files.items()}
    last = Version.objects.filter(entry__in=entries).order_by("entry_id", "-number").distinct("entry_id")
    return {
        version.entry_id: of_entry(opened[version.entry.file_id], version, day)
        for version in last.select_related("entry")
    }


def _write(found: dict[UUID, Kept | None]) -> int:
    terms = {str(entry): term.month for entry, term in found.items() if term}
    sealed = sealing.seal_many(list(terms.values()), table="persons_entry", field="term", rows=list(terms))
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [list(terms), sealed, blind.blind_many(list(terms.values()), purpose=TERM)])
    return len(terms)
