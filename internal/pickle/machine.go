package pickle

// A machine is the state on which a pickle's instructions work.
type machine struct {
	stack []Value
	marks []int // height of the stack at each MARK
	memo  memo
}

func (m *machine) push(v Value) { m.stack = append(m.stack, v) }

// floor is the height of the stack at the last mark. Instructions may not reach below it.
func (m *machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

// pop removes n values from the stack and returns them. They are valid until the next push.
func (d *Decoder) pop(n int) ([]Value, error) {
	at := len(d.stack) - n
	if at < d.floor() {
		return nil, d.corrupt("it needs %d values, but the stack has %d", n, len(d.stack)-d.floor())
	}
	values := d.stack[at:]
	d.stack = d.stack[:at]
	return values, nil
}

// popMark removes the last mark and the values above it, and returns the values. They are valid until the next push.
func (d *Decoder) popMark() ([]Value, error) {
	if len(d.marks) == 0 {
		return nil, d.corrupt("it needs a mark, but the stack has none")
	}
	at := d.floor()
	d.marks = d.marks[:len(d.marks)-1]
	values := d.stack[at:]
	d.stack = d.stack[:at]
	return values, nil
}

// top returns the value on top of the stack without removing it.
func (d *Decoder) top() (Value, error) {
	if len(d.stack) == d.floor() {
		return nil, d.corrupt("it needs a value, but the stack is empty")
	}
	return d.stack[len(d.stack)-1], nil
}

// A memo stores values by number. Picklers count from 0; other numbers are allowed.
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

// len returns the number that MEMOIZE uses next.
func (m *memo) len() uint32 { return uint32(len(m.dense) + len(m.sparse)) }
