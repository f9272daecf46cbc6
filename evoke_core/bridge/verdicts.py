"""Fine-tuning on people's verdicts: this picture fits this music, that one doesn't.

A short second phase. It asks of each judged pair alone whether it matches, because
verdicts are too few to contrast with each other.

Source: Zhai et al. 2023 (sigmoid loss of single pairs).
"""

import numpy as np

from evoke_core.bridge.network import Network
from evoke_core.bridge.projection import Side
from evoke_core.bridge.supervision import Pairs
from evoke_core.config.profile import BridgeRules

_STEPS = 100
_RATE = 0.3  # of the first phase's
_SHARPNESS = 10.0  # 1 / temperature of the cosines, the sigmoid's own in its source


def learn_verdicts(
    network: Network, music: Side, images: Side, verdicts: Pairs, rules: BridgeRules
) -> None:
    """Move a trained network towards what people said; without verdicts, leave it.

    Args:
        network: Its running mean is replaced.
        music: N rows.
        images: M pictures.
        verdicts: Weight above 0 matches, below 0 does not; its size is how sure.
        rules: Rate and weight decay.
    """
    if not len(verdicts):
        return
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits, normalize

    tuned = network.again()
    rows, place = np.unique(verdicts.music, return_inverse=True)
    code = tuned.encode(music.embedding[rows])
    seen = torch.from_numpy(images.embedding[verdicts.image])
    match = torch.from_numpy((verdicts.weight > 0).astype(np.float32))
    sure = torch.from_numpy(np.abs(verdicts.weight))
    average = normalize(torch.from_numpy(images.embedding.mean(axis=0)), dim=0)
    rate = _RATE * rules.learning_rate
    adam = torch.optim.Adam(tuned.weights(), lr=rate)
    for _ in range(_STEPS):
        projected = tuned.project(code)
        # What fits every picture alike is no match: only what exceeds it counts.
        excess = (projected[place] * seen).sum(dim=1) - (projected @ average)[place]
        loss = binary_cross_entropy_with_logits(_SHARPNESS * excess, match, sure)
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        tuned.settle(rate * rules.weight_decay)
