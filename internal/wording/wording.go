// Package wording formats lists of names for messages: it shortens, quotes and groups them, and suggests similar names.
package wording

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// First returns the first n names, followed by "…" if there are more.
func First(names []string, n int) []string {
	if len(names) > n {
		return append(names[:n:n], "…")
	}
	return names
}

// Quote returns the names in quotes, separated by commas.
func Quote(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = strconv.Quote(name)
	}
	return strings.Join(quoted, ", ")
}

// RootChildren returns a sentence that lists the children of a checkpoint's root.
func RootChildren(names []string) string {
	if len(names) == 0 {
		return "the checkpoint's root has no children"
	}
	return "the checkpoint's root has children: " + strings.Join(First(names, 20), ", ")
}

// maxName is the longest name that Near looks at, in bytes.
const maxName = 200

// Near returns at most ten names that are similar to name: they differ only in case, in underscores, in a number at the end, or
// in one or two letters.
func Near(name string, names []string) []string {
	if len(name) > maxName {
		return nil
	}
	var out []string
	a := plain(name)
	for _, other := range names {
		if len(out) == 10 {
			break
		}
		if other == name || len(other) > maxName {
			continue
		}
		b, most := plain(other), min(2, len(a)/3)
		if a == b || len(a)-len(b) <= most && len(b)-len(a) <= most && distance(a, b) <= most {
			out = append(out, other)
		}
	}
	return out
}

func plain(s string) string {
	if p := strings.TrimRight(strings.ReplaceAll(strings.ToLower(s), "_", ""), "0123456789"); p != "" {
		return p
	}
	return s // an index of a list is similar to no other
}

// distance returns how many letters must be changed, added, removed or swapped with the next one to turn a into b.
func distance(a, b string) int {
	last, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, next[j]+1, row[j+1]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], last[j-1]+1)
			}
		}
		last, row, next = row, next, last
	}
	return row[len(b)]
}

// listed is the number of paths that [Group] lists one by one.
const listed = 8

// Group writes a line per path, followed by what. If there are many paths, it writes a line per group of siblings.
func Group(b *strings.Builder, what string, paths []string) {
	if len(paths) <= listed {
		for _, p := range paths {
			fmt.Fprintf(b, "\n  %s: %s", p, what)
		}
		return
	}
	groups := siblings(paths)
	for _, g := range slices.Sorted(maps.Keys(groups)) {
		switch n := groups[g]; {
		case n == 1 && !strings.HasSuffix(g, ".*"):
			fmt.Fprintf(b, "\n  %s: %s", g, what)
		case n == 1:
			fmt.Fprintf(b, "\n  %s: 1 value %s", g, what)
		default:
			fmt.Fprintf(b, "\n  %s: %d values %s", g, n, what)
		}
	}
}

// Grouped returns the paths as [Group] writes them: all of them, or one text per group of siblings.
func Grouped(paths []string) []string {
	if len(paths) <= listed {
		return paths
	}
	var lines []string
	groups := siblings(paths)
	for _, g := range slices.Sorted(maps.Keys(groups)) {
		if n := groups[g]; n > 1 {
			g = fmt.Sprintf("%s (%d values)", g, n)
		}
		lines = append(lines, g)
	}
	return lines
}

// siblings counts the paths below each child of the root, or below each grandchild if the root has only one child.
func siblings(paths []string) map[string]int {
	groups := make(map[string]int)
	for _, p := range paths {
		top, _, nested := strings.Cut(p, ".")
		if nested {
			top += ".*"
		}
		groups[top]++
	}
	if len(groups) == 1 { // all below one object: group one level deeper
		clear(groups)
		for _, p := range paths {
			if parts := strings.SplitN(p, ".", 3); len(parts) == 3 {
				p = parts[0] + "." + parts[1] + ".*"
			}
			groups[p]++
		}
	}
	return groups
}
