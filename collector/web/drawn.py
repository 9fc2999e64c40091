"""What somebody drew beside a form, such as a signature; without script there is nothing."""

from __future__ import annotations

from typing import Final

from collector.inspecting.drawing import BadDrawing, of_data_url
from collector.web.forms import Form

WRONG: Final = "sign.wrong"


def drawn_of(form: Form) -> bytes:
    """Return what was drawn, empty where nothing was; what is no drawing is marked in the form."""
    sent = form.text("drawn")
    try:
        return of_data_url(sent) if sent else b""
    except BadDrawing:
        form.mark("drawing", WRONG)
        return b""
