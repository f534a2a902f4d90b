"""A Bollywood band for Ableton Live and Reaper: it listens on a MIDI port, predicts, and plays along."""

__version__ = "0.1.0"
