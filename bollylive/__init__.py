"""A Bollywood band for Ableton Live and Reaper: it listens to you on a MIDI port and plays along."""

import os

# onnxruntime 1.32 contacts a server of Microsoft and stores a device id in the home folder, on Linux too. It reads this
# variable when it is imported, in every process after this package; its disable_telemetry_events would be too late.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"
