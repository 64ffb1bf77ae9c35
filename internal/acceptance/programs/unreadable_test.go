package programs

import (
	"context"
	"io/fs"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/tensor"
)

// badName is a name that a checkpoint cannot contain.
const badName = "\xff\xfe"

// These types give variables, slots, tensors and savers names that would make a checkpoint unreadable.
type (
	oddVariables struct{ W *tensor.Tensor[float32] }
	oddSlots     struct {
		m map[any]*tensor.Tensor[float32]
	}
	oddSlotNames struct{ oddSlots }
	oddTensors   struct{ t tensor.Tensor[float32] }
	oddLayout    struct{ W *tensor.Tensor[float32] }
)

func (*oddVariables) VariableName(any) string { return badName }

func (*oddSlots) SlotNames() []string              { return []string{"m"} }
func (o *oddSlots) Slot(_ string, v any) any       { return o.m[v] }
func (o *oddSlots) CreateSlot(_ string, v any) any { return o.m[v] }
func (*oddSlots) SlotFullName(_, _ string) string  { return badName }
func (*oddSlotNames) SlotNames() []string          { return []string{badName} }
func (o *oddTensors) CheckpointTensors() ([]ckpt.NamedTensor, error) {
	return []ckpt.NamedTensor{{Name: badName, Tensor: &o.t}}, nil
}
func (*oddTensors) SetCheckpointTensors(map[string]tensor.Any) error { return nil }

func (*oddLayout) CheckpointLayouts() []layout.Rule {
	return []layout.Rule{layout.Permuted(layout.PyTorch, "w", badName)}
}

// A save rejects a name that is not UTF-8 before it writes a byte, wherever the name is in the program.
func TestNamesThatNothingCouldRead(t *testing.T) {
	w := ckpttest.Vector(1)
	tagged := func(tag string) any {
		field := reflect.StructField{Name: "W", Type: reflect.TypeOf(w), Tag: reflect.StructTag(tag)}
		v := reflect.New(reflect.StructOf([]reflect.StructField{field}))
		v.Elem().Field(0).Set(reflect.ValueOf(w))
		return v.Interface()
	}
	slots := map[any]*tensor.Tensor[float32]{w: ckpttest.Vector(2)}
	saver := func(name, tensorName string) ckpt.Option {
		s := ckpttest.PartsSaver(name)
		s.Save = func(context.Context, map[string]any) ([]ckpt.NamedTensor, error) {
			return []ckpt.NamedTensor{{Name: tensorName, Tensor: w}}, nil
		}
		return ckpt.WithSaver(s)
	}
	type deep struct {
		M map[string]map[string][]*tensor.Tensor[float32]
	}
	for name, tt := range map[string]struct {
		root any
		opts []ckpt.Option
	}{
		"a key of a map": {root: &struct {
			M map[string]*tensor.Tensor[float32]
		}{map[string]*tensor.Tensor[float32]{badName: w}}},
		"a key of a map of values": {root: &struct {
			M map[string]float32 `ckpt:"m"`
		}{map[string]float32{badName: 1}}},
		"a key deep in the program": {root: &deep{map[string]map[string][]*tensor.Tensor[float32]{"a": {badName: {w}}}}},
		"an object of a Group":      {root: ckpt.Group{badName: w}},
		"an object of With":         {root: &ckpttest.WithParts{}, opts: []ckpt.Option{ckpt.With(badName, w)}},
		"a tag":                     {root: tagged(`ckpt:"\xff"`)},
		"an alias":                  {root: tagged(`ckpt:"w,alias=\xff"`)},
		"a fullname":                {root: tagged(`ckpt:"w,fullname=\xff"`)},
		"FullName":                  {root: ckpt.Group{"w": w}, opts: []ckpt.Option{ckpt.FullName("w", badName)}},
		"a VariableNamer":           {root: ckpt.Group{"a": &oddVariables{w}}},
		"a SlotNamer":               {root: ckpt.Group{"w": w, "o": &oddSlots{slots}}},
		"a SlotOwner":               {root: ckpt.Group{"w": w, "o": &oddSlotNames{oddSlots{slots}}}},
		"one of several tensors":    {root: ckpt.Group{"t": &oddTensors{*w}}},
		"a saver":                   {root: ckpt.Group{"p": new(ckpttest.Parts)}, opts: []ckpt.Option{saver(badName, "p/parts")}},
		"a saver's tensor":          {root: ckpt.Group{"p": new(ckpttest.Parts)}, opts: []ckpt.Option{saver("test.Parts", badName)}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			refuse := func(verb string, err error) {
				t.Helper()
				require.ErrorContains(t, err, "UTF-8", verb)
				require.NotErrorIs(t, err, ckpt.ErrCorrupt, verb)
				require.Empty(t, filesBelow(t, dir), verb)
			}
			path := filepath.Join(dir, "ckpt")
			c, err := ckpt.New(tt.root, tt.opts...)
			if err != nil {
				refuse("New", err)
			} else {
				_, err = c.Save(ctx, path)
				refuse("Save", err)
				_, err = c.Write(ctx, path, ckpt.Async())
				refuse("Write", err)
				refuse("WriteSection", c.WriteSection(ctx, path, 0, 1))
				require.Zero(t, c.SaveCounter())
			}
			if len(tt.opts) > 0 {
				return
			}
			refuse("SaveWeights", ckpt.SaveWeights(ctx, path, tt.root))
			if name != "one of several tensors" {
				_, err = ckpt.NewSaver(tt.root)
				refuse("NewSaver", err)
			}
		})
	}
	g := new(ckpttest.Node)
	require.ErrorContains(t, g.Track(badName, w), "UTF-8")
	require.ErrorContains(t, ckpttest.New(t, ckpt.Group{}).Track(badName, w), "UTF-8")
	_, err := ckpt.NewSaver(ckpt.Vars{badName: w})
	require.ErrorContains(t, err, "UTF-8")
	dir := t.TempDir()
	for _, file := range []string{"w.safetensors", "w.npz"} {
		require.ErrorContains(t, ckpt.SaveWeights(ctx, filepath.Join(dir, file), &oddLayout{w}, ckpt.PyTorch()), `"\xff\xfe"`, file)
	}
	require.Empty(t, filesBelow(t, dir))
}

