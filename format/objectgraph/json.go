package objectgraph

import (
	"bytes"
	"encoding/json"
	"io"
)

// MarshalJSON returns g as one JSON object:
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
// Empty lists are included. has_checkpoint_values is null if the checkpoint does not say. registered_saver is left out if
// there is none.
func (g Graph) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	err := g.WriteJSON(&b)
	return b.Bytes(), err
}

// WriteJSON writes g as MarshalJSON does, but with one node per line and without the whole text in memory.
func (g Graph) WriteJSON(w io.Writer) error {
	before := "{\"nodes\": [\n"
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	for id := range g.Nodes {
		line.Reset()
		line.WriteString(before)
		before = ",\n"
		if err := enc.Encode(jsonOf(id, &g.Nodes[id])); err != nil {
			return err
		}
		if _, err := w.Write(bytes.TrimSuffix(line.Bytes(), []byte("\n"))); err != nil {
			return err
		}
	}
	after := "\n]}\n"
	if len(g.Nodes) == 0 {
		after = "{\"nodes\": []}\n"
	}
	_, err := io.WriteString(w, after)
	return err
}

type jsonNode struct {
	ID         int              `json:"id"`
	Children   []Child          `json:"children"`
	Attributes []Attribute      `json:"attributes"`
	Slots      []Slot           `json:"slot_variables"`
	HasValues  *bool            `json:"has_checkpoint_values"`
	Saver      *RegisteredSaver `json:"registered_saver,omitempty"`
}

func jsonOf(id int, n *Node) jsonNode {
	return jsonNode{id, notNil(n.Children), notNil(n.Attributes), notNil(n.Slots), n.HasValues, n.Saver}
}

func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
