"""Which beat it is, according to whatever leads: a MIDI clock, Link, taps, or the musician. Read `clock` first."""
