package ckptvet

import (
	"fmt"
	"go/ast"
	"go/types"
	"reflect"
	"strings"
	"unicode"

	"golang.org/x/tools/go/analysis"
)

// A checker checks the structs of one package.
type checker struct {
	pass *analysis.Pass
	*planner
}

// A fieldAction tells how one field of a struct is treated.
type fieldAction int

const (
	skipField   fieldAction = iota
	trackField              // an edge
	inlineField             // its fields become the struct's fields
)

// A verdict is the result of checking one field.
type verdict struct {
	tag     tag
	action  fieldAction
	problem string
	err     error // of the tag's text, the cause of problem
}

// check reports the mistakes in one struct, and for each field only the first one.
func (c *checker) check(d *declaration) {
	if l := leafOf(d.typ); l.kind != notLeaf {
		c.checkLeaf(d, l)
		return
	}
	weights := false // a tag shows that the struct has values
	for i := range d.str.NumFields() {
		text, ok := reflect.StructTag(d.str.Tag(i)).Lookup("ckpt")
		weights = weights || ok && text != "-"
	}
	ok := true
	for i := range d.str.NumFields() {
		if misspelled(d.str.Tag(i)) {
			c.reportMisspelled(d, i)
			continue
		}
		v := c.field(d.typ, d.str, i)
		if v.problem != "" {
			ok = false
			c.report(d, i, v)
			continue
		}
		if problem := c.inapplicable(d.str.Field(i).Type(), v.tag); problem != "" {
			c.report(d, i, verdict{tag: v.tag, problem: problem})
		}
		if _, tagged := reflect.StructTag(d.str.Tag(i)).Lookup("ckpt"); weights && !tagged {
			c.checkUntagged(d, i)
		}
	}
	if ok {
		c.checkNames(d)
	}
}

// field returns the verdict on field i of s, the struct of owner. It follows planner.field in the root package's tags.go.
func (c *checker) field(owner types.Type, s *types.Struct, i int) verdict {
	f := s.Field(i)
	text, tagged := reflect.StructTag(s.Tag(i)).Lookup("ckpt")
	var v verdict
	bad := func(format string, args ...any) verdict {
		v.problem, v.action = fmt.Sprintf(format, args...), skipField
		return v
	}
	if tagged {
		if v.tag, v.err = parseTag(text); v.err != nil {
			return bad("tag `ckpt:%q`: %v", text, v.err)
		}
		if v.tag.skip {
			return v
		}
	}
	t := types.Unalias(f.Type())
	if isModule(t) {
		if !f.Embedded() {
			return bad("ckpt.Module must be embedded")
		}
		return v
	}
	if parameterized(t, make(map[types.Type]bool)) {
		return v
	}
	trait := c.trait(t)
	if structOf(t) != nil && trait != isLeaf && (v.tag.has("inline") || f.Embedded() && !v.tag.named) {
		if _, pointer := t.Underlying().(*types.Pointer); pointer && !f.Exported() {
			return bad("an embedded pointer to an unexported struct cannot be set; embed the struct itself")
		}
		if !f.Exported() && !f.Embedded() {
			return bad("it has a tag but is not exported: reflection cannot set it")
		}
		if embedsItself(owner, t, nil) {
			return bad("%s is inlined into itself", c.print(t))
		}
		v.action = inlineField
		return v
	}
	if v.tag.has("inline") {
		return bad("option \"inline\" is for structs, not for %s", c.print(t))
	}
	if !f.Exported() {
		switch {
		case tagged:
			return bad("it has a tag but is not exported: reflection cannot set it")
		case f.Embedded() && trait == isLeaf:
			return bad("an embedded tensor of an unexported type cannot be set: name the field, with a capital, or the type")
		}
		return v
	}
	if !v.tag.named {
		v.tag.name = snakeCase(f.Name())
	}
	if tagged || trait == isLeaf || trait == isTrackable {
		if problem := cannotSave(t, types.RelativeTo(c.pass.Pkg), nil); problem != "" {
			return bad("%s", problem)
		}
		if v.tag.shape != nil && !isFlat(t) {
			return bad("option \"shape\" is for a flat slice or array of numbers, not for %s", c.print(t))
		}
		v.action = trackField
	}
	if trait == isDynamic {
		v.action = trackField // perhaps; the name is used in any case
	}
	return v
}

func (c *checker) print(t types.Type) string {
	return types.TypeString(t, types.RelativeTo(c.pass.Pkg))
}

// isFlat reports whether t, or what it points to, is one slice or array of plain values.
func isFlat(t types.Type) bool {
	for {
		ptr, ok := t.Underlying().(*types.Pointer)
		if !ok {
			break
		}
		t = ptr.Elem()
	}
	_, rank, ok := plain(t)
	return ok && rank == 1
}

