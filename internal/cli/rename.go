package cli

import (
	"fmt"
	"strings"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/match"
)

// renames holds the arguments of --rename, OLD=NEW.
type renames []string

// cut splits an argument at the last equals sign: OLD may be a regular expression that contains one.
func (renames) cut(text string) (old, new string, err error) {
	i := strings.LastIndexByte(text, '=')
	if i < 0 {
		return "", "", fmt.Errorf("--rename %s: expected OLD=NEW", text)
	}
	return text[:i], text[i+1:], nil
}

// renamings parses the arguments. It returns an error if one is not valid.
func (r renames) renamings() ([]match.Renaming, error) {
	all := make([]match.Renaming, len(r))
	for i, text := range r {
		old, new, err := r.cut(text)
		if err != nil {
			return nil, err
		}
		if all[i], err = match.NewRenaming(old, new); err != nil {
			return nil, fmt.Errorf("--rename %s: %w", text, err)
		}
	}
	return all, nil
}

// options returns the arguments as options of a load. They must have been checked.
func (r renames) options() []ckpt.LoadOption {
	opts := make([]ckpt.LoadOption, len(r))
	for i, text := range r {
		old, new, _ := r.cut(text)
		opts[i] = ckpt.Rename(old, new)
	}
	return opts
}
