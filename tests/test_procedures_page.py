"""docs/procedures.md and its drawings are those of the pack."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from xml.etree import ElementTree as ET

from gongxin.policy import packs
from gongxin.web import diagrams

_TOOL = Path(__file__).resolve().parents[1] / "tools" / "procedures.py"


def test_committed_files_are_current() -> None:
    """Run tools/procedures.py and commit what it writes."""
    spec = importlib.util.spec_from_file_location("procedures", _TOOL)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    stale = [path.name for path, content in tool.files().items() if not path.exists() or path.read_text() != content]
    assert stale == []


def test_every_drawing_is_sound_and_names_every_state_and_step() -> None:
    """Well-formed, no script, no style attribute; each state once, each step's number as often as it has lanes."""
    for procedure in packs.current().procedures.values():
        for english in (False, True):
            drawn = diagrams.svg(procedure, current=procedure.states[0].id, english=english)
            root = ET.fromstring(drawn)
            tags = [element.tag.rpartition("}")[2] for element in root.iter()]
            assert "script" not in tags
            assert " style=" not in drawn
            assert tags.count("rect") == len(procedure.states)
            assert drawn.count('class="number"') == len(procedure.transitions)
            assert drawn.count("state now") + drawn.count("end now") == 1
            texts = "".join(element.text or "" for element in root.iter() if element.tag.endswith("text"))
            for state in procedure.states:
                words = (state.title_en if english else state.title).replace(" ", "")
                assert words in texts.replace(" ", "")


def test_lanes_never_share_a_line() -> None:
    """No two lines enter or leave a box at the same height."""
    for procedure in packs.current().procedures.values():
        boxes = diagrams._boxes(procedure)
        lanes = [diagrams._lane(number, row, boxes) for number, row in enumerate(procedure.transitions, start=1)]
        heights = [height for lane in lanes for height in (*lane.starts, lane.end)]
        assert len(heights) == len(set(heights))
        for box in boxes.values():
            assert box.ports * 15 < box.height + 1
