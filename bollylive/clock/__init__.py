"""Which beat it is, whoever leads: MIDI clock, Link, taps, or the musician. Read `clock` first."""