// inapplicable returns a message about an option that does nothing, or can only fail, for a field of type t.
func (c *checker) inapplicable(t types.Type, tag tag) string {
	u := t.Underlying()
	if array, ok := u.(*types.Array); ok && tag.shape != nil && elements(tag.shape) != array.Len() {
		return fmt.Sprintf("an array of %d values does not have the shape of its tag, which takes %d", array.Len(), elements(tag.shape))
	}
	if _, ok := u.(*types.Basic); ok && tag.has("alloc") {
		return fmt.Sprintf("option \"alloc\" is for a pointer, a slice or a map, not for %s", c.print(t))
	}
	return ""
}

// checkUntagged reports a slice of floats that is not saved, in a struct with other fields that are saved by their tags.
func (c *checker) checkUntagged(d *declaration, i int) {
	f := d.str.Field(i)
	slice, ok := types.Unalias(f.Type()).(*types.Slice)
	if !ok || !f.Exported() || f.Embedded() {
		return
	}
	if b, _, ok := plain(slice); !ok || b.Info()&(types.IsFloat|types.IsComplex) == 0 {
		return
	}
	name := snakeCase(f.Name())
	c.pass.Report(analysis.Diagnostic{
		Pos: f.Pos(), End: f.Pos(), Category: "untagged",
		Message:        fmt.Sprintf("field %s %s has no ckpt tag and is not saved: tag it `ckpt:%q`, or `ckpt:\"-\"` if it is not a weight", f.Name(), c.print(f.Type()), name),
		SuggestedFixes: addTagFixes(d.field[i], name),
	})
}

// checkNames reports fields that claim the same edge, including those of inlined structs.
func (c *checker) checkNames(d *declaration) {
	taken := make(map[string]string)
	var add func(t types.Type, s *types.Struct, prefix string, at int)
	add = func(t types.Type, s *types.Struct, prefix string, at int) {
		for i := range s.NumFields() {
			place := at // the field of d that leads here
			if t == d.typ && prefix == "" {
				place = i
			}
			v := c.field(t, s, i)
			path := prefix + s.Field(i).Name()
			switch v.action {
			case inlineField:
				inner := structOf(s.Field(i).Type())
				add(inner, inner.Underlying().(*types.Struct), path+".", place)
			case trackField:
				for _, name := range append([]string{v.tag.name}, v.tag.aliases...) {
					if other, ok := taken[name]; ok {
						c.report(d, place, verdict{problem: fmt.Sprintf("field %s already has the name %q", other, name), tag: v.tag})
						break
					}
					taken[name] = path
				}
			}
		}
	}
	add(d.typ, d.str, "", 0)
}

// report reports the mistake in field i, at the field's tag if it has one.
func (c *checker) report(d *declaration, i int, v verdict) {
	f := d.str.Field(i)
	diag := analysis.Diagnostic{Pos: f.Pos(), End: f.Pos(), Category: "tag", Message: fmt.Sprintf("field %s: %s", f.Name(), v.problem)}
	if lit := d.field[i].Tag; lit != nil {
		diag.Pos, diag.End = lit.Pos(), lit.End()
		diag.SuggestedFixes = c.fixes(d.field[i], f, v)
	}
	c.pass.Report(diag)
}

func (c *checker) reportMisspelled(d *declaration, i int) {
	lit := d.field[i].Tag
	diag := analysis.Diagnostic{Pos: lit.Pos(), End: lit.End(), Category: "tag",
		Message: fmt.Sprintf("field %s: reflection finds no ckpt tag in %s: it has the form `ckpt:\"name\"`", d.str.Field(i).Name(), lit.Value)}
	text, _ := literal(lit)
	value := strings.TrimPrefix(strings.Trim(text, "\" "), "ckpt:")
	if value = strings.Trim(value, "\" "); value != "" && !strings.ContainsAny(value, "\"` ") {
		diag.SuggestedFixes = []analysis.SuggestedFix{replace(lit, "Quote the tag's value", "`ckpt:\""+value+"\"`")}
	}
	c.pass.Report(diag)
}

// snakeCase returns a field's name as TensorFlow programs spell attributes. It follows the root package.
func snakeCase(name string) string {
	r := []rune(name)
	var b strings.Builder
	for i, c := range r {
		if unicode.IsUpper(c) && i > 0 && r[i-1] != '_' {
			startsWord := i+1 < len(r) && unicode.IsLower(r[i+1])
			if unicode.IsLower(r[i-1]) || startsWord {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

// replace returns a fix that replaces a tag by text.
func replace(lit *ast.BasicLit, message, text string) analysis.SuggestedFix {
	return analysis.SuggestedFix{Message: message, TextEdits: []analysis.TextEdit{{Pos: lit.Pos(), End: lit.End(), NewText: []byte(text)}}}
}
