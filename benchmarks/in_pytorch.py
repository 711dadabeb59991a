"""A generator of `kgan.architectures.dcgan` as PyTorch users have it, with the same weights."""

import numpy as np
import torch
from torch import nn


class Crop(nn.Module):
    """The first `size` rows and columns."""

    def __init__(self, size):
        super().__init__()
        self.size = size

    def forward(self, x):
        """Images in NCHW."""
        return x[:, :, : self.size, : self.size]


def generator(network):
    """The `torch.nn.Sequential`, in eager mode and for inference, of an unconditional `dcgan`."""
    parts = [part for layer in network.layers for part in _translated(layer)]
    return nn.Sequential(*parts).eval()


def _translated(layer):
    kind = type(layer).__name__
    weights = [torch.from_numpy(np.array(weight)) for weight in layer.get_weights()]
    if kind == "Dense":
        linear = nn.Linear(*weights[0].shape, bias=False)
        height, _, channels = 4, 4, weights[0].shape[1] // 16
        # Keras's Reshape is to height, width, channels; PyTorch's images are channels first.
        order = torch.arange(weights[0].shape[1]).reshape(height, height, channels)
        linear.weight.data = weights[0].T[order.permute(2, 0, 1).flatten()].contiguous()
        return [linear, nn.Unflatten(1, (channels, height, height))]
    if kind == "BatchNormalization":
        normalization = nn.BatchNorm2d(len(weights[0]), eps=layer.epsilon)
        parts = ("weight", "bias", "running_mean", "running_var")
        for name, weight in zip(parts, weights, strict=True):
            getattr(normalization, name).data = weight
        return [normalization]
    if kind == "Conv2DTranspose":
        up = nn.ConvTranspose2d(*weights[0].shape[:1:-1], 4, 2, 1, bias=layer.use_bias)
        up.weight.data = weights[0].permute(3, 2, 0, 1).contiguous()
        if layer.use_bias:
            up.bias.data = weights[1]
        return [up] if layer.output.shape[1] % 2 == 0 else [up, Crop(layer.output.shape[1])]
    return {"ReLU": [nn.ReLU()], "Activation": [nn.Tanh()]}.get(kind, [])
