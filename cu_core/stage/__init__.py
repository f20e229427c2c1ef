"""The Stage: map, curves, scrubber, legend and hover card on one clock, in the browser.

``frames_blob`` makes the bytes, ``player_html`` one file that plays them; the component that plays
them in the app is ``ui.stage``. Nothing here knows Streamlit.
"""

from cu_core.stage.boxes import fixed_box
from cu_core.stage.player import player_html
from cu_core.stage.wire import frames_blob, pack, unpack

__all__ = ["fixed_box", "frames_blob", "pack", "player_html", "unpack"]
