package ckptvet

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A tag is a parsed `ckpt:"name,opts"` struct tag. The grammar is that of package ckpt.
type tag struct {
	skip    bool // "-"
	name    string
	named   bool
	aliases []string
	shape   []int // nil if there is none
	options []string
}

func (t *tag) has(option string) bool { return slices.Contains(t.options, option) }

// An optionError reports an option that is not in the grammar.
type optionError struct{ option string }

func (e *optionError) Error() string { return fmt.Sprintf("unknown option %q", e.option) }

// The options without a value and those that need one.
var (
	flags  = []string{"optional", "alloc", "inline", "cast"}
	valued = []string{"alias", "fullname", "shape", "pytorch"}
)

func parseTag(text string) (t tag, err error) {
	if !utf8.ValidString(text) {
		return t, errors.New("it is not UTF-8")
	}
	if text == "-" {
		return tag{skip: true}, nil
	}
	name, rest, quoted, err := cutName(text)
	if err != nil {
		return t, err
	}
	t.name, t.named = name, quoted || name != ""
	for rest != "" {
		rest = rest[1:] // skip the comma
		key, value, hasValue := "", "", false
		if eq, comma := strings.IndexByte(rest, '='), strings.IndexByte(rest, ','); eq >= 0 && (comma < 0 || eq < comma) {
			key, hasValue = rest[:eq], true
			if value, rest, _, err = cutName(rest[eq+1:]); err != nil {
				return t, err
			}
		} else {
			key, rest, _, _ = cutName(rest)
		}
		if err := t.set(key, value, hasValue); err != nil {
			return t, err
		}
	}
	return t, nil
}

func (t *tag) set(key, value string, hasValue bool) error {
	switch {
	case slices.Contains(flags, key) && hasValue:
		return fmt.Errorf("option %q takes no value", key)
	case slices.Contains(valued, key) && !hasValue:
		return fmt.Errorf("option %q needs a value: %s=…", key, key)
	case key == "alias":
		t.aliases = append(t.aliases, value)
	case key == "shape":
		shape, err := parseShape(value)
		if err != nil {
			return err
		}
		t.shape = shape
	case key == "pytorch":
		if err := checkPyTorch(value); err != nil {
			return err
		}
	case !slices.Contains(flags, key) && !slices.Contains(valued, key):
		return &optionError{key}
	}
	t.options = append(t.options, key)
	return nil
}

// checkPyTorch checks the stored name and the permutation of weight:10.
func checkPyTorch(value string) error {
	stored, digits, permuted := strings.Cut(value, ":")
	if stored == "" {
		return fmt.Errorf("pytorch=%s lacks the stored name", value)
	}
	axes := []rune(digits)
	slices.Sort(axes)
	for i, d := range axes {
		if d != rune('0'+i) {
			permuted, digits = true, ""
		}
	}
	if permuted && digits == "" {
		return fmt.Errorf("pytorch=%s: the digits after the colon must name each axis of the stored tensor once, as in weight:10", value)
	}
	return nil
}

func parseShape(value string) ([]int, error) {
	var shape []int
	n := 1
	for _, axis := range strings.Split(value, "x") {
		d, err := strconv.Atoi(axis)
		if err != nil || d < 0 {
			return nil, fmt.Errorf("shape %q is not of the form 2x3", value)
		}
		shape = append(shape, d)
	}
	if slices.Contains(shape, 0) {
		return shape, nil
	}
	for _, d := range shape {
		if n > math.MaxInt/d {
			return nil, fmt.Errorf("shape %q has more elements than an int can count", value)
		}
		n *= d
	}
	return shape, nil
}

// elements returns the number of elements of a shape.
func elements(shape []int) int64 {
	n := int64(1)
	for _, d := range shape {
		n *= int64(d)
	}
	return n
}

// cutName returns the name at the start of s, and the rest of s, which is empty or starts with a comma.
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
