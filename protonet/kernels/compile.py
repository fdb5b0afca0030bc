"""From a kernel's plain Python to an object file, by numba; imported only when something is not in the cache."""

import copy
import inspect
import re
from contextlib import contextmanager
from importlib import import_module
from types import FunctionType, SimpleNamespace
from typing import Any

import llvmlite.binding as llvm
import llvmlite.ir as ir
import numpy as np
from numba import njit, types
from numba.core import inline_closurecall
from numba.core.compiler import Flags, compile_extra
from numba.core.compiler_lock import global_compiler_lock
from numba.core.ir import Block
from numba.extending import intrinsic

from protonet.kernels.array import I64, Array, build
from protonet.kernels.jit import Inline, Intrinsic, Late, Type, f64
from protonet.kernels.simd import E

OPTIONS: dict[str, Any] = dict(
    error_model="numpy",  # 1 / 0 is inf: no exception, so no Python in the code
    fastmath={"reassoc", "contract"},  # sums may vectorise; NaN and inf keep their meaning
    _nrt=False,
)
LIBM = set("exp log pow sin cos tan tanh atan atan2 sqrt floor ceil log1p expm1".split())
ALLOWED = LIBM | {name + "f" for name in LIBM} | {"memset", "memcpy", "memmove"}
RAISES = "raises_an_exception"  # a symbol that nobody has
DOUBLE = re.compile(r"\bdouble\b")
MODEL = "sapphirerapids"
GROUP = re.compile(r"^attributes #\d+ = {", re.MULTILINE)


def kernel(k, shared):
    """The object code of kernel k; its symbol is its name."""
    return c_function(k.symbol(shared), *signature(k, shared), double=k.double or asks_double(k.function))


def native(f):
    """The object code of an inline function of int64 words, as C calls it."""
    kinds = [types.int64] * len(inspect.signature(f.function).parameters)
    return c_function(f.symbol(), single(f.function), kinds, len(kinds), lambda context, builder, words: words)


def signature(k, shared):
    """A kernel's function, the types of its arguments, how many words C passes, and how they become the arguments."""
    kinds = kinds_of(k, shared)
    more = 3 if k.memory else 2

    def unpack(context, builder, words):
        return [*unpacked(k, shared, kinds, context, builder, words[0]), *words[1 : 1 + more]]

    return single(k.function), [*kinds.values(), *[types.int64] * more], 4, unpack


def c_function(name, function, kinds, words, unpack, double=False):
    """The object code of a function that returns nothing, cannot fail and needs no Python."""
    made, codegen = module(name, function, kinds, words, unpack)
    needs = {f.name for f in made.functions if f.is_declaration and not f.name.startswith("llvm.")}
    if RAISES in needs:
        raise TypeError(f"{name} may raise an exception: no kernel may (nor take a step in a range that could be 0)")
    if needs - ALLOWED:
        raise TypeError(f"{name} needs {', '.join(sorted(needs - ALLOWED))}: a kernel may call nothing but libm")
    if not double and (line := next(filter(DOUBLE.search, instructions(str(made))), None)):
        raise TypeError(f"{name} works in float64 unasked (write f32(n) around integers): {line.strip()}")
    return codegen._tm.emit_object(scheduled(made))


def scheduled(made):
    """The module with its instructions to be ordered as for MODEL, on any x86; what they may be stays the host's.

    LLVM brings loads forward by the latencies of a CPU's model.  With those of Zen 4 and Skylake it does so until a
    tile of 14 x 2 sums has no registers left: they wait on the stack, hundreds of times, at a third of the speed.
    """
    if not made.triple.startswith("x86_64"):
        return made
    return llvm.parse_assembly(GROUP.sub(rf'\g<0> "tune-cpu"="{MODEL}"', str(made)))


def instructions(text):
    return (line for line in text.splitlines() if line.startswith(("  ", "define", "declare")))


@global_compiler_lock
def module(name, function, kinds, words, unpack):
    """The optimised LLVM module of a C function `name` of int64 words, and numba's code generator.

    unpack(context, builder, words) gives the arguments.  numba's own way compiles a function to machine code, and again
    in what calls it, and its wrapper for C reports errors to Python.  Here its IR goes into one module with a wrapper
    that has none to report, and all that is in there but the wrapper is private to it.
    """
    function.__name__ = function.__qualname__ = name
    made = lowered(function, kinds)
    context, library = made.target_context, made.library
    wrapper = context.create_module(name)
    outer = ir.Function(wrapper, ir.FunctionType(ir.VoidType(), [I64] * words), name)
    inner_type = context.call_conv.get_function_type(types.none, kinds)
    inner = ir.Function(wrapper, inner_type, made.fndesc.llvm_func_name)
    builder = ir.IRBuilder(outer.append_basic_block())
    arguments = unpack(context, builder, outer.args)
    status, _ = context.call_conv.call_function(builder, inner, types.none, kinds, arguments)
    with builder.if_then(status.is_error):  # gone after optimisation, if it cannot happen
        builder.call(ir.Function(wrapper, ir.FunctionType(ir.VoidType(), []), RAISES), [])
    builder.ret_void()
    library.add_ir_module(wrapper)
    whole = library._final_module
    for other in dict.fromkeys(library._linking_libraries):
        whole.link_in(other._get_module_for_linking(), preserve=True)
    for each in whole.functions:
        if not each.is_declaration and each.name != name:
            each.linkage = "internal"
    library._optimize_final_module()
    whole.verify()
    return whole, context.codegen()


