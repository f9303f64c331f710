"""Builds the syntax tree while the parser reduces: one method for each rule of the grammar."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace

from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.reading.lexer import Token
from weightsmith.dsl.text.diagnostics import mistake
from weightsmith.dsl.text.literals import exact_literal
from weightsmith.dsl.text.source import Source, Span

MAX_DEPTH = 64  # levels of an expression; brackets that only group do not count
MAX_BLOCKS = 12  # levels of 'repeat'

Child = object
_source: ContextVar[Source] = ContextVar("the script being read")


@contextmanager
def reading(source: Source) -> Iterator[None]:
    """Say which source the tokens come from: the automaton, and its builder, serve them all."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)


class TreeBuilder:
    """Callbacks at reduction; the parser is iterative, so deep input is no danger here."""

    # -- places -------------------------------------------------------------------------------

    def _word(self, token: Token) -> s.Word:
        return s.Word(self._span(token, token), token.text)

    def _span(self, first: object, last: object) -> Span:
        return Span(_source.get(), _start(first), _end(last))

    def _depth(self, span: Span, *parts: s.Expression) -> int:
        depth = 1 + max((part.depth for part in parts), default=0)
        if depth > MAX_DEPTH:
            message = f"this expression is nested more than {MAX_DEPTH} levels deep"
            raise mistake("too-large", span, message, "give a part of it a name of its own")
        return depth

    # -- expressions --------------------------------------------------------------------------

    def number(self, children: list[Token]) -> s.NumberExpression:
        span = self._span(children[0], children[0])
        try:
            return s.NumberExpression(span, exact_literal(children[0].text))
        except ValueError as reason:
            raise mistake("too-large", span, str(reason)) from None

    def name(self, children: list[Token]) -> s.NameExpression:
        return s.NameExpression(self._span(children[0], children[0]), children[0].text)

    def negative(self, children: list[Child]) -> s.NegativeExpression:
        span = self._span(children[0], children[1])
        of = _expression(children[1])
        return s.NegativeExpression(span, of, self._depth(span, of))

    def transpose(self, children: list[Child]) -> s.TransposeExpression:
        span = self._span(children[0], children[1])
        of = _expression(children[0])
        return s.TransposeExpression(span, of, self._depth(span, of))

    def power(self, children: list[Child]) -> s.PowerExpression:
        span = self._span(children[0], children[1])
        base, exponent = _expression(children[0]), _expression(children[1])
        return s.PowerExpression(span, base, exponent, self._depth(span, base, exponent))

    def sum(self, children: list[Child]) -> s.SumExpression:
        span, parts, signs = self._flat(children, "MINUS")
        return s.SumExpression(
            span, tuple(zip(signs, parts, strict=True)), self._depth(span, *parts)
        )

    def product(self, children: list[Child]) -> s.Expression:
        """Products are flat; an entry-wise one takes all to its left as one factor."""
        run: list[Child] = [children[0]]
        for operator, factor in zip(children[1::2], children[2::2], strict=True):
            if _token(operator).type in ("STAR", "SLASH"):
                run += [operator, factor]
                continue
            left, right = self._run(run), _expression(factor)
            span = self._span(left, right)
            exponent = 1 if _token(operator).type == "DOTSTAR" else -1
            depth = self._depth(span, left, right)
            run = [s.EntryProductExpression(span, left, right, exponent, depth)]
        return self._run(run)

    def _run(self, children: list[Child]) -> s.Expression:
        if len(children) == 1:
            return _expression(children[0])
        span, parts, signs = self._flat(children, "SLASH")
        return s.ProductExpression(
            span, tuple(zip(signs, parts, strict=True)), self._depth(span, *parts)
        )

    def _flat(
        self, children: list[Child], inverse: str
    ) -> tuple[Span, list[s.Expression], list[int]]:
        parts = [_expression(child) for child in children[::2]]
        signs = [1, *(-1 if _token(child).type == inverse else 1 for child in children[1::2])]
        return self._span(children[0], children[-1]), parts, signs

    def brackets(self, children: list[Child]) -> s.Expression:
        span, of, clauses = self._span(children[0], children[-1]), children[1], children[2]
        return self._scoped(span, _expression(of), _clauses(clauses))

    def positional(self, children: list[Child]) -> s.Expression:
        of = _expression(children[0])
        return self._scoped(of.span, of, _clauses(children[1]))

    def _scoped(self, span: Span, of: s.Expression, clauses: s.Clauses) -> s.Expression:
        if clauses == s.Clauses():
            return of if of.span == span else replace(of, span=span)
        within = () if clauses.within is None else (clauses.within,)
        return s.ScopedExpression(span, of, clauses, self._depth(span, of, *within))

    def keyword(self, children: list[Child]) -> s.Keyword:
        value = _expression(children[1])
        name = self._word(_token(children[0]))
        return s.Keyword(self._span(name, value), name, value)

    def call(self, children: list[Child]) -> s.CallExpression:
        span = self._span(children[0], children[-1])
        arguments = children[2] if isinstance(children[2], list) else []
        keywords = tuple(one for one in arguments if isinstance(one, s.Keyword))
        positional: list[s.Expression] = []
        for one in arguments:
            if not isinstance(one, s.Keyword):
                self._ordered(one, keywords)
                positional.append(one)
        depth = self._depth(span, *positional, *(keyword.value for keyword in keywords))
        name = self._word(_token(children[0]))
        is_dotted = _token(children[1]).type == "DOTLPAR"
        if is_dotted and _start(children[1]) > name.span.end:
            message = f"there is a space between '{name.text}' and its dot"
            raise mistake("syntax", span, message, f"write {name.text}.(E)")
        return s.CallExpression(span, name, tuple(positional), keywords, depth, is_dotted)

    def root(self, children: list[Child]) -> s.RootExpression:
        word, _, variable, of, clauses, closing = children
        equation = _expression(of)
        equation = self._scoped(equation.span, equation, _clauses(clauses))
        span = self._span(word, closing)
        names = self._word(_token(word)), self._word(_token(variable))
        return s.RootExpression(span, *names, equation, self._depth(span, equation))

    def _ordered(self, argument: s.Expression, keywords: tuple[s.Keyword, ...]) -> None:
        if keywords and argument.span.start > keywords[0].span.start:
            message = f"an input cannot follow the parameter '{keywords[0].name.text}'"
            hint = "write the inputs first: f(A, steps = 9)"
            raise mistake("call-arguments", argument.span, message, hint)

    def arguments(self, children: list[Child]) -> list[Child]:
        return children

    def clause(self, children: list[Token]) -> tuple[Token, s.Clauses]:
        word = self._word(children[1])
        if children[0].type == "ON":
            return children[0], s.Clauses(on=word)
        mask = None if children[2] is None else self._word(children[2])
        return children[0], s.Clauses(over=word, mask=mask)

    def tolerance(self, children: list[Child]) -> tuple[Token, s.Clauses]:
        return _token(children[0]), s.Clauses(within=_expression(children[1]))

    def clauses(self, children: list[tuple[Token, s.Clauses]]) -> s.Clauses:
        all_, seen = s.Clauses(), set[str]()
        for keyword, one in children:
            if keyword.type in seen:
                message = f"'{keyword.text}' stands twice"
                place = self._span(keyword, _parts(one)[0])
                raise mistake("misplaced", place, message, "keep one")
            seen.add(keyword.type)
            all_ = all_.beside(one)
        return all_

    # -- statements ---------------------------------------------------------------------------

    def names(self, children: list[Token]) -> list[s.Word]:
        return [self._word(token) for token in children]

    def expressions(self, children: list[s.Expression]) -> list[s.Expression]:
        return children

    def assign(self, children: list[Child]) -> s.AssignStatement:
        names, values, clauses = children
        words, parts = _words(names), _expressions(values)
        span = self._span(words[0], _last(clauses, parts[-1]))
        return s.AssignStatement(span, tuple(words), tuple(parts), _clauses(clauses))

    def sought(self, children: list[Child]) -> s.AssignStatement:
        words, value, clauses = _words(children[0]), _expression(children[2]), _clauses(children[3])
        span = self._span(words[0], _last(clauses, value))
        return s.AssignStatement(span, tuple(words), (value,), clauses, is_synthesized=True)

    def repeat(self, children: list[Child]) -> s.RepeatStatement:
        body = tuple(child for child in children[2:] if isinstance(child, s.StatementEntry))
        span = self._span(children[0], body[-1])
        inner = max((one.depth for one in body if isinstance(one, s.RepeatStatement)), default=0)
        if inner + 1 > MAX_BLOCKS:
            place = self._span(children[0], children[1])
            message = f"'{_token(children[0]).text}' is nested more than {MAX_BLOCKS} levels deep"
            hint = "move the inner steps to an algorithm of their own"
            raise mistake("too-large", place, message, hint)
        count = children[1]
        if not isinstance(count, s.UntilExpression | s.ScheduleExpression):
            count = _expression(count)
        return s.RepeatStatement(span, count, body, inner + 1)

    def for_(self, children: list[Child]) -> s.RepeatStatement:
        passes = tuple(one for one in children if isinstance(one, s.Numbers))
        names = tuple(_words(children[1]))
        schedule = s.ScheduleExpression(self._span(children[0], passes[-1]), names, passes)
        body = [child for child in children if isinstance(child, s.StatementEntry)]
        return self.repeat([children[0], schedule, *body])

    def numbers(self, children: list[Child]) -> s.Numbers:
        value = _expression(children[0])
        return s.Numbers(value.span, (value,))

    def tuple_(self, children: list[Child]) -> s.Numbers:
        values = tuple(one for one in children if isinstance(one, s.Expression))
        return s.Numbers(self._span(children[0], children[-1]), values)

    def until(self, children: list[Child]) -> s.UntilExpression:
        span = self._span(children[0], children[2])
        return s.UntilExpression(span, self._word(_token(children[1])), _expression(children[2]))

    def target(self, children: list[Child]) -> tuple[s.Expression, s.Clauses]:
        return _expression(children[0]), _clauses(children[1])

    def returned(self, children: list[Child]) -> s.ReturnedExpression:
        value, clauses = _expression(children[0]), _clauses(children[1])
        span = self._span(value, _last(clauses, value))
        if not isinstance(children[2], tuple):
            return s.ReturnedExpression(span, value, clauses, None, s.Clauses())
        target, of_target = children[2]
        span = self._span(value, _last(of_target, target))
        return s.ReturnedExpression(span, value, clauses, target, of_target)

    def synthesized(self, children: list[Child]) -> s.ReturnedExpression:
        value, clauses = _expression(children[1]), _clauses(children[2])
        span = self._span(children[0], _last(clauses, value))
        return s.ReturnedExpression(span, value, clauses, None, s.Clauses(), True)

    def return_(self, children: list[Child]) -> s.ReturnStatement:
        returned = tuple(one for one in children if isinstance(one, s.ReturnedExpression))
        return s.ReturnStatement(self._span(children[0], returned[-1]), returned)

    # -- declarations -------------------------------------------------------------------------

    def dimensions(self, children: list[Token]) -> list[s.Word]:
        return [self._word(token) for token in children]

    def input(self, children: list[Child]) -> s.InputDeclaration:
        name, kind, _, dimensions, closing, per = children
        words = [None if one is None else self._word(_token(one)) for one in (kind, per)]
        span = self._span(name, closing if per is None else per)
        return s.InputDeclaration(
            span, self._word(_token(name)), words[0], tuple(_words(dimensions)), words[1]
        )

    def inputs(self, children: list[s.InputDeclaration]) -> list[s.InputDeclaration]:
        return children

    def interval(self, children: list[Child]) -> s.IntervalExpression:
        span = self._span(children[0], children[3])
        return s.IntervalExpression(span, _expression(children[1]), _expression(children[2]))

    def union(self, children: list[s.IntervalExpression]) -> s.UnionExpression:
        first, second = children
        return s.UnionExpression(self._span(first, second), (first, second))

    def assume(self, children: list[Child]) -> s.AssumeEntry:
        region = children[2]
        if not isinstance(region, s.IntervalExpression | s.UnionExpression | s.BoundExpression):
            region = _expression(region)
        return s.AssumeEntry(self._span(children[0], region), _expression(children[1]), region)

    def bound(self, children: list[Child]) -> s.BoundExpression:
        high = _expression(children[0])
        return s.BoundExpression(high.span, high)

    def parameter(self, children: list[Child]) -> s.ParameterDeclaration:
        default = None if children[1] is None else _expression(children[1])
        name = self._word(_token(children[0]))
        return s.ParameterDeclaration(self._span(name, default or name), name, default)

    def param(self, children: list[Child]) -> s.ParamEntry:
        parameters = tuple(one for one in children if isinstance(one, s.ParameterDeclaration))
        return s.ParamEntry(self._span(children[0], parameters[-1]), parameters)

    def point(self, children: list[Child]) -> s.Point:
        span = self._span(children[0], children[3])
        return s.Point(span, _expression(children[1]), _expression(children[2]))

    def table(self, children: list[Child]) -> s.TableEntry:
        points = tuple(one for one in children if isinstance(one, s.Point))
        span = self._span(children[0], points[-1])
        return s.TableEntry(span, self._word(_token(children[1])), points)

    def function(self, children: list[Child]) -> s.FunctionEntry:
        name, variables, body = _token(children[1]), _words(children[3]), _expression(children[5])
        span = self._span(children[0], body)
        return s.FunctionEntry(span, self._word(name), tuple(variables), body)

    def default(self, children: list[Child]) -> s.WithinEntry:
        return s.WithinEntry(self._span(*children), _expression(children[1]))

    def ensure(self, children: list[Child]) -> s.EnsureEntry:
        word, tolerance = self._word(_token(children[1])), _expression(children[2])
        return s.EnsureEntry(self._span(children[0], tolerance), word, tolerance)

    def use(self, children: list[Token]) -> s.UseDeclaration:
        path = s.Word(self._span(children[2], children[2]), children[2].text[1:-1])
        return s.UseDeclaration(self._span(children[0], children[2]), self._word(children[1]), path)

    def algorithm(self, children: list[Child]) -> s.Algorithm:
        inputs = children[3] if isinstance(children[3], list) else []
        entries = tuple(one for one in children[5:] if isinstance(one, s.Entry))
        last = entries[-1] if entries else children[4]
        span = self._span(children[0], last)
        return s.Algorithm(span, self._word(_token(children[1])), tuple(inputs), entries)

    def start(self, children: list[Child]) -> s.Script:
        uses = tuple(one for one in children if isinstance(one, s.UseDeclaration))
        algorithms = tuple(one for one in children if isinstance(one, s.Algorithm))
        return s.Script(_source.get(), uses, algorithms)


