package walk

import (
	"encoding"
	"fmt"
	"reflect"
	"sync"

	"github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/tensor"
)

// A planner works out type plans and keeps them. The zero value is ready.
type planner struct {
	plans  sync.Map // reflect.Type → *typePlan
	traits sync.Map // reflect.Type → trait
	roles  sync.Map // reflect.Type → *role
	checks sync.Map // reflect.Type → the error of checkAll, or nil
	holds  sync.Map // reflect.Type → the bool of holdsTensor
}

// plans is a cache over types, which never change: the only thing here that outlives a call.
var plans planner

func (p *planner) plan(t reflect.Type) *typePlan {
	if plan, ok := p.plans.Load(t); ok {
		return plan.(*typePlan)
	}
	plan := &typePlan{fields: make([]fieldPlan, t.NumField())}
	for i := range plan.fields {
		f := &plan.fields[i]
		if f.tag, f.action, plan.err = p.field(t, t.Field(i)); plan.err != nil {
			break
		}
		f.goName, f.step = t.Field(i).Name, "."+t.Field(i).Name
		f.wanted = f.action != skipField && p.wanted(t, t.Field(i).Type, f.present)
		for _, l := range f.tag.layouts {
			plan.layouts = append(plan.layouts, layout.Permuted(layout.PyTorch, f.name, l.stored, l.axes...))
		}
	}
	if plan.err == nil {
		plan.err = p.checkNames(t, plan)
	}
	got, _ := p.plans.LoadOrStore(t, plan)
	return got.(*typePlan)
}

// checkAll is check of one type.
func (p *planner) checkAll(t reflect.Type) error {
	if got, ok := p.checks.Load(t); ok {
		err, _ := got.(error)
		return err
	}
	err := p.check(t, make(map[reflect.Type]bool))
	p.checks.Store(t, err)
	return err
}

// A fieldPlan says what becomes of one field of a struct.
type fieldPlan struct {
	tag
	goName string
	step   string // "." and goName
	action fieldAction
	wanted bool // a checkpoint must have the edge, also where the field holds nil
}

type fieldAction int

const (
	skipField   fieldAction = iota
	trackField              // an edge
	maybeField              // an edge if the interface in it holds something trackable
	inlineField             // its own fields are the struct's
	moduleField             // an embedded Module: its tracked children are the struct's
)

// A typePlan is what a struct type's declaration says, worked out once per type. fields is parallel to the type's own
// fields.
type typePlan struct {
	fields  []fieldPlan
	layouts []layout.Rule // of the options pytorch
	err     error
}

// A trait is what a type is to a checkpoint when no tag speaks for it.
type trait int

const (
	isPlain     trait = iota // hyper-parameters: tracked only where a tag says so
	isLeaf                   // a tensor, or something that acts as one
	isTrackable              // leads to leaves, or says by its tags that it takes part
	isDynamic                // an interface, or leads to nothing but interfaces: what is in it decides
)

var (
	anyTensorType   = reflect.TypeFor[tensor.Any]()
	variableType    = reflect.TypeFor[Variable]()
	tensorsType     = reflect.TypeFor[Tensors]()
	slotOwnerType   = reflect.TypeFor[SlotOwner]()
	marshalerType   = reflect.TypeFor[encoding.BinaryMarshaler]()
	unmarshalerType = reflect.TypeFor[encoding.BinaryUnmarshaler]()
	moduleType      = reflect.TypeFor[Module]()
)

// A role is what a type's methods make of it. Asking reflect for them anew took a third of a walk.
type role struct {
	leaf      bool // a tensor, or something that acts as one
	marshals  bool // to and from bytes
	namer     bool // a [VariableNamer]
	slotOwner bool // a [SlotOwner]

	plain bool         // a number, bool or string, or rows of such
	dtype tensor.DType // of a plain type
	rank  int          // of a plain type: how many slices and arrays it is nested in
}

func roleOf(t reflect.Type) *role {
	if got, ok := plans.roles.Load(t); ok {
		return got.(*role)
	}
	r := &role{
		leaf:      actsAsTensor(t),
		marshals:  implements(t, marshalerType) && implements(t, unmarshalerType),
		namer:     implements(t, variableNamerType),
		slotOwner: implements(t, slotOwnerType),
	}
	r.dtype, r.rank, r.plain = plainRole(t)
	got, _ := plans.roles.LoadOrStore(t, r)
	return got.(*role)
}