def lowered(function, kinds):
    """The function as LLVM IR, typed but not compiled."""
    dispatcher: Any = njit(nogil=True, **(OPTIONS | dict(no_cpython_wrapper=True, no_cfunc_wrapper=True)))(function)
    target = dispatcher.targetdescr
    flags: Any = Flags()
    target.options.parse_as_flags(flags, dispatcher.targetoptions)
    flags.no_compile = True
    with quick_inlining():
        return compile_extra(target.typing_context, target.target_context, function, kinds, None, flags, {})


@contextmanager
def quick_inlining():
    """numba copies what it inlines twice, and with each block all names of its function: those can as well be shared.

    A fifth of the time.  Under numba's compiler lock, so nobody else sees it.
    """

    def deepcopy(x, memo=None):
        return copy.deepcopy(x, {id(x.scope): x.scope} if isinstance(x, Block) else memo)

    inliner: Any = inline_closurecall
    inliner.copy = SimpleNamespace(copy=copy.copy, deepcopy=deepcopy)
    try:
        yield
    finally:
        inliner.copy = copy


def inlined(function):
    """Compiled into its caller, and at the level of numba's own IR: LLVM then optimises it knowing its arguments."""
    return njit(nogil=True, inline="always", **OPTIONS)(single(function))


def single(function):
    """The same function with its float constants single, so that 0.5 * x[i] stays float32."""
    code = function.__code__
    code = code.replace(co_consts=narrow(code.co_consts))
    cells = function.__closure__ and tuple(type(cell)(known(cell.cell_contents)) for cell in function.__closure__)
    names = {name: known(value) for name, value in named(function).items()}
    made = FunctionType(code, names, function.__name__, narrow(function.__defaults__), cells)
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def named(function):
    """The globals that a function uses."""
    scope = function.__globals__
    return {name: scope[name] for name in function.__code__.co_names if name in scope}


def narrow(constant):
    if type(constant) is tuple:  # a, b = 0.0, 0.0 has one constant
        return tuple(map(narrow, constant))
    return np.float32(constant) if type(constant) is float else constant


def known(value):
    """What numba should see where kernel code says `f32(n)`, or calls an inline function or an intrinsic."""
    if isinstance(value, Type):
        return getattr(types, value.dtype)
    if isinstance(value, Inline | Intrinsic):
        value.resolved = value.resolved or resolve(value)
        return value.resolved
    return narrow(value)


def resolve(value):
    if isinstance(value, Inline):
        return inlined(value.function)
    if isinstance(value, Late):
        return getattr(import_module(value.module), value.name)
    result = getattr(types, value.result.dtype) if value.result else types.void
    signature = result(*(getattr(types, t.dtype) for t in value.types))

    def emit(context, builder, signature, args):
        made = value.write(E(builder), *args)
        return context.get_dummy_value() if value.result is None else made

    names = ", ".join(f"a{i}" for i in range(len(value.types)))  # numba wants its arguments counted
    scope = {"made": (signature, emit)}
    exec(f"def {value.name}(typing, {names}):\n    return made", scope)
    return intrinsic(scope[value.name])


def asks_double(function):
    """Whether a kernel, or what is inlined into it, speaks of f64."""
    mine = [*function.__annotations__.values(), *named(function).values()]
    mine += [cell.cell_contents for cell in function.__closure__ or ()]
    return any(
        (isinstance(v, Type) and v.dtype == f64.dtype) or (isinstance(v, Inline) and asks_double(v.function))
        for v in mine
    )


def owners(k, shared):
    """name -> the one of the arrays at its place that stands for all of them."""
    owner = {name: name for name in k.arrays}
    for y, x in shared:
        old, new = owner[y], owner[x]
        owner = {name: new if o == old else o for name, o in owner.items()}
    return owner


def kinds_of(k, shared):
    """numba's types of the arguments that k declares, where these pairs of arrays are one."""
    owner, kinds = owners(k, shared), {}
    for name, t in k.types.items():
        kinds[name] = getattr(types, t.dtype)
        if name in owner:
            others = tuple(sorted(set(owner.values()) - {owner[name]}))
            kinds[name] = Array(kinds[name], len(t.sizes), owner[name], others)
    return kinds


def unpacked(k, shared, kinds, context, builder, record):
    """The arguments that k declares, from its record."""
    owner, record = owners(k, shared), builder.inttoptr(record, I64.as_pointer())
    words = (builder.load(builder.gep(record, [ir.Constant(I64, i)])) for i in range(k.slots))
    pointer = {}
    for name in k.arrays:
        item = context.get_data_type(kinds[name].dtype)
        pointer[name] = builder.inttoptr(next(words), item.as_pointer())
    sizes = {size: next(words) for size in k.sizes}
    for name, t in k.types.items():
        if t.sizes is None:
            yield scalar(builder, kinds[name], next(words))
        else:
            shape = [ir.Constant(I64, s) if isinstance(s, int) else sizes[s] for s in t.sizes]
            yield build(context, builder, kinds[name], pointer[owner[name]], shape)


def scalar(builder, kind, word):
    if kind in types.integer_domain:
        return word if kind.bitwidth == 64 else builder.trunc(word, ir.IntType(kind.bitwidth))
    if kind == types.float64:
        return builder.bitcast(word, ir.DoubleType())
    return builder.bitcast(builder.trunc(word, ir.IntType(32)), ir.FloatType())