# -- reading the children of a rule -------------------------------------------------------------


def _start(part: object) -> int:
    if isinstance(part, Token):
        return part.start
    return _place(part).start


def _end(part: object) -> int:
    if isinstance(part, Token):
        return part.end
    return _place(part).end


def _place(part: object) -> Span:
    span = getattr(part, "span", None)
    if not isinstance(span, Span):
        raise TypeError(f"expected a part of the tree, got {part!r}")
    return span


def _last(clauses: object, otherwise: s.Expression) -> s.Word | s.Expression:
    """Return what ends last: a clause if there is one."""
    given = _parts(_clauses(clauses))
    return max(given, key=lambda part: part.span.end) if given else otherwise


def _parts(clauses: s.Clauses) -> list[s.Word | s.Expression]:
    every = (clauses.over, clauses.on, clauses.within, clauses.mask)
    return [part for part in every if part is not None]


def _token(child: object) -> Token:
    if not isinstance(child, Token):
        raise TypeError(f"expected a token, got {child!r}")
    return child


def _expression(child: object) -> s.Expression:
    if not isinstance(child, s.Expression):
        raise TypeError(f"expected an expression, got {child!r}")
    return child


def _expressions(child: object) -> list[s.Expression]:
    return [_expression(one) for one in child] if isinstance(child, list) else []


def _clauses(child: object) -> s.Clauses:
    if not isinstance(child, s.Clauses):
        raise TypeError(f"expected clauses, got {child!r}")
    return child


def _words(child: object) -> list[s.Word]:
    return [one for one in child if isinstance(one, s.Word)] if isinstance(child, list) else []
