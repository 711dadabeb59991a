"""Folders of pictures."""

import itertools
import re

import numpy as np
import PIL.Image
import pytest
from streams import BLACK, BLUE, GREEN, RED, WHITE, colored_folders, pixels, take

from kgan import datasets, images


def _quarters(size=16):
    """A picture that no turn or mirror leaves as it is: red, green; blue, black."""
    half = size // 2
    corners = np.array([[RED, GREEN], [BLUE, BLACK]], "uint8")
    return corners.repeat(half, axis=0).repeat(half, axis=1)


def _read(picture, path, image_size=None, channels=3, **save_options):
    """Saves a picture alone in a new folder; what `from_directory` reads of it, as bytes."""
    path.parent.mkdir(exist_ok=True)
    picture.save(path, **save_options)
    size = image_size or (picture.height, picture.width)
    dataset = datasets.from_directory(path.parent, size, batch_size=1, channels=channels)
    assert dataset.skipped == ()
    return pixels(dataset)[0]


@pytest.mark.parametrize("suffix", ["png", "gif", "bmp", "tiff", "webp", "jpg"])
def test_pictures_of_every_common_format_are_read(tmp_path, suffix):
    options = {
        "jpg": {"quality": 100, "subsampling": 0},
        "webp": {"lossless": True},
    }.get(suffix, {})
    picture = PIL.Image.fromarray(_quarters())
    read = _read(picture, tmp_path / "new" / f"picture.{suffix}", **options)
    tolerance = 3 if suffix == "jpg" else 0
    np.testing.assert_allclose(read.astype(int), _quarters(), atol=tolerance)


def _palette_picture():
    picture = PIL.Image.new("P", (4, 4), 1)
    picture.putpalette([0, 0, 0, *GREEN])
    return picture


GRAY_16_BITS = PIL.Image.fromarray(np.full((4, 4), 0x8000, "uint16"))


MODES = {
    "1": (PIL.Image.new("1", (4, 4), 1), "png", WHITE),
    "L": (PIL.Image.new("L", (4, 4), 77), "png", (77, 77, 77)),
    "LA": (PIL.Image.new("LA", (4, 4), (77, 255)), "png", (77, 77, 77)),
    "P": (_palette_picture(), "png", GREEN),
    "RGB": (PIL.Image.new("RGB", (4, 4), (1, 2, 3)), "png", (1, 2, 3)),
    "RGBA": (PIL.Image.new("RGBA", (4, 4), (1, 2, 3, 255)), "png", (1, 2, 3)),
    "CMYK": (PIL.Image.new("CMYK", (4, 4), (0, 255, 255, 0)), "tiff", RED),
    "I;16": (GRAY_16_BITS, "png", (128, 128, 128)),
}


@pytest.mark.parametrize("mode", MODES)
def test_pictures_of_every_colour_mode_become_rgb_of_8_bits(tmp_path, mode):
    picture, suffix, color = MODES[mode]
    assert picture.mode == mode
    read = _read(picture, tmp_path / f"picture.{suffix}")
    np.testing.assert_array_equal(read, np.broadcast_to(color, (4, 4, 3)))


@pytest.mark.parametrize("mode", MODES)
def test_pictures_of_every_colour_mode_become_grayscale(tmp_path, mode):
    picture, suffix, color = MODES[mode]
    read = _read(picture, tmp_path / f"picture.{suffix}", channels=1)
    luminance = np.dot(color, [0.299, 0.587, 0.114])
    assert read.shape == (4, 4, 1)
    np.testing.assert_allclose(read, luminance, atol=1)


def test_a_cmyk_jpeg_keeps_its_colours(tmp_path):
    picture = PIL.Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    read = _read(picture, tmp_path / "picture.jpg", quality=100)
    np.testing.assert_allclose(read.astype(int), np.broadcast_to(RED, (8, 8, 3)), atol=3)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tiff", "webp"])
