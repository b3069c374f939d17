"""Penalties at every end of their lives, handed in like any other, and the accounts that look after them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tests.intake.hand_ins import hand_in
from tests.intake.hand_ins import penalty as row
from tests.rights import world as worlds
from tests.rights.world import World, at

from gongxin.ends.proving import Plan
from gongxin.identity.models import Role, User
from gongxin.intake.models import Submission
from gongxin.records.models import Record
from gongxin.subjects.models import Organisation

# The day of the proof; the penalty of 2025-11-20 has ended on 2026-11-20.
DAY = date(2026, 11, 21)
DECIDED = {"公示中": date(2026, 10, 8), "已届满": date(2025, 11, 20), "已修复": date(2026, 4, 1)}
PLAN = Plan(days=3, sample=50)


@dataclass(frozen=True)
class City:
    """world: two departments with officers. public, ended, repaired: penalties of the same organisation."""

    world: World
    public: Record
    ended: Record
    repaired: Record
    auditor: User
    office: User
    second: User
    system: User

    @property
    def all(self) -> tuple[Record, ...]:
        """The three."""
        return self.public, self.ended, self.repaired


def build() -> City:
    """Hand three penalties in and have one repaired."""
    world = worlds.build()
    Record.objects.filter(pk=world.record.pk).delete()
    about = Organisation.objects.get(pk=world.company.pk)
    done = hand_in(_rows(about), provider=world.market, at=at(DECIDED["公示中"]))
    assert done.accepted == 3, done.rejections_by_code
    held = {record.decided_on: record for record in Record.objects.filter(submission_id=done.pk)}
    public, ended, repaired = (held[day] for day in DECIDED.values())
    given = {name: getattr(world, name) for name in World.__dataclass_fields__} | {"record": repaired}
    World(**given).repaired(on=date(2026, 11, 20))
    return City(
        world=World(**given),
        public=Record.objects.get(pk=public.pk),
        ended=Record.objects.get(pk=ended.pk),
        repaired=Record.objects.get(pk=repaired.pk),
        auditor=worlds.user("auditor", Role.AUDITOR, world.office.department),
        office=world.office,
        second=worlds.user("colleague", Role.CREDIT_OFFICE, world.office.department),
        system=worlds.user("system", Role.SYSTEM_ADMIN, world.office.department),
    )


def hand_in_again(city: City, day: date) -> Submission:
    """The three decisions once more, as they were."""
    about = Organisation.objects.get(pk=city.world.company.pk)
    return hand_in(_rows(about), provider=city.world.market, at=at(day))


def _rows(about: Organisation) -> list[dict[str, str]]:
    return [_row(about, number, decided) for number, decided in DECIDED.items()]


def _row(about: Organisation, number: str, decided: date) -> dict[str, str]:
    return row(
        1,
        CF_XDR_MC=about.name,
        CF_XDR_SHXYM=about.uscc or "",
        CF_WSH=f"泽市监罚〔2026〕{number}号",
        CF_JDRQ=decided.isoformat(),
    )
