#!/usr/bin/env python2.7
"""A plug-in with small procedures that the probes call through the procedural database."""

from gimpfu import *


def echo(image, drawable, number, real, text, flag, colour, option):
    return image.width, drawable.name, number, real, text, flag, list(colour)[0], option


def types(*arguments):
    return ",".join(type(argument).__name__ for argument in arguments)


def double(number):
    return number * 2


def nothing():
    return None


def fails(text):
    raise RuntimeError(text)


def divides():
    return 1 / 0


def too_much():
    return 1, 2, 3


def no_run_mode(one, two):
    return one + two


def rename(image, drawable, name):
    drawable.name = name


def shelf(key):
    import gimpshelf

    return gimpshelf.shelf[key]


def make_image(width, height):
    return gimp.Image(width, height, RGB)


def no_image():
    return None, None, ""


PARAMETERS = [
    (PF_IMAGE, "image", "The _image", None),
    (PF_DRAWABLE, "drawable", "The drawable", None),
    (PF_INT, "number", "A number", 1),
    (PF_SLIDER, "real", "A real number", 1.0, (0, 9, 0.5)),
    (PF_STRING, "text", "A text", ""),
    (PF_TOGGLE, "flag", "A flag", True),
    (PF_COLOR, "colour", "A colour", (0, 0, 0)),
    (PF_OPTION, "option", "An option", 0, ("a", "b")),
]


def procedure(name, function, parameters=(), results=(), **more):
    register(
        "python-fu-probe-" + name,
        "blurb of " + name,
        "help",
        "author",
        "copyright",
        "2026",
        name.title() + "...",
        "*",
        list(parameters),
        list(results),
        function,
        menu="<Image>/Filters/Probes",
        **more
    )  # fmt: skip


procedure(
    "echo",
    echo,
    PARAMETERS,
    [
        (PF_INT, "width", "w"),
        (PF_STRING, "name", "n"),
        (PF_INT, "number", "n"),
        (PF_FLOAT, "real", "r"),
        (PF_STRING, "text", "t"),
        (PF_INT, "flag", "f"),
        (PF_INT, "red", "r"),
        (PF_INT, "option", "o"),
    ],
)
procedure("types", types, PARAMETERS, [(PF_STRING, "types", "t")])
procedure("double", double, [(PF_INT, "number", "n", 1)], [(PF_INT, "result", "r")])
procedure("nothing", nothing)
procedure("fails", fails, [(PF_STRING, "text", "t", "")])
procedure("divides", divides)
procedure(
    "no-image", no_image, [], [(PF_IMAGE, "image", "i"), (PF_LAYER, "layer", "l"), (PF_STRING, "text", "t")]
)
procedure("too-much", too_much, [], [(PF_INT, "one", "1")])
procedure(
    "no-run-mode",
    no_run_mode,
    [(PF_INT, "one", "1", 1), (PF_INT, "two", "2", 2)],
    [(PF_INT, "sum", "s")],
    run_mode_param=False,
)
procedure(
    "rename",
    rename,
    [(PF_IMAGE, "image", "i", None), (PF_DRAWABLE, "drawable", "d", None), (PF_STRING, "name", "n", "")],
)
procedure("shelf", shelf, [(PF_STRING, "key", "k", "")], [(PF_STRING, "value", "v")])
procedure(
    "make-image",
    make_image,
    [(PF_INT, "width", "w", 1), (PF_INT, "height", "h", 1)],
    [(PF_IMAGE, "image", "i")],
)

main()
