package keras3

import (
	"strings"

	"github.com/gockpt/ckpt/optimizers/internal/build"
	"github.com/gockpt/ckpt/tensor"
)

// SGD is keras.optimizers.SGD.
type SGD struct {
	Base
	Momentums []tensor.Any `ckpt:"momentums"` // empty without Momentum

	Momentum bool // momentum is not 0
}

// Build implements [Optimizer].
func (o *SGD) Build(trained ...tensor.Any) error {
	b := o.begin("sgd", trained)
	o.Momentums = []tensor.Any{}
	if o.Momentum {
		b.PerVariable(build.List{To: &o.Momentums, What: "momentum"})
	}
	return b.Err()
}

// RMSprop is keras.optimizers.RMSprop.
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
	b := o.begin("rm_sprop", trained)
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
	b.PerVariable(build.List{To: &m.Momentums, What: "momentum"}, build.List{To: &m.Velocities, What: "velocity"})
}

// Adam is keras.optimizers.Adam.
type Adam struct {
	Base
	moments
	VelocityHats []tensor.Any `ckpt:"_velocity_hats,optional"` // nil unless AMSGrad

	AMSGrad bool
}

// Build implements [Optimizer].
func (o *Adam) Build(trained ...tensor.Any) error { return o.build("adam", trained) }

func (o *Adam) build(kind string, trained []tensor.Any) error {
	b := o.begin(kind, trained)
	o.moments.build(b)
	o.VelocityHats = nil
	if o.AMSGrad {
		b.PerVariable(build.List{To: &o.VelocityHats, What: "velocity_hat"})
	}
	return b.Err()
}

// AdamW is keras.optimizers.AdamW.
type AdamW struct {
	Adam
	// ExcludeFromWeightDecayCache is an object without values that Keras makes in its first step. It is nil before that.
	ExcludeFromWeightDecayCache *struct{} `ckpt:"_exclude_from_weight_decay_cache,optional"`
}

// Build implements [Optimizer].
func (o *AdamW) Build(trained ...tensor.Any) error {
	o.ExcludeFromWeightDecayCache = new(struct{})
	return o.build("adam_w", trained)
}

// Lamb is keras.optimizers.Lamb.
type Lamb struct {
	Base
	moments
}

// Build implements [Optimizer].
func (o *Lamb) Build(trained ...tensor.Any) error {
	b := o.begin("lamb", trained)
	o.moments.build(b)
	return b.Err()
}

// Nadam is keras.optimizers.Nadam.
type Nadam struct {
	Base
	moments
	UProduct *tensor.Tensor[float32] `ckpt:"_u_product"`
}

// Build implements [Optimizer].
func (o *Nadam) Build(trained ...tensor.Any) error {
	b := o.begin("nadam", trained)
	o.moments.build(b)
	o.UProduct = tensor.Scalar(float32(1))
	o.adopt(o.UProduct, "variable")
	return b.Err()
}

// Adadelta is keras.optimizers.Adadelta.
type Adadelta struct {
	Base
	AccumulatedGrads     []tensor.Any `ckpt:"_accumulated_grads"`
	AccumulatedDeltaVars []tensor.Any `ckpt:"_accumulated_delta_vars"`
}

// Build implements [Optimizer].
func (o *Adadelta) Build(trained ...tensor.Any) error {
	b := o.begin("adadelta", trained)
	b.PerVariable(build.List{To: &o.AccumulatedGrads, What: "accumulated_grad"}, build.List{To: &o.AccumulatedDeltaVars, What: "accumulated_delta_var"})
	return b.Err()
}

// Adagrad is keras.optimizers.Adagrad.
type Adagrad struct {
	Base
	Accumulators []tensor.Any `ckpt:"_accumulators"`
}

// Build implements [Optimizer].
func (o *Adagrad) Build(trained ...tensor.Any) error {
	b := o.begin("adagrad", trained)
	b.PerVariable(build.List{To: &o.Accumulators, What: "accumulator"})
	return b.Err()
}

