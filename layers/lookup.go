package layers

import (
	"math"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// A Lookup implements StringLookup and IntegerLookup: a vocabulary, and the indices of its tokens.
//
// Keras 3 does not save a vocabulary in checkpoints. A layer's configuration has it only if it was passed to the constructor. Set
// a vocabulary from adapt in the field Vocabulary.
type Lookup[T int64 | string] struct {
	Vocabulary []T // tokens by index; as in Keras it may begin with the mask token and the unknown tokens

	MaskToken  *T     // nil: no token is masked
	OOVToken   T      // stands for unknown tokens if Invert is set
	NumOOV     int    // the number of indices for unknown tokens; -1: none, and an unknown token is an error; 0: 1
	Invert     bool   // look up tokens by index
	OutputMode string // "int", which "" is too, "one_hot", "multi_hot", "count" or "tf_idf"
	MaxTokens  int    // with PadToMaxTokens, the width of the encoded output
	PadToMax   bool
	IDFWeights []float32 // one for each index, for "tf_idf"
	Name       string    // for error messages

	kind string
}

// StringLookup is keras.layers.StringLookup. Its input is strings, so call it with [Lookup.Indices] or within a [Model].
type StringLookup = Lookup[string]

// IntegerLookup is keras.layers.IntegerLookup.
type IntegerLookup = Lookup[int64]

func (l *Lookup[T]) id() id {
	if l.kind == "" {
		return id{"lookup", l.Name}
	}
	return id{l.kind, l.Name}
}

func (l *Lookup[T]) mode() encoding {
	if l.OutputMode == "" {
		return asInt
	}
	return encoding(l.OutputMode)
}

func (l *Lookup[T]) oov() int {
	if l.NumOOV == 0 {
		return 1
	}
	return max(l.NumOOV, 0)
}

// start returns the first index for unknown tokens and the index of the first token.
func (l *Lookup[T]) start() (unknown, token int) {
	if l.MaskToken != nil && l.mode() == asInt {
		unknown = 1
	}
	return unknown, unknown + l.oov()
}

// tokens returns the vocabulary without the special tokens that it may begin with.
func (l *Lookup[T]) tokens() ([]T, error) {
	if len(l.Vocabulary) == 0 {
		return nil, errorf(l.id(), "no vocabulary: %w", ErrNotBuilt)
	}
	if l.NumOOV < -1 || l.NumOOV > maxOption {
		return nil, errorf(l.id(), "%d indices for unknown tokens, want 0 to %d", l.NumOOV, maxOption)
	}
	unknown, token := l.start()
	if len(l.Vocabulary) < token || unknown == 1 && l.Vocabulary[0] != *l.MaskToken {
		return l.Vocabulary, nil
	}
	for _, t := range l.Vocabulary[unknown:token] {
		if t != l.OOVToken {
			return l.Vocabulary, nil
		}
	}
	return l.Vocabulary[token:], nil
}

// Indices returns the index of each token. A masked token has index 0, or, if the output is encoded, an index that does not count.
// A token that is not in the vocabulary has the index for unknown tokens.
func (l *Lookup[T]) Indices(x *tensor.Tensor[T]) (*tensor.Tensor[int64], error) {
	tokens, err := l.tokens()
	if err != nil {
		return nil, err
	}
	if x == nil || !x.Built() {
		return nil, shapeErrorf(l.id(), "input", nil, "a tensor of tokens")
	}
	unknown, start := l.start()
	index := make(map[T]int64, len(tokens))
	for i, t := range tokens {
		if _, ok := index[t]; ok {
			return nil, errorf(l.id(), "the vocabulary contains %v twice", t)
		}
		index[t] = int64(start + i)
	}
	y := tensor.New[int64](x.Shape()...)
	for i, t := range x.Data() {
		at, ok := index[t]
		switch {
		case l.MaskToken != nil && t == *l.MaskToken:
			if at = 0; l.mode() != asInt {
				at = math.MaxInt64
			}
		case ok:
		case l.oov() == 0:
			return nil, errorf(l.id(), "value %d of the input, %v, is not in the vocabulary, and NumOOV allows no unknown tokens", i, t)
		default:
			n, isInt := any(t).(int64)
			if l.oov() > 1 && !isInt {
				return nil, errorf(l.id(), "%d indices for unknown strings are not supported: %w", l.oov(), ErrUnknownOption)
			}
			at = int64(unknown)
			if l.oov() > 1 {
				at += ops.FloorMod64(n, int64(l.oov()))
			}
		}
		y.Data()[i] = at
	}
	return y, nil
}

// Tokens is the inverse of Indices. It returns the token of each index, or the token for unknown tokens if there is none.
func (l *Lookup[T]) Tokens(x *tensor.Tensor[int64]) (*tensor.Tensor[T], error) {
	tokens, err := l.tokens()
	if err != nil {
		return nil, err
	}
	if x == nil || !x.Built() {
		return nil, shapeErrorf(l.id(), "input", nil, "a tensor of indices")
	}
	_, start := l.start()
	return kernel.Map(x, func(at int64) T {
		switch at -= int64(start); {
		case at+int64(start) == 0 && l.MaskToken != nil:
			return *l.MaskToken
		case at >= 0 && at < int64(len(tokens)):
			return tokens[at]
		}
		return l.OOVToken
	}), nil
}

// Encode is Indices, encoded in an output mode other than "int".
func (l *Lookup[T]) Encode(x *tensor.Tensor[T]) (*Tensor, error) {
	indices, err := l.Indices(x)
	if err != nil {
		return nil, err
	}
	tokens, err := l.tokens()
	if err != nil {
		return nil, err
	}
	_, start := l.start()
	depth := start + len(tokens)
	if l.PadToMax {
		depth = l.MaxTokens
	}
	y, err := l.mode().encode(l.id(), indices, depth, nil)
	if err != nil || l.mode() != asTFIDF {
		return y, err
	}
	weights, err := l.weights(depth, start, len(tokens))
	if err != nil {
		return nil, err
	}
	for i := range y.Data() {
		y.Data()[i] *= weights[i%depth]
	}
	return y, nil
}

// weights returns the inverse document frequency of each index: for unknown tokens without one, the mean of the others.
func (l *Lookup[T]) weights(depth, start, tokens int) ([]float32, error) {
	w := make([]float32, depth)
	switch len(l.IDFWeights) {
	case tokens:
		for i := range min(start, depth) {
			w[i] = ops.MeanRow(l.IDFWeights)
		}
		copy(w[min(start, depth):], l.IDFWeights)
	case start + tokens:
		copy(w, l.IDFWeights)
	default:
		return nil, errorf(l.id(), "%d IDF weights for %d tokens", len(l.IDFWeights), tokens)
	}
	return w, nil
}

// callKeras looks up the values of the model's tensor.
func (l *Lookup[T]) callKeras(a *ops.Arguments) ([]*ops.Value, error) {
	v, ok := a.First().(*ops.Value)
	if !ok {
		return nil, errorf(l.id(), "argument %s, want a tensor", ops.DescribeArg(a.First()))
	}
	var zero T
	_, words := any(zero).(string)
	if l.Invert {
		n, err := v.Ints()
		if err != nil {
			return nil, errorf(l.id(), "%w", err)
		}
		x, err := l.Tokens(n)
		as := tensor.DTInt64
		if words {
			as = tensor.DTString
		}
		return []*ops.Value{{X: x, As: as}}, err
	}
	if !words {
		n, err := v.Ints()
		if err != nil {
			return nil, errorf(l.id(), "%w", err)
		}
		v = ops.IntValue(n, tensor.DTInt64)
	}
	x, ok := v.X.(*tensor.Tensor[T])
	if !ok {
		return nil, errorf(l.id(), "an input of %v, want strings", v.As)
	}
	if l.mode() == asInt {
		y, err := l.Indices(x)
		return []*ops.Value{ops.IntValue(y, tensor.DTInt64)}, err
	}
	y, err := l.Encode(x)
	if err != nil || l.mode() == asTFIDF {
		return []*ops.Value{ops.FloatValue(y)}, err
	}
	out, err := ops.FloatValue(y).Cast(tensor.DTInt64)
	return []*ops.Value{out}, err
}

func makeStringLookup(c *config.Config) any {
	l := readLookup[string](c, "string_lookup", "[UNK]")
	c.Skip("encoding")
	if l.oov() > 1 && !l.Invert {
		c.Fail("option %q is %d, and hashing of strings is not supported: %w", "num_oov_indices", l.oov(), ErrUnknownOption)
	}
	return l
}

func makeIntegerLookup(c *config.Config) any {
	l := readLookup[int64](c, "integer_lookup", -1)
	if c.Text("vocabulary_dtype", "int64") != "int64" {
		c.Fail("option %q: %w", "vocabulary_dtype", ErrUnknownOption)
	}
	return l
}

func readLookup[T int64 | string](c *config.Config, kind string, unknown T) *Lookup[T] {
	l := &Lookup[T]{
		OOVToken:   unknown,
		NumOOV:     c.Int("num_oov_indices", 1),
		Invert:     c.Bool("invert", false),
		OutputMode: c.Text("output_mode", string(asInt)),
		MaxTokens:  c.Int("max_tokens", 0),
		PadToMax:   c.Bool("pad_to_max_tokens", false),
		Name:       c.Name(),
		kind:       kind,
	}
	switch {
	case l.NumOOV < 0 || l.NumOOV > maxOption:
		c.Fail("option %q is %d, want 0 to %d", "num_oov_indices", l.NumOOV, maxOption)
	case l.NumOOV == 0:
		l.NumOOV = -1
	}
	c.Get("oov_token", &l.OOVToken)
	c.Get("vocabulary", &l.Vocabulary)
	if mask := new(T); c.Get("mask_token", mask) {
		l.MaskToken = mask
	}
	if x := c.Array("idf_weights"); x != nil {
		l.IDFWeights = x.Data()
	}
	c.Refuse("sparse", "salt")
	c.Skip("vocabulary_size", "has_input_vocabulary")
	if m := c.Text("oov_method", "floormod"); m != "floormod" {
		c.Fail("option %q is %q: %w", "oov_method", m, ErrUnknownOption)
	}
	return l
}

// dtype returns the dtype of a lookup's output in a model.
func (l *Lookup[T]) dtype() tensor.DType {
	var zero T
	switch _, words := any(zero).(string); {
	case l.Invert && words:
		return tensor.DTString
	case l.mode() == asTFIDF:
		return tensor.DTFloat32
	}
	return tensor.DTInt64
}
