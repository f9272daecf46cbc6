"""OpenCLIP from local files: the production loader on tiny models, without a hub."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evoke_core.config.profile import EncoderChoice
from evoke_core.corpus.decode import decode_picture, encode_jpeg
from evoke_core.errors import ConfigError, EvokeError, WeightsMissing
from evoke_core.images.clip import ClipEncoder, open_clip_encoder
from evoke_core.images.clip_model import ClipModel
from evoke_core.images.encoders import open_image_encoder
from evoke_core.images.engine import BatchEncoder
from evoke_core.torch_extensions import mend_torch_extensions

TINY = {
    "embed_dim": 16,
    "vision_cfg": {
        "image_size": 64,
        "layers": 2,
        "width": 64,
        "head_width": 16,
        "patch_size": 16,
    },
    "text_cfg": {
        "context_length": 77,
        "vocab_size": 49408,
        "width": 32,
        "heads": 2,
        "layers": 1,
    },
}
CHOICE = EncoderChoice(
    kind="open_clip", model="evoke-tiny", pretrained="seed7", precision="fp32", batch=4
)


@pytest.fixture(autouse=True)
def _no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("an encoder reached for the network")

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(socket, "getaddrinfo", refused)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of weights: one tiny model as safetensors, as .pt and as a folder."""
    mend_torch_extensions()
    import open_clip
    import torch
    from safetensors.torch import save_file

    configs = tmp_path_factory.mktemp("configs")
    (configs / "evoke-tiny.json").write_text(json.dumps(TINY))
    wider = {**TINY, "embed_dim": 24}
    (configs / "evoke-wider.json").write_text(json.dumps(wider))
    open_clip.add_model_config(configs)
    torch.manual_seed(7)
    state = open_clip.create_model("evoke-tiny").state_dict()
    folder = tmp_path_factory.mktemp("weights")
    place = folder / "open_clip"
    hub = place / "as-on-the-hub"
    hub.mkdir(parents=True)
    plain = {name: tensor.contiguous() for name, tensor in state.items()}
    save_file(plain, place / "evoke-tiny-seed7.safetensors")
    save_file(plain, hub / "open_clip_model.safetensors")
    save_file(plain, place / "evoke-wider-seed7.safetensors")
    torch.save(state, place / "evoke-tiny-pt.pt")
    preprocess = {"mean": [0.5] * 3, "std": [0.5] * 3, "resize_mode": "squash"}
    described = {"model_cfg": TINY, "preprocess_cfg": preprocess}
    (hub / "open_clip_config.json").write_text(json.dumps(described))
    return folder


@pytest.fixture
def encoder(made: Path) -> ClipEncoder:
    return open_clip_encoder(CHOICE, made)


@pytest.fixture
def scenes() -> list[np.ndarray]:
    """Pictures of fields, edges and grain, of three shapes, larger than thumbnails."""
    rng = np.random.default_rng(3)
    made = []
    for width, height in ((1200, 900), (800, 1100), (900, 900), (1400, 800)):
        coarse = rng.integers(0, 256, (7, 9, 3), dtype=np.uint8)
        field = Image.fromarray(coarse).resize(
            (width, height), Image.Resampling.BICUBIC
        )
        grain = rng.normal(0, 6, (height, width, 1))
        made.append(np.clip(np.asarray(field) + grain, 0, 255).astype(np.uint8))
    return made


def library_vectors(model: ClipModel, pictures: list[np.ndarray]) -> np.ndarray:
    """Encode by open_clip alone: its transform and its model."""
    import open_clip
    import torch

    settings = open_clip.transform.PreprocessCfg(
        **open_clip.get_model_preprocess_cfg(model.net)
    )
    transform = open_clip.transform.image_transform_v2(settings, is_train=False)
    with torch.inference_mode():
        batch = torch.stack([transform(Image.fromarray(rgb)) for rgb in pictures])
        return model.net.encode_image(batch, normalize=True).numpy()


