package tags

import (
	"encoding"
	"unsafe"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

type good struct {
	Kernel  tensor.Tensor[float32] `ckpt:"kernel,alias=w,fullname=dense/kernel"`
	Bias    []float32              `ckpt:"bias,shape=2x3,optional"`
	Rows    [][]float64            `ckpt:"rows,cast,alloc"`
	Array   [6]float32             `ckpt:"array,shape=2x3"`
	Flat    *[]float32             `ckpt:"flat,shape=6"`
	Step    int64                  `ckpt:"step"`
	Quoted  int64                  `ckpt:"'a,b\\'c'"`
	Scratch tensor.Tensor[float32] `ckpt:"-"`
	Other   any                    `ckpt:"other"`
	Units   []int
	Stride  [2]int
	Names   []string
	private []float32
	Parts   parts `ckpt:",inline"`
	Map     map[string]*parts
	ByID    map[int]string
	Done    func()
	Wire    wire   `ckpt:"wire"`
	JSON    []byte `json:"json" ckpt:"json_bytes"`
}

type parts struct{ A, B tensor.Tensor[float32] }

// wire is saved as bytes.
type wire struct{ c chan int }

func (w *wire) MarshalBinary() ([]byte, error)    { return nil, nil }
func (w *wire) UnmarshalBinary(data []byte) error { return nil }

var _ encoding.BinaryMarshaler = (*wire)(nil)

type options struct {
	A tensor.Tensor[float32] `ckpt:"a,sparse"`                      // want `field A: tag .*: unknown option "sparse"`
	B tensor.Tensor[float32] `ckpt:"b,optional=1"`                  // want `option "optional" takes no value`
	C tensor.Tensor[float32] `ckpt:"c,alias"`                       // want `option "alias" needs a value`
	D []float32              `ckpt:"d,shape=2x"`                    // want `shape "2x" is not of the form 2x3`
	E []float32              `ckpt:"e,shape=-1"`                    // want `shape "-1" is not of the form 2x3`
	F []float32              `ckpt:"f,shape=4294967296x4294967296"` // want `more elements than an int can count`
	G tensor.Tensor[float32] `ckpt:"'open"`                         // want `the quote in "'open" is not closed`
	H tensor.Tensor[float32] `ckpt:"'a'b"`                          // want `text "b" after the quoted name`
	I tensor.Tensor[float32] `ckpt:"-,"`                            // want `unknown option ""`
	J [][]float32            `ckpt:"j,shape=2x3"`                   // want `option "shape" is for a flat slice or array of numbers, not for \[\]\[\]float32`
	K []parts                `ckpt:",inline"`                       // want `option "inline" is for structs, not for \[\]parts`
	L [5]float32             `ckpt:"l,shape=2x3"`                   // want `an array of 5 values does not have the shape of its tag, which takes 6`
	M int64                  `ckpt:"m,alloc"`                       // want `option "alloc" is for a pointer, a slice or a map, not for int64`
	N tensor.Tensor[float32] `ckpt:"n,shape=2"`                     // want `option "shape" is for a flat slice`
}

type kinds struct {
	C chan int               `ckpt:"c"` // want `field C: a chan int cannot be saved`
	F []func()               `ckpt:"f"` // want `a func\(\) cannot be saved`
	P unsafe.Pointer         `ckpt:"p"` // want `a unsafe.Pointer cannot be saved`
	U *uintptr               `ckpt:"u"` // want `a uintptr cannot be saved`
	M map[int]*parts         `ckpt:"m"` // want `the keys of map\[int\]\*parts are not strings`
	N map[int]*parts         // want `the keys of map\[int\]\*parts are not strings`
	O map[string]chan<- int  `ckpt:"o"` // want `a chan<- int cannot be saved`
	x tensor.Tensor[float32] `ckpt:"x"` // want `field x: it has a tag but is not exported`
	ckpt.Module
}

type module struct {
	M ckpt.Module // want `ckpt.Module must be embedded`
	W int64       `ckpt:"w"`
}

type untagged struct {
	Kernel tensor.Tensor[float32] `ckpt:"kernel"`
	Bias   []float32              // want `field Bias \[\]float32 has no ckpt tag and is not saved: tag it .ckpt:"bias"., or .ckpt:"-". if it is not a weight`
	Rows   [][]float64            // want `field Rows \[\]\[\]float64 has no ckpt tag`
	Names  []string
	Said   []float32 `ckpt:"-"`
}

type misspelled struct {
	A tensor.Tensor[float32] `ckpt: "a"` // want `field A: reflection finds no ckpt tag`
	B tensor.Tensor[float32] `ckpt:b`    // want `field B: reflection finds no ckpt tag`
	C tensor.Tensor[float32] `json:"ckpt:c"`
}

func local() {
	type inner struct {
		C chan int `ckpt:"c"` // want `a chan int cannot be saved`
	}
	_ = struct {
		C chan int `ckpt:"c"` // want `a chan int cannot be saved`
	}{}
}

// hyper has no tag that shows that it has values.
type hyper struct {
	Rates []float32
	Skip  chan int `ckpt:"-"`
}
