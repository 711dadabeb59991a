"""`kgan theory`."""

import re

import pytest
from commands import call, said

from kgan.theory import demonstrations


def test_figures_and_a_page_with_numbers_are_written(tmp_path):
    output = tmp_path / "figures"
    result = call("theory", "dirac_gan", "--length", "0.1", "--output", output)
    assert result.exit_code == 0, said(result)
    assert {path.name for path in output.iterdir()} == {"dirac_gan.png", "README.md"}
    page = (output / "README.md").read_text()
    assert "This run played only 0.1 of the steps" in page
    assert "(dirac_gan.png)" in page
    numbers = demonstrations.dirac_gan(0.1).numbers
    for name, number in numbers.items():
        assert f"| `{name}` | {number:.4g} |" in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dirac"], "dirac_gan"),
        (["dirac_gan", "--length", "2"], r"`--length` must be in \(0, 1\]"),
    ],
)
def test_what_cannot_be_shown_is_said(tmp_path, arguments, message):
    output = tmp_path / "figures"
    result = call("theory", *arguments, "--output", output)
    assert result.exit_code == 1
    assert re.search(message, said(result))
    assert not list(tmp_path.rglob("*.png"))


def test_nothing_that_exists_is_overwritten(tmp_path):
    (tmp_path / "dirac_gan.png").write_bytes(b"mine")
    result = call("theory", "dirac_gan", "--output", tmp_path)
    assert result.exit_code == 1
    assert "exists, and is left as it is" in said(result)
    assert (tmp_path / "dirac_gan.png").read_bytes() == b"mine"
