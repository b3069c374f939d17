"""The picture an authenticator app reads."""

from __future__ import annotations

from urllib.parse import quote

import segno

from gongxin.identity.models import User

_ISSUER = "公信"


def set_up_address(user: User, secret: str) -> str:
    """The otpauth address of the key URI format."""
    label = quote(f"{_ISSUER}:{user.username}")
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(_ISSUER)}"


def picture(address: str) -> str:
    """A QR code as a data: image. Dark on light in every palette: readers expect it so."""
    code = segno.make_qr(address, error="m")
    return code.svg_data_uri(scale=5, border=4, dark="#000", light="#fff")
