// Package tfkeras holds the state of the optimizers of tf.keras.optimizers in TensorFlow 2.11 to 2.15 and of tf_keras, as
// tf.train.Checkpoint and Model.save_weights store it. Before 2.11 the same optimizers are in
// tf.keras.optimizers.experimental.
//
// Call Build with the variables that an optimizer trains, in TensorFlow's order. The optimizer can then be restored. Package
// keras3 has an example.
package tfkeras

import (
	"github.com/gockpt/ckpt/optimizers/internal/build"
	"github.com/gockpt/ckpt/tensor"
)

// An Optimizer is any optimizer of this package.
type Optimizer interface {
	// Build makes the optimizer's variables for the trained ones. For a trained variable of unknown shape it makes variables
	// that are not built; a restore builds them.
	Build(trained ...tensor.Any) error
}

// Base holds the variables that every optimizer has. Build fills them in, using the fields in the last group.
type Base struct {
	Variables                   []tensor.Any            `ckpt:"_variables"` // all of the optimizer's variables but the learning rate
	Iterations                  *tensor.Tensor[int64]   `ckpt:"_iterations"`
	LearningRate                *tensor.Tensor[float32] `ckpt:"_learning_rate,optional"`         // nil if it is a schedule
	CurrentLearningRate         *tensor.Tensor[float32] `ckpt:"_current_learning_rate,optional"` // nil if the learning rate is not a schedule
	IndexDict                   struct{}                `ckpt:"_index_dict"`
	ModelVariablesMovingAverage []tensor.Any            `ckpt:"_model_variables_moving_average,optional"` // nil unless UseEMA

	VariableNames []string // the names of the trained variables; the default is "Variable"
	Scheduled     bool     // the learning rate is a schedule
	UseEMA        bool     // use_ema

	names map[any]string
}

// VariableName implements ckpt.VariableNamer.
func (b *Base) VariableName(variable any) string { return b.names[variable] }

// begin makes the variables that every optimizer has (Optimizer.build).
func (b *Base) begin(trained []tensor.Any) *build.Builder {
	b.names = make(map[any]string)
	b.Variables = []tensor.Any{}
	bld := &build.Builder{Trained: trained, All: &b.Variables, Names: b.names, Name: func(i int, what string) string {
		return what + "/" + b.trainedName(i)
	}}
	b.Iterations = tensor.Scalar(int64(0))
	b.names[b.Iterations] = "iteration"
	b.Variables = append(b.Variables, b.Iterations)
	rate := tensor.Scalar(float32(0))
	if b.LearningRate, b.CurrentLearningRate = rate, nil; b.Scheduled {
		b.LearningRate, b.CurrentLearningRate = nil, rate
		b.names[rate] = "current_learning_rate"
	} else {
		b.names[rate] = "learning_rate"
	}
	b.ModelVariablesMovingAverage = nil
	if b.UseEMA {
		bld.PerVariable(build.List{To: &b.ModelVariablesMovingAverage, What: "average"})
	}
	return bld
}

func (b *Base) trainedName(i int) string {
	if i < len(b.VariableNames) {
		return b.VariableNames[i]
	}
	return "Variable"
}
