package keras

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/gockpt/ckpt/format"
	formatkeras "github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

// Save writes model to path: to a .keras archive, or, where path ends in .weights.h5, its weights alone. Keras's load_model and
// load_weights read them. The description of the model is written as it was read.
//
// A model that was made from a description of Keras 2, or from that in a legacy .h5 file, cannot be written to an archive,
// whose descriptions have another form.
func Save(ctx context.Context, path string, model *layers.Model) error {
	var archive *formatkeras.Archive
	switch {
	case strings.HasSuffix(path, ".weights.h5"):
	case strings.HasSuffix(path, ".keras"):
		var err error
		if archive, err = describe(model); err != nil {
			return fmt.Errorf("keras: write %s: %w", path, err)
		}
	default:
		return fmt.Errorf("keras: write %s: expected a name that ends in .keras or .weights.h5", path)
	}
	s := &saver{w: formatkeras.NewWriter(fsx.OS{}, path, archive), seen: make(map[any]bool)}
	s.fail(s.w.Name("", model.Name()))
	s.model("", model)
	if s.err != nil {
		return fmt.Errorf("keras: write %s: %w", path, s.err)
	}
	return s.w.Commit(ctx)
}

// version is that of the Keras whose files are written.
const version = "3.15.1"

// describe returns what an archive has beside the weights.
func describe(model *layers.Model) (*formatkeras.Archive, error) {
	config := model.Config()
	var object struct {
		Module *string `json:"module"`
	}
	if err := json.Unmarshal(config, &object); err != nil {
		return nil, fmt.Errorf("the model's description is not JSON: %w", err)
	}
	if object.Module == nil {
		return nil, errors.New("the model was made from a legacy description, which an archive cannot have; write its weights to a .weights.h5 file")
	}
	metadata, err := json.Marshal(struct {
		Version string `json:"keras_version"`
		Date    string `json:"date_saved"`
	}{version, time.Now().Format("2006-01-02@15:04:05")})
	return &formatkeras.Archive{Config: config, Metadata: metadata}, err
}

// A saver adds the weights of layers under Keras's names. It keeps the first error.
type saver struct {
	w    *formatkeras.Writer
	seen map[any]bool // layers that were written: a shared one is written once
	err  error
}

func (s *saver) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// model adds the layers of a model.
func (s *saver) model(path string, m *layers.Model) {
	names := formatkeras.NewNames()
	for _, l := range m.NamedLayers() {
		at := join(path, "layers/"+names.Of(l.Class))
		if s.seen[l.Layer] {
			continue
		}
		s.seen[l.Layer] = true
		s.fail(s.w.Name(at, l.Name))
		s.object(at, l.Class, l.Layer)
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}

// object adds the weights of a layer: its fields that are tensors in their order, which is Keras's, and those of the layers
// that it has.
func (s *saver) object(path, class string, layer any) {
	if m, ok := layer.(*layers.Model); ok {
		s.model(path, m)
		return
	}
	v := reflect.ValueOf(layer)
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return
	}
	vars := 0
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag.Get("ckpt")
		name, _, _ := strings.Cut(tag, ",")
		if tag == "" || tag == "-" || !v.Type().Field(i).IsExported() {
			continue
		}
		field := v.Field(i)
		if t, ok := variable(field); ok {
			if t.Shape() != nil {
				s.fail(s.w.Add(0, path+"/vars/"+strconv.Itoa(vars), format.SourceOf(t)))
				vars++
			}
			continue
		}
		s.child(join(path, formatkeras.Attribute(class, name)), field)
	}
}

// variable returns a field that is a tensor or a number.
func variable(field reflect.Value) (tensor.Any, bool) {
	if t, ok := field.Addr().Interface().(tensor.Any); ok {
		return t, true
	}
	t, err := tensor.Alias(field)
	return t, err == nil
}

// child adds a layer that a layer has, or a list of them.
func (s *saver) child(path string, field reflect.Value) {
	if field.Kind() != reflect.Slice {
		if field.CanAddr() && field.Kind() == reflect.Struct {
			field = field.Addr()
		}
		s.object(path, "", field.Interface())
		return
	}
	names := formatkeras.NewNames()
	for i := range field.Len() {
		item := field.Index(i)
		t := reflect.TypeOf(item.Interface())
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		s.object(join(path, names.Of(t.Name())), t.Name(), item.Interface())
	}
}
