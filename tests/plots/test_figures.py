import io

import matplotlib.figure
import numpy as np
import PIL.Image

from kgan import plots

POINTS = np.random.default_rng(0).normal(size=(50, 2))


def _decode(png):
    picture = PIL.Image.open(io.BytesIO(png))
    assert picture.format == "PNG"
    picture.load()
    return picture


def test_encode_gives_a_png_of_the_figures_size():
    figure = matplotlib.figure.Figure(figsize=(2, 1))
    assert _decode(plots.encode(figure, dpi=50)).size == (100, 50)


def test_save_writes_what_encode_gives(tmp_path):
    plots.save(tmp_path / "new" / "figure.png", plots.scatter(POINTS), dpi=30)
    written = (tmp_path / "new" / "figure.png").read_bytes()
    assert written == plots.encode(plots.scatter(POINTS), dpi=30)
