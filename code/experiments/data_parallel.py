"""Section 8.2: data-parallel and sharded training with torch.distributed, on one machine or many.

This starts 3 processes here, checks, trains, and stores the result:

    python code/experiments/data_parallel.py

With ``--check`` it makes the checks alone. The same, started by PyTorch's own launcher:

    torchrun --nproc-per-node=3 code/experiments/data_parallel.py

On many machines, the same line on each of them, here for 2 machines with 4 processes each, the
first of which is called alpha:

    torchrun --nnodes=2 --nproc-per-node=4 --rdzv-backend=c10d --rdzv-endpoint=alpha:29500 \\
        code/experiments/data_parallel.py

Every process holds the whole network and works on its own rows of each batch. What is checked, in
float64: that the gradients added up over the processes are those of the whole batch, for parts of
any sizes; that PyTorch's DistributedDataParallel finds the same; and that after many steps all
processes hold the same weights, those of training in one process. Then Adam in shards: each process
keeps the two means of its own part of the parameters only; and PyTorch's fully_shard, which divides
the parameters and their gradients as well. Both are compared with Adam in one process, and what
each process holds between two steps is counted.
"""

import argparse
import os
import socket
import sys

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor

from backprop.datasets import load_mnist
from backprop.studies.stored import store

BATCH, RATE = 96, 0.1


def model(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Linear(784, 32), torch.nn.Tanh(), torch.nn.Linear(32, 10)
    ).double()


def gradient(net):
    return torch.cat([p.grad.reshape(-1) for p in net.parameters()])


def weights(net):
    return torch.cat([p.detach().reshape(-1) for p in net.parameters()])


def whole_batch(net, X, t):
    """The gradient by one process: the loss is the mean over the batch."""
    net.zero_grad()
    torch.nn.functional.cross_entropy(net(X), t).backward()
    return gradient(net)


def parts(n, processes, even=True):
    """Where the rows of each process begin and end; uneven parts grow with the rank."""
    share = np.ones(processes) if even else np.arange(1, processes + 1)
    edges = np.round(n * np.concatenate([[0], np.cumsum(share / share.sum())])).astype(int)
    return list(zip(edges, edges[1:]))


def in_parallel(net, X, t, rows):
    """The same gradient by all processes.

    Each takes its rows, the loss summed and divided by the size of the whole batch.
    """
    begin, end = rows[dist.get_rank()]
    net.zero_grad()
    (
        torch.nn.functional.cross_entropy(net(X[begin:end]), t[begin:end], reduction="sum") / len(X)
    ).backward()
    total = gradient(net)
    dist.all_reduce(total)  # now the sum over the processes, in all of them
    return total


def adam_in_shards(net, X, t, rows, share, adam):
    """One step: the gradient's sum and Adam's means each lie in parts, one a process."""
    begin, end = rows[dist.get_rank()]
    net.zero_grad()
    (
        torch.nn.functional.cross_entropy(net(X[begin:end]), t[begin:end], reduction="sum") / len(X)
    ).backward()
    padded = share.numel() * dist.get_world_size()
    fill = lambda vector: torch.nn.functional.pad(vector, (0, padded - vector.numel()))
    share.grad = torch.empty_like(share)
    dist.reduce_scatter_single(share.grad, fill(gradient(net)))  # my part of the sum
    adam.step()  # on my part of the parameters
    whole = torch.empty(padded, dtype=share.dtype)
    dist.all_gather_single(whole, share.detach())  # all parts, in all processes
    torch.nn.utils.vector_to_parameters(whole[: weights(net).numel()], net.parameters())


def fully_sharded(seed=0):
    """The model with its parameters divided among the processes, layer by layer."""
    net = model(seed)
    mesh = init_device_mesh("cpu", (dist.get_world_size(),))
    for part in (net[0], net[2], net):
        fully_shard(part, mesh=mesh)
    return net


def numbers(tensors):
    """How many numbers this process holds of these tensors."""
    return sum((v.to_local() if isinstance(v, DTensor) else v).numel() for v in tensors)


def means(adam):
    return [v for state in adam.state.values() for v in state.values() if v.dim()]


