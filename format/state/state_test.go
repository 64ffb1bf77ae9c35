package state_test

import (
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/prototext"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/pb"
	"github.com/gockpt/ckpt/format/state"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
)

// A golden is a file and the state that TensorFlow wrote to it or read from it (testdata/golden.py).
type golden struct {
	Name, Text string
	Error      bool
	Latest     string
	All        []string
	Timestamps []string
	Last       string
}

func goldens(t testing.TB, file string) (list []golden) {
	data, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &list))
	require.NotEmpty(t, list)
	return list
}

func (g golden) state(t testing.TB) *state.State {
	number := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		require.NoError(t, err)
		return v
	}
	s := &state.State{Latest: g.Latest, LastPreserved: number(g.Last)}
	s.All = append(s.All, g.All...)
	for _, ts := range g.Timestamps {
		s.Timestamps = append(s.Timestamps, number(ts))
	}
	return s
}

// requireSame compares states. NaNs are equal.
func requireSame(t require.TestingT, want, got *state.State) {
	plain := func(s *state.State) []any {
		bits := []uint64{math.Float64bits(s.LastPreserved)}
		for _, v := range s.Timestamps {
			if bits = append(bits, math.Float64bits(v)); math.IsNaN(v) {
				bits[len(bits)-1] = 1
			}
		}
		if math.IsNaN(s.LastPreserved) {
			bits[0] = 1
		}
		return []any{s.Latest, s.All, bits}
	}
	require.Equal(t, plain(want), plain(got))
}

func TestWritesWhatTensorFlowWrites(t *testing.T) {
	for _, g := range goldens(t, "written.json") {
		t.Run("K-01 K-02 K-03 "+g.Latest[:min(8, len(g.Latest))], func(t *testing.T) {
			require.Equal(t, g.Text, g.state(t).String())
			back, err := state.Parse([]byte(g.Text))
			require.NoError(t, err)
			requireSame(t, g.state(t), back)
		})
	}
	t.Run("K-01 empty fields are omitted", func(t *testing.T) {
		require.Empty(t, (&state.State{}).String())
	})
	t.Run("K-04 only paths", func(t *testing.T) {
		require.Equal(t, "model_checkpoint_path: \"ckpt-1\"\nall_model_checkpoint_paths: \"ckpt-1\"\n",
			(&state.State{Latest: "ckpt-1", All: []string{"ckpt-1"}}).String())
	})
	t.Run("K-02 numbers as Python's repr", func(t *testing.T) {
		for v, want := range map[float64]string{1795385952.4364872: "1795385952.4364872", 10000: "10000.0", 0.1: "0.1",
			1e16: "1e+16", 9007199254740993: "9007199254740992.0", 1e-5: "1e-05", 0.0001: "0.0001", math.Inf(-1): "-inf"} {
			require.Equal(t, "last_preserved_timestamp: "+want+"\n", (&state.State{LastPreserved: v}).String())
		}
	})
}

func TestReadsWhatTensorFlowReads(t *testing.T) {
	// TensorFlow rejects these, and behaves as if the file did not exist.
	taken := map[string]state.State{
		"byte order mark": {Latest: "a"},
		"unknown field":   {Latest: "a"},
		"word":            {Latest: "a"},
		"number for text": {Latest: "3"},
	}
	for _, g := range goldens(t, "read.json") {
		t.Run(g.Name, func(t *testing.T) {
			s, err := state.Parse([]byte(g.Text))
			want, differ := taken[g.Name]
			switch {
			case differ:
				require.True(t, g.Error)
				require.NoError(t, err)
				require.Equal(t, &want, s)
			case g.Error:
				require.ErrorIs(t, err, state.ErrSyntax)
				require.ErrorIs(t, err, format.ErrCorrupt)
				require.NotErrorIs(t, err, state.ErrIncomplete)
			case g.Latest == "":
				require.ErrorIs(t, err, state.ErrIncomplete)
				require.ErrorIs(t, err, format.ErrCorrupt)
			default:
				require.NoError(t, err)
				requireSame(t, g.state(t), s)
			}
		})
	}
	t.Run("bytes that are not UTF-8", func(t *testing.T) {
		_, err := state.Parse([]byte("\x00\x01\xff"))
		require.ErrorIs(t, err, state.ErrSyntax)
	})
}

