"""The processes around a run: the worker, how it is started, and what pages ask of it."""
