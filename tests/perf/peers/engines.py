"""Each engine as a function of {input: array}, in float32 on so many threads."""

import importlib.util
import logging
import os

import numpy as np

log = logging.getLogger(__name__)


def all_of(graph, threads, folder, images=1):
    """(name, version, run) of each engine that is installed and takes the net."""
    for name, (package, make) in ENGINES.items():
        if importlib.util.find_spec(package) is None:
            continue
        if name == "ncnn" and images > 1:
            continue  # takes one image at a time
        try:
            yield name, *make(graph, threads, folder)
        except Exception as error:
            log.warning("%s does not take this net: %s: %s", name, type(error).__name__, str(error)[:200])


def saved(graph, folder):
    import onnx

    from tests.perf.peers import onnx_model

    path = os.path.join(folder, "net.onnx")
    if not os.path.exists(path):
        onnx.save(onnx_model.model(graph), path)
    return path, list(onnx_model.output_names(graph).values())


def onnx_runtime(graph, threads, folder):
    import onnxruntime

    path, names = saved(graph, folder)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def run(inputs):
        return dict(zip(names, session.run(None, inputs), strict=True))

    return onnxruntime.__version__, run


def openvino(graph, threads, folder):
    import openvino

    path, names = saved(graph, folder)
    settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.Core().compile_model(path, "CPU", settings)
    request = compiled.create_infer_request()

    def run(inputs):
        request.infer(inputs)
        return {name: request.get_output_tensor(i).data.copy() for i, name in enumerate(names)}

    return openvino.__version__.split("-")[0], run


def opencv(graph, threads, folder):
    import cv2

    path, names = saved(graph, folder)
    cv2.setNumThreads(threads)
    net = cv2.dnn.readNetFromONNX(path)
    last = [name for name in net.getUnconnectedOutLayersNames()]

    def run(inputs):
        for name, array in inputs.items():
            net.setInput(array, name)
        return dict(zip(names, net.forward(last), strict=True))

    return cv2.__version__, run


def ncnn(graph, threads, folder):
    import ncnn as library

    from tests.perf.peers import ncnn_model

    path = os.path.join(folder, "net")
    outputs, names = ncnn_model.write(graph, path)
    net = library.Net()
    net.opt.num_threads = threads
    for half in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage"):
        setattr(net.opt, half, False)
    net.load_param(path + ".param")
    net.load_model(path + ".bin")

    def run(inputs):
        extractor = net.create_extractor()
        for name, array in inputs.items():
            extractor.input(names[name], library.Mat(array[0]))
        return {name: np.array(extractor.extract(blob)[1])[None] for name, blob in outputs.items()}

    return library.__version__, run


def torchscript(graph, threads, folder):
    import torch

    from tests.perf.peers.torch_model import Module

    torch.set_num_threads(threads)
    module = Module(graph).eval()
    examples = tuple(torch.zeros(value.shape) for value in module.inputs)
    with torch.no_grad():
        traced = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(module, examples)))
    names, order = [value.name for value in graph.outputs], [value.name for value in module.inputs]

    def run(inputs):
        torch.set_num_threads(threads)
        with torch.inference_mode():
            made = traced(*(torch.from_numpy(inputs[name]) for name in order))
        return {name: array.numpy() for name, array in zip(names, made, strict=True)}

    return torch.__version__, run


ENGINES = {
    "ONNX Runtime": ("onnxruntime", onnx_runtime),
    "OpenVINO": ("openvino", openvino),
    "ncnn": ("ncnn", ncnn),
    "OpenCV": ("cv2", opencv),
    "PyTorch": ("torch", torchscript),
}