func TestErrorsSayWhereAndWhat(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"\n\nmodel_checkpoint_path \"a\"", `line 3: a colon is expected after model_checkpoint_path, not "\""`},
		{"# x\nfuture_field: 3", "it has none of a state's fields"},
		{"# x\nfuture_field: {3", "line 2: future_field: a value without an end"},
		{"model_checkpoint_path: [3]", `line 1: model_checkpoint_path: a string is expected, not "["`},
		{`model_checkpoint_path: a"`, `line 1: model_checkpoint_path: a string with one quote: "a\""`},
		{"model_checkpoint_path: 'a", "line 1: model_checkpoint_path: a string without an end"},
		{"last_preserved_timestamp: 1.5.5", `line 1: last_preserved_timestamp: a number is expected, not "1.5.5"`},
		{"last_preserved_timestamp: 010", `"010" starts like an octal number`},
		{"last_preserved_timestamp:", "a number is expected, not the end"},
		{"☃", `a field's name is expected, not "☃"`},
		{"last_preserved_timestamp: " + strings.Repeat("x", 1000), strings.Repeat("x", 40) + `…"`},
	} {
		_, err := state.Parse([]byte(tt.text))
		require.ErrorContains(t, err, tt.want)
	}
}

func TestWhatPeopleMakeOfIt(t *testing.T) {
	want := &state.State{Latest: `C:\run\ckpt-2`, All: []string{"ckpt 1", "ckpt-2"}}
	for name, text := range map[string]string{
		"without quotes": "model_checkpoint_path: C:\\run\\ckpt-2\r\nall_model_checkpoint_paths: ckpt 1\r\nall_model_checkpoint_paths: ckpt-2 # the last",
		"unknown fields": `saved_by: "x" 'y' version: 3.5, tags: ["a", {deep: <1>}] host { name: "}" port: 1 }
			model_checkpoint_path: 'C:\\run\\ckpt-2' all_model_checkpoint_paths: ["ckpt 1", "ckpt-2"]`,
		"a byte order mark": "\ufeffmodel_checkpoint_path: \"C:\\\\run\\\\ckpt-2\"\nall_model_checkpoint_paths: 'ckpt 1'\nall_model_checkpoint_paths: 'ckpt-2'",
	} {
		s, err := state.Parse([]byte(text))
		require.NoError(t, err, name)
		require.Equal(t, want, s, name)
	}
}

// A written state is read back equal, both by this package and by another parser.
func TestRoundTrip(t *testing.T) {
	path := rapid.String().Filter(func(s string) bool { return strings.ToValidUTF8(s, "") == s })
	rapid.Check(t, func(t *rapid.T) {
		s := &state.State{
			Latest:        path.Filter(func(s string) bool { return s != "" }).Draw(t, "latest"),
			All:           rapid.SliceOfN(path, 0, 4).Draw(t, "all"),
			Timestamps:    rapid.SliceOfN(rapid.Float64(), 0, 4).Draw(t, "timestamps"),
			LastPreserved: rapid.Float64().Draw(t, "last"),
		}
		back, err := state.Parse(s.Append(nil))
		require.NoError(t, err)
		if len(s.All) == 0 {
			s.All = nil
		}
		if s.LastPreserved == 0 {
			s.LastPreserved = 0 // a zero is written without its sign
		}
		requireSame(t, s, back)

		var m pb.CheckpointState
		require.NoError(t, prototext.Unmarshal(s.Append(nil), &m))
		requireSame(t, s, fromMessage(&m))
	})
}

func fromMessage(m *pb.CheckpointState) *state.State {
	return &state.State{Latest: m.ModelCheckpointPath, All: m.AllModelCheckpointPaths,
		Timestamps: m.AllModelCheckpointTimestamps, LastPreserved: m.LastPreservedTimestamp}
}

