package gcs

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/oauth2"
	"google.golang.org/api/option"
)

// Whatever a server answers, errors and log lines do not show the token, or the server's description of the
// request.
func TestErrorsHoldNoSecrets(t *testing.T) {
	t.Setenv("STORAGE_EMULATOR_HOST", "") // the client does not send a token to an emulator
	var status atomic.Int64
	var tokens atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Authorization"), "secret-token") {
			tokens.Add(1)
		}
		w.Header().Set("Content-Type", "application/json")
		if code := int(status.Load()); code != 0 {
			w.WriteHeader(code)
			fmt.Fprintf(w, `{"error":{"code":%d,"message":"no"}}`, code)
			return
		}
		fmt.Fprint(w, `{"kind":"storage#objects"}`)
	}))
	defer server.Close()
	var log bytes.Buffer
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	opts := []option.ClientOption{
		option.WithEndpoint(server.URL + "/storage/v1/"),
		option.WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "secret-token"})),
	}
	s, err := Open(t.Context(), "gs://bucket/run", opts...)
	if err != nil {
		t.Fatal(err)
	}
	s.(*bucket).prober = nil
	for _, code := range []int{400, 401, 403, 404, 412, 416} {
		status.Store(int64(code))
		ctx := context.Background()
		errs := make(map[string]error)
		_, errs["open"] = Open(ctx, "gs://bucket/run", opts...)
		_, errs["stat"] = s.Read(ctx, "a", "", nil, 0)
		_, errs["read"] = s.Read(ctx, "a", "7", make([]byte, 3), 0)
		_, errs["put"] = s.Put(ctx, "a", strings.NewReader("x"), 1)
		_, errs["put if absent"] = s.PutIfAbsent(ctx, "a", strings.NewReader("x"), 1)
		_, errs["replace"] = s.Replace(ctx, "a", "7", strings.NewReader("x"), 1)
		errs["delete"] = s.Delete(ctx, "a")
		for op, err := range errs {
			if err == nil && (code != 404 || op != "delete") {
				t.Errorf("%d, %s: no error", code, op)
			}
			if strings.Contains(fmt.Sprintf("%v %+v", err, err), "secret") {
				t.Errorf("%d, %s: %v", code, op, err)
			}
		}
	}
	if tokens.Load() == 0 {
		t.Error("the token was never sent")
	}
	if strings.Contains(log.String(), "secret") {
		t.Errorf("the log: %s", &log)
	}
}
