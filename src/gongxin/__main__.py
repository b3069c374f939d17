"""`python -m gongxin`: the same as the `gongxin` command."""

from __future__ import annotations

from gongxin.cli import main

main()
