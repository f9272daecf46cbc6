"""OpenCLIP as an image encoder that also reads texts.

Pictures and texts are vectors of one space, so that a mood can be asked for by words.
Where the model comes from is `clip_model`; what it is shown `clip_view`; at which
precision it runs `clip_precision`.

Source: Radford et al., ICML 2021; Ilharco et al., OpenCLIP, 2021.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import PIL

from evoke_core.config.profile import EncoderChoice
from evoke_core.devices import is_out_of_memory
from evoke_core.errors import ConfigError, EvokeError
from evoke_core.images import clip_view
from evoke_core.images.clip_model import (
    LOCAL,
    ClipModel,
    Precision,
    library_version,
    load_model,
    model_settings,
)
from evoke_core.images.clip_precision import choose_precision
from evoke_core.vectors import Array, l2_normalize
from evoke_core.weights import Weights, find_weights
from evoke_core.workers import count_cores

_LOG = logging.getLogger(__name__)
_LICENCES = {  # of weights, by the start of their tag
    "laion": "MIT",
    "datacomp": "MIT",
    "commonpool": "MIT",
    "openai": "MIT",
    "metaclip": "CC-BY-NC-4.0",
}


class ClipEncoder:
    """Encodes pictures and texts by an OpenCLIP model; loads it when first needed.

    Args:
        choice: Model, tag, precision and batch.
        weights: Found and compared with their record.
    """

    def __init__(self, choice: EncoderChoice, weights: Weights) -> None:
        self._choice = choice
        self._weights = weights
        self._settings = model_settings(self.name, weights.path)
        self.batch = choice.batch
        self._at_once = choice.batch
        self._model: ClipModel | None = None
        self._loading = Lock()

    @property
    def name(self) -> str:
        """The model's name, or that of its folder."""
        model = str(self._choice.model)
        return Path(model[len(LOCAL) :]).name if model.startswith(LOCAL) else model

    @property
    def dimension(self) -> int:
        """D, from the model's configuration; nothing is loaded."""
        return int(self._settings["embed_dim"])

    @property
    def licence(self) -> str:
        """Of the weights, as their publishers state it."""
        tag = str(self._choice.pretrained or "")
        for start, licence in _LICENCES.items():
            if tag.startswith(start):
                return licence
        return f"unknown: read the model card of {self.name} {tag}".strip()

    @cached_property
    def fingerprint(self) -> str:
        """Model, tag, architecture, weights, preprocessing, libraries, precision.

        Preprocessing follows from the tag or from the folder, which is hashed. With
        precision `auto` the first call on a machine loads the model and measures.
        """
        architecture = json.dumps(self._settings, sort_keys=True).encode()
        parts = (
            "open_clip",
            library_version(),
            self.name,
            str(self._choice.pretrained),
            hashlib.sha256(architecture).hexdigest()[:8],
            self._weights.sha256[:16],
            f"view-{clip_view.VERSION}-pillow-{PIL.__version__}",
            self.precision,
        )
        return "-".join(parts)

    @cached_property
    def precision(self) -> Precision:
        """What the choice says, or what was measured to be faster and as good."""
        asked = self._choice.precision
        if asked == "int8":
            raise ConfigError(
                "image_encoder: precision int8 is for muq and muq_mulan; choose auto, "
                "fp32 or bf16"
            )
        if asked != "auto":
            return asked
        record = self._weights.path.with_name(f"{self._file_name}.precision.json")
        with _torch_threads(count_cores()):
            return choose_precision(self._load, record, self._weights.sha256)

    def encode_images(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> Array:
        """Encode pictures in order; see ImageEncoder.

        Raises:
            ConfigError: The weights can't be loaded.
            EvokeError: Memory does not hold a single picture.
        """
        if not pictures:
            return np.zeros((0, self.dimension), np.float32)
        shown = [self.prepare(rgb) for rgb in pictures]
        return self._by_batches(self.model.encode_images, shown)

    def prepare(self, rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Resize and crop one picture; may be called by many threads.

        Args:
            rgb: uint8[H, W, 3].

        Returns:
            uint8[S, S, 3], S by the model.
        """
        with _torch_threads(1):
            return self.model.view.show(rgb)

    def encode_prepared(self, shown: Sequence[npt.NDArray[np.uint8]]) -> Array:
        """Encode what `prepare` gave, float32[N, D], unit length, in order.

        May be called by as many threads at once as there are lanes.
        """
        lanes = self.count_lanes()
        return self._by_batches(self.model.encode_images, shown, lanes=lanes)

    def count_lanes(self) -> int:
        """One lane for an accelerator, else one for each core; loads the model.

        On cores, batches side by side cost less than threads inside each operation.
        """
        return count_cores() if self.model.device == "cpu" else 1

    def encode_texts(self, texts: Sequence[str]) -> Array:
        """Encode texts in order.

        Args:
            texts: What follows a model's last token (77 for most) is cut off.

        Returns:
            float32[N, D], unit length.
        """
        return self._by_batches(self.model.encode_texts, texts)

    @property
    def model(self) -> ClipModel:
        """The loaded model; of many threads that ask, one loads it.

        Raises:
            ConfigError: The weights are damaged or of another model.
        """
        with self._loading:
            if self._model is None:
                self._model = self._load(self.precision)
                _LOG.info(
                    "%s runs on %s in %s from %s",
                    self.name,
                    self._model.device,
                    self._model.precision,
                    self._weights.path,
                )
            return self._model

    @property
    def _file_name(self) -> str:
        path = self._weights.path
        return path.name if path.is_dir() else path.name[: -len(path.suffix)]

    def _load(self, precision: Precision) -> ClipModel:
        return load_model(self.name, self._choice.pretrained, self._weights, precision)

    def _by_batches(
        self,
        encode: Callable[[Sequence[Any]], Array],
        items: Sequence[Any],
        *,
        lanes: int = 1,
    ) -> Array:
        """Encode a few at a time, and fewer for good once memory has run out."""
        done = [np.zeros((0, self.dimension), np.float32)]
        first = 0
        while first < len(items):
            some = items[first : first + self._at_once]
            try:
                with _torch_threads(max(1, count_cores() // lanes)):
                    done.append(l2_normalize(encode(some)))
            except (RuntimeError, MemoryError) as wrong:
                self._halve(wrong, len(some))
                continue
            first += len(some)
        return np.concatenate(done)

    def _halve(self, wrong: Exception, tried: int) -> None:
        if not is_out_of_memory(wrong):
            raise wrong
        if tried == 1:
            raise EvokeError(
                f"image encoder {self.name}: memory does not hold one picture "
                f"({wrong}); free some, or choose a smaller model"
            ) from wrong
        # Of several lanes that ran out together, one halves.
        self._at_once = min(self._at_once, max(1, tried // 2))
        _LOG.warning(
            "%s: out of memory; going on with batches of %d", self.name, self._at_once
        )


def open_clip_encoder(choice: EncoderChoice, folder: Path) -> ClipEncoder:
    """Open an encoder by the weights that a profile names.

    Args:
        choice: `model` and `pretrained`; or `local-dir:` and a folder as on the hub,
            relative to `folder`/open_clip.
        folder: Of all pretrained weights.

    Raises:
        WeightsMissing: They are not there.
        ConfigError: They are not those that were recorded, the library or the model's
            name is missing.
    """
    if choice.model is None:
        raise ConfigError(
            "image encoder open_clip: the profile names no model; add one, as in "
            "{kind: open_clip, model: ViT-B-32, pretrained: laion2b_s34b_b79k}"
        )
    library_version()
    if choice.model.startswith(LOCAL):
        place = folder / "open_clip" / choice.model[len(LOCAL) :]
        found = find_weights(place.parent.parent, place.parent.name, place.name)
    else:
        name = f"{choice.model}-{choice.pretrained}"
        found = find_weights(folder, "open_clip", name)
    return ClipEncoder(choice, found)


@contextmanager
def _torch_threads(count: int) -> Iterator[None]:
    """Let torch use so many threads from here, whatever OMP_NUM_THREADS says."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
