"""Probes of plug-ins: ``register()``, ``main()``, calls between plug-ins, the shelf.

``probe_plugin.py`` beside this file is installed as a plug-in where the probes run.
"""

from __future__ import absolute_import

import gimpfu
import gimpshelf
from gimpfu import *

from .kit import probe, raised
from .layers import one_layer


def try_register(name="probe_made_up", params=(), results=(), label="Label", menu="<Image>/Filters", **more):
    """Call ``register`` and forget what it registered; returns what it raised or the registered name."""
    known = set(gimpfu._registered_plugins_)
    found = raised(
        register,
        name,
        "blurb",
        "help",
        "author",
        "copyright",
        "year",
        label,
        "*",
        list(params),
        list(results),
        lambda: None,
        menu=menu,
        **more
    )  # fmt: skip
    new = sorted(set(gimpfu._registered_plugins_) - known)
    for one in new:
        del gimpfu._registered_plugins_[one]
    return [found, new]


@probe
def names_get_a_prefix():
    return [
        try_register(name)[1]
        for name in (
            "plain",
            "python-fu-one",
            "python_fu_two",
            "plug-in-three",
            "file-four",
            "extension_five",
            "python-six",
        )
    ]


@probe
def bad_names():
    return [try_register(name)[0] for name in ("with space", "umlaut\xe4"[:7] + "!", "dot.dot", "")]


@probe
def bad_parameters():
    return [
        try_register(params=[parameter])[0]
        for parameter in ((PF_INT, "short", "two"), ("int", "name", "text", 1), (PF_INT, "a b", "text", 1))
    ]


@probe
def bad_results():
    return [
        try_register(results=[result])[0]
        for result in ((PF_INT, "short"), ("int", "name", "text"), (PF_INT, "a b", "text"))
    ]


@probe
def good_parameters():
    return try_register(
        params=[(PF_INT, "a-b_1", "text", 1), (PF_SLIDER, "c", "text", 1, (0, 9, 1))],
        results=[(PF_IMAGE, "out", "text")],
    )


@probe
def parameter_constants():
    return dict((name, getattr(gimpfu, name)) for name in dir(gimpfu) if name.startswith("PF_"))


@probe
def names_that_star_import_brings():
    return [
        name in globals()
        for name in (
            "gimp",
            "pdb",
            "register",
            "main",
            "fail",
            "gimpcolor",
            "RGB",
            "NORMAL_MODE",
            "PDB_INT32",
            "PF_INT",
            "RUN_NONINTERACTIVE",
            "error",
            "CancelError",
            "N_",
            "math",
        )
    ]


@probe
def fail_is_an_error():
    pdb.gimp_message_set_handler(ERROR_CONSOLE)
    return raised(fail, "it does not work")


@probe
def a_plugin_is_in_the_database():
    procedure = pdb["python-fu-probe-echo"]
    return [
        procedure.proc_name,
        procedure.proc_blurb,
        procedure.proc_help,
        procedure.proc_author,
        procedure.proc_copyright,
        procedure.proc_date,
        procedure.proc_type,
        procedure.nparams,
        [tuple(item) for item in procedure.params],
        [tuple(item) for item in procedure.return_vals],
    ]


@probe
def calling_a_plugin():
    image, layer = one_layer()
    return pdb.python_fu_probe_echo(image, layer, 7, 2.5, "text", True, (1, 2, 3), 4)


@probe
def calling_a_plugin_with_too_little():
    image, layer = one_layer()
    return raised(pdb.python_fu_probe_echo, image, layer, 7)


@probe
def types_a_plugin_receives():
    image, layer = one_layer()
    return pdb.python_fu_probe_types(image, layer, 7, 2.5, "text", True, (1, 2, 3), 4)


@probe
def a_plugin_that_returns_one_value():
    return pdb.python_fu_probe_double(21)


@probe
def a_plugin_that_returns_nothing():
    return pdb.python_fu_probe_nothing()


@probe
def a_plugin_that_returns_no_image():
    return pdb.python_fu_probe_no_image()


@probe
def a_plugin_that_raises():
    return raised(pdb.python_fu_probe_fails, "boom")


@probe
def a_plugin_that_raises_a_plain_error():
    return raised(pdb.python_fu_probe_divides)


@probe
def a_plugin_that_returns_too_much():
    return raised(pdb.python_fu_probe_too_much)


@probe
def a_plugin_without_run_mode():
    procedure = pdb["python-fu-probe-no-run-mode"]
    return [[name for _, name, _ in procedure.params], pdb.python_fu_probe_no_run_mode(5, 6)]


@probe
def a_plugin_changes_the_image_it_is_given():
    image, layer = one_layer()
    pdb.python_fu_probe_rename(image, layer, "renamed")
    return image.layers[0].name


@probe
def last_values():
    image, layer = one_layer()
    kept = (image, layer, 1, 1.5, "kept", False, (9, 9, 9), 5)
    gimpshelf.shelf["python-fu-save--python-fu-probe-echo"] = kept
    # a truth value arrives as a number, from which on gimpfu takes what it kept
    return pdb.python_fu_probe_echo(
        image, layer, 7, 2.5, "text", True, (1, 2, 3), 4, run_mode=RUN_WITH_LAST_VALS
    )


@probe
def a_call_that_says_it_is_not_interactive():
    image, layer = one_layer()
    return pdb.python_fu_probe_echo(
        image, layer, 7, 2.5, "text", True, (1, 2, 3), 4, run_mode=RUN_NONINTERACTIVE
    )[0]


@probe
def the_shelf():
    shelf = gimpshelf.shelf
    shelf["probe-key"] = [1, "two", {"three": 3}]
    return [
        shelf["probe-key"],
        bool(shelf.has_key("probe-key")),
        bool(shelf.has_key("probe-no-key")),
        raised(lambda: shelf["probe-no-key"])[0],
    ]


@probe
def the_shelf_forgets():
    shelf = gimpshelf.shelf
    shelf["probe-key"] = 1
    return raised(lambda: shelf.__delitem__("probe-key"))


@probe
def images_on_the_shelf():
    image, layer = one_layer()
    gimpshelf.shelf["probe-items"] = (image, layer)
    found = gimpshelf.shelf["probe-items"]
    return [found[0] == image, found[1] == layer, type(found[1]).__name__]


@probe
def the_shelf_reaches_other_plugins():
    gimpshelf.shelf["probe-shared"] = "from the outside"
    return pdb.python_fu_probe_shelf("probe-shared")


@probe
def temporary_images_of_a_plugin_stay():
    image = pdb.python_fu_probe_make_image(5, 4)
    return [image.width, image.height, pdb.gimp_image_is_valid(image)]


@probe
def enums_are_integers():
    return [
        type(NORMAL_MODE).__name__,
        type(RGB).__name__,
        NORMAL_MODE,
        LAYER_MODE_NORMAL,
        RGB,
        GRAY,
        INDEXED,
    ]
