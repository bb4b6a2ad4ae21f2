"""From a script's text to the grammar of `syntax.py`. Errors are kept where the shell would meet them."""

from __future__ import annotations

import re

from lifecycle.programs.shell.lexer import Token
from lifecycle.programs.shell.simple_commands import CLOSERS, SimpleCommands
from lifecycle.programs.shell.syntax import (
    AndOr,
    ArithCommand,
    ArithFor,
    Case,
    Command,
    Condition,
    Coproc,
    For,
    Function,
    Group,
    If,
    Item,
    Lit,
    Pipeline,
    Redirect,
    Redirected,
    Select,
    Sequence,
    Subshell,
    Unparsed,
    While,
    Word,
)
from lifecycle.programs.shell.words import ParseError


def parse(text: str, dialect: str) -> Sequence:
    """Return a script's commands; the last one is Unparsed where the script breaks off with an error."""
    parser = Parser(text, dialect)
    items: list[Item] = []
    while True:
        try:
            parser.skip_newlines()
            if parser.peek().kind == "eof":
                return Sequence(tuple(items))
            line = parser.complete_line()
        except ParseError as error:
            items.append(Item(AndOr(Pipeline((Unparsed(error.fault),)))))
            return Sequence(tuple(items))
        except RecursionError:
            items.append(Item(AndOr(Pipeline((Unparsed(parser.fail("nesting").fault),)))))
            return Sequence(tuple(items))
        items.extend(line)


def first_line(text: str, dialect: str, ended: bool) -> int | None:
    """Return how many characters of a text its first command takes, with what is blank before it, up to its line's end.

    None: more has to come, unless it has `ended`. Raises: ParseError.
    """
    if not ended and not text.endswith("\n"):
        text = text[: text.rfind("\n") + 1]  # a line is looked at once it is whole
    if not text:
        return 0 if ended else None
    parser = Parser(text, dialect)
    try:
        parser.skip_newlines()
        if parser.peek().kind == "eof":
            return len(text)
        parser.complete_line()
    except ParseError as error:
        if error.fault.kind in ("eof", "quote") and not ended:
            return None
        raise
    except RecursionError:
        raise parser.fail("nesting") from None
    if (parser.peek().kind == "eof" or parser.unfinished) and not ended:
        return None
    return parser.i + parser.cut


