package npz

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/tensor"
)

// A parser reads the literals of Python that headers consist of. It does not evaluate anything.
type parser struct {
	text string
	at   int // offset of the next byte
}

// maxDepth is how deeply the description of a record may be nested.
const maxDepth = 32

func (p *parser) fault(reason string, args ...any) error {
	return fmt.Errorf("at byte %d: %s, got %.20q", p.at, fmt.Sprintf(reason, args...), p.text[p.at:])
}

// peek skips white space and returns the byte after it, or 0 at the end.
func (p *parser) peek() byte {
	for ; p.at < len(p.text); p.at++ {
		if strings.IndexByte(" \t\r\n", p.text[p.at]) < 0 {
			return p.text[p.at]
		}
	}
	return 0
}

// next skips c if it comes next, and reports whether it did.
func (p *parser) next(c byte) bool {
	if p.peek() != c || p.at >= len(p.text) {
		return false
	}
	p.at++
	return true
}

// list reads elements between open and end, separated by commas. A trailing comma is allowed.
func (p *parser) list(open, end byte, each func() error) error {
	if !p.next(open) {
		return p.fault("expected '%c'", open)
	}
	for !p.next(end) {
		if err := each(); err != nil {
			return err
		}
		if !p.next(',') && p.peek() != end {
			return p.fault("expected a comma or '%c'", end)
		}
	}
	return nil
}

// dict reads a dictionary with string keys. each reads a value.
func (p *parser) dict(each func(key string) error) error {
	return p.list('{', '}', func() error {
		key, err := p.str()
		if err != nil {
			return err
		}
		if !p.next(':') {
			return p.fault("expected a colon")
		}
		return each(key)
	})
}

// str reads a string without escapes, in either kind of quotes.
func (p *parser) str() (string, error) {
	quote := p.peek()
	if p.at < len(p.text) && strings.IndexByte("ub", quote) >= 0 { // prefixes that Python 2 writes
		p.at++
		quote = p.peek()
	}
	if quote != '\'' && quote != '"' {
		return "", p.fault("expected a string")
	}
	rest := p.text[p.at+1:]
	end := strings.IndexByte(rest, quote)
	if end < 0 || strings.IndexByte(rest[:end], '\\') >= 0 {
		return "", p.fault("expected a string without escapes")
	}
	p.at += end + 2
	return rest[:end], nil
}

// boolean reads True or False.
func (p *parser) boolean() (bool, error) {
	p.peek()
	for word, value := range map[string]bool{"True": true, "False": false} {
		if strings.HasPrefix(p.text[p.at:], word) {
			p.at += len(word)
			return value, nil
		}
	}
	return false, p.fault("expected True or False")
}

// shape reads a tuple of lengths.
func (p *parser) shape() (tensor.Shape, error) {
	shape := tensor.Shape{}
	err := p.list('(', ')', func() error {
		n, err := p.number()
		shape = append(shape, n)
		return err
	})
	return shape, err
}

// number reads a nonnegative integer. Integers of Python 2 may end in L.
func (p *parser) number() (int, error) {
	p.peek()
	end := p.at
	for end < len(p.text) && p.text[end] >= '0' && p.text[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(p.text[p.at:end], 10, 64)
	if err == nil && int64(int(n)) != n {
		return 0, p.fault("more elements than an int can count")
	}
	if err != nil {
		return 0, p.fault("expected a nonnegative integer of at most 63 bits")
	}
	if p.at = end; p.at < len(p.text) && p.text[p.at] == 'L' {
		p.at++
	}
	return int(n), nil
}

// skip reads a literal of any kind, at most depth levels deep.
func (p *parser) skip(depth int) (err error) {
	if depth == 0 {
		return p.fault("nested too deeply")
	}
	skip := func() error { return p.skip(depth - 1) }
	switch c := p.peek(); {
	case c == '[':
		return p.list('[', ']', skip)
	case c == '(':
		return p.list('(', ')', skip)
	case c == '{':
		return p.dict(func(string) error { return skip() })
	case c >= '0' && c <= '9':
		_, err = p.number()
	case c == 'T' || c == 'F':
		_, err = p.boolean()
	default:
		_, err = p.str()
	}
	return err
}
