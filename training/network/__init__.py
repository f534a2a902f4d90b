"""The network itself, and nothing of how it is trained or shipped.

Read `model` first, then its layers: `layer` (what each can do), `recurrence` (the model's own), `rivals` (what it was
measured against), `layers` (their letters). `words` adds up what a row says; `step` is what is played on stage.
"""
