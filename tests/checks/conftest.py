import players
import pytest


@pytest.fixture(scope="session")
def idle():
    """A compiled GAN that nobody trains: all that it is asked to do is refused."""
    gan = players.gan()
    yield gan
    assert gan.step.numpy() == 0


@pytest.fixture(scope="session")
def idle_with_labels():
    """The same, of four classes."""
    gan = players.gan(4)
    yield gan
    assert gan.step.numpy() == 0
