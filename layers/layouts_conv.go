package layers

import (
	"github.com/gockpt/ckpt/layers/activation"
	lay "github.com/gockpt/ckpt/layout"
)

// CheckpointLayouts declares torch.nn.Conv1d's: weight is [filters channels/groups window].
func (c *Conv1D) CheckpointLayouts() []lay.Rule {
	return convLayouts("_kernel", "o i a -> a i o", nil, c.Activation)
}

// CheckpointLayouts declares torch.nn.Conv2d's: weight is [filters channels/groups rows columns].
func (c *Conv2D) CheckpointLayouts() []lay.Rule {
	return convLayouts("_kernel", "o i a b -> a b i o", nil, c.Activation)
}

// CheckpointLayouts declares torch.nn.Conv3d's: weight is [filters channels/groups window…].
func (c *Conv3D) CheckpointLayouts() []lay.Rule {
	return convLayouts("_kernel", "o i a b c -> a b c i o", nil, c.Activation)
}

// CheckpointLayouts declares torch.nn.ConvTranspose1d's: weight is [channels filters/groups window].
func (c *Conv1DTranspose) CheckpointLayouts() []lay.Rule {
	return convLayouts("kernel", "i o a -> a o i", nil, c.Activation)
}

// CheckpointLayouts declares torch.nn.ConvTranspose2d's: weight is [channels filters/groups rows columns].
func (c *Conv2DTranspose) CheckpointLayouts() []lay.Rule {
	return convLayouts("kernel", "i o a b -> a b o i", nil, c.Activation)
}

// CheckpointLayouts declares torch.nn.ConvTranspose3d's: weight is [channels filters/groups window…].
func (c *Conv3DTranspose) CheckpointLayouts() []lay.Rule {
	return convLayouts("kernel", "i o a b c -> a b c o i", nil, c.Activation)
}

// CheckpointLayouts declares the names and layouts of a torch.nn.Conv1d with as many groups as channels. DepthMultiplier is the
// number of filters of a channel; 0 means 1.
func (d *DepthwiseConv1D) CheckpointLayouts() []lay.Rule {
	return convLayouts("kernel", "(c m) 1 a -> a c m", lay.Sizes{"m": max(d.DepthMultiplier, 1)}, d.Activation)
}

// CheckpointLayouts declares the names and layouts of a torch.nn.Conv2d with as many groups as channels. DepthMultiplier is the
// number of filters of a channel; 0 means 1.
func (d *DepthwiseConv2D) CheckpointLayouts() []lay.Rule {
	return convLayouts("kernel", "(c m) 1 a b -> a b c m", lay.Sizes{"m": max(d.DepthMultiplier, 1)}, d.Activation)
}

func convLayouts(own, axes string, sizes lay.Sizes, f activation.Func) []lay.Rule {
	kernel := lay.Pattern(lay.PyTorch, own, "weight", axes, sizes)
	kernel.Note = noteActivation(f)
	return append(refusals("weight"), kernel)
}
