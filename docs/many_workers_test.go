package docs_test

import (
	"context"
	"fmt"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/shard"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/tensor"
)

// A Piece is the part that one worker holds: some rows of the table, some columns of the kernel, and all of the bias.
type Piece struct {
	Table  tensor.Tensor[float32] `ckpt:"table"`  // [12 4], cut by rows
	Kernel tensor.Tensor[float32] `ckpt:"kernel"` // [4 12], cut by columns
	Bias   tensor.Tensor[float32] `ckpt:"bias"`   // [12], the same on all workers
	Step   int64                  `ckpt:"step"`
}

func newPiece(workers int) *Piece {
	return &Piece{Table: *tensor.New[float32](12/workers, 4), Kernel: *tensor.New[float32](4, 12/workers), Bias: *tensor.New[float32](12)}
}

// placed returns the part of each variable that a worker holds.
func placed(rank, workers int) shard.Worker {
	return shard.Worker{Number: rank, Cut: func(path string) (c shard.Cut) {
		mesh := shard.Mesh{{Name: "worker", Size: workers}} // DeviceMesh, jax.sharding.Mesh
		switch path {
		case "model.table":
			c, _ = mesh.Cut("worker") // [Shard(0)], PartitionSpec("worker")
		case "model.kernel":
			c, _ = mesh.Cut("", "worker") // [Shard(1)], PartitionSpec(None, "worker")
		default:
			c, _ = mesh.Cut() // [Replicate()], PartitionSpec()
		}
		return c
	}}
}

// saveSharded runs on each worker.
func saveSharded(ctx context.Context, s store.Store, piece *Piece, rank, workers int) error {
	c, err := ckpt.New(ckpt.Group{"model": piece}, ckpt.In(s))
	if err != nil {
		return err
	}
	w := placed(rank, workers)
	return c.WriteSection(ctx, "run/ckpt-100", rank, workers, ckpt.Parts(w.Part), ckpt.Own(w.Saves), ckpt.Attempt("job-7"))
}

// commit runs in any process after all workers are done.
func commit(ctx context.Context, s store.Store) error {
	_, err := ckpt.Merge(ctx, "run/ckpt-100", ckpt.In(s), ckpt.Attempt("job-7"))
	return err
}

// loadSharded runs on each of any number of other workers.
func loadSharded(ctx context.Context, s store.Store, piece *Piece, rank, workers int) error {
	c, err := ckpt.New(ckpt.Group{"model": piece}, ckpt.In(s))
	if err != nil {
		return err
	}
	status, err := c.Read(ctx, "run/ckpt-100", ckpt.Parts(placed(rank, workers).Part))
	if err != nil {
		return err
	}
	return status.AssertConsumed()
}

func Example_manyWorkers() {
	ctx, s := context.Background(), store.Memory()
	for rank := range 4 { // in a real run each worker is a process
		piece := newPiece(4)
		for i := range piece.Table.Data() {
			piece.Table.Data()[i] = float32(3*rank + i/4) // the number of the row
		}
		for i := range piece.Kernel.Data() {
			piece.Kernel.Data()[i] = float32(3*rank + i%3) // the number of the column
		}
		if err := saveSharded(ctx, s, piece, rank, 4); err != nil {
			fmt.Println(err)
		}
	}
	if err := commit(ctx, s); err != nil {
		fmt.Println(err)
	}
	for rank := range 6 {
		piece := newPiece(6)
		if err := loadSharded(ctx, s, piece, rank, 6); err != nil {
			fmt.Println(err)
		}
		fmt.Println(rank, piece.Table.At(0, 0), piece.Table.At(1, 3), piece.Kernel.At(0, 0), piece.Kernel.At(3, 1))
	}
	// Output:
	// 0 0 1 0 1
	// 1 2 3 2 3
	// 2 4 5 4 5
	// 3 6 7 6 7
	// 4 8 9 8 9
	// 5 10 11 10 11
}