def test_vectors_are_those_of_the_library(
    encoder: ClipEncoder, scenes: list[np.ndarray]
):
    ours = encoder.encode_images(scenes)

    assert ours.shape == (4, encoder.dimension)
    assert ours.dtype == np.float32
    assert np.linalg.norm(ours, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    cosines = (ours * library_vectors(encoder.model, scenes)).sum(axis=1)
    assert cosines.min() > 0.9999


def test_a_thumbnail_is_seen_as_the_library_sees_the_original(
    encoder: ClipEncoder, scenes: list[np.ndarray]
):
    thumbnails = [
        decode_picture(encode_jpeg(rgb, longest_px=512)).rgb for rgb in scenes
    ]

    ours = encoder.encode_images(thumbnails)

    cosines = (ours * library_vectors(encoder.model, scenes)).sum(axis=1)
    assert cosines.min() >= 0.99


@pytest.mark.parametrize("pretrained", ["pt", "seed7"])
def test_pytorch_and_safetensors_files_give_the_same_vectors(
    made: Path, encoder: ClipEncoder, scenes: list[np.ndarray], pretrained: str
):
    other = open_clip_encoder(
        CHOICE.model_copy(update={"pretrained": pretrained}), made
    )

    assert np.array_equal(other.encode_images(scenes), encoder.encode_images(scenes))


def test_a_folder_brings_its_own_preprocessing(made: Path, scenes: list[np.ndarray]):
    choice = EncoderChoice(
        kind="open_clip", model="local-dir:as-on-the-hub", precision="fp32"
    )
    encoder = open_clip_encoder(choice, made)

    ours = encoder.encode_images(scenes)

    assert encoder.name == "as-on-the-hub"
    assert encoder.model.view.resize_mode == "squash"
    assert encoder.model.view.mean == (0.5, 0.5, 0.5)
    cosines = (ours * library_vectors(encoder.model, scenes)).sum(axis=1)
    assert cosines.min() > 0.9999


def test_texts_are_unit_vectors_of_the_same_space(encoder: ClipEncoder):
    import torch

    texts = ["a still lake", "thunder " * 200, "", "湖 <b>"]
    ours = encoder.encode_texts(texts)

    assert ours.shape == (4, encoder.dimension)
    with torch.inference_mode():
        tokens = encoder.model.tokenizer(texts)
        theirs = encoder.model.net.encode_text(tokens, normalize=True).numpy()
    assert ours == pytest.approx(theirs, abs=1e-5)


def test_what_is_asked_before_encoding_needs_no_model(made: Path):
    encoder = open_clip_encoder(CHOICE, made)

    assert (encoder.name, encoder.dimension) == ("evoke-tiny", 16)
    assert "fp32" in encoder.fingerprint
    assert "unknown" in encoder.licence
    assert encoder.encode_images([]).shape == (0, 16)
    assert encoder._model is None
    assert isinstance(encoder, BatchEncoder)


def test_whatever_may_change_vectors_changes_the_fingerprint(made: Path):
    def of(**changed: object) -> str:
        choice = CHOICE.model_copy(update=changed)
        return open_clip_encoder(choice, made).fingerprint

    assert of() == of(batch=9)
    assert len({of(), of(precision="bf16"), of(pretrained="pt")}) == 3


def test_the_licence_of_well_known_weights_is_known(made: Path, encoder: ClipEncoder):
    choice = CHOICE.model_copy(update={"pretrained": "laion2b_s34b_b79k"})

    assert ClipEncoder(choice, encoder._weights).licence == "MIT"


def test_bf16_stays_near_fp32(made: Path, scenes: list[np.ndarray]):
    half = open_clip_encoder(CHOICE.model_copy(update={"precision": "bf16"}), made)
    whole = open_clip_encoder(CHOICE, made)

    assert half.model.net.visual.conv1.weight.dtype.itemsize == 2
    cosines = (half.encode_images(scenes) * whole.encode_images(scenes)).sum(axis=1)
    assert cosines.min() > 0.99


def test_auto_precision_is_measured_once_kept_and_logged(
    made: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    choice = CHOICE.model_copy(update={"precision": "auto"})
    caplog.set_level(logging.INFO, "evoke_core")

    first = open_clip_encoder(choice, made).fingerprint
    assert "precision auto is" in caplog.text
    assert "lowest cosine" in caplog.text
    record = made / "open_clip" / "evoke-tiny-seed7.precision.json"
    (finding,) = json.loads(record.read_text()).values()
    monkeypatch.setattr(
        "evoke_core.images.clip_precision._measure",
        lambda _: pytest.fail("measured again"),
    )

    assert open_clip_encoder(choice, made).fingerprint == first
    assert first.endswith(finding["precision"])


@pytest.mark.parametrize(
    ("per_s", "shift", "expected"),
    [(9.0, 0.0, "bf16"), (0.5, 0.0, "fp32"), (9.0, 0.2, "fp32")],
)
def test_bf16_is_taken_only_if_faster_and_as_good(
    monkeypatch: pytest.MonkeyPatch, per_s: float, shift: float, expected: str
):
    from evoke_core.images import clip_precision

    whole = np.array([[1.0, 0.0]], np.float32)
    half = np.array([[np.cos(shift), np.sin(shift)]], np.float32)
    probes = iter([(whole, 1.0), (half, per_s)])
    monkeypatch.setattr(clip_precision, "_probe", lambda _: next(probes))

    assert clip_precision._measure(lambda _: None)["precision"] == expected


@pytest.fixture
def starved(encoder: ClipEncoder, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Memory for one picture at a time; what was tried."""
    tried: list[int] = []
    real = ClipModel.encode_images

    def encode(model: ClipModel, shown: list[np.ndarray]) -> np.ndarray:
        tried.append(len(shown))
        if len(shown) > 1:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes")
        return real(model, shown)

    monkeypatch.setattr(ClipModel, "encode_images", encode)
    return tried


def test_out_of_memory_halves_the_batch_and_goes_on(
    encoder: ClipEncoder, starved: list[int], scenes: list[np.ndarray]
):
    found = encoder.encode_images(scenes)

    assert starved == [4, 2, 1, 1, 1, 1]
    cosines = (found * library_vectors(encoder.model, scenes)).sum(axis=1)
    assert cosines.min() > 0.9999


def test_without_memory_for_one_picture_it_says_so(
    encoder: ClipEncoder, scenes: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
):
    def encode(*_: object) -> np.ndarray:
        raise MemoryError

    monkeypatch.setattr(ClipModel, "encode_images", encode)
    with pytest.raises(EvokeError, match="does not hold one picture"):
        encoder.encode_images(scenes)


def test_other_errors_of_the_model_are_not_taken_for_lack_of_memory(
    encoder: ClipEncoder, scenes: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
):
    def encode(*_: object) -> np.ndarray:
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(ClipModel, "encode_images", encode)
    with pytest.raises(RuntimeError, match="shapes differ"):
        encoder.encode_images(scenes)


def copied(made: Path, target: Path, name: str) -> Path:
    """Copy weights to a folder of their own under the name that CHOICE asks for."""
    path = target / "open_clip" / f"evoke-tiny-seed7{Path(name).suffix}"
    path.parent.mkdir(parents=True)
    path.write_bytes((made / "open_clip" / name).read_bytes())
    return path


@pytest.mark.parametrize("name", ["evoke-tiny-seed7.safetensors", "evoke-tiny-pt.pt"])
@pytest.mark.parametrize("share", [0.0, 0.0001, 0.5, 0.999])
def test_truncated_weights_are_refused_with_the_remedy(
    made: Path, tmp_path: Path, name: str, share: float, scenes: list[np.ndarray]
):
    path = copied(made, tmp_path, name)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    encoder = open_clip_encoder(CHOICE, tmp_path)

    with pytest.raises(ConfigError, match=r"can't be loaded .*make models"):
        encoder.encode_images(scenes)


def test_weights_of_another_shape_are_refused(made: Path, scenes: list[np.ndarray]):
    choice = CHOICE.model_copy(update={"model": "evoke-wider"})

    with pytest.raises(ConfigError, match=r"evoke-wider.*can't be loaded.*size mism"):
        open_clip_encoder(choice, made).encode_images(scenes)


def test_a_file_that_would_run_code_is_refused(tmp_path: Path):
    import torch

    path = tmp_path / "open_clip" / "evoke-tiny-seed7.pt"
    path.parent.mkdir()
    torch.save({"state_dict": Path("x")}, path)

    with pytest.raises(ConfigError, match="can't be loaded"):
        open_clip_encoder(CHOICE, tmp_path).encode_texts(["a"])


def test_changed_weights_are_refused_before_they_are_read(made: Path, tmp_path: Path):
    path = copied(made, tmp_path, "evoke-tiny-seed7.safetensors")
    open_clip_encoder(CHOICE, tmp_path)
    path.write_bytes(path.read_bytes()[:-4] + b"evil")

    with pytest.raises(ConfigError, match="SHA-256"):
        open_clip_encoder(CHOICE, tmp_path)


def test_absent_weights_name_model_place_and_command(tmp_path: Path):
    with pytest.raises(WeightsMissing, match=r"evoke-tiny-seed7.*make models"):
        open_image_encoder(CHOICE, tmp_path)


def test_an_unknown_model_is_named(made: Path, encoder: ClipEncoder):
    choice = CHOICE.model_copy(update={"model": "ViT-Z-1"})

    with pytest.raises(ConfigError, match="no model 'ViT-Z-1'"):
        ClipEncoder(choice, encoder._weights)


@pytest.mark.parametrize("model", ["roberta-ViT-B-32", "ViT-B-16-SigLIP"])
def test_a_model_with_parts_on_the_hub_is_refused(encoder: ClipEncoder, model: str):
    choice = CHOICE.model_copy(update={"model": model})

    with pytest.raises(ConfigError, match="a run never downloads"):
        ClipEncoder(choice, encoder._weights).encode_texts(["a"])


def test_a_folder_that_describes_no_model_is_refused(tmp_path: Path):
    folder = tmp_path / "open_clip" / "mine"
    folder.mkdir(parents=True)
    (folder / "open_clip_config.json").write_text("{}")
    choice = EncoderChoice(kind="open_clip", model="local-dir:mine")

    with pytest.raises(ConfigError, match="does not describe a model"):
        open_clip_encoder(choice, tmp_path)


def test_a_profile_without_a_model_is_told_so(tmp_path: Path):
    with pytest.raises(ConfigError, match="names no model"):
        open_image_encoder(EncoderChoice(kind="open_clip"), tmp_path)
