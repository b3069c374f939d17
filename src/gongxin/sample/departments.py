"""The departments of the made-up city of 泽川."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gongxin.sample.codes import unified_codes

_TEN = ("coercion", "confirmation", "levy", "grant", "adjudication", "compensation", "award", "supervision-check")
_GENERAL = ("licence", "penalty", *_TEN, "honour", "contract-performance")


@dataclass(frozen=True, slots=True)
class SampleDepartment:
    """A department as the demonstration sets it up. items: what it hands in."""

    code: str
    name: str
    items: tuple[str, ...] = _GENERAL

    @property
    def uscc(self) -> str:
        """A made-up code of a government body, the same each time."""
        serial = np.array([70_000_000 + int.from_bytes(self.code.encode(), "big") % 9_999_991])
        return str(unified_codes(np.array(["11"]), serial)[0])


DEPARTMENTS = (
    SampleDepartment("credit", "泽川市社会信用中心", ("honour", "contract-performance", "voluntary")),
    SampleDepartment(
        "market",
        "泽川市市场监督管理局",
        (*_GENERAL, "commitment", "register-basics", "abnormal-operations", "serious-dishonesty"),
    ),
    SampleDepartment("housing", "泽川市住房和城乡建设局"),
    SampleDepartment("transport", "泽川市交通运输局"),
    SampleDepartment("ecology", "泽川市生态环境局"),
    SampleDepartment("emergency", "泽川市应急管理局", (*_GENERAL, "serious-dishonesty")),
    SampleDepartment("fire", "泽川市消防救援支队"),
    SampleDepartment("tax", "泽川市税务局", ("penalty", "tax-credit-a", "tax-arrears", "serious-dishonesty")),
    SampleDepartment("health", "泽川市卫生健康委员会"),
    SampleDepartment("culture", "泽川市文化和旅游局"),
    SampleDepartment("agriculture", "泽川市农业农村局"),
    SampleDepartment("labour", "泽川市人力资源和社会保障局", (*_GENERAL, "serious-dishonesty")),
    SampleDepartment("court", "泽川市人民法院", ("court-enforcement",)),
    SampleDepartment("civil", "泽川市民政局", (*_GENERAL, "serious-dishonesty")),
)
BY_CODE = {department.code: department for department in DEPARTMENTS}
