package walk

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/tensor"
)

// ParseTag reads the grammar
//
//	tag    = "-" | name { "," option } .
//	name   = ""  | any text without a comma | quoted .
//	option = "optional" | "alloc" | "inline" | "cast" | "alias=" name | "fullname=" name | "shape=" int { "x" int } |
//	         "pytorch=" name [ ":" digit { digit } ] .
//	quoted = "'" { any text with \ before ' and \ } "'" .
func ParseTag(text string) (Tag, error) {
	t := Tag{Present: true}
	if !utf8.ValidString(text) {
		return t, errors.New("it is not UTF-8")
	}
	if text == "-" {
		t.Skip = true
		return t, nil
	}
	var err error
	name, rest, quoted, err := cutName(text)
	if err != nil {
		return t, err
	}
	t.Name, t.Named = name, quoted || name != ""
	for rest != "" {
		rest = rest[1:] // the comma
		key, value, hasValue := "", "", false
		if eq, comma := strings.IndexByte(rest, '='), strings.IndexByte(rest, ','); eq >= 0 && (comma < 0 || eq < comma) {
			key, hasValue = rest[:eq], true
			if value, rest, _, err = cutName(rest[eq+1:]); err != nil {
				return t, err
			}
		} else {
			key, rest, _, _ = cutName(rest)
		}
		if err := setOption(&t, key, value, hasValue); err != nil {
			return t, err
		}
	}
	return t, nil
}

// cutName returns the name at the start of s and the rest of s, which is empty or starts with a comma.
func cutName(s string) (name, rest string, quoted bool, err error) {
	if !strings.HasPrefix(s, "'") {
		if i := strings.IndexByte(s, ','); i >= 0 {
			return s[:i], s[i:], false, nil
		}
		return s, "", false, nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '\'':
			if rest = s[i+1:]; rest != "" && rest[0] != ',' {
				return "", "", true, fmt.Errorf("text %q after the quoted name", rest)
			}
			return b.String(), rest, true, nil
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", true, fmt.Errorf("the quote in %q is not closed", s)
}

// setOption sets the field for an option.
func setOption(t *Tag, key, value string, hasValue bool) error {
	switch key {
	case "optional", "alloc", "inline", "cast":
		if hasValue {
			return fmt.Errorf("option %q takes no value", key)
		}
	case "alias", "fullname", "shape", "pytorch":
		if !hasValue {
			return fmt.Errorf("option %q needs a value: %s=…", key, key)
		}
	}
	switch key {
	case "optional":
		t.Optional = true
	case "alloc":
		t.Alloc = true
	case "inline":
		t.Inline = true
	case "cast":
		t.Cast = true
	case "alias":
		t.Aliases = append(t.Aliases, value)
	case "fullname":
		t.FullName = value
	case "shape":
		t.Shape = tensor.Shape{}
		for _, axis := range strings.Split(value, "x") {
			n, err := strconv.Atoi(axis)
			if err != nil || n < 0 {
				return fmt.Errorf("shape %q is not of the form 2x3", value)
			}
			t.Shape = append(t.Shape, n)
		}
		return t.Shape.Check()
	case "pytorch":
		l, err := parsePyTorch(value)
		t.Layouts = append(t.Layouts, l)
		return err
	default:
		return fmt.Errorf("unknown option %q", key)
	}
	return nil
}

// parsePyTorch reads weight:10, which says that the value is the stored tensor "weight" with its two axes exchanged.
func parsePyTorch(text string) (PyTorchLayout, error) {
	stored, digits, permuted := strings.Cut(text, ":")
	l := PyTorchLayout{Stored: stored}
	for _, d := range digits {
		l.Axes = append(l.Axes, int(d-'0'))
	}
	switch {
	case stored == "":
		return l, fmt.Errorf("pytorch=%s lacks the stored name", text)
	case permuted && (digits == "" || layout.CheckAxes(l.Axes) != nil):
		return l, fmt.Errorf("pytorch=%s: the digits after the colon must name each axis of the stored tensor once, as in weight:10", text)
	}
	return l, nil
}
