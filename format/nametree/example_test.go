package nametree_test

import (
	"fmt"
	"log"
	"slices"

	"github.com/gockpt/ckpt/format/nametree"
)

func Example() {
	graph, err := nametree.Graph(slices.Values([]string{"layers.0.weight", "layers.0.bias", "head.weight"}))
	if err != nil {
		log.Fatal(err)
	}
	for _, child := range graph.Nodes[0].Children {
		fmt.Println(child.Name, len(graph.Nodes[child.ID].Children))
	}
	// Output:
	// layers 1
	// head 1
}
