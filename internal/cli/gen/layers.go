package gen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/tensor"
)

// A layer is the layer of package layers that an object was recognized as.
type layer struct {
	goType  string   // layers.Dense
	options string   // in a composite literal: options that follow from the variables or must be set before a restore
	many    bool     // a slice of layers; options lists its elements
	note    string   // the options that the file does not tell
	parts   []int    // the objects in it
	path    []string // Keras's names for the layer and its parents, from the names of the variables; nil if unknown
}

// name returns Keras's name for the layer, "" if it is unknown.
func (l *layer) name() string {
	if len(l.path) == 0 {
		return ""
	}
	return l.path[len(l.path)-1]
}

// literal returns the layer as a Go expression.
func (l *layer) literal() string { return l.goType + "{" + l.options + "}" }

// recognise turns objects into layers if they have exactly the variables of a layer. It finds layers that wrap others last.
func (g *graph) recognise() {
	if g.byName {
		return // the names in such a checkpoint are not the edges of layers
	}
	g.names = make(map[int]string)
	for _, n := range g.nodes {
		for _, e := range n.edges {
			g.names[e.to] = strings.Join(append([]string{e.name}, e.also...), " ")
		}
	}
	order := g.reach(func(int, edge) bool { return false }).order
	for pass, found := 0, true; found; pass++ {
		found = false
		for _, id := range slices.Backward(order) {
			n := &g.nodes[id]
			if n.layer != nil || n.kind != kindGroup || len(n.slots) > 0 || len(n.edges) == 0 {
				continue
			}
			if n.layer = g.layerOf(id); n.layer == nil {
				continue
			}
			found = true
			n.kind = kindLayer
			for _, e := range n.edges {
				n.layer.parts = append(n.layer.parts, e.to)
			}
			n.edges = nil
		}
	}
}

// weights holds the variables of an object that may be a layer, and the layers in it.
type weights struct {
	shapes map[string]tensor.Shape
	inner  map[string]*layer
	path   []string // Keras's names, as in [layer]
	hint   string   // the layer's name, and the name below it
}

// has reports whether the weights have exactly the given names. Names in parentheses may be missing.
func (w *weights) has(names string) bool {
	found := 0
	for name := range strings.FieldsSeq(names) {
		bare := strings.Trim(name, "()")
		_, ok := w.shapes[bare]
		if ok {
			found++
		} else if bare == name {
			return false
		}
	}
	return found == len(w.shapes) && len(w.inner) == 0 && found > 0
}

func (w *weights) rank(name string) int { return len(w.shapes[name]) }

func (g *graph) layerOf(id int) *layer {
	w := &weights{shapes: make(map[string]tensor.Shape), inner: make(map[string]*layer)}
	for _, e := range g.nodes[id].edges {
		child := &g.nodes[e.to]
		switch {
		case child.kind == kindVariable && (isWeight(child.values[0].dtype) || e.name == "count" || g.torch && e.name == "num_batches_tracked"):
			w.shapes[e.name] = child.values[0].shape
			if steps := strings.Split(child.values[0].fullName, "/"); w.path == nil {
				w.path = steps[:len(steps)-1]
			}
		case child.kind == kindLayer:
			w.inner[e.attribute()] = child.layer
			if w.path == nil && len(child.layer.path) > 0 {
				w.path = child.layer.path[:len(child.layer.path)-1]
			}
		default:
			return nil
		}
	}
	if g.torch {
		l := w.torch(g.names[id])
		if l != nil {
			l.goType = "layers." + l.goType
			if l.many {
				l.goType = "[]" + l.goType
			}
		}
		return l
	}
	if len(w.shapes) > 0 && len(w.inner) > 0 {
		return nil
	}
	if w.hint = g.names[id]; len(w.path) > 0 {
		w.hint = w.path[len(w.path)-1]
	}
	l := w.plain()
	if l == nil {
		l = w.wrapper()
	}
	if l != nil {
		l.goType, l.path = "layers."+l.goType, w.path
	}
	return l
}

