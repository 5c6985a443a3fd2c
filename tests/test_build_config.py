"""Recipes: the shipped ones load, and nonsense is refused in one sentence before anything is trained."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from conftest import ROOT, TINY, TINY_CONDITIONAL, TINY_CONV, TINY_DETERMINISTIC

from vae_core.build.config import CONFIGS, ConfigError, Recipe, TrainConfig, load_recipe
from vae_core.model import new_vae

HEAD = ['id = "tiny"', 'dataset = "mnist"']
ARCHITECTURE = [
    'family = "mlp"',
    "latent_dim = 3",
    "width = 16",
    "hidden = 8",
    "encoder_blocks = 1",
    "decoder_blocks = 1",
]


@pytest.fixture
def load(tmp_path):
    """Write a recipe, each of whose lines replaces the one with its key or is added, and load it."""

    def write_and_load(head=(), architecture=(), training=("epochs = 2",), without=()):
        tables = []
        for lines, changes in ((HEAD, head), (ARCHITECTURE, architecture), (["epochs = 2"], training)):
            table = {line.split(" = ")[0]: line for line in (*lines, *changes)}
            tables.append("\n".join(line for key, line in table.items() if key not in without))
        path = tmp_path / "tiny.toml"
        path.write_text("{}\n[architecture]\n{}\n[training]\n{}\n".format(*tables))
        return load_recipe(str(path))

    return write_and_load


def refused(load, problem: str, **changes) -> None:
    """The recipe is refused in one line that names the file and then the problem."""
    with pytest.raises(ConfigError, match=rf"^[^\n]*tiny\.toml: [^\n]*{problem}[^\n]*\.$"):
        load(**changes)


EVERY_SHIPPED = pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.stem)


@EVERY_SHIPPED
def test_a_shipped_recipe_is_called_as_its_file(path):
    assert load_recipe(path.stem).id == path.stem
    assert load_recipe(str(path)) == load_recipe(path.stem)


@EVERY_SHIPPED
def test_a_shipped_network_has_at_most_523_000_parameters(path):
    architecture = load_recipe(path.stem).architecture
    assert sum(p.numel() for p in new_vae(architecture, seed=0).parameters()) <= 523_000


@EVERY_SHIPPED
def test_a_shipped_recipe_that_is_replayed_keeps_the_untrained_model(path):
    epochs = load_recipe(path.stem).training.snapshot_epochs
    assert not epochs or epochs[0] == 0
    assert list(epochs) == sorted(set(epochs))


def test_some_shipped_recipes_are_replayed():
    assert any(load_recipe(path.stem).training.snapshot_epochs for path in CONFIGS.glob("*.toml"))


def test_the_beta_family_differs_in_beta_alone():
    plain = load_recipe("mnist-z10")
    family = [load_recipe(path.stem) for path in CONFIGS.glob("mnist-z10-b*.toml")]
    assert len(family) >= 4
    for recipe in family:
        assert recipe.id == f"mnist-z10-b{recipe.training.beta:g}"
        assert recipe.architecture == plain.architecture
    assert len({replace(recipe.training, beta=1.0) for recipe in family}) == 1


def test_a_recipe_says_what_its_file_says(load):
    recipe = load(
        training=["epochs = 7", "seed = 3", "beta = 0.25", "learning_rate = 1e-3", "snapshot_epochs = [0, 7]"]
    )
    assert (recipe.id, recipe.dataset, recipe.architecture.latent_dim) == ("tiny", "mnist", 3)
    training = recipe.training
    assert (training.epochs, training.seed, training.beta, training.learning_rate) == (7, 3, 0.25, 1e-3)
    assert training.snapshot_epochs == (0, 7)


def test_a_recipe_says_how_the_kl_comes_in_and_what_is_kept(load):
    lines = [
        'kl_schedule = "cyclical"',
        "kl_cycles = 3",
        "free_bits = 0.5",
        'optimizer = "sgd"',
        'schedule = "constant"',
        'keep = "last"',
    ]
    training = load(training=lines).training
    assert (training.kl_schedule, training.kl_cycles, training.free_bits) == ("cyclical", 3, 0.5)
    assert (training.optimizer, training.schedule, training.keep) == ("sgd", "constant", "last")


def test_a_recipe_says_what_a_pixel_is_and_whether_there_is_a_posterior(load):
    gaussian = load(architecture=['likelihood = "gaussian"', "pixel_sigma = 0.1"]).architecture
    assert (gaussian.likelihood, gaussian.pixel_sigma, gaussian.deterministic) == ("gaussian", 0.1, False)
    conv = load(architecture=['family = "conv"', "channels = 4", "batch_norm = true"]).architecture
    assert (conv.batch_norm, conv.likelihood) == (True, "bernoulli")
    assert load(architecture=["deterministic = true"], training=["beta = 0"]).architecture == TINY_DETERMINISTIC


def test_a_whole_number_will_do_where_a_fraction_is_wanted(load):
    beta = load(training=["beta = 4"]).training.beta
    assert beta == 4.0
    assert isinstance(beta, float)


def test_an_unknown_id_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"no recipe .*nonsense\.toml.*one of: .*mnist-z10, .*mnist-z2, .*mnist-z20"):
        load_recipe("nonsense")


def test_a_missing_file_is_refused_by_its_path(tmp_path):
    with pytest.raises(ConfigError, match=r"no recipe .*absent\.toml"):
        load_recipe(str(tmp_path / "absent.toml"))


@pytest.mark.parametrize("content", [b"epochs = = 3", b"id = 'tiny", b"\xff\xfe"])
def test_a_file_that_is_not_toml_is_refused(tmp_path, content):
    path = tmp_path / "tiny.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"tiny\.toml is not readable TOML: "):
        load_recipe(str(path))


@pytest.mark.parametrize(
    ("table", "neighbour"), [("head", "dataset"), ("architecture", "latent_dim"), ("training", "epochs")]
)
def test_an_unknown_key_is_refused_with_the_known_ones_of_its_table(load, table, neighbour):
    refused(load, rf"unknown keys \['lattent'\]; known are \[.*'{neighbour}'", **{table: ["lattent = 2"]})


@pytest.mark.parametrize("key", ["id", "dataset", "family", "latent_dim", "width", "epochs"])
def test_a_missing_key_is_refused_by_its_name(load, key):
    refused(load, f"missing .*'{key}'", without=[key])


@pytest.mark.parametrize(
    ("table", "line", "wanted"),
    [
        ("head", "id = 5", "str"),
        ("architecture", "latent_dim = 2.0", "int"),
        ("training", 'epochs = "ten"', "int"),
        ("training", "epochs = 1.5", "int"),
        ("training", "epochs = true", "int"),
        ("training", 'beta = "1"', "float"),
        ("training", "beta = true", "float"),
        ("training", "beta = [1.0]", "float"),
        ("training", 'free_bits = "some"', "float"),
        ("training", "kl_cycles = 2.5", "int"),
        ("architecture", "batch_norm = 1", "bool"),
        ("architecture", 'deterministic = "yes"', "bool"),
        ("architecture", "pixel_sigma = true", "float"),
    ],
)
def test_a_value_of_a_wrong_type_is_refused(load, table, line, wanted):
    key = line.split(" = ")[0]
    refused(load, f"{key} is .*; it must be of type {wanted}", **{table: [line]})


@pytest.mark.parametrize("value", ["3", "[1, 2.5]", "[true]", '["1"]'])
def test_snapshot_epochs_are_a_list_of_whole_numbers(load, value):
    refused(load, "snapshot_epochs must be a list of whole numbers", training=[f"snapshot_epochs = {value}"])


@pytest.mark.parametrize("epochs", ["[3]", "[-1]", "[0, 1, 9]"])
def test_a_snapshot_outside_the_training_is_refused(load, epochs):
    refused(load, r"snapshot epochs \[(3|-1|9)\] lie outside 0 to 2", training=[f"snapshot_epochs = {epochs}"])


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("epochs = 0", "epochs is 0; it must be at least 1"),
        ("batch_size = 0", "batch_size is 0; it must be at least 1"),
        ("threads = 0", "threads is 0; it must be at least 1"),
        ("beta = -0.1", "beta is -0.1; it cannot be negative"),
        ("weight_decay = -1", "weight_decay is -1.0; it cannot be negative"),
        ("warmup_steps = -1", "warmup_steps is -1; it cannot be negative"),
        ("learning_rate = 0", "learning_rate is 0.0; it must be positive"),
        ("learning_rate = nan", "learning_rate is nan; it must be"),
        ("gradient_clip = -5.0", "gradient_clip is -5.0; it must be positive"),
        ("input_dropout = 1", "input_dropout is 1.0; it must lie in"),
        ("input_dropout = -0.1", "input_dropout is -0.1; it must lie in"),
        ("warp = 1.01", "warp is 1.01; it must lie between 0 and 1"),
        ("warp_until = -0.5", "warp_until is -0.5; it must lie between 0 and 1"),
        ("kl_warmup = nan", "kl_warmup is nan; it must"),
        ("kl_cycles = 0", "kl_cycles is 0; it must be at least 1"),
        ("free_bits = -0.5", "free_bits is -0.5; it cannot be negative"),
        ("free_bits = inf", "free_bits is inf; it must be a finite number"),
        ("seed = -1", "seed is -1; it must lie between 0 and"),
        ('kl_schedule = "cosine"', "kl_schedule is 'cosine'; choose one of linear, constant, cyclical"),
        ('schedule = "linear"', "schedule is 'linear'; choose one of cosine, constant"),
        ('optimizer = "lion"', "optimizer is 'lion'; choose one of adamw, adam, sgd"),
        ("optimizer = 3", "optimizer is 3; choose one of adamw, adam, sgd"),
        ('keep = "first"', "keep is 'first'; choose one of best, last"),
        ('keep = ["best"]', r"keep is \['best'\]; choose one of best, last"),
    ],
)
def test_a_setting_out_of_range_is_refused(load, line, problem):
    refused(load, problem, training=[line])


@pytest.mark.parametrize("line", ["beta = nan", "beta = inf", "weight_decay = nan", "learning_rate = inf"])
def test_a_setting_that_is_not_a_number_is_refused(load, line):
    refused(load, line.split(" = ")[0], training=[line])


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["latent_dim = 0"], "latent_dim is 0; it must be at least 1"),
        (["encoder_blocks = -1"], "encoder_blocks is -1; it cannot be negative"),
        (['family = "transformer"'], "family is 'transformer'; choose one of mlp, conv"),
        (['family = "conv"'], "channels must be at least 1 for a convolutional model"),
        (["channels = 4"], "channels must be at least 1 for a convolutional model and 0 for an MLP"),
        (["classes = 7"], r"classes is 7; mnist has 10 \(0: not conditional\)"),
        (
            ['likelihood = "poisson"'],
            "likelihood is 'poisson'; choose one of bernoulli, continuous_bernoulli, gaussian",
        ),
        (["pixel_sigma = 0.1"], "pixel_sigma belongs to Gaussian pixels; leave it out of a bernoulli model"),
        (['likelihood = "gaussian"', "pixel_sigma = -1"], "pixel_sigma is -1.0; it must be positive"),
        (["batch_norm = true"], "batch_norm is for convolutional models; leave it out of an MLP"),
        (["deterministic = true"], "beta is 1.0; a deterministic model has no KL to weigh, so set beta = 0"),
    ],
)
def test_an_architecture_that_cannot_be_built_is_refused(load, lines, problem):
    refused(load, problem, architecture=lines)


def test_a_plain_autoencoder_of_any_kl_weight_is_refused(load):
    refused(load, "set beta = 0", architecture=["deterministic = true"], training=["beta = 1e-3"])


# Data of one's own

CLASSES = ("cat", "dog", "owl")
SETTINGS = TrainConfig(epochs=1)


def test_a_conditional_recipe_learns_the_labels_of_ones_own_data():
    recipe = Recipe("tiny", "mnist", TINY_CONDITIONAL, SETTINGS).on_data("mine", CLASSES)
    assert recipe == Recipe("tiny", "mine", replace(TINY_CONDITIONAL, classes=3), SETTINGS)


@pytest.mark.parametrize("classes", [(), ("one",), CLASSES])
def test_an_unconditional_recipe_takes_any_data(classes):
    recipe = Recipe("tiny", "mnist", TINY_CONV, SETTINGS).on_data("mine", classes)
    assert recipe == Recipe("tiny", "mine", TINY_CONV, SETTINGS)


@pytest.mark.parametrize("classes", [(), ("one",)])
def test_a_conditional_recipe_refuses_data_without_two_classes(classes):
    recipe = Recipe("tiny", "mnist", TINY_CONDITIONAL, SETTINGS)
    problem = rf"^tiny is conditional, which takes two classes or more; mine has {len(classes)}$"
    with pytest.raises(ValueError, match=problem):
        recipe.on_data("mine", classes)


@pytest.mark.parametrize("id_", ["", "Tiny", "a b", "../tiny", "-tiny", "tiny_2"])
def test_an_id_that_is_no_file_name_is_refused(load, id_):
    problem = "use lower-case letters, digits, dots and hyphens"
    refused(load, problem, head=[f'id = "{id_}"'])
    with pytest.raises(ValueError, match=problem):
        Recipe(id_, "mnist", TINY, SETTINGS)


def test_an_unknown_dataset_is_refused_with_the_known_ones(load):
    refused(load, r"dataset is 'cifar'; choose one of \['fashion', 'mnist'\]", head=['dataset = "cifar"'])


def test_a_recipe_equals_itself_after_json(load):
    recipe = load(training=["snapshot_epochs = [0, 1]"])
    assert json.loads(json.dumps(recipe.as_dict())) == recipe.as_dict()


def test_the_command_refuses_nonsense_in_one_line_and_with_an_error_code():
    command = [sys.executable, "-m", "vae_core.build.train", "nonsense"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr.startswith("There is no recipe ")
    assert run.stderr.count("\n") == 1
