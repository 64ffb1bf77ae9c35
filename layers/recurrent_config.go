package layers

import "github.com/gockpt/ckpt/layers/activation"

// recurrentMaker knows the recurrent layers, their cells and what wraps them.
func recurrentMaker(class string) maker {
	return map[string]maker{
		"SimpleRNNCell":   func(c *config) any { cell := simpleRNNCell(c); return &cell },
		"LSTMCell":        func(c *config) any { cell := lstmCell(c); return &cell },
		"GRUCell":         func(c *config) any { cell := gruCell(c); return &cell },
		"StackedRNNCells": makeStackedRNNCells,
		"SimpleRNN": func(c *config) any {
			o := c.recurrent()
			return &SimpleRNN{simpleRNNCell(c), o.sequences, o.state, o.backwards, o.zeroOutput, c.name()}
		},
		"LSTM": func(c *config) any {
			o := c.recurrent()
			return &LSTM{lstmCell(c), o.sequences, o.state, o.backwards, o.zeroOutput, c.name()}
		},
		"GRU": func(c *config) any {
			o := c.recurrent()
			return &GRU{gruCell(c), o.sequences, o.state, o.backwards, o.zeroOutput, c.name()}
		},
		"RNN": func(c *config) any {
			o := c.recurrent()
			return &RNN{c.cell("cell"), o.sequences, o.state, o.backwards, o.zeroOutput, c.name()}
		},
		"ConvLSTM1D":      makeConvLSTM,
		"ConvLSTM2D":      makeConvLSTM,
		"ConvLSTM3D":      makeConvLSTM,
		"Bidirectional":   makeBidirectional,
		"TimeDistributed": makeTimeDistributed,
	}[class]
}

// recurrent reads the options that all recurrent layers have.
func (c *config) recurrent() recurrence {
	c.skip("stateful", "unroll", "input_length", "input_dim")
	if c.bool("time_major", false) {
		c.fail("time_major: want the batch as the first axis")
	}
	return recurrence{
		sequences:  c.bool("return_sequences", false),
		state:      c.bool("return_state", false),
		backwards:  c.bool("go_backwards", false),
		zeroOutput: c.bool("zero_output_for_mask", false),
	}
}

// function returns an option that is an activation, nil where it is not there: Keras's default.
func (c *config) function(key string) *activation.Func {
	if _, ok := c.options[key]; !ok {
		return nil
	}
	f := c.activation(key)
	return &f
}

// cellOptions passes over what cells have that only training looks at.
func (c *config) cellOptions() { c.skip("dropout", "recurrent_dropout", "implementation") }

func simpleRNNCell(c *config) SimpleRNNCell {
	c.cellOptions()
	return SimpleRNNCell{
		Units:      c.int("units", 0),
		Activation: c.function("activation"),
		NoBias:     !c.bool("use_bias", true),
		Name:       c.name(),
	}
}

func lstmCell(c *config) LSTMCell {
	c.cellOptions()
	return LSTMCell{
		Units:               c.int("units", 0),
		Activation:          c.function("activation"),
		RecurrentActivation: c.function("recurrent_activation"),
		NoBias:              !c.bool("use_bias", true),
		NoUnitForgetBias:    !c.bool("unit_forget_bias", true),
		Name:                c.name(),
	}
}

func gruCell(c *config) GRUCell {
	c.cellOptions()
	return GRUCell{
		Units:               c.int("units", 0),
		Activation:          c.function("activation"),
		RecurrentActivation: c.function("recurrent_activation"),
		NoBias:              !c.bool("use_bias", true),
		ResetBefore:         !c.bool("reset_after", true),
		Name:                c.name(),
	}
}

// cell returns an option that is a cell.
func (c *config) cell(key string) Cell {
	object, made := c.object(key)
	cell, ok := made.(Cell)
	if !ok {
		c.fail("option %q is a %q, want a cell", key, object.ClassName)
	}
	return cell
}

func makeStackedRNNCells(c *config) any {
	s := &StackedRNNCells{Name: c.name()}
	var objects []object
	c.get("cells", &objects)
	for i, o := range objects {
		made, err := makeLayer(o.ClassName, o.Config)
		cell, ok := made.(Cell)
		switch {
		case err != nil:
			c.fail("cell %d: %w", i, err)
		case !ok:
			c.fail("cell %d is a %q, want a cell", i, o.ClassName)
		}
		s.Cells = append(s.Cells, cell)
	}
	return s
}
