// Package ckptvet finds mistakes in the ckpt struct tags of a program before it runs.
//
// [Analyzer] reports what ckpt.New would return a TagError for, as far as the declarations alone tell: unknown options and
// options that do not apply, malformed shapes and quotes, two fields of one name, tags on unexported fields, tagged
// types that cannot be saved, maps with keys that are not strings, structs inlined into themselves. It also reports what
// loses values without an error: a tag that the reflect package cannot read, and a slice of floats without a tag in a
// struct with tagged fields. Where there is one mend it suggests it.
//
// A struct takes part where one of its fields has a ckpt tag, or where it is part of a value that the package gives to a
// function of package ckpt. Nothing is said of others. Fields of type parameters are not looked at.
//
// The command cmd/ckptvet runs it by itself or below go vet; package plugin is a module plugin of golangci-lint:
//
//	go vet -vettool=$(go tool -n ckptvet) ./...
package ckptvet

import (
	"go/ast"
	"go/types"
	"reflect"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
)

// Analyzer checks the ckpt tags of a package.
var Analyzer = &analysis.Analyzer{
	Name:     "ckptvet",
	Doc:      "check ckpt struct tags\n\nIt reports what ckpt.New would refuse for the types alone, and fields that are not saved for want of a tag.",
	URL:      "https://pkg.go.dev/github.com/gockpt/ckpt/ckptvet",
	Requires: []*analysis.Analyzer{inspect.Analyzer},
	Run:      run,
}

// A declaration is a struct type as the source has it.
type declaration struct {
	typ   types.Type // the named type; the struct itself where it has no name
	str   *types.Struct
	field []*ast.Field // of each of str's fields
}

func run(pass *analysis.Pass) (any, error) {
	c := &checker{pass: pass, planner: newPlanner()}
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	used := usedTypes(pass, in)
	named := make(map[*ast.StructType]types.Type)
	in.Preorder([]ast.Node{(*ast.TypeSpec)(nil)}, func(n ast.Node) {
		spec := n.(*ast.TypeSpec)
		if s, ok := ast.Unparen(spec.Type).(*ast.StructType); ok && pass.TypesInfo.Defs[spec.Name] != nil {
			named[s] = pass.TypesInfo.Defs[spec.Name].Type()
		}
	})
	in.Preorder([]ast.Node{(*ast.StructType)(nil)}, func(n ast.Node) {
		d := declare(pass, n.(*ast.StructType), named)
		if d != nil && (d.tagged() || used[d.typ]) {
			c.check(d)
		}
	})
	return nil, nil
}

// declare returns the struct type that n is, nil where the package does not compile there.
func declare(pass *analysis.Pass, n *ast.StructType, named map[*ast.StructType]types.Type) *declaration {
	typ := pass.TypesInfo.TypeOf(n)
	if name, ok := named[n]; ok {
		typ = name
	}
	if typ == nil {
		return nil
	}
	str, ok := typ.Underlying().(*types.Struct)
	if !ok {
		return nil
	}
	d := &declaration{typ: typ, str: str}
	for _, f := range n.Fields.List {
		for range max(len(f.Names), 1) {
			d.field = append(d.field, f)
		}
	}
	if len(d.field) != str.NumFields() {
		return nil
	}
	return d
}

// tagged reports whether a field has a ckpt tag, perhaps one that reflect cannot read.
func (d *declaration) tagged() bool {
	for i := range d.str.NumFields() {
		if text, ok := reflect.StructTag(d.str.Tag(i)).Lookup("ckpt"); ok && text != "-" || misspelled(d.str.Tag(i)) {
			return true
		}
	}
	return false
}

// misspelled reports whether a tag means to be a ckpt tag and reflect finds none: ckpt:name, ckpt: "name", "ckpt:name".
func misspelled(tag string) bool {
	_, ok := reflect.StructTag(tag).Lookup("ckpt")
	return !ok && strings.HasPrefix(strings.TrimLeft(tag, "\" "), "ckpt:")
}

const ckptPath = "github.com/gockpt/ckpt"

// usedTypes returns the struct types of this package that are part of a value which it gives to package ckpt.
func usedTypes(pass *analysis.Pass, in *inspector.Inspector) map[types.Type]bool {
	used := make(map[types.Type]bool)
	in.Preorder([]ast.Node{(*ast.CallExpr)(nil), (*ast.CompositeLit)(nil)}, func(n ast.Node) {
		var args []ast.Expr
		switch n := n.(type) {
		case *ast.CallExpr:
			if calledPackage(pass, n) == ckptPath {
				args = n.Args
			}
		case *ast.CompositeLit:
			if isNamed(pass.TypesInfo.TypeOf(n), ckptPath, "Group") {
				for _, e := range n.Elts {
					if kv, ok := e.(*ast.KeyValueExpr); ok {
						args = append(args, kv.Value)
					}
				}
			}
		}
		for _, a := range args {
			if t := pass.TypesInfo.TypeOf(a); t != nil {
				reach(pass.Pkg, t, used, make(map[types.Type]bool))
			}
		}
	})
	return used
}

// calledPackage returns the path of the package that has the function which is called, "" if it is not a function of a package.
func calledPackage(pass *analysis.Pass, call *ast.CallExpr) string {
	fun := ast.Unparen(call.Fun)
	if index, ok := fun.(*ast.IndexExpr); ok {
		fun = index.X
	}
	sel, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	f, ok := pass.TypesInfo.Uses[sel.Sel].(*types.Func)
	if !ok || f.Pkg() == nil {
		return ""
	}
	return f.Pkg().Path()
}

// reach adds to used the structs of pkg that values of type t hold in exported or embedded fields.
func reach(pkg *types.Package, t types.Type, used, seen map[types.Type]bool) {
	t = types.Unalias(t)
	if seen[t] {
		return
	}
	seen[t] = true
	if l := leafOf(t); l.kind != notLeaf {
		reachLeaf(pkg, t, l, used, seen)
		return
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		reach(pkg, u.Elem(), used, seen)
	case *types.Slice:
		reach(pkg, u.Elem(), used, seen)
	case *types.Array:
		reach(pkg, u.Elem(), used, seen)
	case *types.Map:
		reach(pkg, u.Elem(), used, seen)
	case *types.Struct:
		if n, ok := t.(*types.Named); !ok || n.Obj().Pkg() == pkg {
			used[t] = true
		}
		for i := range u.NumFields() {
			f := u.Field(i)
			if text, _ := reflect.StructTag(u.Tag(i)).Lookup("ckpt"); text != "-" && (f.Exported() || f.Embedded()) {
				reach(pkg, f.Type(), used, seen)
			}
		}
	}
}

// reachLeaf is reach of a type that acts as one tensor: only what it embeds is looked at.
func reachLeaf(pkg *types.Package, t types.Type, l leafRole, used, seen map[types.Type]bool) {
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return
	}
	if n, ok := t.(*types.Named); !ok || n.Obj().Pkg() == pkg {
		used[t] = true
	}
	if l.kind == embedsTensor {
		reach(pkg, s.Field(l.embedded).Type(), used, seen)
	}
}

// literal returns the contents of a tag as the source has it, and how that quotes it.
func literal(tag *ast.BasicLit) (text string, raw bool) {
	text, err := strconv.Unquote(tag.Value)
	if err != nil {
		return "", false
	}
	return text, strings.HasPrefix(tag.Value, "`")
}
