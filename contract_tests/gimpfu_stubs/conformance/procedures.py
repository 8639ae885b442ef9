"""Probes of ``pdb``: lookup, argument checks, return values and errors."""

from __future__ import absolute_import

from gimpfu import *

from .kit import plain, probe, raised
from .layers import one_layer


@probe
def looking_up():
    procedure = pdb["gimp-image-new"]
    return [
        repr(procedure),
        procedure.proc_name,
        procedure.nparams,
        procedure.nreturn_vals,
        procedure.proc_type,
        [(kind, name) for kind, name, _ in procedure.params],
        [(kind, name) for kind, name, _ in procedure.return_vals],
    ]


@probe
def by_attribute_and_by_name():
    image = pdb.gimp_image_new(3, 2, RGB)
    other = pdb["gimp-image-new"](3, 2, RGB)
    return [type(image).__name__, type(other).__name__, repr(pdb)]


@probe
def no_such_procedure():
    return [raised(lambda: pdb.gimp_make_tea), raised(lambda: pdb["gimp-make-tea"]), raised(lambda: pdb[5])]


@probe
def underscores_in_a_subscript():
    return raised(lambda: pdb["gimp_image_new"].nparams)


@probe
def queries():
    return [
        sorted(pdb.query("gimp-image-new")),
        sorted(pdb.query("gimp-item-is-.*"))[:3],
        pdb.query("no-such-.*"),
    ]


@probe
def wrong_number_of_arguments():
    return [
        raised(pdb.gimp_image_new, 3, 2),
        raised(pdb.gimp_image_new, 3, 2, RGB, 5),
        raised(pdb.gimp_version, 1),
    ]


@probe
def wrong_types_of_arguments():
    image, layer = one_layer()
    return [
        raised(pdb.gimp_image_width, 5),
        raised(pdb.gimp_image_width, layer),
        raised(pdb.gimp_layer_get_opacity, image),
        raised(pdb.gimp_layer_get_opacity, image.selection),
        raised(pdb.gimp_drawable_width, "x"),
        raised(pdb.gimp_vectors_new, image, object)[0],
    ]


@probe
def text_where_a_number_belongs():
    return [
        raised(pdb.gimp_image_new, "wide", 2, RGB)[0],
        raised(pdb.gimp_image_new, None, 2, RGB)[0],
        raised(pdb.gimp_image_new, [3], 2, RGB)[0],
    ]


@probe
def numbers_are_converted():
    image = pdb.gimp_image_new(3.9, "4", True)
    return [image.width, image.height, image.base_type]


@probe
def numbers_become_text():
    image, layer = one_layer()
    pdb.gimp_item_set_name(layer, 42)
    return layer.name


@probe
def out_of_range():
    return [
        raised(pdb.gimp_image_new, 0, 2, RGB),
        raised(pdb.gimp_image_new, 3, 2, 77),
        raised(pdb.gimp_image_new, -1, 2, RGB),
    ]


@probe
def nobody_instead_of_an_image():
    return [raised(pdb.gimp_image_width, None), raised(pdb.gimp_item_get_name, None)]


@probe
def return_values():
    image, layer = one_layer()
    return [
        pdb.gimp_image_undo_is_enabled(image),
        pdb.gimp_drawable_offsets(layer),
        pdb.gimp_displays_flush(),
        pdb.gimp_image_get_layers(image)[0],
        type(pdb.gimp_image_get_layers(image)[1]).__name__,
        pdb.gimp_image_get_resolution(image),
        pdb.gimp_image_get_active_layer(image).name,
        pdb.gimp_item_get_parent(layer),
        pdb.gimp_image_get_filename(image),
        pdb.gimp_version(),
    ]


@probe
def keyword_arguments():
    image, layer = one_layer()
    return [
        raised(pdb.gimp_image_new, 3, 2, RGB, colour=1),
        raised(pdb.gimp_image_new, 3, 2, RGB, a=1, b=2),
        raised(lambda: type(pdb.gimp_image_new(3, 2, RGB, run_mode=RUN_NONINTERACTIVE)).__name__),
    ]


@probe
def arrays():
    image, layer = one_layer()
    return [
        raised(pdb.gimp_image_set_colormap, image, 3, 5),
        raised(pdb.gimp_drawable_set_pixel, layer, 0, 0, 4, "abcd"),
        raised(pdb.gimp_drawable_set_pixel, layer, 0, 0, 4, [1, 2, 3, 4]),
        raised(pdb.gimp_drawable_set_pixel, layer, 0, 0, 4, [1, "x", 3, 4]),
    ]


@probe
def last_error():
    raised(pdb.gimp_image_new, 0, 2, RGB)
    return (
        pdb.gimp_get_pdb_error()
        if "gimp-get-pdb-error" in pdb.query("gimp-get-pdb-error")
        else "no such procedure"
    )


@probe
def exception_classes():
    return [
        gimp.error.__name__,
        issubclass(gimp.error, RuntimeError),
        [base.__name__ for base in gimp.error.__bases__],
        issubclass(error, RuntimeError),
        issubclass(CancelError, RuntimeError),
        error is gimp.error,
    ]


@probe
def version():
    return [plain(gimp.version), pdb.gimp_version()]


@probe
def messages_are_taken():
    # 2 is ERROR_CONSOLE: nobody is there to read a dialog
    before = pdb.gimp_message_get_handler()
    pdb.gimp_message_set_handler(ERROR_CONSOLE)
    return [before, gimp.message("probe"), pdb.gimp_message("probe"), raised(gimp.message, 5)[0]]


@probe
def progress():
    return [
        gimp.progress_init("probing"),
        gimp.progress_update(0.5),
        gimp.progress_init(),
        pdb.gimp_progress_end(),
        pdb.gimp_progress_init("again", None),
        pdb.gimp_progress_update(0.25),
        pdb.gimp_progress_pulse(),
    ]


@probe
def data_between_runs():
    gimp.set_data("probe-data", "some bytes")
    return [gimp.get_data("probe-data"), raised(gimp.get_data, "never-set")]


@probe
def global_parasites():
    gimp.attach_new_parasite("probe-global", 0, "x")
    found = gimp.parasite_find("probe-global").data
    listed = "probe-global" in gimp.parasite_list()
    gimp.parasite_detach("probe-global")
    return [found, listed, gimp.parasite_find("probe-global")]


@probe
def context_push_and_pop():
    gimp.set_foreground(1, 2, 3)
    gimp.context_push()
    gimp.set_foreground(4, 5, 6)
    gimp.context_pop()
    return list(gimp.get_foreground())[:3]


@probe
def no_displays_without_a_window():
    image, layer = one_layer()
    return [gimp.displays_flush(), raised(gimp.Display, image)[0]]


@probe
def folders_are_text():
    return [
        type(getattr(gimp, name)).__name__
        for name in (
            "directory",
            "data_directory",
            "plug_in_directory",
            "sysconf_directory",
            "locale_directory",
        )
    ]


@probe
def personal_files():
    import os

    return os.path.relpath(gimp.personal_rc_file("x.txt"), gimp.directory)


@probe
def temporary_names():
    return pdb.gimp_temp_name("png").endswith(".png")


@probe
def deleting():
    image = gimp.Image(2, 2, RGB)
    gimp.delete(image)
    return [pdb.gimp_image_is_valid(image), raised(gimp.delete, 5)[0]]


@probe
def images_listed():
    before = len(gimp.image_list())
    image = gimp.Image(2, 2, RGB)
    count, ids = pdb.gimp_image_list()
    return [len(gimp.image_list()) - before, count == len(ids), image.ID in ids]
