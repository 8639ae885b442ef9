"""Print the time, in nanoseconds, at which each window appears on the display; runs beside GIMP.

Asks X itself for the events, so that no polling interval is in the figures.
"""

import ctypes
import ctypes.util
import time

SUBSTRUCTURE_NOTIFY_MASK = 1 << 19
MAP_NOTIFY = 19
EVENT_BYTES = 192  # sizeof(XEvent)

x11 = ctypes.CDLL(ctypes.util.find_library("X11") or "libX11.so.6")
x11.XOpenDisplay.restype = ctypes.c_void_p
x11.XDefaultRootWindow.restype = ctypes.c_ulong
x11.XDefaultRootWindow.argtypes = [ctypes.c_void_p]
x11.XSelectInput.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_long]
x11.XNextEvent.argtypes = [ctypes.c_void_p, ctypes.c_void_p]

display = x11.XOpenDisplay(None)
x11.XSelectInput(display, x11.XDefaultRootWindow(display), SUBSTRUCTURE_NOTIFY_MASK)
event = ctypes.create_string_buffer(EVENT_BYTES)
while True:
    x11.XNextEvent(display, event)
    if ctypes.cast(event, ctypes.POINTER(ctypes.c_int))[0] == MAP_NOTIFY:
        print(time.time_ns(), flush=True)
