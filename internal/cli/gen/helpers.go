package gen

// declareHelpers writes the helper types that the source uses.
func (w *writer) declareHelpers() {
	if w.state {
		w.decls.WriteString(stateSource)
	}
	if w.slots {
		w.tensor = true
		w.decls.WriteString(slotsSource)
	}
}

const stateSource = `// State is the state of a Python object, as Python wrote it.
type State struct {
	Data []byte ` + "`ckpt:\"-\"`" + `
}

// MarshalBinary returns the state.
func (s *State) MarshalBinary() ([]byte, error) { return s.Data, nil }

// UnmarshalBinary sets the state.
func (s *State) UnmarshalBinary(data []byte) error {
	s.Data = append([]byte{}, data...)
	return nil
}

`

const slotsSource = `// Slots are the slot variables of an optimizer: tensors by name and by the pointer to the variable. Together with the
// optimizer's SlotNames it implements ckpt.SlotOwner.
type Slots map[any]map[string]tensor.Any

// Slot returns the slot variable name of a variable, or nil.
func (s Slots) Slot(name string, variable any) any {
	if t, ok := s[variable][name]; ok {
		return t
	}
	return nil
}

// CreateSlot is Slot, but makes the slot variable if there is none.
func (s *Slots) CreateSlot(name string, variable any) any {
	if t := s.Slot(name, variable); t != nil {
		return t
	}
	v, ok := variable.(tensor.Any)
	if !ok {
		return nil
	}
	t, err := tensor.Zero(v.DType())
	if err != nil {
		return nil
	}
	if *s == nil {
		*s = make(Slots)
	}
	if (*s)[variable] == nil {
		(*s)[variable] = make(map[string]tensor.Any)
	}
	(*s)[variable][name] = t
	return t
}

`
