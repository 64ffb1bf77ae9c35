package names

import (
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/cli/text"
)

// Entries returns the tensors of a checkpoint that the user's glob selects. The glob must match the key, the
// path or the Keras name of a tensor, with dots or slashes. * matches any text, including slashes, and ?
// matches any character. "" selects all tensors.
func Entries(r *ckpt.Reader, glob string) iter.Seq2[ckpt.VariableInfo, error] {
	if glob == "" {
		return r.All()
	}
	return func(yield func(ckpt.VariableInfo, error) bool) {
		readable, err := r.ReadableNames()
		if err != nil {
			yield(ckpt.VariableInfo{}, err)
			return
		}
		selects := func(key string) bool {
			if matches(glob, key) || matches(glob, Owner(key)) {
				return true
			}
			name, ok := readable[key]
			return ok && (matches(glob, name) || matches(glob, strings.ReplaceAll(name, ".", "/")))
		}
		for e, err := range r.All() {
			if (err != nil || selects(e.Key)) && !yield(e, err) {
				return
			}
		}
	}
}

// NoneMatches returns the error for a glob that selects no tensor of a checkpoint.
func NoneMatches(r *ckpt.Reader, glob string) error {
	return fmt.Errorf("%s: no tensor matches %s: ckpt list shows all: %w", text.Safe(r.Prefix()), text.Safe(glob), ckpt.ErrNotFound)
}

// matches reports whether a glob matches the whole of name.
func matches(glob, name string) bool {
	afterStar, retry := "", "" // the glob after the last star, and the part of name where the next try begins
	star := false
	for {
		switch {
		case glob == "" && name == "":
			return true
		case strings.HasPrefix(glob, "*"):
			glob = glob[1:]
			star, afterStar, retry = true, glob, name
			continue
		case name != "" && strings.HasPrefix(glob, "?"):
			_, n := utf8.DecodeRuneInString(name)
			glob, name = glob[1:], name[n:]
			continue
		case name != "" && glob != "" && glob[0] == name[0]:
			glob, name = glob[1:], name[1:]
			continue
		case !star || retry == "":
			return false
		}
		retry = retry[1:]
		glob, name = afterStar, retry
	}
}