def test_a_picture_is_turned_as_its_exif_data_says(tmp_path, suffix):
    stored = PIL.Image.fromarray(np.rot90(_quarters()))  # Counterclockwise; 6 turns it back.
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    assert not np.array_equal(stored, _quarters())
    read = _read(stored, tmp_path / f"picture.{suffix}", exif=exif)
    away_from_edges = np.s_[2:6, 2:6], np.s_[2:6, 10:14], np.s_[10:14, 2:6], np.s_[10:14, 10:14]
    for corner in away_from_edges:
        np.testing.assert_allclose(read[corner].astype(int), _quarters()[corner], atol=40)


def test_a_large_jpeg_is_scaled_down_to_its_own_colours(tmp_path):
    read = _read(PIL.Image.fromarray(_quarters(128)), tmp_path / "picture.jpg", image_size=4)
    for row, column in itertools.product((0, 3), (0, 3)):
        expected = _quarters(4)[row, column]
        np.testing.assert_allclose(read[row, column].astype(int), expected, atol=40)


TRANSPARENT = {
    "RGBA": (PIL.Image.new("RGBA", (4, 4), (0, 0, 0, 0)), "png", {}),
    "RGBA in WebP": (PIL.Image.new("RGBA", (4, 4), (0, 0, 0, 0)), "webp", {}),
    "LA": (PIL.Image.new("LA", (4, 4), (0, 0)), "png", {}),
    "P": (_palette_picture(), "png", {"transparency": 1}),
    "P in GIF": (_palette_picture(), "gif", {"transparency": 1}),
    "RGB": (PIL.Image.new("RGB", (4, 4), (1, 2, 3)), "png", {"transparency": (1, 2, 3)}),
}


@pytest.mark.parametrize("name", TRANSPARENT)
@pytest.mark.parametrize("channels", [1, 3])
def test_transparent_pixels_become_white(tmp_path, name, channels):
    picture, suffix, options = TRANSPARENT[name]
    read = _read(picture, tmp_path / f"picture.{suffix}", channels=channels, **options)
    assert read.min() == 255


def test_half_transparent_pixels_are_half_white(tmp_path):
    picture = PIL.Image.new("RGBA", (4, 4), (255, 0, 0, 128))
    read = _read(picture, tmp_path / "picture.png")
    np.testing.assert_allclose(read, np.broadcast_to([255, 127, 127], (4, 4, 3)), atol=1)


@pytest.mark.parametrize("name", TRANSPARENT)
def test_transparency_is_kept_where_there_are_four_channels(tmp_path, name):
    picture, suffix, options = TRANSPARENT[name]
    read = _read(picture, tmp_path / f"picture.{suffix}", channels=4, **options)
    assert read.shape == (4, 4, 4)
    assert not read.any()


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "I;16"])
def test_pictures_of_every_colour_mode_become_rgba(tmp_path, mode):
    picture, suffix, color = MODES[mode]
    read = _read(picture, tmp_path / f"picture.{suffix}", channels=4)
    np.testing.assert_array_equal(read, np.broadcast_to((*color, 255), (4, 4, 4)))


def test_the_colour_of_what_cannot_be_seen_is_neither_learned_nor_mixed_in(tmp_path):
    pixels_of = np.zeros((16, 16, 4), "uint8")
    pixels_of[:, 7:] = (*RED, 255)
    pixels_of[:, :7, :3] = GREEN  # Hidden.
    for image_size in (4, 16):
        read = _read(PIL.Image.fromarray(pixels_of), tmp_path / "a.png", image_size, channels=4)
        assert not read[read[..., 3] == 0].any()
        seen = read[read[..., 3] > 0]
        np.testing.assert_array_equal(seen[:, :3], np.broadcast_to(RED, (len(seen), 3)))
    assert len(np.unique(read[..., 3])) == 2


