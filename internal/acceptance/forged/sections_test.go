package forged

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/pb"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/sections"
	"github.com/gockpt/ckpt/internal/thorough"
)

// TestForgedSections forges the section of one of several workers, including its manifest and checksums. A merge either makes a
// checkpoint with right checksums, or names the invalid section and changes nothing.
func TestForgedSections(t *testing.T) {
	const prefix = "d/ckpt"
	clean := ckpttest.DiskOf(t, nil)
	for worker := range ckpttest.Workers {
		require.NoError(t, ckpttest.WriteSection(t, clean, prefix, worker))
	}
	written := clean.Files()
	parts := make(map[string]*specimen) // by the name of the manifest
	manifests := make(map[string]sections.Manifest)
	for _, name := range ckpttest.SortedKeys(written) {
		if !strings.Contains(name, "/section-") {
			continue
		}
		m := ckpttest.Must(sections.DecodeManifest(written[name]))
		own := name[:strings.LastIndexByte(name, '/')+1] + m.Nonce
		files := map[string][]byte{bundle.IndexFile(own): written[bundle.IndexFile(own)]}
		data := bundle.DataFile(own, m.Worker, m.Of+1)
		files[data] = written[data]
		s := dissect(t, name, files, own)
		s.graph = new(pb.TrackableObjectGraph)
		require.NoError(t, proto.Unmarshal(written[own+".graph"], s.graph))
		parts[name], manifests[name] = s, m
	}
	require.Len(t, parts, ckpttest.Workers)

	names := ckpttest.SortedKeys(parts)
	forgeries, merged := thorough.Tries(8_000, 200), 0
	for i := range forgeries {
		name, recipe := names[i%len(names)], rolled(uint64(i))
		what := fmt.Sprintf("%s forged by %x", name, recipe)
		s, files := forge(parts[name], recipe)
		disk := ckpttest.DiskOf(t, written)
		for file, b := range files {
			require.NoError(t, disk.WriteFile(file, b))
		}
		m := manifests[name]
		graph := s.blob
		if graph == nil {
			graph, _ = proto.Marshal(s.graph)
			graph = bytes.ReplaceAll(graph, []byte(notUTF8), []byte(invalid))
		}
		require.NoError(t, disk.WriteFile(s.prefix+".graph", graph))
		m.Data, m.Index, m.Graph = int64(len(files[s.dataFile(int32(m.Worker))])), sections.SumOf(files[s.table]), sections.SumOf(graph)
		if d := (&dice{recipe[len(recipe)/2:]}); d.n(8) == 0 {
			m.Nonce, m.Worker, m.Data = d.text(m.Nonce), d.n(4), d.number(m.Data)
		}
		require.NoError(t, disk.WriteFile(name, m.Encode()))

		before := disk.Files()
		var opts []ckpt.MergeOption
		if i%4 == 0 {
			opts = []ckpt.MergeOption{ckpt.Unverified()}
		}
		start := allocated()
		_, err := ckpt.Merge(ctx, prefix, append(opts, ckpttest.On(disk))...)
		require.Less(t, allocated()-start, uint64(32<<20), what)
		require.Zero(t, disk.OpenFiles(), what)
		for _, op := range disk.Log() { // not even if the manifest names other files
			require.True(t, strings.HasPrefix(filepath.Clean(op.Name)+"/", "d/"), "%s: %v", what, op)
		}
		if err != nil {
			require.ErrorContains(t, err, prefix, what)
			require.Equal(t, before, disk.Files(), "%s: %v", what, err)
			continue
		}
		merged++
		r, err := ckpt.Open(prefix, ckpttest.On(disk))
		require.NoError(t, err, what)
		require.NoError(t, r.Verify(ctx, func(p ckpt.Problem) {
			require.True(t, p.Warning || len(opts) > 0, "%s: after the merge: %v", what, p)
		}), what)
		require.NoError(t, r.Close())
	}
	t.Logf("%d sections forged: %d merged, %d rejected", forgeries, merged, forgeries-merged)
	require.Greater(t, min(merged, forgeries-merged), forgeries/50)
}