func FuzzParse(f *testing.F) {
	for _, file := range []string{"written.json", "read.json"} {
		for _, g := range goldens(f, file) {
			f.Add([]byte(g.Text))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := state.Parse(text)
		if err != nil {
			require.ErrorIs(t, err, format.ErrCorrupt)
			return
		}
		back, err := state.Parse(s.Append(nil))
		require.NoError(t, err)
		if s.LastPreserved == 0 {
			s.LastPreserved = 0
		}
		requireSame(t, s, back)
	})
}

func TestPaths(t *testing.T) {
	abs := func(p string) string { // an absolute path on this system
		if vol := filepath.VolumeName(t.TempDir()); vol != "" {
			return vol + filepath.FromSlash(p)
		}
		return p
	}
	for _, tt := range []struct {
		id, dir, path string
		relative      bool
		want          string
	}{
		{"K-05 an absolute directory, relative", abs("/train"), abs("/train/ckpt-1"), true, "ckpt-1"},
		{"K-05 a relative directory", "train", "train/ckpt-1", true, "ckpt-1"},
		{"K-05 a directory below", abs("/train"), abs("/train/sub/ckpt-1"), true, "sub/ckpt-1"},
		{"K-05 a sibling directory", abs("/train"), abs("/other/ckpt-1"), true, "../other/ckpt-1"},
		{"K-05 the working directory", "", "ckpt-1", true, "ckpt-1"},
		{"K-05 a path that needs cleaning", "./train/", "train/./ckpt-1", true, "ckpt-1"},
		{"K-06 an absolute path is kept", abs("/train"), abs("/train/ckpt-1"), false, abs("/train/ckpt-1")},
		{"K-06 also in a relative directory", "train", abs("/train/ckpt-1"), false, abs("/train/ckpt-1")},
		{"K-07 a relative path", "train", "train/model-0", false, "model-0"},
		{"K-07 a relative path elsewhere", "train", "model-0", false, "../model-0"},
		{"a path that is relative to its directory already", abs("/train"), "ckpt-1", true, "ckpt-1"},
	} {
		t.Run(tt.id, func(t *testing.T) {
			s, err := (&state.State{Latest: tt.path}).Stored(tt.dir, tt.relative)
			require.NoError(t, err)
			require.Equal(t, &state.State{Latest: tt.want, All: []string{tt.want}}, s)
		})
	}
	t.Run("K-05 a relative directory and an absolute path", func(t *testing.T) {
		t.Chdir(t.TempDir())
		cwd, err := filepath.Abs(".")
		require.NoError(t, err)
		s, err := (&state.State{Latest: filepath.Join(cwd, "train", "ckpt-1")}).Stored("train", true)
		require.NoError(t, err)
		require.Equal(t, "ckpt-1", s.Latest)
		s, err = (&state.State{Latest: "ckpt-1"}).Stored("..", true)
		require.NoError(t, err)
		require.Equal(t, filepath.Base(cwd)+"/ckpt-1", s.Latest)
	})
	t.Run("K-07 absolute entries of the list stay absolute", func(t *testing.T) {
		s, err := (&state.State{Latest: "train/b", All: []string{abs("/train/a"), "train/b"}}).Stored("train", false)
		require.NoError(t, err)
		require.Equal(t, []string{abs("/train/a"), "b"}, s.All)
	})
	for _, tt := range []struct{ id, dir, path, want string }{
		{"K-08 a relative path is joined with the directory", "train", "ckpt-1", filepath.Join("train", "ckpt-1")},
		{"K-08 a joined path is not cleaned", "/d", "./model.ckpt-1", "/d" + string(filepath.Separator) + "./model.ckpt-1"},
		{"K-08 a directory that ends with a slash", "d/", "ckpt-1", "d/ckpt-1"},
		{"K-08 the working directory", "", "ckpt-1", "ckpt-1"},
		{"K-20 the working directory, with its name", ".", "noslash-6", "." + string(filepath.Separator) + "noslash-6"},
		{"an absolute path is itself", "train", abs("/x/ckpt-1"), abs("/x/ckpt-1")},
	} {
		t.Run(tt.id, func(t *testing.T) {
			s := (&state.State{Latest: tt.path, All: []string{tt.path}, Timestamps: []float64{1}, LastPreserved: 2}).In(tt.dir)
			require.Equal(t, &state.State{Latest: tt.want, All: []string{tt.want}, Timestamps: []float64{1}, LastPreserved: 2}, s)
		})
	}
	for _, tt := range []struct {
		id        string
		all, want []string
	}{
		{"K-09 no list", nil, []string{"b"}},
		{"K-09 an empty list", []string{}, []string{"b"}},
		{"K-09 a list that ends with another checkpoint", []string{"b", "a"}, []string{"b", "a", "b"}},
		{"K-09 a list that ends with the latest", []string{"a", "b"}, []string{"a", "b"}},
	} {
		t.Run(tt.id, func(t *testing.T) {
			in := &state.State{Latest: "b", All: tt.all}
			s, err := in.Stored("", true)
			require.NoError(t, err)
			require.Equal(t, tt.want, s.All)
			require.Equal(t, tt.all, in.All, "the arguments are not changed")
		})
	}
	t.Run("K-10 a timestamp for each", func(t *testing.T) {
		_, err := (&state.State{Latest: "b", All: []string{"a"}, Timestamps: []float64{1}}).Stored("", true)
		require.ErrorContains(t, err, "1 timestamps for 2 checkpoints")
		s, err := (&state.State{Latest: "b", All: []string{"a"}, Timestamps: []float64{1, 2}}).Stored("", true)
		require.NoError(t, err)
		require.Equal(t, []float64{1, 2}, s.Timestamps)
	})
}

