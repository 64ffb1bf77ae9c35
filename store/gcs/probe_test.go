package gcs

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"google.golang.org/api/option"

	"github.com/gockpt/ckpt/store"
)

// If a server accepts the preconditions of writes and ignores them, the first write reports it. Reads work.
func TestServerWithoutConditions(t *testing.T) {
	t.Setenv("STORAGE_EMULATOR_HOST", "")
	writes := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.Method {
		case http.MethodPost:
			writes++
			fmt.Fprintf(w, `{"kind": "storage#object", "name": "a", "size": "1", "generation": "%d"}`, writes)
		case http.MethodGet:
			fmt.Fprint(w, `{"kind": "storage#object", "name": "a", "size": "4", "generation": "7"}`)
		}
	}))
	defer server.Close()
	s, err := Open(t.Context(), "gs://bucket/run", option.WithEndpoint(server.URL+"/storage/v1/"), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	if o, err := s.Read(t.Context(), "a", "", nil, 0); err != nil || o.Size != 4 || writes > 0 {
		t.Errorf("%+v after %d writes: %v", o, writes, err)
	}
	for range 2 {
		if _, err := s.PutIfAbsent(t.Context(), "a", strings.NewReader("x"), 1); !errors.Is(err, store.ErrNoConditions) {
			t.Errorf("a write: %v", err)
		}
	}
	if writes != 2 {
		t.Errorf("%d writes, want the two of the probe", writes)
	}
}
