package s3

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/store"
)

// Whatever a server answers, errors and log lines do not show a key, or the server's description of the
// request.
func TestErrorsHoldNoSecrets(t *testing.T) {
	var log bytes.Buffer
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Setenv("AWS_ACCESS_KEY_ID", "secret-id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret-key")
	t.Setenv("AWS_SESSION_TOKEN", "secret-token")
	var status atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		code := int(status.Load())
		if code == 0 {
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(code)
		fmt.Fprintf(w, "<Error><Code>SignatureDoesNotMatch</Code><Message>No.</Message><AWSAccessKeyId>secret-id</AWSAccessKeyId><StringToSign>%s</StringToSign></Error>", r.Header.Get("X-Amz-Security-Token"))
	}))
	defer server.Close()
	address := "s3://bucket/run?region=us-east-1&endpoint=" + server.URL
	s, err := Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	s.(*bucket).prober = nil
	for _, code := range []int{301, 400, 401, 403, 404, 409, 412, 416} {
		status.Store(int64(code))
		ctx := t.Context()
		errs := make(map[string]error)
		_, errs["open"] = Open(ctx, address)
		_, errs["stat"] = s.Read(ctx, "a", "", nil, 0)
		_, errs["read"] = s.Read(ctx, "a", "v", make([]byte, 3), 0)
		if code != 301 { // two goroutines of net/http close the body, and minio-go v7.4.1 does not lock it
			_, errs["put"] = s.Put(ctx, "a", strings.NewReader("x"), 1)
			_, errs["put of unknown size"] = s.Put(ctx, "a", strings.NewReader(strings.Repeat("x", partSize+1)), -1)
			_, errs["put if absent"] = s.PutIfAbsent(ctx, "a", strings.NewReader("x"), 1)
			_, errs["replace"] = s.Replace(ctx, "a", "v", strings.NewReader("x"), 1)
			errs["probe"] = store.Probe(ctx, s, "")
		}
		for _, err := range s.List(ctx, "") {
			errs["list"] = err
		}
		errs["delete"] = s.Delete(ctx, "a")
		for op, err := range errs {
			if err == nil && (code != 404 || op != "delete") {
				t.Errorf("%d, %s: no error", code, op)
			}
			if strings.Contains(fmt.Sprintf("%v %+v", err, err), "secret") {
				t.Errorf("%d, %s: %v", code, op, err)
			}
		}
		_, err := ckpt.Latest("run", ckpt.In(s)) // it logs problems
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Error(err)
		}
	}
	if strings.Contains(log.String(), "secret") {
		t.Errorf("the log: %s", &log)
	}
}
