"""A training step of LeNet, batch 64: python -m tests.perf.lenet_step [threads]

All of it by the solver (forward, backward, update), and each kernel's share.  Caffe's own takes 20 ms on a core of some
100 GFLOP/s.
"""

import sys

import numpy as np

from protonet.prototxt import parse
from protonet.solvers.solver import Solver
from tests.perf.gemm import best

NET = """
layer { name: "data" type: "Input" top: "data" top: "label"
  input_param { shape { dim: 64 dim: 1 dim: 28 dim: 28 } shape { dim: 64 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 20 kernel_size: 5 weight_filler { type: "xavier" } } }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1" pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "conv2" type: "Convolution" bottom: "pool1" top: "conv2"
  convolution_param { num_output: 50 kernel_size: 5 weight_filler { type: "xavier" } } }
layer { name: "pool2" type: "Pooling" bottom: "conv2" top: "pool2" pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "ip1" type: "InnerProduct" bottom: "pool2" top: "ip1"
  inner_product_param { num_output: 500 weight_filler { type: "xavier" } } }
layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2"
  inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }
"""
SOLVER = "base_lr: 0.01 momentum: 0.9 weight_decay: 0.0005 lr_policy: 'inv' gamma: 0.0001 power: 0.75 max_iter: 1000"


def made(threads):
    param = parse.loads(SOLVER, "SolverParameter").message
    param.net_param.CopyFrom(parse.loads(NET, "NetParameter").message)
    solver = Solver(param, threads=threads)
    rng = np.random.default_rng(0)
    for name, value in (("data", rng.random((64, 1, 28, 28))), ("label", np.arange(64) % 10)):
        solver.net.blobs[name].data[...] = value
    solver.step(2)
    return solver


if __name__ == "__main__":
    solver = made(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    whole, program, total = best(lambda: solver.step(1), 100), solver.net.planned().program, 0.0
    for i, step in enumerate(program.steps):
        took = best(lambda: program.run(i, i + 1), 30)  # noqa: B023
        total += took
        print(f"{step.label:40} {step.tasks:5} tasks {took * 1e3:8.3f} ms")
    print(f"forward and backward, kernel by kernel: {total * 1e3:.2f} ms; a step of the solver: {whole * 1e3:.2f} ms")
