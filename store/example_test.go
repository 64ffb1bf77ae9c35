package store_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/gockpt/ckpt/store"
)

// If two callers put an object under one name, only the first succeeds. A merge of sections relies on that.
func Example() {
	ctx := context.Background()
	s := store.Memory() // or store.Dir("checkpoints"), or one of the modules store/s3 and store/gcs
	put := func(text string) error {
		_, err := s.PutIfAbsent(ctx, "run/decision", strings.NewReader(text), int64(len(text)))
		return err
	}
	if err := put("first"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(errors.Is(put("second"), store.ErrExist))
	text, object, err := store.ReadAll(ctx, s, "run/decision", 100)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, %d bytes\n", text, object.Size)
	// Output:
	// true
	// first, 5 bytes
}
