package tfkeras

import (
	"github.com/gockpt/ckpt/optimizers/internal/build"
	"github.com/gockpt/ckpt/tensor"
)

// SGD is tf.keras.optimizers.SGD.
type SGD struct {
	Base
	Momentums []tensor.Any `ckpt:"momentums"` // present with and without momentum
}

// Build implements [Optimizer].
func (o *SGD) Build(trained ...tensor.Any) error {
	b := o.begin(trained)
	b.PerVariable(build.List{To: &o.Momentums, What: "m"})
	return b.Err()
}

// RMSprop is tf.keras.optimizers.RMSprop.
type RMSprop struct {
	Base
	Velocities       []tensor.Any `ckpt:"_velocities"`
	Momentums        []tensor.Any `ckpt:"_momentums"`         // empty without Momentum
	AverageGradients []tensor.Any `ckpt:"_average_gradients"` // empty unless Centered

	Momentum bool // momentum is not 0
	Centered bool
}

// Build implements [Optimizer].
func (o *RMSprop) Build(trained ...tensor.Any) error {
	b := o.begin(trained)
	o.Momentums, o.AverageGradients = []tensor.Any{}, []tensor.Any{}
	b.PerVariable(build.List{To: &o.Velocities, What: "velocity"})
	if o.Momentum {
		b.PerVariable(build.List{To: &o.Momentums, What: "momentum"})
	}
	if o.Centered {
		b.PerVariable(build.List{To: &o.AverageGradients, What: "average_gradient"})
	}
	return b.Err()
}

// moments holds the variables of Adam and similar optimizers.
type moments struct {
	Momentums  []tensor.Any `ckpt:"_momentums"`
	Velocities []tensor.Any `ckpt:"_velocities"`
}

func (m *moments) build(b *build.Builder) {
	b.PerVariable(build.List{To: &m.Momentums, What: "m"}, build.List{To: &m.Velocities, What: "v"})
}

// Adam is tf.keras.optimizers.Adam.
type Adam struct {
	Base
	moments
	VelocityHats []tensor.Any `ckpt:"_velocity_hats,optional"` // nil unless AMSGrad

	AMSGrad bool
}

// Build implements [Optimizer].
func (o *Adam) Build(trained ...tensor.Any) error {
	b := o.begin(trained)
	o.moments.build(b)
	o.VelocityHats = nil
	if o.AMSGrad {
		b.PerVariable(build.List{To: &o.VelocityHats, What: "vhat"})
	}
	return b.Err()
}

// AdamW is tf.keras.optimizers.AdamW, which has the same variables as Adam.
type AdamW = Adam

// Nadam is tf.keras.optimizers.Nadam.
type Nadam struct {
	Base
	moments
	UProduct *tensor.Tensor[float32] `ckpt:"_u_product,fullname=Variable"`
}

// Build implements [Optimizer].
func (o *Nadam) Build(trained ...tensor.Any) error {
	b := o.begin(trained)
	o.moments.build(b)
	o.UProduct = tensor.Scalar(float32(1))
	return b.Err()
}

// Adadelta is tf.keras.optimizers.Adadelta.
type Adadelta struct {
	Base
	AccumulatedGrads     []tensor.Any `ckpt:"_accumulated_grads"`
	AccumulatedDeltaVars []tensor.Any `ckpt:"_accumulated_delta_vars"`
}

// Build implements [Optimizer].
func (o *Adadelta) Build(trained ...tensor.Any) error {
	b := o.begin(trained)
	b.PerVariable(build.List{To: &o.AccumulatedGrads, What: "accumulated_grad"}, build.List{To: &o.AccumulatedDeltaVars, What: "accumulated_delta_var"})
	return b.Err()
}

// Adagrad is tf.keras.optimizers.Adagrad.
type Adagrad struct {
	Base
	Accumulators []tensor.Any `ckpt:"_accumulators"`
}

// Build implements [Optimizer].
func (o *Adagrad) Build(trained ...tensor.Any) error {
	b := o.begin(trained)
	b.PerVariable(build.List{To: &o.Accumulators, What: "accumulator"})
	return b.Err()
}

// Adamax is tf.keras.optimizers.Adamax.
type Adamax struct {
	Base
	M []tensor.Any `ckpt:"_m"`
	U []tensor.Any `ckpt:"_u"`
}

// Build implements [Optimizer].
func (o *Adamax) Build(trained ...tensor.Any) error {
	b := o.begin(trained)
	b.PerVariable(build.List{To: &o.M, What: "m"}, build.List{To: &o.U, What: "u"})
	return b.Err()
}

// Ftrl is tf.keras.optimizers.Ftrl.
type Ftrl struct {
	Base
	Accumulators []tensor.Any `ckpt:"_accumulators"`
	Linears      []tensor.Any `ckpt:"_linears"`
}

// Build implements [Optimizer].
func (o *Ftrl) Build(trained ...tensor.Any) error {
	b := o.begin(trained)
	b.PerVariable(build.List{To: &o.Accumulators, What: "accumulator"}, build.List{To: &o.Linears, What: "linear"})
	return b.Err()
}

// Lion is tf.keras.optimizers.Lion.
type Lion struct {
	Base
	Momentums []tensor.Any `ckpt:"momentums"`
}

// Build implements [Optimizer].
func (o *Lion) Build(trained ...tensor.Any) error {
	b := o.begin(trained)
	b.PerVariable(build.List{To: &o.Momentums, What: "m"})
	return b.Err()
}

// Adafactor is tf.keras.optimizers.Adafactor.
type Adafactor struct {
	Base
	R []tensor.Any `ckpt:"_r"` // the mean over a matrix's columns; an int32 scalar that is in no other list if the variable is not a matrix
	C []tensor.Any `ckpt:"_c"` // the mean over its rows, likewise
	V []tensor.Any `ckpt:"_v"`
}

// Build implements [Optimizer]. The shapes of the variables must be known, because the optimizer's variables depend on their
// rank.
func (o *Adafactor) Build(trained ...tensor.Any) error {
	b := o.begin(trained)
	o.R, o.C, o.V = []tensor.Any{}, []tensor.Any{}, []tensor.Any{}
	for i, v := range trained {
		if shape := v.Shape(); len(shape) < 2 {
			o.R = append(o.R, b.Apart(tensor.DTInt32, tensor.Shape{}, b.Name(i, "r")))
			o.C = append(o.C, b.Apart(tensor.DTInt32, tensor.Shape{}, b.Name(i, "r"))) // TensorFlow uses this name
		} else {
			o.R = append(o.R, b.Make(v.DType(), build.Reduced(shape, 1), b.Name(i, "r")))
			o.C = append(o.C, b.Make(v.DType(), build.Reduced(shape, 2), b.Name(i, "c")))
		}
		o.V = append(o.V, b.Make(v.DType(), v.Shape(), b.Name(i, "v")))
	}
	return b.Err()
}
