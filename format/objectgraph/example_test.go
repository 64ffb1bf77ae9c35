package objectgraph_test

import (
	"encoding/json"
	"fmt"

	"github.com/gockpt/ckpt/format/objectgraph"
)

func ExampleParse() {
	g, err := objectgraph.Parse([]byte("\x0a\x07\x0a\x05\x08\x01\x12\x01v" +
		"\x0a\x30\x12\x2e\x0a\x0eVARIABLE_VALUE\x1a\x1cv/.ATTRIBUTES/VARIABLE_VALUE"))
	if err != nil {
		fmt.Println(err)
		return
	}
	paths := g.Paths()
	for _, id := range paths.Order() {
		fmt.Println(id, paths.Name(id), g.Nodes[id].Attributes)
	}
	// Output:
	// 0 (root) []
	// 1 (root).v [{VARIABLE_VALUE  v/.ATTRIBUTES/VARIABLE_VALUE}]
}

func ExampleKey() {
	fmt.Println(objectgraph.Key([]string{"model", "conv1/kernel", "v1.0"}, objectgraph.VariableValue))
	// Output: model/conv1.Skernel/v1..0/.ATTRIBUTES/VARIABLE_VALUE
}

func ExampleGraph_MarshalJSON() {
	g := objectgraph.Graph{Nodes: []objectgraph.Node{{Children: []objectgraph.Child{{Name: "me", ID: 0}}}}}
	g.SetHasValues()
	text, err := json.Marshal(g)
	fmt.Println(string(text), err)
	// Output: {"nodes":[{"id":0,"children":[{"name":"me","id":0}],"attributes":[],"slot_variables":[],"has_checkpoint_values":false}]} <nil>
}
