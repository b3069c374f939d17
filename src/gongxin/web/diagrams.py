"""A procedure as a drawing: states as boxes one below the other, each step in a lane of its own, numbered as in the
table that says the rest. Server-side SVG without script or style; the stylesheet gives it the page's colours.

Lanes never share a line: a box is as high as it has lines, so that every line can be followed, however many there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Final

from gongxin.policy.casework import CaseState, Procedure, Transition

_BOX_WIDTH: Final = 168
_LINE: Final = 15
_LEAST: Final = 40
_GAP: Final = 16
_MARGIN: Final = 12
_LANE: Final = 27
_RADIUS: Final = 10
# Characters in a line of a box.
_CHARACTERS_ZH: Final = 10
_CHARACTERS_EN: Final = 22
_INK: Final = "#515a64"


@dataclass(slots=True)
class _Box:
    """A state in its place. ports: how many lines have been led to it so far."""

    state: CaseState
    y: float
    height: float
    ports: int = 0

    def port(self) -> float:
        """The height of the next free line."""
        self.ports += 1
        return self.y + self.ports * _LINE


@dataclass(slots=True)
class _Lane:
    """One step: the heights it comes from, and the one it goes to."""

    number: int
    row: Transition
    starts: list[float] = field(default_factory=list)
    end: float = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table beside the drawing."""

    number: int
    transition: Transition
    since: tuple[CaseState, ...]
    to: CaseState


def rows(procedure: Procedure) -> list[Row]:
    """The steps, numbered as in the drawing."""
    return [
        Row(number, row, tuple(procedure.state(name) for name in row.since), procedure.state(row.to))
        for number, row in enumerate(procedure.transitions, start=1)
    ]


def svg(procedure: Procedure, *, current: str = "", english: bool = False) -> str:
    """The drawing. current: the state to mark; english: titles in English."""
    boxes = _boxes(procedure)
    lanes = [_lane(number, row, boxes) for number, row in enumerate(procedure.transitions, start=1)]
    width = _MARGIN * 2 + _BOX_WIDTH + _LANE * (len(lanes) + 1)
    height = max(box.y + box.height for box in boxes.values()) + _MARGIN
    title = procedure.title_en if english else procedure.title
    said = f"{title}: states and steps, listed in the table" if english else f"{title}：状态和步骤，内容见表"
    name = f"diagram-{procedure.id}"
    marker = (
        f'<defs><marker id="{name}-head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" '
        f'orient="auto"><path class="head" d="M0 0 8 4 0 8z" fill="{_INK}"/></marker></defs>'
    )
    ways = "".join(_way(lane, name) for lane in lanes)
    numbers = "".join(_number(lane) for lane in lanes)
    drawn = "".join(_drawn(box, now=box.state.id == current, english=english) for box in boxes.values())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="diagram" role="img" aria-labelledby="{name}-title" '
        f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" font-family="sans-serif">'
        f'<title id="{name}-title">{escape(said)}</title>{marker}{ways}{drawn}{numbers}</svg>'
    )


def _boxes(procedure: Procedure) -> dict[str, _Box]:
    found, y = {}, float(_MARGIN + _RADIUS)
    for state in procedure.states:
        lines = sum((state.id in row.since) + (row.to == state.id) for row in procedure.transitions)
        height = max(_LEAST, (lines + 1) * _LINE)
        found[state.id] = _Box(state, y, height)
        y += height + _GAP
    return found


def _lane(number: int, row: Transition, boxes: dict[str, _Box]) -> _Lane:
    return _Lane(number, row, [boxes[name].port() for name in row.since], boxes[row.to].port())


def _x(lane: _Lane) -> float:
    return _MARGIN + _BOX_WIDTH + _LANE * lane.number


def _way(lane: _Lane, name: str) -> str:
    """From every start to the lane, along it, and with an arrow's head into the box it leads to."""
    x, edge = _x(lane), _MARGIN + _BOX_WIDTH
    heights = [*lane.starts, lane.end] if lane.starts else [float(_MARGIN), lane.end]
    parts = [f"M{edge} {start:g}H{x:g}" for start in lane.starts]
    parts.append(f"M{x:g} {min(heights):g}V{max(heights):g}")
    end = (
        f'<path class="way" d="M{x:g} {lane.end:g}H{edge}" fill="none" stroke="{_INK}" marker-end="url(#{name}-head)"/>'
    )
    return f'<path class="way" d="{"".join(parts)}" fill="none" stroke="{_INK}"/>{end}'


def _number(lane: _Lane) -> str:
    """The number of the step, in the middle of its way, or at its top where it opens a case."""
    x = _x(lane)
    y = (min(lane.starts) + max(*lane.starts, lane.end)) / 2 if lane.starts else float(_MARGIN)
    if lane.starts and lane.end < min(lane.starts):
        y = (lane.end + min(lane.starts)) / 2
    return (
        f'<circle class="step" cx="{x:g}" cy="{y:g}" r="{_RADIUS}" fill="#fff" stroke="{_INK}"/>'
        f'<text class="number" x="{x:g}" y="{y + 4:g}" text-anchor="middle" font-size="11">{lane.number}</text>'
    )


def _drawn(box: _Box, *, now: bool, english: bool) -> str:
    state = box.state
    kind = f"state{' end' if state.outcome else ''}{' now' if now else ''}"
    lines = _wrapped(state.title_en if english else state.title, _CHARACTERS_EN if english else _CHARACTERS_ZH)
    first = box.y + box.height / 2 + 5 - (len(lines) - 1) * 8
    middle = _MARGIN + _BOX_WIDTH / 2
    texts = "".join(
        f'<text x="{middle:g}" y="{first + number * 16:g}" text-anchor="middle" font-size="13">{escape(line)}</text>'
        for number, line in enumerate(lines)
    )
    return (
        f'<g class="{kind}"><rect x="{_MARGIN}" y="{box.y:g}" width="{_BOX_WIDTH}" height="{box.height:g}" '
        f'rx="{18 if state.outcome else 3}" fill="#fff" stroke="{"#96222f" if now else "#8a8479"}" '
        f'stroke-width="{3 if now else 1}"/>{texts}</g>'
    )


def _wrapped(text: str, length: int) -> list[str]:
    """The text in one line or two."""
    if len(text) <= length:
        return [text]
    if " " in text:
        words, first = text.split(" "), ""
        while words and len(first) + len(words[0]) < length:
            first = f"{first} {words.pop(0)}".strip()
        return [first, " ".join(words)]
    cut = text.find("，") + 1
    half = cut if 0 < cut <= length else -(-len(text) // 2)
    return [text[:half], text[half:]]
