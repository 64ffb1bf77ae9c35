package programs

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// These types are tensors because of their definition or because they embed one.
type (
	kernel  tensor.Tensor[float32]
	Kernel  tensor.Tensor[float32]
	Kernel2 Kernel
	Weight  struct {
		tensor.Tensor[float32]
		Name string
	}
	Weight2  struct{ Weight }
	weight   struct{ Weight }
	hidden   struct{ weight }
	Borrowed struct {
		*tensor.Tensor[float32]
		Name string
	}
	Whatever struct{ tensor.Any }
	// both has methods that save an embedded tensor and another one.
	both struct {
		tensor.Tensor[float32]
		Scale *tensor.Tensor[float32]
	}
	// twoEdges has two edges, though it has a tensor's methods.
	twoEdges struct {
		tensor.Tensor[float32] `ckpt:"kernel"`
		Bias                   *tensor.Tensor[float32]
	}
)

func (b *both) CheckpointTensors() ([]ckpt.NamedTensor, error) {
	return []ckpt.NamedTensor{{Name: "codes", Tensor: &b.Tensor}, {Name: "scale", Tensor: b.Scale}}, nil
}

func (b *both) SetCheckpointTensors(got map[string]tensor.Any) error {
	codes, _ := tensor.As[float32](got["codes"])
	b.Tensor = *codes
	b.Scale, _ = tensor.As[float32](got["scale"])
	return nil
}

// A type that is defined as a tensor or embeds one is saved and loaded as that tensor.
func TestTypesThatAreTensors(t *testing.T) {
	one, two := *ckpttest.Vector(1, 2), *ckpttest.Vector(3, 4)
	borrowed := ckpttest.Vector(5)
	for _, tt := range []struct {
		name        string
		from, empty any
		want        []string
	}{
		{"defined", &struct {
			A Kernel
			B *Kernel `ckpt:"b"`
			C Kernel2
		}{Kernel(one), (*Kernel)(&two), Kernel2(*ckpttest.Vector(7))}, nil, []string{"a [2]", "b [2]", "c [1]"}},
		{"defined, in containers", &struct {
			A []Kernel
			B map[string]Kernel
			C [1]*Kernel
			D map[string]*Kernel
		}{[]Kernel{Kernel(one)}, map[string]Kernel{"k": Kernel(two)}, [1]*Kernel{(*Kernel)(ckpttest.Vector(7))}, map[string]*Kernel{"k": (*Kernel)(ckpttest.Vector(8))}}, nil,
			[]string{"a/0 [2]", "b/k [2]", "c/0 [1]", "d/k [1]"}},
		{"embedding", &struct {
			A Weight
			B *Weight2
			C weight
			D hidden
		}{Weight{one, "a"}, &Weight2{Weight{two, "b"}}, weight{Weight{*ckpttest.Vector(7), "c"}}, hidden{weight{Weight{*ckpttest.Vector(8), "d"}}}}, nil,
			[]string{"a [2]", "b [2]", "c [1]", "d [1]"}},
		{"embedding a pointer", &struct{ A, B Borrowed }{Borrowed{&one, "a"}, Borrowed{&two, "b"}}, nil, []string{"a [2]", "b [2]"}},
		{"embedding a pointer that is nil", &struct{ A, B Borrowed }{Borrowed{&one, "a"}, Borrowed{Name: "b"}}, nil, []string{"a [2]"}},
		{"embedding an interface", &struct{ A Whatever }{Whatever{&one}}, &struct{ A Whatever }{Whatever{new(tensor.Tensor[float32])}}, []string{"a [2]"}},
		{"one tensor twice", &struct {
			A Borrowed
			B *tensor.Tensor[float32]
		}{Borrowed{borrowed, "a"}, borrowed}, nil, []string{"a [1]"}},
		{"methods next to an embedded tensor", &struct{ A both }{both{one, ckpttest.Vector(9)}}, &struct{ A both }{both{Scale: new(tensor.Tensor[float32])}}, []string{"a/codes [2]", "a/scale [1]"}},
		{"edges", &struct{ A twoEdges }{twoEdges{one, ckpttest.Vector(9)}}, nil, []string{"a/kernel [2]", "a/bias [1]"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "w")
			require.NoError(t, ckpt.SaveWeights(ctx, path, tt.from))
			require.ElementsMatch(t, tt.want, shapesIn(t, path))
			if tt.empty == nil {
				tt.empty = reflect.New(reflect.TypeOf(tt.from).Elem()).Interface()
			}
			again := filepath.Join(t.TempDir(), "again")
			var options []ckpt.LoadOption
			if len(tt.want) < reflect.TypeOf(tt.from).Elem().NumField() {
				options = []ckpt.LoadOption{ckpt.Partial()}
			}
			require.NoError(t, ckpt.LoadWeights(ctx, path, tt.empty, options...))
			require.NoError(t, ckpt.SaveWeights(ctx, again, tt.empty))
			require.Equal(t, ckpttest.Must(os.ReadFile(path+".data-00000-of-00001")), ckpttest.Must(os.ReadFile(again+".data-00000-of-00001")))
		})
	}
}

