"""Where training runs: this process's device, and its part when torchrun has started several."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed.nn  # before a group exists: its default arguments would keep that alive (see `here`)
from torch import Tensor, distributed


@dataclass(frozen=True)
class Place:
    """One process of `processes`, on `device`; the first one measures, saves and publishes."""

    device: torch.device
    bfloat16: bool = False
    rank: int = 0
    processes: int = 1

    @property
    def first(self) -> bool:
        return self.rank == 0

    @property
    def rows(self) -> slice:
        """This process's share of a batch: every n-th image, so that all shares are alike."""
        return slice(self.rank, None, self.processes)

    def autocast(self):
        """Matrix products in bfloat16 where the hardware has them."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16)

    def from_first(self, thing):
        """What the first process holds, on every process."""
        if self.processes == 1:
            return thing
        box = [thing]
        distributed.broadcast_object_list(box, src=0, device=self.device)
        return box[0]

    def mean(self, tensor: Tensor) -> Tensor:
        """The mean over all processes of what each one holds, without gradients; the same shape."""
        if self.processes == 1:
            return tensor.detach()
        total = tensor.detach().clone()
        distributed.all_reduce(total)
        return total / self.processes

    @property
    def words(self) -> str:
        """For the manifest: device, precision and number of processes."""
        name = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "CPU"
        return f"{self.processes} x {name}, {'bfloat16' if self.bfloat16 else 'float32'}"


CPU = Place(torch.device("cpu"))


@contextmanager
def here() -> Iterator[Place]:
    """This process's place: the GPU when there is one, else the CPU; a member of the group when torchrun started it."""
    gpu = torch.cuda.is_available()
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))) if gpu else torch.device("cpu")
    if gpu:
        torch.cuda.set_device(device)
    bfloat16 = torch.cuda.is_bf16_supported(including_emulation=False) if gpu else cpu_has_bfloat16()
    if not distributed.is_torchelastic_launched():
        yield Place(device, bfloat16)
        return
    distributed.init_process_group("nccl" if gpu else "gloo")
    try:
        yield Place(device, bfloat16, distributed.get_rank(), distributed.get_world_size())
    finally:
        # Ends the group's threads if nothing holds it any more; one that outlives Python's own end aborts the process.
        distributed.destroy_process_group()


def cpu_has_bfloat16() -> bool:
    """Whether this CPU multiplies matrices in bfloat16; on others bfloat16 is emulated, and slower than float32."""
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
