"""What BVLC Caffe holds while it trains a net, by arithmetic: there is no Caffe here that could be measured.

    blobs        data of each, gradients of those that a layer hands one to; what is in place, or shared by Split,
                 Flatten and Reshape, once; the tops of a Split have gradients of their own
    parameters   data, gradient and the solver's momentum, whether they learn or not
    layers       what each keeps for itself (INSIDE), in 4-byte numbers; what is not listed counts as nothing, so the
                 sum is rather too small

Sources: blob.cpp (memory is taken at first use), net.cpp, sgd_solver.cpp, and the Reshape of each layer named here.
"""

from math import prod

from protonet.layers import spatial

MAX = 0


def columns(layer, x, y):
    """base_conv_layer.cpp: the windows of one image side by side, unless they are its numbers as they lie."""
    window = spatial.window(layer.spec, x[2:])
    plain = {*window.kernel, *window.stride} == {1} and not any(window.before)
    return 0 if plain else x[1] * prod(window.kernel) * prod(y[2:])


INSIDE = {
    "Convolution": columns,
    "BatchNorm": lambda layer, x, y: 2 * prod(x),  # temp_, x_norm_
    "Dropout": lambda layer, x, y: prod(x),  # rand_vec_
    "LRN": lambda layer, x, y: prod(x),  # scale_
    "Pooling": lambda layer, x, y: prod(y) if layer.spec.pool == MAX else 0,  # max_idx_
    "SoftmaxWithLoss": lambda layer, x, y: prod(x),  # prob_
}


def train_bytes(net):
    """Bytes for a net (protonet's, by its exact plan) that a solver with momentum trains."""
    blobs, stores = net.blob_list, {}
    for blob in blobs:
        stores[id(blob.data_store)] = blob.data_store.size
    for place in net.places:
        for number, wanted in zip(place.bottoms, place.wants, strict=True):
            if wanted:
                stores[id(blobs[number].diff_store)] = blobs[number].diff_store.size
    inside = 0
    for place in net.places:
        x, y = ([blobs[n].shape for n in numbers] for numbers in (place.bottoms, place.tops))
        if place.layer.type == "Scale" and place.in_place():
            inside += prod(x[0])  # temp_: the bottom, which the top replaces
        elif place.layer.type in INSIDE:
            inside += INSIDE[place.layer.type](place.layer, x[0], y[0])
    parameters = 3 * sum(learned.blob.count for learned in net.parameters.learned)
    return 4 * (sum(stores.values()) + parameters + inside)
