"""Matrix products as steps: c (M, N) <- a (M, K) @ b (K, N), each of a and b also as its transpose."""

from protonet.kernels import few_rows, gemm, pack


def product(emit, a, b, c, M, N, K, turned=(False, False), add=False, bias=None):
    """turned: whether a lies as (K, M), b as (N, K).  `add`: c += a @ b.  bias: added to every row of c."""
    mode = gemm.ADD if add else gemm.SET if bias is None else gemm.BIAS
    given, to = b if bias is None else bias, c.seen(M, N)
    if turned == (False, True) and M <= few_rows.FEW:
        emit(few_rows.few_rows, a.seen(M, K), b.seen(N, K), given, to, mode, tasks=few_rows.tasks(N))
        return
    if turned == (False, False) and M <= few_rows.FEW:
        emit(few_rows.few_sums, a.seen(M, K), b.seen(K, N), given, to, mode, tasks=few_rows.columns(N))
        return
    if turned == (True, False) and K <= few_rows.FEW:
        emit(few_rows.few_products, a.seen(K, M), b.seen(K, N), given, to, mode, tasks=few_rows.tasks(M))
        return
    left = emit.scratch(pack.size(M, K))
    if turned[0]:
        emit(pack.pack_columns, a.seen(1, K, M), a, left, 0, tasks=pack.blocks(K))
    else:
        emit(pack.pack_rows, a.seen(1, M, K), a, left, 0, tasks=pack.blocks(K))
    kernel, shape = (gemm.gemm_turned, (N, K)) if turned[1] else (gemm.gemm, (K, N))
    emit(kernel, left, b.seen(*shape), given, c.seen(M, N), mode, tasks=gemm.tasks(1, M, N), private=gemm.PANEL)