func implements(t, iface reflect.Type) bool {
	return t.Kind() != reflect.Interface && t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(iface)
}

func actsAsTensor(t reflect.Type) bool {
	return implements(t, anyTensorType) || implements(t, variableType) || implements(t, tensorsType)
}

func leafType(t reflect.Type) bool { return roleOf(t).leaf }

// plainType returns the dtype of t's numbers, bools or strings and how many slices and arrays they are nested in; ok is false
// where t is no plain value.
func plainType(t reflect.Type) (d tensor.DType, rank int, ok bool) {
	r := roleOf(t)
	return r.dtype, r.rank, r.plain
}

// maxRank is the most axes that TensorFlow's shapes have; a type such as []T called T would have ever more.
const maxRank = 254

func plainRole(t reflect.Type) (d tensor.DType, rank int, ok bool) {
	for ; rank <= maxRank; rank++ {
		if d := tensor.DTypeOfType(t); d != tensor.InvalidDType {
			return d, rank, true
		}
		switch {
		case t.Kind() == reflect.Int:
			return tensor.DTInt64, rank, true
		case t.Kind() == reflect.Uint:
			return tensor.DTUInt64, rank, true
		case t.Kind() != reflect.Slice && t.Kind() != reflect.Array, actsAsTensor(t):
			return 0, 0, false
		}
		t = t.Elem()
	}
	return 0, 0, false
}

func (p *planner) trait(t reflect.Type) trait {
	if got, ok := p.traits.Load(t); ok {
		return got.(trait)
	}
	got := traitOf(t)
	p.traits.Store(t, got)
	return got
}

// traitOf looks at every type that t leads to once: types that share others are as cheap as types that do not.
func traitOf(t reflect.Type) trait {
	if leafBehind(t) {
		return isLeaf
	}
	got := isPlain
	seen, queue := map[reflect.Type]bool{t: true}, []reflect.Type{t}
	visit := func(t reflect.Type) {
		if !seen[t] {
			seen[t] = true
			queue = append(queue, t)
		}
	}
	for len(queue) > 0 {
		t := queue[0]
		queue = queue[1:]
		switch {
		case leafType(t):
			return isTrackable
		case t.Kind() == reflect.Interface:
			got = isDynamic
		case t.Kind() == reflect.Struct:
			if takesPart(t) {
				return isTrackable
			}
			for i := range t.NumField() {
				f := t.Field(i)
				if _, tagged := f.Tag.Lookup("ckpt"); !tagged && (f.IsExported() || f.Anonymous) {
					visit(f.Type)
				}
			}
		case t.Kind() == reflect.Pointer, t.Kind() == reflect.Slice, t.Kind() == reflect.Array, t.Kind() == reflect.Map:
			visit(t.Elem())
		}
	}
	return got
}

// leafBehind reports whether t, or what pointers of type t lead to, is a leaf.
func leafBehind(t reflect.Type) bool {
	for range maxPointerHops {
		if leafType(t) {
			return true
		}
		if t.Kind() != reflect.Pointer {
			return false
		}
		t = t.Elem()
	}
	return false
}

// takesPart reports whether a struct says by itself, and not by the types of its fields, that it takes part in checkpoints.
func takesPart(t reflect.Type) bool {
	if roleOf(t).slotOwner {
		return true
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if text, tagged := f.Tag.Lookup("ckpt"); f.Type == moduleType || tagged && text != "-" {
			return true
		}
	}
	return false
}

// cannotSave says why a value of type t can have no place in a checkpoint, "" if it can.
func (p *planner) cannotSave(t reflect.Type, seen []reflect.Type) string {
	for _, s := range seen {
		if s == t {
			return ""
		}
	}
	if leafType(t) || roleOf(t).marshals {
		return ""
	}
	if pointsNowhere(t) {
		return fmt.Sprintf("a %v points to pointers only", t)
	}
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Uintptr:
		return fmt.Sprintf("a %v cannot be saved", t)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return p.cannotSave(t.Elem(), append(seen, t))
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			return fmt.Sprintf("the keys of %v are not strings", t)
		}
		return p.cannotSave(t.Elem(), append(seen, t))
	}
	return ""
}
