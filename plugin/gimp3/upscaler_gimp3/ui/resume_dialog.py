"""The list of paid upscales whose results were never placed, and what can be done with each."""

from __future__ import annotations

import functools
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gi

gi.require_version("GdkPixbuf", "2.0")
from gi.repository import GdkPixbuf, Gimp, GLib
from precision_upscaler.frontend import origin, texts

from upscaler_gimp3 import labels, resume
from upscaler_gimp3.errors import Failed
from upscaler_gimp3.i18n import _, catalog, plural
from upscaler_gimp3.worker import background
from upscaler_gimp3.worker.calls import Call

from . import widgets
from .progress_window import ProgressWindow
from .widgets import Gtk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Event = dict[str, Any]
    Job = dict[str, Any]

_THUMBNAIL = 72
_WORKER_ENDS_WITHIN = 10.0
_ROW_CLASS = "precision-upscale-job"
# GIMP's themes paint every label's own background over that of a selected row
_STYLE = b"""
.precision-upscale-job label, .precision-upscale-job box { background-color: transparent; }
.precision-upscale-job:selected { background-color: alpha(currentColor, 0.18); }
"""
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def age(seconds: float) -> str:
    """Return how long ago something was, in words."""
    days, hours, minutes = (int(seconds // unit) for unit in (_DAY, _HOUR, _MINUTE))
    if days > 0:
        return plural("{count} day ago", "{count} days ago", days).format(count=days)
    if hours > 0:
        return plural("{count} hour ago", "{count} hours ago", hours).format(count=hours)
    if minutes > 0:
        return plural("{count} minute ago", "{count} minutes ago", minutes).format(count=minutes)
    return _("just now")


def state_text(job: Job) -> str:
    """Return a job's state, and whether it was paid."""
    if job.get("running"):
        return _("Being worked on at this moment.")
    return {
        "stored": _("Paid and finished; the result is on this computer."),
        "created": _("Paid; the result is still to be fetched from the service."),
        "committed": _("The connection broke while it was being asked for: perhaps paid, perhaps not."),
    }.get(job["state"], str(job["state"]))


class Row(Gtk.ListBoxRow):
    """One job: thumbnail, name, size and age, state, and where its result will go."""

    def __init__(self, job: Job, now: float) -> None:
        super().__init__()
        self.job = job
        self.found = resume.find_layer(job)
        box = Gtk.Box(orientation=Gtk.Orientation.HORIZONTAL, spacing=12, border_width=6)
        self._image = Gtk.Image.new_from_icon_name("image-x-generic", Gtk.IconSize.DIALOG)
        self._image.set_size_request(_THUMBNAIL, _THUMBNAIL)
        box.pack_start(self._image, False, False, 0)
        lines = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=2)
        lines.pack_start(widgets.label(self.title(), bold=True, chars=54), False, False, 0)
        size = _("{width} × {height} pixels, {age}").format(
            width=job["width"], height=job["height"], age=age(now - job["created"])
        )
        for text in (size, state_text(job), self._where_to()):
            lines.pack_start(widgets.label(text, dim=True, chars=54), False, False, 0)
        box.pack_start(lines, True, True, 0)
        self.add(box)
        widgets.named(self, self.title())
        self.get_style_context().add_class(_ROW_CLASS)
        self.set_sensitive(not job.get("running"))

    def title(self) -> str:
        """Return the layer's and the image's name."""
        name = origin.name_of(self.job, catalog())
        image = (self.job.get("origin") or {}).get("image")
        return _("“{layer}” of {image}").format(layer=name, image=image) if image else name

    def _where_to(self) -> str:
        if self.found is not None:
            return _("Its image is open: the result goes back into the layer.")
        return _("Its image is not open: the result becomes a new image.")

    def show_thumbnail(self, picture: Any) -> None:
        """Show a small picture once it is read."""
        self._image.set_from_pixbuf(picture)
        widgets.named(self._image, self.title())

    def source(self) -> str | None:
        """Return the file to make a thumbnail of: the result if it is here, else what was sent."""
        for path in (self.job.get("result"), self.job.get("source")):
            if path and Path(path).exists():
                return str(path)
        return None


class ResumeDialog:
    """One showing of the list; :meth:`run` returns when it is closed. GIMP stays usable meanwhile."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._call: Call | None = None
        self.done = 0
        self._window = Gtk.Dialog(title=_("Resume Precision Upscales"))
        self._window.set_default_size(560, 420)
        style = Gtk.CssProvider()
        style.load_from_data(_STYLE)
        priority = Gtk.STYLE_PROVIDER_PRIORITY_APPLICATION
        Gtk.StyleContext.add_provider_for_screen(self._window.get_screen(), style, priority)
        self._labels = labels.resume_dialog(_)
        widgets.add_help(self._window, self._labels["help"], "resume")
        self._window.add_button(self._labels["close"], Gtk.ResponseType.CLOSE)
        self._loop = GLib.MainLoop()
        self._window.connect("response", lambda *_answer: self._loop.quit())
        self._fill()

    def run(self) -> None:
        """Show the list until the user closes it."""
        self._window.show_all()
        self._window.present()
        self._load()
        self._loop.run()
        if self._call is not None:
            self._call.discard()
        background.discard_all()
        self._window.destroy()

    # ---------------------------------------------------------------- widgets

    def _fill(self) -> None:
        content = self._window.get_content_area()
        content.set_border_width(12)
        content.set_spacing(10)
        content.pack_start(
            widgets.label(
                _("These upscales never reached an image. Taking them up again costs nothing."), chars=60
            ),
            False,
            False,
            0,
        )
        self._list = widgets.named(Gtk.ListBox(), _("Unfinished upscales"))
        self._list.set_selection_mode(Gtk.SelectionMode.MULTIPLE)
        self._list.connect("selected-rows-changed", lambda _list: self._sensitive())
        self._list.set_placeholder(self._placeholder())
        scrolled = Gtk.ScrolledWindow(shadow_type=Gtk.ShadowType.IN)
        scrolled.set_policy(Gtk.PolicyType.NEVER, Gtk.PolicyType.AUTOMATIC)
        scrolled.add(self._list)
        content.pack_start(scrolled, True, True, 0)
        self._damaged, self._message = widgets.Message(), widgets.Message()
        content.pack_start(self._damaged, False, False, 0)
        content.pack_start(self._message, False, False, 0)
        row = Gtk.Box(orientation=Gtk.Orientation.HORIZONTAL, spacing=6)
        self._buttons = []
        for name, act in (
            ("bring-back", self._bring_back),
            ("new-image", self._open_new),
            ("save", self._save),
            ("forget", self._forget),
        ):
            button = Gtk.Button(label=self._labels[name], use_underline=True)
            widgets.when_clicked(button, lambda act=act: act(self._selected()))  # type: ignore[misc]  # its default
            row.pack_start(button, True, True, 0)
            self._buttons.append(button)
        content.pack_start(row, False, False, 0)
        self._sensitive()

    def _placeholder(self) -> Any:
        self._empty = widgets.label(_("Looking…"), dim=True)
        self._empty.set_xalign(0.5)
        self._empty.set_margin_top(40)
        self._empty.show()
        return self._empty

    def _set_empty_text(self, text: str) -> None:
        self._empty.set_text(text)
        # screen readers do not see the placeholder
        self._list.get_accessible().set_description(text)

    def _selected(self) -> list[Row]:
        return list(self._list.get_selected_rows())

    def _sensitive(self) -> None:
        selected = self._selected()
        bring, new, save, forget = self._buttons
        for button in (bring, new, forget):
            button.set_sensitive(bool(selected))
        save.set_sensitive(len(selected) == 1)

    def _load(self) -> None:
        self._call = Call({"command": "jobs"}, self._on_jobs)

    def _on_jobs(self, event: Event) -> None:
        self._call = None
        for row in self._list.get_children():
            self._list.remove(row)
        if event["event"] != "jobs":
            self._set_empty_text("")
            self._message.show_text(widgets.error_text(event), "error")
            return
        nothing = _("Nothing is waiting: every upscale has reached its image.")
        self._set_empty_text("" if event["jobs"] or event["damaged"] else nothing)
        self._damaged.show_text(texts.problems(event["damaged"], catalog()), "warning")
        jobs = sorted(event["jobs"], key=lambda job: -job["created"])
        rows = [Row(job, self._now()) for job in jobs]
        for row in rows:
            self._list.add(row)
        self._list.show_all()
        usable = [row for row in rows if row.get_sensitive()]
        if usable:
            self._list.select_row(usable[0])
        _show_thumbnails(list(rows))
        self._sensitive()

    # ---------------------------------------------------------------- actions

    def _bring_back(self, rows: Sequence[Row]) -> None:
        self._fetch_and_place(rows, {row.job["job_id"]: resume.find_layer(row.job) for row in rows})

    def _open_new(self, rows: Sequence[Row]) -> None:
        self._fetch_and_place(rows, {})

    def _fetch_and_place(self, rows: Sequence[Row], found_layers: dict[str, resume.Found | None]) -> None:
        """Fetch the selected results and place each; failures stay in the list and are shown."""
        jobs = [row.job for row in rows]
        problems: list[Event] = []
        notes: list[str] = []
        for job, event, worker in self._fetched(jobs):
            if event["event"] != "result":
                problems.append(event)
                continue
            try:
                found = found_layers.get(job["job_id"])
                delivery = resume.place(job, event, found, self._message.show_text, catalog())
            except Failed as failed:
                problems.append(failed.event)
                worker.close()
                continue
            self._delivered(worker)
            for image in delivery.images:
                Gimp.Display.new(image)
            notes += [*delivery.lines, *delivery.notes]
        Gimp.displays_flush()
        self._message.show_text("\n".join(dict.fromkeys(notes)))
        self._show_errors(problems)
        self._load()

    def _delivered(self, worker: Any) -> None:
        """Let the journal forget the job before the list is read again."""
        self.done += 1
        worker.delivered()
        worker.wait(_WORKER_ENDS_WITHIN)

    def _fetched(self, jobs: Sequence[Job]) -> Any:
        self._window.set_sensitive(False)
        try:
            events, workers = resume.fetch(jobs, ProgressWindow(), catalog())
        finally:
            self._window.set_sensitive(True)
        return list(zip(jobs, events, workers, strict=True))

    def _show_errors(self, problems: Sequence[Event]) -> None:
        for event in problems:
            if event["event"] == "error":
                widgets.show_error(self._window, event)

    def _save(self, rows: Sequence[Row]) -> None:
        for job, event, worker in self._fetched([row.job for row in rows]):
            if event["event"] != "result":
                self._show_errors([event])
                continue
            path = self._ask_for_file(job, Path(event["path"]).suffix)
            if path is None:
                worker.close()
                continue
            try:
                shutil.copyfile(event["path"], path)
            except OSError as problem:
                self._message.show_text(
                    _("{path} could not be written: {problem}.").format(path=path, problem=problem.strerror),
                    "error",
                )
                worker.close()
                continue
            self._delivered(worker)
            self._message.show_text(_("Saved as {path}.").format(path=path))
        self._load()

    def _ask_for_file(self, job: Job, suffix: str) -> str | None:
        chooser = Gtk.FileChooserDialog(
            title=_("Save the Result"), transient_for=self._window, action=Gtk.FileChooserAction.SAVE
        )
        words = labels.file_chooser(_)
        chooser.add_button(words["cancel"], Gtk.ResponseType.CANCEL)
        chooser.add_button(words["save"], Gtk.ResponseType.OK)
        chooser.set_default_response(Gtk.ResponseType.OK)
        chooser.set_do_overwrite_confirmation(True)
        chooser.set_current_name(Path(origin.name_of(job, catalog())).stem + suffix)
        path = chooser.get_filename() if chooser.run() == Gtk.ResponseType.OK else None
        chooser.destroy()
        return path

    def _forget(self, rows: Sequence[Row]) -> None:
        question = plural("Forget this upscale?", "Forget these {count} upscales?", len(rows))
        why = _("What was paid for it is lost: the result can never be fetched again.")
        words = labels.forget_dialog(_)
        question = question.format(count=len(rows))
        if not widgets.confirm(self._window, question, why, words["cancel"], words["forget"]):
            return
        waiting = [row.job["job_id"] for row in rows]

        def next_one(event: Event | None = None) -> None:
            if event is not None and event["event"] == "error":
                widgets.show_error(self._window, event)
            if waiting:
                self._call = Call({"command": "forget", "job_id": waiting.pop()}, next_one)
            else:
                self._load()

        next_one()


def _show_thumbnails(rows: list[Row]) -> None:
    """Show small pictures, one after the other: a large result takes a second to shrink."""
    if not rows:
        return
    row, *others = rows

    def show(picture: Any) -> None:
        if picture is not None:
            row.show_thumbnail(picture)
        _show_thumbnails(others)

    background.call(functools.partial(_thumbnail, row.source()), show)


def _thumbnail(path: str | None) -> Any:
    """Return a small picture of a file, None when it cannot be read."""
    try:
        return GdkPixbuf.Pixbuf.new_from_file_at_size(path, _THUMBNAIL, _THUMBNAIL) if path else None
    except GLib.Error:
        return None


def show() -> int:
    """Show the list until it is closed; return how many results were placed or saved."""
    widgets.init()
    dialog = ResumeDialog()
    dialog.run()
    return dialog.done
