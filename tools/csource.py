# SPDX-License-Identifier: ISC
"""C source as tokens, declarations and functions, for the checks in this folder.

It is not a compiler: it knows strings, comments, directives and brackets well enough to find each
function and measure it. Of every #if it follows the first branch that is not plainly 0, so that
brackets stay in balance.
"""

import re
from collections import namedtuple

Token = namedtuple("Token", "kind text line end")
Function = namedtuple("Function", "name line end params head body")
Declaration = namedtuple("Declaration", "name line end params head")

# The order matters: comments and strings before operators, long operators before short ones.
_LEXEMES = re.compile(
    r"""
    (?P<comment>//(?:\\\r?\n|[^\n])*|/\*.*?\*/)
  | (?P<directive>(?:(?<=\n)|\A)[ \t]*\#(?:
        \\\r?\n | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])' | /\*.*?\*/ | //(?:\\\r?\n|[^\n])*
        | [^\n/] | /(?![/*]) )*)
  | (?P<string>(?:u8|[uUL])?"(?:\\.|[^"\\\n])*")
  | (?P<char>[uUL]?'(?:\\.|[^'\\\n])*')
  | (?P<name>[A-Za-z_$][A-Za-z0-9_$]*)
  | (?P<number>\.?[0-9](?:[eEpP][+-]|[0-9A-Za-z_.])*)
  | (?P<blank>[ \t\r\f\v]+|\\\r?\n|\n)
  | (?P<punct>\.\.\.|<<=|>>=|->|\+\+|--|&&|\|\||[-+*/%&|^!=<>]=|<<|>>|\#\#|.)
    """,
    re.VERBOSE | re.DOTALL,
)

_OPENERS = {"(": ")", "[": "]", "{": "}"}
_CLOSERS = set(_OPENERS.values())
_CONTROL = {"if", "for", "while", "switch"}
_TYPE_WORDS = {
    "void", "char", "short", "int", "long", "float", "double", "signed", "unsigned", "const",
    "volatile", "_Bool", "return", "sizeof", "_Alignof", "__typeof__", "typeof",
}
_ATTRIBUTES = {
    "__attribute__", "__attribute", "_Alignas", "__asm__", "asm", "__extension__",
    "_Static_assert", "static_assert",
}


def tokens(text):
    """Every token but blanks; a comment or directive is one token."""
    line = 1
    result = []
    for match in _LEXEMES.finditer(text):
        value = match.group()
        end = line + value.count("\n")
        if match.lastgroup != "blank":
            result.append(Token(match.lastgroup, value, line, end))
        line = end
    return result


def directive(token):
    """A directive's word and the rest of its line, joined and without comments."""
    text = re.sub(r"\\\r?\n", " ", token.text)
    text = re.sub(r"/\*.*?\*/|//.*", " ", text, flags=re.DOTALL)
    match = re.match(r"\s*#\s*(\w*)\s*(.*?)\s*$", text, re.DOTALL)
    return match.group(1), match.group(2)


class _Branches:
    """Follows one branch of each conditional."""

    def __init__(self):
        self.stack = []  # [active now, some branch was taken]

    def active(self):
        return all(level[0] for level in self.stack)

    def follow(self, token):
        word, rest = directive(token)
        if word in ("if", "ifdef", "ifndef"):
            never = (word == "if" and rest == "0") or (word == "ifdef" and rest == "__cplusplus")
            self.stack.append([not never, not never])
        elif word in ("elif", "else") and self.stack:
            level = self.stack[-1]
            level[0] = not level[1] and rest != "0"
            level[1] = level[1] or level[0]
        elif word == "endif" and self.stack:
            self.stack.pop()


def code(all_tokens):
    """The tokens the compiler would see: no comments, no directives, one branch of each #if."""
    branches = _Branches()
    result = []
    for token in all_tokens:
        if token.kind == "directive":
            branches.follow(token)
        elif token.kind != "comment" and branches.active():
            result.append(token)
    return result


def closing(toks, start):
    """The index of the bracket that closes the one at `start`, or the last index."""
    depth = 0
    for index in range(start, len(toks)):
        if toks[index].kind != "punct":
            continue
        if toks[index].text in _OPENERS:
            depth += 1
        elif toks[index].text in _CLOSERS:
            depth -= 1
            if depth == 0:
                return index
    return len(toks) - 1


def _is_macro(name):
    return name.isupper() or (name == name.upper() and any(c.isalpha() for c in name))


