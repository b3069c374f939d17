"""Gongxin (公信): an open platform for public credit information about organisations."""

__version__ = "0.1.0"
