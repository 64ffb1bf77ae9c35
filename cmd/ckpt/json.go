package main

import (
	"bytes"
	"encoding/json"
	"io"
)

// A jsonArray prints an array, an element a line, without holding it.
type jsonArray struct {
	out io.Writer
	buf bytes.Buffer
	n   int
}

// add prints one more element.
func (a *jsonArray) add(element any) error {
	a.buf.Reset()
	if a.n == 0 {
		a.buf.WriteString("[\n")
	} else {
		a.buf.WriteString(",\n")
	}
	a.n++
	enc := json.NewEncoder(&a.buf)
	enc.SetEscapeHTML(false) // keys stay readable
	if err := enc.Encode(element); err != nil {
		return err
	}
	_, err := a.out.Write(bytes.TrimSuffix(a.buf.Bytes(), []byte("\n")))
	return err
}

// end prints what ends the array.
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
	quoted, _ := json.Marshal(s) // a string cannot fail
	return string(quoted)
}
