package pickle

import "slices"

// shuffle removes or duplicates values on the stack.
func (d *Decoder) shuffle(op byte) error {
	switch op {
	case opDup:
		v, err := d.top()
		if err == nil {
			d.push(v)
		}
		return err
	case opPop:
		if len(d.marks) == 0 || len(d.stack) > d.floor() {
			_, err := d.pop(1)
			return err
		}
	}
	_, err := d.popMark() // POP removes a mark if one is on top
	return err
}

// collect pops values and pushes them as one container.
func (d *Decoder) collect(op byte) error {
	var items []Value
	var err error
	switch op {
	case opTuple1, opTuple2, opTuple3:
		items, err = d.pop(int(op) - opTuple1 + 1)
	default:
		items, err = d.popMark()
	}
	if err != nil {
		return err
	}
	switch op {
	case opList:
		d.push(&List{Items: slices.Clone(items)})
	case opFrozenSet:
		d.push(&Set{Items: slices.Clone(items)})
	case opDict:
		entries, err := d.pairs(nil, items)
		if err != nil {
			return err
		}
		d.push(&Dict{Entries: entries})
	default:
		d.push(Tuple(slices.Clone(items)))
	}
	return nil
}

// pairs appends items, which alternate between keys and values, to entries.
func (d *Decoder) pairs(entries []Entry, items []Value) ([]Entry, error) {
	if len(items)%2 != 0 {
		return nil, d.corrupt("a dict gets %d keys and values, which is odd", len(items))
	}
	entries = slices.Grow(entries, len(items)/2)
	for i := 0; i < len(items); i += 2 {
		entries = append(entries, Entry{Key: items[i], Value: items[i+1]})
	}
	return entries, nil
}

// add appends to a list, or adds to a set.
func (d *Decoder) add(op byte) error {
	items, err := d.operands(op == opAppend, 1)
	if err != nil {
		return err
	}
	v, err := d.top()
	if err != nil {
		return err
	}
	switch v := v.(type) {
	case *List:
		v.Items = append(v.Items, items...)
	case *Set:
		v.Items = append(v.Items, items...)
	case *Object:
		v.Items = append(v.Items, items...)
	default:
		return d.corrupt("it appends to %s", Kind(v))
	}
	return nil
}

// set sets entries of a dict.
func (d *Decoder) set(op byte) error {
	items, err := d.operands(op == opSetItem, 2)
	if err != nil {
		return err
	}
	v, err := d.top()
	if err != nil {
		return err
	}
	var entries *[]Entry
	switch v := v.(type) {
	case *Dict:
		entries = &v.Entries
	case *Object:
		entries = &v.Entries
	default:
		return d.corrupt("it sets a key of %s", Kind(v))
	}
	all, err := d.pairs(*entries, items)
	if err != nil {
		return err
	}
	*entries = all
	return nil
}

// operands pops n values if the instruction has a fixed number of operands. Otherwise it pops the values above the last mark.
func (d *Decoder) operands(fixed bool, n int) ([]Value, error) {
	if fixed {
		return d.pop(n)
	}
	return d.popMark()
}
