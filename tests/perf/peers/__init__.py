"""Other engines, each given the very net that protonet runs: a folded graph with its weights, float32, so many threads.

    for name, run in engines.all_of(graph, threads): outputs = run({"data": array})

An engine that is not installed is left out.
"""
