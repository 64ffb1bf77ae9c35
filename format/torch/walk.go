package torch

import (
	"strconv"
	"unicode/utf8"

	"github.com/gockpt/ckpt/internal/pickle"
)

// A named is a tensor and its path.
type named struct {
	key string
	*made
}

// A walker finds the tensors in a file's object.
type walker struct {
	f       *file
	path    []byte
	tensors []named
	skipped map[string]bool // classes of skipped instances

	visits    int64        // how many more values may be visited
	nameBytes int64        // how many more bytes keys may have
	within    map[any]bool // the containers on the path
	free      map[any]bool // values that do not hold tensors
}

// find returns the tensors in f's object.
func (f *file) find() (*walker, error) {
	w := &walker{
		f: f, skipped: make(map[string]bool), within: make(map[any]bool), free: make(map[any]bool),
		visits: freeWork + visitsPerByte*f.pickleSize, nameBytes: freeWork + nameBytesPerByte*f.pickleSize,
	}
	err := w.walk(f.root, 0)
	return w, in(f.pickleName, string(w.path), err)
}

// walk finds the tensors in v. path leads to v in depth steps. If walk fails, path leads to the fault.
func (w *walker) walk(v pickle.Value, depth int) error {
	if w.visits--; w.visits < 0 {
		return corrupt("its dicts and lists contain each other so often that there are too many paths for %d bytes", w.f.pickleSize)
	}
	if depth > maxDepth {
		w.path = w.path[:0]
		return corrupt("dicts and lists are nested more than %d deep", maxDepth)
	}
	switch v := v.(type) {
	case pickle.Tuple:
		return w.items(v, depth)
	case *pickle.List, *pickle.Dict, *pickle.Object:
		if w.within[v] {
			return nil // the tensors in it already have names
		}
		w.within[v] = true
		err := w.container(v, depth)
		delete(w.within, v)
		return err
	case *pickle.Set:
		return w.passOver("a set", v)
	case *window:
		return w.add(v.whole())
	}
	return nil
}

// container is walk for values that can contain themselves.
func (w *walker) container(v pickle.Value, depth int) error {
	switch v := v.(type) {
	case *pickle.List:
		return w.items(v.Items, depth)
	case *pickle.Dict:
		return w.entries(v.Entries, depth)
	case *pickle.Object:
		if v.New {
			return w.instance(v, depth)
		}
		return w.called(v, depth)
	}
	return nil
}

// items walks a list.
func (w *walker) items(items []pickle.Value, depth int) error {
	for i, item := range items {
		if err := w.step(strconv.AppendInt(nil, int64(i), 10), item, depth); err != nil {
			return err
		}
	}
	return nil
}

// entries walks a dict.
func (w *walker) entries(entries []pickle.Entry, depth int) error {
	for _, e := range entries {
		name, ok := keyName(e.Key)
		if !ok {
			if err := w.passOver("a value of a dict with a key that is "+kind(e.Key), e.Value); err != nil {
				return err
			}
			continue
		}
		if err := w.step([]byte(name), e.Value, depth); err != nil {
			return err
		}
	}
	return nil
}

// step walks v with its name.
func (w *walker) step(name []byte, v pickle.Value, depth int) error {
	switch v.(type) {
	case pickle.Tuple, *pickle.List, *pickle.Dict, *pickle.Object, *pickle.Set, *window:
	default:
		w.visits-- // walk does the same, without the name
		return nil
	}
	length := len(w.path)
	if depth > 0 {
		w.path = append(w.path, '.')
	}
	w.path = append(w.path, name...)
	if err := w.walk(v, depth+1); err != nil {
		return err
	}
	w.path = w.path[:length]
	return nil
}

// keyName returns the name of a dict's key in a path.
func keyName(v pickle.Value) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case int64:
		return strconv.FormatInt(v, 10), true
	case *pickle.Global:
		return v.String(), true
	case nil:
		return "None", true
	case bool:
		if v {
			return "True", true
		}
		return "False", true
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), true
	}
	return "", false
}

// called walks the result of a call.
func (w *walker) called(o *pickle.Object, depth int) error {
	switch name := o.Class.String(); globals[name] {
	case maker:
		m, err := w.f.tensor(o)
		if err != nil {
			return err
		}
		return w.add(m)
	case nested:
		s, err := w.f.storageOf(o)
		if err != nil {
			return err
		}
		return w.add(s.whole())
	case container:
		return w.containerCall(name, o, depth)
	}
	return w.passOver("an object of "+o.Class.Quote(), o)
}

// containerCall walks a container that a call makes.
func (w *walker) containerCall(name string, o *pickle.Object, depth int) error {
	switch name {
	case "builtins.set", "builtins.frozenset":
		return w.passOver("a set", o)
	case "argparse.Namespace", "types.SimpleNamespace":
		return w.attributes(o, depth)
	}
	var err error
	switch arg := first(o.Args).(type) {
	case *pickle.Dict:
		err = w.entries(arg.Entries, depth)
	case *pickle.List:
		if name == "builtins.list" || name == "builtins.tuple" || name == "collections.deque" {
			err = w.items(arg.Items, depth)
		} else {
			err = w.entries(pairs(arg.Items), depth) // OrderedDict of Python 2
		}
	case pickle.Tuple:
		err = w.items(arg, depth)
	}
	if err == nil {
		err = w.items(o.Items, depth)
	}
	if err == nil {
		err = w.entries(o.Entries, depth)
	}
	if err == nil && o.State != nil { // for example the _metadata of a state_dict
		err = w.passOver("an attribute of "+o.Class.Quote(), o.State)
	}
	return err
}

