package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"unicode/utf16"
	"unicode/utf8"
)

// A visibleJSON escapes characters in JSON that a terminal may not show; encoding/json does so only for ASCII. Each write must
// end at the end of a rune.
type visibleJSON struct{ out io.Writer }

func (v visibleJSON) Write(p []byte) (int, error) {
	hidden := func(r rune) bool { return r >= utf8.RuneSelf-1 && unprintable(r) }
	rest, written := p, 0
	for {
		at := bytes.IndexFunc(rest, hidden)
		if at < 0 {
			n, err := v.out.Write(rest)
			return written + n, err
		}
		r, size := utf8.DecodeRune(rest[at:])
		var escaped []byte
		for _, half := range utf16.AppendRune(nil, r) {
			escaped = fmt.Appendf(escaped, `\u%04x`, half)
		}
		for _, b := range [][]byte{rest[:at], escaped} {
			if _, err := v.out.Write(b); err != nil {
				return written, err
			}
		}
		rest, written = rest[at+size:], written+at+size
	}
}

// A jsonArray prints an array with an element per line, without holding the array in memory.
type jsonArray struct {
	out io.Writer
	buf bytes.Buffer
	n   int
}

// add prints one more element.
func (a *jsonArray) add(element any) error {
	return a.addFunc(func(out io.Writer) error {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false) // keys stay readable
		return enc.Encode(element)
	})
}

// addFunc calls write to print one more element.
func (a *jsonArray) addFunc(write func(io.Writer) error) error {
	a.buf.Reset()
	if a.n == 0 {
		a.buf.WriteString("[\n")
	} else {
		a.buf.WriteString(",\n")
	}
	a.n++
	if err := write(&a.buf); err != nil {
		return err
	}
	_, err := a.out.Write(bytes.TrimSuffix(a.buf.Bytes(), []byte("\n")))
	return err
}

// end prints the end of the array.
func (a *jsonArray) end() error {
	after := "\n]"
	if a.n == 0 {
		after = "[]"
	}
	_, err := io.WriteString(a.out, after)
	return err
}

// jsonString returns s as a JSON string.
func jsonString(s string) string {
	quoted, _ := json.Marshal(s) // marshaling a string cannot fail
	return string(quoted)
}

// A number may be NaN or infinite, which JSON cannot represent.
type number float64

// MarshalJSON returns n as a number, and NaN and infinities as strings.
func (n number) MarshalJSON() ([]byte, error) {
	switch f := float64(n); {
	case math.IsNaN(f):
		return []byte(`"NaN"`), nil
	case math.IsInf(f, 0):
		return []byte(`"Infinity"`), nil
	default:
		return json.Marshal(f)
	}
}
