"""MIDI streams and MIDI files as plain values; read `messages` first."""
