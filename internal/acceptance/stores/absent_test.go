package stores

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/storetest"
	"github.com/gockpt/ckpt/tensor"
)

// If a store does not answer a call, any call, the result is an error. It never means that there is no checkpoint: a program
// would then start from scratch and overwrite the existing one.
func TestUnansweredIsNotAbsent(t *testing.T) {
	ctx, s := t.Context(), store.Memory()
	c, err := ckpt.New(newStoredModel(1), ckpt.In(s))
	require.NoError(t, err)
	m, err := ckpt.NewManager(c, "run")
	require.NoError(t, err)
	_, err = m.Save(ctx)
	require.NoError(t, err)
	require.NoError(t, ckpt.SaveWeights(ctx, "m.safetensors", &struct{ W *tensor.Tensor[float32] }{tensor.New[float32](3)}, ckpt.In(s)))
	require.NoError(t, ckpt.SaveWeights(ctx, "one/m.safetensors", &struct{ W *tensor.Tensor[float32] }{tensor.New[float32](3)}, ckpt.In(s)))

	const saved = "run/ckpt-1"
	ask := func(path string, opts ...ckpt.OpenOption) (string, error) {
		r, err := ckpt.Open(path, opts...)
		if err != nil {
			return "", err
		}
		return r.Prefix(), r.Close()
	}
	for name, test := range map[string]struct {
		want string
		verb func(s store.Store) (string, error)
	}{
		"Latest":                      {saved, func(s store.Store) (string, error) { return ckpt.Latest("run", ckpt.In(s)) }},
		"Open, of a directory":        {saved, func(s store.Store) (string, error) { return ask("run", ckpt.In(s)) }},
		"Open, of a prefix":           {saved, func(s store.Store) (string, error) { return ask(saved, ckpt.In(s)) }},
		"Open, of a file":             {"m.safetensors", func(s store.Store) (string, error) { return ask("m.safetensors", ckpt.In(s)) }},
		"Open, of a file's directory": {"one/m.safetensors", func(s store.Store) (string, error) { return ask("one", ckpt.In(s)) }},
		"WaitForNew": {saved, func(s store.Store) (string, error) {
			return ckpt.WaitForNew(ctx, "run", "", ckpt.In(s), ckpt.Timeout(0))
		}},
		"ModTime": {saved, func(s store.Store) (string, error) {
			_, err := ckpt.ModTime(saved, ckpt.In(s))
			return saved, err
		}},
		"RestoreOrInitialize": {saved, func(s store.Store) (string, error) {
			c, err := ckpt.New(newStoredModel(0), ckpt.In(s))
			if err != nil {
				return "", err
			}
			m, err := ckpt.NewManager(c, "run", ckpt.InitFunc(func(context.Context) error {
				t.Error("the program starts from scratch")
				return nil
			}))
			if err != nil {
				return "", err
			}
			return m.RestoreOrInitialize(ctx)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f := storetest.NewFaulty(s)
			for n, asked := 1, true; asked; n++ {
				asked = false
				var unanswered storetest.Call
				f.Inject(func(i int, c storetest.Call) storetest.Fault {
					if i < n {
						return storetest.None
					}
					if i == n {
						unanswered = c
					}
					asked = true
					return storetest.Fail
				})
				path, err := test.verb(f)
				if asked {
					require.ErrorIs(t, err, storetest.ErrInjected, "call %d and all later calls unanswered: %+v", n, unanswered)
					require.NotErrorIs(t, err, ckpt.ErrNotFound, "call %d: %+v", n, unanswered)
					continue
				}
				require.NoError(t, err)
				require.Equal(t, test.want, path)
				require.Greater(t, n, 1)
			}
			// If one call fails, the result is right if it did not need the answer, and otherwise an error.
			for n, asked := 1, true; asked; n++ {
				asked = false
				f.Inject(func(i int, _ storetest.Call) storetest.Fault {
					if i == n {
						asked = true
						return storetest.Fail
					}
					return storetest.None
				})
				if path, err := test.verb(f); err == nil {
					require.Equal(t, test.want, path, "call %d", n)
				} else {
					require.ErrorIs(t, err, storetest.ErrInjected, "call %d", n)
					require.NotErrorIs(t, err, ckpt.ErrNotFound, "call %d", n)
				}
			}
		})
	}
	f := storetest.NewFaulty(s)
	f.Inject(func(int, storetest.Call) storetest.Fault { return storetest.Fail })
	require.ErrorIs(t, ckpt.Remove(saved, ckpt.In(f)), storetest.ErrInjected)
	require.NoError(t, ckpt.Remove(saved, ckpt.In(s)))
	_, err = ckpt.ModTime(saved, ckpt.In(s))
	require.ErrorIs(t, err, ckpt.ErrNotFound)
	require.Equal(t, []string{"m.safetensors", "one/m.safetensors", "run/checkpoint"}, names(t, s))
}

// If a store does not answer a call, any call, the error contains the store's error and does not report a damaged file.
func TestUnansweredIsNotDamage(t *testing.T) {
	for _, file := range []string{
		"format/keras/testdata/model.keras", "format/keras/testdata/model.h5", "format/keras/testdata/keras2_weights.h5", "format/keras/testdata/bfloat16.weights.h5",
		"testdata/pytorch/linear/model.pt", "testdata/pytorch/linear/model.safetensors", "format/npz/testdata/orders.npz", "format/npz/testdata/array.npy",
		"format/gguf/testdata/plain.gguf", "testdata/golden/saver-v1/one.ckpt",
	} {
		t.Run(file, func(t *testing.T) {
			data, err := os.ReadFile(ckpttest.Path(file))
			require.NoError(t, err)
			memory, name := store.Memory(), path.Base(file)
			_, err = memory.Put(t.Context(), name, bytes.NewReader(data), -1)
			require.NoError(t, err)
			for n, reached := 1, true; reached; n++ {
				s := storetest.NewFaulty(memory)
				reached = false
				s.Inject(func(i int, _ storetest.Call) storetest.Fault {
					if i != n {
						return storetest.None
					}
					reached = true
					return storetest.Fail
				})
				if err := readAll(t.Context(), name, ckpt.In(s)); err != nil {
					require.ErrorIs(t, err, storetest.ErrInjected, "call %d", n)
					require.NotErrorIs(t, err, ckpt.ErrCorrupt, "call %d", n)
					require.NotErrorIs(t, err, ckpt.ErrNotFound, "call %d", n)
				}
			}
		})
	}
}

// readAll reads every readable tensor of a file.
func readAll(ctx context.Context, path string, opts ...ckpt.OpenOption) error {
	r, err := ckpt.Open(path, opts...)
	if err != nil {
		return err
	}
	defer r.Close()
	for _, e := range r.Variables() {
		if _, err := r.ReadTensor(ctx, e.Key); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	return nil
}
