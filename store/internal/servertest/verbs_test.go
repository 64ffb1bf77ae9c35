package servertest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/internal/servertest"
	"github.com/gockpt/ckpt/store/storetest"
	"github.com/gockpt/ckpt/store/web"
)

func memory(*testing.T) store.Store { return store.Memory() }

// Every verb works on every store that does not need an external server. store/s3 and store/gcs have the same
// test for their stores.
func TestVerbs(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) (to, from store.Store){
		"memory":    servertest.Same(memory),
		"directory": servertest.Same(func(t *testing.T) store.Store { return store.Dir(t.TempDir()) }),
		"faulty":    servertest.Same(func(*testing.T) store.Store { return storetest.NewFaulty(store.Memory()) }),
		"web": func(t *testing.T) (to, from store.Store) {
			dir := t.TempDir()
			server := httptest.NewServer(http.FileServer(http.Dir(dir)))
			t.Cleanup(server.Close)
			from, err := web.Open(server.URL, web.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return store.Dir(dir), from
		},
	} {
		t.Run(name, func(t *testing.T) { servertest.Verbs(t, open) })
	}
}

// TestVerbsAgain lets every call fail in every way if CKPT_THOROUGH is set.
func TestVerbsAgain(t *testing.T) { servertest.VerbsAgain(t, memory) }
