// Package text formats text that the command shows to people: names from files, errors, sizes and counts.
package text

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Safe returns s in a form that is safe to print on a terminal. It quotes s as in Go if s could control the terminal, look like
// something else, or be mistaken for a quoted string.
func Safe(s string) string {
	if s == "" || s[0] == '"' || strings.TrimSpace(s) != s || !utf8.ValidString(s) || strings.ContainsFunc(s, Unprintable) {
		return strconv.Quote(s)
	}
	return s
}

// Unprintable reports whether r is a control character, a direction mark, or a space other than U+0020.
func Unprintable(r rune) bool { return !unicode.IsPrint(r) }

// OneLine returns an error's text as one line that is safe to print on a terminal, without the library's name in front.
func OneLine(err error) string {
	lines := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' })
	text := strings.ReplaceAll(": "+strings.Join(lines, ". "), ": ckpt: ", ": ")
	return Visible(strings.TrimPrefix(text, ": "))
}

// Lines is like OneLine, but keeps the lines of a list, which begin with two spaces.
func Lines(err error) string {
	head, list, _ := strings.Cut(err.Error(), "\n  ")
	lines := []string{OneLine(errors.New(head))}
	for item := range strings.SplitSeq(list, "\n  ") {
		if item != "" {
			lines = append(lines, "  "+OneLine(errors.New(item)))
		}
	}
	return strings.Join(lines, "\n")
}

// Misuse returns the text of a usage error, which repeats the user's input, as one line that is safe to print on a terminal.
func Misuse(err error) string {
	var b strings.Builder
	for line := range strings.FieldsFuncSeq(err.Error(), func(r rune) bool { return r == '\n' }) {
		switch text := b.String(); {
		case text == "":
		case strings.HasSuffix(text, "?"): // "Did you mean this?"
			b.WriteByte(' ')
		default:
			b.WriteString(". ")
		}
		b.WriteString(Visible(strings.TrimSpace(line)))
	}
	return b.String()
}

// Visible returns s with unprintable characters escaped as in Go.
func Visible(s string) string {
	var b strings.Builder
	for _, r := range s {
		if Unprintable(r) {
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Size formats a number of bytes for people.
func Size(bytes int64) string {
	if bytes < 1024 {
		return fmt.Sprintf("%d B", bytes)
	}
	v, unit := float64(bytes)/1024, 0
	for v >= 1023.95 && unit < len(units)-1 {
		v, unit = v/1024, unit+1
	}
	return fmt.Sprintf("%.1f %ciB", v, units[unit])
}

const units = "KMGTPE"

// Count returns a number and a noun, in the plural if necessary.
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
