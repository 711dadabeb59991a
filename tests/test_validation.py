"""Whether the doctor is right, and trainings end where they should, with seeds of their own."""

import diagnoses
import doctor
import pytest
import sick_games
import stopping

SEED = 100


@pytest.mark.soak
@pytest.mark.parametrize("game", ["digits", "ring"])
def test_the_doctor_names_what_is_broken_and_is_silent_about_what_is_not(game):
    played = [doctor.play(game, *one) for one in sick_games.planned(game, [SEED])]
    runs = diagnoses.with_labels({"settings": {"game": game}, "results": {"runs": played}})
    broken = [run for run in runs if run["group"] == "broken"]
    healthy = [run for run in runs if run["group"] == "healthy"]
    named = [run for run in broken if diagnoses.is_named(run)]
    silent = [run for run in healthy if diagnoses.said_at_all(run) == "nothing"]
    assert len(broken) >= 6
    assert len(named) >= 0.75 * len(broken)
    assert len(silent) >= 0.85 * len(healthy)


@pytest.mark.soak
@pytest.mark.parametrize("game", stopping.SOUND)
def test_sound_games_end_by_themselves(game):
    run = stopping.stopped(stopping.SOUND[game], SEED)
    assert run["reason"] in ("equilibrium", "no_progress")
    assert run["epochs"] < run["of"]


@pytest.mark.soak
@pytest.mark.parametrize("game", stopping.UNSOUND)
def test_unsound_games_never_end_for_equilibrium(game):
    assert stopping.stopped(stopping.UNSOUND[game], SEED)["reason"] != "equilibrium"
