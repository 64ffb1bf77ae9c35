package ckpt_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// A Dense is a layer. It needs no tags: its edges are kernel and bias.
type Dense struct {
	Kernel, Bias tensor.Tensor[float32]
}

// A Model is the model that the examples save and restore.
type Model struct {
	InputTransform Dense
	Blocks         []*Dense
	Rate           float64 // a hyper-parameter: not saved
}

func newDense(v float32) Dense {
	d := Dense{Kernel: *tensor.New[float32](2, 1), Bias: *tensor.New[float32](1)}
	d.Kernel.Set(v, 0, 0)
	d.Bias.Set(v+1, 0)
	return d
}

func newModel() *Model {
	block := newDense(5)
	return &Model{InputTransform: newDense(1), Blocks: []*Dense{&block}}
}

// quiet keeps warnings out of the examples' output.
func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// tempDir returns a temporary directory and a function that removes it.
func tempDir() (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "ckpt")
	if err != nil {
		panic(err)
	}
	return dir, func() { os.RemoveAll(dir) }
}

// A training program restores the latest checkpoint, if there is one, and continues from there.
func Example() {
	ctx := context.Background()
	dir, remove := tempDir()
	defer remove()
	train := func() error {
		model, step := newModel(), int64(0)
		c, err := ckpt.New(ckpt.Group{"model": model, "step": &step})
		if err != nil {
			return err
		}
		latest, err := ckpt.Latest(dir)
		if err != nil {
			return err
		}
		if _, err := c.Restore(ctx, latest); err != nil { // restores nothing if latest is ""
			return err
		}
		for range 10 {
			step++
		}
		path, err := c.Save(ctx, filepath.Join(dir, "ckpt"))
		if err != nil {
			return err
		}
		fmt.Println(filepath.Base(path), "at step", step)
		return c.Close()
	}
	for range 2 {
		if err := train(); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// ckpt-1 at step 10
	// ckpt-2 at step 20
}

func ExampleNew() {
	model := newModel()
	_, err := ckpt.New(ckpt.Group{"model": model, "rate": model.Rate})
	fmt.Println(errors.Is(err, ckpt.ErrNotTrackable)) // a number passed by value cannot be restored

	_, err = ckpt.New(ckpt.Group{"model": model, "rate": &model.Rate})
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

func ExampleCheckpoint_Save() {
	ctx := context.Background()
	dir, remove := tempDir()
	defer remove()
	c, err := ckpt.New(newModel())
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		if _, err := c.Save(ctx, filepath.Join(dir, "ckpt")); err != nil {
			fmt.Println(err)
		}
	}
	state, _ := os.ReadFile(filepath.Join(dir, "checkpoint"))
	fmt.Printf("%d saves\n%s", c.SaveCounter(), state)
	// Output:
	// 2 saves
	// model_checkpoint_path: "ckpt-2"
	// all_model_checkpoint_paths: "ckpt-2"
}

func ExampleCheckpoint_Restore() {
	ctx := context.Background()
	dir, remove := tempDir()
	defer remove()
	saved, err := ckpt.New(newModel())
	if err != nil {
		fmt.Println(err)
		return
	}
	path, err := saved.Save(ctx, filepath.Join(dir, "ckpt"))
	if err != nil {
		fmt.Println(err)
		return
	}

	model := &Model{Blocks: []*Dense{{}}} // unbuilt tensors take the checkpoint's shapes
	c, err := ckpt.New(model)
	if err != nil {
		fmt.Println(err)
		return
	}
	status, err := c.Restore(ctx, path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(status.AssertConsumed(), model.Blocks[0].Kernel.At(0, 0))
	// Output:
	// <nil> 5
}

// LoadWeights ignores other objects in the checkpoint, such as this optimizer. All values of the model must be in the checkpoint.
func ExampleLoadWeights() {
	ctx := context.Background()
	dir, remove := tempDir()
	defer remove()
	iterations := int64(100)
	training, err := ckpt.New(ckpt.Group{"model": newModel(), "optimizer": &struct {
		Iterations *int64 `ckpt:"iterations"`
	}{&iterations}})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := training.Save(ctx, filepath.Join(dir, "ckpt")); err != nil {
		fmt.Println(err)
		return
	}

	var model Model // LoadWeights allocates its tensors and its blocks
	if err := ckpt.LoadWeights(ctx, dir, &model, ckpt.At("model")); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(model.InputTransform.Kernel.Data(), len(model.Blocks))

	var renamed struct{ InputTransfrom Dense }
	err = ckpt.LoadWeights(ctx, dir, &renamed, ckpt.At("model"))
	var mismatch *ckpt.MismatchError
	if errors.As(err, &mismatch) {
		fmt.Println(mismatch.Missing)
	}
	// Output:
	// [1 0] 1
	// [input_transfrom.kernel input_transfrom.bias]
}

func ExampleSaveWeights() {
	ctx := context.Background()
	dir, remove := tempDir()
	defer remove()
	if err := ckpt.SaveWeights(ctx, filepath.Join(dir, "weights"), newModel()); err != nil {
		fmt.Println(err)
		return
	}
	var model Model
	err := ckpt.LoadWeights(ctx, dir, &model, ckpt.Strict())
	fmt.Println(model.Blocks[0].Bias.Data(), err)
	// Output:
	// [6] <nil>
}

func ExampleOpen() {
	r, err := ckpt.Open("testdata/golden/saved-numbered/train") // the latest checkpoint in the directory
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	fmt.Println(r.Prefix())
	for _, v := range r.Variables() {
		fmt.Println(v.Key, v.DType, v.Shape)
	}
	w, err := r.Tensor("w/.ATTRIBUTES/VARIABLE_VALUE")
	if err != nil {
		fmt.Println(err)
		return
	}
	if floats, ok := tensor.As[float32](w); ok {
		fmt.Println(floats.Data())
	}
	// Output:
	// testdata/golden/saved-numbered/train/ckpt-3
	// _CHECKPOINTABLE_OBJECT_GRAPH string []
	// save_counter/.ATTRIBUTES/VARIABLE_VALUE int64 []
	// step/.ATTRIBUTES/VARIABLE_VALUE int64 []
	// w/.ATTRIBUTES/VARIABLE_VALUE float32 [2]
	// [1 2]
}

func ExampleReader_Slice() {
	r, err := ckpt.Open("testdata/golden/saved-slices/ckpt")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	region, err := tensor.ParseSlice("2,3:3,2") // rows 2 to 4, columns 3 and 4
	if err != nil {
		fmt.Println(err)
		return
	}
	part, err := r.Slice(context.Background(), "tiled", region)
	fmt.Println(part.Shape(), part.Values(), err)
	// Output:
	// [3 2] [23 24 33 34 43 44] <nil>
}

func ExampleWithFS() {
	files := os.DirFS("testdata/golden") // an embed.FS or a zip archive works too
	var step int64
	err := ckpt.LoadWeights(context.Background(), "saved-numbered/train", ckpt.Group{"step": &step}, ckpt.WithFS(files))
	fmt.Println(step, err)
	// Output:
	// 30 <nil>
}

func ExampleWith() {
	model, step := newModel(), int64(4)
	c, err := ckpt.New(model, ckpt.With("step", &step)) // tf.train.Checkpoint(model, step=step)
	if err != nil {
		fmt.Println(err)
		return
	}
	view, err := c.View()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, edge := range view.Nodes[0].Children {
		fmt.Println(edge.Name, view.Nodes[edge.Node].GoPath)
	}
	// Output:
	// input_transform InputTransform
	// blocks Blocks
	// root ckpt_test.Model
	// step With("step")
}

func ExampleLatest() {
	path, err := ckpt.Latest("testdata/golden/saved-numbered/train")
	fmt.Println(path, err)
	path, err = ckpt.Latest("testdata/golden/none")
	fmt.Printf("%q %v\n", path, err)
	// Output:
	// testdata/golden/saved-numbered/train/ckpt-3 <nil>
	// "" <nil>
}

// A program attaches layers while it runs. Track gives a new layer the values that an earlier restore has for it.
func ExampleModule_Track() {
	ctx := context.Background()
	dir, remove := tempDir()
	defer remove()
	type Tower struct{ ckpt.Module }
	saved := new(Tower)
	first := newDense(1)
	if err := saved.Track("layer", &first); err != nil {
		fmt.Println(err)
		return
	}
	if err := ckpt.SaveWeights(ctx, filepath.Join(dir, "w"), saved); err != nil {
		fmt.Println(err)
		return
	}

	tower := new(Tower)
	c, err := ckpt.New(tower)
	if err != nil {
		fmt.Println(err)
		return
	}
	status, err := c.Read(ctx, filepath.Join(dir, "w"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("waiting:", len(status.Report().Waiting))
	layer := new(Dense)
	if err := tower.Track("layer", layer); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(layer.Kernel.Data(), status.AssertConsumed())
	// Output:
	// waiting: 2
	// [1 0] <nil>
}

func ExampleStatus_Report() {
	ctx := context.Background()
	model := &struct{ Step, Extra int64 }{}
	program := &struct {
		Step  *int64 `ckpt:"step"`
		Extra *int64 `ckpt:"extra"`
	}{&model.Step, &model.Extra}
	c, err := ckpt.New(program, ckpt.WithLogger(quiet()))
	if err != nil {
		fmt.Println(err)
		return
	}
	status, err := c.Read(ctx, "testdata/golden/saved-numbered/train/ckpt-3")
	if err != nil {
		fmt.Println(err)
		return
	}
	report := status.Report()
	fmt.Println(report)
	fmt.Println(report.Restored[0].Path, report.Restored[0].GoPath)
	// Output:
	// testdata/golden/saved-numbered/train/ckpt-3: 1 restored, 1 missing, 0 unused, 0 mismatched, 2 waiting
	//   extra: missing
	//   w: waiting for an object
	//   save_counter: waiting for an object
	// step Step
}

func ExampleStatus_Update() {
	ctx := context.Background()
	model := &struct {
		W *tensor.Tensor[float32]
	}{} // nil: with Restore its values wait; LoadWeights would allocate it
	c, err := ckpt.New(model, ckpt.WithLogger(quiet()))
	if err != nil {
		fmt.Println(err)
		return
	}
	status, err := c.Restore(ctx, "testdata/golden/saved-numbered/train/ckpt-3")
	if err != nil {
		fmt.Println(err)
		return
	}
	model.W = new(tensor.Tensor[float32])
	fmt.Println(status.Update(ctx), model.W.Data())
	// Output:
	// <nil> [1 2]
}

// Diff compares a program with a checkpoint without restoring anything.
func ExampleDiff() {
	r, err := ckpt.Open("testdata/golden/saved-numbered/train/ckpt-3")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	stored, err := r.View()
	if err != nil {
		fmt.Println(err)
		return
	}
	var step, epoch int64
	program, err := ckpt.ViewOf(ckpt.Group{"step": &step, "epoch": &epoch})
	if err != nil {
		fmt.Println(err)
		return
	}
	d := ckpt.Diff(stored, program)
	for _, id := range stored.Descendants() {
		if other, ok := d.Matches[id]; ok {
			fmt.Println("both:", stored.Nodes[id].Path, program.Nodes[other].GoPath)
		}
	}
	for _, id := range d.OnlyStored {
		fmt.Println("only stored:", stored.Nodes[id].Path)
	}
	for _, id := range d.OnlyProgram {
		fmt.Println("only in the program:", program.Nodes[id].Path)
	}
	// Output:
	// both: root ckpt.Checkpoint
	// both: root.step step
	// only stored: root.w
	// only stored: root.save_counter
	// only in the program: root.epoch
}

func ExampleMatch() {
	a, b := tensor.Scalar(float32(1)), tensor.Scalar(float32(2))
	first, err := ckpt.ViewOf(ckpt.Group{"a": a, "b": b})
	if err != nil {
		fmt.Println(err)
		return
	}
	second, err := ckpt.ViewOf(ckpt.Group{"b": b, "c": a})
	if err != nil {
		fmt.Println(err)
		return
	}
	matches := ckpt.Match(first, second)
	fmt.Println(len(matches), first.Nodes[2].Path, second.Nodes[matches[2]].Path)
	// Output:
	// 2 root.b root.b
}
