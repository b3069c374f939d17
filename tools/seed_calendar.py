"""Write `policies/cn/calendar/<year>.yaml` from chinesecalendar: run once a year after the State Council's notice.

    python tools/seed_calendar.py 2016 2026

The files are the table in force; this only saves typing. A test compares them with the package.
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar

FOLDER = Path(__file__).resolve().parents[1] / "policies" / "cn" / "calendar"
# Number of the notice for each year (M: copied from public lists), and of notices that changed the table later.
NOTICES = {
    2016: "国办发明电〔2015〕18号",
    2017: "国办发明电〔2016〕17号",
    2018: "国办发明电〔2017〕12号",
    2019: "国办发明电〔2018〕15号，劳动节调整见国办发明电〔2019〕3号",
    2020: "国办发明电〔2019〕16号，延长春节假期见国办发明电〔2020〕1号",
    2021: "国办发明电〔2020〕27号",
    2022: "国办发明电〔2021〕11号",
    2023: "国办发明电〔2022〕16号",
    2024: "国办发明电〔2023〕7号",
    2025: "国办发明电〔2024〕12号",
    2026: "国办发明电〔2025〕7号",
}


def table(year: int) -> str:
    """The YAML text of one year."""
    first, next_first = date(year, 1, 1), date(year + 1, 1, 1)
    days = [first + timedelta(days=number) for number in range((next_first - first).days)]
    off = [day for day in days if day.weekday() < 5 and not chinese_calendar.is_workday(day)]
    made_up = [day for day in days if day.weekday() >= 5 and chinese_calendar.is_workday(day)]
    return (
        f'id: "{year}"\n'
        "status: official\n"
        f"days_off: [{', '.join(map(str, off))}]\n"
        f"make_up_days: [{', '.join(map(str, made_up))}]\n"
        f"reference: {{title: 国务院办公厅关于{year}年部分节假日安排的通知, confidence: H, "
        f"note: 文号 {NOTICES[year]}（可信度 M）}}\n"
    )


def main(first: int, last: int) -> None:
    """Write the files of the years, both included."""
    for year in range(first, last + 1):
        (FOLDER / f"{year}.yaml").write_text(table(year), encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
