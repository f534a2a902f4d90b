"""What a MIDI cable and a MIDI file carry, as plain values; `messages` first."""
