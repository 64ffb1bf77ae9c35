package state

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Parse returns the state that text describes, in any spelling of a text-format protocol buffer: fields in any order
// and layout, comments, either quote, escapes, strings in several pieces, lists in brackets, commas or semicolons
// between fields. If a field occurs twice the last one counts.
//
// Parse also accepts some text that TensorFlow rejects: a byte order mark, an unquoted path up to the end of its line, and
// unknown fields, which it skips. A string without an end is an error, because the file was probably truncated.
//
// If text is not a state, the error satisfies errors.Is(err, ErrSyntax) and says in which line. If the state does not name a
// latest checkpoint, it satisfies errors.Is(err, ErrIncomplete). Both satisfy errors.Is(err, format.ErrCorrupt).
func Parse(text []byte) (*State, error) {
	p := parser{rest: strings.TrimPrefix(string(text), "\ufeff"), line: 1}
	if !utf8.Valid(text) {
		return nil, corrupt(ErrSyntax, "it is not UTF-8")
	}
	if err := p.fields(); err != nil {
		return nil, corrupt(ErrSyntax, "line %d: %v", p.line, err)
	}
	if p.unknown > 0 && p.known == 0 {
		return nil, corrupt(ErrSyntax, "it has none of a state's fields")
	}
	if p.state.Latest == "" {
		return nil, corrupt(ErrIncomplete, "")
	}
	return &p.state, nil
}

// A parser reads fields and has the text that follows the last token.
type parser struct {
	rest  string
	line  int
	state State

	known, unknown int // fields
}

func (p *parser) fields() error {
	for p.skip(); p.rest != ""; p.skip() {
		name := p.token(isNameByte)
		if name == "" || !isLetter(name[0]) {
			return errors.New("a field's name is expected, not " + p.found(name))
		}
		colon := false
		if p.skip(); p.take(':') {
			colon = true
		} else if p.rest == "" || p.rest[0] != '{' && p.rest[0] != '<' {
			return errors.New("a colon is expected after " + name + ", not " + p.found(""))
		}
		value := p.value
		if !isField(name) {
			value = p.pass
		} else if !colon {
			return errors.New(name + ": a colon is expected, not " + p.found(""))
		}
		if err := value(name); err != nil {
			return errors.New(name + ": " + err.Error())
		}
		if p.skip(); !p.take(',') {
			p.take(';')
		}
	}
	return nil
}

func isField(name string) bool {
	return name == latestField || name == allField || name == timestampsField || name == lastPreservedField
}

// value reads the value of a known field.
func (p *parser) value(name string) (err error) {
	p.known++
	switch name {
	case latestField:
		p.state.Latest, err = p.path()
		return err
	case allField:
		if p.skip(); p.rest != "" && p.rest[0] != '[' {
			path, err := p.path()
			p.state.All = append(p.state.All, path)
			return err
		}
		return list(p, &p.state.All, p.text)
	case timestampsField:
		return list(p, &p.state.Timestamps, p.number)
	}
	p.state.LastPreserved, err = p.number()
	return err
}

// pass skips the value of an unknown field.
func (p *parser) pass(string) error {
	p.unknown++
	for depth := 0; ; {
		p.skip()
		switch {
		case p.rest == "":
			return errors.New("a value without an end")
		case strings.IndexByte("{<[", p.rest[0]) >= 0:
			depth++
			p.rest = p.rest[1:]
		case depth > 0 && strings.IndexByte("}>]", p.rest[0]) >= 0:
			depth--
			p.rest = p.rest[1:]
		case p.rest[0] == '"' || p.rest[0] == '\'':
			if _, err := p.text(); err != nil {
				return err
			}
		case depth > 0 && strings.IndexByte(":,;", p.rest[0]) >= 0:
			p.rest = p.rest[1:]
		case p.token(func(c byte) bool { return isNameByte(c) || c == '.' }) == "":
			return errors.New("a value is expected, not " + p.found(""))
		}
		if depth == 0 {
			return nil
		}
	}
}

// list reads one value or several in brackets.
func list[T any](p *parser, to *[]T, value func() (T, error)) error {
	p.skip()
	bracketed := p.take('[')
	if p.skip(); bracketed && p.take(']') {
		return nil
	}
	for {
		v, err := value()
		if err != nil {
			return err
		}
		*to = append(*to, v)
		p.skip()
		switch {
		case !bracketed || p.take(']'):
			return nil
		case !p.take(','):
			return errors.New("a comma is expected between values, not " + p.found(""))
		}
	}
}

// number reads a float like Python's float and text_format.ParseFloat, which accept inf, nan, and an f at the
// end.
func (p *parser) number() (float64, error) {
	p.skip()
	word := p.token(func(c byte) bool { return isNameByte(c) || c == '.' })
	digits := strings.TrimPrefix(word, "-")
	if len(digits) > 1 && digits[0] == '0' && isDigit(digits[1]) {
		return 0, errors.New(strconv.Quote(word) + " starts like an octal number")
	}
	for _, s := range []string{word, strings.TrimRight(word, "fF"), strings.TrimSuffix(word, "f")} { // "1", "1f", "inff"
		if v, ok := parseFloat(s); ok {
			return v, nil
		}
	}
	return 0, errors.New("a number is expected, not " + p.found(word))
}

func parseFloat(s string) (float64, bool) {
	if strings.ContainsAny(s, "xX_") { // Go's hexadecimal notation
		return 0, false
	}
	if strings.EqualFold(strings.TrimPrefix(s, "-"), "nan") {
		return math.NaN(), true
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil || errors.Is(err, strconv.ErrRange) && math.IsInf(v, 0)
}

// skip skips space and comments.
func (p *parser) skip() {
	for p.rest != "" {
		r, size := utf8.DecodeRuneInString(p.rest)
		switch {
		case r == '#':
			if size = strings.IndexByte(p.rest, '\n'); size < 0 {
				size = len(p.rest)
			}
		case r == '\n':
			p.line++
		case !unicode.IsSpace(r):
			return
		}
		p.rest = p.rest[size:]
	}
}

// take skips c if it comes next.
func (p *parser) take(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// token takes the following bytes of one kind.
func (p *parser) token(is func(byte) bool) string {
	n := 0
	for n < len(p.rest) && is(p.rest[n]) {
		n++
	}
	word := p.rest[:n]
	p.rest = p.rest[n:]
	return word
}

// found describes the unexpected text: word, or the next token.
func (p *parser) found(word string) string {
	if word == "" {
		if p.rest == "" {
			return "the end"
		}
		r, _ := utf8.DecodeRuneInString(p.rest)
		word = string(r)
	}
	if len(word) > 40 {
		word = strings.ToValidUTF8(word[:40], "") + "…"
	}
	return strconv.Quote(word)
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' }

// isNameByte is true within names and, as in TensorFlow's parser, for the signs within numbers.
func isNameByte(c byte) bool { return isLetter(c) || isDigit(c) || c == '+' || c == '-' }
