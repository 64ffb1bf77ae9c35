package ckpt

import (
	"context"
	"io/fs"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/tensor"
)

// badName is a name that no checkpoint can have.
const badName = "\xff\xfe"

// These types name the variables, slots, tensors and savers of a program so that nothing could read a checkpoint of them.
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
func (o *oddTensors) CheckpointTensors() ([]NamedTensor, error) {
	return []NamedTensor{{Name: badName, Tensor: &o.t}}, nil
}
func (*oddTensors) SetCheckpointTensors(map[string]tensor.Any) error { return nil }

func (*oddLayout) CheckpointLayouts() []layout.Rule {
	return []layout.Rule{layout.Permuted(layout.PyTorch, "w", badName)}
}

// A name that is not UTF-8 is refused before a byte is written, wherever a program has it.
func TestNamesThatNothingCouldRead(t *testing.T) {
	w := f32(1)
	tagged := func(tag string) any {
		field := reflect.StructField{Name: "W", Type: reflect.TypeOf(w), Tag: reflect.StructTag(tag)}
		v := reflect.New(reflect.StructOf([]reflect.StructField{field}))
		v.Elem().Field(0).Set(reflect.ValueOf(w))
		return v.Interface()
	}
	slots := map[any]*tensor.Tensor[float32]{w: f32(2)}
	saver := func(name, tensorName string) Option {
		s := partsSaver(name)
		s.Save = func(context.Context, map[string]any) ([]NamedTensor, error) {
			return []NamedTensor{{Name: tensorName, Tensor: w}}, nil
		}
		return WithSaver(s)
	}
	type deep struct {
		M map[string]map[string][]*tensor.Tensor[float32]
	}
	for name, tt := range map[string]struct {
		root any
		opts []Option
	}{
		"a key of a map": {root: &struct {
			M map[string]*tensor.Tensor[float32]
		}{map[string]*tensor.Tensor[float32]{badName: w}}},
		"a key of a map of values": {root: &struct {
			M map[string]float32 `ckpt:"m"`
		}{map[string]float32{badName: 1}}},
		"a key deep down":        {root: &deep{map[string]map[string][]*tensor.Tensor[float32]{"a": {badName: {w}}}}},
		"an object of a Group":   {root: Group{badName: w}},
		"an object of With":      {root: &withParts{}, opts: []Option{With(badName, w)}},
		"a tag":                  {root: tagged(`ckpt:"\xff"`)},
		"an alias":               {root: tagged(`ckpt:"w,alias=\xff"`)},
		"a fullname":             {root: tagged(`ckpt:"w,fullname=\xff"`)},
		"FullName":               {root: Group{"w": w}, opts: []Option{FullName("w", badName)}},
		"a VariableNamer":        {root: Group{"a": &oddVariables{w}}},
		"a SlotNamer":            {root: Group{"w": w, "o": &oddSlots{slots}}},
		"a SlotOwner":            {root: Group{"w": w, "o": &oddSlotNames{oddSlots{slots}}}},
		"one of several tensors": {root: Group{"t": &oddTensors{*w}}},
		"a saver":                {root: Group{"p": new(parts)}, opts: []Option{saver(badName, "p/parts")}},
		"a saver's tensor":       {root: Group{"p": new(parts)}, opts: []Option{saver("test.Parts", badName)}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			refuse := func(verb string, err error) {
				t.Helper()
				require.ErrorContains(t, err, "UTF-8", verb)
				require.NotErrorIs(t, err, ErrCorrupt, verb)
				require.Empty(t, filesBelow(t, dir), verb)
			}
			path := filepath.Join(dir, "ckpt")
			c, err := New(tt.root, tt.opts...)
			if err != nil {
				refuse("New", err)
			} else {
				_, err = c.Save(ctx, path)
				refuse("Save", err)
				_, err = c.Write(ctx, path, Async())
				refuse("Write", err)
				refuse("WriteSection", c.WriteSection(ctx, path, 0, 1))
				require.Zero(t, c.SaveCounter())
			}
			if len(tt.opts) > 0 {
				return
			}
			refuse("SaveWeights", SaveWeights(ctx, path, tt.root))
			if name != "one of several tensors" {
				_, err = NewSaver(tt.root)
				refuse("NewSaver", err)
			}
		})
	}
	g := new(group)
	require.ErrorContains(t, g.Track(badName, w), "UTF-8")
	require.ErrorContains(t, mustNew(t, Group{}).Track(badName, w), "UTF-8")
	_, err := NewSaver(Vars{badName: w})
	require.ErrorContains(t, err, "UTF-8")
	dir := t.TempDir()
	for _, file := range []string{"w.safetensors", "w.npz"} {
		require.ErrorContains(t, SaveWeights(ctx, filepath.Join(dir, file), &oddLayout{w}, PyTorch()), `"\xff\xfe"`, file)
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

// A slotsOf is an optimizer that has what it is told to have as slot variables.
type slotsOf struct{ slot any }

func (*slotsOf) SlotNames() []string              { return []string{"m"} }
func (o *slotsOf) Slot(string, any) any           { return o.slot }
func (o *slotsOf) CreateSlot(_ string, v any) any { return o.slot }

// What an optimizer calls a slot variable and what cannot be one is an error of a save and of a restore.
func TestSlotsThatCannotBeSaved(t *testing.T) {
	saved := written(t, Group{"o": &slotsOf{f32(1)}, "w": f32(2)})
	for name, slot := range map[string]any{
		"a struct": &struct{ A, B *tensor.Tensor[float32] }{f32(1), f32(2)},
		"a wrong declaration": &struct {
			C chan int `ckpt:"c"`
		}{},
		"a list":            []*tensor.Tensor[float32]{f32(1)},
		"a function":        func() {},
		"a number by value": float32(1),
		"a channel":         new(chan int),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(Group{"o": &slotsOf{slot}, "w": f32(1)})
			require.ErrorContains(t, err, `slot variable "m" of o for w`)
			c := mustNew(t, Group{"o": &slotsOf{nil}, "w": f32(1)})
			c.objects[0].object.(*slotsOf).slot = slot
			_, err = c.Write(ctx, filepath.Join(t.TempDir(), "ckpt"))
			require.ErrorContains(t, err, `slot variable "m" of o for w`)
			w := f32(0)
			_, err = mustNew(t, Group{"w": w, "o": &slotsOf{nil}}).Read(ctx, saved)
			require.NoError(t, err, "an optimizer may have no slots")
			o := &slotsOf{}
			c = mustNew(t, Group{"w": w, "o": o})
			o.slot = slot
			_, err = c.Read(ctx, saved)
			require.ErrorContains(t, err, `slot variable "m" of o for w`)
		})
	}
	var none *tensor.Tensor[float32]
	for _, slot := range []any{nil, none, &none} {
		_, err := mustNew(t, Group{"o": &slotsOf{slot}, "w": f32(1)}).Write(ctx, filepath.Join(t.TempDir(), "ckpt"))
		require.NoError(t, err, "an optimizer may have no slots yet")
	}
}
