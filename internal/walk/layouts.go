package walk

import (
	"reflect"

	"github.com/gockpt/ckpt/layout"
)

// LayoutRules returns what the type of an object declares about other makers' layouts: by its method, by those of embedded
// structs, and by the tags of its fields. For a list it returns the declarations of the element's type. stored returns the names
// below the list; it is nil for a save.
func (p *Types) LayoutRules(v reflect.Value, stored func() []string) []layout.Rule {
	if v.Kind() == reflect.Slice || v.Kind() == reflect.Array {
		return listRules(v, stored)
	}
	if v.Kind() != reflect.Struct || !v.CanAddr() {
		return nil
	}
	if !v.CanInterface() { // of an embedded unexported type; the outer type has its methods
		return p.tagRules(v, stored)
	}
	if d, ok := v.Addr().Interface().(layout.Declarer); ok {
		return append(d.CheckpointLayouts(), p.tagRules(v, stored)...)
	}
	return p.tagRules(v, stored)
}

// tagRules returns the rules of a struct's tags, and those of the structs that are inlined into it.
func (p *Types) tagRules(v reflect.Value, stored func() []string) []layout.Rule {
	declared := p.Struct(v.Type())
	rules := declared.Layouts
	for i := range declared.Fields {
		if declared.Fields[i].Action != Inline {
			continue
		}
		inner := v.Field(i)
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.IsValid() {
			rules = append(rules[:len(rules):len(rules)], p.LayoutRules(inner, stored)...)
		}
	}
	return rules
}

// listRules asks the first element, or a zero element, how a list of its type is stored.
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
	if pointsNowhere(t) {
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
