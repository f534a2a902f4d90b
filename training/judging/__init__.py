"""A judge for music: what a band plays, as MIDI files tell it, whoever made them.

Read `judge` first (the stage), then `verdict`, which holds every measure of one take. `reading` makes a `take` of a
file, and finds who leads. The measures: `chords` and `harmony`, `scale` and `ragas`, `repetition`, `fills` and
`theka`, `texture` and `answers`, and `alone`, for the minutes after the musician has stopped. `measures` names them
all, `summary` makes means over leads with their intervals, and `table` is what people read.
"""
