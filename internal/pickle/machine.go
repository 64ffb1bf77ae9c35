package pickle

// A machine is what a pickle's instructions work on.
type machine struct {
	stack []Value
	marks []int // heights of stack at which a MARK lies
	memo  memo
}

func (m *machine) push(v Value) { m.stack = append(m.stack, v) }

// floor is the height below which an instruction may not reach: that of the last mark.
func (m *machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

// pop takes n values from the stack. They are the caller's until the next push.
func (d *Decoder) pop(n int) ([]Value, error) {
	at := len(d.stack) - n
	if at < d.floor() {
		return nil, d.corrupt("it takes %d values from a stack that has %d", n, len(d.stack)-d.floor())
	}
	values := d.stack[at:]
	d.stack = d.stack[:at]
	return values, nil
}

// popMark takes the values above the last mark from the stack, and the mark. They are the caller's until the next push.
func (d *Decoder) popMark() ([]Value, error) {
	if len(d.marks) == 0 {
		return nil, d.corrupt("it takes values up to a mark that is not there")
	}
	at := d.floor()
	d.marks = d.marks[:len(d.marks)-1]
	values := d.stack[at:]
	d.stack = d.stack[:at]
	return values, nil
}

// top returns the value on top of the stack, which stays there.
func (d *Decoder) top() (Value, error) {
	if len(d.stack) == d.floor() {
		return nil, d.corrupt("it looks at a value, and the stack has none")
	}
	return d.stack[len(d.stack)-1], nil
}

// A memo keeps values by number. Picklers count from 0; other numbers are allowed.
type memo struct {
	dense  []Value
	sparse map[uint32]Value
}

func (m *memo) put(i uint32, v Value) {
	switch n := uint32(len(m.dense)); {
	case i < n:
		m.dense[i] = v
	case i == n:
		m.dense = append(m.dense, v)
		delete(m.sparse, i)
	default:
		if m.sparse == nil {
			m.sparse = make(map[uint32]Value)
		}
		m.sparse[i] = v
	}
}

func (m *memo) get(i uint32) (Value, bool) {
	if i < uint32(len(m.dense)) {
		return m.dense[i], true
	}
	v, ok := m.sparse[i]
	return v, ok
}

// len is the number that MEMOIZE gives.
func (m *memo) len() uint32 { return uint32(len(m.dense) + len(m.sparse)) }
