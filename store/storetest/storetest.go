// Package storetest checks an implementation of store.Store against its contract, and has a Store that fails on demand.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gockpt/ckpt/store"
)

// Run checks the Store that open returns. The Store must be empty when a test begins. Run may call open many times, and open
// may close its Store in t.Cleanup. For stores on one server, give each call its own prefix.
//
// Run writes up to 10 MiB. It does not check durability or what happens when a server fails.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, test := range []struct {
		name string
		run  func(*suite)
	}{
		{"objects", (*suite).objects},
		{"ranges", (*suite).ranges},
		{"bodies", (*suite).bodies},
		{"a body that fails stores nothing", (*suite).failingBodies},
		{"put if absent", (*suite).putIfAbsent},
		{"replace", (*suite).replace},
		{"pinned reads", (*suite).pinned},
		{"versions", (*suite).versions},
		{"list", (*suite).list},
		{"delete", (*suite).delete},
		{"names", (*suite).names},
		{"contexts that have ended", (*suite).ended},
		{"one of many wins", (*suite).race},
		{"one of many replaces", (*suite).swap},
		{"probe", (*suite).probe},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(&suite{t, t.Context(), open(t)}) })
	}
}

type suite struct {
	*testing.T
	ctx context.Context
	s   store.Store
}

// must ends the test if err is not nil.
func (t *suite) must(o store.Object, err error) store.Object {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (t *suite) put(name, contents string) store.Object {
	t.Helper()
	return t.must(t.s.Put(t.ctx, name, strings.NewReader(contents), int64(len(contents))))
}

// wants reports a failure if err does not wrap want, or does not contain name.
func (t *suite) wants(err, want error, name string) {
	t.Helper()
	switch {
	case err == nil:
		t.Errorf("%s: no error, want %v", name, want)
	case !errors.Is(err, want):
		t.Errorf("%s: error %v, want %v", name, err, want)
	case !strings.Contains(err.Error(), name):
		t.Errorf("error %q does not name %s", err, name)
	}
}

// holds reports a failure if an object does not have the contents want.
func (t *suite) holds(name, want string) {
	t.Helper()
	p, o, err := store.ReadAll(t.ctx, t.s, name, 1<<30)
	if err != nil {
		t.Error(err)
	} else if string(p) != want || o.Size != int64(len(want)) || o.Name != name || o.Version == "" {
		t.Errorf("%s is %+v with %q, want %q", name, o, cut(p), cut([]byte(want)))
	}
}

func cut(p []byte) []byte { return p[:min(len(p), 100)] }

// absent reports a failure if the object exists.
func (t *suite) absent(name string) {
	t.Helper()
	_, err := t.s.Read(t.ctx, name, "", nil, 0)
	t.wants(err, store.ErrNotExist, name)
}

func (t *suite) objects() {
	t.absent("run/a")
	put := t.put("run/a", "one")
	t.holds("run/a", "one")
	read := t.must(t.s.Read(t.ctx, "run/a", "", nil, 0))
	if put.Name != "run/a" || put.Size != 3 || put.Version == "" || put.Version != read.Version || read.Modified.IsZero() {
		t.Errorf("put answered %+v, and a read %+v", put, read)
	}
	t.put("run/a", "another")
	t.holds("run/a", "another")
	t.put("run/empty", "")
	t.holds("run/empty", "")
	t.absent("run")
	t.absent("run/a/b")
}

func (t *suite) ranges() {
	t.put("a", "0123456789")
	for _, r := range []struct {
		n    int
		off  int64
		want string
	}{{0, 0, ""}, {3, 0, "012"}, {3, 4, "456"}, {10, 0, "0123456789"}, {20, 0, "0123456789"}, {4, 8, "89"}, {1, 9, "9"}, {1, 10, ""}, {5, 1000, ""}, {0, 1000, ""}} {
		p := bytes.Repeat([]byte{'-'}, r.n)
		o := t.must(t.s.Read(t.ctx, "a", "", p, r.off))
		if want := r.want + strings.Repeat("-", r.n-len(r.want)); string(p) != want || o.Size != 10 {
			t.Errorf("%d bytes from %d: %q of %d, want %q of 10", r.n, r.off, p, o.Size, want)
		}
	}
	t.put("empty", "")
	if o := t.must(t.s.Read(t.ctx, "empty", "", make([]byte, 5), 0)); o.Size != 0 {
		t.Errorf("an empty object has size %d", o.Size)
	}
	_, err := t.s.Read(t.ctx, "a", "", make([]byte, 1), -1)
	t.wants(err, fs.ErrInvalid, "a")
}

func (t *suite) bodies() {
	large := bytes.Repeat([]byte("0123456789abcdef"), 10<<20/16)
	for _, size := range []int64{int64(len(large)), -1} {
		name := fmt.Sprintf("large%d", size)
		// MultiReader hides the reader's other methods, so that the store cannot look ahead.
		t.must(t.s.Put(t.ctx, name, io.MultiReader(bytes.NewReader(large)), size))
		t.holds(name, string(large))
		t.must(t.s.Put(t.ctx, name+"-small", strings.NewReader("x"), min(size, 1)))
		t.holds(name+"-small", "x")
	}
}

func (t *suite) failingBodies() {
	broken := errors.New("broken body")
	body := func() io.Reader { return io.MultiReader(strings.NewReader("abc"), failing{broken}) }
	there := t.put("there", "old")
	for _, size := range []int64{3, 5, -1} {
		_, err := t.s.Put(t.ctx, "a", body(), size)
		t.wants(err, broken, "a")
		_, err = t.s.PutIfAbsent(t.ctx, "a", body(), size)
		t.wants(err, broken, "a")
		_, err = t.s.Put(t.ctx, "there", body(), size)
		t.wants(err, broken, "there")
		_, err = t.s.Replace(t.ctx, "there", there.Version, body(), size)
		t.wants(err, broken, "there")
	}
	for _, size := range []int64{2, 4} {
		if _, err := t.s.Put(t.ctx, "a", strings.NewReader("abc"), size); err == nil {
			t.Errorf("a body of 3 bytes was stored as one of %d", size)
		}
	}
	t.absent("a")
	t.holds("there", "old")
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func (t *suite) putIfAbsent() {
	t.must(t.s.PutIfAbsent(t.ctx, "run/a", strings.NewReader("first"), 5))
	_, err := t.s.PutIfAbsent(t.ctx, "run/a", strings.NewReader("second"), 6)
	t.wants(err, store.ErrExist, "run/a")
	t.holds("run/a", "first")
	// Some stores send a large body in several requests.
	large := strings.Repeat("x", 10<<20)
	_, err = t.s.PutIfAbsent(t.ctx, "run/a", strings.NewReader(large), int64(len(large)))
	t.wants(err, store.ErrExist, "run/a")
	t.holds("run/a", "first")
	t.must(t.s.PutIfAbsent(t.ctx, "run/b", strings.NewReader(large), int64(len(large))))
	t.holds("run/b", large)
	if err := t.s.Delete(t.ctx, "run/a"); err != nil {
		t.Fatal(err)
	}
	t.must(t.s.PutIfAbsent(t.ctx, "run/a", strings.NewReader("third"), 5))
	t.holds("run/a", "third")
}

func (t *suite) replace() {
	first := t.put("a", "first")
	second := t.must(t.s.Replace(t.ctx, "a", first.Version, strings.NewReader("second"), 6))
	t.holds("a", "second")
	_, err := t.s.Replace(t.ctx, "a", first.Version, strings.NewReader("third"), 5)
	t.wants(err, store.ErrChanged, "a")
	t.holds("a", "second")
	t.must(t.s.Replace(t.ctx, "a", second.Version, strings.NewReader("fourth"), 6))
	t.holds("a", "fourth")
	_, err = t.s.Replace(t.ctx, "absent", first.Version, strings.NewReader("x"), 1)
	t.wants(err, store.ErrChanged, "absent")
	t.absent("absent")
}

func (t *suite) pinned() {
	first := t.put("a", "first")
	p := make([]byte, 5)
	t.must(t.s.Read(t.ctx, "a", first.Version, p, 0))
	if string(p) != "first" {
		t.Errorf("read %q", p)
	}
	t.put("a", "other")
	for _, n := range []int{0, 5} {
		_, err := t.s.Read(t.ctx, "a", first.Version, p[:n], 0)
		t.wants(err, store.ErrChanged, "a")
	}
	if err := t.s.Delete(t.ctx, "a"); err != nil {
		t.Fatal(err)
	}
	_, err := t.s.Read(t.ctx, "a", first.Version, p, 0)
	t.wants(err, store.ErrChanged, "a")
}

// versions checks that versions differ for contents of the same size, however quickly the writes follow each other.
func (t *suite) versions() {
	seen := map[string]string{}
	for i := range 100 {
		contents := fmt.Sprintf("%03d", i)
		o := t.put("a", contents)
		if other, used := seen[o.Version]; used {
			t.Fatalf("%q and %q have the version %s", other, contents, o.Version)
		}
		seen[o.Version] = contents
	}
}

func (t *suite) list() {
	names := func(prefix string) (found []string) {
		t.Helper()
		for o, err := range t.s.List(t.ctx, prefix) {
			if err != nil {
				t.Fatal(err)
			}
			if dir := strings.HasSuffix(o.Name, "/"); !dir && (o.Size != int64(len(o.Name)) || o.Modified.IsZero()) || dir && o != (store.Object{Name: o.Name}) {
				t.Errorf("listed %+v", o)
			}
			found = append(found, o.Name)
		}
		return found
	}
	expect := func(prefix string, want ...string) {
		t.Helper()
		if got := names(prefix); !slices.Equal(got, want) {
			t.Errorf("List(%q) = %q, want %q", prefix, got, want)
		}
	}
	expect("")
	for _, name := range []string{"run/ckpt-1.index", "run/ckpt-1.data-00000-of-00001", "run/ckpt-10.index", "run/a/b/c", "run/a-b", "run/a/d", "other", "runs/x", "é/ü"} {
		t.put(name, name)
	}
	expect("", "other", "run/", "runs/", "é/")
	expect("run", "run/", "runs/")
	expect("run/", "run/a-b", "run/a/", "run/ckpt-1.data-00000-of-00001", "run/ckpt-1.index", "run/ckpt-10.index")
	expect("run/ckpt-1.", "run/ckpt-1.data-00000-of-00001", "run/ckpt-1.index")
	expect("run/a/", "run/a/b/", "run/a/d")
	expect("é/", "é/ü")
	expect("run/z")
	expect("absent/")
	expect("other/")
	for o := range t.s.List(t.ctx, "run/") { // the caller may stop early
		_ = o
		break
	}
}

func (t *suite) delete() {
	t.put("run/a", "x")
	t.put("run/b", "x")
	for range 2 {
		if err := t.s.Delete(t.ctx, "run/a"); err != nil {
			t.Error(err)
		}
	}
	t.absent("run/a")
	t.holds("run/b", "x")
	if err := t.s.Delete(t.ctx, "run/b"); err != nil {
		t.Error(err)
	}
	for o := range t.s.List(t.ctx, "") {
		t.Errorf("left: %+v", o)
	}
	if err := t.s.Delete(t.ctx, "never/there"); err != nil {
		t.Error(err)
	}
}

func (t *suite) names() {
	for _, name := range []string{"with space", "a+b", "a%20b", "a?b#c", "α/β", "a=b&c", "-a", "a'b", "a~b", ".hidden"} {
		t.put(name, name)
		t.holds(name, name)
		if err := t.s.Delete(t.ctx, name); err != nil {
			t.Error(err)
		}
		t.absent(name)
	}
	for _, name := range []string{"", ".", "..", "/a", "a/", "a//b", "../a", "a/../b", "./a"} {
		_, err := t.s.Read(t.ctx, name, "", nil, 0)
		t.wants(err, fs.ErrInvalid, name)
		_, err = t.s.Put(t.ctx, name, strings.NewReader("x"), 1)
		t.wants(err, fs.ErrInvalid, name)
		_, err = t.s.PutIfAbsent(t.ctx, name, strings.NewReader("x"), 1)
		t.wants(err, fs.ErrInvalid, name)
		_, err = t.s.Replace(t.ctx, name, "v", strings.NewReader("x"), 1)
		t.wants(err, fs.ErrInvalid, name)
		t.wants(t.s.Delete(t.ctx, name), fs.ErrInvalid, name)
	}
}

func (t *suite) ended() {
	there := t.put("a", "old")
	ctx, cancel := context.WithCancel(t.ctx)
	cancel()
	_, err := t.s.Read(ctx, "a", "", make([]byte, 1), 0)
	t.wants(err, context.Canceled, "")
	_, err = t.s.Put(ctx, "a", strings.NewReader("new"), 3)
	t.wants(err, context.Canceled, "")
	_, err = t.s.PutIfAbsent(ctx, "b", strings.NewReader("new"), 3)
	t.wants(err, context.Canceled, "")
	_, err = t.s.Replace(ctx, "a", there.Version, strings.NewReader("new"), 3)
	t.wants(err, context.Canceled, "")
	for _, err = range t.s.List(ctx, "") {
	}
	t.wants(err, context.Canceled, "")
	t.wants(t.s.Delete(ctx, "a"), context.Canceled, "")
	t.holds("a", "old")
	t.absent("b")
}

const many = 32

// atOnce calls f from many goroutines at once. It returns how many succeeded and the last that did, and reports errors other than
// want.
func (t *suite) atOnce(want error, f func(i int) error) (won int, last int) {
	var wg sync.WaitGroup
	errs := make([]error, many)
	start := make(chan struct{})
	for i := range many {
		wg.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	for i, err := range errs {
		switch {
		case err == nil:
			won, last = won+1, i
		case !errors.Is(err, want):
			t.Errorf("%v, want %v", err, want)
		}
	}
	return won, last
}

func (t *suite) race() {
	for round := range 4 {
		name := fmt.Sprintf("claim-%d", round)
		won, last := t.atOnce(store.ErrExist, func(i int) error {
			body := fmt.Sprint("worker ", i)
			_, err := t.s.PutIfAbsent(t.ctx, name, strings.NewReader(body), int64(len(body)))
			return err
		})
		if won != 1 {
			t.Fatalf("%d of %d succeeded", won, many)
		}
		t.holds(name, fmt.Sprint("worker ", last))
	}
}

func (t *suite) swap() {
	there := t.put("state", "first")
	for range 4 {
		won, last := t.atOnce(store.ErrChanged, func(i int) error {
			body := fmt.Sprint("worker ", i, " after ", there.Version)
			_, err := t.s.Replace(t.ctx, "state", there.Version, strings.NewReader(body), int64(len(body)))
			return err
		})
		if won != 1 {
			t.Fatalf("%d of %d succeeded", won, many)
		}
		t.holds("state", fmt.Sprint("worker ", last, " after ", there.Version))
		there = t.must(t.s.Read(t.ctx, "state", "", nil, 0))
	}
}

func (t *suite) probe() {
	for _, dir := range []string{"", "run"} {
		if err := store.Probe(t.ctx, t.s, dir); err != nil {
			t.Error(err)
		}
	}
	for o := range t.s.List(t.ctx, "") {
		t.Errorf("left: %+v", o)
	}
}
