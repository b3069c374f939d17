"""What an operator has to be told: an unsigned log, jobs that nobody does, a full disk, records that overstay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from gongxin.ends import selectors as ends
from gongxin.endurance import backlog
from gongxin.endurance.room import mebibytes
from gongxin.walls import standing as standing_walls


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is not as it should be: a stable code, a sentence, the next step, the figures."""

    code: str
    title: str
    remedy: str
    facts: dict[str, Any]


def standing(*, at: datetime) -> list[Alarm]:
    """The alarms at that instant, by the limits of the settings (GONGXIN_ALARM_…)."""
    proof = _proof(ends.standing(at=at))
    return [*proof, *_log(backlog.log(at=at)), *_jobs(backlog.jobs(at=at)), *_disk(backlog.free_bytes()), *_walls()]


def _log(log: backlog.Log) -> Iterator[Alarm]:
    late = log.oldest_seconds > settings.ALARM_LOG_SECONDS
    if late or log.unsigned > settings.ALARM_LOG_LEAVES:
        yield Alarm(
            "log-backlog",
            f"日志有 {log.unsigned:,} 条尚未签署检查点，最早的一条已等待 {_minutes(log.oldest_seconds)}。",
            "请检查后台任务是否在运行、签名密钥是否可用，然后运行 gongxin ledger checkpoint。",
            {"unsigned": log.unsigned, "oldest_seconds": round(log.oldest_seconds)},
        )


def _jobs(jobs: backlog.Jobs) -> Iterator[Alarm]:
    if jobs.oldest_seconds > settings.ALARM_JOB_SECONDS:
        yield Alarm(
            "jobs-waiting",
            f"有 {jobs.waiting + jobs.running:,} 项后台任务没有完成，"
            f"最早的一项已等待 {_minutes(jobs.oldest_seconds)}。",
            "请检查后台任务是否在运行：gongxin intake work。",
            {"waiting": jobs.waiting, "running": jobs.running, "oldest_seconds": round(jobs.oldest_seconds)},
        )


def _disk(free: int) -> Iterator[Alarm]:
    if free < settings.ALARM_DISK_BYTES:
        yield Alarm(
            "disk-low",
            f"原始文件所在磁盘只剩 {mebibytes(free)}。",
            "请腾出空间；磁盘写满后报送会被拒绝，已有数据仍可查询。",
            {"free_bytes": free},
        )


def _walls() -> Iterator[Alarm]:
    """One alarm, however much is wrong: `gongxin database walls` tells all of it."""
    faults = standing_walls.faults()
    if faults:
        first = faults[0]
        yield Alarm("second-wall-down", first.title, first.remedy, {"faults": sorted({fault.code for fault in faults})})


def _proof(proof: ends.Standing) -> Iterator[Alarm]:
    run = proof.last
    if run is not None and run.overstaying:
        yield Alarm(
            "proof-overstaying",
            f"每日核验（{run.day}）发现 {run.overstaying:,} 条信用记录在不应出现的地方仍可看到。",
            "请信用办立即查看“每日核验”中的清单，核对记录后处理；政策包变更的，先运行 gongxin packs apply。",
            {"run": str(run.pk), "day": run.day.isoformat(), "overstaying": run.overstaying},
        )
    if run is not None and run.faults:
        yield Alarm(
            "proof-incomplete",
            f"每日核验（{run.day}）有 {run.faults} 个出口没有核验成功。",
            "请查看“每日核验”和后台任务的日志，排除故障后运行 gongxin proof run。",
            {"run": str(run.pk), "day": run.day.isoformat(), "faults": run.faults},
        )
    if proof.seconds > settings.ALARM_PROOF_SECONDS:
        yield Alarm(
            "proof-late",
            f"每日核验已有 {_minutes(proof.seconds)}没有完成。",
            "请检查后台任务是否在运行：gongxin intake work；也可以运行 gongxin proof run。",
            {"seconds": round(proof.seconds)},
        )


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:,.0f} 分钟" if seconds < 7200 else f"{seconds / 3600:,.0f} 小时"
