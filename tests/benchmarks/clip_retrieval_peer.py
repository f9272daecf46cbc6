"""Runs clip-retrieval's inference on our thumbnails; run by that peer's own Python.

    python clip_retrieval_peer.py weights.safetensors store

For every line on its standard input it takes all pictures through once and answers
"done". The peer fetches weights by name, so its loader is handed those of the file.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path


def main(weights: str, store: str) -> None:
    """Answer every line with a run of the peer's own pipeline."""
    run = _open_pipeline(weights, store)
    for _ in sys.stdin:
        run()
        sys.stdout.write("\ndone\n")  # the peer may have left a line open
        sys.stdout.flush()


def _open_pipeline(weights: str, store: str) -> Callable[[], None]:
    _mend_torchvision()
    import open_clip
    from clip_retrieval.clip_inference import mapper, worker
    from safetensors.torch import load_file

    model, _, preprocess = open_clip.create_model_and_transforms("ViT-B-32")
    model.load_state_dict(load_file(weights))
    loaded = (model.eval(), preprocess, open_clip.get_tokenizer("ViT-B-32"))
    mapper.load_clip = lambda **_: loaded
    worker.load_clip = lambda **_: loaded

    def run() -> None:
        with tempfile.TemporaryDirectory() as out:
            worker.worker(
                tasks=[0],
                input_dataset=store,
                output_folder=out,
                output_partition_count=1,
                input_format="files",
                batch_size=32,
                num_prepro_workers=2,
                enable_text=False,
                enable_metadata=False,
                clip_model="open_clip:ViT-B-32",
                use_jit=False,
            )
            if not list(Path(out).rglob("*.npy")):
                raise SystemExit("the peer wrote no vectors")

    return run


def _mend_torchvision() -> None:
    """Declare what a torchvision of another build lacks, as our own module does."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from evoke_core.torch_extensions import mend_torch_extensions

    mend_torch_extensions()


if __name__ == "__main__":
    main(*sys.argv[1:])
