package transfer

import (
	"errors"
	"fmt"
	"io/fs"
)

// missingFirst returns problems with one problem for each missing data file first. A shard that was not copied is the cause that a
// user looks for, however many tensors it contains.
func missingFirst(problems []Problem) []Problem {
	var order []string
	missing := make(map[string]int) // the number of tensors in each file
	for _, p := range problems {
		if file := missingFile(p.Err); file != "" {
			if missing[file] == 0 {
				order = append(order, file)
			}
			missing[file]++
		}
	}
	if len(order) == 0 {
		return problems
	}
	out := make([]Problem, len(order), len(problems))
	at := make(map[string]int, len(order))
	for i, file := range order {
		at[file] = i
	}
	for _, p := range problems {
		file := missingFile(p.Err)
		if file == "" {
			out = append(out, p)
			continue
		}
		if of := &out[at[file]]; of.Node == nil {
			if n := missing[file]; n > 1 {
				p.Err = fmt.Errorf("%w; %d values of the model lie in this file", p.Err, n)
			}
			*of = p
		}
	}
	return out
}

// missingFile returns the missing file if err reports one.
func missingFile(err error) string {
	if of := (*fs.PathError)(nil); errors.Is(err, fs.ErrNotExist) && errors.As(err, &of) {
		return of.Path
	}
	return ""
}
