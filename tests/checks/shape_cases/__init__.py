"""Calls that prove the shape comments of `recnotes`: one file a topic, each `case_*` is run by the tracer.

Sizes in a case are pairwise distinct, and distinct from the small integers that stand in comments.
"""
