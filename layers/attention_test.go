package layers

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAttentionGolden(t *testing.T) { runGolden(t, "attention", callAttention) }

// attender is what the attention layers have in common.
type attender interface {
	Attend(c *Context, call AttentionCall) (y, scores *Tensor, err error)
}

// callAttention calls an attention layer with a case's keyword arguments.
func callAttention(t testing.TB, c *goldenCase, layer any, ctx *Context, xs []*Tensor) ([]*Tensor, error) {
	call := AttentionCall{
		Query: xs[0], Value: xs[1],
		AttentionMask: c.mask(t, "attention_mask"), ValueMask: c.mask(t, "value_mask"), KeyMask: c.mask(t, "key_mask"),
		Causal: string(c.Kwargs["use_causal_mask"]) == "true",
		Scores: string(c.Kwargs["return_attention_scores"]) == "true",
	}
	if len(xs) == 3 {
		call.Key = xs[2]
	}
	if raw, ok := c.Kwargs["mask"]; ok { // [query's, value's]
		var masks []json.RawMessage
		require.NoError(t, json.Unmarshal(raw, &masks))
		for i, to := range []**Mask{&call.QueryMask, &call.ValueMask} {
			if string(masks[i]) != "null" {
				m, err := parseArray(masks[i])
				require.NoError(t, err)
				*to = maskOf(m, func(v float32) bool { return v != 0 })
			}
		}
	}
	y, scores, err := layer.(attender).Attend(ctx, call)
	if call.Scores {
		return []*Tensor{y, scores}, err
	}
	return []*Tensor{y}, err
}
