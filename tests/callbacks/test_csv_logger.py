import csv

import players
import pytest

import kgan


def test_the_log_has_one_row_per_epoch_and_continues_from_any_epoch(tmp_path):
    log = kgan.callbacks.CSVLogger(tmp_path / "logs" / "log.csv")
    options = {"verbose": 0, "callbacks": [log]}
    gan = players.linear()
    history = gan.fit(players.dataset(), epochs=3, **options).history
    text = log.filename.read_text()
    header, *rows = text.splitlines()
    assert header.split(",") == ["epoch", *history]
    assert [row.split(",")[0] for row in rows] == ["1", "2", "3"]
    assert float(rows[1].split(",")[1]) == next(iter(history.values()))[1]
    later = gan.fit(players.dataset(), initial_epoch=2, epochs=4, **options).history
    after = log.filename.read_text().splitlines()
    assert after[:3] == [header, *rows[:2]]
    assert [row.split(",")[0] for row in after[3:]] == ["3", "4"]
    assert float(after[3].split(",")[1]) == next(iter(later.values()))[0]
    players.linear().fit(players.dataset(), epochs=3, **options)
    assert log.filename.read_text() == text


def test_values_of_only_some_epochs_stay_in_the_log(tmp_path):
    log = kgan.callbacks.CSVLogger(tmp_path / "log.csv")
    options = {"validation_data": players.dataset(), "validation_freq": 2}
    history = players.linear().fit(
        players.dataset(), epochs=3, verbose=0, callbacks=[log], **options
    )
    with log.filename.open(newline="") as file:
        rows = list(csv.DictReader(file))
    values = [row["val_generator_loss"] for row in rows]
    assert values == ["", str(history.history["val_generator_loss"][0]), ""]


def test_a_file_that_is_not_a_log_is_refused_and_left_alone(tmp_path):
    (tmp_path / "log.csv").write_text("name,price\ntea,3\n")
    log = kgan.callbacks.CSVLogger(tmp_path / "log.csv")
    with pytest.raises(ValueError, match=r"log\.csv, which holds something else"):
        players.linear().fit(players.dataset(), verbose=0, callbacks=[log])
    assert (tmp_path / "log.csv").read_text() == "name,price\ntea,3\n"
