"""MultiStageMeanfield in plain numpy: one image, filters as matrices found by one point at a time."""

import numpy as np

from tests.naive.gaussian import gaussian


def matrix(features):
    """K with K x the filtered x, its rows normalised."""
    P = len(features)
    found = np.array([gaussian(features, np.eye(P)[p]) for p in range(P)]).T
    return found / found.sum(1, keepdims=True)


def multi_stage_meanfield(unary, begin, image, steps, alpha, beta, gamma, spatial, bilateral, compatibility):
    C, H, W = unary.shape
    at = [(x, y) for y in range(H) for x in range(W)]
    near = matrix([[x / gamma, y / gamma] for x, y in at])
    alike = matrix([[x / alpha, y / alpha, *(image[:, y, x] / beta)] for x, y in at])
    state = begin.reshape(C, -1)
    for _ in range(steps):
        q = np.exp(state) / np.exp(state).sum(0)
        message = spatial @ (q @ near.T) + bilateral @ (q @ alike.T)
        state = unary.reshape(C, -1) - compatibility @ message
    return state.reshape(C, H, W)