def test_opacity_is_not_a_value(tmp_path):
    picture = PIL.Image.new("RGBA", (4, 4), (100, 50, 0, 128))
    picture.save(tmp_path / "a.png")
    options = {"batch_size": 1, "channels": 4, "value_range": (0, 100)}
    (sample,) = datasets.from_directory(tmp_path, 4, **options).samples
    expected = [1, 0, -1, 128 / 127.5 - 1]
    np.testing.assert_allclose(sample, np.broadcast_to(expected, (4, 4, 4)), atol=0.01)


def test_deep_pictures_have_no_opacity(tmp_path):
    GRAY_16_BITS.save(tmp_path / "deep.png")
    with pytest.raises(ValueError, match=r"`channels=4` is for pictures of 8 bits.*deep\.png"):
        datasets.from_directory(tmp_path, 4, batch_size=1, channels=4)


@pytest.mark.parametrize("axis", [0, 1])
def test_the_middle_square_of_a_long_picture_is_cut_out(tmp_path, axis):
    squares = [np.broadcast_to(np.uint8(color), (4, 4, 3)) for color in (RED, GREEN, BLUE)]
    picture = PIL.Image.fromarray(np.concatenate(squares, axis=axis))
    read = _read(picture, tmp_path / "picture.png", image_size=4)
    np.testing.assert_array_equal(read, squares[1])


@pytest.mark.parametrize(
    ("image_size", "shape", "part"),
    [
        ((4, 8), (12, 8), np.s_[4:8]),
        ([8, 4], (8, 12), np.s_[:, 4:8]),
        ((np.int64(4), 8), (8, 8), np.s_[2:6]),
        ((6, 2), (6, 2), np.s_[:]),
    ],
)
def test_the_middle_of_a_picture_is_cut_out_in_any_shape(tmp_path, image_size, shape, part):
    whole = np.full((*shape, 3), 255, "uint8")
    whole[part] = RED
    read = _read(PIL.Image.fromarray(whole), tmp_path / "picture.png", image_size=image_size)
    np.testing.assert_array_equal(read, np.broadcast_to(RED, (*image_size, 3)))


def test_a_large_jpeg_on_its_side_is_turned_and_scaled_to_its_shape(tmp_path):
    upright = np.concatenate([np.broadcast_to(np.uint8(c), (256, 128, 3)) for c in (RED, BLUE)])
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    stored = PIL.Image.fromarray(np.rot90(upright))
    read = _read(stored, tmp_path / "picture.jpg", image_size=(64, 16), exif=exif).astype(int)
    np.testing.assert_allclose(read[:28], np.broadcast_to(RED, (28, 16, 3)), atol=10)
    np.testing.assert_allclose(read[-28:], np.broadcast_to(BLUE, (28, 16, 3)), atol=10)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1)])
def test_a_picture_one_pixel_wide_fills_the_square(tmp_path, size):
    read = _read(PIL.Image.new("RGB", size, (9, 8, 7)), tmp_path / "picture.png", image_size=5)
    np.testing.assert_array_equal(read, np.broadcast_to((9, 8, 7), (5, 5, 3)))