// attribute returns the name of the attribute by which a layer around it holds a layer, if that is one of the edge's names.
func (e edge) attribute() string {
	for _, name := range append([]string{e.name}, e.also...) {
		switch name {
		case "query_dense", "key_dense", "value_dense", "output_dense", "gate_dense":
			return "_" + name
		case "cell", "layer", "forward_layer", "backward_layer", "_query_dense", "_key_dense", "_value_dense", "_output_dense", "_gate_dense":
			return name
		}
	}
	return e.name
}

// isWeight reports whether a layer's weights can be restored from dtype d.
func isWeight(d tensor.DType) bool {
	return d == tensor.DTFloat32 || d == tensor.DTFloat16 || d == tensor.DTBFloat16 || d == tensor.DTInt8
}

// plain recognizes layers that hold only variables.
func (w *weights) plain() *layer {
	switch {
	case w.has("_kernel (bias) (lora_kernel_a) (lora_kernel_b)"), w.has("_kernel (bias) kernel_scale (lora_kernel_a) (lora_kernel_b)"), w.has("kernel (bias)"):
		return w.kernel()
	case w.has("kernel recurrent_kernel (bias)"):
		return w.cell()
	case w.has("_embeddings (lora_embeddings_a) (lora_embeddings_b)"), w.has("_embeddings embeddings_scale (lora_embeddings_a) (lora_embeddings_b)"), w.has("embeddings"):
		return &layer{goType: "Embedding"}
	case w.has("depthwise_kernel pointwise_kernel (bias)"):
		return w.ofRank("SeparableConv", w.rank("depthwise_kernel")-2, 2)
	case w.has("depthwise_kernel (bias)"):
		return w.ofRank("DepthwiseConv", w.rank("depthwise_kernel")-2, 2)
	case w.has("(gamma) (beta) moving_mean moving_variance"):
		return &layer{goType: "BatchNormalization"}
	case w.has("adapt_mean adapt_variance (count)"), w.has("mean variance count"):
		return &layer{goType: "Normalization"}
	case w.has("(gamma) (beta)"):
		if strings.Contains(w.hint, "group") {
			return &layer{goType: "GroupNormalization"}
		}
		return &layer{goType: "LayerNormalization"}
	case w.has("scale") && w.rank("scale") == 0, w.has("(scale) concat_score_weight"):
		return &layer{goType: "Attention"}
	case w.has("scale") && strings.Contains(w.hint, "attention"):
		return &layer{goType: "AdditiveAttention"}
	case w.has("scale"):
		return &layer{goType: "RMSNormalization"}
	case w.has("alpha") && w.rank("alpha") > 0:
		return &layer{goType: "PReLU"}
	}
	return nil
}

// ofRank returns the layer of a family for a number of spatial axes, which must be at most most.
func (w *weights) ofRank(family string, axes, most int) *layer {
	if axes < 1 || axes > most {
		return nil
	}
	return &layer{goType: fmt.Sprintf("%s%dD", family, axes)}
}

// kernel distinguishes the layers with a kernel and a bias by the kernel's rank, by Keras's name for the layer, and by the
// axis of the kernel that has the bias's length.
func (w *weights) kernel() *layer {
	kernel, hidden := w.shapes["_kernel"]
	if !hidden { // in Keras 3 only Dense, EinsumDense and Conv have _kernel
		kernel = w.shapes["kernel"]
	}
	bias, rank := w.shapes["bias"], len(kernel)
	if rank == 2 && len(bias) <= 1 {
		return &layer{goType: "Dense"}
	}
	switch {
	case len(bias) > 1, strings.Contains(w.hint, "einsum"), rank < 2, rank > 5:
		if rank == 0 {
			return nil
		}
		return &layer{goType: "EinsumDense"}
	case strings.Contains(w.hint, "depthwise"):
		return w.ofRank("DepthwiseConv", rank-2, 2)
	case strings.Contains(w.hint, "transpose"):
		return w.ofRank("Conv", rank-2, 3).transposed()
	case hidden || len(bias) == 0 || bias[0] == kernel[rank-1] && kernel[rank-1] > 1:
		return w.ofRank("Conv", rank-2, 3)
	case bias[0] == kernel[rank-1]*kernel[rank-2]:
		return w.ofRank("DepthwiseConv", rank-2, 2)
	case bias[0] == kernel[rank-2]:
		return w.ofRank("Conv", rank-2, 3).transposed()
	}
	return w.ofRank("Conv", rank-2, 3)
}

