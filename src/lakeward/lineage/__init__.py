"""Lineage: what was made from what, from data sets and prompts over runs and models to versions and traces.

Every link between what is here is read from where its two ends keep it anyway: the inputs and outputs of runs, the
origin of versions, what clients link prompts to. So a link is as true as the objects are, and both directions are one
fact. What is elsewhere cannot be seen: external metadata stands for it, and relationships with it are declared and kept
here. All reading is bounded by the caller's workspace.
"""