def _add_unreadable(folder):
    """A text file, an empty picture and half a JPEG; their names in order."""
    (folder / "empty.png").touch()
    (folder / "notes.txt").write_text("not a picture")
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype="uint8")
    half = folder / "truncated.jpg"
    PIL.Image.fromarray(noise).save(half)
    half.write_bytes(half.read_bytes()[: half.stat().st_size // 2])
    return ["empty.png", "notes.txt", "truncated.jpg"]


def test_unreadable_files_are_skipped_with_a_warning_that_names_them(tmp_path):
    names = _add_unreadable(tmp_path)
    PIL.Image.new("RGB", (4, 4), RED).save(tmp_path / "good.png")
    with pytest.warns(UserWarning, match="3 of 4 files in .* were skipped") as warned:
        dataset = datasets.from_directory(tmp_path, 4, batch_size=1)
    (warning,) = warned
    assert all(f"\n  {name}: " in str(warning.message) for name in names)
    assert warning.filename == __file__
    assert dataset.num_samples == 1
    assert [path.name for path, _ in dataset.skipped] == names
    reasons = {path.name: reason for path, reason in dataset.skipped}
    assert "cannot identify image file" in reasons["notes.txt"]
    assert "truncated" in reasons["truncated.jpg"]


def test_a_phones_pictures_and_giants_are_skipped_with_what_to_do(tmp_path, monkeypatch):
    (tmp_path / "a.HEIC").write_bytes(b"ftypheic")
    PIL.Image.new("RGB", (20, 20), RED).save(tmp_path / "giant.png")
    PIL.Image.new("RGB", (4, 4), RED).save(tmp_path / "good.png")
    monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.warns(UserWarning, match="2 of 3 files"):
        dataset = datasets.from_directory(tmp_path, 4, batch_size=1)
    reasons = {path.name: reason for path, reason in dataset.skipped}
    assert "convert it" in reasons["a.HEIC"]
    assert "make it smaller" in reasons["giant.png"]


def test_pictures_that_no_memory_can_hold_are_refused_before_one_is_read(tmp_path):
    PIL.Image.new("RGB", (4, 4), RED).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"`image_size` must be smaller.* 1 of 1000000×1000000"):
        datasets.from_directory(tmp_path, 1_000_000, batch_size=1)


def test_too_little_memory_is_no_fault_of_a_picture(tmp_path, monkeypatch):
    def fails(*arguments):
        raise MemoryError

    PIL.Image.new("RGB", (4, 4), RED).save(tmp_path / "a.png")
    monkeypatch.setattr(PIL.ImageOps, "fit", fails)
    with pytest.raises(MemoryError):
        datasets.from_directory(tmp_path, 4, batch_size=1)


def test_a_decoder_that_fails_in_its_own_way_skips_the_file(tmp_path, monkeypatch):
    PIL.Image.new("RGB", (4, 4), RED).save(tmp_path / "a.png")
    PIL.Image.new("RGB", (4, 4), RED).save(tmp_path / "b.bmp")

    def fail(picture):
        raise RuntimeError("no colour planes")

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", fail)
    with pytest.warns(UserWarning, match=r"1 of 2 files .*\n  a.png: no colour planes"):
        dataset = datasets.from_directory(tmp_path, 4, batch_size=1)
    assert dataset.num_samples == 1


def test_a_warning_names_five_files_and_counts_the_rest(tmp_path):
    PIL.Image.new("RGB", (4, 4), RED).save(tmp_path / "good.png")
    for i in range(7):
        (tmp_path / f"{i}.txt").touch()
    with pytest.warns(UserWarning, match=r"7 of 8 files(.|\n)*4.txt.*\n  ... and 2 more$"):
        dataset = datasets.from_directory(tmp_path, 4, batch_size=1)
    assert len(dataset.skipped) == 7


def test_a_folder_without_readable_pictures_is_an_error_that_names_the_files(tmp_path):
    _add_unreadable(tmp_path)
    with pytest.raises(ValueError, match=r"all 3 files were skipped:\n  empty.png(.|\n)*Received"):
        datasets.from_directory(tmp_path, 4)


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=f"`directory` holds no files. Received: .*{tmp_path}"):
        datasets.from_directory(tmp_path, 4)


def test_a_folder_that_does_not_exist_is_an_error(tmp_path):
    (tmp_path / "file.png").touch()
    for missing in (tmp_path / "missing", tmp_path / "file.png"):
        with pytest.raises(FileNotFoundError, match=f"must be a folder. Received: .*{missing}"):
            datasets.from_directory(missing, 4)


@pytest.mark.parametrize(
    "image_size", [0, -4, 4.0, None, True, "64x96", (4,), (4, 0), (4, 4.0), (4, 4, 3), [None, 4]]
)
def test_an_image_size_that_is_no_positive_integer_or_pair_is_an_error(tmp_path, image_size):
    message = f"pair (height, width) of them. Received: image_size={image_size!r}."
    with pytest.raises(ValueError, match=re.escape(message)):
        datasets.from_directory(tmp_path, image_size)


