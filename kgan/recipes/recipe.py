"""A recipe: what to train, on what, and for how long."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from kgan import architectures, augmentation, datasets, losses
from kgan.datasets.dataset import STEPS_PER_EPOCH
from kgan.game import replicas
from kgan.gan import GAN
from kgan.lookup import by_name
from kgan.penalties import Penalty
from kgan.recipes.checking import check_fields
from kgan.recipes.precision import resolve_precision

__all__ = ["Choice", "Recipe"]

# Of the augmentation "adaptive": trainings by recipes are short, as the paper's fine-tuning is.
IMAGES_TO_FULL = 100_000
# The strength that the augmentation "diff_augment" has at first, where it grows.
FIRST_STRENGTH = 0.25


@dataclasses.dataclass(frozen=True)
class Choice:
    """What a recipe has chosen for one of its fields, by the data.

    Args:
        name: of the field, or of an argument of the architecture.
        value: what was chosen.
        reason: why, in a few words.
    """

    name: str
    value: Any
    reason: str


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What to train, on what, and for how long.

    Args:
        summary: one line, for a list of recipes.
        dataset: what `kgan.datasets.load` takes; None where the user has to say.
        batch_size: samples per batch.
        epochs: how often the data is gone through; None where `steps` is given.
        steps: how many steps of the game, instead of `epochs`; a multiple of 100, which then count
            as an epoch.
        architecture: the name of a function of `kgan.architectures`.
        network: its arguments, apart from the shape of a sample and the number of classes.
        learning_rate: of both players' Adam.
        generator_learning_rate, discriminator_learning_rate: of this player's Adam; `None`:
            `learning_rate`.
        decay_steps: after how many steps both rates have fallen to 1/2; they are 1/3 after twice as
            many, however long the training (inverse time decay). `None`: the rates are constant.
        beta_1: the momentum of both players' Adam; 0.5 in the DCGAN paper.
        loss: what the players minimize, as in `GAN.compile`.
        penalties: on the discriminator's gradients, with their weights, as in `GAN.compile`.
        augmentation: of all that the discriminator sees, as in `GAN.compile`; `"adaptive"` reaches
            its full strength after 100,000 images at the earliest.
        augmentation_steps: in how many steps `"diff_augment"` grows from a quarter of its strength
            to all of it; `None`: it has all of it from the first step on.
        discriminator_steps: how many steps of D come before each of G.
        packing: how many samples D judges together (PacGAN).
        ema_decay: how much of the averaged generator each step keeps; the average is what draws.
        image_size: the pixels of a side, or `(height, width)`; None for what the data has.
        channels: of a folder of pictures: 1, 3, 4, or None for 1 where all are grey and else 3.
        value_range: the values of the data that become -1 and 1; None for what
            `datasets.from_arrays` finds.
        conditional: whether the networks learn p(x, y) of samples and their labels.
        precision: `"float32"`; `"mixed_bfloat16"`; or `"auto"`, the second where this machine has
            arithmetic for it, else the first.
        seed: of the weights, the noise and the order of the data.
        choose: a function from a data set to a list of `Choice`, for what depends on the data; see
            `fitted`. None: nothing does.

    Raises:
        ValueError: for another precision or architecture, numbers out of range, or where neither
            `epochs` nor `steps` is given.
    """

    summary: str
    dataset: str | None
    batch_size: int
    epochs: int | None = None
    steps: int | None = None
    architecture: str = "dcgan"
    network: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    learning_rate: float = 2e-4
    generator_learning_rate: float | None = None
    discriminator_learning_rate: float | None = None
    decay_steps: int | None = None
    beta_1: float = 0.5
    loss: str | losses.AdversarialLoss = "non_saturating"
    penalties: tuple[str | Penalty, ...] = ()
    augmentation: str | keras.Layer | None = None
    augmentation_steps: int | None = None
    discriminator_steps: int = 1
    packing: int = 1
    ema_decay: float = 0.999
    image_size: int | tuple[int, int] | None = None
    channels: int | None = None
    value_range: tuple[float, float] | None = None
    conditional: bool = False
    precision: str = "float32"
    seed: int = 0
    choose: Callable[[datasets.Dataset, Any, Any], list[Choice]] | None = None

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def num_epochs(self) -> int:
        """How many epochs `fit` is to be given."""
        return self.epochs or (self.steps or 0) // STEPS_PER_EPOCH

    def networks(
        self, sample_shape: tuple[int, ...], num_classes: int | None
    ) -> tuple[keras.Model, keras.Model]:
        """The pair `(generator, discriminator)` for samples of this shape."""
        if len(sample_shape) == 1 and self.architecture != "mlp":
            raise ValueError(
                "Points and vectors need other networks than images: --set architecture=mlp, and "
                "for numbers beyond [-1, 1] --set output_activation=linear. Received: "
                f"architecture={self.architecture!r}, samples of shape {tuple(sample_shape)}."
            )
        make = getattr(architectures, self.architecture)
        generator, discriminator = make(sample_shape, num_classes=num_classes, **self.network)
        if self.packing > 1:
            packs = (*sample_shape[:-1], self.packing * sample_shape[-1])
            _, discriminator = make(packs, num_classes=num_classes, **self.network)
        return generator, discriminator

    @property
    def arguments(self) -> dict[str, inspect.Parameter]:
        """The arguments of the architecture that the data does not decide, by name."""
        parameters = inspect.signature(getattr(architectures, self.architecture)).parameters
        decided = ("image_shape", "num_classes")
        return {name: one for name, one in parameters.items() if name not in decided}

    def load(self) -> datasets.Dataset:
        """The data that is trained on, a `kgan.datasets.Dataset`.

        Raises: as `load_all`.
        """
        return self.load_all()[0]

    def load_all(self) -> tuple[datasets.Dataset, datasets.Dataset | None]:
        """The data that is trained on, and what `datasets.hold_out` has kept apart from it.

        The second is of a folder of pictures, which has no test split; it is None where there are
        too few of them, and for data that may have a test split, as `datasets.load_held_out` knows.
        A folder for a recipe that chooses by the data comes in batches of one: see `batched`.

        Raises:
            ValueError: if the recipe names no data set, or its networks cannot make images of
                that size; and as `kgan.datasets.load`.
        """
        if self.dataset is None:
            raise ValueError(
                "`dataset` is needed with this recipe: the path of a folder of pictures, or the "
                "name of a data set of TensorFlow Datasets. Received: dataset=None."
            )
        if self.image_size is not None and datasets.takes_image_size(self.dataset):
            self._check_image_size(self.image_size)  # Before any data is read.
        is_folder = datasets.is_directory(self.dataset)
        dataset = datasets.load(
            self.dataset,
            batch_size=1 if is_folder and self.choose else self.batch_size,
            image_size=self.image_size,
            channels=self.channels,
            value_range=self.value_range,
            with_labels=self.conditional,
            seed=self.seed,
        )
        if is_folder and self.choose:
            return datasets.hold_out(dataset)  # How large a batch is, is still to be chosen.
        return self.batched(dataset), None

    def _check_image_size(self, size):
        height, width = (size, size) if isinstance(size, int) else size
        try:
            self.networks((height, width, self.channels or 3), None)
        except ValueError as error:
            raise ValueError(
                f"`{self.architecture}` makes no images of image_size={size}: {error}"
            ) from error

    def batched(self, dataset: datasets.Dataset) -> datasets.Dataset:
        """Data in batches, and epochs, of this recipe's size."""
        if self.steps:
            return dataset.batched(self.batch_size, STEPS_PER_EPOCH)
        if dataset.batch_size == self.batch_size:
            return dataset
        return dataset.batched(self.batch_size)

    def fitted(
        self, dataset: datasets.Dataset, given: Sequence[str] = ()
    ) -> tuple["Recipe", list[Choice]]:
        """The recipe with what depends on the data chosen.

        Args:
            dataset: the data.
            given: the names of fields, and of arguments of the architecture, that stay as they are;
                `epochs` and `steps` both name the length.

        Returns:
            The pair of the recipe and a list of the `Choice`s in it.
        """
        if {"epochs", "steps"} & {*given}:
            given = {*given, "epochs", "steps"}  # Either is the length.
        choices = self.choose(dataset, self, given) if self.choose else []
        known = {*_field_names(), *self.arguments}
        choices = [one for one in choices if one.name in known and one.name not in given]
        return self.with_fields({choice.name: choice.value for choice in choices}), choices

    def with_fields(self, values: Mapping[str, Any]) -> "Recipe":
        """The recipe with other values of fields, and of arguments of its architecture.

        Raises:
            ValueError: for an unknown name, with the nearest ones; and as `Recipe`.
        """
        values = {**values.get("network", {}), **values}
        values.pop("network", None)
        fields = {name: value for name, value in values.items() if name in _field_names()}
        others = {name: value for name, value in values.items() if name not in _field_names()}
        before = self.network
        if fields.get("architecture", self.architecture) != self.architecture:
            before = {}  # They are arguments of another one.
        if "epochs" in fields or "steps" in fields:
            fields = {"epochs": None, "steps": None} | fields
        changed = dataclasses.replace(self, network={**before, **others}, **fields)
        for name in others:
            by_name(name, dict.fromkeys([*_field_names(), *changed.arguments]), "values")
        return changed

    def build(self, dataset: datasets.Dataset, metrics: Sequence[Any] = ()) -> GAN:
        """The GAN for this data, compiled; `metrics` are what `evaluate` is to measure.

        Raises:
            TypeError: if the data is no `kgan.datasets.Dataset`.
            ValueError: if the data comes in batches of another size, or `augmentation_steps` is
                given for another augmentation than `"diff_augment"`.
        """
        if not isinstance(dataset, datasets.Dataset):
            raise TypeError(
                "`dataset` must be a data set of kgan.datasets, such as recipe.load(). "
                f"Received: dataset={dataset!r}."
            )
        if dataset.batch_size != self.batch_size:
            raise ValueError(
                f"`dataset` must come in batches of {self.batch_size}, the recipe's: pass "
                f"recipe.batched(dataset). Received: batches of {dataset.batch_size}."
            )
        keras.utils.set_random_seed(self.seed)
        keras.config.set_dtype_policy(resolve_precision(self.precision))
        sample_shape = tf.nest.flatten(dataset.element_spec)[0].shape[1:]
        gan = GAN(
            *self.networks(tuple(sample_shape), dataset.num_classes),
            discriminator_steps=self.discriminator_steps,
            packing=self.packing,
            ema_decay=self.ema_decay,
            seed=self.seed,
        )
        gan.compile(
            self._optimizer(self.generator_learning_rate),
            self._optimizer(self.discriminator_learning_rate, self.discriminator_steps),
            loss=self.loss,
            penalties=self.penalties,
            augmentation=self._augmentation(),
            metrics=metrics,
            steps_per_execution=_steps_per_execution(dataset.steps_per_epoch),
        )
        return gan

    def _augmentation(self):
        is_layer = isinstance(self.augmentation, keras.Layer)
        if self.augmentation_steps and self.augmentation != "diff_augment" and not is_layer:
            raise ValueError(
                '`augmentation_steps` is for augmentation="diff_augment", which can grow. '
                f"Received: augmentation_steps={self.augmentation_steps}, "
                f"augmentation={self.augmentation!r}."
            )
        if self.augmentation == "adaptive":
            return augmentation.Adaptive(images_to_full=IMAGES_TO_FULL)
        if self.augmentation == "diff_augment" and self.augmentation_steps:
            schedule = keras.optimizers.schedules.PolynomialDecay
            growing = schedule(FIRST_STRENGTH, self.augmentation_steps, end_learning_rate=1.0)
            return augmentation.DiffAugment(strength=growing)
        return augmentation.get(self.augmentation)

    def _optimizer(self, rate, updates=1):
        """Adam of a player that learns `updates` times per step."""
        rate = self.learning_rate if rate is None else rate
        if self.decay_steps:
            schedule = keras.optimizers.schedules.InverseTimeDecay
            rate = schedule(rate, self.decay_steps * updates, decay_rate=1.0)
        return keras.optimizers.Adam(rate, self.beta_1)


def _field_names():
    return [field.name for field in dataclasses.fields(Recipe)]


def _steps_per_execution(steps_per_epoch, most=32):
    """As many steps at once as divide an epoch: a small step is shorter than Keras's loop.

    Several replicas take one at a time.
    """
    if replicas.number() > 1:
        return 1
    return max(n for n in range(1, most + 1) if steps_per_epoch % n == 0)
