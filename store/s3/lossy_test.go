package s3

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/storetest"
)

// lossy loses answers: a request is done, and the program is told that the connection broke.
type lossy struct {
	http.RoundTripper
	lose func(*http.Request) bool
	cut  int64        // bodies of answers break off after so many bytes; 0: never
	lost atomic.Int64 // answers and bodies
}

func (l *lossy) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := l.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if l.lose != nil && l.lose(r) {
		answer.Body.Close()
		l.lost.Add(1)
		return nil, &url.Error{Op: r.Method, URL: r.URL.String(), Err: io.ErrUnexpectedEOF}
	}
	if l.cut > 0 && r.Method == http.MethodGet && answer.ContentLength > l.cut {
		l.lost.Add(1)
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(io.LimitReader(answer.Body, l.cut), broken{}), answer.Body}
	}
	return answer, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the connection broke") }

func openLossy(t *testing.T, l *lossy) *bucket {
	a, err := parse(serverAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	l.RoundTripper, err = minio.DefaultTransport(a.secure)
	if err != nil {
		t.Fatal(err)
	}
	client, err := minio.New(a.host, &minio.Options{Creds: credentials.NewEnvAWS(), Secure: a.secure, Region: a.region, BucketLookup: minio.BucketLookupPath, Transport: l})
	if err != nil {
		t.Fatal(err)
	}
	return New(client, a.bucket, rand.Text()).(*bucket)
}

// Whatever answer is lost, the request is repeated, and its refusal is known as the answer to the first.
func TestLostAnswers(t *testing.T) {
	contents := make([]byte, 11<<20)
	rand.Read(contents)
	write := func(t *testing.T, l *lossy, contents []byte) {
		s := openLossy(t, l)
		s.part = 5 << 20
		ctx := t.Context()
		size := int64(len(contents))
		first, err := s.PutIfAbsent(ctx, "a", bytes.NewReader(contents), size)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.PutIfAbsent(ctx, "a", bytes.NewReader(contents), size); !errors.Is(err, store.ErrExist) {
			t.Errorf("put if absent twice: %v", err)
		}
		second, err := s.Replace(ctx, "a", first.Version, bytes.NewReader(contents[1:]), size-1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Replace(ctx, "a", first.Version, bytes.NewReader(contents), size); !errors.Is(err, store.ErrChanged) {
			t.Errorf("replace the first version again: %v", err)
		}
		got, o, err := store.ReadAll(ctx, s, "a", 1<<30)
		if err != nil || !bytes.Equal(got, contents[1:]) || o.Version != second.Version {
			t.Errorf("%d bytes of %+v, want %d of %+v: %v", len(got), o, size-1, second, err)
		}
		if l.lost.Load() == 0 {
			t.Error("no answer was lost")
		}
	}
	for name, is := range map[string]func(*http.Request) bool{
		"of a PUT":           func(r *http.Request) bool { return r.Method == http.MethodPut },
		"of the completion":  func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("uploadId") },
		"of every beginning": func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("uploads") },
	} {
		t.Run(name, func(t *testing.T) {
			seen := make(chan struct{}, 1<<16)
			odd := func(r *http.Request) bool { // every other one, so that a repetition is answered
				if !is(r) {
					return false
				}
				seen <- struct{}{}
				return len(seen)%2 == 1
			}
			body := contents
			if name == "of a PUT" {
				body = contents[:1000]
			}
			write(t, &lossy{lose: odd}, body)
		})
	}
}

func TestReadsThatBreakOff(t *testing.T) {
	l := &lossy{cut: 1000}
	s := openLossy(t, l)
	contents := make([]byte, 100_000)
	rand.Read(contents)
	if _, err := s.Put(t.Context(), "a", bytes.NewReader(contents), -1); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 50_000)
	if _, err := s.Read(t.Context(), "a", "", p, 1234); err != nil || !bytes.Equal(p, contents[1234:51_234]) {
		t.Errorf("read in %d pieces: %v", l.lost.Load(), err)
	}
	if l.lost.Load() != 49 {
		t.Errorf("%d bodies broke off, want 49 of 1000 bytes each", l.lost.Load())
	}
}

// The store that fails on demand finds no difference.
func TestFaulty(t *testing.T) {
	serverAddress(t)
	storetest.Run(t, func(t *testing.T) store.Store { return storetest.NewFaulty(open(t)) })
}

func TestAddresses(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "")
	t.Setenv("AWS_REGION", "")
	for _, tt := range []struct {
		address string
		want    address
	}{
		{"s3://b", address{bucket: "b", host: "s3.amazonaws.com", secure: true}},
		{"s3://b/runs/7/?region=eu-central-1", address{bucket: "b", prefix: "runs/7", host: "s3.amazonaws.com", region: "eu-central-1", secure: true}},
		{"s3://b/r?endpoint=http://127.0.0.1:7070", address{bucket: "b", prefix: "r", host: "127.0.0.1:7070", path: true}},
		{"s3://b?endpoint=https://x.r2.example/&path=false", address{bucket: "b", host: "x.r2.example", secure: true}},
	} {
		got, err := parse(tt.address)
		if err != nil || got != tt.want {
			t.Errorf("%s: %+v, want %+v: %v", tt.address, got, tt.want, err)
		}
	}
	for address, want := range map[string]string{
		"gs://b":                         "expected s3://BUCKET/PREFIX",
		"s3:///runs":                     "expected s3://BUCKET/PREFIX",
		"s3://key:secret@b":              "they belong into the environment",
		"s3://b?key=secret":              `unknown parameter "key"`,
		"s3://b?path=maybe":              "expected true or false",
		"s3://b?endpoint=ftp://x":        "expected http://HOST:PORT",
		"s3://b?endpoint=http://k:s@x":   "without credentials",
		"s3://b?endpoint=http://x/a/b/c": "expected http://HOST:PORT",
		"s3://b\x00secret":               "not a URL",
	} {
		_, err := parse(address)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, want %s", address, err, want)
		}
	}
}
