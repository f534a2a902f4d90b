"""From MIDI files to prepared corpora: songs as arrays, split by work, with a manifest of where they came from.

Read `corpus` first (what a song is), then `prepare` (the stage) with `sources`, `archives`, `midi_voices` and `phase`;
then how songs are held apart: `works`, `fingerprint`, `duplicates`, `split`. `manifest` says what was done, `melody`
which voice has the melody, `tonality` what key it is in. Chords that somebody wrote down: `charts`, `chart_files`,
`chart_reading`, `chord_symbols`.
"""
