"""The conductor's network: from songs with chords to `models/NAME-conductor-vN`.

Read `pieces` first (a song as steps), then where they come from: `gather`, `labels`; the `network`, its `examples` and
`free_runs`; the stage `fit` with its `recipe` and its folder, `run`; then `publish` with `graph` and `card`, and what
is measured: `report` with `accuracy`, `baselines` and `form`.
"""
