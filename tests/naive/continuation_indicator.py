"""ContinuationIndicator in plain Python."""


def continuation_indicator(time_step, batch_size):
    return [[0.0 if t == 0 else 1.0] * batch_size for t in range(time_step)]
