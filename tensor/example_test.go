package tensor_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"math"
	"reflect"

	"github.com/gockpt/ckpt/tensor"
)

func Example() {
	m, err := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	if err != nil {
		log.Fatal(err)
	}
	m.Set(60, 1, 2)
	fmt.Println(m)
	fmt.Println(m.Shape(), m.At(0, 1), m.Data())
	fmt.Printf("%.1f\n", m)
	// Output:
	// float32[2 3] [[1 2 3] [4 5 60]]
	// [2 3] 2 [1 2 3 4 5 60]
	// [[1.0 2.0 3.0] [4.0 5.0 60.0]]
}

// If the element type is only known at run time, a tensor is an Any. A type switch gives the typed tensor.
func ExampleAny() {
	values := []tensor.Any{tensor.Scalar[int64](3), tensor.Scalar("three")}
	for _, a := range values {
		switch t := a.(type) {
		case *tensor.Tensor[int64]:
			fmt.Println("a number:", t.At())
		case *tensor.Tensor[string]:
			fmt.Println("a string:", t.At())
		default:
			fmt.Println("a tensor of", a.DType())
		}
	}
	// Output:
	// a number: 3
	// a string: three
}

func ExampleCast() {
	stored, err := tensor.FromSlice([]tensor.BFloat16{0x3f80, 0x4049}, 2)
	if err != nil {
		log.Fatal(err)
	}
	weights := tensor.New[float32](2)
	if err := tensor.Cast(weights, stored); err != nil {
		log.Fatal(err)
	}
	fmt.Println(weights.Data())

	err = tensor.Cast(tensor.New[int8](), tensor.Scalar[int64](300))
	var value *tensor.ValueError
	fmt.Println(errors.As(err, &value), err)
	// Output:
	// [1 3.140625]
	// true tensor: cannot cast int64 to int8: element [] is 300, which int8 cannot hold
}

// A partitioned tensor is stored as parts. Each part has its slice of the whole.
func ExampleCopyRegion() {
	whole := tensor.New[int32](2, 4)
	for spec, data := range map[string][]int32{"-:0,1": {1, 5}, "-:1,3": {2, 3, 4, 6, 7, 8}} {
		slice, err := tensor.ParseSlice(spec)
		if err != nil {
			log.Fatal(err)
		}
		region, shape, err := slice.Resolve(whole.Shape())
		if err != nil {
			log.Fatal(err)
		}
		part, err := tensor.FromSlice(data, shape...)
		if err != nil {
			log.Fatal(err)
		}
		at := []int{region[0].Start, region[1].Start}
		if err := tensor.CopyRegion(whole, at, part, []int{0, 0}, shape); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Printf("%d\n", whole)
	// Output: [[1 2 3 4] [5 6 7 8]]
}

// Alias makes a tensor of a Go array without copying its values.
func ExampleAlias() {
	var grid [2][3]float32
	a, err := tensor.Alias(reflect.ValueOf(&grid).Elem(), 2, 3)
	if err != nil {
		log.Fatal(err)
	}
	t, _ := tensor.As[float32](a)
	t.Set(7, 1, 2)
	fmt.Println(grid)
	// Output: [[0 0 0] [0 0 7]]
}

func ExampleFloat16FromFloat32() {
	for _, f := range []float32{0.1, 65504, 65520, 1e-8} {
		fmt.Printf("%g is %v\n", f, tensor.Float16FromFloat32(f))
	}
	// Output:
	// 0.1 is 0.099975586
	// 65504 is 65504
	// 65520 is +Inf
	// 1e-08 is 0
}

func ExampleSlice_Resolve() {
	slice, err := tensor.ParseSlice("-:2,3")
	if err != nil {
		log.Fatal(err)
	}
	region, shape, err := slice.Resolve(tensor.Shape{4, 10})
	fmt.Println(region, shape, err)
	// Output: 0,4:2,3 [4 3] <nil>
}

func ExampleTensor_MarshalJSON() {
	m, err := tensor.FromSlice([]float32{1, 2.5, -3, float32(math.Inf(1))}, 2, 2)
	if err != nil {
		log.Fatal(err)
	}
	text, err := json.Marshal(m)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
	var back tensor.Tensor[float32]
	fmt.Println(json.Unmarshal(text, &back), back)
	// Output:
	// {"dtype":"float32","shape":[2,2],"values":[1,2.5,-3,"Infinity"]}
	// <nil> float32[2 2] [[1 2.5] [-3 +Inf]]
}

func ExampleTensor_Rows() {
	m, err := tensor.FromSlice([]int32{1, 2, 3, 4, 5, 6}, 3, 2)
	if err != nil {
		log.Fatal(err)
	}
	for i, row := range m.Rows() {
		fmt.Println(i, row.Data())
	}
	// Output:
	// 0 [1 2]
	// 1 [3 4]
	// 2 [5 6]
}
