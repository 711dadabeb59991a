"""Pictures of discs, boxes and crosses, as many as one wants, and a classifier that knows them.

A folder of a few of them is what many people have; because there can be any number of others, what
a GAN makes of the few can be measured exactly.
"""

import pathlib

import keras
import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageOps
from keras import layers

KINDS = ("discs", "boxes", "crosses")


def draw(kind, random, size=None):
    """One picture: a shape in one colour, of any size and place, on a light ground."""
    width, height = size or random.integers(90, 200, 2).tolist()
    ground, color = random.integers(215, 256, 3), random.integers(0, 180, 3)
    color[random.integers(3)] = random.integers(0, 60)  # Never grey as the ground.
    picture = PIL.Image.new("RGB", (width, height), tuple(ground.tolist()))
    pen, side = PIL.ImageDraw.Draw(picture), min(width, height)
    radius = random.uniform(0.18, 0.32) * side
    x = width / 2 + random.uniform(-0.15, 0.15) * side
    y = height / 2 + random.uniform(-0.15, 0.15) * side
    fill = tuple(color.tolist())
    box = (x - radius, y - radius, x + radius, y + radius)
    if kind == "discs":
        pen.ellipse(box, fill=fill)
    elif kind == "boxes":
        pen.rectangle(box, fill=fill)
    else:
        line = max(2, round(radius / 2.2))
        pen.line((*box[:2], *box[2:]), fill=fill, width=line)
        pen.line((box[0], box[3], box[2], box[1]), fill=fill, width=line)
    return picture


def folder(path, number, seed=0):
    """Writes `number` of each kind into a sub-folder of its name, PNG and JPEG in turns."""
    random = np.random.default_rng(seed)
    for kind in KINDS:
        (pathlib.Path(path) / kind).mkdir(parents=True)
        for i in range(number):
            name = pathlib.Path(path) / kind / f"{i:03d}.{('png', 'jpg')[i % 2]}"
            draw(kind, random).save(name)


def arrays(number, image_size, seed):
    """As many of each kind as kgan reads them: images in [-1, 1], and labels."""
    random = np.random.default_rng(seed)
    size = (image_size, image_size)
    images, labels = [], []
    for label, kind in enumerate(sorted(KINDS)):
        for _ in range(number):
            # Drawn large, cut and made smaller, as `from_directory` does.
            picture = PIL.ImageOps.fit(draw(kind, random), size, PIL.Image.Resampling.LANCZOS)
            images.append(np.asarray(picture))
            labels.append(label)
    return np.stack(images).astype("float32") / 127.5 - 1, np.array(labels)


def classifier(image_size, seed=0, number=2000, epochs=8):
    """A classifier of the kinds, trained on `number` of each, and its accuracy on others."""
    keras.utils.set_random_seed(seed)
    images, labels = arrays(number, image_size, seed=1000 + seed)
    network = keras.Sequential(
        [
            keras.Input(images.shape[1:]),
            layers.Conv2D(32, 3, 2, activation="relu"),
            layers.Conv2D(64, 3, 2, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(len(KINDS), activation="softmax"),
        ]
    )
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    network.fit(images, labels, epochs=epochs, batch_size=64, verbose=0)
    others, theirs = arrays(500, image_size, seed=2000 + seed)
    return network, network.evaluate(others, theirs, verbose=0, return_dict=True)["accuracy"]
