"""The chance of one training step: the same for the same seed, and shared between processes without loss."""

import math

import pytest
import torch

from vae_core.build.config import TrainConfig
from vae_core.build.noise import DEFORMATION, drop_pixels, kept_pixels, step_noise, warp, warped_images

CONFIG = TrainConfig(epochs=1, batch_size=12, input_dropout=0.3, warp=0.5)


def drawn(seed: int, config: TrainConfig = CONFIG, warped: int = 6):
    return step_noise(config, 12, 3, warped, torch.Generator().manual_seed(seed))


def test_a_steps_noise_has_the_shapes_of_its_batch():
    noise = drawn(0)
    assert noise.deformation.shape == (6, 4)
    assert noise.kept.shape == (12, 28, 28)
    assert noise.kept.dtype == torch.bool
    assert noise.epsilon.shape == (12, 3)


def test_one_seed_gives_one_noise_and_another_seed_another():
    first, again, other = drawn(0), drawn(0), drawn(1)
    for name in ("deformation", "kept", "epsilon"):
        assert torch.equal(getattr(first, name), getattr(again, name))
        assert not torch.equal(getattr(first, name), getattr(other, name))


def test_the_next_step_draws_other_noise(generator):
    first, second = (step_noise(CONFIG, 12, 3, 6, generator) for _ in range(2))
    for name in ("deformation", "kept", "epsilon"):
        assert not torch.equal(getattr(first, name), getattr(second, name))


@pytest.mark.parametrize("warped", [0, 1, 5, 6, 12])
@pytest.mark.parametrize("processes", [1, 2, 3, 4])
def test_the_parts_of_all_processes_are_the_whole_noise_each_with_its_own_image(processes, warped):
    noise = drawn(0, warped=warped)
    images = torch.arange(12)
    seen = []
    for rank in range(processes):
        rows = slice(rank, None, processes)
        part, mine = noise.part(rows), images[rows]
        seen += mine.tolist()
        assert torch.equal(part.kept, noise.kept[mine])
        assert torch.equal(part.epsilon, noise.epsilon[mine])
        # An image is deformed by the same row whoever has it, and the deformed ones still come first.
        assert torch.equal(part.deformation, noise.deformation[mine[mine < warped]])
        assert torch.equal(mine[: len(part.deformation)], mine[mine < warped])
    assert sorted(seen) == images.tolist()


def test_the_noise_is_standard_normal_and_the_deformations_have_their_spreads(generator):
    noise = step_noise(CONFIG, 20_000, 1, 20_000, generator)
    assert noise.epsilon.mean().item() == pytest.approx(0, abs=0.03)
    assert noise.epsilon.std().item() == pytest.approx(1, abs=0.03)
    torch.testing.assert_close(noise.deformation.std(dim=0), torch.tensor(DEFORMATION), rtol=0.03, atol=0)
    torch.testing.assert_close(noise.deformation.mean(dim=0), torch.zeros(4), rtol=0, atol=0.003)


# Dropped pixels


@pytest.mark.parametrize("dropout", [0.0, 0.1, 0.3, 0.9])
def test_each_pixel_is_dropped_with_its_probability_and_by_itself(generator, dropout):
    dropped = ~kept_pixels(2000, dropout, generator)
    assert dropped.float().mean().item() == pytest.approx(dropout, abs=0.002)
    each = dropped.float().mean(dim=0)
    assert (each - dropout).abs().max() < 5 * math.sqrt(dropout * (1 - dropout) / 2000) + 1e-6
    flat = dropped.flatten(1).float() - dropout
    for lag in (1, 2, 3, 4, 28):  # four pixels share one draw
        assert (flat[:, lag:] * flat[:, :-lag]).mean().abs() < 0.002


def test_dropped_pixels_are_black_and_the_mean_stays(generator):
    x, kept = torch.full((500, 28, 28), 0.6), kept_pixels(500, 0.3, generator)
    dropped = drop_pixels(x, kept, 0.3)
    assert torch.equal(dropped == 0, ~kept)
    assert dropped.mean().item() == pytest.approx(0.6, abs=0.005)


def test_dropping_nothing_returns_the_images_themselves(generator):
    x = torch.rand(4, 28, 28, generator=generator)
    assert drop_pixels(x, kept_pixels(4, 0.0, generator), 0.0) is x
    assert kept_pixels(4, 0.0, generator).all()


# Deformed images


def deformed(count: int, seed: int = 0) -> torch.Tensor:
    return drawn(seed, warped=count).deformation


def test_warping_moves_the_first_images_of_the_batch_and_no_more(generator):
    x = torch.rand(10, 28, 28, generator=generator)
    warped = warp(x, deformed(4))
    assert torch.equal(warped[4:], x[4:])
    assert all(not torch.equal(after, before) for after, before in zip(warped[:4], x[:4], strict=True))
    assert warped.min() >= 0
    assert warped.max() <= 1


def test_an_image_is_warped_the_same_whoever_shares_its_batch(generator):
    x, deformation = torch.rand(6, 28, 28, generator=generator), deformed(6)
    together = warp(x, deformation)
    for i in range(6):
        torch.testing.assert_close(warp(x[i : i + 1], deformation[i : i + 1])[0], together[i])


def test_warping_is_about_the_centre(generator):
    x = torch.zeros(200, 28, 28)
    x[:, 11:17, 11:17] = 1
    moved = warp(x, step_noise(CONFIG, 1, 1, 200, generator).deformation).mean(dim=0)
    place = torch.arange(28) - 13.5
    assert (moved.sum(dim=0) @ place / moved.sum()).abs() < 0.1
    assert (moved.sum(dim=1) @ place / moved.sum()).abs() < 0.1


def test_no_deformation_leaves_a_picture_where_it_is(generator):
    x = torch.rand(3, 28, 28, generator=generator)
    torch.testing.assert_close(warp(x, torch.zeros(3, 4)), x, atol=1e-5, rtol=0)
    assert warp(x, torch.zeros(0, 4)) is x


def test_a_right_angle_is_a_quarter_turn(generator):
    x = torch.rand(1, 28, 28, generator=generator)
    turned = warp(x, torch.tensor([[math.pi / 2, 0, 0, 0]]))
    quarter_turns = [torch.rot90(x, sign, dims=(1, 2)) for sign in (1, -1)]
    assert any(torch.allclose(turned, turn, atol=1e-4) for turn in quarter_turns)


@pytest.mark.parametrize(("column", "axis", "other"), [(1, 2, 1), (2, 1, 2)], ids=["width", "height"])
def test_width_and_height_scale_one_axis_each(column, axis, other):
    x = torch.zeros(2, 28, 28)
    x[:, 7:21, 7:21] = 1  # 14 pixels wide and high
    deformation = torch.zeros(2, 4)
    deformation[0, column], deformation[1, column] = math.log(2), -math.log(2)
    warped = warp(x, deformation)
    extent = warped.amax(dim=other).sum(dim=1)
    assert sorted(extent.tolist()) == pytest.approx([7, 28], abs=1.1)
    assert warped.amax(dim=axis).sum(dim=1).tolist() == pytest.approx([14, 14], abs=0.1)


def test_the_share_of_warped_images_ends_when_the_recipe_says():
    config = TrainConfig(epochs=1, batch_size=10, warp=0.35, warp_until=0.8)
    assert [warped_images(config, progress) for progress in (0, 0.5, 0.799, 0.8, 1)] == [3, 3, 3, 0, 0]
    assert warped_images(TrainConfig(epochs=1), 0.0) == 0
