package s3

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/internal/servertest"
	"github.com/gockpt/ckpt/store/storetest"
)

func openLossy(t *testing.T, l *servertest.Lossy) *bucket {
	a, err := parse(servertest.Fresh(serverAddress(t)))
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
	b := New(client, a.bucket, a.prefix).(*bucket)
	b.part = 5 << 20 // the smallest size that S3 accepts
	return b
}

// If any answer is lost, the request is repeated. A refusal of the repeated request is recognized as the
// success of the first.
func TestLostAnswers(t *testing.T) {
	for _, test := range []struct {
		name string
		size int
		lose func(*http.Request) bool
	}{
		{"of a PUT", 1000, func(r *http.Request) bool { return r.Method == http.MethodPut }},
		{"of the completion", 11 << 20, func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("uploadId") }},
		{"of every beginning", 11 << 20, func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("uploads") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := &servertest.Lossy{Lose: test.lose}
			servertest.LostAnswers(t, openLossy(t, l), l, bytes.Repeat([]byte{7}, test.size))
		})
	}
}

func TestReadsThatBreakOff(t *testing.T) {
	l := new(servertest.Lossy)
	servertest.BrokenReads(t, openLossy(t, l), l)
}

// The verbs of package ckpt work on S3 even if every call may fail.
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
		{"s3://b/r?endpoint=http://127.0.0.1:7070", address{bucket: "b", prefix: "r", host: "127.0.0.1:7070", lookup: minio.BucketLookupPath}},
		{"s3://b?endpoint=https://x.r2.example/&path=false", address{bucket: "b", host: "x.r2.example", secure: true, lookup: minio.BucketLookupDNS}},
	} {
		got, err := parse(tt.address)
		if err != nil || got != tt.want {
			t.Errorf("%s: %+v, want %+v: %v", tt.address, got, tt.want, err)
		}
	}
	for address, want := range map[string]string{
		"gs://b":                         "expected s3://BUCKET/PREFIX",
		"s3:///runs":                     "expected s3://BUCKET/PREFIX",
		"s3://key:secret@b":              "pass them in the environment instead",
		"s3://b?key=secret":              `unknown parameter "key"`,
		"s3://b?path=maybe":              "expected true or false",
		"s3://b?endpoint=ftp://x":        "expected http://HOST:PORT",
		"s3://b?endpoint=http://k:s@x":   "without credentials",
		"s3://b?endpoint=http://x/a/b/c": "expected http://HOST:PORT",
		"s3://b\x00secret":               "not a valid URL",
	} {
		_, err := parse(address)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, want %s", address, err, want)
		}
	}
}