// shapesIn returns the variables of a checkpoint with their shapes.
func shapesIn(t *testing.T, path string) (lines []string) {
	t.Helper()
	r := ckpttest.Open(t, path)
	for _, v := range r.Variables() {
		if name, values, ok := strings.Cut(v.Key, "/.ATTRIBUTES/"); ok {
			lines = append(lines, strings.TrimSuffix(name+"/"+values, "/VARIABLE_VALUE")+" "+v.Shape.String())
		}
	}
	return lines
}

// A restore that fails does not change the fields next to an embedded tensor.
func TestFailedRestoreBesideEmbedded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w")
	require.NoError(t, ckpt.SaveWeights(ctx, path, &struct{ A Weight }{Weight{*ckpttest.Vector(1, 2), "saved"}}))
	data := path + ".data-00000-of-00001"
	b := ckpttest.Must(os.ReadFile(data))
	b[0] ^= 1
	require.NoError(t, os.WriteFile(data, b, 0o666))
	got := struct{ A Weight }{Weight{Name: "kept"}}
	require.ErrorIs(t, ckpt.LoadWeights(ctx, path, &got), ckpt.ErrCorrupt)
	require.Equal(t, "kept", got.A.Name)
	require.False(t, got.A.Built())
}

// If a type acts as one tensor and has fields that a checkpoint would omit, its declaration is an error.
func TestLeavesThatWouldLose(t *testing.T) {
	type inner struct {
		tensor.Tensor[float32]
		Bias *tensor.Tensor[float32]
	}
	type outer struct{ A []*inner }
	type deeper struct{ inner }
	for name, tt := range map[string]struct {
		model any
		field string
	}{
		"a tensor":                          {&outer{}, "Bias"},
		"a tensor below an embedded struct": {&deeper{}, "Bias"},
		"a tagged number": {&struct {
			tensor.Tensor[float32]
			Step int64 `ckpt:"step"`
		}{}, "Step"},
		"a struct": {&struct {
			tensor.Tensor[float32]
			D ckpttest.Dense
		}{}, "D"},
		"an embedded struct": {&struct {
			tensor.Tensor[float32]
			twoEdges
		}{}, "twoEdges"},
		"a Module": {&struct {
			tensor.Tensor[float32]
			ckpt.Module
		}{}, "Module"},
		"next to a Variable": {&struct {
			ckpttest.Refuser
			Bias *tensor.Tensor[float32]
		}{}, "Bias"},
		"next to several tensors": {&struct {
			*nilTensors
			Bias *tensor.Tensor[float32]
		}{}, "Bias"},
		"the value of an interface": {&struct {
			tensor.Tensor[float32]
			More any
		}{More: ckpttest.Vector(1)}, "More"},
		"a tag on a type with methods": {&tagged{}, "T"},
		"a pointer that cannot be set": {&struct {
			*weight
			Name string
		}{}, "weight"},
		"a defined type that cannot be set": {&struct {
			kernel
			Bias tensor.Tensor[float32]
		}{}, "kernel"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ckpt.New(tt.model)
			var tagErr *ckpt.TagError
			require.ErrorAs(t, err, &tagErr)
			require.Equal(t, tt.field, tagErr.Field, err)
		})
	}
	_, err := ckpt.New(&struct {
		tensor.Tensor[float32]
		Units  int
		More   any
		Hidden *tensor.Tensor[float32] `ckpt:"-"`
	}{More: "text"})
	require.NoError(t, err, "none of these fields is a weight")
}

// tagged has methods that ignore its tag.
type tagged struct {
	T tensor.Tensor[float32] `ckpt:"t"`
}

func (m *tagged) CheckpointTensor() (tensor.Any, error)  { return &m.T, nil }
func (m *tagged) SetCheckpointTensor(v tensor.Any) error { return tensor.Assign(&m.T, v) }

// The children of an embedded pointer to a Module belong to the struct that embeds it.
func TestEmbeddedPointerToModule(t *testing.T) {
	type model struct {
		*ckpt.Module
		X *tensor.Tensor[float32]
	}
	m := &model{Module: new(ckpt.Module), X: ckpttest.Vector(1)}
	require.NoError(t, m.Track("child", ckpttest.Vector(2)))
	path := filepath.Join(t.TempDir(), "w")
	require.NoError(t, ckpt.SaveWeights(ctx, path, m))
	require.Equal(t, []string{"child [1]", "x [1]"}, shapesIn(t, path))

	got := &model{Module: new(ckpt.Module), X: ckpttest.Vector(0)}
	c := ckpttest.New(t, got)
	s, err := c.Read(ctx, path)
	require.NoError(t, err)
	child := ckpttest.Vector(0)
	require.NoError(t, got.Track("child", child))
	require.Equal(t, []float32{2}, child.Data())
	require.NoError(t, s.AssertConsumed())
	_, err = ckpt.New(&model{X: ckpttest.Vector(1)})
	require.NoError(t, err, "a nil Module does not have children")
	_, err = ckpt.New(&struct{ M *ckpt.Module }{})
	require.ErrorContains(t, err, "must be embedded")
}
