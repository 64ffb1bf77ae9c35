package state

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// text reads a string: one or more pieces in quotes, each within a line.
func (p *parser) text() (string, error) {
	p.skip()
	var b []byte
	for pieces := 0; ; pieces++ {
		if p.rest == "" || (p.rest[0] != '"' && p.rest[0] != '\'') {
			if pieces == 0 {
				return "", errors.New("a string is expected, not " + p.found(""))
			}
			break
		}
		quote := p.rest[0]
		p.rest = p.rest[1:]
		var err error
		if b, err = p.piece(b, quote); err != nil {
			return "", err
		}
		p.skip()
	}
	if !utf8.Valid(b) {
		return "", errors.New("the string " + strconv.Quote(string(b)) + " is not UTF-8")
	}
	return string(b), nil
}

// path reads a string, or text without quotes up to the end of the line or a comment.
func (p *parser) path() (string, error) {
	p.skip()
	if p.rest == "" || strings.IndexByte("\"'[]{}<>:,;", p.rest[0]) >= 0 {
		return p.text()
	}
	end := strings.IndexAny(p.rest, "\n#")
	if end < 0 {
		end = len(p.rest)
	}
	word := strings.TrimSpace(p.rest[:end])
	p.rest = p.rest[end:]
	if strings.ContainsAny(word, "\"'") {
		return "", errors.New("a string with one quote: " + strconv.Quote(word))
	}
	return strings.TrimRight(word, ",; "), nil
}

// piece appends to b the text before the quote that ends a string.
func (p *parser) piece(b []byte, quote byte) ([]byte, error) {
	for {
		i := strings.IndexAny(p.rest, "\n\\"+string(quote))
		if i < 0 || p.rest[i] == '\n' {
			return nil, errors.New("a string without an end")
		}
		b = append(b, p.rest[:i]...)
		c := p.rest[i]
		p.rest = p.rest[i+1:]
		if c == quote {
			return b, nil
		}
		var err error
		if b, err = p.escape(b); err != nil {
			return nil, err
		}
	}
}

// simple maps the letters of escapes to their values.
var simple = map[byte]byte{
	'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v', '\\': '\\', '\'': '\'', '"': '"',
}

// escape appends the value of an escape. Its backslash has been read. A backslash before any other character
// stays a backslash, as in Python (text_encoding.CUnescape).
func (p *parser) escape(b []byte) ([]byte, error) {
	if p.rest == "" || p.rest[0] == '\n' {
		return nil, errors.New("a string without an end")
	}
	c := p.rest[0]
	if to, ok := simple[c]; ok {
		p.rest = p.rest[1:]
		return append(b, to), nil
	}
	switch {
	case '0' <= c && c <= '7':
		v, _ := p.digits(8, 3)
		if v > 0xff {
			return nil, errors.New("an octal escape beyond \\377")
		}
		return append(b, byte(v)), nil
	case c == 'x':
		p.rest = p.rest[1:]
		v, n := p.digits(16, 2)
		if n == 0 {
			return nil, errors.New("\\x without a digit")
		}
		return append(b, byte(v)), nil
	case c == 'u', c == 'U':
		p.rest = p.rest[1:]
		want := 4
		if c == 'U' {
			want = 8
		}
		v, n := p.digits(16, want)
		if n < want || v > utf8.MaxRune || !utf8.ValidRune(rune(v)) {
			return nil, errors.New("\\" + string(c) + " without the digits of a character")
		}
		return utf8.AppendRune(b, rune(v)), nil
	}
	return append(b, '\\'), nil
}

// digits takes up to most digits, and returns their value and their number.
func (p *parser) digits(base uint64, most int) (v uint64, n int) {
	for n < most && n < len(p.rest) {
		d := digit(p.rest[n])
		if d >= base {
			break
		}
		v = v*base + d
		n++
	}
	p.rest = p.rest[n:]
	return v, n
}

func digit(c byte) uint64 {
	switch {
	case isDigit(c):
		return uint64(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return uint64(c|0x20-'a') + 10
	}
	return 99
}
