package ops

import (
	"fmt"
	"math"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// dotProductAttention makes keras.ops.dot_product_attention, on [batch length heads width].
func dotProductAttention(c *config.Config) Operator {
	causal := c.Bool("is_causal", false)
	c.Skip("flash_attention")
	c.Refuse("attn_logits_soft_cap")
	return func(a *Arguments) ([]*Value, error) {
		if a.has(3, "bias") {
			return nil, fmt.Errorf("argument %q: %w", "bias", fault.ErrUnknownOption)
		}
		var xs [3]*kernel.Tensor
		for i, name := range []string{"query", "key", "value"} {
			v, err := a.value(i, name)
			if err != nil {
				return nil, err
			}
			if xs[i], err = v.Float(); err != nil {
				return nil, err
			}
			if len(xs[i].Shape()) != 4 {
				return nil, fmt.Errorf("argument %q has shape %v, want rank 4", name, xs[i].Shape())
			}
		}
		q, k, v := xs[0].Shape(), xs[1].Shape(), xs[2].Shape()
		if k[0] != q[0] || k[3] != q[3] || k[2] == 0 || q[2]%k[2] != 0 || !v[:3].Equal(k[:3]) {
			return nil, fmt.Errorf("query shape %v, key shape %v and value shape %v do not fit", q, k, v)
		}
		scale := 1 / math.Sqrt(float64(q[3]))
		if s, ok := a.Get(5, "scale").(Scalar); ok {
			scale = s.F
		} else if a.has(5, "scale") {
			return nil, fmt.Errorf("argument %q: %w", "scale", fault.ErrUnknownOption)
		}
		y, err := newFloats(q[0], q[1], q[2], v[3])
		if err != nil {
			return nil, err
		}
		group := q[2] / k[2]
		own := func(data []float32, n, width int) kernel.RowsAt {
			return kernel.RowsAt{Data: data, Batch: []int{n * q[2] * width, group * width, width}, Row: q[2] * width}
		}
		common := func(data []float32, width int) kernel.RowsAt {
			return kernel.RowsAt{Data: data, Batch: []int{k[1] * k[2] * width, width, 0}, Row: k[2] * width}
		}
		s := &kernel.SoftAttention{
			Batch: []int{q[0], k[2], group},
			Q:     own(xs[0].Data(), q[1], q[3]), K: common(xs[1].Data(), k[3]), V: common(xs[2].Data(), v[3]), Out: own(y.Data(), q[1], v[3]),
			Queries: q[1], Values: k[1], Width: q[3], ValueWidth: v[3], Scale: float32(scale), Masked: kernel.FusedMasked,
		}
		if err := restrict(a, s, causal); err != nil {
			return nil, err
		}
		s.Run(a.Work)
		return []*Value{FloatValue(y)}, nil
	}
}

// restrict sets the mask of s from the call's mask and causal.
func restrict(a *Arguments, s *kernel.SoftAttention, causal bool) error {
	if !a.has(4, "mask") {
		s.Causal = causal
		return nil
	}
	v, err := a.value(4, "mask")
	if err != nil {
		return err
	}
	mask, err := v.Bools()
	if err != nil {
		return err
	}
	if causal {
		all, ok := kernel.BothMasks(mask, kernel.CausalMask(s.Queries, s.Values, true, 0))
		if !ok {
			return fmt.Errorf("mask shape %v does not fit %d queries and %d values", mask.Shape(), s.Queries, s.Values)
		}
		mask = all
	}
	return s.GroupMask(mask)
}

// newFloats returns a tensor of zeros, or an error if the shape is too large for memory.
func newFloats(shape ...int) (*kernel.Tensor, error) {
	if err := kernel.CheckSize(shape); err != nil {
		return nil, err
	}
	return tensor.New[float32](shape...), nil
}
