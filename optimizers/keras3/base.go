// Package keras3 holds the state of the optimizers of Keras 3 (keras.optimizers with the TensorFlow backend), as
// tf.train.Checkpoint and Model.save_weights store it.
//
// Call Build with the variables that an optimizer trains, in Keras's order. The optimizer can then be restored:
//
//	optimizer := &keras3.Adam{Base: keras3.Base{VariableNames: []string{"w", "b"}}}
//	err := optimizer.Build(&model.W, &model.B)
//
// Variables have the names that Keras gives to those of the first optimizer of a kind in a program, unless Base says
// otherwise. Names matter only to programs that read the checkpoint by names.
package keras3

import (
	"strings"

	"github.com/gockpt/ckpt/optimizers/internal/build"
	"github.com/gockpt/ckpt/tensor"
)

// An Optimizer is any optimizer of this package.
type Optimizer interface {
	// Build makes the optimizer's variables for the trained ones. For a trained variable of unknown shape it makes variables
	// that are not built; a restore builds them.
	Build(trained ...tensor.Any) error
	base() *Base
}

// Base holds the variables that every optimizer has. Build fills them in, using the fields in the last group.
type Base struct {
	Variables                   []tensor.Any            `ckpt:"_variables"` // all of the optimizer's variables
	TrainableVariables          []tensor.Any            `ckpt:"_trainable_variables"`
	TrainableVariablesIndices   struct{}                `ckpt:"_trainable_variables_indices"`
	Iterations                  *tensor.Tensor[int64]   `ckpt:"_iterations"`
	LearningRate                *tensor.Tensor[float32] `ckpt:"_learning_rate,optional"` // nil if a schedule computes it
	ModelVariablesMovingAverage []tensor.Any            `ckpt:"_model_variables_moving_average,optional"`
	AccumulatedGradients        []tensor.Any            `ckpt:"_accumulated_gradients,optional"`

	Name              string   // "adam", "adam_1"
	VariableNames     []string // the paths of the trained variables: "dense/kernel"; the default is "variable"
	Scheduled         bool     // the learning rate is a schedule
	UseEMA            bool     // use_ema
	AccumulationSteps bool     // gradient_accumulation_steps

	scope string // name prefix of the optimizer that wraps this one
	names map[any]string
}

func (b *Base) base() *Base { return b }

// VariableName implements ckpt.VariableNamer.
func (b *Base) VariableName(variable any) string { return b.names[variable] }

// begin makes the variables that every optimizer has (BaseOptimizer.build).
func (b *Base) begin(kind string, trained []tensor.Any) *build.Builder {
	if b.Name == "" {
		b.Name = kind
	}
	b.names = make(map[any]string)
	b.TrainableVariables = append([]tensor.Any{}, trained...)
	b.Variables = []tensor.Any{}
	bld := &build.Builder{Trained: trained, All: &b.Variables, Names: b.names, Name: func(i int, what string) string {
		return b.scope + b.Name + "/" + strings.ReplaceAll(b.trainedName(i), "/", "_") + "_" + what
	}}
	b.Iterations = tensor.Scalar(int64(0))
	b.adopt(b.Iterations, "iteration")
	b.LearningRate = nil
	if !b.Scheduled {
		b.LearningRate = tensor.Scalar(float32(0))
		b.adopt(b.LearningRate, "learning_rate")
	}
	b.ModelVariablesMovingAverage, b.AccumulatedGradients = nil, nil
	if b.UseEMA {
		bld.PerVariable(build.List{To: &b.ModelVariablesMovingAverage, What: "average"})
	}
	if b.AccumulationSteps {
		bld.PerVariable(build.List{To: &b.AccumulatedGradients, What: "gradient_accumulator"})
	}
	return bld
}

// adopt adds a variable of the optimizer that does not belong to a trained variable.
func (b *Base) adopt(t tensor.Any, name string) {
	b.Variables = append(b.Variables, t)
	b.names[t] = b.Name + "/" + name
}

func (b *Base) trainedName(i int) string {
	if i < len(b.VariableNames) {
		return b.VariableNames[i]
	}
	return "variable"
}