@pytest.mark.parametrize("channels", [0, 2, 5, True, "rgb"])
def test_other_numbers_of_channels_are_an_error(tmp_path, channels):
    with pytest.raises(ValueError, match=f"4 .RGB and opacity. or None. Received: .*{channels!r}"):
        datasets.from_directory(tmp_path, 4, channels=channels)


def test_hidden_files_and_folders_are_skipped(tmp_path):
    (tmp_path / ".thumbnails").mkdir()
    PIL.Image.new("RGB", (4, 4), RED).save(tmp_path / ".thumbnails" / "a.png")
    PIL.Image.new("RGB", (4, 4), GREEN).save(tmp_path / "a.png")
    (tmp_path / ".DS_Store").write_text("not a picture")
    dataset = datasets.from_directory(tmp_path, 4, batch_size=1)
    assert dataset.skipped == ()
    np.testing.assert_array_equal(pixels(dataset), np.broadcast_to(GREEN, (1, 4, 4, 3)))


def test_a_hidden_folder_above_the_pictures_hides_nothing(tmp_path):
    (tmp_path / ".cache").mkdir()
    PIL.Image.new("RGB", (4, 4), GREEN).save(tmp_path / ".cache" / "a.png")
    assert datasets.from_directory(tmp_path / ".cache", 4, batch_size=1).num_samples == 1


def test_sub_folders_are_the_labels_in_the_order_of_their_names(tmp_path):
    colored_folders(tmp_path)
    dataset = datasets.from_directory(tmp_path, 4, batch_size=2, with_labels=True)
    assert dataset.class_names == ("asters", "ferns", "roses")
    assert dataset.num_classes == 3
    colors = np.array([BLUE, GREEN, RED])
    np.testing.assert_array_equal(np.sort(dataset.labels), [0, 1, 1, 2])
    np.testing.assert_array_equal(pixels(dataset)[:, 0, 0], colors[dataset.labels])
    for batch, labels in take(dataset.from_step(0), 4):
        np.testing.assert_array_equal(images.to_uint8(batch)[:, 0, 0], colors[labels])


def test_a_class_without_a_readable_file_is_named(tmp_path):
    colored_folders(tmp_path)
    (tmp_path / "orchids").mkdir()
    (tmp_path / "orchids" / "a.png").touch()
    with pytest.warns(UserWarning, match=r"1 of 5 files(.|\n)*So these are no classes: orchids."):
        dataset = datasets.from_directory(tmp_path, 4, batch_size=1, with_labels=True)
    assert dataset.class_names == ("asters", "ferns", "roses")
    assert [path.name for path, _ in dataset.skipped] == ["a.png", "orchids"]


def test_links_are_followed_but_never_in_circles(tmp_path):
    elsewhere, pictures = tmp_path / "elsewhere", tmp_path / "pictures"
    colored_folders(elsewhere)
    pictures.mkdir()
    for name in ("roses", "ferns"):
        (pictures / name).symlink_to(elsewhere / name)
    (pictures / "more ferns").symlink_to(elsewhere / "ferns")
    (elsewhere / "roses" / "back").symlink_to(elsewhere / "ferns")
    (elsewhere / "ferns" / "back").symlink_to(elsewhere / "roses")
    (pictures / "self").symlink_to(pictures)
    dataset = datasets.from_directory(pictures, 4, batch_size=1, with_labels=True)
    assert dataset.class_names == ("ferns", "more ferns", "roses")
    assert np.bincount(dataset.labels).tolist() == [3, 3, 3]


def test_files_in_no_sub_folder_have_no_label_and_are_skipped(tmp_path):
    colored_folders(tmp_path)
    PIL.Image.new("RGB", (4, 4), RED).save(tmp_path / "loose.png")
    with pytest.warns(UserWarning, match=r"1 of 5 files(.|\n)*loose.png: in no sub-folder"):
        dataset = datasets.from_directory(tmp_path, 4, batch_size=1, with_labels=True)
    assert dataset.num_samples == 4
    assert dataset.skipped[0][0] == tmp_path / "loose.png"
    assert datasets.from_directory(tmp_path, 4, batch_size=1).num_samples == 5


