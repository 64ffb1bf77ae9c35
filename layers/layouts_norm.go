package layers

import (
	"fmt"

	lay "github.com/gockpt/ckpt/layout"
)

// CheckpointLayouts declares torch.nn.BatchNorm1d's, 2d's and 3d's.
func (b *BatchNormalization) CheckpointLayouts() []lay.Rule {
	rules := append(affineLayouts(),
		lay.Renamed(lay.PyTorch, "moving_mean", "running_mean"),
		lay.Renamed(lay.PyTorch, "moving_variance", "running_var"),
		lay.Unneeded(lay.PyTorch, "num_batches_tracked"))
	return noteEpsilon(rules, b.Epsilon, 1e-3, "1e-05")
}

// CheckpointIgnores names the additional values that tf_keras stores for a layer that renormalizes batches. Inference does not
// need them.
func (b *BatchNormalization) CheckpointIgnores() []string {
	return []string{"renorm_mean", "renorm_stddev", "renorm_mean_weight", "renorm_stddev_weight"}
}

// CheckpointLayouts declares torch.nn.LayerNorm's.
func (l *LayerNormalization) CheckpointLayouts() []lay.Rule {
	return noteEpsilon(affineLayouts(), l.Epsilon, 1e-3, "1e-05")
}

// CheckpointLayouts declares torch.nn.GroupNorm's, and, if Groups is -1, a torch.nn.InstanceNorm's without running statistics.
func (g *GroupNormalization) CheckpointLayouts() []lay.Rule {
	rules := noteEpsilon(affineLayouts(), g.Epsilon, 1e-3, "1e-05")
	if g.Groups == 0 {
		for i := range rules {
			rules[i].Note = joinNotes(rules[i].Note, "Groups is not set and not in the file: 32, Keras's default, is used; PyTorch has no default")
		}
	}
	return append(rules, lay.Refused(lay.PyTorch, "running_mean",
		"an InstanceNorm with running statistics computes the same as BatchNormalization after training: declare a BatchNormalization"))
}

// CheckpointLayouts declares torch.nn.RMSNorm's.
func (r *RMSNormalization) CheckpointLayouts() []lay.Rule {
	return noteEpsilon([]lay.Rule{lay.Renamed(lay.PyTorch, "scale", "weight")}, r.Epsilon, 1e-6, "the dtype's, 1.1920929e-07 for float32")
}

// CheckpointOptional reports whether the layer has neither gamma nor beta: see [lay.Optional].
func (l *LayerNormalization) CheckpointOptional() bool { return l.NoScale && l.NoCenter }

// CheckpointOptional reports whether the layer has neither gamma nor beta: see [lay.Optional].
func (g *GroupNormalization) CheckpointOptional() bool { return g.NoScale && g.NoCenter }

func affineLayouts() []lay.Rule {
	return []lay.Rule{lay.Renamed(lay.PyTorch, "gamma", "weight"), lay.Renamed(lay.PyTorch, "beta", "bias")}
}

// noteEpsilon makes the report say that an epsilon was not set and is therefore Keras's default, which may differ from the default
// of the file's framework. It adds the note to every rule, because any of them may be the only one that applies.
func noteEpsilon(rules []lay.Rule, epsilon, keras float32, torch string) []lay.Rule {
	for i := range rules {
		if epsilon == 0 {
			rules[i].Note = fmt.Sprintf("Epsilon is not set and not in the file: %v, Keras's default, is used; PyTorch's default is %s", keras, torch)
		}
	}
	return rules
}

func joinNotes(a, b string) string {
	if a == "" {
		return b
	}
	return a + ". " + b
}