// filesBelow returns the paths of the files in dir and in its subdirectories.
func filesBelow(t *testing.T, dir string) (files []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, path)
		}
		return err
	}))
	return files
}

// A slotsOf is an optimizer with the slot variables that a test gives it.
type slotsOf struct{ slot any }

func (*slotsOf) SlotNames() []string              { return []string{"m"} }
func (o *slotsOf) Slot(string, any) any           { return o.slot }
func (o *slotsOf) CreateSlot(_ string, v any) any { return o.slot }

// If an optimizer returns a value that cannot be a slot variable, saves and restores return an error.
func TestSlotsThatCannotBeSaved(t *testing.T) {
	saved := ckpttest.Written(t, ckpt.Group{"o": &slotsOf{ckpttest.Vector(1)}, "w": ckpttest.Vector(2)})
	for name, slot := range map[string]any{
		"a struct": &struct{ A, B *tensor.Tensor[float32] }{ckpttest.Vector(1), ckpttest.Vector(2)},
		"a wrong declaration": &struct {
			C chan int `ckpt:"c"`
		}{},
		"a list":            []*tensor.Tensor[float32]{ckpttest.Vector(1)},
		"a function":        func() {},
		"a number by value": float32(1),
		"a channel":         new(chan int),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ckpt.New(ckpt.Group{"o": &slotsOf{slot}, "w": ckpttest.Vector(1)})
			require.ErrorContains(t, err, `slot variable "m" of o for w`)
			o := &slotsOf{}
			c := ckpttest.New(t, ckpt.Group{"o": o, "w": ckpttest.Vector(1)})
			o.slot = slot
			_, err = c.Write(ctx, filepath.Join(t.TempDir(), "ckpt"))
			require.ErrorContains(t, err, `slot variable "m" of o for w`)
			w := ckpttest.Vector(0)
			_, err = ckpttest.New(t, ckpt.Group{"w": w, "o": &slotsOf{nil}}).Read(ctx, saved)
			require.NoError(t, err, "an optimizer without slots")
			o = &slotsOf{}
			c = ckpttest.New(t, ckpt.Group{"w": w, "o": o})
			o.slot = slot
			_, err = c.Read(ctx, saved)
			require.ErrorContains(t, err, `slot variable "m" of o for w`)
		})
	}
	var none *tensor.Tensor[float32]
	for _, slot := range []any{nil, none, &none} {
		_, err := ckpttest.New(t, ckpt.Group{"o": &slotsOf{slot}, "w": ckpttest.Vector(1)}).Write(ctx, filepath.Join(t.TempDir(), "ckpt"))
		require.NoError(t, err, "an optimizer without slots yet")
	}
}
