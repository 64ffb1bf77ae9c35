package fixes

import "github.com/gockpt/ckpt/tensor"

type model struct {
	A tensor.Tensor[float32] `ckpt:"a,optinal"`               // want `unknown option "optinal"`
	B tensor.Tensor[float32] `json:"b" ckpt:"b,alais=c,cast"` // want `unknown option "alais"`
	C int64                  `ckpt:"c2,alloc"`                // want `option "alloc" is for a pointer`
	d tensor.Tensor[float32] `ckpt:"d"`                       // want `not exported`
	E tensor.Tensor[float32] `ckpt: "e"`                      // want `reflection finds no ckpt tag`
	F []float32              // want `field F \[\]float32 has no ckpt tag`
	G []float32              `json:"g"` // want `field G \[\]float32 has no ckpt tag`
}
