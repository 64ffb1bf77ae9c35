// Package jsonscan reads other programs' JSON in one pass. Unlike encoding/json, it passes every member of an
// object to its caller, even duplicates, and rejects text that is not UTF-8. Errors give the byte offset.
// They do not satisfy any sentinel error.
package jsonscan

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is the largest nesting depth of a skipped value.
const maxDepth = 100

// A Scanner reads JSON. A string that it returns shares the memory of the text if it has no escapes. Clone it to keep it longer
// than the text.
type Scanner struct {
	text string // valid UTF-8
	at   int    // offset of the next byte
}

// New returns a Scanner of text.
func New(text string) (*Scanner, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("it is not UTF-8")
	}
	return &Scanner{text: text}, nil
}

// Fault returns an error with the current offset.
func (s *Scanner) Fault(reason string, args ...any) error {
	return fmt.Errorf("at byte %d: %s", s.at, fmt.Sprintf(reason, args...))
}

// want returns an error that says what was expected and what was found.
func (s *Scanner) want(what string) error {
	if s.at >= len(s.text) {
		return s.Fault("expected %s, got the end", what)
	}
	return s.Fault("expected %s, got %q", what, s.text[s.at:][:min(8, len(s.text)-s.at)])
}

// Peek skips white space and returns the byte after it, or 0 at the end.
func (s *Scanner) Peek() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// next skips c if it comes next, and reports whether it did.
func (s *Scanner) next(c byte) bool {
	if s.Peek() != c || s.at >= len(s.text) {
		return false
	}
	s.at++
	return true
}

// End returns an error unless only white space is left.
func (s *Scanner) End() error {
	if s.Peek(); s.at < len(s.text) {
		return s.want("the end")
	}
	return nil
}

// Object reads an object. each reads the value of a member.
func (s *Scanner) Object(each func(name string) error) error {
	if !s.next('{') {
		return s.want("an object")
	}
	if s.next('}') {
		return nil
	}
	for {
		name, err := s.String()
		if err != nil {
			return err
		}
		if !s.next(':') {
			return s.want("a colon")
		}
		if err := each(name); err != nil {
			return err
		}
		if !s.next(',') {
			break
		}
	}
	if !s.next('}') {
		return s.want("a comma or the end of the object")
	}
	return nil
}

// Array reads an array. each reads an element.
func (s *Scanner) Array(each func() error) error {
	if !s.next('[') {
		return s.want("an array")
	}
	if s.next(']') {
		return nil
	}
	for {
		if err := each(); err != nil {
			return err
		}
		if !s.next(',') {
			break
		}
	}
	if !s.next(']') {
		return s.want("a comma or the end of the array")
	}
	return nil
}

// Number reads a nonnegative integer.
func (s *Scanner) Number() (int64, error) {
	s.Peek()
	digits := s.text[s.at:]
	end := 0
	for end < len(digits) && '0' <= digits[end] && digits[end] <= '9' {
		end++
	}
	if end == 0 || end > 1 && digits[0] == '0' || end < len(digits) && strings.IndexByte(".eE", digits[end]) >= 0 {
		return 0, s.want("a whole number that is not negative")
	}
	n, err := strconv.ParseUint(digits[:end], 10, 64)
	if err != nil || n > math.MaxInt64 {
		return 0, s.Fault("%.30s is more than 63 bits hold", digits[:end])
	}
	s.at += end
	return int64(n), nil
}

// special returns the offset of the first byte with a meaning in a string: its end, an escape, or a byte that must be escaped.
func special(text string) int {
	for i := range len(text) {
		if c := text[i]; c == '"' || c == '\\' || c < ' ' {
			return i
		}
	}
	return len(text)
}

// String reads a string.
func (s *Scanner) String() (string, error) {
	if s.Peek() != '"' {
		return "", s.want("a string")
	}
	s.at++
	rest := s.text[s.at:]
	end := special(rest)
	if end < len(rest) && rest[end] == '"' { // there are no escapes
		s.at += end + 1
		return rest[:end], nil
	}
	var b strings.Builder
	for {
		rest := s.text[s.at:]
		end := special(rest)
		if end == len(rest) {
			s.at = len(s.text)
			return "", s.want("the end of a string")
		}
		b.WriteString(rest[:end])
		s.at += end
		switch rest[end] {
		case '"':
			s.at++
			return b.String(), nil
		case '\\':
			r, err := s.escape()
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
		default:
			return "", s.Fault("a control character in a string")
		}
	}
}

const (
	escapes = `"\/bfnrt`
	escaped = "\"\\/\b\f\n\r\t"
)

// escape reads an escape sequence in a string.
func (s *Scanner) escape() (rune, error) {
	if s.at+1 < len(s.text) {
		if i := strings.IndexByte(escapes, s.text[s.at+1]); i >= 0 {
			s.at += 2
			return rune(escaped[i]), nil
		}
	}
	r, err := s.unit()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	low, err := s.unit()
	if err != nil {
		return 0, err
	}
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, s.Fault("half of a surrogate pair")
	}
	return r, nil
}

// unit reads \uXXXX.
func (s *Scanner) unit() (rune, error) {
	if rest := s.text[s.at:]; len(rest) >= 6 && rest[:2] == `\u` {
		if n, err := strconv.ParseUint(rest[2:6], 16, 16); err == nil {
			s.at += 6
			return rune(n), nil
		}
	}
	return 0, s.want("an escape sequence of JSON")
}

// Skip reads a value of any kind.
func (s *Scanner) Skip() error { return s.skip(maxDepth) }

// skip is Skip for values of at most depth levels.
func (s *Scanner) skip(depth int) error {
	switch c := s.Peek(); {
	case c == '"':
		_, err := s.String()
		return err
	case (c == '{' || c == '[') && depth == 0:
		return s.Fault("nested too deeply")
	case c == '{':
		return s.Object(func(string) error { return s.skip(depth - 1) })
	case c == '[':
		return s.Array(func() error { return s.skip(depth - 1) })
	}
	for _, word := range []string{"true", "false", "null"} {
		if strings.HasPrefix(s.text[s.at:], word) {
			s.at += len(word)
			return nil
		}
	}
	end := s.at
	for end < len(s.text) && strings.IndexByte("+-.0123456789eE", s.text[end]) >= 0 {
		end++
	}
	if _, err := strconv.ParseFloat(s.text[s.at:end], 64); err != nil && !errors.Is(err, strconv.ErrRange) {
		return s.want("a value")
	}
	s.at = end
	return nil
}

// AppendString appends text, which must be UTF-8, as the reference implementation writes strings: with the fewest escapes that
// JSON allows.
func AppendString(b []byte, text string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '/':
			b = append(b, c)
		case strings.IndexByte(escaped, c) >= 0:
			b = append(b, '\\', escapes[strings.IndexByte(escaped, c)])
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
