"""Exact results that stand beside the measured ones: each a function that the chapters plot."""
