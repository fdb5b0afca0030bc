"""From a kernel's plain Python to an object file, by numba; imported only when something is not in the cache."""

from types import FunctionType

import llvmlite.ir as ir
import numpy as np
from numba import njit, types
from numba.core.compiler_lock import global_compiler_lock
from numba.extending import intrinsic

from protonet.kernels.array import I64, Array, build
from protonet.kernels.jit import Inline, Type

OPTIONS = dict(
    error_model="numpy",  # 1 / 0 is inf: no exception, so no Python in the code
    fastmath={"reassoc", "contract"},  # sums may vectorise; NaN and inf keep their meaning
    _nrt=False,
)
LIBM = {"expf", "logf", "powf", "tanhf", "sqrtf", "exp", "log", "pow"}
ENTRY = """
def entry(record, begin, end):
    {names}, = unpack(record)
    body({names}, begin, end)
"""


def kernel(k, in_place):
    """The object code of kernel k; its symbol is its name."""
    scope = {"body": inlined(k.function), "unpack": unpacker(k, k.may_be if in_place else {})}
    exec(ENTRY.format(names=", ".join(k.types)), scope)
    return c_function(k.symbol(in_place), scope["entry"], 3)


def c_function(name, function, words):
    """The object code of a function of int64 words that returns nothing, cannot fail and needs no Python."""
    library = compiled(name, function, words)
    module = library._final_module
    needs = {f.name for f in module.functions if f.is_declaration and not f.name.startswith("llvm.")}
    if raises := [g.name for g in module.global_variables if "pickledata" in g.name]:
        raise TypeError(f"{name} may raise an exception ({raises[0]})")
    if needs - LIBM:
        raise TypeError(f"{name} needs {', '.join(sorted(needs - LIBM))}: a kernel may call nothing but libm")
    return library._get_compiled_object()


@global_compiler_lock
def compiled(name, function, words):
    """numba's own wrapper for C reports errors to Python; this one has none to report."""
    arguments = (types.int64,) * words
    function.__name__ = function.__qualname__ = name  # part of numba's symbols, which must differ between files
    dispatcher = njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, **OPTIONS)(function)
    dispatcher.compile(arguments)
    made = dispatcher.overloads[arguments]
    context = made.target_context
    module = context.create_module(name)
    outer = ir.Function(module, ir.FunctionType(ir.VoidType(), [I64] * words), name)
    inner_type = context.call_conv.get_function_type(types.none, arguments)
    inner = ir.Function(module, inner_type, made.fndesc.llvm_func_name)
    builder = ir.IRBuilder(outer.append_basic_block())
    context.call_conv.call_function(builder, inner, types.none, arguments, outer.args)
    builder.ret_void()
    library = context.codegen().create_library(name)
    library.enable_object_caching()
    library.add_ir_module(module)
    library.add_linking_library(made.library)
    library.finalize()
    return library


def inlined(function):
    """Compiled into its caller, and at the level of numba's own IR: LLVM then optimises it knowing its arguments."""
    return njit(nogil=True, inline="always", **OPTIONS)(single(function))


def single(function):
    """The same function with its float constants single, so that 0.5 * x[i] stays float32."""
    code = function.__code__
    consts = narrow(code.co_consts)
    names = {name: known(function.__globals__[name]) for name in code.co_names if name in function.__globals__}
    return FunctionType(code.replace(co_consts=consts), names, function.__name__, None, function.__closure__)


def narrow(constant):
    if type(constant) is tuple:  # a, b = 0.0, 0.0 has one constant
        return tuple(map(narrow, constant))
    return np.float32(constant) if type(constant) is float else constant


def known(value):
    """What numba should see where kernel code says `f32(n)`, or calls an inline function."""
    if isinstance(value, Type):
        return getattr(types, value.dtype)
    if isinstance(value, Inline):
        value.compiled = value.compiled or inlined(value.function)
        return value.compiled
    return value


def unpacker(k, shared):
    """An intrinsic: record -> the arrays and scalars that k declares."""
    owner = {name: shared.get(name, name) for name in k.arrays}
    kinds = {}
    for name, t in k.types.items():
        kinds[name] = getattr(types, t.dtype)
        if name in owner:
            others = tuple(sorted(set(owner.values()) - {owner[name]}))
            kinds[name] = Array(kinds[name], len(t.sizes), owner[name], others)

    def emit(context, builder, signature, args):
        record = builder.inttoptr(args[0], I64.as_pointer())
        words = (builder.load(builder.gep(record, [ir.Constant(I64, i)])) for i in range(k.slots))
        pointer = {}
        for name in k.arrays:
            item = context.get_data_type(kinds[name].dtype)
            pointer[name] = builder.inttoptr(next(words), item.as_pointer())
        sizes = {size: next(words) for size in k.sizes}
        values = []
        for name, t in k.types.items():
            if t.sizes is None:
                values.append(scalar(builder, kinds[name], next(words)))
            else:
                shape = [ir.Constant(I64, s) if isinstance(s, int) else sizes[s] for s in t.sizes]
                values.append(build(context, builder, kinds[name], pointer[owner[name]], shape))
        return context.make_tuple(builder, signature.return_type, values)

    @intrinsic
    def unpack(typing, record):
        return types.Tuple(tuple(kinds.values()))(types.int64), emit

    return unpack


def scalar(builder, kind, word):
    if kind in types.integer_domain:
        return word if kind.bitwidth == 64 else builder.trunc(word, ir.IntType(kind.bitwidth))
    double = builder.bitcast(word, ir.DoubleType())
    return double if kind == types.float64 else builder.fptrunc(double, ir.FloatType())
