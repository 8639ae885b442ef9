"""Upscales that somebody cancels on GIMP's bar, which kills the plug-in, and Resume after it; in a GIMP 2.10.

``first`` and ``restarted`` each run in a GIMP of their own. Whoever started them kills the plug-in while the
service works, and lets the service finish when the file ``go on`` appears. What happened is written as JSON.
"""

from __future__ import absolute_import

import json
import os

from gimpfu import *

from contract_tests.gimpfu_stubs.conformance.kit import Undo

from .inside import add, paint, raw

SIZE = (200, 180)
# a toggle that is no truth value: here gimpfu stops believing the caller and opens its dialog for the rest
OPTIONS = (2, "photo", 7.0, 7.0, 30.0, 0, "scale-image", "layer", "service")
_LONGEST = 60


class Story(object):
    """What happened to each image, by name."""

    def __init__(self, folder):
        self.folder = folder
        self.told = {}

    def path(self, name):
        return os.path.join(self.folder, name)

    def tell(self, name, image, **more):
        layer = image.layers[0]
        self.told[name] = dict(
            more, layer=[layer.width, layer.height], depth=Undo(image).depth(),
            images=len(gimp.image_list()), offsets=list(layer.offsets),
        )  # fmt: skip

    def save(self, name):
        with open(self.path(name), "wb") as stream:
            stream.write(json.dumps(self.told).encode("utf-8"))


def picture(seed):
    """Return an image with one layer."""
    image = gimp.Image(SIZE[0], SIZE[1], RGB)
    image.disable_undo()
    add(image, "Sky", SIZE, (0, 0), RGB, None, seed)
    image.enable_undo()
    return image


def upscale_and_be_killed(image, mode=RUN_INTERACTIVE):
    """Return whether the upscale ended otherwise than by itself."""
    try:
        pdb.python_fu_precision_upscale(image, image.layers[0], *OPTIONS, run_mode=mode)
    except RuntimeError:
        return True
    return False


def resume_until(done):
    """Call Resume again and again, while the worker finishes what was paid for."""
    for _ in range(_LONGEST):
        pdb.python_fu_precision_upscale_resume()
        if done():
            return


def first(folder):
    """Three pictures: one gets its result in place, one was painted on, one waits for another GIMP."""
    pdb.gimp_plugin_enable_precision()
    story = Story(folder)
    image = picture(1)
    cancel = os.environ["PROBE_WINDOWS"] + ".cancel"
    open(cancel, "w").close()
    values = pdb.python_fu_precision_upscale(image, image.layers[0], *OPTIONS, run_mode=RUN_INTERACTIVE)
    os.remove(cancel)
    story.tell("dialog cancelled", image, values=values)
    killed = upscale_and_be_killed(image)
    pdb.python_fu_precision_upscale_resume()
    story.tell("killed", image, killed=killed)
    image.layers[0].set_offsets(5, 6)
    open(story.path("go on 1"), "w").close()
    resume_until(lambda: image.layers[0].width != SIZE[0])
    story.tell("in place", image)
    pdb.gimp_image_delete(image)

    image = picture(2)
    upscale_and_be_killed(image)
    octets = bytearray(raw(image.layers[0]))
    octets[3000] ^= 1
    paint(image.layers[0], bytes(octets))
    open(story.path("go on 2"), "w").close()
    resume_until(lambda: len(gimp.image_list()) > 1)
    kept = raw(image.layers[0]) == bytes(octets)
    story.tell("painted", image, kept=kept)
    for one in gimp.image_list():
        pdb.gimp_image_delete(one)

    image = picture(3)
    path = story.path("bild \xc3\xa9.xcf")
    pdb.gimp_xcf_save(0, image, image.layers[0], path, path)
    pdb.gimp_image_delete(image)
    image = pdb.gimp_file_load(path, path)
    upscale_and_be_killed(image)
    story.save("first.json")


def restarted(folder):
    """Open the image of the last one again, beside another of the same size, and resume."""
    pdb.gimp_plugin_enable_precision()
    story = Story(folder)
    other = picture(4)
    path = story.path("bild \xc3\xa9.xcf")
    image = pdb.gimp_file_load(path, path)
    resume_until(lambda: image.layers[0].width != SIZE[0] or len(gimp.image_list()) > 2)
    story.tell("restarted", image, other=other.layers[0].width)
    story.save("restarted.json")
