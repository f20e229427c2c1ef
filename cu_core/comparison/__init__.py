"""Runs beside one another: one row a run, what differs in what was asked, and several on one clock.

Arrays and records in, plain values out; pages, the command line and exports draw the same.
"""
