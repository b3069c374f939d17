"""What the embedded server is told: a laptop's share of memory, sockets only."""

from __future__ import annotations

import os

from gongxin.embedded.place import PORT, Place

_ALWAYS = {
    "listen_addresses": "",
    "port": PORT,
    "unix_socket_permissions": "0700",
    "max_connections": 100,
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    # A load of a million rows writes 1.4 GB of it: no checkpoint shall come in between.
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": 1.1,
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}
_THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "128MB"}
_ROOMY = 1024**3


def configuration(place: Place, *, throw_away: bool) -> str:
    """The text of gongxin.conf. throw_away: the data of a test run, which a power cut may take."""
    values: dict[str, object] = {**_ALWAYS, "unix_socket_directories": place.sockets}
    if not _shared_memory_is_roomy():
        values["dynamic_shared_memory_type"] = "mmap"
    if throw_away:
        values |= _THROW_AWAY
    lines = [f"{name} = '{str(value).replace(chr(39), chr(39) * 2)}'" for name, value in values.items()]
    return "# Written anew at every start.\n" + "\n".join(lines) + "\n"


def _shared_memory_is_roomy() -> bool:
    """Containers often have 64 MiB of /dev/shm, which a parallel query outgrows; macOS has no such limit."""
    try:
        # Only asked for its size.
        room = os.statvfs("/dev/shm")  # noqa: S108
    except FileNotFoundError:
        return True
    return room.f_blocks * room.f_frsize >= _ROOMY
