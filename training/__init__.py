"""From MIDI files to a model and what it can do, offline: `python -m training STAGE`.

One folder for each thing that is done, from the bottom up: `data` makes songs of MIDI files, `arranging` puts bands
around melodies, `sequences` turns voices into rows, `network` hears them, `trainer` trains it. `baselines` are what a
model stands beside when `measuring` counts its bits, `exporting` writes and checks what is shipped, `listening` lets
it play, `judging` measures what anybody has played, and `playing` what a model plays freely. `conducting` makes the
network that plans a band's chords. Imports point one way, as tests/test_training_imports.py has it. `recipe`, `errors`,
`writing` and `key_profiles` belong to all; `options`, `option_types` and `stages`, `conduct_options` and
`conduct_stages` are the command line.
"""
