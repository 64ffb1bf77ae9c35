package names

import "github.com/gockpt/ckpt/tensor"

type variable = tensor.Tensor[float32]

type twice struct {
	A variable `ckpt:"w"`
	B variable `ckpt:"w"` // want `field B: the name "w" is that of field A already`
}

type alias struct {
	A variable `ckpt:"a"`
	B variable `ckpt:"b,alias=a"` // want `the name "a" is that of field A already`
}

type snake struct {
	W1 variable
	X  variable `ckpt:"w1"` // want `the name "w1" is that of field W1 already`
}

type inner struct{ W variable }

type inlined struct {
	inner
	X variable `ckpt:"w"` // want `the name "w" is that of field inner.W already`
}

type both struct {
	A inner `ckpt:",inline"`
	B inner `ckpt:",inline"` // want `the name "w" is that of field A.W already`
}

type named struct {
	inner `ckpt:"-"`
	W     variable
}

type dynamic struct {
	A any
	B variable `ckpt:"a"` // want `the name "a" is that of field A already`
}

type SelfEmbedding struct {
	*SelfEmbedding          // want `field SelfEmbedding: \*SelfEmbedding is inlined into itself`
	W              variable `ckpt:"w"`
}

type pointer struct {
	*inner          // want `an embedded pointer to an unexported struct cannot be set; embed the struct itself`
	X      variable `ckpt:"x"`
}
