// Package legacy holds the state of the optimizers of tf.keras.optimizers.legacy, which were tf.keras.optimizers before
// TensorFlow 2.11. Their state is slot variables, which a restore makes, and hyper-parameters as variables.
//
// Variables have the names that TensorFlow gives them if the program does not name the optimizer.
package legacy

import "github.com/gockpt/ckpt/optimizers"

// SGD is tf.keras.optimizers.legacy.SGD. Its slot is momentum; it does not have one if Momentum is 0.
type SGD struct {
	optimizers.Slots
	Iter         int64    `ckpt:"iter,fullname=SGD/iter"`
	Decay        float32  `ckpt:"decay,fullname=SGD/decay"`
	LearningRate *float32 `ckpt:"learning_rate,alloc,fullname=SGD/learning_rate"` // nil if a schedule computes it, here and below
	Momentum     float32  `ckpt:"momentum,fullname=SGD/momentum"`
}

// SlotFullName implements ckpt.SlotNamer.
func (*SGD) SlotFullName(slot, variable string) string { return slotName("SGD", slot, variable) }

// RMSprop is tf.keras.optimizers.legacy.RMSprop. Its slots are rms, momentum unless Momentum is 0, and mg if it is centered.
type RMSprop struct {
	optimizers.Slots
	Iter         int64    `ckpt:"iter,fullname=RMSprop/iter"`
	Decay        float32  `ckpt:"decay,fullname=RMSprop/decay"`
	LearningRate *float32 `ckpt:"learning_rate,alloc,fullname=RMSprop/learning_rate"`
	Momentum     float32  `ckpt:"momentum,fullname=RMSprop/momentum"`
	Rho          float32  `ckpt:"rho,fullname=RMSprop/rho"`
}

// SlotFullName implements ckpt.SlotNamer.
func (*RMSprop) SlotFullName(slot, variable string) string {
	return slotName("RMSprop", slot, variable)
}

// Adam is tf.keras.optimizers.legacy.Adam. Its slots are m, v, and vhat with amsgrad.
type Adam struct {
	optimizers.Slots
	Iter         int64    `ckpt:"iter,fullname=Adam/iter"`
	Beta1        float32  `ckpt:"beta_1,fullname=Adam/beta_1"`
	Beta2        float32  `ckpt:"beta_2,fullname=Adam/beta_2"`
	Decay        float32  `ckpt:"decay,fullname=Adam/decay"`
	LearningRate *float32 `ckpt:"learning_rate,alloc,fullname=Adam/learning_rate"`
}

// SlotFullName implements ckpt.SlotNamer.
func (*Adam) SlotFullName(slot, variable string) string { return slotName("Adam", slot, variable) }

// Adamax is tf.keras.optimizers.legacy.Adamax. Its slots are m and v.
type Adamax struct {
	optimizers.Slots
	Iter         int64    `ckpt:"iter,fullname=Adamax/iter"`
	Beta1        float32  `ckpt:"beta_1,fullname=Adamax/beta_1"`
	Beta2        float32  `ckpt:"beta_2,fullname=Adamax/beta_2"`
	Decay        float32  `ckpt:"decay,fullname=Adamax/decay"`
	LearningRate *float32 `ckpt:"learning_rate,alloc,fullname=Adamax/learning_rate"`
}

// SlotFullName implements ckpt.SlotNamer.
func (*Adamax) SlotFullName(slot, variable string) string { return slotName("Adamax", slot, variable) }

// Nadam is tf.keras.optimizers.legacy.Nadam. Its slots are m and v.
type Nadam struct {
	optimizers.Slots
	Iter          int64    `ckpt:"iter,fullname=Nadam/iter"`
	Beta1         float32  `ckpt:"beta_1,fullname=Nadam/beta_1"`
	Beta2         float32  `ckpt:"beta_2,fullname=Nadam/beta_2"`
	Decay         float32  `ckpt:"decay,fullname=Nadam/decay"`
	LearningRate  *float32 `ckpt:"learning_rate,alloc,fullname=Nadam/learning_rate"`
	MomentumCache *float32 `ckpt:"momentum_cache,alloc,fullname=Nadam/momentum_cache"` // nil before the first step
}

// SlotFullName implements ckpt.SlotNamer.
func (*Nadam) SlotFullName(slot, variable string) string { return slotName("Nadam", slot, variable) }

// Adadelta is tf.keras.optimizers.legacy.Adadelta. Its slots are accum_grad and accum_var.
type Adadelta struct {
	optimizers.Slots
	Iter         int64    `ckpt:"iter,fullname=Adadelta/iter"`
	Decay        float32  `ckpt:"decay,fullname=Adadelta/decay"`
	LearningRate *float32 `ckpt:"learning_rate,alloc,fullname=Adadelta/learning_rate"`
	Rho          float32  `ckpt:"rho,fullname=Adadelta/rho"`
}

// SlotFullName implements ckpt.SlotNamer.
func (*Adadelta) SlotFullName(slot, variable string) string {
	return slotName("Adadelta", slot, variable)
}

// Adagrad is tf.keras.optimizers.legacy.Adagrad. Its slot is accumulator.
type Adagrad struct {
	optimizers.Slots
	Iter         int64    `ckpt:"iter,fullname=Adagrad/iter"`
	Decay        float32  `ckpt:"decay,fullname=Adagrad/decay"`
	LearningRate *float32 `ckpt:"learning_rate,alloc,fullname=Adagrad/learning_rate"`
}

// SlotFullName implements ckpt.SlotNamer.
func (*Adagrad) SlotFullName(slot, variable string) string {
	return slotName("Adagrad", slot, variable)
}

// Ftrl is tf.keras.optimizers.legacy.Ftrl. Its slots are accumulator and linear.
type Ftrl struct {
	optimizers.Slots
	Iter                     int64    `ckpt:"iter,fullname=Ftrl/iter"`
	Beta                     float32  `ckpt:"beta,fullname=Ftrl/beta"`
	Decay                    float32  `ckpt:"decay,fullname=Ftrl/decay"`
	L1RegularizationStrength float32  `ckpt:"l1_regularization_strength,fullname=Ftrl/l1_regularization_strength"`
	L2RegularizationStrength float32  `ckpt:"l2_regularization_strength,fullname=Ftrl/l2_regularization_strength"`
	LearningRate             *float32 `ckpt:"learning_rate,alloc,fullname=Ftrl/learning_rate"`
	LearningRatePower        float32  `ckpt:"learning_rate_power,fullname=Ftrl/learning_rate_power"`
}

// SlotFullName implements ckpt.SlotNamer.
func (*Ftrl) SlotFullName(slot, variable string) string { return slotName("Ftrl", slot, variable) }

// slotName is OptimizerV2's name of a slot variable.
func slotName(optimizer, slot, variable string) string {
	return optimizer + "/" + variable + "/" + slot
}
