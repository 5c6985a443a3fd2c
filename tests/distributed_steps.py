"""Train small models step by step and write down what came out: alone, or as one of the processes of torchrun.

`python -m torch.distributed.run --standalone --nproc_per_node 2 tests/distributed_steps.py OUT.pt RECIPE.toml...`
"""

import dataclasses
import sys
from pathlib import Path

import torch
from torch import distributed
from tqdm import tqdm

from vae_core.build.config import Recipe, load_recipe
from vae_core.build.place import CPU, Place, here
from vae_core.build.run import Run


def pictures() -> tuple[torch.Tensor, torch.Tensor]:
    """150 pictures of noise with a bright square whose place is its class, and their classes."""
    generator = torch.Generator().manual_seed(7)
    x, y = torch.rand(150, 28, 28, generator=generator) * 0.2, torch.arange(150) % 10
    for picture, label in zip(x, y, strict=True):
        picture[4 + 10 * (label // 5) :][:8, 1 + 5 * (label % 5) :][:, :5] = 1
    return x, y


def trained(recipe: Recipe, place: Place = CPU) -> dict:
    """The objective of each step, as this process has it and averaged over all, and the weights at the end.

    `apart` is the largest distance of any process's weights from those of the first.
    """
    x, y = pictures()
    run = Run(recipe, x[:128], y[:128], (x[128:], y[128:]), place)
    objectives = []
    run.step.register_forward_hook(lambda step, inputs, outputs: objectives.append(outputs[0].detach()))
    with tqdm(disable=True) as bar:
        for _ in range(recipe.training.epochs):
            run.train_epoch(bar)
    own, weights = torch.stack(objectives), run.model.state_dict()
    mean, apart = own.clone(), torch.zeros(())
    if place.processes > 1:
        distributed.all_reduce(mean)
        mean /= place.processes
        for tensor in weights.values():
            first = tensor.clone()
            distributed.broadcast(first, src=0)
            apart = torch.maximum(apart, (first - tensor).abs().max())
        distributed.all_reduce(apart, distributed.ReduceOp.MAX)
    return {"objectives": mean, "own": own, "apart": apart.item(), "weights": weights, "processes": place.processes}


if __name__ == "__main__":
    out, *recipes = sys.argv[1:]
    with here() as place:
        exact = dataclasses.replace(place, bfloat16=False)
        results = {name: trained(load_recipe(name), exact) for name in recipes}
    if place.first:
        threads = [comm.read_text().strip() for comm in Path("/proc/self/task").glob("*/comm")]
        torch.save({"results": results, "threads": threads}, out)
