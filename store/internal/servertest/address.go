package servertest

import (
	"crypto/rand"
	"os"
	"strings"
	"testing"
)

// Address returns the address of the bucket to test with, which the environment's variable holds. Without it the test is skipped, and
// fails where CKPT_SERVERS is "required".
func Address(t *testing.T, variable string) string {
	address := os.Getenv(variable)
	if address == "" {
		if os.Getenv("CKPT_SERVERS") == "required" {
			t.Fatal(variable + " names no bucket")
		}
		t.Skip(variable + " names no bucket: .ci/servers COMMAND starts servers and runs the command with their addresses")
	}
	return address
}

// Fresh returns the address of a directory of the bucket in which nothing is.
func Fresh(address string) string {
	bucket, query, found := strings.Cut(address, "?")
	address = bucket + "/" + rand.Text()
	if found {
		address += "?" + query
	}
	return address
}
