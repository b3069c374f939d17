"""What the catalogue asks of a row, seen from the file."""

from __future__ import annotations

import pytest
from tests.intake.hand_ins import AT, code, csv_of, department, hand_in, penalty

from gongxin.intake.models import Finding
from gongxin.policy import packs

pytestmark = pytest.mark.django_db


def errors(**changes: str) -> dict[str, str]:
    """Code → field of the errors of one row."""
    submission = hand_in([penalty(1, **changes)])
    assert submission.rows_in == 1
    return dict(Finding.objects.filter(submission=submission, code__startswith="E").values_list("code", "field"))


def warnings(**changes: str) -> dict[str, str]:
    """Code → field of the warnings of one row that is taken in."""
    submission = hand_in([penalty(1, **changes)])
    assert submission.accepted == 1, submission.rejections_by_code
    return dict(Finding.objects.filter(submission=submission, code__startswith="W").values_list("code", "field"))


def test_faultless_row() -> None:
    assert errors() == {}


@pytest.mark.parametrize(
    "field", ["CF_XDR_MC", "CF_WSH", "CF_WFXW", "CF_CFLB", "CF_JDRQ", "CF_YXQ", "CF_CFJGDM", "CF_SJLY"]
)
def test_required(field: str) -> None:
    assert errors(**{field: ""}) == {"E203": field}


def test_required_when_another_field_says_so() -> None:
    assert errors(CF_FRDB="") == {"E204": "CF_FRDB"}
    assert warnings(CF_NR_FK="")["W202"] == "CF_NR_FK"
    assert "W202" in warnings(CF_CFLB="吊销许可证件;警告", CF_WSH="泽市监罚〔2026〕9号")


def test_length() -> None:
    assert errors(BZ="字" * 513) == {"E205": "BZ"}
    found = Finding.objects.get(code="E205")
    assert (found.value, found.expected) == ("513", "512")
    assert errors(BZ="字" * 512) == {}


def test_code_lists() -> None:
    assert errors(CF_CFLB="训诫") == {"E206": "CF_CFLB"}
    assert "警告" in Finding.objects.get(code="E206").expected


def test_order_of_days() -> None:
    assert errors(CF_YXQ="2026/04/02") == {"E501": "CF_YXQ"}
    assert errors(CF_YXQ="2026/04/03") == {}


def test_decision_in_the_future() -> None:
    # Handed in on 2026-04-10, 09:00 in China.
    assert errors(CF_JDRQ="2026/04/10") == {}
    assert errors(CF_JDRQ="2026/04/11", CF_WSH="泽市监罚〔2026〕8号") == {"E502": "CF_JDRQ"}


def test_unified_code() -> None:
    right = code(1)
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    assert errors(CF_XDR_SHXYM=wrong) == {"E302": "CF_XDR_SHXYM"}
    assert Finding.objects.get(code="E302").expected == right[-1]
    assert errors(CF_XDR_SHXYM=right[:17]) == {"E301": "CF_XDR_SHXYM"}
    assert errors(CF_XDR_SHXYM=right[:17] + "I") == {"E301": "CF_XDR_SHXYM"}
    assert errors(CF_CFJGDM=wrong) == {"E302": "CF_CFJGDM"}


def test_placeholder_code_needs_a_registration_number() -> None:
    trader = {"CF_XDR_LB": "个体工商户", "CF_XDR_SHXYM": "0" * 17 + "X"}
    assert errors(**trader) == {"E306": "CF_XDR_SHXYM"}
    assert "E306" not in errors(**trader, CF_XDR_GSZC="000000600000016")


def test_registration_number_and_organisation_code() -> None:
    assert errors(CF_XDR_GSZC="000000000000001") == {"E304": "CF_XDR_GSZC"}
    assert errors(CF_XDR_GSZC="企合苏镇分字第000001号") == {}
    assert errors(CF_XDR_ZZJG="MA0000011", CF_WSH="泽市监罚〔2026〕7号") == {"E303": "CF_XDR_ZZJG"}


def test_authority_that_nobody_knows() -> None:
    department("market", uscc=code(1, "11"))
    assert "W303" not in warnings()
    assert warnings(CF_CFJGDM=code(77, "11"), CF_WSH="泽市监罚〔2026〕6号")["W303"] == "CF_CFJGDM"


def test_unusual_registering_authority() -> None:
    assert warnings(CF_XDR_SHXYM=code(5, "95"))["W304"] == "CF_XDR_SHXYM"


def test_late_report() -> None:
    # Qingming: 4 to 6 April 2026 are days off. The seventh working day after 30 March is 9 April.
    pack = packs.current()
    assert pack.clocks["report"].limit == 7
    assert "W501" not in warnings(CF_JDRQ="2026/03/31")
    assert warnings(CF_JDRQ="2026/03/30", CF_WSH="泽市监罚〔2026〕5号")["W501"] == "CF_JDRQ"
    assert Finding.objects.get(code="W501").expected == "2026-04-09"
    assert AT.day == 10


def test_reported_end_of_publicity_is_only_compared() -> None:
    assert warnings(CF_GSJZQ="2030/01/01")["W502"] == "CF_GSJZQ"
    assert warnings(CF_GSJZQ="1900-01-01", CF_WSH="泽市监罚〔2026〕4号")["W203"] == "CF_GSJZQ"


def test_one_error_a_field_and_all_fields_at_once() -> None:
    submission = hand_in([penalty(1, CF_JDRQ="昨天", CF_WSH="", CF_NR_FK="2000元", CF_CFLB="")])
    assert (submission.rows_in, submission.rejected) == (1, 1)
    assert submission.rejections_by_code == {"E203": 1, "E207": 1, "E208": 1}
    found = list(Finding.objects.filter(code__startswith="E").values_list("field", flat=True))
    assert sorted(found) == ["CF_CFLB", "CF_JDRQ", "CF_NR_FK", "CF_WSH"]


def test_warnings_are_counted_in_full_and_kept_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gongxin.intake.findings.WARNINGS_KEPT", 3)
    submission = hand_in(csv_of([penalty(n, CF_NR_FK="") for n in range(1, 11)]))
    assert submission.warnings_by_code["W202"] == 10
    assert Finding.objects.filter(code="W202").count() == 3
