"""From a checkpoint to the three files that are shipped, and what they must pass before.

Read `export` first (the stage), then `graph` (ONNX, and int8), `gates` (parity, chaining, latency) and `card`, to
which `findings` adds what was measured later; `markdown` is how both write.
`compare` takes networks of other kinds the same way, to compare them.
"""
