package walk

import (
	"reflect"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/match"
	"github.com/gockpt/ckpt/internal/walk"
	"github.com/gockpt/ckpt/layout"
)

// Rename makes a restore look for values under other paths than the checkpoint has: old becomes new. A path is the names of edges, joined by
// dots or slashes. old is the beginning of a path, of whole edges: Rename("bert.encoder", "encoder"), and Rename("module", "") leaves a
// level out. Where old has a character of regular expressions other than the dot it is one, and new may refer to its groups:
// Rename(`^h\.(\d+)\.`, "blocks.$1."). Several renamings are applied in their order; one that matches no value is an error.
// [At] then starts from a renamed path.
func Rename(old, new string) RenameOption {
	return option(func(o *options) {
		o.renames = append(o.renames[:len(o.renames):len(o.renames)], [2]string{old, new})
	})
}

// renamed returns g with its values under the paths that the renamings give them.
func renamed(g *objectgraph.Graph, renames [][2]string) (*objectgraph.Graph, error) {
	if len(renames) == 0 {
		return g, nil
	}
	all := make([]match.Renaming, len(renames))
	for i, r := range renames {
		var err error
		if all[i], err = match.NewRenaming(r[0], r[1]); err != nil {
			return nil, err
		}
	}
	return match.Rename(g, all)
}

// layoutRules returns what the type of an object declares about other makers' layouts: by its method, by those of embedded structs, and by the
// tags of its fields. For a list it is what the element's type declares; stored returns the names below it, and is nil where the list is
// saved.
func layoutRules(v reflect.Value, stored func() []string) []layout.Rule {
	if v.Kind() == reflect.Slice || v.Kind() == reflect.Array {
		return listRules(v, stored)
	}
	if v.Kind() != reflect.Struct || !v.CanAddr() {
		return nil
	}
	if !v.CanInterface() { // of an embedded type that is not exported; the outer one has its methods
		return tagRules(v, stored)
	}
	if d, ok := v.Addr().Interface().(layout.Declarer); ok {
		return append(d.CheckpointLayouts(), tagRules(v, stored)...)
	}
	return tagRules(v, stored)
}

// tagRules returns the rules of a struct's tags, and those of the structs that are inlined into it.
func tagRules(v reflect.Value, stored func() []string) []layout.Rule {
	declared := goTypes.Struct(v.Type())
	rules := declared.Layouts
	for i := range declared.Fields {
		if declared.Fields[i].Action != walk.Inline {
			continue
		}
		inner := v.Field(i)
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.IsValid() {
			rules = append(rules[:len(rules):len(rules)], layoutRules(inner, stored)...)
		}
	}
	return rules
}

// listRules asks the first element, or a zero one, how a list of its type is stored.
func listRules(v reflect.Value, stored func() []string) []layout.Rule {
	var element reflect.Value
	if v.Len() > 0 {
		element = v.Index(0)
	} else {
		element = zeroDeclarer(v.Type().Elem())
	}
	for element.Kind() == reflect.Interface || element.Kind() == reflect.Pointer {
		if element.Kind() == reflect.Pointer && element.IsNil() {
			element = zeroDeclarer(element.Type())
		} else {
			element = element.Elem()
		}
	}
	if element.Kind() != reflect.Struct || !element.CanAddr() {
		return nil
	}
	d, ok := element.Addr().Interface().(layout.ListDeclarer)
	if !ok {
		return nil
	}
	var names []string
	if stored != nil {
		names = stored()
	}
	return d.CheckpointListLayouts(v.Len(), names)
}

var listDeclarer = reflect.TypeFor[layout.ListDeclarer]()

// zeroDeclarer returns a zero value of the struct that t is or points to, if it declares layouts of lists. Others are not made: they
// may be large.
func zeroDeclarer(t reflect.Type) reflect.Value {
	if walk.PointsNowhere(t) {
		return reflect.Value{}
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || !reflect.PointerTo(t).Implements(listDeclarer) {
		return reflect.Value{}
	}
	return reflect.New(t).Elem()
}
