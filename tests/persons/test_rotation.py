"""The node's keys change under the files: both suites, everything stays the person's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.persons.people import AT, account, handed_in, number, row
from tests.secrecy.conftest import ring, ring_file, suite_name, use

from gongxin.custody import keeping, places
from gongxin.errors import NotPermitted
from gongxin.persons import holding, opening
from gongxin.persons.documents import RESIDENT_ID
from gongxin.persons.models import File
from gongxin.secrecy import sources
from gongxin.secrecy.keyring import KeyRing, Purpose

__all__ = ["ring", "ring_file", "suite_name", "use"]


@pytest.mark.django_db
def test_after_a_rotation_the_file_is_found_at_the_next_sign_in(ring: KeyRing) -> None:
    handed_in(row(1))
    someone = account(1)
    before = {key.id for key in ring.keys}
    assert len(opening.open_own(acting_user=someone, at=AT).records) == 1
    keeping.rotate(acting_user="operator", at=AT + timedelta(days=1))
    assert not before & set(places.in_use([*places.sealed(), *places.indexed()]))
    with pytest.raises(NotPermitted) as again:
        opening.open_own(acting_user=someone, at=AT)
    assert again.value.code == "person-sign-in-again"
    holding.keep(someone, holding.indexes(RESIDENT_ID, number(1)), at=AT)
    assert len(opening.open_own(acting_user=someone, at=AT).records) == 1
    assert handed_in(row(1), row(1, 2)).received == 2
    assert len(opening.open_own(acting_user=someone, at=AT).records) == 2
    assert File.objects.count() == 1


@pytest.mark.django_db
def test_while_a_rotation_is_under_way_nobody_gets_a_second_file(ring: KeyRing) -> None:
    """The new key is active, the file's index is still of the one before."""
    handed_in(row(1))
    sources.source().save(ring.with_new(Purpose.BLIND_INDEX, "intl", at=AT))
    handed_in(row(1, 2))
    assert File.objects.count() == 1
    assert len(opening.open_own(acting_user=account(1), at=AT).records) == 2
