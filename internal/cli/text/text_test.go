package text_test

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/cli/text"
)

func TestSafe(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"plain":                          {"model/dense/kernel", "model/dense/kernel"},
		"letters of other scripts":       {"日本/ümlaut", "日本/ümlaut"},
		"nothing":                        {"", `""`},
		"a newline":                      {"a\nb", `"a\nb"`},
		"text that clears the screen":    {"\x1b[2J", `"\x1b[2J"`},
		"a NUL":                          {"a\x00", `"a\x00"`},
		"not UTF-8":                      {"a\xff", `"a\xff"`},
		"a character that reverses text": {"a\u202eb", `"a\u202eb"`},
		"an invisible space":             {"a\u00a0b", `"a\u00a0b"`},
		"spaces at the end":              {"a ", `"a "`},
		"a space within":                 {"a b", "a b"},
		"text that looks quoted":         {`"a"`, `"\"a\""`},
		"a quotation mark further in":    {`a"b`, `a"b`},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, text.Safe(test.text)) })
	}
}

func TestOneLine(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"the library's name is removed": {"ckpt: broken", "broken"},
		"lines become sentences":        {"broken\nplease mend", "broken. please mend"},
		"control characters are shown":  {"file \x1b[2J\ta\x00", `file \x1b[2J\ta\x00`},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, text.OneLine(errors.New(test.text))) })
	}
}

func TestLines(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"one line":                     {"ckpt: broken", "broken"},
		"a list keeps its lines":       {"2 are missing\n  a: missing\n  hint: look", "2 are missing\n  a: missing\n  hint: look"},
		"control characters are shown": {"broken\n  \x1b[2J", "broken\n  \\x1b[2J"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, text.Lines(errors.New(test.text))) })
	}
}

func TestSize(t *testing.T) {
	for bytes, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 1<<20 - 1: "1.0 MiB", 1 << 20: "1.0 MiB",
		1023 << 10: "1023.0 KiB", 5 << 30: "5.0 GiB", math.MaxInt64: "8.0 EiB",
	} {
		require.Equal(t, want, text.Size(bytes), bytes)
	}
}
