package pickle

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// counted pushes a string or bytes that follow their length.
func (d *Decoder) counted(op byte) error {
	width := 4
	switch op {
	case opShortBinString, opShortBinBytes, opShortBinUnicode:
		width = 1
	case opBinUnicode8, opBinBytes8, opByteArray8:
		width = 8
	}
	n, err := d.count(width)
	if err != nil {
		return err
	}
	b, err := d.read(n)
	if err != nil {
		return err
	}
	switch op {
	case opBinBytes, opShortBinBytes, opBinBytes8, opByteArray8:
		if len(b) <= d.r.Size() { // it is in the buffer
			b = bytes.Clone(b)
		}
		d.push(Bytes(b))
	default:
		d.push(string(b))
	}
	return nil
}

// text pushes a number or a string that is written as a line of text.
func (d *Decoder) text(op byte) error {
	line, err := d.line()
	if err != nil {
		return err
	}
	text := string(line)
	var ok bool
	switch op {
	case opString:
		if len(text) < 2 || text[0] != text[len(text)-1] || text[0] != '\'' && text[0] != '"' {
			return d.corrupt("a str is not in quotes: %.40q", text)
		}
		text, ok = unescape(text[1:len(text)-1], true)
	case opUnicode:
		text, ok = unescape(text, false)
	default:
		return d.number(op, text)
	}
	if !ok {
		return d.corrupt("a str has an escape sequence that Python does not write: %.40q", text)
	}
	d.push(text)
	return nil
}

// unescape decodes a str. If repr is set it decodes all escapes that Python's repr writes. Otherwise it decodes only \u and \U,
// as the raw-unicode-escape codec does. All other bytes are Latin-1.
func unescape(text string, repr bool) (string, bool) {
	if !strings.Contains(text, `\`) && (repr || isASCII(text)) {
		return text, true
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		c := text[i]
		i++
		switch {
		case c != '\\' && repr:
			b.WriteByte(c)
			continue
		case c != '\\':
			b.WriteRune(rune(c))
			continue
		case i == len(text):
			return text, false
		}
		c = text[i]
		i++
		digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
		switch {
		case (c == 'x') == repr && digits > 0:
			if len(text)-i < digits {
				return text, false
			}
			v, err := strconv.ParseUint(text[i:i+digits], 16, 32)
			if err != nil {
				return text, false
			}
			i += digits
			if repr {
				b.WriteByte(byte(v))
			} else {
				b.WriteRune(rune(v))
			}
		case !repr:
			b.WriteByte('\\')
			b.WriteRune(rune(c))
		default:
			plain, ok := map[byte]byte{'\\': '\\', '\'': '\'', '"': '"', 'n': '\n', 'r': '\r', 't': '\t'}[c]
			if !ok {
				return text, false
			}
			b.WriteByte(plain)
		}
	}
	return b.String(), true
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}
