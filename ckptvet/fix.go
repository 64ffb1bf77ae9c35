package ckptvet

import (
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// fixes returns fixes for the mistake v in the field f: they correct a misspelled option, remove an option that does not apply, or
// remove the tag of an unexported field.
func (c *checker) fixes(field *ast.Field, f *types.Var, v verdict) []analysis.SuggestedFix {
	text, raw := literal(field.Tag)
	value, ok := reflect.StructTag(text).Lookup("ckpt")
	if !raw || !ok {
		return nil
	}
	with := func(message, value string) []analysis.SuggestedFix {
		old, new := "ckpt:"+quoteIn(text), "ckpt:"+strconv.Quote(value)
		return []analysis.SuggestedFix{replace(field.Tag, message, "`"+strings.Replace(text, old, new, 1)+"`")}
	}
	var unknown *optionError
	switch {
	case errors.As(v.err, &unknown):
		if option := nearest(unknown.option); option != "" {
			return with(fmt.Sprintf("Write %q", option), strings.Replace(value, ","+unknown.option, ","+option, 1))
		}
	case strings.HasPrefix(v.problem, `option "alloc"`), strings.HasPrefix(v.problem, `option "inline"`):
		option, _, _ := strings.Cut(strings.TrimPrefix(v.problem, `option "`), `"`)
		return with(fmt.Sprintf("Remove %q", option), strings.Replace(value, ","+option, "", 1))
	case !f.Exported() && strings.Contains(v.problem, "not exported") && strings.TrimSpace(text) == "ckpt:"+strconv.Quote(value):
		return []analysis.SuggestedFix{{Message: "Remove the tag", TextEdits: []analysis.TextEdit{{Pos: field.Type.End(), End: field.Tag.End()}}}}
	}
	return nil
}

// quoteIn returns the quoted value of key ckpt in a struct tag that has this key.
func quoteIn(tag string) string {
	value, _ := reflect.StructTag(tag).Lookup("ckpt")
	return strconv.Quote(value)
}

// addTagFixes returns two fixes for a field without a ckpt tag: one that saves it, and one that does not.
func addTagFixes(field *ast.Field, name string) []analysis.SuggestedFix {
	if len(field.Names) != 1 {
		return nil // they would share the tag
	}
	with := func(message, value string) analysis.SuggestedFix {
		tag := "ckpt:" + strconv.Quote(value)
		if field.Tag == nil {
			return analysis.SuggestedFix{Message: message, TextEdits: []analysis.TextEdit{
				{Pos: field.Type.End(), End: field.Type.End(), NewText: []byte(" `" + tag + "`")}}}
		}
		text, _ := literal(field.Tag)
		return replace(field.Tag, message, "`"+text+" "+tag+"`")
	}
	if field.Tag != nil {
		if _, raw := literal(field.Tag); !raw {
			return nil
		}
	}
	return []analysis.SuggestedFix{with("Save it", name), with("Mark it as not a weight", "-")}
}

// nearest returns the known option that is most similar to a misspelled one, or "" if none is similar.
func nearest(option string) string {
	for _, known := range slices.Concat(flags, valued) {
		if distance(strings.ToLower(strings.TrimSpace(option)), known) <= 2 {
			return known
		}
	}
	return ""
}

// distance returns the number of letters to insert, remove or replace to turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
