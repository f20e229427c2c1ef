"""The Stage: map, curves, scrubber, legend and hover card on one clock, in the browser.

``frames_blob`` makes the bytes, ``stage`` plays them in the app, ``player_html`` in one file.
Streamlit is imported only when ``stage`` is called.
"""

from ui.stage.boxes import fixed_box
from ui.stage.component import stage
from ui.stage.player import player_html
from ui.stage.wire import frames_blob, pack, unpack

__all__ = ["fixed_box", "frames_blob", "pack", "player_html", "stage", "unpack"]
