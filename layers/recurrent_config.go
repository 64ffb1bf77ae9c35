package layers

import (
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/config"
)

// recurrentMaker returns constructors of the recurrent layers, their cells and their wrappers.
func recurrentMaker(class string) config.Maker {
	return map[string]config.Maker{
		"SimpleRNNCell":   func(c *config.Config) any { cell := simpleRNNCell(c); return &cell },
		"LSTMCell":        func(c *config.Config) any { cell := lstmCell(c); return &cell },
		"GRUCell":         func(c *config.Config) any { cell := gruCell(c); return &cell },
		"StackedRNNCells": makeStackedRNNCells,
		"SimpleRNN": func(c *config.Config) any {
			o := recurrenceOptions(c)
			return &SimpleRNN{simpleRNNCell(c), o.sequences, o.state, o.backwards, o.zeroOutput, o.unroll, c.Name()}
		},
		"LSTM": func(c *config.Config) any {
			o := recurrenceOptions(c)
			return &LSTM{lstmCell(c), o.sequences, o.state, o.backwards, o.zeroOutput, o.unroll, c.Name()}
		},
		"GRU": func(c *config.Config) any {
			o := recurrenceOptions(c)
			return &GRU{gruCell(c), o.sequences, o.state, o.backwards, o.zeroOutput, o.unroll, c.Name()}
		},
		"RNN": func(c *config.Config) any {
			o := recurrenceOptions(c)
			return &RNN{cellOption(c, "cell"), o.sequences, o.state, o.backwards, o.zeroOutput, o.unroll, c.Name()}
		},
		"ConvLSTM1D":      makeConvLSTM,
		"ConvLSTM2D":      makeConvLSTM,
		"ConvLSTM3D":      makeConvLSTM,
		"Bidirectional":   makeBidirectional,
		"TimeDistributed": makeTimeDistributed,
	}[class]
}

// recurrenceOptions reads the options that all recurrent layers have.
func recurrenceOptions(c *config.Config) recurrence {
	c.Refuse("stateful") // states that stay from call to call
	c.Skip("input_length", "input_dim")
	if c.Bool("time_major", false) {
		c.Fail("time_major is not supported: the first axis must be the batch")
	}
	return recurrence{
		sequences:  c.Bool("return_sequences", false),
		state:      c.Bool("return_state", false),
		backwards:  c.Bool("go_backwards", false),
		zeroOutput: c.Bool("zero_output_for_mask", false),
		unroll:     c.Bool("unroll", false),
	}
}

// functionOption returns an option that is an activation. If it is missing, nil stands for Keras's default.
func functionOption(c *config.Config, key string) *activation.Func {
	if !c.Has(key) {
		return nil
	}
	f := c.Activation(key)
	return &f
}

// skipCellOptions ignores options of cells that only training uses.
func skipCellOptions(c *config.Config) { c.Skip("dropout", "recurrent_dropout", "implementation") }

func simpleRNNCell(c *config.Config) SimpleRNNCell {
	skipCellOptions(c)
	return SimpleRNNCell{
		Units:      c.Int("units", 0),
		Activation: functionOption(c, "activation"),
		NoBias:     !c.Bool("use_bias", true),
		Name:       c.Name(),
	}
}

func lstmCell(c *config.Config) LSTMCell {
	skipCellOptions(c)
	return LSTMCell{
		Units:               c.Int("units", 0),
		Activation:          functionOption(c, "activation"),
		RecurrentActivation: functionOption(c, "recurrent_activation"),
		NoBias:              !c.Bool("use_bias", true),
		NoUnitForgetBias:    !c.Bool("unit_forget_bias", true),
		Name:                c.Name(),
	}
}

func gruCell(c *config.Config) GRUCell {
	skipCellOptions(c)
	return GRUCell{
		Units:               c.Int("units", 0),
		Activation:          functionOption(c, "activation"),
		RecurrentActivation: functionOption(c, "recurrent_activation"),
		NoBias:              !c.Bool("use_bias", true),
		ResetBefore:         !c.Bool("reset_after", true),
		Name:                c.Name(),
	}
}

// cellOption returns an option that is a cell.
func cellOption(c *config.Config, key string) Cell {
	object, made := c.Object(key)
	cell, ok := made.(Cell)
	if !ok {
		c.Fail("option %q is a %q, want a cell", key, object.ClassName)
	}
	return cell
}

func makeStackedRNNCells(c *config.Config) any {
	s := &StackedRNNCells{Name: c.Name()}
	var objects []config.Object
	c.Get("cells", &objects)
	for i, o := range objects {
		made, err := c.Make(o.ClassName, o.Config)
		cell, ok := made.(Cell)
		switch {
		case err != nil:
			c.Fail("cell %d: %w", i, err)
		case !ok:
			c.Fail("cell %d is a %q, want a cell", i, o.ClassName)
		}
		s.Cells = append(s.Cells, cell)
	}
	return s
}
