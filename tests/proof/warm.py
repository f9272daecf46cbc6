"""What a forked run has imported already."""

import av  # noqa: F401
import pymilvus  # noqa: F401
import soundfile  # noqa: F401
import torch  # noqa: F401

import evoke_pipelines.definitions  # noqa: F401
import tests.proof.world  # noqa: F401
