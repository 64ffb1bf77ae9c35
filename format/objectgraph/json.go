package objectgraph

import "encoding/json"

// MarshalJSON returns g as one object that spells everything out:
//
//	{"nodes": [{
//		"id": 0,
//		"children": [{"name": "w", "id": 1}],
//		"attributes": [{"name": "VARIABLE_VALUE", "full_name": "w", "checkpoint_key": "w/.ATTRIBUTES/VARIABLE_VALUE"}],
//		"slot_variables": [{"original_variable_node_id": 1, "slot_name": "m", "slot_variable_node_id": 2}],
//		"has_checkpoint_values": true,
//		"registered_saver": {"name": "s", "object_name": "w"}
//	}]}
//
// Lists without elements are there, has_checkpoint_values is null where the checkpoint does not say, and
// registered_saver is left out where there is none.
func (g Graph) MarshalJSON() ([]byte, error) {
	type node struct {
		ID         int              `json:"id"`
		Children   []Child          `json:"children"`
		Attributes []Attribute      `json:"attributes"`
		Slots      []Slot           `json:"slot_variables"`
		HasValues  *bool            `json:"has_checkpoint_values"`
		Saver      *RegisteredSaver `json:"registered_saver,omitempty"`
	}
	graph := struct {
		Nodes []node `json:"nodes"`
	}{make([]node, len(g.Nodes))}
	for i, n := range g.Nodes {
		graph.Nodes[i] = node{i, notNil(n.Children), notNil(n.Attributes), notNil(n.Slots), n.HasValues, n.Saver}
	}
	return json.Marshal(graph)
}

func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
