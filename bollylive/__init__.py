"""A Bollywood band for Ableton Live and Reaper: it listens on a MIDI port, predicts, and plays along."""

import os

# onnxruntime 1.32 asks for a server of Microsoft and keeps a device's number in the home folder, on Linux too. It reads
# this as it is imported, which is after this package in every process; its own disable_telemetry_events comes too late.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"
