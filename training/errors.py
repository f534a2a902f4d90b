"""What can stop a training stage, in sentences that name the cure."""

from __future__ import annotations

from bollylive.errors import BollyLiveError


class TrainingError(BollyLiveError):
    """A stage that cannot go on with what it was given."""


class ExportError(TrainingError):
    """The exported graph does not do what the network does."""
