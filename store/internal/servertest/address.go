package servertest

import (
	"crypto/rand"
	"os"
	"strings"
	"testing"
)

// Address returns the address of the bucket for tests from an environment variable. If the variable is not set, the test is skipped, or
// fails if CKPT_SERVERS is "required".
func Address(t *testing.T, variable string) string {
	address := os.Getenv(variable)
	if address == "" {
		if os.Getenv("CKPT_SERVERS") == "required" {
			t.Fatal(variable + " must name a bucket")
		}
		t.Skip(variable + " is not set: .ci/servers COMMAND starts servers and runs COMMAND with their addresses")
	}
	return address
}

// Fresh returns the address of an empty directory of the bucket.
func Fresh(address string) string {
	bucket, query, found := strings.Cut(address, "?")
	address = bucket + "/" + rand.Text()
	if found {
		address += "?" + query
	}
	return address
}
