package cli

import (
	"fmt"
	"regexp"
	"strings"
)

// matches reports whether a glob matches the whole of name: * stands for any text, slashes too, and ? for any character.
func matches(glob, name string) bool {
	var pattern strings.Builder
	pattern.WriteString("(?s)^")
	for _, r := range glob {
		switch r {
		case '*':
			pattern.WriteString(".*")
		case '?':
			pattern.WriteByte('.')
		default:
			pattern.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	pattern.WriteByte('$')
	return regexp.MustCompile(fmt.Sprint(&pattern)).MatchString(name)
}
