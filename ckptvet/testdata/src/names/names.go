package names

import "github.com/gockpt/ckpt/tensor"

type variable = tensor.Tensor[float32]

type twice struct {
	A variable `ckpt:"w"`
	B variable `ckpt:"w"` // want `field B: field A already has the name "w"`
}

type alias struct {
	A variable `ckpt:"a"`
	B variable `ckpt:"b,alias=a"` // want `field A already has the name "a"`
}

type snake struct {
	W1 variable
	X  variable `ckpt:"w1"` // want `field W1 already has the name "w1"`
}

type inner struct{ W variable }

type inlined struct {
	inner
	X variable `ckpt:"w"` // want `field inner.W already has the name "w"`
}

type both struct {
	A inner `ckpt:",inline"`
	B inner `ckpt:",inline"` // want `field A.W already has the name "w"`
}

type named struct {
	inner `ckpt:"-"`
	W     variable
}

type dynamic struct {
	A any
	B variable `ckpt:"a"` // want `field A already has the name "a"`
}

type SelfEmbedding struct {
	*SelfEmbedding          // want `field SelfEmbedding: \*SelfEmbedding is inlined into itself`
	W              variable `ckpt:"w"`
}

type pointer struct {
	*inner          // want `an embedded pointer to an unexported struct cannot be set; embed the struct itself`
	X      variable `ckpt:"x"`
}
