"""Gongxin (公信): an open platform for public credit information about organisations."""

import os

# Polars' allocator hands memory back to the system at once, and the next block of a file faults it in again: an eighth
# of a load. It is read when Polars is first imported, so it stands before every other import (docs/adr/0003).
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:1000,muzzy_decay_ms:0")

__version__ = "0.1.0"
