"""The experiments, one module each: every module here ends in ``EXPERIMENT = Experiment(...)``."""