class Parser(SimpleCommands):
    """Recursive descent over the tokens."""

    def parse_body(self) -> Sequence:
        return self.sequence()

    # ── lists ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def complete_line(self) -> list[Item]:
        """Parse up to the end of a line: what a shell reads before it runs anything of it."""
        items: list[Item] = []
        while True:
            item, separated = self._item()
            items.append(item)
            if self.peek().kind in ("newline", "eof"):
                return items
            if not separated:
                raise self._unexpected()

    def _item(self) -> tuple[Item, bool]:
        """Parse one command of a list; say whether `;` or `&` stands behind it."""
        start = self.i - len(self.peek().text)
        command = self._and_or()
        token = self.peek()
        if token.kind == "op" and token.text in (";", "&"):
            text = self.text[start : self.i - 1].strip() if token.text == "&" else ""
            self.take()
            return Item(command, token.text == "&", text), True
        return Item(command), False

    def sequence(self) -> Sequence:
        """Parse a list up to a word or operator that closes something."""
        items: list[Item] = []
        self.skip_newlines()
        while not self._closing():
            item, separated = self._item()
            items.append(item)
            if self.peek().kind == "newline":
                self.skip_newlines()
            elif not separated and not self._closing():
                raise self._unexpected()
        return Sequence(tuple(items))

    def _closing(self) -> bool:
        token = self.peek()
        if token.kind == "op":
            return token.text in (")", ";;", ";&", ";;&")
        return token.kind == "eof" or self._reserved(token) in CLOSERS

    def _and_or(self) -> AndOr:
        first = self._pipeline()
        rest: list[tuple[str, Pipeline]] = []
        while self.peek().kind == "op" and self.peek().text in ("&&", "||"):
            op = self.take().text
            self.skip_newlines()
            rest.append((op, self._pipeline()))
        return AndOr(first, tuple(rest))

    def _pipeline(self) -> Pipeline:
        negated = timed = False
        while True:
            word = self._reserved(self.peek())
            if word == "!":
                self.take()
                negated = not negated
            elif self.bash and self.peek().text == "time":
                self.take()
                timed = True
            else:
                break
        commands = [self._command()]
        while self.peek().kind == "op" and self.peek().text == "|":
            self.take()
            if self.bash and self.text[self.i : self.i + 1] == "&":
                self.i += 1
                commands[-1] = Redirected(commands[-1], (Redirect(2, ">&", (Lit("1"),)),))
            self.skip_newlines()
            commands.append(self._command())
        return Pipeline(tuple(commands), negated, timed)

    # ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _command(self) -> Command:
        token = self.peek()
        compound = self._compound(token)
        if compound is None:
            return self._simple()
        redirects = self._redirects()
        return Redirected(compound, redirects) if redirects else compound

    def _compound(self, token: Token) -> Command | None:
        if token.kind == "op":
            if token.text == "(":
                self.take()
                body = self._filled()
                self._expect(")")
                return Subshell(body)
            if token.text == "((":
                return self._arithmetic_command()
            return None
        match token.text if token.kind == "word" else "":
            case "if":
                return self._if()
            case "while" | "until":
                self.take()
                return self._while(token.text == "until")
            case "for":
                return self._for()
            case "select" if self.bash:
                return self._select()
            case "coproc" if self.bash:
                return self._coproc()
            case "case":
                return self._case()
            case "{":
                self.take()
                body = self._filled()
                self._expect("}")
                return Group(body)
            case "[[" if self.dialect != "dash":
                return self._condition()
            case "function" if self.dialect != "dash":
                return self._function_keyword()
        return None

    def _filled(self) -> Sequence:
        body = self.sequence()
        if not body.items:
            raise self._unexpected()
        return body

    def _arithmetic_command(self) -> Command:
        start = self.i
        self.take()
        self.i = start
        word = self._arithmetic_word()
        if word is None:
            raise self.fail("unexpected", "((")
        return ArithCommand(word)

    def _if(self) -> If:
        branches: list[tuple[Sequence, Sequence]] = []
        orelse = None
        keyword = "if"
        while keyword in ("if", "elif"):
            self.take()
            condition = self._filled()
            self._expect("then")
            branches.append((condition, self._filled()))
            keyword = self._reserved(self.peek())
        if keyword == "else":
            self.take()
            orelse = self._filled()
        self._expect("fi")
        return If(tuple(branches), orelse)

    def _while(self, until: bool) -> While:
        condition = self._filled()
        return While(condition, self._do(), until)

    def _do(self) -> Sequence:
        self._expect("do")
        body = self._filled()
        self._expect("done")
        return body

    def _select(self) -> Select:
        self.take()
        return Select(*self._over_words())

    def _coproc(self) -> Coproc:
        """Parse `coproc [NAME] COMMAND`; only a compound command may have a name of its own."""
        self.take()
        start = self.i - len(self.peek().text)
        name, body = "COPROC", self._compound(self.peek())
        if body is None:
            place = self.i, self.line, self.peeked
            token = self.take()
            if token.kind == "word" and re.fullmatch(r"[A-Za-z_]\w*", token.text):
                body = self._compound(self.peek())
            if body is None:
                self.i, self.line, self.peeked = place
            else:
                name = token.text
        if body is None:
            body = self._simple()
        return Coproc(name, body, "coproc " + self.text[start : self.i].strip())

    def _for(self) -> Command:
        self.take()
        if self.bash and self.peek().text == "((":
            return self._arithmetic_for()
        return For(*self._over_words())

    def _over_words(self) -> tuple[str, tuple[Word, ...] | None, Sequence]:
        """Parse a name, the words that it goes over, and the body."""
        name = self.take()
        if name.kind != "word" or not re.fullmatch(r"[A-Za-z_]\w*", name.text):
            raise self.fail("variable" if name.kind == "word" else "unexpected", name.text)
        self.skip_newlines()
        words: tuple[Word, ...] | None = None
        if self.peek().text == "in":
            self.take()
            found = []
            while self.peek().kind == "word":
                found.append(self.take().word)
            words = tuple(found)
            if self.peek().text != ";" and self.peek().kind != "newline":
                raise self._unexpected()
        if self.peek().text == ";":
            self.take()
        self.skip_newlines()
        return name.text, words, self._do()

    def _arithmetic_for(self) -> ArithFor:
        start = self.i
        self.take()
        self.i = start
        pieces = []
        for stop in (";", ";"):
            pieces.append(self.read_word(stop=stop))
            self.i += 1
        last = self._arithmetic_word()
        if last is None:
            raise self.fail("unexpected", "((")
        if self.peek().text == ";":
            self.take()
        self.skip_newlines()
        return ArithFor(pieces[0], pieces[1], last, self._do())

    def _case(self) -> Case:
        self.take()
        word = self.take()
        if word.kind != "word":
            raise self.fail("eof" if word.kind == "eof" else "unexpected", word.text)
        self.skip_newlines()
        self._expect("in")
        self.skip_newlines()
        arms: list[tuple[tuple[Word, ...], Sequence, str]] = []
        while self._reserved(self.peek()) != "esac":
            arms.append(self._arm())
            self.skip_newlines()
        self.take()
        return Case(word.word, tuple(arms))

    def _arm(self) -> tuple[tuple[Word, ...], Sequence, str]:
        if self.peek().text == "(":
            self.take()
        patterns = []
        while True:
            token = self.take()
            if token.kind != "word":
                raise self.fail("eof" if token.kind == "eof" else "unexpected", token.text, ")")
            patterns.append(token.word)
            if self.peek().text != "|":
                break
            self.take()
        self._expect(")")
        body = self.sequence()
        end = self.peek()
        if end.kind == "op" and end.text in (";;", ";&", ";;&"):
            self.take()
            return tuple(patterns), body, end.text
        if self._reserved(end) != "esac":
            raise self._unexpected(";;")
        return tuple(patterns), body, ";;"

    def _condition(self) -> Condition:
        self.take()
        tokens: list[Word | str] = []
        while True:
            token = self.peek()
            if token.kind == "eof":
                raise self._unexpected("]]")
            if token.text == "]]":
                self.take()
                return Condition(tuple(tokens))
            if tokens and tokens[-1] == "=~":
                tokens.append(self._regular_expression(token))
                continue
            self.take()
            if (
                token.kind == "word"
                and token.text not in ("!", "==", "=", "!=", "=~")
                and not re.fullmatch(r"-[a-zA-Z]{1,2}", token.text)
            ):
                tokens.append(token.word)
            elif token.kind != "newline":
                tokens.append(token.text)

    def _regular_expression(self, token: Token) -> Word:
        """Read the right side of `=~`, in which parentheses and bars are plain."""
        self.i -= len(self.text[: self.i]) - self._start_of(token)
        self.peeked = None
        parts: list[Lit] = []
        word: Word = ()
        while self.i < len(self.text) and self.text[self.i] not in " \t\n":
            c = self.text[self.i]
            if c in "()|;&<>":
                word = (*word, Lit(c))
                self.i += 1
            else:
                word = (*word, *self.read_word())
        return (*word, *parts)

    def _start_of(self, token: Token) -> int:
        return self.text.rindex(token.text, 0, self.i)

    def _function_keyword(self) -> Function:
        self.take()
        name = self.take()
        if self.peek().text == "(":
            self.take()
            self._expect(")")
        self.skip_newlines()
        return Function(name.text, self._command())
