"""From melodies to songs with a band, by rule.

Read `arrange` first (the stage), then `arrangement` (one song). What all players get: `talas` and `metre`, `form`,
`harmonise`, and with them the `chart`; `bandkind` says who plays. The players: `bols` and `theka`, `kit`, `bass`,
`chords`, `counter`.
"""
