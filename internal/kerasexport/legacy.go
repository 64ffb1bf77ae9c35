package kerasexport

import (
	"fmt"
	"path"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/walk"
)

// legacyGraph is Graph for a legacy file. Keras itself uses the order of layers in such files, unless by_name is set. Here names come
// first. The order counts only if the file has no name of the program, so it cannot contradict a name.
func legacyGraph(r format.Reader, g *objectgraph.Graph, start func() *walk.Walker) (extended *objectgraph.Graph, note, hint string) {
	legacy, ok := r.(interface {
		LegacyVariables(g *objectgraph.Graph) []keras.ExportedVariable
	})
	if !ok {
		return g, "", ""
	}
	variables := legacy.LegacyVariables(g)
	if len(variables) == 0 {
		return g, "", ""
	}
	w := start()
	if w == nil {
		return g, "", ""
	}
	p := &exportedProgram{graph: g, variables: variables, walker: w}
	p.collect(w.Graph().Root(), make(map[*object.Node]bool))
	defer p.undo()
	if found, _ := p.findable(); found > 0 || len(p.leaves) == 0 {
		return g, "", ""
	}
	err := p.inOrder()
	if err == nil {
		err = p.ordered()
	}
	if err != nil {
		return g, "", fmt.Sprintf("no layer of the file has a name of the model, and the file does not fit in the order of its layers, by which Keras loads it: %v", err)
	}
	return p.graph, "no layer of the file has a name of the model: layers were matched in their order, as Keras's load_weights does", ""
}

// ordered returns an error if names cannot confirm the order of the weights. For a model inside the model, Keras lists the weights
// of frozen layers last. So several layers in one layer of the file may be in another order.
func (p *exportedProgram) ordered() error {
	for i := 1; i < len(p.taken); i++ {
		before, v := p.variables[i-1], p.variables[i]
		if v.Layer == before.Layer && path.Dir(v.Name) != path.Dir(before.Name) && p.taken[i].Parent != p.taken[i-1].Parent && !sameLayer(p.taken[i], p.taken[i-1]) {
			return fmt.Errorf("%s is a model of several layers, and their order depends on which of them were frozen", v.Layer)
		}
	}
	return nil
}

// sameLayer reports whether two variables belong to the same layer, such as a Bidirectional.
func sameLayer(a, b *object.Node) bool {
	above := make(map[*object.Node]bool)
	for n := a.Parent; n != nil; n = n.Parent {
		above[n] = true
	}
	for n := b.Parent; n != nil; n = n.Parent {
		if above[n] {
			name := n.Obj.Type().Name()
			return n.Obj.Type().PkgPath() == layersPackage && name != "Model" && name != "Sequential" && name != "Chain"
		}
	}
	return false
}

// layersPackage is the package of the layers.
const layersPackage = "github.com/gockpt/ckpt/layers"
