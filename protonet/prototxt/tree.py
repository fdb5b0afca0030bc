"""From text to a lark tree of blocks, and all syntax errors on the way.  Knows no message; see prototxt.lark.

start            all at the top
  RUN            a token: statements `name: value` that follow one another
  block          OPEN (`name {`), the same again, CLOSE
  list           LIST (`name: [`), nameless blocks, END
"""

import re
from functools import cache
from importlib import resources

from protonet.errors import ParseError
from protonet.prototxt.problems import EnoughError, short

MAX_CHARACTERS = 64 << 20
MAX_BLOCKS = 400_000  # a tree of as many takes some 500 MB; the largest nets have 10,000
MAX_SKIPPED = 1000

GAP = r"[ \t\r\n\f\v]*(?:#[^\n]*(?:\n[ \t\r\n\f\v]*|\Z))*"
NAME = r"[A-Za-z_][A-Za-z0-9_]*"
STRING = r"""(?:"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"|'[^'\\\n]*(?:\\[^\n][^'\\\n]*)*')"""
SCALAR = rf"""{STRING}(?:{GAP}{STRING})*|(?:-{GAP})?[^\s{{}}<>\[\]"'#;,:]+"""

# A RUN, cut up: (the statement, its name, its value).  The run was matched by the grammar, so this can be looser.
STATEMENT = re.compile(
    rf"(({NAME}|\[[^\]]*\]){GAP}:{GAP}({SCALAR}|\[(?:{STRING}|#[^\n]*|[^\]\"'#]+)*\])){GAP}[;,]?{GAP}"
)
ELEMENT = re.compile(rf"#[^\n]*|({SCALAR})")  # of a list; a comment has no group 1
HEAD = re.compile(rf"{NAME}|\[[^\]]*\]")

# Where no token matches: a statement that breaks off in its line, or else a word, a string, a character.
JUNK = re.compile(
    rf"""{NAME}[ \t]*:[ \t]*(?:["'][^\n]*|\$\{{[^}}\n]*\}}|\[[^\]{{}}<>\n]*\]?|[^\s{{}}<>\[\]"'#;,]*)"""
    rf"""|{NAME}[ \t]+(?:"[^"\n]*"|'[^'\n]*'|[^\s{{}}<>\[\]"'#;,:=]+)?"""
    r"""|[^\s{}<>\[\]"'#;,]+|"[^"\n]*"?|'[^'\n]*'?|."""
)
DIAGNOSES: list[tuple[str, str]] = [
    (r"//|/\*|--|%", "a comment begins with '#'"),
    (rf"({NAME})[ \t]*:[ \t]*[\"']", "the string that is the value of '{1}' is not closed on its line"),
    (rf"({NAME})[ \t]*:[ \t]*\$", "the value of '{1}' is a placeholder: this is a template, to be filled in first"),
    (rf"({NAME})[ \t]*:?[ \t]*=+", "expected ':' after '{1}', found '='"),
    (rf"{NAME}[ \t]*:[ \t]*([0-9.]+)({NAME})[ \t]*:", "expected a blank between '{1}' and '{2}'"),
    (rf"({NAME})[ \t]*:{GAP}(?:[}}>\];,]|\Z|[^\s:]+{GAP}:)", "expected a value for '{1}'"),
    (rf"({NAME})[ \t]*:{GAP}\[", "cannot read the list that is the value of '{1}'"),
    (rf"({NAME})[ \t]*:", "cannot read the value of '{1}'"),
    (rf"({NAME})[ \t]+[\w\"'.-]", "expected ':' or '{{' after '{1}'"),
    (rf"({NAME})", "expected ':' or '{{' after '{1}'"),
    (r"[\"']", "expected the name of a field, found a string: names stand without quotes"),
    (r"[\w.+-]", "expected the name of a field, found {0}"),
    (r"([:\[])", "expected the name of a field before '{1}'"),
]
UNEXPECTED = {
    "CLOSE": "{0} closes nothing",
    "END": "{0} closes no list",
    "RUN": "expected '{{' or '<', found {0}: this is a list of messages",
    "LIST": "expected '{{' or '<', found {0}: this is a list of messages",
}


