package stored

import (
	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/tensor"
)

// A Tensor is a tensor and its key, ready to be written.
type Tensor struct {
	Node   *object.Node // its object; nil for the object graph and the tensors of custom savers
	Key    string
	Source format.Source
	Part   *object.Part // nil if Source is the whole tensor
	saver  string       // the custom saver that saved it; its tensors have data files before all others
}

// Path returns the path of the object, such as model.dense.kernel, or the name of the custom saver. It is "" for the object graph.
func (t *Tensor) Path() string {
	if t.Node != nil {
		return t.Node.FullPath()
	}
	return t.saver
}

// addTo adds t to a data file of w.
func (t *Tensor) addTo(w format.Writer, shard int) error {
	if t.Part != nil {
		return w.AddSlice(shard, t.Key, t.Part.Full, t.Part.Region, t.Source)
	}
	return w.Add(shard, t.Key, t.Source)
}

// addCustom adds t, a tensor of a custom saver, to the data file of the saver. The first tensor of a saver makes a new data file
// in files.
func (t *Tensor) addCustom(w format.Writer, files map[string]int) error {
	file, ok := files[t.saver]
	if !ok {
		file = len(files)
		files[t.saver] = file
	}
	return t.addTo(w, file)
}

// addPartTo adds a region of t to a data file of w.
func (t *Tensor) addPartTo(w format.Writer, shard int, region tensor.Slice) error {
	src := Region(t.Source, region)
	if t.Part == nil {
		return w.AddSlice(shard, t.Key, t.Source.Shape, region, src)
	}
	inner, _, err := region.Resolve(t.Source.Shape)
	if err != nil {
		return err
	}
	outer, _, err := t.Part.Region.Resolve(t.Part.Full)
	if err != nil {
		return err
	}
	for i := range inner {
		inner[i].Start += outer[i].Start
	}
	return w.AddSlice(shard, t.Key, t.Part.Full, inner, src)
}

// Add adds the tensors to w, distributed over data files by shard. A nil shard puts them into one.
func Add(w format.Writer, tensors []Tensor, shard format.ShardFunc) error {
	files := make(map[string]int)
	for len(tensors) > 0 && tensors[0].saver != "" {
		if err := tensors[0].addCustom(w, files); err != nil {
			return err
		}
		tensors = tensors[1:]
	}
	if shard != nil {
		return addSharded(w, tensors, shard, len(files))
	}
	for i := range tensors {
		if err := tensors[i].addTo(w, len(files)); err != nil {
			return err
		}
	}
	return nil
}