def in_shards(batches, rows):
    """Adam three times, in one process, with its means in shards, with everything in shards."""
    rank, processes = dist.get_rank(), dist.get_world_size()
    one, own, all_of_it = model(), model(), fully_sharded()
    P = weights(own).numel()
    size = -(-P // processes)
    padded = torch.nn.functional.pad(weights(own), (0, size * processes - P))
    share = torch.nn.Parameter(padded[rank * size : (rank + 1) * size].clone())
    adams = [
        torch.optim.Adam(tensors, lr=0.001)
        for tensors in (one.parameters(), [share], all_of_it.parameters())
    ]
    for X, t in batches:
        whole_batch(one, X, t)
        adams[0].step()
        adam_in_shards(own, X, t, rows, share, adams[1])
        begin, end = rows[rank]
        all_of_it.zero_grad()
        torch.nn.functional.cross_entropy(all_of_it(X[begin:end]), t[begin:end]).backward()
        adams[2].step()
    gathered = torch.cat([p.full_tensor().detach().reshape(-1) for p in all_of_it.parameters()])
    held = lambda net, adam, grads: [
        numbers(net.parameters()),
        numbers(grads),
        numbers(means(adam)),
    ]
    return {
        "Adam in shards, weights differ from those of one process by": largest_difference(
            weights(own), weights(one)
        ),
        "fully_shard, weights differ from those of one process by": largest_difference(
            gathered, weights(one)
        ),
        "held alone": held(one, adams[0], [p.grad for p in one.parameters()]),
        "held with Adam in shards": held(own, adams[1], [share.grad]),
        "held with fully_shard": held(
            all_of_it, adams[2], [p.grad for p in all_of_it.parameters()]
        ),
    }


def largest_difference(a, b):
    return float((a - b).abs().max() / b.abs().max())


def work(steps):
    """What every process does. Rank 0 returns the findings."""
    rank, processes = dist.get_rank(), dist.get_world_size()
    mnist = load_mnist()
    X = torch.from_numpy(mnist.X_train[: BATCH * steps]).double()
    t = torch.from_numpy(mnist.y_train[: BATCH * steps].astype(np.int64))
    first, net = (X[:BATCH], t[:BATCH]), model()
    alone = whole_batch(net, *first)
    found = {
        "processes": processes,
        "parameters": len(alone),
        "even parts": largest_difference(in_parallel(net, *first, parts(BATCH, processes)), alone),
        "uneven parts": largest_difference(
            in_parallel(net, *first, parts(BATCH, processes, even=False)), alone
        ),
    }

    # the mistake: a mean of means, whatever the sizes
    begin, end = parts(BATCH, processes, even=False)[rank]
    mean = whole_batch(net, first[0][begin:end], first[1][begin:end])
    dist.all_reduce(mean)
    found["mean of the means of uneven parts"] = largest_difference(mean / processes, alone)

    begin, end = parts(BATCH, processes)[rank]
    # takes the weights of rank 0, whatever the seed
    ddp = torch.nn.parallel.DistributedDataParallel(model(seed=rank))
    found["DistributedDataParallel"] = largest_difference(
        whole_batch(ddp, first[0][begin:end], first[1][begin:end]), alone
    )

    one, many, losses = model(), model(), []
    for k in range(0, len(X), BATCH):
        batch = X[k : k + BATCH], t[k : k + BATCH]
        for net, step in [
            (one, whole_batch(one, *batch)),
            (many, in_parallel(many, *batch, parts(BATCH, processes))),
        ]:
            torch.nn.utils.vector_to_parameters(weights(net) - RATE * step, net.parameters())
        losses.append(torch.nn.functional.cross_entropy(many(batch[0]), batch[1]).item())
    held = [torch.empty_like(weights(many)) for _ in range(processes)]
    dist.all_gather(held, weights(many))
    found["steps"] = steps
    found["weights differ between processes by"] = max(
        largest_difference(other, held[0]) for other in held
    )
    found["weights differ from those of one process by"] = largest_difference(
        weights(many), weights(one)
    )
    found["loss, first and last batch"] = [round(losses[0], 4), round(losses[-1], 4)]
    batches = [(X[k : k + BATCH], t[k : k + BATCH]) for k in range(0, len(X), BATCH)]
    found |= in_shards(batches, parts(BATCH, processes))
    return found


def process(rank, processes, port, steps, findings):
    """One of the processes that `main` starts on this machine."""
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=processes
    )
    found = work(steps)
    if rank == 0:
        findings.put(found)
    dist.barrier()
    dist.destroy_process_group()


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--processes", type=int, default=3)
    options.add_argument("--check", action="store_true", help="few steps, nothing is stored")
    options = options.parse_args()
    steps = 20 if options.check else 200
    if "RANK" in os.environ:  # started by torchrun, which says who and where we are
        torch.set_num_threads(1)
        dist.init_process_group("gloo")
        found = work(steps)
        if dist.get_rank() == 0:
            show(found)
        dist.barrier()
        dist.destroy_process_group()
        return
    # processes of one machine talk over its loopback
    own = {"linux": "lo", "darwin": "lo0"}.get(sys.platform)
    if own:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", own)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    findings = mp.get_context("spawn").SimpleQueue()
    mp.spawn(process, (options.processes, port, steps, findings), nprocs=options.processes)
    found = findings.get()
    show(found)
    if not options.check:
        store(__file__, found, {"torch": torch.__version__})


def show(found):
    for name, value in found.items():
        print(f"{name}: {value:.0e}" if isinstance(value, float) else f"{name}: {value}")


if __name__ == "__main__":
    main()