def test_labels_without_sub_folders_are_an_error(tmp_path):
    PIL.Image.new("RGB", (4, 4), RED).save(tmp_path / "loose.png")
    with pytest.raises(ValueError, match="each sub-folder a class, and there is none with a file"):
        datasets.from_directory(tmp_path, 4, with_labels=True)


def _save_levels(folder, dtype, **levels):
    """Pictures of one colour each, by the names of their files."""
    for name, level in levels.items():
        PIL.Image.fromarray(np.full((4, 4), level, dtype)).save(folder / f"{name}.tif")


@pytest.mark.parametrize("dtype", ["uint16", "int32"])
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_a_folder_of_deep_pictures_has_one_scale(tmp_path, dtype, bits):
    top = 2**bits - 1
    _save_levels(tmp_path, dtype, a=top, b=top // 2, c=1, d=0)
    dataset = datasets.from_directory(tmp_path, 4, batch_size=1)
    assert dataset.value_range == (0, top)
    assert dataset.samples.shape == (4, 4, 4, 1)
    expected = 2 * np.array([top, top // 2, 1, 0]) / top - 1
    np.testing.assert_allclose(dataset.samples[:, 0, 0, 0], expected, atol=1e-6)
    batches = take(dataset, 4)
    np.testing.assert_array_equal(
        np.sort(np.concatenate([batch for (batch,) in batches]), axis=None),
        np.sort(dataset.samples, axis=None),
    )


def test_floating_point_pictures_need_a_range_unless_they_are_in_the_networks(tmp_path):
    _save_levels(tmp_path, "float32", a=0.0, b=0.5, c=1.0)
    with pytest.raises(ValueError, match=r"value_range=\(0, 1\) scales them"):
        datasets.from_directory(tmp_path, 4, batch_size=1)
    dataset = datasets.from_directory(tmp_path, 4, batch_size=1, value_range=(0, 1))
    np.testing.assert_allclose(dataset.samples[:, 0, 0, 0], [-1, 0, 1], atol=1e-6)
    _save_levels(tmp_path, "float32", d=-1.0)
    dataset = datasets.from_directory(tmp_path, 4, batch_size=1)
    assert dataset.value_range is None
    np.testing.assert_allclose(dataset.samples[:, 0, 0, 0], [0, 0.5, 1, -1], atol=1e-6)


@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_a_range_that_is_given_fits_or_skips_each_picture(tmp_path, dtype):
    _save_levels(tmp_path, dtype, air=-1000, bone=3000, metal=30_000)
    with pytest.raises(ValueError, match=r"value_range=\(-1000, 30000\), for example"):
        datasets.from_directory(tmp_path, 4, batch_size=1)
    with pytest.warns(UserWarning, match=r"1 of 3 files(.|\n)*metal.tif: .* outside of "):
        dataset = datasets.from_directory(tmp_path, 4, batch_size=1, value_range=(-1000, 3000))
    np.testing.assert_allclose(dataset.samples[:, 0, 0, 0], [-1, 1], atol=1e-6)
    assert [path.name for path, _ in dataset.skipped] == ["metal.tif"]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_picture_that_is_not_finite_is_an_error_that_names_it(tmp_path, value):
    _save_levels(tmp_path, "float32", fine=0.5, broken=value)
    with pytest.raises(ValueError, match=r"NaN or infinite values in .*broken\.tif"):
        datasets.from_directory(tmp_path, 4, batch_size=1)


def test_masks_of_zeros_and_ones_are_black_and_white(tmp_path):
    mask = np.zeros((32, 32), "uint8")
    mask[8:24, 8:24] = 1
    for name in ("a", "b"):
        PIL.Image.fromarray(mask).save(tmp_path / f"{name}.png")
    dataset = datasets.from_directory(tmp_path, 16, batch_size=1)
    assert dataset.value_range == (0, 1)
    assert dataset.samples[0, 8, 8, 0] == 1
    assert dataset.samples[0, 0, 0, 0] == -1
    assert np.unique(dataset.samples).size > 2  # Edges are smooth, as of other pictures.
    PIL.Image.new("L", (32, 32), 255).save(tmp_path / "c.png")
    assert datasets.from_directory(tmp_path, 16, batch_size=1).samples[0].max() < -0.99


@pytest.mark.parametrize("deep", [1, 3])
def test_pictures_of_another_kind_than_most_are_skipped_and_named(tmp_path, deep):
    _save_levels(tmp_path, "uint16", **{f"deep{i}": 60_000 for i in range(deep)})
    _save_levels(tmp_path, "uint8", **{f"bytes{i}": 200 for i in range(4 - deep)})
    with pytest.warns(UserWarning, match=f"{min(deep, 4 - deep)} of 4 files"):
        dataset = datasets.from_directory(tmp_path, 4, batch_size=1)
    assert dataset.num_samples == 3
    names = {path.name for path, _ in dataset.skipped}
    assert names == ({"deep0.tif"} if deep == 1 else {"bytes0.tif"})
    reason = dataset.skipped[0][1]
    assert "among pictures of" in reason


@pytest.mark.parametrize(
    ("suffix", "options"), [("tif", {}), ("gif", {}), ("webp", {"lossless": True})]
)
def test_each_page_or_frame_is_a_sample(tmp_path, suffix, options):
    for name, colors in {"a": (RED, GREEN), "b": (BLUE,)}.items():
        (tmp_path / name).mkdir()
        first, *others = (PIL.Image.new("RGB", (4, 4), color) for color in colors)
        path = tmp_path / name / f"picture.{suffix}"
        first.save(path, save_all=True, append_images=others, **options)
    dataset = datasets.from_directory(tmp_path, 4, batch_size=1, with_labels=True)
    assert dataset.labels.tolist() == [0, 0, 1]
    np.testing.assert_array_equal(pixels(dataset)[:, 0, 0], [RED, GREEN, BLUE])


def test_the_depth_map_behind_a_photograph_is_not_a_sample(tmp_path):
    photograph, depth = PIL.Image.new("RGB", (8, 8), RED), PIL.Image.new("RGB", (8, 8), WHITE)
    photograph.save(tmp_path / "a.mpo", save_all=True, append_images=[depth])
    assert datasets.from_directory(tmp_path, 8, batch_size=1).num_samples == 1


def test_a_smaller_copy_behind_a_page_is_not_a_sample(tmp_path):
    page, copy = PIL.Image.new("L", (8, 8), 9), PIL.Image.new("L", (4, 4), 9)
    copy.encoderinfo = {"tiffinfo": {254: 1}}
    page.save(tmp_path / "a.tif", save_all=True, append_images=[copy], tiffinfo={254: 0})
    assert datasets.from_directory(tmp_path, 8, batch_size=1).num_samples == 1


def test_grey_folders_stay_grey_unless_asked_otherwise(tmp_path):
    PIL.Image.new("L", (4, 4), 77).save(tmp_path / "a.png")
    PIL.Image.new("RGB", (4, 4), (9, 9, 9)).save(tmp_path / "b.png")
    grey = datasets.from_directory(tmp_path, 4, batch_size=1)
    assert grey.samples.shape == (2, 4, 4, 1)
    colour = datasets.from_directory(tmp_path, 4, batch_size=1, channels=3)
    np.testing.assert_array_equal(colour.samples, grey.samples.repeat(3, axis=-1))
    PIL.Image.new("RGB", (4, 4), RED).save(tmp_path / "c.png")
    assert datasets.from_directory(tmp_path, 4, batch_size=1).samples.shape == (3, 4, 4, 3)