// instance walks an instance of a class.
func (w *walker) instance(o *pickle.Object, depth int) error {
	switch o.Class.String() {
	case "argparse.Namespace", "types.SimpleNamespace":
		return w.attributes(o, depth)
	}
	if depth == 0 && len(o.Items)+len(o.Entries) == 0 {
		return wholeObject(o)
	}
	if err := w.items(o.Items, depth); err != nil {
		return err
	}
	if err := w.entries(o.Entries, depth); err != nil {
		return err
	}
	if len(o.Items)+len(o.Entries) == 0 {
		w.skipped[o.Class.String()] = true
	}
	if w.holds(o.State) || w.holds(o.Args) || w.holds(o.Kwargs) {
		return wholeObject(o)
	}
	return nil
}

// attributes walks an object that has only attributes.
func (w *walker) attributes(o *pickle.Object, depth int) error {
	if d, ok := o.State.(*pickle.Dict); ok {
		return w.entries(d.Entries, depth)
	}
	return w.passOver("an object of "+o.Class.Quote(), o)
}

// wholeObject returns the error for an instance that holds tensors.
func wholeObject(o *pickle.Object) error {
	if d, ok := o.State.(*pickle.Dict); ok {
		for _, e := range d.Entries {
			if e.Key == "_parameters" {
				return unsupported("it is a whole module, %s, which needs its Python program to be read; save its weights instead: "+
					`torch.save(module.state_dict(), "weights.pt")`, o.Class.Quote())
			}
		}
	}
	return unsupported("it is an object of %s, which needs its Python program to be read; %s", o.Class.Quote(), saveInstead)
}

// passOver returns an error if v holds tensors. v does not have a name in a path. The argument what describes
// it.
func (w *walker) passOver(what string, v pickle.Value) error {
	if w.holds(v) {
		return unsupported("tensors are in %s, where they have no names; %s", what, saveInstead)
	}
	return nil
}

// add lists the tensor to which path leads.
func (w *walker) add(m *made) error {
	if !utf8.Valid(w.path) {
		return corrupt("the name of a tensor is not UTF-8")
	}
	if w.nameBytes -= int64(len(w.path)); w.nameBytes < 0 {
		w.path = w.path[:0]
		return corrupt("the names of its tensors are far longer than the %d bytes of the pickle justify", w.f.pickleSize)
	}
	w.tensors = append(w.tensors, named{key: string(w.path), made: m})
	return nil
}

// holds reports whether PyTorch tensors can be reached from v. The walker visits each value once.
func (w *walker) holds(v pickle.Value) bool {
	todo := []pickle.Value{v}
	for len(todo) > 0 {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch v := v.(type) {
		case *window:
			return true
		case *pickle.Object:
			if globals[v.Class.String()] == nested {
				return true
			}
		}
		id := identity(v)
		if id == nil || w.free[id] {
			continue
		}
		w.free[id] = true // otherwise w ends with an error
		switch v := v.(type) {
		case pickle.Tuple:
			todo = append(todo, v...)
		case *pickle.List:
			todo = append(todo, v.Items...)
		case *pickle.Set:
			todo = append(todo, v.Items...)
		case *pickle.Dict:
			todo = appendEntries(todo, v.Entries)
		case *pickle.Object:
			todo = append(append(todo, v.Args, v.Kwargs, v.State), v.Items...)
			todo = appendEntries(todo, v.Entries)
		}
	}
	return false
}

func appendEntries(todo []pickle.Value, entries []pickle.Entry) []pickle.Value {
	for _, e := range entries {
		todo = append(todo, e.Key, e.Value)
	}
	return todo
}

// identity returns a value that is equal for two values that are the same container in the pickle. It returns nil for other values.
func identity(v pickle.Value) any {
	switch v := v.(type) {
	case pickle.Tuple:
		if len(v) > 0 {
			return &v[0]
		}
	case *pickle.List, *pickle.Dict, *pickle.Set, *pickle.Object:
		return v
	}
	return nil
}

func first(t pickle.Tuple) pickle.Value {
	if len(t) == 0 {
		return nil
	}
	return t[0]
}

// pairs returns the entries in a list of pairs.
func pairs(items []pickle.Value) (entries []pickle.Entry) {
	for _, item := range items {
		pair, _ := item.(pickle.Tuple)
		if l, ok := item.(*pickle.List); ok {
			pair = l.Items
		}
		if len(pair) == 2 {
			entries = append(entries, pickle.Entry{Key: pair[0], Value: pair[1]})
		}
	}
	return entries
}
