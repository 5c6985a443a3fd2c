"""Several processes train as one does: the same objective at every step, and the same weights."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from conftest import KINDS, ROOT, TINY, TINY_CONV, TINY_GAUSSIAN, torchrun
from distributed_steps import pictures, trained

from vae_core.build import place as places
from vae_core.build.config import Recipe, TrainConfig, load_recipe
from vae_core.build.place import CPU, Place, cpu_has_bfloat16, here
from vae_core.build.publish import BuildError
from vae_core.build.run import Run

SETTINGS = TrainConfig(
    epochs=2, batch_size=16, learning_rate=5e-3, warmup_steps=2, warp=0.5, input_dropout=0.1, kl_schedule="constant"
)
RECIPES = {
    "mlp": Recipe("mlp", "mnist", TINY, SETTINGS),
    "conditional-conv": Recipe("conditional-conv", "mnist", replace(TINY_CONV, classes=10), SETTINGS),
    "gaussian": Recipe("gaussian", "mnist", TINY_GAUSSIAN, replace(SETTINGS, optimizer="sgd", learning_rate=1e-4)),
    # The KL of one dimension rises through this floor, so that half a batch may find it on the other side.
    "free-bits": Recipe("free-bits", "mnist", TINY, replace(SETTINGS, free_bits=0.5)),
}
EVERY_RECIPE = pytest.mark.parametrize("name", RECIPES)


def toml(recipe: Recipe) -> str:
    """The recipe as its file would say it."""

    def lines(table: dict) -> str:
        values = {True: "true", False: "false"}
        return "".join(
            f"{key} = {values[v] if isinstance(v, bool) else repr(list(v) if isinstance(v, tuple) else v)}\n"
            for key, v in table.items()
        )

    head = {"id": recipe.id, "dataset": recipe.dataset}
    return (
        f"{lines(head)}[architecture]\n{lines(asdict(recipe.architecture))}[training]\n{lines(asdict(recipe.training))}"
    )


@pytest.fixture(scope="module")
def of_two(tmp_path_factory) -> dict:
    """What each recipe comes to in two processes."""
    folder = tmp_path_factory.mktemp("two")
    for name, recipe in RECIPES.items():
        (folder / f"{name}.toml").write_text(toml(recipe))
        assert load_recipe(str(folder / f"{name}.toml")) == recipe
    paths = [str(folder / f"{name}.toml") for name in RECIPES]
    process = torchrun(str(ROOT / "tests" / "distributed_steps.py"), str(folder / "out.pt"), *paths)
    assert process.returncode == 0, process.stderr
    out = torch.load(folder / "out.pt", weights_only=True)
    return {Path(path).stem: result for path, result in out["results"].items()} | {"threads": out["threads"]}


@pytest.fixture(scope="module")
def of_one() -> dict:
    """What each recipe comes to in one process."""
    return {name: trained(recipe) for name, recipe in RECIPES.items()}


@EVERY_RECIPE
def test_two_processes_have_the_objectives_of_one_at_every_step(of_one, of_two, name):
    one, two = of_one[name], of_two[name]
    assert (one["processes"], two["processes"]) == (1, 2)
    assert len(one["objectives"]) == 2 * 128 // 16
    torch.testing.assert_close(two["objectives"], one["objectives"], atol=1e-4, rtol=1e-6)
    # They did share the work: half a batch has another objective than the whole.
    assert (two["own"] - one["objectives"]).abs().min() > 1e-3


@EVERY_RECIPE
def test_two_processes_end_in_the_weights_of_one(of_one, of_two, name):
    one, two = of_one[name]["weights"], of_two[name]["weights"]
    assert one.keys() == two.keys()
    for key, tensor in one.items():
        torch.testing.assert_close(two[key], tensor, atol=1e-4, rtol=0)
    assert of_two[name]["apart"] == 0


@EVERY_RECIPE
def test_the_compared_trainings_did_train(of_one, name):
    objectives = of_one[name]["objectives"]
    assert objectives[-4:].mean() < objectives[:4].mean() - 5


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's list of threads")
def test_no_thread_of_the_group_outlives_it(of_two):
    assert of_two["threads"]
    assert not [name for name in of_two["threads"] if "gloo" in name]


def test_a_batch_that_the_processes_cannot_share_evenly_is_refused():
    x, y = pictures()
    three = Place(torch.device("cpu"), processes=3)
    with pytest.raises(BuildError, match=r"^batch_size is 16; 3 processes cannot share it evenly\.$"):
        Run(RECIPES["mlp"], x, y, (x, y), three)


# Places


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_the_shares_of_all_processes_are_the_batch(processes):
    batch = torch.arange(20)
    shares = [batch[Place(CPU.device, rank=rank, processes=processes).rows] for rank in range(processes)]
    assert torch.equal(torch.cat(shares).sort().values, batch)
    assert {len(share) for share in shares} == {20 // processes}


def test_without_torchrun_there_is_one_process_and_it_is_the_first():
    with here() as place:
        assert (place.rank, place.processes, place.first) == (0, 1, True)
        assert place.from_first("a thing") == "a thing"
        assert torch.equal(place.mean(torch.tensor([1.0, 2.0])), torch.tensor([1.0, 2.0]))
    assert not torch.distributed.is_initialized()


def test_only_the_first_process_is_the_first():
    assert [Place(CPU.device, rank=rank, processes=3).first for rank in range(3)] == [True, False, False]


def test_the_manifest_says_where_a_model_was_trained():
    assert CPU.words == "1 x CPU, float32"
    assert Place(CPU.device, bfloat16=True, processes=4).words == "4 x CPU, bfloat16"


@pytest.mark.parametrize(
    ("capabilities", "has"),
    [
        ({}, False),
        ({"avx512_bf16": False, "avx2": True}, False),
        ({"avx512_bf16": True}, True),
        ({"amx_bf16": True}, True),
    ],
)
def test_bfloat16_is_used_where_the_processor_has_it(monkeypatch, capabilities, has):
    monkeypatch.setattr(places.torch.cpu, "get_capabilities", lambda: capabilities)
    monkeypatch.setattr(places.torch.cuda, "is_available", lambda: False)
    assert cpu_has_bfloat16() is has
    with here() as place:
        assert place.bfloat16 is has


@pytest.mark.parametrize("architecture", KINDS.values(), ids=KINDS)
def test_bfloat16_trains_nearly_as_float32_does(architecture):
    beta = 0.0 if architecture.deterministic else 1.0
    recipe = Recipe("tiny", "mnist", architecture, replace(SETTINGS, epochs=1, beta=beta))
    exact = trained(recipe)["objectives"]
    rounded = trained(recipe, Place(CPU.device, bfloat16=True))
    torch.testing.assert_close(rounded["objectives"], exact, atol=1, rtol=0)
    assert not torch.equal(rounded["objectives"], exact)
    assert {tensor.dtype for tensor in rounded["weights"].values()} <= {torch.float32, torch.int64}


def test_batch_norm_shared_by_cpu_processes_is_refused():
    x, y = pictures()
    normed = replace(TINY_CONV, batch_norm=True)
    recipe = Recipe("tiny", "mnist", normed, TrainConfig(epochs=1, batch_size=32))
    with pytest.raises(BuildError, match="batch_norm over several processes"):
        Run(recipe, x, y, (x, y), Place(torch.device("cpu"), processes=2))
