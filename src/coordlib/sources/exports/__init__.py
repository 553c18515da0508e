"""Read what researchers have saved from platforms and collection tools.

>>> import tempfile, pathlib
>>> file = pathlib.Path(tempfile.mkdtemp()) / "videos.csv"
>>> _ = file.write_text("video_id,author_name,create_time,video_description\\n"
...                     "7583486171670498590,tea.time,2025-12-13 23:19:49,Have you heard?\\n", encoding="utf-8")
>>> export = read_export(file)
>>> export.format.name, export.report.accounts
('traktok', 1)
>>> to_shares(export, object="text")["object_id"].to_list()
['Have you heard?']
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
