package gen

import (
	"go/token"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gockpt/ckpt/internal/cli/text"
)

// maxName limits the bytes of a name that become a Go name, because a type's name is repeated wherever the type is used.
const maxName = 80

// goName returns an exported Go name for a name in TensorFlow: InputTransform for _input_transform. If the name is a number, as in
// lists, or Keras's layer_with_weights-3, it uses hint, or Item3 without a hint. It truncates long names.
func goName(name, hint string) string {
	if len(name) > maxName {
		name = strings.ToValidUTF8(name[:maxName], "")
	}
	words := strings.FieldsFunc(strings.ReplaceAll(name, "re_lu", "relu"), // Keras's spelling
		func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	numbered := isNumber(name) || strings.HasPrefix(name, "layer_with_weights-") || strings.HasPrefix(name, "layer-")
	if numbered && hint != "" && !isNumber(hint) {
		return goName(hint, "")
	}
	var b strings.Builder
	for _, word := range words {
		b.WriteString(capital(word))
	}
	s := b.String()
	switch first, _ := utf8.DecodeRuneInString(s); {
	case s == "":
		return "Field"
	case unicode.IsDigit(first):
		return "Item" + s
	case !unicode.IsUpper(first): // the script does not have capital letters
		return "X" + s
	}
	return s
}

// capital returns a word as a part of a Go name.
func capital(word string) string {
	switch word {
	case "id", "api", "lstm", "gru", "rnn", "rms", "cnn", "mlp":
		return strings.ToUpper(word)
	case "relu":
		return "ReLU"
	}
	if n := len(word) - 2; n > 0 && strings.Contains("1d2d3d", word[n:]) && unicode.IsDigit(rune(word[n])) {
		word = word[:n+1] + "D" // conv2d
	}
	r, size := utf8.DecodeRuneInString(word)
	return string(unicode.ToUpper(r)) + word[size:]
}

// singular returns the singular of a plural.
func singular(name string) string {
	switch {
	case strings.HasSuffix(name, "ies") && len(name) > 4:
		return name[:len(name)-3] + "y"
	case strings.HasSuffix(name, "ss"), !strings.HasSuffix(name, "s"), len(name) < 3:
		return name
	}
	return name[:len(name)-1]
}

// isWord reports whether a Python attribute can be called name.
func isWord(name string) bool { return token.IsIdentifier(name) || token.IsKeyword(name) }

func isNumber(name string) bool {
	_, err := strconv.ParseUint(name, 10, 64)
	return err == nil
}

// A namer hands out unique names. For each taken name it holds the number that pick tries next.
type namer map[string]int

// take reserves names.
func (n namer) take(names ...string) {
	for _, name := range names {
		if n[name] == 0 {
			n[name] = 2
		}
	}
}

// pick returns name, with a number if name is taken.
func (n namer) pick(name string) string {
	free := name
	if next := n[name]; next > 0 {
		separator := ""
		if last, _ := utf8.DecodeLastRuneInString(name); unicode.IsDigit(last) {
			separator = "_"
		}
		for ; n[free] > 0; next++ {
			free = name + separator + strconv.Itoa(next)
		}
		n[name] = next
	}
	n.take(free)
	return free
}

// fieldTag returns the struct tag for an edge.
func fieldTag(e edge) string {
	name := tagName(e.name)
	if e.name == "" || e.name == "-" {
		name = "'" + e.name + "'"
	}
	for _, alias := range e.also {
		name += ",alias=" + tagName(alias)
	}
	tag := "ckpt:" + strconv.Quote(name)
	if strings.Contains(tag, "`") || strings.ContainsFunc(tag, text.Unprintable) {
		return strconv.Quote(tag)
	}
	return "`" + tag + "`"
}

// tagName returns a name as written in a tag.
func tagName(name string) string {
	if !strings.Contains(name, ",") && !strings.HasPrefix(name, "'") {
		return name
	}
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(name) + "'"
}
