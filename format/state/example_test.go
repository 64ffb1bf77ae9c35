package state_test

import (
	"fmt"

	"github.com/gockpt/ckpt/format/state"
)

func ExampleParse() {
	s, err := state.Parse([]byte(`all_model_checkpoint_paths: ["ckpt-2", "ckpt-3"]  model_checkpoint_path: 'ckpt-3'`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Latest, s.All)
	// Output: ckpt-3 [ckpt-2 ckpt-3]
}

func ExampleState_Append() {
	s := &state.State{
		Latest:        `odd "name"`,
		All:           []string{`odd "name"`},
		Timestamps:    []float64{1500000000},
		LastPreserved: 1e16,
	}
	fmt.Print(string(s.Append(nil)))
	// Output:
	// model_checkpoint_path: "odd \"name\""
	// all_model_checkpoint_paths: "odd \"name\""
	// all_model_checkpoint_timestamps: 1500000000.0
	// last_preserved_timestamp: 1e+16
}
