"""The mock for any WSGI server, its options from ``PRECISION_MOCK_*``: ``gunicorn mock_server.wsgi:app``.

Wire faults work where the server puts its socket into the environment, as gunicorn and Werkzeug do.
"""

from .app import create_app
from .cli import options_from_environment

app = create_app(options_from_environment())
