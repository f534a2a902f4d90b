"""The training of the network, from prepared corpora to checkpoints.

Read `train` first (the loop), then `group` (several processes), `runfolder` (what a run writes) and `plots`.
"""
