"""README says what is so: its table of layers is made from the registry, its commands are those of the command line.

python -m tests.test_readme        # writes the table anew
"""

import re
from pathlib import Path

from protonet.cli import VERBS
from protonet.layers import REGISTRY

README = Path(__file__).parent.parent / "README.md"
TABLE = re.compile(r"(<!-- layers -->\n).*?(<!-- /layers -->)", re.S)


def table():
    """Each layer type with the first line of what its module says."""
    import importlib

    rows = ["| type | |", "|---|---|"]
    for name in sorted(REGISTRY, key=str.lower):
        module = importlib.import_module(REGISTRY[name].__module__)
        said = (REGISTRY[name].__doc__ if several(module) and REGISTRY[name].__doc__ else module.__doc__) or ""
        sentence = re.split(r"(?<=[^.])\.(?:\s|$)|\n\s*\n|:$", " ".join(said.split("\n\n")[0].split()), maxsplit=1)[0]
        sentence = re.sub(rf"^{name}: ", "", sentence).rstrip(".:")
        rows.append(f"| {name} | {sentence.replace('|', chr(92) + '|')} |")
    return "\n".join(rows) + "\n"


def several(module):
    return sum(cls.__module__ == module.__name__ for cls in REGISTRY.values()) > 1


def test_the_table_of_layers_is_that_of_the_registry():
    assert TABLE.search(README.read_text("utf-8"))[0] == f"<!-- layers -->\n{table()}<!-- /layers -->"


def test_every_verb_is_shown():
    text = README.read_text("utf-8")
    for verb in VERBS:
        assert f"protonet {verb}" in text, verb


def test_no_other_verb_is_shown():
    shown = set(re.findall(r"^(?:\$ )?protonet ([a-z]+)", README.read_text("utf-8"), re.M))
    assert shown <= set(VERBS)


if __name__ == "__main__":
    README.write_text(TABLE.sub(lambda m: m[1] + table() + m[2], README.read_text("utf-8")), "utf-8")
