"""The front end for GIMP 2.10, loaded into the stubs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from contract_tests.gimpfu_stubs import Session

from .scripted import Script

FRONT_END = Path(__file__).parents[3] / "plugin/gimp2"


def forget_front_end() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "upscaler_gimp2"]:
        del sys.modules[name]


class FrontEnd:
    """The front end loaded into a pretended GIMP, talking to scripted workers."""

    def __init__(self, session: Session, script: Script) -> None:
        self.session, self.script = session, script

    def image(
        self, width: int = 200, height: int = 180, *, alpha: bool = False, **more: Any
    ) -> tuple[Any, Any]:
        """Return an image with one layer of a few colours, and the layer."""
        gimp = self.session.gimp
        image = self.session.pdb.gimp_image_new_with_precision(
            *more.get("canvas", (width, height)), more.get("base", 0), more.get("precision", 150)
        )
        kind = image.base_type * 2 + int(alpha)
        layer = gimp.Layer(image, more.get("name", "Sky"), width, height, kind, 100.0, 28)
        image.add_layer(layer, 0)
        gimp.set_foreground(90, 120, 150)
        layer.fill(0)
        return image, layer

    def upscale(self, image: Any, layer: Any, **options: Any) -> Any:
        """Call the procedure as a script does and return its values; RuntimeError when it fails."""
        values = {
            "scale_factor": 2, "flavor": "photo", "sharpen": 7, "smart_grain": 7, "ultra_detail": 30,
            "filter_nsfw": False, "placement": "scale-image", "area": "layer", "colors": "service", **options,
        }  # fmt: skip
        return self.session.pdb.python_fu_precision_upscale(image, layer, *values.values())

    def refusal(self, image: Any, layer: Any, **options: Any) -> str:
        """Return the message of a run that must be refused before anything is sent."""
        with pytest.raises(RuntimeError, match="execution error"):
            self.upscale(image, layer, **options)
        sent = [one for one in self.script.commands if one["command"] == "upscale"]
        assert not sent, "something was sent"
        (message,) = self.session.messages
        self.session.messages.clear()
        return message
