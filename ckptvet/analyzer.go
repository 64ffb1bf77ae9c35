// Package ckptvet finds mistakes in the ckpt struct tags of a program before it runs.
//
// [Analyzer] reports mistakes for which ckpt.New would return a TagError, if the declarations show them.
// These are unknown options and options that do not apply, malformed shapes and quotes, two fields with the
// same name, tags on unexported fields, tagged types that cannot be saved, maps with keys that are not
// strings, and structs inlined into themselves. It also reports mistakes that lose values without an error: a
// tag that the reflect package cannot read, and a slice of floats without a tag in a struct with tagged
// fields. It suggests a fix if it knows one.
//
// The analyzer checks a struct if one of its fields has a ckpt tag, or if the struct is part of a value that the package passes to
// a function of package ckpt. It ignores other structs, and fields with the type of a type parameter.
//
// The command cmd/ckptvet runs the analyzer by itself or from go vet. Package plugin is a module plugin for golangci-lint:
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
	Doc:      "check ckpt struct tags\n\nIt reports types and tags that ckpt.New would refuse, and fields that are not saved because they have no tag.",
	URL:      "https://pkg.go.dev/github.com/gockpt/ckpt/ckptvet",
	Requires: []*analysis.Analyzer{inspect.Analyzer},
	Run:      run,
}

// A declaration is a struct type in the source.
type declaration struct {
	typ   types.Type // the named type, or the struct itself if it has no name
	str   *types.Struct
	field []*ast.Field // one for each field of str
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

// declare returns the struct type of n, or nil if the package does not compile there.
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

// tagged reports whether a field has a ckpt tag, even one that reflect cannot read.
func (d *declaration) tagged() bool {
	for i := range d.str.NumFields() {
		if text, ok := reflect.StructTag(d.str.Tag(i)).Lookup("ckpt"); ok && text != "-" || misspelled(d.str.Tag(i)) {
			return true
		}
	}
	return false
}

// misspelled reports whether a tag looks like a ckpt tag but reflect cannot read it: ckpt:name, ckpt: "name", "ckpt:name".
func misspelled(tag string) bool {
	_, ok := reflect.StructTag(tag).Lookup("ckpt")
	return !ok && strings.HasPrefix(strings.TrimLeft(tag, "\" "), "ckpt:")
}

const ckptPath = "github.com/gockpt/ckpt"

// usedTypes returns the struct types of this package that are part of values passed to package ckpt.
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

// calledPackage returns the path of the called function's package, or "" if the function does not belong to a package.
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

// reach adds to used the structs of pkg that are in exported or embedded fields of values of type t.
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

// reachLeaf is reach for a type that acts as one tensor. It follows only embedded fields.
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

// literal returns the contents of a tag in the source, and whether it is a raw string.
func literal(tag *ast.BasicLit) (text string, raw bool) {
	text, err := strconv.Unquote(tag.Value)
	if err != nil {
		return "", false
	}
	return text, strings.HasPrefix(tag.Value, "`")
}