def _callee(head):
    """(name token, parameter tokens) of a function's head, or None if it is no function."""
    index = 0
    while index < len(head):
        token = head[index]
        if token.text == "=":
            return None
        if token.text in _OPENERS:
            end = closing(head, index)
            before = head[index - 1] if index > 0 else None
            if token.text == "(" and before is not None:
                found = _callee_at(head, index, end, before)
                if found is not None:
                    return found
            index = end
        index += 1
    return None


def _callee_at(head, index, end, before):
    if before.kind == "name" and before.text not in _TYPE_WORDS:
        if before.text in _ATTRIBUTES or _is_macro(before.text):
            return None
        return before, head[index + 1 : end]
    # int (*get(int a))(void): a function that returns a pointer to a function.
    inner = head[index + 1 : end]
    if len(inner) > 3 and inner[0].text == "*" and inner[1].kind == "name" and inner[2].text == "(":
        return inner[1], inner[3 : closing(inner, 2)]
    return None


def count_params(params):
    """How many parameters a list holds; (void) and () are none."""
    if [t.text for t in params] in ([], ["void"]):
        return 0
    depth = 0
    count = 1
    for token in params:
        if token.text in _OPENERS:
            depth += 1
        elif token.text in _CLOSERS:
            depth -= 1
        elif token.text == "," and depth == 0:
            count += 1
    return count - (1 if params[-1].text == "..." else 0)


def parse(text):
    """(functions, declarations of functions) at the top level of a file."""
    toks = code(tokens(text))
    functions, declarations = [], []
    start = index = 0
    while index < len(toks):
        token = toks[index]
        if token.text in ("(", "["):
            index = closing(toks, index)
        elif token.text == ";":
            _add_declaration(toks[start:index], toks[index], declarations)
            start = index + 1
        elif token.text == "{":
            end = closing(toks, index)
            head = toks[start:index]
            if [t.text for t in head] == ["extern", '"C"']:
                start = index + 1
            elif _begins_function(head):
                functions.append(_function(head, toks[index : end + 1]))
                index, start = end, end + 1
            else:
                index = end
        elif token.text == "}":
            start = index + 1
        index += 1
    return functions, declarations


def _begins_function(head):
    return not any(t.text in ("=", "{") for t in head) and _callee(head) is not None


def _function(head, body):
    name, params = _callee(head)
    return Function(name.text, head[0].line, body[-1].end, count_params(params), head, body)


def _add_declaration(head, last, declarations):
    if not head or head[0].text == "typedef" or any(t.text == "{" for t in head):
        return
    found = _callee(head)
    if found is not None:
        name, params = found
        declarations.append(
            Declaration(name.text, head[0].line, last.end, count_params(params), head)
        )


def _opens_block(body, index, opener_of):
    """Whether the brace at `index` opens a block of statements, not an initialiser."""
    if index == 0:
        return True
    before = body[index - 1]
    if before.text == ")":
        opener = opener_of[index - 1]
        owner = body[opener - 1] if opener > 0 else None
        return owner is not None and owner.kind == "name" and owner.text not in (
            "return", "sizeof", "_Alignof")
    return before.text in ("{", "}", ";", ":", "(", "else", "do")


def block_depth(body):
    """The deepest nesting of blocks; the function's own body is 1. Initialisers do not count."""
    opener_of, stack, kinds = {}, [], []
    deepest = 0
    for index, token in enumerate(body):
        if token.kind != "punct":
            continue
        if token.text == "{":
            in_initialiser = bool(kinds) and not kinds[-1] and body[index - 1].text != "("
            kinds.append(not in_initialiser and _opens_block(body, index, opener_of))
            deepest = max(deepest, sum(kinds))
        elif token.text == "}" and kinds:
            kinds.pop()
        if token.text in _OPENERS:
            stack.append(index)
        elif token.text in _CLOSERS and stack:
            opener_of[index] = stack.pop()
    return deepest


def complexity(body):
    """McCabe's number: one, and one for each decision. What assert() says is not a decision."""
    total = 1
    index = 0
    while index < len(body):
        token = body[index]
        if token.text in ("assert", "_Static_assert", "static_assert") and index + 1 < len(body):
            index = closing(body, index + 1)
        elif token.kind == "name" and token.text in ("if", "for", "while", "case"):
            total += 1
        elif token.kind == "punct" and token.text in ("&&", "||", "?"):
            total += 1
        index += 1
    return total
