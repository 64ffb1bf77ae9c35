// Package compatv1 holds the state of the optimizers of tf.compat.v1.train: slot variables, which a restore makes. They do
// not count iterations: the program's global_step does.
//
// Slot variables have the names that TensorFlow gives to those of the first optimizer of a kind: kernel/Adam and
// kernel/Adam_1.
package compatv1

import "github.com/gockpt/ckpt/optimizers"

// GradientDescent is tf.compat.v1.train.GradientDescentOptimizer, which does not keep any state.
type GradientDescent struct{}

// Momentum is tf.compat.v1.train.MomentumOptimizer. Its slot is momentum.
type Momentum struct{ optimizers.Slots }

// SlotFullName implements ckpt.SlotNamer.
func (*Momentum) SlotFullName(slot, variable string) string {
	return slotName(variable, "Momentum", slot, "momentum")
}

// Adam is tf.compat.v1.train.AdamOptimizer. Its slots are m and v.
type Adam struct {
	optimizers.Slots
	Beta1Power float32 `ckpt:"beta1_power,fullname=beta1_power"`
	Beta2Power float32 `ckpt:"beta2_power,fullname=beta2_power"`
}

// SlotFullName implements ckpt.SlotNamer.
func (*Adam) SlotFullName(slot, variable string) string {
	return slotName(variable, "Adam", slot, "m", "v")
}

// RMSProp is tf.compat.v1.train.RMSPropOptimizer. Its slots are rms and momentum, and mg if it is centered.
type RMSProp struct{ optimizers.Slots }

// SlotFullName implements ckpt.SlotNamer.
func (o *RMSProp) SlotFullName(slot, variable string) string {
	if o.Has("mg") {
		return slotName(variable, "RMSProp", slot, "rms", "mg", "momentum")
	}
	return slotName(variable, "RMSProp", slot, "rms", "momentum")
}

// Adagrad is tf.compat.v1.train.AdagradOptimizer. Its slot is accumulator.
type Adagrad struct{ optimizers.Slots }

// SlotFullName implements ckpt.SlotNamer.
func (*Adagrad) SlotFullName(slot, variable string) string {
	return slotName(variable, "Adagrad", slot, "accumulator")
}

// ProximalAdagrad is tf.compat.v1.train.ProximalAdagradOptimizer. Its slot is accumulator.
type ProximalAdagrad struct{ optimizers.Slots }

// SlotFullName implements ckpt.SlotNamer.
func (*ProximalAdagrad) SlotFullName(slot, variable string) string {
	return slotName(variable, "ProximalAdagrad", slot, "accumulator")
}

// Adadelta is tf.compat.v1.train.AdadeltaOptimizer. Its slots are accum and accum_update.
type Adadelta struct{ optimizers.Slots }

// SlotFullName implements ckpt.SlotNamer.
func (*Adadelta) SlotFullName(slot, variable string) string {
	return slotName(variable, "Adadelta", slot, "accum", "accum_update")
}

// Ftrl is tf.compat.v1.train.FtrlOptimizer. Its slots are accum and linear.
type Ftrl struct{ optimizers.Slots }

// SlotFullName implements ckpt.SlotNamer.
func (*Ftrl) SlotFullName(slot, variable string) string {
	return slotName(variable, "Ftrl", slot, "accum", "linear")
}