def parse(text, problems):
    """The tree of `text`; None if there is no making one.  What is wrong goes to `problems`."""
    if len(text) > MAX_CHARACTERS:
        raise ParseError(f"{len(text):,} characters: this reads up to {MAX_CHARACTERS:,}", problems.name)
    if text.count("{") + text.count("<") > MAX_BLOCKS:
        raise ParseError(f"more than {MAX_BLOCKS:,} messages in one file", problems.name)
    from lark.exceptions import UnexpectedInput

    try:
        return _lark().parse(text, on_error=_Recovery(text, problems))
    except (UnexpectedInput, EnoughError):
        if not problems.found:
            problems.add(0, "cannot be read")  # no text is known that comes here
        return None


@cache
def _lark():
    from lark import Lark

    grammar = resources.files(__package__).joinpath("prototxt.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", lexer="basic", maybe_placeholders=False)


class _Recovery:
    """What the parser calls where it is stuck: note why, skip it, True to go on."""

    def __init__(self, text, problems):
        self.text, self.problems = text, problems
        self.skipped, self.end = 0, -1  # how often, and where the last skipped piece ended

    def __call__(self, error):
        token = getattr(error, "token", None)
        if token is None:
            offset = error.pos_in_stream
            junk = JUNK.match(self.text, offset)
            skipped = junk[0].rstrip("} \t\r") if junk else ""  # the braces behind a string without an end do count
            skipped = skipped or self.text[offset]
            error.interactive_parser.lexer_thread.state.line_ctr.feed(skipped)
            return self._skip(offset, skipped, self._diagnosis(offset, skipped))
        if token.type == "$END":
            return self._close(error.interactive_parser)
        return self._skip(token.start_pos, token, UNEXPECTED.get(token.type, "unexpected {0}").format(first(token)))

    def _skip(self, offset, skipped, message):
        """Note a problem, unless it follows the last one in the same line: then it is a part of that."""
        new = not 0 <= self.end <= offset or self.text[self.end : offset].strip(" \t")
        self.skipped, self.end = self.skipped + 1, offset + len(skipped)
        if gap := re.compile(GAP).match(self.text, self.end):
            self.problems.broken.add(gap.end())
        if new:
            self.problems.add(offset, message)
        return self.skipped < MAX_SKIPPED

    def _diagnosis(self, offset, skipped):
        for pattern, message in DIAGNOSES:
            if match := re.compile(pattern).match(self.text, offset):
                return message.format(first(skipped), *match.groups())
        return f"unexpected character {short(skipped)} (U+{ord(skipped[0]):04X})"

    def _close(self, parser):
        """The text ends inside blocks: name them, close them, and let the parser end again."""
        from lark import Token

        opened = [t for t in parser.parser_state.value_stack if getattr(t, "type", "") in ("OPEN", "LIST")]
        for opener in reversed(opened):
            self.problems.add(opener.start_pos, f"{first(opener)} is never closed")
            closer = "CLOSE" if opener.type == "OPEN" else "END"
            if closer not in parser.accepts():
                self.problems.add(len(self.text), "the text ends in the middle of a list")
                return False
            parser.feed_token(Token(closer, "", start_pos=len(self.text)))
        return True


def first(text):
    """A token for a message: quoted, without the comments and blanks behind it."""
    return short(text.split("#")[0])


def bracket(opener):
    """Which bracket opens a block."""
    return re.sub(r"#[^\n]*", "", opener).rstrip()[-1]


def name_of(opener):
    """The name in front of `{` or `[`; None if there is none."""
    match = HEAD.match(opener)
    return match and match[0]


def entries(children):
    """Each field of a block as written: (name, offset, its subtree or None).  An element of a list is one entry."""
    for child in children:
        if getattr(child, "type", None) == "RUN":
            for match in STATEMENT.finditer(child):
                name, value = match[2], match[3]
                at = child.start_pos
                if value[0] != "[":
                    yield name, at + match.start(2), None
                for element in ELEMENT.finditer(value) if value[0] == "[" else ():
                    if element[1]:
                        yield name, at + match.start(3) + element.start(), None
        elif getattr(child, "data", None) == "block":
            yield name_of(child.children[0]), child.children[0].start_pos, child
        elif getattr(child, "data", None) == "list":
            name = name_of(child.children[0])
            for block in child.children[1:-1]:
                yield name, block.children[0].start_pos, block
