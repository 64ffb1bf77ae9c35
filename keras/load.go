package keras

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
)

// Load returns the model that a file describes, with its weights. The file is a .keras archive, the directory that one was
// unpacked into, or a legacy .h5 file with a whole model. Load takes the options of ckpt.LoadWeights.
//
// If the model has a layer that is neither in package layers nor registered, the error satisfies errors.Is(err,
// layers.ErrUnknownLayer) and names the class. A file that holds only weights is an error: make the model with layers.FromKeras,
// and load the weights with ckpt.LoadWeights.
func Load(ctx context.Context, path string, opts ...ckpt.LoadOption) (*layers.Model, error) {
	var model *layers.Model
	err := ckpt.LoadWeightsFunc(ctx, path, func(r *ckpt.Reader) (_ any, err error) {
		config := r.Config()
		if config == nil {
			return nil, fmt.Errorf("keras: %s holds weights without a description of the model: make the model with layers.FromKeras, and load the weights with ckpt.LoadWeights", path)
		}
		if model, err = layers.FromKeras(bytes.NewReader(config), known.options()...); err != nil {
			return nil, fmt.Errorf("keras: %s: %w", path, err)
		}
		return model, nil
	}, opts...)
	if err != nil {
		return nil, err
	}
	return model, nil
}

// Register tells Load how to make the layers of a class, given by its name in Python. It may replace built-in classes. It
// panics if the class was registered before, because that is a mistake in the program. Call it in init functions or at the
// start of main. Several goroutines may call it.
func Register(class string, constructor layers.Constructor) { known.add(class, constructor) }

// known holds the registered classes.
var known registry

type registry struct {
	mu      sync.Mutex
	classes map[string]layers.Constructor
}

func (r *registry) add(class string, c layers.Constructor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, twice := r.classes[class]; twice || c == nil {
		panic(fmt.Sprintf("keras: class %q is registered twice, or its constructor is nil", class))
	}
	if r.classes == nil {
		r.classes = make(map[string]layers.Constructor)
	}
	r.classes[class] = c
}

// options returns the registered classes for FromKeras.
func (r *registry) options() []layers.KerasOption {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []layers.KerasOption
	for class, c := range r.classes {
		all = append(all, layers.WithLayer(class, c))
	}
	return all
}
