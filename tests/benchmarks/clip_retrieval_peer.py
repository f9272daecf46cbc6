"""Times clip-retrieval's inference on our thumbnails; run by that peer's own Python.

    python clip_retrieval_peer.py weights.safetensors store

It prints {"seconds": s} of the second of two runs over the same pictures. The peer
fetches weights by name, so its loader is handed those of the file instead.
"""

import json
import sys
import tempfile
import time
from pathlib import Path


def main(weights: str, store: str) -> None:
    """Run the peer's own pipeline twice with a loaded model."""
    _mend_torchvision()
    import open_clip
    from clip_retrieval.clip_inference import mapper, worker

    model, _, preprocess = open_clip.create_model_and_transforms("ViT-B-32")
    from safetensors.torch import load_file

    model.load_state_dict(load_file(weights))
    tokenizer = open_clip.get_tokenizer("ViT-B-32")
    loaded = (model.eval(), preprocess, tokenizer)
    mapper.load_clip = lambda **_: loaded
    worker.load_clip = lambda **_: loaded
    seconds = 0.0
    for _ in range(2):
        with tempfile.TemporaryDirectory() as out:
            started = time.perf_counter()
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
            seconds = time.perf_counter() - started
            if not list(Path(out).rglob("*.npy")):
                raise SystemExit("the peer wrote no vectors")
    sys.stdout.write(json.dumps({"seconds": seconds}) + "\n")


def _mend_torchvision() -> None:
    """Declare what a torchvision of another build lacks, as our own module does."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from evoke_core.torch_extensions import mend_torch_extensions

    mend_torch_extensions()


if __name__ == "__main__":
    main(*sys.argv[1:])