// Adamax is keras.optimizers.Adamax.
type Adamax struct {
	Base
	M []tensor.Any `ckpt:"_m"`
	U []tensor.Any `ckpt:"_u"`
}

// Build implements [Optimizer].
func (o *Adamax) Build(trained ...tensor.Any) error {
	b := o.begin("adamax", trained)
	b.PerVariable(build.List{To: &o.M, What: "momentum"}, build.List{To: &o.U, What: "norm"})
	return b.Err()
}

// Ftrl is keras.optimizers.Ftrl.
type Ftrl struct {
	Base
	Accumulators []tensor.Any `ckpt:"_accumulators"`
	Linears      []tensor.Any `ckpt:"_linears"`
}

// Build implements [Optimizer].
func (o *Ftrl) Build(trained ...tensor.Any) error {
	b := o.begin("ftrl", trained)
	b.PerVariable(build.List{To: &o.Accumulators, What: "accumulator"}, build.List{To: &o.Linears, What: "linear"})
	return b.Err()
}

// Lion is keras.optimizers.Lion.
type Lion struct {
	Base
	Momentums []tensor.Any `ckpt:"_momentums"`
}

// Build implements [Optimizer].
func (o *Lion) Build(trained ...tensor.Any) error {
	b := o.begin("lion", trained)
	b.PerVariable(build.List{To: &o.Momentums, What: "momentum"})
	return b.Err()
}

// Adafactor is keras.optimizers.Adafactor. Keras stores its lists empty; only Variables holds their elements.
type Adafactor struct {
	Base
	StoredR struct{} `ckpt:"_r"`
	StoredC struct{} `ckpt:"_c"`
	StoredV struct{} `ckpt:"_v"`

	R []tensor.Any `ckpt:"-"` // the mean over a matrix's columns; an int32 scalar if the variable is not a matrix
	C []tensor.Any `ckpt:"-"` // the mean over its rows, likewise
	V []tensor.Any `ckpt:"-"`
}

// Build implements [Optimizer]. The shapes of the variables must be known, because the optimizer's variables depend on their
// rank.
func (o *Adafactor) Build(trained ...tensor.Any) error {
	b := o.begin("adafactor", trained)
	o.R, o.C, o.V = nil, nil, nil
	for i, v := range trained {
		path := o.trainedName(i)
		name := o.scope + o.Name + "/" + path[strings.LastIndexByte(path, '/')+1:]
		d, r, c := tensor.DTInt32, tensor.Shape{}, tensor.Shape{}
		if len(v.Shape()) >= 2 {
			d, r, c = v.DType(), build.Reduced(v.Shape(), 1), build.Reduced(v.Shape(), 2)
		}
		o.R = append(o.R, b.Make(d, r, name))
		o.C = append(o.C, b.Make(d, c, name))
		o.V = append(o.V, b.Make(v.DType(), v.Shape(), b.Name(i, "velocity")))
	}
	return b.Err()
}

// LossScale is keras.optimizers.LossScaleOptimizer.
type LossScale struct {
	Base
	Inner        Optimizer               `ckpt:"inner_optimizer"`
	StepCounter  *tensor.Tensor[int64]   `ckpt:"step_counter"`
	DynamicScale *tensor.Tensor[float32] `ckpt:"dynamic_scale"`
}

// Build implements [Optimizer]. It also builds Inner, which must not be nil.
func (o *LossScale) Build(trained ...tensor.Any) error {
	b := o.begin("loss_scale_optimizer", trained)
	o.StepCounter, o.DynamicScale = tensor.Scalar(int64(0)), tensor.Scalar(float32(0))
	o.adopt(o.StepCounter, "step_counter")
	o.adopt(o.DynamicScale, "dynamic_scale")
	if err := b.Err(); err != nil || o.Inner == nil {
		return err
	}
	o.Inner.base().scope = o.scope + o.Name + "/"
	return o.Inner.Build(trained...)
}
