package cli

import (
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/gockpt/ckpt"
)

// entries returns the tensors of a checkpoint with a key, an object path or a Keras name that a glob matches. * matches any text,
// including slashes, and ? matches any character. "" matches all tensors.
func entries(r *ckpt.Reader, glob string) iter.Seq2[ckpt.VariableInfo, error] {
	if glob == "" {
		return r.All()
	}
	wanted := matcher(glob)
	return func(yield func(ckpt.VariableInfo, error) bool) {
		readable, err := r.ReadableNames()
		if err != nil {
			yield(ckpt.VariableInfo{}, err)
			return
		}
		named := func(key string) bool {
			name, ok := readable[key]
			return ok && (matches(glob, name) || matches(glob, strings.ReplaceAll(name, ".", "/")))
		}
		for e, err := range r.All() {
			if (err != nil || wanted(e.Key) || named(e.Key)) && !yield(e, err) {
				return
			}
		}
	}
}

// matcher returns a function that reports whether a glob matches a whole key or its object's path.
func matcher(glob string) func(key string) bool {
	return func(key string) bool { return glob == "" || matches(glob, key) || matches(glob, objectPath(key)) }
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
