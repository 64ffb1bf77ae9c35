package pickle

import "slices"

// global pushes a class or function by its name.
func (d *Decoder) global(op byte) error {
	var g Global
	if op == opStackGlobal {
		names, err := d.pop(2)
		if err != nil {
			return err
		}
		module, ok := names[0].(string)
		name, ok2 := names[1].(string)
		if !ok || !ok2 {
			return d.corrupt("the names of a global are %s and %s, expected two strings", Kind(names[0]), Kind(names[1]))
		}
		g = Global{Module: module, Name: name}
	} else {
		var err error
		if g, err = d.globalLines(); err != nil {
			return err
		}
	}
	d.push(&g)
	return nil
}

// globalLines reads a global that is written as two lines of text.
func (d *Decoder) globalLines() (g Global, err error) {
	for _, s := range []*string{&g.Module, &g.Name} {
		b, err := d.line()
		if err != nil {
			return g, err
		}
		*s = string(b)
	}
	return g, nil
}

// call pushes an Object for the result of a call.
func (d *Decoder) call(op byte) error {
	var callee Value
	var args Tuple
	switch op {
	case opReduce:
		operands, err := d.pop(2)
		if err != nil {
			return err
		}
		var ok bool
		if args, ok = operands[1].(Tuple); !ok {
			return d.corrupt("the arguments of a call are %s, expected a tuple", Kind(operands[1]))
		}
		callee = operands[0]
	case opInst:
		g, err := d.globalLines()
		if err != nil {
			return err
		}
		items, err := d.popMark()
		if err != nil {
			return err
		}
		callee, args = &g, slices.Clone(items)
	case opObj:
		items, err := d.popMark()
		if err != nil {
			return err
		}
		if len(items) == 0 {
			return d.corrupt("an instance has no class")
		}
		callee, args = items[0], slices.Clone(items[1:])
	}
	g, ok := callee.(*Global)
	if !ok {
		return d.corrupt("it calls %s, expected a global", Kind(callee))
	}
	if o, err := d.reconstructed(g, args); err != nil || o != nil {
		d.push(o)
		return err
	}
	if d.opts.Call != nil {
		if err := d.opts.Call(g); err != nil {
			return err
		}
	}
	d.push(&Object{Class: g, Args: args})
	return nil
}

// reconstructed returns the instance that copyreg's two functions make. Protocols 0 and 1 use these instead of NEWOBJ.
func (d *Decoder) reconstructed(g *Global, args Tuple) (*Object, error) {
	name := g.String()
	if name != "copyreg._reconstructor" && name != "copyreg.__newobj__" {
		return nil, nil
	}
	if len(args) > 0 {
		if class, ok := args[0].(*Global); ok {
			return &Object{Class: class, New: true, Args: args[1:]}, nil
		}
	}
	return nil, d.corrupt("%s has no class", name)
}

// instance pushes an instance of a class.
func (d *Decoder) instance(op byte) error {
	n := 2
	if op == opNewObjEx {
		n = 3
	}
	operands, err := d.pop(n)
	if err != nil {
		return err
	}
	class, ok := operands[0].(*Global)
	if !ok {
		return d.corrupt("the class of an instance is %s, expected a global", Kind(operands[0]))
	}
	o := &Object{Class: class, New: true}
	if o.Args, ok = operands[1].(Tuple); !ok {
		return d.corrupt("the arguments of an instance of %s are %s, expected a tuple", class.Quote(), Kind(operands[1]))
	}
	if op == opNewObjEx {
		o.Kwargs = operands[2]
	}
	d.push(o)
	return nil
}

// build pops a state and sets it on the object below.
func (d *Decoder) build() error {
	states, err := d.pop(1)
	if err != nil {
		return err
	}
	state := states[0]
	v, err := d.top()
	if err != nil {
		return err
	}
	o, ok := v.(*Object)
	if !ok {
		return d.corrupt("it sets a state, which %s cannot have", Kind(v))
	}
	if o.State != nil {
		return d.corrupt("an object of %s gets a second state", o.Class.Quote())
	}
	o.State = state
	return nil
}

// persistent pushes the value of a persistent id.
func (d *Decoder) persistent(op byte) error {
	var id Value
	if op == opPersID {
		b, err := d.line()
		if err != nil {
			return err
		}
		id = string(b)
	} else {
		ids, err := d.pop(1)
		if err != nil {
			return err
		}
		id = ids[0]
	}
	if d.opts.Persistent == nil {
		return d.unsupported("it refers to an object outside of the pickle")
	}
	v, err := d.opts.Persistent(id)
	if err != nil {
		return err
	}
	d.push(v)
	return nil
}
