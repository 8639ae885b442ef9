"""GIMP's widgets beside the ``gtk`` here; its progress bar takes GIMP's progress, as the real one does."""

import gtk

Dialog = gtk.Dialog


class HintBox(gtk.Widget):
    pass


class ProgressBar(gtk.Widget):
    def __init__(self):
        gtk.Widget.__init__(self)
        gtk.note("took the progress")


ColorSelector = ImageSelector = LayerSelector = ChannelSelector = DrawableSelector = gtk.Widget
VectorsSelector = FontSelector = BrushSelector = PatternSelector = gtk.Widget
GradientSelector = PaletteSelector = gtk.Widget


def gimp_ui_init():
    pass
