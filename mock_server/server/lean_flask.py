"""Flask without the work that this mock has no use for; its routing, hooks, signals and test client stay.

Every method here does what Flask's own does, for the cases that occur at every request. Where a hook, a
``Host`` or an answer is out of the ordinary, Flask's own is called.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flask import Flask, Response
from flask.globals import request_ctx
from flask.sessions import SessionInterface, SessionMixin
from flask.signals import request_tearing_down
from werkzeug.datastructures import Headers
from werkzeug.routing import MapAdapter, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from flask import Request
    from flask.typing import ResponseReturnValue

_OK = 200
_FLASK_ASKS = {"return_rule": True}
_PLAIN = re.compile(r"(?:/(?:[^<>/]*|<[A-Za-z_]+>))*")
_LAST_PART_FREE = re.compile(r"([^<>]*)/<([A-Za-z_]+)>")
_PLAIN_HOST = re.compile(r"[A-Za-z0-9.-]+(?::(?:[1-5][0-9]{4}|[1-9][0-9]{2,3}))?")


class _NoSession(SessionInterface):
    """No cookies: making and signing a session would be a tenth of a request's time."""

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:  # noqa: ARG002 - Flask's signature
        return None

    def make_null_session(self, app: Flask) -> Any:  # noqa: ARG002 - Flask's signature
        return {}

    def is_null_session(self, obj: object) -> bool:  # noqa: ARG002 - Flask's signature
        return True

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Save nothing."""


class _LazyRule(Rule):
    """A rule that becomes code for making addresses only when one is made: that is most of a mock's start."""

    def _compile_builder(self, append_unknown: bool = True) -> Any:
        compiled = super()._compile_builder
        return lambda rule, **values: compiled(append_unknown)(rule, **values)  # noqa: PLW0108 - not at once


class WholeResponse(Response):
    """A response whose body is there as bytes and whose headers are final, unless a hook changes it."""

    def __init__(
        self, body: bytes, status: int, headers: Iterable[tuple[str, str]], content_type: str
    ) -> None:
        # as Response.__init__, less the looking at what may be of many kinds
        self.body = body
        self._whole = self.response = [body]
        self._given = [("Content-Type", content_type), ("Content-Length", str(len(body))), *headers]
        self._asked_for: Headers | None = None
        self._on_close: list[Callable[[], Any]] = []
        self.direct_passthrough = False
        self.status_code = status

    @property
    def headers(self) -> Headers:
        """The headers in Werkzeug's form, made for whoever asks for them."""
        if self._asked_for is None:
            self._asked_for = Headers(self._given)
        return self._asked_for

    @headers.setter
    def headers(self, headers: Headers) -> None:
        self._asked_for = headers

    def get_wsgi_response(
        self, environ: dict[str, Any]
    ) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """Return body, status line and headers."""
        unchanged = self.response is self._whole and self._status_code == _OK and not self._on_close
        if unchanged and environ["REQUEST_METHOD"] != "HEAD":
            headers = self._given if self._asked_for is None else list(self._asked_for)
            return self._whole, self._status, headers
        return super().get_wsgi_response(environ)


class _Table:
    """The rules of a map that one look can find: fixed addresses, and those whose last part alone is free.

    What it finds is what Werkzeug's own search finds, which prefers fixed parts as well; of what it does not
    find nothing is said.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        plain = all(_PLAIN.fullmatch(rule.rule) for rule in rules)  # else a free part may not take everything
        self._fixed: dict[tuple[str, str], Rule] = {}
        self._free: dict[tuple[str, str], tuple[Rule, str] | None] = {}
        for rule in rules:
            if rule.defaults or rule.redirect_to or rule.websocket:
                continue
            free = _LAST_PART_FREE.fullmatch(rule.rule)
            for method in rule.methods or ():
                if free and plain:
                    # two that differ in the name alone: Werkzeug is to say which
                    self._free[free[1], method] = None if (free[1], method) in self._free else (rule, free[2])
                elif not rule.arguments:
                    self._fixed.setdefault((rule.rule, method), rule)

    def find(self, path: str, method: str) -> tuple[Rule, dict[str, str]] | None:
        """Return the rule that a request matches and its arguments, or None."""
        rule = self._fixed.get((path, method))
        if rule is not None:
            return rule, {}
        start, _, part = path.rpartition("/")
        free = self._free.get((start, method))
        return (free[0], {free[1]: part}) if free and part else None


class _Adapter(MapAdapter):
    """Matches one request's address."""

    table: _Table

    def match(self, *arguments: Any, **named: Any) -> Any:
        """Return what matches; with Flask's own question at every request, by the table first."""
        if named == _FLASK_ASKS and not arguments:
            found = self.table.find(self.path_info, self.default_method)
            if found is not None:
                return found
        return super().match(*arguments, **named)


class LeanFlask(Flask):
    """A Flask application without sessions, whose rules name neither hosts nor subdomains."""

    session_interface = _NoSession()
    url_rule_class = _LazyRule

    @cached_property
    def _table(self) -> _Table:
        return _Table(
            list(self.url_map.iter_rules())
        )  # at the first request: Flask takes no rules after that

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what matches a request's address against the rules."""
        if request is None:
            return super().create_url_adapter(request)
        environ = request.environ
        host = environ.get("HTTP_HOST", "")
        usual = _PLAIN_HOST.fullmatch(host) and environ.get("PATH_INFO") and "HTTP_UPGRADE" not in environ
        if not usual or self.config["TRUSTED_HOSTS"] or self.config["SERVER_NAME"]:
            return super().create_url_adapter(request)
        adapter = _Adapter(
            self.url_map, host.lower(), request.root_path or "/", "", request.scheme, request.path,
            request.method, environ.get("QUERY_STRING", ""),
        )  # fmt: skip
        adapter.table = self._table
        return adapter

    def preprocess_request(self) -> ResponseReturnValue | None:
        """Call the hooks that come before a request."""
        if not self.url_value_preprocessors and not self._concerned(self.before_request_funcs):
            return None
        return super().preprocess_request()

    def process_response(self, response: Response) -> Response:
        """Call the hooks that may change a response."""
        if not self.after_request_funcs and not request_ctx._after_request_functions:  # noqa: SLF001 - as Flask itself
            return response
        return super().process_response(response)

    def do_teardown_request(self, exc: BaseException | None = None) -> None:
        """Call the hooks that come after a request."""
        if self.teardown_request_funcs or request_tearing_down.receivers:
            super().do_teardown_request(exc)

    def _concerned(self, hooks: dict[Any, Any]) -> bool:
        """Return whether any of ``hooks``, by blueprint, concerns the present request."""
        return None in hooks or not hooks.keys().isdisjoint(request_ctx.request.blueprints)
