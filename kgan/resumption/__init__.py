"""Resuming after a kill: backups, and a `fit` in two parts."""

from kgan.resumption import backups, parts

__all__ = ["backups", "parts"]
