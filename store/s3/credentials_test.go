package s3

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
)

// Credentials come from the environment, otherwise from the file, otherwise from the role of the machine or
// the pod.
func TestCredentials(t *testing.T) {
	var signed string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/role" {
			w.Write([]byte(`{"AccessKeyId": "of-the-role", "SecretAccessKey": "x", "Token": "y", "Expiration": "2100-01-01T00:00:00Z"}`))
			return
		}
		_, after, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		signed, _, _ = strings.Cut(after, "/")
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "credentials")
	text := "[default]\naws_access_key_id = of-the-default\naws_secret_access_key = x\n[other]\naws_access_key_id = of-the-profile\naws_secret_access_key = x\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_ENDPOINT_URL"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.URL+"/role")
	for _, step := range []struct{ set, to, want string }{ // each takes precedence over those above it
		{"AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"), "of-the-role"},
		{"AWS_SHARED_CREDENTIALS_FILE", file, "of-the-default"},
		{"AWS_PROFILE", "other", "of-the-profile"},
		{"AWS_ACCESS_KEY_ID", "of-the-environment", "of-the-environment"},
	} {
		t.Setenv(step.set, step.to)
		if step.set == "AWS_ACCESS_KEY_ID" {
			t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
		}
		if _, err := Open(t.Context(), "s3://bucket?region=us-east-1&endpoint="+server.URL); err != nil {
			t.Fatal(err)
		}
		if signed != step.want {
			t.Errorf("%s=%s: signed by %q, want %q", step.set, step.to, signed, step.want)
		}
	}
}

// The bucket's name is in the path or in the host, as the address specifies.
func TestWhereTheBucketIs(t *testing.T) {
	for text, want := range map[string]minio.BucketLookupType{
		"s3://b":                                   minio.BucketLookupAuto,
		"s3://b?path=true":                         minio.BucketLookupPath,
		"s3://b?path=false":                        minio.BucketLookupDNS,
		"s3://b?endpoint=http://h":                 minio.BucketLookupPath,
		"s3://b?endpoint=https://h&path=false":     minio.BucketLookupDNS,
		"s3://b?endpoint=https://h:9000&path=true": minio.BucketLookupPath,
	} {
		t.Setenv("AWS_ENDPOINT_URL", "")
		a, err := parse(text)
		if err != nil || a.lookup != want {
			t.Errorf("%s: %v, want %v: %v", text, a.lookup, want, err)
		}
	}
}
