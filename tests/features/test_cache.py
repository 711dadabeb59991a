"""What a network says of real samples is kept."""

import numpy as np
from players import images

from kgan import features


def test_answers_about_real_samples_are_cached(tmp_path, monkeypatch):
    monkeypatch.setenv("KGAN_CACHE_DIR", str(tmp_path))
    extractor = features.get("digits")
    first = features.cached(extractor, images(rows=4))
    (file,) = tmp_path.glob("digits-*.npz")
    np.savez(file, features=first["features"] + 1)
    again = features.cached(extractor, images(rows=4))
    np.testing.assert_array_equal(again["features"], first["features"] + 1)
    file.write_bytes(b"damaged")
    np.testing.assert_array_equal(
        features.cached(extractor, images(rows=4))["features"], first["features"]
    )
    features.cached(extractor, images(rows=5))
    assert len(list(tmp_path.iterdir())) == 2


def test_answers_of_a_custom_network_are_never_cached_whatever_its_name(tmp_path, monkeypatch):
    monkeypatch.setenv("KGAN_CACHE_DIR", str(tmp_path))
    features.cached(features.Extractor("digits", lambda samples: samples), images(rows=4))
    assert not list(tmp_path.iterdir())
