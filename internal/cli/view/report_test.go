package view

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// reportOf returns the report of the checkpoints at paths.
func reportOf(t *testing.T, paths ...string) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, WriteReport(t.Context(), &b, open(t, paths...), nil))
	return b.String()
}

// These match the tags of a page, and the references to other resources in them.
var (
	tags       = regexp.MustCompile(`<(/?)([a-z0-9]+)((?:\s+[a-zA-Z-]+(?:="[^"]*")?)*)\s*/?>`)
	references = regexp.MustCompile(`(?:src|href|data-[a-z]+)="([^"]*)"`)
)

// requireWhole checks that the page is self-contained: it does not load other resources or run scripts, and
// its tags are in pairs.
func requireWhole(t *testing.T, page string) {
	t.Helper()
	require.True(t, strings.HasPrefix(page, "<!DOCTYPE html>"))
	require.NotContains(t, page, "<script")
	require.NotContains(t, page, " style=")
	require.Contains(t, page, "default-src &#39;none&#39;; style-src &#39;sha256-")
	for _, m := range references.FindAllStringSubmatch(page, -1) {
		require.Regexp(t, `^(#tensors|data:,|data:image/png;base64,[A-Za-z0-9+/=]+)$`, html.UnescapeString(m[1]))
	}
	_, body, _ := strings.Cut(page, "</style>")
	require.NotRegexp(t, `https?:|url\(`, body)
	stack := []string{"html", "head"} // they were opened before the style
	for _, m := range tags.FindAllStringSubmatch(body, -1) {
		switch name := m[2]; {
		case strings.HasSuffix(m[0], "/>") || name == "meta" || name == "link" || name == "img" || name == "input":
		case m[1] == "":
			stack = append(stack, name)
		default:
			require.NotEmpty(t, stack, m[0])
			require.Equal(t, stack[len(stack)-1], name)
			stack = stack[:len(stack)-1]
		}
	}
	require.Equal(t, []string{}, stack, "all are closed")
}

func TestReport(t *testing.T) {
	other := blocks(4)
	other["head.bias"] = values(7, 5)
	other["extra"] = values(0, 2)
	delete(other, "embed.weight")
	for name, c := range map[string]struct {
		paths []string
		want  []string
	}{
		"one":     {[]string{save(t, "m.safetensors", blocks(4))}, []string{"<title>m.safetensors – ckpt view</title>", "0 … 3", "×4", "h/0/attn/weight", "Histogram"}},
		"two":     {[]string{save(t, "a.npz", blocks(4)), save(t, "b.npz", other)}, []string{"9 tensors the same, 1 changed, 1 new, 1 gone, 0 reshaped.", "Largest difference", "7 at [0]: 0 → 7"}},
		"strings": {[]string{"../../../testdata/golden/damaged-none/ckpt"}, []string{"string"}},
		"a run":   {[]string{"../../../testdata/golden/manager-keeps-last/train"}, []string{"The norm of all values", "ckpt-4", "ckpt-5"}},
		"damaged": {[]string{"../../../testdata/golden/damaged-data-cut/ckpt"}, []string{`class="problem"`}},
	} {
		t.Run(name, func(t *testing.T) {
			page := reportOf(t, c.paths...)
			requireWhole(t, page)
			for _, want := range c.want {
				require.Contains(t, page, want)
			}
		})
	}
}

// TestReportOfAForger shows names and texts on a page that could change it.
func TestReportOfAForger(t *testing.T) {
	for _, name := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, "</style><script>alert(1)</script>", "javascript:alert(1)",
		"a\x00b", "\u202egnp.exe", "a\u200bb", "\xff\xfe", "{{.Title}}", "&lt;b&gt;",
	} {
		prefix := filepath.Join(t.TempDir(), "ckpt")
		w := bundle.Create(fsx.OS{}, prefix, bundle.Options{})
		for key, v := range map[string]tensor.Any{name: values(0, 3), name + "/" + name: tensor.Scalar(name), name + "/1/a": values(0, 1), name + "/1/b": values(0, 1)} {
			require.NoError(t, w.Add(0, key, format.SourceOf(v)))
		}
		require.NoError(t, w.Commit(t.Context()))
		page := reportOf(t, prefix)
		requireWhole(t, page)
		for _, never := range []string{"<script", "<img src=x", "onmouseover='", "\x00", "\u202e", "\u200b", "\xff"} {
			require.NotContains(t, page, never, name)
		}
		live := serve(t, prefix)
		for _, path := range []string{"", "detail?row=0", "find?q=a"} {
			body := shown(t, live, path)
			for _, never := range []string{"<script>", "<img src=x", "onmouseover='", "\x00", "\u202e", "\u200b"} {
				require.NotContains(t, body, never, name)
			}
		}
	}
}

func TestReportTellsWhatToLookAt(t *testing.T) {
	bad := tensor.New[float32](4)
	copy(bad.Data(), []float32{1, float32(math.NaN()), float32(math.Inf(1)), 2})
	all := map[string]tensor.Any{"bad": bad}
	for _, n := range []string{"0", "1", "2", "3", "10"} {
		all["h."+n+".bias"] = tensor.New[float32](3)
	}
	page := reportOf(t, save(t, "m.safetensors", all))
	require.Contains(t, page, "<li><b>bad</b>: 1 NaN, 1 infinite</li><li><b>h/0/bias</b>: all zero (and 4 more like it)</li>")
	require.Contains(t, reportOf(t, save(t, "m.safetensors", map[string]tensor.Any{"w": values(1, 2)})), "No tensor has NaN")
}

func TestReportOfMany(t *testing.T) {
	all := make(map[string]tensor.Any)
	for i := range maxDrawn + 10 {
		all[fmt.Sprintf("w.%d", i)] = values(float32(i), 2)
	}
	page := reportOf(t, save(t, "m.safetensors", all))
	require.Equal(t, maxDrawn, strings.Count(page, "<img "))
}

func TestReportStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var b bytes.Buffer
	require.ErrorIs(t, WriteReport(ctx, &b, open(t, save(t, "m.npz", blocks(2))), nil), context.Canceled)
}
