"""Numbers and outputs in the words of Caffe's log, which people have parsers for."""


def values(net):
    """{output: its numbers}"""
    return {name: [float(x) for x in net.blobs[name].data.ravel()] for name in net.outputs}


def output_lines(net, outputs, what):
    """Caffe's lines, one for each number of each output."""
    weights = dict(zip(net.blob_names, net.weight_list, strict=True))
    numbered = ((name, x) for name, xs in outputs.items() for x in xs)
    for i, (name, x) in enumerate(numbered):
        weight = weights[name]
        tail = f" (* {number(weight)} = {number(weight * x)} loss)" if weight else ""
        yield f"    {what} net output #{i}: {name} = {number(x)}{tail}"


def number(x):
    """As C++ streams print it: six digits."""
    return f"{x:g}"