func TestFile(t *testing.T) {
	s := &state.State{Latest: "ckpt-2", All: []string{"ckpt-1", "ckpt-2"}}
	t.Run("K-19 the file is replaced atomically", func(t *testing.T) {
		for n := 1; ; n++ {
			disk := errfs.New()
			require.NoError(t, disk.WriteFile("d/checkpoint", []byte(`model_checkpoint_path: "old"`)))
			disk.Inject(errfs.At(n, errfs.Crash))
			err := state.Write(t.Context(), disk, "d/checkpoint", s)
			for _, fate := range []errfs.Fate{errfs.LoseAll, errfs.KeepAll} {
				got, readErr := state.Read(disk.Reboot(fate), "d/checkpoint")
				require.NoError(t, readErr)
				if err == nil {
					require.Equal(t, s, got)
				} else {
					require.Contains(t, []string{"old", "ckpt-2"}, got.Latest)
				}
			}
			if err == nil {
				break
			}
		}
	})
	t.Run("K-18 a checkpoint with the file's own path", func(t *testing.T) {
		disk := errfs.New()
		err := state.Write(t.Context(), disk, "d/checkpoint", &state.State{Latest: "d/checkpoint"})
		require.ErrorContains(t, err, "d/checkpoint: the checkpoint has the path of the state file")
		require.Empty(t, disk.Names())
	})
	t.Run("K-11 the error for an empty file names it", func(t *testing.T) {
		disk := errfs.New()
		require.NoError(t, disk.WriteFile("d/checkpoint", nil))
		_, err := state.Read(disk, "d/checkpoint")
		require.ErrorIs(t, err, state.ErrIncomplete)
		require.ErrorContains(t, err, "d/checkpoint: ")
	})
	t.Run("K-12 a file with other contents is an error that callers can ignore", func(t *testing.T) {
		disk := errfs.New()
		require.NoError(t, disk.WriteFile("d/checkpoint", []byte("this is not a proto {")))
		_, err := state.Read(disk, "d/checkpoint")
		require.ErrorIs(t, err, state.ErrSyntax)
	})
	t.Run("K-13 no file", func(t *testing.T) {
		_, err := state.Read(fsx.OS{}, filepath.Join(t.TempDir(), "none", "checkpoint"))
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
}