// transposed returns the transposed layer of a convolution, nil for Conv3D, because package layers lacks it.
func (l *layer) transposed() *layer {
	if l == nil || l.goType == "Conv3D" {
		return nil
	}
	return &layer{goType: l.goType + "Transpose"}
}

// cell distinguishes the cells by the number of kernels that are joined in one.
func (w *weights) cell() *layer {
	kernel, recurrent, bias := w.shapes["kernel"], w.shapes["recurrent_kernel"], w.shapes["bias"]
	rank := len(kernel)
	if rank < 2 || len(recurrent) != rank || recurrent[rank-2] == 0 || recurrent[rank-1] != kernel[rank-1] {
		return nil
	}
	switch gates := recurrent[rank-1] / recurrent[rank-2]; {
	case gates*recurrent[rank-2] != recurrent[rank-1]:
	case rank > 2 && gates == 4:
		return &layer{goType: "ConvLSTMCell"}
	case rank > 2:
	case gates == 1:
		return &layer{goType: "SimpleRNNCell"}
	case gates == 3 && len(bias) == 1:
		return &layer{goType: "GRUCell", options: "ResetBefore: true"}
	case gates == 3:
		return &layer{goType: "GRUCell"}
	case gates == 4:
		return &layer{goType: "LSTMCell"}
	}
	return nil
}

// wrapper recognizes layers that hold other layers.
func (w *weights) wrapper() *layer {
	is := func(name, goType string) bool {
		l := w.inner[name]
		return l != nil && l.goType == "layers."+goType
	}
	only := func(names ...string) bool {
		for _, name := range names {
			if w.inner[name] == nil {
				return false
			}
		}
		return len(w.inner) == len(names) && len(w.shapes) == 0
	}
	switch {
	case only("cell"):
		cell := w.inner["cell"]
		name := strings.TrimPrefix(cell.goType, "layers.")
		goType, ok := strings.CutSuffix(name, "Cell")
		if !ok {
			return nil
		}
		l := &layer{goType: goType}
		if cell.options != "" {
			l.options = "Cell: " + cell.literal()
		}
		return l
	case only("forward_layer", "backward_layer"):
		forward, backward := w.inner["forward_layer"], w.inner["backward_layer"]
		if !isRecurrent(forward) || !isRecurrent(backward) {
			return nil
		}
		back := *backward
		back.options = strings.TrimPrefix(back.options+", GoBackwards: true", ", ")
		return &layer{goType: "Bidirectional",
			options: "ForwardLayer: &" + forward.literal() + ", BackwardLayer: &" + back.literal()}
	case only("layer") && takesOne(w.inner["layer"]) && len(w.inner["layer"].options) < maxOptions:
		return &layer{goType: "TimeDistributed", options: "Layer: &" + w.inner["layer"].literal()}
	}
	for _, name := range []string{"_query_dense", "_key_dense", "_value_dense", "_output_dense"} {
		if !is(name, "EinsumDense") && !is(name, "Conv1D") { // Conv1D's bias has one axis
			return nil
		}
	}
	if len(w.inner) != 4 && !(len(w.inner) == 5 && is("_gate_dense", "EinsumDense")) {
		return nil
	}
	if strings.Contains(w.hint, "group") {
		return &layer{goType: "GroupQueryAttention"}
	}
	return &layer{goType: "MultiHeadAttention"}
}

// maxOptions bounds the options of a nested layer, because each level repeats them. Deeper layers become structs.
const maxOptions = 4096

func isRecurrent(l *layer) bool {
	return slices.Contains([]string{"layers.SimpleRNN", "layers.LSTM", "layers.GRU", "layers.ConvLSTM"}, l.goType)
}

// takesOne reports whether l is a [layers.Layer], which takes one tensor.
func takesOne(l *layer) bool {
	return !strings.HasSuffix(l.goType, "Cell") && !strings.HasSuffix(l.goType, "Attention")
}
