"""The ways a run ends without a picture: refused, failed, cancelled."""


class Refused(Exception):
    """Nothing was sent; the text (readable, not bytes) says why and what would work."""

    def __init__(self, text):
        Exception.__init__(self, text)
        self.text = text


class Failed(Exception):
    """The run failed or was cancelled; ``event`` is the ``error`` or ``cancelled`` event."""

    def __init__(self, event):
        Exception.__init__(self, event["event"])
        self.event = event
