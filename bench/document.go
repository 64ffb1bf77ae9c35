package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// The lines of a document that enclose the results.
const (
	resultsBegin = "<!-- results: what stands here is written by the benchmarks -->\n"
	resultsEnd   = "<!-- end of results -->\n"
)

// document replaces the earlier results in the file called name, if the file exists.
func (r *Report) document(name string) error {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	before, rest, begins := strings.Cut(string(text), resultsBegin)
	_, after, ends := strings.Cut(rest, resultsEnd)
	if !begins || !ends {
		return fmt.Errorf("%s: expected the lines %q and %q around the results", name, resultsBegin, resultsEnd)
	}
	return os.WriteFile(name, []byte(before+resultsBegin+"\n"+r.markdown()+"\n"+resultsEnd+after), 0o666)
}

// targets lists the rows that miss their targets.
func (r *Report) targets() string {
	var missed []string
	met := 0
	count := func(ok bool, format string, args ...any) {
		if ok {
			met++
		} else {
			missed = append(missed, fmt.Sprintf(format, args...))
		}
	}
	for i := range r.Results {
		res := &r.Results[i]
		if res.Limit > 0 && res.Ratio > 0 {
			count(res.Ratio <= res.Limit, "%s, %s: %.3g of %s's time, target %.3g", res.Title, res.Op, res.Ratio, res.Peer, res.Limit)
		}
		if res.PeakLimit > 0 && res.Failed == "" {
			count(res.Peak <= res.PeakLimit, "%s, %s: %s above the model, target %d MiB", res.Title, res.Op, mebibytes(res.Peak), res.PeakLimit>>20)
		}
	}
	if len(missed) == 0 {
		return fmt.Sprintf("All %d targets are met.", met)
	}
	return fmt.Sprintf("%d targets are met, %d missed:\n\n- %s", met, len(missed), strings.Join(missed, "\n- "))
}
